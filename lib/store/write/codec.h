/* Chunks as HDF5's shuffle and deflate filters would encode them, several times faster: ISA-L for deflate:1, libdeflate
 * above, our own byte shuffle. Not collective. */
#ifndef MILL_STORE_WRITE_CODEC_H
#define MILL_STORE_WRITE_CODEC_H

#include "base/knobs.h"
#include "base/mem.h"
#include "store/store.h"

struct libdeflate_compressor;
struct libdeflate_decompressor;
struct isal_zstream;

typedef struct mill_chunk_codec {
	mill_mem *mem;
	mill_compression compression;
	struct libdeflate_compressor *compressor; /* NULL until first used */
	struct libdeflate_decompressor *decompressor;
	struct isal_zstream *isal;
	uint8_t *level_buffer; /* ISA-L's work space */
	uint8_t *shuffled;     /* capacity_bytes each */
	uint8_t *encoded;
	size_t capacity_bytes;
	int64_t charged_bytes; /* for what libdeflate allocates itself */
} mill_chunk_codec;

/* A codec for chunks of one compression. Allocates nothing. */
void mill_chunk_codec_init(mill_chunk_codec *codec, mill_compression compression, mill_mem *mem);
void mill_chunk_codec_release(mill_chunk_codec *codec); /* idempotent */

/* Encodes one chunk. *filtered false: the filters would save less than a fifth, *out is raw itself and every filter is
 * to be masked. *out is borrowed until the next call. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_chunk_codec_encode(mill_chunk_codec *codec, const void *raw, size_t raw_bytes,
                                                   size_t element_bytes, const void **out, size_t *out_bytes,
                                                   bool *filtered, mill_error *err);
/* Decodes one filtered chunk to exactly raw_bytes. MILL_DATA: it is damaged. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_chunk_codec_decode(mill_chunk_codec *codec, const void *encoded, size_t encoded_bytes,
                                                   bool shuffled, size_t element_bytes, void *raw, size_t raw_bytes,
                                                   mill_error *err);

/* Byte shuffle: byte b of element e goes to out[b × count + e]; bytes after the last whole element are copied. */
void mill_byte_shuffle(const void *in, size_t size_bytes, size_t element_bytes, void *out);
/* The other way round of mill_byte_shuffle. */
void mill_byte_unshuffle(const void *in, size_t size_bytes, size_t element_bytes, void *out);

#endif
