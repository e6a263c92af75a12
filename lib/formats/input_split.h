/* Input files and how they are cut: input splits, the units of work that are dealt to ranks.
 *
 * An input split is a list of ranges of files; ranges of one file are consecutive over consecutive input splits, so
 * that the share of input splits that a rank reads covers one contiguous range of each file it touches. A range counts
 * in what its format counts in: bytes of text, or rows. It owns the rows that begin in it. Not collective. */
#ifndef MILL_FORMATS_INPUT_SPLIT_H
#define MILL_FORMATS_INPUT_SPLIT_H

#include "base/arena.h"
#include "base/status.h"
#include "storage/storage.h"

typedef enum mill_codec { MILL_CODEC_NONE, MILL_CODEC_GZIP, MILL_CODEC_ZSTD } mill_codec;

/* One input file, equal on all ranks. Its index in its source is its ordinal (D2). */
typedef struct mill_input_file {
	const char *uri;
	int64_t size_bytes; /* as stored */
	int64_t mtime_ns;
	mill_codec codec;         /* by content: a compressed file is one range that cannot be cut */
	const char **hive_values; /* [hive keys of the source]; NULL entry: SQL NULL, or no such folder */
	const char *version;      /* as listed: what every reader on every rank must find; NULL: it is not known */
} mill_input_file;

typedef struct mill_range {
	int32_t file;
	int64_t begin;
	int64_t end; /* exclusive; INT64_MAX for a compressed file */
} mill_range;

typedef struct mill_input_split {
	int64_t first_range;
	int32_t range_count;
	int64_t size_bytes; /* what ranks are balanced by */
} mill_input_split;

typedef struct mill_input_plan {
	mill_input_split *splits;
	int64_t split_count;
	mill_range *ranges;
	int64_t range_count;
} mill_input_plan;

/* Cuts files into input splits of about split_bytes (at least 1); ranges are in bytes, small files are packed together
 * in file order. Arrays live in arena. The same on every rank. MILL_USAGE: no such split size, or more than 2^31 − 1
 * files. Not collective. */
MILL_NODISCARD mill_status mill_plan_input_splits(const mill_input_file *files, int64_t file_count, int64_t split_bytes,
                                                  mill_arena *arena, mill_input_plan *out, mill_error *err);
/* The contiguous share [first, last) of input splits of `rank` among `size` ranks, balanced by bytes. Not collective.
 */
void mill_input_share(const mill_input_plan *plan, int rank, int size, int64_t *first, int64_t *last);

#endif
