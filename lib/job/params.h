/* Parameters of a job: `params`, --set, the built-in ones, and their places in the file (docs/job-file.md). Private to
 * the job room. Not collective: rank 0 reads environment and files, see jobfile. */
#ifndef MILL_JOB_PARAMS_H
#define MILL_JOB_PARAMS_H

#include "base/json.h"
#include "rankmill.h"
#include "storage/storage.h"

typedef mill_named_text mill_setting; /* --set name=value: JSON, else text */

typedef struct mill_param {
	const char *name;
	const mill_json *value; /* kind NULL: required and not given */
} mill_param;

typedef struct mill_params {
	mill_arena *arena;
	mill_storage *storage;     /* where ${file:…} is read */
	const mill_json *declared; /* the job's "params", NULL: none */
	mill_param *items;
	int count;
	int capacity;
	const char **secrets; /* values to be struck out of messages */
	int secret_count;
} mill_params;

/* Lays --set over the `params` object of root: an unknown name is MILL_USAGE with suggestion. */
MILL_NODISCARD mill_status mill_params_settings(mill_json *root, const mill_setting *settings, int setting_count,
                                                mill_arena *arena, mill_error *err);
/* Reads the `params` object of root and adds the built-in job, job_dir and out. Values may use ${…} of the ones before.
 */
MILL_NODISCARD mill_status mill_params_read(mill_json *root, mill_storage *storage, const char *job,
                                            const char *job_dir, const char *out_path, mill_arena *arena,
                                            mill_params *params, mill_error *err);
/* Replaces ${…} in every string under node. In SQL (members called "sql", "expect") a parameter becomes a quoted
 * literal. */
MILL_NODISCARD mill_status mill_params_substitute(mill_params *params, mill_json *node, bool in_sql, mill_error *err);

#endif
