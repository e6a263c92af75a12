/* Monotonic time and interval timers. Not collective. */
#ifndef MILL_BASE_CLOCK_H
#define MILL_BASE_CLOCK_H

#include <stdint.h>

int64_t mill_clock_ns(void);      /* monotonic */
int64_t mill_clock_wall_us(void); /* since 1970 UTC; never part of data */

#endif
