/* Arithmetic of dates, timestamps and intervals. */
#include "expr/time.h"
#include "expr/kernels/kernels.h"
#include <math.h>

static mill_status shift_days(mill_call *call, int date_arg, int64_t sign)
{
	const int32_t *date = mill_call_values(call, date_arg);
	const int64_t *days = mill_call_values(call, 1 - date_arg);
	int64_t date_stride = mill_call_stride(call, date_arg), day_stride = mill_call_stride(call, 1 - date_arg);
	int32_t *out = call->out->values;
	for (int64_t i = 0; i < call->rows; i++) {
		int64_t shift = days[i * day_stride];
		bool bad = shift > 4000000 || shift < -4000000;
		int64_t day = date[i * date_stride] + (bad ? 0 : sign * shift);
		out[i] = (int32_t)day;
		if ((bad || !mill_time_day_in_range(day)) && mill_call_valid(call, i))
			mill_call_fail_row(call, i, MILL_ROW_DATE_RANGE);
	}
	return MILL_OK;
}

mill_status mill_k_add_date_days(mill_call *call, mill_error *err)
{
	(void)err;
	return shift_days(call, 0, 1);
}

mill_status mill_k_add_days_date(mill_call *call, mill_error *err)
{
	(void)err;
	return shift_days(call, 1, 1);
}

mill_status mill_k_sub_date_days(mill_call *call, mill_error *err)
{
	(void)err;
	return shift_days(call, 0, -1);
}

mill_status mill_k_sub_date_date(mill_call *call, mill_error *err)
{
	const int32_t *a = mill_call_values(call, 0), *b = mill_call_values(call, 1);
	int64_t stride_a = mill_call_stride(call, 0), stride_b = mill_call_stride(call, 1);
	int32_t *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++)
		out[i] = (int32_t)((uint32_t)a[i * stride_a] - (uint32_t)b[i * stride_b]);
	return MILL_OK;
}

/* The interval's negative, false when it has none. */
static bool opposite(mill_interval v, mill_interval *out)
{
	if (v.months == INT32_MIN || v.days == INT32_MIN || v.us == INT64_MIN)
		return false;
	*out = (mill_interval){-v.months, -v.days, -v.us};
	return true;
}

static mill_status shift_time(mill_call *call, int time_arg, bool subtract)
{
	const int64_t *time = mill_call_values(call, time_arg);
	const mill_interval *interval = mill_call_values(call, 1 - time_arg);
	int64_t time_stride = mill_call_stride(call, time_arg), interval_stride = mill_call_stride(call, 1 - time_arg);
	int64_t *out = call->out->values;
	for (int64_t i = 0; i < call->rows; i++) {
		out[i] = 0;
		if (!mill_call_valid(call, i))
			continue;
		mill_interval shift = interval[i * interval_stride];
		if ((subtract && !opposite(shift, &shift)) || !mill_time_add(time[i * time_stride], shift, &out[i]))
			mill_call_fail_row(call, i, MILL_ROW_DATE_RANGE);
	}
	return MILL_OK;
}

mill_status mill_k_add_time_interval(mill_call *call, mill_error *err)
{
	(void)err;
	return shift_time(call, 0, false);
}

mill_status mill_k_add_interval_time(mill_call *call, mill_error *err)
{
	(void)err;
	return shift_time(call, 1, false);
}

mill_status mill_k_sub_time_interval(mill_call *call, mill_error *err)
{
	(void)err;
	return shift_time(call, 0, true);
}

/* Whole days and the rest, as PostgreSQL gives for timestamp − timestamp. */
mill_status mill_k_sub_time_time(mill_call *call, mill_error *err)
{
	const int64_t *a = mill_call_values(call, 0), *b = mill_call_values(call, 1);
	int64_t stride_a = mill_call_stride(call, 0), stride_b = mill_call_stride(call, 1);
	mill_interval *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		int64_t us = (int64_t)((uint64_t)a[i * stride_a] - (uint64_t)b[i * stride_b]);
		out[i] = (mill_interval){0, (int32_t)(us / MILL_DAY_US), us % MILL_DAY_US};
	}
	return MILL_OK;
}

