/* Tables: a run's sources, opened once on rank 0 and equal on every rank. */
#ifndef MILL_STAGE_TABLE_H
#define MILL_STAGE_TABLE_H

#include "stage/books.h"

/* What a source block says, before it is opened. Strings live in the run's arena. */
typedef struct mill_source_spec {
	const char *name;
	const char *where; /* for messages: "configs/x.json: /sources/trips" or the path as written */
	const char *const *paths;
	int path_count;
	const mill_format *format;      /* as "format" or a table function says; NULL: to be recognised */
	mill_format_options *options;   /* read for the format, or for the one that the first path's name tells */
	const mill_json *options_block; /* what they were read from, for the format that is recognised; NULL: nothing */
	mill_schema declared;           /* count 0: nothing declared */
	mill_bad_limit bad_rows;
	bool optional;         /* nothing found: an empty table (its schema must be declared) */
	const mill_plan *rows; /* inline rows: a VALUES plan; paths are then empty */
} mill_source_spec;

struct mill_table {
	mill_source_spec spec;
	int index;
	mill_format_table *input; /* of no files where rows are inline */
	mill_input_plan splits;
	int64_t size_bytes;
	mill_audit *audit;
};

/* Collective. What a source's files are: rank 0 recognises the format and lists the files, all ranks describe them; the
 * same table on every rank. Not added to the run. MILL_NOT_FOUND, MILL_IO, MILL_USAGE, MILL_DATA as storage and formats
 * say. */
MILL_NODISCARD mill_status mill_source_open(mill_run *run, const mill_source_spec *spec, mill_format_table **out,
                                            mill_error *err);
/* Collective. Opens a source and adds its table to the run. Errors as mill_source_open. */
MILL_NODISCARD mill_status mill_table_open(mill_run *run, const mill_source_spec *spec, mill_table **out,
                                           mill_error *err);
/* (*wanted)[file]: whether the values that are the same in all rows of the file (its folders', or what its format says)
 * leave it open that conjuncts of the scan's predicate are not FALSE. *count of them; all, and NULL, where nothing can
 * be told. Values of sub-queries come from the run's params. Files that are not wanted are not read, so not judged
 * either. MILL_NOMEM. Not collective; the same on every rank. */
MILL_NODISCARD mill_status mill_table_prune(mill_run *run, const mill_table *table, const mill_plan *scan,
                                            const bool **wanted, int64_t *count, mill_error *err);
/* Input splits of the wanted files (NULL: all), and their bytes. MILL_USAGE, MILL_NOMEM. Not collective; the same on
 * every rank. */
MILL_NODISCARD mill_status mill_table_plan_input_splits(mill_run *run, const mill_table *table, const bool *wanted,
                                                        mill_input_plan *out, int64_t *size_bytes, mill_error *err);
/* Which hidden column is the one `at` columns behind those of the table: 0 _file, 1 _line, 2 _offset. Not collective.
 */
int mill_table_hidden(const mill_table *table, int at);
/* The plan that stands for the table: a SCAN of all its columns (under a LIMIT with --limit-rows).
 * MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_table_plan(mill_run *run, const mill_table *table, mill_arena *arena, mill_plan **out,
                                           mill_error *err);

#endif
