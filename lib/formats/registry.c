/* Formats by name, by path and by function, and what messages say of them. */
#include "formats/registry.h"

#include "base/suggest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LIST_BYTES 256

static bool has_name(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

const mill_format *mill_formats_named(const mill_formats *formats, const char *name)
{
	for (int i = 0; i < formats->count; i++)
		if (strcmp(formats->items[i]->name, name) == 0)
			return formats->items[i];
	return NULL;
}

const mill_format *mill_formats_of_path(const mill_formats *formats, const char *path)
{
	for (int i = 0; i < formats->count; i++)
		if (mill_has_ending(path, formats->items[i]->endings))
			return formats->items[i];
	return NULL;
}

const mill_format *mill_formats_of_function(const mill_formats *formats, const char *function, const char *path)
{
	const mill_format *first = NULL;
	for (int i = 0; i < formats->count; i++) {
		const mill_format *format = formats->items[i];
		if (format->function == NULL || strcasecmp(format->function, function) != 0)
			continue;
		if (mill_has_ending(path, format->endings))
			return format;
		first = first == NULL ? format : first;
	}
	return first;
}

static bool reads_with(const mill_format *format, const char *function)
{
	return function == NULL || (format->function != NULL && strcmp(format->function, function) == 0);
}

/* "csv and tsv", "csv, tsv and store": the formats that a function reads; NULL: all. */
static const char *names_text(const mill_formats *formats, const char *function, char out[LIST_BYTES])
{
	int size = 0, left = 0;
	out[0] = '\0';
	for (int i = 0; i < formats->count; i++)
		left += reads_with(formats->items[i], function);
	for (int i = 0; i < formats->count && size < LIST_BYTES; i++) {
		if (!reads_with(formats->items[i], function))
			continue;
		left--;
		size += snprintf(out + size, LIST_BYTES - (size_t)size, "%s%s", formats->items[i]->name,
		                 left == 0   ? ""
		                 : left == 1 ? " and "
		                             : ", ");
	}
	return out;
}

mill_status mill_formats_fail_name(const mill_formats *formats, const mill_json *node, const char *name,
                                   mill_error *err)
{
	char list[LIST_BYTES];
	const char *all[64];
	size_t count = 0;
	if (has_name(formats->later_names, name))
		return mill_json_fail_as(node, MILL_NOT_YET, err, "format \"%s\" is not supported yet; %s are", name,
		                         names_text(formats, NULL, list));
	for (int i = 0; i < formats->count && count < 64; i++)
		all[count++] = formats->items[i]->name;
	for (const char *const *later = formats->later_names; *later != NULL && count < 64; later++)
		all[count++] = *later;
	const char *near = mill_suggest(name, all, count);
	return mill_json_fail(node, err, "unknown format \"%s\"%s%s%s", name, near ? " (did you mean \"" : "",
	                      near ? near : "", near ? "\"?)" : "");
}

/* The first format with a table function: there is one always. */
static const mill_format *first_function(const mill_formats *formats)
{
	int i = 0;
	while (i + 1 < formats->count && formats->items[i]->function == NULL)
		i++;
	return formats->items[i];
}

mill_status mill_formats_fail_function(const mill_formats *formats, const char *function, mill_error *err)
{
	const mill_format *first = first_function(formats);
	for (const char *const *later = formats->later_functions; *later != NULL; later++)
		if (strcasecmp(*later, function) == 0)
			return mill_fail(err, MILL_NOT_YET, "%s is not supported yet; %s is", function,
			                 first->function);
	return mill_fail(err, MILL_USAGE, "there is no table function \"%s\"; %s('path', option => value) is", function,
	                 first->function);
}

mill_status mill_formats_check_path(const mill_formats *formats, const char *path, mill_error *err)
{
	static const char *const packed[] = {"", ".gz", ".zst"};
	char list[LIST_BYTES];
	size_t size = strlen(path);
	for (const char *const *later = formats->later_endings; *later != NULL; later++)
		for (size_t k = 0; k < sizeof packed / sizeof packed[0]; k++) {
			size_t name = strlen(*later), ending = name + strlen(packed[k]);
			if (size < ending || strncasecmp(path + size - ending, *later, name) != 0 ||
			    strcmp(path + size - strlen(packed[k]), packed[k]) != 0)
				continue;
			const mill_format *first = first_function(formats);
			return mill_fail(err, MILL_NOT_YET,
			                 "%s: %s files are not supported yet; %s are (whatever the name, with "
			                 "\"format\": \"%s\" or %s('…'))",
			                 path, *later + 1, names_text(formats, first->function, list), first->name,
			                 first->function);
		}
	return MILL_OK;
}
