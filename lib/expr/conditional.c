/* AND, OR, CASE, COALESCE and try(): the forms that look at rows before evaluating further, and drop the errors of what
 * was not needed. */
#include "expr/program.h"
#include <string.h>

/* Truth of 64 rows of a boolean vector: value (only where valid), valid, error. */
typedef struct truth {
	uint64_t value, valid, error;
} truth;

static truth truth_of(const mill_vector *v, size_t w)
{
	truth t;
	if (v->constant) {
		t.valid = v->column.null_count > 0 ? 0 : ~(uint64_t)0;
		t.value = mill_bit_get(v->column.values, 0) ? t.valid : 0;
		t.error = v->errors != NULL ? ~(uint64_t)0 : 0;
		return t;
	}
	t.valid = v->column.validity != NULL ? v->column.validity[w] : ~(uint64_t)0;
	t.value = ((const uint64_t *)v->column.values)[w] & t.valid;
	t.error = v->errors != NULL ? ((const uint64_t *)v->errors->data)[w] : 0;
	return t;
}

/* Masks of rows in use while a special form runs; given back at its end. */
typedef struct mask_set {
	mill_program *program;
	size_t words;
	mill_buffer *buffers[4];
	int count;
} mask_set;

static mill_status mask_new(mask_set *set, uint64_t fill, uint64_t **out, mill_error *err)
{
	mill_buffer *buffer;
	MILL_TRY(mill_program_buffer(set->program, set->words * 8, &buffer, err));
	set->buffers[set->count++] = buffer;
	*out = (uint64_t *)buffer->data;
	for (size_t w = 0; w < set->words; w++)
		(*out)[w] = fill;
	if (set->words > 0)
		(*out)[set->words - 1] &= mill_row_bits(set->program->rows, (int64_t)set->words - 1);
	return MILL_OK;
}

static void masks_release(mask_set *set)
{
	for (int i = 0; i < set->count; i++)
		mill_buffer_release(set->buffers[i]);
}

static bool any_bit(const uint64_t *words, size_t count)
{
	uint64_t any = 0;
	for (size_t w = 0; w < count; w++)
		any |= words[w];
	return any != 0;
}

/* Gives the errors that are set to the vector as its own bitmap. */
static mill_status attach_errors(mask_set *set, const uint64_t *errors, mill_vector *out, mill_error *err)
{
	if (!any_bit(errors, set->words))
		return MILL_OK;
	MILL_TRY(mill_program_buffer(set->program, set->words * 8, &out->errors, err));
	memcpy(out->errors->data, errors, set->words * 8);
	return MILL_OK;
}

static mill_status junction_result(mask_set *set, bool is_and, const uint64_t *decided, const uint64_t *errors,
                                   const uint64_t *nulls, mill_vector *out, mill_error *err)
{
	mill_program *program = set->program;
	MILL_TRY(mill_vector_new(program, mill_type_of(MILL_TYPE_BOOL), program->rows, &out->column, err));
	MILL_TRY(mill_vector_validity(program, &out->column, err));
	uint64_t *values = out->column.values;
	for (size_t w = 0; w < set->words; w++) {
		uint64_t row_bits = mill_row_bits(program->rows, (int64_t)w);
		values[w] = (is_and ? ~decided[w] : decided[w]) & row_bits;
		out->column.validity[w] = (decided[w] | ~(errors[w] | nulls[w])) & row_bits;
	}
	mill_column_settle(&out->column);
	return attach_errors(set, errors, out, err);
}

/* FALSE decides AND, TRUE decides OR, whatever the other arguments are, errors included; else an error, else NULL wins.
 * So the result does not depend on the order in which a planner puts the arguments. */
