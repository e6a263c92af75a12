/* Runs a program over a batch and says which rows failed and why. */
#include "column/value.h"
#include "expr/program.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool node_failed(const mill_program *program, int number)
{
	const mill_node *node = &program->nodes[number];
	return node->ready && node->value.errors != NULL && mill_bit_get((const uint64_t *)node->value.errors->data, 0);
}

/* The node where the failure of a one-row run began. */
static const mill_node *origin(const mill_program *program, int number)
{
	for (;;) {
		const mill_node *node = &program->nodes[number];
		int failed = -1;
		for (int i = 0; i < node->arg_count && failed < 0; i++)
			if (node_failed(program, node->args[i]))
				failed = node->args[i];
		if (failed < 0)
			return node;
		number = failed;
	}
}

#define VALUE_TEXT_BYTES 60

/* The value of an argument as text, cut at a character. */
static mill_status append_value(const mill_vector *v, mill_bytes *out)
{
	size_t start = out->size_bytes;
	bool quote = mill_type_is_text(v->column.type);
	if (mill_column_is_null(&v->column, 0))
		return mill_bytes_append_text(out, "NULL");
	if (quote)
		MILL_TRY(mill_bytes_append_u8(out, '"'));
	MILL_TRY(mill_value_text(&v->column, 0, out));
	if (out->size_bytes - start > VALUE_TEXT_BYTES) {
		size_t end = start + VALUE_TEXT_BYTES;
		while (end > start && (out->data[end] & 0xC0) == 0x80)
			end--;
		out->size_bytes = end;
		MILL_TRY(mill_bytes_append_text(out, "…"));
	}
	return quote ? mill_bytes_append_u8(out, '"') : MILL_OK;
}

