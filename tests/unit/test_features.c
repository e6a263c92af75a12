/* Transforms against values worked out by hand. */
#include "features_case.h"
#include "storage/path.h"
#include "storage/storage.h"

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
	mill_storage storage;
	mill_storage_init(&storage, &c.mem);
	mill_bytes_init(&json, &c.mem);
	CU_ASSERT_EQUAL(mill_features_write_fitted(c.features, &storage, "/nowhere", &json, &c.err), MILL_OK);
	mill_bytes_release(&json);
	case_end(&c);
}

/* Each block is refused with the status and a message that holds the text. */
static const struct {
	const char *tensors;
	mill_status status;
	const char *text;
} wrong_blocks[] = {
    {"[]", MILL_USAGE, "expected an object"},
    {"{\"d\": {}}", MILL_USAGE, "/d: the key \"dtype\" is missing"},
    {"{\"d\": {\"dtype\": \"float32\"}}", MILL_USAGE, "either \"column\" or \"columns\""},
    {"{\"d\": {\"dtype\": \"flaot32\", \"column\": \"a\"}}", MILL_USAGE, "float32"},
    {"{\"d\": {\"dtype\": \"string\", \"column\": \"a\"}}", MILL_USAGE, "integer or float type"},
    {"{\"d\": {\"dtype\": \"float32\", \"colum\": \"a\"}}", MILL_USAGE, "did you mean \"column\""},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"aeg\"}}", MILL_USAGE,
     "/d/column: unknown column \"aeg\" (did you mean \"age\"?)"},
    {"{\"d\": {\"dtype\": \"float32\", \"columns\": [\"a\", \"b{1..}\"]}}", MILL_USAGE, "/d/columns/1"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [\"standardise\"]}}", MILL_USAGE,
     "/d/do/0: unknown transform \"standardise\" (did you mean \"standardize\"?)"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [\"whitening\"]}}", MILL_USAGE,
     "unknown transform \"whitening\"; there are impute_mean, "},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [\"robust\"]}}", MILL_NOT_YET,
     "\"robust\" is not supported yet"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"layout\": \"csr\"}}", MILL_NOT_YET, "csr"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"layout\": \"dnese\"}}", MILL_USAGE, "dense"},
    {"{\"d\": {\"dtype\": \"float32\", \"columns\": [{\"cross\": [\"a\", \"t\"]}]}}", MILL_NOT_YET, "cross"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"t\"}}", MILL_USAGE,
     "column \"t\" is string and a tensor holds numbers"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"t\", \"do\": [\"log1p\"]}}", MILL_USAGE,
     "log1p needs numbers, column \"t\" is string"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"clip\": {}}]}}", MILL_USAGE, "clip needs"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"clip\": 3}]}}", MILL_USAGE,
     "clip takes an object of parameters"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"clip\": {\"mni\": 3}}]}}", MILL_USAGE,
     "did you mean \"min\""},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"clip\": {\"min\": 3, \"max\": 2}}]}}", MILL_USAGE,
     "above"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"clip\": {\"quantiles\": [0.9, 0.1]}}]}}",
     MILL_USAGE, "must not be above"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"log1p\": 1}]}}", MILL_USAGE,
     "takes no parameters"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"bucketize\": [1, 1]}]}}", MILL_USAGE,
     "strictly increasing"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"bucketize\": {\"bins\": 4}}]}}", MILL_USAGE,
     "\"quantile\": true"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [\"hash\"]}}", MILL_USAGE, "{\"hash\": 1000}"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [\"impute_constant\"]}}", MILL_USAGE,
     "{\"impute_constant\": 0}"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"impute_constant\": \"x\"}]}}", MILL_USAGE,
     "no value for column \"a\", which is float64"},
    {"{\"d\": {\"dtype\": \"int32\", \"column\": \"t\", \"do\": [{\"vocabulary\": {\"file\": \"v\"}}]}}", MILL_NOT_YET,
     "file"},
    {"{\"d\": {\"dtype\": \"int32\", \"column\": \"a\", \"nulls\": \"nan\"}}", MILL_USAGE, "float dtype"},
    {"{\"d\": {\"dtype\": \"int32\", \"column\": \"t\", \"do\": [\"one_hot\"]}}", MILL_USAGE,
     "write \"columns\": [\"t\"]"},
    {"{\"d\": {\"dtype\": \"int32\", \"columns\": [\"t\"], \"do\": [\"one_hot\", \"log1p\"]}}", MILL_USAGE,
     "nothing can follow one_hot"},
    {"{\"d\": {\"dtype\": \"float32\", \"columns\": [\"a\", \"A\"]}}", MILL_USAGE, "two features are called \"a\""},
    {"{\"d\": {\"dtype\": \"float32\", \"columns\": []}}", MILL_USAGE, "needs a column"},
    {"{\"d\": {\"dtype\": \"int32\", \"columns\": [\"a\", \"t\"], \"share\": true, \"do\": [\"vocabulary\"]}}",
     MILL_USAGE, "columns of one type"},
    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"a\", \"do\": [{\"log1p\": {}, \"clip\": {}}]}}", MILL_USAGE,
     "object of one key"},
    {"{\"d\": {\"dtype\": \"float32\", \"columns\": [{\"columns\": [\"a\", \"age\"], \"as\": \"x\"}]}}", MILL_USAGE,
     "1 names for 2 columns"},
};

static void refuses_wrong_blocks(void)
{
	features_case c;
	case_start(&c);
	case_column(&c, "a", F64, "1");
	case_column(&c, "t", TEXT, "x");
	case_column(&c, "age", I64, "1");
	for (size_t i = 0; i < sizeof wrong_blocks / sizeof wrong_blocks[0]; i++) {
		memset(&c.err, 0, sizeof c.err);
		mill_status status = case_new(&c, wrong_blocks[i].tensors, NULL);
		CU_ASSERT_EQUAL(status, wrong_blocks[i].status);
		if (status != wrong_blocks[i].status || strstr(c.err.message, wrong_blocks[i].text) == NULL) {
			printf("    %s gave %s: %s\n", wrong_blocks[i].tensors, mill_status_name(status),
			       c.err.message);
			CU_FAIL("another message");
		}
	}
	CU_ASSERT_EQUAL(case_new(&c, NULL, "[\"a\", \"A\"]"), MILL_USAGE);
	CU_ASSERT_EQUAL(case_new(&c, NULL, "[\"nowhere\"]"), MILL_USAGE);
	CU_ASSERT_EQUAL(case_new(&c, NULL, "\"a\""), MILL_USAGE);
	case_end(&c);
}

/* Rows that a tensor or a transform refuses when they are applied or fitted. */
static void refuses_rows(void)
{
	static const struct {
		const char *tensors;
		const char *text;
	} wrong[] = {
	    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"n\"}}",
	     "tensor \"d\", column \"n\": NULL in 2 rows, first in row 1; add impute_constant"},
	    {"{\"d\": {\"dtype\": \"int32\", \"column\": \"n\"}}", "vocabulary"},
	    {"{\"d\": {\"dtype\": \"uint8\", \"column\": \"big\"}}",
	     "column \"big\": a value that the dtype does not hold in 2 rows, first in row 0 (-1)"},
	    {"{\"d\": {\"dtype\": \"int32\", \"column\": \"half\"}}",
	     "a value with a fraction for an integer dtype in 1 row, first in row 2 (2.5)"},
	    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"huge\"}}",
	     "a value that the dtype does not hold in 1 row"},
	    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"big\", \"do\": [\"log1p\"]}}",
	     "a value at most -1 reaches log1p in 1 row, first in row 0 (-1); add {\"clip\""},
	    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"nan\", \"do\": [\"standardize\"]}}",
	     "a NaN reaches standardize in at least 1 row (nan); make it NULL in SQL: nullif"},
	    {"{\"d\": {\"dtype\": \"int32\", \"column\": \"nan\", \"do\": [\"vocabulary\"]}}",
	     "a NaN reaches vocabulary"},
	    {"{\"d\": {\"dtype\": \"int32\", \"column\": \"nan\", \"do\": [{\"bucketize\": [0]}]}}",
	     "a NaN reaches bucketize"},
	    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"inf\", \"do\": [\"minmax\"]}}",
	     "an infinity reaches minmax"},
	    {"{\"d\": {\"dtype\": \"int32\", \"column\": \"text\", \"do\": [{\"vocabulary\": {\"min_count\": 2, "
	     "\"oov_buckets\": 0}}]}}",
	     "reaches vocabulary in 1 row, first in row 1 (b)"},
	    {"{\"d\": {\"dtype\": \"int32\", \"columns\": [\"text\"], \"do\": [{\"one_hot\": {\"max_size\": 1, "
	     "\"unknown\": \"error\"}}]}}",
	     "reaches one_hot in 1 row, first in row 1 (b)"},
	    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"none\", \"do\": [\"impute_mean\"]}}",
	     "tensor \"d\", column \"none\": impute_mean: nothing to fit"},
	    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"none\", \"do\": [\"impute_median\"]}}", "nothing to fit"},
	    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"none\", \"do\": [\"minmax\"]}}", "nothing to fit"},
	    {"{\"d\": {\"dtype\": \"float32\", \"column\": \"none\", \"do\": [\"impute_most_frequent\"]}}",
	     "nothing to fit"},
	    {"{\"d\": {\"dtype\": \"float32\", \"columns\": [\"none\"], \"do\": [\"one_hot\"]}}", "has no features"},
	    {"{\"d\": {\"dtype\": \"int8\", \"column\": \"big\", \"do\": [{\"hash\": 127}]}}", ""},
	    {"{\"d\": {\"dtype\": \"int8\", \"column\": \"big\", \"do\": [{\"impute_constant\": 0}, {\"hash\": 128}]}}",
	     "129 ids do not fit int8"},
	};
	features_case c;
	case_start(&c);
	case_column(&c, "n", F64, "1 - 2 -");
	case_column(&c, "big", I64, "-1 255 256 0");
	case_column(&c, "half", F64, "1 -3 2.5 4");
	case_column(&c, "huge", F64, "1 inf 3.5e38 4");
	case_column(&c, "nan", F64, "1 nan 2 -");
	case_column(&c, "inf", F64, "1 2 3 inf");
	case_column(&c, "text", TEXT, "a b a -");
	case_column(&c, "none", F64, "- - - -");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		memset(&c.err, 0, sizeof c.err);
		mill_status status = case_run(&c, wrong[i].tensors, NULL);
		CU_ASSERT_EQUAL(status, wrong[i].text[0] == 0 ? MILL_OK : MILL_DATA);
		if (strstr(c.err.message, wrong[i].text) == NULL) {
			printf("    %s gave %s: %s\n", wrong[i].tensors, mill_status_name(status), c.err.message);
			CU_FAIL("another message");
		}
	}
	case_end(&c);
}

