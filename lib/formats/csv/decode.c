/* Columns of a batch: kernels first, full rules for the rest. */
#include "formats/csv/decode.h"

#include "base/utf8.h"
#include "column/column.h"

#include <string.h>

void mill_csv_decoder_init(mill_csv_decoder *decoder, const mill_csv_rules *rules, int simd, bool null_bad_cells,
                           mill_mem *mem)
{
	*decoder = (mill_csv_decoder){.mem = mem, .rules = rules, .simd = simd, .null_bad_cells = null_bad_cells};
	mill_bytes_init(&decoder->unescaped, mem);
	for (int i = 0; i < rules->options->null_value_count; i++) {
		const char *word = rules->options->null_values[i];
		size_t length = strlen(word);
		/* The kernels take only what begins like a number. */
		if (length > 0 && strchr("0123456789+-.", word[0]) != NULL)
			decoder->wary_lengths |= (uint64_t)1 << (length < 63 ? length : 63);
	}
}

void mill_csv_decoder_release(mill_csv_decoder *decoder)
{
	mill_mem_free(decoder->valid);
	mill_mem_free(decoder->dropped);
	mill_mem_free(decoder->slow);
	decoder->valid = decoder->dropped = NULL;
	decoder->slow = NULL;
	decoder->capacity_rows = 0;
	mill_bytes_release(&decoder->unescaped);
}

mill_status mill_csv_decoder_begin(mill_csv_decoder *d, int64_t rows, mill_error *err)
{
	d->dropped_count = 0;
	if (rows > d->capacity_rows || d->capacity_rows == 0) {
		int64_t capacity = mill_max_i64(rows, 64);
		size_t words = mill_bit_words(capacity);
		mill_bytes unescaped = d->unescaped;
		mill_bytes_init(&d->unescaped, d->mem);
		mill_csv_decoder_release(d);
		d->unescaped = unescaped;
		d->valid = mill_mem_alloc(d->mem, words * sizeof *d->valid);
		d->dropped = mill_mem_alloc(d->mem, words * sizeof *d->dropped);
		d->slow = mill_mem_alloc(d->mem, (size_t)capacity * sizeof *d->slow);
		if (d->valid == NULL || d->dropped == NULL || d->slow == NULL)
			return mill_fail_nomem(err, (size_t)rows * sizeof *d->slow, "a CSV batch");
		d->capacity_rows = capacity;
	}
	memset(d->dropped, 0, mill_bit_words(rows) * sizeof *d->dropped);
	return MILL_OK;
}

/* Notes a bad cell. */
static mill_status refuse(mill_csv_decoder *d, mill_csv_rows *rows, const mill_csv_fields *fields, int field_count,
                          int64_t row, mill_error *err)
{
	size_t length;
	const char *field = mill_csv_field(fields, row, &length);
	size_t sound = mill_utf8_valid_prefix(field, length);
	mill_csv_bad bad = {.start = fields->ends[fields->first[row]] + 1, .column = (int32_t)fields->field};
	bad.end = mill_csv_row_end(rows, fields->first[row], field_count);
	bad.cell_start = (uint32_t)((const uint8_t *)field - fields->text);
	bad.cell_end = bad.cell_start + (uint32_t)length;
	bad.reason = sound < length ? MILL_REASON_INVALID_UTF8 : MILL_REASON_BAD_VALUE;
	bad.at = bad.cell_start + (sound < length ? (uint32_t)sound : 0);
	if (!d->null_bad_cells && !mill_bit_get(d->dropped, row)) {
		mill_bit_set(d->dropped, row);
		d->dropped_count++;
	}
	return mill_csv_rows_add_bad(rows, &bad, err);
}

/* The rows that the kernel left over. */
static mill_status read_slow(mill_csv_decoder *d, mill_csv_rows *rows, const mill_csv_fields *fields, int field_count,
                             int64_t slow_count, void *values, mill_error *err)
{
	for (int64_t i = 0; i < slow_count; i++) {
		int64_t row = d->slow[i];
		size_t length;
		const char *field = mill_csv_field(fields, row, &length);
		if (length > d->unescaped.capacity_bytes && mill_bytes_reserve(&d->unescaped, length) != MILL_OK)
			return mill_fail_nomem(err, length, "a long CSV field");
		mill_csv_cell cell;
		char *scratch = (char *)d->unescaped.data;
		mill_csv_kind kind = mill_csv_convert(fields->rules, fields->type, field, length, scratch, &cell);
		if (kind == MILL_CSV_VALUE && values != NULL)
			mill_text_store(fields->type, values, row, &cell.as);
		if (kind == MILL_CSV_VALUE)
			continue;
		mill_bit_clear(d->valid, row);
		if (kind == MILL_CSV_BAD)
			MILL_TRY(refuse(d, rows, fields, field_count, row, err));
	}
	return MILL_OK;
}

