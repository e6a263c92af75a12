/* From paths to a table, over all ranks: the files of a source, their descriptions, the table they make. See "Describe"
 * and "Unify" in formats/format.h. */
#ifndef MILL_FORMATS_OPEN_H
#define MILL_FORMATS_OPEN_H

#include "formats/format.h"

/* The files of a listing and the keys of its key=value folders, in arena; texts are borrowed from the listing. Sets
 * files, file_count, hive_keys and hive_key_count of out. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_source_of_listing(const mill_storage_listing *listing, mill_arena *arena,
                                                  mill_format_source *out, mill_error *err);
/* Appends what mill_source_of_listing set, for the broadcast. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_source_put(const mill_format_source *source, mill_bytes *out);
/* The other side of it; what it reads lives in arena. MILL_DATA. Not collective. */
MILL_NODISCARD mill_status mill_source_get(mill_bytes_view *in, mill_arena *arena, mill_format_source *out,
                                           mill_error *err);

/* Collective. The table that the files of the source make; equal on all ranks, as the source is. Files are described on
 * all ranks. Fails everywhere with the error of the file of the lowest ordinal, whatever the number of ranks. Errors
 * are those of the format's describe and unify, behind source->where. */
MILL_NODISCARD mill_status mill_format_open(const mill_format_source *source, mill_comm *comm,
                                            const mill_format_env *env, mill_format_table **out, mill_error *err);

/* Appends what mill_table_get needs besides the source. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_table_put(const mill_format_table *table, mill_bytes *out);
/* The table that mill_table_put was given, on another rank with an equal source. MILL_DATA. Not collective. */
MILL_NODISCARD mill_status mill_table_get(const mill_format_source *source, mill_bytes_view *in,
                                          const mill_format_env *env, mill_format_table **out, mill_error *err);

#endif
