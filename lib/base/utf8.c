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
