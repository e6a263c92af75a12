/* The right side of a join: rows in id order, and for each key the list of its rows. */
#include "ops/join.h"
#include <string.h>

static mill_status copy_ints(mill_mem *mem, const int *from, int count, const int **out, mill_error *err)
{
	int *copy = mill_mem_alloc(mem, (size_t)count * sizeof(*copy));
	if (copy == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof(*copy), "join");
	if (count > 0)
		memcpy(copy, from, (size_t)count * sizeof(*copy));
	*out = copy;
	return MILL_OK;
}

static void build_empty(mill_join_build *build)
{
	op_batches_clear(&build->batches);
	mill_batch_release(&build->rows);
	op_keys_clear(&build->keys, false);
	mill_mem_free(build->starts);
	mill_mem_free(build->list);
	build->starts = NULL;
	build->list = NULL;
	build->ready = false;
}

/* The rows of before and those pushed since, as one batch; of no rows where there are none. */
static mill_status join_rows(mill_join_build *build, mill_batch *out, mill_error *err)
{
	const mill_join_spec *spec = &build->spec;
	if (build->rows.rows > 0)
		MILL_TRY(op_batches_add(&build->batches, &build->rows, err));
	mill_batch_release(&build->rows);
	if (build->batches.rows > 0)
		return op_batches_join(&build->batches, &build->env, "join", out, err);
	mill_batch made = {0};
	MILL_TRY(mill_batch_new(build->env.mem, spec->right_columns + spec->right_id_words, spec->right_id_words, &made,
	                        err));
	for (int c = 0; c < made.column_count; c++) {
		mill_type type = c < spec->right_columns ? spec->right_types[c] : mill_type_of(MILL_TYPE_UINT64);
		mill_status status = mill_column_nulls(build->env.mem, type, 0, &made.columns[c], err);
		if (status != MILL_OK) {
			mill_batch_release(&made);
			return status;
		}
	}
	*out = made;
	return MILL_OK;
}

static bool is_identity(const int32_t *order, int64_t rows)
{
	for (int64_t r = 0; r < rows; r++)
		if (order[r] != r)
			return false;
	return true;
}

/* Puts the batch in id order. */
static mill_status order_rows(mill_join_build *build, mill_batch *batch, mill_error *err)
{
	int words = batch->id_words;
	if (words == 0 || batch->rows < 2)
		return MILL_OK;
	mill_status status = MILL_OK;
	mill_batch sorted = {0};
	mill_mem *mem = build->env.mem;
	const uint64_t **ids = mill_mem_alloc(mem, (size_t)words * sizeof(*ids));
	int32_t *order = mill_mem_alloc(mem, (size_t)batch->rows * sizeof(*order));
	if (ids == NULL || order == NULL) {
		status = mill_fail_nomem(err, (size_t)batch->rows * sizeof(*order), "join");
		goto done;
	}
	for (int w = 0; w < words; w++)
		ids[w] = op_id_word(batch, w);
	MILL_TRY_GOTO(op_sort_words(mem, ids, words, batch->rows, order, err), done);
	if (is_identity(order, batch->rows))
		goto done;
	MILL_TRY_GOTO(mill_batch_take(batch, order, batch->rows, &sorted, err), done);
	mill_batch_release(batch);
	*batch = sorted;
done:
	mill_mem_free(ids);
	mill_mem_free(order);
	return status;
}

static bool has_null_key(const mill_join_build *build, int64_t row)
{
	for (int k = 0; k < build->spec.key_count; k++)
		if (mill_column_is_null(build->columns[k], row))
			return true;
	return false;
}

/* Row numbers by group, by counting; rows with a NULL key are left out. */
static mill_status list_rows(mill_join_build *build, const uint32_t *groups, int64_t rows, mill_error *err)
{
	int64_t group_count = build->keys.groups;
	build->starts = mill_mem_calloc(build->env.mem, (size_t)group_count + 2, sizeof(*build->starts));
	build->list = mill_mem_alloc(build->env.mem, (size_t)rows * sizeof(*build->list));
	if (build->starts == NULL || build->list == NULL)
		return mill_fail_nomem(err, (size_t)(rows + group_count) * 8, "join");
	int64_t *starts = build->starts;
	for (int64_t r = 0; r < rows; r++)
		starts[groups[r] + 2] += !has_null_key(build, r);
	for (int64_t g = 0; g < group_count; g++)
		starts[g + 2] += starts[g + 1];
	for (int64_t r = 0; r < rows; r++)
		if (!has_null_key(build, r))
			build->list[starts[groups[r] + 1]++] = (int32_t)r;
	return MILL_OK;
}

