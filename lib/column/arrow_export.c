/* Columns and batches to the Arrow C data interface, without copying. */
#include "column/arrow.h"

#include <stdio.h>
#include <string.h>

/* Every node of a tree is one block: what its struct points to comes with it, so that a consumer may move a child out
 * and release it on its own. */

#define FORMAT_BYTES 32

typedef struct schema_node {
	char format[FORMAT_BYTES];
	struct ArrowSchema *children; /* own block */
	struct ArrowSchema **pointers;
	struct ArrowSchema dictionary;
	char name[];
} schema_node;

static void release_schema(struct ArrowSchema *schema)
{
	schema_node *node = schema->private_data;
	for (int64_t i = 0; i < schema->n_children; i++)
		if (schema->children[i]->release != NULL)
			schema->children[i]->release(schema->children[i]);
	if (schema->dictionary != NULL && schema->dictionary->release != NULL)
		schema->dictionary->release(schema->dictionary);
	mill_mem_free(node->children);
	mill_mem_free(node->pointers);
	mill_mem_free(node);
	schema->release = NULL;
}

static mill_status put_format(mill_type type, char out[FORMAT_BYTES], mill_error *err)
{
	const char *format = mill_traits_of(type)->arrow_format;
	if (format == NULL)
		return mill_fail(err, MILL_NOT_YET, "lists and structs cannot be handed over as Arrow yet");
	if (type.id == MILL_TYPE_DECIMAL)
		snprintf(out, FORMAT_BYTES, "%s%u,%u", format, (unsigned)type.precision, (unsigned)type.scale);
	else
		snprintf(out, FORMAT_BYTES, "%s%s", format, type.id == MILL_TYPE_TIMESTAMP && type.zoned ? "UTC" : "");
	return MILL_OK;
}

/* A node without children. */
static mill_status make_schema(mill_mem *mem, const char *format, const char *name, bool nullable,
                               struct ArrowSchema *out, mill_error *err)
{
	size_t name_bytes = strlen(name) + 1;
	schema_node *node = mill_mem_calloc(mem, 1, sizeof(*node) + name_bytes);
	if (node == NULL)
		return mill_fail_nomem(err, sizeof(*node) + name_bytes, "Arrow schema");
	snprintf(node->format, FORMAT_BYTES, "%s", format);
	memcpy(node->name, name, name_bytes);
	*out = (struct ArrowSchema){.format = node->format,
	                            .name = node->name,
	                            .flags = nullable ? ARROW_FLAG_NULLABLE : 0,
	                            .release = release_schema,
	                            .private_data = node};
	return MILL_OK;
}

static mill_status field_schema(mill_mem *mem, const mill_field *field, bool has_dictionary, struct ArrowSchema *out,
                                mill_error *err)
{
	char format[FORMAT_BYTES];
	MILL_TRY(put_format(field->type, format, err));
	if (!has_dictionary)
		return make_schema(mem, format, field->name, field->nullable, out, err);
	struct ArrowSchema made;
	const char *codes = mill_traits_of(mill_type_of(MILL_TYPE_INT32))->arrow_format;
	MILL_TRY(make_schema(mem, codes, field->name, field->nullable, &made, err));
	schema_node *node = made.private_data;
	mill_status status = make_schema(mem, format, "", false, &node->dictionary, err);
	if (status != MILL_OK) {
		made.release(&made);
		return status;
	}
	made.dictionary = &node->dictionary;
	*out = made;
	return MILL_OK;
}

/* Blocks for `count` children of `size` bytes each, zeroed, and pointers to them. */
static mill_status child_blocks(mill_mem *mem, int count, size_t size, void **children, void ***pointers,
                                mill_error *err)
{
	*children = mill_mem_calloc(mem, (size_t)count, size);
	*pointers = mill_mem_calloc(mem, (size_t)count, sizeof(void *));
	if (*children == NULL || *pointers == NULL)
		return mill_fail_nomem(err, (size_t)count * size, "Arrow children");
	for (int i = 0; i < count; i++)
		(*pointers)[i] = (uint8_t *)*children + (size_t)i * size;
	return MILL_OK;
}

static mill_status add_fields(mill_mem *mem, const mill_schema *schema, const mill_batch *batch,
                              struct ArrowSchema *made, mill_error *err)
{
	schema_node *node = made->private_data;
	void *children, **pointers;
	mill_status status = child_blocks(mem, schema->count, sizeof(*made), &children, &pointers, err);
	node->children = children;
	node->pointers = (struct ArrowSchema **)pointers;
	MILL_TRY(status);
	made->children = node->pointers;
	for (int i = 0; i < schema->count; i++) {
		bool has_dictionary = batch != NULL && batch->columns[i].dictionary != NULL;
		MILL_TRY(field_schema(mem, &schema->fields[i], has_dictionary, &node->children[i], err));
		made->n_children = i + 1;
	}
	return MILL_OK;
}

mill_status mill_arrow_export_schema(mill_mem *mem, const mill_schema *schema, const mill_batch *batch,
                                     struct ArrowSchema *out, mill_error *err)
{
	struct ArrowSchema made;
	MILL_TRY(make_schema(mem, "+s", "", false, &made, err));
	mill_status status = add_fields(mem, schema, batch, &made, err);
	if (status != MILL_OK) {
		made.release(&made);
		return status;
	}
	*out = made;
	return MILL_OK;
}

