/* What is made of readers, writers and single operations: small files, folders. */
#include "base/checked.h"
#include "storage/list.h"
#include "storage/path.h"

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

mill_status mill_storage_write_if(mill_storage *storage, const char *uri, const void *data, size_t size_bytes,
                                  mill_condition condition, const char *version, char *new_version, mill_error *err)
{
	mill_writer *writer = NULL;
	MILL_TRY(mill_writer_open(storage, uri, &writer, err));
	mill_status status = mill_writer_append(writer, data, size_bytes, err);
	if (status == MILL_OK)
		status = mill_writer_commit_if(writer, condition, version, new_version, err);
	mill_writer_close(writer);
	return status;
}

mill_status mill_storage_write_all(mill_storage *storage, const char *uri, const void *data, size_t size_bytes,
                                   mill_error *err)
{
	return mill_storage_write_if(storage, uri, data, size_bytes, MILL_ALWAYS, NULL, NULL, err);
}

typedef mill_begin *pick_function(const mill_storage_backend *backend);

static mill_begin *stat_of(const mill_storage_backend *backend)
{
	return backend->stat;
}

static mill_begin *remove_of(const mill_storage_backend *backend)
{
	return backend->remove;
}

static mill_begin *make_folders_of(const mill_storage_backend *backend)
{
	return backend->make_folders;
}

/* One operation on a URI, from beginning to end; a backend that has no such function has nothing to do. */
static mill_status run(mill_storage *storage, const char *uri, pick_function *pick, mill_object *object,
                       mill_error *err)
{
	mill_io io;
	mill_place place;
	mill_arena arena;
	mill_arena_init(&arena, storage->mem);
	mill_status status = mill_storage_find(storage, uri, &arena, &place, err);
	if (status == MILL_OK && pick(place.backend) != NULL) {
		mill_io_init(&io, &place);
		status = mill_io_run(storage, &io, pick(place.backend), err);
		if (status == MILL_OK && object != NULL)
			*object = io.object;
	}
	mill_arena_release(&arena);
	return status;
}

mill_status mill_storage_stat(mill_storage *storage, const char *uri, mill_object *out, mill_error *err)
{
	return run(storage, uri, stat_of, out, err);
}

mill_status mill_storage_exists(mill_storage *storage, const char *uri, bool *out, mill_error *err)
{
	mill_object object;
	mill_status status = run(storage, uri, stat_of, &object, err);
	if (status != MILL_OK && status != MILL_NOT_FOUND)
		return status;
	*out = status == MILL_OK;
	return MILL_OK;
}

mill_status mill_storage_remove(mill_storage *storage, const char *uri, mill_error *err)
{
	mill_status status = run(storage, uri, remove_of, NULL, err);
	return status == MILL_NOT_FOUND ? MILL_OK : status;
}

mill_status mill_storage_make_folders(mill_storage *storage, const char *uri, mill_error *err)
{
	return run(storage, uri, make_folders_of, NULL, err);
}

mill_status mill_storage_list_folder(mill_storage *storage, const char *uri, mill_arena *arena, mill_page *out,
                                     mill_error *err)
{
	mill_place place;
	MILL_TRY(mill_storage_find(storage, uri, arena, &place, err));
	return mill_list_folder(storage, &place, false, arena, out, err);
}

mill_status mill_storage_local_path(mill_storage *storage, const char *uri, mill_arena *arena, const char **path,
                                    mill_error *err)
{
	mill_place place;
	MILL_TRY(mill_storage_find(storage, uri, arena, &place, err));
	*path = place.backend->can & MILL_CAN_LOCAL_PATH ? place.uri : NULL;
	return MILL_OK;
}

/* Everything whose name begins with the folder's, and the folder's own name. */
static mill_status remove_below(mill_storage *storage, const mill_place *place, mill_arena *arena, mill_error *err)
{
	mill_page page;
	MILL_TRY(mill_list_folder(storage, place, true, arena, &page, err));
	for (int64_t i = 0; i < page.count; i++) {
		const char *uri = mill_arena_printf(arena, "%s/%s", place->uri, page.entries[i].name);
		if (uri == NULL)
			return mill_fail_nomem(err, 0, "a file listing");
		MILL_TRY(mill_storage_remove(storage, uri, err));
	}
	return mill_storage_remove(storage, place->uri, err);
}

mill_status mill_storage_remove_tree(mill_storage *storage, const char *uri, mill_error *err)
{
	mill_place place;
	mill_arena arena;
	mill_arena_init(&arena, storage->mem);
	mill_status status = mill_storage_find(storage, uri, &arena, &place, err);
	if (status == MILL_OK)
		status = place.backend->can & MILL_CAN_LOCAL_PATH ? mill_path_remove_tree(place.uri, err)
		                                                  : remove_below(storage, &place, &arena, err);
	mill_arena_release(&arena);
	return status;
}
