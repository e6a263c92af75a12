/* Date parts, truncation and construction. Parts are int64, second and epoch of EXTRACT decimal(18,6) (D9). */
#include "expr/builder.h"
#include "expr/kernels/kernels.h"
#include "expr/time.h"
#include <string.h>
#include <strings.h>

/* Days of a timestamp that is within years 0001 … 9999, or of anything else without overflow (NULL rows). */
MILL_SIMD_BODY static int64_t whole_days(int64_t us)
{
	return mill_floor_div(us, MILL_DAY_US);
}

MILL_SIMD_BODY static int64_t us_of_day(int64_t us)
{
	return us - whole_days(us) * MILL_DAY_US;
}

/* Unsigned 32-bit form of Hinnant's algorithm, for days since 0000-03-01 ≥ 0: vectorises. */
typedef struct fields {
	uint32_t year, month, day, day_of_year; /* day_of_year from March, 0 … 365 */
} fields;

MILL_SIMD_BODY static fields fields_of_day(int32_t day)
{
	fields f;
	uint32_t z = (uint32_t)day + 719468;
	uint32_t era = z / 146097;
	uint32_t doe = z - era * 146097;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (5 * doy + 2) / 153;
	f.day = doy - (153 * mp + 2) / 5 + 1;
	f.month = mp < 10 ? mp + 3 : mp - 9;
	f.year = yoe + era * 400 + (f.month <= 2);
	f.day_of_year = doy;
	return f;
}

/* 1 … 366 from January. */
MILL_SIMD_BODY static int32_t day_in_year(int32_t day)
{
	fields f = fields_of_day(day);
	uint32_t leap = (f.year % 4 == 0 && f.year % 100 != 0) || f.year % 400 == 0;
	return (int32_t)(f.day_of_year >= 306 ? f.day_of_year - 305 : f.day_of_year + 60 + leap);
}

MILL_SIMD_BODY static int32_t weekday0(int32_t day) /* Sunday 0 */
{
	return (int32_t)(((uint32_t)day + 4 + 7 * 200000) % 7);
}

MILL_SIMD_BODY static int32_t iso_weekday(int32_t day) /* Monday 1 */
{
	return (int32_t)(((uint32_t)day + 3 + 7 * 200000) % 7) + 1;
}

/* The ISO week belongs to the year that holds its Thursday. */
MILL_SIMD_BODY static int32_t iso_thursday(int32_t day)
{
	return (int32_t)((uint32_t)day - (uint32_t)iso_weekday(day) + 4);
}

MILL_SIMD_BODY static int32_t iso_week(int32_t day)
{
	return (int32_t)((uint32_t)(day_in_year(iso_thursday(day)) - 1) / 7) + 1;
}

#define YEAR(x)          ((int32_t)fields_of_day(x).year)
#define MONTH(x)         ((int32_t)fields_of_day(x).month)
#define DAY(x)           ((int32_t)fields_of_day(x).day)
#define QUARTER(x)       ((int32_t)((fields_of_day(x).month + 2) / 3))
#define ISO_YEAR(x)      ((int32_t)fields_of_day(iso_thursday(x)).year)
#define SPARK_WEEKDAY(d) (weekday0(d) + 1)
#define MONDAY_ZERO(d)   (iso_weekday(d) - 1)
#define DECADE(x)        ((int32_t)(fields_of_day(x).year / 10))
#define CENTURY(x)       ((int32_t)((fields_of_day(x).year + 99) / 100))
#define MILLENNIUM(x)    ((int32_t)((fields_of_day(x).year + 999) / 1000))
#define JULIAN(x)        ((int32_t)((uint32_t)(x) + 2440588))

