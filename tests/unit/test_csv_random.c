/* Random CSV text against a reader written the plain way, at every cut: whatever the splits, ranks, guesses, batches,
 * SIMD level and projection, the same rows, bad rows and line numbers come out. RANKMILL_TEST_SEED picks another seed,
 * RANKMILL_TEST_ROUNDS more rounds. */
#include "../tools/csv_drive.h"
#include "../tools/random.h"
#include "base/utf8.h"
#include "formats/csv/value.h"
#include "unit.h"

#include <unistd.h>

#define MAX_FIELDS 64

static mill_mem mem;
static mill_storage storage;
static mill_error err;
static char path[128];
static uint64_t random_state;

static int below(int n)
{
	return (int)(random_u64(&random_state) % (uint64_t)n);
}

/* The plain reader. */
typedef struct oracle_field {
	size_t start, end; /* raw, with quotes */
} oracle_field;

typedef struct oracle_row {
	size_t start, end;
	int64_t line;
	int count;
	oracle_field fields[MAX_FIELDS];
	int reason; /* −1: sound so far */
	size_t at;
	bool skip; /* comment or empty line */
} oracle_row;

typedef struct oracle {
	const mill_csv_options *o;
	const unsigned char *t;
	size_t n, at;
	int64_t line;
} oracle;

static bool ends_row(const oracle *r, size_t at)
{
	return at >= r->n || r->t[at] == '\n' || r->t[at] == '\r';
}

static void read_quoted(oracle *r, oracle_row *row, size_t start)
{
	r->at++;
	for (;;) {
		if (r->at >= r->n) {
			if (row->reason < 0) {
				row->reason = MILL_REASON_OPEN_QUOTE;
				row->at = start;
			}
			return;
		}
		if (r->o->escape >= 0 && r->o->escape != r->o->quote && r->t[r->at] == r->o->escape) {
			r->at = r->at + 2 > r->n ? r->n : r->at + 2;
			continue;
		}
		if (r->t[r->at] != r->o->quote) {
			r->at++;
			continue;
		}
		if (r->at + 1 < r->n && r->t[r->at + 1] == r->o->quote) {
			r->at += 2;
			continue;
		}
		r->at++;
		break;
	}
	if (!ends_row(r, r->at) && r->t[r->at] != (unsigned char)r->o->delimiter && row->reason < 0) {
		row->reason = MILL_REASON_TEXT_AFTER_QUOTE;
		row->at = r->at;
	}
}

static bool read_row(oracle *r, oracle_row *row)
{
	if (r->at >= r->n)
		return false;
	memset(row, 0, sizeof *row);
	row->start = r->at;
	row->line = r->line;
	row->reason = -1;
	if (r->t[r->at] == r->o->comment) {
		while (!ends_row(r, r->at))
			r->at++;
		row->skip = true;
	} else {
		for (;;) {
			size_t start = r->at;
			if (r->at < r->n && r->t[r->at] == r->o->quote)
				read_quoted(r, row, start);
			while (!ends_row(r, r->at) && r->t[r->at] != (unsigned char)r->o->delimiter)
				r->at++;
			if (row->count < MAX_FIELDS)
				row->fields[row->count] = (oracle_field){start, r->at};
			row->count++;
			if (ends_row(r, r->at))
				break;
			r->at++;
		}
	}
	row->end = r->at;
	if (r->at < r->n) {
		r->at++;
		if (r->t[r->at - 1] == '\r' && r->at < r->n && r->t[r->at] == '\n')
			r->at++;
	}
	for (size_t i = row->start; i < r->at; i++)
		r->line += r->t[i] == '\n' || (r->t[i] == '\r' && !(i + 1 < r->n && r->t[i + 1] == '\n')) ? 1 : 0;
	return true;
}

/* Fields of the first sound row that is not empty. */
static int first_width(oracle r)
{
	oracle_row row;
	while (read_row(&r, &row))
		if (!row.skip && row.reason < 0 && !(row.count == 1 && row.fields[0].start == row.fields[0].end))
			return row.count;
	return 0;
}

static void put(mill_bytes *out, const char *text)
{
	CU_ASSERT_EQUAL(mill_bytes_append_text(out, text), MILL_OK);
}

