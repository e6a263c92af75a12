/* Random columns beside a plain model of their cells, so that what the library does to columns can be checked against
 * what a few obvious lines do to cells. */
#ifndef RANKMILL_TESTS_RANDOM_BATCH_H
#define RANKMILL_TESTS_RANDOM_BATCH_H

#include "../tools/random.h"
#include "column/builder.h"
#include "column/value.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct cell {
	bool is_null;
	int32_t size;
	uint8_t data[24]; /* the value, bool as one byte, or text up to 24 bytes */
} cell;

typedef struct model {
	mill_type type;
	int64_t rows;
	cell *cells;
} model;

/* RANKMILL_TEST_SEED, else the clock; printed so that a failure can be run again. */
static inline uint64_t random_seed(const char *suite)
{
	const char *given = getenv("RANKMILL_TEST_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	printf("%s: RANKMILL_TEST_SEED=%llu\n", suite, (unsigned long long)seed);
	return seed;
}

static const mill_type random_types[] = {
    {MILL_TYPE_BOOL, 0, 0, false},      {MILL_TYPE_INT8, 0, 0, false},     {MILL_TYPE_INT16, 0, 0, false},
    {MILL_TYPE_INT32, 0, 0, false},     {MILL_TYPE_INT64, 0, 0, false},    {MILL_TYPE_UINT8, 0, 0, false},
    {MILL_TYPE_UINT16, 0, 0, false},    {MILL_TYPE_UINT32, 0, 0, false},   {MILL_TYPE_UINT64, 0, 0, false},
    {MILL_TYPE_FLOAT32, 0, 0, false},   {MILL_TYPE_FLOAT64, 0, 0, false},  {MILL_TYPE_DECIMAL, 38, 5, false},
    {MILL_TYPE_STRING, 0, 0, false},    {MILL_TYPE_BINARY, 0, 0, false},   {MILL_TYPE_DATE, 0, 0, false},
    {MILL_TYPE_TIMESTAMP, 0, 0, false}, {MILL_TYPE_TIMESTAMP, 0, 0, true}, {MILL_TYPE_INTERVAL, 0, 0, false}};
#define RANDOM_TYPE_COUNT ((int)(sizeof(random_types) / sizeof(random_types[0])))

static inline void random_text(mill_type type, uint64_t *state, cell *c)
{
	static const char *const pieces[] = {"a", "b", "Z", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\x95", "", " "};
	int pieces_wanted = (int)random_below(state, 6);
	c->size = 0;
	for (int i = 0; i < pieces_wanted; i++) {
		if (type.id == MILL_TYPE_BINARY) {
			c->data[c->size++] = (uint8_t)(random_u64(state) % 3 == 0 ? 0 : random_u64(state));
			continue;
		}
		const char *piece = pieces[random_below(state, 8)];
		int32_t size = (int32_t)strlen(piece);
		if (size == 0)
			piece = "\0", size = 1;
		memcpy(c->data + c->size, piece, (size_t)size);
		c->size += size;
	}
}

static inline void random_float(mill_type type, uint64_t *state, cell *c)
{
	static const double specials[] = {0.0, -0.0, 1.0, -1.5, 1e300, -1e-300, 5e-324};
	double value = specials[random_below(state, 7)];
	int64_t kind = random_below(state, 8);
	if (kind == 0)
		value = __builtin_nan("");
	else if (kind == 1)
		value = random_u64(state) & 1 ? __builtin_inf() : -__builtin_inf();
	else if (kind < 6)
		value = (double)(int64_t)random_u64(state) / 1048576.0;
	float narrow = (float)value;
	memcpy(c->data, type.id == MILL_TYPE_FLOAT32 ? (const void *)&narrow : (const void *)&value, (size_t)c->size);
}

static inline cell random_cell(mill_type type, int null_percent, uint64_t *state)
{
	cell c;
	memset(&c, 0, sizeof(c));
	c.is_null = random_below(state, 100) < null_percent;
	if (c.is_null)
		return c;
	c.size = (int32_t)mill_type_width_bytes(type);
	uint64_t raw = random_below(state, 4) == 0 ? (uint64_t)random_below(state, 5) - 2 : random_u64(state);
	mill_i128 wide = (mill_i128)(int64_t)raw * (random_below(state, 2) ? 1 : 1000000007);
	mill_interval interval = {(int32_t)random_below(state, 30) - 15, (int32_t)random_below(state, 90) - 45,
	                          (int64_t)raw >> 8};
	switch (type.id) {
	case MILL_TYPE_BOOL:
		c.size = 1;
		c.data[0] = raw & 1;
		break;
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY: random_text(type, state, &c); break;
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64: random_float(type, state, &c); break;
	case MILL_TYPE_DECIMAL: memcpy(c.data, &wide, sizeof(wide)); break;
	case MILL_TYPE_INTERVAL: memcpy(c.data, &interval, sizeof(interval)); break;
	case MILL_TYPE_INT8:
	case MILL_TYPE_INT16:
	case MILL_TYPE_INT32:
	case MILL_TYPE_INT64:
	case MILL_TYPE_UINT8:
	case MILL_TYPE_UINT16:
	case MILL_TYPE_UINT32:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_DATE:
	case MILL_TYPE_TIMESTAMP: memcpy(c.data, &raw, (size_t)c.size); break;
	case MILL_TYPE_NULL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return c;
}

static inline model model_new(mill_type type, int64_t rows)
{
	model m = {type, rows, calloc((size_t)rows + 1, sizeof(cell))};
	return m;
}
static inline void model_release(model *m)
{
	free(m->cells);
	m->cells = NULL;
}

static inline model random_model(mill_type type, int64_t rows, int null_percent, uint64_t *state)
{
	model m = model_new(type, rows);
	for (int64_t r = 0; r < rows; r++)
		m.cells[r] = random_cell(type, null_percent, state);
	return m;
}

static inline mill_status append_cell(mill_builder *b, const cell *c)
{
	if (c->is_null)
		return mill_builder_null(b);
	if (mill_type_is_text(b->type))
		return mill_builder_text(b, (const char *)c->data, (size_t)c->size);
	if (b->type.id == MILL_TYPE_BOOL)
		return mill_builder_bool(b, c->data[0] != 0);
	return mill_builder_fixed(b, c->data);
}

static inline mill_status model_build(mill_mem *mem, const model *m, mill_column *out, mill_error *err)
{
	mill_builder b;
	mill_builder_init(&b, mem, m->type);
	mill_status status = MILL_OK;
	for (int64_t r = 0; r < m->rows && status == MILL_OK; r++)
		status = append_cell(&b, &m->cells[r]);
	if (status == MILL_OK)
		status = mill_builder_finish(&b, out, err);
	mill_builder_release(&b);
	return status;
}

/* A dictionary column of `entries` distinct values (with gaps in use); m is filled with the rows. */
static inline mill_status random_dictionary(mill_mem *mem, mill_type type, int64_t entries, int64_t rows,
                                            int null_percent, uint64_t *state, model *m, mill_column *out)
{
	mill_builder b;
	mill_column values = {0}, codes = {0};
	char text[32];
	mill_builder_init(&b, mem, type);
	mill_status status = MILL_OK;
	for (int64_t e = 0; e < entries && status == MILL_OK; e++)
		status = mill_builder_text(&b, text, (size_t)snprintf(text, sizeof(text), "v%lld", (long long)e * 7));
	if (status == MILL_OK)
		status = mill_builder_finish(&b, &values, NULL);
	mill_builder_release(&b);
	*m = model_new(type, rows);
	mill_builder_init(&b, mem, mill_type_of(MILL_TYPE_INT32));
	for (int64_t r = 0; r < rows && status == MILL_OK; r++) {
		int64_t code = entries == 0 ? 0 : random_below(state, entries);
		m->cells[r].is_null = entries == 0 || random_below(state, 100) < null_percent;
		if (!m->cells[r].is_null)
			m->cells[r].size = snprintf((char *)m->cells[r].data, 24, "v%lld", (long long)code * 7);
		status = m->cells[r].is_null ? mill_builder_null(&b) : mill_builder_i64(&b, code);
	}
	if (status == MILL_OK)
		status = mill_builder_finish(&b, &codes, NULL);
	mill_builder_release(&b);
	if (status == MILL_OK)
		status = mill_dictionary_new(mem, &values, &codes.dictionary, NULL);
	codes.type = type;
	if (status == MILL_OK)
		*out = codes;
	else
		mill_column_release(&codes);
	mill_column_release(&values);
	return status;
}

static inline bool cell_matches(const mill_column *column, int64_t row, const cell *c)
{
	if (mill_column_is_null(column, row) != c->is_null)
		return false;
	if (c->is_null)
		return true;
	if (column->type.id == MILL_TYPE_BOOL)
		return mill_bit_get(column->values, row) == (c->data[0] != 0);
	if (mill_type_is_text(column->type)) {
		int32_t size;
		const char *text = mill_column_text(column, row, &size);
		return size == c->size && memcmp(text, c->data, (size_t)size) == 0;
	}
	size_t width = mill_type_width_bytes(column->type);
	return memcmp((const uint8_t *)column->values + (size_t)row * width, c->data, width) == 0;
}

/* Fails the test at the first differing row; checks every rule of the layout too. */
static inline void check_column(const mill_column *column, const model *m, const char *what)
{
	mill_error err = {0};
	char type[MILL_TYPE_TEXT_BYTES];
	if (mill_column_validate(column, &err) != MILL_OK) {
		printf("%s: %s\n", what, err.message);
		CU_FAIL("layout");
		return;
	}
	CU_ASSERT(mill_type_equal(column->type, m->type));
	CU_ASSERT_EQUAL_FATAL(column->rows, m->rows);
	for (int64_t r = 0; r < m->rows; r++) {
		if (cell_matches(column, r, &m->cells[r]))
			continue;
		printf("%s: %s column of %lld rows differs at row %lld\n", what, mill_type_text(m->type, type),
		       (long long)m->rows, (long long)r);
		CU_FAIL("cell");
		return;
	}
}

/* Row i of the result is row indices[i] of m, NULL for −1. */
static inline model model_take(const model *m, const int32_t *indices, int64_t count)
{
	model taken = model_new(m->type, count);
	for (int64_t i = 0; i < count; i++) {
		if (indices[i] >= 0)
			taken.cells[i] = m->cells[indices[i]];
		else
			taken.cells[i].is_null = true;
	}
	return taken;
}

/* Plain columns of every type and dictionary columns of `entries` values of both text types: shape 0 … RANDOM_SHAPES
 * − 1. */
#define RANDOM_SHAPES (RANDOM_TYPE_COUNT + 2)
static inline mill_column random_shape(mill_mem *mem, int shape, int64_t entries, int64_t rows, int null_percent,
                                       uint64_t *state, model *m)
{
	mill_column column = {0};
	mill_status status;
	if (shape < RANDOM_TYPE_COUNT) {
		*m = random_model(random_types[shape], rows, null_percent, state);
		status = model_build(mem, m, &column, NULL);
	} else {
		mill_type type = mill_type_of(shape == RANDOM_TYPE_COUNT ? MILL_TYPE_STRING : MILL_TYPE_BINARY);
		status = random_dictionary(mem, type, entries, rows, null_percent, state, m, &column);
	}
	CU_ASSERT_FATAL(status == MILL_OK);
	return column;
}

#endif
