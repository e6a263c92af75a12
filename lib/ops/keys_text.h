/* Texts as two key words: length and up to 12 bytes, or length, 4 bytes and a pointer. Not collective. */
#ifndef MILL_OPS_KEYS_TEXT_H
#define MILL_OPS_KEYS_TEXT_H

#include "column/layout.h"
#include "ops/keys.h"

#include <string.h>

/* The words of a text of up to 12 bytes, where at least 12 bytes may be read. */
static inline void op_keys_short_words(const char *text, int32_t length, uint64_t out[2])
{
	uint32_t head;
	uint64_t tail;
	memcpy(&head, text, sizeof(head));
	memcpy(&tail, text + 4, sizeof(tail));
	if (length < 4)
		head &= ((uint32_t)1 << (8 * length)) - 1;
	tail = length <= 4 ? 0 : tail & (~(uint64_t)0 >> (8 * (12 - length)));
	out[0] = (uint64_t)(uint32_t)length << 32 | head;
	out[1] = tail;
}

/* The 8 bytes at any address. */
static inline uint64_t op_keys_load(const char *from)
{
	uint64_t word;
	memcpy(&word, from, sizeof(word));
	return word;
}

/* Hash of more than 12 bytes; up to 32 by loads that overlap. */
static inline uint64_t op_keys_long_hash(const char *text, int32_t length)
{
	if (length > 32)
		return mill_h64(0, text, (size_t)length);
	const char *end = text + length;
	uint64_t hash = op_keys_mix(op_keys_load(text), op_keys_load(end - 8));
	return length <= 16 ? hash : op_keys_mix(op_keys_mix(hash, op_keys_load(text + 8)), op_keys_load(end - 16));
}

/* Whether two texts of one length beyond 12 bytes are the same. */
static inline bool op_keys_same_text(const char *a, const char *b, int32_t length)
{
	if (length > 32)
		return memcmp(a, b, (size_t)length) == 0;
	const char *a_end = a + length, *b_end = b + length;
	uint64_t differ = (op_keys_load(a) ^ op_keys_load(b)) | (op_keys_load(a_end - 8) ^ op_keys_load(b_end - 8));
	if (length > 16)
		differ |=
		    (op_keys_load(a + 8) ^ op_keys_load(b + 8)) | (op_keys_load(a_end - 16) ^ op_keys_load(b_end - 16));
	return differ == 0;
}

/* The two words of a text and what the second adds to the hash. end: of the bytes that may be read. */
static inline uint64_t op_keys_text_words(const char *text, int32_t length, const char *end, uint64_t out[2])
{
	if (length > 12) {
		uint32_t head;
		memcpy(&head, text, sizeof(head));
		out[0] = (uint64_t)(uint32_t)length << 32 | head;
		out[1] = (uint64_t)(uintptr_t)text;
		return op_keys_long_hash(text, length);
	}
	if (end - text >= 12) {
		op_keys_short_words(text, length, out);
	} else {
		char copy[12] = {0};
		if (length > 0)
			memcpy(copy, text, (size_t)length);
		op_keys_short_words(copy, length, out);
	}
	return out[1];
}

#endif
