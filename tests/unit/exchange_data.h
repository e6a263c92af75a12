/* Rows that exchange tests send around. Every value follows from the row's global number alone, so that the content of
 * all rows is the same however they are dealt to ranks; the check is the sum of H128 over the rows' value bytes. */
#ifndef RANKMILL_TESTS_EXCHANGE_DATA_H
#define RANKMILL_TESTS_EXCHANGE_DATA_H

#include "column/builder.h"
#include "column/value.h"

#include <stdio.h>
#include <string.h>

typedef enum data_shape { DATA_MIXED, DATA_NULLS, DATA_ONE_KEY, DATA_LONG_TEXT } data_shape;

/* Columns: 0 int64 key, 1 string, 2 string (dictionary), 3 bool, 4 float64, 5 int8, 6 decimal(38,4), 7 interval,
 * 8 binary sort key, 9 uint64 (uniform), and one id column, 10. */
enum {
	DATA_KEY,
	DATA_TEXT,
	DATA_WORD,
	DATA_BOOL,
	DATA_FLOAT,
	DATA_BYTE,
	DATA_DECIMAL,
	DATA_INTERVAL,
	DATA_SORT,
	DATA_UNIFORM,
	DATA_ID,
	DATA_COLUMNS
};

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014). */
static inline uint64_t data_mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15ULL;
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
	return x ^ (x >> 31);
}

static inline mill_status data_text(mill_builder *b, uint64_t random, data_shape shape)
{
	char text[4096];
	size_t length = shape == DATA_LONG_TEXT ? random % sizeof text : random % 40;
	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + (random >> (i % 8 * 8)) % 26);
	return mill_builder_text(b, text, length);
}

static inline mill_status data_value(mill_builder *b, int column, uint64_t row, data_shape shape)
{
	static const char *const words[] = {"", "north", "south", "a somewhat longer word of more than 16 bytes"};
	uint64_t random = data_mix(row * 31 + (uint64_t)column);
	char sort[8];
	mill_i128 wide = (mill_i128)(int64_t)random * 1000003;
	mill_interval interval = {(int32_t)(random % 12), (int32_t)(random % 31), (int64_t)(random % 86400)};
	if (column < DATA_SORT && (shape == DATA_NULLS || random % 13 == 0))
		return mill_builder_null(b);
	switch (column) {
	case DATA_KEY: return mill_builder_i64(b, shape == DATA_ONE_KEY ? 42 : (int64_t)(random % 5000));
	case DATA_TEXT: return data_text(b, random, shape);
	case DATA_WORD: return mill_builder_text(b, words[random % 4], strlen(words[random % 4]));
	case DATA_BOOL: return mill_builder_bool(b, (random & 16) != 0);
	case DATA_FLOAT: return mill_builder_f64(b, (double)(int64_t)random / 3.0);
	case DATA_BYTE: return mill_builder_i64(b, (int8_t)random);
	case DATA_DECIMAL: return mill_builder_fixed(b, &wide);
	case DATA_INTERVAL: return mill_builder_fixed(b, &interval);
	case DATA_SORT:
		random = shape == DATA_ONE_KEY ? 7 : random;
		for (int i = 0; i < 8; i++)
			sort[i] = (char)(random >> (56 - 8 * i));
		return mill_builder_text(b, sort, random % 3 == 0 ? 3 : 8);
	case DATA_UNIFORM: return mill_builder_fixed(b, &random);
	default: return mill_builder_fixed(b, &row);
	}
}

/* Replaces a string column by codes into a dictionary of its distinct values (few). */
static inline mill_status data_encode(mill_mem *mem, mill_column *column)
{
	mill_builder codes, values;
	mill_column made, *dictionary = mill_mem_calloc(mem, 1, sizeof *dictionary);
	mill_builder_init(&codes, mem, mill_type_of(MILL_TYPE_INT32));
	mill_builder_init(&values, mem, column->type);
	for (int64_t r = 0; r < column->rows; r++) {
		if (mill_column_is_null(column, r)) {
			MILL_TRY(mill_builder_null(&codes));
			continue;
		}
		int32_t code = 0, length, other;
		const char *text = mill_column_text(column, r, &length);
		for (; code < values.rows; code++) {
			const int32_t *offsets = (const int32_t *)(void *)values.values->data;
			other = offsets[code + 1] - offsets[code];
			if (other == length && memcmp(values.bytes->data + offsets[code], text, (size_t)length) == 0)
				break;
		}
		if (code == values.rows)
			MILL_TRY(mill_builder_text(&values, text, (size_t)length));
		MILL_TRY(mill_builder_i64(&codes, code));
	}
	MILL_TRY(mill_builder_finish(&values, dictionary, NULL));
	MILL_TRY(mill_builder_finish(&codes, &made, NULL));
	dictionary->references = 1;
	made.type = column->type;
	made.dictionary = dictionary;
	mill_column_release(column);
	*column = made;
	return MILL_OK;
}

/* Rows [first, first + rows) of the data. */
static inline mill_status data_batch(mill_mem *mem, int64_t first, int64_t rows, data_shape shape, mill_batch *out)
{
	static const mill_type types[DATA_COLUMNS] = {
	    {MILL_TYPE_INT64, 0, 0, false},    {MILL_TYPE_STRING, 0, 0, false},   {MILL_TYPE_STRING, 0, 0, false},
	    {MILL_TYPE_BOOL, 0, 0, false},     {MILL_TYPE_FLOAT64, 0, 0, false},  {MILL_TYPE_INT8, 0, 0, false},
	    {MILL_TYPE_DECIMAL, 38, 4, false}, {MILL_TYPE_INTERVAL, 0, 0, false}, {MILL_TYPE_BINARY, 0, 0, false},
	    {MILL_TYPE_UINT64, 0, 0, false},   {MILL_TYPE_UINT64, 0, 0, false}};
	MILL_TRY(mill_batch_new(mem, DATA_COLUMNS, 1, out, NULL));
	out->rows = rows;
	for (int c = 0; c < DATA_COLUMNS; c++) {
		mill_builder builder;
		mill_builder_init(&builder, mem, types[c]);
		for (int64_t r = 0; r < rows; r++)
			MILL_TRY(data_value(&builder, c, (uint64_t)(first + r), shape));
		MILL_TRY(mill_builder_finish(&builder, &out->columns[c], NULL));
		if (c == DATA_WORD && shape != DATA_NULLS && (first / 7) % 2 == 0)
			MILL_TRY(data_encode(mem, &out->columns[c]));
	}
	return MILL_OK;
}

/* Σ H128(0, V of all columns) over the rows, modulo 2^128. */
static inline mill_status data_sum(const mill_batch *batch, mill_bytes *scratch, mill_u128 *sum)
{
	for (int64_t r = 0; r < batch->rows; r++) {
		scratch->size_bytes = 0;
		for (int c = 0; c < batch->column_count; c++)
			MILL_TRY(mill_value_bytes(&batch->columns[c], r, scratch));
		*sum += mill_h128(0, scratch->data, scratch->size_bytes);
	}
	return MILL_OK;
}

#endif
