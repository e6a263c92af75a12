/* Plans cut to the columns that are wanted. Not collective. */
#ifndef MILL_STAGE_NARROW_H
#define MILL_STAGE_NARROW_H

#include "sql/plan.h"

/* A projection of input to these of its columns, in this order; row ids stay. *out is input itself when all are wanted
 * as they are. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_plan_narrow(mill_plan *input, const int *columns, int count, mill_arena *arena,
                                            mill_plan **out, mill_error *err);

#endif
