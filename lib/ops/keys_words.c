/* Columns to key words and back. */
#include "column/canonical.h"
#include "column/layout.h"
#include "ops/keys.h"
#include <string.h>

#define NULL_SPARE_WORD ((uint64_t)1 << 40) /* beyond every 32-bit value */
#define NULL_FLOAT64    ~(uint64_t)0        /* a NaN that is not the canonical one */
#define NULL_WIDE_HIGH  ((uint64_t)1 << 63) /* below every decimal of 38 digits and every interval */
#define HASH_START      0x2D358DCCAA6C78A5ULL

/* Values of rows first … first + rows to every stride-th word. */
#define DEFINE_FILL(name, ctype, expression)                                                                          \
	static void fill_##name(const mill_column *c, int64_t first, int64_t rows, uint64_t *restrict to, int stride) \
	{                                                                                                             \
		const ctype *restrict v = (const ctype *)c->values + first;                                           \
		for (int64_t r = 0; r < rows; r++)                                                                    \
			to[r * stride] = (expression);                                                                \
	}
DEFINE_FILL(i8, int8_t, (uint64_t)(int64_t)v[r])
DEFINE_FILL(i16, int16_t, (uint64_t)(int64_t)v[r])
DEFINE_FILL(i32, int32_t, (uint64_t)(int64_t)v[r])
DEFINE_FILL(u8, uint8_t, v[r])
DEFINE_FILL(u16, uint16_t, v[r])
DEFINE_FILL(u32, uint32_t, v[r])
DEFINE_FILL(u64, uint64_t, v[r])
DEFINE_FILL(f64, double, mill_canonical_f64(v[r]))

static uint64_t canonical_f32(float value)
{
	uint32_t bits;
	float sum = value + 0.0F;
	memcpy(&bits, &sum, sizeof(bits));
	return value != value ? 0x7FC00000U : bits;
}
DEFINE_FILL(f32, float, canonical_f32(v[r]))

static void fill_bool(const mill_column *c, int64_t first, int64_t rows, uint64_t *restrict to, int stride)
{
	for (int64_t r = 0; r < rows; r++)
		to[r * stride] = mill_bit_get(c->values, first + r);
}

static void fill_decimal(const mill_column *c, int64_t first, int64_t rows, uint64_t *restrict to, int stride)
{
	const mill_i128 *restrict v = (const mill_i128 *)c->values + first;
	for (int64_t r = 0; r < rows; r++) {
		to[r * stride] = (uint64_t)v[r];
		to[r * stride + 1] = (uint64_t)(v[r] >> 64);
	}
}

static void fill_interval(const mill_column *c, int64_t first, int64_t rows, uint64_t *restrict to, int stride)
{
	const mill_interval *restrict v = (const mill_interval *)c->values + first;
	for (int64_t r = 0; r < rows; r++) {
		mill_i128 us = mill_interval_us(v[r]);
		to[r * stride] = (uint64_t)us;
		to[r * stride + 1] = (uint64_t)(us >> 64);
	}
}

typedef void (*fill_function)(const mill_column *c, int64_t first, int64_t rows, uint64_t *restrict to, int stride);
static const fill_function fill_by_type[] = {
    [MILL_TYPE_BOOL] = fill_bool,   [MILL_TYPE_INT8] = fill_i8,       [MILL_TYPE_INT16] = fill_i16,
    [MILL_TYPE_INT32] = fill_i32,   [MILL_TYPE_INT64] = fill_u64,     [MILL_TYPE_UINT8] = fill_u8,
    [MILL_TYPE_UINT16] = fill_u16,  [MILL_TYPE_UINT32] = fill_u32,    [MILL_TYPE_UINT64] = fill_u64,
    [MILL_TYPE_FLOAT32] = fill_f32, [MILL_TYPE_FLOAT64] = fill_f64,   [MILL_TYPE_DECIMAL] = fill_decimal,
    [MILL_TYPE_DATE] = fill_i32,    [MILL_TYPE_TIMESTAMP] = fill_u64, [MILL_TYPE_INTERVAL] = fill_interval,
};

/* Puts the one form of NULL where rows are NULL. */
static void fill_nulls(const mill_column *c, const op_key_column *key, int64_t first, int64_t rows, uint64_t *slice,
                       int stride)
{
	uint64_t word = key->null_bit != 0                ? 0
	                : c->type.id == MILL_TYPE_FLOAT64 ? NULL_FLOAT64
	                : key->words == 2                 ? 0
	                                                  : NULL_SPARE_WORD;
	for (int64_t r = 0; r < rows; r++) {
		if (mill_bit_get(c->validity, first + r))
			continue;
		uint64_t *row = slice + r * stride;
		row[key->word] = word;
		if (key->words == 2)
			row[key->word + 1] = NULL_WIDE_HIGH;
		if (key->null_bit != 0)
			row[0] |= key->null_bit;
	}
}

