/* `rankmill query`: a script over quoted paths and named sources, results on rank 0's stdout. */
#include "base/utf8.h"
#include "job/engine.h"
#include "job/output.h"
#include "stage/compile.h"
#include "storage/storage.h"

#include <string.h>

typedef struct query {
	const mill_query_request *request;
	const char *sql;
	const char *where; /* "query" or the script's path, for messages */
	mill_run run;
	mill_job_catalog catalog;
	mill_output_format format;
	int results;
} query;

static mill_status add_sources(query *q, mill_error *err)
{
	mill_arena *arena = q->run.arena;
	for (int i = 0; i < q->request->source_count; i++) {
		const mill_named_text *source = &q->request->sources[i];
		mill_source_spec spec;
		if (source->text[0] == '{') {
			mill_json *node;
			char *name = mill_arena_printf(arena, "--source %s", source->name);
			if (name == NULL)
				return mill_fail_nomem(err, 0, "a source");
			MILL_TRY(mill_json_parse(source->text, strlen(source->text), name, arena, &node, err));
			MILL_TRY(mill_source_block_read(node, q->run.formats, arena, &spec, err));
		} else {
			MILL_TRY(mill_source_path(source->text, q->run.formats, arena, &spec, err));
		}
		spec.name = source->name;
		MILL_TRY(mill_catalog_add_source(&q->catalog, &spec, err));
	}
	return MILL_OK;
}

static mill_status drop(query *q, const mill_script_statement *statement, mill_error *err)
{
	mill_error inner = {0};
	mill_status status = mill_catalog_drop(&q->catalog, statement->drop_name, statement->may_be_missing, &inner);
	return status == MILL_OK
	           ? MILL_OK
	           : mill_sql_fail_at(err, status, q->where, q->sql, statement->offset, "%s", inner.message);
}

/* A SELECT leaves its plan in *plan, CREATE and DROP change the catalog. */
static mill_status bind_statement(query *q, const mill_script_statement *statement, mill_plan **plan, mill_error *err)
{
	*plan = NULL;
	if (statement->drop_name != NULL)
		return drop(q, statement, err);
	const char *text = mill_sql_in_place(q->sql, statement, q->run.arena);
	mill_plan *bound = NULL;
	if (text == NULL)
		return mill_fail_nomem(err, 0, "a statement");
	MILL_TRY(mill_catalog_bind(&q->catalog, text, q->where, &bound, err));
	if (statement->create_name != NULL)
		return mill_catalog_add_plan(&q->catalog, statement->create_name, bound, err);
	*plan = bound;
	return MILL_OK;
}

/* Collective: every statement is bound before the first one runs. *out lists the SELECTs' plans. */
static mill_status bind_script(query *q, mill_plan ***out, int *plan_count, mill_error *err)
{
	mill_script_statement *statements;
	int count = 0;
	MILL_TRY(mill_sql_statements(q->sql, q->where, q->run.arena, &statements, &count, err));
	if (count == 0)
		return mill_fail(err, MILL_USAGE, "%s: there is no statement", q->where);
	mill_plan **plans = mill_arena_array(q->run.arena, (size_t)count, sizeof(mill_plan *));
	if (plans == NULL)
		return mill_fail_nomem(err, 0, "a script");
	*plan_count = 0;
	for (int i = 0; i < count; i++) {
		MILL_TRY(bind_statement(q, &statements[i], &plans[*plan_count], err));
		*plan_count += plans[*plan_count] != NULL;
	}
	*out = plans;
	return mill_catalog_finish(&q->catalog, plans, *plan_count, err);
}

static mill_status show(query *q, mill_plan *plan, mill_error *err)
{
	mill_flow flow;
	mill_sink *out = NULL;
	MILL_TRY(mill_flow_compile_ordered(&q->run, plan, &flow, err));
	bool root = mill_comm_rank(q->run.comm) == 0;
	if (root && q->results++ > 0)
		fputc('\n', q->request->out);
	mill_status status =
	    mill_output_new(q->format, &plan->schema, q->request->null_text, q->request->out, q->run.mem, &out, err);
	status = mill_comm_agree(q->run.comm, status, err);
	if (status == MILL_OK)
		status = mill_flow_collect(&q->run, &flow, out, err);
	mill_op_release(out);
	return status;
}

/* The statements' text, without a byte order mark. */
static mill_status read_script(query *q, mill_error *err)
{
	const char *path = q->request->script_path;
	q->sql = q->request->sql;
	q->where = path != NULL ? path : "query";
	if (path == NULL)
		return MILL_OK;
	mill_bytes script;
	mill_bytes_init(&script, q->run.mem);
	mill_status status = mill_storage_read_all(q->run.storage, path, &script, err);
	if (status == MILL_OK) {
		const char *text = (const char *)script.data;
		size_t mark = mill_utf8_mark_bytes(text, script.size_bytes);
		q->sql = mill_arena_strndup(q->run.arena, text + mark, script.size_bytes - mark);
		if (q->sql == NULL)
			status = mill_fail_nomem(err, script.size_bytes, path);
	}
	mill_bytes_release(&script);
	return status;
}

static mill_status run_script(query *q, mill_error *err)
{
	mill_plan **plans = NULL;
	int count = 0;
	MILL_TRY(read_script(q, err));
	MILL_TRY(mill_output_format_of(q->request->format, &q->format, err));
	MILL_TRY(add_sources(q, err));
	MILL_TRY(bind_script(q, &plans, &count, err));
	MILL_TRY(mill_catalog_run_subqueries(&q->catalog, err));
	for (int i = 0; i < count; i++)
		MILL_TRY(show(q, plans[i], err));
	return MILL_OK;
}

mill_status mill_engine_query(mill_engine *engine, const mill_query_request *request, mill_error *err)
{
	query q = {.request = request};
	MILL_TRY(mill_engine_begin(engine, &q.run, err));
	mill_job_catalog_init(&q.catalog, &q.run, true);
	mill_status status = run_script(&q, err);
	mill_engine_end(engine, &q.run);
	return status;
}
