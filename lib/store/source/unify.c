/* From shards to a table: what the manifests say of each shard, columns that are the same in all stores. */
#include "store/source/source_private.h"

#include "formats/hive.h"
#include "store/write/folder.h"

#include <string.h>

/* What is known of one shard. */
typedef struct description {
	mill_store_part part;
	bool has_split; /* the store has a split that is not `all` */
	bool has_columns;
	mill_store_columns columns;
} description;

typedef struct describer {
	mill_format_describer base;
	const mill_format_source *source;
	mill_storage *storage;
	mill_mem *mem;
	mill_arena arena;
	description first; /* has_columns false: none yet */
	mill_store *store; /* of the shard before; NULL: none */
	bool has_split;
	int split;     /* where the shard before was found */
	int64_t shard; /* … and the next one is looked for first */
} describer;

static mill_status put_description(const description *d, mill_bytes *out)
{
	MILL_TRY(mill_wire_put_text(out, d->part.store));
	MILL_TRY(mill_wire_put_text(out, d->part.split));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)d->part.first_ordinal));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)d->part.rows));
	MILL_TRY(mill_bytes_append_u8(out, d->has_split));
	MILL_TRY(mill_bytes_append_u8(out, d->has_columns));
	return d->has_columns ? mill_store_columns_put(&d->columns, out) : MILL_OK;
}

static mill_status get_description(const mill_bytes_view *in, mill_arena *arena, description *out, mill_error *err)
{
	mill_bytes_view view = *in;
	mill_wire wire = {.view = &view, .arena = arena, .ok = true};
	*out = (description){.part.store = mill_wire_text(&wire)};
	out->part.split = mill_wire_text(&wire);
	out->part.first_ordinal = mill_wire_i64(&wire);
	out->part.rows = mill_wire_i64(&wire);
	out->has_split = mill_wire_u8(&wire) != 0;
	out->has_columns = mill_wire_u8(&wire) != 0;
	if (out->has_columns)
		mill_store_columns_get(&wire, &out->columns);
	return mill_wire_end(&wire, "what a store says of a shard", err);
}

mill_status mill_store_new_describer(const mill_format_source *source, const mill_bytes_view *first,
                                     const mill_format_env *env, mill_format_describer **out, mill_error *err)
{
	describer *o = mill_mem_calloc(env->mem, 1, sizeof(*o));
	if (o == NULL)
		return mill_fail_nomem(err, sizeof(*o), "shards");
	o->base.format = source->options->format;
	o->source = source;
	o->storage = env->storage;
	o->mem = env->mem;
	mill_arena_init(&o->arena, env->mem);
	mill_status status = first->size_bytes > 0 ? get_description(first, &o->arena, &o->first, err) : MILL_OK;
	if (status != MILL_OK)
		mill_store_free_describer(&o->base);
	else
		*out = &o->base;
	return status;
}

void mill_store_free_describer(mill_format_describer *self)
{
	describer *o = (describer *)self;
	if (o == NULL)
		return;
	mill_store_close(o->store);
	mill_arena_release(&o->arena);
	mill_mem_free(o);
}

static mill_status open_store(describer *o, const char *folder, mill_error *err)
{
	mill_store_close(o->store);
	o->store = NULL;
	MILL_TRY(mill_store_open(o->storage, folder, o->mem, &o->store, err));
	o->split = 0;
	o->shard = 0;
	o->has_split = false;
	for (int s = 0; s < o->store->split_count; s++)
		o->has_split |= strcmp(o->store->splits[s].name, "all") != 0;
	return MILL_OK;
}

/* The shard of the open store that lies at uri: the next one, or any. */
static const mill_stored_shard *find_shard(describer *o, const char *uri)
{
	const mill_store *store = o->store;
	for (int turn = 0; turn <= store->split_count; turn++) {
		const mill_stored_split *split = &store->splits[o->split];
		for (; o->shard < split->shard_count; o->shard++)
			if (strcmp(split->shards[o->shard].path, uri) == 0)
				return &split->shards[o->shard++];
		o->split = (o->split + 1) % store->split_count;
		o->shard = 0;
	}
	return NULL;
}

