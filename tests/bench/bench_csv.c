/* Scan speed of a taxi-like CSV file (generated, in the page cache) beside memcpy and memchr over the same bytes in the
 * same run. usage: bench_csv [MEGABYTES [FILE]]; FILE is generated unless it exists. RANKMILL_SIMD=portable measures
 * the other copies. */
#include "../tools/csv_drive.h"
#include "base/clock.h"
#include "base/simd.h"
#include "formats/csv/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct counter {
	mill_sink sink;
	int64_t rows;
} counter;

static mill_status count_rows(mill_sink *sink, const mill_batch *batch, mill_error *err)
{
	(void)err;
	((counter *)sink)->rows += batch->rows;
	return MILL_OK;
}

static uint64_t next_word(uint64_t *state)
{
	uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
	return z ^ (z >> 31);
}

static int generate(const char *path, int64_t bytes)
{
	FILE *file = fopen(path, "w");
	uint64_t state = 1;
	if (file == NULL)
		return 1;
	int64_t written =
	    fprintf(file, "key,fare_amount,pickup_datetime,pickup_longitude,pickup_latitude,dropoff_longitude,"
	                  "dropoff_latitude,passenger_count\n");
	while (written < bytes) {
		uint64_t w = next_word(&state);
		double jitter[4];
		for (int i = 0; i < 4; i++)
			jitter[i] = (double)(next_word(&state) % 200000) / 1e6 - 0.1;
		int day = 1 + (int)(w % 28), month = 1 + (int)(w / 31 % 12), year = 2009 + (int)(w / 377 % 7);
		int hour = (int)(w / 5000 % 24), minute = (int)(w / 120000 % 60), second = (int)(w / 7200000 % 60);
		written += fprintf(
		    file,
		    "%04d-%02d-%02d %02d:%02d:%02d.0000001,%.1f,%04d-%02d-%02d %02d:%02d:%02d UTC,%.6f,%.6f,%.6f,"
		    "%.6f,%d\n",
		    year, month, day, hour, minute, second, 2.5 + (double)(w % 600) / 10, year, month, day, hour,
		    minute, second, -73.97 + jitter[0], 40.75 + jitter[1], -73.97 + jitter[2], 40.75 + jitter[3],
		    1 + (int)(w % 6));
	}
	return fclose(file);
}

static void report(const char *what, int64_t bytes, int64_t ns)
{
	printf("%-34s %7.3f GB/s\n", what, (double)bytes / (double)ns);
}

/* The best of five. */
static int64_t time_scan(const mill_csv_table *table, const int *columns, int column_count, const mill_knobs *knobs,
                         mill_mem *mem, int64_t *rows)
{
	int64_t best = INT64_MAX;
	for (int round = 0; round < 5; round++) {
		mill_arena arena;
		mill_input_plan plan;
		mill_csv_reader *reader = NULL;
		mill_error err = {0};
		counter c = {.sink = {.push = count_rows}};
		mill_scan_spec spec = {.columns = columns, .column_count = column_count};
		mill_arena_init(&arena, mem);
		mill_format_env env = {knobs, table->base.storage, mem, &arena};
		int64_t start = mill_clock_ns();
		mill_status status = mill_plan_input_splits(table->base.files, table->base.file_count,
		                                            knobs->split_bytes, &arena, &plan, &err);
		if (status == MILL_OK)
			status = mill_csv_reader_open(table, &plan, &spec, &env, &reader, &err);
		if (status == MILL_OK)
			status = mill_csv_reader_begin(reader, &spec, &err);
		for (int64_t s = 0; status == MILL_OK && s < plan.split_count; s++)
			status = mill_csv_read_split(reader, s, &c.sink, &err);
		int64_t ns = mill_clock_ns() - start;
		if (status != MILL_OK) {
			fprintf(stderr, "%s\n", err.message);
			exit(1);
		}
		best = ns < best ? ns : best;
		*rows = c.rows;
		mill_csv_reader_close(reader);
		mill_arena_release(&arena);
	}
	return best;
}

