/* Transforms of numbers that are fitted by sums and extremes, or not at all. */
#include "base/exact.h"
#include "expr/math.h"
#include "features/transform.h"

#include <math.h>

static mill_status read_number(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	MILL_TRY(mill_transform_need_number(transform, entry, err));
	transform->out = mill_type_of(MILL_TYPE_FLOAT64);
	return MILL_OK;
}

/* impute_mean and standardize: n, Σx and, for standardize, Σx². */
typedef struct moments {
	mill_transform base;
	bool squares_too;
	int64_t count;
	mill_exact sum, squares;
	double mean, std;
} moments;

static void moments_empty(mill_transform *transform)
{
	moments *m = (moments *)transform;
	mill_exact_release(&m->sum);
	mill_exact_release(&m->squares);
	m->sum = m->squares = (mill_exact){0};
	m->count = 0;
}

static mill_status read_mean(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	transform->passes = 1;
	MILL_TRY(read_number(transform, entry, err));
	return mill_parameter_bool(entry, transform, "indicator", &transform->flag, err);
}

static mill_status read_standardize(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	transform->passes = 1;
	((moments *)transform)->squares_too = true;
	return read_number(transform, entry, err);
}

static int64_t valid_rows(const mill_lane *lane)
{
	const uint64_t *validity = mill_lane_validity(lane);
	if (validity == NULL)
		return lane->column.rows;
	int64_t count = 0;
	for (int64_t base = 0; base < lane->column.rows; base += 64) {
		int64_t bits = mill_min_i64(64, lane->column.rows - base);
		uint64_t mask = bits == 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1;
		count += __builtin_popcountll(validity[base >> 6] & mask);
	}
	return count;
}

static mill_status moments_fit(mill_transform *transform, const mill_lane *lane, mill_work *work, mill_error *err)
{
	moments *m = (moments *)transform;
	const double *x = mill_lane_floats(lane, work);
	const uint64_t *validity = mill_lane_validity(lane);
	if (!mill_transform_check_finite(transform, lane, x, false, work))
		return MILL_OK;
	mill_status status = mill_exact_add_array(&m->sum, work->mem, x, validity, lane->column.rows);
	if (status == MILL_OK && m->squares_too)
		status = mill_exact_add_products(&m->squares, work->mem, x, x, validity, lane->column.rows);
	m->count += valid_rows(lane);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, 0, "an exact sum");
}

static mill_status moments_pack(const mill_transform *transform, mill_bytes *out)
{
	const moments *m = (const moments *)transform;
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)m->count));
	MILL_TRY(mill_exact_write(&m->sum, out));
	return m->squares_too ? mill_exact_write(&m->squares, out) : MILL_OK;
}

static mill_status absorb_sum(mill_exact *into, mill_mem *mem, mill_bytes_view *in, mill_error *err)
{
	mill_exact other = {0};
	MILL_TRY(mill_exact_read(&other, mem, in, err));
	mill_status status = mill_exact_merge(into, mem, &other);
	mill_exact_release(&other);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, 0, "an exact sum");
}

static mill_status moments_absorb(mill_transform *transform, mill_bytes_view *in, mill_error *err)
{
	moments *m = (moments *)transform;
	uint64_t count;
	if (!mill_view_u64(in, &count))
		return mill_transform_fail(transform, MILL_INTERNAL, err, "a rank's state is cut short");
	m->count += (int64_t)count;
	MILL_TRY(absorb_sum(&m->sum, transform->mem, in, err));
	return m->squares_too ? absorb_sum(&m->squares, transform->mem, in, err) : MILL_OK;
}

static mill_status moments_finish(mill_transform *transform, bool *again, mill_error *err)
{
	moments *m = (moments *)transform;
	mill_error inner = {0};
	double variance = 0.0;
	*again = false;
	if (m->count == 0)
		return mill_transform_nothing_to_fit(transform, err);
	mill_status status = mill_exact_mean(&m->sum, m->count, &m->mean, &inner);
	if (status == MILL_OK && m->squares_too)
		status =
		    mill_exact_variance(&m->sum, &m->squares, m->count, m->count, transform->mem, &variance, &inner);
	m->std = sqrt(variance);
	return status == MILL_OK ? MILL_OK : mill_transform_fail(transform, status, err, "%s", inner.message);
}

