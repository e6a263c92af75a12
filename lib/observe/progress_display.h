/* Draws progress events on stderr: a bar, one line per stage, or JSON lines. Rank 0 only: units and bytes are this
 * rank's, rows too until a stage is over, then they are those of all ranks. Not collective. */
#ifndef MILL_OBSERVE_PROGRESS_DISPLAY_H
#define MILL_OBSERVE_PROGRESS_DISPLAY_H

#include "base/progress.h"
#include "base/status.h"
#include <stdbool.h>
#include <stdio.h>

typedef enum mill_progress_mode {
	MILL_PROGRESS_NONE,
	MILL_PROGRESS_BAR,
	MILL_PROGRESS_PLAIN, /* one line when a stage ends */
	MILL_PROGRESS_JSON   /* one line twice a second and when a stage ends */
} mill_progress_mode;

typedef struct mill_progress_display {
	mill_progress_mode mode;
	FILE *stream;
	char stage[64];
	mill_progress_event last; /* of the current stage; its strings are not kept */
	int64_t started_ns;       /* the current stage */
	int64_t drawn_ns;
	int columns; /* of the terminal */
} mill_progress_display;

/* "auto" is a bar on a terminal and plain lines elsewhere. MILL_USAGE: not one of auto, bar, plain, json, none. */
MILL_NODISCARD mill_status mill_progress_mode_parse(const char *text, bool is_terminal, mill_progress_mode *out,
                                                    mill_error *err);
/* Sets up a display on a stream, which is borrowed. columns: of the terminal, for the bar; 0: not known. */
void mill_progress_display_init(mill_progress_display *display, mill_progress_mode mode, int columns, FILE *stream);
/* A mill_progress_fn whose context is the display. */
void mill_progress_display_report(void *display, const mill_progress_event *event);
/* Ends the last stage's line. */
void mill_progress_display_finish(mill_progress_display *display);

#endif
