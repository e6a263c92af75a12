#include "base/suggest.h"
#include <string.h>

#define NAME_BYTES 64

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : (unsigned char)c;
}

static int min3(int a, int b, int c)
{
	int least = a < b ? a : b;
	return least < c ? least : c;
}

int mill_edit_distance(const char *a, const char *b)
{
	size_t a_size = strnlen(a, NAME_BYTES), b_size = strnlen(b, NAME_BYTES);
	int rows[3][NAME_BYTES + 1];
	int *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_size; j++)
		above[j] = (int)j;
	for (size_t i = 1; i <= a_size; i++) {
		row[0] = (int)i;
		for (size_t j = 1; j <= b_size; j++) {
			int differs = lower(a[i - 1]) != lower(b[j - 1]);
			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + differs);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = min3(row[j], before[j - 2] + 1, row[j]);
		}
		int *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_size];
}

int mill_suggest_near(const char *name, int distance)
{
	int size = (int)strnlen(name, NAME_BYTES);
	return distance <= (size <= 2 ? 1 : 1 + size / 4) && distance < (size > 1 ? size : 2);
}

const char *mill_suggest(const char *name, const char *const *candidates, size_t count)
{
	const char *best = NULL;
	int best_distance = 0;
	for (size_t i = 0; i < count; i++) {
		int distance = mill_edit_distance(name, candidates[i]);
		if (mill_suggest_near(name, distance) && (best == NULL || distance < best_distance)) {
			best = candidates[i];
			best_distance = distance;
		}
	}
	return best;
}