static mill_status mean_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	mill_transform_flag(transform, lane, work);
	double *x = mill_lane_own_floats(lane, work);
	mill_floats_put_nulls(&lane->column, ((const moments *)transform)->mean, x);
	lane->column.validity = NULL;
	return MILL_OK;
}

static mill_status standardize_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	const moments *m = (const moments *)transform;
	double *restrict x = mill_lane_own_floats(lane, work);
	double mean = m->mean, std = m->std;
	for (int64_t r = 0; r < lane->column.rows; r++)
		x[r] = std == 0.0 ? 0.0 : (x[r] - mean) / std;
	return MILL_OK;
}

static mill_status mean_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	(void)err;
	const moments *m = (const moments *)transform;
	mill_json_put_int(json, "count", m->count);
	mill_json_put_double(json, "mean", m->mean);
	if (m->squares_too)
		mill_json_put_double(json, "std", m->std);
	if (transform->flag)
		mill_json_put_bool(json, "indicator", true);
	return MILL_OK;
}

static const char *const indicator_keys[] = {"indicator"};

const mill_transform_kind mill_transform_impute_mean = {
    .info = {"impute_mean", "NULL becomes the mean of fit_on's values", "indicator: true adds a flag column"},
    .keys = indicator_keys,
    .key_count = 1,
    .transform_bytes = sizeof(moments),
    .read = read_mean,
    .fit = moments_fit,
    .pack = moments_pack,
    .empty = moments_empty,
    .absorb = moments_absorb,
    .finish = moments_finish,
    .apply = mean_apply,
    .write = mean_write,
    .release = moments_empty,
};

const mill_transform_kind mill_transform_standardize = {
    .info = {"standardize", "(x - mean) / sqrt(var_pop); a constant column becomes 0", ""},
    .transform_bytes = sizeof(moments),
    .read = read_standardize,
    .fit = moments_fit,
    .pack = moments_pack,
    .empty = moments_empty,
    .absorb = moments_absorb,
    .finish = moments_finish,
    .apply = standardize_apply,
    .write = mean_write,
    .release = moments_empty,
};

typedef struct range {
	mill_transform base;
	int64_t count;
	double min, max;
	double low, high; /* what they become */
	bool clip;
} range;

static mill_status read_minmax(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	range *m = (range *)transform;
	transform->passes = 1;
	m->high = 1.0;
	MILL_TRY(read_number(transform, entry, err));
	MILL_TRY(mill_parameter_double(entry, transform, "min", &m->low, err));
	MILL_TRY(mill_parameter_double(entry, transform, "max", &m->high, err));
	MILL_TRY(mill_parameter_bool(entry, transform, "clip", &m->clip, err));
	if (!(m->low < m->high) || !isfinite(m->low) || !isfinite(m->high))
		return mill_json_fail(entry->node, err, "minmax: \"min\" must be finite and below \"max\"");
	return MILL_OK;
}

static void range_add(range *m, double x)
{
	x += 0.0; /* −0 and 0 are one value */
	m->min = m->count == 0 || x < m->min ? x : m->min;
	m->max = m->count == 0 || x > m->max ? x : m->max;
	m->count++;
}

static mill_status range_fit(mill_transform *transform, const mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	range *m = (range *)transform;
	const double *x = mill_lane_floats(lane, work);
	const uint64_t *validity = mill_lane_validity(lane);
	if (!mill_transform_check_finite(transform, lane, x, false, work))
		return MILL_OK;
	for (int64_t r = 0; r < lane->column.rows; r++)
		if (validity == NULL || mill_bit_get(validity, r))
			range_add(m, x[r]);
	return MILL_OK;
}

