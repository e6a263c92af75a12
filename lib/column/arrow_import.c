/* Columns and batches from the Arrow C data interface. */
#include "column/arrow.h"
#include "column/bits.h"
#include "column/canonical.h"
#include "column/layout.h"

#include <stdlib.h>
#include <string.h>

/* "d:p,s" or "d:p,s,128". */
static mill_status decimal_format(const char *format, mill_type *out, mill_error *err)
{
	char *end;
	long precision = strtol(format + 2, &end, 10);
	long scale = *end == ',' ? strtol(end + 1, &end, 10) : -1;
	if (*end != '\0' && strcmp(end, ",128") != 0)
		return mill_fail(err, MILL_NOT_YET, "Arrow format \"%.40s\": only 128-bit decimals are supported",
		                 format);
	if (precision < 1 || precision > 38 || scale < 0 || scale > precision)
		return mill_fail(err, MILL_DATA,
		                 "Arrow format \"%.40s\": a decimal has 1 to 38 digits and 0 to as many after "
		                 "the point",
		                 format);
	*out = mill_type_decimal((int)precision, (int)scale);
	return MILL_OK;
}

static mill_status type_of_format(const char *format, mill_type *out, mill_error *err)
{
	if (strncmp(format, "d:", 2) == 0)
		return decimal_format(format, out, err);
	/* 64-bit offsets: the same types in Arrow's wide layout. */
	const char *narrow = strcmp(format, "U") == 0 ? "u" : strcmp(format, "Z") == 0 ? "z" : format;
	for (unsigned id = 0; mill_type_id_is_known(id); id++) {
		mill_type type = mill_type_of((mill_type_id)id);
		const char *known = mill_traits_of(type)->arrow_format;
		if (known != NULL && strcmp(narrow, known) == 0) {
			*out = type;
			return MILL_OK;
		}
	}
	/* An instant is UTC whatever zone it is shown in. */
	if (strncmp(format, "tsu:", 4) == 0) {
		*out = mill_type_timestamp(true);
		return MILL_OK;
	}
	return mill_fail(err, MILL_NOT_YET,
	                 "Arrow format \"%.40s\" is not supported (timestamps are microseconds, \"tsu:\")", format);
}

static const char *name_of(const struct ArrowSchema *schema)
{
	return schema->name == NULL ? "" : schema->name;
}

/* Rows first … first + rows − 1 of an array, first counting from its buffers' start. */
typedef struct source {
	mill_mem *mem;
	const struct ArrowSchema *schema;
	const struct ArrowArray *array;
	int64_t first;
	int64_t rows;
	mill_error *err;
} source;

/* Arrow promises bytes, not words, of a bitmap. */
static void copy_bits(const uint8_t *from, int64_t first, int64_t rows, uint64_t *out)
{
	memset(out, 0, mill_bit_words(rows) * 8);
	for (int64_t r = 0; r < rows; r++)
		if ((from[(first + r) >> 3] >> ((first + r) & 7) & 1) != 0)
			mill_bit_set(out, r);
}

static mill_status copy_validity(const source *s, mill_column *column)
{
	if (s->array->n_buffers == 0 || s->array->buffers[0] == NULL || s->array->null_count == 0 || s->rows == 0)
		return MILL_OK;
	MILL_TRY(mill_column_add_validity(s->mem, column, s->err));
	copy_bits(s->array->buffers[0], s->first, s->rows, column->validity);
	mill_column_settle_nulls(column);
	return MILL_OK;
}

static int64_t offset_at(const source *s, int64_t row, bool large)
{
	int64_t wide;
	int32_t narrow;
	const uint8_t *offsets = s->array->buffers[1];
	if (large) {
		memcpy(&wide, offsets + (size_t)row * sizeof(wide), sizeof(wide));
		return wide;
	}
	memcpy(&narrow, offsets + (size_t)row * sizeof(narrow), sizeof(narrow));
	return narrow;
}

/* Row r as text; false where its offsets fall. */
static bool text_at(const source *s, int64_t row, bool large, const char **text, int64_t *length)
{
	int64_t start = offset_at(s, row, large), end = offset_at(s, row + 1, large);
	*text = (const char *)s->array->buffers[2] + start;
	*length = end - start;
	return start >= 0 && end >= start;
}

