/* Spill files: blocks of records with a checksum, written and read front to back. */
#include "base/checked.h"
#include "base/hash.h"
#include "spill/scratch_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A file is a run of blocks, each a header and records:
 *
 * OFFSET SIZE DESCRIPTION
 *      0    4 magic "MSPL"
 *      4    4 version, 1
 *      8    8 payload bytes, a multiple of 8
 *     16    8 records
 *     24    8 H64(seed, payload), seed = H64(number of the block in its file, the 24 bytes before)
 *     32      payload: records, each u64 length, its bytes, padding with zeros to a multiple of 8
 *
 * The file lives as long as its process, so integers are in the machine's order. */
typedef struct block_header {
	uint32_t magic;
	uint32_t version;
	uint64_t payload_bytes;
	uint64_t records;
	uint64_t hash;
} block_header;

_Static_assert(sizeof(block_header) == 32, "the layout above");

#define BLOCK_MAGIC   0x4C50534DU
#define BLOCK_VERSION 1U

static uint64_t block_hash(uint64_t block, const block_header *header, const uint8_t *payload)
{
	uint64_t seed = mill_h64(block, header, offsetof(block_header, hash));
	return mill_h64(seed, payload, header->payload_bytes);
}

struct mill_spill_file {
	mill_scratch *scratch;
	char *path;
	int fd;           /* −1 between flush and append */
	mill_bytes block; /* header and records not yet written; no data when there are none */
	uint64_t block_records;
	uint64_t blocks;
	int64_t records;
	int64_t bytes;
};

struct mill_spill_reader {
	const mill_spill_file *file;
	int fd;
	mill_bytes payload;
	size_t at;
	uint64_t left_in_block;
	uint64_t block;
	int64_t records;
	int64_t bytes; /* read so far */
};

mill_status mill_spill_create(mill_scratch *scratch, const char *name, mill_spill_file **out, mill_error *err)
{
	mill_bytes path;
	char clean[48];
	size_t length = 0;
	for (; name[length] != '\0' && length < sizeof clean - 1; length++) {
		char c = name[length];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
		clean[length] = plain ? c : '_';
	}
	clean[length] = '\0';
	MILL_TRY(mill_scratch_make(scratch, err));
	mill_spill_file *file = mill_mem_calloc(scratch->mem, 1, sizeof *file);
	if (file == NULL)
		return mill_fail_nomem(err, sizeof *file, "spill file");
	mill_bytes_init(&path, scratch->mem);
	if (mill_bytes_printf(&path, "%s/%06lld-%s.spill", scratch->rank_folder, (long long)scratch->file_count,
	                      clean) != MILL_OK ||
	    mill_bytes_terminate(&path) != MILL_OK) {
		mill_bytes_release(&path);
		mill_mem_free(file);
		return mill_fail_nomem(err, 256, "spill file");
	}
	scratch->file_count++;
	file->scratch = scratch;
	file->path = (char *)path.data;
	file->fd = -1;
	mill_bytes_init(&file->block, scratch->mem);
	*out = file;
	return MILL_OK;
}

static mill_status fail_write(const mill_spill_file *file, size_t size_bytes, int cause, mill_error *err)
{
	struct statvfs info;
	unsigned long long free_bytes = 0;
	if (statvfs(file->scratch->rank_folder, &info) == 0)
		free_bytes = (unsigned long long)info.f_bavail * info.f_frsize;
	return mill_fail(err, MILL_IO,
	                 "%s: cannot write %zu bytes: %s (%llu bytes free, this rank spilled %lld so far); "
	                 "free some space, choose another folder with --scratch, or raise --memory",
	                 file->path, size_bytes, strerror(cause), free_bytes, (long long)file->scratch->written_bytes);
}

