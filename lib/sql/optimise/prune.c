/* Column pruning. Each node is rebuilt with the columns that are wanted of it, in their old order, and says where each
 * old column went. A node may give more than was wanted (columns that only its predicate reads): `exact` callers, those
 * whose input is exchanged or kept, get a projection on top then. */
#include "sql/optimise/optimise.h"

#include <string.h>

typedef struct pruned {
	mill_plan *plan;
	int *map; /* old column → new, −1: gone */
} pruned;

static mill_status prune(sql_optimiser *o, const mill_plan *plan, const bool *wanted, pruned *out);

static mill_status new_flags(const sql_optimiser *o, int count, bool **out)
{
	*out = mill_arena_array(o->arena, (size_t)count + 1, sizeof **out);
	return *out == NULL ? sql_optimiser_nomem(o) : MILL_OK;
}

static mill_status new_map(const sql_optimiser *o, int count, int **out)
{
	*out = mill_arena_array(o->arena, (size_t)count + 1, sizeof **out);
	return *out == NULL ? sql_optimiser_nomem(o) : MILL_OK;
}

static void want_column(void *context, int column)
{
	bool *wanted = context;
	wanted[column] = true;
}

static void want(bool *wanted, const mill_expr *expr)
{
	if (expr != NULL)
		mill_expr_columns(expr, want_column, wanted);
}

static mill_status remap(const sql_optimiser *o, mill_expr **expr, const int *map)
{
	if (*expr == NULL)
		return MILL_OK;
	*expr = mill_expr_remap(o->arena, *expr, map, o->err);
	return *expr == NULL ? MILL_NOMEM : MILL_OK;
}

/* Numbers for the kept columns, and the fields of those. */
static mill_status keep_fields(const sql_optimiser *o, const mill_schema *schema, const bool *kept, mill_schema *fields,
                               int **map)
{
	MILL_TRY(new_map(o, schema->count, map));
	fields->fields = mill_arena_array(o->arena, (size_t)schema->count + 1, sizeof *fields->fields);
	if (fields->fields == NULL)
		return sql_optimiser_nomem(o);
	fields->count = 0;
	for (int i = 0; i < schema->count; i++) {
		(*map)[i] = kept[i] ? fields->count : -1;
		if (kept[i])
			fields->fields[fields->count++] = schema->fields[i];
	}
	return MILL_OK;
}

/* A projection that drops what nobody above wants, where there is something to drop. */
static mill_status make_exact(const sql_optimiser *o, const bool *wanted, int count, pruned *p)
{
	int kept = 0;
	for (int i = 0; i < count; i++)
		kept += wanted[i];
	const mill_schema *schema = &p->plan->schema;
	if (kept == schema->count)
		return MILL_OK;
	int *columns = mill_arena_array(o->arena, (size_t)kept + 1, sizeof *columns);
	if (columns == NULL)
		return sql_optimiser_nomem(o);
	int at = 0;
	for (int i = 0; i < count; i++) {
		if (wanted[i])
			columns[at] = p->map[i];
		p->map[i] = wanted[i] ? at++ : -1;
	}
	return mill_plan_narrow(p->plan, columns, kept, o->arena, &p->plan, o->err);
}

static mill_status prune_exactly(sql_optimiser *o, const mill_plan *plan, const bool *wanted, pruned *out)
{
	MILL_TRY(prune(o, plan, wanted, out));
	return make_exact(o, wanted, plan->schema.count, out);
}

static mill_status prune_scan(sql_optimiser *o, const mill_plan *scan, const bool *wanted, pruned *out)
{
	int count = scan->schema.count, at = 0, *columns;
	bool *kept;
	mill_plan *copy = sql_node_copy(o->arena, scan, o->err);
	if (copy == NULL)
		return MILL_NOMEM;
	MILL_TRY(new_flags(o, count, &kept));
	MILL_TRY(new_map(o, count, &columns));
	memcpy(kept, wanted, (size_t)count * sizeof *kept);
	want(kept, scan->predicate);
	for (int i = 0; i < count; i++)
		if (kept[i])
			columns[at++] = scan->columns == NULL ? i : scan->columns[i];
	MILL_TRY(keep_fields(o, &scan->schema, kept, &copy->schema, &out->map));
	copy->columns = columns;
	MILL_TRY(remap(o, &copy->predicate, out->map));
	out->plan = copy;
	return MILL_OK;
}

