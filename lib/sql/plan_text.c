/* Plans as indented text, for `explain` and tests. */
#include "sql/plan.h"

#include <string.h>

static mill_status put_columns(const mill_schema *schema, mill_bytes *out)
{
	for (int i = 0; i < schema->count; i++)
		MILL_TRY(mill_bytes_printf(out, "%s%s", i > 0 ? ", " : "", schema->fields[i].name));
	return MILL_OK;
}

static mill_status put_list(mill_expr *const *exprs, int count, const mill_schema *input, mill_bytes *out)
{
	for (int i = 0; i < count; i++) {
		MILL_TRY(mill_bytes_append_text(out, i > 0 ? ", " : ""));
		MILL_TRY(mill_expr_text(exprs[i], input, out));
	}
	return MILL_OK;
}

static mill_status put_scan(const mill_plan *node, mill_bytes *out)
{
	if (node->shared_name != NULL)
		MILL_TRY(mill_bytes_printf(out, "scan %s [", node->shared_name));
	else
		MILL_TRY(mill_bytes_printf(out, "scan #%d [", node->table));
	MILL_TRY(put_columns(&node->schema, out));
	MILL_TRY(mill_bytes_append_text(out, "]"));
	if (node->predicate == NULL)
		return MILL_OK;
	MILL_TRY(mill_bytes_append_text(out, " where "));
	return mill_expr_text(node->predicate, &node->schema, out);
}

static mill_status put_values(const mill_plan *node, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_text(out, "values ["));
	MILL_TRY(put_columns(&node->schema, out));
	return mill_bytes_printf(out, "] %lld rows", (long long)node->value_rows);
}

static mill_status put_filter(const mill_plan *node, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_text(out, "filter "));
	return mill_expr_text(node->predicate, &node->inputs[0]->schema, out);
}

/* "name" for a column that keeps its name, "expression as name" otherwise. */
static mill_status put_project(const mill_plan *node, mill_bytes *out)
{
	const mill_schema *input = &node->inputs[0]->schema;
	MILL_TRY(mill_bytes_append_text(out, "project"));
	for (int i = 0; i < node->schema.count; i++) {
		const mill_expr *expr = node->exprs[i];
		const char *name = node->schema.fields[i].name;
		MILL_TRY(mill_bytes_append_text(out, i > 0 ? ", " : " "));
		bool is_same = expr->kind == MILL_EXPR_COLUMN && expr->column < input->count &&
		               strcmp(input->fields[expr->column].name, name) == 0;
		MILL_TRY(mill_expr_text(expr, input, out));
		if (!is_same)
			MILL_TRY(mill_bytes_printf(out, " as %s", name));
	}
	return MILL_OK;
}

static mill_status put_call(const mill_plan_aggregate *aggregate, const mill_schema *input, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_text(out, mill_aggregate_traits_of(aggregate->signature.kind)->name));
	if (aggregate->signature.kind != MILL_AGG_COUNT_ROWS) {
		MILL_TRY(mill_bytes_append_text(out, aggregate->distinct ? "(distinct " : "("));
		MILL_TRY(put_list(aggregate->args, aggregate->signature.arg_count, input, out));
		if (aggregate->signature.kind == MILL_AGG_QUANTILE)
			MILL_TRY(mill_bytes_printf(out, ", %.17g", aggregate->quantile));
		MILL_TRY(mill_bytes_append_text(out, ")"));
	}
	if (aggregate->filter == NULL)
		return MILL_OK;
	MILL_TRY(mill_bytes_append_text(out, " filter ("));
	MILL_TRY(mill_expr_text(aggregate->filter, input, out));
	return mill_bytes_append_text(out, ")");
}

static mill_status put_aggregate(const mill_plan *node, mill_bytes *out)
{
	const mill_schema *input = &node->inputs[0]->schema;
	MILL_TRY(mill_bytes_append_text(out, "aggregate by ["));
	MILL_TRY(put_list(node->exprs, node->key_count, input, out));
	MILL_TRY(mill_bytes_append_text(out, "]"));
	for (int i = 0; i < node->aggregate_count; i++) {
		MILL_TRY(mill_bytes_append_text(out, i > 0 ? ", " : " "));
		MILL_TRY(put_call(&node->aggregates[i], input, out));
	}
	return MILL_OK;
}

static mill_status put_join(const mill_plan *node, mill_bytes *out)
{
	MILL_TRY(mill_bytes_printf(out, "%s join", node->join == MILL_JOIN_LEFT ? "left" : "inner"));
	for (int i = 0; i < node->key_count; i++) {
		MILL_TRY(mill_bytes_append_text(out, i > 0 ? " and " : " on "));
		MILL_TRY(mill_expr_text(node->exprs[i], &node->inputs[0]->schema, out));
		MILL_TRY(mill_bytes_append_text(out, " = "));
		MILL_TRY(mill_expr_text(node->exprs[node->key_count + i], &node->inputs[1]->schema, out));
	}
	if (node->predicate == NULL)
		return MILL_OK;
	MILL_TRY(mill_bytes_append_text(out, " where "));
	return mill_expr_text(node->predicate, &node->schema, out);
}

