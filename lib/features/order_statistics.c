/* Transforms that stand on order statistics: impute_median, clip, bucketize. */
#include "base/number.h"
#include "features/quantile.h"

#include <math.h>
#include <string.h>

/* A transform that fits quantiles; clip and bucketize fit none where limits or edges are given. */
typedef struct ranked {
	mill_transform base;
	mill_quantiles quantiles;
	mill_quantile_at *at; /* in the arena */
	bool fits;
} ranked;

static mill_status start_quantiles(ranked *s, int count, mill_error *err)
{
	MILL_TRY(mill_quantiles_init(&s->quantiles, s->base.mem, s->at, count, err));
	s->fits = true;
	s->base.passes = mill_quantiles_passes(&s->quantiles);
	return MILL_OK;
}

static mill_status read_as_floats(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	MILL_TRY(mill_transform_need_number(transform, entry, err));
	transform->out = mill_type_of(MILL_TYPE_FLOAT64);
	return MILL_OK;
}

static mill_status ranked_fit(mill_transform *transform, const mill_lane *lane, mill_work *work, mill_error *err)
{
	const double *x = mill_lane_floats(lane, work);
	if (!mill_transform_check_finite(transform, lane, x, true, work))
		return MILL_OK;
	return mill_quantiles_add(&((ranked *)transform)->quantiles, x, mill_lane_validity(lane), lane->column.rows,
	                          err);
}

static mill_status ranked_exchange(mill_transform *transform, mill_comm *comm, mill_error *err)
{
	return mill_quantiles_exchange(&((ranked *)transform)->quantiles, comm, err);
}

static mill_status ranked_finish(mill_transform *transform, bool *again, mill_error *err)
{
	ranked *s = (ranked *)transform;
	MILL_TRY(mill_quantiles_narrow(&s->quantiles, err));
	*again = !s->quantiles.done;
	transform->passes = mill_quantiles_passes(&s->quantiles);
	return s->quantiles.count == 0 ? mill_transform_nothing_to_fit(transform, err) : MILL_OK;
}

static void ranked_release(mill_transform *transform)
{
	mill_quantiles_release(&((ranked *)transform)->quantiles);
}

typedef struct median {
	ranked base;
	double value;
} median;

static mill_status read_median(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	median *m = (median *)transform;
	MILL_TRY(read_as_floats(transform, entry, err));
	MILL_TRY(mill_parameter_bool(entry, transform, "indicator", &transform->flag, err));
	m->base.at = mill_arena_alloc(transform->arena, sizeof *m->base.at);
	if (m->base.at == NULL)
		return mill_fail_nomem(err, sizeof *m->base.at, "quantiles");
	*m->base.at = (mill_quantile_at){1, 2};
	return start_quantiles(&m->base, 1, err);
}

static mill_status median_finish(mill_transform *transform, bool *again, mill_error *err)
{
	MILL_TRY(ranked_finish(transform, again, err));
	if (!*again)
		((median *)transform)->value = mill_quantiles_value(&((ranked *)transform)->quantiles, 0);
	return MILL_OK;
}

static mill_status median_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	mill_transform_flag(transform, lane, work);
	double *x = mill_lane_own_floats(lane, work);
	mill_floats_put_nulls(&lane->column, ((const median *)transform)->value, x);
	lane->column.validity = NULL;
	return MILL_OK;
}

static mill_status median_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	(void)err;
	const median *m = (const median *)transform;
	mill_json_put_int(json, "count", m->base.quantiles.count);
	mill_json_put_double(json, "median", m->value);
	if (transform->flag)
		mill_json_put_bool(json, "indicator", true);
	return MILL_OK;
}

static const char *const indicator_keys[] = {"indicator"};

const mill_transform_kind mill_transform_impute_median = {
    .info = {"impute_median", "NULL becomes the median of fit_on's values", "indicator: true adds a flag column"},
    .keys = indicator_keys,
    .key_count = 1,
    .transform_bytes = sizeof(median),
    .read = read_median,
    .fit = ranked_fit,
    .exchange = ranked_exchange,
    .finish = median_finish,
    .apply = median_apply,
    .write = median_write,
    .release = ranked_release,
};

