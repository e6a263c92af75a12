/* Stage one of the CSV scan: where fields and rows end. Not collective.
 *
 * The grammar is an automaton over bytes (definitions.md D10): a quote opens a field only as its first byte, inside
 * quotes a doubled quote (or an escaped byte) is a literal, after a closing quote only a delimiter or a row end may
 * follow, rows end at LF, CR or CRLF outside quotes. Blocks of 64 bytes are classified by vector compares; a prefix XOR
 * of the quote bits gives the quoted regions under the assumption that every quote opens or closes a field, the
 * assumption is verified bit by bit, and a block that breaks it is run through the automaton byte by byte. Either way
 * the same positions come out. Sources: Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019); Ge et al.,
 * "Speculative Distributed CSV Data Parsing for Big Data Analytics" (2019). */
#ifndef MILL_FORMATS_CSV_INDEX_H
#define MILL_FORMATS_CSV_INDEX_H

#include "formats/csv/csv.h"

/* The automaton's state before a byte. The numbers are those of mill_csv_transition. */
typedef enum mill_csv_state {
	MILL_CSV_ROW_START = 0,
	MILL_CSV_AFTER_CR = 1, /* a row ended with CR: an LF that follows belongs to the same row end */
	MILL_CSV_FIELD_START = 2,
	MILL_CSV_UNQUOTED = 3,
	MILL_CSV_QUOTED = 4,
	MILL_CSV_QUOTE_END = 5, /* behind a quote inside quotes: closing, or the first of two */
	MILL_CSV_ESCAPED = 6,
	MILL_CSV_COMMENT = 7,
	MILL_CSV_STATES = 8
} mill_csv_state;

/* Text after a closing quote: the row (by number of row ends before it) is bad. */
typedef struct mill_csv_flaw {
	uint32_t row;
	uint32_t at;
} mill_csv_flaw;

/* ends[0] is the position before the first row (begin − 1, wrapping); then every delimiter and row end outside quotes
 * in order, both bytes of a CRLF. row_ends[r] is the index in ends of the entry that ends row r (the CR of a CRLF). A
 * comment gives only the entry of its row end. */
typedef struct mill_csv_index {
	mill_mem *mem;
	uint32_t *ends;
	size_t end_count;
	size_t end_capacity;
	uint32_t *row_ends;
	size_t row_count;
	size_t row_capacity;
	mill_csv_flaw *flaws;
	size_t flaw_count;
	size_t flaw_capacity;
	size_t at; /* scanned so far, in `state` */
	mill_csv_state state;
	bool has_high; /* a byte ≥ 0x80 was seen (in whole blocks, so maybe behind the last row) */
} mill_csv_index;

/* The entry before the row behind the one that ends at entry `end`: the LF of a CRLF, or `end` itself. Not
 * collective. */
static inline uint32_t mill_csv_next_first(const mill_csv_index *x, const uint8_t *text, uint32_t end)
{
	uint32_t at = x->ends[end];
	bool crlf = text[at] == '\r' && end + 1 < x->end_count && x->ends[end + 1] == at + 1 && text[at + 1] == '\n';
	return crlf ? end + 1 : end;
}

/* The dialect's special bytes; −1: none. */
typedef struct mill_csv_bytes {
	int delimiter;
	int quote;
	int escape; /* −1 too where it is the quote */
	int comment;
} mill_csv_bytes;

/* The special bytes of the options. Not collective. */
mill_csv_bytes mill_csv_bytes_of(const mill_csv_options *options);
/* One step of the automaton. Not collective. */
mill_csv_state mill_csv_step(const mill_csv_bytes *bytes, mill_csv_state state, uint8_t byte);

/* An index of nothing, nothing allocated. Not collective. */
void mill_csv_index_init(mill_csv_index *index, mill_mem *mem);
/* Frees its arrays; idempotent. Not collective. */
void mill_csv_index_release(mill_csv_index *index);
/* Starts afresh at position `at`, in `state`. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_index_begin(mill_csv_index *index, size_t at, mill_csv_state state,
                                                mill_error *err);
/* Scans text up to stop_at (≤ size_bytes; may pass it by less than a block) or until stop_rows rows have ended (may
 * pass it by the rows of a block). MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_index_scan(mill_csv_index *index, const mill_csv_bytes *bytes, int simd,
                                               const uint8_t *text, size_t size_bytes, size_t stop_at, size_t stop_rows,
                                               mill_error *err);
/* At the end of the text: ends the last row where it has no row end. *ended_row: whether a row was ended so.
 * MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_index_finish(mill_csv_index *index, size_t size_bytes, bool *ended_row,
                                                 mill_error *err);

#endif
