/* The structural index: blocks by vector compares, the rest byte by byte. */
#include "formats/csv/index.h"

#include "base/simd.h"
#include "formats/csv/blocks.h"

#include <string.h>

#define MIN_ENTRIES ((size_t)4096)
/* What a block, a byte-wise block and the scribbling of the block loop may add. */
#define SPARE_ENTRIES (MILL_CSV_BLOCK_BYTES + 8)

mill_csv_bytes mill_csv_bytes_of(const mill_csv_options *options)
{
	mill_csv_bytes bytes = {(uint8_t)options->delimiter, options->quote, options->escape, options->comment};
	/* Without quotes there is nothing to escape in, and the quote itself as escape is the doubled quote. */
	if (bytes.quote < 0 || bytes.escape == bytes.quote)
		bytes.escape = -1;
	return bytes;
}

/* Outside quotes and comments, where byte is not what opens them. */
static inline mill_csv_state step_plain(const mill_csv_bytes *bytes, uint8_t byte)
{
	if (byte == bytes->delimiter)
		return MILL_CSV_FIELD_START;
	if (byte == '\n')
		return MILL_CSV_ROW_START;
	return byte == '\r' ? MILL_CSV_AFTER_CR : MILL_CSV_UNQUOTED;
}

mill_csv_state mill_csv_step(const mill_csv_bytes *bytes, mill_csv_state state, uint8_t byte)
{
	switch (state) {
	case MILL_CSV_QUOTED:
		if (byte == bytes->quote)
			return MILL_CSV_QUOTE_END;
		return byte == bytes->escape ? MILL_CSV_ESCAPED : MILL_CSV_QUOTED;
	case MILL_CSV_QUOTE_END: return byte == bytes->quote ? MILL_CSV_QUOTED : step_plain(bytes, byte);
	case MILL_CSV_ESCAPED: return MILL_CSV_QUOTED;
	case MILL_CSV_COMMENT:
		if (byte == '\n')
			return MILL_CSV_ROW_START;
		return byte == '\r' ? MILL_CSV_AFTER_CR : MILL_CSV_COMMENT;
	case MILL_CSV_UNQUOTED: return step_plain(bytes, byte);
	case MILL_CSV_ROW_START:
	case MILL_CSV_AFTER_CR:
		if (byte == bytes->comment)
			return MILL_CSV_COMMENT;
		/* fall through */
	case MILL_CSV_FIELD_START:
	default: return byte == bytes->quote ? MILL_CSV_QUOTED : step_plain(bytes, byte);
	}
}

void mill_csv_index_init(mill_csv_index *index, mill_mem *mem)
{
	*index = (mill_csv_index){.mem = mem};
}

void mill_csv_index_release(mill_csv_index *index)
{
	mill_mem_free(index->ends);
	mill_mem_free(index->row_ends);
	mill_mem_free(index->flaws);
	*index = (mill_csv_index){.mem = index->mem};
}

static mill_status grow(mill_mem *mem, void **array, size_t *capacity, size_t needed, size_t element_bytes,
                        mill_error *err)
{
	if (needed <= *capacity)
		return MILL_OK;
	size_t wanted = needed + needed / 2 + MIN_ENTRIES;
	void *grown = mill_mem_realloc(mem, *array, wanted * element_bytes);
	if (grown == NULL)
		return mill_fail_nomem(err, wanted * element_bytes, "the index of a CSV batch");
	*array = grown;
	*capacity = wanted;
	return MILL_OK;
}

static mill_status grow_ends(mill_csv_index *x, mill_error *err)
{
	void *ends = x->ends, *row_ends = x->row_ends;
	mill_status status =
	    grow(x->mem, &ends, &x->end_capacity, x->end_count + 2 * SPARE_ENTRIES, sizeof *x->ends, err);
	x->ends = ends;
	if (status == MILL_OK)
		status = grow(x->mem, &row_ends, &x->row_capacity, x->row_count + 2 * SPARE_ENTRIES,
		              sizeof *x->row_ends, err);
	x->row_ends = row_ends;
	return status;
}

mill_status mill_csv_index_begin(mill_csv_index *index, size_t at, mill_csv_state state, mill_error *err)
{
	index->end_count = index->row_count = index->flaw_count = 0;
	MILL_TRY(grow_ends(index, err));
	index->ends[0] = (uint32_t)at - 1;
	index->end_count = 1;
	index->at = at;
	index->state = state;
	index->has_high = false;
	return MILL_OK;
}

static mill_status add_flaw(mill_csv_index *x, size_t at, mill_error *err)
{
	uint32_t row = (uint32_t)x->row_count;
	if (x->flaw_count > 0 && x->flaws[x->flaw_count - 1].row == row)
		return MILL_OK;
	void *flaws = x->flaws;
	mill_status status = grow(x->mem, &flaws, &x->flaw_capacity, x->flaw_count + 1, sizeof *x->flaws, err);
	x->flaws = flaws;
	MILL_TRY(status);
	x->flaws[x->flaw_count++] = (mill_csv_flaw){row, (uint32_t)at};
	return MILL_OK;
}

