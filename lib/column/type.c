#include "column/type.h"
#include "base/suggest.h"
#include <stdio.h>
#include <string.h>

#define DECIMAL_MAX_DIGITS 38

bool mill_type_equal(mill_type a, mill_type b)
{
	if (a.id != b.id)
		return false;
	if (a.id == MILL_TYPE_DECIMAL)
		return a.precision == b.precision && a.scale == b.scale;
	return a.id != MILL_TYPE_TIMESTAMP || a.zoned == b.zoned;
}

const char *mill_type_text(mill_type type, char out[MILL_TYPE_TEXT_BYTES])
{
	const char *name = mill_type_id_is_known(type.id) ? mill_traits_of(type)->name : "unknown";
	if (type.id == MILL_TYPE_DECIMAL)
		snprintf(out, MILL_TYPE_TEXT_BYTES, "%s(%u,%u)", name, (unsigned)type.precision, (unsigned)type.scale);
	else if (type.id == MILL_TYPE_TIMESTAMP && type.zoned)
		snprintf(out, MILL_TYPE_TEXT_BYTES, "%s with time zone", name);
	else
		snprintf(out, MILL_TYPE_TEXT_BYTES, "%s", name);
	return out;
}

/* What may follow the name in parentheses. */
typedef enum alias_argument { ARG_NONE, ARG_DECIMAL, ARG_LENGTH, ARG_FLOAT_BITS, ARG_MICROSECONDS } alias_argument;

typedef struct alias {
	const char *name;
	mill_type_id id;
	uint8_t argument; /* alias_argument */
	bool zoned;
} alias;

#define SAME(name, id)                                \
	{                                             \
		name, MILL_TYPE_##id, ARG_NONE, false \
	}
#define WITH(name, id, arg)                            \
	{                                              \
		name, MILL_TYPE_##id, ARG_##arg, false \
	}
#define ZONED(name, argument)                                   \
	{                                                       \
		name, MILL_TYPE_TIMESTAMP, ARG_##argument, true \
	}

/* Our own names come first: the first of equally near names is the one suggested. */
static const alias aliases[] = {
    SAME("bool", BOOL),
    SAME("int8", INT8),
    SAME("int16", INT16),
    SAME("int32", INT32),
    SAME("int64", INT64),
    SAME("uint8", UINT8),
    SAME("uint16", UINT16),
    SAME("uint32", UINT32),
    SAME("uint64", UINT64),
    SAME("float32", FLOAT32),
    SAME("float64", FLOAT64),
    WITH("decimal", DECIMAL, DECIMAL),
    WITH("string", STRING, LENGTH),
    WITH("binary", BINARY, LENGTH),
    SAME("date", DATE),
    WITH("timestamp", TIMESTAMP, MICROSECONDS),
    SAME("interval", INTERVAL),
    /* SQL */
    SAME("boolean", BOOL),
    SAME("int", INT32),
    SAME("integer", INT32),
    SAME("int2", INT16),
    SAME("int4", INT32),
    SAME("smallint", INT16),
    SAME("bigint", INT64),
    SAME("tinyint", INT8),
    SAME("utinyint", UINT8),
    SAME("usmallint", UINT16),
    SAME("uinteger", UINT32),
    SAME("ubigint", UINT64),
    SAME("real", FLOAT32),
    SAME("float4", FLOAT32),
    SAME("float8", FLOAT64),
    SAME("double precision", FLOAT64),
    SAME("double", FLOAT64),
    WITH("float", FLOAT64, FLOAT_BITS),
    WITH("numeric", DECIMAL, DECIMAL),
    WITH("dec", DECIMAL, DECIMAL),
    WITH("varchar", STRING, LENGTH),
    WITH("character varying", STRING, LENGTH),
    WITH("character", STRING, LENGTH),
    WITH("char", STRING, LENGTH),
    WITH("bpchar", STRING, LENGTH),
    SAME("text", STRING),
    SAME("bytea", BINARY),
    SAME("blob", BINARY),
    WITH("varbinary", BINARY, LENGTH),
    WITH("timestamp without time zone", TIMESTAMP, MICROSECONDS),
    ZONED("timestamp with time zone", MICROSECONDS),
    ZONED("timestamptz", MICROSECONDS),
    SAME("datetime", TIMESTAMP),
    /* Arrow */
    SAME("utf8", STRING),
    SAME("large_utf8", STRING),
    SAME("large_string", STRING),
    SAME("large_binary", BINARY),
    SAME("date32", DATE),
    SAME("date32[day]", DATE),
    SAME("timestamp[us]", TIMESTAMP),
    ZONED("timestamp[us,utc]", NONE),
    ZONED("timestamp[us,tz=utc]", NONE),
    WITH("decimal128", DECIMAL, DECIMAL),
    SAME("month_day_nano_interval", INTERVAL),
    /* Spark */
    SAME("byte", INT8),
    SAME("short", INT16),
    SAME("long", INT64),
    SAME("timestamp_ntz", TIMESTAMP),
    ZONED("timestamp_ltz", NONE),
};
#define ALIAS_COUNT (sizeof(aliases) / sizeof(aliases[0]))

