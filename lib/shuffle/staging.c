/* Rows of a bucket, gathered column by column until a frame is worth cutting. */
#include "shuffle/exchange_private.h"

#include <string.h>

/* Text of one slice of rows and one column: far from the 2 GiB of int32 offsets. */
#define SLICE_TEXT_BYTES ((int64_t)256 * 1024 * 1024)
#define ALIGNMENT        64
#define COPY_BYTES       16 /* short text is copied in one such step */

mill_status mill_staging_init(mill_staging *s, mill_mem *mem, int64_t bucket_count, mill_error *err)
{
	s->mem = mem;
	s->bucket_count = bucket_count;
	s->buckets = mill_mem_calloc(mem, (size_t)bucket_count, sizeof *s->buckets);
	if (s->buckets == NULL)
		return mill_fail_nomem(err, (size_t)bucket_count * sizeof *s->buckets, "exchange staging");
	/* Twice what full frames of all buckets need, unless that is more than the budget bears. */
	s->limit_bytes = (size_t)bucket_count * 2 * MILL_FRAME_TARGET_BYTES + 4 * MILL_FRAME_TARGET_BYTES;
	if (mem->budget_bytes / 16 < (int64_t)s->limit_bytes)
		s->limit_bytes = (size_t)mill_max_i64(mem->budget_bytes / 16, 2 * (int64_t)MILL_FRAME_TARGET_BYTES);
	return MILL_OK;
}

static void free_block(mill_staging *s, mill_staged *staged)
{
	if (staged->block != NULL)
		s->held_bytes -= s->block_bytes[staged->class];
	mill_mem_free(staged->block);
	staged->block = NULL;
	for (int t = 0; staged->texts != NULL && t < s->text_count; t++) {
		s->held_bytes -= staged->texts[t].capacity_bytes;
		mill_bytes_release(&staged->texts[t]);
	}
	mill_mem_free(staged->texts);
	staged->texts = NULL;
	staged->rows = 0;
}

void mill_staging_release(mill_staging *s)
{
	for (int64_t b = 0; s->buckets != NULL && b < s->bucket_count; b++)
		free_block(s, &s->buckets[b]);
	mill_mem_free(s->buckets);
	mill_mem_free(s->types);
	mill_mem_free(s->text_of);
	mill_mem_free(s->view);
	for (int c = 0; c < MILL_STAGING_CLASSES; c++) {
		mill_mem_free(s->validity_at[c]);
		mill_mem_free(s->values_at[c]);
	}
	*s = (mill_staging){0};
}

static size_t values_bytes(mill_type type, size_t rows)
{
	if (type.id == MILL_TYPE_BOOL)
		return mill_bit_words((int64_t)rows) * sizeof(uint64_t);
	if (mill_type_is_text(type))
		return (rows + 1) * sizeof(int32_t);
	return rows * mill_type_width_bytes(type);
}

/* Where each column is in blocks of each class. */
static void lay_out(mill_staging *s)
{
	for (int class = 0; class < MILL_STAGING_CLASSES; class ++) {
		size_t rows = (size_t)MILL_STAGING_FIRST_ROWS << class;
		size_t at = mill_round_up((size_t)s->column_count * sizeof(int32_t), ALIGNMENT);
		for (int c = 0; c < s->column_count; c++) {
			s->validity_at[class][c] = at;
			at += mill_round_up(mill_bit_words((int64_t)rows) * sizeof(uint64_t), ALIGNMENT);
			s->values_at[class][c] = at;
			at += mill_round_up(values_bytes(s->types[c], rows), ALIGNMENT);
		}
		s->block_bytes[class] = at;
	}
}

