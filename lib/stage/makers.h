/* Descriptors of the operators that flows are made of. Each returns NULL only when out of memory. Not collective. */
#ifndef MILL_STAGE_MAKERS_H
#define MILL_STAGE_MAKERS_H

#include "ops/split.h"
#include "stage/flow.h"

/* Keeps rows for which predicate is TRUE. plan: where row errors are reported. */
mill_op_maker *mill_make_filter(mill_run *run, const mill_plan *plan, mill_expr *predicate);
/* Computes exprs[count], with the input's ids behind them where asked. plan: where row errors are reported. */
mill_op_maker *mill_make_project(mill_run *run, const mill_plan *plan, mill_expr *const *exprs, int count,
                                 bool with_ids);
typedef enum mill_group_half { MILL_GROUP_PARTIAL, MILL_GROUP_FINAL, MILL_GROUP_WHOLE } mill_group_half;
/* Aggregates: the half before an exchange, the half behind it, or both at once (ops/op.h). spec is borrowed. */
mill_op_maker *mill_make_group(mill_run *run, const mill_group_spec *spec, mill_group_half half);
/* Joins rows, the left ones, with what build holds by then. plan: where row errors are reported. */
mill_op_maker *mill_make_probe(mill_run *run, const mill_plan *plan, mill_join_build *build);
/* Appends the sort key of keys[count] as a BINARY column; the ids are part of it where asked. */
mill_op_maker *mill_make_sort_key(mill_run *run, const mill_sort_key *keys, int count, bool with_ids);
/* Sorts each unit by the column key of mill_make_sort_key and keeps the first `limit` rows of it. */
mill_op_maker *mill_make_sort(mill_run *run, int key, int64_t limit, bool drop_key);
/* Passes rows offset … offset + limit − 1 of all that this rank pushes. */
mill_op_maker *mill_make_limit(mill_run *run, int64_t offset, int64_t limit);
/* Passes the first rows that first asks for, and tells it of the last one. first is borrowed. */
mill_op_maker *mill_make_first(mill_run *run, mill_first_rows *first);
/* Appends row_number() over each partition of a unit. window is borrowed. */
mill_op_maker *mill_make_row_number(mill_run *run, const mill_plan_window *window);
/* Appends the text column `split` (D4). spec is copied, but what it points to is borrowed. */
mill_op_maker *mill_make_split(mill_run *run, const mill_split_spec *spec, bool with_ids);
/* Replaces the ids by one word: position of the row over all units, from first on this rank. */
mill_op_maker *mill_make_position(mill_run *run, int64_t first);

#endif
