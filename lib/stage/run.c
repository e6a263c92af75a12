#include "stage/run.h"

#include "stage/flow.h"

#include <string.h>

struct mill_build_list {
	mill_join_build *build;
	struct mill_build_list *next;
};

mill_status mill_run_keep_build(mill_run *run, mill_join_build *build, mill_error *err)
{
	struct mill_build_list *item = mill_arena_alloc(run->arena, sizeof *item);
	if (item == NULL) {
		mill_join_build_free(build);
		return mill_fail_nomem(err, sizeof *item, "a join");
	}
	item->build = build;
	item->next = run->builds;
	run->builds = item;
	return MILL_OK;
}

mill_status mill_run_reserve(mill_run *run, int shared_count, int param_count, mill_error *err)
{
	mill_shared *shared = mill_arena_array(run->arena, (size_t)shared_count + 1, sizeof *shared);
	mill_expr **params = mill_arena_array(run->arena, (size_t)param_count + 1, sizeof(mill_expr *));
	if (shared == NULL || params == NULL)
		return mill_fail_nomem(err, 0, "a run");
	if (run->shared_count > 0)
		memcpy(shared, run->shared, (size_t)run->shared_count * sizeof *shared);
	if (run->param_count > 0)
		memcpy(params, run->params, (size_t)run->param_count * sizeof(mill_expr *));
	run->shared = shared;
	run->params = params;
	run->shared_count = shared_count;
	run->param_count = param_count;
	return MILL_OK;
}

void mill_run_release(mill_run *run)
{
	for (int i = 0; i < run->shared_count; i++) {
		mill_local_free(run->shared[i].local);
		run->shared[i].local = NULL;
	}
	for (struct mill_build_list *item = run->builds; item != NULL; item = item->next)
		mill_join_build_free(item->build);
	run->builds = NULL;
}
