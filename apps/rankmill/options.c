#include "options.h"

#include "base/suggest.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

typedef struct option_row {
	const char *name;
	char short_name;
	const char *argument; /* NULL: a flag */
	const char *help;
	unsigned commands;
	mill_status (*set)(option_set *o, const char *value, mill_error *err);
} option_row;

static mill_status parse_int(const char *name, const char *text, int64_t min, int64_t max, int64_t *out,
                             mill_error *err)
{
	char *end;
	long long value = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || value < min || value > max)
		return mill_fail(err, MILL_USAGE, "%s: \"%s\" is not a whole number from %lld to %lld", name, text,
		                 (long long)min, (long long)max);
	*out = value;
	return MILL_OK;
}

#define LEAST_BARE_BYTES    ((int64_t)1 << 20)
#define SHORTEST_TIMEOUT_NS ((int64_t)1000000)
#define LONGEST_TIMEOUT_NS  ((int64_t)1000000000 * 1000000000)

/* A bare number below 1 MiB means another unit: who writes --memory 4 wants 4 GiB, not 4 bytes. */
static mill_status parse_memory(const char *name, const char *text, int64_t *out, mill_error *err)
{
	int64_t value = 0;
	mill_status status = mill_parse_size(text, 1, INT64_MAX / 2, &value, err);
	if (status != MILL_OK)
		return mill_fail_context(err, status, "%s", name);
	bool is_bare = strpbrk(text, "BKMGTbkmgt") == NULL;
	if (is_bare && value < LEAST_BARE_BYTES)
		return mill_fail(err, MILL_USAGE, "%s: \"%s\" would be bytes; write a unit, as in 4G or 512M", name,
		                 text);
	*out = value;
	return MILL_OK;
}

static mill_status parse_timeout(const char *name, const char *text, int64_t *out, mill_error *err)
{
	mill_status status = mill_parse_duration(text, SHORTEST_TIMEOUT_NS, LONGEST_TIMEOUT_NS, out, err);
	return status == MILL_OK ? MILL_OK : mill_fail_context(err, status, "%s", name);
}

static mill_status add_pair(option_set *o, const char *option, const char *text, mill_named_text *pairs, int *count,
                            mill_error *err)
{
	const char *equals = strchr(text, '=');
	if (equals == NULL || equals == text)
		return mill_fail(err, MILL_USAGE, "%s: \"%s\" is not NAME=VALUE", option, text);
	if (*count == MOST_ARGUMENTS)
		return mill_fail(err, MILL_USAGE, "%s: more than %d of them", option, MOST_ARGUMENTS);
	char *name = mill_arena_strndup(&o->arena, text, (size_t)(equals - text));
	if (name == NULL)
		return mill_fail_nomem(err, strlen(text), "arguments");
	pairs[(*count)++] = (mill_named_text){name, equals + 1};
	return MILL_OK;
}

static mill_status set_set(option_set *o, const char *v, mill_error *e)
{
	return add_pair(o, "--set", v, o->sets, &o->set_count, e);
}
static mill_status set_source(option_set *o, const char *v, mill_error *e)
{
	return add_pair(o, "--source", v, o->sources, &o->source_count, e);
}
static mill_status set_ranks(option_set *o, const char *v, mill_error *e)
{
	return parse_int("--ranks", v, 1, 4096, &o->ranks, e);
}
static mill_status set_memory(option_set *o, const char *v, mill_error *e)
{
	return parse_memory("--memory", v, &o->memory_bytes, e);
}
static mill_status set_memory_rank(option_set *o, const char *v, mill_error *e)
{
	return parse_memory("--memory-per-rank", v, &o->memory_rank_bytes, e);
}
static mill_status set_limit(option_set *o, const char *v, mill_error *e)
{
	return parse_int("--limit-rows", v, 0, INT64_MAX - 1, &o->limit_rows, e);
}
static mill_status set_timeout(option_set *o, const char *v, mill_error *e)
{
	return parse_timeout("--rank-timeout", v, &o->timeout_ns, e);
}
static mill_status set_head(option_set *o, const char *v, mill_error *e)
{
	return parse_int("--head", v, 0, INT64_MAX, &o->head, e);
}
static mill_status set_rows(option_set *o, const char *v, mill_error *e)
{
	return parse_int("--rows", v, 0, INT64_MAX, &o->rows, e);
}
static mill_status set_files(option_set *o, const char *v, mill_error *e)
{
	return parse_int("--files", v, 1, 100000, &o->files, e);
}

