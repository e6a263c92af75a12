/* Where bytes live: URIs, listings, ranged reads, write-once files. Local now; HTTP and Azure come behind the same
 * vtable.
 *
 * A mill_storage is what a rank knows of storage: which schemes there are, and what was moved so far. The engine holds
 * one and passes it to whoever lists, reads or writes; nothing else in the library opens what may be a URI. Paths are
 * relative to the working directory. `file://` is local. A scheme that no backend has is MILL_NOT_YET. Nothing here is
 * collective: rank 0 lists and stats, then the job broadcasts what it found. Errors name the URI and the cause. */
#ifndef MILL_STORAGE_STORAGE_H
#define MILL_STORAGE_STORAGE_H

#include "base/bytes.h"
#include "base/hook.h"
#include "storage/object.h"

typedef struct mill_storage_backend mill_storage_backend; /* storage/backend.h */

/* What was moved and waited for since the storage was made. */
typedef struct mill_storage_counters {
	int64_t requests; /* operations begun, those that were begun again included */
	int64_t retries;
	int64_t read_bytes; /* by backends: with what was read ahead */
	int64_t written_bytes;
	int64_t waits; /* waits for something that was not done at once */
	int64_t wait_ns;
} mill_storage_counters;

#define MILL_STORAGE_BACKENDS 8

typedef struct mill_storage_slot {
	const mill_storage_backend *backend;
	void *state; /* the backend's, once started */
	bool started;
} mill_storage_slot;

typedef struct mill_storage {
	mill_mem *mem;  /* of readers and writers */
	mill_hook hook; /* called at least every 10 ms of waiting */
	/* Operations that fail for a while are begun again after pauses that double, each cut at random. */
	int most_tries;
	int64_t first_pause_ns;
	int64_t longest_pause_ns;
	int64_t timeout_ns; /* of one operation's one try */
	mill_storage_counters counters;
	mill_storage_slot slots[MILL_STORAGE_BACKENDS];
	int slot_count;
} mill_storage;

/* A storage with the local backend, no hook, and the usual pauses. mem is borrowed and outlives it. Not collective. */
void mill_storage_init(mill_storage *storage, mill_mem *mem);
/* Adds a backend, borrowed. MILL_INTERNAL: one of its schemes is taken, or there are too many. Not collective. */
MILL_NODISCARD mill_status mill_storage_add(mill_storage *storage, const mill_storage_backend *backend,
                                            mill_error *err);
/* Stops backends; readers and writers are closed before. Idempotent. Not collective. */
void mill_storage_release(mill_storage *storage);

typedef struct mill_storage_entry {
	const char *uri;      /* as opened again; in the listing's arena */
	const char *relative; /* path after the longest wildcard-free folder: what file ordinals sort by (D2) */
	int64_t size_bytes;
	int64_t mtime_ns;
	const char *version; /* what mill_reader_open_version is to find */
	int hive_count; /* key=value folders, outermost first; values are percent-decoded; __HIVE_DEFAULT_PARTITION__ =
	                   NULL */
	const char **hive_keys;
	const char **hive_values; /* NULL entry: SQL NULL */
} mill_storage_entry;

typedef struct mill_storage_listing {
	mill_storage_entry *entries; /* sorted by `relative`, bytes, one compression suffix (.gz .zst …) removed */
	int64_t count;
} mill_storage_listing;

/* Expands one path: a file, a glob (`*` `?` `[..]` `{a,b}` `**`), or a folder (recursively, skipping names that start
 * with `.` or `_`). MILL_NOT_FOUND: nothing matches; MILL_IO: a folder cannot be read; MILL_USAGE: two entries with
 * equal ordinal paths, or a malformed pattern. Not collective. */
MILL_NODISCARD mill_status mill_storage_list(mill_storage *storage, const char *pattern, mill_arena *arena,
                                             mill_storage_listing *out, mill_error *err);

/* A file open for ranged reads, with read-ahead of the bytes after the last read. */
typedef struct mill_reader mill_reader;
/* Opens the file for reading. MILL_NOT_FOUND; MILL_IO: it cannot be opened, or is a folder. Not collective. */
MILL_NODISCARD mill_status mill_reader_open(mill_storage *storage, const char *uri, mill_reader **out, mill_error *err);
/* The same of a file that must have the version that a listing or another reader found; NULL or "": any. MILL_IO: it
 * has another one, both are named. Not collective. */
MILL_NODISCARD mill_status mill_reader_open_version(mill_storage *storage, const char *uri, const char *version,
                                                    mill_reader **out, mill_error *err);
