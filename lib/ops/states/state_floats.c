/* sum, avg, variances, corr and covariances of floats, over exact sums of x, y and their products. */
#include "ops/states/group_sums.h"
#include "ops/states/ratio.h"

#include <math.h>

#define AHEAD 12 /* groups whose blocks are asked for before they are needed */

typedef struct floats_state {
	op_state base;
	op_group_sums sums;
	double *widened[2]; /* arguments of the batch as float64, where they are not */
	int64_t widened_capacity[2];
} floats_state;

static mill_status floats_open(op_state *state, mill_error *err)
{
	floats_state *s = (floats_state *)state;
	mill_aggregate_kind kind = state->spec.signature.kind;
	for (int a = 0; a < state->spec.signature.arg_count; a++)
		if (!mill_type_is_float(state->spec.signature.arg_types[a]))
			return mill_fail(err, MILL_INTERNAL, "a statistic needs float arguments");
	bool corr = kind == MILL_AGG_CORR, covar = kind == MILL_AGG_COVAR_SAMP || kind == MILL_AGG_COVAR_POP;
	bool linear = kind == MILL_AGG_SUM || kind == MILL_AGG_AVG;
	const bool keeps[OP_SUMS] = {
	    [OP_SUM_X] = true,  [OP_SUM_Y] = corr || covar,  [OP_SUM_XX] = !linear && !covar,
	    [OP_SUM_YY] = corr, [OP_SUM_XY] = corr || covar,
	};
	op_group_sums_open(&s->sums, state->mem, keeps, kind != MILL_AGG_SUM);
	return MILL_OK;
}

static mill_status floats_grow(op_state *state, int64_t capacity, mill_error *err)
{
	return op_group_sums_grow(&((floats_state *)state)->sums, state->capacity, capacity, err);
}

/* The argument as float64 values. */
static mill_status widen(floats_state *s, int arg, const mill_column *column, const double **out, mill_error *err)
{
	if (column->type.id == MILL_TYPE_FLOAT64) {
		*out = column->values;
		return MILL_OK;
	}
	if (column->rows > s->widened_capacity[arg]) {
		MILL_TRY(op_state_array(s->base.mem, &s->widened[arg], 0, column->rows, sizeof(double), err));
		s->widened_capacity[arg] = column->rows;
	}
	const float *restrict from = column->values;
	double *restrict to = s->widened[arg];
	for (int64_t r = 0; r < column->rows; r++)
		to[r] = (double)from[r];
	*out = to;
	return MILL_OK;
}

static mill_status floats_update(op_state *state, const op_input *in, mill_error *err)
{
	floats_state *s = (floats_state *)state;
	const double *x = NULL, *y = NULL;
	MILL_TRY(widen(s, 0, in->args[0], &x, err));
	if (state->spec.signature.arg_count > 1)
		MILL_TRY(widen(s, 1, in->args[1], &y, err));
	return op_group_sums_add(&s->sums, in, x, y, err);
}

/* The bytes of a state: see group_sums.h. */
static size_t floats_fixed_bytes(const op_state *state)
{
	return op_group_sums_fixed_bytes(&((const floats_state *)state)->sums);
}

static void floats_put(const op_state *state, const int32_t *order, int64_t count, char *to)
{
	op_group_sums_put(&((const floats_state *)state)->sums, order, count, to);
}

static mill_status floats_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	(void)err;
	return op_group_sums_write(&((const floats_state *)state)->sums, group, out);
}

static mill_status floats_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	return op_group_sums_merge(&((floats_state *)state)->sums, group, bytes, state->groups, err);
}

static mill_status floats_merge_fixed(op_state *state, const char *bytes, const uint32_t *groups, int64_t rows,
                                      mill_error *err)
{
	return op_group_sums_merge_fixed(&((floats_state *)state)->sums, bytes, groups, rows, state->groups, err);
}

/* sum and avg straight from the sum: rounded to 53 bits, then scaled, which is exact unless the result is subnormal
 * or too large. A sum in units of at least 2^-1074 that comes out subnormal was exact already. */
static bool quick_value(const floats_state *s, int64_t group, double *out)
{
	mill_i128 total;
	int exponent;
	if (!op_group_sums_small_total(&s->sums, group, OP_SUM_X, &total, &exponent))
		return false;
	if (s->base.spec.signature.kind == MILL_AGG_SUM) {
		*out = ldexp((double)total, exponent);
		return isfinite(*out);
	}
	*out = ldexp(op_ratio(total, op_group_sums_count(&s->sums, group)), exponent);
	return isfinite(*out) && (total == 0 || fabs(*out) > 0x1p-1000);
}

