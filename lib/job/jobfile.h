/* The job file: read and checked by rank 0, parameters put in, then equal on every rank. Private to the job room. */
#ifndef MILL_JOB_JOBFILE_H
#define MILL_JOB_JOBFILE_H

#include "job/engine.h"
#include "job/params.h"

typedef struct mill_job_file {
	const char *path;
	const char *name; /* "job", or the file's name without its ending */
	uint64_t seed;
	const char *out_path;       /* ${out} */
	const mill_json *root;      /* parameters put in */
	const char *kept_json;      /* the job as the manifest keeps it: parameters as set, secrets not put in */
	mill_u128 hash;             /* of kept_json: what makes two jobs the same */
	const char *const *secrets; /* rank 0 only */
	int secret_count;
} mill_job_file;

/* Collective. MILL_NOT_FOUND, MILL_USAGE (with the JSON pointer), MILL_NOT_YET. Everything lives in the engine's arena.
 */
MILL_NODISCARD mill_status mill_job_file_read(mill_engine *engine, const mill_job_request *request, mill_job_file *out,
                                              mill_error *err);
/* Collective. Adds sources and steps to the catalog; steps are bound as they come. */
MILL_NODISCARD mill_status mill_job_file_tables(const mill_job_file *job, mill_job_catalog *catalog, mill_error *err);

#endif
