/* The stores of a path and their shards. */
#include "store/source/source_private.h"

#include "store/write/folder.h"

#include <stdlib.h>
#include <string.h>

static const char *manifest_pattern(const char *path, mill_arena *arena)
{
	size_t length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	return mill_arena_printf(arena, "%.*s%s" MILL_STORE_MANIFEST, (int)length, path,
	                         path[length - 1] == '/' ? "" : "/");
}

static bool is_pattern(const char *path)
{
	return strpbrk(path, "*?[{") != NULL;
}

/* Patterns that may match many files, or walk a whole tree, are not tried as stores: `**`, and a last part with a dot,
 * as in *.csv. "format" reads them as stores. */
static bool may_match_folders(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
	return strstr(path, "**") == NULL && strchr(last, '.') == NULL;
}

mill_status mill_store_is_folder(const mill_format_env *env, const char *path, bool *out, mill_error *err)
{
	mill_storage_listing found;
	const char *pattern = manifest_pattern(path, env->arena);
	*out = false;
	if (pattern == NULL)
		return mill_fail_nomem(err, strlen(path), "a path");
	if (is_pattern(path) && !may_match_folders(path))
		return MILL_OK;
	mill_status status = mill_storage_list(env->storage, pattern, env->arena, &found, err);
	*out = status == MILL_OK;
	return status == MILL_NOT_FOUND ? MILL_OK : status;
}

/* Nothing is there: says why, in the words of `head` and `verify` where it is one folder. */
static mill_status fail_path(const mill_format_env *env, const char *path, mill_error *err)
{
	mill_store *store = NULL;
	if (is_pattern(path))
		return mill_fail(err, MILL_NOT_FOUND, "%s: no store matches: no folder with a " MILL_STORE_MANIFEST,
		                 path);
	mill_status status = mill_store_open(env->storage, path, env->mem, &store, err);
	mill_store_close(store);
	return status != MILL_OK ? status : mill_fail(err, MILL_NOT_FOUND, "%s: the store was not there before", path);
}

/* The shard's size and time of change; it is `relative` among the files of its path. */
static mill_status add_shard(const mill_format_env *env, const mill_store *store, const mill_stored_shard *shard,
                             const mill_storage_entry *manifest, mill_storage_entry *out, mill_error *err)
{
	mill_storage_listing found;
	mill_status status = mill_storage_list(env->storage, shard->path, env->arena, &found, err);
	if (status == MILL_NOT_FOUND) {
		status = mill_fail(err, MILL_DATA, "%s: the shard is missing", shard->path);
		return mill_store_damaged(store->path, status, err);
	}
	MILL_TRY(status);
	*out = found.entries[0];
	if (found.count != 1 || out->size_bytes != shard->size_bytes) {
		status = mill_fail(err, MILL_DATA, "%s: the file has %lld bytes, the manifest says %lld", shard->path,
		                   (long long)out->size_bytes, (long long)shard->size_bytes);
		return mill_store_damaged(store->path, status, err);
	}
	size_t folder_bytes = strlen(manifest->relative) - strlen(MILL_STORE_MANIFEST);
	out->relative = mill_arena_printf(env->arena, "%.*s%s", (int)folder_bytes, manifest->relative, shard->file);
	out->hive_count = manifest->hive_count;
	out->hive_keys = manifest->hive_keys;
	out->hive_values = manifest->hive_values;
	return out->relative != NULL ? MILL_OK : mill_fail_nomem(err, folder_bytes, "a list of shards");
}

/* The entries found so far. */
typedef struct shard_list {
	mill_storage_entry *entries;
	int64_t count;
	int64_t capacity;
} shard_list;

static mill_status new_entry(mill_arena *arena, shard_list *all, mill_storage_entry **out, mill_error *err)
{
	if (all->count == all->capacity) {
		int64_t capacity = all->capacity * 2 + 16;
		mill_storage_entry *entries = mill_arena_array(arena, (size_t)capacity, sizeof(*entries));
		if (entries == NULL)
			return mill_fail_nomem(err, (size_t)capacity * sizeof(*entries), "a list of shards");
		if (all->count > 0)
			memcpy(entries, all->entries, (size_t)all->count * sizeof(*entries));
		all->entries = entries;
		all->capacity = capacity;
	}
	*out = &all->entries[all->count++];
	return MILL_OK;
}

static mill_status add_shards(const mill_format_env *env, const mill_store *store, const mill_storage_entry *manifest,
                              shard_list *all, mill_error *err)
{
	mill_storage_entry *entry;
	int64_t before = all->count;
	for (int s = 0; s < store->split_count; s++)
		for (int64_t i = 0; i < store->splits[s].shard_count; i++) {
			MILL_TRY(new_entry(env->arena, all, &entry, err));
			MILL_TRY(add_shard(env, store, &store->splits[s].shards[i], manifest, entry, err));
		}
	if (all->count > before)
		return MILL_OK;
	MILL_TRY(new_entry(env->arena, all, &entry, err));
	*entry = *manifest;
	return MILL_OK;
}

/* Appends the shards of one store. */
static mill_status add_store(const mill_format_env *env, const mill_storage_entry *manifest, shard_list *all,
                             mill_error *err)
{
	mill_store *store = NULL;
	size_t folder_bytes = strlen(manifest->uri) - strlen("/" MILL_STORE_MANIFEST);
	const char *folder = mill_arena_strndup(env->arena, manifest->uri, folder_bytes);
	if (folder == NULL)
		return mill_fail_nomem(err, folder_bytes, "a path");
	MILL_TRY(mill_store_open(env->storage, folder, env->mem, &store, err));
	mill_status status = add_shards(env, store, manifest, all, err);
	mill_store_close(store);
	return status;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const mill_storage_entry *)a)->relative, ((const mill_storage_entry *)b)->relative);
}

mill_status mill_store_list(const mill_format_env *env, const char *path, mill_storage_listing *out, mill_error *err)
{
	mill_storage_listing manifests = {0};
	shard_list all = {0};
	const char *pattern = manifest_pattern(path, env->arena);
	if (pattern == NULL)
		return mill_fail_nomem(err, strlen(path), "a path");
	mill_status status = mill_storage_list(env->storage, pattern, env->arena, &manifests, err);
	if (status == MILL_NOT_FOUND)
		return fail_path(env, path, err);
	MILL_TRY(status);
	for (int64_t i = 0; i < manifests.count; i++)
		MILL_TRY(add_store(env, &manifests.entries[i], &all, err));
	qsort(all.entries, (size_t)all.count, sizeof(*all.entries), compare_entries);
	*out = (mill_storage_listing){all.entries, all.count};
	return MILL_OK;
}
