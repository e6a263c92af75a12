#include "expr/set.h"
#include "base/hash.h"
#include "expr/kernels/kernels.h"
#include "expr/program.h"
#include <string.h>

#define LEAST_ITEMS 4
#define BITMAP_BITS (1 << 20) /* ranges up to here are a bitmap, others a hash table */

typedef struct set {
	mill_mem *mem;
	bool has_null; /* no match is NULL, not FALSE */
	bool is_text;
	int64_t low;    /* bitmap: value of bit 0 */
	uint64_t range; /* bits of the bitmap; 0: hash table */
	uint64_t *bitmap;
	uint64_t mask;              /* slots − 1 */
	int64_t *integers;          /* hash table of integers, with `used` */
	const mill_literal **texts; /* hash table of texts, borrowed from the expression; NULL: free slot */
	uint8_t *used;
	uint64_t lengths; /* bit n: some text has n bytes; bit 63: 63 or more */
} set;

static bool is_integer_like(mill_type t)
{
	return (mill_type_is_integer(t) && t.id != MILL_TYPE_UINT64) || mill_type_is_time(t);
}

bool mill_set_suits(const mill_expr *in)
{
	mill_type type = in->args[0]->type;
	if (in->arg_count - 1 < LEAST_ITEMS || !(is_integer_like(type) || mill_type_is_text(type)))
		return false;
	for (int i = 1; i < in->arg_count; i++)
		if (in->args[i]->kind != MILL_EXPR_LITERAL)
			return false;
	return true;
}

static uint64_t integer_slot(const set *s, int64_t value)
{
	uint64_t h = (uint64_t)value * 0x9E3779B97F4A7C15U;
	return (h >> 32) & s->mask;
}

static bool holds_integer(const set *s, int64_t value)
{
	if (s->range != 0) {
		uint64_t at = (uint64_t)value - (uint64_t)s->low;
		return at < s->range && ((s->bitmap[at >> 6] >> (at & 63)) & 1) != 0;
	}
	for (uint64_t slot = integer_slot(s, value); s->used[slot] != 0; slot = (slot + 1) & s->mask)
		if (s->integers[slot] == value)
			return true;
	return false;
}

static inline uint64_t load(const char *text, size_t bytes)
{
	uint64_t word = 0;
	memcpy(&word, text, bytes);
	return word;
}

/* Head and tail of a short text, which overlap below 16 bytes. */
static inline uint64_t text_hash(const char *text, size_t length)
{
	uint64_t head, tail;
	if (length > 16)
		return mill_h64(0, text, length);
	if (length >= 8) {
		head = load(text, 8);
		tail = load(text + length - 8, 8);
	} else if (length >= 4) {
		head = load(text, 4);
		tail = load(text + length - 4, 4);
	} else {
		head = length == 0 ? 0 : (uint8_t)text[0];
		tail = length == 0 ? 0 : (uint64_t)(uint8_t)text[length - 1] << 8 | (uint8_t)text[length / 2];
	}
	uint64_t h = (head ^ length << 56) * 0x9E3779B97F4A7C15U + tail * 0xC2B2AE3D27D4EB4FU;
	return h ^ h >> 29;
}

static bool holds_text(const set *s, const char *text, size_t length)
{
	if (((s->lengths >> (length < 63 ? length : 63)) & 1) == 0)
		return false;
	for (uint64_t slot = text_hash(text, length) & s->mask; s->texts[slot] != NULL; slot = (slot + 1) & s->mask)
		if ((size_t)s->texts[slot]->as.string.length_bytes == length &&
		    memcmp(s->texts[slot]->as.string.text, text, length) == 0)
			return true;
	return false;
}

static uint64_t slots_for(int items)
{
	uint64_t slots = 16;
	while (slots < (uint64_t)items * 2)
		slots *= 2;
	return slots;
}

static void add_text(set *s, const mill_literal *literal)
{
	size_t length = (size_t)literal->as.string.length_bytes;
	if (holds_text(s, literal->as.string.text, length))
		return;
	uint64_t slot = text_hash(literal->as.string.text, length) & s->mask;
	while (s->texts[slot] != NULL)
		slot = (slot + 1) & s->mask;
	s->texts[slot] = literal;
	s->lengths |= (uint64_t)1 << (length < 63 ? length : 63);
}

static void add_integer(set *s, int64_t value)
{
	if (s->range != 0) {
		mill_bit_set(s->bitmap, (int64_t)((uint64_t)value - (uint64_t)s->low));
		return;
	}
	if (holds_integer(s, value))
		return;
	uint64_t slot = integer_slot(s, value);
	while (s->used[slot] != 0)
		slot = (slot + 1) & s->mask;
	s->used[slot] = 1;
	s->integers[slot] = value;
}

/* Lowest value and span of the integers that are not NULL. */
static void measure(const mill_expr *in, set *s)
{
	int64_t low = INT64_MAX, high = INT64_MIN;
	for (int i = 1; i < in->arg_count; i++) {
		const mill_literal *l = &in->args[i]->literal;
		if (l->is_null)
			continue;
		low = l->as.i64 < low ? l->as.i64 : low;
		high = l->as.i64 > high ? l->as.i64 : high;
	}
	uint64_t span = low > high ? 0 : (uint64_t)high - (uint64_t)low;
	s->low = low;
	s->range = span < BITMAP_BITS && low <= high ? span + 1 : 0;
}

