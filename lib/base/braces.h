/* Brace expansion of names: `I{1..13}`, `{a,b}_{7d,30d}` (docs/job-file.md). Not collective. */
#ifndef MILL_BASE_BRACES_H
#define MILL_BASE_BRACES_H

#include "base/json.h"

/* The names that text stands for, in order: *out[*count], in arena. A text without braces gives itself. Malformed
 * braces are refused at node. At most 100,000 names. */
MILL_NODISCARD mill_status mill_braces_expand(const mill_json *node, const char *text, mill_arena *arena,
                                              const char ***out, int64_t *count, mill_error *err);

#endif
