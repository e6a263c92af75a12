/* Batches to frames. */
#include "column/bits.h"
#include "column/frame_format.h"
#include "column/layout.h"

#include <string.h>

/* The rows a frame takes, and where it goes. */
typedef struct frame_writer {
	mill_bytes *out;
	size_t start;           /* of the frame in out */
	const int32_t *indices; /* NULL: rows 0 … count − 1 */
	int64_t count;
	mill_error *err;
} frame_writer;

static inline int64_t row_at(const frame_writer *w, int64_t i)
{
	return w->indices == NULL ? i : w->indices[i];
}

/* Appends a section of size_bytes to be filled and its zero padding. The pointer holds until the next section. */
static mill_status open_section(frame_writer *w, size_t size_bytes, void *section)
{
	size_t padded = mill_round_up(size_bytes, 8);
	if (mill_bytes_reserve(w->out, padded) != MILL_OK)
		return mill_fail_nomem(w->err, padded, "frame");
	uint8_t *data = w->out->data + w->out->size_bytes;
	if (padded != size_bytes)
		memset(data + padded - 8, 0, 8);
	w->out->size_bytes += padded;
	memcpy(section, &data, sizeof(data));
	return MILL_OK;
}

/* Undoes the last section. */
static void drop_section(frame_writer *w, size_t size_bytes)
{
	w->out->size_bytes -= mill_round_up(size_bytes, 8);
}

/* What is undefined in memory must not reach a file or a checksum. */
static void zero_nulls(const frame_writer *w, size_t validity_at, uint8_t *values, size_t width)
{
	const uint64_t *validity = (const uint64_t *)(w->out->data + validity_at);
	size_t words = mill_bit_words(w->count);
	for (size_t word = 0; word < words; word++) {
		uint64_t nulls = ~validity[word] & mill_bits_mask(w->count - (int64_t)word * 64);
		for (; nulls != 0; nulls &= nulls - 1) {
			uint8_t *value = values + (word * 64 + (size_t)__builtin_ctzll(nulls)) * width;
			if (width == 8)
				memset(value, 0, 8);
			else if (width == 4)
				memset(value, 0, 4);
			else
				memset(value, 0, width);
		}
	}
}

static mill_status write_validity(frame_writer *w, const mill_column *column, mill_frame_column *d)
{
	uint64_t *bits;
	size_t bytes = mill_bit_words(w->count) * 8;
	if (column->validity == NULL || w->count == 0)
		return MILL_OK;
	MILL_TRY(open_section(w, bytes, &bits));
	if (w->indices == NULL)
		mill_bits_slice(bits, column->validity, 0, w->count);
	else
		mill_bits_take(bits, column->validity, w->indices, w->count);
	d->null_count = (uint64_t)(w->count - mill_bits_count(bits, w->count));
	d->has_validity = d->null_count != 0 && d->null_count != (uint64_t)w->count;
	if (d->null_count == (uint64_t)w->count)
		d->encoding = MILL_FRAME_ALL_NULL;
	if (!d->has_validity)
		drop_section(w, bytes);
	return MILL_OK;
}

static mill_status write_bool(frame_writer *w, const mill_column *column, size_t validity_at, mill_frame_column *d)
{
	uint64_t *bits;
	d->values_bytes = mill_bit_words(w->count) * 8;
	MILL_TRY(open_section(w, d->values_bytes, &bits));
	if (w->indices == NULL)
		mill_bits_slice(bits, column->values, 0, w->count);
	else
		mill_bits_take(bits, column->values, w->indices, w->count);
	if (d->has_validity) {
		const uint64_t *validity = (const uint64_t *)(w->out->data + validity_at);
		for (size_t word = 0; word < mill_bit_words(w->count); word++)
			bits[word] &= validity[word];
	}
	return MILL_OK;
}

static mill_status write_fixed(frame_writer *w, const mill_column *column, size_t validity_at, mill_frame_column *d)
{
	uint8_t *values;
	size_t width = mill_type_width_bytes(column->type);
	d->values_bytes = (size_t)w->count * width;
	MILL_TRY(open_section(w, d->values_bytes, &values));
	if (w->indices != NULL)
		mill_take_fixed(width, values, column->values, w->indices, w->count);
	else if (d->values_bytes > 0)
		memcpy(values, column->values, d->values_bytes);
	if (d->has_validity)
		zero_nulls(w, validity_at, values, width);
	return MILL_OK;
}

static mill_status too_much_text(const frame_writer *w, int64_t text_bytes)
{
	return mill_fail(w->err, MILL_DATA,
	                 "a frame of %lld rows would hold %lld bytes of text in one column, at most 2 GiB are possible",
	                 (long long)w->count, (long long)text_bytes);
}

