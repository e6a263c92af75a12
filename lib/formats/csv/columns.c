/* The names of a CSV source's columns, and how a schema's columns find theirs. */
#include "formats/csv/describe.h"
#include "formats/hive.h"

#include <stdlib.h>
#include <string.h>

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "the columns of CSV files");
}

mill_status mill_csv_set_columns(const mill_format_source *source, const char **names, int count,
                                 const char *names_from, mill_arena *arena, mill_csv_columns *out, mill_error *err)
{
	const mill_schema *declared = source->declared;
	bool has_header = ((const mill_csv_options *)source->options)->header;
	int *declared_at = mill_arena_array(arena, (size_t)count + 1, sizeof *declared_at);
	mill_field *fields = mill_arena_array(arena, (size_t)count + 1, sizeof *fields);
	if (declared_at == NULL || fields == NULL)
		return nomem(err);
	for (int i = 0; i < count; i++) {
		declared_at[i] = -1;
		fields[i].name = names[i];
	}
	mill_schema found = {fields, count};
	for (int d = 0, position = 0; d < declared->count; d++) {
		int at = -1;
		if (has_header)
			at = mill_schema_find(&found, declared->fields[d].name);
		else if (!mill_hive_has_key(source, declared->fields[d].name))
			at = position++;
		if (at == -2)
			return mill_fail(err, MILL_USAGE,
			                 "the schema's column \"%s\" matches several columns of %s that differ in case",
			                 declared->fields[d].name, names_from);
		if (at >= 0 && at < count)
			declared_at[at] = d;
	}
	*out = (mill_csv_columns){names, count, names_from, declared_at};
	return MILL_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

mill_status mill_csv_has_repeated(const char **names, int count, mill_arena *arena, bool *out, mill_error *err)
{
	const char **sorted = mill_arena_array(arena, (size_t)count + 1, sizeof *sorted);
	if (sorted == NULL)
		return nomem(err);
	if (count > 0)
		memcpy(sorted, names, (size_t)count * sizeof *sorted);
	qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
	*out = false;
	for (int i = 1; i < count; i++)
		*out |= strcmp(sorted[i - 1], sorted[i]) == 0;
	return MILL_OK;
}

/* The names of the declared columns of files, in their order. */
static int declared_names(const mill_format_source *source, const char **names)
{
	int count = 0;
	for (int d = 0; d < source->declared->count; d++)
		if (!mill_hive_has_key(source, source->declared->fields[d].name))
			names[count++] = source->declared->fields[d].name;
	return count;
}

mill_status mill_csv_columns_by_position(const mill_format_source *source, int width, const char *names_from,
                                         mill_arena *arena, mill_csv_columns *out, mill_error *err)
{
	bool repeated = false;
	size_t room = (size_t)width + (size_t)source->declared->count + 1;
	const char **names = mill_arena_array(arena, room, sizeof *names);
	if (names == NULL)
		return nomem(err);
	int count = declared_names(source, names);
	MILL_TRY(mill_csv_has_repeated(names, count, arena, &repeated, err));
	if (repeated)
		return mill_fail(err, MILL_USAGE, "the schema names a column twice, and the files have no header");
	for (; count < width; count++) {
		names[count] = mill_arena_printf(arena, "column%d", count);
		if (names[count] == NULL)
			return nomem(err);
	}
	return mill_csv_set_columns(source, names, count, names_from, arena, out, err);
}