/* Reads up to size_bytes at offset; *got_bytes < size_bytes only at the end of the file. MILL_IO: also when the
 * file has changed since it was opened. Not collective. */
MILL_NODISCARD mill_status mill_reader_read(mill_reader *reader, int64_t offset, void *out, size_t size_bytes,
                                            size_t *got_bytes, mill_error *err);
/* A range to be read, and what was got of it: less than asked only at the end of the file. */
typedef struct mill_read_range {
	int64_t offset;
	size_t size_bytes;
	void *out;
	size_t got_bytes;
} mill_read_range;
/* Reads scattered ranges, several under way at once where that helps; nothing is read ahead. Errors are those of
 * mill_reader_read. Not collective. */
MILL_NODISCARD mill_status mill_reader_read_ranges(mill_reader *reader, mill_read_range *ranges, int64_t count,
                                                   mill_error *err);
/* The file's size when it was opened. Not collective. */
int64_t mill_reader_size(const mill_reader *reader);
/* The URI that was opened, borrowed. Not collective. */
const char *mill_reader_uri(const mill_reader *reader);
/* What the file's version was when it was opened, borrowed. Not collective. */
const char *mill_reader_version(const mill_reader *reader);
/* Closes the file; NULL is fine. Not collective. */
void mill_reader_close(mill_reader *reader);

/* Write-once files: nothing is seen under the file's name before commit; closing without commit leaves nothing. */
typedef struct mill_writer mill_writer;
/* Begins a file. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_writer_open(mill_storage *storage, const char *uri, mill_writer **out, mill_error *err);
/* Appends bytes. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_writer_append(mill_writer *writer, const void *data, size_t size_bytes,
                                              mill_error *err);
/* The file appears whole under its name, in place of what was there, and survives a power failure. MILL_IO. Not
 * collective. */
MILL_NODISCARD mill_status mill_writer_commit(mill_writer *writer, mill_error *err);
/* The same under a condition; MILL_EXISTS: it does not hold, and nothing is changed. new_version (NULL, or room for
 * MILL_VERSION_BYTES) gets what was made. Not collective. */
MILL_NODISCARD mill_status mill_writer_commit_if(mill_writer *writer, mill_condition condition, const char *version,
                                                 char *new_version, mill_error *err);
/* Frees the writer; NULL is fine. Not collective. */
void mill_writer_close(mill_writer *writer);

/* Appends a whole small file to out, which keeps what it held on failure. MILL_NOT_FOUND, MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_storage_read_all(mill_storage *storage, const char *uri, mill_bytes *out,
                                                 mill_error *err);
/* Writes a whole small file in one commit. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_storage_write_all(mill_storage *storage, const char *uri, const void *data,
                                                  size_t size_bytes, mill_error *err);
/* Writes a whole small file under a condition, as mill_writer_commit_if does. Not collective. */
MILL_NODISCARD mill_status mill_storage_write_if(mill_storage *storage, const char *uri, const void *data,
                                                 size_t size_bytes, mill_condition condition, const char *version,
                                                 char *new_version, mill_error *err);
/* Whether there is a file or a folder of this name. MILL_IO, MILL_NOT_YET: it cannot be told. Not collective. */
MILL_NODISCARD mill_status mill_storage_exists(mill_storage *storage, const char *uri, bool *out, mill_error *err);
/* Makes a folder and those above it, where storage has folders at all. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_storage_make_folders(mill_storage *storage, const char *uri, mill_error *err);
/* Kind, size, time and version of what is there. MILL_NOT_FOUND; MILL_IO; MILL_NOT_YET. Not collective. */
MILL_NODISCARD mill_status mill_storage_stat(mill_storage *storage, const char *uri, mill_object *out, mill_error *err);
/* What is right below a folder, sorted by name, in the arena; links are not followed. MILL_NOT_FOUND; MILL_IO. Not
 * collective. */
MILL_NODISCARD mill_status mill_storage_list_folder(mill_storage *storage, const char *uri, mill_arena *arena,
                                                    mill_page *out, mill_error *err);
/* Removes one file; missing is fine. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_storage_remove(mill_storage *storage, const char *uri, mill_error *err);
/* Whether the URI is a path of the local file system, where there are locks and renames and files grow in place: then
 * *path is that path, borrowed or in the arena, else NULL. MILL_NOT_YET; MILL_USAGE. Not collective. */
MILL_NODISCARD mill_status mill_storage_local_path(mill_storage *storage, const char *uri, mill_arena *arena,
                                                   const char **path, mill_error *err);
/* Removes a file or a folder with all below it; missing is fine; links are never followed. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_storage_remove_tree(mill_storage *storage, const char *uri, mill_error *err);

#endif
