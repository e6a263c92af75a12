#include "base/status.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int exit_code;
	const char *text;
} status_table[] = {
#define X(name, exit_code, text) {#name, exit_code, text},
    MILL_STATUS_TABLE(X)
#undef X
};

const char *mill_status_name(mill_status status)
{
	return (unsigned)status < MILL_STATUS_COUNT ? status_table[status].name : "UNKNOWN";
}

const char *mill_status_text(mill_status status)
{
	return (unsigned)status < MILL_STATUS_COUNT ? status_table[status].text : "unknown status";
}

int mill_status_exit_code(mill_status status)
{
	return (unsigned)status < MILL_STATUS_COUNT ? status_table[status].exit_code : 1;
}

/* Marks a message that did not fit. The cut never splits a UTF-8 sequence. */
static void mark_cut(char *message, size_t capacity)
{
	static const char ellipsis[] = "\xE2\x80\xA6";
	size_t at = capacity - sizeof ellipsis;
	while (at > 0 && ((unsigned char)message[at] & 0xC0U) == 0x80U)
		at--;
	memcpy(message + at, ellipsis, sizeof ellipsis);
}

mill_status mill_fail_v(mill_error *err, mill_status status, const char *format, va_list args)
{
	if (err == NULL)
		return status;
	err->status = status;
	int n = vsnprintf(err->message, sizeof err->message, format, args);
	if (n < 0)
		err->message[0] = '\0';
	else if ((size_t)n >= sizeof err->message)
		mark_cut(err->message, sizeof err->message);
	return status;
}

mill_status mill_fail(mill_error *err, mill_status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	mill_fail_v(err, status, format, args);
	va_end(args);
	return status;
}

mill_status mill_fail_context(mill_error *err, mill_status status, const char *format, ...)
{
	if (err == NULL)
		return status;
	char inner[sizeof err->message];
	memcpy(inner, err->message, sizeof inner);
	va_list args;
	va_start(args, format);
	mill_fail_v(err, status, format, args);
	va_end(args);
	size_t used = strlen(err->message);
	int n = snprintf(err->message + used, sizeof err->message - used, ": %s", inner);
	if (n >= 0 && (size_t)n >= sizeof err->message - used)
		mark_cut(err->message, sizeof err->message);
	return status;
}

mill_status mill_fail_nomem(mill_error *err, size_t size_bytes, const char *what)
{
	return mill_fail(err, MILL_NOMEM,
	                 "out of memory: %zu bytes for %s do not fit the budget; give more with --memory, "
	                 "or use more nodes",
	                 size_bytes, what);
}
