/* What fit and apply take for batches of the common shapes, beside a memcpy of the bytes that come out. Rounds are
 * timed one by one and the fastest is printed: what the code can do, not what a noisy machine made of it. */
#include "../tools/random.h"
#include "base/clock.h"
#include "column/builder.h"
#include "features/features.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS   MILL_BATCH_ROWS
#define ROUNDS 300
#define WIDTH  17

static mill_mem mem;
static uint64_t state = 1;

static void must(mill_status status, const mill_error *err)
{
	if (status != MILL_OK) {
		fprintf(stderr, "bench_features: %s\n", err->message);
		exit(1);
	}
}

/* Cubed uniform: a few values are frequent, many are rare. */
static uint64_t skewed(uint64_t distinct)
{
	double u = (double)(random_u64(&state) >> 11) * 0x1p-53;
	return (uint64_t)((double)distinct * u * u * u);
}

static mill_column make_column(mill_type type, uint64_t distinct, int null_every)
{
	mill_builder b;
	mill_column column;
	char text[32];
	mill_error err = {0};
	mill_builder_init(&b, &mem, type);
	for (int r = 0; r < ROWS; r++) {
		mill_status status;
		if (null_every != 0 && random_u64(&state) % (uint64_t)null_every == 0)
			status = mill_builder_null(&b);
		else if (mill_type_is_text(type))
			status = mill_builder_text(
			    &b, text, (size_t)snprintf(text, sizeof text, "%08x", (unsigned)skewed(distinct)));
		else if (mill_type_is_float(type))
			status = mill_builder_f64(&b, (double)(int64_t)(random_u64(&state) >> 40) / 1024.0);
		else
			status = mill_builder_i64(&b, (int64_t)skewed(distinct));
		must(status, &err);
	}
	must(mill_builder_finish(&b, &column, &err), &err);
	return column;
}

static double best_seconds(mill_features *features, const mill_batch *batch, mill_block *blocks, int fit_pass)
{
	int64_t best = INT64_MAX;
	mill_error err = {0};
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = mill_clock_ns();
		if (fit_pass >= 0)
			must(mill_features_fit(features, fit_pass, batch, &err), &err);
		else
			must(mill_features_apply(features, batch, blocks, &err), &err);
		int64_t taken = mill_clock_ns() - start;
		best = taken < best ? taken : best;
		if (fit_pass < 0)
			mill_block_release(blocks);
	}
	return (double)best * 1e-9;
}

static double copy_seconds(size_t bytes)
{
	int64_t best = INT64_MAX;
	mill_buffer *from = mill_buffer_new(&mem, bytes);
	memset(from->data, 1, bytes);
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = mill_clock_ns();
		mill_buffer *to = mill_buffer_new(&mem, bytes);
		memcpy(to->data, from->data, bytes);
		int64_t taken = mill_clock_ns() - start;
		best = taken < best ? taken : best;
		mill_buffer_release(to);
	}
	mill_buffer_release(from);
	return (double)best * 1e-9;
}

static void measure(const char *what, mill_type type, uint64_t distinct, int null_every, const char *dtype,
                    const char *steps)
{
	static mill_field fields[WIDTH];
	static char names[WIDTH][8];
	char json[512];
	mill_error err = {0};
	mill_arena arena;
	mill_json *tensors;
	mill_features *features;
	mill_batch batch;
	mill_block blocks[1];
	mill_comm *comm;
	mill_comm_options options = {0};
	mill_knobs knobs;
	int columns, datasets;
	must(mill_knobs_read(&knobs, &err), &err);
	mill_arena_init(&arena, &mem);
	must(mill_comm_open(&options, &mem, &comm, &err), &err);
	must(mill_batch_new(&mem, WIDTH, 0, &batch, &err), &err);
	batch.rows = ROWS;
	for (int c = 0; c < WIDTH; c++) {
		snprintf(names[c], sizeof names[c], "c%d", c + 1);
		fields[c] = (mill_field){names[c], type, true};
		batch.columns[c] = make_column(type, distinct, null_every);
	}
	snprintf(json, sizeof json, "{\"t\": {\"dtype\": \"%s\", \"columns\": [\"c{1..%d}\"], \"do\": [%s]}}", dtype,
	         WIDTH, steps);
	must(mill_json_parse(json, strlen(json), "bench", &arena, &tensors, &err), &err);
	mill_schema schema = {fields, WIDTH};
	must(mill_features_new(tensors, NULL, &schema, &knobs, &mem, &features, &err), &err);
	(void)mill_features_columns(features, &columns);
	double fit = 0;
	for (int pass = 0; pass < mill_features_passes(features); pass++) {
		fit += best_seconds(features, &batch, blocks, pass);
		must(mill_features_merge(features, pass, comm, &err), &err);
	}
	const mill_dataset_spec *spec = mill_features_datasets(features, &datasets);
	size_t bytes = (size_t)ROWS * (size_t)spec->width * mill_type_width_bytes(spec->dtype);
	double apply = best_seconds(features, &batch, blocks, -1), copy = copy_seconds(bytes);
	double values = (double)ROWS * WIDTH;
	printf("%-44s fit %6.2f  apply %6.2f ns a value; out %6.2f GB/s, memcpy %6.2f\n", what, fit / values * 1e9,
	       apply / values * 1e9, (double)bytes / apply * 1e-9, (double)bytes / copy * 1e-9);
	mill_features_free(features);
	mill_batch_release(&batch);
	mill_comm_close(comm);
	mill_arena_release(&arena);
}

