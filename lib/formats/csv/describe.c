/* What one CSV file says of itself: codec, header, a sample of its rows. */
#include "formats/csv/describe.h"

#include "base/simd.h"
#include "base/utf8.h"
#include "formats/csv/kernels.h"
#include "formats/csv/lines.h"
#include "formats/wire.h"

#include <string.h>
#include <strings.h>

#define HEAD_BYTES ((size_t)32 << 10)

/* Looks at files, one after the other. */
typedef struct describer {
	mill_format_describer base;
	const mill_format_source *source;
	const mill_csv_options *options;
	mill_storage *storage;
	mill_mem *mem;
	mill_csv_rules rules;
	int simd;
	mill_arena arena;         /* what is known of the columns */
	mill_arena scratch;       /* of the file that is looked at */
	mill_csv_columns columns; /* names are NULL until a file fixes them */
	mill_csv_guess *known;    /* [columns.count] by the file that fixed them */
	mill_csv_guess *guesses;  /* [columns.count] of the file that is looked at */
	bool must_guess;
	mill_csv_buffer buffer;
	mill_csv_rows rows;
} describer;

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "the table of CSV files");
}

static void drop_counted(describer *o, size_t size_bytes, int64_t *lines)
{
	*lines += mill_csv_line_ends(o->buffer.text, size_bytes, o->simd);
	mill_csv_buffer_drop(&o->buffer, size_bytes);
}

/* BOMs: UTF-8's is passed over, UTF-16's refused. */
static mill_status skip_bom(describer *o, mill_error *err)
{
	mill_csv_buffer *w = &o->buffer;
	while (w->size_bytes < 3 && !w->at_end)
		MILL_TRY(mill_csv_buffer_more(w, err));
	const uint8_t *t = w->text;
	if (w->size_bytes >= 2 && ((t[0] == 0xFF && t[1] == 0xFE) || (t[0] == 0xFE && t[1] == 0xFF)))
		return mill_fail(err, MILL_DATA,
		                 "%s is UTF-16; convert it to UTF-8 first, as with: iconv -f UTF-16 -t UTF-8",
		                 mill_reader_uri(w->reader));
	if (w->size_bytes >= 3 && t[0] == 0xEF && t[1] == 0xBB && t[2] == 0xBF)
		mill_csv_buffer_drop(w, 3);
	return MILL_OK;
}

