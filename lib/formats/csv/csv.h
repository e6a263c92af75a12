/* CSV and TSV: dialect, inference, planning, reading. Nothing is sniffed.
 *
 * Text. UTF-8; a UTF-8 BOM is passed over, UTF-16 is refused (MILL_DATA). Rows end at LF, CRLF or a lone CR outside
 * quotes; the last one may end with the file. A quote opens a field only as its first byte, elsewhere outside quotes it
 * is a byte like others; inside quotes everything is text, a doubled quote (or an escaped byte, where `escape` is set)
 * being one. A row that begins with `comment` is passed over. An empty line is no row, but with a single column it is a
 * NULL. NUL is kept. A row may have up to 2 GiB.
 *
 * Values. An unquoted empty field is NULL, and so is an unquoted one that equals a null value; a quoted empty field is
 * an empty text. `trim` strips blanks and tabs around unquoted fields; around numbers, booleans, dates and timestamps
 * they mean nothing anyway. Integers, floats and decimals are those of base/number.h (floats correctly rounded,
 * decimals rounded half away from zero at their scale), timestamps those of base/civil_text.h or of `timestamp_format`
 * (formats/time_format.h, which DATE columns follow too when it has no time of day). Only "true" and "false" in any
 * case are booleans unless others are given.
 *
 * Bad rows, by reason: text_after_quote (between a closing quote and the next delimiter or row end); open_quote (at the
 * end of the file); field_count; invalid_utf8 (in a string column, or in a value that does not convert); bad_value. A
 * row has the first of these that holds, the last two in the order of columns. Every row is judged by all its columns,
 * before any filter, whatever is selected and wherever the file was cut; only rows behind the last one that a LIMIT
 * needs, and files that hive folders rule out, are not judged, since they are not read. With MILL_BAD_NULL the last two
 * make the cell NULL, row kept.
 *
 * Inference looks at the first 1,000 data rows of every file. A type is possible while every value so far can be read
 * as it; of the possible ones the first of timestamp_format's, bool, int64, float64, date, timestamp, timestamp with
 * time zone is taken, else string. Quoted nan and inf are text; integers beyond int64 are float64.
 *
 * The scan has two stages: a SIMD structural index over blocks of text (formats/csv/index.h), then typed decoding
 * straight into columns (formats/csv/kernels.h); unreferenced columns pass the same code without storing. Sources: RFC
 * 4180; the papers named in formats/csv/index.h and base/number.h. Not collective, none of it. */
#ifndef MILL_FORMATS_CSV_CSV_H
#define MILL_FORMATS_CSV_CSV_H

#include "formats/format.h"

typedef struct mill_csv_options {
	mill_format_options base;
	char delimiter; /* ',' */
	int quote;      /* '"'; −1: no quoting */
	int escape;     /* −1: the quote doubled; else a byte that makes the next one literal inside quotes */
	int comment;    /* −1: none; else rows that start with it are skipped */
	bool header;    /* true */
	bool trim;      /* strip blanks around unquoted fields */
	int64_t skip_lines;
	const char *const *null_values; /* besides the unquoted empty field; compared with unquoted fields */
	int null_value_count;
	const char *const *true_values; /* "true" in any case where none are given */
	int true_value_count;
	const char *const *false_values;
	int false_value_count;
	const char *timestamp_format; /* strptime style, NULL: ISO (D10) */
	bool infer;                   /* true: columns without a declared type are inferred; false: they are strings */
} mill_csv_options;

/* The formats of lib/job's list. They share the table function read_csv. */
extern const mill_format mill_csv_format;
extern const mill_format mill_tsv_format;

/* The options where nothing is said. Not collective. */
void mill_csv_options_init(mill_csv_options *options, bool is_tsv);

/* The table that a set of CSV files makes. Equal on all ranks. */
typedef struct mill_csv_table {
	mill_format_table base;
	mill_csv_options options;   /* what they refer to is borrowed from those of the source */
	const int64_t *data_starts; /* [file_count] offset behind BOM, skipped lines and header */
	const int64_t *lead_lines;  /* [file_count] line ends before data_starts */
} mill_csv_table;

/* What a rank claims about one contiguous range it read of a file, for the check of guesses at stage end: over the
 * ranges of a file in order, each range's first_row must equal the next_row of the range before it (and first_row of
 * the range at 0 is exact). A range in which no row starts has first_row = next_row ≥ end; one whose guess
 * led to text that cannot be read has next_row = −1. lines counts the line ends in [first_row, next_row), so that a
 * prefix sum gives line numbers. */
typedef struct mill_csv_seam {
	int32_t file;
	bool guessed;    /* first_row was a guess */
	bool left_early; /* LIMIT: what follows the last row read is not wanted */
	int64_t begin;
	int64_t end;
	int64_t first_row;
	int64_t next_row;
	int64_t lines;
	int64_t rows;
} mill_csv_seam;

