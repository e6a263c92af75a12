#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static bool is_tail(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Length of the sequence at p (not ASCII), 0 when it is not valid (Unicode 15, table 3-7). */
static size_t sequence_bytes(const uint8_t *p, size_t left)
{
	uint8_t lead = p[0];
	if (lead < 0xc2 || lead > 0xf4 || left < 2)
		return 0;
	if (lead < 0xe0)
		return is_tail(p[1]) ? 2 : 0;
	uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (p[1] < low || p[1] > high || left < 3 || !is_tail(p[2]))
		return 0;
	if (lead < 0xf0)
		return 3;
	return left >= 4 && is_tail(p[3]) ? 4 : 0;
}

size_t mill_utf8_valid_prefix(const char *text, size_t size_bytes)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t at = 0;
	while (at < size_bytes) {
		uint64_t words[4];
		while (size_bytes - at >= sizeof(words)) {
			memcpy(words, p + at, sizeof(words));
			if (((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080ULL) != 0)
				break;
			at += sizeof(words);
		}
		while (at < size_bytes && p[at] < 0x80)
			at++;
		while (at < size_bytes && p[at] >= 0x80) {
			size_t length = sequence_bytes(p + at, size_bytes - at);
			if (length == 0)
				return at;
			at += length;
		}
	}
	return at;
}

bool mill_utf8_valid(const char *text, size_t size_bytes)
{
	return mill_utf8_valid_prefix(text, size_bytes) == size_bytes;
}

typedef struct code_range {
	uint32_t first, last;
} code_range;

static bool in_ranges(uint32_t code, const code_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static int cells_of(uint32_t code)
{
	static const code_range marks[] = {{0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},    {0x610, 0x61A},
	                                   {0x64B, 0x65F},   {0x200B, 0x200F}, {0x20D0, 0x20F0},  {0xFE00, 0xFE0F},
	                                   {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};
	static const code_range wide[] = {
	    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
	    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
	    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
	    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
	if (code < 0x300 || in_ranges(code, marks, sizeof marks / sizeof marks[0]))
		return code < 0x300;
	return in_ranges(code, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

int mill_utf8_cells(const char *text, size_t size_bytes)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + size_bytes;
	int cells = 0;
	while (p < end) {
		size_t length = *p < 0x80 ? 1 : sequence_bytes(p, (size_t)(end - p));
		uint32_t code = length < 2 ? *p : *p & (0x7FU >> length);
		for (size_t i = 1; i < length; i++)
			code = code << 6 | (p[i] & 0x3F);
		cells += length == 0 ? 1 : cells_of(code);
		p += length == 0 ? 1 : length;
	}
	return cells;
}

size_t mill_utf8_mark_bytes(const char *text, size_t size_bytes)
{
	return size_bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

bool mill_is_ascii(const char *text, size_t size_bytes)
{
	uint64_t seen = 0, word = 0;
	size_t at = 0;
	for (; size_bytes - at >= 8; at += 8) {
		memcpy(&word, text + at, 8);
		seen |= word;
	}
	for (; at < size_bytes; at++)
		seen |= (uint8_t)text[at];
	return (seen & 0x8080808080808080ULL) == 0;
}
