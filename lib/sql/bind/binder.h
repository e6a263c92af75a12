/* Private to sql/: the binder, from parse tree to plan. Not collective.
 *
 * A SELECT is bound over the schema of its FROM. While that goes on, an aggregate is the column SQL_AGGREGATE_COLUMN +
 * i and a window function SQL_WINDOW_COLUMN + i; once all clauses are bound, AGGREGATE and WINDOW nodes are put in and
 * the expressions rewritten over their outputs (select_plan.c). Errors are located in the text and left in binder->err.
 */
#ifndef MILL_SQL_BIND_BINDER_H
#define MILL_SQL_BIND_BINDER_H

#include "sql/bind/scope.h"
#include "sql/node.h"

#define SQL_AGGREGATE_COLUMN (1 << 24)
#define SQL_WINDOW_COLUMN    (1 << 25)

typedef struct sql_binder {
	const mill_sql_context *context;
	sql_parsed parsed;
	mill_arena *arena;
	mill_expr_builder builder;
	mill_error inner; /* what expr/ says about an expression, before it is located */
	mill_error *err;
	mill_plan **subqueries;
	int *subquery_positions;
	int subquery_count;
	int subquery_capacity;
	int shared_count; /* WITH tables so far; SHARED nodes are numbered −1 − i until the statement is whole */
	int depth;        /* of the expression or query being bound */
	int64_t reused_nodes; /* of expressions copied by alias reuse */
} sql_binder;

typedef struct sql_cte {
	const char *name;
	mill_plan *plan;
	int shared;
	const struct sql_cte *next; /* names of this query hide those of the query around it */
} sql_cte;

typedef enum sql_clause {
	SQL_IN_LIST,
	SQL_IN_WHERE,
	SQL_IN_GROUP_BY,
	SQL_IN_HAVING,
	SQL_IN_ORDER_BY,
	SQL_IN_ON,
	SQL_IN_VALUES,
	SQL_IN_LIMIT,
	SQL_IN_ARGUMENT /* of a table function */
} sql_clause;

/* An output column. */
typedef struct sql_item {
	const PgQuery__Node *node; /* NULL: `column` of a star */
	int column;
	sql_name name; /* text NULL: of the bound expression, see sql_item_bind */
	bool has_alias;
	int position;
	mill_expr *expr; /* NULL: not bound yet */
	int64_t size;    /* nodes of expr */
} sql_item;

typedef struct sql_window {
	mill_window_kind kind;
	mill_expr **partitions;
	int partition_count;
	mill_expr **orders;
	mill_sort_key *directions; /* [order_count], column unused */
	int order_count;
	mill_type type;
	int position;
} sql_window;

typedef struct sql_order {
	int item; /* index of a item, −1: expr */
	mill_expr *expr;
	mill_sort_key direction; /* column unused */
} sql_order;

typedef struct sql_select {
	sql_binder *binder;
	const struct sql_select *outer; /* only to tell a correlated name from an unknown one */
	const sql_cte *ctes;
	const PgQuery__SelectStmt *statement;
	sql_scope scope;
	mill_plan *plan; /* so far */
	sql_clause clause;
	int visible_items; /* aliases of items below this may be used */
	bool in_aggregate;
	bool in_window;
	sql_item *items;
	int item_count;
	int item_capacity;
	mill_expr **keys;
	int key_count;
	bool is_grouped; /* GROUP BY or HAVING is there */
	mill_plan_aggregate *aggregates;
	int aggregate_count;
	int aggregate_capacity;
	sql_window *windows;
	int window_count;
	int window_capacity;
	mill_expr *having;
	sql_order *orders;
	int order_count;
	int64_t limit; /* −1: none */
	int64_t offset;
} sql_select;

/* Fills binder->err with a message located in the text (position −1: nowhere); returns status. Not collective. */
MILL_NODISCARD mill_status sql_fail(sql_binder *binder, mill_status status, int position, const char *format, ...)
    MILL_PRINTF(4, 5);
/* Fills binder->err; returns MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_fail_memory(sql_binder *binder);
/* Locates what expr/ or column/ left in binder->inner. Not collective. */
MILL_NODISCARD mill_status sql_fail_inner(sql_binder *binder, mill_status status, int position);
/* A builder's result: NULL becomes the error that it left in binder->inner, located. Not collective. */
MILL_NODISCARD mill_status sql_built(sql_binder *binder, mill_expr *expr, mill_expr **out);
/* The same of a constructor of plan nodes, which leaves its error in binder->err. Not collective. */
MILL_NODISCARD mill_status sql_node_built(sql_binder *binder, mill_plan *node, mill_plan **out);
/* An arena array with room for count + 1 elements: *array moves when it is full. Not collective. */
MILL_NODISCARD mill_status sql_reserve(sql_binder *binder, void *array_pointer, int count, int *capacity,
                                       size_t element_bytes);