typedef struct clip {
	ranked base;
	double min, max;
} clip;

/* "0.01" as 1/100: exact, as written. */
static mill_status read_fraction(const mill_json *node, mill_quantile_at *out, mill_error *err)
{
	const int64_t tenth_of_limit = 100000000000000;
	mill_i128 scaled;
	double value;
	MILL_TRY(mill_json_double(node, &value, err));
	if (!(value >= 0.0 && value <= 1.0))
		return mill_json_fail(node, err, "a quantile lies between 0 and 1");
	if (node->kind != MILL_JSON_NUMBER ||
	    mill_parse_decimal(node->text, node->text_bytes, 38, 18, &scaled) != MILL_PARSED || scaled % 1000 != 0)
		return mill_json_fail(node, err, "a quantile is a number of at most 15 decimals");
	int64_t numerator = (int64_t)(scaled / 1000), denominator = tenth_of_limit * 10;
	while (denominator > 1 && numerator % 10 == 0) {
		numerator /= 10;
		denominator /= 10;
	}
	*out = (mill_quantile_at){numerator, denominator};
	return MILL_OK;
}

static mill_status read_clip_quantiles(clip *c, const mill_json *list, mill_error *err)
{
	if (list->kind != MILL_JSON_ARRAY || list->count != 2)
		return mill_json_fail(list, err, "\"quantiles\" is a list of two, as [0.01, 0.99]");
	c->base.at = mill_arena_array(c->base.base.arena, 2, sizeof *c->base.at);
	if (c->base.at == NULL)
		return mill_fail_nomem(err, 0, "quantiles");
	for (int i = 0; i < 2; i++)
		MILL_TRY(read_fraction(&list->items[i], &c->base.at[i], err));
	const mill_quantile_at *at = c->base.at;
	if ((mill_i128)at[0].numerator * at[1].denominator > (mill_i128)at[1].numerator * at[0].denominator)
		return mill_json_fail(list, err, "the first quantile must not be above the second");
	return start_quantiles(&c->base, 2, err);
}

static mill_status read_clip(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	clip *c = (clip *)transform;
	const mill_json *quantiles = mill_parameter(entry, transform, "quantiles");
	bool has_min = mill_parameter(entry, transform, "min") != NULL,
	     has_max = mill_parameter(entry, transform, "max") != NULL;
	MILL_TRY(read_as_floats(transform, entry, err));
	if (!has_min && !has_max && quantiles == NULL)
		return mill_json_fail(entry->node, err, "clip needs \"min\", \"max\" or both, or \"quantiles\"");
	if (quantiles != NULL && (has_min || has_max))
		return mill_json_fail(entry->node, err, "clip takes \"min\" and \"max\", or \"quantiles\", not both");
	if (quantiles != NULL)
		return read_clip_quantiles(c, quantiles, err);
	c->min = -INFINITY;
	c->max = INFINITY;
	MILL_TRY(mill_parameter_double(entry, transform, "min", &c->min, err));
	MILL_TRY(mill_parameter_double(entry, transform, "max", &c->max, err));
	if (!(c->min <= c->max))
		return mill_json_fail(entry->node, err, "clip: \"min\" is above \"max\"");
	return MILL_OK;
}

static mill_status clip_finish(mill_transform *transform, bool *again, mill_error *err)
{
	clip *c = (clip *)transform;
	MILL_TRY(ranked_finish(transform, again, err));
	if (!*again) {
		c->min = mill_quantiles_value(&c->base.quantiles, 0);
		c->max = mill_quantiles_value(&c->base.quantiles, 1);
	}
	return MILL_OK;
}

static mill_status clip_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	double *restrict x = mill_lane_own_floats(lane, work);
	double min = ((const clip *)transform)->min, max = ((const clip *)transform)->max;
	for (int64_t r = 0; r < lane->column.rows; r++) {
		double y = x[r] < min ? min : x[r];
		x[r] = y > max ? max : y;
	}
	return MILL_OK;
}