static void time_memory(const uint8_t *data, size_t size, const mill_csv_table *table, int simd, mill_mem *mem)
{
	uint8_t *copy = malloc(size);
	int64_t best[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
	size_t found = 0;
	mill_csv_bytes bytes = mill_csv_bytes_of(&table->options);
	for (int round = 0; round < 3; round++) {
		mill_error err = {0};
		int64_t start = mill_clock_ns();
		memcpy(copy, data, size);
		int64_t copied = mill_clock_ns();
		for (const uint8_t *p = data; (p = memchr(p, '\n', size - (size_t)(p - data))) != NULL; p++)
			found++;
		int64_t searched = mill_clock_ns();
		mill_csv_index index;
		mill_csv_index_init(&index, mem);
		for (size_t at = 0; at < size; at += 1 << 20) {
			size_t piece = size - at < 1 << 20 ? size - at : 1 << 20;
			if (mill_csv_index_begin(&index, 0, MILL_CSV_ROW_START, &err) != MILL_OK ||
			    mill_csv_index_scan(&index, &bytes, simd, data + at, piece, piece, SIZE_MAX, &err) !=
			        MILL_OK)
				exit(1);
			found += index.end_count;
		}
		mill_csv_index_release(&index);
		int64_t indexed = mill_clock_ns();
		int64_t times[3] = {copied - start, searched - copied, indexed - searched};
		for (int i = 0; i < 3; i++)
			best[i] = times[i] < best[i] ? times[i] : best[i];
	}
	report("memcpy", (int64_t)size, best[0]);
	report("memchr of row ends", (int64_t)size, best[1]);
	report("structural index", (int64_t)size, best[2]);
	printf("(%zu marks)\n", found);
	free(copy);
}

int main(int argc, char **argv)
{
	int64_t bytes = (argc > 1 ? strtoll(argv[1], NULL, 10) : 200) << 20;
	const char *path = argc > 2 ? argv[2] : "build/bench-taxi.csv";
	mill_mem mem;
	mill_storage storage;
	mill_arena arena;
	mill_knobs knobs;
	mill_error err = {0};
	mill_csv_options options;
	mill_csv_table table;
	mill_bytes text;
	if (access(path, R_OK) != 0 && generate(path, bytes) != 0) {
		perror(path);
		return 1;
	}
	mill_mem_init(&mem, INT64_MAX);
	mill_storage_init(&storage, &mem);
	mill_arena_init(&arena, &mem);
	mill_csv_options_init(&options, false);
	mill_bytes_init(&text, &mem);
	if (mill_knobs_read(&knobs, &err) != MILL_OK ||
	    drive_open(path, &options, NULL, &storage, &arena, &table, &err) != MILL_OK ||
	    mill_storage_read_all(&storage, path, &text, &err) != MILL_OK) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	const int three[] = {1, 3, 4}, all[] = {0, 1, 2, 3, 4, 5, 6, 7};
	int64_t size = (int64_t)text.size_bytes, rows = 0;
	printf("%s: %.1f MB, %s\n", path, (double)size / 1e6,
	       mill_simd_level(&knobs) == MILL_SIMD_V3 ? "AVX2" : "portable");
	time_memory(text.data, text.size_bytes, &table, mill_simd_level(&knobs), &mem);
	int columns = table.base.schema.count < 8 ? table.base.schema.count : 8;
	report("scan, count only", size, time_scan(&table, NULL, 0, &knobs, &mem, &rows));
	if (columns > 4)
		report("scan, 3 float columns", size, time_scan(&table, three, 3, &knobs, &mem, &rows));
	report("scan, all columns", size, time_scan(&table, all, columns, &knobs, &mem, &rows));
	printf("(%lld rows)\n", (long long)rows);
	mill_bytes_release(&text);
	mill_arena_release(&arena);
	return 0;
}
