/* Parts of a CSV table that are shared inside the room: options, hive columns. Not collective. */
#ifndef MILL_FORMATS_CSV_TABLE_H
#define MILL_FORMATS_CSV_TABLE_H

#include "formats/csv/value.h"

MILL_NODISCARD mill_status mill_csv_options_check(const mill_csv_options *options, mill_error *err);
/* A deep copy in the arena. */
MILL_NODISCARD mill_status mill_csv_options_copy(const mill_csv_options *options, mill_arena *arena,
                                                 mill_csv_options *out, mill_error *err);

/* The keys of the listing's hive folders in order of appearance, but those that name a column of the files, and every
 * file's values of them. */
MILL_NODISCARD mill_status mill_csv_hive_columns(const mill_storage_listing *listing, const char *const *file_columns,
                                                 int file_column_count, mill_csv_table *table, mill_arena *arena,
                                                 const char ***keys, int *count, mill_error *err);
/* Inferred over all files' values of hive column `at`: int64, date or string. */
mill_type mill_csv_hive_type(const mill_csv_rules *rules, const mill_csv_table *table, int at);
/* MILL_DATA where a folder's value does not convert to its column's type. */
MILL_NODISCARD mill_status mill_csv_check_hive(const mill_csv_rules *rules, const mill_csv_table *table,
                                               mill_error *err);
/* The value of hive column `at` of a file: the whole folder value, blanks and quotes included. */
mill_csv_kind mill_csv_hive_value(const mill_csv_rules *rules, mill_type type, const char *value, mill_csv_cell *out);

#endif
