#include "store/h5.h"

#include "store/read/h5_driver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ALIGNMENT_THRESHOLD (64 * 1024)
#define ALIGNMENT_BYTES     4096

static herr_t copy_cause(unsigned depth, const H5E_error2_t *cause, void *out)
{
	(void)depth;
	snprintf(out, sizeof(((mill_error *)NULL)->message) / 4, "%s", cause->desc == NULL ? "" : cause->desc);
	return 1;
}

mill_status mill_h5_fail(mill_error *err, mill_status status, const char *format, ...)
{
	char cause[sizeof(err->message) / 4] = "";
	/* Upward starts at the innermost call; the callback stops there. */
	H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, copy_cause, cause);
	H5Eclear2(H5E_DEFAULT);
	char context[sizeof(err->message) / 2];
	va_list args;
	va_start(args, format);
	vsnprintf(context, sizeof(context), format, args);
	va_end(args);
	return mill_fail(err, status, "%s%s%s", context, cause[0] == '\0' ? "" : ": ", cause);
}

/* HDF5 1.10 looks at a driver after it let go of it, so somebody else holds on to it meanwhile. */
static void close_file(hid_t id)
{
	hid_t access = H5Fget_access_plist(id);
	H5Fclose(id);
	if (access >= 0)
		H5Pclose(access);
}

void mill_h5_close(hid_t id)
{
	if (id < 0)
		return;
	switch (H5Iget_type(id)) {
	case H5I_FILE: close_file(id); break;
	case H5I_GROUP: H5Gclose(id); break;
	case H5I_DATASET: H5Dclose(id); break;
	case H5I_DATASPACE: H5Sclose(id); break;
	case H5I_DATATYPE: H5Tclose(id); break;
	case H5I_ATTR: H5Aclose(id); break;
	case H5I_GENPROP_LST: H5Pclose(id); break;
	default: break;
	}
}

/* Mounts without file locks (FUSE, some NFS and Lustre) would refuse HDF5's; run.json's lock is ours, readers need
 * none. */
static herr_t unlock(hid_t access)
{
#if H5_VERSION_GE(1, 10, 7)
	return H5Pset_file_locking(access, false, true);
#else
	return access < 0 ? -1 : 0;
#endif
}

static mill_status access_properties(hid_t *out, mill_error *err)
{
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	hid_t access = H5Pcreate(H5P_FILE_ACCESS);
	/* Chunks pass HDF5's chunk cache by; strong closing leaves nothing open behind a failure. */
	if (access < 0 || unlock(access) < 0 || H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 ||
	    H5Pset_alignment(access, ALIGNMENT_THRESHOLD, ALIGNMENT_BYTES) < 0 ||
	    H5Pset_cache(access, 0, 1, 0, 1.0) < 0) {
		mill_h5_close(access);
		return mill_h5_fail(err, MILL_INTERNAL, "HDF5 refuses file access properties");
	}
	*out = access;
	return MILL_OK;
}

mill_status mill_h5_create(const char *path, hid_t *out, mill_error *err)
{
	hid_t access = H5I_INVALID_HID;
	MILL_TRY(access_properties(&access, err));
	hid_t creation = H5Pcreate(H5P_FILE_CREATE);
	hid_t file = H5I_INVALID_HID;
	if (creation >= 0 && H5Pset_obj_track_times(creation, false) >= 0)
		file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
	mill_h5_close(creation);
	mill_h5_close(access);
	if (file < 0)
		return mill_h5_fail(err, MILL_IO, "%s: cannot be created", path);
	*out = file;
	return MILL_OK;
}

/* Opens it through reader, which the file then owns. */
static mill_status open_through(mill_reader *reader, const char *uri, hid_t *out, mill_error *err)
{
	hid_t access = H5I_INVALID_HID;
	mill_error failure = {.status = MILL_OK};
	mill_status status = access_properties(&access, err);
	if (status != MILL_OK) {
		mill_reader_close(reader);
		return status;
	}
	status = mill_h5_driver_set(access, reader, &failure, err);
	hid_t file = status == MILL_OK ? H5Fopen(uri, H5F_ACC_RDONLY, access) : H5I_INVALID_HID;
	mill_h5_close(access);
	MILL_TRY(status);
	if (file < 0 && failure.status != MILL_OK)
		return mill_fail(err, failure.status, "%s", failure.message);
	if (file < 0)
		return mill_h5_fail(err, MILL_DATA, "%s: not an intact HDF5 file", uri);
	mill_h5_driver_opened(file);
	*out = file;
	return MILL_OK;
}

mill_status mill_h5_open(mill_storage *storage, const char *uri, hid_t *out, mill_error *err)
{
	mill_reader *reader = NULL;
	mill_status status = mill_reader_open(storage, uri, &reader, err);
	if (status == MILL_NOT_FOUND)
		return mill_fail(err, MILL_IO, "%s: cannot be opened: %s", uri, strerror(ENOENT));
	MILL_TRY(status);
	return open_through(reader, uri, out, err);
}

