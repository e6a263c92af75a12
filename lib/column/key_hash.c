/* Key hashes. General keys are laid out as V, a block of rows at a time, and hashed; the shapes that most keys have are
 * hashed from registers by key_hash_fast.c. */
#include "column/key_hash.h"

#include "column/canonical.h"

/* V of a block of rows is laid out row by row before it is hashed: small enough to stay in the first-level cache. */
#define BLOCK_ROWS 256

/* Adds the size of V of each row to sizes. */
static void add_sizes(const mill_column *column, int64_t first, int64_t rows, size_t *restrict sizes)
{
	size_t fixed = 9;
	if (column->type.id == MILL_TYPE_BOOL)
		fixed = 2;
	else if (mill_type_width_bytes(column->type) == 16)
		fixed = 17;
	for (int64_t r = 0; r < rows; r++) {
		int32_t length = 0;
		bool is_null = mill_column_is_null(column, first + r) || column->type.id == MILL_TYPE_NULL;
		if (!is_null && mill_type_is_text(column->type))
			(void)mill_column_text(column, first + r, &length);
		sizes[r] += is_null ? 1 : fixed + (size_t)length;
	}
}

static uint8_t *put_bytes(uint8_t *to, const void *data, size_t size_bytes)
{
	*to++ = 1;
	if (size_bytes > 0)
		memcpy(to, data, size_bytes);
	return to + size_bytes;
}

static uint8_t *put_text(const mill_column *column, int64_t row, uint8_t *to)
{
	int32_t length;
	const char *text = mill_column_text(column, row, &length);
	uint64_t length_bits = (uint64_t)length;
	to = put_bytes(to, &length_bits, sizeof(length_bits));
	if (length > 0)
		memcpy(to, text, (size_t)length);
	return to + length;
}

static uint8_t *put_wide(const mill_column *column, int64_t row, uint8_t *to)
{
	mill_i128 wide = column->type.id == MILL_TYPE_INTERVAL
	                     ? mill_interval_us(((const mill_interval *)column->values)[row])
	                     : ((const mill_i128 *)column->values)[row];
	return put_bytes(to, &wide, sizeof(wide));
}

static uint8_t *put_bool(const mill_column *column, int64_t row, uint8_t *to)
{
	uint8_t truth = mill_bit_get(column->values, row);
	return put_bytes(to, &truth, 1);
}

static uint8_t *put_float(const mill_column *column, int64_t row, uint8_t *to)
{
	uint64_t bits = mill_canonical_f64(mill_float_value(column, row));
	return put_bytes(to, &bits, sizeof(bits));
}

static uint8_t *put_integer(const mill_column *column, int64_t row, uint8_t *to)
{
	uint64_t bits = mill_integer_bits(column, row);
	return put_bytes(to, &bits, sizeof(bits));
}

/* Appends V of each row at its cursor: one loop a kind of type. */
#define APPEND_LOOP(put)                                                         \
	do {                                                                     \
		for (int64_t r = 0; r < rows; r++) {                             \
			if (mill_column_is_null(column, first + r))              \
				*cursors[r]++ = 0;                               \
			else                                                     \
				cursors[r] = put(column, first + r, cursors[r]); \
		}                                                                \
	} while (0)

static void append_column(const mill_column *column, int64_t first, int64_t rows, uint8_t **restrict cursors)
{
	if (column->type.id == MILL_TYPE_NULL) {
		for (int64_t r = 0; r < rows; r++)
			*cursors[r]++ = 0;
	} else if (mill_type_is_text(column->type)) {
		APPEND_LOOP(put_text);
	} else if (column->type.id == MILL_TYPE_BOOL) {
		APPEND_LOOP(put_bool);
	} else if (mill_type_is_float(column->type)) {
		APPEND_LOOP(put_float);
	} else if (mill_type_width_bytes(column->type) == 16) {
		APPEND_LOOP(put_wide);
	} else {
		APPEND_LOOP(put_integer);
	}
}

static mill_status hash_block(const mill_column *const *keys, int n, int64_t first, int64_t rows, mill_bytes *scratch,
                              uint64_t *out, mill_error *err)
{
	size_t sizes[BLOCK_ROWS] = {0};
	uint8_t *cursors[BLOCK_ROWS];
	size_t total = 0;
	for (int k = 0; k < n; k++)
		add_sizes(keys[k], first, rows, sizes);
	for (int64_t r = 0; r < rows; r++)
		total += sizes[r];
	scratch->size_bytes = 0;
	if (mill_bytes_reserve(scratch, total) != MILL_OK)
		return mill_fail_nomem(err, total, "keys to hash");
	uint8_t *at = scratch->data;
	for (int64_t r = 0; r < rows; r++) {
		cursors[r] = at;
		at += sizes[r];
	}
	for (int k = 0; k < n; k++)
		append_column(keys[k], first, rows, cursors);
	for (int64_t r = 0; r < rows; r++)
		out[r] = mill_h64(0, cursors[r] - sizes[r], sizes[r]);
	return MILL_OK;
}

mill_status mill_key_hash(const mill_column *const *keys, int n, int64_t rows, mill_bytes *scratch, uint64_t *out,
                          mill_error *err)
{
	bool done = false;
	MILL_TRY(mill_key_hash_fast(keys, n, rows, scratch, out, &done, err));
	if (done)
		return MILL_OK;
	for (int64_t first = 0; first < rows; first += BLOCK_ROWS) {
		int64_t now = mill_min_i64(BLOCK_ROWS, rows - first);
		MILL_TRY(hash_block(keys, n, first, now, scratch, out + first, err));
	}
	return MILL_OK;
}
