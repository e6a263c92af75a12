/* What builders of expressions share: overloads, casts, literals. Private to expr/. */
#ifndef MILL_EXPR_BUILDER_H
#define MILL_EXPR_BUILDER_H

#include "expr/functions/function.h"

/* The function's overload that is cheapest to call with the arguments, which are converted in place, and the type of
 * its result. MILL_USAGE (located): there is none. Not collective. */
MILL_NODISCARD mill_status mill_resolve(mill_expr_builder *b, const mill_function *function, mill_expr **args,
                                        int arg_count, const mill_overload **overload, mill_type *result,
                                        mill_error *err);

/* The expression as the type: a literal converted at once, others by an implicit cast. NULL with *err filled. Not
 * collective. */
mill_expr *mill_expr_coerce(mill_expr_builder *b, mill_expr *arg, mill_type type, mill_error *err);

/* Converts all to their common type in place (CASE, COALESCE, IN, greatest); `what` names them in messages. MILL_USAGE
 * (located): they have none. Not collective. */
MILL_NODISCARD mill_status mill_expr_unify(mill_expr_builder *b, mill_expr **args, int count, const char *what,
                                           mill_type *type, mill_error *err);

/* A node with a copy of args, all else empty. NULL with *err filled. Not collective. */
mill_expr *mill_expr_new(mill_expr_builder *b, mill_expr_kind kind, mill_type type, mill_expr *const *args,
                         int arg_count, mill_error *err);

/* Fills *err and remembers the position for the caller of the builder; returns status. Not collective. */
mill_status mill_builder_fail(mill_expr_builder *b, int position, mill_error *err, mill_status status,
                              const char *format, ...) MILL_PRINTF(5, 6);

/* The status of a builder that returned NULL. Not collective. */
static inline mill_status mill_failed(const mill_error *err)
{
	return err != NULL && err->status != MILL_OK ? err->status : MILL_USAGE;
}

/* The text of argument i of a call where it is a literal, borrowed; false: it is none, or NULL. Not collective. */
bool mill_expr_literal_text(const mill_expr *call, int i, const char **text, size_t *size_bytes);

/* The literal as a column of one row, which the caller releases. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_literal_column(mill_mem *mem, mill_type type, const mill_literal *literal,
                                               mill_column *out, mill_error *err);
/* Are both the same value, bit for bit, or both NULL? Not collective. */
bool mill_literal_equal(mill_type type, const mill_literal *a, const mill_literal *b);

/* The kernel that casts; NULL: there is no such cast. Not collective. */
mill_kernel mill_cast_kernel(mill_type from, mill_type to);

#endif
