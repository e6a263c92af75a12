/* Sources and tables as bytes: what rank 0 found, for the other ranks. */
#include "formats/open.h"
#include "formats/wire.h"

#include <string.h>
#include <strings.h>

static int find_key(const mill_format_source *source, const char *key)
{
	for (int i = 0; i < source->hive_key_count; i++)
		if (strcasecmp(source->hive_keys[i], key) == 0)
			return i;
	return -1;
}

/* Keys of all folders in order of appearance; names compare without case. */
static mill_status collect_keys(const mill_storage_listing *listing, mill_arena *arena, mill_format_source *source,
                                mill_error *err)
{
	for (int64_t i = 0; i < listing->count; i++)
		for (int k = 0; k < listing->entries[i].hive_count; k++) {
			if (find_key(source, listing->entries[i].hive_keys[k]) >= 0)
				continue;
			const char **keys = mill_arena_array(arena, (size_t)source->hive_key_count + 1, sizeof *keys);
			if (keys == NULL)
				return mill_fail_nomem(err, 0, "the list of input files");
			for (int n = 0; n < source->hive_key_count; n++)
				keys[n] = source->hive_keys[n];
			keys[source->hive_key_count++] = listing->entries[i].hive_keys[k];
			source->hive_keys = keys;
		}
	return MILL_OK;
}

mill_status mill_source_of_listing(const mill_storage_listing *listing, mill_arena *arena, mill_format_source *out,
                                   mill_error *err)
{
	out->hive_keys = NULL;
	out->hive_key_count = 0;
	out->file_count = listing->count;
	out->files = mill_arena_array(arena, (size_t)listing->count + 1, sizeof *out->files);
	if (out->files == NULL)
		return mill_fail_nomem(err, (size_t)listing->count * sizeof *out->files, "the list of input files");
	MILL_TRY(collect_keys(listing, arena, out, err));
	for (int64_t i = 0; i < listing->count; i++) {
		const mill_storage_entry *entry = &listing->entries[i];
		const char **values = mill_arena_array(arena, (size_t)out->hive_key_count + 1, sizeof *values);
		if (values == NULL)
			return mill_fail_nomem(err, 0, "the list of input files");
		for (int k = 0; k < entry->hive_count; k++)
			if (entry->hive_values[k] != NULL)
				values[find_key(out, entry->hive_keys[k])] = entry->hive_values[k];
		out->files[i] = (mill_input_file){entry->uri, entry->size_bytes, entry->mtime_ns, MILL_CODEC_NONE,
		                                  values,     entry->version};
	}
	return MILL_OK;
}

mill_status mill_source_put(const mill_format_source *source, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)source->hive_key_count));
	for (int k = 0; k < source->hive_key_count; k++)
		MILL_TRY(mill_wire_put_text(out, source->hive_keys[k]));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)source->file_count));
	for (int64_t i = 0; i < source->file_count; i++) {
		const mill_input_file *file = &source->files[i];
		MILL_TRY(mill_wire_put_text(out, file->uri));
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)file->size_bytes));
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)file->mtime_ns));
		MILL_TRY(mill_wire_put_text(out, file->version));
		for (int k = 0; k < source->hive_key_count; k++)
			MILL_TRY(mill_wire_put_text(out, file->hive_values[k]));
	}
	return MILL_OK;
}

