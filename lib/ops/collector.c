/* The end of a chain that keeps batches. */
#include "ops/ops_private.h"

struct mill_collector {
	mill_sink sink;
	op_batches batches;
};

static mill_status collector_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	return op_batches_add(&((mill_collector *)self)->batches, batch, err);
}

static mill_status collector_nothing(mill_sink *self, mill_error *err)
{
	(void)self;
	(void)err;
	return MILL_OK;
}

mill_status mill_collector_new(const mill_op_env *env, mill_collector **out, mill_error *err)
{
	mill_collector *collector = mill_mem_calloc(env->mem, 1, sizeof(*collector));
	if (collector == NULL)
		return mill_fail_nomem(err, sizeof(*collector), "collector");
	collector->sink.push = collector_push;
	collector->sink.finish_unit = collector_nothing;
	collector->sink.finish = collector_nothing;
	collector->batches.mem = env->mem;
	*out = collector;
	return MILL_OK;
}

mill_sink *mill_collector_sink(mill_collector *collector)
{
	return &collector->sink;
}

const mill_batch *mill_collector_batches(const mill_collector *collector, int64_t *count, int64_t *rows)
{
	*count = collector->batches.count;
	*rows = collector->batches.rows;
	return collector->batches.items;
}

void mill_collector_free(mill_collector *collector)
{
	if (collector == NULL)
		return;
	op_batches_release(&collector->batches);
	mill_mem_free(collector);
}
