/* Short numbers in CSV fields, before they are rounded to a type. Not collective. */
#ifndef MILL_FORMATS_CSV_NUMBER_H
#define MILL_FORMATS_CSV_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ±w × 10^q, −19 ≤ q ≤ 0. */
typedef struct csv_number {
	uint64_t w;
	int q;
	bool negative;
} csv_number;

/* Digits that always fit a uint64. */
#define CSV_NUMBER_DIGITS 19

/* Digits with at most one point, read byte by byte; a sign has been taken off. False: it is none,
 * or too long. Not collective. */
static inline bool csv_number_plain(const uint8_t *p, size_t n, bool point, csv_number *out)
{
	uint64_t w = 0;
	size_t at_point = n, digits = 0;
	if (n > CSV_NUMBER_DIGITS + 1)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = p[i] - (unsigned)'0';
		if (digit <= 9) {
			w = w * 10 + digit;
			digits++;
		} else if (point && p[i] == '.' && at_point == n) {
			at_point = i;
		} else {
			return false;
		}
	}
	if (digits == 0 || digits > CSV_NUMBER_DIGITS)
		return false;
	out->w = w;
	out->q = at_point == n ? 0 : -(int)(n - 1 - at_point);
	return true;
}

#endif
