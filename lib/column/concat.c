/* Joining columns. */
#include "column/bits.h"
#include "column/layout.h"
#include <string.h>

static mill_status finish_or_release(mill_status status, mill_column *made, mill_column *out)
{
	if (status == MILL_OK)
		*out = *made;
	else
		mill_column_release(made);
	return status;
}

static int64_t text_bytes_of(const mill_column *column)
{
	if (column->rows == 0)
		return 0;
	if (column->dictionary == NULL)
		return column->offsets[column->rows];
	int64_t total = 0;
	const int32_t *codes = column->values, *offsets = column->dictionary->offsets;
	for (int64_t r = 0; r < column->rows; r++)
		if (!mill_column_is_null(column, r))
			total += offsets[codes[r] + 1] - offsets[codes[r]];
	return total;
}

/* Writes the rows of `column` as rows `row` … of `into`, whose offsets are right up to `row`. */
static void append_text(mill_column *into, int64_t row, const mill_column *column)
{
	int32_t at = into->offsets[row];
	if (column->dictionary == NULL) {
		for (int64_t r = 1; r <= column->rows; r++)
			into->offsets[row + r] = at + column->offsets[r];
		if (column->rows > 0)
			memcpy(into->bytes + at, column->bytes, (size_t)column->offsets[column->rows]);
		return;
	}
	const int32_t *codes = column->values, *offsets = column->dictionary->offsets;
	for (int64_t r = 0; r < column->rows; r++) {
		if (!mill_column_is_null(column, r)) {
			int32_t start = offsets[codes[r]], size = offsets[codes[r] + 1] - start;
			memcpy(into->bytes + at, column->dictionary->bytes + start, (size_t)size);
			at += size;
		}
		into->offsets[row + r + 1] = at;
	}
}

static mill_status concat_text(mill_mem *mem, const mill_column *const *columns, int n, int64_t rows, mill_column *made,
                               mill_error *err)
{
	int64_t total = 0, row = 0;
	for (int i = 0; i < n; i++)
		total += text_bytes_of(columns[i]);
	MILL_TRY(mill_column_new(mem, columns[0]->type, rows, (size_t)total, made, err));
	for (int i = 0; i < n; i++) {
		append_text(made, row, columns[i]);
		row += columns[i]->rows;
	}
	return MILL_OK;
}

static void concat_bits(uint64_t *out, const mill_column *const *columns, int n)
{
	int64_t row = 0;
	for (int i = 0; i < n; i++) {
		mill_bits_append(out, row, columns[i]->values, columns[i]->rows);
		row += columns[i]->rows;
	}
}

static mill_status concat_fixed(mill_mem *mem, const mill_column *const *columns, int n, int64_t rows,
                                mill_column *made, mill_error *err)
{
	mill_column *dictionary = columns[0]->dictionary;
	mill_type stored = dictionary != NULL ? mill_type_of(MILL_TYPE_INT32) : columns[0]->type;
	MILL_TRY(mill_column_new(mem, stored, rows, 0, made, err));
	size_t width = mill_type_width_bytes(stored), at = 0;
	if (stored.id == MILL_TYPE_BOOL) {
		concat_bits(made->values, columns, n);
		return MILL_OK;
	}
	for (int i = 0; i < n; i++) {
		size_t bytes = (size_t)columns[i]->rows * width;
		if (bytes > 0)
			memcpy((uint8_t *)made->values + at, columns[i]->values, bytes);
		at += bytes;
	}
	made->type = columns[0]->type;
	made->dictionary = mill_dictionary_retain(dictionary);
	return MILL_OK;
}

static mill_status concat_validity(mill_mem *mem, const mill_column *const *columns, int n, mill_column *made,
                                   mill_error *err)
{
	int64_t nulls = 0, row = 0;
	for (int i = 0; i < n; i++)
		nulls += columns[i]->null_count;
	if (nulls == 0)
		return MILL_OK;
	MILL_TRY(mill_column_add_validity(mem, made, err));
	for (int i = 0; i < n; i++) {
		if (columns[i]->validity == NULL)
			mill_bits_append_ones(made->validity, row, columns[i]->rows);
		else
			mill_bits_append(made->validity, row, columns[i]->validity, columns[i]->rows);
		row += columns[i]->rows;
	}
	made->null_count = nulls;
	return MILL_OK;
}

mill_status mill_column_concat(mill_mem *mem, const mill_column *const *columns, int n, mill_column *out,
                               mill_error *err)
{
	if (n <= 0)
		return mill_fail(err, MILL_INTERNAL, "concatenation of no columns");
	if (n == 1) {
		*out = mill_column_retain(columns[0]);
		return MILL_OK;
	}
	bool one_dictionary = true;
	int64_t rows = 0;
	for (int i = 0; i < n; i++) {
		char a[MILL_TYPE_TEXT_BYTES], b[MILL_TYPE_TEXT_BYTES];
		if (!mill_type_equal(columns[i]->type, columns[0]->type))
			return mill_fail(err, MILL_INTERNAL, "concatenation of %s and %s",
			                 mill_type_text(columns[0]->type, a), mill_type_text(columns[i]->type, b));
		one_dictionary = one_dictionary && columns[i]->dictionary == columns[0]->dictionary;
		rows += columns[i]->rows;
	}
	bool as_text = mill_type_is_text(columns[0]->type) && (columns[0]->dictionary == NULL || !one_dictionary);
	mill_column made;
	MILL_TRY((as_text ? concat_text : concat_fixed)(mem, columns, n, rows, &made, err));
	return finish_or_release(concat_validity(mem, columns, n, &made, err), &made, out);
}
