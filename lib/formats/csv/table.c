/* Options, hive columns and the broadcast form of a CSV table. */
#include "formats/csv/table.h"

#include "formats/csv/infer.h"

#include <string.h>
#include <strings.h>

#define TABLE_VERSION 1
#define NO_TEXT       UINT32_MAX

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "the table of CSV files");
}

static mill_status copy_words(const char *const *words, int count, mill_arena *arena, const char *const **out,
                              mill_error *err)
{
	const char **copies = mill_arena_array(arena, (size_t)count + 1, sizeof *copies);
	if (copies == NULL)
		return nomem(err);
	for (int i = 0; i < count; i++) {
		copies[i] = mill_arena_strdup(arena, words[i]);
		if (copies[i] == NULL)
			return nomem(err);
	}
	*out = copies;
	return MILL_OK;
}

mill_status mill_csv_options_copy(const mill_csv_options *options, mill_arena *arena, mill_csv_options *out,
                                  mill_error *err)
{
	mill_csv_options copy = *options;
	MILL_TRY(copy_words(options->null_values, options->null_value_count, arena, &copy.null_values, err));
	MILL_TRY(copy_words(options->true_values, options->true_value_count, arena, &copy.true_values, err));
	MILL_TRY(copy_words(options->false_values, options->false_value_count, arena, &copy.false_values, err));
	if (options->timestamp_format != NULL) {
		copy.timestamp_format = mill_arena_strdup(arena, options->timestamp_format);
		if (copy.timestamp_format == NULL)
			return nomem(err);
	}
	*out = copy;
	return MILL_OK;
}

static int find_name(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcasecmp(names[i], name) == 0)
			return i;
	return -1;
}

/* Appends the keys of one entry that are new. */
static mill_status add_keys(const mill_storage_entry *entry, const char *const *file_columns, int file_column_count,
                            mill_arena *arena, const char ***keys, int *count, mill_error *err)
{
	for (int k = 0; k < entry->hive_count; k++) {
		const char *key = entry->hive_keys[k];
		if (find_name(*keys, *count, key) >= 0 || find_name(file_columns, file_column_count, key) >= 0)
			continue;
		const char **longer = mill_arena_array(arena, (size_t)*count + 1, sizeof *longer);
		char *copy = mill_arena_strdup(arena, key);
		if (longer == NULL || copy == NULL)
			return nomem(err);
		if (*count > 0)
			memcpy(longer, *keys, (size_t)*count * sizeof *longer);
		longer[(*count)++] = copy;
		*keys = longer;
	}
	return MILL_OK;
}

mill_status mill_csv_hive_columns(const mill_storage_listing *listing, const char *const *file_columns,
                                  int file_column_count, mill_csv_table *table, mill_arena *arena, const char ***keys,
                                  int *count, mill_error *err)
{
	*keys = NULL;
	*count = 0;
	for (int64_t i = 0; i < listing->count; i++)
		MILL_TRY(add_keys(&listing->entries[i], file_columns, file_column_count, arena, keys, count, err));
	for (int64_t i = 0; i < listing->count; i++) {
		const mill_storage_entry *entry = &listing->entries[i];
		const char **values = mill_arena_array(arena, (size_t)*count + 1, sizeof *values);
		if (values == NULL)
			return nomem(err);
		for (int k = 0; k < entry->hive_count; k++) {
			int at = find_name(*keys, *count, entry->hive_keys[k]);
			if (at < 0 || entry->hive_values[k] == NULL)
				continue;
			values[at] = mill_arena_strdup(arena, entry->hive_values[k]);
			if (values[at] == NULL)
				return nomem(err);
		}
		table->files[i].hive_values = values;
	}
	return MILL_OK;
}

