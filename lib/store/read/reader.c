#include "store/read/reader.h"

#include "store/keep_values.h"
#include "store/read/h5_driver.h"
#include "store/read/reader_array.h"

#include <string.h>

#define RUN_ROWS     65536
#define GATHER_BYTES 16384
#define GATHER_ROWS  16

/* Opens one array of a dataset; type is closed. */
static mill_status open_array(mill_shard_reader *reader, const mill_dataset_spec *spec, const char *suffix,
                              mill_type dtype, bool matrix, int64_t rows, mill_h5_array *out, mill_error *err)
{
	char link[MILL_LINK_BYTES];
	hid_t type = H5I_INVALID_HID;
	MILL_TRY(mill_store_link(spec, suffix, link, err));
	MILL_TRY(mill_h5_type(dtype, &type, err));
	int64_t width = matrix ? (int64_t)(mill_store_row_bytes(spec) / H5Tget_size(type)) : 1;
	mill_status status = mill_h5_array_open(out, reader->file, link, type, matrix ? 2 : 1, rows, width, err);
	mill_h5_close(type);
	return status;
}

static mill_status open_valid(mill_shard_reader *reader, const mill_dataset_spec *spec, const char *suffix,
                              mill_h5_array *out, mill_error *err)
{
	char link[MILL_LINK_BYTES];
	MILL_TRY(mill_store_link(spec, suffix, link, err));
	htri_t there = H5Lexists(reader->file, link, H5P_DEFAULT);
	if (there < 0)
		return mill_h5_fail(err, MILL_DATA, "dataset %s cannot be looked up", link);
	if (there == 0)
		return MILL_OK;
	return open_array(reader, spec, suffix, mill_type_of(MILL_TYPE_BOOL), false, reader->ask.rows, out, err);
}

static mill_status check_dtype(mill_shard_reader *reader, const mill_dataset_spec *spec, mill_error *err)
{
	char link[MILL_LINK_BYTES];
	char wanted[MILL_TYPE_TEXT_BYTES];
	char stored[MILL_TYPE_TEXT_BYTES * 2];
	MILL_TRY(mill_store_link(spec, "", link, err));
	MILL_TRY(mill_h5_read_text_attribute(reader->file, link, "dtype", stored, sizeof(stored), err));
	mill_type_text(spec->dtype, wanted);
	if (strcmp(stored, wanted) != 0)
		return mill_fail(err, MILL_DATA, "dataset %s holds %s, the manifest says %s", link, stored, wanted);
	return MILL_OK;
}

static mill_status open_dataset(mill_shard_reader *reader, int dataset, mill_error *err)
{
	const mill_dataset_spec *spec = &reader->ask.datasets[dataset];
	mill_shard_arrays *arrays = &reader->arrays[dataset];
	int64_t rows = reader->ask.rows;
	MILL_TRY(check_dtype(reader, spec, err));
	if (mill_store_is_text(spec)) {
		MILL_TRY(open_array(reader, spec, "/values", spec->dtype, false, -1, &arrays->values, err));
		MILL_TRY(open_array(reader, spec, "/offsets", mill_type_of(MILL_TYPE_INT64), false, rows + 1,
		                    &arrays->offsets, err));
		return open_valid(reader, spec, "/valid", &arrays->valid, err);
	}
	MILL_TRY(open_array(reader, spec, "", spec->dtype, mill_store_is_matrix(spec), rows, &arrays->values, err));
	return spec->is_keep ? open_valid(reader, spec, ".valid", &arrays->valid, err) : MILL_OK;
}

