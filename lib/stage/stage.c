/* Runs a stage: units through operators into a target, in attempts. */
#include "stage/books.h"
#include "stage/flow.h"
#include "stage/meter.h"

/* The operators of one attempt, first to last, with meters at both ends. */
typedef struct chain {
	mill_sink **ops;              /* in the order they were made: last first */
	const mill_op_maker **makers; /* of ops */
	mill_meter *before;           /* [count] in front of each operator that changes the number of rows */
	mill_meter *after;            /* [count] behind it */
	int count;
	mill_meter head;
	mill_meter tail;
} chain;

void mill_flow_append(mill_flow *flow, mill_op_maker *maker)
{
	maker->before = flow->last;
	flow->last = maker;
}

static int count_makers(const mill_flow *flow)
{
	int n = 0;
	for (const mill_op_maker *m = flow->last; m != NULL; m = m->before)
		n++;
	return n;
}

static void chain_release(chain *c)
{
	for (int i = c->count - 1; i >= 0; i--)
		mill_op_release(c->ops[i]);
	mill_mem_free(c->ops);
	mill_mem_free(c->makers);
	mill_mem_free(c->before);
	mill_mem_free(c->after);
	c->ops = NULL;
	c->makers = NULL;
	c->before = c->after = NULL;
	c->count = 0;
}

static mill_status chain_room(chain *c, mill_run *run, const mill_flow *flow, mill_error *err)
{
	size_t count = (size_t)count_makers(flow) + 1;
	c->ops = mill_mem_calloc(run->mem, count, sizeof *c->ops);
	c->makers = mill_mem_calloc(run->mem, count, sizeof *c->makers);
	c->before = mill_mem_calloc(run->mem, count, sizeof(mill_meter));
	c->after = mill_mem_calloc(run->mem, count, sizeof(mill_meter));
	bool have_all = c->ops != NULL && c->makers != NULL && c->before != NULL && c->after != NULL;
	return have_all ? MILL_OK : mill_fail_nomem(err, count * sizeof(mill_meter), "operators of a stage");
}

/* One operator in front of next; what changes the number of rows stands between two meters. */
static mill_status chain_add(chain *c, mill_run *run, const mill_op_maker *maker, mill_sink **next, mill_error *err)
{
	mill_sink *op = NULL;
	int at = c->count;
	bool is_metered = maker->effect == MILL_ROWS_CHANGED;
	if (is_metered) {
		mill_meter_init(&c->after[at], run, *next);
		*next = &c->after[at].sink;
	}
	MILL_TRY(maker->make(maker, run, *next, &op, err));
	c->makers[at] = maker;
	c->ops[c->count++] = op;
	*next = op;
	if (is_metered) {
		mill_meter_init(&c->before[at], run, op);
		*next = &c->before[at].sink;
	}
	return MILL_OK;
}

/* Operators are made from the last to the first, since each is given the one after it. */
static mill_status chain_make(chain *c, mill_run *run, const mill_flow *flow, mill_stage_target *target, mill_sink *end,
                              mill_error *err)
{
	MILL_TRY(chain_room(c, run, flow, err));
	mill_meter_init(&c->tail, run, end);
	mill_sink *next = &c->tail.sink;
	for (const mill_op_maker *m = flow->last; m != NULL; m = m->before)
		MILL_TRY(chain_add(c, run, m, &next, err));
	mill_meter_init(&c->head, run, next);
	c->head.source = flow->source;
	c->head.target = target;
	flow->source->meter = &c->head;
	c->head.stage = mill_comm_rank(run->comm) == 0 ? flow->name : NULL;
	c->head.units_total = flow->source->end_unit - flow->source->first_unit;
	if (flow->source->consumed_bytes != NULL) /* this rank's share of the input, about */
		c->head.bytes_total = flow->bytes / mill_comm_size(run->comm);
	return MILL_OK;
}

