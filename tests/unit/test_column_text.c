/* The text of values: hand-worked tables, and libc's calendar as the judge of dates. */
#include "base/civil.h"
#include "random_batch.h"

static mill_mem mem;
static uint64_t state;

static void check_text(mill_type type, const void *value, const char *expected)
{
	mill_builder b;
	mill_column column = {0};
	mill_bytes text;
	mill_builder_init(&b, &mem, type);
	mill_bytes_init(&text, &mem);
	if (type.id == MILL_TYPE_BOOL)
		CU_ASSERT(mill_builder_bool(&b, *(const bool *)value) == MILL_OK);
	if (type.id != MILL_TYPE_BOOL)
		CU_ASSERT(mill_builder_fixed(&b, value) == MILL_OK);
	CU_ASSERT_FATAL(mill_builder_finish(&b, &column, NULL) == MILL_OK);
	CU_ASSERT(mill_value_text(&column, 0, &text) == MILL_OK && mill_bytes_terminate(&text) == MILL_OK);
	if (strcmp((const char *)text.data, expected) != 0) {
		printf("%s, expected %s\n", (const char *)text.data, expected);
		CU_FAIL("text");
	}
	mill_column_release(&column);
	mill_bytes_release(&text);
}

static void check_integer(mill_type_id id, int64_t value, const char *expected)
{
	check_text(mill_type_of(id), &value, expected);
}

static void test_numbers(void)
{
	bool truth = true, lie = false;
	double d = 0.1, e = 1e300;
	float f = 0.1F;
	check_text(mill_type_of(MILL_TYPE_BOOL), &truth, "true");
	check_text(mill_type_of(MILL_TYPE_BOOL), &lie, "false");
	check_integer(MILL_TYPE_INT8, -128, "-128");
	check_integer(MILL_TYPE_INT16, -1, "-1");
	check_integer(MILL_TYPE_INT32, 0, "0");
	check_integer(MILL_TYPE_INT64, INT64_MIN, "-9223372036854775808");
	check_integer(MILL_TYPE_INT64, INT64_MAX, "9223372036854775807");
	check_integer(MILL_TYPE_UINT8, -1, "255");
	check_integer(MILL_TYPE_UINT32, -1, "4294967295");
	check_integer(MILL_TYPE_UINT64, -1, "18446744073709551615");
	check_text(mill_type_of(MILL_TYPE_FLOAT64), &d, "0.1");
	check_text(mill_type_of(MILL_TYPE_FLOAT64), &e, "1e+300");
	check_text(mill_type_of(MILL_TYPE_FLOAT32), &f, "0.1");
}

static void check_decimal(mill_i128 value, int precision, int scale, const char *expected)
{
	check_text(mill_type_decimal(precision, scale), &value, expected);
}

static void test_decimals(void)
{
	mill_i128 largest = 1;
	for (int i = 0; i < 38; i++)
		largest *= 10;
	largest -= 1;
	check_decimal(0, 5, 0, "0");
	check_decimal(0, 5, 2, "0.00");
	check_decimal(-5, 5, 2, "-0.05");
	check_decimal(12345, 5, 2, "123.45");
	check_decimal(-12345, 5, 5, "-0.12345");
	check_decimal(largest, 38, 0, "99999999999999999999999999999999999999");
	check_decimal(-largest, 38, 38, "-0.99999999999999999999999999999999999999");
	check_decimal(-largest, 38, 20, "-999999999999999999.99999999999999999999");
	check_decimal((mill_i128)UINT64_MAX + 1, 38, 0, "18446744073709551616");
}

static void test_times(void)
{
	check_integer(MILL_TYPE_DATE, 0, "1970-01-01");
	check_integer(MILL_TYPE_DATE, -1, "1969-12-31");
	check_integer(MILL_TYPE_DATE, 11016, "2000-02-29");
	check_integer(MILL_TYPE_DATE, -719162, "0001-01-01");
	check_integer(MILL_TYPE_DATE, -719163, "0001-12-31 BC");
	check_integer(MILL_TYPE_DATE, 2932896, "9999-12-31");
	check_integer(MILL_TYPE_DATE, 2932897, "10000-01-01");
	check_integer(MILL_TYPE_TIMESTAMP, 1245173181000000, "2009-06-16 17:26:21");
	check_integer(MILL_TYPE_TIMESTAMP, 1, "1970-01-01 00:00:00.000001");
	check_integer(MILL_TYPE_TIMESTAMP, -1, "1969-12-31 23:59:59.999999");
	check_integer(MILL_TYPE_TIMESTAMP, 500000, "1970-01-01 00:00:00.5");
	check_integer(MILL_TYPE_TIMESTAMP, -719162 * MILL_DAY_US - 1, "0001-12-31 23:59:59.999999 BC");
	int64_t zero = 0, before = -719163 * MILL_DAY_US;
	check_text(mill_type_timestamp(true), &zero, "1970-01-01 00:00:00+00");
	check_text(mill_type_timestamp(true), &before, "0001-12-31 00:00:00+00 BC");
}