static mill_status write_out(mill_spill_file *file, mill_error *err)
{
	const uint8_t *data = file->block.data;
	size_t left = file->block.size_bytes;
	if (file->fd < 0) {
		file->fd = open(file->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (file->fd < 0)
			return mill_fail(err, MILL_IO, "%s: cannot open for writing: %s", file->path, strerror(errno));
	}
	while (left > 0) {
		ssize_t put = write(file->fd, data, left);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return fail_write(file, left, put == 0 ? ENOSPC : errno, err);
		data += put;
		left -= (size_t)put;
	}
	return MILL_OK;
}

static mill_status write_block(mill_spill_file *file, mill_error *err)
{
	mill_scratch *scratch = file->scratch;
	if (file->block_records == 0)
		return MILL_OK;
	int64_t size_bytes = (int64_t)file->block.size_bytes;
	block_header header = {BLOCK_MAGIC, BLOCK_VERSION, file->block.size_bytes - sizeof header, file->block_records,
	                       0};
	header.hash = block_hash(file->blocks, &header, file->block.data + sizeof header);
	memcpy(file->block.data, &header, sizeof header);
	if (scratch->on_tmpfs && !mill_mem_charge(scratch->mem, size_bytes))
		return mill_fail(
		    err, MILL_NOMEM,
		    "%s: no memory for %lld bytes: the scratch folder is in memory (tmpfs) and --memory is "
		    "used up; choose a disk with --scratch",
		    file->path, (long long)size_bytes);
	mill_status status = write_out(file, err);
	if (status != MILL_OK) {
		if (scratch->on_tmpfs)
			mill_mem_discharge(scratch->mem, size_bytes);
		return status;
	}
	file->bytes += size_bytes;
	scratch->written_bytes += size_bytes;
	file->blocks++;
	file->block_records = 0;
	file->block.size_bytes = 0;
	return MILL_OK;
}

mill_status mill_spill_append(mill_spill_file *file, const void *data, size_t size_bytes, mill_error *err)
{
	static const uint8_t zeros[sizeof(block_header)];
	mill_bytes *block = &file->block;
	size_t need_bytes = sizeof(uint64_t) + mill_round_up(size_bytes, 8);
	if (file->block_records > 0 && block->size_bytes + need_bytes > MILL_SPILL_BLOCK_BYTES)
		MILL_TRY(write_block(file, err));
	size_t header_bytes = file->block_records == 0 ? sizeof(block_header) : 0;
	if (file->block_records == 0)
		block->size_bytes = 0;
	if (mill_bytes_reserve(block, header_bytes + need_bytes) != MILL_OK)
		return mill_fail_nomem(err, block->size_bytes + header_bytes + need_bytes, "spill block");
	uint64_t length = size_bytes;
	size_t padding = mill_round_up(size_bytes, 8) - size_bytes;
	/* Cannot fail: reserved above. */
	if (mill_bytes_append(block, zeros, header_bytes) != MILL_OK ||
	    mill_bytes_append(block, &length, sizeof length) != MILL_OK ||
	    mill_bytes_append(block, data, size_bytes) != MILL_OK ||
	    mill_bytes_append(block, zeros, padding) != MILL_OK)
		return mill_fail_nomem(err, need_bytes, "spill block");
	file->block_records++;
	file->records++;
	return MILL_OK;
}

mill_status mill_spill_flush(mill_spill_file *file, mill_error *err)
{
	mill_status status = write_block(file, err);
	if (status == MILL_OK)
		mill_bytes_release(&file->block);
	if (file->fd >= 0 && close(file->fd) != 0 && status == MILL_OK)
		status = fail_write(file, 0, errno, err);
	file->fd = -1;
	return status;
}

int64_t mill_spill_records(const mill_spill_file *file)
{
	return file->records;
}

int64_t mill_spill_bytes(const mill_spill_file *file)
{
	return file->bytes;
}

void mill_spill_delete(mill_spill_file *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0)
		close(file->fd);
	unlink(file->path); /* there is none before the first block */
	if (file->scratch->on_tmpfs)
		mill_mem_discharge(file->scratch->mem, file->bytes);
	mill_bytes_release(&file->block);
	mill_mem_free(file->path);
	mill_mem_free(file);
}

