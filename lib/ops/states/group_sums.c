#include "ops/states/group_sums.h"

#include <string.h>

#define REACH      60 /* exponents above the lowest that a sum takes: 53 + 60 bits leave 14 for the number of values */
#define LEAST_LOW  1
#define MOST_LOW   1970 /* the unit of products stays below 2^1900 */
#define UNIT_STEP  16   /* lowest exponents are multiples where that fits, so that ranks choose the same */
#define BIAS_BITS  1075 /* of the last significand bit */
#define MOST_WORDS (1 + 2 * 2 + 3 * 4)

static int words_of(int sum)
{
	return sum == OP_SUM_X || sum == OP_SUM_Y ? 2 : 4;
}

void op_group_sums_open(op_group_sums *s, mill_mem *mem, const bool keeps[OP_SUMS], bool has_count)
{
	memset(s, 0, sizeof(*s));
	s->mem = mem;
	s->has_count = has_count;
	s->words = has_count;
	for (int k = 0; k < OP_SUMS; k++) {
		s->keeps[k] = keeps[k];
		s->slot[k] = keeps[k] ? s->words : -1;
		s->words += keeps[k] ? words_of(k) : 0;
	}
}

mill_status op_group_sums_grow(op_group_sums *s, int64_t old_capacity, int64_t capacity, mill_error *err)
{
	if (s->escape_of != NULL && capacity > s->escape_of_capacity) {
		MILL_TRY(op_state_array(s->mem, &s->escape_of, s->escape_of_capacity, capacity, sizeof(int32_t), err));
		s->escape_of_capacity = capacity;
	}
	return op_state_array(s->mem, &s->blocks, old_capacity, capacity, (size_t)s->words * sizeof(uint64_t), err);
}

static void drop_escapes(op_group_sums *s)
{
	for (int64_t i = 0; i < s->escape_count * OP_SUMS; i++)
		mill_exact_release(&s->escapes[i]);
	mill_mem_free(s->escapes);
	mill_mem_free(s->escape_of);
	s->escapes = NULL;
	s->escape_of = NULL;
	s->escape_count = s->escape_capacity = s->escape_of_capacity = 0;
}

void op_group_sums_wipe(op_group_sums *s, int64_t groups)
{
	memset(s->blocks, 0, (size_t)groups * (size_t)s->words * sizeof(uint64_t));
	drop_escapes(s);
}

void op_group_sums_drop(op_group_sums *s)
{
	drop_escapes(s);
	mill_mem_free(s->blocks);
	s->blocks = NULL;
	s->lowest[0] = s->lowest[1] = 0;
}

/* Power of two of the unit of a sum. */
static int unit_of(const int lowest[2], int sum)
{
	int x = lowest[0] - BIAS_BITS, y = lowest[1] - BIAS_BITS;
	switch (sum) {
	case OP_SUM_X: return x;
	case OP_SUM_Y: return y;
	case OP_SUM_XX: return 2 * x;
	case OP_SUM_YY: return 2 * y;
	default: return x + y;
	}
}

/* The sums beside a group's block, made when first asked for. */
static mill_status escape_of(op_group_sums *s, int64_t group, int64_t group_count, mill_exact **out, mill_error *err)
{
	if (s->escape_of == NULL) {
		MILL_TRY(op_state_array(s->mem, &s->escape_of, 0, group_count, sizeof(int32_t), err));
		s->escape_of_capacity = group_count;
	} else if (s->escape_of_capacity < group_count) {
		MILL_TRY(
		    op_state_array(s->mem, &s->escape_of, s->escape_of_capacity, group_count, sizeof(int32_t), err));
		s->escape_of_capacity = group_count;
	}
	if (s->escape_of[group] == 0) {
		if (s->escape_count == s->escape_capacity) {
			int64_t capacity = mill_max_i64(16, s->escape_capacity * 2);
			MILL_TRY(op_state_array(s->mem, &s->escapes, s->escape_capacity, capacity,
			                        OP_SUMS * sizeof(mill_exact), err));
			s->escape_capacity = capacity;
		}
		s->escape_of[group] = (int32_t)++s->escape_count;
	}
	*out = s->escapes + (int64_t)(s->escape_of[group] - 1) * OP_SUMS;
	return MILL_OK;
}

