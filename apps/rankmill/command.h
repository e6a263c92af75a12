/* Sub-commands: one small file each. A command gets its parsed options and returns the process's exit code. */
#ifndef RANKMILL_APPS_COMMAND_H
#define RANKMILL_APPS_COMMAND_H

#include "options.h"

typedef struct command {
	const char *name;
	command_id id;
	const char *arguments; /* "JOB" */
	const char *help;
	int min_arguments;
	int max_arguments;
	bool uses_engine; /* runs on ranks */
	mill_status (*run)(const options *options, mill_engine *engine, mill_error *err);
	/* Bytes of input, so that small ones use one rank; NULL: use every core. */
	int64_t (*input_bytes)(const options *options);
} command;

extern const command commands[];
extern const int command_count;

mill_status command_query(const options *options, mill_engine *engine, mill_error *err);
mill_status command_run(const options *options, mill_engine *engine, mill_error *err);
mill_status command_check(const options *options, mill_engine *engine, mill_error *err);
mill_status command_explain(const options *options, mill_engine *engine, mill_error *err);
mill_status command_inspect(const options *options, mill_engine *engine, mill_error *err);
mill_status command_head(const options *options, mill_engine *engine, mill_error *err);
mill_status command_verify(const options *options, mill_engine *engine, mill_error *err);
mill_status command_diff(const options *options, mill_engine *engine, mill_error *err);
mill_status command_datagen(const options *options, mill_engine *engine, mill_error *err);
mill_status command_help(const options *options, mill_engine *engine, mill_error *err);
int64_t query_input_bytes(const options *options);

#endif
