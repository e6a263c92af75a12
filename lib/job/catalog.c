/* Names that SQL may say, and the plans they stand for. */
#include "job/catalog.h"

#include "base/suggest.h"
#include "stage/compile.h"

#include <string.h>
#include <strings.h>

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "the catalog");
}

static mill_named_table *find_named(const mill_job_catalog *catalog, const char *name)
{
	for (int i = 0; i < catalog->count; i++)
		if (strcasecmp(catalog->tables[i].name, name) == 0)
			return &catalog->tables[i];
	return NULL;
}

static mill_status add_named(mill_job_catalog *catalog, const mill_named_table *named, mill_error *err)
{
	if (find_named(catalog, named->name) != NULL)
		return mill_fail(err, MILL_USAGE, "a table called \"%s\" exists already (names compare without case)",
		                 named->name);
	if (catalog->count == catalog->capacity) {
		int capacity = catalog->capacity == 0 ? 16 : 2 * catalog->capacity;
		mill_named_table *tables = mill_arena_array(catalog->run->arena, (size_t)capacity, sizeof *tables);
		if (tables == NULL)
			return nomem(err);
		if (catalog->count > 0)
			memcpy(tables, catalog->tables, (size_t)catalog->count * sizeof *tables);
		catalog->tables = tables;
		catalog->capacity = capacity;
	}
	catalog->tables[catalog->count++] = *named;
	return MILL_OK;
}

mill_status mill_catalog_add_source(mill_job_catalog *catalog, const mill_source_spec *spec, mill_error *err)
{
	mill_source_spec *copy = mill_arena_alloc(catalog->run->arena, sizeof *copy);
	if (copy == NULL)
		return nomem(err);
	*copy = *spec;
	mill_named_table named = {.name = spec->name, .spec = copy};
	return add_named(catalog, &named, err);
}

mill_status mill_catalog_add_plan(mill_job_catalog *catalog, const char *name, mill_plan *plan, mill_error *err)
{
	mill_plan *shared = mill_arena_alloc(catalog->run->arena, sizeof *shared);
	if (shared == NULL)
		return nomem(err);
	shared->kind = MILL_PLAN_SHARED;
	shared->schema = plan->schema;
	shared->id_words = plan->id_words;
	shared->inputs[0] = plan;
	shared->input_count = 1;
	shared->position = -1;
	shared->shared = catalog->shared_count++;
	shared->shared_name = name;
	mill_named_table named = {.name = name, .plan = shared};
	return add_named(catalog, &named, err);
}

/* The step that makes this table and has not been bound yet; −1: none. */
static int64_t find_later(const mill_job_catalog *catalog, const char *name)
{
	for (int64_t i = catalog->step; catalog->steps != NULL && i < catalog->steps->count; i++) {
		const mill_json *given = mill_json_get(&catalog->steps->items[i], "name");
		if (given != NULL && given->kind == MILL_JSON_STRING && strcasecmp(given->text, name) == 0)
			return i;
	}
	return -1;
}

static mill_status unknown_table(const mill_job_catalog *catalog, const char *name, mill_error *err)
{
	const char **names = mill_arena_array(catalog->run->arena, (size_t)catalog->count + 1, sizeof *names);
	if (names == NULL)
		return nomem(err);
	int64_t later = find_later(catalog, name);
	if (later == catalog->step)
		return mill_fail(err, MILL_USAGE, "the step \"%s\" cannot read itself", name);
	if (later > catalog->step)
		return mill_fail(
		    err, MILL_USAGE,
		    "the table \"%s\" is made later, by /steps/%lld: a step reads sources and the steps above "
		    "it, so move that one up",
		    name, (long long)later);
	for (int i = 0; i < catalog->count; i++)
		names[i] = catalog->tables[i].name;
	const char *near = mill_suggest(name, names, (size_t)catalog->count);
	if (near != NULL)
		return mill_fail(err, MILL_USAGE, "there is no table \"%s\" (did you mean \"%s\"?)", name, near);
	if (!catalog->is_script)
		return mill_fail(err, MILL_USAGE, "there is no table \"%s\"", name);
	return mill_fail(err, MILL_USAGE, "there is no table \"%s\"; a file is named in double quotes: FROM \"%s\"",
	                 name, catalog->run->formats->items[0]->example_path);
}

