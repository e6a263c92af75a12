/* The registry: the rows of functions/ found by name. */
#include "base/suggest.h"
#include "expr/functions/function.h"
#include <string.h>
#include <strings.h>

/* In the order of help. */
static const mill_function_table *const tables[] = {
    &mill_functions_operator, &mill_functions_compare, &mill_functions_math,     &mill_functions_text,
    &mill_functions_pattern,  &mill_functions_date,    &mill_functions_calendar, &mill_functions_extremes,
    &mill_functions_concat,   &mill_functions_hash,    &mill_functions_nulls,    &mill_functions_foreseen,
};
#define TABLE_COUNT (sizeof tables / sizeof tables[0])
#define NAME_LIMIT  512

static const mill_function *function_at(int index)
{
	size_t t = 0;
	while (index >= tables[t]->count)
		index -= tables[t++]->count;
	return &tables[t]->functions[index];
}

const mill_function *mill_function_find(const char *name)
{
	for (size_t t = 0; t < TABLE_COUNT; t++)
		for (int i = 0; i < tables[t]->count; i++)
			if (strcasecmp(tables[t]->functions[i].name, name) == 0)
				return &tables[t]->functions[i];
	return NULL;
}

static mill_function_info info_of(const mill_function *function)
{
	return (mill_function_info){.name = function->name,
	                            .group = function->group,
	                            .standing = function->standing,
	                            .is_operator = function->is_operator,
	                            .help = function->help};
}

bool mill_function_lookup(const char *name, mill_function_info *out)
{
	const mill_function *function = mill_function_find(name);
	if (function != NULL)
		*out = info_of(function);
	return function != NULL;
}

const char *mill_function_group_text(mill_function_group group)
{
	static const char *const texts[] = {
#define X(name, text) text,
	    MILL_FUNCTION_GROUPS(X)
#undef X
	};
	return texts[group];
}

int mill_function_count(void)
{
	int count = 0;
	for (size_t t = 0; t < TABLE_COUNT; t++)
		count += tables[t]->count;
	return count;
}

mill_function_info mill_function_list(int index)
{
	return info_of(function_at(index));
}

const char *mill_function_suggest(const char *name)
{
	const char *names[NAME_LIMIT];
	size_t count = 0;
	for (int i = 0; i < mill_function_count() && count < NAME_LIMIT; i++) {
		const mill_function *f = function_at(i);
		if (f->standing == MILL_FUNCTION_OPEN)
			names[count++] = f->name;
	}
	return mill_suggest(name, names, count);
}
