/* strptime formats; the expected instants are Python's datetime.strptime. */
#include "formats/time_format.h"
#include "unit.h"

#include <string.h>

#define NO INT64_MIN

static void instants(void)
{
	static const struct {
		const char *format, *text;
		int64_t us;
	} cases[] = {
	    {"%Y-%m-%d %H:%M:%S", "2009-06-15 17:26:21", 1245086781000000},
	    {"%Y-%m-%d %H:%M:%S", "2009-6-5 7:6:1", 1244185561000000},
	    {"%Y-%m-%d %H:%M:%S", "2009-06-15 17:26", NO},
	    {"%Y-%m-%d", "2009-06-15x", NO},
	    {"%Y%m%d", "20090615", 1245024000000000},
	    {"%d/%m/%y", "15/06/09", 1245024000000000},
	    {"%d/%m/%y", "15/06/69", -17280000000000},
	    {"%d/%m/%y", "15/06/68", 3106944000000000},
	    {"%j %Y", "366 2008", 1230681600000000},
	    {"%j %Y", "366 2009", NO},
	    {"%A, %d %B %Y %I:%M %p", "Monday, 15 June 2009 12:05 AM", 1245024300000000},
	    {"%a %d %b %Y %I:%M%p", "MON 15 jun 2009 12:05pm", 1245067500000000},
	    {"%d %b %Y", "15 June 2009", 1245024000000000},
	    {"%m/%d/%Y %H:%M:%S.%f", "06/15/2009 17:26:21.5", 1245086781500000},
	    {"%m/%d/%Y %H:%M:%S.%f", "06/15/2009 17:26:21.1234565", 1245086781123457},
	    {"%Y-%m-%dT%H:%M:%S%z", "2009-06-15T17:26:21+0200", 1245079581000000},
	    {"%Y-%m-%dT%H:%M:%S%z", "2009-06-15T17:26:21-05:30", 1245106581000000},
	    {"%Y-%m-%dT%H:%M:%S%z", "2009-06-15T17:26:21Z", 1245086781000000},
	    {"%Y-%m-%d %H:%M:%S %Z", "2009-06-15 17:26:21 UTC", 1245086781000000},
	    {"%Y-%m-%d %H:%M:%S %Z", "2009-06-15 17:26:21 EST", NO},
	    {"%Y-%m-%d %H:%M:%S %Z", "2009-06-15 17:26:21 +0200", NO},
	    {"100%% %Y", "100% 1970", 0},
	    {"%Y  %m", "1970   2", 2678400000000},
	    {"%Y-%m-%d", "2009-02-29", NO},
	    {"%Y-%m-%d", "0000-01-01", NO},
	    {"%Y-%m-%d %H", "2009-06-15 24", NO},
	    {"%Y-%m-%d %H:%M:%S", "2009-06-15 23:59:60", NO},
	    {"%Y-%m-%d %I", "2009-06-15 13", NO},
	};
	mill_error err;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		mill_time_format format;
		int64_t us = NO;
		CU_ASSERT_EQUAL_FATAL(mill_time_format_compile(cases[i].format, &format, &err), MILL_OK);
		bool ok = mill_time_format_parse(&format, cases[i].text, strlen(cases[i].text), &us);
		CU_ASSERT_EQUAL(ok, cases[i].us != NO);
		if (ok && us != cases[i].us)
			printf("%s %s: %lld\n", cases[i].format, cases[i].text, (long long)us);
		CU_ASSERT(!ok || us == cases[i].us);
	}
}

static void formats(void)
{
	mill_error err;
	mill_time_format f;
	CU_ASSERT_EQUAL(mill_time_format_compile("%Y-%Q", &f, &err), MILL_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "%Q"));
	CU_ASSERT_EQUAL(mill_time_format_compile("%Y-%", &f, &err), MILL_USAGE);
	CU_ASSERT_EQUAL(mill_time_format_compile("%H:%M", &f, &err), MILL_USAGE);
	CU_ASSERT_EQUAL(mill_time_format_compile("%Y-%m-%d", &f, &err), MILL_OK);
	CU_ASSERT(!f.has_time && !f.has_zone);
	CU_ASSERT_EQUAL(mill_time_format_compile("%Y-%m-%d %H %z", &f, &err), MILL_OK);
	CU_ASSERT(f.has_time && f.has_zone);
	char long_format[200] = "%Y";
	memset(long_format + 2, '-', 100);
	CU_ASSERT_EQUAL(mill_time_format_compile(long_format, &f, &err), MILL_USAGE);
}

static const unit_case cases[] = {{"instants", instants}, {"formats", formats}};
UNIT_MAIN("time_format", cases)