static mill_status fix_schema(mill_exchange *ex, const mill_batch *batch, mill_error *err)
{
	mill_staging *s = &ex->staging;
	size_t columns = (size_t)batch->column_count;
	bool have = true;
	s->types = mill_mem_alloc(s->mem, columns * sizeof *s->types);
	s->text_of = mill_mem_alloc(s->mem, columns * sizeof *s->text_of);
	s->view = mill_mem_calloc(s->mem, columns, sizeof *s->view);
	for (int class = 0; class < MILL_STAGING_CLASSES; class ++) {
		s->validity_at[class] = mill_mem_alloc(s->mem, columns * sizeof(size_t));
		s->values_at[class] = mill_mem_alloc(s->mem, columns * sizeof(size_t));
		have = have && s->validity_at[class] != NULL && s->values_at[class] != NULL;
	}
	if (s->types == NULL || s->text_of == NULL || s->view == NULL || !have)
		return mill_fail_nomem(err, columns * sizeof *s->view, "exchange staging");
	s->fixed_bits = 0;
	s->text_count = 0;
	for (int c = 0; c < batch->column_count; c++) {
		mill_type type = batch->columns[c].type;
		bool is_text = mill_type_is_text(type);
		size_t width = mill_type_width_bytes(type);
		if (!is_text && width == 0 && type.id != MILL_TYPE_BOOL)
			return mill_fail(err, MILL_NOT_YET, "exchange %s: columns of this type cannot be exchanged yet",
			                 ex->name);
		s->types[c] = type;
		s->text_of[c] = is_text ? s->text_count++ : -1;
		s->fixed_bits += 1 + (is_text ? 32 : type.id == MILL_TYPE_BOOL ? 1 : 8 * width);
	}
	int64_t rows = (int64_t)(8 * MILL_FRAME_TARGET_BYTES / (s->fixed_bits + 1)) + 1;
	rows = mill_max_i64(rows, MILL_FRAME_MIN_ROWS);
	s->limit_rows = (int32_t)mill_min_i64(rows, mill_min_i64(ex->knobs->batch_rows, MILL_BATCH_ROWS));
	s->id_words = batch->id_words;
	s->column_count = batch->column_count;
	lay_out(s);
	return MILL_OK;
}

mill_status mill_staging_accept(mill_exchange *ex, const mill_batch *batch, mill_error *err)
{
	mill_staging *s = &ex->staging;
	if (batch->column_count == 0)
		return mill_fail(err, MILL_INTERNAL, "exchange %s: a batch without columns", ex->name);
	if (s->column_count == 0)
		return fix_schema(ex, batch, err);
	bool same = batch->column_count == s->column_count && batch->id_words == s->id_words;
	for (int c = 0; same && c < s->column_count; c++)
		same = mill_type_equal(batch->columns[c].type, s->types[c]);
	return same ? MILL_OK : mill_fail(err, MILL_INTERNAL, "exchange %s: a batch changes the schema", ex->name);
}

static int32_t *null_counts(const mill_staged *staged)
{
	return (int32_t *)(void *)staged->block;
}

/* Sets bits [first, first + count). */
static void set_bits(uint64_t *bits, int64_t first, int64_t count)
{
	for (int64_t at = first; at < first + count;) {
		int64_t n = mill_min_i64(64 - (at & 63), first + count - at);
		uint64_t ones = n == 64 ? ~(uint64_t)0 : (((uint64_t)1 << n) - 1);
		bits[at >> 6] |= ones << (at & 63);
		at += n;
	}
}

/* Bits past rows of the last word may be left from before: readers of a column count on zeros. */
static void clear_tail(uint64_t *bits, int64_t rows)
{
	if ((rows & 63) != 0)
		bits[rows >> 6] &= ((uint64_t)1 << (rows & 63)) - 1;
}

