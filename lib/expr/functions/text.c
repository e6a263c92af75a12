/* Text functions of one text: case, length, parts. Positions count characters from 1, as in PostgreSQL. */
#include "expr/kernels/text_rows.h"
#include <utf8proc.h>

static bool is_ascii(mill_text text)
{
	uint8_t any = 0;
	for (size_t i = 0; i < text.size; i++)
		any |= (uint8_t)text.data[i];
	return any < 0x80;
}

static size_t read_char(const char *data, size_t left, int32_t *code)
{
	utf8proc_int32_t value = -1;
	utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)data, (utf8proc_ssize_t)left, &value);
	*code = value;
	return size < 1 ? 1 : (size_t)size;
}

/* utf8proc takes ß to ẞ, which Unicode's mapping leaves alone. */
static int32_t upper_char(int32_t code)
{
	return code == 0xDF ? code : utf8proc_toupper(code);
}

static mill_status put_char(mill_text_out *out, int32_t code, mill_error *err)
{
	utf8proc_uint8_t bytes[4];
	utf8proc_ssize_t size = utf8proc_encode_char(code, bytes);
	return mill_text_put(out, (const char *)bytes, (size_t)size, err);
}

/* Simple case mapping, one character to one, from the Unicode tables of utf8proc: no locale. */
static mill_status map_case(mill_text_out *out, mill_text text, bool upper, mill_error *err)
{
	for (size_t at = 0; at < text.size;) {
		int32_t code;
		at += read_char(text.data + at, text.size - at, &code);
		MILL_TRY(put_char(out, upper ? upper_char(code) : utf8proc_tolower(code), err));
	}
	return MILL_OK;
}

static mill_status case_row(mill_text_out *out, mill_text text, char first, mill_error *err)
{
	if (!is_ascii(text))
		return map_case(out, text, first == 'a', err);
	MILL_TRY(mill_text_room(out, text.size, err));
	char *to = out->bytes + out->used;
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];
		to[i] = (char)(c ^ (((uint8_t)(c - first) < 26) << 5));
	}
	out->used += text.size;
	return MILL_OK;
}

static mill_status lower_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	return case_row(out, mill_text_arg(call, 0, row), 'A', err);
}

static mill_status upper_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	return case_row(out, mill_text_arg(call, 0, row), 'a', err);
}

static bool is_word_char(int32_t code)
{
	switch (utf8proc_category(code)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND: return true;
	default: return false;
	}
}

static mill_status initcap_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row);
	bool inside = false;
	for (size_t at = 0; at < text.size;) {
		int32_t code;
		at += read_char(text.data + at, text.size - at, &code);
		MILL_TRY(put_char(out, inside ? utf8proc_tolower(code) : upper_char(code), err));
		inside = is_word_char(code);
	}
	return MILL_OK;
}

static mill_status reverse_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row);
	MILL_TRY(mill_text_room(out, text.size, err));
	char *end = out->bytes + out->used + text.size;
	for (size_t at = 0; at < text.size;) {
		size_t size = mill_char_bytes(text.data[at]);
		end -= size;
		memcpy(end, text.data + at, size);
		at += size;
	}
	out->used += text.size;
	return MILL_OK;
}

/* Characters [from, to) of the text, from 0. */
static mill_status put_range(mill_text_out *out, mill_text text, int64_t from, int64_t to, mill_error *err)
{
	size_t begin = mill_char_offset(text, from);
	mill_text rest = {text.data + begin, text.size - begin};
	return mill_text_put(out, rest.data, mill_char_offset(rest, to - from), err);
}

