/* Which bucket each row of a batch is in, and the batch's rows put together by bucket (a counting sort). */
#include "column/value.h"
#include "shuffle/exchange_private.h"

#include <string.h>

/* The first 8 bytes as a number that orders like memcmp; equal prefixes decide nothing. */
static inline uint64_t prefix_of(const char *text, size_t length_bytes)
{
	uint64_t word = 0;
	memcpy(&word, text, length_bytes < sizeof word ? length_bytes : sizeof word);
	return __builtin_bswap64(word);
}

static int compare_bytes(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
	return order != 0 ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static mill_status keep_splitters(mill_partition *p, const mill_column *splitters, mill_error *err)
{
	size_t count = (size_t)splitters->rows;
	p->splitters = mill_column_retain(splitters);
	p->prefixes = mill_mem_alloc(p->mem, count * sizeof *p->prefixes);
	if (p->prefixes == NULL)
		return mill_fail_nomem(err, count * sizeof *p->prefixes, "exchange splitters");
	for (size_t i = 0; i < count; i++) {
		int32_t length, previous;
		const char *text = mill_column_text(splitters, (int64_t)i, &length);
		p->prefixes[i] = prefix_of(text, (size_t)length);
		if (i == 0)
			continue;
		const char *before = mill_column_text(splitters, (int64_t)i - 1, &previous);
		if (compare_bytes(before, (size_t)previous, text, (size_t)length) >= 0)
			return mill_fail(err, MILL_INTERNAL, "splitters do not increase");
	}
	return MILL_OK;
}

mill_status mill_partition_init(mill_partition *p, mill_mem *mem, const mill_exchange_spec *spec, int64_t bucket_count,
                                mill_error *err)
{
	size_t keys = (size_t)spec->key_count, buckets = (size_t)bucket_count;
	p->mem = mem;
	p->kind = spec->kind;
	p->key_count = spec->key_count;
	p->bucket_count = bucket_count;
	p->shift = 64 - (bucket_count > 1 ? __builtin_ctzll((unsigned long long)bucket_count) : 1);
	mill_bytes_init(&p->hash_scratch, mem);
	p->key_columns = mill_mem_alloc(mem, keys * sizeof *p->key_columns);
	p->keys = mill_mem_alloc(mem, keys * sizeof *p->keys);
	p->counts = mill_mem_calloc(mem, buckets, sizeof *p->counts);
	p->starts = mill_mem_calloc(mem, buckets, sizeof *p->starts);
	p->touched = mill_mem_calloc(mem, buckets, sizeof *p->touched);
	if (p->key_columns == NULL || p->keys == NULL || p->counts == NULL || p->starts == NULL || p->touched == NULL)
		return mill_fail_nomem(err, buckets * sizeof *p->counts, "exchange partition");
	for (size_t k = 0; k < keys; k++)
		p->key_columns[k] = spec->key_columns[k];
	return spec->kind == MILL_EXCHANGE_BY_RANGE ? keep_splitters(p, spec->splitters, err) : MILL_OK;
}

static void release_rows(mill_partition *p)
{
	mill_mem_free(p->hashes);
	mill_mem_free(p->ids);
	mill_mem_free(p->order);
	p->hashes = NULL;
	p->ids = NULL;
	p->order = NULL;
	p->capacity_rows = 0;
}

void mill_partition_release(mill_partition *p)
{
	release_rows(p);
	mill_bytes_release(&p->hash_scratch);
	mill_column_release(&p->splitters);
	mill_mem_free(p->prefixes);
	mill_mem_free(p->key_columns);
	mill_mem_free(p->keys);
	mill_mem_free(p->counts);
	mill_mem_free(p->starts);
	mill_mem_free(p->touched);
	*p = (mill_partition){0};
}

static mill_status reserve_rows(mill_partition *p, int64_t rows, mill_error *err)
{
	if (rows <= p->capacity_rows)
		return MILL_OK;
	release_rows(p);
	p->hashes = mill_mem_alloc(p->mem, (size_t)rows * sizeof *p->hashes);
	p->ids = mill_mem_alloc(p->mem, (size_t)rows * sizeof *p->ids);
	p->order = mill_mem_alloc(p->mem, (size_t)rows * sizeof *p->order);
	if (p->hashes == NULL || p->ids == NULL || p->order == NULL) {
		release_rows(p);
		return mill_fail_nomem(err, (size_t)rows * sizeof *p->hashes, "exchange partition");
	}
	p->capacity_rows = rows;
	return MILL_OK;
}

static mill_status find_keys(mill_partition *p, const mill_batch *batch, mill_error *err)
{
	for (int k = 0; k < p->key_count; k++) {
		if (p->key_columns[k] < 0 || p->key_columns[k] >= batch->column_count)
			return mill_fail(err, MILL_INTERNAL, "exchange %s: key column %d of %d", p->name,
			                 p->key_columns[k], batch->column_count);
		p->keys[k] = &batch->columns[p->key_columns[k]];
	}
	if (p->kind != MILL_EXCHANGE_BY_U64 && p->kind != MILL_EXCHANGE_BY_RANGE)
		return MILL_OK;
	const mill_column *key = p->keys[0];
	uint8_t wanted = p->kind == MILL_EXCHANGE_BY_U64 ? MILL_TYPE_UINT64 : MILL_TYPE_BINARY;
	if (key->type.id != wanted || key->null_count != 0 || key->dictionary != NULL)
		return mill_fail(err, MILL_INTERNAL, "exchange %s: its key must be a plain %s column without NULL",
		                 p->name, wanted == MILL_TYPE_UINT64 ? "uint64" : "binary");
	return MILL_OK;
}

static void ids_of_words(const uint64_t *restrict words, int64_t rows, int shift, uint16_t *restrict ids)
{
	for (int64_t r = 0; r < rows; r++)
		ids[r] = (uint16_t)(words[r] >> shift);
}

/* Number of splitters <= key: a binary search over prefixes, whole keys where prefixes are equal. */
static uint16_t id_of_key(const mill_partition *p, const char *key, size_t key_bytes)
{
	uint64_t prefix = prefix_of(key, key_bytes);
	int64_t low = 0, high = p->splitters.rows;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		bool at_most = p->prefixes[middle] < prefix;
		if (p->prefixes[middle] == prefix) {
			int32_t length;
			const char *text = mill_column_text(&p->splitters, middle, &length);
			at_most = compare_bytes(text, (size_t)length, key, key_bytes) <= 0;
		}
		if (at_most)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint16_t)low;
}

