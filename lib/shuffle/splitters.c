/* Splitters of a range exchange from samples of every rank. Source: sample sort with weighted regular sampling (Shi and
 * Schaeffer, "Parallel sorting by regular sampling", 1992). */
#include "column/builder.h"
#include "shuffle/exchange.h"

#include <stdlib.h>
#include <string.h>

/* Samples of all ranks together that rank 0 is ready to sort. */
#define ALL_SAMPLES 131072
#define MIN_SAMPLES 16

typedef struct sample {
	const char *text; /* borrowed */
	uint32_t length_bytes;
	double weight; /* rows it stands for; only balance depends on it, never data */
} sample;

static int compare_samples(const void *a, const void *b)
{
	const sample *x = a, *y = b;
	uint32_t common = x->length_bytes < y->length_bytes ? x->length_bytes : y->length_bytes;
	int order = common == 0 ? 0 : memcmp(x->text, y->text, common);
	return order != 0 ? order : (x->length_bytes > y->length_bytes) - (x->length_bytes < y->length_bytes);
}

/* Appends u64 rows, then (u32 length, bytes) of at most `limit` samples evenly spaced in key order. */
static mill_status write_samples(mill_mem *mem, const mill_column *samples, int64_t rows, int64_t limit,
                                 mill_bytes *out)
{
	int64_t count = samples == NULL ? 0 : samples->rows;
	sample *sorted = mill_mem_alloc(mem, (size_t)count * sizeof *sorted);
	if (sorted == NULL)
		return MILL_NOMEM;
	for (int64_t i = 0; i < count; i++) {
		int32_t length;
		sorted[i].text = mill_column_text(samples, i, &length);
		sorted[i].length_bytes = (uint32_t)length;
	}
	qsort(sorted, (size_t)count, sizeof *sorted, compare_samples);
	int64_t kept = mill_min_i64(count, limit);
	mill_status status = mill_bytes_append_u64(out, (uint64_t)rows);
	for (int64_t i = 0; status == MILL_OK && i < kept; i++) {
		/* The middle of the i-th of `kept` equal parts. */
		const sample *s = &sorted[(2 * i + 1) * count / (2 * kept)];
		status = mill_bytes_append_u32(out, s->length_bytes);
		if (status == MILL_OK)
			status = mill_bytes_append(out, s->text, s->length_bytes);
	}
	mill_mem_free(sorted);
	return status;
}

/* Samples of one rank's blob, appended at *count of capacity; false when the blob is damaged. */
static bool read_samples(mill_bytes_view view, sample *samples, size_t capacity, size_t *count)
{
	uint64_t rows;
	size_t first = *count;
	if (!mill_view_u64(&view, &rows))
		return false;
	while (view.at < view.size_bytes) {
		const uint8_t *text;
		uint32_t length;
		if (*count == capacity || !mill_view_u32(&view, &length) || !mill_view_bytes(&view, length, &text))
			return false;
		samples[(*count)++] = (sample){.text = (const char *)text, .length_bytes = length};
	}
	for (size_t i = first; i < *count; i++)
		samples[i].weight = (double)rows / (double)(*count - first);
	return true;
}

/* Cuts the sorted samples into bucket_count parts of equal weight; a splitter is the first key of the part right of it.
 */
static mill_status pick(const sample *samples, size_t count, int64_t bucket_count, mill_bytes *out)
{
	double total = 0, before = 0;
	int64_t next = 1;
	const sample *last =
	    count > 0 ? &samples[0] : NULL; /* a splitter at the smallest key would leave bucket 0 empty */
	for (size_t i = 0; i < count; i++)
		total += samples[i].weight;
	for (size_t i = 0; i < count && next < bucket_count; i++) {
		if (before >= total * (double)next / (double)bucket_count) {
			while (next < bucket_count && before >= total * (double)next / (double)bucket_count)
				next++;
			if (compare_samples(last, &samples[i]) != 0) {
				MILL_TRY(mill_bytes_append_u32(out, samples[i].length_bytes));
				MILL_TRY(mill_bytes_append(out, samples[i].text, samples[i].length_bytes));
				last = &samples[i];
			}
		}
		before += samples[i].weight;
	}
	return MILL_OK;
}

