/* Assigns every row to a part of a split by hash (definitions.md D4). Not collective. */
#ifndef MILL_OPS_SPLIT_H
#define MILL_OPS_SPLIT_H

#include "ops/op.h"

typedef struct mill_split_spec {
	uint64_t seed; /* S("split", step name) */
	const int *by; /* columns whose value bytes are hashed; by_count 0: the words of the row id */
	int by_count;
	int part_count;
	const char *const *parts;
	const uint64_t *cumulative; /* [part_count] running sums of the weights */
} mill_split_spec;

/* Index of the part of hash u: the first i with u·total < cumulative[i]·2^64. */
int mill_split_part(const mill_split_spec *spec, uint64_t u);

/* Appends the string column of part names before the ids. Batches carry ids when by_count is 0; with_ids: they are
 * handed on. spec and what it points to outlive the operator. */
MILL_NODISCARD mill_status mill_split_new(const mill_op_env *env, const mill_split_spec *spec, bool with_ids,
                                          mill_sink *next, mill_sink **out, mill_error *err);

#endif
