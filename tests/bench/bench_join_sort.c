/* Nanoseconds a row of building and probing a join table, and of sorting, for several sizes and keys. Best of several
 * runs. */
#include "../tools/random.h"
#include "base/clock.h"
#include "column/builder.h"
#include "ops/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1 << 20, BATCH = 8192, BATCHES = ROWS / BATCH, RUNS = 5 };

typedef struct bench {
	mill_mem mem;
	mill_knobs knobs;
	mill_op_env env;
	uint64_t state;
} bench;

typedef struct counting_sink {
	mill_sink sink;
	int64_t rows;
} counting_sink;

static void need(mill_status status)
{
	if (status != MILL_OK) {
		fprintf(stderr, "bench_join_sort: %s\n", mill_status_name(status));
		exit(1);
	}
}

static mill_status count_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	(void)err;
	((counting_sink *)self)->rows += batch->rows;
	return MILL_OK;
}

static mill_status nothing(mill_sink *self, mill_error *err)
{
	(void)self;
	(void)err;
	return MILL_OK;
}

/* Rows of (key, float64) with one id word; keys below `keys`, in order where `unique`. */
static mill_batch make_batch(bench *b, bool text, int64_t keys, bool unique, int64_t first, int64_t rows)
{
	mill_batch out = {0};
	mill_builder builder;
	char name[32];
	need(mill_batch_new(&b->mem, 3, 1, &out, NULL));
	out.rows = rows;
	mill_builder_init(&builder, &b->mem, mill_type_of(text ? MILL_TYPE_STRING : MILL_TYPE_INT64));
	need(mill_column_new(&b->mem, mill_type_of(MILL_TYPE_FLOAT64), rows, 0, &out.columns[1], NULL));
	need(mill_column_new(&b->mem, mill_type_of(MILL_TYPE_UINT64), rows, 0, &out.columns[2], NULL));
	for (int64_t r = 0; r < rows; r++) {
		int64_t key = unique ? first + r : (int64_t)(random_u64(&b->state) % (uint64_t)keys);
		need(text ? mill_builder_text(&builder, name, (size_t)sprintf(name, "id%07d", (int)key))
		          : mill_builder_i64(&builder, key * 7919));
		((double *)out.columns[1].values)[r] = (double)key;
		((uint64_t *)out.columns[2].values)[r] = (uint64_t)(first + r);
	}
	need(mill_builder_finish(&builder, &out.columns[0], NULL));
	return out;
}

static void bench_join(bench *b, bool text, int64_t right_rows)
{
	static const int keys[] = {0};
	const mill_type types[] = {mill_type_of(text ? MILL_TYPE_STRING : MILL_TYPE_INT64),
	                           mill_type_of(MILL_TYPE_FLOAT64)};
	mill_batch left[BATCHES], right = make_batch(b, text, right_rows, true, 0, right_rows);
	double build_best = 1e9, probe_best = 1e9;
	counting_sink next = {{count_push, nothing, nothing, NULL, false}, 0};
	for (int i = 0; i < BATCHES; i++)
		left[i] = make_batch(b, text, right_rows, false, (int64_t)i * BATCH, BATCH);
	mill_join_spec spec = {keys, keys, 1, false, 2, types, 2, 1, true, NULL};
	for (int run = 0; run < RUNS; run++) {
		mill_join_build *build;
		mill_sink *probe;
		need(mill_join_build_new(&b->env, &spec, &build, NULL));
		need(mill_join_probe_new(&b->env, build, NULL, &next.sink, &probe, NULL));
		int64_t start = mill_clock_ns();
		need(mill_sink_push(mill_join_build_sink(build), &right, NULL));
		need(mill_join_build_sink(build)->finish_unit(mill_join_build_sink(build), NULL));
		int64_t middle = mill_clock_ns();
		for (int i = 0; i < BATCHES; i++)
			need(mill_sink_push(probe, &left[i], NULL));
		double first = (double)(middle - start) / (double)right_rows;
		double second = (double)(mill_clock_ns() - middle) / ROWS;
		build_best = first < build_best ? first : build_best;
		probe_best = second < probe_best ? second : probe_best;
		mill_op_release(probe);
		mill_join_build_free(build);
	}
	printf("join %-6s %8lld right rows   build %6.1f ns/right row   probe %6.1f ns/left row\n",
	       text ? "text 9" : "int64", (long long)right_rows, build_best, probe_best);
	mill_batch_release(&right);
	for (int i = 0; i < BATCHES; i++)
		mill_batch_release(&left[i]);
}

static void bench_sort(bench *b, bool text, int64_t limit)
{
	mill_batch batches[BATCHES];
	const mill_sort_key key = {0, false, false};
	double best = 1e9;
	counting_sink next = {{count_push, nothing, nothing, NULL, false}, 0};
	for (int i = 0; i < BATCHES; i++)
		batches[i] = make_batch(b, text, ROWS, false, (int64_t)i * BATCH, BATCH);
	for (int run = 0; run < RUNS; run++) {
		mill_sink *sort, *encode;
		need(mill_sort_new(&b->env, 2, limit, true, &next.sink, &sort, NULL));
		need(mill_sort_key_new(&b->env, &key, 1, true, sort, &encode, NULL));
		int64_t start = mill_clock_ns();
		for (int i = 0; i < BATCHES; i++)
			need(mill_sink_push(encode, &batches[i], NULL));
		need(encode->finish_unit(encode, NULL));
		double ns = (double)(mill_clock_ns() - start) / ROWS;
		best = ns < best ? ns : best;
		mill_op_release(encode);
		mill_op_release(sort);
	}
	printf("sort %-6s %8d rows, limit %7lld   %6.1f ns/row\n", text ? "text 9" : "int64", ROWS, (long long)limit,
	       best);
	for (int i = 0; i < BATCHES; i++)
		mill_batch_release(&batches[i]);
}

int main(void)
{
	static const int64_t right_rows[] = {1000, 100000, 1000000};
	static const int64_t limits[] = {-1, 10, 10000};
	bench b = {.state = 1};
	mill_mem_init(&b.mem, INT64_MAX);
	b.knobs = mill_knobs_defaults();
	b.env = (mill_op_env){&b.mem, &b.knobs};
	for (int text = 0; text < 2; text++)
		for (int i = 0; i < 3; i++) {
			bench_join(&b, text != 0, right_rows[i]);
			bench_sort(&b, text != 0, limits[i]);
			fflush(stdout);
		}
	return 0;
}
