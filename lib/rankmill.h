/* rankmill as a library: what the sub-commands of apps/rankmill call. Everything here is Collective over the engine's
 * ranks unless it says otherwise: every rank makes the same calls with the same arguments, and every rank leaves with
 * the same status and message. */
#ifndef RANKMILL_H
#define RANKMILL_H

#include "base/arena.h"
#include "base/knobs.h"
#include "base/log.h"
#include "base/progress.h"
#include "comm/comm.h"
#include "storage/storage.h"
#include <stdio.h>

typedef struct mill_engine_options {
	bool use_mpi;
	int64_t memory_bytes;      /* of a node, shared by its ranks; 0: 70 % of what the cgroup allows */
	int64_t memory_rank_bytes; /* of a rank; wins over memory_bytes; 0: not given */
	const char *scratch;       /* NULL: the environment's */
	const char *out_path;      /* recognises scratch that an earlier run of the same OUT left; NULL: none */
	int64_t timeout_ns;
	mill_log_level log_level;
	const volatile int *stop_signal;
	const mill_progress *progress; /* NULL: none; rank 0's is reported */
} mill_engine_options;

/* The machinery of one process; its members are for the library. */
typedef struct mill_engine {
	mill_mem mem;
	mill_arena arena;
	mill_knobs knobs;
	mill_log log;
	mill_storage storage;
	mill_comm *comm;
	struct mill_scratch *scratch;
	const mill_progress *progress;
} mill_engine;

/* After a failure the engine is closed as well: ranks finalise together before they exit. */
MILL_NODISCARD mill_status mill_engine_open(mill_engine *engine, const mill_engine_options *options, mill_error *err);
/* Removes scratch, finalises MPI; idempotent. */
void mill_engine_close(mill_engine *engine);
mill_comm *mill_engine_comm(const mill_engine *engine); /* not collective */

typedef struct mill_named_text {
	const char *name;
	const char *text;
} mill_named_text;

typedef struct mill_query_request {
	FILE *out;                      /* rank 0 prints results there */
	const char *sql;                /* one statement or several */
	const char *where;              /* "query" or the script's path, for messages */
	const mill_named_text *sources; /* --source name=PATH or name={source block} */
	int source_count;
	const char *format;    /* "table", "csv", "jsonl" */
	const char *null_text; /* how CSV shows NULL */
} mill_query_request;

/* Runs the statements; rank 0 prints results. */
MILL_NODISCARD mill_status mill_engine_query(mill_engine *engine, const mill_query_request *request, mill_error *err);

typedef struct mill_job_request {
	FILE *out;                       /* rank 0 prints what check and explain find there */
	const char *path;                /* of the job file */
	const mill_named_text *settings; /* --set */
	int setting_count;
	const char *out_path; /* --out; NULL: the job's */
	bool overwrite;
	bool if_changed;
	int64_t limit_rows; /* INT64_MAX: all */
	bool fail_fast;
	bool json;          /* check: as JSON */
	const char *step;   /* explain --step; NULL: the store's */
	int64_t head_rows;  /* explain --head; 0: none */
	const char *format; /* explain: "text", "json", "dot" */
} mill_job_request;

/* Runs a job to its store; *store_path is in the engine's memory. */
MILL_NODISCARD mill_status mill_engine_run(mill_engine *engine, const mill_job_request *request,
                                           const char **store_path, mill_error *err);
/* Validates and prints what the job would make on the request's stream. */
MILL_NODISCARD mill_status mill_engine_check(mill_engine *engine, const mill_job_request *request, mill_error *err);
/* Prints the stages on the request's stream. */
MILL_NODISCARD mill_status mill_engine_explain(mill_engine *engine, const mill_job_request *request, mill_error *err);

/* The kinds of steps of a job, for `help` and for messages: in use first, then those that are not supported yet. Not
 * collective. */
typedef struct mill_step_info {
	const char *name;
	const char *help; /* NULL: not supported yet */
	const char *example;
} mill_step_info;
const mill_step_info *mill_step_list(int *count);

/* Bytes of the files that a path or glob names, for the choice of a number of ranks; 0 where that cannot be told. Not
 * collective, no engine needed. */
int64_t mill_guess_input_bytes(const char *pattern);

#endif
