/* Shared inside the storage room: names, and listings of one folder. Not collective. */
#ifndef MILL_STORAGE_LIST_H
#define MILL_STORAGE_LIST_H

#include "storage/io.h"

/* %41 → A; what is not two hex digits stays. NUL-terminated in the arena; NULL when out of memory. Not collective. */
char *mill_storage_percent_decode(mill_arena *arena, const char *text, size_t length);
/* The length of `relative` without one compression suffix. Not collective. */
size_t mill_storage_ordinal_length(const char *relative);
/* All pages of a folder, sorted by name, in the arena. MILL_NOT_FOUND; MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_list_folder(mill_storage *storage, const mill_place *folder, bool recursive,
                                            mill_arena *arena, mill_page *out, mill_error *err);

#endif
