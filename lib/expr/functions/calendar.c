/* date_trunc, construction of dates, reading and writing them by strptime-like formats. */
#include "expr/builder.h"
#include "expr/kernels/text_rows.h"
#include "expr/time.h"
#include <strings.h>

typedef enum date_unit {
	UNIT_MICROSECOND,
	UNIT_MILLISECOND,
	UNIT_SECOND,
	UNIT_MINUTE,
	UNIT_HOUR,
	UNIT_DAY,
	UNIT_WEEK,
	UNIT_MONTH,
	UNIT_QUARTER,
	UNIT_YEAR,
	UNIT_DECADE,
	UNIT_CENTURY,
	UNIT_MILLENNIUM,
	UNIT_NONE
} date_unit;

static date_unit read_unit(mill_text text)
{
	static const char *const names[UNIT_NONE] = {"microsecond", "millisecond", "second",    "minute",  "hour",
	                                             "day",         "week",        "month",     "quarter", "year",
	                                             "decade",      "century",     "millennium"};
	for (int u = 0; u < UNIT_NONE; u++) {
		size_t known = strlen(names[u]);
		bool plural = text.size == known + 1 && (text.data[known] == 's' || text.data[known] == 'S');
		if ((text.size == known || plural) && strncasecmp(text.data, names[u], known) == 0)
			return (date_unit)u;
	}
	return UNIT_NONE;
}

static int64_t cut_day(int64_t day, date_unit unit)
{
	if (unit == UNIT_WEEK)
		return day - mill_floor_mod(day + 3, 7); /* Monday */
	mill_civil civil = mill_civil_from_days(day);
	switch (unit) {
	case UNIT_MONTH: return mill_days_from_civil(civil.year, civil.month, 1);
	case UNIT_QUARTER: return mill_days_from_civil(civil.year, (civil.month - 1) / 3 * 3 + 1, 1);
	case UNIT_YEAR: return mill_days_from_civil(civil.year, 1, 1);
	case UNIT_DECADE: return mill_days_from_civil(civil.year / 10 * 10, 1, 1);
	case UNIT_CENTURY: return mill_days_from_civil((civil.year - 1) / 100 * 100 + 1, 1, 1);
	case UNIT_MILLENNIUM: return mill_days_from_civil((civil.year - 1) / 1000 * 1000 + 1, 1, 1);
	default: return day;
	}
}

static int64_t cut(int64_t us, date_unit unit)
{
	static const int64_t steps[] = {1, 1000, MILL_SECOND_US, MILL_MINUTE_US, MILL_HOUR_US, MILL_DAY_US};
	if (unit <= UNIT_DAY)
		return us - mill_floor_mod(us, steps[unit]);
	return cut_day(mill_floor_div(us, MILL_DAY_US), unit) * MILL_DAY_US;
}

/* A unit that is written in the query is refused with it. */
static mill_status check_unit(mill_expr_builder *b, const mill_expr *call, mill_error *err)
{
	mill_text unit;
	if (!mill_expr_literal_text(call, 0, &unit.data, &unit.size) || read_unit(unit) != UNIT_NONE)
		return MILL_OK;
	return mill_builder_fail(
	    b, call->args[0]->position, err, MILL_USAGE,
	    "unknown unit \"%s\" (microsecond, millisecond, second, minute, hour, day, week, month, "
	    "quarter, year, decade, century, millennium)",
	    unit.data);
}

static mill_status trunc_kernel(mill_call *call, mill_error *err)
{
	const int64_t *in = mill_call_values(call, 1);
	int64_t stride = mill_call_stride(call, 1);
	int64_t *out = call->out->values;
	date_unit unit = UNIT_NONE;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		out[i] = 0;
		if (!mill_call_valid(call, i))
			continue;
		if (unit == UNIT_NONE || !call->args[0]->constant)
			unit = read_unit(mill_text_arg(call, 0, i));
		out[i] = unit == UNIT_NONE ? 0 : cut(in[i * stride], unit);
		if (unit == UNIT_NONE)
			mill_call_fail_row(call, i, MILL_ROW_DATE_UNIT);
		else if (!mill_time_in_range(out[i]))
			mill_call_fail_row(call, i, MILL_ROW_DATE_RANGE);
	}
	return MILL_OK;
}

static bool civil_date(int64_t year, int64_t month, int64_t day, int64_t *out)
{
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > mill_days_in_month(year, (int)month))
		return false;
	*out = mill_days_from_civil(year, (int)month, (int)day);
	return true;
}

