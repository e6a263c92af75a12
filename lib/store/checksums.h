/* OUT/checksums.xxh128: what every other file of a store is to hash to, so that `verify` finds any changed, missing or
 * added file, manifest.json itself included. `xxhsum --check` reads it too. Not collective.
 *
 * A line a file, sorted by name: HASH, two spaces, the name relative to the store, LF. HASH is the XXH3-128 of the
 * file's bytes as 32 hexadecimal digits. Names that begin with a dot, failed/ and lost+found are no part of a store. */
#ifndef MILL_STORE_CHECKSUMS_H
#define MILL_STORE_CHECKSUMS_H

#include "store/store_private.h"

/* Writes the file into spec->path, where all files but the manifest are complete. shards: all of them, whose hashes are
 * known. MILL_IO. */
MILL_NODISCARD mill_status mill_checksums_write(const mill_store_spec *spec, const mill_shard_info *shards,
                                                int64_t shard_count, const mill_bytes *manifest, mill_mem *mem,
                                                mill_error *err);
/* Compares files with the list; shards, which were read already, by what the manifest says of them. MILL_DIFFERENT
 * names the first one that is not as it was written, is missing or was added. */
MILL_NODISCARD mill_status mill_checksums_check(const mill_store *store, mill_error *err);

#endif