static mill_status open_all(mill_shard_reader *reader, mill_error *err)
{
	int64_t number = 0;
	char name[512];
	MILL_TRY(mill_h5_open(reader->ask.storage, reader->ask.path, &reader->file, err));
	MILL_TRY(mill_h5_read_i64_attribute(reader->file, "/", "format_version", &number, err));
	if (number != MILL_STORE_FORMAT_VERSION)
		return mill_fail(err, MILL_DATA, "a shard of format version %lld", (long long)number);
	MILL_TRY(mill_h5_read_text_attribute(reader->file, "/", "split", name, sizeof(name), err));
	MILL_TRY(mill_h5_read_i64_attribute(reader->file, "/", "first_ordinal", &number, err));
	if (strcmp(name, reader->ask.split) != 0 || number != reader->ask.first_ordinal)
		return mill_fail(err, MILL_DATA, "it is the shard of split %s that starts at row %lld", name,
		                 (long long)number);
	for (int d = 0; d < reader->ask.dataset_count; d++)
		if (reader->ask.wanted == NULL || reader->ask.wanted[d])
			MILL_TRY(open_dataset(reader, d, err));
	return MILL_OK;
}

mill_shard_ask mill_store_ask(const mill_store *store, int split, int64_t index)
{
	const mill_stored_shard *shard = &store->splits[split].shards[index];
	return (mill_shard_ask){.storage = store->storage,
	                        .path = shard->path,
	                        .split = store->splits[split].name,
	                        .first_ordinal = shard->first_ordinal,
	                        .rows = shard->rows,
	                        .datasets = store->datasets,
	                        .dataset_count = store->dataset_count};
}

mill_status mill_shard_reader_open(const mill_shard_ask *ask, mill_mem *mem, mill_shard_reader **out, mill_error *err)
{
	mill_compression none = {MILL_COMPRESS_NONE, 0};
	mill_shard_reader *reader = mill_mem_calloc(mem, 1, sizeof(*reader));
	if (reader == NULL)
		return mill_fail_nomem(err, sizeof(*reader), "shard reader");
	reader->ask = *ask;
	reader->mem = mem;
	reader->file = H5I_INVALID_HID;
	mill_chunk_codec_init(&reader->codec, none, mem);
	mill_bytes_init(&reader->stored, mem);
	mill_bytes_init(&reader->valid, mem);
	mill_bytes_init(&reader->text, mem);
	reader->arrays = mill_mem_calloc(mem, (size_t)ask->dataset_count, sizeof(*reader->arrays));
	mill_status status = MILL_OK;
	if (reader->arrays == NULL)
		status = mill_fail_nomem(err, (size_t)ask->dataset_count * sizeof(*reader->arrays), "shard reader");
	for (int d = 0; status == MILL_OK && d < ask->dataset_count; d++) {
		mill_h5_array_init(&reader->arrays[d].values);
		mill_h5_array_init(&reader->arrays[d].offsets);
		mill_h5_array_init(&reader->arrays[d].valid);
	}
	if (status == MILL_OK) {
		status = open_all(reader, err);
		if (status != MILL_OK)
			status = mill_h5_driver_blame(reader->file, status, err);
		if (status != MILL_OK)
			status = mill_fail_context(err, status, "%s", ask->path);
	}
	if (status != MILL_OK)
		mill_shard_reader_free(reader);
	else
		*out = reader;
	return status;
}

void mill_shard_reader_free(mill_shard_reader *reader)
{
	if (reader == NULL)
		return;
	for (int d = 0; reader->arrays != NULL && d < reader->ask.dataset_count; d++) {
		mill_h5_array_release(&reader->arrays[d].values);
		mill_h5_array_release(&reader->arrays[d].offsets);
		mill_h5_array_release(&reader->arrays[d].valid);
	}
	mill_h5_close(reader->file);
	mill_chunk_codec_release(&reader->codec);
	mill_bytes_release(&reader->stored);
	mill_bytes_release(&reader->valid);
	mill_bytes_release(&reader->text);
	mill_mem_free(reader->arrays);
	mill_mem_free(reader);
}

int64_t mill_shard_reader_run(const mill_shard_reader *reader, int dataset, int64_t first)
{
	const mill_h5_array *values = &reader->arrays[dataset].values;
	int64_t rest = mill_min_i64(RUN_ROWS, reader->ask.rows - first);
	if (mill_store_is_text(&reader->ask.datasets[dataset]) || values->chunk_rows == 0)
		return mill_min_i64(rest, MILL_BATCH_ROWS);
	return mill_min_i64(rest, values->chunk_rows - first % values->chunk_rows);
}

