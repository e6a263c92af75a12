/* The frame format, version 1. Integers are little-endian; every section starts at a multiple of 8 bytes from the start
 * of the frame and is padded with zeros.
 *
 * OFFSET  SIZE  DESCRIPTION
 *      0     4  magic "RMFR"
 *      4     2  version, 1
 *      6     2  flags, 0
 *      8     4  bucket
 *     12     4  unit
 *     16     8  rows, 0 … 2^31 − 1
 *     24     8  bytes of the whole frame, a multiple of 8
 *     32     4  columns
 *     36     4  id words: so many last columns are row ids (uint64, no NULLs)
 *     40  40·n  one descriptor a column, a LIST's or STRUCT's children right after it, depth first
 *      …     …  the sections of each column, in the order of the descriptors
 *
 * Descriptor:
 *      0     1  type id (mill_type_id)
 *      1     1  precision (decimal), else 0
 *      2     1  scale (decimal), else 0
 *      3     1  1: timestamp with zone, else 0
 *      4     1  encoding: 0 plain, 1 dictionary (text only), 2 all rows NULL
 *      5     1  1: a validity section is there, else 0
 *      6     2  children (LIST, STRUCT), else 0
 *      8     8  NULL rows
 *     16     8  bytes of the values section, without padding
 *     24     8  bytes of the text section (plain text and dictionaries), without padding
 *     32     8  values in the dictionary, else 0
 *
 * Sections of a column:
 *   validity (if there)  a bit a row, set where not NULL, in 8-byte words
 *   values               plain: rows × width (0 where NULL), bool a bit a row in 8-byte words, text int32
 *                        offsets[rows + 1] from 0; dictionary: a code a row (0 where NULL) of 1, 2 or 4 bytes, the
 *                        fewest that hold the largest code
 *   dictionary offsets   int32 [values + 1] from 0 (dictionary only)
 *   text                 the bytes
 * A column whose rows are all NULL (and more than none) has no section. Not collective. */
#ifndef MILL_COLUMN_FRAME_FORMAT_H
#define MILL_COLUMN_FRAME_FORMAT_H

#include "column/frame.h"

#define MILL_FRAME_MAGIC 0x52464D52U /* "RMFR" read little-endian */

typedef struct mill_frame_header {
	uint32_t magic;
	uint16_t version;
	uint16_t flags;
	uint32_t bucket;
	uint32_t unit;
	uint64_t rows;
	uint64_t size_bytes;
	uint32_t column_count;
	uint32_t id_words;
} mill_frame_header;
_Static_assert(sizeof(mill_frame_header) == 40, "the header is 40 bytes");

enum { MILL_FRAME_PLAIN = 0, MILL_FRAME_DICTIONARY = 1, MILL_FRAME_ALL_NULL = 2 };

typedef struct mill_frame_column {
	uint8_t type_id;
	uint8_t precision;
	uint8_t scale;
	uint8_t zoned;
	uint8_t encoding;
	uint8_t has_validity;
	uint16_t child_count;
	uint64_t null_count;
	uint64_t values_bytes;
	uint64_t text_bytes;
	uint64_t dictionary_rows;
} mill_frame_column;
_Static_assert(sizeof(mill_frame_column) == 40, "a descriptor is 40 bytes");

/* Bytes of a code of a dictionary of that many values. */
static inline size_t mill_frame_code_bytes(uint64_t dictionary_rows)
{
	return dictionary_rows <= 256 ? 1 : dictionary_rows <= 65536 ? 2 : 4;
}

#endif
