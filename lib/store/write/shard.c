#include "store/write/shard.h"

#include "store/keep_values.h"
#include "store/row_hash.h"

#include <string.h>

/* Rows copied before they are hashed, so that they are still in the cache. */
#define COPY_BYTES (64 * 1024)

static mill_status open_valid(mill_shard *shard, const mill_dataset_spec *spec, const char *link,
                              mill_shard_stream *out, mill_error *err)
{
	(void)spec;
	hid_t type = H5I_INVALID_HID;
	MILL_TRY(mill_h5_bool_type(&type, err));
	return mill_shard_stream_open(out, MILL_STREAM_SPARSE, shard->file, link, type, 1, 1, shard->rows, shard->codec,
	                              err);
}

static mill_status open_text(mill_shard *shard, const mill_dataset_spec *spec, mill_shard_dataset *dataset,
                             mill_error *err)
{
	char link[MILL_LINK_BYTES];
	hid_t type = H5I_INVALID_HID;
	MILL_TRY(mill_store_link(spec, "", link, err));
	MILL_TRY(mill_h5_create_group(shard->file, link, err));
	MILL_TRY(mill_store_link(spec, "/values", link, err));
	MILL_TRY(mill_h5_type(spec->dtype, &type, err));
	MILL_TRY(mill_shard_stream_open(&dataset->values, MILL_STREAM_GROWING, shard->file, link, type, 1, 1, 0,
	                                shard->codec, err));
	MILL_TRY(mill_store_link(spec, "/offsets", link, err));
	MILL_TRY(mill_h5_type(mill_type_of(MILL_TYPE_INT64), &type, err));
	MILL_TRY(mill_shard_stream_open(&dataset->offsets, MILL_STREAM_FIXED, shard->file, link, type, 1, 1,
	                                shard->rows + 1, shard->codec, err));
	MILL_TRY(mill_store_link(spec, "/valid", link, err));
	MILL_TRY(open_valid(shard, spec, link, &dataset->valid, err));
	int64_t *first = NULL;
	MILL_TRY(mill_shard_stream_stage(&dataset->offsets, 1, (void **)&first, err));
	*first = 0;
	return MILL_OK;
}

static mill_status open_fixed(mill_shard *shard, const mill_dataset_spec *spec, mill_shard_dataset *dataset,
                              mill_error *err)
{
	char link[MILL_LINK_BYTES];
	hid_t type = H5I_INVALID_HID;
	MILL_TRY(mill_store_link(spec, "", link, err));
	MILL_TRY(mill_h5_type(spec->dtype, &type, err));
	size_t element_bytes = H5Tget_size(type);
	int64_t width = mill_store_is_matrix(spec) ? (int64_t)(mill_store_row_bytes(spec) / element_bytes) : 1;
	int rank = mill_store_is_matrix(spec) ? 2 : 1;
	MILL_TRY(mill_shard_stream_open(&dataset->values, MILL_STREAM_FIXED, shard->file, link, type, rank, width,
	                                shard->rows, shard->codec, err));
	if (spec->is_keep) {
		MILL_TRY(mill_store_link(spec, ".valid", link, err));
		return open_valid(shard, spec, link, &dataset->valid, err);
	}
	MILL_TRY(mill_store_link(spec, ".features", link, err));
	return mill_h5_write_texts(shard->file, link, spec->features, spec->feature_count, shard->codec->mem, err);
}

