/* Where bytes live: URIs, listings, ranged reads, write-once files. Local now; HTTP and Azure come behind the same
 * vtable.
 *
 * A mill_storage is what a rank knows of storage: which schemes there are, and what was moved so far. The engine holds
 * one and passes it to whoever lists, reads or writes; nothing else in the library opens what may be a URI. Paths are
 * relative to the working directory. `file://` is local. A scheme that no backend has is MILL_NOT_YET. Nothing here is
 * collective: rank 0 lists and stats, then the job broadcasts what it found. Errors name the URI and the cause. */
#ifndef MILL_STORAGE_STORAGE_H
#define MILL_STORAGE_STORAGE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/hook.h"

typedef struct mill_storage {
	mill_mem *mem;  /* of readers and writers */
	mill_hook hook; /* called at least every 10 ms of waiting */
} mill_storage;

/* A storage with the local backend. mem and the hook's context are borrowed and outlive it. Not collective. */
void mill_storage_init(mill_storage *storage, mill_mem *mem);
/* Closes backends; readers and writers are closed before. Idempotent. Not collective. */
void mill_storage_release(mill_storage *storage);

typedef struct mill_storage_entry {
	const char *uri;      /* as opened again; in the listing's arena */
	const char *relative; /* path after the longest wildcard-free folder: what file ordinals sort by (D2) */
	int64_t size_bytes;
	int64_t mtime_ns;
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
/* Reads up to size_bytes at offset; *got_bytes < size_bytes only at the end of the file. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_reader_read(mill_reader *reader, int64_t offset, void *out, size_t size_bytes,
                                            size_t *got_bytes, mill_error *err);
/* The file's size when it was opened. Not collective. */
int64_t mill_reader_size(const mill_reader *reader);
/* The URI that was opened, borrowed. Not collective. */
const char *mill_reader_uri(const mill_reader *reader);
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
/* Frees the writer; NULL is fine. Not collective. */
void mill_writer_close(mill_writer *writer);

/* Appends a whole small file to out, which keeps what it held on failure. MILL_NOT_FOUND, MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_storage_read_all(mill_storage *storage, const char *uri, mill_bytes *out,
                                                 mill_error *err);
/* Writes a whole small file in one commit. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_storage_write_all(mill_storage *storage, const char *uri, const void *data,
                                                  size_t size_bytes, mill_error *err);
/* Whether there is a file or a folder of this name. MILL_IO, MILL_NOT_YET: it cannot be told. Not collective. */
MILL_NODISCARD mill_status mill_storage_exists(mill_storage *storage, const char *uri, bool *out, mill_error *err);
/* Makes a folder and those above it, where storage has folders at all. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_storage_make_folders(mill_storage *storage, const char *uri, mill_error *err);
/* Removes a file or a folder with all below it; missing is fine; links are never followed. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_storage_remove_tree(mill_storage *storage, const char *uri, mill_error *err);

#endif
