/* Line ends, counted with vectors of byte counters. */
#include "formats/csv/lines.h"

#include "base/simd.h"

#define STRIPE_BYTES 32
#define STRIPES      255 /* what a byte counter holds */

/* An LF ends a line, and a CR that no LF follows. */
static inline uint8_t ends_line(const uint8_t *p)
{
	return (uint8_t)((p[0] == '\n') | ((p[0] == '\r') & (p[1] != '\n')));
}

static MILL_SIMD_BODY int64_t line_ends_body(const uint8_t *text, size_t size_bytes)
{
	int64_t total = 0;
	size_t at = 0;
	while (size_bytes - at >= STRIPE_BYTES) {
		uint8_t counts[STRIPE_BYTES] = {0};
		size_t stripes = (size_bytes - at) / STRIPE_BYTES;
		stripes = stripes < STRIPES ? stripes : STRIPES;
		for (size_t s = 0; s < stripes; s++, at += STRIPE_BYTES)
			for (size_t i = 0; i < STRIPE_BYTES; i++)
				counts[i] = (uint8_t)(counts[i] + ends_line(text + at + i));
		for (size_t i = 0; i < STRIPE_BYTES; i++)
			total += counts[i];
	}
	for (; at < size_bytes; at++)
		total += ends_line(text + at);
	return total;
}
MILL_SIMD_COPIES(static int64_t, line_ends, (text, size_bytes), const uint8_t *text, size_t size_bytes)

int64_t mill_csv_line_ends(const uint8_t *text, size_t size_bytes, int simd)
{
	return line_ends(simd, text, size_bytes);
}
