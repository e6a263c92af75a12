/* What a CSV reader agrees on with those of the other ranks. */
#ifndef MILL_FORMATS_CSV_SETTLE_H
#define MILL_FORMATS_CSV_SETTLE_H

#include "formats/csv/scan.h"

/* Collective. Counts the lines of the input splits first … last − 1, which this rank reads, and tells every reader the
 * lines before each contiguous range. Does nothing unless spec.want_line. MILL_IO, MILL_DATA, MILL_NOMEM. */
MILL_NODISCARD mill_status mill_csv_prepare(mill_csv_reader *reader, mill_comm *comm, int64_t first, int64_t last,
                                            mill_error *err);
/* Collective. Checks the guesses of all ranks by their seams. Where one was wrong, finds the exact starts in its file
 * and says that the attempt is to be repeated; else seams become pieces. MILL_IO, MILL_DATA, MILL_NOMEM. */
MILL_NODISCARD mill_status mill_csv_settle(mill_csv_reader *reader, mill_comm *comm, mill_arena *arena,
                                           mill_settlement *out, mill_error *err);

#endif
