/* Evaluation of nodes over a batch, each once, when first asked for. */
#include "expr/program.h"
#include <string.h>

static size_t error_words(const mill_vector *vector, int64_t rows)
{
	return mill_bit_words(vector->constant ? 1 : rows);
}

/* Rows in which every argument is there, as a shared or a new bitmap on out. */
static mill_status combine_validity(mill_program *program, const mill_vector *const *args, int arg_count,
                                    mill_column *out, mill_error *err)
{
	const mill_column *first = NULL;
	size_t words = mill_bit_words(out->rows);
	for (int i = 0; i < arg_count; i++) {
		const mill_column *c = &args[i]->column;
		if (c->validity == NULL || (args[i]->constant && out->rows != 1))
			continue;
		if (first == NULL) {
			first = c;
			out->validity = c->validity;
			out->owners[0] = mill_buffer_retain(c->owners[0]);
			continue;
		}
		const uint64_t *restrict a = out->validity;
		const uint64_t *restrict b = c->validity;
		mill_buffer *both;
		MILL_TRY(mill_program_buffer(program, words * 8, &both, err));
		uint64_t *restrict to = (uint64_t *)both->data;
		for (size_t w = 0; w < words; w++)
			to[w] = a[w] & b[w];
		mill_buffer_release(out->owners[0]);
		out->owners[0] = both;
		out->validity = to;
	}
	return MILL_OK;
}

/* Errors of arguments are errors of the result. */
static mill_status combine_errors(mill_program *program, const mill_vector *const *args, int arg_count,
                                  mill_vector *out, mill_error *err)
{
	for (int i = 0; i < arg_count; i++) {
		if (args[i]->errors == NULL)
			continue;
		if (out->errors == NULL) {
			out->errors = mill_buffer_retain(args[i]->errors);
			continue;
		}
		size_t words = error_words(out, out->column.rows);
		mill_buffer *both;
		MILL_TRY(mill_program_buffer(program, words * 8, &both, err));
		for (size_t w = 0; w < words; w++)
			((uint64_t *)both->data)[w] =
			    ((const uint64_t *)out->errors->data)[w] | ((const uint64_t *)args[i]->errors->data)[w];
		mill_buffer_release(out->errors);
		out->errors = both;
	}
	return MILL_OK;
}

/* Marked rows become NULL, and errors unless the cast is a try. Marks are zero again afterwards. */
static mill_status apply_marks(mill_program *program, mill_call *call, bool is_try, mill_vector *out, mill_error *err)
{
	mill_column *c = &out->column;
	size_t words = mill_bit_words(c->rows);
	mill_buffer *valid = NULL, *errors = NULL;
	mill_status status = mill_program_buffer(program, words * 8, &valid, err);
	if (status == MILL_OK && !is_try)
		status = mill_program_buffer(program, words * 8, &errors, err);
	for (size_t w = 0; status == MILL_OK && w < words; w++) {
		uint64_t marks = call->marks[w];
		uint64_t before = c->validity != NULL ? c->validity[w] : mill_row_bits(c->rows, (int64_t)w);
		((uint64_t *)valid->data)[w] = before & ~marks;
		if (errors != NULL)
			((uint64_t *)errors->data)[w] =
			    marks | (out->errors != NULL ? ((const uint64_t *)out->errors->data)[w] : 0);
	}
	memset(call->marks, 0, words * 8);
	if (status != MILL_OK) {
		mill_buffer_release(valid);
		return status;
	}
	mill_buffer_release(c->owners[0]);
	c->owners[0] = valid;
	c->validity = (uint64_t *)valid->data;
	if (errors != NULL) {
		mill_buffer_release(out->errors);
		out->errors = errors;
	}
	return MILL_OK;
}

/* NULL rows of text are empty: what a kernel wrote before its row failed goes. */
static mill_status drop_null_text(mill_program *program, mill_column *c, mill_error *err)
{
	mill_buffer *offsets, *bytes;
	size_t used = 0;
	MILL_TRY(mill_program_buffer(program, ((size_t)c->rows + 1) * sizeof(int32_t), &offsets, err));
	mill_status status = mill_program_buffer(program, (size_t)c->offsets[c->rows], &bytes, err);
	if (status != MILL_OK) {
		mill_buffer_release(offsets);
		return status;
	}
	int32_t *to = (int32_t *)offsets->data;
	to[0] = 0;
	for (int64_t r = 0; r < c->rows; r++) {
		size_t length = mill_bit_get(c->validity, r) ? (size_t)(c->offsets[r + 1] - c->offsets[r]) : 0;
		if (length > 0)
			memcpy(bytes->data + used, c->bytes + c->offsets[r], length);
		used += length;
		to[r + 1] = (int32_t)used;
	}
	mill_buffer_release(c->owners[1]);
	mill_buffer_release(c->owners[2]);
	c->owners[1] = offsets;
	c->owners[2] = bytes;
	c->offsets = to;
	c->bytes = (char *)bytes->data;
	return MILL_OK;
}

/* A strict function of a NULL constant is NULL, of a failed constant a failure. */
static bool settled_by_constant(const mill_node *node, const mill_vector *const *args, bool *is_error)
{
	bool settled = false;
	*is_error = false;
	for (int i = 0; i < node->arg_count; i++) {
		if (!args[i]->constant)
			continue;
		if (args[i]->errors != NULL)
			*is_error = true;
		if (args[i]->errors != NULL ||
		    (args[i]->column.null_count > 0 && !(node->function != NULL && node->function->sees_nulls)))
			settled = true;
	}
	return settled;
}

