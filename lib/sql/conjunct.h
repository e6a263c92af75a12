/* Private to sql/: conditions taken apart at AND, for joins and for the optimiser. Not collective. */
#ifndef MILL_SQL_CONJUNCT_H
#define MILL_SQL_CONJUNCT_H

#include "sql/plan.h"

typedef struct sql_conjuncts {
	mill_expr **exprs;
	int count;
} sql_conjuncts;

/* Flattens nested ANDs, in order. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_conjuncts_of(mill_arena *arena, mill_expr *condition, sql_conjuncts *out,
                                            mill_error *err);
/* All of them under one AND; *out is NULL when there are none. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_conjuncts_join(mill_arena *arena, const sql_conjuncts *conjuncts, mill_expr **out,
                                              mill_error *err);

/* Which columns an expression uses: below `boundary`, at or above it. */
typedef struct sql_usage {
	bool uses_left;
	bool uses_right;
} sql_usage;
/* Which sides of the boundary the expression uses. Not collective. */
sql_usage sql_usage_of(const mill_expr *expr, int boundary);

/* Both keys in one type, as their value bytes are hashed and compared: decimals of several scales are equal without
 * being so. A value that the common type cannot hold equals nothing on the other side, so it becomes NULL.
 * MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_unify_keys(mill_arena *arena, mill_expr **left, mill_expr **right, mill_error *err);

/* Equalities between the sides become keys (left keys, then right keys over the right's own columns, each pair of one
 * type), the rest residual. */
typedef struct sql_join_condition {
	mill_expr **keys;
	int key_count;
	mill_expr *residual; /* over left ‖ right; NULL: none */
} sql_join_condition;
/* Takes a join condition over left ‖ right (left_count of total_count columns are left) apart. MILL_NOMEM,
 * MILL_USAGE. Not collective. */
MILL_NODISCARD mill_status sql_split_join_condition(mill_arena *arena, mill_expr *condition, int left_count,
                                                    int total_count, sql_join_condition *out, mill_error *err);

/* Visits columns that are not NULL in any row where the conjunct is TRUE. Not collective. */
void sql_not_null_columns(const mill_expr *conjunct, mill_expr_visit_column visit, void *context);
/* Is it the literal TRUE? Not collective. */
bool sql_is_true(const mill_expr *expr);

#endif
