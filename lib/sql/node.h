/* Private to sql/: constructors of plan nodes. Each works out schema, nullability and id words (definitions.md D2).
 * Nodes and what they point to live in the arena; NULL with *err filled on failure. Not collective. */
#ifndef MILL_SQL_NODE_H
#define MILL_SQL_NODE_H

#include "sql/plan.h"

/* VALUES: rows · schema->count cells, row by row, which it borrows. Not collective. */
mill_plan *sql_node_values(mill_arena *arena, mill_expr **cells, int64_t rows, const mill_schema *schema,
                           mill_error *err);
/* Marks columns that are not NULL in a row for which the condition is TRUE. Not collective. */
void sql_prove_not_null(const mill_expr *condition, mill_schema *schema);
/* FILTER: rows for which the predicate is TRUE. Not collective. */
mill_plan *sql_node_filter(mill_arena *arena, mill_plan *input, mill_expr *predicate, mill_error *err);
/* PROJECT: exprs[count] under names[count]. Not collective. */
mill_plan *sql_node_project(mill_arena *arena, mill_plan *input, mill_expr *const *exprs, const char *const *names,
                            int count, mill_error *err);
/* AGGREGATE: keys, then aggregates; names for both. Not collective. */
mill_plan *sql_node_aggregate(mill_arena *arena, mill_plan *input, mill_expr *const *keys, int key_count,
                              const mill_plan_aggregate *aggregates, int aggregate_count, const char *const *names,
                              mill_error *err);
/* JOIN. keys: left keys over left's schema, then right keys over right's. residual: NULL: none. Not collective. */
mill_plan *sql_node_join(mill_arena *arena, mill_join_kind kind, mill_plan *left, mill_plan *right,
                         mill_expr *const *keys, int key_count, mill_expr *residual, mill_error *err);
/* WINDOW: the input's columns, then one for each window. Not collective. */
mill_plan *sql_node_window(mill_arena *arena, mill_plan *input, const mill_plan_window *windows, int count,
                           mill_error *err);
/* SORT, cut to `limit` rows (−1: all) after the first `offset`. Not collective. */
mill_plan *sql_node_sort(mill_arena *arena, mill_plan *input, const mill_sort_key *orders, int count, int64_t limit,
                         int64_t offset, mill_error *err);
/* LIMIT: `limit` rows (−1: all) in id order after the first `offset`. Not collective. */
mill_plan *sql_node_limit(mill_arena *arena, mill_plan *input, int64_t limit, int64_t offset, mill_error *err);
/* ID_ORDER: all rows in id order. Not collective. */
mill_plan *sql_node_id_order(mill_arena *arena, mill_plan *input, mill_error *err);
/* SHARED: input is the result of this number, which runs once; name: what the user calls it, NULL: nothing. Not
 * collective. */
mill_plan *sql_node_shared(mill_arena *arena, mill_plan *input, int shared, const char *name, mill_error *err);
/* A copy of the node alone. Not collective. */
mill_plan *sql_node_copy(mill_arena *arena, const mill_plan *node, mill_error *err);

/* Is the result of this aggregate ever NULL? Not collective. */
bool sql_aggregate_nullable(const mill_plan_aggregate *aggregate, int key_count);

#endif
