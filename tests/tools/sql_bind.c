/* Binds and optimises statements without running them: what the SQL corpus is driven through.
 *
 * stdin: cases, each a list of statements (CREATE TABLE x AS SELECT … or SELECT …) ended by a line ";;", the case ended
 * by a line "====". stdout: a line a case, the status of its first statement that fails or OK, a tab, the first line of
 * the message. */
#include "sql/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIMIT_TABLES = 64 };

typedef struct known_table {
	const char *name;
	mill_plan *plan;
} known_table;

typedef struct known_catalog {
	mill_catalog base;
	known_table tables[LIMIT_TABLES];
	int count;
} known_catalog;

static mill_status find(mill_catalog *self, const char *name, bool is_quoted, const mill_table_argument *arguments,
                        int argument_count, mill_arena *arena, mill_plan **plan, mill_error *err)
{
	known_catalog *catalog = (known_catalog *)self;
	(void)is_quoted;
	(void)argument_count;
	(void)arena;
	for (int i = 0; arguments == NULL && i < catalog->count; i++) {
		if (strcasecmp(catalog->tables[i].name, name) == 0) {
			*plan = catalog->tables[i].plan;
			return MILL_OK;
		}
	}
	return mill_fail(err, MILL_USAGE, "there is no table \"%s\"", name);
}

static mill_status run_statement(known_catalog *catalog, const mill_script_statement *statement, mill_arena *arena,
                                 mill_error *err)
{
	mill_sql_context context = {.catalog = &catalog->base, .arena = arena, .where = "case"};
	mill_statement bound;
	mill_plan *optimised;
	mill_bytes text;
	MILL_TRY(mill_sql_bind(&context, statement->text, &bound, err));
	MILL_TRY(mill_plan_optimise(bound.plan, arena, &optimised, err));
	mill_bytes_init(&text, arena->mem);
	mill_status status = mill_plan_text(optimised, &text);
	mill_bytes_release(&text);
	if (statement->create_name != NULL && catalog->count < LIMIT_TABLES)
		catalog->tables[catalog->count++] = (known_table){statement->create_name, bound.plan};
	return status;
}

static mill_status run_text(known_catalog *catalog, const char *sql, mill_arena *arena, mill_error *err)
{
	mill_script_statement *statements = NULL;
	int count = 0;
	MILL_TRY(mill_sql_statements(sql, "case", arena, &statements, &count, err));
	for (int i = 0; i < count; i++)
		MILL_TRY(run_statement(catalog, &statements[i], arena, err));
	return MILL_OK;
}

typedef struct case_state {
	mill_mem mem;
	mill_arena arena;
	known_catalog catalog;
	mill_bytes sql;
	mill_error err;
	mill_status status;
} case_state;

static void begin(case_state *state)
{
	memset(state, 0, sizeof *state);
	mill_mem_init(&state->mem, INT64_MAX);
	mill_arena_init(&state->arena, &state->mem);
	mill_bytes_init(&state->sql, &state->mem);
	state->catalog.base.find = find;
}

static void end_statement(case_state *state)
{
	if (state->status == MILL_OK)
		state->status = mill_bytes_terminate(&state->sql);
	if (state->status == MILL_OK)
		state->status = run_text(&state->catalog, (const char *)state->sql.data, &state->arena, &state->err);
	state->sql.size_bytes = 0;
}

static void end_case(case_state *state)
{
	state->err.message[strcspn(state->err.message, "\n")] = '\0';
	printf("%s\t%s\n", mill_status_name(state->status), state->err.message);
	fflush(stdout);
	mill_bytes_release(&state->sql);
	mill_arena_release(&state->arena);
}

int main(void)
{
	char *line = NULL;
	size_t capacity = 0;
	case_state *state = malloc(sizeof *state);
	if (state == NULL)
		return 1;
	begin(state);
	while (getline(&line, &capacity, stdin) >= 0) {
		if (strcmp(line, ";;\n") == 0) {
			end_statement(state);
		} else if (strcmp(line, "====\n") == 0) {
			end_case(state);
			begin(state);
		} else if (state->status == MILL_OK) {
			state->status = mill_bytes_append_text(&state->sql, line);
		}
	}
	free(line);
	free(state);
	return 0;
}