mill_status mill_catalog_drop(mill_job_catalog *catalog, const char *name, bool may_be_missing, mill_error *err)
{
	mill_named_table *named = find_named(catalog, name);
	if (named == NULL)
		return may_be_missing ? MILL_OK : unknown_table(catalog, name, err);
	if (named->plan == NULL)
		return mill_fail(err, MILL_USAGE, "\"%s\" is a source; DROP is for what CREATE made", name);
	size_t after = (size_t)(catalog->tables + catalog->count - (named + 1));
	memmove(named, named + 1, after * sizeof *named);
	catalog->count--;
	return MILL_OK;
}

/* Collective at the first use of a source. Every use gets plan nodes of its own: the optimiser writes into scans. */
static mill_status named_plan(mill_job_catalog *catalog, mill_named_table *named, mill_plan **out, mill_error *err)
{
	named->used = true;
	if (named->plan != NULL) {
		*out = named->plan;
		return MILL_OK;
	}
	if (named->table == NULL) {
		mill_table *table = NULL;
		MILL_TRY(mill_table_open(catalog->run, named->spec, &table, err));
		named->table = table;
	}
	return mill_table_plan(catalog->run, named->table, catalog->run->arena, out, err);
}

mill_status mill_catalog_plan(mill_job_catalog *catalog, const char *name, mill_plan **out, mill_error *err)
{
	mill_named_table *named = find_named(catalog, name);
	return named != NULL ? named_plan(catalog, named, out, err) : unknown_table(catalog, name, err);
}

mill_status mill_catalog_plan_at(mill_job_catalog *catalog, const mill_json *node, mill_plan **out, mill_error *err)
{
	const char *name;
	mill_error inner = {0};
	MILL_TRY(mill_json_string(node, &name, err));
	mill_named_table *named = find_named(catalog, name);
	if (named != NULL)
		return named_plan(catalog, named, out, err);
	mill_status status = unknown_table(catalog, name, &inner);
	return mill_json_fail_as(node, status, err, "%s", inner.message);
}

static bool looks_like_path(const char *name)
{
	return strpbrk(name, "/.*?[{:") != NULL;
}

/* Collective: is there a file or folder of this name, by what rank 0 sees? */
static bool is_there(const mill_run *run, const char *name)
{
	mill_error ignored = {0};
	bool exists = false;
	if (mill_comm_rank(run->comm) == 0 && mill_storage_exists(run->storage, name, &exists, &ignored) != MILL_OK)
		exists = false; /* what cannot be looked at is told when it is opened */
	int64_t found = exists;
	return mill_comm_max_i64(run->comm, &found, 1, &ignored) == MILL_OK && found != 0;
}

static mill_status path_plan(mill_job_catalog *catalog, const mill_source_spec *spec, mill_plan **out, mill_error *err)
{
	mill_named_table named = {.name = spec->name};
	mill_source_spec *copy = mill_arena_alloc(catalog->run->arena, sizeof *copy);
	if (copy == NULL)
		return nomem(err);
	*copy = *spec;
	named.spec = copy;
	return named_plan(catalog, &named, out, err);
}

static mill_status refuse_arguments(const mill_format *format, mill_error *err)
{
	return mill_fail(err, MILL_USAGE, "%s takes a path first: %s('%s', %s)", format->function, format->function,
	                 format->example_path, format->example_option);
}

static mill_status table_function(mill_job_catalog *catalog, const char *name, const mill_table_argument *arguments,
                                  int argument_count, mill_plan **out, mill_error *err)
{
	mill_source_spec spec;
	mill_arena *arena = catalog->run->arena;
	const mill_formats *formats = catalog->run->formats;
	const mill_format *format = mill_formats_of_function(formats, name, "");
	if (format == NULL)
		return mill_formats_fail_function(formats, name, err);
	if (argument_count == 0 || arguments[0].name != NULL || arguments[0].type.id != MILL_TYPE_STRING)
		return refuse_arguments(format, err);
	const mill_literal *path = arguments[0].value;
	char *text = mill_arena_strndup(arena, path->as.string.text, (size_t)path->as.string.length_bytes);
	if (text == NULL)
		return nomem(err);
	format = mill_formats_of_function(formats, name, text);
	MILL_TRY(mill_source_function(text, format, arena, &spec, err));
	for (int i = 1; i < argument_count; i++) {
		if (arguments[i].name == NULL)
			return mill_fail(err, MILL_USAGE, "%s takes its options by name: %s", format->function,
			                 format->example_option);
		MILL_TRY(
		    mill_source_option(&spec, arguments[i].name, arguments[i].value, arguments[i].type, arena, err));
	}
	return path_plan(catalog, &spec, out, err);
}