#define INTERVAL_SUM(NAME, OVERFLOWS)                                                               \
	mill_status mill_k_##NAME(mill_call *call, mill_error *err)                                 \
	{                                                                                           \
		const mill_interval *a = mill_call_values(call, 0), *b = mill_call_values(call, 1); \
		int64_t stride_a = mill_call_stride(call, 0), stride_b = mill_call_stride(call, 1); \
		mill_interval *out = call->out->values;                                             \
		(void)err;                                                                          \
		for (int64_t i = 0; i < call->rows; i++) {                                          \
			mill_interval x = a[i * stride_a], y = b[i * stride_b];                     \
			bool bad = OVERFLOWS(x.months, y.months, &out[i].months);                   \
			bad |= OVERFLOWS(x.days, y.days, &out[i].days);                             \
			bad |= OVERFLOWS(x.us, y.us, &out[i].us);                                   \
			if (bad && mill_call_valid(call, i))                                        \
				mill_call_fail_row(call, i, MILL_ROW_RANGE);                        \
		}                                                                                   \
		return MILL_OK;                                                                     \
	}

INTERVAL_SUM(add_intervals, mill_add_overflows)
INTERVAL_SUM(sub_intervals, mill_sub_overflows)

mill_status mill_k_neg_interval(mill_call *call, mill_error *err)
{
	const mill_interval *in = mill_call_values(call, 0);
	mill_interval *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		out[i] = (mill_interval){0, 0, 0};
		if (!mill_call_valid(call, i))
			continue;
		if (!opposite(in[i], &out[i]))
			mill_call_fail_row(call, i, MILL_ROW_RANGE);
	}
	return MILL_OK;
}

/* PostgreSQL's interval_mul and interval_div: fractions of a month cascade into days of 1/30 month, those of a day into
 * time. */
static bool scale_interval(mill_interval v, double factor, bool divide, mill_interval *out)
{
	double months = divide ? v.months / factor : v.months * factor;
	double days = divide ? v.days / factor : v.days * factor;
	double time = divide ? (double)v.us / factor : (double)v.us * factor;
	if (!(fabs(months) < 2147483647.0) || !(fabs(days) < 2147483647.0))
		return false;
	int32_t whole_months = (int32_t)months, whole_days = (int32_t)days;
	double month_days = (months - whole_months) * 30;
	month_days = rint(month_days * 1e6) / 1e6;
	double seconds = (days - whole_days + month_days - (int)month_days) * 86400;
	seconds = rint(seconds * 1e6) / 1e6;
	if (fabs(seconds) >= 86400) {
		whole_days += (int)(seconds / 86400);
		seconds -= (int)(seconds / 86400) * 86400.0;
	}
	double us = rint(time + seconds * 1e6);
	if (!(us < 9223372036854775808.0 && us >= -9223372036854775808.0) ||
	    mill_add_overflows(whole_days, (int32_t)month_days, &whole_days))
		return false;
	*out = (mill_interval){whole_months, whole_days, (int64_t)us};
	return true;
}

static mill_status scale_rows(mill_call *call, int interval_arg, bool divide)
{
	const mill_interval *in = mill_call_values(call, interval_arg);
	const double *factor = mill_call_values(call, 1 - interval_arg);
	int64_t stride = mill_call_stride(call, interval_arg), factor_stride = mill_call_stride(call, 1 - interval_arg);
	mill_interval *out = call->out->values;
	for (int64_t i = 0; i < call->rows; i++) {
		double f = factor[i * factor_stride];
		out[i] = (mill_interval){0, 0, 0};
		if (!mill_call_valid(call, i))
			continue;
		if (divide && f == 0)
			mill_call_fail_row(call, i, MILL_ROW_DIVISION);
		else if (!scale_interval(in[i * stride], f, divide, &out[i]))
			mill_call_fail_row(call, i, MILL_ROW_RANGE);
	}
	return MILL_OK;
}

mill_status mill_k_mul_interval_f64(mill_call *call, mill_error *err)
{
	(void)err;
	return scale_rows(call, 0, false);
}

mill_status mill_k_mul_f64_interval(mill_call *call, mill_error *err)
{
	(void)err;
	return scale_rows(call, 1, false);
}

mill_status mill_k_div_interval_f64(mill_call *call, mill_error *err)
{
	(void)err;
	return scale_rows(call, 0, true);
}
