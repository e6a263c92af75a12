/* Kinds of storage that the command line has besides local files. Not collective. */
#ifndef RANKMILL_APPS_BACKENDS_H
#define RANKMILL_APPS_BACKENDS_H

/* Ended by NULL. */
extern const struct mill_storage_backend *const more_backends[];

#endif
