#include "job/explain.h"

#include "job/explain_graph.h"
#include "job/output.h"
#include "job/secrets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static mill_status put_sources(const mill_run *run, mill_bytes *out)
{
	for (int i = 0; i < run->table_count; i++) {
		const mill_table *table = run->tables[i];
		int count = table->input->schema.count;
		MILL_TRY(mill_bytes_printf(out, "source %s: %.1f MB in %" PRId64 " splits, %d columns (%s)\n",
		                           table->spec.name != NULL ? table->spec.name : table->spec.where,
		                           (double)table->size_bytes / 1e6, table->splits.split_count, count,
		                           table->spec.declared.count == 0       ? table->input->format->origin_text
		                           : table->spec.declared.count == count ? "declared"
		                                                                 : "partly declared"));
	}
	return MILL_OK;
}

static mill_status put_tree(const mill_plan *plan, mill_bytes *out)
{
	mill_bytes text;
	mill_bytes_init(&text, out->mem);
	mill_status status = mill_plan_text(plan, &text);
	size_t start = 0;
	for (size_t i = 0; i < text.size_bytes && status == MILL_OK; i++) {
		if (text.data[i] != '\n')
			continue;
		status = mill_bytes_append_text(out, "  ");
		if (status == MILL_OK)
			status = mill_bytes_append(out, text.data + start, i + 1 - start);
		start = i + 1;
	}
	mill_bytes_release(&text);
	return status;
}

static mill_status put_moves(const mill_plan *plan, int *number, mill_bytes *out)
{
	for (int i = 0; i < plan->input_count; i++)
		MILL_TRY(put_moves(plan->inputs[i], number, out));
	const char *reason = mill_explain_reason(plan);
	return reason == NULL ? MILL_OK : mill_bytes_printf(out, "  %d. %s\n", ++*number, reason);
}

/* Scans that leave out files. */
static mill_status put_pruned(mill_run *run, const mill_plan *plan, mill_bytes *out)
{
	mill_error ignored = {0};
	const bool *wanted = NULL;
	int64_t count = 0;
	for (int i = 0; i < plan->input_count; i++)
		MILL_TRY(put_pruned(run, plan->inputs[i], out));
	if (plan->kind != MILL_PLAN_SCAN)
		return MILL_OK;
	const mill_table *table = run->tables[plan->table];
	MILL_TRY(mill_table_prune(run, table, plan, &wanted, &count, &ignored));
	if (wanted == NULL)
		return MILL_OK;
	return mill_bytes_printf(out, "  scan %s: %" PRId64 " of %" PRId64 " %ss are read, by %s\n", table->spec.name,
	                         count, table->input->file_count, table->input->format->file_word,
	                         table->input->format->pruned_text);
}

static mill_status put_store_moves(const mill_store_block *block, int *number, mill_bytes *out)
{
	if (block->build.shuffle)
		MILL_TRY(mill_bytes_printf(out,
		                           "  %d. order: rows go to the bucket of their row id's hash, transforms are "
		                           "fitted meanwhile\n",
		                           ++*number));
	else
		MILL_TRY(mill_bytes_append_text(out, "  -  order input: rows stay on their ranks (spilled where memory "
		                                     "ends), transforms are fitted meanwhile\n"));
	return mill_bytes_printf(
	    out,
	    "  %d. straddling: rows of a shard that begins on another rank go there; all else is written in place\n",
	    ++*number);
}

static mill_status put_store(const mill_store_block *block, mill_bytes *out)
{
	return mill_bytes_printf(out, "store %s: order %s, shards of %" PRId64 " rows\n", block->path,
	                         block->build.shuffle ? "shuffle" : "input", block->build.shard_rows);
}

static mill_status put_all(const mill_job_catalog *catalog, const mill_plan *plan, const mill_store_block *block,
                           mill_bytes *out)
{
	int number = 0;
	MILL_TRY(put_sources(catalog->run, out));
	for (int i = 0; i < catalog->subquery_count; i++) {
		MILL_TRY(mill_bytes_printf(out, "sub-query %d (runs first; its value is put in)\n", i));
		MILL_TRY(put_tree(catalog->subqueries[i], out));
	}
	MILL_TRY(mill_bytes_append_text(out, "plan (each line feeds the one above it)\n"));
	MILL_TRY(put_tree(plan, out));
	if (catalog->subquery_count == 0) /* their values are not known yet */
		MILL_TRY(put_pruned(catalog->run, plan, out));
	MILL_TRY(mill_bytes_append_text(out, "what moves between ranks\n"));
	for (int i = 0; i < catalog->subquery_count; i++)
		MILL_TRY(put_moves(catalog->subqueries[i], &number, out));
	MILL_TRY(put_moves(plan, &number, out));
	if (block != NULL)
		MILL_TRY(put_store_moves(block, &number, out));
	else if (number == 0)
		MILL_TRY(mill_bytes_append_text(out, "  nothing\n"));
	return block != NULL ? put_store(block, out) : MILL_OK;
}

/* The first rows of the plan, as a table. */
static mill_status print_rows(mill_job_catalog *catalog, mill_plan *plan, const mill_job_request *request,
                              mill_error *err)
{
	mill_run *run = catalog->run;
	mill_flow flow;
	mill_sink *out = NULL;
	mill_plan *first;
	MILL_TRY(mill_plan_first_rows(plan, request->head_rows, run->arena, &first, err));
	MILL_TRY(mill_catalog_finish(catalog, &first, 1, err));
	MILL_TRY(mill_catalog_run_subqueries(catalog, err));
	MILL_TRY(mill_flow_compile_ordered(run, first, &flow, err));
	mill_status status = mill_output_new(MILL_OUTPUT_TABLE, &first->schema, "", request->out, run->mem, &out, err);
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_OK)
		status = mill_flow_collect(run, &flow, out, err);
	mill_op_release(out);
	return status;
}

static mill_status check_format(const char *format, mill_error *err)
{
	if (strcmp(format, "text") == 0 || strcmp(format, "json") == 0 || strcmp(format, "dot") == 0)
		return MILL_OK;
	return mill_fail(err, MILL_USAGE, "--format: \"%s\" is not one of text, json, dot", format);
}

mill_status mill_explain_print(mill_job_catalog *catalog, const mill_job_file *job, mill_plan *plan,
                               const mill_store_block *block, const mill_job_request *request, mill_error *err)
{
	mill_bytes text;
	if (request->head_rows > 0)
		return print_rows(catalog, plan, request, err);
	MILL_TRY(check_format(request->format, err));
	MILL_TRY(mill_catalog_finish(catalog, &plan, 1, err));
	mill_bytes_init(&text, catalog->run->mem);
	mill_status status = strcmp(request->format, "json") == 0  ? mill_explain_json(catalog, job, plan, block, &text)
	                     : strcmp(request->format, "dot") == 0 ? mill_explain_dot(catalog, job, plan, &text)
	                                                           : put_all(catalog, plan, block, &text);
	if (status == MILL_OK)
		status = mill_bytes_terminate(&text);
	if (status == MILL_OK && mill_comm_rank(catalog->run->comm) == 0) {
		mill_secrets_strike((char *)text.data, job->secrets, job->secret_count);
		fwrite(text.data, 1, text.size_bytes, request->out);
	}
	mill_bytes_release(&text);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, 0, "a plan's text");
}
