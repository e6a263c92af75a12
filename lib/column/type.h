/* Column types and schemas (architecture §6): Arrow's set. Plain values; names are borrowed from an arena.
 * Not collective. */
#ifndef MILL_COLUMN_TYPE_H
#define MILL_COLUMN_TYPE_H

#include "base/arena.h"
#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

/* The numbers are part of the frame format: never renumber. LIST and STRUCT are reserved, not yet built. */
typedef enum mill_type_id {
	MILL_TYPE_NULL = 0, /* the untyped NULL; never in a batch that leaves an expression */
	MILL_TYPE_BOOL = 1, /* one bit a row */
	MILL_TYPE_INT8 = 2,
	MILL_TYPE_INT16 = 3,
	MILL_TYPE_INT32 = 4,
	MILL_TYPE_INT64 = 5,
	MILL_TYPE_UINT8 = 6,
	MILL_TYPE_UINT16 = 7,
	MILL_TYPE_UINT32 = 8,
	MILL_TYPE_UINT64 = 9,
	MILL_TYPE_FLOAT32 = 10,
	MILL_TYPE_FLOAT64 = 11,
	MILL_TYPE_DECIMAL = 12,   /* int128 at `scale`, precision 1 … 38 */
	MILL_TYPE_STRING = 13,    /* UTF-8: int32 offsets[rows + 1] + bytes */
	MILL_TYPE_BINARY = 14,    /* the same, any bytes */
	MILL_TYPE_DATE = 15,      /* int32 days since 1970-01-01 (date32) */
	MILL_TYPE_TIMESTAMP = 16, /* int64 µs since 1970-01-01 00:00:00; `zoned`: an instant, in UTC */
	MILL_TYPE_INTERVAL = 17,  /* mill_interval */
	MILL_TYPE_LIST = 18,
	MILL_TYPE_STRUCT = 19
} mill_type_id;

typedef struct mill_interval {
	int32_t months;
	int32_t days;
	int64_t us;
} mill_interval;

typedef struct mill_type {
	uint8_t id;        /* mill_type_id */
	uint8_t precision; /* DECIMAL */
	uint8_t scale;     /* DECIMAL, 0 … precision */
	bool zoned;        /* TIMESTAMP */
} mill_type;

static inline mill_type mill_type_of(mill_type_id id)
{
	mill_type type = {(uint8_t)id, 0, 0, false};
	return type;
}
static inline mill_type mill_type_decimal(int precision, int scale)
{
	mill_type type = {MILL_TYPE_DECIMAL, (uint8_t)precision, (uint8_t)scale, false};
	return type;
}
static inline mill_type mill_type_timestamp(bool zoned)
{
	mill_type type = {MILL_TYPE_TIMESTAMP, 0, 0, zoned};
	return type;
}
bool mill_type_equal(mill_type a, mill_type b);
static inline bool mill_type_is_signed(mill_type t)
{
	return t.id >= MILL_TYPE_INT8 && t.id <= MILL_TYPE_INT64;
}
static inline bool mill_type_is_unsigned(mill_type t)
{
	return t.id >= MILL_TYPE_UINT8 && t.id <= MILL_TYPE_UINT64;
}
static inline bool mill_type_is_integer(mill_type t)
{
	return t.id >= MILL_TYPE_INT8 && t.id <= MILL_TYPE_UINT64;
}
static inline bool mill_type_is_float(mill_type t)
{
	return t.id == MILL_TYPE_FLOAT32 || t.id == MILL_TYPE_FLOAT64;
}
static inline bool mill_type_is_numeric(mill_type t)
{
	return t.id >= MILL_TYPE_INT8 && t.id <= MILL_TYPE_DECIMAL;
}
static inline bool mill_type_is_text(mill_type t)
{
	return t.id == MILL_TYPE_STRING || t.id == MILL_TYPE_BINARY;
}

/* Bytes of one value: 1, 2, 4, 8, 16; 0 for BOOL (bits) and for STRING and BINARY (offsets + bytes). */
size_t mill_type_width_bytes(mill_type type);

/* "int64", "decimal(10,2)", "timestamp with time zone": the one spelling that errors, manifests and schemas print. */
#define MILL_TYPE_TEXT_BYTES 32
const char *mill_type_text(mill_type type, char out[MILL_TYPE_TEXT_BYTES]); /* returns out */
/* Parses SQL's, Arrow's and Spark's names without case ("float64", "DOUBLE PRECISION", "tinyint", "decimal(10, 2)").
 * Where a name has two meanings PostgreSQL's holds: `float` is float64, `timestamp` has no zone, `real` is float32. The
 * one exception is `int8`: in `schema` and `dtype` it means 8 bits, as in Arrow and NumPy; SQL text goes through
 * mill_type_parse_sql, where it is PostgreSQL's 64-bit integer. decimal without digits is decimal(38,16), decimal(p)
 * has scale 0. Lengths of varchar(n) and char(n) are accepted and not enforced. Timestamps are microseconds: another
 * unit is an error that says so. MILL_USAGE with the closest name as suggestion; MILL_NOT_YET for lists and structs. */
MILL_NODISCARD mill_status mill_type_parse(const char *text, mill_type *out, mill_error *err);
MILL_NODISCARD mill_status mill_type_parse_sql(const char *text, mill_type *out, mill_error *err);

typedef struct mill_field {
	const char *name; /* UTF-8, NUL-terminated, as its source spells it */
	mill_type type;
	bool nullable; /* false: no row is NULL, ever */
} mill_field;

typedef struct mill_schema {
	mill_field *fields;
	int count;
} mill_schema;

/* Index of the field called name: exact match first, else without (ASCII) case. −1: none; −2: ambiguous. */
int mill_schema_find(const mill_schema *schema, const char *name);
MILL_NODISCARD mill_status mill_schema_copy(const mill_schema *schema, mill_arena *arena, mill_schema *out);
/* The field name nearest to `name` by edit distance, or NULL where nothing is near: for "did you mean". Borrowed. */
const char *mill_schema_suggest(const mill_schema *schema, const char *name);

#endif
