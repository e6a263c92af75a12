/* `rankmill query`: a script over quoted paths and named sources, results on rank 0's stdout. */
#include "job/compile.h"
#include "job/engine.h"
#include "job/output.h"

#include <string.h>

typedef struct query {
	mill_engine *engine;
	const mill_query_request *request;
	mill_run run;
	mill_job_catalog catalog;
	mill_output_format format;
	int results;
} query;

static mill_status read_format(const char *text, mill_output_format *out, mill_error *err)
{
	if (strcmp(text, "table") == 0)
		*out = MILL_OUTPUT_TABLE;
	else if (strcmp(text, "csv") == 0)
		*out = MILL_OUTPUT_CSV;
	else if (strcmp(text, "jsonl") == 0)
		*out = MILL_OUTPUT_JSONL;
	else if (strcmp(text, "parquet") == 0)
		return mill_fail(err, MILL_NOT_YET, "--format parquet is not supported yet; use table, csv or jsonl");
	else
		return mill_fail(err, MILL_USAGE, "--format: \"%s\" is not one of table, csv, jsonl", text);
	return MILL_OK;
}

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
			MILL_TRY(mill_source_block_read(node, arena, &spec, err));
		} else {
			MILL_TRY(mill_source_path(source->text, arena, &spec, err));
		}
		spec.name = source->name;
		MILL_TRY(mill_catalog_add_source(&q->catalog, &spec, err));
	}
	return MILL_OK;
}

/* Collective: prepares the shared machinery for a plan and everything bound before it. */
static mill_status prepare(query *q, mill_plan **plan, mill_error *err)
{
	MILL_TRY(mill_catalog_finish(&q->catalog, plan, 1, err));
	return mill_catalog_run_subqueries(&q->catalog, err);
}

static mill_status explain(query *q, const mill_plan *plan, mill_error *err)
{
	mill_bytes text;
	mill_bytes_init(&text, q->run.mem);
	mill_status status = mill_plan_text(plan, &text);
	if (status == MILL_OK && mill_comm_rank(q->run.comm) == 0)
		fwrite(text.data, 1, text.size_bytes, q->request->out);
	mill_bytes_release(&text);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, 0, "a plan's text");
}

static mill_status show(query *q, mill_plan *plan, mill_error *err)
{
	mill_flow flow;
	mill_sink *out = NULL;
	if (q->request->explain) {
		MILL_TRY(mill_catalog_finish(&q->catalog, &plan, 1, err));
		return explain(q, plan, err);
	}
	MILL_TRY(prepare(q, &plan, err));
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

static mill_status run_statement(query *q, const mill_script_statement *statement, mill_error *err)
{
	mill_plan *plan = NULL;
	MILL_TRY(mill_catalog_bind(&q->catalog, statement->text, q->request->where, &plan, err));
	if (statement->create_name != NULL)
		return mill_catalog_add_plan(&q->catalog, statement->create_name, plan, err);
	return show(q, plan, err);
}

static mill_status run_script(query *q, mill_error *err)
{
	mill_script_statement *statements;
	int count;
	MILL_TRY(read_format(q->request->format, &q->format, err));
	MILL_TRY(add_sources(q, err));
	MILL_TRY(mill_sql_split(q->request->sql, q->request->where, q->run.arena, &statements, &count, err));
	if (count == 0)
		return mill_fail(err, MILL_USAGE, "%s: there is no statement", q->request->where);
	for (int i = 0; i < count; i++)
		MILL_TRY(run_statement(q, &statements[i], err));
	return MILL_OK;
}

mill_status mill_engine_query(mill_engine *engine, const mill_query_request *request, mill_error *err)
{
	query q = {.engine = engine, .request = request};
	MILL_TRY(mill_engine_begin(engine, &q.run, err));
	mill_job_catalog_init(&q.catalog, &q.run, true);
	mill_status status = run_script(&q, err);
	mill_engine_end(engine, &q.run);
	return status;
}
