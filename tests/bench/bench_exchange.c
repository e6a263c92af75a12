/* usage: [mpirun -n N] bench_exchange [MROWS] [BUCKETS]   The exchange's parts and the whole, beside memcpy of the same
 * bytes and, over ranks, beside a plain MPI_Alltoallv of the same bytes. Figures are of rank 0; run it twice, the
 * machine is noisy. */
#include "base/clock.h"
#include "column/builder.h"
#include "shuffle/exchange_private.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 12, BATCH_ROWS = 8192, POOL = 8 };

typedef struct bench {
	mill_mem mem;
	mill_comm *comm;
	mill_knobs knobs;
	mill_batch pool[POOL];
	int64_t rows, buckets, read_rows;
} bench;

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
	return x ^ (x >> 31);
}

/* NUMBERS columns of 8 bytes, the first a uniform u64, the second with some NULLs; with text one string of 0 to 23
 * bytes. */
static mill_status make_batch(mill_mem *mem, int64_t first, bool text, mill_batch *out)
{
	MILL_TRY(mill_batch_new(mem, NUMBERS + (text ? 1 : 0), 0, out, NULL));
	out->rows = BATCH_ROWS;
	for (int c = 0; c < out->column_count; c++) {
		mill_builder builder;
		mill_builder_init(&builder, mem,
		                  mill_type_of(c == NUMBERS ? MILL_TYPE_STRING
		                               : c == 0     ? MILL_TYPE_UINT64
		                                            : MILL_TYPE_INT64));
		for (int64_t r = 0; r < BATCH_ROWS; r++) {
			uint64_t value = mix((uint64_t)((first + r) * 16 + c + 1));
			if (c == 1 && value % 10 == 0)
				MILL_TRY(mill_builder_null(&builder));
			else if (c == NUMBERS)
				MILL_TRY(mill_builder_text(&builder, "abcdefghijklmnopqrstuvwxyz", value % 24));
			else
				MILL_TRY(mill_builder_fixed(&builder, &value));
		}
		MILL_TRY(mill_builder_finish(&builder, &out->columns[c], NULL));
	}
	return MILL_OK;
}

static void say(const bench *b, const char *what, int64_t start_ns, int64_t rows, int64_t bytes)
{
	double ns = (double)(mill_clock_ns() - start_ns);
	if (mill_comm_rank(b->comm) == 0)
		printf("%-44s %7.2f ns/row %7.2f GB/s a rank\n", what, ns / (double)rows, (double)bytes / ns);
}

static mill_status count_push(mill_sink *sink, const mill_batch *batch, mill_error *err)
{
	(void)sink, (void)batch, (void)err;
	return MILL_OK;
}

static mill_status count_unit(mill_sink *sink, mill_error *err)
{
	(void)sink, (void)err;
	return MILL_OK;
}

static mill_status partition_alone(bench *b, mill_error *err)
{
	static const int key[] = {0}, two[] = {1, 2};
	const struct {
		const char *name;
		mill_exchange_spec spec;
	} kinds[] = {
	    {"partition by u64", {.kind = MILL_EXCHANGE_BY_U64, .key_columns = key, .key_count = 1}},
	    {"partition by hash of one int64", {.kind = MILL_EXCHANGE_BY_HASH, .key_columns = key, .key_count = 1}},
	    {"partition by hash of two, one with NULLs",
	     {.kind = MILL_EXCHANGE_BY_HASH, .key_columns = two, .key_count = 2}}};
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		mill_partition partition = {0};
		MILL_TRY(mill_partition_init(&partition, &b->mem, &kinds[k].spec, b->buckets, err));
		int64_t start_ns = mill_clock_ns();
		for (int64_t done = 0; done < b->rows; done += BATCH_ROWS)
			MILL_TRY(mill_partition_run(&partition, &b->pool[done / BATCH_ROWS % POOL], err));
		say(b, kinds[k].name, start_ns, b->rows, b->rows * 8);
		mill_partition_release(&partition);
	}
	return MILL_OK;
}

