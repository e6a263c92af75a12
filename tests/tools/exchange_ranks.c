/* usage: [mpirun -n N] exchange_ranks KEY=VALUE …   One exchange over all ranks, checked row by row; rank 0 prints a
 * line with what does not depend on the ranks. tests/suites/exchange.fast.sh compares the lines of several rank counts.
 *
 * rows=N kind=hash|u64|range|one buckets=B shape=mixed|nulls|one_key|long deal=even|first|last (which ranks have rows)
 * batch=ROWS (pushed) batch_rows=ROWS (limit) round_bytes=BYTES budget=BYTES scratch=DIR spill=1
 * chunk=BYTES timeout_ms=T (first group only)
 * fail=RANK stop=RANK die=RANK at=ROW (a rank fails, is signalled or killed once it pushed that many rows)
 * lose=RANK (it loses a frame) slow=RANK (it sleeps between batches) starve=RANK (its at-th allocation fails) */
#include "../unit/exchange_data.h"
#include "base/clock.h"
#include "check.h"
#include "shuffle/exchange_private.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef struct options {
	int64_t rows, buckets, batch, budget, chunk, timeout_ms, at, batch_rows, round_bytes, spill;
	int fail, stop, die, lose, slow, starve;
	const char *name, *kind, *shape, *deal, *scratch;
} options;

static volatile int stop_signal;
static mill_mem data_mem; /* of the rows themselves, which never run short */

static void on_signal(int number)
{
	stop_signal = number;
}

/* Reads one group of arguments; the number taken, or −1. */
static int read_options(int argc, char **argv, options *o)
{
	*o = (options){.rows = 1000,
	               .buckets = 16,
	               .batch = 1000,
	               .budget = INT64_MAX,
	               .at = -1,
	               .fail = -1,
	               .stop = -1,
	               .die = -1,
	               .lose = -1,
	               .slow = -1,
	               .starve = -1,
	               .name = "exchange",
	               .kind = "hash",
	               .shape = "mixed",
	               .deal = "even"};
	const struct {
		const char *name;
		int64_t *number;
		int *rank;
		const char **text;
	} table[] = {{"rows", &o->rows, NULL, NULL},
	             {"buckets", &o->buckets, NULL, NULL},
	             {"batch", &o->batch, NULL, NULL},
	             {"batch_rows", &o->batch_rows, NULL, NULL},
	             {"round_bytes", &o->round_bytes, NULL, NULL},
	             {"spill", &o->spill, NULL, NULL},
	             {"budget", &o->budget, NULL, NULL},
	             {"chunk", &o->chunk, NULL, NULL},
	             {"timeout_ms", &o->timeout_ms, NULL, NULL},
	             {"at", &o->at, NULL, NULL},
	             {"fail", NULL, &o->fail, NULL},
	             {"stop", NULL, &o->stop, NULL},
	             {"die", NULL, &o->die, NULL},
	             {"lose", NULL, &o->lose, NULL},
	             {"slow", NULL, &o->slow, NULL},
	             {"starve", NULL, &o->starve, NULL},
	             {"name", NULL, NULL, &o->name},
	             {"kind", NULL, NULL, &o->kind},
	             {"shape", NULL, NULL, &o->shape},
	             {"deal", NULL, NULL, &o->deal},
	             {"scratch", NULL, NULL, &o->scratch}};
	int i = 0;
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		size_t length = strcspn(argv[i], "="), t = 0, count = sizeof table / sizeof table[0];
		const char *value = argv[i] + length + 1;
		if (argv[i][length] == '\0')
			return -1;
		while (t < count && (strlen(table[t].name) != length || strncmp(table[t].name, argv[i], length) != 0))
			t++;
		if (t == count)
			return -1;
		if (table[t].number != NULL)
			*table[t].number = strtoll(value, NULL, 10);
		else if (table[t].rank != NULL)
			*table[t].rank = (int)strtol(value, NULL, 10);
		else
			*table[t].text = value;
	}
	return i;
}

static data_shape shape_of(const char *name)
{
	return strcmp(name, "nulls") == 0     ? DATA_NULLS
	       : strcmp(name, "one_key") == 0 ? DATA_ONE_KEY
	       : strcmp(name, "long") == 0    ? DATA_LONG_TEXT
	                                      : DATA_MIXED;
}