/* Counts nesting; every enter that succeeds needs a leave. MILL_USAGE: too deep. Not collective. */
MILL_NODISCARD mill_status sql_enter(sql_binder *binder, int position);
/* Undoes an enter. Not collective. */
void sql_leave(sql_binder *binder);
/* A String node's text, "" for others; borrowed. Not collective. */
const char *sql_string_of(const PgQuery__Node *node);

/* Binds a query with its WITH. is_outermost: its ORDER BY decides the ids. Output names are the schema's. Not
 * collective. */
MILL_NODISCARD mill_status sql_bind_query(sql_binder *binder, const sql_select *outer, const sql_cte *ctes,
                                          const PgQuery__SelectStmt *statement, bool is_outermost, mill_plan **out);
/* Binds one SELECT, whose FROM is still to be bound. Not collective. */
MILL_NODISCARD mill_status sql_bind_select(sql_select *select, bool is_outermost, mill_plan **out);
/* Binds VALUES. Not collective. */
MILL_NODISCARD mill_status sql_bind_values(sql_select *select, mill_plan **out);
/* Binds LIMIT and OFFSET into select->limit and select->offset. Not collective. */
MILL_NODISCARD mill_status sql_bind_limit(sql_select *select);
/* Puts the nodes for GROUP BY and HAVING on select->plan and rewrites what comes after them. Not collective. */
MILL_NODISCARD mill_status sql_plan_groups(sql_select *select);
/* Puts the node for window functions on select->plan and rewrites what comes after it. Not collective. */
MILL_NODISCARD mill_status sql_plan_windows(sql_select *select);
/* Puts the nodes for the output on it, with DISTINCT, ORDER BY and LIMIT. Not collective. */
MILL_NODISCARD mill_status sql_plan_output(sql_select *select, bool is_outermost, mill_plan **out);
/* The first `count` columns of the schema as expressions and their names, in arrays with room for `spare` more. Not
 * collective. */
MILL_NODISCARD mill_status sql_columns_of(sql_binder *binder, const mill_schema *schema, int count, int spare,
                                          mill_expr ***exprs, const char ***names);
/* PROJECT that renames the first columns. Not collective. */
MILL_NODISCARD mill_status sql_rename(sql_binder *binder, mill_plan *plan, const sql_name *names, int count,
                                      mill_plan **out);

/* What an item of FROM is bound to. */
typedef struct sql_from {
	mill_plan *plan;
	sql_scope scope;
} sql_from;
/* Binds FROM: select->plan and select->scope. Not collective. */
MILL_NODISCARD mill_status sql_bind_from(sql_select *select);
/* Binds one item of FROM. Not collective. */
MILL_NODISCARD mill_status sql_bind_from_item(sql_select *select, const PgQuery__Node *node, sql_from *out);
/* Where an item of FROM begins in the text, about; −1: unknown. Not collective. */
int sql_item_position(const PgQuery__Node *node);
/* Binds a JOIN with its ON or USING. Not collective. */
MILL_NODISCARD mill_status sql_bind_join(sql_select *select, const PgQuery__JoinExpr *join, sql_from *out);
/* A join without keys; the optimiser may find some in WHERE. Not collective. */
MILL_NODISCARD mill_status sql_cross_join(sql_select *select, const sql_from *left, const sql_from *right, int position,
                                          sql_from *out);

/* Lists the items of a SELECT, stars spelled out; none is bound yet. Not collective. */
MILL_NODISCARD mill_status sql_collect_items(sql_select *select);
/* Binds a item unless it is; fills its expr and name. Not collective. */
MILL_NODISCARD mill_status sql_item_bind(sql_select *select, int item);
/* The item whose alias is name among the first `limit`; −1: none, −2: several that differ. Not collective. */
int sql_item_find(const sql_select *select, sql_name name, int limit);
/* The expression that an alias stands for. Not collective. */
MILL_NODISCARD mill_status sql_alias_expr(sql_select *select, int item, int position, mill_expr **out);

/* Binds an expression of any kind. Not collective. */
MILL_NODISCARD mill_status sql_bind_expr(sql_select *select, const PgQuery__Node *node, mill_expr **out);
/* Binds `count` expressions into an arena array. Not collective. */
MILL_NODISCARD mill_status sql_bind_list(sql_select *select, PgQuery__Node *const *nodes, size_t count,
                                         mill_expr ***out);
/* Calls a function of the registry. Not collective. */
MILL_NODISCARD mill_status sql_call(sql_select *select, int position, const char *name, mill_expr *const *args,
                                    int arg_count, mill_expr **out);
/* The same with one argument. Not collective. */
MILL_NODISCARD mill_status sql_call1(sql_select *select, int position, const char *name, mill_expr *arg,
                                     mill_expr **out);
/* The same with two arguments. Not collective. */
MILL_NODISCARD mill_status sql_call2(sql_select *select, int position, const char *name, mill_expr *a, mill_expr *b,
                                     mill_expr **out);