/* substr(x, start [, length]): positions before 1 count but hold nothing. */
static mill_status substr_row(mill_text_out *out, mill_call *call, int64_t row, mill_error *err)
{
	int64_t start = mill_int_arg(call, 1, row), end = INT64_MAX;
	if (call->arg_count == 3) {
		int64_t length = mill_int_arg(call, 2, row);
		if (length < 0) {
			mill_call_fail_row(call, row, MILL_ROW_NEGATIVE_LENGTH);
			return MILL_OK;
		}
		if (mill_add_overflows(start, length, &end))
			end = INT64_MAX;
	}
	start = start < 1 ? 1 : start;
	return end <= start ? MILL_OK : put_range(out, mill_text_arg(call, 0, row), start - 1, end - 1, err);
}

/* A negative count means all but so many. */
static mill_status left_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row);
	int64_t count = mill_int_arg(call, 1, row);
	if (count < 0)
		count = count < -INT32_MAX ? 0 : mill_char_count(text) + count;
	return count <= 0 ? MILL_OK : put_range(out, text, 0, count, err);
}

static mill_status right_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row);
	int64_t count = mill_int_arg(call, 1, row), length = mill_char_count(text);
	int64_t from = count < 0 ? (count < -length ? length : -count) : length - (count < length ? count : length);
	return put_range(out, text, from, INT64_MAX, err);
}

/* Whether the character at `at` of text is one of `set`. */
static bool in_set(mill_text text, size_t at, size_t size, mill_text set)
{
	for (size_t i = 0; i < set.size; i += mill_char_bytes(set.data[i]))
		if (mill_char_bytes(set.data[i]) == size && memcmp(set.data + i, text.data + at, size) == 0)
			return true;
	return false;
}

static mill_status trim_row(mill_text_out *out, const mill_call *call, int64_t row, bool front, bool back,
                            mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row);
	mill_text set = call->arg_count > 1 ? mill_text_arg(call, 1, row) : (mill_text){" ", 1};
	size_t begin = 0, end = text.size;
	while (front && begin < end) {
		size_t size = mill_char_bytes(text.data[begin]);
		if (!in_set(text, begin, size, set))
			break;
		begin += size;
	}
	while (back && end > begin) {
		size_t at = end - 1;
		while (at > begin && ((uint8_t)text.data[at] & 0xC0) == 0x80)
			at--;
		if (!in_set(text, at, end - at, set))
			break;
		end = at;
	}
	return mill_text_put(out, text.data + begin, end - begin, err);
}

static mill_status btrim_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	return trim_row(out, call, row, true, true, err);
}

static mill_status ltrim_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	return trim_row(out, call, row, true, false, err);
}

static mill_status rtrim_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	return trim_row(out, call, row, false, true, err);
}

/* Room for one row's text that is size bytes long; false: the row fails as too long. */
static bool row_fits(mill_call *call, int64_t row, int64_t times, size_t size)
{
	if (size == 0 || (uint64_t)times <= MILL_TEXT_ROW_BYTES / size)
		return true;
	mill_call_fail_row(call, row, MILL_ROW_TEXT_LENGTH);
	return false;
}

static mill_status repeat_row(mill_text_out *out, mill_call *call, int64_t row, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row);
	int64_t times = mill_int_arg(call, 1, row);
	if (times <= 0 || !row_fits(call, row, times, text.size))
		return MILL_OK;
	MILL_TRY(mill_text_room(out, (size_t)times * text.size, err));
	for (int64_t i = 0; text.size > 0 && i < times; i++)
		MILL_TRY(mill_text_put(out, text.data, text.size, err));
	return MILL_OK;
}

/* Characters of fill, over and over. */
static mill_status put_fill(mill_text_out *out, mill_text fill, int64_t count, mill_error *err)
{
	size_t at = 0;
	for (int64_t i = 0; i < count; i++) {
		size_t size = mill_char_bytes(fill.data[at]);
		MILL_TRY(mill_text_put(out, fill.data + at, size, err));
		at += size;
		at = at >= fill.size ? 0 : at;
	}
	return MILL_OK;
}

