/* Differences of what two stores hold: datasets, splits, and the first cell. */
#include "column/value.h"
#include "store/read/diff.h"
#include "store/read/text.h"

#include <inttypes.h>
#include <string.h>

#define COMPARE_ROWS 65536

static mill_status spec_text(mill_diff *diff, const mill_dataset_spec *spec, const char **out, mill_error *err)
{
	char dtype[MILL_TYPE_TEXT_BYTES];
	mill_type_text(spec->dtype, dtype);
	if (spec->is_keep)
		*out = mill_arena_strdup(&diff->arena, dtype);
	else if (spec->is_column)
		*out = mill_arena_printf(&diff->arena, "%s [rows]", dtype);
	else
		*out = mill_arena_printf(&diff->arena, "%s [rows, %" PRId64 "]", dtype, spec->width);
	return *out != NULL ? MILL_OK : mill_fail_nomem(err, sizeof(dtype), "differences");
}

static mill_status compare_features(mill_diff *diff, const mill_dataset_spec *a, const mill_dataset_spec *b,
                                    mill_error *err)
{
	int count = a->feature_count < b->feature_count ? a->feature_count : b->feature_count;
	for (int f = 0; f < count; f++) {
		if (strcmp(a->features[f], b->features[f]) == 0)
			continue;
		const char *place = mill_arena_printf(&diff->arena, "%s feature %d", a->name, f);
		if (place == NULL)
			return mill_fail_nomem(err, strlen(a->name), "differences");
		MILL_TRY(mill_diff_add(diff, "tensor", place, a->features[f], b->features[f], err));
	}
	return MILL_OK;
}

static const mill_dataset_spec *dataset_of(const mill_store *store, const char *name)
{
	int index = mill_store_find_dataset(store, name);
	return index < 0 ? NULL : &store->datasets[index];
}

static mill_status compare_specs(mill_diff *diff, const mill_dataset_spec *a, const mill_dataset_spec *b,
                                 mill_error *err)
{
	const mill_dataset_spec *any = a != NULL ? a : b;
	const char *text_a = NULL;
	const char *text_b = NULL;
	if (a != NULL)
		MILL_TRY(spec_text(diff, a, &text_a, err));
	if (b != NULL)
		MILL_TRY(spec_text(diff, b, &text_b, err));
	if (a == NULL || b == NULL || strcmp(text_a, text_b) != 0)
		MILL_TRY(mill_diff_add(diff, any->is_keep ? "kept column" : "tensor", any->name, text_a, text_b, err));
	return a != NULL && b != NULL ? compare_features(diff, a, b, err) : MILL_OK;
}

static mill_status compare_splits(mill_diff *diff, const mill_stored_split *a, const mill_stored_split *b,
                                  mill_error *err)
{
	const char *text_a = NULL;
	const char *text_b = NULL;
	if (a != NULL && b != NULL && a->rows == b->rows)
		return MILL_OK;
	if (a != NULL)
		text_a = mill_arena_printf(&diff->arena, "%" PRId64 " rows", a->rows);
	if (b != NULL)
		text_b = mill_arena_printf(&diff->arena, "%" PRId64 " rows", b->rows);
	if ((a != NULL && text_a == NULL) || (b != NULL && text_b == NULL))
		return mill_fail_nomem(err, sizeof(*a), "differences");
	return mill_diff_add(diff, "split", a != NULL ? a->name : b->name, text_a, text_b, err);
}

static const mill_stored_split *split_of(const mill_store *store, const char *name)
{
	int index = mill_store_find_split(store, name);
	return index < 0 ? NULL : &store->splits[index];
}

mill_status mill_diff_structure(mill_diff *diff, const mill_store *a, const mill_store *b, mill_error *err)
{
	for (int d = 0; d < a->dataset_count; d++)
		MILL_TRY(compare_specs(diff, &a->datasets[d], dataset_of(b, a->datasets[d].name), err));
	for (int d = 0; d < b->dataset_count; d++)
		if (dataset_of(a, b->datasets[d].name) == NULL)
			MILL_TRY(compare_specs(diff, NULL, &b->datasets[d], err));
	for (int s = 0; s < a->split_count; s++)
		MILL_TRY(compare_splits(diff, &a->splits[s], split_of(b, a->splits[s].name), err));
	for (int s = 0; s < b->split_count; s++)
		if (split_of(a, b->splits[s].name) == NULL)
			MILL_TRY(compare_splits(diff, NULL, &b->splits[s], err));
	return MILL_OK;
}

/* The first row and feature in which two blocks of the same rows differ; false: none. */
static bool first_difference(const mill_block *a, const mill_block *b, int64_t rows, int64_t *row, int64_t *feature)
{
	*feature = 0;
	if (a->spec->is_keep) {
		for (int64_t r = 0; r < rows; r++)
			if (!mill_value_equal(&a->column, r, &b->column, r)) {
				*row = r;
				return true;
			}
		return false;
	}
	size_t element_bytes = mill_type_width_bytes(a->spec->dtype);
	size_t size_bytes = (size_t)rows * (size_t)a->spec->width * element_bytes;
	if (size_bytes == 0 || memcmp(a->elements->data, b->elements->data, size_bytes) == 0)
		return false;
	size_t at = 0;
	while (a->elements->data[at] == b->elements->data[at])
		at++;
	*row = (int64_t)(at / element_bytes) / a->spec->width;
	*feature = (int64_t)(at / element_bytes) % a->spec->width;
	return true;
}

