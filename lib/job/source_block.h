/* What a source block, a quoted path or a table function says, as a mill_source_spec. Not collective. Private to the
 * job room. */
#ifndef MILL_JOB_SOURCE_BLOCK_H
#define MILL_JOB_SOURCE_BLOCK_H

#include "base/json.h"
#include "stage/table.h"

/* An entry of `sources`. Unknown keys, formats and types are refused with suggestions; what is not built yet is
 * MILL_NOT_YET. What it refers to is borrowed from node or lives in arena. Not collective. */
MILL_NODISCARD mill_status mill_source_block_read(const mill_json *node, const mill_formats *formats, mill_arena *arena,
                                                  mill_source_spec *out, mill_error *err);
/* A path alone, copied: its format is recognised when it is opened. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_source_path(const char *path, const mill_formats *formats, mill_arena *arena,
                                            mill_source_spec *out, mill_error *err);
/* A path that a table function reads as `format`. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_source_function(const char *path, const mill_format *format, mill_arena *arena,
                                                mill_source_spec *out, mill_error *err);
/* One option of a table function by name from a SQL literal. MILL_USAGE: unknown name or wrong type. Not collective. */
MILL_NODISCARD mill_status mill_source_option(mill_source_spec *spec, const char *name, const mill_literal *value,
                                              mill_type type, mill_arena *arena, mill_error *err);

#endif
