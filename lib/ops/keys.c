#include "ops/keys_text.h"
#include <string.h>

#define KEYS_LEAST_SLOTS 1024
#define KEYS_KEPT_SLOTS  (1 << 20) /* a cleared table above this gives its memory back */
#define KEYS_AHEAD_ROWS  16

static int words_of(mill_type type)
{
	return mill_type_is_text(type) || type.id == MILL_TYPE_DECIMAL || type.id == MILL_TYPE_INTERVAL ? 2 : 1;
}

static bool uses_every_pattern(mill_type type)
{
	return type.id == MILL_TYPE_INT64 || type.id == MILL_TYPE_UINT64 || type.id == MILL_TYPE_TIMESTAMP;
}

mill_status op_keys_init(op_keys *keys, mill_mem *mem, const mill_type *types, int count, mill_error *err)
{
	memset(keys, 0, sizeof(*keys));
	keys->mem = mem;
	keys->count = count;
	mill_arena_init(&keys->text, mem);
	keys->columns = mill_mem_calloc(mem, (size_t)count, sizeof(*keys->columns));
	keys->codes = mill_mem_calloc(mem, (size_t)count, sizeof(*keys->codes));
	if (keys->columns == NULL || keys->codes == NULL)
		goto nomem;
	int nulls = 0;
	for (int k = 0; k < count; k++)
		nulls += uses_every_pattern(types[k]);
	if (nulls > 64) {
		op_keys_release(keys);
		return mill_fail(err, MILL_NOT_YET, "more than 64 key columns of 64-bit types");
	}
	nulls = 0;
	for (int k = 0; k < count; k++) {
		op_key_column *column = &keys->columns[k];
		column->type = types[k];
		column->word = keys->words;
		column->words = words_of(types[k]);
		column->null_bit = uses_every_pattern(types[k]) ? (uint64_t)1 << nulls++ : 0;
		keys->words += column->words;
		keys->has_text |= mill_type_is_text(types[k]);
	}
	keys->slice = mill_mem_alloc(mem, (size_t)keys->words * OP_KEYS_SLICE_ROWS * sizeof(uint64_t));
	if (keys->slice == NULL)
		goto nomem;
	return MILL_OK;
nomem:
	op_keys_release(keys);
	return mill_fail_nomem(err, (size_t)count * sizeof(*keys->codes), "hash table");
}

mill_status op_keys_add_null_word(op_keys *keys, mill_error *err)
{
	int words = keys->words + 1;
	size_t row_bytes = (size_t)words * sizeof(uint64_t);
	uint64_t *rows = NULL, *slice = mill_mem_alloc(keys->mem, row_bytes * OP_KEYS_SLICE_ROWS);
	if (keys->capacity > 0)
		rows = mill_mem_alloc(keys->mem, row_bytes * (size_t)keys->capacity);
	if (slice == NULL || (keys->capacity > 0 && rows == NULL)) {
		mill_mem_free(slice);
		mill_mem_free(rows);
		return mill_fail_nomem(err, row_bytes * (size_t)keys->capacity, "hash table");
	}
	for (int64_t g = 0; g < keys->groups; g++) {
		rows[g * words] = 0;
		memcpy(rows + g * words + 1, keys->rows + g * keys->words, row_bytes - sizeof(uint64_t));
	}
	mill_mem_free(keys->rows);
	mill_mem_free(keys->slice);
	keys->rows = rows;
	keys->slice = slice;
	keys->words = words;
	keys->has_null_word = true;
	for (int k = 0; k < keys->count; k++)
		keys->columns[k].word++;
	return MILL_OK;
}

static void drop_tables(op_keys *keys)
{
	mill_mem_free(keys->slots);
	mill_mem_free(keys->rows);
	mill_mem_free(keys->hashes);
	keys->slots = keys->rows = keys->hashes = NULL;
	keys->slot_mask = 0;
	keys->capacity = 0;
}

void op_keys_release(op_keys *keys)
{
	for (int k = 0; keys->codes != NULL && k < keys->count; k++) {
		mill_dictionary_release(keys->codes[k].dictionary);
		mill_mem_free(keys->codes[k].words);
		mill_mem_free(keys->codes[k].hash);
	}
	drop_tables(keys);
	mill_mem_free(keys->columns);
	mill_mem_free(keys->codes);
	mill_mem_free(keys->by_code);
	mill_mem_free(keys->slice);
	mill_arena_release(&keys->text);
	memset(keys, 0, sizeof(*keys));
}

/* Frees the slots of the groups; where few are in use, only those are written. */
static void clear_slots(op_keys *keys)
{
	uint64_t count = keys->slot_mask + 1;
	if ((uint64_t)keys->groups > count / 16) {
		memset(keys->slots, 0, (size_t)count * sizeof(uint64_t));
		return;
	}
	for (int64_t g = 0; g < keys->groups; g++) {
		uint64_t at = keys->hashes[g] & keys->slot_mask;
		for (; keys->slots[at] != 0; at = (at + 1) & keys->slot_mask)
			keys->slots[at] = 0;
	}
}

