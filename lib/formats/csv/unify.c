/* The table that CSV files make, from what each of them says. */
#include "formats/csv/describe.h"
#include "formats/hive.h"
#include "formats/wire.h"

#include <string.h>

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "the table of CSV files");
}

/* What the descriptions amount to. */
typedef struct unifier {
	const mill_format_source *source;
	const mill_csv_options *options;
	mill_mem *mem;
	mill_arena *arena;
	mill_csv_rules rules;
	mill_csv_columns columns;
	mill_csv_guess *guesses; /* [columns.count] */
	mill_csv_table *table;
} unifier;

/* Types are possible that are possible in every file. */
static void meet_guesses(unifier *u, const mill_csv_description *description)
{
	for (int i = 0; i < description->guess_count && i < u->columns.count; i++) {
		u->guesses[i].types &= description->guesses[i].types;
		u->guesses[i].has_value |= description->guesses[i].has_value;
	}
}

static mill_status begin_columns(unifier *u, mill_error *err)
{
	u->guesses = mill_arena_array(u->arena, (size_t)u->columns.count + 1, sizeof *u->guesses);
	if (u->guesses == NULL)
		return nomem(err);
	for (int i = 0; i < u->columns.count; i++)
		u->guesses[i] = mill_csv_no_guess();
	return MILL_OK;
}

/* Names of columns outlive the description. */
static mill_status take_names(unifier *u, const mill_csv_description *description, mill_error *err)
{
	const char **names = mill_arena_array(u->arena, (size_t)description->name_count + 1, sizeof *names);
	if (names == NULL)
		return nomem(err);
	for (int i = 0; i < description->name_count; i++) {
		names[i] = mill_arena_strdup(u->arena, description->names[i]);
		if (names[i] == NULL)
			return nomem(err);
	}
	MILL_TRY(mill_csv_set_columns(u->source, names, description->name_count,
	                              u->source->files[description->file].uri, u->arena, &u->columns, err));
	return begin_columns(u, err);
}

/* Nothing but empty files: the declared columns, if any. */
static mill_status declared_only(unifier *u, mill_error *err)
{
	const mill_format_source *source = u->source;
	int64_t files = source->file_count;
	if (source->declared->count == 0)
		return mill_fail(err, MILL_DATA, "%s%s is empty, so its columns are unknown; declare them in schema",
		                 source->files[0].uri, files > 1 ? " (and every other file of the source)" : "");
	const char *from = files > 0 ? source->files[files - 1].uri : "the source (no file is there)";
	MILL_TRY(mill_csv_columns_by_position(source, 0, from, u->arena, &u->columns, err));
	return begin_columns(u, err);
}

static mill_status take_files(unifier *u, const mill_bytes_view *descriptions, mill_error *err)
{
	int64_t files = u->source->file_count;
	int64_t *data_starts = mill_arena_array(u->arena, (size_t)files + 1, sizeof *data_starts);
	int64_t *lead_lines = mill_arena_array(u->arena, (size_t)files + 1, sizeof *lead_lines);
	if (data_starts == NULL || lead_lines == NULL)
		return nomem(err);
	mill_arena scratch;
	mill_arena_init(&scratch, u->mem);
	mill_status status = MILL_OK;
	for (int64_t i = 0; i < files && status == MILL_OK; i++) {
		mill_csv_description description;
		status = mill_csv_description_get(&descriptions[i], &scratch, &description, err);
		if (status != MILL_OK)
			break;
		u->source->files[i].codec = description.codec;
		data_starts[i] = description.data_start;
		lead_lines[i] = description.lead_lines;
		if (description.name_count > 0)
			status = take_names(u, &description, err);
		meet_guesses(u, &description);
		mill_arena_release(&scratch);
	}
	mill_arena_release(&scratch);
	MILL_TRY(status);
	u->table->data_starts = data_starts;
	u->table->lead_lines = lead_lines;
	return u->columns.names != NULL ? MILL_OK : declared_only(u, err);
}

static mill_status check_declared_type(const mill_field *field, mill_error *err)
{
	char text[MILL_TYPE_TEXT_BYTES];
	mill_type type = field->type;
	if (type.id == MILL_TYPE_BOOL || mill_type_is_numeric(type) || mill_type_is_text(type) ||
	    mill_type_is_time(type))
		return MILL_OK;
	return mill_fail(err, MILL_NOT_YET,
	                 "column \"%s\": CSV fields cannot be read as %s; declare it as string and convert "
	                 "it in SQL",
	                 field->name, mill_type_text(field->type, text));
}

static mill_status refuse_unknown(const unifier *u, const mill_schema *schema, const char *name, mill_error *err)
{
	const char *near = mill_schema_suggest(schema, name);
	if (near == NULL)
		return mill_fail(err, MILL_USAGE, "the schema names the column \"%s\", which %s does not have", name,
		                 u->columns.names_from);
	return mill_fail(err, MILL_USAGE,
	                 "the schema names the column \"%s\", which %s does not have (did you mean \"%s\"?)", name,
	                 u->columns.names_from, near);
}

