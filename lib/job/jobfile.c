#include "job/jobfile.h"

#include "base/braces.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "storage/storage.h"

#include <string.h>

static const char *const root_keys[] = {"$schema", "version", "job",    "seed",  "params", "out",
                                        "sources", "steps",   "checks", "store", "stores", "exports"};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "a job file");
}

/* The path's last component without ".json". */
static const char *base_name(mill_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t length = strlen(name);
	if (length > 5 && strcmp(name + length - 5, ".json") == 0)
		length -= 5;
	return mill_arena_strndup(arena, name, length);
}

static const char *folder_of(mill_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? "." : slash == path ? "/" : mill_arena_strndup(arena, path, (size_t)(slash - path));
}

/* A list of lines is one text. */
static mill_status join_lines(mill_json *node, mill_arena *arena, mill_error *err)
{
	if (node->kind != MILL_JSON_ARRAY)
		return mill_json_expect(node, MILL_JSON_STRING, err);
	mill_bytes text;
	mill_bytes_init(&text, arena->mem);
	mill_status status = MILL_OK;
	for (int64_t i = 0; i < node->count && status == MILL_OK; i++) {
		const char *line;
		status = mill_json_string(&node->items[i], &line, err);
		if (status == MILL_OK)
			status = mill_bytes_printf(&text, "%s%s", i > 0 ? "\n" : "", line);
	}
	if (status == MILL_OK)
		status = mill_bytes_terminate(&text);
	if (status == MILL_OK)
		status = mill_json_assign_string(node, (const char *)text.data, arena, err);
	mill_bytes_release(&text);
	return status;
}

/* sql_file becomes text here, since only rank 0 reads files. */
static mill_status inline_file(mill_storage *storage, mill_json *node, const char *job_dir, mill_arena *arena,
                               mill_error *err)
{
	const char *name;
	mill_bytes text;
	MILL_TRY(mill_json_string(node, &name, err));
	const char *path = name[0] == '/' ? name : mill_arena_printf(arena, "%s/%s", job_dir, name);
	if (path == NULL)
		return nomem(err);
	mill_bytes_init(&text, arena->mem);
	mill_error inner = {0};
	mill_status status = mill_storage_read_all(storage, path, &text, &inner);
	if (status == MILL_OK)
		status = mill_bytes_terminate(&text);
	if (status == MILL_OK)
		status = mill_json_assign_string(
		    node, (const char *)text.data + mill_utf8_mark_bytes((const char *)text.data, text.size_bytes),
		    arena, err);
	else
		mill_json_fail_as(node, status, err, "%s", inner.message);
	mill_bytes_release(&text);
	return status;
}

/* Joins lists of lines and reads sql_file, wherever a step has them. */
static mill_status gather_sql(mill_storage *storage, mill_json *root, const char *job_dir, mill_arena *arena,
                              mill_error *err)
{
	mill_json *steps = mill_json_get(root, "steps");
	if (steps == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_expect(steps, MILL_JSON_ARRAY, err));
	for (int64_t i = 0; i < steps->count; i++) {
		mill_json *sql = mill_json_get(&steps->items[i], "sql");
		mill_json *file = mill_json_get(&steps->items[i], "sql_file");
		if (sql != NULL)
			MILL_TRY(join_lines(sql, arena, err));
		if (file != NULL)
			MILL_TRY(inline_file(storage, file, job_dir, arena, err));
	}
	return MILL_OK;
}

static mill_status refuse_later(const mill_json *root, mill_error *err)
{
	static const char *const later[] = {"checks", "exports", "stores"};
	for (size_t i = 0; i < COUNT(later); i++) {
		const mill_json *node = mill_json_get(root, later[i]);
		if (node != NULL && node->count > 0)
			return mill_json_fail_as(node, MILL_NOT_YET, err, "\"%s\" is not supported yet; leave it out",
			                         later[i]);
	}
	return MILL_OK;
}

static mill_status check_root(const mill_json *root, mill_error *err)
{
	int64_t version = 1;
	MILL_TRY(mill_json_expect(root, MILL_JSON_OBJECT, err));
	MILL_TRY(mill_json_check_keys(root, root_keys, COUNT(root_keys), err));
	MILL_TRY(mill_json_opt_int(root, "version", 1, 1, &version, err));
	return refuse_later(root, err);
}

typedef struct job_text {
	const char *name;
	const char *out_path;
	uint64_t seed;
	const char *kept;
	const char *bound; /* parameters put in */
} job_text;