/* Opens the store that a shard is of: the nearest folder above it with a manifest. */
static mill_status find_store(describer *o, const char *uri, mill_error *err)
{
	char *folder = mill_arena_strdup(&o->arena, uri);
	if (folder == NULL)
		return mill_fail_nomem(err, strlen(uri), "a path");
	for (char *slash = strrchr(folder, '/'); slash != NULL; slash = strrchr(folder, '/')) {
		bool is_there = false;
		*slash = '\0';
		const char *manifest = mill_arena_printf(&o->arena, "%s/" MILL_STORE_MANIFEST, folder);
		if (manifest == NULL)
			return mill_fail_nomem(err, strlen(uri), "a path");
		MILL_TRY(mill_storage_exists(o->storage, manifest, &is_there, err));
		if (is_there)
			return open_store(o, folder, err);
	}
	return mill_fail(err, MILL_DATA, "%s: no manifest of its store is left", uri);
}

static mill_status find_part(describer *o, const char *uri, mill_store_part *out, mill_error *err)
{
	size_t length = strlen(uri), name = strlen("/" MILL_STORE_MANIFEST);
	bool is_empty = length > name && strcmp(uri + length - name, "/" MILL_STORE_MANIFEST) == 0;
	const mill_stored_shard *shard = o->store != NULL && o->store->split_count > 0 ? find_shard(o, uri) : NULL;
	if (shard == NULL)
		MILL_TRY(find_store(o, uri, err));
	if (shard == NULL && o->store->split_count > 0)
		shard = find_shard(o, uri);
	if (shard == NULL && !is_empty)
		return mill_fail(err, MILL_DATA, "%s: the manifest of %s does not list this shard any more", uri,
		                 o->store->path);
	*out = (mill_store_part){.store = o->store->path, .split = ""};
	if (shard != NULL) {
		out->split = o->store->splits[o->split].name;
		out->first_ordinal = shard->first_ordinal;
		out->rows = shard->rows;
	}
	return MILL_OK;
}

static bool is_same_dataset(const mill_dataset_spec *a, const mill_dataset_spec *b)
{
	bool same = strcmp(a->name, b->name) == 0 && mill_type_equal(a->dtype, b->dtype) && a->width == b->width &&
	            a->is_column == b->is_column && a->is_keep == b->is_keep && a->feature_count == b->feature_count;
	for (int f = 0; same && f < a->feature_count; f++)
		same = strcmp(a->features[f], b->features[f]) == 0;
	return same;
}

/* Stores that make one table have equal datasets in one order. */
static mill_status compare_stores(const describer *o, mill_error *err)
{
	const mill_store *store = o->store;
	const mill_store_columns *first = &o->first.columns;
	int count = mill_min_i64(first->dataset_count, store->dataset_count) == first->dataset_count
	                ? first->dataset_count
	                : store->dataset_count;
	int d = 0;
	while (d < count && is_same_dataset(&first->datasets[d], &store->datasets[d]))
		d++;
	if (d == count && first->dataset_count == store->dataset_count)
		return MILL_OK;
	const char *name = d < first->dataset_count ? first->datasets[d].name : store->datasets[d].name;
	return mill_fail(err, MILL_DATA,
	                 "the stores %s and %s do not make one table: %s is not the same in both (datasets are to be "
	                 "equal and in the same order); give each its own source",
	                 o->first.part.store, store->path, name);
}

mill_status mill_store_describe(mill_format_describer *self, int64_t file, mill_bytes *out, bool *fixes,
                                mill_error *err)
{
	describer *o = (describer *)self;
	description d = {.has_columns = !o->first.has_columns};
	const mill_store *before = o->store;
	MILL_TRY(find_part(o, o->source->files[file].uri, &d.part, err));
	d.has_split = o->has_split;
	d.columns = (mill_store_columns){.datasets = o->store->datasets, .dataset_count = o->store->dataset_count};
	if (!d.has_columns && o->store != before)
		MILL_TRY(compare_stores(o, err));
	*fixes = d.has_columns;
	return put_description(&d, out) == MILL_OK ? MILL_OK : mill_fail_nomem(err, out->size_bytes, "shards");
}