#define NAME_BYTES 64

typedef struct type_words {
	char name[NAME_BYTES];
	int argument_count;
	int arguments[2];
} type_words;

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads "(n)" or "(n, m)" at *at and moves past it. */
static bool read_arguments(const char **at, type_words *out)
{
	const char *p = *at + 1;
	do {
		int value = 0, digits = 0;
		while (is_space(*p))
			p++;
		for (; is_digit(*p) && digits < 9; p++, digits++)
			value = value * 10 + (*p - '0');
		while (is_space(*p))
			p++;
		if (digits == 0 || out->argument_count == 2)
			return false;
		out->arguments[out->argument_count++] = value;
	} while (*p == ',' && p++);
	*at = p + 1;
	return *p == ')';
}

/* Lower-cases, makes runs of blanks one, drops blanks beside brackets and commas, and takes one "(…)" out. */
static bool split_words(const char *text, type_words *out)
{
	size_t size = 0;
	bool blank = false;
	memset(out, 0, sizeof(*out));
	while (*text != '\0') {
		if (is_space(*text)) {
			blank = true;
			text++;
		} else if (*text == '(') {
			if (out->argument_count != 0 || !read_arguments(&text, out))
				return false;
			blank = true;
		} else {
			bool tight = size == 0 || strchr("[,]", *text) != NULL || out->name[size - 1] == ',' ||
			             out->name[size - 1] == '[';
			if (size + 2 >= NAME_BYTES)
				return false;
			if (blank && !tight)
				out->name[size++] = ' ';
			blank = false;
			char c = *text++;
			out->name[size++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
		}
	}
	return size > 0;
}

static mill_status bad_arguments(const char *text, const char *why, mill_error *err)
{
	return mill_fail(err, MILL_USAGE, "type \"%.80s\": %s", text, why);
}

static mill_status decimal_of(const char *text, const type_words *words, mill_type *out, mill_error *err)
{
	/* PostgreSQL's numeric without digits is unbounded: the widest type with the scale of a division is closest. */
	int precision = DECIMAL_MAX_DIGITS, scale = 16;
	if (words->argument_count > 0) {
		precision = words->arguments[0];
		scale = words->argument_count > 1 ? words->arguments[1] : 0;
	}
	if (precision < 1 || precision > DECIMAL_MAX_DIGITS)
		return bad_arguments(text, "a decimal has 1 to 38 digits", err);
	if (scale > precision)
		return bad_arguments(text, "the scale must be 0 to the number of digits", err);
	*out = mill_type_decimal(precision, scale);
	return MILL_OK;
}

static mill_status apply_arguments(const char *text, const alias *found, const type_words *words, mill_type *out,
                                   mill_error *err)
{
	mill_type type = mill_type_of(found->id);
	type.zoned = found->zoned;
	if (found->argument == ARG_DECIMAL)
		return decimal_of(text, words, out, err);
	if (words->argument_count > (found->argument == ARG_NONE ? 0 : 1))
		return bad_arguments(text, found->argument == ARG_NONE ? "takes no argument" : "takes one argument",
		                     err);
	int value = words->arguments[0];
	if (words->argument_count == 1) {
		if (found->argument == ARG_MICROSECONDS && value != 6)
			return bad_arguments(text,
			                     "timestamps hold microseconds: write timestamp or timestamp(6), and "
			                     "date_trunc where coarser values are wanted",
			                     err);
		if (found->argument == ARG_FLOAT_BITS && (value < 1 || value > 53))
			return bad_arguments(text, "a float has 1 to 53 bits", err);
		if (found->argument == ARG_FLOAT_BITS && value <= 24)
			type = mill_type_of(MILL_TYPE_FLOAT32);
	}
	*out = type;
	return MILL_OK;
}

static mill_status unknown_type(const char *text, const type_words *words, mill_error *err)
{
	const alias *best = NULL;
	int best_distance = 0;
	if (strncmp(words->name, "timestamp[", 10) == 0)
		return mill_fail(err, MILL_USAGE,
		                 "type \"%.80s\": timestamps hold microseconds, with zone UTC or none: "
		                 "write timestamp[us] or timestamp[us, UTC]",
		                 text);
	for (size_t i = 0; i < ALIAS_COUNT; i++) {
		int distance = mill_edit_distance(words->name, aliases[i].name);
		if (mill_suggest_near(words->name, distance) && (best == NULL || distance < best_distance)) {
			best = &aliases[i];
			best_distance = distance;
		}
	}
	if (best == NULL)
		return mill_fail(
		    err, MILL_USAGE,
		    "unknown type \"%.80s\" (types are bool, int8 … int64, uint8 … uint64, float32, float64, "
		    "decimal(p,s), string, binary, date, timestamp, timestamp with time zone, interval)",
		    text);
	mill_type near = mill_type_of(best->id);
	near.zoned = best->zoned;
	char name[MILL_TYPE_TEXT_BYTES];
	const char *shown = best->id == MILL_TYPE_DECIMAL ? "decimal(p,s)" : mill_type_text(near, name);
	return mill_fail(err, MILL_USAGE, "unknown type \"%.80s\" (did you mean \"%s\"?)", text, shown);
}

mill_status mill_type_parse(const char *text, mill_type *out, mill_error *err)
{
	type_words words;
	bool well_formed = split_words(text, &words);
	for (size_t i = 0; well_formed && i < ALIAS_COUNT; i++)
		if (strcmp(words.name, aliases[i].name) == 0)
			return apply_arguments(text, &aliases[i], &words, out, err);
	if (well_formed && (strcmp(words.name, "list") == 0 || strcmp(words.name, "struct") == 0 ||
	                    strncmp(words.name, "list<", 5) == 0 || strncmp(words.name, "struct<", 7) == 0 ||
	                    strncmp(words.name, "array<", 6) == 0 || strstr(words.name, "[]") != NULL))
		return mill_fail(err, MILL_NOT_YET, "type \"%.80s\": lists and structs are not supported yet", text);
	return unknown_type(text, &words, err);
}

static bool equal_without_case(const char *a, const char *b)
{
	for (;; a++, b++) {
		int x = *a >= 'A' && *a <= 'Z' ? *a + ('a' - 'A') : (unsigned char)*a;
		int y = *b >= 'A' && *b <= 'Z' ? *b + ('a' - 'A') : (unsigned char)*b;
		if (x != y)
			return false;
		if (x == 0)
			return true;
	}
}

int mill_schema_find(const mill_schema *schema, const char *name)
{
	int exact = -1, exact_count = 0, folded = -1, folded_count = 0;
	for (int i = 0; i < schema->count; i++) {
		if (!equal_without_case(schema->fields[i].name, name))
			continue;
		folded = i;
		folded_count++;
		if (strcmp(schema->fields[i].name, name) == 0) {
			exact = i;
			exact_count++;
		}
	}
	if (exact_count == 1)
		return exact;
	if (exact_count > 1 || folded_count > 1)
		return -2;
	return folded;
}

mill_status mill_schema_copy(const mill_schema *schema, mill_arena *arena, mill_schema *out)
{
	mill_schema copy = {NULL, schema->count};
	copy.fields = mill_arena_array(arena, (size_t)schema->count, sizeof(mill_field));
	if (copy.fields == NULL)
		return MILL_NOMEM;
	for (int i = 0; i < schema->count; i++) {
		copy.fields[i] = schema->fields[i];
		copy.fields[i].name = mill_arena_strdup(arena, schema->fields[i].name);
		if (copy.fields[i].name == NULL)
			return MILL_NOMEM;
	}
	*out = copy;
	return MILL_OK;
}

const char *mill_schema_suggest(const mill_schema *schema, const char *name)
{
	const char *best = NULL;
	int best_distance = 0;
	for (int i = 0; i < schema->count; i++) {
		int distance = mill_edit_distance(name, schema->fields[i].name);
		if (mill_suggest_near(name, distance) && (best == NULL || distance < best_distance)) {
			best = schema->fields[i].name;
			best_distance = distance;
		}
	}
	return best;
}
