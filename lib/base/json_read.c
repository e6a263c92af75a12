/* Values out of a parsed JSON tree, each with an error that says where it stands. */
#include "base/json.h"
#include "base/suggest.h"
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWO_53 9007199254740992.0

/* Appends one reference token of RFC 6901; returns where the next one goes. */
static size_t append_step(const mill_json *node, char *out, size_t at, size_t capacity)
{
	if (node->key == NULL) {
		int n = snprintf(out + at, capacity - at, "/%" PRId64, (int64_t)(node - node->parent->items));
		at += n < 0 ? 0 : (size_t)n;
		return at < capacity ? at : capacity - 1;
	}
	char step[2 * MILL_JSON_POINTER_BYTES] = "/";
	size_t size = 1;
	for (const char *p = node->key; *p != '\0' && size + 3 < sizeof step; p++) {
		bool escaped = *p == '~' || *p == '/';
		if (escaped)
			step[size++] = '~';
		step[size++] = *p == '~' ? '0' : *p;
		if (*p == '/')
			step[size - 1] = '1';
	}
	if (size > capacity - 1 - at)
		size = capacity - 1 - at;
	memcpy(out + at, step, size);
	out[at + size] = '\0';
	return at + size;
}

const char *mill_json_pointer(const mill_json *node, char out[MILL_JSON_POINTER_BYTES])
{
	const mill_json *path[MILL_JSON_DEPTH + 1];
	int depth = 0;
	for (; node->parent != NULL && depth <= MILL_JSON_DEPTH; node = node->parent)
		path[depth++] = node;
	size_t at = 0;
	out[0] = '\0';
	while (depth > 0)
		at = append_step(path[--depth], out, at, MILL_JSON_POINTER_BYTES);
	return out;
}

static mill_status fail_v(const mill_json *node, mill_status status, mill_error *err, const char *format, va_list args)
{
	char pointer[MILL_JSON_POINTER_BYTES];
	mill_fail_v(err, status, format, args);
	mill_json_pointer(node, pointer);
	if (pointer[0] == '\0')
		return mill_fail_context(err, status, "%s", node->source->name);
	return mill_fail_context(err, status, "%s: %s", node->source->name, pointer);
}

mill_status mill_json_fail(const mill_json *node, mill_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_v(node, node->source->refusal, err, format, args);
	va_end(args);
	return node->source->refusal;
}

mill_status mill_json_fail_as(const mill_json *node, mill_status status, mill_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_v(node, status, err, format, args);
	va_end(args);
	return status;
}

const char *mill_json_kind_name(mill_json_kind kind)
{
	static const char *const names[] = {"null", "true or false", "a number", "a string", "a list", "an object"};
	return (unsigned)kind < sizeof names / sizeof names[0] ? names[kind] : "an unknown kind";
}

static mill_status found_instead(const mill_json *node, const char *expected, mill_error *err)
{
	return mill_json_fail(node, err, "expected %s, found %s", expected, mill_json_kind_name(node->kind));
}

mill_json *mill_json_get(const mill_json *node, const char *key)
{
	if (node->kind != MILL_JSON_OBJECT)
		return NULL;
	for (int64_t i = 0; i < node->count; i++)
		if (strcmp(node->items[i].key, key) == 0)
			return &node->items[i];
	return NULL;
}

mill_status mill_json_expect(const mill_json *node, mill_json_kind kind, mill_error *err)
{
	return node->kind == kind ? MILL_OK : found_instead(node, mill_json_kind_name(kind), err);
}

mill_status mill_json_need(const mill_json *node, const char *key, mill_json **out, mill_error *err)
{
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	mill_json *member = mill_json_get(node, key);
	if (member == NULL)
		return mill_json_fail(node, err, "the key \"%s\" is missing", key);
	*out = member;
	return MILL_OK;
}

static bool is_among(const char *key, const char *const *allowed, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(key, allowed[i]) == 0)
			return true;
	return false;
}

/* "a", "b" and "c", cut where it does not fit. */
static void list_names(const char *const *names, size_t count, char *out, size_t capacity)
{
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const char *before = i == 0 ? "" : i + 1 < count ? ", " : " and ";
		int n = snprintf(out + at, capacity - at, "%s\"%s\"", before, names[i]);
		if (n < 0 || (size_t)n >= capacity - at)
			return;
		at += (size_t)n;
	}
}

