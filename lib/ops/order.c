/* Sorting row numbers by 64-bit keys and by bytes: most significant digit first, stable, out of place, insertion sort
 * on what is small. Bytes are sorted eight at a time; only rows that agree so far look further. */
#include "ops/ops_private.h"
#include <string.h>

typedef struct order_entry {
	uint64_t key;
	uint32_t row;
} order_entry;

#define ORDER_SMALL       32  /* rows that insertion sort takes */
#define ORDER_RUN_SMALL   12  /* rows of one prefix that are compared whole */
#define ORDER_DEPTH_BYTES 256 /* agreeing bytes after which a heap sort compares whole keys */

static void insertion_by_key(order_entry *entries, int64_t count)
{
	for (int64_t i = 1; i < count; i++) {
		order_entry entry = entries[i];
		int64_t at = i;
		for (; at > 0 && entries[at - 1].key > entry.key; at--)
			entries[at] = entries[at - 1];
		entries[at] = entry;
	}
}

/* Where the highest bit is that differs between keys, −1: all keys equal. *sorted: already in order. */
static int highest_difference(const order_entry *entries, int64_t count, bool *sorted)
{
	uint64_t differ = 0;
	bool in_order = true;
	for (int64_t i = 1; i < count; i++) {
		differ |= entries[i].key ^ entries[0].key;
		in_order &= entries[i - 1].key <= entries[i].key;
	}
	*sorted = in_order;
	return differ == 0 ? -1 : 63 - __builtin_clzll(differ);
}

/* Every level settles eight more bits from the highest that differs, so it nests eight deep at most. */
static void sort_by_key(order_entry *entries, order_entry *scratch, int64_t count)
{
	if (count <= ORDER_SMALL) {
		insertion_by_key(entries, count);
		return;
	}
	bool sorted;
	int highest = highest_difference(entries, count, &sorted);
	if (sorted)
		return;
	int shift = highest < 8 ? 0 : highest - 7;
	int64_t starts[257] = {0};
	for (int64_t i = 0; i < count; i++)
		starts[((entries[i].key >> shift) & 255) + 1]++;
	for (int d = 0; d < 256; d++)
		starts[d + 1] += starts[d];
	int64_t at[256];
	memcpy(at, starts, sizeof(at));
	for (int64_t i = 0; i < count; i++)
		scratch[at[(entries[i].key >> shift) & 255]++] = entries[i];
	memcpy(entries, scratch, (size_t)count * sizeof(*entries));
	if (shift == 0)
		return;
	for (int d = 0; d < 256; d++)
		sort_by_key(entries + starts[d], scratch + starts[d], starts[d + 1] - starts[d]);
}

static mill_status entries_new(mill_mem *mem, int64_t count, order_entry **out, mill_error *err)
{
	size_t size_bytes = (size_t)count * 2 * sizeof(order_entry);
	*out = mill_mem_alloc(mem, size_bytes);
	return *out == NULL ? mill_fail_nomem(err, size_bytes, "sort of row numbers") : MILL_OK;
}

mill_status op_sort_words(mill_mem *mem, const uint64_t *const *words, int count, int64_t rows, int32_t *order,
                          mill_error *err)
{
	order_entry *entries;
	for (int64_t r = 0; r < rows; r++)
		order[r] = (int32_t)r;
	if (rows < 2 || count == 0)
		return MILL_OK;
	MILL_TRY(entries_new(mem, rows, &entries, err));
	/* Stable passes from the last word to the first. */
	for (int w = count - 1; w >= 0; w--) {
		for (int64_t i = 0; i < rows; i++)
			entries[i] = (order_entry){words[w][order[i]], (uint32_t)order[i]};
		sort_by_key(entries, entries + rows, rows);
		for (int64_t i = 0; i < rows; i++)
			order[i] = (int32_t)entries[i].row;
	}
	mill_mem_free(entries);
	return MILL_OK;
}

/* Eight bytes from `depth` on as a big-endian number, zeros past the end. */
static uint64_t key_word(const mill_column *keys, uint32_t row, int64_t depth)
{
	int64_t left = keys->offsets[row + 1] - keys->offsets[row] - depth;
	uint64_t word = 0;
	if (left > 0)
		memcpy(&word, keys->bytes + keys->offsets[row] + depth, left >= 8 ? 8 : (size_t)left);
	return __builtin_bswap64(word);
}

