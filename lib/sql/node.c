#include "sql/node.h"

#include "sql/conjunct.h"

#include <string.h>

static mill_plan *node_new(mill_arena *arena, mill_plan_kind kind, mill_plan *input, int id_words, mill_error *err)
{
	mill_plan *node = mill_arena_alloc(arena, sizeof *node);
	if (node == NULL) {
		mill_fail_nomem(err, sizeof *node, "node of a plan");
		return NULL;
	}
	node->kind = kind;
	node->id_words = id_words;
	node->position = -1;
	node->limit = -1;
	node->inputs[0] = input;
	node->input_count = input != NULL;
	if (input != NULL)
		node->schema = input->schema;
	return node;
}

static bool new_fields(mill_arena *arena, mill_plan *node, int count, mill_error *err)
{
	node->schema.fields = mill_arena_array(arena, (size_t)count + 1, sizeof *node->schema.fields);
	node->schema.count = count;
	if (node->schema.fields == NULL)
		mill_fail_nomem(err, (size_t)count * sizeof *node->schema.fields, "schema of a plan");
	return node->schema.fields != NULL;
}

/* A copy of count elements; room for one more so that 0 is no special case. */
static void *copy_array(mill_arena *arena, const void *from, int count, size_t element_bytes, mill_error *err)
{
	void *out = mill_arena_array(arena, (size_t)count + 1, element_bytes);
	if (out == NULL)
		mill_fail_nomem(err, (size_t)count * element_bytes, "node of a plan");
	else if (count > 0)
		memcpy(out, from, (size_t)count * element_bytes);
	return out;
}

mill_plan *sql_node_values(mill_arena *arena, mill_expr **cells, int64_t rows, const mill_schema *schema,
                           mill_error *err)
{
	mill_plan *node = node_new(arena, MILL_PLAN_VALUES, NULL, 1, err);
	if (node == NULL)
		return NULL;
	node->exprs = cells;
	node->value_rows = rows;
	node->schema = *schema;
	return node;
}

static void set_not_null(void *context, int column)
{
	mill_schema *schema = context;
	if (column < schema->count)
		schema->fields[column].nullable = false;
}

void sql_prove_not_null(const mill_expr *condition, mill_schema *schema)
{
	if (condition->kind == MILL_EXPR_AND)
		for (int i = 0; i < condition->arg_count; i++)
			sql_prove_not_null(condition->args[i], schema);
	sql_not_null_columns(condition, set_not_null, schema);
}

mill_plan *sql_node_filter(mill_arena *arena, mill_plan *input, mill_expr *predicate, mill_error *err)
{
	mill_plan *node = node_new(arena, MILL_PLAN_FILTER, input, input->id_words, err);
	if (node == NULL || !new_fields(arena, node, input->schema.count, err))
		return NULL;
	for (int i = 0; i < input->schema.count; i++)
		node->schema.fields[i] = input->schema.fields[i];
	sql_prove_not_null(predicate, &node->schema);
	node->predicate = predicate;
	node->position = predicate->position;
	return node;
}

mill_plan *sql_node_project(mill_arena *arena, mill_plan *input, mill_expr *const *exprs, const char *const *names,
                            int count, mill_error *err)
{
	mill_plan *node = node_new(arena, MILL_PLAN_PROJECT, input, input->id_words, err);
	if (node == NULL || !new_fields(arena, node, count, err))
		return NULL;
	node->exprs = copy_array(arena, exprs, count, sizeof *exprs, err);
	for (int i = 0; node->exprs != NULL && i < count; i++)
		node->schema.fields[i] = (mill_field){names[i], exprs[i]->type, exprs[i]->nullable};
	return node->exprs == NULL ? NULL : node;
}

bool sql_aggregate_nullable(const mill_plan_aggregate *aggregate, int key_count)
{
	if (!aggregate->signature.nullable)
		return false;
	if (key_count == 0 || aggregate->filter != NULL)
		return true;
	return !mill_aggregate_traits_of(aggregate->signature.kind)->is_null_of_nulls || aggregate->args[0]->nullable;
}

