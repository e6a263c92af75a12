#include "features/values.h"

#include "column/canonical.h"
#include "column/key_hash.h"
#include "column/value.h"

#include <string.h>

#define FIRST_SLOTS 64
#define FAR_SLOTS   2048 /* more are not in the first-level cache */
#define UNKNOWN     (-1)
#define ABSENT      (-2)

void mill_values_init(mill_values *values, mill_mem *mem, mill_type type)
{
	*values = (mill_values){.mem = mem, .type = type};
	mill_bytes_init(&values->pool, mem);
}

static void forget_dictionary(mill_values *values)
{
	mill_dictionary_release((mill_column *)(uintptr_t)values->dictionary);
	mill_mem_free(values->codes);
	mill_mem_free(values->code_hashes);
	values->dictionary = NULL;
	values->codes = NULL;
	values->code_hashes = NULL;
}

void mill_values_release(mill_values *values)
{
	forget_dictionary(values);
	mill_mem_free(values->entries);
	mill_mem_free(values->slots);
	mill_bytes_release(&values->pool);
	values->entries = NULL;
	values->slots = NULL;
	values->count = values->capacity = 0;
	values->mask = 0;
}

static mill_status nomem(size_t size_bytes, mill_error *err)
{
	return mill_fail_nomem(err, size_bytes, "the distinct values of a column that is fitted");
}

static inline uint64_t key_of(uint64_t hash, const void *value, uint32_t length_bytes)
{
	uint64_t key = 0;
	if (length_bytes > 8)
		return hash;
	memcpy(&key, value, length_bytes);
	return key;
}

const void *mill_values_bytes(const mill_values *values, const mill_value *entry)
{
	return entry->length_bytes <= 8 ? (const uint8_t *)&entry->word : values->pool.data + entry->word;
}

/* The slot of the value, or the free one where it belongs. There are free slots. */
static inline mill_value_slot *slot_of(const mill_values *values, uint64_t hash, uint64_t key, const void *value,
                                       uint32_t length_bytes)
{
	uint64_t at = hash & values->mask;
	for (;; at = (at + 1) & values->mask) {
		mill_value_slot *slot = &values->slots[at];
		if (slot->entry == 0)
			return slot;
		if (slot->key != key || slot->length_bytes != length_bytes)
			continue;
		if (length_bytes <= 8 ||
		    memcmp(values->pool.data + values->entries[slot->entry - 1].word, value, length_bytes) == 0)
			return slot;
	}
}

#define AHEAD 16 /* entries whose slots are on their way from memory */

static mill_status set_slots(mill_values *values, uint64_t size, mill_error *err)
{
	mill_value_slot *slots = mill_mem_calloc(values->mem, size, sizeof *slots);
	if (slots == NULL)
		return nomem(size * sizeof *slots, err);
	mill_mem_free(values->slots);
	values->slots = slots;
	values->mask = size - 1;
	for (int64_t i = 0; i < values->count; i++) {
		const mill_value *entry = &values->entries[i];
		uint64_t at = entry->hash & values->mask;
		if (i + AHEAD < values->count)
			__builtin_prefetch(&slots[values->entries[i + AHEAD].hash & values->mask], 1);
		while (slots[at].entry != 0)
			at = (at + 1) & values->mask;
		uint64_t key = entry->length_bytes <= 8 ? entry->word : entry->hash;
		slots[at] = (mill_value_slot){key, entry->length_bytes, (uint32_t)i + 1};
	}
	return MILL_OK;
}

mill_status mill_values_index(mill_values *values, mill_error *err)
{
	uint64_t size = FIRST_SLOTS;
	while (size < 2 * (uint64_t)values->count)
		size *= 2;
	forget_dictionary(values);
	return set_slots(values, size, err);
}

mill_status mill_values_reserve(mill_values *values, int64_t more, mill_error *err)
{
	int64_t count = values->count + more, capacity = mill_max_i64(FIRST_SLOTS / 2, values->capacity);
	if (count >= UINT32_MAX)
		return mill_fail(err, MILL_DATA, "a column that is fitted has more than 4,294,967,294 distinct values");
	if (count <= values->capacity)
		return MILL_OK;
	while (capacity < count)
		capacity *= 2;
	mill_value *entries =
	    mill_mem_realloc(values->mem, values->entries, (size_t)capacity * sizeof *values->entries);
	if (entries == NULL)
		return nomem((size_t)capacity * sizeof *entries, err);
	values->entries = entries;
	values->capacity = capacity;
	return MILL_OK;
}

