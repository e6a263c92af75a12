/* Source blocks, paths and table functions, read into specs. */
#include "job/source_block.h"

#include "base/braces.h"
#include "formats/options.h"

#include <stdlib.h>
#include <string.h>

static const char *const source_keys[] = {"path",         "format",   "options", "schema",   "bad_rows",
                                          "max_bad_rows", "optional", "rows",    "new_since"};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static mill_status count_fields(const mill_json *node, mill_arena *arena, int64_t *count, mill_error *err)
{
	*count = 0;
	for (int64_t i = 0; i < node->count; i++) {
		const char **names;
		int64_t n;
		MILL_TRY(mill_braces_expand(&node->items[i], node->items[i].key, arena, &names, &n, err));
		*count += n;
	}
	return MILL_OK;
}

static mill_status read_type(const mill_json *node, mill_type *out, mill_error *err)
{
	const char *text;
	mill_error inner = {0};
	MILL_TRY(mill_json_string(node, &text, err));
	mill_status status = mill_type_parse(text, out, &inner);
	return status == MILL_OK ? MILL_OK : mill_json_fail_as(node, status, err, "%s", inner.message);
}

static mill_status read_schema(const mill_json *node, mill_arena *arena, mill_schema *out, mill_error *err)
{
	int64_t count = 0;
	if (node == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	MILL_TRY(count_fields(node, arena, &count, err));
	mill_field *fields = mill_arena_array(arena, (size_t)count + 1, sizeof *fields);
	if (fields == NULL)
		return mill_fail_nomem(err, 0, "a schema");
	out->fields = fields;
	out->count = 0;
	for (int64_t i = 0; i < node->count; i++) {
		const char **names;
		int64_t n;
		mill_type type;
		MILL_TRY(read_type(&node->items[i], &type, err));
		MILL_TRY(mill_braces_expand(&node->items[i], node->items[i].key, arena, &names, &n, err));
		for (int64_t k = 0; k < n; k++)
			fields[out->count++] = (mill_field){names[k], type, true};
	}
	return MILL_OK;
}

static mill_status read_policy(const mill_json *node, mill_bad_limit *limit, mill_error *err)
{
	static const char *const words[] = {"fail", "null", "quarantine"};
	static const mill_bad_policy policies[] = {MILL_BAD_FAIL, MILL_BAD_NULL, MILL_BAD_QUARANTINE};
	if (node == NULL)
		return MILL_OK;
	const char *text;
	MILL_TRY(mill_json_string(node, &text, err));
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i], text) == 0) {
			limit->policy = policies[i];
			return MILL_OK;
		}
	return mill_json_fail(node, err, "\"%s\" is not one of fail, null, quarantine", text);
}

/* A count, or a share as "0.1%". */
static mill_status read_limit(const mill_json *node, mill_bad_limit *limit, mill_error *err)
{
	if (node == NULL)
		return MILL_OK;
	limit->is_share = false;
	if (node->kind == MILL_JSON_NUMBER)
		return mill_json_int(node, 0, INT64_MAX, &limit->count, err);
	const char *text;
	char *end;
	MILL_TRY(mill_json_string(node, &text, err));
	double value = strtod(text, &end);
	if (end == text || strcmp(end, "%") != 0 || !(value >= 0 && value <= 100))
		return mill_json_fail(node, err, "\"%s\" is neither a count nor a share such as \"0.1%%\"", text);
	limit->is_share = true;
	limit->share = value / 100;
	return MILL_OK;
}

static mill_status read_format(const mill_json *node, const mill_formats *formats, mill_source_spec *out,
                               mill_error *err)
{
	const char *text;
	if (node == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_string(node, &text, err));
	out->format = mill_formats_named(formats, text);
	return out->format != NULL ? MILL_OK : mill_formats_fail_name(formats, node, text, err);
}

/* The format that options are read for before anything is opened: that of the block, else what the name tells. */
static const mill_format *likely_format(const mill_formats *formats, const mill_source_spec *spec)
{
	const mill_format *format = spec->format;
	if (format == NULL)
		format = mill_formats_of_path(formats, spec->paths[0]);
	return format != NULL ? format : formats->items[0];
}

static mill_status read_paths(const mill_json *node, mill_arena *arena, mill_source_spec *out, mill_error *err)
{
	const char **paths;
	int64_t count;
	if (node == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_strings(node, arena, &paths, &count, err));
	if (count == 0)
		return mill_json_fail(node, err, "no path is given");
	out->paths = paths;
	out->path_count = (int)count;
	return MILL_OK;
}

static mill_bad_limit default_limit(void)
{
	mill_bad_limit limit = {.policy = MILL_BAD_FAIL, .is_share = true, .share = 0.01};
	return limit;
}

