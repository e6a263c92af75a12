/* The table of transforms, and `do` lists read by it. */
#include "base/suggest.h"
#include "features/features_private.h"

#include <stdio.h>
#include <string.h>

static const mill_transform_kind *const kinds[] = {
    &mill_transform_impute_mean,     &mill_transform_impute_median, &mill_transform_impute_most_frequent,
    &mill_transform_impute_constant, &mill_transform_standardize,   &mill_transform_minmax,
    &mill_transform_log1p,           &mill_transform_clip,          &mill_transform_bucketize,
    &mill_transform_one_hot,         &mill_transform_vocabulary,    &mill_transform_hash,
};
#define KIND_COUNT ((int)(sizeof kinds / sizeof kinds[0]))

static const char *const later[] = {
    "robust",       "power", "normalize", "cyclic", "multi_hot", "tokenize", "target_encode",
    "count_encode", "cross", "ngrams",    "tfidf",  "pad",       "pack",     "lookup",
};
#define LATER_COUNT ((int)(sizeof later / sizeof later[0]))

static const mill_transform_info passthrough = {"passthrough",
                                                "the value as it is, what a column without transforms is", ""};

const mill_transform_info *mill_transform_info_at(int index)
{
	return index < KIND_COUNT ? &kinds[index]->info : index == KIND_COUNT ? &passthrough : NULL;
}

bool mill_transform_is_later(const char *name)
{
	for (int k = 0; k < LATER_COUNT; k++)
		if (strcmp(name, later[k]) == 0)
			return true;
	return false;
}

const mill_json *mill_parameter(const mill_do_entry *entry, const mill_transform *transform, const char *key)
{
	if (entry->given == NULL)
		return NULL;
	if (entry->given->kind == MILL_JSON_OBJECT)
		return mill_json_get(entry->given, key);
	return transform->kind->main != NULL && strcmp(transform->kind->main, key) == 0 ? entry->given : NULL;
}

mill_status mill_parameter_double(const mill_do_entry *entry, const mill_transform *transform, const char *key,
                                  double *out, mill_error *err)
{
	const mill_json *node = mill_parameter(entry, transform, key);
	if (node == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_double(node, out, err));
	return *out == *out ? MILL_OK : mill_json_fail(node, err, "a number is needed here, not nan");
}

mill_status mill_parameter_bool(const mill_do_entry *entry, const mill_transform *transform, const char *key, bool *out,
                                mill_error *err)
{
	const mill_json *node = mill_parameter(entry, transform, key);
	return node == NULL ? MILL_OK : mill_json_bool(node, out, err);
}

mill_status mill_parameter_int(const mill_do_entry *entry, const mill_transform *transform, const char *key,
                               int64_t min, int64_t max, int64_t *out, mill_error *err)
{
	const mill_json *node = mill_parameter(entry, transform, key);
	return node == NULL ? MILL_OK : mill_json_int(node, min, max, out, err);
}

mill_status mill_transform_need_number(const mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	char type[MILL_TYPE_TEXT_BYTES];
	if (mill_type_is_countable(transform->in))
		return MILL_OK;
	mill_type_text(transform->in, type);
	if (mill_type_is_text(transform->in))
		return mill_json_fail(entry->node, err,
		                      "%s needs numbers, column \"%s\" is %s: CAST it in SQL, or use vocabulary, "
		                      "one_hot or hash",
		                      transform->kind->info.name, transform->column, type);
	return mill_json_fail(entry->node, err, "%s needs numbers, column \"%s\" is %s", transform->kind->info.name,
	                      transform->column, type);
}

/* No known name is near: all are told. */
static mill_status refuse_name(const mill_json *node, const char *name, mill_error *err)
{
	char all[512];
	int used = 0;
	for (int k = 0; k < KIND_COUNT && used < (int)sizeof all; k++)
		used +=
		    snprintf(all + used, sizeof all - (size_t)used, "%s%s", k == 0 ? "" : ", ", kinds[k]->info.name);
	return mill_json_fail(node, err, "unknown transform \"%s\"; there are %s", name, all);
}

static mill_status find_kind(const mill_json *node, const char *name, const mill_transform_kind **out, mill_error *err)
{
	const char *names[KIND_COUNT + LATER_COUNT + 1];
	for (int k = 0; k < KIND_COUNT; k++) {
		names[k] = kinds[k]->info.name;
		if (strcmp(name, names[k]) == 0) {
			*out = kinds[k];
			return MILL_OK;
		}
	}
	if (mill_transform_is_later(name))
		return mill_json_fail_as(
		    node, MILL_NOT_YET, err,
		    "transform \"%s\" is not supported yet; rankmill help transforms lists what is", name);
	for (int k = 0; k < LATER_COUNT; k++)
		names[KIND_COUNT + k] = later[k];
	names[KIND_COUNT + LATER_COUNT] = passthrough.name;
	const char *near = mill_suggest(name, names, KIND_COUNT + LATER_COUNT + 1);
	if (near != NULL)
		return mill_json_fail(node, err, "unknown transform \"%s\" (did you mean \"%s\"?)", name, near);
	return refuse_name(node, name, err);
}

