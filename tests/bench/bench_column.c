/* Nanoseconds a row of the column room's hot loops. Rounds are timed one by one and the fastest is printed: what the
 * code can do, not what a noisy machine made of it. */
#include "../tools/random.h"
#include "base/clock.h"
#include "column/builder.h"
#include "column/frame.h"
#include "column/value.h"

#include <stdio.h>
#include <stdlib.h>

#define ROWS   MILL_BATCH_ROWS
#define ROUNDS 400

static mill_mem mem;
static uint64_t state = 1;

static void must(mill_status status)
{
	if (status != MILL_OK) {
		fprintf(stderr, "bench_column: %s\n", mill_status_text(status));
		exit(1);
	}
}

/* null_every 0: no NULL. */
static mill_column make_column(mill_type type, int text_bytes, int null_every)
{
	mill_builder b;
	mill_column column;
	char text[256];
	mill_builder_init(&b, &mem, type);
	for (int r = 0; r < ROWS; r++) {
		uint64_t value = random_u64(&state);
		if (null_every != 0 && value % (uint64_t)null_every == 0) {
			must(mill_builder_null(&b));
		} else if (mill_type_is_text(type)) {
			int size = snprintf(text, sizeof(text), "%0*llu", text_bytes, (unsigned long long)value);
			must(mill_builder_text(&b, text + (size > text_bytes ? size - text_bytes : 0),
			                       (size_t)text_bytes));
		} else if (type.id == MILL_TYPE_FLOAT64) {
			must(mill_builder_f64(&b, (double)value));
		} else if (type.id == MILL_TYPE_BOOL) {
			must(mill_builder_bool(&b, value & 1));
		} else {
			uint64_t wide[2] = {value, 0};
			must(mill_builder_fixed(&b, wide));
		}
	}
	must(mill_builder_finish(&b, &column, NULL));
	return column;
}

typedef struct bench {
	const mill_column *keys[4];
	int n;
	const uint64_t *keep;
	int64_t kept;
	const int32_t *indices;
	const mill_batch *batch;
	mill_bytes bytes;
	uint64_t hashes[ROWS];
} bench;

typedef void (*bench_step)(bench *b);

static void step_hash(bench *b)
{
	must(mill_key_hash(b->keys, b->n, ROWS, &b->bytes, b->hashes, NULL));
}
static void step_filter(bench *b)
{
	mill_column out;
	must(mill_column_filter(&mem, b->keys[0], b->keep, b->kept, &out, NULL));
	mill_column_release(&out);
}
static void step_take(bench *b)
{
	mill_column out;
	must(mill_column_take(&mem, b->keys[0], b->indices, ROWS, &out, NULL));
	mill_column_release(&out);
}
/* 16 frames of a sixteenth of the rows each, as an exchange writes them. */
static void step_frames(bench *b)
{
	b->bytes.size_bytes = 0;
	for (int f = 0; f < 16; f++)
		must(mill_frame_write(b->batch, b->indices + f * (ROWS / 16), ROWS / 16, 0, 0, &b->bytes, NULL));
}
static void step_read_frames(bench *b)
{
	mill_batch batch;
	mill_frame_info info;
	for (size_t at = 0; at < b->bytes.size_bytes; at += info.size_bytes) {
		must(mill_frame_peek(b->bytes.data + at, b->bytes.size_bytes - at, &info, NULL));
		must(mill_frame_read(b->bytes.data + at, info.size_bytes, &mem, &batch, NULL));
		mill_batch_release(&batch);
	}
}
static void step_sort_keys(bench *b)
{
	mill_column out;
	mill_sort_key key = {0, false, false};
	must(mill_sort_encode(&mem, b->batch, &key, 1, true, &out, NULL));
	mill_column_release(&out);
}
static void step_text(bench *b)
{
	b->bytes.size_bytes = 0;
	for (int64_t r = 0; r < ROWS; r++)
		if (!mill_column_is_null(b->keys[0], r))
			must(mill_value_text(b->keys[0], r, &b->bytes));
}

