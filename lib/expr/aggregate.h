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

/* What is true of every aggregate of a kind. */
typedef struct mill_aggregate_traits {
	const char *name;      /* in plans: "sum" */
	bool needs_ids;        /* looks at the order of rows */
	bool is_holistic;      /* needs the rows of a group together */
	bool is_null_of_nulls; /* of a group that has rows NULL only where an argument is */
	bool ignores_distinct; /* equal values change nothing */
} mill_aggregate_traits;
/* What is true of the kind. A constant. Not collective. */
const mill_aggregate_traits *mill_aggregate_traits_of(mill_aggregate_kind kind);

typedef struct mill_aggregate_signature {
	mill_aggregate_kind kind;
	mill_type arg_types[2]; /* types the arguments are cast to */
	int arg_count;
	mill_type result;
	bool nullable;  /* NULL over no rows */
	bool holistic;  /* needs the rows of a group together (median); also every DISTINCT aggregate */
	bool needs_ids; /* order-sensitive: FIRST, LAST */
} mill_aggregate_signature;

/* Result types per D6 and D9: sum(int4 or smaller) is int64, other integers decimal(38,0), decimal keeps its scale
 * with precision 38, float4 → float4; avg(integer or float) float64, avg(decimal) decimal of D9. MILL_USAGE: unknown
 * name (with suggestion) or wrong argument types. is_star: count(*). Not collective. */
MILL_NODISCARD mill_status mill_aggregate_resolve(const char *name, const mill_type *args, int arg_count, bool is_star,
                                                  mill_aggregate_signature *out, mill_error *err);
/* A name under which an aggregate is called. */
typedef struct mill_aggregate_info {
	const char *name;        /* "sum" */
	const char *help;        /* "sum(x): …" */
	bool takes_star;         /* name(*) */
	bool takes_quantile;     /* name(x, p): a constant p from 0 to 1 comes last */
	bool takes_within_group; /* name(p) WITHIN GROUP (ORDER BY x) */
} mill_aggregate_info;
/* How many names there are. Not collective. */
int mill_aggregate_count(void);
/* Name `index`, from 0 to mill_aggregate_count() − 1. Not collective. */
mill_aggregate_info mill_aggregate_list(int index);
/* The aggregate of the name (case ignored); false, and *out as it was: there is none. Not collective. */
bool mill_aggregate_lookup(const char *name, mill_aggregate_info *out);
/* The nearest name; NULL: none is near. Not collective. */
const char *mill_aggregate_suggest(const char *name);

#endif
