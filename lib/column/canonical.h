/* The one bit pattern of equal values: −0 becomes +0, every NaN 7FF8000000000000, float32 widens to float64, an
 * interval becomes its length. What V, equality, order and sort keys share. Not collective. */
#ifndef MILL_COLUMN_CANONICAL_H
#define MILL_COLUMN_CANONICAL_H

#include "column/column.h"
#include <string.h>

#define MILL_NAN_BITS 0x7FF8000000000000ULL

/* The bits that all equal values have: +0 for −0, one NaN for all. */
static inline uint64_t mill_canonical_f64(double value)
{
	uint64_t bits;
	double sum = value + 0.0; /* −0 + 0 = +0 */
	memcpy(&bits, &sum, sizeof(bits));
	return value != value ? MILL_NAN_BITS : bits;
}

/* Order of canonical bits as signed integers: −Inf … 0 … +Inf, NaN. */
static inline int64_t mill_order_f64(double value)
{
	int64_t bits = (int64_t)mill_canonical_f64(value);
	return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}

/* PostgreSQL's rule: a month counts 30 days, a day 24 hours. */
static inline mill_i128 mill_interval_us(mill_interval interval)
{
	const int64_t day_us = 86400000000;
	return ((mill_i128)interval.months * 30 + interval.days) * day_us + interval.us;
}

/* An integer, DATE or TIMESTAMP as 64 bits, sign-extended (UINT64 as it is); 0 for columns of other types. */
static inline uint64_t mill_integer_bits(const mill_column *column, int64_t row)
{
	switch (column->type.id) {
	case MILL_TYPE_INT8: return (uint64_t)((const int8_t *)column->values)[row];
	case MILL_TYPE_INT16: return (uint64_t)((const int16_t *)column->values)[row];
	case MILL_TYPE_INT32:
	case MILL_TYPE_DATE: return (uint64_t)((const int32_t *)column->values)[row];
	case MILL_TYPE_UINT8: return ((const uint8_t *)column->values)[row];
	case MILL_TYPE_UINT16: return ((const uint16_t *)column->values)[row];
	case MILL_TYPE_UINT32: return ((const uint32_t *)column->values)[row];
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_TIMESTAMP: return ((const uint64_t *)column->values)[row];
	case MILL_TYPE_NULL:
	case MILL_TYPE_BOOL:
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64:
	case MILL_TYPE_DECIMAL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return 0;
}

/* A FLOAT32 or FLOAT64 as a double. */
static inline double mill_float_value(const mill_column *column, int64_t row)
{
	if (column->type.id == MILL_TYPE_FLOAT32)
		return (double)((const float *)column->values)[row];
	return ((const double *)column->values)[row];
}

#endif