static mill_status run_kernel(mill_program *program, mill_node *node, const mill_vector *const *args, int64_t rows,
                              mill_vector *out, mill_error *err)
{
	bool sees_nulls = node->function != NULL && node->function->sees_nulls;
	mill_call call = {.program = program,
	                  .node = node,
	                  .rows = rows,
	                  .args = args,
	                  .arg_count = node->arg_count,
	                  .out = &out->column,
	                  .marks = program->marks,
	                  .simd = program->simd};
	MILL_TRY(mill_vector_new(program, node->type, rows, &out->column, err));
	if (!sees_nulls)
		MILL_TRY(combine_validity(program, args, node->arg_count, &out->column, err));
	MILL_TRY(combine_errors(program, args, node->arg_count, out, err));
	call.valid = out->column.validity;
	mill_status status = node->kernel(&call, err);
	if (status != MILL_OK) {
		memset(program->marks, 0, (size_t)program->mark_words * 8);
		return status;
	}
	if (call.failed) {
		node->code = call.code;
		MILL_TRY(apply_marks(program, &call, node->is_try, out, err));
		if (mill_type_is_text(node->type))
			MILL_TRY(drop_null_text(program, &out->column, err));
	}
	mill_column_settle(&out->column);
	return MILL_OK;
}

static mill_status eval_call(mill_program *program, mill_node *node, mill_error *err)
{
	const mill_vector *args[64];
	bool all_constant = true, is_error;
	for (int i = 0; i < node->arg_count; i++) {
		MILL_TRY(mill_node_eval(program, node->args[i], err));
		args[i] = &program->nodes[node->args[i]].value;
		all_constant = all_constant && args[i]->constant;
	}
	if (settled_by_constant(node, args, &is_error))
		return mill_vector_null(program, node->type, is_error, &node->value, err);
	mill_vector out = {.constant = all_constant};
	mill_status status = run_kernel(program, node, args, all_constant ? 1 : program->rows, &out, err);
	if (status != MILL_OK) {
		mill_vector_release(&out);
		return status;
	}
	node->value = out;
	return MILL_OK;
}

/* Kernels read plain text, not codes. */
static mill_status flatten(mill_program *program, mill_column *column, mill_error *err)
{
	mill_column flat;
	size_t total = 0;
	int32_t length;
	for (int64_t r = 0; r < column->rows; r++)
		if (!mill_column_is_null(column, r)) {
			mill_column_text(column, r, &length);
			total += (size_t)length;
		}
	if (total > INT32_MAX)
		return mill_fail(err, MILL_DATA, "a dictionary column passes 2 GiB of text; make batches smaller");
	MILL_TRY(mill_vector_new(program, column->type, column->rows, &flat, err));
	mill_status status = mill_program_buffer(program, total, &flat.owners[2], err);
	if (status != MILL_OK) {
		mill_column_release(&flat);
		return status;
	}
	flat.bytes = (char *)flat.owners[2]->data;
	size_t used = 0;
	for (int64_t r = 0; r < column->rows; r++) {
		if (!mill_column_is_null(column, r)) {
			const char *text = mill_column_text(column, r, &length);
			memcpy(flat.bytes + used, text, (size_t)length);
			used += (size_t)length;
		}
		flat.offsets[r + 1] = (int32_t)used;
	}
	flat.validity = column->validity;
	flat.null_count = column->null_count;
	flat.owners[0] = mill_buffer_retain(column->owners[0]);
	mill_column_release(column);
	*column = flat;
	return MILL_OK;
}

static mill_status eval_column(mill_program *program, mill_node *node, mill_error *err)
{
	if (node->column < 0 || node->column >= program->batch->column_count)
		return mill_fail(err, MILL_INTERNAL, "expression of column %d over a batch of %d", node->column,
		                 program->batch->column_count);
	const mill_column *column = &program->batch->columns[node->column];
	if (!mill_type_equal(column->type, node->type))
		return mill_fail(err, MILL_INTERNAL,
		                 "expression of column %d expects another type than its batch holds", node->column);
	node->value = (mill_vector){.column = mill_column_retain(column)};
	if (column->dictionary == NULL)
		return MILL_OK;
	mill_status status = flatten(program, &node->value.column, err);
	if (status != MILL_OK)
		mill_vector_release(&node->value);
	return status;
}

mill_status mill_node_eval(mill_program *program, int number, mill_error *err)
{
	mill_node *node = &program->nodes[number];
	if (node->ready)
		return MILL_OK;
	if (node->kind == MILL_EXPR_COLUMN)
		MILL_TRY(eval_column(program, node, err));
	else if (node->kind == MILL_EXPR_CALL || node->kind == MILL_EXPR_CAST)
		MILL_TRY(eval_call(program, node, err));
	else
		MILL_TRY(mill_node_eval_conditional(program, node, err));
	node->ready = true;
	for (int i = 0; i < node->arg_count; i++)
		mill_node_done(program, node->args[i]);
	return MILL_OK;
}

void mill_node_done(mill_program *program, int number)
{
	mill_node *node = &program->nodes[number];
	if (--node->remaining > 0 || node->constant || !node->ready)
		return;
	mill_vector_release(&node->value);
	node->ready = false;
}