/* A value by the full rules, printed as the drive prints it. */
static void put_cell(const mill_csv_rules *rules, mill_type type, const mill_csv_cell *cell, mill_csv_kind kind,
                     mill_bytes *out)
{
	mill_column column;
	(void)rules;
	drive d = {.mem = &mem};
	if (kind != MILL_CSV_VALUE) {
		put(out, "\\N");
		return;
	}
	CU_ASSERT_EQUAL_FATAL(mill_column_new(&mem, type, 1, mill_type_is_text(type) ? cell->length : 0, &column, &err),
	                      MILL_OK);
	if (mill_type_is_text(type)) {
		if (cell->length > 0)
			memcpy(column.bytes, cell->text, cell->length);
		column.offsets[1] = (int32_t)cell->length;
	} else if (type.id == MILL_TYPE_BOOL) {
		*(uint64_t *)column.values = cell->as.u;
	} else {
		memcpy(column.values, &cell->as, mill_type_width_bytes(type));
	}
	CU_ASSERT_EQUAL(drive_value(&d, &column, 0, out), MILL_OK);
	mill_column_release(&column);
}

static const char *const reason_names[] = {
#define X(name, text) text,
    MILL_BAD_REASON_TABLE(X)
#undef X
};

/* One row's verdict and values. bad: "file offset line column reason caret". */
static void judge_row(const oracle *r, oracle_row *row, const mill_csv_table *table, const mill_csv_rules *rules,
                      bool null_cells, mill_bytes *rows, mill_bytes *bad)
{
	int width = table->base.file_column_count;
	char line[128];
	if (row->reason < 0 && row->count != width) {
		row->reason = MILL_REASON_FIELD_COUNT;
		row->at = row->count < width ? row->end : row->fields[width - 1].end;
	}
	if (row->reason >= 0) {
		snprintf(line, sizeof line, "0\t%zu\t%lld\t-1\t%s\t%zu\n", row->start, (long long)row->line,
		         reason_names[row->reason], row->at - row->start);
		put(bad, line);
		return;
	}
	size_t rows_before = rows->size_bytes;
	snprintf(line, sizeof line, "0\t%zu", row->start);
	put(rows, line);
	bool is_bad = false;
	for (int f = 0; f < width; f++) {
		const char *field = (const char *)r->t + row->fields[f].start;
		size_t length = row->fields[f].end - row->fields[f].start;
		mill_type type = table->base.schema.fields[f].type;
		char scratch[4096];
		mill_csv_cell cell;
		mill_csv_kind kind = mill_csv_convert(rules, type, field, length, scratch, &cell);
		size_t sound = mill_utf8_valid_prefix(field, length);
		bool invalid = sound < length && (type.id == MILL_TYPE_STRING || kind == MILL_CSV_BAD);
		kind = invalid ? MILL_CSV_BAD : kind;
		put(rows, "\t");
		put_cell(rules, type, &cell, kind, rows);
		if (kind != MILL_CSV_BAD || (is_bad && !null_cells))
			continue;
		is_bad = true;
		snprintf(line, sizeof line, "0\t%zu\t%lld\t%d\t%s\t%zu\n", row->start, (long long)row->line, f,
		         reason_names[invalid ? MILL_REASON_INVALID_UTF8 : MILL_REASON_BAD_VALUE],
		         row->fields[f].start + (invalid ? sound : 0) - row->start);
		put(bad, line);
	}
	put(rows, "\n");
	if (is_bad && !null_cells)
		rows->size_bytes = rows_before;
}

/* Cuts the reported bad rows down to what the oracle tells. */
static void shorten(const mill_bytes *bad, mill_bytes *out)
{
	int tabs = 0;
	for (size_t i = 0; i < bad->size_bytes; i++) {
		tabs += bad->data[i] == '\t';
		if (tabs < 6)
			CU_ASSERT_EQUAL(mill_bytes_append_u8(out, bad->data[i]), MILL_OK);
		if (bad->data[i] == '\n' && (i + 1 == bad->size_bytes || (bad->data[i + 1] == '0'))) {
			if (tabs >= 6)
				CU_ASSERT_EQUAL(mill_bytes_append_u8(out, '\n'), MILL_OK);
			tabs = 0;
		}
	}
}

static bool same_bytes(const mill_bytes *a, const mill_bytes *b)
{
	return a->size_bytes == b->size_bytes && (a->size_bytes == 0 || memcmp(a->data, b->data, a->size_bytes) == 0);
}

static void complain(const char *what, const mill_bytes *text, const mill_bytes *expected, const mill_bytes *got,
                     const drive_setting *s)
{
	printf(
	    "%s: split %lld ranks %d force %d invert %d batch %lld simd %d\ntext:\n%.*s\nexpected:\n%.*s\ngot:\n%.*s\n",
	    what, (long long)s->split_bytes, s->ranks, s->force_speculation, s->invert_guess, (long long)s->batch_rows,
	    s->simd, (int)text->size_bytes, (char *)text->data, (int)expected->size_bytes, (char *)expected->data,
	    (int)got->size_bytes, (char *)got->data);
	CU_FAIL_FATAL("a reading differs");
}

