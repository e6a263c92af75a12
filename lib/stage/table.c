#include "stage/table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A store's folder holds files that no reader of rows understands. */
static mill_status refuse_store(mill_run *run, const char *path, mill_error *err)
{
	const char *manifest = mill_arena_printf(run->arena, "%s/manifest.json", path);
	if (manifest == NULL)
		return mill_fail_nomem(err, strlen(path), "a path");
	bool is_store = false;
	/* What cannot be looked at is told by the listing. */
	if (mill_storage_exists(run->storage, manifest, &is_store, NULL) != MILL_OK || !is_store)
		return MILL_OK;
	return mill_fail(err, MILL_NOT_YET,
	                 "%s is a store, and stores as tables are not supported yet; rankmill head shows its rows",
	                 path);
}

/* All paths of a source as one listing. Ordinals come from each path's own listing, so several paths keep their order.
 */
static mill_status list_paths(mill_run *run, const mill_source_spec *spec, mill_storage_listing *out, mill_error *err)
{
	mill_storage_listing all = {0};
	for (int i = 0; i < spec->path_count; i++) {
		mill_storage_listing one;
		mill_status status = refuse_store(run, spec->paths[i], err);
		if (status == MILL_OK)
			status = mill_storage_list(run->storage, spec->paths[i], run->arena, &one, err);
		if (status == MILL_NOT_FOUND && spec->optional)
			continue;
		if (status != MILL_OK && strcmp(spec->where, spec->paths[i]) == 0)
			return status; /* a path alone: the message names it */
		if (status != MILL_OK)
			return mill_fail_context(err, status, "%s", spec->where);
		size_t count = (size_t)(all.count + one.count);
		mill_storage_entry *entries = mill_arena_array(run->arena, count, sizeof *entries);
		if (entries == NULL)
			return mill_fail_nomem(err, count * sizeof *entries, "the list of input files");
		if (all.count > 0)
			memcpy(entries, all.entries, (size_t)all.count * sizeof *entries);
		memcpy(entries + all.count, one.entries, (size_t)one.count * sizeof *entries);
		all.entries = entries;
		all.count += one.count;
	}
	*out = all;
	return MILL_OK;
}

/* Names of other formats; what they hold would be read as CSV and refused, or worse, not. */
static mill_status check_name(const char *path, mill_error *err)
{
	static const char *const later[] = {".parquet", ".jsonl",   ".ndjson", ".json", ".h5",  ".hdf5",
	                                    ".arrow",   ".feather", ".orc",    ".avro", ".xlsx"};
	static const char *const packed[] = {"", ".gz", ".zst"};
	size_t size = strlen(path);
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		for (size_t k = 0; k < sizeof packed / sizeof packed[0]; k++) {
			size_t name = strlen(later[i]), ending = name + strlen(packed[k]);
			if (size < ending || strncasecmp(path + size - ending, later[i], name) != 0 ||
			    strcmp(path + size - strlen(packed[k]), packed[k]) != 0)
				continue;
			return mill_fail(err, MILL_NOT_YET,
			                 "%s: %s files are not supported yet; csv and tsv are (whatever the name, with "
			                 "\"format\": \"csv\" or read_csv('…'))",
			                 path, later[i] + 1);
		}
	return MILL_OK;
}

static mill_status check_names(const mill_source_spec *spec, const mill_storage_listing *listing, mill_error *err)
{
	for (int i = 0; i < spec->path_count && !spec->format_given; i++)
		MILL_TRY(check_name(spec->paths[i], err));
	for (int64_t i = 0; listing != NULL && i < listing->count && !spec->format_given; i++)
		MILL_TRY(check_name(listing->entries[i].uri, err));
	return MILL_OK;
}

