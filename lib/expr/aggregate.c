#include "expr/aggregate.h"
#include "base/suggest.h"
#include <strings.h>

/* Which argument types a function takes and what comes out. */
typedef enum rule {
	RULE_COUNT,
	RULE_SUM,
	RULE_AVG,
	RULE_SAME,    /* any type, as it is */
	RULE_ORDERED, /* any type with an order, as it is */
	RULE_NUMBERS, /* float64 arguments, float64 out: moments */
	RULE_MEDIAN,
	RULE_BOOL
} rule;

static const mill_aggregate_traits traits[] = {
    [MILL_AGG_COUNT_ROWS] = {.name = "count(*)", .ignores_distinct = true},
    [MILL_AGG_COUNT] = {.name = "count"},
    [MILL_AGG_SUM] = {.name = "sum", .is_null_of_nulls = true},
    [MILL_AGG_AVG] = {.name = "avg", .is_null_of_nulls = true},
    [MILL_AGG_MIN] = {.name = "min", .is_null_of_nulls = true, .ignores_distinct = true},
    [MILL_AGG_MAX] = {.name = "max", .is_null_of_nulls = true, .ignores_distinct = true},
    [MILL_AGG_VAR_SAMP] = {.name = "var_samp"},
    [MILL_AGG_VAR_POP] = {.name = "var_pop", .is_null_of_nulls = true},
    [MILL_AGG_STDDEV_SAMP] = {.name = "stddev_samp"},
    [MILL_AGG_STDDEV_POP] = {.name = "stddev_pop", .is_null_of_nulls = true},
    [MILL_AGG_CORR] = {.name = "corr"},
    [MILL_AGG_COVAR_SAMP] = {.name = "covar_samp"},
    [MILL_AGG_COVAR_POP] = {.name = "covar_pop"},
    [MILL_AGG_MEDIAN] = {.name = "median", .is_holistic = true, .is_null_of_nulls = true},
    [MILL_AGG_QUANTILE] = {.name = "quantile", .is_holistic = true, .is_null_of_nulls = true},
    [MILL_AGG_FIRST] = {.name = "first", .needs_ids = true, .is_null_of_nulls = true, .ignores_distinct = true},
    [MILL_AGG_LAST] = {.name = "last", .needs_ids = true, .is_null_of_nulls = true, .ignores_distinct = true},
    [MILL_AGG_BOOL_AND] = {.name = "bool_and", .is_null_of_nulls = true, .ignores_distinct = true},
    [MILL_AGG_BOOL_OR] = {.name = "bool_or", .is_null_of_nulls = true, .ignores_distinct = true},
    [MILL_AGG_ANY_VALUE] = {.name = "any_value", .needs_ids = true, .is_null_of_nulls = true, .ignores_distinct = true},
};

const mill_aggregate_traits *mill_aggregate_traits_of(mill_aggregate_kind kind)
{
	return &traits[kind];
}

typedef struct entry {
	mill_aggregate_info info;
	mill_aggregate_kind kind;
	rule rule;
	int arg_count;
} entry;

#define PLAIN(text, of, takes, count, line)                                                                           \
	{                                                                                                             \
		.info = {.name = text, .help = line}, .kind = MILL_AGG_##of, .rule = RULE_##takes, .arg_count = count \
	}

