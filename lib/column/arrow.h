/* Batches in and out through the Arrow C Data Interface, for tools in the same process. Flat types only. Not
 * collective. Source: Apache Arrow, "The Arrow C data interface" (the two structs below are its ABI, version 1). */
#ifndef MILL_COLUMN_ARROW_H
#define MILL_COLUMN_ARROW_H

#include "column/column.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4

struct ArrowSchema {
	const char *format;
	const char *name;
	const char *metadata;
	int64_t flags;
	int64_t n_children;
	struct ArrowSchema **children;
	struct ArrowSchema *dictionary;
	void (*release)(struct ArrowSchema *);
	void *private_data;
};

struct ArrowArray {
	int64_t length;
	int64_t null_count;
	int64_t offset;
	int64_t n_buffers;
	int64_t n_children;
	const void **buffers;
	struct ArrowArray **children;
	struct ArrowArray *dictionary;
	void (*release)(struct ArrowArray *);
	void *private_data;
};

#endif

/* The schema as a struct ("+s") of its fields. The result owns what it holds, on mem, which must outlive it; its
 * consumer calls release. A dictionary column of the batch needs its own shape, so batch may be given (NULL: all
 * plain). */
MILL_NODISCARD mill_status mill_arrow_export_schema(mill_mem *mem, const mill_schema *schema, const mill_batch *batch,
                                                    struct ArrowSchema *out, mill_error *err);
/* The first schema->count columns of the batch as a struct array. Buffers are shared, not copied, except intervals,
 * whose nanoseconds are made (MILL_DATA where they overflow). */
MILL_NODISCARD mill_status mill_arrow_export_batch(mill_mem *mem, const mill_schema *schema, const mill_batch *batch,
                                                   struct ArrowArray *out, mill_error *err);
/* Copies a struct array: offsets are applied, dictionaries and large text become plain text. The caller still releases
 * both structs. schema_out and its names live in arena. MILL_DATA: values that do not fit or break a rule of the layout
 * (bad UTF-8, falling offsets); MILL_NOT_YET: a type that rankmill does not have. Lengths of buffers are not part of
 * the interface, so the producer is trusted with them. */
MILL_NODISCARD mill_status mill_arrow_import(mill_mem *mem, const struct ArrowSchema *schema,
                                             const struct ArrowArray *array, mill_arena *arena, mill_schema *schema_out,
                                             mill_batch *out, mill_error *err);

#endif
