#include "store/read/h5_driver.h"

#include <string.h>

typedef struct driver_info {
	mill_reader *reader;
	mill_error *failure;
} driver_info;

/* What HDF5 holds of an open file; its own part comes first. */
typedef struct driver_file {
	H5FD_t common;
	mill_reader *reader;
	haddr_t end_of_addresses;
	mill_error *opening; /* NULL: it is open */
	mill_error failure;
} driver_file;

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access, haddr_t max_address)
{
	(void)name;
	(void)max_address;
	const driver_info *info = H5Pget_driver_info(access);
	if (info == NULL)
		return NULL;
	driver_file *file = H5allocate_memory(sizeof *file, true);
	if (file == NULL || (flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT)) != 0) {
		mill_reader_close(info->reader);
		H5free_memory(file);
		return NULL;
	}
	file->reader = info->reader;
	file->opening = info->failure;
	return &file->common;
}

static herr_t driver_close(H5FD_t *common)
{
	driver_file *file = (driver_file *)common;
	mill_reader_close(file->reader);
	return H5free_memory(file);
}

static herr_t driver_query(const H5FD_t *common, unsigned long *flags)
{
	(void)common;
	*flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE;
	return 0;
}

static haddr_t driver_get_eoa(const H5FD_t *common, H5FD_mem_t type)
{
	(void)type;
	return ((const driver_file *)common)->end_of_addresses;
}

static herr_t driver_set_eoa(H5FD_t *common, H5FD_mem_t type, haddr_t address)
{
	(void)type;
	((driver_file *)common)->end_of_addresses = address;
	return 0;
}

static haddr_t driver_get_eof(const H5FD_t *common, H5FD_mem_t type)
{
	(void)type;
	return (haddr_t)mill_reader_size(((const driver_file *)common)->reader);
}

/* Bytes behind the end of the file are zero. */
static herr_t driver_read(H5FD_t *common, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size_bytes,
                          void *out)
{
	(void)type;
	(void)transfer;
	driver_file *file = (driver_file *)common;
	size_t got = 0;
	if (mill_reader_read(file->reader, (int64_t)address, out, size_bytes, &got, &file->failure) != MILL_OK) {
		if (file->opening != NULL)
			*file->opening = file->failure;
		return -1;
	}
	memset((char *)out + got, 0, size_bytes - got);
	return 0;
}

/* Shards are written to local files, which need no driver of ours. */
static herr_t driver_write(H5FD_t *common, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size_bytes,
                           const void *data)
{
	(void)common;
	(void)type;
	(void)transfer;
	(void)address;
	(void)size_bytes;
	(void)data;
	return -1;
}

/* For mill_h5_driver_blame. */
static herr_t driver_get_handle(H5FD_t *common, hid_t access, void **handle)
{
	(void)access;
	*handle = common;
	return 0;
}

static const H5FD_class_t driver = {
    .name = "rankmill",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(driver_info),
    .open = driver_open,
    .close = driver_close,
    .query = driver_query,
    .get_eoa = driver_get_eoa,
    .set_eoa = driver_set_eoa,
    .get_eof = driver_get_eof,
    .get_handle = driver_get_handle,
    .read = driver_read,
    .write = driver_write,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

mill_status mill_h5_driver_set(hid_t access, mill_reader *reader, mill_error *failure, mill_error *err)
{
	driver_info info = {reader, failure};
	hid_t id = H5FDregister(&driver);
	herr_t set = id < 0 ? -1 : H5Pset_driver(access, id, &info);
	/* The properties, and files opened with them, hold on to the driver (see close_file of h5.c). */
	if (id >= 0)
		H5FDunregister(id);
	if (set >= 0)
		return MILL_OK;
	mill_reader_close(reader);
	return mill_fail(err, MILL_INTERNAL, "HDF5 refuses the file driver");
}

void mill_h5_driver_opened(hid_t file)
{
	void *handle = NULL;
	if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0)
		((driver_file *)handle)->opening = NULL;
}

mill_status mill_h5_driver_blame(hid_t file, mill_status status, mill_error *err)
{
	void *handle = NULL;
	if (file < 0 || H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0)
		return status;
	const mill_error *failure = &((const driver_file *)handle)->failure;
	return failure->status == MILL_OK ? status : mill_fail(err, failure->status, "%s", failure->message);
}
