/* The exchange itself: its life, rounds with the other ranks, leaving together, the ledger. */
#include "column/frame.h"
#include "shuffle/exchange_private.h"

#include <string.h>

static mill_status sink_push(mill_sink *self, const mill_batch *batch, mill_error *err);

static mill_status sink_nothing(mill_sink *self, mill_error *err)
{
	(void)self, (void)err;
	return MILL_OK;
}

static bool is_power_of_two(int64_t value)
{
	return value > 0 && (value & (value - 1)) == 0;
}

/* The bucket count, or 0 for a spec against the rules. */
static int64_t count_buckets(const mill_exchange_spec *spec)
{
	bool word = spec->kind == MILL_EXCHANGE_BY_HASH || spec->kind == MILL_EXCHANGE_BY_U64;
	if (spec->name == NULL || spec->key_count < 0 || (spec->key_count > 0 && spec->key_columns == NULL))
		return 0;
	if ((spec->kind == MILL_EXCHANGE_BY_U64 || spec->kind == MILL_EXCHANGE_BY_RANGE) && spec->key_count != 1)
		return 0;
	if (word)
		return is_power_of_two(spec->bucket_count) && spec->bucket_count <= MILL_EXCHANGE_MAX_BUCKETS
		           ? spec->bucket_count
		           : 0;
	if (spec->kind == MILL_EXCHANGE_TO_ONE)
		return 1;
	const mill_column *splitters = spec->splitters;
	bool usable = splitters != NULL && splitters->type.id == MILL_TYPE_BINARY && splitters->null_count == 0 &&
	              splitters->dictionary == NULL && splitters->rows < MILL_EXCHANGE_MAX_BUCKETS;
	return usable ? splitters->rows + 1 : 0;
}

/* First bucket b with b·size/count = rank. */
static int64_t first_bucket_of(int64_t rank, int64_t size, int64_t count)
{
	return (rank * count + size - 1) / size;
}

/* A share of the budget that leaves room for two outboxes and for the worst case of being sent everything. */
static int64_t choose_round_bytes(const mill_exchange *ex)
{
	int64_t budget = ex->mem->budget_bytes;
	int64_t share = budget / 8 / (mill_comm_size(ex->comm) + 2);
	int64_t least = mill_min_i64((int64_t)4 * 1024 * 1024, budget / 64);
	return mill_min_i64(ex->knobs->round_bytes, mill_max_i64(share, least));
}

static mill_status set_up(mill_exchange *ex, const mill_exchange_spec *spec, mill_error *err)
{
	size_t size = (size_t)mill_comm_size(ex->comm), name_bytes = strlen(spec->name) + 1;
	mill_bytes_init(&ex->own_frame, ex->mem);
	ex->name = mill_mem_alloc(ex->mem, name_bytes);
	ex->send_data = mill_mem_calloc(ex->mem, size, sizeof *ex->send_data);
	ex->send_bytes = mill_mem_calloc(ex->mem, size, sizeof *ex->send_bytes);
	if (ex->name == NULL || ex->send_data == NULL || ex->send_bytes == NULL)
		return mill_fail_nomem(err, size * sizeof *ex->send_data + name_bytes, "exchange");
	memcpy(ex->name, spec->name, name_bytes);
	ex->ledger.name = ex->name;
	for (int i = 0; i < 2; i++) {
		ex->outbox[i] = mill_mem_calloc(ex->mem, size, sizeof *ex->outbox[i]);
		if (ex->outbox[i] == NULL)
			return mill_fail_nomem(err, size * sizeof *ex->outbox[i], "exchange");
		for (size_t r = 0; r < size; r++)
			mill_bytes_init(&ex->outbox[i][r], ex->mem);
	}
	ex->buckets = mill_mem_calloc(ex->mem, (size_t)(ex->end_bucket - ex->first_bucket) + 1, sizeof *ex->buckets);
	if (ex->buckets == NULL)
		return mill_fail_nomem(err, (size_t)(ex->end_bucket - ex->first_bucket) * sizeof *ex->buckets,
		                       "exchange");
	mill_buckets_register(ex);
	MILL_TRY(mill_partition_init(&ex->partition, ex->mem, spec, ex->bucket_count, err));
	return mill_staging_init(&ex->staging, ex->mem, ex->bucket_count, err);
}

