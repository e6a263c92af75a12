/* Probing: left rows find their group of right rows, pairs are gathered until a batch is full, the residual condition
 * decides about them, and what is left leaves by take. */
#include "ops/join.h"
#include <string.h>

typedef struct probe_op {
	mill_op_base base;
	mill_join_build *build; /* borrowed */
	mill_row_error_policy *policy;
	mill_program *residual; /* NULL: none */
	bool *needed;           /* columns that the residual reads */
	const mill_column **columns;
	uint32_t *groups;
	int64_t groups_capacity;
	const mill_batch *batch; /* being probed */
	int32_t *left, *right;   /* pairs, by left row; right −1: a row without any match */
	int64_t pairs;
	int64_t capacity;
	int32_t *candidate_left, *candidate_right; /* pairs the residual is asked about */
	uint64_t *keep;
	bool matched; /* the left row that the last pairs belong to has a match */
} probe_op;

static mill_status take_side(const mill_batch *from, int first, int count, const int32_t *rows, int64_t row_count,
                             mill_column *columns, const bool *needed, mill_error *err)
{
	for (int c = 0; c < count; c++)
		if (needed == NULL || needed[c])
			MILL_TRY(
			    mill_column_take(from->mem, &from->columns[first + c], rows, row_count, &columns[c], err));
	return MILL_OK;
}

/* Id words of the right side; all ones where there is no row. */
static mill_status take_right_ids(const probe_op *op, const int32_t *rows, int64_t count, mill_column *columns,
                                  mill_error *err)
{
	for (int w = 0; w < op_join_id_words(&op->build->spec); w++) {
		const uint64_t *from = op_id_word(&op->build->rows, w);
		MILL_TRY(mill_column_new(op->base.env.mem, mill_type_of(MILL_TYPE_UINT64), count, 0, &columns[w], err));
		uint64_t *to = columns[w].values;
		for (int64_t i = 0; i < count; i++)
			to[i] = rows[i] < 0 ? ~(uint64_t)0 : from[rows[i]];
	}
	return MILL_OK;
}

/* Left visible, right visible, [left ids, right ids] of pairs. */
static mill_status take_pairs(const probe_op *op, const int32_t *left, const int32_t *right, int64_t count,
                              mill_batch *out, mill_error *err)
{
	const mill_join_spec *spec = &op->build->spec;
	const mill_batch *rows = &op->build->rows;
	int left_columns = mill_batch_visible(op->batch), right_columns = spec->right_columns;
	int left_ids = spec->with_ids ? op->batch->id_words : 0;
	int ids = left_ids + op_join_id_words(spec);
	mill_batch made = {0};
	mill_status status = MILL_OK;
	MILL_TRY(mill_batch_new(op->base.env.mem, left_columns + right_columns + ids, ids, &made, err));
	made.rows = count;
	mill_column *id_columns = made.columns + left_columns + right_columns;
	MILL_TRY_GOTO(take_side(op->batch, 0, left_columns, left, count, made.columns, NULL, err), failed);
	MILL_TRY_GOTO(take_side(rows, 0, right_columns, right, count, made.columns + left_columns, NULL, err), failed);
	MILL_TRY_GOTO(take_side(op->batch, left_columns, left_ids, left, count, id_columns, NULL, err), failed);
	MILL_TRY_GOTO(take_right_ids(op, right, count, id_columns + left_ids, err), failed);
	*out = made;
	return MILL_OK;
failed:
	mill_batch_release(&made);
	return status;
}

/* Only the columns that the residual reads. */
static mill_status take_candidates(const probe_op *op, int64_t count, mill_batch *out, mill_error *err)
{
	int left_columns = mill_batch_visible(op->batch), right_columns = op->build->spec.right_columns;
	mill_batch made = {0};
	mill_status status = MILL_OK;
	MILL_TRY(mill_batch_new(op->base.env.mem, left_columns + right_columns, 0, &made, err));
	made.rows = count;
	MILL_TRY_GOTO(take_side(op->batch, 0, left_columns, op->candidate_left, count, made.columns, op->needed, err),
	              failed);
	MILL_TRY_GOTO(take_side(&op->build->rows, 0, right_columns, op->candidate_right, count,
	                        made.columns + left_columns, op->needed + left_columns, err),
	              failed);
	*out = made;
	return MILL_OK;
failed:
	mill_batch_release(&made);
	return status;
}

static mill_status report_pairs(const probe_op *op, int64_t count, const mill_row_errors *errors, mill_error *err)
{
	mill_batch whole = {0};
	MILL_TRY(take_pairs(op, op->candidate_left, op->candidate_right, count, &whole, err));
	mill_status status = op_report(op->policy, &whole, errors, err);
	mill_batch_release(&whole);
	return status;
}

