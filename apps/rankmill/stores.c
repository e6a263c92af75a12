/* inspect, head, verify, diff: what a store holds. */
#include "base/json_writer.h"
#include "command.h"
#include "store/store.h"

#include <string.h>

#define DEFAULT_HEAD_ROWS 5

static bool is_root(const mill_engine *engine)
{
	return mill_comm_rank(mill_engine_comm(engine)) == 0;
}

static void print(const mill_bytes *text)
{
	fwrite(text->data, 1, text->size_bytes, stdout);
}

mill_status command_inspect(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store *store = NULL;
	mill_bytes text;
	MILL_TRY(mill_store_open(&engine->storage, options->arguments[0], &engine->mem, &store, err));
	mill_bytes_init(&text, &engine->mem);
	mill_status status = mill_store_inspect(store, options->json, &text, err);
	if (status == MILL_OK && is_root(engine))
		print(&text);
	mill_bytes_release(&text);
	mill_store_close(store);
	return status;
}

mill_status command_head(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store *store = NULL;
	mill_bytes text;
	int64_t rows = options->rows >= 0 ? options->rows : DEFAULT_HEAD_ROWS;
	MILL_TRY(mill_store_open(&engine->storage, options->arguments[0], &engine->mem, &store, err));
	mill_bytes_init(&text, &engine->mem);
	mill_status status = mill_store_head(store, options->split, rows, &text, err);
	if (status == MILL_OK && is_root(engine))
		print(&text);
	mill_bytes_release(&text);
	mill_store_close(store);
	return status;
}

/* Collective: every rank checks its share of the shards. */
static mill_status verify_shares(const mill_store *store, mill_engine *engine, mill_error *err)
{
	mill_comm *comm = mill_engine_comm(engine);
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

/* What was found, on stdout; differences as JSON only, for the message on stderr tells them too. */
static mill_status print_verdict(const option_set *options, mill_engine *engine, const mill_store *store,
                                 const char *difference, mill_error *err)
{
	const char *path = options->arguments[0];
	char hash[MILL_H128_TEXT_BYTES];
	if (!options->json && difference == NULL) {
		mill_h128_text(mill_store_stored_hash(store), hash);
		printf("%s: verified, content hash %s\n", path, hash);
	}
	if (!options->json)
		return MILL_OK;
	mill_bytes text;
	mill_bytes_init(&text, &engine->mem);
	mill_status status = put_verdict(store, path, difference, &text);
	if (status == MILL_OK)
		print(&text);
	else
		mill_fail(err, status, "%s: the verdict cannot be put together", path);
	mill_bytes_release(&text);
	return status;
}

mill_status command_verify(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store *store = NULL;
	const char *path = options->arguments[0];
	mill_status status = mill_store_check_manifest(&engine->storage, path, &engine->mem, err);
	if (status == MILL_OK)
		status = mill_store_open(&engine->storage, path, &engine->mem, &store, err);
	status = mill_comm_agree(mill_engine_comm(engine), status, err);
	if (status == MILL_OK)
		status = verify_shares(store, engine, err);
	if (is_root(engine) && (status == MILL_OK || status == MILL_DIFFERENT)) {
		const char *difference = status == MILL_OK ? NULL : err->message;
		mill_status printed = print_verdict(options, engine, store, difference, err);
		status = printed == MILL_OK ? status : printed;
	}
	mill_store_close(store);
	return status;
}

/* The report is the output; a difference also sets the exit code. */
mill_status command_diff(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store *a = NULL, *b = NULL;
	mill_bytes text;
	mill_bytes_init(&text, &engine->mem);
	mill_status status = mill_store_open(&engine->storage, options->arguments[0], &engine->mem, &a, err);
	if (status == MILL_OK)
		status = mill_store_open(&engine->storage, options->arguments[1], &engine->mem, &b, err);
	if (status == MILL_OK)
		status = mill_store_diff(a, b, options->json, &text, err);
	if (is_root(engine))
		print(&text);
	mill_bytes_release(&text);
	mill_store_close(a);
	mill_store_close(b);
	return status;
}
