#include "store/checksums.h"

#include "store/file.h"
#include "store/write/folder.h"

#include <stdlib.h>
#include <string.h>

#define HASH_DIGITS 32 /* MILL_H128_TEXT_BYTES without its end */

typedef struct entry {
	const char *file;
	mill_u128 hash;
} entry;

typedef struct entries {
	mill_arena arena;
	entry *items;
	int64_t count;
} entries;

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const entry *)a)->file, ((const entry *)b)->file);
}

static const entry *find(const entries *list, const char *file)
{
	entry wanted = {.file = file};
	return list->count == 0 ? NULL
	                        : bsearch(&wanted, list->items, (size_t)list->count, sizeof wanted, compare_entries);
}

static int64_t count_names(const mill_bytes *names)
{
	int64_t count = 0;
	for (const char *name = (const char *)names->data; *name != '\0'; name += strlen(name) + 1)
		count++;
	return count;
}

static mill_status entries_init(entries *list, mill_mem *mem, int64_t room, mill_error *err)
{
	*list = (entries){0};
	mill_arena_init(&list->arena, mem);
	list->items = mill_arena_array(&list->arena, (size_t)room + 1, sizeof *list->items);
	return list->items != NULL ? MILL_OK : mill_fail_nomem(err, (size_t)room * sizeof *list->items, "checksums");
}

static mill_status add_shards(entries *list, const mill_store_spec *spec, const mill_shard_info *shards, int64_t count,
                              mill_error *err)
{
	mill_bytes name;
	mill_bytes_init(&name, list->arena.mem);
	mill_status status = MILL_OK;
	for (int64_t i = 0; i < count && status == MILL_OK; i++) {
		name.size_bytes = 0;
		const char *file = NULL;
		if (mill_store_shard_name(spec->splits[shards[i].split], shards[i].index, &name) == MILL_OK)
			file = mill_arena_strndup(&list->arena, (const char *)name.data, name.size_bytes);
		if (file == NULL)
			status = mill_fail_nomem(err, name.size_bytes, "checksums");
		else
			list->items[list->count++] = (entry){file, shards[i].xxh3_128};
	}
	mill_bytes_release(&name);
	return status;
}

/* Files that are no shards are small: they are read once more. */
static mill_status add_others(entries *list, const mill_store_spec *spec, const mill_bytes *names, mill_error *err)
{
	mill_bytes path;
	mill_bytes_init(&path, list->arena.mem);
	mill_status status = MILL_OK;
	for (const char *name = (const char *)names->data; *name != '\0'; name += strlen(name) + 1) {
		const char *slash = strrchr(name, '/');
		if (slash != NULL && mill_store_is_shard_name(slash + 1))
			continue;
		entry *item = &list->items[list->count];
		int64_t size_bytes = 0;
		MILL_TRY_GOTO(mill_file_join(spec->path, name, &path, err), done);
		MILL_TRY_GOTO(mill_file_checksum(spec->storage, (const char *)path.data, &item->hash, &size_bytes, err),
		              done);
		item->file = name;
		list->count++;
	}
done:
	mill_bytes_release(&path);
	return status;
}

static mill_status put_lines(const entries *list, mill_bytes *out)
{
	for (int64_t i = 0; i < list->count; i++) {
		char hash[MILL_H128_TEXT_BYTES];
		mill_h128_text(list->items[i].hash, hash);
		MILL_TRY(mill_bytes_printf(out, "%s  %s\n", hash, list->items[i].file));
	}
	return MILL_OK;
}