/* The ends of every integer type go through every integer dtype that holds them, and are refused by the others. */
static void keeps_integers_exact(void)
{
	static const struct {
		const char *dtype;
		mill_type_id id;
		const char *low, *high;
		double low_value, high_value;
	} types[] = {
	    {"int8", MILL_TYPE_INT8, "-128", "127", -0x1p7, 0x1p7 - 1},
	    {"int16", MILL_TYPE_INT16, "-32768", "32767", -0x1p15, 0x1p15 - 1},
	    {"int32", MILL_TYPE_INT32, "-2147483648", "2147483647", -0x1p31, 0x1p31 - 1},
	    {"int64", MILL_TYPE_INT64, "-9223372036854775808", "9223372036854775807", -0x1p63, 0x1p63},
	    {"uint8", MILL_TYPE_UINT8, "0", "255", 0, 0x1p8 - 1},
	    {"uint16", MILL_TYPE_UINT16, "0", "65535", 0, 0x1p16 - 1},
	    {"uint32", MILL_TYPE_UINT32, "0", "4294967295", 0, 0x1p32 - 1},
	    {"uint64", MILL_TYPE_UINT64, "0", "18446744073709551615", 0, 0x1p64},
	};
	for (int from = 0; from < 8; from++) {
		features_case c;
		char json[128], values[64];
		case_start(&c);
		mill_type type = mill_type_of(types[from].id);
		snprintf(values, sizeof values, "%s %s", types[from].low, types[from].high);
		case_column(&c, "x", type, values);
		for (int to = 0; to < 8; to++) {
			snprintf(json, sizeof json, "{\"d\": {\"dtype\": \"%s\", \"column\": \"x\"}}", types[to].dtype);
			mill_status status = case_run(&c, json, NULL);
			bool fits = types[from].low_value >= types[to].low_value &&
			            types[from].high_value <= types[to].high_value;
			CU_ASSERT_EQUAL(status, fits ? MILL_OK : MILL_DATA);
			if (status != MILL_OK)
				continue;
			int64_t got[2] = {0};
			size_t width = mill_type_width_bytes(mill_type_of(types[to].id));
			for (int r = 0; r < 2; r++) {
				memcpy(&got[r], c.blocks[0].elements->data + (size_t)r * width, width);
				int shift = 64 - 8 * (int)width;
				bool is_signed = mill_type_is_signed(mill_type_of(types[to].id));
				got[r] = is_signed ? (int64_t)((uint64_t)got[r] << shift) >> shift : got[r];
			}
			CU_ASSERT_EQUAL(got[0], strtoll(types[from].low, NULL, 10));
			CU_ASSERT_EQUAL((uint64_t)got[1], strtoull(types[from].high, NULL, 10));
		}
		case_end(&c);
	}
}

