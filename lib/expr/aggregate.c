#include "expr/aggregate.h"
#include "base/suggest.h"
#include <strings.h>

/* Which argument types a function takes and what comes out. */
typedef enum rule {
	RULE_COUNT,
	RULE_SUM,
	RULE_AVG,
	RULE_SAME,    /* any type, as it is */
	RULE_NUMBERS, /* float64 arguments, float64 out: moments */
	RULE_MEDIAN,
	RULE_BOOL
} rule;

typedef struct entry {
	const char *name;
	mill_aggregate_kind kind;
	rule rule;
	int arg_count;
	const char *help;
} entry;

static const entry entries[] = {
    {"count", MILL_AGG_COUNT, RULE_COUNT, 1,
     "count(*): rows; count(x): those where x is not NULL; count(DISTINCT x): different values"},
    {"sum", MILL_AGG_SUM, RULE_SUM, 1, "sum(x): exact sum, rounded once"},
    {"avg", MILL_AGG_AVG, RULE_AVG, 1, "avg(x): exact mean, rounded once"},
    {"mean", MILL_AGG_AVG, RULE_AVG, 1, "mean(x): avg(x)"},
    {"min", MILL_AGG_MIN, RULE_SAME, 1, "min(x): smallest value"},
    {"max", MILL_AGG_MAX, RULE_SAME, 1, "max(x): largest value"},
    {"variance", MILL_AGG_VAR_SAMP, RULE_NUMBERS, 1, "variance(x): var_samp(x)"},
    {"var_samp", MILL_AGG_VAR_SAMP, RULE_NUMBERS, 1, "var_samp(x): variance over n - 1; NULL of one value"},
    {"var_pop", MILL_AGG_VAR_POP, RULE_NUMBERS, 1, "var_pop(x): variance over n"},
    {"stddev", MILL_AGG_STDDEV_SAMP, RULE_NUMBERS, 1, "stddev(x): stddev_samp(x)"},
    {"stddev_samp", MILL_AGG_STDDEV_SAMP, RULE_NUMBERS, 1, "stddev_samp(x): square root of var_samp(x)"},
    {"stddev_pop", MILL_AGG_STDDEV_POP, RULE_NUMBERS, 1, "stddev_pop(x): square root of var_pop(x)"},
    {"corr", MILL_AGG_CORR, RULE_NUMBERS, 2, "corr(x, y): Pearson's correlation of the rows where neither is NULL"},
    {"covar_samp", MILL_AGG_COVAR_SAMP, RULE_NUMBERS, 2, "covar_samp(x, y): covariance over n - 1"},
    {"covar_pop", MILL_AGG_COVAR_POP, RULE_NUMBERS, 2, "covar_pop(x, y): covariance over n"},
    {"median", MILL_AGG_MEDIAN, RULE_MEDIAN, 1, "median(x): the middle value, the mean of two"},
    {"quantile_cont", MILL_AGG_QUANTILE, RULE_MEDIAN, 1, "quantile_cont(x, p): quantile p from 0 to 1, interpolated"},
    {"percentile_cont", MILL_AGG_QUANTILE, RULE_MEDIAN, 1,
     "percentile_cont(p) WITHIN GROUP (ORDER BY x): quantile p from 0 to 1, interpolated"},
    {"first", MILL_AGG_FIRST, RULE_SAME, 1, "first(x): of the first row in input order, NULL or not"},
    {"last", MILL_AGG_LAST, RULE_SAME, 1, "last(x): of the last row in input order, NULL or not"},
    {"bool_and", MILL_AGG_BOOL_AND, RULE_BOOL, 1, "bool_and(x): whether x is true in every row"},
    {"every", MILL_AGG_BOOL_AND, RULE_BOOL, 1, "every(x): bool_and(x)"},
    {"bool_or", MILL_AGG_BOOL_OR, RULE_BOOL, 1, "bool_or(x): whether x is true in some row"},
    {"any_value", MILL_AGG_ANY_VALUE, RULE_SAME, 1, "any_value(x): the first value that is not NULL, in input order"},
};
#define ENTRY_COUNT (sizeof entries / sizeof entries[0])

static const entry *find(const char *name)
{
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		if (strcasecmp(entries[i].name, name) == 0)
			return &entries[i];
	return NULL;
}

int mill_aggregate_count(void)
{
	return (int)ENTRY_COUNT;
}

void mill_aggregate_list(int index, const char **name, const char **help)
{
	*name = entries[index].name;
	*help = entries[index].help;
}

