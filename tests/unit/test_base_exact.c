/* Exact sums by hand-worked values; tests/suites/exact.fast.sh has the oracle with fractions. */
#include "base/exact.h"
#include "base/wide.h"
#include "unit.h"

#include <math.h>

static mill_mem mem;

static double sum_of(const mill_exact *sum)
{
	double value = 0;
	CU_ASSERT_EQUAL(mill_exact_sum(sum, &value, NULL), MILL_OK);
	return value;
}

static void small_sums(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_exact sum = {0};
	CU_ASSERT_EQUAL(sum_of(&sum), 0);
	CU_ASSERT(!signbit(sum_of(&sum)));
	/* 0.1 ten times: the doubles sum to 1.000000000000000055…, nearest to 1. */
	for (int i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(mill_exact_add(&sum, &mem, 0.1), MILL_OK);
	CU_ASSERT_EQUAL(sum_of(&sum), 1.0);
	CU_ASSERT_EQUAL(mill_exact_add(&sum, &mem, 1e300), MILL_OK);
	CU_ASSERT_EQUAL(mill_exact_add(&sum, &mem, -1e300), MILL_OK);
	CU_ASSERT_EQUAL(mill_exact_add(&sum, &mem, -1.0), MILL_OK);
	/* 10 · (0.1 as a double) − 1 = 2^-54. */
	CU_ASSERT_EQUAL(sum_of(&sum), 0x1p-54);
	mill_exact_release(&sum);
	mill_exact_release(&sum);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void many_values(void)
{
	mill_mem_init(&mem, INT64_MAX);
	enum { COUNT = 5 << 20 };
	mill_exact sum = {0}, high = {0};
	mill_status status = MILL_OK;
	for (int i = 0; i < COUNT && status == MILL_OK; i++)
		status = mill_exact_add(&sum, &mem, -1.5);
	CU_ASSERT_EQUAL(status, MILL_OK);
	CU_ASSERT_EQUAL(sum_of(&sum), -1.5 * COUNT);
	CU_ASSERT_PTR_NULL(sum.wide);
	/* Products at the top of a band that a smaller one has placed: it overflows into the wide accumulator. */
	CU_ASSERT_EQUAL(mill_exact_add_product(&high, &mem, 1, 1), MILL_OK);
	for (int i = 0; i < COUNT && status == MILL_OK; i++)
		status = mill_exact_add_product(&high, &mem, 0x1.8p40, 0x1p31);
	CU_ASSERT_EQUAL(status, MILL_OK);
	CU_ASSERT_EQUAL(mill_exact_add_product(&high, &mem, -COUNT * 0x1.8p40, 0x1p31), MILL_OK);
	CU_ASSERT_EQUAL(sum_of(&high), 1);
	mill_exact_release(&sum);
	mill_exact_release(&high);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void beyond_float64(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_exact sum = {0};
	mill_error err = {0};
	double value = 7;
	CU_ASSERT_EQUAL(mill_exact_add(&sum, &mem, 1e308), MILL_OK);
	CU_ASSERT_EQUAL(mill_exact_add(&sum, &mem, 1e308), MILL_OK);
	CU_ASSERT_EQUAL(mill_exact_sum(&sum, &value, &err), MILL_DATA);
	CU_ASSERT_EQUAL(value, 7);
	CU_ASSERT_EQUAL(mill_exact_mean(&sum, 2, &value, &err), MILL_OK);
	CU_ASSERT_EQUAL(value, 1e308);
	float narrow = 0;
	CU_ASSERT_EQUAL(mill_exact_sum_f32(&sum, &narrow, &err), MILL_DATA);
	mill_exact_release(&sum);
}

static void writes_are_canonical(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_exact a = {0}, b = {0};
	static const double values[] = {1e-300, 3.25, -7e200, 1e18, 7e200};
	for (int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(mill_exact_add(&a, &mem, values[i]), MILL_OK);
		CU_ASSERT_EQUAL(mill_exact_add(&b, &mem, values[4 - i]), MILL_OK);
	}
	mill_bytes x, y;
	mill_bytes_init(&x, &mem);
	mill_bytes_init(&y, &mem);
	CU_ASSERT_EQUAL(mill_exact_write(&a, &x), MILL_OK);
	CU_ASSERT_EQUAL(mill_exact_write(&b, &y), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(x.size_bytes, y.size_bytes);
	CU_ASSERT_EQUAL(memcmp(x.data, y.data, x.size_bytes), 0);
	mill_error err = {0};
	for (size_t cut = 0; cut < x.size_bytes; cut++) {
		mill_exact c = {0};
		mill_bytes_view view = {x.data, cut, 0};
		CU_ASSERT_EQUAL(mill_exact_read(&c, &mem, &view, &err), MILL_DATA);
	}
	x.data[0] = 2;
	mill_bytes_view view = {x.data, x.size_bytes, 0};
	CU_ASSERT_EQUAL(mill_exact_read(&b, &mem, &view, &err), MILL_DATA);
	mill_bytes_release(&x);
	mill_bytes_release(&y);
	mill_exact_release(&a);
	mill_exact_release(&b);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void out_of_memory(void)
{
	mill_mem_init(&mem, 100);
	mill_exact sum = {0}, other = {0};
	CU_ASSERT_EQUAL(mill_exact_add(&sum, &mem, 1), MILL_OK);
	CU_ASSERT_EQUAL(mill_exact_add(&sum, &mem, 1e300), MILL_NOMEM);
	CU_ASSERT_EQUAL(sum_of(&sum), 1);
	CU_ASSERT_EQUAL(mill_exact_add(&other, &mem, 1e300), MILL_OK);
	CU_ASSERT_EQUAL(mill_exact_merge(&sum, &mem, &other), MILL_NOMEM);
	CU_ASSERT_EQUAL(sum_of(&sum), 1);
}

static void integer_sums(void)
{
	mill_i128 sum = 0;
	static const int64_t x[] = {INT64_MAX, INT64_MAX, INT64_MIN, 5};
	const uint64_t validity = 0xB; /* not the third */
	CU_ASSERT_TRUE(mill_exact_add_i64(&sum, x, NULL, 4));
	CU_ASSERT(sum == (mill_i128)INT64_MAX + 4);
	CU_ASSERT_TRUE(mill_exact_add_i64(&sum, x, &validity, 4));
	CU_ASSERT(sum == (mill_i128)INT64_MAX * 3 + 9);
	const mill_i128 largest = (mill_i128)(~(mill_u128)0 >> 1);
	sum = largest - 3;
	CU_ASSERT_FALSE(mill_exact_add_i64(&sum, x + 3, NULL, 1));
	CU_ASSERT(sum == largest - 3);
	const mill_i128 wide[] = {2, 1, 1};
	CU_ASSERT_FALSE(mill_exact_add_i128(&sum, wide, NULL, 3));
	CU_ASSERT(sum == largest - 3);
	CU_ASSERT_TRUE(mill_exact_add_i128(&sum, wide, NULL, 2));
	CU_ASSERT(sum == largest);
	CU_ASSERT_EQUAL(mill_exact_mean_i128(-7, 2), -3.5);
	CU_ASSERT_EQUAL(mill_exact_mean_i128(1, 3), 1.0 / 3);
	CU_ASSERT_EQUAL(mill_exact_mean_i128(-largest - 1, 1), -0x1p127);
	/* 2^53 + 1 is a tie: to even. */
	CU_ASSERT_EQUAL(mill_exact_mean_i128(((mill_i128)1 << 53) + 1, 1), 0x1p53);
	CU_ASSERT_EQUAL(mill_exact_mean_i128(((mill_i128)1 << 54) + 3, 2), 0x1p53 + 2);
}

static void specials(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_exact a = {0}, b = {0};
	CU_ASSERT_EQUAL(mill_exact_add(&a, &mem, INFINITY), MILL_OK);
	CU_ASSERT_EQUAL(mill_exact_add(&a, &mem, 1), MILL_OK);
	CU_ASSERT_EQUAL(sum_of(&a), INFINITY);
	CU_ASSERT_FALSE(mill_exact_has_nan(&a));
	CU_ASSERT_EQUAL(mill_exact_add_product(&b, &mem, -INFINITY, 2), MILL_OK);
	CU_ASSERT_EQUAL(sum_of(&b), -INFINITY);
	CU_ASSERT_EQUAL(mill_exact_merge(&a, &mem, &b), MILL_OK);
	CU_ASSERT(isnan(sum_of(&a)));
	CU_ASSERT_EQUAL(mill_exact_add_product(&b, &mem, INFINITY, 0), MILL_OK);
	CU_ASSERT_TRUE(mill_exact_has_nan(&b));
}

static const unit_case cases[] = {
    {"small_sums", small_sums},
    {"many_values", many_values},
    {"beyond_float64", beyond_float64},
    {"writes_are_canonical", writes_are_canonical},
    {"out_of_memory", out_of_memory},
    {"integer_sums", integer_sums},
    {"specials", specials},
};
UNIT_MAIN("base_exact", cases)