mill_status mill_json_check_keys(const mill_json *node, const char *const *allowed, size_t count, mill_error *err)
{
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	for (int64_t i = 0; i < node->count; i++) {
		const char *key = node->items[i].key;
		if (is_among(key, allowed, count))
			continue;
		const char *near = mill_suggest(key, allowed, count);
		if (near != NULL)
			return mill_json_fail(node, err, "unknown key \"%s\" (did you mean \"%s\"?)", key, near);
		char known[1024];
		list_names(allowed, count, known, sizeof known);
		return mill_json_fail(node, err, "unknown key \"%s\"; the keys here are %s", key, known);
	}
	return MILL_OK;
}

mill_status mill_json_string(const mill_json *node, const char **out, mill_error *err)
{
	MILL_TRY(mill_json_expect(node, MILL_JSON_STRING, err));
	*out = node->text;
	return MILL_OK;
}

mill_status mill_json_bool(const mill_json *node, bool *out, mill_error *err)
{
	MILL_TRY(mill_json_expect(node, MILL_JSON_BOOL, err));
	*out = node->boolean;
	return MILL_OK;
}

/* An optional '-' and digits, all of it. */
static bool is_integer_text(const char *text)
{
	text += *text == '-';
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && text[digits] == '\0';
}

/* The number as an int64; false when it is not integral or does not fit. */
static bool read_int(const mill_json *node, int64_t *out)
{
	if (is_integer_text(node->text)) {
		errno = 0;
		long long value = strtoll(node->text, NULL, 10);
		*out = value;
		return errno == 0;
	}
	if (node->kind != MILL_JSON_NUMBER || fabs(node->number) > TWO_53 || trunc(node->number) != node->number)
		return false;
	*out = (int64_t)node->number;
	return true;
}

mill_status mill_json_int(const mill_json *node, int64_t min, int64_t max, int64_t *out, mill_error *err)
{
	int64_t value = 0;
	if (node->kind != MILL_JSON_NUMBER && node->kind != MILL_JSON_STRING)
		return found_instead(node, "an integer", err);
	if (!read_int(node, &value))
		return mill_json_fail(node, err,
		                      node->kind == MILL_JSON_STRING ? "expected an integer, found \"%s\""
		                                                     : "expected an integer, found %s",
		                      node->text);
	if (value < min)
		return mill_json_fail(node, err, "%" PRId64 " is too small; the least is %" PRId64, value, min);
	if (value > max)
		return mill_json_fail(node, err, "%" PRId64 " is too large; the most is %" PRId64, value, max);
	*out = value;
	return MILL_OK;
}

mill_status mill_json_uint(const mill_json *node, uint64_t *out, mill_error *err)
{
	if (node->kind == MILL_JSON_STRING && is_integer_text(node->text) && node->text[0] != '-') {
		errno = 0;
		unsigned long long value = strtoull(node->text, NULL, 10);
		if (errno != 0)
			return mill_json_fail(node, err, "%s is too large; the most is %" PRIu64, node->text,
			                      UINT64_MAX);
		*out = value;
		return MILL_OK;
	}
	int64_t value = 0;
	MILL_TRY(mill_json_int(node, 0, INT64_MAX, &value, err));
	*out = (uint64_t)value;
	return MILL_OK;
}

mill_status mill_json_size(const mill_json *node, int64_t min_bytes, int64_t max_bytes, int64_t *out_bytes,
                           mill_error *err)
{
	if (node->kind == MILL_JSON_NUMBER)
		return mill_json_int(node, min_bytes, max_bytes, out_bytes, err);
	mill_error why = {0};
	if (node->kind != MILL_JSON_STRING)
		return found_instead(node, "a size", err);
	if (mill_parse_size(node->text, min_bytes, max_bytes, out_bytes, &why) != MILL_OK)
		return mill_json_fail(node, err, "%s", why.message);
	return MILL_OK;
}