static mill_status room_for(mill_bytes *bytes, size_t size_bytes, mill_error *err)
{
	bytes->size_bytes = 0;
	if (mill_bytes_reserve(bytes, size_bytes) != MILL_OK)
		return mill_fail_nomem(err, size_bytes, "rows of a shard");
	return MILL_OK;
}

/* *out NULL: every row is valid. */
static mill_status read_valid(mill_shard_reader *reader, mill_h5_array *array, int64_t first, int64_t rows,
                              const uint8_t **out, mill_error *err)
{
	*out = NULL;
	if (array->dataset < 0)
		return MILL_OK;
	MILL_TRY(room_for(&reader->valid, (size_t)rows, err));
	MILL_TRY(mill_h5_array_read(array, &reader->codec, first, rows, reader->valid.data, err));
	*out = reader->valid.data;
	return MILL_OK;
}

static mill_status read_text(mill_shard_reader *reader, int dataset, int64_t first, int64_t rows, mill_column *out,
                             mill_error *err)
{
	mill_shard_arrays *arrays = &reader->arrays[dataset];
	const uint8_t *valid = NULL;
	size_t offset_bytes = (size_t)(rows + 1) * sizeof(int64_t);
	MILL_TRY(room_for(&reader->stored, offset_bytes, err));
	int64_t *offsets = (int64_t *)(void *)reader->stored.data;
	MILL_TRY(mill_h5_array_read(&arrays->offsets, &reader->codec, first, rows + 1, offsets, err));
	int64_t text_bytes = offsets[rows] - offsets[0];
	if (offsets[0] < 0 || text_bytes < 0 || text_bytes > INT32_MAX || offsets[rows] > arrays->values.rows)
		return mill_fail(err, MILL_DATA, "offsets of a kept text column are damaged");
	MILL_TRY(room_for(&reader->text, (size_t)text_bytes, err));
	MILL_TRY(mill_h5_array_read(&arrays->values, &reader->codec, offsets[0], text_bytes, reader->text.data, err));
	MILL_TRY(read_valid(reader, &arrays->valid, first, rows, &valid, err));
	return mill_keep_load_text(reader->mem, reader->ask.datasets[dataset].dtype, offsets, reader->text.data, valid,
	                           rows, out, err);
}

static mill_status read_kept(mill_shard_reader *reader, int dataset, int64_t first, int64_t rows, mill_column *out,
                             mill_error *err)
{
	mill_shard_arrays *arrays = &reader->arrays[dataset];
	const uint8_t *valid = NULL;
	MILL_TRY(room_for(&reader->stored, (size_t)rows * arrays->values.row_bytes, err));
	MILL_TRY(mill_h5_array_read(&arrays->values, &reader->codec, first, rows, reader->stored.data, err));
	MILL_TRY(read_valid(reader, &arrays->valid, first, rows, &valid, err));
	return mill_keep_load(reader->mem, reader->ask.datasets[dataset].dtype, reader->stored.data, valid, rows, out,
	                      err);
}

static mill_status fail_dataset(const mill_shard_reader *reader, int dataset, mill_status status, mill_error *err)
{
	status = mill_h5_driver_blame(reader->file, status, err);
	return mill_fail_context(err, status, "%s: %s", reader->ask.path, reader->ask.datasets[dataset].name);
}

mill_status mill_shard_reader_kept(mill_shard_reader *reader, int dataset, int64_t first, int64_t rows,
                                   mill_column *out, mill_error *err)
{
	bool is_text = mill_store_is_text(&reader->ask.datasets[dataset]);
	mill_status status = is_text ? read_text(reader, dataset, first, rows, out, err)
	                             : read_kept(reader, dataset, first, rows, out, err);
	return status == MILL_OK ? MILL_OK : fail_dataset(reader, dataset, status, err);
}