/* Rows [*first, *end) are this rank's. */
static void deal(const options *o, int rank, int size, int64_t *first, int64_t *end)
{
	*first = o->rows * rank / size;
	*end = o->rows * (rank + 1) / size;
	if (strcmp(o->deal, "even") == 0)
		return;
	bool mine = rank == (strcmp(o->deal, "first") == 0 ? 0 : size - 1);
	*first = 0;
	*end = mine ? o->rows : 0;
}

/* Checks the rows of a bucket and adds up their content. */
typedef struct checker {
	mill_sink sink;
	const options *options;
	const mill_knobs *knobs;
	const mill_column *splitters;
	mill_bytes scratch;
	int64_t bucket, bucket_count;
	int64_t rows, units;
	mill_u128 sum;
} checker;

static int64_t expected_bucket(checker *self, const mill_batch *batch, int64_t row)
{
	uint64_t word = ((const uint64_t *)batch->columns[DATA_UNIFORM].values)[row];
	if (strcmp(self->options->kind, "one") == 0 || self->bucket_count == 1)
		return 0;
	if (strcmp(self->options->kind, "range") == 0) {
		int64_t count = 0;
		for (; count < self->splitters->rows; count++)
			if (mill_value_compare(self->splitters, count, &batch->columns[DATA_SORT], row) > 0)
				break;
		return count;
	}
	if (strcmp(self->options->kind, "hash") == 0) {
		self->scratch.size_bytes = 0;
		CHECK(mill_value_bytes(&batch->columns[DATA_KEY], row, &self->scratch) == MILL_OK);
		CHECK(mill_value_bytes(&batch->columns[DATA_WORD], row, &self->scratch) == MILL_OK);
		word = mill_h64(0, self->scratch.data, self->scratch.size_bytes);
	}
	return (int64_t)((mill_u128)word * (mill_u128)(uint64_t)self->bucket_count >> 64);
}

static mill_status check_push(mill_sink *sink, const mill_batch *batch, mill_error *err)
{
	checker *self = (checker *)sink;
	CHECK(batch->rows > 0 && batch->rows <= self->knobs->batch_rows);
	CHECK(batch->column_count == DATA_COLUMNS && batch->id_words == 1);
	for (int c = 0; c < batch->column_count; c++)
		CHECK(mill_column_validate(&batch->columns[c], err) == MILL_OK);
	for (int64_t r = 0; r < batch->rows; r++)
		if (expected_bucket(self, batch, r) != self->bucket) {
			CHECK(self->bucket == -1);
			break;
		}
	CHECK(data_sum(batch, &self->scratch, &self->sum) == MILL_OK);
	self->rows += batch->rows;
	return MILL_OK;
}

static mill_status check_unit(mill_sink *sink, mill_error *err)
{
	(void)err;
	((checker *)sink)->units++;
	return MILL_OK;
}

/* Reads all local buckets. */
static void read_all(mill_exchange *ex, checker *self, bool consume)
{
	int64_t rows = 0, bytes = 0;
	self->rows = self->units = 0;
	self->sum = 0;
	self->bucket_count = mill_exchange_bucket_count(ex);
	for (int64_t b = mill_exchange_first_bucket(ex); b < mill_exchange_end_bucket(ex); b++) {
		mill_error err = {0};
		self->bucket = b;
		rows += mill_exchange_bucket_rows(ex, b);
		bytes += mill_exchange_bucket_bytes(ex, b);
		CHECK(mill_exchange_read_bucket(ex, b, &self->sink, consume, &err) == MILL_OK);
		if (err.status != MILL_OK)
			fprintf(stderr, "%s\n", err.message);
		CHECK(self->rows == rows);
	}
	CHECK(self->units == mill_exchange_end_bucket(ex) - mill_exchange_first_bucket(ex));
	CHECK(rows == mill_exchange_local_rows(ex));
	CHECK((bytes > 0) == (rows > 0));
}

