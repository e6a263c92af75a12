/* Key hashes of columns whose values are of one width, several rows at a time. */
#include "base/hash_inline.h"
#include "column/canonical.h"
#include "column/key_hash.h"
#include "column/layout.h"

#define BLOCK_ROWS MILL_KEY_BLOCK_ROWS

static uint64_t hash_null(void)
{
	return mill_h64(0, "\0", 1);
}

#define LOAD_LOOP(T, expression)                         \
	{                                                \
		const T *restrict in = column->values;   \
		for (int64_t r = 0; r < rows; r++) {     \
			T x = in[first + r];             \
			out[r] = (uint64_t)(expression); \
		}                                        \
		return;                                  \
	}

void mill_key_words(const mill_column *column, int64_t first, int64_t rows, uint64_t *restrict out)
{
	switch (column->type.id) {
	case MILL_TYPE_INT8: LOAD_LOOP(int8_t, x)
	case MILL_TYPE_INT16: LOAD_LOOP(int16_t, x)
	case MILL_TYPE_INT32:
	case MILL_TYPE_DATE: LOAD_LOOP(int32_t, x)
	case MILL_TYPE_UINT8: LOAD_LOOP(uint8_t, x)
	case MILL_TYPE_UINT16: LOAD_LOOP(uint16_t, x)
	case MILL_TYPE_UINT32: LOAD_LOOP(uint32_t, x)
	case MILL_TYPE_FLOAT32: LOAD_LOOP(float, mill_canonical_f64((double)x))
	case MILL_TYPE_FLOAT64: LOAD_LOOP(double, mill_canonical_f64(x))
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_TIMESTAMP: LOAD_LOOP(uint64_t, x)
	case MILL_TYPE_NULL:
	case MILL_TYPE_BOOL:
	case MILL_TYPE_DECIMAL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break; /* no words: mill_key_is_word */
	}
}

static void put_nulls(const mill_column *column, int64_t rows, uint64_t *restrict out)
{
	if (column->validity == NULL)
		return;
	uint64_t null = hash_null();
	for (int64_t base = 0; base < rows; base += 64) {
		uint64_t nulls = ~column->validity[base >> 6];
		for (; nulls != 0 && base + __builtin_ctzll(nulls) < rows; nulls &= nulls - 1)
			out[base + __builtin_ctzll(nulls)] = null;
	}
}

static void hash_words(const mill_column *column, int64_t rows, uint64_t *restrict out)
{
	for (int64_t first = 0; first < rows; first += BLOCK_ROWS) {
		uint64_t words[BLOCK_ROWS];
		int64_t now = mill_min_i64(BLOCK_ROWS, rows - first);
		mill_key_words(column, first, now, words);
		for (int64_t r = 0; r < now; r++)
			out[first + r] = mill_h64_9to16(1 | words[r] << 8, words[r], 9);
	}
	put_nulls(column, rows, out);
}

static void hash_wide(const mill_column *column, int64_t rows, uint64_t *restrict out)
{
	bool is_interval = column->type.id == MILL_TYPE_INTERVAL;
	for (int64_t r = 0; r < rows; r++) {
		mill_i128 value = is_interval ? mill_interval_us(((const mill_interval *)column->values)[r])
		                              : ((const mill_i128 *)column->values)[r];
		uint64_t low = (uint64_t)value, high = (uint64_t)(value >> 64);
		uint64_t first16[2] = {1 | low << 8, low >> 56 | high << 8}, last16[2] = {low, high};
		out[r] = mill_h64_17to32(first16, last16, 17);
	}
	put_nulls(column, rows, out);
}

static void hash_bools(const mill_column *column, int64_t rows, uint64_t *restrict out)
{
	uint64_t hashes[2] = {mill_h64(0, "\1\0", 2), mill_h64(0, "\1\1", 2)};
	for (int64_t r = 0; r < rows; r++)
		out[r] = hashes[mill_bit_get(column->values, r)];
	put_nulls(column, rows, out);
}

