/* The libraries that make shards: their bytes, though never their values, depend on them. */
#include "store/versions.h"

#include <hdf5.h>
#include <isa-l.h>
#include <libdeflate.h>

void mill_store_versions(mill_version_list *list)
{
	unsigned major = 0, minor = 0, release = 0;
	(void)H5get_libversion(&major, &minor, &release);
	mill_version_add(list, "hdf5", "%u.%u.%u", major, minor, release);
	mill_version_add(list, "isa_l", "%d.%d.%d", ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION, ISAL_PATCH_VERSION);
	mill_version_add(list, "libdeflate", "%s", LIBDEFLATE_VERSION_STRING);
}
