#include "features/features_private.h"

#include "base/simd.h"
#include <stdlib.h>
#include <string.h>

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;
	return x < y ? -1 : x > y;
}

static int position_of(const mill_features *features, int column)
{
	const int *found =
	    bsearch(&column, features->columns, (size_t)features->column_count, sizeof column, compare_ints);
	return (int)(found - features->columns);
}

/* From here on chains and kept columns say where a column is in batches, not in the table. */
static mill_status collect_columns(mill_features *features, mill_error *err)
{
	size_t most = (size_t)features->keep_count;
	for (int t = 0; t < features->tensor_count; t++)
		most += (size_t)features->tensors[t].chain_count;
	int *columns = mill_arena_array(&features->arena, most + 1, sizeof *columns);
	int count = 0, distinct = 0;
	if (columns == NULL)
		return mill_fail_nomem(err, most * sizeof *columns, "a store's columns");
	for (int t = 0; t < features->tensor_count; t++)
		for (int c = 0; c < features->tensors[t].chain_count; c++)
			columns[count++] = features->tensors[t].chains[c].position;
	for (int k = 0; k < features->keep_count; k++)
		columns[count++] = features->keeps[k].position;
	qsort(columns, (size_t)count, sizeof *columns, compare_ints);
	for (int i = 0; i < count; i++)
		if (i == 0 || columns[i] != columns[distinct - 1])
			columns[distinct++] = columns[i];
	features->columns = columns;
	features->column_count = distinct;
	for (int t = 0; t < features->tensor_count; t++)
		for (int c = 0; c < features->tensors[t].chain_count; c++) {
			mill_chain *chain = &features->tensors[t].chains[c];
			chain->position = position_of(features, chain->position);
		}
	for (int k = 0; k < features->keep_count; k++)
		features->keeps[k].position = position_of(features, features->keeps[k].position);
	return MILL_OK;
}

/* Skips transforms that need no fit. */
static void advance(mill_recipe *recipe)
{
	while (recipe->next < recipe->count && recipe->transforms[recipe->next]->passes == 0)
		recipe->next++;
}

static mill_status set_up(mill_features *features, const mill_json *tensors, const mill_json *keep,
                          const mill_schema *input, mill_error *err)
{
	MILL_TRY(mill_schema_copy(input, &features->arena, &features->input) == MILL_OK
	             ? MILL_OK
	             : mill_fail_nomem(err, 0, "a schema"));
	features->work = mill_mem_calloc(features->mem, 1, sizeof *features->work);
	if (features->work == NULL)
		return mill_fail_nomem(err, sizeof *features->work, "transforms");
	features->work->mem = features->mem;
	features->work->simd = mill_simd_level(features->knobs);
	mill_bytes_init(&features->work->hash_scratch, features->mem);
	MILL_TRY(mill_read_tensors(features, tensors, err));
	MILL_TRY(mill_read_keep(features, keep, err));
	MILL_TRY(collect_columns(features, err));
	for (int r = 0; r < features->recipe_count; r++)
		advance(features->recipes[r]);
	return mill_features_describe(features, err);
}

mill_status mill_features_new(const mill_json *tensors, const mill_json *keep, const mill_schema *input,
                              const mill_knobs *knobs, mill_mem *mem, mill_features **out, mill_error *err)
{
	mill_features *features = mill_mem_calloc(mem, 1, sizeof *features);
	if (features == NULL)
		return mill_fail_nomem(err, sizeof *features, "transforms");
	features->mem = mem;
	features->knobs = knobs;
	mill_arena_init(&features->arena, mem);
	mill_status status = set_up(features, tensors, keep, input, err);
	if (status != MILL_OK) {
		mill_features_free(features);
		return status;
	}
	*out = features;
	return MILL_OK;
}

void mill_features_free(mill_features *features)
{
	if (features == NULL)
		return;
	for (int r = 0; r < features->recipe_count; r++)
		mill_recipe_release(features->recipes[r]);
	if (features->work != NULL)
		mill_bytes_release(&features->work->hash_scratch);
	mill_mem_free(features->work);
	mill_arena_release(&features->arena);
	mill_mem_free(features);
}

const int *mill_features_columns(const mill_features *features, int *count)
{
	*count = features->column_count;
	return features->columns;
}

const mill_dataset_spec *mill_features_datasets(const mill_features *features, int *count)
{
	*count = features->dataset_count;
	return features->datasets;
}

static mill_transform *open_transform(const mill_recipe *recipe)
{
	return recipe->next < recipe->count ? recipe->transforms[recipe->next] : NULL;
}