static mill_status pad_row(mill_text_out *out, mill_call *call, int64_t row, bool left, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row);
	mill_text fill = call->arg_count > 2 ? mill_text_arg(call, 2, row) : (mill_text){" ", 1};
	int64_t width = mill_int_arg(call, 1, row), length = mill_char_count(text);
	if (width <= 0 || !row_fits(call, row, width, 4))
		return MILL_OK;
	int64_t missing = fill.size == 0 ? 0 : width - length;
	if (width <= length)
		return put_range(out, text, 0, width, err);
	if (left)
		MILL_TRY(put_fill(out, fill, missing, err));
	MILL_TRY(mill_text_put(out, text.data, text.size, err));
	return left ? MILL_OK : put_fill(out, fill, missing, err);
}

static mill_status lpad_row(mill_text_out *out, mill_call *call, int64_t row, mill_error *err)
{
	return pad_row(out, call, row, true, err);
}

static mill_status rpad_row(mill_text_out *out, mill_call *call, int64_t row, mill_error *err)
{
	return pad_row(out, call, row, false, err);
}

static mill_status replace_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row), from = mill_text_arg(call, 1, row),
	          to = mill_text_arg(call, 2, row);
	size_t at = 0;
	while (from.size > 0 && at < text.size) {
		size_t found = mill_text_find(text, from, at);
		if (found == text.size)
			break;
		MILL_TRY(mill_text_put(out, text.data + at, found - at, err));
		MILL_TRY(mill_text_put(out, to.data, to.size, err));
		at = found + from.size;
	}
	return mill_text_put(out, text.data + at, text.size - at, err);
}

/* Characters of `from` become those at the same place in `to`, or nothing where `to` is shorter. */
static mill_status translate_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row), from = mill_text_arg(call, 1, row),
	          to = mill_text_arg(call, 2, row);
	for (size_t at = 0, size; at < text.size; at += size) {
		size_t source = 0, target = 0;
		size = mill_char_bytes(text.data[at]);
		while (source < from.size && (mill_char_bytes(from.data[source]) != size ||
		                              memcmp(from.data + source, text.data + at, size) != 0)) {
			source += mill_char_bytes(from.data[source]);
			target += target < to.size ? mill_char_bytes(to.data[target]) : 0;
		}
		if (source >= from.size)
			MILL_TRY(mill_text_put(out, text.data + at, size, err));
		else if (target < to.size)
			MILL_TRY(mill_text_put(out, to.data + target, mill_char_bytes(to.data[target]), err));
	}
	return MILL_OK;
}

static int64_t count_parts(mill_text text, mill_text delimiter)
{
	int64_t parts = 1;
	for (size_t at = mill_text_find(text, delimiter, 0); at < text.size; parts++)
		at = mill_text_find(text, delimiter, at + delimiter.size);
	return parts;
}

/* Part n from 1; a negative n counts from the end. */
static mill_status split_part_row(mill_text_out *out, mill_call *call, int64_t row, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row), delimiter = mill_text_arg(call, 1, row);
	int64_t wanted = mill_int_arg(call, 2, row);
	if (wanted == 0) {
		mill_call_fail_row(call, row, MILL_ROW_FIELD_ZERO);
		return MILL_OK;
	}
	if (delimiter.size == 0)
		return wanted == 1 || wanted == -1 ? mill_text_put(out, text.data, text.size, err) : MILL_OK;
	if (wanted < 0)
		wanted = wanted < -INT32_MAX ? 0 : count_parts(text, delimiter) + 1 + wanted;
	size_t begin = 0;
	for (int64_t part = 1; wanted >= 1; part++) {
		size_t end = mill_text_find(text, delimiter, begin);
		if (part == wanted)
			return mill_text_put(out, text.data + begin, end - begin, err);
		if (end == text.size)
			break;
		begin = end + delimiter.size;
	}
	return MILL_OK;
}

static mill_status chr_row(mill_text_out *out, mill_call *call, int64_t row, mill_error *err)
{
	int64_t code = mill_int_arg(call, 0, row);
	if (code < 1 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
		mill_call_fail_row(call, row, MILL_ROW_CODE_POINT);
		return MILL_OK;
	}
	return put_char(out, (int32_t)code, err);
}

