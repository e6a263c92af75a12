/* Batches: the same step over every column, undone as a whole when one fails. */
#include "column/layout.h"
#include <string.h>

mill_status mill_batch_new(mill_mem *mem, int column_count, int id_words, mill_batch *out, mill_error *err)
{
	mill_batch batch = {0, column_count, id_words, NULL, mem};
	batch.columns = mill_mem_calloc(mem, (size_t)column_count, sizeof(mill_column));
	if (batch.columns == NULL)
		return mill_fail_nomem(err, (size_t)column_count * sizeof(mill_column), "columns of a batch");
	*out = batch;
	return MILL_OK;
}

void mill_batch_release(mill_batch *batch)
{
	for (int c = 0; batch->columns != NULL && c < batch->column_count; c++)
		mill_column_release(&batch->columns[c]);
	mill_mem_free(batch->columns);
	memset(batch, 0, sizeof(*batch));
}

mill_status mill_batch_retain(const mill_batch *batch, mill_batch *out, mill_error *err)
{
	mill_batch copy;
	MILL_TRY(mill_batch_new(batch->mem, batch->column_count, batch->id_words, &copy, err));
	copy.rows = batch->rows;
	for (int c = 0; c < batch->column_count; c++)
		copy.columns[c] = mill_column_retain(&batch->columns[c]);
	*out = copy;
	return MILL_OK;
}

mill_status mill_batch_filter(const mill_batch *batch, const uint64_t *keep, int64_t kept, mill_batch *out,
                              mill_error *err)
{
	mill_batch result;
	MILL_TRY(mill_batch_new(batch->mem, batch->column_count, batch->id_words, &result, err));
	mill_selection selection = {batch->mem, keep, batch->rows, kept, NULL};
	mill_status status = MILL_OK;
	for (int c = 0; c < batch->column_count && status == MILL_OK; c++)
		status = mill_selection_apply(&selection, &batch->columns[c], &result.columns[c], err);
	mill_selection_release(&selection);
	if (status != MILL_OK) {
		mill_batch_release(&result);
		return status;
	}
	result.rows = kept;
	*out = result;
	return MILL_OK;
}

mill_status mill_batch_take(const mill_batch *batch, const int32_t *indices, int64_t count, mill_batch *out,
                            mill_error *err)
{
	mill_batch result;
	MILL_TRY(mill_batch_new(batch->mem, batch->column_count, batch->id_words, &result, err));
	mill_status status = MILL_OK;
	for (int c = 0; c < batch->column_count && status == MILL_OK; c++)
		status = mill_column_take(batch->mem, &batch->columns[c], indices, count, &result.columns[c], err);
	if (status != MILL_OK) {
		mill_batch_release(&result);
		return status;
	}
	result.rows = count;
	*out = result;
	return MILL_OK;
}

static mill_status same_shape(const mill_batch *batches, int n, mill_error *err)
{
	if (n <= 0)
		return mill_fail(err, MILL_INTERNAL, "concatenation of no batches");
	for (int i = 1; i < n; i++)
		if (batches[i].column_count != batches[0].column_count || batches[i].id_words != batches[0].id_words)
			return mill_fail(
			    err, MILL_INTERNAL, "concatenation of batches of %d and %d columns, %d and %d id words",
			    batches[0].column_count, batches[i].column_count, batches[0].id_words, batches[i].id_words);
	return MILL_OK;
}

/* used: the same batches where their columns are to be released one by one, else NULL. */
static mill_status concat(mill_mem *mem, const mill_batch *batches, mill_batch *used, int n, mill_batch *out,
                          mill_error *err)
{
	mill_batch result;
	MILL_TRY(same_shape(batches, n, err));
	MILL_TRY(mill_batch_new(mem, batches[0].column_count, batches[0].id_words, &result, err));
	const mill_column **parts = mill_mem_alloc(mem, (size_t)n * sizeof(*parts));
	mill_status status =
	    parts == NULL ? mill_fail_nomem(err, (size_t)n * sizeof(*parts), "concatenation") : MILL_OK;
	for (int c = 0; c < result.column_count && status == MILL_OK; c++) {
		for (int i = 0; i < n; i++)
			parts[i] = &batches[i].columns[c];
		status = mill_column_concat(mem, parts, n, &result.columns[c], err);
		for (int i = 0; i < n && used != NULL; i++)
			mill_column_release(&used[i].columns[c]);
	}
	mill_mem_free(parts);
	if (status != MILL_OK) {
		mill_batch_release(&result);
		return status;
	}
	for (int i = 0; i < n; i++)
		result.rows += batches[i].rows;
	*out = result;
	return MILL_OK;
}

mill_status mill_batch_concat(mill_mem *mem, const mill_batch *batches, int n, mill_batch *out, mill_error *err)
{
	return concat(mem, batches, NULL, n, out, err);
}

mill_status mill_batch_concat_consume(mill_mem *mem, mill_batch *batches, int n, mill_batch *out, mill_error *err)
{
	mill_status status = concat(mem, batches, batches, n, out, err);
	for (int i = 0; i < n; i++)
		mill_batch_release(&batches[i]);
	return status;
}

int64_t mill_batch_bytes(const mill_batch *batch)
{
	int64_t bytes = (int64_t)sizeof(mill_column) * batch->column_count;
	for (int c = 0; c < batch->column_count; c++)
		bytes += mill_column_bytes(&batch->columns[c]);
	return bytes;
}
