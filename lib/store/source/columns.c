/* The columns that a store has as a table: their names, types and order. */
#include "store/source/source_private.h"

#include <stdlib.h>
#include <string.h>

/* Who keeps a name that several want. Features of one name in several tensors give way to each other. */
typedef enum name_rank { RANK_SPLIT, RANK_KEPT, RANK_TENSOR, RANK_FEATURE } name_rank;

typedef struct column_name {
	const char *name;
	name_rank rank;
	int column;
} column_name;

typedef struct maker {
	mill_store_columns *out;
	mill_arena *arena;
	column_name *names; /* [schema.count] */
} maker;

static void add_column(maker *m, const char *name, name_rank rank, mill_type type, int dataset, int feature)
{
	mill_store_columns *out = m->out;
	int at = out->schema.count++;
	out->schema.fields[at] = (mill_field){name, type, rank == RANK_KEPT};
	out->columns[at] = (mill_store_column){dataset, feature};
	m->names[at] = (column_name){name, rank, at};
}

static void add_columns(maker *m)
{
	const mill_store_columns *out = m->out;
	for (int d = 0; d < out->dataset_count; d++)
		if (out->datasets[d].is_keep)
			add_column(m, out->datasets[d].name + strlen(MILL_STORE_KEEP_PREFIX), RANK_KEPT,
			           out->datasets[d].dtype, d, 0);
	for (int d = 0; d < out->dataset_count; d++) {
		const mill_dataset_spec *spec = &out->datasets[d];
		if (spec->is_keep)
			continue;
		for (int f = 0; f < spec->feature_count; f++)
			add_column(m, spec->is_column ? spec->name : spec->features[f],
			           spec->is_column ? RANK_TENSOR : RANK_FEATURE, spec->dtype, d, f);
	}
	if (out->has_split)
		add_column(m, "split", RANK_SPLIT, mill_type_of(MILL_TYPE_STRING), MILL_STORE_SPLIT_COLUMN, 0);
}

static int compare_names(const void *a, const void *b)
{
	const column_name *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	if (order == 0)
		order = (int)x->rank - (int)y->rank;
	return order != 0 ? order : x->column - y->column;
}

static mill_status use_full_name(maker *m, const column_name *short_name, mill_error *err)
{
	mill_store_column column = m->out->columns[short_name->column];
	const mill_dataset_spec *spec = &m->out->datasets[column.dataset];
	const char *name = spec->is_keep
	                       ? mill_arena_printf(m->arena, "keep.%s", short_name->name)
	                       : mill_arena_printf(m->arena, "%s.%s", spec->name, spec->features[column.feature]);
	if (name == NULL)
		return mill_fail_nomem(err, 0, "columns of a store");
	m->out->schema.fields[short_name->column].name = name;
	return MILL_OK;
}

static mill_status part_names(maker *m, mill_error *err)
{
	int count = m->out->schema.count;
	qsort(m->names, (size_t)count, sizeof(*m->names), compare_names);
	for (int i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && strcmp(m->names[next].name, m->names[i].name) == 0;)
			next++;
		bool first_keeps = m->names[i].rank != RANK_FEATURE || next == i + 1;
		for (int n = first_keeps ? i + 1 : i; n < next; n++)
			MILL_TRY(use_full_name(m, &m->names[n], err));
	}
	for (int i = 0; i < count; i++)
		m->names[i] = (column_name){m->out->schema.fields[i].name, RANK_FEATURE, i};
	qsort(m->names, (size_t)count, sizeof(*m->names), compare_names);
	for (int i = 1; i < count; i++)
		if (strcmp(m->names[i - 1].name, m->names[i].name) == 0)
			return mill_fail(err, MILL_DATA,
			                 "two columns would be called \"%s\"; rename a tensor, a feature or a kept "
			                 "column (\"as\") in the job that writes the store",
			                 m->names[i].name);
	return MILL_OK;
}

mill_status mill_store_columns_make(mill_store_columns *columns, mill_arena *arena, mill_error *err)
{
	maker m = {.out = columns, .arena = arena};
	int64_t count = columns->has_split;
	for (int d = 0; d < columns->dataset_count; d++)
		count += columns->datasets[d].is_keep ? 1 : columns->datasets[d].feature_count;
	if (count > INT32_MAX / 2)
		return mill_fail(err, MILL_DATA, "%lld columns are too many for a table", (long long)count);
	columns->schema.count = 0;
	columns->schema.fields = mill_arena_array(arena, (size_t)count + 1, sizeof(*columns->schema.fields));
	columns->columns = mill_arena_array(arena, (size_t)count + 1, sizeof(*columns->columns));
	m.names = mill_arena_array(arena, (size_t)count + 1, sizeof(*m.names));
	if (columns->schema.fields == NULL || columns->columns == NULL || m.names == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof(*m.names), "columns of a store");
	add_columns(&m);
	return part_names(&m, err);
}

mill_status mill_store_columns_put(const mill_store_columns *columns, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_u8(out, columns->has_split));
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)columns->dataset_count));
	for (int d = 0; d < columns->dataset_count; d++) {
		const mill_dataset_spec *spec = &columns->datasets[d];
		MILL_TRY(mill_wire_put_text(out, spec->name));
		MILL_TRY(mill_wire_put_type(out, spec->dtype));
		MILL_TRY(mill_bytes_append_u8(out, (uint8_t)(spec->is_column | spec->is_keep << 1)));
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)spec->width));
		MILL_TRY(mill_bytes_append_u32(out, (uint32_t)spec->feature_count));
		for (int f = 0; f < spec->feature_count; f++)
			MILL_TRY(mill_wire_put_text(out, spec->features[f]));
	}
	return MILL_OK;
}

static void get_dataset(mill_wire *wire, mill_dataset_spec *out)
{
	out->name = mill_wire_text(wire);
	out->dtype = mill_wire_type(wire);
	uint8_t flags = mill_wire_u8(wire);
	out->is_column = (flags & 1) != 0;
	out->is_keep = (flags & 2) != 0;
	out->width = mill_wire_i64(wire);
	out->feature_count = (int)mill_wire_u32(wire);
	const char **names = mill_wire_array(wire, out->feature_count, sizeof(*names), 4);
	for (int f = 0; wire->ok && f < out->feature_count; f++)
		names[f] = mill_wire_text(wire);
	out->features = names;
}

void mill_store_columns_get(mill_wire *wire, mill_store_columns *out)
{
	*out = (mill_store_columns){.has_split = mill_wire_u8(wire) != 0};
	out->dataset_count = (int)mill_wire_u32(wire);
	mill_dataset_spec *datasets = mill_wire_array(wire, out->dataset_count, sizeof(*datasets), 21);
	for (int d = 0; wire->ok && d < out->dataset_count; d++)
		get_dataset(wire, &datasets[d]);
	out->datasets = datasets;
}
