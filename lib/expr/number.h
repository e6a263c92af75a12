/* Text to numbers, strict and independent of the locale. Not collective. */
#ifndef MILL_EXPR_NUMBER_H
#define MILL_EXPR_NUMBER_H

#include "base/hash.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Correctly rounded. White space around is allowed; also nan, inf, infinity in any case, signed. False: not a number,
 * or finite text beyond the type. */
bool mill_number_f64(const char *text, size_t length_bytes, double *out);
bool mill_number_f32(const char *text, size_t length_bytes, float *out);
/* [space][sign]digits[space]. *range is set when it is a number beyond int64 (uint64). */
bool mill_number_i64(const char *text, size_t length_bytes, int64_t *out, bool *range);
bool mill_number_u64(const char *text, size_t length_bytes, uint64_t *out, bool *range);
/* [space][sign]digits[.digits][e[sign]digits][space] at scale, rounded half away from zero; *range: beyond precision.
 */
bool mill_number_decimal(const char *text, size_t length_bytes, int precision, int scale, mill_i128 *out, bool *range);

#endif
