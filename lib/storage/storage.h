/* Where bytes live: URIs, listings, ranged reads, write-once files. Local now; HTTP and Azure come behind the same
 * vtable.
 *
 * Paths are relative to the working directory. `file://` is local. A remote scheme is MILL_NOT_YET. Nothing here is
 * collective: rank 0 lists and stats, then the job broadcasts what it found. Errors name the URI and the cause. */
#ifndef MILL_STORAGE_STORAGE_H
#define MILL_STORAGE_STORAGE_H

#include "base/arena.h"
#include "base/bytes.h"

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
 * with
 * `.` or `_`). MILL_NOT_FOUND: nothing matches; MILL_IO: a folder cannot be read; MILL_USAGE: two entries with equal
 * ordinal paths, or a malformed pattern. */
MILL_NODISCARD mill_status mill_storage_list(const char *pattern, mill_arena *arena, mill_storage_listing *out,
                                             mill_error *err);

/* A file open for ranged reads, with read-ahead of the bytes after the last read. */
typedef struct mill_reader mill_reader;
MILL_NODISCARD mill_status mill_reader_open(const char *uri, mill_mem *mem, mill_reader **out, mill_error *err);
/* Reads up to size_bytes at offset; *got < size_bytes only at the end of the file. */
MILL_NODISCARD mill_status mill_reader_read(mill_reader *reader, int64_t offset, void *out, size_t size_bytes,
                                            size_t *got_bytes, mill_error *err);
int64_t mill_reader_size(const mill_reader *reader);
const char *mill_reader_uri(const mill_reader *reader);
void mill_reader_close(mill_reader *reader); /* NULL is fine */

/* Write-once files: bytes go to a temporary name beside the target; commit fsyncs and renames; closing without commit
 * leaves nothing. */
typedef struct mill_writer mill_writer;
MILL_NODISCARD mill_status mill_writer_open(const char *uri, mill_mem *mem, mill_writer **out, mill_error *err);
MILL_NODISCARD mill_status mill_writer_append(mill_writer *writer, const void *data, size_t size_bytes,
                                              mill_error *err);
MILL_NODISCARD mill_status mill_writer_commit(mill_writer *writer, mill_error *err);
void mill_writer_close(mill_writer *writer); /* NULL is fine */

/* Small helpers on local paths, used by stores and scratch. */
MILL_NODISCARD mill_status mill_path_make_folders(const char *path, mill_error *err); /* mkdir -p */
MILL_NODISCARD mill_status mill_path_remove_tree(const char *path,
                                                 mill_error *err); /* missing is fine; never follows links */
bool mill_path_exists(const char *path);
MILL_NODISCARD mill_status mill_path_read_all(const char *uri, mill_bytes *out,
                                              mill_error *err); /* a whole small file */
MILL_NODISCARD mill_status mill_path_write_all(const char *uri, mill_mem *mem, const void *data, size_t size_bytes,
                                               mill_error *err); /* write-once commit */

#endif
