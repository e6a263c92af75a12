/* Writes the shards of one split: rows in the order of their ordinals, hashed as they come. */
#include "store/file.h"
#include "store/write/folder.h"
#include "store/write/shard.h"

#include "base/simd.h"

#include <stdio.h>
#include <string.h>

struct mill_store_writer {
	const mill_store_spec *spec;
	mill_mem *mem;
	mill_chunk_codec codec;
	int simd;
	mill_bytes scratch; /* row hashes */
	mill_bytes path;    /* of the shard at hand, in the store */
	bool staged;        /* files are finished in spec->scratch and copied */
	mill_shard **open;  /* a split; NULL: none */
	mill_u128 *sums;    /* split_count × dataset_count */
	mill_bytes shards;  /* mill_shard_info of finished ones, then none */
};

static mill_status check_spec(const mill_store_spec *spec, mill_mem *mem, mill_error *err)
{
	if (spec->shard_rows <= 0)
		return mill_fail(err, MILL_USAGE, "store: shards of %lld rows; shards.rows must be at least 1",
		                 (long long)spec->shard_rows);
	if (spec->dataset_count == 0)
		return mill_fail(err, MILL_USAGE, "store: neither tensors nor kept columns; name at least one");
	for (int s = 0; s < spec->split_count; s++)
		MILL_TRY(mill_store_check_split(spec->splits[s], err));
	return mill_store_check_datasets(spec->datasets, spec->dataset_count, mem, err);
}

mill_status mill_store_writer_new(const mill_store_spec *spec, const mill_knobs *knobs, mill_mem *mem,
                                  mill_store_writer **out, mill_error *err)
{
	MILL_TRY(check_spec(spec, mem, err));
	size_t sum_count = (size_t)spec->split_count * (size_t)spec->dataset_count;
	mill_store_writer *writer = mill_mem_calloc(mem, 1, sizeof(*writer));
	if (writer == NULL)
		return mill_fail_nomem(err, sizeof(*writer), "store writer");
	writer->spec = spec;
	writer->simd = mill_simd_level(knobs);
	writer->mem = mem;
	mill_chunk_codec_init(&writer->codec, spec->compression, mem);
	mill_bytes_init(&writer->scratch, mem);
	mill_bytes_init(&writer->path, mem);
	mill_bytes_init(&writer->shards, mem);
	writer->open = mill_mem_calloc(mem, (size_t)spec->split_count, sizeof(mill_shard *));
	writer->sums = mill_mem_calloc(mem, sum_count, sizeof(mill_u128));
	mill_status status = MILL_OK;
	if (writer->open == NULL || writer->sums == NULL)
		status = mill_fail_nomem(err, sum_count * sizeof(mill_u128), "store writer");
	else
		status = mill_file_is_staged(spec, &writer->staged, err);
	if (status == MILL_OK && writer->staged && spec->scratch == NULL)
		status =
		    mill_fail(err, MILL_INTERNAL, "store: %s needs a scratch folder to finish files in", spec->path);
	if (status != MILL_OK)
		mill_store_writer_free(writer);
	else
		*out = writer;
	return status;
}

/* OUT/SPLIT/shard-NNNNN.h5 into writer->path. */
static mill_status shard_path(mill_store_writer *writer, int split, int64_t index, mill_error *err)
{
	mill_bytes *path = &writer->path;
	path->size_bytes = 0;
	if (mill_bytes_printf(path, "%s/", writer->spec->path) != MILL_OK ||
	    mill_store_shard_name(writer->spec->splits[split], index, path) != MILL_OK ||
	    mill_bytes_terminate(path) != MILL_OK)
		return mill_fail_nomem(err, path->capacity_bytes, "path of a shard");
	return MILL_OK;
}

static mill_status open_shard(mill_store_writer *writer, int split, int64_t index, mill_error *err)
{
	const mill_store_spec *spec = writer->spec;
	MILL_TRY(mill_file_join(spec->path, spec->splits[split], &writer->path, err));
	MILL_TRY(mill_storage_make_folders(spec->storage, (const char *)writer->path.data, err));
	MILL_TRY(shard_path(writer, split, index, err));
	if (writer->staged) {
		char name[64];
		snprintf(name, sizeof name, "shard-%d-%lld.h5", split, (long long)index);
		writer->path.size_bytes = 0;
		MILL_TRY(mill_scratch_file_path(spec->scratch, name, &writer->path, err));
	}
	return mill_shard_open(spec, split, index, (const char *)writer->path.data, &writer->codec, writer->simd,
	                       &writer->scratch, &writer->open[split], err);
}

/* Puts the finished file where it belongs and notes its checksum. */
static mill_status settle_shard(mill_store_writer *writer, const mill_shard *shard, mill_error *err)
{
	mill_shard_info info = {.split = shard->split, .index = shard->index, .rows = shard->rows};
	MILL_TRY(shard_path(writer, shard->split, shard->index, err));
	const char *path = (const char *)writer->path.data;
	if (writer->staged) {
		MILL_TRY(
		    mill_file_place(writer->spec->storage, shard->path, path, &info.xxh3_128, &info.size_bytes, err));
		MILL_TRY(mill_file_remove(shard->path, err));
	} else {
		mill_file_start_flush(path);
		MILL_TRY(mill_file_checksum(writer->spec->storage, path, &info.xxh3_128, &info.size_bytes, err));
	}
	if (mill_bytes_append(&writer->shards, &info, sizeof(info)) != MILL_OK)
		return mill_fail_nomem(err, sizeof(info), "list of shards");
	return MILL_OK;
}

