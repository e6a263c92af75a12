/* sum, avg, variances, corr and covariances of floats: exact sums of x, y and their products a group. */
#include "base/exact.h"
#include "ops/state.h"
#include <math.h>

/* Which sums a group keeps, in this order. */
enum { SUM_X, SUM_XX, SUM_Y, SUM_YY, SUM_XY, SUM_KINDS };

typedef struct floats_state {
	op_state base;
	mill_exact *sums; /* sum_count a group */
	int64_t *counts;
	int sum_count;
	int slot[SUM_KINDS]; /* where a sum is, −1: not kept */
	double *widened[2];  /* arguments of the batch as float64, where they are not */
	int64_t widened_capacity[2];
} floats_state;

static bool is_corr(mill_aggregate_kind kind)
{
	return kind == MILL_AGG_CORR;
}
static bool is_covar(mill_aggregate_kind kind)
{
	return kind == MILL_AGG_COVAR_SAMP || kind == MILL_AGG_COVAR_POP;
}
static bool is_linear(mill_aggregate_kind kind)
{
	return kind == MILL_AGG_SUM || kind == MILL_AGG_AVG;
}

static mill_status floats_open(op_state *state, mill_error *err)
{
	floats_state *s = (floats_state *)state;
	mill_aggregate_kind kind = state->spec.signature.kind;
	for (int a = 0; a < state->spec.signature.arg_count; a++)
		if (!mill_type_is_float(state->spec.signature.arg_types[a]))
			return mill_fail(err, MILL_INTERNAL, "a statistic needs float arguments");
	const bool keeps[SUM_KINDS] = {
	    [SUM_X] = true,
	    [SUM_XX] = !is_linear(kind) && !is_covar(kind),
	    [SUM_Y] = is_corr(kind) || is_covar(kind),
	    [SUM_YY] = is_corr(kind),
	    [SUM_XY] = is_corr(kind) || is_covar(kind),
	};
	for (int k = 0; k < SUM_KINDS; k++)
		s->slot[k] = keeps[k] ? s->sum_count++ : -1;
	return MILL_OK;
}

static mill_status floats_grow(op_state *state, int64_t capacity, mill_error *err)
{
	floats_state *s = (floats_state *)state;
	MILL_TRY(op_state_array(state->mem, &s->counts, state->capacity, capacity, sizeof(*s->counts), err));
	return op_state_array(state->mem, &s->sums, state->capacity, capacity,
	                      (size_t)s->sum_count * sizeof(mill_exact), err);
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

static mill_status add_sum(floats_state *s, const op_input *in, int which, const double *values, mill_error *err)
{
	if (s->slot[which] < 0)
		return MILL_OK;
	mill_exact *sums = s->sums + s->slot[which];
	const int64_t stride = s->sum_count;
	mill_mem *mem = s->base.mem;
	OP_EACH_ROW(in, {
		if (mill_exact_add(&sums[in->groups[r] * stride], mem, values[r]) != MILL_OK)
			return mill_fail_nomem(err, sizeof(mill_exact), "exact sums");
	});
	return MILL_OK;
}

static mill_status add_products(floats_state *s, const op_input *in, int which, const double *x, const double *y,
                                mill_error *err)
{
	if (s->slot[which] < 0)
		return MILL_OK;
	mill_exact *sums = s->sums + s->slot[which];
	const int64_t stride = s->sum_count;
	mill_mem *mem = s->base.mem;
	OP_EACH_ROW(in, {
		if (mill_exact_add_product(&sums[in->groups[r] * stride], mem, x[r], y[r]) != MILL_OK)
			return mill_fail_nomem(err, sizeof(mill_exact), "exact sums");
	});
	return MILL_OK;
}

static mill_status floats_update(op_state *state, const op_input *in, mill_error *err)
{
	floats_state *s = (floats_state *)state;
	const double *x = NULL, *y = NULL;
	MILL_TRY(widen(s, 0, in->args[0], &x, err));
	if (state->spec.signature.arg_count > 1)
		MILL_TRY(widen(s, 1, in->args[1], &y, err));
	int64_t *restrict counts = s->counts;
	const uint32_t *restrict groups = in->groups;
	OP_EACH_ROW(in, { counts[groups[r]]++; });
	MILL_TRY(add_sum(s, in, SUM_X, x, err));
	MILL_TRY(add_products(s, in, SUM_XX, x, x, err));
	MILL_TRY(add_sum(s, in, SUM_Y, y, err));
	MILL_TRY(add_products(s, in, SUM_YY, y, y, err));
	return add_products(s, in, SUM_XY, x, y, err);
}

/* 0 / 8 / count
 * 8 / … / the sums kept, each as mill_exact_write has it */
static mill_status floats_write(const op_state *state, int64_t group, mill_bytes *out, mill_error *err)
{
	const floats_state *s = (const floats_state *)state;
	(void)err;
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)s->counts[group]));
	for (int k = 0; k < s->sum_count; k++)
		MILL_TRY(mill_exact_write(&s->sums[group * s->sum_count + k], out));
	return MILL_OK;
}

