/* The last stage: every rank's shards and sums on rank 0, which writes views, fitted state and the manifest. */
#include "base/json_writer.h"
#include "build/build.h"
#include "expr/versions.h"
#include "sql/versions.h"
#include "stage/books.h"
#include "store/versions.h"

#include <stdlib.h>

#define MOST_EXTRAS 12

typedef struct extras {
	mill_arena *arena;
	mill_manifest_extra items[MOST_EXTRAS];
	int count;
} extras;

/* A writer for one value; extra_end files it under key. */
static void extra_begin(extras *e, mill_bytes *text, mill_json_writer *writer)
{
	mill_bytes_init(text, e->arena->mem);
	mill_json_writer_init(writer, text, false);
}

static mill_status extra_end(extras *e, const char *key, mill_bytes *text, mill_json_writer *writer, mill_error *err)
{
	mill_status status = mill_json_finish(writer);
	const char *json =
	    status == MILL_OK ? mill_arena_strndup(e->arena, (const char *)text->data, text->size_bytes) : NULL;
	mill_bytes_release(text);
	if (json == NULL)
		return mill_fail_nomem(err, 0, "the manifest");
	e->items[e->count++] = (mill_manifest_extra){key, json};
	return MILL_OK;
}

static mill_status add_scalars(const mill_build *build, extras *e, mill_error *err)
{
	mill_bytes text;
	mill_json_writer w;
	extra_begin(e, &text, &w);
	mill_json_put_text(&w, NULL, build->request->job_name);
	MILL_TRY(extra_end(e, "job_name", &text, &w, err));
	extra_begin(e, &text, &w);
	mill_json_put_uint(&w, NULL, build->request->seed);
	MILL_TRY(extra_end(e, "seed", &text, &w, err));
	extra_begin(e, &text, &w);
	mill_json_put_bool(&w, NULL, build->run->limit_rows != INT64_MAX);
	MILL_TRY(extra_end(e, "partial", &text, &w, err));
	extra_begin(e, &text, &w);
	mill_json_put_text(&w, NULL, build->request->shuffle ? "shuffle" : "input");
	MILL_TRY(extra_end(e, "order", &text, &w, err));
	e->items[e->count++] = (mill_manifest_extra){"job", build->request->job_json};
	extra_begin(e, &text, &w);
	mill_json_put_array(&w, NULL);
	mill_json_end(&w);
	return extra_end(e, "checks", &text, &w, err);
}

static mill_status add_inputs(const mill_build *build, extras *e, mill_error *err)
{
	mill_bytes text;
	mill_json_writer w;
	extra_begin(e, &text, &w);
	mill_json_put_array(&w, NULL);
	for (int t = 0; t < build->run->table_count; t++) {
		const mill_format_table *input = build->run->tables[t]->input;
		for (int64_t i = 0; i < input->file_count; i++) {
			mill_json_put_object(&w, NULL);
			mill_json_put_text(&w, "path", input->files[i].uri);
			mill_json_put_int(&w, "bytes", input->files[i].size_bytes);
			mill_json_put_int(&w, "mtime_ns", input->files[i].mtime_ns);
			mill_json_end(&w);
		}
	}
	mill_json_end(&w);
	return extra_end(e, "inputs", &text, &w, err);
}

static void put_exchange(mill_json_writer *w, const mill_ledger *ledger)
{
	char sum[MILL_H128_TEXT_BYTES];
	mill_h128_text(ledger->sum, sum);
	mill_json_put_object(w, NULL);
	mill_json_put_text(w, "name", ledger->name);
	mill_json_put_int(w, "rows", ledger->rows);
	mill_json_put_int(w, "frames", ledger->frames);
	mill_json_put_text(w, "sum", sum);
	mill_json_put_int(w, "bytes", ledger->bytes);
	mill_json_put_int(w, "rounds", ledger->rounds);
	mill_json_put_int(w, "spilled_buckets", ledger->spilled_buckets);
	mill_json_put_int(w, "spilled_bytes", ledger->spilled_bytes);
	mill_json_end(w);
}

/* What made rows, as a join does where a row has several partners; left out where nothing did. */
static void put_added(mill_json_writer *w, const mill_stage_entry *stage)
{
	bool any = false;
	for (int i = 0; i < stage->reason_count; i++) {
		if (stage->reasons[i].dropped >= 0)
			continue;
		if (!any)
			mill_json_put_object(w, "added");
		any = true;
		mill_json_put_int(w, stage->reasons[i].name, -stage->reasons[i].dropped);
	}
	if (any)
		mill_json_end(w);
}

static void put_stage(mill_json_writer *w, const mill_stage_entry *stage)
{
	mill_json_put_object(w, NULL);
	mill_json_put_text(w, "name", stage->name);
	mill_json_put_int(w, "rows_in", stage->rows_in);
	mill_json_put_int(w, "rows_out", stage->rows_out);
	mill_json_put_object(w, "dropped");
	for (int i = 0; i < stage->reason_count; i++)
		if (stage->reasons[i].dropped > 0)
			mill_json_put_int(w, stage->reasons[i].name, stage->reasons[i].dropped);
	mill_json_end(w);
	put_added(w, stage);
	mill_json_end(w);
}