mill_status mill_h5_finish(hid_t file, const char *path, mill_error *err)
{
	bool flushed = H5Fflush(file, H5F_SCOPE_LOCAL) >= 0;
	if (H5Fclose(file) < 0 || !flushed)
		return mill_h5_fail(err, MILL_IO, "%s: cannot be written", path);
	return MILL_OK;
}

mill_status mill_h5_bool_type(hid_t *out, mill_error *err)
{
	/* What h5py makes of NumPy's bool. */
	const int8_t no = 0;
	const int8_t yes = 1;
	hid_t type = H5Tenum_create(H5T_STD_I8LE);
	if (type < 0 || H5Tenum_insert(type, "FALSE", &no) < 0 || H5Tenum_insert(type, "TRUE", &yes) < 0) {
		mill_h5_close(type);
		return mill_h5_fail(err, MILL_INTERNAL, "HDF5 refuses the bool type");
	}
	*out = type;
	return MILL_OK;
}

/* A predefined type, or H5I_INVALID_HID. */
static hid_t standard_type(mill_type dtype)
{
	switch (dtype.id) {
	case MILL_TYPE_INT8: return H5T_STD_I8LE;
	case MILL_TYPE_INT16: return H5T_STD_I16LE;
	case MILL_TYPE_INT32:
	case MILL_TYPE_DATE: return H5T_STD_I32LE;
	case MILL_TYPE_INT64:
	case MILL_TYPE_TIMESTAMP: return H5T_STD_I64LE;
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_UINT8: return H5T_STD_U8LE;
	case MILL_TYPE_UINT16: return H5T_STD_U16LE;
	case MILL_TYPE_UINT32: return H5T_STD_U32LE;
	case MILL_TYPE_UINT64: return H5T_STD_U64LE;
	case MILL_TYPE_FLOAT32: return H5T_IEEE_F32LE;
	case MILL_TYPE_FLOAT64: return H5T_IEEE_F64LE;
	case MILL_TYPE_DECIMAL: return dtype.precision <= 18 ? H5T_STD_I64LE : H5T_STD_U64LE;
	case MILL_TYPE_NULL:
	case MILL_TYPE_BOOL: /* mill_h5_bool_type */
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return H5I_INVALID_HID;
}

mill_status mill_h5_type(mill_type dtype, hid_t *out, mill_error *err)
{
	if (dtype.id == MILL_TYPE_BOOL)
		return mill_h5_bool_type(out, err);
	hid_t standard = standard_type(dtype);
	hid_t type = standard < 0 ? H5I_INVALID_HID : H5Tcopy(standard);
	if (type < 0) {
		char text[MILL_TYPE_TEXT_BYTES];
		return mill_h5_fail(err, MILL_NOT_YET, "a store cannot hold %s yet; cast it in SQL",
		                    mill_type_text(dtype, text));
	}
	*out = type;
	return MILL_OK;
}

static bool set_layout(hid_t creation, const mill_h5_dataset *dataset)
{
	if (H5Pset_obj_track_times(creation, false) < 0)
		return false;
	if (dataset->fill != NULL && H5Pset_fill_value(creation, dataset->type, dataset->fill) < 0)
		return false;
	if (dataset->chunk_rows == 0)
		return true;
	hsize_t chunk[2] = {(hsize_t)dataset->chunk_rows, dataset->shape[1]};
	if (H5Pset_chunk(creation, dataset->rank, chunk) < 0)
		return false;
	if (dataset->fill == NULL && H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) < 0)
		return false;
	mill_compression_kind kind = dataset->compression.kind;
	if (kind == MILL_COMPRESS_SHUFFLE_DEFLATE && H5Pset_shuffle(creation) < 0)
		return false;
	return kind == MILL_COMPRESS_NONE || H5Pset_deflate(creation, (unsigned)dataset->compression.level) >= 0;
}

