#include "store/source/source.h"

#include "store/source/source_private.h"

#include <string.h>

static mill_status new_options(const mill_format *self, mill_arena *arena, mill_format_options **out, mill_error *err)
{
	mill_format_options *options = mill_arena_alloc(arena, sizeof(*options));
	if (options == NULL)
		return mill_fail_nomem(err, sizeof(*options), "options");
	options->format = self;
	*out = options;
	return MILL_OK;
}

static mill_status put(const mill_format_table *base, mill_bytes *out)
{
	const mill_store_table *table = (const mill_store_table *)base;
	MILL_TRY(mill_store_columns_put(&table->columns, out));
	for (int64_t i = 0; i < base->file_count; i++) {
		MILL_TRY(mill_wire_put_text(out, table->parts[i].store));
		MILL_TRY(mill_wire_put_text(out, table->parts[i].split));
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->parts[i].first_ordinal));
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)table->parts[i].rows));
	}
	return MILL_OK;
}

static mill_status get(const mill_format_table *common, mill_bytes_view *in, const mill_format_env *env,
                       mill_format_table **out, mill_error *err)
{
	mill_wire wire = {.view = in, .arena = env->arena, .ok = true};
	mill_store_table *table = mill_arena_alloc(env->arena, sizeof(*table));
	if (table == NULL)
		return mill_fail_nomem(err, sizeof(*table), "the table of a store");
	table->base = *common;
	mill_store_columns_get(&wire, &table->columns);
	mill_store_part *parts = mill_wire_array(&wire, common->file_count, sizeof(*parts), 24);
	for (int64_t i = 0; wire.ok && i < common->file_count; i++) {
		parts[i].store = mill_wire_text(&wire);
		parts[i].split = mill_wire_text(&wire);
		parts[i].first_ordinal = mill_wire_i64(&wire);
		parts[i].rows = mill_wire_i64(&wire);
	}
	table->parts = parts;
	MILL_TRY(mill_wire_end(&wire, "the table of a store", err));
	MILL_TRY(mill_store_columns_make(&table->columns, env->arena, err));
	*out = &table->base;
	return MILL_OK;
}

static int64_t file_bytes(const mill_format_table *table)
{
	int64_t bytes = 0;
	for (int64_t i = 0; i < table->file_count; i++)
		bytes += table->files[i].size_bytes;
	return bytes;
}

/* Ranges are in rows: shards are planned as files of as many bytes as they have rows. */
static mill_status plan_splits(const mill_format_table *base, const bool *wanted, int64_t split_bytes,
                               mill_arena *arena, mill_input_plan *out, mill_error *err)
{
	const mill_store_table *table = (const mill_store_table *)base;
	mill_input_file *files = mill_arena_array(arena, (size_t)base->file_count + 1, sizeof(*files));
	if (files == NULL)
		return mill_fail_nomem(err, (size_t)base->file_count * sizeof(*files), "an input plan");
	for (int64_t i = 0; i < base->file_count; i++) {
		bool is_wanted = wanted == NULL || wanted[i];
		files[i].size_bytes = is_wanted ? table->parts[i].rows : 0;
	}
	mill_u128 bytes = (mill_u128)mill_max_i64(1, file_bytes(base));
	mill_u128 rows = (mill_u128)(uint64_t)split_bytes * (mill_u128)mill_max_i64(1, base->row_count) / bytes;
	int64_t split_rows = rows > INT64_MAX / 2 ? INT64_MAX / 2 : mill_max_i64(1, (int64_t)rows);
	return mill_plan_input_splits(files, base->file_count, split_rows, arena, out, err);
}

static bool is_constant(const mill_format_table *base, int column)
{
	const mill_store_columns *columns = &((const mill_store_table *)base)->columns;
	return column < columns->schema.count && columns->columns[column].dataset == MILL_STORE_SPLIT_COLUMN;
}

/* The split of each shard. */
static mill_status constants(const mill_format_table *base, int column, int64_t first, int64_t count, mill_mem *mem,
                             mill_column *out, mill_error *err)
{
	const mill_store_part *parts = ((const mill_store_table *)base)->parts + first;
	size_t text_bytes = 0;
	for (int64_t i = 0; i < count; i++)
		text_bytes += strlen(parts[i].split);
	MILL_TRY(mill_column_new(mem, base->schema.fields[column].type, count, text_bytes, out, err));
	for (int64_t i = 0; i < count; i++) {
		size_t length = strlen(parts[i].split);
		memcpy(out->bytes + out->offsets[i], parts[i].split, length);
		out->offsets[i + 1] = out->offsets[i] + (int32_t)length;
	}
	return MILL_OK;
}

const mill_format mill_store_format = {
    .name = "store",
    .title = "store",
    .example_path = "out/trips",
    .file_word = "shard",
    .origin_text = "as the store has them",
    .pruned_text = "their split and key=value folders",
    .is_folder = mill_store_is_folder,
    .list = mill_store_list,
    .new_options = new_options,
    .new_describer = mill_store_new_describer,
    .describe = mill_store_describe,
    .free_describer = mill_store_free_describer,
    .unify = mill_store_unify,
    .put = put,
    .get = get,
    .plan_splits = plan_splits,
    .is_constant = is_constant,
    .constants = constants,
    .open = mill_store_open_reader,
    .begin = mill_store_begin,
    .read_split = mill_store_read_split,
    .close = mill_store_close_reader,
};
