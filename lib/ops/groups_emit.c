/* What groups give out: states for an exchange, or results in (K, V bytes) order. */
#include "column/value.h"
#include "ops/groups.h"
#include <string.h>

static mill_status new_order(const op_groups *g, int32_t **out, mill_error *err)
{
	int32_t *order = mill_mem_alloc(g->env.mem, (size_t)g->group_count * sizeof(*order));
	if (order == NULL)
		return mill_fail_nomem(err, (size_t)g->group_count * sizeof(*order), "group by");
	for (int64_t i = 0; i < g->group_count; i++)
		order[i] = (int32_t)i;
	*out = order;
	return MILL_OK;
}

/* Key columns of rows first … first + count of the input. */
static mill_status take_keys(const op_groups *g, const mill_batch *batch, const int32_t *order, int64_t count,
                             mill_column *columns, mill_error *err)
{
	for (int k = 0; k < g->spec.key_count; k++) {
		const mill_column *from = &batch->columns[g->spec.keys[k]];
		if (count == batch->rows)
			columns[k] = mill_column_retain(from);
		else
			MILL_TRY(mill_column_take(g->env.mem, from, order, count, &columns[k], err));
	}
	return MILL_OK;
}

/* rows: the batch whose row r is group r, or NULL: the groups of the table. */
static mill_status emit_states_chunk(op_groups *g, mill_op_base *op, const mill_batch *rows, const int32_t *order,
                                     int64_t count, mill_error *err)
{
	mill_batch batch = {0};
	int keys = g->spec.key_count;
	MILL_TRY(mill_batch_new(g->env.mem, keys + g->spec.aggregate_count, 0, &batch, err));
	batch.rows = count;
	mill_status status = rows != NULL ? take_keys(g, rows, order, count, batch.columns, err)
	                                  : op_keys_columns(&g->keys, order, count, batch.columns, err);
	for (int a = 0; a < g->spec.aggregate_count && status == MILL_OK; a++)
		status = op_state_write(g->states[a], order, count, &batch.columns[keys + a], err);
	if (status == MILL_OK)
		status = mill_op_emit(op, &batch, err);
	mill_batch_release(&batch);
	return status;
}

static mill_status emit_states(op_groups *g, mill_op_base *op, const mill_batch *rows, mill_error *err)
{
	int32_t *order = NULL;
	mill_status status = MILL_OK;
	MILL_TRY(new_order(g, &order, err));
	for (int64_t at = 0; at < g->group_count && status == MILL_OK; at += g->env.knobs->batch_rows)
		status = emit_states_chunk(g, op, rows, order + at,
		                           mill_min_i64(g->env.knobs->batch_rows, g->group_count - at), err);
	mill_mem_free(order);
	return status;
}

mill_status op_groups_emit_states(op_groups *g, mill_op_base *op, mill_error *err)
{
	return emit_states(g, op, NULL, err);
}

mill_status op_groups_emit_rows(op_groups *g, mill_op_base *op, const mill_batch *batch, mill_error *err)
{
	return emit_states(g, op, batch, err);
}

/* K of the groups at .. at + count. */
static mill_status hash_chunk(const op_groups *g, const int32_t *order, int64_t count, mill_bytes *scratch,
                              uint64_t *hashes, mill_error *err)
{
	mill_batch keys = {0};
	mill_status status = MILL_OK;
	const mill_column **columns = NULL;
	MILL_TRY(mill_batch_new(g->env.mem, g->spec.key_count, 0, &keys, err));
	keys.rows = count;
	columns = mill_mem_alloc(g->env.mem, (size_t)g->spec.key_count * sizeof(*columns));
	if (columns == NULL) {
		status = mill_fail_nomem(err, (size_t)g->spec.key_count * sizeof(*columns), "group by");
		goto done;
	}
	MILL_TRY_GOTO(op_keys_columns(&g->keys, order, count, keys.columns, err), done);
	for (int k = 0; k < g->spec.key_count; k++)
		columns[k] = &keys.columns[k];
	status = mill_key_hash(columns, g->spec.key_count, count, scratch, hashes, err);
done:
	mill_mem_free(columns);
	mill_batch_release(&keys);
	return status;
}

static mill_status hash_groups(const op_groups *g, const int32_t *order, uint64_t *hashes, mill_error *err)
{
	mill_bytes scratch;
	mill_status status = MILL_OK;
	mill_bytes_init(&scratch, g->env.mem);
	for (int64_t at = 0; at < g->group_count && status == MILL_OK; at += MILL_BATCH_ROWS)
		status = hash_chunk(g, order + at, mill_min_i64(MILL_BATCH_ROWS, g->group_count - at), &scratch,
		                    hashes + at, err);
	mill_bytes_release(&scratch);
	return status;
}

static mill_status value_bytes(const op_groups *g, int32_t group, mill_bytes *out, mill_error *err)
{
	mill_batch keys = {0};
	MILL_TRY(mill_batch_new(g->env.mem, g->spec.key_count, 0, &keys, err));
	mill_status status = op_keys_columns(&g->keys, &group, 1, keys.columns, err);
	out->size_bytes = 0;
	for (int k = 0; k < g->spec.key_count && status == MILL_OK; k++)
		if (mill_value_bytes(&keys.columns[k], 0, out) != MILL_OK)
			status = mill_fail_nomem(err, out->size_bytes, "group by");
	mill_batch_release(&keys);
	return status;
}

