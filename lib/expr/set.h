/* x IN (constants …) as a set. Not collective. */
#ifndef MILL_EXPR_SET_H
#define MILL_EXPR_SET_H

#include "expr/functions/function.h"

/* Is the list, all of one type, worth a set: constants of an integer, date, timestamp or text type? Not collective. */
bool mill_set_suits(const mill_expr *in);
/* The function that a set node calls with its left side; the node's state comes from mill_set_new. A constant. Not
 * collective. */
const mill_function *mill_set_function(void);
/* Makes the set of an IN list's constants, which it borrows; the function's unprepare frees it. MILL_NOMEM. Not
 * collective. */
MILL_NODISCARD mill_status mill_set_new(mill_mem *mem, const mill_expr *in, void **state, mill_error *err);

#endif
