/* What the datasets are: widths, feature names and cardinalities. */
#include "column/value.h"
#include "features/features_private.h"

#include <float.h>
#include <string.h>

#define UNKNOWN (-1)

/* Features of a chain, UNKNOWN before its one_hot is fitted. */
static int64_t chain_width(const mill_chain *chain)
{
	const mill_recipe *recipe = chain->recipe;
	int64_t width = 1;
	if (recipe->count > 0 && recipe->transforms[recipe->count - 1]->is_one_hot) {
		const mill_transform *last = recipe->transforms[recipe->count - 1];
		if (last->passes > 0)
			return UNKNOWN;
		width = last->cardinality;
	}
	return width + recipe->flag_count;
}

/* Number of ids that a chain's value may be, 0 where it is none. */
static int64_t chain_cardinality(const mill_chain *chain)
{
	const mill_recipe *recipe = chain->recipe;
	const mill_transform *last = recipe->count > 0 ? recipe->transforms[recipe->count - 1] : NULL;
	return last == NULL || last->is_one_hot ? 0 : last->cardinality;
}

static mill_status name_one_hot(mill_features *features, const mill_chain *chain, const char **names, mill_error *err)
{
	const mill_transform *last = chain->recipe->transforms[chain->recipe->count - 1];
	mill_column values = {0};
	mill_bytes text;
	MILL_TRY(last->kind->values(last, &values, err));
	mill_status status = MILL_OK;
	mill_bytes_init(&text, features->mem);
	for (int64_t i = 0; i < values.rows && status == MILL_OK; i++) {
		text.size_bytes = 0;
		status = mill_bytes_printf(&text, "%s_", chain->name);
		if (status == MILL_OK)
			status = mill_value_text(&values, i, &text);
		if (status == MILL_OK)
			names[i] = mill_arena_strndup(&features->arena, (const char *)text.data, text.size_bytes);
		if (status == MILL_OK && names[i] == NULL)
			status = MILL_NOMEM;
	}
	mill_bytes_release(&text);
	mill_column_release(&values);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, 0, "feature names");
}

static mill_status name_chain(mill_features *features, const mill_chain *chain, const char **names,
                              int64_t *cardinalities, mill_error *err)
{
	int64_t values = chain->width - chain->recipe->flag_count;
	if (chain->recipe->count > 0 && chain->recipe->transforms[chain->recipe->count - 1]->is_one_hot) {
		MILL_TRY(name_one_hot(features, chain, names, err));
	} else {
		names[0] = chain->name;
		cardinalities[0] = chain_cardinality(chain);
	}
	for (int64_t f = values; f < chain->width; f++) {
		names[f] = mill_arena_printf(&features->arena, "missingindicator_%s", chain->name);
		if (names[f] == NULL)
			return mill_fail_nomem(err, 0, "feature names");
	}
	return MILL_OK;
}

/* The ids 0 … this are different elements of the dtype. */
static int64_t largest_id(mill_type dtype)
{
	int64_t least, most;
	if (mill_type_is_float(dtype))
		return ((int64_t)1 << (dtype.id == MILL_TYPE_FLOAT32 ? FLT_MANT_DIG : DBL_MANT_DIG)) - 1;
	mill_type_limits(dtype, &least, &most);
	return most;
}

/* Ids that the dtype cannot tell apart are refused. */
static mill_status check_ids(const mill_tensor *tensor, const mill_chain *chain, mill_error *err)
{
	char dtype[MILL_TYPE_TEXT_BYTES];
	int64_t cardinality = chain_cardinality(chain);
	if (cardinality - 1 <= largest_id(tensor->dtype))
		return MILL_OK;
	return mill_fail(err, MILL_DATA,
	                 "tensor \"%s\", column \"%s\": %lld ids do not fit %s: take a wider dtype, or limit them with "
	                 "max_size or min_count",
	                 tensor->name, chain->column, (long long)cardinality, mill_type_text(tensor->dtype, dtype));
}

static mill_status describe_tensor(mill_features *features, mill_tensor *tensor, mill_dataset_spec *spec,
                                   mill_error *err)
{
	int64_t width = 0;
	bool any_ids = false;
	*spec = (mill_dataset_spec){.name = tensor->name, .dtype = tensor->dtype, .is_column = tensor->is_column};
	spec->role = tensor->role;
	for (int c = 0; c < tensor->chain_count; c++) {
		mill_chain *chain = &tensor->chains[c];
		chain->first = width;
		chain->width = chain_width(chain);
		width = chain->width == UNKNOWN || width == UNKNOWN ? UNKNOWN : width + chain->width;
		any_ids = any_ids || chain_cardinality(chain) > 0;
		MILL_TRY(check_ids(tensor, chain, err));
	}
	spec->width = tensor->width = width;
	if (width == UNKNOWN)
		return MILL_OK;
	if (width == 0)
		return mill_fail(err, MILL_DATA,
		                 "tensor \"%s\" has no features: its columns are NULL in every row of fit_on",
		                 tensor->name);
	if (width > INT32_MAX)
		return mill_fail(err, MILL_DATA,
		                 "tensor \"%s\" has %lld features: limit one_hot with max_size, or use "
		                 "vocabulary",
		                 tensor->name, (long long)width);
	const char **names = mill_arena_array(&features->arena, (size_t)width, sizeof *names);
	int64_t *cardinalities = mill_arena_array(&features->arena, (size_t)width, sizeof *cardinalities);
	if (names == NULL || cardinalities == NULL)
		return mill_fail_nomem(err, (size_t)width * sizeof *names, "feature names");
	for (int c = 0; c < tensor->chain_count; c++) {
		const mill_chain *chain = &tensor->chains[c];
		MILL_TRY(name_chain(features, chain, names + chain->first, cardinalities + chain->first, err));
	}
	spec->feature_count = (int)width;
	spec->features = names;
	spec->cardinalities = any_ids ? cardinalities : NULL;
	return MILL_OK;
}

static mill_status describe_all(mill_features *features, mill_error *err)
{
	for (int t = 0; t < features->tensor_count; t++)
		MILL_TRY(describe_tensor(features, &features->tensors[t], &features->datasets[t], err));
	for (int k = 0; k < features->keep_count; k++) {
		const mill_keep *keep = &features->keeps[k];
		features->datasets[features->tensor_count + k] = (mill_dataset_spec){
		    .name = keep->name, .dtype = keep->type, .width = 1, .is_column = true, .is_keep = true};
	}
	return MILL_OK;
}

mill_status mill_features_describe(mill_features *features, mill_error *err)
{
	if (features->datasets == NULL) {
		size_t count = (size_t)features->tensor_count + (size_t)features->keep_count;
		features->datasets = mill_arena_array(&features->arena, count + 1, sizeof *features->datasets);
		if (features->datasets == NULL)
			return mill_fail_nomem(err, 0, "datasets");
		features->dataset_count = (int)count;
	}
	return describe_all(features, err);
}