static void ids_of_keys(mill_partition *p, const mill_column *keys, int64_t rows)
{
	for (int64_t r = 0; r < rows; r++)
		p->ids[r] =
		    id_of_key(p, keys->bytes + keys->offsets[r], (size_t)(keys->offsets[r + 1] - keys->offsets[r]));
}

static mill_status find_ids(mill_partition *p, const mill_batch *batch, mill_error *err)
{
	switch (p->kind) {
	case MILL_EXCHANGE_BY_HASH:
		MILL_TRY(mill_key_hash(p->keys, p->key_count, batch->rows, &p->hash_scratch, p->hashes, err));
		ids_of_words(p->hashes, batch->rows, p->shift, p->ids);
		break;
	case MILL_EXCHANGE_BY_U64: ids_of_words(p->keys[0]->values, batch->rows, p->shift, p->ids); break;
	case MILL_EXCHANGE_BY_RANGE: ids_of_keys(p, p->keys[0], batch->rows); break;
	case MILL_EXCHANGE_TO_ONE: break;
	}
	return MILL_OK;
}

/* All rows to bucket 0. */
static void one_bucket(mill_partition *p, int64_t rows)
{
	for (int64_t r = 0; r < rows; r++)
		p->order[r] = (int32_t)r;
	p->counts[0] = (uint32_t)rows;
	p->starts[0] = 0;
	p->touched[0] = 0;
	p->touched_count = 1;
}

static void group_rows(mill_partition *p, int64_t rows)
{
	const uint16_t *restrict ids = p->ids;
	uint32_t *restrict counts = p->counts;
	uint32_t *restrict starts = p->starts;
	int touched = 0;
	for (int64_t r = 0; r < rows; r++)
		if (counts[ids[r]]++ == 0)
			p->touched[touched++] = ids[r];
	uint32_t at = 0;
	for (int i = 0; i < touched; i++) {
		starts[p->touched[i]] = at;
		at += counts[p->touched[i]];
	}
	for (int64_t r = 0; r < rows; r++)
		p->order[starts[ids[r]]++] = (int32_t)r;
	for (int i = 0; i < touched; i++)
		starts[p->touched[i]] -= counts[p->touched[i]];
	p->touched_count = touched;
}

mill_status mill_partition_run(mill_partition *p, const mill_batch *batch, mill_error *err)
{
	if (batch->rows > INT32_MAX)
		return mill_fail(err, MILL_INTERNAL, "exchange %s: a batch of %lld rows", p->name,
		                 (long long)batch->rows);
	MILL_TRY(find_keys(p, batch, err));
	MILL_TRY(reserve_rows(p, batch->rows, err));
	for (int i = 0; i < p->touched_count; i++)
		p->counts[p->touched[i]] = 0;
	p->touched_count = 0;
	if (p->bucket_count == 1) {
		one_bucket(p, batch->rows);
		return MILL_OK;
	}
	MILL_TRY(find_ids(p, batch, err));
	group_rows(p, batch->rows);
	return MILL_OK;
}
