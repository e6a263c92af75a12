/* Rows that a transform or a tensor refuses, and what the message says. */
#include "column/value.h"
#include "features/features_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void keep_example(const mill_lane *lane, int64_t row, mill_mem *mem, mill_refusal *refusal)
{
	mill_bytes text;
	const mill_column *column = &lane->column;
	refusal->example[0] = 0;
	if (column->type.id == MILL_TYPE_NULL || mill_column_is_null(column, row))
		return;
	mill_bytes_init(&text, mem);
	if (mill_value_text(column, row, &text) == MILL_OK && mill_bytes_terminate(&text) == MILL_OK) {
		size_t size = strnlen((const char *)text.data, text.size_bytes);
		bool cut = size >= sizeof refusal->example;
		if (cut) {
			size = sizeof refusal->example - 4;
			while (size > 0 && (text.data[size] & 0xC0) == 0x80) /* not inside a character */
				size--;
		}
		memcpy(refusal->example, text.data, size);
		memcpy(refusal->example + size, cut ? "…" : "", cut ? 4 : 1);
	}
	mill_bytes_release(&text);
}

static bool is_before(const mill_place *a, const mill_place *b)
{
	return a->split != b->split ? a->split < b->split : a->row < b->row;
}

void mill_refusal_note(mill_work *work, mill_refusal_kind kind, const mill_transform *transform, const mill_lane *lane,
                       int64_t row)
{
	mill_refusal *refusal = &work->refusals[kind];
	mill_place place = work->place;
	if (place.row >= 0)
		place.row += work->first_row + row;
	work->refuses = true;
	if (refusal->count++ > 0 && !is_before(&place, &refusal->first))
		return;
	refusal->first = place;
	refusal->transform = transform;
	keep_example(lane, row, work->mem, refusal);
}

static const char *fix_of_null(const mill_chain *chain, mill_type dtype)
{
	if (mill_type_is_text(chain->type))
		return "impute_constant or vocabulary (0 is NULL)";
	return mill_type_is_float(dtype) ? "impute_constant, impute_mean or impute_median, or set \"nulls\": \"nan\""
	                                 : "impute_constant, or vocabulary (0 is NULL)";
}

/* "in 3 rows, first in row 17 of split train" */
static void where_text(const mill_refusal *f, char *out, size_t out_bytes)
{
	const char *rows = f->count == 1 ? "row" : "rows";
	if (f->first.row < 0) /* others were not looked at any more */
		snprintf(out, out_bytes, "in at least %lld %s", (long long)f->count, rows);
	else
		snprintf(out, out_bytes, "in %lld %s, first in row %lld%s%s", (long long)f->count, rows,
		         (long long)f->first.row, f->first.name == NULL ? "" : " of split ",
		         f->first.name == NULL ? "" : f->first.name);
}

static mill_status raise_at_tensor(const mill_tensor *tensor, const mill_chain *chain, mill_refusal_kind kind,
                                   const mill_refusal *f, mill_error *err)
{
	char where[512];
	where_text(f, where, sizeof where);
	if (kind == MILL_REFUSAL_NULL)
		return mill_fail(err, MILL_DATA, "tensor \"%s\", column \"%s\": NULL %s; add %s", tensor->name,
		                 chain->column, where, fix_of_null(chain, tensor->dtype));
	bool is_range = kind == MILL_REFUSAL_RANGE;
	return mill_fail(
	    err, MILL_DATA, "tensor \"%s\", column \"%s\": %s %s (%s); %s", tensor->name, chain->column,
	    is_range ? "a value that the dtype does not hold" : "a value with a fraction for an integer dtype", where,
	    f->example,
	    is_range ? "add clip, or take a wider dtype" : "round it in SQL, add bucketize, or take a float dtype");
}

static const char *describe(mill_refusal_kind kind, const mill_transform *transform, const char **fix)
{
	switch (kind) {
	case MILL_REFUSAL_LOG1P: *fix = "add {\"clip\": {\"min\": 0}} before it"; return "a value at most -1";
	case MILL_REFUSAL_UNSEEN:
		*fix = transform->is_one_hot ? "set \"unknown\": \"zeros\"" : "set \"oov_buckets\" to 1 or more";
		return "a value that the rows it was fitted on do not have, or too seldom,";
	case MILL_REFUSAL_INFINITE: *fix = "add clip before it, or filter such rows in SQL"; return "an infinity";
	default: *fix = "make it NULL in SQL: nullif(x, 'nan')"; return "a NaN";
	}
}

static mill_status raise_at_transform(const mill_tensor *tensor, const mill_chain *chain, mill_refusal_kind kind,
                                      const mill_refusal *f, mill_error *err)
{
	char where[512];
	const char *fix;
	const char *what = describe(kind, f->transform, &fix);
	where_text(f, where, sizeof where);
	return mill_fail(err, MILL_DATA, "tensor \"%s\", column \"%s\": %s reaches %s %s (%s); %s", tensor->name,
	                 chain->column, what, f->transform->kind->info.name, where, f->example, fix);
}

mill_status mill_refusal_raise(const mill_tensor *tensor, const mill_chain *chain, mill_error *err)
{
	mill_refusal_kind kind = MILL_REFUSAL_NONE;
	for (int k = MILL_REFUSAL_NONE + 1; k < MILL_REFUSAL_KINDS; k++) {
		const mill_refusal *f = &chain->refusals[k];
		if (f->count > 0 && (kind == MILL_REFUSAL_NONE || is_before(&f->first, &chain->refusals[kind].first)))
			kind = (mill_refusal_kind)k;
	}
	if (kind == MILL_REFUSAL_NONE)
		return MILL_OK;
	const mill_refusal *f = &chain->refusals[kind];
	return f->transform == NULL ? raise_at_tensor(tensor, chain, kind, f, err)
	                            : raise_at_transform(tensor, chain, kind, f, err);
}

bool mill_transform_check_finite(const mill_transform *transform, const mill_lane *lane, const double *x,
                                 bool infinite_is_fine, mill_work *work)
{
	const mill_column *column = &lane->column;
	const uint64_t *validity = mill_lane_validity(lane);
	bool odd = false, found = false;
	for (int64_t r = 0; r < column->rows; r++)
		odd |= x[r] - x[r] != 0.0;
	for (int64_t r = 0; odd && r < column->rows; r++) {
		if (isfinite(x[r]) || (validity != NULL && !mill_bit_get(validity, r)))
			continue;
		bool is_nan = x[r] != x[r];
		if (is_nan || !infinite_is_fine) {
			mill_refusal_note(work, is_nan ? MILL_REFUSAL_NAN : MILL_REFUSAL_INFINITE, transform, lane, r);
			found = true;
		}
	}
	return !found;
}

mill_status mill_transform_fail(const mill_transform *transform, mill_status status, mill_error *err,
                                const char *format, ...)
{
	va_list args;
	mill_error inner = {0};
	va_start(args, format);
	mill_fail_v(&inner, status, format, args);
	va_end(args);
	return mill_fail(err, status, "tensor \"%s\", column \"%s\": %s: %s", transform->tensor, transform->column,
	                 transform->kind->info.name, inner.message);
}

mill_status mill_transform_nothing_to_fit(const mill_transform *transform, mill_error *err)
{
	return mill_transform_fail(
	    transform, MILL_DATA, err,
	    "nothing to fit: the column is NULL in every row of the fit_on split; drop the column or "
	    "use impute_constant");
}
