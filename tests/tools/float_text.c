/* Reads hexadecimal bit patterns, one a line ("d BITS" or "f BITS"), and prints their shortest text. */
#include "base/float_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	char kind = 0;
	uint64_t bits = 0;
	while (scanf(" %c %" SCNx64, &kind, &bits) == 2) {
		char text[MILL_FLOAT_TEXT_BYTES];
		if (kind == 'd') {
			double value = 0;
			memcpy(&value, &bits, sizeof value);
			mill_f64_text(value, text);
		} else {
			uint32_t half = (uint32_t)bits;
			float value = 0;
			memcpy(&value, &half, sizeof value);
			mill_f32_text(value, text);
		}
		puts(text);
	}
	return 0;
}
