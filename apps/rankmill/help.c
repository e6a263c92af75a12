/* help TOPIC, the man page and tab completion: all from the tables that implement what they describe. */
#include "help.h"

#include "base/suggest.h"
#include "features/features.h"
#include "sql/sql.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

typedef struct step_info {
	const char *name;
	const char *help;
	const char *example;
} step_info;

static const step_info steps[] = {
    {"sql", "a table made by one SELECT; text or a list of lines",
     "{ \"name\": \"known\", \"sql\": [ \"SELECT *\", \"FROM clicks\", \"WHERE label IS NOT NULL\" ] }"},
    {"sql_file",
     "SQL from a file beside the job: one SELECT with \"name\", or a script of CREATE TABLE … AS without it",
     "{ \"name\": \"known\", \"sql_file\": \"known.sql\" }"},
    {"split", "adds the column \"split\": each row goes to a part by the hash of its key \"by\", or of its row id",
     "{ \"name\": \"parts\", \"split\": { \"from\": \"known\", \"by\": [\"user_id\"], \"into\": { \"train\": 8, "
     "\"test\": 2 } } }"},
};
#define STEP_COUNT (sizeof steps / sizeof steps[0])

static const char *const exit_codes[] = {
    "0   done",
    "1   a failure that may pass when it is tried again: input or output, memory, a lost rank, missing input",
    "2   usage, job file, SQL, or a store that is there already without --overwrite; nothing was done",
    "3   data refused: bad rows, truncated or corrupt files",
    "4   verify or diff found a difference",
    "75  interrupted; can be started again",
};
#define CODE_COUNT (sizeof exit_codes / sizeof exit_codes[0])

static void print_step(const step_info *step)
{
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
	printf("%s (%s%s): %s\n", function->name, function->group,
	       strcmp(function->group, "operator") == 0  ? ""
	       : strcmp(function->group, "refused") == 0 ? ""
	                                                 : " function",
	       function->help);
}

static void print_transforms(void)
{
	int count = 0;
	const mill_transform_info *list = mill_transform_list(&count);
	for (int i = 0; i < count; i++)
		printf("  %-20s %s\n", list[i].name, list[i].help);
}

static void print_functions(void)
{
	for (int i = 0; i < mill_sql_function_count(); i++) {
		mill_function_info f = mill_sql_function_list(i);
		if (strcmp(f.group, "refused") != 0 && strcmp(f.group, "inner") != 0)
			printf("  %-20s %-9s %s\n", f.name, f.group, f.help);
	}
}

static void print_steps(void)
{
	for (size_t i = 0; i < STEP_COUNT; i++)
		printf("  %-20s %s\n", steps[i].name, steps[i].help);
}

static void print_codes(void)
{
	for (size_t i = 0; i < CODE_COUNT; i++)
		printf("  %s\n", exit_codes[i]);
}

static void print_topics(void)
{
	printf("usage: rankmill help TOPIC\n\nTOPIC is a sub-command, a step, a transform, an SQL function, or one of\n"
	       "  steps, transforms, functions, exit-codes\n"
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

static void print_man(void)
{
	printf(".TH RANKMILL 1\n.SH NAME\nrankmill \\- prepare training data on MPI ranks\n.SH SYNOPSIS\n"
	       ".B rankmill\n\\fISUBCOMMAND\\fR [\\fIOPTION\\fR ...] [\\fIARGUMENT\\fR ...]\n.SH SUB-COMMANDS\n");
	for (int i = 0; i < command_count; i++) {
		printf(".TP\n\\fB%s\\fR %s\n", commands[i].name, commands[i].arguments);
		put_roff(commands[i].help);
		printf("\n");
	}
	printf(".SH OPTIONS\n");
	options_each(man_option, NULL);
	printf(".SH STEPS\n");
	for (size_t i = 0; i < STEP_COUNT; i++) {
		printf(".TP\n\\fB%s\\fR\n", steps[i].name);
		put_roff(steps[i].help);
		printf("\n");
	}
	printf(".SH TRANSFORMS\n");
	int count = 0;
	const mill_transform_info *list = mill_transform_list(&count);
	for (int i = 0; i < count; i++) {
		printf(".TP\n\\fB%s\\fR\n", list[i].name);
		put_roff(list[i].help);
		printf("\n");
	}
	printf(".SH EXIT STATUS\n");
	for (size_t i = 0; i < CODE_COUNT; i++)
		printf(".TP\n%.*s\n%s\n", (int)strcspn(exit_codes[i], " "), exit_codes[i],
		       exit_codes[i] + strcspn(exit_codes[i], " ") +
		           strspn(exit_codes[i] + strcspn(exit_codes[i], " "), " "));
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
                                   {"completion", print_completion}, {"exit-codes", print_codes}};
#define PAGE_COUNT (sizeof pages / sizeof pages[0])

/* A name may be several things ("hash" is a transform and a function): all are shown. */
static bool print_named(const char *topic)
{
	bool found = false;
	int count = 0;
	const mill_transform_info *list = mill_transform_list(&count);
	for (int i = 0; i < command_count; i++)
		if (strcmp(topic, commands[i].name) == 0 && (found = true))
			help_command(&commands[i]);
	for (size_t i = 0; i < STEP_COUNT; i++)
		if (strcmp(topic, steps[i].name) == 0 && (found = true))
			print_step(&steps[i]);
	for (int i = 0; i < count; i++)
		if (strcmp(topic, list[i].name) == 0 && (found = true))
			print_transform(&list[i]);
	for (int i = 0; i < mill_sql_function_count(); i++) {
		mill_function_info f = mill_sql_function_list(i);
		if (strcasecmp(topic, f.name) == 0 && (found = true))
			print_function(&f);
	}
	for (size_t i = 0; i < PAGE_COUNT; i++)
		if (!found && strcmp(topic, pages[i].name) == 0 && (found = true))
			pages[i].print();
	return found;
}

#define MOST_TOPICS 1024

static mill_status unknown_topic(const char *topic, mill_error *err)
{
	const char *names[MOST_TOPICS];
	size_t n = 0;
	int count = 0;
	const mill_transform_info *list = mill_transform_list(&count);
	for (int i = 0; i < command_count; i++)
		names[n++] = commands[i].name;
	for (size_t i = 0; i < STEP_COUNT; i++)
		names[n++] = steps[i].name;
	for (int i = 0; i < count && n < MOST_TOPICS; i++)
		names[n++] = list[i].name;
	for (int i = 0; i < mill_sql_function_count() && n < MOST_TOPICS; i++)
		names[n++] = mill_sql_function_list(i).name;
	const char *near = mill_suggest(topic, names, n);
	return mill_fail(err, MILL_USAGE, "help: there is no topic \"%s\"%s%s%s; rankmill help lists them", topic,
	                 near != NULL ? " (did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?)" : "");
}

void help_command(const subcommand *command)
{
	printf("usage: rankmill %s [OPTION …] %s\n\n%s\n\n", command->name, command->arguments, command->help);
	options_print(command->id, stdout);
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
