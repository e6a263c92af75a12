/* Files open for ranged reads: pinned to a version, short reads joined, read ahead.
 *
 * Where the backend reads without waiting (read_bytes is 0) bytes go straight to the caller and the backend is told
 * what comes next. Else a file is seen as blocks of read_bytes, of which a few are held; a caller that goes through the
 * file finds the next ones under way. */
#include "base/checked.h"
#include "storage/io.h"

#include <string.h>

#define READ_AHEAD_BYTES ((int64_t)16 << 20)

typedef struct read_block {
	int64_t number; /* of the block in the file; −1: nothing is held */
	size_t size_bytes;
	size_t got_bytes;
	uint8_t *data;
	int64_t last_use;
	mill_io io; /* under way while got_bytes < size_bytes */
} read_block;

struct mill_reader {
	mill_storage *storage;
	mill_arena arena;
	mill_place place;
	const char *uri;
	void *file; /* NULL: not open */
	int64_t size_bytes;
	char version[MILL_VERSION_BYTES]; /* what every read must find */
	int64_t ahead_bytes;              /* the backend was told of everything before this offset */
	int64_t next_offset;              /* where a caller that goes through the file reads next */
	read_block *blocks;
	int block_count;
	int64_t uses;
};

static mill_status fail_changed(mill_reader *reader, const char *found, mill_error *err)
{
	mill_io io;
	mill_io_init(&io, &reader->place);
	if (found[0] == '\0' && mill_io_run(reader->storage, &io, reader->place.backend->stat, NULL) == MILL_OK)
		found = io.object.version;
	return mill_fail(
	    err, MILL_IO,
	    "%s changed while being read: it was version %s and is %s now; run again when nobody writes it",
	    reader->uri, reader->version, found[0] != '\0' ? found : "another");
}

static mill_status open_file(mill_reader *reader, const char *uri, const char *version, mill_error *err)
{
	mill_io io;
	reader->uri = mill_arena_strdup(&reader->arena, uri);
	if (reader->uri == NULL)
		return mill_fail_nomem(err, strlen(uri), uri);
	MILL_TRY(mill_storage_find(reader->storage, reader->uri, &reader->arena, &reader->place, err));
	mill_io_init(&io, &reader->place);
	MILL_TRY(mill_io_run(reader->storage, &io, reader->place.backend->open, err));
	reader->file = io.file;
	reader->size_bytes = io.object.size_bytes;
	memcpy(reader->version, io.object.version, sizeof reader->version);
	if (version == NULL || version[0] == '\0' || strcmp(version, reader->version) == 0)
		return MILL_OK;
	strncpy(reader->version, version, sizeof reader->version - 1);
	return fail_changed(reader, io.object.version, err);
}

static mill_status new_blocks(mill_reader *reader, mill_error *err)
{
	const mill_storage_backend *backend = reader->place.backend;
	if (backend->read_bytes == 0)
		return MILL_OK;
	/* One more than are under way: the one that is looked at. */
	int count = backend->reads_in_flight + 1;
	reader->blocks = mill_mem_calloc(reader->storage->mem, (size_t)count, sizeof *reader->blocks);
	if (reader->blocks == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof *reader->blocks, reader->uri);
	reader->block_count = count;
	for (int i = 0; i < count; i++)
		reader->blocks[i].number = -1;
	return MILL_OK;
}

mill_status mill_reader_open_version(mill_storage *storage, const char *uri, const char *version, mill_reader **out,
                                     mill_error *err)
{
	mill_reader *reader = mill_mem_calloc(storage->mem, 1, sizeof *reader);
	if (reader == NULL)
		return mill_fail_nomem(err, sizeof *reader, uri);
	reader->storage = storage;
	mill_arena_init(&reader->arena, storage->mem);
	mill_status status = open_file(reader, uri, version, err);
	if (status == MILL_OK)
		status = new_blocks(reader, err);
	if (status != MILL_OK)
		mill_reader_close(reader);
	else
		*out = reader;
	return status;
}

mill_status mill_reader_open(mill_storage *storage, const char *uri, mill_reader **out, mill_error *err)
{
	return mill_reader_open_version(storage, uri, NULL, out, err);
}

/* Tells the backend of the next stretch once half of the last one is used, so that the disk works while we parse. */
static void tell_ahead(mill_reader *reader, int64_t end)
{
	if (reader->place.backend->will_read == NULL)
		return;
	if (end + READ_AHEAD_BYTES / 2 <= reader->ahead_bytes && end >= reader->ahead_bytes - 2 * READ_AHEAD_BYTES)
		return;
	int64_t from = mill_max_i64(end, reader->ahead_bytes);
	int64_t until = mill_min_i64(end + READ_AHEAD_BYTES, reader->size_bytes);
	if (end < reader->ahead_bytes - 2 * READ_AHEAD_BYTES)
		from = end;
	if (until > from)
		reader->place.backend->will_read(reader->place.state, reader->file, from, until - from);
	reader->ahead_bytes = end + READ_AHEAD_BYTES;
}

