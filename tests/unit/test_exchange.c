/* The exchange on one rank: partition rules by hand, content through staging and frames, pressure, failures. The same
 * over ranks: tests/suites/exchange.fast.sh. */
#include "exchange_data.h"

#include "column/frame.h"
#include "shuffle/exchange.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

static mill_mem mem;
static mill_comm *comm;
static mill_knobs knobs;

static void open_world(void)
{
	mill_comm_options options = {0};
	mill_mem_init(&mem, INT64_MAX);
	CU_ASSERT_EQUAL_FATAL(mill_comm_open(&options, &mem, &comm, NULL), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(mill_knobs_read(&knobs, NULL), MILL_OK);
}

static void close_world(void)
{
	mill_comm_close(comm);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Counts what a bucket holds; `room` > 0 ends early after so many batches. */
typedef struct counter {
	mill_sink sink;
	mill_bytes scratch;
	mill_u128 sum;
	int64_t rows, batches, units, largest, room;
} counter;

static mill_status count_push(mill_sink *sink, const mill_batch *batch, mill_error *err)
{
	counter *self = (counter *)sink;
	MILL_TRY(data_sum(batch, &self->scratch, &self->sum));
	for (int c = 0; c < batch->column_count; c++)
		MILL_TRY(mill_column_validate(&batch->columns[c], err));
	self->rows += batch->rows;
	self->batches++;
	self->largest = mill_max_i64(self->largest, batch->rows);
	self->sink.done = self->room > 0 && self->batches >= self->room;
	return MILL_OK;
}

static mill_status count_unit(mill_sink *sink, mill_error *err)
{
	(void)err;
	((counter *)sink)->units++;
	return MILL_OK;
}

static counter new_counter(void)
{
	counter made = {.sink = {.push = count_push, .finish_unit = count_unit}};
	mill_bytes_init(&made.scratch, &mem);
	return made;
}

static mill_exchange *create(mill_exchange_kind kind, const int *keys, int key_count, int64_t buckets,
                             const mill_column *splitters)
{
	mill_exchange_spec spec = {.name = "test",
	                           .kind = kind,
	                           .key_columns = keys,
	                           .key_count = key_count,
	                           .splitters = splitters,
	                           .bucket_count = buckets};
	mill_exchange *ex = NULL;
	CU_ASSERT_EQUAL_FATAL(mill_exchange_create(comm, &mem, NULL, &knobs, &spec, &ex, NULL), MILL_OK);
	return ex;
}

/* One column of u64, or of binary texts, as a batch. */
static mill_batch batch_of(const uint64_t *words, const char *const *texts, int64_t rows)
{
	mill_batch batch;
	mill_builder builder;
	CU_ASSERT_EQUAL_FATAL(mill_batch_new(&mem, 1, 0, &batch, NULL), MILL_OK);
	mill_builder_init(&builder, &mem, mill_type_of(words != NULL ? MILL_TYPE_UINT64 : MILL_TYPE_BINARY));
	for (int64_t r = 0; r < rows; r++)
		if (words != NULL)
			CU_ASSERT_EQUAL(mill_builder_fixed(&builder, &words[r]), MILL_OK)
		else
			CU_ASSERT_EQUAL(mill_builder_text(&builder, texts[r], strlen(texts[r])), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(mill_builder_finish(&builder, &batch.columns[0], NULL), MILL_OK);
	batch.rows = rows;
	return batch;
}

static void specs_are_checked(void)
{
	static const int keys[] = {0};
	open_world();
	const mill_exchange_spec bad[] = {
	    {.name = "x", .kind = MILL_EXCHANGE_BY_HASH, .key_columns = keys, .key_count = 1, .bucket_count = 3},
	    {.name = "x", .kind = MILL_EXCHANGE_BY_HASH, .key_columns = keys, .key_count = 1, .bucket_count = 8192},
	    {.name = "x", .kind = MILL_EXCHANGE_BY_HASH, .key_columns = NULL, .key_count = 1, .bucket_count = 4},
	    {.name = "x", .kind = MILL_EXCHANGE_BY_U64, .key_columns = keys, .key_count = 0, .bucket_count = 4},
	    {.name = "x", .kind = MILL_EXCHANGE_BY_RANGE, .key_columns = keys, .key_count = 1},
	    {.name = NULL, .kind = MILL_EXCHANGE_TO_ONE},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		mill_exchange *ex = NULL;
		CU_ASSERT_EQUAL(mill_exchange_create(comm, &mem, NULL, &knobs, &bad[i], &ex, NULL), MILL_INTERNAL);
		CU_ASSERT_PTR_NULL(ex);
	}
	mill_exchange_release(NULL);
	close_world();
}

static void top_bits_choose_the_bucket(void)
{
	static const uint64_t words[] = {
	    0, 1, (uint64_t)1 << 62, ((uint64_t)1 << 63) - 1, (uint64_t)1 << 63, (uint64_t)3 << 62, ~(uint64_t)0};
	static const int64_t expected[] = {2, 2, 1, 2};
	static const int key[] = {0};
	open_world();
	mill_batch batch = batch_of(words, NULL, 7);
	mill_exchange *ex = create(MILL_EXCHANGE_BY_U64, key, 1, 4, NULL);
	CU_ASSERT_EQUAL(mill_sink_push(mill_exchange_sink(ex), &batch, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_exchange_drain(ex, MILL_OK, NULL), MILL_OK);
	CU_ASSERT(mill_exchange_first_bucket(ex) == 0 && mill_exchange_end_bucket(ex) == 4);
	for (int64_t b = 0; b < 4; b++)
		CU_ASSERT_EQUAL(mill_exchange_bucket_rows(ex, b), expected[b]);
	CU_ASSERT_EQUAL(mill_exchange_bucket_rows(ex, 4), 0);
	mill_exchange_release(ex);
	mill_batch_release(&batch);
	close_world();
}

/* Bucket = number of splitters <= key, compared as memcmp with the shorter first. */
static void ranges_follow_memcmp(void)
{
	static const char *const cuts[] = {"b", "commonprefix", "commonprefix1", "d\xFF", "\xFE"};
	static const struct {
		const char *key;
		int64_t bucket;
	} keys[] = {{"", 0},
	            {"a", 0},
	            {"azzzzzzzzzzzz", 0},
	            {"b", 1},
	            {"bb", 1},
	            {"common", 1},
	            {"commonprefiw", 1},
	            {"commonprefix", 2},
	            {"commonprefix0", 2},
	            {"commonprefix1", 3},
	            {"commonprefix10", 3},
	            {"d", 3},
	            {"d\xFE", 3},
	            {"d\xFF", 4},
	            {"\xFD\xFF", 4},
	            {"\xFE", 5},
	            {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 5}};
	static const int key_column[] = {0};
	open_world();
	mill_batch splitters = batch_of(NULL, cuts, 5);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		mill_batch batch = batch_of(NULL, &keys[i].key, 1);
		mill_exchange *ex = create(MILL_EXCHANGE_BY_RANGE, key_column, 1, 0, &splitters.columns[0]);
		CU_ASSERT_EQUAL(mill_exchange_bucket_count(ex), 6);
		CU_ASSERT_EQUAL(mill_sink_push(mill_exchange_sink(ex), &batch, NULL), MILL_OK);
		CU_ASSERT_EQUAL(mill_exchange_drain(ex, MILL_OK, NULL), MILL_OK);
		CU_ASSERT_EQUAL(mill_exchange_bucket_rows(ex, keys[i].bucket), 1);
		mill_exchange_release(ex);
		mill_batch_release(&batch);
	}
	static const char *const unordered[] = {"b", "a"};
	mill_batch wrong = batch_of(NULL, unordered, 2);
	mill_exchange_spec spec = {.name = "x",
	                           .kind = MILL_EXCHANGE_BY_RANGE,
	                           .key_columns = key_column,
	                           .key_count = 1,
	                           .splitters = &wrong.columns[0]};
	mill_exchange *ex = NULL;
	CU_ASSERT_EQUAL(mill_exchange_create(comm, &mem, NULL, &knobs, &spec, &ex, NULL), MILL_INTERNAL);
	mill_batch_release(&wrong);
	mill_batch_release(&splitters);
	close_world();
}

/* Pushes rows of the shape in batches, drains, and compares content. */
static void run_content(mill_exchange *ex, int64_t rows, int64_t batch_rows, data_shape shape)
{
	mill_u128 sum = 0;
	counter self = new_counter();
	for (int64_t at = 0; at < rows; at += batch_rows) {
		mill_batch batch;
		CU_ASSERT_EQUAL_FATAL(data_batch(&mem, at, mill_min_i64(batch_rows, rows - at), shape, &batch),
		                      MILL_OK);
		CU_ASSERT_EQUAL(data_sum(&batch, &self.scratch, &sum), MILL_OK);
		CU_ASSERT_EQUAL_FATAL(mill_sink_push(mill_exchange_sink(ex), &batch, NULL), MILL_OK);
		mill_batch_release(&batch);
	}
	CU_ASSERT_EQUAL_FATAL(mill_exchange_drain(ex, MILL_OK, NULL), MILL_OK);
	for (int64_t b = 0; b < mill_exchange_bucket_count(ex); b++) {
		int64_t before = self.rows;
		CU_ASSERT_EQUAL(mill_exchange_read_bucket(ex, b, &self.sink, b % 2 == 0, NULL), MILL_OK);
		CU_ASSERT_EQUAL(self.rows - before, mill_exchange_bucket_rows(ex, b));
	}
	CU_ASSERT_EQUAL(self.rows, rows);
	CU_ASSERT(self.sum == sum);
	CU_ASSERT_EQUAL(self.units, mill_exchange_bucket_count(ex));
	CU_ASSERT(self.largest <= knobs.batch_rows);
	CU_ASSERT_EQUAL(mill_exchange_ledger(ex)->rows, rows);
	mill_bytes_release(&self.scratch);
	mill_exchange_release(ex);
}

static void content_survives(void)
{
	static const int keys[] = {DATA_KEY, DATA_TEXT};
	open_world();
	for (int shape = DATA_MIXED; shape <= DATA_LONG_TEXT; shape++)
		for (int64_t buckets = 1; buckets <= 4096; buckets *= 16)
			run_content(create(MILL_EXCHANGE_BY_HASH, keys, 2, buckets, NULL), 9000, 1777,
			            (data_shape)shape);
	run_content(create(MILL_EXCHANGE_BY_HASH, NULL, 0, 8, NULL), 100, 10, DATA_MIXED);
	run_content(create(MILL_EXCHANGE_TO_ONE, NULL, 0, 0, NULL), 20000, 20000, DATA_MIXED);
	knobs.batch_rows = 3;
	run_content(create(MILL_EXCHANGE_BY_HASH, keys, 2, 4, NULL), 1000, 100, DATA_MIXED);
	close_world();
}

static void the_ledger_sums_frames(void)
{
	open_world();
	mill_batch batch;
	mill_bytes frame;
	mill_bytes_init(&frame, &mem);
	CU_ASSERT_EQUAL_FATAL(data_batch(&mem, 7, 10, DATA_ONE_KEY, &batch), MILL_OK);
	mill_exchange *ex = create(MILL_EXCHANGE_TO_ONE, NULL, 0, 0, NULL);
	CU_ASSERT_EQUAL(mill_sink_push(mill_exchange_sink(ex), &batch, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_exchange_drain(ex, MILL_OK, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_frame_write(&batch, NULL, 10, 0, 0, &frame, NULL), MILL_OK);
	const mill_ledger *ledger = mill_exchange_ledger(ex);
	CU_ASSERT(ledger->frames == 1 && ledger->rows == 10 && ledger->bytes == (int64_t)frame.size_bytes);
	CU_ASSERT_EQUAL(mill_exchange_bucket_bytes(ex, 0), (int64_t)frame.size_bytes);
	CU_ASSERT_STRING_EQUAL(ledger->name, "test");
	CU_ASSERT(ledger->sum == mill_h128(0, frame.data, frame.size_bytes));
	mill_exchange_release(ex);
	mill_bytes_release(&frame);
	mill_batch_release(&batch);
	close_world();
}

/* A rank meets after 64 MB of input even when its filter keeps nothing. */
static void input_makes_rounds(void)
{
	open_world();
	mill_exchange *ex = create(MILL_EXCHANGE_TO_ONE, NULL, 0, 0, NULL);
	for (int64_t megabytes = 0; megabytes <= 200; megabytes += 10) {
		mill_exchange_consumed(ex, megabytes * 1024 * 1024);
		CU_ASSERT_EQUAL(mill_exchange_tick(ex, NULL), MILL_OK);
	}
	CU_ASSERT_EQUAL(mill_exchange_drain(ex, MILL_OK, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_exchange_ledger(ex)->rounds, 3); /* at 70 and 140 MB, and dry at the end */
	mill_exchange_release(ex);
	close_world();
}

static void pressure_spills(void)
{
	static const int keys[] = {DATA_UNIFORM};
	char folder[] = "/tmp/rm-unit-exchange-XXXXXX";
	open_world();
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	for (int forced = 0; forced < 2; forced++) {
		mill_scratch_options options = {.folder = folder, .run_id = "r"};
		mill_scratch *scratch = NULL;
		mill_exchange *ex = NULL;
		mill_exchange_spec spec = {.name = "by u",
		                           .kind = MILL_EXCHANGE_BY_U64,
		                           .key_columns = keys,
		                           .key_count = 1,
		                           .bucket_count = 8};
		CU_ASSERT_EQUAL_FATAL(mill_scratch_open(&options, &mem, &scratch, NULL), MILL_OK);
		mem.budget_bytes = forced ? INT64_MAX : 6000000;
		knobs.force_spill = forced;
		CU_ASSERT_EQUAL_FATAL(mill_exchange_create(comm, &mem, scratch, &knobs, &spec, &ex, NULL), MILL_OK);
		mill_u128 sum = 0;
		counter self = new_counter();
		for (int64_t at = 0; at < 80000; at += 2000) {
			mill_batch batch;
			CU_ASSERT_EQUAL_FATAL(data_batch(&mem, at, 2000, DATA_MIXED, &batch), MILL_OK);
			CU_ASSERT_EQUAL(data_sum(&batch, &self.scratch, &sum), MILL_OK);
			CU_ASSERT_EQUAL_FATAL(mill_sink_push(mill_exchange_sink(ex), &batch, NULL), MILL_OK);
			mill_batch_release(&batch);
		}
		CU_ASSERT_EQUAL_FATAL(mill_exchange_drain(ex, MILL_OK, NULL), MILL_OK);
		const mill_ledger *ledger = mill_exchange_ledger(ex);
		CU_ASSERT(ledger->spilled_buckets >= 3);
		CU_ASSERT(ledger->spilled_bytes > 0 && ledger->spilled_bytes <= ledger->bytes);
		CU_ASSERT(!forced || (ledger->spilled_bytes == ledger->bytes && ledger->spilled_buckets == 8));
		for (int turn = 0; turn < 2; turn++) {
			self.rows = 0;
			self.sum = 0;
			for (int64_t b = 0; b < 8; b++)
				CU_ASSERT_EQUAL(mill_exchange_read_bucket(ex, b, &self.sink, turn == 1, NULL), MILL_OK);
			CU_ASSERT(self.rows == 80000 && self.sum == sum);
		}
		CU_ASSERT_EQUAL(mill_exchange_reclaim(ex, 1, NULL, NULL), MILL_OK);
		mill_exchange_release(ex);
		mill_scratch_close(scratch);
		mill_bytes_release(&self.scratch);
	}
	knobs.force_spill = false;
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	close_world();
}

static void a_done_sink_ends_the_read(void)
{
	open_world();
	mill_exchange *ex = create(MILL_EXCHANGE_TO_ONE, NULL, 0, 0, NULL);
	counter self = new_counter();
	mill_batch batch;
	CU_ASSERT_EQUAL_FATAL(data_batch(&mem, 0, 8192, DATA_MIXED, &batch), MILL_OK);
	for (int i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(mill_sink_push(mill_exchange_sink(ex), &batch, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_exchange_read_bucket(ex, 0, &self.sink, false, NULL), MILL_INTERNAL); /* not drained yet */
	CU_ASSERT_EQUAL(mill_exchange_drain(ex, MILL_OK, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_sink_push(mill_exchange_sink(ex), &batch, NULL), MILL_INTERNAL);
	CU_ASSERT_EQUAL(mill_exchange_drain(ex, MILL_OK, NULL), MILL_INTERNAL);
	CU_ASSERT_EQUAL(mill_exchange_read_bucket(ex, 1, &self.sink, false, NULL), MILL_INTERNAL);
	self.room = 2;
	CU_ASSERT_EQUAL(mill_exchange_read_bucket(ex, 0, &self.sink, true, NULL), MILL_OK);
	CU_ASSERT(self.batches == 2 && self.units == 1);
	mill_bytes_release(&self.scratch);
	mill_batch_release(&batch);
	mill_exchange_release(ex);
	close_world();
}

static void a_changed_schema_is_refused(void)
{
	static const uint64_t words[] = {1};
	open_world();
	mill_exchange *ex = create(MILL_EXCHANGE_TO_ONE, NULL, 0, 0, NULL);
	mill_batch first, second = batch_of(words, NULL, 1);
	mill_error err = {0};
	CU_ASSERT_EQUAL_FATAL(data_batch(&mem, 0, 5, DATA_MIXED, &first), MILL_OK);
	CU_ASSERT_EQUAL(mill_sink_push(mill_exchange_sink(ex), &first, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_sink_push(mill_exchange_sink(ex), &second, &err), MILL_INTERNAL);
	CU_ASSERT_STRING_EQUAL(err.message, "exchange test: a batch changes the schema");
	/* The failure stays, and drain returns it. */
	CU_ASSERT_EQUAL(mill_sink_push(mill_exchange_sink(ex), &first, NULL), MILL_INTERNAL);
	err = (mill_error){0};
	CU_ASSERT_EQUAL(mill_exchange_drain(ex, MILL_OK, &err), MILL_INTERNAL);
	CU_ASSERT_STRING_EQUAL(err.message, "exchange test: a batch changes the schema");
	mill_exchange_release(ex);
	mill_batch_release(&first);
	mill_batch_release(&second);
	close_world();
}

static mill_status splitters_of(const char *const *texts, int64_t count, int64_t buckets, mill_column *out)
{
	mill_batch batch = batch_of(NULL, texts, count);
	mill_status status = mill_splitters_from_samples(comm, &mem, &batch.columns[0], count, buckets, out, NULL);
	mill_batch_release(&batch);
	return status;
}

static void splitters_cut_evenly(void)
{
	static const char *const letters[] = {"h", "a", "g", "b", "f", "c", "e", "d"};
	static const char *const same[] = {"x", "x", "x", "x"};
	static const char *const heavy[] = {"a", "m", "m", "m", "m", "m", "m", "z"};
	static const char *const expected[] = {"c", "e", "g"};
	mill_column out;
	open_world();
	CU_ASSERT_EQUAL_FATAL(splitters_of(letters, 8, 4, &out), MILL_OK);
	CU_ASSERT_EQUAL(out.rows, 3); /* ab cd ef gh */
	for (int64_t i = 0; i < out.rows; i++) {
		int32_t length;
		const char *text = mill_column_text(&out, i, &length);
		CU_ASSERT(length == 1 && text[0] == expected[i][0]);
	}
	mill_column_release(&out);
	CU_ASSERT_EQUAL_FATAL(splitters_of(same, 4, 4, &out), MILL_OK);
	CU_ASSERT_EQUAL(out.rows, 0);
	mill_column_release(&out);
	CU_ASSERT_EQUAL_FATAL(splitters_of(heavy, 8, 4, &out), MILL_OK);
	CU_ASSERT_EQUAL(out.rows, 1); /* m once; nothing of z reaches a quarter */
	mill_column_release(&out);
	CU_ASSERT_EQUAL(mill_splitters_from_samples(comm, &mem, NULL, 0, 16, &out, NULL), MILL_OK);
	CU_ASSERT_EQUAL(out.rows, 0);
	mill_column_release(&out);
	CU_ASSERT_EQUAL(mill_splitters_from_samples(comm, &mem, NULL, 0, 5000, &out, NULL), MILL_INTERNAL);
	close_world();
}

/* The n-th allocation fails, for every n until none does: MILL_NOMEM with nothing leaked. */
static void every_allocation_may_fail(void)
{
	static const int keys[] = {DATA_KEY};
	open_world();
	mill_batch batch;
	CU_ASSERT_EQUAL_FATAL(data_batch(&mem, 0, 300, DATA_MIXED, &batch), MILL_OK);
	int64_t held_bytes = mem.used_bytes, failed = 0;
	for (int64_t n = 1;; n++) {
		mill_exchange_spec spec = {
		    .name = "x", .kind = MILL_EXCHANGE_BY_HASH, .key_columns = keys, .key_count = 1, .bucket_count = 4};
		mill_exchange *ex = NULL;
		counter self = new_counter();
		mill_error err = {0};
		mem.allocation_count = 0;
		mem.fail_at = n;
		mill_status status = mill_exchange_create(comm, &mem, NULL, &knobs, &spec, &ex, &err);
		if (status == MILL_OK) {
			status = mill_sink_push(mill_exchange_sink(ex), &batch, &err);
			mill_status drained = mill_exchange_drain(ex, status, &err);
			CU_ASSERT(status == MILL_OK || drained == status);
			status = drained;
		}
		for (int64_t b = 0; status == MILL_OK && b < 4; b++)
			status = mill_exchange_read_bucket(ex, b, &self.sink, true, &err);
		mill_exchange_release(ex);
		mill_bytes_release(&self.scratch);
		CU_ASSERT_EQUAL(mem.used_bytes, held_bytes);
		CU_ASSERT(status == MILL_OK || (status == MILL_NOMEM && err.status == MILL_NOMEM));
		failed += status != MILL_OK;
		if (mem.allocation_count < n) {
			CU_ASSERT(status == MILL_OK && self.rows == 300);
			break;
		}
	}
	CU_ASSERT(failed > 50);
	mem.fail_at = 0;
	mill_batch_release(&batch);
	close_world();
}

static const unit_case cases[] = {
    {"specs_are_checked", specs_are_checked},
    {"top_bits_choose_the_bucket", top_bits_choose_the_bucket},
    {"ranges_follow_memcmp", ranges_follow_memcmp},
    {"content_survives", content_survives},
    {"the_ledger_sums_frames", the_ledger_sums_frames},
    {"input_makes_rounds", input_makes_rounds},
    {"pressure_spills", pressure_spills},
    {"a_done_sink_ends_the_read", a_done_sink_ends_the_read},
    {"a_changed_schema_is_refused", a_changed_schema_is_refused},
    {"splitters_cut_evenly", splitters_cut_evenly},
    {"every_allocation_may_fail", every_allocation_may_fail},
};
UNIT_MAIN("exchange", cases)
