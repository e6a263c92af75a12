/* Guessing at the heads of stretches, exact transitions, and the check of guesses. Source: Ge et al., "Speculative
 * Distributed CSV Data Parsing for Big Data Analytics" (2019). */
#include "formats/csv/guess.h"

#include "base/simd.h"

#include <string.h>

#define SAMPLE_BYTES ((size_t)64 << 10)
/* A flaw or a row of another width speaks against a reading more loudly than a row of the right width for it. */
#define FLAW_PENALTY 16
#define PIECE_BYTES  ((size_t)1 << 20)

/* The state if the byte before is outside quotes, or inside. */
static mill_csv_state state_behind(const mill_csv_bytes *bytes, uint8_t before, bool quoted)
{
	if (quoted)
		return MILL_CSV_QUOTED;
	if (before == bytes->quote)
		return MILL_CSV_QUOTE_END;
	return mill_csv_step(bytes, MILL_CSV_UNQUOTED, before);
}

static int64_t score_rows(const mill_csv_index *x, const uint8_t *text, int field_count)
{
	int64_t score = -(int64_t)x->flaw_count * FLAW_PENALTY;
	/* The first row is most likely cut. */
	for (size_t r = 1; r < x->row_count; r++) {
		uint32_t first = mill_csv_next_first(x, text, x->row_ends[r - 1]);
		uint32_t fields = x->row_ends[r] - first;
		if (fields == 1 && x->ends[first] + 1 == x->ends[first + 1])
			continue;
		score += fields == (uint32_t)field_count ? 1 : -FLAW_PENALTY;
	}
	return score;
}

mill_status mill_csv_guess_state(mill_csv_buffer *buffer, const mill_csv_bytes *bytes, int simd, int field_count,
                                 int64_t begin, bool invert, mill_mem *mem, mill_csv_state *out, mill_error *err)
{
	MILL_TRY(mill_csv_buffer_seek(buffer, begin - 1, err));
	while (buffer->size_bytes < SAMPLE_BYTES && !buffer->at_end)
		MILL_TRY(mill_csv_buffer_more(buffer, err));
	if (buffer->size_bytes == 0) {
		*out = MILL_CSV_ROW_START;
		return MILL_OK;
	}
	mill_csv_index index;
	mill_csv_index_init(&index, mem);
	int64_t scores[2] = {0, 0};
	mill_csv_state states[2] = {state_behind(bytes, buffer->text[0], false),
	                            state_behind(bytes, buffer->text[0], true)};
	mill_csv_buffer_drop(buffer, 1);
	size_t size = buffer->size_bytes < SAMPLE_BYTES ? buffer->size_bytes : SAMPLE_BYTES;
	mill_status status = MILL_OK;
	for (int i = 0; i < 2 && bytes->quote >= 0 && status == MILL_OK; i++) {
		status = mill_csv_index_begin(&index, 0, states[i], err);
		if (status == MILL_OK)
			status = mill_csv_index_scan(&index, bytes, simd, buffer->text, size, size, SIZE_MAX, err);
		scores[i] = score_rows(&index, buffer->text, field_count);
	}
	mill_csv_index_release(&index);
	MILL_TRY(status);
	bool quoted = scores[1] > scores[0];
	*out = states[quoted != invert ? 1 : 0];
	return MILL_OK;
}

mill_status mill_csv_find_row(mill_csv_buffer *buffer, const mill_csv_bytes *bytes, mill_csv_state state, int64_t *out,
                              mill_error *err)
{
	for (;;) {
		size_t at = 0;
		for (; at < buffer->size_bytes; at++) {
			bool starts =
			    state == MILL_CSV_ROW_START || (state == MILL_CSV_AFTER_CR && buffer->text[at] != '\n');
			if (starts)
				break;
			state = mill_csv_step(bytes, state, buffer->text[at]);
		}
		bool found = at < buffer->size_bytes;
		mill_csv_buffer_drop(buffer, at);
		if (found || buffer->at_end) {
			*out = buffer->offset;
			return MILL_OK;
		}
		MILL_TRY(mill_csv_buffer_more(buffer, err));
	}
}

/* One piece of text from every distinct state. */
typedef struct walker {
	mill_csv_index index;
	mill_csv_state now[MILL_CSV_STATES]; /* by the state at the range's begin */
	int64_t first_row[MILL_CSV_STATES];
} walker;

/* The first row start that `index` saw, as a position in the piece; −1: none, or in the next piece. */
static int64_t first_start(const mill_csv_index *x, mill_csv_state begin, const uint8_t *text, size_t size)
{
	size_t at = size;
	if (begin == MILL_CSV_ROW_START || begin == MILL_CSV_AFTER_CR)
		at = begin == MILL_CSV_AFTER_CR && text[0] == '\n' ? 1 : 0;
	else if (x->row_count > 0) {
		at = (size_t)x->ends[x->row_ends[0]] + 1;
		at += at < size && text[at - 1] == '\r' && text[at] == '\n' ? 1 : 0;
	}
	return at < size ? (int64_t)at : -1;
}

