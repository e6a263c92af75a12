/* inspect, head, verify, diff: what a store holds. */
#include "base/json_writer.h"
#include "job/engine.h"
#include "store/store.h"

/* Rank 0 prints the text where the ranks found it. */
static void print(const mill_engine *engine, FILE *out, const mill_bytes *text)
{
	if (mill_comm_rank(engine->comm) == 0)
		fwrite(text->data, 1, text->size_bytes, out);
}

mill_status mill_engine_inspect(mill_engine *engine, const mill_store_request *request, mill_error *err)
{
	mill_store *store = NULL;
	mill_bytes text;
	MILL_TRY(mill_store_open(&engine->storage, request->path, engine->mem, &store, err));
	mill_bytes_init(&text, engine->mem);
	mill_status status = mill_store_inspect(store, request->json, &text, err);
	if (status == MILL_OK)
		print(engine, request->out, &text);
	mill_bytes_release(&text);
	mill_store_close(store);
	return status;
}

mill_status mill_engine_head(mill_engine *engine, const mill_store_request *request, mill_error *err)
{
	mill_store *store = NULL;
	mill_bytes text;
	MILL_TRY(mill_store_open(&engine->storage, request->path, engine->mem, &store, err));
	mill_bytes_init(&text, engine->mem);
	mill_status status = mill_store_head(store, request->split, request->rows, &text, err);
	if (status == MILL_OK)
		print(engine, request->out, &text);
	mill_bytes_release(&text);
	mill_store_close(store);
	return status;
}

/* Collective: every rank checks its share of the shards. */
static mill_status verify_shares(mill_engine *engine, const mill_store *store, mill_error *err)
{
	mill_comm *comm = engine->comm;
	int cells = mill_store_split_count(store) * mill_store_dataset_count(store);
	mill_u128 *sums = mill_arena_array(&engine->arena, (size_t)cells + 1, sizeof *sums);
	mill_status status = sums == NULL
	                         ? mill_fail_nomem(err, (size_t)cells * sizeof *sums, "hash sums")
	                         : mill_store_verify(store, mill_comm_rank(comm), mill_comm_size(comm), sums, err);
	MILL_TRY(mill_comm_agree(comm, status, err));
	MILL_TRY(mill_comm_sum_u128(comm, sums, cells, err));
	return mill_comm_agree(comm, mill_store_check_sums(store, sums, err), err);
}

static mill_status put_verdict(const mill_store *store, const char *path, const char *difference, mill_bytes *out)
{
	mill_json_writer json;
	mill_json_writer_init(&json, out, true);
	mill_json_put_object(&json, NULL);
	mill_json_put_text(&json, "path", path);
	mill_json_put_bool(&json, "verified", difference == NULL);
	if (store != NULL) {
		char hash[MILL_H128_TEXT_BYTES];
		mill_h128_text(mill_store_stored_hash(store), hash);
		mill_json_put_text(&json, "content_hash", hash);
	}
	if (difference != NULL)
		mill_json_put_text(&json, "difference", difference);
	mill_json_end(&json);
	return mill_json_finish(&json);
}

/* What was found; differences as JSON only, for the message that the run ends with tells them too. */
static mill_status print_verdict(const mill_engine *engine, const mill_store_request *request, const mill_store *store,
                                 const char *difference, mill_error *err)
{
	char hash[MILL_H128_TEXT_BYTES];
	if (!request->json && difference == NULL) {
		mill_h128_text(mill_store_stored_hash(store), hash);
		fprintf(request->out, "%s: verified, content hash %s\n", request->path, hash);
	}
	if (!request->json)
		return MILL_OK;
	mill_bytes text;
	mill_bytes_init(&text, engine->mem);
	mill_status status = put_verdict(store, request->path, difference, &text);
	if (status == MILL_OK)
		print(engine, request->out, &text);
	else
		mill_fail(err, status, "%s: the verdict cannot be put together", request->path);
	mill_bytes_release(&text);
	return status;
}

mill_status mill_engine_verify(mill_engine *engine, const mill_store_request *request, mill_error *err)
{
	mill_store *store = NULL;
	mill_status status = mill_store_check_manifest(&engine->storage, request->path, engine->mem, err);
	if (status == MILL_OK)
		status = mill_store_open(&engine->storage, request->path, engine->mem, &store, err);
	status = mill_comm_agree(engine->comm, status, err);
	if (status == MILL_OK)
		status = verify_shares(engine, store, err);
	if (mill_comm_rank(engine->comm) == 0 && (status == MILL_OK || status == MILL_DIFFERENT)) {
		const char *difference = status == MILL_OK ? NULL : err->message;
		mill_status printed = print_verdict(engine, request, store, difference, err);
		status = printed == MILL_OK ? status : printed;
	}
	mill_store_close(store);
	return status;
}

mill_status mill_engine_diff(mill_engine *engine, const mill_store_request *request, mill_error *err)
{
	mill_store *a = NULL, *b = NULL;
	mill_bytes text;
	mill_bytes_init(&text, engine->mem);
	mill_status status = mill_store_open(&engine->storage, request->path, engine->mem, &a, err);
	if (status == MILL_OK)
		status = mill_store_open(&engine->storage, request->other, engine->mem, &b, err);
	if (status == MILL_OK)
		status = mill_store_diff(a, b, request->json, &text, err);
	print(engine, request->out, &text);
	mill_bytes_release(&text);
	mill_store_close(a);
	mill_store_close(b);
	return status;
}
