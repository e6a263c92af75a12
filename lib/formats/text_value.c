/* Values from bare text, by type. */
#include "formats/text_value.h"

#include "base/civil.h"
#include "base/civil_text.h"

#include <string.h>

static bool is_one_of(const char *const *words, int count, const char *text, size_t length)
{
	for (int i = 0; i < count; i++)
		if (strlen(words[i]) == length && memcmp(text, words[i], length) == 0)
			return true;
	return false;
}

static bool equals_lower(const char *text, size_t length, const char *word, size_t word_length)
{
	if (length != word_length)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((text[i] | 0x20) != word[i])
			return false;
	return true;
}

bool mill_text_parse_bool(const mill_text_rules *rules, const char *text, size_t length, bool *out)
{
	bool yes = rules->true_value_count > 0 ? is_one_of(rules->true_values, rules->true_value_count, text, length)
	                                       : equals_lower(text, length, "true", 4);
	bool no = rules->false_value_count > 0 ? is_one_of(rules->false_values, rules->false_value_count, text, length)
	                                       : equals_lower(text, length, "false", 5);
	if (yes || no)
		*out = yes;
	return yes || no;
}

void mill_text_strip(const char **text, size_t *length)
{
	while (*length > 0 && (**text == ' ' || **text == '\t')) {
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t'))
		(*length)--;
}

static mill_parsed signed_value(mill_type type, const char *text, size_t length, int64_t *out)
{
	int64_t value;
	mill_parsed parsed = mill_parse_i64(text, length, &value);
	if (parsed != MILL_PARSED)
		return parsed;
	int bits = (int)mill_type_width_bytes(type) * 8;
	if (value >> (bits - 1) != value >> 63)
		return MILL_PARSE_RANGE;
	*out = value;
	return MILL_PARSED;
}

static mill_parsed unsigned_value(mill_type type, const char *text, size_t length, uint64_t *out)
{
	uint64_t value;
	mill_parsed parsed = mill_parse_u64(text, length, &value);
	if (parsed != MILL_PARSED)
		return parsed;
	int bits = (int)mill_type_width_bytes(type) * 8;
	if (bits < 64 && value >> bits != 0)
		return MILL_PARSE_RANGE;
	*out = value;
	return MILL_PARSED;
}

static mill_parsed date_value(const mill_time_format *format, const char *text, size_t length, int64_t *out)
{
	int32_t days;
	if (format != NULL && !format->has_time) {
		int64_t us;
		if (!mill_time_format_parse(format, text, length, &us))
			return MILL_PARSE_SYNTAX;
		*out = mill_floor_div(us, MILL_DAY_US);
		return MILL_PARSED;
	}
	if (!mill_parse_date(text, length, &days))
		return MILL_PARSE_SYNTAX;
	*out = days;
	return MILL_PARSED;
}

static mill_parsed timestamp_value(const mill_time_format *format, const char *text, size_t length, int64_t *out)
{
	bool zoned;
	bool ok = format != NULL ? mill_time_format_parse(format, text, length, out)
	                         : mill_parse_timestamp(text, length, out, &zoned);
	return ok ? MILL_PARSED : MILL_PARSE_SYNTAX;
}

mill_parsed mill_text_parse(const mill_text_rules *rules, mill_type type, const char *text, size_t length,
                            mill_text_value *out)
{
	bool flag = false;
	mill_parsed parsed = MILL_PARSE_SYNTAX;
	switch (type.id) {
	case MILL_TYPE_BOOL:
		parsed = mill_text_parse_bool(rules, text, length, &flag) ? MILL_PARSED : MILL_PARSE_SYNTAX;
		out->u = flag ? 1 : 0;
		return parsed;
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64: return signed_value(type, text, length, &out->i);
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64: return unsigned_value(type, text, length, &out->u);
	case MILL_TYPE_FLOAT32: return mill_parse_f32(text, length, &out->f32);
	case MILL_TYPE_FLOAT64: return mill_parse_f64(text, length, &out->f64);
	case MILL_TYPE_DECIMAL: return mill_parse_decimal(text, length, type.precision, type.scale, &out->decimal);
	case MILL_TYPE_DATE: return date_value(rules->time_format, text, length, &out->i);
	case MILL_TYPE_TIMESTAMP: return timestamp_value(rules->time_format, text, length, &out->i);
	case MILL_TYPE_NULL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return MILL_PARSE_SYNTAX;
}
