/* Expressions as prefix text, for tests: 12, 1.5, 'text', null, true, (name args…), (cast TYPE x), (case when then …
 * [else]), (and …), (or …), (in x a b …), #0 a column. TYPE takes _ for a space. */
#ifndef RANKMILL_TESTS_EXPR_TEXT_H
#define RANKMILL_TESTS_EXPR_TEXT_H

#include "column/builder.h"
#include "column/value.h"
#include "expr/expr.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

typedef struct world {
	mill_mem mem;
	mill_arena arena;
	mill_expr_builder b;
	mill_error err;
	const mill_type *types; /* of columns #0, #1 …; NULL: none */
} world;

static inline void world_init(world *w)
{
	memset(w, 0, sizeof *w);
	mill_mem_init(&w->mem, INT64_MAX);
	mill_arena_init(&w->arena, &w->mem);
	w->b = (mill_expr_builder){.arena = &w->arena, .position = -1, .failed_position = -1};
}

static inline void world_release(world *w)
{
	mill_arena_release(&w->arena);
	CU_ASSERT_EQUAL(w->mem.used_bytes, 0);
}

/* Reads one prefix expression: NUMBER, 'text', null, true, false, or (name args…); (cast TYPE x), (case …), (in …). */
static inline mill_expr *parse(world *w, const char **at);

static inline mill_expr *parse_list(world *w, const char **at)
{
	char name[64];
	mill_expr *args[32];
	int count = 0, length = 0;
	while (**at != ' ' && **at != ')')
		name[length++] = *(*at)++;
	name[length] = '\0';
	char type_name[64];
	if (strcmp(name, "cast") == 0) {
		length = 0;
		(*at)++;
		while (**at != ' ')
			type_name[length++] = *(*at)++ == '_' ? ' ' : (*at)[-1];
		type_name[length] = '\0';
	}
	while (**at == ' ')
		(*at)++;
	while (**at != ')') {
		args[count] = parse(w, at);
		if (args[count++] == NULL)
			return NULL;
		while (**at == ' ')
			(*at)++;
	}
	(*at)++;
	mill_type type;
	if (strcmp(name, "cast") == 0)
		return mill_type_parse(type_name, &type, &w->err) == MILL_OK
		           ? mill_expr_cast(&w->b, args[0], type, false, &w->err)
		           : NULL;
	if (strcmp(name, "case") == 0)
		return mill_expr_case(&w->b, args, count, &w->err);
	if (strcmp(name, "and") == 0)
		return mill_expr_and(&w->b, args, count, &w->err);
	if (strcmp(name, "or") == 0)
		return mill_expr_or(&w->b, args, count, &w->err);
	if (strcmp(name, "in") == 0)
		return mill_expr_in(&w->b, args, count, &w->err);
	return mill_expr_call(&w->b, name, args, count, &w->err);
}

static inline mill_expr *parse(world *w, const char **at)
{
	while (**at == ' ')
		(*at)++;
	const char *start = *at;
	if (**at == '(') {
		(*at)++;
		return parse_list(w, at);
	}
	if (**at == '\'') {
		const char *end = strchr(start + 1, '\'');
		*at = end + 1;
		return mill_expr_string(&w->b, start + 1, (size_t)(end - start - 1), &w->err);
	}
	char word[128];
	size_t length = strcspn(start, " )");
	memcpy(word, start, length);
	word[length] = '\0';
	*at = start + length;
	if (word[0] == '#') {
		int column = (int)strtol(word + 1, NULL, 10);
		return mill_expr_column(&w->b, column, w->types[column], true, &w->err);
	}
	if (strcmp(word, "null") == 0)
		return mill_expr_null(&w->b, &w->err);
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return mill_expr_bool(&w->b, word[0] == 't', &w->err);
	return mill_expr_number(&w->b, word, &w->err);
}

/* "value:type", "NULL:type", "error: why" (at run time) or "refused: why" (at bind time). */
static inline void evaluate(const char *text, char out[512])
{
	world w;
	world_init(&w);
	const char *at = text;
	mill_expr *expr = parse(&w, &at);
	mill_program *program = NULL;
	mill_batch batch = {.rows = 1};
	mill_column column;
	mill_row_errors errors;
	char type[MILL_TYPE_TEXT_BYTES];
	mill_bytes bytes;
	mill_bytes_init(&bytes, &w.mem);
	if (expr == NULL || mill_program_new(&expr, 1, NULL, &w.mem, &program, &w.err) != MILL_OK) {
		snprintf(out, 512, "refused: %.400s", w.err.message);
	} else if (mill_program_run(program, &batch, &column, &errors, &w.err) != MILL_OK) {
		snprintf(out, 512, "failed: %.400s", w.err.message);
	} else {
		if (errors.count > 0)
			snprintf(out, 512, "error: %s", errors.detail);
		else if (mill_column_is_null(&column, 0))
			snprintf(out, 512, "NULL:%s", mill_type_text(expr->type, type));
		else if (mill_value_text(&column, 0, &bytes) == MILL_OK && mill_bytes_terminate(&bytes) == MILL_OK)
			snprintf(out, 512, "%s:%s", (const char *)bytes.data, mill_type_text(expr->type, type));
		CU_ASSERT_EQUAL(mill_column_validate(&column, &w.err), MILL_OK);
		mill_column_release(&column);
	}
	mill_bytes_release(&bytes);
	mill_program_free(program);
	world_release(&w);
}

typedef struct example {
	const char *text, *expected;
} example;

static inline void check_examples(const example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char got[512];
		evaluate(examples[i].text, got);
		if (strcmp(got, examples[i].expected) != 0) {
			printf("    %s\n      expected %s\n      got      %s\n", examples[i].text, examples[i].expected,
			       got);
			CU_FAIL("wrong value");
		}
	}
}
#define CHECK(list) check_examples(list, sizeof(list) / sizeof((list)[0]))

#endif
