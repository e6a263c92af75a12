/* SQL text → bound logical plan. PostgreSQL's grammar through libpg_query; names, aliases, messages as docs/sql.md
 * says: names compare without case, output keeps the spelling as written (re-lexed, since the grammar folds), aliases
 * may be used later in the same SELECT list and in WHERE, errors show the line with a caret. Not collective. */
#ifndef MILL_SQL_SQL_H
#define MILL_SQL_SQL_H

#include "sql/plan.h"

/* What a FROM may name. The job implements it: sources, steps, quoted paths, read_csv(…). */
typedef struct mill_catalog mill_catalog;
typedef struct mill_table_argument {
	const char *name; /* "delimiter", NULL for positional */
	const mill_literal *value;
	mill_type type;
	int position;
} mill_table_argument;
struct mill_catalog {
	/* Finds a table by name (as written) or, with arguments, a table function. Sets *plan to what it stands for: a
	 * SCAN of a table, or the plan of an earlier step. MILL_USAGE with a message (unknown names: with suggestion).
	 */
	mill_status (*find)(mill_catalog *self, const char *name, bool is_quoted, const mill_table_argument *arguments,
	                    int argument_count, mill_arena *arena, mill_plan **plan, mill_error *err);
};

/* What the binder needs around one statement. */
typedef struct mill_sql_context {
	mill_catalog *catalog;
	mill_arena *arena;
	int first_subquery; /* numbers start here: one job shares one numbering */
	int first_shared;
	const char *where; /* "configs/x.json: /steps/0/sql" or "query": put before messages */
} mill_sql_context;

/* Parses and binds one SELECT (or WITH … SELECT, VALUES). MILL_USAGE: syntax, unknown name, types; MILL_NOT_YET:
 * what the grammar accepts and rankmill does not yet. Not collective. */
MILL_NODISCARD mill_status mill_sql_bind(const mill_sql_context *context, const char *text, mill_statement *out,
                                         mill_error *err);

/* Splits a script into statements (texts in arena): SELECT, CREATE TABLE|VIEW name AS select, DROP TABLE|VIEW name. */
typedef struct mill_script_statement {
	const char *text;        /* the SELECT; of a DROP all of it */
	const char *create_name; /* CREATE … AS: the table's name; NULL: something else */
	const char *drop_name;   /* DROP: the table's name; NULL: something else */
	bool may_be_missing;     /* DROP … IF EXISTS */
	int offset;              /* in the script, for messages */
} mill_script_statement;
/* The statement behind blanks where the script has text before it, so that messages about it tell lines and columns
 * of the script; NULL: out of memory. Not collective. */
const char *mill_sql_in_place(const char *script, const mill_script_statement *statement, mill_arena *arena);
/* Splits a script into statements, in the arena. MILL_USAGE: syntax, or a statement of another kind. MILL_NOMEM. Not
 * collective. */
MILL_NODISCARD mill_status mill_sql_statements(const char *script, const char *where, mill_arena *arena,
                                               mill_script_statement **out, int *count, mill_error *err);

/* "where:LINE:COLUMN: message", the line, a caret under position (bytes; UTF-8 aware). For errors found at run time
 * too. Not collective. */
mill_status mill_sql_fail_at(mill_error *err, mill_status status, const char *where, const char *text, int position,
                             const char *format, ...) MILL_PRINTF(6, 7);

/* How many rows the list of what a query may call has: scalar functions and operators, aggregates, forms of the
 * binder. Not collective. */
int mill_sql_function_count(void);
/* Row `index` of that list, from 0 to mill_sql_function_count() − 1. For `help`. Not collective. */
mill_function_info mill_sql_function_list(int index);

#endif