static void takes_floats_to_integers(void)
{
	features_case c;
	case_start(&c);
	case_column(&c, "x", F64, "-9223372036854775808 -0.0 9223372036854774784");
	case_column(&c, "y", F64, "9223372036854775808 0 1");
	case_column(&c, "z", mill_type_of(MILL_TYPE_FLOAT32), "255 -0.0 1");
	case_column(&c, "d", mill_type_decimal(25, 2), "900719925474099301 -200 0");
	case_column(&c, "e", mill_type_decimal(25, 2), "100 250 0");
	CU_ASSERT_EQUAL(case_run(&c, "{\"d\": {\"dtype\": \"int64\", \"column\": \"x\"}}", NULL), MILL_OK);
	const int64_t *x = (const int64_t *)(const void *)c.blocks[0].elements->data;
	CU_ASSERT(x[0] == INT64_MIN && x[1] == 0 && x[2] == 9223372036854774784);
	CU_ASSERT_EQUAL(case_run(&c, "{\"d\": {\"dtype\": \"int64\", \"column\": \"y\"}}", NULL), MILL_DATA);
	CU_ASSERT_EQUAL(case_run(&c, "{\"d\": {\"dtype\": \"uint64\", \"column\": \"y\"}}", NULL), MILL_OK);
	CU_ASSERT_EQUAL(((const uint64_t *)(const void *)c.blocks[0].elements->data)[0], (uint64_t)1 << 63);
	CU_ASSERT_EQUAL(case_run(&c, "{\"d\": {\"dtype\": \"uint8\", \"column\": \"z\"}}", NULL), MILL_OK);
	CU_ASSERT_EQUAL(c.blocks[0].elements->data[0], 255);
	CU_ASSERT_EQUAL(case_run(&c, "{\"d\": {\"dtype\": \"int8\", \"column\": \"z\"}}", NULL), MILL_DATA);
	/* 9007199254740993.01 has no float64 of its own and no integer either. */
	CU_ASSERT_EQUAL(case_run(&c, "{\"d\": {\"dtype\": \"int64\", \"column\": \"d\"}}", NULL), MILL_DATA);
	CU_ASSERT(strstr(c.err.message, "(9007199254740993.01)") != NULL);
	CU_ASSERT_EQUAL(case_run(&c, "{\"d\": {\"dtype\": \"int64\", \"column\": \"e\"}}", NULL), MILL_DATA);
	CU_ASSERT(strstr(c.err.message, "fraction") != NULL && strstr(c.err.message, "(2.50)") != NULL);
	case_end(&c);
}

