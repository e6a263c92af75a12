/* Puts the rows of a bucket where they belong: their ordinals, their shard, their dataset blocks. */
#include "build/build.h"
#include "ops/op_base.h"

#include <string.h>

static void put_be(uint8_t *out, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint64_t get_be(const uint8_t *in, int bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < bytes; i++)
		value = value << 8 | in[i];
	return value;
}

void mill_place_key(uint32_t owner, uint32_t split, uint64_t ordinal, uint8_t out[MILL_PLACE_KEY_BYTES])
{
	put_be(out, owner, 4);
	put_be(out + 4, split, 4);
	put_be(out + 8, ordinal, 8);
}

typedef struct place_op {
	mill_op_base base;
	mill_build *build;
	mill_block *blocks;
	int dataset_count;
	int64_t *at; /* [split_count] next ordinal on this rank */
	int64_t written_rows;
	int32_t *chosen;
} place_op;

typedef struct place_maker {
	mill_op_maker base;
	mill_build *build;
	bool only_writes;
} place_maker;

static void release_blocks(place_op *op)
{
	for (int i = 0; i < op->dataset_count; i++)
		mill_block_release(&op->blocks[i]);
}

/* Transforms and writes rows whose ordinals start at first. */
static mill_status write_rows(place_op *op, const mill_batch *batch, int split, int64_t first, mill_error *err)
{
	mill_build *build = op->build;
	mill_batch view = {0};
	MILL_TRY(mill_batch_new(build->run->mem, build->feature_columns, 0, &view, err));
	view.rows = batch->rows;
	for (int i = 0; i < build->feature_columns; i++)
		view.columns[i] = mill_column_retain(&batch->columns[i]);
	mill_features_at(build->features, split, build->splits[split], first);
	mill_status status = mill_features_apply(build->features, &view, op->blocks, err);
	mill_batch_release(&view);
	/* Once a row is refused there will be no store: the rest is looked at, to tell how many there are. */
	if (status == MILL_DATA && mill_features_refuses(build->features)) {
		build->refuses = true;
		status = MILL_OK;
	} else if (status == MILL_OK && !build->refuses) {
		status = mill_store_writer_append(build->writer, split, first, op->blocks, err);
	}
	if (status == MILL_OK)
		op->written_rows += batch->rows;
	release_blocks(op);
	return status;
}

/* Hands rows of another rank's shard on, with the key that leads them there. */
static mill_status send_rows(place_op *op, const mill_batch *batch, int split, int64_t first, mill_error *err)
{
	int visible = mill_batch_visible(batch);
	mill_batch out = {0};
	MILL_TRY(mill_batch_new(op->build->run->mem, visible + 1, 0, &out, err));
	out.rows = batch->rows;
	mill_column *key = &out.columns[visible];
	mill_status status = mill_column_new(op->build->run->mem, mill_type_of(MILL_TYPE_BINARY), batch->rows,
	                                     (size_t)batch->rows * MILL_PLACE_KEY_BYTES, key, err);
	if (status == MILL_OK) {
		uint32_t owner = (uint32_t)mill_build_owner(op->build, split, first);
		for (int i = 0; i < visible; i++)
			out.columns[i] = mill_column_retain(&batch->columns[i]);
		for (int64_t row = 0; row < batch->rows; row++) {
			mill_place_key(owner, (uint32_t)split, (uint64_t)(first + row),
			               (uint8_t *)key->bytes + row * MILL_PLACE_KEY_BYTES);
			key->offsets[row + 1] = (int32_t)((row + 1) * MILL_PLACE_KEY_BYTES);
		}
		status = mill_sink_push(op->base.next, &out, err);
	}
	mill_batch_release(&out);
	return status;
}

static mill_status take_range(const mill_batch *batch, const int32_t *rows, int64_t from, int64_t count,
                              mill_batch *out, mill_error *err)
{
	return mill_batch_take(batch, rows + from, count, out, err);
}

/* Rows of one split, in order. The head may belong to a shard that a lower rank began. */
static mill_status place_split(place_op *op, const mill_batch *batch, int split, const int32_t *rows, int64_t count,
                               mill_error *err)
{
	const mill_build *build = op->build;
	int ranks = build->counts.ranks;
	int self = mill_comm_rank(build->run->comm);
	int64_t first = op->at[split];
	int64_t mine = build->first_ordinal[split * (ranks + 1) + self];
	int64_t own = (mine + build->spec.shard_rows - 1) / build->spec.shard_rows * build->spec.shard_rows;
	int64_t foreign = mill_min_i64(count, mill_max_i64(0, own - first));
	op->at[split] += count;
	mill_batch part = {0};
	mill_status status = MILL_OK;
	if (foreign > 0) {
		status = take_range(batch, rows, 0, foreign, &part, err);
		if (status == MILL_OK)
			status = send_rows(op, &part, split, first, err);
		mill_batch_release(&part);
	}
	if (status == MILL_OK && foreign < count) {
		status = take_range(batch, rows, foreign, count - foreign, &part, err);
		if (status == MILL_OK)
			status = write_rows(op, &part, split, first + foreign, err);
		mill_batch_release(&part);
	}
	return status;
}

