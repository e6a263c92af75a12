/* Deterministic transcendental functions: SLEEF's non-FMA "cinz" variants, one algorithm at every SIMD level, so that a
 * result depends on neither CPU nor compiler (D15). Nothing else in lib/ may call exp, log, pow, sin … Source:
 * SLEEF 3.5. Not collective. in and out may be the same array. */
#ifndef MILL_EXPR_MATH_H
#define MILL_EXPR_MATH_H

#include <stdint.h>

typedef enum mill_math1 {
	MILL_MATH_EXP,
	MILL_MATH_EXPM1,
	MILL_MATH_LN,
	MILL_MATH_LOG2,
	MILL_MATH_LOG10,
	MILL_MATH_LOG1P,
	MILL_MATH_SIN,
	MILL_MATH_COS,
	MILL_MATH_TAN,
	MILL_MATH_ASIN,
	MILL_MATH_ACOS,
	MILL_MATH_ATAN,
	MILL_MATH_SINH,
	MILL_MATH_COSH,
	MILL_MATH_TANH,
	MILL_MATH_CBRT
} mill_math1;
typedef enum mill_math2 { MILL_MATH_POW, MILL_MATH_ATAN2 } mill_math2; /* POW: exact cases of D15 */

/* function(in[i]) for every row. simd: mill_simd_level(), asked for once per stage; every level gives the same bits.
 * Not collective. */
void mill_math_map1(int simd, mill_math1 function, const double *in, double *out, int64_t rows);
/* function(x[i], y[i]) for every row. Not collective. */
void mill_math_map2(mill_math2 function, const double *x, const double *y, double *out, int64_t rows);
/* function(x), with the bits of mill_math_map1. Not collective. */
double mill_math_one(mill_math1 function, double x);
/* function(x, y), with the bits of mill_math_map2. Not collective. */
double mill_math_two(mill_math2 function, double x, double y);

#endif
