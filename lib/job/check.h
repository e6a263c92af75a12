/* What `check` prints of a job: tables, types, tensors, warnings. Private to the job room. */
#ifndef MILL_JOB_CHECK_H
#define MILL_JOB_CHECK_H

#include "job/store_block.h"

#define MILL_CHECK_MOST_WARNINGS 20 /* the first of them: more would not be read */

typedef struct mill_check_warnings {
	mill_arena *arena;
	char *texts[MILL_CHECK_MOST_WARNINGS];
	int count;
} mill_check_warnings;

/* Texts in warnings->arena; they may hold secrets. MILL_NOMEM without a message. Not collective. */
MILL_NODISCARD mill_status mill_check_warn(const mill_job_catalog *catalog, const mill_store_block *block,
                                           const mill_features *features, mill_check_warnings *warnings);

/* Collective: opens sources that no step uses, then rank 0 prints. features: made from the block. */
MILL_NODISCARD mill_status mill_check_print(mill_job_catalog *catalog, const mill_job_file *job,
                                            const mill_store_block *block, const mill_features *features,
                                            const mill_job_request *request, mill_error *err);

#endif
