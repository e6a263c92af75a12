/* What a long stage tells whoever watches: passed down as a callback, drawn by observe/. Header only. Not collective.
 */
#ifndef MILL_BASE_PROGRESS_H
#define MILL_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where this rank stands in a stage. Totals are 0 while unknown. Strings are borrowed for the call. */
typedef struct mill_progress_event {
	const char *stage; /* "scan trips" */
	int64_t units_done, units_total;
	int64_t bytes_done, bytes_total;
	int64_t rows;
	bool done; /* the stage is over on all ranks, and rows are those of all of them */
} mill_progress_event;

/* Called at batch boundaries, so it must be cheap and must not wait. */
typedef void (*mill_progress_fn)(void *context, const mill_progress_event *event);

typedef struct mill_progress {
	mill_progress_fn report; /* NULL: nobody watches */
	void *context;
} mill_progress;

/* progress may be NULL. */
static inline void mill_progress_report(const mill_progress *progress, const mill_progress_event *event)
{
	if (progress != NULL && progress->report != NULL)
		progress->report(progress->context, event);
}

#endif
