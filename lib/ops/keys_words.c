/* Columns to key words and back. */
#include "column/canonical.h"
#include "ops/keys_text.h"
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
/* NULL for text, which fill_text packs. */
static fill_function fill_of(mill_type type)
{
	switch (type.id) {
	case MILL_TYPE_BOOL: return fill_bool;
	case MILL_TYPE_INT8: return fill_i8;
	case MILL_TYPE_INT16: return fill_i16;
	case MILL_TYPE_INT32:
	case MILL_TYPE_DATE: return fill_i32;
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_TIMESTAMP: return fill_u64;
	case MILL_TYPE_UINT8: return fill_u8;
	case MILL_TYPE_UINT16: return fill_u16;
	case MILL_TYPE_UINT32: return fill_u32;
	case MILL_TYPE_FLOAT32: return fill_f32;
	case MILL_TYPE_FLOAT64: return fill_f64;
	case MILL_TYPE_DECIMAL: return fill_decimal;
	case MILL_TYPE_INTERVAL: return fill_interval;
	case MILL_TYPE_NULL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return NULL;
}

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
			tail = op_keys_text_words(bytes + from, c->offsets[first + r + 1] - from, end, words);
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
	bool cached = known->is_learned && known->dictionary == dictionary;
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
				tail =
				    op_keys_text_words(bytes + from, dictionary->offsets[code + 1] - from, end, words);
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
	for (int k = 0; k < keys->count; k++)
		if (!keys->has_null_word && keys->columns[k].null_bit != 0 && columns[k]->null_count > 0)
			MILL_TRY(op_keys_add_null_word(keys, err));
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
		fill_of(c->type)(c, first, rows, keys->slice + key->word, keys->words);
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
