/* Frames to batches; every byte is checked before it is used. */
#include "column/bits.h"
#include "column/frame_format.h"
#include "column/layout.h"

#include <string.h>

static mill_status corrupt(mill_error *err, const char *what, uint64_t value)
{
	return mill_fail(err, MILL_DATA, "corrupt frame: %s (%llu)", what, (unsigned long long)value);
}

static mill_status read_header(const void *data, size_t size_bytes, mill_frame_header *out, mill_error *err)
{
	mill_frame_header header;
	if (size_bytes < sizeof(header))
		return corrupt(err, "cut short in its header", size_bytes);
	memcpy(&header, data, sizeof(header));
	if (header.magic != MILL_FRAME_MAGIC)
		return corrupt(err, "not a frame", header.magic);
	if (header.version != MILL_FRAME_VERSION || header.flags != 0)
		return corrupt(err, "another version of the format", header.version);
	if (header.size_bytes % 8 != 0 || header.size_bytes < sizeof(header))
		return corrupt(err, "an impossible size", header.size_bytes);
	if (header.size_bytes > size_bytes)
		return corrupt(err, "cut short", size_bytes);
	if (header.rows > INT32_MAX)
		return corrupt(err, "an impossible row count", header.rows);
	if (header.column_count > (header.size_bytes - sizeof(header)) / sizeof(mill_frame_column))
		return corrupt(err, "more columns than it has room for", header.column_count);
	if (header.id_words > header.column_count)
		return corrupt(err, "more id words than columns", header.id_words);
	*out = header;
	return MILL_OK;
}

mill_status mill_frame_peek(const void *data, size_t size_bytes, mill_frame_info *out, mill_error *err)
{
	mill_frame_header header;
	MILL_TRY(read_header(data, size_bytes, &header, err));
	out->bucket = header.bucket;
	out->unit = header.unit;
	out->rows = (int64_t)header.rows;
	out->size_bytes = header.size_bytes;
	return MILL_OK;
}

typedef struct frame_reader {
	mill_bytes_view view; /* the frame; `at` is where the next section starts */
	mill_mem *mem;
	int64_t rows;
	mill_error *err;
} frame_reader;

/* The next section, of size_bytes without its padding. */
static mill_status take_section(frame_reader *r, uint64_t size_bytes, const uint8_t **section)
{
	const uint8_t *padding;
	if (size_bytes > r->view.size_bytes || !mill_view_bytes(&r->view, (size_t)size_bytes, section) ||
	    !mill_view_bytes(&r->view, (8 - size_bytes % 8) % 8, &padding))
		return corrupt(r->err, "a section past its end", size_bytes);
	return MILL_OK;
}

static mill_status read_type(const mill_frame_column *d, mill_type *out, mill_error *err)
{
	bool is_decimal = d->type_id == MILL_TYPE_DECIMAL;
	if (!mill_type_id_is_known(d->type_id))
		return corrupt(err, "an unknown type", d->type_id);
	mill_type type = {(mill_type_id)d->type_id, d->precision, d->scale, d->zoned != 0};
	if (mill_type_is_nested(type))
		return mill_fail(err, MILL_NOT_YET, "frames of lists and structs are not supported yet");
	if (d->child_count != 0)
		return corrupt(err, "an unknown type", d->type_id);
	if (is_decimal ? d->precision < 1 || d->precision > 38 || d->scale > d->precision
	               : d->precision + d->scale != 0)
		return corrupt(err, "an impossible decimal", d->precision);
	if (d->zoned > (d->type_id == MILL_TYPE_TIMESTAMP))
		return corrupt(err, "a zone without a timestamp", d->type_id);
	*out = type;
	return MILL_OK;
}

