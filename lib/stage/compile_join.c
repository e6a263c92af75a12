/* Equi-joins: the right side is kept and counted first; a small one goes to every rank, so that the left side never
 * moves, else both sides are exchanged by key and joined bucket by bucket. */
#include "column/frame.h"
#include "stage/compile.h"

#include <string.h>

/* One side as its flow gives it: the visible columns, then key expressions that are not plain columns. */
typedef struct join_side {
	mill_flow flow;
	int *keys;
	int column_count; /* visible, added keys included */
	mill_type *types;
} join_side;

/* Appends computed keys as columns; sides whose keys are all plain columns pass as they are. */
static mill_status make_side(mill_run *run, const mill_plan *plan, int which, bool with_ids, join_side *side,
                             mill_error *err)
{
	const mill_plan *input = plan->inputs[which];
	mill_expr **keys = plan->exprs + which * plan->key_count;
	int visible = input->schema.count;
	size_t most = (size_t)visible + (size_t)plan->key_count + 1;
	mill_expr **exprs;
	mill_expr_builder builder = {.arena = run->arena, .position = -1, .failed_position = -1};
	MILL_TRY(mill_schema_columns(&builder, &input->schema, NULL, visible, plan->key_count, &exprs, err));
	side->keys = mill_arena_array(run->arena, most, sizeof(int));
	side->types = mill_arena_array(run->arena, most, sizeof *side->types);
	if (side->keys == NULL || side->types == NULL)
		return mill_fail_nomem(err, most * sizeof *side->types, "a join plan");
	MILL_TRY(mill_flow_compile(run, input, with_ids, &side->flow, err));
	int count = visible;
	for (int i = 0; i < visible; i++)
		side->types[i] = input->schema.fields[i].type;
	for (int i = 0; i < plan->key_count; i++) {
		if (keys[i]->kind == MILL_EXPR_COLUMN) {
			side->keys[i] = keys[i]->column;
			continue;
		}
		side->types[count] = keys[i]->type;
		exprs[count] = keys[i];
		side->keys[i] = count++;
	}
	side->column_count = count;
	return count == visible ? MILL_OK
	                        : mill_flow_add(&side->flow, mill_make_project(run, plan, exprs, count, with_ids), err);
}

/* residual is over left ‖ right without added keys; here the left side may be wider. */
static mill_status fill_spec(mill_run *run, const mill_plan *plan, const join_side *left, const join_side *right,
                             bool with_ids, mill_join_spec *spec, mill_error *err)
{
	int left_visible = plan->inputs[0]->schema.count;
	int right_visible = plan->inputs[1]->schema.count;
	*spec = (mill_join_spec){.left_keys = left->keys, .right_keys = right->keys, .key_count = plan->key_count};
	spec->is_left = plan->join == MILL_JOIN_LEFT;
	spec->left_columns = left->column_count;
	spec->right_columns = right->column_count;
	spec->right_types = right->types;
	spec->right_id_words = plan->inputs[1]->id_words;
	spec->with_ids = with_ids;
	if (plan->predicate == NULL)
		return MILL_OK;
	int *map = mill_arena_array(run->arena, (size_t)(left_visible + right_visible) + 1, sizeof *map);
	if (map == NULL)
		return mill_fail_nomem(err, 0, "a join plan");
	for (int i = 0; i < left_visible + right_visible; i++)
		map[i] = i < left_visible ? i : i - left_visible + left->column_count;
	mill_expr *bound = mill_expr_bind_params(run->arena, plan->predicate, run->params, err);
	spec->residual = bound == NULL ? NULL : mill_expr_remap(run->arena, bound, map, err);
	return spec->residual == NULL ? MILL_NOMEM : MILL_OK;
}

/* After the probe: drops added key columns. */
static mill_status drop_added(mill_run *run, const mill_plan *plan, const join_side *left, const join_side *right,
                              bool with_ids, mill_flow *flow, mill_error *err)
{
	int left_visible = plan->inputs[0]->schema.count;
	if (left->column_count == left_visible && right->column_count == plan->inputs[1]->schema.count)
		return MILL_OK;
	mill_expr **exprs = mill_arena_array(run->arena, (size_t)plan->schema.count + 1, sizeof(mill_expr *));
	if (exprs == NULL)
		return mill_fail_nomem(err, 0, "a join plan");
	mill_expr_builder builder = {.arena = run->arena, .position = -1, .failed_position = -1};
	for (int i = 0; i < plan->schema.count; i++) {
		int column = i < left_visible ? i : i - left_visible + left->column_count;
		exprs[i] = mill_expr_column(&builder, column, plan->schema.fields[i].type,
		                            plan->schema.fields[i].nullable, err);
		if (exprs[i] == NULL)
			return MILL_NOMEM;
	}
	return mill_flow_add(flow, mill_make_project(run, plan, exprs, plan->schema.count, with_ids), err);
}

/* A side of this share of the budget may be broadcast: its frames, its rows and a table over them are held at once. */
#define BROADCAST_SHARE 8

/* This rank's kept rows as one blob of frames. */
static mill_status local_frames(mill_run *run, mill_local *local, mill_bytes *out, mill_error *err)
{
	mill_unit_source *source = NULL;
	if (mill_bytes_reserve(out, (size_t)mill_local_bytes(local)) != MILL_OK)
		return mill_fail_nomem(err, (size_t)mill_local_bytes(local), "kept rows to be sent");
	MILL_TRY(mill_local_source_new(run, local, true, &source, err));
	mill_status status = source->begin(source, run, err);
	if (status == MILL_OK)
		status = mill_local_take_frames(source, SIZE_MAX, out, err);
	source->free(source);
	return status;
}