static mill_status prune_values(sql_optimiser *o, const mill_plan *values, const bool *wanted, pruned *out)
{
	mill_plan *copy = sql_node_copy(o->arena, values, o->err);
	if (copy == NULL)
		return MILL_NOMEM;
	MILL_TRY(keep_fields(o, &values->schema, wanted, &copy->schema, &out->map));
	size_t cells = (size_t)values->value_rows * (size_t)copy->schema.count;
	copy->exprs = mill_arena_array(o->arena, cells + 1, sizeof *copy->exprs);
	if (copy->exprs == NULL)
		return sql_optimiser_nomem(o);
	size_t at = 0;
	for (int64_t r = 0; r < values->value_rows; r++)
		for (int c = 0; c < values->schema.count; c++)
			if (wanted[c])
				copy->exprs[at++] = values->exprs[r * values->schema.count + c];
	out->plan = copy;
	return MILL_OK;
}

static mill_status prune_filter(sql_optimiser *o, const mill_plan *filter, const bool *wanted, pruned *out)
{
	int count = filter->schema.count;
	bool *below;
	pruned input;
	mill_plan *copy;
	MILL_TRY(new_flags(o, count, &below));
	memcpy(below, wanted, (size_t)count * sizeof *below);
	want(below, filter->predicate);
	MILL_TRY(prune(o, filter->inputs[0], below, &input));
	MILL_TRY(sql_with_inputs(o, filter, input.plan, NULL, &copy));
	if (mill_schema_copy(&input.plan->schema, o->arena, &copy->schema) != MILL_OK)
		return sql_optimiser_nomem(o);
	MILL_TRY(remap(o, &copy->predicate, input.map));
	sql_prove_not_null(copy->predicate, &copy->schema);
	*out = (pruned){copy, input.map};
	return MILL_OK;
}

static mill_status prune_project(sql_optimiser *o, const mill_plan *project, const bool *wanted, pruned *out)
{
	bool *below;
	pruned input;
	mill_plan *copy;
	MILL_TRY(new_flags(o, project->inputs[0]->schema.count, &below));
	for (int i = 0; i < project->schema.count; i++)
		if (wanted[i])
			want(below, project->exprs[i]);
	MILL_TRY(prune(o, project->inputs[0], below, &input));
	MILL_TRY(sql_with_inputs(o, project, input.plan, NULL, &copy));
	MILL_TRY(keep_fields(o, &project->schema, wanted, &copy->schema, &out->map));
	copy->exprs = mill_arena_array(o->arena, (size_t)copy->schema.count + 1, sizeof *copy->exprs);
	if (copy->exprs == NULL)
		return sql_optimiser_nomem(o);
	for (int i = 0; i < project->schema.count; i++) {
		if (!wanted[i])
			continue;
		mill_expr **expr = &copy->exprs[out->map[i]];
		*expr = project->exprs[i];
		MILL_TRY(remap(o, expr, input.map));
	}
	out->plan = copy;
	return MILL_OK;
}

/* Every key stays; without keys one aggregate stays, so that there is a row of something. */
static void kept_aggregates(const mill_plan *plan, const bool *wanted, bool *kept)
{
	bool is_any = plan->key_count > 0;
	for (int i = 0; i < plan->schema.count; i++) {
		kept[i] = i < plan->key_count || wanted[i];
		is_any = is_any || kept[i];
	}
	if (!is_any && plan->schema.count > 0)
		kept[0] = true;
}

static mill_status remap_aggregate(const sql_optimiser *o, mill_plan_aggregate *aggregate, const int *map)
{
	MILL_TRY(remap(o, &aggregate->args[0], map));
	MILL_TRY(remap(o, &aggregate->args[1], map));
	return remap(o, &aggregate->filter, map);
}

