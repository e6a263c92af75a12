#include "base/simd.h"

#include <stddef.h>

#if MILL_SIMD_HAVE_V3
#include <cpuid.h>

/* The x86-64 psABI's list for level v3. libgcc's check of avx2 covers the operating system's part (XCR0). */
static bool cpu_has_v3(void)
{
	unsigned a = 0, b = 0, c = 0, d = 0;
	if (!__builtin_cpu_supports("avx2") || !__get_cpuid(1, &a, &b, &c, &d))
		return false;
	const unsigned basic = bit_FMA | bit_MOVBE | bit_F16C | bit_OSXSAVE;
	if ((c & basic) != basic)
		return false;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & (bit_BMI | bit_BMI2)) != (bit_BMI | bit_BMI2))
		return false;
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT) != 0;
}
#else
static bool cpu_has_v3(void)
{
	return false;
}
#endif

int mill_simd_level(const mill_knobs *knobs)
{
	if (knobs != NULL && knobs->simd == MILL_SIMD_PORTABLE)
		return MILL_SIMD_PORTABLE;
	return cpu_has_v3() ? MILL_SIMD_V3 : MILL_SIMD_PORTABLE;
}
