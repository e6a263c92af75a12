/* Sizes and durations as people write them, against figures worked out with exact fractions by another program. */
#include "base/json.h"
#include "base/units.h"
#include "unit.h"

#include <string.h>

typedef struct size_row {
	const char *text;
	int64_t value_bytes;
} size_row;

/* floor(Fraction(number) * unit) in Python. */
static const size_row size_rows[] = {
    {"3", 3},
    {"1.5 ", 1},
    {"3B", 3},
    {"1.5 B", 1},
    {"3b", 3},
    {"1.5 b", 1},
    {"3K", 3072},
    {"1.5 K", 1536},
    {"3k", 3072},
    {"1.5 k", 1536},
    {"3KiB", 3072},
    {"1.5 KiB", 1536},
    {"3kib", 3072},
    {"1.5 kib", 1536},
    {"3KIB", 3072},
    {"1.5 KIB", 1536},
    {"3kB", 3000},
    {"1.5 kB", 1500},
    {"3KB", 3000},
    {"1.5 KB", 1500},
    {"3kb", 3000},
    {"1.5 kb", 1500},
    {"3Kb", 3000},
    {"1.5 Kb", 1500},
    {"3M", 3145728},
    {"1.5 M", 1572864},
    {"3m", 3145728},
    {"1.5 m", 1572864},
    {"3MiB", 3145728},
    {"1.5 MiB", 1572864},
    {"3mib", 3145728},
    {"1.5 mib", 1572864},
    {"3MIB", 3145728},
    {"1.5 MIB", 1572864},
    {"3MB", 3000000},
    {"1.5 MB", 1500000},
    {"3mb", 3000000},
    {"1.5 mb", 1500000},
    {"3Mb", 3000000},
    {"1.5 Mb", 1500000},
    {"3G", INT64_C(3221225472)},
    {"1.5 G", 1610612736},
    {"3g", INT64_C(3221225472)},
    {"1.5 g", 1610612736},
    {"3GiB", INT64_C(3221225472)},
    {"1.5 GiB", 1610612736},
    {"3gib", INT64_C(3221225472)},
    {"1.5 gib", 1610612736},
    {"3GIB", INT64_C(3221225472)},
    {"1.5 GIB", 1610612736},
    {"3GB", INT64_C(3000000000)},
    {"1.5 GB", 1500000000},
    {"3gb", INT64_C(3000000000)},
    {"1.5 gb", 1500000000},
    {"3Gb", INT64_C(3000000000)},
    {"1.5 Gb", 1500000000},
    {"3T", INT64_C(3298534883328)},
    {"1.5 T", INT64_C(1649267441664)},
    {"3t", INT64_C(3298534883328)},
    {"1.5 t", INT64_C(1649267441664)},
    {"3TiB", INT64_C(3298534883328)},
    {"1.5 TiB", INT64_C(1649267441664)},
    {"3tib", INT64_C(3298534883328)},
    {"1.5 tib", INT64_C(1649267441664)},
    {"3TIB", INT64_C(3298534883328)},
    {"1.5 TIB", INT64_C(1649267441664)},
    {"3TB", INT64_C(3000000000000)},
    {"1.5 TB", INT64_C(1500000000000)},
    {"3tb", INT64_C(3000000000000)},
    {"1.5 tb", INT64_C(1500000000000)},
    {"3Tb", INT64_C(3000000000000)},
    {"1.5 Tb", INT64_C(1500000000000)},
    {" \t7 MiB ", 7340032},
    {".5k", 512},
    {"5.k", 5120},
    {"0.001MB", 1000},
    {"0.0009765625K", 1},
    {"0.000976562499K", 0},
    {"1.999999B", 1},
    {"8388607.999999999999T", INT64_C(9223372036854775806)},
    {"9223372.036854775807TB", INT64_C(9223372036854775807)},
    {"9223372036854775807", INT64_C(9223372036854775807)},
    {"0", 0},
    {"0.0 GB", 0},
    {"000012K", 12288},
    {"0.333333333333333333T", INT64_C(366503875925)},
    {"1.50000000000000000000000000000G", 1610612736},
    {"2.7182818284MB", 2718281},
    {"0.123456789GiB", 132560717},
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What is no size, with the message that says so. */
typedef struct refused_row {
	const char *text;
	const char *message;
} refused_row;

#define HOW   "; write \"4G\", \"512 MiB\", \"1.5 GB\" or a number of bytes"
#define UNITS "; K M G T and KiB MiB GiB TiB are powers of 1,024, kB MB GB TB powers of 1,000"

static const refused_row refused_rows[] = {
    {"", "\"\" is not a size" HOW},
    {" ", "\" \" is not a size" HOW},
    {"lots", "\"lots\" is not a size" HOW},
    {"G", "\"G\" is not a size" HOW},
    {".", "\".\" is not a size" HOW},
    {".G", "\".G\" is not a size" HOW},
    {"-1", "\"-1\" is not a size" HOW},
    {"+1", "\"+1\" is not a size" HOW},
    {"nan", "\"nan\" is not a size" HOW},
    {"inf", "\"inf\" is not a size" HOW},
    {"0x10", "\"0x10\" is not a size: there is no unit \"x10\"" UNITS},
    {"1e9", "\"1e9\" is not a size: there is no unit \"e9\"" UNITS},
    {"1,024", "\"1,024\" is not a size: there is no unit \",024\"" UNITS},
    {"1.2.3", "\"1.2.3\" is not a size: there is no unit \".3\"" UNITS},
    {"4 GX", "\"4 GX\" is not a size: there is no unit \"GX\"" UNITS},
    {"4 G B ", "\"4 G B \" is not a size: there is no unit \"G B\"" UNITS},
    {"4 Gi", "\"4 Gi\" is not a size: there is no unit \"Gi\"" UNITS},
    {"4 bytes", "\"4 bytes\" is not a size: there is no unit \"bytes\"" UNITS},
    {"1P", "\"1P\" is not a size: there is no unit \"P\"" UNITS},
    {"8388608T", "\"8388608T\" is too large a size; the most is 8.0 EiB"},
    {"9223372036854775807T", "\"9223372036854775807T\" is too large a size; the most is 8.0 EiB"},
    {"9223372036854775808", "\"9223372036854775808\" has too many digits for a size"},
    {"0.1234567890123456789G", "\"0.1234567890123456789G\" has too many digits for a size"},
};

static void sizes(void)
{
	for (size_t i = 0; i < COUNT(size_rows); i++) {
		int64_t value = -1;
		mill_error err = {0};
		CU_ASSERT_EQUAL(mill_parse_size(size_rows[i].text, 0, INT64_MAX, &value, &err), MILL_OK);
		CU_ASSERT_EQUAL(value, size_rows[i].value_bytes);
		if (value != size_rows[i].value_bytes)
			printf("    \"%s\" was read as %lld: %s\n", size_rows[i].text, (long long)value, err.message);
	}
}

static void refused_sizes(void)
{
	for (size_t i = 0; i < COUNT(refused_rows); i++) {
		int64_t value = -1;
		mill_error err = {0};
		CU_ASSERT_EQUAL(mill_parse_size(refused_rows[i].text, 0, INT64_MAX, &value, &err), MILL_USAGE);
		CU_ASSERT_EQUAL(value, -1);
		CU_ASSERT_STRING_EQUAL(err.message, refused_rows[i].message);
	}
}

static void limits(void)
{
	int64_t value = -1;
	mill_error err = {0};
	CU_ASSERT_EQUAL(mill_parse_size("0", 1, INT64_MAX, &value, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "\"0\" is too small a size; the least is 1 B");
	CU_ASSERT_EQUAL(mill_parse_size("0.0000001K", 1, INT64_MAX, &value, &err), MILL_USAGE);
	CU_ASSERT_EQUAL(mill_parse_size("1 KiB", 1025, INT64_MAX, &value, &err), MILL_USAGE);
	CU_ASSERT_EQUAL(mill_parse_size("1 KiB", 1, 1023, &value, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "\"1 KiB\" is too large a size; the most is 1023 B");
	CU_ASSERT_EQUAL(value, -1);
	CU_ASSERT_EQUAL(mill_parse_size("1 KiB", 1024, 1024, &value, &err), MILL_OK);
	CU_ASSERT_EQUAL(value, 1024);
}

/* In a job file: a number, or a text, refused with the place. */
static mill_status read_json_size(const char *json, int64_t *out, mill_error *err)
{
	mill_mem mem;
	mill_arena arena;
	mill_json *root = NULL;
	mill_mem_init(&mem, INT64_MAX);
	mill_arena_init(&arena, &mem);
	CU_ASSERT_EQUAL_FATAL(mill_json_parse(json, strlen(json), "j.json", &arena, &root, err), MILL_OK);
	mill_status status = mill_json_size(mill_json_get(root, "s"), 1, (int64_t)1 << 40, out, err);
	mill_arena_release(&arena);
	return status;
}

static void sizes_in_json(void)
{
	int64_t value = -1;
	mill_error err = {0};
	CU_ASSERT_EQUAL(read_json_size("{\"s\":4096}", &value, &err), MILL_OK);
	CU_ASSERT_EQUAL(value, 4096);
	CU_ASSERT_EQUAL(read_json_size("{\"s\":\"4GB\"}", &value, &err), MILL_OK);
	CU_ASSERT_EQUAL(value, 4000000000);
	CU_ASSERT_EQUAL(read_json_size("{\"s\":\"4G\"}", &value, &err), MILL_OK);
	CU_ASSERT_EQUAL(value, 4294967296);
	CU_ASSERT_EQUAL(read_json_size("{\"s\":\"many\"}", &value, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "j.json: /s: \"many\" is not a size" HOW);
	CU_ASSERT_EQUAL(read_json_size("{\"s\":\"0G\"}", &value, &err), MILL_USAGE);
	CU_ASSERT_EQUAL(read_json_size("{\"s\":\"2T\"}", &value, &err), MILL_USAGE);
	CU_ASSERT_EQUAL(read_json_size("{\"s\":0}", &value, &err), MILL_USAGE);
	CU_ASSERT_EQUAL(read_json_size("{\"s\":1.5}", &value, &err), MILL_USAGE);
	CU_ASSERT_EQUAL(read_json_size("{\"s\":true}", &value, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "j.json: /s: expected a size, found true or false");
	CU_ASSERT_EQUAL(value, 4294967296);
}

static int64_t duration(const char *text)
{
	int64_t ns = -1;
	mill_error err = {0};
	return mill_parse_duration(text, 0, INT64_MAX, &ns, &err) == MILL_OK ? ns : -1;
}

static void durations(void)
{
	CU_ASSERT_EQUAL(duration("120s"), 120000000000);
	CU_ASSERT_EQUAL(duration("1.5"), 1500000000);
	CU_ASSERT_EQUAL(duration("7 ns"), 7);
	CU_ASSERT_EQUAL(duration("7us"), 7000);
	CU_ASSERT_EQUAL(duration("0.5 ms"), 500000);
	CU_ASSERT_EQUAL(duration("5 min"), INT64_C(300000000000));
	CU_ASSERT_EQUAL(duration("5m"), INT64_C(300000000000));
	CU_ASSERT_EQUAL(duration("2 Hours"), INT64_C(7200000000000));
	CU_ASSERT_EQUAL(duration("30 days"), INT64_C(2592000000000000));
	CU_ASSERT_EQUAL(duration("soon"), -1);
	CU_ASSERT_EQUAL(duration("-1s"), -1);
	CU_ASSERT_EQUAL(duration("1 week"), -1);
	CU_ASSERT_EQUAL(duration("1000000 days"), -1);
	int64_t ns = -1;
	mill_error err = {0};
	CU_ASSERT_EQUAL(mill_parse_duration("soon", 0, INT64_MAX, &ns, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "\"soon\" is not a duration; write \"120s\", \"5 min\" or \"30 days\"");
	CU_ASSERT_EQUAL(mill_parse_duration("0s", 1, INT64_MAX, &ns, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "\"0s\" is too short a duration; the least is 1e-09 s");
	CU_ASSERT_EQUAL(mill_parse_duration("3 h", 1, 7200 * INT64_C(1000000000), &ns, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "\"3 h\" is too long a duration; the most is 7200 s");
	CU_ASSERT_EQUAL(ns, -1);
}

static void size_texts(void)
{
	char text[MILL_SIZE_TEXT_BYTES];
	CU_ASSERT_STRING_EQUAL(mill_size_text(0, text), "0 B");
	CU_ASSERT_STRING_EQUAL(mill_size_text(512, text), "512 B");
	CU_ASSERT_STRING_EQUAL(mill_size_text(1536, text), "1.5 KiB");
	CU_ASSERT_STRING_EQUAL(mill_size_text((int64_t)300 << 20, text), "300 MiB");
	CU_ASSERT_STRING_EQUAL(mill_size_text(INT64_MAX, text), "8.0 EiB");
}

static const unit_case cases[] = {
    {"sizes", sizes},         {"refused_sizes", refused_sizes}, {"limits", limits}, {"sizes_in_json", sizes_in_json},
    {"durations", durations}, {"size_texts", size_texts},
};
UNIT_MAIN("units", cases)
