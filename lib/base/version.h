/* The version of rankmill, and those of what a result could depend on: rooms that use a library name it. Not
 * collective. */
#ifndef MILL_BASE_VERSION_H
#define MILL_BASE_VERSION_H

#include "base/status.h"

/* Written here alone; apps/python has its own, which a test compares. */
#define MILL_VERSION "0.1.0"

#define MILL_VERSION_TEXT_BYTES 48
#define MILL_MOST_VERSIONS      16

typedef struct mill_version {
	const char *name;
	char text[MILL_VERSION_TEXT_BYTES];
} mill_version;

typedef struct mill_version_list {
	mill_version items[MILL_MOST_VERSIONS];
	int count;
} mill_version_list;

/* name: borrowed for good. What finds no room is left out, longer text is cut. */
void mill_version_add(mill_version_list *list, const char *name, const char *format, ...) MILL_PRINTF(3, 4);
/* The compiler that this was built with. */
void mill_base_versions(mill_version_list *list);

#endif