/* Text of up to 12 bytes, of which at least 12 may be read. */
static inline void short_words(const char *text, int32_t length, uint64_t out[2])
{
	uint32_t head;
	uint64_t tail;
	memcpy(&head, text, sizeof(head));
	memcpy(&tail, text + 4, sizeof(tail));
	if (length < 4)
		head &= ((uint32_t)1 << (8 * length)) - 1;
	tail = length <= 4 ? 0 : tail & (~(uint64_t)0 >> (8 * (12 - length)));
	out[0] = (uint64_t)(uint32_t)length << 32 | head;
	out[1] = tail;
}

/* The two words of a text and what the second adds to the hash. end: of the bytes that may be read. */
static inline uint64_t text_words(const char *text, int32_t length, const char *end, uint64_t out[2])
{
	if (length > 12) {
		uint32_t head;
		memcpy(&head, text, sizeof(head));
		out[0] = (uint64_t)(uint32_t)length << 32 | head;
		out[1] = (uint64_t)(uintptr_t)text;
		return mill_h64(0, text, (size_t)length);
	}
	if (end - text >= 12) {
		short_words(text, length, out);
	} else {
		char copy[12] = {0};
		if (length > 0)
			memcpy(copy, text, (size_t)length);
		short_words(copy, length, out);
	}
	return out[1];
}

static void fill_text(op_keys *keys, const mill_column *c, const op_key_column *key, int64_t first, int64_t rows)
{
	const char *bytes = c->bytes == NULL ? "" : c->bytes;
	const char *end = bytes + mill_column_text_readable(c);
	int stride = keys->words;
	for (int64_t r = 0; r < rows; r++) {
		uint64_t words[2], tail;
		if (mill_column_is_null(c, first + r)) {
			words[0] = OP_KEYS_NULL_TEXT;
			tail = words[1] = 0;
		} else {
			int32_t from = c->offsets[first + r];
			tail = text_words(bytes + from, c->offsets[first + r + 1] - from, end, words);
		}
		memcpy(keys->slice + r * stride + key->word, words, sizeof(words));
		keys->hash[r] = op_keys_mix(op_keys_mix(keys->hash[r], words[0]), tail);
	}
}

/* Dictionary rows, through what is known of its entries or, where it is larger than the batch, entry by entry. */
static void fill_codes(op_keys *keys, int k, const mill_column *c, int64_t first, int64_t rows)
{
	const op_key_codes *known = &keys->codes[k];
	const mill_column *dictionary = c->dictionary;
	const int32_t *codes = (const int32_t *)c->values + first;
	bool cached = known->dictionary == dictionary;
	const char *bytes = dictionary->bytes == NULL ? "" : dictionary->bytes;
	const char *end = bytes + mill_column_text_readable(dictionary);
	for (int64_t r = 0; r < rows; r++) {
		uint64_t words[2] = {OP_KEYS_NULL_TEXT, 0}, tail = 0;
		if (!mill_column_is_null(c, first + r)) {
			int32_t code = codes[r], from = dictionary->offsets[code];
			if (cached) {
				memcpy(words, known->words + 2 * (int64_t)code, sizeof(words));
				tail = known->hash[code];
			} else {
				tail = text_words(bytes + from, dictionary->offsets[code + 1] - from, end, words);
			}
		}
		memcpy(keys->slice + r * keys->words + keys->columns[k].word, words, sizeof(words));
		keys->hash[r] = op_keys_mix(op_keys_mix(keys->hash[r], words[0]), tail);
	}
}

static void mix_words(op_keys *keys, int word, int64_t rows)
{
	const uint64_t *restrict from = keys->slice + word;
	uint64_t *restrict hash = keys->hash;
	int stride = keys->words;
	for (int64_t r = 0; r < rows; r++)
		hash[r] = op_keys_mix(hash[r], from[r * stride]);
}

mill_status op_keys_fill(op_keys *keys, const mill_column *const *columns, int64_t first, int64_t rows, mill_error *err)
{
	for (int64_t r = 0; r < rows; r++)
		keys->hash[r] = HASH_START;
	if (keys->has_null_word)
		for (int64_t r = 0; r < rows; r++)
			keys->slice[r * keys->words] = 0;
	bool null_bits = false;
	for (int k = 0; k < keys->count; k++) {
		const mill_column *c = columns[k];
		const op_key_column *key = &keys->columns[k];
		if (c->type.id != key->type.id)
			return mill_fail(err, MILL_INTERNAL, "hash table: key %d has another type than announced", k);
		if (mill_type_is_text(c->type)) {
			if (c->dictionary != NULL)
				fill_codes(keys, k, c, first, rows);
			else
				fill_text(keys, c, key, first, rows);
			continue;
		}
		fill_by_type[c->type.id](c, first, rows, keys->slice + key->word, keys->words);
		if (c->null_count > 0) {
			fill_nulls(c, key, first, rows, keys->slice, keys->words);
			null_bits |= key->null_bit != 0;
		}
		for (int w = 0; w < key->words; w++)
			mix_words(keys, key->word + w, rows);
	}
	if (null_bits)
		for (int64_t r = 0; r < rows; r++) {
			uint64_t bits = keys->slice[r * keys->words];
			keys->hash[r] = bits == 0 ? keys->hash[r] : op_keys_mix(keys->hash[r], bits);
		}
	return MILL_OK;
}

