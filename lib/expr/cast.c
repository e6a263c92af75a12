/* Casts: which there are, which are implied, and by which kernel. */
#include "expr/kernels/cast.h"
#include "base/civil.h"
#include "column/value.h"
#include "expr/builder.h"
#include "expr/decimal.h"
#include "expr/number.h"
#include "expr/program.h"
#include "expr/text_out.h"
#include "expr/time.h"
#include <string.h>
#include <strings.h>

static bool is_plain_number(mill_type t)
{
	return mill_type_is_integer(t) || mill_type_is_float(t);
}

/* Numbers, at least one of them a decimal. */
static mill_kernel decimal_kernel(mill_type from, mill_type to)
{
	if (from.id == MILL_TYPE_DECIMAL && to.id == MILL_TYPE_DECIMAL)
		return mill_cast_dec_dec;
	if (mill_type_is_integer(from))
		return mill_cast_integer_decimal(from, true);
	if (mill_type_is_integer(to))
		return mill_cast_integer_decimal(to, false);
	if (from.id == MILL_TYPE_DECIMAL)
		return to.id == MILL_TYPE_FLOAT32 ? mill_cast_dec_f32 : mill_cast_dec_f64;
	return from.id == MILL_TYPE_FLOAT32 ? mill_cast_f32_dec : mill_cast_f64_dec;
}

static mill_kernel text_kernel(mill_type to)
{
	switch (to.id) {
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64:
	case MILL_TYPE_DECIMAL: return mill_cast_text_number;
	case MILL_TYPE_BOOL: return mill_cast_text_bool;
	case MILL_TYPE_DATE: return mill_cast_text_date;
	case MILL_TYPE_TIMESTAMP: return mill_cast_text_timestamp;
	case MILL_TYPE_INTERVAL: return mill_cast_text_interval;
	case MILL_TYPE_BINARY: return mill_cast_text_binary;
	case MILL_TYPE_NULL:
	case MILL_TYPE_STRING: /* no cast: mill_cast_same */
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return NULL;
}

mill_kernel mill_cast_kernel(mill_type from, mill_type to)
{
	if (from.id == MILL_TYPE_NULL || (from.id == to.id && from.id != MILL_TYPE_DECIMAL))
		return mill_cast_same;
	if (is_plain_number(from) && is_plain_number(to))
		return mill_cast_number(from, to);
	if (mill_type_is_numeric(from) && mill_type_is_numeric(to))
		return decimal_kernel(from, to);
	if (from.id == MILL_TYPE_STRING)
		return text_kernel(to);
	if (to.id == MILL_TYPE_STRING)
		return mill_cast_any_text;
	if (from.id == MILL_TYPE_BOOL && mill_type_is_integer(to))
		return mill_cast_bool(to, false);
	if (to.id == MILL_TYPE_BOOL && mill_type_is_integer(from))
		return mill_cast_bool(from, true);
	if (from.id == MILL_TYPE_DATE && to.id == MILL_TYPE_TIMESTAMP)
		return mill_cast_date_timestamp;
	if (from.id == MILL_TYPE_TIMESTAMP && to.id == MILL_TYPE_DATE)
		return mill_cast_timestamp_date;
	return NULL;
}

mill_status mill_cast_same(mill_call *call, mill_error *err)
{
	const mill_column *in = &call->args[0]->column;
	(void)err;
	if (in->type.id == MILL_TYPE_NULL) /* every row is NULL; the values of the new type only have to be there */
		memset(call->out->owners[1]->data, 0, call->out->owners[1]->size_bytes);
	if (in->type.id == MILL_TYPE_NULL)
		return MILL_OK;
	mill_buffer_release(call->out->owners[1]);
	call->out->owners[1] = mill_buffer_retain(in->owners[1]);
	call->out->owners[2] = mill_buffer_retain(in->owners[2]);
	call->out->values = in->values;
	call->out->offsets = in->offsets;
	call->out->bytes = in->bytes;
	return MILL_OK;
}

mill_status mill_cast_date_timestamp(mill_call *call, mill_error *err)
{
	const int32_t *restrict in = mill_call_values(call, 0);
	int64_t *restrict out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++)
		out[i] = (int64_t)((uint64_t)(int64_t)in[i] * (uint64_t)MILL_DAY_US);
	for (int64_t i = 0; i < call->rows; i++)
		if (!mill_time_in_range(out[i]) && mill_call_valid(call, i))
			mill_call_fail_row(call, i, MILL_ROW_DATE_RANGE);
	return MILL_OK;
}

