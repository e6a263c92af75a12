/* median and quantiles: the values of a bucket with their groups, put together by group when results are asked for.
 * Values are held as integers that order like the floats they came from (NaN above all). */
#include "column/canonical.h"
#include "ops/states/state.h"
#include <math.h>

typedef struct quantile_state {
	op_state base;
	uint32_t *groups; /* of each value */
	int64_t *values;
	int64_t count;
	int64_t value_capacity;
	int64_t *starts; /* first of each group's values once gathered; NULL before */
} quantile_state;

static mill_status quantile_open(op_state *state, mill_error *err)
{
	mill_type type = state->spec.signature.arg_types[0];
	double p = state->spec.quantile;
	if (!mill_type_is_float(type) && !mill_type_is_integer(type))
		return mill_fail(err, MILL_INTERNAL, "median and quantiles need a number that fits a float64");
	if (state->spec.signature.kind == MILL_AGG_QUANTILE && !(p >= 0.0 && p <= 1.0))
		return mill_fail(err, MILL_USAGE, "a quantile's fraction must lie between 0 and 1, not %g", p);
	return MILL_OK;
}

static mill_status quantile_grow(op_state *state, int64_t capacity, mill_error *err)
{
	(void)state;
	(void)capacity;
	(void)err;
	return MILL_OK;
}

static mill_status quantile_reserve(quantile_state *s, int64_t extra, mill_error *err)
{
	if (s->count + extra <= s->value_capacity)
		return MILL_OK;
	int64_t capacity = mill_max_i64(s->count + extra, s->value_capacity * 2);
	MILL_TRY(op_state_array(s->base.mem, &s->groups, s->count, capacity, sizeof(*s->groups), err));
	MILL_TRY(op_state_array(s->base.mem, &s->values, s->count, capacity, sizeof(*s->values), err));
	s->value_capacity = capacity;
	return MILL_OK;
}

static double number_at(const mill_column *column, int64_t row)
{
	if (mill_type_is_float(column->type))
		return mill_float_value(column, row);
	uint64_t bits = mill_integer_bits(column, row);
	return mill_type_is_unsigned(column->type) ? (double)bits : (double)(int64_t)bits;
}

static mill_status quantile_update(op_state *state, const op_input *in, mill_error *err)
{
	quantile_state *s = (quantile_state *)state;
	MILL_TRY(quantile_reserve(s, in->selected == NULL ? in->rows : in->selected_count, err));
	int64_t at = s->count;
	OP_EACH_ROW(in, {
		s->groups[at] = in->groups[r];
		s->values[at++] = mill_order_f64(number_at(in->args[0], r));
	});
	s->count = at;
	return MILL_OK;
}

static mill_status quantile_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	(void)state;
	(void)group;
	(void)bytes;
	return mill_fail(err, MILL_INTERNAL, "median and quantiles have no partial states: use mill_group_whole_new");
}

static mill_status quantile_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	(void)state;
	(void)group;
	(void)out;
	return mill_fail(err, MILL_INTERNAL, "median and quantiles have no partial states: use mill_group_whole_new");
}

/* Counting sort of the values by group; starts has one start per group and the end of the last. */
static mill_status gather(quantile_state *s, mill_error *err)
{
	int64_t groups = 0;
	for (int64_t i = 0; i < s->count; i++)
		groups = mill_max_i64(groups, (int64_t)s->groups[i] + 1);
	int64_t *starts = NULL, *sorted = NULL;
	MILL_TRY(op_state_array(s->base.mem, &starts, 0, groups + 2, sizeof(*starts), err));
	mill_status status = op_state_array(s->base.mem, &sorted, 0, s->count, sizeof(*sorted), err);
	if (status != MILL_OK) {
		mill_mem_free(starts);
		return status;
	}
	for (int64_t i = 0; i < s->count; i++)
		starts[s->groups[i] + 2]++;
	for (int64_t g = 0; g < groups; g++)
		starts[g + 2] += starts[g + 1];
	for (int64_t i = 0; i < s->count; i++)
		sorted[starts[s->groups[i] + 1]++] = s->values[i];
	mill_mem_free(s->values);
	s->values = sorted;
	s->value_capacity = s->count;
	s->starts = starts;
	return MILL_OK;
}

static void swap_values(int64_t *a, int64_t *b)
{
	int64_t kept = *a;
	*a = *b;
	*b = kept;
}

static int64_t median_of_three(int64_t a, int64_t b, int64_t c)
{
	return a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
}

/* Hoare's selection: values[at] gets the value of that rank, what is smaller comes before it, what is larger after. The
 * pivot is the median of three medians of three, which keeps ordered and organ-pipe inputs linear. */