static mill_status push_all(const options *o, mill_comm *comm, mill_exchange *ex, mill_u128 *sum, mill_error *err)
{
	int rank = mill_comm_rank(comm);
	int64_t first, end, pushed = 0;
	mill_bytes scratch;
	mill_status status = MILL_OK;
	mill_bytes_init(&scratch, &data_mem);
	deal(o, rank, mill_comm_size(comm), &first, &end);
	for (int64_t at = first; status == MILL_OK && (at < end || o->at == pushed); at += o->batch) {
		mill_batch batch;
		if (o->at >= 0 && pushed >= o->at) {
			if (rank == o->fail) {
				status = mill_fail(err, MILL_DATA, "x.csv: line %lld: too bad", (long long)pushed);
				break;
			}
			if (rank == o->stop)
				raise(SIGUSR1);
			if (rank == o->die)
				raise(SIGKILL);
		}
		int64_t rows = mill_min_i64(o->batch, end - at);
		if (rows <= 0)
			break;
		MILL_TRY(data_batch(&data_mem, at, rows, shape_of(o->shape), &batch));
		CHECK(data_sum(&batch, &scratch, sum) == MILL_OK);
		status = mill_sink_push(mill_exchange_sink(ex), &batch, err);
		mill_batch_release(&batch);
		pushed += rows;
		mill_exchange_consumed(ex, pushed * 100);
		if (rank == o->slow) {
			struct timespec pause = {0, 3000000};
			nanosleep(&pause, NULL);
		}
	}
	mill_bytes_release(&scratch);
	return status;
}

/* Splitters for kind=range, from every tenth row. */
static mill_status find_splitters(const options *o, mill_comm *comm, mill_mem *mem, mill_column *out, mill_error *err)
{
	int64_t first, end;
	mill_builder builder;
	mill_column samples;
	mill_builder_init(&builder, &data_mem, mill_type_of(MILL_TYPE_BINARY));
	deal(o, mill_comm_rank(comm), mill_comm_size(comm), &first, &end);
	for (int64_t r = first; r < end; r += 10)
		MILL_TRY(data_value(&builder, DATA_SORT, (uint64_t)r, shape_of(o->shape)));
	MILL_TRY(mill_builder_finish(&builder, &samples, err));
	mill_status status = mill_splitters_from_samples(comm, mem, &samples, end - first, o->buckets, out, err);
	mill_column_release(&samples);
	mill_builder_release(&builder);
	return status;
}

static mill_status run(const options *o, mill_comm *comm, mill_mem *mem, mill_scratch *scratch, const mill_knobs *knobs,
                       mill_error *err)
{
	static const int hash_keys[] = {DATA_KEY, DATA_WORD}, uniform_key[] = {DATA_UNIFORM}, sort_key[] = {DATA_SORT};
	mill_exchange_spec spec = {.name = "by key",
	                           .kind = MILL_EXCHANGE_BY_HASH,
	                           .key_columns = hash_keys,
	                           .key_count = 2,
	                           .bucket_count = o->buckets};
	mill_column splitters = {0};
	mill_exchange *ex = NULL;
	if (strcmp(o->kind, "one") == 0)
		spec = (mill_exchange_spec){.name = "to one", .kind = MILL_EXCHANGE_TO_ONE};
	if (strcmp(o->kind, "u64") == 0)
		spec = (mill_exchange_spec){.name = "by u64",
		                            .kind = MILL_EXCHANGE_BY_U64,
		                            .key_columns = uniform_key,
		                            .key_count = 1,
		                            .bucket_count = o->buckets};
	if (strcmp(o->kind, "range") == 0) {
		MILL_TRY(find_splitters(o, comm, mem, &splitters, err));
		spec = (mill_exchange_spec){.name = "by range",
		                            .kind = MILL_EXCHANGE_BY_RANGE,
		                            .key_columns = sort_key,
		                            .key_count = 1,
		                            .splitters = &splitters};
	}
	mill_u128 sums[2] = {0, 0};
	if (o->starve == mill_comm_rank(comm))
		mem->fail_at = mem->allocation_count + o->at;
	mill_status created = mill_exchange_create(comm, mem, scratch, knobs, &spec, &ex, err);
	created = mill_comm_agree(comm, created, err);
	if (created != MILL_OK) {
		mill_exchange_release(ex);
		mill_column_release(&splitters);
		return created;
	}
	ex->lose_next_frame = mill_comm_rank(comm) == o->lose;
	mill_status status = push_all(o, comm, ex, &sums[0], err);
	status = mill_exchange_drain(ex, status, err);
	mem->fail_at = 0;
	if (status == MILL_OK) {
		checker self = {.sink = {.push = check_push, .finish_unit = check_unit},
		                .options = o,
		                .knobs = knobs,
		                .splitters = &splitters};
		const mill_ledger *ledger = mill_exchange_ledger(ex);
		mill_bytes_init(&self.scratch, mem);
		read_all(ex, &self, false);
		sums[1] = self.sum;
		CHECK(mill_exchange_reclaim(ex, 1, NULL, err) == MILL_OK);
		read_all(ex, &self, true);
		CHECK(sums[1] == self.sum);
		mill_bytes_release(&self.scratch);
		MILL_TRY(mill_comm_sum_u128(comm, sums, 2, err));
		CHECK(sums[0] == sums[1]);
		CHECK(ledger->rows == o->rows && mill_exchange_rows(ex) == o->rows);
		char text[MILL_H128_TEXT_BYTES];
		mill_h128_text(sums[1], text);
		if (mill_comm_rank(comm) == 0) {
			printf("%s: rows %lld content %s buckets %lld\n", o->name, (long long)ledger->rows, text,
			       (long long)mill_exchange_bucket_count(ex));
			fprintf(stderr, "%s: rounds %lld frames %lld spilled %lld buckets %lld bytes of %lld\n",
			        o->name, (long long)ledger->rounds, (long long)ledger->frames,
			        (long long)ledger->spilled_buckets, (long long)ledger->spilled_bytes,
			        (long long)ledger->bytes);
		}
	}
	mill_exchange_release(ex);
	mill_column_release(&splitters);
	return status;
}

