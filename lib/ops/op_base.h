/* What every operator begins with, for whoever writes one in this room or above it. Not collective. */
#ifndef MILL_OPS_OP_BASE_H
#define MILL_OPS_OP_BASE_H

#include "ops/op.h"

/* Itself a sink, the sink after it, and what it may use. An operator has it as its first member. */
typedef struct mill_op_base {
	mill_sink sink;
	mill_sink *next; /* borrowed */
	mill_op_env env;
} mill_op_base;

/* The base of an operator that is known as a sink. */
static inline mill_op_base *mill_op_of(mill_sink *sink)
{
	return (mill_op_base *)sink;
}

/* A zeroed operator of size_bytes whose finish_unit and finish pass the call on and whose release frees it; push is the
 * caller's to set. what names it in MILL_NOMEM. out: the address of a pointer to the operator's struct. */
MILL_NODISCARD mill_status mill_op_new(const mill_op_env *env, size_t size_bytes, mill_sink *next, const char *what,
                                       void *out, mill_error *err);
/* The release of an operator that holds nothing. */
void mill_op_free(mill_sink *self);
/* Pushes batch, which stays the caller's, to the next sink and takes over its `done`. */
MILL_NODISCARD mill_status mill_op_emit(mill_op_base *op, const mill_batch *batch, mill_error *err);

#endif
