/* Scan of a table as a stage's source: one share of input splits per rank, a predicate pushed into the reader, attempts
 * settled by the format when every rank is through. */
#include "stage/books.h"
#include "stage/flow.h"
#include "stage/meter.h"
#include "stage/table.h"

#include <string.h>

/* Under a LIMIT ranks read at once, each up to as many rows as are wanted. What they find wrong may be behind the last
 * of these, where it must not matter whatever the number of ranks: then rank 0 reads alone until it has that row, and
 * once more up to that row exactly. */
typedef enum scan_part { SCAN_TOGETHER, SCAN_ALONE, SCAN_UP_TO_BOUND } scan_part;

typedef struct scan_source {
	mill_unit_source base;
	scan_part part;
	mill_scan_bound bound;   /* of SCAN_UP_TO_BOUND */
	mill_scan_filter filter; /* used when the plan has a predicate */
	mill_run *run;
	const mill_table *table;
	const mill_plan *plan;
	const mill_input_plan *splits; /* the table's, or those of the files that the predicate leaves */
	mill_input_plan own_splits;
	int *columns;
	int *filter_columns;
	mill_scan_spec spec;
	mill_format_reader *reader; /* closed by close_attempt */
	const mill_format *format;
	mill_program *predicate;
	mill_row_error_policy *errors;
} scan_source;

static mill_status scan_keep(mill_scan_filter *self, const mill_batch *batch, uint64_t *keep, int64_t *kept,
                             mill_error *err)
{
	scan_source *source = (scan_source *)((char *)self - offsetof(scan_source, filter));
	mill_row_errors errors;
	MILL_TRY(mill_program_filter(source->predicate, batch, keep, kept, &errors, err));
	if (*kept == 0 && source->base.meter != NULL) /* nothing will be pushed, so nobody else ticks */
		MILL_TRY(mill_meter_tick(source->base.meter, err));
	return errors.count > 0 ? source->errors->report(source->errors, batch, &errors, err) : MILL_OK;
}

static void close_attempt(scan_source *source)
{
	source->format->close(source->reader);
	mill_program_free(source->predicate);
	source->predicate = NULL;
}

static mill_status scan_begin(mill_unit_source *self, mill_run *run, mill_error *err)
{
	scan_source *source = (scan_source *)self;
	close_attempt(source);
	mill_audit_drop_attempt(source->table->audit);
	if (source->plan->predicate != NULL) {
		mill_expr *predicate = mill_expr_bind_params(run->arena, source->plan->predicate, run->params, err);
		if (predicate == NULL)
			return MILL_NOMEM;
		MILL_TRY(mill_program_new(&predicate, 1, run->knobs, run->mem, &source->predicate, err));
		source->errors = mill_books_sql_errors(run->books, source->plan->sql, source->plan->sql_where);
	}
	return source->format->begin(source->reader, &source->spec, err);
}

static mill_status scan_read(mill_unit_source *self, int64_t unit, mill_sink *sink, mill_error *err)
{
	scan_source *source = (scan_source *)self;
	MILL_TRY(source->format->read_split(source->reader, unit, sink, err));
	return sink->finish_unit(sink, err);
}

static int64_t scan_consumed(const mill_unit_source *self)
{
	const scan_source *source = (const scan_source *)self;
	return source->reader->counts.text_bytes;
}

static void scan_dropped(const mill_unit_source *self, int64_t *bad, int64_t *filtered)
{
	const scan_source *source = (const scan_source *)self;
	*filtered = source->reader->counts.filtered_rows;
	*bad = source->reader->counts.dropped_rows;
}

static void scan_free(mill_unit_source *self)
{
	close_attempt((scan_source *)self);
}

static void read_alone(scan_source *source)
{
	source->part = SCAN_ALONE;
	source->base.first_unit = 0;
	source->base.end_unit = mill_comm_rank(source->run->comm) == 0 ? source->splits->split_count : 0;
}

static bool scan_retry(mill_unit_source *self, mill_run *run)
{
	scan_source *source = (scan_source *)self;
	if (source->part != SCAN_TOGETHER || mill_comm_size(run->comm) == 1)
		return false;
	read_alone(source);
	return true;
}

/* Collective: what this attempt read counts only where it cannot be behind the last row that is wanted. Unless nothing
 * is wrong and no manifest tells how much was read, the attempt is repeated up to that row. *judged: what was read is
 * what counts. */
static mill_status repeat_for_limit(scan_source *source, bool *again, bool *judged, mill_error *err)
{
	mill_first_rows *first = source->base.first;
	mill_run *run = source->run;
	bool is_root = mill_comm_rank(run->comm) == 0;
	int64_t sums[3] = {mill_audit_found(source->table->audit) + mill_books_sql_found(run->books), first->rows,
	                   is_root ? first->rows : 0};
	MILL_TRY(mill_comm_sum_i64(run->comm, sums, 3, err));
	if (sums[1] < first->limit || source->part == SCAN_UP_TO_BOUND)
		return MILL_OK;
	*judged = false;
	if (sums[0] == 0 && !run->books->keeps_refused)
		return MILL_OK;
	*again = true;
	read_alone(source);
	if (sums[2] < first->limit)
		return MILL_OK;
	source->part = SCAN_UP_TO_BOUND;
	source->bound = (mill_scan_bound){.file = (int32_t)first->last_id[0], .offset = (int64_t)first->last_id[1]};
	if (first->limit == 0)
		source->base.end_unit = source->base.first_unit;
	source->spec.bound = &source->bound;
	first->reads_on = true;
	return MILL_OK;
}

