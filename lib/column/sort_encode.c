/* Sort keys as bytes that memcmp orders.
 *
 * A key is a marker byte that places NULL, then the value: integers, dates and timestamps big-endian with the sign bit
 * flipped, in their own width; floats as 8 such bytes of their total order; decimals and intervals as 16; text with 00
 * written 00 FF and ended by 00 00. A descending key has its value bytes inverted. A NULL of fixed width is zeros, so
 * that keys without text have one length. Row ids follow as 8 bytes a word. */
#include "column/canonical.h"
#include "column/layout.h"
#include "column/value.h"

/* Rows whose cursors are kept at once: every key of a block is written while its bytes are in cache. */
#define BLOCK_ROWS 256

static size_t encoded_width(const mill_column *column)
{
	if (mill_type_is_float(column->type))
		return 8;
	return column->type.id == MILL_TYPE_BOOL ? 1 : mill_type_width_bytes(column->type);
}

static size_t escaped_bytes(const char *text, int32_t length)
{
	size_t bytes = (size_t)length + 2;
	const char *end = text + length;
	while (text < end && (text = memchr(text, 0, (size_t)(end - text))) != NULL) {
		bytes++;
		text++;
	}
	return bytes;
}

/* One look at the text of many rows spares a look at each: text rarely holds a 00. Entries of a dictionary are looked
 * at as they are used. */
static bool may_hold_zero(const mill_column *column, int64_t first, int64_t rows)
{
	if (column->dictionary != NULL)
		return true;
	size_t start = (size_t)column->offsets[first], end = (size_t)column->offsets[first + rows];
	return end > start && memchr(column->bytes + start, 0, end - start) != NULL;
}

/* Adds the key bytes of each row to sizes; false when a row's pass what a column can hold. */
static bool add_text_sizes(const mill_column *column, int64_t rows, uint32_t *restrict sizes)
{
	bool escape = rows > 0 && may_hold_zero(column, 0, rows);
	for (int64_t r = 0; r < rows; r++) {
		int32_t length;
		if (mill_column_is_null(column, r)) {
			sizes[r]++;
			continue;
		}
		const char *text = mill_column_text(column, r, &length);
		size_t bytes = sizes[r] + 1 + (escape ? escaped_bytes(text, length) : (size_t)length + 2);
		if (bytes > INT32_MAX)
			return false;
		sizes[r] = (uint32_t)bytes;
	}
	return true;
}

/* Fills offsets[1 … rows]; returns the bytes of all keys, more than INT32_MAX when a column cannot hold them. */
static size_t lay_out(const mill_batch *batch, const mill_sort_key *keys, int n, bool with_ids, int32_t *offsets)
{
	uint32_t *sizes = (uint32_t *)offsets + 1;
	size_t fixed = with_ids ? 8 * (size_t)batch->id_words : 0, total = 0;
	memset(sizes, 0, (size_t)batch->rows * sizeof(*sizes));
	for (int k = 0; k < n; k++) {
		const mill_column *column = &batch->columns[keys[k].column];
		if (!mill_type_is_text(column->type))
			fixed += 1 + encoded_width(column);
		else if (!add_text_sizes(column, batch->rows, sizes))
			return (size_t)INT32_MAX + 1;
	}
	for (int64_t r = 0; r < batch->rows; r++) {
		total += fixed + sizes[r];
		offsets[r + 1] = (int32_t)(uint32_t)total;
	}
	return total;
}

/* The first `width` bytes of value << …, most significant first. */
static inline uint8_t *put_big_endian(uint8_t *to, uint64_t value, size_t width)
{
	uint64_t swapped = __builtin_bswap64(value << (64 - 8 * width));
	memcpy(to, &swapped, width);
	return to + width;
}

/* invert also flips the sign bit of signed types. */
static inline uint8_t *put_integer(const mill_column *column, int64_t row, size_t width, uint64_t invert, uint8_t *to)
{
	return put_big_endian(to, mill_integer_bits(column, row) ^ invert, width);
}

static inline uint8_t *put_float(const mill_column *column, int64_t row, size_t width, uint64_t invert, uint8_t *to)
{
	uint64_t order = (uint64_t)mill_order_f64(mill_float_value(column, row)) ^ (uint64_t)INT64_MIN;
	return put_big_endian(to, order ^ invert, width);
}

static inline uint8_t *put_wide(const mill_column *column, int64_t row, size_t width, uint64_t invert, uint8_t *to)
{
	mill_i128 value = column->type.id == MILL_TYPE_INTERVAL
	                      ? mill_interval_us(((const mill_interval *)column->values)[row])
	                      : ((const mill_i128 *)column->values)[row];
	(void)width;
	to = put_big_endian(to, (uint64_t)(value >> 64) ^ (uint64_t)INT64_MIN ^ invert, 8);
	return put_big_endian(to, (uint64_t)value ^ invert, 8);
}

static inline uint8_t *put_bool(const mill_column *column, int64_t row, size_t width, uint64_t invert, uint8_t *to)
{
	return put_big_endian(to, (uint64_t)mill_bit_get(column->values, row) ^ invert, width);
}

