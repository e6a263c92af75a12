/* The formats of a build and the names of those that are foreseen: what users write, looked up. The list itself is
 * const data of the job room. Not collective. */
#ifndef MILL_FORMATS_REGISTRY_H
#define MILL_FORMATS_REGISTRY_H

#include "formats/format.h"

/* Lists of names end with NULL. */
typedef struct mill_formats {
	const mill_format *const *items; /* the first is what a source is read as that tells nothing else */
	int count;
	const char *const *later_names; /* not built yet: words of "format" */
	const char *const *later_functions;
	const char *const *later_endings; /* of names, without compression */
} mill_formats;

/* The format that "format" calls so; NULL: none. Not collective. */
const mill_format *mill_formats_named(const mill_formats *formats, const char *name);
/* The format one of whose endings the path has; NULL: none. Not collective. */
const mill_format *mill_formats_of_path(const mill_formats *formats, const char *path);
/* The format that the table function reads the path with; NULL: there is no such function. Not collective. */
const mill_format *mill_formats_of_function(const mill_formats *formats, const char *function, const char *path);
/* MILL_NOT_YET or MILL_USAGE with a suggestion: for a name that mill_formats_named does not know, at its node. Not
 * collective. */
mill_status mill_formats_fail_name(const mill_formats *formats, const mill_json *node, const char *name,
                                   mill_error *err);
/* The same for a table function. Not collective. */
mill_status mill_formats_fail_function(const mill_formats *formats, const char *function, mill_error *err);
/* MILL_NOT_YET where the path is named like a file of a format that is not built: it would be read as another one, and
 * refused, or worse, not. Not collective. */
MILL_NODISCARD mill_status mill_formats_check_path(const mill_formats *formats, const char *path, mill_error *err);

#endif
