/* One source's bad rows on one rank: counts, the first ones for the message, quarantined ones in scratch. Not
 * collective. */
#ifndef MILL_STAGE_AUDIT_H
#define MILL_STAGE_AUDIT_H

#include "stage/books.h"

#define MILL_AUDIT_SHOWN 5 /* bad rows that a message shows */
#define MILL_AUDIT_REFUSED_ROWS \
	10000 /* of a source with "fail", a rank keeps no more: a wrong schema refuses them all */
#define MILL_AUDIT_RAW_BYTES    160
#define MILL_AUDIT_DETAIL_BYTES 160

/* A bad row as a message shows it; travels between ranks of one build as it is. */
typedef struct mill_shown_row {
	int64_t file;
	int64_t offset;
	int64_t line; /* 1-based once judged */
	int32_t column;
	int32_t reason;
	int32_t caret; /* characters of raw before it */
	int32_t raw_bytes;
	char raw[MILL_AUDIT_RAW_BYTES];
	char detail[MILL_AUDIT_DETAIL_BYTES];
} mill_shown_row;

/* What stands before detail and raw bytes in a quarantine record. Stays on its rank. */
typedef struct mill_quarantine_head {
	int64_t file;
	int64_t offset;
	int64_t line; /* relative to the piece */
	int32_t piece;
	int32_t column;
	int32_t reason;
	int32_t detail_bytes;
} mill_quarantine_head;

/* What one scan of the source put aside on this rank. */
typedef struct mill_audit_scan {
	mill_spill_file *quarantine; /* records: fixed head, detail, raw bytes; NULL: none */
	int64_t *piece_lines;        /* [piece of this rank] the lines before it, once judged */
	struct mill_audit_scan *next;
} mill_audit_scan;

/* What one scan of the source found on this rank, before it is judged. */
typedef struct mill_audit_attempt {
	int64_t by_reason[MILL_REASON_COUNT];
	int64_t bad_rows;
	int64_t file; /* the last bad row's place */
	int64_t offset;
	mill_shown_row shown[MILL_AUDIT_SHOWN];
	int32_t shown_piece[MILL_AUDIT_SHOWN];
	int shown_count;
	mill_spill_file *quarantine;
} mill_audit_attempt;

/* What scans have judged of a file: every row that begins before `until`, `rows` in number. */
typedef struct mill_audit_file {
	int64_t until;
	int64_t rows;
} mill_audit_file;

struct mill_audit {
	mill_bad_rows reporter; /* first: what the scan calls */
	mill_books *books;
	const char *name;
	mill_bad_limit limit;
	const mill_format_table *input;
	mill_audit_attempt attempt;
	mill_audit_file *judged;              /* [file_count], equal on all ranks */
	mill_audit_scan *scans;               /* judged ones that put rows aside, the last one first */
	int64_t by_reason[MILL_REASON_COUNT]; /* over all ranks and judged scans */
	int64_t bad_rows;
	int64_t read_rows;
	struct mill_audit *next;
};

/* Deletes its scratch files; the books own the rest. Not collective. */
void mill_audit_release(mill_audit *audit);

#endif