#define TEXT_SETTER(name)                                                                \
	static mill_status set_##name(option_set *o, const char *value, mill_error *err) \
	{                                                                                \
		(void)err;                                                               \
		o->name = value;                                                         \
		return MILL_OK;                                                          \
	}
#define FLAG_SETTER(name)                                                                \
	static mill_status set_##name(option_set *o, const char *value, mill_error *err) \
	{                                                                                \
		(void)value;                                                             \
		(void)err;                                                               \
		o->name = true;                                                          \
		return MILL_OK;                                                          \
	}
TEXT_SETTER(out)
TEXT_SETTER(scratch)
TEXT_SETTER(checkpoint)
TEXT_SETTER(format)
TEXT_SETTER(file)
TEXT_SETTER(null_text)
TEXT_SETTER(step)
TEXT_SETTER(split)
FLAG_SETTER(overwrite)
FLAG_SETTER(if_changed)
FLAG_SETTER(fail_fast)
FLAG_SETTER(resume)
FLAG_SETTER(json)
FLAG_SETTER(help)
FLAG_SETTER(analyze)

static mill_status set_seed(option_set *o, const char *value, mill_error *err)
{
	char *end;
	o->seed = strtoull(value, &end, 10);
	return end != value && *end == '\0' ? MILL_OK
	                                    : mill_fail(err, MILL_USAGE, "--seed: \"%s\" is not a whole number", value);
}

static mill_status set_progress(option_set *o, const char *value, mill_error *err)
{
	static const char *const words[] = {"auto", "bar", "plain", "json", "none"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i], value) == 0) {
			o->progress = value;
			return MILL_OK;
		}
	return mill_fail(err, MILL_USAGE, "--progress: \"%s\" is not one of auto, bar, plain, json, none", value);
}

static mill_status set_log_level(option_set *o, const char *value, mill_error *err)
{
	static const char *const words[] = {"error", "warn", "info", "debug"};
	for (int i = 0; i < 4; i++)
		if (strcmp(words[i], value) == 0) {
			o->log_level = (mill_log_level)i;
			return MILL_OK;
		}
	return mill_fail(err, MILL_USAGE, "--log-level: \"%s\" is not one of error, warn, info, debug", value);
}

#define ENGINE (COMMAND_RUN | COMMAND_EXPLAIN | COMMAND_CHECK | COMMAND_QUERY | COMMAND_DATAGEN)
#define JOB    (COMMAND_RUN | COMMAND_EXPLAIN | COMMAND_CHECK)
#define STORE  (COMMAND_INSPECT | COMMAND_HEAD | COMMAND_VERIFY | COMMAND_DIFF)
#define ALL    (~0U)

/* What a command is about stands first, what all have in common last. A name may stand for different things to
 * different commands. */
