/* The SELECT list: stars spelled out, names of output columns, aliases. */
#include "sql/bind/binder.h"

#include <string.h>
#include <strings.h>

/* An alias used again and again can double an expression each time. */
enum { LIMIT_REUSED_NODES = 100000 };

static mill_status add_item(sql_select *select, sql_item item)
{
	MILL_TRY(sql_reserve(select->binder, &select->items, select->item_count, &select->item_capacity,
	                     sizeof *select->items));
	select->items[select->item_count++] = item;
	return MILL_OK;
}

/* table NULL: all tables. */
static mill_status add_star(sql_select *select, const char *table, int position)
{
	int before = select->item_count;
	for (int i = 0; i < select->scope.count; i++) {
		const sql_column *column = &select->scope.columns[i];
		if (sql_scope_in_star(column, table))
			MILL_TRY(add_item(
			    select, (sql_item){.column = i, .name = {column->name, false, -1}, .position = position}));
	}
	if (select->item_count == before && table == NULL && select->scope.table_count == 0 &&
	    select->statement->n_values_lists == 0)
		return sql_fail(select->binder, MILL_USAGE, position, "SELECT * needs a FROM");
	return MILL_OK;
}

/* The name before `.*`; text NULL: the node is no star, or a bare one. */
static sql_name star_table(sql_select *select, const PgQuery__ColumnRef *reference)
{
	sql_name none = {NULL, false, -1};
	if (reference->n_fields != 2)
		return none;
	const sql_parsed *parsed = &select->binder->parsed;
	return sql_spelled(parsed, sql_token_at(parsed, reference->location), sql_string_of(reference->fields[0]));
}

static bool is_star(const PgQuery__Node *node)
{
	if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || node->column_ref->n_fields == 0)
		return false;
	const PgQuery__ColumnRef *reference = node->column_ref;
	return reference->fields[reference->n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
}

static mill_status collect_star(sql_select *select, const PgQuery__ResTarget *item)
{
	sql_binder *binder = select->binder;
	const PgQuery__ColumnRef *reference = item->val->column_ref;
	if (reference->n_fields == 1)
		return add_star(select, NULL, item->location);
	sql_name table = star_table(select, reference);
	if (table.text == NULL || !sql_scope_has_table(&select->scope, table.text)) {
		const char *near = table.text == NULL ? NULL : sql_scope_suggest_table(&select->scope, table.text);
		return sql_fail(binder, MILL_USAGE, item->location, "FROM has no table \"%s\"%s%s%s",
		                table.text == NULL ? "?" : table.text, near == NULL ? "" : " (did you mean \"",
		                near == NULL ? "" : near, near == NULL ? "" : "\"?)");
	}
	return add_star(select, table.text, item->location);
}

static mill_status collect_item(sql_select *select, const PgQuery__ResTarget *item, int next)
{
	if (is_star(item->val))
		return collect_star(select, item);
	sql_item out = {.node = item->val, .column = -1, .position = item->location};
	out.has_alias = item->name != NULL && item->name[0] != '\0';
	if (out.has_alias) {
		out.name = sql_item_alias(&select->binder->parsed, item->location, next, item->name);
		if (out.name.text == NULL)
			return sql_fail_memory(select->binder);
	}
	return add_item(select, out);
}

mill_status sql_collect_items(sql_select *select)
{
	const PgQuery__SelectStmt *statement = select->statement;
	if (statement->n_values_lists > 0)
		return add_star(select, NULL, -1);
	if (statement->n_target_list == 0) {
		int near = statement->n_from_clause > 0 ? sql_item_position(statement->from_clause[0]) : -1;
		return sql_fail(select->binder, MILL_USAGE, near, "SELECT needs at least one column, or *");
	}
	for (size_t i = 0; i < statement->n_target_list; i++) {
		bool is_last = i + 1 == statement->n_target_list;
		int next = is_last ? -1 : statement->target_list[i + 1]->res_target->location;
		MILL_TRY(collect_item(select, statement->target_list[i]->res_target, next));
	}
	return MILL_OK;
}

