/* Lanes: windows of columns, and their values as float64. */
#include "expr/decimal.h"
#include "features/features_private.h"

#include <string.h>

bool mill_type_is_countable(mill_type type)
{
	return type.id == MILL_TYPE_BOOL || mill_type_is_numeric(type) || mill_type_is_time(type);
}

void mill_chain_start(const mill_chain *chain, const mill_batch *batch, const mill_work *work, mill_lane *out)
{
	const mill_column *source = &batch->columns[chain->position];
	mill_column window = *source;
	size_t width_bytes = source->dictionary != NULL ? sizeof(int32_t) : mill_type_width_bytes(source->type);
	size_t first = (size_t)work->first_row;
	window.rows = work->rows;
	if (source->validity != NULL)
		window.validity = source->validity + first / 64;
	if (source->type.id == MILL_TYPE_BOOL)
		window.values = (uint64_t *)source->values + first / 64;
	else if (source->values != NULL)
		window.values = (uint8_t *)source->values + first * width_bytes;
	if (source->offsets != NULL)
		window.offsets = source->offsets + first;
	*out = (mill_lane){window, NULL};
}

#define FROM(T)                                            \
	{                                                  \
		const T *restrict in = column->values;     \
		for (int64_t r = 0; r < column->rows; r++) \
			out[r] = (double)in[r];            \
		return;                                    \
	}

/* Every row, NULL ones included: what they hold is put right afterwards. */
static void load_floats(const mill_column *column, double *restrict out)
{
	switch (column->type.id) {
	case MILL_TYPE_INT8: FROM(int8_t)
	case MILL_TYPE_INT16: FROM(int16_t)
	case MILL_TYPE_INT32:
	case MILL_TYPE_DATE: FROM(int32_t)
	case MILL_TYPE_INT64:
	case MILL_TYPE_TIMESTAMP: FROM(int64_t)
	case MILL_TYPE_UINT8: FROM(uint8_t)
	case MILL_TYPE_UINT16: FROM(uint16_t)
	case MILL_TYPE_UINT32: FROM(uint32_t)
	case MILL_TYPE_UINT64: FROM(uint64_t)
	case MILL_TYPE_FLOAT32: FROM(float)
	case MILL_TYPE_FLOAT64: FROM(double)
	case MILL_TYPE_BOOL:
		for (int64_t r = 0; r < column->rows; r++)
			out[r] = mill_bit_get(column->values, r) ? 1.0 : 0.0;
		return;
	case MILL_TYPE_DECIMAL:
		for (int64_t r = 0; r < column->rows; r++)
			out[r] = mill_column_is_null(column, r)
			             ? 0.0
			             : mill_decimal_f64(((const mill_i128 *)column->values)[r], column->type.scale);
		return;
	case MILL_TYPE_NULL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: /* not countable: at most NULLs */ memset(out, 0, (size_t)column->rows * sizeof(*out));
	}
}

double mill_number_at(const mill_column *column, int64_t row)
{
	double value;
	mill_column one = *column;
	one.rows = 1;
	one.validity = NULL;
	if (column->type.id == MILL_TYPE_BOOL)
		return mill_bit_get(column->values, row) ? 1.0 : 0.0;
	one.values = (uint8_t *)column->values + (size_t)row * mill_type_width_bytes(column->type);
	load_floats(&one, &value);
	return value;
}

void mill_floats_put_nulls(const mill_column *column, double value, double *restrict out)
{
	uint64_t *restrict bits = (uint64_t *)(void *)out;
	uint64_t filler;
	memcpy(&filler, &value, sizeof filler);
	for (int64_t base = 0; column->validity != NULL && base < column->rows; base += 64) {
		uint64_t valid = column->validity[base >> 6];
		int64_t rows = mill_min_i64(64, column->rows - base);
		if (valid == ~(uint64_t)0)
			continue;
		for (int64_t r = 0; r < rows; r++) {
			uint64_t keep = 0 - (valid >> r & 1);
			bits[base + r] = (bits[base + r] & keep) | (filler & ~keep);
		}
	}
}

double *mill_lane_own_floats(mill_lane *lane, mill_work *work)
{
	mill_column *column = &lane->column;
	double *out = work->floats[0];
	if (column->values != out)
		load_floats(column, out);
	mill_floats_put_nulls(column, lane->fill == NULL ? 0.0 : mill_number_at(lane->fill, 0), out);
	if (lane->fill != NULL)
		column->validity = NULL;
	column->type = mill_type_of(MILL_TYPE_FLOAT64);
	column->values = out;
	lane->fill = NULL;
	return out;
}

const double *mill_lane_floats(const mill_lane *lane, mill_work *work)
{
	const mill_column *column = &lane->column;
	if (column->type.id == MILL_TYPE_FLOAT64 && lane->fill == NULL)
		return column->values;
	double *out = work->floats[1];
	load_floats(column, out);
	if (lane->fill != NULL)
		mill_floats_put_nulls(column, mill_number_at(lane->fill, 0), out);
	return out;
}

int64_t *mill_lane_new_ids(mill_lane *lane, mill_work *work)
{
	mill_column *column = &lane->column;
	int64_t *out = column->values == work->ids[0] ? work->ids[1] : work->ids[0];
	column->type = mill_type_of(MILL_TYPE_INT64);
	column->values = out;
	column->dictionary = NULL;
	return out;
}