typedef struct array_node {
	mill_column column; /* the references that the buffers stand on */
	mill_buffer *made;  /* a buffer made for Arrow, or NULL */
	const void *buffers[3];
	struct ArrowArray *children; /* own block */
	struct ArrowArray **pointers;
	struct ArrowArray dictionary;
} array_node;

static void release_array(struct ArrowArray *array)
{
	array_node *node = array->private_data;
	for (int64_t i = 0; i < array->n_children; i++)
		if (array->children[i]->release != NULL)
			array->children[i]->release(array->children[i]);
	if (array->dictionary != NULL && array->dictionary->release != NULL)
		array->dictionary->release(array->dictionary);
	mill_column_release(&node->column);
	mill_buffer_release(node->made);
	mill_mem_free(node->children);
	mill_mem_free(node->pointers);
	mill_mem_free(node);
	array->release = NULL;
}

static mill_status make_array(mill_mem *mem, int64_t rows, struct ArrowArray *out, mill_error *err)
{
	array_node *node = mill_mem_calloc(mem, 1, sizeof(*node));
	if (node == NULL)
		return mill_fail_nomem(err, sizeof(*node), "Arrow array");
	*out = (struct ArrowArray){
	    .length = rows, .n_buffers = 1, .buffers = node->buffers, .release = release_array, .private_data = node};
	return MILL_OK;
}

/* Arrow's month_day_nano: int32, int32, int64. */
static mill_status make_nanoseconds(mill_mem *mem, const mill_column *column, array_node *node, mill_error *err)
{
	size_t bytes = (size_t)column->rows * sizeof(mill_interval);
	const mill_interval *from = column->values;
	node->made = mill_buffer_new(mem, bytes);
	if (node->made == NULL)
		return mill_fail_nomem(err, bytes, "Arrow intervals");
	mill_interval *to = (mill_interval *)node->made->data;
	for (int64_t r = 0; r < column->rows; r++) {
		to[r] = (mill_interval){0, 0, 0};
		if (mill_column_is_null(column, r))
			continue;
		to[r] = from[r];
		if (mill_mul_overflows(from[r].us, 1000, &to[r].us))
			return mill_fail(err, MILL_DATA,
			                 "row %lld: an interval of %lld µs is too long for Arrow's nanoseconds",
			                 (long long)r, (long long)from[r].us);
	}
	node->buffers[1] = node->made->data;
	return MILL_OK;
}

static const int32_t no_offsets[1] = {0};

static mill_status column_array(mill_mem *mem, const mill_column *column, struct ArrowArray *out, mill_error *err);

static mill_status fill_array(mill_mem *mem, const mill_column *column, struct ArrowArray *made, mill_error *err)
{
	array_node *node = made->private_data;
	node->column = mill_column_retain(column);
	made->null_count = column->null_count;
	made->n_buffers = 2;
	node->buffers[0] = column->validity;
	node->buffers[1] = column->values;
	if (column->type.id == MILL_TYPE_NULL) {
		made->n_buffers = 0;
	} else if (column->dictionary != NULL) {
		MILL_TRY(column_array(mem, column->dictionary, &node->dictionary, err));
		made->dictionary = &node->dictionary;
	} else if (mill_type_is_text(column->type)) {
		made->n_buffers = 3;
		node->buffers[1] = column->offsets == NULL ? no_offsets : column->offsets;
		node->buffers[2] = column->bytes;
	} else if (column->type.id == MILL_TYPE_INTERVAL) {
		return make_nanoseconds(mem, column, node, err);
	}
	return MILL_OK;
}

static mill_status column_array(mill_mem *mem, const mill_column *column, struct ArrowArray *out, mill_error *err)
{
	struct ArrowArray made;
	MILL_TRY(make_array(mem, column->rows, &made, err));
	mill_status status = fill_array(mem, column, &made, err);
	if (status != MILL_OK) {
		made.release(&made);
		return status;
	}
	*out = made;
	return MILL_OK;
}

static mill_status add_columns(mill_mem *mem, const mill_batch *batch, int count, struct ArrowArray *made,
                               mill_error *err)
{
	array_node *node = made->private_data;
	void *children, **pointers;
	mill_status status = child_blocks(mem, count, sizeof(*made), &children, &pointers, err);
	node->children = children;
	node->pointers = (struct ArrowArray **)pointers;
	MILL_TRY(status);
	made->children = node->pointers;
	for (int i = 0; i < count; i++) {
		MILL_TRY(column_array(mem, &batch->columns[i], &node->children[i], err));
		made->n_children = i + 1;
	}
	return MILL_OK;
}

mill_status mill_arrow_export_batch(mill_mem *mem, const mill_schema *schema, const mill_batch *batch,
                                    struct ArrowArray *out, mill_error *err)
{
	struct ArrowArray made;
	if (schema->count > batch->column_count)
		return mill_fail(err, MILL_INTERNAL, "a schema of %d fields for a batch of %d columns", schema->count,
		                 batch->column_count);
	MILL_TRY(make_array(mem, batch->rows, &made, err));
	mill_status status = add_columns(mem, batch, schema->count, &made, err);
	if (status != MILL_OK) {
		made.release(&made);
		return status;
	}
	*out = made;
	return MILL_OK;
}
