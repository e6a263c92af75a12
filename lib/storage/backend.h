/* What one kind of storage is to this room: a table of functions, found by the scheme of a URI. Not collective.
 *
 * A backend begins operations and says when they are done; it never waits, tries again, reads ahead or counts. All that
 * is above, once: wait.c, reader.c, writer.c. So a new backend is one file that fills this table, given to
 * mill_storage_add before anything is opened.
 *
 * An operation is a mill_io. Its maker fills in what is asked, the backend's function begins it, and sooner or later
 * the backend sets `done` and the answer: at once (local files), or from within advance (what waits for a network).
 * Several operations may be under way, of one file too. The mill_io stays where it is until it is done or cancelled.
 *
 * Of failures a backend tells three kinds apart. is_transient: it may go well when tried again, and trying again does
 * no harm (a lost reply to a commit is not of this kind: the backend finds out first what became of it). has_changed:
 * the object is not of the version that was asked for. Else: final. io->status and io->error are set in each case;
 * messages name io->shown. */
#ifndef MILL_STORAGE_BACKEND_H
#define MILL_STORAGE_BACKEND_H

#include "storage/object.h"

typedef struct mill_io {
	/* What is asked, by the function that begins it. */
	const char *uri;          /* all: as backends see it, see canonical */
	const char *shown;        /* all: as the user knows it, for messages */
	void *file;               /* read, put, commit: what open or create gave */
	int64_t offset;           /* read: where; put: where the part begins in the file */
	size_t size_bytes;        /* read, put: how much, at least 1 */
	void *out;                /* read: room for it */
	const void *data;         /* put: the part, borrowed until done */
	int64_t part;             /* put: its number from 0 on; commit: how many there are */
	mill_condition condition; /* commit, remove (never MILL_IF_ABSENT) */
	const char *version;      /* read: what the object must be; commit, remove: see condition */
	mill_page *page;          /* list: page->next says where; filled by the answer */
	bool recursive;           /* list: with all below; only where the backend can */
	/* The answer, valid when done. */
	bool done;
	bool is_transient;
	bool has_changed;
	int64_t retry_after_ns; /* is_transient: not before; 0: it is not said */
	mill_status status;
	size_t got_bytes; /* read: may be less than asked, 0 only at the end */
	mill_object
	    object; /* stat, open; commit: its version; has_changed: the version found, "" where it is not told */
	/* For the backend, and for wait.c. */
	void *own;
	void (*begin)(void *state, struct mill_io *io);
	const struct mill_storage_backend *backend;
	void *state;
	int tries;
	int64_t again_ns; /* when it is begun again; 0: it is under way */
	int64_t begun_ns; /* when it was first waited for in this try; 0: not yet */
	mill_error error; /* last: 4 KiB that only failures touch */
} mill_io;

typedef void mill_begin(void *state, mill_io *io);

/* What a backend can, beyond what every one must. */
enum {
	MILL_CAN_FOLDERS = 1 << 0,   /* there are folders, which listings name and which may be empty */
	MILL_CAN_RECURSE = 1 << 1,   /* list takes `recursive` */
	MILL_CAN_LOCAL_PATH = 1 << 2 /* canonical is a path of the local file system: locks, renames, in-place writes */
};

typedef struct mill_storage_backend {
	const char *const *schemes; /* "abfss" …; "" is a path without one; the last is NULL */
	unsigned can;
	/* How files are read and written. Where read_bytes is 0, reads go straight to the caller's memory. */
	size_t read_bytes;
	int reads_in_flight;
	size_t part_bytes; /* of a part but the last */
	int parts_in_flight;
	/* What all operations share, made when the first of these URIs is met: connections, tokens. NULL: nothing. */
	mill_status (*start)(const struct mill_storage_backend *self, mill_mem *mem, void **state, mill_error *err);
	void (*stop)(void *state);
	/* The URI as this backend and listings name it, borrowed or in the arena. NULL: as it is. MILL_USAGE. */
	mill_status (*canonical)(const char *uri, mill_arena *arena, const char **out, mill_error *err);
	/* io->object of what is there, links followed. MILL_NOT_FOUND. */
	mill_begin *stat;
	/* A page of what is in the folder io->uri. MILL_NOT_FOUND where there are folders and it is none. */
	mill_begin *list;
	/* io->file for reading, io->object. MILL_NOT_FOUND. */
	mill_begin *open;
	mill_begin *read;
	/* io->file for writing. Nothing is seen under its name before commit. */
	mill_begin *create;
	mill_begin *put;
	/* The parts 0 … io->part − 1 become the file, durably. io->object.version. Whatever the answer, close still
	 * frees io->file, and then leaves nothing behind that is not committed. */
	mill_begin *commit;
	/* Removes a file; folders with MILL_CAN_FOLDERS too, when they are empty. MILL_NOT_FOUND. */
	mill_begin *remove;
	/* With MILL_CAN_FOLDERS: the folder and those above it. NULL: there are none to make. */
	mill_begin *make_folders;
	void (*close)(void *state, void *file);
	/* The bytes will be read soon. NULL: the backend cannot use that, reader.c reads ahead itself. */
	void (*will_read)(void *state, void *file, int64_t offset, int64_t size_bytes);
	/* Moves what is under way along, waiting up to timeout_ns for something to happen. NULL: every operation is
	 * done once begun. */
	void (*advance)(void *state, int64_t timeout_ns);
	/* Forgets an operation under way; its memory is the caller's again. NULL as above. */
	void (*cancel)(void *state, mill_io *io);
} mill_storage_backend;

/* Sets status and message of a failed operation and that it is done. */
void mill_io_fail(mill_io *io, mill_status status, const char *format, ...) MILL_PRINTF(3, 4);

#endif
