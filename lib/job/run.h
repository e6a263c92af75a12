/* What a run carries through its stages on one rank: the machinery, the tables, the books. Private to the job room. */
#ifndef MILL_JOB_RUN_H
#define MILL_JOB_RUN_H

#include "base/log.h"
#include "comm/comm.h"
#include "formats/csv.h"
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
	const mill_log *log;
	mill_scratch *scratch;
	mill_books *books;
	mill_table **tables; /* opened sources, equal on all ranks */
	int table_count;
	int64_t limit_rows; /* --limit-rows: of each source; INT64_MAX: all */
	mill_shared *shared; /* by number */
	int shared_count;
	mill_expr **params; /* literals of scalar sub-queries by number; NULL: not run yet */
	int param_count;
	const char *sql_where; /* for messages of row errors */
} mill_run;

static inline mill_op_env mill_run_env(const mill_run *run)
{
	mill_op_env env = {run->mem, run->knobs};
	return env;
}

#endif