bool mill_aggregate_exists(const char *name)
{
	return find(name) != NULL;
}

static bool is_number_or_null(mill_type t)
{
	return mill_type_is_numeric(t) || t.id == MILL_TYPE_NULL;
}

/* int4 and narrower sum to int64, other integers to decimal(38,0), decimals keep their scale (D9). */
static mill_type sum_type(mill_type t)
{
	if (t.id == MILL_TYPE_INT64 || t.id == MILL_TYPE_UINT64 || t.id == MILL_TYPE_UINT32)
		return mill_type_decimal(38, 0);
	if (mill_type_is_integer(t) || t.id == MILL_TYPE_NULL)
		return mill_type_of(MILL_TYPE_INT64);
	return t.id == MILL_TYPE_DECIMAL ? mill_type_decimal(38, t.scale) : t;
}

static mill_type avg_type(mill_type t)
{
	if (t.id == MILL_TYPE_DECIMAL)
		return mill_type_decimal(38, t.scale > 16 ? t.scale : 16);
	return mill_type_of(MILL_TYPE_FLOAT64);
}

static bool apply_rule(const entry *e, const mill_type *args, mill_aggregate_signature *s)
{
	mill_type f64 = mill_type_of(MILL_TYPE_FLOAT64), t = args[0];
	for (int i = 0; i < e->arg_count; i++)
		s->arg_types[i] = args[i];
	s->nullable = true;
	switch (e->rule) {
	case RULE_COUNT:
		s->result = mill_type_of(MILL_TYPE_INT64);
		s->nullable = false;
		return true;
	case RULE_SUM: s->result = sum_type(t); break;
	case RULE_AVG: s->result = avg_type(t); break;
	case RULE_SAME: s->result = t; return true;
	case RULE_NUMBERS:
		s->result = f64;
		for (int i = 0; i < e->arg_count; i++) {
			s->arg_types[i] = f64;
			if (!is_number_or_null(args[i]))
				return false;
		}
		return true;
	case RULE_MEDIAN:
		s->result = s->arg_types[0] = f64;
		s->holistic = true;
		break;
	case RULE_BOOL: s->result = s->arg_types[0] = mill_type_of(MILL_TYPE_BOOL); return t.id <= MILL_TYPE_BOOL;
	}
	return is_number_or_null(t);
}

const char *mill_aggregate_suggest(const char *name)
{
	const char *names[ENTRY_COUNT];
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		names[i] = entries[i].name;
	return mill_suggest(name, names, ENTRY_COUNT);
}

static mill_status unknown(const char *name, mill_error *err)
{
	const char *near = mill_aggregate_suggest(name);
	if (near != NULL)
		return mill_fail(err, MILL_USAGE, "unknown aggregate %s (did you mean %s?)", name, near);
	return mill_fail(err, MILL_USAGE, "unknown aggregate %s", name);
}

mill_status mill_aggregate_resolve(const char *name, const mill_type *args, int arg_count, bool is_star,
                                   mill_aggregate_signature *out, mill_error *err)
{
	const entry *e = find(name);
	mill_aggregate_signature s = {0};
	char a[MILL_TYPE_TEXT_BYTES], b[MILL_TYPE_TEXT_BYTES];
	if (e == NULL)
		return unknown(name, err);
	if (is_star) {
		if (e->kind != MILL_AGG_COUNT)
			return mill_fail(err, MILL_USAGE, "%s(*): only count takes *", e->name);
		s.kind = MILL_AGG_COUNT_ROWS;
		s.result = mill_type_of(MILL_TYPE_INT64);
		*out = s;
		return MILL_OK;
	}
	if (arg_count != e->arg_count)
		return mill_fail(err, MILL_USAGE, "%s takes %d argument%s, not %d", e->name, e->arg_count,
		                 e->arg_count == 1 ? "" : "s", arg_count);
	s.kind = e->kind;
	s.arg_count = arg_count;
	s.needs_ids = e->kind == MILL_AGG_FIRST || e->kind == MILL_AGG_LAST || e->kind == MILL_AGG_ANY_VALUE;
	if (!apply_rule(e, args, &s))
		return mill_fail(err, MILL_USAGE, "no %s for (%s%s%s)", e->name, mill_type_text(args[0], a),
		                 arg_count > 1 ? ", " : "", arg_count > 1 ? mill_type_text(args[1], b) : "");
	*out = s;
	return MILL_OK;
}
