/* Sources and steps of a job file → tables of the catalog. */
#include "job/jobfile.h"
#include "stage/table.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "a job's steps");
}

static const mill_step_info infos[] = {
    {"sql", "a table made by one SELECT; text or a list of lines",
     "{ \"name\": \"known\", \"sql\": [ \"SELECT *\", \"FROM clicks\", \"WHERE label IS NOT NULL\" ] }"},
    {"sql_file",
     "SQL from a file beside the job: one SELECT with \"name\", or a script of CREATE TABLE … AS without it",
     "{ \"name\": \"known\", \"sql_file\": \"known.sql\" }"},
    {"split", "adds the column \"split\": each row goes to a part by the hash of its key \"by\", or of its row id",
     "{ \"name\": \"parts\", \"split\": { \"from\": \"known\", \"by\": [\"user_id\"], \"into\": { \"train\": 8, "
     "\"test\": 2 } } }"},
    {"asof_join", NULL, NULL},
    {"asof_aggregate", NULL, NULL},
    {"dedup", NULL, NULL},
    {"sample", NULL, NULL},
    {"union", NULL, NULL},
    {"command", NULL, NULL},
};

const mill_step_info *mill_step_list(int *count)
{
	*count = (int)COUNT(infos);
	return infos;
}

static const char *where_of(const mill_json *node, mill_arena *arena)
{
	char pointer[MILL_JSON_POINTER_BYTES];
	return mill_arena_printf(arena, "%s: %s", node->source->name, mill_json_pointer(node, pointer));
}

/* A step's or source's name becomes a table; a taken one is located. */
static mill_status add_step(mill_job_catalog *catalog, const mill_json *node, const char *name, mill_plan *plan,
                            mill_error *err)
{
	mill_error inner = {0};
	mill_status status = mill_catalog_add_plan(catalog, name, plan, &inner);
	return status == MILL_OK ? MILL_OK : mill_json_fail_as(node, status, err, "%s", inner.message);
}

static mill_status sql_step(mill_job_catalog *catalog, const mill_json *step, const char *name, const mill_json *sql,
                            mill_error *err)
{
	const char *text;
	mill_plan *plan = NULL;
	const char *where = where_of(sql, catalog->run->arena);
	if (where == NULL)
		return nomem(err);
	MILL_TRY(mill_json_string(sql, &text, err));
	MILL_TRY(mill_catalog_bind(catalog, text, where, &plan, err));
	return add_step(catalog, step, name, plan, err);
}

/* A script whose CREATE … AS statements each add a table. */
static mill_status script_step(mill_job_catalog *catalog, const mill_json *step, const mill_json *sql, mill_error *err)
{
	const char *text;
	mill_script_statement *statements;
	int count;
	const char *where = where_of(sql, catalog->run->arena);
	if (where == NULL)
		return nomem(err);
	MILL_TRY(mill_json_string(sql, &text, err));
	MILL_TRY(mill_sql_statements(text, where, catalog->run->arena, &statements, &count, err));
	for (int i = 0; i < count; i++) {
		mill_plan *plan = NULL;
		if (statements[i].create_name == NULL)
			return mill_json_fail(
			    sql, err,
			    "a script without \"name\" holds CREATE TABLE … AS statements only; give the step a "
			    "\"name\" for a single SELECT");
		const char *in_place = mill_sql_in_place(text, &statements[i], catalog->run->arena);
		if (in_place == NULL)
			return nomem(err);
		MILL_TRY(mill_catalog_bind(catalog, in_place, where, &plan, err));
		MILL_TRY(add_step(catalog, step, statements[i].create_name, plan, err));
	}
	return MILL_OK;
}

/* Weights as integers: decimals are scaled by a power of ten, the same for all (D4). */
static mill_status read_weights(const mill_json *into, mill_arena *arena, const uint64_t **out, mill_error *err)
{
	int decimals = 0;
	uint64_t *cumulative = mill_arena_array(arena, (size_t)into->count + 1, sizeof *cumulative);
	if (cumulative == NULL)
		return nomem(err);
	for (int64_t i = 0; i < into->count; i++) {
		const mill_json *item = &into->items[i];
		MILL_TRY(mill_json_expect(item, MILL_JSON_NUMBER, err));
		const char *point = strchr(item->text, '.');
		if (strpbrk(item->text, "eE-") != NULL || item->text_bytes > 15)
			return mill_json_fail(item, err, "a weight is a non-negative number such as 8 or 0.1");
		int digits = point != NULL ? (int)strlen(point + 1) : 0;
		decimals = digits > decimals ? digits : decimals;
	}
	uint64_t sum = 0;
	for (int64_t i = 0; i < into->count; i++) {
		uint64_t weight = 0;
		int seen = -1; /* digits after the point */
		for (const char *c = into->items[i].text; *c != '\0'; c++) {
			seen += seen >= 0;
			if (*c == '.')
				seen = 0;
			else
				weight = weight * 10 + (uint64_t)(*c - '0');
		}
		for (int k = seen < 0 ? 0 : seen; k < decimals; k++)
			weight *= 10;
		if (mill_add_overflows(sum, weight, &sum))
			return mill_json_fail(into, err, "the weights are too large");
		cumulative[i] = sum;
	}
	if (sum == 0)
		return mill_json_fail(into, err, "the weights add up to nothing");
	*out = cumulative;
	return MILL_OK;
}

