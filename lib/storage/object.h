/* What storage tells of a file or folder. Not collective. */
#ifndef MILL_STORAGE_OBJECT_H
#define MILL_STORAGE_OBJECT_H

#include "base/arena.h"
#include <stdbool.h>

/* An opaque text that changes whenever the object does (an ETag; of local files the time and size). */
#define MILL_VERSION_BYTES 96

typedef enum mill_object_kind {
	MILL_OBJECT_FILE,
	MILL_OBJECT_FOLDER,
	MILL_OBJECT_LINK, /* listings only: what it leads to was not looked at */
	MILL_OBJECT_OTHER /* a device, a pipe */
} mill_object_kind;

typedef struct mill_object {
	mill_object_kind kind;
	int64_t size_bytes; /* −1: the listing does not tell */
	int64_t mtime_ns;
	char version[MILL_VERSION_BYTES];
} mill_object;

/* When a write-once file takes its name. */
typedef enum mill_condition {
	MILL_ALWAYS,    /* in place of what is there */
	MILL_IF_ABSENT, /* else MILL_EXISTS */
	MILL_IF_VERSION /* what is there has io->version, else MILL_EXISTS */
} mill_condition;

typedef struct mill_page_entry {
	const char *name; /* below the folder, without a leading '/' */
	mill_object object;
} mill_page_entry;

/* One page of a listing; entries are in arena. */
typedef struct mill_page {
	mill_arena *arena;
	mill_page_entry *entries;
	int64_t count;
	const char *next; /* where the next page begins, in arena; NULL: this is the first, or was the last */
} mill_page;

#endif
