#include "features/values_private.h"

#include "column/builder.h"

#define FIRST_SLOTS 64
#define AHEAD       16 /* entries whose slots are on their way from memory */

void mill_values_init(mill_values *values, mill_mem *mem, mill_type type)
{
	*values = (mill_values){.mem = mem, .type = type};
	mill_bytes_init(&values->pool, mem);
}

void mill_values_release(mill_values *values)
{
	mill_values_forget_dictionary(values);
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

const void *mill_values_bytes(const mill_values *values, const mill_value *entry)
{
	return entry->length_bytes <= 8 ? (const uint8_t *)&entry->word : values->pool.data + entry->word;
}

static inline uint64_t key_of_entry(const mill_value *entry)
{
	return entry->length_bytes <= 8 ? entry->word : entry->hash;
}

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
		const mill_value *later = &values->entries[mill_min_i64(i + AHEAD, values->count - 1)];
		__builtin_prefetch(&slots[mill_value_start(values, key_of_entry(later), later->length_bytes)], 1);
		uint64_t key = key_of_entry(entry), at = mill_value_start(values, key, entry->length_bytes);
		while (slots[at].entry != 0)
			at = (at + 1) & values->mask;
		slots[at] = (mill_value_slot){key, entry->length_bytes, (uint32_t)i + 1};
	}
	return MILL_OK;
}

mill_status mill_values_index(mill_values *values, mill_error *err)
{
	uint64_t size = FIRST_SLOTS;
	while (size < 2 * (uint64_t)values->count)
		size *= 2;
	mill_values_forget_dictionary(values);
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

mill_status mill_values_make_room(mill_values *values, mill_error *err)
{
	if (values->count == values->capacity)
		MILL_TRY(mill_values_reserve(values, 1, err));
	if (values->mask == 0 || (uint64_t)values->count >= (values->mask + 1) / 2)
		return set_slots(values, values->mask == 0 ? FIRST_SLOTS : 2 * (values->mask + 1), err);
	return MILL_OK;
}

/* There is room. */
static mill_status append(mill_values *values, uint64_t hash, uint64_t key, const void *value, uint32_t length_bytes,
                          int64_t count, mill_error *err)
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
	return append(values, hash, mill_value_key(hash, value, length_bytes), value, length_bytes, count, err);
}

mill_status mill_values_fill_slot(mill_values *values, mill_value_slot *slot, uint64_t hash, uint64_t key,
                                  const void *value, uint32_t length_bytes, mill_error *err)
{
	MILL_TRY(append(values, hash, key, value, length_bytes, 0, err));
	*slot = (mill_value_slot){key, length_bytes, (uint32_t)values->count};
	return MILL_OK;
}

int64_t mill_values_find(const mill_values *values, uint64_t hash, const void *value, uint32_t length_bytes)
{
	uint64_t key = mill_value_key(hash, value, length_bytes);
	return values->mask == 0 ? -1 : (int64_t)mill_value_slot_of(values, key, value, length_bytes)->entry - 1;
}

mill_status mill_values_put(mill_values *values, uint64_t hash, const void *value, uint32_t length_bytes,
                            int64_t *entry, mill_error *err)
{
	uint64_t key = mill_value_key(hash, value, length_bytes);
	MILL_TRY(mill_values_make_room(values, err));
	mill_value_slot *slot = mill_value_slot_of(values, key, value, length_bytes);
	if (slot->entry == 0)
		MILL_TRY(mill_values_fill_slot(values, slot, hash, key, value, length_bytes, err));
	*entry = (int64_t)slot->entry - 1;
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
