/* Names as written: the grammar folds identifiers to lower case and cuts them at 63 bytes, the tokens still have them.
 */
#include "sql/parse/parse.h"

#include <string.h>
#include <strings.h>

enum { GRAMMAR_NAME_BYTES = 63 };

/* Would the grammar have made `folded` of the identifier `spelled`? A long name may lose up to three more bytes, so
 * that no character is cut. */
static bool folds_to(const char *spelled, const char *folded)
{
	size_t length = strlen(folded), full = strlen(spelled);
	if (strncasecmp(spelled, folded, length) != 0)
		return false;
	return full == length || (full > GRAMMAR_NAME_BYTES && length + 3 >= GRAMMAR_NAME_BYTES);
}

static char *unquote(const sql_parsed *parsed, const sql_token *token)
{
	const char *from = parsed->text + token->start + 1;
	size_t length = (size_t)(token->end - token->start) - 2;
	char *out = mill_arena_strndup(parsed->arena, from, length);
	if (out == NULL)
		return NULL;
	size_t n = 0;
	for (size_t i = 0; i < length; i++) {
		out[n++] = from[i];
		if (from[i] == '"')
			i++;
	}
	out[n] = '\0';
	return out;
}

static bool is_identifier(const sql_parsed *parsed, int token)
{
	return token >= 0 && token < parsed->token_count &&
	       (parsed->tokens[token].kind == PG_QUERY__TOKEN__IDENT || parsed->tokens[token].is_keyword);
}

sql_name sql_spelled(const sql_parsed *parsed, int token, const char *folded)
{
	sql_name name = {folded, false, -1};
	if (!is_identifier(parsed, token))
		return name;
	const sql_token *t = &parsed->tokens[token];
	bool is_quoted = parsed->text[t->start] == '"';
	char *spelled = is_quoted
	                    ? unquote(parsed, t)
	                    : mill_arena_strndup(parsed->arena, parsed->text + t->start, (size_t)(t->end - t->start));
	if (spelled == NULL || folds_to(spelled, folded))
		name = (sql_name){spelled, is_quoted, t->start};
	return name;
}

static bool matches(const sql_parsed *parsed, int token, const char *folded)
{
	return is_identifier(parsed, token) && sql_spelled(parsed, token, folded).position >= 0;
}

/* Words that end a SELECT list at its own depth. */
static bool ends_select_list(int kind)
{
	switch (kind) {
	case ';':
	case PG_QUERY__TOKEN__INTO:
	case PG_QUERY__TOKEN__FROM:
	case PG_QUERY__TOKEN__WHERE:
	case PG_QUERY__TOKEN__GROUP_P:
	case PG_QUERY__TOKEN__HAVING:
	case PG_QUERY__TOKEN__WINDOW:
	case PG_QUERY__TOKEN__UNION:
	case PG_QUERY__TOKEN__INTERSECT:
	case PG_QUERY__TOKEN__EXCEPT:
	case PG_QUERY__TOKEN__ORDER:
	case PG_QUERY__TOKEN__LIMIT:
	case PG_QUERY__TOKEN__OFFSET:
	case PG_QUERY__TOKEN__FETCH:
	case PG_QUERY__TOKEN__FOR: return true;
	default: return false;
	}
}

/* FROM of IS DISTINCT FROM, GROUP of WITHIN GROUP, and any word right after AS do not end the list. */
static bool is_inside_item(const sql_parsed *parsed, int token)
{
	int before = token > 0 ? parsed->tokens[token - 1].kind : 0;
	int kind = parsed->tokens[token].kind;
	return before == PG_QUERY__TOKEN__AS ||
	       (before == PG_QUERY__TOKEN__DISTINCT && kind == PG_QUERY__TOKEN__FROM) ||
	       (before == PG_QUERY__TOKEN__WITHIN && kind == PG_QUERY__TOKEN__GROUP_P);
}

/* First token after the last item, which starts at token `from`. */
static int end_of_items(const sql_parsed *parsed, int from)
{
	int depth = 0;
	for (int i = from; i < parsed->token_count; i++) {
		int kind = parsed->tokens[i].kind;
		if (kind == '(' || kind == '[')
			depth++;
		else if ((kind == ')' || kind == ']') && --depth < 0)
			return i;
		else if (depth == 0 && i > from && ends_select_list(kind) && !is_inside_item(parsed, i))
			return i;
	}
	return parsed->token_count;
}

sql_name sql_item_alias(const sql_parsed *parsed, int location, int next, const char *folded)
{
	/* An alias is the last token of its item; before the next item stands a comma. */
	int token =
	    next >= 0 ? sql_token_at(parsed, next) - 2 : end_of_items(parsed, sql_token_at(parsed, location)) - 1;
	return sql_spelled(parsed, token, folded);
}

static int skip_as(const sql_parsed *parsed, int token)
{
	return token < parsed->token_count && parsed->tokens[token].kind == PG_QUERY__TOKEN__AS ? token + 1 : token;
}

static int kind_at(const sql_parsed *parsed, int token)
{
	return token < parsed->token_count ? parsed->tokens[token].kind : 0;
}

static int skip_parentheses(const sql_parsed *parsed, int token)
{
	if (kind_at(parsed, token) != '(')
		return token;
	int depth = 0;
	for (; token < parsed->token_count; token++) {
		int kind = parsed->tokens[token].kind;
		depth += kind == '(' ? 1 : kind == ')' ? -1 : 0;
		if (depth == 0)
			return token + 1;
	}
	return token;
}

int sql_alias_token(const sql_parsed *parsed, int location, const char *folded)
{
	int token = sql_token_at(parsed, location) + 1;
	while (kind_at(parsed, token) == '.')
		token += 2;
	if (kind_at(parsed, token) == '*')
		token++;
	token = skip_as(parsed, skip_parentheses(parsed, token));
	return matches(parsed, token, folded) ? token : -1;
}

int sql_subquery_alias_token(const sql_parsed *parsed, int inside, const char *folded)
{
	int depth = 0;
	for (int i = sql_token_at(parsed, inside); i < parsed->token_count; i++) {
		int kind = parsed->tokens[i].kind;
		depth += kind == '(' ? 1 : kind == ')' ? -1 : 0;
		if (kind != ')' || depth >= 0)
			continue;
		int token = skip_as(parsed, i + 1);
		if (matches(parsed, token, folded))
			return token;
	}
	return -1;
}

sql_name sql_alias_column(const sql_parsed *parsed, int alias_token, int column, const char *folded)
{
	int token = alias_token < 0 ? -1 : alias_token + 2 + 2 * column; /* alias ( c0 , c1 … */
	return sql_spelled(parsed, token, folded);
}
