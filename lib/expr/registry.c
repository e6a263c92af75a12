#include "base/suggest.h"
#include "expr/internal.h"
#include <string.h>
#include <strings.h>

#define TABLE_COUNT 9
#define NAME_LIMIT  512

static mill_function_table table(int index)
{
	switch (index) {
	case 0: return mill_functions_operator();
	case 1: return mill_functions_compare();
	case 2: return mill_functions_math();
	case 3: return mill_functions_text();
	case 4: return mill_functions_pattern();
	case 5: return mill_functions_date();
	case 6: return mill_functions_calendar();
	case 7: return mill_functions_choice();
	default: return mill_functions_other();
	}
}

static const mill_function *function_at(int index)
{
	for (int t = 0; t < TABLE_COUNT; t++) {
		mill_function_table functions = table(t);
		if (index < functions.count)
			return &functions.functions[index];
		index -= functions.count;
	}
	return NULL;
}

const mill_function *mill_function_find(const char *name)
{
	for (int t = 0; t < TABLE_COUNT; t++) {
		mill_function_table functions = table(t);
		for (int i = 0; i < functions.count; i++)
			if (strcasecmp(functions.functions[i].name, name) == 0)
				return &functions.functions[i];
	}
	return NULL;
}

bool mill_function_exists(const char *name)
{
	return mill_function_find(name) != NULL;
}

const char *mill_function_name(const mill_function *function)
{
	return function->name;
}

/* What others are rewritten to: callable, but nothing that a query needs to name. */
static bool is_inner(const char *name)
{
	static const char *const prefixes[] = {"extract_", "text_", "round_", "trunc_", "is_"};
	static const char *const names[] = {"add", "subtract", "bit_not", "like_escape", "timestamp_of_epoch"};
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

int mill_function_count(void)
{
	int count = 0;
	for (int t = 0; t < TABLE_COUNT; t++)
		count += table(t).count;
	return count;
}

mill_function_info mill_function_list(int index)
{
	const mill_function *f = function_at(index);
	mill_function_info info = {"", "", ""};
	if (f != NULL)
		info = (mill_function_info){f->name,
		                            f->refusal != NULL  ? "refused"
		                            : is_inner(f->name) ? "inner"
		                                                : f->group,
		                            f->refusal != NULL ? f->refusal : f->help};
	return info;
}

const char *mill_function_suggest(const char *name)
{
	const char *names[NAME_LIMIT];
	size_t count = 0;
	for (int i = 0; i < mill_function_count() && count < NAME_LIMIT; i++) {
		const mill_function *f = function_at(i);
		if (f->refusal == NULL && !is_inner(f->name))
			names[count++] = f->name;
	}
	return mill_suggest(name, names, count);
}
