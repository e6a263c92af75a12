/* Exact sums of x, y and their products per group, in little memory: integers in one unit per column, so that a value
 * is added by shifting its significand to its place. A sum of values takes 128 bits, one of products 256. The unit is
 * chosen from the first values; a value that lies more than 60 exponents above the unit, a NaN, an infinity or an
 * overflow sends the group's sums to a mill_exact beside ("escape"), which takes everything. The total is exact either
 * way, so neither the unit nor what escaped shows in a result. Not collective. */
#ifndef MILL_OPS_STATES_GROUP_SUMS_H
#define MILL_OPS_STATES_GROUP_SUMS_H

#include "base/exact.h"
#include "ops/states/state.h"

/* Which sums a group keeps, in this order in its block, after the count. */
enum { OP_SUM_X, OP_SUM_Y, OP_SUM_XX, OP_SUM_YY, OP_SUM_XY, OP_SUMS };

typedef struct op_group_sums {
	mill_mem *mem;
	bool keeps[OP_SUMS];
	bool has_count;
	int slot[OP_SUMS]; /* first word of a sum in the block, −1: not kept */
	int words;         /* of a block: [count], sums */
	uint64_t *blocks;
	int lowest[2];      /* biased exponents of x and y whose last significand bit is the unit; 0: not chosen yet */
	int32_t *escape_of; /* a group's place in escapes + 1; 0: none. NULL: nothing escaped */
	int64_t escape_of_capacity;
	mill_exact *escapes; /* OP_SUMS each */
	int64_t escape_count;
	int64_t escape_capacity;
} op_group_sums;

/* No groups yet. Allocates nothing. */
void op_group_sums_open(op_group_sums *sums, mill_mem *mem, const bool keeps[OP_SUMS], bool has_count);
/* Makes room for `capacity` groups, the new ones empty. MILL_NOMEM. */
MILL_NODISCARD mill_status op_group_sums_grow(op_group_sums *sums, int64_t old_capacity, int64_t capacity,
                                              mill_error *err);
/* Empties the first `groups` groups, which are all that were used; keeps the arrays. */
void op_group_sums_wipe(op_group_sums *sums, int64_t groups);
void op_group_sums_drop(op_group_sums *sums); /* frees all; idempotent */

/* Adds the selected rows of x and, where sums of it are kept, y. MILL_NOMEM. */
MILL_NODISCARD mill_status op_group_sums_add(op_group_sums *sums, const op_input *in, const double *x, const double *y,
                                             mill_error *err);

/* How many rows were added to a group; has_count is set. */
static inline uint64_t op_group_sums_count(const op_group_sums *sums, int64_t group)
{
	return sums->blocks[group * sums->words];
}
/* Asks for a group's block ahead of its use: results are taken in an order that no cache foresees. */
static inline void op_group_sums_prefetch(const op_group_sums *sums, int64_t group)
{
	const uint64_t *block = sums->blocks + group * sums->words;
	__builtin_prefetch(block);
	__builtin_prefetch(block + sums->words - 1);
	if (sums->words > 16)
		__builtin_prefetch(block + 8);
}
/* The total of one sum, as 128 bits in units of 2^*exponent: false where it is not held that way. */
bool op_group_sums_small_total(const op_group_sums *sums, int64_t group, int sum, mill_i128 *total, int *exponent);
/* The total of one sum; *out is released by the caller. MILL_NOMEM. */
MILL_NODISCARD mill_status op_group_sums_total(const op_group_sums *sums, int64_t group, int sum, mill_exact *out,
                                               mill_error *err);

/* Bytes that op_group_sums_write takes in every group; 0 where they differ, since a group may have escaped.
 *
 * OFFSET  SIZE  DESCRIPTION of a group's bytes
 *      0  8·w  block
 *    8·w    2  lowest[0]
 *  8·w+2    2  lowest[1]
 *  8·w+4    …  the escaped sums, as mill_exact_write has them; absent when none escaped */
size_t op_group_sums_fixed_bytes(const op_group_sums *sums);
/* Writes the bytes of the groups order[0 … count), op_group_sums_fixed_bytes each; that is not 0. */
void op_group_sums_put(const op_group_sums *sums, const int32_t *order, int64_t count, char *to);
/* Appends the bytes of a group. MILL_NOMEM. */
MILL_NODISCARD mill_status op_group_sums_write(const op_group_sums *sums, int64_t group, mill_bytes *out);
/* Adds rows of op_group_sums_put, row r to groups[r]. MILL_NOMEM. */
MILL_NODISCARD mill_status op_group_sums_merge_fixed(op_group_sums *sums, const char *bytes, const uint32_t *groups,
                                                     int64_t rows, int64_t group_count, mill_error *err);
/* Adds the bytes of one group. MILL_NOMEM; MILL_INTERNAL: they are damaged. */
MILL_NODISCARD mill_status op_group_sums_merge(op_group_sums *sums, int64_t group, mill_bytes_view *bytes,
                                               int64_t group_count, mill_error *err);

#endif