static bool bytes_less(const mill_bytes *a, const mill_bytes *b)
{
	size_t common = a->size_bytes < b->size_bytes ? a->size_bytes : b->size_bytes;
	int order = common == 0 ? 0 : memcmp(a->data, b->data, common);
	return order < 0 || (order == 0 && a->size_bytes < b->size_bytes);
}

/* Groups of one K by V bytes; two keys of one K are found once in 2^64 pairs, so nothing clever. */
static mill_status sort_equal(const op_groups *g, int32_t *order, int64_t count, mill_error *err)
{
	mill_bytes a, b;
	mill_status status = MILL_OK;
	mill_bytes_init(&a, g->env.mem);
	mill_bytes_init(&b, g->env.mem);
	for (int64_t i = 1; i < count; i++)
		for (int64_t at = i; at > 0; at--) {
			MILL_TRY_GOTO(value_bytes(g, order[at - 1], &a, err), done);
			MILL_TRY_GOTO(value_bytes(g, order[at], &b, err), done);
			if (!bytes_less(&b, &a))
				break;
			int32_t swap = order[at];
			order[at] = order[at - 1];
			order[at - 1] = swap;
		}
done:
	mill_bytes_release(&a);
	mill_bytes_release(&b);
	return status;
}

/* order = groups by (K, V bytes); ids by group: K in hashes, rank in ranks (a place in order). */
static mill_status order_groups(const op_groups *g, int32_t *order, uint64_t *hashes, uint64_t *ranks, mill_error *err)
{
	const uint64_t *words[] = {hashes};
	MILL_TRY(hash_groups(g, order, hashes, err));
	MILL_TRY(op_sort_words(g->env.mem, words, 1, g->group_count, order, err));
	for (int64_t first = 0; first < g->group_count;) {
		int64_t end = first + 1;
		while (end < g->group_count && hashes[order[end]] == hashes[order[first]])
			end++;
		if (end - first > 1)
			MILL_TRY(sort_equal(g, order + first, end - first, err));
		for (int64_t i = first; i < end; i++)
			ranks[i] = (uint64_t)(i - first);
		first = end;
	}
	return MILL_OK;
}

static mill_status put_ids(const op_groups *g, const int32_t *order, const uint64_t *ranks, const uint64_t *hashes,
                           int64_t count, mill_batch *batch, mill_error *err)
{
	int first = mill_batch_visible(batch);
	for (int w = 0; w < 2; w++)
		MILL_TRY(mill_column_new(g->env.mem, mill_type_of(MILL_TYPE_UINT64), count, 0,
		                         &batch->columns[first + w], err));
	uint64_t *key = batch->columns[first].values;
	for (int64_t i = 0; i < count; i++)
		key[i] = hashes[order[i]];
	memcpy(batch->columns[first + 1].values, ranks, (size_t)count * sizeof(*ranks));
	return MILL_OK;
}

static mill_status emit_results_chunk(op_groups *g, mill_op_base *op, const int32_t *order, const uint64_t *ranks,
                                      const uint64_t *hashes, int64_t count, mill_error *err)
{
	mill_batch batch = {0};
	int keys = g->spec.key_count, id_words = g->spec.with_ids ? 2 : 0;
	MILL_TRY(mill_batch_new(g->env.mem, keys + g->spec.aggregate_count + id_words, id_words, &batch, err));
	batch.rows = count;
	mill_status status = op_keys_columns(&g->keys, order, count, batch.columns, err);
	for (int a = 0; a < g->spec.aggregate_count && status == MILL_OK; a++)
		status = op_state_result(g->states[a], order, count, &batch.columns[keys + a], err);
	if (status == MILL_OK && id_words > 0)
		status = put_ids(g, order, ranks, hashes, count, &batch, err);
	if (status == MILL_OK)
		status = mill_op_emit(op, &batch, err);
	mill_batch_release(&batch);
	return status;
}

static mill_status settle_empty(op_groups *g, mill_error *err)
{
	if (g->spec.key_count > 0 || g->group_count > 0 || !g->spec.emit_empty)
		return MILL_OK;
	for (int a = 0; a < g->spec.aggregate_count; a++)
		MILL_TRY(op_state_reserve(g->states[a], 1, err));
	g->group_count = 1;
	return MILL_OK;
}

mill_status op_groups_emit_results(op_groups *g, mill_op_base *op, mill_error *err)
{
	int32_t *order = NULL;
	uint64_t *hashes = NULL;
	mill_status status = MILL_OK;
	MILL_TRY(settle_empty(g, err));
	if (g->group_count == 0)
		return MILL_OK;
	MILL_TRY(new_order(g, &order, err));
	hashes = mill_mem_alloc(g->env.mem, (size_t)g->group_count * 2 * sizeof(*hashes));
	if (hashes == NULL) {
		status = mill_fail_nomem(err, (size_t)g->group_count * 2 * sizeof(*hashes), "group by");
		goto done;
	}
	uint64_t *ranks = hashes + g->group_count;
	MILL_TRY_GOTO(order_groups(g, order, hashes, ranks, err), done);
	int64_t chunk = g->env.knobs->batch_rows;
	for (int64_t at = 0; at < g->group_count && status == MILL_OK && !op->next->done; at += chunk)
		status = emit_results_chunk(g, op, order + at, ranks + at, hashes,
		                            mill_min_i64(chunk, g->group_count - at), err);
done:
	mill_mem_free(order);
	mill_mem_free(hashes);
	return status;
}
