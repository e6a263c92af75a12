/* Expressions against values worked by hand from PostgreSQL's rules. */
#include "expr/aggregate.h"
#include "expr_text.h"

static void arithmetic(void)
{
	static const example list[] = {
	    {"(+ 1 2)", "3:int32"},
	    {"(+ 2147483647 1)", "error: int32 out of range in 2147483647 + 1"},
	    {"(+ 2147483648 1)", "2147483649:int64"},
	    {"(- 5)", "-5:int32"},
	    {"(- 2147483648)", "-2147483648:int32"},
	    {"(* 46341 46341)", "error: int32 out of range in 46341 * 46341"},
	    {"(/ 7 2)", "3:int32"},
	    {"(/ -7 2)", "-3:int32"},
	    {"(% -7 2)", "-1:int32"},
	    {"(/ 1 0)", "error: division by zero in 1 / 0"},
	    {"(/ 1.0 3)", "0.3333333333333333:decimal(38,16)"},
	    {"(+ 1.25 2)", "3.25:decimal(13,2)"},
	    {"(* 1.5 1.5)", "2.25:decimal(4,2)"},
	    {"(+ 1e0 0.1)", "1.1:float64"},
	    {"(/ 1e0 0)", "error: division by zero in 1 / 0"},
	    {"(* 1e308 10)", "error: float64 out of range in 1e+308 * 10"},
	    {"(+ null 1)", "NULL:int32"},
	    {"(abs -5)", "5:int32"},
	    {"(abs -2.5)", "2.5:decimal(2,1)"},
	    {"(+ 'a' 1)", "refused: \"a\" is not a valid int32"},
	    {"(foo 1)", "refused: unknown function foo; `rankmill help functions` lists them"},
	};
	CHECK(list);
}

static void logic(void)
{
	static const example list[] = {
	    {"(and true null)", "NULL:bool"},
	    {"(and false null)", "false:bool"},
	    {"(or true null)", "true:bool"},
	    {"(or false null)", "NULL:bool"},
	    {"(and false (= 1 (/ 1 0)))", "false:bool"},
	    {"(and (= 1 (/ 1 0)) false)", "false:bool"},
	    {"(and true (= 1 (/ 1 0)))", "error: division by zero in 1 / 0"},
	    {"(not null)", "NULL:bool"},
	    {"(is_null null)", "true:bool"},
	    {"(is_distinct_from 1 null)", "true:bool"},
	    {"(is_distinct_from null null)", "false:bool"},
	    {"(is_true null)", "false:bool"},
	    {"(in 1 2 3)", "false:bool"},
	    {"(in 1 2 null)", "NULL:bool"},
	    {"(in 1 1 null)", "true:bool"},
	    {"(case (= 1 2) (/ 1 0) 5)", "5:int32"},
	    {"(case true 1 2.5)", "1.0:decimal(11,1)"},
	    {"(coalesce null 3)", "3:int32"},
	    {"(coalesce 3 (/ 1 0))", "3:int32"},
	    {"(nullif 3 3)", "NULL:int32"},
	    {"(try (/ 1 0))", "NULL:int32"},
	    {"(try_cast 'x' 'int')", "NULL:int32"},
	    {"(between 2 1 3)", "true:bool"},
	    {"(overlay 'abcdef' 'ZZ' 2 3)", "aZZef:string"},
	};
	CHECK(list);
}