static mill_status grow_block(mill_staging *s, mill_staged *staged, int class, mill_error *err)
{
	uint8_t *block = mill_mem_alloc(s->mem, s->block_bytes[class]);
	if (block == NULL)
		return mill_fail_nomem(err, s->block_bytes[class], "exchange staging");
	size_t rows = (size_t)staged->rows;
	if (staged->block == NULL) {
		memset(block, 0, (size_t)s->column_count * sizeof(int32_t));
	} else {
		memcpy(block, staged->block, (size_t)s->column_count * sizeof(int32_t));
		for (int c = 0; c < s->column_count; c++) {
			memcpy(block + s->validity_at[class][c], staged->block + s->validity_at[staged->class][c],
			       mill_bit_words((int64_t)rows) * sizeof(uint64_t));
			memcpy(block + s->values_at[class][c], staged->block + s->values_at[staged->class][c],
			       values_bytes(s->types[c], rows));
		}
		s->held_bytes -= s->block_bytes[staged->class];
		mill_mem_free(staged->block);
	}
	s->held_bytes += s->block_bytes[class];
	staged->block = block;
	staged->class = (int8_t) class;
	return MILL_OK;
}

static mill_status reserve(mill_staging *s, mill_staged *staged, int64_t extra_rows, mill_error *err)
{
	int class = staged->block == NULL ? 0 : staged->class;
	while (((int64_t)MILL_STAGING_FIRST_ROWS << class) < staged->rows + extra_rows)
		class ++;
	if (staged->block == NULL || class != staged->class)
		MILL_TRY(grow_block(s, staged, class, err));
	if (s->text_count > 0 && staged->texts == NULL) {
		staged->texts = mill_mem_calloc(s->mem, (size_t)s->text_count, sizeof *staged->texts);
		if (staged->texts == NULL)
			return mill_fail_nomem(err, (size_t)s->text_count * sizeof *staged->texts, "exchange staging");
		for (int t = 0; t < s->text_count; t++)
			mill_bytes_init(&staged->texts[t], s->mem);
	}
	return MILL_OK;
}

#define GATHER(type, to, from, first)                            \
	do {                                                     \
		type *restrict out_ = (type *)(to) + (first);    \
		const type *restrict in_ = (const type *)(from); \
		for (int64_t i_ = 0; i_ < count; i_++)           \
			out_[i_] = in_[rows[i_]];                \
	} while (0)

static void gather_fixed(size_t width, void *to, int64_t first, const void *from, const int32_t *restrict rows,
                         int64_t count)
{
	switch (width) {
	case 1: GATHER(uint8_t, to, from, first); break;
	case 2: GATHER(uint16_t, to, from, first); break;
	case 4: GATHER(uint32_t, to, from, first); break;
	case 8: GATHER(uint64_t, to, from, first); break;
	default: GATHER(mill_u128, to, from, first); break;
	}
}

static void gather_bits(uint64_t *to, int64_t first, const uint64_t *from, const int32_t *restrict rows, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		mill_bit_put(to, first + i, mill_bit_get(from, rows[i]));
}

static void gather_validity(mill_staged *staged, uint64_t *to, int c, const mill_column *column,
                            const int32_t *restrict rows, int64_t count)
{
	int32_t *nulls = &null_counts(staged)[c];
	if (column->validity == NULL) {
		if (*nulls > 0)
			set_bits(to, staged->rows, count);
		return;
	}
	if (*nulls == 0) /* none before: the bitmap starts here */
		set_bits(to, 0, staged->rows);
	int32_t missing = 0;
	for (int64_t i = 0; i < count; i++) {
		bool valid = mill_bit_get(column->validity, rows[i]);
		mill_bit_put(to, staged->rows + i, valid);
		missing += !valid;
	}
	*nulls += missing;
}

