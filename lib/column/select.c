/* Filter and take: the rows of a column at chosen positions. */
#include "column/bits.h"
#include "column/layout.h"
#include <string.h>

typedef struct wide16 {
	uint64_t half[2];
} wide16;

/* One copy of each loop per width; `in` and `out` never overlap. */
#define DEFINE_WIDTH(name, T)                                                                                         \
	static void take_##name(void *restrict out_any, const void *restrict in_any, const int32_t *restrict indices, \
	                        int64_t count)                                                                        \
	{                                                                                                             \
		T *restrict out = out_any;                                                                            \
		const T *restrict in = in_any;                                                                        \
		for (int64_t i = 0; i < count; i++)                                                                   \
			out[i] = in[indices[i]];                                                                      \
	}                                                                                                             \
	static void take_or_null_##name(void *restrict out_any, const void *restrict in_any,                          \
	                                const int32_t *restrict indices, int64_t count)                               \
	{                                                                                                             \
		T *restrict out = out_any;                                                                            \
		const T *restrict in = in_any;                                                                        \
		for (int64_t i = 0; i < count; i++)                                                                   \
			out[i] = in[indices[i] < 0 ? 0 : indices[i]];                                                 \
	}                                                                                                             \
	static void filter_##name(void *restrict out_any, const void *restrict in_any, const uint64_t *restrict keep, \
	                          int64_t rows)                                                                       \
	{                                                                                                             \
		T *restrict out = out_any;                                                                            \
		const T *restrict in = in_any;                                                                        \
		size_t words = mill_bit_words(rows);                                                                  \
		for (size_t w = 0; w < words; w++, in += 64) {                                                        \
			uint64_t mask = keep[w];                                                                      \
			if (mask == ~(uint64_t)0) {                                                                   \
				memcpy(out, in, 64 * sizeof(T));                                                      \
				out += 64;                                                                            \
				continue;                                                                             \
			}                                                                                             \
			for (; mask != 0; mask &= mask - 1)                                                           \
				*out++ = in[__builtin_ctzll(mask)];                                                   \
		}                                                                                                     \
	}

DEFINE_WIDTH(1, uint8_t)
DEFINE_WIDTH(2, uint16_t)
DEFINE_WIDTH(4, uint32_t)
DEFINE_WIDTH(8, uint64_t)
DEFINE_WIDTH(16, wide16)

typedef struct width_kernels {
	void (*take)(void *restrict out, const void *restrict in, const int32_t *restrict indices, int64_t count);
	void (*take_or_null)(void *restrict out, const void *restrict in, const int32_t *restrict indices,
	                     int64_t count);
	void (*filter)(void *restrict out, const void *restrict in, const uint64_t *restrict keep, int64_t rows);
} width_kernels;

#define KERNELS(name)                                           \
	{                                                       \
		take_##name, take_or_null_##name, filter_##name \
	}
static const width_kernels by_log_width[] = {KERNELS(1), KERNELS(2), KERNELS(4), KERNELS(8), KERNELS(16)};

void mill_take_fixed(size_t width, void *restrict out, const void *restrict in, const int32_t *restrict indices,
                     int64_t count)
{
	if (width != 0)
		by_log_width[__builtin_ctzll(width)].take(out, in, indices, count);
}

static size_t element_bytes(const mill_column *column)
{
	return column->dictionary != NULL ? sizeof(int32_t) : mill_type_width_bytes(column->type);
}

static bool is_plain_text(const mill_column *column)
{
	return mill_type_is_text(column->type) && column->dictionary == NULL;
}

/* A column of `rows` rows like `column`: the same type, and the same dictionary where there is one. */
static mill_status new_like(mill_mem *mem, const mill_column *column, int64_t rows, mill_column *out, mill_error *err)
{
	if (column->dictionary == NULL)
		return mill_column_new(mem, column->type, rows, 0, out, err);
	mill_column codes;
	MILL_TRY(mill_column_new(mem, mill_type_of(MILL_TYPE_INT32), rows, 0, &codes, err));
	codes.type = column->type;
	codes.dictionary = mill_dictionary_retain(column->dictionary);
	*out = codes;
	return MILL_OK;
}

static mill_status take_text(mill_mem *mem, const mill_column *column, const int32_t *indices, int64_t count,
                             mill_column *out, mill_error *err)
{
	mill_column taken;
	MILL_TRY(mill_column_new_offsets(mem, column->type, count, &taken, err));
	const int32_t *from = column->offsets;
	int64_t total = 0;
	for (int64_t i = 0; i < count; i++) {
		int32_t at = indices[i];
		total += at < 0 ? 0 : from[at + 1] - from[at];
		taken.offsets[i + 1] = (int32_t)(uint32_t)total;
	}
	mill_status status = mill_column_add_text(mem, &taken, (size_t)total + 16, err);
	if (status != MILL_OK) {
		mill_column_release(&taken);
		return status;
	}
	size_t readable = mill_column_text_readable(column);
	for (int64_t i = 0; i < count; i++) {
		int32_t at = indices[i];
		if (at < 0)
			continue;
		size_t start = (size_t)from[at];
		mill_copy_text(taken.bytes + taken.offsets[i], column->bytes + start, (size_t)from[at + 1] - start,
		               readable - start);
	}
	*out = taken;
	return MILL_OK;
}

