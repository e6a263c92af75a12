/* rankmill as a library: what the sub-commands of apps/rankmill call. Everything here is Collective over the engine's
 * ranks unless it says otherwise: every rank makes the same calls with the same arguments, and every rank leaves with
 * the same status and message. */
#ifndef RANKMILL_H
#define RANKMILL_H

#include "base/bytes.h"
#include "base/log.h"
#include "base/progress.h"
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
	/* Kinds of storage besides local files, ended by NULL; NULL: none. Borrowed. */
	const struct mill_storage_backend *const *backends;
} mill_engine_options;

/* The machinery of one process: memory, ranks, scratch. Opaque. */
typedef struct mill_engine mill_engine;

/* *out is set whenever there is something to close, after a failure too: ranks that fail leave together. NULL: this
 * process never met the others. MILL_USAGE, MILL_IO, MILL_NOMEM, MILL_LOST_RANK. */
MILL_NODISCARD mill_status mill_engine_open(const mill_engine_options *options, mill_engine **out, mill_error *err);
/* Removes scratch, finalises MPI, frees the engine. NULL is fine. */
void mill_engine_close(mill_engine *engine);
/* This rank, 0 … ranks − 1. Not collective. */
int mill_engine_rank(const mill_engine *engine);
/* How many ranks there are. Not collective. */
int mill_engine_rank_count(const mill_engine *engine);
/* Every rank leaves with the lowest failing rank's status and message; a signal to stop no longer counts. */
MILL_NODISCARD mill_status mill_engine_agree_done(mill_engine *engine, mill_status mine, mill_error *err);
/* Not collective: ends all ranks at once with the exit code, for main alone, after MILL_LOST_RANK. */
void mill_engine_abort(mill_engine *engine, int exit_code);

typedef struct mill_named_text {
	const char *name;
	const char *text;
} mill_named_text;

typedef struct mill_query_request {
	FILE *out;                      /* rank 0 prints results there */
	const char *sql;                /* one statement or several; NULL: script_path's text */
	const char *script_path;        /* a file of statements; NULL: sql */
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

typedef struct mill_store_request {
	FILE *out;         /* rank 0 prints what it finds there */
	const char *path;  /* of the store */
	const char *other; /* diff: the second store */
	bool json;         /* inspect, verify, diff: as JSON */
	const char *split; /* head: of this split; NULL: of every one */
	int64_t rows;      /* head: so many, at most */
} mill_store_request;

/* What a store holds, in words. MILL_NOT_FOUND, MILL_IO, MILL_USAGE: not a store. */
MILL_NODISCARD mill_status mill_engine_inspect(mill_engine *engine, const mill_store_request *request, mill_error *err);
/* The first rows of a store's splits. */
MILL_NODISCARD mill_status mill_engine_head(mill_engine *engine, const mill_store_request *request, mill_error *err);
/* Checks every checksum and the content hash, each rank its share of the shards. MILL_DIFFERENT with the first
 * difference. */
MILL_NODISCARD mill_status mill_engine_verify(mill_engine *engine, const mill_store_request *request, mill_error *err);
/* Prints the first difference of two stores. MILL_DIFFERENT where there is one. */
MILL_NODISCARD mill_status mill_engine_diff(mill_engine *engine, const mill_store_request *request, mill_error *err);

/* Text files whose row r depends on r alone, so that any rank can make any part. */
typedef struct mill_text_files mill_text_files;
struct mill_text_files {
	const char *folder; /* made where it is missing */
	const char *name;   /* file i is FOLDER/NAME-0000iENDING */
	const char *ending;
	const char *header; /* with its line end */
	int64_t rows;       /* over all files, dealt to them in order */
	int64_t files;
	/* Appends row `row` with its line end. MILL_NOMEM without a message. */
	mill_status (*append)(const mill_text_files *self, int64_t row, mill_bytes *out);
};
/* Writes the files, rank r every one whose number is r modulo the ranks. A file appears when it is complete. MILL_IO,
 * MILL_INTERRUPTED. */
MILL_NODISCARD mill_status mill_engine_write_files(mill_engine *engine, const mill_text_files *files, mill_error *err);

/* A kind of step of a job. */
typedef struct mill_step_info {
	const char *name;
	const char *help; /* NULL: not supported yet */
	const char *example;
} mill_step_info;
/* The kinds of steps, for `help` and for messages: in use first, then those that are not supported yet. Constant. Not
 * collective. */
const mill_step_info *mill_step_list(int *count);

/* Bytes of the files that a path or glob names, for the choice of a number of ranks; 0 where that cannot be told. Not
 * collective, no engine needed. */
int64_t mill_guess_input_bytes(const char *pattern);

#endif