static inline mill_status make_room(mill_values *values, mill_error *err)
{
	if (values->count == values->capacity)
		MILL_TRY(mill_values_reserve(values, 1, err));
	if (values->mask == 0 || (uint64_t)values->count >= (values->mask + 1) / 2)
		return set_slots(values, values->mask == 0 ? FIRST_SLOTS : 2 * (values->mask + 1), err);
	return MILL_OK;
}

/* There is room. */
static inline mill_status append(mill_values *values, uint64_t hash, uint64_t key, const void *value,
                                 uint32_t length_bytes, int64_t count, mill_error *err)
{
	uint64_t word = length_bytes <= 8 ? key : values->pool.size_bytes;
	if (length_bytes > 8 && mill_bytes_append(&values->pool, value, length_bytes) != MILL_OK)
		return nomem(length_bytes, err);
	values->entries[values->count++] = (mill_value){hash, word, count, length_bytes};
	return MILL_OK;
}

mill_status mill_values_append(mill_values *values, uint64_t hash, const void *value, uint32_t length_bytes,
                               int64_t count, mill_error *err)
{
	MILL_TRY(mill_values_reserve(values, 1, err));
	return append(values, hash, key_of(hash, value, length_bytes), value, length_bytes, count, err);
}

int64_t mill_values_find(const mill_values *values, uint64_t hash, const void *value, uint32_t length_bytes)
{
	if (values->mask == 0)
		return -1;
	return (int64_t)slot_of(values, hash, key_of(hash, value, length_bytes), value, length_bytes)->entry - 1;
}

/* There is room for one more. */
static inline mill_status put_key(mill_values *values, uint64_t hash, uint64_t key, const void *value,
                                  uint32_t length_bytes, int64_t *entry, mill_error *err)
{
	mill_value_slot *slot = slot_of(values, hash, key, value, length_bytes);
	if (slot->entry == 0) {
		MILL_TRY(append(values, hash, key, value, length_bytes, 0, err));
		*slot = (mill_value_slot){key, length_bytes, (uint32_t)values->count};
	}
	*entry = (int64_t)slot->entry - 1;
	return MILL_OK;
}

mill_status mill_values_put(mill_values *values, uint64_t hash, const void *value, uint32_t length_bytes,
                            int64_t *entry, mill_error *err)
{
	MILL_TRY(make_room(values, err));
	return put_key(values, hash, key_of(hash, value, length_bytes), value, length_bytes, entry, err);
}

/* Where a row's value lies, for values of more than 8 bytes. */
static inline const void *long_bytes(const mill_column *column, int64_t row)
{
	int32_t length;
	if (!mill_type_is_text(column->type))
		return (const mill_i128 *)column->values + row;
	return mill_column_text(column, row, &length);
}

static void take_text(const mill_column *column, const uint64_t *restrict hashes, uint64_t *restrict keys,
                      uint32_t *restrict lengths)
{
	const int32_t *restrict offsets = column->offsets;
	const mill_buffer *owner = column->owners[2];
	/* From here on 8 bytes can no longer be read at once. */
	int64_t careful_from =
	    owner == NULL ? 0 : (int64_t)(owner->data + owner->size_bytes - (uint8_t *)column->bytes) - 8;
	for (int64_t r = 0; r < column->rows; r++) {
		int32_t at = offsets[r], length = offsets[r + 1] - at;
		uint64_t key = 0;
		if (length > 8)
			key = hashes[r];
		else if (at > careful_from)
			memcpy(&key, column->bytes + at, (size_t)length);
		else if (length > 0) {
			memcpy(&key, column->bytes + at, 8);
			key &= ~(uint64_t)0 >> (64 - 8 * length);
		}
		keys[r] = key;
		lengths[r] = (uint32_t)length;
	}
}

/* Key and length of every row of a column without a dictionary; those of NULL rows mean nothing. */
static void take_keys(const mill_column *column, const uint64_t *hashes, uint64_t *keys, uint32_t *lengths)
{
	uint32_t length = 8;
	if (mill_type_is_text(column->type)) {
		take_text(column, hashes, keys, lengths);
		return;
	}
	if (column->type.id == MILL_TYPE_BOOL) {
		for (int64_t r = 0; r < column->rows; r++)
			keys[r] = mill_bit_get(column->values, r);
	} else if (mill_key_is_word(column)) {
		mill_key_words(column, 0, column->rows, keys);
	} else {
		memcpy(keys, hashes, (size_t)column->rows * sizeof *keys);
		length = 16;
	}
	for (int64_t r = 0; r < column->rows; r++)
		lengths[r] = length;
}

mill_status mill_value_hash(const mill_column *column, int64_t row, mill_bytes *scratch, uint64_t *out, mill_error *err)
{
	scratch->size_bytes = 0;
	if (mill_value_bytes(column, row, scratch) != MILL_OK)
		return mill_fail_nomem(err, 0, "a value's bytes");
	*out = mill_h64(0, scratch->data, scratch->size_bytes);
	return MILL_OK;
}