mill_status mill_checksums_write(const mill_store_spec *spec, const mill_shard_info *shards, int64_t shard_count,
                                 const mill_bytes *manifest, mill_mem *mem, mill_error *err)
{
	entries list = {0};
	mill_bytes names, text, path;
	mill_bytes_init(&names, mem);
	mill_bytes_init(&text, mem);
	mill_bytes_init(&path, mem);
	mill_status status;
	MILL_TRY_GOTO(mill_folder_files(spec->storage, spec->path, &names, err), done);
	MILL_TRY_GOTO(entries_init(&list, mem, shard_count + count_names(&names) + 1, err), done);
	MILL_TRY_GOTO(add_shards(&list, spec, shards, shard_count, err), done);
	MILL_TRY_GOTO(add_others(&list, spec, &names, err), done);
	list.items[list.count++] = (entry){MILL_STORE_MANIFEST, mill_h128(0, manifest->data, manifest->size_bytes)};
	qsort(list.items, (size_t)list.count, sizeof *list.items, compare_entries);
	MILL_TRY_GOTO(mill_file_join(spec->path, MILL_STORE_CHECKSUMS, &path, err), done);
	status = put_lines(&list, &text);
	if (status != MILL_OK)
		mill_fail_nomem(err, text.size_bytes, "checksums");
	else
		status =
		    mill_storage_write_all(spec->storage, (const char *)path.data, text.data, text.size_bytes, err);
done:
	mill_arena_release(&list.arena);
	mill_bytes_release(&path);
	mill_bytes_release(&text);
	mill_bytes_release(&names);
	return status;
}

/* The line at *at, which moves on; false where it is none. */
static bool read_line(char **at, entry *out)
{
	char *line = *at;
	char *end = strchr(line, '\n');
	if (end == NULL || end - line < HASH_DIGITS + 3 || line[HASH_DIGITS] != ' ' || line[HASH_DIGITS + 1] != ' ')
		return false;
	*end = '\0';
	line[HASH_DIGITS] = '\0';
	out->file = line + HASH_DIGITS + 2;
	*at = end + 1;
	return mill_h128_parse(line, &out->hash);
}

/* text: NUL-terminated, cut into lines here; the entries point into it. */
static mill_status parse(const char *path, mill_bytes *text, mill_mem *mem, entries *out, mill_error *err)
{
	int64_t lines = 0;
	char *at = (char *)text->data;
	const char *end = at + text->size_bytes;
	for (const char *c = at; c < end; c++)
		lines += *c == '\n';
	MILL_TRY(entries_init(out, mem, lines, err));
	while (at < end) {
		entry *item = &out->items[out->count];
		if (out->count == lines || !read_line(&at, item) ||
		    (out->count > 0 && strcmp(item[-1].file, item->file) >= 0))
			return mill_fail(err, MILL_DIFFERENT, "%s: line %lld is damaged", path,
			                 (long long)out->count + 1);
		out->count++;
	}
	return MILL_OK;
}

static const mill_stored_shard *find_shard(const mill_store *store, const char *file)
{
	for (int s = 0; s < store->split_count; s++) {
		const mill_stored_split *split = &store->splits[s];
		size_t name_bytes = strlen(split->name);
		if (strncmp(file, split->name, name_bytes) != 0 || strncmp(file + name_bytes, "/shard-", 7) != 0)
			continue;
		long long index = strtoll(file + name_bytes + sizeof "/shard-" - 1, NULL, 10);
		if (index >= 0 && index < split->shard_count && strcmp(split->shards[index].file, file) == 0)
			return &split->shards[index];
	}
	return NULL;
}

static mill_status fail_changed(const char *file, mill_error *err)
{
	return mill_fail(err, MILL_DIFFERENT,
	                 "%s: the checksum is not that of " MILL_STORE_CHECKSUMS ": its bytes changed since it was "
	                 "written",
	                 file);
}

