/* The inner loop of the table, for values.c and values_lane.c. Not collective. */
#ifndef MILL_FEATURES_VALUES_PRIVATE_H
#define MILL_FEATURES_VALUES_PRIVATE_H

#include "base/hash_inline.h"
#include "features/values.h"

#include <string.h>

/* A value of at most 8 bytes as a word, of which it takes the low bytes; longer ones are known by K. */
static inline uint64_t mill_value_key(uint64_t hash, const void *value, uint32_t length_bytes)
{
	uint64_t key = 0;
	if (length_bytes > 8)
		return hash;
	memcpy(&key, value, length_bytes);
	return key;
}

/* Where the search for a key begins. Words are no hashes; both halves of a 128-bit product depend on all their bits. */
static inline uint64_t mill_value_start(const mill_values *values, uint64_t key, uint32_t length_bytes)
{
	return mill_mul_fold(key ^ 0xA0761D6478BD642FULL, 0xE7037ED1A0B428DBULL + length_bytes) & values->mask;
}

/* The slot of a value, or the free one where it belongs; there are free ones. value: read for more than 8 bytes. */
static inline mill_value_slot *mill_value_slot_of(const mill_values *values, uint64_t key, const void *value,
                                                  uint32_t length_bytes)
{
	uint64_t at = mill_value_start(values, key, length_bytes);
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

/* Room for one more entry and its slot. */
MILL_NODISCARD mill_status mill_values_make_room(mill_values *values, mill_error *err);
/* Fills the free slot where a new value belongs; there is room. hash is K. */
MILL_NODISCARD mill_status mill_values_fill_slot(mill_values *values, mill_value_slot *slot, uint64_t hash,
                                                 uint64_t key, const void *value, uint32_t length_bytes,
                                                 mill_error *err);
/* Lets go of what is known of a dictionary. */
void mill_values_forget_dictionary(mill_values *values);

#endif
