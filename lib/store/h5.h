/* The little of HDF5 that stores need, with our errors: files, datasets, chunks, attributes. Identifiers are closed by
 * mill_h5_close, which takes any kind and ignores H5I_INVALID_HID. HDF5's own error printing is off while a file of
 * ours is opened. Not collective. */
#ifndef MILL_STORE_H5_H
#define MILL_STORE_H5_H

#include "store/store.h"
#include <hdf5.h>

/* status, context from the format, then the innermost cause that HDF5 knows. Not
 * collective. */
mill_status mill_h5_fail(mill_error *err, mill_status status, const char *format, ...) MILL_PRINTF(3, 4);
/* Closes an object of any kind; below 0 is fine. */
void mill_h5_close(hid_t id);

/* A new file without time stamps, in HDF5's oldest format, large chunks aligned to pages. MILL_IO. */
MILL_NODISCARD mill_status mill_h5_create(const char *path, hid_t *out, mill_error *err);
/* For reading, wherever it lies. MILL_IO: it cannot be opened, or changes while it is read; MILL_DATA: it is not an
 * HDF5 file. Not collective. */
MILL_NODISCARD mill_status mill_h5_open(mill_storage *storage, const char *uri, hid_t *out, mill_error *err);
/* Flushes and closes. MILL_IO. */
MILL_NODISCARD mill_status mill_h5_finish(hid_t file, const char *path, mill_error *err);

/* The stored type of one element of a dataset; for text, of its bytes. To be closed. */
MILL_NODISCARD mill_status mill_h5_type(mill_type dtype, hid_t *out, mill_error *err);
/* The type that h5py reads as bool: an enumeration of one byte. To be closed. */
MILL_NODISCARD mill_status mill_h5_bool_type(hid_t *out, mill_error *err);

typedef struct mill_h5_dataset {
	const char *link;
	hid_t type;
	int rank; /* 1 or 2 */
	hsize_t shape[2];
	bool grows;         /* the first dimension may be extended */
	int64_t chunk_rows; /* 0: contiguous */
	mill_compression compression;
	const void *fill; /* NULL: none */
} mill_h5_dataset;
/* Makes a dataset, and the groups above it. *out is to be closed. MILL_IO. */
MILL_NODISCARD mill_status mill_h5_create_dataset(hid_t file, const mill_h5_dataset *dataset, hid_t *out,
                                                  mill_error *err);
/* Makes a group, and those above it. MILL_IO. */
MILL_NODISCARD mill_status mill_h5_create_group(hid_t file, const char *link, mill_error *err);
/* A contiguous dataset [count] of UTF-8 texts, NUL-padded to the longest. */
MILL_NODISCARD mill_status mill_h5_write_texts(hid_t file, const char *link, const char *const *texts, int64_t count,
                                               mill_mem *mem, mill_error *err);
/* Small attributes of the object at link ("/" the root). */
MILL_NODISCARD mill_status mill_h5_text_attribute(hid_t file, const char *link, const char *name, const char *value,
                                                  mill_error *err);
/* An int64 as an attribute of the object at link. MILL_IO. */
MILL_NODISCARD mill_status mill_h5_i64_attribute(hid_t file, const char *link, const char *name, int64_t value,
                                                 mill_error *err);
/* MILL_DATA: absent or of another type. */
MILL_NODISCARD mill_status mill_h5_read_text_attribute(hid_t file, const char *link, const char *name, char *out,
                                                       size_t out_bytes, mill_error *err);
/* Reads an int64 attribute. MILL_DATA: absent or of another type. */
MILL_NODISCARD mill_status mill_h5_read_i64_attribute(hid_t file, const char *link, const char *name, int64_t *out,
                                                      mill_error *err);

#endif
