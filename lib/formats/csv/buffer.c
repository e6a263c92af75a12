/* The stretch of text at hand: reading on, moving, growing. */
#include "formats/csv/buffer.h"

#include "base/checked.h"

#include <string.h>

mill_status mill_csv_buffer_take(mill_csv_buffer *buffer, mill_reader *reader, mill_codec codec, size_t step_bytes,
                                 mill_mem *mem, mill_error *err)
{
	mill_csv_buffer w = {.mem = mem, .reader = reader, .step_bytes = step_bytes};
	mill_status status = MILL_OK;
	if (codec != MILL_CODEC_NONE)
		status = mill_stream_open(w.reader, codec, mem, &w.stream, err);
	if (status != MILL_OK) {
		mill_csv_buffer_close(&w);
		return status;
	}
	/* The block outlives the file: most files are of a size. */
	w.block = buffer->block;
	w.block_bytes = buffer->block_bytes;
	w.text = w.block == NULL ? NULL : w.block + MILL_CSV_SLACK_BYTES;
	buffer->block = NULL;
	mill_csv_buffer_close(buffer);
	*buffer = w;
	return MILL_OK;
}

mill_status mill_csv_buffer_open(mill_csv_buffer *buffer, mill_storage *storage, const mill_input_file *file,
                                 size_t step_bytes, mill_mem *mem, mill_error *err)
{
	mill_reader *reader = NULL;
	MILL_TRY(mill_reader_open_version(storage, file->uri, file->version, &reader, err));
	return mill_csv_buffer_take(buffer, reader, file->codec, step_bytes, mem, err);
}

void mill_csv_buffer_close(mill_csv_buffer *buffer)
{
	mill_stream_close(buffer->stream);
	mill_reader_close(buffer->reader);
	mill_mem_free(buffer->block);
	*buffer = (mill_csv_buffer){0};
}

void mill_csv_buffer_drop(mill_csv_buffer *buffer, size_t size_bytes)
{
	if (size_bytes == 0)
		return;
	buffer->text += size_bytes;
	buffer->size_bytes -= size_bytes;
	buffer->offset += (int64_t)size_bytes;
}

mill_status mill_csv_buffer_seek(mill_csv_buffer *buffer, int64_t offset, mill_error *err)
{
	bool inside = offset >= buffer->offset && offset - buffer->offset <= (int64_t)buffer->size_bytes;
	if (buffer->stream == NULL && !inside) {
		buffer->size_bytes = 0;
		buffer->offset = offset;
		buffer->at_end = false;
		return MILL_OK;
	}
	if (offset < buffer->offset)
		return mill_fail(err, MILL_INTERNAL, "%s: a compressed file is read forward only",
		                 mill_reader_uri(buffer->reader));
	while (offset - buffer->offset > (int64_t)buffer->size_bytes && !buffer->at_end) {
		mill_csv_buffer_drop(buffer, buffer->size_bytes);
		MILL_TRY(mill_csv_buffer_more(buffer, err));
	}
	mill_csv_buffer_drop(buffer, (size_t)mill_min_i64(offset - buffer->offset, (int64_t)buffer->size_bytes));
	return MILL_OK;
}

/* Room for step_bytes behind the text: by moving the text to the block's front where that frees enough, else by a
 * larger block. */
static mill_status make_room(mill_csv_buffer *w, mill_error *err)
{
	size_t front = w->block == NULL ? 0 : (size_t)(w->text - w->block);
	size_t needed = w->size_bytes + w->step_bytes + 2 * MILL_CSV_SLACK_BYTES;
	if (w->block != NULL && front + w->size_bytes + w->step_bytes + MILL_CSV_SLACK_BYTES <= w->block_bytes)
		return MILL_OK;
	if (w->block != NULL && needed <= w->block_bytes && w->size_bytes <= w->block_bytes / 2) {
		memmove(w->block + MILL_CSV_SLACK_BYTES, w->text, w->size_bytes);
		w->text = w->block + MILL_CSV_SLACK_BYTES;
		return MILL_OK;
	}
	size_t block_bytes = needed + (needed > 4 * w->step_bytes ? needed / 2 : needed);
	uint8_t *block = mill_mem_alloc(w->mem, block_bytes);
	if (block == NULL)
		return mill_fail_nomem(err, block_bytes, "the text of a CSV batch");
	memset(block, 0, MILL_CSV_SLACK_BYTES);
	if (w->size_bytes > 0)
		memcpy(block + MILL_CSV_SLACK_BYTES, w->text, w->size_bytes);
	mill_mem_free(w->block);
	w->block = block;
	w->block_bytes = block_bytes;
	w->text = block + MILL_CSV_SLACK_BYTES;
	return MILL_OK;
}

mill_status mill_csv_buffer_more(mill_csv_buffer *w, mill_error *err)
{
	if (w->size_bytes + w->step_bytes > MILL_CSV_MAX_ROW_BYTES + w->step_bytes)
		return mill_fail(err, MILL_DATA,
		                 "%s: the row at offset %lld is longer than 2 GiB; is a quote left open there?",
		                 mill_reader_uri(w->reader), (long long)w->offset);
	MILL_TRY(make_room(w, err));
	uint8_t *end = w->block + (w->text - w->block) + w->size_bytes;
	int64_t offset = w->offset + (int64_t)w->size_bytes;
	size_t got = 0;
	if (w->stream != NULL)
		MILL_TRY(mill_stream_read(w->stream, end, w->step_bytes, &got, err));
	else
		MILL_TRY(mill_reader_read(w->reader, offset, end, w->step_bytes, &got, err));
	memset(end + got, 0, MILL_CSV_SLACK_BYTES);
	w->size_bytes += got;
	w->at_end = got < w->step_bytes;
	return MILL_OK;
}