static mill_status prune_aggregate(sql_optimiser *o, const mill_plan *plan, const bool *wanted, pruned *out)
{
	bool *kept, *below;
	pruned input;
	mill_plan *copy;
	MILL_TRY(new_flags(o, plan->schema.count, &kept));
	MILL_TRY(new_flags(o, plan->inputs[0]->schema.count, &below));
	kept_aggregates(plan, wanted, kept);
	for (int i = 0; i < plan->key_count; i++)
		want(below, plan->exprs[i]);
	for (int i = 0; i < plan->aggregate_count; i++) {
		if (!kept[plan->key_count + i])
			continue;
		want(below, plan->aggregates[i].args[0]);
		want(below, plan->aggregates[i].args[1]);
		want(below, plan->aggregates[i].filter);
	}
	MILL_TRY(prune(o, plan->inputs[0], below, &input));
	MILL_TRY(sql_with_inputs(o, plan, input.plan, NULL, &copy));
	MILL_TRY(keep_fields(o, &plan->schema, kept, &copy->schema, &out->map));
	copy->exprs = mill_arena_array(o->arena, (size_t)plan->key_count + 1, sizeof *copy->exprs);
	copy->aggregates = mill_arena_array(o->arena, (size_t)plan->aggregate_count + 1, sizeof *copy->aggregates);
	if (copy->exprs == NULL || copy->aggregates == NULL)
		return sql_optimiser_nomem(o);
	for (int i = 0; i < plan->key_count; i++) {
		copy->exprs[i] = plan->exprs[i];
		MILL_TRY(remap(o, &copy->exprs[i], input.map));
	}
	copy->aggregate_count = 0;
	for (int i = 0; i < plan->aggregate_count; i++) {
		if (!kept[plan->key_count + i])
			continue;
		mill_plan_aggregate *aggregate = &copy->aggregates[copy->aggregate_count++];
		*aggregate = plan->aggregates[i];
		MILL_TRY(remap_aggregate(o, aggregate, input.map));
	}
	out->plan = copy;
	return MILL_OK;
}

static mill_status remap_join(const sql_optimiser *o, mill_plan *copy, const pruned *left, const pruned *right,
                              const int *map)
{
	mill_expr **keys = mill_arena_array(o->arena, 2 * (size_t)copy->key_count + 1, sizeof *keys);
	if (keys == NULL)
		return sql_optimiser_nomem(o);
	for (int i = 0; i < 2 * copy->key_count; i++) {
		keys[i] = copy->exprs[i];
		MILL_TRY(remap(o, &keys[i], i < copy->key_count ? left->map : right->map));
	}
	copy->exprs = keys;
	return remap(o, &copy->predicate, map);
}

static mill_status prune_join(sql_optimiser *o, const mill_plan *join, const bool *wanted, pruned *out)
{
	int count = join->schema.count, left_count = join->inputs[0]->schema.count;
	bool *kept;
	pruned left, right;
	mill_plan *copy;
	MILL_TRY(new_flags(o, count, &kept));
	memcpy(kept, wanted, (size_t)count * sizeof *kept);
	want(kept, join->predicate);
	for (int i = 0; i < join->key_count; i++) {
		want(kept, join->exprs[i]);
		want(kept + left_count, join->exprs[join->key_count + i]);
	}
	MILL_TRY(prune_exactly(o, join->inputs[0], kept, &left));
	MILL_TRY(prune_exactly(o, join->inputs[1], kept + left_count, &right));
	MILL_TRY(sql_with_inputs(o, join, left.plan, right.plan, &copy));
	MILL_TRY(keep_fields(o, &join->schema, kept, &copy->schema, &out->map));
	MILL_TRY(remap_join(o, copy, &left, &right, out->map));
	out->plan = copy;
	return MILL_OK;
}

static mill_status remap_window(const sql_optimiser *o, mill_plan_window *window, const int *map)
{
	int *partitions = mill_arena_array(o->arena, (size_t)window->partition_count + 1, sizeof *partitions);
	mill_sort_key *orders = mill_arena_array(o->arena, (size_t)window->order_count + 1, sizeof *orders);
	if (partitions == NULL || orders == NULL)
		return sql_optimiser_nomem(o);
	for (int i = 0; i < window->partition_count; i++)
		partitions[i] = map[window->partitions[i]];
	for (int i = 0; i < window->order_count; i++) {
		orders[i] = window->orders[i];
		orders[i].column = map[orders[i].column];
	}
	window->partitions = partitions;
	window->orders = orders;
	return MILL_OK;
}