static mill_status no_memory(mill_error *err)
{
	return mill_fail_nomem(err, sizeof(mill_exact), "exact sums");
}

/* Moves sums in the layout of a block, in units by `lowest`, to the sums beside. */
static mill_status escape_block(op_group_sums *s, mill_exact *beside, const uint64_t *block, const int lowest[2],
                                mill_error *err)
{
	for (int k = 0; k < OP_SUMS; k++)
		if (s->keeps[k] && mill_exact_add_integer(&beside[k], s->mem, block + s->slot[k], words_of(k),
		                                          unit_of(lowest, k)) != MILL_OK)
			return no_memory(err);
	return MILL_OK;
}

static mill_status spill_group(op_group_sums *s, int64_t group, int64_t group_count, mill_error *err)
{
	mill_exact *beside;
	uint64_t *block = s->blocks + group * s->words;
	MILL_TRY(escape_of(s, group, group_count, &beside, err));
	MILL_TRY(escape_block(s, beside, block, s->lowest, err));
	memset(block + s->has_count, 0, (size_t)(s->words - s->has_count) * sizeof(*block));
	return MILL_OK;
}

static mill_status escape_row(op_group_sums *s, int64_t group, int64_t group_count, double x, double y, mill_error *err)
{
	mill_exact *beside;
	const double a[OP_SUMS] = {x, y, x, y, x}, b[OP_SUMS] = {1, 1, x, y, y};
	MILL_TRY(escape_of(s, group, group_count, &beside, err));
	for (int k = 0; k < OP_SUMS; k++) {
		if (!s->keeps[k])
			continue;
		mill_status status = words_of(k) == 2 ? mill_exact_add(&beside[k], s->mem, a[k])
		                                      : mill_exact_add_product(&beside[k], s->mem, a[k], b[k]);
		if (status != MILL_OK)
			return no_memory(err);
	}
	return MILL_OK;
}

/* Lowest exponent that suits values whose exponents lie between least and most. */
static int choose_lowest(int least, int most)
{
	int spare = REACH - (most - least);
	int lowest = spare >= 0 ? least - spare * 2 / 3 : most - REACH + 10;
	int step = lowest > 0 ? lowest % UNIT_STEP : 0;
	if (most - (lowest - step) <= REACH)
		lowest -= step;
	return lowest < LEAST_LOW ? LEAST_LOW : lowest > MOST_LOW ? MOST_LOW : lowest;
}

static int exponent_of(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof(bits));
	return (int)(bits >> 52) & 0x7FF;
}

static void choose_unit(int *lowest, const op_input *in, const double *values)
{
	int least = 0x7FF, most = 0;
	if (*lowest != 0)
		return;
	OP_EACH_ROW(in, {
		int exponent = exponent_of(values[r]);
		if (exponent != 0 && exponent != 0x7FF) {
			least = exponent < least ? exponent : least;
			most = exponent > most ? exponent : most;
		}
	});
	if (most != 0)
		*lowest = choose_lowest(least, most);
}

/* A value as significand · 2^shift units. False: it has no place in the sum. */
static inline bool place(double value, uint32_t lowest, int64_t *significand, uint32_t *shift)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof(bits));
	uint32_t distance = ((uint32_t)(bits >> 52) & 0x7FF) - lowest;
	int64_t sign = (int64_t)bits >> 63;
	int64_t magnitude = (int64_t)((bits & 0xFFFFFFFFFFFFFU) | 0x10000000000000U);
	bool fits = distance <= REACH, zero = bits << 1 == 0;
	*significand = zero ? 0 : (magnitude ^ sign) - sign;
	*shift = fits ? distance : 0;
	return fits || zero;
}

static inline mill_i128 at_place(int64_t significand, uint32_t shift)
{
	return (mill_i128)((mill_u128)(mill_i128)significand << shift);
}

/* A pair of words + value; true when it overflows. */
static inline bool sum_128(const uint64_t *words, mill_i128 value, mill_i128 *out)
{
	mill_i128 held;
	memcpy(&held, words, sizeof(held));
	return mill_add_overflows(held, value, out);
}

typedef struct wide_term {
	mill_u128 low;
	mill_i128 high;
} wide_term;

