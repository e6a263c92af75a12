/* One batch of the CSV scan: rows, verdicts, filter, columns. */
#include "formats/batch.h"
#include "base/utf8.h"
#include "formats/csv/scan.h"

#include <string.h>

/* From this share of kept rows on, numbers are decoded before the filter. */
#define EAGER_SHARE 4

static mill_status decode_field(mill_csv_reader *r, int field, bool text_is_valid, bool store, mill_error *err)
{
	mill_column *out = store ? &r->decoded[field] : NULL;
	return mill_csv_decode(&r->decoder, &r->rows, r->buffer.text, field, r->table->base.file_column_count,
	                       r->fields[field].type, text_is_valid, out, err);
}

/* Every column is looked at, wanted or not: verdicts do not depend on the columns selected. */
static mill_status judge_fields(mill_csv_reader *r, bool text_is_valid, mill_error *err)
{
	for (int f = 0; f < r->table->base.file_column_count; f++) {
		const mill_csv_field_plan *plan = &r->fields[f];
		bool is_text = mill_type_is_text(plan->type);
		bool now = r->spec.filter == NULL || (r->decode_eagerly && !is_text);
		bool store = plan->is_in_filter || (plan->is_wanted && now);
		if (store || !is_text || !text_is_valid)
			MILL_TRY(decode_field(r, f, text_is_valid, store, err));
	}
	return MILL_OK;
}

/* Keeps the rows whose bit is set, in `first` and in what is decoded. */
static mill_status keep_rows(mill_csv_reader *r, const uint64_t *keep, int64_t kept, mill_error *err)
{
	mill_csv_rows *rows = &r->rows;
	if (kept == rows->count)
		return MILL_OK;
	for (int f = 0; f < r->table->base.file_column_count; f++) {
		mill_column *column = &r->decoded[f];
		if (column->owners[0] == NULL && column->owners[1] == NULL)
			continue;
		mill_column fewer;
		MILL_TRY(mill_column_filter(r->mem, column, keep, kept, &fewer, err));
		mill_column_release(column);
		*column = fewer;
	}
	int64_t n = 0;
	for (int64_t i = 0; i < rows->count; i++) {
		rows->first[n] = rows->first[i];
		n += mill_bit_get(keep, i) ? 1 : 0;
	}
	rows->count = kept;
	return MILL_OK;
}

static mill_status drop_bad_rows(mill_csv_reader *r, mill_error *err)
{
	mill_csv_decoder *d = &r->decoder;
	if (d->dropped_count == 0)
		return MILL_OK;
	int64_t rows = r->rows.count;
	for (size_t i = 0; i < mill_bit_words(rows); i++)
		d->dropped[i] = ~d->dropped[i];
	if ((rows & 63) != 0)
		d->dropped[rows / 64] &= ((uint64_t)1 << (rows & 63)) - 1;
	return keep_rows(r, d->dropped, rows - d->dropped_count, err);
}

static inline int64_t row_offset(const mill_csv_reader *r, int64_t row)
{
	return r->buffer.offset + (int64_t)(uint32_t)(r->rows.index.ends[r->rows.first[row]] + 1);
}

static mill_status offset_column(mill_csv_reader *r, mill_type_id type, mill_column *out, mill_error *err)
{
	MILL_TRY(mill_column_new(r->mem, mill_type_of(type), r->rows.count, 0, out, err));
	int64_t *restrict values = out->values;
	for (int64_t i = 0; i < r->rows.count; i++)
		values[i] = row_offset(r, i);
	return MILL_OK;
}

static mill_status line_column(mill_csv_reader *r, mill_column *out, mill_error *err)
{
	MILL_TRY(mill_column_new(r->mem, mill_type_of(MILL_TYPE_INT64), r->rows.count, 0, out, err));
	int64_t *restrict values = out->values;
	mill_csv_line_cursor cursor = r->line;
	for (int64_t i = 0; i < r->rows.count; i++) {
		size_t position = (size_t)(row_offset(r, i) - r->buffer.offset);
		values[i] = r->line_base + mill_csv_line_at(r, &cursor, position) + 1;
	}
	return MILL_OK;
}

static mill_status make_column(mill_csv_reader *r, int at, mill_column *out, mill_error *err)
{
	switch (mill_scan_column_of(&r->table->base, &r->spec, at)) {
	case MILL_SCAN_OF_FILE: *out = mill_column_retain(&r->decoded[r->spec.columns[at]]); return MILL_OK;
	case MILL_SCAN_LINE: return line_column(r, out, err);
	case MILL_SCAN_OFFSET: return offset_column(r, MILL_TYPE_INT64, out, err);
	case MILL_SCAN_ID_OFFSET: return offset_column(r, MILL_TYPE_UINT64, out, err);
	case MILL_SCAN_OF_FOLDER:
	case MILL_SCAN_FILE:
	case MILL_SCAN_ID_FILE: break;
	}
	return mill_scan_constant(&r->table->base, &r->spec, at, r->buffer_file, r->rows.count, r->mem, out, err);
}

