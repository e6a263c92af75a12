/* Write-once files, made of parts of which several are under way where the backend waits for a network. */
#include "storage/io.h"

#include <string.h>

typedef struct write_part {
	uint8_t *data;
	bool is_used; /* io holds data */
	mill_io io;
} write_part;

struct mill_writer {
	mill_storage *storage;
	mill_arena arena;
	mill_place place;
	const char *uri;
	void *file; /* NULL: not created, or closed */
	int64_t offset;
	int64_t part_count;
	write_part *parts;
	int slot_count;
	int current; /* the part being filled */
	size_t filled_bytes;
};

static mill_status create_file(mill_writer *writer, const char *uri, mill_error *err)
{
	mill_io io;
	writer->uri = mill_arena_strdup(&writer->arena, uri);
	if (writer->uri == NULL)
		return mill_fail_nomem(err, strlen(uri), uri);
	MILL_TRY(mill_storage_find(writer->storage, writer->uri, &writer->arena, &writer->place, err));
	int count = writer->place.backend->parts_in_flight;
	size_t size = writer->place.backend->part_bytes;
	writer->parts = mill_mem_calloc(writer->storage->mem, (size_t)count, sizeof *writer->parts);
	if (writer->parts == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof *writer->parts, uri);
	writer->slot_count = count;
	writer->parts[0].data = mill_mem_alloc(writer->storage->mem, size);
	if (writer->parts[0].data == NULL)
		return mill_fail_nomem(err, size, uri);
	mill_io_init(&io, &writer->place);
	MILL_TRY(mill_io_run(writer->storage, &io, writer->place.backend->create, err));
	writer->file = io.file;
	return MILL_OK;
}

mill_status mill_writer_open(mill_storage *storage, const char *uri, mill_writer **out, mill_error *err)
{
	mill_writer *writer = mill_mem_calloc(storage->mem, 1, sizeof *writer);
	if (writer == NULL)
		return mill_fail_nomem(err, sizeof *writer, uri);
	writer->storage = storage;
	mill_arena_init(&writer->arena, storage->mem);
	mill_status status = create_file(writer, uri, err);
	if (status != MILL_OK)
		mill_writer_close(writer);
	else
		*out = writer;
	return status;
}

static void begin_part(mill_writer *writer, mill_io *io, const void *data, size_t size_bytes)
{
	mill_io_init(io, &writer->place);
	io->file = writer->file;
	io->offset = writer->offset;
	io->part = writer->part_count++;
	io->data = data;
	io->size_bytes = size_bytes;
	writer->offset += (int64_t)size_bytes;
	writer->storage->counters.written_bytes += (int64_t)size_bytes;
	mill_io_begin(writer->storage, io, writer->place.backend->put);
}

static mill_status finish_part(mill_writer *writer, write_part *part, mill_error *err)
{
	mill_io *io = &part->io;
	if (!part->is_used)
		return MILL_OK;
	MILL_TRY(mill_storage_wait(writer->storage, &io, 1, 0, err));
	part->is_used = false;
	return mill_io_outcome(io, err);
}

/* Sends the part that was filled, if there is one. */
static void flush(mill_writer *writer)
{
	write_part *part = &writer->parts[writer->current];
	if (writer->filled_bytes == 0)
		return;
	begin_part(writer, &part->io, part->data, writer->filled_bytes);
	part->is_used = true;
	writer->filled_bytes = 0;
	writer->current = (writer->current + 1) % writer->slot_count;
}

/* The current part's memory, once nothing is under way from it. */
static mill_status ready_part(mill_writer *writer, mill_error *err)
{
	write_part *part = &writer->parts[writer->current];
	MILL_TRY(finish_part(writer, part, err));
	if (part->data == NULL)
		part->data = mill_mem_alloc(writer->storage->mem, writer->place.backend->part_bytes);
	return part->data != NULL ? MILL_OK : mill_fail_nomem(err, writer->place.backend->part_bytes, writer->uri);
}

/* Of a backend whose operations are done once begun: one part from where the bytes are. */
static mill_status append_straight(mill_writer *writer, const void *data, size_t size_bytes, mill_error *err)
{
	mill_io io;
	flush(writer);
	MILL_TRY(ready_part(writer, err));
	begin_part(writer, &io, data, size_bytes);
	return mill_io_outcome(&io, err);
}

mill_status mill_writer_append(mill_writer *writer, const void *data, size_t size_bytes, mill_error *err)
{
	size_t whole = writer->place.backend->part_bytes;
	const uint8_t *from = data;
	if (writer->place.backend->advance == NULL && size_bytes >= whole)
		return append_straight(writer, data, size_bytes, err);
	while (size_bytes > 0) {
		if (writer->filled_bytes == 0)
			MILL_TRY(ready_part(writer, err));
		size_t room = whole - writer->filled_bytes;
		size_t n = size_bytes < room ? size_bytes : room;
		memcpy(writer->parts[writer->current].data + writer->filled_bytes, from, n);
		writer->filled_bytes += n;
		from += n;
		size_bytes -= n;
		if (writer->filled_bytes == whole)
			flush(writer);
	}
	return MILL_OK;
}

mill_status mill_writer_commit_if(mill_writer *writer, mill_condition condition, const char *version, char *new_version,
                                  mill_error *err)
{
	mill_io io;
	flush(writer);
	for (int i = 0; i < writer->slot_count; i++)
		MILL_TRY(finish_part(writer, &writer->parts[i], err));
	mill_io_init(&io, &writer->place);
	io.file = writer->file;
	io.part = writer->part_count;
	io.condition = condition;
	io.version = version;
	MILL_TRY(mill_io_run(writer->storage, &io, writer->place.backend->commit, err));
	if (new_version != NULL)
		memcpy(new_version, io.object.version, MILL_VERSION_BYTES);
	return MILL_OK;
}

mill_status mill_writer_commit(mill_writer *writer, mill_error *err)
{
	return mill_writer_commit_if(writer, MILL_ALWAYS, NULL, NULL, err);
}

void mill_writer_close(mill_writer *writer)
{
	if (writer == NULL)
		return;
	for (int i = 0; i < writer->slot_count; i++) {
		if (writer->parts[i].is_used)
			mill_io_cancel(&writer->parts[i].io);
		mill_mem_free(writer->parts[i].data);
	}
	mill_mem_free(writer->parts);
	if (writer->file != NULL)
		writer->place.backend->close(writer->place.state, writer->file);
	mill_arena_release(&writer->arena);
	mill_mem_free(writer);
}
