/* Opening a set of CSV files on rank 0: headers, schema, inference. */
#include "base/simd.h"
#include "base/utf8.h"
#include "formats/csv/infer.h"
#include "formats/csv/kernels.h"
#include "formats/csv/lines.h"
#include "formats/csv/table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_BYTES ((size_t)32 << 10)

void mill_csv_options_init(mill_csv_options *options, bool is_tsv)
{
	*options = (mill_csv_options){.delimiter = is_tsv ? '\t' : ',', .quote = '"', .escape = -1, .comment = -1};
	options->header = true;
	options->infer = true;
}

/* What is known while the files are looked at, one after the other. */
typedef struct opener {
	mill_storage *storage;
	const mill_csv_options *options;
	const mill_schema *declared; /* maybe of no fields */
	const bool *is_folder;       /* [declared] it names a hive folder's column, not one of the files */
	mill_mem *mem;
	mill_arena *arena;
	mill_csv_rules rules;
	int simd;
	const char **names; /* of the columns; NULL: not known yet */
	int name_count;
	const char *names_from; /* the file whose header they are */
	mill_csv_guess *guesses;
	const int *declared_at; /* [name_count] index into declared, −1: none */
	mill_csv_window window;
	mill_csv_rows rows;
} opener;

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "the table of CSV files");
}

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

