#include "job/check.h"

#include "base/json_writer.h"
#include "job/secrets.h"

#include <stdio.h>
#include <string.h>

static const mill_schema *schema_of(const mill_named_table *named)
{
	return named->plan != NULL ? &named->plan->schema : &named->table->input->schema;
}

/* Lines of text are wrapped here: names in a list, not one a line. */
#define LINE_CHARACTERS 100

typedef struct name_list {
	FILE *out;
	int column; /* 0: nothing is written yet */
	const char *head;
} name_list;

/* Names after `head`, wrapped and indented. */
static void put_name(name_list *list, const char *name)
{
	int size = (int)strlen(name);
	if (list->column == 0)
		list->column = fprintf(list->out, "  %s%s", list->head, name);
	else if (list->column + 2 + size > LINE_CHARACTERS)
		list->column = fprintf(list->out, ",\n    %s", name) - 2;
	else
		list->column += fprintf(list->out, ", %s", name);
}

static void end_names(const name_list *list)
{
	if (list->column > 0)
		fputc('\n', list->out);
}

static void print_column(const mill_field *field, int width, const char *mark, FILE *out)
{
	char type[MILL_TYPE_TEXT_BYTES];
	fprintf(out, "  %s%-*s  %s%s\n", mark, width, field->name, mill_type_text(field->type, type),
	        field->nullable ? "" : " not null");
}

static int name_width(const mill_schema *schema)
{
	int width = 0;
	for (int i = 0; i < schema->count; i++)
		if ((int)strlen(schema->fields[i].name) > width)
			width = (int)strlen(schema->fields[i].name);
	return width < 32 ? width : 32;
}

static bool has_type(const mill_field *a, const mill_field *b)
{
	return mill_type_equal(a->type, b->type);
}

static const mill_field *field_of(const mill_schema *schema, const char *name)
{
	int i = mill_schema_find(schema, name);
	return i >= 0 && strcmp(schema->fields[i].name, name) == 0 ? &schema->fields[i] : NULL;
}

/* Is the table read by this plan, not by a step below it? */
static bool reads(const mill_plan *plan, const mill_named_table *named)
{
	if (plan->kind == MILL_PLAN_SHARED && plan == named->plan)
		return true;
	if (plan->kind == MILL_PLAN_SCAN && named->table != NULL && plan->table == named->table->index)
		return true;
	for (int i = 0; i < plan->input_count && plan->kind != MILL_PLAN_SHARED; i++)
		if (reads(plan->inputs[i], named))
			return true;
	return false;
}

/* The table that a step reads and is most like; NULL: none has more than half of its columns. */
static const mill_named_table *likest(const mill_job_catalog *catalog, int table)
{
	const mill_schema *schema = schema_of(&catalog->tables[table]);
	const mill_named_table *best = NULL;
	int most = schema->count / 2 + 1;
	for (int t = 0; t < table; t++) {
		int shared = 0;
		if (!reads(catalog->tables[table].plan->inputs[0], &catalog->tables[t]))
			continue;
		for (int i = 0; i < schema->count; i++) {
			const mill_field *same = field_of(schema_of(&catalog->tables[t]), schema->fields[i].name);
			shared += same != NULL && has_type(same, &schema->fields[i]);
		}
		if (shared >= most) {
			most = shared;
			best = &catalog->tables[t];
		}
	}
	return best;
}

/* What a step adds to, changes in and leaves out of a table before it. */
static void print_difference(const mill_schema *schema, const mill_schema *before, FILE *out)
{
	name_list known = {.out = out, .head = "never NULL now: "}, gone = {.out = out, .head = "left out: "};
	for (int i = 0; i < schema->count; i++) {
		const mill_field *field = &schema->fields[i], *old = field_of(before, field->name);
		if (old != NULL && has_type(old, field) && old->nullable && !field->nullable)
			put_name(&known, field->name);
	}
	end_names(&known);
	for (int i = 0; i < before->count; i++)
		if (field_of(schema, before->fields[i].name) == NULL)
			put_name(&gone, before->fields[i].name);
	end_names(&gone);
	for (int i = 0; i < schema->count; i++) {
		const mill_field *field = &schema->fields[i], *old = field_of(before, field->name);
		if (old == NULL || !has_type(old, field) || (!old->nullable && field->nullable))
			print_column(field, name_width(schema), old == NULL ? "+ " : "~ ", out);
	}
}

