/* Private to the room: from a URI to its backend, and operations with waiting and trying again. Not collective. */
#ifndef MILL_STORAGE_IO_H
#define MILL_STORAGE_IO_H

#include "storage/backend.h"
#include "storage/storage.h"

/* Where a URI leads. */
typedef struct mill_place {
	const mill_storage_backend *backend;
	void *state;
	const char *uri;   /* as the backend names it */
	const char *shown; /* as given; both borrowed or in the arena */
} mill_place;

/* Finds and, when need be, starts the backend of a URI. MILL_NOT_YET: no backend has the scheme; MILL_USAGE: malformed;
 * what starting fails with. Not collective. */
MILL_NODISCARD mill_status mill_storage_find(mill_storage *storage, const char *uri, mill_arena *arena, mill_place *out,
                                             mill_error *err);
/* The length of what stands before the first key or folder: "scheme://authority", or the slashes a path begins with.
 * Not collective. */
size_t mill_uri_root(const char *uri);

/* An operation at a place with nothing asked yet. Leaves io->error as it is, since that is large. Not collective. */
void mill_io_init(mill_io *io, const mill_place *place);
/* Begins it with one of the backend's functions; it may be done at once. Not collective. */
void mill_io_begin(mill_storage *storage, mill_io *io, mill_begin *begin);
/* Waits until all of them are done, trying again what is worth it, and calls the storage's hook at least every 10 ms.
 * Each operation's own outcome is in its status. MILL_IO: deadline_ns (of mill_clock_ns; 0: none) has passed; the
 * hook's status: operations are then still under way, to be cancelled or waited for again. Not collective. */
MILL_NODISCARD mill_status mill_storage_wait(mill_storage *storage, mill_io *const *ios, int count, int64_t deadline_ns,
                                             mill_error *err);
/* Begins one operation and waits for it; its status and message. Not collective. */
MILL_NODISCARD mill_status mill_io_run(mill_storage *storage, mill_io *io, mill_begin *begin, mill_error *err);
/* Forgets an operation that may be under way. Not collective. */
void mill_io_cancel(mill_io *io);
/* The operation's status, its message copied to err. Not collective. */
MILL_NODISCARD mill_status mill_io_outcome(const mill_io *io, mill_error *err);

#endif
