#include "store/write/stream.h"

#include "store/row_hash.h"

#include <string.h>

static mill_status create(mill_shard_stream *stream, bool grows, mill_error *err)
{
	const int8_t valid = 1;
	bool empty = stream->total_rows == 0 || stream->row_bytes == 0;
	mill_h5_dataset dataset = {.link = stream->link,
	                           .type = stream->type,
	                           .rank = stream->rank,
	                           .shape = {(hsize_t)stream->total_rows, (hsize_t)stream->width},
	                           .grows = grows,
	                           .chunk_rows = empty ? 0 : stream->chunk_rows,
	                           .compression = stream->codec->compression,
	                           .fill = stream->kind == MILL_STREAM_SPARSE ? &valid : NULL};
	return mill_h5_create_dataset(stream->file, &dataset, &stream->dataset, err);
}

mill_status mill_shard_stream_open(mill_shard_stream *stream, mill_shard_stream_kind kind, hid_t file, const char *link,
                                   hid_t type, int rank, int64_t width, int64_t total_rows, mill_chunk_codec *codec,
                                   mill_error *err)
{
	memset(stream, 0, sizeof(*stream));
	stream->kind = kind;
	stream->file = file;
	stream->type = type;
	stream->dataset = H5I_INVALID_HID;
	stream->rank = rank;
	stream->width = width;
	stream->element_bytes = H5Tget_size(type);
	stream->row_bytes = stream->element_bytes * (size_t)width;
	stream->total_rows = kind == MILL_STREAM_GROWING ? 0 : total_rows;
	stream->chunk_rows =
	    kind == MILL_STREAM_GROWING ? MILL_STORE_CHUNK_BYTES : mill_store_chunk_rows(stream->row_bytes, total_rows);
	stream->codec = codec;
	memcpy(stream->link, link, strlen(link) + 1);
	if (stream->row_bytes > UINT32_MAX)
		return mill_fail(err, MILL_USAGE, "store: a row of %s takes %zu bytes; HDF5 chunks end at 4 GiB", link,
		                 stream->row_bytes);
	return kind == MILL_STREAM_FIXED ? create(stream, false, err) : MILL_OK;
}

void mill_shard_stream_release(mill_shard_stream *stream)
{
	mill_h5_close(stream->dataset);
	mill_h5_close(stream->type);
	mill_mem_free(stream->staging);
	stream->dataset = H5I_INVALID_HID;
	stream->type = H5I_INVALID_HID;
	stream->staging = NULL;
	stream->staging_rows = 0;
	stream->staged_rows = 0;
}

int64_t mill_shard_stream_room(const mill_shard_stream *stream)
{
	return mill_max_i64(1, stream->chunk_rows - stream->staged_rows);
}

static mill_status reserve(mill_shard_stream *stream, int64_t rows, mill_error *err)
{
	if (rows <= stream->staging_rows)
		return MILL_OK;
	int64_t room = mill_max_i64(rows, stream->chunk_rows);
	uint8_t *grown = mill_mem_realloc(stream->codec->mem, stream->staging, (size_t)room * stream->row_bytes);
	if (grown == NULL)
		return mill_fail_nomem(err, (size_t)room * stream->row_bytes, "chunk of a shard");
	stream->staging = grown;
	stream->staging_rows = room;
	return MILL_OK;
}

mill_status mill_shard_stream_stage(mill_shard_stream *stream, int64_t rows, void **out, mill_error *err)
{
	MILL_TRY(reserve(stream, stream->staged_rows + rows, err));
	*out = stream->staging + (size_t)stream->staged_rows * stream->row_bytes;
	stream->staged_rows += rows;
	if (stream->kind == MILL_STREAM_GROWING)
		stream->total_rows += rows;
	return MILL_OK;
}

mill_status mill_shard_stream_stage_validity(mill_shard_stream *stream, const uint64_t *validity, int64_t from,
                                             int64_t rows, mill_error *err)
{
	bool with_null = !mill_all_valid(validity, from, rows);
	if (with_null && stream->staging == NULL) {
		MILL_TRY(reserve(stream, stream->chunk_rows, err));
		memset(stream->staging, 1, (size_t)stream->chunk_rows);
	}
	for (int64_t r = 0; with_null && r < rows; r++)
		stream->staging[stream->staged_rows + r] = mill_bit_get(validity, from + r);
	stream->staged_rows += rows;
	return MILL_OK;
}