mill_status mill_h5_create_dataset(hid_t file, const mill_h5_dataset *dataset, hid_t *out, mill_error *err)
{
	hsize_t limit[2] = {dataset->grows ? H5S_UNLIMITED : dataset->shape[0], dataset->shape[1]};
	hid_t space = H5Screate_simple(dataset->rank, dataset->shape, limit);
	hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
	hid_t id = H5I_INVALID_HID;
	if (space >= 0 && creation >= 0 && set_layout(creation, dataset))
		id = H5Dcreate2(file, dataset->link, dataset->type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
	mill_h5_close(creation);
	mill_h5_close(space);
	if (id < 0)
		return mill_h5_fail(err, MILL_IO, "dataset %s cannot be created", dataset->link);
	*out = id;
	return MILL_OK;
}

mill_status mill_h5_create_group(hid_t file, const char *link, mill_error *err)
{
	hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
	hid_t group = H5I_INVALID_HID;
	if (creation >= 0 && H5Pset_obj_track_times(creation, false) >= 0)
		group = H5Gcreate2(file, link, H5P_DEFAULT, creation, H5P_DEFAULT);
	mill_h5_close(creation);
	if (group < 0)
		return mill_h5_fail(err, MILL_IO, "group %s cannot be created", link);
	mill_h5_close(group);
	return MILL_OK;
}

/* UTF-8, NUL-padded, at least one byte. */
static hid_t text_type(size_t size_bytes)
{
	hid_t type = H5Tcopy(H5T_C_S1);
	if (type >= 0 && H5Tset_size(type, size_bytes == 0 ? 1 : size_bytes) >= 0 &&
	    H5Tset_cset(type, H5T_CSET_UTF8) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0)
		return type;
	mill_h5_close(type);
	return H5I_INVALID_HID;
}

mill_status mill_h5_write_texts(hid_t file, const char *link, const char *const *texts, int64_t count, mill_mem *mem,
                                mill_error *err)
{
	size_t longest_bytes = 1;
	for (int64_t i = 0; i < count; i++) {
		size_t length_bytes = strlen(texts[i]);
		longest_bytes = length_bytes > longest_bytes ? length_bytes : longest_bytes;
	}
	char *cells = mill_mem_calloc(mem, (size_t)count, longest_bytes);
	if (cells == NULL)
		return mill_fail_nomem(err, longest_bytes, "feature names");
	for (int64_t i = 0; i < count; i++)
		memcpy(cells + (size_t)i * longest_bytes, texts[i], strlen(texts[i]));
	hid_t type = text_type(longest_bytes);
	hid_t id = H5I_INVALID_HID;
	mill_h5_dataset dataset = {.link = link, .type = type, .rank = 1, .shape = {(hsize_t)count, 0}};
	mill_status status = mill_h5_create_dataset(file, &dataset, &id, err);
	if (status == MILL_OK && count > 0 && H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells) < 0)
		status = mill_h5_fail(err, MILL_IO, "dataset %s cannot be written", link);
	mill_h5_close(id);
	mill_h5_close(type);
	mill_mem_free(cells);
	return status;
}

static mill_status write_attribute(hid_t file, const char *link, const char *name, hid_t type, const void *value,
                                   mill_error *err)
{
	hid_t space = H5Screate(H5S_SCALAR);
	hid_t id = H5I_INVALID_HID;
	if (space >= 0 && type >= 0)
		id = H5Acreate_by_name(file, link, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	bool written = id >= 0 && H5Awrite(id, type, value) >= 0;
	mill_h5_close(id);
	mill_h5_close(space);
	return written ? MILL_OK : mill_h5_fail(err, MILL_IO, "attribute %s of %s cannot be written", name, link);
}

mill_status mill_h5_text_attribute(hid_t file, const char *link, const char *name, const char *value, mill_error *err)
{
	hid_t type = text_type(strlen(value));
	mill_status status = write_attribute(file, link, name, type, value, err);
	mill_h5_close(type);
	return status;
}

mill_status mill_h5_i64_attribute(hid_t file, const char *link, const char *name, int64_t value, mill_error *err)
{
	return write_attribute(file, link, name, H5T_STD_I64LE, &value, err);
}

mill_status mill_h5_read_i64_attribute(hid_t file, const char *link, const char *name, int64_t *out, mill_error *err)
{
	int64_t value = 0;
	hid_t id = H5Aopen_by_name(file, link, name, H5P_DEFAULT, H5P_DEFAULT);
	hid_t space = id < 0 ? H5I_INVALID_HID : H5Aget_space(id);
	bool read =
	    space >= 0 && H5Sget_simple_extent_npoints(space) == 1 && H5Aread(id, H5T_NATIVE_INT64, &value) >= 0;
	mill_h5_close(space);
	mill_h5_close(id);
	if (!read)
		return mill_h5_fail(err, MILL_DATA, "attribute %s of %s cannot be read", name, link);
	*out = value;
	return MILL_OK;
}

mill_status mill_h5_read_text_attribute(hid_t file, const char *link, const char *name, char *out, size_t out_bytes,
                                        mill_error *err)
{
	hid_t id = H5Aopen_by_name(file, link, name, H5P_DEFAULT, H5P_DEFAULT);
	hid_t type = id < 0 ? H5I_INVALID_HID : H5Aget_type(id);
	size_t size_bytes = type < 0 ? 0 : H5Tget_size(type);
	bool fits =
	    type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 && size_bytes < out_bytes;
	bool read = false;
	if (fits) {
		memset(out, 0, out_bytes);
		read = H5Aread(id, type, out) >= 0;
	}
	mill_h5_close(type);
	mill_h5_close(id);
	return read ? MILL_OK : mill_h5_fail(err, MILL_DATA, "attribute %s of %s cannot be read", name, link);
}
