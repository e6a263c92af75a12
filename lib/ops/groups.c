#include "ops/groups.h"
#include "column/bits.h"
#include <string.h>

/* DISTINCT changes nothing for the smallest, the largest and the first. */
static bool distinct_matters(const mill_aggregate_spec *spec)
{
	return spec->distinct && !mill_aggregate_traits_of(spec->signature.kind)->ignores_distinct;
}

bool mill_group_needs_whole(const mill_group_spec *spec)
{
	for (int a = 0; a < spec->aggregate_count; a++)
		if (spec->aggregates[a].signature.holistic || distinct_matters(&spec->aggregates[a]))
			return true;
	return false;
}

static mill_status copy_array(mill_mem *mem, const void *from, size_t size_bytes, void *out, mill_error *err)
{
	void *copy = mill_mem_alloc(mem, size_bytes);
	if (copy == NULL)
		return mill_fail_nomem(err, size_bytes, "group by");
	if (size_bytes > 0 && from != NULL)
		memcpy(copy, from, size_bytes);
	memcpy(out, &copy, sizeof(copy));
	return MILL_OK;
}

static mill_status open_distinct(op_groups *g, int a, mill_error *err)
{
	const mill_aggregate_signature *signature = &g->spec.aggregates[a].signature;
	mill_type types[3] = {mill_type_of(MILL_TYPE_UINT32), signature->arg_types[0], signature->arg_types[1]};
	op_keys *keys = mill_mem_calloc(g->env.mem, 1, sizeof(*keys));
	if (keys == NULL)
		return mill_fail_nomem(err, sizeof(*keys), "distinct values");
	g->distinct[a] = keys;
	return op_keys_init(keys, g->env.mem, types, 1 + signature->arg_count, err);
}

static mill_status open_aggregates(op_groups *g, mill_error *err)
{
	int count = g->spec.aggregate_count;
	g->states = mill_mem_calloc(g->env.mem, (size_t)count, sizeof(*g->states));
	g->distinct = mill_mem_calloc(g->env.mem, (size_t)count, sizeof(*g->distinct));
	g->columns = mill_mem_calloc(g->env.mem, (size_t)g->spec.key_count, sizeof(*g->columns));
	if (g->states == NULL || g->distinct == NULL || g->columns == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof(*g->states), "group by");
	for (int a = 0; a < count; a++) {
		MILL_TRY(op_state_new(g->env.mem, &g->spec.aggregates[a], &g->states[a], err));
		if (distinct_matters(&g->spec.aggregates[a]))
			MILL_TRY(open_distinct(g, a, err));
	}
	return MILL_OK;
}

mill_status op_groups_init(op_groups *g, const mill_op_env *env, const mill_group_spec *spec, mill_error *err)
{
	mill_status status = MILL_OK;
	memset(g, 0, sizeof(*g));
	g->env = *env;
	g->spec = *spec;
	g->spec.keys = NULL;
	g->spec.key_types = NULL;
	g->spec.aggregates = NULL;
	MILL_TRY_GOTO(copy_array(env->mem, spec->keys, (size_t)spec->key_count * sizeof(int), &g->spec.keys, err),
	              failed);
	MILL_TRY_GOTO(
	    copy_array(env->mem, spec->key_types, (size_t)spec->key_count * sizeof(mill_type), &g->spec.key_types, err),
	    failed);
	MILL_TRY_GOTO(copy_array(env->mem, spec->aggregates,
	                         (size_t)spec->aggregate_count * sizeof(mill_aggregate_spec), &g->spec.aggregates, err),
	              failed);
	MILL_TRY_GOTO(op_keys_init(&g->keys, env->mem, g->spec.key_types, spec->key_count, err), failed);
	MILL_TRY_GOTO(open_aggregates(g, err), failed);
	return MILL_OK;
failed:
	op_groups_release(g);
	return status;
}

