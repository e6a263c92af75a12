/* What a scan asks of a format's reader and what the reader reports: columns, filter, bound, bad rows, counts. The
 * contract around these types is in formats/format.h. Not collective. */
#ifndef MILL_FORMATS_SCAN_H
#define MILL_FORMATS_SCAN_H

#include "column/column.h"

typedef enum mill_bad_policy { MILL_BAD_FAIL, MILL_BAD_NULL, MILL_BAD_QUARANTINE } mill_bad_policy;

/* Reasons are words of the contract: they are keys of the manifest's by_reason. */
#define MILL_BAD_REASON_TABLE(X)                \
	X(FIELD_COUNT, "field_count")           \
	X(TEXT_AFTER_QUOTE, "text_after_quote") \
	X(OPEN_QUOTE, "open_quote")             \
	X(INVALID_UTF8, "invalid_utf8")         \
	X(BAD_VALUE, "bad_value")               \
	X(SQL_ERROR, "sql_error")
typedef enum mill_bad_reason {
#define X(name, text) MILL_REASON_##name,
	MILL_BAD_REASON_TABLE(X)
#undef X
	    MILL_REASON_COUNT
} mill_bad_reason;

/* One bad row as a reader reports it; borrowed for the duration of the call. */
typedef struct mill_bad_row {
	int32_t file;
	int64_t offset; /* the second word of its row id */
	int64_t line;   /* lines before the row, counted from where its piece's lines_before ends; 0 without lines */
	int32_t piece;  /* index among the pieces of this rank (formats/format.h) */
	int32_t column; /* position in the table's schema; −1: the row as a whole */
	mill_bad_reason reason;
	const char *raw; /* the row as it stands in the file, without its line end */
	size_t raw_bytes;
	size_t caret_bytes; /* where in raw the trouble is */
	const char *detail; /* "\"12x\" is not an int32" */
} mill_bad_row;

/* Who is told of bad rows. A report that fails ends the scan with its status. */
typedef struct mill_bad_rows {
	mill_status (*report)(struct mill_bad_rows *self, const mill_bad_row *row, mill_error *err);
} mill_bad_rows;

/* A predicate pushed into the scan. */
typedef struct mill_scan_filter mill_scan_filter;
struct mill_scan_filter {
	const int *columns; /* what it needs: ascending positions in the batch that the scan would emit */
	int column_count;
	/* batch: the scan's batch in which only `columns` (and ids) are filled. Sets one bit of keep per row to be kept
	 * (bits past rows are 0) and *kept to the number of set bits. */
	mill_status (*keep)(mill_scan_filter *self, const mill_batch *batch, uint64_t *keep, int64_t *kept,
	                    mill_error *err);
};

/* The last row that is looked at, by its row id: what stands behind it is neither read nor judged. */
typedef struct mill_scan_bound {
	int32_t file;
	int64_t offset;
} mill_scan_bound;

/* Columns that a scan gives behind those of the table, where SQL names them; not part of *. */
#define MILL_HIDDEN_COLUMNS 3

/* What a scan emits: spec.columns, then the hidden columns asked for, then the ids. */
typedef struct mill_scan_spec {
	const int *columns; /* positions in the table's schema, in output order; may be empty (count(*)) */
	int column_count;
	bool want_file;           /* _file STRING: the file's URI */
	bool want_line;           /* _line INT64, from 1; only of a format that has lines */
	bool want_offset;         /* _offset INT64: the second word of the row id */
	bool with_ids;            /* the two words of the row id, UINT64 */
	mill_scan_filter *filter; /* NULL: none */
	mill_bad_policy bad_policy;
	mill_bad_rows *bad_rows;      /* NULL: nobody is told */
	const mill_scan_bound *bound; /* NULL: all rows; borrowed */
} mill_scan_spec;

typedef struct mill_scan_counts {
	int64_t read_rows;     /* rows seen, bad ones included */
	int64_t bad_rows;      /* with a reason at all, whatever became of them */
	int64_t dropped_rows;  /* bad rows that were not passed on (one with a cell that became NULL is) */
	int64_t filtered_rows; /* sound rows that the filter dropped */
	int64_t text_bytes;    /* input as decoded, for progress and for rounds of exchanges */
} mill_scan_counts;

#endif