static mill_status put_keys(const mill_sort_key *keys, int count, const mill_schema *input, mill_bytes *out)
{
	for (int i = 0; i < count; i++)
		MILL_TRY(mill_bytes_printf(out, "%s%s%s%s", i > 0 ? ", " : "", input->fields[keys[i].column].name,
		                           keys[i].descending ? " desc" : "",
		                           keys[i].nulls_first == keys[i].descending ? ""
		                           : keys[i].nulls_first                     ? " nulls first"
		                                                                     : " nulls last"));
	return MILL_OK;
}

static mill_status put_window(const mill_plan *node, mill_bytes *out)
{
	const mill_schema *input = &node->inputs[0]->schema;
	MILL_TRY(mill_bytes_append_text(out, "window"));
	for (int i = 0; i < node->window_count; i++) {
		const mill_plan_window *window = &node->windows[i];
		MILL_TRY(mill_bytes_printf(out, "%s row_number over (partition by [", i > 0 ? "," : ""));
		for (int k = 0; k < window->partition_count; k++)
			MILL_TRY(mill_bytes_printf(out, "%s%s", k > 0 ? ", " : "",
			                           input->fields[window->partitions[k]].name));
		MILL_TRY(mill_bytes_append_text(out, "] order by ["));
		MILL_TRY(put_keys(window->orders, window->order_count, input, out));
		MILL_TRY(mill_bytes_append_text(out, "])"));
	}
	return MILL_OK;
}

static mill_status put_cut(const mill_plan *node, mill_bytes *out)
{
	if (node->limit >= 0)
		MILL_TRY(mill_bytes_printf(out, " limit %lld", (long long)node->limit));
	if (node->offset > 0)
		MILL_TRY(mill_bytes_printf(out, " offset %lld", (long long)node->offset));
	return MILL_OK;
}

static mill_status put_sort(const mill_plan *node, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_text(out, "sort by "));
	MILL_TRY(put_keys(node->orders, node->order_count, &node->inputs[0]->schema, out));
	return put_cut(node, out);
}

static mill_status put_limit(const mill_plan *node, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_text(out, "first rows"));
	return put_cut(node, out);
}

static mill_status put_id_order(const mill_plan *node, mill_bytes *out)
{
	(void)node;
	return mill_bytes_append_text(out, "in row id order");
}

static mill_status put_split(const mill_plan *node, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_text(out, "split into"));
	for (int i = 0; i < node->split->part_count; i++)
		MILL_TRY(mill_bytes_printf(out, "%s %s", i > 0 ? "," : "", node->split->parts[i]));
	return MILL_OK;
}

static mill_status put_shared(const mill_plan *node, mill_bytes *out)
{
	return mill_bytes_printf(out, "shared %d %s", node->shared, node->shared_name == NULL ? "" : node->shared_name);
}

mill_status mill_plan_node_text(const mill_plan *node, mill_bytes *out)
{
	static mill_status (*const writers[])(const mill_plan *, mill_bytes *) = {
	    [MILL_PLAN_SCAN] = put_scan,           [MILL_PLAN_VALUES] = put_values,
	    [MILL_PLAN_FILTER] = put_filter,       [MILL_PLAN_PROJECT] = put_project,
	    [MILL_PLAN_AGGREGATE] = put_aggregate, [MILL_PLAN_JOIN] = put_join,
	    [MILL_PLAN_WINDOW] = put_window,       [MILL_PLAN_SORT] = put_sort,
	    [MILL_PLAN_LIMIT] = put_limit,         [MILL_PLAN_SPLIT] = put_split,
	    [MILL_PLAN_SHARED] = put_shared,       [MILL_PLAN_ID_ORDER] = put_id_order,
	};
	return writers[node->kind](node, out);
}

static mill_status put_node(const mill_plan *node, int depth, mill_bytes *out)
{
	MILL_TRY(mill_bytes_printf(out, "%*s", 2 * depth, ""));
	MILL_TRY(mill_plan_node_text(node, out));
	MILL_TRY(mill_bytes_append_text(out, "\n"));
	for (int i = 0; i < node->input_count; i++)
		MILL_TRY(put_node(node->inputs[i], depth + 1, out));
	return MILL_OK;
}

mill_status mill_plan_text(const mill_plan *plan, mill_bytes *out)
{
	return put_node(plan, 0, out);
}
