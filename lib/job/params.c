#include "job/params.h"

#include "base/suggest.h"
#include "storage/storage.h"

#include <stdlib.h>
#include <string.h>

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "parameters");
}

static mill_status add_param(mill_params *params, const char *name, const mill_json *value, mill_error *err)
{
	if (params->count == params->capacity) {
		int capacity = params->capacity == 0 ? 16 : 2 * params->capacity;
		mill_param *items = mill_arena_array(params->arena, (size_t)capacity, sizeof *items);
		if (items == NULL)
			return nomem(err);
		if (params->count > 0)
			memcpy(items, params->items, (size_t)params->count * sizeof *items);
		params->items = items;
		params->capacity = capacity;
	}
	params->items[params->count++] = (mill_param){name, value};
	return MILL_OK;
}

static const mill_param *find_param(const mill_params *params, const char *name, size_t length)
{
	for (int i = 0; i < params->count; i++)
		if (strlen(params->items[i].name) == length && memcmp(params->items[i].name, name, length) == 0)
			return &params->items[i];
	return NULL;
}

static mill_status add_secret(mill_params *params, const char *text, mill_error *err)
{
	if (text[0] == '\0')
		return MILL_OK;
	const char **secrets = mill_arena_array(params->arena, (size_t)params->secret_count + 1, sizeof *secrets);
	if (secrets == NULL)
		return nomem(err);
	if (params->secret_count > 0)
		memcpy(secrets, params->secrets, (size_t)params->secret_count * sizeof *secrets);
	secrets[params->secret_count++] = text;
	params->secrets = secrets;
	return MILL_OK;
}

static mill_status unknown_param(const mill_params *params, const mill_json *node, const char *name, mill_error *err)
{
	const char **names = mill_arena_array(params->arena, (size_t)params->count + 1, sizeof *names);
	if (names == NULL)
		return nomem(err);
	for (int i = 0; i < params->count; i++)
		names[i] = params->items[i].name;
	if (params->declared != NULL && mill_json_get(params->declared, name) != NULL)
		return mill_json_fail(
		    node, err, "parameter \"%s\" stands further down in \"params\"; move it above this one", name);
	const char *near = mill_suggest(name, names, (size_t)params->count);
	if (near != NULL)
		return mill_json_fail(node, err, "unknown parameter \"%s\" (did you mean \"%s\"?)", name, near);
	return mill_json_fail(node, err, "unknown parameter \"%s\"; declare it in \"params\"", name);
}

/* A value as text inside a longer string, or as a literal of SQL. */
static mill_status append_value(const mill_json *value, bool in_sql, mill_bytes *out)
{
	switch (value->kind) {
	case MILL_JSON_STRING:
		if (!in_sql)
			return mill_bytes_append(out, value->text, value->text_bytes);
		MILL_TRY(mill_bytes_append_u8(out, '\''));
		for (size_t i = 0; i < value->text_bytes; i++) {
			if (value->text[i] == '\'')
				MILL_TRY(mill_bytes_append_u8(out, '\''));
			MILL_TRY(mill_bytes_append_u8(out, (uint8_t)value->text[i]));
		}
		return mill_bytes_append_u8(out, '\'');
	case MILL_JSON_NUMBER: return mill_bytes_append(out, value->text, value->text_bytes);
	case MILL_JSON_BOOL: return mill_bytes_append_text(out, value->boolean ? "true" : "false");
	default: return mill_bytes_append_text(out, "NULL");
	}
}

