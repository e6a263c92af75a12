/* A store as a source of rows (formats/format.h): its shards are the files of the table.
 *
 * Columns, in this order: kept columns; tensors, in the manifest's order; `split`. A kept column is called as in the
 * store, a tensor of shape [rows] as the tensor, a tensor of shape [rows, width] gives one column per feature, called
 * as the feature. Of several that would have one name the first of this list keeps it: `split`, kept columns, tensors
 * of shape [rows], features; the others are called keep.NAME or TENSOR.FEATURE. Features of one name in several tensors
 * are all called TENSOR.FEATURE. Kept columns have the type that was kept, and NULL where NULL was stored; elements of
 * tensors have the tensor's dtype and are never NULL. Stores whose only split is `all` have no column `split`: they
 * were made from a table without one.
 *
 * Row ids are (file, row in the shard), files being ordered by the shards' paths. Input splits are ranges of rows of
 * shards. Only the datasets are read that a scan wants; of a tensor's features, those that it wants leave the chunk.
 * Several stores (a glob of their folders, a list) make one table where their datasets are equal; key=value folders
 * above them give columns as everywhere.
 *
 * Reading trusts the shards: only their sizes are compared with the manifest, and what HDF5 says of types and shapes.
 * `verify` compares checksums. Not collective, none of it. */
#ifndef MILL_STORE_SOURCE_SOURCE_H
#define MILL_STORE_SOURCE_SOURCE_H

#include "formats/format.h"

extern const mill_format mill_store_format;

#endif
