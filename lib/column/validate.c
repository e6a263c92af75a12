/* Every rule of the layout that column.h states. */
#include "base/utf8.h"
#include "column/bits.h"
#include "column/column.h"

static mill_status refuse(mill_error *err, const mill_column *column, const char *what, int64_t row)
{
	char type[MILL_TYPE_TEXT_BYTES];
	return mill_fail(err, MILL_DATA, "%s column of %lld rows: %s at row %lld", mill_type_text(column->type, type),
	                 (long long)column->rows, what, (long long)row);
}

static bool tail_is_clear(const uint64_t *bits, int64_t rows)
{
	return (rows & 63) == 0 || (bits[rows >> 6] & ~mill_bits_mask(rows & 63)) == 0;
}

static mill_status check_validity(const mill_column *column, mill_error *err)
{
	if (column->validity == NULL)
		return column->null_count == 0 ? MILL_OK : refuse(err, column, "a null count without a bitmap", 0);
	if (column->null_count == 0)
		return refuse(err, column, "a bitmap though no row is NULL", 0);
	if (!tail_is_clear(column->validity, column->rows))
		return refuse(err, column, "validity bits past the end", column->rows);
	if (column->null_count != column->rows - mill_bits_count(column->validity, column->rows))
		return refuse(err, column, "a wrong null count", 0);
	return MILL_OK;
}

static bool offsets_rise(const int32_t *restrict offsets, int64_t rows)
{
	int32_t falls = 0;
	for (int64_t r = 0; r < rows; r++)
		falls |= offsets[r + 1] < offsets[r];
	return falls == 0;
}

static mill_status check_empty_nulls(const mill_column *column, mill_error *err)
{
	const int32_t *offsets = column->offsets;
	if (column->validity == NULL)
		return MILL_OK;
	for (int64_t base = 0; base < column->rows; base += 64) {
		uint64_t nulls = ~column->validity[base >> 6] & mill_bits_mask(column->rows - base);
		for (; nulls != 0; nulls &= nulls - 1) {
			int64_t row = base + __builtin_ctzll(nulls);
			if (offsets[row + 1] != offsets[row])
				return refuse(err, column, "text of a NULL", row);
		}
	}
	return MILL_OK;
}

/* All bytes at once, then that no row starts inside a character. */
static mill_status check_utf8(const mill_column *column, mill_error *err)
{
	const int32_t *offsets = column->offsets;
	size_t size = (size_t)offsets[column->rows];
	if (size == 0 || mill_is_ascii(column->bytes, size))
		return MILL_OK;
	size_t valid = mill_utf8_valid_prefix(column->bytes, size);
	for (int64_t r = 0; r < column->rows; r++) {
		size_t start = (size_t)offsets[r], end = (size_t)offsets[r + 1];
		bool starts_inside = start < end && ((uint8_t)column->bytes[start] & 0xc0) == 0x80;
		if (end > valid || starts_inside)
			return refuse(err, column, "text that is not UTF-8", r);
	}
	return MILL_OK;
}

static mill_status check_text(const mill_column *column, mill_error *err)
{
	const int32_t *offsets = column->offsets;
	if (offsets == NULL)
		return column->rows == 0 ? MILL_OK : refuse(err, column, "no offsets", 0);
	if (offsets[0] != 0)
		return refuse(err, column, "a first offset other than 0", 0);
	if (!offsets_rise(offsets, column->rows))
		return refuse(err, column, "falling offsets", 0);
	if (column->owners[2] != NULL && (size_t)offsets[column->rows] > column->owners[2]->size_bytes)
		return refuse(err, column, "offsets past the text", column->rows);
	MILL_TRY(check_empty_nulls(column, err));
	return column->type.id == MILL_TYPE_STRING ? check_utf8(column, err) : MILL_OK;
}

static mill_status check_codes(const mill_column *column, mill_error *err)
{
	const int32_t *codes = column->values;
	if (column->dictionary->null_count != 0 || column->dictionary->dictionary != NULL ||
	    !mill_type_equal(column->dictionary->type, column->type))
		return refuse(err, column, "a dictionary with NULLs, of another type or of dictionaries", 0);
	for (int64_t r = 0; r < column->rows; r++)
		if (!mill_column_is_null(column, r) && (codes[r] < 0 || codes[r] >= column->dictionary->rows))
			return refuse(err, column, "a code outside the dictionary", r);
	return mill_column_validate(column->dictionary, err);
}

static mill_status check_decimal(const mill_column *column, mill_error *err)
{
	mill_i128 limit = 1;
	for (int i = 0; i < column->type.precision && i < 38; i++)
		limit *= 10;
	if (column->type.precision < 1 || column->type.precision > 38 || column->type.scale > column->type.precision)
		return refuse(err, column, "a precision or scale out of range", 0);
	const mill_i128 *values = column->values;
	for (int64_t r = 0; r < column->rows; r++)
		if (!mill_column_is_null(column, r) && (values[r] <= -limit || values[r] >= limit))
			return refuse(err, column, "more digits than the precision", r);
	return MILL_OK;
}

mill_status mill_column_validate(const mill_column *column, mill_error *err)
{
	if (!mill_type_id_is_known(column->type.id) || mill_type_is_nested(column->type) || column->rows < 0)
		return mill_fail(err, MILL_DATA, "a column of type number %u with %lld rows", (unsigned)column->type.id,
		                 (long long)column->rows);
	MILL_TRY(check_validity(column, err));
	if (column->dictionary != NULL)
		return check_codes(column, err);
	if (mill_type_is_text(column->type))
		return check_text(column, err);
	if (column->rows > 0 && column->values == NULL && column->type.id != MILL_TYPE_NULL)
		return refuse(err, column, "no values", 0);
	if (column->type.id == MILL_TYPE_BOOL && column->rows > 0 && !tail_is_clear(column->values, column->rows))
		return refuse(err, column, "bits past the end", column->rows);
	return column->type.id == MILL_TYPE_DECIMAL ? check_decimal(column, err) : MILL_OK;
}

mill_status mill_batch_validate(const mill_batch *batch, mill_error *err)
{
	if (batch->id_words < 0 || batch->id_words > batch->column_count)
		return mill_fail(err, MILL_DATA, "a batch of %d columns with %d id words", batch->column_count,
		                 batch->id_words);
	for (int c = 0; c < batch->column_count; c++) {
		const mill_column *column = &batch->columns[c];
		bool is_id = c >= batch->column_count - batch->id_words;
		if (column->rows != batch->rows)
			return mill_fail(err, MILL_DATA, "column %d has %lld rows in a batch of %lld", c,
			                 (long long)column->rows, (long long)batch->rows);
		if (is_id && (column->type.id != MILL_TYPE_UINT64 || column->null_count != 0))
			return mill_fail(err, MILL_DATA, "column %d is no row id: ids are uint64 without NULLs", c);
		mill_status status = mill_column_validate(column, err);
		if (status != MILL_OK)
			return mill_fail_context(err, status, "column %d", c);
	}
	return MILL_OK;
}