mill_type mill_csv_hive_type(const mill_csv_rules *rules, const mill_csv_table *table, int at)
{
	mill_csv_rules iso = {.options = rules->options, .bytes = rules->bytes};
	mill_csv_guess guess = mill_csv_no_guess();
	guess.types = MILL_CSV_MAY_BE_INT64 | MILL_CSV_MAY_BE_DATE;
	for (int64_t i = 0; i < table->file_count; i++) {
		const char *value = table->files[i].hive_values[at];
		if (value != NULL)
			mill_csv_guess_value(&iso, value, strlen(value), &guess);
	}
	return mill_csv_guessed_type(&iso, &guess);
}

mill_csv_kind mill_csv_hive_value(const mill_csv_rules *rules, mill_type type, const char *value, mill_csv_cell *out)
{
	if (value == NULL)
		return MILL_CSV_NULL;
	if (mill_type_is_text(type)) {
		*out = (mill_csv_cell){.text = value, .length = strlen(value)};
		return MILL_CSV_VALUE;
	}
	mill_csv_options plain;
	mill_csv_options_init(&plain, false);
	mill_csv_rules bare = {.options = &plain, .bytes = {-1, -1, -1, -1}, .format = rules->format};
	/* Folder names are ISO unless that fails: timestamp_format speaks of the files' fields. */
	mill_csv_rules iso = {.options = &plain, .bytes = {-1, -1, -1, -1}};
	mill_csv_kind kind = mill_csv_convert(&iso, type, value, strlen(value), NULL, out);
	return kind == MILL_CSV_BAD ? mill_csv_convert(&bare, type, value, strlen(value), NULL, out) : kind;
}

mill_status mill_csv_check_hive(const mill_csv_rules *rules, const mill_csv_table *table, mill_error *err)
{
	char type_text[MILL_TYPE_TEXT_BYTES];
	for (int64_t i = 0; i < table->file_count; i++)
		for (int c = table->file_column_count; c < table->schema.count; c++) {
			const char *value = table->files[i].hive_values[c - table->file_column_count];
			mill_csv_cell cell;
			if (mill_csv_hive_value(rules, table->schema.fields[c].type, value, &cell) == MILL_CSV_BAD)
				return mill_fail(err, MILL_DATA, "%s: the folder %s=%s is not %s", table->files[i].uri,
				                 table->schema.fields[c].name, value,
				                 mill_type_text(table->schema.fields[c].type, type_text));
		}
	return MILL_OK;
}

static size_t folder_text_bytes(const mill_csv_table *table, int at, int64_t first, int64_t rows)
{
	size_t bytes = 0;
	for (int64_t i = first; i < first + rows; i++)
		bytes += table->files[i].hive_values[at] == NULL ? 0 : strlen(table->files[i].hive_values[at]);
	return bytes;
}

mill_status mill_csv_folder_values(const mill_csv_table *table, int column, int64_t first, int64_t rows, mill_mem *mem,
                                   mill_column *out, mill_error *err)
{
	mill_csv_rules rules;
	mill_column values;
	mill_type type = table->schema.fields[column].type;
	int at = column - table->file_column_count;
	size_t width = mill_type_width_bytes(type), text_bytes = 0;
	MILL_TRY(mill_csv_rules_init(&rules, &table->options, err));
	MILL_TRY(mill_column_new(mem, type, rows, folder_text_bytes(table, at, first, rows), &values, err));
	mill_status status = mill_column_add_validity(mem, &values, err);
	for (int64_t i = 0; i < rows && status == MILL_OK; i++) {
		mill_csv_cell cell = {.length = 0};
		mill_csv_kind kind = mill_csv_hive_value(&rules, type, table->files[first + i].hive_values[at], &cell);
		if (kind != MILL_CSV_VALUE)
			mill_bit_clear(values.validity, i);
		if (mill_type_is_text(type)) {
			memcpy(values.bytes + text_bytes, cell.length > 0 ? cell.text : "", cell.length);
			text_bytes += cell.length;
			values.offsets[i + 1] = (int32_t)text_bytes;
		} else if (type.id == MILL_TYPE_BOOL) {
			mill_bit_put(values.values, i, cell.as.u != 0);
		} else {
			memcpy((char *)values.values + (size_t)i * width, &cell.as, width);
		}
	}
	if (status != MILL_OK) {
		mill_column_release(&values);
		return status;
	}
	mill_column_settle_nulls(&values);
	*out = values;
	return MILL_OK;
}

