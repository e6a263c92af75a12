#include "build/build.h"

#include "stage/books.h"
#include <string.h>

mill_status mill_build_features(mill_build *build, mill_error *err)
{
	return mill_features_new(build->request->tensors, build->request->keep, &build->request->plan->schema,
	                         build->run->knobs, build->run->mem, &build->features, err);
}

/* A target that takes nothing: what a stage does happens in its operators. */
typedef struct null_target {
	mill_stage_target base;
	mill_sink sink;
} null_target;

static mill_status null_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	(void)self;
	(void)batch;
	(void)err;
	return MILL_OK;
}

static mill_status null_finish(mill_sink *self, mill_error *err)
{
	(void)self;
	(void)err;
	return MILL_OK;
}

static mill_status null_begin(mill_stage_target *self, mill_run *run, mill_sink **sink, mill_error *err)
{
	(void)run;
	(void)err;
	*sink = &((null_target *)self)->sink;
	return MILL_OK;
}

static mill_status null_end(mill_stage_target *self, mill_run *run, mill_status mine, mill_error *err)
{
	(void)self;
	return mill_comm_agree(run->comm, mine, err);
}

static mill_status run_for_effect(mill_run *run, mill_flow *flow, mill_error *err)
{
	null_target target = {0};
	target.base.begin = null_begin;
	target.base.end = null_end;
	target.sink.push = null_push;
	target.sink.finish_unit = null_finish;
	target.sink.finish = null_finish;
	return mill_stage_run(run, flow, &target.base, err);
}

/* The rows at hand after they moved: buckets of the shuffle, or rows kept where they were in input order. */
typedef struct ordered_rows {
	mill_exchange *exchange;
	mill_local *local;
} ordered_rows;

static void release_rows(ordered_rows *rows)
{
	mill_exchange_release(rows->exchange);
	mill_local_free(rows->local);
	rows->exchange = NULL;
	rows->local = NULL;
}

/* The rows as a flow's source. last: their memory is given back as they are read. */
static mill_status rows_source(mill_run *run, ordered_rows *rows, bool last, mill_unit_source **out, mill_error *err)
{
	if (rows->exchange == NULL)
		return mill_local_source_new(run, rows->local, last, out, err);
	MILL_TRY(mill_bucket_source_new(run, rows->exchange, last, out, err));
	if (last)
		rows->exchange = NULL; /* the source owns it */
	return MILL_OK;
}

/* Only what features and the split need travels; ids order the rows, here or in the exchange. */
static mill_status narrow(mill_build *build, mill_plan **out, mill_error *err)
{
	int count = 0;
	mill_arena *arena = build->run->arena;
	mill_plan *plan = build->request->plan;
	const int *wanted = mill_features_columns(build->features, &count);
	int split = mill_schema_find(&plan->schema, "split");
	int *columns = mill_arena_array(arena, (size_t)count + 1, sizeof *columns);
	if (columns == NULL)
		return mill_fail_nomem(err, 0, "a store's columns");
	for (int i = 0; i < count; i++)
		columns[i] = wanted[i];
	columns[count] = split;
	build->feature_columns = count;
	build->split_column = split >= 0 ? count : -1;
	int visible = count + (split >= 0);
	build->order_column = build->request->shuffle ? visible : -1;
	MILL_TRY(mill_plan_narrow(plan, columns, visible, arena, &plan, err));
	*out = plan;
	return build->request->shuffle ? MILL_OK : mill_plan_in_id_order(plan, arena, out, err);
}

static mill_status move_shuffled(mill_build *build, mill_flow *flow, ordered_rows *out, mill_error *err)
{
	int key = build->order_column;
	build->bucket_count = mill_bucket_count_for(build->run, flow->bytes);
	build->shuffle_seed = mill_purpose_seed(build->request->seed, "shuffle", build->request->name);
	MILL_TRY(mill_flow_add(flow, mill_make_tag(build->run, build), err));
	mill_exchange_spec spec = {
	    .name = "shuffle", .kind = MILL_EXCHANGE_BY_U64, .key_columns = &key, .key_count = 1};
	spec.bucket_count = build->bucket_count;
	return mill_flow_exchange(build->run, flow, &spec, &out->exchange, err);
}