/* Sets a bit of op->keep for each candidate that passes. A pair whose residual fails is dropped, and its left row
 * counts as matched: nothing says that there is no match. Those pairs are left in errors. */
static mill_status ask_residual(probe_op *op, int64_t count, mill_row_errors *errors, mill_error *err)
{
	mill_batch candidates = {0};
	int64_t kept;
	MILL_TRY(take_candidates(op, count, &candidates, err));
	mill_status status = mill_program_filter(op->residual, &candidates, op->keep, &kept, errors, err);
	mill_batch_release(&candidates);
	if (status == MILL_OK && errors->count > 0)
		status = report_pairs(op, count, errors, err);
	return status;
}

/* Replaces the pairs by those that pass, and adds (row, −1) for a left row that is done without a match. */
static void settle_pairs(probe_op *op, const mill_row_errors *errors, bool row_is_done)
{
	bool is_left = op->build->spec.is_left;
	int64_t kept = 0, candidate = 0;
	for (int64_t i = 0; i < op->pairs; i++) {
		int32_t row = op->left[i], other = op->right[i];
		bool last = i + 1 == op->pairs ? row_is_done : op->left[i + 1] != row;
		bool take = other < 0;
		if (other >= 0) {
			take = mill_bit_get(op->keep, candidate);
			op->matched |= take || (errors->count > 0 && mill_bit_get(errors->rows, candidate));
			candidate++;
		}
		if (!take && last && is_left && !op->matched) {
			take = true;
			other = -1;
		}
		if (take) {
			op->left[kept] = row;
			op->right[kept++] = other;
		}
		if (last)
			op->matched = false;
	}
	op->pairs = kept;
}

static mill_status filter_pairs(probe_op *op, bool row_is_done, mill_error *err)
{
	int64_t count = 0;
	mill_row_errors errors = {0};
	for (int64_t i = 0; i < op->pairs; i++) {
		op->candidate_left[count] = op->left[i];
		op->candidate_right[count] = op->right[i];
		count += op->right[i] >= 0;
	}
	if (count > 0)
		MILL_TRY(ask_residual(op, count, &errors, err));
	settle_pairs(op, &errors, row_is_done);
	return MILL_OK;
}

static mill_status flush_pairs(probe_op *op, bool row_is_done, mill_error *err)
{
	if (op->residual != NULL && op->pairs > 0)
		MILL_TRY(filter_pairs(op, row_is_done, err));
	if (op->pairs == 0)
		return MILL_OK;
	mill_batch out = {0};
	MILL_TRY(take_pairs(op, op->left, op->right, op->pairs, &out, err));
	op->pairs = 0;
	mill_status status = mill_op_emit(&op->base, &out, err);
	mill_batch_release(&out);
	return status;
}

/* Pairs of one left row with count right rows: rows[0 …), or 0 … count − 1 where rows is NULL. */
static mill_status add_pairs(probe_op *op, int32_t row, const int32_t *rows, int64_t count, mill_error *err)
{
	for (int64_t at = 0; at < count && !op->base.next->done;) {
		int64_t now = mill_min_i64(count - at, op->capacity - op->pairs);
		for (int64_t i = 0; i < now; i++) {
			op->left[op->pairs + i] = row;
			op->right[op->pairs + i] = rows == NULL ? (int32_t)(at + i) : rows[at + i];
		}
		op->pairs += now;
		at += now;
		if (op->pairs == op->capacity)
			MILL_TRY(flush_pairs(op, at == count, err));
	}
	return MILL_OK;
}

static mill_status add_unmatched(probe_op *op, int32_t row, mill_error *err)
{
	op->left[op->pairs] = row;
	op->right[op->pairs++] = -1;
	return op->pairs == op->capacity ? flush_pairs(op, true, err) : MILL_OK;
}

static mill_status find_groups(probe_op *op, mill_error *err)
{
	const mill_join_spec *spec = &op->build->spec;
	int64_t rows = op->batch->rows;
	if (rows > op->groups_capacity) {
		mill_mem_free(op->groups);
		op->groups_capacity = 0;
		op->groups = mill_mem_alloc(op->base.env.mem, (size_t)rows * sizeof(*op->groups));
		if (op->groups == NULL)
			return mill_fail_nomem(err, (size_t)rows * sizeof(*op->groups), "join");
		op->groups_capacity = rows;
	}
	if (op->build->rows.rows == 0 || spec->key_count == 0) {
		memset(op->groups, 0xff, (size_t)rows * sizeof(*op->groups)); /* OP_KEYS_NONE */
		return MILL_OK;
	}
	for (int k = 0; k < spec->key_count; k++)
		op->columns[k] = &op->batch->columns[spec->left_keys[k]];
	MILL_TRY(op_keys_find(&op->build->keys, op->columns, rows, op->groups, err));
	for (int k = 0; k < spec->key_count; k++)
		for (int64_t r = 0; op->columns[k]->null_count > 0 && r < rows; r++)
			if (mill_column_is_null(op->columns[k], r))
				op->groups[r] = OP_KEYS_NONE;
	return MILL_OK;
}