/* Push, drain and read; *bytes gets the frames' bytes of all ranks. */
static mill_status whole(bench *b, int64_t *bytes, mill_error *err)
{
	static const int key[] = {0};
	mill_exchange_spec spec = {.name = "bench",
	                           .kind = MILL_EXCHANGE_BY_U64,
	                           .key_columns = key,
	                           .key_count = 1,
	                           .bucket_count = b->buckets};
	mill_exchange *ex = NULL;
	mill_sink sink = {.push = count_push, .finish_unit = count_unit};
	MILL_TRY(mill_exchange_create(b->comm, &b->mem, NULL, &b->knobs, &spec, &ex, err));
	MILL_TRY(mill_comm_barrier(b->comm, err));
	int64_t start_ns = mill_clock_ns();
	for (int64_t done = 0; done < b->rows; done += BATCH_ROWS)
		MILL_TRY(mill_sink_push(mill_exchange_sink(ex), &b->pool[done / BATCH_ROWS % POOL], err));
	MILL_TRY(mill_exchange_drain(ex, MILL_OK, err));
	*bytes = mill_exchange_ledger(ex)->bytes;
	int64_t mine = *bytes / mill_comm_size(b->comm);
	say(b, "exchange: push and drain", start_ns, b->rows, mine);
	MILL_TRY(mill_comm_barrier(b->comm, err));
	start_ns = mill_clock_ns();
	for (int64_t bucket = mill_exchange_first_bucket(ex); bucket < mill_exchange_end_bucket(ex); bucket++)
		MILL_TRY(mill_exchange_read_bucket(ex, bucket, &sink, true, err));
	say(b, "exchange: read back", start_ns, b->rows, mine);
	if (mill_comm_rank(b->comm) == 0)
		printf("  %lld rounds, frames of %lld KB\n", (long long)mill_exchange_ledger(ex)->rounds,
		       (long long)(*bytes / 1024 / mill_max_i64(mill_exchange_ledger(ex)->frames, 1)));
	mill_exchange_release(ex);
	return MILL_OK;
}

/* The same bytes by memcpy into fresh memory, and by one MPI_Alltoallv. */
static mill_status floor_of(bench *b, int64_t all_bytes, mill_error *err)
{
	int size = mill_comm_size(b->comm);
	int64_t mine = all_bytes / size, each = mine / size;
	uint8_t *from = mill_mem_alloc(&b->mem, (size_t)mine), *to = mill_mem_alloc(&b->mem, (size_t)mine);
	if (from == NULL || to == NULL)
		return mill_fail_nomem(err, (size_t)mine, "bench");
	memset(from, 1, (size_t)mine);
	MILL_TRY(mill_comm_barrier(b->comm, err));
	int64_t start_ns = mill_clock_ns();
	memcpy(to, from, (size_t)mine);
	say(b, "memcpy of the same bytes, fresh target", start_ns, b->rows, mine);
	MILL_TRY(mill_comm_barrier(b->comm, err));
	start_ns = mill_clock_ns();
	memcpy(to, from, (size_t)mine);
	say(b, "memcpy of the same bytes, again", start_ns, b->rows, mine);
	if (size > 1 && each < INT32_MAX) {
		int counts[256], offsets[256];
		for (int r = 0; r < size && size <= 256; r++) {
			counts[r] = (int)each;
			offsets[r] = (int)(each * r);
		}
		MILL_TRY(mill_comm_barrier(b->comm, err));
		start_ns = mill_clock_ns();
		if (size > 256 || each * size > INT32_MAX ||
		    MPI_Alltoallv(from, counts, offsets, MPI_BYTE, to, counts, offsets, MPI_BYTE, MPI_COMM_WORLD) !=
		        MPI_SUCCESS)
			return mill_fail(err, MILL_USAGE, "too large for MPI_Alltoallv");
		say(b, "MPI_Alltoallv of the same bytes", start_ns, b->rows, mine);
	}
	mill_mem_free(from);
	mill_mem_free(to);
	return MILL_OK;
}

static mill_status run(bench *b, mill_error *err)
{
	for (int text = 0; text < 2; text++) {
		int64_t bytes = 0;
		if (mill_comm_rank(b->comm) == 0)
			printf("-- %d columns of 8 bytes%s, %lld rows a rank, %lld buckets, %d ranks\n", NUMBERS,
			       text ? " and a string" : "", (long long)b->rows, (long long)b->buckets,
			       mill_comm_size(b->comm));
		for (int i = 0; i < POOL; i++)
			MILL_TRY(make_batch(&b->mem, ((int64_t)mill_comm_rank(b->comm) * POOL + i) * BATCH_ROWS, text,
			                    &b->pool[i]));
		if (!text)
			MILL_TRY(partition_alone(b, err));
		MILL_TRY(whole(b, &bytes, err));
		MILL_TRY(floor_of(b, bytes, err));
		for (int i = 0; i < POOL; i++)
			mill_batch_release(&b->pool[i]);
	}
	return MILL_OK;
}

int main(int argc, char **argv)
{
	bench b = {.rows = 2000000, .buckets = 64};
	mill_error err = {0};
	if (argc > 1)
		b.rows = strtoll(argv[1], NULL, 10) * 1000000;
	if (argc > 2)
		b.buckets = strtoll(argv[2], NULL, 10);
	b.rows = b.rows / BATCH_ROWS * BATCH_ROWS;
	mill_mem_init(&b.mem, INT64_MAX);
	mill_comm_options options = {.use_mpi = mill_comm_launched()};
	mill_status status = mill_knobs_read(&b.knobs, &err);
	if (status == MILL_OK)
		status = mill_comm_open(&options, &b.mem, &b.comm, &err);
	if (status == MILL_OK)
		status = run(&b, &err);
	if (status != MILL_OK)
		fprintf(stderr, "bench_exchange: %s\n", err.message);
	mill_comm_close(b.comm);
	return mill_status_exit_code(status);
}
