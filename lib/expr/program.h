/* A program: expressions as a DAG of nodes, each of which has a vector over a batch. Private to expr/. */
#ifndef MILL_EXPR_PROGRAM_H
#define MILL_EXPR_PROGRAM_H

#include "expr/functions/function.h"

struct mill_node {
	mill_expr_kind kind;
	mill_type type;
	bool is_try;
	int position;
	int column;
	const mill_function *function;
	const mill_overload *overload;
	mill_kernel kernel; /* CALL, CAST */
	int arg_count;
	int *args;          /* node numbers */
	int uses;           /* by other nodes and as results */
	int remaining;      /* uses not yet served in this run */
	bool ready;         /* value is there in this run */
	bool constant;      /* value is there for good */
	mill_row_code code; /* of the rows marked in this run */
	mill_vector value;
	const mill_literal *literal; /* LITERAL: borrowed from the expression */
	void *state;                 /* of prepare */
	uint64_t hash;
	int next; /* in the chain of nodes with like hashes */
};

#define MILL_EXPR_DEPTH 2000 /* of nesting: an evaluation's C stack stays small */
struct mill_program {
	mill_mem *mem;
	mill_arena arena;
	int simd;
	mill_node *nodes;
	int node_count;
	int node_capacity;
	int *roots;
	int root_count;
	mill_buffer_pool pool;
	uint64_t *marks; /* zero between kernels */
	int64_t mark_words;
	const mill_batch *batch; /* of this run */
	int64_t rows;
	uint64_t *error_rows;
	int64_t error_words;
	int depth;
	int few_chains[64];
	int *chains; /* first node of each chain, -1: none; few_chains, or in the arena */
	int chain_count;
};

/* Starts a run over the batch: no node has a value, constants aside, until it is asked for. MILL_NOMEM. Not collective.
 */
MILL_NODISCARD mill_status mill_program_begin(struct mill_program *program, const mill_batch *batch, mill_error *err);
/* Ends a run: gives up the values of all nodes but constants. Not collective. */
void mill_program_end(struct mill_program *program);

/* Evaluates node number `node` unless its value is there. MILL_NOMEM, MILL_DATA. Not collective. */
MILL_NODISCARD mill_status mill_node_eval(struct mill_program *program, int node, mill_error *err);
/* Evaluates a node whose kind looks at some arguments only where others want it: AND, OR, CASE, COALESCE, try(). Not
 * collective. */
MILL_NODISCARD mill_status mill_node_eval_conditional(struct mill_program *program, mill_node *node, mill_error *err);
/* One of those that use the value of node number `node` is through with it. Not collective. */
void mill_node_done(struct mill_program *program, int node);

#endif
