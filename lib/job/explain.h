/* `rankmill explain`: what a job reads, its plan, what moves between ranks, and what the store does. Private to the job
 * room. */
#ifndef MILL_JOB_EXPLAIN_H
#define MILL_JOB_EXPLAIN_H

#include "job/store_block.h"

/* Collective. plan: of a step, or the store's with block; --head N runs it and prints its first rows instead. */
MILL_NODISCARD mill_status mill_explain_print(mill_job_catalog *catalog, const mill_job_file *job, mill_plan *plan,
                                              const mill_store_block *block, const mill_job_request *request,
                                              mill_error *err);

#endif
