/* What a shard looks like inside, version 1 (`format_version` of the manifest). Every reader and writer of this room
 * stands on this page.
 *
 * LINK                    SHAPE          TYPE               DESCRIPTION
 * NAME                    [rows] or      dtype, little-     a tensor; `column` gives [rows], `columns` [rows, width]
 *                         [rows, width]  endian
 * NAME.features           [width]        fixed UTF-8 text   feature names, NUL-padded to the longest
 * keep/NAME               [rows]         see below          a kept column of fixed width
 * keep/NAME.valid         [rows]         bool               present only where the shard holds a NULL: false = NULL;
 *                                                           fill value true, chunks without a NULL are not stored
 * keep/NAME/values        [bytes]        uint8              a kept text or binary column: the bytes of all rows
 * keep/NAME/offsets       [rows + 1]     int64              row r is values[offsets[r] … offsets[r + 1])
 * keep/NAME/valid         [rows]         bool               as NAME.valid; a NULL row is empty
 *
 * Kept columns: bool is h5py's bool (an int8 enum FALSE, TRUE); timestamp int64 µs since 1970; date int32 days since
 * 1970; decimal(p ≤ 18, s) int64, the value times 10^s; a wider decimal [rows, 2] uint64, low and high word of that
 * integer in two's complement. A NULL is stored as NaN, as the smallest value of timestamps and dates (NumPy's NaT),
 * else as 0.
 *
 * In link names `%` and `/` of a dataset's name are written %25 and %2F, a name `.` is %2E. Every dataset (for text:
 * the group) has the attribute `dtype`, the logical type as the manifest spells it. The root has `format_version`,
 * `split`, `first_ordinal` and `rows`. Chunks hold whole rows, about 1 MiB; the filters are HDF5's own shuffle and
 * deflate, and a chunk that they would shrink by less than a fifth is stored as it is, all filters masked. There is no
 * variable-length type and no time stamp: equal rows, equal shard sizes and equal
 * compression give equal files. Not collective. */
#ifndef MILL_STORE_FORMAT_H
#define MILL_STORE_FORMAT_H

#include "store/store.h"

#define MILL_STORE_FORMAT_VERSION 1
#define MILL_STORE_CHUNK_BYTES    ((int64_t)1 << 20)
#define MILL_STORE_VIEW_SHARDS    256
#define MILL_STORE_KEEP_PREFIX    "keep/"
/* Text is flushed at multiples of this many rows, so that a file does not depend on how rows arrived. */
#define MILL_STORE_TEXT_ROWS 4096

/* Room for a link path: "keep/" + an encoded name + "/offsets". */
#define MILL_LINK_BYTES 1024

/* Path of a dataset in a shard ("keep/a%2Fb"). MILL_USAGE: the name is empty or too long. */
MILL_NODISCARD mill_status mill_store_link(const mill_dataset_spec *spec, const char *suffix, char out[MILL_LINK_BYTES],
                                           mill_error *err);
/* "train/shard-00007.h5". */
MILL_NODISCARD mill_status mill_store_shard_name(const char *split, int64_t index, mill_bytes *out);
bool mill_store_is_shard_name(const char *name);              /* "shard-NNNNN.h5" */
const char *mill_store_layout(const mill_dataset_spec *spec); /* "dense"; "keep" for kept columns */
/* Whether a dataset holds texts, which are stored as offsets and bytes. */
static inline bool mill_store_is_text(const mill_dataset_spec *spec)
{
	return spec->is_keep && mill_type_is_text(spec->dtype);
}
/* Bytes of a stored row: dtype × width, 1 for bool, 8 or 16 for decimals; 0 for text. */
size_t mill_store_row_bytes(const mill_dataset_spec *spec);
/* Elements that make the rows of a dataset in shard and view: rank 1 or 2. */
bool mill_store_is_matrix(const mill_dataset_spec *spec);
/* Rows of a chunk of rows of row_bytes in a shard of `rows` rows: at least 1. */
int64_t mill_store_chunk_rows(size_t row_bytes, int64_t rows);

#endif
