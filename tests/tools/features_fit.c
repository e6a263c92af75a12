/* usage: [mpirun -n N] features_fit JOB DATA OUT BATCH_ROWS [fail]. Fits and applies the `tensors` and `keep` of JOB, a
 * JSON object, to the rows of DATA: a line of NAME:TYPE fields parted by tabs, then rows; \N is NULL. A field called
 * `fit:` says by 1 or 0 which rows are fitted on; it is not part of the table. Ranks fit the rows that a hash deals
 * them, and must then hold equal fitted state; rank 0 applies all rows and writes OUT/fitted.json, OUT/datasets.json
 * and one OUT/NAME.bin a tensor. With `fail` it instead fits again and again, a later allocation of another rank's
 * merge failing each time: all ranks must end with one status. tests/suites/features.fast.sh compares them with what
 * Python makes of the same rows. */
#include "base/json_writer.h"
#include "base/number.h"
#include "column/builder.h"
#include "features/features.h"
#include "storage/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_COLUMNS 64

typedef struct table {
	mill_field fields[MOST_COLUMNS];
	mill_builder builders[MOST_COLUMNS];
	mill_column columns[MOST_COLUMNS];
	int count;
	int fit; /* index of the field `fit` in the file */
	bool *fitted;
	int64_t rows;
} table;

static mill_mem mem;
static mill_storage storage;
static mill_arena arena;

static void must(mill_status status, const mill_error *err)
{
	if (status == MILL_OK)
		return;
	fprintf(stderr, "%s: %s\n", mill_status_name(status), err->message);
	exit(mill_status_exit_code(status));
}

static void must_be(bool fine, const char *what)
{
	if (!fine) {
		fprintf(stderr, "features_fit: %s\n", what);
		exit(1);
	}
}

static void add_cell(mill_builder *builder, const char *text)
{
	mill_type type = builder->type;
	size_t length = strlen(text);
	mill_status status;
	if (strcmp(text, "\\N") == 0) {
		status = mill_builder_null(builder);
	} else if (mill_type_is_text(type)) {
		status = mill_builder_text(builder, text, length);
	} else if (mill_type_is_float(type)) {
		double value;
		must_be(mill_parse_f64(text, length, &value) == MILL_PARSED, text);
		status = mill_builder_f64(builder, value);
	} else if (type.id == MILL_TYPE_BOOL) {
		status = mill_builder_bool(builder, strcmp(text, "true") == 0);
	} else if (type.id == MILL_TYPE_DECIMAL) {
		mill_i128 value;
		must_be(mill_parse_decimal(text, length, type.precision, type.scale, &value) == MILL_PARSED, text);
		status = mill_builder_fixed(builder, &value);
	} else if (type.id == MILL_TYPE_UINT64) {
		uint64_t value;
		must_be(mill_parse_u64(text, length, &value) == MILL_PARSED, text);
		status = mill_builder_fixed(builder, &value);
	} else {
		int64_t value;
		must_be(mill_parse_i64(text, length, &value) == MILL_PARSED, text);
		status = mill_builder_i64(builder, value);
	}
	must_be(status == MILL_OK, "out of memory");
}

static char *next_field(char **at)
{
	char *field = *at;
	size_t length = strcspn(field, "\t");
	*at = field[length] == 0 ? NULL : field + length + 1;
	field[length] = 0;
	return field;
}

static void read_header(table *t, char *line)
{
	mill_error err = {0};
	t->fit = -1;
	for (char *at = line; at != NULL;) {
		char *field = next_field(&at), *colon = strrchr(field, ':');
		must_be(colon != NULL && t->count < MOST_COLUMNS, "bad header");
		*colon = 0;
		if (strcmp(field, "fit") == 0) {
			t->fit = t->count;
			continue;
		}
		mill_field *out = &t->fields[t->count];
		out->name = mill_arena_strdup(&arena, field);
		out->nullable = true;
		must(mill_type_parse(colon + 1, &out->type, &err), &err);
		mill_builder_init(&t->builders[t->count++], &mem, out->type);
	}
}

