/* What the seam does for every format: input splits, constants, names. */
#include "formats/format.h"

#include "formats/hive.h"

#include <string.h>
#include <strings.h>

/* The wanted files cut by bytes. */
static mill_status plan_by_bytes(const mill_format_table *table, const bool *wanted, int64_t split_bytes,
                                 mill_arena *arena, mill_input_plan *out, mill_error *err)
{
	if (wanted == NULL)
		return mill_plan_input_splits(table->files, table->file_count, split_bytes, arena, out, err);
	mill_input_file *files = mill_arena_array(arena, (size_t)table->file_count + 1, sizeof *files);
	if (files == NULL)
		return mill_fail_nomem(err, (size_t)table->file_count * sizeof *files, "a split plan");
	/* A file of no bytes has no ranges. */
	for (int64_t i = 0; i < table->file_count; i++)
		files[i] = wanted[i] ? table->files[i] : (mill_input_file){.codec = MILL_CODEC_NONE};
	return mill_plan_input_splits(files, table->file_count, split_bytes, arena, out, err);
}

mill_status mill_format_plan_input_splits(const mill_format_table *table, const bool *wanted, int64_t split_bytes,
                                          mill_arena *arena, mill_input_plan *out, mill_error *err)
{
	const mill_format *format = table->format;
	if (format->plan_splits == NULL)
		return plan_by_bytes(table, wanted, split_bytes, arena, out, err);
	return format->plan_splits(table, wanted, split_bytes, arena, out, err);
}

bool mill_format_is_constant(const mill_format_table *table, int column)
{
	if (column >= table->file_column_count)
		return column < table->schema.count;
	return table->format->is_constant != NULL && table->format->is_constant(table, column);
}

mill_status mill_format_constants(const mill_format_table *table, int column, int64_t first, int64_t count,
                                  mill_mem *mem, mill_column *out, mill_error *err)
{
	if (column >= table->file_column_count)
		return mill_hive_values(table, column, first, count, mem, out, err);
	return table->format->constants(table, column, first, count, mem, out, err);
}

bool mill_has_ending(const char *text, const char *const *endings)
{
	size_t length = strlen(text);
	for (; endings != NULL && *endings != NULL; endings++) {
		size_t size = strlen(*endings);
		if (length >= size && strcasecmp(text + length - size, *endings) == 0)
			return true;
	}
	return false;
}
