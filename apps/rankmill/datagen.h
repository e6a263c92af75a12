/* Deterministic sample data: row r of a kind depends on (seed, r) alone, so that any rank can make any part. Not
 * collective. */
#ifndef RANKMILL_APPS_DATAGEN_H
#define RANKMILL_APPS_DATAGEN_H

#include "base/bytes.h"

/* Random numbers of one row: a counter hashed with seed and row. */
typedef struct datagen_random {
	uint64_t seed;
	uint64_t row;
	uint64_t counter;
} datagen_random;

uint64_t datagen_u64(datagen_random *random);
int64_t datagen_range(datagen_random *random, int64_t low, int64_t high); /* low … high, both included */
double datagen_unit(datagen_random *random);                              /* [0, 1) */
double datagen_bell(datagen_random *random);                              /* mean 0, deviation about 1, within ±3.5 */

typedef struct datagen_kind {
	const char *name;
	const char *help;
	const char *header;
	int64_t default_rows;
	/* Appends row `random->row` of `rows`, with its line end. */
	mill_status (*append)(datagen_random *random, int64_t rows, mill_bytes *out);
} datagen_kind;

/* The kind of sample data that a message misses, as in "out/data/taxi/…: no file matches"; NULL: none. */
const char *datagen_missed(const char *message);

mill_status datagen_taxi(datagen_random *random, int64_t rows, mill_bytes *out);
mill_status datagen_titanic(datagen_random *random, int64_t rows, mill_bytes *out);
mill_status datagen_groupby(datagen_random *random, int64_t rows, mill_bytes *out);

#endif
