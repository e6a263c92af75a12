/* Groups and their aggregates: what partial, final and whole aggregation share. Not collective. */
#ifndef MILL_OPS_GROUPS_H
#define MILL_OPS_GROUPS_H

#include "ops/keys.h"
#include "ops/states/state.h"

typedef struct op_groups {
	mill_op_env env;
	mill_group_spec spec; /* arrays are copies of our own */
	op_keys keys;
	op_state **states;           /* one per aggregate */
	op_keys **distinct;          /* one per aggregate: (group, arguments) seen so far; NULL: not DISTINCT */
	const mill_column **columns; /* room for the key columns of a batch */
	int64_t group_count;
	int64_t rows;     /* taken since the last clear */
	uint32_t *groups; /* of the batch's rows */
	uint64_t *bits;
	int32_t *selected;
	int64_t scratch_rows;
} op_groups;

/* Copies spec. MILL_NOMEM, MILL_INTERNAL, MILL_NOT_YET (what op_state_new says). */
MILL_NODISCARD mill_status op_groups_init(op_groups *groups, const mill_op_env *env, const mill_group_spec *spec,
                                          mill_error *err);
void op_groups_release(op_groups *groups); /* frees all; idempotent */
/* Forgets all groups; small tables keep their memory unless they are to give_back everything. */
void op_groups_clear(op_groups *groups, bool give_back);
/* Makes room for as many more groups as there are rows to come, so that MILL_NOMEM comes before anything was added. */
MILL_NODISCARD mill_status op_groups_reserve(op_groups *groups, int64_t rows, mill_error *err);
/* Adds input rows, whose keys and arguments are where spec says. Errors as of op_state_update. */
MILL_NODISCARD mill_status op_groups_add(op_groups *groups, const mill_batch *batch, mill_error *err);
/* Pushes [keys…, states…] with one state per row, for input in which few rows share a key. The groups are empty before
 * and after. */
MILL_NODISCARD mill_status op_groups_pass(op_groups *groups, mill_op_base *op, const mill_batch *batch,
                                          mill_error *err);
/* Adds rows of [keys…, states…]. MILL_NOMEM; MILL_INTERNAL: damaged states. */
MILL_NODISCARD mill_status op_groups_merge(op_groups *groups, const mill_batch *batch, mill_error *err);
/* Pushes [keys…, states…] of all groups. */
MILL_NODISCARD mill_status op_groups_emit_states(op_groups *groups, mill_op_base *op, mill_error *err);
/* The same where group r is row r of batch, whose key columns are passed on. */
MILL_NODISCARD mill_status op_groups_emit_rows(op_groups *groups, mill_op_base *op, const mill_batch *batch,
                                               mill_error *err);
/* Pushes [keys…, results…, (K, rank)] of all groups in (K, V bytes) order; over no rows and without keys the one group
 * that then exists, if spec.emit_empty. */
MILL_NODISCARD mill_status op_groups_emit_results(op_groups *groups, mill_op_base *op, mill_error *err);

#endif