/* The one value that NULL rows of a lane stand for; bytes are the column's own or words[0]. */
typedef struct fill_value {
	uint64_t hash;
	uint32_t length;
	const void *bytes;
} fill_value;

static mill_status take_fill(const mill_column *fill, mill_work *work, fill_value *out, mill_error *err)
{
	MILL_TRY(mill_value_hash(fill, 0, &work->hash_scratch, &out->hash, err));
	take_keys(fill, &out->hash, work->words, &out->length);
	out->bytes = out->length > 8 ? long_bytes(fill, 0) : work->words;
	return MILL_OK;
}

/* A dictionary's values are hashed once, however many rows refer to them. */
static mill_status know_dictionary(mill_values *values, const mill_column *dictionary, mill_work *work, mill_error *err)
{
	if (values->dictionary == dictionary)
		return MILL_OK;
	forget_dictionary(values);
	size_t rows = (size_t)dictionary->rows;
	values->codes = mill_mem_alloc(values->mem, rows * sizeof *values->codes);
	values->code_hashes = mill_mem_alloc(values->mem, rows * sizeof *values->code_hashes);
	if (values->codes == NULL || values->code_hashes == NULL) {
		forget_dictionary(values);
		return mill_fail_nomem(err, rows * (sizeof *values->codes + sizeof *values->code_hashes),
		                       "a dictionary's ids");
	}
	mill_status status =
	    mill_key_hash(&dictionary, 1, dictionary->rows, &work->hash_scratch, values->code_hashes, err);
	if (status != MILL_OK) {
		forget_dictionary(values);
		return status;
	}
	for (size_t c = 0; c < rows; c++)
		values->codes[c] = UNKNOWN;
	values->dictionary = mill_dictionary_retain((mill_column *)(uintptr_t)dictionary);
	return MILL_OK;
}

static mill_status count_codes(mill_values *values, const mill_column *column, mill_work *work, mill_error *err)
{
	const int32_t *codes = column->values;
	MILL_TRY(know_dictionary(values, column->dictionary, work, err));
	for (int64_t r = 0; r < column->rows; r++) {
		if (mill_column_is_null(column, r))
			continue;
		int64_t entry = values->codes[codes[r]];
		if (entry < 0) {
			int32_t length;
			const char *text = mill_column_text(column->dictionary, codes[r], &length);
			MILL_TRY(mill_values_put(values, values->code_hashes[codes[r]], text, (uint32_t)length, &entry,
			                         err));
			values->codes[codes[r]] = entry <= INT32_MAX ? (int32_t)entry : UNKNOWN;
		}
		values->entries[entry].count++;
	}
	return MILL_OK;
}

static mill_status hash_rows(const mill_column *column, mill_work *work, mill_error *err)
{
	return mill_key_hash(&column, 1, column->rows, &work->hash_scratch, work->hashes, err);
}

/* A block's slots come from memory side by side. */
static void prefetch_slots(const mill_values *values, const uint64_t *hashes, int64_t rows)
{
	for (int64_t r = 0; values->mask >= FAR_SLOTS && r < rows; r++)
		__builtin_prefetch(&values->slots[hashes[r] & values->mask]);
}

static mill_status count_rows(mill_values *values, const mill_column *column, mill_work *work, mill_error *err)
{
	MILL_TRY(hash_rows(column, work, err));
	prefetch_slots(values, work->hashes, column->rows);
	take_keys(column, work->hashes, work->words, work->lengths);
	for (int64_t r = 0; r < column->rows; r++) {
		int64_t entry = 0;
		if (mill_column_is_null(column, r))
			continue;
		MILL_TRY(make_room(values, err));
		const void *bytes = work->lengths[r] > 8 ? long_bytes(column, r) : &work->words[r];
		MILL_TRY(put_key(values, work->hashes[r], work->words[r], bytes, work->lengths[r], &entry, err));
		values->entries[entry].count++;
	}
	return MILL_OK;
}

static int64_t null_rows(const mill_column *column)
{
	int64_t nulls = 0;
	for (int64_t r = 0; column->validity != NULL && r < column->rows; r++)
		nulls += !mill_bit_get(column->validity, r);
	return nulls;
}

static mill_status count_fill(mill_values *values, const mill_lane *lane, mill_work *work, mill_error *err)
{
	int64_t nulls = null_rows(&lane->column), entry;
	fill_value fill;
	if (nulls == 0)
		return MILL_OK;
	MILL_TRY(take_fill(lane->fill, work, &fill, err));
	MILL_TRY(mill_values_put(values, fill.hash, fill.bytes, fill.length, &entry, err));
	values->entries[entry].count += nulls;
	return MILL_OK;
}

