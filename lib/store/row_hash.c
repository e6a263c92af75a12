#include "store/row_hash.h"

#include "base/simd.h"
#include "column/bits.h"
#include "column/canonical.h"
#include "column/key_hash.h"

#include <string.h>

#define F32_NAN       0x7FC00000U
#define F64_NAN       MILL_NAN_BITS
#define COPY_BLOCK    32
#define HASH_BLOCK    512
#define V_INTEGER     9 /* bytes of V of a non-NULL integer, float, date or timestamp */
#define V_DECIMAL     17
#define V_BOOL        2
#define V_TEXT_HEADER 9

#define COPY_BODY(bits, type, magnitude, infinity, nan)                                                           \
	static MILL_SIMD_BODY void copy_f##bits##_body(const type *restrict in, size_t count, type *restrict out) \
	{                                                                                                         \
		size_t whole = count / COPY_BLOCK * COPY_BLOCK;                                                   \
		for (size_t e = 0; e < whole; e += COPY_BLOCK)                                                    \
			for (size_t i = e; i < e + COPY_BLOCK; i++)                                               \
				out[i] = (in[i] & (magnitude)) > (infinity) ? (nan) : in[i];                      \
		for (size_t i = whole; i < count; i++)                                                            \
			out[i] = (in[i] & (magnitude)) > (infinity) ? (nan) : in[i];                              \
	}                                                                                                         \
	MILL_SIMD_COPIES(static void, copy_f##bits, (in, count, out), const type *restrict in, size_t count,      \
	                 type *restrict out)

COPY_BODY(32, uint32_t, 0x7FFFFFFFU, 0x7F800000U, F32_NAN)
COPY_BODY(64, uint64_t, 0x7FFFFFFFFFFFFFFFULL, 0x7FF0000000000000ULL, F64_NAN)

void mill_copy_canonical(int simd, mill_type dtype, const void *in, size_t count, void *out)
{
	if (dtype.id == MILL_TYPE_FLOAT32)
		copy_f32(simd, in, count, out);
	else if (dtype.id == MILL_TYPE_FLOAT64)
		copy_f64(simd, in, count, out);
	else
		memcpy(out, in, count * mill_type_width_bytes(dtype));
}

static size_t fixed_v_bytes(mill_type type)
{
	if (type.id == MILL_TYPE_DECIMAL)
		return V_DECIMAL;
	return type.id == MILL_TYPE_BOOL ? V_BOOL : V_INTEGER;
}

/* V of rows of a fixed-width column end to end, as if none were NULL. */
static void fixed_v(const mill_column *column, int64_t from, int64_t rows, uint8_t *restrict out)
{
	uint64_t bits[HASH_BLOCK];
	if (column->type.id == MILL_TYPE_BOOL) {
		for (int64_t r = 0; r < rows; r++) {
			out[r * V_BOOL] = 1;
			out[r * V_BOOL + 1] = mill_bit_get(column->values, from + r);
		}
	} else if (column->type.id == MILL_TYPE_DECIMAL) {
		for (int64_t r = 0; r < rows; r++) {
			out[r * V_DECIMAL] = 1;
			memcpy(out + r * V_DECIMAL + 1, (const mill_i128 *)column->values + from + r,
			       sizeof(mill_i128));
		}
	} else {
		mill_key_words(column, from, rows, bits);
		for (int64_t r = 0; r < rows; r++) {
			out[r * V_INTEGER] = 1;
			memcpy(out + r * V_INTEGER + 1, &bits[r], sizeof(bits[r]));
		}
	}
}

bool mill_all_valid(const uint64_t *validity, int64_t from, int64_t rows)
{
	if (validity == NULL)
		return true;
	int64_t end = from + rows;
	for (int64_t at = from; at < end;) {
		int64_t bit = at & 63;
		int64_t count = mill_min_i64(64 - bit, end - at);
		uint64_t wanted = mill_bits_mask(count) << bit;
		if ((validity[at >> 6] & wanted) != wanted)
			return false;
		at += count;
	}
	return true;
}

static mill_u128 hash_fixed(const mill_column *column, int64_t from, int64_t rows, uint64_t first_ordinal)
{
	uint8_t v[HASH_BLOCK * V_DECIMAL];
	const uint8_t null_v = 0;
	size_t v_bytes = fixed_v_bytes(column->type);
	mill_u128 sum = 0;
	for (int64_t at = 0; at < rows; at += HASH_BLOCK) {
		int64_t count = mill_min_i64(HASH_BLOCK, rows - at);
		uint64_t ordinal = first_ordinal + (uint64_t)at;
		fixed_v(column, from + at, count, v);
		if (mill_all_valid(column->validity, from + at, count)) {
			sum += mill_h128_rows_sum(ordinal, v, v_bytes, count);
			continue;
		}
		for (int64_t r = 0; r < count; r++)
			sum += mill_bit_get(column->validity, from + at + r)
			           ? mill_h128(ordinal + (uint64_t)r, v + (size_t)r * v_bytes, v_bytes)
			           : mill_h128(ordinal + (uint64_t)r, &null_v, 1);
	}
	return sum;
}

static mill_status hash_text(const mill_column *column, int64_t from, int64_t rows, uint64_t first_ordinal,
                             mill_bytes *scratch, mill_u128 *sum)
{
	const uint8_t null_v = 0;
	mill_u128 total = 0;
	for (int64_t r = 0; r < rows; r++) {
		uint64_t seed = first_ordinal + (uint64_t)r;
		if (mill_column_is_null(column, from + r)) {
			total += mill_h128(seed, &null_v, 1);
			continue;
		}
		int32_t length_bytes = 0;
		const char *text = mill_column_text(column, from + r, &length_bytes);
		uint64_t length = (uint64_t)length_bytes;
		scratch->size_bytes = 0;
		MILL_TRY(mill_bytes_reserve(scratch, V_TEXT_HEADER + (size_t)length));
		scratch->data[0] = 1;
		memcpy(scratch->data + 1, &length, sizeof(length));
		if (length > 0)
			memcpy(scratch->data + V_TEXT_HEADER, text, (size_t)length);
		total += mill_h128(seed, scratch->data, V_TEXT_HEADER + (size_t)length);
	}
	*sum += total;
	return MILL_OK;
}

mill_status mill_row_hash_column(const mill_column *column, int64_t from, int64_t rows, int64_t first_ordinal,
                                 mill_bytes *scratch, mill_u128 *sum, mill_error *err)
{
	if (!mill_type_is_text(column->type)) {
		*sum += hash_fixed(column, from, rows, (uint64_t)first_ordinal);
		return MILL_OK;
	}
	if (hash_text(column, from, rows, (uint64_t)first_ordinal, scratch, sum) != MILL_OK)
		return mill_fail_nomem(err, V_TEXT_HEADER, "row hash of a kept column");
	return MILL_OK;
}
