#include "base/wide.h"
#include "column/type.h"
#include "unit.h"
#include <string.h>

static void check_name(const char *text, const char *expected)
{
	mill_type type;
	mill_error err = {0};
	char out[MILL_TYPE_TEXT_BYTES];
	if (mill_type_parse(text, &type, &err) != MILL_OK) {
		printf("%s: %s\n", text, err.message);
		CU_FAIL("does not parse");
		return;
	}
	if (strcmp(mill_type_text(type, out), expected) != 0) {
		printf("%s gives %s, expected %s\n", text, out, expected);
		CU_FAIL("other type");
	}
}

static void test_names(void)
{
	static const char *const names[][2] = {{"int", "int32"},
	                                       {"INTEGER", "int32"},
	                                       {"int2", "int16"},
	                                       {"int4", "int32"},
	                                       {"int8", "int8"},
	                                       {"smallint", "int16"},
	                                       {"BigInt", "int64"},
	                                       {"tinyint", "int8"},
	                                       {"byte", "int8"},
	                                       {"short", "int16"},
	                                       {"long", "int64"},
	                                       {"uint8", "uint8"},
	                                       {"uint64", "uint64"},
	                                       {"real", "float32"},
	                                       {"float4", "float32"},
	                                       {"float8", "float64"},
	                                       {"double precision", "float64"},
	                                       {" Double   Precision ", "float64"},
	                                       {"double", "float64"},
	                                       {"float", "float64"},
	                                       {"float(24)", "float32"},
	                                       {"float(25)", "float64"},
	                                       {"float32", "float32"},
	                                       {"numeric(10, 2)", "decimal(10,2)"},
	                                       {"decimal(38)", "decimal(38,0)"},
	                                       {"DECIMAL( 5 ,5 )", "decimal(5,5)"},
	                                       {"decimal", "decimal(38,16)"},
	                                       {"decimal128(9,3)", "decimal(9,3)"},
	                                       {"varchar", "string"},
	                                       {"varchar(20)", "string"},
	                                       {"character varying (20)", "string"},
	                                       {"char(3)", "string"},
	                                       {"text", "string"},
	                                       {"string", "string"},
	                                       {"utf8", "string"},
	                                       {"large_utf8", "string"},
	                                       {"bytea", "binary"},
	                                       {"blob", "binary"},
	                                       {"binary", "binary"},
	                                       {"bool", "bool"},
	                                       {"boolean", "bool"},
	                                       {"date", "date"},
	                                       {"date32", "date"},
	                                       {"date32[day]", "date"},
	                                       {"timestamp", "timestamp"},
	                                       {"timestamp without time zone", "timestamp"},
	                                       {"TIMESTAMP WITH TIME ZONE", "timestamp with time zone"},
	                                       {"timestamp(6) with time zone", "timestamp with time zone"},
	                                       {"timestamptz", "timestamp with time zone"},
	                                       {"timestamp[us]", "timestamp"},
	                                       {"timestamp[us, UTC]", "timestamp with time zone"},
	                                       {"timestamp[us, tz=UTC]", "timestamp with time zone"},
	                                       {"timestamp_ntz", "timestamp"},
	                                       {"interval", "interval"}};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_name(names[i][0], names[i][1]);
}

/* What the traits must say, from the layout that column.h, Arrow's specification and definitions.md give. */
typedef struct expected_traits {
	mill_type_id id;
	size_t value_bytes;
	const char *arrow;
	const char
	    *classes; /* s signed, u unsigned, f float, n numeric, t text, d time, x nested, o ordered, e exact */
	int64_t least, most; /* of integers, dates and timestamps */
} expected_traits;