static mill_status clip_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	(void)err;
	const clip *c = (const clip *)transform;
	if (c->min != -INFINITY)
		mill_json_put_double(json, "min", c->min);
	if (c->max != INFINITY)
		mill_json_put_double(json, "max", c->max);
	for (int i = 0; c->base.fits && i < 2; i++)
		mill_json_put_double(json, i == 0 ? "min_quantile" : "max_quantile",
		                     (double)c->base.at[i].numerator / (double)c->base.at[i].denominator);
	return MILL_OK;
}

static const char *const clip_keys[] = {"min", "max", "quantiles"};

const mill_transform_kind mill_transform_clip = {
    .info = {"clip", "values below min become min, above max become max",
             "min, max; or quantiles: [0.01, 0.99] of fit_on's values"},
    .keys = clip_keys,
    .key_count = 3,
    .transform_bytes = sizeof(clip),
    .read = read_clip,
    .fit = ranked_fit,
    .exchange = ranked_exchange,
    .finish = clip_finish,
    .apply = clip_apply,
    .write = clip_write,
    .release = ranked_release,
};

typedef struct buckets {
	ranked base;
	double *edges; /* in the arena, strictly increasing */
	int count;
	int bins; /* 0: edges were given */
	bool uniform;
} buckets;

#define MOST_BINS 65536

static mill_status read_edges(buckets *b, const mill_json *list, mill_error *err)
{
	MILL_TRY(mill_json_expect(list, MILL_JSON_ARRAY, err));
	if (list->count == 0 || list->count >= INT32_MAX)
		return mill_json_fail(list, err, "\"edges\" needs at least one edge");
	b->edges = mill_arena_array(b->base.base.arena, (size_t)list->count, sizeof *b->edges);
	if (b->edges == NULL)
		return mill_fail_nomem(err, 0, "edges of buckets");
	for (int64_t i = 0; i < list->count; i++) {
		MILL_TRY(mill_json_double(&list->items[i], &b->edges[i], err));
		if (b->edges[i] != b->edges[i] || (i > 0 && !(b->edges[i] > b->edges[i - 1])))
			return mill_json_fail(&list->items[i], err, "edges must be strictly increasing numbers");
	}
	b->count = (int)list->count;
	b->base.base.cardinality = b->count + 1;
	return MILL_OK;
}

/* Uniform edges need the extremes only, which are quantiles too. */
static mill_status read_bins(buckets *b, const mill_do_entry *entry, mill_error *err)
{
	mill_transform *transform = &b->base.base;
	int64_t bins = 0;
	bool quantile = false;
	MILL_TRY(mill_parameter_int(entry, transform, "bins", 2, MOST_BINS, &bins, err));
	MILL_TRY(mill_parameter_bool(entry, transform, "quantile", &quantile, err));
	MILL_TRY(mill_parameter_bool(entry, transform, "uniform", &b->uniform, err));
	if (bins == 0 || quantile == b->uniform)
		return mill_json_fail(entry->node, err,
		                      "bucketize needs \"edges\": [...], or \"bins\": N with \"quantile\": true or "
		                      "\"uniform\": true");
	b->bins = (int)bins;
	int count = b->uniform ? 2 : b->bins - 1;
	b->edges = mill_arena_array(b->base.base.arena, (size_t)bins, sizeof *b->edges);
	b->base.at = mill_arena_array(b->base.base.arena, (size_t)count, sizeof *b->base.at);
	if (b->edges == NULL || b->base.at == NULL)
		return mill_fail_nomem(err, 0, "edges of buckets");
	for (int i = 0; i < count; i++)
		b->base.at[i] = b->uniform ? (mill_quantile_at){i, 1} : (mill_quantile_at){i + 1, bins};
	return start_quantiles(&b->base, count, err);
}

