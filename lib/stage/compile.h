/* What the plan compiler's files share. */
#ifndef MILL_STAGE_COMPILE_H
#define MILL_STAGE_COMPILE_H

#include "stage/flow.h"
#include "stage/makers.h"
#include "stage/table.h"

/* Puts maker at the flow's end. MILL_NOMEM where maker is NULL, as the functions of makers.h give it when memory is
 * out. Not collective. */
MILL_NODISCARD mill_status mill_flow_add(mill_flow *flow, mill_op_maker *maker, mill_error *err);
/* The flow's visible columns are of the schema's types from here on. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_flow_set_types(mill_run *run, mill_flow *flow, const mill_schema *schema,
                                               mill_error *err);
/* The flow stands for the buckets of exchange, unordered; its source owns the exchange. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_flow_from_buckets(mill_run *run, mill_flow *flow, mill_exchange *exchange,
                                                  mill_error *err);
/* Collective. Ends the stage with an exchange by keys[key_count] (columns); the flow stands for its buckets afterwards.
 * splitters: of ranges of the one key, NULL for the other kinds. Errors of mill_stage_run. */
MILL_NODISCARD mill_status mill_flow_reshuffle(mill_run *run, mill_flow *flow, const char *name,
                                               mill_exchange_kind kind, const int *keys, int key_count,
                                               const mill_column *splitters, mill_error *err);
/* Collective. Puts the rows of a SORT's, LIMIT's or ID_ORDER's input into (orders, id) order over units and ranks and
 * cuts them; sets position ids where plan is a SORT. */
MILL_NODISCARD mill_status mill_flow_sort(mill_run *run, const mill_plan *plan, mill_flow *flow, mill_error *err);
/* Keeps the visible columns, which are the plan's, and not the ids below them. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_flow_drop_ids(mill_run *run, const mill_plan *plan, mill_flow *flow, mill_error *err);
/* Collective. A JOIN as a flow: broadcasts the right side where it is small, else exchanges both sides by key. Errors
 * of mill_stage_run. */
MILL_NODISCARD mill_status mill_compile_join(mill_run *run, const mill_plan *plan, bool with_ids, mill_flow *out,
                                             mill_error *err);

/* Collective. As mill_flow_compile, with rows in ascending row id order over units and ranks, ids dropped. */
MILL_NODISCARD mill_status mill_flow_compile_ordered(mill_run *run, mill_plan *plan, mill_flow *out, mill_error *err);
/* Collective. Runs a plan of one column for its value, NULL where it gives no row; *out is the same literal on every
 * rank, in the run's arena. MILL_DATA: it gives more than one row. */
MILL_NODISCARD mill_status mill_flow_scalar(mill_run *run, const mill_plan *plan, mill_expr **out, mill_error *err);
#endif
