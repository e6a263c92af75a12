/* A total order over all ranks: rows are kept where they are while their sort keys are sampled, then exchanged by
 * ranges of the key and sorted bucket by bucket. Splitters decide who sorts what, never what comes out. */
#include "column/builder.h"
#include "ops/op_base.h"
#include "stage/compile.h"

#include <string.h>

#define MOST_SAMPLES 16384

/* Every stride-th key; when full, every second sample is dropped and the stride doubles. */
typedef struct sampler {
	mill_run *run;
	mill_builder keys;
	int key;
	int64_t stride;
	int64_t until_next;
	int64_t rows;
} sampler;

typedef struct sample_op {
	mill_op_base base;
	sampler *sampler;
} sample_op;

typedef struct sample_maker {
	mill_op_maker base;
	sampler *sampler;
} sample_maker;

static mill_status thin_out(sampler *s, mill_error *err)
{
	mill_column all;
	MILL_TRY(mill_builder_finish(&s->keys, &all, err));
	mill_status status = MILL_OK;
	for (int64_t i = 0; i < all.rows && status == MILL_OK; i += 2)
		status = mill_builder_copy(&s->keys, &all, i);
	mill_column_release(&all);
	s->stride *= 2;
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, 0, "samples of a sort");
}

static mill_status sample_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	sample_op *op = (sample_op *)self;
	sampler *s = op->sampler;
	const mill_column *keys = &batch->columns[s->key];
	s->rows += batch->rows;
	for (int64_t row = s->until_next; row < batch->rows; row += s->stride) {
		if (mill_builder_copy(&s->keys, keys, row) != MILL_OK)
			return mill_fail_nomem(err, 0, "samples of a sort");
		if (s->keys.rows >= MOST_SAMPLES)
			MILL_TRY(thin_out(s, err));
		s->until_next = row + s->stride;
	}
	s->until_next = mill_max_i64(0, s->until_next - batch->rows);
	return mill_op_emit(&op->base, batch, err);
}

static mill_status sample_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                               mill_error *err)
{
	sample_op *op = NULL;
	mill_op_env env = mill_run_env(run);
	MILL_TRY(mill_op_new(&env, sizeof *op, next, "samples of a sort", &op, err));
	op->base.sink.push = sample_push;
	op->sampler = ((const sample_maker *)self)->sampler;
	/* An attempt that is repeated starts over. */
	mill_builder_release(&op->sampler->keys);
	mill_builder_init(&op->sampler->keys, run->mem, mill_type_of(MILL_TYPE_BINARY));
	op->sampler->stride = 1;
	op->sampler->until_next = op->sampler->rows = 0;
	*out = &op->base.sink;
	return MILL_OK;
}

/* Collective: keeps the flow's rows and finds splitters for about `buckets` ranges of column key. */
static mill_status keep_and_sample(mill_run *run, mill_flow *flow, int key, int64_t buckets, mill_local **local,
                                   mill_column *splitters, mill_error *err)
{
	sampler s = {.run = run, .key = key, .stride = 1};
	mill_column samples = {0};
	sample_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return mill_fail_nomem(err, sizeof *maker, "an operator");
	mill_builder_init(&s.keys, run->mem, mill_type_of(MILL_TYPE_BINARY));
	*maker = (sample_maker){{"sample", MILL_ROWS_KEPT, sample_make, NULL, NULL}, &s};
	mill_flow_append(flow, &maker->base);
	mill_status status = mill_flow_materialise(run, flow, local, err);
	if (status == MILL_OK) {
		status = mill_comm_agree(run->comm, mill_builder_finish(&s.keys, &samples, err), err);
		if (status == MILL_OK)
			status =
			    mill_splitters_from_samples(run->comm, run->mem, &samples, s.rows, buckets, splitters, err);
		if (status != MILL_OK) {
			mill_local_free(*local);
			*local = NULL;
		}
	}
	mill_column_release(&samples);
	mill_builder_release(&s.keys);
	return status;
}

static mill_status exchange_by_range(mill_run *run, mill_flow *flow, int key, int64_t buckets, mill_exchange **out,
                                     mill_error *err)
{
	mill_local *local = NULL;
	mill_column splitters = {0};
	MILL_TRY(keep_and_sample(run, flow, key, buckets, &local, &splitters, err));
	mill_exchange_spec spec = {.name = "sort", .kind = MILL_EXCHANGE_BY_RANGE, .key_columns = &key, .key_count = 1};
	spec.splitters = &splitters;
	mill_flow kept = {.name = "sort"};
	mill_status status = mill_local_source_new(run, local, true, &kept.source, err);
	if (status == MILL_OK)
		status = mill_flow_exchange(run, &kept, &spec, out, err);
	mill_local_free(local);
	mill_column_release(&splitters);
	return status;
}

mill_status mill_flow_sort(mill_run *run, const mill_plan *plan, mill_flow *flow, mill_error *err)
{
	int key = flow->column_count;
	int64_t buckets = mill_bucket_count_for(run, flow->bytes);
	mill_exchange *exchange = NULL;
	MILL_TRY(mill_flow_add(flow, mill_make_sort_key(run, plan->orders, plan->order_count, true), err));
	if (buckets == 1) {
		mill_exchange_spec spec = {.name = "sort", .kind = MILL_EXCHANGE_TO_ONE};
		MILL_TRY(mill_flow_exchange(run, flow, &spec, &exchange, err));
	} else {
		MILL_TRY(exchange_by_range(run, flow, key, buckets, &exchange, err));
	}
	int64_t mine = mill_exchange_local_rows(exchange);
	int64_t first = 0;
	mill_status status = mill_comm_exscan_i64(run->comm, &mine, 1, &first, err);
	if (status == MILL_OK)
		status = mill_flow_from_buckets(run, flow, exchange, err);
	if (status != MILL_OK) {
		mill_exchange_release(exchange);
		return status;
	}
	flow->ordered = true;
	MILL_TRY(mill_flow_add(flow, mill_make_sort(run, key, INT64_MAX, true), err));
	if (plan->limit >= 0 || plan->offset > 0) {
		int64_t end = plan->limit < 0 ? INT64_MAX : plan->offset + plan->limit;
		int64_t skip = mill_min_i64(mine, mill_max_i64(0, plan->offset - first));
		int64_t take = mill_max_i64(0, mill_min_i64(mine - skip, end - first - skip));
		MILL_TRY(mill_flow_add(flow, mill_make_limit(run, skip, take), err));
		first = mill_max_i64(0, first - plan->offset);
	}
	return plan->kind == MILL_PLAN_SORT ? mill_flow_add(flow, mill_make_position(run, first), err) : MILL_OK;
}
