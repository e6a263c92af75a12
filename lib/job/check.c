#include "job/check.h"

#include "base/json_writer.h"

#include <stdio.h>
#include <string.h>

static const mill_schema *schema_of(const mill_named_table *named)
{
	return named->plan != NULL ? &named->plan->schema : &named->table->csv.schema;
}

static void print_table(const mill_named_table *named, FILE *out)
{
	char type[MILL_TYPE_TEXT_BYTES];
	const mill_schema *schema = schema_of(named);
	fprintf(out, "%s %s", named->plan != NULL ? "step" : "source", named->name);
	if (named->table != NULL)
		fprintf(out, "  (%lld file%s, %lld bytes)", (long long)named->table->csv.file_count,
		        named->table->csv.file_count == 1 ? "" : "s", (long long)named->table->size_bytes);
	fputc('\n', out);
	for (int i = 0; i < schema->count; i++)
		fprintf(out, "  %-32s %s%s\n", schema->fields[i].name, mill_type_text(schema->fields[i].type, type),
		        schema->fields[i].nullable ? "" : " not null");
}

static void print_dataset(const mill_dataset_spec *spec, FILE *out)
{
	char type[MILL_TYPE_TEXT_BYTES], width[32] = "";
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
		fprintf(out, "  %s\n", spec->features[i]);
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
                              FILE *out, mill_error *err)
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
	mill_json_end(&w);
	mill_status status = mill_json_finish(&w);
	if (status == MILL_OK)
		fwrite(text.data, 1, text.size_bytes, out);
	mill_bytes_release(&text);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, 0, "a check's result");
}

static void print_text(const mill_job_catalog *catalog, const mill_job_file *job, const mill_store_block *block,
                       const mill_features *features, FILE *out)
{
	int count = 0;
	const mill_dataset_spec *datasets = mill_features_datasets(features, &count);
	for (int i = 0; i < catalog->count; i++)
		print_table(&catalog->tables[i], out);
	for (int i = 0; i < count; i++)
		print_dataset(&datasets[i], out);
	fprintf(out, "store %s from %s, order %s\n", block->path, job->name, block->shuffle ? "shuffle" : "input");
	for (int i = 0; i < catalog->count; i++)
		if (!catalog->tables[i].used)
			fprintf(stderr, "warning: %s \"%s\" is not used\n",
			        catalog->tables[i].plan != NULL ? "step" : "source", catalog->tables[i].name);
}

mill_status mill_check_print(mill_job_catalog *catalog, const mill_job_file *job, const mill_store_block *block,
                             const mill_features *features, const mill_job_request *request, mill_error *err)
{
	for (int i = 0; i < catalog->count; i++)
		if (catalog->tables[i].spec != NULL && catalog->tables[i].table == NULL)
			MILL_TRY(
			    mill_table_open(catalog->run, catalog->tables[i].spec, &catalog->tables[i].table, err));
	mill_status status = MILL_OK;
	if (mill_comm_rank(catalog->run->comm) == 0) {
		if (request->json)
			status = print_json(catalog, job, features, request->out, err);
		else
			print_text(catalog, job, block, features, request->out);
		fflush(request->out);
	}
	return mill_comm_agree(catalog->run->comm, status, err);
}