/* 2^53 + 1 and its float64 neighbour: constants of wide integers stay what they are. */
static void keeps_wide_constants(void)
{
	features_case c;
	case_start(&c);
	case_column(&c, "i", I64, "- 9007199254740995");
	case_column(&c, "u", mill_type_of(MILL_TYPE_UINT64), "- 3");
	case_column(&c, "day", mill_type_of(MILL_TYPE_DATE), "- 3");
	case_column(&c, "ts", mill_type_timestamp(false), "- 3");
	CU_ASSERT_EQUAL(case_run(&c,
	                         "{\"d\": {\"dtype\": \"int64\", \"columns\": ["
	                         "{\"column\": \"i\", \"do\": {\"impute_constant\": \"9007199254740993\"}},"
	                         "{\"column\": \"day\", \"do\": {\"impute_constant\": \"1970-02-01\"}},"
	                         "{\"column\": \"ts\", \"do\": {\"impute_constant\": \"1970-01-01 00:00:01.5\"}}]},"
	                         " \"u\": {\"dtype\": \"uint64\", \"column\": \"u\", \"do\": {\"impute_constant\": "
	                         "\"18446744073709551615\"}}}",
	                         NULL),
	                MILL_OK);
	const int64_t *x = (const int64_t *)(const void *)c.blocks[0].elements->data;
	CU_ASSERT(x[0] == 9007199254740993 && x[1] == 31 && x[2] == 1500000);
	CU_ASSERT(x[3] == 9007199254740995 && x[4] == 3 && x[5] == 3);
	CU_ASSERT_EQUAL(((const uint64_t *)(const void *)c.blocks[1].elements->data)[0], UINT64_MAX);
	case_end(&c);
}