/* Passes over one physical line; false at the end of the text. */
static mill_status skip_line(describer *o, int64_t *lines, bool *more, mill_error *err)
{
	mill_csv_buffer *w = &o->buffer;
	for (size_t at = 0;; at++) {
		/* One byte ahead, for the LF of a CRLF. */
		while (at + 1 >= w->size_bytes && !w->at_end)
			MILL_TRY(mill_csv_buffer_more(w, err));
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

static mill_status header_name(describer *o, int at, const char **out, mill_error *err)
{
	mill_csv_fields fields = {.text = o->buffer.text, .ends = o->rows.index.ends, .first = o->rows.first};
	fields.field = (uint32_t)at;
	size_t length;
	const char *field = mill_csv_field(&fields, 0, &length);
	char *scratch = mill_arena_alloc(&o->scratch, length + 1);
	if (scratch == NULL)
		return nomem(err);
	mill_csv_cell cell;
	bool empty = mill_csv_content(&o->rules, field, length, scratch, &cell) == MILL_CSV_NULL || cell.length == 0;
	if (!mill_utf8_valid(field, length))
		return mill_fail(err, MILL_DATA, "%s: the name of column %d in the header is not UTF-8 text",
		                 mill_reader_uri(o->buffer.reader), at + 1);
	*out = empty ? mill_arena_printf(&o->scratch, "column%d", at) : name_text(&o->scratch, cell.text, cell.length);
	return *out == NULL ? nomem(err) : MILL_OK;
}

static bool is_name_taken(const char **names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* A name that occurs again gets _1, _2, …, as in DuckDB. */
static mill_status rename_repeated(describer *o, const char **names, int count, mill_error *err)
{
	bool repeated = false;
	MILL_TRY(mill_csv_has_repeated(names, count, &o->scratch, &repeated, err));
	if (!repeated)
		return MILL_OK;
	for (int i = 1; i < count; i++) {
		const char *base = names[i];
		for (int suffix = 1; is_name_taken(names, i, names[i]); suffix++) {
			names[i] = mill_arena_printf(&o->scratch, "%s_%d", base, suffix);
			if (names[i] == NULL)
				return nomem(err);
		}
	}
	return MILL_OK;
}

static mill_status read_header(describer *o, int64_t *lines, const char ***names, int *count, mill_error *err)
{
	mill_csv_rows *rows = &o->rows;
	*count = 0;
	for (;;) {
		MILL_TRY(mill_csv_rows_next(rows, &o->buffer, &o->rules.bytes, o->simd, 0, 1, INT64_MAX, err));
		if (rows->seen > 0 || rows->at_end)
			break;
		/* Comments and empty lines before the header. */
		drop_counted(o, rows->consumed_bytes, lines);
	}
	if (rows->bad_count > 0)
		return mill_fail(err, MILL_DATA, "%s: the header at offset %lld is malformed: %s",
		                 mill_reader_uri(o->buffer.reader), (long long)(o->buffer.offset + rows->bad[0].start),
		                 rows->bad[0].reason == MILL_REASON_OPEN_QUOTE ? "a quote is left open"
		                                                               : "text follows a closing quote");
	if (rows->count > 0) {
		*count = row_width(rows);
		*names = mill_arena_array(&o->scratch, (size_t)*count, sizeof **names);
		if (*names == NULL)
			return nomem(err);
		for (int i = 0; i < *count; i++)
			MILL_TRY(header_name(o, i, &(*names)[i], err));
		MILL_TRY(rename_repeated(o, *names, *count, err));
	}
	drop_counted(o, rows->consumed_bytes, lines);
	return MILL_OK;
}

static const char *joined(describer *o, const char **names, int count)
{
	const char *text = "";
	for (int i = 0; i < count && text != NULL && strlen(text) < 1000; i++)
		text = mill_arena_printf(&o->scratch, "%s%s%s", text, i == 0 ? "" : ",", names[i]);
	return text == NULL ? "?" : text;
}

static mill_status compare_headers(describer *o, const char **names, int count, mill_error *err)
{
	bool same = count == o->columns.count;
	for (int i = 0; same && i < count; i++)
		same = strcasecmp(names[i], o->columns.names[i]) == 0;
	if (same)
		return MILL_OK;
	return mill_fail(
	    err, MILL_DATA,
	    "the headers of two files differ: %s has %d columns (%s), %s has %d (%s); give each kind of file "
	    "its own source, or set \"header\": false if they have none",
	    o->columns.names_from, o->columns.count, joined(o, o->columns.names, o->columns.count),
	    mill_reader_uri(o->buffer.reader), count, joined(o, names, count));
}

/* Names live in scratch so far. */
static mill_status keep_names(describer *o, const char **names, int count, const char ***out, mill_error *err)
{
	const char **kept = mill_arena_array(&o->arena, (size_t)count + 1, sizeof *kept);
	if (kept == NULL)
		return nomem(err);
	for (int i = 0; i < count; i++) {
		kept[i] = mill_arena_strdup(&o->arena, names[i]);
		if (kept[i] == NULL)
			return nomem(err);
	}
	*out = kept;
	return MILL_OK;
}

/* Once the columns are known: which of them are still to be guessed. */
static mill_status begin_guesses(describer *o, const mill_csv_guess *known, int known_count, mill_error *err)
{
	size_t count = (size_t)o->columns.count + 1;
	o->known = mill_arena_array(&o->arena, count, sizeof *o->known);
	o->guesses = mill_arena_array(&o->arena, count, sizeof *o->guesses);
	if (o->known == NULL || o->guesses == NULL)
		return nomem(err);
	for (int i = 0; i < o->columns.count; i++) {
		o->known[i] = i < known_count ? known[i] : mill_csv_no_guess();
		bool is_open = !o->known[i].has_value || o->known[i].types != 0;
		o->must_guess |= o->options->infer && o->columns.declared_at[i] < 0 && is_open;
	}
	return MILL_OK;
}

/* The header, or the first row where there is none. */
static mill_status look_at_columns(describer *o, int64_t file, int64_t *lines, mill_error *err)
{
	const char *uri = o->source->files[file].uri, **names = NULL;
	int count = 0;
	if (o->options->header) {
		MILL_TRY(read_header(o, lines, &names, &count, err));
		if (count == 0)
			return MILL_OK;
		if (o->columns.names != NULL)
			return compare_headers(o, names, count, err);
		MILL_TRY(keep_names(o, names, count, &names, err));
		MILL_TRY(mill_csv_set_columns(o->source, names, count, uri, &o->arena, &o->columns, err));
		return begin_guesses(o, NULL, 0, err);
	}
	if (o->columns.names != NULL)
		return MILL_OK;
	/* Comments and empty lines may come first; nothing is dropped, since an empty line may be a row. */
	for (int64_t ahead = 1; ahead == 1 || (o->rows.count == 0 && !o->rows.at_end); ahead *= 8)
		MILL_TRY(mill_csv_rows_next(&o->rows, &o->buffer, &o->rules.bytes, o->simd, 0, ahead, INT64_MAX, err));
	if (o->rows.count == 0)
		return MILL_OK;
	MILL_TRY(mill_csv_columns_by_position(o->source, row_width(&o->rows), uri, &o->arena, &o->columns, err));
	return begin_guesses(o, NULL, 0, err);
}

static mill_status look_at_file(describer *o, int64_t ordinal, mill_csv_description *out, mill_error *err)
{
	mill_input_file file = o->source->files[ordinal];
	mill_reader *reader = NULL;
	bool were_known = o->columns.names != NULL;
	MILL_TRY(mill_reader_open_version(o->storage, file.uri, file.version, &reader, err));
	mill_status status = mill_codec_detect(reader, &file.codec, err);
	if (status != MILL_OK) {
		mill_reader_close(reader);
		return status;
	}
	MILL_TRY(mill_csv_buffer_take(&o->buffer, reader, file.codec, HEAD_BYTES, o->mem, err));
	MILL_TRY(skip_bom(o, err));
	bool more = true;
	out->codec = file.codec;
	for (int64_t i = 0; i < o->options->skip_lines && more; i++)
		MILL_TRY(skip_line(o, &out->lead_lines, &more, err));
	MILL_TRY(look_at_columns(o, ordinal, &out->lead_lines, err));
	out->data_start = o->buffer.offset;
	if (o->columns.names == NULL)
		return MILL_OK;
	if (!were_known) {
		out->file = ordinal;
		out->names = o->columns.names;
		out->name_count = o->columns.count;
	}
	if (!o->must_guess)
		return MILL_OK;
	memcpy(o->guesses, o->known, (size_t)o->columns.count * sizeof *o->guesses);
	out->guesses = o->guesses;
	out->guess_count = o->columns.count;
	return mill_csv_sample(&o->buffer, &o->rules, o->simd, o->columns.count, o->guesses, err);
}

mill_status mill_csv_describe(mill_format_describer *self, int64_t file, mill_bytes *out, bool *fixes, mill_error *err)
{
	describer *o = (describer *)self;
	mill_csv_description description = {.codec = MILL_CODEC_NONE};
	mill_arena_release(&o->scratch);
	MILL_TRY(look_at_file(o, file, &description, err));
	*fixes = description.name_count > 0;
	return mill_csv_description_put(&description, out) == MILL_OK ? MILL_OK : nomem(err);
}

/* The columns as the file that fixed them says. */
static mill_status take_first(describer *o, const mill_bytes_view *first, mill_error *err)
{
	mill_csv_description description;
	MILL_TRY(mill_csv_description_get(first, &o->arena, &description, err));
	MILL_TRY(mill_csv_set_columns(o->source, description.names, description.name_count,
	                              o->source->files[description.file].uri, &o->arena, &o->columns, err));
	return begin_guesses(o, description.guesses, description.guess_count, err);
}

mill_status mill_csv_new_describer(const mill_format_source *source, const mill_bytes_view *first,
                                   const mill_format_env *env, mill_format_describer **out, mill_error *err)
{
	describer *o = mill_mem_calloc(env->mem, 1, sizeof *o);
	if (o == NULL)
		return nomem(err);
	o->base.format = source->options->format;
	o->source = source;
	o->options = (const mill_csv_options *)source->options;
	o->storage = env->storage;
	o->mem = env->mem;
	o->simd = mill_simd_level(NULL);
	mill_arena_init(&o->arena, env->mem);
	mill_arena_init(&o->scratch, env->mem);
	mill_csv_rows_init(&o->rows, env->mem);
	mill_status status = mill_csv_rules_init(&o->rules, o->options, err);
	if (status == MILL_OK && first->size_bytes > 0)
		status = take_first(o, first, err);
	if (status != MILL_OK) {
		mill_csv_free_describer(&o->base);
		return status;
	}
	*out = &o->base;
	return MILL_OK;
}

void mill_csv_free_describer(mill_format_describer *self)
{
	describer *o = (describer *)self;
	if (o == NULL)
		return;
	mill_csv_rows_release(&o->rows);
	mill_csv_buffer_close(&o->buffer);
	mill_arena_release(&o->arena);
	mill_arena_release(&o->scratch);
	mill_mem_free(o);
}

/* A guess is one byte: the types it may be, and whether there was a value at all. */
#define HAS_VALUE 128

mill_status mill_csv_description_put(const mill_csv_description *d, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_u8(out, (uint8_t)d->codec));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)d->data_start));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)d->lead_lines));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)d->file));
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)d->name_count));
	for (int i = 0; i < d->name_count; i++)
		MILL_TRY(mill_wire_put_text(out, d->names[i]));
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)d->guess_count));
	for (int i = 0; i < d->guess_count; i++)
		MILL_TRY(mill_bytes_append_u8(
		    out, (uint8_t)(d->guesses[i].types | (d->guesses[i].has_value ? HAS_VALUE : 0U))));
	return MILL_OK;
}

