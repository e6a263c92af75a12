/* rankmill SUBCOMMAND: finds the sub-command, starts ranks where no launcher did, prints one message, exits with one
 * code. */
#include "backends.h"
#include "base/suggest.h"
#include "base/version.h"
#include "comm/comm.h"
#include "command.h"
#include "datagen.h"
#include "help.h"
#include "launch.h"
#include "observe/progress_display.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Below this much input, query and check use one rank. */
#define SMALL_INPUT_BYTES (INT64_C(256) << 20)

/* Commands that write neither files nor scratch. */
#define LEAVES_NOTHING (COMMAND_INSPECT | COMMAND_HEAD | COMMAND_VERIFY | COMMAND_DIFF)

/* Commands that read little: one rank unless -n says otherwise. */
static int64_t no_input(const option_set *options)
{
	(void)options;
	return 0;
}

const subcommand commands[] = {
    {"run", COMMAND_RUN, "JOB", "run a job to its store", "rankmill run job.json --set raw='data/*.csv' --out out/mine",
     1, 1, true, command_run, NULL},
    {"check", COMMAND_CHECK, "JOB", "validate a job and show what it will make", "rankmill check job.json", 1, 1, true,
     command_check, no_input},
    {"explain", COMMAND_EXPLAIN, "JOB", "show how a job will run, or the first rows of a step",
     "rankmill explain job.json --step clean --head 5", 1, 1, true, command_explain, no_input},
    {"query", COMMAND_QUERY, "\"SQL\"", "run SQL over files and print the result",
     "rankmill query 'SELECT a, count(*) FROM \"data/*.csv\" GROUP BY a'\n"
     "rankmill query \"SELECT * FROM read_csv('x.txt', delimiter => ';') LIMIT 5\" --format csv",
     0, 1, true, command_query, query_input_bytes},
    {"inspect", COMMAND_INSPECT, "STORE", "what a store holds", "rankmill inspect out/mine", 1, 1, false,
     command_inspect, NULL},
    {"head", COMMAND_HEAD, "STORE", "the first rows of a store", "rankmill head out/mine --split test -r 3", 1, 1,
     false, command_head, NULL},
    {"verify", COMMAND_VERIFY, "STORE", "check every checksum and the content hash", "rankmill verify out/mine", 1, 1,
     true, command_verify, no_input},
    {"diff", COMMAND_DIFF, "STORE_A STORE_B", "the first difference of two stores", "rankmill diff out/old out/new", 2,
     2, false, command_diff, NULL},
    {"datagen", COMMAND_DATAGEN, "KIND", "make sample data: taxi, titanic, groupby",
     "rankmill datagen taxi --rows 10000", 1, 1, true, command_datagen, NULL},
    {"help", COMMAND_HELP, "[TOPIC]", "explain a sub-command, step, transform or SQL function",
     "rankmill help standardize", 0, 1, false, command_help, NULL},
};
const int command_count = sizeof commands / sizeof commands[0];