/* Integers and decimals go to float32 with one rounding, not by way of float64. */
static void rounds_once(void)
{
	features_case c;
	case_start(&c);
	/* 2^54 + 2^30 + 1 is above the middle of two float32; as float64 it would be that middle, and go to even. */
	case_column(&c, "i", I64, "18014399583223809");
	case_column(&c, "d", mill_type_decimal(20, 1), "180143995832238090");
	CU_ASSERT_EQUAL(case_run(&c, "{\"d\": {\"dtype\": \"float32\", \"columns\": [\"i\", \"d\"]}}", NULL), MILL_OK);
	const float *x = (const float *)(const void *)c.blocks[0].elements->data;
	CU_ASSERT_EQUAL(x[0], 0x1.000002p54F);
	CU_ASSERT_EQUAL(x[1], 0x1.000002p54F);
	case_end(&c);
}

/* The same text as values and as codes of a dictionary. */
static void follows_dictionaries(void)
{
	features_case c;
	case_start(&c);
	case_column(&c, "plain", TEXT, "b a b - c a longer-than-eight b");
	case_column(&c, "values", TEXT, "c unused b longer-than-eight a");
	static const int32_t codes[] = {2, 4, 2, 0, 0, 4, 3, 2};
	mill_column coded, *dictionary;
	CU_ASSERT_FATAL(mill_column_new(&c.mem, mill_type_of(MILL_TYPE_INT32), 8, 0, &coded, NULL) == MILL_OK);
	memcpy(coded.values, codes, sizeof codes);
	CU_ASSERT_FATAL(mill_column_add_validity(&c.mem, &coded, NULL) == MILL_OK);
	mill_bit_clear(coded.validity, 3);
	coded.null_count = 1;
	c.count--; /* the values become the dictionary */
	CU_ASSERT_FATAL(mill_dictionary_new(&c.mem, &c.columns[1], &dictionary, NULL) == MILL_OK);
	coded.type = TEXT;
	coded.dictionary = dictionary;
	c.columns[1] = coded;
	c.fields[1] = (mill_field){"coded", TEXT, true};
	c.count++;
	static const char *const steps[] = {
	    "\"vocabulary\"",
	    "{\"vocabulary\": {\"min_count\": 2, \"oov_buckets\": 7}}",
	    "{\"hash\": 1000}",
	    "\"one_hot\"",
	    "{\"impute_constant\": \"c\"}, \"vocabulary\"",
	    "{\"impute_constant\": \"new\"}, {\"vocabulary\": {\"min_count\": 2, \"oov_buckets\": 100}}",
	    "\"impute_most_frequent\", \"one_hot\"",
	};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		char json[512];
		snprintf(json, sizeof json,
		         "{\"p\": {\"dtype\": \"int64\", \"columns\": [\"plain\"], \"do\": [%s]},"
		         " \"c\": {\"dtype\": \"int64\", \"columns\": [\"coded\"], \"do\": [%s]}}",
		         steps[i], steps[i]);
		CU_ASSERT_EQUAL_FATAL(case_run(&c, json, "[\"coded\"]"), MILL_OK);
		CU_ASSERT_EQUAL_FATAL(c.blocks[0].spec->width, c.blocks[1].spec->width);
		CU_ASSERT_EQUAL(memcmp(c.blocks[0].elements->data, c.blocks[1].elements->data,
		                       (size_t)(8 * 8 * c.blocks[0].spec->width)),
		                0);
	}
	case_end(&c);
}

