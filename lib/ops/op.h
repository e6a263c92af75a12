/* Operators: a chain of mill_sinks. push a batch, finish_unit after each split or bucket, finish at the end. Operators
 * know nothing of MPI; what must meet other ranks' rows sits between stages. Each constructor takes the sink that comes
 * after it (borrowed) and gives an operator to be released with mill_op_release. Id columns pass through as the last
 * id_words columns. Not collective. */
#ifndef MILL_OPS_OP_H
#define MILL_OPS_OP_H

#include "column/value.h"
#include "expr/aggregate.h"
#include "expr/expr.h"

typedef struct mill_op_env {
	mill_mem *mem;
	const mill_knobs *knobs;
} mill_op_env;

/* Frees an operator, not the sink after it; NULL is fine. */
void mill_op_release(mill_sink *op);

/* What becomes of rows whose expression failed: called once per batch that has any, with the batch the expressions saw.
 * MILL_OK: the rows are dropped (quarantined, counted); an error ends the stage. */
typedef struct mill_row_error_policy {
	mill_status (*report)(struct mill_row_error_policy *self, const mill_batch *batch,
	                      const mill_row_errors *errors, mill_error *err);
} mill_row_error_policy;

/* Keeps the rows where the predicate, which is borrowed, is TRUE. */
MILL_NODISCARD mill_status mill_filter_new(const mill_op_env *env, mill_expr *predicate, mill_row_error_policy *policy,
                                           mill_sink *next, mill_sink **out, mill_error *err);
/* Computes count expressions, which are borrowed; id columns of the input are appended when with_ids. */
MILL_NODISCARD mill_status mill_project_new(const mill_op_env *env, mill_expr *const *exprs, int count, bool with_ids,
                                            mill_row_error_policy *policy, mill_sink *next, mill_sink **out,
                                            mill_error *err);

/* Aggregation in two halves with an exchange by key between. Inputs are columns: a project comes before.
 * partial: groups what a rank saw (hash table; flushes to `next` when memory presses or nothing is gained by grouping)
 * and emits [keys…, state BINARY…]; final: merges the states of a bucket and, at finish_unit, emits [keys…, results…]
 * in ascending (K, V bytes) order with id words (K, rank) when with_ids. Aggregates that are holistic or DISTINCT
 * cannot be cut in two: then the job exchanges the rows and uses `whole`, which takes input rows and emits final's
 * output. States are exact: results depend neither on the order of rows and states nor on how often a partial flushed.
 * partial ignores finish_unit and passes everything on at finish. first, last and any_value need batches with ids in
 * partial and whole. Equal intervals leave in one form (months of 30 days, days, the rest). MILL_DATA: a sum, mean or
 * variance beyond its type; MILL_NOMEM names the operator and says what to do. spec is copied. */
typedef struct mill_aggregate_spec {
	mill_aggregate_signature signature;
	int args[2]; /* input columns */
	int filter;  /* boolean input column, −1: none */
	bool distinct;
	double quantile;
} mill_aggregate_spec;
typedef struct mill_group_spec {
	const int *keys; /* input columns (partial, whole); final's input is keys 0 … key_count − 1 then the states */
	int key_count;   /* 0: one group, which exists even over no rows (emitted by final for bucket 0 only: see
	                    emit_empty) */
	const mill_type *key_types;
	const mill_aggregate_spec *aggregates;
	int aggregate_count;
	bool with_ids;
	bool emit_empty; /* with key_count 0: emit the row of no rows at the unit's end */
} mill_group_spec;
/* The half before the exchange. */
MILL_NODISCARD mill_status mill_group_partial_new(const mill_op_env *env, const mill_group_spec *spec, mill_sink *next,
                                                  mill_sink **out, mill_error *err);
/* The half after the exchange. */
MILL_NODISCARD mill_status mill_group_final_new(const mill_op_env *env, const mill_group_spec *spec, mill_sink *next,
                                                mill_sink **out, mill_error *err);
/* Both halves at once. */
MILL_NODISCARD mill_status mill_group_whole_new(const mill_op_env *env, const mill_group_spec *spec, mill_sink *next,
                                                mill_sink **out, mill_error *err);
/* Whether some aggregate is holistic or DISTINCT, so that rows have to be exchanged. */
bool mill_group_needs_whole(const mill_group_spec *spec);