static drive_setting random_setting(void)
{
	drive_setting s = drive_plain();
	s.split_bytes = below(4) == 0 ? 1 << 20 : 1 + below(64);
	s.ranks = 1 + below(4);
	s.force_speculation = below(2) == 0;
	s.invert_guess = below(2) == 0;
	s.batch_rows = below(2) == 0 ? 1 + below(20) : 8192;
	s.simd = below(2) == 0 ? 1 : 3;
	return s;
}

static mill_csv_options random_options(void)
{
	static const char *const nulls[] = {"NA", "-1", "null"};
	mill_csv_options o;
	mill_csv_options_init(&o, below(4) == 0);
	o.header = false;
	o.quote = below(8) == 0 ? -1 : below(8) == 0 ? '\'' : '"';
	o.escape = below(4) == 0 ? '\\' : below(8) == 0 ? '"' : -1;
	o.comment = below(4) == 0 ? '#' : -1;
	o.trim = below(4) == 0;
	o.null_values = nulls;
	o.null_value_count = below(3) == 0 ? 3 : 0;
	o.infer = false;
	return o;
}

static void random_value(mill_bytes *out, const mill_csv_options *o)
{
	static const char *const words[] = {"",           "1",
	                                    "-1",         "12345678901234567890",
	                                    "0.5",        "-73.98184967041016",
	                                    "1e5",        "NA",
	                                    "abc",        "2020-02-29",
	                                    "true",       "2009-06-15 17:26:21 UTC",
	                                    "é",          " 7 ",
	                                    "1.2.3",      "nan",
	                                    "65535",      "2020-13-01",
	                                    "a b",        "2009-06-15T17:26",
	                                    "-",          "+8",
	                                    "1234567.25", "999999999999999999"};
	const char *word = words[below(sizeof words / sizeof words[0])];
	char text[64];
	snprintf(text, sizeof text, "%s", word);
	if (below(3) == 0)
		snprintf(text, sizeof text, "%.*f", below(12), (double)(int64_t)random_u64(&random_state) / 1e17 * 1.5);
	bool quoted = o->quote >= 0 && below(3) == 0;
	if (!quoted) {
		put(out, text);
		return;
	}
	CU_ASSERT_EQUAL(mill_bytes_printf(out, "%c%s", o->quote, text), MILL_OK);
	for (int i = below(4); i > 0; i--)
		switch (below(5)) {
		case 0: put(out, "\n"); break;
		case 1: put(out, "\r\n"); break;
		case 2: CU_ASSERT_EQUAL(mill_bytes_printf(out, "%c%c", o->quote, o->quote), MILL_OK); break;
		case 3: CU_ASSERT_EQUAL(mill_bytes_printf(out, "%c", o->delimiter), MILL_OK); break;
		default: put(out, o->escape == '\\' ? "\\\"" : "x"); break;
		}
	CU_ASSERT_EQUAL(mill_bytes_printf(out, "%c", o->quote), MILL_OK);
}

static void random_text(mill_bytes *out, const mill_csv_options *o, int width)
{
	static const char soup[] = "aa,,1\"\"\n\n\r\\# '\t\xC3\xA9\xFF.";
	out->size_bytes = 0;
	bool wild = below(3) == 0;
	int length = below(below(4) == 0 ? 2000 : 300);
	while ((int)out->size_bytes < length && wild) {
		int at = below((int)sizeof soup);
		CU_ASSERT_EQUAL(mill_bytes_append_u8(out, (uint8_t)soup[at]), MILL_OK);
	}
	while ((int)out->size_bytes < length && !wild) {
		if (below(12) == 0)
			put(out, below(2) == 0 ? "#c \"x\n" : "\r\n");
		int fields = below(20) == 0 ? below(6) + 1 : width;
		for (int f = 0; f < fields; f++) {
			if (f > 0)
				CU_ASSERT_EQUAL(mill_bytes_append_u8(out, (uint8_t)o->delimiter), MILL_OK);
			random_value(out, o);
		}
		if (below(30) == 0)
			CU_ASSERT_EQUAL(mill_bytes_append_u8(out, (uint8_t)soup[below((int)sizeof soup)]), MILL_OK);
		put(out, below(8) == 0 ? "\r\n" : below(20) == 0 ? "\r" : "\n");
	}
}

