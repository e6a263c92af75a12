/* inspect, head, verify, diff: what a store holds. */
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
	MILL_TRY(mill_store_open(options->arguments[0], &engine->mem, &store, err));
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
	MILL_TRY(mill_store_open(options->arguments[0], &engine->mem, &store, err));
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

static void print_verified(const mill_store *store, const char *path, bool as_json)
{
	char hash[MILL_H128_TEXT_BYTES];
	mill_h128_text(mill_store_stored_hash(store), hash);
	if (as_json)
		printf("{\"verified\": true, \"content_hash\": \"%s\"}\n", hash);
	else
		printf("%s: verified, content hash %s\n", path, hash);
}

mill_status command_verify(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store *store = NULL;
	const char *path = options->arguments[0];
	mill_status status = mill_store_open(path, &engine->mem, &store, err);
	status = mill_comm_agree(mill_engine_comm(engine), status, err);
	if (status == MILL_OK)
		status = verify_shares(store, engine, err);
	if (status == MILL_OK && is_root(engine))
		print_verified(store, path, options->json);
	mill_store_close(store);
	return status;
}

/* The report is the output; a difference also sets the exit code. */
mill_status command_diff(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store *a = NULL, *b = NULL;
	mill_bytes text;
	mill_bytes_init(&text, &engine->mem);
	mill_status status = mill_store_open(options->arguments[0], &engine->mem, &a, err);
	if (status == MILL_OK)
		status = mill_store_open(options->arguments[1], &engine->mem, &b, err);
	if (status == MILL_OK)
		status = mill_store_diff(a, b, options->json, &text, err);
	if (is_root(engine))
		print(&text);
	mill_bytes_release(&text);
	mill_store_close(a);
	mill_store_close(b);
	return status;
}