static mill_status probe_rows(probe_op *op, mill_error *err)
{
	const mill_join_build *build = op->build;
	bool cross = build->spec.key_count == 0;
	for (int64_t r = 0; r < op->batch->rows && !op->base.next->done; r++) {
		uint32_t group = op->groups[r];
		const int32_t *rows = NULL;
		int64_t count = cross ? build->rows.rows : 0;
		if (group != OP_KEYS_NONE) {
			rows = build->list + build->starts[group];
			count = build->starts[group + 1] - build->starts[group];
		}
		if (count > 0)
			MILL_TRY(add_pairs(op, (int32_t)r, rows, count, err));
		else if (build->spec.is_left)
			MILL_TRY(add_unmatched(op, (int32_t)r, err));
	}
	return flush_pairs(op, true, err);
}

static mill_status probe_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	probe_op *op = (probe_op *)self;
	if (!op->build->ready)
		return mill_fail(err, MILL_INTERNAL, "join: probed before its right side was complete");
	op->batch = batch;
	op->pairs = 0;
	op->matched = false;
	MILL_TRY(find_groups(op, err));
	mill_status status = probe_rows(op, err);
	op->batch = NULL;
	return status;
}

static void probe_release(mill_sink *self)
{
	probe_op *op = (probe_op *)self;
	mill_program_free(op->residual);
	mill_mem_free(op->needed);
	mill_mem_free(op->columns);
	mill_mem_free(op->groups);
	mill_mem_free(op->left);
	mill_mem_free(op->right);
	mill_mem_free(op->candidate_left);
	mill_mem_free(op->candidate_right);
	mill_mem_free(op->keep);
	mill_mem_free(op);
}

static void note_column(void *context, int column)
{
	((bool *)context)[column] = true;
}

static mill_status open_residual(probe_op *op, mill_error *err)
{
	const mill_join_spec *spec = &op->build->spec;
	mill_mem *mem = op->base.env.mem;
	if (spec->residual == NULL)
		return MILL_OK;
	size_t rows_bytes = (size_t)op->capacity * sizeof(int32_t);
	op->needed = mill_mem_calloc(mem, (size_t)(spec->left_columns + spec->right_columns), sizeof(bool));
	op->candidate_left = mill_mem_alloc(mem, rows_bytes);
	op->candidate_right = mill_mem_alloc(mem, rows_bytes);
	op->keep = mill_mem_alloc(mem, mill_bit_words(op->capacity) * sizeof(uint64_t));
	if (op->needed == NULL || op->candidate_left == NULL || op->candidate_right == NULL || op->keep == NULL)
		return mill_fail_nomem(err, rows_bytes, "join");
	mill_expr_columns(spec->residual, note_column, op->needed);
	mill_expr *exprs[] = {spec->residual};
	return mill_program_new(exprs, 1, op->base.env.knobs, mem, &op->residual, err);
}

mill_status mill_join_probe_new(const mill_op_env *env, mill_join_build *build, mill_row_error_policy *policy,
                                mill_sink *next, mill_sink **out, mill_error *err)
{
	probe_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof(*op), next, "join", &op, err));
	op->base.sink.push = probe_push;
	op->base.sink.release = probe_release;
	op->build = build;
	op->policy = policy;
	op->capacity = env->knobs->batch_rows;
	op->columns = mill_mem_calloc(env->mem, (size_t)build->spec.key_count, sizeof(*op->columns));
	op->left = mill_mem_alloc(env->mem, (size_t)op->capacity * sizeof(*op->left));
	op->right = mill_mem_alloc(env->mem, (size_t)op->capacity * sizeof(*op->right));
	mill_status status = MILL_OK;
	if (op->columns == NULL || op->left == NULL || op->right == NULL)
		status = mill_fail_nomem(err, (size_t)op->capacity * 2 * sizeof(*op->left), "join");
	else
		status = open_residual(op, err);
	if (status != MILL_OK) {
		probe_release(&op->base.sink);
		return status;
	}
	*out = &op->base.sink;
	return MILL_OK;
}
