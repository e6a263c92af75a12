/* Plans and schemas of statements against expected text. */
#ifndef RANKMILL_TESTS_SQL_EXPECT_H
#define RANKMILL_TESTS_SQL_EXPECT_H

#include "sql_catalog.h"
#include "unit.h"

/* f holds the text that a statement gave, or the error that stopped it; it is released. */
static inline void sql_expect_end(int line, sql_fixture *f, const char *sql, mill_status status, const char *expected)
{
	bool is_right = status == MILL_OK && strcmp((const char *)f->text.data, expected) == 0;
	if (!is_right)
		printf("    line %d: %s\n%s\n", line, sql,
		       status == MILL_OK ? (const char *)f->text.data : f->err.message);
	CU_ASSERT(is_right);
	sql_fixture_release(f);
}

static inline void sql_expect_text(int line, const char *sql, bool optimise, const char *expected)
{
	sql_fixture f;
	sql_fixture_init(&f);
	mill_status status = sql_fixture_bind(&f, sql);
	if (status == MILL_OK)
		status = sql_fixture_text(&f, optimise);
	sql_expect_end(line, &f, sql, status, expected);
}

static inline void sql_expect_schema(int line, const char *sql, const char *expected)
{
	sql_fixture f;
	sql_fixture_init(&f);
	mill_status status = sql_fixture_bind(&f, sql);
	if (status == MILL_OK)
		status = sql_fixture_schema(&f);
	sql_expect_end(line, &f, sql, status, expected);
}

#define BOUND(sql, text)     sql_expect_text(__LINE__, sql, false, text)
#define OPTIMISED(sql, text) sql_expect_text(__LINE__, sql, true, text)
#define SCHEMA(sql, text)    sql_expect_schema(__LINE__, sql, text)

#endif
