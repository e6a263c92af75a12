/* From lanes to elements of row-major tensors: one rounding, or a refusal where the dtype does not hold the value. */
#include "expr/decimal.h"
#include "features/features_private.h"

#include <math.h>
#include <string.h>

/* Source and element types that have kernels: index, type, least value and the first one above all as float64. */
#define INTEGERS(X, S, s_type)                   \
	X(S, s_type, 0, int8_t, 0x1p7, 0x1p7)    \
	X(S, s_type, 1, int16_t, 0x1p15, 0x1p15) \
	X(S, s_type, 2, int32_t, 0x1p31, 0x1p31) \
	X(S, s_type, 3, int64_t, 0x1p63, 0x1p63) \
	X(S, s_type, 4, uint8_t, 0.0, 0x1p8)     \
	X(S, s_type, 5, uint16_t, 0.0, 0x1p16)   \
	X(S, s_type, 6, uint32_t, 0.0, 0x1p32)   \
	X(S, s_type, 7, uint64_t, 0.0, 0x1p64)

/* Rows of `in` go to out[0], out[stride] …; true when some do not fit. What NULL rows hold is looked at too. */
typedef bool (*element_kernel)(const void *in, int64_t rows, void *out, int64_t stride);

#define INTEGER_TO_INTEGER(S, s_type, D, d_type, low, high)                                  \
	static bool write_##S##_##D(const void *in, int64_t rows, void *out, int64_t stride) \
	{                                                                                    \
		const s_type *restrict x = in;                                               \
		d_type *restrict y = out;                                                    \
		bool bad = false;                                                            \
		for (int64_t r = 0; r < rows; r++)                                           \
			bad |= __builtin_add_overflow(x[r], (s_type)0, &y[r * stride]);      \
		return bad;                                                                  \
	}

#define FLOAT_TO_INTEGER(S, s_type, D, d_type, low, high)                                    \
	static bool write_##S##_##D(const void *in, int64_t rows, void *out, int64_t stride) \
	{                                                                                    \
		const s_type *restrict x = in;                                               \
		d_type *restrict y = out;                                                    \
		bool bad = false;                                                            \
		for (int64_t r = 0; r < rows; r++) {                                         \
			bool fits = (double)x[r] >= -(low) && (double)x[r] < (high);         \
			d_type value = (d_type)(fits ? x[r] : (s_type)0);                    \
			bad |= !fits || (s_type)value != x[r];                               \
			y[r * stride] = value;                                               \
		}                                                                            \
		return bad;                                                                  \
	}

#define TO_FLOAT(S, s_type, D, d_type)                                                       \
	static bool write_##S##_##D(const void *in, int64_t rows, void *out, int64_t stride) \
	{                                                                                    \
		const s_type *restrict x = in;                                               \
		d_type *restrict y = out;                                                    \
		for (int64_t r = 0; r < rows; r++)                                           \
			y[r * stride] = (d_type)x[r];                                        \
		return false;                                                                \
	}

#define FROM_INTEGER(S, s_type)                 \
	INTEGERS(INTEGER_TO_INTEGER, S, s_type) \
	TO_FLOAT(S, s_type, 8, float)           \
	TO_FLOAT(S, s_type, 9, double)

FROM_INTEGER(0, int8_t)
FROM_INTEGER(1, int16_t)
FROM_INTEGER(2, int32_t)
FROM_INTEGER(3, int64_t)
FROM_INTEGER(4, uint8_t)
FROM_INTEGER(5, uint16_t)
FROM_INTEGER(6, uint32_t)
FROM_INTEGER(7, uint64_t)
INTEGERS(FLOAT_TO_INTEGER, 8, float)
INTEGERS(FLOAT_TO_INTEGER, 9, double)
TO_FLOAT(8, float, 8, float)
TO_FLOAT(8, float, 9, double)
TO_FLOAT(9, double, 9, double)

/* True from halfway between the largest float32 and what would follow it: those would become infinite. refusal_of tells
 * them from infinities, which are fine. */
static bool write_9_8(const void *in, int64_t rows, void *out, int64_t stride)
{
	const double *restrict x = in;
	float *restrict y = out;
	bool bad = false;
	for (int64_t r = 0; r < rows; r++) {
		bad |= fabs(x[r]) >= 0x1.FFFFFFP127;
		y[r * stride] = (float)x[r];
	}
	return bad;
}

#define ROW(S)                                                                                            \
	{                                                                                                 \
		write_##S##_0, write_##S##_1, write_##S##_2, write_##S##_3, write_##S##_4, write_##S##_5, \
		    write_##S##_6, write_##S##_7, write_##S##_8, write_##S##_9                            \
	}
static const element_kernel kernels[10][10] = {ROW(0), ROW(1), ROW(2), ROW(3), ROW(4),
                                               ROW(5), ROW(6), ROW(7), ROW(8), ROW(9)};

static int kernel_index(mill_type type)
{
	return type.id == MILL_TYPE_DATE ? 2 : type.id == MILL_TYPE_TIMESTAMP ? 3 : type.id - MILL_TYPE_INT8;
}

