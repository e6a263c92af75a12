#include "expr/program.h"
#include "expr/builder.h"
#include "expr/set.h"
#include <limits.h>
#include <string.h>

/* From expressions to a DAG of nodes: equal sub-expressions become one node, constant ones are evaluated now. */

static mill_status intern(mill_program *program, const mill_expr *expr, int *out, mill_error *err);

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
	return hash ^ (hash >> 29);
}

static uint64_t pointer_word(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static uint64_t literal_hash(mill_type type, const mill_literal *literal)
{
	if (literal->is_null)
		return 1;
	if (mill_type_is_text(type))
		return mill_h64(0, literal->as.string.text, (size_t)literal->as.string.length_bytes);
	if (type.id == MILL_TYPE_BOOL)
		return literal->as.boolean ? 3 : 2;
	return literal->as.u64;
}

static uint64_t node_hash(const mill_expr *expr, const int *args)
{
	uint64_t h = mix(0, (uint64_t)expr->kind);
	h = mix(h,
	        (uint64_t)expr->type.id << 24 | (uint64_t)expr->type.precision << 16 | (uint64_t)expr->type.scale << 8);
	h = mix(h, (uint64_t)expr->column);
	h = mix(h, pointer_word(expr->overload) + expr->is_try);
	h = mix(h, pointer_word(expr->function));
	if (expr->kind == MILL_EXPR_LITERAL)
		h = mix(h, literal_hash(expr->type, &expr->literal));
	for (int i = 0; i < expr->arg_count; i++)
		h = mix(h, (uint64_t)args[i]);
	return h;
}

static bool same_node(const mill_program *program, const mill_node *node, const mill_expr *expr, const int *args)
{
	if (node->kind != expr->kind || !mill_type_equal(node->type, expr->type) || node->column != expr->column ||
	    node->overload != expr->overload || node->function != expr->function || node->is_try != expr->is_try ||
	    node->arg_count != expr->arg_count)
		return false;
	for (int i = 0; i < expr->arg_count; i++)
		if (node->args[i] != args[i])
			return false;
	(void)program;
	return expr->kind != MILL_EXPR_LITERAL ||
	       (node->literal != NULL && mill_literal_equal(expr->type, node->literal, &expr->literal));
}

static mill_status grow_nodes(mill_program *program, mill_error *err)
{
	if (program->node_count < program->node_capacity)
		return MILL_OK;
	int capacity = program->node_capacity == 0 ? 32 : program->node_capacity * 2;
	mill_node *grown = mill_mem_realloc(program->mem, program->nodes, (size_t)capacity * sizeof *grown);
	if (grown == NULL)
		return mill_fail_nomem(err, (size_t)capacity * sizeof *grown, "expression program");
	program->nodes = grown;
	program->node_capacity = capacity;
	return MILL_OK;
}

/* Evaluates a node of constants for good. What fails stays, and fails again for the rows that need it. */
static mill_status fold(mill_program *program, int number, mill_error *err)
{
	mill_node *node = &program->nodes[number];
	for (int i = 0; i < node->arg_count; i++)
		if (!program->nodes[node->args[i]].constant)
			return MILL_OK;
	program->rows = 1;
	mill_status status = mill_node_eval(program, number, err);
	if (status != MILL_OK)
		return status;
	if (node->value.errors != NULL) {
		mill_vector_release(&node->value);
		node->ready = false;
		return MILL_OK;
	}
	node->value.constant = true;
	node->constant = true;
	return MILL_OK;
}

static mill_status settle_node(mill_program *program, int number, const mill_expr *expr, mill_error *err)
{
	mill_node *node = &program->nodes[number];
	switch (expr->kind) {
	case MILL_EXPR_LITERAL:
		MILL_TRY(mill_literal_column(program->mem, expr->type, &expr->literal, &node->value.column, err));
		node->value.constant = node->constant = node->ready = true;
		return MILL_OK;
	case MILL_EXPR_COLUMN: return MILL_OK;
	case MILL_EXPR_CAST:
		node->kernel = mill_cast_kernel(program->nodes[node->args[0]].type, expr->type);
		if (node->kernel == NULL)
			return mill_fail(err, MILL_INTERNAL, "no kernel for a cast");
		break;
	case MILL_EXPR_CALL:
		node->kernel = expr->overload->kernel;
		if (expr->function->prepare != NULL)
			MILL_TRY(expr->function->prepare(program, node, err));
		break;
	default: break;
	}
	return fold(program, number, err);
}

/* A statement with 100,000 conditions is to be searched as fast as one with ten. */
static mill_status grow_chains(mill_program *program, mill_error *err)
{
	if (program->node_count < 2 * program->chain_count)
		return MILL_OK;
	int count = 4 * program->chain_count;
	int *chains = mill_arena_array(&program->arena, (size_t)count, sizeof *chains);
	if (chains == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof *chains, "expression program");
	for (int i = 0; i < count; i++)
		chains[i] = -1;
	for (int n = 0; n < program->node_count; n++) {
		int *chain = &chains[program->nodes[n].hash % (uint64_t)count];
		program->nodes[n].next = *chain;
		*chain = n;
	}
	program->chains = chains;
	program->chain_count = count;
	return MILL_OK;
}

/* state: the node's from the first, given back with it; it goes at once when there is no room for the node. */
static mill_status add_node(mill_program *program, const mill_expr *expr, const int *args, uint64_t hash, void *state,
                            int *out, mill_error *err)
{
	int *copy = mill_arena_array(&program->arena, (size_t)expr->arg_count + 1, sizeof *copy);
	mill_status status = copy == NULL
	                         ? mill_fail_nomem(err, (size_t)expr->arg_count * sizeof *copy, "expression program")
	                         : grow_nodes(program, err);
	if (status == MILL_OK)
		status = grow_chains(program, err);
	if (status != MILL_OK) {
		mill_node unborn = {.state = state};
		if (state != NULL)
			expr->function->unprepare(&unborn);
		return status;
	}
	for (int i = 0; i < expr->arg_count; i++) {
		copy[i] = args[i];
		program->nodes[args[i]].uses++;
	}
	int number = program->node_count++;
	int *chain = &program->chains[hash % (uint64_t)program->chain_count];
	program->nodes[number] = (mill_node){.kind = expr->kind,
	                                     .type = expr->type,
	                                     .is_try = expr->is_try,
	                                     .position = expr->position,
	                                     .column = expr->column,
	                                     .function = expr->function,
	                                     .overload = expr->overload,
	                                     .arg_count = expr->arg_count,
	                                     .args = copy,
	                                     .literal = expr->kind == MILL_EXPR_LITERAL ? &expr->literal : NULL,
	                                     .state = state,
	                                     .remaining = INT_MAX / 2,
	                                     .hash = hash,
	                                     .next = *chain};
	*chain = number;
	*out = number;
	return settle_node(program, number, expr, err);
}

/* x IN (a, b) is x = a OR x = b, three-valued. */
static mill_status lower_in(mill_program *program, const mill_expr *expr, mill_expr **out, mill_error *err)
{
	mill_expr_builder b = {.arena = &program->arena, .position = expr->position, .failed_position = -1};
	mill_expr **equal = mill_arena_array(&program->arena, (size_t)expr->arg_count, sizeof(mill_expr *));
	if (equal == NULL)
		return mill_fail_nomem(err, (size_t)expr->arg_count * sizeof *equal, "IN list");
	for (int i = 1; i < expr->arg_count; i++) {
		mill_expr *sides[2] = {expr->args[0], expr->args[i]};
		equal[i - 1] = mill_expr_call(&b, "=", sides, 2, err);
		if (equal[i - 1] == NULL)
			return mill_failed(err);
	}
	*out = expr->arg_count == 2 ? equal[0] : mill_expr_or(&b, equal, expr->arg_count - 1, err);
	return *out == NULL ? mill_failed(err) : MILL_OK;
}

/* A long list of constants: a call of x with the set as its state. Never shared: no two sets are compared. */
static mill_status intern_set(mill_program *program, const mill_expr *in, int *out, mill_error *err)
{
	void *state = NULL;
	int left;
	const mill_function *function = mill_set_function();
	mill_expr *call = mill_arena_alloc(&program->arena, sizeof *call);
	if (call == NULL)
		return mill_fail_nomem(err, sizeof *call, "IN list");
	*call = *in;
	call->kind = MILL_EXPR_CALL;
	call->arg_count = 1;
	call->function = function;
	call->overload = function->overloads;
	MILL_TRY(intern(program, in->args[0], &left, err));
	MILL_TRY(mill_set_new(program->mem, in, &state, err));
	return add_node(program, call, &left, 0, state, out, err);
}

static mill_status intern_deeper(mill_program *program, const mill_expr *expr, int *out, mill_error *err)
{
	if (expr->kind == MILL_EXPR_PARAM)
		return mill_fail(err, MILL_INTERNAL, "sub-query %d has no value yet", expr->param);
	if (expr->kind == MILL_EXPR_IN && mill_set_suits(expr))
		return intern_set(program, expr, out, err);
	if (expr->kind == MILL_EXPR_IN) {
		mill_expr *lowered = NULL;
		MILL_TRY(lower_in(program, expr, &lowered, err));
		return intern(program, lowered, out, err);
	}
	int *args = mill_arena_array(&program->arena, (size_t)expr->arg_count + 1, sizeof *args);
	if (args == NULL)
		return mill_fail_nomem(err, (size_t)expr->arg_count * sizeof *args, "expression program");
	for (int i = 0; i < expr->arg_count; i++)
		MILL_TRY(intern(program, expr->args[i], &args[i], err));
	uint64_t hash = node_hash(expr, args);
	for (int n = program->chains[hash % (uint64_t)program->chain_count]; n >= 0; n = program->nodes[n].next)
		if (program->nodes[n].hash == hash && same_node(program, &program->nodes[n], expr, args)) {
			*out = n;
			return MILL_OK;
		}
	return add_node(program, expr, args, hash, NULL, out, err);
}

static mill_status intern(mill_program *program, const mill_expr *expr, int *out, mill_error *err)
{
	if (program->depth >= MILL_EXPR_DEPTH)
		return mill_fail(err, MILL_USAGE, "expression nested more than %d deep; split it over several steps",
		                 MILL_EXPR_DEPTH);
	program->depth++;
	mill_status status = intern_deeper(program, expr, out, err);
	program->depth--;
	return status;
}

/* Bitmaps for rows rows, zeroed. */
static mill_status ensure_bits(mill_mem *mem, uint64_t **bits, int64_t *capacity_words, int64_t rows, mill_error *err)
{
	int64_t words = (int64_t)mill_bit_words(rows < MILL_BATCH_ROWS ? MILL_BATCH_ROWS : rows);
	if (words <= *capacity_words)
		return MILL_OK;
	uint64_t *grown = mill_mem_calloc(mem, (size_t)words, 8);
	if (grown == NULL)
		return mill_fail_nomem(err, (size_t)words * 8, "row errors");
	mill_mem_free(*bits);
	*bits = grown;
	*capacity_words = words;
	return MILL_OK;
}

static mill_status compile(mill_program *program, mill_expr *const *exprs, int count, mill_error *err)
{
	MILL_TRY(ensure_bits(program->mem, &program->marks, &program->mark_words, 1, err));
	MILL_TRY(ensure_bits(program->mem, &program->error_rows, &program->error_words, 1, err));
	program->roots = mill_arena_array(&program->arena, (size_t)count + 1, sizeof *program->roots);
	if (program->roots == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof *program->roots, "expression program");
	program->root_count = count;
	for (int i = 0; i < count; i++) {
		MILL_TRY(intern(program, exprs[i], &program->roots[i], err));
		program->nodes[program->roots[i]].uses++;
	}
	return MILL_OK;
}

mill_status mill_program_new(mill_expr *const *exprs, int count, const mill_knobs *knobs, mill_mem *mem,
                             mill_program **out, mill_error *err)
{
	mill_program *program = mill_mem_calloc(mem, 1, sizeof *program);
	if (program == NULL)
		return mill_fail_nomem(err, sizeof *program, "expression program");
	program->mem = mem;
	program->pool.mem = mem;
	program->simd = mill_simd_level(knobs);
	mill_arena_init(&program->arena, mem);
	program->chains = program->few_chains;
	program->chain_count = sizeof program->few_chains / sizeof program->few_chains[0];
	for (int i = 0; i < program->chain_count; i++)
		program->chains[i] = -1;
	mill_status status = compile(program, exprs, count, err);
	if (status != MILL_OK) {
		mill_program_free(program);
		return status;
	}
	*out = program;
	return MILL_OK;
}

void mill_program_free(mill_program *program)
{
	if (program == NULL)
		return;
	for (int i = 0; i < program->node_count; i++) {
		mill_node *node = &program->nodes[i];
		mill_vector_release(&node->value);
		if (node->function != NULL && node->function->unprepare != NULL)
			node->function->unprepare(node);
	}
	mill_pool_release(&program->pool);
	mill_mem_free(program->nodes);
	mill_mem_free(program->marks);
	mill_mem_free(program->error_rows);
	mill_arena_release(&program->arena);
	mill_mem_free(program);
}

mill_status mill_program_begin(mill_program *program, const mill_batch *batch, mill_error *err)
{
	MILL_TRY(ensure_bits(program->mem, &program->marks, &program->mark_words, batch->rows, err));
	MILL_TRY(ensure_bits(program->mem, &program->error_rows, &program->error_words, batch->rows, err));
	program->batch = batch;
	program->rows = batch->rows;
	for (int i = 0; i < program->node_count; i++)
		program->nodes[i].remaining = program->nodes[i].uses;
	return MILL_OK;
}

void mill_program_end(mill_program *program)
{
	for (int i = 0; i < program->node_count; i++) {
		mill_node *node = &program->nodes[i];
		if (!node->constant && node->ready) {
			mill_vector_release(&node->value);
			node->ready = false;
		}
	}
	program->batch = NULL;
}