mill_status mill_cast_timestamp_date(mill_call *call, mill_error *err)
{
	const int64_t *restrict in = mill_call_values(call, 0);
	int32_t *restrict out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++)
		out[i] = (int32_t)mill_floor_div(in[i], MILL_DAY_US);
	return MILL_OK;
}

mill_status mill_cast_any_text(mill_call *call, mill_error *err)
{
	mill_text_out text;
	mill_bytes scratch;
	mill_status status = mill_text_begin(&text, call, (size_t)call->rows * 8, err);
	mill_bytes_init(&scratch, call->program->mem);
	for (int64_t i = 0; status == MILL_OK && i < call->rows; i++) {
		scratch.size_bytes = 0;
		if (mill_call_valid(call, i))
			status = mill_value_text(&call->args[0]->column, i, &scratch);
		if (status == MILL_OK)
			status = mill_text_put(&text, (const char *)scratch.data, scratch.size_bytes, err);
		if (status == MILL_OK)
			mill_text_end_row(&text, i);
	}
	mill_bytes_release(&scratch);
	return status;
}

static mill_parsed read_unsigned(const char *text, size_t length, size_t width, void *out)
{
	uint64_t value = 0;
	mill_parsed parsed = mill_number_u64(text, length, &value);
	if (parsed != MILL_PARSED)
		return parsed;
	if (width < 8 && value >> (width * 8) != 0)
		return MILL_PARSE_RANGE;
	memcpy(out, &value, width);
	return MILL_PARSED;
}

static mill_parsed read_signed(const char *text, size_t length, size_t width, void *out)
{
	int64_t value = 0;
	mill_parsed parsed = mill_number_i64(text, length, &value);
	if (parsed != MILL_PARSED)
		return parsed;
	if (width < 8 && (value < -((int64_t)1 << (width * 8 - 1)) || value >= (int64_t)1 << (width * 8 - 1)))
		return MILL_PARSE_RANGE;
	memcpy(out, &value, width);
	return MILL_PARSED;
}

static mill_parsed read_number(const char *text, size_t length, mill_type type, void *out)
{
	size_t width = mill_type_width_bytes(type);
	switch (type.id) {
	case MILL_TYPE_FLOAT64: return mill_number_f64(text, length, out);
	case MILL_TYPE_FLOAT32: return mill_number_f32(text, length, out);
	case MILL_TYPE_DECIMAL: return mill_number_decimal(text, length, type.precision, type.scale, out);
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64: return read_signed(text, length, width, out);
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64: return read_unsigned(text, length, width, out);
	case MILL_TYPE_NULL:
	case MILL_TYPE_BOOL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break; /* no numbers */
	}
	return MILL_PARSE_SYNTAX;
}

mill_status mill_cast_text_number(mill_call *call, mill_error *err)
{
	mill_type type = call->out->type;
	size_t width = mill_type_width_bytes(type);
	uint8_t *out = call->out->values;
	(void)err;
	memset(out, 0, (size_t)call->rows * width);
	for (int64_t i = 0; i < call->rows; i++) {
		int32_t length;
		if (!mill_call_valid(call, i))
			continue;
		const char *text = mill_call_text(call, 0, i, &length);
		mill_parsed parsed = read_number(text, (size_t)length, type, out + (size_t)i * width);
		if (parsed != MILL_PARSED)
			mill_call_fail_row(call, i, parsed == MILL_PARSE_RANGE ? MILL_ROW_CAST_RANGE : MILL_ROW_CAST);
	}
	return MILL_OK;
}

/* PostgreSQL's words and their prefixes, in any case. */
typedef struct bool_word {
	const char *word;
	size_t shortest;
	bool value;
} bool_word;

static bool read_bool(const char *text, size_t length, bool *out)
{
	static const bool_word words[] = {{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false},
	                                  {"on", 2, true},   {"off", 2, false},   {"1", 1, true},   {"0", 1, false}};
	while (length > 0 && (*text == ' ' || (*text >= '\t' && *text <= '\r'))) {
		text++;
		length--;
	}
	while (length > 0 && (text[length - 1] == ' ' || (text[length - 1] >= '\t' && text[length - 1] <= '\r')))
		length--;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (length >= words[i].shortest && length <= strlen(words[i].word) &&
		    strncasecmp(text, words[i].word, length) == 0) {
			*out = words[i].value;
			return true;
		}
	return false;
}