/* Places rows chunk_rows × chunks_done … of the dataset from `raw`, a whole chunk. */
static mill_status write_chunk(mill_shard_stream *stream, const void *raw, mill_error *err)
{
	const void *encoded = NULL;
	size_t encoded_bytes = 0;
	bool filtered = false;
	MILL_TRY(mill_chunk_codec_encode(stream->codec, raw, (size_t)stream->chunk_rows * stream->row_bytes,
	                                 stream->element_bytes, &encoded, &encoded_bytes, &filtered, err));
	/* Bit i set: filter i was not applied. */
	static const uint32_t all_masked[] = {
	    [MILL_COMPRESS_NONE] = 0, [MILL_COMPRESS_DEFLATE] = 1, [MILL_COMPRESS_SHUFFLE_DEFLATE] = 3};
	uint32_t mask = filtered ? 0 : all_masked[stream->codec->compression.kind];
	hsize_t offset[2] = {(hsize_t)(stream->chunks_done * stream->chunk_rows), 0};
	if (H5Dwrite_chunk(stream->dataset, H5P_DEFAULT, mask, offset, encoded_bytes, encoded) < 0)
		return mill_h5_fail(err, MILL_IO, "chunk %lld of %s cannot be written", (long long)stream->chunks_done,
		                    stream->link);
	stream->chunks_done++;
	return MILL_OK;
}

static mill_status extend(mill_shard_stream *stream, int64_t rows, mill_error *err)
{
	hsize_t shape[2] = {(hsize_t)rows, (hsize_t)stream->width};
	if (H5Dset_extent(stream->dataset, shape) < 0)
		return mill_h5_fail(err, MILL_IO, "dataset %s cannot be extended", stream->link);
	return MILL_OK;
}

static mill_status flush_growing(mill_shard_stream *stream, mill_error *err)
{
	int64_t taken = 0;
	while (stream->staged_rows - taken >= stream->chunk_rows) {
		if (stream->dataset < 0)
			MILL_TRY(create(stream, true, err));
		MILL_TRY(extend(stream, (stream->chunks_done + 1) * stream->chunk_rows, err));
		MILL_TRY(write_chunk(stream, stream->staging + (size_t)taken * stream->row_bytes, err));
		taken += stream->chunk_rows;
	}
	if (taken > 0) {
		stream->staged_rows -= taken;
		memmove(stream->staging, stream->staging + (size_t)taken * stream->row_bytes,
		        (size_t)stream->staged_rows * stream->row_bytes);
	}
	return MILL_OK;
}

static mill_status flush_sparse(mill_shard_stream *stream, mill_error *err)
{
	if (stream->staging == NULL) {
		stream->chunks_done++;
	} else {
		if (stream->dataset < 0)
			MILL_TRY(create(stream, false, err));
		MILL_TRY(write_chunk(stream, stream->staging, err));
		mill_mem_free(stream->staging);
		stream->staging = NULL;
		stream->staging_rows = 0;
	}
	stream->staged_rows = 0;
	return MILL_OK;
}

mill_status mill_shard_stream_flush(mill_shard_stream *stream, mill_error *err)
{
	if (stream->kind == MILL_STREAM_GROWING)
		return flush_growing(stream, err);
	if (stream->staged_rows < stream->chunk_rows)
		return MILL_OK;
	if (stream->kind == MILL_STREAM_SPARSE)
		return flush_sparse(stream, err);
	stream->staged_rows = 0;
	if (stream->row_bytes == 0)
		return MILL_OK;
	return write_chunk(stream, stream->staging, err);
}

static mill_status finish_growing(mill_shard_stream *stream, mill_error *err)
{
	MILL_TRY(flush_growing(stream, err));
	if (stream->dataset < 0) {
		stream->chunk_rows = mill_max_i64(1, stream->total_rows);
		MILL_TRY(create(stream, false, err));
	} else {
		MILL_TRY(extend(stream, stream->total_rows, err));
	}
	if (stream->staged_rows == 0)
		return MILL_OK;
	MILL_TRY(reserve(stream, stream->chunk_rows, err));
	memset(stream->staging + stream->staged_rows, 0, (size_t)(stream->chunk_rows - stream->staged_rows));
	return write_chunk(stream, stream->staging, err);
}

mill_status mill_shard_stream_finish(mill_shard_stream *stream, mill_error *err)
{
	if (stream->kind == MILL_STREAM_GROWING)
		return finish_growing(stream, err);
	MILL_TRY(mill_shard_stream_flush(stream, err));
	if (stream->staged_rows == 0)
		return MILL_OK;
	if (stream->kind == MILL_STREAM_SPARSE)
		return flush_sparse(stream, err);
	size_t staged_bytes = (size_t)stream->staged_rows * stream->row_bytes;
	memset(stream->staging + staged_bytes, 0, (size_t)stream->chunk_rows * stream->row_bytes - staged_bytes);
	stream->staged_rows = 0;
	return stream->row_bytes == 0 ? MILL_OK : write_chunk(stream, stream->staging, err);
}