static bool is_in_split(const mill_build *build, const mill_batch *batch, int64_t row, int split)
{
	int32_t length;
	const char *name = build->splits[split];
	const char *text = mill_column_text(&batch->columns[build->split_column], row, &length);
	return strlen(name) == (size_t)length && memcmp(name, text, (size_t)length) == 0;
}

static mill_status place_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	place_op *op = (place_op *)self;
	const mill_build *build = op->build;
	for (int split = 0; split < build->split_count; split++) {
		int64_t count = 0;
		for (int64_t row = 0; row < batch->rows; row++)
			if (build->split_column < 0 || is_in_split(build, batch, row, split))
				op->chosen[count++] = (int32_t)row;
		if (count > 0)
			MILL_TRY(place_split(op, batch, split, op->chosen, count, err));
	}
	return MILL_OK;
}

/* Rows sorted by (owner, split, ordinal), the key being the last column: runs of one split have consecutive ordinals.
 */
static mill_status write_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	place_op *op = (place_op *)self;
	const mill_column *keys = &batch->columns[batch->column_count - 1];
	for (int64_t from = 0, to; from < batch->rows; from = to) {
		const uint8_t *key = (const uint8_t *)keys->bytes + keys->offsets[from];
		int split = (int)get_be(key + 4, 4);
		int64_t ordinal = (int64_t)get_be(key + 8, 8);
		for (to = from; to < batch->rows; to++) {
			const uint8_t *other = (const uint8_t *)keys->bytes + keys->offsets[to];
			if (memcmp(other, key, 8) != 0 || (int64_t)get_be(other + 8, 8) != ordinal + (to - from))
				break;
			op->chosen[to - from] = (int32_t)to;
		}
		mill_batch part = {0};
		mill_status status = take_range(batch, op->chosen, 0, to - from, &part, err);
		if (status == MILL_OK)
			status = write_rows(op, &part, split, ordinal, err);
		mill_batch_release(&part);
		MILL_TRY(status);
	}
	return MILL_OK;
}

static void place_release(mill_sink *self)
{
	place_op *op = (place_op *)self;
	if (op->blocks != NULL)
		release_blocks(op);
	mill_mem_free(op->blocks);
	mill_mem_free(op->at);
	mill_mem_free(op->chosen);
	mill_mem_free(op);
}

static mill_status place_make(const mill_op_maker *self, mill_run *run, mill_sink *next, mill_sink **out,
                              mill_error *err)
{
	const place_maker *maker = (const place_maker *)self;
	const mill_build *build = maker->build;
	place_op *op = NULL;
	mill_op_env env = mill_run_env(run);
	MILL_TRY(mill_op_new(&env, sizeof *op, next, "the writing of shards", &op, err));
	op->base.sink.push = maker->only_writes ? write_push : place_push;
	op->base.sink.release = place_release;
	op->build = maker->build;
	op->dataset_count = build->spec.dataset_count;
	op->blocks = mill_mem_calloc(run->mem, (size_t)op->dataset_count + 1, sizeof *op->blocks);
	op->at = mill_mem_calloc(run->mem, (size_t)build->split_count + 1, sizeof *op->at);
	op->chosen = mill_mem_alloc(run->mem, MILL_BATCH_ROWS * sizeof *op->chosen);
	if (op->blocks == NULL || op->at == NULL || op->chosen == NULL) {
		op->dataset_count = 0;
		place_release(&op->base.sink);
		return mill_fail_nomem(err, MILL_BATCH_ROWS * sizeof *op->chosen, "an operator");
	}
	for (int s = 0; s < build->split_count; s++)
		op->at[s] = build->first_ordinal[s * (build->counts.ranks + 1) + mill_comm_rank(run->comm)];
	*out = &op->base.sink;
	return MILL_OK;
}

static int64_t written_rows(const mill_sink *self)
{
	return ((const place_op *)self)->written_rows;
}

static mill_op_maker *make(mill_run *run, mill_build *build, bool only_writes)
{
	place_maker *maker = mill_arena_alloc(run->arena, sizeof *maker);
	if (maker == NULL)
		return NULL;
	*maker = (place_maker){.base = {"write", MILL_ROWS_KEPT, place_make, written_rows, NULL},
	                       .build = build,
	                       .only_writes = only_writes};
	return &maker->base;
}

mill_op_maker *mill_make_place(mill_run *run, mill_build *build)
{
	return make(run, build, false);
}
mill_op_maker *mill_make_write(mill_run *run, mill_build *build)
{
	return make(run, build, true);
}
