/* Nanoseconds a row of grouping: partial and final aggregation for several keys, numbers of groups
 * and aggregates, beside a plain loop over an array indexed by the group and a memcpy of the input. Best of several
 * runs. */
#include "../tools/random.h"
#include "base/clock.h"
#include "column/builder.h"
#include "ops/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1 << 20, BATCH = 8192, BATCHES = ROWS / BATCH, RUNS = 5 };
enum { KEY_INT, KEY_TEXT, KEY_LONG_TEXT, KEY_CODES, KEY_TWO_INTS, KEY_TWO_TEXTS, KEY_KINDS };
static const char *const key_names[] = {"int64", "text 9", "text 20", "dictionary", "2 x int32", "2 x text 6"};
enum { SUM_I32, AVG_F64, SUM_F64, STDDEV_F64, CORR_F64, MAX_I32, AGGREGATES };

typedef struct bench {
	mill_mem mem;
	mill_knobs knobs;
	mill_op_env env;
	uint64_t state;
	int64_t groups;
	uint32_t *group; /* of each row */
	mill_batch batches[BATCHES];
	int key_count;
	mill_type key_types[2];
} bench;

static void need(mill_status status)
{
	if (status != MILL_OK) {
		fprintf(stderr, "bench_group: %s\n", mill_status_name(status));
		exit(1);
	}
}

static mill_column dictionary_of(bench *b)
{
	mill_builder builder;
	mill_column values = {0};
	char text[32];
	mill_builder_init(&builder, &b->mem, mill_type_of(MILL_TYPE_STRING));
	for (int64_t g = 0; g < b->groups; g++)
		need(mill_builder_text(&builder, text, (size_t)snprintf(text, sizeof(text), "id%07d", (int)g)));
	need(mill_builder_finish(&builder, &values, NULL));
	return values;
}

static mill_type key_type(int kind)
{
	return mill_type_of(kind == KEY_INT        ? MILL_TYPE_INT64
	                    : kind == KEY_TWO_INTS ? MILL_TYPE_INT32
	                                           : MILL_TYPE_STRING);
}

/* Column `which` of the key for the batch's rows. */
static mill_column key_column(bench *b, int kind, int which, int64_t first, mill_column *dictionary)
{
	mill_builder builder;
	mill_column out = {0};
	char text[40];
	uint32_t side = 1;
	while (side * side < b->groups)
		side++;
	mill_builder_init(&builder, &b->mem, kind == KEY_CODES ? mill_type_of(MILL_TYPE_INT32) : key_type(kind));
	for (int64_t r = first; r < first + BATCH; r++) {
		uint32_t g = b->group[r], half = which == 0 ? g / side : g % side;
		switch (kind) {
		case KEY_INT: need(mill_builder_i64(&builder, (int64_t)g * 10)); break;
		case KEY_TWO_INTS: need(mill_builder_i64(&builder, half)); break;
		case KEY_CODES: need(mill_builder_i64(&builder, g)); break;
		case KEY_TEXT: need(mill_builder_text(&builder, text, (size_t)sprintf(text, "id%07u", g))); break;
		case KEY_LONG_TEXT:
			need(mill_builder_text(&builder, text, (size_t)sprintf(text, "identifier%010u", g)));
			break;
		default: need(mill_builder_text(&builder, text, (size_t)sprintf(text, "id%04u", half))); break;
		}
	}
	need(mill_builder_finish(&builder, &out, NULL));
	if (kind == KEY_CODES) {
		out.type = key_type(kind);
		out.dictionary = mill_dictionary_retain(dictionary);
	}
	return out;
}

