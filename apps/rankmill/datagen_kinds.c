/* The kinds of sample data, row by row. */
#include "datagen.h"

#include "base/checked.h"
#include "base/civil.h"
#include "base/hash.h"

#include <math.h>
#include <string.h>

uint64_t datagen_u64(datagen_random *random)
{
	uint64_t words[2] = {random->row, random->counter++};
	return mill_h64(random->seed, words, sizeof words);
}

int64_t datagen_range(datagen_random *random, int64_t low, int64_t high)
{
	uint64_t span = (uint64_t)(high - low) + 1;
	return low + (int64_t)(((mill_u128)datagen_u64(random) * span) >> 64);
}

double datagen_unit(datagen_random *random)
{
	return (double)(datagen_u64(random) >> 11) * 0x1p-53;
}

/* Irwin–Hall: four 16-bit uniform numbers added up, scaled to deviation 1. */
double datagen_bell(datagen_random *random)
{
	uint64_t bits = datagen_u64(random);
	int64_t sum =
	    (int64_t)((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)) - 131070;
	return (double)sum * (1.7320508075688772 / 65536);
}

/* Decimal digits, at least `width` of them. printf would be most of the work. */
static char *put_digits(char *at, uint64_t value, int width)
{
	char digits[24];
	int n = 0;
	while (value > 0 || n < width) {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	}
	while (n > 0)
		*at++ = digits[--n];
	return at;
}

static char *put_int(char *at, int64_t value, int width)
{
	if (value < 0)
		*at++ = '-';
	return put_digits(at, value < 0 ? (uint64_t)-value : (uint64_t)value, width);
}

