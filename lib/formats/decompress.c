/* gzip by ISA-L's inflate, zstd by libzstd: streams over whole files. */
#include "formats/decompress.h"

#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#define INPUT_BYTES ((size_t)256 << 10)

struct mill_stream {
	mill_reader *reader;
	mill_codec codec;
	mill_mem *mem;
	uint8_t *input;
	size_t input_at;
	size_t input_bytes;
	int64_t offset; /* of the file's byte behind input */
	bool input_ended;
	bool inside; /* a member or frame has begun and not ended */
	bool ended;
	struct inflate_state *inflate;
	ZSTD_DStream *zstd;
	int64_t charged_bytes; /* what zstd holds */
};

mill_status mill_codec_detect(mill_reader *reader, mill_codec *out, mill_error *err)
{
	uint8_t head[4] = {0};
	size_t got = 0;
	MILL_TRY(mill_reader_read(reader, 0, head, sizeof head, &got, err));
	static const uint8_t zstd_magic[4] = {0x28, 0xB5, 0x2F, 0xFD};
	if (got >= 2 && head[0] == 0x1F && head[1] == 0x8B)
		*out = MILL_CODEC_GZIP;
	else if (got == 4 && (memcmp(head, zstd_magic, 4) == 0 ||
	                      ((head[0] & 0xF0) == 0x50 && head[1] == 0x2A && head[2] == 0x4D && head[3] == 0x18)))
		*out = MILL_CODEC_ZSTD;
	else
		*out = MILL_CODEC_NONE;
	return MILL_OK;
}

static mill_status refused(const mill_stream *s, const char *what, mill_error *err)
{
	return mill_fail(err, MILL_DATA, "%s: %s at byte %lld of the compressed file; is the copy complete?",
	                 mill_reader_uri(s->reader), what,
	                 (long long)(s->offset - (int64_t)(s->input_bytes - s->input_at)));
}

static mill_status charge_zstd(mill_stream *s, mill_error *err)
{
	int64_t size = (int64_t)ZSTD_sizeof_DStream(s->zstd);
	if (size > s->charged_bytes) {
		if (!mill_mem_charge(s->mem, size - s->charged_bytes))
			return mill_fail_nomem(err, (size_t)size, "the zstd window");
		s->charged_bytes = size;
	}
	return MILL_OK;
}

static mill_status open_codec(mill_stream *s, mill_error *err)
{
	if (s->codec == MILL_CODEC_GZIP) {
		s->inflate = mill_mem_alloc(s->mem, sizeof *s->inflate);
		if (s->inflate == NULL)
			return mill_fail_nomem(err, sizeof *s->inflate, "gzip decompression");
		isal_inflate_init(s->inflate);
		s->inflate->crc_flag = ISAL_GZIP;
	}
	if (s->codec == MILL_CODEC_ZSTD) {
		s->zstd = ZSTD_createDStream();
		if (s->zstd == NULL)
			return mill_fail_nomem(err, ZSTD_DStreamInSize(), "zstd decompression");
		(void)ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, 31);
		return charge_zstd(s, err);
	}
	return MILL_OK;
}

mill_status mill_stream_open(mill_reader *reader, mill_codec codec, mill_mem *mem, mill_stream **out, mill_error *err)
{
	mill_stream *s = mill_mem_calloc(mem, 1, sizeof *s);
	if (s == NULL)
		return mill_fail_nomem(err, sizeof *s, mill_reader_uri(reader));
	s->reader = reader;
	s->codec = codec;
	s->mem = mem;
	mill_status status = MILL_OK;
	if (codec != MILL_CODEC_NONE) {
		s->input = mill_mem_alloc(mem, INPUT_BYTES);
		status =
		    s->input == NULL ? mill_fail_nomem(err, INPUT_BYTES, mill_reader_uri(reader)) : open_codec(s, err);
	}
	if (status != MILL_OK) {
		mill_stream_close(s);
		return status;
	}
	*out = s;
	return MILL_OK;
}

static mill_status fill_input(mill_stream *s, mill_error *err)
{
	if (s->input_at < s->input_bytes || s->input_ended)
		return MILL_OK;
	size_t got = 0;
	MILL_TRY(mill_reader_read(s->reader, s->offset, s->input, INPUT_BYTES, &got, err));
	s->offset += (int64_t)got;
	s->input_at = 0;
	s->input_bytes = got;
	s->input_ended = got < INPUT_BYTES;
	return MILL_OK;
}

