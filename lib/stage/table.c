/* Tables of a run: their input splits and the plans that stand for them. */
#include "stage/table.h"

#include <string.h>

static mill_status add_table(mill_run *run, mill_table *table, mill_error *err)
{
	size_t count = (size_t)run->table_count + 1;
	mill_table **tables = mill_arena_array(run->arena, count, sizeof(mill_table *));
	if (tables == NULL)
		return mill_fail_nomem(err, count * sizeof(mill_table *), "the list of tables");
	if (run->table_count > 0)
		memcpy(tables, run->tables, (size_t)run->table_count * sizeof(mill_table *));
	table->index = run->table_count;
	tables[run->table_count++] = table;
	run->tables = tables;
	return MILL_OK;
}

/* A small input is cut finer, so that every rank has work. Input splits never change a byte of data. */
#define SMALLEST_SPLIT_BYTES (INT64_C(1) << 20)

static int64_t split_bytes_of(const mill_run *run, const mill_table *table, int64_t size_bytes)
{
	if (table->input->options->split_bytes > 0)
		return table->input->options->split_bytes;
	int64_t fair = size_bytes / (4 * (int64_t)mill_comm_size(run->comm));
	return mill_min_i64(run->knobs->split_bytes, mill_max_i64(fair, SMALLEST_SPLIT_BYTES));
}

mill_status mill_table_plan_input_splits(mill_run *run, const mill_table *table, const bool *wanted,
                                         mill_input_plan *out, int64_t *size_bytes, mill_error *err)
{
	const mill_format_table *input = table->input;
	int64_t size = 0;
	for (int64_t i = 0; i < input->file_count; i++)
		size += wanted == NULL || wanted[i] ? input->files[i].size_bytes : 0;
	*size_bytes = size;
	return mill_format_plan_input_splits(input, wanted, split_bytes_of(run, table, size), run->arena, out, err);
}

static mill_status open_input(mill_run *run, mill_table *table, mill_error *err)
{
	const mill_source_spec *spec = &table->spec;
	MILL_TRY(mill_source_open(run, spec, &table->input, err));
	MILL_TRY(mill_table_plan_input_splits(run, table, NULL, &table->splits, &table->size_bytes, err));
	return mill_books_audit(run->books, spec->name, &spec->bad_rows, table->input, &table->audit, err);
}

mill_status mill_table_open(mill_run *run, const mill_source_spec *spec, mill_table **out, mill_error *err)
{
	mill_table *table = mill_arena_alloc(run->arena, sizeof *table);
	if (table == NULL)
		return mill_fail_nomem(err, sizeof *table, "a table");
	table->spec = *spec;
	table->input = mill_arena_alloc(run->arena, sizeof *table->input);
	if (table->input == NULL)
		return mill_fail_nomem(err, sizeof *table->input, "a table");
	if (spec->rows == NULL)
		MILL_TRY(open_input(run, table, err));
	MILL_TRY(add_table(run, table, err));
	*out = table;
	return MILL_OK;
}

int mill_table_hidden(const mill_table *table, int at)
{
	return at == 0 || table->input->format->has_lines ? at : at + 1;
}

/* The table's columns, then the hidden ones, unless the table has a column of such a name itself. */
static mill_status scan_schema(const mill_table *table, mill_arena *arena, mill_schema *out)
{
	static const char *const names[MILL_HIDDEN_COLUMNS] = {"_file", "_line", "_offset"};
	const mill_schema *own = &table->input->schema;
	int count = table->input->format->has_lines ? MILL_HIDDEN_COLUMNS : MILL_HIDDEN_COLUMNS - 1;
	mill_field *fields = mill_arena_array(arena, (size_t)own->count + MILL_HIDDEN_COLUMNS, sizeof *fields);
	if (fields == NULL)
		return MILL_NOMEM;
	memcpy(fields, own->fields, (size_t)own->count * sizeof *fields);
	out->fields = fields;
	out->count = own->count;
	for (int i = 0; i < count; i++) {
		int hidden = mill_table_hidden(table, i);
		if (mill_schema_find(own, names[hidden]) != -1)
			return MILL_OK;
		mill_type type = mill_type_of(hidden == 0 ? MILL_TYPE_STRING : MILL_TYPE_INT64);
		fields[own->count + i] = (mill_field){names[hidden], type, false};
	}
	out->count = own->count + count;
	return MILL_OK;
}

mill_status mill_table_plan(mill_run *run, const mill_table *table, mill_arena *arena, mill_plan **out, mill_error *err)
{
	mill_plan *plan = mill_arena_alloc(arena, sizeof *plan);
	if (plan == NULL)
		return mill_fail_nomem(err, sizeof *plan, "a plan");
	if (table->spec.rows != NULL) {
		*plan = *table->spec.rows;
	} else {
		plan->kind = MILL_PLAN_SCAN;
		plan->table = table->index;
		plan->shared_name = table->spec.name;
		plan->id_words = 2;
		MILL_TRY(scan_schema(table, arena, &plan->schema));
	}
	plan->position = -1;
	if (run->limit_rows != INT64_MAX)
		return mill_plan_first_rows(plan, run->limit_rows, arena, out, err);
	*out = plan;
	return MILL_OK;
}
