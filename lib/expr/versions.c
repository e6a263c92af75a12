/* The libraries that expressions compute with. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "expr/versions.h"

#include <pcre2.h>
#include <sleef.h>
#include <string.h>
#include <utf8proc.h>

void mill_expr_versions(mill_version_list *list)
{
	char pcre2[64] = "";
	(void)pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	mill_version_add(list, "sleef", "%d.%d.%d", SLEEF_VERSION_MAJOR, SLEEF_VERSION_MINOR, SLEEF_VERSION_PATCHLEVEL);
	mill_version_add(list, "pcre2", "%.*s", (int)strcspn(pcre2, " "), pcre2); /* a date follows */
	mill_version_add(list, "utf8proc", "%s", utf8proc_version());
	mill_version_add(list, "unicode", "%s", utf8proc_unicode_version());
}
