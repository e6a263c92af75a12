/* The stage room: a run and its stages. A plan is compiled to flows (compile.h), a stage drives a flow's rows from
 * their units through operators into a target, and the books (books.h) keep what happened to them.
 *
 * It must not know job files, stores or any input format by name: tables reach it as specs (table.h), and what a store
 * needs is built on top of it (build/).
 *
 * A flow: units of rows at hand on the ranks and the operators they still have to pass, before the next exchange. Flows
 * are descriptions; mill_stage_run makes the operators and drives the rows. */
#ifndef MILL_STAGE_FLOW_H
#define MILL_STAGE_FLOW_H

#include "stage/run.h"

/* Where a stage's rows come from. Units first_unit … end_unit − 1 are this rank's, in order; over the ranks they are
 * contiguous, so that unit order is the same whatever the number of ranks. */
typedef struct mill_unit_source mill_unit_source;
struct mill_unit_source {
	const char *name;
	int64_t first_unit;
	int64_t end_unit;
	/* Not collective. Called before the units of an attempt are read. */
	mill_status (*begin)(mill_unit_source *self, mill_run *run, mill_error *err);
	/* Not collective. Pushes the unit's rows into sink, then calls its finish_unit. */
	mill_status (*read)(mill_unit_source *self, int64_t unit, mill_sink *sink, mill_error *err);
	/* Collective, after every rank read its units. Sets *again when the attempt has to be dropped and repeated. */
	mill_status (*end)(mill_unit_source *self, mill_run *run, bool *again, mill_error *err);
	int64_t (*consumed_bytes)(const mill_unit_source *self); /* decoded input of this attempt; NULL: unknown */
	/* Rows that this attempt read but did not push; NULL: none. */
	void (*dropped_rows)(const mill_unit_source *self, int64_t *bad, int64_t *filtered);
	void (*free)(mill_unit_source *self);
	/* A LIMIT above, in id order, of a source that has retry; NULL: none. When an attempt failed, retry tells
	 * whether it may have done so behind the last row that is wanted: the next attempt then reads otherwise. */
	mill_first_rows *first;
	bool (*retry)(mill_unit_source *self, mill_run *run); /* the same answer on all ranks; not collective */
	struct mill_meter *meter; /* of the attempt that runs: to be ticked by sources that may push nothing for long */
};

/* What an operator does to the number of rows. What does not keep them is the reason, by its name, in the ledger. */
typedef enum mill_row_effect { MILL_ROWS_CHANGED, MILL_ROWS_KEPT } mill_row_effect;

/* Makes one operator in front of next. Descriptors live in the run's arena. */
typedef struct mill_op_maker mill_op_maker;
struct mill_op_maker {
	const char *name;
	mill_row_effect effect;
	mill_status (*make)(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
	                    mill_error *err);
	/* Rows that an operator took to where the stage leads them (shards, a fit) and does not hand on; NULL: none. */
	int64_t (*taken_rows)(const mill_sink *op);
	mill_op_maker *before; /* the operator that feeds this one; NULL: the source does */
};

typedef struct mill_flow {
	mill_unit_source *source;
	mill_op_maker *last;    /* NULL: rows go as the source gives them */
	const mill_type *types; /* of the visible columns that come out */
	int column_count;
	int id_words;  /* words that travel below; 0 where not asked for */
	bool ordered;  /* rows come in ascending row id order over units */
	int64_t bytes; /* exact size of the input in bytes, an upper bound where operators drop rows */
	const char *name;
} mill_flow;

/* Puts an operator at the end of the flow. maker is in the run's arena. Not collective. */
void mill_flow_append(mill_flow *flow, mill_op_maker *maker);

/* Where a stage's rows go. begin may be called several times (attempts); end is Collective and gets this rank's status.
 */
