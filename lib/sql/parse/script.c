/* Scripts: statements one after another, CREATE [TEMP] TABLE|VIEW x AS SELECT and DROP TABLE|VIEW x among them. */
#include "sql/parse/parse.h"
#include "sql/sql.h"

#include <string.h>

typedef struct split_state {
	sql_parsed parsed;
	mill_script_statement *statements;
} split_state;

static mill_status fail(const split_state *state, mill_status status, int position, const char *message,
                        mill_error *err)
{
	return mill_sql_fail_at(err, status, state->parsed.where, state->parsed.text, position, "%s", message);
}

static int first_token(const split_state *state, const PgQuery__RawStmt *raw)
{
	return sql_token_at(&state->parsed, raw->stmt_location);
}

/* Bytes [from, end of the statement) of the script. */
static mill_status put_text(split_state *state, const PgQuery__RawStmt *raw, int from, mill_script_statement *out,
                            mill_error *err)
{
	const char *text = state->parsed.text;
	int end = raw->stmt_len > 0 ? raw->stmt_location + raw->stmt_len : (int)strlen(text);
	out->text = mill_arena_strndup(state->parsed.arena, text + from, (size_t)(end - from));
	out->offset = from;
	return out->text == NULL ? mill_fail_nomem(err, (size_t)(end - from), "a statement") : MILL_OK;
}

static mill_status put_select(split_state *state, const PgQuery__RawStmt *raw, mill_script_statement *out,
                              mill_error *err)
{
	int token = first_token(state, raw);
	int from = token < state->parsed.token_count ? state->parsed.tokens[token].start : raw->stmt_location;
	return put_text(state, raw, from, out, err);
}

/* The first AS at depth 0 after the name ends the CREATE part. */
static mill_status put_create(split_state *state, const PgQuery__RawStmt *raw, const PgQuery__RangeVar *relation,
                              mill_script_statement *out, mill_error *err)
{
	const sql_parsed *parsed = &state->parsed;
	if (relation->schemaname != NULL && relation->schemaname[0] != '\0')
		return fail(state, MILL_USAGE, relation->location, "tables have no schema: CREATE TABLE name AS …",
		            err);
	int token = sql_token_at(parsed, relation->location);
	sql_name name = sql_spelled(parsed, token, relation->relname);
	if (name.text == NULL)
		return mill_fail_nomem(err, strlen(relation->relname), "a statement");
	int as = token + 1;
	while (as < parsed->token_count && parsed->tokens[as].kind != PG_QUERY__TOKEN__AS)
		as++;
	if (as + 1 >= parsed->token_count)
		return fail(state, MILL_USAGE, relation->location, "CREATE TABLE … AS needs a SELECT", err);
	out->create_name = name.text;
	return put_text(state, raw, parsed->tokens[as + 1].start, out, err);
}

