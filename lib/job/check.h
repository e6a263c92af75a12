/* What `check` prints of a job: tables, types, tensors, warnings. Private to the job room. */
#ifndef MILL_JOB_CHECK_H
#define MILL_JOB_CHECK_H

#include "job/build.h"

/* Collective: opens sources that no step uses, then rank 0 prints. features: made from the block. */
MILL_NODISCARD mill_status mill_check_print(mill_job_catalog *catalog, const mill_job_file *job,
                                            const mill_store_block *block, const mill_features *features,
                                            const mill_job_request *request, mill_error *err);

#endif