static mill_status make_date_kernel(mill_call *call, mill_error *err)
{
	int32_t *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		int64_t day = 0;
		if (mill_call_valid(call, i) &&
		    !civil_date(mill_int_arg(call, 0, i), mill_int_arg(call, 1, i), mill_int_arg(call, 2, i), &day))
			mill_call_fail_row(call, i, MILL_ROW_DATE_FIELD);
		out[i] = (int32_t)day;
	}
	return MILL_OK;
}

static mill_status make_timestamp_kernel(mill_call *call, mill_error *err)
{
	int64_t *out = call->out->values;
	const double *second = mill_call_values(call, 5);
	int64_t stride = mill_call_stride(call, 5);
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		int64_t day, hour, minute;
		out[i] = 0;
		if (!mill_call_valid(call, i))
			continue;
		hour = mill_int_arg(call, 3, i);
		minute = mill_int_arg(call, 4, i);
		double s = second[i * stride];
		if (!civil_date(mill_int_arg(call, 0, i), mill_int_arg(call, 1, i), mill_int_arg(call, 2, i), &day) ||
		    hour < 0 || hour > 23 || minute < 0 || minute > 59 || !(s >= 0 && s < 60)) {
			mill_call_fail_row(call, i, MILL_ROW_DATE_FIELD);
			continue;
		}
		out[i] = day * MILL_DAY_US + hour * MILL_HOUR_US + minute * MILL_MINUTE_US + (int64_t)(s * 1e6 + 0.5);
	}
	return MILL_OK;
}

/* The last day of the month, as in Spark. */
static mill_status last_day_kernel(mill_call *call, mill_error *err)
{
	const int32_t *in = mill_call_values(call, 0);
	int32_t *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		mill_civil civil = mill_civil_from_days(mill_call_valid(call, i) ? in[i] : 0);
		int last = mill_days_in_month(civil.year, civil.month);
		out[i] = (int32_t)mill_days_from_civil(civil.year, civil.month, last);
	}
	return MILL_OK;
}

/* Seconds since 1970, with a fraction that is rounded to µs. */
static mill_status from_epoch_kernel(mill_call *call, mill_error *err)
{
	const double *in = mill_call_values(call, 0);
	int64_t *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		double us = mill_call_valid(call, i) ? in[i] * 1e6 : 0;
		bool fits = us > -1e17 && us < 1e18;
		out[i] = fits ? (int64_t)(us < 0 ? us - 0.5 : us + 0.5) : 0;
		if (!fits || !mill_time_in_range(out[i]))
			mill_call_fail_row(call, i, MILL_ROW_DATE_RANGE);
	}
	return MILL_OK;
}

#define T    MILL_TYPE_STRING
#define I    MILL_TYPE_INT64
#define F    MILL_TYPE_FLOAT64
#define DAY  MILL_TYPE_DATE
#define TIME MILL_TYPE_TIMESTAMP
static mill_status derive_second(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	(void)arg_count;
	(void)err;
	*result = args[1];
	return MILL_OK;
}

static mill_status derive_instant(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	(void)args;
	(void)arg_count;
	(void)err;
	*result = mill_type_timestamp(true);
	return MILL_OK;
}

static const mill_overload trunc_overloads[] = {{{T, TIME}, 2, false, TIME, trunc_kernel, derive_second}};
static const mill_overload make_date_overloads[] = {{{I, I, I}, 3, false, DAY, make_date_kernel, NULL}};
static const mill_overload make_timestamp_overloads[] = {
    {{I, I, I, I, I, F}, 6, false, TIME, make_timestamp_kernel, NULL}};
static const mill_overload last_day_overloads[] = {{{DAY}, 1, false, DAY, last_day_kernel, NULL}};
static const mill_overload from_epoch_overloads[] = {{{F}, 1, false, TIME, from_epoch_kernel, derive_instant}};
#undef T
#undef I
#undef F
#undef DAY
#undef TIME

static mill_expr *cast_to(mill_expr_builder *b, mill_expr *arg, mill_type type, mill_error *err)
{
	return arg == NULL ? NULL : mill_expr_cast(b, arg, type, false, err);
}

static bool refuse_format(mill_expr_builder *b, const char *name, int arg_count, mill_error *err)
{
	if (arg_count == 2)
		mill_builder_fail(b, b->position, err, MILL_NOT_YET,
		                  "%s(x, format) is not supported yet: a CSV source reads such columns with its option "
		                  "timestamp_format",
		                  name);
	return arg_count == 2;
}

static mill_expr *to_date(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	if (refuse_format(b, "to_date", arg_count, err))
		return NULL;
	return cast_to(b, args[0], mill_type_of(MILL_TYPE_DATE), err);
}