mill_status mill_spill_reader_open(mill_spill_file *file, mill_spill_reader **out, mill_error *err)
{
	if (file->fd >= 0 || file->block_records > 0)
		return mill_fail(err, MILL_INTERNAL, "%s: read before it was flushed", file->path);
	mill_spill_reader *reader = mill_mem_calloc(file->scratch->mem, 1, sizeof *reader);
	if (reader == NULL)
		return mill_fail_nomem(err, sizeof *reader, "spill reader");
	reader->file = file;
	reader->fd = -1;
	mill_bytes_init(&reader->payload, file->scratch->mem);
	if (file->records > 0) {
		reader->fd = open(file->path, O_RDONLY | O_CLOEXEC);
		if (reader->fd < 0) {
			mill_status status =
			    mill_fail(err, MILL_IO, "%s: cannot open: %s", file->path, strerror(errno));
			mill_mem_free(reader);
			return status;
		}
		posix_fadvise(reader->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	*out = reader;
	return MILL_OK;
}

static mill_status read_exactly(mill_spill_reader *reader, void *data, size_t size_bytes, mill_error *err)
{
	for (size_t done = 0; done < size_bytes;) {
		ssize_t got = read(reader->fd, (uint8_t *)data + done, size_bytes - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return mill_fail(err, MILL_IO, "%s: offset %lld: cannot read: %s", reader->file->path,
			                 (long long)reader->bytes, strerror(errno));
		if (got == 0)
			return mill_fail(err, MILL_IO,
			                 "%s: ends at offset %lld, before its %lld bytes: scratch was damaged",
			                 reader->file->path, (long long)reader->bytes, (long long)reader->file->bytes);
		done += (size_t)got;
		reader->bytes += got;
	}
	return MILL_OK;
}

static mill_status read_block(mill_spill_reader *reader, mill_error *err)
{
	const mill_spill_file *file = reader->file;
	int64_t start_bytes = reader->bytes;
	block_header header;
	MILL_TRY(read_exactly(reader, &header, sizeof header, err));
	if (header.magic != BLOCK_MAGIC || header.version != BLOCK_VERSION || header.payload_bytes % 8 != 0 ||
	    header.payload_bytes > (uint64_t)(file->bytes - reader->bytes))
		return mill_fail(err, MILL_IO, "%s: offset %lld: not a block: scratch was damaged", file->path,
		                 (long long)start_bytes);
	reader->payload.size_bytes = 0;
	if (mill_bytes_reserve(&reader->payload, header.payload_bytes) != MILL_OK)
		return mill_fail_nomem(err, header.payload_bytes, "spill block");
	MILL_TRY(read_exactly(reader, reader->payload.data, header.payload_bytes, err));
	reader->payload.size_bytes = header.payload_bytes;
	if (block_hash(reader->block, &header, reader->payload.data) != header.hash)
		return mill_fail(err, MILL_IO, "%s: offset %lld: checksum of a block differs: scratch was damaged",
		                 file->path, (long long)start_bytes);
	reader->block++;
	reader->at = 0;
	reader->left_in_block = header.records;
	return MILL_OK;
}

mill_status mill_spill_next(mill_spill_reader *reader, const void **data, size_t *size_bytes, mill_error *err)
{
	if (reader->records == reader->file->records) {
		*data = NULL;
		*size_bytes = 0;
		return MILL_OK;
	}
	if (reader->left_in_block == 0)
		MILL_TRY(read_block(reader, err));
	uint64_t length = 0;
	size_t room = reader->payload.size_bytes - reader->at;
	if (room >= sizeof length)
		memcpy(&length, reader->payload.data + reader->at, sizeof length);
	if (room < sizeof length || reader->left_in_block == 0 || length > room - sizeof length)
		return mill_fail(err, MILL_IO, "%s: a record passes the end of its block: scratch was damaged",
		                 reader->file->path);
	*data = reader->payload.data + reader->at + sizeof length;
	*size_bytes = length;
	reader->at += sizeof length + mill_round_up(length, 8);
	reader->left_in_block--;
	reader->records++;
	return MILL_OK;
}

void mill_spill_reader_close(mill_spill_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->fd >= 0)
		close(reader->fd);
	mill_bytes_release(&reader->payload);
	mill_mem_free(reader);
}