/* Text of every length around 8 at the very end of its buffer: 64 bytes in all; and no text at all. */
static void reads_text_to_its_end(void)
{
	features_case c;
	case_start(&c);
	case_column(&c, "t", TEXT, "aaaaaaaaaaaaaaa bbbbbbbbb cccccccc ddddddd eeeeee fffff gggg hhh iiiii jj");
	case_column(&c, "none", TEXT, "'' '' - '' '' '' '' '' '' ''");
	CU_ASSERT_EQUAL(c.columns[0].offsets[10], 64);
	CU_ASSERT_EQUAL(case_run(&c,
	                         "{\"v\": {\"dtype\": \"float64\", \"columns\": [\"t\", \"none\"], \"do\": "
	                         "[\"vocabulary\"]}}",
	                         NULL),
	                MILL_OK);
	CASE_F64(&c, 0, 2, 2, 3, 2, 4, 0, 5, 2, 6, 2, 7, 2, 8, 2, 9, 2, 10, 2, 11, 2);
	case_end(&c);
}

static void shares_a_vocabulary(void)
{
	features_case c;
	case_start(&c);
	case_column(&c, "from", TEXT, "a b -");
	case_column(&c, "to", TEXT, "c b b");
	CU_ASSERT_EQUAL(
	    case_run(&c,
	             "{\"v\": {\"dtype\": \"float64\", \"columns\": [\"{from,to}\"], \"share\": true, \"do\": "
	             "[\"vocabulary\"]},"
	             " \"w\": {\"dtype\": \"float64\", \"columns\": [{\"columns\": [\"from\", \"to\"], \"as\": "
	             "\"x{1..2}\", \"share\": true, \"do\": [\"vocabulary\"]}, \"to\"], \"do\": [\"vocabulary\"]}}",
	             NULL),
	    MILL_OK);
	/* b 3, a 1, c 1 over both columns; in `to` alone b 2, c 1 */
	CASE_F64(&c, 0, 3, 4, 2, 2, 0, 2);
	CASE_F64(&c, 1, 3, 4, 3, 2, 2, 2, 0, 2, 2);
	CU_ASSERT_STRING_EQUAL(c.blocks[1].spec->features[1], "x2");
	case_end(&c);
}

