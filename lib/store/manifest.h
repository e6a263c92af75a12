/* The manifest of a store (D11) and the content hash that it carries (D5). Not collective. */
#ifndef MILL_STORE_MANIFEST_H
#define MILL_STORE_MANIFEST_H

#include "store/format.h"

/* The manifest's text, pretty-printed. shards are in the order of split and index. MILL_INTERNAL: an extra that is not
 * JSON or whose key the manifest does not have. */
MILL_NODISCARD mill_status mill_manifest_write(const mill_store_spec *spec, const mill_shard_info *shards,
                                               int64_t shard_count, const mill_u128 *sums,
                                               const mill_manifest_extra *extra, int extra_count, mill_mem *mem,
                                               mill_bytes *out, mill_error *err);
/* H128(0, names each ended by 00): what a tensor's width is followed by. */
MILL_NODISCARD mill_status mill_features_hash(const mill_dataset_spec *spec, mill_bytes *scratch, mill_u128 *out,
                                              mill_error *err);

#endif
