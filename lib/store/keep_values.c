#include "store/keep_values.h"

#include "store/row_hash.h"

#include <string.h>

#define NULL_BLOCK 64 /* rows looked at together */

static void store_bools(const mill_column *column, int64_t from, int64_t rows, uint8_t *out)
{
	for (int64_t r = 0; r < rows; r++)
		out[r] = mill_bit_get(column->values, from + r);
}

static void store_decimals(const mill_column *column, int64_t from, int64_t rows, void *out)
{
	const mill_i128 *in = (const mill_i128 *)column->values + from;
	if (column->type.precision > 18) {
		memcpy(out, in, (size_t)rows * sizeof(*in));
		return;
	}
	int64_t *narrow = out;
	for (int64_t r = 0; r < rows; r++)
		narrow[r] = (int64_t)in[r];
}

/* What stands for NULL, row_bytes of it. */
static void placeholder(mill_type type, uint8_t out[16])
{
	static const uint32_t f32_nan = 0x7FC00000U;
	static const uint64_t f64_nan = 0x7FF8000000000000ULL;
	static const int64_t no_time = INT64_MIN;
	static const int32_t no_day = INT32_MIN;
	memset(out, 0, 16);
	switch (type.id) {
	case MILL_TYPE_FLOAT32: memcpy(out, &f32_nan, sizeof(f32_nan)); break;
	case MILL_TYPE_FLOAT64: memcpy(out, &f64_nan, sizeof(f64_nan)); break;
	case MILL_TYPE_TIMESTAMP: memcpy(out, &no_time, sizeof(no_time)); break;
	case MILL_TYPE_DATE: memcpy(out, &no_day, sizeof(no_day)); break;
	case MILL_TYPE_NULL:
	case MILL_TYPE_BOOL:
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_DECIMAL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break; /* zeros */
	}
}

static size_t stored_bytes(mill_type type)
{
	mill_dataset_spec spec = {.dtype = type, .is_keep = true, .width = 1};
	return mill_store_row_bytes(&spec);
}

void mill_keep_store(int simd, const mill_column *column, int64_t from, int64_t rows, void *out)
{
	size_t width_bytes = stored_bytes(column->type);
	if (column->type.id == MILL_TYPE_BOOL)
		store_bools(column, from, rows, out);
	else if (column->type.id == MILL_TYPE_DECIMAL)
		store_decimals(column, from, rows, out);
	else
		mill_copy_canonical(simd, column->type, (const uint8_t *)column->values + (size_t)from * width_bytes,
		                    (size_t)rows, out);
	uint8_t null_bytes[16];
	placeholder(column->type, null_bytes);
	for (int64_t at = 0; at < rows; at += NULL_BLOCK) {
		int64_t end = mill_min_i64(at + NULL_BLOCK, rows);
		if (mill_all_valid(column->validity, from + at, end - at))
			continue;
		for (int64_t r = at; r < end; r++)
			if (!mill_bit_get(column->validity, from + r))
				memcpy((uint8_t *)out + (size_t)r * width_bytes, null_bytes, width_bytes);
	}
}

static mill_status load_validity(mill_mem *mem, const uint8_t *valid, int64_t rows, mill_column *column,
                                 mill_error *err)
{
	int64_t null_count = 0;
	for (int64_t r = 0; valid != NULL && r < rows; r++)
		null_count += valid[r] == 0;
	if (null_count == 0)
		return MILL_OK;
	MILL_TRY(mill_column_add_validity(mem, column, err));
	for (int64_t r = 0; r < rows; r++)
		if (valid[r] == 0)
			mill_bit_clear(column->validity, r);
	column->null_count = null_count;
	return MILL_OK;
}

mill_status mill_keep_load(mill_mem *mem, mill_type dtype, const void *values, const uint8_t *valid, int64_t rows,
                           mill_column *out, mill_error *err)
{
	mill_column column;
	MILL_TRY(mill_column_new(mem, dtype, rows, 0, &column, err));
	if (dtype.id == MILL_TYPE_BOOL) {
		memset(column.values, 0, mill_bit_words(rows) * sizeof(uint64_t));
		for (int64_t r = 0; r < rows; r++)
			if (((const uint8_t *)values)[r] != 0)
				mill_bit_set(column.values, r);
	} else if (dtype.id == MILL_TYPE_DECIMAL && dtype.precision <= 18) {
		for (int64_t r = 0; r < rows; r++)
			((mill_i128 *)column.values)[r] = ((const int64_t *)values)[r];
	} else if (rows > 0) {
		memcpy(column.values, values, (size_t)rows * stored_bytes(dtype));
	}
	mill_status status = load_validity(mem, valid, rows, &column, err);
	if (status != MILL_OK)
		mill_column_release(&column);
	else
		*out = column;
	return status;
}

mill_status mill_keep_load_text(mill_mem *mem, mill_type dtype, const int64_t *offsets, const uint8_t *text,
                                const uint8_t *valid, int64_t rows, mill_column *out, mill_error *err)
{
	for (int64_t r = 0; r < rows; r++)
		if (offsets[r] < offsets[0] || offsets[r + 1] < offsets[r] || offsets[r + 1] - offsets[0] > INT32_MAX)
			return mill_fail(err, MILL_DATA, "offsets of a kept text column are damaged at row %lld",
			                 (long long)r);
	int64_t text_bytes = rows > 0 ? offsets[rows] - offsets[0] : 0;
	mill_column column;
	MILL_TRY(mill_column_new(mem, dtype, rows, (size_t)text_bytes, &column, err));
	for (int64_t r = 0; r <= rows && rows > 0; r++)
		column.offsets[r] = (int32_t)(offsets[r] - offsets[0]);
	if (text_bytes > 0)
		memcpy(column.bytes, text, (size_t)text_bytes);
	mill_status status = load_validity(mem, valid, rows, &column, err);
	if (status != MILL_OK)
		mill_column_release(&column);
	else
		*out = column;
	return status;
}