/* to_timestamp(number) counts from 1970, as in PostgreSQL; of text it reads ISO 8601. */
static mill_expr *to_timestamp(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	if (refuse_format(b, "to_timestamp", arg_count, err))
		return NULL;
	if (mill_type_is_numeric(args[0]->type))
		return mill_expr_call(b, "timestamp_of_epoch", args, arg_count, err);
	return cast_to(b, args[0], mill_type_timestamp(true), err);
}

static mill_expr *datediff(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_type date = mill_type_of(MILL_TYPE_DATE);
	mill_expr *pair[2] = {cast_to(b, args[0], date, err), cast_to(b, args[1], date, err)};
	(void)arg_count;
	return pair[0] == NULL || pair[1] == NULL ? NULL : mill_expr_call(b, "-", pair, 2, err);
}

static mill_expr *shift_date(mill_expr_builder *b, const char *op, mill_expr *const *args, mill_error *err)
{
	mill_expr *pair[2] = {cast_to(b, args[0], mill_type_of(MILL_TYPE_DATE), err), args[1]};
	return pair[0] == NULL ? NULL : mill_expr_call(b, op, pair, 2, err);
}

static mill_expr *date_add(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	(void)arg_count;
	return shift_date(b, "+", args, err);
}

static mill_expr *date_sub(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	(void)arg_count;
	return shift_date(b, "-", args, err);
}

/* x AT TIME ZONE 'UTC': PostgreSQL's timezone(zone, x). Other zones need the tz database. */
static mill_expr *timezone_rewrite(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	const mill_expr *zone = args[0];
	mill_expr *time = args[1];
	(void)arg_count;
	bool utc = zone->kind == MILL_EXPR_LITERAL && zone->type.id == MILL_TYPE_STRING && !zone->literal.is_null &&
	           (strcasecmp(zone->literal.as.string.text, "UTC") == 0 ||
	            strcasecmp(zone->literal.as.string.text, "GMT") == 0 ||
	            strcasecmp(zone->literal.as.string.text, "Z") == 0);
	if (!utc) {
		mill_builder_fail(b, zone->position, err, MILL_NOT_YET,
		                  "time zones other than UTC are not supported yet");
		return NULL;
	}
	if (time->is_wide_literal || time->type.id != MILL_TYPE_TIMESTAMP)
		time = cast_to(b, time, mill_type_timestamp(true), err);
	return time == NULL ? NULL : cast_to(b, time, mill_type_timestamp(!time->type.zoned), err);
}

#define DATE(text, list, line)                                                                    \
	{                                                                                         \
		.name = text, .group = MILL_GROUP_DATE, .help = line, MILL_LIST(list##_overloads) \
	}
#define REWRITE(text, function, low, high, line)                                                            \
	{                                                                                                   \
		.name = text, .group = MILL_GROUP_DATE, .help = line, .rewrite = function, .min_args = low, \
		.max_args = high                                                                            \
	}

static const mill_function functions[] = {
    {.name = "date_trunc",
     .group = MILL_GROUP_DATE,
     .help = "date_trunc('unit', x): x cut to the microsecond … millennium; weeks begin on Monday",
     MILL_LIST(trunc_overloads),
     .check = check_unit},
    DATE("make_date", make_date, "make_date(year, month, day): a date"),
    DATE("make_timestamp", make_timestamp, "make_timestamp(year, month, day, hour, minute, second): a timestamp"),
    DATE("last_day", last_day, "last_day(x): last day of the month, as in Spark"),
    {.name = "timestamp_of_epoch",
     .group = MILL_GROUP_DATE,
     .standing = MILL_FUNCTION_INNER,
     .help = "timestamp_of_epoch(seconds): timestamp with time zone, seconds after 1970-01-01 UTC",
     MILL_LIST(from_epoch_overloads)},
    REWRITE("to_date", to_date, 1, 2, "to_date(x): CAST(x AS date)"),
    REWRITE("to_timestamp", to_timestamp, 1, 2,
            "to_timestamp(x): of seconds after 1970-01-01 UTC, or of ISO 8601 text"),
    REWRITE("datediff", datediff, 2, 2, "datediff(end, start): days between, as in Spark"),
    REWRITE("date_add", date_add, 2, 2, "date_add(x, days): a later date, as in Spark"),
    REWRITE("date_sub", date_sub, 2, 2, "date_sub(x, days): an earlier date, as in Spark"),
    REWRITE("timezone", timezone_rewrite, 2, 2, "timezone('UTC', x): x AT TIME ZONE 'UTC'"),
};

const mill_function_table mill_functions_calendar = MILL_TABLE_OF(functions);
