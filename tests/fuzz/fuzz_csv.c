/* CSV text from anywhere, with a dialect and a schema from the first bytes: opening it fails with words or gives a
 * table whose whole reading equals every cut, forced, wrongly guessed and projected one, at both SIMD levels, with
 * every buffer returned. */
#include "../tools/csv_drive.h"

#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

#define HEAD_BYTES 8

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool same(const mill_bytes *a, const mill_bytes *b)
{
	return a->size_bytes == b->size_bytes && (a->size_bytes == 0 || memcmp(a->data, b->data, a->size_bytes) == 0);
}

static mill_csv_options options_of(const uint8_t *head)
{
	static const char *const nulls[] = {"NA", "-1", "0"};
	static const char delimiters[] = ",;\t|", quotes[] = "\"'";
	mill_csv_options o;
	mill_csv_options_init(&o, false);
	o.delimiter = delimiters[head[0] & 3];
	o.quote = (head[0] & 4) != 0 ? -1 : quotes[head[0] >> 3 & 1];
	o.escape = (head[0] & 16) != 0 ? '\\' : -1;
	o.comment = (head[0] & 32) != 0 ? '#' : -1;
	o.trim = (head[0] & 64) != 0;
	o.header = (head[0] & 128) == 0;
	o.skip_lines = head[1] & 3;
	o.infer = (head[1] & 4) == 0;
	o.null_values = nulls;
	o.null_value_count = head[1] >> 3 & 3;
	o.timestamp_format = (head[1] & 32) != 0 ? "%d/%m/%Y %H:%M:%S.%f%z" : (head[1] & 64) != 0 ? "%b %d %y" : NULL;
	return o;
}

/* Declares the first columns by position, where there is no header to name them. */
static mill_schema schema_of(const uint8_t *head, mill_field *fields)
{
	static const char *const names[] = {"a", "b", "c"};
	int count = head[2] & 3;
	for (int i = 0; i < count; i++) {
		mill_type_id id = (mill_type_id)(1 + (head[3 + i] & 15));
		fields[i] = (mill_field){names[i], mill_type_of(id), true};
		if (id == MILL_TYPE_DECIMAL)
			fields[i].type =
			    mill_type_decimal(1 + (head[2] >> 2) % 38, (head[3 + i] >> 4) % (1 + (head[2] >> 2) % 38));
	}
	return (mill_schema){fields, count};
}

static void compare(const mill_csv_table *table, const uint8_t *head, mill_mem *mem)
{
	drive_result whole, cut;
	mill_error err = {0};
	const int first = 0;
	drive_setting s = drive_plain();
	s.policy = (head[6] & 1) != 0 ? MILL_BAD_NULL : MILL_BAD_QUARANTINE;
	s.simd = 1;
	drive_result_init(&whole, mem);
	mill_status status = drive_table(table, &s, mem, &whole, &err);
	require(status == MILL_OK || status == MILL_DATA);
	for (int way = 0; status == MILL_OK && way < 6; way++) {
		bool project = way == 5;
		s.split_bytes = 1 + (head[7] ^ (way * 37)) % 70;
		s.ranks = 1 + way % 3;
		s.force_speculation = (way & 1) != 0;
		s.invert_guess = (way & 2) != 0;
		s.simd = (way & 1) != 0 ? 1 : 3;
		s.batch_rows = way == 4 ? 3 : 8192;
		s.columns = project ? &first : NULL;
		s.column_count = project ? head[6] >> 1 & 1 : 0;
		drive_result_init(&cut, mem);
		require(drive_table(table, &s, mem, &cut, &err) == MILL_OK);
		require(project || same(&whole.rows, &cut.rows));
		require(same(&whole.bad, &cut.bad));
		require(whole.row_count == cut.row_count && whole.counts.bad_rows == cut.counts.bad_rows);
		drive_result_release(&cut);
	}
	drive_result_release(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	char path[128];
	mill_mem mem;
	mill_storage storage;
	mill_arena arena;
	mill_csv_table table;
	mill_error err = {0};
	mill_field fields[3];
	if (size_bytes < HEAD_BYTES || size_bytes > 4096)
		return 0;
	mill_mem_init(&mem, 256 << 20);
	mill_storage_init(&storage, &mem);
	mill_arena_init(&arena, &mem);
	snprintf(path, sizeof path, "/tmp/rm-fuzz-csv.%ld", (long)getpid());
	FILE *file = fopen(path, "wb");
	require(file != NULL);
	require(fwrite(data + HEAD_BYTES, 1, size_bytes - HEAD_BYTES, file) == size_bytes - HEAD_BYTES);
	require(fclose(file) == 0);
	mill_csv_options o = options_of(data);
	mill_schema declared = schema_of(data, fields);
	mill_status status = drive_open(path, &o, o.header ? NULL : &declared, &storage, &arena, &table, &err);
	require(status == MILL_OK || (err.status == status && err.message[0] != '\0'));
	if (status == MILL_OK && table.base.file_column_count <= 1024 && table.base.files[0].codec == MILL_CODEC_NONE)
		compare(&table, data, &mem);
	mill_arena_release(&arena);
	require(mem.used_bytes == 0);
	unlink(path);
	return 0;
}