/* The dictionary's entries as words, once a dictionary. */
static mill_status learn_entries(op_keys *keys, op_key_codes *known, const mill_column *column, mill_error *err)
{
	const mill_column *dictionary = column->dictionary;
	if (dictionary->rows > known->capacity) {
		size_t entries = (size_t)dictionary->rows;
		mill_mem_free(known->words);
		mill_mem_free(known->hash);
		known->capacity = 0;
		known->words = mill_mem_alloc(keys->mem, entries * 2 * sizeof(uint64_t));
		known->hash = mill_mem_alloc(keys->mem, entries * sizeof(uint64_t));
		if (known->words == NULL || known->hash == NULL)
			return mill_fail_nomem(err, entries * 3 * sizeof(uint64_t), "hash table");
		known->capacity = dictionary->rows;
	}
	known->dictionary = mill_dictionary_retain(column->dictionary);
	const char *bytes = dictionary->bytes == NULL ? "" : dictionary->bytes;
	const char *end = bytes + mill_column_text_readable(dictionary);
	for (int64_t e = 0; e < dictionary->rows; e++)
		known->hash[e] =
		    text_words(bytes + dictionary->offsets[e], dictionary->offsets[e + 1] - dictionary->offsets[e], end,
		               known->words + 2 * e);
	return MILL_OK;
}

/* Up to this many combinations of codes are looked up without a hash. */
#define BY_CODE_LIMIT (1 << 18)

static mill_status learn_combinations(op_keys *keys, const mill_column *const *columns, mill_error *err)
{
	int64_t combinations = 1;
	keys->by_code_count = 0;
	for (int k = 0; k < keys->count; k++) {
		if (columns[k]->dictionary == NULL || keys->codes[k].dictionary != columns[k]->dictionary)
			return MILL_OK;
		if (mill_mul_overflows(combinations, columns[k]->dictionary->rows + 1, &combinations) ||
		    (keys->count > 1 && combinations > BY_CODE_LIMIT))
			return MILL_OK;
	}
	if (keys->count == 0)
		return MILL_OK;
	if (combinations > keys->by_code_capacity) {
		mill_mem_free(keys->by_code);
		keys->by_code_capacity = 0;
		keys->by_code = mill_mem_alloc(keys->mem, (size_t)combinations * sizeof(uint32_t));
		if (keys->by_code == NULL)
			return mill_fail_nomem(err, (size_t)combinations * sizeof(uint32_t), "hash table");
		keys->by_code_capacity = combinations;
	}
	memset(keys->by_code, 0, (size_t)combinations * sizeof(uint32_t));
	keys->by_code_count = combinations;
	return MILL_OK;
}

mill_status op_keys_learn(op_keys *keys, const mill_column *const *columns, int64_t rows, mill_error *err)
{
	bool changed = keys->by_code_count == 0;
	for (int k = 0; k < keys->count; k++) {
		op_key_codes *known = &keys->codes[k];
		const mill_column *dictionary = columns[k]->dictionary;
		if (known->dictionary == dictionary)
			continue;
		changed = true;
		mill_dictionary_release(known->dictionary);
		known->dictionary = NULL;
		if (dictionary != NULL && dictionary->rows <= rows)
			MILL_TRY(learn_entries(keys, known, columns[k], err));
	}
	return changed ? learn_combinations(keys, columns, err) : MILL_OK;
}

/* The row's combination of codes; NULL is the code after the last. */
static inline int64_t combination(const op_keys *keys, const mill_column *const *columns, int64_t row)
{
	int64_t at = 0;
	for (int k = 0; k < keys->count; k++) {
		const mill_column *c = columns[k];
		int64_t code = mill_column_is_null(c, row) ? c->dictionary->rows : ((const int32_t *)c->values)[row];
		at = at * (c->dictionary->rows + 1) + code;
	}
	return at;
}

bool op_keys_by_code(const op_keys *keys, const mill_column *const *columns, int64_t first, int64_t rows,
                     uint32_t *groups)
{
	if (keys->by_code_count == 0)
		return false;
	for (int64_t r = 0; r < rows; r++) {
		uint32_t known = keys->by_code[combination(keys, columns, first + r)];
		if (known == 0)
			return false;
		groups[r] = known - 2; /* 1 becomes OP_KEYS_NONE */
	}
	return true;
}

void op_keys_note_codes(op_keys *keys, const mill_column *const *columns, int64_t first, int64_t rows,
                        const uint32_t *groups)
{
	if (keys->by_code_count == 0)
		return;
	for (int64_t r = 0; r < rows; r++)
		keys->by_code[combination(keys, columns, first + r)] = groups[r] + 2;
}
