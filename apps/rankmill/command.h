/* Sub-commands: one small file each. A command gets its parsed options and returns the process's exit code. */
#ifndef RANKMILL_APPS_COMMAND_H
#define RANKMILL_APPS_COMMAND_H

#include "options.h"

typedef struct subcommand {
	const char *name;
	command_id id;
	const char *arguments; /* "JOB" */
	const char *help;
	const char *example; /* as typed; several lines where one is not enough */
	int min_arguments;
	int max_arguments;
	bool uses_engine; /* runs on ranks */
	mill_status (*run)(const option_set *options, mill_engine *engine, mill_error *err);
	/* Bytes of input, so that small ones use one rank; NULL: use every core. */
	int64_t (*input_bytes)(const option_set *options);
} subcommand;

extern const subcommand commands[];
extern const int command_count;

mill_status command_query(const option_set *options, mill_engine *engine, mill_error *err);
mill_status command_run(const option_set *options, mill_engine *engine, mill_error *err);
mill_status command_check(const option_set *options, mill_engine *engine, mill_error *err);
mill_status command_explain(const option_set *options, mill_engine *engine, mill_error *err);
mill_status command_inspect(const option_set *options, mill_engine *engine, mill_error *err);
mill_status command_head(const option_set *options, mill_engine *engine, mill_error *err);
mill_status command_verify(const option_set *options, mill_engine *engine, mill_error *err);
mill_status command_diff(const option_set *options, mill_engine *engine, mill_error *err);
mill_status command_datagen(const option_set *options, mill_engine *engine, mill_error *err);
mill_status command_help(const option_set *options, mill_engine *engine, mill_error *err);
int64_t query_input_bytes(const option_set *options);

#endif