static mill_status open_datasets(mill_shard *shard, mill_error *err)
{
	const mill_store_spec *spec = shard->spec;
	bool has_keep = false;
	for (int d = 0; d < spec->dataset_count; d++) {
		const mill_dataset_spec *dataset = &spec->datasets[d];
		if (dataset->is_keep && !has_keep)
			MILL_TRY(mill_h5_create_group(shard->file, "keep", err));
		has_keep = has_keep || dataset->is_keep;
		MILL_TRY(
		    (mill_store_is_text(dataset) ? open_text : open_fixed)(shard, dataset, &shard->datasets[d], err));
		char link[MILL_LINK_BYTES];
		char dtype[MILL_TYPE_TEXT_BYTES];
		MILL_TRY(mill_store_link(dataset, "", link, err));
		MILL_TRY(
		    mill_h5_text_attribute(shard->file, link, "dtype", mill_type_text(dataset->dtype, dtype), err));
	}
	MILL_TRY(mill_h5_i64_attribute(shard->file, "/", "format_version", MILL_STORE_FORMAT_VERSION, err));
	MILL_TRY(mill_h5_text_attribute(shard->file, "/", "split", spec->splits[shard->split], err));
	MILL_TRY(mill_h5_i64_attribute(shard->file, "/", "first_ordinal", shard->first_ordinal, err));
	return mill_h5_i64_attribute(shard->file, "/", "rows", shard->rows, err);
}

static void reset_streams(mill_shard *shard)
{
	for (int d = 0; d < shard->spec->dataset_count; d++) {
		mill_shard_dataset *dataset = &shard->datasets[d];
		mill_shard_stream *streams[] = {&dataset->values, &dataset->offsets, &dataset->valid};
		for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
			streams[i]->dataset = streams[i]->type = H5I_INVALID_HID;
	}
}

static mill_status allocate(const mill_store_spec *spec, const char *path, mill_mem *mem, mill_shard **out,
                            mill_error *err)
{
	size_t path_bytes = strlen(path) + 1;
	if (!mill_mem_charge(mem, MILL_SHARD_HDF5_BYTES))
		return mill_fail_nomem(err, (size_t)MILL_SHARD_HDF5_BYTES, "open shard");
	mill_shard *shard = mill_mem_calloc(mem, 1, sizeof(*shard));
	mill_shard_dataset *datasets = mill_mem_calloc(mem, (size_t)spec->dataset_count, sizeof(*datasets));
	char *copy = mill_mem_alloc(mem, path_bytes);
	if (shard == NULL || datasets == NULL || copy == NULL) {
		mill_mem_free(shard);
		mill_mem_free(datasets);
		mill_mem_free(copy);
		mill_mem_discharge(mem, MILL_SHARD_HDF5_BYTES);
		return mill_fail_nomem(err, sizeof(*shard), "open shard");
	}
	memcpy(copy, path, path_bytes);
	shard->spec = spec;
	shard->datasets = datasets;
	shard->path = copy;
	shard->file = H5I_INVALID_HID;
	reset_streams(shard);
	*out = shard;
	return MILL_OK;
}

mill_status mill_shard_open(const mill_store_spec *spec, int split, int64_t index, const char *path,
                            mill_chunk_codec *codec, int simd, mill_bytes *scratch, mill_shard **out, mill_error *err)
{
	mill_shard *shard = NULL;
	mill_status status;
	MILL_TRY(allocate(spec, path, codec->mem, &shard, err));
	shard->codec = codec;
	shard->scratch = scratch;
	shard->simd = simd;
	shard->split = split;
	shard->index = index;
	shard->first_ordinal = index * spec->shard_rows;
	shard->rows = mill_min_i64(spec->shard_rows, spec->split_rows[split] - shard->first_ordinal);
	MILL_TRY_GOTO(mill_h5_create(path, &shard->file, err), fail);
	MILL_TRY_GOTO(open_datasets(shard, err), fail_named);
	*out = shard;
	return MILL_OK;
fail_named:
	status = mill_fail_context(err, status, "%s", path);
fail:
	mill_shard_free(shard);
	return status;
}

