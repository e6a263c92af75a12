/* One source's bad rows on one rank: counts, the first ones for the message, quarantined ones in scratch. Private to
 * the job room. Not collective. */
#ifndef MILL_JOB_AUDIT_H
#define MILL_JOB_AUDIT_H

#include "job/books.h"

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
	int32_t caret;
	int32_t raw_bytes;
	char raw[MILL_AUDIT_RAW_BYTES];
	char detail[MILL_AUDIT_DETAIL_BYTES];
} mill_shown_row;

/* What stands before detail and raw bytes in a quarantine record. Stays on its rank. */
typedef struct mill_quarantine_head {
	int64_t file;
	int64_t offset;
	int64_t line; /* relative to the seam */
	int32_t seam;
	int32_t column;
	int32_t reason;
	int32_t detail_bytes;
} mill_quarantine_head;

struct mill_audit {
	mill_bad_rows reporter; /* first: what the scan calls */
	mill_books *books;
	const char *name;
	mill_bad_limit limit;
	const mill_schema *schema;
	const mill_input_file *files;
	int64_t file_count;
	bool judged; /* a verdict was given on what was read last */
	bool closed; /* … and that was the whole source: what is read again is not counted again */
	int64_t by_reason[MILL_REASON_COUNT];
	int64_t bad_rows;
	int64_t read_rows;
	mill_shown_row shown[MILL_AUDIT_SHOWN];
	int32_t shown_seam[MILL_AUDIT_SHOWN];
	int shown_count;
	mill_spill_file *quarantine; /* records: fixed head + raw bytes, lines relative to seams until judged */
	int64_t *seam_lines;         /* once judged: lines before each seam of this rank */
	struct mill_audit *next;
};

#endif
