/* The commit of a store: all shards are checked, then the manifest appears. */
#include "store/checksums.h"
#include "store/file.h"
#include "store/manifest.h"
#include "store/write/claim_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare_shards(const void *a, const void *b)
{
	const mill_shard_info *x = a;
	const mill_shard_info *y = b;
	if (x->split != y->split)
		return x->split < y->split ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static mill_status check_file(const mill_store_spec *spec, const mill_shard_info *shard, mill_bytes *path,
                              mill_error *err)
{
	path->size_bytes = 0;
	if (mill_bytes_printf(path, "%s/", spec->path) != MILL_OK ||
	    mill_store_shard_name(spec->splits[shard->split], shard->index, path) != MILL_OK ||
	    mill_bytes_terminate(path) != MILL_OK)
		return mill_fail_nomem(err, path->capacity_bytes, "path of a shard");
	mill_object object = {.size_bytes = -1};
	mill_status status = mill_storage_stat(spec->storage, (const char *)path->data, &object, err);
	if (status != MILL_OK && status != MILL_NOT_FOUND)
		return status;
	if (object.size_bytes != shard->size_bytes)
		return mill_fail(err, MILL_IO,
		                 "%s: the shard is not there as it was written (%s); is the output folder shared by "
		                 "all nodes?",
		                 (const char *)path->data, status == MILL_NOT_FOUND ? "missing" : "another size");
	return MILL_OK;
}

/* Every row of every split in exactly one shard, and every shard in place. */
static mill_status check_shards(const mill_store_spec *spec, const mill_shard_info *shards, int64_t shard_count,
                                mill_mem *mem, mill_error *err)
{
	mill_bytes path;
	mill_bytes_init(&path, mem);
	mill_status status = MILL_OK;
	int64_t at = 0;
	for (int s = 0; s < spec->split_count && status == MILL_OK; s++) {
		int64_t rows = 0;
		for (int64_t index = 0; at < shard_count && shards[at].split == s; at++, index++) {
			if (shards[at].index != index) {
				rows = -1;
				break;
			}
			rows += shards[at].rows;
			MILL_TRY_GOTO(check_file(spec, &shards[at], &path, err), done);
		}
		if (rows != spec->split_rows[s])
			status =
			    mill_fail(err, MILL_INTERNAL, "store: the shards of split %s do not hold its %lld rows",
			              spec->splits[s], (long long)spec->split_rows[s]);
	}
	if (status == MILL_OK && at != shard_count)
		status = mill_fail(err, MILL_INTERNAL, "store: %lld shards of no split", (long long)(shard_count - at));
done:
	mill_bytes_release(&path);
	return status;
}

/* The commit's only moment: before it OUT has no new store, after it OUT has. */
static mill_status place_manifest(mill_store_claim *claim, mill_error *err)
{
	const char *final = mill_arena_printf(&claim->arena, "%s/" MILL_STORE_MANIFEST, claim->out);
	if (final == NULL)
		return mill_fail_nomem(err, strlen(claim->out), "manifest");
	if (rename(claim->new_manifest, final) != 0)
		return mill_fail(err, MILL_IO, "%s: cannot be moved to its place: %s", claim->new_manifest,
		                 strerror(errno));
	mill_status status = mill_file_flush(claim->out, err);
	if (status != MILL_OK)
		unlink(final); /* a run that fails leaves no store */
	return status;
}

static mill_status swap_in(mill_store_claim *claim, const mill_bytes *manifest, mill_error *err)
{
	MILL_TRY(
	    mill_storage_write_all(claim->storage, claim->new_manifest, manifest->data, manifest->size_bytes, err));
	MILL_TRY(mill_folder_flush(claim->storage, claim->folder, err));
	if (mill_claim_is_staged(claim)) {
		MILL_TRY(mill_folder_clear(claim->storage, claim->out, true, err));
		MILL_TRY(mill_folder_move(claim->storage, claim->folder, claim->out, err));
	}
	return place_manifest(claim, err);
}

/* The same where nothing can be renamed: one put that makes the manifest, if there is none. */
static mill_status put_manifest(mill_store_claim *claim, const mill_bytes *manifest, mill_error *err)
{
	const char *final = mill_arena_printf(&claim->arena, "%s/" MILL_STORE_MANIFEST, claim->out);
	if (final == NULL)
		return mill_fail_nomem(err, strlen(claim->out), "manifest");
	return mill_storage_write_if(claim->storage, final, manifest->data, manifest->size_bytes, MILL_IF_ABSENT, NULL,
	                             NULL, err);
}

static mill_status make_split_folders(const mill_store_spec *spec, mill_mem *mem, mill_error *err)
{
	mill_bytes path;
	mill_bytes_init(&path, mem);
	mill_status status = MILL_OK;
	for (int s = 0; s < spec->split_count && status == MILL_OK; s++) {
		status = mill_file_join(spec->path, spec->splits[s], &path, err);
		if (status == MILL_OK)
			status = mill_storage_make_folders(spec->storage, (const char *)path.data, err);
	}
	mill_bytes_release(&path);
	return status;
}

mill_status mill_store_commit(const mill_store_spec *spec, const mill_shard_info *shards, int64_t shard_count,
                              const mill_u128 *sums, const mill_manifest_extra *extra, int extra_count,
                              mill_store_claim *claim, mill_mem *mem, mill_error *err)
{
	mill_status status = MILL_OK;
	mill_bytes text;
	mill_bytes_init(&text, mem);
	size_t list_bytes = (size_t)shard_count * sizeof(*shards);
	mill_shard_info *sorted = mill_mem_alloc(mem, list_bytes);
	if (sorted == NULL) {
		status = mill_fail_nomem(err, list_bytes, "list of shards");
		goto done;
	}
	if (shard_count > 0)
		memcpy(sorted, shards, list_bytes);
	qsort(sorted, (size_t)shard_count, sizeof(*sorted), compare_shards);
	MILL_TRY_GOTO(check_shards(spec, sorted, shard_count, mem, err), done);
	MILL_TRY_GOTO(make_split_folders(spec, mem, err), done);
	MILL_TRY_GOTO(mill_manifest_write(spec, sorted, shard_count, sums, extra, extra_count, mem, &text, err), done);
	MILL_TRY_GOTO(mill_checksums_write(spec, sorted, shard_count, &text, mem, err), done);
	MILL_TRY_GOTO(claim->is_local ? swap_in(claim, &text, err) : put_manifest(claim, &text, err), done);
	claim->committed = true;
	/* The store stands; a leftover .rankmill does no harm and the next claim removes it. */
	if (mill_claim_drop(claim, NULL) != MILL_OK)
		status = MILL_OK;
done:
	mill_mem_free(sorted);
	mill_bytes_release(&text);
	return status;
}