/* Reads stretches of consecutive input splits. Only the head of a stretch has to guess where its first row starts (a
 * quoted newline may straddle the cut); inside a stretch state is chained. Guesses are checked by seams (settle.c). */
typedef struct mill_csv_reader mill_csv_reader;
/* A reader of the input splits of plan; mill_csv_reader_begin comes next. Arguments are borrowed; memory from
 * env->arena. MILL_INTERNAL: spec asks for what is not there. Not collective. */
MILL_NODISCARD mill_status mill_csv_reader_open(const mill_csv_table *table, const mill_input_plan *plan,
                                                const mill_scan_spec *spec, const mill_format_env *env,
                                                mill_csv_reader **out, mill_error *err);
/* Begins an attempt with nothing read; what was set by mill_csv_set_exact and mill_csv_set_lines_before stays.
 * MILL_NOMEM, MILL_USAGE (the time format). Not collective. */
MILL_NODISCARD mill_status mill_csv_reader_begin(mill_csv_reader *reader, const mill_scan_spec *spec, mill_error *err);
/* Pushes the rows of an input split into sink (not its finish_unit). Input splits are read in ascending order; one that
 * does not follow the one read before starts a new stretch. Stops early when sink->done. MILL_IO, MILL_DATA, what the
 * sink and reports say. Not collective. */
MILL_NODISCARD mill_status mill_csv_read_split(mill_csv_reader *reader, int64_t split, mill_sink *sink,
                                               mill_error *err);
/* The seams of what this attempt read so far (borrowed, valid until the next read). Not collective. */
const mill_csv_seam *mill_csv_seams(const mill_csv_reader *reader, int64_t *count);
/* The counts of this attempt so far. Not collective. */
const mill_scan_counts *mill_csv_counts(const mill_csv_reader *reader);
/* Frees what attempts took; NULL is fine, idempotent. Not collective. */
void mill_csv_reader_close(mill_csv_reader *reader);

/* Checks the seams of all ranks, in (file, begin) order. bad_files[file] is set where a guess was wrong, or where no
 * seam before it can vouch for it. The seams are gathered first, and those behind a range that was left early are
 * dropped. What an attempt reported, errors included, counts only once its guesses are confirmed. MILL_INTERNAL: the
 * seams are not in order. Not collective. */
MILL_NODISCARD mill_status mill_csv_check_seams(const mill_csv_seam *seams, int64_t count, bool *bad_files,
                                                int64_t file_count, int64_t *bad_count, mill_error *err);
/* Exact starts, for files whose guesses failed: the state transition of a range from every possible state, composed
 * over the ranges of a file, gives each range's exact first row; given to the reader before it reads that range again.
 */
typedef struct mill_csv_transition {
	int32_t file;
	int64_t begin;
	int64_t end;
	uint8_t next_state[8];
	int64_t first_row[8]; /* offset of the first row start in [begin, end), or −1, by state at begin */
} mill_csv_transition;
/* Reads the range once for its transition. MILL_IO, MILL_DATA, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_scan_transition(const mill_csv_table *table, const mill_range *range, mill_mem *mem,
                                                    mill_csv_transition *out, mill_error *err);
/* Transitions of one file in order → exact first rows[count]. Not collective. */
void mill_csv_compose(const mill_csv_transition *transitions, int64_t count, int64_t *first_rows);
/* From the next attempt on the reader starts the contiguous range that begins at (file, begin) at first_row instead of
 * guessing. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_set_exact(mill_csv_reader *reader, int32_t file, int64_t begin, int64_t first_row,
                                              mill_error *err);

/* Line numbers. A line end is LF, CRLF or a lone CR, inside quotes too, and belongs to the place of its last byte.
 *
 * With spec.want_line a reader must know the lines before each contiguous range that it begins. Either it is told
 * (settle.c counts every rank's ranges with mill_csv_count_lines and sums over those before, in file order), or it
 * reads the file from its begin to count them itself, which is right but slow. */

/* The line ends in a range. MILL_IO, MILL_DATA, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_count_lines(const mill_csv_table *table, const mill_range *range, mill_mem *mem,
                                                int64_t *lines, mill_error *err);
/* lines: the line ends of file before `begin`, where a contiguous range begins. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_set_lines_before(mill_csv_reader *reader, int32_t file, int64_t begin,
                                                     int64_t lines, mill_error *err);
/* For reports, after the seams were checked: bases[i] + mill_bad_row.line + 1 is the line number of a row of seams[i].
 * The seams cover every file from its begin without a gap, in the order of (file, begin). Not collective. */
void mill_csv_line_bases(const mill_csv_table *table, const mill_csv_seam *seams, int64_t count, int64_t *bases);
/* Brings seams into the order of (file, begin). Not collective. */
void mill_csv_sort_seams(mill_csv_seam *seams, int64_t count);

#endif
