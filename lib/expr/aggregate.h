/* Signatures of aggregate functions: what the binder checks and what ops implements. Not collective. */
#ifndef MILL_EXPR_AGGREGATE_H
#define MILL_EXPR_AGGREGATE_H

#include "column/column.h"

typedef enum mill_aggregate_kind {
	MILL_AGG_COUNT_ROWS, /* count(*) */
	MILL_AGG_COUNT,
	MILL_AGG_SUM,
	MILL_AGG_AVG,
	MILL_AGG_MIN,
	MILL_AGG_MAX,
	MILL_AGG_VAR_SAMP,
	MILL_AGG_VAR_POP,
	MILL_AGG_STDDEV_SAMP,
	MILL_AGG_STDDEV_POP,
	MILL_AGG_CORR,
	MILL_AGG_COVAR_SAMP,
	MILL_AGG_COVAR_POP,
	MILL_AGG_MEDIAN,
	MILL_AGG_QUANTILE, /* quantile_cont(x, p), percentile_cont(p) WITHIN GROUP (ORDER BY x) */
	MILL_AGG_FIRST,    /* smallest row id */
	MILL_AGG_LAST,
	MILL_AGG_BOOL_AND,
	MILL_AGG_BOOL_OR,
	MILL_AGG_ANY_VALUE /* = FIRST non-NULL */
} mill_aggregate_kind;

typedef struct mill_aggregate_signature {
	mill_aggregate_kind kind;
	mill_type arg_types[2]; /* types the arguments are cast to */
	int arg_count;
	mill_type result;
	bool nullable;  /* NULL over no rows */
	bool holistic;  /* needs the rows of a group together (median); also every DISTINCT aggregate */
	bool needs_ids; /* order-sensitive: FIRST, LAST */
} mill_aggregate_signature;

/* Result types per D6 and D9: sum(int4 or smaller) is int64, other integers decimal(38,0), decimal keeps its scale with
 * precision 38, float4 → float4; avg(integer or float) float64, avg(decimal) decimal of D9. MILL_USAGE: unknown name
 * (with suggestion) or wrong argument types. is_star: count(*). */
MILL_NODISCARD mill_status mill_aggregate_resolve(const char *name, const mill_type *args, int arg_count, bool is_star,
                                                  mill_aggregate_signature *out, mill_error *err);
/* For `help`: "sum", "sum(x): …". index 0 … mill_aggregate_count() − 1. */
int mill_aggregate_count(void);
void mill_aggregate_list(int index, const char **name, const char **help);
bool mill_aggregate_exists(const char *name);
const char *mill_aggregate_suggest(const char *name); /* the nearest name, NULL: none is near */

#endif
