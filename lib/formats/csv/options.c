/* Options of CSV and TSV: defaults, one reader per option, what does not go together. */
#include "formats/csv/options.h"

#include <string.h>

void mill_csv_options_init(mill_csv_options *options, bool is_tsv)
{
	*options = (mill_csv_options){.delimiter = is_tsv ? '\t' : ',', .quote = '"', .escape = -1, .comment = -1};
	options->base.format = is_tsv ? &mill_tsv_format : &mill_csv_format;
	options->header = true;
	options->infer = true;
}

mill_status mill_csv_new_options(const mill_format *self, mill_arena *arena, mill_format_options **out, mill_error *err)
{
	mill_csv_options *options = mill_arena_alloc(arena, sizeof *options);
	if (options == NULL)
		return mill_fail_nomem(err, sizeof *options, "options");
	mill_csv_options_init(options, self == &mill_tsv_format);
	*out = &options->base;
	return MILL_OK;
}

/* A one-byte option: a string of one byte, or null for none where that is allowed. */
static mill_status read_byte(const mill_json *node, bool may_be_null, int *out, mill_error *err)
{
	if (node->kind == MILL_JSON_NULL && may_be_null) {
		*out = -1;
		return MILL_OK;
	}
	const char *text;
	MILL_TRY(mill_json_string(node, &text, err));
	if (strlen(text) != 1 || text[0] == '\n' || text[0] == '\r')
		return mill_json_fail(node, err, "expected one byte%s, found \"%s\"", may_be_null ? " or null" : "",
		                      text);
	*out = (unsigned char)text[0];
	return MILL_OK;
}

static mill_status read_texts(const mill_json *node, mill_arena *arena, const char *const **out, int *count,
                              mill_error *err)
{
	const char **texts;
	int64_t n;
	MILL_TRY(mill_json_strings(node, arena, &texts, &n, err));
	*out = texts;
	*count = (int)n;
	return MILL_OK;
}

static mill_status option_delimiter(const mill_json *node, mill_format_options *base, mill_arena *arena,
                                    mill_error *err)
{
	(void)arena;
	int byte = 0;
	MILL_TRY(read_byte(node, false, &byte, err));
	((mill_csv_options *)base)->delimiter = (char)byte;
	return MILL_OK;
}

#define BYTE_OPTION(name)                                                                                     \
	static mill_status option_##name(const mill_json *node, mill_format_options *base, mill_arena *arena, \
	                                 mill_error *err)                                                     \
	{                                                                                                     \
		(void)arena;                                                                                  \
		return read_byte(node, true, &((mill_csv_options *)base)->name, err);                         \
	}
#define BOOL_OPTION(name)                                                                                     \
	static mill_status option_##name(const mill_json *node, mill_format_options *base, mill_arena *arena, \
	                                 mill_error *err)                                                     \
	{                                                                                                     \
		(void)arena;                                                                                  \
		return mill_json_bool(node, &((mill_csv_options *)base)->name, err);                          \
	}
#define TEXTS_OPTION(name, count)                                                                             \
	static mill_status option_##name(const mill_json *node, mill_format_options *base, mill_arena *arena, \
	                                 mill_error *err)                                                     \
	{                                                                                                     \
		mill_csv_options *options = (mill_csv_options *)base;                                         \
		return read_texts(node, arena, &options->name, &options->count, err);                         \
	}
BYTE_OPTION(quote)
BYTE_OPTION(escape)
BYTE_OPTION(comment)
BOOL_OPTION(header)
BOOL_OPTION(trim)
BOOL_OPTION(infer)
TEXTS_OPTION(null_values, null_value_count)
TEXTS_OPTION(true_values, true_value_count)
TEXTS_OPTION(false_values, false_value_count)

static mill_status option_skip_lines(const mill_json *node, mill_format_options *base, mill_arena *arena,
                                     mill_error *err)
{
	(void)arena;
	return mill_json_int(node, 0, INT64_MAX, &((mill_csv_options *)base)->skip_lines, err);
}

static mill_status option_timestamp_format(const mill_json *node, mill_format_options *base, mill_arena *arena,
                                           mill_error *err)
{
	(void)arena;
	return mill_json_string(node, &((mill_csv_options *)base)->timestamp_format, err);
}

const mill_format_option mill_csv_option_table[MILL_CSV_OPTION_COUNT] = {
    {"delimiter", NULL, option_delimiter},
    {"sep", "delimiter", option_delimiter},
    {"quote", NULL, option_quote},
    {"escape", NULL, option_escape},
    {"header", NULL, option_header},
    {"comment", NULL, option_comment},
    {"null_values", NULL, option_null_values},
    {"true_values", NULL, option_true_values},
    {"false_values", NULL, option_false_values},
    {"trim", NULL, option_trim},
    {"skip_lines", NULL, option_skip_lines},
    {"infer", NULL, option_infer},
    {"timestamp_format", NULL, option_timestamp_format},
};

static mill_status refuse_byte(int byte, const char *what, mill_error *err)
{
	return mill_fail(err, MILL_USAGE,
	                 "the CSV option %s is byte 0x%02X: it must be one ASCII character, no row end, and "
	                 "differ from delimiter, quote and comment",
	                 what, (unsigned)byte & 0xFFU);
}

static bool is_special_byte(int byte)
{
	return byte > 0 && byte < 0x80 && byte != '\n' && byte != '\r';
}

mill_status mill_csv_check_options(const mill_format_options *options, mill_error *err)
{
	const mill_csv_options *o = (const mill_csv_options *)options;
	int delimiter = (uint8_t)o->delimiter;
	if (!is_special_byte(delimiter))
		return refuse_byte(delimiter, "delimiter", err);
	if (o->quote >= 0 && (!is_special_byte(o->quote) || o->quote == delimiter))
		return refuse_byte(o->quote, "quote", err);
	if (o->escape >= 0 && (!is_special_byte(o->escape) || o->escape == delimiter))
		return refuse_byte(o->escape, "escape", err);
	bool comment_clash = o->comment == delimiter || o->comment == o->quote;
	if (o->comment >= 0 && (!is_special_byte(o->comment) || comment_clash))
		return refuse_byte(o->comment, "comment", err);
	for (int i = 0; i < o->true_value_count; i++)
		for (int k = 0; k < o->false_value_count; k++)
			if (strcmp(o->true_values[i], o->false_values[k]) == 0)
				return mill_fail(err, MILL_USAGE, "\"%s\" is among both true_values and false_values",
				                 o->true_values[i]);
	if (o->skip_lines < 0)
		return mill_fail(err, MILL_USAGE, "the CSV option skip_lines is %lld: it must not be negative",
		                 (long long)o->skip_lines);
	return MILL_OK;
}
