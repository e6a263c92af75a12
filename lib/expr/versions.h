/* Versions of SLEEF, PCRE2, utf8proc and its Unicode tables. Not collective. */
#ifndef MILL_EXPR_VERSIONS_H
#define MILL_EXPR_VERSIONS_H

#include "base/version.h"

/* Adds them to the list. Not collective. */
void mill_expr_versions(mill_version_list *list);

#endif