static void want_window(const mill_plan_window *window, bool *below)
{
	for (int i = 0; i < window->partition_count; i++)
		below[window->partitions[i]] = true;
	for (int i = 0; i < window->order_count; i++)
		below[window->orders[i].column] = true;
}

static mill_status prune_window(sql_optimiser *o, const mill_plan *plan, const bool *wanted, pruned *out)
{
	int before = plan->inputs[0]->schema.count, count = 0;
	bool *below;
	pruned input;
	mill_plan_window *windows = mill_arena_array(o->arena, (size_t)plan->window_count + 1, sizeof *windows);
	if (windows == NULL)
		return sql_optimiser_nomem(o);
	MILL_TRY(new_flags(o, before, &below));
	MILL_TRY(new_map(o, plan->schema.count, &out->map));
	memcpy(below, wanted, (size_t)before * sizeof *below);
	for (int w = 0; w < plan->window_count; w++)
		if (wanted[before + w])
			want_window(&plan->windows[w], below);
	MILL_TRY(prune_exactly(o, plan->inputs[0], below, &input));
	for (int w = 0; w < plan->window_count; w++) {
		out->map[before + w] = wanted[before + w] ? input.plan->schema.count + count : -1;
		if (!wanted[before + w])
			continue;
		windows[count] = plan->windows[w];
		MILL_TRY(remap_window(o, &windows[count++], input.map));
	}
	memcpy(out->map, input.map, (size_t)before * sizeof *out->map);
	out->plan = input.plan;
	if (count == 0)
		return MILL_OK;
	out->plan = sql_node_window(o->arena, input.plan, windows, count, o->err);
	if (out->plan == NULL)
		return MILL_NOMEM;
	out->plan->position = plan->position;
	out->plan->sql = plan->sql;
	out->plan->sql_where = plan->sql_where;
	return MILL_OK;
}

static mill_status prune_sort(sql_optimiser *o, const mill_plan *sort, const bool *wanted, pruned *out)
{
	int count = sort->schema.count;
	bool *below;
	pruned input;
	mill_plan *copy;
	mill_sort_key *orders = mill_arena_array(o->arena, (size_t)sort->order_count + 1, sizeof *orders);
	if (orders == NULL)
		return sql_optimiser_nomem(o);
	MILL_TRY(new_flags(o, count, &below));
	memcpy(below, wanted, (size_t)count * sizeof *below);
	for (int i = 0; i < sort->order_count; i++)
		below[sort->orders[i].column] = true;
	MILL_TRY(prune_exactly(o, sort->inputs[0], below, &input));
	for (int i = 0; i < sort->order_count; i++) {
		orders[i] = sort->orders[i];
		orders[i].column = input.map[orders[i].column];
	}
	MILL_TRY(sql_with_inputs(o, sort, input.plan, NULL, &copy));
	copy->schema = input.plan->schema;
	copy->orders = orders;
	*out = (pruned){copy, input.map};
	return MILL_OK;
}

static mill_status prune_limit(sql_optimiser *o, const mill_plan *limit, const bool *wanted, pruned *out)
{
	pruned input;
	mill_plan *copy;
	MILL_TRY(prune_exactly(o, limit->inputs[0], wanted, &input));
	MILL_TRY(sql_with_inputs(o, limit, input.plan, NULL, &copy));
	copy->schema = input.plan->schema;
	*out = (pruned){copy, input.map};
	return MILL_OK;
}

static mill_status all_wanted(const sql_optimiser *o, int count, bool **wanted, int **map)
{
	MILL_TRY(new_flags(o, count, wanted));
	MILL_TRY(new_map(o, count, map));
	for (int i = 0; i < count; i++) {
		(*wanted)[i] = true;
		(*map)[i] = i;
	}
	return MILL_OK;
}

