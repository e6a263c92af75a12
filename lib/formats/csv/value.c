/* Fields to values: quotes, NULLs, conversion. */
#include "formats/csv/value.h"

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
	r.text = (mill_text_rules){NULL, options->true_values, options->true_value_count, options->false_values,
	                           options->false_value_count};
	*rules = r;
	rules->text.time_format = r.format.element_count > 0 ? &rules->format : NULL;
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
		mill_text_strip(&out->text, &out->length);
	if (out->length == 0)
		return MILL_CSV_NULL;
	size_t bit = out->length < LONGEST_NULL_BIT ? out->length : LONGEST_NULL_BIT;
	bool is_null = ((rules->null_lengths >> bit) & 1) != 0 &&
	               is_one_of(rules->options->null_values, rules->options->null_value_count, out->text, out->length);
	return is_null ? MILL_CSV_NULL : MILL_CSV_VALUE;
}

mill_csv_kind mill_csv_convert(const mill_csv_rules *rules, mill_type type, const char *field, size_t length,
                               char *scratch, mill_csv_cell *out)
{
	mill_csv_kind kind = mill_csv_content(rules, field, length, scratch, out);
	if (kind != MILL_CSV_VALUE || mill_type_is_text(type))
		return kind;
	/* As PostgreSQL, DuckDB and pandas: blanks around a number or date mean nothing. */
	if (type.id != MILL_TYPE_BOOL || rules->options->true_value_count + rules->options->false_value_count == 0)
		mill_text_strip(&out->text, &out->length);
	mill_parsed parsed = mill_text_parse(&rules->text, type, out->text, out->length, &out->as);
	out->out_of_range = parsed == MILL_PARSE_RANGE;
	return parsed == MILL_PARSED ? MILL_CSV_VALUE : MILL_CSV_BAD;
}
