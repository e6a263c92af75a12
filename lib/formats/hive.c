/* Hive columns: keys, types, values. */
#include "formats/hive.h"

#include "base/civil_text.h"

#include <string.h>
#include <strings.h>

typedef enum hive_kind { HIVE_VALUE, HIVE_NULL, HIVE_BAD } hive_kind;

static int find_name(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcasecmp(names[i], name) == 0)
			return i;
	return -1;
}

bool mill_hive_has_key(const mill_format_source *source, const char *name)
{
	return find_name(source->hive_keys, source->hive_key_count, name) >= 0;
}

mill_status mill_hive_columns(const mill_format_source *source, const char *const *file_columns, int file_column_count,
                              mill_arena *arena, const int **at, int *count, mill_error *err)
{
	int *keys = mill_arena_array(arena, (size_t)source->hive_key_count + 1, sizeof *keys);
	if (keys == NULL)
		return mill_fail_nomem(err, 0, "the columns of key=value folders");
	int n = 0;
	for (int k = 0; k < source->hive_key_count; k++)
		if (find_name(file_columns, file_column_count, source->hive_keys[k]) < 0)
			keys[n++] = k;
	*at = keys;
	*count = n;
	return MILL_OK;
}

mill_type mill_hive_type(const mill_format_source *source, int key)
{
	bool has_value = false, may_be_int = true, may_be_date = true;
	for (int64_t i = 0; i < source->file_count && (may_be_int || may_be_date); i++) {
		const char *text = source->files[i].hive_values[key];
		if (text == NULL)
			continue;
		size_t length = strlen(text);
		int64_t number;
		int32_t days;
		has_value = true;
		mill_text_strip(&text, &length);
		may_be_int = may_be_int && mill_parse_i64(text, length, &number) == MILL_PARSED;
		may_be_date = may_be_date && mill_parse_date(text, length, &days);
	}
	if (has_value && may_be_int)
		return mill_type_of(MILL_TYPE_INT64);
	return mill_type_of(has_value && may_be_date ? MILL_TYPE_DATE : MILL_TYPE_STRING);
}

static const char *value_text(const mill_format_table *table, int column, int64_t file)
{
	return table->files[file].hive_values[table->hive_at[column - table->file_column_count]];
}

/* The value of a column that is not text. Blanks around it mean nothing, and an empty one is NULL. */
static hive_kind parse(const mill_format_table *table, int column, const char *text, mill_text_value *out)
{
	if (text == NULL || *text == '\0')
		return HIVE_NULL;
	mill_type type = table->schema.fields[column].type;
	size_t length = strlen(text);
	mill_text_strip(&text, &length);
	/* Folder names are ISO unless that fails: a time format speaks of the files' fields. */
	mill_text_rules rules = {.time_format = NULL};
	if (mill_text_parse(&rules, type, text, length, out) == MILL_PARSED)
		return HIVE_VALUE;
	rules.time_format = table->time_format;
	return mill_text_parse(&rules, type, text, length, out) == MILL_PARSED ? HIVE_VALUE : HIVE_BAD;
}

mill_status mill_hive_check(const mill_format_table *table, mill_error *err)
{
	char type_text[MILL_TYPE_TEXT_BYTES];
	for (int64_t i = 0; i < table->file_count; i++)
		for (int c = table->file_column_count; c < table->schema.count; c++) {
			const mill_field *field = &table->schema.fields[c];
			const char *text = value_text(table, c, i);
			mill_text_value value;
			if (!mill_type_is_text(field->type) && parse(table, c, text, &value) == HIVE_BAD)
				return mill_fail(err, MILL_DATA, "%s: the folder %s=%s is not %s", table->files[i].uri,
				                 field->name, text, mill_type_text(field->type, type_text));
		}
	return MILL_OK;
}

bool mill_hive_value(const mill_format_table *table, int column, int64_t file, const char **text,
                     mill_text_value *value)
{
	*text = value_text(table, column, file);
	if (mill_type_is_text(table->schema.fields[column].type))
		return *text != NULL;
	return parse(table, column, *text, value) == HIVE_VALUE;
}

static void text_values(const mill_format_table *table, int column, int64_t first, mill_column *values)
{
	size_t at = 0;
	for (int64_t i = 0; i < values->rows; i++) {
		const char *text = value_text(table, column, first + i);
		size_t length = text != NULL ? strlen(text) : 0;
		if (text == NULL)
			mill_bit_clear(values->validity, i);
		else
			memcpy(values->bytes + at, text, length);
		at += length;
		values->offsets[i + 1] = (int32_t)at;
	}
}

static void parsed_values(const mill_format_table *table, int column, int64_t first, mill_column *values)
{
	if (values->type.id == MILL_TYPE_BOOL)
		memset(values->values, 0, mill_bit_words(values->rows) * sizeof(uint64_t));
	for (int64_t i = 0; i < values->rows; i++) {
		const char *text;
		mill_text_value value = {.decimal = 0};
		if (!mill_hive_value(table, column, first + i, &text, &value))
			mill_bit_clear(values->validity, i);
		mill_text_store(values->type, values->values, i, &value);
	}
}

static size_t text_bytes(const mill_format_table *table, int column, int64_t first, int64_t count)
{
	size_t bytes = 0;
	for (int64_t i = first; i < first + count; i++) {
		const char *text = value_text(table, column, i);
		bytes += text != NULL ? strlen(text) : 0;
	}
	return bytes;
}

mill_status mill_hive_values(const mill_format_table *table, int column, int64_t first, int64_t count, mill_mem *mem,
                             mill_column *out, mill_error *err)
{
	mill_type type = table->schema.fields[column].type;
	mill_column values;
	MILL_TRY(mill_column_new(mem, type, count, text_bytes(table, column, first, count), &values, err));
	mill_status status = mill_column_add_validity(mem, &values, err);
	if (status != MILL_OK) {
		mill_column_release(&values);
		return status;
	}
	if (mill_type_is_text(type))
		text_values(table, column, first, &values);
	else
		parsed_values(table, column, first, &values);
	mill_column_settle_nulls(&values);
	*out = values;
	return MILL_OK;
}
