/* JSON: whatever parses is written, parsed again and written the same; errors and memory stay in order. */
#include "base/json.h"
#include "base/json_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz_json: %s\n", what);
		abort();
	}
}

static void write(const mill_json *root, mill_bytes *out)
{
	mill_json_writer writer;
	mill_json_writer_init(&writer, out, true);
	mill_json_put_node(&writer, NULL, root);
	require(mill_json_finish(&writer) == MILL_OK, "a tree that was read cannot be written");
}

static void visit(const mill_json *node, mill_arena *arena)
{
	static const char *const keys[] = {"a", "format", "path"};
	mill_error err = {0};
	int64_t i64 = 0, count = 0;
	uint64_t u64 = 0;
	double f64 = 0;
	const char *text = NULL, **texts = NULL;
	char pointer[MILL_JSON_POINTER_BYTES];
	mill_json_pointer(node, pointer);
	require(strlen(pointer) < sizeof pointer, "a pointer is too long");
	mill_status refusals = mill_json_int(node, -100, 100, &i64, &err);
	refusals |= mill_json_uint(node, &u64, &err);
	refusals |= mill_json_double(node, &f64, &err);
	refusals |= mill_json_string(node, &text, &err);
	refusals |= mill_json_strings(node, arena, &texts, &count, &err);
	refusals |= mill_json_check_keys(node, keys, 3, &err);
	require(refusals == MILL_OK || err.status == MILL_USAGE, "a getter refuses with another status");
	for (int64_t i = 0; i < node->count; i++)
		visit(&node->items[i], arena);
}

static void round_trip(const mill_json *root, mill_arena *arena, mill_mem *mem)
{
	mill_bytes first, second;
	mill_bytes_init(&first, mem);
	mill_bytes_init(&second, mem);
	write(root, &first);
	mill_json *again = NULL;
	mill_error err = {0};
	mill_status status = mill_json_parse((char *)first.data, first.size_bytes, "again", arena, &again, &err);
	require(status == MILL_OK, err.message);
	write(again, &second);
	require(first.size_bytes == second.size_bytes && memcmp(first.data, second.data, first.size_bytes) == 0,
	        "the second text differs");
	mill_bytes_release(&first);
	mill_bytes_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	mill_arena arena;
	mill_arena_init(&arena, &mem);
	mill_json *root = NULL;
	mill_error err = {0};
	mill_status status = mill_json_parse((const char *)data, size, "input", &arena, &root, &err);
	require(status == MILL_OK || status == MILL_USAGE, err.message);
	require((status == MILL_OK) == (root != NULL), "root and status disagree");
	if (root != NULL) {
		visit(root, &arena);
		round_trip(root, &arena, &mem);
	}
	mill_arena_release(&arena);
	mem.fail_at = mem.allocation_count / 2 + 1;
	mem.allocation_count = 0;
	status = mill_json_parse((const char *)data, size, "input", &arena, &root, &err);
	require(status == MILL_OK || status == MILL_USAGE || status == MILL_NOMEM, err.message);
	mill_arena_release(&arena);
	require(mem.used_bytes == 0, "memory is lost");
	return 0;
}
