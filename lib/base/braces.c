#include "base/braces.h"

#include <stdlib.h>
#include <string.h>

#define MOST_NAMES 100000

typedef struct names {
	mill_arena *arena;
	const mill_json *node;
	const char **items;
	int64_t count;
	int64_t capacity;
} names;

static mill_status add_name(names *n, const char *name, mill_error *err)
{
	if (name == NULL)
		return mill_fail_nomem(err, 0, "names");
	if (n->count == MOST_NAMES)
		return mill_json_fail(n->node, err, "braces expand to more than %d names", MOST_NAMES);
	if (n->count == n->capacity) {
		int64_t capacity = n->capacity == 0 ? 8 : 2 * n->capacity;
		const char **items = mill_arena_array(n->arena, (size_t)capacity, sizeof *items);
		if (items == NULL)
			return mill_fail_nomem(err, 0, "names");
		if (n->count > 0)
			memcpy(items, n->items, (size_t)n->count * sizeof *items);
		n->items = items;
		n->capacity = capacity;
	}
	n->items[n->count++] = name;
	return MILL_OK;
}

/* {1..13}: digits with equal width keep their zeros. */
static bool parse_range(const char *body, size_t length, long *from, long *to, int *width)
{
	char text[48];
	char *end;
	if (length >= sizeof text)
		return false;
	memcpy(text, body, length);
	text[length] = '\0';
	char *dots = strstr(text, "..");
	if (dots == NULL || dots == text)
		return false;
	*from = strtol(text, &end, 10);
	if (end != dots)
		return false;
	*to = strtol(dots + 2, &end, 10);
	if (end == dots + 2 || *end != '\0')
		return false;
	*width = text[0] == '0' && dots - text > 1 ? (int)(dots - text) : 0;
	return true;
}

static mill_status expand(names *n, const char *text, mill_error *err);

static mill_status expand_range(names *n, const char *text, size_t prefix, long from, long to, int width,
                                const char *rest, mill_error *err)
{
	long step = from <= to ? 1 : -1;
	if (labs(to - from) >= MOST_NAMES)
		return mill_json_fail(n->node, err, "braces expand to more than %d names", MOST_NAMES);
	for (long i = from;; i += step) {
		const char *name = mill_arena_printf(n->arena, "%.*s%0*ld%s", (int)prefix, text, width, i, rest);
		if (name == NULL)
			return mill_fail_nomem(err, 0, "names");
		MILL_TRY(expand(n, name, err));
		if (i == to)
			return MILL_OK;
	}
}

static mill_status expand_list(names *n, const char *text, size_t prefix, const char *body, const char *close,
                               mill_error *err)
{
	for (const char *at = body; at <= close;) {
		size_t length = strcspn(at, ",}");
		const char *name =
		    mill_arena_printf(n->arena, "%.*s%.*s%s", (int)prefix, text, (int)length, at, close + 1);
		if (name == NULL)
			return mill_fail_nomem(err, 0, "names");
		MILL_TRY(expand(n, name, err));
		at += length + 1;
	}
	return MILL_OK;
}

/* Expands the first pair of braces and goes on with what that gives. */
static mill_status expand(names *n, const char *text, mill_error *err)
{
	const char *open = strchr(text, '{');
	if (open == NULL)
		return add_name(n, text, err);
	const char *close = strchr(open, '}');
	if (close == NULL || memchr(open + 1, '{', (size_t)(close - open - 1)) != NULL)
		return mill_json_fail(n->node, err, "\"%s\": braces are {1..13} or {a,b}, not nested", text);
	size_t prefix = (size_t)(open - text);
	long from, to;
	int width;
	if (parse_range(open + 1, (size_t)(close - open - 1), &from, &to, &width))
		return expand_range(n, text, prefix, from, to, width, close + 1, err);
	return expand_list(n, text, prefix, open + 1, close, err);
}

mill_status mill_braces_expand(const mill_json *node, const char *text, mill_arena *arena, const char ***out,
                               int64_t *count, mill_error *err)
{
	names n = {.arena = arena, .node = node};
	MILL_TRY(expand(&n, text, err));
	*out = n.items;
	*count = n.count;
	return MILL_OK;
}
