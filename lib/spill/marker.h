/* The marker in a rank's scratch folder says who owns it, so that a later run knows what is left over. Private to the
 * room. Text, one "key value" per line; `out`, last, runs to the end of the file since paths may hold newlines:
 *
 *   rankmill-scratch 1 / host NAME / boot ID / pidns LINK / pid N / start TICKS / out PATH
 *
 * Not collective. */
#ifndef MILL_SPILL_MARKER_H
#define MILL_SPILL_MARKER_H

#include "spill/spill.h"

#define MILL_SCRATCH_RUN_PREFIX  "rankmill-"
#define MILL_SCRATCH_RANK_PREFIX "rank-"

/* Writes the marker of this process into a rank's folder. out_path may be NULL. MILL_IO. */
MILL_NODISCARD mill_status mill_scratch_write_marker(const char *rank_folder, const char *out_path, mill_error *err);
/* True when the folder's owner is certainly gone, or it belongs to out_path ("" never matches), whose lock the caller
 * holds. A folder without a readable marker is stale an hour after its last change. */
bool mill_scratch_is_stale(const char *rank_folder, const char *out_path);
/* Removes a folder with all that is in it. False (errno) when something could not be removed. */
bool mill_scratch_remove_tree(const char *path);

#endif
