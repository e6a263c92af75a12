/* The one table of options: parsing, --help, man page and completion come from it. Not collective. */
#ifndef RANKMILL_APPS_OPTIONS_H
#define RANKMILL_APPS_OPTIONS_H

#include "base/arena.h"
#include "base/log.h"
#include "rankmill.h"
#include <stdio.h>

/* A bit a sub-command, for the table. */
typedef enum command_id {
	COMMAND_RUN = 1 << 0,
	COMMAND_EXPLAIN = 1 << 1,
	COMMAND_CHECK = 1 << 2,
	COMMAND_QUERY = 1 << 3,
	COMMAND_INSPECT = 1 << 4,
	COMMAND_HEAD = 1 << 5,
	COMMAND_VERIFY = 1 << 6,
	COMMAND_DIFF = 1 << 7,
	COMMAND_DATAGEN = 1 << 8,
	COMMAND_HELP = 1 << 9
} command_id;

#define MOST_ARGUMENTS 256

typedef struct option_set {
	const char *arguments[MOST_ARGUMENTS]; /* what is not an option */
	int argument_count;
	mill_named_text sets[MOST_ARGUMENTS];
	int set_count;
	mill_named_text sources[MOST_ARGUMENTS];
	int source_count;
	const char *out;
	int64_t ranks; /* 0: not given */
	int64_t memory_bytes;
	int64_t memory_rank_bytes;
	const char *scratch;
	bool overwrite;
	bool if_changed;
	bool fail_fast;
	bool resume;
	const char *checkpoint;
	int64_t limit_rows; /* INT64_MAX: all */
	const char *progress;
	mill_log_level log_level;
	int64_t timeout_ns;
	const char *format; /* NULL: the command's default */
	const char *file;
	const char *null_text;
	bool json;
	bool help;
	bool analyze;
	const char *step;
	int64_t head;
	int64_t rows; /* −1: not given */
	const char *split;
	uint64_t seed;
	int64_t files;
	mill_mem mem;
	mill_arena arena; /* copies of the names in NAME=VALUE */
} option_set;

/* Parses what follows the sub-command. MILL_USAGE with a suggestion. Release with options_release. */
MILL_NODISCARD mill_status options_parse(command_id command, int argc, char **argv, option_set *out, mill_error *err);
void options_release(option_set *options);
/* Prints the options of a command, one a line. */
void options_print(command_id command, FILE *stream);
/* Calls visit for every option of the table: for the man page and completion. */
typedef void (*option_visit)(void *context, const char *name, char short_name, const char *argument, const char *help,
                             unsigned commands);
void options_each(option_visit visit, void *context);

#endif