/* gzip pads its members with zeros on tapes; anything else behind a member must be a member. */
static mill_status next_member(mill_stream *s, mill_error *err)
{
	for (;;) {
		MILL_TRY(fill_input(s, err));
		while (s->input_at < s->input_bytes && s->input[s->input_at] == 0)
			s->input_at++;
		if (s->input_at < s->input_bytes)
			break;
		if (s->input_ended) {
			s->ended = true;
			return MILL_OK;
		}
	}
	if (s->input[s->input_at] != 0x1F)
		return refused(s, "bytes that are no gzip member follow the last one", err);
	isal_inflate_reset(s->inflate);
	s->inflate->crc_flag = ISAL_GZIP;
	s->inside = true;
	return MILL_OK;
}

static const char *inflate_failure(int code)
{
	switch (code) {
	case ISAL_INCORRECT_CHECKSUM: return "the checksum does not match";
	case ISAL_UNSUPPORTED_METHOD: return "an unknown compression method";
	default: return "corrupt gzip data";
	}
}

static mill_status read_gzip(mill_stream *s, uint8_t *out, size_t size_bytes, size_t *got, mill_error *err)
{
	if (!s->inside)
		MILL_TRY(next_member(s, err));
	if (s->ended)
		return MILL_OK;
	MILL_TRY(fill_input(s, err));
	struct inflate_state *z = s->inflate;
	size_t room = size_bytes < UINT32_MAX / 2 ? size_bytes : UINT32_MAX / 2;
	z->next_in = s->input + s->input_at;
	z->avail_in = (uint32_t)(s->input_bytes - s->input_at);
	z->next_out = out;
	z->avail_out = (uint32_t)room;
	size_t input_before = z->avail_in;
	int code = isal_inflate(z);
	*got = room - z->avail_out;
	s->input_at = s->input_bytes - z->avail_in;
	if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT)
		return refused(s, inflate_failure(code), err);
	if (z->block_state == ISAL_BLOCK_FINISH)
		s->inside = false;
	else if (*got == 0 && input_before == z->avail_in && s->input_ended)
		return refused(s, "the gzip stream is cut short", err);
	return MILL_OK;
}

static mill_status read_zstd(mill_stream *s, uint8_t *out, size_t size_bytes, size_t *got, mill_error *err)
{
	MILL_TRY(fill_input(s, err));
	bool input_empty = s->input_at == s->input_bytes;
	if (input_empty && !s->inside) {
		s->ended = true;
		return MILL_OK;
	}
	ZSTD_inBuffer in = {s->input, s->input_bytes, s->input_at};
	ZSTD_outBuffer target = {out, size_bytes, 0};
	size_t code = ZSTD_decompressStream(s->zstd, &target, &in);
	s->input_at = in.pos;
	if (ZSTD_isError(code)) {
		if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
			return mill_fail_nomem(err, ZSTD_sizeof_DStream(s->zstd), "the zstd window");
		char what[160];
		snprintf(what, sizeof what, "corrupt zstd data (%s)", ZSTD_getErrorName(code));
		return refused(s, what, err);
	}
	s->inside = code != 0;
	*got = target.pos;
	if (input_empty && target.pos == 0 && s->inside)
		return refused(s, "the zstd stream is cut short", err);
	return charge_zstd(s, err);
}

mill_status mill_stream_read(mill_stream *s, void *out, size_t size_bytes, size_t *got_bytes, mill_error *err)
{
	size_t total = 0;
	while (total < size_bytes && !s->ended) {
		size_t got = 0;
		uint8_t *to = (uint8_t *)out + total;
		size_t room = size_bytes - total;
		switch (s->codec) {
		case MILL_CODEC_GZIP: MILL_TRY(read_gzip(s, to, room, &got, err)); break;
		case MILL_CODEC_ZSTD: MILL_TRY(read_zstd(s, to, room, &got, err)); break;
		case MILL_CODEC_NONE:
			MILL_TRY(mill_reader_read(s->reader, s->offset, to, room, &got, err));
			s->offset += (int64_t)got;
			s->ended = got < room;
			break;
		}
		total += got;
	}
	*got_bytes = total;
	return MILL_OK;
}

void mill_stream_close(mill_stream *s)
{
	if (s == NULL)
		return;
	if (s->zstd != NULL)
		ZSTD_freeDStream(s->zstd);
	mill_mem_discharge(s->mem, s->charged_bytes);
	mill_mem_free(s->inflate);
	mill_mem_free(s->input);
	mill_mem_free(s);
}
