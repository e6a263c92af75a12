/* Lanes against a table of distinct values: counting them, finding their ids. */
#include "column/key_hash.h"
#include "column/value.h"
#include "features/values_private.h"

#define FAR_SLOTS 2048 /* more are not in the first-level cache */
#define UNKNOWN   (-1)
#define ABSENT    (-2)

void mill_values_forget_dictionary(mill_values *values)
{
	mill_dictionary_release((mill_column *)(uintptr_t)values->dictionary);
	mill_mem_free(values->codes);
	values->dictionary = NULL;
	values->codes = NULL;
}

/* Where a row's value lies, for values of more than 8 bytes. */
static inline const void *long_bytes(const mill_column *column, int64_t row)
{
	int32_t length;
	if (!mill_type_is_text(column->type))
		return (const mill_i128 *)column->values + row;
	return mill_column_text(column, row, &length);
}

/* Keys and lengths of text; true when some are longer than 8 bytes, whose keys are not set. */
static bool take_text(const mill_column *column, uint64_t *restrict keys, uint32_t *restrict lengths)
{
	const int32_t *restrict offsets = column->offsets;
	const mill_buffer *owner = column->owners[2];
	uint32_t longest = 0;
	/* From here on 8 bytes can no longer be read at once. */
	int64_t careful_from =
	    owner == NULL ? -1 : (int64_t)(owner->data + owner->size_bytes - (uint8_t *)column->bytes) - 8;
	for (int64_t r = 0; r < column->rows; r++) {
		int32_t at = offsets[r];
		uint32_t length = (uint32_t)(offsets[r + 1] - at);
		uint64_t key = 0;
		if (at <= careful_from)
			memcpy(&key, column->bytes + at, 8);
		else if (length > 0)
			memcpy(&key, column->bytes + at, length < 8 ? length : 8);
		keys[r] = length == 0 ? 0 : key & ~(uint64_t)0 >> (length < 8 ? 64 - 8 * length : 0);
		lengths[r] = length;
		longest = length > longest ? length : longest;
	}
	return longest > 8;
}

/* Key and length of every row of a column without a dictionary; those of NULL rows mean nothing. */
static mill_status take_keys(const mill_column *column, mill_work *work, uint64_t *keys, uint32_t *lengths,
                             mill_error *err)
{
	bool is_text = mill_type_is_text(column->type), is_word = mill_key_is_word(column);
	bool by_hash = is_text ? take_text(column, keys, lengths) : !is_word && column->type.id != MILL_TYPE_BOOL;
	if (is_word)
		mill_key_words(column, 0, column->rows, keys);
	else if (column->type.id == MILL_TYPE_BOOL)
		for (int64_t r = 0; r < column->rows; r++)
			keys[r] = mill_bit_get(column->values, r);
	for (int64_t r = 0; !is_text && r < column->rows; r++)
		lengths[r] = by_hash ? 16 : 8;
	if (!by_hash)
		return MILL_OK;
	MILL_TRY(mill_key_hash(&column, 1, column->rows, &work->hash_scratch, work->hashes, err));
	for (int64_t r = 0; r < column->rows; r++)
		keys[r] = lengths[r] > 8 ? work->hashes[r] : keys[r];
	return MILL_OK;
}

mill_status mill_value_hash(const mill_column *column, int64_t row, mill_bytes *scratch, uint64_t *out, mill_error *err)
{
	scratch->size_bytes = 0;
	if (mill_value_bytes(column, row, scratch) != MILL_OK)
		return mill_fail_nomem(err, 0, "a value's bytes");
	*out = mill_h64(0, scratch->data, scratch->size_bytes);
	return MILL_OK;
}

/* The one value that NULL rows of a lane stand for; bytes are the column's own or `key`. */
typedef struct fill_value {
	uint64_t hash;
	uint64_t key;
	uint32_t length;
	const void *bytes;
} fill_value;

static mill_status take_fill(const mill_column *fill, mill_work *work, fill_value *out, mill_error *err)
{
	MILL_TRY(mill_value_hash(fill, 0, &work->hash_scratch, &out->hash, err));
	MILL_TRY(take_keys(fill, work, &out->key, &out->length, err));
	out->bytes = out->length > 8 ? long_bytes(fill, 0) : &out->key;
	return MILL_OK;
}

/* What is found out of a dictionary's values serves all rows that refer to them. */
static mill_status know_dictionary(mill_values *values, const mill_column *dictionary, mill_error *err)
{
	if (values->dictionary == dictionary)
		return MILL_OK;
	mill_values_forget_dictionary(values);
	size_t rows = (size_t)dictionary->rows;
	values->codes = mill_mem_alloc(values->mem, rows * sizeof *values->codes);
	if (values->codes == NULL)
		return mill_fail_nomem(err, rows * sizeof *values->codes, "a dictionary's ids");
	for (size_t c = 0; c < rows; c++)
		values->codes[c] = UNKNOWN;
	values->dictionary = mill_dictionary_retain((mill_column *)(uintptr_t)dictionary);
	return MILL_OK;
}