/* V is 01, the length in 8 bytes, the text: V[offset] is text[offset − 9]. */
#define TEXT_AT 9

/* Up to 7 bytes of text; 8 bytes can be read at it. */
static inline uint64_t hash_tiny_text(const char *text, uint64_t length)
{
	uint64_t last8 = length == 0 ? 0 : mill_load_u64(text) << (64 - 8 * length);
	return mill_h64_9to16(1 | length << 8, last8, TEXT_AT + length);
}

/* 16 bytes of V from offset 1 … 8, that is of the length's last bytes and then text; at least 8 bytes of text. */
static inline uint64_t mix_across(const char *text, uint64_t length, uint64_t offset, int at)
{
	uint64_t low = offset == 1 ? length : mill_load_u64(text) << (8 * (TEXT_AT - offset));
	return mill_xxh3_mix(low, mill_load_u64(text + offset - 1), at);
}

static inline uint64_t mix_text(const char *text, int at)
{
	return mill_xxh3_mix(mill_load_u64(text), mill_load_u64(text + 8), at);
}

/* 8 to 119 bytes of text: V has 17 to 128. Pieces as the specification takes them from both ends. */
static inline uint64_t hash_short_text(const char *text, uint64_t length)
{
	const char *end = text + length;
	uint64_t hash = mill_xxh3_start(TEXT_AT + length);
	if (length > 87)
		hash += mix_text(text + 48 - TEXT_AT, 6) + mix_text(end - 64, 7);
	if (length > 55)
		hash += mix_text(text + 32 - TEXT_AT, 4) + mix_text(end - 48, 5);
	if (length > 23) {
		hash += mix_text(text + 16 - TEXT_AT, 2);
		hash += length < 32 ? mix_across(text, length, length - 23, 3) : mix_text(end - 32, 3);
	}
	hash += mill_xxh3_mix(1 | length << 8, mill_load_u64(text) << 8, 0);
	hash += length < 16 ? mix_across(text, length, length - 7, 1) : mix_text(end - 16, 1);
	return mill_xxh3_avalanche(hash);
}

#define SHORT_TEXT_BYTES 119

static mill_status hash_long_text(const char *text, uint64_t length, mill_bytes *scratch, uint64_t *out,
                                  mill_error *err)
{
	scratch->size_bytes = 0;
	if (mill_bytes_reserve(scratch, TEXT_AT + length) != MILL_OK)
		return mill_fail_nomem(err, TEXT_AT + length, "keys to hash");
	scratch->data[0] = 1;
	memcpy(scratch->data + 1, &length, sizeof(length));
	memcpy(scratch->data + TEXT_AT, text, length);
	*out = mill_h64(0, scratch->data, TEXT_AT + length);
	return MILL_OK;
}

/* Rows of plain text; NULL rows are empty and are overwritten by the caller. */
static mill_status hash_text(const mill_column *column, int64_t rows, mill_bytes *scratch, uint64_t *restrict out,
                             mill_error *err)
{
	const int32_t *offsets = column->offsets;
	size_t readable = mill_column_text_readable(column);
	for (int64_t r = 0; r < rows; r++) {
		size_t start = (size_t)offsets[r], length = (size_t)offsets[r + 1] - start;
		const char *text = column->bytes + start;
		if (length > SHORT_TEXT_BYTES) {
			MILL_TRY(hash_long_text(text, length, scratch, &out[r], err));
		} else if (length > 7) {
			out[r] = hash_short_text(text, length);
		} else if (readable - start >= 8) {
			out[r] = hash_tiny_text(text, length);
		} else {
			char padded[8] = {0};
			memcpy(padded, text, length);
			out[r] = hash_tiny_text(padded, length);
		}
	}
	return MILL_OK;
}