mill_status mill_csv_options_check(const mill_csv_options *o, mill_error *err)
{
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

static void drop_counted(opener *o, size_t size_bytes, int64_t *lines)
{
	*lines += mill_csv_line_ends(o->window.text, size_bytes, o->simd);
	mill_csv_window_drop(&o->window, size_bytes);
}

/* BOMs: UTF-8's is passed over, UTF-16's refused. */
static mill_status skip_bom(opener *o, mill_error *err)
{
	mill_csv_window *w = &o->window;
	while (w->size_bytes < 3 && !w->at_end)
		MILL_TRY(mill_csv_window_more(w, err));
	const uint8_t *t = w->text;
	if (w->size_bytes >= 2 && ((t[0] == 0xFF && t[1] == 0xFE) || (t[0] == 0xFE && t[1] == 0xFF)))
		return mill_fail(err, MILL_DATA,
		                 "%s is UTF-16; convert it to UTF-8 first, as with: iconv -f UTF-16 -t UTF-8",
		                 mill_reader_uri(w->reader));
	if (w->size_bytes >= 3 && t[0] == 0xEF && t[1] == 0xBB && t[2] == 0xBF)
		mill_csv_window_drop(w, 3);
	return MILL_OK;
}

/* Passes over one physical line; false at the end of the text. */
static mill_status skip_line(opener *o, int64_t *lines, bool *more, mill_error *err)
{
	mill_csv_window *w = &o->window;
	for (size_t at = 0;; at++) {
		/* One byte ahead, for the LF of a CRLF. */
		while (at + 1 >= w->size_bytes && !w->at_end)
			MILL_TRY(mill_csv_window_more(w, err));
		if (at >= w->size_bytes) {
			drop_counted(o, w->size_bytes, lines);
			*more = false;
			return MILL_OK;
		}
		if (w->text[at] == '\n' || (w->text[at] == '\r' && w->text[at + 1] != '\n')) {
			drop_counted(o, at + 1, lines);
			return MILL_OK;
		}
	}
}

/* The fields of the first sound row in o->rows. */
static int row_width(const mill_csv_rows *rows)
{
	const mill_csv_index *x = &rows->index;
	for (size_t r = 0; r < x->row_count; r++)
		if (x->row_ends[r] > rows->first[0])
			return (int)(x->row_ends[r] - rows->first[0]);
	return 0;
}

/* A name cannot hold a NUL: it is shown as U+2400. */
static const char *name_text(mill_arena *arena, const char *text, size_t length)
{
	static const char symbol[] = {'\xE2', '\x90', '\x80'};
	char *out = mill_arena_alloc(arena, length * sizeof symbol + 1);
	size_t n = 0;
	for (size_t i = 0; out != NULL && i < length; i++) {
		if (text[i] != '\0') {
			out[n++] = text[i];
			continue;
		}
		memcpy(out + n, symbol, sizeof symbol);
		n += sizeof symbol;
	}
	return out;
}

static mill_status header_name(opener *o, int at, const char **out, mill_error *err)
{
	mill_csv_run run = {.text = o->window.text, .ends = o->rows.index.ends, .first = o->rows.first};
	run.field = (uint32_t)at;
	size_t length;
	const char *field = mill_csv_field(&run, 0, &length);
	char *scratch = mill_arena_alloc(o->arena, length + 1);
	if (scratch == NULL)
		return nomem(err);
	mill_csv_cell cell;
	bool empty = mill_csv_content(&o->rules, field, length, scratch, &cell) == MILL_CSV_NULL || cell.length == 0;
	if (!mill_utf8_valid(field, length))
		return mill_fail(err, MILL_DATA, "%s: the name of column %d in the header is not UTF-8 text",
		                 mill_reader_uri(o->window.reader), at + 1);
	*out = empty ? mill_arena_printf(o->arena, "column%d", at) : name_text(o->arena, cell.text, cell.length);
	return *out == NULL ? nomem(err) : MILL_OK;
}

static bool is_name_taken(const char **names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static mill_status has_repeated(opener *o, const char **names, int count, bool *out, mill_error *err)
{
	const char **sorted = mill_arena_array(o->arena, (size_t)count, sizeof *sorted);
	if (sorted == NULL)
		return nomem(err);
	memcpy(sorted, names, (size_t)count * sizeof *sorted);
	qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
	*out = false;
	for (int i = 1; i < count; i++)
		*out |= strcmp(sorted[i - 1], sorted[i]) == 0;
	return MILL_OK;
}

/* A name that occurs again gets _1, _2, …, as in DuckDB. */
static mill_status rename_repeated(opener *o, const char **names, int count, mill_error *err)
{
	bool repeated = false;
	MILL_TRY(has_repeated(o, names, count, &repeated, err));
	if (!repeated)
		return MILL_OK;
	for (int i = 1; i < count; i++) {
		const char *base = names[i];
		for (int suffix = 1; is_name_taken(names, i, names[i]); suffix++) {
			names[i] = mill_arena_printf(o->arena, "%s_%d", base, suffix);
			if (names[i] == NULL)
				return nomem(err);
		}
	}
	return MILL_OK;
}

static mill_status read_header(opener *o, int64_t *lines, const char ***names, int *count, mill_error *err)
{
	mill_csv_rows *rows = &o->rows;
	*count = 0;
	for (;;) {
		MILL_TRY(mill_csv_rows_next(rows, &o->window, &o->rules.bytes, o->simd, 0, 1, INT64_MAX, err));
		if (rows->seen > 0 || rows->at_end)
			break;
		/* Comments and empty lines before the header. */
		drop_counted(o, rows->consumed_bytes, lines);
	}
	if (rows->bad_count > 0)
		return mill_fail(err, MILL_DATA, "%s: the header at offset %lld is malformed: %s",
		                 mill_reader_uri(o->window.reader), (long long)(o->window.offset + rows->bad[0].start),
		                 rows->bad[0].reason == MILL_REASON_OPEN_QUOTE ? "a quote is left open"
		                                                               : "text follows a closing quote");
	if (rows->count > 0) {
		*count = row_width(rows);
		*names = mill_arena_array(o->arena, (size_t)*count, sizeof **names);
		if (*names == NULL)
			return nomem(err);
		for (int i = 0; i < *count; i++)
			MILL_TRY(header_name(o, i, &(*names)[i], err));
		MILL_TRY(rename_repeated(o, *names, *count, err));
	}
	drop_counted(o, rows->consumed_bytes, lines);
	return MILL_OK;
}

static const char *joined(opener *o, const char **names, int count)
{
	const char *text = "";
	for (int i = 0; i < count && text != NULL && strlen(text) < 1000; i++)
		text = mill_arena_printf(o->arena, "%s%s%s", text, i == 0 ? "" : ",", names[i]);
	return text == NULL ? "?" : text;
}

static mill_status compare_headers(opener *o, const char **names, int count, mill_error *err)
{
	bool same = count == o->name_count;
	for (int i = 0; same && i < count; i++)
		same = strcasecmp(names[i], o->names[i]) == 0;
	if (same)
		return MILL_OK;
	return mill_fail(
	    err, MILL_DATA,
	    "the headers of two files differ: %s has %d columns (%s), %s has %d (%s); give each kind of file "
	    "its own source, or set \"header\": false if they have none",
	    o->names_from, o->name_count, joined(o, o->names, o->name_count), mill_reader_uri(o->window.reader), count,
	    joined(o, names, count));
}

/* The file that is looked at, for messages. */
static const char *current_file(const opener *o)
{
	return o->window.reader != NULL ? mill_reader_uri(o->window.reader) : "the source (no file is there)";
}

/* Fixes the columns once their names are known: which are declared, and room to guess the others. */
static mill_status set_names(opener *o, const char **names, int count, mill_error *err)
{
	int *declared_at = mill_arena_array(o->arena, (size_t)count + 1, sizeof *declared_at);
	o->guesses = mill_arena_array(o->arena, (size_t)count + 1, sizeof *o->guesses);
	if (declared_at == NULL || o->guesses == NULL)
		return nomem(err);
	for (int i = 0; i < count; i++) {
		declared_at[i] = -1;
		o->guesses[i] = mill_csv_no_guess();
	}
	mill_field *fields = mill_arena_array(o->arena, (size_t)count + 1, sizeof *fields);
	if (fields == NULL)
		return nomem(err);
	for (int i = 0; i < count; i++)
		fields[i].name = names[i];
	mill_schema found = {fields, count};
	for (int d = 0, position = 0; d < o->declared->count; d++) {
		int at = -1;
		if (o->options->header)
			at = mill_schema_find(&found, o->declared->fields[d].name);
		else if (!o->is_folder[d])
			at = position++;
		if (at == -2)
			return mill_fail(err, MILL_USAGE,
			                 "the schema's column \"%s\" matches several columns of %s that differ in case",
			                 o->declared->fields[d].name, current_file(o));
		if (at >= 0 && at < count)
			declared_at[at] = d;
	}
	o->names = names;
	o->name_count = count;
	o->names_from = mill_arena_strdup(o->arena, current_file(o));
	o->declared_at = declared_at;
	return o->names_from == NULL ? nomem(err) : MILL_OK;
}

/* The names of the declared columns of files, in their order. */
static int declared_names(const opener *o, const char **names)
{
	int count = 0;
	for (int d = 0; d < o->declared->count; d++)
		if (!o->is_folder[d])
			names[count++] = o->declared->fields[d].name;
	return count;
}

/* Without a header columns are called as declared, or column0, column1, … */
static mill_status name_by_position(opener *o, int width, mill_error *err)
{
	bool repeated = false;
	const char **names = mill_arena_array(o->arena, (size_t)width + (size_t)o->declared->count + 1, sizeof *names);
	if (names == NULL)
		return nomem(err);
	int count = declared_names(o, names);
	MILL_TRY(has_repeated(o, names, count, &repeated, err));
	if (repeated)
		return mill_fail(err, MILL_USAGE, "the schema names a column twice, and the files have no header");
	for (; count < width; count++) {
		names[count] = mill_arena_printf(o->arena, "column%d", count);
		if (names[count] == NULL)
			return nomem(err);
	}
	return set_names(o, names, count, err);
}

static mill_status look_at_columns(opener *o, int64_t *lines, mill_error *err)
{
	int count = 0;
	if (o->options->header) {
		const char **names = NULL;
		MILL_TRY(read_header(o, lines, &names, &count, err));
		if (count == 0)
			return MILL_OK;
		return o->names == NULL ? set_names(o, names, count, err) : compare_headers(o, names, count, err);
	}
	if (o->names != NULL)
		return MILL_OK;
	/* Comments and empty lines may come first; nothing is dropped, since an empty line may be a row. */
	for (int64_t ahead = 1; ahead == 1 || (o->rows.count == 0 && !o->rows.at_end); ahead *= 8)
		MILL_TRY(mill_csv_rows_next(&o->rows, &o->window, &o->rules.bytes, o->simd, 0, ahead, INT64_MAX, err));
	if (o->rows.count > 0)
		MILL_TRY(name_by_position(o, row_width(&o->rows), err));
	return MILL_OK;
}

static bool must_guess(const opener *o)
{
	for (int i = 0; o->options->infer && i < o->name_count; i++)
		if (o->declared_at[i] < 0 && (!o->guesses[i].has_value || o->guesses[i].types != 0))
			return true;
	return false;
}

/* Reads one file's head. */
static mill_status look_at_file(opener *o, mill_input_file *file, int64_t *data_start, int64_t *lead_lines,
                                mill_error *err)
{
	mill_reader *reader = NULL;
	MILL_TRY(mill_reader_open(o->storage, file->uri, &reader, err));
	mill_status status = mill_codec_detect(reader, &file->codec, err);
	mill_reader_close(reader);
	MILL_TRY(status);
	MILL_TRY(mill_csv_window_open(&o->window, o->storage, file, HEAD_BYTES, o->mem, err));
	MILL_TRY(skip_bom(o, err));
	bool more = true;
	*lead_lines = 0;
	for (int64_t i = 0; i < o->options->skip_lines && more; i++)
		MILL_TRY(skip_line(o, lead_lines, &more, err));
	MILL_TRY(look_at_columns(o, lead_lines, err));
	*data_start = o->window.offset;
	if (o->names != NULL && must_guess(o))
		return mill_csv_sample(&o->window, &o->rules, o->simd, o->name_count, o->guesses, err);
	return MILL_OK;
}

static mill_status look_at_files(opener *o, mill_csv_table *table, mill_error *err)
{
	int64_t *data_starts = mill_arena_array(o->arena, (size_t)table->file_count + 1, sizeof *data_starts);
	int64_t *lead_lines = mill_arena_array(o->arena, (size_t)table->file_count + 1, sizeof *lead_lines);
	if (data_starts == NULL || lead_lines == NULL)
		return nomem(err);
	table->data_starts = data_starts;
	table->lead_lines = lead_lines;
	for (int64_t i = 0; i < table->file_count; i++)
		MILL_TRY(look_at_file(o, &table->files[i], &data_starts[i], &lead_lines[i], err));
	if (o->names != NULL)
		return MILL_OK;
	/* Nothing but empty files: the declared columns, if any. */
	if (o->declared->count == 0)
		return mill_fail(err, MILL_DATA, "%s%s is empty, so its columns are unknown; declare them in schema",
		                 table->files[0].uri,
		                 table->file_count > 1 ? " (and every other file of the source)" : "");
	return name_by_position(o, 0, err);
}

static mill_status check_declared_type(const mill_field *field, mill_error *err)
{
	char text[MILL_TYPE_TEXT_BYTES];
	bool known = field->type.id >= MILL_TYPE_BOOL && field->type.id <= MILL_TYPE_TIMESTAMP;
	if (known)
		return MILL_OK;
	return mill_fail(err, MILL_NOT_YET,
	                 "column \"%s\": CSV fields cannot be read as %s; declare it as string and convert "
	                 "it in SQL",
	                 field->name, mill_type_text(field->type, text));
}

static mill_status refuse_unknown(const opener *o, const mill_schema *schema, const char *name, mill_error *err)
{
	const char *near = mill_schema_suggest(schema, name);
	if (near == NULL)
		return mill_fail(err, MILL_USAGE, "the schema names the column \"%s\", which %s does not have", name,
		                 o->names_from);
	return mill_fail(err, MILL_USAGE,
	                 "the schema names the column \"%s\", which %s does not have (did you mean \"%s\"?)", name,
	                 o->names_from, near);
}

/* The table's schema: the files' columns, then the hive columns of table->hive_keys. */
static mill_status make_schema(opener *o, mill_csv_table *table, const char **hive_keys, int hive_count,
                               mill_error *err)
{
	int count = o->name_count + hive_count;
	mill_field *fields = mill_arena_array(o->arena, (size_t)count + 1, sizeof *fields);
	bool *is_declared = mill_arena_array(o->arena, (size_t)count + 1, sizeof *is_declared);
	if (fields == NULL || is_declared == NULL)
		return nomem(err);
	for (int i = 0; i < count; i++) {
		bool is_hive = i >= o->name_count;
		fields[i].name = is_hive ? hive_keys[i - o->name_count] : o->names[i];
		fields[i].nullable = true;
		if (is_hive)
			fields[i].type = mill_csv_hive_type(&o->rules, table, i - o->name_count);
		else if (o->options->infer)
			fields[i].type = mill_csv_guessed_type(&o->rules, &o->guesses[i]);
		else
			fields[i].type = mill_type_of(MILL_TYPE_STRING);
	}
	table->schema = (mill_schema){fields, count};
	for (int d = 0, position = 0; d < o->declared->count; d++) {
		const mill_field *wanted = &o->declared->fields[d];
		bool by_position = !o->options->header && !o->is_folder[d];
		int at = by_position ? position++ : mill_schema_find(&table->schema, wanted->name);
		if (at < 0)
			return refuse_unknown(o, &table->schema, wanted->name, err);
		MILL_TRY(check_declared_type(wanted, err));
		if (is_declared[at])
			return mill_fail(err, MILL_USAGE, "the schema names the column \"%s\" twice", fields[at].name);
		fields[at].type = wanted->type;
		is_declared[at] = true;
	}
	table->is_declared = is_declared;
	table->file_column_count = o->name_count;
	return MILL_OK;
}

/* Which of the declared columns are hive folders'. */
static mill_status find_folders(opener *o, const mill_storage_listing *listing, mill_error *err)
{
	bool *is_folder = mill_arena_array(o->arena, (size_t)o->declared->count + 1, sizeof *is_folder);
	if (is_folder == NULL)
		return nomem(err);
	for (int64_t i = 0; i < listing->count; i++)
		for (int k = 0; k < listing->entries[i].hive_count; k++)
			for (int d = 0; d < o->declared->count; d++)
				is_folder[d] |=
				    strcasecmp(o->declared->fields[d].name, listing->entries[i].hive_keys[k]) == 0;
	o->is_folder = is_folder;
	return MILL_OK;
}

static mill_status open_files(opener *o, const mill_storage_listing *listing, mill_csv_table *table, mill_error *err)
{
	table->file_count = listing->count;
	table->files = mill_arena_array(o->arena, (size_t)listing->count + 1, sizeof *table->files);
	if (table->files == NULL)
		return nomem(err);
	for (int64_t i = 0; i < listing->count; i++) {
		const mill_storage_entry *entry = &listing->entries[i];
		mill_input_file *file = &table->files[i];
		file->uri = mill_arena_strdup(o->arena, entry->uri);
		if (file->uri == NULL)
			return nomem(err);
		file->size_bytes = entry->size_bytes;
		file->mtime_ns = entry->mtime_ns;
	}
	MILL_TRY(find_folders(o, listing, err));
	MILL_TRY(look_at_files(o, table, err));
	const char **hive_keys = NULL;
	int hive_count = 0;
	MILL_TRY(
	    mill_csv_hive_columns(listing, o->names, o->name_count, table, o->arena, &hive_keys, &hive_count, err));
	MILL_TRY(make_schema(o, table, hive_keys, hive_count, err));
	return mill_csv_check_hive(&o->rules, table, err);
}

mill_status mill_csv_open(mill_storage *storage, const mill_storage_listing *listing, const mill_csv_options *options,
                          const mill_schema *declared, mill_mem *mem, mill_arena *arena, mill_csv_table *out,
                          mill_error *err)
{
	mill_csv_table table = {.storage = storage};
	const mill_schema nothing = {NULL, 0};
	MILL_TRY(mill_csv_options_check(options, err));
	MILL_TRY(mill_csv_options_copy(options, arena, &table.options, err));
	opener o = {.storage = storage, .options = &table.options, .mem = mem, .arena = arena};
	o.declared = declared != NULL ? declared : &nothing;
	MILL_TRY(mill_csv_rules_init(&o.rules, &table.options, err));
	o.simd = mill_simd_level(NULL);
	mill_csv_rows_init(&o.rows, mem);
	mill_status status = open_files(&o, listing, &table, err);
	mill_csv_rows_release(&o.rows);
	mill_csv_window_close(&o.window);
	if (status == MILL_OK)
		*out = table;
	return status;
}
