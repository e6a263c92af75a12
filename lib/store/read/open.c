/* The manifest read back. Whatever is damaged in it is MILL_DATA with the JSON pointer. */
#include "store/store_private.h"
#include "store/write/folder.h"

#include "store/file.h"

#include <string.h>

static mill_status parse_hash(const mill_json *node, mill_u128 *out, mill_error *err)
{
	const char *text = NULL;
	MILL_TRY(mill_json_string(node, &text, err));
	if (!mill_h128_parse(text, out))
		return mill_json_fail(node, err, "expected a hash of 32 hexadecimal digits, found \"%s\"", text);
	return MILL_OK;
}

static mill_status need_hash(const mill_json *node, const char *key, mill_u128 *out, mill_error *err)
{
	mill_json *member = NULL;
	MILL_TRY(mill_json_need(node, key, &member, err));
	return parse_hash(member, out, err);
}

static mill_status need_count(const mill_json *node, const char *key, int64_t *out, mill_error *err)
{
	mill_json *member = NULL;
	MILL_TRY(mill_json_need(node, key, &member, err));
	return mill_json_int(member, 0, INT64_MAX, out, err);
}

static mill_status need_kind(const mill_json *node, const char *key, mill_json_kind kind, mill_json **out,
                             mill_error *err)
{
	mill_json *member = NULL;
	MILL_TRY(mill_json_need(node, key, &member, err));
	MILL_TRY(mill_json_expect(member, kind, err));
	*out = member;
	return MILL_OK;
}

static mill_status need_dtype(const mill_json *node, mill_type *out, mill_error *err)
{
	mill_json *member = NULL;
	const char *text = NULL;
	MILL_TRY(mill_json_need(node, "dtype", &member, err));
	MILL_TRY(mill_json_string(member, &text, err));
	if (mill_type_parse(text, out, NULL) != MILL_OK)
		return mill_json_fail(member, err, "unknown type \"%s\"", text);
	return MILL_OK;
}

static mill_status fail_room(const mill_json *node, mill_error *err)
{
	return mill_fail_nomem(err, (size_t)node->count * sizeof(void *), "manifest");
}

/* A file of the store, never outside it. */
static mill_status check_file_name(const mill_json *node, const char *file, mill_error *err)
{
	bool outside = file[0] == '/' || file[0] == '\0';
	for (const char *part = file; part != NULL && !outside; part = strchr(part, '/')) {
		part += *part == '/';
		outside = strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0');
	}
	return outside ? mill_json_fail(node, err, "\"%s\" is not a file inside the store", file) : MILL_OK;
}

static mill_status read_shard(mill_store *store, const mill_json *node, mill_stored_shard *out, mill_error *err)
{
	mill_json *file = NULL;
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	MILL_TRY(mill_json_need(node, "file", &file, err));
	MILL_TRY(mill_json_string(file, &out->file, err));
	MILL_TRY(check_file_name(file, out->file, err));
	MILL_TRY(need_count(node, "rows", &out->rows, err));
	MILL_TRY(need_count(node, "bytes", &out->size_bytes, err));
	MILL_TRY(need_hash(node, "xxh3_128", &out->xxh3_128, err));
	out->path = mill_arena_printf(&store->arena, "%s/%s", store->path, out->file);
	return out->path != NULL ? MILL_OK : fail_room(node, err);
}

static mill_status read_shards(mill_store *store, const mill_json *node, mill_stored_split *split, mill_error *err)
{
	mill_json *shards = NULL;
	MILL_TRY(need_kind(node, "shards", MILL_JSON_ARRAY, &shards, err));
	split->shards = mill_arena_array(&store->arena, (size_t)shards->count + 1, sizeof(*split->shards));
	if (split->shards == NULL)
		return fail_room(shards, err);
	int64_t rows = 0;
	for (int64_t i = 0; i < shards->count; i++) {
		mill_stored_shard *shard = &split->shards[i];
		MILL_TRY(read_shard(store, &shards->items[i], shard, err));
		shard->first_ordinal = rows;
		if (mill_add_overflows(rows, shard->rows, &rows) || shard->rows == 0 || rows > split->rows)
			return mill_json_fail(&shards->items[i], err,
			                      "the shards do not add up to the split's %lld rows",
			                      (long long)split->rows);
	}
	if (rows != split->rows)
		return mill_json_fail(shards, err, "the shards have %lld rows, the split %lld", (long long)rows,
		                      (long long)split->rows);
	split->shard_count = shards->count;
	return MILL_OK;
}