static mill_status scan_end(mill_unit_source *self, mill_run *run, bool *again, mill_error *err)
{
	scan_source *source = (scan_source *)self;
	mill_settlement settlement;
	bool judged = true;
	MILL_TRY(mill_format_settle(source->reader, run->comm, run->arena, &settlement, err));
	*again = settlement.again;
	if (!*again && source->base.first != NULL)
		MILL_TRY(repeat_for_limit(source, again, &judged, err));
	if (*again)
		return MILL_OK;
	if (!judged)
		settlement = (mill_settlement){.again = false};
	return mill_audit_judge(source->table->audit, &settlement, err);
}

static void mark_column(void *context, int column)
{
	((bool *)context)[column] = true;
}

/* The scan's columns that the predicate needs. */
static mill_status make_filter(scan_source *source, mill_error *err)
{
	int count = source->plan->schema.count;
	bool *used = mill_arena_array(source->run->arena, (size_t)count + 1, sizeof *used);
	source->filter_columns = mill_arena_array(source->run->arena, (size_t)count + 1, sizeof(int));
	if (used == NULL || source->filter_columns == NULL)
		return mill_fail_nomem(err, (size_t)count, "a scan's filter");
	mill_expr_columns(source->plan->predicate, mark_column, used);
	for (int i = 0; i < count; i++)
		if (used[i])
			source->filter_columns[source->filter.column_count++] = i;
	source->filter.columns = source->filter_columns;
	source->filter.keep = scan_keep;
	source->spec.filter = &source->filter;
	return MILL_OK;
}

static void want_hidden(mill_scan_spec *spec, int which)
{
	bool *const wants[MILL_HIDDEN_COLUMNS] = {&spec->want_file, &spec->want_line, &spec->want_offset};
	*wants[which] = true;
}

static mill_status fill_spec(scan_source *source, bool with_ids, mill_error *err)
{
	int count = source->plan->schema.count;
	int own = source->table->input->schema.count;
	source->columns = mill_arena_array(source->run->arena, (size_t)count + 1, sizeof(int));
	if (source->columns == NULL)
		return mill_fail_nomem(err, (size_t)count, "a scan");
	for (int i = 0; i < count; i++) {
		int column = source->plan->columns != NULL ? source->plan->columns[i] : i;
		if (column < own)
			source->columns[source->spec.column_count++] = column;
		else
			want_hidden(&source->spec, mill_table_hidden(source->table, column - own));
	}
	source->spec.columns = source->columns;
	source->spec.with_ids = with_ids;
	source->spec.bad_policy = mill_audit_policy(source->table->audit);
	source->spec.bad_rows = mill_audit_bad_rows(source->table->audit);
	return source->plan->predicate != NULL ? make_filter(source, err) : MILL_OK;
}

/* Files that the predicate rules out are not read. */
static mill_status choose_splits(scan_source *source, int64_t *size_bytes, mill_error *err)
{
	const bool *wanted = NULL;
	int64_t count = 0;
	MILL_TRY(mill_table_prune(source->run, source->table, source->plan, &wanted, &count, err));
	source->splits = &source->table->splits;
	*size_bytes = source->table->size_bytes;
	if (wanted == NULL)
		return MILL_OK;
	source->splits = &source->own_splits;
	return mill_table_plan_input_splits(source->run, source->table, wanted, &source->own_splits, size_bytes, err);
}

/* Collective where the format has something to prepare. */
static mill_status open_reader(scan_source *source, mill_error *err)
{
	mill_format_env env = mill_run_format_env(source->run);
	MILL_TRY(source->format->open(source->table->input, source->splits, &source->spec, &env, &source->reader, err));
	if (source->format->prepare == NULL)
		return MILL_OK;
	return source->format->prepare(source->reader, source->run->comm, source->base.first_unit,
	                               source->base.end_unit, err);
}

mill_status mill_scan_source_new(mill_run *run, const mill_plan *plan, bool with_ids, mill_unit_source **out,
                                 int64_t *size_bytes, mill_error *err)
{
	scan_source *source = mill_arena_alloc(run->arena, sizeof *source);
	if (source == NULL)
		return mill_fail_nomem(err, sizeof *source, "a scan");
	source->run = run;
	source->table = run->tables[plan->table];
	source->format = source->table->input->format;
	source->plan = plan;
	MILL_TRY(fill_spec(source, with_ids, err));
	MILL_TRY(choose_splits(source, size_bytes, err));
	mill_input_share(source->splits, mill_comm_rank(run->comm), mill_comm_size(run->comm), &source->base.first_unit,
	                 &source->base.end_unit);
	source->base.name = source->table->spec.name;
	source->base.begin = scan_begin;
	source->base.read = scan_read;
	source->base.end = scan_end;
	source->base.consumed_bytes = scan_consumed;
	source->base.dropped_rows = scan_dropped;
	source->base.free = scan_free;
	source->base.retry = scan_retry;
	*out = &source->base;
	return open_reader(source, err);
}
