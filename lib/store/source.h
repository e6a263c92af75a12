/* A store as a source of rows: what its columns are, and reading them. Reading trusts the shards: only their sizes are
 * compared with the manifest, and what HDF5 says of types and shapes; `verify` compares checksums.
 *
 * Columns, in this order: kept columns; tensors, in the manifest's order; `split`. A kept column is called as in the
 * store, a tensor of shape [rows] as the tensor, a tensor of shape [rows, width] gives a column per feature, called as
 * the feature. Of two that would have the same name, the first of this list keeps it: `split`, kept columns, tensors of
 * shape [rows], features; the other is called keep.NAME or TENSOR.FEATURE. Features of the same name in several tensors
 * are all called TENSOR.FEATURE. Kept columns have the type that was kept, NULL where NULL was stored; elements of
 * tensors are never NULL and have the tensor's dtype. Stores whose only split is `all` have no column `split`: they
 * were made from a table without one. Not collective, none of it. */
#ifndef MILL_STORE_SOURCE_H
#define MILL_STORE_SOURCE_H

#include "formats/format.h"
#include "store/reader.h"

#define MILL_STORE_SPLIT_COLUMN (-1)

/* What a column of the table is read from. */
typedef struct mill_store_column {
	int dataset; /* MILL_STORE_SPLIT_COLUMN: the shard's split */
	int feature; /* of a tensor; 0 where it has one value per row */
} mill_store_column;

/* The columns of a store (or of several of equal datasets). */
typedef struct mill_store_columns {
	const mill_dataset_spec *datasets; /* tensors, then kept columns */
	int dataset_count;
	bool has_split;
	mill_schema schema;
	mill_store_column *columns; /* [schema.count] */
} mill_store_columns;

/* Fills schema and columns from datasets and has_split; names are borrowed from the datasets or lie in the arena.
 * MILL_DATA: two columns would have the same name even so. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_store_columns_make(mill_store_columns *columns, mill_arena *arena, mill_error *err);
/* For a broadcast: datasets and has_split; get makes the rest anew. MILL_NOMEM; get: MILL_INTERNAL when cut short. */
MILL_NODISCARD mill_status mill_store_columns_put(const mill_store_columns *columns, mill_bytes *out);
MILL_NODISCARD mill_status mill_store_columns_get(mill_bytes_view *in, mill_arena *arena, mill_store_columns *out,
                                                  mill_error *err);

/* A shard as a file of the table. */
typedef struct mill_store_part {
	const char *store; /* the folder, for messages */
	const char *split;
	int64_t first_ordinal;
	int64_t rows;
} mill_store_part;

/* Reads rows of shards, at most one open at a time. */
typedef struct mill_store_rows mill_store_rows;
/* spec and columns are borrowed until free. spec's columns are positions in the schema; positions from the schema's
 * count on are not read here. */
MILL_NODISCARD mill_status mill_store_rows_new(const mill_store_columns *columns, const mill_scan_spec *spec,
                                               const mill_knobs *knobs, mill_mem *mem, mill_store_rows **out,
                                               mill_error *err);
/* Rows begin … end − 1 of the shard at uri, file number `file` of the table: pushed in batches, dropped by the filter,
 * none after the bound, fewer once the sink is done. MILL_DATA: the shard is damaged; MILL_IO: it cannot be read. */
MILL_NODISCARD mill_status mill_store_rows_read(mill_store_rows *rows, int32_t file, const char *uri,
                                                const mill_store_part *part, int64_t begin, int64_t end,
                                                mill_sink *sink, mill_error *err);
/* read_rows, filtered_rows. */
const mill_scan_counts *mill_store_rows_counts(const mill_store_rows *rows);
void mill_store_rows_free(mill_store_rows *rows); /* NULL is fine */

#endif
