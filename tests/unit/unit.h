/* Runs a CUnit suite and prints "ok SUITE.CASE" or "not ok SUITE.CASE" a test, which tests/run.sh counts. */
#ifndef RANKMILL_TESTS_UNIT_H
#define RANKMILL_TESTS_UNIT_H

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>
#include <stdio.h>

typedef struct unit_case {
	const char *name;
	void (*run)(void);
} unit_case;

static const char *unit_suite_name;

static inline void unit_done(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
	(void)suite;
	printf("%s %s.%s\n", failure == NULL ? "ok" : "not ok", unit_suite_name, test->pName);
	for (CU_pFailureRecord f = failure; f != NULL; f = f->pNext)
		printf("    %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
	fflush(stdout);
}

/* Returns main's exit code. */
static inline int unit_main(const char *suite_name, const unit_case *cases, size_t count)
{
	unit_suite_name = suite_name;
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
	for (size_t i = 0; suite != NULL && i < count; i++)
		if (CU_add_test(suite, cases[i].name, cases[i].run) == NULL)
			return 1;
	CU_set_test_complete_handler(unit_done);
	CU_ErrorCode code = CU_run_all_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return code == CUE_SUCCESS && failures == 0 && suite != NULL ? 0 : 1;
}

#define UNIT_MAIN(suite, cases)                                                     \
	int main(void)                                                              \
	{                                                                           \
		return unit_main(suite, cases, sizeof(cases) / sizeof((cases)[0])); \
	}

#endif
