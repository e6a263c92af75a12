/* Logical plan → flows. Each node appends operators to its input's flow, or ends a stage with an exchange and starts
 * the next flow from its buckets; sizes of what was exchanged decide how the next stage runs, never what comes out. */
#include "stage/compile.h"

#include <string.h>

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, sizeof(mill_plan), "a stage plan");
}

int64_t mill_bucket_count_for(const mill_run *run, int64_t bytes)
{
	int64_t wanted = bytes / run->knobs->bucket_bytes + 1;
	if (bytes > 4 << 20) /* enough to be worth every rank's while */
		wanted = mill_max_i64(wanted, 4 * (int64_t)mill_comm_size(run->comm));
	/* A bucket is sorted or grouped in memory: decoded rows, often wider than their text, and as much of state. */
	wanted = mill_max_i64(wanted, bytes / mill_max_i64(1, run->least_budget_bytes / 32) + 1);
	int64_t count = 1;
	while (count < wanted && count < MILL_EXCHANGE_MAX_BUCKETS)
		count *= 2;
	return count;
}

mill_status mill_flow_add(mill_flow *flow, mill_op_maker *maker, mill_error *err)
{
	if (maker == NULL)
		return nomem(err);
	mill_flow_append(flow, maker);
	return MILL_OK;
}

mill_status mill_flow_set_types(mill_run *run, mill_flow *flow, const mill_schema *schema, mill_error *err)
{
	mill_type *types = mill_arena_array(run->arena, (size_t)schema->count + 1, sizeof *types);
	if (types == NULL)
		return nomem(err);
	for (int i = 0; i < schema->count; i++)
		types[i] = schema->fields[i].type;
	flow->types = types;
	flow->column_count = schema->count;
	return MILL_OK;
}

mill_status mill_flow_from_buckets(mill_run *run, mill_flow *flow, mill_exchange *exchange, mill_error *err)
{
	flow->last = NULL;
	flow->ordered = false;
	flow->name = mill_exchange_ledger(exchange)->name;
	return mill_bucket_source_new(run, exchange, true, &flow->source, err);
}

/* Ends the flow's stage with an exchange; the flow then stands for the exchange's buckets. */
mill_status mill_flow_reshuffle(mill_run *run, mill_flow *flow, const char *name, mill_exchange_kind kind,
                                const int *keys, int key_count, const mill_column *splitters, mill_error *err)
{
	mill_exchange *exchange = NULL;
	mill_exchange_spec spec = {.name = name, .kind = kind, .key_columns = keys, .key_count = key_count};
	spec.splitters = splitters;
	if (kind == MILL_EXCHANGE_BY_HASH || kind == MILL_EXCHANGE_BY_U64)
		spec.bucket_count = mill_bucket_count_for(run, flow->bytes);
	MILL_TRY(mill_flow_exchange(run, flow, &spec, &exchange, err));
	return mill_flow_from_buckets(run, flow, exchange, err);
}

static mill_status compile_scan(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	const mill_table *table = run->tables[plan->table];
	out->ordered = true;
	out->name = mill_arena_printf(run->arena, "scan %s", table->spec.name);
	if (out->name == NULL)
		return nomem(err);
	return mill_scan_source_new(run, plan, with_ids, &out->source, &out->bytes, err);
}

static mill_status compile_values(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	out->ordered = true;
	out->bytes = plan->value_rows * 64;
	out->name = "values";
	return mill_values_source_new(run, plan, with_ids, &out->source, err);
}

static mill_status compile_filter(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	MILL_TRY(mill_flow_compile(run, plan->inputs[0], with_ids, out, err));
	return mill_flow_add(out, mill_make_filter(run, plan, plan->predicate), err);
}

static mill_status compile_project(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	MILL_TRY(mill_flow_compile(run, plan->inputs[0], with_ids, out, err));
	return mill_flow_add(out, mill_make_project(run, plan, plan->exprs, plan->schema.count, with_ids), err);
}

