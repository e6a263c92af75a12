/* Rows that a transform or a tensor refuses, and what the message says. */
#include "column/value.h"
#include "features/internal.h"

#include <math.h>
#include <string.h>

static void keep_example(const mill_lane *lane, int64_t row, mill_fault *fault)
{
	mill_bytes text;
	const mill_column *column = &lane->column;
	fault->example[0] = 0;
	if (column->type.id == MILL_TYPE_NULL || mill_column_is_null(column, row))
		return;
	mill_bytes_init(&text, fault->mem);
	if (mill_value_text(column, row, &text) == MILL_OK && mill_bytes_terminate(&text) == MILL_OK) {
		size_t size = strnlen((const char *)text.data, text.size_bytes);
		bool cut = size >= sizeof fault->example;
		if (cut) {
			size = sizeof fault->example - 4;
			while (size > 0 && (text.data[size] & 0xC0) == 0x80) /* not inside a character */
				size--;
		}
		memcpy(fault->example, text.data, size);
		memcpy(fault->example + size, cut ? "…" : "", cut ? 4 : 1);
	}
	mill_bytes_release(&text);
}

void mill_fault_note(mill_work *work, mill_fault_kind kind, const mill_step *step, const mill_lane *lane, int64_t row)
{
	mill_fault *fault = work->fault;
	if (fault->kind == MILL_FAULT_NONE) {
		fault->kind = kind;
		fault->step = step;
		fault->first_row = work->first_row + row;
		fault->mem = work->mem;
		keep_example(lane, row, fault);
	}
	if (fault->kind == kind && fault->step == step)
		fault->count++;
}

static const char *fix_of_null(const mill_chain *chain, mill_type dtype)
{
	if (mill_type_is_text(chain->type))
		return "impute_constant or vocabulary (0 is NULL)";
	return mill_type_is_float(dtype) ? "impute_constant, impute_mean or impute_median, or set \"nulls\": \"nan\""
	                                 : "impute_constant, or vocabulary (0 is NULL)";
}

static mill_status raise_at_tensor(const mill_tensor *tensor, const mill_chain *chain, mill_error *err)
{
	char dtype[MILL_TYPE_TEXT_BYTES];
	const mill_fault *f = &chain->fault;
	const char *rows = f->count == 1 ? "row" : "rows";
	mill_type_text(tensor->dtype, dtype);
	if (f->kind == MILL_FAULT_NULL)
		return mill_fail(err, MILL_DATA,
		                 "tensor \"%s\", column \"%s\": NULL in %lld %s of this batch, first in row %lld; "
		                 "add %s",
		                 tensor->name, chain->column, (long long)f->count, rows, (long long)f->first_row,
		                 fix_of_null(chain, tensor->dtype));
	return mill_fail(err, MILL_DATA,
	                 "tensor \"%s\", column \"%s\": %s in %lld %s of this batch, first in row %lld (%s); %s",
	                 tensor->name, chain->column,
	                 f->kind == MILL_FAULT_RANGE ? "a value that the dtype does not hold"
	                                             : "a value with a fraction for an integer dtype",
	                 (long long)f->count, rows, (long long)f->first_row, f->example,
	                 f->kind == MILL_FAULT_RANGE ? "add clip, or take a wider dtype"
	                                             : "round it in SQL, add bucketize, or take a float dtype");
}

static const char *describe(mill_fault_kind kind, const char **fix)
{
	switch (kind) {
	case MILL_FAULT_LOG1P: *fix = "add {\"clip\": {\"min\": 0}} before it"; return "a value at most -1";
	case MILL_FAULT_UNSEEN:
		*fix = "give it oov_buckets of at least 1 (vocabulary) or \"unknown\": \"zeros\" (one_hot)";
		return "a value that the rows it was fitted on do not have, or too seldom,";
	case MILL_FAULT_INFINITE: *fix = "add clip before it, or filter such rows in SQL"; return "an infinity";
	default: *fix = "make it NULL in SQL: nullif(x, 'nan')"; return "a NaN";
	}
}

mill_status mill_fault_raise(const mill_tensor *tensor, const mill_chain *chain, mill_error *err)
{
	const mill_fault *f = &chain->fault;
	const char *fix;
	if (f->kind == MILL_FAULT_NONE)
		return MILL_OK;
	if (f->step == NULL)
		return raise_at_tensor(tensor, chain, err);
	const char *what = describe(f->kind, &fix);
	return mill_fail(
	    err, MILL_DATA,
	    "tensor \"%s\", column \"%s\": %s reaches %s in %lld %s of this batch, first in row %lld (%s); %s",
	    tensor->name, chain->column, what, f->step->kind->name, (long long)f->count, f->count == 1 ? "row" : "rows",
	    (long long)f->first_row, f->example, fix);
}

bool mill_step_check_finite(const mill_step *step, const mill_lane *lane, const double *x, bool infinite_is_fine,
                            mill_work *work)
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
			mill_fault_note(work, is_nan ? MILL_FAULT_NAN : MILL_FAULT_INFINITE, step, lane, r);
			found = true;
		}
	}
	return !found;
}

mill_status mill_step_fail(const mill_step *step, mill_status status, mill_error *err, const char *format, ...)
{
	va_list args;
	mill_error inner = {0};
	va_start(args, format);
	mill_fail_v(&inner, status, format, args);
	va_end(args);
	return mill_fail(err, status, "tensor \"%s\", column \"%s\": %s: %s", step->tensor, step->column,
	                 step->kind->name, inner.message);
}

mill_status mill_step_nothing_to_fit(const mill_step *step, mill_error *err)
{
	return mill_step_fail(step, MILL_DATA, err,
	                      "nothing to fit: the column is NULL in every row of the fit_on split; drop the column or "
	                      "use impute_constant");
}
