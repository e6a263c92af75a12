/* Reads a store again and compares it with its checksums, its hashes and its manifest. */
#include "store/checksums.h"
#include "store/file.h"
#include "store/read/reader.h"
#include "store/row_hash.h"

#include <string.h>

/* Damage is what verify is there to find: it is a difference, not a failure to look. */
static mill_status as_difference(mill_status status, mill_error *err)
{
	if (status != MILL_DATA)
		return status;
	if (err != NULL)
		err->status = MILL_DIFFERENT;
	return MILL_DIFFERENT;
}

static mill_status check_file(const mill_store *store, const mill_stored_shard *shard, mill_error *err)
{
	mill_u128 hash = 0;
	int64_t size_bytes = 0;
	mill_status status = mill_file_checksum(store->storage, shard->path, &hash, &size_bytes, err);
	if (status == MILL_NOT_FOUND)
		return mill_fail(err, MILL_DIFFERENT, "%s: the shard is missing", shard->path);
	MILL_TRY(status);
	if (size_bytes != shard->size_bytes)
		return mill_fail(err, MILL_DIFFERENT, "%s: the file has %lld bytes, the manifest says %lld",
		                 shard->path, (long long)size_bytes, (long long)shard->size_bytes);
	if (hash != shard->xxh3_128)
		return mill_fail(err, MILL_DIFFERENT,
		                 "%s: the checksum of the file is not the manifest's: its bytes changed since "
		                 "it was written",
		                 shard->path);
	return MILL_OK;
}

static mill_status hash_block(const mill_block *block, int64_t ordinal, mill_bytes *scratch, mill_u128 *sum,
                              mill_error *err)
{
	if (block->spec->is_keep)
		return mill_row_hash_column(&block->column, 0, block->rows, ordinal, scratch, sum, err);
	*sum += mill_h128_rows_sum((uint64_t)ordinal, block->elements->data, mill_store_row_bytes(block->spec),
	                           block->rows);
	return MILL_OK;
}

static mill_status hash_shard(const mill_store *store, int split, int64_t index, mill_u128 *sums, mill_error *err)
{
	const mill_stored_shard *shard = &store->splits[split].shards[index];
	mill_shard_reader *reader = NULL;
	mill_bytes scratch;
	mill_bytes_init(&scratch, store->mem);
	mill_shard_ask ask = mill_store_ask(store, split, index);
	mill_status status = mill_shard_reader_open(&ask, store->mem, &reader, err);
	for (int d = 0; d < store->dataset_count && status == MILL_OK; d++) {
		for (int64_t first = 0; first < shard->rows && status == MILL_OK;) {
			mill_block block = {0};
			int64_t rows = mill_shard_reader_run(reader, d, first);
			status = mill_shard_reader_rows(reader, d, first, rows, &block, err);
			if (status == MILL_OK)
				status = hash_block(&block, shard->first_ordinal + first, &scratch, &sums[d], err);
			mill_block_release(&block);
			first += rows;
		}
	}
	mill_shard_reader_free(reader);
	mill_bytes_release(&scratch);
	return as_difference(status, err);
}

mill_status mill_store_check_sums(const mill_store *store, const mill_u128 *sums, mill_error *err)
{
	const char **names = mill_mem_calloc(store->mem, (size_t)store->split_count + 1, sizeof(*names));
	int64_t *rows = mill_mem_calloc(store->mem, (size_t)store->split_count + 1, sizeof(*rows));
	mill_u128 content_hash = 0;
	mill_status status = MILL_OK;
	if (names == NULL || rows == NULL) {
		status = mill_fail_nomem(err, (size_t)store->split_count * sizeof(*rows), "verify");
		goto done;
	}
	for (int s = 0; s < store->split_count; s++) {
		const mill_stored_split *split = &store->splits[s];
		names[s] = split->name;
		rows[s] = split->rows;
		for (int d = 0; d < store->dataset_count && status == MILL_OK; d++)
			if (sums[s * store->dataset_count + d] != split->hashes[d])
				status = mill_fail(err, MILL_DIFFERENT,
				                   "%s: the rows of %s in split %s do not have the hash that the "
				                   "manifest gives",
				                   store->path, store->datasets[d].name, split->name);
	}
	if (status != MILL_OK)
		goto done;
	mill_store_spec spec = {.path = store->path,
	                        .datasets = store->datasets,
	                        .dataset_count = store->dataset_count,
	                        .splits = names,
	                        .split_count = store->split_count,
	                        .split_rows = rows};
	MILL_TRY_GOTO(mill_store_content_hash(&spec, sums, store->mem, &content_hash, err), done);
	if (content_hash != store->content_hash)
		status = mill_fail(err, MILL_DIFFERENT,
		                   "%s: the content hash is not the manifest's: names, types or widths in "
		                   "manifest.json were changed",
		                   store->path);
done:
	mill_mem_free(rows);
	mill_mem_free(names);
	return status;
}

mill_status mill_store_verify(const mill_store *store, int part, int parts, mill_u128 *sums, mill_error *err)
{
	size_t sums_bytes = (size_t)store->split_count * (size_t)store->dataset_count * sizeof(*sums);
	mill_u128 *own = mill_mem_calloc(store->mem, 1, sums_bytes);
	if (own == NULL)
		return mill_fail_nomem(err, sums_bytes, "verify");
	mill_status status = MILL_OK;
	int64_t number = 0;
	for (int s = 0; s < store->split_count; s++)
		for (int64_t i = 0; i < store->splits[s].shard_count; i++, number++) {
			if (number % parts != part)
				continue;
			MILL_TRY_GOTO(check_file(store, &store->splits[s].shards[i], err), done);
			MILL_TRY_GOTO(hash_shard(store, s, i, own + (size_t)s * (size_t)store->dataset_count, err),
			              done);
		}
	if (part == 0) {
		/* HDF5 opens no view whose bytes changed. */
		MILL_TRY_GOTO(mill_checksums_check(store, err), done);
		MILL_TRY_GOTO(mill_store_check_views(store, err), done);
	}
	if (parts == 1)
		MILL_TRY_GOTO(mill_store_check_sums(store, own, err), done);
	if (sums != NULL && sums_bytes > 0)
		memcpy(sums, own, sums_bytes);
done:
	mill_mem_free(own);
	return status;
}