static mill_status close_shard(mill_store_writer *writer, int split, mill_error *err)
{
	mill_shard *shard = writer->open[split];
	MILL_TRY(mill_shard_finish(shard, err));
	MILL_TRY(settle_shard(writer, shard, err));
	writer->open[split] = NULL;
	mill_shard_free(shard);
	return MILL_OK;
}

static mill_status check_blocks(const mill_store_spec *spec, const mill_block *blocks, mill_error *err)
{
	for (int d = 0; d < spec->dataset_count; d++) {
		const mill_dataset_spec *dataset = &spec->datasets[d];
		bool same_rows =
		    blocks[d].rows == blocks[0].rows && (!dataset->is_keep || blocks[d].column.rows == blocks[0].rows);
		bool same_type = !dataset->is_keep || mill_type_equal(blocks[d].column.type, dataset->dtype);
		if (!same_rows || !same_type)
			return mill_fail(err, MILL_INTERNAL, "store: the block of \"%s\" does not match its dataset",
			                 dataset->name);
	}
	return MILL_OK;
}

static mill_status fail_gap(const mill_store_writer *writer, int split, int64_t ordinal, mill_error *err)
{
	return mill_fail(err, MILL_INTERNAL,
	                 "store: split %s continues at row %lld, which its open shard does not expect",
	                 writer->spec->splits[split], (long long)ordinal);
}

mill_status mill_store_writer_append(mill_store_writer *writer, int split, int64_t first_ordinal,
                                     const mill_block *blocks, mill_error *err)
{
	const mill_store_spec *spec = writer->spec;
	MILL_TRY(check_blocks(spec, blocks, err));
	int64_t rows = blocks[0].rows;
	if (first_ordinal < 0 || first_ordinal + rows > spec->split_rows[split])
		return mill_fail(err, MILL_INTERNAL, "store: rows up to %lld of split %s, which has %lld",
		                 (long long)(first_ordinal + rows), spec->splits[split],
		                 (long long)spec->split_rows[split]);
	mill_u128 *sums = writer->sums + (size_t)split * (size_t)spec->dataset_count;
	for (int64_t done = 0; done < rows;) {
		int64_t ordinal = first_ordinal + done;
		int64_t index = ordinal / spec->shard_rows;
		int64_t at = ordinal - index * spec->shard_rows;
		if (writer->open[split] == NULL) {
			if (at != 0)
				return fail_gap(writer, split, ordinal, err);
			MILL_TRY(open_shard(writer, split, index, err));
		}
		mill_shard *shard = writer->open[split];
		if (shard->index != index || shard->done_rows != at)
			return fail_gap(writer, split, ordinal, err);
		int64_t count = mill_min_i64(rows - done, shard->rows - at);
		MILL_TRY(mill_shard_append(shard, blocks, done, count, sums, err));
		if (shard->done_rows == shard->rows)
			MILL_TRY(close_shard(writer, split, err));
		done += count;
	}
	return MILL_OK;
}

/* Everything on the disk before the manifest may say so. */
static mill_status flush_all(mill_store_writer *writer, mill_error *err)
{
	const mill_shard_info *shards = (const mill_shard_info *)writer->shards.data;
	size_t count = writer->shards.size_bytes / sizeof(*shards);
	for (size_t i = 0; i < count && !writer->staged; i++) {
		MILL_TRY(shard_path(writer, shards[i].split, shards[i].index, err));
		MILL_TRY(mill_file_flush((const char *)writer->path.data, err));
	}
	for (int s = 0; s < writer->spec->split_count && count > 0; s++) {
		MILL_TRY(mill_file_join(writer->spec->path, writer->spec->splits[s], &writer->path, err));
		MILL_TRY(mill_folder_flush_names(writer->spec->storage, (const char *)writer->path.data, err));
	}
	return MILL_OK;
}

mill_status mill_store_writer_finish(mill_store_writer *writer, const mill_shard_info **shards, int64_t *shard_count,
                                     mill_u128 *sums, mill_error *err)
{
	const mill_store_spec *spec = writer->spec;
	for (int s = 0; s < spec->split_count; s++)
		if (writer->open[s] != NULL)
			return mill_fail(err, MILL_INTERNAL, "%s: the shard ends at %lld of %lld rows",
			                 writer->open[s]->path, (long long)writer->open[s]->done_rows,
			                 (long long)writer->open[s]->rows);
	MILL_TRY(flush_all(writer, err));
	*shards = (const mill_shard_info *)writer->shards.data;
	*shard_count = (int64_t)(writer->shards.size_bytes / sizeof(**shards));
	memcpy(sums, writer->sums, (size_t)spec->split_count * (size_t)spec->dataset_count * sizeof(*sums));
	return MILL_OK;
}

void mill_store_writer_free(mill_store_writer *writer)
{
	if (writer == NULL)
		return;
	for (int s = 0; writer->open != NULL && s < writer->spec->split_count; s++) {
		if (writer->open[s] == NULL)
			continue;
		mill_file_discard(writer->open[s]->path);
		mill_shard_free(writer->open[s]);
	}
	mill_chunk_codec_release(&writer->codec);
	mill_bytes_release(&writer->scratch);
	mill_bytes_release(&writer->path);
	mill_bytes_release(&writer->shards);
	mill_mem_free(writer->open);
	mill_mem_free(writer->sums);
	mill_mem_free(writer);
}