static void measure(const char *what, bench_step step, bench *b)
{
	int64_t best = INT64_MAX;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = mill_clock_ns();
		step(b);
		int64_t taken = mill_clock_ns() - start;
		best = taken < best ? taken : best;
	}
	printf("%-44s %7.2f ns a row\n", what, (double)best / ROWS);
}

static void bench_shape(const char *name, mill_type type, int text_bytes, int null_every, bench *b)
{
	char what[80];
	mill_column column = make_column(type, text_bytes, null_every);
	static const int percents[] = {2, 50, 95};
	uint64_t keep[ROWS / 64] = {0};
	b->keys[0] = &column;
	b->n = 1;
	snprintf(what, sizeof(what), "hash %s", name);
	measure(what, step_hash, b);
	for (int p = 0; p < 3; p++) {
		b->kept = 0;
		for (int r = 0; r < ROWS; r++) {
			bool kept = random_u64(&state) % 100 < (uint64_t)percents[p];
			mill_bit_put(keep, r, kept);
			b->kept += kept;
		}
		b->keep = keep;
		snprintf(what, sizeof(what), "filter %s, %d%% kept", name, percents[p]);
		measure(what, step_filter, b);
	}
	snprintf(what, sizeof(what), "take %s", name);
	measure(what, step_take, b);
	mill_batch batch;
	must(mill_batch_new(&mem, 1, 0, &batch, NULL));
	batch.rows = ROWS;
	batch.columns[0] = column;
	b->batch = &batch;
	snprintf(what, sizeof(what), "write 16 frames of %s", name);
	measure(what, step_frames, b);
	snprintf(what, sizeof(what), "read 16 frames of %s", name);
	measure(what, step_read_frames, b);
	snprintf(what, sizeof(what), "sort key %s", name);
	measure(what, step_sort_keys, b);
	snprintf(what, sizeof(what), "text of %s", name);
	measure(what, step_text, b);
	mill_batch_release(&batch);
}

static void bench_pair(const char *name, mill_type first, mill_type second, int text_bytes, bench *b)
{
	mill_column x = make_column(first, text_bytes, 0), y = make_column(second, text_bytes, 0);
	b->keys[0] = &x;
	b->keys[1] = &y;
	b->n = 2;
	measure(name, step_hash, b);
	mill_column_release(&x);
	mill_column_release(&y);
}

int main(void)
{
	static bench b;
	static int32_t indices[ROWS];
	mill_mem_init(&mem, INT64_MAX);
	mill_bytes_init(&b.bytes, &mem);
	for (int r = 0; r < ROWS; r++)
		indices[r] = (int32_t)((unsigned)r * 16 % ROWS + (unsigned)r / (ROWS / 16));
	b.indices = indices;
	bench_shape("int32", mill_type_of(MILL_TYPE_INT32), 0, 0, &b);
	bench_shape("int64", mill_type_of(MILL_TYPE_INT64), 0, 0, &b);
	bench_shape("int64 with NULLs", mill_type_of(MILL_TYPE_INT64), 0, 5, &b);
	bench_shape("float64", mill_type_of(MILL_TYPE_FLOAT64), 0, 0, &b);
	bench_shape("bool", mill_type_of(MILL_TYPE_BOOL), 0, 0, &b);
	bench_shape("decimal", mill_type_decimal(38, 2), 0, 0, &b);
	bench_shape("text of 6 bytes", mill_type_of(MILL_TYPE_STRING), 6, 0, &b);
	bench_shape("text of 20 bytes", mill_type_of(MILL_TYPE_STRING), 20, 0, &b);
	bench_shape("text of 200 bytes", mill_type_of(MILL_TYPE_STRING), 200, 0, &b);
	bench_pair("hash int64, int64", mill_type_of(MILL_TYPE_INT64), mill_type_of(MILL_TYPE_INT64), 0, &b);
	bench_pair("hash int32, text of 6 bytes", mill_type_of(MILL_TYPE_INT32), mill_type_of(MILL_TYPE_STRING), 6, &b);
	mill_bytes_release(&b.bytes);
	return 0;
}
