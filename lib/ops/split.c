#include "ops/split.h"

#include "ops/op_base.h"

#include "base/hash.h"

#include <string.h>

typedef struct split_op {
	mill_op_base base;
	const mill_split_spec *spec;
	bool with_ids;
	mill_bytes scratch;
} split_op;

int mill_split_part(const mill_split_spec *spec, uint64_t u)
{
	mill_u128 scaled = (mill_u128)u * spec->cumulative[spec->part_count - 1];
	int part = 0;
	while (part < spec->part_count - 1 && scaled >= (mill_u128)spec->cumulative[part] << 64)
		part++;
	return part;
}

/* The bytes that decide about a row: the words of its id, or the value bytes of the key columns. */
static mill_status row_hash(split_op *op, const mill_batch *batch, int64_t row, uint64_t *out)
{
	op->scratch.size_bytes = 0;
	if (op->spec->by_count == 0) {
		int first = mill_batch_visible(batch);
		for (int w = 0; w < batch->id_words; w++) {
			const uint64_t *words = batch->columns[first + w].values;
			MILL_TRY(mill_bytes_append_u64(&op->scratch, words[row]));
		}
	} else {
		for (int k = 0; k < op->spec->by_count; k++)
			MILL_TRY(mill_value_bytes(&batch->columns[op->spec->by[k]], row, &op->scratch));
	}
	*out = mill_h64(op->spec->seed, op->scratch.data, op->scratch.size_bytes);
	return MILL_OK;
}

/* parts[row] and the bytes their names take together. */
static mill_status assign(split_op *op, const mill_batch *batch, uint8_t *parts, size_t *text_bytes, mill_error *err)
{
	size_t total = 0;
	for (int64_t row = 0; row < batch->rows; row++) {
		uint64_t u = 0;
		if (row_hash(op, batch, row, &u) != MILL_OK)
			return mill_fail_nomem(err, op->scratch.capacity_bytes, "a split");
		int part = mill_split_part(op->spec, u);
		parts[row] = (uint8_t)part;
		total += strlen(op->spec->parts[part]);
	}
	*text_bytes = total;
	return MILL_OK;
}

static void fill_names(const split_op *op, const uint8_t *parts, int64_t rows, mill_column *column)
{
	int32_t at = 0;
	for (int64_t row = 0; row < rows; row++) {
		const char *name = op->spec->parts[parts[row]];
		size_t size = strlen(name);
		memcpy(column->bytes + at, name, size);
		at += (int32_t)size;
		column->offsets[row + 1] = at;
	}
}

static mill_status split_column(split_op *op, const mill_batch *batch, mill_column *out, mill_error *err)
{
	size_t text_bytes = 0;
	uint8_t *parts = mill_mem_alloc(op->base.env.mem, (size_t)batch->rows);
	if (parts == NULL)
		return mill_fail_nomem(err, (size_t)batch->rows, "a split");
	mill_status status = assign(op, batch, parts, &text_bytes, err);
	if (status == MILL_OK)
		status = mill_column_new(op->base.env.mem, mill_type_of(MILL_TYPE_STRING), batch->rows, text_bytes, out,
		                         err);
	if (status == MILL_OK)
		fill_names(op, parts, batch->rows, out);
	mill_mem_free(parts);
	return status;
}

static mill_status split_push(mill_sink *self, const mill_batch *batch, mill_error *err)
{
	split_op *op = (split_op *)self;
	int visible = mill_batch_visible(batch);
	int ids = op->with_ids ? batch->id_words : 0;
	mill_batch out;
	MILL_TRY(mill_batch_new(op->base.env.mem, visible + 1 + ids, ids, &out, err));
	out.rows = batch->rows;
	for (int i = 0; i < visible; i++)
		out.columns[i] = mill_column_retain(&batch->columns[i]);
	for (int i = 0; i < ids; i++)
		out.columns[visible + 1 + i] = mill_column_retain(&batch->columns[visible + i]);
	mill_status status = split_column(op, batch, &out.columns[visible], err);
	if (status == MILL_OK)
		status = mill_op_emit(&op->base, &out, err);
	mill_batch_release(&out);
	return status;
}

static void split_release(mill_sink *self)
{
	mill_bytes_release(&((split_op *)self)->scratch);
	mill_op_free(self);
}

mill_status mill_split_new(const mill_op_env *env, const mill_split_spec *spec, bool with_ids, mill_sink *next,
                           mill_sink **out, mill_error *err)
{
	split_op *op = NULL;
	MILL_TRY(mill_op_new(env, sizeof *op, next, "a split", &op, err));
	op->base.sink.push = split_push;
	op->base.sink.release = split_release;
	op->spec = spec;
	op->with_ids = with_ids;
	mill_bytes_init(&op->scratch, env->mem);
	*out = &op->base.sink;
	return MILL_OK;
}