void op_groups_release(op_groups *g)
{
	for (int a = 0; a < g->spec.aggregate_count; a++) {
		if (g->states != NULL)
			op_state_free(g->states[a]);
		if (g->distinct != NULL && g->distinct[a] != NULL) {
			op_keys_release(g->distinct[a]);
			mill_mem_free(g->distinct[a]);
		}
	}
	op_keys_release(&g->keys);
	mill_mem_free(g->states);
	mill_mem_free(g->distinct);
	mill_mem_free(g->columns);
	mill_mem_free((void *)(uintptr_t)g->spec.keys);
	mill_mem_free((void *)(uintptr_t)g->spec.key_types);
	mill_mem_free((void *)(uintptr_t)g->spec.aggregates);
	mill_mem_free(g->groups);
	mill_mem_free(g->bits);
	mill_mem_free(g->selected);
	memset(g, 0, sizeof(*g));
}

void op_groups_clear(op_groups *g, bool give_back)
{
	op_keys_clear(&g->keys, give_back);
	for (int a = 0; a < g->spec.aggregate_count; a++) {
		op_state_clear(g->states[a], give_back);
		if (g->distinct[a] != NULL)
			op_keys_clear(g->distinct[a], give_back);
	}
	g->group_count = 0;
	g->rows = 0;
}

static mill_status reserve_scratch(op_groups *g, int64_t rows, mill_error *err)
{
	if (rows <= g->scratch_rows)
		return MILL_OK;
	g->scratch_rows = 0;
	mill_mem_free(g->groups);
	mill_mem_free(g->bits);
	mill_mem_free(g->selected);
	g->groups = mill_mem_alloc(g->env.mem, (size_t)rows * sizeof(*g->groups));
	g->bits = mill_mem_alloc(g->env.mem, mill_bit_words(rows) * sizeof(*g->bits));
	g->selected = mill_mem_alloc(g->env.mem, (size_t)rows * sizeof(*g->selected));
	if (g->groups == NULL || g->bits == NULL || g->selected == NULL)
		return mill_fail_nomem(err, (size_t)rows * 8, "group by");
	g->scratch_rows = rows;
	return MILL_OK;
}

mill_status op_groups_reserve(op_groups *g, int64_t rows, mill_error *err)
{
	MILL_TRY(reserve_scratch(g, rows, err));
	if (g->spec.key_count > 0)
		MILL_TRY(op_keys_reserve(&g->keys, rows, err));
	for (int a = 0; a < g->spec.aggregate_count; a++)
		MILL_TRY(op_state_grow(g->states[a], g->spec.key_count > 0 ? g->group_count + rows : 1, err));
	return MILL_OK;
}

/* The group of every row; g->columns holds the key columns. */
static mill_status find_groups(op_groups *g, int64_t rows, mill_error *err)
{
	MILL_TRY(reserve_scratch(g, rows, err));
	if (g->spec.key_count == 0) {
		memset(g->groups, 0, (size_t)rows * sizeof(*g->groups));
		g->group_count = 1;
	} else {
		MILL_TRY(op_keys_insert(&g->keys, g->columns, rows, g->groups, err));
		g->group_count = g->keys.groups;
	}
	g->rows += rows;
	return MILL_OK;
}

/* Sets in->selected where some rows are not to be taken: the filter is not TRUE or an argument is NULL. */
static void select_rows(op_groups *g, const mill_column *filter, bool takes_nulls, int arg_count, op_input *in)
{
	bool some_null = false;
	for (int i = 0; i < arg_count; i++)
		some_null |= !takes_nulls && in->args[i]->null_count > 0;
	in->selected = NULL;
	if (filter == NULL && !some_null)
		return;
	size_t words = mill_bit_words(in->rows);
	mill_bits_fill(g->bits, in->rows);
	if (filter != NULL) {
		const uint64_t *truth = filter->values;
		for (size_t w = 0; w < words; w++)
			g->bits[w] &= truth[w] & (filter->validity == NULL ? ~(uint64_t)0 : filter->validity[w]);
	}
	for (int i = 0; i < arg_count && !takes_nulls; i++)
		for (size_t w = 0; in->args[i]->validity != NULL && w < words; w++)
			g->bits[w] &= in->args[i]->validity[w];
	in->selected = g->selected;
	in->selected_count = mill_bits_indices(g->bits, in->rows, g->selected);
}

