/* The logical plan: bound, typed, positioned, independent of ranks. The job compiles it into stages.
 *
 * A node's output has schema.count visible columns; below them, unseen by SQL, travel its row id's words (D2) where the
 * stage planner asks for them. Column references in expressions are positions in the input's schema (join: left columns
 * then right columns). Nodes live in an arena. Not collective. */
#ifndef MILL_SQL_PLAN_H
#define MILL_SQL_PLAN_H

#include "column/value.h"
#include "expr/aggregate.h"
#include "expr/expr.h"

typedef enum mill_plan_kind {
	MILL_PLAN_SCAN,   /* a table of the catalog */
	MILL_PLAN_VALUES, /* constant rows; id (index) */
	MILL_PLAN_FILTER,
	MILL_PLAN_PROJECT,
	MILL_PLAN_AGGREGATE, /* keys + aggregates; DISTINCT is an aggregate without aggregates; id (K, rank) */
	MILL_PLAN_JOIN,      /* inner or left equi-join, residual condition; id left words then right words */
	MILL_PLAN_WINDOW,    /* appends window results; id of the input */
	MILL_PLAN_SORT,      /* ORDER BY [LIMIT]; id (position) */
	MILL_PLAN_LIMIT,     /* without ORDER BY: smallest ids; id of the input */
	MILL_PLAN_ID_ORDER,  /* all rows, in ascending id order; id of the input */
	MILL_PLAN_SPLIT,     /* the `split` step: appends the string column `split`; id of the input */
	MILL_PLAN_SHARED     /* a CTE, step or table expression with several consumers: runs once */
} mill_plan_kind;

typedef enum mill_join_kind { MILL_JOIN_INNER, MILL_JOIN_LEFT } mill_join_kind;

typedef struct mill_plan_aggregate {
	mill_aggregate_signature signature;
	mill_expr *args[2];
	mill_expr *filter; /* FILTER (WHERE …), or NULL */
	bool distinct;
	double quantile; /* MILL_AGG_QUANTILE */
} mill_plan_aggregate;

typedef enum mill_window_kind { MILL_WINDOW_ROW_NUMBER } mill_window_kind; /* rank, lag, frames … come later */

/* Over positions of the input schema: the binder projects expressions first. */
typedef struct mill_plan_window {
	mill_window_kind kind;
	int partition_count;
	const int *partitions;
	int order_count;
	const mill_sort_key *orders;
	mill_type type;
} mill_plan_window;

/* The `split` step by hash (D4): a row goes to the first part i with u·total < cumulative[i]·2^64. */
typedef struct mill_plan_split {
	uint64_t seed; /* S("split", step name) */
	const int *by; /* columns of the input's schema; by_count 0: the row id */
	int by_count;
	int part_count;
	const char *const *parts;
	const uint64_t *cumulative; /* weights as integers, summed up */
} mill_plan_split;

typedef struct mill_plan mill_plan;
struct mill_plan {
	mill_plan_kind kind;
	mill_schema schema;
	int id_words;
	mill_plan *inputs[2];
	int input_count;
	int position;    /* in the SQL text, for errors at run time */
	const char *sql; /* the statement's text and where it stands, for errors at run time; NULL: not from SQL */
	const char *sql_where;

	int table;          /* SCAN: index in the catalog */
	const int *columns; /* SCAN: table columns emitted, in schema order; filled by the optimiser */
	mill_expr
	    *predicate; /* SCAN: pushed down, over the schema of the scan; FILTER; JOIN: residual over left ‖ right */
	mill_expr **exprs;  /* PROJECT [schema.count]; JOIN: left keys (over the left input's schema) then right keys
	                       (over the  right input's) [2·key_count]; VALUES: rows × columns */
	int64_t value_rows; /* VALUES */
	int key_count;      /* AGGREGATE: the first key_count exprs are keys; JOIN */
	mill_plan_aggregate *aggregates; /* AGGREGATE: output is keys, then these */
	int aggregate_count;
	mill_join_kind join;
	mill_plan_window *windows;
	int window_count;
	const mill_sort_key *orders; /* SORT */
	int order_count;
	int64_t limit;  /* SORT, LIMIT; −1: none */
	int64_t offset; /* SORT, LIMIT */
	const mill_plan_split *split;
	int shared;              /* SHARED: equal numbers are the same result; inputs[0] is its plan */
	const char *shared_name; /* SHARED, and SCAN where known: what the user calls it */
};

/* A bound statement: the plan of its result and the scalar sub-queries (each a plan of one column) that it and they
 * refer to as MILL_EXPR_PARAM; sub-query k refers only to params below k. More than one row is a run-time error at
 * position. */
typedef struct mill_statement {
	mill_plan *plan;
	mill_plan **subqueries;
	int *subquery_positions;
	int subquery_count;
	int shared_count;
	const char *text; /* the SQL, for errors with a caret */
} mill_statement;

/* Pushes predicates towards scans and prunes columns; never changes ids, results or nodes of `plan`. SHARED results
 * keep all their columns, so that they come out alike in every plan that has them. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_plan_optimise(mill_plan *plan, mill_arena *arena, mill_plan **out, mill_error *err);
/* References to columns of the schema as expressions, in an array with room for `spare` more: columns[0 … count −
 * 1], or columns 0 … count − 1 where columns is NULL. The builder's position becomes theirs. MILL_NOMEM. Not
 * collective. */
MILL_NODISCARD mill_status mill_schema_columns(mill_expr_builder *builder, const mill_schema *schema,
                                               const int *columns, int count, int spare, mill_expr ***out,
                                               mill_error *err);
/* A projection of input to these of its columns, in this order; row ids stay. *out is input itself when all are
 * wanted as they are. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_plan_narrow(mill_plan *input, const int *columns, int count, mill_arena *arena,
                                            mill_plan **out, mill_error *err);
/* The first `rows` rows of input in id order. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_plan_first_rows(mill_plan *input, int64_t rows, mill_arena *arena, mill_plan **out,
                                                mill_error *err);
/* All rows of input in id order. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_plan_in_id_order(mill_plan *input, mill_arena *arena, mill_plan **out, mill_error *err);

/* An indented text of the tree, for `explain`. Not collective. */
MILL_NODISCARD mill_status mill_plan_text(const mill_plan *plan, mill_bytes *out);
/* One node of it, without what it reads and without a line end. Not collective. */
MILL_NODISCARD mill_status mill_plan_node_text(const mill_plan *node, mill_bytes *out);

#endif