static mill_status hex_row(mill_text_out *out, const mill_call *call, int64_t row, mill_error *err)
{
	char digits[20];
	bool narrow = call->args[0]->column.type.id == MILL_TYPE_INT32;
	uint64_t value = narrow ? ((const uint32_t *)mill_call_values(call, 0))[row * mill_call_stride(call, 0)]
	                        : (uint64_t)mill_int_arg(call, 0, row);
	int at = 20;
	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value != 0);
	return mill_text_put(out, digits + at, (size_t)(20 - at), err);
}

#define CHAR_LENGTH(call, row)  mill_char_count(mill_text_arg(call, 0, row))
#define OCTET_LENGTH(call, row) (mill_text_arg(call, 0, row).size)

static inline int32_t ascii_value(const mill_call *call, int64_t row)
{
	mill_text text = mill_text_arg(call, 0, row);
	int32_t code = 0;
	if (text.size > 0)
		read_char(text.data, text.size, &code);
	return code;
}

static inline int32_t position_value(const mill_call *call, int64_t row)
{
	mill_text text = mill_text_arg(call, 0, row), needle = mill_text_arg(call, 1, row);
	size_t found = mill_text_find(text, needle, 0);
	if (needle.size == 0)
		return 1;
	return found == text.size ? 0 : (int32_t)mill_char_count((mill_text){text.data, found}) + 1;
}

MILL_TEXT_KERNEL(lower_rows, lower_row)
MILL_TEXT_KERNEL(upper_rows, upper_row)

static MILL_SIMD_BODY void flip_case_body(const char *restrict in, char *restrict out, int64_t size, char first)
{
	for (int64_t i = 0; i < size; i++)
		out[i] = (char)(in[i] ^ (((uint8_t)(in[i] - first) < 26) << 5));
}
MILL_SIMD_COPIES(static void, flip_case, (in, out, size, first), const char *restrict in, char *restrict out,
                 int64_t size, char first)

static MILL_SIMD_BODY bool any_high_body(const char *restrict in, int64_t size)
{
	uint8_t any = 0;
	for (int64_t i = 0; i < size; i++)
		any |= (uint8_t)in[i];
	return any >= 0x80;
}
MILL_SIMD_COPIES(static bool, any_high, (in, size), const char *restrict in, int64_t size)

/* A column of ASCII keeps its offsets, and its bytes change all at once. */
static mill_status flip_column(mill_call *call, char first, bool *done, mill_error *err)
{
	const mill_column *c = &call->args[0]->column;
	int64_t size = c->offsets[c->rows];
	*done = !any_high(call->simd, c->bytes, size);
	if (!*done)
		return MILL_OK;
	MILL_TRY(mill_program_buffer(call->program, (size_t)size, &call->out->owners[2], err));
	call->out->bytes = (char *)call->out->owners[2]->data;
	flip_case(call->simd, c->bytes, call->out->bytes, size, first);
	memcpy(call->out->offsets, c->offsets, ((size_t)c->rows + 1) * sizeof *c->offsets);
	return MILL_OK;
}

static mill_status lower_kernel(mill_call *call, mill_error *err)
{
	bool done;
	MILL_TRY(flip_column(call, 'A', &done, err));
	return done ? MILL_OK : lower_rows(call, err);
}