mill_status mill_json_double(const mill_json *node, double *out, mill_error *err)
{
	if (node->kind == MILL_JSON_NUMBER)
		*out = node->number;
	else if (node->kind == MILL_JSON_STRING && strcmp(node->text, "nan") == 0)
		*out = NAN;
	else if (node->kind == MILL_JSON_STRING && strcmp(node->text, "inf") == 0)
		*out = INFINITY;
	else if (node->kind == MILL_JSON_STRING && strcmp(node->text, "-inf") == 0)
		*out = -INFINITY;
	else
		return found_instead(node, "a number", err);
	return MILL_OK;
}

mill_status mill_json_strings(const mill_json *node, mill_arena *arena, const char ***out, int64_t *count,
                              mill_error *err)
{
	bool single = node->kind == MILL_JSON_STRING;
	if (!single && node->kind != MILL_JSON_ARRAY)
		return found_instead(node, "a string or a list of strings", err);
	int64_t n = single ? 1 : node->count;
	const char **strings = mill_arena_array(arena, (size_t)n, sizeof *strings);
	if (strings == NULL)
		return mill_fail_nomem(err, (size_t)n * sizeof *strings, node->source->name);
	for (int64_t i = 0; i < n; i++)
		MILL_TRY(mill_json_string(single ? node : &node->items[i], &strings[i], err));
	*out = strings;
	*count = n;
	return MILL_OK;
}

mill_status mill_json_opt_string(const mill_json *node, const char *key, const char **out, mill_error *err)
{
	const mill_json *member = mill_json_get(node, key);
	return member == NULL ? MILL_OK : mill_json_string(member, out, err);
}

mill_status mill_json_opt_bool(const mill_json *node, const char *key, bool *out, mill_error *err)
{
	const mill_json *member = mill_json_get(node, key);
	return member == NULL ? MILL_OK : mill_json_bool(member, out, err);
}

mill_status mill_json_opt_int(const mill_json *node, const char *key, int64_t min, int64_t max, int64_t *out,
                              mill_error *err)
{
	const mill_json *member = mill_json_get(node, key);
	return member == NULL ? MILL_OK : mill_json_int(member, min, max, out, err);
}

mill_status mill_json_opt_uint(const mill_json *node, const char *key, uint64_t *out, mill_error *err)
{
	const mill_json *member = mill_json_get(node, key);
	return member == NULL ? MILL_OK : mill_json_uint(member, out, err);
}

mill_status mill_json_opt_double(const mill_json *node, const char *key, double *out, mill_error *err)
{
	const mill_json *member = mill_json_get(node, key);
	return member == NULL ? MILL_OK : mill_json_double(member, out, err);
}

/* Copies carry node's name and place: that is where a reader of the message will look. */
static bool copy_contents(mill_json *node, const mill_json *value, mill_arena *arena)
{
	mill_json copy = *node;
	copy.kind = value->kind;
	copy.boolean = value->boolean;
	copy.number = value->number;
	copy.count = value->count;
	copy.text_bytes = value->text_bytes;
	copy.text = value->text == NULL ? NULL : mill_arena_strndup(arena, value->text, value->text_bytes);
	copy.items = value->count == 0 ? NULL : mill_arena_array(arena, (size_t)value->count, sizeof *copy.items);
	if ((value->text != NULL && copy.text == NULL) || (value->count > 0 && copy.items == NULL))
		return false;
	for (int64_t i = 0; i < value->count; i++) {
		const mill_json *from = &value->items[i];
		mill_json *to = &copy.items[i];
		*to = (mill_json){.line = node->line, .column = node->column, .source = node->source, .parent = node};
		to->key = from->key == NULL ? NULL : mill_arena_strdup(arena, from->key);
		if ((from->key != NULL && to->key == NULL) || !copy_contents(to, from, arena))
			return false;
	}
	*node = copy;
	return true;
}

mill_status mill_json_assign(mill_json *node, const mill_json *value, mill_arena *arena, mill_error *err)
{
	return copy_contents(node, value, arena) ? MILL_OK : mill_fail_nomem(err, sizeof *node, node->source->name);
}

mill_status mill_json_assign_string(mill_json *node, const char *text, mill_arena *arena, mill_error *err)
{
	mill_json value = {.kind = MILL_JSON_STRING, .text = text, .text_bytes = strlen(text)};
	return mill_json_assign(node, &value, arena, err);
}