static void casts(void)
{
	static const example list[] = {
	    {"(cast int32 2.5)", "3:int32"},
	    {"(cast int32 25e-1)", "2:int32"},
	    {"(cast int32 '  12 ')", "12:int32"},
	    {"(cast int8 300)", "refused: 300 does not fit int8"},
	    {"(cast bool 'yes')", "true:bool"},
	    {"(cast decimal(5,2) 1.005)", "1.01:decimal(5,2)"},
	    {"(cast decimal(5,2) 1.005e0)", "1.01:decimal(5,2)"},
	    {"(cast float64 0.1)", "0.1:float64"},
	    {"(cast text 1.50)", "1.50:string"},
	    {"(cast date '2024-02-29')", "2024-02-29:date"},
	    {"(cast date '2023-02-29')", "refused: \"2023-02-29\" is not a valid date"},
	    {"(cast timestamp '2009-06-15 17:26:21 UTC')", "2009-06-15 17:26:21:timestamp"},
	    {"(+ (cast timestamp '2024-01-31 10:00:00') (cast interval '1 month'))", "2024-02-29 10:00:00:timestamp"},
	    {"(- (cast date '2024-03-01') (cast date '2024-02-01'))", "29:int32"},
	    {"(extract 'dow' (cast date '2024-02-29'))", "4:int64"},
	    {"(extract 'week' (cast date '2021-01-03'))", "53:int64"},
	    {"(extract 'doy' (cast date '2024-12-31'))", "366:int64"},
	    {"(extract 'second' (cast timestamp '2024-01-01 00:00:07.25'))", "7.250000:decimal(18,6)"},
	    {"(dayofweek (cast date '2024-02-25'))", "1:int64"},
	    {"(hour (cast timestamp '2009-06-15 17:26:21 UTC'))", "17:int64"},
	};
	CHECK(list);
}

/* The result's type, or "refused". */
static void aggregate(const char *name, const char *args, bool is_star, const char *expected)
{
	mill_type types[2];
	mill_aggregate_signature s;
	mill_error err = {0};
	char got[MILL_TYPE_TEXT_BYTES + 32], list[64];
	int count = 0;
	snprintf(list, sizeof list, "%s", args);
	char *save = NULL;
	for (char *at = strtok_r(list, " ", &save); at != NULL; at = strtok_r(NULL, " ", &save))
		CU_ASSERT_EQUAL_FATAL(mill_type_parse(at, &types[count++], &err), MILL_OK);
	if (mill_aggregate_resolve(name, types, count, is_star, &s, &err) != MILL_OK)
		snprintf(got, sizeof got, "refused");
	else
		mill_type_text(s.result, got);
	if (strcmp(got, expected) != 0)
		printf("    %s(%s): %s, not %s\n", name, args, got, expected);
	CU_ASSERT_STRING_EQUAL(got, expected);
}

static void aggregates(void)
{
	aggregate("count", "", true, "int64");
	aggregate("COUNT", "text", false, "int64");
	aggregate("sum", "", true, "refused");
	aggregate("sum", "smallint", false, "int64");
	aggregate("sum", "int", false, "int64");
	aggregate("sum", "bigint", false, "decimal(38,0)");
	aggregate("sum", "uint32", false, "decimal(38,0)");
	aggregate("sum", "decimal(10,2)", false, "decimal(38,2)");
	aggregate("sum", "real", false, "float32");
	aggregate("sum", "text", false, "refused");
	aggregate("avg", "int", false, "float64");
	aggregate("avg", "real", false, "float64");
	aggregate("avg", "decimal(10,2)", false, "decimal(38,16)");
	aggregate("avg", "decimal(38,20)", false, "decimal(38,20)");
	aggregate("min", "text", false, "string");
	aggregate("max", "date", false, "date");
	aggregate("stddev", "decimal(10,2)", false, "float64");
	aggregate("corr", "int double", false, "float64");
	aggregate("corr", "int", false, "refused");
	aggregate("median", "int", false, "float64");
	aggregate("bool_and", "bool", false, "bool");
	aggregate("bool_and", "int", false, "refused");
	aggregate("first", "interval", false, "interval");
	aggregate("average", "int", false, "refused");
	mill_aggregate_signature s;
	mill_type list = mill_type_of(MILL_TYPE_LIST);
	CU_ASSERT_EQUAL(mill_aggregate_resolve("max", &list, 1, false, &s, NULL), MILL_USAGE);
	CU_ASSERT_EQUAL(mill_aggregate_resolve("first", &list, 1, false, &s, NULL), MILL_OK);
}

static const unit_case cases[] = {
    {"aggregates", aggregates},
    {"arithmetic", arithmetic},
    {"logic", logic},
    {"casts", casts},
};
UNIT_MAIN("expr", cases)