static mill_status add_cell(mill_diff *diff, const char *split, int64_t ordinal, const mill_block *a,
                            const mill_block *b, int64_t row, int64_t feature, mill_error *err)
{
	mill_bytes texts[3];
	for (int i = 0; i < 3; i++)
		mill_bytes_init(&texts[i], diff->mem);
	mill_status status = mill_bytes_printf(&texts[0], "%s row %" PRId64 ", ", split, ordinal);
	if (status == MILL_OK)
		status = mill_store_cell_name(a->spec, feature, &texts[0]);
	if (status == MILL_OK)
		status = mill_store_cell_text(a, row, feature, &texts[1]);
	if (status == MILL_OK)
		status = mill_store_cell_text(b, row, feature, &texts[2]);
	for (int i = 0; i < 3 && status == MILL_OK; i++)
		status = mill_bytes_terminate(&texts[i]);
	if (status != MILL_OK)
		mill_fail_nomem(err, texts[0].size_bytes, "differences");
	else
		status = mill_diff_add(diff, "data", (const char *)texts[0].data, (const char *)texts[1].data,
		                       (const char *)texts[2].data, err);
	for (int i = 0; i < 3; i++)
		mill_bytes_release(&texts[i]);
	return status;
}

typedef struct pair {
	mill_split_reader readers[2];
	int datasets[2];
	const char *split;
	int64_t rows; /* of the shorter */
} pair;

/* Compares the next rows from `first` on; *next: where to go on, or the end once a difference is found. */
static mill_status compare_run(mill_diff *diff, pair *p, int64_t first, int64_t *next, bool *found, mill_error *err)
{
	mill_block a = {0};
	mill_block b = {0};
	int64_t row = 0;
	int64_t feature = 0;
	MILL_TRY(mill_split_reader_next(&p->readers[0], p->datasets[0], first,
	                                mill_min_i64(COMPARE_ROWS, p->rows - first), &a, err));
	mill_status status = mill_split_reader_next(&p->readers[1], p->datasets[1], first, a.rows, &b, err);
	if (status == MILL_OK) {
		*next = first + b.rows;
		*found = first_difference(&a, &b, b.rows, &row, &feature);
		if (*found)
			status = add_cell(diff, p->split, first + row, &a, &b, row, feature, err);
	}
	mill_block_release(&a);
	mill_block_release(&b);
	return status;
}

static mill_status find_cell(mill_diff *diff, const mill_store *a, const mill_store *b, int split_a, int split_b,
                             int dataset_a, int dataset_b, bool *found, mill_error *err)
{
	pair p = {.datasets = {dataset_a, dataset_b},
	          .split = a->splits[split_a].name,
	          .rows = mill_min_i64(a->splits[split_a].rows, b->splits[split_b].rows)};
	mill_split_reader_init(&p.readers[0], a, split_a);
	mill_split_reader_init(&p.readers[1], b, split_b);
	mill_status status = MILL_OK;
	for (int64_t at = 0; at < p.rows && !*found && status == MILL_OK;)
		status = compare_run(diff, &p, at, &at, found, err);
	mill_split_reader_release(&p.readers[0]);
	mill_split_reader_release(&p.readers[1]);
	return status;
}

static bool same_shape(const mill_dataset_spec *a, const mill_dataset_spec *b)
{
	return mill_type_equal(a->dtype, b->dtype) && a->width == b->width;
}

mill_status mill_diff_data(mill_diff *diff, const mill_store *a, const mill_store *b, mill_error *err)
{
	bool found = false;
	for (int s = 0; s < a->split_count; s++) {
		int t = mill_store_find_split(b, a->splits[s].name);
		for (int d = 0; d < a->dataset_count && t >= 0; d++) {
			int e = mill_store_find_dataset(b, a->datasets[d].name);
			if (e < 0 || !same_shape(&a->datasets[d], &b->datasets[e]) ||
			    a->splits[s].hashes[d] == b->splits[t].hashes[e])
				continue;
			char hashes[2][MILL_H128_TEXT_BYTES];
			mill_h128_text(a->splits[s].hashes[d], hashes[0]);
			mill_h128_text(b->splits[t].hashes[e], hashes[1]);
			const char *place =
			    mill_arena_printf(&diff->arena, "%s/%s", a->splits[s].name, a->datasets[d].name);
			if (place == NULL)
				return mill_fail_nomem(err, strlen(a->datasets[d].name), "differences");
			if (!found)
				MILL_TRY(find_cell(diff, a, b, s, t, d, e, &found, err));
			MILL_TRY(mill_diff_add(diff, MILL_DIFF_HASH, place, hashes[0], hashes[1], err));
		}
	}
	return MILL_OK;
}