/* One hash a value, looked up a row; worth it unless the dictionary is larger than the batch. */
static mill_status hash_dictionary(const mill_column *column, int64_t rows, mill_bytes *scratch, uint64_t *restrict out,
                                   mill_error *err)
{
	const mill_column *values = column->dictionary;
	const int32_t *restrict codes = column->values;
	mill_mem *mem = scratch->mem;
	size_t bytes = (size_t)values->rows * sizeof(uint64_t);
	uint64_t *hashes = mill_mem_alloc(mem, bytes);
	if (hashes == NULL)
		return mill_fail_nomem(err, bytes, "hashes of a dictionary");
	mill_status status = hash_text(values, values->rows, scratch, hashes, err);
	uint64_t null = hash_null();
	for (int64_t r = 0; r < rows && status == MILL_OK; r++)
		out[r] = mill_column_is_null(column, r) ? null : hashes[codes[r]];
	mill_mem_free(hashes);
	return status;
}

static mill_status hash_one(const mill_column *column, int64_t rows, mill_bytes *scratch, uint64_t *out, bool *done,
                            mill_error *err)
{
	*done = true;
	if (column->dictionary != NULL) {
		*done = column->dictionary->rows <= 2 * rows;
		return *done ? hash_dictionary(column, rows, scratch, out, err) : MILL_OK;
	}
	if (mill_type_is_text(column->type)) {
		MILL_TRY(hash_text(column, rows, scratch, out, err));
		put_nulls(column, rows, out);
	} else if (mill_key_is_word(column)) {
		hash_words(column, rows, out);
	} else if (column->type.id == MILL_TYPE_BOOL) {
		hash_bools(column, rows, out);
	} else if (mill_type_width_bytes(column->type) == 16) {
		hash_wide(column, rows, out);
	} else {
		*done = false;
	}
	return MILL_OK;
}

/* V of a NULL is one byte, so each side's NULL makes another layout: (a, b), (NULL, b), (a, NULL), (NULL, NULL). */
static inline uint64_t hash_word_pair(uint64_t a, bool a_null, uint64_t b, bool b_null, uint64_t both_null)
{
	if (!a_null && !b_null) {
		uint64_t first16[2] = {1 | a << 8, a >> 56 | 1 << 8 | b << 16};
		uint64_t last16[2] = {a >> 8 | (uint64_t)1 << 56, b};
		return mill_h64_17to32(first16, last16, 18);
	}
	if (a_null && b_null)
		return both_null;
	return a_null ? mill_h64_9to16(1 << 8 | b << 16, b, 10) : mill_h64_9to16(1 | a << 8, a >> 8, 10);
}

static void hash_words2(const mill_column *a, const mill_column *b, int64_t rows, uint64_t *restrict out)
{
	uint64_t both_null = mill_h64(0, "\0\0", 2);
	bool has_null = a->validity != NULL || b->validity != NULL;
	for (int64_t first = 0; first < rows; first += BLOCK_ROWS) {
		uint64_t x[BLOCK_ROWS], y[BLOCK_ROWS];
		int64_t now = mill_min_i64(BLOCK_ROWS, rows - first);
		mill_key_words(a, first, now, x);
		mill_key_words(b, first, now, y);
		if (!has_null) {
			for (int64_t r = 0; r < now; r++)
				out[first + r] = hash_word_pair(x[r], false, y[r], false, both_null);
			continue;
		}
		for (int64_t r = 0; r < now; r++)
			out[first + r] = hash_word_pair(x[r], mill_column_is_null(a, first + r), y[r],
			                                mill_column_is_null(b, first + r), both_null);
	}
}

mill_status mill_key_hash_fast(const mill_column *const *keys, int n, int64_t rows, mill_bytes *scratch, uint64_t *out,
                               bool *done, mill_error *err)
{
	*done = rows == 0;
	if (rows == 0)
		return MILL_OK;
	if (n == 1)
		return hash_one(keys[0], rows, scratch, out, done, err);
	if (n == 2 && mill_key_is_word(keys[0]) && mill_key_is_word(keys[1])) {
		hash_words2(keys[0], keys[1], rows, out);
		*done = true;
	}
	return MILL_OK;
}