/* Four words + product · 2^shift; true when it overflows. */
static inline bool sum_256(const uint64_t *words, mill_i128 product, uint32_t shift, wide_term *out)
{
	mill_u128 low, term = (mill_u128)product << shift;
	mill_i128 high;
	memcpy(&low, words, sizeof(low));
	memcpy(&high, words + 2, sizeof(high));
	out->low = low + term;
	bool over = mill_add_overflows(high, (product >> 1) >> (127 - shift), &high);
	over |= mill_add_overflows(high, (mill_i128)(out->low < term), &high);
	out->high = high;
	return over;
}

static inline void store_128(uint64_t *words, mill_i128 value)
{
	memcpy(words, &value, sizeof(value));
}
static inline void store_256(uint64_t *words, const wide_term *value)
{
	memcpy(words, &value->low, sizeof(value->low));
	memcpy(words + 2, &value->high, sizeof(value->high));
}

/* A row that has no place, or whose group has no room. */
static mill_status add_slowly(op_group_sums *s, const op_input *in, int64_t row, double x, double y, mill_error *err)
{
	return escape_row(s, in->groups[row], in->group_count, x, y, err);
}

static inline __attribute__((always_inline)) mill_status add_linear(op_group_sums *s, const op_input *in,
                                                                    const double *x, int words, mill_error *err)
{
	const uint32_t *restrict groups = in->groups;
	uint32_t lowest = s->lowest[0] == 0 ? 0x800 : (uint32_t)s->lowest[0];
	OP_EACH_ROW(in, {
		int64_t significand;
		uint32_t shift;
		mill_i128 total;
		uint64_t *block = s->blocks + (int64_t)groups[r] * words;
		uint64_t *sum = block + (words - 2);
		if (words == 3)
			block[0]++;
		bool fits = place(x[r], lowest, &significand, &shift);
		if (__builtin_expect(fits && !sum_128(sum, at_place(significand, shift), &total), 1))
			store_128(sum, total);
		else
			MILL_TRY(add_slowly(s, in, r, x[r], 0, err));
	});
	return MILL_OK;
}

static mill_status add_squares(op_group_sums *s, const op_input *in, const double *x, mill_error *err)
{
	const uint32_t *restrict groups = in->groups;
	uint32_t lowest = s->lowest[0] == 0 ? 0x800 : (uint32_t)s->lowest[0];
	int at_x = s->slot[OP_SUM_X], at_xx = s->slot[OP_SUM_XX], words = s->words;
	OP_EACH_ROW(in, {
		int64_t significand;
		uint32_t shift;
		mill_i128 sum;
		wide_term squares;
		uint64_t *block = s->blocks + (int64_t)groups[r] * words;
		block[0]++;
		bool over = !place(x[r], lowest, &significand, &shift);
		over |= sum_128(block + at_x, at_place(significand, shift), &sum);
		over |= sum_256(block + at_xx, (mill_i128)significand * significand, 2 * shift, &squares);
		if (__builtin_expect(over, 0)) {
			MILL_TRY(add_slowly(s, in, r, x[r], 0, err));
			continue;
		}
		store_128(block + at_x, sum);
		store_256(block + at_xx, &squares);
	});
	return MILL_OK;
}

static inline __attribute__((always_inline)) mill_status
add_pairs_of(op_group_sums *s, const op_input *in, const double *x, const double *y, bool squares, mill_error *err)
{
	const uint32_t *restrict groups = in->groups;
	uint32_t low_x = s->lowest[0] == 0 ? 0x800 : (uint32_t)s->lowest[0];
	uint32_t low_y = s->lowest[1] == 0 ? 0x800 : (uint32_t)s->lowest[1];
	const int *slot = s->slot;
	int words = s->words;
	OP_EACH_ROW(in, {
		int64_t a;
		int64_t b;
		uint32_t a_shift;
		uint32_t b_shift;
		mill_i128 sum_x;
		mill_i128 sum_y;
		wide_term xx = {0};
		wide_term yy = {0};
		wide_term xy;
		uint64_t *block = s->blocks + (int64_t)groups[r] * words;
		block[0]++;
		bool over = !place(x[r], low_x, &a, &a_shift);
		over |= !place(y[r], low_y, &b, &b_shift);
		over |= sum_128(block + slot[OP_SUM_X], at_place(a, a_shift), &sum_x);
		over |= sum_128(block + slot[OP_SUM_Y], at_place(b, b_shift), &sum_y);
		over |= sum_256(block + slot[OP_SUM_XY], (mill_i128)a * b, a_shift + b_shift, &xy);
		if (squares) {
			over |= sum_256(block + slot[OP_SUM_XX], (mill_i128)a * a, 2 * a_shift, &xx);
			over |= sum_256(block + slot[OP_SUM_YY], (mill_i128)b * b, 2 * b_shift, &yy);
		}
		if (__builtin_expect(over, 0)) {
			MILL_TRY(add_slowly(s, in, r, x[r], y[r], err));
			continue;
		}
		store_128(block + slot[OP_SUM_X], sum_x);
		store_128(block + slot[OP_SUM_Y], sum_y);
		store_256(block + slot[OP_SUM_XY], &xy);
		if (squares) {
			store_256(block + slot[OP_SUM_XX], &xx);
			store_256(block + slot[OP_SUM_YY], &yy);
		}
	});
	return MILL_OK;
}

