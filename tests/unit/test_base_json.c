/* JSON in and out. */
#include "base/json.h"
#include "base/json_writer.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static mill_mem mem;
static mill_arena arena;
static mill_error err;

static void begin(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_arena_init(&arena, &mem);
	memset(&err, 0, sizeof err);
}

static void end(void)
{
	mill_arena_release(&arena);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static mill_json *parse(const char *text)
{
	mill_json *root = NULL;
	if (mill_json_parse(text, strlen(text), "x.json", &arena, &root, &err) != MILL_OK)
		return NULL;
	return root;
}

static void values_and_order(void)
{
	begin();
	mill_json *root =
	    parse("{\"b\": [1, -2.50, 1e3, \"x\\u00e9\\ud83d\\ude00\\n\"], // first\n"
	          " \"a\": {\"deep\": null, \"t\": true,}, /* two\nlines */ \"c\": \"9223372036854775807\",}");
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	CU_ASSERT_EQUAL(root->count, 3);
	CU_ASSERT_STRING_EQUAL(root->items[0].key, "b");
	CU_ASSERT_STRING_EQUAL(root->items[1].key, "a");
	const mill_json *b = mill_json_get(root, "b");
	CU_ASSERT_PTR_EQUAL(b, &root->items[0]);
	CU_ASSERT_PTR_NULL(mill_json_get(root, "B"));
	CU_ASSERT_STRING_EQUAL(b->items[1].text, "-2.50");
	CU_ASSERT_EQUAL(b->items[1].number, -2.5);
	CU_ASSERT_STRING_EQUAL(b->items[3].text, "x\xC3\xA9\xF0\x9F\x98\x80\n");
	CU_ASSERT_EQUAL(b->items[3].text_bytes, 8);
	int64_t value = 0;
	CU_ASSERT_EQUAL(mill_json_int(&b->items[2], 0, 5000, &value, &err), MILL_OK);
	CU_ASSERT_EQUAL(value, 1000);
	CU_ASSERT_EQUAL(mill_json_opt_int(root, "c", 0, INT64_MAX, &value, &err), MILL_OK);
	CU_ASSERT_EQUAL(value, INT64_MAX);
	CU_ASSERT_EQUAL(mill_json_opt_int(root, "missing", 0, 1, &value, &err), MILL_OK);
	CU_ASSERT_EQUAL(value, INT64_MAX);
	const mill_json *deep = mill_json_get(mill_json_get(root, "a"), "deep");
	CU_ASSERT_EQUAL(deep->line, 2);
	CU_ASSERT_EQUAL(deep->column, 16);
	CU_ASSERT_EQUAL(mill_json_get(root, "c")->line, 3);
	end();
}

static void pointers(void)
{
	begin();
	mill_json *root = parse("{\"a/b\": {\"~\": [0, {\"x\": 1}]}}");
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	const mill_json *x = &root->items[0].items[0].items[1].items[0];
	char out[MILL_JSON_POINTER_BYTES];
	CU_ASSERT_STRING_EQUAL(mill_json_pointer(x, out), "/a~1b/~0/1/x");
	CU_ASSERT_STRING_EQUAL(mill_json_pointer(root, out), "");
	end();
}

static void refused(const char *text, const char *message)
{
	begin();
	CU_ASSERT_PTR_NULL(parse(text));
	CU_ASSERT_EQUAL(err.status, MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, message);
	if (strcmp(err.message, message) != 0)
		printf("  for %s\n  got %s\n", text, err.message);
	end();
}

static void syntax_errors(void)
{
	refused("", "x.json:1:1: unexpected end of the text");
	refused("{\"a\": 1", "x.json:1:8: unexpected end of the text");
	refused("{\n  \"a\": 1\n  \"b\": 2\n}", "x.json:3:3: expected ',' or '}'");
	refused("[1 2]", "x.json:1:4: expected ',' or ']'");
	refused("[1, 2}", "x.json:1:6: expected ']'");
	refused("{\"a\" 1}", "x.json:1:6: expected ':' after the key");
	refused("{a: 1}", "x.json:1:2: expected a key in double quotes or '}'");
	refused("[,]", "x.json:1:2: expected a value (text is written in double quotes)");
	refused("[1,,2]", "x.json:1:4: expected a value (text is written in double quotes)");
	refused("{,}", "x.json:1:2: expected a key in double quotes or '}'");
	refused("{\"a\": 'x'}", "x.json:1:7: expected a value (text is written in double quotes)");
	refused("[nulls]", "x.json:1:2: expected a value (text is written in double quotes)");
	refused("1 2", "x.json:1:3: text after the end of the document");
	refused("[1] /* open", "x.json:1:5: this comment is not closed");
	refused("[1] / 2", "x.json:1:5: unexpected '/' (a comment starts with // or /*)");
	refused("[\"abc", "x.json:1:2: this string is not closed");
	refused("[\"\xC3\xA9\", \"a\nb\"]",
	        "x.json:1:9: this string is not closed (a line break in it is written \\n)");
	refused("[\"a\tb\"]", "x.json:1:4: a control character in a string is written \\t or \\u00XX");
	refused("[\"\\x41\"]", "x.json:1:3: unknown escape (a backslash itself is written \\\\)");
	refused("[\"\\u12g4\"]", "x.json:1:3: \\u takes four hexadecimal digits");
	refused("[\"\\u0000\"]", "x.json:1:3: the NUL character is not allowed");
	refused("[\"\\ud800x\"]", "x.json:1:3: half a surrogate pair");
	refused("[\"\\udc00\"]", "x.json:1:3: half a surrogate pair");
	refused("[\"a\xFF\"]", "x.json:1:4: invalid UTF-8");
}

static void number_errors(void)
{
	refused("[01]", "x.json:1:2: this is no number (digits, then perhaps .digits and e+digits)");
	refused("[1.]", "x.json:1:2: this is no number (digits, then perhaps .digits and e+digits)");
	refused("[-]", "x.json:1:2: this is no number (digits, then perhaps .digits and e+digits)");
	refused("[1e]", "x.json:1:2: this is no number (digits, then perhaps .digits and e+digits)");
	refused("[0x10]", "x.json:1:2: this is no number (digits, then perhaps .digits and e+digits)");
	refused("[1e999]", "x.json:1:2: this number is beyond the range of a float64");
	refused("{\"seed\": 9007199254740993}", "x.json:1:10: an integer beyond 2^53 must be written as a string");
	refused("[-12345678901234567]", "x.json:1:2: an integer beyond 2^53 must be written as a string");
	begin();
	CU_ASSERT_PTR_NOT_NULL(parse("[9007199254740992, -9007199254740992, 12345678901234567.0, -0, 0.1e-7]"));
	/* Longer than cJSON's own number buffer. */
	CU_ASSERT_PTR_NOT_NULL(
	    parse("0.1000000000000000055511151231257827021181583404541015625000000000000000000000000001"));
	end();
}

static void duplicates(void)
{
	refused("{\"a\": {\"k\": 1,\n\"j\": 2, \"k\": 3}}", "x.json: /a: duplicate key \"k\" (lines 1 and 2)");
	refused("{\"a\": 1, \"\\u0061\": 2}", "x.json: duplicate key \"a\" (lines 1 and 1)");
	begin();
	CU_ASSERT_PTR_NOT_NULL(parse("{\"a\": 1, \"A\": 2, \"\": 3}"));
	end();
}

static void nesting(void)
{
	begin();
	char text[2 * MILL_JSON_DEPTH + 3];
	memset(text, '[', MILL_JSON_DEPTH);
	memset(text + MILL_JSON_DEPTH, ']', MILL_JSON_DEPTH);
	text[2 * MILL_JSON_DEPTH] = '\0';
	CU_ASSERT_PTR_NOT_NULL(parse(text));
	memset(text, '[', MILL_JSON_DEPTH + 1);
	CU_ASSERT_PTR_NULL(parse(text));
	CU_ASSERT_STRING_EQUAL(err.message, "x.json:1:129: nested too deeply");
	end();
}

static void typed_getters(void)
{
	static const char *const keys[] = {"format", "path", "delimiter"};
	begin();
	mill_json *root =
	    parse("{\"sources\": {\"trips\": {\"format\": 3, \"formt\": 1, \"n\": 2.5, \"s\": \"x\", \"l\": [\"a\", "
	          "\"b\"], \"u\": \"18446744073709551615\", \"inf\": \"-inf\"}}}");
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	const mill_json *trips = mill_json_get(mill_json_get(root, "sources"), "trips");
	const char *text = "before";
	CU_ASSERT_EQUAL(mill_json_opt_string(trips, "format", &text, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "x.json: /sources/trips/format: expected a string, found a number");
	CU_ASSERT_STRING_EQUAL(text, "before");
	CU_ASSERT_EQUAL(mill_json_check_keys(trips, keys, 3, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "x.json: /sources/trips: unknown key \"formt\" (did you mean \"format\"?)");
	CU_ASSERT_EQUAL(mill_json_check_keys(root, keys, 3, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(
	    err.message, "x.json: unknown key \"sources\"; the keys here are \"format\", \"path\" and \"delimiter\"");
	int64_t value = 7;
	CU_ASSERT_EQUAL(mill_json_opt_int(trips, "n", 0, 9, &value, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "x.json: /sources/trips/n: expected an integer, found 2.5");
	CU_ASSERT_EQUAL(mill_json_opt_int(trips, "format", 5, 9, &value, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "x.json: /sources/trips/format: 3 is too small; the least is 5");
	CU_ASSERT_EQUAL(value, 7);
	mill_json *node = NULL;
	CU_ASSERT_EQUAL(mill_json_need(trips, "path", &node, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "x.json: /sources/trips: the key \"path\" is missing");
	uint64_t u = 0;
	CU_ASSERT_EQUAL(mill_json_opt_uint(trips, "u", &u, &err), MILL_OK);
	CU_ASSERT_EQUAL(u, UINT64_MAX);
	double d = 0;
	CU_ASSERT_EQUAL(mill_json_opt_double(trips, "inf", &d, &err), MILL_OK);
	CU_ASSERT(isinf(d) && d < 0);
	CU_ASSERT_EQUAL(mill_json_opt_double(trips, "s", &d, &err), MILL_USAGE);
	const char **strings = NULL;
	int64_t count = 0;
	CU_ASSERT_EQUAL(mill_json_strings(mill_json_get(trips, "l"), &arena, &strings, &count, &err), MILL_OK);
	CU_ASSERT_EQUAL(count, 2);
	CU_ASSERT_STRING_EQUAL(strings[1], "b");
	CU_ASSERT_EQUAL(mill_json_fail_as(trips, MILL_NOT_YET, &err, "%s is not built yet", "delta"), MILL_NOT_YET);
	CU_ASSERT_STRING_EQUAL(err.message, "x.json: /sources/trips: delta is not built yet");
	end();
}

static void assigning(void)
{
	begin();
	mill_json *job = parse("{\"a\": \"${x}\", \"b\": 1}");
	mill_json *params = parse("{\"x\": [1, {\"y\": 2.50}]}");
	CU_ASSERT_EQUAL(mill_json_assign(&job->items[0], mill_json_get(params, "x"), &arena, &err), MILL_OK);
	char out[MILL_JSON_POINTER_BYTES];
	const mill_json *y = &job->items[0].items[1].items[0];
	CU_ASSERT_STRING_EQUAL(mill_json_pointer(y, out), "/a/1/y");
	CU_ASSERT_STRING_EQUAL(y->text, "2.50");
	CU_ASSERT_EQUAL(mill_json_assign_string(&job->items[1], "text", &arena, &err), MILL_OK);
	CU_ASSERT_STRING_EQUAL(job->items[1].text, "text");
	CU_ASSERT_STRING_EQUAL(job->items[1].key, "b");
	end();
}

static void every_allocation_fails(void)
{
	static const char text[] = "{\"a\": [1, \"x\", {\"b\": null, \"c\": true}], \"d\": {}}";
	for (int64_t n = 1;; n++) {
		begin();
		mem.fail_at = n;
		mill_json *root = NULL;
		mill_status status = mill_json_parse(text, sizeof text - 1, "x.json", &arena, &root, &err);
		bool passed = mem.allocation_count < n;
		/* A buffer that cannot double may still get its exact size. */
		CU_ASSERT(status == MILL_OK || (status == MILL_NOMEM && !passed));
		CU_ASSERT_EQUAL(root != NULL, status == MILL_OK);
		end();
		if (passed)
			break;
	}
}

static void writes(void)
{
	begin();
	mill_bytes out;
	mill_bytes_init(&out, &mem);
	mill_json_writer w;
	mill_json_writer_init(&w, &out, true);
	mill_json_put_object(&w, NULL);
	mill_json_put_text(&w, "text", "a\"\\\n\x01\xC3\xA9\xFF/");
	mill_json_put_int(&w, "small", -9007199254740992);
	mill_json_put_int(&w, "large", 9007199254740993);
	mill_json_put_uint(&w, "max", UINT64_MAX);
	mill_json_put_array(&w, "list");
	mill_json_put_double(&w, NULL, 0.1);
	mill_json_put_double(&w, NULL, 9007199254740994.0);
	mill_json_put_double(&w, NULL, NAN);
	mill_json_put_bool(&w, NULL, true);
	mill_json_put_null(&w, NULL);
	mill_json_end(&w);
	mill_json_put_object(&w, "empty");
	mill_json_end(&w);
	mill_json_end(&w);
	CU_ASSERT_EQUAL(mill_json_finish(&w), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_terminate(&out), MILL_OK);
	CU_ASSERT_STRING_EQUAL((char *)out.data, "{\n"
	                                         "  \"text\": \"a\\\"\\\\\\n\\u0001\xC3\xA9\xEF\xBF\xBD/\",\n"
	                                         "  \"small\": -9007199254740992,\n"
	                                         "  \"large\": \"9007199254740993\",\n"
	                                         "  \"max\": \"18446744073709551615\",\n"
	                                         "  \"list\": [\n"
	                                         "    0.1,\n"
	                                         "    9007199254740994.0,\n"
	                                         "    \"nan\",\n"
	                                         "    true,\n"
	                                         "    null\n"
	                                         "  ],\n"
	                                         "  \"empty\": {}\n"
	                                         "}\n");
	mill_json *root = parse((char *)out.data);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	mill_bytes again;
	mill_bytes_init(&again, &mem);
	mill_json_writer_init(&w, &again, true);
	mill_json_put_node(&w, NULL, root);
	CU_ASSERT_EQUAL(mill_json_finish(&w), MILL_OK);
	CU_ASSERT_EQUAL(again.size_bytes, out.size_bytes);
	CU_ASSERT_EQUAL(memcmp(again.data, out.data, out.size_bytes), 0);
	again.size_bytes = 0;
	mill_json_writer_init(&w, &again, false);
	mill_json_put_node(&w, NULL, mill_json_get(root, "list"));
	CU_ASSERT_EQUAL(mill_json_finish(&w), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_terminate(&again), MILL_OK);
	CU_ASSERT_STRING_EQUAL((char *)again.data, "[0.1,9007199254740994.0,\"nan\",true,null]");
	mill_bytes_release(&again);
	mill_bytes_release(&out);
	end();
}

static void writer_finds_misuse(void)
{
	begin();
	mill_bytes out;
	mill_bytes_init(&out, &mem);
	mill_json_writer w;
	mill_json_writer_init(&w, &out, false);
	mill_json_put_object(&w, NULL);
	mill_json_put_int(&w, NULL, 1);
	mill_json_end(&w);
	CU_ASSERT_EQUAL(mill_json_finish(&w), MILL_INTERNAL);
	mill_json_writer_init(&w, &out, false);
	mill_json_put_array(&w, NULL);
	CU_ASSERT_EQUAL(mill_json_finish(&w), MILL_INTERNAL);
	mill_json_writer_init(&w, &out, false);
	mill_json_end(&w);
	CU_ASSERT_EQUAL(mill_json_finish(&w), MILL_INTERNAL);
	mill_bytes_release(&out);
	end();
}

static const unit_case cases[] = {
    {"values_and_order", values_and_order},
    {"pointers", pointers},
    {"syntax_errors", syntax_errors},
    {"number_errors", number_errors},
    {"duplicates", duplicates},
    {"nesting", nesting},
    {"typed_getters", typed_getters},
    {"assigning", assigning},
    {"every_allocation_fails", every_allocation_fails},
    {"writes", writes},
    {"writer_finds_misuse", writer_finds_misuse},
};
UNIT_MAIN("base_json", cases)
