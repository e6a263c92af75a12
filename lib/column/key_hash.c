/* Key hashes. General keys are laid out as V, a block of rows at a time, and hashed; the shapes that most keys have are
 * hashed from registers by key_hash_fast.c. */
#include "column/key_hash.h"

#include "column/canonical.h"
#include "column/layout.h"

#define BLOCK_ROWS  MILL_KEY_BLOCK_ROWS
#define SLACK_BYTES 16 /* left after each row, so that 8 or 16 bytes can be written where fewer are meant */

/* Adds the size of V of each row to sizes. */
static void add_sizes(const mill_column *column, int64_t first, int64_t rows, size_t *restrict sizes)
{
	size_t fixed = 9;
	if (column->type.id == MILL_TYPE_BOOL)
		fixed = 2;
	else if (mill_type_width_bytes(column->type) == 16)
		fixed = 17;
	if (column->validity == NULL && !mill_type_is_text(column->type)) {
		for (int64_t r = 0; r < rows; r++)
			sizes[r] += fixed;
		return;
	}
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

/* Every row writes 9 bytes; after a NULL the next key or nobody uses the rest. */
static void append_words(const mill_column *column, int64_t first, int64_t rows, uint8_t **restrict cursors)
{
	uint64_t words[BLOCK_ROWS];
	mill_key_words(column, first, rows, words);
	for (int64_t r = 0; r < rows; r++) {
		bool valid = !mill_column_is_null(column, first + r);
		uint8_t *to = cursors[r];
		*to = valid;
		memcpy(to + 1, &words[r], 8);
		cursors[r] = to + (valid ? 9 : 1);
	}
}

static void append_text(const mill_column *column, int64_t first, int64_t rows, uint8_t **restrict cursors)
{
	const mill_column *source = column->dictionary != NULL ? column->dictionary : column;
	const char *end = source->bytes + mill_column_text_readable(source);
	for (int64_t r = 0; r < rows; r++) {
		uint8_t *to = cursors[r];
		int32_t length = 0;
		*to = 0;
		cursors[r] = to + 1;
		if (mill_column_is_null(column, first + r))
			continue;
		const char *text = mill_column_text(column, first + r, &length);
		uint64_t length_bits = (uint64_t)length;
		*to = 1;
		memcpy(to + 1, &length_bits, 8);
		mill_copy_text((char *)to + 9, text, (size_t)length, (size_t)(end - text));
		cursors[r] = to + 9 + length;
	}
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
		append_text(column, first, rows, cursors);
	} else if (column->type.id == MILL_TYPE_BOOL) {
		APPEND_LOOP(put_bool);
	} else if (mill_key_is_word(column)) {
		append_words(column, first, rows, cursors);
	} else {
		APPEND_LOOP(put_wide);
	}
}

static mill_status hash_block(const mill_column *const *keys, int n, int64_t first, int64_t rows, mill_bytes *scratch,
                              uint64_t *out, mill_error *err)
{
	size_t sizes[BLOCK_ROWS] = {0};
	uint8_t *cursors[BLOCK_ROWS];
	size_t total = (size_t)rows * SLACK_BYTES;
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
		at += sizes[r] + SLACK_BYTES;
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