mill_status op_group_sums_add(op_group_sums *s, const op_input *in, const double *x, const double *y, mill_error *err)
{
	choose_unit(&s->lowest[0], in, x);
	if (s->keeps[OP_SUM_Y]) {
		choose_unit(&s->lowest[1], in, y);
		return s->keeps[OP_SUM_XX] ? add_pairs_of(s, in, x, y, true, err)
		                           : add_pairs_of(s, in, x, y, false, err);
	}
	if (s->keeps[OP_SUM_XX])
		return add_squares(s, in, x, err);
	return s->has_count ? add_linear(s, in, x, 3, err) : add_linear(s, in, x, 2, err);
}

static const mill_exact *beside_of(const op_group_sums *s, int64_t group)
{
	if (s->escape_of == NULL || group >= s->escape_of_capacity || s->escape_of[group] == 0)
		return NULL;
	return s->escapes + (int64_t)(s->escape_of[group] - 1) * OP_SUMS;
}

bool op_group_sums_small_total(const op_group_sums *s, int64_t group, int sum, mill_i128 *total, int *exponent)
{
	if (words_of(sum) != 2 || beside_of(s, group) != NULL)
		return false;
	memcpy(total, s->blocks + group * s->words + s->slot[sum], sizeof(*total));
	*exponent = *total == 0 ? 0 : unit_of(s->lowest, sum);
	return true;
}

mill_status op_group_sums_total(const op_group_sums *s, int64_t group, int sum, mill_exact *out, mill_error *err)
{
	const mill_exact *beside = beside_of(s, group);
	mill_exact made = {0};
	mill_status status = mill_exact_add_integer(&made, s->mem, s->blocks + group * s->words + s->slot[sum],
	                                            words_of(sum), unit_of(s->lowest, sum));
	if (status == MILL_OK && beside != NULL)
		status = mill_exact_merge(&made, s->mem, &beside[sum]);
	if (status != MILL_OK) {
		mill_exact_release(&made);
		return no_memory(err);
	}
	*out = made;
	return MILL_OK;
}

size_t op_group_sums_fixed_bytes(const op_group_sums *s)
{
	return s->escape_of != NULL ? 0 : (size_t)s->words * sizeof(uint64_t) + 4;
}

static void put_lowest(const op_group_sums *s, char *to)
{
	uint16_t lowest[2] = {(uint16_t)s->lowest[0], (uint16_t)s->lowest[1]};
	memcpy(to, lowest, sizeof(lowest));
}

void op_group_sums_put(const op_group_sums *s, const int32_t *order, int64_t count, char *to)
{
	size_t block_bytes = (size_t)s->words * sizeof(uint64_t);
	for (int64_t i = 0; i < count; i++, to += block_bytes + 4) {
		memcpy(to, s->blocks + (int64_t)order[i] * s->words, block_bytes);
		put_lowest(s, to + block_bytes);
	}
}

mill_status op_group_sums_write(const op_group_sums *s, int64_t group, mill_bytes *out)
{
	const mill_exact *beside = beside_of(s, group);
	char lowest[4];
	put_lowest(s, lowest);
	MILL_TRY(mill_bytes_append(out, s->blocks + group * s->words, (size_t)s->words * sizeof(uint64_t)));
	MILL_TRY(mill_bytes_append(out, lowest, sizeof(lowest)));
	for (int k = 0; k < OP_SUMS && beside != NULL; k++)
		if (s->keeps[k])
			MILL_TRY(mill_exact_write(&beside[k], out));
	return MILL_OK;
}