static void fill(bench *b, int kind)
{
	mill_column values = {0}, *dictionary = NULL;
	b->key_count = kind == KEY_TWO_INTS || kind == KEY_TWO_TEXTS ? 2 : 1;
	for (int64_t r = 0; r < ROWS; r++)
		b->group[r] = (uint32_t)(random_u64(&b->state) % (uint64_t)b->groups);
	if (kind == KEY_CODES) {
		values = dictionary_of(b);
		need(mill_dictionary_new(&b->mem, &values, &dictionary, NULL));
	}
	for (int64_t i = 0; i < BATCHES; i++) {
		mill_batch *batch = &b->batches[i];
		need(mill_batch_new(&b->mem, b->key_count + 3, 0, batch, NULL));
		batch->rows = BATCH;
		for (int k = 0; k < b->key_count; k++) {
			b->key_types[k] = key_type(kind);
			batch->columns[k] = key_column(b, kind, k, i * BATCH, dictionary);
		}
		mill_column *args = batch->columns + b->key_count;
		need(mill_column_new(&b->mem, mill_type_of(MILL_TYPE_INT32), BATCH, 0, &args[0], NULL));
		need(mill_column_new(&b->mem, mill_type_of(MILL_TYPE_FLOAT64), BATCH, 0, &args[1], NULL));
		need(mill_column_new(&b->mem, mill_type_of(MILL_TYPE_FLOAT64), BATCH, 0, &args[2], NULL));
		for (int64_t r = 0; r < BATCH; r++) {
			((int32_t *)args[0].values)[r] = (int32_t)(random_u64(&b->state) % 5) + 1;
			((double *)args[1].values)[r] = (double)(random_u64(&b->state) % 100000000) / 1000000.0;
			((double *)args[2].values)[r] = (double)(random_u64(&b->state) % 15) + 1;
		}
	}
	mill_dictionary_release(dictionary);
}

static void empty(bench *b)
{
	for (int i = 0; i < BATCHES; i++)
		mill_batch_release(&b->batches[i]);
}

static mill_aggregate_spec aggregate_of(const bench *b, int which)
{
	const mill_type i32 = mill_type_of(MILL_TYPE_INT32), f64 = mill_type_of(MILL_TYPE_FLOAT64);
	const mill_type i64 = mill_type_of(MILL_TYPE_INT64);
	static const mill_aggregate_kind kinds[] = {MILL_AGG_SUM,         MILL_AGG_AVG,  MILL_AGG_SUM,
	                                            MILL_AGG_STDDEV_SAMP, MILL_AGG_CORR, MILL_AGG_MAX};
	bool on_integers = which == SUM_I32 || which == MAX_I32;
	mill_aggregate_spec spec = {.filter = -1};
	spec.signature.kind = kinds[which];
	spec.signature.arg_count = which == CORR_F64 ? 2 : 1;
	spec.signature.arg_types[0] = spec.signature.arg_types[1] = on_integers ? i32 : f64;
	spec.signature.result = which == SUM_I32 ? i64 : on_integers ? i32 : f64;
	spec.signature.nullable = true;
	spec.args[0] = b->key_count + !on_integers;
	spec.args[1] = b->key_count + 2;
	return spec;
}

typedef struct times {
	double partial, final;
	int64_t groups;
} times;

/* Partial over all batches into a collector, then final over what it holds. */
static times run_group(bench *b, const int *which, int count)
{
	static const int keys[] = {0, 1};
	mill_aggregate_spec specs[AGGREGATES];
	times best = {1e9, 1e9, 0};
	for (int a = 0; a < count; a++)
		specs[a] = aggregate_of(b, which[a]);
	mill_group_spec spec = {keys, b->key_count, b->key_types, specs, count, true, false};
	for (int run = 0; run < RUNS; run++) {
		mill_collector *states, *results;
		mill_sink *partial, *final;
		int64_t batches, rows;
		need(mill_collector_new(&b->env, &states, NULL));
		need(mill_collector_new(&b->env, &results, NULL));
		need(mill_group_partial_new(&b->env, &spec, mill_collector_sink(states), &partial, NULL));
		need(mill_group_final_new(&b->env, &spec, mill_collector_sink(results), &final, NULL));
		int64_t start = mill_clock_ns();
		for (int i = 0; i < BATCHES; i++)
			need(mill_sink_push(partial, &b->batches[i], NULL));
		need(partial->finish(partial, NULL));
		int64_t middle = mill_clock_ns();
		const mill_batch *held = mill_collector_batches(states, &batches, &rows);
		for (int64_t i = 0; i < batches; i++)
			need(mill_sink_push(final, &held[i], NULL));
		need(final->finish_unit(final, NULL));
		double first = (double)(middle - start) / ROWS, second = (double)(mill_clock_ns() - middle) / ROWS;
		best.partial = first < best.partial ? first : best.partial;
		best.final = second < best.final ? second : best.final;
		(void)mill_collector_batches(results, &batches, &best.groups);
		mill_op_release(partial);
		mill_op_release(final);
		mill_collector_free(states);
		mill_collector_free(results);
	}
	return best;
}