/* What an aggregation reads, laid out as columns: keys, then arguments and filters. */
typedef struct group_inputs {
	mill_expr **exprs;
	int count;
	mill_aggregate_spec *specs;
	mill_type *key_types;
	int *keys;
	bool needs_ids;
} group_inputs;

static int add_group_input(group_inputs *inputs, mill_expr *expr)
{
	for (int i = 0; i < inputs->count; i++)
		if (mill_expr_equal(inputs->exprs[i], expr))
			return i;
	inputs->exprs[inputs->count] = expr;
	return inputs->count++;
}

static mill_status plan_group_inputs(mill_run *run, const mill_plan *plan, group_inputs *out, mill_error *err)
{
	size_t most = (size_t)plan->key_count + 3 * (size_t)plan->aggregate_count + 1;
	*out = (group_inputs){0};
	out->exprs = mill_arena_array(run->arena, most, sizeof(mill_expr *));
	out->specs = mill_arena_array(run->arena, (size_t)plan->aggregate_count + 1, sizeof *out->specs);
	out->key_types = mill_arena_array(run->arena, (size_t)plan->key_count + 1, sizeof *out->key_types);
	out->keys = mill_arena_array(run->arena, (size_t)plan->key_count + 1, sizeof *out->keys);
	if (out->exprs == NULL || out->specs == NULL || out->key_types == NULL || out->keys == NULL)
		return nomem(err);
	for (int i = 0; i < plan->key_count; i++) {
		out->exprs[out->count++] = plan->exprs[i]; /* equal keys stay apart: the output has one column each */
		out->key_types[i] = plan->exprs[i]->type;
		out->keys[i] = i;
	}
	for (int i = 0; i < plan->aggregate_count; i++) {
		const mill_plan_aggregate *aggregate = &plan->aggregates[i];
		mill_aggregate_spec *spec = &out->specs[i];
		*spec = (mill_aggregate_spec){.signature = aggregate->signature, .filter = -1, .args = {-1, -1}};
		for (int a = 0; a < aggregate->signature.arg_count; a++)
			spec->args[a] = add_group_input(out, aggregate->args[a]);
		if (aggregate->filter != NULL)
			spec->filter = add_group_input(out, aggregate->filter);
		spec->distinct = aggregate->distinct;
		spec->quantile = aggregate->quantile;
		out->needs_ids |= aggregate->signature.needs_ids;
	}
	return MILL_OK;
}

static mill_status compile_aggregate(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out,
                                     mill_error *err)
{
	group_inputs inputs;
	MILL_TRY(plan_group_inputs(run, plan, &inputs, err));
	MILL_TRY(mill_flow_compile(run, plan->inputs[0], inputs.needs_ids, out, err));
	MILL_TRY(mill_flow_add(out, mill_make_project(run, plan, inputs.exprs, inputs.count, inputs.needs_ids), err));
	mill_group_spec spec = {.keys = inputs.keys, .key_count = plan->key_count, .key_types = inputs.key_types};
	spec.aggregates = inputs.specs;
	spec.aggregate_count = plan->aggregate_count;
	bool counts_nothing = plan->key_count == 0 && plan->aggregate_count == 0;
	if (counts_nothing) { /* HAVING alone: one row without columns, carried by a count that is dropped again */
		mill_aggregate_spec *count = &inputs.specs[spec.aggregate_count++];
		*count = (mill_aggregate_spec){.filter = -1, .args = {-1, -1}};
		MILL_TRY(mill_aggregate_resolve("count", NULL, 0, true, &count->signature, err));
	}
	spec.with_ids = with_ids;
	spec.emit_empty = plan->key_count == 0 && mill_comm_rank(run->comm) == 0;
	bool whole = mill_group_needs_whole(&spec);
	if (!whole)
		MILL_TRY(mill_flow_add(out, mill_make_group(run, &spec, MILL_GROUP_PARTIAL), err));
	MILL_TRY(mill_flow_reshuffle(run, out, "aggregate",
	                             plan->key_count == 0 ? MILL_EXCHANGE_TO_ONE : MILL_EXCHANGE_BY_HASH, inputs.keys,
	                             plan->key_count, NULL, err));
	out->ordered = true; /* buckets are ranges of K, and groups leave in the order of K */
	MILL_TRY(mill_flow_add(out, mill_make_group(run, &spec, whole ? MILL_GROUP_WHOLE : MILL_GROUP_FINAL), err));
	return counts_nothing ? mill_flow_drop_ids(run, plan, out, err) : MILL_OK;
}

