#include "job/output.h"

#include "base/json_writer.h"
#include "base/utf8.h"
#include "column/value.h"

#include <errno.h>
#include <string.h>

/* Rows whose cells decide the widths of a table's columns; later rows use the same widths. */
#define MEASURED_ROWS 1000

typedef struct output {
	mill_sink sink;
	mill_output_format format;
	const mill_schema *schema;
	const char *null_text;
	FILE *stream;
	mill_mem *mem;
	mill_bytes text;
	/* TABLE: cells of the first rows, ended by NUL each, until widths are known */
	mill_bytes cells;
	int64_t held_rows;
	int64_t rows;
	int *widths;
	bool widths_known;
	bool header_written;
} output;

static mill_status write_out(output *o, mill_error *err)
{
	size_t size = o->text.size_bytes;
	if (size > 0 && fwrite(o->text.data, 1, size, o->stream) != size)
		return mill_fail(err, MILL_IO, "cannot write the result: %s", strerror(errno));
	o->text.size_bytes = 0;
	return MILL_OK;
}

static bool needs_quotes(const char *text, size_t size)
{
	if (size == 0)
		return true;
	for (size_t i = 0; i < size; i++)
		if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
			return true;
	return false;
}

static mill_status append_quoted(mill_bytes *out, const char *text, size_t size)
{
	MILL_TRY(mill_bytes_append_u8(out, '"'));
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"')
			MILL_TRY(mill_bytes_append_u8(out, '"'));
		MILL_TRY(mill_bytes_append_u8(out, (uint8_t)text[i]));
	}
	return mill_bytes_append_u8(out, '"');
}

static mill_status csv_text(const output *o, mill_bytes *out, const char *text, size_t size)
{
	bool looks_null =
	    o->null_text[0] != '\0' && size == strlen(o->null_text) && memcmp(text, o->null_text, size) == 0;
	if (needs_quotes(text, size) || looks_null)
		return append_quoted(out, text, size);
	return mill_bytes_append(out, text, size);
}

static mill_status csv_cell(output *o, const mill_column *column, int64_t row)
{
	if (mill_column_is_null(column, row))
		return mill_bytes_append_text(&o->text, o->null_text);
	if (mill_traits_of(column->type)->print != MILL_PRINT_TEXT)
		return mill_value_text(column, row, &o->text);
	int32_t length;
	const char *text = mill_column_text(column, row, &length);
	return csv_text(o, &o->text, text, (size_t)length);
}

static mill_status csv_header(output *o)
{
	for (int i = 0; i < o->schema->count; i++) {
		const char *name = o->schema->fields[i].name;
		if (i > 0)
			MILL_TRY(mill_bytes_append_u8(&o->text, ','));
		MILL_TRY(csv_text(o, &o->text, name, strlen(name)));
	}
	return mill_bytes_append_u8(&o->text, '\n');
}

static mill_status csv_row(output *o, const mill_batch *batch, int64_t row)
{
	for (int i = 0; i < o->schema->count; i++) {
		if (i > 0)
			MILL_TRY(mill_bytes_append_u8(&o->text, ','));
		MILL_TRY(csv_cell(o, &batch->columns[i], row));
	}
	return mill_bytes_append_u8(&o->text, '\n');
}

static mill_status json_cell(output *o, mill_json_writer *w, const char *name, const mill_column *column, int64_t row)
{
	size_t start = o->cells.size_bytes;
	if (mill_column_is_null(column, row)) {
		mill_json_put_null(w, name);
		return MILL_OK;
	}
	if (column->type.id == MILL_TYPE_BOOL) {
		mill_json_put_bool(w, name, mill_bit_get(column->values, row));
		return MILL_OK;
	}
	MILL_TRY(mill_value_text(column, row, &o->cells));
	const char *text = (const char *)o->cells.data + start;
	size_t size = o->cells.size_bytes - start;
	bool is_finite_number = mill_type_is_numeric(column->type) && memchr(text, 'n', size) == NULL;
	if (is_finite_number) {
		mill_json number = {.kind = MILL_JSON_NUMBER, .text_bytes = size};
		MILL_TRY(mill_bytes_terminate(&o->cells));
		number.text = (const char *)o->cells.data + start;
		mill_json_put_node(w, name, &number);
	} else {
		mill_json_put_text_n(w, name, text, size);
	}
	o->cells.size_bytes = start;
	return MILL_OK;
}

