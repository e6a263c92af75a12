/* The content hash of a store from the sums of its datasets (definitions.md D5). */
#include "store/manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

mill_status mill_features_hash(const mill_dataset_spec *spec, mill_bytes *scratch, mill_u128 *out, mill_error *err)
{
	scratch->size_bytes = 0;
	for (int f = 0; f < spec->feature_count; f++)
		if (mill_bytes_append(scratch, spec->features[f], strlen(spec->features[f]) + 1) != MILL_OK)
			return mill_fail_nomem(err, scratch->size_bytes, "feature names");
	*out = mill_h128(0, scratch->data, scratch->size_bytes);
	return MILL_OK;
}

/* "split TAB name TAB dtype TAB layout TAB width[:features] TAB rows TAB hash LF" */
static mill_status line_of(const mill_store_spec *spec, int split, const mill_dataset_spec *dataset, mill_u128 sum,
                           mill_bytes *scratch, mill_arena *arena, const char **out, mill_error *err)
{
	char dtype[MILL_TYPE_TEXT_BYTES];
	char hash[MILL_H128_TEXT_BYTES];
	char features[MILL_H128_TEXT_BYTES + 1] = "";
	if (!dataset->is_keep) {
		mill_u128 names = 0;
		MILL_TRY(mill_features_hash(dataset, scratch, &names, err));
		features[0] = ':';
		mill_h128_text(names, features + 1);
	}
	mill_h128_text(sum, hash);
	*out = mill_arena_printf(arena, "%s\t%s\t%s\t%s\t%" PRId64 "%s\t%" PRId64 "\t%s\n", spec->splits[split],
	                         dataset->name, mill_type_text(dataset->dtype, dtype), mill_store_layout(dataset),
	                         dataset->is_keep ? 1 : dataset->width, features, spec->split_rows[split], hash);
	return *out != NULL ? MILL_OK : mill_fail_nomem(err, sizeof(hash), "content hash");
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

mill_status mill_store_content_hash(const mill_store_spec *spec, const mill_u128 *sums, mill_mem *mem, mill_u128 *out,
                                    mill_error *err)
{
	size_t count = (size_t)spec->split_count * (size_t)spec->dataset_count;
	mill_arena arena;
	mill_bytes text;
	mill_arena_init(&arena, mem);
	mill_bytes_init(&text, mem);
	mill_status status = MILL_OK;
	const char **lines = mill_arena_array(&arena, count + 1, sizeof(*lines));
	if (lines == NULL) {
		status = mill_fail_nomem(err, count * sizeof(*lines), "content hash");
		goto done;
	}
	for (size_t i = 0; i < count; i++) {
		int split = (int)(i / (size_t)spec->dataset_count);
		const mill_dataset_spec *dataset = &spec->datasets[i % (size_t)spec->dataset_count];
		MILL_TRY_GOTO(line_of(spec, split, dataset, sums[i], &text, &arena, &lines[i], err), done);
	}
	qsort(lines, count, sizeof(*lines), compare_lines);
	text.size_bytes = 0;
	for (size_t i = 0; i < count && status == MILL_OK; i++)
		status = mill_bytes_append_text(&text, lines[i]);
	if (status != MILL_OK)
		mill_fail_nomem(err, text.size_bytes, "content hash");
	else
		*out = mill_h128(0, text.data, text.size_bytes);
done:
	mill_bytes_release(&text);
	mill_arena_release(&arena);
	return status;
}
