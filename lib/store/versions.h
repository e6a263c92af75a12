/* Versions of HDF5, ISA-L and libdeflate. Not collective. */
#ifndef MILL_STORE_VERSIONS_H
#define MILL_STORE_VERSIONS_H

#include "base/version.h"

/* Adds the versions of the libraries that this room uses. */
void mill_store_versions(mill_version_list *list);

#endif
