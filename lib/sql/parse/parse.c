/* libpg_query behind one face: text → parse tree and tokens, both in an arena. */
#include "sql/parse/parse.h"

#include "base/utf8.h"

#include "sql/sql.h"

#include <pg_query.h>
#include <string.h>
#include <strings.h>

/* libpg_query walks the grammar's left-deep chains (1 + 1 + …) recursively and without a guard; what nests to the right
 * or in parentheses meets the limit of its parser stack first. */
enum { LIMIT_CHAIN = 4000, LIMIT_PARENTHESES = 1500 };

static void *take(void *arena, size_t size_bytes)
{
	return mill_arena_alloc(arena, size_bytes);
}

static void keep(void *arena, void *block)
{
	(void)arena;
	(void)block; /* the arena goes as a whole */
}

/* libpg_query counts characters from 1. */
static int byte_position(const char *text, int cursor)
{
	int at = 0;
	for (int characters = 1; characters < cursor && text[at] != '\0'; characters++) {
		at++;
		while (((unsigned char)text[at] & 0xC0U) == 0x80U)
			at++;
	}
	return at;
}

static mill_status fail_scan(const sql_parsed *parsed, const PgQueryError *error, mill_error *err)
{
	int position = error->cursorpos > 0 ? byte_position(parsed->text, error->cursorpos) : -1;
	return mill_sql_fail_at(err, MILL_USAGE, parsed->where, parsed->text, position, "%s", error->message);
}

static mill_status copy_tokens(sql_parsed *parsed, const PgQuery__ScanResult *scan, mill_error *err)
{
	sql_token *tokens = mill_arena_array(parsed->arena, scan->n_tokens + 1, sizeof *tokens);
	if (tokens == NULL)
		return mill_fail_nomem(err, scan->n_tokens * sizeof *tokens, "tokens of SQL");
	int count = 0;
	for (size_t i = 0; i < scan->n_tokens; i++) {
		const PgQuery__ScanToken *token = scan->tokens[i];
		if (token->token == PG_QUERY__TOKEN__SQL_COMMENT || token->token == PG_QUERY__TOKEN__C_COMMENT)
			continue;
		bool is_keyword = token->keyword_kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD;
		tokens[count++] = (sql_token){token->start, token->end, (int)token->token, is_keyword};
	}
	parsed->tokens = tokens;
	parsed->token_count = count;
	return MILL_OK;
}

static mill_status scan_tokens(sql_parsed *parsed, mill_error *err)
{
	PgQueryScanResult result = pg_query_scan(parsed->text);
	mill_status status = MILL_OK;
	if (result.error != NULL) {
		status = fail_scan(parsed, result.error, err);
	} else {
		ProtobufCAllocator allocator = {take, keep, parsed->arena};
		const PgQuery__ScanResult *scan =
		    pg_query__scan_result__unpack(&allocator, result.pbuf.len, (const uint8_t *)result.pbuf.data);
		status = scan == NULL ? mill_fail_nomem(err, result.pbuf.len, "tokens of SQL")
		                      : copy_tokens(parsed, scan, err);
	}
	pg_query_free_scan_result(result);
	return status;
}

/* Tokens after which the grammar starts a new item of a flat list instead of going deeper. */
static bool starts_item(int kind)
{
	switch (kind) {
	case ',':
	case ';':
	case PG_QUERY__TOKEN__AND:
	case PG_QUERY__TOKEN__OR:
	case PG_QUERY__TOKEN__WHEN:
	case PG_QUERY__TOKEN__THEN: return true;
	default: return false;
	}
}

static bool is_leaf(const sql_token *token)
{
	int kind = token->kind;
	return kind == PG_QUERY__TOKEN__IDENT || kind == PG_QUERY__TOKEN__SCONST || kind == PG_QUERY__TOKEN__ICONST ||
	       kind == PG_QUERY__TOKEN__FCONST || kind == PG_QUERY__TOKEN__NULL_P || kind == '.';
}

static bool chains_across_items(int kind)
{
	return kind == PG_QUERY__TOKEN__UNION || kind == PG_QUERY__TOKEN__INTERSECT ||
	       kind == PG_QUERY__TOKEN__EXCEPT || kind == PG_QUERY__TOKEN__JOIN;
}