static mill_status check_descriptor(const frame_reader *r, const mill_frame_column *d)
{
	uint64_t rows = (uint64_t)r->rows;
	bool is_text = d->type_id == MILL_TYPE_STRING || d->type_id == MILL_TYPE_BINARY;
	if (d->encoding > MILL_FRAME_ALL_NULL || (d->encoding == MILL_FRAME_DICTIONARY && !is_text))
		return corrupt(r->err, "an unknown encoding", d->encoding);
	if (d->encoding == MILL_FRAME_ALL_NULL
	        ? d->null_count != rows || rows == 0 || d->has_validity != 0
	        : d->has_validity != (d->null_count != 0) || (d->null_count >= rows && rows != 0))
		return corrupt(r->err, "a wrong number of NULLs", d->null_count);
	if (d->type_id == MILL_TYPE_NULL && d->encoding != MILL_FRAME_ALL_NULL && rows != 0)
		return corrupt(r->err, "values of an untyped column", rows);
	if (d->encoding != MILL_FRAME_DICTIONARY && d->dictionary_rows != 0)
		return corrupt(r->err, "a dictionary out of place", d->dictionary_rows);
	if (!is_text && d->text_bytes != 0)
		return corrupt(r->err, "text out of place", d->text_bytes);
	if (d->text_bytes > INT32_MAX || d->dictionary_rows > INT32_MAX)
		return corrupt(r->err, "an impossible size", d->text_bytes);
	return MILL_OK;
}

static mill_status read_validity(frame_reader *r, const mill_frame_column *d, mill_column *column)
{
	const uint8_t *section;
	if (d->has_validity == 0)
		return MILL_OK;
	size_t bytes = mill_bit_words(r->rows) * 8;
	MILL_TRY(take_section(r, bytes, &section));
	MILL_TRY(mill_column_add_validity(r->mem, column, r->err));
	memcpy(column->validity, section, bytes);
	column->null_count = (int64_t)d->null_count;
	return MILL_OK;
}

/* offsets and bytes of a text column of `rows` rows, read into *out (zeroed). */
static mill_status read_text(frame_reader *r, mill_type type, int64_t rows, uint64_t text_bytes, mill_column *out)
{
	const uint8_t *section;
	size_t offset_bytes = ((size_t)rows + 1) * sizeof(int32_t);
	MILL_TRY(take_section(r, offset_bytes, &section));
	MILL_TRY(mill_column_new_offsets(r->mem, type, rows, out, r->err));
	memcpy(out->offsets, section, offset_bytes);
	if (out->offsets[rows] < 0 || (uint64_t)out->offsets[rows] != text_bytes)
		return corrupt(r->err, "text of another length", text_bytes);
	MILL_TRY(take_section(r, text_bytes, &section));
	MILL_TRY(mill_column_add_text(r->mem, out, (size_t)text_bytes, r->err));
	if (text_bytes > 0)
		memcpy(out->bytes, section, (size_t)text_bytes);
	return MILL_OK;
}

static void widen_codes(const uint8_t *restrict section, size_t width, int64_t rows, int32_t *restrict codes)
{
	if (width == 4) {
		memcpy(codes, section, (size_t)rows * sizeof(int32_t));
		return;
	}
	for (int64_t i = 0; width == 1 && i < rows; i++)
		codes[i] = section[i];
	for (int64_t i = 0; width == 2 && i < rows; i++)
		codes[i] = section[2 * i] | section[2 * i + 1] << 8;
}

static mill_status read_dictionary(frame_reader *r, const mill_frame_column *d, mill_type type, mill_column *column)
{
	const uint8_t *section;
	size_t width = mill_frame_code_bytes(d->dictionary_rows);
	if (d->values_bytes != (uint64_t)r->rows * width)
		return corrupt(r->err, "codes of another length", d->values_bytes);
	MILL_TRY(take_section(r, d->values_bytes, &section));
	MILL_TRY(mill_column_new(r->mem, mill_type_of(MILL_TYPE_INT32), r->rows, 0, column, r->err));
	column->type = type;
	widen_codes(section, width, r->rows, column->values);
	mill_column values = {0};
	mill_status status = read_text(r, type, (int64_t)d->dictionary_rows, d->text_bytes, &values);
	if (status != MILL_OK) {
		mill_column_release(&values);
		return status;
	}
	return mill_dictionary_new(r->mem, &values, &column->dictionary, r->err);
}