static mill_status eval_junction(mill_program *program, mill_node *node, mill_vector *out, mill_error *err)
{
	bool is_and = node->kind == MILL_EXPR_AND;
	mask_set set = {.program = program, .words = mill_bit_words(program->rows)};
	uint64_t *decided, *errors, *nulls;
	mill_status status = MILL_OK;
	MILL_TRY_GOTO(mask_new(&set, 0, &decided, err), done);
	MILL_TRY_GOTO(mask_new(&set, 0, &errors, err), done);
	MILL_TRY_GOTO(mask_new(&set, 0, &nulls, err), done);
	for (int i = 0; i < node->arg_count; i++) {
		MILL_TRY_GOTO(mill_node_eval(program, node->args[i], err), done);
		const mill_vector *arg = &program->nodes[node->args[i]].value;
		uint64_t open = 0;
		for (size_t w = 0; w < set.words; w++) {
			truth t = truth_of(arg, w);
			uint64_t row_bits = mill_row_bits(program->rows, (int64_t)w);
			decided[w] |= t.valid & (is_and ? ~t.value : t.value) & row_bits;
			errors[w] = (errors[w] | t.error) & ~decided[w] & row_bits;
			nulls[w] |= ~t.valid & row_bits;
			open |= ~decided[w] & row_bits;
		}
		if (open == 0)
			break;
	}
	status = junction_result(&set, is_and, decided, errors, nulls, out, err);
done:
	masks_release(&set);
	return status;
}

static void blend_bits(uint64_t *restrict out, const mill_vector *from, const uint64_t *restrict mask, size_t words)
{
	const uint64_t *in = from->column.values;
	uint64_t constant = from->constant && mill_bit_get(in, 0) ? ~(uint64_t)0 : 0;
	for (size_t w = 0; w < words; w++)
		out[w] = (out[w] & ~mask[w]) | ((from->constant ? constant : in[w]) & mask[w]);
}

#define BLEND_TYPED(T)                                                                          \
	do {                                                                                    \
		T *restrict to = (T *)out + base;                                               \
		const T *restrict in = (const T *)from->column.values + (stride ? base : 0);    \
		if (bits == ~(uint64_t)0)                                                       \
			for (int64_t i = 0; i < 64; i++)                                        \
				to[i] = in[i * stride];                                         \
		else                                                                            \
			for (uint64_t left = bits; left != 0; left &= left - 1)                 \
				to[__builtin_ctzll(left)] = in[__builtin_ctzll(left) * stride]; \
	} while (0)

/* Rows of the mask, from `from`. */
static void blend_values(void *out, size_t width, const mill_vector *from, const uint64_t *mask, size_t words)
{
	int64_t stride = from->constant ? 0 : 1;
	for (size_t w = 0; w < words; w++) {
		uint64_t bits = mask[w];
		int64_t base = (int64_t)w * 64;
		if (bits == 0)
			continue;
		switch (width) {
		case 1: BLEND_TYPED(uint8_t); break;
		case 2: BLEND_TYPED(uint16_t); break;
		case 4: BLEND_TYPED(uint32_t); break;
		case 8: BLEND_TYPED(uint64_t); break;
		default: BLEND_TYPED(mill_u128); break;
		}
	}
}

/* Result under construction: which rows are still without a source, and where each row's value comes from. */
typedef struct blend {
	mask_set set;
	uint64_t *open;  /* rows without a value so far */
	uint64_t *taken; /* rows the current source gives */
	uint64_t *errors;
	int source_count;
	int *sources;    /* node numbers, in order of use */
	int32_t *choice; /* text: a row's source, −1 NULL */
	mill_buffer *source_buffer, *choice_buffer;
	mill_vector out;
	bool is_text;
} blend;

static void blend_release(blend *b)
{
	masks_release(&b->set);
	mill_buffer_release(b->source_buffer);
	mill_buffer_release(b->choice_buffer);
}

