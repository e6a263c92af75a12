/* Sources over drained exchanges: one exchange's buckets, two exchanges joined bucket by bucket, constant rows. */
#include "base/simd.h"
#include "stage/flow.h"

typedef struct bucket_source {
	mill_unit_source base;
	mill_exchange *exchange;
	bool consume;
} bucket_source;

static mill_status nothing_to_begin(mill_unit_source *self, mill_run *run, mill_error *err)
{
	(void)self;
	(void)run;
	(void)err;
	return MILL_OK;
}

static mill_status bucket_read(mill_unit_source *self, int64_t unit, mill_sink *sink, mill_error *err)
{
	bucket_source *source = (bucket_source *)self;
	return mill_exchange_read_bucket(source->exchange, unit, sink, source->consume, err);
}

/* An exchange that is not consumed is borrowed: it will be read again. */
static void bucket_free(mill_unit_source *self)
{
	bucket_source *source = (bucket_source *)self;
	if (source->consume)
		mill_exchange_release(source->exchange);
	source->exchange = NULL;
}

mill_status mill_bucket_source_new(mill_run *run, mill_exchange *exchange, bool consume, mill_unit_source **out,
                                   mill_error *err)
{
	bucket_source *source = mill_arena_alloc(run->arena, sizeof *source);
	if (source == NULL)
		return mill_fail_nomem(err, sizeof *source, "a stage's source");
	source->base.name = mill_exchange_ledger(exchange)->name;
	source->base.first_unit = mill_exchange_first_bucket(exchange);
	source->base.end_unit = mill_exchange_end_bucket(exchange);
	source->base.begin = nothing_to_begin;
	source->base.read = bucket_read;
	source->base.free = bucket_free;
	source->exchange = exchange;
	source->consume = consume;
	*out = &source->base;
	return MILL_OK;
}

typedef struct join_source {
	mill_unit_source base;
	mill_exchange *left;
	mill_exchange *right;
	mill_join_build *build;
} join_source;

static mill_status join_read(mill_unit_source *self, int64_t unit, mill_sink *sink, mill_error *err)
{
	join_source *source = (join_source *)self;
	mill_join_build_reset(source->build);
	MILL_TRY(mill_exchange_read_bucket(source->right, unit, mill_join_build_sink(source->build), true, err));
	return mill_exchange_read_bucket(source->left, unit, sink, true, err);
}

static void join_free(mill_unit_source *self)
{
	join_source *source = (join_source *)self;
	mill_exchange_release(source->left);
	mill_exchange_release(source->right);
	mill_join_build_free(source->build);
	source->left = source->right = NULL;
	source->build = NULL;
}

mill_status mill_join_source_new(mill_run *run, mill_exchange *left, mill_exchange *right, mill_join_build *build,
                                 mill_unit_source **out, mill_error *err)
{
	join_source *source = mill_arena_alloc(run->arena, sizeof *source);
	if (source == NULL)
		return mill_fail_nomem(err, sizeof *source, "a stage's source");
	source->base.name = "join";
	source->base.first_unit = mill_exchange_first_bucket(left);
	source->base.end_unit = mill_exchange_end_bucket(left);
	source->base.begin = nothing_to_begin;
	source->base.read = join_read;
	source->base.free = join_free;
	source->left = left;
	source->right = right;
	source->build = build;
	*out = &source->base;
	return MILL_OK;
}

typedef struct values_source {
	mill_unit_source base;
	mill_run *run;
	const mill_plan *plan;
	bool with_ids;
} values_source;

static mill_status values_batch(const values_source *source, int64_t row, mill_program *program, mill_batch *out,
                                mill_error *err)
{
	mill_batch input = {.rows = 1, .mem = source->run->mem};
	mill_row_errors errors;
	int columns = source->plan->schema.count;
	mill_batch batch;
	MILL_TRY(mill_batch_new(source->run->mem, columns + source->with_ids, source->with_ids, &batch, err));
	mill_status status = mill_program_run(program, &input, batch.columns, &errors, err);
	if (status == MILL_OK && errors.count > 0)
		status = mill_fail(err, MILL_DATA, "VALUES row %lld: %s", (long long)row + 1, errors.detail);
	if (status == MILL_OK && source->with_ids) {
		mill_column *id = &batch.columns[columns];
		status = mill_column_new(source->run->mem, mill_type_of(MILL_TYPE_UINT64), 1, 0, id, err);
		if (status == MILL_OK)
			*(uint64_t *)id->values = (uint64_t)row;
	}
	batch.rows = 1;
	if (status != MILL_OK)
		mill_batch_release(&batch);
	else
		*out = batch;
	return status;
}

static mill_status values_row(const values_source *source, int64_t row, mill_sink *sink, mill_error *err)
{
	int columns = source->plan->schema.count;
	mill_program *program = NULL;
	mill_batch batch = {0};
	mill_knobs knobs = *source->run->knobs;
	knobs.simd = MILL_SIMD_PORTABLE; /* one row: asking the CPU what it can do would take longer */
	MILL_TRY(
	    mill_program_new(source->plan->exprs + row * columns, columns, &knobs, source->run->mem, &program, err));
	mill_status status = values_batch(source, row, program, &batch, err);
	mill_program_free(program);
	MILL_TRY(status);
	status = mill_sink_push(sink, &batch, err);
	mill_batch_release(&batch);
	return status;
}

static mill_status values_read(mill_unit_source *self, int64_t unit, mill_sink *sink, mill_error *err)
{
	(void)unit;
	const values_source *source = (const values_source *)self;
	for (int64_t row = 0; row < source->plan->value_rows && !sink->done; row++)
		MILL_TRY(values_row(source, row, sink, err));
	return sink->finish_unit(sink, err);
}

mill_status mill_values_source_new(mill_run *run, const mill_plan *plan, bool with_ids, mill_unit_source **out,
                                   mill_error *err)
{
	values_source *source = mill_arena_alloc(run->arena, sizeof *source);
	if (source == NULL)
		return mill_fail_nomem(err, sizeof *source, "a stage's source");
	source->base.name = "values";
	source->base.end_unit = mill_comm_rank(run->comm) == 0 ? 1 : 0;
	source->base.first_unit = 0;
	source->base.begin = nothing_to_begin;
	source->base.read = values_read;
	source->run = run;
	source->plan = plan;
	source->with_ids = with_ids;
	*out = &source->base;
	return MILL_OK;
}