static mill_status compile_window(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	MILL_TRY(mill_flow_compile(run, plan->inputs[0], true, out, err));
	for (int i = 0; i < plan->window_count; i++) {
		const mill_plan_window *window = &plan->windows[i];
		MILL_TRY(mill_flow_reshuffle(
		    run, out, "window", window->partition_count == 0 ? MILL_EXCHANGE_TO_ONE : MILL_EXCHANGE_BY_HASH,
		    window->partitions, window->partition_count, NULL, err));
		MILL_TRY(mill_flow_add(out, mill_make_row_number(run, window), err));
	}
	/* Ids were needed for ties only. */
	return with_ids ? MILL_OK : mill_flow_drop_ids(run, plan, out, err);
}

/* A literal count of rows that one rank may well hold. */
#define TOP_K_ROWS (1 << 20)

/* First rows by (order, id): each rank's first ones, then the first of those. */
static mill_status compile_top(mill_run *run, const mill_plan *plan, mill_flow *out, mill_error *err)
{
	int key = out->column_count;
	int64_t rows = plan->limit + plan->offset;
	MILL_TRY(mill_flow_add(out, mill_make_sort_key(run, plan->orders, plan->order_count, true), err));
	MILL_TRY(mill_flow_add(out, mill_make_sort(run, key, rows, false), err));
	MILL_TRY(mill_flow_reshuffle(run, out, "limit", MILL_EXCHANGE_TO_ONE, NULL, 0, NULL, err));
	MILL_TRY(mill_flow_add(out, mill_make_sort(run, key, rows, true), err));
	return mill_flow_add(out, mill_make_limit(run, plan->offset, plan->limit), err);
}

/* No rank needs more than its own first rows. Where they come from a scan, it stops early, and sees to it that nothing
 * behind the last row matters; elsewhere every row is looked at, so that what is wrong with one always tells. */
static mill_status first_rows(mill_run *run, mill_flow *flow, int64_t limit, mill_error *err)
{
	mill_first_rows *first = mill_arena_alloc(run->arena, sizeof *first);
	if (first == NULL)
		return nomem(err);
	*first = (mill_first_rows){.limit = limit, .reads_on = flow->source->retry == NULL};
	if (flow->source->retry != NULL)
		flow->source->first = first;
	return mill_flow_add(flow, mill_make_first(run, first), err);
}

static mill_status compile_limit(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	MILL_TRY(mill_flow_compile(run, plan->inputs[0], true, out, err));
	out->column_count = plan->schema.count;
	if (out->ordered && plan->limit >= 0 && plan->inputs[0]->id_words >= 2)
		MILL_TRY(first_rows(run, out, plan->limit + plan->offset, err));
	if (plan->limit < 0 || plan->limit + plan->offset > TOP_K_ROWS)
		MILL_TRY(mill_flow_sort(run, plan, out, err));
	else
		MILL_TRY(compile_top(run, plan, out, err));
	out->ordered = true;
	return with_ids ? MILL_OK : mill_flow_drop_ids(run, plan, out, err);
}