/* value with `decimals` digits after the point; |value| < 1e9. */
static char *put_fixed(char *at, double value, int decimals)
{
	static const int64_t scales[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
	int64_t scale = scales[decimals];
	int64_t scaled = (int64_t)rint(value * (double)scale);
	if (scaled < 0)
		*at++ = '-';
	uint64_t magnitude = scaled < 0 ? (uint64_t)-scaled : (uint64_t)scaled;
	at = put_digits(at, magnitude / (uint64_t)scale, 1);
	if (decimals == 0)
		return at;
	*at++ = '.';
	return put_digits(at, magnitude % (uint64_t)scale, decimals);
}

static char *put_text(char *at, const char *text)
{
	size_t n = strlen(text);
	memcpy(at, text, n);
	return at + n;
}

static char *put_time(char *at, int64_t seconds)
{
	int64_t days = seconds / 86400, rest = seconds % 86400;
	mill_civil civil = mill_civil_from_days(days);
	const int64_t parts[] = {civil.year, civil.month, civil.day, rest / 3600, rest / 60 % 60, rest % 60};
	static const char separators[] = "-- ::";
	for (int i = 0; i < 6; i++) {
		at = put_int(at, parts[i], i == 0 ? 4 : 2);
		if (i < 5)
			*at++ = separators[i];
	}
	return at;
}

/* Trips around Manhattan between 2009 and 2015; one in fifty is unusable in one of the ways that real files are. */
mill_status datagen_taxi(datagen_random *random, int64_t rows, mill_bytes *out)
{
	(void)rows;
	static const int64_t first = 1230768000, last = 1435622400; /* 2009-01-01 … 2015-06-30 */
	int64_t seconds = datagen_range(random, first, last);
	double from_lon = -73.97 + 0.035 * datagen_bell(random), from_lat = 40.75 + 0.028 * datagen_bell(random);
	double to_lon = from_lon + 0.03 * datagen_bell(random), to_lat = from_lat + 0.03 * datagen_bell(random);
	double dx = to_lon > from_lon ? to_lon - from_lon : from_lon - to_lon;
	double dy = to_lat > from_lat ? to_lat - from_lat : from_lat - to_lat;
	double fare = 2.5 + 180 * (dx + dy) + datagen_unit(random);
	int passengers = (int)datagen_range(random, 1, 6);
	switch (datagen_range(random, 0, 249)) {
	case 0: from_lon = from_lat = to_lon = to_lat = 0; break;
	case 1: fare = -fare; break;
	case 2: passengers = 0; break;
	case 3: to_lon = from_lon; break;
	case 4: fare += 250; break;
	default: break;
	}
	char line[256];
	char *at = put_time(line, seconds);
	*at++ = '.';
	at = put_int(at, datagen_range(random, 0, 9999999), 7);
	*at++ = ',';
	at = put_fixed(at, fare, 2);
	*at++ = ',';
	at = put_text(put_time(at, seconds), " UTC,");
	const double places[] = {from_lon, from_lat, to_lon, to_lat};
	for (int i = 0; i < 4; i++) {
		at = put_fixed(at, places[i], 6);
		*at++ = ',';
	}
	at = put_int(at, passengers, 1);
	*at++ = '\n';
	return mill_bytes_append(out, line, (size_t)(at - line));
}

static const char *const surnames[] = {"Braund",    "Cumings",  "Heikkinen",  "Futrelle", "Allen",
                                       "Moran",     "McCarthy", "Palsson",    "Johnson",  "Nasser",
                                       "Sandstrom", "Bonnell",  "Andersson",  "O'Dwyer",  "Vestrom",
                                       "Hewlett",   "Rice",     "Masselmani", "Fynney",   "van der Planke"};
static const char *const women[] = {"Anna", "Laina", "Marguerite", "Elisabeth", "Hannah", "Katherine", "Margaret"};
static const char *const men[] = {"Owen", "William", "James", "Timothy", "Anders", "Charles", "Eugene"};
#define PICK(random, list) list[datagen_range(random, 0, (int64_t)(sizeof(list) / sizeof((list)[0])) - 1)]

static mill_status append_name(datagen_random *random, bool woman, mill_bytes *out)
{
	const char *surname = PICK(random, surnames);
	if (!woman)
		return mill_bytes_printf(out, "\"%s, Mr. %s\",male,", surname, PICK(random, men));
	const char *name = PICK(random, women);
	if (datagen_range(random, 0, 2) == 0) /* a pet name, in doubled quotes */
		return mill_bytes_printf(out, "\"%s, Miss. %s \"\"%.3s\"\"\",female,", surname, name, name);
	return mill_bytes_printf(out, "\"%s, Mrs. %s (%s %s)\",female,", surname, PICK(random, men), name, surname);
}

mill_status datagen_titanic(datagen_random *random, int64_t rows, mill_bytes *out)
{
	(void)rows;
	int class = (int)datagen_range(random, 0, 9);
	class = class < 2 ? 1 : class < 4 ? 2 : 3;
	bool woman = datagen_range(random, 0, 99) < 35;
	bool survived = datagen_range(random, 0, 99) < (woman ? 90 - 13 * class : 45 - 11 * class);
	MILL_TRY(mill_bytes_printf(out, "%lld,%d,%d,", (long long)random->row + 1, survived, class));
	MILL_TRY(append_name(random, woman, out));
	if (datagen_range(random, 0, 4) > 0) {
		double age = 29 + 14 * datagen_bell(random);
		MILL_TRY(mill_bytes_printf(out, "%.0f", age < 1 ? 1 : age));
	}
	MILL_TRY(mill_bytes_printf(out, ",%d,%d,", (int)datagen_range(random, 0, 8) / 6,
	                           (int)datagen_range(random, 0, 9) / 8));
	if (datagen_range(random, 0, 3) == 0)
		MILL_TRY(mill_bytes_printf(out, "PC %d,", (int)datagen_range(random, 17000, 17999)));
	else
		MILL_TRY(mill_bytes_printf(out, "%d,", (int)datagen_range(random, 2600, 392096)));
	MILL_TRY(mill_bytes_printf(out, "%.4f,", (double)(4 - class) * (6 + 10 * datagen_unit(random))));
	if (datagen_range(random, 0, 4) == 0)
		MILL_TRY(mill_bytes_printf(out, "%c%d", "ABCDEF"[datagen_range(random, 0, 5)],
		                           (int)datagen_range(random, 1, 130)));
	if (datagen_range(random, 0, 399) == 0)
		return mill_bytes_append_text(out, ",\n");
	return mill_bytes_printf(out, ",%c\n", "SSSSSSSCCQ"[datagen_range(random, 0, 9)]);
}

/* The group-by table of db-benchmark: 100 values in the coarse keys, rows / 100 in the fine ones. */
mill_status datagen_groupby(datagen_random *random, int64_t rows, mill_bytes *out)
{
	int64_t fine = rows / 100 > 0 ? rows / 100 : 1;
	char line[256];
	char *at = put_int(put_text(line, "id"), datagen_range(random, 1, 100), 3);
	at = put_int(put_text(at, ",id"), datagen_range(random, 1, 100), 3);
	at = put_int(put_text(at, ",id"), datagen_range(random, 1, fine), 10);
	const int64_t most[] = {100, 100, fine, 5, 15};
	for (int i = 0; i < 5; i++) {
		*at++ = ',';
		at = put_int(at, datagen_range(random, 1, most[i]), 1);
	}
	*at++ = ',';
	at = put_fixed(at, 100 * datagen_unit(random), 6);
	*at++ = '\n';
	return mill_bytes_append(out, line, (size_t)(at - line));
}