static mill_status beyond_one(const floats_state *s, int64_t group, const mill_exact totals[OP_SUMS], double *out,
                              bool *is_null, mill_error *err)
{
	mill_aggregate_kind kind = s->base.spec.signature.kind;
	int64_t n = (int64_t)op_group_sums_count(&s->sums, group);
	bool samp = kind == MILL_AGG_VAR_SAMP || kind == MILL_AGG_STDDEV_SAMP || kind == MILL_AGG_COVAR_SAMP;
	*is_null = n <= (samp ? 1 : 0);
	if (*is_null)
		return MILL_OK;
	if (kind == MILL_AGG_CORR)
		return mill_exact_corr(&totals[OP_SUM_X], &totals[OP_SUM_Y], &totals[OP_SUM_XX], &totals[OP_SUM_YY],
		                       &totals[OP_SUM_XY], n, s->base.mem, out, is_null, err);
	int64_t divisor = samp ? n - 1 : n;
	if (s->sums.keeps[OP_SUM_XY])
		return mill_exact_covariance(&totals[OP_SUM_X], &totals[OP_SUM_Y], &totals[OP_SUM_XY], n, divisor,
		                             s->base.mem, out, err);
	MILL_TRY(mill_exact_variance(&totals[OP_SUM_X], &totals[OP_SUM_XX], n, divisor, s->base.mem, out, err));
	if (kind == MILL_AGG_STDDEV_SAMP || kind == MILL_AGG_STDDEV_POP)
		*out = sqrt(*out);
	return MILL_OK;
}

/* A result as float64, or float32 for sum(float4). */
static mill_status exact_value(const floats_state *s, int64_t group, double *out, float *out_narrow, bool *is_null,
                               mill_error *err)
{
	mill_exact totals[OP_SUMS] = {0};
	mill_status status = MILL_OK;
	for (int k = 0; k < OP_SUMS && status == MILL_OK; k++)
		if (s->sums.keeps[k])
			status = op_group_sums_total(&s->sums, group, k, &totals[k], err);
	if (status != MILL_OK)
		goto done;
	switch (s->base.spec.signature.kind) {
	case MILL_AGG_SUM:
		if (out_narrow != NULL)
			status = mill_exact_sum_f32(&totals[OP_SUM_X], out_narrow, err);
		else
			status = mill_exact_sum(&totals[OP_SUM_X], out, err);
		break;
	case MILL_AGG_AVG:
		status = mill_exact_mean(&totals[OP_SUM_X], (int64_t)op_group_sums_count(&s->sums, group), out, err);
		break;
	default: status = beyond_one(s, group, totals, out, is_null, err); break;
	}
done:
	for (int k = 0; k < OP_SUMS; k++)
		mill_exact_release(&totals[k]);
	return status;
}

static mill_status put_null(mill_mem *mem, mill_column *column, int64_t row, mill_error *err)
{
	if (column->validity == NULL)
		MILL_TRY(mill_column_add_validity(mem, column, err));
	mill_bit_clear(column->validity, row);
	column->null_count++;
	return MILL_OK;
}

static mill_status put_result(const floats_state *s, int64_t group, mill_column *column, int64_t row, mill_error *err)
{
	bool is_null = false;
	mill_aggregate_kind kind = s->base.spec.signature.kind;
	double *values = column->values;
	if (column->type.id == MILL_TYPE_FLOAT32)
		return exact_value(s, group, NULL, &((float *)column->values)[row], &is_null, err);
	if ((kind == MILL_AGG_SUM || kind == MILL_AGG_AVG) && quick_value(s, group, &values[row]))
		return MILL_OK;
	MILL_TRY(exact_value(s, group, &values[row], NULL, &is_null, err));
	return is_null ? put_null(s->base.mem, column, row, err) : MILL_OK;
}

static mill_status floats_result(op_state *state, const int32_t *order, int64_t count, mill_column *out,
                                 mill_error *err)
{
	const floats_state *s = (const floats_state *)state;
	mill_column made = {0};
	MILL_TRY(op_state_column(state, order, count, &made, err));
	for (int64_t i = 0; i < count; i++) {
		if (i + AHEAD < count)
			op_group_sums_prefetch(&s->sums, order[i + AHEAD]);
		if (!op_state_seen(state, order[i]))
			continue;
		mill_status status = put_result(s, order[i], &made, i, err);
		if (status != MILL_OK) {
			mill_column_release(&made);
			return status;
		}
	}
	*out = made;
	return MILL_OK;
}

static void floats_wipe(op_state *state, int64_t groups)
{
	op_group_sums_wipe(&((floats_state *)state)->sums, groups);
}

static void floats_drop(op_state *state)
{
	floats_state *s = (floats_state *)state;
	op_group_sums_drop(&s->sums);
	for (int a = 0; a < 2; a++) {
		mill_mem_free(s->widened[a]);
		s->widened[a] = NULL;
		s->widened_capacity[a] = 0;
	}
}

const op_state_kind op_state_floats = {
    .size_bytes = sizeof(floats_state),
    .open = floats_open,
    .grow = floats_grow,
    .update = floats_update,
    .fixed_bytes = floats_fixed_bytes,
    .put = floats_put,
    .merge_fixed = floats_merge_fixed,
    .merge = floats_merge,
    .write = floats_write,
    .result = floats_result,
    .wipe = floats_wipe,
    .drop = floats_drop,
};
