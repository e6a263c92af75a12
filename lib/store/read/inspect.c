/* What a store holds, for people and as JSON. Reads the manifest only. */
#include "base/json_writer.h"
#include "store/read/text.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN_FEATURES 6

static const char *manifest_text(const mill_store *store, const char *key)
{
	const mill_json *node = mill_json_get(store->manifest, key);
	return node != NULL && (node->kind == MILL_JSON_STRING || node->kind == MILL_JSON_NUMBER) ? node->text : NULL;
}

static bool is_partial(const mill_store *store)
{
	const mill_json *node = mill_json_get(store->manifest, "partial");
	return node != NULL && node->kind == MILL_JSON_BOOL && node->boolean;
}

static int64_t split_bytes(const mill_stored_split *split)
{
	int64_t total = 0;
	for (int64_t i = 0; i < split->shard_count; i++)
		if (mill_add_overflows(total, split->shards[i].size_bytes, &total))
			return INT64_MAX;
	return total;
}

static void content_hash_text(const mill_store *store, char out[MILL_H128_TEXT_BYTES])
{
	mill_h128_text(store->content_hash, out);
}

static mill_status put_features(const mill_dataset_spec *dataset, mill_bytes *out)
{
	int shown = dataset->feature_count <= SHOWN_FEATURES + 1 ? dataset->feature_count : SHOWN_FEATURES;
	for (int f = 0; f < shown; f++) {
		MILL_TRY(mill_bytes_printf(out, "%s%s", f == 0 ? "" : ", ", dataset->features[f]));
		if (dataset->cardinalities != NULL && dataset->cardinalities[f] > 0)
			MILL_TRY(mill_bytes_printf(out, " (%" PRId64 " ids)", dataset->cardinalities[f]));
	}
	if (shown < dataset->feature_count)
		return mill_bytes_printf(out, ", … %d more", dataset->feature_count - shown);
	return MILL_OK;
}

static mill_status put_dataset(const mill_dataset_spec *dataset, int name_width, mill_bytes *out)
{
	char dtype[MILL_TYPE_TEXT_BYTES];
	MILL_TRY(
	    mill_bytes_printf(out, "  %-*s  %s", name_width, dataset->name, mill_type_text(dataset->dtype, dtype)));
	if (dataset->is_keep)
		return mill_bytes_append_u8(out, '\n');
	if (dataset->is_column)
		MILL_TRY(mill_bytes_append_text(out, " [rows]"));
	else
		MILL_TRY(mill_bytes_printf(out, " [rows, %" PRId64 "]", dataset->width));
	if (dataset->role != NULL)
		MILL_TRY(mill_bytes_printf(out, " role %s", dataset->role));
	if (dataset->feature_count > 0)
		MILL_TRY(mill_bytes_append_text(out, ": "));
	MILL_TRY(put_features(dataset, out));
	return mill_bytes_append_u8(out, '\n');
}

static mill_status put_splits(const mill_store *store, mill_bytes *out)
{
	int name_width = 5;
	for (int s = 0; s < store->split_count; s++)
		name_width = (int)mill_max_i64(name_width, (int64_t)strlen(store->splits[s].name));
	MILL_TRY(mill_bytes_append_text(out, "splits\n"));
	for (int s = 0; s < store->split_count; s++) {
		const mill_stored_split *split = &store->splits[s];
		MILL_TRY(mill_bytes_printf(out, "  %-*s  %" PRId64 " %s in %" PRId64 " %s, ", name_width, split->name,
		                           split->rows, split->rows == 1 ? "row" : "rows", split->shard_count,
		                           split->shard_count == 1 ? "shard" : "shards"));
		MILL_TRY(mill_store_size_text(split_bytes(split), out));
		MILL_TRY(mill_bytes_append_u8(out, '\n'));
	}
	return MILL_OK;
}

static mill_status put_text(const mill_store *store, mill_bytes *out)
{
	char hash[MILL_H128_TEXT_BYTES];
	const char *job_name = manifest_text(store, "job_name");
	const char *version = manifest_text(store, "rankmill");
	int name_width = 0;
	bool has_keep = false;
	content_hash_text(store, hash);
	MILL_TRY(mill_bytes_printf(out, "%s%s\n", store->path,
	                           is_partial(store) ? "  (partial: made with --limit-rows)" : ""));
	if (job_name != NULL)
		MILL_TRY(mill_bytes_printf(out, "job           %s\n", job_name));
	if (version != NULL)
		MILL_TRY(mill_bytes_printf(out, "rankmill      %s\n", version));
	MILL_TRY(mill_bytes_printf(out, "content hash  %s\n", hash));
	MILL_TRY(put_splits(store, out));
	for (int d = 0; d < store->dataset_count; d++) {
		name_width = (int)mill_max_i64(name_width, (int64_t)strlen(store->datasets[d].name));
		has_keep = has_keep || store->datasets[d].is_keep;
	}
	MILL_TRY(mill_bytes_append_text(out, "tensors\n"));
	for (int d = 0; d < store->dataset_count; d++)
		if (!store->datasets[d].is_keep)
			MILL_TRY(put_dataset(&store->datasets[d], name_width, out));
	if (has_keep)
		MILL_TRY(mill_bytes_append_text(out, "kept columns\n"));
	for (int d = 0; d < store->dataset_count; d++)
		if (store->datasets[d].is_keep)
			MILL_TRY(put_dataset(&store->datasets[d], name_width, out));
	return MILL_OK;
}

/* Members of the manifest as they are, the splits without their lists of shards. */
static mill_status put_json(const mill_store *store, mill_bytes *out)
{
	static const char *const whole[] = {"format_version", "rankmill", "job_name",    "seed",
	                                    "partial",        "order",    "content_hash"};
	static const char *const after[] = {"tensors", "keep", "inputs", "bad_rows", "versions"};
	mill_json_writer json;
	mill_json_writer_init(&json, out, true);
	mill_json_put_object(&json, NULL);
	mill_json_put_text(&json, "path", store->path);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (mill_json_get(store->manifest, whole[i]) != NULL)
			mill_json_put_node(&json, whole[i], mill_json_get(store->manifest, whole[i]));
	mill_json_put_object(&json, "splits");
	for (int s = 0; s < store->split_count; s++) {
		mill_json_put_object(&json, store->splits[s].name);
		mill_json_put_int(&json, "rows", store->splits[s].rows);
		mill_json_put_int(&json, "shards", store->splits[s].shard_count);
		mill_json_put_int(&json, "bytes", split_bytes(&store->splits[s]));
		mill_json_end(&json);
	}
	mill_json_end(&json);
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++)
		if (mill_json_get(store->manifest, after[i]) != NULL)
			mill_json_put_node(&json, after[i], mill_json_get(store->manifest, after[i]));
	mill_json_end(&json);
	return mill_json_finish(&json);
}

mill_status mill_store_inspect(const mill_store *store, bool as_json, mill_bytes *out, mill_error *err)
{
	size_t before = out->size_bytes;
	mill_status status = as_json ? put_json(store, out) : put_text(store, out);
	if (status == MILL_OK)
		return MILL_OK;
	out->size_bytes = before;
	return mill_fail(err, status, "%s: cannot be described", store->path);
}
