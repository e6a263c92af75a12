/* Column types and schemas (architecture §6): Arrow's set. Plain values; names are borrowed from an arena.
 * Not collective. */
#ifndef MILL_COLUMN_TYPE_H
#define MILL_COLUMN_TYPE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/checked.h"
#include <stdbool.h>
#include <stdint.h>

/* The numbers are part of the frame format: never renumber. A new type needs a row in traits.c; a switch over a
 * mill_type_id lists every type and has no default, so that the compiler names the places that a new type must visit.
 * LIST and STRUCT are reserved, not yet built. One byte. */
typedef enum __attribute__((packed)) mill_type_id {
	MILL_TYPE_NULL = 0, /* the untyped NULL; never in a batch that leaves an expression */
	MILL_TYPE_BOOL = 1, /* one bit per row */
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
	mill_type_id id;
	uint8_t precision; /* DECIMAL */
	uint8_t scale;     /* DECIMAL, 0 … precision */
	bool zoned;        /* TIMESTAMP */
} mill_type;

/* What a value is. */
typedef enum mill_type_kind {
	MILL_KIND_NULL,
	MILL_KIND_BOOL,
	MILL_KIND_SIGNED,
	MILL_KIND_UNSIGNED,
	MILL_KIND_FLOAT,
	MILL_KIND_DECIMAL,
	MILL_KIND_TEXT, /* bytes of any length */
	MILL_KIND_TIME, /* days or microseconds since 1970 */
	MILL_KIND_INTERVAL,
	MILL_KIND_NESTED /* made of columns of its own */
} mill_type_kind;

/* How the text of a value looks (mill_value_text): what a writer of CSV, JSON or SQL must know of it. */
typedef enum mill_type_print {
	MILL_PRINT_NUMBER, /* digits, sign, point, exponent, or nan, inf, -inf: bare everywhere */
	MILL_PRINT_TRUTH,  /* true or false: bare everywhere */
	MILL_PRINT_FORM,   /* a date, an interval, \x00ff: no comma, no quote in it; quoted in JSON and SQL */
	MILL_PRINT_TEXT    /* any characters: quoted wherever text is */
} mill_type_print;

/* What holds for all values of a type. One row per type, in traits.c. */
typedef struct mill_type_traits {
	const char *name;         /* the one spelling, without a decimal's digits and a timestamp's zone */
	const char *arrow_format; /* of Arrow's C data interface; a decimal's digits and a timestamp's zone follow it;
	                             NULL: none yet */
	mill_type_kind kind;
	mill_type_print print;
	uint32_t width_bytes;   /* of one value; 0: a bit (BOOL), offsets + bytes (TEXT), or no values of its own. Not a
	                           byte: knowing that a memcpy is short, GCC writes it as a slow rep movsb */
	uint8_t integer_digits; /* decimal digits of the longest value of an integer type; 0 for others */
	bool is_ordered;        /* mill_value_compare and sort keys order its values: ORDER BY, min, max */
	bool is_exact;          /* not rounded: sums are exact in integers, and equal values are the same number */
} mill_type_traits;

extern const mill_type_traits mill_type_table[];

/* The row of a type, whose id must be one of the enumeration (mill_type_id_is_known). */
static inline const mill_type_traits *mill_traits_of(mill_type type)
{
	return &mill_type_table[type.id];
}
/* Whether a number read from outside is a mill_type_id. */
bool mill_type_id_is_known(unsigned number);