/* A decimal as an integer where it is one within 64 bits of the wanted sign. */
static bool decimal_to_word(mill_i128 value, int scale, bool is_unsigned, uint64_t *out)
{
	mill_i128 unit = mill_decimal_pow10(scale), whole = value / unit;
	*out = (uint64_t)whole;
	if (whole * unit != value)
		return false;
	return is_unsigned ? whole >= 0 && whole <= (mill_i128)UINT64_MAX : whole >= INT64_MIN && whole <= INT64_MAX;
}

/* Values of types without kernels become float64, float32 or 64-bit integers in scratch; true when some do not fit. */
static bool bring_to_kernel(mill_type dtype, mill_column *column, void *scratch)
{
	bool bad = false;
	mill_type_id id = MILL_TYPE_FLOAT64;
	bool is_unsigned = dtype.id == MILL_TYPE_UINT64;
	const mill_i128 *decimals = column->values;
	if (column->type.id == MILL_TYPE_BOOL) {
		id = MILL_TYPE_UINT8;
		for (int64_t r = 0; r < column->rows; r++)
			((uint8_t *)scratch)[r] = mill_bit_get(column->values, r);
	} else if (mill_type_is_integer(dtype)) {
		id = is_unsigned ? MILL_TYPE_UINT64 : MILL_TYPE_INT64;
		for (int64_t r = 0; r < column->rows; r++)
			bad |=
			    !mill_column_is_null(column, r) &&
			    !decimal_to_word(decimals[r], column->type.scale, is_unsigned, &((uint64_t *)scratch)[r]);
	} else if (dtype.id == MILL_TYPE_FLOAT32) {
		id = MILL_TYPE_FLOAT32;
		for (int64_t r = 0; r < column->rows; r++)
			((float *)scratch)[r] =
			    mill_column_is_null(column, r) ? 0.0F : mill_decimal_f32(decimals[r], column->type.scale);
	} else {
		for (int64_t r = 0; r < column->rows; r++)
			((double *)scratch)[r] =
			    mill_column_is_null(column, r) ? 0.0 : mill_decimal_f64(decimals[r], column->type.scale);
	}
	column->values = scratch;
	column->type = mill_type_of(id);
	return bad;
}

static bool write_values(mill_type dtype, const mill_column *source, void *scratch, void *out, int64_t stride)
{
	mill_column column = *source;
	bool bad = false;
	if (column.type.id == MILL_TYPE_BOOL || column.type.id == MILL_TYPE_DECIMAL)
		bad = bring_to_kernel(dtype, &column, scratch);
	element_kernel kernel = kernels[kernel_index(column.type)][kernel_index(dtype)];
	return kernel(column.values, column.rows, out, stride) || bad;
}

/* What keeps value `row` out of the dtype. */
static mill_refusal_kind refusal_of(mill_type dtype, const mill_column *column, int64_t row)
{
	uint64_t element, scratch[2];
	mill_column one = *column;
	one.rows = 1;
	one.validity = NULL;
	uint64_t bit = column->type.id == MILL_TYPE_BOOL && mill_bit_get(column->values, row);
	one.values = column->type.id == MILL_TYPE_BOOL
	                 ? (void *)&bit
	                 : (void *)((uint8_t *)column->values + (size_t)row * mill_type_width_bytes(column->type));
	if (!write_values(dtype, &one, scratch, &element, 1))
		return MILL_REFUSAL_NONE;
	double value = mill_number_at(column, row);
	if (isinf(value) && !mill_type_is_integer(dtype))
		return MILL_REFUSAL_NONE;
	return mill_type_is_integer(dtype) && value != trunc(value) ? MILL_REFUSAL_FRACTION : MILL_REFUSAL_RANGE;
}

static void note_faults(const mill_tensor *tensor, const mill_lane *lane, mill_work *work)
{
	for (int64_t r = 0; r < lane->column.rows; r++) {
		if (mill_column_is_null(&lane->column, r))
			continue;
		mill_refusal_kind kind = refusal_of(tensor->dtype, &lane->column, r);
		if (kind != MILL_REFUSAL_NONE)
			mill_refusal_note(work, kind, NULL, lane, r);
	}
}

static inline void store_element(uint8_t *out, const uint8_t *value, size_t element_bytes)
{
	switch (element_bytes) {
	case 1: memcpy(out, value, 1); break;
	case 2: memcpy(out, value, 2); break;
	case 4: memcpy(out, value, 4); break;
	default: memcpy(out, value, 8); break;
	}
}

/* Rows that are NULL get `element`, without a branch per row. */
#define BLEND(T)                                                                                     \
	static void blend_##T(const mill_column *column, T element, T *restrict out, int64_t stride) \
	{                                                                                            \
		for (int64_t r = 0; r < column->rows; r++) {                                         \
			T keep = (T)(0 - (T)(column->validity[r >> 6] >> (r & 63) & 1));             \
			out[r * stride] = (T)((out[r * stride] & keep) | (element & (T)~keep));      \
		}                                                                                    \
	}
