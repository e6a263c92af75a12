#include "store/read/diff.h"

#include "base/json_writer.h"

#include <string.h>

void mill_diff_init(mill_diff *diff, mill_mem *mem)
{
	memset(diff, 0, sizeof(*diff));
	diff->mem = mem;
	mill_arena_init(&diff->arena, mem);
}

void mill_diff_release(mill_diff *diff)
{
	mill_arena_release(&diff->arena);
	mill_mem_free(diff->items);
	mill_diff_init(diff, diff->mem);
}

static bool is_full(const mill_diff *diff, const char *where)
{
	int64_t same = 0;
	for (int64_t i = 0; i < diff->count; i++)
		same += strcmp(diff->items[i].where, where) == 0;
	return same >= MILL_DIFF_LIMIT;
}

mill_status mill_diff_add(mill_diff *diff, const char *where, const char *place, const char *a, const char *b,
                          mill_error *err)
{
	if (is_full(diff, where)) {
		diff->unlisted++;
		return MILL_OK;
	}
	if (diff->count == diff->capacity) {
		int64_t capacity = diff->capacity * 2 + 16;
		mill_difference *grown =
		    mill_mem_realloc(diff->mem, diff->items, (size_t)capacity * sizeof(*diff->items));
		if (grown == NULL)
			return mill_fail_nomem(err, (size_t)capacity * sizeof(*diff->items), "differences");
		diff->items = grown;
		diff->capacity = capacity;
	}
	mill_difference item = {.where = where, .place = mill_arena_strdup(&diff->arena, place)};
	item.a = a == NULL ? NULL : mill_arena_strdup(&diff->arena, a);
	item.b = b == NULL ? NULL : mill_arena_strdup(&diff->arena, b);
	if (item.place == NULL || (a != NULL && item.a == NULL) || (b != NULL && item.b == NULL))
		return mill_fail_nomem(err, strlen(place), "differences");
	diff->items[diff->count++] = item;
	return MILL_OK;
}

/* People want to know which datasets differ; their hashes are in the JSON. */
static mill_status put_datasets(const mill_diff *diff, mill_bytes *out)
{
	bool any = false;
	for (int64_t i = 0; i < diff->count; i++) {
		if (strcmp(diff->items[i].where, MILL_DIFF_HASH) != 0)
			continue;
		MILL_TRY(mill_bytes_printf(out, "%s%s", any ? ", " : "datasets that differ: ", diff->items[i].place));
		any = true;
	}
	return any ? mill_bytes_append_u8(out, '\n') : MILL_OK;
}

static mill_status report_lines(const mill_diff *diff, const mill_store *a, const mill_store *b, mill_bytes *out)
{
	char hash_a[MILL_H128_TEXT_BYTES];
	char hash_b[MILL_H128_TEXT_BYTES];
	mill_h128_text(a->content_hash, hash_a);
	mill_h128_text(b->content_hash, hash_b);
	for (int64_t i = 0; i < diff->count; i++) {
		const mill_difference *item = &diff->items[i];
		if (strcmp(item->where, MILL_DIFF_HASH) == 0)
			continue;
		MILL_TRY(mill_bytes_printf(out, "%s%s%s: ", item->where, *item->place == '\0' ? "" : " ", item->place));
		MILL_TRY(mill_bytes_append_text(out, item->a == NULL ? "(absent)" : item->a));
		MILL_TRY(mill_bytes_append_text(out, " → "));
		MILL_TRY(mill_bytes_append_text(out, item->b == NULL ? "(absent)" : item->b));
		MILL_TRY(mill_bytes_append_u8(out, '\n'));
	}
	MILL_TRY(put_datasets(diff, out));
	if (diff->unlisted > 0)
		MILL_TRY(
		    mill_bytes_printf(out, "… and %lld more differences of these kinds\n", (long long)diff->unlisted));
	if (a->content_hash == b->content_hash)
		return mill_bytes_printf(out, "contents are equal: %s\n", hash_a);
	return mill_bytes_printf(out, "contents differ: %s → %s\n", hash_a, hash_b);
}

static mill_status report_json(const mill_diff *diff, const mill_store *a, const mill_store *b, mill_bytes *out)
{
	char hash[MILL_H128_TEXT_BYTES];
	mill_json_writer json;
	mill_json_writer_init(&json, out, true);
	mill_json_put_object(&json, NULL);
	mill_json_put_bool(&json, "equal", a->content_hash == b->content_hash);
	mill_json_put_array(&json, "content_hash");
	mill_h128_text(a->content_hash, hash);
	mill_json_put_text(&json, NULL, hash);
	mill_h128_text(b->content_hash, hash);
	mill_json_put_text(&json, NULL, hash);
	mill_json_end(&json);
	mill_json_put_array(&json, "differences");
	for (int64_t i = 0; i < diff->count; i++) {
		mill_json_put_object(&json, NULL);
		mill_json_put_text(&json, "where", diff->items[i].where);
		mill_json_put_text(&json, "place", diff->items[i].place);
		mill_json_put_text(&json, "a", diff->items[i].a);
		mill_json_put_text(&json, "b", diff->items[i].b);
		mill_json_end(&json);
	}
	mill_json_end(&json);
	mill_json_put_int(&json, "unlisted", diff->unlisted);
	mill_json_end(&json);
	return mill_json_finish(&json);
}

mill_status mill_diff_report(const mill_diff *diff, const mill_store *a, const mill_store *b, bool as_json,
                             mill_bytes *out)
{
	return as_json ? report_json(diff, a, b, out) : report_lines(diff, a, b, out);
}

static mill_status compare(mill_diff *diff, const mill_store *a, const mill_store *b, mill_error *err)
{
	static const char *const settings[] = {"seed", "order", "partial"};
	bool equal = a->content_hash == b->content_hash;
	MILL_TRY(
	    mill_diff_json(diff, "job", mill_json_get(a->manifest, "job"), mill_json_get(b->manifest, "job"), err));
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		MILL_TRY(mill_diff_json(diff, settings[i], mill_json_get(a->manifest, settings[i]),
		                        mill_json_get(b->manifest, settings[i]), err));
	MILL_TRY(mill_diff_inputs(diff, mill_json_get(a->manifest, "inputs"), mill_json_get(b->manifest, "inputs"),
	                          !equal, err));
	MILL_TRY(mill_diff_structure(diff, a, b, err));
	if (equal)
		return MILL_OK;
	/* Versions explain what jobs and inputs do not. */
	MILL_TRY(mill_diff_json(diff, "rankmill", mill_json_get(a->manifest, "rankmill"),
	                        mill_json_get(b->manifest, "rankmill"), err));
	MILL_TRY(mill_diff_json(diff, "version", mill_json_get(a->manifest, "versions"),
	                        mill_json_get(b->manifest, "versions"), err));
	return mill_diff_data(diff, a, b, err);
}

mill_status mill_store_diff(const mill_store *a, const mill_store *b, bool as_json, mill_bytes *out, mill_error *err)
{
	mill_diff diff;
	mill_diff_init(&diff, a->mem);
	size_t before = out->size_bytes;
	mill_status status = compare(&diff, a, b, err);
	if (status == MILL_OK) {
		status = mill_diff_report(&diff, a, b, as_json, out);
		if (status != MILL_OK)
			status = mill_fail(err, status, "the differences cannot be put together");
	}
	mill_diff_release(&diff);
	if (status != MILL_OK)
		out->size_bytes = before;
	else if (a->content_hash != b->content_hash)
		status = mill_fail(err, MILL_DIFFERENT, "%s and %s differ", a->path, b->path);
	return status;
}