/* The columns as they were found: those of the files, then the hive columns. */
static mill_status found_fields(unifier *u, mill_field **out, mill_error *err)
{
	mill_format_table *table = &u->table->base;
	int names = u->columns.count;
	mill_field *fields = mill_arena_array(u->arena, (size_t)table->schema.count + 1, sizeof *fields);
	if (fields == NULL)
		return nomem(err);
	for (int i = 0; i < table->schema.count; i++) {
		bool is_hive = i >= names;
		int key = is_hive ? table->hive_at[i - names] : 0;
		fields[i].name = is_hive ? u->source->hive_keys[key] : u->columns.names[i];
		fields[i].nullable = true;
		if (is_hive)
			fields[i].type = mill_hive_type(u->source, key);
		else if (u->options->infer)
			fields[i].type = mill_csv_guessed_type(&u->rules, &u->guesses[i]);
		else
			fields[i].type = mill_type_of(MILL_TYPE_STRING);
	}
	*out = fields;
	return MILL_OK;
}

/* Declared types take the place of those that were found. */
static mill_status declare(unifier *u, mill_field *fields, mill_error *err)
{
	mill_format_table *table = &u->table->base;
	const mill_schema *declared = u->source->declared;
	bool *is_declared = mill_arena_array(u->arena, (size_t)table->schema.count + 1, sizeof *is_declared);
	if (is_declared == NULL)
		return nomem(err);
	for (int d = 0, position = 0; d < declared->count; d++) {
		const mill_field *wanted = &declared->fields[d];
		bool by_position = !u->options->header && !mill_hive_has_key(u->source, wanted->name);
		int at = by_position ? position++ : mill_schema_find(&table->schema, wanted->name);
		if (at < 0)
			return refuse_unknown(u, &table->schema, wanted->name, err);
		MILL_TRY(check_declared_type(wanted, err));
		if (is_declared[at])
			return mill_fail(err, MILL_USAGE, "the schema names the column \"%s\" twice", fields[at].name);
		fields[at].type = wanted->type;
		is_declared[at] = true;
	}
	table->is_declared = is_declared;
	return MILL_OK;
}

static mill_status make_schema(unifier *u, mill_error *err)
{
	mill_format_table *table = &u->table->base;
	int hive_count = 0;
	mill_field *fields = NULL;
	MILL_TRY(mill_hive_columns(u->source, u->columns.names, u->columns.count, u->arena, &table->hive_at,
	                           &hive_count, err));
	table->file_column_count = u->columns.count;
	table->schema.count = u->columns.count + hive_count;
	MILL_TRY(found_fields(u, &fields, err));
	table->schema.fields = fields;
	MILL_TRY(declare(u, fields, err));
	return mill_hive_check(table, err);
}

/* The time format, compiled once per table. */
static mill_status set_time_format(mill_csv_table *table, mill_arena *arena, mill_error *err)
{
	if (table->options.timestamp_format == NULL)
		return MILL_OK;
	mill_time_format *format = mill_arena_alloc(arena, sizeof *format);
	if (format == NULL)
		return nomem(err);
	MILL_TRY(mill_time_format_compile(table->options.timestamp_format, format, err));
	table->base.time_format = format;
	return MILL_OK;
}

mill_status mill_csv_unify(const mill_format_source *source, const mill_bytes_view *descriptions,
                           const mill_format_env *env, mill_format_table **out, mill_error *err)
{
	mill_csv_table *table = mill_arena_alloc(env->arena, sizeof *table);
	if (table == NULL)
		return nomem(err);
	table->options = *(const mill_csv_options *)source->options;
	table->base = (mill_format_table){.format = source->options->format,
	                                  .options = source->options,
	                                  .storage = env->storage,
	                                  .files = source->files,
	                                  .file_count = source->file_count,
	                                  .row_count = -1};
	unifier u = {
	    .source = source, .options = &table->options, .mem = env->mem, .arena = env->arena, .table = table};
	MILL_TRY(mill_csv_rules_init(&u.rules, &table->options, err));
	MILL_TRY(set_time_format(table, env->arena, err));
	MILL_TRY(take_files(&u, descriptions, err));
	MILL_TRY(make_schema(&u, err));
	*out = &table->base;
	return MILL_OK;
}

mill_status mill_csv_put(const mill_format_table *self, mill_bytes *out)
{
	const mill_csv_table *table = (const mill_csv_table *)self;
	for (int64_t i = 0; i < self->file_count; i++) {
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->data_starts[i]));
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->lead_lines[i]));
	}
	return MILL_OK;
}

mill_status mill_csv_get(const mill_format_table *common, mill_bytes_view *in, const mill_format_env *env,
                         mill_format_table **out, mill_error *err)
{
	mill_wire wire = {.view = in, .arena = env->arena, .ok = true};
	mill_csv_table *table = mill_arena_alloc(env->arena, sizeof *table);
	if (table == NULL)
		return nomem(err);
	table->base = *common;
	table->options = *(const mill_csv_options *)common->options;
	int64_t *data_starts = mill_wire_array(&wire, common->file_count, sizeof *data_starts, 16);
	int64_t *lead_lines = mill_wire_array(&wire, common->file_count, sizeof *lead_lines, 16);
	for (int64_t i = 0; wire.ok && i < common->file_count; i++) {
		data_starts[i] = mill_wire_i64(&wire);
		lead_lines[i] = mill_wire_i64(&wire);
	}
	MILL_TRY(mill_wire_end(&wire, "a CSV table", err));
	table->data_starts = data_starts;
	table->lead_lines = lead_lines;
	MILL_TRY(set_time_format(table, env->arena, err));
	*out = &table->base;
	return MILL_OK;
}