static mill_status find_columns(const mill_json *node, const mill_schema *schema, mill_arena *arena, const int **out,
                                int *count, mill_error *err)
{
	const char **names;
	int64_t n = 0;
	if (node == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_strings(node, arena, &names, &n, err));
	int *columns = mill_arena_array(arena, (size_t)n + 1, sizeof *columns);
	if (columns == NULL)
		return nomem(err);
	for (int64_t i = 0; i < n; i++) {
		columns[i] = mill_schema_find(schema, names[i]);
		if (columns[i] == -2)
			return mill_json_fail(node, err, "column \"%s\" is ambiguous: names differ only in case",
			                      names[i]);
		const char *near = columns[i] < 0 ? mill_schema_suggest(schema, names[i]) : NULL;
		if (columns[i] < 0)
			return mill_json_fail(node, err, "there is no column \"%s\"%s%s%s", names[i],
			                      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
	}
	*out = columns;
	*count = (int)n;
	return MILL_OK;
}

static mill_status split_schema(const mill_json *node, const mill_schema *input, mill_arena *arena, mill_schema *out,
                                mill_error *err)
{
	mill_field *fields = mill_arena_array(arena, (size_t)input->count + 1, sizeof *fields);
	if (fields == NULL)
		return nomem(err);
	if (mill_schema_find(input, "split") != -1)
		return mill_json_fail(node, err, "the input has a column \"split\" already");
	memcpy(fields, input->fields, (size_t)input->count * sizeof *fields);
	fields[input->count] = (mill_field){.name = "split", .type = mill_type_of(MILL_TYPE_STRING)};
	out->fields = fields;
	out->count = input->count + 1;
	return MILL_OK;
}

static mill_status read_parts(const mill_json *node, mill_arena *arena, mill_plan_split *split, mill_error *err)
{
	mill_json *into;
	MILL_TRY(mill_json_need(node, "into", &into, err));
	MILL_TRY(mill_json_expect(into, MILL_JSON_OBJECT, err));
	if (into->count == 0 || into->count > 255)
		return mill_json_fail(into, err, "name 1 to 255 parts with their weights: {\"train\": 8, \"test\": 2}");
	const char **parts = mill_arena_array(arena, (size_t)into->count, sizeof *parts);
	if (parts == NULL)
		return nomem(err);
	for (int64_t i = 0; i < into->count; i++)
		parts[i] = into->items[i].key;
	split->parts = parts;
	split->part_count = (int)into->count;
	return read_weights(into, arena, &split->cumulative, err);
}

/* What * stands for: a source without its hidden columns. */
static mill_status visible(const mill_job_catalog *catalog, mill_plan *plan, mill_plan **out, mill_error *err)
{
	const mill_plan *scan = plan->kind == MILL_PLAN_LIMIT ? plan->inputs[0] : plan;
	*out = plan;
	if (scan->kind != MILL_PLAN_SCAN)
		return MILL_OK;
	int count = catalog->run->tables[scan->table]->input->schema.count;
	int *columns = mill_arena_array(catalog->run->arena, (size_t)count + 1, sizeof *columns);
	if (columns == NULL)
		return nomem(err);
	for (int i = 0; i < count; i++)
		columns[i] = i;
	return mill_plan_narrow(plan, columns, count, catalog->run->arena, out, err);
}

static mill_status split_step(mill_job_catalog *catalog, const mill_json *step, const char *name, const mill_json *node,
                              uint64_t seed, mill_error *err)
{
	static const char *const keys[] = {"from", "by", "into", "stratify", "folds", "time", "cuts", "gap"};
	static const char *const later[] = {"stratify", "folds", "time", "cuts", "gap"};
	mill_arena *arena = catalog->run->arena;
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	MILL_TRY(mill_json_check_keys(node, keys, COUNT(keys), err));
	for (size_t i = 0; i < COUNT(later); i++)
		if (mill_json_get(node, later[i]) != NULL)
			return mill_json_fail_as(mill_json_get(node, later[i]), MILL_NOT_YET, err,
			                         "splits by hash are supported; \"%s\" is not yet", later[i]);
	mill_json *from;
	mill_plan *input;
	MILL_TRY(mill_json_need(node, "from", &from, err));
	MILL_TRY(mill_catalog_plan_at(catalog, from, &input, err));
	MILL_TRY(visible(catalog, input, &input, err));
	mill_plan *plan = mill_arena_alloc(arena, sizeof *plan);
	mill_plan_split *split = mill_arena_alloc(arena, sizeof *split);
	if (plan == NULL || split == NULL)
		return nomem(err);
	split->seed = mill_purpose_seed(seed, "split", name);
	MILL_TRY(read_parts(node, arena, split, err));
	MILL_TRY(find_columns(mill_json_get(node, "by"), &input->schema, arena, &split->by, &split->by_count, err));
	plan->kind = MILL_PLAN_SPLIT;
	plan->inputs[0] = input;
	plan->input_count = 1;
	plan->id_words = input->id_words;
	plan->position = -1;
	plan->split = split;
	MILL_TRY(split_schema(node, &input->schema, arena, &plan->schema, err));
	return add_step(catalog, step, name, plan, err);
}

/* What a step may say beside its kind and its name. */
static const char *const later_keys[] = {"fit_on", "when", "bad_rows", "max_bad_rows"};

static mill_status check_step_keys(const mill_json *step, mill_error *err)
{
	const char *keys[COUNT(infos) + COUNT(later_keys) + 1] = {"name"};
	size_t count = 1;
	for (size_t i = 0; i < COUNT(infos); i++)
		keys[count++] = infos[i].name;
	for (size_t i = 0; i < COUNT(later_keys); i++)
		keys[count++] = later_keys[i];
	MILL_TRY(mill_json_check_keys(step, keys, count, err));
	for (size_t i = 0; i < COUNT(infos); i++) {
		const mill_json *node = mill_json_get(step, infos[i].name);
		if (node != NULL && infos[i].help == NULL)
			return mill_json_fail_as(
			    node, MILL_NOT_YET, err,
			    "the step \"%s\" is not supported yet; \"sql\", \"sql_file\" and \"split\" are",
			    infos[i].name);
	}
	for (size_t i = 0; i < COUNT(later_keys); i++) {
		const mill_json *node = mill_json_get(step, later_keys[i]);
		if (node != NULL)
			return mill_json_fail_as(node, MILL_NOT_YET, err,
			                         "\"%s\" of a step is not supported yet; leave it out", later_keys[i]);
	}
	return MILL_OK;
}

static mill_status add_one(mill_job_catalog *catalog, const mill_json *step, uint64_t seed, mill_error *err)
{
	MILL_TRY(mill_json_expect(step, MILL_JSON_OBJECT, err));
	MILL_TRY(check_step_keys(step, err));
	const mill_json *sql = mill_json_get(step, "sql");
	const mill_json *file = mill_json_get(step, "sql_file");
	const mill_json *split = mill_json_get(step, "split");
	const char *name = NULL;
	MILL_TRY(mill_json_opt_string(step, "name", &name, err));
	if ((sql != NULL) + (file != NULL) + (split != NULL) != 1)
		return mill_json_fail(step, err, "a step has exactly one of \"sql\", \"sql_file\", \"split\"");
	if (file != NULL && name == NULL)
		return script_step(catalog, step, file, err);
	if (name == NULL)
		return mill_json_fail(step, err, "\"name\" is missing");
	if (split != NULL)
		return split_step(catalog, step, name, split, seed, err);
	return sql_step(catalog, step, name, sql != NULL ? sql : file, err);
}

static mill_status add_sources(mill_job_catalog *catalog, const mill_json *sources, mill_error *err)
{
	MILL_TRY(mill_json_expect(sources, MILL_JSON_OBJECT, err));
	for (int64_t i = 0; i < sources->count; i++) {
		mill_source_spec spec;
		mill_error inner = {0};
		MILL_TRY(
		    mill_source_block_read(&sources->items[i], catalog->run->formats, catalog->run->arena, &spec, err));
		mill_status status = mill_catalog_add_source(catalog, &spec, &inner);
		if (status != MILL_OK)
			return mill_json_fail_as(&sources->items[i], status, err, "%s", inner.message);
	}
	return MILL_OK;
}

mill_status mill_job_file_tables(const mill_job_file *job, mill_job_catalog *catalog, mill_error *err)
{
	mill_json *sources;
	const mill_json *steps = mill_json_get(job->root, "steps");
	MILL_TRY(mill_json_need(job->root, "sources", &sources, err));
	MILL_TRY(add_sources(catalog, sources, err));
	catalog->steps = steps;
	for (catalog->step = 0; steps != NULL && catalog->step < steps->count; catalog->step++)
		MILL_TRY(add_one(catalog, &steps->items[catalog->step], job->seed, err));
	return MILL_OK;
}