static mill_status blend_new(mill_program *program, const mill_node *node, blend *b, mill_error *err)
{
	*b = (blend){.set = {.program = program, .words = mill_bit_words(program->rows)}};
	b->is_text = mill_type_is_text(node->type);
	MILL_TRY(mask_new(&b->set, ~(uint64_t)0, &b->open, err));
	MILL_TRY(mask_new(&b->set, 0, &b->taken, err));
	MILL_TRY(mask_new(&b->set, 0, &b->errors, err));
	MILL_TRY(mill_program_buffer(program, (size_t)node->arg_count * sizeof(int), &b->source_buffer, err));
	b->sources = (int *)b->source_buffer->data;
	MILL_TRY(mill_vector_new(program, node->type, program->rows, &b->out.column, err));
	MILL_TRY(mill_vector_validity(program, &b->out.column, err));
	memset(b->out.column.validity, 0, b->set.words * 8);
	if (node->type.id == MILL_TYPE_BOOL)
		memset(b->out.column.values, 0, b->set.words * 8);
	if (b->is_text) {
		MILL_TRY(mill_program_buffer(program, (size_t)program->rows * 4, &b->choice_buffer, err));
		b->choice = (int32_t *)b->choice_buffer->data;
		memset(b->choice, 0xff, (size_t)program->rows * 4);
	}
	return MILL_OK;
}

/* Rows of `taken` get the value, NULL or error of node `number`, and are closed. */
static mill_status blend_take(blend *b, int number, mill_error *err)
{
	mill_program *program = b->set.program;
	MILL_TRY(mill_node_eval(program, number, err));
	const mill_vector *from = &program->nodes[number].value;
	for (size_t w = 0; w < b->set.words; w++) {
		uint64_t valid = from->constant                  ? (from->column.null_count > 0 ? 0 : ~(uint64_t)0)
		                 : from->column.validity != NULL ? from->column.validity[w]
		                                                 : ~(uint64_t)0;
		uint64_t failed = from->errors == NULL ? 0
		                  : from->constant     ? ~(uint64_t)0
		                                       : ((const uint64_t *)from->errors->data)[w];
		b->out.column.validity[w] |= valid & b->taken[w];
		b->errors[w] |= failed & b->taken[w];
		b->open[w] &= ~b->taken[w];
	}
	if (b->is_text) {
		b->sources[b->source_count] = number;
		for (size_t w = 0; w < b->set.words; w++)
			for (uint64_t bits = b->taken[w] & b->out.column.validity[w]; bits != 0; bits &= bits - 1)
				b->choice[w * 64 + (size_t)__builtin_ctzll(bits)] = b->source_count;
		b->source_count++;
	} else if (b->out.column.type.id == MILL_TYPE_BOOL) {
		blend_bits(b->out.column.values, from, b->taken, b->set.words);
	} else {
		blend_values(b->out.column.values, mill_type_width_bytes(b->out.column.type), from, b->taken,
		             b->set.words);
	}
	return MILL_OK;
}

static const char *source_text(const blend *b, int64_t row, int32_t *length)
{
	const mill_vector *from = &b->set.program->nodes[b->sources[b->choice[row]]].value;
	return mill_column_text(&from->column, from->constant ? 0 : row, length);
}

static mill_status blend_text(blend *b, mill_error *err)
{
	mill_column *out = &b->out.column;
	size_t total = 0, used = 0;
	int32_t length;
	for (int64_t r = 0; r < out->rows; r++)
		if (b->choice[r] >= 0) {
			source_text(b, r, &length);
			total += (size_t)length;
		}
	if (total > INT32_MAX)
		return mill_fail(err, MILL_DATA, "text of one batch passes 2 GiB; make batches smaller");
	MILL_TRY(mill_program_buffer(b->set.program, total, &out->owners[2], err));
	out->bytes = (char *)out->owners[2]->data;
	for (int64_t r = 0; r < out->rows; r++) {
		if (b->choice[r] >= 0) {
			const char *text = source_text(b, r, &length);
			memcpy(out->bytes + used, text, (size_t)length);
			used += (size_t)length;
		}
		out->offsets[r + 1] = (int32_t)used;
	}
	return MILL_OK;
}

static mill_status blend_finish(blend *b, mill_vector *out, mill_error *err)
{
	if (b->is_text)
		MILL_TRY(blend_text(b, err));
	mill_column_settle(&b->out.column);
	MILL_TRY(attach_errors(&b->set, b->errors, &b->out, err));
	*out = b->out;
	b->out = (mill_vector){0};
	return MILL_OK;
}

