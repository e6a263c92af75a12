/* Messages that point into SQL text. */
#include "base/utf8.h"
#include "sql/sql.h"

#include <stdio.h>
#include <string.h>

/* A line longer than this is shown around the caret only. */
enum { SHOWN_BYTES = 100, SHOWN_BEFORE = 60 };

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0U) == 0x80U;
}

typedef struct shown_line {
	int line;     /* from 1 */
	int column;   /* from 1, in characters */
	int from, to; /* bytes of the text that are shown */
	bool cut_before, cut_after;
} shown_line;

static shown_line locate(const char *text, int position)
{
	int length = (int)strnlen(text, INT32_MAX);
	if (position > length)
		position = length;
	while (position > 0 && is_continuation(text[position]))
		position--;
	shown_line shown = {1, 1, 0, 0, false, false};
	for (int i = 0; i < position; i++) {
		if (text[i] == '\n') {
			shown.line++;
			shown.from = i + 1;
		}
	}
	for (int i = shown.from; i < position; i++)
		shown.column += !is_continuation(text[i]);
	shown.to = position;
	while (shown.to < length && text[shown.to] != '\n' && text[shown.to] != '\r')
		shown.to++;
	if (shown.to - shown.from <= SHOWN_BYTES)
		return shown;
	if (position - shown.from > SHOWN_BEFORE) {
		shown.from = position - SHOWN_BEFORE;
		shown.cut_before = true;
		while (is_continuation(text[shown.from]))
			shown.from++;
	}
	if (shown.to - shown.from > SHOWN_BYTES) {
		shown.to = shown.from + SHOWN_BYTES;
		shown.cut_after = true;
		while (shown.to > shown.from && is_continuation(text[shown.to]))
			shown.to--;
	}
	return shown;
}

/* Blanks of the same width as the text before the caret: tabs stay tabs. */
static void pad(const char *from, const char *to, char *out, size_t capacity)
{
	size_t n = 0;
	while (from < to) {
		const char *next = from + 1;
		while (next < to && is_continuation(*next))
			next++;
		for (int cells = mill_utf8_cells(from, (size_t)(next - from)); cells > 0 && n + 1 < capacity; cells--)
			out[n++] = *from == '\t' ? '\t' : ' ';
		from = next;
	}
	out[n] = '\0';
}

mill_status mill_sql_fail_at(mill_error *err, mill_status status, const char *where, const char *text, int position,
                             const char *format, ...)
{
	char message[2048];
	va_list args;
	va_start(args, format);
	if (vsnprintf(message, sizeof message, format, args) < 0)
		message[0] = '\0';
	va_end(args);
	const char *prefix = where == NULL ? "SQL" : where;
	if (text == NULL || position < 0)
		return mill_fail(err, status, "%s: %s", prefix, message);
	shown_line shown = locate(text, position);
	char blanks[SHOWN_BYTES + 1];
	int caret = position < shown.to ? position : shown.to;
	pad(text + shown.from, text + caret, blanks, sizeof blanks);
	return mill_fail(err, status, "%s:%d:%d: %s\n  %s%.*s%s\n  %s%s^", prefix, shown.line, shown.column, message,
	                 shown.cut_before ? "\xE2\x80\xA6" : "", shown.to - shown.from, text + shown.from,
	                 shown.cut_after ? "\xE2\x80\xA6" : "", shown.cut_before ? " " : "", blanks);
}