static mill_status split_table(split_state *state, const PgQuery__RawStmt *raw,
                               const PgQuery__CreateTableAsStmt *create, mill_script_statement *out, mill_error *err)
{
	const PgQuery__IntoClause *into = create->into;
	int position = into->rel->location;

	if (create->query == NULL || create->query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return fail(state, MILL_NOT_YET, position,
		            "CREATE TABLE AS takes a SELECT; EXECUTE is not supported yet", err);
	if (into->n_col_names > 0 || into->n_options > 0 || into->skip_data || create->if_not_exists)
		return fail(state, MILL_NOT_YET, position,
		            "CREATE TABLE AS takes no column names and options yet: name columns with AS in the SELECT",
		            err);
	return put_create(state, raw, into->rel, out, err);
}

static mill_status split_view(split_state *state, const PgQuery__RawStmt *raw, const PgQuery__ViewStmt *view,
                              mill_script_statement *out, mill_error *err)
{
	int position = view->view->location;
	if (view->n_aliases > 0 || view->n_options > 0 || view->replace)
		return fail(state, MILL_NOT_YET, position,
		            "CREATE VIEW takes no column names and options yet: name columns with AS in the SELECT",
		            err);
	return put_create(state, raw, view->view, out, err);
}

/* DROP TABLE|VIEW [IF EXISTS] name. */
static mill_status split_drop(split_state *state, const PgQuery__RawStmt *raw, const PgQuery__DropStmt *drop,
                              mill_script_statement *out, mill_error *err)
{
	const sql_parsed *parsed = &state->parsed;
	int token = first_token(state, raw);
	bool is_table = drop->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
	                drop->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW;
	const PgQuery__Node *object = drop->n_objects == 1 ? drop->objects[0] : NULL;
	if (!is_table || object == NULL || object->node_case != PG_QUERY__NODE__NODE_LIST || object->list->n_items != 1)
		return fail(state, MILL_NOT_YET, parsed->tokens[token].start,
		            "DROP takes one TABLE or VIEW, without a schema; anything else is not supported yet", err);
	sql_name name = sql_spelled(parsed, token + (drop->missing_ok ? 4 : 2), object->list->items[0]->string->sval);
	if (name.text == NULL)
		return mill_fail_nomem(err, 0, "a statement");
	out->drop_name = name.text;
	out->may_be_missing = drop->missing_ok;
	return put_select(state, raw, out, err);
}

static mill_status split_statement(split_state *state, const PgQuery__RawStmt *raw, mill_script_statement *out,
                                   mill_error *err)
{
	switch (raw->stmt->node_case) {
	case PG_QUERY__NODE__NODE_SELECT_STMT: return put_select(state, raw, out, err);
	case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
		return split_table(state, raw, raw->stmt->create_table_as_stmt, out, err);
	case PG_QUERY__NODE__NODE_VIEW_STMT: return split_view(state, raw, raw->stmt->view_stmt, out, err);
	case PG_QUERY__NODE__NODE_DROP_STMT: return split_drop(state, raw, raw->stmt->drop_stmt, out, err);
	default: {
		int token = first_token(state, raw);
		if (token >= state->parsed.token_count)
			return fail(state, MILL_NOT_YET, -1, "this statement is not supported yet", err);
		const sql_token *first = &state->parsed.tokens[token];
		return mill_sql_fail_at(err, MILL_NOT_YET, state->parsed.where, state->parsed.text, first->start,
		                        "%.*s is not supported yet; SELECT, CREATE TABLE|VIEW x AS "
		                        "SELECT and DROP TABLE|VIEW x are",
		                        first->end - first->start, state->parsed.text + first->start);
	}
	}
}

mill_status mill_sql_statements(const char *script, const char *where, mill_arena *arena, mill_script_statement **out,
                                int *count, mill_error *err)
{
	split_state state = {.statements = NULL};
	MILL_TRY(sql_parse(where, script, arena, &state.parsed, err));
	const PgQuery__ParseResult *tree = state.parsed.tree;
	state.statements = mill_arena_array(arena, tree->n_stmts + 1, sizeof *state.statements);
	if (state.statements == NULL)
		return mill_fail_nomem(err, tree->n_stmts * sizeof *state.statements, "a script");
	for (size_t i = 0; i < tree->n_stmts; i++)
		MILL_TRY(split_statement(&state, tree->stmts[i], &state.statements[i], err));
	*out = state.statements;
	*count = (int)tree->n_stmts;
	return MILL_OK;
}

const char *mill_sql_in_place(const char *script, const mill_script_statement *statement, mill_arena *arena)
{
	size_t text_bytes = strlen(statement->text), at = 0;
	char *out = mill_arena_alloc(arena, (size_t)statement->offset + text_bytes + 1);
	if (out == NULL)
		return NULL;
	for (int i = 0; i < statement->offset; i++) {
		unsigned char c = (unsigned char)script[i];
		if ((c & 0xC0) != 0x80) /* a character, a blank */
			out[at++] = c == '\n' || c == '\t' ? (char)c : ' ';
	}
	memcpy(out + at, statement->text, text_bytes + 1);
	return out;
}