static mill_status read_split(mill_store *store, const mill_json *node, mill_stored_split *split, mill_error *err)
{
	mill_json *hashes = NULL;
	split->name = node->key;
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	MILL_TRY(need_count(node, "rows", &split->rows, err));
	MILL_TRY(need_kind(node, "hashes", MILL_JSON_OBJECT, &hashes, err));
	split->hashes = mill_arena_array(&store->arena, (size_t)store->dataset_count + 1, sizeof(*split->hashes));
	if (split->hashes == NULL)
		return fail_room(hashes, err);
	for (int d = 0; d < store->dataset_count; d++)
		MILL_TRY(need_hash(hashes, store->datasets[d].name, &split->hashes[d], err));
	if (hashes->count != store->dataset_count)
		return mill_json_fail(hashes, err, "%lld hashes for %d datasets", (long long)hashes->count,
		                      store->dataset_count);
	return read_shards(store, node, split, err);
}

static mill_status read_features(mill_store *store, const mill_json *node, mill_dataset_spec *out, mill_error *err)
{
	mill_json *features = NULL;
	int64_t count = 0;
	const char **names = NULL;
	MILL_TRY(need_kind(node, "features", MILL_JSON_ARRAY, &features, err));
	MILL_TRY(mill_json_strings(features, &store->arena, &names, &count, err));
	if (count != out->width)
		return mill_json_fail(features, err, "%lld feature names for a width of %lld", (long long)count,
		                      (long long)out->width);
	out->features = names;
	out->feature_count = (int)count;
	const mill_json *cardinalities = mill_json_get(node, "cardinalities");
	if (cardinalities == NULL || cardinalities->kind == MILL_JSON_NULL)
		return MILL_OK;
	MILL_TRY(mill_json_expect(cardinalities, MILL_JSON_ARRAY, err));
	if (cardinalities->count != count)
		return mill_json_fail(cardinalities, err, "%lld cardinalities for %lld features",
		                      (long long)cardinalities->count, (long long)count);
	int64_t *values = mill_arena_array(&store->arena, (size_t)count + 1, sizeof(*values));
	if (values == NULL)
		return fail_room(cardinalities, err);
	for (int64_t i = 0; i < count; i++)
		MILL_TRY(mill_json_int(&cardinalities->items[i], 0, INT64_MAX, &values[i], err));
	out->cardinalities = values;
	return MILL_OK;
}

static mill_status read_tensor(mill_store *store, const mill_json *node, mill_dataset_spec *out, mill_error *err)
{
	mill_json *shape = NULL;
	mill_json *layout = NULL;
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	out->name = node->key;
	MILL_TRY(need_dtype(node, &out->dtype, err));
	MILL_TRY(need_kind(node, "layout", MILL_JSON_STRING, &layout, err));
	if (strcmp(layout->text, "dense") != 0)
		return mill_json_fail_as(layout, MILL_NOT_YET, err, "layout \"%s\" cannot be read yet", layout->text);
	MILL_TRY(need_kind(node, "shape", MILL_JSON_ARRAY, &shape, err));
	if (shape->count < 1 || shape->count > 2)
		return mill_json_fail(shape, err, "expected [null] or [null, width]");
	out->is_column = shape->count == 1;
	out->width = 1;
	if (!out->is_column)
		MILL_TRY(mill_json_int(&shape->items[1], 0, INT32_MAX, &out->width, err));
	MILL_TRY(mill_json_expect(&shape->items[0], MILL_JSON_NULL, err));
	const mill_json *role = mill_json_get(node, "role");
	if (role != NULL && role->kind != MILL_JSON_NULL)
		MILL_TRY(mill_json_string(role, &out->role, err));
	return read_features(store, node, out, err);
}

static mill_status read_kept(mill_store *store, const mill_json *node, mill_dataset_spec *out, mill_error *err)
{
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	out->is_keep = true;
	out->is_column = true;
	out->width = 1;
	out->name = mill_arena_printf(&store->arena, MILL_STORE_KEEP_PREFIX "%s", node->key);
	if (out->name == NULL)
		return fail_room(node, err);
	return need_dtype(node, &out->dtype, err);
}

static mill_status read_datasets(mill_store *store, mill_error *err)
{
	mill_json *tensors = NULL;
	mill_json *keep = NULL;
	MILL_TRY(need_kind(store->manifest, "tensors", MILL_JSON_OBJECT, &tensors, err));
	MILL_TRY(need_kind(store->manifest, "keep", MILL_JSON_OBJECT, &keep, err));
	int64_t count = tensors->count + keep->count;
	if (count > INT32_MAX)
		return mill_json_fail(tensors, err, "too many tensors");
	store->datasets = mill_arena_array(&store->arena, (size_t)count + 1, sizeof(*store->datasets));
	if (store->datasets == NULL)
		return fail_room(tensors, err);
	for (int64_t i = 0; i < tensors->count; i++)
		MILL_TRY(read_tensor(store, &tensors->items[i], &store->datasets[i], err));
	for (int64_t i = 0; i < keep->count; i++)
		MILL_TRY(read_kept(store, &keep->items[i], &store->datasets[tensors->count + i], err));
	store->dataset_count = (int)count;
	return mill_store_check_datasets(store->datasets, store->dataset_count, store->mem, err);
}