static void select_rank(int64_t *values, int64_t count, int64_t at)
{
	int64_t low = 0, high = count - 1;
	while (low < high) {
		int64_t step = (high - low) / 8, mid = low + (high - low) / 2;
		int64_t pivot =
		    median_of_three(median_of_three(values[low], values[low + step], values[low + 2 * step]),
		                    median_of_three(values[mid - step], values[mid], values[mid + step]),
		                    median_of_three(values[high - 2 * step], values[high - step], values[high]));
		int64_t i = low, j = high;
		while (i <= j) {
			while (values[i] < pivot)
				i++;
			while (values[j] > pivot)
				j--;
			if (i <= j)
				swap_values(&values[i++], &values[j--]);
		}
		if (at <= j)
			high = j;
		else if (at >= i)
			low = i;
		else
			return;
	}
}

static double float_of_key(int64_t key)
{
	int64_t bits = key ^ (int64_t)((uint64_t)(key >> 63) >> 1);
	double value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* h = (n − 1)·p exactly: its whole part, and its fraction rounded once. p = mantissa·2^−shift. */
static int64_t split_position(int64_t n, double p, double *fraction)
{
	int exponent;
	double mantissa = frexp(p, &exponent);
	uint64_t digits = (uint64_t)ldexp(mantissa, 53);
	int shift = 53 - exponent; /* ≥ 52, as p ≤ 1 */
	mill_u128 h = (mill_u128)(uint64_t)(n - 1) * digits;
	*fraction = 0.0;
	if (digits == 0)
		return 0;
	if (shift >= 127) { /* (n − 1)·p is below 2^−10 then: all fraction */
		*fraction = ldexp((double)h, -shift);
		return 0;
	}
	mill_u128 rest = h & (((mill_u128)1 << shift) - 1);
	*fraction = ldexp((double)rest, -shift);
	return (int64_t)(h >> shift);
}

static double interpolate(double low, double high, double fraction)
{
	if (fraction == 0.0 || low == high)
		return low;
	double span = high - low;
	if (isinf(span) && isfinite(low) && isfinite(high))
		return low * (1.0 - fraction) + high * fraction;
	return low + span * fraction;
}

static double quantile_of(int64_t *values, int64_t n, double p)
{
	double fraction;
	int64_t at = split_position(n, p, &fraction);
	select_rank(values, n, at);
	int64_t low = values[at], high = low;
	if (fraction > 0.0 && at + 1 < n) {
		high = values[at + 1];
		for (int64_t i = at + 2; i < n; i++)
			high = mill_min_i64(high, values[i]);
	}
	double result = interpolate(float_of_key(low), float_of_key(high), fraction) + 0.0;
	return result == result ? result : float_of_key((int64_t)MILL_NAN_BITS);
}

static mill_status quantile_result(op_state *state, const int32_t *order, int64_t count, mill_column *out,
                                   mill_error *err)
{
	quantile_state *s = (quantile_state *)state;
	double p = state->spec.signature.kind == MILL_AGG_MEDIAN ? 0.5 : state->spec.quantile;
	mill_column made = {0};
	if (s->starts == NULL)
		MILL_TRY(gather(s, err));
	MILL_TRY(op_state_column(state, order, count, &made, err));
	for (int64_t i = 0; i < count; i++) {
		int64_t group = order[i];
		if (!op_state_seen(state, group))
			continue;
		int64_t first = s->starts[group];
		double value = quantile_of(s->values + first, s->starts[group + 1] - first, p);
		if (made.type.id == MILL_TYPE_FLOAT32)
			((float *)made.values)[i] = (float)value;
		else
			((double *)made.values)[i] = value;
	}
	*out = made;
	return MILL_OK;
}

static void quantile_drop(op_state *state)
{
	quantile_state *s = (quantile_state *)state;
	mill_mem_free(s->groups);
	mill_mem_free(s->values);
	mill_mem_free(s->starts);
	s->groups = NULL;
	s->values = NULL;
	s->starts = NULL;
	s->count = s->value_capacity = 0;
}

static void quantile_wipe(op_state *state, int64_t groups)
{
	(void)groups;
	quantile_drop(state);
}

const op_state_kind op_state_quantile = {
    .size_bytes = sizeof(quantile_state),
    .open = quantile_open,
    .grow = quantile_grow,
    .update = quantile_update,
    .merge = quantile_merge,
    .write = quantile_write,
    .result = quantile_result,
    .wipe = quantile_wipe,
    .drop = quantile_drop,
};