/* Text without a dictionary. The caller reserved size_bytes and COPY_BYTES more. */
static void gather_plain(mill_bytes *to, int32_t *offsets, const mill_column *column, const int32_t *restrict rows,
                         int64_t count)
{
	const int32_t *restrict from = column->offsets;
	const char *bytes = column->bytes;
	int32_t safe = column->offsets[column->rows] - COPY_BYTES; /* short steps must not read past the column */
	uint8_t *out = to->data;
	int32_t at = (int32_t)to->size_bytes;
	for (int64_t i = 0; i < count; i++) {
		int32_t start = from[rows[i]], length = from[rows[i] + 1] - start;
		if (length <= COPY_BYTES && start <= safe)
			memcpy(out + at, bytes + start, COPY_BYTES);
		else if (length > 0)
			memcpy(out + at, bytes + start, (size_t)length);
		at += length;
		offsets[i + 1] = at;
	}
	to->size_bytes = (size_t)at;
}

static void gather_coded(mill_bytes *to, int32_t *offsets, const mill_column *column, const int32_t *restrict rows,
                         int64_t count)
{
	int32_t at = (int32_t)to->size_bytes;
	for (int64_t i = 0; i < count; i++) {
		if (!mill_column_is_null(column, rows[i])) { /* the code of a NULL is undefined */
			int32_t length;
			const char *text = mill_column_text(column, rows[i], &length);
			if (length > 0)
				memcpy(to->data + at, text, (size_t)length);
			at += length;
		}
		offsets[i + 1] = at;
	}
	to->size_bytes = (size_t)at;
}

static int64_t text_bytes(const mill_column *column, const int32_t *restrict rows, int64_t count)
{
	int64_t sum = 0;
	if (column->dictionary == NULL) {
		for (int64_t i = 0; i < count; i++)
			sum += column->offsets[rows[i] + 1] - column->offsets[rows[i]];
		return sum;
	}
	for (int64_t i = 0; i < count; i++) {
		int32_t length = 0;
		if (!mill_column_is_null(column, rows[i]))
			(void)mill_column_text(column, rows[i], &length);
		sum += length;
	}
	return sum;
}

static mill_status gather_text(mill_staging *s, mill_staged *staged, int c, const mill_column *column,
                               const int32_t *rows, int64_t count, mill_error *err)
{
	mill_bytes *to = &staged->texts[s->text_of[c]];
	int32_t *offsets = (int32_t *)(void *)(staged->block + s->values_at[staged->class][c]);
	size_t need_bytes = (size_t)text_bytes(column, rows, count) + COPY_BYTES;
	size_t held_bytes = to->capacity_bytes;
	if (mill_bytes_reserve(to, need_bytes) != MILL_OK)
		return mill_fail_nomem(err, to->size_bytes + need_bytes, "exchange staging");
	s->held_bytes += to->capacity_bytes - held_bytes;
	offsets[staged->rows] = (int32_t)to->size_bytes;
	if (column->dictionary == NULL)
		gather_plain(to, offsets + staged->rows, column, rows, count);
	else
		gather_coded(to, offsets + staged->rows, column, rows, count);
	return MILL_OK;
}

static mill_status append_rows(mill_staging *s, mill_staged *staged, const mill_batch *batch, const int32_t *rows,
                               int64_t count, mill_error *err)
{
	MILL_TRY(reserve(s, staged, count, err));
	for (int c = 0; c < s->column_count; c++) {
		const mill_column *column = &batch->columns[c];
		void *values = staged->block + s->values_at[staged->class][c];
		uint64_t *validity = (uint64_t *)(void *)(staged->block + s->validity_at[staged->class][c]);
		gather_validity(staged, validity, c, column, rows, count);
		if (s->text_of[c] >= 0)
			MILL_TRY(gather_text(s, staged, c, column, rows, count, err));
		else if (s->types[c].id == MILL_TYPE_BOOL)
			gather_bits(values, staged->rows, column->values, rows, count);
		else
			gather_fixed(mill_type_width_bytes(s->types[c]), values, staged->rows, column->values, rows,
			             count);
	}
	staged->rows += (int32_t)count;
	return MILL_OK;
}

static size_t staged_bytes(const mill_staging *s, const mill_staged *staged)
{
	size_t sum = (size_t)staged->rows * s->fixed_bits / 8;
	for (int t = 0; t < s->text_count; t++)
		sum += staged->texts[t].size_bytes;
	return sum;
}

