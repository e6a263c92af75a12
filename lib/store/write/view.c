/* OUT/SPLIT.h5: every shard of a split as one file of virtual datasets. A missing shard reads as the fill value, so
 * nothing of ours reads views. Text columns have no view: their offsets count from each shard's start. */
#include "store/file.h"
#include "store/h5.h"
#include "store/read/h5_driver.h"
#include "store/store_private.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct view {
	const mill_store_spec *spec;
	int split;
	const mill_shard_info *shards; /* of the split, by index */
	int64_t shard_count;
	hid_t file;
	mill_bytes name;
	mill_bytes source;
	mill_mem *mem;
} view;

/* What a missing shard reads as: NaN, the smallest signed, the largest unsigned value. */
static void fill_value(mill_type type, uint8_t out[16])
{
	static const uint32_t f32_nan = 0x7FC00000U;
	static const uint64_t f64_nan = 0x7FF8000000000000ULL;
	memset(out, 0, 16);
	if (type.id == MILL_TYPE_FLOAT32) {
		memcpy(out, &f32_nan, sizeof(f32_nan));
	} else if (type.id == MILL_TYPE_FLOAT64) {
		memcpy(out, &f64_nan, sizeof(f64_nan));
	} else if (mill_type_is_unsigned(type) || (type.id == MILL_TYPE_DECIMAL && type.precision > 18)) {
		memset(out, 0xFF, 16);
	} else if (type.id != MILL_TYPE_BOOL) {
		size_t width_bytes = type.id == MILL_TYPE_DECIMAL ? 8 : mill_type_width_bytes(type);
		out[width_bytes - 1] = 0x80;
	}
}

/* HDF5 expands %b in the names of sources; %% stands for a percent sign. */
static mill_status append_source(mill_bytes *out, const char *name)
{
	for (const char *c = name; *c != '\0'; c++) {
		if (*c == '%')
			MILL_TRY(mill_bytes_append_u8(out, '%'));
		MILL_TRY(mill_bytes_append_u8(out, (uint8_t)*c));
	}
	return mill_bytes_append_u8(out, 0);
}

/* The shard's file relative to the view, then the dataset, each ended by 00; *dataset_at is where the second starts. */
static mill_status source_names(view *v, const char *link, int64_t index, size_t *dataset_at)
{
	v->name.size_bytes = 0;
	v->source.size_bytes = 0;
	MILL_TRY(mill_store_shard_name(v->spec->splits[v->split], index, &v->name));
	MILL_TRY(mill_bytes_terminate(&v->name));
	MILL_TRY(append_source(&v->source, (const char *)v->name.data));
	*dataset_at = v->source.size_bytes;
	MILL_TRY(mill_bytes_append_u8(&v->source, '/'));
	return append_source(&v->source, link);
}

static mill_status map_shard(view *v, hid_t creation, hid_t space, const char *link, int rank, hsize_t width,
                             const mill_shard_info *shard, mill_error *err)
{
	hsize_t start[2] = {(hsize_t)(shard->index * v->spec->shard_rows), 0};
	hsize_t count[2] = {(hsize_t)shard->rows, width};
	hsize_t source_shape[2] = {(hsize_t)shard->rows, width};
	size_t dataset_at = 0;
	if (source_names(v, link, shard->index, &dataset_at) != MILL_OK)
		return mill_fail_nomem(err, v->source.capacity_bytes, "view");
	const char *file_name = (const char *)v->source.data;
	hid_t source = H5Screate_simple(rank, source_shape, NULL);
	bool mapped = source >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
	              H5Pset_virtual(creation, space, file_name, file_name + dataset_at, source) >= 0;
	mill_h5_close(source);
	return mapped ? MILL_OK : mill_h5_fail(err, MILL_INTERNAL, "HDF5 refuses the mapping of %s", link);
}

static mill_status set_mapping(view *v, hid_t creation, hid_t space, const char *link, int rank, hsize_t width,
                               mill_error *err)
{
	for (int64_t i = 0; i < v->shard_count; i++)
		MILL_TRY(map_shard(v, creation, space, link, rank, width, &v->shards[i], err));
	return MILL_OK;
}

