/* The two targets of stages that feed other stages: an exchange, and rows kept where they are. */
#include "column/frame.h"
#include "stage/books.h"
#include "stage/flow.h"

typedef struct exchange_target {
	mill_stage_target base;
	mill_run *run;
	const mill_exchange_spec *spec;
	mill_exchange *exchange;
} exchange_target;

static mill_status exchange_begin(mill_stage_target *self, mill_run *run, mill_sink **sink, mill_error *err)
{
	exchange_target *target = (exchange_target *)self;
	mill_exchange_release(target->exchange); /* of an attempt that was dropped */
	target->exchange = NULL;
	MILL_TRY(
	    mill_exchange_create(run->comm, run->mem, run->scratch, run->knobs, target->spec, &target->exchange, err));
	*sink = mill_exchange_sink(target->exchange);
	return MILL_OK;
}

static mill_status exchange_consumed(mill_stage_target *self, int64_t bytes, mill_error *err)
{
	exchange_target *target = (exchange_target *)self;
	mill_exchange_consumed(target->exchange, bytes);
	return mill_exchange_tick(target->exchange, err);
}

static mill_status exchange_end(mill_stage_target *self, mill_run *run, mill_status mine, mill_error *err)
{
	exchange_target *target = (exchange_target *)self;
	MILL_TRY(mill_exchange_drain(target->exchange, mine, err));
	return mill_books_exchange(run->books, mill_exchange_ledger(target->exchange), err);
}

mill_status mill_flow_exchange(mill_run *run, mill_flow *flow, const mill_exchange_spec *spec, mill_exchange **out,
                               mill_error *err)
{
	exchange_target target = {.run = run, .spec = spec};
	target.base.begin = exchange_begin;
	target.base.consumed = exchange_consumed;
	target.base.end = exchange_end;
	mill_status status = mill_stage_run(run, flow, &target.base, err);
	if (status != MILL_OK) {
		mill_exchange_release(target.exchange);
		return status;
	}
	*out = target.exchange;
	return MILL_OK;
}