mill_status mill_values_count_lane(mill_values *values, const mill_step *step, const mill_lane *lane, mill_work *work,
                                   mill_error *err)
{
	const mill_column *column = &lane->column;
	if (mill_type_is_float(column->type)) {
		mill_lane raw = {*column, NULL};
		if (!mill_step_check_finite(step, &raw, mill_lane_floats(&raw, work), true, work))
			return MILL_OK;
	}
	if (column->dictionary != NULL)
		MILL_TRY(count_codes(values, column, work, err));
	else
		MILL_TRY(count_rows(values, column, work, err));
	return lane->fill == NULL ? MILL_OK : count_fill(values, lane, work, err);
}

static mill_status find_codes(mill_values *values, const mill_column *column, mill_work *work, int64_t *restrict out,
                              mill_error *err)
{
	const int32_t *restrict codes = column->values;
	MILL_TRY(know_dictionary(values, column->dictionary, work, err));
	for (int64_t r = 0; r < column->rows; r++) {
		int32_t length, code = mill_column_is_null(column, r) ? -1 : codes[r];
		if (code < 0)
			continue;
		if (values->codes[code] == UNKNOWN) {
			const char *text = mill_column_text(column->dictionary, code, &length);
			int64_t entry = mill_values_find(values, values->code_hashes[code], text, (uint32_t)length);
			values->codes[code] = entry < 0 ? ABSENT : (int32_t)entry;
		}
		out[r] = values->codes[code] == ABSENT ? -1 : values->codes[code];
	}
	return MILL_OK;
}

static mill_status find_rows(const mill_values *values, const mill_column *column, mill_work *work,
                             int64_t *restrict out, mill_error *err)
{
	const uint64_t *restrict hashes = work->hashes, *restrict keys = work->words;
	MILL_TRY(hash_rows(column, work, err));
	if (values->mask == 0) {
		for (int64_t r = 0; r < column->rows; r++)
			out[r] = -1;
		return MILL_OK;
	}
	prefetch_slots(values, hashes, column->rows);
	take_keys(column, hashes, work->words, work->lengths);
	for (int64_t r = 0; r < column->rows; r++) {
		if (mill_column_is_null(column, r))
			continue;
		const void *bytes = work->lengths[r] > 8 ? long_bytes(column, r) : NULL;
		out[r] = (int64_t)slot_of(values, hashes[r], keys[r], bytes, work->lengths[r])->entry - 1;
	}
	return MILL_OK;
}

mill_status mill_values_find_lane(mill_values *values, const mill_lane *lane, mill_work *work, int64_t *out,
                                  mill_error *err)
{
	const mill_column *column = &lane->column;
	int64_t of_null = -2;
	if (lane->fill != NULL && column->validity != NULL) {
		fill_value fill;
		MILL_TRY(take_fill(lane->fill, work, &fill, err));
		of_null = mill_values_find(values, fill.hash, fill.bytes, fill.length);
	}
	if (column->dictionary != NULL)
		MILL_TRY(find_codes(values, column, work, out, err));
	else
		MILL_TRY(find_rows(values, column, work, out, err));
	for (int64_t r = 0; column->validity != NULL && r < column->rows; r++)
		if (!mill_bit_get(column->validity, r))
			out[r] = of_null;
	return MILL_OK;
}

mill_status mill_values_column(const mill_values *values, mill_column *out, mill_error *err)
{
	mill_builder builder;
	mill_status status = MILL_OK;
	mill_builder_init(&builder, values->mem, values->type);
	for (int64_t i = 0; i < values->count && status == MILL_OK; i++) {
		const mill_value *entry = &values->entries[i];
		const void *bytes = mill_values_bytes(values, entry);
		double value;
		memcpy(&value, &entry->word, sizeof value);
		if (mill_type_is_text(values->type))
			status = mill_builder_text(&builder, bytes, entry->length_bytes);
		else if (mill_type_is_float(values->type))
			status = mill_builder_f64(&builder, value);
		else if (values->type.id == MILL_TYPE_BOOL)
			status = mill_builder_bool(&builder, entry->word != 0);
		else
			status = mill_builder_fixed(&builder, bytes); /* little-endian words: the low bytes */
	}
	if (status != MILL_OK)
		status = status == MILL_NOMEM ? nomem(0, err)
		                              : mill_fail(err, status,
		                                          "a vocabulary's text passes 2 GiB: limit it with "
		                                          "max_size or min_count, or use hash");
	else
		status = mill_builder_finish(&builder, out, err);
	mill_builder_release(&builder);
	return status;
}
