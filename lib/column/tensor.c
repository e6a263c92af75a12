#include "column/tensor.h"
#include <string.h>

void mill_block_release(mill_block *block)
{
	mill_buffer_release(block->elements);
	mill_column_release(&block->column);
	memset(block, 0, sizeof(*block));
}
