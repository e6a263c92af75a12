/* Puts the shuffle key on rows and fits transforms on their way to the exchange. */
#include "build/build.h"
#include "ops/op_base.h"

#include <string.h>

typedef struct tag_op {
	mill_op_base base;
	mill_build *build;
	int pass;
	bool tags; /* false: fit only */
	int64_t seen_rows;
	mill_bytes scratch;
	int *indices; /* of each row's split in counts; [MILL_BATCH_ROWS] */
} tag_op;

typedef struct tag_maker {
	mill_op_maker base;
	mill_build *build;
	int pass;
	bool tags;
} tag_maker;

#define MOST_SPLITS 1000

static mill_status grow_counts(mill_split_counts *counts, mill_error *err)
{
	int capacity = counts->capacity == 0 ? 8 : 2 * counts->capacity;
	const char **names = mill_arena_array(counts->arena, (size_t)capacity, sizeof *names);
	int64_t *rows = mill_arena_array(counts->arena, (size_t)capacity * (size_t)counts->ranks, sizeof *rows);
	if (names == NULL || rows == NULL)
		return mill_fail_nomem(err, (size_t)capacity * (size_t)counts->ranks * 8, "counts by split");
	if (counts->count > 0) {
		memcpy(names, counts->names, (size_t)counts->count * sizeof *names);
		memcpy(rows, counts->rows, (size_t)counts->count * (size_t)counts->ranks * sizeof *rows);
	}
	counts->names = names;
	counts->rows = rows;
	counts->capacity = capacity;
	return MILL_OK;
}

/* Index of a split's name, which is added when new. hint: the index of the row before. */
static mill_status split_index(mill_split_counts *counts, const char *text, size_t length, int hint, int *out,
                               mill_error *err)
{
	if (hint < counts->count && strlen(counts->names[hint]) == length &&
	    memcmp(counts->names[hint], text, length) == 0) {
		*out = hint;
		return MILL_OK;
	}
	for (int i = 0; i < counts->count; i++)
		if (strlen(counts->names[i]) == length && memcmp(counts->names[i], text, length) == 0) {
			*out = i;
			return MILL_OK;
		}
	if (counts->count == MOST_SPLITS)
		return mill_fail(err, MILL_DATA,
		                 "column \"split\" has more than %d values; a split is a part such as train or test",
		                 MOST_SPLITS);
	if (counts->count == counts->capacity)
		MILL_TRY(grow_counts(counts, err));
	const char *name = mill_arena_strndup(counts->arena, text, length);
	if (name == NULL)
		return mill_fail_nomem(err, length, "counts by split");
	MILL_TRY(mill_store_check_split(name, err));
	counts->names[counts->count] = name;
	*out = counts->count++;
	return MILL_OK;
}

static mill_status find_splits(tag_op *op, const mill_batch *batch, mill_error *err)
{
	mill_build *build = op->build;
	int hint = 0;
	if (build->split_column < 0) {
		memset(op->indices, 0, (size_t)batch->rows * sizeof *op->indices);
		return split_index(&build->counts, "all", 3, 0, &hint, err);
	}
	const mill_column *column = &batch->columns[build->split_column];
	for (int64_t row = 0; row < batch->rows; row++) {
		int32_t length;
		if (mill_column_is_null(column, row))
			return mill_fail(err, MILL_DATA,
			                 "column \"split\" is NULL in some row; every row needs a split");
		const char *text = mill_column_text(column, row, &length);
		MILL_TRY(split_index(&build->counts, text, (size_t)length, hint, &hint, err));
		op->indices[row] = hint;
	}
	return MILL_OK;
}

/* Only the columns that features read, without copying. */
static mill_status feature_view(const mill_build *build, const mill_batch *batch, mill_batch *out, mill_error *err)
{
	MILL_TRY(mill_batch_new(batch->mem, build->feature_columns, 0, out, err));
	out->rows = batch->rows;
	for (int i = 0; i < build->feature_columns; i++)
		out->columns[i] = mill_column_retain(&batch->columns[i]);
	return MILL_OK;
}

static mill_status fit_rows(tag_op *op, const mill_batch *batch, const uint64_t *keep, int64_t kept, mill_error *err)
{
	mill_batch view = {0}, chosen = {0};
	MILL_TRY(feature_view(op->build, batch, &view, err));
	mill_status status = mill_batch_filter(&view, keep, kept, &chosen, err);
	if (status == MILL_OK)
		status = mill_features_fit(op->build->features, op->pass, &chosen, err);
	mill_batch_release(&chosen);
	mill_batch_release(&view);
	return status;
}

/* What `do` fits sees rows of fit_on only. */
static mill_status fit_batch(tag_op *op, const mill_batch *batch, mill_error *err)
{
	const mill_build *build = op->build;
	uint64_t keep[MILL_BATCH_ROWS / 64] = {0};
	int64_t kept = 0;
	if (op->pass >= mill_features_passes(build->features))
		return MILL_OK;
	for (int64_t row = 0; row < batch->rows; row++)
		if (build->split_column < 0 ||
		    strcmp(build->counts.names[op->indices[row]], build->request->fit_on) == 0) {
			mill_bit_set(keep, row);
			kept++;
		}
	return kept == 0 ? MILL_OK : fit_rows(op, batch, keep, kept, err);
}

