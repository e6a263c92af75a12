/* Nanoseconds a value of base's hot loops, best of several runs: exact sums against a naive one, hashes, float text. */
#include "base/clock.h"
#include "base/exact.h"
#include "base/float_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 1 << 16, GROUPS = 1 << 10, RUNS = 30 };

typedef struct bench {
	mill_mem mem;
	double *x, *y;
	mill_exact *groups;
	uint8_t *rows9;
	uint64_t *keys;
	double sink;
} bench;

static void naive(bench *b)
{
	double sum = 0;
	for (int i = 0; i < ROWS; i++)
		sum += b->x[i];
	b->sink += sum;
}

static void done(bench *b, mill_exact *sum, mill_status status)
{
	double value = 0;
	if (status != MILL_OK || mill_exact_sum(sum, &value, NULL) != MILL_OK)
		exit(1);
	b->sink += value;
	mill_exact_release(sum);
}

static void add_array(bench *b)
{
	mill_exact sum = {0};
	mill_status status = MILL_OK;
	for (int i = 0; i < ROWS && status == MILL_OK; i += 8192)
		status = mill_exact_add_array(&sum, &b->mem, b->x + i, NULL, 8192);
	done(b, &sum, status);
}

static void add_one(bench *b)
{
	mill_exact sum = {0};
	mill_status status = MILL_OK;
	for (int i = 0; i < ROWS && status == MILL_OK; i++)
		status = mill_exact_add(&sum, &b->mem, b->x[i]);
	done(b, &sum, status);
}

static void add_groups(bench *b)
{
	mill_status status = MILL_OK;
	for (int i = 0; i < ROWS && status == MILL_OK; i++)
		status = mill_exact_add(&b->groups[((unsigned)i * 2654435761U) % GROUPS], &b->mem, b->x[i]);
	if (status != MILL_OK)
		exit(1);
}

static void add_products(bench *b)
{
	mill_exact sum = {0};
	done(b, &sum, mill_exact_add_products(&sum, &b->mem, b->x, b->y, NULL, ROWS));
}

static void variance_groups(bench *b)
{
	mill_exact sum = {0}, squares = {0};
	if (mill_exact_add_array(&sum, &b->mem, b->x, NULL, 100) != MILL_OK ||
	    mill_exact_add_products(&squares, &b->mem, b->x, b->x, NULL, 100) != MILL_OK)
		exit(1);
	for (int i = 0; i < ROWS; i++) {
		double value = 0;
		if (mill_exact_variance(&sum, &squares, 100, 99, &b->mem, &value, NULL) != MILL_OK)
			exit(1);
		b->sink += value;
	}
	mill_exact_release(&sum);
	mill_exact_release(&squares);
}

static void hash_rows(bench *b)
{
	for (int r = 0; r < ROWS; r++)
		b->keys[r] = mill_h64(0, (const uint8_t *)b->rows9 + (size_t)r * 9, 9);
	b->sink += (double)b->keys[7];
}

static void float_text(bench *b)
{
	char text[MILL_FLOAT_TEXT_BYTES];
	for (int i = 0; i < ROWS; i++)
		b->sink += mill_f64_text(b->x[i], text);
}

static void run(bench *b, const char *name, void (*body)(bench *))
{
	int64_t best = INT64_MAX;
	for (int i = 0; i < RUNS; i++) {
		int64_t start = mill_clock_ns();
		body(b);
		int64_t taken = mill_clock_ns() - start;
		best = taken < best ? taken : best;
	}
	printf("%-16s %7.2f ns\n", name, (double)best / ROWS);
}

int main(void)
{
	bench b = {0};
	mill_mem_init(&b.mem, INT64_MAX);
	b.x = mill_mem_alloc(&b.mem, ROWS * sizeof *b.x);
	b.y = mill_mem_alloc(&b.mem, ROWS * sizeof *b.y);
	b.rows9 = mill_mem_calloc(&b.mem, ROWS, 9);
	b.keys = mill_mem_alloc(&b.mem, ROWS * sizeof *b.keys);
	b.groups = mill_mem_calloc(&b.mem, GROUPS, sizeof *b.groups);
	if (b.x == NULL || b.y == NULL || b.rows9 == NULL || b.keys == NULL || b.groups == NULL)
		return 1;
	uint64_t seed = 1;
	for (int i = 0; i < ROWS; i++) {
		seed = seed * 6364136223846793005U + 1442695040888963407U;
		b.x[i] = (double)(seed >> 40) / 1e4 - 700;
		b.y[i] = b.x[i] * 0.37 + 1;
		b.rows9[9 * i + 3] = (uint8_t)i;
	}
	run(&b, "naive sum", naive);
	run(&b, "exact array", add_array);
	run(&b, "exact one state", add_one);
	run(&b, "exact groups", add_groups);
	run(&b, "exact products", add_products);
	run(&b, "variance result", variance_groups);
	run(&b, "hash of 9 bytes", hash_rows);
	run(&b, "float text", float_text);
	return b.sink == 0.5;
}
