/* Rows of a window: where they begin, which of them have the right number of fields. */
#include "formats/csv/rows.h"

/* Scanned between looks at the size of the index. */
#define STEP_BYTES   ((size_t)4 << 20)
#define MANY_ENTRIES ((size_t)8 << 20)
#define MIN_ROWS     ((size_t)1024)

void mill_csv_rows_init(mill_csv_rows *rows, mill_mem *mem)
{
	*rows = (mill_csv_rows){.mem = mem};
	mill_csv_index_init(&rows->index, mem);
}

void mill_csv_rows_release(mill_csv_rows *rows)
{
	mill_csv_index_release(&rows->index);
	mill_mem_free(rows->first);
	mill_mem_free(rows->bad);
	mill_csv_rows_init(rows, rows->mem);
}

static mill_status grow(mill_mem *mem, void **array, size_t *capacity, size_t needed, size_t element_bytes,
                        mill_error *err)
{
	if (needed <= *capacity)
		return MILL_OK;
	size_t wanted = needed + needed / 2 + MIN_ROWS;
	void *grown = mill_mem_realloc(mem, *array, wanted * element_bytes);
	if (grown == NULL)
		return mill_fail_nomem(err, wanted * element_bytes, "the rows of a CSV batch");
	*array = grown;
	*capacity = wanted;
	return MILL_OK;
}

mill_status mill_csv_rows_add_bad(mill_csv_rows *rows, const mill_csv_bad *bad, mill_error *err)
{
	void *array = rows->bad;
	mill_status status =
	    grow(rows->mem, &array, &rows->bad_capacity, (size_t)rows->bad_count + 1, sizeof *rows->bad, err);
	rows->bad = array;
	MILL_TRY(status);
	rows->bad[rows->bad_count++] = *bad;
	return MILL_OK;
}

/* The position behind the last row that ended. */
static size_t next_start(const mill_csv_index *x, const uint8_t *text)
{
	return (size_t)x->ends[mill_csv_next_first(x, text, x->row_ends[x->row_count - 1])] + 1;
}

/* What remains to be scanned before the rows can be taken. */
typedef struct goal {
	size_t end; /* rows begin before this position */
	size_t max_rows;
} goal;

static bool is_reached(const mill_csv_index *x, const uint8_t *text, const goal *g)
{
	if (x->row_count == 0)
		return false;
	if (x->row_count >= g->max_rows || x->at >= MILL_CSV_BATCH_TEXT_BYTES || x->end_count >= MANY_ENTRIES)
		return true;
	return next_start(x, text) >= g->end;
}

/* Scans until the goal is reached or the text ends. */
static mill_status fill_index(mill_csv_rows *rows, mill_csv_buffer *w, const mill_csv_bytes *bytes, int simd,
                              const goal *g, bool *open_end, mill_error *err)
{
	mill_csv_index *x = &rows->index;
	*open_end = false;
	MILL_TRY(mill_csv_index_begin(x, 0, MILL_CSV_ROW_START, err));
	while (!is_reached(x, w->text, g)) {
		/* A CR at the very end: what follows it decides where the next row begins. */
		if (x->at >= w->size_bytes) {
			if (w->at_end)
				return mill_csv_index_finish(x, w->size_bytes, open_end, err);
			MILL_TRY(mill_csv_buffer_more(w, err));
			continue;
		}
		size_t stop_at = x->at + STEP_BYTES;
		size_t stop_rows = g->max_rows;
		if (x->at >= g->end || x->at >= MILL_CSV_BATCH_TEXT_BYTES)
			stop_rows = x->row_count + 1;
		else if (stop_at > g->end)
			stop_at = g->end;
		if (stop_at > w->size_bytes)
			stop_at = w->size_bytes;
		MILL_TRY(mill_csv_index_scan(x, bytes, simd, w->text, w->size_bytes, stop_at, stop_rows, err));
	}
	if (x->state == MILL_CSV_AFTER_CR && x->at >= w->size_bytes && !w->at_end)
		MILL_TRY(mill_csv_buffer_more(w, err));
	return MILL_OK;
}

