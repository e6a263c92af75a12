/* The `tensors` and `keep` of a store block, checked against the columns of its table. */
#include "base/braces.h"
#include "base/suggest.h"
#include "features/features_private.h"

#include <string.h>

mill_status mill_read_column(mill_features *features, const mill_json *node, const char *name, int *out,
                             mill_error *err)
{
	int at = mill_schema_find(&features->input, name);
	if (at >= 0) {
		*out = at;
		return MILL_OK;
	}
	if (at == -2)
		return mill_json_fail(node, err, "column \"%s\" is ambiguous: write it exactly as its source does",
		                      name);
	const char *near = mill_schema_suggest(&features->input, name);
	if (near != NULL)
		return mill_json_fail(node, err, "unknown column \"%s\" (did you mean \"%s\"?)", name, near);
	return mill_json_fail(node, err, "unknown column \"%s\"", name);
}

/* An entry of `columns`, or the whole tensor where it has `column`: names, their transforms, and what they become. */
typedef struct group {
	const mill_json *node; /* of the names */
	const char **names;
	int64_t count;
	const mill_json *transforms;
	const mill_json *as; /* NULL: the columns' names */
	bool share;
} group;

typedef struct tensor_reader {
	mill_features *features;
	mill_tensor *tensor;
	const mill_json *transforms; /* the tensor's own `do` */
	bool share;
	mill_recipe *shared; /* of the tensor's `do`, once a column has it */
	int capacity;
} tensor_reader;

static mill_status append_chain(tensor_reader *t, mill_chain chain, mill_error *err)
{
	mill_tensor *tensor = t->tensor;
	if (tensor->chain_count == t->capacity) {
		int capacity = t->capacity == 0 ? 16 : 2 * t->capacity;
		mill_chain *more = mill_arena_array(&t->features->arena, (size_t)capacity, sizeof *more);
		if (more == NULL)
			return mill_fail_nomem(err, (size_t)capacity * sizeof *more, "a tensor's columns");
		if (tensor->chain_count > 0)
			memcpy(more, tensor->chains, (size_t)tensor->chain_count * sizeof *more);
		tensor->chains = more;
		t->capacity = capacity;
	}
	tensor->chains[tensor->chain_count++] = chain;
	return MILL_OK;
}

/* A column ends as numbers. */
static mill_status check_end(const tensor_reader *t, const group *g, const mill_chain *chain, mill_error *err)
{
	char type[MILL_TYPE_TEXT_BYTES];
	mill_type out = chain->recipe->out;
	if (!mill_type_is_countable(out))
		return mill_json_fail(
		    g->node, err,
		    "column \"%s\" is %s and a tensor holds numbers: add vocabulary, one_hot or hash, "
		    "or CAST it in SQL",
		    chain->column, mill_type_text(out, type));
	bool wide = chain->recipe->flag_count > 0;
	for (int s = 0; s < chain->recipe->count; s++)
		wide = wide || chain->recipe->transforms[s]->is_one_hot;
	if (wide && t->tensor->is_column)
		return mill_json_fail(g->node, err,
		                      "\"column\" gives one value a row, and its transforms give several: write "
		                      "\"columns\": [\"%s\"]",
		                      chain->column);
	return MILL_OK;
}

static mill_status add_column(tensor_reader *t, const group *g, int64_t index, const char *as, mill_recipe **shared,
                              mill_error *err)
{
	int at = 0;
	mill_features *features = t->features;
	MILL_TRY(mill_read_column(features, g->node, g->names[index], &at, err));
	const mill_field *field = &features->input.fields[at];
	mill_chain chain = {.column = field->name, .position = at, .type = field->type};
	chain.name = as != NULL ? as : field->name;
	mill_do_entry entry = {.tensor = t->tensor->name, .column = field->name, .node = g->node};
	if (*shared == NULL || !g->share)
		MILL_TRY(mill_read_recipe(features, &entry, g->transforms, field->type, shared, err));
	else if (!mill_type_equal((*shared)->in, field->type))
		return mill_json_fail(g->node, err, "\"share\" needs columns of one type: CAST \"%s\" in SQL",
		                      field->name);
	chain.recipe = *shared;
	chain.recipe->in = field->type;
	MILL_TRY(check_end(t, g, &chain, err));
	for (int c = 0; c < t->tensor->chain_count; c++)
		if (strcmp(t->tensor->chains[c].name, chain.name) == 0)
			return mill_json_fail(g->node, err, "two features are called \"%s\": rename one with \"as\"",
			                      chain.name);
	return append_chain(t, chain, err);
}