/* The automaton over text[at … end). */
static mill_status scan_bytes(mill_csv_index *x, const mill_csv_bytes *bytes, const uint8_t *text, size_t end,
                              mill_error *err)
{
	mill_csv_state state = x->state;
	for (; x->at < end; x->at++) {
		uint8_t byte = text[x->at];
		mill_csv_state next = mill_csv_step(bytes, state, byte);
		x->has_high |= byte >= 0x80;
		if (next <= MILL_CSV_FIELD_START) {
			bool second_of_crlf = state == MILL_CSV_AFTER_CR && byte == '\n';
			if (next != MILL_CSV_FIELD_START && !second_of_crlf)
				x->row_ends[x->row_count++] = (uint32_t)x->end_count;
			x->ends[x->end_count++] = (uint32_t)x->at;
		} else if (state == MILL_CSV_QUOTE_END && next == MILL_CSV_UNQUOTED) {
			MILL_TRY(add_flaw(x, x->at, err));
		}
		state = next;
	}
	x->state = state;
	return MILL_OK;
}

static mill_csv_cursor cursor_of(const mill_csv_index *x, const uint8_t *text, size_t last_block, size_t stop_rows)
{
	mill_csv_cursor c = {.text = text, .at = x->at, .last_block = last_block};
	c.ends = x->ends;
	c.end_count = x->end_count;
	c.end_limit = x->end_capacity - SPARE_ENTRIES;
	c.row_ends = x->row_ends;
	c.row_count = x->row_count;
	c.row_limit = x->row_capacity - SPARE_ENTRIES < stop_rows ? x->row_capacity - SPARE_ENTRIES : stop_rows;
	c.in_quote = x->state == MILL_CSV_QUOTED ? ~(uint64_t)0 : 0;
	c.row_start = x->state <= MILL_CSV_AFTER_CR ? 1 : 0;
	c.field_start = x->state <= MILL_CSV_FIELD_START ? 1 : 0;
	c.after_close = x->state == MILL_CSV_QUOTE_END ? 1 : 0;
	c.after_cr = x->state == MILL_CSV_AFTER_CR ? 1 : 0;
	return c;
}

static mill_csv_state state_of(const mill_csv_cursor *c)
{
	if (c->in_quote != 0)
		return MILL_CSV_QUOTED;
	if (c->after_close != 0)
		return MILL_CSV_QUOTE_END;
	if (c->after_cr != 0)
		return MILL_CSV_AFTER_CR;
	if (c->row_start != 0)
		return MILL_CSV_ROW_START;
	return c->field_start != 0 ? MILL_CSV_FIELD_START : MILL_CSV_UNQUOTED;
}

mill_status mill_csv_index_scan(mill_csv_index *x, const mill_csv_bytes *bytes, int simd, const uint8_t *text,
                                size_t size_bytes, size_t stop_at, size_t stop_rows, mill_error *err)
{
	mill_csv_blocks_fn *run_blocks = simd == MILL_SIMD_V3 ? mill_csv_blocks_v3 : mill_csv_blocks_portable;
	while (x->at < stop_at && x->row_count < stop_rows) {
		MILL_TRY(grow_ends(x, err));
		bool by_byte = true;
		bool whole = size_bytes - x->at >= MILL_CSV_BLOCK_BYTES;
		if (whole && x->state < MILL_CSV_ESCAPED) {
			size_t last_block = size_bytes - MILL_CSV_BLOCK_BYTES;
			last_block = last_block < stop_at - 1 ? last_block : stop_at - 1;
			mill_csv_cursor c = cursor_of(x, text, last_block, stop_rows);
			by_byte = run_blocks(&c, bytes);
			/* Only flags of whole blocks say more than the automaton's state did. */
			if (c.at != x->at)
				x->state = state_of(&c);
			x->at = c.at;
			x->end_count = c.end_count;
			x->row_count = c.row_count;
			x->has_high |= c.high != 0;
		}
		if (by_byte) {
			size_t end = x->at + MILL_CSV_BLOCK_BYTES;
			MILL_TRY(grow_ends(x, err));
			MILL_TRY(scan_bytes(x, bytes, text, end < size_bytes ? end : size_bytes, err));
		}
	}
	return MILL_OK;
}

mill_status mill_csv_index_finish(mill_csv_index *x, size_t size_bytes, bool *ended_row, mill_error *err)
{
	*ended_row = x->state > MILL_CSV_AFTER_CR;
	if (!*ended_row)
		return MILL_OK;
	MILL_TRY(grow_ends(x, err));
	x->row_ends[x->row_count++] = (uint32_t)x->end_count;
	x->ends[x->end_count++] = (uint32_t)size_bytes;
	return MILL_OK;
}
