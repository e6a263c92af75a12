/* Key words of groups back to columns. */
#include "column/canonical.h"
#include "ops/keys.h"
#include <string.h>

mill_interval op_keys_interval(mill_i128 us)
{
	const mill_i128 day_us = 86400000000LL, month_us = day_us * 30;
	mill_interval out;
	mill_i128 months = us / month_us;
	months = months > INT32_MAX ? INT32_MAX : months < INT32_MIN ? INT32_MIN : months;
	us -= months * month_us;
	mill_i128 days = us / day_us;
	days = days > INT32_MAX ? INT32_MAX : days < INT32_MIN ? INT32_MIN : days;
	us -= days * day_us;
	out.months = (int32_t)months;
	out.days = (int32_t)days;
	out.us = (int64_t)us;
	return out;
}

/* Key rows next to one another, and where a key column's values go. */
typedef struct unpack {
	const uint64_t *words; /* of the key column in the first row */
	int stride;
	int64_t count;
	void *to;
} unpack;

#define DEFINE_UNPACK(name, ctype, expression)                         \
	static void unpack_##name(const unpack *u)                     \
	{                                                              \
		ctype *restrict to = u->to;                            \
		const uint64_t *restrict w = u->words;                 \
		for (int64_t i = 0; i < u->count; i++, w += u->stride) \
			to[i] = (expression);                          \
	}
DEFINE_UNPACK(8, uint8_t, (uint8_t)w[0])
DEFINE_UNPACK(16, uint16_t, (uint16_t)w[0])
DEFINE_UNPACK(32, uint32_t, (uint32_t)w[0])
DEFINE_UNPACK(64, uint64_t, w[0])
DEFINE_UNPACK(128, mill_i128, (mill_i128)((mill_u128)w[1] << 64 | w[0]))
DEFINE_UNPACK(interval, mill_interval, op_keys_interval((mill_i128)((mill_u128)w[1] << 64 | w[0])))

static void unpack_bool(const unpack *u)
{
	uint64_t *to = u->to;
	memset(to, 0, mill_bit_words(u->count) * sizeof(uint64_t));
	for (int64_t i = 0; i < u->count; i++)
		to[i >> 6] |= (u->words[i * u->stride] & 1) << (i & 63);
}

