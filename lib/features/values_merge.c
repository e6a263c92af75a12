/* Counts of distinct values over ranks: every value has an owner, by its hash, that adds up its counts; what the owners
 * choose goes to all. A record is u64 hash, u64 count, u32 length, then the value. */
#include "features/values_sort.h"

#include <string.h>

#define RECORD_BYTES 20
#define CHANNEL      0x66656174U /* "feat" */

static mill_status put_record(const mill_values *values, const mill_value *entry, mill_bytes *out)
{
	uint8_t head[RECORD_BYTES];
	memcpy(head, &entry->hash, 8);
	memcpy(head + 8, &entry->count, 8);
	memcpy(head + 16, &entry->length_bytes, 4);
	MILL_TRY(mill_bytes_reserve(out, RECORD_BYTES + (size_t)entry->length_bytes));
	MILL_TRY(mill_bytes_append(out, head, RECORD_BYTES));
	return mill_bytes_append(out, mill_values_bytes(values, entry), entry->length_bytes);
}

typedef struct record {
	uint64_t hash;
	int64_t count;
	uint32_t length;
	const uint8_t *bytes; /* borrowed */
} record;

static mill_status next_record(mill_bytes_view *view, record *out, mill_error *err)
{
	const uint8_t *head;
	if (!mill_view_bytes(view, RECORD_BYTES, &head))
		return mill_fail(err, MILL_INTERNAL, "counts of distinct values are cut short");
	memcpy(&out->hash, head, 8);
	memcpy(&out->count, head + 8, 8);
	memcpy(&out->length, head + 16, 4);
	if (!mill_view_bytes(view, out->length, &out->bytes))
		return mill_fail(err, MILL_INTERNAL, "counts of distinct values are cut short");
	return MILL_OK;
}

static mill_status add_records(mill_values *into, const uint8_t *data, size_t size_bytes, mill_error *err)
{
	mill_bytes_view view = {data, size_bytes, 0};
	while (view.at < view.size_bytes) {
		record r;
		int64_t entry;
		MILL_TRY(next_record(&view, &r, err));
		MILL_TRY(mill_values_put(into, r.hash, r.bytes, r.length, &entry, err));
		into->entries[entry].count += r.count;
	}
	return MILL_OK;
}

/* Records of which no two have one value. */
static mill_status append_records(mill_values *into, const mill_bytes *records, mill_error *err)
{
	mill_bytes_view view = {records->data, records->size_bytes, 0};
	while (view.at < view.size_bytes) {
		record r;
		MILL_TRY(next_record(&view, &r, err));
		MILL_TRY(mill_values_append(into, r.hash, r.bytes, r.length, r.count, err));
	}
	return MILL_OK;
}

/* The exchange of counts: what one rank has of it. */
typedef struct dealing {
	const mill_values *from;
	mill_values *into;
	mill_comm *comm;
	int64_t round_bytes;
	int64_t next; /* entry to send */
	mill_bytes *boxes;
	const void **data;
	size_t *sizes;
	mill_error failure; /* of this rank; OK while it works */
} dealing;

static int owner_of(uint64_t hash, int ranks)
{
	return (int)(((mill_u128)hash * (mill_u128)(unsigned)ranks) >> 64);
}

/* Entries until the budget of a round is used up. */
static void fill_boxes(dealing *d)
{
	int ranks = mill_comm_size(d->comm);
	size_t used = 0;
	for (int r = 0; r < ranks; r++)
		d->boxes[r].size_bytes = 0;
	while (d->failure.status == MILL_OK && d->next < d->from->count && used < (size_t)d->round_bytes) {
		const mill_value *entry = &d->from->entries[d->next++];
		if (put_record(d->from, entry, &d->boxes[owner_of(entry->hash, ranks)]) != MILL_OK)
			mill_fail_nomem(&d->failure, RECORD_BYTES, "counts of distinct values");
		used += RECORD_BYTES + entry->length_bytes;
	}
	for (int r = 0; r < ranks; r++) {
		d->data[r] = d->boxes[r].data;
		d->sizes[r] = d->failure.status == MILL_OK ? d->boxes[r].size_bytes : 0;
	}
}

static void take_round(dealing *d, const mill_round_result *result)
{
	for (int r = 0; r < mill_comm_size(d->comm) && d->failure.status == MILL_OK; r++) {
		mill_error err = {0};
		if (add_records(d->into, result->data[r], result->size_bytes[r], &err) != MILL_OK)
			d->failure = err;
	}
}

