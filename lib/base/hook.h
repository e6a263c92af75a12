/* What a long wait calls so that others make headway meanwhile: rooms that wait do not know who that is.
 *
 * A hook is passed along as a value; its context is borrowed. One whose call is NULL does nothing. */
#ifndef MILL_BASE_HOOK_H
#define MILL_BASE_HOOK_H

#include <stddef.h>

typedef struct mill_hook {
	void (*call)(void *context); /* NULL: nothing to do */
	void *context;               /* borrowed */
} mill_hook;

/* Calls the hook, if there is one. Not collective. */
static inline void mill_hook_call(const mill_hook *hook)
{
	if (hook->call != NULL)
		hook->call(hook->context);
}

#endif
