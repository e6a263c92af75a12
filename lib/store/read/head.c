/* The first rows of a split as an aligned text table. */
#include "store/read/text.h"

#include <string.h>

#define MAX_COLUMNS 40  /* a wider table helps nobody; the last line says what is left out */
#define MAX_CELL    48  /* characters of a cell */
#define MAX_WIDTH   240 /* characters of a line; a wider table is turned: one line a column */

typedef struct table {
	const mill_store *store;
	mill_split_reader reader;
	mill_mem *mem;
	int64_t rows;
	int64_t columns;
	int64_t hidden;  /* columns left out */
	mill_bytes text; /* all cells end to end, the header first, column by column */
	mill_bytes ends; /* uint64: where each cell ends in text */
	int64_t widths[MAX_COLUMNS];
	bool left[MAX_COLUMNS]; /* text is set left, numbers right */
} table;

static mill_status end_cell(table *t, size_t start, int64_t column)
{
	/* Long text is cut at a character. */
	size_t at = start;
	int64_t columns = 0;
	while (at < t->text.size_bytes && columns < MAX_CELL) {
		at++;
		while (at < t->text.size_bytes && (t->text.data[at] & 0xC0U) == 0x80U)
			at++;
		columns++;
	}
	if (at < t->text.size_bytes) {
		t->text.size_bytes = at;
		MILL_TRY(mill_bytes_append_text(&t->text, "…"));
		columns++;
	}
	t->widths[column] = mill_max_i64(t->widths[column], columns);
	return mill_bytes_append_u64(&t->ends, t->text.size_bytes);
}

static mill_status add_column(table *t, const mill_block *blocks, int64_t block_count, const mill_dataset_spec *spec,
                              int64_t feature)
{
	if (t->columns == MAX_COLUMNS) {
		t->hidden++;
		return MILL_OK;
	}
	int64_t column = t->columns++;
	t->left[column] = mill_store_is_text(spec);
	size_t start = t->text.size_bytes;
	MILL_TRY(mill_store_cell_name(spec, feature, &t->text));
	MILL_TRY(end_cell(t, start, column));
	for (int64_t b = 0; b < block_count; b++)
		for (int64_t r = 0; r < blocks[b].rows; r++) {
			start = t->text.size_bytes;
			MILL_TRY(mill_store_cell_text(&blocks[b], r, feature, &t->text));
			MILL_TRY(end_cell(t, start, column));
		}
	return MILL_OK;
}

/* Reads the rows of one dataset and adds its columns. */
static mill_status add_dataset(table *t, int dataset, mill_error *err)
{
	const mill_dataset_spec *spec = &t->store->datasets[dataset];
	mill_bytes blocks;
	mill_bytes_init(&blocks, t->mem);
	int64_t count = 0;
	mill_status status = MILL_OK;
	for (int64_t first = 0; first < t->rows && status == MILL_OK;) {
		mill_block block = {0};
		status = mill_split_reader_next(&t->reader, dataset, first, t->rows - first, &block, err);
		if (status == MILL_OK && mill_bytes_append(&blocks, &block, sizeof(block)) != MILL_OK) {
			mill_block_release(&block);
			status = mill_fail_nomem(err, sizeof(block), "head");
		} else if (status == MILL_OK) {
			first += block.rows;
			count++;
		}
	}
	mill_block *list = (mill_block *)(void *)blocks.data;
	int64_t width = spec->is_keep ? 1 : spec->width;
	for (int64_t f = 0; f < width && status == MILL_OK; f++)
		if (add_column(t, list, count, spec, f) != MILL_OK)
			status = mill_fail_nomem(err, t->text.size_bytes, "head");
	for (int64_t b = 0; b < count; b++)
		mill_block_release(&list[b]);
	mill_bytes_release(&blocks);
	return status;
}

static mill_status pad(mill_bytes *out, int64_t columns, char with)
{
	for (int64_t i = 0; i < columns; i++)
		MILL_TRY(mill_bytes_append_u8(out, (uint8_t)with));
	return MILL_OK;
}

static const char *cell_of(const table *t, int64_t column, int64_t line, size_t *size_bytes)
{
	const uint64_t *ends = (const uint64_t *)(const void *)t->ends.data;
	int64_t cell = column * (t->rows + 1) + line;
	size_t start = cell == 0 ? 0 : (size_t)ends[cell - 1];
	*size_bytes = (size_t)ends[cell] - start;
	return (const char *)t->text.data + start;
}

