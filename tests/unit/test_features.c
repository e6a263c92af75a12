/* Transforms against values worked out by hand. */
#include "features_case.h"

#define F64  mill_type_of(MILL_TYPE_FLOAT64)
#define I64  mill_type_of(MILL_TYPE_INT64)
#define TEXT mill_type_of(MILL_TYPE_STRING)

static void passes_through(void)
{
	features_case c;
	case_start(&c);
	case_column(&c, "a", F64, "1.5 -2 3e300");
	case_column(&c, "b", mill_type_of(MILL_TYPE_INT32), "1 -2 3");
	case_column(&c, "f", mill_type_of(MILL_TYPE_BOOL), "true false true");
	case_column(&c, "name", TEXT, "x - ''");
	CU_ASSERT_EQUAL(case_run(&c,
	                         "{\"d\": {\"dtype\": \"float64\", \"columns\": [\"a\", \"b\", \"f\"]},"
	                         "\"l\": {\"dtype\": \"float64\", \"column\": \"B\", \"role\": \"label\"}}",
	                         "[\"name\"]"),
	                MILL_OK);
	CU_ASSERT_EQUAL_FATAL(case_datasets(&c), 3);
	CASE_F64(&c, 0, 1.5, 1, 1, -2, -2, 0, 3e300, 3, 1);
	CASE_F64(&c, 1, 1, -2, 3);
	CU_ASSERT_STRING_EQUAL(c.blocks[1].spec->role, "label");
	CU_ASSERT_STRING_EQUAL(c.blocks[0].spec->features[2], "f");
	CU_ASSERT(c.blocks[1].spec->is_column);
	CU_ASSERT_STRING_EQUAL(c.blocks[2].spec->name, "keep/name");
	CU_ASSERT_EQUAL(c.blocks[2].column.null_count, 1);
	CU_ASSERT_EQUAL(mill_features_passes(c.features), 0);
	case_end(&c);
}

static void fits_numbers(void)
{
	features_case c;
	case_start(&c);
	case_column(&c, "a", F64, "2 4 4 - 5 5 7 9 4");
	CU_ASSERT_EQUAL(
	    case_run(
	        &c,
	        "{\"z\": {\"dtype\": \"float64\", \"columns\": [\"a\"], \"do\": [\"impute_mean\", \"standardize\"]},"
	        " \"m\": {\"dtype\": \"float64\", \"column\": \"a\", \"do\": [{\"impute_constant\": 9}, {\"minmax\": "
	        "{\"max\": 14}}]},"
	        " \"q\": {\"dtype\": \"float64\", \"columns\": [\"a\"], \"do\": [{\"impute_median\": {\"indicator\": "
	        "true}}]},"
	        " \"c\": {\"dtype\": \"float64\", \"columns\": [\"a\"], \"nulls\": \"nan\", \"do\": [{\"clip\": "
	        "{\"min\": 4, \"max\": 5}}]},"
	        " \"b\": {\"dtype\": \"float64\", \"column\": \"a\", \"nulls\": \"nan\", \"do\": [{\"bucketize\": [4, "
	        "5.5, 9]}]}}",
	        NULL),
	    MILL_OK);
	/* mean 5; deviations -3 -1 -1 0 0 0 2 4 -1: sum of squares 32, over 9 */
	double s = sqrt(32.0 / 9.0);
	CASE_F64(&c, 0, -3 / s, -1 / s, -1 / s, 0, 0, 0, 2 / s, 4 / s, -1 / s);
	CASE_F64(&c, 1, 0, 4, 4, 14, 6, 6, 10, 14, 4);
	CASE_F64(&c, 2, 2, 0, 4, 0, 4, 0, 4.5, 1, 5, 0, 5, 0, 7, 0, 9, 0, 4, 0);
	CASE_F64(&c, 3, 4, 4, 4, (double)NAN, 5, 5, 5, 5, 4);
	CASE_F64(&c, 4, 0, 1, 1, (double)NAN, 1, 1, 2, 3, 1);
	CU_ASSERT_EQUAL(c.blocks[4].spec->cardinalities[0], 4);
	CU_ASSERT_STRING_EQUAL(c.blocks[2].spec->features[1], "missingindicator_a");
	case_end(&c);
}

static void fits_values(void)
{
	features_case c;
	case_start(&c);
	case_column(&c, "t", TEXT, "b a b - c a zzzzzzzzzzzz b");
	CU_ASSERT_EQUAL(
	    case_run(
	        &c,
	        "{\"v\": {\"dtype\": \"float64\", \"column\": \"t\", \"do\": [\"vocabulary\"]},"
	        " \"r\": {\"dtype\": \"float64\", \"column\": \"t\", \"do\": [{\"vocabulary\": {\"min_count\": 2}}]},"
	        " \"o\": {\"dtype\": \"float64\", \"columns\": [\"t\"], \"do\": [{\"one_hot\": {\"max_size\": 3}}]},"
	        " \"m\": {\"dtype\": \"float64\", \"column\": \"t\", \"do\": [\"impute_most_frequent\", "
	        "\"vocabulary\"]}}",
	        NULL),
	    MILL_OK);
	CASE_F64(&c, 0, 2, 3, 2, 0, 4, 3, 5, 2);
	CASE_F64(&c, 1, 2, 3, 2, 0, 1, 3, 1, 2);
	CASE_F64(&c, 2, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0);
	CASE_F64(&c, 3, 2, 3, 2, 2, 4, 3, 5, 2);
	CU_ASSERT_EQUAL(c.blocks[0].spec->cardinalities[0], 6);
	CU_ASSERT_EQUAL(c.blocks[1].spec->cardinalities[0], 4);
	CU_ASSERT_STRING_EQUAL(c.blocks[2].spec->features[2], "t_c");
	mill_bytes json;
	mill_bytes_init(&json, &c.mem);
	CU_ASSERT_EQUAL(mill_features_write_fitted(c.features, "/nowhere", &json, &c.err), MILL_OK);
	mill_bytes_release(&json);
	case_end(&c);
}

static const unit_case cases[] = {
    {"passes_through", passes_through},
    {"fits_numbers", fits_numbers},
    {"fits_values", fits_values},
};

UNIT_MAIN("features", cases)
