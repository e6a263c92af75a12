/* The source contract: a source is planned into splits once (rank 0), then every rank reads its run of splits.
 *
 * A split is a list of ranges of files; ranges of one file are consecutive over consecutive splits, so a rank's run
 * covers one contiguous byte range of each file it touches. A range owns the rows whose first byte lies in it. Only the
 * head of a run has to guess where its first row starts (a quoted newline may straddle the cut); inside a run state is
 * chained. The guesses are checked at stage end by seams. Not collective. */
#ifndef MILL_FORMATS_SOURCE_H
#define MILL_FORMATS_SOURCE_H

#include "base/knobs.h"
#include "column/column.h"
#include "storage/storage.h"

typedef enum mill_codec { MILL_CODEC_NONE, MILL_CODEC_GZIP, MILL_CODEC_ZSTD } mill_codec;

/* One input file, equal on all ranks. ordinal = its place in the listing (D2). */
typedef struct mill_input_file {
	const char *uri;
	int64_t size_bytes; /* as stored */
	int64_t mtime_ns;
	mill_codec codec;         /* by content: a compressed file is one split that cannot be cut */
	const char **hive_values; /* [schema hive columns]; NULL = SQL NULL */
} mill_input_file;

typedef struct mill_range {
	int32_t file;
	int64_t begin;
	int64_t end; /* exclusive; INT64_MAX for a compressed file */
} mill_range;

typedef struct mill_split {
	int64_t first_range;
	int32_t range_count;
	int64_t size_bytes;
} mill_split;

typedef struct mill_split_plan {
	mill_split *splits;
	int64_t split_count;
	mill_range *ranges;
	int64_t range_count;
} mill_split_plan;

/* Cuts files into splits of about split_bytes; small files are packed in file order. The same on every rank. */
MILL_NODISCARD mill_status mill_plan_splits(const mill_input_file *files, int64_t file_count, int64_t split_bytes,
                                            mill_arena *arena, mill_split_plan *out, mill_error *err);
/* The contiguous run [first, last) of splits of `rank`, balanced by bytes. */
void mill_split_run(const mill_split_plan *plan, int rank, int size, int64_t *first, int64_t *last);

/* What a rank claims about one contiguous range it read of a file, for the check of guesses at stage end: over the
 * ranges of a file in order, each range's first_row must equal the next_row of the range before it (and first_row of
 * the range at 0 is exact). A range in which no row starts has first_row = next_row ≥ end; one whose guess
 * led to text that cannot be read has next_row = −1. lines counts the line ends in [first_row, next_row), so that a
 * prefix sum gives line numbers. */
typedef struct mill_seam {
	int32_t file;
	bool guessed;    /* first_row was a guess */
	bool left_early; /* LIMIT: what follows the last row read is not wanted */
	int64_t begin;
	int64_t end;
	int64_t first_row;
	int64_t next_row;
	int64_t lines;
	int64_t rows;
} mill_seam;

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

/* One bad row as reported by a reader; borrowed for the duration of the call. */
typedef struct mill_bad_row {
	int32_t file;
	int64_t offset; /* of the row's first byte in the decompressed file */
	int64_t line; /* lines before the row since the first_row of its contiguous range (fixed up by the seams' prefix
	                 sum) */
	int32_t seam; /* index into the reader's seams: the range it belongs to */
	int32_t column; /* −1: the row as a whole */
	mill_bad_reason reason;
	const char *raw; /* the row's bytes without its line end */
	size_t raw_bytes;
	size_t caret_bytes; /* where in raw the trouble is */
	const char *detail; /* "\"12x\" is not an int32" */
} mill_bad_row;

typedef struct mill_bad_rows {
	mill_status (*report)(struct mill_bad_rows *self, const mill_bad_row *row, mill_error *err);
} mill_bad_rows;

/* A predicate pushed into the scan: columns it needs are decoded first, the others only for the rows it keeps (in rows
 * it drops they pass a recogniser, so verdicts never depend on it). keep has a bit a row; bits past rows are 0. */
typedef struct mill_scan_filter mill_scan_filter;
struct mill_scan_filter {
	const int *columns; /* ascending positions in the batch that the scan would emit */
	int column_count;
	/* batch: the scan's batch in which only `columns` (and ids) are filled. Sets *kept to the number of set bits.
	 */
	mill_status (*keep)(mill_scan_filter *self, const mill_batch *batch, uint64_t *keep, int64_t *kept,
	                    mill_error *err);
};

/* The last row that is looked at: what stands behind it is neither read nor judged. */
typedef struct mill_scan_bound {
	int32_t file;
	int64_t offset; /* of the row's first byte */
} mill_scan_bound;

/* What a scan emits. */
typedef struct mill_scan_spec {
	const int *columns; /* positions in the source's schema, in output order; may be empty (count(*)) */
	int column_count;
	bool with_ids; /* append the two id words (file ordinal, offset) */
	bool want_file, want_line,
	    want_offset;          /* hidden columns _file, _line, _offset, after the columns, in this order */
	mill_scan_filter *filter; /* NULL: none */
	mill_bad_policy bad_policy;
	mill_bad_rows *bad_rows;      /* called for every bad row (policies FAIL and QUARANTINE) or cell (NULL) */
	const mill_scan_bound *bound; /* NULL: all rows; borrowed */
} mill_scan_spec;

typedef struct mill_scan_counts {
	int64_t read_rows; /* data rows seen, bad ones included */
	int64_t bad_rows;
	int64_t dropped_rows;  /* bad rows that were not passed on (a cell that became NULL is) */
	int64_t filtered_rows; /* dropped by the filter */
	int64_t text_bytes;    /* decompressed input */
} mill_scan_counts;

#endif