static mill_status read_as(const tensor_reader *t, const group *g, const char ***out, mill_error *err)
{
	int64_t count = 0;
	mill_arena *arena = &t->features->arena;
	*out = NULL;
	if (g->as == NULL)
		return MILL_OK;
	if (g->as->kind == MILL_JSON_STRING)
		MILL_TRY(mill_braces_expand(g->as, g->as->text, arena, out, &count, err));
	else
		MILL_TRY(mill_json_strings(g->as, arena, out, &count, err));
	if (count != g->count)
		return mill_json_fail(g->as, err, "\"as\" gives %lld names for %lld columns", (long long)count,
		                      (long long)g->count);
	for (int64_t i = 0; i < count; i++) {
		(*out)[i] = mill_arena_strdup(arena, (*out)[i]);
		if ((*out)[i] == NULL)
			return mill_fail_nomem(err, 0, "feature names");
	}
	return MILL_OK;
}

static mill_status add_group(tensor_reader *t, const group *g, mill_error *err)
{
	const char **as;
	mill_recipe *own = NULL;
	/* Columns that take the tensor's list share one recipe over all entries. */
	mill_recipe **shared = g->transforms == t->transforms && t->share ? &t->shared : &own;
	MILL_TRY(read_as(t, g, &as, err));
	for (int64_t i = 0; i < g->count; i++)
		MILL_TRY(add_column(t, g, i, as == NULL ? NULL : as[i], shared, err));
	return MILL_OK;
}

/* Names of `columns` within an entry: strings whose braces expand. */
static mill_status expand_names(const tensor_reader *t, const mill_json *list, group *g, mill_error *err)
{
	mill_arena *arena = &t->features->arena;
	if (list->kind == MILL_JSON_STRING)
		return mill_braces_expand(list, list->text, arena, &g->names, &g->count, err);
	MILL_TRY(mill_json_expect(list, MILL_JSON_ARRAY, err));
	int64_t room = 0;
	for (int64_t i = 0; i < list->count; i++) {
		const char *text, **names;
		int64_t count;
		MILL_TRY(mill_json_string(&list->items[i], &text, err));
		MILL_TRY(mill_braces_expand(&list->items[i], text, arena, &names, &count, err));
		if (g->count + count > room) {
			room = 2 * (g->count + count);
			const char **more = mill_arena_array(arena, (size_t)room, sizeof *more);
			if (more == NULL)
				return mill_fail_nomem(err, (size_t)room * sizeof *more, "column names");
			if (g->count > 0)
				memcpy(more, g->names, (size_t)g->count * sizeof *more);
			g->names = more;
		}
		memcpy(g->names + g->count, names, (size_t)count * sizeof *names);
		g->count += count;
	}
	return g->count > 0 ? MILL_OK : mill_json_fail(list, err, "a list of columns is empty");
}

static mill_status read_entry(tensor_reader *t, const mill_json *entry, mill_error *err)
{
	static const char *const keys[] = {"column", "columns", "do", "as", "share", "cross"};
	group g = {.node = entry, .transforms = t->transforms, .share = t->share};
	if (entry->kind == MILL_JSON_STRING) {
		MILL_TRY(expand_names(t, entry, &g, err));
		return add_group(t, &g, err);
	}
	if (entry->kind != MILL_JSON_OBJECT)
		return mill_json_fail(entry, err, "a column is a name or {\"column\", \"do\", \"as\"}");
	MILL_TRY(mill_json_check_keys(entry, keys, sizeof keys / sizeof keys[0], err));
	if (mill_json_get(entry, "cross") != NULL)
		return mill_json_fail_as(entry, MILL_NOT_YET, err,
		                         "\"cross\" is not supported yet: concatenate the columns in SQL");
	const mill_json *one = mill_json_get(entry, "column"), *several = mill_json_get(entry, "columns");
	if ((one == NULL) == (several == NULL))
		return mill_json_fail(entry, err, "an entry has either \"column\" or \"columns\"");
	if (mill_json_get(entry, "do") != NULL)
		g.transforms = mill_json_get(entry, "do");
	MILL_TRY(mill_json_opt_bool(entry, "share", &g.share, err));
	g.as = mill_json_get(entry, "as");
	g.node = one != NULL ? one : several;
	if (one != NULL)
		MILL_TRY(mill_json_expect(one, MILL_JSON_STRING, err));
	MILL_TRY(expand_names(t, g.node, &g, err));
	if (one != NULL && g.count != 1)
		return mill_json_fail(one, err, "\"column\" is one column: write \"columns\" for several");
	return add_group(t, &g, err);
}

