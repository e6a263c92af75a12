#include "column/value.h"
#include "column/canonical.h"

static mill_status append_valid(mill_bytes *out, const void *data, size_t size_bytes)
{
	MILL_TRY(mill_bytes_append_u8(out, 1));
	return mill_bytes_append(out, data, size_bytes);
}

static mill_status text_bytes(const mill_column *column, int64_t row, mill_bytes *out)
{
	int32_t length;
	const char *text = mill_column_text(column, row, &length);
	MILL_TRY(mill_bytes_append_u8(out, 1));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)length));
	return mill_bytes_append(out, text, (size_t)length);
}

mill_status mill_value_bytes(const mill_column *column, int64_t row, mill_bytes *out)
{
	uint64_t bits;
	mill_i128 wide;
	uint8_t truth;
	if (mill_column_is_null(column, row))
		return mill_bytes_append_u8(out, 0);
	switch (column->type.id) {
	case MILL_TYPE_NULL: return mill_bytes_append_u8(out, 0);
	case MILL_TYPE_BOOL: truth = mill_bit_get(column->values, row); return append_valid(out, &truth, 1);
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64:
		bits = mill_canonical_f64(mill_float_value(column, row));
		return append_valid(out, &bits, sizeof(bits));
	case MILL_TYPE_DECIMAL:
		wide = ((const mill_i128 *)column->values)[row];
		return append_valid(out, &wide, sizeof(wide));
	case MILL_TYPE_INTERVAL:
		wide = mill_interval_us(((const mill_interval *)column->values)[row]);
		return append_valid(out, &wide, sizeof(wide));
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY: return text_bytes(column, row, out);
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP: bits = mill_integer_bits(column, row); return append_valid(out, &bits, sizeof(bits));
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return MILL_INTERNAL;
}

static int compare_text(const mill_column *a, int64_t row_a, const mill_column *b, int64_t row_b)
{
	int32_t length_a, length_b;
	const char *text_a = mill_column_text(a, row_a, &length_a), *text_b = mill_column_text(b, row_b, &length_b);
	int32_t shared = length_a < length_b ? length_a : length_b;
	int order = shared == 0 ? 0 : memcmp(text_a, text_b, (size_t)shared);
	return order != 0 ? order : (length_a > length_b) - (length_a < length_b);
}

static int compare_i128(mill_i128 a, mill_i128 b)
{
	return (a > b) - (a < b);
}
static int compare_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static mill_i128 wide_value(const mill_column *column, int64_t row)
{
	if (column->type.id == MILL_TYPE_DECIMAL)
		return ((const mill_i128 *)column->values)[row];
	return mill_interval_us(((const mill_interval *)column->values)[row]);
}

/* Neither is NULL. */
static int compare_valid(const mill_column *a, int64_t row_a, const mill_column *b, int64_t row_b)
{
	switch (a->type.id) {
	case MILL_TYPE_NULL: return 0;
	case MILL_TYPE_BOOL: return (int)mill_bit_get(a->values, row_a) - (int)mill_bit_get(b->values, row_b);
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64:
		return compare_i64(mill_order_f64(mill_float_value(a, row_a)),
		                   mill_order_f64(mill_float_value(b, row_b)));
	case MILL_TYPE_DECIMAL:
	case MILL_TYPE_INTERVAL: return compare_i128(wide_value(a, row_a), wide_value(b, row_b));
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY: return compare_text(a, row_a, b, row_b);
	case MILL_TYPE_UINT64: {
		uint64_t x = mill_integer_bits(a, row_a), y = mill_integer_bits(b, row_b);
		return (x > y) - (x < y);
	}
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP:
		return compare_i64((int64_t)mill_integer_bits(a, row_a), (int64_t)mill_integer_bits(b, row_b));
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break; /* not ordered */
	}
	return 0;
}

int mill_value_compare(const mill_column *a, int64_t row_a, const mill_column *b, int64_t row_b)
{
	bool null_a = mill_column_is_null(a, row_a), null_b = mill_column_is_null(b, row_b);
	if (null_a || null_b)
		return (int)null_a - (int)null_b;
	return compare_valid(a, row_a, b, row_b);
}

static bool equal_text(const mill_column *a, int64_t row_a, const mill_column *b, int64_t row_b)
{
	int32_t length_a, length_b;
	const char *text_a = mill_column_text(a, row_a, &length_a), *text_b = mill_column_text(b, row_b, &length_b);
	return length_a == length_b && (length_a == 0 || memcmp(text_a, text_b, (size_t)length_a) == 0);
}

bool mill_value_equal(const mill_column *a, int64_t row_a, const mill_column *b, int64_t row_b)
{
	bool null_a = mill_column_is_null(a, row_a), null_b = mill_column_is_null(b, row_b);
	if (null_a || null_b)
		return null_a == null_b;
	return mill_type_is_text(a->type) ? equal_text(a, row_a, b, row_b) : compare_valid(a, row_a, b, row_b) == 0;
}