static mill_status read_manifest(mill_store *store, mill_error *err)
{
	int64_t version = 0;
	mill_json *splits = NULL;
	MILL_TRY(mill_json_expect(store->manifest, MILL_JSON_OBJECT, err));
	MILL_TRY(need_count(store->manifest, "format_version", &version, err));
	if (version != MILL_STORE_FORMAT_VERSION)
		return mill_fail(err, MILL_DATA, "%s: a store of format version %lld; this rankmill reads version %d",
		                 store->path, (long long)version, MILL_STORE_FORMAT_VERSION);
	MILL_TRY(need_hash(store->manifest, "content_hash", &store->content_hash, err));
	MILL_TRY(read_datasets(store, err));
	MILL_TRY(need_kind(store->manifest, "splits", MILL_JSON_OBJECT, &splits, err));
	if (splits->count > INT32_MAX)
		return mill_json_fail(splits, err, "too many splits");
	store->splits = mill_arena_array(&store->arena, (size_t)splits->count + 1, sizeof(*store->splits));
	if (store->splits == NULL)
		return fail_room(splits, err);
	for (int64_t s = 0; s < splits->count; s++)
		MILL_TRY(read_split(store, &splits->items[s], &store->splits[s], err));
	store->split_count = (int)splits->count;
	return MILL_OK;
}

static mill_status load(mill_store *store, const char *path, mill_bytes *text, mill_error *err)
{
	mill_bytes file;
	mill_bytes_init(&file, store->mem);
	mill_status status;
	MILL_TRY_GOTO(mill_file_join(path, MILL_STORE_MANIFEST, &file, err), done);
	status = mill_storage_read_all(store->storage, (const char *)file.data, text, err);
	if (status == MILL_NOT_FOUND) {
		bool exists = false;
		MILL_TRY_GOTO(mill_storage_exists(store->storage, path, &exists, err), done);
		status = exists ? mill_fail(err, MILL_USAGE, "%s: not a store: it has no " MILL_STORE_MANIFEST, path)
		                : mill_fail(err, MILL_NOT_FOUND, "%s: no such store", path);
	}
	MILL_TRY_GOTO(status, done);
	store->path = mill_arena_strdup(&store->arena, path);
	const char *name = mill_arena_strdup(&store->arena, (const char *)file.data);
	if (store->path == NULL || name == NULL) {
		status = mill_fail_nomem(err, file.size_bytes, "manifest");
		goto done;
	}
	MILL_TRY_GOTO(mill_json_parse_as((const char *)text->data, text->size_bytes, name, MILL_DATA, &store->arena,
	                                 &store->manifest, err),
	              done);
	status = read_manifest(store, err);
done:
	mill_bytes_release(&file);
	return status;
}

mill_status mill_store_open(mill_storage *storage, const char *path, mill_mem *mem, mill_store **out, mill_error *err)
{
	mill_store *store = mill_mem_calloc(mem, 1, sizeof(*store));
	if (store == NULL)
		return mill_fail_nomem(err, sizeof(*store), "store");
	store->storage = storage;
	store->mem = mem;
	mill_arena_init(&store->arena, mem);
	mill_bytes text;
	mill_bytes_init(&text, mem);
	mill_status status = load(store, path, &text, err);
	mill_bytes_release(&text);
	if (status != MILL_OK)
		mill_store_close(store);
	else
		*out = store;
	return status;
}

void mill_store_close(mill_store *store)
{
	if (store == NULL)
		return;
	mill_arena_release(&store->arena);
	mill_mem_free(store);
}

int mill_store_split_count(const mill_store *store)
{
	return store->split_count;
}

int mill_store_dataset_count(const mill_store *store)
{
	return store->dataset_count;
}

mill_u128 mill_store_stored_hash(const mill_store *store)
{
	return store->content_hash;
}

int mill_store_find_dataset(const mill_store *store, const char *name)
{
	for (int d = 0; d < store->dataset_count; d++)
		if (strcmp(store->datasets[d].name, name) == 0)
			return d;
	return -1;
}

int mill_store_find_split(const mill_store *store, const char *name)
{
	for (int s = 0; s < store->split_count; s++)
		if (strcmp(store->splits[s].name, name) == 0)
			return s;
	return -1;
}