static mill_status compile_sort(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	MILL_TRY(mill_flow_compile(run, plan->inputs[0], true, out, err));
	out->column_count = plan->schema.count;
	bool top = plan->limit >= 0 && plan->limit + plan->offset <= TOP_K_ROWS;
	if (top)
		MILL_TRY(compile_top(run, plan, out, err));
	else
		MILL_TRY(mill_flow_sort(run, plan, out, err));
	out->ordered = true;
	if (!with_ids)
		return mill_flow_drop_ids(run, plan, out, err);
	return top ? mill_flow_add(out, mill_make_position(run, 0), err) : MILL_OK;
}

static mill_status compile_id_order(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out,
                                    mill_error *err)
{
	MILL_TRY(mill_flow_compile(run, plan->inputs[0], true, out, err));
	if (!out->ordered)
		MILL_TRY(mill_flow_sort(run, plan, out, err));
	return with_ids ? MILL_OK : mill_flow_drop_ids(run, plan, out, err);
}

static mill_status compile_split(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	bool by_id = plan->split->by_count == 0;
	MILL_TRY(mill_flow_compile(run, plan->inputs[0], with_ids || by_id, out, err));
	mill_split_spec spec = {
	    .seed = plan->split->seed,
	    .by = plan->split->by,
	    .by_count = plan->split->by_count,
	    .part_count = plan->split->part_count,
	    .parts = plan->split->parts,
	    .cumulative = plan->split->cumulative,
	};
	return mill_flow_add(out, mill_make_split(run, &spec, with_ids), err);
}

/* A result with several consumers is made once and kept. */
static mill_status compile_shared(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	mill_shared *shared = &run->shared[plan->shared];
	if (shared->local == NULL) {
		mill_flow flow = {0};
		MILL_TRY(mill_flow_compile(run, plan->inputs[0], true, &flow, err));
		shared->ordered = flow.ordered;
		MILL_TRY(mill_flow_materialise(run, &flow, &shared->local, err));
		shared->bytes = mill_local_bytes(shared->local);
		MILL_TRY(mill_comm_sum_i64(run->comm, &shared->bytes, 1, err));
	}
	out->ordered = shared->ordered;
	out->bytes = shared->bytes;
	out->name = plan->shared_name != NULL ? plan->shared_name : "shared";
	MILL_TRY(mill_local_source_new(run, shared->local, false, &out->source, err));
	return with_ids ? MILL_OK : mill_flow_drop_ids(run, plan, out, err);
}

mill_status mill_flow_drop_ids(mill_run *run, const mill_plan *plan, mill_flow *flow, mill_error *err)
{
	int count = plan->schema.count;
	mill_expr **exprs;
	mill_expr_builder builder = {.arena = run->arena, .position = -1, .failed_position = -1};
	MILL_TRY(mill_schema_columns(&builder, &plan->schema, NULL, count, 0, &exprs, err));
	return mill_flow_add(flow, mill_make_project(run, plan, exprs, count, false), err);
}

mill_status mill_flow_compile(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	typedef mill_status (*compiler)(mill_run *, const mill_plan *, bool, mill_flow *, mill_error *);
	static const compiler compilers[] = {
	    [MILL_PLAN_SCAN] = compile_scan,           [MILL_PLAN_VALUES] = compile_values,
	    [MILL_PLAN_FILTER] = compile_filter,       [MILL_PLAN_PROJECT] = compile_project,
	    [MILL_PLAN_AGGREGATE] = compile_aggregate, [MILL_PLAN_JOIN] = mill_compile_join,
	    [MILL_PLAN_WINDOW] = compile_window,       [MILL_PLAN_SORT] = compile_sort,
	    [MILL_PLAN_LIMIT] = compile_limit,         [MILL_PLAN_SHARED] = compile_shared,
	    [MILL_PLAN_SPLIT] = compile_split,         [MILL_PLAN_ID_ORDER] = compile_id_order,
	};
	*out = (mill_flow){0};
	MILL_TRY(compilers[plan->kind](run, plan, with_ids, out, err));
	MILL_TRY(mill_flow_set_types(run, out, &plan->schema, err));
	out->id_words = with_ids ? plan->id_words : 0;
	return MILL_OK;
}