static void ask(mill_reader *reader, mill_io *io, int64_t offset, void *out, size_t size_bytes)
{
	mill_io_init(io, &reader->place);
	io->file = reader->file;
	io->version = reader->version;
	io->offset = offset;
	io->out = out;
	io->size_bytes = size_bytes;
	mill_io_begin(reader->storage, io, reader->place.backend->read);
}

/* Waits for a read and takes what it got. */
static mill_status take(mill_reader *reader, mill_io *io, size_t *got_bytes, mill_error *err)
{
	MILL_TRY(mill_storage_wait(reader->storage, &io, 1, 0, err));
	if (io->has_changed)
		return fail_changed(reader, io->object.version, err);
	MILL_TRY(mill_io_outcome(io, err));
	reader->storage->counters.read_bytes += (int64_t)io->got_bytes;
	*got_bytes = io->got_bytes;
	return MILL_OK;
}

static mill_status read_straight(mill_reader *reader, int64_t offset, void *out, size_t size_bytes, size_t *got_bytes,
                                 mill_error *err)
{
	size_t got = 0;
	while (got < size_bytes) {
		mill_io io;
		size_t n = 0;
		ask(reader, &io, offset + (int64_t)got, (char *)out + got, size_bytes - got);
		mill_status status = take(reader, &io, &n, err);
		if (status != MILL_OK) {
			mill_io_cancel(&io);
			return status;
		}
		if (n == 0)
			break;
		got += n;
	}
	tell_ahead(reader, offset + (int64_t)got);
	*got_bytes = got;
	return MILL_OK;
}

static void drop_block(read_block *block)
{
	if (block->number >= 0 && block->got_bytes < block->size_bytes)
		mill_io_cancel(&block->io);
	block->number = -1;
}

static read_block *held_block(mill_reader *reader, int64_t number)
{
	for (int i = 0; i < reader->block_count; i++)
		if (reader->blocks[i].number == number)
			return &reader->blocks[i];
	return NULL;
}

/* A block to be given up: an empty one, else the one that was used longest ago; never one of numbers first … last. */
static read_block *free_block(mill_reader *reader, int64_t first, int64_t last)
{
	read_block *best = NULL;
	for (int i = 0; i < reader->block_count; i++) {
		read_block *block = &reader->blocks[i];
		if (block->number < 0)
			return block;
		if ((block->number < first || block->number > last) &&
		    (best == NULL || block->last_use < best->last_use))
			best = block;
	}
	return best;
}

/* Begins to read a block, where there is room for it among first … last. */
static mill_status begin_block(mill_reader *reader, int64_t number, int64_t first, int64_t last, mill_error *err)
{
	size_t whole = reader->place.backend->read_bytes;
	read_block *block = held_block(reader, number);
	if (block == NULL) {
		block = free_block(reader, first, last);
		if (block == NULL)
			return MILL_OK;
		drop_block(block);
		if (block->data == NULL)
			block->data = mill_mem_alloc(reader->storage->mem, whole);
		if (block->data == NULL)
			return mill_fail_nomem(err, whole, reader->uri);
		int64_t offset = number * (int64_t)whole;
		block->number = number;
		block->size_bytes = (size_t)mill_min_i64((int64_t)whole, reader->size_bytes - offset);
		block->got_bytes = 0;
		ask(reader, &block->io, offset, block->data, block->size_bytes);
	}
	block->last_use = ++reader->uses;
	return MILL_OK;
}

static mill_status finish_block(mill_reader *reader, read_block *block, mill_error *err)
{
	while (block->got_bytes < block->size_bytes) {
		size_t n = 0;
		mill_status status = take(reader, &block->io, &n, err);
		int64_t offset = block->number * (int64_t)reader->place.backend->read_bytes;
		if (status == MILL_OK && n == 0)
			status =
			    mill_fail(err, MILL_IO, "%s: ends at byte %lld of %lld", reader->uri,
			              (long long)(offset + (int64_t)block->got_bytes), (long long)reader->size_bytes);
		if (status != MILL_OK) {
			drop_block(block);
			return status;
		}
		block->got_bytes += n;
		if (block->got_bytes < block->size_bytes)
			ask(reader, &block->io, offset + (int64_t)block->got_bytes, block->data + block->got_bytes,
			    block->size_bytes - block->got_bytes);
	}
	return MILL_OK;
}

/* Begins all that the range at hand needs, as far as there are blocks, and the next ones for a caller that goes through
 * the file. Memory that is short ends the reading ahead only. */
static mill_status begin_range(mill_reader *reader, int64_t number, int64_t last, bool in_order, mill_error *err)
{
	int64_t whole = (int64_t)reader->place.backend->read_bytes;
	int64_t end =
	    in_order ? number + reader->block_count - 1 : mill_min_i64(last, number + reader->block_count - 1);
	end = mill_min_i64(end, (reader->size_bytes - 1) / whole);
	MILL_TRY(begin_block(reader, number, number, end, err));
	for (int64_t next = number + 1; next <= end; next++)
		if (begin_block(reader, next, number, end, NULL) != MILL_OK)
			break;
	return MILL_OK;
}