/* A vocabulary of millions: out of cache in every step. */
static void measure_large(int64_t batches)
{
	mill_error err = {0};
	mill_arena arena;
	mill_json *tensors;
	mill_features *features;
	mill_comm *comm;
	mill_comm_options options = {0};
	mill_knobs knobs;
	mill_block block;
	mill_field field = {"t", mill_type_of(MILL_TYPE_STRING), true};
	mill_schema schema = {&field, 1};
	static const char json[] = "{\"t\": {\"dtype\": \"int32\", \"column\": \"t\", \"do\": [\"vocabulary\"]}}";
	must(mill_knobs_read(&knobs, &err), &err);
	mill_arena_init(&arena, &mem);
	must(mill_comm_open(&options, &mem, &comm, &err), &err);
	must(mill_json_parse(json, strlen(json), "bench", &arena, &tensors, &err), &err);
	must(mill_features_new(tensors, NULL, &schema, &knobs, &mem, &features, &err), &err);
	int64_t times[3] = {0};
	mill_batch batch = {0};
	for (int step = 0; step < 3; step++) { /* fit, merge, apply */
		for (int64_t b = 0; step != 1 && b < batches; b++) {
			must(mill_batch_new(&mem, 1, 0, &batch, &err), &err);
			batch.rows = ROWS;
			batch.columns[0] = make_column(field.type, UINT32_MAX, 0);
			int64_t start = mill_clock_ns();
			if (step == 0)
				must(mill_features_fit(features, 0, &batch, &err), &err);
			else
				must(mill_features_apply(features, &batch, &block, &err), &err);
			times[step] += mill_clock_ns() - start;
			if (step == 2)
				mill_block_release(&block);
			mill_batch_release(&batch);
		}
		int64_t start = mill_clock_ns();
		if (step == 1) {
			must(mill_features_merge(features, 0, comm, &err), &err);
			times[1] = mill_clock_ns() - start;
		}
	}
	int count;
	double rows = (double)(batches * ROWS);
	printf("vocabulary of %lld values over %.0f rows: fit %.1f, merge %.1f, apply %.1f ns a row; %.0f MB at the "
	       "peak\n",
	       (long long)mill_features_datasets(features, &count)->cardinalities[0] - 2, rows, (double)times[0] / rows,
	       (double)times[1] / rows, (double)times[2] / rows, (double)mem.peak_bytes / 1e6);
	mill_features_free(features);
	mill_comm_close(comm);
	mill_arena_release(&arena);
}

int main(void)
{
	mill_type f64 = mill_type_of(MILL_TYPE_FLOAT64), i32 = mill_type_of(MILL_TYPE_INT32);
	mill_type i64 = mill_type_of(MILL_TYPE_INT64), text = mill_type_of(MILL_TYPE_STRING);
	mill_mem_init(&mem, INT64_MAX);
	measure("float64 to float64", f64, 0, 0, "float64", "");
	measure("float64 to float32", f64, 0, 0, "float32", "");
	measure("int32 to float32", i32, 1000, 0, "float32", "");
	measure("int64 to int32", i64, 1000, 0, "int32", "");
	measure("float64, NULLs, impute_constant", f64, 0, 5, "float32", "{\"impute_constant\": 0}");
	measure("float64, standardize", f64, 0, 0, "float32", "\"standardize\"");
	measure("float64, NULLs, impute_mean, standardize", f64, 0, 5, "float32", "\"impute_mean\", \"standardize\"");
	measure("int32, clip, log1p", i32, 1000, 0, "float32", "{\"clip\": {\"min\": 0}}, \"log1p\"");
	measure("float64, bucketize 100 quantiles", f64, 0, 0, "int32",
	        "{\"bucketize\": {\"bins\": 100, \"quantile\": true}}");
	measure("text of 8, 100 values, vocabulary", text, 100, 0, "int32", "\"vocabulary\"");
	measure("text of 8, 8192 values, vocabulary", text, 1 << 20, 0, "int32", "\"vocabulary\"");
	measure("int64, 100 values, vocabulary", i64, 100, 0, "int32", "\"vocabulary\"");
	measure("text of 8, hash", text, 1 << 20, 0, "int32", "{\"hash\": 1000}");
	measure_large(500);
	measure("text of 8, one_hot of 16", text, 16, 0, "float32", "\"one_hot\"");
	return 0;
}