/* Keeps of the rows selected those that bring a new (group, arguments). ids: one place per row. */
static mill_status keep_new(op_groups *g, op_keys *seen, const mill_column *const *columns, int64_t rows, uint32_t *ids,
                            op_input *in, mill_error *err)
{
	uint32_t next = (uint32_t)seen->groups;
	int64_t kept = 0;
	MILL_TRY(op_keys_insert(seen, columns, rows, ids, err));
	/* Numbers are given in row order: the first row of a new one is where it appears. */
	for (int64_t i = 0; i < rows; i++) {
		if (ids[i] != next)
			continue;
		next++;
		g->selected[kept++] = in->selected == NULL ? (int32_t)i : in->selected[i];
	}
	in->selected = g->selected;
	in->selected_count = kept;
	return MILL_OK;
}

static mill_status select_distinct(op_groups *g, op_keys *seen, int arg_count, op_input *in, mill_error *err)
{
	mill_column taken[3] = {0};
	const mill_column *columns[3] = {&taken[0], &taken[1], &taken[2]};
	mill_column numbers = {.type = mill_type_of(MILL_TYPE_UINT32), .rows = in->rows, .values = g->groups};
	int64_t rows = in->selected == NULL ? in->rows : in->selected_count;
	mill_status status = MILL_OK;
	uint32_t *ids = mill_mem_alloc(g->env.mem, (size_t)rows * sizeof(*ids));
	if (ids == NULL)
		return mill_fail_nomem(err, (size_t)rows * sizeof(*ids), "distinct values");
	for (int i = 0; i <= arg_count; i++) {
		const mill_column *from = i == 0 ? &numbers : in->args[i - 1];
		if (in->selected == NULL)
			columns[i] = from;
		else
			MILL_TRY_GOTO(mill_column_take(g->env.mem, from, in->selected, rows, &taken[i], err), done);
	}
	status = keep_new(g, seen, columns, rows, ids, in, err);
done:
	for (int i = 0; i < 3; i++)
		mill_column_release(&taken[i]);
	mill_mem_free(ids);
	return status;
}

static mill_status add_to_aggregate(op_groups *g, int a, const mill_batch *batch, mill_error *err)
{
	const mill_aggregate_spec *spec = &g->spec.aggregates[a];
	op_input in = {
	    .batch = batch, .groups = g->groups, .group_count = g->group_count, .rows = batch->rows, .selected = NULL};
	int arg_count = spec->signature.arg_count;
	for (int i = 0; i < arg_count; i++)
		in.args[i] = &batch->columns[spec->args[i]];
	select_rows(g, spec->filter < 0 ? NULL : &batch->columns[spec->filter], op_state_takes_nulls(g->states[a]),
	            arg_count, &in);
	if (g->distinct[a] != NULL)
		MILL_TRY(select_distinct(g, g->distinct[a], arg_count, &in, err));
	return op_state_update(g->states[a], &in, err);
}

mill_status op_groups_add(op_groups *g, const mill_batch *batch, mill_error *err)
{
	for (int k = 0; k < g->spec.key_count; k++)
		g->columns[k] = &batch->columns[g->spec.keys[k]];
	MILL_TRY(find_groups(g, batch->rows, err));
	for (int a = 0; a < g->spec.aggregate_count; a++)
		MILL_TRY(add_to_aggregate(g, a, batch, err));
	return MILL_OK;
}

static mill_status pass_rows(op_groups *g, const mill_batch *batch, mill_error *err)
{
	MILL_TRY(reserve_scratch(g, batch->rows, err));
	for (int64_t r = 0; r < batch->rows; r++)
		g->groups[r] = (uint32_t)r;
	g->group_count = batch->rows;
	for (int a = 0; a < g->spec.aggregate_count; a++)
		MILL_TRY(add_to_aggregate(g, a, batch, err));
	return MILL_OK;
}

mill_status op_groups_pass(op_groups *g, mill_op_base *op, const mill_batch *batch, mill_error *err)
{
	mill_status status = pass_rows(g, batch, err);
	if (status == MILL_OK)
		status = op_groups_emit_rows(g, op, batch, err);
	op_groups_clear(g, false);
	return status;
}

mill_status op_groups_merge(op_groups *g, const mill_batch *batch, mill_error *err)
{
	for (int k = 0; k < g->spec.key_count; k++)
		g->columns[k] = &batch->columns[k];
	MILL_TRY(find_groups(g, batch->rows, err));
	for (int a = 0; a < g->spec.aggregate_count; a++)
		MILL_TRY(op_state_merge(g->states[a], &batch->columns[g->spec.key_count + a], g->groups, g->group_count,
		                        err));
	return MILL_OK;
}