static mill_status fill_build(mill_run *run, const mill_bytes *frames, mill_join_build *build, mill_error *err)
{
	mill_sink *sink = mill_join_build_sink(build);
	for (size_t at = 0; at < frames->size_bytes;) {
		mill_frame_info info;
		mill_batch batch = {0};
		MILL_TRY(mill_frame_peek(frames->data + at, frames->size_bytes - at, &info, err));
		MILL_TRY(mill_frame_read(frames->data + at, info.size_bytes, run->mem, &batch, err));
		mill_status status = mill_sink_push(sink, &batch, err);
		mill_batch_release(&batch);
		MILL_TRY(status);
		at += info.size_bytes;
	}
	return sink->finish_unit(sink, err);
}

/* Collective: every rank gets all right rows. */
static mill_status broadcast_build(mill_run *run, mill_local *local, mill_join_build *build, mill_error *err)
{
	mill_bytes mine, all;
	mill_bytes_init(&mine, run->mem);
	mill_bytes_init(&all, run->mem);
	size_t *sizes = mill_arena_array(run->arena, (size_t)mill_comm_size(run->comm), sizeof *sizes);
	mill_status status = sizes == NULL ? mill_fail_nomem(err, 0, "a join") : local_frames(run, local, &mine, err);
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_allgather(run->comm, mine.data, mine.size_bytes, &all, sizes, err);
	mill_bytes_release(&mine);
	if (status == MILL_OK)
		status = mill_comm_agree(run->comm, fill_build(run, &all, build, err), err);
	mill_bytes_release(&all);
	if (status == MILL_NOMEM)
		mill_fail_context(err, status, "join: every rank gets the right side");
	return status;
}

static mill_status exchange_side(mill_run *run, const char *name, mill_flow *flow, const join_side *side, int key_count,
                                 int64_t buckets, mill_exchange **out, mill_error *err)
{
	mill_exchange_spec spec = {.name = name, .kind = MILL_EXCHANGE_BY_HASH, .key_columns = side->keys};
	spec.key_count = key_count;
	spec.bucket_count = buckets;
	return mill_flow_exchange(run, flow, &spec, out, err);
}

/* Both sides meet bucket by bucket. */
static mill_status join_by_bucket(mill_run *run, const mill_plan *plan, join_side *left, const join_side *right,
                                  mill_local *local, int64_t bytes, mill_join_build *build, mill_error *err)
{
	mill_exchange *left_exchange = NULL, *right_exchange = NULL;
	mill_flow kept = {.name = "join right"};
	int64_t buckets = mill_bucket_count_for(run, mill_max_i64(bytes, left->flow.bytes));
	MILL_TRY(mill_local_source_new(run, local, true, &kept.source, err));
	MILL_TRY(exchange_side(run, "join right", &kept, right, plan->key_count, buckets, &right_exchange, err));
	mill_status status =
	    exchange_side(run, "join left", &left->flow, left, plan->key_count, buckets, &left_exchange, err);
	if (status == MILL_OK)
		status = mill_join_source_new(run, left_exchange, right_exchange, build, &left->flow.source, err);
	if (status != MILL_OK) {
		mill_exchange_release(left_exchange);
		mill_exchange_release(right_exchange);
		return status;
	}
	left->flow.last = NULL;
	left->flow.name = "join";
	left->flow.ordered = false;
	left->flow.bytes += bytes;
	return MILL_OK;
}

mill_status mill_compile_join(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out, mill_error *err)
{
	join_side left = {0}, right = {0};
	mill_join_spec spec;
	mill_join_build *build = NULL;
	mill_local *local = NULL;
	mill_op_env env = mill_run_env(run);
	MILL_TRY(make_side(run, plan, 1, true, &right, err));
	MILL_TRY(mill_flow_materialise(run, &right.flow, &local, err));
	int64_t bytes = mill_local_bytes(local);
	mill_status status = mill_comm_sum_i64(run->comm, &bytes, 1, err);
	if (status == MILL_OK)
		status = make_side(run, plan, 0, with_ids, &left, err);
	if (status == MILL_OK)
		status = fill_spec(run, plan, &left, &right, with_ids, &spec, err);
	if (status == MILL_OK)
		status = mill_comm_agree(run->comm, mill_join_build_new(&env, &spec, &build, err), err);
	int64_t most_bytes = mill_min_i64(run->knobs->broadcast_bytes, run->least_budget_bytes / BROADCAST_SHARE);
	if (status == MILL_OK && (plan->key_count == 0 || bytes <= most_bytes)) {
		status = mill_run_keep_build(run, build, err);
		if (status == MILL_OK)
			status = broadcast_build(run, local, build, err);
	} else if (status == MILL_OK) {
		status = join_by_bucket(run, plan, &left, &right, local, bytes, build, err);
	}
	mill_local_free(local);
	MILL_TRY(status);
	*out = left.flow;
	MILL_TRY(mill_flow_add(out, mill_make_probe(run, plan, build), err));
	return drop_added(run, plan, &left, &right, with_ids, out, err);
}
