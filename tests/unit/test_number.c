/* Expected bits come from Python: float() for doubles, fractions.Fraction rounded by hand for floats, decimal for
 * decimals. */
#include "base/civil.h"
#include "base/civil_text.h"
#include "base/number.h"
#include "unit.h"

#include <string.h>

/* Infinity's bits stand for RANGE. */
static const struct {
	const char *text;
	uint64_t f64;
	uint32_t f32;
} float_cases[] = {
    {"0", 0x0000000000000000ULL, 0x00000000U},
    {"-0", 0x8000000000000000ULL, 0x80000000U},
    {"1", 0x3ff0000000000000ULL, 0x3f800000U},
    {"-1.5", 0xbff8000000000000ULL, 0xbfc00000U},
    {"123456789012345678901234567890", 0x45f8ee90ff6c373eULL, 0x6fc77488U},
    {"1e22", 0x4480f0cf064dd592ULL, 0x64078678U},
    {"1e23", 0x44b52d02c7e14af6ULL, 0x65a96816U},
    {"9007199254740993", 0x4340000000000000ULL, 0x5a000000U},
    {"9007199254740992.9999999999999999999999", 0x4340000000000000ULL, 0x5a000000U},
    {"9007199254740993.0000000000000000000000000000001", 0x4340000000000001ULL, 0x5a000000U},
    {"2.2250738585072011e-308", 0x000fffffffffffffULL, 0x00000000U},
    {"2.2250738585072014e-308", 0x0010000000000000ULL, 0x00000000U},
    {"4.9e-324", 0x0000000000000001ULL, 0x00000000U},
    {"2.4703282292062327e-324", 0x0000000000000000ULL, 0x00000000U},
    {"2.4703282292062328e-324", 0x0000000000000001ULL, 0x00000000U},
    {"1.7976931348623157e308", 0x7fefffffffffffffULL, 0x7f800000U},
    {"1.7976931348623158079e308", 0x7fefffffffffffffULL, 0x7f800000U},
    {"8.5", 0x4021000000000000ULL, 0x41080000U},
    {".5", 0x3fe0000000000000ULL, 0x3f000000U},
    {"5.", 0x4014000000000000ULL, 0x40a00000U},
    {"1E5", 0x40f86a0000000000ULL, 0x47c35000U},
    {"+7e-2", 0x3fb1eb851eb851ecULL, 0x3d8f5c29U},
    {"-73.844311", 0xc0527609310129ccULL, 0xc293b04aU},
    {"40.712278000000001", 0x40445b2becedd484ULL, 0x4222d95fU},
    {"0.1", 0x3fb999999999999aULL, 0x3dcccccdU},
    {"0.30000000000000004", 0x3fd3333333333334ULL, 0x3e99999aU},
    {"3.4028235677973362e38", 0x47efffffefffffffULL, 0x7f7fffffU},
    {"7.0064923216240853e-46", 0x3690000000000000ULL, 0x00000000U},
    {"16777217", 0x4170000010000000ULL, 0x4b800000U},
    {"16777219", 0x4170000030000000ULL, 0x4b800002U},
    {"8388609.5", 0x4160000030000000ULL, 0x4b000002U},
    {"1.17549435e-38", 0x380fffffff9fdba8ULL, 0x00800000U},
    {"1e-400", 0x0000000000000000ULL, 0x00000000U},
    {"6.02214076e23", 0x44dfe185ca57c517ULL, 0x66ff0c2eU},
    {"0000000000000000000000000000000000001", 0x3ff0000000000000ULL, 0x3f800000U},
    {"10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000e-400",
     0x3ff0000000000000ULL, 0x3f800000U},
    {"0."
     "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000001e401",
     0x3ff0000000000000ULL, 0x3f800000U},
    {"17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641669"
     "28879109465555478519404026306574886715058206819089020007083836762738548458177115317644757302700698555713669596228"
     "42914819860834936475292719074168444365510704342711559699508093042880",
     0x7cd203af9ee75615ULL, 0x7f800000U},
};