#define PART_LOOP(NAME, T, EXPRESSION)                                                                    \
	static MILL_SIMD_BODY void NAME##_body(const T *restrict in, int64_t *restrict out, int64_t rows) \
	{                                                                                                 \
		for (int64_t i = 0; i < rows; i++)                                                        \
			out[i] = EXPRESSION(in[i]);                                                       \
	}                                                                                                 \
	MILL_SIMD_COPIES(static void, NAME, (in, out, rows), const T *restrict in, int64_t *restrict out, \
	                 int64_t rows)                                                                    \
	static mill_status kernel_##NAME(mill_call *call, mill_error *err)                                \
	{                                                                                                 \
		(void)err;                                                                                \
		NAME(call->simd, mill_call_values(call, 0), call->out->values, call->rows);               \
		return MILL_OK;                                                                           \
	}

/* A part of the day: of dates, and of the day of timestamps. Days come first, a block at a time, so that the part is
 * 32-bit arithmetic, which vectorises. */
#define DAY_BLOCK 512
#define DAY_PART(NAME, EXPRESSION)                                                     \
	PART_LOOP(NAME##_date, int32_t, EXPRESSION)                                    \
	static mill_status kernel_##NAME##_time(mill_call *call, mill_error *err)      \
	{                                                                              \
		const int64_t *in = mill_call_values(call, 0);                         \
		int64_t *out = call->out->values;                                      \
		int32_t days[DAY_BLOCK];                                               \
		(void)err;                                                             \
		for (int64_t base = 0; base < call->rows; base += DAY_BLOCK) {         \
			int64_t n = mill_min_i64(DAY_BLOCK, call->rows - base);        \
			days_of(in + base, days, n);                                   \
			NAME##_date(call->simd, days, out + base, n);                  \
		}                                                                      \
		return MILL_OK;                                                        \
	}                                                                              \
	static const mill_overload NAME##_overloads[] = {                              \
	    {{MILL_TYPE_DATE}, 1, false, MILL_TYPE_INT64, kernel_##NAME##_date, NULL}, \
	    {{MILL_TYPE_TIMESTAMP}, 1, false, MILL_TYPE_INT64, kernel_##NAME##_time, NULL}};

static void days_of(const int64_t *restrict us, int32_t *restrict days, int64_t rows)
{
	for (int64_t i = 0; i < rows; i++)
		days[i] = (int32_t)whole_days(us[i]);
}

/* A part of the clock: of timestamps (a date is midnight). */
#define CLOCK_PART(NAME, EXPRESSION)                      \
	PART_LOOP(NAME##_time, int64_t, EXPRESSION)       \
	static const mill_overload NAME##_overloads[] = { \
	    {{MILL_TYPE_TIMESTAMP}, 1, false, MILL_TYPE_INT64, kernel_##NAME##_time, NULL}};

#define HOUR(us)         (us_of_day(us) / MILL_HOUR_US)
#define MINUTE(us)       (us_of_day(us) / MILL_MINUTE_US % 60)
#define SECOND(us)       (us_of_day(us) / MILL_SECOND_US % 60)
#define MICROSECONDS(us) (us_of_day(us) % MILL_MINUTE_US)

DAY_PART(year, YEAR)
DAY_PART(month, MONTH)
DAY_PART(day, DAY)
DAY_PART(quarter, QUARTER)
DAY_PART(doy, day_in_year)
DAY_PART(dow, weekday0)
DAY_PART(isodow, iso_weekday)
DAY_PART(week, iso_week)
DAY_PART(isoyear, ISO_YEAR)
DAY_PART(dayofweek, SPARK_WEEKDAY)
DAY_PART(weekday, MONDAY_ZERO)
DAY_PART(decade, DECADE)
DAY_PART(century, CENTURY)
DAY_PART(millennium, MILLENNIUM)
DAY_PART(julian, JULIAN)
CLOCK_PART(hour, HOUR)
CLOCK_PART(minute, MINUTE)
CLOCK_PART(second, SECOND)
CLOCK_PART(microseconds, MICROSECONDS)

/* Decimal parts: seconds with their fraction, milliseconds, seconds since 1970. */
#define DECIMAL_PART(NAME, T, EXPRESSION)                                  \
	static mill_status kernel_##NAME(mill_call *call, mill_error *err) \
	{                                                                  \
		const T *in = mill_call_values(call, 0);                   \
		mill_i128 *out = call->out->values;                        \
		(void)err;                                                 \
		for (int64_t i = 0; i < call->rows; i++)                   \
			out[i] = (mill_i128)(EXPRESSION(in[i]));           \
		return MILL_OK;                                            \
	}

#define EPOCH_TIME(us)     (us)
#define EPOCH_DATE(day)    ((mill_i128)(day)*MILL_DAY_US)
#define INTERVAL_SECOND(v) ((v).us % MILL_MINUTE_US)
/* A year counts 365.25 days, a month 30. */
#define INTERVAL_EPOCH(v)                                          \
	((mill_i128)((v).months / 12) * (MILL_DAY_US * 1461 / 4) + \
	 ((mill_i128)((v).months % 12) * 30 + (v).days) * MILL_DAY_US + (v).us)
DECIMAL_PART(extract_second, int64_t, MICROSECONDS)
DECIMAL_PART(epoch_time, int64_t, EPOCH_TIME)
DECIMAL_PART(epoch_date, int32_t, EPOCH_DATE)
DECIMAL_PART(interval_second, mill_interval, INTERVAL_SECOND)
DECIMAL_PART(interval_epoch, mill_interval, INTERVAL_EPOCH)

#define INTERVAL_PART(NAME, EXPRESSION)                                    \
	static mill_status kernel_##NAME(mill_call *call, mill_error *err) \
	{                                                                  \
		const mill_interval *in = mill_call_values(call, 0);       \
		int64_t *out = call->out->values;                          \
		(void)err;                                                 \
		for (int64_t i = 0; i < call->rows; i++) {                 \
			mill_interval v = in[i];                           \
			out[i] = EXPRESSION;                               \
		}                                                          \
		return MILL_OK;                                            \
	}

INTERVAL_PART(interval_year, v.months / 12)
INTERVAL_PART(interval_month, v.months % 12)
INTERVAL_PART(interval_day, v.days)
INTERVAL_PART(interval_hour, v.us / MILL_HOUR_US)
INTERVAL_PART(interval_minute, v.us / MILL_MINUTE_US % 60)

static mill_status micro_decimal(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	(void)args;
	(void)arg_count;
	(void)err;
	*result = mill_type_decimal(18, 6);
	return MILL_OK;
}

static mill_status milli_decimal(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	(void)args;
	(void)arg_count;
	(void)err;
	*result = mill_type_decimal(18, 3);
	return MILL_OK;
}

/* Microseconds to three places, half away from zero. */
#define MILLISECONDS(us) (MICROSECONDS(us))
static mill_status kernel_milliseconds(mill_call *call, mill_error *err)
{
	const int64_t *in = mill_call_values(call, 0);
	mill_i128 *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++)
		out[i] = MILLISECONDS(in[i]); /* µs are ms at scale 3 */
	return MILL_OK;
}

#define PART_ROW(ID, RESULT, kernel, DERIVE)                                   \
	{                                                                      \
		{MILL_TYPE_##ID}, 1, false, MILL_TYPE_##RESULT, kernel, DERIVE \
	}
static const mill_overload extract_second_overloads[] = {
    PART_ROW(TIMESTAMP, DECIMAL, kernel_extract_second, micro_decimal),
    PART_ROW(INTERVAL, DECIMAL, kernel_interval_second, micro_decimal)};
static const mill_overload epoch_overloads[] = {PART_ROW(TIMESTAMP, DECIMAL, kernel_epoch_time, micro_decimal),
                                                PART_ROW(DATE, DECIMAL, kernel_epoch_date, micro_decimal),
                                                PART_ROW(INTERVAL, DECIMAL, kernel_interval_epoch, micro_decimal)};
static const mill_overload milliseconds_overloads[] = {
    PART_ROW(TIMESTAMP, DECIMAL, kernel_milliseconds, milli_decimal)};
#define WITH_INTERVAL(NAME)                                         \
	static const mill_overload extract_##NAME##_overloads[] = { \
	    PART_ROW(TIMESTAMP, INT64, kernel_##NAME##_time, NULL), \
	    PART_ROW(INTERVAL, INT64, kernel_interval_##NAME, NULL)};
#define WITH_DATE_INTERVAL(NAME)                                                                                       \
	static const mill_overload extract_##NAME##_overloads[] = {                                                    \
	    PART_ROW(DATE, INT64, kernel_##NAME##_date, NULL), PART_ROW(TIMESTAMP, INT64, kernel_##NAME##_time, NULL), \
	    PART_ROW(INTERVAL, INT64, kernel_interval_##NAME, NULL)};
WITH_DATE_INTERVAL(year)
WITH_DATE_INTERVAL(month)
WITH_DATE_INTERVAL(day)
WITH_INTERVAL(hour)
WITH_INTERVAL(minute)

/* EXTRACT's fields and the functions that implement them. */
typedef struct extract_field {
	const char *field, *function;
} extract_field;

static const extract_field extract_fields[] = {
    {"year", "extract_year"},
    {"month", "extract_month"},
    {"day", "extract_day"},
    {"hour", "extract_hour"},
    {"minute", "extract_minute"},
    {"second", "extract_second"},
    {"quarter", "quarter"},
    {"week", "weekofyear"},
    {"doy", "dayofyear"},
    {"dow", "extract_dow"},
    {"isodow", "extract_isodow"},
    {"isoyear", "extract_isoyear"},
    {"epoch", "extract_epoch"},
    {"decade", "extract_decade"},
    {"century", "extract_century"},
    {"millennium", "extract_millennium"},
    {"julian", "extract_julian"},
    {"milliseconds", "extract_milliseconds"},
    {"microseconds", "extract_microseconds"},
    {"years", "extract_year"},
    {"months", "extract_month"},
    {"days", "extract_day"},
    {"hours", "extract_hour"},
    {"minutes", "extract_minute"},
    {"seconds", "extract_second"},
    {"millisecond", "extract_milliseconds"},
    {"microsecond", "extract_microseconds"},
    {"dayofweek", "extract_dow"},
    {"dayofyear", "dayofyear"},
    {"weeks", "weekofyear"},
};

static mill_expr *extract(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	const mill_expr *field = args[0];
	mill_expr *value = args[1];
	(void)arg_count;
	if (field->kind != MILL_EXPR_LITERAL || field->type.id != MILL_TYPE_STRING || field->literal.is_null) {
		mill_builder_fail(b, field->position, err, MILL_USAGE,
		                  "extract and date_part need the field as a literal");
		return NULL;
	}
	if (value->kind == MILL_EXPR_LITERAL && value->is_wide_literal && value->type.id == MILL_TYPE_STRING)
		value = mill_expr_coerce(b, value, mill_type_timestamp(false), err);
	if (value == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof extract_fields / sizeof extract_fields[0]; i++)
		if (strcasecmp(field->literal.as.string.text, extract_fields[i].field) == 0)
			return mill_expr_call(b, extract_fields[i].function, &value, 1, err);
	mill_builder_fail(
	    b, field->position, err, MILL_USAGE,
	    "unknown date part \"%s\" (year, month, day, hour, minute, second, dow, isodow, doy, week, quarter, "
	    "epoch, isoyear, decade, century, millennium, milliseconds, microseconds, julian)",
	    field->literal.as.string.text);
	return NULL;
}

/* Parts of dates and times have a value for each of them. */
#define PART(text, list, line)                                                                     \
	{                                                                                          \
		.name = text, .group = MILL_GROUP_DATE, .help = line, MILL_LIST(list##_overloads), \
		.never_fails = mill_never_fails                                                    \
	}
/* What extract(field FROM x) becomes. */
#define EXTRACT(text, list, line)                                                                      \
	{                                                                                              \
		.name = text, .group = MILL_GROUP_DATE, .standing = MILL_FUNCTION_INNER, .help = line, \
		MILL_LIST(list##_overloads), .never_fails = mill_never_fails                           \
	}
#define REFUSED(text, why)                                                                             \
	{                                                                                              \
		.name = text, .group = MILL_GROUP_DATE, .standing = MILL_FUNCTION_REFUSED, .help = why \
	}
#define NO_CLOCK "jobs are deterministic, so there is no current time; pass it as a parameter: ${today}"

static const mill_function functions[] = {
    {.name = "extract",
     .group = MILL_GROUP_DATE,
     .help = "extract(field FROM x): year, month, day, hour, minute, second, dow, isodow, doy, week, quarter, epoch, "
             "isoyear, …",
     .rewrite = extract,
     .min_args = 2,
     .max_args = 2},
    {.name = "date_part",
     .group = MILL_GROUP_DATE,
     .help = "date_part('field', x): the same as extract(field FROM x)",
     .rewrite = extract,
     .min_args = 2,
     .max_args = 2},
    PART("year", year, "year(x): year"),
    PART("month", month, "month(x): month, 1 to 12"),
    PART("day", day, "day(x): day of the month"),
    PART("dayofmonth", day, "dayofmonth(x): day of the month"),
    PART("hour", hour, "hour(x): hour, 0 to 23"),
    PART("minute", minute, "minute(x): minute, 0 to 59"),
    PART("second", second, "second(x): whole seconds, 0 to 59, as in Spark; extract(second FROM x) has the fraction"),
    PART("quarter", quarter, "quarter(x): quarter, 1 to 4"),
    PART("dayofyear", doy, "dayofyear(x): day of the year, 1 to 366"),
    PART("weekofyear", week, "weekofyear(x): ISO week, 1 to 53"),
    PART("dayofweek", dayofweek, "dayofweek(x): Sunday 1 to Saturday 7, as in Spark; extract(dow FROM x) has Sunday 0"),
    PART("weekday", weekday, "weekday(x): Monday 0 to Sunday 6, as in Spark"),
    EXTRACT("extract_year", extract_year, "extract(year FROM x)"),
    EXTRACT("extract_month", extract_month, "extract(month FROM x)"),
    EXTRACT("extract_day", extract_day, "extract(day FROM x)"),
    EXTRACT("extract_hour", extract_hour, "extract(hour FROM x)"),
    EXTRACT("extract_minute", extract_minute, "extract(minute FROM x)"),
    EXTRACT("extract_second", extract_second, "extract(second FROM x): seconds with their fraction, decimal(18,6)"),
    EXTRACT("extract_dow", dow, "extract(dow FROM x): Sunday 0 to Saturday 6"),
    EXTRACT("extract_isodow", isodow, "extract(isodow FROM x): Monday 1 to Sunday 7"),
    EXTRACT("extract_isoyear", isoyear, "extract(isoyear FROM x): the year of the ISO week"),
    EXTRACT("extract_epoch", epoch, "extract(epoch FROM x): seconds since 1970-01-01 UTC, decimal(18,6)"),
    EXTRACT("extract_decade", decade, "extract(decade FROM x)"),
    EXTRACT("extract_century", century, "extract(century FROM x)"),
    EXTRACT("extract_millennium", millennium, "extract(millennium FROM x)"),
    EXTRACT("extract_julian", julian, "extract(julian FROM x): Julian day of the date"),
    EXTRACT("extract_milliseconds", milliseconds, "extract(milliseconds FROM x): seconds and fraction times 1000"),
    EXTRACT("extract_microseconds", microseconds, "extract(microseconds FROM x): seconds and fraction times 1e6"),
    REFUSED("now", NO_CLOCK),
    REFUSED("current_date", NO_CLOCK),
    REFUSED("current_timestamp", NO_CLOCK),
    REFUSED("localtimestamp", NO_CLOCK),
    REFUSED("clock_timestamp", NO_CLOCK),
    REFUSED("age", "it depends on calendars' months; use a - b, or extract(epoch FROM a - b)"),
    REFUSED("random", "jobs are deterministic; use the sample or split step, or a hash of a key"),
};

const mill_function_table mill_functions_date = MILL_TABLE_OF(functions);
