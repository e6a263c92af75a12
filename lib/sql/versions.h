/* Version of PostgreSQL's grammar. Not collective. */
#ifndef MILL_SQL_VERSIONS_H
#define MILL_SQL_VERSIONS_H

#include "base/version.h"

/* Adds it to the list. Not collective. */
void mill_sql_versions(mill_version_list *list);

#endif
