/* Where the first row of a cut begins. Not collective. */
#ifndef MILL_FORMATS_CSV_GUESS_H
#define MILL_FORMATS_CSV_GUESS_H

#include "formats/csv/rows.h"

/* The state before the byte at `begin` (> 0) of the buffer's file, guessed from the text around it: quoted or not, by
 * which of the two reads more rows of field_count fields and fewer flaws. invert: the other one. The buffer is left at
 * begin. MILL_IO, MILL_DATA, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_guess_state(mill_csv_buffer *buffer, const mill_csv_bytes *bytes, int simd,
                                                int field_count, int64_t begin, bool invert, mill_mem *mem,
                                                mill_csv_state *out, mill_error *err);
/* The offset of the first row start at or behind the buffer's begin, where the automaton is in `state` there; the end
 * of the text where none follows. MILL_IO, MILL_DATA, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_find_row(mill_csv_buffer *buffer, const mill_csv_bytes *bytes, mill_csv_state state,
                                             int64_t *out, mill_error *err);

#endif
