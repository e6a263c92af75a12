/* What inspect, head and diff print. Not collective. */
#ifndef MILL_STORE_READ_TEXT_H
#define MILL_STORE_READ_TEXT_H

#include "store/read/reader.h"

/* Text of one element of a block: row, and for tensors the feature. NULL is "NULL", text is in quotes with escapes. */
MILL_NODISCARD mill_status mill_store_cell_text(const mill_block *block, int64_t row, int64_t feature, mill_bytes *out);
/* "dense.fare", "label", "keep/id". feature is ignored where the dataset has one value a row. */
MILL_NODISCARD mill_status mill_store_cell_name(const mill_dataset_spec *spec, int64_t feature, mill_bytes *out);
/* "12.3 MB". */
MILL_NODISCARD mill_status mill_store_size_text(int64_t size_bytes, mill_bytes *out);
/* Columns on the screen that UTF-8 text takes, a code point being one. */
int64_t mill_store_text_columns(const char *text, size_t size_bytes);

/* Rows first … first + rows of a split across its shards (head, diff). Keeps the last shard open. */
typedef struct mill_split_reader {
	const mill_store *store;
	int split;
	int64_t shard; /* index of what is open; −1 */
	mill_shard_reader *reader;
} mill_split_reader;

/* A reader of a split; store is borrowed. Opens nothing yet. */
void mill_split_reader_init(mill_split_reader *reader, const mill_store *store, int split);
void mill_split_reader_release(mill_split_reader *reader); /* idempotent */
/* A block of rows from `first` on: at most max_rows, fewer where a shard or a chunk ends; at least 1. */
MILL_NODISCARD mill_status mill_split_reader_next(mill_split_reader *reader, int dataset, int64_t first,
                                                  int64_t max_rows, mill_block *out, mill_error *err);

#endif
