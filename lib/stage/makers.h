/* Descriptors of the operators that flows are made of. Each returns NULL only when out of memory. Not collective. */
#ifndef MILL_STAGE_MAKERS_H
#define MILL_STAGE_MAKERS_H

#include "ops/split.h"
#include "stage/flow.h"

/* plan: where row errors are reported. */
mill_op_maker *mill_make_filter(mill_run *run, const mill_plan *plan, mill_expr *predicate);
mill_op_maker *mill_make_project(mill_run *run, const mill_plan *plan, mill_expr *const *exprs, int count,
                                 bool with_ids);
typedef enum mill_group_half { MILL_GROUP_PARTIAL, MILL_GROUP_FINAL, MILL_GROUP_WHOLE } mill_group_half;
mill_op_maker *mill_make_group(mill_run *run, const mill_group_spec *spec, mill_group_half half);
mill_op_maker *mill_make_probe(mill_run *run, const mill_plan *plan, mill_join_build *build);
mill_op_maker *mill_make_sort_key(mill_run *run, const mill_sort_key *keys, int count, bool with_ids);
mill_op_maker *mill_make_sort(mill_run *run, int key, int64_t limit, bool drop_key);
mill_op_maker *mill_make_limit(mill_run *run, int64_t offset, int64_t limit);
mill_op_maker *mill_make_first(mill_run *run, mill_first_rows *first);
mill_op_maker *mill_make_row_number(mill_run *run, const mill_plan_window *window);
mill_op_maker *mill_make_split(mill_run *run, const mill_split_spec *spec, bool with_ids);
/* Replaces the ids by one word: position of the row over all units, from first on this rank. */
mill_op_maker *mill_make_position(mill_run *run, int64_t first);

#endif