/* Text of the rows that are not NULL, appended row by row: a NULL may have text in Arrow, never here. */
static mill_status copy_text_rows(const source *s, bool large, mill_column *column)
{
	int64_t total = 0, length;
	const char *text;
	for (int64_t r = 0; r < s->rows; r++) {
		if (!mill_column_is_null(column, r)) {
			if (!text_at(s, s->first + r, large, &text, &length) ||
			    mill_add_overflows(total, length, &total))
				return mill_fail(s->err, MILL_DATA,
				                 "Arrow column \"%.80s\": falling offsets at row %lld",
				                 name_of(s->schema), (long long)r);
		}
		column->offsets[r + 1] = (int32_t)(uint32_t)(uint64_t)total;
	}
	MILL_TRY(mill_column_add_text(s->mem, column, (size_t)total, s->err));
	for (int64_t r = 0; r < s->rows; r++)
		if (!mill_column_is_null(column, r) && text_at(s, s->first + r, large, &text, &length) && length > 0)
			memcpy(column->bytes + column->offsets[r], text, (size_t)length);
	return MILL_OK;
}

static mill_status copy_text(const source *s, mill_type type, mill_column *out)
{
	mill_column column;
	bool large = s->schema->format[0] == 'U' || s->schema->format[0] == 'Z';
	MILL_TRY(mill_column_new_offsets(s->mem, type, s->rows, &column, s->err));
	mill_status status = copy_validity(s, &column);
	if (status == MILL_OK)
		status = copy_text_rows(s, large, &column);
	if (status == MILL_OK)
		*out = column;
	else
		mill_column_release(&column);
	return status;
}

static mill_status to_microseconds(const source *s, mill_column *column)
{
	mill_interval *values = column->values;
	for (int64_t r = 0; r < s->rows; r++) {
		if (mill_column_is_null(column, r))
			continue;
		if (values[r].us % 1000 != 0)
			return mill_fail(s->err, MILL_DATA,
			                 "Arrow column \"%.80s\": the interval at row %lld has nanoseconds, only "
			                 "microseconds can be "
			                 "held",
			                 name_of(s->schema), (long long)r);
		values[r].us /= 1000;
	}
	return MILL_OK;
}

static mill_status fill_fixed(const source *s, mill_column *column)
{
	size_t width = mill_type_width_bytes(column->type);
	const uint8_t *values = s->array->n_buffers > 1 ? s->array->buffers[1] : NULL;
	MILL_TRY(copy_validity(s, column));
	if (s->rows == 0)
		return MILL_OK;
	if (values == NULL)
		return mill_fail(s->err, MILL_DATA, "Arrow column \"%.80s\" has no values", name_of(s->schema));
	if (column->type.id == MILL_TYPE_BOOL)
		copy_bits(values, s->first, s->rows, column->values);
	else
		memcpy(column->values, values + (size_t)s->first * width, (size_t)s->rows * width);
	return column->type.id == MILL_TYPE_INTERVAL ? to_microseconds(s, column) : MILL_OK;
}

static mill_status copy_plain(const source *s, mill_type type, mill_column *out)
{
	mill_column column;
	if (type.id == MILL_TYPE_NULL)
		return mill_column_nulls(s->mem, type, s->rows, out, s->err);
	if (mill_type_is_text(type))
		return copy_text(s, type, out);
	MILL_TRY(mill_column_new(s->mem, type, s->rows, 0, &column, s->err));
	mill_status status = fill_fixed(s, &column);
	if (status == MILL_OK)
		*out = column;
	else
		mill_column_release(&column);
	return status;
}

/* Codes as positions for a take: −1 where NULL. */
static mill_status code_positions(const mill_column *codes, int64_t entries, const char *name, int32_t *positions,
                                  mill_error *err)
{
	for (int64_t r = 0; r < codes->rows; r++) {
		int64_t code = (int64_t)mill_integer_bits(codes, r);
		bool is_null = mill_column_is_null(codes, r);
		if (!is_null && (code < 0 || code >= entries))
			return mill_fail(err, MILL_DATA, "Arrow column \"%.80s\": row %lld is outside its dictionary",
			                 name, (long long)r);
		positions[r] = is_null ? -1 : (int32_t)code;
	}
	return MILL_OK;
}