/* Rank 0's part: the gathered blobs become the list of splitters. */
static mill_status choose(mill_mem *mem, const mill_bytes *blobs, const size_t *sizes_bytes, int size, size_t capacity,
                          int64_t bucket_count, mill_bytes *out, mill_error *err)
{
	sample *samples = mill_mem_alloc(mem, capacity * sizeof *samples);
	if (samples == NULL)
		return mill_fail_nomem(err, capacity * sizeof *samples, "samples of a range exchange");
	size_t count = 0, at = 0;
	mill_status status = MILL_OK;
	for (int r = 0; r < size && status == MILL_OK; r++) {
		mill_bytes_view view = {.data = blobs->data + at, .size_bytes = sizes_bytes[r]};
		at += sizes_bytes[r];
		if (!read_samples(view, samples, capacity, &count))
			status = mill_fail(err, MILL_INTERNAL, "samples of rank %d are damaged", r);
	}
	if (status == MILL_OK) {
		qsort(samples, count, sizeof *samples, compare_samples);
		if (pick(samples, count, bucket_count, out) != MILL_OK)
			status = mill_fail_nomem(err, out->size_bytes, "splitters");
	}
	mill_mem_free(samples);
	return status;
}

static mill_status read_splitters(mill_mem *mem, const mill_bytes *list, mill_column *out, mill_error *err)
{
	mill_bytes_view view = {.data = list->data, .size_bytes = list->size_bytes};
	mill_builder builder;
	mill_status status = MILL_OK;
	mill_builder_init(&builder, mem, mill_type_of(MILL_TYPE_BINARY));
	while (status == MILL_OK && view.at < view.size_bytes) {
		const uint8_t *text;
		uint32_t length;
		if (!mill_view_u32(&view, &length) || !mill_view_bytes(&view, length, &text))
			status = mill_fail(err, MILL_INTERNAL, "splitters are damaged");
		else if (mill_builder_text(&builder, (const char *)text, length) != MILL_OK)
			status = mill_fail_nomem(err, length, "splitters");
	}
	if (status == MILL_OK)
		status = mill_builder_finish(&builder, out, err);
	mill_builder_release(&builder);
	return status;
}

mill_status mill_splitters_from_samples(mill_comm *comm, mill_mem *mem, const mill_column *samples, int64_t rows,
                                        int64_t bucket_count, mill_column *out, mill_error *err)
{
	int size = mill_comm_size(comm);
	int64_t limit = mill_min_i64(MILL_SPLITTER_SAMPLES, mill_max_i64(MIN_SAMPLES, ALL_SAMPLES / size));
	mill_bytes mine, all;
	mill_column made = {0};
	mill_bytes_init(&mine, mem);
	mill_bytes_init(&all, mem);
	size_t *sizes_bytes = mill_mem_calloc(mem, (size_t)size, sizeof *sizes_bytes);
	mill_status status = sizes_bytes == NULL ? MILL_NOMEM : write_samples(mem, samples, rows, limit, &mine);
	if (status != MILL_OK)
		status = mill_fail_nomem(err, (size_t)limit * sizeof(sample), "samples of a range exchange");
	if (status == MILL_OK && (bucket_count < 1 || bucket_count > MILL_EXCHANGE_MAX_BUCKETS))
		status = mill_fail(err, MILL_INTERNAL, "splitters for %lld buckets", (long long)bucket_count);
	/* What one rank alone may fail at is agreed on before the others wait for it. */
	MILL_TRY_GOTO(mill_comm_agree(comm, status, err), done);
	MILL_TRY_GOTO(mill_comm_gather(comm, 0, mine.data, mine.size_bytes, &all, sizes_bytes, err), done);
	mine.size_bytes = 0;
	if (mill_comm_rank(comm) == 0)
		status = choose(mem, &all, sizes_bytes, size, (size_t)(limit * size), bucket_count, &mine, err);
	MILL_TRY_GOTO(mill_comm_agree(comm, status, err), done);
	MILL_TRY_GOTO(mill_comm_broadcast(comm, 0, &mine, err), done);
	status = read_splitters(mem, &mine, &made, err);
	MILL_TRY_GOTO(mill_comm_agree(comm, status, err), done);
	*out = made;
	made = (mill_column){0};
done:
	mill_column_release(&made);
	mill_bytes_release(&mine);
	mill_bytes_release(&all);
	mill_mem_free(sizes_bytes);
	return status;
}
