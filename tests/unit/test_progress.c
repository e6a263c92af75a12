/* What `--progress` draws, on terminals of every width. */
#include "observe/progress_display.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that one stage prints: begun, half done, over. */
static char *draw(mill_progress_mode mode, int columns, const char *stage, int64_t rows)
{
	char *text = NULL;
	size_t size = 0;
	mill_progress_display display;
	FILE *stream = open_memstream(&text, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	mill_progress_display_init(&display, mode, columns, stream);
	mill_progress_event event = {.stage = stage, .units_done = 1, .units_total = 4, .bytes_done = 50};
	event.bytes_total = 100;
	event.rows = rows / 2;
	mill_progress_display_report(&display, &event);
	event = (mill_progress_event){.stage = stage, .rows = rows, .done = true};
	mill_progress_display_report(&display, &event);
	mill_progress_display_finish(&display);
	fclose(stream);
	return text;
}

static int characters(const char *text, const char *end)
{
	int n = 0;
	for (; text < end; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static void test_no_line_wraps(void)
{
	for (int columns = 1; columns <= 200; columns++) {
		char *text = draw(MILL_PROGRESS_BAR, columns, "scan Straßenverzeichnis von München", 123456789012);
		for (const char *at = strchr(text, '\r'); at != NULL; at = strchr(at + 1, '\r')) {
			const char *end = strchr(at, '\x1b');
			CU_ASSERT_PTR_NOT_NULL_FATAL(end);
			int limit = columns < 7 ? 6 : columns - 1; /* " 100 %" is the least that is said */
			CU_ASSERT(characters(at + 1, end) <= limit);
		}
		free(text);
	}
}

static void test_bar(void)
{
	char *text = draw(MILL_PROGRESS_BAR, 80, "scan trips", 1000);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\rscan trips               [==============="));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "]  50 %  500 rows  0.0 s\x1b[K"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "==============] 100 %  1000 rows  0.0 s\x1b[K\n"));
	free(text);
	text = draw(MILL_PROGRESS_BAR, 40, "scan trips", 1000);
	CU_ASSERT_PTR_NULL(strchr(text, '='));
	free(text);
}

static void test_plain(void)
{
	char *text = draw(MILL_PROGRESS_PLAIN, 0, "scan trips", 1000);
	CU_ASSERT_STRING_EQUAL(text, "scan trips                       1000 rows     0.00 s\n");
	free(text);
	text = draw(MILL_PROGRESS_NONE, 0, "scan trips", 1000);
	CU_ASSERT_STRING_EQUAL(text, "");
	free(text);
}

static void test_json(void)
{
	char *text = draw(MILL_PROGRESS_JSON, 0, "scan \"a\\b\n", 1000);
	char *seconds = strstr(text, ",\"seconds\":");
	CU_ASSERT_PTR_NOT_NULL_FATAL(seconds);
	*seconds = '\0';
	CU_ASSERT_STRING_EQUAL(
	    text,
	    "{\"stage\":\"scan  a b \",\"done\":true,\"units_done\":4,\"units_total\":4,\"bytes\":100,\"rows\":1000");
	free(text);
}

static const unit_case cases[] = {
    {"no_line_wraps", test_no_line_wraps},
    {"bar", test_bar},
    {"plain", test_plain},
    {"json", test_json},
};
UNIT_MAIN("progress", cases)