static mill_status move_in_input_order(mill_build *build, mill_flow *flow, ordered_rows *out, mill_error *err)
{
	MILL_TRY(mill_flow_add(flow, mill_make_tag(build->run, build), err));
	return mill_flow_materialise(build->run, flow, &out->local, err);
}

/* Collective: how large the rows are that were moved. */
static mill_status measure_rows(mill_build *build, const ordered_rows *rows, mill_error *err)
{
	int64_t sums[2]; /* bytes, rows */
	if (rows->exchange != NULL) {
		sums[0] = mill_exchange_ledger(rows->exchange)->bytes;
		sums[1] = mill_exchange_rows(rows->exchange);
	} else {
		sums[0] = mill_local_bytes(rows->local);
		sums[1] = mill_local_rows(rows->local);
		MILL_TRY(mill_comm_sum_i64(build->run->comm, sums, 2, err));
	}
	build->row_bytes = sums[0] / mill_max_i64(1, sums[1]);
	return MILL_OK;
}

static mill_status fail_fit_on(const mill_build *build, mill_error *err)
{
	const char *names = "";
	for (int s = 0; s < build->split_count && names != NULL; s++)
		if (build->split_rows[s] > 0)
			names = mill_arena_printf(build->run->arena, "%s%s%s", names, *names == '\0' ? "" : ", ",
			                          build->splits[s]);
	return mill_fail(
	    err, MILL_DATA, "fit_on: split \"%s\" has no rows, so nothing can be fitted; %s%s", build->request->fit_on,
	    names == NULL || *names == '\0' ? "no split has any" : "splits with rows: ", names == NULL ? "" : names);
}

static mill_status check_fit_on(mill_build *build, mill_error *err)
{
	const char *name = build->request->fit_on;
	if (mill_features_passes(build->features) == 0)
		return MILL_OK;
	for (int s = 0; s < build->split_count; s++)
		if (strcmp(build->splits[s], name) == 0 && build->split_rows[s] > 0)
			return MILL_OK;
	return fail_fit_on(build, err);
}

/* Collective: completes pass 0 and runs the later ones over the rows where they are now. */
static mill_status fit_all(mill_build *build, ordered_rows *rows, mill_error *err)
{
	/* A merge may find that fewer passes are left than there could have been. */
	for (int pass = 0; pass < mill_features_passes(build->features); pass++) {
		if (pass > 0) {
			mill_flow flow = {.name = mill_arena_printf(build->run->arena, "fit, pass %d of %d", pass + 1,
			                                            mill_features_passes(build->features))};
			if (flow.name == NULL)
				return mill_fail_nomem(err, 0, "a stage's name");
			MILL_TRY(rows_source(build->run, rows, false, &flow.source, err));
			MILL_TRY(mill_flow_add(&flow, mill_make_fit(build->run, build, pass), err));
			MILL_TRY(run_for_effect(build->run, &flow, err));
		}
		MILL_TRY(mill_features_merge(build->features, pass, build->run->comm, err));
	}
	return MILL_OK;
}

static mill_status open_writer(mill_build *build, mill_error *err)
{
	int count = 0;
	const mill_dataset_spec *datasets = mill_features_datasets(build->features, &count);
	build->spec.datasets = datasets;
	build->spec.dataset_count = count;
	build->spec.splits = build->splits;
	build->spec.split_count = build->split_count;
	build->spec.split_rows = build->split_rows;
	build->spec.shard_rows = build->request->shard_rows;
	build->spec.compression = build->request->compression;
	mill_status status =
	    mill_store_writer_new(&build->spec, build->run->knobs, build->run->mem, &build->writer, err);
	return mill_comm_agree(build->run->comm, status, err);
}

