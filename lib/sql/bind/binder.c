/* The binder's frame: errors, memory, nesting, and what a whole statement needs (sub-queries, shared tables). */
#include "sql/bind/binder.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_DEPTH = 2000 };

mill_status sql_fail(sql_binder *binder, mill_status status, int position, const char *format, ...)
{
	char message[1024];
	va_list args;
	va_start(args, format);
	if (vsnprintf(message, sizeof message, format, args) < 0)
		message[0] = '\0';
	va_end(args);
	return mill_sql_fail_at(binder->err, status, binder->parsed.where, binder->parsed.text, position, "%s",
	                        message);
}

mill_status sql_fail_memory(sql_binder *binder)
{
	return mill_fail_nomem(binder->err, 0, "plan of a SQL statement");
}

mill_status sql_fail_inner(sql_binder *binder, mill_status status, int position)
{
	if (status == MILL_NOMEM) {
		if (binder->err != NULL)
			*binder->err = binder->inner;
		return status;
	}
	return sql_fail(binder, status, position, "%s", binder->inner.message);
}

mill_status sql_built(sql_binder *binder, mill_expr *expr, mill_expr **out)
{
	if (expr != NULL) {
		*out = expr;
		return MILL_OK;
	}
	mill_status status = binder->inner.status == MILL_OK ? MILL_INTERNAL : binder->inner.status;
	int position =
	    binder->builder.failed_position >= 0 ? binder->builder.failed_position : binder->builder.position;
	binder->builder.failed_position = -1;
	return sql_fail_inner(binder, status, position);
}

mill_status sql_columns_of(sql_binder *binder, const mill_schema *schema, int count, int spare, mill_expr ***exprs,
                           const char ***names)
{
	const char **texts = mill_arena_array(binder->arena, (size_t)count + (size_t)spare + 1, sizeof *texts);
	if (texts == NULL ||
	    mill_schema_columns(&binder->builder, schema, NULL, count, spare, exprs, &binder->inner) != MILL_OK)
		return sql_fail_memory(binder);
	for (int i = 0; i < count; i++)
		texts[i] = schema->fields[i].name;
	*names = texts;
	return MILL_OK;
}

mill_status sql_node_built(sql_binder *binder, mill_plan *node, mill_plan **out)
{
	if (node == NULL)
		return binder->err == NULL ? MILL_NOMEM : binder->err->status;
	if (node->sql == NULL) {
		node->sql = binder->parsed.text;
		node->sql_where = binder->parsed.where;
	}
	*out = node;
	return MILL_OK;
}

mill_status sql_reserve(sql_binder *binder, void *array_pointer, int count, int *capacity, size_t element_bytes)
{
	if (count < *capacity)
		return MILL_OK;
	int wanted = *capacity < 8 ? 8 : *capacity * 2;
	void *grown = mill_arena_array(binder->arena, (size_t)wanted, element_bytes);
	if (grown == NULL)
		return sql_fail_memory(binder);
	void *old;
	memcpy(&old, array_pointer, sizeof old);
	if (count > 0)
		memcpy(grown, old, (size_t)count * element_bytes);
	memcpy(array_pointer, &grown, sizeof grown);
	*capacity = wanted;
	return MILL_OK;
}

mill_status sql_enter(sql_binder *binder, int position)
{
	if (binder->depth >= LIMIT_DEPTH)
		return sql_fail(binder, MILL_USAGE, position,
		                "this nests more than %d levels deep: cut it into steps or WITH tables", LIMIT_DEPTH);
	binder->depth++;
	return MILL_OK;
}

void sql_leave(sql_binder *binder)
{
	binder->depth--;
}

const char *sql_string_of(const PgQuery__Node *node)
{
	return node != NULL && node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval : "";
}

/* Uses of each WITH table, then final numbers: a table used once is no SHARED node. */
typedef struct shared_uses {
	int *uses;    /* [shared_count] */
	int *numbers; /* [shared_count], −1: not given yet */
	int next;
} shared_uses;

static void count_uses(const mill_plan *node, shared_uses *shared)
{
	if (node->kind == MILL_PLAN_SHARED && node->shared < 0) {
		if (shared->uses[-1 - node->shared]++ > 0)
			return;
	} else if (node->kind == MILL_PLAN_SHARED) {
		return; /* of the catalog: an earlier step, already numbered */
	}
	for (int i = 0; i < node->input_count; i++)
		count_uses(node->inputs[i], shared);
}