/* Entries of an Arrow dictionary may repeat or be NULL, which ours may not: its values are written out. */
static mill_status copy_dictionary(const source *s, mill_type code_type, mill_column *out)
{
	const struct ArrowArray *entries = s->array->dictionary;
	source of_entries = {s->mem, s->schema->dictionary, entries, 0, 0, s->err};
	mill_column codes = {0}, values = {0};
	mill_type type;
	mill_status status = MILL_OK;
	if (!mill_type_is_integer(code_type) || entries == NULL)
		return mill_fail(s->err, MILL_DATA,
		                 "Arrow column \"%.80s\": a dictionary needs integer codes and values",
		                 name_of(s->schema));
	of_entries.first = entries->offset;
	of_entries.rows = entries->length;
	MILL_TRY(type_of_format(s->schema->dictionary->format, &type, s->err));
	int32_t *positions = mill_mem_alloc(s->mem, (size_t)s->rows * sizeof(int32_t));
	if (positions == NULL)
		return mill_fail_nomem(s->err, (size_t)s->rows * sizeof(int32_t), "Arrow dictionary");
	MILL_TRY_GOTO(copy_plain(s, code_type, &codes), done);
	MILL_TRY_GOTO(copy_plain(&of_entries, type, &values), done);
	MILL_TRY_GOTO(mill_column_validate(&values, s->err), done);
	MILL_TRY_GOTO(code_positions(&codes, values.rows, name_of(s->schema), positions, s->err), done);
	status = mill_column_take(s->mem, &values, positions, s->rows, out, s->err);
done:
	mill_column_release(&codes);
	mill_column_release(&values);
	mill_mem_free(positions);
	return status;
}

static mill_status import_column(const source *s, mill_column *out)
{
	mill_type type;
	MILL_TRY(type_of_format(s->schema->format, &type, s->err));
	MILL_TRY((s->schema->dictionary != NULL ? copy_dictionary : copy_plain)(s, type, out));
	return mill_column_validate(out, s->err);
}

static mill_status check_struct(const struct ArrowSchema *schema, const struct ArrowArray *array, mill_error *err)
{
	if (schema->release == NULL || array->release == NULL)
		return mill_fail(err, MILL_INTERNAL, "an Arrow structure that was released already");
	if (strcmp(schema->format, "+s") != 0 || schema->n_children != array->n_children)
		return mill_fail(err, MILL_DATA, "a batch comes as an Arrow struct (\"+s\"), not \"%.40s\"",
		                 schema->format);
	if (array->null_count != 0 && array->n_buffers > 0 && array->buffers[0] != NULL)
		return mill_fail(err, MILL_DATA, "rows of an Arrow batch that are NULL as a whole");
	if (array->length < 0 || array->length > INT32_MAX || array->offset < 0 || schema->n_children > INT32_MAX)
		return mill_fail(err, MILL_DATA, "an Arrow batch of %lld rows from %lld on", (long long)array->length,
		                 (long long)array->offset);
	return MILL_OK;
}

static mill_status import_columns(mill_mem *mem, const struct ArrowSchema *schema, const struct ArrowArray *array,
                                  mill_arena *arena, mill_schema *fields, mill_batch *batch, mill_error *err)
{
	for (int i = 0; i < batch->column_count; i++) {
		const struct ArrowSchema *child = schema->children[i];
		const struct ArrowArray *values = array->children[i];
		if (values->offset < 0 || values->length - array->offset < array->length)
			return mill_fail(err, MILL_DATA, "Arrow column \"%.80s\" has %lld rows, its batch %lld + %lld",
			                 name_of(child), (long long)values->length, (long long)array->offset,
			                 (long long)array->length);
		source s = {mem, child, values, array->offset + values->offset, array->length, err};
		mill_status status = import_column(&s, &batch->columns[i]);
		if (status != MILL_OK)
			return mill_fail_context(err, status, "Arrow column %d", i);
		fields->fields[i].name = mill_arena_strdup(arena, name_of(child));
		fields->fields[i].type = batch->columns[i].type;
		fields->fields[i].nullable = (child->flags & ARROW_FLAG_NULLABLE) != 0;
		if (fields->fields[i].name == NULL)
			return mill_fail_nomem(err, strlen(name_of(child)) + 1, "a column name");
	}
	return MILL_OK;
}

mill_status mill_arrow_import(mill_mem *mem, const struct ArrowSchema *schema, const struct ArrowArray *array,
                              mill_arena *arena, mill_schema *schema_out, mill_batch *out, mill_error *err)
{
	mill_batch batch;
	MILL_TRY(check_struct(schema, array, err));
	mill_schema fields = {NULL, (int)schema->n_children};
	fields.fields = mill_arena_array(arena, (size_t)fields.count, sizeof(mill_field));
	if (fields.fields == NULL)
		return mill_fail_nomem(err, (size_t)fields.count * sizeof(mill_field), "a schema");
	MILL_TRY(mill_batch_new(mem, fields.count, 0, &batch, err));
	batch.rows = array->length;
	mill_status status = import_columns(mem, schema, array, arena, &fields, &batch, err);
	if (status != MILL_OK) {
		mill_batch_release(&batch);
		return status;
	}
	*schema_out = fields;
	*out = batch;
	return MILL_OK;
}