static mill_status put_text(mill_bytes *out, const char *text)
{
	if (text == NULL)
		return mill_bytes_append_u32(out, NO_TEXT);
	size_t length = strlen(text);
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)length));
	return mill_bytes_append(out, text, length);
}

static mill_status put_words(mill_bytes *out, const char *const *words, int count)
{
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)count));
	for (int i = 0; i < count; i++)
		MILL_TRY(put_text(out, words[i]));
	return MILL_OK;
}

static mill_status put_options(mill_bytes *out, const mill_csv_options *o)
{
	MILL_TRY(mill_bytes_append_u8(out, (uint8_t)o->delimiter));
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)o->quote));
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)o->escape));
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)o->comment));
	MILL_TRY(mill_bytes_append_u8(out, (uint8_t)(o->header | o->trim << 1 | o->infer << 2)));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)o->skip_lines));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)o->split_bytes));
	MILL_TRY(put_words(out, o->null_values, o->null_value_count));
	MILL_TRY(put_words(out, o->true_values, o->true_value_count));
	MILL_TRY(put_words(out, o->false_values, o->false_value_count));
	return put_text(out, o->timestamp_format);
}

static mill_status put_field(mill_bytes *out, const mill_field *field, bool is_declared)
{
	MILL_TRY(put_text(out, field->name));
	MILL_TRY(mill_bytes_append_u8(out, field->type.id));
	MILL_TRY(mill_bytes_append_u8(out, field->type.precision));
	MILL_TRY(mill_bytes_append_u8(out, field->type.scale));
	return mill_bytes_append_u8(out, (uint8_t)(field->type.zoned | field->nullable << 1 | is_declared << 2));
}

static mill_status put_file(mill_bytes *out, const mill_csv_table *table, int64_t at)
{
	const mill_input_file *file = &table->files[at];
	MILL_TRY(put_text(out, file->uri));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)file->size_bytes));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)file->mtime_ns));
	MILL_TRY(mill_bytes_append_u8(out, (uint8_t)file->codec));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->data_starts[at]));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->lead_lines[at]));
	for (int i = 0; i < table->schema.count - table->file_column_count; i++)
		MILL_TRY(put_text(out, file->hive_values[i]));
	return MILL_OK;
}

mill_status mill_csv_table_write(const mill_csv_table *table, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_u32(out, TABLE_VERSION));
	MILL_TRY(put_options(out, &table->options));
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)table->schema.count));
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)table->file_column_count));
	for (int i = 0; i < table->schema.count; i++)
		MILL_TRY(put_field(out, &table->schema.fields[i], table->is_declared[i]));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->file_count));
	for (int64_t i = 0; i < table->file_count; i++)
		MILL_TRY(put_file(out, table, i));
	return MILL_OK;
}

/* Reading stops at the first shortfall; `ok` remembers it. */
typedef struct source {
	mill_bytes_view *view;
	mill_arena *arena;
	bool ok;
} source;

static uint8_t get_u8(source *s)
{
	uint8_t value = 0;
	s->ok = s->ok && mill_view_u8(s->view, &value);
	return value;
}

static uint32_t get_u32(source *s)
{
	uint32_t value = 0;
	s->ok = s->ok && mill_view_u32(s->view, &value);
	return value;
}

static int64_t get_i64(source *s)
{
	uint64_t value = 0;
	s->ok = s->ok && mill_view_u64(s->view, &value);
	return (int64_t)value;
}

static const char *get_text(source *s)
{
	uint32_t length = get_u32(s);
	const uint8_t *data = NULL;
	if (!s->ok || length == NO_TEXT)
		return NULL;
	s->ok = mill_view_bytes(s->view, length, &data);
	char *text = s->ok ? mill_arena_strndup(s->arena, (const char *)data, length) : NULL;
	s->ok = text != NULL;
	return text;
}