static mill_status read_buckets(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	buckets *b = (buckets *)transform;
	const mill_json *edges = mill_parameter(entry, transform, "edges");
	MILL_TRY(mill_transform_need_number(transform, entry, err));
	transform->out = mill_type_of(MILL_TYPE_INT64);
	if (edges == NULL)
		return read_bins(b, entry, err);
	for (int k = 1; k < transform->kind->key_count; k++)
		if (mill_parameter(entry, transform, transform->kind->keys[k]) != NULL)
			return mill_json_fail(entry->node, err, "bucketize takes \"edges\" or \"bins\", not both");
	return read_edges(b, edges, err);
}

static mill_status buckets_finish(mill_transform *transform, bool *again, mill_error *err)
{
	buckets *b = (buckets *)transform;
	const mill_quantiles *q = &b->base.quantiles;
	MILL_TRY(ranked_finish(transform, again, err));
	if (*again)
		return MILL_OK;
	double min = b->uniform ? mill_quantiles_value(q, 0) : 0, max = b->uniform ? mill_quantiles_value(q, 1) : 0;
	if (!isfinite(min) || !isfinite(max))
		return mill_transform_fail(transform, MILL_DATA, err,
		                           "an infinity leaves no uniform buckets; add clip before it");
	if (!isfinite((max - min) * b->bins))
		return mill_transform_fail(transform, MILL_DATA, err,
		                           "the values are too far apart for uniform buckets");
	b->count = 0;
	for (int i = 1; i < b->bins; i++) {
		double edge = b->uniform ? min + i * (max - min) / b->bins : mill_quantiles_value(q, i - 1);
		if (b->count == 0 || edge > b->edges[b->count - 1])
			b->edges[b->count++] = edge;
	}
	transform->cardinality = b->count + 1;
	return MILL_OK;
}

/* ids[r] = number of edges at most x[r]. Halving without a branch, step by step for all rows, so that their
 * loads overlap. count ≥ 1. */
static void find_buckets(const double *edges, int64_t count, const double *restrict x, int64_t rows,
                         int64_t *restrict ids)
{
	for (int64_t r = 0; r < rows; r++)
		ids[r] = 0;
	for (; count > 1; count -= count / 2) {
		int64_t half = count / 2;
		for (int64_t r = 0; r < rows; r++)
			ids[r] += edges[ids[r] + half - 1] <= x[r] ? half : 0;
	}
	for (int64_t r = 0; r < rows; r++)
		ids[r] += edges[ids[r]] <= x[r];
}

static mill_status buckets_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	const buckets *b = (const buckets *)transform;
	const double *x = mill_lane_own_floats(lane, work);
	const uint64_t *validity = lane->column.validity;
	mill_lane floats = *lane;
	int64_t *ids = mill_lane_new_ids(lane, work);
	find_buckets(b->edges, b->count, x, lane->column.rows, ids);
	for (int64_t r = 0; r < lane->column.rows; r++)
		if (x[r] != x[r] && (validity == NULL || mill_bit_get(validity, r)))
			mill_refusal_note(work, MILL_REFUSAL_NAN, transform, &floats, r);
	return MILL_OK;
}

static mill_status buckets_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	(void)err;
	const buckets *b = (const buckets *)transform;
	if (b->bins > 0)
		mill_json_put_int(json, "bins", b->bins);
	if (b->bins > 0)
		mill_json_put_bool(json, b->uniform ? "uniform" : "quantile", true);
	mill_json_put_array(json, "edges");
	for (int i = 0; i < b->count; i++)
		mill_json_put_double(json, NULL, b->edges[i]);
	mill_json_end(json);
	mill_json_put_int(json, "cardinality", transform->cardinality);
	return MILL_OK;
}

static const char *const buckets_keys[] = {"edges", "bins", "quantile", "uniform"};

const mill_transform_kind mill_transform_bucketize = {
    .info = {"bucketize", "id = number of edges at most x",
             "edges, the lone value; or bins with quantile: true or uniform: true"},
    .main = "edges",
    .keys = buckets_keys,
    .key_count = 4,
    .transform_bytes = sizeof(buckets),
    .read = read_buckets,
    .fit = ranked_fit,
    .exchange = ranked_exchange,
    .finish = buckets_finish,
    .apply = buckets_apply,
    .write = buckets_write,
    .release = ranked_release,
};
