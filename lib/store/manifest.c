#include "store/manifest.h"

#include "base/json_writer.h"

#include <string.h>

/* Keys of the manifest in their order. Those with a default are the job's; the others are written here. */
static const struct {
	const char *key;
	const char *absent; /* JSON where the job gives none */
} manifest_keys[] = {
    {"format_version", NULL}, {"rankmill", "null"}, {"job_name", "null"},   {"job", "null"},  {"seed", "0"},
    {"partial", "false"},     {"order", "null"},    {"content_hash", NULL}, {"splits", NULL}, {"tensors", NULL},
    {"keep", NULL},           {"inputs", "[]"},     {"ledger", "{}"},       {"checks", "[]"}, {"bad_rows", "{}"},
    {"versions", "{}"}};
#define KEY_COUNT (sizeof(manifest_keys) / sizeof(manifest_keys[0]))

typedef struct manifest {
	const mill_store_spec *spec;
	const mill_shard_info *shards;
	int64_t shard_count;
	const mill_u128 *sums;
	mill_arena arena;
	mill_bytes scratch;
	mill_json_writer json;
} manifest;

static void put_hash(mill_json_writer *json, const char *key, mill_u128 hash)
{
	char text[MILL_H128_TEXT_BYTES];
	mill_h128_text(hash, text);
	mill_json_put_text(json, key, text);
}

static mill_status put_shards(manifest *m, int split, mill_error *err)
{
	mill_json_writer *json = &m->json;
	mill_json_put_array(json, "shards");
	for (int64_t i = 0; i < m->shard_count; i++) {
		const mill_shard_info *shard = &m->shards[i];
		if (shard->split != split)
			continue;
		m->scratch.size_bytes = 0;
		if (mill_store_shard_name(m->spec->splits[split], shard->index, &m->scratch) != MILL_OK)
			return mill_fail_nomem(err, m->scratch.size_bytes, "manifest");
		mill_json_put_object(json, NULL);
		mill_json_put_text_n(json, "file", (const char *)m->scratch.data, m->scratch.size_bytes);
		mill_json_put_int(json, "rows", shard->rows);
		mill_json_put_int(json, "bytes", shard->size_bytes);
		put_hash(json, "xxh3_128", shard->xxh3_128);
		mill_json_end(json);
	}
	mill_json_end(json);
	return MILL_OK;
}

static mill_status put_splits(manifest *m, mill_error *err)
{
	const mill_store_spec *spec = m->spec;
	mill_json_put_object(&m->json, "splits");
	for (int s = 0; s < spec->split_count; s++) {
		mill_json_put_object(&m->json, spec->splits[s]);
		mill_json_put_int(&m->json, "rows", spec->split_rows[s]);
		mill_json_put_object(&m->json, "hashes");
		for (int d = 0; d < spec->dataset_count; d++)
			put_hash(&m->json, spec->datasets[d].name, m->sums[s * spec->dataset_count + d]);
		mill_json_end(&m->json);
		MILL_TRY(put_shards(m, s, err));
		mill_json_end(&m->json);
	}
	mill_json_end(&m->json);
	return MILL_OK;
}

static void put_tensor(mill_json_writer *json, const mill_dataset_spec *dataset)
{
	char dtype[MILL_TYPE_TEXT_BYTES];
	mill_json_put_object(json, dataset->name);
	mill_json_put_text(json, "dtype", mill_type_text(dataset->dtype, dtype));
	mill_json_put_text(json, "layout", mill_store_layout(dataset));
	mill_json_put_array(json, "shape");
	mill_json_put_null(json, NULL);
	if (!dataset->is_column)
		mill_json_put_int(json, NULL, dataset->width);
	mill_json_end(json);
	mill_json_put_text(json, "role", dataset->role);
	mill_json_put_array(json, "features");
	for (int f = 0; f < dataset->feature_count; f++)
		mill_json_put_text(json, NULL, dataset->features[f]);
	mill_json_end(json);
	if (dataset->cardinalities == NULL) {
		mill_json_put_null(json, "cardinalities");
	} else {
		mill_json_put_array(json, "cardinalities");
		for (int f = 0; f < dataset->feature_count; f++)
			mill_json_put_int(json, NULL, dataset->cardinalities[f]);
		mill_json_end(json);
	}
	mill_json_end(json);
}