/* Collective. Every rank leaves with one status. */
static mill_status deal(dealing *d, mill_error *err)
{
	bool all_dry = false;
	while (!all_dry) {
		mill_round_result result = {0};
		mill_error local = {0};
		fill_boxes(d);
		bool dry = d->next == d->from->count || d->failure.status != MILL_OK;
		mill_round_word word = {.dry = dry, .status = d->failure.status, .channel = CHANNEL};
		MILL_TRY(mill_comm_round_begin(d->comm, d->data, d->sizes, word, err));
		mill_status status = mill_comm_round_end(d->comm, &result, &local);
		if (status == MILL_NOMEM && d->failure.status == MILL_OK)
			d->failure = local;
		else if (status != MILL_OK && status != MILL_NOMEM)
			return mill_fail(err, status, "%s", local.message);
		if (result.worst != MILL_OK) {
			mill_error shared = d->failure;
			status = mill_comm_adopt(d->comm, result.worst_rank, d->failure.status, &shared);
			return mill_fail(err, status, "%s", shared.message);
		}
		if (result.any_stop)
			return mill_fail(err, MILL_INTERRUPTED,
			                 "interrupted by a signal; nothing of this run is visible, and it can be "
			                 "started again");
		if (status == MILL_OK)
			take_round(d, &result);
		all_dry = result.all_dry;
	}
	mill_status status = mill_comm_agree(d->comm, d->failure.status, &d->failure);
	return status == MILL_OK ? MILL_OK : mill_fail(err, status, "%s", d->failure.message);
}

static mill_status send_to_owners(const mill_values *from, mill_values *into, int64_t round_bytes, mill_comm *comm,
                                  mill_error *err)
{
	size_t ranks = (size_t)mill_comm_size(comm);
	dealing d = {.from = from, .into = into, .comm = comm, .round_bytes = round_bytes};
	d.boxes = mill_mem_calloc(from->mem, ranks, sizeof *d.boxes);
	d.data = mill_mem_calloc(from->mem, ranks, sizeof *d.data);
	d.sizes = mill_mem_calloc(from->mem, ranks, sizeof *d.sizes);
	mill_status status = MILL_OK;
	if (d.boxes == NULL || d.data == NULL || d.sizes == NULL)
		status = mill_fail_nomem(err, ranks * sizeof *d.boxes, "counts of distinct values");
	for (size_t r = 0; status == MILL_OK && r < ranks; r++)
		mill_bytes_init(&d.boxes[r], from->mem);
	status = mill_comm_agree(comm, status, err);
	if (status == MILL_OK)
		status = deal(&d, err);
	mill_comm_round_release(comm);
	for (size_t r = 0; d.boxes != NULL && r < ranks; r++)
		mill_bytes_release(&d.boxes[r]);
	mill_mem_free(d.boxes);
	mill_mem_free(d.data);
	mill_mem_free(d.sizes);
	return status;
}

/* Drops what is too rare and, of the rest, what max_size leaves no room for. Slots no longer match the entries. */
static mill_status choose(mill_values *values, const mill_values_choice *choice, mill_error *err)
{
	int64_t kept = 0;
	for (int64_t i = 0; i < values->count; i++)
		if (values->entries[i].count >= choice->min_count)
			values->entries[kept++] = values->entries[i];
	values->count = kept;
	if (kept <= choice->max_size)
		return MILL_OK;
	MILL_TRY(mill_values_sort(values, false, err));
	values->count = choice->max_size;
	return MILL_OK;
}

static mill_status write_all(const mill_values *values, mill_bytes *out, mill_error *err)
{
	for (int64_t i = 0; i < values->count; i++)
		if (put_record(values, &values->entries[i], out) != MILL_OK)
			return mill_fail_nomem(err, out->size_bytes, "a vocabulary");
	return MILL_OK;
}

static mill_status put_in_order(mill_values *values, const mill_values_choice *choice, mill_error *err)
{
	MILL_TRY(choose(values, choice, err));
	MILL_TRY(mill_values_sort(values, choice->by_value, err));
	return mill_values_index(values, err);
}

/* Every rank gets what the owners chose: values are theirs on entry, everybody's on return. */
static mill_status share_chosen(mill_values *values, const mill_values_choice *choice, mill_comm *comm, mill_error *err)
{
	mill_bytes mine, everything;
	mill_bytes_init(&mine, values->mem);
	mill_bytes_init(&everything, values->mem);
	mill_status status = choose(values, choice, err);
	if (status == MILL_OK)
		status = write_all(values, &mine, err);
	status = mill_comm_agree(comm, status, err);
	mill_values_release(values);
	if (status == MILL_OK)
		status = mill_comm_allgather(comm, mine.data, mine.size_bytes, &everything, NULL, err);
	mill_bytes_release(&mine);
	if (status == MILL_OK)
		status = mill_comm_agree(comm, append_records(values, &everything, err), err);
	mill_bytes_release(&everything);
	return status;
}

mill_status mill_values_merge(mill_values *values, const mill_values_choice *choice, int64_t round_bytes,
                              mill_comm *comm, mill_error *err)
{
	if (mill_comm_size(comm) > 1) {
		mill_values owned;
		mill_values_init(&owned, values->mem, values->type);
		mill_status status = send_to_owners(values, &owned, round_bytes, comm, err);
		mill_values_release(values);
		*values = owned;
		MILL_TRY(status);
		MILL_TRY(share_chosen(values, choice, comm, err));
	}
	return mill_comm_agree(comm, put_in_order(values, choice, err), err);
}
