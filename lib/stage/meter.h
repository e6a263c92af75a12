/* A sink that counts the rows it hands on, and tells a target how much input was consumed. Not collective. */
#ifndef MILL_STAGE_METER_H
#define MILL_STAGE_METER_H

#include "stage/flow.h"

typedef struct mill_meter {
	mill_sink sink;
	mill_sink *next;
	mill_run *run;
	const mill_unit_source *source; /* NULL: only count */
	mill_stage_target *target;
	int64_t rows;
	const char *stage; /* NULL: progress is not reported */
	int64_t units_done;
	int64_t units_total;
	int64_t bytes_total; /* of this rank's input; 0: unknown */
} mill_meter;

/* A meter in front of next, which is borrowed; source, target and stage are the caller's to set. */
void mill_meter_init(mill_meter *meter, mill_run *run, mill_sink *next);
/* Lets rounds and transfers happen: once per batch, also for batches that a pushed-down filter emptied. Errors of the
 * target's consumed, MILL_INTERRUPTED. */
MILL_NODISCARD mill_status mill_meter_tick(mill_meter *meter, mill_error *err);

#endif
