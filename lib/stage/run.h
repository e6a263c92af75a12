/* What a run carries through its stages on one rank: the machinery, the tables, the books. */
#ifndef MILL_STAGE_RUN_H
#define MILL_STAGE_RUN_H

#include "base/log.h"
#include "base/progress.h"
#include "comm/comm.h"
#include "formats/registry.h"
#include "ops/op.h"
#include "shuffle/exchange.h"
#include "spill/spill.h"
#include "sql/sql.h"

typedef struct mill_table mill_table;
typedef struct mill_books mill_books;

/* The result of a MILL_PLAN_SHARED node, once it ran. */
typedef struct mill_shared {
	struct mill_local *local; /* NULL: not run yet */
	int64_t bytes;
	bool ordered;
} mill_shared;

typedef struct mill_run {
	mill_comm *comm;
	mill_mem *mem;
	mill_arena *arena; /* plans, descriptors: lives as long as the run */
	const mill_knobs *knobs;
	const mill_formats *formats; /* that sources may be of */
	const mill_log *log;
	mill_storage *storage; /* the engine's */
	mill_scratch *scratch;
	const mill_progress *progress;
	mill_books *books;
	mill_table **tables; /* opened sources, equal on all ranks */
	int table_count;
	int64_t least_budget_bytes; /* of any rank: what plans go by, since all ranks must choose alike */
	int64_t limit_rows;         /* --limit-rows: of each source; INT64_MAX: all */
	mill_shared *shared;        /* by number */
	int shared_count;
	mill_expr **params; /* literals of scalar sub-queries by number; NULL: not run yet */
	int param_count;
	struct mill_build_list *builds; /* sides broadcast by joins, kept until the run ends */
} mill_run;

/* What operators of the run may use. Not collective. */
static inline mill_op_env mill_run_env(const mill_run *run)
{
	mill_op_env env = {run->mem, run->knobs};
	return env;
}

/* What formats of the run may use. Not collective. */
static inline mill_format_env mill_run_format_env(const mill_run *run)
{
	mill_format_env env = {run->knobs, run->storage, run->mem, run->arena};
	return env;
}

/* Frees what stages kept on the run: shared results, broadcast join sides. Not collective. */
void mill_run_release(mill_run *run);
/* The run frees build when it ends. MILL_NOMEM (build is then freed at once). Not collective. */
MILL_NODISCARD mill_status mill_run_keep_build(mill_run *run, mill_join_build *build, mill_error *err);
/* Room for the shared results and sub-queries of statements numbered below these counts. Not collective. */
MILL_NODISCARD mill_status mill_run_reserve(mill_run *run, int shared_count, int param_count, mill_error *err);

#endif
