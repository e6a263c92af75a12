/* Bad rows: what is wrong, where, in words. */
#include "formats/csv/scan.h"

#include "formats/csv/infer.h"
#include "formats/csv/lines.h"

#include <stdlib.h>

#define SHOWN_BYTES 60

int64_t mill_csv_line_at(const mill_csv_reader *reader, mill_csv_line_cursor *cursor, size_t position)
{
	const mill_csv_buffer *w = &reader->buffer;
	size_t from = (size_t)(cursor->offset - w->offset);
	if (position > from) {
		cursor->lines += mill_csv_line_ends(w->text + from, position - from, reader->simd);
		cursor->offset += (int64_t)(position - from);
	}
	return cursor->lines;
}

static int compare_bad(const void *a, const void *b)
{
	const mill_csv_bad *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

/* The field's bytes in quotes, cut, with what a terminal would not show as hex. */
static mill_status append_shown(mill_bytes *out, const uint8_t *text, size_t length)
{
	size_t shown = length < SHOWN_BYTES ? length : SHOWN_BYTES;
	while (shown < length && shown > 0 && (text[shown] & 0xC0) == 0x80)
		shown--;
	MILL_TRY(mill_bytes_append_u8(out, '"'));
	for (size_t i = 0; i < shown; i++) {
		if (text[i] < 0x20 || text[i] == 0x7F)
			MILL_TRY(mill_bytes_printf(out, "\\x%02X", text[i]));
		else
			MILL_TRY(mill_bytes_append_u8(out, text[i]));
	}
	return mill_bytes_append_text(out, shown < length ? "…\"" : "\"");
}

static mill_status describe_value(mill_csv_reader *reader, const mill_csv_bad *bad)
{
	const mill_csv_table *table = reader->table;
	const mill_field *field = &table->base.schema.fields[bad->column];
	const uint8_t *text = reader->buffer.text + bad->cell_start;
	size_t length = bad->cell_end - bad->cell_start;
	mill_bytes *out = &reader->detail;
	char type[MILL_TYPE_TEXT_BYTES];
	mill_type_text(field->type, type);
	mill_csv_cell cell = {.out_of_range = false};
	(void)mill_csv_convert(&reader->rules, field->type, (const char *)text, length, NULL, &cell);
	bool empty = cell.quoted && cell.length == 0;
	if (empty)
		MILL_TRY(mill_bytes_append_text(out, "a quoted empty field is an empty text, not NULL, and"));
	else
		MILL_TRY(append_shown(out, (const uint8_t *)cell.text, cell.length));
	if (cell.out_of_range)
		MILL_TRY(mill_bytes_printf(out, " is out of the range of %s", type));
	else
		MILL_TRY(mill_bytes_printf(out, " is not %s %s", type[0] == 'i' ? "an" : "a", type));
	bool is_time = mill_type_is_time(field->type);
	if (is_time && table->options.timestamp_format != NULL)
		MILL_TRY(mill_bytes_printf(out, " of the format %s", table->options.timestamp_format));
	if (table->base.is_declared[bad->column])
		return MILL_OK;
	return mill_bytes_printf(out, " (inferred %s from the first %d rows; declare it in schema)", type,
	                         MILL_CSV_SAMPLE_ROWS);
}

static mill_status describe(mill_csv_reader *reader, const mill_csv_bad *bad)
{
	mill_bytes *out = &reader->detail;
	out->size_bytes = 0;
	switch (bad->reason) {
	case MILL_REASON_FIELD_COUNT:
		MILL_TRY(mill_bytes_printf(out, "%u field%s where %d are expected", bad->field_count,
		                           bad->field_count == 1 ? "" : "s", reader->table->base.file_column_count));
		break;
	case MILL_REASON_TEXT_AFTER_QUOTE: MILL_TRY(mill_bytes_append_text(out, "text follows a closing quote")); break;
	case MILL_REASON_OPEN_QUOTE:
		MILL_TRY(mill_bytes_append_text(out, "a quote is open at the end of the file"));
		break;
	case MILL_REASON_INVALID_UTF8:
		MILL_TRY(mill_bytes_printf(out, "byte 0x%02X is not UTF-8", reader->buffer.text[bad->at]));
		break;
	default: MILL_TRY(describe_value(reader, bad)); break;
	}
	return mill_bytes_terminate(out);
}

static mill_status report_one(mill_csv_reader *reader, const mill_csv_bad *bad, mill_csv_line_cursor *cursor,
                              mill_error *err)
{
	if (reader->spec.bad_rows == NULL)
		return MILL_OK;
	if (describe(reader, bad) != MILL_OK)
		return mill_fail_nomem(err, reader->detail.size_bytes, "the report of a bad row");
	const mill_csv_buffer *w = &reader->buffer;
	mill_bad_row row = {.file = reader->buffer_file, .offset = w->offset + bad->start, .column = bad->column};
	row.line = mill_csv_line_at(reader, cursor, bad->start);
	row.piece = (int32_t)(reader->seam_count - 1);
	row.reason = bad->reason;
	row.raw = (const char *)w->text + bad->start;
	row.raw_bytes = bad->end - bad->start;
	row.caret_bytes = bad->at - bad->start;
	row.detail = (const char *)reader->detail.data;
	return reader->spec.bad_rows->report(reader->spec.bad_rows, &row, err);
}

mill_status mill_csv_report_bad(mill_csv_reader *reader, mill_error *err)
{
	mill_csv_rows *rows = &reader->rows;
	if (rows->bad_count == 0)
		return MILL_OK;
	qsort(rows->bad, (size_t)rows->bad_count, sizeof *rows->bad, compare_bad);
	mill_csv_line_cursor cursor = reader->line;
	for (int64_t i = 0; i < rows->bad_count; i++) {
		const mill_csv_bad *bad = &rows->bad[i];
		bool same_row = i > 0 && rows->bad[i - 1].start == bad->start;
		reader->base.counts.bad_rows += same_row ? 0 : 1;
		/* A row that is dropped is reported once, by its first trouble. */
		if (!same_row || reader->spec.bad_policy == MILL_BAD_NULL)
			MILL_TRY(report_one(reader, bad, &cursor, err));
	}
	return MILL_OK;
}