static inline uint8_t *put_escaped(const char *text, int32_t length, uint64_t invert, uint8_t *to)
{
	for (int32_t i = 0; i < length; i++) {
		*to++ = (uint8_t)((uint8_t)text[i] ^ invert);
		if (text[i] == 0)
			*to++ = (uint8_t)(0xff ^ invert);
	}
	return to;
}

static inline uint8_t *put_unescaped(const char *restrict text, size_t length, uint64_t invert, uint8_t *restrict to)
{
	size_t i = 0;
	for (; i + 8 <= length; i += 8) {
		uint64_t word;
		memcpy(&word, text + i, 8);
		word ^= invert;
		memcpy(to + i, &word, 8);
	}
	for (; i < length; i++)
		to[i] = (uint8_t)((uint8_t)text[i] ^ invert);
	return to + length;
}

static void write_text_key(const mill_column *column, const mill_sort_key *key, int64_t first, int64_t rows,
                           bool escape, uint8_t **restrict cursors)
{
	uint64_t invert = key->descending ? ~(uint64_t)0 : 0;
	uint8_t null_marker = key->nulls_first ? 0 : 1;
	for (int64_t r = 0; r < rows; r++) {
		uint8_t *to = cursors[r];
		int32_t length;
		if (mill_column_is_null(column, first + r)) {
			*to++ = null_marker;
			cursors[r] = to;
			continue;
		}
		*to++ = !null_marker;
		const char *text = mill_column_text(column, first + r, &length);
		to = escape ? put_escaped(text, length, invert, to) : put_unescaped(text, (size_t)length, invert, to);
		*to++ = (uint8_t)invert;
		*to++ = (uint8_t)invert;
		cursors[r] = to;
	}
}

#define KEY_LOOP(put, width)                                                        \
	for (int64_t r = 0; r < rows; r++) {                                        \
		uint8_t *to = cursors[r];                                           \
		if (mill_column_is_null(column, first + r)) {                       \
			*to = null_marker;                                          \
			memset(to + 1, 0, width);                                   \
			cursors[r] = to + 1 + width;                                \
		} else {                                                            \
			*to = valid_marker;                                         \
			cursors[r] = put(column, first + r, width, invert, to + 1); \
		}                                                                   \
	}

static void write_integers(const mill_column *column, size_t width, uint64_t invert, uint8_t null_marker, int64_t first,
                           int64_t rows, uint8_t **restrict cursors)
{
	uint8_t valid_marker = !null_marker;
	if (!mill_type_is_unsigned(column->type))
		invert ^= (uint64_t)1 << (8 * width - 1);
	if (width == 1)
		KEY_LOOP(put_integer, (size_t)1)
	else if (width == 2)
		KEY_LOOP(put_integer, (size_t)2)
	else if (width == 4)
		KEY_LOOP(put_integer, (size_t)4)
	else
		KEY_LOOP(put_integer, (size_t)8)
}

static void write_key(const mill_column *column, const mill_sort_key *key, int64_t first, int64_t rows,
                      uint8_t **restrict cursors)
{
	size_t width = encoded_width(column);
	uint64_t invert = key->descending ? ~(uint64_t)0 : 0;
	uint8_t null_marker = key->nulls_first ? 0 : 1, valid_marker = !null_marker;
	if (mill_type_is_text(column->type)) {
		write_text_key(column, key, first, rows, may_hold_zero(column, first, rows), cursors);
	} else if (column->type.id == MILL_TYPE_BOOL) {
		KEY_LOOP(put_bool, (size_t)1)
	} else if (mill_type_is_float(column->type)) {
		KEY_LOOP(put_float, (size_t)8)
	} else if (width == 16) {
		KEY_LOOP(put_wide, (size_t)16)
	} else {
		write_integers(column, width, invert, null_marker, first, rows, cursors);
	}
}

static void write_ids(const mill_batch *batch, int64_t first, int64_t rows, uint8_t **restrict cursors)
{
	for (int c = batch->column_count - batch->id_words; c < batch->column_count; c++) {
		const uint64_t *ids = batch->columns[c].values;
		for (int64_t r = 0; r < rows; r++)
			cursors[r] = put_big_endian(cursors[r], ids[first + r], 8);
	}
}

mill_status mill_sort_encode(mill_mem *mem, const mill_batch *batch, const mill_sort_key *keys, int n, bool with_ids,
                             mill_column *out, mill_error *err)
{
	mill_column made;
	MILL_TRY(mill_column_new_offsets(mem, mill_type_of(MILL_TYPE_BINARY), batch->rows, &made, err));
	mill_status status = mill_column_add_text(mem, &made, lay_out(batch, keys, n, with_ids, made.offsets), err);
	if (status != MILL_OK) {
		mill_column_release(&made);
		return status;
	}
	for (int64_t first = 0; first < batch->rows; first += BLOCK_ROWS) {
		uint8_t *cursors[BLOCK_ROWS];
		int64_t rows = mill_min_i64(BLOCK_ROWS, batch->rows - first);
		for (int64_t r = 0; r < rows; r++)
			cursors[r] = (uint8_t *)made.bytes + made.offsets[first + r];
		for (int k = 0; k < n; k++)
			write_key(&batch->columns[keys[k].column], &keys[k], first, rows, cursors);
		if (with_ids)
			write_ids(batch, first, rows, cursors);
	}
	*out = made;
	return MILL_OK;
}