mill_status mill_exchange_create(mill_comm *comm, mill_mem *mem, mill_scratch *scratch, const mill_knobs *knobs,
                                 const mill_exchange_spec *spec, mill_exchange **out, mill_error *err)
{
	int64_t bucket_count = count_buckets(spec);
	if (bucket_count == 0)
		return mill_fail(err, MILL_INTERNAL, "exchange %s: kind %d with %d keys and %lld buckets is not one",
		                 spec->name == NULL ? "" : spec->name, (int)spec->kind, spec->key_count,
		                 (long long)spec->bucket_count);
	mill_exchange *ex = mill_mem_calloc(mem, 1, sizeof *ex);
	if (ex == NULL)
		return mill_fail_nomem(err, sizeof *ex, "exchange");
	int64_t rank = mill_comm_rank(comm), size = mill_comm_size(comm);
	ex->sink = (mill_sink){.push = sink_push, .finish_unit = sink_nothing, .finish = sink_nothing};
	ex->comm = comm;
	ex->mem = mem;
	ex->scratch = scratch;
	ex->knobs = knobs;
	ex->bucket_count = bucket_count;
	ex->first_bucket = first_bucket_of(rank, size, bucket_count);
	ex->end_bucket = first_bucket_of(rank + 1, size, bucket_count);
	ex->channel = (uint32_t)mill_h64((uint64_t)spec->kind, spec->name, strlen(spec->name)) | 1;
	ex->round_bytes = choose_round_bytes(ex);
	mill_status status = set_up(ex, spec, err);
	if (status != MILL_OK) {
		mill_exchange_release(ex);
		return mill_fail_context(err, status, "exchange %s", spec->name);
	}
	ex->partition.name = ex->name;
	*out = ex;
	return MILL_OK;
}

/* What only sending needs. */
static void release_sending(mill_exchange *ex)
{
	for (int i = 0; i < 2; i++) {
		for (int r = 0; ex->outbox[i] != NULL && r < mill_comm_size(ex->comm); r++)
			mill_bytes_release(&ex->outbox[i][r]);
		mill_mem_free(ex->outbox[i]);
		ex->outbox[i] = NULL;
	}
	mill_bytes_release(&ex->own_frame);
	mill_mem_free(ex->send_data);
	mill_mem_free(ex->send_bytes);
	ex->send_data = NULL;
	ex->send_bytes = NULL;
	mill_partition_release(&ex->partition);
	mill_staging_release(&ex->staging);
}

void mill_exchange_release(mill_exchange *ex)
{
	if (ex == NULL)
		return;
	release_sending(ex);
	mill_buckets_release(ex);
	mill_mem_free(ex->name);
	mill_mem_free(ex);
}

mill_sink *mill_exchange_sink(mill_exchange *ex)
{
	return &ex->sink;
}

/* Keeps the first failure of this rank. */
static mill_status remember(mill_exchange *ex, mill_status status, const mill_error *err)
{
	if (status == MILL_OK || ex->failure.status != MILL_OK)
		return status;
	if (err != NULL && err->status != MILL_OK)
		ex->failure = *err;
	else
		mill_fail(&ex->failure, status, "exchange %s: %s", ex->name, mill_status_text(status));
	ex->failure.status = status;
	return status;
}

static mill_status tell_failure(const mill_exchange *ex, mill_error *err)
{
	if (err != NULL && ex->failure.status != MILL_OK)
		*err = ex->failure;
	return ex->failure.status;
}

/* After the words of a round: when a rank failed or was asked to stop, all leave here, with one status and message. */
static mill_status judge(mill_exchange *ex, const mill_round_result *result)
{
	mill_error shared = ex->failure;
	if (result->worst != MILL_OK) {
		mill_status status = mill_comm_adopt(ex->comm, result->worst_rank, ex->failure.status, &shared);
		ex->failure = shared;
		ex->failure.status = status;
		ex->closed = true;
	} else if (result->any_stop) {
		mill_fail(&ex->failure, MILL_INTERRUPTED,
		          "interrupted by a signal; nothing of this run is visible, and it can be started again");
		ex->closed = true;
	}
	ex->all_dry = result->all_dry;
	return ex->closed ? ex->failure.status : MILL_OK;
}