static mill_status take_values(mill_mem *mem, const mill_column *column, const int32_t *indices, int64_t count,
                               bool has_null, mill_column *out, mill_error *err)
{
	if (is_plain_text(column))
		return take_text(mem, column, indices, count, out, err);
	MILL_TRY(new_like(mem, column, count, out, err));
	size_t width = element_bytes(column);
	if (column->type.id == MILL_TYPE_BOOL) {
		mill_bits_take(out->values, column->values, indices, count);
	} else if (width != 0) {
		const width_kernels *kernels = &by_log_width[__builtin_ctzll(width)];
		(has_null ? kernels->take_or_null : kernels->take)(out->values, column->values, indices, count);
	}
	return MILL_OK;
}

static void clear_negative(uint64_t *restrict validity, const int32_t *restrict indices, int64_t count)
{
	for (int64_t base = 0; base < count; base += 64) {
		int64_t now = mill_min_i64(64, count - base);
		uint64_t word = 0;
		for (int64_t i = 0; i < now; i++)
			word |= (uint64_t)(indices[base + i] >= 0) << i;
		validity[base >> 6] = word;
	}
}

mill_status mill_column_take(mill_mem *mem, const mill_column *column, const int32_t *indices, int64_t count,
                             mill_column *out, mill_error *err)
{
	int32_t sign = 0;
	for (int64_t i = 0; i < count; i++)
		sign |= indices[i];
	bool has_null = sign < 0;
	if (has_null && column->rows == 0)
		return mill_column_nulls(mem, column->type, count, out, err);
	mill_column taken;
	MILL_TRY(take_values(mem, column, indices, count, has_null, &taken, err));
	if (has_null || column->validity != NULL) {
		mill_status status = mill_column_add_validity(mem, &taken, err);
		if (status != MILL_OK) {
			mill_column_release(&taken);
			return status;
		}
		if (column->validity != NULL)
			mill_bits_take(taken.validity, column->validity, indices, count);
		else
			clear_negative(taken.validity, indices, count);
		mill_column_settle_nulls(&taken);
	}
	*out = taken;
	return MILL_OK;
}

static mill_status selection_indices(mill_selection *selection, mill_error *err)
{
	if (selection->indices != NULL)
		return MILL_OK;
	size_t bytes = (size_t)selection->kept * sizeof(int32_t);
	selection->indices = mill_mem_alloc(selection->mem, bytes);
	if (selection->indices == NULL)
		return mill_fail_nomem(err, bytes, "positions of a filter");
	mill_bits_indices(selection->keep, selection->rows, selection->indices);
	return MILL_OK;
}

static mill_status filter_values(mill_selection *selection, const mill_column *column, mill_column *out,
                                 mill_error *err)
{
	if (is_plain_text(column)) {
		MILL_TRY(selection_indices(selection, err));
		return take_text(selection->mem, column, selection->indices, selection->kept, out, err);
	}
	MILL_TRY(new_like(selection->mem, column, selection->kept, out, err));
	size_t width = element_bytes(column);
	if (column->type.id == MILL_TYPE_BOOL)
		mill_bits_filter(out->values, column->values, selection->keep, selection->rows, selection->kept);
	else if (width != 0)
		by_log_width[__builtin_ctzll(width)].filter(out->values, column->values, selection->keep,
		                                            selection->rows);
	return MILL_OK;
}

mill_status mill_selection_apply(mill_selection *selection, const mill_column *column, mill_column *out,
                                 mill_error *err)
{
	if (selection->kept == selection->rows) {
		*out = mill_column_retain(column);
		return MILL_OK;
	}
	mill_column kept;
	MILL_TRY(filter_values(selection, column, &kept, err));
	if (column->validity != NULL) {
		mill_status status = mill_column_add_validity(selection->mem, &kept, err);
		if (status != MILL_OK) {
			mill_column_release(&kept);
			return status;
		}
		mill_bits_filter(kept.validity, column->validity, selection->keep, selection->rows, selection->kept);
		mill_column_settle_nulls(&kept);
	}
	*out = kept;
	return MILL_OK;
}

void mill_selection_release(mill_selection *selection)
{
	mill_mem_free(selection->indices);
	selection->indices = NULL;
}

mill_status mill_column_filter(mill_mem *mem, const mill_column *column, const uint64_t *keep, int64_t kept,
                               mill_column *out, mill_error *err)
{
	mill_selection selection = {mem, keep, column->rows, kept, NULL};
	mill_status status = mill_selection_apply(&selection, column, out, err);
	mill_selection_release(&selection);
	return status;
}