/* Gives out the bitmap in d->valid, where a bit is not set. */
static mill_status set_validity(mill_csv_decoder *d, mill_column *out, mill_error *err)
{
	int64_t nulls = out->rows;
	size_t words = mill_bit_words(out->rows);
	for (size_t i = 0; i < words; i++)
		nulls -= __builtin_popcountll(d->valid[i]);
	if (nulls == 0)
		return MILL_OK;
	MILL_TRY(mill_column_add_validity(d->mem, out, err));
	memcpy(out->validity, d->valid, words * sizeof *d->valid);
	out->null_count = nulls;
	return MILL_OK;
}

/* Numbers, dates, booleans. */
static mill_status decode_values(mill_csv_decoder *d, mill_csv_rows *rows, const mill_csv_fields *fields,
                                 int field_count, mill_column *out, mill_error *err)
{
	mill_csv_output output = {.values = out == NULL ? NULL : out->values, .valid = d->valid, .slow = d->slow};
	mill_csv_kernel_fn *kernel = mill_csv_kernel_of(fields->rules, fields->type, d->simd);
	if (kernel != NULL) {
		kernel(fields, &output);
	} else {
		for (int64_t r = 0; r < fields->rows; r++)
			d->slow[r] = (uint32_t)r;
		output.slow_count = fields->rows;
		memset(d->valid, 0xFF, mill_bit_words(fields->rows) * sizeof *d->valid);
		if ((fields->rows & 63) != 0)
			d->valid[fields->rows / 64] = ((uint64_t)1 << (fields->rows & 63)) - 1;
	}
	MILL_TRY(read_slow(d, rows, fields, field_count, output.slow_count, output.values, err));
	return out == NULL ? MILL_OK : set_validity(d, out, err);
}

/* Text that is not UTF-8, row by row. With policy NULL such cells become NULL, by a copy of the column. */
static mill_status check_text(mill_csv_decoder *d, mill_csv_rows *rows, const mill_csv_fields *fields, int field_count,
                              mill_column *out, mill_error *err)
{
	int64_t found = 0;
	int32_t *indices = (int32_t *)d->slow;
	for (int64_t r = 0; r < fields->rows; r++) {
		size_t length;
		const char *field = mill_csv_field(fields, r, &length);
		indices[r] = (int32_t)r;
		if (mill_utf8_valid(field, length))
			continue;
		MILL_TRY(refuse(d, rows, fields, field_count, r, err));
		indices[r] = -1;
		found++;
	}
	if (found == 0 || out == NULL || !d->null_bad_cells)
		return MILL_OK;
	mill_column mended;
	MILL_TRY(mill_column_take(d->mem, out, indices, fields->rows, &mended, err));
	mill_column_release(out);
	*out = mended;
	return MILL_OK;
}

static mill_status decode_text(mill_csv_decoder *d, mill_csv_rows *rows, const mill_csv_fields *fields, int field_count,
                               bool text_is_valid, mill_column *out, mill_error *err)
{
	if (out != NULL) {
		mill_csv_text_output output = {out->offsets, out->bytes, d->valid};
		mill_csv_read_text(fields, d->simd, &output);
		MILL_TRY(set_validity(d, out, err));
	}
	if (text_is_valid || fields->type.id == MILL_TYPE_BINARY)
		return MILL_OK;
	return check_text(d, rows, fields, field_count, out, err);
}

mill_status mill_csv_decode(mill_csv_decoder *d, mill_csv_rows *rows, const uint8_t *text, int field, int field_count,
                            mill_type type, bool text_is_valid, mill_column *out, mill_error *err)
{
	mill_csv_fields fields = {.rules = d->rules,
	                          .text = text,
	                          .ends = rows->index.ends,
	                          .first = rows->first,
	                          .rows = rows->count,
	                          .field = (uint32_t)field,
	                          .type = type,
	                          .wary_lengths = d->wary_lengths};
	bool is_text = mill_type_is_text(type);
	mill_column column = {.rows = 0};
	if (out != NULL) {
		size_t text_bytes = is_text ? mill_csv_text_length(&fields) + MILL_CSV_TEXT_SPARE : 0;
		if (text_bytes > (size_t)INT32_MAX + MILL_CSV_TEXT_SPARE)
			return mill_fail(err, MILL_INTERNAL, "a CSV batch has more than 2 GiB of text");
		MILL_TRY(mill_column_new(d->mem, type, rows->count, text_bytes, &column, err));
		if (type.id == MILL_TYPE_BOOL)
			memset(column.values, 0, mill_bit_words(rows->count) * sizeof(uint64_t));
	}
	mill_column *output = out == NULL ? NULL : &column;
	mill_status status = is_text ? decode_text(d, rows, &fields, field_count, text_is_valid, output, err)
	                             : decode_values(d, rows, &fields, field_count, output, err);
	if (status != MILL_OK) {
		mill_column_release(&column);
		return status;
	}
	if (out != NULL)
		*out = column;
	return MILL_OK;
}
