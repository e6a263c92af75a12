/* Streaming decompression of whole files, by content (magic bytes), never by name. Not collective. */
#ifndef MILL_FORMATS_DECOMPRESS_H
#define MILL_FORMATS_DECOMPRESS_H

#include "formats/input_split.h"

/* Detects the codec from the file's first bytes. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_codec_detect(mill_reader *reader, mill_codec *out, mill_error *err);

/* A stream over the decompressed bytes of a file; concatenated members and frames are one text. */
typedef struct mill_stream mill_stream;
/* A stream at the begin of the text; the reader is borrowed until close. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_stream_open(mill_reader *reader, mill_codec codec, mill_mem *mem, mill_stream **out,
                                            mill_error *err);
/* Up to size_bytes; *got_bytes is 0 only at the end. MILL_DATA: corrupt or truncated, naming URI and offset; MILL_IO.
 * Not collective. */
MILL_NODISCARD mill_status mill_stream_read(mill_stream *stream, void *out, size_t size_bytes, size_t *got_bytes,
                                            mill_error *err);
/* Frees the stream; NULL is fine; the reader stays open. Not collective. */
void mill_stream_close(mill_stream *stream);

#endif