static mill_status write_json(const mill_json *root, mill_arena *arena, const char **out, mill_error *err)
{
	mill_bytes text;
	mill_json_writer writer;
	mill_bytes_init(&text, arena->mem);
	mill_json_writer_init(&writer, &text, false);
	mill_json_put_node(&writer, NULL, root);
	mill_status status = mill_json_finish(&writer);
	if (status == MILL_OK)
		*out = mill_arena_strndup(arena, (const char *)text.data, text.size_bytes);
	mill_bytes_release(&text);
	return status == MILL_OK && *out != NULL ? MILL_OK : nomem(err);
}

/* --out, else top-level "out", else out/JOB. */
static mill_status choose_out(const mill_json *root, const char *given, const char *name, mill_arena *arena,
                              const char **out, mill_error *err)
{
	*out = given;
	if (given == NULL)
		MILL_TRY(mill_json_opt_string(root, "out", out, err));
	if (*out == NULL)
		*out = mill_arena_printf(arena, "out/%s", name);
	return *out != NULL ? MILL_OK : nomem(err);
}

/* Rank 0: the file as text with everything from outside put in. */
static mill_status load(mill_storage *storage, mill_arena *arena, const mill_job_request *request, mill_job_file *job,
                        job_text *out, mill_error *err)
{
	mill_bytes file;
	mill_json *root;
	mill_params params;
	mill_bytes_init(&file, arena->mem);
	mill_status status = mill_storage_read_all(storage, request->path, &file, err);
	if (status == MILL_OK)
		status = mill_json_parse((const char *)file.data, file.size_bytes, request->path, arena, &root, err);
	mill_bytes_release(&file);
	MILL_TRY(status);
	MILL_TRY(check_root(root, err));
	out->name = base_name(arena, request->path);
	MILL_TRY(mill_json_opt_string(root, "job", &out->name, err));
	MILL_TRY(mill_json_opt_uint(root, "seed", &out->seed, err));
	MILL_TRY(choose_out(root, request->out_path, out->name, arena, &out->out_path, err));
	const char *job_dir = folder_of(arena, request->path);
	MILL_TRY(gather_sql(storage, root, job_dir, arena, err));
	MILL_TRY(mill_params_settings(root, request->settings, request->setting_count, arena, err));
	MILL_TRY(write_json(root, arena, &out->kept, err));
	MILL_TRY(mill_params_read(root, storage, out->name, job_dir, out->out_path, arena, &params, err));
	for (int64_t i = 0; i < root->count; i++)
		if (strcmp(root->items[i].key, "params") != 0)
			MILL_TRY(mill_params_substitute(&params, &root->items[i], false, err));
	job->secrets = params.secrets;
	job->secret_count = params.secret_count;
	return write_json(root, arena, &out->bound, err);
}

static mill_status write_texts(const job_text *text, mill_bytes *out)
{
	const char *const parts[] = {text->name, text->out_path, text->kept, text->bound};
	MILL_TRY(mill_bytes_append_u64(out, text->seed));
	for (size_t i = 0; i < COUNT(parts); i++)
		MILL_TRY(mill_bytes_append(out, parts[i], strlen(parts[i]) + 1));
	return MILL_OK;
}

static mill_status read_texts(const mill_bytes *blob, mill_arena *arena, job_text *out, mill_error *err)
{
	const char **parts[] = {&out->name, &out->out_path, &out->kept, &out->bound};
	const char *at = (const char *)blob->data + sizeof out->seed;
	memcpy(&out->seed, blob->data, sizeof out->seed);
	for (size_t i = 0; i < COUNT(parts); i++) {
		*parts[i] = mill_arena_strdup(arena, at);
		if (*parts[i] == NULL)
			return nomem(err);
		at += strlen(at) + 1;
	}
	return MILL_OK;
}

mill_status mill_job_file_read(mill_engine *engine, const mill_job_request *request, mill_job_file *out,
                               mill_error *err)
{
	mill_arena *arena = &engine->arena;
	job_text text = {0};
	mill_bytes blob;
	mill_json *root = NULL;
	mill_status status = MILL_OK;
	*out = (mill_job_file){.path = request->path};
	mill_bytes_init(&blob, engine->mem);
	if (mill_comm_rank(engine->comm) == 0) {
		status = load(&engine->storage, arena, request, out, &text, err);
		if (status == MILL_OK)
			status = write_texts(&text, &blob);
	}
	status = mill_comm_agree(engine->comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_broadcast(engine->comm, 0, &blob, err);
	if (status == MILL_OK)
		status = read_texts(&blob, arena, &text, err);
	mill_bytes_release(&blob);
	MILL_TRY(status);
	MILL_TRY(mill_json_parse(text.bound, strlen(text.bound), request->path, arena, &root, err));
	out->root = root;
	out->name = text.name;
	out->seed = text.seed;
	out->out_path = text.out_path;
	out->kept_json = text.kept;
	out->hash = mill_h128(0, text.kept, strlen(text.kept));
	return MILL_OK;
}
