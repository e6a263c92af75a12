/* Files of generated rows: what `datagen` writes. */
#include "job/engine.h"
#include "storage/storage.h"

#define PIECE_BYTES ((size_t)1 << 20)

static mill_status append_rows(mill_engine *engine, const mill_text_files *files, int64_t first, int64_t end,
                               mill_writer *writer, mill_bytes *text, mill_error *err)
{
	if (mill_bytes_append_text(text, files->header) != MILL_OK)
		return mill_fail_nomem(err, 0, "a file's header");
	for (int64_t row = first; row < end; row++) {
		if (files->append(files, row, text) != MILL_OK)
			return mill_fail_nomem(err, text->size_bytes, "generated rows");
		if (text->size_bytes <= PIECE_BYTES)
			continue;
		mill_comm_progress(engine->comm);
		MILL_TRY(mill_comm_check_stop(engine->comm, err));
		MILL_TRY(mill_writer_append(writer, text->data, text->size_bytes, err));
		text->size_bytes = 0;
	}
	return mill_writer_append(writer, text->data, text->size_bytes, err);
}

/* One file with rows first … end − 1. */
static mill_status write_file(mill_engine *engine, const mill_text_files *files, const char *path, int64_t first,
                              int64_t end, mill_error *err)
{
	mill_writer *writer = NULL;
	mill_bytes text;
	MILL_TRY(mill_writer_open(&engine->storage, path, &writer, err));
	mill_bytes_init(&text, engine->mem);
	mill_status status = append_rows(engine, files, first, end, writer, &text, err);
	if (status == MILL_OK)
		status = mill_writer_commit(writer, err);
	mill_writer_close(writer);
	mill_bytes_release(&text);
	return status;
}

static mill_status write_share(mill_engine *engine, const mill_text_files *files, mill_error *err)
{
	MILL_TRY(mill_storage_make_folders(&engine->storage, files->folder, err));
	for (int64_t i = mill_comm_rank(engine->comm); i < files->files; i += mill_comm_size(engine->comm)) {
		const char *path = mill_arena_printf(&engine->arena, "%s/%s-%05lld%s", files->folder, files->name,
		                                     (long long)i, files->ending);
		if (path == NULL)
			return mill_fail_nomem(err, 0, "a path");
		MILL_TRY(write_file(engine, files, path, files->rows * i / files->files,
		                    files->rows * (i + 1) / files->files, err));
	}
	return MILL_OK;
}

mill_status mill_engine_write_files(mill_engine *engine, const mill_text_files *files, mill_error *err)
{
	return mill_comm_agree(engine->comm, write_share(engine, files, err), err);
}