int mill_features_passes(const mill_features *features)
{
	int most = 0;
	for (int r = 0; r < features->recipe_count; r++) {
		int left = 0;
		for (int s = features->recipes[r]->next; s < features->recipes[r]->count; s++)
			left += features->recipes[r]->transforms[s]->passes;
		most = left > most ? left : most;
	}
	return features->passes_done + most;
}

mill_status mill_chain_run(const mill_chain *chain, int count, mill_lane *lane, mill_work *work, mill_error *err)
{
	work->flag_count = 0;
	for (int s = 0; s < count; s++) {
		mill_transform *transform = chain->recipe->transforms[s];
		MILL_TRY(transform->kind->apply(transform, lane, work, err));
	}
	return MILL_OK;
}

static mill_status check_batch(const mill_features *features, const mill_batch *batch, mill_error *err)
{
	if (mill_batch_visible(batch) < features->column_count)
		return mill_fail(err, MILL_INTERNAL, "features: a batch of %d columns where %d are read",
		                 mill_batch_visible(batch), features->column_count);
	return MILL_OK;
}

static mill_status fit_chain(mill_features *features, const mill_tensor *tensor, mill_chain *chain,
                             const mill_batch *batch, mill_error *err)
{
	mill_work *work = features->work;
	mill_transform *transform = open_transform(chain->recipe);
	memset(chain->refusals, 0, sizeof chain->refusals);
	work->refusals = chain->refusals;
	work->place = (mill_place){.row = -1};
	for (int64_t first = 0; first < batch->rows; first += MILL_LANE_ROWS) {
		mill_lane lane;
		work->first_row = first;
		work->rows = mill_min_i64(MILL_LANE_ROWS, batch->rows - first);
		mill_chain_start(chain, batch, work, &lane);
		MILL_TRY(mill_chain_run(chain, chain->recipe->next, &lane, work, err));
		MILL_TRY(transform->kind->fit(transform, &lane, work, err));
	}
	return mill_refusal_raise(tensor, chain, err);
}

mill_status mill_features_fit(mill_features *features, int pass, const mill_batch *batch, mill_error *err)
{
	MILL_TRY(check_batch(features, batch, err));
	if (pass != features->passes_done)
		return pass < mill_features_passes(features)
		           ? mill_fail(err, MILL_INTERNAL, "features: pass %d is fitted after %d merges", pass,
		                       features->passes_done)
		           : MILL_OK;
	for (int t = 0; t < features->tensor_count; t++)
		for (int c = 0; c < features->tensors[t].chain_count; c++) {
			mill_chain *chain = &features->tensors[t].chains[c];
			if (open_transform(chain->recipe) != NULL)
				MILL_TRY(fit_chain(features, &features->tensors[t], chain, batch, err));
		}
	return MILL_OK;
}

static mill_status apply_block(mill_features *features, const mill_batch *batch, const mill_block *blocks,
                               mill_error *err)
{
	mill_work *work = features->work;
	for (int t = 0; t < features->tensor_count; t++) {
		mill_tensor *tensor = &features->tensors[t];
		size_t row_bytes = (size_t)tensor->width * mill_type_width_bytes(tensor->dtype);
		uint8_t *out = blocks[t].elements->data + (size_t)work->first_row * row_bytes;
		for (int c = 0; c < tensor->chain_count; c++) {
			mill_chain *chain = &tensor->chains[c];
			mill_lane lane;
			work->refusals = chain->refusals;
			mill_chain_start(chain, batch, work, &lane);
			MILL_TRY(mill_chain_run(chain, chain->recipe->count, &lane, work, err));
			MILL_TRY(mill_chain_write(tensor, chain, &lane, work, out, err));
		}
	}
	return MILL_OK;
}

static mill_status start_blocks(mill_features *features, const mill_batch *batch, mill_block *blocks, mill_error *err)
{
	for (int t = 0; t < features->tensor_count; t++) {
		const mill_tensor *tensor = &features->tensors[t];
		size_t row_bytes = (size_t)tensor->width * mill_type_width_bytes(tensor->dtype), bytes;
		if (mill_mul_overflows(row_bytes, (size_t)batch->rows, &bytes))
			return mill_fail(err, MILL_DATA, "tensor \"%s\" is too wide", tensor->name);
		blocks[t] = (mill_block){.spec = &features->datasets[t], .rows = batch->rows};
		blocks[t].elements = mill_buffer_new(features->mem, bytes);
		if (blocks[t].elements == NULL)
			return mill_fail_nomem(err, bytes, "rows of a tensor");
	}
	for (int k = 0; k < features->keep_count; k++) {
		int at = features->tensor_count + k;
		blocks[at] = (mill_block){.spec = &features->datasets[at], .rows = batch->rows};
		blocks[at].column = mill_column_retain(&batch->columns[features->keeps[k].position]);
	}
	return MILL_OK;
}