static const subcommand *find_command(const char *name)
{
	for (int i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void print_usage(FILE *stream)
{
	fprintf(stream, "usage: rankmill SUBCOMMAND [OPTION …] [ARGUMENT …]\n\n");
	for (int i = 0; i < command_count; i++)
		fprintf(stream, "  %-8s %-16s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
	fprintf(stream,
	        "\n`rankmill SUBCOMMAND --help` lists its options; `rankmill help` explains steps, transforms and "
	        "SQL\nfunctions; `rankmill --version` tells the version.\n");
}

/* Only one of the ranks that a launcher started talks before they know each other. */
static bool is_first_process(void)
{
	static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *rank = getenv(names[i]);
		if (rank != NULL)
			return strcmp(rank, "0") == 0;
	}
	return true;
}

static int fail(const mill_error *err, mill_status status)
{
	if (is_first_process() && !(status == MILL_IO && launch_reader_left())) {
		const char *kind = datagen_missed(err->message);
		fprintf(stderr, "rankmill: %s\n", err->message[0] != '\0' ? err->message : mill_status_text(status));
		if (kind != NULL)
			fprintf(stderr, "  rankmill datagen %s makes sample data there\n", kind);
	}
	return mill_status_exit_code(status);
}

static int unknown_command(const char *name)
{
	static const char *const later[] = {"profile", "apply", "report", "init", "schema"};
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		if (strcmp(name, later[i]) == 0) {
			if (is_first_process())
				fprintf(stderr, "rankmill: %s is not supported yet; rankmill --help lists what is\n",
				        name);
			return 2;
		}
	const char *names[64];
	for (int i = 0; i < command_count; i++)
		names[i] = commands[i].name;
	const char *near = mill_suggest(name, names, (size_t)command_count);
	if (is_first_process()) {
		fprintf(stderr, "rankmill: unknown sub-command \"%s\"", name);
		if (near != NULL)
			fprintf(stderr, " (did you mean \"%s\"?)", near);
		fprintf(stderr, "; rankmill --help lists them\n");
	}
	return 2;
}

static int rank_count(const subcommand *command, const option_set *options)
{
	if (!command->uses_engine)
		return 1;
	if (options->ranks > 0)
		return (int)options->ranks;
	if (command->input_bytes != NULL && command->input_bytes(options) < SMALL_INPUT_BYTES)
		return 1;
	return launch_core_count();
}

static mill_status check_arguments(const subcommand *command, const option_set *options, mill_error *err)
{
	int count = options->argument_count;
	if (count < command->min_arguments)
		return mill_fail(err, MILL_USAGE, "%s needs %s; see rankmill %s --help", command->name,
		                 command->arguments, command->name);
	if (count > command->max_arguments)
		return mill_fail(err, MILL_USAGE, "%s: unexpected argument \"%s\"", command->name,
		                 options->arguments[command->max_arguments]);
	return MILL_OK;
}

/* Ranks that refuse the command line still leave together: the first to go would take the others, and the message, with
 * it. */
static int refuse(const mill_error *err, mill_status status, bool launched)
{
	mill_mem mem;
	mill_comm *comm = NULL;
	mill_error ignored = {0};
	mill_comm_options options = {.use_mpi = true};
	int code = fail(err, status);
	mill_mem_init(&mem, INT64_MAX);
	if (launched && mill_comm_open(&options, &mem, &comm, &ignored) == MILL_OK)
		mill_comm_close(comm);
	return code;
}

/* A full disk shows at the end: what a command prints is buffered. */
static mill_status flush_output(mill_error *err)
{
	errno = 0;
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return MILL_OK;
	return mill_fail(err, MILL_IO, "cannot write the result: %s", errno != 0 ? strerror(errno) : "an output error");
}

/* Every rank does the same and leaves with the same code; it leaves only once MPI is finalised. */
static int run_here(const subcommand *command, const option_set *options, bool launched)
{
	mill_error err = {0};
	mill_engine *engine = NULL;
	mill_engine_options engine_options = {.use_mpi = launched, .log_level = options->log_level};
	engine_options.backends = more_backends;
	engine_options.memory_bytes = options->memory_bytes;
	engine_options.memory_rank_bytes = options->memory_rank_bytes;
	engine_options.scratch = options->scratch;
	engine_options.timeout_ns = options->timeout_ns;
	engine_options.stop_signal = launch_install_stop(launched, (command->id & LEAVES_NOTHING) != 0);
	mill_progress_display display;
	mill_progress progress = {mill_progress_display_report, &display};
	mill_progress_mode mode = MILL_PROGRESS_NONE;
	int columns = launch_terminal_columns();
	mill_status status = MILL_OK;
	if (command->id == COMMAND_RUN)
		status = mill_progress_mode_parse(options->progress, columns > 0, &mode, &err);
	mill_progress_display_init(&display, is_first_process() ? mode : MILL_PROGRESS_NONE, columns, stderr);
	engine_options.progress = &progress;
	if (status == MILL_OK)
		status = mill_engine_open(&engine_options, &engine, &err);
	if (status == MILL_OK)
		status = command->run(options, engine, &err);
	bool ran = status == MILL_OK; /* as on all ranks, where the command uses them */
	if (status == MILL_OK)
		status = flush_output(&err);
	if (engine != NULL && (ran || !command->uses_engine))
		status = mill_engine_agree_done(engine, status, &err);
	mill_progress_display_finish(&display);
	if (engine == NULL)
		return refuse(&err, status, launched);
	int code = status == MILL_OK ? 0 : fail(&err, status);
	if (status == MILL_LOST_RANK) {
		mill_engine_abort(engine, code);
		_exit(code);
	}
	mill_engine_close(engine);
	return code;
}

static int run_command(const subcommand *command, int argc, char **argv)
{
	mill_error err = {0};
	option_set options;
	bool launched = mill_comm_launched();
	int code;
	mill_status status = options_parse(command->id, argc - 2, argv + 2, &options, &err);
	if (status == MILL_OK && options.help) {
		help_command(command);
		options_release(&options);
		return 0;
	}
	if (status == MILL_OK)
		status = check_arguments(command, &options, &err);
	if (status == MILL_OK && !launched && command->uses_engine) /* N copies would write one store */
		status = mill_comm_check_launch(1, &err);
	if (status != MILL_OK)
		code = refuse(&err, status, launched);
	else if (!launched && rank_count(command, &options) > 1)
		code = launch_ranks(rank_count(command, &options), options.scratch, argv + 1);
	else
		code = run_here(command, &options, launched);
	options_release(&options);
	return code;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("rankmill %s\n", MILL_VERSION);
		return 0;
	}
	const subcommand *command = find_command(argv[1]);
	return command != NULL ? run_command(command, argc, argv) : unknown_command(argv[1]);
}