static mill_plan *number_shared(mill_plan *node, shared_uses *shared)
{
	while (node->kind == MILL_PLAN_SHARED && node->shared < 0 && shared->uses[-1 - node->shared] == 1)
		node = node->inputs[0];
	if (node->kind == MILL_PLAN_SHARED && node->shared >= 0)
		return node;
	int *number = node->kind == MILL_PLAN_SHARED ? &shared->numbers[-1 - node->shared] : NULL;
	if (number != NULL && *number >= 0) {
		node->shared = *number;
		return node;
	}
	for (int i = 0; i < node->input_count; i++) {
		mill_plan *input = number_shared(node->inputs[i], shared);
		if (input != node->inputs[i])
			node->inputs[i] = input;
	}
	if (number != NULL) {
		*number = shared->next++;
		node->shared = *number;
	}
	return node;
}

static mill_status settle_shared(sql_binder *binder, mill_statement *statement)
{
	size_t count = (size_t)binder->shared_count + 1;
	shared_uses shared = {mill_arena_array(binder->arena, count, sizeof(int)),
	                      mill_arena_array(binder->arena, count, sizeof(int)), binder->context->first_shared};
	if (shared.uses == NULL || shared.numbers == NULL)
		return sql_fail_memory(binder);
	memset(shared.numbers, -1, count * sizeof(int));
	count_uses(statement->plan, &shared);
	for (int i = 0; i < statement->subquery_count; i++)
		count_uses(statement->subqueries[i], &shared);
	statement->plan = number_shared(statement->plan, &shared);
	for (int i = 0; i < statement->subquery_count; i++)
		statement->subqueries[i] = number_shared(statement->subqueries[i], &shared);
	statement->shared_count = shared.next - binder->context->first_shared;
	return MILL_OK;
}

static int start_of(const sql_parsed *parsed, const PgQuery__RawStmt *statement)
{
	int token = sql_token_at(parsed, statement->stmt_location);
	return token < parsed->token_count ? parsed->tokens[token].start : statement->stmt_location;
}

static const PgQuery__Node *only_statement(sql_binder *binder, mill_status *status)
{
	const PgQuery__ParseResult *tree = binder->parsed.tree;
	if (tree->n_stmts == 1) {
		*status = MILL_OK;
		return tree->stmts[0]->stmt;
	}
	*status = tree->n_stmts == 0
	              ? sql_fail(binder, MILL_USAGE, -1, "the SQL is empty: a SELECT is expected")
	              : sql_fail(binder, MILL_USAGE, start_of(&binder->parsed, tree->stmts[1]),
	                         "one statement is expected here, a second one begins: leave it out or use a script");
	return NULL;
}

mill_status mill_sql_bind(const mill_sql_context *context, const char *text, mill_statement *out, mill_error *err)
{
	sql_binder binder = {.context = context, .arena = context->arena, .err = err};
	binder.builder = (mill_expr_builder){context->arena, -1, -1};
	mill_error local = {0};
	if (err == NULL)
		binder.err = &local;
	const char *where = mill_arena_strdup(context->arena, context->where == NULL ? "SQL" : context->where);
	text = mill_arena_strdup(context->arena, text); /* plans point to it */
	if (where == NULL || text == NULL)
		return sql_fail_memory(&binder);
	MILL_TRY(sql_parse(where, text, context->arena, &binder.parsed, binder.err));
	mill_status status;
	const PgQuery__Node *node = only_statement(&binder, &status);
	if (node == NULL)
		return status;
	if (node->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return sql_fail(&binder, MILL_USAGE, 0, "a SELECT (or WITH … SELECT, VALUES) is expected");
	mill_statement statement = {.text = text};
	MILL_TRY(sql_bind_query(&binder, NULL, NULL, node->select_stmt, true, &statement.plan));
	statement.subqueries = binder.subqueries;
	statement.subquery_positions = binder.subquery_positions;
	statement.subquery_count = binder.subquery_count;
	MILL_TRY(settle_shared(&binder, &statement));
	*out = statement;
	return MILL_OK;
}
