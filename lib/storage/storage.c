/* The context, and what is made of readers, writers and listings: small files, folders. */
#include "base/checked.h"
#include "storage/list.h"
#include "storage/path.h"

void mill_storage_init(mill_storage *storage, mill_mem *mem)
{
	*storage = (mill_storage){.mem = mem};
}

void mill_storage_release(mill_storage *storage)
{
	*storage = (mill_storage){0};
}

mill_status mill_storage_read_all(mill_storage *storage, const char *uri, mill_bytes *out, mill_error *err)
{
	mill_reader *reader = NULL;
	MILL_TRY(mill_reader_open(storage, uri, &reader, err));
	size_t before = out->size_bytes;
	mill_status status = MILL_OK;
	for (int64_t offset = 0;;) {
		size_t want = (size_t)mill_max_i64(mill_reader_size(reader) - offset, 0) + 1;
		if (mill_bytes_reserve(out, want) != MILL_OK) {
			status = mill_fail_nomem(err, want, uri);
			break;
		}
		size_t got = 0;
		status = mill_reader_read(reader, offset, out->data + out->size_bytes, want, &got, err);
		if (status != MILL_OK)
			break;
		out->size_bytes += got;
		offset += (int64_t)got;
		if (got < want)
			break;
	}
	mill_reader_close(reader);
	if (status != MILL_OK)
		out->size_bytes = before;
	return status;
}

mill_status mill_storage_write_all(mill_storage *storage, const char *uri, const void *data, size_t size_bytes,
                                   mill_error *err)
{
	mill_writer *writer = NULL;
	MILL_TRY(mill_writer_open(storage, uri, &writer, err));
	mill_status status = mill_writer_append(writer, data, size_bytes, err);
	if (status == MILL_OK)
		status = mill_writer_commit(writer, err);
	mill_writer_close(writer);
	return status;
}

mill_status mill_storage_exists(mill_storage *storage, const char *uri, bool *out, mill_error *err)
{
	mill_arena arena;
	mill_arena_init(&arena, storage->mem);
	const char *path = NULL;
	mill_status status = mill_storage_local_path(uri, &arena, &path, err);
	if (status == MILL_OK)
		*out = mill_path_exists(path);
	mill_arena_release(&arena);
	return status;
}

mill_status mill_storage_make_folders(mill_storage *storage, const char *uri, mill_error *err)
{
	mill_arena arena;
	mill_arena_init(&arena, storage->mem);
	const char *path = NULL;
	mill_status status = mill_storage_local_path(uri, &arena, &path, err);
	if (status == MILL_OK)
		status = mill_path_make_folders(path, err);
	mill_arena_release(&arena);
	return status;
}

mill_status mill_storage_remove_tree(mill_storage *storage, const char *uri, mill_error *err)
{
	mill_arena arena;
	mill_arena_init(&arena, storage->mem);
	const char *path = NULL;
	mill_status status = mill_storage_local_path(uri, &arena, &path, err);
	if (status == MILL_OK)
		status = mill_path_remove_tree(path, err);
	mill_arena_release(&arena);
	return status;
}