/* H64(S("shuffle", store), id words): the order of a shuffled store (D4). */
static mill_status order_keys(tag_op *op, const mill_batch *batch, uint64_t *keys, mill_error *err)
{
	int words = batch->id_words;
	int first = mill_batch_visible(batch);
	op->scratch.size_bytes = 0;
	if (mill_bytes_reserve(&op->scratch, (size_t)words * 8) != MILL_OK)
		return mill_fail_nomem(err, (size_t)words * 8, "a shuffle key");
	uint64_t *id = (uint64_t *)(void *)op->scratch.data;
	for (int64_t row = 0; row < batch->rows; row++) {
		for (int w = 0; w < words; w++)
			id[w] = ((const uint64_t *)batch->columns[first + w].values)[row];
		keys[row] = mill_h64(op->build->shuffle_seed, id, (size_t)words * 8);
	}
	return MILL_OK;
}

/* The rank that will order a row: the owner of the bucket that the exchange puts it into. */
static int rank_of_key(const mill_build *build, uint64_t key)
{
	int bits = 63 - __builtin_clzll((uint64_t)build->bucket_count);
	uint64_t bucket = bits == 0 ? 0 : key >> (64 - bits);
	return (int)(bucket * (uint64_t)build->counts.ranks / (uint64_t)build->bucket_count);
}

static void count_rows(tag_op *op, int64_t rows, const uint64_t *keys)
{
	mill_build *build = op->build;
	int ranks = build->counts.ranks;
	int self = mill_comm_rank(build->run->comm);
	for (int64_t row = 0; row < rows; row++) {
		int rank = keys != NULL ? rank_of_key(build, keys[row]) : self;
		build->counts.rows[op->indices[row] * ranks + rank]++;
	}
}

/* Puts the order key between the visible columns and the ids. */
static mill_status with_order_key(tag_op *op, const mill_batch *batch, mill_batch *out, mill_error *err)
{
	int visible = mill_batch_visible(batch);
	mill_batch tagged;
	MILL_TRY(mill_batch_new(batch->mem, batch->column_count + 1, batch->id_words, &tagged, err));
	tagged.rows = batch->rows;
	mill_status status =
	    mill_column_new(batch->mem, mill_type_of(MILL_TYPE_UINT64), batch->rows, 0, &tagged.columns[visible], err);
	if (status == MILL_OK)
		status = order_keys(op, batch, tagged.columns[visible].values, err);
	if (status != MILL_OK) {
		mill_batch_release(&tagged);
		return status;
	}
	for (int i = 0; i < batch->column_count; i++)
		tagged.columns[i < visible ? i : i + 1] = mill_column_retain(&batch->columns[i]);
	count_rows(op, batch->rows, tagged.columns[visible].values);
	*out = tagged;
	return MILL_OK;
}

static mill_status tag_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	tag_op *op = (tag_op *)self;
	mill_batch tagged = {0};
	MILL_TRY(find_splits(op, batch, err));
	MILL_TRY(fit_batch(op, batch, err));
	op->seen_rows += batch->rows;
	if (!op->tags)
		return MILL_OK;
	if (op->build->order_column < 0) {
		count_rows(op, batch->rows, NULL);
		return mill_sink_push(op->base.next, batch, err);
	}
	MILL_TRY(with_order_key(op, batch, &tagged, err));
	mill_status status = mill_sink_push(op->base.next, &tagged, err);
	mill_batch_release(&tagged);
	return status;
}

static void tag_release(mill_sink *self)
{
	tag_op *op = (tag_op *)self;
	mill_bytes_release(&op->scratch);
	mill_mem_free(op->indices);
	mill_mem_free(op);
}

/* An attempt that is repeated counts and fits from nothing. */
static mill_status start_over(mill_build *build, mill_error *err)
{
	mill_split_counts *counts = &build->counts;
	counts->count = counts->capacity = 0;
	mill_features_free(build->features);
	build->features = NULL;
	return mill_build_features(build, err);
}

static mill_status tag_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out, mill_error *err)
{
	const tag_maker *maker = (const tag_maker *)self;
	if (maker->tags)
		MILL_TRY(start_over(maker->build, err));
	tag_op *op = NULL;
	mill_op_env env = mill_run_env(run);
	MILL_TRY(mill_op_new(&env, sizeof *op, next, "shuffle keys", &op, err));
	int *indices = mill_mem_alloc(run->mem, MILL_BATCH_ROWS * sizeof *indices);
	if (indices == NULL) {
		mill_op_free(&op->base.sink);
		return mill_fail_nomem(err, MILL_BATCH_ROWS * sizeof *indices, "shuffle keys");
	}
	op->base.sink.push = tag_push;
	op->base.sink.release = tag_release;
	op->build = maker->build;
	op->pass = maker->pass;
	op->tags = maker->tags;
	op->indices = indices;
	mill_bytes_init(&op->scratch, run->mem);
	*out = &op->base.sink;
	return MILL_OK;
}

/* Rows that a later pass has looked at; they stay where they are. */
static int64_t fitted_rows(const mill_sink *self)
{
	const tag_op *op = (const tag_op *)self;
	return op->tags ? 0 : op->seen_rows;
}

static mill_op_maker *make(mill_run *run, mill_build *build, int pass, bool tags)
{
	tag_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (tag_maker){
	    .base = {"fit", MILL_ROWS_KEPT, tag_make, fitted_rows, NULL}, .build = build, .pass = pass, .tags = tags};
	return &maker->base;
}

mill_op_maker *mill_make_tag(mill_run *run, mill_build *build)
{
	return make(run, build, 0, true);
}
mill_op_maker *mill_make_fit(mill_run *run, mill_build *build, int pass)
{
	return make(run, build, pass, false);
}
