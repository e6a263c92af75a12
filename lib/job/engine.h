/* The job room: job files, parameters, secrets, the catalog of names, and the commands over them; what the engine's
 * files share. Its public face is rankmill.h.
 *
 * It must not know how a command line is read or how a process is launched (apps/), nor read, move or write rows
 * itself: it binds what a job says and has stage/ and build/ do it. Formats are known here by a list alone (formats.h).
 */
#ifndef MILL_JOB_ENGINE_H
#define MILL_JOB_ENGINE_H

#include "job/catalog.h"
#include "rankmill.h"

struct mill_engine {
	mill_mem *mem;
	mill_arena arena; /* lives as long as the engine */
	mill_knobs knobs;
	mill_log log;
	mill_storage storage;
	mill_comm *comm;
	mill_scratch *scratch;
	const mill_progress *progress;
};

/* A run over the engine's ranks with empty books. Collective. */
MILL_NODISCARD mill_status mill_engine_begin(mill_engine *engine, mill_run *run, mill_error *err);
void mill_engine_end(mill_engine *engine, mill_run *run); /* idempotent, not collective */

#endif
