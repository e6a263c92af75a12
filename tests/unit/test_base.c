/* mem, arena, bytes, hash, knobs. */
#include "base/arena.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/knobs.h"
#include "base/log.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void mem_accounts(void)
{
	mill_mem mem;
	mill_mem_init(&mem, 4 << 20);
	char *a = mill_mem_alloc(&mem, 100);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_EQUAL((uintptr_t)a % 64, 0);
	CU_ASSERT(mem.used_bytes >= 164);
	char *large = mill_mem_calloc(&mem, 3, 1 << 20);
	CU_ASSERT_PTR_NOT_NULL_FATAL(large);
	CU_ASSERT_EQUAL((uintptr_t)large % 64, 0);
	CU_ASSERT_EQUAL(large[0] | large[(3 << 20) - 1], 0);
	CU_ASSERT(mill_mem_pressure(&mem) > 0.75 && mill_mem_pressure(&mem) < 0.8);
	CU_ASSERT_PTR_NULL(mill_mem_alloc(&mem, 1 << 20));
	mill_mem_free(large);
	mill_mem_free(a);
	mill_mem_free(NULL);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
	CU_ASSERT(mem.peak_bytes > 3 << 20);
	CU_ASSERT_PTR_NULL(mill_mem_alloc(&mem, SIZE_MAX));
	CU_ASSERT_PTR_NULL(mill_mem_calloc(&mem, SIZE_MAX / 2, 3));
	void *empty = mill_mem_alloc(&mem, 0);
	CU_ASSERT_PTR_NOT_NULL(empty);
	mill_mem_free(empty);
}