mill_status mill_source_get(mill_bytes_view *in, mill_arena *arena, mill_format_source *out, mill_error *err)
{
	mill_wire wire = {.view = in, .arena = arena, .ok = true};
	int keys = (int)mill_wire_u32(&wire);
	const char **names = mill_wire_array(&wire, keys, sizeof *names, 4);
	for (int k = 0; wire.ok && k < keys; k++)
		names[k] = mill_wire_text(&wire);
	int64_t count = mill_wire_i64(&wire);
	mill_input_file *files = mill_wire_array(&wire, count, sizeof *files, 20);
	for (int64_t i = 0; wire.ok && i < count; i++) {
		files[i].uri = mill_wire_text(&wire);
		files[i].size_bytes = mill_wire_i64(&wire);
		files[i].mtime_ns = mill_wire_i64(&wire);
		files[i].version = mill_wire_text(&wire);
		files[i].hive_values = mill_wire_array(&wire, keys, sizeof *names, 4);
		for (int k = 0; wire.ok && k < keys; k++)
			files[i].hive_values[k] = mill_wire_text(&wire);
	}
	out->hive_keys = names;
	out->hive_key_count = keys;
	out->files = files;
	out->file_count = count;
	return mill_wire_end(&wire, "the list of input files", err);
}

mill_status mill_table_put(const mill_format_table *table, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)table->schema.count));
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)table->file_column_count));
	for (int i = 0; i < table->schema.count; i++) {
		const mill_field *field = &table->schema.fields[i];
		MILL_TRY(mill_wire_put_text(out, field->name));
		MILL_TRY(mill_wire_put_type(out, field->type));
		MILL_TRY(mill_bytes_append_u8(out, (uint8_t)(field->nullable | table->is_declared[i] << 1)));
	}
	for (int i = table->file_column_count; i < table->schema.count; i++)
		MILL_TRY(mill_bytes_append_u32(out, (uint32_t)table->hive_at[i - table->file_column_count]));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->row_count));
	for (int64_t i = 0; i < table->file_count; i++)
		MILL_TRY(mill_bytes_append_u8(out, (uint8_t)table->files[i].codec));
	return table->format->put != NULL ? table->format->put(table, out) : MILL_OK;
}

static void get_columns(mill_wire *wire, mill_format_table *table)
{
	mill_schema *schema = &table->schema;
	schema->count = (int)mill_wire_u32(wire);
	table->file_column_count = (int)mill_wire_u32(wire);
	wire->ok = wire->ok && table->file_column_count >= 0 && table->file_column_count <= schema->count;
	schema->fields = mill_wire_array(wire, schema->count, sizeof *schema->fields, 9);
	bool *is_declared = mill_wire_array(wire, schema->count, sizeof *is_declared, 9);
	for (int i = 0; wire->ok && i < schema->count; i++) {
		schema->fields[i].name = mill_wire_text(wire);
		schema->fields[i].type = mill_wire_type(wire);
		uint8_t flags = mill_wire_u8(wire);
		schema->fields[i].nullable = (flags & 1) != 0;
		is_declared[i] = (flags & 2) != 0;
	}
	int hive_count = schema->count - table->file_column_count;
	int *hive_at = mill_wire_array(wire, hive_count, sizeof *hive_at, 4);
	for (int i = 0; wire->ok && i < hive_count; i++)
		hive_at[i] = (int)mill_wire_u32(wire);
	table->is_declared = is_declared;
	table->hive_at = hive_at;
}

mill_status mill_table_get(const mill_format_source *source, mill_bytes_view *in, const mill_format_env *env,
                           mill_format_table **out, mill_error *err)
{
	mill_wire wire = {.view = in, .arena = env->arena, .ok = true};
	mill_format_table *table = mill_arena_alloc(env->arena, sizeof *table);
	if (table == NULL)
		return mill_fail_nomem(err, sizeof *table, "a table");
	table->format = source->options->format;
	table->options = source->options;
	table->storage = env->storage;
	table->files = source->files;
	table->file_count = source->file_count;
	get_columns(&wire, table);
	table->row_count = mill_wire_i64(&wire);
	for (int64_t i = 0; wire.ok && i < table->file_count; i++)
		table->files[i].codec = (mill_codec)mill_wire_u8(&wire);
	MILL_TRY(mill_wire_end(&wire, "a table", err));
	*out = table;
	return table->format->get != NULL ? table->format->get(table, in, env, out, err) : MILL_OK;
}
