/* The table of types: what is true of each. */
#include "column/type.h"

/* One row per type: id, kind, print, width in bytes, integer digits, is it ordered, is it exact, Arrow format, name. */
#define TYPE_ROWS(X)                                                      \
	X(NULL, NULL, FORM, 0, 0, true, true, "n", "null")                \
	X(BOOL, BOOL, TRUTH, 0, 0, true, true, "b", "bool")               \
	X(INT8, SIGNED, NUMBER, 1, 3, true, true, "c", "int8")            \
	X(INT16, SIGNED, NUMBER, 2, 5, true, true, "s", "int16")          \
	X(INT32, SIGNED, NUMBER, 4, 10, true, true, "i", "int32")         \
	X(INT64, SIGNED, NUMBER, 8, 19, true, true, "l", "int64")         \
	X(UINT8, UNSIGNED, NUMBER, 1, 3, true, true, "C", "uint8")        \
	X(UINT16, UNSIGNED, NUMBER, 2, 5, true, true, "S", "uint16")      \
	X(UINT32, UNSIGNED, NUMBER, 4, 10, true, true, "I", "uint32")     \
	X(UINT64, UNSIGNED, NUMBER, 8, 20, true, true, "L", "uint64")     \
	X(FLOAT32, FLOAT, NUMBER, 4, 0, true, false, "f", "float32")      \
	X(FLOAT64, FLOAT, NUMBER, 8, 0, true, false, "g", "float64")      \
	X(DECIMAL, DECIMAL, NUMBER, 16, 0, true, true, "d:", "decimal")   \
	X(STRING, TEXT, TEXT, 0, 0, true, true, "u", "string")            \
	X(BINARY, TEXT, FORM, 0, 0, true, true, "z", "binary")            \
	X(DATE, TIME, FORM, 4, 0, true, true, "tdD", "date")              \
	X(TIMESTAMP, TIME, FORM, 8, 0, true, true, "tsu:", "timestamp")   \
	X(INTERVAL, INTERVAL, FORM, 16, 0, true, true, "tin", "interval") \
	X(LIST, NESTED, FORM, 0, 0, false, true, NULL, "list")            \
	X(STRUCT, NESTED, FORM, 0, 0, false, true, NULL, "struct")

const mill_type_traits mill_type_table[] = {
#define X(id, kind_, print_, width, digits, ordered, exact, arrow, text) \
	[MILL_TYPE_##id] = {.name = (text),                              \
	                    .arrow_format = (arrow),                     \
	                    .kind = MILL_KIND_##kind_,                   \
	                    .print = MILL_PRINT_##print_,                \
	                    .width_bytes = (width),                      \
	                    .integer_digits = (digits),                  \
	                    .is_ordered = (ordered),                     \
	                    .is_exact = (exact)},
    TYPE_ROWS(X)
#undef X
};

#define X(...) +1
_Static_assert(sizeof mill_type_table / sizeof mill_type_table[0] == 0 TYPE_ROWS(X), "every type id has a row");
#undef X
_Static_assert(sizeof(mill_type_id) == 1 && sizeof(mill_type) == 4, "a type is four bytes");

/* The cases come from the rows: -Wswitch names a type that has none. */
bool mill_type_id_is_known(unsigned number)
{
	if (number >= sizeof mill_type_table / sizeof mill_type_table[0])
		return false;
	switch ((mill_type_id)number) {
#define X(id, ...) case MILL_TYPE_##id:
		TYPE_ROWS(X)
#undef X
		return true;
	}
	return false;
}

void mill_type_limits(mill_type type, int64_t *least, int64_t *most)
{
	size_t bits = 8 * mill_type_width_bytes(type);
	bool is_unsigned = mill_type_is_unsigned(type);
	*most = (int64_t)(UINT64_MAX >> (bits == 64 ? 1 : 64 - bits + (is_unsigned ? 0 : 1)));
	*least = is_unsigned ? 0 : -*most - 1;
}