static mill_status floats_merge(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err)
{
	floats_state *s = (floats_state *)state;
	uint64_t count;
	if (!mill_view_u64(bytes, &count))
		return op_state_damaged(err);
	s->counts[group] += (int64_t)count;
	for (int k = 0; k < s->sum_count; k++) {
		mill_exact part = {0};
		MILL_TRY(mill_exact_read(&part, state->mem, bytes, err));
		mill_status status = mill_exact_merge(&s->sums[(int64_t)group * s->sum_count + k], state->mem, &part);
		mill_exact_release(&part);
		if (status != MILL_OK)
			return mill_fail_nomem(err, sizeof(part), "exact sums");
	}
	return MILL_OK;
}

static const mill_exact *sum_of(const floats_state *s, int64_t group, int which)
{
	return &s->sums[group * s->sum_count + s->slot[which]];
}

static mill_status variance_of(const floats_state *s, int64_t group, double *out, bool *is_null, mill_error *err)
{
	mill_aggregate_kind kind = s->base.spec.signature.kind;
	bool samp = kind == MILL_AGG_VAR_SAMP || kind == MILL_AGG_STDDEV_SAMP;
	int64_t n = s->counts[group];
	*is_null = n <= (samp ? 1 : 0);
	if (*is_null)
		return MILL_OK;
	MILL_TRY(mill_exact_variance(sum_of(s, group, SUM_X), sum_of(s, group, SUM_XX), n, samp ? n - 1 : n,
	                             s->base.mem, out, err));
	if (kind == MILL_AGG_STDDEV_SAMP || kind == MILL_AGG_STDDEV_POP)
		*out = sqrt(*out);
	return MILL_OK;
}

static mill_status covariance_of(const floats_state *s, int64_t group, double *out, bool *is_null, mill_error *err)
{
	bool samp = s->base.spec.signature.kind == MILL_AGG_COVAR_SAMP;
	int64_t n = s->counts[group];
	*is_null = n <= (samp ? 1 : 0);
	if (*is_null)
		return MILL_OK;
	return mill_exact_covariance(sum_of(s, group, SUM_X), sum_of(s, group, SUM_Y), sum_of(s, group, SUM_XY), n,
	                             samp ? n - 1 : n, s->base.mem, out, err);
}

static mill_status value_of(const floats_state *s, int64_t group, double *out, bool *is_null, mill_error *err)
{
	switch (s->base.spec.signature.kind) {
	case MILL_AGG_SUM: return mill_exact_sum(sum_of(s, group, SUM_X), out, err);
	case MILL_AGG_AVG: return mill_exact_mean(sum_of(s, group, SUM_X), s->counts[group], out, err);
	case MILL_AGG_CORR:
		return mill_exact_corr(sum_of(s, group, SUM_X), sum_of(s, group, SUM_Y), sum_of(s, group, SUM_XX),
		                       sum_of(s, group, SUM_YY), sum_of(s, group, SUM_XY), s->counts[group],
		                       s->base.mem, out, is_null, err);
	case MILL_AGG_COVAR_SAMP:
	case MILL_AGG_COVAR_POP: return covariance_of(s, group, out, is_null, err);
	default: return variance_of(s, group, out, is_null, err);
	}
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
	double value = 0.0;
	if (column->type.id == MILL_TYPE_FLOAT32)
		return mill_exact_sum_f32(sum_of(s, group, SUM_X), &((float *)column->values)[row], err);
	MILL_TRY(value_of(s, group, &value, &is_null, err));
	if (is_null)
		return put_null(s->base.mem, column, row, err);
	((double *)column->values)[row] = value;
	return MILL_OK;
}

static mill_status floats_result(op_state *state, const int32_t *order, int64_t count, mill_column *out,
                                 mill_error *err)
{
	const floats_state *s = (const floats_state *)state;
	mill_column made = {0};
	MILL_TRY(op_state_column(state, order, count, &made, err));
	for (int64_t i = 0; i < count; i++) {
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

static void floats_clear(op_state *state)
{
	floats_state *s = (floats_state *)state;
	for (int64_t i = 0; s->sums != NULL && i < state->capacity * s->sum_count; i++)
		mill_exact_release(&s->sums[i]);
	mill_mem_free(s->sums);
	mill_mem_free(s->counts);
	s->sums = NULL;
	s->counts = NULL;
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
    .merge = floats_merge,
    .write = floats_write,
    .result = floats_result,
    .clear = floats_clear,
};
