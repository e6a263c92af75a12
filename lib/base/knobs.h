/* Sizes that plans and tests may set without changing a byte of data, read once from the environment by main and
 * passed down as const. Sizes are written as everywhere (base/units.h). RANKMILL_TEST_* are for tests only. Not
 * collective. */
#ifndef MILL_BASE_KNOBS_H
#define MILL_BASE_KNOBS_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct mill_knobs {
	int64_t batch_rows;      /* 8192; RANKMILL_TEST_BATCH_ROWS, 1 … 8192 */
	int64_t bucket_bytes;    /* 32 MiB; RANKMILL_TEST_BUCKET_BYTES */
	int64_t split_bytes;     /* 32 MiB; RANKMILL_TEST_SPLIT_BYTES (a source's split_bytes wins) */
	int64_t round_bytes;     /* send budget of one exchange round; RANKMILL_TEST_ROUND_BYTES */
	int64_t broadcast_bytes; /* a join side at most this large is broadcast; RANKMILL_TEST_BROADCAST_BYTES */
	bool force_spill;        /* every bucket goes to scratch; RANKMILL_TEST_FORCE_SPILL=1 */
	bool force_speculation;  /* every split is a run head that guesses; RANKMILL_TEST_FORCE_SPECULATION=1 */
	bool invert_guess;       /* every guess is the wrong one; RANKMILL_TEST_INVERT_GUESS=1 */
	int simd;                /* 0 = best, 1 = portable, 3 = v3; RANKMILL_SIMD=portable|v3 */
} mill_knobs;

/* What holds where the environment says nothing. */
mill_knobs mill_knobs_defaults(void);
/* Defaults overridden by the environment. MILL_USAGE names the variable that does not parse. */
MILL_NODISCARD mill_status mill_knobs_read(mill_knobs *knobs, mill_error *err);

#endif
