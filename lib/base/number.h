/* Text → numbers, the same on every machine: no locale, correctly rounded floats. Text is not NUL-terminated and holds
 * nothing else (no blanks). Not collective.
 *
 * Grammar: integers `[+-]digits`; floats `[+-](digits[.[digits]] | .digits)[(e|E)[+-]digits]`, and `[+-]` nan, inf,
 * infinity in any case (NaN is the canonical one, whatever its sign). */
#ifndef MILL_BASE_NUMBER_H
#define MILL_BASE_NUMBER_H

#include "base/hash.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mill_parsed {
	MILL_PARSED,       /* *out is set */
	MILL_PARSE_SYNTAX, /* not such a number; *out untouched */
	MILL_PARSE_RANGE   /* a number that the type cannot hold; *out untouched */
} mill_parsed;

/* Digits with an optional sign, all of length, nothing else. */
mill_parsed mill_parse_i64(const char *text, size_t length, int64_t *out);
/* The same from 0 on; what is below is MILL_PARSE_RANGE. */
mill_parsed mill_parse_u64(const char *text, size_t length, uint64_t *out);
/* Round to nearest even, once, from the digits as written, however many. Beyond the largest finite value: RANGE; below
 * the smallest: ±0. Eisel–Lemire (Lemire 2021; Mushtak and Lemire 2023, no fallback within 19 digits), else exact
 * comparison with the midpoint of the two candidates in big integers. */
mill_parsed mill_parse_f64(const char *text, size_t length, double *out);
/* The nearest float32, rounded once from the digits. */
mill_parsed mill_parse_f32(const char *text, size_t length, float *out);
/* decimal(precision, scale) ≤ 38 digits, rounded half away from zero at the scale; an exponent is allowed. */
mill_parsed mill_parse_decimal(const char *text, size_t length, int precision, int scale, mill_i128 *out);

/* RN(w × 10^q), and false where that is not finite. */
bool mill_f64_scale10(uint64_t w, int64_t q, double *out);
/* The same for float32. */
bool mill_f32_scale10(uint64_t w, int64_t q, float *out);

#endif
