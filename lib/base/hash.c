#include "base/hash.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t mill_h64(uint64_t seed, const void *data, size_t size_bytes)
{
	return XXH3_64bits_withSeed(data, size_bytes, seed);
}

mill_u128 mill_h128(uint64_t seed, const void *data, size_t size_bytes)
{
	XXH128_hash_t hash = XXH3_128bits_withSeed(data, size_bytes, seed);
	return (mill_u128)hash.high64 << 64 | hash.low64;
}

mill_u128 mill_h128_rows_sum(uint64_t first_seed, const void *data, size_t row_bytes, int64_t rows)
{
	const uint8_t *row = data;
	mill_u128 sum = 0;
	for (int64_t r = 0; r < rows; r++) {
		XXH128_hash_t hash =
		    XXH3_128bits_withSeed(row + (size_t)r * row_bytes, row_bytes, first_seed + (uint64_t)r);
		sum += (mill_u128)hash.high64 << 64 | hash.low64;
	}
	return sum;
}

struct mill_h128_stream {
	XXH3_state_t state;
};

mill_h128_stream *mill_h128_stream_new(mill_mem *mem)
{
	mill_h128_stream *stream = mill_mem_alloc(mem, sizeof(*stream));
	if (stream == NULL)
		return NULL;
	XXH3_INITSTATE(&stream->state);
	XXH3_128bits_reset(&stream->state);
	return stream;
}

void mill_h128_stream_add(mill_h128_stream *stream, const void *data, size_t size_bytes)
{
	XXH3_128bits_update(&stream->state, data, size_bytes);
}

mill_u128 mill_h128_stream_sum(const mill_h128_stream *stream)
{
	XXH128_hash_t hash = XXH3_128bits_digest(&stream->state);
	return (mill_u128)hash.high64 << 64 | hash.low64;
}

void mill_h128_text(mill_u128 hash, char out[MILL_H128_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	for (int i = 0; i < 32; i++)
		out[i] = digits[(unsigned)(hash >> (124 - 4 * i)) & 15U];
	out[32] = '\0';
}

bool mill_h128_parse(const char *text, mill_u128 *out)
{
	mill_u128 hash = 0;
	int at = 0;
	for (; at < MILL_H128_TEXT_BYTES - 1; at++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = text[at] != '\0' ? strchr(digits, text[at]) : NULL;
		if (digit == NULL)
			return false;
		hash = hash << 4 | (unsigned)(digit - digits);
	}
	if (text[at] != '\0')
		return false;
	*out = hash;
	return true;
}

uint64_t mill_purpose_seed(uint64_t job_seed, const char *purpose, const char *name)
{
	XXH3_state_t state;
	XXH3_INITSTATE(&state);
	XXH3_64bits_reset_withSeed(&state, job_seed);
	XXH3_64bits_update(&state, purpose, strlen(purpose) + 1);
	XXH3_64bits_update(&state, name, strlen(name));
	return XXH3_64bits_digest(&state);
}
