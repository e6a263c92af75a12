#include "job/explain_graph.h"

#include "base/json_writer.h"
#include "job/secrets.h"

#include <string.h>

const char *mill_explain_reason(const mill_plan *plan)
{
	switch (plan->kind) {
	case MILL_PLAN_AGGREGATE:
		return plan->key_count == 0 ? "aggregate: one partial result a rank goes to one bucket"
		                            : "aggregate: partial groups go to the bucket of their keys' hash (rows "
		                              "themselves for medians, quantiles and distinct)";
	case MILL_PLAN_JOIN:
		return "join: a small right side is copied to every rank, else both sides go to the bucket of their "
		       "keys' hash";
	case MILL_PLAN_WINDOW: return "window: rows go to the bucket of their partition's hash";
	case MILL_PLAN_SORT: return "sort: rows go to ranges of the sort keys";
	case MILL_PLAN_LIMIT: return "limit: the smallest row ids are picked over all ranks";
	default: return NULL;
	}
}

typedef struct graph {
	const mill_job_file *job;
	mill_bytes *out;
	mill_json_writer *json; /* NULL: Graphviz */
	mill_bytes text;
	int count; /* nodes so far */
} graph;

/* A node's text with secrets struck out: in JSON or a label they would be spelled in another way. */
static mill_status node_text(graph *g, const mill_plan *plan)
{
	g->text.size_bytes = 0;
	MILL_TRY(mill_plan_node_text(plan, &g->text));
	MILL_TRY(mill_bytes_terminate(&g->text));
	mill_secrets_strike((char *)g->text.data, g->job->secrets, g->job->secret_count);
	return MILL_OK;
}

static void put_json_node(graph *g, const mill_plan *plan, int id, int feeds, int subquery)
{
	mill_json_put_object(g->json, NULL);
	mill_json_put_int(g->json, "id", id);
	if (feeds >= 0)
		mill_json_put_int(g->json, "feeds", feeds);
	else
		mill_json_put_null(g->json, "feeds");
	if (feeds < 0 && subquery >= 0)
		mill_json_put_int(g->json, "subquery", subquery);
	mill_json_put_text(g->json, "text", (const char *)g->text.data);
	if (mill_explain_reason(plan) != NULL)
		mill_json_put_text(g->json, "moves", mill_explain_reason(plan));
	else
		mill_json_put_null(g->json, "moves");
	mill_json_end(g->json);
}

#define LABEL_CHARACTERS 60 /* a line of a label is broken at the next blank */

static mill_status put_label(mill_bytes *out, const char *text)
{
	int column = 0;
	for (; *text != '\0'; text++, column++) {
		if (*text == '"' || *text == '\\')
			MILL_TRY(mill_bytes_append_u8(out, '\\'));
		if ((*text == ' ' && column > LABEL_CHARACTERS) || *text == '\n') {
			MILL_TRY(mill_bytes_append_text(out, "\\l"));
			column = 0;
		} else {
			MILL_TRY(mill_bytes_append_u8(out, (uint8_t)*text));
		}
	}
	return mill_bytes_append_text(out, "\\l");
}

/* Where rows move, the edge that they come by is drawn thick. */
static mill_status put_dot_node(graph *g, int id, int feeds, bool moves)
{
	MILL_TRY(mill_bytes_printf(g->out, "  n%d [label=\"", id));
	MILL_TRY(put_label(g->out, (const char *)g->text.data));
	MILL_TRY(mill_bytes_append_text(g->out, "\"];\n"));
	return feeds < 0 ? MILL_OK
	                 : mill_bytes_printf(g->out, "  n%d -> n%d%s;\n", id, feeds, moves ? " [style=bold]" : "");
}

/* Not deeper than SQL nests, which the parser bounds. */
static mill_status put_nodes(graph *g, const mill_plan *plan, int feeds, bool moves, int subquery)
{
	int id = g->count++;
	MILL_TRY(node_text(g, plan));
	if (g->json != NULL)
		put_json_node(g, plan, id, feeds, subquery);
	else
		MILL_TRY(put_dot_node(g, id, feeds, moves));
	for (int i = 0; i < plan->input_count; i++)
		MILL_TRY(put_nodes(g, plan->inputs[i], id, mill_explain_reason(plan) != NULL, subquery));
	return MILL_OK;
}

static mill_status put_all(graph *g, const mill_job_catalog *catalog, const mill_plan *plan)
{
	mill_bytes_init(&g->text, catalog->run->mem);
	mill_status status = MILL_OK;
	for (int i = 0; i < catalog->subquery_count && status == MILL_OK; i++)
		status = put_nodes(g, catalog->subqueries[i], -1, false, i);
	if (status == MILL_OK)
		status = put_nodes(g, plan, -1, false, -1);
	mill_bytes_release(&g->text);
	return status;
}

static void put_sources(mill_json_writer *w, const mill_run *run)
{
	mill_json_put_array(w, "sources");
	for (int i = 0; i < run->table_count; i++) {
		const mill_table *table = run->tables[i];
		mill_json_put_object(w, NULL);
		mill_json_put_text(w, "name", table->spec.name != NULL ? table->spec.name : table->spec.where);
		mill_json_put_int(w, "bytes", table->size_bytes);
		mill_json_put_int(w, "splits", table->splits.split_count);
		mill_json_put_int(w, "columns", table->input->schema.count);
		mill_json_end(w);
	}
	mill_json_end(w);
}

static void put_store(mill_json_writer *w, const mill_store_block *block)
{
	if (block == NULL) {
		mill_json_put_null(w, "store");
		return;
	}
	mill_json_put_object(w, "store");
	mill_json_put_text(w, "path", block->path);
	mill_json_put_text(w, "order", block->build.shuffle ? "shuffle" : "input");
	mill_json_put_int(w, "shard_rows", block->build.shard_rows);
	mill_json_end(w);
}

mill_status mill_explain_json(const mill_job_catalog *catalog, const mill_job_file *job, const mill_plan *plan,
                              const mill_store_block *block, mill_bytes *out)
{
	mill_json_writer w;
	graph g = {.job = job, .out = out, .json = &w};
	mill_json_writer_init(&w, out, true);
	mill_json_put_object(&w, NULL);
	mill_json_put_text(&w, "job", job->name);
	put_sources(&w, catalog->run);
	mill_json_put_array(&w, "nodes");
	MILL_TRY(put_all(&g, catalog, plan));
	mill_json_end(&w);
	put_store(&w, block);
	mill_json_end(&w);
	return mill_json_finish(&w);
}

mill_status mill_explain_dot(const mill_job_catalog *catalog, const mill_job_file *job, const mill_plan *plan,
                             mill_bytes *out)
{
	graph g = {.job = job, .out = out};
	MILL_TRY(
	    mill_bytes_append_text(out, "digraph plan {\n  rankdir=BT;\n  node [shape=box, fontname=monospace];\n"));
	MILL_TRY(put_all(&g, catalog, plan));
	return mill_bytes_append_text(out, "}\n");
}
