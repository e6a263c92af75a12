/* What a long wait calls so that others make headway meanwhile: rooms that wait do not know who that is. */
#ifndef MILL_BASE_HOOK_H
#define MILL_BASE_HOOK_H

#include "base/status.h"

/* Passed along as a value; one whose call is NULL does nothing. */
typedef struct mill_hook {
	/* Anything but MILL_OK ends the wait: MILL_INTERRUPTED where the run is asked to stop. */
	mill_status (*call)(void *context, mill_error *err);
	void *context; /* borrowed */
} mill_hook;

/* Calls the hook, if there is one; its status. Not collective. */
MILL_NODISCARD static inline mill_status mill_hook_call(const mill_hook *hook, mill_error *err)
{
	return hook->call == NULL ? MILL_OK : hook->call(hook->context, err);
}

#endif