void mill_shard_free(mill_shard *shard)
{
	if (shard == NULL)
		return;
	mill_mem *mem = shard->codec->mem;
	for (int d = 0; d < shard->spec->dataset_count; d++) {
		mill_shard_stream_release(&shard->datasets[d].values);
		mill_shard_stream_release(&shard->datasets[d].offsets);
		mill_shard_stream_release(&shard->datasets[d].valid);
	}
	mill_h5_close(shard->file);
	mill_mem_free(shard->datasets);
	mill_mem_free(shard->path);
	mill_mem_free(shard);
	mill_mem_discharge(mem, MILL_SHARD_HDF5_BYTES);
}

static mill_status append_tensor(mill_shard *shard, const mill_block *block, mill_shard_stream *stream, int64_t from,
                                 int64_t rows, mill_u128 *sum, mill_error *err)
{
	void *staged = NULL;
	MILL_TRY(mill_shard_stream_stage(stream, rows, &staged, err));
	size_t row_bytes = stream->row_bytes;
	const uint8_t *in = block->elements == NULL ? NULL : block->elements->data + (size_t)from * row_bytes;
	uint64_t ordinal = (uint64_t)(shard->first_ordinal + shard->done_rows);
	int64_t step = row_bytes == 0 ? rows : mill_max_i64(1, COPY_BYTES / (int64_t)row_bytes);
	for (int64_t at = 0; at < rows; at += step) {
		int64_t count = mill_min_i64(step, rows - at);
		uint8_t *out = (uint8_t *)staged + (size_t)at * row_bytes;
		if (row_bytes > 0)
			mill_copy_canonical(shard->simd, block->spec->dtype, in + (size_t)at * row_bytes,
			                    (size_t)(count * stream->width), out);
		*sum += mill_h128_rows_sum(ordinal + (uint64_t)at, out, row_bytes, count);
	}
	return MILL_OK;
}

static mill_status append_text(mill_shard_dataset *dataset, const mill_column *column, int64_t from, int64_t rows,
                               mill_error *err)
{
	int64_t text_bytes = 0;
	int64_t *offsets = NULL;
	for (int64_t done = 0; done < rows;) {
		int64_t count = mill_min_i64(rows - done, mill_shard_stream_room(&dataset->offsets));
		MILL_TRY(mill_shard_stream_stage(&dataset->offsets, count, (void **)&offsets, err));
		for (int64_t r = 0; r < count; r++) {
			int32_t length_bytes = 0;
			if (!mill_column_is_null(column, from + done + r))
				mill_column_text(column, from + done + r, &length_bytes);
			text_bytes += length_bytes;
			offsets[r] = dataset->text_bytes + text_bytes;
		}
		done += count;
		MILL_TRY(mill_shard_stream_flush(&dataset->offsets, err));
	}
	uint8_t *out = NULL;
	MILL_TRY(mill_shard_stream_stage(&dataset->values, text_bytes, (void **)&out, err));
	for (int64_t r = from; r < from + rows; r++) {
		int32_t length_bytes = 0;
		if (mill_column_is_null(column, r))
			continue;
		const char *text = mill_column_text(column, r, &length_bytes);
		if (length_bytes > 0)
			memcpy(out, text, (size_t)length_bytes);
		out += length_bytes;
	}
	dataset->text_bytes += text_bytes;
	return MILL_OK;
}

static mill_status append_kept(mill_shard *shard, const mill_column *column, mill_shard_dataset *dataset, int64_t from,
                               int64_t rows, mill_u128 *sum, mill_error *err)
{
	int64_t ordinal = shard->first_ordinal + shard->done_rows;
	if (mill_type_is_text(column->type)) {
		MILL_TRY(append_text(dataset, column, from, rows, err));
	} else {
		void *staged = NULL;
		MILL_TRY(mill_shard_stream_stage(&dataset->values, rows, &staged, err));
		mill_keep_store(shard->simd, column, from, rows, staged);
	}
	MILL_TRY(mill_shard_stream_stage_validity(&dataset->valid, column->validity, from, rows, err));
	return mill_row_hash_column(column, from, rows, ordinal, shard->scratch, sum, err);
}

