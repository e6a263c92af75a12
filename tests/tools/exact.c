/* Exact statistics of values read from stdin, for tests/tools/exact.py. A request is one line "OP SEED PARTS N" and N
 * lines of bits in hexadecimal (two columns for corr); OP is sum, variance or corr. The values are dealt over PARTS
 * states by SEED, added in different ways, some states are written and read back, and all are merged in random order.
 * Answers are bits in hexadecimal, "nan", "null" or "error". */
#include "base/exact.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SUMS = 5 }; /* x, y, xx, yy, xy */

typedef struct state {
	mill_exact sums[SUMS];
} state;

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return *seed >> 33;
}

static void check(mill_status status)
{
	if (status != MILL_OK) {
		printf("failed with %s\n", mill_status_name(status));
		exit(1);
	}
}

/* Values p, p + parts, … of both columns go into one state. */
static void fill(state *s, mill_mem *mem, const double *x, const double *y, int n, uint64_t *seed, bool squares)
{
	if (next_random(seed) % 2 == 0) {
		uint64_t *validity = calloc((size_t)n / 64 + 1, 8);
		for (int i = 0; i < n; i++)
			if (next_random(seed) % 4 != 0)
				validity[i / 64] |= (uint64_t)1 << (i % 64);
		for (int pass = 0; pass < 2; pass++) {
			check(mill_exact_add_array(&s->sums[0], mem, x, validity, n));
			for (int i = 0; i <= n / 64; i++)
				validity[i] = ~validity[i];
		}
		check(mill_exact_add_array(&s->sums[1], mem, y, NULL, n));
		free(validity);
	} else {
		for (int i = 0; i < n; i++) {
			check(mill_exact_add(&s->sums[0], mem, x[i]));
			check(mill_exact_add(&s->sums[1], mem, y[i]));
		}
	}
	if (!squares)
		return;
	check(mill_exact_add_products(&s->sums[2], mem, x, x, NULL, n));
	check(mill_exact_add_products(&s->sums[3], mem, y, y, NULL, n));
	for (int i = 0; i < n; i++)
		check(mill_exact_add_product(&s->sums[4], mem, x[i], y[i]));
}

static void round_trip(mill_exact *sum, mill_mem *mem)
{
	mill_bytes bytes;
	mill_bytes_init(&bytes, mem);
	check(mill_exact_write(sum, &bytes));
	mill_bytes_view view = {bytes.data, bytes.size_bytes, 0};
	mill_exact_release(sum);
	check(mill_exact_read(sum, mem, &view, NULL));
	mill_bytes_release(&bytes);
}

static void merge_all(state *states, int parts, mill_mem *mem, uint64_t *seed)
{
	for (int left = parts; left > 1; left--) {
		int a = (int)(next_random(seed) % (uint64_t)left), b = (int)(next_random(seed) % (uint64_t)(left - 1));
		if (b >= a)
			b++;
		for (int i = 0; i < SUMS; i++) {
			if (next_random(seed) % 2 == 0)
				round_trip(&states[b].sums[i], mem);
			check(mill_exact_merge(&states[a].sums[i], mem, &states[b].sums[i]));
			mill_exact_release(&states[b].sums[i]);
		}
		states[b] = states[left - 1];
		if (a == left - 1)
			a = b;
	}
}

static void print(mill_status status, double value, const char *end)
{
	uint64_t bits = 0;
	memcpy(&bits, &value, sizeof bits);
	if (status == MILL_DATA)
		printf("error%s", end);
	else if (value != value)
		printf("nan%s", end);
	else
		printf("%016" PRIx64 "%s", bits, end);
}

static void answer(const char *op, const state *s, mill_mem *mem, int64_t n)
{
	const mill_exact *sums = s->sums;
	double value = 0;
	if (strcmp(op, "sum") == 0) {
		float narrow = 0;
		mill_status status = mill_exact_sum(&sums[0], &value, NULL);
		print(status, value, " ");
		status = mill_exact_sum_f32(&sums[0], &narrow, NULL);
		print(status, (double)narrow, " ");
		status = mill_exact_mean(&sums[0], n, &value, NULL);
		print(status, value, "\n");
	} else if (strcmp(op, "variance") == 0) {
		mill_status status = mill_exact_variance(&sums[0], &sums[2], n, n - 1, mem, &value, NULL);
		print(status, value, " ");
		status = mill_exact_variance(&sums[0], &sums[2], n, n, mem, &value, NULL);
		print(status, value, "\n");
	} else {
		bool is_null = false;
		mill_status status =
		    mill_exact_corr(&sums[0], &sums[1], &sums[2], &sums[3], &sums[4], n, mem, &value, &is_null, NULL);
		if (is_null)
			printf("null ");
		else
			print(status, value, " ");
		status = mill_exact_covariance(&sums[0], &sums[1], &sums[4], n, n - 1, mem, &value, NULL);
		print(status, value, "\n");
	}
}

static void serve(const char *op, uint64_t seed, int parts, int n)
{
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	state *states = calloc((size_t)parts, sizeof *states);
	double *x = calloc((size_t)n + 1, sizeof *x), *y = calloc((size_t)n + 1, sizeof *y);
	bool pairs = strcmp(op, "corr") == 0;
	for (int i = 0; i < n; i++) {
		uint64_t a = 0, b = 0;
		if (scanf("%" SCNx64, &a) != 1 || (pairs && scanf("%" SCNx64, &b) != 1))
			exit(2);
		memcpy(&x[i], &a, sizeof a);
		memcpy(&y[i], &b, sizeof b);
	}
	for (int p = 0, from = 0; p < parts; p++) {
		int to = p == parts - 1 ? n : from + (int)(next_random(&seed) % (uint64_t)(n - from + 1));
		fill(&states[p], &mem, x + from, y + from, to - from, &seed, strcmp(op, "sum") != 0);
		from = to;
	}
	merge_all(states, parts, &mem, &seed);
	answer(op, &states[0], &mem, n);
	for (int i = 0; i < SUMS; i++)
		mill_exact_release(&states[0].sums[i]);
	if (mem.used_bytes != 0)
		printf("leaked %" PRId64 " bytes\n", mem.used_bytes);
	free(states);
	free(x);
	free(y);
}

int main(void)
{
	char op[16];
	uint64_t seed = 0;
	int parts = 0, n = 0;
	while (scanf("%15s %" SCNu64 " %d %d", op, &seed, &parts, &n) == 4)
		serve(op, seed, parts, n);
	return 0;
}
