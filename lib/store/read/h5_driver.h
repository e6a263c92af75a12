/* How HDF5 reads: a virtual file driver over storage readers, so that a shard may lie wherever storage reaches. Not
 * collective. */
#ifndef MILL_STORE_READ_H5_DRIVER_H
#define MILL_STORE_READ_H5_DRIVER_H

#include "storage/storage.h"
#include <hdf5.h>

/* Makes the file that is opened with these access properties read through reader, which it takes over and closes, also
 * when opening fails. What fails beneath HDF5 meanwhile is put into failure. MILL_INTERNAL: reader is closed. Not
 * collective. */
MILL_NODISCARD mill_status mill_h5_driver_set(hid_t access, mill_reader *reader, mill_error *failure, mill_error *err);
/* The file is open; failure is not written any more. Not collective. */
void mill_h5_driver_opened(hid_t file);
/* Where reading failed beneath HDF5 since the file was opened, which HDF5 tells as damage: that status and message,
 * else `status` as it is. Not collective. */
MILL_NODISCARD mill_status mill_h5_driver_blame(hid_t file, mill_status status, mill_error *err);

#endif
