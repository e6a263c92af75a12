/* What the operators share; not for other rooms. Not collective. */
#ifndef MILL_OPS_OPS_PRIVATE_H
#define MILL_OPS_OPS_PRIVATE_H

#include "ops/op_base.h"

/* A finish_unit that passes the call on. */
MILL_NODISCARD mill_status op_pass_unit(mill_sink *self, mill_error *err);
/* A finish that passes the call on. */
MILL_NODISCARD mill_status op_pass_finish(mill_sink *self, mill_error *err);

/* Pushes the rows order[0 … rows) of batch in batches of at most knobs.batch_rows. */
MILL_NODISCARD mill_status op_emit_order(mill_op_base *op, const mill_batch *batch, const int32_t *order, int64_t rows,
                                         mill_error *err);
/* policy->report, or without a policy the error of the first row. */
MILL_NODISCARD mill_status op_report(mill_row_error_policy *policy, const mill_batch *batch,
                                     const mill_row_errors *errors, mill_error *err);
/* MILL_NOMEM that names the operator, what it held and what to do. */
MILL_NODISCARD mill_status op_nomem(const mill_op_env *env, const char *what, int64_t rows, int64_t bytes,
                                    mill_error *err);

/* Retained batches of one unit. */
typedef struct op_batches {
	mill_mem *mem;
	mill_batch *items;
	int64_t count;
	int64_t capacity;
	int64_t rows;
	int64_t bytes;
} op_batches;
/* Retains a batch at the end of the list. MILL_NOMEM. */
MILL_NODISCARD mill_status op_batches_add(op_batches *list, const mill_batch *batch, mill_error *err);
void op_batches_clear(op_batches *list);   /* releases the batches, keeps the array */
void op_batches_release(op_batches *list); /* releases batches and array; idempotent */
/* All rows as one batch (a retain when there is only one); the list is cleared. what: for MILL_NOMEM. */
MILL_NODISCARD mill_status op_batches_join(op_batches *list, const mill_op_env *env, const char *what, mill_batch *out,
                                           mill_error *err);

/* order = the row numbers of a non-null BINARY column in memcmp order (shorter first), equal rows by number.
 * [keys->rows]. MILL_NOMEM. */
MILL_NODISCARD mill_status op_sort_binary(mill_mem *mem, const mill_column *keys, int32_t *order, mill_error *err);
/* order = the row numbers in lexicographic order of `count` words per row, equal rows by
 * number. [rows]. MILL_NOMEM. */
MILL_NODISCARD mill_status op_sort_words(mill_mem *mem, const uint64_t *const *words, int count, int64_t rows,
                                         int32_t *order, mill_error *err);

/* Id word `word` of every row; the batch carries ids. */
static inline const uint64_t *op_id_word(const mill_batch *batch, int word)
{
	return batch->columns[mill_batch_visible(batch) + word].values;
}

#endif
