/* Shared inside the storage room: names of local paths. Not collective. */
#ifndef MILL_STORAGE_LIST_H
#define MILL_STORAGE_LIST_H

#include "storage/storage.h"

/* %41 → A; what is not two hex digits stays. NUL-terminated in the arena; NULL when out of memory. */
char *mill_storage_percent_decode(mill_arena *arena, const char *text, size_t length);
/* The length of `relative` without one compression suffix. */
size_t mill_storage_ordinal_length(const char *relative);
/* The local path of a URI, borrowed from uri or in the arena. MILL_NOT_YET: a remote scheme. */
MILL_NODISCARD mill_status mill_storage_local_path(const char *uri, mill_arena *arena, const char **out,
                                                   mill_error *err);

#endif