/* A type without parameters; decimals and zoned timestamps have their own makers below. */
static inline mill_type mill_type_of(mill_type_id id)
{
	mill_type type = {id, 0, 0, false};
	return type;
}
/* precision 1 … 38, scale 0 … precision: the caller has checked them. */
static inline mill_type mill_type_decimal(int precision, int scale)
{
	mill_type type = {MILL_TYPE_DECIMAL, (uint8_t)precision, (uint8_t)scale, false};
	return type;
}
/* zoned: an instant, kept in UTC; else a local time. */
static inline mill_type mill_type_timestamp(bool zoned)
{
	mill_type type = {MILL_TYPE_TIMESTAMP, 0, 0, zoned};
	return type;
}
/* The same type with the same parameters. */
bool mill_type_equal(mill_type a, mill_type b);
/* int8 … int64. */
static inline bool mill_type_is_signed(mill_type t)
{
	return mill_traits_of(t)->kind == MILL_KIND_SIGNED;
}
/* uint8 … uint64. */
static inline bool mill_type_is_unsigned(mill_type t)
{
	return mill_traits_of(t)->kind == MILL_KIND_UNSIGNED;
}
/* int8 … uint64. */
static inline bool mill_type_is_integer(mill_type t)
{
	return mill_traits_of(t)->integer_digits > 0;
}
/* float32, float64. */
static inline bool mill_type_is_float(mill_type t)
{
	return mill_traits_of(t)->kind == MILL_KIND_FLOAT;
}
/* Integers, floats and decimals. */
static inline bool mill_type_is_numeric(mill_type t)
{
	return mill_traits_of(t)->print == MILL_PRINT_NUMBER;
}
/* STRING and BINARY: columns of offsets and bytes. */
static inline bool mill_type_is_text(mill_type t)
{
	return mill_traits_of(t)->kind == MILL_KIND_TEXT;
}
/* date, timestamp. */
static inline bool mill_type_is_time(mill_type t)
{
	return mill_traits_of(t)->kind == MILL_KIND_TIME;
}
/* LIST and STRUCT: not built yet. */
static inline bool mill_type_is_nested(mill_type t)
{
	return mill_traits_of(t)->kind == MILL_KIND_NESTED;
}
/* Bytes of one value: 1, 2, 4, 8, 16; 0 for BOOL (bits), for STRING and BINARY (offsets + bytes) and for NULL. */
static inline size_t mill_type_width_bytes(mill_type type)
{
	return mill_traits_of(type)->width_bytes;
}
/* Bytes that `rows` values take in a column: BOOL is padded to words of 64 bits; 0 for STRING, BINARY and NULL. */
static inline size_t mill_type_values_bytes(mill_type type, int64_t rows)
{
	return type.id == MILL_TYPE_BOOL ? mill_bit_words(rows) * 8 : (size_t)rows * mill_type_width_bytes(type);
}

/* The least and the largest value of an integer type, a date or a timestamp, as an int64. UINT64: 0 … INT64_MAX, what
 * an int64 can say of it. */
void mill_type_limits(mill_type type, int64_t *least, int64_t *most);

/* "int64", "decimal(10,2)", "timestamp with time zone": the one spelling that errors, manifests and schemas print. */
#define MILL_TYPE_TEXT_BYTES 32
const char *mill_type_text(mill_type type, char out[MILL_TYPE_TEXT_BYTES]); /* returns out */
/* Parses SQL's, Arrow's and Spark's names without case ("float64", "DOUBLE PRECISION", "tinyint", "decimal(10, 2)").
 * Where a name has two meanings PostgreSQL's holds: `float` is float64, `timestamp` has no zone, `real` is float32. The
 * one exception is `int8`: in `schema` and `dtype` it means 8 bits, as in Arrow and NumPy; in SQL text
 * it is PostgreSQL's 64-bit integer, which the binder sees to. decimal without digits is decimal(38,16), decimal(p)
 * has scale 0. Lengths of varchar(n) and char(n) are accepted and not enforced. Timestamps are microseconds: another
 * unit is an error that says so. MILL_USAGE with the closest name as suggestion; MILL_NOT_YET for lists and structs. */
MILL_NODISCARD mill_status mill_type_parse(const char *text, mill_type *out, mill_error *err);

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
/* Fields and names copied to the arena. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_schema_copy(const mill_schema *schema, mill_arena *arena, mill_schema *out);
/* The field name nearest to `name` by edit distance, or NULL where nothing is near: for "did you mean". Borrowed. */
const char *mill_schema_suggest(const mill_schema *schema, const char *name);

#endif
