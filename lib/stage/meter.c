#include "stage/meter.h"

static int64_t bytes_so_far(const mill_meter *meter)
{
	return meter->source->consumed_bytes != NULL ? meter->source->consumed_bytes(meter->source) : 0;
}

static void report(const mill_meter *meter)
{
	mill_progress_event event = {.stage = meter->stage, .units_done = meter->units_done, .rows = meter->rows};
	event.units_total = meter->units_total;
	event.bytes_done = bytes_so_far(meter);
	event.bytes_total = meter->bytes_total;
	mill_progress_report(meter->run->progress, &event);
}

mill_status mill_meter_tick(mill_meter *meter, mill_error *err)
{
	if (meter->stage != NULL)
		report(meter);
	mill_comm_progress(meter->run->comm);
	MILL_TRY(mill_mem_relieve(meter->run->mem, err));
	MILL_TRY(mill_comm_check_stop(meter->run->comm, err));
	if (meter->target != NULL && meter->target->consumed != NULL)
		return meter->target->consumed(meter->target, bytes_so_far(meter), err);
	return MILL_OK;
}

static mill_status meter_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	mill_meter *meter = (mill_meter *)self;
	meter->rows += batch->rows;
	if (meter->source != NULL)
		MILL_TRY(mill_meter_tick(meter, err));
	MILL_TRY(mill_sink_push(meter->next, batch, err));
	self->done = meter->next->done;
	return MILL_OK;
}

static mill_status meter_finish_unit(mill_sink *self, mill_error *err)
{
	mill_meter *meter = (mill_meter *)self;
	MILL_TRY(meter->next->finish_unit(meter->next, err));
	self->done = meter->next->done;
	return MILL_OK;
}

static mill_status meter_finish(mill_sink *self, mill_error *err)
{
	mill_meter *meter = (mill_meter *)self;
	return meter->next->finish(meter->next, err);
}

void mill_meter_init(mill_meter *meter, mill_run *run, mill_sink *next)
{
	*meter = (mill_meter){.next = next, .run = run};
	meter->sink.push = meter_push;
	meter->sink.finish_unit = meter_finish_unit;
	meter->sink.finish = meter_finish;
	meter->sink.done = next->done;
}
