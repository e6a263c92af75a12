/* Files of a store: where they are finished, their checksum, and getting them to the disk. Not collective. */
#ifndef MILL_STORE_FILE_H
#define MILL_STORE_FILE_H

#include "store/store.h"

/* True where writing at random offsets is slow or refused: a FUSE mount (the magic of statfs(2)). The nearest existing
 * folder above path decides. */
bool mill_file_needs_staging(const char *path);
/* xxh3_128 and size of a file. MILL_IO. */
MILL_NODISCARD mill_status mill_file_checksum(const char *path, mill_mem *mem, mill_u128 *hash, int64_t *size_bytes,
                                              mill_error *err);
/* Copies front to back in one pass, hashing on the way; the copy is flushed to the disk. MILL_IO. */
MILL_NODISCARD mill_status mill_file_copy(const char *from, const char *to, mill_mem *mem, mill_u128 *hash,
                                          int64_t *size_bytes, mill_error *err);
/* Starts writing dirty pages without waiting. Never fails: mill_file_flush reports. */
void mill_file_start_flush(const char *path);
/* fsync of a file or a folder. MILL_IO. */
MILL_NODISCARD mill_status mill_file_flush(const char *path, mill_error *err);
/* unlink; missing is fine. MILL_IO. */
MILL_NODISCARD mill_status mill_file_remove(const char *path, mill_error *err);
/* "folder/name" in out, terminated; out is emptied first. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_file_join(const char *folder, const char *name, mill_bytes *out, mill_error *err);

#endif