static mill_status jsonl_row(output *o, const mill_batch *batch, int64_t row)
{
	mill_json_writer w;
	mill_json_writer_init(&w, &o->text, false);
	mill_json_put_object(&w, NULL);
	for (int i = 0; i < o->schema->count; i++)
		MILL_TRY(json_cell(o, &w, o->schema->fields[i].name, &batch->columns[i], row));
	mill_json_end(&w);
	MILL_TRY(mill_json_finish(&w));
	return mill_bytes_append_u8(&o->text, '\n');
}

static int display_width(const char *text)
{
	return mill_utf8_cells(text, strlen(text));
}

static mill_status table_cells(output *o, const mill_batch *batch, int64_t row)
{
	for (int i = 0; i < o->schema->count; i++) {
		size_t start = o->cells.size_bytes;
		if (mill_column_is_null(&batch->columns[i], row))
			MILL_TRY(mill_bytes_append_text(&o->cells, "NULL"));
		else
			MILL_TRY(mill_value_text(&batch->columns[i], row, &o->cells));
		for (size_t k = start; k < o->cells.size_bytes; k++)
			if (o->cells.data[k] < 0x20)
				o->cells.data[k] = ' ';
		MILL_TRY(mill_bytes_append_u8(&o->cells, 0));
	}
	o->held_rows++;
	return MILL_OK;
}

static mill_status table_cell(output *o, int column, const char *text)
{
	int pad = o->widths[column] - display_width(text);
	bool right = mill_type_is_numeric(o->schema->fields[column].type);
	if (column > 0)
		MILL_TRY(mill_bytes_append_text(&o->text, "  "));
	if (right)
		MILL_TRY(mill_bytes_printf(&o->text, "%*s", pad > 0 ? pad : 0, ""));
	MILL_TRY(mill_bytes_append_text(&o->text, text));
	if (!right && column < o->schema->count - 1)
		MILL_TRY(mill_bytes_printf(&o->text, "%*s", pad > 0 ? pad : 0, ""));
	return MILL_OK;
}

static mill_status table_header(output *o)
{
	for (int i = 0; i < o->schema->count; i++)
		MILL_TRY(table_cell(o, i, o->schema->fields[i].name));
	MILL_TRY(mill_bytes_append_u8(&o->text, '\n'));
	for (int i = 0; i < o->schema->count; i++) {
		if (i > 0)
			MILL_TRY(mill_bytes_append_text(&o->text, "  "));
		for (int k = 0; k < o->widths[i]; k++)
			MILL_TRY(mill_bytes_append_u8(&o->text, '-'));
	}
	return mill_bytes_append_u8(&o->text, '\n');
}

/* Writes the rows held so far; the first time, after measuring them. */
static mill_status table_flush(output *o)
{
	const char *cell = (const char *)o->cells.data;
	if (!o->widths_known) {
		for (int i = 0; i < o->schema->count; i++)
			o->widths[i] = display_width(o->schema->fields[i].name);
		for (int64_t k = 0; k < o->held_rows * o->schema->count; k++, cell += strlen(cell) + 1) {
			int *width = &o->widths[k % o->schema->count];
			int wanted = display_width(cell);
			*width = wanted > *width ? wanted : *width;
		}
		o->widths_known = true;
		MILL_TRY(table_header(o));
	}
	cell = (const char *)o->cells.data;
	for (int64_t row = 0; row < o->held_rows; row++) {
		for (int i = 0; i < o->schema->count; i++, cell += strlen(cell) + 1)
			MILL_TRY(table_cell(o, i, cell));
		MILL_TRY(mill_bytes_append_u8(&o->text, '\n'));
	}
	o->held_rows = 0;
	o->cells.size_bytes = 0;
	return MILL_OK;
}

