/* The CSV reader's inner parts: see formats/csv/reader.c (stretches of input splits, seams), formats/csv/batch.c (one
 * batch) and formats/csv/report.c (bad rows). Not collective. */
#ifndef MILL_FORMATS_CSV_SCAN_H
#define MILL_FORMATS_CSV_SCAN_H

#include "column/column.h"
#include "formats/csv/buffer.h"
#include "formats/csv/decode.h"

/* What the scan does with one column of the files. */
typedef struct mill_csv_field_plan {
	mill_type type;
	bool is_wanted;    /* emitted */
	bool is_in_filter; /* decoded before the filter */
} mill_csv_field_plan;

/* Something known of the contiguous range that begins at (file, begin). */
typedef struct mill_csv_known {
	int32_t file;
	int64_t begin;
	int64_t value;
} mill_csv_known;

typedef struct mill_csv_known_list {
	mill_csv_known *items;
	int64_t count;
	int64_t capacity;
} mill_csv_known_list;

/* Counts line ends from row to row, forward. */
typedef struct mill_csv_line_cursor {
	int64_t offset; /* of the file, up to which was counted */
	int64_t lines;  /* since the seam's first_row */
} mill_csv_line_cursor;

struct mill_csv_reader {
	mill_format_reader base; /* counts; pieces are made of seams when the attempt is settled */
	const mill_csv_table *table;
	const mill_input_plan *plan;
	mill_scan_spec spec;
	mill_knobs knobs;
	mill_mem *mem;
	mill_arena *arena; /* of the run */
	int simd;
	mill_csv_rules rules;
	mill_csv_decoder decoder;
	mill_csv_field_plan *fields; /* [file_column_count] */
	mill_column *decoded;        /* [file_column_count] of the current batch */
	bool *filter_needs;          /* [batch columns] */
	mill_csv_buffer buffer;
	int32_t buffer_file; /* −1: none open */
	mill_csv_rows rows;
	mill_csv_seam *seams;
	int64_t seam_count;
	int64_t seam_capacity;
	int64_t next_split; /* the one that would continue the stretch */
	mill_csv_known_list exact_rows;
	mill_csv_known_list line_bases;
	mill_csv_line_cursor line;
	int64_t line_base;   /* lines before the seam's first_row; only with want_line */
	bool text_failed;    /* the last error is about the text itself, not about what was done with its rows */
	bool decode_eagerly; /* the filter keeps most rows: decoding them all at once beats recognising and decoding */
	mill_bytes detail;
};

/* Reads and pushes the rows of one batch, from the buffer's begin, a row start, up to those that begin at end_offset.
 * Moves the buffer behind them. *at_end: no row follows in the text. MILL_IO, MILL_DATA, MILL_NOMEM, what the sink and
 * reports say. Not collective. */
MILL_NODISCARD mill_status mill_csv_read_batch(mill_csv_reader *reader, int64_t end_offset, mill_sink *sink,
                                               bool *at_end, mill_error *err);
/* Sorts the bad cells and rows of the batch by place and hands them to spec.bad_rows; counts them. MILL_NOMEM, what the
 * report says. Not collective. */
MILL_NODISCARD mill_status mill_csv_report_bad(mill_csv_reader *reader, mill_error *err);
/* The lines since the seam's first_row, up to `position` of the buffer; position must not decrease. Not collective. */
int64_t mill_csv_line_at(const mill_csv_reader *reader, mill_csv_line_cursor *cursor, size_t position);

#endif