static mill_status apply_all(mill_features *features, const mill_batch *batch, mill_block *blocks, mill_error *err)
{
	mill_work *work = features->work;
	MILL_TRY(start_blocks(features, batch, blocks, err));
	work->place = features->place;
	work->refuses = false;
	for (int64_t first = 0; first < batch->rows; first += MILL_LANE_ROWS) {
		work->first_row = first;
		work->rows = mill_min_i64(MILL_LANE_ROWS, batch->rows - first);
		MILL_TRY(apply_block(features, batch, blocks, err));
	}
	return work->refuses ? mill_refusals_raise(features, err) : MILL_OK;
}

void mill_features_at(mill_features *features, int split, const char *name, int64_t first_row)
{
	features->place = (mill_place){split, name, first_row};
}

bool mill_features_refuses(const mill_features *features)
{
	return features->work->refuses;
}

mill_status mill_features_apply(mill_features *features, const mill_batch *batch, mill_block *blocks, mill_error *err)
{
	MILL_TRY(check_batch(features, batch, err));
	for (int r = 0; r < features->recipe_count; r++)
		if (open_transform(features->recipes[r]) != NULL)
			return mill_fail(err, MILL_INTERNAL, "features are applied before they are fitted");
	memset(blocks, 0, (size_t)features->dataset_count * sizeof *blocks);
	mill_status status = apply_all(features, batch, blocks, err);
	for (int d = 0; status != MILL_OK && d < features->dataset_count; d++)
		mill_block_release(&blocks[d]);
	return status;
}

/* What this rank has of every open transform's small state. */
static mill_status pack_all(const mill_features *features, mill_bytes *out, mill_error *err)
{
	for (int r = 0; r < features->recipe_count; r++) {
		mill_transform *transform = open_transform(features->recipes[r]);
		if (transform != NULL && transform->kind->pack != NULL &&
		    transform->kind->pack(transform, out) != MILL_OK)
			return mill_fail_nomem(err, out->size_bytes, "fitted states");
	}
	return MILL_OK;
}

static mill_status absorb_all(mill_features *features, const mill_bytes *all, int ranks, mill_error *err)
{
	mill_bytes_view view = {all->data, all->size_bytes, 0};
	for (int r = 0; r < features->recipe_count; r++) {
		mill_transform *transform = open_transform(features->recipes[r]);
		if (transform != NULL && transform->kind->empty != NULL)
			transform->kind->empty(transform);
	}
	for (int rank = 0; rank < ranks; rank++)
		for (int r = 0; r < features->recipe_count; r++) {
			mill_transform *transform = open_transform(features->recipes[r]);
			if (transform != NULL && transform->kind->absorb != NULL)
				MILL_TRY(transform->kind->absorb(transform, &view, err));
		}
	return MILL_OK;
}

static mill_status merge_small(mill_features *features, mill_comm *comm, mill_error *err)
{
	mill_bytes mine, all;
	mill_bytes_init(&mine, features->mem);
	mill_bytes_init(&all, features->mem);
	mill_status status = mill_comm_agree(comm, pack_all(features, &mine, err), err);
	if (status == MILL_OK)
		status = mill_comm_allgather(comm, mine.data, mine.size_bytes, &all, NULL, err);
	if (status == MILL_OK)
		status = mill_comm_agree(comm, absorb_all(features, &all, mill_comm_size(comm), err), err);
	mill_bytes_release(&mine);
	mill_bytes_release(&all);
	return status;
}

static mill_status finish_all(mill_features *features, mill_error *err)
{
	for (int r = 0; r < features->recipe_count; r++) {
		mill_recipe *recipe = features->recipes[r];
		mill_transform *transform = open_transform(recipe);
		bool again = false;
		if (transform == NULL)
			continue;
		MILL_TRY(transform->kind->finish(transform, &again, err));
		if (again)
			continue;
		transform->passes = 0;
		advance(recipe);
	}
	features->passes_done++;
	return mill_features_describe(features, err);
}

mill_status mill_features_merge(mill_features *features, int pass, mill_comm *comm, mill_error *err)
{
	if (pass != features->passes_done || pass >= mill_features_passes(features))
		return MILL_OK;
	MILL_TRY(merge_small(features, comm, err));
	for (int r = 0; r < features->recipe_count; r++) {
		mill_transform *transform = open_transform(features->recipes[r]);
		if (transform != NULL && transform->kind->exchange != NULL)
			MILL_TRY(transform->kind->exchange(transform, comm, err));
	}
	return mill_comm_agree(comm, finish_all(features, err), err);
}