/* Rows until the next place where some stream is flushed. It depends on row numbers alone, so that the order of chunks
 * in the file does not depend on how rows arrive. */
static int64_t segment_rows(const mill_shard *shard, int64_t rows)
{
	for (int d = 0; d < shard->spec->dataset_count; d++) {
		const mill_shard_dataset *dataset = &shard->datasets[d];
		if (mill_store_is_text(&shard->spec->datasets[d]))
			rows = mill_min_i64(rows, MILL_STORE_TEXT_ROWS - shard->done_rows % MILL_STORE_TEXT_ROWS);
		else
			rows = mill_min_i64(rows, mill_shard_stream_room(&dataset->values));
		if (shard->spec->datasets[d].is_keep)
			rows = mill_min_i64(rows, mill_shard_stream_room(&dataset->valid));
	}
	return rows;
}

static mill_status append_segment(mill_shard *shard, const mill_block *blocks, int64_t from, int64_t rows,
                                  mill_u128 *sums, mill_error *err)
{
	for (int d = 0; d < shard->spec->dataset_count; d++) {
		mill_shard_dataset *dataset = &shard->datasets[d];
		if (shard->spec->datasets[d].is_keep)
			MILL_TRY(append_kept(shard, &blocks[d].column, dataset, from, rows, &sums[d], err));
		else
			MILL_TRY(append_tensor(shard, &blocks[d], &dataset->values, from, rows, &sums[d], err));
	}
	shard->done_rows += rows;
	for (int d = 0; d < shard->spec->dataset_count; d++) {
		mill_shard_dataset *dataset = &shard->datasets[d];
		bool text = mill_store_is_text(&shard->spec->datasets[d]);
		if (!text || shard->done_rows % MILL_STORE_TEXT_ROWS == 0)
			MILL_TRY(mill_shard_stream_flush(&dataset->values, err));
		if (shard->spec->datasets[d].is_keep)
			MILL_TRY(mill_shard_stream_flush(&dataset->valid, err));
	}
	return MILL_OK;
}

mill_status mill_shard_append(mill_shard *shard, const mill_block *blocks, int64_t from, int64_t rows, mill_u128 *sums,
                              mill_error *err)
{
	for (int64_t done = 0; done < rows;) {
		int64_t count = segment_rows(shard, rows - done);
		mill_status status = append_segment(shard, blocks, from + done, count, sums, err);
		if (status != MILL_OK)
			return mill_fail_context(err, status, "%s", shard->path);
		done += count;
	}
	return MILL_OK;
}

static mill_status finish_streams(mill_shard *shard, mill_error *err)
{
	for (int d = 0; d < shard->spec->dataset_count; d++) {
		mill_shard_dataset *dataset = &shard->datasets[d];
		MILL_TRY(mill_shard_stream_finish(&dataset->values, err));
		if (mill_store_is_text(&shard->spec->datasets[d]))
			MILL_TRY(mill_shard_stream_finish(&dataset->offsets, err));
		if (shard->spec->datasets[d].is_keep)
			MILL_TRY(mill_shard_stream_finish(&dataset->valid, err));
		mill_shard_stream_release(&dataset->values);
		mill_shard_stream_release(&dataset->offsets);
		mill_shard_stream_release(&dataset->valid);
	}
	return MILL_OK;
}

mill_status mill_shard_finish(mill_shard *shard, mill_error *err)
{
	if (shard->done_rows != shard->rows)
		return mill_fail(err, MILL_INTERNAL, "%s: the shard has %lld of %lld rows", shard->path,
		                 (long long)shard->done_rows, (long long)shard->rows);
	mill_status status = finish_streams(shard, err);
	if (status != MILL_OK)
		return mill_fail_context(err, status, "%s", shard->path);
	hid_t file = shard->file;
	shard->file = H5I_INVALID_HID;
	return mill_h5_finish(file, shard->path, err);
}