mill_plan *sql_node_aggregate(mill_arena *arena, mill_plan *input, mill_expr *const *keys, int key_count,
                              const mill_plan_aggregate *aggregates, int aggregate_count, const char *const *names,
                              mill_error *err)
{
	mill_plan *node = node_new(arena, MILL_PLAN_AGGREGATE, input, 2, err);
	if (node == NULL || !new_fields(arena, node, key_count + aggregate_count, err))
		return NULL;
	node->exprs = copy_array(arena, keys, key_count, sizeof *keys, err);
	node->aggregates = copy_array(arena, aggregates, aggregate_count, sizeof *aggregates, err);
	if (node->exprs == NULL || node->aggregates == NULL)
		return NULL;
	node->key_count = key_count;
	node->aggregate_count = aggregate_count;
	for (int i = 0; i < key_count; i++)
		node->schema.fields[i] = (mill_field){names[i], keys[i]->type, keys[i]->nullable};
	for (int i = 0; i < aggregate_count; i++)
		node->schema.fields[key_count + i] = (mill_field){names[key_count + i], aggregates[i].signature.result,
		                                                  sql_aggregate_nullable(&aggregates[i], key_count)};
	return node;
}

mill_plan *sql_node_join(mill_arena *arena, mill_join_kind kind, mill_plan *left, mill_plan *right,
                         mill_expr *const *keys, int key_count, mill_expr *residual, mill_error *err)
{
	mill_plan *node = node_new(arena, MILL_PLAN_JOIN, left, left->id_words + right->id_words, err);
	int columns = left->schema.count + right->schema.count;
	if (node == NULL || !new_fields(arena, node, columns, err))
		return NULL;
	node->exprs = copy_array(arena, keys, 2 * key_count, sizeof *keys, err);
	if (node->exprs == NULL)
		return NULL;
	node->inputs[1] = right;
	node->input_count = 2;
	node->join = kind;
	node->key_count = key_count;
	node->predicate = residual;
	for (int i = 0; i < left->schema.count; i++)
		node->schema.fields[i] = left->schema.fields[i];
	for (int i = 0; i < right->schema.count; i++) {
		mill_field *field = &node->schema.fields[left->schema.count + i];
		*field = right->schema.fields[i];
		field->nullable = field->nullable || kind == MILL_JOIN_LEFT;
	}
	return node;
}

mill_plan *sql_node_window(mill_arena *arena, mill_plan *input, const mill_plan_window *windows, int count,
                           mill_error *err)
{
	mill_plan *node = node_new(arena, MILL_PLAN_WINDOW, input, input->id_words, err);
	int before = input->schema.count;
	if (node == NULL || !new_fields(arena, node, before + count, err))
		return NULL;
	node->windows = copy_array(arena, windows, count, sizeof *windows, err);
	if (node->windows == NULL)
		return NULL;
	node->window_count = count;
	for (int i = 0; i < before; i++)
		node->schema.fields[i] = input->schema.fields[i];
	for (int i = 0; i < count; i++)
		node->schema.fields[before + i] = (mill_field){"row_number", windows[i].type, false};
	return node;
}

mill_plan *sql_node_sort(mill_arena *arena, mill_plan *input, const mill_sort_key *orders, int count, int64_t limit,
                         int64_t offset, mill_error *err)
{
	mill_plan *node = node_new(arena, MILL_PLAN_SORT, input, 1, err);
	if (node == NULL)
		return NULL;
	node->orders = copy_array(arena, orders, count, sizeof *orders, err);
	node->order_count = count;
	node->limit = limit;
	node->offset = offset;
	return node->orders == NULL ? NULL : node;
}

mill_plan *sql_node_limit(mill_arena *arena, mill_plan *input, int64_t limit, int64_t offset, mill_error *err)
{
	mill_plan *node = node_new(arena, MILL_PLAN_LIMIT, input, input->id_words, err);
	if (node != NULL) {
		node->limit = limit;
		node->offset = offset;
	}
	return node;
}

mill_plan *sql_node_id_order(mill_arena *arena, mill_plan *input, mill_error *err)
{
	return node_new(arena, MILL_PLAN_ID_ORDER, input, input->id_words, err);
}

mill_plan *sql_node_shared(mill_arena *arena, mill_plan *input, int shared, const char *name, mill_error *err)
{
	mill_plan *node = node_new(arena, MILL_PLAN_SHARED, input, input->id_words, err);
	if (node != NULL) {
		node->shared = shared;
		node->shared_name = name;
	}
	return node;
}

mill_plan *sql_node_copy(mill_arena *arena, const mill_plan *node, mill_error *err)
{
	mill_plan *copy = mill_arena_alloc(arena, sizeof *copy);
	if (copy == NULL)
		mill_fail_nomem(err, sizeof *copy, "node of a plan");
	else
		*copy = *node;
	return copy;
}