static void floats(void)
{
	for (size_t i = 0; i < sizeof float_cases / sizeof float_cases[0]; i++) {
		const char *text = float_cases[i].text;
		double d = 0;
		float f = 0;
		uint64_t d_bits = 0x7FF0000000000000ULL;
		uint32_t f_bits = 0x7F800000U;
		mill_parsed p = mill_parse_f64(text, strlen(text), &d);
		if (p == MILL_PARSED)
			memcpy(&d_bits, &d, sizeof d_bits);
		CU_ASSERT_EQUAL(d_bits, float_cases[i].f64);
		p = mill_parse_f32(text, strlen(text), &f);
		if (p == MILL_PARSED)
			memcpy(&f_bits, &f, sizeof f_bits);
		CU_ASSERT_EQUAL(f_bits, float_cases[i].f32);
	}
}

static void float_words(void)
{
	static const char *const bad[] = {"",     ".",  "-",  "+",   "e5",    "1e",   "1e+", "1.2.3",
	                                  "0x10", " 1", "1 ", "1_0", "infin", "nanx", "--1"};
	double d = 42;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CU_ASSERT_EQUAL(mill_parse_f64(bad[i], strlen(bad[i]), &d), MILL_PARSE_SYNTAX);
	CU_ASSERT_EQUAL(d, 42);
	CU_ASSERT_EQUAL(mill_parse_f64("-Infinity", 9, &d), MILL_PARSED);
	CU_ASSERT(d < -1.7e308);
	uint64_t bits;
	CU_ASSERT_EQUAL(mill_parse_f64("-NaN", 4, &d), MILL_PARSED);
	memcpy(&bits, &d, sizeof bits);
	CU_ASSERT_EQUAL(bits, 0x7FF8000000000000ULL);
}

static void integers(void)
{
	int64_t i = 5;
	uint64_t u = 5;
	CU_ASSERT_EQUAL(mill_parse_i64("-9223372036854775808", 20, &i), MILL_PARSED);
	CU_ASSERT_EQUAL(i, INT64_MIN);
	CU_ASSERT_EQUAL(mill_parse_i64("9223372036854775808", 19, &i), MILL_PARSE_RANGE);
	CU_ASSERT_EQUAL(mill_parse_i64("+00000000000000000000000012", 27, &i), MILL_PARSED);
	CU_ASSERT_EQUAL(i, 12);
	CU_ASSERT_EQUAL(mill_parse_i64("12x", 3, &i), MILL_PARSE_SYNTAX);
	CU_ASSERT_EQUAL(mill_parse_i64("99999999999999999999x", 21, &i), MILL_PARSE_SYNTAX);
	CU_ASSERT_EQUAL(mill_parse_i64("-", 1, &i), MILL_PARSE_SYNTAX);
	CU_ASSERT_EQUAL(mill_parse_u64("18446744073709551615", 20, &u), MILL_PARSED);
	CU_ASSERT_EQUAL(u, UINT64_MAX);
	CU_ASSERT_EQUAL(mill_parse_u64("-1", 2, &u), MILL_PARSE_RANGE);
	CU_ASSERT_EQUAL(mill_parse_u64("-0", 2, &u), MILL_PARSED);
}

static void decimals(void)
{
	static const struct {
		const char *text;
		int precision, scale;
		mill_parsed parsed;
		int64_t value;
	} cases[] = {
	    {"12.345", 10, 2, MILL_PARSED, 1235},
	    {"-12.345", 10, 2, MILL_PARSED, -1235},
	    {"0.004", 10, 2, MILL_PARSED, 0},
	    {"99.995", 4, 2, MILL_PARSE_RANGE, 0},
	    {"99.994", 4, 2, MILL_PARSED, 9999},
	    {"1e3", 6, 2, MILL_PARSED, 100000},
	    {".5", 3, 0, MILL_PARSED, 1},
	    {"0.05", 3, 0, MILL_PARSED, 0},
	    {"12345e-2", 5, 2, MILL_PARSED, 12345},
	    {".0e11", 7, 7, MILL_PARSED, 0},
	    {"1e99999999999999999999", 38, 0, MILL_PARSE_RANGE, 0},
	    {"1.2.3", 9, 2, MILL_PARSE_SYNTAX, 0},
	    {"", 9, 2, MILL_PARSE_SYNTAX, 0},
	    {"0.000051e4", 6, 1, MILL_PARSED, 5},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		mill_i128 value = 0;
		CU_ASSERT_EQUAL(mill_parse_decimal(cases[i].text, strlen(cases[i].text), cases[i].precision,
		                                   cases[i].scale, &value),
		                cases[i].parsed);
		CU_ASSERT(value == cases[i].value);
	}
	mill_i128 wide = 0;
	const char *nines = "99999999999999999999999999999999999999";
	CU_ASSERT_EQUAL(mill_parse_decimal(nines, 38, 38, 0, &wide), MILL_PARSED);
	CU_ASSERT(wide / 10 % 10 == 9 && wide > (mill_i128)INT64_MAX * INT64_MAX);
}

