#include "observe/progress_display.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

#define REDRAW_NS       INT64_C(100000000)
#define JSON_NS         INT64_C(500000000)
#define BAR_WIDTH       30
#define LEAST_BAR       6 /* below this a bar says nothing */
#define LEAST_NAME      10
#define NAME_WIDTH      24
#define DEFAULT_COLUMNS 80

mill_status mill_progress_mode_parse(const char *text, bool is_terminal, mill_progress_mode *out, mill_error *err)
{
	if (strcmp(text, "auto") == 0)
		*out = is_terminal ? MILL_PROGRESS_BAR : MILL_PROGRESS_PLAIN;
	else if (strcmp(text, "bar") == 0)
		*out = MILL_PROGRESS_BAR;
	else if (strcmp(text, "plain") == 0)
		*out = MILL_PROGRESS_PLAIN;
	else if (strcmp(text, "json") == 0)
		*out = MILL_PROGRESS_JSON;
	else if (strcmp(text, "none") == 0)
		*out = MILL_PROGRESS_NONE;
	else
		return mill_fail(err, MILL_USAGE, "--progress: \"%s\" is not one of auto, bar, plain, json, none",
		                 text);
	return MILL_OK;
}

void mill_progress_display_init(mill_progress_display *display, mill_progress_mode mode, int columns, FILE *stream)
{
	*display = (mill_progress_display){.mode = mode, .stream = stream};
	display->columns = columns > 0 ? columns : DEFAULT_COLUMNS;
}

static double share_done(const mill_progress_event *event)
{
	if (event->bytes_total > 0)
		return (double)event->bytes_done / (double)event->bytes_total;
	return event->units_total > 0 ? (double)event->units_done / (double)event->units_total : 0;
}

static double seconds_of(const mill_progress_display *display)
{
	return (double)(mill_clock_ns() - display->started_ns) / 1e9;
}

/* The stage's name in `width` characters, cut or filled up. */
static void put_name(const mill_progress_display *display, int width)
{
	int characters = 0;
	size_t n = 0;
	for (const char *c = display->stage; *c != '\0'; c++, n++) {
		bool begins = ((unsigned char)*c & 0xC0) != 0x80;
		if (begins && characters == width)
			break;
		characters += begins;
	}
	fprintf(display->stream, "%.*s%*s", (int)n, display->stage, width - characters, "");
}

/* One line that never wraps: what a narrow terminal has no room for is left out, the bar first. */
static void draw_bar(mill_progress_display *display)
{
	double share = share_done(&display->last);
	char numbers[80];
	int size = snprintf(numbers, sizeof numbers, " %3d %%  %" PRId64 " rows  %.1f s", (int)(share * 100),
	                    display->last.rows, seconds_of(display));
	int room = display->columns - 1 - size;
	if (room < LEAST_NAME) /* the share alone */
		size = (int)strcspn(numbers, "%") + 1;
	room = display->columns - 1 - size;
	int name = room < NAME_WIDTH ? room : NAME_WIDTH;
	int bar = room - name - (int)strlen(" []");
	bar = bar > BAR_WIDTH ? BAR_WIDTH : bar;
	int full = (int)(share * bar);
	full = full < 0 ? 0 : full > bar ? bar : full;
	fputc('\r', display->stream);
	put_name(display, name < 0 ? 0 : name);
	if (bar >= LEAST_BAR)
		fprintf(display->stream, " [%.*s%*s]", full, "==============================", bar - full, "");
	fprintf(display->stream, "%.*s\x1b[K", size, numbers);
	fflush(display->stream);
}

static void draw_json(const mill_progress_display *display, bool done)
{
	fprintf(display->stream,
	        "{\"stage\":\"%s\",\"done\":%s,\"units_done\":%" PRId64 ",\"units_total\":%" PRId64
	        ",\"bytes\":%" PRId64 ",\"rows\":%" PRId64 ",\"seconds\":%.3f}\n",
	        display->stage, done ? "true" : "false", display->last.units_done, display->last.units_total,
	        display->last.bytes_done, display->last.rows, seconds_of(display));
}

static void end_stage(mill_progress_display *display)
{
	if (display->stage[0] == '\0')
		return;
	if (display->mode == MILL_PROGRESS_JSON)
		draw_json(display, true);
	if (display->mode == MILL_PROGRESS_PLAIN)
		fprintf(display->stream, "%-24s %12" PRId64 " rows %8.2f s\n", display->stage, display->last.rows,
		        seconds_of(display));
	if (display->mode == MILL_PROGRESS_BAR) {
		draw_bar(display);
		fputc('\n', display->stream);
	}
	display->stage[0] = '\0';
}

/* A name that goes into JSON as it is. */
static void keep_name(mill_progress_display *display, const char *stage)
{
	size_t n = 0;
	for (; stage[n] != '\0' && n < sizeof display->stage - 1; n++)
		display->stage[n] =
		    (unsigned char)stage[n] < 0x20 || stage[n] == '"' || stage[n] == '\\' ? ' ' : stage[n];
	display->stage[n] = '\0';
}

void mill_progress_display_report(void *context, const mill_progress_event *event)
{
	mill_progress_display *display = context;
	if (display->mode == MILL_PROGRESS_NONE)
		return;
	int64_t now = mill_clock_ns();
	if (event->done) {
		display->last.rows = event->rows;
		if (display->last.units_total < 1)
			display->last.units_total = 1;
		display->last.units_done = display->last.units_total;
		if (display->last.bytes_total > 0)
			display->last.bytes_done = display->last.bytes_total;
		end_stage(display);
		return;
	}
	bool is_new = display->stage[0] == '\0';
	if (is_new) {
		keep_name(display, event->stage);
		display->started_ns = now;
		display->drawn_ns = 0;
	}
	display->last = *event;
	display->last.stage = NULL;
	int64_t pause = display->mode == MILL_PROGRESS_JSON ? JSON_NS : REDRAW_NS;
	if (now - display->drawn_ns < pause)
		return;
	display->drawn_ns = now;
	if (display->mode == MILL_PROGRESS_BAR)
		draw_bar(display);
	else if (display->mode == MILL_PROGRESS_JSON && !is_new)
		draw_json(display, false);
}

void mill_progress_display_finish(mill_progress_display *display)
{
	end_stage(display);
}
