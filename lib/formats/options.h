/* Options of a source, read by what its format says of them. Not collective. */
#ifndef MILL_FORMATS_OPTIONS_H
#define MILL_FORMATS_OPTIONS_H

#include "formats/format.h"

/* The options of a block ("options"; NULL: nothing is said), with the format's defaults for what is missing; in arena.
 * Refusals are located: unknown keys with a suggestion, two words for one option, values that the option does not take.
 * MILL_USAGE, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_options_read(const mill_format *format, const mill_json *block, mill_arena *arena,
                                             mill_format_options **out, mill_error *err);
/* One option by name, in any case: an argument of the format's table function. MILL_USAGE: there is none, or it does
 * not take the value. Not collective. */
MILL_NODISCARD mill_status mill_options_set(mill_format_options *options, const char *key, const mill_json *value,
                                            mill_arena *arena, mill_error *err);

#endif