static int compare_uris(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A file that two paths name would be read twice. */
static mill_status check_twice(mill_run *run, const mill_source_spec *spec, const mill_storage_listing *listing,
                               mill_error *err)
{
	if (spec->path_count < 2)
		return MILL_OK;
	const char **uris = mill_arena_array(run->arena, (size_t)listing->count + 1, sizeof *uris);
	if (uris == NULL)
		return mill_fail_nomem(err, 0, "the list of input files");
	for (int64_t i = 0; i < listing->count; i++)
		uris[i] = listing->entries[i].uri;
	qsort(uris, (size_t)listing->count, sizeof *uris, compare_uris);
	for (int64_t i = 1; i < listing->count; i++)
		if (strcmp(uris[i - 1], uris[i]) == 0)
			return mill_fail(err, MILL_USAGE, "%s is named by two of the paths; name it once", uris[i]);
	return MILL_OK;
}

static mill_status open_on_root(mill_run *run, const mill_source_spec *spec, mill_bytes *blob, mill_error *err)
{
	mill_storage_listing listing;
	mill_csv_table csv;
	mill_status named = check_names(spec, NULL, err);
	if (named == MILL_OK)
		MILL_TRY(list_paths(run, spec, &listing, err));
	if (named == MILL_OK)
		named = check_names(spec, &listing, err);
	if (named == MILL_OK)
		named = check_twice(run, spec, &listing, err);
	if (named != MILL_OK)
		return strcmp(spec->where, spec->paths[0]) == 0 ? named
		                                                : mill_fail_context(err, named, "%s", spec->where);
	if (listing.count == 0 && spec->declared.count == 0)
		return mill_fail(err, MILL_USAGE,
		                 "%s: optional and nothing is there, so its schema cannot be inferred; declare it in "
		                 "\"schema\"",
		                 spec->where);
	mill_status status =
	    mill_csv_open(run->storage, &listing, &spec->options, &spec->declared, run->mem, run->arena, &csv, err);
	if (status != MILL_OK)
		return mill_fail_context(err, status, "%s", spec->where);
	return mill_csv_table_write(&csv, blob);
}

static mill_status share_table(mill_run *run, const mill_source_spec *spec, mill_csv_table *csv, mill_error *err)
{
	mill_bytes blob;
	mill_bytes_init(&blob, run->mem);
	mill_status status = MILL_OK;
	if (mill_comm_rank(run->comm) == 0)
		status = open_on_root(run, spec, &blob, err);
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_broadcast(run->comm, 0, &blob, err);
	if (status == MILL_OK) {
		mill_bytes_view view = {blob.data, blob.size_bytes, 0};
		status = mill_csv_table_read(&view, run->storage, run->arena, csv, err);
	}
	mill_bytes_release(&blob);
	return status;
}

static mill_status add_table(mill_run *run, mill_table *table, mill_error *err)
{
	size_t count = (size_t)run->table_count + 1;
	mill_table **tables = mill_arena_array(run->arena, count, sizeof(mill_table *));
	if (tables == NULL)
		return mill_fail_nomem(err, count * sizeof(mill_table *), "the list of tables");
	if (run->table_count > 0)
		memcpy(tables, run->tables, (size_t)run->table_count * sizeof(mill_table *));
	table->index = run->table_count;
	tables[run->table_count++] = table;
	run->tables = tables;
	return MILL_OK;
}

/* A small input is cut finer, so that every rank has work. Splits never change a byte of data. */
#define SMALLEST_SPLIT_BYTES (INT64_C(1) << 20)

static int64_t split_bytes_of(const mill_run *run, const mill_table *table, int64_t size_bytes)
{
	if (table->csv.options.split_bytes > 0)
		return table->csv.options.split_bytes;
	int64_t fair = size_bytes / (4 * (int64_t)mill_comm_size(run->comm));
	return mill_min_i64(run->knobs->split_bytes, mill_max_i64(fair, SMALLEST_SPLIT_BYTES));
}

mill_status mill_table_plan_splits(mill_run *run, const mill_table *table, const bool *wanted, mill_split_plan *out,
                                   int64_t *size_bytes, mill_error *err)
{
	const mill_csv_table *csv = &table->csv;
	mill_input_file *files = csv->files;
	int64_t size = 0;
	if (wanted != NULL) {
		files = mill_arena_array(run->arena, (size_t)csv->file_count + 1, sizeof *files);
		if (files == NULL)
			return mill_fail_nomem(err, (size_t)csv->file_count * sizeof *files, "a split plan");
		/* A file of no bytes has no ranges. */
		for (int64_t i = 0; i < csv->file_count; i++)
			files[i] = wanted[i] ? csv->files[i] : (mill_input_file){.codec = MILL_CODEC_NONE};
	}
	for (int64_t i = 0; i < csv->file_count; i++)
		size += files[i].size_bytes;
	MILL_TRY(mill_plan_splits(files, csv->file_count, split_bytes_of(run, table, size), run->arena, out, err));
	*size_bytes = size;
	return MILL_OK;
}

mill_status mill_table_open(mill_run *run, const mill_source_spec *spec, mill_table **out, mill_error *err)
{
	mill_table *table = mill_arena_alloc(run->arena, sizeof *table);
	if (table == NULL)
		return mill_fail_nomem(err, sizeof *table, "a table");
	table->spec = *spec;
	if (spec->rows == NULL) {
		MILL_TRY(share_table(run, spec, &table->csv, err));
		MILL_TRY(mill_table_plan_splits(run, table, NULL, &table->splits, &table->size_bytes, err));
		MILL_TRY(mill_books_audit(run->books, spec->name, &spec->bad_rows, &table->csv.schema, table->csv.files,
		                          table->csv.file_count, &table->audit, err));
	}
	MILL_TRY(add_table(run, table, err));
	*out = table;
	return MILL_OK;
}

/* The table's columns, then the hidden ones, unless the table has a column of such a name itself. */
static mill_status scan_schema(const mill_table *table, mill_arena *arena, mill_schema *out)
{
	const mill_schema *own = &table->csv.schema;
	static const char *const names[] = {"_file", "_line", "_offset"};
	mill_field *fields = mill_arena_array(arena, (size_t)own->count + MILL_HIDDEN_COLUMNS, sizeof *fields);
	if (fields == NULL)
		return MILL_NOMEM;
	memcpy(fields, own->fields, (size_t)own->count * sizeof *fields);
	out->fields = fields;
	out->count = own->count;
	for (int i = 0; i < MILL_HIDDEN_COLUMNS; i++) {
		mill_type type = mill_type_of(i == 0 ? MILL_TYPE_STRING : MILL_TYPE_INT64);
		if (mill_schema_find(own, names[i]) != -1)
			return MILL_OK;
		fields[own->count + i] = (mill_field){names[i], type, false};
	}
	out->count = own->count + MILL_HIDDEN_COLUMNS;
	return MILL_OK;
}

static mill_status limit_plan(mill_run *run, mill_arena *arena, mill_plan *input, mill_plan **out, mill_error *err)
{
	mill_plan *limit = mill_arena_alloc(arena, sizeof *limit);
	if (limit == NULL)
		return mill_fail_nomem(err, sizeof *limit, "a plan");
	limit->kind = MILL_PLAN_LIMIT;
	limit->schema = input->schema;
	limit->id_words = input->id_words;
	limit->inputs[0] = input;
	limit->input_count = 1;
	limit->limit = run->limit_rows;
	*out = limit;
	return MILL_OK;
}

mill_status mill_table_plan(mill_run *run, const mill_table *table, mill_arena *arena, mill_plan **out, mill_error *err)
{
	mill_plan *plan = mill_arena_alloc(arena, sizeof *plan);
	if (plan == NULL)
		return mill_fail_nomem(err, sizeof *plan, "a plan");
	if (table->spec.rows != NULL) {
		*plan = *table->spec.rows;
	} else {
		plan->kind = MILL_PLAN_SCAN;
		plan->table = table->index;
		plan->shared_name = table->spec.name;
		plan->id_words = 2;
		MILL_TRY(scan_schema(table, arena, &plan->schema));
	}
	plan->position = -1;
	if (run->limit_rows != INT64_MAX)
		return limit_plan(run, arena, plan, out, err);
	*out = plan;
	return MILL_OK;
}
