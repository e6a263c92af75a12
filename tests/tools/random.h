/* Random numbers that are the same everywhere, for tests and benchmarks. */
#ifndef RANKMILL_TESTS_RANDOM_H
#define RANKMILL_TESTS_RANDOM_H

#include <stdint.h>

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t random_u64(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15ULL;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
	return z ^ z >> 31;
}

static inline int64_t random_below(uint64_t *state, int64_t n)
{
	return (int64_t)(random_u64(state) % (uint64_t)n);
}

#endif
