/* The vector copy against the scalar one: every sequence of up to four bytes from the edges of all ranges, at every
 * place of a block, alone and among others, and random text. */
#include "base/simd.h"
#include "base/utf8.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                                0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF};
#define EDGES (sizeof edges)

/* Asking the CPU takes longer than the check. */
static int simd;

static bool same(const char *text, size_t size)
{
	return mill_utf8_valid_simd(simd, text, size) == mill_utf8_valid(text, size);
}

static void sequences(void)
{
	char text[100];
	int64_t differing = 0;
	for (size_t n = 0; n < EDGES * EDGES * EDGES * EDGES; n++) {
		memset(text, 'a', sizeof text);
		size_t at = n * 7 % 64;
		text[at] = (char)edges[n % EDGES];
		text[at + 1] = (char)edges[n / EDGES % EDGES];
		text[at + 2] = (char)edges[n / EDGES / EDGES % EDGES];
		text[at + 3] = (char)edges[n / EDGES / EDGES / EDGES];
		differing +=
		    !same(text, sizeof text) || !same(text, at + 3) || !same(text + at % 8, sizeof text - at % 8);
		differing += at + 4 >= 32 && !same(text, at + 4);
	}
	CU_ASSERT_EQUAL(differing, 0);
}

static void random_text(void)
{
	static const char *const pieces[] = {
	    "a",        "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF",
	    "\xE2\x82", "\x80"};
	uint64_t state = 7;
	int64_t differing = 0, valid = 0;
	for (int round = 0; round < 20000; round++) {
		char text[512];
		size_t size = 0;
		bool sound = round % 2 == 0;
		while (size < 300) {
			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			const char *piece = pieces[(state >> 33) % (sound ? 6 : (state >> 50) % 64 == 0 ? 8 : 6)];
			memcpy(text + size, piece, strlen(piece));
			size += strlen(piece);
		}
		differing += !same(text, size);
		valid += mill_utf8_valid(text, size);
		size -= (size_t)(state >> 40) % 8;
		differing += !same(text, size);
	}
	CU_ASSERT_EQUAL(differing, 0);
	CU_ASSERT(valid >= 10000);
}

static const unit_case cases[] = {{"sequences", sequences}, {"random_text", random_text}};

int main(void)
{
	simd = mill_simd_level(NULL);
	return unit_main("utf8_simd", cases, sizeof cases / sizeof cases[0]);
}