/* "log1p" or {"clip": …}: name and what is given to it. */
static mill_status read_name(const mill_json *node, const char **name, const mill_json **given, mill_error *err)
{
	*given = NULL;
	if (node->kind == MILL_JSON_STRING)
		return mill_json_string(node, name, err);
	if (node->kind != MILL_JSON_OBJECT || node->count != 1)
		return mill_json_fail(node, err,
		                      "a transform is a name, or an object of one key as {\"clip\": {\"min\": 0}}");
	*name = node->items[0].key;
	*given = &node->items[0];
	return MILL_OK;
}

static mill_status check_parameters(const mill_transform_kind *kind, const mill_json *given, mill_error *err)
{
	if (given == NULL)
		return MILL_OK;
	if (given->kind == MILL_JSON_OBJECT)
		return mill_json_check_keys(given, kind->keys, (size_t)kind->key_count, err);
	if (kind->main == NULL)
		return mill_json_fail(given, err, "%s takes %s%s", kind->info.name,
		                      kind->key_count > 0 ? "an object of parameters: " : "no parameters",
		                      kind->info.parameters);
	return MILL_OK;
}

static mill_status add_transform(mill_features *features, const mill_do_entry *entry, const mill_json *node,
                                 mill_type *type, mill_recipe *recipe, mill_error *err)
{
	const char *name = NULL;
	const mill_transform_kind *kind = NULL;
	mill_do_entry here = *entry;
	here.node = node;
	MILL_TRY(read_name(node, &name, &here.given, err));
	if (strcmp(name, passthrough.name) == 0)
		return here.given == NULL ? MILL_OK : mill_json_fail(node, err, "passthrough takes no parameters");
	MILL_TRY(find_kind(node, name, &kind, err));
	MILL_TRY(check_parameters(kind, here.given, err));
	if (recipe->count == MILL_RECIPE_TRANSFORMS)
		return mill_json_fail(node, err, "more than %d transforms in one list", MILL_RECIPE_TRANSFORMS);
	if (recipe->count > 0 && recipe->transforms[recipe->count - 1]->is_one_hot)
		return mill_json_fail(node, err, "nothing can follow one_hot");
	mill_transform *transform = mill_arena_alloc(&features->arena, kind->transform_bytes);
	if (transform == NULL)
		return mill_fail_nomem(err, kind->transform_bytes, "a transform");
	transform->kind = kind;
	transform->mem = features->mem;
	transform->arena = &features->arena;
	transform->knobs = features->knobs;
	transform->tensor = entry->tensor;
	transform->column = entry->column;
	transform->in = *type;
	recipe->transforms[recipe->count++] = transform; /* released with the recipe, also when reading fails */
	MILL_TRY(kind->read(transform, &here, err));
	recipe->flag_count += transform->flag;
	if (recipe->flag_count > MILL_RECIPE_FLAGS)
		return mill_json_fail(node, err, "more than %d flag columns in one list", MILL_RECIPE_FLAGS);
	*type = transform->out;
	return MILL_OK;
}

static mill_status append_recipe(mill_features *features, mill_recipe *recipe, mill_error *err)
{
	int count = features->recipe_count;
	if ((count & (count - 1)) == 0) { /* doubles at powers of two */
		size_t room = count == 0 ? 1 : 2 * (size_t)count;
		mill_recipe **more = mill_arena_array(&features->arena, room, sizeof *more);
		if (more == NULL)
			return mill_fail_nomem(err, room * sizeof *more, "transforms");
		if (count > 0)
			memcpy(more, features->recipes, (size_t)count * sizeof *more);
		features->recipes = more;
	}
	features->recipes[features->recipe_count++] = recipe;
	return MILL_OK;
}

mill_status mill_read_recipe(mill_features *features, const mill_do_entry *entry, const mill_json *list, mill_type type,
                             mill_recipe **out, mill_error *err)
{
	mill_arena *arena = &features->arena;
	mill_recipe *recipe = mill_arena_alloc(arena, sizeof *recipe);
	bool is_list = list != NULL && list->kind == MILL_JSON_ARRAY;
	int64_t count = list == NULL ? 0 : is_list ? list->count : 1;
	if (recipe != NULL)
		recipe->transforms = mill_arena_array(arena, MILL_RECIPE_TRANSFORMS, sizeof *recipe->transforms);
	if (recipe == NULL || recipe->transforms == NULL)
		return mill_fail_nomem(err, sizeof *recipe, "transforms");
	recipe->tensor = entry->tensor;
	MILL_TRY(append_recipe(features, recipe, err));
	for (int64_t i = 0; i < count; i++)
		MILL_TRY(add_transform(features, entry, is_list ? &list->items[i] : list, &type, recipe, err));
	recipe->out = type;
	*out = recipe;
	return MILL_OK;
}

void mill_recipe_release(mill_recipe *recipe)
{
	for (int s = 0; s < recipe->count; s++)
		if (recipe->transforms[s]->kind->release != NULL)
			recipe->transforms[s]->kind->release(recipe->transforms[s]);
}