/* ${env:NAME} and ${file:PATH}: read here, remembered as secrets. */
static mill_status append_outside(mill_params *params, const mill_json *node, const char *name, bool in_sql,
                                  mill_bytes *out, mill_error *err)
{
	mill_json value = {.kind = MILL_JSON_STRING};
	if (strncmp(name, "env:", 4) == 0) {
		const char *text = getenv(name + 4);
		if (text == NULL)
			return mill_json_fail(node, err, "environment variable %s is not set", name + 4);
		value.text = mill_arena_strdup(params->arena, text);
	} else {
		mill_bytes content;
		mill_bytes_init(&content, out->mem);
		mill_error inner = {0};
		mill_status status = mill_storage_read_all(params->storage, name + 5, &content, &inner);
		if (status == MILL_OK) {
			while (content.size_bytes > 0 && content.data[content.size_bytes - 1] == '\n')
				content.size_bytes--;
			value.text = mill_arena_strndup(params->arena, (const char *)content.data, content.size_bytes);
		}
		mill_bytes_release(&content);
		if (status != MILL_OK)
			return mill_json_fail(node, err, "${file:%s}: %s", name + 5, inner.message);
	}
	if (value.text == NULL)
		return nomem(err);
	value.text_bytes = strlen(value.text);
	MILL_TRY(add_secret(params, value.text, err));
	return append_value(&value, in_sql, out) == MILL_OK ? MILL_OK : nomem(err);
}

/* One ${…} whose name starts at text and ends before '}'. */
static mill_status append_param(mill_params *params, const mill_json *node, const char *text, size_t length,
                                bool in_sql, mill_bytes *out, mill_error *err)
{
	char *name = mill_arena_strndup(params->arena, text, length);
	if (name == NULL)
		return nomem(err);
	if (strncmp(name, "env:", 4) == 0 || strncmp(name, "file:", 5) == 0)
		return append_outside(params, node, name, in_sql, out, err);
	const mill_param *param = find_param(params, name, length);
	if (param == NULL)
		return unknown_param(params, node, name, err);
	if (param->value->kind == MILL_JSON_NULL)
		return mill_json_fail(node, err, "parameter \"%s\" is required; give it with --set %s=VALUE", name,
		                      name);
	if (param->value->kind == MILL_JSON_ARRAY || param->value->kind == MILL_JSON_OBJECT)
		return mill_json_fail(node, err, "parameter \"%s\" is %s and cannot stand inside a string", name,
		                      mill_json_kind_name(param->value->kind));
	return append_value(param->value, in_sql, out) == MILL_OK ? MILL_OK : nomem(err);
}

static mill_status expand(mill_params *params, mill_json *node, bool in_sql, mill_bytes *out, mill_error *err)
{
	const char *text = node->text;
	for (size_t i = 0; i < node->text_bytes;) {
		if (strncmp(text + i, "$${", 3) == 0) {
			MILL_TRY(mill_bytes_append_text(out, "${"));
			i += 3;
			continue;
		}
		if (strncmp(text + i, "${", 2) != 0) {
			MILL_TRY(mill_bytes_append_u8(out, (uint8_t)text[i++]));
			continue;
		}
		const char *end = strchr(text + i, '}');
		if (end == NULL)
			return mill_json_fail(node, err, "\"${\" without \"}\"; a literal one is written \"$${\"");
		MILL_TRY(append_param(params, node, text + i + 2, (size_t)(end - (text + i + 2)), in_sql, out, err));
		i = (size_t)(end - text) + 1;
	}
	return mill_bytes_terminate(out);
}

/* A string that is only "${x}" takes the type of x's value. */
static const mill_param *whole_param(const mill_params *params, const mill_json *node)
{
	size_t n = node->text_bytes;
	if (n < 4 || strncmp(node->text, "${", 2) != 0 || strchr(node->text, '}') != node->text + n - 1)
		return NULL;
	return find_param(params, node->text + 2, n - 3);
}

static mill_status substitute_string(mill_params *params, mill_json *node, bool in_sql, mill_error *err)
{
	if (strstr(node->text, "${") == NULL)
		return MILL_OK;
	const mill_param *whole = in_sql ? NULL : whole_param(params, node);
	if (whole != NULL && whole->value->kind != MILL_JSON_NULL)
		return mill_json_assign(node, whole->value, params->arena, err);
	mill_bytes out;
	mill_bytes_init(&out, params->arena->mem);
	mill_status status = expand(params, node, in_sql, &out, err);
	if (status == MILL_OK)
		status = mill_json_assign_string(node, (const char *)out.data, params->arena, err);
	mill_bytes_release(&out);
	return status;
}