/* An upper bound of the parse tree's depth, from the tokens alone. */
static mill_status check_depth(const sql_parsed *parsed, mill_error *err)
{
	int open[LIMIT_PARENTHESES];
	int level = 0, links = 0, chained = 0, total = 0;
	for (int i = 0; i < parsed->token_count; i++) {
		const sql_token *token = &parsed->tokens[i];
		if (token->kind == '(' && level < LIMIT_PARENTHESES) {
			open[level++] = links;
			links = 0;
		} else if (token->kind == ')') {
			total -= links;
			links = level > 0 ? open[--level] : 0;
		} else if (starts_item(token->kind)) {
			total -= links;
			links = 0;
		} else if (chains_across_items(token->kind)) {
			chained++;
		} else if (!is_leaf(token)) {
			links++;
			total++;
		}
		if (total + chained > LIMIT_CHAIN || level == LIMIT_PARENTHESES)
			return mill_sql_fail_at(
			    err, MILL_USAGE, parsed->where, parsed->text, token->start,
			    "the statement nests too deeply here: cut it into steps or WITH tables");
	}
	return MILL_OK;
}

static mill_status fail_syntax(const sql_parsed *parsed, const PgQueryError *error, mill_error *err)
{
	int position = error->cursorpos > 0 ? byte_position(parsed->text, error->cursorpos) : -1;
	const char *hint = position < 0 ? NULL : sql_dialect_hint(parsed, sql_token_at(parsed, position));
	if (strncmp(error->message, "LIMIT #,#", strlen("LIMIT #,#")) == 0)
		hint = "LIMIT 1, 2 is written LIMIT 2 OFFSET 1";
	return mill_sql_fail_at(err, MILL_USAGE, parsed->where, parsed->text, position, "%s%s%s", error->message,
	                        hint == NULL ? "" : ": ", hint == NULL ? "" : hint);
}

static mill_status parse_tree(sql_parsed *parsed, mill_error *err)
{
	PgQueryProtobufParseResult result = pg_query_parse_protobuf(parsed->text);
	mill_status status = MILL_OK;
	if (result.error != NULL) {
		status = fail_syntax(parsed, result.error, err);
	} else {
		ProtobufCAllocator allocator = {take, keep, parsed->arena};
		parsed->tree = pg_query__parse_result__unpack(&allocator, result.parse_tree.len,
		                                              (const uint8_t *)result.parse_tree.data);
		if (parsed->tree == NULL)
			status = mill_fail_nomem(err, result.parse_tree.len, "parse tree of SQL");
	}
	pg_query_free_protobuf_parse_result(result);
	return status;
}

mill_status sql_parse(const char *where, const char *text, mill_arena *arena, sql_parsed *out, mill_error *err)
{
	sql_parsed parsed = {.where = where, .text = text, .arena = arena};
	if (strnlen(text, INT32_MAX) >= INT32_MAX / 2)
		return mill_fail(err, MILL_USAGE, "%s: the SQL is longer than 1 GiB", where);
	size_t length = strlen(text), valid = mill_utf8_valid_prefix(text, length);
	if (valid < length)
		return mill_sql_fail_at(err, MILL_USAGE, where, text, (int)valid, "the SQL is not valid UTF-8 here");
	MILL_TRY(scan_tokens(&parsed, err));
	MILL_TRY(check_depth(&parsed, err));
	MILL_TRY(parse_tree(&parsed, err));
	*out = parsed;
	return MILL_OK;
}

int sql_token_at(const sql_parsed *parsed, int position)
{
	int low = 0, high = parsed->token_count;
	while (low < high) {
		int middle = low + (high - low) / 2;
		if (parsed->tokens[middle].end <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool sql_token_is(const sql_parsed *parsed, int token, const char *text)
{
	if (token < 0 || token >= parsed->token_count)
		return false;
	const sql_token *t = &parsed->tokens[token];
	size_t length = strlen(text);
	return (size_t)(t->end - t->start) == length && strncasecmp(parsed->text + t->start, text, length) == 0;
}
