/* What to write instead of another dialect's syntax. */
#include "sql/parse/parse.h"

#include <string.h>

typedef struct replacement {
	const char *word;
	const char *advice;
} replacement;

/* Words of Spark and others that PostgreSQL's grammar does not know where they stand. */
static const replacement replacements[] = {
    {"rlike", "RLIKE is written ~ (x ~ 'pattern')"},
    {"regexp", "REGEXP is written ~ (x ~ 'pattern')"},
    {"qualify", "QUALIFY is written as a sub-query: SELECT * FROM (SELECT …, row_number() OVER (…) AS rn FROM …) AS q "
                "WHERE rn = 1"},
    {"try_cast", "TRY_CAST(x AS t) is written try_cast(x, 't')"},
    {"div", "integer division is written / (integers truncate)"},
    {"semi", "LEFT SEMI JOIN is written JOIN (SELECT DISTINCT k FROM u) AS s ON t.k = s.k"},
    {"anti", "LEFT ANTI JOIN is written LEFT JOIN u ON t.k = u.k WHERE u.k IS NULL"},
    {"lateral", "lists and their explode() are not supported yet"},
    {"asof", "ASOF JOIN is not supported yet"},
    {"top", "TOP n is written LIMIT n at the end"},
    {"distribute", "DISTRIBUTE BY has no meaning here: leave it out"},
    {"cluster", "CLUSTER BY has no meaning here: leave it out"},
    {"sort", "SORT BY is written ORDER BY"},
    {"exclude", "columns cannot be left out of *: list the columns that are wanted"},
    {"pivot", "PIVOT is written with aggregates: sum(x) FILTER (WHERE key = 'a') AS a"},
};

static const char *word_hint(const sql_parsed *parsed, int token)
{
	for (size_t i = 0; i < sizeof replacements / sizeof replacements[0]; i++)
		if (sql_token_is(parsed, token, replacements[i].word))
			return replacements[i].advice;
	return NULL;
}

/* The call whose arguments the token stands in, as in TRY_CAST(x AS t). */
static const char *enclosing_hint(const sql_parsed *parsed, int token)
{
	int depth = 0;
	for (int i = token - 1; i > 0; i--) {
		int kind = parsed->tokens[i].kind;
		depth += kind == ')' ? 1 : kind == '(' ? -1 : 0;
		if (depth < 0)
			return sql_token_is(parsed, i - 1, "try_cast") ? word_hint(parsed, i - 1) : NULL;
	}
	return NULL;
}

static bool holds(const sql_parsed *parsed, int token, char wanted)
{
	const sql_token *t = &parsed->tokens[token];
	return t->kind == PG_QUERY__TOKEN__Op &&
	       memchr(parsed->text + t->start, wanted, (size_t)(t->end - t->start)) != NULL;
}

static bool has_backtick(const sql_parsed *parsed)
{
	for (int i = 0; i < parsed->token_count; i++)
		if (holds(parsed, i, '`'))
			return true;
	return false;
}

/* FROM 'data.csv', as in DuckDB. */
static bool is_quoted_file(const sql_parsed *parsed, int token)
{
	return token < parsed->token_count && parsed->tokens[token].kind == PG_QUERY__TOKEN__SCONST &&
	       (sql_token_is(parsed, token - 1, "from") || sql_token_is(parsed, token - 1, "join"));
}

const char *sql_dialect_hint(const sql_parsed *parsed, int token)
{
	if (has_backtick(parsed))
		return "names are quoted with double quotes: `a b` is written \"a b\"";
	if (is_quoted_file(parsed, token))
		return "a file is named in double quotes: FROM \"data/*.csv\"";
	if (token < parsed->token_count && parsed->text[parsed->tokens[token].start] == '$')
		return "${name} is replaced in job files only";
	bool after_interval =
	    sql_token_is(parsed, token - 1, "interval") || sql_token_is(parsed, token - 2, "interval");
	bool at_number = token < parsed->token_count && (parsed->tokens[token].kind == PG_QUERY__TOKEN__ICONST ||
	                                                 parsed->tokens[token].kind == PG_QUERY__TOKEN__FCONST);
	if (after_interval && at_number)
		return "INTERVAL 30 DAYS is written INTERVAL '30 days'";
	bool after_star = sql_token_is(parsed, token - 1, "(") && sql_token_is(parsed, token - 3, "*");
	if (sql_token_is(parsed, token - 2, "except") && after_star)
		return "columns cannot be left out of *: list the columns that are wanted";
	if (sql_token_is(parsed, token - 1, ",") &&
	    (sql_token_is(parsed, token, "from") || token >= parsed->token_count))
		return "there is a comma too many before it";
	if (sql_token_is(parsed, token - 1, "all") && sql_token_is(parsed, token - 3, "group"))
		return "GROUP BY ALL is written with the keys: GROUP BY a, b";
	for (int i = token; i >= token - 2 && i >= 0; i--) {
		const char *hint = word_hint(parsed, i);
		if (hint != NULL)
			return hint;
	}
	return enclosing_hint(parsed, token);
}