static bool is_same(const mill_schema *a, const mill_schema *b)
{
	bool same = a->count == b->count;
	for (int i = 0; i < a->count && same; i++) {
		const mill_field *other = field_of(b, a->fields[i].name);
		same = other != NULL && has_type(&a->fields[i], other) && a->fields[i].nullable == other->nullable;
	}
	return same;
}

static void print_size(const mill_table *table, FILE *out)
{
	int64_t files = table->input->file_count;
	fprintf(out, "  (%lld %s%s, ", (long long)files, table->input->format->file_word, files == 1 ? "" : "s");
	if (table->input->row_count >= 0)
		fprintf(out, "%lld rows, ", (long long)table->input->row_count);
	if (table->size_bytes < 100000)
		fprintf(out, "%lld bytes)", (long long)table->size_bytes);
	else
		fprintf(out, "%.1f MB)", (double)table->size_bytes / 1e6);
}

static void print_table(const mill_job_catalog *catalog, int table, FILE *out)
{
	const mill_named_table *named = &catalog->tables[table];
	const mill_schema *schema = schema_of(named);
	const mill_named_table *before = named->plan != NULL ? likest(catalog, table) : NULL;
	fprintf(out, "%s %s", named->plan != NULL ? "step" : "source", named->name);
	if (named->table != NULL)
		print_size(named->table, out);
	if (before != NULL) {
		bool same = is_same(schema, schema_of(before));
		fprintf(out, same ? "  (%d columns, as %s)\n" : "  (%d columns, as %s but for)\n", schema->count,
		        before->name);
		print_difference(schema, schema_of(before), out);
		return;
	}
	fputc('\n', out);
	for (int i = 0; i < schema->count; i++)
		print_column(&schema->fields[i], name_width(schema), "", out);
}

static void print_dataset(const mill_dataset_spec *spec, FILE *out)
{
	char type[MILL_TYPE_TEXT_BYTES], width[32] = "";
	name_list features = {.out = out, .head = ""};
	if (!spec->is_keep && !spec->is_column) {
		if (spec->width >= 0)
			snprintf(width, sizeof width, ", %lld", (long long)spec->width);
		else
			snprintf(width, sizeof width, ", known once fitted");
	}
	fprintf(out, "%s %s  %s [rows%s]%s%s\n", spec->is_keep ? "kept column" : "tensor", spec->name,
	        mill_type_text(spec->dtype, type), width, spec->role != NULL ? "  role " : "",
	        spec->role != NULL ? spec->role : "");
	if (spec->is_keep || spec->features == NULL)
		return;
	for (int i = 0; i < spec->feature_count; i++)
		put_name(&features, spec->features[i]);
	end_names(&features);
}

static void put_table(mill_json_writer *w, const mill_named_table *named)
{
	char type[MILL_TYPE_TEXT_BYTES];
	const mill_schema *schema = schema_of(named);
	mill_json_put_object(w, named->name);
	for (int i = 0; i < schema->count; i++)
		mill_json_put_text(w, schema->fields[i].name, mill_type_text(schema->fields[i].type, type));
	mill_json_end(w);
}

static void put_dataset(mill_json_writer *w, const mill_dataset_spec *spec)
{
	char type[MILL_TYPE_TEXT_BYTES];
	mill_json_put_object(w, spec->name);
	mill_json_put_text(w, "dtype", mill_type_text(spec->dtype, type));
	mill_json_put_array(w, "shape");
	mill_json_put_null(w, NULL);
	if (!spec->is_keep && !spec->is_column && spec->width >= 0)
		mill_json_put_int(w, NULL, spec->width);
	else if (!spec->is_keep && !spec->is_column)
		mill_json_put_null(w, NULL);
	mill_json_end(w);
	if (spec->role != NULL)
		mill_json_put_text(w, "role", spec->role);
	mill_json_put_array(w, "features");
	for (int i = 0; spec->features != NULL && i < spec->feature_count; i++)
		mill_json_put_text(w, NULL, spec->features[i]);
	mill_json_end(w);
	mill_json_end(w);
}