void op_keys_clear(op_keys *keys, bool give_back)
{
	mill_mem *mem = keys->mem;
	if (give_back || (keys->groups > 0 && keys->slot_mask >= KEYS_KEPT_SLOTS))
		drop_tables(keys);
	else if (keys->groups > 0)
		clear_slots(keys);
	keys->groups = 0;
	keys->by_code_count = 0;
	mill_arena_release(&keys->text);
	mill_arena_init(&keys->text, mem);
}

static mill_status grow_rows(op_keys *keys, int64_t needed, mill_error *err)
{
	int64_t capacity = mill_max_i64(keys->capacity * 2, mill_max_i64(needed, OP_KEYS_SLICE_ROWS));
	size_t row_bytes = (size_t)keys->words * sizeof(uint64_t);
	uint64_t *rows = mill_mem_realloc(keys->mem, keys->rows, (size_t)capacity * row_bytes);
	if (rows == NULL)
		return mill_fail_nomem(err, (size_t)capacity * row_bytes, "hash table");
	keys->rows = rows;
	uint64_t *hashes = mill_mem_realloc(keys->mem, keys->hashes, (size_t)capacity * sizeof(uint64_t));
	if (hashes == NULL)
		return mill_fail_nomem(err, (size_t)capacity * sizeof(uint64_t), "hash table");
	keys->hashes = hashes;
	keys->capacity = capacity;
	return MILL_OK;
}

static mill_status grow_slots(op_keys *keys, uint64_t count, mill_error *err)
{
	uint64_t *slots = mill_mem_calloc(keys->mem, count, sizeof(uint64_t));
	if (slots == NULL)
		return mill_fail_nomem(err, count * sizeof(uint64_t), "hash table");
	uint64_t mask = count - 1;
	for (int64_t g = 0; g < keys->groups; g++) {
		uint64_t hash = keys->hashes[g], at = hash & mask;
		while (slots[at] != 0)
			at = (at + 1) & mask;
		slots[at] = (hash & 0xFFFFFFFF00000000ULL) | (uint64_t)(g + 1);
	}
	mill_mem_free(keys->slots);
	keys->slots = slots;
	keys->slot_mask = mask;
	return MILL_OK;
}

mill_status op_keys_reserve(op_keys *keys, int64_t extra, mill_error *err)
{
	int64_t needed = keys->groups + extra;
	if (needed >= INT32_MAX)
		return mill_fail(err, MILL_NOMEM, "hash table: more than %d groups in one bucket", INT32_MAX);
	if (needed > keys->capacity)
		MILL_TRY(grow_rows(keys, needed, err));
	uint64_t slots = keys->slots == NULL ? KEYS_LEAST_SLOTS : keys->slot_mask + 1;
	while (slots / 2 < (uint64_t)needed)
		slots *= 2;
	if (keys->slots == NULL || slots > keys->slot_mask + 1)
		MILL_TRY(grow_slots(keys, slots, err));
	return MILL_OK;
}

static inline __attribute__((always_inline)) bool equal_words(const uint64_t *a, const uint64_t *b, int words)
{
	uint64_t differ = 0;
	for (int w = 0; w < words; w++)
		differ |= a[w] ^ b[w];
	return differ == 0;
}

/* Equality where a long text may lie at two places. */
static bool equal_texts(const op_keys *keys, const uint64_t *a, const uint64_t *b)
{
	if (keys->has_null_word && a[0] != b[0])
		return false;
	for (int k = 0; k < keys->count; k++) {
		const op_key_column *column = &keys->columns[k];
		int w = column->word;
		if (a[w] != b[w])
			return false;
		if (column->words == 1 || a[w + 1] == b[w + 1])
			continue;
		if (!mill_type_is_text(column->type) || !op_keys_is_long_text(a[w]))
			return false;
		if (!op_keys_same_text((const char *)(uintptr_t)a[w + 1], (const char *)(uintptr_t)b[w + 1],
		                       (int32_t)(a[w] >> 32)))
			return false;
	}
	return true;
}

static inline __attribute__((always_inline)) bool equal_rows(const op_keys *keys, const uint64_t *a, const uint64_t *b,
                                                             int words)
{
	return equal_words(a, b, words) || (keys->has_text && equal_texts(keys, a, b));
}

/* Copies the key row, and its long texts into the arena. */
static uint32_t add_group(op_keys *keys, const uint64_t *row, uint64_t hash)
{
	int64_t group = keys->groups++;
	uint64_t *to = keys->rows + group * keys->words;
	memcpy(to, row, (size_t)keys->words * sizeof(uint64_t));
	keys->hashes[group] = hash;
	for (int k = 0; keys->has_text && k < keys->count; k++) {
		int w = keys->columns[k].word;
		if (!mill_type_is_text(keys->columns[k].type) || !op_keys_is_long_text(row[w]))
			continue;
		size_t length_bytes = (size_t)(row[w] >> 32);
		char *copy = mill_arena_alloc(&keys->text, length_bytes);
		if (copy == NULL) {
			keys->out_of_memory = true;
			continue;
		}
		memcpy(copy, (const char *)(uintptr_t)row[w + 1], length_bytes);
		to[w + 1] = (uint64_t)(uintptr_t)copy;
	}
	return (uint32_t)group;
}

