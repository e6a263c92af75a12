#include "expr/math.h"
#include "base/number.h"
#include "base/simd.h"
#include <immintrin.h>
#include <math.h>
#include <sleef.h>
#include <string.h>

/* One algorithm at every width: SLEEF 3.5's non-FMA scalar, SSE2 and AVX forms give the same bits (CBRT is scalar),
 * which tests/unit/test_expr_math.c checks over a million values each. */

/* All but CBRT, whose AVX form differs from the others in 1 of 15,000 values. */
#define VECTOR_FUNCTIONS(X) \
	X(EXP, exp)         \
	X(EXPM1, expm1)     \
	X(LN, log)          \
	X(LOG2, log2)       \
	X(LOG10, log10)     \
	X(LOG1P, log1p)     \
	X(SIN, sin)         \
	X(COS, cos)         \
	X(TAN, tan)         \
	X(ASIN, asin)       \
	X(ACOS, acos)       \
	X(ATAN, atan)       \
	X(SINH, sinh)       \
	X(COSH, cosh)       \
	X(TANH, tanh)
#define FUNCTIONS(X) VECTOR_FUNCTIONS(X) X(CBRT, cbrt)

/* sleef.h shows the AVX forms only to code that is AVX throughout. */
#define AVX                   __attribute__((target("avx")))
#define DECLARE_AVX(ID, name) AVX __m256d Sleef_cinz_##name##d4_u10avx(__m256d);
VECTOR_FUNCTIONS(DECLARE_AVX)

/* Where SLEEF's result is not within its bound: it loses arguments near zero and overflows below the limit. */
static double mend(mill_math1 function, double x, double result)
{
	double half;
	switch (function) {
	case MILL_MATH_LOG1P:
		if (x > 1e300 && !isinf(x))
			return Sleef_cinz_logd1_u10purec(x);
		return fabs(x) < 1e-300 ? x : result;
	case MILL_MATH_TAN: return fabs(x) < 1e-300 ? x : result;
	case MILL_MATH_SINH:
	case MILL_MATH_COSH:
		if (!(fabs(x) > 709 && fabs(x) < 711))
			return result;
		half = Sleef_cinz_expd1_u10purec(fabs(x) * 0.5);
		return copysign(half * 0.5 * half, function == MILL_MATH_SINH ? x : 1.0);
	default: return result;
	}
}

static bool needs_mending(mill_math1 function)
{
	return function == MILL_MATH_LOG1P || function == MILL_MATH_TAN || function == MILL_MATH_SINH ||
	       function == MILL_MATH_COSH;
}

double mill_math_one(mill_math1 function, double x)
{
	switch (function) {
#define X(ID, name) \
	case MILL_MATH_##ID: return mend(function, x, Sleef_cinz_##name##d1_u10purec(x));
		FUNCTIONS(X)
#undef X
	}
	return (double)NAN;
}

#define MAP_TWO(ID, name)                                                                            \
	case MILL_MATH_##ID:                                                                         \
		for (; i + 2 <= rows; i += 2)                                                        \
			_mm_storeu_pd(out + i, Sleef_cinz_##name##d2_u10sse2(_mm_loadu_pd(in + i))); \
		break;
#define MAP_FOUR(ID, name)                                                                                \
	case MILL_MATH_##ID:                                                                              \
		for (; i + 4 <= rows; i += 4)                                                             \
			_mm256_storeu_pd(out + i, Sleef_cinz_##name##d4_u10avx(_mm256_loadu_pd(in + i))); \
		break;

/* How many rows from the first are done. */
static int64_t map_pairs(mill_math1 function, const double *in, double *out, int64_t rows)
{
	int64_t i = 0;
	switch (function) {
		VECTOR_FUNCTIONS(MAP_TWO)
	case MILL_MATH_CBRT: break;
	}
	return i;
}

AVX static int64_t map_fours(mill_math1 function, const double *in, double *out, int64_t rows)
{
	int64_t i = 0;
	switch (function) {
		VECTOR_FUNCTIONS(MAP_FOUR)
	case MILL_MATH_CBRT: break;
	}
	return i;
}

#define BLOCK_ROWS 256

/* Mending needs the arguments, which out may overwrite: so a block at a time, through a copy. */
static void map_block(int simd, mill_math1 function, const double *in, double *out, int64_t rows)
{
	double copy[BLOCK_ROWS];
	bool mended = needs_mending(function);
	if (mended)
		memcpy(copy, in, (size_t)rows * sizeof *in);
	int64_t done = simd == MILL_SIMD_V3 ? map_fours(function, in, out, rows) : map_pairs(function, in, out, rows);
	for (int64_t i = done; i < rows; i++)
		out[i] = mill_math_one(function, in[i]);
	for (int64_t i = 0; mended && i < done; i++)
		out[i] = mend(function, copy[i], out[i]);
}

void mill_math_map1(int simd, mill_math1 function, const double *in, double *out, int64_t rows)
{
	for (int64_t i = 0; i < rows; i += BLOCK_ROWS)
		map_block(simd, function, in + i, out + i, rows - i < BLOCK_ROWS ? rows - i : BLOCK_ROWS);
}

/* 10^n as the nearest double, for integers n; what SLEEF gives may be 1 ULP off. */
static double power_of_ten(double n)
{
	double result;
	if (n < -400)
		return 0;
	return n <= 400 && mill_f64_scale10(1, (int64_t)n, &result) ? result : (double)INFINITY;
}

/* The cases that must be exact (D15). */
static bool exact_power(double x, double y, double *out)
{
	if (y == 0)
		*out = 1;
	else if (y == 1)
		*out = x;
	else if (y == 2)
		*out = x * x;
	else if (y == 3)
		*out = x * x * x;
	else if (y == -1)
		*out = 1 / x;
	else if (y == 0.5 && x >= 0)
		*out = sqrt(x);
	else if (x == 10 && y == rint(y))
		*out = power_of_ten(y);
	else
		return false;
	return true;
}

double mill_math_two(mill_math2 function, double x, double y)
{
	double exact;
	if (function == MILL_MATH_ATAN2)
		return Sleef_cinz_atan2d1_u10purec(x, y);
	return exact_power(x, y, &exact) ? exact : Sleef_cinz_powd1_u10purec(x, y);
}

void mill_math_map2(mill_math2 function, const double *x, const double *y, double *out, int64_t rows)
{
	for (int64_t i = 0; i < rows; i++)
		out[i] = mill_math_two(function, x[i], y[i]);
}
