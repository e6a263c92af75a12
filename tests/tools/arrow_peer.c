/* The C half of arrow_peer.py: built as a shared library, so that pyarrow and rankmill meet in one process. */
#include "column/arrow.h"
#include "column/builder.h"
#include "column/value.h"

#include <string.h>

int peer_export(struct ArrowSchema *schema, struct ArrowArray *array);
int peer_import(const struct ArrowSchema *schema, const struct ArrowArray *array, char *out, size_t out_bytes);

static mill_mem mem = {.budget_bytes = INT64_MAX};

static const mill_type types[] = {
    {MILL_TYPE_BOOL, 0, 0, false},      {MILL_TYPE_INT8, 0, 0, false},     {MILL_TYPE_UINT64, 0, 0, false},
    {MILL_TYPE_FLOAT32, 0, 0, false},   {MILL_TYPE_FLOAT64, 0, 0, false},  {MILL_TYPE_DECIMAL, 12, 3, false},
    {MILL_TYPE_STRING, 0, 0, false},    {MILL_TYPE_BINARY, 0, 0, false},   {MILL_TYPE_DATE, 0, 0, false},
    {MILL_TYPE_TIMESTAMP, 0, 0, false}, {MILL_TYPE_TIMESTAMP, 0, 0, true}, {MILL_TYPE_INTERVAL, 0, 0, false}};
#define TYPES ((int)(sizeof(types) / sizeof(types[0])))
#define ROWS  100

/* Row r is NULL where r % 7 is 3; else a value that arrow_peer.py knows. */
static mill_status put_row(mill_builder *b, int64_t r)
{
	mill_interval interval = {(int32_t)r, (int32_t)-r, r * 1000001};
	mill_i128 decimal = r * 1001 - 5;
	if (r % 7 == 3)
		return mill_builder_null(b);
	switch (b->type.id) {
	case MILL_TYPE_BOOL: return mill_builder_bool(b, r % 3 == 0);
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64: return mill_builder_f64(b, (double)r / 4);
	case MILL_TYPE_DECIMAL: return mill_builder_fixed(b, &decimal);
	case MILL_TYPE_INTERVAL: return mill_builder_fixed(b, &interval);
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY: return mill_builder_text(b, "\xc3\xa9t\xc3\xa9 0123456789", (size_t)(r % 4 + 5));
	case MILL_TYPE_UINT64: return mill_builder_i64(b, -r - 1);
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP: return mill_builder_i64(b, r - 50);
	case MILL_TYPE_NULL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return MILL_INTERNAL;
}

int peer_export(struct ArrowSchema *schema, struct ArrowArray *array)
{
	mill_field fields[TYPES];
	mill_schema described = {fields, TYPES};
	mill_batch batch;
	if (mill_batch_new(&mem, TYPES, 0, &batch, NULL) != MILL_OK)
		return 1;
	batch.rows = ROWS;
	int failed = 0;
	for (int c = 0; c < TYPES; c++) {
		mill_builder b;
		fields[c] = (mill_field){"c", types[c], true};
		mill_builder_init(&b, &mem, types[c]);
		for (int64_t r = 0; r < ROWS; r++)
			failed |= put_row(&b, r) != MILL_OK;
		failed |= mill_builder_finish(&b, &batch.columns[c], NULL) != MILL_OK;
	}
	failed = failed || mill_arrow_export_schema(&mem, &described, &batch, schema, NULL) != MILL_OK;
	failed = failed || mill_arrow_export_batch(&mem, &described, &batch, array, NULL) != MILL_OK;
	mill_batch_release(&batch);
	return failed;
}

/* Writes "type" and then the text of each value, NULL as nothing, a line a column, fields ended by a tab. */
int peer_import(const struct ArrowSchema *schema, const struct ArrowArray *array, char *out, size_t out_bytes)
{
	mill_arena arena;
	mill_schema fields;
	mill_batch batch;
	mill_bytes text;
	mill_error err = {0};
	char type[MILL_TYPE_TEXT_BYTES];
	mill_arena_init(&arena, &mem);
	mill_bytes_init(&text, &mem);
	mill_status status = mill_arrow_import(&mem, schema, array, &arena, &fields, &batch, &err);
	if (status != MILL_OK) {
		strncpy(out, err.message, out_bytes - 1);
		mill_arena_release(&arena);
		return 1;
	}
	for (int c = 0; c < batch.column_count && status == MILL_OK; c++) {
		status = mill_bytes_append_text(&text, mill_type_text(fields.fields[c].type, type));
		for (int64_t r = 0; r < batch.rows && status == MILL_OK; r++) {
			status = mill_bytes_append_text(&text, "\t");
			if (status == MILL_OK && !mill_column_is_null(&batch.columns[c], r))
				status = mill_value_text(&batch.columns[c], r, &text);
		}
		if (status == MILL_OK)
			status = mill_bytes_append_text(&text, "\n");
	}
	if (status == MILL_OK && text.size_bytes < out_bytes) {
		memcpy(out, text.data, text.size_bytes);
		out[text.size_bytes] = '\0';
	}
	mill_bytes_release(&text);
	mill_batch_release(&batch);
	mill_arena_release(&arena);
	return status != MILL_OK || mem.used_bytes != 0;
}

int main(void)
{
	return 0;
}