/* Waits for the round in flight and takes what it brought. Failures are remembered. */
static mill_status land(mill_exchange *ex)
{
	mill_round_result result = {0};
	mill_error err = {0};
	mill_status status = mill_comm_round_end(ex->comm, &result, &err);
	ex->in_flight = false;
	if (status != MILL_OK && status != MILL_NOMEM) {
		ex->failure = err;
		ex->closed = true;
		return status;
	}
	ex->rounds++;
	/* Without memory for the round's data this rank fails, but its words have arrived: it leaves with the others.
	 */
	if (status != MILL_OK)
		mill_fail_context(&err, status, "exchange %s", ex->name);
	remember(ex, status, &err);
	MILL_TRY(judge(ex, &result));
	for (int i = 0; status == MILL_OK && i < mill_comm_size(ex->comm); i++) {
		int from = (mill_comm_rank(ex->comm) + i) % mill_comm_size(ex->comm);
		status = mill_buckets_receive(ex, from, result.data[from], result.size_bytes[from], &err);
	}
	if (status == MILL_OK)
		status = mill_buckets_relieve(ex, &err);
	return remember(ex, status, &err);
}

/* Starts a round with what the outbox holds; a rank that failed sends nothing but its status. */
static mill_status launch(mill_exchange *ex, bool dry)
{
	mill_error err = {0};
	mill_round_word word = {.dry = dry, .status = ex->failure.status, .channel = ex->channel};
	mill_bytes *outbox = ex->outbox[ex->filling];
	for (int r = 0; r < mill_comm_size(ex->comm); r++) {
		ex->send_data[r] = outbox[r].data;
		ex->send_bytes[r] = ex->failure.status == MILL_OK ? outbox[r].size_bytes : 0;
	}
	mill_status status = mill_comm_round_begin(ex->comm, ex->send_data, ex->send_bytes, word, &err);
	if (status != MILL_OK) {
		ex->closed = true;
		return remember(ex, status, &err);
	}
	ex->in_flight = true;
	ex->filling = 1 - ex->filling;
	ex->outbox_bytes = 0;
	ex->met_at_bytes = ex->consumed_bytes;
	for (int r = 0; r < mill_comm_size(ex->comm); r++)
		ex->outbox[ex->filling][r].size_bytes = 0;
	return MILL_OK;
}

/* Lands the round in flight and launches the next one, if one is due. */
static mill_status meet_if_due(mill_exchange *ex, mill_error *err)
{
	mill_status status = ex->failure.status;
	if (status == MILL_OK &&
	    (ex->outbox_bytes >= ex->round_bytes || ex->consumed_bytes - ex->met_at_bytes >= MILL_ROUND_INPUT_BYTES)) {
		if (ex->in_flight)
			status = land(ex);
		if (status == MILL_OK)
			status = launch(ex, false);
	}
	return status == MILL_OK ? MILL_OK : tell_failure(ex, err);
}

mill_status mill_exchange_emit(mill_exchange *ex, const mill_batch *batch, const int32_t *rows, int64_t count,
                               int64_t bucket, mill_error *err)
{
	int owner = mill_exchange_owner(ex, bucket);
	bool own = owner == mill_comm_rank(ex->comm);
	mill_bytes *to = own ? &ex->own_frame : &ex->outbox[ex->filling][owner];
	size_t start = own ? 0 : to->size_bytes;
	to->size_bytes = start;
	MILL_TRY(mill_frame_write(batch, rows, count, (uint32_t)bucket, 0, to, err));
	size_t size_bytes = to->size_bytes - start;
	mill_ledger_add(&ex->sent, count, to->data + start, size_bytes);
	if (own)
		return mill_buckets_receive(ex, owner, to->data, size_bytes, err);
	ex->outbox_bytes += (int64_t)size_bytes;
	return meet_if_due(ex, err);
}

static mill_status add_batch(mill_exchange *ex, const mill_batch *batch, mill_error *err)
{
	const mill_partition *p = &ex->partition;
	MILL_TRY(mill_staging_accept(ex, batch, err));
	MILL_TRY(mill_partition_run(&ex->partition, batch, err));
	for (int i = 0; i < p->touched_count; i++) {
		uint16_t bucket = p->touched[i];
		MILL_TRY(mill_staging_add(ex, batch, bucket, p->order + p->starts[bucket], p->counts[bucket], err));
	}
	return MILL_OK;
}

static mill_status sink_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	mill_exchange *ex = (mill_exchange *)self;
	mill_error local = {0};
	if (ex->failure.status != MILL_OK)
		return tell_failure(ex, err);
	if (ex->drained)
		return mill_fail(err, MILL_INTERNAL, "exchange %s: a batch comes after the drain", ex->name);
	if (batch->rows > 0 && remember(ex, add_batch(ex, batch, &local), &local) != MILL_OK)
		return tell_failure(ex, err);
	return mill_exchange_tick(ex, err);
}

