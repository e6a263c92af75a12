/* Options of CSV and TSV, for their entries in the list of formats. Not collective. */
#ifndef MILL_FORMATS_CSV_OPTIONS_H
#define MILL_FORMATS_CSV_OPTIONS_H

#include "formats/csv/csv.h"

#define MILL_CSV_OPTION_COUNT 13
extern const mill_format_option mill_csv_option_table[MILL_CSV_OPTION_COUNT];

/* As mill_format.new_options. Not collective. */
MILL_NODISCARD mill_status mill_csv_new_options(const mill_format *self, mill_arena *arena, mill_format_options **out,
                                                mill_error *err);
/* As mill_format.check_options: special bytes that cannot be told apart, words that mean two things. Not collective. */
MILL_NODISCARD mill_status mill_csv_check_options(const mill_format_options *options, mill_error *err);

#endif