static mill_status add_ledger(const mill_build *build, extras *e, mill_error *err)
{
	const mill_books *books = build->run->books;
	mill_bytes text;
	mill_json_writer w;
	extra_begin(e, &text, &w);
	mill_json_put_object(&w, NULL);
	mill_json_put_array(&w, "exchanges");
	for (int i = 0; i < books->exchange_count; i++)
		put_exchange(&w, &books->exchanges[i]);
	mill_json_end(&w);
	mill_json_put_array(&w, "stages");
	for (int i = 0; i < books->stage_count; i++)
		put_stage(&w, &books->stages[i]);
	mill_json_end(&w);
	mill_json_end(&w);
	return extra_end(e, "ledger", &text, &w, err);
}

static mill_status add_bad_rows(const mill_build *build, extras *e, mill_error *err)
{
	mill_bytes text;
	mill_json_writer w;
	extra_begin(e, &text, &w);
	mill_json_put_object(&w, NULL);
	mill_books_put_bad_rows(build->run->books, &w);
	mill_json_end(&w);
	return extra_end(e, "bad_rows", &text, &w, err);
}

static mill_status add_versions(extras *e, mill_error *err)
{
	mill_version_list list = {.count = 0};
	mill_bytes text;
	mill_json_writer w;
	extra_begin(e, &text, &w);
	mill_json_put_text(&w, NULL, MILL_VERSION);
	MILL_TRY(extra_end(e, "rankmill", &text, &w, err));
	mill_base_versions(&list);
	mill_expr_versions(&list);
	mill_sql_versions(&list);
	mill_store_versions(&list);
	extra_begin(e, &text, &w);
	mill_json_put_object(&w, NULL);
	for (int i = 0; i < list.count; i++)
		mill_json_put_text(&w, list.items[i].name, list.items[i].text);
	mill_json_end(&w);
	return extra_end(e, "versions", &text, &w, err);
}

static mill_status write_fitted(const mill_build *build, mill_error *err)
{
	mill_bytes json;
	mill_bytes_init(&json, build->run->mem);
	mill_status status =
	    mill_features_write_fitted(build->features, build->run->storage, build->spec.path, &json, err);
	const char *path = mill_arena_printf(build->run->arena, "%s/fitted.json", build->spec.path);
	if (status == MILL_OK && path == NULL)
		status = mill_fail_nomem(err, 0, "a path");
	if (status == MILL_OK)
		status = mill_storage_write_all(build->run->storage, path, json.data, json.size_bytes, err);
	mill_bytes_release(&json);
	return status;
}

/* Rank 0 alone. */
static mill_status commit_on_root(mill_build *build, const mill_shard_info *shards, int64_t shard_count,
                                  const mill_u128 *sums, mill_store_claim *claim, mill_error *err)
{
	extras e = {.arena = build->run->arena};
	MILL_TRY(add_scalars(build, &e, err));
	MILL_TRY(add_inputs(build, &e, err));
	MILL_TRY(add_ledger(build, &e, err));
	MILL_TRY(add_bad_rows(build, &e, err));
	MILL_TRY(add_versions(&e, err));
	MILL_TRY(write_fitted(build, err));
	for (int s = 0; s < build->split_count; s++)
		MILL_TRY(mill_store_write_view(&build->spec, s, shards, shard_count, build->run->mem, err));
	return mill_store_commit(&build->spec, shards, shard_count, sums, e.items, e.count, claim, build->run->mem,
	                         err);
}

static int compare_shards(const void *a, const void *b)
{
	const mill_shard_info *x = a, *y = b;
	if (x->split != y->split)
		return x->split < y->split ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static mill_status gather_shards(mill_build *build, const mill_shard_info *mine, int64_t count, mill_bytes *all,
                                 mill_error *err)
{
	size_t *sizes = mill_arena_array(build->run->arena, (size_t)build->counts.ranks, sizeof *sizes);
	mill_status status = sizes == NULL ? mill_fail_nomem(err, 0, "the list of shards") : MILL_OK;
	MILL_TRY(mill_comm_agree(build->run->comm, status, err));
	MILL_TRY(mill_comm_gather(build->run->comm, 0, mine, (size_t)count * sizeof *mine, all, sizes, err));
	if (all->size_bytes > 0)
		qsort(all->data, all->size_bytes / sizeof *mine, sizeof *mine, compare_shards);
	return MILL_OK;
}

mill_status mill_build_commit(mill_build *build, mill_store_claim *claim, mill_error *err)
{
	mill_comm *comm = build->run->comm;
	int cells = build->split_count * build->spec.dataset_count;
	const mill_shard_info *mine = NULL;
	int64_t count = 0;
	mill_bytes all;
	mill_u128 *sums = mill_arena_array(build->run->arena, (size_t)cells + 1, sizeof *sums);
	mill_status status = sums == NULL ? mill_fail_nomem(err, 0, "hash sums")
	                                  : mill_store_writer_finish(build->writer, &mine, &count, sums, err);
	MILL_TRY(mill_comm_agree(comm, status, err));
	MILL_TRY(mill_comm_sum_u128(comm, sums, cells, err));
	MILL_TRY(mill_comm_agree(comm, build->request->write_bad_rows(build->run, build->spec.path, err), err));
	mill_bytes_init(&all, build->run->mem);
	status = mill_comm_agree(comm, gather_shards(build, mine, count, &all, err), err);
	if (status == MILL_OK && mill_comm_rank(comm) == 0)
		status = commit_on_root(build, (const mill_shard_info *)(const void *)all.data,
		                        (int64_t)(all.size_bytes / sizeof *mine), sums, claim, err);
	mill_bytes_release(&all);
	/* From here on the store stands or not; a signal that comes now changes nothing. */
	return mill_comm_agree_done(comm, status, err);
}
