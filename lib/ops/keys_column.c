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

typedef struct gather {
	const uint64_t *words; /* of the key column in group 0 */
	int stride;
	const int32_t *order;
	int64_t count;
	void *to;
} gather;

#define DEFINE_GATHER(name, ctype, expression)                                           \
	static void gather_##name(const gather *g)                                       \
	{                                                                                \
		ctype *restrict to = g->to;                                              \
		for (int64_t i = 0; i < g->count; i++) {                                 \
			const uint64_t *w = g->words + (int64_t)g->order[i] * g->stride; \
			to[i] = (expression);                                            \
		}                                                                        \
	}
DEFINE_GATHER(8, uint8_t, (uint8_t)w[0])
DEFINE_GATHER(16, uint16_t, (uint16_t)w[0])
DEFINE_GATHER(32, uint32_t, (uint32_t)w[0])
DEFINE_GATHER(64, uint64_t, w[0])
DEFINE_GATHER(128, mill_i128, (mill_i128)((mill_u128)w[1] << 64 | w[0]))
DEFINE_GATHER(interval, mill_interval, op_keys_interval((mill_i128)((mill_u128)w[1] << 64 | w[0])))

static void gather_bool(const gather *g)
{
	uint64_t *to = g->to;
	memset(to, 0, mill_bit_words(g->count) * sizeof(uint64_t));
	for (int64_t i = 0; i < g->count; i++)
		to[i >> 6] |= (g->words[(int64_t)g->order[i] * g->stride] & 1) << (i & 63);
}

typedef void (*gather_function)(const gather *g);
static const gather_function gather_by_type[] = {
    [MILL_TYPE_BOOL] = gather_bool,  [MILL_TYPE_INT8] = gather_8,       [MILL_TYPE_INT16] = gather_16,
    [MILL_TYPE_INT32] = gather_32,   [MILL_TYPE_INT64] = gather_64,     [MILL_TYPE_UINT8] = gather_8,
    [MILL_TYPE_UINT16] = gather_16,  [MILL_TYPE_UINT32] = gather_32,    [MILL_TYPE_UINT64] = gather_64,
    [MILL_TYPE_FLOAT32] = gather_32, [MILL_TYPE_FLOAT64] = gather_64,   [MILL_TYPE_DECIMAL] = gather_128,
    [MILL_TYPE_DATE] = gather_32,    [MILL_TYPE_TIMESTAMP] = gather_64, [MILL_TYPE_INTERVAL] = gather_interval,
};

static const uint64_t *group_row(const op_keys *keys, const int32_t *order, int64_t i)
{
	return keys->rows + (int64_t)order[i] * keys->words;
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

static mill_status put_nulls(const op_keys *keys, int k, const int32_t *order, int64_t count, mill_column *column,
                             mill_error *err)
{
	int64_t nulls = 0;
	for (int64_t i = 0; i < count; i++)
		nulls += is_null(keys->has_null_word, &keys->columns[k], group_row(keys, order, i));
	if (nulls == 0)
		return MILL_OK;
	MILL_TRY(mill_column_add_validity(keys->mem, column, err));
	for (int64_t i = 0; i < count; i++)
		if (is_null(keys->has_null_word, &keys->columns[k], group_row(keys, order, i)))
			mill_bit_clear(column->validity, i);
	column->null_count = nulls;
	return MILL_OK;
}

static mill_status text_column(const op_keys *keys, int k, const int32_t *order, int64_t count, mill_column *out,
                               mill_error *err)
{
	const op_key_column *key = &keys->columns[k];
	size_t text_bytes = 0;
	for (int64_t i = 0; i < count; i++) {
		uint64_t word = group_row(keys, order, i)[key->word];
		text_bytes += word == OP_KEYS_NULL_TEXT ? 0 : (size_t)(word >> 32);
	}
	if (text_bytes > INT32_MAX)
		return mill_fail(err, MILL_DATA, "text of %lld groups is beyond 2 GiB", (long long)count);
	MILL_TRY(mill_column_new(keys->mem, key->type, count, text_bytes, out, err));
	int32_t at = 0;
	for (int64_t i = 0; i < count; i++) {
		const uint64_t *words = group_row(keys, order, i) + key->word;
		int32_t length = words[0] == OP_KEYS_NULL_TEXT ? 0 : (int32_t)(words[0] >> 32);
		if (length > 12) {
			memcpy(out->bytes + at, (const char *)(uintptr_t)words[1], (size_t)length);
		} else if (length > 0) {
			char text[12];
			memcpy(text, &words[0], 4);
			memcpy(text + 4, &words[1], 8);
			memcpy(out->bytes + at, text, (size_t)length);
		}
		at += length;
		out->offsets[i + 1] = at;
	}
	return MILL_OK;
}

mill_status op_keys_column(const op_keys *keys, int key, const int32_t *order, int64_t count, mill_column *out,
                           mill_error *err)
{
	const op_key_column *column = &keys->columns[key];
	mill_column made = {0};
	if (mill_type_is_text(column->type)) {
		MILL_TRY(text_column(keys, key, order, count, &made, err));
	} else {
		MILL_TRY(mill_column_new(keys->mem, column->type, count, 0, &made, err));
		gather g = {keys->rows + column->word, keys->words, order, count, made.values};
		gather_by_type[column->type.id](&g);
	}
	mill_status status = put_nulls(keys, key, order, count, &made, err);
	if (status != MILL_OK) {
		mill_column_release(&made);
		return status;
	}
	*out = made;
	return MILL_OK;
}
