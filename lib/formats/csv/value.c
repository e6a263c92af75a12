#include "formats/csv/value.h"

#include "base/civil.h"
#include "base/civil_text.h"
#include "base/number.h"

#include <string.h>

#define LONGEST_NULL_BIT 63

mill_status mill_csv_rules_init(mill_csv_rules *rules, const mill_csv_options *options, mill_error *err)
{
	mill_csv_rules r = {.options = options, .bytes = mill_csv_bytes_of(options)};
	if (options->timestamp_format != NULL)
		MILL_TRY(mill_time_format_compile(options->timestamp_format, &r.format, err));
	for (int i = 0; i < options->null_value_count; i++) {
		size_t length = strlen(options->null_values[i]);
		r.null_lengths |= (uint64_t)1 << (length < LONGEST_NULL_BIT ? length : LONGEST_NULL_BIT);
	}
	*rules = r;
	return MILL_OK;
}

static bool equals(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

static bool is_one_of(const char *const *words, int count, const char *text, size_t length)
{
	for (int i = 0; i < count; i++)
		if (equals(text, length, words[i]))
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

bool mill_csv_parse_bool(const mill_csv_options *options, const char *text, size_t length, bool *out)
{
	bool yes = options->true_value_count > 0
	               ? is_one_of(options->true_values, options->true_value_count, text, length)
	               : equals_lower(text, length, "true", 4);
	bool no = options->false_value_count > 0
	              ? is_one_of(options->false_values, options->false_value_count, text, length)
	              : equals_lower(text, length, "false", 5);
	if (yes || no)
		*out = yes;
	return yes || no;
}

size_t mill_csv_unescape(const mill_csv_bytes *bytes, const char *text, size_t length, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < length; i++) {
		uint8_t byte = (uint8_t)text[i];
		/* Between the quotes a quote comes doubled, so the second of the two is the literal. */
		if ((byte == bytes->quote || byte == bytes->escape) && i + 1 < length)
			i++;
		out[n++] = text[i];
	}
	return n;
}

static void strip(const char **text, size_t *length)
{
	while (*length > 0 && (**text == ' ' || **text == '\t')) {
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t'))
		(*length)--;
}

mill_csv_kind mill_csv_content(const mill_csv_rules *rules, const char *field, size_t length, char *scratch,
                               mill_csv_cell *out)
{
	const mill_csv_bytes *bytes = &rules->bytes;
	out->quoted = length >= 2 && (uint8_t)field[0] == bytes->quote;
	out->text = field;
	out->length = length;
	if (out->quoted) {
		out->text = field + 1;
		out->length = length - 2;
		bool plain = memchr(out->text, bytes->quote, out->length) == NULL &&
		             (bytes->escape < 0 || memchr(out->text, bytes->escape, out->length) == NULL);
		if (!plain && scratch != NULL) {
			out->length = mill_csv_unescape(bytes, out->text, out->length, scratch);
			out->text = scratch;
		}
		return MILL_CSV_VALUE;
	}
	if (rules->options->trim)
		strip(&out->text, &out->length);
	if (out->length == 0)
		return MILL_CSV_NULL;
	size_t bit = out->length < LONGEST_NULL_BIT ? out->length : LONGEST_NULL_BIT;
	bool is_null = ((rules->null_lengths >> bit) & 1) != 0 &&
	               is_one_of(rules->options->null_values, rules->options->null_value_count, out->text, out->length);
	return is_null ? MILL_CSV_NULL : MILL_CSV_VALUE;
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

static mill_parsed date_value(const mill_csv_rules *rules, const char *text, size_t length, int64_t *out)
{
	int32_t days;
	if (rules->format.step_count > 0 && !rules->format.has_time) {
		int64_t us;
		if (!mill_time_format_parse(&rules->format, text, length, &us))
			return MILL_PARSE_SYNTAX;
		*out = mill_floor_div(us, MILL_DAY_US);
		return MILL_PARSED;
	}
	if (!mill_parse_date(text, length, &days))
		return MILL_PARSE_SYNTAX;
	*out = days;
	return MILL_PARSED;
}

static mill_parsed timestamp_value(const mill_csv_rules *rules, const char *text, size_t length, int64_t *out)
{
	bool zoned;
	bool ok = rules->format.step_count > 0 ? mill_time_format_parse(&rules->format, text, length, out)
	                                       : mill_parse_timestamp(text, length, out, &zoned);
	return ok ? MILL_PARSED : MILL_PARSE_SYNTAX;
}

static mill_parsed parse_value(const mill_csv_rules *rules, mill_type type, mill_csv_cell *cell)
{
	const char *text = cell->text;
	size_t length = cell->length;
	bool flag = false;
	mill_parsed parsed = MILL_PARSE_SYNTAX;
	switch ((mill_type_id)type.id) {
	case MILL_TYPE_BOOL:
		parsed = mill_csv_parse_bool(rules->options, text, length, &flag) ? MILL_PARSED : MILL_PARSE_SYNTAX;
		cell->as.u = flag ? 1 : 0;
		return parsed;
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64: return signed_value(type, text, length, &cell->as.i);
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64: return unsigned_value(type, text, length, &cell->as.u);
	case MILL_TYPE_FLOAT32: return mill_parse_f32(text, length, &cell->as.f32);
	case MILL_TYPE_FLOAT64: return mill_parse_f64(text, length, &cell->as.f64);
	case MILL_TYPE_DECIMAL: return mill_parse_decimal(text, length, type.precision, type.scale, &cell->as.decimal);
	case MILL_TYPE_DATE: return date_value(rules, text, length, &cell->as.i);
	case MILL_TYPE_TIMESTAMP: return timestamp_value(rules, text, length, &cell->as.i);
	default: return MILL_PARSE_SYNTAX;
	}
}

mill_csv_kind mill_csv_convert(const mill_csv_rules *rules, mill_type type, const char *field, size_t length,
                               char *scratch, mill_csv_cell *out)
{
	mill_csv_kind kind = mill_csv_content(rules, field, length, scratch, out);
	if (kind != MILL_CSV_VALUE || mill_type_is_text(type))
		return kind;
	/* As PostgreSQL, DuckDB and pandas: blanks around a number or date mean nothing. */
	if (type.id != MILL_TYPE_BOOL || rules->options->true_value_count + rules->options->false_value_count == 0)
		strip(&out->text, &out->length);
	mill_parsed parsed = parse_value(rules, type, out);
	out->out_of_range = parsed == MILL_PARSE_RANGE;
	return parsed == MILL_PARSED ? MILL_CSV_VALUE : MILL_CSV_BAD;
}