static mill_status catalog_find(mill_catalog *self, const char *name, bool is_quoted,
                                const mill_table_argument *arguments, int argument_count, mill_arena *arena,
                                mill_plan **plan, mill_error *err)
{
	(void)arena;
	mill_job_catalog *catalog = (mill_job_catalog *)self;
	if (arguments != NULL)
		return table_function(catalog, name, arguments, argument_count, plan, err);
	mill_named_table *named = find_named(catalog, name);
	if (named != NULL)
		return named_plan(catalog, named, plan, err);
	if (!catalog->is_script || !is_quoted || (!looks_like_path(name) && !is_there(catalog->run, name)))
		return unknown_table(catalog, name, err);
	mill_source_spec spec;
	MILL_TRY(mill_source_path(name, catalog->run->formats, catalog->run->arena, &spec, err));
	return path_plan(catalog, &spec, plan, err);
}

void mill_job_catalog_init(mill_job_catalog *catalog, mill_run *run, bool is_script)
{
	*catalog = (mill_job_catalog){.run = run, .is_script = is_script};
	catalog->base.find = catalog_find;
}

mill_status mill_catalog_bind(mill_job_catalog *catalog, const char *sql, const char *where, mill_plan **out,
                              mill_error *err)
{
	mill_arena *arena = catalog->run->arena;
	mill_sql_context context = {.catalog = &catalog->base, .arena = arena, .where = where};
	context.first_subquery = catalog->subquery_count;
	context.first_shared = catalog->shared_count;
	mill_statement statement = {0};
	MILL_TRY(mill_sql_bind(&context, sql, &statement, err));
	size_t count = (size_t)(catalog->subquery_count + statement.subquery_count);
	mill_plan **subqueries = mill_arena_array(arena, count + 1, sizeof(mill_plan *));
	if (subqueries == NULL)
		return nomem(err);
	for (int i = 0; i < catalog->subquery_count; i++)
		subqueries[i] = catalog->subqueries[i];
	for (int i = 0; i < statement.subquery_count; i++)
		subqueries[catalog->subquery_count + i] = statement.subqueries[i];
	catalog->subqueries = subqueries;
	catalog->subquery_count += statement.subquery_count;
	catalog->shared_count += statement.shared_count;
	*out = statement.plan;
	return MILL_OK;
}

/* Uses of each SHARED number below plan; what is below a shared node counts once. */
static void count_uses(const mill_plan *plan, int *uses)
{
	if (plan->kind == MILL_PLAN_SHARED && uses[plan->shared]++ > 0)
		return;
	for (int i = 0; i < plan->input_count; i++)
		count_uses(plan->inputs[i], uses);
}

static mill_plan *unshare(mill_plan *plan, const int *uses)
{
	while (plan->kind == MILL_PLAN_SHARED && uses[plan->shared] == 1)
		plan = plan->inputs[0];
	for (int i = 0; i < plan->input_count; i++)
		plan->inputs[i] = unshare(plan->inputs[i], uses);
	return plan;
}

mill_status mill_catalog_finish(mill_job_catalog *catalog, mill_plan **plans, int count, mill_error *err)
{
	mill_arena *arena = catalog->run->arena;
	int *uses = mill_arena_array(arena, (size_t)catalog->shared_count + 1, sizeof *uses);
	if (uses == NULL)
		return nomem(err);
	for (int i = 0; i < count; i++)
		count_uses(plans[i], uses);
	for (int i = 0; i < catalog->subquery_count; i++)
		count_uses(catalog->subqueries[i], uses);
	for (int i = 0; i < count; i++)
		MILL_TRY(mill_plan_optimise(unshare(plans[i], uses), arena, &plans[i], err));
	for (int i = 0; i < catalog->subquery_count; i++)
		MILL_TRY(
		    mill_plan_optimise(unshare(catalog->subqueries[i], uses), arena, &catalog->subqueries[i], err));
	return mill_run_reserve(catalog->run, catalog->shared_count, catalog->subquery_count, err);
}

mill_status mill_catalog_run_subqueries(mill_job_catalog *catalog, mill_error *err)
{
	for (int i = catalog->run_subqueries; i < catalog->subquery_count; i++)
		MILL_TRY(mill_flow_scalar(catalog->run, catalog->subqueries[i], &catalog->run->params[i], err));
	catalog->run_subqueries = catalog->subquery_count;
	return MILL_OK;
}
