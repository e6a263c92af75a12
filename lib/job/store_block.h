/* The `store` block of a job, read and checked. */
#ifndef MILL_JOB_STORE_BLOCK_H
#define MILL_JOB_STORE_BLOCK_H

#include "build/build.h"
#include "job/jobfile.h"

typedef struct mill_store_block {
	const mill_json *node;
	const char *path; /* the store's folder */
	mill_build_request build;
} mill_store_block;

/* Collective. Reads and checks the job's store block against the catalog; strings live as long as the job's. MILL_USAGE
 * with the JSON pointer, MILL_NOT_YET. */
MILL_NODISCARD mill_status mill_store_block_read(const mill_job_file *job, mill_job_catalog *catalog,
                                                 mill_store_block *out, mill_error *err);

#endif
