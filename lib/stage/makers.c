#include "stage/makers.h"

#include "ops/op_base.h"
#include "stage/books.h"

#include <string.h>

typedef struct expr_maker {
	mill_op_maker base;
	const mill_plan *plan;
	mill_expr *const *exprs;
	int count;
	bool with_ids;
} expr_maker;

/* Expressions with the values of scalar sub-queries put in. */
static mill_status bind_exprs(const expr_maker *maker, mill_run *run, mill_expr ***out, mill_error *err)
{
	mill_expr **exprs = mill_arena_array(run->arena, (size_t)maker->count + 1, sizeof(mill_expr *));
	if (exprs == NULL)
		return mill_fail_nomem(err, (size_t)maker->count, "expressions");
	for (int i = 0; i < maker->count; i++) {
		exprs[i] = mill_expr_bind_params(run->arena, maker->exprs[i], run->params, err);
		if (exprs[i] == NULL)
			return err != NULL && err->status != MILL_OK ? err->status : MILL_NOMEM;
	}
	*out = exprs;
	return MILL_OK;
}

static mill_row_error_policy *policy_of(mill_run *run, const mill_plan *plan)
{
	return mill_books_sql_errors(run->books, plan->sql, plan->sql_where);
}

static mill_status filter_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                               mill_error *err)
{
	const expr_maker *maker = (const expr_maker *)self;
	mill_op_env env = mill_run_env(run);
	mill_expr **exprs;
	MILL_TRY(bind_exprs(maker, run, &exprs, err));
	return mill_filter_new(&env, exprs[0], policy_of(run, maker->plan), next, out, err);
}

static mill_status project_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                                mill_error *err)
{
	const expr_maker *maker = (const expr_maker *)self;
	mill_op_env env = mill_run_env(run);
	mill_expr **exprs;
	MILL_TRY(bind_exprs(maker, run, &exprs, err));
	return mill_project_new(&env, exprs, maker->count, maker->with_ids, policy_of(run, maker->plan), next, out,
	                        err);
}

mill_op_maker *mill_make_filter(mill_run *run, const mill_plan *plan, mill_expr *predicate)
{
	expr_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	mill_expr **exprs = mill_arena_array(run->arena, 1, sizeof(mill_expr *));
	if (maker == NULL || exprs == NULL)
		return NULL;
	exprs[0] = predicate;
	*maker = (expr_maker){
	    .base = {"filter", MILL_ROWS_CHANGED, filter_make, NULL, NULL}, .plan = plan, .exprs = exprs, .count = 1};
	return &maker->base;
}

mill_op_maker *mill_make_project(mill_run *run, const mill_plan *plan, mill_expr *const *exprs, int count,
                                 bool with_ids)
{
	expr_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (expr_maker){.base = {"project", MILL_ROWS_KEPT, project_make, NULL, NULL},
	                      .plan = plan,
	                      .exprs = exprs,
	                      .count = count};
	maker->with_ids = with_ids;
	return &maker->base;
}

typedef struct group_maker {
	mill_op_maker base;
	mill_group_spec spec;
	mill_group_half half;
} group_maker;

static mill_status group_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                              mill_error *err)
{
	const group_maker *maker = (const group_maker *)self;
	mill_op_env env = mill_run_env(run);
	switch (maker->half) {
	case MILL_GROUP_PARTIAL: return mill_group_partial_new(&env, &maker->spec, next, out, err);
	case MILL_GROUP_FINAL: return mill_group_final_new(&env, &maker->spec, next, out, err);
	default: return mill_group_whole_new(&env, &maker->spec, next, out, err);
	}
}

mill_op_maker *mill_make_group(mill_run *run, const mill_group_spec *spec, mill_group_half half)
{
	group_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (group_maker){
	    .base = {"aggregate", MILL_ROWS_CHANGED, group_make, NULL, NULL}, .spec = *spec, .half = half};
	return &maker->base;
}

typedef struct probe_maker {
	mill_op_maker base;
	const mill_plan *plan;
	mill_join_build *build;
} probe_maker;

static mill_status probe_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                              mill_error *err)
{
	const probe_maker *maker = (const probe_maker *)self;
	mill_op_env env = mill_run_env(run);
	return mill_join_probe_new(&env, maker->build, policy_of(run, maker->plan), next, out, err);
}

mill_op_maker *mill_make_probe(mill_run *run, const mill_plan *plan, mill_join_build *build)
{
	probe_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker =
	    (probe_maker){.base = {"join", MILL_ROWS_CHANGED, probe_make, NULL, NULL}, .plan = plan, .build = build};
	return &maker->base;
}

typedef struct sort_maker {
	mill_op_maker base;
	const mill_sort_key *keys;
	int count;
	bool flag; /* sort_key: with_ids; sort: drop_key */
	int key;
	int64_t limit;
	int64_t offset;
} sort_maker;

static mill_status sort_key_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                                 mill_error *err)
{
	const sort_maker *maker = (const sort_maker *)self;
	mill_op_env env = mill_run_env(run);
	return mill_sort_key_new(&env, maker->keys, maker->count, maker->flag, next, out, err);
}

