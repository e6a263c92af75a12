/* Shared by the parts of the store as a source. Not collective. */
#ifndef MILL_STORE_SOURCE_SOURCE_PRIVATE_H
#define MILL_STORE_SOURCE_SOURCE_PRIVATE_H

#include "formats/format.h"
#include "formats/wire.h"
#include "store/store_private.h"

#define MILL_STORE_SPLIT_COLUMN (-1)

/* What a column of the table is read from. */
typedef struct mill_store_column {
	int dataset; /* MILL_STORE_SPLIT_COLUMN: the shard's split */
	int feature; /* of a tensor; 0 where it has one value per row */
} mill_store_column;

/* The columns of a store, or of several of equal datasets. */
typedef struct mill_store_columns {
	const mill_dataset_spec *datasets; /* tensors, then kept columns; roles and cardinalities are not set */
	int dataset_count;
	bool has_split;
	mill_schema schema;
	mill_store_column *columns; /* [schema.count] */
} mill_store_columns;

/* Fills schema and columns from datasets and has_split; names are borrowed from the datasets or lie in the arena.
 * MILL_DATA: two columns would have one name even so. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_store_columns_make(mill_store_columns *columns, mill_arena *arena, mill_error *err);
/* Appends datasets and has_split, for other ranks. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_store_columns_put(const mill_store_columns *columns, mill_bytes *out);
/* The other side of put; schema and columns are not made. What fell short leaves wire->ok false. Not collective. */
void mill_store_columns_get(mill_wire *wire, mill_store_columns *out);

/* A shard as a file of the table. */
typedef struct mill_store_part {
	const char *store; /* its folder, for messages */
	const char *split;
	int64_t first_ordinal;
	int64_t rows;
} mill_store_part;

typedef struct mill_store_table {
	mill_format_table base;
	mill_store_columns columns;
	const mill_store_part *parts; /* [file_count] */
} mill_store_table;

/* mill_format.is_folder: whether there is a manifest.json below the path, or below a folder that the pattern matches.
 * Not collective. */
MILL_NODISCARD mill_status mill_store_is_folder(const mill_format_env *env, const char *path, bool *out,
                                                mill_error *err);
/* mill_format.list: the shards of the stores of a path; for a store without rows its manifest, which stands for the
 * columns. MILL_DATA: a shard is missing or has not the manifest's size. Not collective. */
MILL_NODISCARD mill_status mill_store_list(const mill_format_env *env, const char *path, mill_storage_listing *out,
                                           mill_error *err);

/* mill_format.new_describer. Not collective. */
MILL_NODISCARD mill_status mill_store_new_describer(const mill_format_source *source, const mill_bytes_view *first,
                                                    const mill_format_env *env, mill_format_describer **out,
                                                    mill_error *err);
/* mill_format.describe: what the manifest says of a shard; the first one also tells the columns, with which those of
 * the others are compared. Not collective. */
MILL_NODISCARD mill_status mill_store_describe(mill_format_describer *self, int64_t file, mill_bytes *out, bool *fixes,
                                               mill_error *err);
/* mill_format.free_describer. Not collective. */
void mill_store_free_describer(mill_format_describer *self);
/* mill_format.unify. Not collective. */
MILL_NODISCARD mill_status mill_store_unify(const mill_format_source *source, const mill_bytes_view *descriptions,
                                            const mill_format_env *env, mill_format_table **out, mill_error *err);

/* mill_format.open. Not collective. */
MILL_NODISCARD mill_status mill_store_open_reader(const mill_format_table *table, const mill_input_plan *plan,
                                                  const mill_scan_spec *spec, const mill_format_env *env,
                                                  mill_format_reader **out, mill_error *err);
/* mill_format.begin. Not collective. */
MILL_NODISCARD mill_status mill_store_begin(mill_format_reader *reader, const mill_scan_spec *spec, mill_error *err);
/* mill_format.read_split. MILL_DATA: a shard is damaged; MILL_IO: it cannot be read. Not collective. */
MILL_NODISCARD mill_status mill_store_read_split(mill_format_reader *reader, int64_t split, mill_sink *sink,
                                                 mill_error *err);
/* mill_format.close. Not collective. */
void mill_store_close_reader(mill_format_reader *reader);

/* What is wrong with a shard (MILL_DATA), with what the user can do about it. Not collective. */
MILL_NODISCARD mill_status mill_store_damaged(const char *store, mill_status status, mill_error *err);

#endif
