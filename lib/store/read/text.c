#include "store/read/text.h"

#include "base/json_writer.h"
#include "column/value.h"

#include <string.h>

mill_status mill_store_cell_text(const mill_block *block, int64_t row, int64_t feature, mill_bytes *out)
{
	if (!block->spec->is_keep) {
		size_t element_bytes = mill_type_width_bytes(block->spec->dtype);
		size_t at = (size_t)(row * block->spec->width + feature) * element_bytes;
		mill_column element = {.type = block->spec->dtype, .rows = 1, .values = block->elements->data + at};
		return mill_value_text(&element, 0, out);
	}
	if (mill_column_is_null(&block->column, row))
		return mill_bytes_append_text(out, "NULL");
	if (mill_traits_of(block->column.type)->print != MILL_PRINT_TEXT)
		return mill_value_text(&block->column, row, out);
	int32_t length_bytes = 0;
	const char *text = mill_column_text(&block->column, row, &length_bytes);
	return mill_json_quote(out, text, (size_t)length_bytes);
}

mill_status mill_store_cell_name(const mill_dataset_spec *spec, int64_t feature, mill_bytes *out)
{
	MILL_TRY(mill_bytes_append_text(out, spec->name));
	if (spec->is_keep || spec->is_column)
		return MILL_OK;
	MILL_TRY(mill_bytes_append_u8(out, '.'));
	return mill_bytes_append_text(out, spec->features[feature]);
}

mill_status mill_store_size_text(int64_t size_bytes, mill_bytes *out)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	if (size_bytes < 1000)
		return mill_bytes_printf(out, "%" PRId64 " bytes", size_bytes);
	int64_t unit_bytes = 1000;
	size_t unit = 0;
	while (unit + 1 < sizeof(units) / sizeof(units[0]) && size_bytes / unit_bytes >= 1000) {
		unit_bytes *= 1000;
		unit++;
	}
	int64_t tenths = size_bytes / (unit_bytes / 10);
	return mill_bytes_printf(out, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10, units[unit]);
}

int64_t mill_store_text_columns(const char *text, size_t size_bytes)
{
	int64_t columns = 0;
	for (size_t i = 0; i < size_bytes; i++)
		columns += ((unsigned char)text[i] & 0xC0U) != 0x80U;
	return columns;
}

void mill_split_reader_init(mill_split_reader *reader, const mill_store *store, int split)
{
	*reader = (mill_split_reader){.store = store, .split = split, .shard = -1};
}

void mill_split_reader_release(mill_split_reader *reader)
{
	mill_shard_reader_free(reader->reader);
	reader->reader = NULL;
	reader->shard = -1;
}

mill_status mill_split_reader_next(mill_split_reader *reader, int dataset, int64_t first, int64_t max_rows,
                                   mill_block *out, mill_error *err)
{
	const mill_stored_split *split = &reader->store->splits[reader->split];
	int64_t low = 0;
	int64_t high = split->shard_count - 1;
	while (low < high) {
		int64_t middle = (low + high + 1) / 2;
		if (split->shards[middle].first_ordinal <= first)
			low = middle;
		else
			high = middle - 1;
	}
	if (reader->shard != low) {
		mill_split_reader_release(reader);
		mill_shard_ask ask = mill_store_ask(reader->store, reader->split, low);
		MILL_TRY(mill_shard_reader_open(&ask, reader->store->mem, &reader->reader, err));
		reader->shard = low;
	}
	int64_t at = first - split->shards[low].first_ordinal;
	int64_t rows = mill_min_i64(max_rows, mill_shard_reader_run(reader->reader, dataset, at));
	return mill_shard_reader_rows(reader->reader, dataset, at, rows, out, err);
}