static mill_status index_rows(mill_join_build *build, mill_error *err)
{
	const mill_batch *batch = &build->rows;
	if (build->spec.key_count == 0 || batch->rows == 0)
		return MILL_OK;
	for (int k = 0; k < build->spec.key_count; k++)
		build->columns[k] = &batch->columns[build->spec.right_keys[k]];
	uint32_t *groups = mill_mem_alloc(build->env.mem, (size_t)batch->rows * sizeof(*groups));
	if (groups == NULL)
		return mill_fail_nomem(err, (size_t)batch->rows * sizeof(*groups), "join");
	mill_status status = op_keys_insert(&build->keys, build->columns, batch->rows, groups, err);
	if (status == MILL_OK)
		status = list_rows(build, groups, batch->rows, err);
	mill_mem_free(groups);
	return status;
}

static mill_status build_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	mill_join_build *build = (mill_join_build *)self;
	build->ready = false;
	return op_batches_add(&build->batches, batch, err);
}

static mill_status build_finish_unit(mill_sink *self, mill_error *err)
{
	mill_join_build *build = (mill_join_build *)self;
	if (build->ready)
		return MILL_OK;
	mill_batch rows = {0};
	int64_t row_count = build->batches.rows + build->rows.rows;
	int64_t bytes = build->batches.bytes;
	mill_status status = join_rows(build, &rows, err);
	build->rows = rows;
	op_keys_clear(&build->keys, false);
	mill_mem_free(build->starts);
	mill_mem_free(build->list);
	build->starts = NULL;
	build->list = NULL;
	if (status == MILL_OK)
		status = order_rows(build, &build->rows, err);
	if (status == MILL_OK)
		status = index_rows(build, err);
	if (status == MILL_NOMEM)
		return op_nomem(&build->env, "join", row_count, bytes, err);
	build->ready = status == MILL_OK;
	return status;
}

static mill_status build_finish(mill_sink *self, mill_error *err)
{
	return build_finish_unit(self, err);
}

static mill_status copy_spec(mill_join_build *build, const mill_join_spec *spec, mill_error *err)
{
	mill_mem *mem = build->env.mem;
	build->spec = *spec;
	build->spec.left_keys = build->spec.right_keys = NULL;
	build->spec.right_types = NULL;
	MILL_TRY(copy_ints(mem, spec->left_keys, spec->key_count, &build->spec.left_keys, err));
	MILL_TRY(copy_ints(mem, spec->right_keys, spec->key_count, &build->spec.right_keys, err));
	size_t types_bytes = (size_t)spec->right_columns * sizeof(mill_type);
	mill_type *types = mill_mem_alloc(mem, types_bytes);
	if (types == NULL)
		return mill_fail_nomem(err, types_bytes, "join");
	if (types_bytes > 0)
		memcpy(types, spec->right_types, types_bytes);
	build->spec.right_types = types;
	return MILL_OK;
}

static mill_status open_keys(mill_join_build *build, mill_error *err)
{
	int count = build->spec.key_count;
	mill_mem *mem = build->env.mem;
	mill_type *types = mill_mem_alloc(mem, (size_t)count * sizeof(*types));
	build->columns = mill_mem_calloc(mem, (size_t)count, sizeof(*build->columns));
	mill_status status = MILL_OK;
	if (types == NULL || build->columns == NULL) {
		status = mill_fail_nomem(err, (size_t)count * sizeof(*build->columns), "join");
	} else {
		for (int k = 0; k < count; k++)
			types[k] = build->spec.right_types[build->spec.right_keys[k]];
		status = op_keys_init(&build->keys, mem, types, count, err);
	}
	mill_mem_free(types);
	return status;
}

mill_status mill_join_build_new(const mill_op_env *env, const mill_join_spec *spec, mill_join_build **out,
                                mill_error *err)
{
	mill_join_build *build = mill_mem_calloc(env->mem, 1, sizeof(*build));
	if (build == NULL)
		return mill_fail_nomem(err, sizeof(*build), "join");
	build->env = *env;
	build->sink.push = build_push;
	build->sink.finish_unit = build_finish_unit;
	build->sink.finish = build_finish;
	build->batches.mem = env->mem;
	mill_status status = copy_spec(build, spec, err);
	if (status == MILL_OK)
		status = open_keys(build, err);
	if (status != MILL_OK) {
		mill_join_build_free(build);
		return status;
	}
	*out = build;
	return MILL_OK;
}

mill_sink *mill_join_build_sink(mill_join_build *build)
{
	return &build->sink;
}

void mill_join_build_reset(mill_join_build *build)
{
	build_empty(build);
}

void mill_join_build_free(mill_join_build *build)
{
	if (build == NULL)
		return;
	if (build->keys.mem != NULL)
		build_empty(build);
	op_batches_release(&build->batches);
	op_keys_release(&build->keys);
	mill_mem_free(build->columns);
	mill_mem_free((void *)(uintptr_t)build->spec.left_keys);
	mill_mem_free((void *)(uintptr_t)build->spec.right_keys);
	mill_mem_free((void *)(uintptr_t)build->spec.right_types);
	mill_mem_free(build);
}