static mill_status read_columns(tensor_reader *t, const mill_json *node, mill_error *err)
{
	const mill_json *one = mill_json_get(node, "column"), *several = mill_json_get(node, "columns");
	if ((one == NULL) == (several == NULL))
		return mill_json_fail(node, err, "a tensor has either \"column\" or \"columns\"");
	t->tensor->is_column = one != NULL;
	if (one != NULL) {
		MILL_TRY(read_entry(t, one, err));
		return t->tensor->chain_count == 1
		           ? MILL_OK
		           : mill_json_fail(one, err, "\"column\" is one column: write \"columns\" for several");
	}
	if (several->kind == MILL_JSON_STRING)
		return read_entry(t, several, err);
	MILL_TRY(mill_json_expect(several, MILL_JSON_ARRAY, err));
	for (int64_t i = 0; i < several->count; i++)
		MILL_TRY(read_entry(t, &several->items[i], err));
	return t->tensor->chain_count > 0 ? MILL_OK : mill_json_fail(several, err, "a tensor needs a column");
}

static mill_status read_dtype(const mill_json *node, mill_type *out, mill_error *err)
{
	mill_json *dtype;
	const char *text;
	mill_error inner = {0};
	char name[MILL_TYPE_TEXT_BYTES];
	MILL_TRY(mill_json_need(node, "dtype", &dtype, err));
	MILL_TRY(mill_json_string(dtype, &text, err));
	mill_status status = mill_type_parse(text, out, &inner);
	if (status != MILL_OK)
		return mill_json_fail_as(dtype, status, err, "%s", inner.message);
	if (!mill_type_is_integer(*out) && !mill_type_is_float(*out))
		return mill_json_fail(
		    dtype, err, "a tensor's dtype is an integer or float type, as \"float32\" or \"int64\", not %s",
		    mill_type_text(*out, name));
	return MILL_OK;
}

static mill_status read_layout(const mill_json *node, mill_error *err)
{
	static const char *const layouts[] = {"dense", "ragged", "csr"};
	const mill_json *layout = mill_json_get(node, "layout");
	const char *text = "dense";
	if (layout != NULL)
		MILL_TRY(mill_json_string(layout, &text, err));
	if (strcmp(text, "dense") == 0)
		return MILL_OK;
	if (strcmp(text, "ragged") == 0 || strcmp(text, "csr") == 0)
		return mill_json_fail_as(layout, MILL_NOT_YET, err, "layout \"%s\" is not supported yet: \"dense\" is",
		                         text);
	const char *near = mill_suggest(text, layouts, 3);
	return mill_json_fail(layout, err, "unknown layout \"%s\"%s%s%s", text, near == NULL ? "" : " (did you mean \"",
	                      near == NULL ? "" : near, near == NULL ? "" : "\"?)");
}

static mill_status read_nulls(const mill_json *node, mill_tensor *tensor, mill_error *err)
{
	const mill_json *nulls = mill_json_get(node, "nulls");
	const char *text;
	if (nulls == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_string(nulls, &text, err));
	if (strcmp(text, "nan") == 0) {
		tensor->nan_for_null = true;
		return mill_type_is_float(tensor->dtype)
		           ? MILL_OK
		           : mill_json_fail(nulls, err, "\"nan\" needs a float dtype: use impute_constant");
	}
	return strcmp(text, "error") == 0
	           ? MILL_OK
	           : mill_json_fail(nulls, err, "\"nulls\" is \"nan\" or \"error\", not \"%s\"", text);
}