static mill_status read_blocks(mill_reader *reader, int64_t offset, void *out, size_t size_bytes, size_t *got_bytes,
                               mill_error *err)
{
	int64_t whole = (int64_t)reader->place.backend->read_bytes;
	int64_t end = mill_min_i64(offset + (int64_t)size_bytes, reader->size_bytes);
	bool in_order = offset == reader->next_offset && offset > 0;
	for (int64_t at = offset; at < end;) {
		int64_t number = at / whole;
		MILL_TRY(begin_range(reader, number, (end - 1) / whole, in_order, err));
		read_block *block = held_block(reader, number);
		MILL_TRY(finish_block(reader, block, err));
		int64_t from = at - number * whole;
		int64_t n = mill_min_i64((int64_t)block->size_bytes - from, end - at);
		memcpy((char *)out + (at - offset), block->data + from, (size_t)n);
		at += n;
	}
	reader->next_offset = mill_max_i64(end, offset);
	*got_bytes = (size_t)mill_max_i64(end - offset, 0);
	return MILL_OK;
}

mill_status mill_reader_read(mill_reader *reader, int64_t offset, void *out, size_t size_bytes, size_t *got_bytes,
                             mill_error *err)
{
	if (reader->blocks == NULL)
		return read_straight(reader, offset, out, size_bytes, got_bytes, err);
	return read_blocks(reader, offset, out, size_bytes, got_bytes, err);
}

/* Asks for what a range still lacks; false when that is nothing. */
static bool ask_rest(mill_reader *reader, mill_io *io, const mill_read_range *range)
{
	int64_t at = range->offset + (int64_t)range->got_bytes;
	int64_t end = mill_min_i64(range->offset + (int64_t)range->size_bytes, reader->size_bytes);
	if (at >= end)
		return false;
	ask(reader, io, at, (char *)range->out + range->got_bytes, (size_t)(end - at));
	return true;
}

static mill_status finish_range(mill_reader *reader, mill_io *io, mill_read_range *range, mill_error *err)
{
	size_t n = 0;
	do {
		MILL_TRY(take(reader, io, &n, err));
		range->got_bytes += n;
		if (n == 0)
			return mill_fail(err, MILL_IO, "%s: ends at byte %lld of %lld", reader->uri,
			                 (long long)(range->offset + (int64_t)range->got_bytes),
			                 (long long)reader->size_bytes);
	} while (ask_rest(reader, io, range));
	return MILL_OK;
}

/* Ranges first … first + count, all under way at once. */
static mill_status read_together(mill_reader *reader, mill_io *ios, mill_read_range *ranges, int count, mill_error *err)
{
	mill_status status = MILL_OK;
	for (int i = 0; i < count; i++) {
		mill_io_init(&ios[i], &reader->place);
		ios[i].done = true;
		(void)ask_rest(reader, &ios[i], &ranges[i]);
	}
	for (int i = 0; i < count; i++) {
		if (ios[i].begin == NULL)
			continue;
		if (status == MILL_OK)
			status = finish_range(reader, &ios[i], &ranges[i], err);
		if (status != MILL_OK)
			mill_io_cancel(&ios[i]);
	}
	return status;
}

mill_status mill_reader_read_ranges(mill_reader *reader, mill_read_range *ranges, int64_t count, mill_error *err)
{
	int most = reader->place.backend->reads_in_flight;
	most = most < 1 ? 1 : most;
	mill_io *ios = mill_mem_alloc(reader->storage->mem, (size_t)most * sizeof *ios);
	if (ios == NULL)
		return mill_fail_nomem(err, (size_t)most * sizeof *ios, reader->uri);
	for (int64_t i = 0; i < count; i++)
		ranges[i].got_bytes = 0;
	mill_status status = MILL_OK;
	for (int64_t i = 0; i < count && status == MILL_OK; i += most)
		status = read_together(reader, ios, ranges + i, (int)mill_min_i64(most, count - i), err);
	mill_mem_free(ios);
	return status;
}

int64_t mill_reader_size(const mill_reader *reader)
{
	return reader->size_bytes;
}

const char *mill_reader_uri(const mill_reader *reader)
{
	return reader->uri;
}

const char *mill_reader_version(const mill_reader *reader)
{
	return reader->version;
}

void mill_reader_close(mill_reader *reader)
{
	if (reader == NULL)
		return;
	for (int i = 0; i < reader->block_count; i++) {
		drop_block(&reader->blocks[i]);
		mill_mem_free(reader->blocks[i].data);
	}
	mill_mem_free(reader->blocks);
	if (reader->file != NULL)
		reader->place.backend->close(reader->place.state, reader->file);
	mill_arena_release(&reader->arena);
	mill_mem_free(reader);
}
