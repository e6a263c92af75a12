/* The states of one aggregate over all groups, laid out in arrays by group, so that an update is one tight loop over
 * (group, value). Every state is exact: it does not depend on the order of updates and merges.
 *
 * The bytes of a state (the BINARY column between partial and final) are an empty string for a group that saw no value;
 * else each kind's layout is written above its write function. Both ends are the same build: no version. Little-endian.
 * Not collective. */
#ifndef MILL_OPS_STATES_STATE_H
#define MILL_OPS_STATES_STATE_H

#include "ops/ops_private.h"

/* Rows to be added to states. */
typedef struct op_input {
	const mill_batch *batch; /* for id words */
	const mill_column *args[2];
	const uint32_t *groups; /* [rows] the group of each row */
	int64_t group_count;    /* groups so far, those new in this batch included */
	int64_t rows;
	const int32_t *selected; /* rows to take; NULL: all of them */
	int64_t selected_count;
} op_input;

/* Runs body with `r` = each row taken. */
#define OP_EACH_ROW(in, body)                                                                \
	do {                                                                                 \
		if ((in)->selected == NULL) {                                                \
			for (int64_t r = 0, end_ = (in)->rows; r < end_; r++) {              \
				body                                                         \
			}                                                                    \
		} else {                                                                     \
			const int32_t *restrict take_ = (in)->selected;                      \
			for (int64_t i_ = 0, end_ = (in)->selected_count; i_ < end_; i_++) { \
				int64_t r = take_[i_];                                       \
				body                                                         \
			}                                                                    \
		}                                                                            \
	} while (0)

typedef struct op_state op_state;
typedef struct op_state_kind {
	size_t size_bytes;
	bool takes_nulls; /* rows whose argument is NULL count too (not for any_value) */
	/* Checks argument types and sets up what groups share. */
	mill_status (*open)(op_state *state, mill_error *err);
	/* Room for `capacity` groups, the new ones empty. */
	mill_status (*grow)(op_state *state, int64_t capacity, mill_error *err);
	mill_status (*update)(op_state *state, const op_input *in, mill_error *err);
	/* Bytes that a state written now takes in every group that saw a value; 0: they differ. */
	size_t (*fixed_bytes)(const op_state *state);
	/* Writes the states of the groups order[0 … count), fixed_bytes each. */
	void (*put)(const op_state *state, const int32_t *order, int64_t count, char *to);
	/* Adds states of the size that fixed_bytes has without exceptions, row r to groups[r]. */
	mill_status (*merge_fixed)(op_state *state, const char *bytes, const uint32_t *groups, int64_t rows,
	                           mill_error *err);
	/* Adds the state bytes of a group, whatever their size. */
	mill_status (*merge)(op_state *state, uint32_t group, mill_bytes_view *bytes, mill_error *err);
	/* Appends the state bytes of a group that saw a value. */
	mill_status (*write)(const op_state *state, int64_t group, mill_bytes *out, mill_error *err);
	/* The results of the groups order[0 … count). */
	mill_status (*result)(op_state *state, const int32_t *order, int64_t count, mill_column *out, mill_error *err);
	/* Empties the first `groups` groups, which are all that were used; keeps the arrays. */
	void (*wipe)(op_state *state, int64_t groups);
	/* Frees the arrays. */
	void (*drop)(op_state *state);
} op_state_kind;

struct op_state {
	const op_state_kind *kind;
	mill_mem *mem;
	mill_aggregate_spec spec;
	int id_words; /* of the input; states of FIRST and LAST carry them */
	int64_t capacity;
	int64_t groups;     /* in use */
	uint8_t *seen;      /* one byte per group: a value was added; NULL: as seen_dense says */
	int64_t seen_dense; /* while seen is NULL: the groups below this one have seen a value */
};

/* The states of one aggregate. MILL_NOMEM; MILL_NOT_YET, MILL_INTERNAL: no state for such a signature. */
MILL_NODISCARD mill_status op_state_new(mill_mem *mem, const mill_aggregate_spec *spec, op_state **out,
                                        mill_error *err);
void op_state_free(op_state *state); /* NULL is fine */
/* Forgets all groups; small arrays are kept unless they are to give_back everything. */
void op_state_clear(op_state *state, bool give_back);
/* Whether rows with a NULL argument are to be selected. */
static inline bool op_state_takes_nulls(const op_state *state)
{
	return state->kind->takes_nulls && state->spec.signature.kind != MILL_AGG_ANY_VALUE;
}
/* Makes room for group_count groups. MILL_NOMEM. */
MILL_NODISCARD mill_status op_state_grow(op_state *state, int64_t group_count, mill_error *err);
/* Makes room for group_count groups, which are in use from here on. MILL_NOMEM. */
MILL_NODISCARD mill_status op_state_reserve(op_state *state, int64_t group_count, mill_error *err);
/* Adds rows. MILL_NOMEM; MILL_INTERNAL: first or last over a batch without ids. */
MILL_NODISCARD mill_status op_state_update(op_state *state, const op_input *in, mill_error *err);
/* Adds states as op_state_write made them: a BINARY column whose row r belongs to groups[r]. MILL_NOMEM; MILL_INTERNAL:
 * damaged bytes. */
MILL_NODISCARD mill_status op_state_merge(op_state *state, const mill_column *states, const uint32_t *groups,
                                          int64_t group_count, mill_error *err);
/* The states of the groups order[0 … count) as a BINARY column. MILL_NOMEM. */
MILL_NODISCARD mill_status op_state_write(const op_state *state, const int32_t *order, int64_t count, mill_column *out,
                                          mill_error *err);
/* The results of the groups order[0 … count) as a column of the signature's type. MILL_NOMEM; MILL_DATA: one beyond its
 * type. */
MILL_NODISCARD mill_status op_state_result(op_state *state, const int32_t *order, int64_t count, mill_column *out,
                                           mill_error *err);
/* Whether a value was added to the group. */
static inline bool op_state_seen(const op_state *state, int64_t group)
{
	return state->seen == NULL ? group < state->seen_dense : state->seen[group] != 0;
}

/* For the kinds: makes *array hold `capacity` elements of element_bytes, those from old_capacity on zeroed.
 * MILL_NOMEM. */
MILL_NODISCARD mill_status op_state_array(mill_mem *mem, void *array, int64_t old_capacity, int64_t capacity,
                                          size_t element_bytes, mill_error *err);
/* Copies to `to` the elements, of element_bytes each, of the groups order[0 … count). */
void op_state_gather(char *to, const void *array, size_t element_bytes, const int32_t *order, int64_t count);
/* A result column of count rows, NULL where the group saw no value (when the signature says so). */
MILL_NODISCARD mill_status op_state_column(const op_state *state, const int32_t *order, int64_t count, mill_column *out,
                                           mill_error *err);
MILL_NODISCARD mill_status op_state_damaged(mill_error *err); /* MILL_INTERNAL: state bytes cut short */

extern const op_state_kind op_state_count;
extern const op_state_kind op_state_integers; /* sum, avg of integers and decimals */
extern const op_state_kind op_state_floats;   /* sum, avg, variances, corr, covar of floats */
extern const op_state_kind op_state_least;    /* min, max, bool_and, bool_or of what fits 64 bits */
extern const op_state_kind op_state_least_wide;
extern const op_state_kind op_state_least_text;
extern const op_state_kind op_state_first; /* first, last, any_value */
extern const op_state_kind op_state_quantile;

#endif
