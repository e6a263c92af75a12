/* The three operators of aggregation: partial, final and whole. groups.c does the work. */
#include "ops/groups.h"

/* A partial table holds at most this many groups before it asks whether grouping gains anything … */
#define PARTIAL_GROUPS 262144
/* … and, where it did not, this many: a table that stays in cache. */
#define PARTIAL_FEW_GROUPS 32768
/* Batches that go past the table, one state per row, before grouping is tried again; doubled each time it gains
 * nothing. */
#define PARTIAL_PASSED      32
#define PARTIAL_PASSED_MOST 1024
#define PARTIAL_LEAST       1024 /* groups below which giving memory back is not worth it */
/* Of the budget: what a partial table may hold. It grows by doubling, and to be passed on takes room in the exchange.
 */
#define PARTIAL_SHARE 4

typedef struct group_op {
	mill_op_base base;
	op_groups groups;
	int64_t held_bytes; /* by the table */
	int64_t look_at;    /* partial: the number of groups at which to look at the gain */
	int64_t pass;       /* batches that still go past the table */
	int64_t pass_next;  /* as many next time */
} group_op;

/* Says which operator ran out of memory, how far it had come and what to do. */
static mill_status group_failure(const group_op *op, mill_status status, mill_error *err)
{
	if (status != MILL_NOMEM)
		return status;
	return op_nomem(&op->base.env, "group by", op->groups.rows, op->held_bytes, err);
}

static mill_status partial_flush(group_op *op, bool give_back, mill_error *err)
{
	mill_mem *mem = op->base.env.mem;
	if (op->groups.group_count == 0)
		return MILL_OK;
	MILL_TRY(mill_mem_relieve(mem, err));
	mill_status status = op_groups_emit_states(&op->groups, &op->base, err);
	int64_t before_bytes = mem->used_bytes;
	op_groups_clear(&op->groups, give_back);
	op->held_bytes += mem->used_bytes - before_bytes;
	return status;
}

/* Whether the table is to go: it has its share, or memory presses and it holds some of it. */
static bool partial_presses(const group_op *op)
{
	const mill_mem *mem = op->base.env.mem;
	int64_t share_bytes = mem->budget_bytes / PARTIAL_SHARE;
	bool pressed = mill_mem_pressure(mem) > MILL_MEM_HIGH_WATER && op->held_bytes > share_bytes / 4;
	return op->groups.group_count >= PARTIAL_LEAST && (op->held_bytes > share_bytes || pressed);
}

/* Passes on what is held where memory presses or every fourth row at most found its group. */
static mill_status partial_review(group_op *op, mill_error *err)
{
	int64_t groups = op->groups.group_count;
	if (partial_presses(op))
		return partial_flush(op, true, err);
	if (groups < op->look_at)
		return MILL_OK;
	if (groups / 3 <= op->groups.rows / 4) {
		op->look_at = groups * 2;
		op->pass_next = PARTIAL_PASSED;
		return MILL_OK;
	}
	op->look_at = PARTIAL_FEW_GROUPS;
	op->pass = op->pass_next;
	op->pass_next = mill_min_i64(op->pass_next * 2, PARTIAL_PASSED_MOST);
	return partial_flush(op, false, err);
}

static mill_status partial_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	group_op *op = (group_op *)self;
	if (op->pass > 0) {
		op->pass--;
		return group_failure(op, op_groups_pass(&op->groups, &op->base, batch, err), err);
	}
	int64_t before_bytes = op->base.env.mem->used_bytes;
	mill_status status = op_groups_reserve(&op->groups, batch->rows, err);
	if (status == MILL_NOMEM && op->groups.group_count > 0) {
		op->held_bytes += op->base.env.mem->used_bytes - before_bytes;
		MILL_TRY(partial_flush(op, true, err));
		before_bytes = op->base.env.mem->used_bytes;
		status = op_groups_reserve(&op->groups, batch->rows, err);
	}
	if (status == MILL_OK)
		status = op_groups_add(&op->groups, batch, err);
	op->held_bytes += op->base.env.mem->used_bytes - before_bytes;
	if (status != MILL_OK)
		return group_failure(op, status, err);
	return partial_review(op, err);
}