typedef struct mill_stage_target mill_stage_target;
struct mill_stage_target {
	mill_status (*begin)(mill_stage_target *self, mill_run *run, mill_sink **sink, mill_error *err);
	/* Decoded input so far, once a batch: a round may be due although nothing was pushed. NULL: not interested. */
	mill_status (*consumed)(mill_stage_target *self, int64_t bytes, mill_error *err);
	mill_status (*end)(mill_stage_target *self, mill_run *run, mill_status mine, mill_error *err);
};

/* Collective. Drives the flow into the target; repeats the attempt where a source asks for it; judges bad rows. The
 * flow's source is freed. */
MILL_NODISCARD mill_status mill_stage_run(mill_run *run, mill_flow *flow, mill_stage_target *target, mill_error *err);

/* Collective. A target: an exchange over the flow's rows. The flow's source is used up; the rows come out of the
 * exchange's buckets, unordered. The caller owns *out. Errors of mill_stage_run. */
MILL_NODISCARD mill_status mill_flow_exchange(mill_run *run, mill_flow *flow, const mill_exchange_spec *spec,
                                              mill_exchange **out, mill_error *err);
/* Rows kept on their ranks unit by unit, in memory or scratch: a local store that can be read several times. */
typedef struct mill_local mill_local;
/* Collective. A target: keeps the flow's rows, so that they can be read more than once. The caller owns *out. Errors of
 * mill_stage_run. */
MILL_NODISCARD mill_status mill_flow_materialise(mill_run *run, mill_flow *flow, mill_local **out, mill_error *err);
/* Rows that are kept on this rank. Not collective. */
int64_t mill_local_rows(const mill_local *local);
/* Bytes of their frames, in memory or scratch. Not collective. */
int64_t mill_local_bytes(const mill_local *local);
/* NULL is fine. Not collective. */
void mill_local_free(mill_local *local);
/* A source over the exchange's buckets on this rank. consume: rows are let go as they are read, this once, and the
 * source owns the exchange; else it is borrowed. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_bucket_source_new(mill_run *run, mill_exchange *exchange, bool consume,
                                                  mill_unit_source **out, mill_error *err);
/* A source over kept rows, which are borrowed. consume: rows are let go as they are read, this once. MILL_NOMEM. Not
 * collective. */
MILL_NODISCARD mill_status mill_local_source_new(mill_run *run, mill_local *local, bool consume, mill_unit_source **out,
                                                 mill_error *err);
/* For a source of kept rows, instead of its read: the next frames as they are kept are appended to out, until it holds
 * wanted_bytes or nothing is left. MILL_IO, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_local_take_frames(mill_unit_source *source, size_t wanted_bytes, mill_bytes *out,
                                                  mill_error *err);
/* Both sides of a join by bucket: the right bucket fills build before the left bucket is pushed. Owns both exchanges.
 * MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_join_source_new(mill_run *run, mill_exchange *left, mill_exchange *right,
                                                mill_join_build *build, mill_unit_source **out, mill_error *err);
/* Constant rows, which rank 0 emits. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_values_source_new(mill_run *run, const mill_plan *plan, bool with_ids,
                                                  mill_unit_source **out, mill_error *err);
/* Collective where lines have to be counted first. Scan of a table (columns: plan's), with the predicate pushed down.
 * *size_bytes: of the files that it reads. MILL_NOMEM, errors of the format. */
MILL_NODISCARD mill_status mill_scan_source_new(mill_run *run, const mill_plan *plan, bool with_ids,
                                                mill_unit_source **out, int64_t *size_bytes, mill_error *err);

/* Collective. Compiles a plan into a flow, running the stages before its last exchange. with_ids: rows carry their id.
 * Errors of mill_stage_run. */
MILL_NODISCARD mill_status mill_flow_compile(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out,
                                             mill_error *err);
/* Collective. All rows of the flow pushed into sink on rank 0, in unit order; then sink's finish. sink: rank 0's. */
MILL_NODISCARD mill_status mill_flow_collect(mill_run *run, mill_flow *flow, mill_sink *sink, mill_error *err);

/* Buckets for about `bytes` of input: a power of two, equal on all ranks. Not collective. */
int64_t mill_bucket_count_for(const mill_run *run, int64_t bytes);

#endif