/* What the attempt did with rows: those read are those passed on, taken or dropped, by reason. */
static mill_status fill_entry(const chain *c, const mill_unit_source *source, mill_stage_entry *entry, mill_error *err)
{
	entry->rows_in = c->head.rows;
	entry->rows_out = c->tail.rows;
	if (source->dropped_rows != NULL) {
		int64_t bad = 0, filtered = 0;
		source->dropped_rows(source, &bad, &filtered);
		entry->rows_in += bad + filtered;
		MILL_TRY(mill_stage_entry_drop(entry, "bad_rows", bad, err));
		MILL_TRY(mill_stage_entry_drop(entry, "filter", filtered, err));
	}
	for (int i = c->count - 1; i >= 0; i--) {
		const mill_op_maker *maker = c->makers[i];
		if (maker->effect == MILL_ROWS_CHANGED)
			MILL_TRY(mill_stage_entry_drop(entry, maker->name, c->before[i].rows - c->after[i].rows, err));
		if (maker->taken_rows != NULL)
			entry->rows_out += maker->taken_rows(c->ops[i]);
	}
	int64_t left = entry->rows_in - entry->rows_out;
	for (int i = 0; i < entry->reason_count; i++)
		left -= entry->reasons[i].dropped;
	/* Once what comes after has enough, operators hand nothing on; the head learns of it with the next batch only,
	 * and a LIMIT of which this rank gives no row has enough from the start. */
	bool enough = c->head.sink.done;
	for (int i = 0; i < c->count; i++)
		enough = enough || c->ops[i]->done;
	return mill_stage_entry_drop(entry, "limit", enough ? left : 0, err);
}

static mill_status read_units(mill_unit_source *source, mill_meter *head, mill_error *err)
{
	MILL_TRY(mill_meter_tick(head, err));
	for (int64_t unit = source->first_unit; unit < source->end_unit && !head->sink.done; unit++) {
		MILL_TRY(source->read(source, unit, &head->sink, err));
		head->units_done++;
		MILL_TRY(mill_meter_tick(head, err));
	}
	return head->sink.finish(&head->sink, err);
}

/* This rank's part of an attempt. Once begun, its failure is carried to the target's end, where all ranks agree. */
static mill_status run_local(mill_run *run, mill_flow *flow, mill_stage_target *target, mill_stage_entry *entry,
                             bool *begun, mill_error *err)
{
	chain c = {0};
	mill_sink *end = NULL;
	mill_status status = target->begin(target, run, &end, err);
	/* Ranks whose target could not be begun would never meet the others in it. */
	status = mill_comm_agree(run->comm, status, err);
	if (status != MILL_OK)
		return status;
	*begun = true;
	status = flow->source->begin(flow->source, run, err);
	if (status == MILL_OK)
		status = chain_make(&c, run, flow, target, end, err);
	if (status == MILL_OK)
		status = read_units(flow->source, &c.head, err);
	if (status == MILL_NOMEM)
		mill_fail_context(err, status, "stage \"%s\"", flow->name);
	flow->source->meter = NULL;
	if (status == MILL_OK)
		status = fill_entry(&c, flow->source, entry, err);
	chain_release(&c);
	return status;
}

/* What failed was what was found in the input, and that may be behind the last row that a LIMIT wants. */
static bool may_be_behind_limit(const mill_unit_source *source, mill_status status)
{
	return source->first != NULL && (status == MILL_DATA || status == MILL_IO || status == MILL_NOT_FOUND);
}

/* The stage is over: rank 0 tells the rows of all ranks, and each rank what it took. */
static void report_end(const mill_run *run, const mill_flow *flow)
{
	const mill_stage_entry *entry = &run->books->stages[run->books->stage_count - 1];
	mill_progress_event event = {.stage = flow->name, .rows = entry->rows_in, .done = true};
	if (mill_comm_rank(run->comm) == 0)
		mill_progress_report(run->progress, &event);
	mill_info(run->log, "stage \"%s\": %lld rows read, %lld passed on", flow->name, (long long)entry->rows_in,
	          (long long)entry->rows_out);
	mill_debug(run->log, "stage \"%s\": at most %lld MiB of %lld in use so far", flow->name,
	           (long long)(run->mem->peak_bytes >> 20), (long long)(run->mem->budget_bytes >> 20));
}

mill_status mill_stage_run(mill_run *run, mill_flow *flow, mill_stage_target *target, mill_error *err)
{
	mill_status status = MILL_OK;
	bool again = true;
	while (status == MILL_OK && again) {
		mill_stage_entry entry = {.name = flow->name};
		bool begun = false;
		again = false;
		mill_books_drop_sql(run->books);
		status = run_local(run, flow, target, &entry, &begun, err);
		if (begun)
			status = target->end(target, run, status, err);
		if (begun && may_be_behind_limit(flow->source, status) && flow->source->retry(flow->source, run)) {
			status = MILL_OK;
			again = true;
			continue;
		}
		if (status == MILL_OK && flow->source->end != NULL)
			status = flow->source->end(flow->source, run, &again, err);
		if (status == MILL_OK && !again)
			status = mill_books_judge_sql(run->books, err);
		if (status == MILL_OK && !again)
			status = mill_books_stage(run->books, &entry, err);
		if (status == MILL_OK && !again)
			report_end(run, flow);
	}
	if (flow->source->free != NULL)
		flow->source->free(flow->source);
	flow->source = NULL;
	return status;
}