static const entry entries[] = {
    {.info = {.name = "count",
              .help = "count(*): rows; count(x): those where x is not NULL; count(DISTINCT x): different values",
              .takes_star = true},
     .kind = MILL_AGG_COUNT,
     .rule = RULE_COUNT,
     .arg_count = 1},
    PLAIN("sum", SUM, SUM, 1, "sum(x): exact sum, rounded once"),
    PLAIN("avg", AVG, AVG, 1, "avg(x): exact mean, rounded once"),
    PLAIN("mean", AVG, AVG, 1, "mean(x): avg(x)"),
    PLAIN("min", MIN, ORDERED, 1, "min(x): smallest value"),
    PLAIN("max", MAX, ORDERED, 1, "max(x): largest value"),
    PLAIN("variance", VAR_SAMP, NUMBERS, 1, "variance(x): var_samp(x)"),
    PLAIN("var_samp", VAR_SAMP, NUMBERS, 1, "var_samp(x): variance over n - 1; NULL of one value"),
    PLAIN("var_pop", VAR_POP, NUMBERS, 1, "var_pop(x): variance over n"),
    PLAIN("stddev", STDDEV_SAMP, NUMBERS, 1, "stddev(x): stddev_samp(x)"),
    PLAIN("stddev_samp", STDDEV_SAMP, NUMBERS, 1, "stddev_samp(x): square root of var_samp(x)"),
    PLAIN("stddev_pop", STDDEV_POP, NUMBERS, 1, "stddev_pop(x): square root of var_pop(x)"),
    PLAIN("corr", CORR, NUMBERS, 2, "corr(x, y): Pearson's correlation of the rows where neither is NULL"),
    PLAIN("covar_samp", COVAR_SAMP, NUMBERS, 2, "covar_samp(x, y): covariance over n - 1"),
    PLAIN("covar_pop", COVAR_POP, NUMBERS, 2, "covar_pop(x, y): covariance over n"),
    PLAIN("median", MEDIAN, MEDIAN, 1, "median(x): the middle value, the mean of two"),
    {.info = {.name = "quantile_cont",
              .help = "quantile_cont(x, p): quantile p from 0 to 1, interpolated",
              .takes_quantile = true},
     .kind = MILL_AGG_QUANTILE,
     .rule = RULE_MEDIAN,
     .arg_count = 1},
    {.info = {.name = "percentile_cont",
              .help = "percentile_cont(p) WITHIN GROUP (ORDER BY x): quantile p from 0 to 1, interpolated",
              .takes_quantile = true,
              .takes_within_group = true},
     .kind = MILL_AGG_QUANTILE,
     .rule = RULE_MEDIAN,
     .arg_count = 1},
    PLAIN("first", FIRST, SAME, 1, "first(x): of the first row in input order, NULL or not"),
    PLAIN("last", LAST, SAME, 1, "last(x): of the last row in input order, NULL or not"),
    PLAIN("bool_and", BOOL_AND, BOOL, 1, "bool_and(x): whether x is true in every row"),
    PLAIN("every", BOOL_AND, BOOL, 1, "every(x): bool_and(x)"),
    PLAIN("bool_or", BOOL_OR, BOOL, 1, "bool_or(x): whether x is true in some row"),
    PLAIN("any_value", ANY_VALUE, SAME, 1, "any_value(x): the first value that is not NULL, in input order"),
};
#define ENTRY_COUNT (sizeof entries / sizeof entries[0])

static const entry *find(const char *name)
{
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		if (strcasecmp(entries[i].info.name, name) == 0)
			return &entries[i];
	return NULL;
}

int mill_aggregate_count(void)
{
	return (int)ENTRY_COUNT;
}

mill_aggregate_info mill_aggregate_list(int index)
{
	return entries[index].info;
}

bool mill_aggregate_lookup(const char *name, mill_aggregate_info *out)
{
	const entry *e = find(name);
	if (e != NULL)
		*out = e->info;
	return e != NULL;
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
	case RULE_ORDERED: s->result = t; return mill_traits_of(t)->is_ordered;
	case RULE_NUMBERS:
		s->result = f64;
		for (int i = 0; i < e->arg_count; i++) {
			s->arg_types[i] = f64;
			if (!is_number_or_null(args[i]))
				return false;
		}
		return true;
	case RULE_MEDIAN: s->result = s->arg_types[0] = f64; break;
	case RULE_BOOL: s->result = s->arg_types[0] = mill_type_of(MILL_TYPE_BOOL); return t.id <= MILL_TYPE_BOOL;
	}
	return is_number_or_null(t);
}

const char *mill_aggregate_suggest(const char *name)
{
	const char *names[ENTRY_COUNT];
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		names[i] = entries[i].info.name;
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
		if (!e->info.takes_star)
			return mill_fail(err, MILL_USAGE, "%s(*): only count takes *", e->info.name);
		s.kind = MILL_AGG_COUNT_ROWS;
		s.result = mill_type_of(MILL_TYPE_INT64);
		*out = s;
		return MILL_OK;
	}
	if (arg_count != e->arg_count)
		return mill_fail(err, MILL_USAGE, "%s takes %d argument%s, not %d", e->info.name, e->arg_count,
		                 e->arg_count == 1 ? "" : "s", arg_count);
	s.kind = e->kind;
	s.arg_count = arg_count;
	s.needs_ids = traits[e->kind].needs_ids;
	s.holistic = traits[e->kind].is_holistic;
	if (!apply_rule(e, args, &s))
		return mill_fail(err, MILL_USAGE, "no %s for (%s%s%s)", e->info.name, mill_type_text(args[0], a),
		                 arg_count > 1 ? ", " : "", arg_count > 1 ? mill_type_text(args[1], b) : "");
	*out = s;
	return MILL_OK;
}