/* In order, with ordinals, to this rank's shards; what another rank's shards need goes through `straddling`. */
static mill_status place_rows(mill_build *build, ordered_rows *rows, mill_exchange **straddling, mill_error *err)
{
	mill_run *run = build->run;
	mill_flow flow = {.name = "write"};
	mill_column splitters = {0};
	mill_sort_key *order = mill_arena_alloc(run->arena, sizeof *order);
	int visible = build->feature_columns + (build->split_column >= 0);
	if (order == NULL)
		return mill_fail_nomem(err, sizeof *order, "a sort");
	if (build->order_column >= 0) {
		*order = (mill_sort_key){.column = build->order_column};
		visible++;
		MILL_TRY(mill_flow_add(&flow, mill_make_sort_key(run, order, 1, true), err));
		MILL_TRY(mill_flow_add(&flow, mill_make_sort(run, visible, INT64_MAX, true), err));
	}
	MILL_TRY(mill_flow_add(&flow, mill_make_place(run, build), err));
	MILL_TRY(mill_build_splitters(build, &splitters, err));
	mill_exchange_spec spec = {.name = "straddling rows", .kind = MILL_EXCHANGE_BY_RANGE, .key_columns = &visible};
	spec.key_count = 1;
	spec.splitters = &splitters;
	mill_status status = rows_source(run, rows, true, &flow.source, err);
	if (status == MILL_OK)
		status = mill_flow_exchange(run, &flow, &spec, straddling, err);
	mill_column_release(&splitters);
	return status;
}

static mill_status write_straddling(mill_build *build, mill_exchange *straddling, mill_error *err)
{
	mill_run *run = build->run;
	mill_flow flow = {.name = "write straddling rows"};
	int key = build->feature_columns + (build->split_column >= 0) + (build->order_column >= 0);
	MILL_TRY(mill_bucket_source_new(run, straddling, true, &flow.source, err));
	MILL_TRY(mill_flow_add(&flow, mill_make_sort(run, key, INT64_MAX, false), err));
	MILL_TRY(mill_flow_add(&flow, mill_make_write(run, build), err));
	return run_for_effect(run, &flow, err);
}

static mill_status write_rows(mill_build *build, ordered_rows *rows, mill_error *err)
{
	mill_exchange *straddling = NULL;
	MILL_TRY(open_writer(build, err));
	MILL_TRY(place_rows(build, rows, &straddling, err));
	release_rows(rows);
	MILL_TRY(write_straddling(build, straddling, err));
	return mill_features_judge(build->features, build->splits, build->run->comm, err);
}

static mill_status move_and_write(mill_build *build, mill_error *err)
{
	mill_flow flow;
	ordered_rows rows = {0};
	mill_plan *plan;
	MILL_TRY(mill_comm_agree(build->run->comm, narrow(build, &plan, err), err));
	MILL_TRY(mill_flow_compile(build->run, plan, true, &flow, err));
	mill_status status = build->request->shuffle ? move_shuffled(build, &flow, &rows, err)
	                                             : move_in_input_order(build, &flow, &rows, err);
	if (status == MILL_OK)
		status = measure_rows(build, &rows, err);
	if (status == MILL_OK)
		status = mill_build_count(build, err);
	if (status == MILL_OK)
		status = check_fit_on(build, err);
	if (status == MILL_OK)
		status = fit_all(build, &rows, err);
	if (status == MILL_OK)
		status = write_rows(build, &rows, err);
	release_rows(&rows);
	return status;
}

mill_status mill_build_store(mill_build *build, mill_store_claim *claim, mill_error *err)
{
	build->counts.arena = build->run->arena;
	build->counts.mem = build->run->mem;
	build->counts.ranks = mill_comm_size(build->run->comm);
	mill_status status = mill_comm_agree(build->run->comm, mill_build_features(build, err), err);
	if (status == MILL_OK)
		status = move_and_write(build, err);
	if (status == MILL_OK)
		status = mill_build_commit(build, claim, err);
	mill_store_writer_free(build->writer);
	build->writer = NULL;
	mill_features_free(build->features);
	build->features = NULL;
	return status;
}
