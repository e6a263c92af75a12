/* Counters and timers of one rank, by stage and operator, which observe/ merges over the ranks. A trace is passed,
 * never global. Operators keep the entry they opened and add to its counters a batch at a time. Not collective. */
#ifndef MILL_BASE_TRACE_H
#define MILL_BASE_TRACE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"

/* name, how ranks combine: the sum, or the maximum */
#define MILL_TRACE_COUNTERS(X)                                              \
	X(calls, SUM)                                                       \
	X(ns, SUM)                                                          \
	X(slowest_ns, MAX) /* of one rank; filled in by mill_trace_write */ \
	X(rows_in, SUM)                                                     \
	X(rows_out, SUM)                                                    \
	X(bytes_in, SUM)                                                    \
	X(bytes_out, SUM)                                                   \
	X(spilled_bytes, SUM)                                               \
	X(spilled_buckets, SUM)                                             \
	X(peak_bytes, MAX)

/* Rows that a stage dropped for one reason: rows in = rows out + Σ rows dropped. */
typedef struct mill_trace_drop {
	struct mill_trace_drop *next;
	const char *reason;
	int64_t rows;
} mill_trace_drop;

typedef struct mill_trace_entry {
	struct mill_trace_entry *next;
	const char *stage;
	const char *name; /* of the operator; "" for the stage as a whole */
	mill_trace_drop *drops;
#define X(counter, combine) int64_t counter;
	MILL_TRACE_COUNTERS(X)
#undef X
} mill_trace_entry;

typedef struct mill_trace {
	mill_arena arena;        /* owns entries, drops and names */
	mill_trace_entry *first; /* in the order of opening */
	mill_trace_entry *last;
} mill_trace;

void mill_trace_init(mill_trace *trace, mill_mem *mem);
void mill_trace_release(mill_trace *trace); /* idempotent */

/* The entry of (stage, name), made when new; stays where it is until the trace is released. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_trace_open(mill_trace *trace, const char *stage, const char *name,
                                           mill_trace_entry **out);
/* Counts rows dropped for reason. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_trace_count_drop(mill_trace *trace, mill_trace_entry *entry, const char *reason,
                                                 int64_t rows);

/* ns += time since start, which is a mill_clock_ns(). */
static inline void mill_trace_stop(mill_trace_entry *entry, int64_t start_ns)
{
	entry->ns += mill_clock_ns() - start_ns;
	entry->calls++;
}

/* A versioned blob to gather, and its merging into another trace: entries of one (stage, name) combine. MILL_DATA when
 * the blob is not one. */
MILL_NODISCARD mill_status mill_trace_write(const mill_trace *trace, mill_bytes *out);
MILL_NODISCARD mill_status mill_trace_merge(mill_trace *trace, mill_bytes_view *in, mill_error *err);

#endif
