/* Messages for people, on stderr. A log is passed, never global. Secrets never reach it. Not collective. */
#ifndef MILL_BASE_LOG_H
#define MILL_BASE_LOG_H

#include "base/status.h"

typedef enum mill_log_level { MILL_LOG_ERROR, MILL_LOG_WARN, MILL_LOG_INFO, MILL_LOG_DEBUG } mill_log_level;

typedef struct mill_log {
	mill_log_level level; /* messages above it are dropped */
	int rank;             /* only rank 0 prints below MILL_LOG_DEBUG */
} mill_log;

/* One line with the level's name before it, unless the level is above the log's. */
void mill_log_print(const mill_log *log, mill_log_level level, const char *format, ...) MILL_PRINTF(3, 4);
#define mill_warn(log, ...)  mill_log_print(log, MILL_LOG_WARN, __VA_ARGS__)
#define mill_info(log, ...)  mill_log_print(log, MILL_LOG_INFO, __VA_ARGS__)
#define mill_debug(log, ...) mill_log_print(log, MILL_LOG_DEBUG, __VA_ARGS__)

#endif
