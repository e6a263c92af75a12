#include "expr/number.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **text, size_t *length)
{
	while (*length > 0 && is_space(**text)) {
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && is_space((*text)[*length - 1]))
		(*length)--;
}

mill_parsed mill_number_i64(const char *text, size_t length_bytes, int64_t *out)
{
	trim(&text, &length_bytes);
	return mill_parse_i64(text, length_bytes, out);
}

mill_parsed mill_number_u64(const char *text, size_t length_bytes, uint64_t *out)
{
	trim(&text, &length_bytes);
	return mill_parse_u64(text, length_bytes, out);
}

mill_parsed mill_number_f64(const char *text, size_t length_bytes, double *out)
{
	trim(&text, &length_bytes);
	return mill_parse_f64(text, length_bytes, out);
}

mill_parsed mill_number_f32(const char *text, size_t length_bytes, float *out)
{
	trim(&text, &length_bytes);
	return mill_parse_f32(text, length_bytes, out);
}

mill_parsed mill_number_decimal(const char *text, size_t length_bytes, int precision, int scale, mill_i128 *out)
{
	trim(&text, &length_bytes);
	return mill_parse_decimal(text, length_bytes, precision, scale, out);
}