static mill_status read_tensor(mill_features *features, const mill_json *node, mill_tensor *out, mill_error *err)
{
	static const char *const keys[] = {"dtype", "column", "columns", "do", "role", "layout", "nulls", "share"};
	tensor_reader t = {.features = features, .tensor = out};
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	MILL_TRY(mill_json_check_keys(node, keys, sizeof keys / sizeof keys[0], err));
	out->name = mill_arena_strdup(&features->arena, node->key);
	if (out->name == NULL)
		return mill_fail_nomem(err, 0, "a tensor");
	MILL_TRY(read_dtype(node, &out->dtype, err));
	MILL_TRY(read_layout(node, err));
	MILL_TRY(read_nulls(node, out, err));
	MILL_TRY(mill_json_opt_bool(node, "share", &t.share, err));
	const char *role = NULL;
	MILL_TRY(mill_json_opt_string(node, "role", &role, err));
	if (role != NULL && (out->role = mill_arena_strdup(&features->arena, role)) == NULL)
		return mill_fail_nomem(err, 0, "a tensor");
	t.transforms = mill_json_get(node, "do");
	return read_columns(&t, node, err);
}

mill_status mill_read_tensors(mill_features *features, const mill_json *tensors, mill_error *err)
{
	if (tensors == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_expect(tensors, MILL_JSON_OBJECT, err));
	features->tensors = mill_arena_array(&features->arena, (size_t)tensors->count + 1, sizeof(mill_tensor));
	if (features->tensors == NULL)
		return mill_fail_nomem(err, 0, "tensors");
	for (int64_t i = 0; i < tensors->count; i++) {
		MILL_TRY(read_tensor(features, &tensors->items[i], &features->tensors[i], err));
		features->tensor_count++;
	}
	return MILL_OK;
}

/* Room for one more, doubling at powers of two. */
static mill_status grow_keeps(mill_features *features, mill_error *err)
{
	int count = features->keep_count;
	if ((count & (count - 1)) != 0)
		return MILL_OK;
	size_t room = count == 0 ? 1 : 2 * (size_t)count;
	mill_keep *more = mill_arena_array(&features->arena, room, sizeof *more);
	if (more == NULL)
		return mill_fail_nomem(err, room * sizeof *more, "kept columns");
	if (count > 0)
		memcpy(more, features->keeps, (size_t)count * sizeof *more);
	features->keeps = more;
	return MILL_OK;
}

static mill_status add_keep(mill_features *features, const mill_json *node, const char *name, const char *as,
                            mill_error *err)
{
	int at = 0;
	char type[MILL_TYPE_TEXT_BYTES];
	MILL_TRY(grow_keeps(features, err));
	MILL_TRY(mill_read_column(features, node, name, &at, err));
	const mill_field *field = &features->input.fields[at];
	if (!mill_type_is_countable(field->type) && field->type.id != MILL_TYPE_STRING)
		return mill_json_fail_as(node, MILL_NOT_YET, err,
		                         "column \"%s\" is %s, which a store does not keep yet", field->name,
		                         mill_type_text(field->type, type));
	mill_keep *keep = &features->keeps[features->keep_count];
	keep->name = mill_arena_printf(&features->arena, "keep/%s", as != NULL ? as : field->name);
	keep->position = at;
	keep->type = field->type;
	if (keep->name == NULL)
		return mill_fail_nomem(err, 0, "kept columns");
	for (int k = 0; k < features->keep_count; k++)
		if (strcmp(features->keeps[k].name, keep->name) == 0)
			return mill_json_fail(node, err, "column \"%s\" is kept twice", keep->name + strlen("keep/"));
	features->keep_count++;
	return MILL_OK;
}

mill_status mill_read_keep(mill_features *features, const mill_json *keep, mill_error *err)
{
	static const char *const keys[] = {"column", "as"};
	if (keep == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_expect(keep, MILL_JSON_ARRAY, err));
	for (int64_t i = 0; i < keep->count; i++) {
		const mill_json *node = &keep->items[i];
		const char *as = NULL, **names;
		int64_t count;
		if (node->kind == MILL_JSON_OBJECT) {
			mill_json *column;
			MILL_TRY(mill_json_check_keys(node, keys, 2, err));
			MILL_TRY(mill_json_opt_string(node, "as", &as, err));
			MILL_TRY(mill_json_need(node, "column", &column, err));
			node = column;
		}
		MILL_TRY(mill_json_expect(node, MILL_JSON_STRING, err));
		MILL_TRY(mill_braces_expand(node, node->text, &features->arena, &names, &count, err));
		if (as != NULL && count != 1)
			return mill_json_fail(node, err, "\"as\" names one column");
		for (int64_t n = 0; n < count; n++)
			MILL_TRY(add_keep(features, node, names[n], as, err));
	}
	return MILL_OK;
}
