/* Hive, hidden and id columns of a scan's batches. */
#include "formats/batch.h"

#include "formats/hive.h"

#include <string.h>

mill_scan_column mill_scan_column_of(const mill_format_table *table, const mill_scan_spec *spec, int at)
{
	if (at < spec->column_count)
		return spec->columns[at] < table->file_column_count ? MILL_SCAN_OF_FILE : MILL_SCAN_OF_FOLDER;
	at -= spec->column_count;
	if (spec->want_file && at-- == 0)
		return MILL_SCAN_FILE;
	if (spec->want_line && at-- == 0)
		return MILL_SCAN_LINE;
	if (spec->want_offset && at-- == 0)
		return MILL_SCAN_OFFSET;
	return at == 0 ? MILL_SCAN_ID_FILE : MILL_SCAN_ID_OFFSET;
}

static int visible_columns(const mill_scan_spec *spec)
{
	return spec->column_count + spec->want_file + spec->want_line + spec->want_offset;
}

mill_status mill_scan_check(const mill_format_table *table, const mill_scan_spec *spec, mill_error *err)
{
	int visible = visible_columns(spec);
	for (int i = 0; i < spec->column_count; i++)
		if (spec->columns[i] < 0 || spec->columns[i] >= table->schema.count)
			return mill_fail(err, MILL_INTERNAL, "a %s scan asks for column %d of %d", table->format->name,
			                 spec->columns[i], table->schema.count);
	for (int i = 0; spec->filter != NULL && i < spec->filter->column_count; i++)
		if (spec->filter->columns[i] < 0 || spec->filter->columns[i] >= visible)
			return mill_fail(err, MILL_INTERNAL, "a scan filter asks for column %d of %d",
			                 spec->filter->columns[i], visible);
	if (spec->want_line && !table->format->has_lines)
		return mill_fail(err, MILL_INTERNAL, "a %s scan asks for lines", table->format->name);
	return MILL_OK;
}

mill_status mill_scan_new_batch(const mill_scan_spec *spec, mill_mem *mem, mill_batch *out, mill_error *err)
{
	int ids = spec->with_ids ? 2 : 0;
	return mill_batch_new(mem, visible_columns(spec) + ids, ids, out, err);
}

/* The text in every row. */
static mill_status text_column(const char *uri, mill_type type, const char *text, int64_t rows, mill_mem *mem,
                               mill_column *out, mill_error *err)
{
	size_t length = strlen(text), bytes = (size_t)rows * length;
	if (bytes > INT32_MAX)
		return mill_fail(err, MILL_DATA, "%s: its path is too long for a batch of %lld rows", uri,
		                 (long long)rows);
	MILL_TRY(mill_column_new(mem, type, rows, bytes, out, err));
	for (int64_t i = 0; i < rows; i++) {
		memcpy(out->bytes + (size_t)i * length, text, length);
		out->offsets[i + 1] = (int32_t)((size_t)(i + 1) * length);
	}
	return MILL_OK;
}

static mill_status ordinal_column(int32_t file, int64_t rows, mill_mem *mem, mill_column *out, mill_error *err)
{
	MILL_TRY(mill_column_new(mem, mill_type_of(MILL_TYPE_UINT64), rows, 0, out, err));
	uint64_t *restrict values = out->values;
	for (int64_t i = 0; i < rows; i++)
		values[i] = (uint64_t)file;
	return MILL_OK;
}

static mill_status folder_column(const mill_format_table *table, int column, int32_t file, int64_t rows, mill_mem *mem,
                                 mill_column *out, mill_error *err)
{
	mill_type type = table->schema.fields[column].type;
	mill_text_value value = {.decimal = 0};
	const char *text = NULL;
	if (!mill_hive_value(table, column, file, &text, &value))
		return mill_column_nulls(mem, type, rows, out, err);
	if (mill_type_is_text(type))
		return text_column(table->files[file].uri, type, text, rows, mem, out, err);
	MILL_TRY(mill_column_new(mem, type, rows, 0, out, err));
	if (type.id == MILL_TYPE_BOOL)
		memset(out->values, 0, mill_bit_words(rows) * sizeof(uint64_t));
	for (int64_t i = 0; i < rows; i++)
		mill_text_store(type, out->values, i, &value);
	return MILL_OK;
}

mill_status mill_scan_constant(const mill_format_table *table, const mill_scan_spec *spec, int at, int32_t file,
                               int64_t rows, mill_mem *mem, mill_column *out, mill_error *err)
{
	const char *uri = table->files[file].uri;
	switch (mill_scan_column_of(table, spec, at)) {
	case MILL_SCAN_FILE: return text_column(uri, mill_type_of(MILL_TYPE_STRING), uri, rows, mem, out, err);
	case MILL_SCAN_ID_FILE: return ordinal_column(file, rows, mem, out, err);
	case MILL_SCAN_OF_FOLDER: return folder_column(table, spec->columns[at], file, rows, mem, out, err);
	case MILL_SCAN_OF_FILE:
	case MILL_SCAN_LINE:
	case MILL_SCAN_OFFSET:
	case MILL_SCAN_ID_OFFSET: break;
	}
	return mill_fail(err, MILL_INTERNAL, "column %d of a scan is not the same in all rows of a file", at);
}