/* A vocabulary that passes 100,000 entries, read back from its side file. */
static void writes_large_vocabularies(void)
{
	features_case c;
	mill_builder b;
	mill_bytes json, file;
	char folder[] = "/tmp/rankmill-features-XXXXXX", path[128], text[32];
	const int count = 100001;
	case_start(&c);
	CU_ASSERT_FATAL(mkdtemp(folder) != NULL);
	mill_builder_init(&b, &c.mem, TEXT);
	for (int i = 0; i < count; i++) {
		/* "value-00000" … in an order of their own, to be sorted by bytes */
		int size =
		    snprintf(text, sizeof text, i % 2 ? "value-%06d" : "v%06d", (int)((int64_t)i * 7919 % count));
		CU_ASSERT_FATAL(mill_builder_text(&b, text, (size_t)size) == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_builder_finish(&b, &c.columns[0], NULL) == MILL_OK);
	c.fields[0] = (mill_field){"t", TEXT, true};
	c.count = 1;
	CU_ASSERT_EQUAL_FATAL(
	    case_run(&c, "{\"v\": {\"dtype\": \"int32\", \"column\": \"t\", \"do\": [\"vocabulary\"]}}", NULL),
	    MILL_OK);
	CU_ASSERT_EQUAL(c.blocks[0].spec->cardinalities[0], count + 2);
	mill_storage storage;
	mill_storage_init(&storage, &c.mem);
	mill_bytes_init(&json, &c.mem);
	mill_bytes_init(&file, &c.mem);
	CU_ASSERT_EQUAL(mill_features_write_fitted(c.features, &storage, folder, &json, &c.err), MILL_OK);
	CU_ASSERT(mill_bytes_terminate(&json) == MILL_OK);
	CU_ASSERT(strstr((const char *)json.data, "\"values_file\": \"fitted/values-0-0-0.bin\"") != NULL);
	snprintf(path, sizeof path, "%s/fitted/values-0-0-0.bin", folder);
	CU_ASSERT_FATAL(mill_storage_read_all(&storage, path, &file, &c.err) == MILL_OK);
	const int32_t *ids = (const int32_t *)(const void *)c.blocks[0].elements->data;
	uint64_t n, ends[2];
	memcpy(&n, file.data + 16, 8);
	CU_ASSERT(memcmp(file.data, "MILLVOC1", 8) == 0 && n == (uint64_t)count);
	const uint8_t *bytes = file.data + 24 + 8 * (n + 1);
	for (int i = 0; i < count; i++) {
		int32_t length;
		const char *want = mill_column_text(&c.columns[0], i, &length);
		memcpy(ends, file.data + 24 + 8 * (ids[i] - 2), sizeof ends);
		if (ends[1] - ends[0] != (uint64_t)length || memcmp(bytes + ends[0], want, (size_t)length) != 0) {
			CU_FAIL("an id leads to another value");
			break;
		}
	}
	for (uint64_t i = 1; i < n; i++) { /* each once: by bytes */
		uint64_t three[3];
		memcpy(three, file.data + 24 + 8 * (i - 1), sizeof three);
		size_t first = (size_t)(three[1] - three[0]), second = (size_t)(three[2] - three[1]);
		if (memcmp(bytes + three[0], bytes + three[1], first < second ? first : second) >= 0) {
			CU_FAIL("not in order");
			break;
		}
	}
	CU_ASSERT(mill_path_remove_tree(folder, NULL) == MILL_OK);
	mill_bytes_release(&json);
	mill_bytes_release(&file);
	case_end(&c);
}

/* Sorting against memcmp: long equal starts, zeros, ends inside a chunk. */
static void sorts_hard_text(void)
{
	features_case c;
	mill_builder b;
	char text[700];
	uint64_t state = 42;
	const int count = 3000;
	case_start(&c);
	mill_builder_init(&b, &c.mem, TEXT);
	for (int i = 0; i < count; i++) {
		state = state * 6364136223846793005U + 1442695040888963407U;
		size_t start = (state >> 33) % 5 == 0 ? 600 : (state >> 40) % 24, end = (state >> 50) % 5;
		memset(text, 'x', start);
		for (size_t k = 0; k < end; k++)
			text[start + k] = "\0ab"[(state >> (3 * k)) % 3];
		CU_ASSERT_FATAL(mill_builder_text(&b, text, start + end) == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_builder_finish(&b, &c.columns[0], NULL) == MILL_OK);
	c.fields[0] = (mill_field){"t", TEXT, true};
	c.count = 1;
	CU_ASSERT_EQUAL_FATAL(
	    case_run(&c, "{\"v\": {\"dtype\": \"uint8\", \"columns\": [\"t\"], \"do\": [\"one_hot\"]}}", NULL),
	    MILL_OK);
	int64_t width = c.blocks[0].spec->width;
	int32_t *row_of = mill_mem_calloc(&c.mem, (size_t)width, sizeof *row_of);
	for (int r = 0; r < count; r++)
		for (int64_t f = 0; f < width; f++)
			if (c.blocks[0].elements->data[r * width + f] == 1)
				row_of[f] = r;
	for (int64_t f = 1; f < width; f++) {
		int32_t x_bytes, y_bytes;
		const char *x = mill_column_text(&c.columns[0], row_of[f - 1], &x_bytes);
		const char *y = mill_column_text(&c.columns[0], row_of[f], &y_bytes);
		int by_bytes = memcmp(x, y, (size_t)(x_bytes < y_bytes ? x_bytes : y_bytes));
		if (by_bytes > 0 || (by_bytes == 0 && x_bytes >= y_bytes)) {
			CU_FAIL("not in order");
			break;
		}
	}
	mill_mem_free(row_of);
	case_end(&c);
}

static void survives_failing_allocations(void)
{
	static const char *const tensors =
	    "{\"z\": {\"dtype\": \"float32\", \"columns\": [\"a\", \"b\"], \"do\": [{\"impute_mean\": {\"indicator\": "
	    "true}}, \"standardize\"]},"
	    " \"q\": {\"dtype\": \"float64\", \"column\": \"a\", \"do\": [\"impute_median\", {\"bucketize\": "
	    "{\"bins\": 3, "
	    "\"quantile\": true}}]},"
	    " \"v\": {\"dtype\": \"int32\", \"columns\": [\"{t,t}\"], \"share\": true, \"do\": "
	    "[\"impute_most_frequent\", "
	    "\"vocabulary\"]},"
	    " \"o\": {\"dtype\": \"int32\", \"columns\": [{\"column\": \"t\", \"as\": \"u\"}], \"do\": "
	    "[{\"impute_constant\": "
	    "\"x\"}, \"one_hot\"]}}";
	char fixed[1024];
	snprintf(fixed, sizeof fixed, "%s", tensors);
	memcpy(strstr(fixed, "{t,t}"), "{t,w}", 5);
	bool finished = false;
	for (int64_t nth = 1; !finished && nth < 2000; nth++) {
		features_case c;
		mill_bytes json;
		mill_storage storage;
		case_start(&c);
		mill_storage_init(&storage, &c.mem);
		case_column(&c, "a", F64, "1 - 3 4.5");
		case_column(&c, "b", I64, "1 2 - 4");
		case_column(&c, "t", TEXT, "x much-longer-text - x");
		case_column(&c, "w", TEXT, "y z - even-longer-text");
		mill_bytes_init(&json, &c.mem);
		c.mem.fail_at = c.mem.allocation_count + nth;
		mill_status status = case_run(&c, fixed, "[\"t\"]");
		if (status == MILL_OK)
			status = mill_features_write_fitted(c.features, &storage, "/nowhere", &json, &c.err);
		finished = c.mem.allocation_count < c.mem.fail_at;
		/* Growing buffers ask for less when they get no more than they need: OK is fine too. */
		if (status != MILL_OK && status != MILL_NOMEM)
			printf("    allocation %lld: %s: %s\n", (long long)nth, mill_status_name(status),
			       c.err.message);
		CU_ASSERT(status == MILL_OK || (status == MILL_NOMEM && !finished));
		c.mem.fail_at = 0;
		mill_bytes_release(&json);
		case_end(&c);
	}
	CU_ASSERT(finished);
}

/* 0 … 99,999 in another order: the quantile at i/bins of n values is (n − 1)·i/bins. */
static void finds_many_quantiles(void)
{
	features_case c;
	mill_builder b;
	const int count = 100000, bins = 10000;
	case_start(&c);
	mill_builder_init(&b, &c.mem, F64);
	for (int i = 0; i < count; i++)
		CU_ASSERT_FATAL(mill_builder_f64(&b, (double)((int64_t)i * 7919 % count) / 1024) == MILL_OK);
	CU_ASSERT_FATAL(mill_builder_finish(&b, &c.columns[0], NULL) == MILL_OK);
	c.fields[0] = (mill_field){"x", F64, true};
	c.count = 1;
	CU_ASSERT_EQUAL_FATAL(case_run(&c,
	                               "{\"v\": {\"dtype\": \"int32\", \"column\": \"x\", \"do\": "
	                               "[{\"bucketize\": {\"bins\": 10000, \"quantile\": true}}]}}",
	                               NULL),
	                      MILL_OK);
	CU_ASSERT_EQUAL(c.blocks[0].spec->cardinalities[0], bins);
	const int32_t *ids = (const int32_t *)(const void *)c.blocks[0].elements->data;
	int wrong = 0;
	for (int r = 0; r < count; r++) {
		int64_t x = (int64_t)r * 7919 % count, id = 0;
		/* the number of i in 1 … bins − 1 with (count − 1)·i ≤ x·bins */
		id = mill_min_i64(x * bins / (count - 1), bins - 1);
		wrong += ids[r] != id;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	case_end(&c);
}

static const unit_case cases[] = {
    {"passes_through", passes_through},
    {"fits_numbers", fits_numbers},
    {"fits_values", fits_values},
    {"refuses_wrong_blocks", refuses_wrong_blocks},
    {"refuses_rows", refuses_rows},
    {"keeps_integers_exact", keeps_integers_exact},
    {"takes_floats_to_integers", takes_floats_to_integers},
    {"keeps_wide_constants", keeps_wide_constants},
    {"rounds_once", rounds_once},
    {"follows_dictionaries", follows_dictionaries},
    {"reads_text_to_its_end", reads_text_to_its_end},
    {"shares_a_vocabulary", shares_a_vocabulary},
    {"writes_large_vocabularies", writes_large_vocabularies},
    {"sorts_hard_text", sorts_hard_text},
    {"finds_many_quantiles", finds_many_quantiles},
    {"survives_failing_allocations", survives_failing_allocations},
};

UNIT_MAIN("features", cases)