static mill_status put_cell(const table *t, int64_t column, int64_t line, mill_bytes *out)
{
	size_t size_bytes;
	const char *text = cell_of(t, column, line, &size_bytes);
	int64_t blank = t->widths[column] - mill_store_text_columns(text, size_bytes);
	bool last = column + 1 == t->columns;
	if (!t->left[column])
		MILL_TRY(pad(out, blank, ' '));
	MILL_TRY(mill_bytes_append(out, text, size_bytes));
	if (t->left[column] && !last)
		MILL_TRY(pad(out, blank, ' '));
	return last ? mill_bytes_append_u8(out, '\n') : mill_bytes_append_text(out, "  ");
}

static mill_status put_rule(const table *t, mill_bytes *out)
{
	for (int64_t c = 0; c < t->columns; c++) {
		MILL_TRY(pad(out, t->widths[c], '-'));
		MILL_TRY(mill_bytes_append_text(out, c + 1 == t->columns ? "\n" : "  "));
	}
	return MILL_OK;
}

static int64_t table_width(const table *t)
{
	int64_t width = 0;
	for (int64_t c = 0; c < t->columns; c++)
		width += t->widths[c] + 2;
	return width;
}

/* Characters of the widest cell of a row (line 0: of the names) over all columns. */
static int64_t line_width(const table *t, int64_t line)
{
	int64_t width = 0;
	for (int64_t c = 0; c < t->columns; c++) {
		size_t size_bytes;
		const char *text = cell_of(t, c, line, &size_bytes);
		width = mill_max_i64(width, mill_store_text_columns(text, size_bytes));
	}
	return width;
}

/* A line a column: its name, then its value in each row. */
static mill_status put_turned(const table *t, mill_bytes *out)
{
	for (int64_t c = 0; c < t->columns; c++) {
		for (int64_t line = 0; line <= t->rows; line++) {
			size_t size_bytes;
			const char *text = cell_of(t, c, line, &size_bytes);
			int64_t blank = line_width(t, line) - mill_store_text_columns(text, size_bytes);
			if (line > 0)
				MILL_TRY(pad(out, blank + 2, ' '));
			MILL_TRY(mill_bytes_append(out, text, size_bytes));
			if (line == 0 && t->rows > 0)
				MILL_TRY(pad(out, blank, ' '));
		}
		MILL_TRY(mill_bytes_append_u8(out, '\n'));
	}
	return MILL_OK;
}

static mill_status put_rows(const table *t, mill_bytes *out)
{
	for (int64_t line = 0; line <= t->rows; line++) {
		for (int64_t c = 0; c < t->columns; c++)
			MILL_TRY(put_cell(t, c, line, out));
		if (line == 0)
			MILL_TRY(put_rule(t, out));
	}
	return MILL_OK;
}

static mill_status put_table(const table *t, mill_bytes *out)
{
	MILL_TRY(table_width(t) > MAX_WIDTH ? put_turned(t, out) : put_rows(t, out));
	if (t->hidden > 0)
		return mill_bytes_printf(out, "… and %lld more columns\n", (long long)t->hidden);
	return MILL_OK;
}

static mill_status find_split(const mill_store *store, const char *name, int *out, mill_error *err)
{
	int split = mill_store_find_split(store, name == NULL ? "train" : name);
	if (name == NULL && split < 0)
		split = 0;
	if (split >= 0 && split < store->split_count) {
		*out = split;
		return MILL_OK;
	}
	char names[512] = "";
	size_t at = 0;
	for (int s = 0; s < store->split_count; s++) {
		size_t length_bytes = strlen(store->splits[s].name);
		if (at + length_bytes + 3 > sizeof(names))
			break;
		if (at > 0) {
			names[at++] = ',';
			names[at++] = ' ';
		}
		memcpy(names + at, store->splits[s].name, length_bytes + 1);
		at += length_bytes;
	}
	return mill_fail(err, MILL_USAGE, "%s: no split \"%s\"; it has %s", store->path, name == NULL ? "" : name,
	                 at == 0 ? "none" : names);
}

mill_status mill_store_head(const mill_store *store, const char *split, int64_t rows, mill_bytes *out, mill_error *err)
{
	int index = 0;
	MILL_TRY(find_split(store, split, &index, err));
	table t = {
	    .store = store, .mem = store->mem, .rows = mill_min_i64(rows < 0 ? 0 : rows, store->splits[index].rows)};
	mill_split_reader_init(&t.reader, store, index);
	mill_bytes_init(&t.text, store->mem);
	mill_bytes_init(&t.ends, store->mem);
	mill_status status = MILL_OK;
	for (int d = 0; d < store->dataset_count && status == MILL_OK; d++)
		status = add_dataset(&t, d, err);
	size_t before = out->size_bytes;
	if (status == MILL_OK && put_table(&t, out) != MILL_OK) {
		out->size_bytes = before;
		status = mill_fail_nomem(err, t.text.size_bytes, "head");
	}
	mill_bytes_release(&t.ends);
	mill_bytes_release(&t.text);
	mill_split_reader_release(&t.reader);
	return status;
}
