/* H64 with seed 0 of 9 to 128 bytes whose pieces are already in registers: no store that a load then waits for. For the
 * hot loops of key hashes; everything else calls mill_h64. Header only. Not collective.
 * Source: the XXH3 specification (Collet), 9–16 and 17–128 bytes, default secret. */
#ifndef MILL_BASE_HASH_INLINE_H
#define MILL_BASE_HASH_INLINE_H

#include "base/hash.h"

#include <string.h>

/* The first 128 bytes of the default secret as little-endian words. */
#define MILL_XXH3_SECRET(i) (mill_xxh3_secret[i])
static const uint64_t mill_xxh3_secret[16] = {
    0xBE4BA423396CFEB8ULL, 0x1CAD21F72C81017CULL, 0xDB979083E96DD4DEULL, 0x1F67B3B7A4A44072ULL,
    0x78E5C0CC4EE679CBULL, 0x2172FFCC7DD05A82ULL, 0x8E2443F7744608B8ULL, 0x4C263A81E69035E0ULL,
    0xCB00C391BB52283CULL, 0xA32E531B8B65D088ULL, 0x4EF90DA297486471ULL, 0xD8ACDEA946EF1938ULL,
    0x3F349CE33F76FAA8ULL, 0x1D4F0BC7C7BBDCF9ULL, 0x3159B4CD4BE0518AULL, 0x647378D9C97E9FC8ULL};

/* 8 bytes at any address, little-endian. */
static inline uint64_t mill_load_u64(const void *from)
{
	uint64_t value;
	memcpy(&value, from, sizeof(value));
	return value;
}

/* The 128-bit product, its halves combined by XOR. */
static inline uint64_t mill_mul_fold(uint64_t a, uint64_t b)
{
	mill_u128 product = (mill_u128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last step of XXH3. */
static inline uint64_t mill_xxh3_avalanche(uint64_t hash)
{
	hash ^= hash >> 37;
	hash *= 0x165667919E3779F9ULL;
	return hash ^ hash >> 32;
}

/* 9 to 16 bytes: the first 8 and the last 8 of them. */
static inline uint64_t mill_h64_9to16(uint64_t first8, uint64_t last8, uint64_t size_bytes)
{
	uint64_t low = first8 ^ (MILL_XXH3_SECRET(3) ^ MILL_XXH3_SECRET(4));
	uint64_t high = last8 ^ (MILL_XXH3_SECRET(5) ^ MILL_XXH3_SECRET(6));
	return mill_xxh3_avalanche(size_bytes + __builtin_bswap64(low) + high + mill_mul_fold(low, high));
}

/* One 16-byte piece of a longer input; `at` counts pieces in the order of the specification's secret. */
static inline uint64_t mill_xxh3_mix(uint64_t low, uint64_t high, int at)
{
	return mill_mul_fold(low ^ MILL_XXH3_SECRET(2 * at), high ^ MILL_XXH3_SECRET(2 * at + 1));
}

/* What the hash of a text of size_bytes starts from. */
static inline uint64_t mill_xxh3_start(uint64_t size_bytes)
{
	return size_bytes * 0x9E3779B185EBCA87ULL;
}

/* 17 to 32 bytes: the first 16 and the last 16 of them. */
static inline uint64_t mill_h64_17to32(const uint64_t first16[2], const uint64_t last16[2], uint64_t size_bytes)
{
	return mill_xxh3_avalanche(mill_xxh3_start(size_bytes) + mill_xxh3_mix(first16[0], first16[1], 0) +
	                           mill_xxh3_mix(last16[0], last16[1], 1));
}

#endif