/* Parts, and the columns, as far as the descriptions tell them. */
static mill_status take_parts(mill_store_table *table, const mill_bytes_view *descriptions, mill_arena *arena,
                              mill_error *err)
{
	mill_store_part *parts = mill_arena_array(arena, (size_t)table->base.file_count + 1, sizeof(*parts));
	bool has_split = false;
	if (parts == NULL)
		return mill_fail_nomem(err, (size_t)table->base.file_count * sizeof(*parts), "shards");
	for (int64_t i = 0; i < table->base.file_count; i++) {
		description d;
		MILL_TRY(get_description(&descriptions[i], arena, &d, err));
		parts[i] = d.part;
		has_split |= d.has_split;
		if (d.has_columns)
			table->columns = d.columns;
		table->base.row_count += d.part.rows;
	}
	table->parts = parts;
	table->columns.has_split = has_split;
	return mill_store_columns_make(&table->columns, arena, err);
}

/* A schema may be given where it says what the store says; without a store, it says what the columns are. */
static mill_status check_declared(const mill_format_source *source, const mill_schema *schema, bool *is_declared,
                                  mill_error *err)
{
	for (int i = 0; i < source->declared->count; i++) {
		char wanted[MILL_TYPE_TEXT_BYTES], found[MILL_TYPE_TEXT_BYTES];
		const mill_field *field = &source->declared->fields[i];
		int at = mill_schema_find(schema, field->name);
		const char *near = at < 0 ? mill_schema_suggest(schema, field->name) : NULL;
		if (at < 0)
			return mill_fail(err, MILL_USAGE,
			                 "the schema names the column \"%s\", which the store does not have%s%s%s",
			                 field->name, near != NULL ? " (did you mean \"" : "", near != NULL ? near : "",
			                 near != NULL ? "\"?)" : "");
		if (!mill_type_equal(schema->fields[at].type, field->type))
			return mill_fail(
			    err, MILL_USAGE,
			    "the schema says that \"%s\" is %s, and the store has %s: leave it out, and CAST in SQL",
			    field->name, mill_type_text(field->type, wanted),
			    mill_type_text(schema->fields[at].type, found));
		is_declared[at] = true;
	}
	return MILL_OK;
}

/* The store's columns, then those of key=value folders above it. */
static mill_status make_schema(const mill_format_source *source, mill_store_table *table, mill_arena *arena,
                               mill_error *err)
{
	mill_format_table *base = &table->base;
	const mill_schema *own = base->file_count > 0 ? &table->columns.schema : source->declared;
	int hive_count = 0;
	const char **names = mill_arena_array(arena, (size_t)own->count + 1, sizeof(*names));
	if (names == NULL)
		return mill_fail_nomem(err, (size_t)own->count * sizeof(*names), "columns of a store");
	for (int i = 0; i < own->count; i++)
		names[i] = own->fields[i].name;
	MILL_TRY(mill_hive_columns(source, names, own->count, arena, &base->hive_at, &hive_count, err));
	base->file_column_count = own->count;
	base->schema.count = own->count + hive_count;
	base->schema.fields = mill_arena_array(arena, (size_t)base->schema.count + 1, sizeof(*base->schema.fields));
	bool *is_declared = mill_arena_array(arena, (size_t)base->schema.count + 1, sizeof(*is_declared));
	if (base->schema.fields == NULL || is_declared == NULL)
		return mill_fail_nomem(err, (size_t)base->schema.count * sizeof(mill_field), "columns of a store");
	for (int i = 0; i < own->count; i++)
		base->schema.fields[i] = own->fields[i];
	for (int i = 0; i < hive_count; i++)
		base->schema.fields[own->count + i] =
		    (mill_field){source->hive_keys[base->hive_at[i]], mill_hive_type(source, base->hive_at[i]), true};
	base->is_declared = is_declared;
	MILL_TRY(check_declared(source, &base->schema, is_declared, err));
	return mill_hive_check(base, err);
}

mill_status mill_store_unify(const mill_format_source *source, const mill_bytes_view *descriptions,
                             const mill_format_env *env, mill_format_table **out, mill_error *err)
{
	mill_store_table *table = mill_arena_alloc(env->arena, sizeof(*table));
	if (table == NULL)
		return mill_fail_nomem(err, sizeof(*table), "the table of a store");
	table->base = (mill_format_table){.format = source->options->format,
	                                  .options = source->options,
	                                  .storage = env->storage,
	                                  .files = source->files,
	                                  .file_count = source->file_count};
	MILL_TRY(take_parts(table, descriptions, env->arena, err));
	MILL_TRY(make_schema(source, table, env->arena, err));
	*out = &table->base;
	return MILL_OK;
}
