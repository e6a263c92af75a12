/* The PostgreSQL whose grammar libpg_query holds. */
#include "sql/versions.h"

#include <pg_query.h>

void mill_sql_versions(mill_version_list *list)
{
	mill_version_add(list, "postgresql_grammar", "%s", PG_VERSION);
}
