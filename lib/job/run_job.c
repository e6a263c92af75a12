/* `rankmill run`, `check` and `explain` over a job file. */
#include "job/check.h"
#include "job/explain.h"
#include "job/quarantine.h"
#include "job/secrets.h"
#include "job/store_block.h"
#include "stage/books.h"

#include <stdio.h>
#include <string.h>

typedef struct job_run {
	mill_engine *engine;
	const mill_job_request *request;
	mill_run run;
	mill_job_file job;
	mill_job_catalog catalog;
	mill_store_block block;
} job_run;

static void strike_secrets(const mill_job_file *job, mill_error *err)
{
	mill_secrets_strike(err->message, job->secrets, job->secret_count);
}

/* Collective: everything up to the bound plan of the store. */
static mill_status prepare(job_run *r, mill_error *err)
{
	MILL_TRY(mill_job_file_read(r->engine, r->request, &r->job, err));
	r->run.limit_rows = r->request->limit_rows;
	r->run.books->keeps_refused = true;
	r->run.books->fail_fast = r->request->fail_fast;
	mill_job_catalog_init(&r->catalog, &r->run, false);
	MILL_TRY(mill_job_file_tables(&r->job, &r->catalog, err));
	MILL_TRY(mill_store_block_read(&r->job, &r->catalog, &r->block, err));
	return MILL_OK;
}

/* Collective: what features and types can be told before any row is read. */
static mill_status check_features(job_run *r, mill_features **out, mill_error *err)
{
	return mill_features_new(r->block.build.tensors, r->block.build.keep, &r->block.build.plan->schema,
	                         r->run.knobs, r->run.mem, out, err);
}

/* Only the columns that the store is made of are read: those of its features, and the split's. */
static mill_status narrow(job_run *r, mill_error *err)
{
	mill_features *features = NULL;
	MILL_TRY(check_features(r, &features, err));
	int count = 0;
	const int *wanted = mill_features_columns(features, &count);
	const mill_schema *schema = &r->block.build.plan->schema;
	int split = mill_schema_find(schema, "split"), n = 0;
	int *columns = mill_arena_array(r->run.arena, (size_t)schema->count + 1, sizeof *columns);
	for (int i = 0, next = 0; columns != NULL && i < schema->count; i++) {
		bool is_wanted = next < count && wanted[next] == i;
		next += is_wanted;
		if (is_wanted || i == split)
			columns[n++] = i;
	}
	mill_features_free(features);
	if (columns == NULL)
		return mill_fail_nomem(err, 0, "a plan");
	return mill_plan_narrow(r->block.build.plan, columns, n, r->run.arena, &r->block.build.plan, err);
}

/* Collective: rank 0 claims OUT; the folder to write to is broadcast. */
static mill_status claim_out(job_run *r, mill_store_claim **claim, const char **folder, mill_error *err)
{
	char hash[MILL_H128_TEXT_BYTES];
	mill_bytes path;
	mill_status status = MILL_OK;
	mill_bytes_init(&path, r->run.mem);
	mill_h128_text(r->job.hash, hash);
	if (mill_comm_rank(r->run.comm) == 0) {
		status = mill_store_claim_new(r->run.storage, r->block.path, hash, r->request->overwrite, r->run.mem,
		                              claim, err);
		if (status == MILL_OK) {
			const char *text = mill_store_claim_folder(*claim);
			status = mill_bytes_append(&path, text, strlen(text) + 1);
		}
	}
	status = mill_comm_agree(r->run.comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_broadcast(r->run.comm, 0, &path, err);
	if (status == MILL_OK) {
		*folder = mill_arena_strdup(r->run.arena, (const char *)path.data);
		status = *folder != NULL ? MILL_OK : mill_fail_nomem(err, path.size_bytes, "a path");
	}
	mill_bytes_release(&path);
	return status;
}

static mill_status build(job_run *r, mill_store_claim *claim, const char *folder, mill_error *err)
{
	mill_build build = {.run = &r->run, .request = &r->block.build};
	r->block.build.write_bad_rows = mill_quarantine_write;
	build.spec.storage = r->run.storage;
	build.spec.path = folder;
	build.spec.scratch = r->run.scratch;
	MILL_TRY(mill_catalog_finish(&r->catalog, &r->block.build.plan, 1, err));
	MILL_TRY(mill_catalog_run_subqueries(&r->catalog, err));
	return mill_build_store(&build, claim, err);
}

static mill_status run_job(job_run *r, const char **store_path, mill_error *err)
{
	mill_store_claim *claim = NULL;
	const char *folder = NULL;
	MILL_TRY(prepare(r, err));
	MILL_TRY(narrow(r, err));
	mill_status status = claim_out(r, &claim, &folder, err);
	if (status == MILL_OK) {
		status = build(r, claim, folder, err);
		if (status == MILL_DATA || status == MILL_IO || status == MILL_NOMEM) {
			strike_secrets(&r->job, err);
			mill_failed_write(&r->run, r->block.path, err);
		}
	}
	mill_store_claim_release(claim);
	*store_path = r->block.path;
	return status;
}

static mill_status begin(mill_engine *engine, const mill_job_request *request, job_run *r, mill_error *err)
{
	*r = (job_run){.engine = engine, .request = request};
	return mill_engine_begin(engine, &r->run, err);
}

static mill_status end(job_run *r, mill_status status, mill_error *err)
{
	if (status != MILL_OK)
		strike_secrets(&r->job, err);
	mill_engine_end(r->engine, &r->run);
	return status;
}

mill_status mill_engine_run(mill_engine *engine, const mill_job_request *request, const char **store_path,
                            mill_error *err)
{
	job_run r;
	MILL_TRY(begin(engine, request, &r, err));
	return end(&r, run_job(&r, store_path, err), err);
}

static mill_status explain(job_run *r, mill_error *err)
{
	MILL_TRY(prepare(r, err));
	bool is_step = r->request->step != NULL;
	mill_plan *plan = NULL;
	MILL_TRY(narrow(r, err));
	plan = r->block.build.plan;
	if (is_step)
		MILL_TRY(mill_catalog_plan(&r->catalog, r->request->step, &plan, err));
	return mill_explain_print(&r->catalog, &r->job, plan, is_step ? NULL : &r->block, r->request, err);
}

mill_status mill_engine_explain(mill_engine *engine, const mill_job_request *request, mill_error *err)
{
	job_run r;
	MILL_TRY(begin(engine, request, &r, err));
	return end(&r, explain(&r, err), err);
}

static mill_status check(job_run *r, mill_error *err)
{
	mill_features *features = NULL;
	MILL_TRY(prepare(r, err));
	MILL_TRY(check_features(r, &features, err));
	mill_status status = mill_check_print(&r->catalog, &r->job, &r->block, features, r->request, err);
	mill_features_free(features);
	return status;
}

mill_status mill_engine_check(mill_engine *engine, const mill_job_request *request, mill_error *err)
{
	job_run r;
	MILL_TRY(begin(engine, request, &r, err));
	return end(&r, check(&r, err), err);
}
