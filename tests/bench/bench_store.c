/* Encoding and writing float32 [n, 32] beside a plain write(2) of the same bytes, and reading it back in verify:
 * bench_store [FOLDER [MILLION_ROWS]]. Seconds are wall time without the final fsync, which is printed apart. */
#include "base/clock.h"
#include "storage/path.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH      32
#define BATCH_ROWS 8192
#define BATCHES    16 /* distinct ones, written in turn */

typedef struct bench {
	mill_mem mem;
	mill_storage storage;
	mill_dataset_spec dataset;
	const char *features[WIDTH];
	mill_block blocks[BATCHES];
	const char *folder;
	int64_t rows;
	double bytes;
} bench;

static void fail(const mill_error *err)
{
	fprintf(stderr, "bench_store: %s\n", err->message);
	exit(1);
}

/* Values as features have them: few significant digits, slowly varying, some constant columns. */
static void fill(bench *b)
{
	uint64_t state = 1;
	b->dataset = (mill_dataset_spec){.name = "dense",
	                                 .dtype = mill_type_of(MILL_TYPE_FLOAT32),
	                                 .width = WIDTH,
	                                 .feature_count = WIDTH,
	                                 .features = b->features};
	for (int f = 0; f < WIDTH; f++)
		b->features[f] = "feature";
	for (int i = 0; i < BATCHES; i++) {
		mill_buffer *buffer = mill_buffer_new(&b->mem, BATCH_ROWS * WIDTH * sizeof(float));
		if (buffer == NULL)
			exit(1);
		float *values = (float *)(void *)buffer->data;
		for (int64_t e = 0; e < BATCH_ROWS * WIDTH; e++) {
			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			int64_t f = e % WIDTH;
			values[e] = f % 4 == 0 ? (float)(state >> 60) : (float)(state >> 44) * 1e-5F + (float)f;
		}
		b->blocks[i] = (mill_block){.spec = &b->dataset, .rows = BATCH_ROWS, .elements = buffer};
	}
}

static void report(const bench *b, const char *what, int64_t start_ns, int64_t written_ns, int64_t end_ns,
                   double stored)
{
	double seconds = (double)(written_ns - start_ns) * 1e-9;
	printf("%-22s %6.2f GB/s  (%.2f s, then %.2f s to flush; stored %.2f of the bytes)\n", what,
	       b->bytes * 1e-9 / seconds, seconds, (double)(end_ns - written_ns) * 1e-9, stored / b->bytes);
	fflush(stdout);
}

static void plain_write(bench *b)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/bench_store.plain", b->folder);
	int64_t start_ns = mill_clock_ns();
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	for (int64_t done = 0, i = 0; done < b->rows; done += BATCH_ROWS, i++)
		if (write(fd, b->blocks[i % BATCHES].elements->data, BATCH_ROWS * WIDTH * sizeof(float)) < 0)
			exit(1);
	int64_t written_ns = mill_clock_ns();
	if (fsync(fd) != 0 || close(fd) != 0)
		exit(1);
	report(b, "plain write(2)", start_ns, written_ns, mill_clock_ns(), b->bytes);
	unlink(path);
}

static void read_back(bench *b, const char *path)
{
	mill_error err = {0};
	mill_store *store = NULL;
	if (mill_store_open(&b->storage, path, &b->mem, &store, &err) != MILL_OK)
		fail(&err);
	int64_t start_ns = mill_clock_ns();
	if (mill_store_verify(store, 0, 1, NULL, &err) != MILL_OK)
		fail(&err);
	double seconds = (double)(mill_clock_ns() - start_ns) * 1e-9;
	printf("  verified at          %6.2f GB/s\n", b->bytes * 1e-9 / seconds);
	mill_store_close(store);
}

static void store_write(bench *b, const char *compression)
{
	static const char *const splits[] = {"all"};
	char path[512];
	mill_error err = {0};
	mill_knobs knobs = mill_knobs_defaults();
	mill_store_claim *claim = NULL;
	mill_store_writer *writer = NULL;
	const mill_shard_info *shards = NULL;
	int64_t shard_count = 0;
	mill_u128 sum = 0;
	snprintf(path, sizeof(path), "%s/bench_store.out", b->folder);
	if (mill_store_claim_new(&b->storage, path, "bench", true, &b->mem, &claim, &err) != MILL_OK)
		fail(&err);
	mill_store_spec spec = {.storage = &b->storage,
	                        .path = mill_store_claim_folder(claim),
	                        .datasets = &b->dataset,
	                        .dataset_count = 1,
	                        .splits = splits,
	                        .split_count = 1,
	                        .split_rows = &b->rows,
	                        .shard_rows = 1000000};
	int64_t start_ns = mill_clock_ns();
	if (mill_compression_parse(compression, &spec.compression, &err) != MILL_OK ||
	    mill_store_writer_new(&spec, &knobs, &b->mem, &writer, &err) != MILL_OK)
		fail(&err);
	for (int64_t done = 0, i = 0; done < b->rows; done += BATCH_ROWS, i++)
		if (mill_store_writer_append(writer, 0, done, &b->blocks[i % BATCHES], &err) != MILL_OK)
			fail(&err);
	int64_t written_ns = mill_clock_ns();
	if (mill_store_writer_finish(writer, &shards, &shard_count, &sum, &err) != MILL_OK)
		fail(&err);
	int64_t end_ns = mill_clock_ns();
	double stored = 0;
	for (int64_t i = 0; i < shard_count; i++)
		stored += (double)shards[i].size_bytes;
	report(b, compression, start_ns, written_ns, end_ns, stored);
	if (mill_store_commit(&spec, shards, shard_count, &sum, NULL, 0, claim, &b->mem, &err) != MILL_OK)
		fail(&err);
	mill_store_writer_free(writer);
	mill_store_claim_release(claim);
	read_back(b, path);
	if (mill_path_remove_tree(path, &err) != MILL_OK)
		fail(&err);
}

int main(int argc, char **argv)
{
	bench b = {.folder = argc > 1 ? argv[1] : "/tmp"};
	double millions = argc > 2 ? strtod(argv[2], NULL) : 8;
	mill_mem_init(&b.mem, INT64_MAX);
	mill_storage_init(&b.storage, &b.mem);
	b.rows = (int64_t)(millions * 1e6) / BATCH_ROWS * BATCH_ROWS;
	b.bytes = (double)b.rows * WIDTH * sizeof(float);
	fill(&b);
	printf("float32 [%lld, %d], %.2f GB\n", (long long)b.rows, WIDTH, b.bytes * 1e-9);
	plain_write(&b);
	store_write(&b, "none");
	plain_write(&b);
	store_write(&b, "shuffle+deflate:1");
	store_write(&b, "deflate:1");
	store_write(&b, "shuffle+deflate:4");
	for (int i = 0; i < BATCHES; i++)
		mill_block_release(&b.blocks[i]);
	return 0;
}
