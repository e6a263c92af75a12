#include "store/read/reader_array.h"

#include <string.h>

void mill_h5_array_init(mill_h5_array *array)
{
	memset(array, 0, sizeof(*array));
	array->dataset = H5I_INVALID_HID;
	array->held_chunk = -1;
}

void mill_h5_array_release(mill_h5_array *array)
{
	mill_h5_close(array->dataset);
	mill_mem_free(array->chunk);
	mill_mem_free(array->encoded);
	mill_h5_array_init(array);
}

/* Only the filters that we write, in their order. */
static bool read_filters(hid_t creation, mill_h5_array *array)
{
	int count = H5Pget_nfilters(creation);
	for (int i = 0; i < count; i++) {
		unsigned flags = 0;
		size_t values = 0;
		H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL);
		if (filter == H5Z_FILTER_SHUFFLE && i == 0)
			array->shuffled = true;
		else if (filter == H5Z_FILTER_DEFLATE && i == count - 1)
			array->deflated = true;
		else
			return false;
	}
	return count >= 0 && array->shuffled + array->deflated == count && (!array->shuffled || array->deflated);
}

static bool read_layout(mill_h5_array *array, int rank, int64_t width)
{
	hid_t creation = H5Dget_create_plist(array->dataset);
	bool good = false;
	if (creation >= 0 && H5Pget_layout(creation) == H5D_CHUNKED) {
		hsize_t chunk[2] = {0, (hsize_t)width};
		good = H5Pget_chunk(creation, rank, chunk) == rank && chunk[0] > 0 && chunk[1] == (hsize_t)width &&
		       chunk[0] <= UINT32_MAX && read_filters(creation, array);
		array->chunk_rows = (int64_t)chunk[0];
	} else if (creation >= 0) {
		good = array->rows == 0 || array->row_bytes == 0;
	}
	mill_h5_close(creation);
	return good;
}

static bool read_shape(mill_h5_array *array, int rank, int64_t rows, int64_t width)
{
	hid_t space = H5Dget_space(array->dataset);
	hsize_t shape[2] = {0, 1};
	bool good = space >= 0 && H5Sget_simple_extent_ndims(space) == rank &&
	            H5Sget_simple_extent_dims(space, shape, NULL) == rank && shape[0] <= (hsize_t)INT64_MAX &&
	            (rows < 0 || shape[0] == (hsize_t)rows) && (rank == 1 || shape[1] == (hsize_t)width);
	mill_h5_close(space);
	array->rows = (int64_t)shape[0];
	return good;
}

mill_status mill_h5_array_open(mill_h5_array *array, hid_t file, const char *link, hid_t type, int rank, int64_t rows,
                               int64_t width, mill_error *err)
{
	array->dataset = H5Dopen2(file, link, H5P_DEFAULT);
	if (array->dataset < 0)
		return mill_h5_fail(err, MILL_DATA, "dataset %s cannot be opened", link);
	hid_t stored = H5Dget_type(array->dataset);
	bool same_type = stored >= 0 && H5Tequal(stored, type) > 0;
	mill_h5_close(stored);
	if (!same_type)
		return mill_fail(err, MILL_DATA, "dataset %s is not of the type that the manifest gives", link);
	if (!read_shape(array, rank, rows, width))
		return mill_fail(err, MILL_DATA, "dataset %s has not the shape that the manifest gives", link);
	array->element_bytes = H5Tget_size(type);
	array->row_bytes = array->element_bytes * (size_t)width;
	if (!read_layout(array, rank, width))
		return mill_fail(err, MILL_DATA, "dataset %s is stored in a way that rankmill does not write", link);
	return MILL_OK;
}