/* An array for `count` elements that the view still holds at least a byte each of. */
static void *get_array(source *s, int64_t count, size_t element_bytes)
{
	s->ok = s->ok && count >= 0 && count <= (int64_t)(s->view->size_bytes - s->view->at);
	void *array = s->ok ? mill_arena_array(s->arena, (size_t)count + 1, element_bytes) : NULL;
	s->ok = array != NULL;
	return array;
}

static const char *const *get_words(source *s, int *count)
{
	uint32_t n = get_u32(s);
	const char **words = get_array(s, n, sizeof *words);
	for (uint32_t i = 0; s->ok && i < n; i++)
		words[i] = get_text(s);
	*count = (int)n;
	return words;
}

static void get_options(source *s, mill_csv_options *o)
{
	o->delimiter = (char)get_u8(s);
	o->quote = (int)get_u32(s);
	o->escape = (int)get_u32(s);
	o->comment = (int)get_u32(s);
	uint8_t flags = get_u8(s);
	o->header = (flags & 1) != 0;
	o->trim = (flags & 2) != 0;
	o->infer = (flags & 4) != 0;
	o->skip_lines = get_i64(s);
	o->split_bytes = get_i64(s);
	o->null_values = get_words(s, &o->null_value_count);
	o->true_values = get_words(s, &o->true_value_count);
	o->false_values = get_words(s, &o->false_value_count);
	o->timestamp_format = get_text(s);
}

static void get_field(source *s, mill_field *field, bool *is_declared)
{
	field->name = get_text(s);
	field->type.id = get_u8(s);
	field->type.precision = get_u8(s);
	field->type.scale = get_u8(s);
	uint8_t flags = get_u8(s);
	field->type.zoned = (flags & 1) != 0;
	field->nullable = (flags & 2) != 0;
	*is_declared = (flags & 4) != 0;
}

static void get_files(source *s, mill_csv_table *table)
{
	table->file_count = get_i64(s);
	table->files = get_array(s, table->file_count, sizeof *table->files);
	int64_t *data_starts = get_array(s, table->file_count, sizeof *data_starts);
	int64_t *lead_lines = get_array(s, table->file_count, sizeof *lead_lines);
	int hive_count = table->schema.count - table->file_column_count;
	for (int64_t i = 0; s->ok && i < table->file_count; i++) {
		mill_input_file *file = &table->files[i];
		file->uri = get_text(s);
		file->size_bytes = get_i64(s);
		file->mtime_ns = get_i64(s);
		file->codec = (mill_codec)get_u8(s);
		data_starts[i] = get_i64(s);
		lead_lines[i] = get_i64(s);
		file->hive_values = get_array(s, hive_count, sizeof *file->hive_values);
		for (int k = 0; s->ok && k < hive_count; k++)
			file->hive_values[k] = get_text(s);
	}
	table->data_starts = data_starts;
	table->lead_lines = lead_lines;
}

mill_status mill_csv_table_read(mill_bytes_view *in, mill_storage *storage, mill_arena *arena, mill_csv_table *out,
                                mill_error *err)
{
	source s = {in, arena, true};
	mill_csv_table table = {.storage = storage};
	if (get_u32(&s) != TABLE_VERSION)
		return mill_fail(err, MILL_DATA, "a CSV table of another version was received");
	get_options(&s, &table.options);
	table.schema.count = (int)get_u32(&s);
	table.file_column_count = (int)get_u32(&s);
	s.ok = s.ok && table.file_column_count >= 0 && table.file_column_count <= table.schema.count;
	table.schema.fields = get_array(&s, table.schema.count, sizeof *table.schema.fields);
	bool *is_declared = get_array(&s, table.schema.count, sizeof *is_declared);
	for (int i = 0; s.ok && i < table.schema.count; i++)
		get_field(&s, &table.schema.fields[i], &is_declared[i]);
	table.is_declared = is_declared;
	get_files(&s, &table);
	if (!s.ok)
		return mill_fail(err, MILL_DATA, "a CSV table was received incomplete, or memory ran out");
	*out = table;
	return MILL_OK;
}