static mill_status walk_piece(walker *w, const mill_csv_bytes *bytes, int simd, const uint8_t *text, size_t size,
                              int64_t offset, mill_error *err)
{
	mill_csv_state next[MILL_CSV_STATES];
	int64_t starts[MILL_CSV_STATES];
	bool done[MILL_CSV_STATES] = {false};
	for (int s = 0; s < MILL_CSV_STATES; s++) {
		mill_csv_state from = w->now[s];
		if (!done[from]) {
			MILL_TRY(mill_csv_index_begin(&w->index, 0, from, err));
			MILL_TRY(mill_csv_index_scan(&w->index, bytes, simd, text, size, size, SIZE_MAX, err));
			next[from] = w->index.state;
			starts[from] = first_start(&w->index, from, text, size);
			done[from] = true;
		}
		if (w->first_row[s] < 0 && starts[from] >= 0)
			w->first_row[s] = offset + starts[from];
		w->now[s] = next[from];
	}
	return MILL_OK;
}

static mill_status walk_range(walker *w, mill_csv_buffer *buffer, const mill_csv_bytes *bytes, int simd, int64_t end,
                              mill_error *err)
{
	while (buffer->offset < end) {
		if (buffer->size_bytes == 0) {
			if (buffer->at_end)
				break;
			MILL_TRY(mill_csv_buffer_more(buffer, err));
			continue;
		}
		size_t size = (size_t)mill_min_i64((int64_t)buffer->size_bytes, end - buffer->offset);
		MILL_TRY(walk_piece(w, bytes, simd, buffer->text, size, buffer->offset, err));
		mill_csv_buffer_drop(buffer, size);
	}
	return MILL_OK;
}

mill_status mill_csv_scan_transition(const mill_csv_table *table, const mill_range *range, mill_mem *mem,
                                     mill_csv_transition *out, mill_error *err)
{
	mill_csv_transition t = {.file = range->file, .begin = range->begin, .end = range->end};
	mill_csv_bytes bytes = mill_csv_bytes_of(&table->options);
	int64_t data_start = table->data_starts[range->file];
	int64_t begin = mill_max_i64(range->begin, data_start);
	mill_csv_buffer buffer = {0};
	walker w;
	mill_csv_index_init(&w.index, mem);
	for (int s = 0; s < MILL_CSV_STATES; s++) {
		/* At the begin of the data there is only one state. */
		w.now[s] = range->begin <= data_start ? MILL_CSV_ROW_START : (mill_csv_state)s;
		w.first_row[s] = -1;
	}
	mill_status status;
	MILL_TRY_GOTO(
	    mill_csv_buffer_open(&buffer, table->base.storage, &table->base.files[range->file], PIECE_BYTES, mem, err),
	    done);
	MILL_TRY_GOTO(mill_csv_buffer_seek(&buffer, begin, err), done);
	MILL_TRY_GOTO(walk_range(&w, &buffer, &bytes, mill_simd_level(NULL), range->end, err), done);
	for (int s = 0; s < MILL_CSV_STATES; s++) {
		t.next_state[s] = (uint8_t)w.now[s];
		t.first_row[s] = w.first_row[s];
	}
	*out = t;
done:
	mill_csv_buffer_close(&buffer);
	mill_csv_index_release(&w.index);
	return status;
}

void mill_csv_compose(const mill_csv_transition *transitions, int64_t count, int64_t *first_rows)
{
	uint8_t state = MILL_CSV_ROW_START;
	for (int64_t i = 0; i < count; i++) {
		first_rows[i] = transitions[i].first_row[state];
		state = transitions[i].next_state[state];
	}
	/* A range in which no row begins hands on to the next one that has a row. */
	int64_t next = count > 0 ? transitions[count - 1].end : 0;
	for (int64_t i = count - 1; i >= 0; i--) {
		if (first_rows[i] < 0)
			first_rows[i] = next;
		next = first_rows[i];
	}
}

mill_status mill_csv_check_seams(const mill_csv_seam *seams, int64_t count, bool *bad_files, int64_t file_count,
                                 int64_t *bad_count, mill_error *err)
{
	memset(bad_files, 0, (size_t)file_count * sizeof *bad_files);
	int64_t bad = 0;
	for (int64_t i = 0; i < count; i++) {
		const mill_csv_seam *seam = &seams[i], *before = i > 0 ? &seams[i - 1] : NULL;
		if (seam->file < 0 || seam->file >= file_count)
			return mill_fail(err, MILL_INTERNAL, "a seam names file %d of %lld", (int)seam->file,
			                 (long long)file_count);
		bool same_file = before != NULL && before->file == seam->file;
		if (before != NULL && (before->file > seam->file || (same_file && before->begin > seam->begin)))
			return mill_fail(err, MILL_INTERNAL, "the seams are not in the order of (file, begin)");
		/* One that was left early says nothing about the next. */
		bool touches = same_file && before->end == seam->begin && !before->left_early;
		bool differs = touches && before->next_row >= 0 && before->next_row != seam->first_row;
		bool wrong = seam->next_row < 0 || differs;
		/* A guess that nobody can vouch for is as good as wrong. */
		wrong |= seam->guessed && !touches;
		if (wrong && !bad_files[seam->file]) {
			bad_files[seam->file] = true;
			bad++;
		}
	}
	*bad_count = bad;
	return MILL_OK;
}