static void check_interval(int32_t months, int32_t days, int64_t us, const char *expected)
{
	mill_interval interval = {months, days, us};
	check_text(mill_type_of(MILL_TYPE_INTERVAL), &interval, expected);
}

/* As PostgreSQL 15 prints them with intervalstyle postgres. */
static void test_intervals(void)
{
	check_interval(0, 0, 0, "00:00:00");
	check_interval(14, 3, 0, "1 year 2 mons 3 days");
	check_interval(12, 0, 0, "1 year");
	check_interval(1, 1, 1, "1 mon 1 day 00:00:00.000001");
	check_interval(-1, 1, 0, "-1 mons +1 day");
	check_interval(-14, 0, 0, "-1 years -2 mons");
	check_interval(0, -1, MILL_HOUR_US, "-1 days +01:00:00");
	check_interval(0, 0, -5 * MILL_MINUTE_US - 1500000, "-00:05:01.5");
	check_interval(0, 0, 100 * MILL_HOUR_US, "100:00:00");
	check_interval(0, 0, INT64_MIN, "-2562047788:00:54.775808");
}

static void test_text(void)
{
	mill_builder b;
	mill_column column = {0};
	mill_bytes text;
	mill_bytes_init(&text, &mem);
	for (int binary = 0; binary < 2; binary++) {
		mill_builder_init(&b, &mem, mill_type_of(binary ? MILL_TYPE_BINARY : MILL_TYPE_STRING));
		CU_ASSERT(mill_builder_text(&b, "a\xc3\xa9", 3) == MILL_OK && mill_builder_text(&b, "", 0) == MILL_OK);
		CU_ASSERT_FATAL(mill_builder_finish(&b, &column, NULL) == MILL_OK);
		CU_ASSERT(mill_value_text(&column, 0, &text) == MILL_OK &&
		          mill_value_text(&column, 1, &text) == MILL_OK);
		mill_column_release(&column);
	}
	CU_ASSERT(mill_bytes_terminate(&text) == MILL_OK);
	CU_ASSERT_STRING_EQUAL((const char *)text.data, "a\xc3\xa9\\x61c3a9\\x");
	mill_bytes_release(&text);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void check_day(int64_t days)
{
	time_t seconds = (time_t)(days * 86400);
	struct tm judge;
	mill_civil civil = mill_civil_from_days(days);
	CU_ASSERT_FATAL(gmtime_r(&seconds, &judge) != NULL);
	CU_ASSERT(civil.year == judge.tm_year + INT64_C(1900) && civil.month == judge.tm_mon + 1 &&
	          civil.day == judge.tm_mday && mill_weekday(days) == judge.tm_wday);
	CU_ASSERT(mill_days_from_civil(civil.year, civil.month, civil.day) == days);
	CU_ASSERT(civil.day <= mill_days_in_month(civil.year, civil.month));
}

static void test_calendar(void)
{
	for (int64_t days = -800000; days < 800000; days += 1 + random_below(&state, 40))
		check_day(days);
	for (int i = 0; i < 10000; i++)
		check_day((int64_t)(int32_t)random_u64(&state));
	CU_ASSERT(mill_days_in_month(1900, 2) == 28 && mill_days_in_month(2000, 2) == 29 &&
	          mill_days_in_month(-4, 2) == 29);
	CU_ASSERT(mill_days_from_civil(2024, 1, 32) == mill_days_from_civil(2024, 2, 1));
}

static const unit_case cases[] = {{"numbers", test_numbers}, {"decimals", test_decimals},
                                  {"times", test_times},     {"intervals", test_intervals},
                                  {"text", test_text},       {"calendar", test_calendar}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	state = random_seed("column_text");
	return unit_main("column_text", cases, sizeof(cases) / sizeof(cases[0]));
}