static void mem_realloc_keeps_contents(void)
{
	static const size_t sizes[] = {10, 60, 64, 5000, 1 << 20, 3 << 20, (1 << 20) + 7, 2 << 20, 900, 1};
	mill_mem mem;
	mill_mem_init(&mem, 8 << 20);
	unsigned char *block = NULL;
	size_t kept = 0;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		unsigned char *grown = mill_mem_realloc(&mem, block, sizes[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(grown);
		CU_ASSERT_EQUAL((uintptr_t)grown % 64, 0);
		block = grown;
		size_t check = kept < sizes[i] ? kept : sizes[i];
		for (size_t j = 0; j < check; j += 97)
			CU_ASSERT_EQUAL(block[j], (unsigned char)(j * 31));
		for (size_t j = 0; j < sizes[i]; j++)
			block[j] = (unsigned char)(j * 31);
		kept = sizes[i];
	}
	CU_ASSERT_PTR_NULL(mill_mem_realloc(&mem, block, 9 << 20));
	CU_ASSERT_EQUAL(block[0], 0);
	mill_mem_free(block);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void mem_reuses_blocks(void)
{
	mill_mem mem;
	mill_mem_init(&mem, 8 << 20);
	char *held = mill_mem_alloc(&mem, 10);
	for (int round = 0; round < 3; round++) {
		for (size_t size = 16 << 10; size < 600 << 10; size += 7001) {
			char *block = mill_mem_alloc(&mem, size);
			CU_ASSERT_PTR_NOT_NULL_FATAL(block);
			memset(block, 0xAA, size);
			mill_mem_free(block);
			char *zeroed = mill_mem_calloc(&mem, 1, size);
			CU_ASSERT_PTR_NOT_NULL_FATAL(zeroed);
			CU_ASSERT(zeroed[0] == 0 && memcmp(zeroed, zeroed + 1, size - 1) == 0);
			mill_mem_free(zeroed);
			CU_ASSERT(mem.cached_bytes <= 1 << 20);
			CU_ASSERT(mem.used_bytes < 200);
		}
	}
	/* What is kept never stands in the way of the budget. */
	void *most = mill_mem_alloc(&mem, (7 << 20) + 1000);
	CU_ASSERT_PTR_NOT_NULL(most);
	CU_ASSERT(mem.used_bytes + mem.cached_bytes <= mem.budget_bytes);
	mill_mem_free(most);
	void *kept = mill_mem_alloc(&mem, 20 << 10);
	mill_mem_free(kept);
	mill_mem_trim(&mem);
	CU_ASSERT_EQUAL(mem.cached_bytes, 0);
	kept = mill_mem_alloc(&mem, 20 << 10);
	mill_mem_free(kept);
	mill_mem_free(held);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
	CU_ASSERT_EQUAL(mem.cached_bytes, 0);
}

static void mem_fails_on_demand(void)
{
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	mem.fail_at = 2;
	void *a = mill_mem_alloc(&mem, 1);
	CU_ASSERT_PTR_NOT_NULL(a);
	CU_ASSERT_PTR_NULL(mill_mem_alloc(&mem, 1));
	void *b = mill_mem_alloc(&mem, 1);
	CU_ASSERT_PTR_NOT_NULL(b);
	mill_mem_free(a);
	mill_mem_free(b);
	CU_ASSERT_EQUAL(mill_mem_pressure(&mem), 0);
}

static void mem_charges(void)
{
	mill_mem mem;
	mill_mem_init(&mem, 1000);
	CU_ASSERT_TRUE(mill_mem_charge(&mem, 900));
	CU_ASSERT_FALSE(mill_mem_charge(&mem, 101));
	CU_ASSERT_FALSE(mill_mem_charge(&mem, -1));
	CU_ASSERT_EQUAL(mem.used_bytes, 900);
	CU_ASSERT_PTR_NULL(mill_mem_alloc(&mem, 64));
	mill_mem_discharge(&mem, 900);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
	CU_ASSERT_EQUAL(mem.peak_bytes, 900);
}

static void arena_keeps_everything(void)
{
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	mill_arena arena;
	mill_arena_init(&arena, &mem);
	enum { COUNT = 2000 };
	unsigned char *pieces[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		size_t size = i % 500 == 499 ? 300000 : 1 + i % 77;
		pieces[i] = mill_arena_alloc(&arena, size);
		CU_ASSERT_PTR_NOT_NULL_FATAL(pieces[i]);
		CU_ASSERT_EQUAL((uintptr_t)pieces[i] % 16, 0);
		CU_ASSERT_EQUAL(pieces[i][size - 1], 0);
		memset(pieces[i], (int)(i & 0xFF), size);
	}
	for (size_t i = 0; i < COUNT; i++)
		CU_ASSERT_EQUAL(pieces[i][0], (unsigned char)i);
	CU_ASSERT(mem.allocation_count < 30);
	CU_ASSERT_STRING_EQUAL(mill_arena_strdup(&arena, "trips"), "trips");
	CU_ASSERT_EQUAL(memcmp(mill_arena_strndup(&arena, "a\0b", 3), "a\0b", 4), 0);
	CU_ASSERT_STRING_EQUAL(mill_arena_printf(&arena, "%s/%d", "split", 12), "split/12");
	CU_ASSERT_PTR_NULL(mill_arena_array(&arena, SIZE_MAX / 2, 4));
	CU_ASSERT_PTR_NULL(mill_arena_alloc(&arena, SIZE_MAX));
	mill_arena_release(&arena);
	mill_arena_release(&arena);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void bytes_round_trip(void)
{
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	mill_bytes b;
	mill_bytes_init(&b, &mem);
	CU_ASSERT_EQUAL(mill_bytes_append_u8(&b, 7), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_append_u32(&b, 0xDEADBEEF), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_append_u64(&b, 0x0123456789ABCDEF), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_append_text(&b, "abc"), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_printf(&b, "%0500d", 5), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_append(&b, NULL, 0), MILL_OK);
	CU_ASSERT_EQUAL(b.size_bytes, 516);
	CU_ASSERT_EQUAL(mill_bytes_terminate(&b), MILL_OK);
	CU_ASSERT_EQUAL(b.size_bytes, 516);
	CU_ASSERT_EQUAL(b.data[516], 0);
	CU_ASSERT_EQUAL(b.data[1], 0xEF);
	mill_bytes_view view = {b.data, 516, 0};
	uint8_t u8 = 0;
	uint32_t u32 = 0;
	uint64_t u64 = 0;
	const uint8_t *raw = NULL;
	CU_ASSERT_TRUE(mill_view_u8(&view, &u8) && u8 == 7);
	CU_ASSERT_TRUE(mill_view_u32(&view, &u32) && u32 == 0xDEADBEEF);
	CU_ASSERT_TRUE(mill_view_u64(&view, &u64) && u64 == 0x0123456789ABCDEF);
	CU_ASSERT_TRUE(mill_view_bytes(&view, 3, &raw) && memcmp(raw, "abc", 3) == 0);
	CU_ASSERT_FALSE(mill_view_bytes(&view, 501, &raw));
	CU_ASSERT_FALSE(mill_view_bytes(&view, SIZE_MAX, &raw));
	CU_ASSERT_EQUAL(view.at, 16);
	view.size_bytes = 20;
	CU_ASSERT_FALSE(mill_view_u64(&view, &u64));
	CU_ASSERT_TRUE(mill_view_u32(&view, &u32));
	mill_bytes_release(&b);
	mill_bytes_release(&b);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void bytes_near_the_budget(void)
{
	mill_mem mem;
	mill_mem_init(&mem, 1400);
	mill_bytes b;
	mill_bytes_init(&b, &mem);
	static const char zeros[600];
	CU_ASSERT_EQUAL(mill_bytes_append(&b, zeros, 400), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_append(&b, zeros, 600), MILL_NOMEM);
	CU_ASSERT_EQUAL(b.size_bytes, 400);
	CU_ASSERT_EQUAL(mill_bytes_append(&b, zeros, 300), MILL_OK);
	CU_ASSERT_EQUAL(mill_bytes_reserve(&b, SIZE_MAX), MILL_NOMEM);
	mill_bytes_release(&b);
}

/* Values computed with Python's xxhash module. */
static void hashes(void)
{
	CU_ASSERT_EQUAL(mill_h64(0, "", 0), 0x2d06800538d394c2U);
	CU_ASSERT_EQUAL(mill_h64(42, "rankmill", 8), 0xa1a5e6d9f1aed03dU);
	CU_ASSERT_EQUAL(mill_purpose_seed(7, "split", "parts"), 0x40cf3adab914e713U);
	char text[MILL_H128_TEXT_BYTES];
	mill_h128_text(mill_h128(42, "rankmill", 8), text);
	CU_ASSERT_STRING_EQUAL(text, "fb69b1a4cf8a222949e4945448db5e6a");
	uint8_t data[512];
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	CU_ASSERT_EQUAL(mill_h64(3, data, sizeof data), 0x74d041abebd427aeU);
	mill_h128_text(mill_h128(3, data, sizeof data), text);
	CU_ASSERT_STRING_EQUAL(text, "0271456379ba411c74d041abebd427ae");
	uint8_t rows[3][9] = {{1, 0}, {1, 1}, {1, 2}};
	CU_ASSERT_EQUAL(mill_h64(0, rows[0], 9), 0x313c2dd2ec996e80U);
	CU_ASSERT_EQUAL(mill_h64(0, rows[1], 9), 0xa048b5cb82162577U);
	CU_ASSERT_EQUAL(mill_h64(0, rows[2], 9), 0x04f2c58c2ededcaeU);
}

static void knobs_from_environment(void)
{
	mill_knobs knobs;
	mill_error err = {0};
	unsetenv("RANKMILL_SIMD");
	CU_ASSERT_EQUAL(mill_knobs_read(&knobs, &err), MILL_OK);
	CU_ASSERT_EQUAL(knobs.batch_rows, 8192);
	CU_ASSERT_EQUAL(knobs.simd, 0);
	setenv("RANKMILL_TEST_BATCH_ROWS", "7", 1);
	setenv("RANKMILL_TEST_FORCE_SPILL", "1", 1);
	setenv("RANKMILL_SIMD", "v3", 1);
	CU_ASSERT_EQUAL(mill_knobs_read(&knobs, &err), MILL_OK);
	CU_ASSERT_EQUAL(knobs.batch_rows, 7);
	CU_ASSERT_TRUE(knobs.force_spill);
	CU_ASSERT_EQUAL(knobs.simd, 3);
	setenv("RANKMILL_TEST_BATCH_ROWS", "8193", 1);
	CU_ASSERT_EQUAL(mill_knobs_read(&knobs, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "RANKMILL_TEST_BATCH_ROWS=8193: expected an integer from 1 to 8192");
	CU_ASSERT_EQUAL(knobs.batch_rows, 7);
	unsetenv("RANKMILL_TEST_BATCH_ROWS");
	setenv("RANKMILL_TEST_FORCE_SPILL", "yes", 1);
	CU_ASSERT_EQUAL(mill_knobs_read(&knobs, &err), MILL_USAGE);
	unsetenv("RANKMILL_TEST_FORCE_SPILL");
	setenv("RANKMILL_TEST_SPLIT_BYTES", "64kB", 1);
	setenv("RANKMILL_TEST_BROADCAST_BYTES", "0", 1);
	CU_ASSERT_EQUAL(mill_knobs_read(&knobs, &err), MILL_OK);
	CU_ASSERT_EQUAL(knobs.split_bytes, 64000);
	CU_ASSERT_EQUAL(knobs.broadcast_bytes, 0);
	setenv("RANKMILL_TEST_SPLIT_BYTES", "0", 1);
	CU_ASSERT_EQUAL(mill_knobs_read(&knobs, &err), MILL_USAGE);
	CU_ASSERT_STRING_EQUAL(err.message, "RANKMILL_TEST_SPLIT_BYTES: \"0\" is too small a size; the least is 1 B");
	unsetenv("RANKMILL_TEST_SPLIT_BYTES");
	unsetenv("RANKMILL_TEST_BROADCAST_BYTES");
	setenv("RANKMILL_SIMD", "avx9", 1);
	CU_ASSERT_EQUAL(mill_knobs_read(&knobs, &err), MILL_USAGE);
	unsetenv("RANKMILL_SIMD");
}

/* What goes to stderr while body runs. */
static void log_lines(const mill_log *log, char *out, size_t capacity)
{
	int pipes[2];
	static char long_text[20000];
	memset(long_text, 'x', sizeof long_text - 1);
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	int saved = dup(2);
	dup2(pipes[1], 2);
	mill_log_print(log, MILL_LOG_ERROR, "error %d", 1);
	mill_info(log, "info");
	mill_debug(log, "debug");
	mill_warn(log, "%s", long_text);
	dup2(saved, 2);
	close(saved);
	close(pipes[1]);
	size_t size = 0;
	for (ssize_t n = 1; n > 0 && size + 1 < capacity; size += (size_t)n)
		n = read(pipes[0], out + size, capacity - 1 - size);
	close(pipes[0]);
	out[size] = '\0';
}

static void logs(void)
{
	static char text[30000];
	mill_log log = {MILL_LOG_INFO, 0};
	log_lines(&log, text, sizeof text);
	CU_ASSERT_EQUAL(strncmp(text, "rankmill: error: error 1\nrankmill: info: info\nrankmill: warning: xxx", 66), 0);
	CU_ASSERT(strlen(text) > 8000 && text[strlen(text) - 1] == '\n');
	log = (mill_log){MILL_LOG_DEBUG, 3};
	log_lines(&log, text, sizeof text);
	CU_ASSERT_STRING_EQUAL(text, "rankmill[3]: debug: debug\n");
}

static void clocks(void)
{
	int64_t start = mill_clock_ns();
	CU_ASSERT(mill_clock_ns() >= start);
	CU_ASSERT(mill_clock_wall_us() > 1600000000LL * 1000000);
}

static const unit_case cases[] = {
    {"mem_accounts", mem_accounts},
    {"mem_realloc_keeps_contents", mem_realloc_keeps_contents},
    {"mem_reuses_blocks", mem_reuses_blocks},
    {"mem_fails_on_demand", mem_fails_on_demand},
    {"mem_charges", mem_charges},
    {"arena_keeps_everything", arena_keeps_everything},
    {"bytes_round_trip", bytes_round_trip},
    {"bytes_near_the_budget", bytes_near_the_budget},
    {"hashes", hashes},
    {"knobs_from_environment", knobs_from_environment},
    {"logs", logs},
    {"clocks", clocks},
};
UNIT_MAIN("base", cases)