/* The whole column, bytes and all. */
static mill_status write_all_text(frame_writer *w, const mill_column *column, mill_frame_column *d)
{
	uint8_t *section;
	d->values_bytes = ((size_t)w->count + 1) * sizeof(int32_t);
	MILL_TRY(open_section(w, d->values_bytes, &section));
	if (column->offsets == NULL)
		memset(section, 0, d->values_bytes);
	else
		memcpy(section, column->offsets, d->values_bytes);
	d->text_bytes = column->offsets == NULL ? 0 : (size_t)column->offsets[w->count];
	MILL_TRY(open_section(w, d->text_bytes, &section));
	if (d->text_bytes > 0)
		memcpy(section, column->bytes, d->text_bytes);
	return MILL_OK;
}

static mill_status write_taken_text(frame_writer *w, const mill_column *column, mill_frame_column *d)
{
	const int32_t *from = column->offsets;
	int32_t *offsets;
	int64_t total = 0;
	d->values_bytes = ((size_t)w->count + 1) * sizeof(int32_t);
	MILL_TRY(open_section(w, d->values_bytes, &offsets));
	offsets[0] = 0;
	for (int64_t i = 0; i < w->count; i++) {
		int32_t row = w->indices[i];
		total += from[row + 1] - from[row];
		offsets[i + 1] = (int32_t)(uint32_t)total;
	}
	if (total > INT32_MAX)
		return too_much_text(w, total);
	d->text_bytes = (uint64_t)total;
	/* Room for the last copy's 16 bytes. */
	if (mill_bytes_reserve(w->out, (size_t)total + 24) != MILL_OK)
		return mill_fail_nomem(w->err, (size_t)total, "frame");
	char *text = (char *)w->out->data + w->out->size_bytes;
	size_t readable = mill_column_text_readable(column);
	for (int64_t i = 0; i < w->count; i++) {
		size_t start = (size_t)from[w->indices[i]], size = (size_t)from[w->indices[i] + 1] - start;
		mill_copy_text(text, column->bytes + start, size, readable - start);
		text += size;
	}
	memset(text, 0, 8);
	w->out->size_bytes += mill_round_up((size_t)total, 8);
	return MILL_OK;
}

/* Text of a dictionary column written out. */
static mill_status write_decoded_text(frame_writer *w, const mill_column *column, int64_t total, mill_frame_column *d)
{
	int32_t *offsets, at = 0;
	char *text;
	if (total > INT32_MAX)
		return too_much_text(w, total);
	d->values_bytes = ((size_t)w->count + 1) * sizeof(int32_t);
	d->text_bytes = (uint64_t)total;
	MILL_TRY(open_section(w, d->values_bytes, &offsets));
	offsets[0] = 0;
	for (int64_t i = 0; i < w->count; i++) {
		int32_t length = 0;
		if (!mill_column_is_null(column, row_at(w, i)))
			(void)mill_column_text(column, row_at(w, i), &length);
		at += length;
		offsets[i + 1] = at;
	}
	MILL_TRY(open_section(w, d->text_bytes, &text));
	for (int64_t i = 0; i < w->count; i++) {
		int32_t length = 0;
		if (mill_column_is_null(column, row_at(w, i)))
			continue;
		const char *from = mill_column_text(column, row_at(w, i), &length);
		memcpy(text, from, (size_t)length);
		text += length;
	}
	return MILL_OK;
}

/* The part of a dictionary that the rows of a frame use, numbered in order of first use. */
typedef struct local_dictionary {
	int32_t *code_of; /* by the column's code: local code + 1, 0 where unused */
	int32_t *used;    /* the column's code of each local code */
	int64_t used_count;
	int64_t used_text_bytes;
	int64_t all_text_bytes; /* of the rows, were they written out */
} local_dictionary;

static mill_status find_used(const frame_writer *w, const mill_column *column, local_dictionary *local)
{
	const int32_t *codes = column->values, *offsets = column->dictionary->offsets;
	size_t entries = (size_t)column->dictionary->rows;
	local->code_of = mill_mem_calloc(w->out->mem, entries * 2, sizeof(int32_t));
	if (local->code_of == NULL)
		return mill_fail_nomem(w->err, entries * 2 * sizeof(int32_t), "dictionary of a frame");
	local->used = local->code_of + entries;
	for (int64_t i = 0; i < w->count; i++) {
		int64_t row = row_at(w, i);
		if (mill_column_is_null(column, row))
			continue;
		int32_t code = codes[row];
		int64_t length = offsets[code + 1] - offsets[code];
		local->all_text_bytes += length;
		if (local->code_of[code] == 0) {
			local->used_text_bytes += length;
			local->used[local->used_count++] = code;
			local->code_of[code] = (int32_t)local->used_count;
		}
	}
	return MILL_OK;
}

#define CODE_LOOP(T)                                                                                            \
	for (int64_t i = 0; i < w->count; i++) {                                                                \
		int64_t row = row_at(w, i);                                                                     \
		((T *)section)[i] = mill_column_is_null(column, row) ? 0 : (T)(local->code_of[codes[row]] - 1); \
	}

