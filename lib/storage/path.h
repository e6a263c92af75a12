/* Folders on the local file system, for what is local by definition (scratch, a local OUT, tests). What may be a URI
 * goes through storage.h. */
#ifndef MILL_STORAGE_PATH_H
#define MILL_STORAGE_PATH_H

#include "base/status.h"
#include <stdbool.h>

/* mkdir -p. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_path_make_folders(const char *path, mill_error *err);
/* Removes a file or a folder with all below it; missing is fine; links are never followed. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_path_remove_tree(const char *path, mill_error *err);
/* Whether there is anything of that name, be it a dangling link. Not collective. */
bool mill_path_exists(const char *path);

#endif
