/* Rows that come as codes of a dictionary: its entries become key words once, and while the table does not change its
 * dictionaries, combinations of codes name groups without a hash. */
#include "ops/keys_text.h"

/* The dictionary's entries as words, once a dictionary. */
static mill_status learn_entries(op_keys *keys, op_key_codes *known, const mill_column *column, mill_error *err)
{
	const mill_column *dictionary = column->dictionary;
	if (dictionary->rows > known->capacity) {
		size_t entries = (size_t)dictionary->rows;
		mill_mem_free(known->words);
		mill_mem_free(known->hash);
		known->capacity = 0;
		known->words = mill_mem_alloc(keys->mem, entries * 2 * sizeof(uint64_t));
		known->hash = mill_mem_alloc(keys->mem, entries * sizeof(uint64_t));
		if (known->words == NULL || known->hash == NULL)
			return mill_fail_nomem(err, entries * 3 * sizeof(uint64_t), "hash table");
		known->capacity = dictionary->rows;
	}
	const char *bytes = dictionary->bytes == NULL ? "" : dictionary->bytes;
	const char *end = bytes + mill_column_text_readable(dictionary);
	for (int64_t e = 0; e < dictionary->rows; e++)
		known->hash[e] =
		    op_keys_text_words(bytes + dictionary->offsets[e],
		                       dictionary->offsets[e + 1] - dictionary->offsets[e], end, known->words + 2 * e);
	known->is_learned = true;
	return MILL_OK;
}

/* Up to this many combinations of codes are looked up without a hash. */
#define BY_CODE_LIMIT (1 << 18)

static mill_status learn_combinations(op_keys *keys, const mill_column *const *columns, mill_error *err)
{
	int64_t combinations = 1;
	keys->by_code_count = 0;
	for (int k = 0; k < keys->count; k++) {
		if (columns[k]->dictionary == NULL || !keys->codes[k].is_learned)
			return MILL_OK;
		if (mill_mul_overflows(combinations, columns[k]->dictionary->rows + 1, &combinations) ||
		    (keys->count > 1 && combinations > BY_CODE_LIMIT))
			return MILL_OK;
	}
	if (keys->count == 0)
		return MILL_OK;
	if (combinations > keys->by_code_capacity) {
		mill_mem_free(keys->by_code);
		keys->by_code_capacity = 0;
		keys->by_code = mill_mem_alloc(keys->mem, (size_t)combinations * sizeof(uint32_t));
		if (keys->by_code == NULL)
			return mill_fail_nomem(err, (size_t)combinations * sizeof(uint32_t), "hash table");
		keys->by_code_capacity = combinations;
	}
	memset(keys->by_code, 0, (size_t)combinations * sizeof(uint32_t));
	keys->by_code_count = combinations;
	return MILL_OK;
}

static void meet_dictionary(op_key_codes *known, mill_column *dictionary)
{
	mill_dictionary_release(known->dictionary);
	known->dictionary = mill_dictionary_retain(dictionary);
	known->is_learned = false;
	known->rows_seen = 0;
}

mill_status op_keys_learn(op_keys *keys, const mill_column *const *columns, int64_t rows, mill_error *err)
{
	bool changed = false;
	for (int k = 0; k < keys->count; k++) {
		op_key_codes *known = &keys->codes[k];
		mill_column *dictionary = columns[k]->dictionary;
		if (known->dictionary != dictionary) {
			meet_dictionary(known, dictionary);
			changed = true;
		}
		if (dictionary == NULL || known->is_learned)
			continue;
		/* Entries that no row uses cost as well: not before as many rows have come. */
		known->rows_seen += rows;
		if (known->rows_seen < dictionary->rows)
			continue;
		MILL_TRY(learn_entries(keys, known, columns[k], err));
		changed = true;
	}
	return changed || keys->by_code_count == 0 ? learn_combinations(keys, columns, err) : MILL_OK;
}

/* The row's combination of codes; NULL is the code after the last. */
static inline int64_t combination(const op_keys *keys, const mill_column *const *columns, int64_t row)
{
	int64_t at = 0;
	for (int k = 0; k < keys->count; k++) {
		const mill_column *c = columns[k];
		int64_t code = mill_column_is_null(c, row) ? c->dictionary->rows : ((const int32_t *)c->values)[row];
		at = at * (c->dictionary->rows + 1) + code;
	}
	return at;
}

bool op_keys_by_code(const op_keys *keys, const mill_column *const *columns, int64_t first, int64_t rows,
                     uint32_t *groups)
{
	if (keys->by_code_count == 0)
		return false;
	for (int64_t r = 0; r < rows; r++) {
		uint32_t known = keys->by_code[combination(keys, columns, first + r)];
		if (known == 0)
			return false;
		groups[r] = known - 2; /* 1 becomes OP_KEYS_NONE */
	}
	return true;
}

void op_keys_note_codes(op_keys *keys, const mill_column *const *columns, int64_t first, int64_t rows,
                        const uint32_t *groups)
{
	if (keys->by_code_count == 0)
		return;
	for (int64_t r = 0; r < rows; r++)
		keys->by_code[combination(keys, columns, first + r)] = groups[r] + 2;
}