static mill_status count_codes(mill_values *values, const mill_column *column, mill_work *work, mill_error *err)
{
	const int32_t *codes = column->values;
	MILL_TRY(know_dictionary(values, column->dictionary, err));
	for (int64_t r = 0; r < column->rows; r++) {
		if (mill_column_is_null(column, r))
			continue;
		int64_t entry = values->codes[codes[r]];
		if (entry < 0) {
			int32_t length;
			uint64_t hash = 0;
			const char *text = mill_column_text(column->dictionary, codes[r], &length);
			MILL_TRY(mill_value_hash(column->dictionary, codes[r], &work->hash_scratch, &hash, err));
			MILL_TRY(mill_values_put(values, hash, text, (uint32_t)length, &entry, err));
			values->codes[codes[r]] = entry <= INT32_MAX ? (int32_t)entry : UNKNOWN;
		}
		values->entries[entry].count++;
	}
	return MILL_OK;
}

/* A block's slots come from memory side by side. */
static void prefetch_slots(const mill_values *values, const uint64_t *keys, const uint32_t *lengths, int64_t rows)
{
	for (int64_t r = 0; values->mask >= FAR_SLOTS && r < rows; r++)
		__builtin_prefetch(&values->slots[mill_value_start(values, keys[r], lengths[r])]);
}

static mill_status add_row(mill_values *values, const mill_column *column, int64_t row, mill_work *work,
                           mill_value_slot *slot, mill_error *err)
{
	uint64_t key = work->words[row], hash = key;
	uint32_t length = work->lengths[row];
	if (length <= 8)
		MILL_TRY(mill_value_hash(column, row, &work->hash_scratch, &hash, err));
	return mill_values_fill_slot(values, slot, hash, key, length > 8 ? long_bytes(column, row) : NULL, length, err);
}

static mill_status count_rows(mill_values *values, const mill_column *column, mill_work *work, mill_error *err)
{
	const uint64_t *keys = work->words;
	const uint32_t *lengths = work->lengths;
	MILL_TRY(take_keys(column, work, work->words, work->lengths, err));
	prefetch_slots(values, keys, lengths, column->rows);
	for (int64_t r = 0; r < column->rows; r++) {
		if (mill_column_is_null(column, r))
			continue;
		MILL_TRY(mill_values_make_room(values, err));
		const void *bytes = lengths[r] > 8 ? long_bytes(column, r) : NULL;
		mill_value_slot *slot = mill_value_slot_of(values, keys[r], bytes, lengths[r]);
		if (slot->entry == 0)
			MILL_TRY(add_row(values, column, r, work, slot, err));
		values->entries[slot->entry - 1].count++;
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

mill_status mill_values_count_lane(mill_values *values, const mill_transform *transform, const mill_lane *lane,
                                   mill_work *work, mill_error *err)
{
	const mill_column *column = &lane->column;
	if (mill_type_is_float(column->type)) {
		mill_lane raw = {*column, NULL};
		if (!mill_transform_check_finite(transform, &raw, mill_lane_floats(&raw, work), true, work))
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
	MILL_TRY(know_dictionary(values, column->dictionary, err));
	for (int64_t r = 0; r < column->rows; r++) {
		int32_t length, code = mill_column_is_null(column, r) ? -1 : codes[r];
		if (code < 0)
			continue;
		if (values->codes[code] == UNKNOWN) {
			uint64_t hash = 0;
			const char *text = mill_column_text(column->dictionary, code, &length);
			MILL_TRY(mill_value_hash(column->dictionary, code, &work->hash_scratch, &hash, err));
			int64_t entry = mill_values_find(values, hash, text, (uint32_t)length);
			values->codes[code] = entry < 0 ? ABSENT : (int32_t)entry;
		}
		out[r] = values->codes[code] == ABSENT ? -1 : values->codes[code];
	}
	return MILL_OK;
}

static mill_status find_rows(const mill_values *values, const mill_column *column, mill_work *work,
                             int64_t *restrict out, mill_error *err)
{
	const uint64_t *restrict keys = work->words;
	const uint32_t *restrict lengths = work->lengths;
	if (values->mask == 0) {
		for (int64_t r = 0; r < column->rows; r++)
			out[r] = -1;
		return MILL_OK;
	}
	MILL_TRY(take_keys(column, work, work->words, work->lengths, err));
	prefetch_slots(values, keys, lengths, column->rows);
	for (int64_t r = 0; r < column->rows; r++) {
		if (mill_column_is_null(column, r))
			continue;
		const void *bytes = lengths[r] > 8 ? long_bytes(column, r) : NULL;
		out[r] = (int64_t)mill_value_slot_of(values, keys[r], bytes, lengths[r])->entry - 1;
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