mill_status mill_source_block_read(const mill_json *node, const mill_formats *formats, mill_arena *arena,
                                   mill_source_spec *out, mill_error *err)
{
	char pointer[MILL_JSON_POINTER_BYTES];
	mill_source_spec spec = {.name = node->key, .bad_rows = default_limit()};
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	MILL_TRY(mill_json_check_keys(node, source_keys, COUNT(source_keys), err));
	const char *place = mill_json_pointer(node, pointer);
	spec.where = mill_arena_printf(arena, "%s%s%s", node->source->name, place[0] != '\0' ? ": " : "", place);
	if (spec.where == NULL)
		return mill_fail_nomem(err, 0, "a source");
	const mill_json *rows = mill_json_get(node, "rows"), *since = mill_json_get(node, "new_since");
	if (rows != NULL)
		return mill_json_fail_as(rows, MILL_NOT_YET, err,
		                         "inline \"rows\" are not supported yet; put them into a %s file, or into SQL "
		                         "with VALUES",
		                         formats->items[0]->title);
	if (since != NULL)
		return mill_json_fail_as(since, MILL_NOT_YET, err, "\"new_since\" is not supported yet; leave it out");
	const mill_json *path = mill_json_get(node, "path");
	if (path == NULL)
		return mill_json_fail(node, err, "\"path\" is missing: a file, glob or folder, or a list of them");
	MILL_TRY(read_paths(path, arena, &spec, err));
	MILL_TRY(read_format(mill_json_get(node, "format"), formats, &spec, err));
	spec.options_block = mill_json_get(node, "options");
	MILL_TRY(mill_options_read(likely_format(formats, &spec), spec.options_block, arena, &spec.options, err));
	MILL_TRY(read_schema(mill_json_get(node, "schema"), arena, &spec.declared, err));
	MILL_TRY(read_policy(mill_json_get(node, "bad_rows"), &spec.bad_rows, err));
	MILL_TRY(read_limit(mill_json_get(node, "max_bad_rows"), &spec.bad_rows, err));
	MILL_TRY(mill_json_opt_bool(node, "optional", &spec.optional, err));
	*out = spec;
	return MILL_OK;
}

static mill_status path_spec(const char *path, mill_arena *arena, mill_source_spec *out, mill_error *err)
{
	mill_source_spec spec = {.bad_rows = default_limit(), .path_count = 1};
	const char **paths = mill_arena_array(arena, 1, sizeof *paths);
	spec.name = mill_arena_strdup(arena, path);
	if (paths == NULL || spec.name == NULL)
		return mill_fail_nomem(err, 0, "a source");
	paths[0] = spec.name;
	spec.paths = paths;
	spec.where = spec.name;
	*out = spec;
	return MILL_OK;
}

mill_status mill_source_path(const char *path, const mill_formats *formats, mill_arena *arena, mill_source_spec *out,
                             mill_error *err)
{
	MILL_TRY(path_spec(path, arena, out, err));
	return mill_options_read(likely_format(formats, out), NULL, arena, &out->options, err);
}

mill_status mill_source_function(const char *path, const mill_format *format, mill_arena *arena, mill_source_spec *out,
                                 mill_error *err)
{
	MILL_TRY(path_spec(path, arena, out, err));
	out->format = format;
	return mill_options_read(format, NULL, arena, &out->options, err);
}

/* The literal as the JSON value that the same option of a job file has. */
static mill_status literal_node(const mill_literal *value, mill_type type, const mill_json_source *source,
                                mill_json *out, mill_arena *arena, mill_error *err)
{
	*out = (mill_json){.kind = MILL_JSON_NULL, .source = source};
	if (value->is_null)
		return MILL_OK;
	if (type.id == MILL_TYPE_BOOL) {
		out->kind = MILL_JSON_BOOL;
		out->boolean = value->as.boolean;
	} else if (type.id == MILL_TYPE_STRING) {
		out->kind = MILL_JSON_STRING;
		out->text = mill_arena_strndup(arena, value->as.string.text, (size_t)value->as.string.length_bytes);
		out->text_bytes = (size_t)value->as.string.length_bytes;
	} else if (mill_type_is_integer(type)) {
		out->kind = MILL_JSON_NUMBER;
		out->number = (double)value->as.i64;
		out->text = mill_arena_printf(arena, "%lld", (long long)value->as.i64);
		out->text_bytes = out->text != NULL ? strlen(out->text) : 0;
	} else {
		return mill_fail(err, MILL_USAGE, "%s: expected text, a boolean or an integer", source->name);
	}
	return MILL_OK;
}

mill_status mill_source_option(mill_source_spec *spec, const char *name, const mill_literal *value, mill_type type,
                               mill_arena *arena, mill_error *err)
{
	mill_json_source *source = mill_arena_alloc(arena, sizeof *source);
	mill_json *node = mill_arena_alloc(arena, sizeof *node);
	if (source == NULL || node == NULL)
		return mill_fail_nomem(err, 0, "an option");
	*source = (mill_json_source){mill_arena_printf(arena, "%s option %s", spec->options->format->function, name),
	                             MILL_USAGE};
	MILL_TRY(literal_node(value, type, source, node, arena, err));
	return mill_options_set(spec->options, name, node, arena, err);
}