static const option_row rows[] = {
    {"set", 0, "NAME=VALUE", "give a parameter of the job (JSON, else text)", JOB, set_set},
    {"out", 0, "DIR", "where the store goes (default: the job's \"out\", else out/JOB)", JOB, set_out},
    {"out", 0, "DIR", "where the files go (default: out/data/KIND)", COMMAND_DATAGEN, set_out},
    {"overwrite", 0, NULL, "replace an existing store once the new one is complete", COMMAND_RUN, set_overwrite},
    {"limit-rows", 0, "N", "read the first N rows of each source; the store is marked partial", JOB, set_limit},
    {"fail-fast", 0, NULL, "show the first bad row only", COMMAND_RUN, set_fail_fast},
    {"progress", 0, "HOW", "auto, bar, plain, json or none (default auto: a bar on a terminal, else plain)",
     COMMAND_RUN, set_progress},
    {"checkpoint", 0, "DIR", "keep a checkpoint (not supported yet)", COMMAND_RUN, set_checkpoint},
    {"resume", 0, NULL, "continue a checkpoint or start afresh (not supported yet)", COMMAND_RUN, set_resume},
    {"if-changed", 0, NULL, "do nothing when job and inputs are those of the store (not supported yet)", COMMAND_RUN,
     set_if_changed},
    {"format", 0, "FORMAT", "table, csv or jsonl (default table)", COMMAND_QUERY, set_format},
    {"format", 0, "FORMAT", "text, json or dot (default text)", COMMAND_EXPLAIN, set_format},
    {"format", 0, "FORMAT", "csv", COMMAND_DATAGEN, set_format},
    {"file", 0, "FILE", "read the statements from a file", COMMAND_QUERY, set_file},
    {"null", 0, "TEXT", "how CSV shows NULL (default: nothing; the empty string is \"\")", COMMAND_QUERY,
     set_null_text},
    {"source", 0, "NAME=PATH", "name a file, glob, folder, or {source block of a job}", COMMAND_QUERY, set_source},
    {"analyze", 0, NULL, "run it and add rows, bytes and times (not supported yet)", COMMAND_EXPLAIN, set_analyze},
    {"step", 0, "NAME", "explain this step (default: what the store is made of)", COMMAND_EXPLAIN, set_step},
    {"head", 0, "N", "show the first N rows of it instead", COMMAND_EXPLAIN, set_head},
    {"json", 0, NULL, "print JSON", COMMAND_CHECK | COMMAND_INSPECT | COMMAND_VERIFY | COMMAND_DIFF, set_json},
    {"rows", 'r', "N", "rows to show (default 5)", COMMAND_HEAD, set_rows},
    {"rows", 'r', "N", "rows to make (default: titanic 891, others 1000000)", COMMAND_DATAGEN, set_rows},
    {"split", 0, "NAME", "the split to show (default: train, else the first)", COMMAND_HEAD, set_split},
    {"seed", 0, "N", "seed of the data (default 0)", COMMAND_DATAGEN, set_seed},
    {"files", 0, "N", "files to make (default: one a million rows)", COMMAND_DATAGEN, set_files},
    {"ranks", 'n', "N", "processes to start (default: a core each; small inputs one)", COMMAND_QUERY, set_ranks},
    {"ranks", 'n', "N", "processes to start (default 1)", COMMAND_CHECK | COMMAND_EXPLAIN | COMMAND_VERIFY, set_ranks},
    {"ranks", 'n', "N", "processes to start (default: a core each)", COMMAND_RUN | COMMAND_DATAGEN, set_ranks},
    {"memory", 0, "SIZE",
     "memory of a node, shared by its ranks, as 4G or 512 MiB (default: 70 % of what the cgroup allows)", ENGINE,
     set_memory},
    {"memory-per-rank", 0, "SIZE", "memory of one rank, as 4G; help sizes says how sizes are written", ENGINE,
     set_memory_rank},
    {"scratch", 0, "DIR", "folder for what does not fit into memory (default: $RANKMILL_SCRATCH, … $TMPDIR, /tmp)",
     ENGINE, set_scratch},
    {"rank-timeout", 0, "DURATION", "a rank silent for so long is lost, as 90s or 5 min (default 120s)", ENGINE,
     set_timeout},
    {"log-level", 0, "LEVEL", "error (no hints either), warn, info or debug (default warn)", ENGINE | STORE,
     set_log_level},
    {"help", 'h', NULL, "this text", ALL, set_help},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static const option_row *find_row(command_id command, const char *name, size_t length)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		bool short_match = length == 1 && rows[i].short_name == name[0];
		bool long_match = strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0;
		if ((rows[i].commands & (unsigned)command) != 0 && (short_match || (length > 1 && long_match)))
			return &rows[i];
	}
	return NULL;
}

