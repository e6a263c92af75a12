#include "base/status.h"
#include "unit.h"

#include <string.h>

static void exit_codes(void)
{
	CU_ASSERT_EQUAL(mill_status_exit_code(MILL_OK), 0);
	CU_ASSERT_EQUAL(mill_status_exit_code(MILL_IO), 1);
	CU_ASSERT_EQUAL(mill_status_exit_code(MILL_USAGE), 2);
	CU_ASSERT_EQUAL(mill_status_exit_code(MILL_DATA), 3);
	CU_ASSERT_EQUAL(mill_status_exit_code(MILL_DIFFERENT), 4);
	CU_ASSERT_EQUAL(mill_status_exit_code(MILL_INTERRUPTED), 75);
}

static void context_goes_before(void)
{
	mill_error err = {0};
	CU_ASSERT_EQUAL(mill_fail(&err, MILL_IO, "cannot open %s", "x"), MILL_IO);
	CU_ASSERT_EQUAL(mill_fail_context(&err, MILL_IO, "rank %d", 3), MILL_IO);
	CU_ASSERT_STRING_EQUAL(err.message, "rank 3: cannot open x");
}

static void long_message_is_marked(void)
{
	mill_error err = {0};
	static char text[2 * sizeof err.message];
	memset(text, 'a', sizeof text - 1);
	CU_ASSERT_EQUAL(mill_fail(&err, MILL_DATA, "%s", text), MILL_DATA);
	CU_ASSERT(strlen(err.message) < sizeof err.message);
	CU_ASSERT_STRING_EQUAL(err.message + strlen(err.message) - 3, "\xE2\x80\xA6");
}

static const unit_case cases[] = {
    {"exit_codes", exit_codes},
    {"context_goes_before", context_goes_before},
    {"long_message_is_marked", long_message_is_marked},
};
UNIT_MAIN("status", cases)