mill_status mill_shard_reader_rows(mill_shard_reader *reader, int dataset, int64_t first, int64_t rows, mill_block *out,
                                   mill_error *err)
{
	const mill_dataset_spec *spec = &reader->ask.datasets[dataset];
	mill_block block = {.spec = spec, .rows = rows};
	if (spec->is_keep) {
		MILL_TRY(mill_shard_reader_kept(reader, dataset, first, rows, &block.column, err));
	} else {
		mill_h5_array *values = &reader->arrays[dataset].values;
		size_t size_bytes = (size_t)rows * values->row_bytes;
		block.elements = mill_buffer_new(reader->mem, size_bytes);
		if (block.elements == NULL)
			return mill_fail_nomem(err, size_bytes, "rows of a shard");
		mill_status status = mill_h5_array_read(values, &reader->codec, first, rows, block.elements->data, err);
		if (status != MILL_OK) {
			mill_block_release(&block);
			return fail_dataset(reader, dataset, status, err);
		}
	}
	*out = block;
	return MILL_OK;
}

#define GATHER(bytes, type)                                                         \
	case bytes:                                                                 \
		for (int64_t r = 0; r < rows; r++)                                  \
			memcpy((type *)out + r, in + (size_t)r * row_bytes, bytes); \
		break;

/* Every row_bytes-th element of in, packed. */
static void gather(const uint8_t *restrict in, size_t row_bytes, size_t element_bytes, int64_t rows, void *restrict out)
{
	switch (element_bytes) {
		GATHER(1, uint8_t)
		GATHER(2, uint16_t)
		GATHER(4, uint32_t)
	default: GATHER(8, uint64_t)
	}
}

static void gather_features(const mill_h5_array *values, const int *features, int count, const uint8_t *in,
                            int64_t rows, int64_t done, void *const *out)
{
	/* A block of rows stays in the first cache while each feature is picked out of it. */
	int64_t block_rows = mill_max_i64(GATHER_ROWS, GATHER_BYTES / (int64_t)values->row_bytes);
	size_t size = values->element_bytes;
	for (int64_t at = 0; at < rows; at += block_rows) {
		int64_t n = mill_min_i64(block_rows, rows - at);
		for (int i = 0; i < count; i++)
			gather(in + (size_t)at * values->row_bytes + (size_t)features[i] * size, values->row_bytes,
			       size, n, (uint8_t *)out[i] + (size_t)(done + at) * size);
	}
}

mill_status mill_shard_reader_features(mill_shard_reader *reader, int dataset, const int *features, int count,
                                       int64_t first, int64_t rows, void *const *out, mill_error *err)
{
	mill_h5_array *values = &reader->arrays[dataset].values;
	for (int64_t done = 0; done < rows;) {
		const uint8_t *held;
		int64_t n;
		mill_status status = mill_h5_array_hold(values, &reader->codec, first + done, &held, &n, err);
		if (status != MILL_OK)
			return fail_dataset(reader, dataset, status, err);
		n = mill_min_i64(n, rows - done);
		gather_features(values, features, count, held, n, done, out);
		done += n;
	}
	return MILL_OK;
}

mill_status mill_shard_reader_fit_text(mill_shard_reader *reader, int dataset, int64_t first, int64_t most_bytes,
                                       int64_t *rows, mill_error *err)
{
	if (!mill_store_is_text(&reader->ask.datasets[dataset]) || *rows < 2)
		return MILL_OK;
	size_t offset_bytes = (size_t)(*rows + 1) * sizeof(int64_t);
	MILL_TRY(room_for(&reader->stored, offset_bytes, err));
	int64_t *offsets = (int64_t *)(void *)reader->stored.data;
	mill_status status =
	    mill_h5_array_read(&reader->arrays[dataset].offsets, &reader->codec, first, *rows + 1, offsets, err);
	if (status != MILL_OK)
		return fail_dataset(reader, dataset, status, err);
	while (*rows > 1 && offsets[*rows] - offsets[0] > most_bytes)
		(*rows)--;
	return MILL_OK;
}
