/* From rows by split and rank to ordinals, owners and ranges of straddling rows. */
#include "build/build.h"

#include "column/builder.h"
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Collective: every rank's names, sorted by bytes, each once. */
static mill_status share_names(mill_build *build, mill_error *err)
{
	mill_arena *arena = build->run->arena;
	mill_comm *comm = build->run->comm;
	mill_bytes mine, all;
	mill_bytes_init(&mine, build->run->mem);
	mill_bytes_init(&all, build->run->mem);
	size_t *sizes = mill_arena_array(arena, (size_t)mill_comm_size(comm), sizeof *sizes);
	mill_status status = sizes == NULL ? mill_fail_nomem(err, 0, "names of splits") : MILL_OK;
	for (int i = 0; i < build->counts.count && status == MILL_OK; i++)
		status = mill_bytes_append(&mine, build->counts.names[i], strlen(build->counts.names[i]) + 1);
	status = mill_comm_agree(comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_allgather(comm, mine.data, mine.size_bytes, &all, sizes, err);
	int count = 0;
	for (size_t i = 0; i < all.size_bytes; i++)
		count += all.data[i] == 0;
	const char **names = mill_arena_array(arena, (size_t)count + 1, sizeof *names);
	if (status == MILL_OK && names == NULL)
		status = mill_fail_nomem(err, 0, "names of splits");
	if (status == MILL_OK) {
		const char *at = (const char *)all.data;
		for (int i = 0; i < count; i++, at += strlen(at) + 1)
			names[i] = mill_arena_strdup(arena, at);
		qsort(names, (size_t)count, sizeof *names, compare_names);
		build->split_count = 0;
		for (int i = 0; i < count; i++)
			if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
				names[build->split_count++] = names[i];
		build->splits = names;
	}
	mill_bytes_release(&mine);
	mill_bytes_release(&all);
	return status;
}

static int find_name(const mill_build *build, const char *name)
{
	for (int i = 0; i < build->split_count; i++)
		if (strcmp(build->splits[i], name) == 0)
			return i;
	return -1;
}

/* Collective: rows of split s that rank r orders become first_ordinal[s][r]. */
static mill_status share_rows(mill_build *build, mill_error *err)
{
	mill_arena *arena = build->run->arena;
	int ranks = build->counts.ranks;
	size_t cells = (size_t)build->split_count * (size_t)ranks;
	int64_t *rows = mill_arena_array(arena, cells + 1, sizeof *rows);
	build->first_ordinal = mill_arena_array(arena, cells + (size_t)build->split_count + 1, sizeof(int64_t));
	build->split_rows = mill_arena_array(arena, (size_t)build->split_count + 1, sizeof(int64_t));
	mill_status status = MILL_OK;
	if (rows == NULL || build->first_ordinal == NULL || build->split_rows == NULL)
		status = mill_fail_nomem(err, cells * sizeof *rows, "counts by split");
	MILL_TRY(mill_comm_agree(build->run->comm, status, err));
	for (int i = 0; i < build->counts.count; i++)
		memcpy(rows + (size_t)find_name(build, build->counts.names[i]) * (size_t)ranks,
		       build->counts.rows + (size_t)i * (size_t)ranks, (size_t)ranks * sizeof *rows);
	MILL_TRY(mill_comm_sum_i64(build->run->comm, rows, (int)cells, err));
	for (int s = 0; s < build->split_count; s++) {
		int64_t *first = build->first_ordinal + (size_t)s * (size_t)(ranks + 1);
		for (int r = 0; r < ranks; r++)
			first[r + 1] = first[r] + rows[s * ranks + r];
		build->split_rows[s] = first[ranks];
	}
	return MILL_OK;
}

mill_status mill_build_count(mill_build *build, mill_error *err)
{
	MILL_TRY(share_names(build, err));
	if (build->split_count == 0 && build->split_column < 0) {
		static const char *const all[] = {"all"};
		build->splits = mill_arena_array(build->run->arena, 1, sizeof *build->splits);
		if (build->splits == NULL)
			return mill_fail_nomem(err, 0, "names of splits");
		build->splits[0] = all[0];
		build->split_count = 1;
	}
	return share_rows(build, err);
}

int mill_build_owner(const mill_build *build, int split, int64_t ordinal)
{
	const int64_t *first = build->first_ordinal + (size_t)split * (size_t)(build->counts.ranks + 1);
	int64_t start = ordinal / build->spec.shard_rows * build->spec.shard_rows;
	int rank = 0;
	while (first[rank + 1] <= start)
		rank++;
	return rank;
}

/* Rows of split s that rank r gets from higher ranks: the rest of the last shard it begins. *from: their first ordinal.
 */
static int64_t incoming_rows(const mill_build *build, int s, int r, int64_t *from)
{
	const int64_t *first = build->first_ordinal + (size_t)s * (size_t)(build->counts.ranks + 1);
	int64_t shard_rows = build->spec.shard_rows;
	int64_t own = (first[r] + shard_rows - 1) / shard_rows * shard_rows;
	int64_t end = (first[r + 1] + shard_rows - 1) / shard_rows * shard_rows;
	*from = first[r + 1];
	if (own >= first[r + 1]) /* no shard begins here */
		return 0;
	return mill_min_i64(end, build->split_rows[s]) - first[r + 1];
}

/* Straddling rows that one bucket of an owner holds at most: what is sorted in memory at once. */
#define RANGE_ROWS (INT64_C(256) << 10)

static int64_t range_rows(const mill_build *build)
{
	int64_t bearable = build->run->least_budget_bytes / 32 / mill_max_i64(1, build->row_bytes);
	return mill_max_i64(1, mill_min_i64(RANGE_ROWS, bearable));
}

static int64_t ranges_per_owner(const mill_build *build)
{
	int64_t most = 0, from;
	int ranks = build->counts.ranks;
	for (int r = 0; r < ranks; r++) {
		int64_t rows = 0;
		for (int s = 0; s < build->split_count; s++)
			rows += incoming_rows(build, s, r, &from);
		most = mill_max_i64(most, rows);
	}
	int64_t ranges = most / range_rows(build) + build->split_count;
	return mill_max_i64(1, mill_min_i64(ranges, MILL_EXCHANGE_MAX_BUCKETS / ranks));
}

static mill_status add_key(mill_builder *keys, int owner, uint32_t split, int64_t ordinal)
{
	uint8_t key[MILL_PLACE_KEY_BYTES];
	mill_place_key((uint32_t)owner, split, (uint64_t)ordinal, key);
	return mill_builder_text(keys, (const char *)key, sizeof key);
}

/* ranges − 1 cuts inside an owner's rows; what is not needed cuts off nothing behind its last row. */
static mill_status cut_owner(const mill_build *build, mill_builder *keys, int owner, int64_t ranges)
{
	int64_t total = 0, from;
	int64_t cuts = 0;
	for (int s = 0; s < build->split_count; s++)
		total += incoming_rows(build, s, owner, &from);
	int64_t step = total / ranges + 1;
	int64_t until = step;
	for (int s = 0; s < build->split_count; s++) {
		int64_t rows = incoming_rows(build, s, owner, &from);
		for (; until < rows && cuts < ranges - 1; until += step, cuts++)
			MILL_TRY(add_key(keys, owner, (uint32_t)s, from + until));
		until -= rows;
		if (until < 0)
			until = 0;
	}
	for (; cuts < ranges - 1; cuts++)
		MILL_TRY(add_key(keys, owner, UINT32_MAX, cuts));
	return MILL_OK;
}

mill_status mill_build_splitters(const mill_build *build, mill_column *out, mill_error *err)
{
	int64_t ranges = ranges_per_owner(build);
	mill_builder keys;
	mill_builder_init(&keys, build->run->mem, mill_type_of(MILL_TYPE_BINARY));
	mill_status status = MILL_OK;
	for (int owner = 0; owner < build->counts.ranks && status == MILL_OK; owner++) {
		if (owner > 0)
			status = add_key(&keys, owner, 0, 0);
		if (status == MILL_OK)
			status = cut_owner(build, &keys, owner, ranges);
	}
	if (status == MILL_OK)
		status = mill_builder_finish(&keys, out, err);
	else
		mill_fail_nomem(err, 0, "ranges of a store");
	mill_builder_release(&keys);
	return status;
}