typedef void (*unpack_function)(const unpack *u);
/* NULL for text, whose words are unpacked on their own. */
static unpack_function unpack_of(mill_type type)
{
	switch (type.id) {
	case MILL_TYPE_BOOL: return unpack_bool;
	case MILL_TYPE_INT8:
	case MILL_TYPE_UINT8: return unpack_8;
	case MILL_TYPE_INT16:
	case MILL_TYPE_UINT16: return unpack_16;
	case MILL_TYPE_INT32:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_DATE: return unpack_32;
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_FLOAT64:
	case MILL_TYPE_TIMESTAMP: return unpack_64;
	case MILL_TYPE_DECIMAL: return unpack_128;
	case MILL_TYPE_INTERVAL: return unpack_interval;
	case MILL_TYPE_NULL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return NULL;
}

static bool is_null(bool has_null_word, const op_key_column *key, const uint64_t *row)
{
	uint64_t word = row[key->word];
	if (key->null_bit != 0)
		return has_null_word && (row[0] & key->null_bit) != 0;
	if (mill_type_is_text(key->type))
		return word == OP_KEYS_NULL_TEXT;
	if (key->words == 2)
		return row[key->word + 1] == (uint64_t)1 << 63;
	return key->type.id == MILL_TYPE_FLOAT64 ? word == ~(uint64_t)0 : word == (uint64_t)1 << 40;
}

static mill_status put_nulls(const op_keys *keys, int k, const uint64_t *rows, int64_t count, mill_column *column,
                             mill_error *err)
{
	const op_key_column *key = &keys->columns[k];
	int64_t nulls = 0;
	for (int64_t i = 0; i < count; i++)
		nulls += is_null(keys->has_null_word, key, rows + i * keys->words);
	if (nulls == 0)
		return MILL_OK;
	MILL_TRY(mill_column_add_validity(keys->mem, column, err));
	for (int64_t i = 0; i < count; i++)
		if (is_null(keys->has_null_word, key, rows + i * keys->words))
			mill_bit_clear(column->validity, i);
	column->null_count = nulls;
	return MILL_OK;
}

static int32_t text_length(uint64_t word)
{
	return word == OP_KEYS_NULL_TEXT ? 0 : (int32_t)(word >> 32);
}

#define TEXT_AHEAD 8

/* Short texts are written 12 bytes at a time, over what follows them: the column has as many bytes to spare. */
static void put_texts(const uint64_t *words, int stride, int64_t count, mill_column *out)
{
	char *to = out->bytes;
	int32_t at = 0;
	for (int64_t i = 0; i < count; i++, words += stride) {
		int32_t length = text_length(words[0]);
		if (i + TEXT_AHEAD < count && op_keys_is_long_text(words[TEXT_AHEAD * stride]))
			__builtin_prefetch((const char *)(uintptr_t)words[TEXT_AHEAD * stride + 1]);
		if (length > 12) {
			memcpy(to + at, (const char *)(uintptr_t)words[1], (size_t)length);
		} else {
			memcpy(to + at, &words[0], 4);
			memcpy(to + at + 4, &words[1], 8);
		}
		at += length;
		out->offsets[i + 1] = at;
	}
}

static mill_status text_column(const op_keys *keys, int k, const uint64_t *rows, int64_t count, mill_column *out,
                               mill_error *err)
{
	const op_key_column *key = &keys->columns[k];
	size_t text_bytes = 12;
	for (int64_t i = 0; i < count; i++)
		text_bytes += (size_t)text_length(rows[i * keys->words + key->word]);
	if (text_bytes > INT32_MAX)
		return mill_fail(err, MILL_DATA, "text of %lld groups is beyond 2 GiB", (long long)count);
	MILL_TRY(mill_column_new(keys->mem, key->type, count, text_bytes, out, err));
	put_texts(rows + key->word, keys->words, count, out);
	return MILL_OK;
}

static mill_status key_column(const op_keys *keys, int k, const uint64_t *rows, int64_t count, mill_column *out,
                              mill_error *err)
{
	const op_key_column *key = &keys->columns[k];
	mill_column made = {0};
	if (mill_type_is_text(key->type)) {
		MILL_TRY(text_column(keys, k, rows, count, &made, err));
	} else {
		MILL_TRY(mill_column_new(keys->mem, key->type, count, 0, &made, err));
		unpack u = {rows + key->word, keys->words, count, made.values};
		unpack_of(key->type)(&u);
	}
	mill_status status = put_nulls(keys, k, rows, count, &made, err);
	if (status != MILL_OK) {
		mill_column_release(&made);
		return status;
	}
	*out = made;
	return MILL_OK;
}

static bool is_run(const int32_t *order, int64_t count)
{
	for (int64_t i = 1; i < count; i++)
		if (order[i] != order[0] + i)
			return false;
	return true;
}

#define ROWS_AHEAD 16

/* The key rows of the groups, brought next to one another: each is fetched once, however many key columns it has. */
static uint64_t *gather_rows(const op_keys *keys, const int32_t *order, int64_t count)
{
	size_t row_bytes = (size_t)keys->words * sizeof(uint64_t);
	uint64_t *rows = mill_mem_alloc(keys->mem, (size_t)count * row_bytes);
	for (int64_t i = 0; rows != NULL && i < count; i++) {
		if (i + ROWS_AHEAD < count)
			__builtin_prefetch(keys->rows + (int64_t)order[i + ROWS_AHEAD] * keys->words);
		const uint64_t *from = keys->rows + (int64_t)order[i] * keys->words;
		uint64_t *to = rows + i * keys->words;
		for (int w = 0; w < keys->words; w++)
			to[w] = from[w];
	}
	return rows;
}

mill_status op_keys_columns(const op_keys *keys, const int32_t *order, int64_t count, mill_column *columns,
                            mill_error *err)
{
	if (keys->count == 0 || count == 0)
		return MILL_OK;
	bool run = is_run(order, count);
	uint64_t *gathered = run ? NULL : gather_rows(keys, order, count);
	if (!run && gathered == NULL)
		return mill_fail_nomem(err, (size_t)count * (size_t)keys->words * sizeof(uint64_t), "group keys");
	const uint64_t *rows = run ? keys->rows + (int64_t)order[0] * keys->words : gathered;
	mill_status status = MILL_OK;
	for (int k = 0; k < keys->count && status == MILL_OK; k++)
		status = key_column(keys, k, rows, count, &columns[k], err);
	mill_mem_free(gathered);
	return status;
}
