/* The columns of a scan's batch that do not come from the files' columns, for every format. Not collective. */
#ifndef MILL_FORMATS_BATCH_H
#define MILL_FORMATS_BATCH_H

#include "formats/format.h"

/* What a column of a scan's batch is. */
typedef enum mill_scan_column {
	MILL_SCAN_OF_FILE,   /* spec.columns[at], a column of the files */
	MILL_SCAN_OF_FOLDER, /* spec.columns[at], a hive column */
	MILL_SCAN_FILE,      /* _file */
	MILL_SCAN_LINE,      /* _line */
	MILL_SCAN_OFFSET,    /* _offset, INT64 */
	MILL_SCAN_ID_FILE,   /* the first word of the row id */
	MILL_SCAN_ID_OFFSET  /* the second, UINT64 */
} mill_scan_column;

/* What column `at` of the batch is. Not collective. */
mill_scan_column mill_scan_column_of(const mill_format_table *table, const mill_scan_spec *spec, int at);
/* MILL_INTERNAL where spec asks for what the table or the batch has not. Not collective. */
MILL_NODISCARD mill_status mill_scan_check(const mill_format_table *table, const mill_scan_spec *spec, mill_error *err);
/* An empty batch of spec's columns. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_scan_new_batch(const mill_scan_spec *spec, mill_mem *mem, mill_batch *out,
                                               mill_error *err);
/* Column `at` of the batch for `rows` rows of one file, where it is the same in all of them: OF_FOLDER, FILE, ID_FILE.
 * MILL_NOMEM; MILL_DATA: its text passes 2 GiB. Not collective. */
MILL_NODISCARD mill_status mill_scan_constant(const mill_format_table *table, const mill_scan_spec *spec, int at,
                                              int32_t file, int64_t rows, mill_mem *mem, mill_column *out,
                                              mill_error *err);

#endif