static void read_table(const char *path, table *t)
{
	mill_bytes text;
	mill_error err = {0};
	mill_bytes_init(&text, &mem);
	must(mill_storage_read_all(&storage, path, &text, &err), &err);
	must_be(mill_bytes_terminate(&text) == MILL_OK, "out of memory");
	char *rest = NULL;
	read_header(t, strtok_r((char *)text.data, "\n", &rest));
	t->fitted = mill_mem_calloc(&mem, text.size_bytes, sizeof *t->fitted);
	must_be(t->fitted != NULL, "out of memory");
	for (char *line = strtok_r(NULL, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		int column = 0;
		t->fitted[t->rows] = true;
		for (char *at = line; at != NULL;) {
			char *field = next_field(&at);
			if (column == t->fit && t->fit >= 0) {
				t->fitted[t->rows] = field[0] == '1';
				t->fit = -2 - column; /* seen in this row */
				continue;
			}
			add_cell(&t->builders[column++], field);
		}
		t->fit = t->fit < -1 ? -2 - t->fit : t->fit;
		t->rows++;
	}
	for (int c = 0; c < t->count; c++)
		must(mill_builder_finish(&t->builders[c], &t->columns[c], &err), &err);
	mill_bytes_release(&text);
}

/* Rows at `indices` of the columns that features read. */
static void take_batch(const table *t, const mill_features *features, const int32_t *indices, int64_t count,
                       mill_batch *out)
{
	int columns;
	mill_error err = {0};
	const int *which = mill_features_columns(features, &columns);
	must(mill_batch_new(&mem, columns, 0, out, &err), &err);
	out->rows = count;
	for (int c = 0; c < columns; c++)
		must(mill_column_take(&mem, &t->columns[which[c]], indices, count, &out->columns[c], &err), &err);
}

/* This rank's part of a pass, in batches. */
static mill_status fit_pass(const table *t, mill_features *features, const mill_comm *comm, int pass,
                            int64_t batch_rows, mill_error *err)
{
	int rank = mill_comm_rank(comm), ranks = mill_comm_size(comm);
	int32_t *indices = mill_mem_alloc(&mem, (size_t)batch_rows * sizeof *indices);
	mill_status status = MILL_OK;
	int64_t count = 0;
	for (int64_t row = 0; row <= t->rows && status == MILL_OK; row++) {
		bool mine =
		    row < t->rows && t->fitted[row] && (int)(mill_h64(7, &row, sizeof row) % (uint64_t)ranks) == rank;
		if (mine)
			indices[count++] = (int32_t)row;
		if (count == 0 || (count < batch_rows && row < t->rows))
			continue;
		mill_batch batch;
		take_batch(t, features, indices, count, &batch);
		status = mill_features_fit(features, pass, &batch, err);
		mill_batch_release(&batch);
		count = 0;
	}
	mill_mem_free(indices);
	return status;
}

static void fit(const table *t, mill_features *features, mill_comm *comm, int64_t batch_rows)
{
	mill_error err = {0};
	for (int pass = 0; pass < mill_features_passes(features); pass++) {
		mill_status status = fit_pass(t, features, comm, pass, batch_rows, &err);
		must(mill_comm_agree(comm, status, &err), &err);
		must(mill_features_merge(features, pass, comm, &err), &err);
	}
}

/* One fit whose merges meet a failing allocation. True when that allocation was never reached on its rank. */
static bool fit_failing(const table *t, mill_features *features, mill_comm *comm, int64_t batch_rows, int64_t nth)
{
	mill_error err = {0};
	mill_status status = MILL_OK;
	int64_t left = mill_comm_rank(comm) == nth % mill_comm_size(comm) ? nth : 0, reached = 0;
	bool fails = left > 0;
	for (int pass = 0; status == MILL_OK && pass < mill_features_passes(features); pass++) {
		must(mill_comm_agree(comm, fit_pass(t, features, comm, pass, batch_rows, &err), &err), &err);
		int64_t before = mem.allocation_count;
		mem.fail_at = left > 0 ? before + left : 0;
		status = mill_features_merge(features, pass, comm, &err);
		mem.fail_at = 0;
		left -= mem.allocation_count - before;
	}
	reached = fails && left <= 0;
	int64_t ends[2] = {(int64_t)status, -(int64_t)status};
	must(mill_comm_max_i64(comm, ends, 2, NULL), &err);
	must_be(ends[0] == -ends[1], "ranks end a merge with different statuses");
	must_be(status == MILL_OK || status == MILL_NOMEM, err.message);
	must(mill_comm_max_i64(comm, &reached, 1, NULL), &err);
	return reached == 0;
}

static void write_file(const char *folder, const char *name, const mill_bytes *bytes)
{
	mill_error err = {0};
	const char *path = mill_arena_printf(&arena, "%s/%s", folder, name);
	must(mill_storage_write_all(&storage, path, bytes->data, bytes->size_bytes, &err), &err);
}

static void write_datasets(const mill_dataset_spec *specs, int count, const char *folder)
{
	mill_bytes text;
	mill_json_writer w;
	char type[MILL_TYPE_TEXT_BYTES];
	mill_bytes_init(&text, &mem);
	mill_json_writer_init(&w, &text, true);
	mill_json_put_object(&w, NULL);
	for (int d = 0; d < count; d++) {
		mill_json_put_object(&w, specs[d].name);
		mill_json_put_text(&w, "dtype", mill_type_text(specs[d].dtype, type));
		mill_json_put_int(&w, "width", specs[d].width);
		mill_json_put_bool(&w, "is_column", specs[d].is_column);
		mill_json_put_array(&w, "features");
		for (int f = 0; f < specs[d].feature_count; f++)
			mill_json_put_text(&w, NULL, specs[d].features[f]);
		mill_json_end(&w);
		mill_json_put_array(&w, "cardinalities");
		for (int f = 0; specs[d].cardinalities != NULL && f < specs[d].feature_count; f++)
			mill_json_put_int(&w, NULL, specs[d].cardinalities[f]);
		mill_json_end(&w);
		mill_json_end(&w);
	}
	mill_json_end(&w);
	must_be(mill_json_finish(&w) == MILL_OK, "datasets.json");
	write_file(folder, "datasets.json", &text);
	mill_bytes_release(&text);
}

static void apply(const table *t, mill_features *features, const char *folder, int64_t batch_rows)
{
	int count;
	mill_error err = {0};
	const mill_dataset_spec *specs = mill_features_datasets(features, &count);
	mill_block *blocks = mill_mem_calloc(&mem, (size_t)count, sizeof *blocks);
	mill_bytes *out = mill_mem_calloc(&mem, (size_t)count, sizeof *out);
	int32_t *indices = mill_mem_alloc(&mem, (size_t)batch_rows * sizeof *indices);
	for (int d = 0; d < count; d++)
		mill_bytes_init(&out[d], &mem);
	for (int64_t first = 0; first < t->rows; first += batch_rows) {
		mill_batch batch;
		int64_t rows = mill_min_i64(batch_rows, t->rows - first);
		for (int64_t r = 0; r < rows; r++)
			indices[r] = (int32_t)(first + r);
		take_batch(t, features, indices, rows, &batch);
		must(mill_features_apply(features, &batch, blocks, &err), &err);
		for (int d = 0; d < count; d++) {
			size_t bytes = (size_t)(rows * specs[d].width) * mill_type_width_bytes(specs[d].dtype);
			if (!specs[d].is_keep)
				must_be(mill_bytes_append(&out[d], blocks[d].elements->data, bytes) == MILL_OK,
				        "out of memory");
			mill_block_release(&blocks[d]);
		}
		mill_batch_release(&batch);
	}
	for (int d = 0; d < count; d++) {
		if (!specs[d].is_keep)
			write_file(folder, mill_arena_printf(&arena, "%s.bin", specs[d].name), &out[d]);
		mill_bytes_release(&out[d]);
	}
	mill_mem_free(out);
	mill_mem_free(blocks);
	mill_mem_free(indices);
	write_datasets(specs, count, folder);
}

/* Every rank must say the same of what was fitted; rank 0 writes it. */
static void write_fitted(const mill_features *features, mill_comm *comm, const char *folder)
{
	mill_bytes json, all;
	mill_error err = {0};
	mill_bytes_init(&json, &mem);
	mill_bytes_init(&all, &mem);
	const char *own = mill_arena_printf(&arena, "%s/rank%d", folder, mill_comm_rank(comm));
	must(mill_storage_make_folders(&storage, own, &err), &err);
	must(mill_features_write_fitted(features, &storage, mill_comm_rank(comm) == 0 ? folder : own, &json, &err),
	     &err);
	must(mill_comm_gather(comm, 0, json.data, json.size_bytes, &all, NULL, &err), &err);
	if (mill_comm_rank(comm) == 0) {
		size_t ranks = (size_t)mill_comm_size(comm);
		must_be(all.size_bytes == ranks * json.size_bytes, "ranks differ in fitted state");
		for (size_t r = 0; r < ranks; r++)
			must_be(memcmp(all.data + r * json.size_bytes, json.data, json.size_bytes) == 0,
			        "ranks differ in fitted state");
		write_file(folder, "fitted.json", &json);
	}
	mill_bytes_release(&json);
	mill_bytes_release(&all);
}

int main(int argc, char **argv)
{
	static table t;
	mill_error err = {0};
	mill_bytes text;
	mill_json *job;
	mill_features *features;
	mill_comm *comm;
	mill_knobs knobs;
	must_be(argc == 5 || argc == 6, "usage: features_fit JOB DATA OUT BATCH_ROWS [fail]");
	int64_t batch_rows = strtoll(argv[4], NULL, 10);
	mill_mem_init(&mem, INT64_MAX);
	mill_storage_init(&storage, &mem);
	mill_arena_init(&arena, &mem);
	mill_bytes_init(&text, &mem);
	must(mill_knobs_read(&knobs, &err), &err);
	mill_comm_options options = {.use_mpi = mill_comm_launched()};
	must(mill_comm_open(&options, &mem, &comm, &err), &err);
	must(mill_storage_read_all(&storage, argv[1], &text, &err), &err);
	must(mill_json_parse((const char *)text.data, text.size_bytes, "job", &arena, &job, &err), &err);
	read_table(argv[2], &t);
	mill_schema schema = {t.fields, t.count};
	const mill_json *tensors = mill_json_get(job, "tensors"), *keep = mill_json_get(job, "keep");
	bool torture = argc == 6, finished = !torture;
	/* Every allocation of a single rank, every seventh of several: those runs take long. */
	int64_t step = mill_comm_size(comm) > 1 ? 7 : 1;
	for (int64_t nth = 1; !finished; nth += step) {
		must(mill_features_new(tensors, keep, &schema, &knobs, &mem, &features, &err), &err);
		finished = fit_failing(&t, features, comm, batch_rows, nth);
		mill_features_free(features);
	}
	must(mill_features_new(tensors, keep, &schema, &knobs, &mem, &features, &err), &err);
	fit(&t, features, comm, batch_rows);
	if (!torture)
		write_fitted(features, comm, argv[3]);
	if (!torture && mill_comm_rank(comm) == 0)
		apply(&t, features, argv[3], batch_rows);
	mill_features_free(features);
	for (int c = 0; c < t.count; c++)
		mill_column_release(&t.columns[c]);
	mill_mem_free(t.fitted);
	mill_bytes_release(&text);
	mill_arena_release(&arena);
	mill_comm_close(comm);
	must_be(mem.used_bytes == 0, "memory is left");
	return 0;
}
