/* Frames from anywhere: reading one gives an error or a batch that keeps every rule of the layout, and a batch that was
 * read can be written and read again as the same rows. */
#include "column/frame.h"
#include "column/value.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_same(const mill_batch *a, const mill_batch *b)
{
	require(a->rows == b->rows && a->column_count == b->column_count && a->id_words == b->id_words);
	for (int c = 0; c < a->column_count; c++) {
		require(mill_type_equal(a->columns[c].type, b->columns[c].type));
		for (int64_t r = 0; r < a->rows; r++)
			require(mill_value_equal(&a->columns[c], r, &b->columns[c], r));
	}
}

static void check_batch(const mill_batch *batch, mill_mem *mem)
{
	mill_bytes frame;
	mill_batch back;
	mill_error err = {0};
	require(mill_batch_validate(batch, &err) == MILL_OK);
	mill_bytes_init(&frame, mem);
	mill_status status = mill_frame_write(batch, NULL, 0, 1, 2, &frame, &err);
	require(status == MILL_OK || status == MILL_NOMEM);
	if (status == MILL_OK) {
		status = mill_frame_read(frame.data, frame.size_bytes, mem, &back, &err);
		require(status == MILL_OK || status == MILL_NOMEM);
	}
	if (status == MILL_OK) {
		check_same(batch, &back);
		mill_batch_release(&back);
	}
	mill_bytes_release(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	mill_mem mem;
	mill_batch batch;
	mill_frame_info info;
	mill_error err = {0};
	/* A frame of NULLs may name two thousand million rows; the budget stops it. */
	mill_mem_init(&mem, 8 << 20);
	mill_status peeked = mill_frame_peek(data, size_bytes, &info, &err);
	mill_status status = mill_frame_read(data, size_bytes, &mem, &batch, &err);
	require(peeked == MILL_OK || status == peeked);
	if (status == MILL_OK) {
		check_batch(&batch, &mem);
		mill_batch_release(&batch);
	}
	require(mem.used_bytes == 0);
	return 0;
}
