/* Sorting distinct values: by count, falling, then by value; or by value alone. Large runs go by radix over 8 bytes at
 * a time, most significant first; small ones are merged by comparing. Not collective. */
#ifndef MILL_FEATURES_VALUES_SORT_H
#define MILL_FEATURES_VALUES_SORT_H

#include "features/values.h"

/* Puts the entries in order; slots no longer match them. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_values_sort(mill_values *values, bool by_value, mill_error *err);

#endif