static bool is_symbol(const char *name)
{
	return !((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_');
}

/* " in 1 + 2" or " in log(0)". */
static mill_status append_call(const mill_program *program, const mill_node *node, mill_bytes *out)
{
	const char *name = mill_function_display(node->function);
	bool infix = is_symbol(name) && node->arg_count == 2;
	MILL_TRY(mill_bytes_append_text(out, " in "));
	if (!infix)
		MILL_TRY(mill_bytes_printf(out, "%s(", name));
	for (int i = 0; i < node->arg_count; i++) {
		if (i > 0)
			MILL_TRY(infix ? mill_bytes_printf(out, " %s ", name) : mill_bytes_append_text(out, ", "));
		MILL_TRY(append_value(&program->nodes[node->args[i]].value, out));
	}
	return infix ? MILL_OK : mill_bytes_append_text(out, ")");
}

static mill_status append_reason(const mill_program *program, const mill_node *node, mill_bytes *out)
{
	static const char *const texts[] = {
#define X(name, text) text,
	    MILL_ROW_CODES(X)
#undef X
	};
	char type[MILL_TYPE_TEXT_BYTES];
	for (const char *p = texts[node->code]; *p != '\0'; p++) {
		if (p[0] == '%' && p[1] == 'T') {
			MILL_TRY(mill_bytes_append_text(out, mill_type_text(node->type, type)));
			p++;
		} else if (p[0] == '%' && (p[1] == '0' || p[1] == '1')) {
			int arg = p[1] - '0';
			if (arg < node->arg_count)
				MILL_TRY(append_value(&program->nodes[node->args[arg]].value, out));
			p++;
		} else {
			MILL_TRY(mill_bytes_append_u8(out, (uint8_t)*p));
		}
	}
	return node->kind == MILL_EXPR_CALL ? append_call(program, node, out) : MILL_OK;
}

/* The columns that the program reads, of one row. */
static mill_status one_row(mill_program *program, const mill_batch *batch, int64_t row, mill_batch *out,
                           mill_error *err)
{
	int32_t index = (int32_t)row;
	MILL_TRY(mill_batch_new(program->mem, batch->column_count, 0, out, err));
	out->rows = 1;
	for (int i = 0; i < program->node_count; i++) {
		const mill_node *node = &program->nodes[i];
		if (node->kind != MILL_EXPR_COLUMN || node->column >= batch->column_count)
			continue;
		mill_status status = mill_column_take(program->mem, &batch->columns[node->column], &index, 1,
		                                      &out->columns[node->column], err);
		if (status != MILL_OK) {
			mill_batch_release(out);
			return status;
		}
	}
	return MILL_OK;
}

static mill_status describe_row(mill_program *program, mill_row_errors *errors, mill_bytes *text, mill_error *err)
{
	int root = program->roots[errors->first_expr];
	for (int i = 0; i < program->node_count; i++)
		program->nodes[i].remaining =
		    INT_MAX / 2; /* nothing is given back: the reasons are read off the values */
	MILL_TRY(mill_node_eval(program, root, err));
	const mill_node *node = origin(program, root);
	errors->position = node->position;
	MILL_TRY(append_reason(program, node, text));
	MILL_TRY(mill_bytes_terminate(text));
	snprintf(errors->detail, sizeof errors->detail, "%s", (const char *)text->data);
	return MILL_OK;
}

/* Evaluates the failed row alone, keeping every value, and reads the reason off. */
static mill_status describe(mill_program *program, const mill_batch *batch, mill_row_errors *errors, mill_error *err)
{
	mill_batch one;
	mill_bytes text;
	MILL_TRY(one_row(program, batch, errors->first_row, &one, err));
	mill_bytes_init(&text, program->mem);
	mill_status status = mill_program_begin(program, &one, err);
	if (status == MILL_OK)
		status = describe_row(program, errors, &text, err);
	mill_program_end(program);
	mill_bytes_release(&text);
	mill_batch_release(&one);
	return status;
}

/* Adds the errors of root i over the batch. */
static void collect_errors(mill_program *program, int i, mill_row_errors *errors)
{
	const mill_vector *v = &program->nodes[program->roots[i]].value;
	int64_t first = -1;
	if (v->errors == NULL)
		return;
	const uint64_t *bits = (const uint64_t *)v->errors->data;
	size_t words = mill_bit_words(program->rows);
	for (size_t w = 0; w < words; w++) {
		uint64_t word = (v->constant ? ~(uint64_t)0 : bits[w]) & mill_row_bits(program->rows, (int64_t)w);
		if (word != 0 && first < 0)
			first = (int64_t)w * 64 + __builtin_ctzll(word);
		program->error_rows[w] |= word;
	}
	if (first >= 0 && (errors->count == 0 || first < errors->first_row)) {
		errors->count = 1; /* settled at the end */
		errors->first_row = first;
		errors->first_expr = i;
	}
}

static void count_errors(mill_program *program, mill_row_errors *errors)
{
	if (errors->count == 0)
		return;
	errors->count = 0;
	errors->rows = program->error_rows;
	for (size_t w = 0; w < mill_bit_words(program->rows); w++)
		errors->count += __builtin_popcountll(program->error_rows[w]);
}

static mill_status run_roots(mill_program *program, mill_column *columns, mill_row_errors *errors, mill_error *err)
{
	for (int i = 0; i < program->root_count; i++) {
		int root = program->roots[i];
		MILL_TRY(mill_node_eval(program, root, err));
		collect_errors(program, i, errors);
		MILL_TRY(mill_vector_spread(program, &program->nodes[root].value, program->rows, &columns[i], err));
		mill_node_done(program, root);
	}
	return MILL_OK;
}

mill_status mill_program_run(mill_program *program, const mill_batch *batch, mill_column *columns,
                             mill_row_errors *errors, mill_error *err)
{
	mill_row_errors found = {.first_row = -1, .first_expr = -1, .position = -1};
	MILL_TRY(mill_program_begin(program, batch, err));
	memset(columns, 0, (size_t)program->root_count * sizeof *columns);
	memset(program->error_rows, 0, mill_bit_words(batch->rows) * 8);
	mill_status status = run_roots(program, columns, &found, err);
	if (status == MILL_OK)
		count_errors(program, &found);
	mill_program_end(program);
	if (status == MILL_OK && found.count > 0)
		status = describe(program, batch, &found, err);
	if (status != MILL_OK) {
		for (int i = 0; i < program->root_count; i++)
			mill_column_release(&columns[i]);
		return status;
	}
	*errors = found;
	return MILL_OK;
}

mill_status mill_program_filter(mill_program *program, const mill_batch *batch, uint64_t *keep, int64_t *kept,
                                mill_row_errors *errors, mill_error *err)
{
	mill_column column;
	int64_t count = 0;
	if (program->root_count != 1 || program->nodes[program->roots[0]].type.id != MILL_TYPE_BOOL)
		return mill_fail(err, MILL_INTERNAL, "a filter is one boolean expression");
	MILL_TRY(mill_program_run(program, batch, &column, errors, err));
	const uint64_t *values = column.values;
	for (size_t w = 0; w < mill_bit_words(batch->rows); w++) {
		keep[w] = values[w] & (column.validity != NULL ? column.validity[w] : ~(uint64_t)0) &
		          mill_row_bits(batch->rows, (int64_t)w);
		count += __builtin_popcountll(keep[w]);
	}
	*kept = count;
	mill_column_release(&column);
	return MILL_OK;
}
