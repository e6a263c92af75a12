/* Hot loops compiled twice, for any x86-64 and for x86-64-v3 (AVX2, BMI2), and chosen at run time. Both copies come
 *from one body and give the same bits: -ffp-contract=off keeps FMA out of the v3 copy. Not collective.
 *
 *	static MILL_SIMD_BODY int64_t count_set_body(const uint64_t *restrict words, int64_t count) { … }
 *	MILL_SIMD_COPIES(static int64_t, count_set, (words, count), const uint64_t *restrict words, int64_t count)
 *
 * defines `static int64_t count_set(int simd, const uint64_t *restrict words, int64_t count)`, where simd comes from
 * mill_simd_level() once a stage. Code with intrinsics writes count_set_v3 by hand with MILL_SIMD_V3_TARGET. */
#ifndef MILL_BASE_SIMD_H
#define MILL_BASE_SIMD_H

#include "base/knobs.h"

#define MILL_SIMD_PORTABLE 1
#define MILL_SIMD_V3       3

/* The best level that both the CPU (and its operating system) and knobs->simd allow; knobs may be NULL.
 * RANKMILL_SIMD=v3 on a CPU without it is the portable level. */
int mill_simd_level(const mill_knobs *knobs);

#define MILL_SIMD_BODY inline __attribute__((always_inline))

#if defined(__x86_64__)
#define MILL_SIMD_HAVE_V3   1
#define MILL_SIMD_V3_TARGET __attribute__((target("arch=x86-64-v3")))
#define MILL_SIMD_COPIES(linkage_and_result, name, arguments, ...)                               \
	__attribute__((noinline)) MILL_SIMD_V3_TARGET linkage_and_result name##_v3(__VA_ARGS__); \
	linkage_and_result name##_v3(__VA_ARGS__)                                                \
	{                                                                                        \
		return name##_body arguments;                                                    \
	}                                                                                        \
	__attribute__((noinline)) linkage_and_result name##_portable(__VA_ARGS__);               \
	linkage_and_result name##_portable(__VA_ARGS__)                                          \
	{                                                                                        \
		return name##_body arguments;                                                    \
	}                                                                                        \
	linkage_and_result name(int simd, __VA_ARGS__)                                           \
	{                                                                                        \
		return simd == MILL_SIMD_V3 ? name##_v3 arguments : name##_portable arguments;   \
	}
#else
#define MILL_SIMD_HAVE_V3 0
#define MILL_SIMD_COPIES(linkage_and_result, name, arguments, ...) \
	linkage_and_result name(int simd, __VA_ARGS__)             \
	{                                                          \
		(void)simd;                                        \
		return name##_body arguments;                      \
	}
#endif

#endif