static const expected_traits expected[] = {
    {MILL_TYPE_NULL, 0, "n", "oe", 0, 0},
    {MILL_TYPE_BOOL, 0, "b", "oe", 0, 0},
    {MILL_TYPE_INT8, sizeof(int8_t), "c", "snoe", INT8_MIN, INT8_MAX},
    {MILL_TYPE_INT16, sizeof(int16_t), "s", "snoe", INT16_MIN, INT16_MAX},
    {MILL_TYPE_INT32, sizeof(int32_t), "i", "snoe", INT32_MIN, INT32_MAX},
    {MILL_TYPE_INT64, sizeof(int64_t), "l", "snoe", INT64_MIN, INT64_MAX},
    {MILL_TYPE_UINT8, sizeof(uint8_t), "C", "unoe", 0, UINT8_MAX},
    {MILL_TYPE_UINT16, sizeof(uint16_t), "S", "unoe", 0, UINT16_MAX},
    {MILL_TYPE_UINT32, sizeof(uint32_t), "I", "unoe", 0, UINT32_MAX},
    {MILL_TYPE_UINT64, sizeof(uint64_t), "L", "unoe", 0, INT64_MAX},
    {MILL_TYPE_FLOAT32, sizeof(float), "f", "fno", 0, 0},
    {MILL_TYPE_FLOAT64, sizeof(double), "g", "fno", 0, 0},
    {MILL_TYPE_DECIMAL, sizeof(mill_i128), "d:", "noe", 0, 0},
    {MILL_TYPE_STRING, 0, "u", "toe", 0, 0},
    {MILL_TYPE_BINARY, 0, "z", "toe", 0, 0},
    {MILL_TYPE_DATE, sizeof(int32_t), "tdD", "doe", INT32_MIN, INT32_MAX},
    {MILL_TYPE_TIMESTAMP, sizeof(int64_t), "tsu:", "doe", INT64_MIN, INT64_MAX},
    {MILL_TYPE_INTERVAL, sizeof(mill_interval), "tin", "oe", 0, 0},
    {MILL_TYPE_LIST, 0, NULL, "xe", 0, 0},
    {MILL_TYPE_STRUCT, 0, NULL, "xe", 0, 0},
};

static bool has_class(const expected_traits *e, char class)
{
	return strchr(e->classes, class) != NULL;
}

static int digits_of(uint64_t value)
{
	int digits = 1;
	for (; value >= 10; value /= 10)
		digits++;
	return digits;
}

static void check_traits(const expected_traits *e)
{
	mill_type type = mill_type_of(e->id);
	const mill_type_traits *traits = mill_traits_of(type);
	bool is_integer = has_class(e, 's') || has_class(e, 'u');
	uint64_t most = e->id == MILL_TYPE_UINT64 ? UINT64_MAX : (uint64_t)e->most;
	CU_ASSERT_EQUAL(mill_type_width_bytes(type), e->value_bytes);
	CU_ASSERT(e->arrow == NULL ? traits->arrow_format == NULL : strcmp(e->arrow, traits->arrow_format) == 0);
	CU_ASSERT_EQUAL(mill_type_is_signed(type), has_class(e, 's'));
	CU_ASSERT_EQUAL(mill_type_is_unsigned(type), has_class(e, 'u'));
	CU_ASSERT_EQUAL(mill_type_is_integer(type), is_integer);
	CU_ASSERT_EQUAL(mill_type_is_float(type), has_class(e, 'f'));
	CU_ASSERT_EQUAL(mill_type_is_numeric(type), has_class(e, 'n'));
	CU_ASSERT_EQUAL(mill_type_is_text(type), has_class(e, 't'));
	CU_ASSERT_EQUAL(mill_type_is_time(type), has_class(e, 'd'));
	CU_ASSERT_EQUAL(mill_type_is_nested(type), has_class(e, 'x'));
	CU_ASSERT_EQUAL(traits->is_ordered, has_class(e, 'o'));
	CU_ASSERT_EQUAL(traits->is_exact, has_class(e, 'e'));
	CU_ASSERT_EQUAL(traits->integer_digits, is_integer ? digits_of(most) : 0);
	CU_ASSERT_EQUAL(mill_type_values_bytes(type, 65), e->id == MILL_TYPE_BOOL ? 16 : 65 * e->value_bytes);
	if (is_integer || has_class(e, 'd')) {
		int64_t least, largest;
		mill_type_limits(type, &least, &largest);
		CU_ASSERT(least == e->least && largest == e->most);
	}
}

static void test_traits(void)
{
	size_t count = sizeof expected / sizeof expected[0];
	for (size_t i = 0; i < count; i++) {
		CU_ASSERT_EQUAL(expected[i].id, i);
		CU_ASSERT(mill_type_id_is_known((unsigned)i));
		check_traits(&expected[i]);
	}
	for (unsigned number = (unsigned)count; number < 1000; number++)
		CU_ASSERT_FALSE(mill_type_id_is_known(number));
}