static mill_status upper_kernel(mill_call *call, mill_error *err)
{
	bool done;
	MILL_TRY(flip_column(call, 'a', &done, err));
	return done ? MILL_OK : upper_rows(call, err);
}
MILL_TEXT_KERNEL(initcap_kernel, initcap_row)
MILL_TEXT_KERNEL(reverse_kernel, reverse_row)
MILL_TEXT_KERNEL(substr_kernel, substr_row)
MILL_TEXT_KERNEL(left_kernel, left_row)
MILL_TEXT_KERNEL(right_kernel, right_row)
MILL_TEXT_KERNEL(btrim_kernel, btrim_row)
MILL_TEXT_KERNEL(ltrim_kernel, ltrim_row)
MILL_TEXT_KERNEL(rtrim_kernel, rtrim_row)
MILL_TEXT_KERNEL(repeat_kernel, repeat_row)
MILL_TEXT_KERNEL(lpad_kernel, lpad_row)
MILL_TEXT_KERNEL(rpad_kernel, rpad_row)
MILL_TEXT_KERNEL(replace_kernel, replace_row)
MILL_TEXT_KERNEL(translate_kernel, translate_row)
MILL_TEXT_KERNEL(split_part_kernel, split_part_row)
MILL_TEXT_KERNEL(chr_kernel, chr_row)
MILL_TEXT_KERNEL(hex_kernel, hex_row)
MILL_VALUE_KERNEL(char_length_rows, int32_t, CHAR_LENGTH)

static mill_status char_length_kernel(mill_call *call, mill_error *err)
{
	const mill_column *c = &call->args[0]->column;
	int32_t *out = call->out->values;
	if (any_high(call->simd, c->bytes, c->offsets[c->rows]))
		return char_length_rows(call, err);
	for (int64_t i = 0; i < call->rows; i++)
		out[i] = c->offsets[i + 1] - c->offsets[i];
	return MILL_OK;
}
MILL_VALUE_KERNEL(octet_length_kernel, int32_t, OCTET_LENGTH)
MILL_VALUE_KERNEL(ascii_kernel, int32_t, ascii_value)
MILL_VALUE_KERNEL(position_kernel, int32_t, position_value)

#define T  MILL_TYPE_STRING
#define B  MILL_TYPE_BINARY
#define I  MILL_TYPE_INT64
#define I4 MILL_TYPE_INT32
#define ROW(count, result, kernel, ...)                           \
	{                                                         \
		{__VA_ARGS__}, count, false, result, kernel, NULL \
	}
static const mill_overload lower_overloads[] = {ROW(1, T, lower_kernel, T)};
static const mill_overload upper_overloads[] = {ROW(1, T, upper_kernel, T)};
static const mill_overload initcap_overloads[] = {ROW(1, T, initcap_kernel, T)};
static const mill_overload reverse_overloads[] = {ROW(1, T, reverse_kernel, T)};
static const mill_overload substr_overloads[] = {ROW(2, T, substr_kernel, T, I), ROW(3, T, substr_kernel, T, I, I)};
static const mill_overload left_overloads[] = {ROW(2, T, left_kernel, T, I)};
static const mill_overload right_overloads[] = {ROW(2, T, right_kernel, T, I)};
static const mill_overload btrim_overloads[] = {ROW(1, T, btrim_kernel, T), ROW(2, T, btrim_kernel, T, T)};
static const mill_overload ltrim_overloads[] = {ROW(1, T, ltrim_kernel, T), ROW(2, T, ltrim_kernel, T, T)};
static const mill_overload rtrim_overloads[] = {ROW(1, T, rtrim_kernel, T), ROW(2, T, rtrim_kernel, T, T)};
static const mill_overload repeat_overloads[] = {ROW(2, T, repeat_kernel, T, I)};
static const mill_overload lpad_overloads[] = {ROW(2, T, lpad_kernel, T, I), ROW(3, T, lpad_kernel, T, I, T)};
static const mill_overload rpad_overloads[] = {ROW(2, T, rpad_kernel, T, I), ROW(3, T, rpad_kernel, T, I, T)};
static const mill_overload replace_overloads[] = {ROW(3, T, replace_kernel, T, T, T)};
static const mill_overload translate_overloads[] = {ROW(3, T, translate_kernel, T, T, T)};
static const mill_overload split_part_overloads[] = {ROW(3, T, split_part_kernel, T, T, I)};
static const mill_overload chr_overloads[] = {ROW(1, T, chr_kernel, I)};
static const mill_overload hex_overloads[] = {ROW(1, T, hex_kernel, I4), ROW(1, T, hex_kernel, I)};
static const mill_overload length_overloads[] = {ROW(1, I4, char_length_kernel, T), ROW(1, I4, octet_length_kernel, B)};
static const mill_overload octet_overloads[] = {ROW(1, I4, octet_length_kernel, T), ROW(1, I4, octet_length_kernel, B)};
static const mill_overload ascii_overloads[] = {ROW(1, I4, ascii_kernel, T)};
static const mill_overload position_overloads[] = {ROW(2, I4, position_kernel, T, T)};
#undef T
#undef B
#undef I
#undef I4

