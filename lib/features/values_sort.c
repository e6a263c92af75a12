#include "features/values_sort.h"

#include "column/canonical.h"

#include <string.h>

#define SMALL_RUN 64 /* sorted by comparing */
#define DEEPEST   64 /* chunks of 8 equal bytes that a radix looks into */

typedef struct item {
	uint64_t key;
	uint32_t entry;
} item;

typedef struct sorter {
	const mill_values *values;
	item *spare; /* as many as there are items */
} sorter;

static int compare_text(const uint8_t *a, uint32_t a_bytes, const uint8_t *b, uint32_t b_bytes)
{
	int by_bytes = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
	if (by_bytes != 0)
		return by_bytes;
	return a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

/* A value of at most 8 bytes that is no text, so that unsigned order is its order. */
static uint64_t key_of_word(mill_type type, uint64_t word)
{
	const uint64_t sign = (uint64_t)1 << 63;
	double value;
	if (mill_type_is_unsigned(type) || type.id == MILL_TYPE_BOOL)
		return word;
	if (!mill_type_is_float(type))
		return word ^ sign;
	memcpy(&value, &word, sizeof value);
	return (uint64_t)mill_order_f64(value) ^ sign;
}

/* Bytes 8·depth … 8·depth + 7 of a value in its order, zeros after its end. */
static uint64_t key_at(const mill_values *values, uint32_t entry, uint32_t depth)
{
	const mill_value *value = &values->entries[entry];
	const uint8_t *bytes = mill_values_bytes(values, value);
	uint32_t length = value->length_bytes, from = 8 * depth;
	uint64_t key = 0;
	if (!mill_type_is_text(values->type) && length <= 8)
		return key_of_word(values->type, value->word);
	if (!mill_type_is_text(values->type)) {
		memcpy(&key, bytes + (depth == 0 ? 8 : 0), 8); /* a 128-bit integer: its high half first */
		return depth == 0 ? key ^ (uint64_t)1 << 63 : key;
	}
	if (from >= length)
		return 0;
	memcpy(&key, bytes + from, length - from < 8 ? length - from : 8);
	return __builtin_bswap64(key);
}

static int compare_entries(const mill_values *values, uint32_t a, uint32_t b)
{
	const mill_value *x = &values->entries[a], *y = &values->entries[b];
	if (mill_type_is_text(values->type))
		return compare_text(mill_values_bytes(values, x), x->length_bytes, mill_values_bytes(values, y),
		                    y->length_bytes);
	for (uint32_t depth = 0; depth < (x->length_bytes + 7) / 8; depth++) {
		uint64_t p = key_at(values, a, depth), q = key_at(values, b, depth);
		if (p != q)
			return p < q ? -1 : 1;
	}
	return 0;
}

/* Runs of 1, 2, 4 … items merged in turns between items and spare. */
static void sort_by_comparing(const sorter *s, item *items, int64_t count)
{
	item *from = items, *to = s->spare;
	for (int64_t width = 1; width < count; width *= 2) {
		for (int64_t start = 0; start < count; start += 2 * width) {
			int64_t a = start, a_end = mill_min_i64(start + width, count), b = a_end;
			int64_t b_end = mill_min_i64(start + 2 * width, count), out = start;
			while (a < a_end && b < b_end) {
				bool first = compare_entries(s->values, from[a].entry, from[b].entry) <= 0;
				to[out++] = first ? from[a++] : from[b++];
			}
			memcpy(to + out, from + a, (size_t)(a_end - a) * sizeof *to);
			memcpy(to + out + (a_end - a), from + b, (size_t)(b_end - b) * sizeof *to);
		}
		item *swap = from;
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, (size_t)count * sizeof *items);
}

/* By key, stable: a counting sort a byte, bytes that are all equal passed over. */
static void sort_by_key(const sorter *s, item *items, int64_t count)
{
	item *from = items, *to = s->spare;
	uint64_t any = 0, all = ~(uint64_t)0;
	for (int64_t i = 0; i < count; i++) {
		any |= items[i].key;
		all &= items[i].key;
	}
	for (int shift = 0; shift < 64; shift += 8) {
		int64_t starts[256] = {0}, at = 0;
		if (((any ^ all) >> shift & 0xFF) == 0)
			continue;
		for (int64_t i = 0; i < count; i++)
			starts[from[i].key >> shift & 0xFF]++;
		for (int b = 0; b < 256; b++) {
			int64_t here = starts[b];
			starts[b] = at;
			at += here;
		}
		for (int64_t i = 0; i < count; i++)
			to[starts[from[i].key >> shift & 0xFF]++] = from[i];
		item *swap = from;
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, (size_t)count * sizeof *items);
}

static int64_t run_end(const item *items, int64_t start, int64_t count)
{
	int64_t end = start + 1;
	while (end < count && items[end].key == items[start].key)
		end++;
	return end;
}

/* Items whose values agree in the first 8·depth bytes. Recurses as deep as DEEPEST. */
static void sort_by_value(const sorter *s, item *items, int64_t count, uint32_t depth)
{
	if (count < SMALL_RUN || depth == DEEPEST) {
		sort_by_comparing(s, items, count);
		return;
	}
	for (int64_t i = 0; i < count; i++)
		items[i].key = key_at(s->values, items[i].entry, depth);
	sort_by_key(s, items, count);
	if (!mill_type_is_text(s->values->type) && s->values->entries[items[0].entry].length_bytes <= 8)
		return;
	for (int64_t start = 0; start < count;) {
		int64_t end = run_end(items, start, count);
		if (end - start > 1)
			sort_by_value(s, items + start, end - start, depth + 1);
		start = end;
	}
}

static void sort_items(const sorter *s, item *items, int64_t count, bool by_value)
{
	if (by_value) {
		sort_by_value(s, items, count, 0);
		return;
	}
	for (int64_t i = 0; i < count; i++)
		items[i].key = ~(uint64_t)s->values->entries[items[i].entry].count;
	sort_by_key(s, items, count);
	for (int64_t start = 0; start < count;) {
		int64_t end = run_end(items, start, count);
		sort_by_value(s, items + start, end - start, 0);
		start = end;
	}
}

mill_status mill_values_sort(mill_values *values, bool by_value, mill_error *err)
{
	size_t count = (size_t)values->count;
	if (count < 2)
		return MILL_OK;
	item *items = mill_mem_alloc(values->mem, count * sizeof *items);
	sorter s = {values, mill_mem_alloc(values->mem, count * sizeof *items)};
	mill_value *sorted = mill_mem_alloc(values->mem, count * sizeof *sorted);
	bool fine = items != NULL && s.spare != NULL && sorted != NULL;
	if (fine) {
		for (size_t i = 0; i < count; i++)
			items[i].entry = (uint32_t)i;
		sort_items(&s, items, values->count, by_value);
		for (size_t i = 0; i < count; i++)
			sorted[i] = values->entries[items[i].entry];
		memcpy(values->entries, sorted, count * sizeof *sorted);
	}
	mill_mem_free(items);
	mill_mem_free(s.spare);
	mill_mem_free(sorted);
	return fine ? MILL_OK
	            : mill_fail_nomem(err, count * (2 * sizeof *items + sizeof *sorted), "sorting a vocabulary");
}