/* What the aggregation of one column costs when the group is an index. */
static double plain_loop(const bench *b)
{
	double best = 1e9;
	for (int run = 0; run < RUNS; run++) {
		double *sums = calloc((size_t)b->groups, sizeof(*sums));
		int64_t start = mill_clock_ns();
		for (int i = 0; i < BATCHES; i++) {
			const double *x = b->batches[i].columns[b->key_count + 1].values;
			for (int r = 0; r < BATCH; r++)
				sums[b->group[i * BATCH + r]] += x[r];
		}
		double ns = (double)(mill_clock_ns() - start) / ROWS;
		volatile double kept = sums[b->groups / 2];
		(void)kept;
		best = ns < best ? ns : best;
		free(sums);
	}
	return best;
}

static double plain_copy(const bench *b)
{
	double best = 1e9, *to = malloc(ROWS * sizeof(*to));
	for (int run = 0; run < RUNS; run++) {
		int64_t start = mill_clock_ns();
		for (int i = 0; i < BATCHES; i++)
			memcpy(to + i * BATCH, b->batches[i].columns[b->key_count + 1].values, BATCH * sizeof(*to));
		double ns = (double)(mill_clock_ns() - start) / ROWS;
		volatile double kept = to[ROWS / 2];
		(void)kept;
		best = ns < best ? ns : best;
	}
	free(to);
	return best;
}

static const int64_t group_counts[] = {100, 10000, 1000000};

/* only: a number of groups, 0: all. */
static void bench_keys(bench *b, int64_t only)
{
	const int sum = SUM_I32;
	for (int kind = 0; kind < KEY_KINDS; kind++)
		for (int g = 0; g < 3; g++) {
			b->groups = group_counts[g];
			if (only != 0 && only != b->groups)
				continue;
			fill(b, kind);
			times t = run_group(b, &sum, 1);
			printf(
			    "group by %-10s %7lld groups  sum(int32)   partial %6.1f  final %6.1f ns/row   (plain loop "
			    "%.1f, memcpy %.2f)\n",
			    key_names[kind], (long long)t.groups, t.partial, t.final, plain_loop(b), plain_copy(b));
			fflush(stdout);
			empty(b);
		}
}

static void bench_aggregates(bench *b, int64_t only)
{
	static const char *const names[] = {"sum(int32)",      "avg(float64)",  "sum(float64)",
	                                    "stddev(float64)", "corr(float64)", "max(int32)"};
	for (int g = 0; g < 3; g++) {
		b->groups = group_counts[g];
		if (only != 0 && only != b->groups)
			continue;
		fill(b, KEY_INT);
		for (int a = 0; a < AGGREGATES; a++) {
			times t = run_group(b, &a, 1);
			printf("group by %-10s %7lld groups  %-16s partial %6.1f  final %6.1f ns/row\n",
			       key_names[KEY_INT], (long long)t.groups, names[a], t.partial, t.final);
			fflush(stdout);
		}
		empty(b);
	}
}

int main(int argc, char **argv)
{
	bench b = {.state = 1};
	int64_t only = argc > 1 ? atoll(argv[1]) : 0;
	mill_mem_init(&b.mem, INT64_MAX);
	b.knobs = mill_knobs_defaults();
	b.env = (mill_op_env){&b.mem, &b.knobs};
	b.group = malloc(ROWS * sizeof(*b.group));
	bench_keys(&b, only);
	bench_aggregates(&b, only);
	free(b.group);
	return 0;
}