static mill_status write_virtual(view *v, const char *link, hid_t type, int rank, int64_t width, const void *fill,
                                 mill_error *err)
{
	hsize_t shape[2] = {(hsize_t)v->spec->split_rows[v->split], (hsize_t)width};
	hid_t space = H5Screate_simple(rank, shape, NULL);
	hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
	hid_t dataset = H5I_INVALID_HID;
	mill_status status = MILL_OK;
	if (space < 0 || creation < 0 || H5Pset_obj_track_times(creation, false) < 0 ||
	    H5Pset_fill_value(creation, type, fill) < 0)
		status = mill_h5_fail(err, MILL_INTERNAL, "HDF5 refuses the view of %s", link);
	/* An empty selection cannot be mapped. */
	if (status == MILL_OK && shape[0] > 0 && (rank == 1 || width > 0))
		status = set_mapping(v, creation, space, link, rank, (hsize_t)width, err);
	if (status == MILL_OK) {
		H5Sselect_all(space);
		dataset = H5Dcreate2(v->file, link, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
		if (dataset < 0)
			status = mill_h5_fail(err, MILL_IO, "the view of %s cannot be created", link);
	}
	mill_h5_close(dataset);
	mill_h5_close(creation);
	mill_h5_close(space);
	return status;
}

static mill_status write_valid(view *v, const mill_dataset_spec *dataset, mill_error *err)
{
	const int8_t valid = 1;
	char link[MILL_LINK_BYTES];
	hid_t type = H5I_INVALID_HID;
	MILL_TRY(mill_store_link(dataset, ".valid", link, err));
	MILL_TRY(mill_h5_bool_type(&type, err));
	mill_status status = write_virtual(v, link, type, 1, 1, &valid, err);
	mill_h5_close(type);
	return status;
}

static mill_status write_dataset(view *v, const mill_dataset_spec *dataset, mill_error *err)
{
	char link[MILL_LINK_BYTES];
	char dtype[MILL_TYPE_TEXT_BYTES];
	uint8_t fill[16];
	hid_t type = H5I_INVALID_HID;
	fill_value(dataset->dtype, fill);
	MILL_TRY(mill_store_link(dataset, "", link, err));
	MILL_TRY(mill_h5_type(dataset->dtype, &type, err));
	bool matrix = mill_store_is_matrix(dataset);
	int64_t width = matrix ? (int64_t)(mill_store_row_bytes(dataset) / H5Tget_size(type)) : 1;
	mill_status status = write_virtual(v, link, type, matrix ? 2 : 1, width, fill, err);
	mill_h5_close(type);
	MILL_TRY(status);
	MILL_TRY(mill_h5_text_attribute(v->file, link, "dtype", mill_type_text(dataset->dtype, dtype), err));
	if (dataset->is_keep)
		return write_valid(v, dataset, err);
	MILL_TRY(mill_store_link(dataset, ".features", link, err));
	return mill_h5_write_texts(v->file, link, dataset->features, dataset->feature_count, v->mem, err);
}

static mill_status write_datasets(view *v, mill_error *err)
{
	const mill_store_spec *spec = v->spec;
	bool has_keep = false;
	for (int d = 0; d < spec->dataset_count; d++) {
		const mill_dataset_spec *dataset = &spec->datasets[d];
		if (mill_store_is_text(dataset))
			continue;
		if (dataset->is_keep && !has_keep)
			MILL_TRY(mill_h5_create_group(v->file, "keep", err));
		has_keep = has_keep || dataset->is_keep;
		MILL_TRY(write_dataset(v, dataset, err));
	}
	MILL_TRY(mill_h5_i64_attribute(v->file, "/", "format_version", MILL_STORE_FORMAT_VERSION, err));
	MILL_TRY(mill_h5_text_attribute(v->file, "/", "split", spec->splits[v->split], err));
	return mill_h5_i64_attribute(v->file, "/", "rows", spec->split_rows[v->split], err);
}

static int compare_index(const void *a, const void *b)
{
	const mill_shard_info *x = a;
	const mill_shard_info *y = b;
	return (x->index > y->index) - (x->index < y->index);
}

/* The view under `path`, a local file. */
static mill_status write_file(view *v, const char *path, mill_error *err)
{
	MILL_TRY(mill_h5_create(path, &v->file, err));
	mill_status status = write_datasets(v, err);
	if (status != MILL_OK) {
		mill_h5_close(v->file);
		mill_file_discard(path);
		return mill_fail_context(err, status, "%s", path);
	}
	return mill_h5_finish(v->file, path, err);
}

static mill_status write_and_place(view *v, mill_bytes *path, mill_bytes *local, mill_error *err)
{
	const mill_store_spec *spec = v->spec;
	MILL_TRY(mill_file_join(spec->path, spec->splits[v->split], path, err));
	/* The folder beside it marks the view as ours. */
	MILL_TRY(mill_storage_make_folders(spec->storage, (const char *)path->data, err));
	path->size_bytes = 0;
	if (mill_bytes_printf(path, "%s/%s.h5", spec->path, spec->splits[v->split]) != MILL_OK ||
	    mill_bytes_terminate(path) != MILL_OK)
		return mill_fail_nomem(err, path->capacity_bytes, "view");
	const char *final = (const char *)path->data;
	bool staged = false;
	MILL_TRY(mill_file_is_staged(spec, &staged, err));
	if (!staged)
		return write_file(v, final, err);
	if (spec->scratch == NULL)
		return mill_fail(err, MILL_INTERNAL, "store: %s needs a scratch folder to finish files in", spec->path);
	char name[32];
	snprintf(name, sizeof name, "view-%d.h5", v->split);
	MILL_TRY(mill_scratch_file_path(spec->scratch, name, local, err));
	mill_u128 hash = 0;
	int64_t size_bytes = 0;
	MILL_TRY(write_file(v, (const char *)local->data, err));
	mill_status status = mill_file_place(spec->storage, (const char *)local->data, final, &hash, &size_bytes, err);
	mill_file_discard((const char *)local->data);
	return status;
}

mill_status mill_store_write_view(const mill_store_spec *spec, int split, const mill_shard_info *shards,
                                  int64_t shard_count, mill_mem *mem, mill_error *err)
{
	int64_t own_count = 0;
	for (int64_t i = 0; i < shard_count; i++)
		own_count += shards[i].split == split;
	if (own_count > MILL_STORE_VIEW_SHARDS)
		return MILL_OK;
	mill_shard_info *own = mill_mem_alloc(mem, (size_t)own_count * sizeof(*own));
	if (own == NULL)
		return mill_fail_nomem(err, (size_t)own_count * sizeof(*own), "view");
	own_count = 0;
	for (int64_t i = 0; i < shard_count; i++)
		if (shards[i].split == split)
			own[own_count++] = shards[i];
	qsort(own, (size_t)own_count, sizeof(*own), compare_index);
	view v = {
	    .spec = spec, .split = split, .shards = own, .shard_count = own_count, .file = H5I_INVALID_HID, .mem = mem};
	mill_bytes path;
	mill_bytes local;
	mill_bytes_init(&v.name, mem);
	mill_bytes_init(&v.source, mem);
	mill_bytes_init(&path, mem);
	mill_bytes_init(&local, mem);
	mill_status status = write_and_place(&v, &path, &local, err);
	mill_bytes_release(&local);
	mill_bytes_release(&path);
	mill_bytes_release(&v.source);
	mill_bytes_release(&v.name);
	mill_mem_free(own);
	return status;
}

/* A view that is there must have the split's rows; its shards have checksums of their own. */
static mill_status check_view(const mill_store *store, const mill_stored_split *split, const char *path,
                              mill_error *err)
{
	hid_t file = H5I_INVALID_HID;
	int64_t rows = -1;
	mill_status status = mill_h5_open(store->storage, path, &file, err);
	if (status == MILL_OK)
		status = mill_h5_read_i64_attribute(file, "/", "rows", &rows, err);
	for (int d = 0; d < store->dataset_count && status == MILL_OK; d++) {
		const mill_dataset_spec *dataset = &store->datasets[d];
		char link[MILL_LINK_BYTES];
		if (mill_store_is_text(dataset))
			continue;
		status = mill_store_link(dataset, "", link, err);
		if (status == MILL_OK && H5Lexists(file, link, H5P_DEFAULT) <= 0)
			status = mill_h5_fail(err, MILL_DIFFERENT, "%s: the view has no %s", path, link);
	}
	if (status != MILL_OK)
		status = mill_h5_driver_blame(file, status, err);
	mill_h5_close(file);
	if (status == MILL_OK && rows != split->rows)
		status = mill_fail(err, MILL_DIFFERENT, "%s: a view of %lld rows, the split has %lld", path,
		                   (long long)rows, (long long)split->rows);
	if (status == MILL_DATA)
		return mill_fail(err, MILL_DIFFERENT, "%s: the view is damaged", path);
	return status;
}

static mill_status check_view_if_there(const mill_store *store, const mill_stored_split *split, const char *path,
                                       mill_error *err)
{
	bool exists = false;
	MILL_TRY(mill_storage_exists(store->storage, path, &exists, err));
	return exists ? check_view(store, split, path, err) : MILL_OK;
}

mill_status mill_store_check_views(const mill_store *store, mill_error *err)
{
	mill_bytes path;
	mill_bytes_init(&path, store->mem);
	mill_status status = MILL_OK;
	for (int s = 0; s < store->split_count && status == MILL_OK; s++) {
		path.size_bytes = 0;
		if (mill_bytes_printf(&path, "%s/%s.h5", store->path, store->splits[s].name) != MILL_OK ||
		    mill_bytes_terminate(&path) != MILL_OK)
			status = mill_fail_nomem(err, path.capacity_bytes, "view");
		else
			status = check_view_if_there(store, &store->splits[s], (const char *)path.data, err);
	}
	mill_bytes_release(&path);
	return status;
}
