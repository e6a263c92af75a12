/* A table of distinct values: what vocabularies count with and look up in.
 *
 * Values of 1 to 8 bytes, and text of at most 8, are the key of their slot, so a look-up touches one cache line; longer
 * ones lie in a pool and have their hash as key. Values are told apart by type once: a table holds one type. The hash
 * is K (definitions.md D1). Not collective, but for mill_values_merge. */
#ifndef MILL_FEATURES_VALUES_H
#define MILL_FEATURES_VALUES_H

#include "comm/comm.h"
#include "features/transform.h"

typedef struct mill_value {
	uint64_t hash;
	uint64_t word; /* the value, zero-padded, of at most 8 bytes; of longer ones their offset in the pool */
	int64_t count;
	uint32_t length_bytes;
} mill_value;

typedef struct mill_value_slot {
	uint64_t key; /* the value's word; the hash where it is longer than 8 bytes */
	uint32_t length_bytes;
	uint32_t entry; /* + 1; 0: free */
} mill_value_slot;

typedef struct mill_values {
	mill_mem *mem;
	mill_type type;
	mill_value *entries; /* in the order they came */
	int64_t count;
	int64_t capacity;
	mill_value_slot *slots;
	uint64_t mask; /* slots − 1; 0: no slots yet */
	mill_bytes pool;
	/* Entries of a dictionary's codes, −1 where not known, −2 where looked up and absent. */
	const mill_column *dictionary; /* a reference is held */
	int32_t *codes;
} mill_values;

/* An empty table of values of the type. Allocates nothing. */
void mill_values_init(mill_values *values, mill_mem *mem, mill_type type);
void mill_values_release(mill_values *values); /* frees all; idempotent, and usable again afterwards */

/* Room for `more` entries. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_values_reserve(mill_values *values, int64_t more, mill_error *err);
/* Adds a value that is known to be new; slots do not know it before mill_values_index. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_values_append(mill_values *values, uint64_t hash, const void *value,
                                              uint32_t length_bytes, int64_t count, mill_error *err);
/* Entry of a value, added with count 0 where it is new. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_values_put(mill_values *values, uint64_t hash, const void *value, uint32_t length_bytes,
                                           int64_t *entry, mill_error *err);
/* Makes the slots match entries that were dropped or moved. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_values_index(mill_values *values, mill_error *err);
/* Entry of a value; −1 where it is not there. */
int64_t mill_values_find(const mill_values *values, uint64_t hash, const void *value, uint32_t length_bytes);
/* The bytes of an entry's value, entry->length_bytes of them; borrowed until the table changes. */
const void *mill_values_bytes(const mill_values *values, const mill_value *entry);

/* Counts the rows of a lane; NULL rows count as the fill, or not at all. A NaN is noted as a refusal of
 * transform. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_values_count_lane(mill_values *values, const mill_transform *transform,
                                                  const mill_lane *lane, mill_work *work, mill_error *err);
/* out[r] = entry of row r, −1 where it is not there, −2 where it is NULL. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_values_find_lane(mill_values *values, const mill_lane *lane, mill_work *work,
                                                 int64_t *out, mill_error *err);
/* K of value `row` of a column, which is not NULL. scratch is used for its value bytes. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_value_hash(const mill_column *column, int64_t row, mill_bytes *scratch, uint64_t *out,
                                           mill_error *err);

typedef struct mill_values_choice {
	int64_t min_count;
	int64_t max_size; /* INT64_MAX: no limit */
	bool by_value;    /* order of the result: ascending by value; otherwise count falling, ties by value */
} mill_values_choice;

/* Collective: adds up every rank's counts and leaves on every rank the chosen entries, in order; what is chosen is by
 * count falling, ties by value, in any case. round_bytes: how much goes to another rank at a time. All ranks return one
 * status. */
MILL_NODISCARD mill_status mill_values_merge(mill_values *values, const mill_values_choice *choice, int64_t round_bytes,
                                             mill_comm *comm, mill_error *err);

/* The entries as a column, in their order. MILL_DATA when their text passes 2 GiB. */
MILL_NODISCARD mill_status mill_values_column(const mill_values *values, mill_column *out, mill_error *err);

#endif