mill_status mill_csv_description_get(const mill_bytes_view *in, mill_arena *arena, mill_csv_description *out,
                                     mill_error *err)
{
	mill_bytes_view view = *in;
	mill_wire wire = {.view = &view, .arena = arena, .ok = true};
	mill_csv_description d = {.codec = (mill_codec)mill_wire_u8(&wire)};
	d.data_start = mill_wire_i64(&wire);
	d.lead_lines = mill_wire_i64(&wire);
	d.file = mill_wire_i64(&wire);
	d.name_count = (int)mill_wire_u32(&wire);
	d.names = mill_wire_array(&wire, d.name_count, sizeof *d.names, 4);
	for (int i = 0; wire.ok && i < d.name_count; i++)
		d.names[i] = mill_wire_text(&wire);
	d.guess_count = (int)mill_wire_u32(&wire);
	d.guesses = mill_wire_array(&wire, d.guess_count, sizeof *d.guesses, 1);
	for (int i = 0; wire.ok && i < d.guess_count; i++) {
		uint8_t byte = mill_wire_u8(&wire);
		d.guesses[i] = (mill_csv_guess){byte & MILL_CSV_MAY_BE_ALL, (byte & HAS_VALUE) != 0};
	}
	*out = d;
	return mill_wire_end(&wire, "what a CSV file says", err);
}
