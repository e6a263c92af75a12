/* help TOPIC, the man page and tab completion: all from the tables that implement what they describe. */
#include "help.h"

#include "base/suggest.h"
#include "base/version.h"
#include "features/features.h"
#include "sql/sql.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const exit_codes[] = {
    "0   done",
    "1   a failure that may pass when it is tried again: input or output, memory, a lost rank, missing input",
    "2   usage, job file, SQL, or a store that is there already without --overwrite; nothing was done",
    "3   data refused: bad rows, truncated or corrupt files",
    "4   verify or diff found a difference",
    "75  interrupted; can be started again",
};

/* Options and job files say a size in the same way (base/units.h). */
static const char *const sizes[] = {
    "K  M  G  T          powers of 1,024: 4G is 4,294,967,296 bytes",
    "KiB  MiB  GiB  TiB  the same",
    "kB  MB  GB  TB      powers of 1,000: 4GB is 4,000,000,000 bytes",
    "B, or no unit       bytes; --memory refuses a number below 1 MiB that has no unit",
    "In options and in job files alike: --memory 4G, \"split_bytes\": \"32 MiB\". Upper and lower case are the same,",
    "blanks and fractions are allowed (\"1.5 GB\"); a fraction of a byte is dropped.",
};
static const char *const durations[] = {
    "ns  us  ms          parts of a second",
    "s  sec  second(s)   seconds, also where there is no unit",
    "m  min  minute(s)   minutes",
    "h  hour(s)          hours",
    "d  day(s)           days of 24 hours",
    "As in --rank-timeout 90s. Upper and lower case are the same, blanks and fractions are allowed (\"1.5 h\").",
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void print_step(const mill_step_info *step)
{
	if (step->help == NULL)
		printf("%s (step) is not supported yet\n", step->name);
	else
		printf("%s (step): %s\n  %s\n", step->name, step->help, step->example);
}

static void print_transform(const mill_transform_info *transform)
{
	printf("%s (transform): %s\n", transform->name, transform->help);
	if (transform->parameters != NULL && transform->parameters[0] != '\0')
		printf("  parameters: %s\n", transform->parameters);
}

static void print_function(const mill_function_info *function)
{
	const char *group = mill_function_group_text(function->group);
	switch (function->standing) {
	case MILL_FUNCTION_OPEN:
		printf("%s (%s%s): %s\n", function->name, group,
		       function->group == MILL_GROUP_OPERATOR ? "" : " function", function->help);
		break;
	case MILL_FUNCTION_INNER: printf("%s (inner function): %s\n", function->name, function->help); break;
	case MILL_FUNCTION_REFUSED: printf("%s (refused): %s\n", function->name, function->help); break;
	case MILL_FUNCTION_NOT_YET: break;
	}
}

static void print_transforms(void)
{
	const mill_transform_info *transform = NULL;
	for (int i = 0; (transform = mill_transform_info_at(i)) != NULL; i++)
		printf("  %-20s %s\n", transform->name, transform->help);
}

static void print_functions(void)
{
	for (int i = 0; i < mill_sql_function_count(); i++) {
		mill_function_info f = mill_sql_function_list(i);
		if (f.standing == MILL_FUNCTION_OPEN)
			printf("  %-20s %-9s %s\n", f.name, mill_function_group_text(f.group), f.help);
	}
}

static void print_steps(void)
{
	int count = 0;
	const mill_step_info *list = mill_step_list(&count);
	for (int i = 0; i < count; i++)
		if (list[i].help != NULL)
			printf("  %-20s %s\n", list[i].name, list[i].help);
}

static void print_codes(void)
{
	for (size_t i = 0; i < COUNT(exit_codes); i++)
		printf("  %s\n", exit_codes[i]);
}

static void print_sizes(void)
{
	for (size_t i = 0; i < COUNT(sizes); i++)
		printf("  %s\n", sizes[i]);
}

static void print_durations(void)
{
	for (size_t i = 0; i < COUNT(durations); i++)
		printf("  %s\n", durations[i]);
}

static void print_topics(void)
{
	printf("usage: rankmill help TOPIC\n\nTOPIC is a sub-command, a step, a transform, an SQL function, or one of\n"
	       "  steps, transforms, functions, sizes, durations, exit-codes\n"
	       "  man          this program's manual page: rankmill help man | man -l -\n"
	       "  completion   tab completion for bash: source <(rankmill help completion)\n\nsub-commands\n");
	for (int i = 0; i < command_count; i++)
		printf("  %-20s %s\n", commands[i].name, commands[i].help);
	printf("\nsteps\n");
	print_steps();
	printf("\ntransforms\n");
	print_transforms();
}

/* roff: a hyphen that is to stay one, and no line may start with a dot. */
static void put_roff(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '-' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void man_option(void *context, const char *name, char short_name, const char *argument, const char *help,
                       unsigned of)
{
	(void)context;
	printf(".TP\n");
	if (short_name != 0)
		printf("\\fB\\-%c\\fR, ", short_name);
	printf("\\fB\\-\\-");
	put_roff(name);
	printf("\\fR");
	if (argument != NULL)
		printf(" \\fI%s\\fR", argument);
	printf("\n");
	put_roff(help);
	printf(" (");
	bool first = true;
	for (int i = 0; i < command_count; i++)
		if ((of & (unsigned)commands[i].id) != 0) {
			printf("%s%s", first ? "" : ", ", commands[i].name);
			first = false;
		}
	printf(")\n");
}

static void put_entry(const char *name, const char *help)
{
	printf(".TP\n\\fB");
	put_roff(name);
	printf("\\fR\n");
	put_roff(help);
	printf("\n");
}

static void man_commands(void)
{
	printf(".SH SUB-COMMANDS\n");
	for (int i = 0; i < command_count; i++) {
		printf(".TP\n\\fB%s\\fR %s\n", commands[i].name, commands[i].arguments);
		put_roff(commands[i].help);
		printf("\n");
	}
}

static void man_registries(void)
{
	int steps = 0;
	const mill_step_info *step = mill_step_list(&steps);
	const mill_transform_info *transform = NULL;
	printf(".SH STEPS\n");
	for (int i = 0; i < steps; i++)
		if (step[i].help != NULL)
			put_entry(step[i].name, step[i].help);
	printf(".SH TRANSFORMS\n");
	for (int i = 0; (transform = mill_transform_info_at(i)) != NULL; i++)
		put_entry(transform->name, transform->help);
}

static void man_lines(const char *title, const char *const *lines, size_t count)
{
	printf(".SH %s\n.nf\n", title);
	for (size_t i = 0; i < count; i++) {
		put_roff(lines[i]);
		printf("\n");
	}
	printf(".fi\n");
}

static void man_examples(void)
{
	printf(".SH EXAMPLES\n.nf\n");
	for (int i = 0; i < command_count; i++) {
		put_roff(commands[i].example);
		printf("\n");
	}
	printf(".fi\n");
}

static void print_man(void)
{
	printf(".TH RANKMILL 1 \"\" \"rankmill %s\"\n.SH NAME\nrankmill \\- prepare training data on MPI ranks\n"
	       ".SH SYNOPSIS\n.B rankmill\n\\fISUBCOMMAND\\fR [\\fIOPTION\\fR ...] [\\fIARGUMENT\\fR ...]\n",
	       MILL_VERSION);
	man_commands();
	printf(".SH OPTIONS\n");
	options_each(man_option, NULL);
	man_registries();
	man_lines("SIZES", sizes, COUNT(sizes));
	man_lines("DURATIONS", durations, COUNT(durations));
	printf(".SH EXIT STATUS\n");
	for (size_t i = 0; i < COUNT(exit_codes); i++) {
		size_t digits = strcspn(exit_codes[i], " ");
		printf(".TP\n%.*s\n%s\n", (int)digits, exit_codes[i],
		       exit_codes[i] + digits + strspn(exit_codes[i] + digits, " "));
	}
	man_examples();
}

static void complete_option(void *context, const char *name, char short_name, const char *argument, const char *help,
                            unsigned of)
{
	const command_id *id = context;
	(void)short_name, (void)help;
	if ((of & (unsigned)*id) != 0)
		printf(" --%s%s", name, argument != NULL ? "=" : "");
}

static void print_completion(void)
{
	printf("_rankmill() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]} words=\n\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	       "\t\twords=\"");
	for (int i = 0; i < command_count; i++)
		printf("%s%s", i > 0 ? " " : "", commands[i].name);
	printf("\"\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n");
	for (int i = 0; i < command_count; i++) {
		command_id id = commands[i].id;
		printf("\t\t%s) words=\"", commands[i].name);
		options_each(complete_option, &id);
		printf("\" ;;\n");
	}
	printf("\t\tesac\n\tfi\n\tif [ \"$COMP_CWORD\" = 1 ] || [ \"${word#-}\" != \"$word\" ]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	       "\t\t[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n\telse\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\tfi\n}\n"
	       "complete -o filenames -F _rankmill rankmill\n");
}

typedef struct named_page {
	const char *name;
	void (*print)(void);
} named_page;

static const named_page pages[] = {{"steps", print_steps},           {"transforms", print_transforms},
                                   {"functions", print_functions},   {"man", print_man},
                                   {"completion", print_completion}, {"exit-codes", print_codes},
                                   {"sizes", print_sizes},           {"durations", print_durations}};

static bool print_step_or_transform(const char *topic)
{
	bool found = false;
	int steps = 0;
	const mill_step_info *step = mill_step_list(&steps);
	const mill_transform_info *transform = NULL;
	for (int i = 0; i < steps; i++)
		if (strcmp(topic, step[i].name) == 0 && (found = true))
			print_step(&step[i]);
	for (int i = 0; (transform = mill_transform_info_at(i)) != NULL; i++)
		if (strcmp(topic, transform->name) == 0 && (found = true))
			print_transform(transform);
	if (mill_transform_is_later(topic) && (found = true))
		printf("%s (transform) is not supported yet\n", topic);
	return found;
}

static bool print_sql_name(const char *topic)
{
	bool found = false;
	for (int i = 0; i < mill_sql_function_count(); i++) {
		mill_function_info f = mill_sql_function_list(i);
		if (strcasecmp(topic, f.name) == 0 && f.standing != MILL_FUNCTION_NOT_YET && (found = true))
			print_function(&f);
	}
	return found;
}

/* A name may be several things ("hash" is a transform and a function): all are shown. */
static bool print_named(const char *topic)
{
	bool found = false;
	for (int i = 0; i < command_count; i++)
		if (strcmp(topic, commands[i].name) == 0 && (found = true))
			help_command(&commands[i]);
	found = print_step_or_transform(topic) || found;
	found = print_sql_name(topic) || found;
	for (size_t i = 0; i < COUNT(pages); i++)
		if (!found && strcmp(topic, pages[i].name) == 0 && (found = true))
			pages[i].print();
	return found;
}

#define MOST_TOPICS 1024

static mill_status unknown_topic(const char *topic, mill_error *err)
{
	const char *names[MOST_TOPICS];
	size_t n = 0;
	int steps = 0;
	const mill_step_info *step = mill_step_list(&steps);
	const mill_transform_info *transform = NULL;
	for (int i = 0; i < command_count; i++)
		names[n++] = commands[i].name;
	for (size_t i = 0; i < COUNT(pages); i++)
		names[n++] = pages[i].name;
	for (int i = 0; i < steps && n < MOST_TOPICS; i++)
		names[n++] = step[i].name;
	for (int i = 0; n < MOST_TOPICS && (transform = mill_transform_info_at(i)) != NULL; i++)
		names[n++] = transform->name;
	for (int i = 0; i < mill_sql_function_count() && n < MOST_TOPICS; i++)
		if (mill_sql_function_list(i).standing != MILL_FUNCTION_NOT_YET)
			names[n++] = mill_sql_function_list(i).name;
	const char *near = mill_suggest(topic, names, n);
	return mill_fail(err, MILL_USAGE, "help: there is no topic \"%s\"%s%s%s; rankmill help lists them", topic,
	                 near != NULL ? " (did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?)" : "");
}

void help_command(const subcommand *command)
{
	printf("usage: rankmill %s [OPTION …] %s\n\n%s\n\n", command->name, command->arguments, command->help);
	options_print(command->id, stdout);
	for (const char *line = command->example; line != NULL;) {
		const char *end = strchr(line, '\n');
		printf("%s  %.*s\n", line == command->example ? "\nexample\n" : "",
		       (int)(end != NULL ? end - line : (ptrdiff_t)strlen(line)), line);
		line = end != NULL ? end + 1 : NULL;
	}
}

mill_status command_help(const option_set *options, mill_engine *engine, mill_error *err)
{
	(void)engine;
	if (options->argument_count == 0) {
		print_topics();
		return MILL_OK;
	}
	return print_named(options->arguments[0]) ? MILL_OK : unknown_topic(options->arguments[0], err);
}
