/* Differences of jobs and inputs, as JSON pointers with both values. */
#include "store/read/diff.h"

#include "base/json_writer.h"

#include <string.h>

static mill_status node_text(const mill_json *node, mill_arena *arena, const char **out, mill_error *err)
{
	*out = NULL;
	if (node == NULL)
		return MILL_OK;
	mill_bytes text;
	mill_bytes_init(&text, arena->mem);
	mill_json_writer json;
	mill_json_writer_init(&json, &text, false);
	mill_json_put_node(&json, NULL, node);
	mill_status status = mill_json_finish(&json);
	if (status == MILL_OK) {
		*out = mill_arena_strndup(arena, (const char *)text.data, text.size_bytes);
		status = *out == NULL ? MILL_NOMEM : MILL_OK;
	}
	mill_bytes_release(&text);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, sizeof(*node), "differences");
}

static mill_status add_nodes(mill_diff *diff, const char *where, const char *pointer, const mill_json *a,
                             const mill_json *b, mill_error *err)
{
	const char *text_a = NULL;
	const char *text_b = NULL;
	MILL_TRY(node_text(a, &diff->arena, &text_a, err));
	MILL_TRY(node_text(b, &diff->arena, &text_b, err));
	return mill_diff_add(diff, where, pointer, text_a, text_b, err);
}

static bool same_scalar(const mill_json *a, const mill_json *b)
{
	switch (a->kind) {
	case MILL_JSON_BOOL: return a->boolean == b->boolean;
	case MILL_JSON_NUMBER:
	case MILL_JSON_STRING: return a->text_bytes == b->text_bytes && memcmp(a->text, b->text, a->text_bytes) == 0;
	default: return true;
	}
}

/* "/a~1b" of a key (RFC 6901). */
static const char *child_pointer(mill_arena *arena, const char *pointer, const char *key)
{
	size_t room = strlen(pointer) + 2 * strlen(key) + 2;
	char *out = mill_arena_alloc(arena, room);
	if (out == NULL)
		return NULL;
	size_t at = strlen(pointer);
	memcpy(out, pointer, at);
	out[at++] = '/';
	for (const char *c = key; *c != '\0'; c++) {
		if (*c == '~' || *c == '/') {
			out[at++] = '~';
			out[at++] = *c == '~' ? '0' : '1';
		} else {
			out[at++] = *c;
		}
	}
	out[at] = '\0';
	return out;
}

static mill_status walk(mill_diff *diff, const char *where, const char *pointer, const mill_json *a, const mill_json *b,
                        mill_error *err);

static mill_status walk_member(mill_diff *diff, const char *where, const char *pointer, const char *key,
                               const mill_json *a, const mill_json *b, mill_error *err)
{
	const char *child = child_pointer(&diff->arena, pointer, key);
	if (child == NULL)
		return mill_fail_nomem(err, strlen(key), "differences");
	return walk(diff, where, child, a, b, err);
}

static mill_status walk_object(mill_diff *diff, const char *where, const char *pointer, const mill_json *a,
                               const mill_json *b, mill_error *err)
{
	for (int64_t i = 0; i < a->count; i++) {
		const mill_json *item = &a->items[i];
		MILL_TRY(walk_member(diff, where, pointer, item->key, item, mill_json_get(b, item->key), err));
	}
	for (int64_t i = 0; i < b->count; i++)
		if (mill_json_get(a, b->items[i].key) == NULL)
			MILL_TRY(walk_member(diff, where, pointer, b->items[i].key, NULL, &b->items[i], err));
	return MILL_OK;
}

static mill_status walk_array(mill_diff *diff, const char *where, const char *pointer, const mill_json *a,
                              const mill_json *b, mill_error *err)
{
	int64_t count = mill_max_i64(a->count, b->count);
	for (int64_t i = 0; i < count; i++) {
		const char *key = mill_arena_printf(&diff->arena, "%lld", (long long)i);
		if (key == NULL)
			return mill_fail_nomem(err, sizeof(i), "differences");
		MILL_TRY(walk_member(diff, where, pointer, key, i < a->count ? &a->items[i] : NULL,
		                     i < b->count ? &b->items[i] : NULL, err));
	}
	return MILL_OK;
}

