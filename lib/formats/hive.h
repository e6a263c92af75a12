/* Columns from key=value folders, for every format: which keys become columns, their types, their values.
 *
 * A key becomes a column unless the files have a column of that name. Its type is int64 or date where all values of it
 * can be read so, else string, unless it is declared. A value that is not text is read as ISO and, where that fails, by
 * the table's time format. Not collective, none of it. */
#ifndef MILL_FORMATS_HIVE_H
#define MILL_FORMATS_HIVE_H

#include "formats/format.h"
#include "formats/text_value.h"

/* Whether a folder's key is called so, in any case. Not collective. */
bool mill_hive_has_key(const mill_format_source *source, const char *name);
/* The keys that become columns behind those of the files: (*at)[*count] are indices into source->hive_keys, in arena.
 * MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_hive_columns(const mill_format_source *source, const char *const *file_columns,
                                             int file_column_count, mill_arena *arena, const int **at, int *count,
                                             mill_error *err);
/* The type of a key's values in all files. Not collective. */
mill_type mill_hive_type(const mill_format_source *source, int key);
/* MILL_DATA where a folder's value does not convert to its column's type; names the first such file. Not collective. */
MILL_NODISCARD mill_status mill_hive_check(const mill_format_table *table, mill_error *err);
/* The value of hive column `column` of the schema in a file: *text (borrowed) of a STRING or BINARY column, *value of
 * others. False where it is NULL. Not collective. */
bool mill_hive_value(const mill_format_table *table, int column, int64_t file, const char **text,
                     mill_text_value *value);
/* The values of hive column `column` of the schema in the files first … first + count − 1, one row per file.
 * MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_hive_values(const mill_format_table *table, int column, int64_t first, int64_t count,
                                            mill_mem *mem, mill_column *out, mill_error *err);

#endif