static mill_schema random_schema(mill_field *fields, int width, bool typed)
{
	static const char *const names[] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};
	for (int i = 0; i < width; i++) {
		mill_type type = mill_type_of(MILL_TYPE_STRING);
		if (typed)
			type = mill_type_of((mill_type_id)(1 + below(16)));
		if (type.id == MILL_TYPE_DECIMAL)
			type = mill_type_decimal(1 + below(38), 0);
		type.scale = type.id == MILL_TYPE_DECIMAL ? (uint8_t)below(type.precision + 1) : 0;
		fields[i] = (mill_field){names[i], type, true};
	}
	return (mill_schema){fields, width};
}

/* One text, one table, several ways of reading. */
static void compare_readings(const mill_bytes *text, const mill_csv_options *o, const mill_schema *declared,
                             int settings)
{
	mill_arena arena;
	mill_csv_table table;
	mill_csv_rules rules;
	mill_bytes rows[2], bad[2], shortened;
	CU_ASSERT_EQUAL(mill_storage_write_all(&storage, path, text->data, text->size_bytes, &err), MILL_OK);
	mill_arena_init(&arena, &mem);
	CU_ASSERT_EQUAL_FATAL(drive_open(path, o, declared, &storage, &arena, &table, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_csv_rules_init(&rules, &table.options, &err), MILL_OK);
	mill_bytes_init(&shortened, &mem);
	oracle r = {&table.options, text->data, text->size_bytes, 0, 1};
	int width = first_width(r) > declared->count ? first_width(r) : declared->count;
	CU_ASSERT_EQUAL_FATAL(table.base.file_column_count, width);
	for (int policy = 0; policy < 2; policy++) {
		mill_bytes_init(&rows[policy], &mem);
		mill_bytes_init(&bad[policy], &mem);
		oracle_row row;
		oracle at = r;
		while (read_row(&at, &row))
			if (!row.skip && (width == 1 || row.count != 1 || row.fields[0].start != row.fields[0].end))
				judge_row(&at, &row, &table, &rules, policy == 1, &rows[policy], &bad[policy]);
	}
	for (int i = 0; i < settings; i++) {
		drive_setting s = i == 0 ? drive_plain() : random_setting();
		int policy = below(2), none = 0;
		bool project = i > 0 && below(3) == 0;
		s.policy = policy == 1 ? MILL_BAD_NULL : MILL_BAD_QUARANTINE;
		s.columns = project ? &none : NULL;
		s.column_count = project ? below(2) : 0;
		drive_result result;
		drive_result_init(&result, &mem);
		mill_status status = drive_table(&table, &s, &mem, &result, &err);
		if (status != MILL_OK)
			printf("%s\n", err.message);
		CU_ASSERT_EQUAL_FATAL(status, MILL_OK);
		shortened.size_bytes = 0;
		shorten(&result.bad, &shortened);
		if (!project && !same_bytes(&result.rows, &rows[policy]))
			complain("rows", text, &rows[policy], &result.rows, &s);
		if (!same_bytes(&shortened, &bad[policy]))
			complain("bad rows", text, &bad[policy], &shortened, &s);
		drive_result_release(&result);
	}
	for (int policy = 0; policy < 2; policy++) {
		mill_bytes_release(&rows[policy]);
		mill_bytes_release(&bad[policy]);
	}
	mill_bytes_release(&shortened);
	mill_arena_release(&arena);
}

static int64_t from_environment(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);
	return text == NULL ? otherwise : strtoll(text, NULL, 10);
}

static void run_rounds(bool typed)
{
	mill_bytes text;
	mill_field fields[8];
	random_state = (uint64_t)from_environment("RANKMILL_TEST_SEED", 1);
	int64_t rounds = from_environment("RANKMILL_TEST_ROUNDS", 1500);
	printf("seed %llu, %lld rounds\n", (unsigned long long)random_state, (long long)rounds);
	mill_mem_init(&mem, INT64_MAX);
	mill_storage_init(&storage, &mem);
	mill_bytes_init(&text, &mem);
	snprintf(path, sizeof path, "/tmp/rm-unit-csv-random.%ld.csv", (long)getpid());
	for (int64_t i = 0; i < rounds; i++) {
		int width = 1 + below(4);
		mill_csv_options o = random_options();
		mill_schema declared = random_schema(fields, width, typed);
		random_text(&text, &o, width);
		compare_readings(&text, &o, &declared, 4);
	}
	unlink(path);
	mill_bytes_release(&text);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void strings(void)
{
	run_rounds(false);
}

static void types(void)
{
	run_rounds(true);
}

static const unit_case cases[] = {{"strings", strings}, {"types", types}};
UNIT_MAIN("csv_random", cases)