static void put_datasets(manifest *m, const char *key, bool is_keep)
{
	const mill_store_spec *spec = m->spec;
	mill_json_put_object(&m->json, key);
	for (int d = 0; d < spec->dataset_count; d++) {
		const mill_dataset_spec *dataset = &spec->datasets[d];
		if (dataset->is_keep != is_keep)
			continue;
		if (!is_keep) {
			put_tensor(&m->json, dataset);
			continue;
		}
		char dtype[MILL_TYPE_TEXT_BYTES];
		mill_json_put_object(&m->json, dataset->name + strlen(MILL_STORE_KEEP_PREFIX));
		mill_json_put_text(&m->json, "dtype", mill_type_text(dataset->dtype, dtype));
		mill_json_end(&m->json);
	}
	mill_json_end(&m->json);
}

static mill_status put_extra(manifest *m, const char *key, const char *text, mill_error *err)
{
	mill_json *node = NULL;
	MILL_TRY(mill_json_parse_as(text, strlen(text), key, MILL_INTERNAL, &m->arena, &node, err));
	mill_json_put_node(&m->json, key, node);
	return MILL_OK;
}

static mill_status put_own(manifest *m, const char *key, mill_error *err)
{
	if (strcmp(key, "format_version") == 0) {
		mill_json_put_int(&m->json, key, MILL_STORE_FORMAT_VERSION);
	} else if (strcmp(key, "content_hash") == 0) {
		mill_u128 hash = 0;
		MILL_TRY(mill_store_content_hash(m->spec, m->sums, m->arena.mem, &hash, err));
		put_hash(&m->json, key, hash);
	} else if (strcmp(key, "splits") == 0) {
		return put_splits(m, err);
	} else {
		put_datasets(m, key, strcmp(key, "keep") == 0);
	}
	return MILL_OK;
}

static mill_status check_extra(const mill_manifest_extra *extra, int extra_count, mill_error *err)
{
	for (int e = 0; e < extra_count; e++) {
		size_t k = 0;
		while (k < KEY_COUNT &&
		       (manifest_keys[k].absent == NULL || strcmp(manifest_keys[k].key, extra[e].key) != 0))
			k++;
		if (k == KEY_COUNT)
			return mill_fail(err, MILL_INTERNAL, "manifest: \"%s\" is not for the job to write",
			                 extra[e].key);
	}
	return MILL_OK;
}

static mill_status put_all(manifest *m, const mill_manifest_extra *extra, int extra_count, mill_error *err)
{
	mill_json_put_object(&m->json, NULL);
	for (size_t k = 0; k < KEY_COUNT; k++) {
		const char *text = manifest_keys[k].absent;
		for (int e = 0; e < extra_count; e++)
			if (strcmp(extra[e].key, manifest_keys[k].key) == 0)
				text = extra[e].json;
		if (text != NULL)
			MILL_TRY(put_extra(m, manifest_keys[k].key, text, err));
		else
			MILL_TRY(put_own(m, manifest_keys[k].key, err));
	}
	mill_json_end(&m->json);
	mill_status status = mill_json_finish(&m->json);
	return status == MILL_OK ? MILL_OK : mill_fail(err, status, "the manifest cannot be put together");
}

mill_status mill_manifest_write(const mill_store_spec *spec, const mill_shard_info *shards, int64_t shard_count,
                                const mill_u128 *sums, const mill_manifest_extra *extra, int extra_count, mill_mem *mem,
                                mill_bytes *out, mill_error *err)
{
	MILL_TRY(check_extra(extra, extra_count, err));
	manifest m = {.spec = spec, .shards = shards, .shard_count = shard_count, .sums = sums};
	mill_arena_init(&m.arena, mem);
	mill_bytes_init(&m.scratch, mem);
	mill_json_writer_init(&m.json, out, true);
	mill_status status = put_all(&m, extra, extra_count, err);
	mill_bytes_release(&m.scratch);
	mill_arena_release(&m.arena);
	return status;
}
