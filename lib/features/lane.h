/* Lanes: blocks of 512 values on their way through the transforms of one column. Blocks are small, so that lanes and
 * the rows that they become stay in the first-level cache. Not collective. */
#ifndef MILL_FEATURES_LANE_H
#define MILL_FEATURES_LANE_H

#include "base/bytes.h"
#include "column/column.h"
#include "features/refusals.h"

#define MILL_LANE_ROWS    512 /* a multiple of 64: windows of bitmaps begin at words */
#define MILL_RECIPE_FLAGS 8

/* Values of a block on their way. column's buffers are borrowed (its owners are not set) and start at the block's first
 * row; text keeps the source's bytes, so offsets[0] need not be 0; null_count is not kept up. */
struct mill_lane {
	mill_column column;
	const mill_column *fill; /* one value of column's type that NULL rows stand for; NULL: they are NULL */
};

/* Scratch of a block. floats[0] holds a lane that transforms have made, floats[1] what a fit reads; lanes of ids take
 * turns. */
struct mill_work {
	mill_mem *mem;
	int simd;          /* mill_simd_level */
	int64_t first_row; /* of the block in its batch */
	int64_t rows;
	mill_refusal *refusals;                   /* [MILL_REFUSAL_KINDS] of the chain that runs */
	bool refuses;                             /* some row of the batch was noted */
	mill_place place;                         /* of the batch's first row */
	const uint64_t *flags[MILL_RECIPE_FLAGS]; /* validity before the transforms with `indicator`; NULL: all valid */
	int flag_count;
	mill_bytes hash_scratch;
	double floats[2][MILL_LANE_ROWS];
	int64_t ids[2][MILL_LANE_ROWS];
	uint64_t hashes[MILL_LANE_ROWS];
	uint64_t words[MILL_LANE_ROWS];
	uint32_t lengths[MILL_LANE_ROWS];
};

/* Turns the lane into FLOAT64 in scratch, which is returned and may be written to. NULL rows hold the fill, or 0. */
double *mill_lane_own_floats(mill_lane *lane, mill_work *work);
/* The lane's values as float64, [rows], to read only; the lane stays as it is. NULL rows hold the fill, or anything. */
const double *mill_lane_floats(const mill_lane *lane, mill_work *work);
/* Turns the lane into INT64 in scratch that does not overlap what it holds now; the caller fills it, [rows]. Validity
 * and fill are kept as they are. */
int64_t *mill_lane_new_ids(mill_lane *lane, mill_work *work);
/* Sets out[r] to the value in every row r where the column is NULL. */
void mill_floats_put_nulls(const mill_column *column, double value, double *restrict out);
/* Validity of the lane, a bit per row, 0 where it is NULL and not filled. NULL: no such row. */
static inline const uint64_t *mill_lane_validity(const mill_lane *lane)
{
	return lane->fill == NULL ? lane->column.validity : NULL;
}
/* Value `row` of a countable column as float64, rounded once; the row is not NULL. */
double mill_number_at(const mill_column *column, int64_t row);
/* Whether lanes of the type turn into float64: numbers, bools, dates (days) and timestamps (µs) do. */
bool mill_type_is_countable(mill_type type);

#endif