/* words · 2^bits; false when that does not fit. */
static bool shift_words(uint64_t *words, int count, int bits)
{
	uint64_t sign = (uint64_t)((int64_t)words[count - 1] >> 63), shifted[4];
	int top = count - 1, free_bits = -1;
	while (top >= 0 && words[top] == sign)
		top--;
	if (top < 0 && sign == 0)
		return true;
	free_bits += 64 * (count - 1 - top) + (top < 0 ? 0 : __builtin_clzll(words[top] ^ sign));
	if (bits > free_bits)
		return false;
	for (int i = 0; i < count; i++) {
		int from = i - bits / 64;
		uint64_t high = from >= 0 ? words[from] : 0, low = from >= 1 ? words[from - 1] : 0;
		shifted[i] = high << (bits & 63) | (low >> 1) >> (63 - (bits & 63));
	}
	memcpy(words, shifted, (size_t)count * sizeof(*words));
	return true;
}

/* Re-expresses a block in lower units; false, and unchanged, when a sum does not fit. */
static bool shift_block(const op_group_sums *s, uint64_t *block, const int from[2], const int to[2])
{
	uint64_t copy[MOST_WORDS];
	memcpy(copy, block, (size_t)s->words * sizeof(*copy));
	for (int k = 0; k < OP_SUMS; k++)
		if (s->keeps[k] && !shift_words(copy + s->slot[k], words_of(k), unit_of(from, k) - unit_of(to, k)))
			return false;
	memcpy(block, copy, (size_t)s->words * sizeof(*copy));
	return true;
}

/* Lowers the units of all groups. */
static mill_status lower_units(op_group_sums *s, const int lowest[2], int64_t group_count, mill_error *err)
{
	for (int64_t g = 0; g < group_count; g++)
		if (!shift_block(s, s->blocks + g * s->words, s->lowest, lowest))
			MILL_TRY(spill_group(s, g, group_count, err));
	s->lowest[0] = lowest[0];
	s->lowest[1] = lowest[1];
	return MILL_OK;
}

/* Adds a block in the same units; false when a sum overflows, and then nothing was added. */
static bool add_block(op_group_sums *s, uint64_t *held, const uint64_t *block)
{
	mill_i128 narrow[OP_SUMS];
	wide_term wide[OP_SUMS];
	bool over = false;
	for (int k = 0; k < OP_SUMS; k++) {
		mill_i128 term, high;
		if (!s->keeps[k])
			continue;
		memcpy(&term, block + s->slot[k], sizeof(term));
		if (words_of(k) == 2) {
			over |= sum_128(held + s->slot[k], term, &narrow[k]);
			continue;
		}
		memcpy(&high, block + s->slot[k] + 2, sizeof(high));
		memcpy(&wide[k].low, held + s->slot[k], sizeof(wide[k].low));
		memcpy(&wide[k].high, held + s->slot[k] + 2, sizeof(wide[k].high));
		wide[k].low += (mill_u128)term;
		over |= mill_add_overflows(wide[k].high, high, &wide[k].high);
		over |= mill_add_overflows(wide[k].high, (mill_i128)(wide[k].low < (mill_u128)term), &wide[k].high);
	}
	for (int k = 0; k < OP_SUMS && !over; k++) {
		if (s->keeps[k] && words_of(k) == 2)
			store_128(held + s->slot[k], narrow[k]);
		else if (s->keeps[k])
			store_256(held + s->slot[k], &wide[k]);
	}
	return !over;
}

/* Brings the units of what is held and of a block that comes in together; *fits: the block could follow. */
static mill_status meet_units(op_group_sums *s, uint64_t *block, const int lowest[2], int64_t group_count, bool *fits,
                              mill_error *err)
{
	int to[2];
	for (int i = 0; i < 2; i++) {
		if (s->lowest[i] == 0)
			s->lowest[i] = lowest[i];
		to[i] = lowest[i] != 0 && lowest[i] < s->lowest[i] ? lowest[i] : s->lowest[i];
	}
	if (to[0] != s->lowest[0] || to[1] != s->lowest[1])
		MILL_TRY(lower_units(s, to, group_count, err));
	const int from[2] = {lowest[0] == 0 ? to[0] : lowest[0], lowest[1] == 0 ? to[1] : lowest[1]};
	*fits = shift_block(s, block, from, to);
	return MILL_OK;
}