/* The row's group by probing from the start, inserted when it is not there. */
static uint32_t probe(op_keys *keys, const uint64_t *row, uint64_t hash, bool insert)
{
	uint64_t at = hash & keys->slot_mask;
	for (; keys->slots[at] != 0; at = (at + 1) & keys->slot_mask) {
		if ((keys->slots[at] ^ hash) >> 32 != 0)
			continue;
		uint32_t group = (uint32_t)keys->slots[at] - 1;
		if (equal_rows(keys, keys->rows + (int64_t)group * keys->words, row, keys->words))
			return group;
	}
	if (!insert)
		return OP_KEYS_NONE;
	uint32_t group = add_group(keys, row, hash);
	keys->slots[at] = (hash & 0xFFFFFFFF00000000ULL) | (uint64_t)(group + 1);
	return group;
}

/* Guesses by hash alone: the first slot whose half of the hash agrees. */
static void guess(op_keys *keys, int64_t rows)
{
	const uint64_t *restrict slots = keys->slots, *restrict hash = keys->hash;
	uint64_t mask = keys->slot_mask;
	for (int64_t r = 0; r < rows; r++) {
		if (r + KEYS_AHEAD_ROWS < rows)
			__builtin_prefetch(&slots[hash[r + KEYS_AHEAD_ROWS] & mask]);
		uint64_t at = hash[r] & mask, slot = slots[at];
		while (slot != 0 && (slot ^ hash[r]) >> 32 != 0) {
			at = (at + 1) & mask;
			slot = slots[at];
		}
		keys->candidate[r] = (uint32_t)slot;
		if (slot != 0)
			__builtin_prefetch(keys->rows + ((int64_t)(uint32_t)slot - 1) * keys->words);
	}
}

static inline __attribute__((always_inline)) void confirm(op_keys *keys, int64_t rows, bool insert, uint32_t *groups,
                                                          int words)
{
	for (int64_t r = 0; r < rows; r++) {
		uint32_t group = keys->candidate[r] - 1; /* OP_KEYS_NONE: a free slot */
		const uint64_t *row = keys->slice + r * words;
		if (group != OP_KEYS_NONE && equal_rows(keys, keys->rows + (int64_t)group * words, row, words))
			groups[r] = group;
		else if (group == OP_KEYS_NONE && !insert)
			groups[r] = OP_KEYS_NONE;
		else
			groups[r] = probe(keys, row, keys->hash[r], insert);
	}
}

static void confirm_slice(op_keys *keys, int64_t rows, bool insert, uint32_t *groups)
{
	switch (keys->words) {
	case 1: confirm(keys, rows, insert, groups, 1); break;
	case 2: confirm(keys, rows, insert, groups, 2); break;
	case 3: confirm(keys, rows, insert, groups, 3); break;
	case 4: confirm(keys, rows, insert, groups, 4); break;
	default: confirm(keys, rows, insert, groups, keys->words); break;
	}
}

static mill_status look_up(op_keys *keys, const mill_column *const *columns, int64_t rows, bool insert,
                           uint32_t *groups, mill_error *err)
{
	if (keys->by_code_inserts != insert)
		keys->by_code_count = 0;
	keys->by_code_inserts = insert;
	MILL_TRY(op_keys_learn(keys, columns, rows, err));
	for (int64_t first = 0; first < rows; first += OP_KEYS_SLICE_ROWS) {
		int64_t now = mill_min_i64(OP_KEYS_SLICE_ROWS, rows - first);
		if (op_keys_by_code(keys, columns, first, now, groups + first))
			continue;
		/* Nothing may move while a slice is looked up. */
		MILL_TRY(op_keys_reserve(keys, insert ? now : 0, err));
		MILL_TRY(op_keys_fill(keys, columns, first, now, err));
		guess(keys, now);
		confirm_slice(keys, now, insert, groups + first);
		if (keys->out_of_memory) {
			keys->out_of_memory = false;
			return mill_fail_nomem(err, 0, "text of group keys");
		}
		op_keys_note_codes(keys, columns, first, now, groups + first);
	}
	return MILL_OK;
}

mill_status op_keys_insert(op_keys *keys, const mill_column *const *columns, int64_t rows, uint32_t *groups,
                           mill_error *err)
{
	return look_up(keys, columns, rows, true, groups, err);
}

mill_status op_keys_find(op_keys *keys, const mill_column *const *columns, int64_t rows, uint32_t *groups,
                         mill_error *err)
{
	return look_up(keys, columns, rows, false, groups, err);
}