mill_status mill_cast_text_bool(mill_call *call, mill_error *err)
{
	uint64_t *out = call->out->values;
	(void)err;
	memset(out, 0, mill_bit_words(call->rows) * 8);
	for (int64_t i = 0; i < call->rows; i++) {
		int32_t length;
		bool value = false;
		if (!mill_call_valid(call, i))
			continue;
		const char *text = mill_call_text(call, 0, i, &length);
		if (!read_bool(text, (size_t)length, &value))
			mill_call_fail_row(call, i, MILL_ROW_CAST);
		mill_bit_put(out, i, value);
	}
	return MILL_OK;
}

#define TIME_CAST(NAME, T, READ)                                                \
	mill_status mill_cast_text_##NAME(mill_call *call, mill_error *err)     \
	{                                                                       \
		T *out = call->out->values;                                     \
		(void)err;                                                      \
		memset(out, 0, (size_t)call->rows * sizeof(T));                 \
		for (int64_t i = 0; i < call->rows; i++) {                      \
			int32_t length;                                         \
			if (!mill_call_valid(call, i))                          \
				continue;                                       \
			const char *text = mill_call_text(call, 0, i, &length); \
			if (!READ(text, (size_t)length, &out[i]))               \
				mill_call_fail_row(call, i, MILL_ROW_CAST);     \
		}                                                               \
		return MILL_OK;                                                 \
	}

TIME_CAST(date, int32_t, mill_time_read_date)
TIME_CAST(timestamp, int64_t, mill_time_read_timestamp)
TIME_CAST(interval, mill_interval, mill_time_read_interval)

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

/* \x41ff: pairs of digits; room for them is there. */
static bool put_hex(mill_text_out *out, const char *text, size_t length)
{
	for (size_t i = 2; i < length; i += 2) {
		int high = hex_digit(text[i]), low = i + 1 < length ? hex_digit(text[i + 1]) : -1;
		if (high < 0 || low < 0)
			return false;
		out->bytes[out->used++] = (char)(high << 4 | low);
	}
	return true;
}

static bool is_octal(char c, char most)
{
	return c >= '0' && c <= most;
}

/* Text as it is, but for \\, a backslash, and \ooo, a byte in octal. */
static bool put_escaped(mill_text_out *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char byte = text[i];
		if (byte == '\\' && length - i >= 2 && text[i + 1] == '\\') {
			i++;
		} else if (byte == '\\' && length - i >= 4 && is_octal(text[i + 1], '3') &&
		           is_octal(text[i + 2], '7') && is_octal(text[i + 3], '7')) {
			byte = (char)((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0'));
			i += 3;
		} else if (byte == '\\') {
			return false;
		}
		out->bytes[out->used++] = byte;
	}
	return true;
}

/* PostgreSQL's two forms of bytea; the other way round any_text writes the first. */
mill_status mill_cast_text_binary(mill_call *call, mill_error *err)
{
	mill_text_out out;
	MILL_TRY(mill_text_begin(&out, call, (size_t)call->rows * 8, err));
	for (int64_t i = 0; i < call->rows; i++) {
		int32_t length = 0;
		const char *text = mill_call_valid(call, i) ? mill_call_text(call, 0, i, &length) : "";
		size_t start = out.used, size = (size_t)length;
		MILL_TRY(mill_text_room(&out, size, err));
		bool is_hex = size >= 2 && text[0] == '\\' && text[1] == 'x';
		if (!(is_hex ? put_hex(&out, text, size) : put_escaped(&out, text, size))) {
			mill_call_fail_row(call, i, MILL_ROW_CAST);
			out.used = start;
		}
		mill_text_end_row(&out, i);
	}
	return MILL_OK;
}

/* Digits before the point that values of the type can have. */
static int whole_digits(mill_type type)
{
	if (mill_type_is_integer(type))
		type = mill_decimal_of_integer(type);
	return type.id == MILL_TYPE_DECIMAL ? type.precision - type.scale : INT32_MAX;
}

bool mill_cast_never_fails(mill_type from, mill_type to)
{
	if (mill_type_equal(from, to))
		return true;
	if (to.id == MILL_TYPE_FLOAT64)
		return mill_type_is_integer(from) || from.id == MILL_TYPE_FLOAT32 || from.id == MILL_TYPE_DECIMAL;
	if (to.id == MILL_TYPE_DECIMAL)
		return whole_digits(from) <= whole_digits(to) &&
		       (from.id != MILL_TYPE_DECIMAL || from.scale <= to.scale);
	if (to.id == MILL_TYPE_STRING)
		return mill_type_is_integer(from) || from.id == MILL_TYPE_BOOL;
	if (mill_type_is_signed(from) && mill_type_is_signed(to))
		return from.id < to.id;
	return from.id == MILL_TYPE_DATE && to.id == MILL_TYPE_TIMESTAMP;
}
