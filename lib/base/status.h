/* Status codes and located error messages.
 *
 * Every fallible function returns a mill_status and takes an optional, caller-owned mill_error as its last
 * parameter. On failure the message says what failed, where, and what to do. Outputs are untouched on failure.
 * Idea: nanoarrow's ArrowError, libuv's X-macro error table. Not collective. */
#ifndef MILL_BASE_STATUS_H
#define MILL_BASE_STATUS_H

#include <stdarg.h>
#include <stddef.h>

/* name, exit code of the process when a run ends with it, text */
#define MILL_STATUS_TABLE(X)                               \
	X(OK, 0, "ok")                                     \
	X(NOMEM, 1, "out of memory")                       \
	X(IO, 1, "input/output failure")                   \
	X(NOT_FOUND, 1, "not found")                       \
	X(LOST_RANK, 1, "a rank was lost")                 \
	X(INTERNAL, 1, "internal error, please report it") \
	X(USAGE, 2, "invalid usage, job file or SQL")      \
	X(NOT_YET, 2, "not supported yet")                 \
	X(EXISTS, 2, "already exists")                     \
	X(DATA, 3, "data refused")                         \
	X(DIFFERENT, 4, "a difference was found")          \
	X(INTERRUPTED, 75, "interrupted")

typedef enum mill_status {
#define X(name, exit_code, text) MILL_##name,
	MILL_STATUS_TABLE(X)
#undef X
	    MILL_STATUS_COUNT
} mill_status;

#define MILL_NODISCARD                       __attribute__((warn_unused_result))
#define MILL_PRINTF(format_index, first_arg) __attribute__((format(printf, format_index, first_arg)))

/* A message a user can act on. Zero-initialise it; it holds no resources. A message too long is cut with "…". */
typedef struct mill_error {
	mill_status status;
	char message[4096];
} mill_error;

/* "NOMEM"; the table's text; the documented exit code. Not collective. */
const char *mill_status_name(mill_status status);
/* The table's text for people. Not collective. */
const char *mill_status_text(mill_status status);
/* The exit code of a process that ends with it. Not collective. */
int mill_status_exit_code(mill_status status);

/* Fills err (when not NULL) and returns status, so that `return mill_fail(err, MILL_IO, "...")` is the idiom. */
mill_status mill_fail(mill_error *err, mill_status status, const char *format, ...) MILL_PRINTF(3, 4);
/* mill_fail for a va_list. */
mill_status mill_fail_v(mill_error *err, mill_status status, const char *format, va_list args);
/* Puts "context: " before the message of err and returns its status. */
mill_status mill_fail_context(mill_error *err, mill_status status, const char *format, ...) MILL_PRINTF(3, 4);
/* The standard message for a failed allocation of size bytes for `what` ("hash table of aggregate"). */
mill_status mill_fail_nomem(mill_error *err, size_t size_bytes, const char *what);

/* Returns from the enclosing function when expr fails. */
#define MILL_TRY(expr)                                 \
	do {                                           \
		mill_status mill_try_status_ = (expr); \
		if (mill_try_status_ != MILL_OK)       \
			return mill_try_status_;       \
	} while (0)

/* Jumps to label when expr fails; needs a local `mill_status status`. */
#define MILL_TRY_GOTO(expr, label)     \
	do {                           \
		status = (expr);       \
		if (status != MILL_OK) \
			goto label;    \
	} while (0)

#endif