BLEND(uint8_t)
BLEND(uint16_t)
BLEND(uint32_t)
BLEND(uint64_t)

static void blend_nulls(const mill_column *column, uint64_t element, void *out, int64_t stride, size_t element_bytes)
{
	switch (element_bytes) {
	case 1: blend_uint8_t(column, (uint8_t)element, out, stride); break;
	case 2: blend_uint16_t(column, (uint16_t)element, out, stride); break;
	case 4: blend_uint32_t(column, (uint32_t)element, out, stride); break;
	default: blend_uint64_t(column, element, out, stride); break;
	}
}

/* Elements of NULL rows: the fill, NaN, or a refusal. */
static void write_nulls(const mill_tensor *tensor, const mill_lane *lane, mill_work *work, uint8_t *out,
                        size_t element_bytes)
{
	const mill_column *column = &lane->column;
	double nan_value = (double)NAN;
	const mill_column nan_column = {.type = mill_type_of(MILL_TYPE_FLOAT64), .rows = 1, .values = &nan_value};
	uint64_t scratch[2], element = 0;
	mill_refusal_kind kind = MILL_REFUSAL_NULL;
	if (lane->fill != NULL || tensor->nan_for_null) {
		const mill_column *instead = lane->fill != NULL ? lane->fill : &nan_column;
		if (!write_values(tensor->dtype, instead, scratch, &element, 1)) {
			blend_nulls(column, element, out, tensor->width, element_bytes);
			return;
		}
		kind = refusal_of(tensor->dtype, instead, 0);
	}
	for (int64_t r = 0; r < column->rows; r++)
		if (!mill_bit_get(column->validity, r))
			mill_refusal_note(work, kind, NULL, lane, r);
}

/* The dtype's bytes of a small whole number. */
static void small_element(mill_type dtype, double value, uint8_t out[8])
{
	mill_column column = {.type = mill_type_of(MILL_TYPE_FLOAT64), .rows = 1, .values = &value};
	uint64_t scratch[2];
	(void)write_values(dtype, &column, scratch, out, 1);
}

/* 0 has only zero bytes in every dtype. */
static void write_one_hot(const mill_tensor *tensor, const mill_lane *lane, int64_t columns, uint8_t *out,
                          size_t row_bytes, size_t element_bytes)
{
	const int64_t *ids = lane->column.values;
	uint8_t one[8];
	small_element(tensor->dtype, 1.0, one);
	for (int64_t r = 0; r < lane->column.rows; r++) {
		uint8_t *row = out + (size_t)r * row_bytes;
		memset(row, 0, (size_t)columns * element_bytes);
		if (ids[r] >= 0)
			store_element(row + (size_t)ids[r] * element_bytes, one, element_bytes);
	}
}

static void write_flag(const mill_tensor *tensor, const uint64_t *validity, int64_t rows, uint8_t *out,
                       size_t row_bytes, size_t element_bytes)
{
	uint8_t flags[2][8];
	small_element(tensor->dtype, 0.0, flags[0]);
	small_element(tensor->dtype, 1.0, flags[1]);
	for (int64_t r = 0; r < rows; r++) {
		bool missing = validity != NULL && !mill_bit_get(validity, r);
		store_element(out + (size_t)r * row_bytes, flags[missing], element_bytes);
	}
}

static bool has_nulls(const mill_column *column)
{
	uint64_t all = ~(uint64_t)0;
	int64_t whole = column->rows / 64, rest = column->rows % 64;
	if (column->validity == NULL)
		return false;
	for (int64_t w = 0; w < whole; w++)
		all &= column->validity[w];
	if (rest != 0)
		all &= column->validity[whole] | ~(uint64_t)0 << rest;
	return all != ~(uint64_t)0;
}

mill_status mill_chain_write(const mill_tensor *tensor, const mill_chain *chain, const mill_lane *lane, mill_work *work,
                             void *out, mill_error *err)
{
	(void)err;
	size_t element_bytes = mill_type_width_bytes(tensor->dtype);
	size_t row_bytes = (size_t)tensor->width * element_bytes;
	uint8_t *at = (uint8_t *)out + (size_t)chain->first * element_bytes;
	const mill_recipe *recipe = chain->recipe;
	if (recipe->count > 0 && recipe->transforms[recipe->count - 1]->is_one_hot) {
		int64_t columns = recipe->transforms[recipe->count - 1]->cardinality;
		write_one_hot(tensor, lane, columns, at, row_bytes, element_bytes);
		at += (size_t)columns * element_bytes;
	} else {
		void *scratch = lane->column.values == work->floats[0] ? work->floats[1] : work->floats[0];
		if (write_values(tensor->dtype, &lane->column, scratch, at, tensor->width))
			note_faults(tensor, lane, work);
		if (has_nulls(&lane->column))
			write_nulls(tensor, lane, work, at, element_bytes);
		at += element_bytes;
	}
	for (int f = 0; f < work->flag_count; f++, at += element_bytes)
		write_flag(tensor, work->flags[f], lane->column.rows, at, row_bytes, element_bytes);
	return MILL_OK;
}