/* All consumers get one result, which has all its columns: what it is made of is pruned when it is first met. */
static mill_status prune_shared(sql_optimiser *o, const mill_plan *shared, pruned *out)
{
	bool *all;
	const sql_shared_plan *known = sql_find_shared(o, shared->shared);
	mill_plan *input = known == NULL ? NULL : known->plan;
	MILL_TRY(all_wanted(o, shared->schema.count, &all, &out->map));
	if (known == NULL) {
		pruned result;
		MILL_TRY(prune_exactly(o, shared->inputs[0], all, &result));
		input = result.plan;
		MILL_TRY(sql_keep_shared(o, shared->shared, input));
	}
	MILL_TRY(sql_with_inputs(o, shared, input, NULL, &out->plan));
	out->plan->schema = input->schema;
	return MILL_OK;
}

static mill_status remap_split(const sql_optimiser *o, const mill_plan_split *split, const int *map, mill_plan *copy)
{
	mill_plan_split *moved = mill_arena_alloc(o->arena, sizeof *moved);
	int *by;
	if (moved == NULL)
		return sql_optimiser_nomem(o);
	MILL_TRY(new_map(o, split->by_count, &by));
	for (int i = 0; i < split->by_count; i++)
		by[i] = map[split->by[i]];
	*moved = *split;
	moved->by = by;
	copy->split = moved;
	return MILL_OK;
}

/* The split column comes after the input's; where nobody wants it the node goes. */
static mill_status prune_split(sql_optimiser *o, const mill_plan *plan, const bool *wanted, pruned *out)
{
	int before = plan->inputs[0]->schema.count;
	bool *below, *kept;
	pruned input;
	mill_plan *copy;
	MILL_TRY(new_flags(o, before, &below));
	memcpy(below, wanted, (size_t)before * sizeof *below);
	for (int i = 0; wanted[before] && i < plan->split->by_count; i++)
		below[plan->split->by[i]] = true;
	MILL_TRY(prune_exactly(o, plan->inputs[0], below, &input));
	MILL_TRY(new_flags(o, plan->schema.count, &kept));
	memcpy(kept, below, (size_t)before * sizeof *kept);
	kept[before] = wanted[before];
	if (!wanted[before]) {
		MILL_TRY(new_map(o, plan->schema.count, &out->map));
		memcpy(out->map, input.map, (size_t)before * sizeof *out->map);
		out->map[before] = -1;
		out->plan = input.plan;
		return MILL_OK;
	}
	MILL_TRY(sql_with_inputs(o, plan, input.plan, NULL, &copy));
	MILL_TRY(keep_fields(o, &plan->schema, kept, &copy->schema, &out->map));
	MILL_TRY(remap_split(o, plan->split, input.map, copy));
	out->plan = copy;
	return MILL_OK;
}

static mill_status prune(sql_optimiser *o, const mill_plan *plan, const bool *wanted, pruned *out)
{
	switch (plan->kind) {
	case MILL_PLAN_SCAN: return prune_scan(o, plan, wanted, out);
	case MILL_PLAN_VALUES: return prune_values(o, plan, wanted, out);
	case MILL_PLAN_FILTER: return prune_filter(o, plan, wanted, out);
	case MILL_PLAN_PROJECT: return prune_project(o, plan, wanted, out);
	case MILL_PLAN_AGGREGATE: return prune_aggregate(o, plan, wanted, out);
	case MILL_PLAN_JOIN: return prune_join(o, plan, wanted, out);
	case MILL_PLAN_WINDOW: return prune_window(o, plan, wanted, out);
	case MILL_PLAN_SORT: return prune_sort(o, plan, wanted, out);
	case MILL_PLAN_LIMIT:
	case MILL_PLAN_ID_ORDER: return prune_limit(o, plan, wanted, out);
	case MILL_PLAN_SPLIT: return prune_split(o, plan, wanted, out);
	case MILL_PLAN_SHARED: return prune_shared(o, plan, out);
	}
	return mill_fail(o->err, MILL_INTERNAL, "unknown kind of plan node");
}

mill_status sql_prune(sql_optimiser *o, const mill_plan *plan, mill_plan **out)
{
	bool *wanted;
	int *map;
	pruned whole;
	MILL_TRY(all_wanted(o, plan->schema.count, &wanted, &map));
	MILL_TRY(prune_exactly(o, plan, wanted, &whole));
	*out = whole.plan;
	return MILL_OK;
}