#define TEXT(text, list, line)                                                                    \
	{                                                                                         \
		.name = text, .group = MILL_GROUP_TEXT, .help = line, MILL_LIST(list##_overloads) \
	}
/* Gives a value for every row. */
#define SAFE_TEXT(text, list, line)                                                                \
	{                                                                                          \
		.name = text, .group = MILL_GROUP_TEXT, .help = line, MILL_LIST(list##_overloads), \
		.never_fails = mill_never_fails                                                    \
	}

static const mill_function functions[] = {
    SAFE_TEXT("lower", lower, "lower(x): lower case, by Unicode's simple mapping"),
    SAFE_TEXT("upper", upper, "upper(x): upper case, by Unicode's simple mapping"),
    TEXT("initcap", initcap, "initcap(x): each word's first letter in upper case, the rest in lower"),
    SAFE_TEXT("length", length, "length(x): characters; of binary, bytes"),
    SAFE_TEXT("char_length", length, "char_length(x): characters"),
    SAFE_TEXT("character_length", length, "character_length(x): characters"),
    TEXT("octet_length", octet, "octet_length(x): bytes"),
    SAFE_TEXT("btrim", btrim, "btrim(x [, characters]): both ends cleared of spaces, or of the characters"),
    SAFE_TEXT("trim", btrim, "trim(x): both ends cleared of spaces; TRIM(LEADING 'c' FROM x)"),
    SAFE_TEXT("ltrim", ltrim, "ltrim(x [, characters]): the front cleared"),
    SAFE_TEXT("rtrim", rtrim, "rtrim(x [, characters]): the end cleared"),
    TEXT("substr", substr, "substr(x, start [, length]): part of a text, from 1"),
    TEXT("left", left, "left(x, n): the first n characters; n < 0: all but the last -n"),
    TEXT("right", right, "right(x, n): the last n characters; n < 0: all but the first -n"),
    TEXT("replace", replace, "replace(x, from, to): every occurrence replaced"),
    TEXT("translate", translate, "translate(x, from, to): characters replaced one by one"),
    TEXT("reverse", reverse, "reverse(x): characters in reverse order"),
    TEXT("repeat", repeat, "repeat(x, n): n times"),
    TEXT("lpad", lpad, "lpad(x, n [, fill]): filled or cut to n characters, at the front"),
    TEXT("rpad", rpad, "rpad(x, n [, fill]): filled or cut to n characters, at the end"),
    TEXT("strpos", position, "strpos(x, part): place of the first occurrence from 1, or 0"),
    TEXT("position", position, "position(part IN x): place of the first occurrence from 1, or 0"),
    TEXT("instr", position, "instr(x, part): place of the first occurrence from 1, or 0"),
    TEXT("split_part", split_part, "split_part(x, delimiter, n): part n from 1; n < 0 from the end"),
    TEXT("ascii", ascii, "ascii(x): code of the first character"),
    TEXT("chr", chr, "chr(n): the character with the code"),
    TEXT("to_hex", hex, "to_hex(n): hexadecimal digits"),
};

const mill_function_table mill_functions_text = MILL_TABLE_OF(functions);