static mill_status sort_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                             mill_error *err)
{
	const sort_maker *maker = (const sort_maker *)self;
	mill_op_env env = mill_run_env(run);
	return mill_sort_new(&env, maker->key, maker->limit, maker->flag, next, out, err);
}

static mill_status limit_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                              mill_error *err)
{
	const sort_maker *maker = (const sort_maker *)self;
	mill_op_env env = mill_run_env(run);
	return mill_limit_new(&env, maker->offset, maker->limit, next, out, err);
}

mill_op_maker *mill_make_sort_key(mill_run *run, const mill_sort_key *keys, int count, bool with_ids)
{
	sort_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (sort_maker){.base = {"sort key", MILL_ROWS_KEPT, sort_key_make, NULL, NULL},
	                      .keys = keys,
	                      .count = count,
	                      .flag = with_ids};
	return &maker->base;
}

mill_op_maker *mill_make_sort(mill_run *run, int key, int64_t limit, bool drop_key)
{
	sort_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (sort_maker){
	    .base = {"sort", MILL_ROWS_KEPT, sort_make, NULL, NULL}, .key = key, .limit = limit, .flag = drop_key};
	if (limit != INT64_MAX) {
		maker->base.name = "limit";
		maker->base.effect = MILL_ROWS_CHANGED;
	}
	return &maker->base;
}

mill_op_maker *mill_make_limit(mill_run *run, int64_t offset, int64_t limit)
{
	sort_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (sort_maker){
	    .base = {"limit", MILL_ROWS_CHANGED, limit_make, NULL, NULL}, .offset = offset, .limit = limit};
	return &maker->base;
}

typedef struct first_maker {
	mill_op_maker base;
	mill_first_rows *first;
} first_maker;

static mill_status first_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                              mill_error *err)
{
	mill_op_env env = mill_run_env(run);
	return mill_first_new(&env, ((const first_maker *)self)->first, next, out, err);
}

mill_op_maker *mill_make_first(mill_run *run, mill_first_rows *first)
{
	first_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (first_maker){{"limit", MILL_ROWS_CHANGED, first_make, NULL, NULL}, first};
	return &maker->base;
}

typedef struct window_maker {
	mill_op_maker base;
	const mill_plan_window *window;
} window_maker;

static mill_status row_number_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                                   mill_error *err)
{
	const mill_plan_window *window = ((const window_maker *)self)->window;
	mill_op_env env = mill_run_env(run);
	return mill_row_number_new(&env, window->partitions, window->partition_count, window->orders,
	                           window->order_count, next, out, err);
}

mill_op_maker *mill_make_row_number(mill_run *run, const mill_plan_window *window)
{
	window_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (window_maker){.base = {"row_number", MILL_ROWS_KEPT, row_number_make, NULL, NULL}, .window = window};
	return &maker->base;
}

typedef struct split_maker {
	mill_op_maker base;
	mill_split_spec spec;
	bool with_ids;
} split_maker;

static mill_status split_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                              mill_error *err)
{
	const split_maker *maker = (const split_maker *)self;
	mill_op_env env = mill_run_env(run);
	return mill_split_new(&env, &maker->spec, maker->with_ids, next, out, err);
}

mill_op_maker *mill_make_split(mill_run *run, const mill_split_spec *spec, bool with_ids)
{
	split_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (split_maker){
	    .base = {"split", MILL_ROWS_KEPT, split_make, NULL, NULL}, .spec = *spec, .with_ids = with_ids};
	return &maker->base;
}

typedef struct position_maker {
	mill_op_maker base;
	int64_t first;
} position_maker;

typedef struct position_op {
	mill_op_base base;
	int64_t at;
} position_op;

static mill_status position_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	position_op *op = (position_op *)self;
	int visible = mill_batch_visible(batch);
	mill_batch out;
	MILL_TRY(mill_batch_new(op->base.env.mem, visible + 1, 1, &out, err));
	out.rows = batch->rows;
	mill_status status = mill_column_new(op->base.env.mem, mill_type_of(MILL_TYPE_UINT64), batch->rows, 0,
	                                     &out.columns[visible], err);
	if (status == MILL_OK) {
		for (int i = 0; i < visible; i++)
			out.columns[i] = mill_column_retain(&batch->columns[i]);
		uint64_t *ids = out.columns[visible].values;
		for (int64_t i = 0; i < batch->rows; i++)
			ids[i] = (uint64_t)(op->at + i);
		op->at += batch->rows;
		status = mill_op_emit(&op->base, &out, err);
	}
	mill_batch_release(&out);
	return status;
}

static mill_status position_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                                 mill_error *err)
{
	position_op *op = NULL;
	mill_op_env env = mill_run_env(run);
	MILL_TRY(mill_op_new(&env, sizeof *op, next, "row positions", &op, err));
	op->base.sink.push = position_push;
	op->at = ((const position_maker *)self)->first;
	*out = &op->base.sink;
	return MILL_OK;
}

mill_op_maker *mill_make_position(mill_run *run, int64_t first)
{
	position_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (position_maker){.base = {"position", MILL_ROWS_KEPT, position_make, NULL, NULL}, .first = first};
	return &maker->base;
}