/* Units mean nothing to a partial table: it is passed on at the end. */
static mill_status partial_finish_unit(mill_sink *self, mill_error *err)
{
	(void)self;
	(void)err;
	return MILL_OK;
}

static mill_status partial_finish(mill_sink *self, mill_error *err)
{
	MILL_TRY(partial_flush((group_op *)self, true, err));
	MILL_TRY(op_pass_unit(self, err));
	return op_pass_finish(self, err);
}

static mill_status final_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	group_op *op = (group_op *)self;
	int64_t before_bytes = op->base.env.mem->used_bytes;
	mill_status status = op_groups_merge(&op->groups, batch, err);
	op->held_bytes += op->base.env.mem->used_bytes - before_bytes;
	return group_failure(op, status, err);
}

static mill_status whole_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	group_op *op = (group_op *)self;
	int64_t before_bytes = op->base.env.mem->used_bytes;
	mill_status status = op_groups_add(&op->groups, batch, err);
	op->held_bytes += op->base.env.mem->used_bytes - before_bytes;
	return group_failure(op, status, err);
}

static mill_status results_finish_unit(mill_sink *self, mill_error *err)
{
	group_op *op = (group_op *)self;
	MILL_TRY(group_failure(op, op_groups_emit_results(&op->groups, &op->base, err), err));
	op_groups_clear(&op->groups, false);
	return op_pass_unit(self, err);
}

static void group_release(mill_sink *self)
{
	group_op *op = (group_op *)self;
	op_groups_release(&op->groups);
	mill_mem_free(op);
}

static mill_status group_new(const mill_op_env *env, const mill_group_spec *spec, mill_sink *next, group_op **out,
                             mill_error *err)
{
	group_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof(*op), next, "group by", &op, err));
	op->base.sink.release = group_release;
	op->look_at = PARTIAL_GROUPS;
	op->pass_next = PARTIAL_PASSED;
	mill_status status = op_groups_init(&op->groups, env, spec, err);
	if (status != MILL_OK) {
		mill_mem_free(op);
		return status;
	}
	*out = op;
	return MILL_OK;
}

mill_status mill_group_partial_new(const mill_op_env *env, const mill_group_spec *spec, mill_sink *next,
                                   mill_sink **out, mill_error *err)
{
	group_op *op = NULL;
	if (mill_group_needs_whole(spec))
		return mill_fail(err, MILL_INTERNAL, "an aggregate that needs whole groups has no partial state");
	MILL_TRY(group_new(env, spec, next, &op, err));
	op->base.sink.push = partial_push;
	op->base.sink.finish_unit = partial_finish_unit;
	op->base.sink.finish = partial_finish;
	*out = &op->base.sink;
	return MILL_OK;
}

mill_status mill_group_final_new(const mill_op_env *env, const mill_group_spec *spec, mill_sink *next, mill_sink **out,
                                 mill_error *err)
{
	group_op *op = NULL;
	if (mill_group_needs_whole(spec))
		return mill_fail(err, MILL_INTERNAL, "an aggregate that needs whole groups has no partial state");
	MILL_TRY(group_new(env, spec, next, &op, err));
	op->base.sink.push = final_push;
	op->base.sink.finish_unit = results_finish_unit;
	*out = &op->base.sink;
	return MILL_OK;
}

mill_status mill_group_whole_new(const mill_op_env *env, const mill_group_spec *spec, mill_sink *next, mill_sink **out,
                                 mill_error *err)
{
	group_op *op = NULL;
	MILL_TRY(group_new(env, spec, next, &op, err));
	op->base.sink.push = whole_push;
	op->base.sink.finish_unit = results_finish_unit;
	*out = &op->base.sink;
	return MILL_OK;
}
