/* Rows as text on a stream: what `query` prints (docs/cli.md). Not collective. Private to the job room. */
#ifndef MILL_JOB_OUTPUT_H
#define MILL_JOB_OUTPUT_H

#include "column/column.h"
#include <stdio.h>

typedef enum mill_output_format { MILL_OUTPUT_TABLE, MILL_OUTPUT_CSV, MILL_OUTPUT_JSONL } mill_output_format;

/* The format that --format names. MILL_USAGE, MILL_NOT_YET. */
MILL_NODISCARD mill_status mill_output_format_of(const char *text, mill_output_format *out, mill_error *err);
/* A sink that writes every row to stream; finish flushes. null_text: how CSV shows NULL. schema and null_text are
 * borrowed. MILL_IO when the stream cannot be written. Release with the sink's release. */
MILL_NODISCARD mill_status mill_output_new(mill_output_format format, const mill_schema *schema, const char *null_text,
                                           FILE *stream, mill_mem *mem, mill_sink **out, mill_error *err);

#endif
