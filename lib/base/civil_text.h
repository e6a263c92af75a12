/* The text form of dates and timestamps that readers and casts accept (definitions.md D10). Not collective. */
#ifndef MILL_BASE_CIVIL_TEXT_H
#define MILL_BASE_CIVIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `YYYY-MM-DD`, years 0001–9999. False: not such a text; outputs are then untouched, here and below. */
bool mill_parse_date(const char *text, size_t length, int32_t *days);
/* `YYYY-MM-DD[( |T)HH:MM[:SS[.f{1,9}]]][[ ](Z|UTC|GMT|±HH[:]MM|±HH)]`: no 24:00, no :60; the fraction is rounded half
 * away to µs. A zone converts to UTC and sets *zoned. */
bool mill_parse_timestamp(const char *text, size_t length, int64_t *us, bool *zoned);
/* The zone suffix alone, `Z|UTC|GMT|±HH[:]MM|±HH`: *offset_seconds east of UTC. */
bool mill_parse_zone(const char *text, size_t length, int32_t *offset_seconds);

#endif
