/* What a program of several ranks checks: a line on stderr and one more failure, and on it goes. */
#ifndef RANKMILL_TESTS_CHECK_H
#define RANKMILL_TESTS_CHECK_H

#include <stdio.h>

static int failures;

#define CHECK(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			failures++;                                                     \
		}                                                                       \
	} while (0)

#endif
