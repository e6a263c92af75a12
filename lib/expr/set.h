/* x IN (constants …) as a set. Not collective. */
#ifndef MILL_EXPR_SET_H
#define MILL_EXPR_SET_H

#include "expr/functions/function.h"

/* Whether the list, all of one type, is worth a set: constants of an integer, date, timestamp or text type. */
bool mill_set_suits(const mill_expr *in);
/* The function that a set node calls with its left side; the node's state comes from mill_set_new. */
const mill_function *mill_set_function(void);
MILL_NODISCARD mill_status mill_set_new(mill_mem *mem, const mill_expr *in, void **state, mill_error *err);

#endif
