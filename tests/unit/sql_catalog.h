/* A catalog of made-up tables, and statements as the text of their plans. */
#ifndef RANKMILL_TESTS_SQL_CATALOG_H
#define RANKMILL_TESTS_SQL_CATALOG_H

#include "sql/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct test_column {
	const char *name;
	const char *type; /* a trailing "!" says never NULL */
} test_column;

typedef struct test_table {
	const char *name;
	int id_words;
	test_column columns[12];
} test_table;

static const test_table test_tables[] = {
    {"t", 2, {{"a", "int32"}, {"b", "int32"}, {"c", "string"}, {"d", "float64"}}},
    {"u", 2, {{"a", "int64"}, {"x", "float64"}, {"y", "string"}}},
    {"people", 2, {{"PassengerId", "int32!"}, {"Age", "float64"}, {"Cabin", "string"}, {"Sex", "string"}}},
    {"twins", 2, {{"Size", "int32"}, {"size", "int32"}, {"n", "int32"}}},
    {"nn", 2, {{"k", "int32!"}, {"v", "float64!"}, {"w", "int32!"}}},
    {"logs", 2, {{"msg", "string"}, {"_file", "string!"}, {"_line", "int64!"}}},
    {"data/*.csv", 2, {{"id", "int64"}, {"when", "timestamp"}}},
};
#define TEST_TABLES (sizeof test_tables / sizeof test_tables[0])

static mill_status test_scan(const test_table *table, int index, mill_arena *arena, mill_plan **plan, mill_error *err)
{
	mill_plan *scan = mill_arena_alloc(arena, sizeof *scan);
	if (scan == NULL)
		return mill_fail_nomem(err, sizeof *scan, "a table");
	scan->kind = MILL_PLAN_SCAN;
	scan->id_words = table->id_words;
	scan->position = -1;
	scan->table = index;
	scan->shared_name = table->name;
	scan->schema.fields = mill_arena_array(arena, 12, sizeof *scan->schema.fields);
	if (scan->schema.fields == NULL)
		return mill_fail_nomem(err, sizeof *scan, "a table");
	for (int i = 0; i < 12 && table->columns[i].name != NULL; i++) {
		char type[32];
		snprintf(type, sizeof type, "%s", table->columns[i].type);
		char *mark = strchr(type, '!');
		if (mark != NULL)
			*mark = '\0';
		mill_field *field = &scan->schema.fields[scan->schema.count++];
		field->name = table->columns[i].name;
		field->nullable = mark == NULL;
		MILL_TRY(mill_type_parse(type, &field->type, err));
	}
	*plan = scan;
	return MILL_OK;
}

static mill_status test_find(mill_catalog *self, const char *name, bool is_quoted, const mill_table_argument *arguments,
                             int argument_count, mill_arena *arena, mill_plan **plan, mill_error *err)
{
	(void)self;
	(void)is_quoted;
	if (arguments != NULL) {
		if (strcasecmp(name, "read_csv") != 0 || argument_count == 0)
			return mill_fail(err, MILL_USAGE, "there is no table function %s", name);
		name = arguments[0].value->as.string.text;
	}
	for (size_t i = 0; i < TEST_TABLES; i++)
		if (strcasecmp(test_tables[i].name, name) == 0)
			return test_scan(&test_tables[i], (int)i, arena, plan, err);
	return mill_fail(err, MILL_USAGE, "there is no table \"%s\"", name);
}

typedef struct sql_fixture {
	mill_mem mem;
	mill_arena arena;
	mill_catalog catalog;
	mill_statement statement;
	mill_error err;
	mill_bytes text;
} sql_fixture;

static inline void sql_fixture_init(sql_fixture *f)
{
	memset(f, 0, sizeof *f);
	mill_mem_init(&f->mem, INT64_MAX);
	mill_arena_init(&f->arena, &f->mem);
	mill_bytes_init(&f->text, &f->mem);
	f->catalog.find = test_find;
}

static inline void sql_fixture_release(sql_fixture *f)
{
	mill_bytes_release(&f->text);
	mill_arena_release(&f->arena);
}

static inline mill_status sql_fixture_bind(sql_fixture *f, const char *sql)
{
	mill_sql_context context = {.catalog = &f->catalog, .arena = &f->arena, .where = "query"};
	return mill_sql_bind(&context, sql, &f->statement, &f->err);
}

static inline mill_status sql_fixture_text(sql_fixture *f, bool optimise)
{
	mill_plan *plan = f->statement.plan;
	if (optimise)
		MILL_TRY(mill_plan_optimise(plan, &f->arena, &plan, &f->err));
	MILL_TRY(mill_plan_text(plan, &f->text));
	for (int i = 0; i < f->statement.subquery_count; i++) {
		mill_plan *subquery = f->statement.subqueries[i];
		if (optimise)
			MILL_TRY(mill_plan_optimise(subquery, &f->arena, &subquery, &f->err));
		MILL_TRY(mill_bytes_printf(&f->text, "param %d:\n", i));
		MILL_TRY(mill_plan_text(subquery, &f->text));
	}
	return mill_bytes_terminate(&f->text);
}

/* "name type[!], …" of the statement's output. */
static inline mill_status sql_fixture_schema(sql_fixture *f)
{
	const mill_schema *schema = &f->statement.plan->schema;
	for (int i = 0; i < schema->count; i++) {
		char type[MILL_TYPE_TEXT_BYTES];
		MILL_TRY(mill_bytes_printf(&f->text, "%s%s %s%s", i > 0 ? ", " : "", schema->fields[i].name,
		                           mill_type_text(schema->fields[i].type, type),
		                           schema->fields[i].nullable ? "" : "!"));
	}
	return mill_bytes_terminate(&f->text);
}

#endif