static mill_status range_pack(const mill_transform *transform, mill_bytes *out)
{
	const range *m = (const range *)transform;
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)m->count));
	MILL_TRY(mill_bytes_append(out, &m->min, sizeof m->min));
	return mill_bytes_append(out, &m->max, sizeof m->max);
}

static void range_empty(mill_transform *transform)
{
	((range *)transform)->count = 0;
}

static mill_status range_absorb(mill_transform *transform, mill_bytes_view *in, mill_error *err)
{
	range *m = (range *)transform;
	uint64_t count;
	double ends[2];
	const uint8_t *data;
	if (!mill_view_u64(in, &count) || !mill_view_bytes(in, sizeof ends, &data))
		return mill_transform_fail(transform, MILL_INTERNAL, err, "a rank's state is cut short");
	memcpy(ends, data, sizeof ends);
	if (count > 0) {
		range_add(m, ends[0]);
		range_add(m, ends[1]);
		m->count += (int64_t)count - 2;
	}
	return MILL_OK;
}

static mill_status range_finish(mill_transform *transform, bool *again, mill_error *err)
{
	*again = false;
	return ((range *)transform)->count == 0 ? mill_transform_nothing_to_fit(transform, err) : MILL_OK;
}

static mill_status minmax_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	const range *m = (const range *)transform;
	double *restrict x = mill_lane_own_floats(lane, work);
	/* Halves where the width is beyond float64. */
	double scale = isfinite(m->max - m->min) ? 1.0 : 0.5;
	double min = m->min * scale, width = m->max * scale - min, low = m->low, span = m->high - m->low;
	for (int64_t r = 0; r < lane->column.rows; r++)
		x[r] = width == 0.0 ? low : low + (x[r] * scale - min) / width * span;
	for (int64_t r = 0; m->clip && r < lane->column.rows; r++) {
		x[r] = x[r] < low ? low : x[r];
		x[r] = x[r] > m->high ? m->high : x[r];
	}
	return MILL_OK;
}

static mill_status minmax_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	(void)err;
	const range *m = (const range *)transform;
	mill_json_put_int(json, "count", m->count);
	mill_json_put_double(json, "data_min", m->min);
	mill_json_put_double(json, "data_max", m->max);
	mill_json_put_double(json, "min", m->low);
	mill_json_put_double(json, "max", m->high);
	mill_json_put_bool(json, "clip", m->clip);
	return MILL_OK;
}

static const char *const minmax_keys[] = {"min", "max", "clip"};

const mill_transform_kind mill_transform_minmax = {
    .info = {"minmax", "min + (x - data_min) / (data_max - data_min) * (max - min); a constant column becomes min",
             "min (0), max (1), clip (false): later rows beyond them become min or max"},
    .keys = minmax_keys,
    .key_count = 3,
    .transform_bytes = sizeof(range),
    .read = read_minmax,
    .fit = range_fit,
    .pack = range_pack,
    .empty = range_empty,
    .absorb = range_absorb,
    .finish = range_finish,
    .apply = minmax_apply,
    .write = minmax_write,
};

static mill_status log1p_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	double *x = mill_lane_own_floats(lane, work);
	const uint64_t *validity = lane->column.validity;
	bool low = false;
	for (int64_t r = 0; r < lane->column.rows; r++)
		low |= x[r] <= -1.0;
	for (int64_t r = 0; low && r < lane->column.rows; r++)
		if (x[r] <= -1.0 && (validity == NULL || mill_bit_get(validity, r)))
			mill_refusal_note(work, MILL_REFUSAL_LOG1P, transform, lane, r);
	mill_math_map1(work->simd, MILL_MATH_LOG1P, x, x, lane->column.rows);
	return MILL_OK;
}

const mill_transform_kind mill_transform_log1p = {
    .info = {"log1p", "ln(1 + x); a value at most -1 is an error: clip first", ""},
    .transform_bytes = sizeof(mill_transform),
    .read = read_number,
    .apply = log1p_apply,
};
