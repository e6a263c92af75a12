/* Local files as a backend: paths and file:// URIs. Private to the room. Not collective. */
#ifndef MILL_STORAGE_POSIX_H
#define MILL_STORAGE_POSIX_H

#include "storage/backend.h"

extern const mill_storage_backend mill_posix_backend;

#endif
