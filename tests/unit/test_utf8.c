/* UTF-8 against a decoder written from the definition: code points, shortest forms, no surrogates. */
#include "base/utf8.h"
#include "unit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Length of a well-formed sequence at p, 0 if there is none. */
static size_t decode(const uint8_t *p, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
	if (length <= 1 || length > left)
		return length == 1 ? 1 : 0;
	uint32_t code = p[0] & (0xffU >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		code = code << 6 | (p[i] & 63U);
	}
	return code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0 : length;
}

static size_t valid_prefix(const uint8_t *text, size_t size)
{
	size_t at = 0, length;
	while (at < size && (length = decode(text + at, size - at)) != 0)
		at += length;
	return at;
}

static void check(const uint8_t *text, size_t size)
{
	size_t expected = valid_prefix(text, size);
	if (mill_utf8_valid_prefix((const char *)text, size) != expected ||
	    mill_utf8_valid((const char *)text, size) != (expected == size)) {
		printf("%02x %02x %02x %02x, %zu bytes: expected a valid prefix of %zu\n", text[0], text[1], text[2],
		       text[3], size, expected);
		CU_FAIL_FATAL("utf8");
	}
}

static void test_cells(void)
{
	static const struct {
		const char *text;
		int cells;
	} cases[] = {{"", 0},
	             {"abc\t", 4},
	             {"\xC3\xA9", 1},
	             {"e\xCC\x81", 1},
	             {"\xE6\x97\xA5\xE6\x9C\xAC", 4},
	             {"\xF0\x9F\x98\x80", 2},
	             {"\xEF\xBC\xA1", 2},
	             {"\xEA\xB0\x80", 2},
	             {"a\xFFz", 3},
	             {"\xE6\x97", 2}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		CU_ASSERT_EQUAL(mill_utf8_cells(cases[i].text, strlen(cases[i].text)), cases[i].cells);
	CU_ASSERT_EQUAL(mill_utf8_mark_bytes("\xEF\xBB\xBFx", 4), 3);
	CU_ASSERT_EQUAL(mill_utf8_mark_bytes("\xEF\xBB", 2), 0);
	CU_ASSERT_EQUAL(mill_utf8_mark_bytes("SELECT", 6), 0);
}

static void test_all_pairs_and_leads(void)
{
	uint8_t text[4];
	for (uint32_t n = 0; n < 1U << 16; n++) {
		text[0] = (uint8_t)(n >> 8);
		text[1] = (uint8_t)n;
		text[2] = 'a';
		text[3] = 'b';
		check(text, 2);
		for (int tail = 0; tail < 4; tail++) {
			static const uint8_t edges[] = {0x7f, 0x80, 0xbf, 0xc0};
			text[2] = edges[tail];
			check(text, 3);
			for (int last = 0; last < 4; last++) {
				text[3] = edges[last];
				check(text, 4);
			}
		}
	}
}

/* Each place in a run of ASCII, so that the wide steps meet every alignment. */
static void test_long(void)
{
	uint8_t text[200];
	static const char *const pieces[] = {"\xc3\xa9", "\xf0\x9f\x9a\x95", "\xff", "\xe2\x82", "\xed\xa0\x80"};
	for (size_t at = 0; at < 190; at++)
		for (size_t piece = 0; piece < 5; piece++) {
			memset(text, 'x', sizeof(text));
			memcpy(text + at, pieces[piece], strlen(pieces[piece]));
			for (size_t size = at; size < sizeof(text); size += 13)
				check(text, size);
		}
	CU_ASSERT(mill_utf8_valid("", 0) && mill_is_ascii("", 0));
	CU_ASSERT(mill_is_ascii("0123456789abcdef\x7f", 17) && !mill_is_ascii("0123456789abcdef\x80", 17));
	CU_ASSERT(!mill_is_ascii("\x80"
	                         "123456789abcdef",
	                         16));
}

static const unit_case cases[] = {{"sequences", test_all_pairs_and_leads}, {"long", test_long}, {"cells", test_cells}};
UNIT_MAIN("utf8", cases)
