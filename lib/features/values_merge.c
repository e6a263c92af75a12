/* Counts of distinct values over ranks: every value has an owner, by its hash, that adds up its counts; what the owners
 * choose goes to all. A record is u64 hash, u64 count, u32 length, then the value. */
#include "column/canonical.h"
#include "features/values.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_BYTES 20
#define CHANNEL      0x66656174U /* "feat" */

static mill_status put_record(const mill_values *values, const mill_value *entry, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_u64(out, entry->hash));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)entry->count));
	MILL_TRY(mill_bytes_append_u32(out, entry->length_bytes));
	return mill_bytes_append(out, mill_values_bytes(values, entry), entry->length_bytes);
}

static mill_status add_records(mill_values *into, const uint8_t *data, size_t size_bytes, mill_error *err)
{
	mill_bytes_view view = {data, size_bytes, 0};
	while (view.at < view.size_bytes) {
		uint64_t hash, count;
		uint32_t length;
		const uint8_t *bytes;
		int64_t entry;
		if (!mill_view_u64(&view, &hash) || !mill_view_u64(&view, &count) || !mill_view_u32(&view, &length) ||
		    !mill_view_bytes(&view, length, &bytes))
			return mill_fail(err, MILL_INTERNAL, "counts of distinct values are cut short");
		MILL_TRY(mill_values_put(into, hash, bytes, length, &entry, err));
		into->entries[entry].count += (int64_t)count;
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
			return mill_fail(err, MILL_INTERRUPTED, "fit: stopped by a signal");
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

/* What sorting compares: the table, for text and type. */
typedef struct order {
	const mill_values *values;
	bool by_value;
} order;

static int compare_bytes(const void *a, uint32_t a_bytes, const void *b, uint32_t b_bytes)
{
	int by_bytes = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
	if (by_bytes != 0)
		return by_bytes;
	return a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

static int compare_words(mill_type type, uint64_t a, uint64_t b)
{
	if (mill_type_is_float(type)) {
		double x, y;
		memcpy(&x, &a, sizeof x);
		memcpy(&y, &b, sizeof y);
		a = (uint64_t)mill_order_f64(x);
		b = (uint64_t)mill_order_f64(y);
	}
	if (mill_type_is_unsigned(type) || type.id == MILL_TYPE_BOOL)
		return a < b ? -1 : a > b;
	return (int64_t)a < (int64_t)b ? -1 : (int64_t)a > (int64_t)b;
}

static int compare_wide(const void *a, const void *b)
{
	mill_i128 x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x < y ? -1 : x > y;
}

static int compare_entries(const void *a, const void *b, void *context)
{
	const mill_value *x = a, *y = b;
	const order *by = context;
	mill_type type = by->values->type;
	if (!by->by_value && x->count != y->count)
		return x->count > y->count ? -1 : 1;
	const void *x_bytes = mill_values_bytes(by->values, x), *y_bytes = mill_values_bytes(by->values, y);
	if (mill_type_is_text(type))
		return compare_bytes(x_bytes, x->length_bytes, y_bytes, y->length_bytes);
	if (x->length_bytes == 16)
		return compare_wide(x_bytes, y_bytes);
	return compare_words(type, x->key, y->key);
}

static void sort_entries(mill_values *values, bool by_value)
{
	order by = {values, by_value};
	if (values->count > 1)
		qsort_r(values->entries, (size_t)values->count, sizeof *values->entries, compare_entries, &by);
}

/* Drops what is too rare and, of the rest, what max_size leaves no room for. Slots no longer match the entries. */
static void choose(mill_values *values, const mill_values_choice *choice)
{
	int64_t kept = 0;
	for (int64_t i = 0; i < values->count; i++)
		if (values->entries[i].count >= choice->min_count)
			values->entries[kept++] = values->entries[i];
	values->count = kept;
	sort_entries(values, false);
	values->count = mill_min_i64(kept, choice->max_size);
}

static mill_status write_all(const mill_values *values, mill_bytes *out, mill_error *err)
{
	for (int64_t i = 0; i < values->count; i++)
		if (put_record(values, &values->entries[i], out) != MILL_OK)
			return mill_fail_nomem(err, out->size_bytes, "a vocabulary");
	return MILL_OK;
}

/* Makes values a table of the first `count` of from's entries, in the order that is asked for. */
static mill_status rebuild(mill_values *values, mill_values *from, const mill_values_choice *choice, mill_error *err)
{
	choose(from, choice);
	if (choice->by_value)
		sort_entries(from, true);
	mill_values_release(values);
	for (int64_t i = 0; i < from->count; i++) {
		const mill_value *entry = &from->entries[i];
		int64_t at;
		MILL_TRY(mill_values_put(values, entry->hash, mill_values_bytes(from, entry), entry->length_bytes, &at,
		                         err));
		values->entries[at].count = entry->count;
	}
	return MILL_OK;
}

mill_status mill_values_merge(mill_values *values, const mill_values_choice *choice, int64_t round_bytes,
                              mill_comm *comm, mill_error *err)
{
	mill_values owned, all;
	mill_bytes mine, everything;
	mill_values_init(&owned, values->mem, values->type);
	mill_values_init(&all, values->mem, values->type);
	mill_bytes_init(&mine, values->mem);
	mill_bytes_init(&everything, values->mem);
	mill_status status = send_to_owners(values, &owned, round_bytes, comm, err);
	if (status == MILL_OK) {
		mill_values_release(values);
		choose(&owned, choice);
		status = mill_comm_agree(comm, write_all(&owned, &mine, err), err);
	}
	mill_values_release(&owned);
	if (status == MILL_OK)
		status = mill_comm_allgather(comm, mine.data, mine.size_bytes, &everything, NULL, err);
	mill_bytes_release(&mine);
	if (status == MILL_OK) {
		status = add_records(&all, everything.data, everything.size_bytes, err);
		mill_bytes_release(&everything);
		if (status == MILL_OK)
			status = rebuild(values, &all, choice, err);
		status = mill_comm_agree(comm, status, err);
	}
	mill_values_release(&all);
	mill_bytes_release(&everything);
	return status;
}
