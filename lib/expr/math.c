#include "expr/math.h"
#include "base/simd.h"
#include <immintrin.h>
#include <math.h>
#include <sleef.h>

/* The AVX forms need AVX only (no FMA); the SSE2 forms are for every x86-64. The scalar "purec" forms of SLEEF 3.5 give
 * the same bits (tests/unit/test_expr_math.c compares them). */

#define FUNCTIONS(X)         \
	X(EXP, exp, u10)     \
	X(EXPM1, expm1, u10) \
	X(LN, log, u10)      \
	X(LOG2, log2, u10)   \
	X(LOG10, log10, u10) \
	X(LOG1P, log1p, u10) \
	X(SIN, sin, u10)     \
	X(COS, cos, u10)     \
	X(TAN, tan, u10)     \
	X(ASIN, asin, u10)   \
	X(ACOS, acos, u10)   \
	X(ATAN, atan, u10)   \
	X(SINH, sinh, u10)   \
	X(COSH, cosh, u10)   \
	X(TANH, tanh, u10)   \
	X(CBRT, cbrt, u10)

double mill_math_one(mill_math1 function, double x)
{
	switch (function) {
#define X(ID, name, accuracy) \
	case MILL_MATH_##ID: return Sleef_cinz_##name##d1_##accuracy##purec(x);
		FUNCTIONS(X)
#undef X
	}
	return (double)NAN;
}

#define MAP_LOOP(ID, name, accuracy)                                                                          \
	case MILL_MATH_##ID:                                                                                  \
		for (; i + 2 <= rows; i += 2)                                                                 \
			_mm_storeu_pd(out + i, Sleef_cinz_##name##d2_##accuracy##sse2(_mm_loadu_pd(in + i))); \
		break;

void mill_math_map1(mill_math1 function, const double *in, double *out, int64_t rows)
{
	int64_t i = 0;
	switch (function) {
		FUNCTIONS(MAP_LOOP)
	}
	for (; i < rows; i++)
		out[i] = mill_math_one(function, in[i]);
}

/* 10^n as the nearest double, for integers n; what SLEEF gives may be 1 ULP off. */
static double power_of_ten(double n)
{
	static const double table[] = {
	    1e-22, 1e-21, 1e-20, 1e-19, 1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8,
	    1e-7,  1e-6,  1e-5,  1e-4,  1e-3,  1e-2,  1e-1,  1e0,   1e1,   1e2,   1e3,   1e4,   1e5,   1e6,  1e7,
	    1e8,   1e9,   1e10,  1e11,  1e12,  1e13,  1e14,  1e15,  1e16,  1e17,  1e18,  1e19,  1e20,  1e21, 1e22};
	return table[(int)n + 22];
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
	else if (x == 10 && y == rint(y) && fabs(y) <= 22)
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