mill_status mill_params_substitute(mill_params *params, mill_json *node, bool in_sql, mill_error *err)
{
	if (node->kind == MILL_JSON_STRING)
		return substitute_string(params, node, in_sql, err);
	for (int64_t i = 0; i < node->count; i++) {
		mill_json *item = &node->items[i];
		bool sql = in_sql ||
		           (item->key != NULL && (strcmp(item->key, "sql") == 0 || strcmp(item->key, "expect") == 0));
		MILL_TRY(mill_params_substitute(params, item, sql, err));
	}
	return MILL_OK;
}

static mill_status apply_setting(mill_arena *arena, mill_json *declared, const mill_setting *setting, mill_error *err)
{
	mill_json *node = declared != NULL ? mill_json_get(declared, setting->name) : NULL;
	if (node == NULL) {
		const char **names =
		    mill_arena_array(arena, declared != NULL ? (size_t)declared->count + 1 : 1, sizeof *names);
		if (names == NULL)
			return nomem(err);
		int64_t count = declared != NULL ? declared->count : 0;
		for (int64_t i = 0; i < count; i++)
			names[i] = declared->items[i].key;
		const char *near = mill_suggest(setting->name, names, (size_t)count);
		return mill_fail(err, MILL_USAGE, "--set %s: the job has no such parameter%s%s%s", setting->name,
		                 near != NULL ? " (did you mean \"" : "", near != NULL ? near : "",
		                 near != NULL ? "\"?)" : "");
	}
	mill_json *value = NULL;
	mill_error ignored = {0};
	if (mill_json_parse(setting->text, strlen(setting->text), "--set", arena, &value, &ignored) == MILL_OK)
		return mill_json_assign(node, value, arena, err);
	return mill_json_assign_string(node, setting->text, arena, err);
}

mill_status mill_params_settings(mill_json *root, const mill_setting *settings, int setting_count, mill_arena *arena,
                                 mill_error *err)
{
	mill_json *declared = mill_json_get(root, "params");
	if (declared != NULL)
		MILL_TRY(mill_json_expect(declared, MILL_JSON_OBJECT, err));
	for (int i = 0; i < setting_count; i++)
		MILL_TRY(apply_setting(arena, declared, &settings[i], err));
	return MILL_OK;
}

static mill_status add_builtin(mill_params *params, const char *name, const char *text, mill_error *err)
{
	mill_json *value = mill_arena_alloc(params->arena, sizeof *value);
	if (value == NULL)
		return nomem(err);
	value->kind = MILL_JSON_STRING;
	value->text = text;
	value->text_bytes = strlen(text);
	return add_param(params, name, value, err);
}

mill_status mill_params_read(mill_json *root, mill_storage *storage, const char *job, const char *job_dir,
                             const char *out_path, mill_arena *arena, mill_params *params, mill_error *err)
{
	mill_json *declared = mill_json_get(root, "params");
	*params = (mill_params){.arena = arena, .storage = storage, .declared = declared};
	MILL_TRY(add_builtin(params, "job", job, err));
	MILL_TRY(add_builtin(params, "job_dir", job_dir, err));
	MILL_TRY(add_builtin(params, "out", out_path, err));
	for (int64_t i = 0; declared != NULL && i < declared->count; i++) {
		mill_json *item = &declared->items[i];
		if (find_param(params, item->key, strlen(item->key)) != NULL)
			return mill_json_fail(item, err, "\"%s\" is a built-in parameter; use another name", item->key);
		MILL_TRY(mill_params_substitute(params, item, false, err));
		MILL_TRY(add_param(params, item->key, item, err));
	}
	return MILL_OK;
}
