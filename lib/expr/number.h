/* Text to numbers as CAST reads them: base/number with white space allowed around. Not collective. */
#ifndef MILL_EXPR_NUMBER_H
#define MILL_EXPR_NUMBER_H

#include "base/number.h"

/* Reads an int64. Not collective. */
mill_parsed mill_number_i64(const char *text, size_t length_bytes, int64_t *out);
/* Reads a uint64. Not collective. */
mill_parsed mill_number_u64(const char *text, size_t length_bytes, uint64_t *out);
/* Reads a float64, correctly rounded. Not collective. */
mill_parsed mill_number_f64(const char *text, size_t length_bytes, double *out);
/* Reads a float32, rounded once. Not collective. */
mill_parsed mill_number_f32(const char *text, size_t length_bytes, float *out);
/* Reads a decimal(precision, scale), rounded half away from zero to its scale. Not collective. */
mill_parsed mill_number_decimal(const char *text, size_t length_bytes, int precision, int scale, mill_i128 *out);

#endif