static mill_status reserve(mill_h5_array *array, mill_mem *mem, size_t encoded_bytes, mill_error *err)
{
	size_t chunk_bytes = (size_t)array->chunk_rows * array->row_bytes;
	if (array->chunk == NULL)
		array->chunk = mill_mem_alloc(mem, chunk_bytes);
	if (array->chunk == NULL)
		return mill_fail_nomem(err, chunk_bytes, "chunk of a shard");
	if (encoded_bytes <= array->encoded_capacity_bytes)
		return MILL_OK;
	uint8_t *grown = mill_mem_realloc(mem, array->encoded, encoded_bytes);
	if (grown == NULL)
		return mill_fail_nomem(err, encoded_bytes, "chunk of a shard");
	array->encoded = grown;
	array->encoded_capacity_bytes = encoded_bytes;
	return MILL_OK;
}

static mill_status fail_chunk(int64_t index, mill_error *err)
{
	return mill_h5_fail(err, MILL_DATA, "chunk %lld cannot be read", (long long)index);
}

/* A chunk that is not stored holds the fill value: only validity has one, 1. */
static mill_status load_chunk(mill_h5_array *array, mill_chunk_codec *codec, int64_t index, mill_error *err)
{
	hsize_t offset[2] = {(hsize_t)(index * array->chunk_rows), 0};
	hsize_t stored_bytes = 0;
	uint32_t mask = 0;
	size_t chunk_bytes = (size_t)array->chunk_rows * array->row_bytes;
	array->held_chunk = -1;
	if (H5Dget_chunk_storage_size(array->dataset, offset, &stored_bytes) < 0 ||
	    stored_bytes > 2 * chunk_bytes + 4096)
		return fail_chunk(index, err);
	bool direct = stored_bytes == chunk_bytes;
	MILL_TRY(reserve(array, codec->mem, direct ? 0 : (size_t)stored_bytes, err));
	if (stored_bytes == 0) {
		memset(array->chunk, 1, chunk_bytes);
		array->held_chunk = index;
		return MILL_OK;
	}
	if (H5Dread_chunk(array->dataset, H5P_DEFAULT, offset, &mask, direct ? array->chunk : array->encoded) < 0)
		return fail_chunk(index, err);
	uint32_t all = array->shuffled ? 3 : array->deflated ? 1 : 0;
	bool encoded = all != 0 && (mask & all) == 0;
	if ((mask & all) != 0 && (mask & all) != all)
		return fail_chunk(index, err);
	if (encoded == direct)
		return fail_chunk(index, err); /* we never store an encoding as large as the chunk */
	if (encoded)
		MILL_TRY(mill_chunk_codec_decode(codec, array->encoded, (size_t)stored_bytes, array->shuffled,
		                                 array->element_bytes, array->chunk, chunk_bytes, err));
	array->held_chunk = index;
	return MILL_OK;
}

mill_status mill_h5_array_hold(mill_h5_array *array, mill_chunk_codec *codec, int64_t first, const uint8_t **out,
                               int64_t *rows, mill_error *err)
{
	if (first < 0 || first >= array->rows || array->chunk_rows == 0)
		return mill_fail(err, MILL_DATA, "row %lld is beyond the %lld that are stored", (long long)first,
		                 (long long)array->rows);
	int64_t index = first / array->chunk_rows;
	int64_t at = first - index * array->chunk_rows;
	if (array->held_chunk != index)
		MILL_TRY(load_chunk(array, codec, index, err));
	*out = array->chunk + (size_t)at * array->row_bytes;
	*rows = mill_min_i64(array->chunk_rows - at, array->rows - first);
	return MILL_OK;
}

mill_status mill_h5_array_read(mill_h5_array *array, mill_chunk_codec *codec, int64_t first, int64_t rows, void *out,
                               mill_error *err)
{
	if (first < 0 || rows < 0 || first + rows > array->rows)
		return mill_fail(err, MILL_DATA, "rows %lld … %lld are beyond the %lld that are stored",
		                 (long long)first, (long long)(first + rows), (long long)array->rows);
	for (int64_t done = 0; done < rows && array->row_bytes > 0;) {
		const uint8_t *held;
		int64_t count;
		MILL_TRY(mill_h5_array_hold(array, codec, first + done, &held, &count, err));
		count = mill_min_i64(count, rows - done);
		memcpy((uint8_t *)out + (size_t)done * array->row_bytes, held, (size_t)count * array->row_bytes);
		done += count;
	}
	return MILL_OK;
}
