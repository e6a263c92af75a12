/* SQL: whatever binds has a plan that can be printed and optimised without a change of its schema or ids; errors and
 * memory stay in order. Statements are bounded, so that PostgreSQL's parser is not what is fuzzed. */
#include "../unit/sql_catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT_BYTES = 4000 };

static void require(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz_sql: %s\n", what);
		abort();
	}
}

static void require_same(const mill_plan *before, const mill_plan *after)
{
	require(before->id_words == after->id_words, "the optimiser changed the ids");
	require(before->schema.count == after->schema.count, "the optimiser changed the number of columns");
	for (int i = 0; i < before->schema.count; i++) {
		const mill_field *a = &before->schema.fields[i], *b = &after->schema.fields[i];
		require(strcmp(a->name, b->name) == 0, "the optimiser changed a name");
		require(mill_type_equal(a->type, b->type), "the optimiser changed a type");
	}
}

static void optimise(sql_fixture *f, mill_plan *plan)
{
	mill_plan *optimised = NULL, *again = NULL;
	require(mill_plan_text(plan, &f->text) == MILL_OK, "a plan has no text");
	require(mill_plan_optimise(plan, &f->arena, &optimised, &f->err) == MILL_OK, f->err.message);
	require_same(plan, optimised);
	f->text.size_bytes = 0;
	require(mill_plan_text(optimised, &f->text) == MILL_OK, "an optimised plan has no text");
	require(mill_plan_optimise(optimised, &f->arena, &again, &f->err) == MILL_OK, f->err.message);
	require_same(plan, again);
}

static void bind(const char *sql)
{
	sql_fixture f;
	sql_fixture_init(&f);
	mill_status status = sql_fixture_bind(&f, sql);
	require(status == MILL_OK || status == MILL_USAGE || status == MILL_NOT_YET, f.err.message);
	require(status == MILL_OK || f.err.message[0] != '\0', "an error has no message");
	if (status == MILL_OK) {
		optimise(&f, f.statement.plan);
		for (int i = 0; i < f.statement.subquery_count; i++)
			optimise(&f, f.statement.subqueries[i]);
	}
	sql_fixture_release(&f);
	require(f.mem.used_bytes == 0, "memory is lost");
}

static void split(const char *sql)
{
	sql_fixture f;
	mill_script_statement *statements = NULL;
	int count = 0;
	sql_fixture_init(&f);
	mill_status status = mill_sql_statements(sql, "script", &f.arena, &statements, &count, &f.err);
	require(status == MILL_OK || status == MILL_USAGE || status == MILL_NOT_YET, f.err.message);
	for (int i = 0; i < count; i++)
		require(strncmp(sql + statements[i].offset, statements[i].text, strlen(statements[i].text)) == 0,
		        "a statement is not where it says");
	sql_fixture_release(&f);
	require(f.mem.used_bytes == 0, "memory is lost");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > LIMIT_BYTES)
		return 0;
	char *sql = malloc(size + 1);
	if (sql == NULL)
		return 0;
	memcpy(sql, data, size);
	sql[size] = '\0';
	bind(sql);
	split(sql);
	free(sql);
	return 0;
}