void mill_exchange_consumed(mill_exchange *ex, int64_t total_bytes)
{
	ex->consumed_bytes = total_bytes;
}

mill_status mill_exchange_tick(mill_exchange *ex, mill_error *err)
{
	mill_error local = {0};
	mill_comm_progress(ex->comm);
	MILL_TRY(meet_if_due(ex, err));
	return remember(ex, mill_buckets_relieve(ex, &local), &local) == MILL_OK ? MILL_OK : tell_failure(ex, err);
}

/* Compares what all ranks sent with what all received. Collective. */
static mill_status check_ledger(mill_exchange *ex, mill_error *err)
{
	enum { SENT_ROWS, GOT_ROWS, SENT_FRAMES, GOT_FRAMES, SENT_BYTES, GOT_BYTES, SPILLED, SPILLED_BYTES, COUNTS };
	int64_t counts[COUNTS] = {ex->sent.rows,  ex->received.rows,  ex->sent.frames,     ex->received.frames,
	                          ex->sent.bytes, ex->received.bytes, ex->spilled_buckets, ex->spilled_bytes};
	mill_u128 sums[2] = {ex->sent.sum, ex->received.sum};
	MILL_TRY(mill_comm_sum_i64(ex->comm, counts, COUNTS, err));
	MILL_TRY(mill_comm_sum_u128(ex->comm, sums, 2, err));
	if (counts[SENT_ROWS] != counts[GOT_ROWS] || counts[SENT_FRAMES] != counts[GOT_FRAMES] ||
	    counts[SENT_BYTES] != counts[GOT_BYTES] || sums[0] != sums[1])
		return mill_fail(
		    err, MILL_INTERNAL,
		    "exchange %s: its ledger does not balance: %lld rows in %lld frames sent, %lld in %lld received, "
		    "frame sums %s",
		    ex->name, (long long)counts[SENT_ROWS], (long long)counts[SENT_FRAMES], (long long)counts[GOT_ROWS],
		    (long long)counts[GOT_FRAMES], sums[0] == sums[1] ? "equal" : "different");
	ex->ledger = (mill_ledger){.name = ex->name,
	                           .rows = counts[SENT_ROWS],
	                           .frames = counts[SENT_FRAMES],
	                           .sum = sums[0],
	                           .bytes = counts[SENT_BYTES],
	                           .spilled_buckets = counts[SPILLED],
	                           .spilled_bytes = counts[SPILLED_BYTES],
	                           .rounds = ex->rounds};
	return MILL_OK;
}

mill_status mill_exchange_drain(mill_exchange *ex, mill_status mine, mill_error *err)
{
	mill_error local = {0};
	if (ex->drained)
		return mill_fail(err, MILL_INTERNAL, "exchange %s: drained twice", ex->name);
	remember(ex, mine, err);
	if (ex->failure.status == MILL_OK)
		remember(ex, mill_staging_flush_all(ex, &local), &local);
	if (ex->failure.status == MILL_OK)
		remember(ex, mill_buckets_relieve(ex, &local), &local);
	while (!ex->closed && !ex->all_dry) {
		mill_status status = ex->in_flight ? land(ex) : launch(ex, true);
		(void)status; /* remembered; the others hear of it in the next round, or below */
	}
	if (!ex->closed) {
		/* The last round may have failed on this rank after all were dry. */
		ex->failure.status = mill_comm_agree(ex->comm, ex->failure.status, &ex->failure);
		if (ex->failure.status == MILL_OK)
			ex->failure.status = check_ledger(ex, &ex->failure);
		ex->closed = true;
	}
	mill_comm_round_release(ex->comm);
	release_sending(ex);
	ex->drained = true;
	return tell_failure(ex, err);
}

int64_t mill_exchange_bucket_count(const mill_exchange *ex)
{
	return ex->bucket_count;
}

int mill_exchange_owner(const mill_exchange *ex, int64_t bucket)
{
	return (int)(bucket * mill_comm_size(ex->comm) / ex->bucket_count);
}

int64_t mill_exchange_first_bucket(const mill_exchange *ex)
{
	return ex->first_bucket;
}

int64_t mill_exchange_end_bucket(const mill_exchange *ex)
{
	return ex->end_bucket;
}

int64_t mill_exchange_local_rows(const mill_exchange *ex)
{
	return ex->received.rows;
}

int64_t mill_exchange_rows(const mill_exchange *ex)
{
	return ex->ledger.rows;
}

const mill_ledger *mill_exchange_ledger(const mill_exchange *ex)
{
	return &ex->ledger;
}