/* Reports the row between the entries `first` and `end`. */
static mill_status refuse(mill_csv_rows *rows, uint32_t first, uint32_t end, mill_bad_reason reason, uint32_t at,
                          mill_error *err)
{
	const mill_csv_index *x = &rows->index;
	mill_csv_bad bad = {.start = x->ends[first] + 1, .end = x->ends[end], .at = at, .column = -1, .reason = reason};
	bad.field_count = end - first;
	return mill_csv_rows_add_bad(rows, &bad, err);
}

/* Sorts the indexed rows into sound ones, bad ones and those that are skipped. */
static mill_status take_rows(mill_csv_rows *rows, const uint8_t *text, const mill_csv_bytes *bytes, int field_count,
                             const goal *g, bool open_end, mill_error *err)
{
	const mill_csv_index *x = &rows->index;
	size_t flaw = 0;
	bool open_quote = open_end && (x->state == MILL_CSV_QUOTED || x->state == MILL_CSV_ESCAPED);
	uint32_t first = 0;
	size_t r = 0;
	for (; r < x->row_count && rows->seen < (int64_t)g->max_rows; r++) {
		uint32_t end = x->row_ends[r];
		uint32_t start = x->ends[first] + 1;
		uint32_t fields = end - first;
		if (start >= g->end)
			break;
		uint32_t this_first = first;
		first = mill_csv_next_first(x, text, end);
		if (fields == 1 && start == x->ends[end] && field_count != 1)
			continue;
		if (text[start] == bytes->comment && start < x->ends[end])
			continue;
		rows->seen++;
		if (flaw < x->flaw_count && x->flaws[flaw].row == r)
			MILL_TRY(refuse(rows, this_first, end, MILL_REASON_TEXT_AFTER_QUOTE, x->flaws[flaw++].at, err));
		else if (open_quote && r + 1 == x->row_count)
			MILL_TRY(refuse(rows, this_first, end, MILL_REASON_OPEN_QUOTE, x->ends[end - 1] + 1, err));
		else if (fields != (uint32_t)field_count && field_count != 0)
			MILL_TRY(refuse(rows, this_first, end, MILL_REASON_FIELD_COUNT,
			                fields < (uint32_t)field_count ? x->ends[end]
			                                               : x->ends[this_first + (uint32_t)field_count],
			                err));
		else
			rows->first[rows->count++] = this_first;
	}
	rows->consumed_bytes = (size_t)(uint32_t)(x->ends[first] + 1);
	return MILL_OK;
}

mill_status mill_csv_rows_next(mill_csv_rows *rows, mill_csv_buffer *buffer, const mill_csv_bytes *bytes, int simd,
                               int field_count, int64_t max_rows, int64_t end_offset, mill_error *err)
{
	goal g = {.end = SIZE_MAX, .max_rows = (size_t)max_rows};
	if (end_offset - buffer->offset < (int64_t)UINT32_MAX)
		g.end = (size_t)mill_max_i64(end_offset - buffer->offset, 0);
	bool open_end = false;
	rows->count = rows->bad_count = rows->seen = 0;
	MILL_TRY(fill_index(rows, buffer, bytes, simd, &g, &open_end, err));
	void *first = rows->first;
	mill_status status =
	    grow(rows->mem, &first, &rows->capacity, rows->index.row_count + 1, sizeof *rows->first, err);
	rows->first = first;
	MILL_TRY(status);
	MILL_TRY(take_rows(rows, buffer->text, bytes, field_count, &g, open_end, err));
	/* The row after a CR begins behind the LF, which the index may not have reached. */
	size_t next = rows->consumed_bytes;
	if (next > 0 && next < buffer->size_bytes && buffer->text[next] == '\n' && buffer->text[next - 1] == '\r' &&
	    next == rows->index.at)
		rows->consumed_bytes++;
	if (rows->consumed_bytes > buffer->size_bytes)
		rows->consumed_bytes = buffer->size_bytes;
	rows->at_end = buffer->at_end && rows->consumed_bytes == buffer->size_bytes;
	return MILL_OK;
}