static mill_status walk(mill_diff *diff, const char *where, const char *pointer, const mill_json *a, const mill_json *b,
                        mill_error *err)
{
	if (a == NULL && b == NULL)
		return MILL_OK;
	if (a == NULL || b == NULL || a->kind != b->kind)
		return add_nodes(diff, where, pointer, a, b, err);
	if (a->kind == MILL_JSON_OBJECT)
		return walk_object(diff, where, pointer, a, b, err);
	if (a->kind == MILL_JSON_ARRAY)
		return walk_array(diff, where, pointer, a, b, err);
	return same_scalar(a, b) ? MILL_OK : add_nodes(diff, where, pointer, a, b, err);
}

mill_status mill_diff_json(mill_diff *diff, const char *where, const mill_json *a, const mill_json *b, mill_error *err)
{
	return walk(diff, where, "", a, b, err);
}

static const char *path_of(const mill_json *input)
{
	const mill_json *path = mill_json_get(input, "path");
	return path != NULL && path->kind == MILL_JSON_STRING ? path->text : "";
}

static const mill_json *find_input(const mill_json *inputs, const char *path)
{
	for (int64_t i = 0; inputs != NULL && i < inputs->count; i++)
		if (strcmp(path_of(&inputs->items[i]), path) == 0)
			return &inputs->items[i];
	return NULL;
}

/* "12 bytes, etag x": what of an input tells versions apart. */
static mill_status input_text(mill_diff *diff, const mill_json *input, bool with_time, const char **out,
                              mill_error *err)
{
	static const char *const members[] = {"bytes", "etag", "mtime_ns"};
	const char *text = "";
	*out = NULL;
	if (input == NULL)
		return MILL_OK;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const mill_json *member = mill_json_get(input, members[i]);
		if (member == NULL || member->text == NULL || (!with_time && strcmp(members[i], "mtime_ns") == 0))
			continue;
		text = mill_arena_printf(&diff->arena, "%s%s%s %s", text, *text == '\0' ? "" : ", ", members[i],
		                         member->text);
		if (text == NULL)
			return mill_fail_nomem(err, sizeof(members), "differences");
	}
	*out = text;
	return MILL_OK;
}

static mill_status compare_input(mill_diff *diff, const char *path, const mill_json *a, const mill_json *b,
                                 bool with_time, mill_error *err)
{
	const char *text_a = NULL;
	const char *text_b = NULL;
	MILL_TRY(input_text(diff, a, with_time, &text_a, err));
	MILL_TRY(input_text(diff, b, with_time, &text_b, err));
	if (text_a != NULL && text_b != NULL && strcmp(text_a, text_b) == 0)
		return MILL_OK;
	return mill_diff_add(diff, "input", path, text_a, text_b, err);
}

mill_status mill_diff_inputs(mill_diff *diff, const mill_json *a, const mill_json *b, bool with_time, mill_error *err)
{
	for (int64_t i = 0; a != NULL && i < a->count; i++) {
		const char *path = path_of(&a->items[i]);
		/* Lists are mostly in the same order: look there first. */
		const mill_json *other = b != NULL && i < b->count && strcmp(path_of(&b->items[i]), path) == 0
		                             ? &b->items[i]
		                             : find_input(b, path);
		MILL_TRY(compare_input(diff, path, &a->items[i], other, with_time, err));
	}
	for (int64_t i = 0; b != NULL && i < b->count; i++) {
		const char *path = path_of(&b->items[i]);
		bool in_place = a != NULL && i < a->count && strcmp(path_of(&a->items[i]), path) == 0;
		if (!in_place && find_input(a, path) == NULL)
			MILL_TRY(compare_input(diff, path, NULL, &b->items[i], with_time, err));
	}
	return MILL_OK;
}
