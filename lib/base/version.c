#include "base/version.h"

#include <stdarg.h>
#include <stdio.h>

void mill_version_add(mill_version_list *list, const char *name, const char *format, ...)
{
	if (list->count == MILL_MOST_VERSIONS)
		return;
	mill_version *version = &list->items[list->count++];
	version->name = name;
	va_list args;
	va_start(args, format);
	vsnprintf(version->text, sizeof version->text, format, args);
	va_end(args);
}

void mill_base_versions(mill_version_list *list)
{
#ifdef __clang__
	mill_version_add(list, "compiler", "clang %d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
	mill_version_add(list, "compiler", "gcc %d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}
