/* Reads a list of CSV files, once as a whole and then in every other way (64-byte splits, 1 and 3 ranks, forced
 * speculation, inverted guesses, both SIMD levels), all columns as strings, and reports whether all readings agree. One
 * process for the whole list.
 *
 * stdin, a line a file, tabs between: path, delimiter, quote, escape, comment as byte numbers (−1: none), header 0 or
 * 1, lines to skip. stdout, a block a file: `file PATH`, then `error STATUS TEXT` or `types T…`, `row V…`, `bad …`, and
 * `differs SETTING` for a reading that is not the first one. Values: \N is NULL, control bytes are \xHH. */
#include "csv_drive.h"

#include <stdio.h>

static void print_lines(const char *head, const mill_bytes *lines, int columns_to_skip)
{
	const char *p = (const char *)lines->data, *end = p + lines->size_bytes;
	while (p < end) {
		const char *line_end = memchr(p, '\n', (size_t)(end - p));
		for (int i = 0; i < columns_to_skip; i++)
			p = (const char *)memchr(p, '\t', (size_t)(line_end - p)) + 1;
		printf("%s\t%.*s\n", head, (int)(line_end - p), p);
		p = line_end + 1;
	}
}

static bool same(const drive_result *a, const drive_result *b)
{
	return a->rows.size_bytes == b->rows.size_bytes && a->bad.size_bytes == b->bad.size_bytes &&
	       (a->rows.size_bytes == 0 || memcmp(a->rows.data, b->rows.data, a->rows.size_bytes) == 0) &&
	       (a->bad.size_bytes == 0 || memcmp(a->bad.data, b->bad.data, a->bad.size_bytes) == 0);
}

static mill_status read_other_ways(const mill_csv_table *table, const drive_result *first, mill_mem *mem,
                                   mill_error *err)
{
	for (int way = 0; way < 24; way++) {
		drive_setting s = drive_plain();
		s.split_bytes = 64;
		s.ranks = (way & 1) != 0 ? 3 : 1;
		s.force_speculation = (way & 2) != 0;
		s.invert_guess = (way & 4) != 0;
		s.simd = (way & 8) != 0 ? 1 : 3;
		if (way >= 16)
			s.batch_rows = 7;
		drive_result result;
		drive_result_init(&result, mem);
		mill_status status = drive_table(table, &s, mem, &result, err);
		if (status == MILL_OK && !same(&result, first))
			printf("differs\tranks %d force %d invert %d simd %d batch %lld\n", s.ranks,
			       s.force_speculation, s.invert_guess, s.simd, (long long)s.batch_rows);
		drive_result_release(&result);
		if (status != MILL_OK)
			return status;
	}
	return MILL_OK;
}

static mill_status check_file(const char *path, mill_csv_options *options, mill_mem *mem, mill_arena *arena,
                              mill_error *err)
{
	mill_storage storage;
	mill_storage_init(&storage, mem);
	mill_csv_table table;
	char text[MILL_TYPE_TEXT_BYTES];
	MILL_TRY(drive_open(path, options, NULL, &storage, arena, &table, err));
	printf("types");
	for (int i = 0; i < table.base.schema.count; i++)
		printf("\t%s", mill_type_text(table.base.schema.fields[i].type, text));
	printf("\n");
	options->infer = false;
	MILL_TRY(drive_open(path, options, NULL, &storage, arena, &table, err));
	drive_setting s = drive_plain();
	drive_result result;
	drive_result_init(&result, mem);
	mill_status status = drive_table(&table, &s, mem, &result, err);
	if (status == MILL_OK) {
		print_lines("row", &result.rows, 2);
		print_lines("bad", &result.bad, 1);
		status = read_other_ways(&table, &result, mem, err);
	}
	drive_result_release(&result);
	return status;
}

int main(void)
{
	char line[8192], path[4096];
	while (fgets(line, sizeof line, stdin) != NULL) {
		mill_mem mem;
		mill_arena arena;
		mill_error err = {0};
		mill_csv_options o;
		int delimiter, header, skip;
		mill_mem_init(&mem, INT64_MAX);
		mill_arena_init(&arena, &mem);
		mill_csv_options_init(&o, false);
		if (sscanf(line, "%4095[^\t]\t%d\t%d\t%d\t%d\t%d\t%d", path, &delimiter, &o.quote, &o.escape,
		           &o.comment, &header, &skip) != 7) {
			fprintf(stderr, "csvcheck: malformed line: %s", line);
			return 2;
		}
		o.delimiter = (char)delimiter;
		o.header = header != 0;
		o.skip_lines = skip;
		printf("file\t%s\n", path);
		mill_status status = check_file(path, &o, &mem, &arena, &err);
		if (status != MILL_OK)
			printf("error\t%s\t%s\n", mill_status_name(status), err.message);
		mill_arena_release(&arena);
		if (mem.used_bytes != 0)
			printf("differs\t%lld bytes leaked\n", (long long)mem.used_bytes);
	}
	return 0;
}
