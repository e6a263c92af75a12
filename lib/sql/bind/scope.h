/* Private to sql/: the columns that names in one SELECT may refer to. Not collective. */
#ifndef MILL_SQL_BIND_SCOPE_H
#define MILL_SQL_BIND_SCOPE_H

#include "sql/parse/parse.h"
#include "sql/sql.h"

typedef struct sql_column {
	const char *table; /* what it may be qualified by; NULL: a column merged by USING */
	const char *name;
	int position; /* in the plan's schema */
	mill_type type;
	bool nullable;
	bool is_covered; /* by a column merged by USING: only t.name and t.* reach it */
	bool is_extra;   /* _file, _line, _offset: never part of * */
} sql_column;

/* Columns in the order of *; those of one table keep their own order. */
typedef struct sql_scope {
	sql_column *columns;
	int count;
	const char **tables;
	int table_count;
} sql_scope;

typedef enum sql_found { SQL_FOUND, SQL_UNKNOWN_TABLE, SQL_UNKNOWN_COLUMN, SQL_AMBIGUOUS } sql_found;

/* Finds the column of a name: *out is its index. Names compare without case; columns that differ only in case must
 * be quoted exactly. table: NULL when unqualified. SQL_AMBIGUOUS: *out and *other are two of the candidates. Not
 * collective. */
sql_found sql_scope_find(const sql_scope *scope, const char *table, sql_name name, int *out, int *other);
/* Is there a table of this name? Not collective. */
bool sql_scope_has_table(const sql_scope *scope, const char *table);
/* Is this column part of `table.*` (table NULL: of `*`)? Not collective. */
bool sql_scope_in_star(const sql_column *column, const char *table);
/* left then right, with their positions moved up by the shifts. MILL_USAGE: a table name on both sides. MILL_NOMEM.
 * Not collective. */
MILL_NODISCARD mill_status sql_scope_join(mill_arena *arena, const sql_scope *left, const sql_scope *right,
                                          int left_shift, int right_shift, sql_scope *out, mill_error *err);
/* The column name nearest to `name`, in the arena, for "did you mean". NULL: none is near. Not collective. */
const char *sql_scope_suggest(mill_arena *arena, const sql_scope *scope, const char *table, const char *name);
/* The table name nearest to `table`. NULL: none is near. Not collective. */
const char *sql_scope_suggest_table(const sql_scope *scope, const char *table);

#endif