/* One group: its scratch, its exchange, its budget. */
static mill_status run_group(const options *o, mill_comm *comm, mill_mem *mem, mill_knobs knobs, mill_error *err)
{
	mill_scratch *scratch = NULL;
	mill_status status = MILL_OK;
	mem->budget_bytes = o->budget;
	knobs.force_spill = o->spill != 0;
	if (o->batch_rows > 0)
		knobs.batch_rows = o->batch_rows;
	if (o->round_bytes > 0)
		knobs.round_bytes = o->round_bytes;
	if (o->scratch != NULL) {
		mill_scratch_options scratch_options = {
		    .folder = o->scratch, .run_id = "exchange-ranks", .rank = mill_comm_rank(comm)};
		status = mill_scratch_open(&scratch_options, mem, &scratch, err);
	}
	if (status == MILL_OK)
		status = run(o, comm, mem, scratch, &knobs, err);
	if (status != MILL_OK)
		printf("rank %d: %s: %s\n", mill_comm_rank(comm), mill_status_name(status), err->message);
	fflush(stdout);
	mill_scratch_close(scratch);
	mem->budget_bytes = INT64_MAX;
	return status;
}

int main(int argc, char **argv)
{
	options o;
	mill_mem mem;
	mill_knobs knobs;
	mill_comm *comm = NULL;
	mill_error err = {0};
	int at = 1, taken = read_options(argc - at, argv + at, &o);
	if (taken < 0 || mill_knobs_read(&knobs, &err) != MILL_OK)
		return 2;
	signal(SIGUSR1, on_signal);
	mill_mem_init(&mem, INT64_MAX);
	mill_mem_init(&data_mem, INT64_MAX);
	mill_comm_options comm_options = {.use_mpi = mill_comm_launched(),
	                                  .timeout_ns = o.timeout_ms * 1000000,
	                                  .stop_signal = &stop_signal,
	                                  .chunk_bytes = o.chunk};
	mill_status status = mill_comm_open(&comm_options, &mem, &comm, &err);
	if (status != MILL_OK) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	int64_t held_bytes = mem.used_bytes;
	while (status == MILL_OK && taken >= 0) {
		status = run_group(&o, comm, &mem, knobs, &err);
		CHECK((mem.used_bytes == held_bytes && data_mem.used_bytes == 0) || status == MILL_LOST_RANK);
		at += taken + 1;
		if (at >= argc)
			break;
		taken = read_options(argc - at, argv + at, &o);
	}
	if (status == MILL_LOST_RANK) {
		mill_comm_abort(comm, mill_status_exit_code(status));
		return mill_status_exit_code(status);
	}
	mill_comm_close(comm);
	return failures > 0 ? 99 : taken < 0 ? 2 : mill_status_exit_code(status);
}