static mill_status read_fixed(frame_reader *r, const mill_frame_column *d, mill_type type, mill_column *column)
{
	const uint8_t *section;
	uint64_t expected = mill_type_values_bytes(type, r->rows);
	if (d->values_bytes != expected)
		return corrupt(r->err, "values of another length", d->values_bytes);
	MILL_TRY(take_section(r, expected, &section));
	MILL_TRY(mill_column_new(r->mem, type, r->rows, 0, column, r->err));
	if (expected > 0)
		memcpy(column->values, section, (size_t)expected);
	return MILL_OK;
}

static mill_status read_values(frame_reader *r, const mill_frame_column *d, mill_type type, mill_column *column)
{
	if (d->encoding == MILL_FRAME_DICTIONARY)
		return read_dictionary(r, d, type, column);
	if (!mill_type_is_text(type))
		return read_fixed(r, d, type, column);
	if (d->values_bytes != ((uint64_t)r->rows + 1) * sizeof(int32_t))
		return corrupt(r->err, "offsets of another length", d->values_bytes);
	return read_text(r, type, r->rows, d->text_bytes, column);
}

/* On failure `column` may hold buffers: the batch releases them. */
static mill_status read_column(frame_reader *r, const mill_frame_column *d, mill_column *column)
{
	mill_type type;
	MILL_TRY(read_type(d, &type, r->err));
	MILL_TRY(check_descriptor(r, d));
	if (d->encoding == MILL_FRAME_ALL_NULL)
		return mill_column_nulls(r->mem, type, r->rows, column, r->err);
	mill_column holder = {.type = type, .rows = r->rows};
	mill_status status = read_validity(r, d, &holder);
	if (status == MILL_OK)
		status = read_values(r, d, type, column);
	if (status != MILL_OK) {
		mill_column_release(&holder);
		return status;
	}
	column->owners[0] = holder.owners[0];
	column->validity = holder.validity;
	column->null_count = holder.null_count;
	return mill_column_validate(column, r->err);
}

static mill_status read_columns(frame_reader *r, const mill_frame_header *header, mill_batch *batch)
{
	size_t head_bytes = sizeof(*header) + header->column_count * sizeof(mill_frame_column);
	r->view.at = mill_round_up(head_bytes, 8);
	for (int c = 0; c < batch->column_count; c++) {
		mill_frame_column d;
		memcpy(&d, r->view.data + sizeof(*header) + (size_t)c * sizeof(d), sizeof(d));
		bool is_id = c >= batch->column_count - batch->id_words;
		if (is_id && (d.type_id != MILL_TYPE_UINT64 || d.null_count != 0))
			return corrupt(r->err, "a row id of another type", d.type_id);
		mill_status status = read_column(r, &d, &batch->columns[c]);
		if (status != MILL_OK)
			return mill_fail_context(r->err, status, "frame, column %d", c);
	}
	return r->view.at == header->size_bytes ? MILL_OK : corrupt(r->err, "bytes after its last section", r->view.at);
}

mill_status mill_frame_read(const void *data, size_t size_bytes, mill_mem *mem, mill_batch *out, mill_error *err)
{
	mill_frame_header header;
	mill_batch batch;
	MILL_TRY(read_header(data, size_bytes, &header, err));
	MILL_TRY(mill_batch_new(mem, (int)header.column_count, (int)header.id_words, &batch, err));
	batch.rows = (int64_t)header.rows;
	frame_reader r = {{data, (size_t)header.size_bytes, 0}, mem, batch.rows, err};
	mill_status status = read_columns(&r, &header, &batch);
	if (status != MILL_OK) {
		mill_batch_release(&batch);
		return status;
	}
	*out = batch;
	return MILL_OK;
}