/* Equi-join. The build side is complete before the probe side starts (per bucket, or once when broadcast). Keys have
 * the same types on both sides, and NULL never joins. Build rows are put in id order, so that the matches of one probe
 * row come in the order of the right id. Output: left visible, right visible, [left ids, right ids]; a left row without
 * match has NULLs and all-ones id words. residual (over left visible ‖ right visible) decides about matches; a pair for
 * which it fails is reported and dropped, and its left row counts as matched. Pairs leave in batches of at most
 * knobs.batch_rows, however many one key has. spec is copied but for residual; build outlives its probes. */
typedef struct mill_join_build mill_join_build;
typedef struct mill_join_spec {
	const int *left_keys, *right_keys;
	int key_count; /* 0: every pair (cross join) */
	bool is_left;  /* left outer */
	int left_columns;
	const mill_type *right_types; /* visible columns of the right side */
	int right_columns;
	int right_id_words; /* id words its batches carry (needed for order); 0: order of arrival of one unit */
	bool with_ids;
	mill_expr *residual; /* NULL: none */
} mill_join_spec;
/* An empty build side. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_join_build_new(const mill_op_env *env, const mill_join_spec *spec,
                                               mill_join_build **out, mill_error *err);
/* The sink, borrowed, that takes the right rows; its finish_unit makes the build side ready for probing. */
mill_sink *mill_join_build_sink(mill_join_build *build);
/* Empties the build side for the next bucket. */
void mill_join_build_reset(mill_join_build *build);
/* Frees the build side; NULL is fine. */
void mill_join_build_free(mill_join_build *build);
/* The operator that takes the left rows. */
MILL_NODISCARD mill_status mill_join_probe_new(const mill_op_env *env, mill_join_build *build,
                                               mill_row_error_policy *policy, mill_sink *next, mill_sink **out,
                                               mill_error *err);

/* Sorts each unit by the BINARY column `key` (made by mill_sort_encode with ids, so that there are no ties) and emits
 * it in order, without that column when drop_key; keeps only the first `limit` rows of the unit (top-k while pushing;
 * −1: all). A unit is held in memory. */
MILL_NODISCARD mill_status mill_sort_new(const mill_op_env *env, int key, int64_t limit, bool drop_key, mill_sink *next,
                                         mill_sink **out, mill_error *err);
/* Appends the sort-key column (visible, before the ids) to every batch. */
MILL_NODISCARD mill_status mill_sort_key_new(const mill_op_env *env, const mill_sort_key *keys, int count,
                                             bool with_ids, mill_sink *next, mill_sink **out, mill_error *err);
/* The first rows of everything pushed, which carry ids: what was passed, and the id of the last one. */
typedef struct mill_first_rows {
	int64_t limit;
	bool reads_on; /* done is never set: what comes after the last row is looked at, too, and dropped */
	int64_t rows;
	uint64_t last_id[2]; /* its first two words */
} mill_first_rows;
/* Passes first->limit rows. first is borrowed; its counts start at 0 again. */
MILL_NODISCARD mill_status mill_first_new(const mill_op_env *env, mill_first_rows *first, mill_sink *next,
                                          mill_sink **out, mill_error *err);
/* Passes rows offset … offset + limit − 1 of everything pushed, then sets done. */
MILL_NODISCARD mill_status mill_limit_new(const mill_op_env *env, int64_t offset, int64_t limit, mill_sink *next,
                                          mill_sink **out, mill_error *err);
/* row_number() within each partition over the rows of a unit; rows are put in (partition, order, id) order, the number
 * is appended as an int64 column before the ids. */
MILL_NODISCARD mill_status mill_row_number_new(const mill_op_env *env, const int *partitions, int partition_count,
                                               const mill_sort_key *orders, int order_count, mill_sink *next,
                                               mill_sink **out, mill_error *err);
/* Keeps the batches pushed, one after the other: what tests, scalar sub-queries and small results need. */
typedef struct mill_collector mill_collector;
/* An empty collector. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_collector_new(const mill_op_env *env, mill_collector **out, mill_error *err);
/* The sink, borrowed, that takes the batches. */
mill_sink *mill_collector_sink(mill_collector *collector);
/* The batches so far, borrowed; *count of them with *rows rows in all. */
const mill_batch *mill_collector_batches(const mill_collector *collector, int64_t *count, int64_t *rows);
/* Frees the collector and its batches; NULL is fine. */
void mill_collector_free(mill_collector *collector);

#endif
