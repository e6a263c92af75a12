/* Drivers of text kernels: one row function, inlined into a loop over the batch. Not collective. */
#ifndef MILL_EXPR_KERNELS_TEXT_ROWS_H
#define MILL_EXPR_KERNELS_TEXT_ROWS_H

#include "base/simd.h"
#include "expr/kernels/kernels.h"
#include "expr/kernels/search.h"
#include "expr/text_out.h"

#define MILL_TEXT_GUESS ((size_t)1 << 22)

typedef struct mill_text {
	const char *data;
	size_t size; /* bytes */
} mill_text;

/* The text of argument `arg`, which is not NULL in the row; borrowed. Not collective. */
static inline mill_text mill_text_arg(const mill_call *call, int arg, int64_t row)
{
	int32_t length;
	const char *data = mill_call_text(call, arg, row, &length);
	return (mill_text){data, (size_t)length};
}
/* The int64 of argument `arg` in the row. Not collective. */
static inline int64_t mill_int_arg(const mill_call *call, int arg, int64_t row)
{
	return ((const int64_t *)mill_call_values(call, arg))[row * mill_call_stride(call, arg)];
}

/* Bytes of the character that begins with this byte, in valid UTF-8. Not collective. */
static inline size_t mill_char_bytes(char lead)
{
	uint8_t byte = (uint8_t)lead;
	return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}
/* Characters of the text, in valid UTF-8. Not collective. */
static inline int64_t mill_char_count(mill_text text)
{
	int64_t count = 0;
	for (size_t i = 0; i < text.size; i++)
		count += ((uint8_t)text.data[i] & 0xC0) != 0x80;
	return count;
}
/* Byte offset of character `index` (≥ 0), at most the size. Not collective. */
static inline size_t mill_char_offset(mill_text text, int64_t index)
{
	size_t at = 0;
	for (int64_t i = 0; i < index && at < text.size; i++)
		at += mill_char_bytes(text.data[at]);
	return at;
}
/* First occurrence of needle at or after from; size when there is none. Not collective. */
static inline size_t mill_text_find(mill_text text, mill_text needle, size_t from)
{
	const char *found = needle.size == 0 ? text.data + from : NULL;
	if (needle.size != 0 && text.size - from >= needle.size)
		found = mill_text_search(text.data + from, text.size - from, needle.data, needle.size);
	return found == NULL ? text.size : (size_t)(found - text.data);
}

/* ROW(out, call, row, err) puts the row's text; rows that fail are marked and left empty. */
#define MILL_TEXT_KERNEL(NAME, ROW)                                                \
	static mill_status NAME(mill_call *call, mill_error *err)                  \
	{                                                                          \
		mill_text_out out;                                                 \
		MILL_TRY(mill_text_begin(&out, call, mill_text_guess(call), err)); \
		for (int64_t i = 0; i < call->rows; i++) {                         \
			if (mill_call_valid(call, i))                              \
				MILL_TRY(ROW(&out, call, i, err));                 \
			mill_text_end_row(&out, i);                                \
		}                                                                  \
		return MILL_OK;                                                    \
	}
/* VALUE(call, row) gives a T. */
#define MILL_VALUE_KERNEL(NAME, T, VALUE)                                             \
	static mill_status NAME(mill_call *call, mill_error *err)                     \
	{                                                                             \
		T *out = call->out->values;                                           \
		(void)err;                                                            \
		for (int64_t i = 0; i < call->rows; i++)                              \
			out[i] = mill_call_valid(call, i) ? (T)VALUE(call, i) : (T)0; \
		return MILL_OK;                                                       \
	}
#define MILL_BOOL_KERNEL(NAME, VALUE)                                   \
	static mill_status NAME(mill_call *call, mill_error *err)       \
	{                                                               \
		uint64_t *out = call->out->values;                      \
		(void)err;                                              \
		memset(out, 0, mill_bit_words(call->rows) * 8);         \
		for (int64_t i = 0; i < call->rows; i++)                \
			if (mill_call_valid(call, i) && VALUE(call, i)) \
				mill_bit_set(out, i);                   \
		return MILL_OK;                                         \
	}

/* Bytes of the first argument, were they all kept: a first guess, capped. Not collective. */
static inline size_t mill_text_guess(const mill_call *call)
{
	const mill_vector *v = call->args[0];
	size_t rows = (size_t)call->rows;
	if (!mill_type_is_text(v->column.type))
		return rows * 8 + 64;
	size_t bytes = (size_t)v->column.offsets[v->column.rows];
	size_t guess = v->constant ? bytes * rows : bytes;
	return (guess < MILL_TEXT_GUESS ? guess : MILL_TEXT_GUESS) + 64;
}

#endif