static mill_status allocate(set *s, const mill_expr *in, mill_error *err)
{
	uint64_t slots = slots_for(in->arg_count);
	s->mask = slots - 1;
	if (s->is_text) {
		s->texts = mill_mem_calloc(s->mem, slots, sizeof *s->texts);
	} else if (s->range != 0) {
		s->bitmap = mill_mem_calloc(s->mem, mill_bit_words((int64_t)s->range), 8);
	} else {
		s->integers = mill_mem_calloc(s->mem, slots, sizeof *s->integers);
		s->used = mill_mem_calloc(s->mem, slots, 1);
	}
	bool there = s->is_text      ? s->texts != NULL
	             : s->range != 0 ? s->bitmap != NULL
	                             : s->integers != NULL && s->used != NULL;
	return there ? MILL_OK : mill_fail_nomem(err, slots * 8, "IN list");
}

static void set_free(set *s)
{
	mill_mem_free(s->bitmap);
	mill_mem_free(s->integers);
	mill_mem_free(s->texts);
	mill_mem_free(s->used);
	mill_mem_free(s);
}

mill_status mill_set_new(mill_mem *mem, const mill_expr *in, void **state, mill_error *err)
{
	set *s = mill_mem_calloc(mem, 1, sizeof *s);
	if (s == NULL)
		return mill_fail_nomem(err, sizeof *s, "IN list");
	s->mem = mem;
	s->is_text = mill_type_is_text(in->args[0]->type);
	if (!s->is_text)
		measure(in, s);
	mill_status status = allocate(s, in, err);
	if (status != MILL_OK) {
		set_free(s);
		return status;
	}
	for (int i = 1; i < in->arg_count; i++) {
		const mill_literal *l = &in->args[i]->literal;
		if (l->is_null)
			s->has_null = true;
		else if (s->is_text)
			add_text(s, l);
		else
			add_integer(s, l->as.i64);
	}
	*state = s;
	return MILL_OK;
}

#define PROBE(T)                                                                               \
	do {                                                                                   \
		const T *in = values;                                                          \
		for (int64_t i = 0; i < rows; i++)                                             \
			out[i / 64] |= (uint64_t)holds_integer(s, (int64_t)in[i]) << (i % 64); \
	} while (0)

static void probe_integers(const set *s, mill_type type, const void *values, uint64_t *out, int64_t rows)
{
	switch (type.id) {
	case MILL_TYPE_INT8: PROBE(int8_t); break;
	case MILL_TYPE_INT16: PROBE(int16_t); break;
	case MILL_TYPE_INT32:
	case MILL_TYPE_DATE: PROBE(int32_t); break;
	case MILL_TYPE_UINT8: PROBE(uint8_t); break;
	case MILL_TYPE_UINT16: PROBE(uint16_t); break;
	case MILL_TYPE_UINT32: PROBE(uint32_t); break;
	case MILL_TYPE_INT64:
	case MILL_TYPE_TIMESTAMP: PROBE(int64_t); break;
	case MILL_TYPE_NULL:
	case MILL_TYPE_BOOL:
	case MILL_TYPE_UINT64:
	case MILL_TYPE_FLOAT32:
	case MILL_TYPE_FLOAT64:
	case MILL_TYPE_DECIMAL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break; /* is_integer_like refuses them */
	}
}

static mill_status set_kernel(mill_call *call, mill_error *err)
{
	const set *s = call->node->state;
	const mill_column *c = &call->args[0]->column;
	uint64_t *out = call->out->values;
	size_t words = mill_bit_words(call->rows);
	memset(out, 0, words * 8);
	if (!s->is_text)
		probe_integers(s, c->type, c->values, out, call->rows);
	for (int64_t i = 0; s->is_text && i < call->rows; i++) {
		int32_t length;
		const char *text = mill_call_text(call, 0, i, &length);
		out[i / 64] |= (uint64_t)holds_text(s, text, (size_t)length) << (i % 64);
	}
	if (!s->has_null && c->validity == NULL)
		return MILL_OK;
	MILL_TRY(mill_vector_validity(call->program, call->out, err));
	for (size_t w = 0; w < words; w++) {
		uint64_t valid = c->validity != NULL ? c->validity[w] : mill_row_bits(call->rows, (int64_t)w);
		call->out->validity[w] = s->has_null ? valid & out[w] : valid;
	}
	return MILL_OK;
}

static void unprepare(mill_node *node)
{
	if (node->state != NULL)
		set_free(node->state);
	node->state = NULL;
}

const mill_function *mill_set_function(void)
{
	static const mill_overload overloads[] = {{{MILL_ARG_ANY}, 1, false, MILL_TYPE_BOOL, set_kernel, NULL}};
	static const mill_function function = {.name = "in_set",
	                                       .group = MILL_GROUP_OPERATOR,
	                                       .help = "x IN (a, b, …)",
	                                       MILL_LIST(overloads),
	                                       .sees_nulls = true,
	                                       .unprepare = unprepare};
	return &function;
}