static mill_status check_entry(const mill_store *store, const entry *item, mill_bytes *path, mill_error *err)
{
	const mill_stored_shard *shard = find_shard(store, item->file);
	int64_t size_bytes = 0;
	mill_u128 hash = 0;
	MILL_TRY(mill_file_join(store->path, item->file, path, err));
	const char *file = (const char *)path->data;
	if (shard != NULL)
		hash = shard->xxh3_128;
	else {
		mill_status status = mill_file_checksum(store->storage, file, &hash, &size_bytes, err);
		if (status == MILL_NOT_FOUND)
			return mill_fail(err, MILL_DIFFERENT, "%s: the file is missing", file);
		MILL_TRY(status);
	}
	if (hash == item->hash)
		return MILL_OK;
	return fail_changed(file, err);
}

static mill_status check_listed(const mill_store *store, const entries *list, mill_error *err)
{
	mill_bytes names;
	mill_bytes_init(&names, store->mem);
	mill_status status = mill_folder_files(store->storage, store->path, &names, err);
	if (status == MILL_OK)
		for (const char *name = (const char *)names.data; *name != '\0' && status == MILL_OK;
		     name += strlen(name) + 1)
			if (strcmp(name, MILL_STORE_CHECKSUMS) != 0 && find(list, name) == NULL)
				status = mill_fail(err, MILL_DIFFERENT,
				                   "%s/%s: not a file of this store: it was put there later",
				                   store->path, name);
	mill_bytes_release(&names);
	return status;
}

/* The list of a store; text holds what the entries point into. */
static mill_status load(mill_storage *storage, const char *store_path, mill_mem *mem, mill_bytes *text, entries *out,
                        mill_error *err)
{
	mill_bytes path;
	mill_bytes_init(&path, mem);
	mill_status status = mill_file_join(store_path, MILL_STORE_CHECKSUMS, &path, err);
	if (status == MILL_OK) {
		status = mill_storage_read_all(storage, (const char *)path.data, text, err);
		if (status == MILL_NOT_FOUND)
			status = mill_fail(err, MILL_DIFFERENT, "%s: the file is missing", (const char *)path.data);
	}
	if (status == MILL_OK && mill_bytes_terminate(text) != MILL_OK)
		status = mill_fail_nomem(err, text->size_bytes, "checksums");
	if (status == MILL_OK)
		status = parse((const char *)path.data, text, mem, out, err);
	mill_bytes_release(&path);
	return status;
}

mill_status mill_checksums_check(const mill_store *store, mill_error *err)
{
	entries list = {0};
	mill_bytes text, path;
	mill_bytes_init(&text, store->mem);
	mill_bytes_init(&path, store->mem);
	mill_status status = load(store->storage, store->path, store->mem, &text, &list, err);
	for (int64_t i = 0; i < list.count && status == MILL_OK; i++)
		status = check_entry(store, &list.items[i], &path, err);
	if (status == MILL_OK)
		status = check_listed(store, &list, err);
	mill_arena_release(&list.arena);
	mill_bytes_release(&path);
	mill_bytes_release(&text);
	return status;
}

mill_status mill_store_check_manifest(mill_storage *storage, const char *path, mill_mem *mem, mill_error *err)
{
	entries list = {0};
	mill_bytes text, file;
	mill_u128 hash = 0;
	int64_t size_bytes = 0;
	mill_bytes_init(&text, mem);
	mill_bytes_init(&file, mem);
	mill_status status = mill_file_join(path, MILL_STORE_MANIFEST, &file, err);
	bool exists = false;
	if (status == MILL_OK)
		status = mill_storage_exists(storage, (const char *)file.data, &exists, err);
	if (exists) {
		status = load(storage, path, mem, &text, &list, err);
		const entry *wanted = status == MILL_OK ? find(&list, MILL_STORE_MANIFEST) : NULL;
		if (status == MILL_OK)
			status = mill_file_checksum(storage, (const char *)file.data, &hash, &size_bytes, err);
		if (status == MILL_OK && (wanted == NULL || wanted->hash != hash))
			status = fail_changed((const char *)file.data, err);
	}
	mill_arena_release(&list.arena);
	mill_bytes_release(&file);
	mill_bytes_release(&text);
	return status;
}