static mill_status write_codes(frame_writer *w, const mill_column *column, const local_dictionary *local,
                               mill_frame_column *d)
{
	const int32_t *codes = column->values;
	size_t width = mill_frame_code_bytes(d->dictionary_rows);
	void *section;
	d->values_bytes = (size_t)w->count * width;
	MILL_TRY(open_section(w, d->values_bytes, &section));
	if (width == 1) {
		CODE_LOOP(uint8_t)
	} else if (width == 2) {
		CODE_LOOP(uint16_t)
	} else {
		CODE_LOOP(uint32_t)
	}
	return MILL_OK;
}

static mill_status write_used(frame_writer *w, const mill_column *column, const local_dictionary *local,
                              mill_frame_column *d)
{
	const int32_t *from = column->dictionary->offsets;
	int32_t *offsets, at = 0;
	char *text;
	MILL_TRY(open_section(w, ((size_t)local->used_count + 1) * sizeof(int32_t), &offsets));
	offsets[0] = 0;
	for (int64_t u = 0; u < local->used_count; u++) {
		at += from[local->used[u] + 1] - from[local->used[u]];
		offsets[u + 1] = at;
	}
	d->text_bytes = (uint64_t)local->used_text_bytes;
	MILL_TRY(open_section(w, d->text_bytes, &text));
	for (int64_t u = 0; u < local->used_count; u++) {
		size_t start = (size_t)from[local->used[u]], size = (size_t)from[local->used[u] + 1] - start;
		memcpy(text, column->dictionary->bytes + start, size);
		text += size;
	}
	return MILL_OK;
}

static mill_status write_dictionary(frame_writer *w, const mill_column *column, mill_frame_column *d)
{
	local_dictionary local = {0};
	mill_status status = find_used(w, column, &local);
	if (status != MILL_OK)
		return status;
	int64_t code_bytes = (int64_t)mill_frame_code_bytes((uint64_t)local.used_count);
	int64_t as_codes = w->count * code_bytes + local.used_count * 4 + local.used_text_bytes;
	if (as_codes < w->count * 4 + local.all_text_bytes) {
		d->encoding = MILL_FRAME_DICTIONARY;
		d->dictionary_rows = (uint64_t)local.used_count;
		status = write_codes(w, column, &local, d);
		if (status == MILL_OK)
			status = write_used(w, column, &local, d);
	} else {
		status = write_decoded_text(w, column, local.all_text_bytes, d);
	}
	mill_mem_free(local.code_of);
	return status;
}

static mill_status write_column(frame_writer *w, const mill_column *column, mill_frame_column *d)
{
	*d = (mill_frame_column){.type_id = column->type.id};
	if (column->type.id == MILL_TYPE_DECIMAL) {
		d->precision = column->type.precision;
		d->scale = column->type.scale;
	}
	d->zoned = column->type.id == MILL_TYPE_TIMESTAMP && column->type.zoned;
	size_t validity_at = w->out->size_bytes;
	MILL_TRY(write_validity(w, column, d));
	if (d->encoding == MILL_FRAME_ALL_NULL)
		return MILL_OK;
	if (column->dictionary != NULL)
		return write_dictionary(w, column, d);
	if (mill_type_is_text(column->type))
		return (w->indices == NULL ? write_all_text : write_taken_text)(w, column, d);
	return (column->type.id == MILL_TYPE_BOOL ? write_bool : write_fixed)(w, column, validity_at, d);
}

static mill_status write_frame(frame_writer *w, const mill_batch *batch, uint32_t bucket, uint32_t unit)
{
	uint8_t *section;
	size_t head_bytes = sizeof(mill_frame_header) + (size_t)batch->column_count * sizeof(mill_frame_column);
	MILL_TRY(open_section(w, head_bytes, &section));
	for (int c = 0; c < batch->column_count; c++) {
		mill_frame_column d;
		if (mill_type_is_nested(batch->columns[c].type))
			return mill_fail(w->err, MILL_NOT_YET, "frames of lists and structs are not supported yet");
		MILL_TRY(write_column(w, &batch->columns[c], &d));
		memcpy(w->out->data + w->start + sizeof(mill_frame_header) + (size_t)c * sizeof(d), &d, sizeof(d));
	}
	mill_frame_header header = {MILL_FRAME_MAGIC,
	                            MILL_FRAME_VERSION,
	                            0,
	                            bucket,
	                            unit,
	                            (uint64_t)w->count,
	                            w->out->size_bytes - w->start,
	                            (uint32_t)batch->column_count,
	                            (uint32_t)batch->id_words};
	memcpy(w->out->data + w->start, &header, sizeof(header));
	return MILL_OK;
}

mill_status mill_frame_write(const mill_batch *batch, const int32_t *indices, int64_t count, uint32_t bucket,
                             uint32_t unit, mill_bytes *out, mill_error *err)
{
	if (out->size_bytes % 8 != 0 || count < 0 || count > INT32_MAX)
		return mill_fail(err, MILL_INTERNAL, "a frame of %lld rows at byte %zu", (long long)count,
		                 out->size_bytes);
	frame_writer w = {out, out->size_bytes, indices, indices == NULL ? batch->rows : count, err};
	mill_status status = write_frame(&w, batch, bucket, unit);
	if (status != MILL_OK)
		out->size_bytes = w.start;
	return status;
}
