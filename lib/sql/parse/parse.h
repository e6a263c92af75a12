/* Private to sql/: PostgreSQL's parse tree of a text, its tokens, and the spelling that the grammar folded away.
 * Not collective. */
#ifndef MILL_SQL_PARSE_PARSE_H
#define MILL_SQL_PARSE_PARSE_H

#include "base/arena.h"

#include <pg_query/pg_query.pb-c.h>
#include <stdbool.h>

typedef struct sql_token {
	int start, end; /* bytes [start, end) of the text */
	int kind;       /* PgQuery__Token */
	bool is_keyword;
} sql_token;

typedef struct sql_parsed {
	const char *where; /* put before messages */
	const char *text;
	mill_arena *arena; /* holds tree and tokens */
	const PgQuery__ParseResult *tree;
	const sql_token *tokens; /* comments left out */
	int token_count;
} sql_parsed;

/* Parses a text. MILL_USAGE with the line and a caret: syntax errors (with the replacement for Spark's syntax),
 * nesting too deep. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_parse(const char *where, const char *text, mill_arena *arena, sql_parsed *out,
                                     mill_error *err);
/* Index of the token that starts at or covers the position; token_count when there is none. Not collective. */
int sql_token_at(const sql_parsed *parsed, int position);
/* Is the token this text, case ignored? False past the end. Not collective. */
bool sql_token_is(const sql_parsed *parsed, int token, const char *text);
/* One line of advice where the tokens around `token` look like another dialect; NULL: none. Not collective. */
const char *sql_dialect_hint(const sql_parsed *parsed, int token);

/* A name as the user wrote it. */
typedef struct sql_name {
	const char *text;
	bool is_quoted;
	int position; /* -1: unknown */
} sql_name;

/* The identifier that `token` spells (quotes undone, case kept, any length) if the grammar would have made `folded`
 * of it; otherwise folded itself, unquoted, without a position. *out.text is NULL when out of memory. Not
 * collective. */
sql_name sql_spelled(const sql_parsed *parsed, int token, const char *folded);
/* The spelling of a column alias of a SELECT list. next: the location of the next item, −1 for the last. Not
 * collective. */
sql_name sql_item_alias(const sql_parsed *parsed, int location, int next, const char *folded);
/* Token of the alias that follows the relation or function whose name starts at location; -1 when not found. Not
 * collective. */
int sql_alias_token(const sql_parsed *parsed, int location, const char *folded);
/* The same for `( … ) [AS] alias`, given any location inside the outermost parentheses. Not collective. */
int sql_subquery_alias_token(const sql_parsed *parsed, int inside, const char *folded);
/* The spelling of column number `column` of the list after an alias: t(a, b). Not collective. */
sql_name sql_alias_column(const sql_parsed *parsed, int alias_token, int column, const char *folded);

#endif
