/* Private to sql/: the optimiser's passes. None changes rows, ids, their order or the output schema; none changes a
 * node that is there (plans of earlier steps are used by several statements): they build new ones. Not collective. */
#ifndef MILL_SQL_OPTIMISE_OPTIMISE_H
#define MILL_SQL_OPTIMISE_OPTIMISE_H

#include "sql/conjunct.h"
#include "sql/node.h"

/* A shared result is optimised once per pass, alike for all its consumers, in this statement and in others: no
 * predicate moves across it, and it keeps all its columns. */
typedef struct sql_shared_plan {
	int shared;
	mill_plan *plan;
	struct sql_shared_plan *next;
} sql_shared_plan;

typedef struct sql_optimiser {
	mill_arena *arena;
	mill_error *err;
	sql_shared_plan *shared;
} sql_optimiser;

/* *out: the rows of `plan` for which all conjuncts (over its schema) are TRUE. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_push_down(sql_optimiser *o, const mill_plan *plan, const sql_conjuncts *conjuncts,
                                         mill_plan **out);
/* Adjacent projections made one where no work is done twice for it. Not collective. */
MILL_NODISCARD mill_status sql_merge_projects(sql_optimiser *o, const mill_plan *plan, mill_plan **out);
/* Only columns that are used; the output schema stays. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_prune(sql_optimiser *o, const mill_plan *plan, mill_plan **out);

/* What this pass knows of a SHARED number; NULL: not seen yet. Not collective. */
sql_shared_plan *sql_find_shared(const sql_optimiser *o, int shared);
/* Remembers what this pass made of a SHARED number. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_keep_shared(sql_optimiser *o, int shared, mill_plan *plan);
/* Fills o->err; returns MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_optimiser_nomem(const sql_optimiser *o);
/* A copy of the node with other inputs (right NULL: one input). MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status sql_with_inputs(const sql_optimiser *o, const mill_plan *node, mill_plan *left,
                                           mill_plan *right, mill_plan **out);

#endif