/* Rows that are open and for which the condition is TRUE go to taken; those where it fails become errors. */
static mill_status take_condition(blend *b, int number, mill_error *err)
{
	mill_program *program = b->set.program;
	MILL_TRY(mill_node_eval(program, number, err));
	const mill_vector *condition = &program->nodes[number].value;
	for (size_t w = 0; w < b->set.words; w++) {
		truth t = truth_of(condition, w);
		b->taken[w] = b->open[w] & t.value;
		b->errors[w] |= b->open[w] & t.error;
		b->open[w] &= ~t.error;
	}
	return MILL_OK;
}

static mill_status case_branches(mill_node *node, blend *b, mill_error *err)
{
	for (int i = 0; i + 1 < node->arg_count && any_bit(b->open, b->set.words); i += 2) {
		MILL_TRY(take_condition(b, node->args[i], err));
		if (any_bit(b->taken, b->set.words))
			MILL_TRY(blend_take(b, node->args[i + 1], err));
	}
	if (node->arg_count % 2 == 1 && any_bit(b->open, b->set.words)) {
		memcpy(b->taken, b->open, b->set.words * 8);
		MILL_TRY(blend_take(b, node->args[node->arg_count - 1], err));
	}
	return MILL_OK;
}

static mill_status coalesce_branches(mill_node *node, blend *b, mill_error *err)
{
	for (int i = 0; i < node->arg_count && any_bit(b->open, b->set.words); i++) {
		MILL_TRY(mill_node_eval(b->set.program, node->args[i], err));
		const mill_vector *v = &b->set.program->nodes[node->args[i]].value;
		for (size_t w = 0; w < b->set.words; w++) {
			uint64_t all = ~(uint64_t)0;
			uint64_t valid = v->constant ? (v->column.null_count > 0 ? 0 : all)
			                             : (v->column.validity != NULL ? v->column.validity[w] : all);
			uint64_t failed = v->errors == NULL ? 0
			                  : v->constant     ? all
			                                    : ((const uint64_t *)v->errors->data)[w];
			b->taken[w] = b->open[w] & (valid | failed);
		}
		if (any_bit(b->taken, b->set.words))
			MILL_TRY(blend_take(b, node->args[i], err));
	}
	return MILL_OK;
}

static mill_status eval_blend(mill_program *program, mill_node *node, mill_vector *out, mill_error *err)
{
	blend b;
	mill_status status = blend_new(program, node, &b, err);
	if (status == MILL_OK)
		status = node->kind == MILL_EXPR_CASE ? case_branches(node, &b, err) : coalesce_branches(node, &b, err);
	if (status == MILL_OK)
		status = blend_finish(&b, out, err);
	mill_vector_release(&b.out);
	blend_release(&b);
	return status;
}

static mill_status eval_try(mill_program *program, mill_node *node, mill_vector *out, mill_error *err)
{
	MILL_TRY(mill_node_eval(program, node->args[0], err));
	const mill_vector *arg = &program->nodes[node->args[0]].value;
	*out = (mill_vector){.column = mill_column_retain(&arg->column), .constant = arg->constant};
	return MILL_OK;
}

mill_status mill_node_eval_conditional(mill_program *program, mill_node *node, mill_error *err)
{
	mill_vector out = {0};
	mill_status status = MILL_OK;
	switch (node->kind) {
	case MILL_EXPR_AND:
	case MILL_EXPR_OR: status = eval_junction(program, node, &out, err); break;
	case MILL_EXPR_CASE:
	case MILL_EXPR_COALESCE: status = eval_blend(program, node, &out, err); break;
	case MILL_EXPR_TRY: status = eval_try(program, node, &out, err); break;
	default: return mill_fail(err, MILL_INTERNAL, "expression kind %d cannot be evaluated", (int)node->kind);
	}
	if (status != MILL_OK) {
		mill_vector_release(&out);
		return status;
	}
	node->value = out;
	return MILL_OK;
}