/* The name of the innermost function, type or column, as PostgreSQL picks it; NULL: none. */
static const char *figure_name(const PgQuery__Node *node, bool *is_weak)
{
	*is_weak = false;
	switch (node->node_case) {
	case PG_QUERY__NODE__NODE_FUNC_CALL:
		return sql_string_of(node->func_call->funcname[node->func_call->n_funcname - 1]);
	case PG_QUERY__NODE__NODE_A_EXPR:
		return node->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF ? "nullif" : NULL;
	case PG_QUERY__NODE__NODE_TYPE_CAST: {
		const PgQuery__TypeName *type = node->type_cast->type_name;
		const char *name = figure_name(node->type_cast->arg, is_weak);
		if (name != NULL && !*is_weak)
			return name;
		*is_weak = true;
		return sql_string_of(type->names[type->n_names - 1]);
	}
	case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: return figure_name(node->collate_clause->arg, is_weak);
	case PG_QUERY__NODE__NODE_CASE_EXPR: {
		const PgQuery__Node *last = node->case_expr->defresult;
		const char *name = last == NULL ? NULL : figure_name(last, is_weak);
		if (name != NULL && !*is_weak)
			return name;
		*is_weak = true;
		return "case";
	}
	case PG_QUERY__NODE__NODE_COALESCE_EXPR: return "coalesce";
	case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
		return node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? "greatest" : "least";
	case PG_QUERY__NODE__NODE_SUB_LINK:
		return node->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK ? "exists" : NULL;
	default: return NULL;
	}
}

/* The column that a scalar sub-query selects gives its name. */
static const char *subquery_name(sql_select *select, const mill_expr *expr)
{
	sql_binder *binder = select->binder;
	int number = expr->kind == MILL_EXPR_PARAM ? expr->param - binder->context->first_subquery : -1;
	if (number < 0 || number >= binder->subquery_count)
		return NULL;
	return binder->subqueries[number]->schema.fields[0].name;
}

static void name_item(sql_select *select, sql_item *item)
{
	if (item->name.text != NULL)
		return;
	const mill_expr *expr = item->expr;
	bool is_weak;
	const char *name = NULL;
	if (item->node->node_case == PG_QUERY__NODE__NODE_SUB_LINK)
		name = subquery_name(select, expr);
	if (name == NULL)
		name = figure_name(item->node, &is_weak);
	item->name = (sql_name){name == NULL ? "?column?" : name, false, -1};
}

/* A plain column reference gives the spelling of its source. */
static mill_status bind_reference(sql_select *select, sql_item *item)
{
	const PgQuery__Node *node = item->node;
	while (node->node_case == PG_QUERY__NODE__NODE_COLLATE_CLAUSE ||
	       node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		node = node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST ? node->type_cast->arg
		                                                         : node->collate_clause->arg;
	if (item->name.text == NULL && node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
		sql_name name;
		MILL_TRY(sql_reference_name(select, node->column_ref, &name));
		item->name = name;
	}
	return MILL_OK;
}

mill_status sql_item_bind(sql_select *select, int index)
{
	sql_item *item = &select->items[index];
	if (item->expr != NULL)
		return MILL_OK;
	if (item->node == NULL)
		return sql_scope_column(select, item->column, item->position, &item->expr);
	sql_clause clause = select->clause;
	int visible = select->visible_items;
	bool in_aggregate = select->in_aggregate, in_window = select->in_window;
	select->clause = SQL_IN_LIST;
	select->visible_items = index;
	select->in_aggregate = select->in_window = false;
	mill_expr *expr;
	MILL_TRY(sql_bind_expr(select, item->node, &expr));
	item = &select->items[index];
	item->expr = expr;
	item->size = sql_expr_size(expr);
	MILL_TRY(bind_reference(select, item));
	name_item(select, item);
	select->clause = clause;
	select->visible_items = visible;
	select->in_aggregate = in_aggregate;
	select->in_window = in_window;
	return MILL_OK;
}

int sql_item_find(const sql_select *select, sql_name name, int limit)
{
	int found = -1;
	for (int i = 0; i < limit; i++) {
		const sql_item *item = &select->items[i];
		if (item->name.text == NULL || strcasecmp(item->name.text, name.text) != 0)
			continue;
		if (name.is_quoted && strcmp(item->name.text, name.text) != 0)
			continue;
		bool is_same = found >= 0 && select->items[found].expr != NULL && item->expr != NULL &&
		               mill_expr_equal(select->items[found].expr, item->expr);
		if (found >= 0 && !is_same)
			return -2;
		if (found < 0)
			found = i;
	}
	return found;
}

mill_status sql_alias_expr(sql_select *select, int index, int position, mill_expr **out)
{
	sql_binder *binder = select->binder;
	MILL_TRY(sql_item_bind(select, index));
	const sql_item *item = &select->items[index];
	binder->reused_nodes += item->size;
	if (binder->reused_nodes > LIMIT_REUSED_NODES)
		return sql_fail(
		    binder, MILL_USAGE, position,
		    "aliases that use aliases make this expression too large: compute \"%s\" in a sub-query",
		    item->name.text);
	*out = item->expr;
	return MILL_OK;
}
