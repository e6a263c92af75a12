/* Files that a scan need not read, by the values that are the same in all their rows. */
#include "stage/table.h"

#include <string.h>

typedef struct pruner {
	mill_run *run;
	const mill_table *table;
	const mill_plan *scan;
	bool *wanted; /* [file_count]; NULL: no conjunct could tell yet */
} pruner;

/* The table's column behind a column of the scan. */
static int table_column(const pruner *p, int column)
{
	return p->scan->columns != NULL ? p->scan->columns[column] : column;
}

typedef struct uses {
	const pruner *pruner;
	bool *used; /* [scan columns] */
	bool of_constants;
	bool of_others;
} uses;

static void note_use(void *context, int column)
{
	uses *u = context;
	bool is_constant = mill_format_is_constant(u->pruner->table->input, table_column(u->pruner, column));
	u->used[column] = true;
	u->of_constants |= is_constant;
	u->of_others |= !is_constant;
}

/* A batch with one row per file, in which the used columns are filled. */
static mill_status file_batch(const pruner *p, const bool *used, int64_t first, int64_t rows, mill_batch *out,
                              mill_error *err)
{
	mill_mem *mem = p->run->mem;
	mill_status status = MILL_OK;
	MILL_TRY(mill_batch_new(mem, p->scan->schema.count, 0, out, err));
	out->rows = rows;
	for (int c = 0; c < p->scan->schema.count && status == MILL_OK; c++)
		if (used[c])
			status = mill_format_constants(p->table->input, table_column(p, c), first, rows, mem,
			                               &out->columns[c], err);
	if (status != MILL_OK)
		mill_batch_release(out);
	return status;
}

/* Files for which the conjunct is FALSE are not wanted: then the predicate is, whatever else it says. */
static mill_status ask_program(pruner *p, mill_program *program, const bool *used, mill_error *err)
{
	int64_t files = p->table->input->file_count;
	for (int64_t first = 0; first < files; first += MILL_BATCH_ROWS) {
		int64_t rows = mill_min_i64(files - first, MILL_BATCH_ROWS);
		mill_batch batch;
		mill_column verdicts;
		mill_row_errors errors;
		MILL_TRY(file_batch(p, used, first, rows, &batch, err));
		mill_status status = mill_program_run(program, &batch, &verdicts, &errors, err);
		mill_batch_release(&batch);
		MILL_TRY(status);
		for (int64_t i = 0; i < rows; i++)
			if (!mill_column_is_null(&verdicts, i) && !mill_bit_get(verdicts.values, i))
				p->wanted[first + i] = false;
		mill_column_release(&verdicts);
	}
	return MILL_OK;
}

static mill_status ask_conjunct(pruner *p, mill_expr *conjunct, mill_error *err)
{
	size_t columns = (size_t)p->scan->schema.count + 1;
	uses u = {.pruner = p, .used = mill_arena_array(p->run->arena, columns, sizeof(bool))};
	if (u.used == NULL)
		return mill_fail_nomem(err, columns, "a scan's files");
	mill_expr_columns(conjunct, note_use, &u);
	if (!u.of_constants || u.of_others)
		return MILL_OK;
	if (p->wanted == NULL) {
		size_t files = (size_t)p->table->input->file_count + 1;
		p->wanted = mill_arena_array(p->run->arena, files, sizeof *p->wanted);
		if (p->wanted == NULL)
			return mill_fail_nomem(err, files, "a scan's files");
		memset(p->wanted, 1, files);
	}
	mill_program *program = NULL;
	MILL_TRY(mill_program_new(&conjunct, 1, p->run->knobs, p->run->mem, &program, err));
	mill_status status = ask_program(p, program, u.used, err);
	mill_program_free(program);
	return status;
}

static mill_status ask_conjuncts(pruner *p, mill_expr *expr, mill_error *err)
{
	if (expr->kind != MILL_EXPR_AND)
		return ask_conjunct(p, expr, err);
	for (int i = 0; i < expr->arg_count; i++)
		MILL_TRY(ask_conjuncts(p, expr->args[i], err));
	return MILL_OK;
}

static bool has_constants(const mill_format_table *input)
{
	for (int i = 0; i < input->schema.count; i++)
		if (mill_format_is_constant(input, i))
			return true;
	return false;
}

mill_status mill_table_prune(mill_run *run, const mill_table *table, const mill_plan *scan, const bool **wanted,
                             int64_t *count, mill_error *err)
{
	const mill_format_table *input = table->input;
	pruner p = {.run = run, .table = table, .scan = scan};
	*wanted = NULL;
	*count = input->file_count;
	if (scan->predicate == NULL || !has_constants(input))
		return MILL_OK;
	mill_expr *predicate = mill_expr_bind_params(run->arena, scan->predicate, run->params, err);
	if (predicate == NULL)
		return MILL_NOMEM;
	MILL_TRY(ask_conjuncts(&p, predicate, err));
	for (int64_t i = 0; p.wanted != NULL && i < input->file_count; i++)
		*count -= p.wanted[i] ? 0 : 1;
	*wanted = *count < input->file_count ? p.wanted : NULL;
	return MILL_OK;
}