static mill_status unknown_option(command_id command, const char *argument, mill_error *err)
{
	const char *names[ROW_COUNT];
	size_t count = 0;
	for (size_t i = 0; i < ROW_COUNT; i++)
		if ((rows[i].commands & (unsigned)command) != 0)
			names[count++] = rows[i].name;
	const char *bare = argument + strspn(argument, "-");
	char name[64];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(bare, "="), bare);
	const char *near = mill_suggest(name, names, count);
	if (near != NULL)
		return mill_fail(err, MILL_USAGE, "unknown option %s (did you mean --%s?)", argument, near);
	return mill_fail(err, MILL_USAGE, "unknown option %s; --help lists them", argument);
}

/* --name=value, --name value, -n value, -n4. Advances *at past what was used. */
static mill_status parse_option(command_id command, int argc, char **argv, int *at, option_set *out, mill_error *err)
{
	const char *argument = argv[*at];
	bool is_long = argument[1] == '-';
	const char *name = argument + (is_long ? 2 : 1);
	size_t length = is_long ? strcspn(name, "=") : 1;
	const option_row *row = find_row(command, name, length);
	if (row == NULL || (is_long && length < 2))
		return unknown_option(command, argument, err);
	const char *value = name[length] == '\0' ? NULL : name + length + (is_long ? 1 : 0);
	if (row->argument == NULL && value != NULL)
		return mill_fail(err, MILL_USAGE, "--%s takes no value", row->name);
	if (row->argument != NULL && value == NULL) {
		if (*at + 1 >= argc)
			return mill_fail(err, MILL_USAGE, "--%s needs %s", row->name, row->argument);
		value = argv[++*at];
	}
	return row->set(out, value, err);
}

mill_status options_parse(command_id command, int argc, char **argv, option_set *out, mill_error *err)
{
	*out = (option_set){.limit_rows = INT64_MAX, .progress = "auto", .log_level = MILL_LOG_WARN, .rows = -1};
	out->null_text = "";
	mill_mem_init(&out->mem, INT64_MAX);
	mill_arena_init(&out->arena, &out->mem);
	bool only_arguments = false;
	for (int i = 0; i < argc; i++) {
		if (!only_arguments && strcmp(argv[i], "--") == 0) {
			only_arguments = true;
		} else if (!only_arguments && argv[i][0] == '-' && argv[i][1] != '\0') {
			MILL_TRY(parse_option(command, argc, argv, &i, out, err));
		} else if (out->argument_count == MOST_ARGUMENTS) {
			return mill_fail(err, MILL_USAGE, "more than %d arguments", MOST_ARGUMENTS);
		} else {
			out->arguments[out->argument_count++] = argv[i];
		}
	}
	return MILL_OK;
}

void options_release(option_set *options)
{
	mill_arena_release(&options->arena);
}

void options_print(command_id command, FILE *stream)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		char left[64];
		if ((rows[i].commands & (unsigned)command) == 0)
			continue;
		const char *argument = rows[i].argument != NULL ? rows[i].argument : "";
		if (rows[i].short_name != 0)
			snprintf(left, sizeof left, "-%c, --%s %s", rows[i].short_name, rows[i].name, argument);
		else
			snprintf(left, sizeof left, "    --%s %s", rows[i].name, argument);
		fprintf(stream, "  %-30s %s\n", left, rows[i].help);
	}
}

void options_each(option_visit visit, void *context)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		visit(context, rows[i].name, rows[i].short_name, rows[i].argument, rows[i].help, rows[i].commands);
}