static mill_status merge_beside(op_group_sums *s, mill_exact *beside, mill_bytes_view *bytes, mill_error *err)
{
	for (int k = 0; k < OP_SUMS; k++) {
		mill_exact part = {0};
		if (!s->keeps[k])
			continue;
		MILL_TRY(mill_exact_read(&part, s->mem, bytes, err));
		mill_status status = mill_exact_merge(&beside[k], s->mem, &part);
		mill_exact_release(&part);
		if (status != MILL_OK)
			return no_memory(err);
	}
	return MILL_OK;
}

static bool read_block(const op_group_sums *s, mill_bytes_view *bytes, uint64_t *block, int lowest[2])
{
	const uint8_t *from;
	uint16_t low[2];
	size_t block_bytes = (size_t)s->words * sizeof(uint64_t);
	if (!mill_view_bytes(bytes, block_bytes + sizeof(low), &from))
		return false;
	memcpy(block, from, block_bytes);
	memcpy(low, from + block_bytes, sizeof(low));
	lowest[0] = low[0];
	lowest[1] = low[1];
	return low[0] <= MOST_LOW && low[1] <= MOST_LOW;
}

mill_status op_group_sums_merge(op_group_sums *s, int64_t group, mill_bytes_view *bytes, int64_t group_count,
                                mill_error *err)
{
	uint64_t block[MOST_WORDS];
	uint64_t *held = s->blocks + group * s->words;
	int lowest[2];
	bool fits = true;
	mill_exact *beside;
	if (!read_block(s, bytes, block, lowest))
		return op_state_damaged(err);
	if (s->has_count)
		held[0] += block[0];
	if (lowest[0] != s->lowest[0] || lowest[1] != s->lowest[1])
		MILL_TRY(meet_units(s, block, lowest, group_count, &fits, err));
	if (!fits || !add_block(s, held, block)) {
		MILL_TRY(escape_of(s, group, group_count, &beside, err));
		MILL_TRY(escape_block(s, beside, block, fits ? s->lowest : lowest, err));
	}
	if (bytes->at == bytes->size_bytes)
		return MILL_OK;
	MILL_TRY(escape_of(s, group, group_count, &beside, err));
	return merge_beside(s, beside, bytes, err);
}

/* The rows of sums without products while they come in the units held; returns how many that were. */
static int64_t merge_linear(op_group_sums *s, const char *bytes, const uint32_t *restrict groups, int64_t rows)
{
	int words = s->words, has_count = s->has_count;
	size_t row_bytes = (size_t)words * sizeof(uint64_t) + 4;
	uint32_t lowest = (uint32_t)s->lowest[0] | (uint32_t)s->lowest[1] << 16;
	for (int64_t r = 0; r < rows; r++, bytes += row_bytes) {
		uint32_t came;
		mill_i128 term, total;
		uint64_t count, *held = s->blocks + (int64_t)groups[r] * words;
		memcpy(&came, bytes + row_bytes - 4, sizeof(came));
		memcpy(&term, bytes + has_count * 8, sizeof(term));
		if (came != lowest || sum_128(held + has_count, term, &total))
			return r;
		store_128(held + has_count, total);
		memcpy(&count, bytes, sizeof(count));
		held[0] += has_count ? count : 0;
	}
	return rows;
}

mill_status op_group_sums_merge_fixed(op_group_sums *s, const char *bytes, const uint32_t *groups, int64_t rows,
                                      int64_t group_count, mill_error *err)
{
	size_t row_bytes = (size_t)s->words * sizeof(uint64_t) + 4;
	bool linear = s->words == 2 + s->has_count;
	for (int64_t r = 0; r < rows; r++) {
		if (linear)
			r += merge_linear(s, bytes + (size_t)r * row_bytes, groups + r, rows - r);
		if (r == rows)
			break;
		mill_bytes_view view = {(const uint8_t *)bytes + (size_t)r * row_bytes, row_bytes, 0};
		MILL_TRY(op_group_sums_merge(s, groups[r], &view, group_count, err));
	}
	return MILL_OK;
}