static mill_status output_row(output *o, const mill_batch *batch, int64_t row)
{
	o->rows++;
	switch (o->format) {
	case MILL_OUTPUT_CSV: return csv_row(o, batch, row);
	case MILL_OUTPUT_JSONL: return jsonl_row(o, batch, row);
	default: break;
	}
	MILL_TRY(table_cells(o, batch, row));
	return o->held_rows >= MEASURED_ROWS ? table_flush(o) : MILL_OK;
}

static mill_status output_start(output *o)
{
	if (o->header_written || o->format != MILL_OUTPUT_CSV)
		return MILL_OK;
	o->header_written = true;
	return csv_header(o);
}

static mill_status output_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	output *o = (output *)self;
	mill_status status = output_start(o);
	for (int64_t row = 0; row < batch->rows && status == MILL_OK; row++) {
		status = output_row(o, batch, row);
		if (status == MILL_OK && o->text.size_bytes > 1 << 16)
			MILL_TRY(write_out(o, err));
	}
	if (status != MILL_OK)
		return mill_fail_nomem(err, o->text.capacity_bytes, "a result's text");
	return write_out(o, err);
}

static mill_status output_finish_unit(mill_sink *self, mill_error *err)
{
	(void)self;
	(void)err;
	return MILL_OK;
}

static mill_status output_finish(mill_sink *self, mill_error *err)
{
	output *o = (output *)self;
	mill_status status = output_start(o);
	if (status == MILL_OK && o->format == MILL_OUTPUT_TABLE) {
		status = table_flush(o);
		if (status == MILL_OK)
			status =
			    mill_bytes_printf(&o->text, "(%lld row%s)\n", (long long)o->rows, o->rows == 1 ? "" : "s");
	}
	if (status != MILL_OK)
		return mill_fail_nomem(err, o->text.capacity_bytes, "a result's text");
	MILL_TRY(write_out(o, err));
	if (fflush(o->stream) != 0)
		return mill_fail(err, MILL_IO, "cannot write the result: %s", strerror(errno));
	return MILL_OK;
}

static void output_release(mill_sink *self)
{
	output *o = (output *)self;
	if (o == NULL)
		return;
	mill_bytes_release(&o->text);
	mill_bytes_release(&o->cells);
	mill_mem_free(o->widths);
	mill_mem_free(o);
}

mill_status mill_output_format_of(const char *text, mill_output_format *out, mill_error *err)
{
	if (strcmp(text, "table") == 0)
		*out = MILL_OUTPUT_TABLE;
	else if (strcmp(text, "csv") == 0)
		*out = MILL_OUTPUT_CSV;
	else if (strcmp(text, "jsonl") == 0)
		*out = MILL_OUTPUT_JSONL;
	else if (strcmp(text, "parquet") == 0)
		return mill_fail(err, MILL_NOT_YET, "--format parquet is not supported yet; use table, csv or jsonl");
	else
		return mill_fail(err, MILL_USAGE, "--format: \"%s\" is not one of table, csv, jsonl", text);
	return MILL_OK;
}

mill_status mill_output_new(mill_output_format format, const mill_schema *schema, const char *null_text, FILE *stream,
                            mill_mem *mem, mill_sink **out, mill_error *err)
{
	output *o = mill_mem_calloc(mem, 1, sizeof *o);
	if (o == NULL)
		return mill_fail_nomem(err, sizeof *o, "a result's writer");
	o->sink.push = output_push;
	o->sink.finish_unit = output_finish_unit;
	o->sink.finish = output_finish;
	o->sink.release = output_release;
	o->format = format;
	o->schema = schema;
	o->null_text = null_text;
	o->stream = stream;
	o->mem = mem;
	mill_bytes_init(&o->text, mem);
	mill_bytes_init(&o->cells, mem);
	o->widths = mill_mem_calloc(mem, (size_t)schema->count + 1, sizeof(int));
	if (o->widths == NULL) {
		output_release(&o->sink);
		return mill_fail_nomem(err, sizeof *o, "a result's writer");
	}
	*out = &o->sink;
	return MILL_OK;
}
