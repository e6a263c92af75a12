/* The build side of a join, as the probe side sees it. Not collective. */
#ifndef MILL_OPS_JOIN_H
#define MILL_OPS_JOIN_H

#include "ops/keys.h"
#include "ops/ops_private.h"

struct mill_join_build {
	mill_sink sink;
	mill_op_env env;
	mill_join_spec spec; /* arrays are copies of our own; residual is borrowed */
	op_batches batches;  /* pushed since the last finish_unit */
	mill_batch rows;     /* in id order: visible columns, then ids */
	op_keys keys;
	const mill_column **columns; /* room for key columns */
	int64_t *starts;             /* of each group's rows in `list`, and the end of the last */
	int32_t *list;               /* row numbers by group, ascending within one */
	bool ready;
};

/* How many id words of the right side the output carries. */
static inline int op_join_id_words(const mill_join_spec *spec)
{
	return spec->with_ids ? spec->right_id_words : 0;
}

#endif
