#include "store/write/codec.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <string.h>

#define ISAL_LEVEL             1
#define LIBDEFLATE_BYTES       (2 << 20) /* a generous round figure for its state at levels up to 9 */
#define KEPT_SHARE_NUMERATOR   4         /* a chunk is stored encoded when it is at most 4/5 of its raw size */
#define KEPT_SHARE_DENOMINATOR 5

void mill_chunk_codec_init(mill_chunk_codec *codec, mill_compression compression, mill_mem *mem)
{
	memset(codec, 0, sizeof(*codec));
	codec->mem = mem;
	codec->compression = compression;
}

void mill_chunk_codec_release(mill_chunk_codec *codec)
{
	if (codec->compressor != NULL)
		libdeflate_free_compressor(codec->compressor);
	if (codec->decompressor != NULL)
		libdeflate_free_decompressor(codec->decompressor);
	mill_mem_free(codec->isal);
	mill_mem_free(codec->level_buffer);
	mill_mem_free(codec->shuffled);
	mill_mem_free(codec->encoded);
	if (codec->charged_bytes > 0)
		mill_mem_discharge(codec->mem, codec->charged_bytes);
	mill_compression none = {MILL_COMPRESS_NONE, 0};
	mill_chunk_codec_init(codec, none, codec->mem);
}

/* ISA-L looks at bytes behind its input, and what stands there can change how it cuts the last matches: the input is
 * put where zeros follow it, so that equal chunks give equal bytes. */
#define BEHIND_BYTES 512

static mill_status reserve(mill_chunk_codec *codec, size_t size_bytes, mill_error *err)
{
	if (size_bytes <= codec->capacity_bytes)
		return MILL_OK;
	uint8_t *shuffled = mill_mem_realloc(codec->mem, codec->shuffled, size_bytes + BEHIND_BYTES);
	if (shuffled == NULL)
		return mill_fail_nomem(err, size_bytes, "chunk encoder");
	codec->shuffled = shuffled;
	uint8_t *encoded = mill_mem_realloc(codec->mem, codec->encoded, size_bytes);
	if (encoded == NULL)
		return mill_fail_nomem(err, size_bytes, "chunk encoder");
	codec->encoded = encoded;
	codec->capacity_bytes = size_bytes;
	return MILL_OK;
}

static mill_status charge_libdeflate(mill_chunk_codec *codec, mill_error *err)
{
	if (!mill_mem_charge(codec->mem, LIBDEFLATE_BYTES))
		return mill_fail_nomem(err, LIBDEFLATE_BYTES, "deflate state");
	codec->charged_bytes += LIBDEFLATE_BYTES;
	return MILL_OK;
}

static mill_status open_encoder(mill_chunk_codec *codec, mill_error *err)
{
	if (codec->compression.level > 1) {
		if (codec->compressor != NULL)
			return MILL_OK;
		MILL_TRY(charge_libdeflate(codec, err));
		codec->compressor = libdeflate_alloc_compressor(codec->compression.level);
		return codec->compressor != NULL ? MILL_OK : mill_fail_nomem(err, LIBDEFLATE_BYTES, "deflate state");
	}
	if (codec->isal == NULL)
		codec->isal = mill_mem_alloc(codec->mem, sizeof(*codec->isal));
	if (codec->level_buffer == NULL)
		codec->level_buffer = mill_mem_alloc(codec->mem, ISAL_DEF_LVL1_DEFAULT);
	if (codec->isal == NULL || codec->level_buffer == NULL)
		return mill_fail_nomem(err, ISAL_DEF_LVL1_DEFAULT, "deflate state");
	return MILL_OK;
}

/* Bytes written to out, 0 when they do not fit out_bytes. */
static size_t deflate_isal(mill_chunk_codec *codec, const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
	struct isal_zstream *stream = codec->isal;
	isal_deflate_stateless_init(stream);
	stream->hist_bits = 0; /* the window's size, which init leaves as it is; 0: the largest */
	stream->level = ISAL_LEVEL;
	stream->level_buf = codec->level_buffer;
	stream->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
	stream->gzip_flag = IGZIP_ZLIB;
	stream->end_of_stream = 1;
	stream->flush = NO_FLUSH;
	/* ISA-L does not write through next_in; its type is merely not const. */
	memcpy(&stream->next_in, &in, sizeof(in));
	stream->avail_in = (uint32_t)in_bytes;
	stream->next_out = out;
	stream->avail_out = (uint32_t)out_bytes;
	int result = isal_deflate_stateless(stream);
	return result == COMP_OK && stream->avail_in == 0 ? stream->total_out : 0;
}

mill_status mill_chunk_codec_encode(mill_chunk_codec *codec, const void *raw, size_t raw_bytes, size_t element_bytes,
                                    const void **out, size_t *out_bytes, bool *filtered, mill_error *err)
{
	size_t limit_bytes = raw_bytes / KEPT_SHARE_DENOMINATOR * KEPT_SHARE_NUMERATOR;
	size_t size_bytes = 0;
	/* A chunk of more than 4 GiB cannot exist (HDF5's limit); ISA-L counts in 32 bits. */
	if (codec->compression.kind != MILL_COMPRESS_NONE && limit_bytes > 0 && raw_bytes <= UINT32_MAX) {
		MILL_TRY(open_encoder(codec, err));
		MILL_TRY(reserve(codec, raw_bytes, err));
		const uint8_t *in = codec->shuffled;
		if (codec->compression.kind == MILL_COMPRESS_SHUFFLE_DEFLATE && element_bytes > 1)
			mill_byte_shuffle(raw, raw_bytes, element_bytes, codec->shuffled);
		else
			memcpy(codec->shuffled, raw, raw_bytes);
		memset(codec->shuffled + raw_bytes, 0, BEHIND_BYTES);
		size_bytes =
		    codec->compression.level > 1
		        ? libdeflate_zlib_compress(codec->compressor, in, raw_bytes, codec->encoded, limit_bytes)
		        : deflate_isal(codec, in, raw_bytes, codec->encoded, limit_bytes);
	}
	*filtered = size_bytes > 0;
	*out = size_bytes > 0 ? codec->encoded : raw;
	*out_bytes = size_bytes > 0 ? size_bytes : raw_bytes;
	return MILL_OK;
}

mill_status mill_chunk_codec_decode(mill_chunk_codec *codec, const void *encoded, size_t encoded_bytes, bool shuffled,
                                    size_t element_bytes, void *raw, size_t raw_bytes, mill_error *err)
{
	if (codec->decompressor == NULL) {
		MILL_TRY(charge_libdeflate(codec, err));
		codec->decompressor = libdeflate_alloc_decompressor();
		if (codec->decompressor == NULL)
			return mill_fail_nomem(err, LIBDEFLATE_BYTES, "inflate state");
	}
	bool unshuffle = shuffled && element_bytes > 1;
	if (unshuffle)
		MILL_TRY(reserve(codec, raw_bytes, err));
	uint8_t *target = unshuffle ? codec->shuffled : raw;
	/* Without an actual size to fill in, anything but exactly raw_bytes is an error. */
	if (libdeflate_zlib_decompress(codec->decompressor, encoded, encoded_bytes, target, raw_bytes, NULL) !=
	    LIBDEFLATE_SUCCESS)
		return mill_fail(err, MILL_DATA, "a compressed chunk is damaged");
	if (unshuffle)
		mill_byte_unshuffle(target, raw_bytes, element_bytes, raw);
	return MILL_OK;
}