static void test_text_parses_back(void)
{
	for (int id = MILL_TYPE_BOOL; id <= MILL_TYPE_INTERVAL; id++) {
		mill_type type = mill_type_of((mill_type_id)id), back;
		char text[MILL_TYPE_TEXT_BYTES];
		if (id == MILL_TYPE_DECIMAL)
			type = mill_type_decimal(38, 38);
		for (int zoned = 0; zoned <= (id == MILL_TYPE_TIMESTAMP); zoned++) {
			type.zoned = zoned != 0;
			CU_ASSERT(mill_type_parse(mill_type_text(type, text), &back, NULL) == MILL_OK);
			CU_ASSERT(mill_type_equal(type, back));
		}
	}
}

static void check_refused(const char *text, mill_status status, const char *part)
{
	mill_type type = mill_type_of(MILL_TYPE_DATE);
	mill_error err = {0};
	CU_ASSERT(mill_type_parse(text, &type, &err) == status);
	CU_ASSERT(type.id == MILL_TYPE_DATE);
	if (strstr(err.message, part) == NULL) {
		printf("%s: %s\n", text, err.message);
		CU_FAIL("message lacks its hint");
	}
}

static void test_refused(void)
{
	check_refused("flaot", MILL_USAGE, "unknown type \"flaot\" (did you mean \"float64\"?)");
	check_refused("strnig", MILL_USAGE, "\"string\"");
	check_refused("timestmap", MILL_USAGE, "\"timestamp\"");
	check_refused("decmal(3,1)", MILL_USAGE, "decimal(p,s)");
	check_refused("decimal(39,1)", MILL_USAGE, "1 to 38");
	check_refused("decimal(0)", MILL_USAGE, "1 to 38");
	check_refused("decimal(3,4)", MILL_USAGE, "scale");
	check_refused("decimal(3,4,5)", MILL_USAGE, "decimal");
	check_refused("decimal(3", MILL_USAGE, "decimal");
	check_refused("decimal(", MILL_USAGE, "decimal");
	check_refused("decimal()", MILL_USAGE, "decimal");
	check_refused("decimal(-1)", MILL_USAGE, "decimal");
	check_refused("decimal(99999999999999999999)", MILL_USAGE, "decimal");
	check_refused("int32(5)", MILL_USAGE, "no argument");
	check_refused("timestamp(3)", MILL_USAGE, "microseconds");
	check_refused("timestamp[ns]", MILL_USAGE, "microseconds");
	check_refused("list<int32>", MILL_NOT_YET, "lists");
	check_refused("int32[]", MILL_NOT_YET, "lists");
	check_refused("", MILL_USAGE, "types are");
	check_refused("   ", MILL_USAGE, "types are");
	check_refused("a very long name of a type that nobody would ever write down in a schema, surely", MILL_USAGE,
	              "types are");
}

static void test_schema_find(void)
{
	mill_field fields[] = {{"Age", mill_type_of(MILL_TYPE_INT32), true},
	                       {"fare", mill_type_of(MILL_TYPE_FLOAT64), true},
	                       {"AGE", mill_type_of(MILL_TYPE_INT32), true},
	                       {"name", mill_type_of(MILL_TYPE_STRING), true}};
	mill_schema schema = {fields, 4};
	CU_ASSERT(mill_schema_find(&schema, "Age") == 0);
	CU_ASSERT(mill_schema_find(&schema, "AGE") == 2);
	CU_ASSERT(mill_schema_find(&schema, "age") == -2);
	CU_ASSERT(mill_schema_find(&schema, "FARE") == 1);
	CU_ASSERT(mill_schema_find(&schema, "far") == -1);
	CU_ASSERT_STRING_EQUAL(mill_schema_suggest(&schema, "fair"), "fare");
	CU_ASSERT(mill_schema_suggest(&schema, "passengers") == NULL);
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	mill_arena arena;
	mill_arena_init(&arena, &mem);
	mill_schema copy;
	CU_ASSERT(mill_schema_copy(&schema, &arena, &copy) == MILL_OK);
	CU_ASSERT(copy.count == 4 && strcmp(copy.fields[3].name, "name") == 0 && copy.fields[3].name != fields[3].name);
	mill_arena_release(&arena);
	CU_ASSERT(mem.used_bytes == 0);
}

static const unit_case cases[] = {{"names", test_names},
                                  {"traits", test_traits},
                                  {"text", test_text_parses_back},
                                  {"refused", test_refused},
                                  {"schema_find", test_schema_find}};
UNIT_MAIN("column_type", cases)
