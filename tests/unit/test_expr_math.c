/* SLEEF's forms against each other, bit for bit, and against libm within a few ULP (tests may call libm). */
#include "base/simd.h"
#include "expr/math.h"
#include "unit.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 1000000

static double x[COUNT], y[COUNT], a[COUNT], b[COUNT], c[COUNT];
static uint64_t state = 88172645463325252U;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static const double special[] = {0,        -0.0,      1,       -1,
                                 INFINITY, -INFINITY, NAN,     1e308,
                                 -1e308,   5e-324,    -5e-324, 2.2250738585072014e-308,
                                 0.5,      -0.5,      709.78,  710,
                                 -745.13,  -746,      1e-10,   3.141592653589793,
                                 1e22,     100,       710.4,   -710.4};

/* Any bits, ordinary magnitudes, small integers, near 1, special values. */
static double draw(int kind)
{
	uint64_t bits = next();
	double any;
	switch (kind % 7) {
	case 0: memcpy(&any, &bits, sizeof any); return any;
	case 1: return (double)(int64_t)bits / 1e18;
	case 2: return (double)(int64_t)bits / 1e16;
	case 3: return (double)(int64_t)bits / 9.3e18;
	case 4: return (double)(int64_t)(bits % 2001) - 1000;
	case 5: return special[bits % (sizeof special / sizeof special[0])];
	default: return 1 + (double)(int64_t)bits / 9.3e24;
	}
}

static void fill(void)
{
	printf("    seed %llu\n", (unsigned long long)state);
	for (int i = 0; i < COUNT; i++) {
		x[i] = draw(i);
		y[i] = draw(i / 7);
	}
}

static int differing(const double *p, const double *q)
{
	int count = 0;
	for (int i = 0; i < COUNT; i++)
		count += memcmp(&p[i], &q[i], sizeof(double)) != 0;
	return count;
}

static void check_one(mill_math1 function, const char *name, double (*reference)(double), double tolerance)
{
	int far = 0;
	for (int i = 0; i < COUNT; i++)
		a[i] = mill_math_one(function, x[i]);
	mill_math_map1(MILL_SIMD_PORTABLE, function, x, b, COUNT);
	memcpy(c, x, sizeof c);
	mill_math_map1(mill_simd_level(NULL), function, c, c, COUNT); /* the best level, in place */
	int scalar_pair = differing(a, b), pair_best = differing(b, c);
	for (int i = 0; i < COUNT; i++) {
		double r = reference(x[i]);
		bool near = r == a[i] || (r != r && a[i] != a[i]) || fabs(r - a[i]) <= tolerance * fabs(r) + 1e-320;
		if (!near && far++ < 3)
			printf("    %s(%.17g) = %.17g, libm %.17g\n", name, x[i], a[i], r);
	}
	if (scalar_pair + pair_best + far > 0)
		printf("    %s: scalar/SSE2 %d, SSE2/AVX %d, far %d\n", name, scalar_pair, pair_best, far);
	CU_ASSERT_EQUAL(scalar_pair, 0);
	CU_ASSERT_EQUAL(pair_best, 0);
	CU_ASSERT_EQUAL(far, 0);
}

static void one_argument(void)
{
	fill();
	check_one(MILL_MATH_EXP, "exp", exp, 4e-16);
	check_one(MILL_MATH_EXPM1, "expm1", expm1, 4e-16);
	check_one(MILL_MATH_LN, "ln", log, 4e-16);
	check_one(MILL_MATH_LOG2, "log2", log2, 4e-16);
	check_one(MILL_MATH_LOG10, "log10", log10, 4e-16);
	check_one(MILL_MATH_LOG1P, "log1p", log1p, 4e-16);
	check_one(MILL_MATH_SIN, "sin", sin, 4e-16);
	check_one(MILL_MATH_COS, "cos", cos, 4e-16);
	check_one(MILL_MATH_TAN, "tan", tan, 4e-16);
	check_one(MILL_MATH_ASIN, "asin", asin, 4e-16);
	check_one(MILL_MATH_ACOS, "acos", acos, 4e-16);
	check_one(MILL_MATH_ATAN, "atan", atan, 4e-16);
	check_one(MILL_MATH_SINH, "sinh", sinh, 1e-15);
	check_one(MILL_MATH_COSH, "cosh", cosh, 1e-15);
	check_one(MILL_MATH_TANH, "tanh", tanh, 1e-15);
	/* glibc's own is up to 4 ULP off. */
	check_one(MILL_MATH_CBRT, "cbrt", cbrt, 1e-15);
}

static void two_arguments(void)
{
	int far = 0;
	fill();
	mill_math_map2(MILL_MATH_POW, x, y, a, COUNT);
	mill_math_map2(MILL_MATH_ATAN2, x, y, b, COUNT);
	for (int i = 0; i < COUNT; i++) {
		double p = pow(x[i], y[i]), t = atan2(x[i], y[i]);
		far += !(p == a[i] || (p != p && a[i] != a[i]) || fabs(p - a[i]) <= 1e-15 * fabs(p) + 1e-320);
		far += !(t == b[i] || (t != t && b[i] != b[i]) || fabs(t - b[i]) <= 4e-16 * fabs(t) + 1e-307);
		CU_ASSERT_TRUE_FATAL(memcmp(&a[i], &(double){mill_math_two(MILL_MATH_POW, x[i], y[i])}, 8) == 0);
	}
	CU_ASSERT_EQUAL(far, 0);
}

/* D15: what multiplication, division, sqrt and a table give, to the last bit. */
static void exact_powers(void)
{
	char text[16];
	for (int i = 0; i < 1000; i++) {
		double v = draw(1 + i % 3);
		CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, v, 0), 1.0);
		CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, v, 1), v);
		CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, v, 2), v * v);
		CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, v, 3), v * v * v);
		CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, v, -1), 1 / v);
		CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, fabs(v), 0.5), sqrt(fabs(v)));
	}
	for (int n = -340; n <= 308; n++) {
		snprintf(text, sizeof text, "1e%d", n);
		CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, 10, n), strtod(text, NULL));
	}
	CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, 10, 309), INFINITY);
	CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, 10, -400), 0.0);
	CU_ASSERT_EQUAL(mill_math_two(MILL_MATH_POW, NAN, 0), 1.0);
}

static const unit_case cases[] = {
    {"one_argument", one_argument},
    {"two_arguments", two_arguments},
    {"exact_powers", exact_powers},
};
UNIT_MAIN("expr_math", cases)