/* Binds a name to a column of the scope, or to an alias. Not collective. */
MILL_NODISCARD mill_status sql_bind_column(sql_select *select, const PgQuery__ColumnRef *reference, mill_expr **out);
/* A reference to column number `column` of the scope. Not collective. */
MILL_NODISCARD mill_status sql_scope_column(sql_select *select, int column, int position, mill_expr **out);
/* The spelling of the column referred to: its source's. Not collective. */
MILL_NODISCARD mill_status sql_reference_name(sql_select *select, const PgQuery__ColumnRef *reference, sql_name *out);
/* Table whose whole rows the node names (t or t.*), NULL: none. Not collective. */
const char *sql_whole_row(sql_select *select, const PgQuery__Node *node);
/* Binds an operator, LIKE, IN, BETWEEN or IS DISTINCT FROM. Not collective. */
MILL_NODISCARD mill_status sql_bind_operator(sql_select *select, const PgQuery__AExpr *node, mill_expr **out);
/* Binds IS NULL and IS NOT NULL. Not collective. */
MILL_NODISCARD mill_status sql_bind_null_test(sql_select *select, const PgQuery__NullTest *node, mill_expr **out);
/* Binds what looks like a call, of whatever kind. Not collective. */
MILL_NODISCARD mill_status sql_bind_function(sql_select *select, const PgQuery__FuncCall *node, mill_expr **out);
/* Binds a call of an aggregate: a reference to its column, SQL_AGGREGATE_COLUMN + i. Not collective. */
MILL_NODISCARD mill_status sql_bind_aggregate(sql_select *select, const PgQuery__FuncCall *node, const char *name,
                                              mill_expr **out);
/* Adds count(*) to the aggregates. Not collective. */
MILL_NODISCARD mill_status sql_count_rows(sql_select *select);
/* Binds a call with OVER, whose name is `name`. Not collective. */
MILL_NODISCARD mill_status sql_bind_window(sql_select *select, const PgQuery__FuncCall *node, const char *name,
                                           mill_expr **out);
/* What looks like a call and is more than a function: a row of function_list.c. */
typedef struct sql_form {
	mill_function_info info;
	const char *alias; /* another name for it; NULL: none */
	bool is_window;    /* needs OVER */
	mill_status (*bind)(sql_select *select, const PgQuery__FuncCall *node, mill_expr **out);
} sql_form;
/* The form of this name, case ignored; NULL: there is none. Not collective. */
const sql_form *sql_find_form(const char *name);
/* Binds row_number() OVER (…): a reference to its column, SQL_WINDOW_COLUMN + i. Not collective. */
MILL_NODISCARD mill_status sql_bind_row_number(sql_select *select, const PgQuery__FuncCall *node, mill_expr **out);
/* Binds if(condition, a, b). Not collective. */
MILL_NODISCARD mill_status sql_bind_if(sql_select *select, const PgQuery__FuncCall *node, mill_expr **out);
/* Binds a sub-query in an expression: scalar, or EXISTS. Not collective. */
MILL_NODISCARD mill_status sql_bind_sublink(sql_select *select, const PgQuery__SubLink *node, mill_expr **out);
/* Binds CAST and typed literals. Not collective. */
MILL_NODISCARD mill_status sql_bind_cast(sql_select *select, const PgQuery__TypeCast *node, mill_expr **out);
/* Binds a constant. Not collective. */
MILL_NODISCARD mill_status sql_bind_literal(sql_select *select, const PgQuery__AConst *node, mill_expr **out);
/* A sort direction of ORDER BY, PostgreSQL's defaults: NULLs last when ascending, first when descending. Not
 * collective. */
MILL_NODISCARD mill_status sql_bind_direction(sql_select *select, const PgQuery__SortBy *sort, mill_sort_key *out);
/* Gives the untyped NULL the type text, as PostgreSQL does for output columns and keys. Not collective. */
MILL_NODISCARD mill_status sql_settle(sql_select *select, mill_expr *expr, mill_expr **out);
/* Where the node starts in the text, about; −1: unknown. Not collective. */
int sql_position_of(const PgQuery__Node *node);

/* rewrite.c: a copy of the expression in which replace decided about every node from the top down. */
typedef mill_status (*sql_replace)(void *context, const mill_expr *expr, mill_expr **out); /* *out NULL: go deeper */
/* A copy of the expression in which `replace` decided about every node from the top down. Not collective. */
MILL_NODISCARD mill_status sql_rewrite(sql_binder *binder, mill_expr *expr, sql_replace replace, void *context,
                                       mill_expr **out);
/* Does it use a column from `first` to end − 1 (an aggregate, a window function)? Not collective. */
bool sql_uses_columns_from(const mill_expr *expr, int first, int end);
/* How many nodes the expression has. Not collective. */
int64_t sql_expr_size(const mill_expr *expr);

/* Boolean, NULL, or text that is still to be read as one ('true'). Not collective. */
bool sql_is_condition(const mill_expr *expr);
/* The rows of rankmill_functions(): name, group and help of all that a query may call. Not collective. */
MILL_NODISCARD mill_status sql_bind_function_table(sql_binder *binder, mill_plan **out);

#endif
