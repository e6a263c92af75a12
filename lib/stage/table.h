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
	bool is_tsv;
	bool format_given; /* else a name such as x.parquet is refused: it is not read as CSV */
	mill_csv_options options;
	mill_schema declared; /* count 0: nothing declared */
	mill_bad_limit bad_rows;
	bool optional;         /* nothing found: an empty table (its schema must be declared) */
	const mill_plan *rows; /* inline rows: a VALUES plan; paths are then empty */
} mill_source_spec;

/* _file, _line, _offset: what a scan gives behind the table's columns where SQL names them; not part of *. */
#define MILL_HIDDEN_COLUMNS 3

struct mill_table {
	mill_source_spec spec;
	int index;
	mill_csv_table csv;
	mill_split_plan splits;
	int64_t size_bytes;
	mill_audit *audit;
};

/* Collective. Rank 0 lists, opens and infers; the others get its result. Adds the table to the run. MILL_NOT_FOUND,
 * MILL_IO, MILL_USAGE, MILL_DATA as storage and formats say. */
MILL_NODISCARD mill_status mill_table_open(mill_run *run, const mill_source_spec *spec, mill_table **out,
                                           mill_error *err);
/* Not collective; the same on every rank. *wanted[file]: whether the hive folders of the file leave it open that
 * conjuncts of the scan's predicate are not FALSE for its rows. *count of them; all, and NULL, where nothing can be
 * told. params: of the run's sub-queries. Files that are not wanted are not read, so not judged either. */
MILL_NODISCARD mill_status mill_table_prune(mill_run *run, const mill_table *table, const mill_plan *scan,
                                            const bool **wanted, int64_t *count, mill_error *err);
/* Splits of the wanted files (NULL: all), and their bytes. */
MILL_NODISCARD mill_status mill_table_plan_splits(mill_run *run, const mill_table *table, const bool *wanted,
                                                  mill_split_plan *out, int64_t *size_bytes, mill_error *err);
/* The plan that stands for the table: a SCAN of all its columns (under a LIMIT with --limit-rows). Not collective. */
MILL_NODISCARD mill_status mill_table_plan(mill_run *run, const mill_table *table, mill_arena *arena, mill_plan **out,
                                           mill_error *err);

#endif
