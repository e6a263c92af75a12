/* Files of a store: where they are finished, their checksum, and getting them to the disk. Not collective. */
#ifndef MILL_STORE_FILE_H
#define MILL_STORE_FILE_H

#include "store/store.h"

/* True where writing at random offsets is slow or refused: a FUSE mount (the magic of statfs(2)). The nearest existing
 * folder above path decides. */
bool mill_file_needs_staging(const char *path);
/* Whether the files of a store below this folder or URI are finished in scratch and put in their place front to back:
 * MILL_OK and *out. spec->finish_in_scratch, a FUSE mount, or no local path. Not collective. */
MILL_NODISCARD mill_status mill_file_is_staged(const mill_store_spec *spec, bool *out, mill_error *err);
/* xxh3_128 and size of a file, wherever it lies. MILL_IO, MILL_NOT_FOUND. Not collective. */
MILL_NODISCARD mill_status mill_file_checksum(mill_storage *storage, const char *uri, mill_u128 *hash,
                                              int64_t *size_bytes, mill_error *err);
/* Puts a finished file of the scratch folder in its place in one pass, hashing on the way; there it is durable. Local
 * targets are written in place, since a rename is a copy on FUSE; others are write-once files made of parts. MILL_IO.
 * Not collective. */
MILL_NODISCARD mill_status mill_file_place(mill_storage *storage, const char *from, const char *to, mill_u128 *hash,
                                           int64_t *size_bytes, mill_error *err);
/* Starts writing dirty pages without waiting. Never fails: mill_file_flush reports. */
void mill_file_start_flush(const char *path);
/* fsync of a file or a folder. MILL_IO. */
MILL_NODISCARD mill_status mill_file_flush(const char *path, mill_error *err);
/* unlink; missing is fine. MILL_IO. */
MILL_NODISCARD mill_status mill_file_remove(const char *path, mill_error *err);
/* unlink, whatever comes of it: the next claim, or the end of scratch, removes what stays. Not collective. */
void mill_file_discard(const char *path);
/* "folder/name" in out, terminated; out is emptied first. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_file_join(const char *folder, const char *name, mill_bytes *out, mill_error *err);

#endif
