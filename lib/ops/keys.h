/* Key rows to dense group numbers: the hash table of aggregation, DISTINCT and joins.
 *
 * A key row becomes a fixed number of 64-bit words (−0 and +0, all NaNs, all NULLs have one form each): integers,
 * dates, bools and floats one word, decimals and intervals two, text two — length and 12 bytes, or length, 4 bytes and
 * a pointer. Key rows of groups lie one after another; slots are an open-addressing table of (hash's high half,
 * number). A slice of rows is hashed, then looked up with prefetching and confirmed against the key rows, and only what
 * was not confirmed is probed (and inserted) row by row. Rows that come as dictionary codes are looked up by code.
 *
 * The hash is private: K of definitions.md is computed once per group, and only where order asks for it. Idea of the
 * batch-wise probe: Boncz et al., "MonetDB/X100" (2005). Not collective. */
#ifndef MILL_OPS_KEYS_H
#define MILL_OPS_KEYS_H

#include "column/column.h"

#define OP_KEYS_SLICE_ROWS 1024

typedef struct op_key_column {
	mill_type type;
	int word;          /* first of its words in a key row */
	int words;         /* 1 or 2 */
	uint64_t null_bit; /* in word 0, for types that use every bit pattern; else 0 */
} op_key_column;

/* What is known about the entries of a dictionary that rows came with. */
typedef struct op_key_codes {
	mill_column *dictionary; /* a reference, so that no other can take its address; NULL: none */
	uint64_t *words;         /* two per entry */
	uint64_t *hash;          /* what the second word adds to the hash */
	int64_t capacity;        /* entries */
	int64_t rows_seen;       /* with this dictionary, before it was learned */
	bool is_learned;
} op_key_codes;

typedef struct op_keys {
	mill_mem *mem;
	int count;
	int words;
	bool has_text;
	bool has_null_word;
	bool out_of_memory; /* a copy of a long text failed inside a slice */
	op_key_column *columns;
	op_key_codes *codes;
	uint64_t *slots; /* high half: of the hash; low half: group + 1, 0: free */
	uint64_t slot_mask;
	uint64_t *rows; /* groups × words */
	uint64_t *hashes;
	int64_t groups;
	int64_t capacity;      /* groups that rows and hashes hold */
	mill_arena text;       /* of more than 12 bytes */
	uint32_t *by_code;     /* groups by combined code + 2, where all key columns are dictionaries; 0: unknown, 1: no
	                          such group */
	int64_t by_code_count; /* in use; 0: the dictionaries are not known */
	int64_t by_code_capacity;
	bool by_code_inserts; /* what by_code was filled by */
	uint64_t *slice;      /* key rows of the slice */
	uint64_t hash[OP_KEYS_SLICE_ROWS];
	uint32_t candidate[OP_KEYS_SLICE_ROWS];
} op_keys;

/* types are the key columns' types. MILL_NOMEM. */
MILL_NODISCARD mill_status op_keys_init(op_keys *keys, mill_mem *mem, const mill_type *types, int count,
                                        mill_error *err);
void op_keys_release(op_keys *keys); /* frees all; idempotent */
/* Forgets all groups; a small table keeps its memory unless it is to give_back everything. */
void op_keys_clear(op_keys *keys, bool give_back);
/* Makes room for `extra` more groups. MILL_NOMEM. */
MILL_NODISCARD mill_status op_keys_reserve(op_keys *keys, int64_t extra, mill_error *err);
/* groups[r] = number of the row's group, a new one (= keys->groups so far) where it is new. MILL_NOMEM. */
MILL_NODISCARD mill_status op_keys_insert(op_keys *keys, const mill_column *const *columns, int64_t rows,
                                          uint32_t *groups, mill_error *err);
#define OP_KEYS_NONE UINT32_MAX
/* groups[r] = number of the row's group, OP_KEYS_NONE where there is no such group. MILL_NOMEM. */
MILL_NODISCARD mill_status op_keys_find(op_keys *keys, const mill_column *const *columns, int64_t rows,
                                        uint32_t *groups, mill_error *err);
/* Makes all key columns of the groups order[0 … count) into columns[count of keys]; after a failure the caller releases
 * what was made. */
MILL_NODISCARD mill_status op_keys_columns(const op_keys *keys, const int32_t *order, int64_t count,
                                           mill_column *columns, mill_error *err);
/* The form in which equal intervals of `us` microseconds leave: months of 30 days, days, the rest, all of one sign. */
mill_interval op_keys_interval(mill_i128 us);

/* What follows is between keys.c, keys_words.c (slices of key rows) and keys_codes.c (dictionaries). */

/* Gives key rows a word of NULL bits: when the first NULL comes in a key column that has no bit pattern to spare.
 * MILL_NOMEM. */
MILL_NODISCARD mill_status op_keys_add_null_word(op_keys *keys, mill_error *err);
/* Fills keys->slice and keys->hash from the rows first … first + rows − 1, at most OP_KEYS_SLICE_ROWS. MILL_NOMEM. */
MILL_NODISCARD mill_status op_keys_fill(op_keys *keys, const mill_column *const *columns, int64_t first, int64_t rows,
                                        mill_error *err);
/* Counts rows that came with a dictionary, and takes in the words and hashes of its entries once enough came.
 * MILL_NOMEM.
 */
MILL_NODISCARD mill_status op_keys_learn(op_keys *keys, const mill_column *const *columns, int64_t rows,
                                         mill_error *err);
/* Looks the groups of a slice up by dictionary codes; false when a row is not known by its codes. */
bool op_keys_by_code(const op_keys *keys, const mill_column *const *columns, int64_t first, int64_t rows,
                     uint32_t *groups);
/* Remembers the groups of a slice by dictionary codes. */
void op_keys_note_codes(op_keys *keys, const mill_column *const *columns, int64_t first, int64_t rows,
                        const uint32_t *groups);

/* A 64×64-bit multiplication folded: mixes every bit of both into every bit. */
static inline uint64_t op_keys_mix(uint64_t hash, uint64_t word)
{
	mill_u128 product = (mill_u128)(hash ^ word) * 0x9E3779B97F4A7C15ULL;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}
/* Whether the first word of a text says that it is longer than 12 bytes, so that the second one is a pointer. */
static inline bool op_keys_is_long_text(uint64_t word)
{
	return (int32_t)(word >> 32) > 12;
}
#define OP_KEYS_NULL_TEXT 0xFFFFFFFF00000000ULL

#endif
