#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>

#define LINE_BYTES 8192

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static bool is_wanted(const mill_log *log, mill_log_level level)
{
	return level <= log->level && (log->rank == 0 || level == MILL_LOG_DEBUG);
}

void mill_log_print(const mill_log *log, mill_log_level level, const char *format, ...)
{
	if (!is_wanted(log, level))
		return;
	char line[LINE_BYTES];
	int head = level == MILL_LOG_DEBUG
	               ? snprintf(line, sizeof line, "rankmill[%d]: %s: ", log->rank, level_names[level])
	               : snprintf(line, sizeof line, "rankmill: %s: ", level_names[level]);
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, args);
	va_end(args);
	size_t length = (size_t)head + (n < 0 ? 0 : (size_t)n);
	if (length > sizeof line - 2)
		length = sizeof line - 2;
	line[length++] = '\n';
	/* One call a line, so that lines of several ranks do not mix. */
	fwrite(line, 1, length, stderr);
	fflush(stderr);
}