/* Order of two rows that agree up to depth; never 0 for two different rows. */
static int compare_rest(const mill_column *keys, uint32_t a, uint32_t b, int64_t depth)
{
	int64_t a_bytes = keys->offsets[a + 1] - keys->offsets[a];
	int64_t b_bytes = keys->offsets[b + 1] - keys->offsets[b];
	int64_t common = mill_min_i64(a_bytes, b_bytes);
	int c = common > depth ? memcmp(keys->bytes + keys->offsets[a] + depth, keys->bytes + keys->offsets[b] + depth,
	                                (size_t)(common - depth))
	                       : 0;
	if (c != 0)
		return c;
	if (a_bytes != b_bytes)
		return a_bytes < b_bytes ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void insertion_by_rest(const mill_column *keys, order_entry *entries, int64_t count, int64_t depth)
{
	for (int64_t i = 1; i < count; i++) {
		order_entry entry = entries[i];
		int64_t at = i;
		for (; at > 0 && compare_rest(keys, entries[at - 1].row, entry.row, depth) > 0; at--)
			entries[at] = entries[at - 1];
		entries[at] = entry;
	}
}

static void sift_down(const mill_column *keys, order_entry *entries, int64_t root, int64_t count, int64_t depth)
{
	for (int64_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
		if (child + 1 < count && compare_rest(keys, entries[child].row, entries[child + 1].row, depth) < 0)
			child++;
		if (compare_rest(keys, entries[root].row, entries[child].row, depth) >= 0)
			return;
		order_entry swap = entries[root];
		entries[root] = entries[child];
		entries[child] = swap;
		root = child;
	}
}

static void heap_by_rest(const mill_column *keys, order_entry *entries, int64_t count, int64_t depth)
{
	for (int64_t root = count / 2; root-- > 0;)
		sift_down(keys, entries, root, count, depth);
	for (int64_t last = count - 1; last > 0; last--) {
		order_entry swap = entries[0];
		entries[0] = entries[last];
		entries[last] = swap;
		sift_down(keys, entries, 0, last, depth);
	}
}

static void sort_by_bytes(const mill_column *keys, order_entry *entries, order_entry *scratch, int64_t count,
                          int64_t depth);

/* Rows that agree on the bytes up to `depth`, zeros taken for missing bytes. */
static void sort_run(const mill_column *keys, order_entry *entries, order_entry *scratch, int64_t count, int64_t depth)
{
	if (count <= ORDER_RUN_SMALL) {
		insertion_by_rest(keys, entries, count, depth - 8);
		return;
	}
	int64_t longest = 0;
	for (int64_t i = 0; i < count; i++)
		longest = mill_max_i64(longest, keys->offsets[entries[i].row + 1] - keys->offsets[entries[i].row]);
	if (longest <= depth) {
		for (int64_t i = 0; i < count; i++)
			entries[i].key = (uint64_t)(keys->offsets[entries[i].row + 1] - keys->offsets[entries[i].row]);
		sort_by_key(entries, scratch, count);
	} else if (depth < ORDER_DEPTH_BYTES) {
		sort_by_bytes(keys, entries, scratch, count, depth);
	} else {
		heap_by_rest(keys, entries, count, 0);
	}
}

static void sort_by_bytes(const mill_column *keys, order_entry *entries, order_entry *scratch, int64_t count,
                          int64_t depth)
{
	for (int64_t i = 0; i < count; i++)
		entries[i].key = key_word(keys, entries[i].row, depth);
	sort_by_key(entries, scratch, count);
	for (int64_t first = 0; first < count;) {
		int64_t end = first + 1;
		while (end < count && entries[end].key == entries[first].key)
			end++;
		if (end - first > 1)
			sort_run(keys, entries + first, scratch + first, end - first, depth + 8);
		first = end;
	}
}

mill_status op_sort_binary(mill_mem *mem, const mill_column *keys, int32_t *order, mill_error *err)
{
	order_entry *entries;
	MILL_TRY(entries_new(mem, keys->rows, &entries, err));
	for (int64_t r = 0; r < keys->rows; r++)
		entries[r].row = (uint32_t)r;
	sort_by_bytes(keys, entries, entries + keys->rows, keys->rows, 0);
	for (int64_t r = 0; r < keys->rows; r++)
		order[r] = (int32_t)entries[r].row;
	mill_mem_free(entries);
	return MILL_OK;
}