/* Fills the batch's columns for which needs[at] is set (NULL: all); file columns are taken from `decoded`. */
static mill_status fill_batch(mill_csv_reader *r, const bool *needs, mill_batch *batch, mill_error *err)
{
	batch->rows = r->rows.count;
	for (int at = 0; at < batch->column_count; at++) {
		bool is_id = at >= mill_batch_visible(batch);
		if (needs == NULL || is_id || needs[at])
			MILL_TRY(make_column(r, at, &batch->columns[at], err));
	}
	return MILL_OK;
}

/* Runs the filter and decodes what it did not need for the rows that it keeps. */
static mill_status filter_rows(mill_csv_reader *r, bool text_is_valid, mill_error *err)
{
	mill_scan_filter *filter = r->spec.filter;
	if (filter == NULL || r->rows.count == 0)
		return MILL_OK;
	mill_batch batch = {0};
	int64_t rows = r->rows.count, kept = 0;
	uint64_t *keep = r->decoder.valid;
	mill_status status;
	MILL_TRY(mill_scan_new_batch(&r->spec, r->mem, &batch, err));
	MILL_TRY_GOTO(fill_batch(r, r->filter_needs, &batch, err), done);
	MILL_TRY_GOTO(filter->keep(filter, &batch, keep, &kept, err), done);
	mill_batch_release(&batch);
	MILL_TRY_GOTO(keep_rows(r, keep, kept, err), done);
	for (int f = 0; f < r->table->base.file_column_count; f++) {
		const mill_csv_field_plan *plan = &r->fields[f];
		bool is_text = mill_type_is_text(plan->type);
		if (plan->is_wanted && !plan->is_in_filter && (is_text || !r->decode_eagerly))
			MILL_TRY_GOTO(decode_field(r, f, text_is_valid, true, err), done);
	}
	r->base.counts.filtered_rows += rows - kept;
	r->decode_eagerly = kept >= rows / EAGER_SHARE;
done:
	mill_batch_release(&batch);
	return status;
}

static mill_status push_batch(mill_csv_reader *r, mill_sink *sink, mill_error *err)
{
	if (r->rows.count == 0)
		return MILL_OK;
	mill_batch batch = {0};
	mill_status status = mill_scan_new_batch(&r->spec, r->mem, &batch, err);
	if (status == MILL_OK)
		status = fill_batch(r, NULL, &batch, err);
	if (status == MILL_OK)
		status = mill_sink_push(sink, &batch, err);
	mill_batch_release(&batch);
	return status;
}

static mill_status emit_rows(mill_csv_reader *r, mill_sink *sink, mill_error *err)
{
	mill_csv_rows *rows = &r->rows;
	const char *text = (const char *)r->buffer.text;
	bool text_is_valid = !rows->index.has_high || mill_utf8_valid_simd(r->simd, text, rows->consumed_bytes);
	r->base.counts.read_rows += rows->seen;
	MILL_TRY(mill_csv_decoder_begin(&r->decoder, rows->count, err));
	MILL_TRY(judge_fields(r, text_is_valid, err));
	MILL_TRY(mill_csv_report_bad(r, err));
	MILL_TRY(drop_bad_rows(r, err));
	r->base.counts.dropped_rows += rows->seen - rows->count;
	/* What remains is sound: nothing below may find fault. */
	int64_t faults = rows->bad_count;
	MILL_TRY(filter_rows(r, text_is_valid || r->spec.bad_policy != MILL_BAD_NULL, err));
	if (rows->bad_count != faults && r->spec.bad_policy != MILL_BAD_NULL)
		return mill_fail(err, MILL_INTERNAL, "%s: a value near offset %lld was recognised but not decoded",
		                 mill_reader_uri(r->buffer.reader), (long long)r->buffer.offset);
	return push_batch(r, sink, err);
}

mill_status mill_csv_read_batch(mill_csv_reader *r, int64_t end_offset, mill_sink *sink, bool *at_end, mill_error *err)
{
	mill_status status = mill_csv_rows_next(&r->rows, &r->buffer, &r->rules.bytes, r->simd,
	                                        r->table->base.file_column_count, r->knobs.batch_rows, end_offset, err);
	r->text_failed = status != MILL_OK;
	MILL_TRY(status);
	status = emit_rows(r, sink, err);
	for (int f = 0; f < r->table->base.file_column_count; f++)
		mill_column_release(&r->decoded[f]);
	MILL_TRY(status);
	size_t consumed = r->rows.consumed_bytes;
	(void)mill_csv_line_at(r, &r->line, consumed);
	r->base.counts.text_bytes += (int64_t)consumed;
	*at_end = r->rows.at_end;
	mill_csv_buffer_drop(&r->buffer, consumed);
	return MILL_OK;
}