static mill_status print_json(const mill_job_catalog *catalog, const mill_job_file *job, const mill_features *features,
                              const mill_check_warnings *warnings, FILE *out, mill_error *err)
{
	int count = 0;
	const mill_dataset_spec *datasets = mill_features_datasets(features, &count);
	mill_bytes text;
	mill_json_writer w;
	mill_bytes_init(&text, catalog->run->mem);
	mill_json_writer_init(&w, &text, true);
	mill_json_put_object(&w, NULL);
	mill_json_put_text(&w, "job", job->name);
	mill_json_put_object(&w, "tables");
	for (int i = 0; i < catalog->count; i++)
		put_table(&w, &catalog->tables[i]);
	mill_json_end(&w);
	mill_json_put_object(&w, "datasets");
	for (int i = 0; i < count; i++)
		put_dataset(&w, &datasets[i]);
	mill_json_end(&w);
	mill_json_put_array(&w, "unused");
	for (int i = 0; i < catalog->count; i++)
		if (!catalog->tables[i].used)
			mill_json_put_text(&w, NULL, catalog->tables[i].name);
	mill_json_end(&w);
	mill_json_put_array(&w, "warnings");
	for (int i = 0; i < warnings->count; i++)
		mill_json_put_text(&w, NULL, warnings->texts[i]);
	mill_json_end(&w);
	mill_json_end(&w);
	mill_status status = mill_json_finish(&w);
	if (status == MILL_OK)
		fwrite(text.data, 1, text.size_bytes, out);
	mill_bytes_release(&text);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, 0, "a check's result");
}

static void print_text(const mill_job_catalog *catalog, const mill_job_file *job, const mill_store_block *block,
                       const mill_features *features, const mill_check_warnings *warnings, FILE *out)
{
	int count = 0;
	const mill_dataset_spec *datasets = mill_features_datasets(features, &count);
	for (int i = 0; i < catalog->count; i++)
		print_table(catalog, i, out);
	for (int i = 0; i < count; i++)
		print_dataset(&datasets[i], out);
	fprintf(out, "store %s  (job %s, order %s, shards of %lld rows)\n", block->path, job->name,
	        block->build.shuffle ? "shuffle" : "input", (long long)block->build.shard_rows);
	fflush(out);
	for (int i = 0; i < warnings->count; i++)
		fprintf(stderr, "warning: %s\n", warnings->texts[i]);
}

static mill_status print_all(const mill_job_catalog *catalog, const mill_job_file *job, const mill_store_block *block,
                             const mill_features *features, const mill_job_request *request, mill_error *err)
{
	mill_check_warnings warnings = {.arena = catalog->run->arena};
	mill_status status = mill_check_warn(catalog, block, features, &warnings);
	if (status != MILL_OK)
		return mill_fail_nomem(err, 0, "warnings");
	for (int i = 0; i < warnings.count; i++)
		mill_secrets_strike(warnings.texts[i], job->secrets, job->secret_count);
	if (request->json)
		status = print_json(catalog, job, features, &warnings, request->out, err);
	else
		print_text(catalog, job, block, features, &warnings, request->out);
	fflush(request->out);
	return status;
}

mill_status mill_check_print(mill_job_catalog *catalog, const mill_job_file *job, const mill_store_block *block,
                             const mill_features *features, const mill_job_request *request, mill_error *err)
{
	for (int i = 0; i < catalog->count; i++)
		if (catalog->tables[i].spec != NULL && catalog->tables[i].table == NULL)
			MILL_TRY(
			    mill_table_open(catalog->run, catalog->tables[i].spec, &catalog->tables[i].table, err));
	mill_status status = MILL_OK;
	if (mill_comm_rank(catalog->run->comm) == 0)
		status = print_all(catalog, job, block, features, request, err);
	return mill_comm_agree(catalog->run->comm, status, err);
}