static void calendar(void)
{
	CU_ASSERT_EQUAL(mill_days_from_civil(1970, 1, 1), 0);
	CU_ASSERT_EQUAL(mill_days_from_civil(2000, 2, 29), 11016);
	CU_ASSERT_EQUAL(mill_days_from_civil(1, 1, 1), -719162);
	CU_ASSERT_EQUAL(mill_days_from_civil(9999, 12, 31), 2932896);
	int64_t expected = mill_days_from_civil(-400, 1, 1);
	for (int year = -400; year <= 2400; year++)
		for (int month = 1; month <= 12; month++)
			for (int day = 1; day <= mill_days_in_month(year, month); day++, expected++) {
				mill_civil c = mill_civil_from_days(expected);
				if (mill_days_from_civil(year, month, day) != expected || c.year != year ||
				    c.month != month || c.day != day)
					CU_FAIL_FATAL("the calendar is not consecutive");
			}
	CU_ASSERT_EQUAL(mill_weekday(0), 4);
	CU_ASSERT_EQUAL(mill_weekday(-1), 3);
	CU_ASSERT_EQUAL(mill_weekday(mill_days_from_civil(2024, 2, 29)), 4);
}

static void timestamps(void)
{
	static const struct {
		const char *text;
		int ok; /* 2: zoned */
		int64_t us;
	} cases[] = {
	    {"2009-06-15 17:26:21 UTC", 2, 1245086781000000},
	    {"2009-06-15 17:26:21", 1, 1245086781000000},
	    {"2009-06-15T17:26", 1, 1245086760000000},
	    {"2009-06-15", 1, 1245024000000000},
	    {"1969-12-31 23:59:59.9999996", 1, 0},
	    {"1969-12-31 23:59:59.9999994", 1, -1},
	    {"1969-12-31 23:59:59.999999500", 1, 0},
	    {"2020-02-30", 0, 0},
	    {"2020-01-01 24:00", 0, 0},
	    {"2020-01-01 23:59:60", 0, 0},
	    {"0000-01-01", 0, 0},
	    {"2020-01-01 00:00+05:30", 2, 1577817000000000},
	    {"2020-01-01 00:00 -0530", 2, 1577856600000000},
	    {"2020-01-01 00:00:00.5Z", 2, 1577836800500000},
	    {"2020-01-01 00:00:00.Z", 0, 0},
	    {"2020-01-01 00:00:00.1234567890", 0, 0},
	    {"2020-01-01 00", 0, 0},
	    {"2020-01-01 ", 0, 0},
	    {"2020-01-01T", 0, 0},
	    {"2020-1-1", 0, 0},
	    {"2020-01-01 UTC", 2, 1577836800000000},
	    {"2020-01-01 00:00 EST", 0, 0},
	    {"2020-01-01 00:00 +1", 0, 0},
	    {"9999-12-31 23:59:59.999999", 1, 253402300799999999},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t us = 0;
		bool zoned = false;
		bool ok = mill_parse_timestamp(cases[i].text, strlen(cases[i].text), &us, &zoned);
		CU_ASSERT_EQUAL(ok ? (zoned ? 2 : 1) : 0, cases[i].ok);
		CU_ASSERT_EQUAL(us, cases[i].us);
	}
}

static const unit_case cases[] = {{"floats", floats},     {"float_words", float_words}, {"integers", integers},
                                  {"decimals", decimals}, {"calendar", calendar},       {"timestamps", timestamps}};
UNIT_MAIN("number", cases)
