/* Private to sql/: values of expressions without columns. Not collective. */
#ifndef MILL_SQL_CONSTANT_H
#define MILL_SQL_CONSTANT_H

#include "expr/expr.h"

typedef struct sql_constant {
	bool is_known; /* false: it has columns or sub-queries, or its evaluation is a row error */
	bool is_null;
	int64_t integer; /* of an INT64 or BOOL expression */
} sql_constant;

/* For expressions of type INT64 and BOOL. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_evaluate(mill_mem *mem, mill_expr *expr, sql_constant *out, mill_error *err);

#endif