/* Emits what the bucket has staged, as a batch that looks into its block. */
static mill_status flush(mill_exchange *ex, int64_t bucket, mill_error *err)
{
	mill_staging *s = &ex->staging;
	mill_staged *staged = &s->buckets[bucket];
	if (staged->rows == 0)
		return MILL_OK;
	int64_t rows = staged->rows;
	for (int c = 0; c < s->column_count; c++) {
		uint64_t *validity = (uint64_t *)(void *)(staged->block + s->validity_at[staged->class][c]);
		void *values = staged->block + s->values_at[staged->class][c];
		mill_column *column = &s->view[c];
		*column = (mill_column){.type = s->types[c], .rows = rows, .null_count = null_counts(staged)[c]};
		if (column->null_count > 0) {
			clear_tail(validity, rows);
			column->validity = validity;
		}
		if (s->text_of[c] >= 0) {
			column->offsets = values;
			column->bytes = (char *)staged->texts[s->text_of[c]].data;
		} else {
			column->values = values;
			if (s->types[c].id == MILL_TYPE_BOOL)
				clear_tail(values, rows);
		}
	}
	mill_batch batch = {.rows = rows, .column_count = s->column_count, .id_words = s->id_words, .columns = s->view};
	MILL_TRY(mill_exchange_emit(ex, &batch, NULL, rows, bucket, err));
	staged->rows = 0;
	memset(null_counts(staged), 0, (size_t)s->column_count * sizeof(int32_t));
	for (int t = 0; t < s->text_count; t++)
		staged->texts[t].size_bytes = 0;
	return MILL_OK;
}

mill_status mill_staging_flush_all(mill_exchange *ex, mill_error *err)
{
	mill_staging *s = &ex->staging;
	for (int64_t b = 0; b < s->bucket_count; b++) {
		MILL_TRY(flush(ex, b, err));
		free_block(s, &s->buckets[b]);
	}
	return MILL_OK;
}

/* How many of the rows are sure to keep every column's text small enough; at least 1. */
static int64_t fit_text(const mill_staging *s, const mill_batch *batch, const int32_t *rows, int64_t count)
{
	for (int c = 0; c < s->column_count; c++) {
		const mill_column *column = &batch->columns[c];
		if (s->text_of[c] < 0)
			continue;
		const mill_column *held = column->dictionary != NULL ? column->dictionary : column;
		int64_t most = held->offsets[held->rows] * (column->dictionary != NULL ? count : (int64_t)1);
		while (most > SLICE_TEXT_BYTES && count > 1 && text_bytes(column, rows, count) > SLICE_TEXT_BYTES)
			count /= 2;
	}
	return count;
}

mill_status mill_staging_add(mill_exchange *ex, const mill_batch *batch, int64_t bucket, const int32_t *rows,
                             int64_t count, mill_error *err)
{
	mill_staging *s = &ex->staging;
	mill_staged *staged = &s->buckets[bucket];
	while (count > 0) {
		int64_t n = fit_text(s, batch, rows, mill_min_i64(count, s->limit_rows - staged->rows));
		if (staged->rows == 0 && n == s->limit_rows) {
			MILL_TRY(mill_exchange_emit(ex, batch, rows, n, bucket, err));
		} else {
			mill_status status = append_rows(s, staged, batch, rows, n, err);
			if (status != MILL_OK)
				return mill_fail_context(err, status, "exchange %s: bucket %lld", ex->name,
				                         (long long)bucket);
			if (staged->rows == s->limit_rows || staged_bytes(s, staged) >= MILL_FRAME_TARGET_BYTES)
				MILL_TRY(flush(ex, bucket, err));
		}
		rows += n;
		count -= n;
	}
	return s->held_bytes > s->limit_bytes ? mill_staging_flush_all(ex, err) : MILL_OK;
}
