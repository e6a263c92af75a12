/* Grouping: whole, partial → final, and partials that were cut, shuffled and flushed, against brute force over cells.
 */
#include "base/hash_inline.h"
#include "ops_data.h"

static mill_mem mem;
static mill_knobs knobs;
static mill_op_env env;
static uint64_t state;

/* Arguments after the keys: small integers, wide integers, decimals, floats that add up exactly, two of them, a random
 * column of any type, two bools. */
enum { ARG_I32, ARG_I64, ARG_DECIMAL, ARG_X, ARG_Y, ARG_ANY, ARG_BOOL, ARG_FILTER, ARG_COUNT };
#define MOST_KEYS       3
#define MOST_AGGREGATES 40

typedef struct input {
	mill_batch table;
	int key_count;
	int keys[MOST_KEYS];
	mill_type key_types[MOST_KEYS];
	mill_type any_type;
} input;

typedef struct groups {
	int64_t count;
	int64_t *first; /* group of each row's place in rows; count + 1 */
	int32_t *rows;  /* by group, in row order */
	uint64_t *hash; /* K */
	uint64_t *rank;
} groups;

static mill_column small_numbers(mill_type type, int64_t rows, int null_percent)
{
	mill_builder b;
	mill_column out = {0};
	mill_builder_init(&b, &mem, type);
	for (int64_t r = 0; r < rows; r++) {
		int64_t value = random_below(&state, 2001) - 1000;
		mill_i128 wide = (mill_i128)value * 1000003;
		mill_status status;
		if (random_below(&state, 100) < null_percent)
			status = mill_builder_null(&b);
		else if (mill_type_is_float(type))
			status = mill_builder_f64(&b, (double)value / 8);
		else if (type.id == MILL_TYPE_DECIMAL)
			status = mill_builder_fixed(&b, &wide);
		else if (type.id == MILL_TYPE_BOOL)
			status = mill_builder_bool(&b, value > 0);
		else
			status = mill_builder_i64(&b, value);
		CU_ASSERT_FATAL(status == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_builder_finish(&b, &out, NULL) == MILL_OK);
	return out;
}

/* Texts of 0 … 40 bytes out of few, so that short and long ones repeat. */
static mill_column long_texts(int64_t rows, int64_t distinct)
{
	static const char filler[] = "0123456789abcdefghijklmnopqrstuvwxyz----";
	mill_builder b;
	mill_column out = {0};
	char text[64];
	mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_STRING));
	for (int64_t r = 0; r < rows; r++) {
		int64_t which = random_below(&state, distinct);
		int size = snprintf(text, sizeof(text), "%.*s%lld", (int)(which % 5 * 9), filler, (long long)which);
		mill_status status = which % 11 == 10 ? mill_builder_null(&b)
		                                      : mill_builder_text(&b, text, which % 13 == 0 ? 0 : (size_t)size);
		CU_ASSERT_FATAL(status == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_builder_finish(&b, &out, NULL) == MILL_OK);
	return out;
}

static mill_column key_column(int64_t rows, mill_type *type)
{
	mill_column out = {0};
	model m;
	int64_t kind = random_below(&state, 6);
	int64_t distinct = 1 + random_below(&state, rows / 3 + 2);
	*type = mill_type_of(kind < 2 ? MILL_TYPE_STRING : MILL_TYPE_INT64);
	if (kind == 0) {
		out = long_texts(rows, distinct);
	} else if (kind == 1) {
		CU_ASSERT_FATAL(random_dictionary(&mem, *type, 1 + random_below(&state, 50), rows, 10, &state, &m,
		                                  &out) == MILL_OK);
		model_release(&m);
	} else if (kind == 2) {
		out = small_numbers(*type, rows, 10);
	} else {
		*type = random_types[random_below(&state, RANDOM_TYPE_COUNT)];
		m = random_model(*type, rows, 20, &state);
		for (int64_t r = 1; r < rows; r++)
			if (random_below(&state, 4) != 0)
				m.cells[r] = m.cells[random_below(&state, r)];
		CU_ASSERT_FATAL(model_build(&mem, &m, &out, NULL) == MILL_OK);
		model_release(&m);
	}
	return out;
}

static input input_new(int64_t rows, int key_count)
{
	input in = {.key_count = key_count, .any_type = random_types[random_below(&state, RANDOM_TYPE_COUNT)]};
	mill_column columns[MOST_KEYS + ARG_COUNT] = {0};
	mill_column *args = columns + key_count;
	int nulls = random_below(&state, 2) == 0 ? 0 : 15;
	for (int k = 0; k < key_count; k++) {
		in.keys[k] = k;
		columns[k] = key_column(rows, &in.key_types[k]);
	}
	args[ARG_I32] = small_numbers(mill_type_of(MILL_TYPE_INT32), rows, nulls);
	args[ARG_I64] = small_numbers(mill_type_of(MILL_TYPE_INT64), rows, nulls);
	args[ARG_DECIMAL] = small_numbers(mill_type_decimal(20, 3), rows, nulls);
	args[ARG_X] = small_numbers(mill_type_of(MILL_TYPE_FLOAT64), rows, nulls);
	args[ARG_Y] = small_numbers(mill_type_of(MILL_TYPE_FLOAT64), rows, nulls);
	args[ARG_BOOL] = small_numbers(mill_type_of(MILL_TYPE_BOOL), rows, nulls);
	args[ARG_FILTER] = small_numbers(mill_type_of(MILL_TYPE_BOOL), rows, 10);
	model m = random_model(in.any_type, rows, 30, &state);
	CU_ASSERT_FATAL(model_build(&mem, &m, &args[ARG_ANY], NULL) == MILL_OK);
	model_release(&m);
	CU_ASSERT_FATAL(table_new(&mem, columns, key_count + ARG_COUNT, true, &state, &in.table) == MILL_OK);
	return in;
}

static void add_aggregate(mill_aggregate_spec *specs, int *count, mill_aggregate_kind kind, int arg, mill_type type,
                          mill_type result)
{
	mill_aggregate_spec *spec = &specs[(*count)++];
	memset(spec, 0, sizeof(*spec));
	spec->signature.kind = kind;
	spec->signature.arg_types[0] = type;
	spec->signature.arg_count = arg < 0 ? 0 : 1;
	spec->signature.result = result;
	spec->signature.nullable = kind != MILL_AGG_COUNT && kind != MILL_AGG_COUNT_ROWS;
	spec->signature.holistic = kind == MILL_AGG_MEDIAN || kind == MILL_AGG_QUANTILE;
	spec->args[0] = arg;
	spec->args[1] = -1;
	spec->filter = -1;
}

/* Everything that has a partial state; with filters here and there. */
static int make_aggregates(const input *in, mill_aggregate_spec specs[MOST_AGGREGATES])
{
	const mill_type i64 = mill_type_of(MILL_TYPE_INT64), f64 = mill_type_of(MILL_TYPE_FLOAT64);
	const mill_type i32 = mill_type_of(MILL_TYPE_INT32), boolean = mill_type_of(MILL_TYPE_BOOL);
	const mill_type decimal = mill_type_decimal(20, 3);
	static const mill_aggregate_kind statistics[] = {MILL_AGG_SUM,     MILL_AGG_AVG,         MILL_AGG_VAR_SAMP,
	                                                 MILL_AGG_VAR_POP, MILL_AGG_STDDEV_SAMP, MILL_AGG_STDDEV_POP,
	                                                 MILL_AGG_CORR,    MILL_AGG_COVAR_SAMP,  MILL_AGG_COVAR_POP};
	static const mill_aggregate_kind of_any[] = {MILL_AGG_MIN,  MILL_AGG_MAX,       MILL_AGG_FIRST,
	                                             MILL_AGG_LAST, MILL_AGG_ANY_VALUE, MILL_AGG_COUNT};
	int count = 0, base = in->key_count;
	add_aggregate(specs, &count, MILL_AGG_COUNT_ROWS, -1, i64, i64);
	add_aggregate(specs, &count, MILL_AGG_SUM, base + ARG_I32, i32, i64);
	add_aggregate(specs, &count, MILL_AGG_AVG, base + ARG_I32, i32, f64);
	add_aggregate(specs, &count, MILL_AGG_SUM, base + ARG_I64, i64, mill_type_decimal(38, 0));
	add_aggregate(specs, &count, MILL_AGG_AVG, base + ARG_I64, i64, f64);
	add_aggregate(specs, &count, MILL_AGG_SUM, base + ARG_DECIMAL, decimal, mill_type_decimal(38, 3));
	add_aggregate(specs, &count, MILL_AGG_AVG, base + ARG_DECIMAL, decimal, mill_type_decimal(38, 16));
	for (int i = 0; i < 9; i++) {
		add_aggregate(specs, &count, statistics[i], base + ARG_X, f64, f64);
		if (i >= 6) {
			specs[count - 1].args[1] = base + ARG_Y;
			specs[count - 1].signature.arg_types[1] = f64;
			specs[count - 1].signature.arg_count = 2;
		}
	}
	for (int i = 0; i < 6; i++)
		add_aggregate(specs, &count, of_any[i], base + ARG_ANY, in->any_type, i == 5 ? i64 : in->any_type);
	add_aggregate(specs, &count, MILL_AGG_BOOL_AND, base + ARG_BOOL, boolean, boolean);
	add_aggregate(specs, &count, MILL_AGG_BOOL_OR, base + ARG_BOOL, boolean, boolean);
	for (int a = 0; a < count; a++)
		if (random_below(&state, 4) == 0)
			specs[a].filter = base + ARG_FILTER;
	return count;
}

/* What only whole aggregation does. */
static int add_holistic(const input *in, mill_aggregate_spec specs[MOST_AGGREGATES], int count)
{
	const mill_type i64 = mill_type_of(MILL_TYPE_INT64), f64 = mill_type_of(MILL_TYPE_FLOAT64);
	int base = in->key_count, first = count;
	add_aggregate(specs, &count, MILL_AGG_MEDIAN, base + ARG_X, f64, f64);
	add_aggregate(specs, &count, MILL_AGG_QUANTILE, base + ARG_X, f64, f64);
	specs[count - 1].quantile = (double)random_below(&state, 5) / 4;
	add_aggregate(specs, &count, MILL_AGG_COUNT, base + ARG_ANY, in->any_type, i64);
	add_aggregate(specs, &count, MILL_AGG_SUM, base + ARG_I32, mill_type_of(MILL_TYPE_INT32), i64);
	add_aggregate(specs, &count, MILL_AGG_AVG, base + ARG_X, f64, f64);
	add_aggregate(specs, &count, MILL_AGG_MEDIAN, base + ARG_X, f64, f64);
	add_aggregate(specs, &count, MILL_AGG_MAX, base + ARG_X, f64, f64);
	for (int a = first + 2; a < count; a++)
		specs[a].distinct = true;
	for (int a = first; a < count; a++)
		if (random_below(&state, 3) == 0)
			specs[a].filter = base + ARG_FILTER;
	return count;
}

/* Brute force. */

typedef struct keyed_row {
	uint64_t hash;
	uint8_t *bytes;
	size_t size;
	int32_t row;
} keyed_row;

static int compare_bytes(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
	int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
	return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_keyed(const void *a, const void *b)
{
	const keyed_row *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	int order = compare_bytes(x->bytes, x->size, y->bytes, y->size);
	return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

static keyed_row *keyed_rows(const input *in)
{
	keyed_row *rows = calloc((size_t)in->table.rows + 1, sizeof(*rows));
	mill_bytes bytes;
	mill_bytes_init(&bytes, &mem);
	for (int64_t r = 0; r < in->table.rows; r++) {
		bytes.size_bytes = 0;
		for (int k = 0; k < in->key_count; k++)
			CU_ASSERT_FATAL(mill_value_bytes(&in->table.columns[k], r, &bytes) == MILL_OK);
		rows[r].bytes = malloc(bytes.size_bytes + 1);
		if (bytes.size_bytes > 0)
			memcpy(rows[r].bytes, bytes.data, bytes.size_bytes);
		rows[r].size = bytes.size_bytes;
		rows[r].hash = mill_h64(0, rows[r].bytes, bytes.size_bytes);
		rows[r].row = (int32_t)r;
	}
	mill_bytes_release(&bytes);
	return rows;
}

static groups brute_groups(const input *in)
{
	int64_t rows = in->table.rows;
	keyed_row *keyed = keyed_rows(in);
	qsort(keyed, (size_t)rows, sizeof(*keyed), compare_keyed);
	groups g = {0, calloc((size_t)rows + 2, 8), calloc((size_t)rows + 1, 4), calloc((size_t)rows + 1, 8),
	            calloc((size_t)rows + 1, 8)};
	for (int64_t i = 0; i < rows; i++) {
		bool same_hash = i > 0 && keyed[i].hash == keyed[i - 1].hash;
		bool same = same_hash &&
		            compare_bytes(keyed[i].bytes, keyed[i].size, keyed[i - 1].bytes, keyed[i - 1].size) == 0;
		if (!same) {
			g.hash[g.count] = keyed[i].hash;
			g.rank[g.count] = same_hash ? g.rank[g.count - 1] + 1 : 0;
			g.first[g.count++] = i;
		}
		g.rows[i] = keyed[i].row;
	}
	g.first[g.count] = rows;
	for (int64_t i = 0; i < rows; i++)
		free(keyed[i].bytes);
	free(keyed);
	return g;
}

static void groups_free(groups *g)
{
	free(g->first);
	free(g->rows);
	free(g->hash);
	free(g->rank);
}

typedef struct taken {
	int32_t *rows;
	int64_t count;
} taken;

/* The rows of a group that the aggregate sees. */
static taken taken_rows(const input *in, const groups *g, int64_t group, const mill_aggregate_spec *spec)
{
	bool nulls = spec->signature.kind == MILL_AGG_FIRST || spec->signature.kind == MILL_AGG_LAST;
	taken t = {malloc((size_t)(g->first[group + 1] - g->first[group]) * 4 + 4), 0};
	for (int64_t i = g->first[group]; i < g->first[group + 1]; i++) {
		int32_t r = g->rows[i];
		bool take = true;
		if (spec->filter >= 0) {
			const mill_column *filter = &in->table.columns[spec->filter];
			take = !mill_column_is_null(filter, r) && mill_bit_get(filter->values, r);
		}
		for (int a = 0; a < spec->signature.arg_count && !nulls; a++)
			take = take && !mill_column_is_null(&in->table.columns[spec->args[a]], r);
		for (int64_t before = 0; take && spec->distinct && before < t.count; before++)
			take = !mill_value_equal(&in->table.columns[spec->args[0]], r,
			                         &in->table.columns[spec->args[0]], t.rows[before]);
		if (take)
			t.rows[t.count++] = r;
	}
	return t;
}

static mill_i128 integer_at(const mill_column *c, int64_t r)
{
	if (c->type.id == MILL_TYPE_INT32)
		return ((const int32_t *)c->values)[r];
	return c->type.id == MILL_TYPE_INT64 ? ((const int64_t *)c->values)[r] : ((const mill_i128 *)c->values)[r];
}

/* Values are multiples of 1/8 below 125, groups are small: 8·x and its sums and products are exact in int64. */
static int64_t eighths(const mill_column *c, int64_t r)
{
	return (int64_t)(((const double *)c->values)[r] * 8);
}

static double root(double x)
{
	return __builtin_sqrt(x);
}

static bool statistic(const input *in, const mill_aggregate_spec *spec, const taken *t, double *out)
{
	const mill_column *x = &in->table.columns[spec->args[0]];
	const mill_column *y = &in->table.columns[spec->args[spec->signature.arg_count == 2]];
	int64_t n = t->count, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
	for (int64_t i = 0; i < n; i++) {
		int64_t a = eighths(x, t->rows[i]), b = eighths(y, t->rows[i]);
		sx += a, sy += b, sxx += a * a, syy += b * b, sxy += a * b;
	}
	mill_aggregate_kind kind = spec->signature.kind;
	bool samp = kind == MILL_AGG_VAR_SAMP || kind == MILL_AGG_STDDEV_SAMP || kind == MILL_AGG_COVAR_SAMP;
	double divisor = (double)n * (double)(samp ? n - 1 : n) * 64;
	double a = (double)(n * sxx - sx * sx), b = (double)(n * syy - sy * sy), c = (double)(n * sxy - sx * sy);
	if (n == 0 || (samp && n == 1) || (kind == MILL_AGG_CORR && (a == 0 || b == 0)))
		return false;
	switch (kind) {
	case MILL_AGG_SUM: *out = (double)sx / 8; break;
	case MILL_AGG_AVG: *out = (double)sx / (8 * (double)n); break;
	case MILL_AGG_VAR_SAMP:
	case MILL_AGG_VAR_POP: *out = a / divisor; break;
	case MILL_AGG_STDDEV_SAMP:
	case MILL_AGG_STDDEV_POP: *out = root(a / divisor); break;
	case MILL_AGG_CORR: *out = c / (root(a) * root(b)); break;
	default: *out = c / divisor; break;
	}
	*out = kind == MILL_AGG_CORR ? (*out > 1 ? 1 : *out < -1 ? -1 : *out) : *out;
	return true;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double quantile(const input *in, const mill_aggregate_spec *spec, const taken *t)
{
	double p = spec->signature.kind == MILL_AGG_MEDIAN ? 0.5 : spec->quantile;
	double *values = malloc((size_t)t->count * 8);
	for (int64_t i = 0; i < t->count; i++)
		values[i] = ((const double *)in->table.columns[spec->args[0]].values)[t->rows[i]];
	qsort(values, (size_t)t->count, 8, compare_doubles);
	double h = p * (double)(t->count - 1); /* p is a quarter: exact */
	int64_t low = (int64_t)h;
	double fraction = h - (double)low;
	double result = values[low] + (low + 1 < t->count ? (values[low + 1] - values[low]) * fraction : 0);
	free(values);
	return result;
}

/* Row of the argument whose value is the result of min, max, first, last, any_value, bool_and, bool_or. */
static int32_t chosen_row(const input *in, const mill_aggregate_spec *spec, const taken *t)
{
	const mill_column *c = &in->table.columns[spec->args[0]];
	int32_t best = t->rows[0];
	for (int64_t i = 1; i < t->count; i++) {
		int32_t r = t->rows[i];
		int order;
		switch (spec->signature.kind) {
		case MILL_AGG_MIN:
		case MILL_AGG_BOOL_AND: order = mill_value_compare(c, r, c, best); break;
		case MILL_AGG_MAX:
		case MILL_AGG_BOOL_OR: order = -mill_value_compare(c, r, c, best); break;
		case MILL_AGG_LAST: order = -compare_ids(&in->table, r, best); break;
		default: order = compare_ids(&in->table, r, best); break;
		}
		best = order < 0 ? r : best;
	}
	return best;
}

static mill_status put_integer(mill_builder *b, const input *in, const mill_aggregate_spec *spec, const taken *t)
{
	mill_i128 sum = 0;
	for (int64_t i = 0; i < t->count; i++)
		sum += integer_at(&in->table.columns[spec->args[0]], t->rows[i]);
	if (spec->signature.kind == MILL_AGG_SUM)
		return b->type.id == MILL_TYPE_INT64 ? mill_builder_i64(b, (int64_t)sum) : mill_builder_fixed(b, &sum);
	if (b->type.id == MILL_TYPE_FLOAT64)
		return mill_builder_f64(b, (double)sum / (double)t->count);
	mill_i128 scaled = sum * 10000000000000LL; /* scale 3 to 16 */
	mill_i128 n = t->count, magnitude = scaled < 0 ? -scaled : scaled;
	mill_i128 quotient = magnitude / n + (magnitude % n * 2 >= n);
	quotient = scaled < 0 ? -quotient : quotient;
	return mill_builder_fixed(b, &quotient);
}

static mill_status put_statistic(mill_builder *b, const input *in, const mill_aggregate_spec *spec, const taken *t)
{
	double value = 0;
	if (spec->signature.holistic)
		value = quantile(in, spec, t);
	else if (!statistic(in, spec, t, &value))
		return mill_builder_null(b);
	return mill_builder_f64(b, value);
}

static mill_status put_expected(mill_builder *b, const input *in, const mill_aggregate_spec *spec, const taken *t)
{
	switch (spec->signature.kind) {
	case MILL_AGG_COUNT:
	case MILL_AGG_COUNT_ROWS: return mill_builder_i64(b, t->count);
	case MILL_AGG_MIN:
	case MILL_AGG_MAX:
	case MILL_AGG_FIRST:
	case MILL_AGG_LAST:
	case MILL_AGG_ANY_VALUE:
	case MILL_AGG_BOOL_AND:
	case MILL_AGG_BOOL_OR:
		return t->count == 0 ? mill_builder_null(b)
		                     : mill_builder_copy(b, &in->table.columns[spec->args[0]], chosen_row(in, spec, t));
	default: break;
	}
	if (t->count == 0)
		return mill_builder_null(b);
	bool is_float = mill_type_is_float(spec->signature.arg_types[0]);
	return (is_float ? put_statistic : put_integer)(b, in, spec, t);
}

static mill_batch expected_batch(const input *in, const mill_aggregate_spec *specs, int count)
{
	groups g = brute_groups(in);
	mill_batch out = {0};
	CU_ASSERT_FATAL(mill_batch_new(&mem, in->key_count + count + 2, 2, &out, NULL) == MILL_OK);
	out.rows = g.count;
	int32_t *firsts = malloc((size_t)g.count * 4 + 4);
	for (int64_t i = 0; i < g.count; i++)
		firsts[i] = g.rows[g.first[i]];
	for (int k = 0; k < in->key_count; k++)
		CU_ASSERT_FATAL(mill_column_take(&mem, &in->table.columns[k], firsts, g.count, &out.columns[k], NULL) ==
		                MILL_OK);
	free(firsts);
	for (int a = 0; a < count; a++) {
		mill_builder b;
		mill_builder_init(&b, &mem, specs[a].signature.result);
		for (int64_t i = 0; i < g.count; i++) {
			taken t = taken_rows(in, &g, i, &specs[a]);
			CU_ASSERT_FATAL(put_expected(&b, in, &specs[a], &t) == MILL_OK);
			free(t.rows);
		}
		CU_ASSERT_FATAL(mill_builder_finish(&b, &out.columns[in->key_count + a], NULL) == MILL_OK);
	}
	for (int w = 0; w < 2; w++) {
		mill_column *c = &out.columns[in->key_count + count + w];
		CU_ASSERT_FATAL(mill_column_new(&mem, mill_type_of(MILL_TYPE_UINT64), g.count, 0, c, NULL) == MILL_OK);
		memcpy(c->values, w == 0 ? g.hash : g.rank, (size_t)g.count * 8);
	}
	groups_free(&g);
	return out;
}

static mill_group_spec spec_of(const input *in, const mill_aggregate_spec *specs, int count)
{
	return (mill_group_spec){in->keys, in->key_count, in->key_types, specs, count, true, false};
}

/* Mostly batches of any size, sometimes tiny ones. */
static int64_t most_rows(void)
{
	return random_below(&state, 3) == 0 ? 3 : random_below(&state, 2) == 0 ? 100 : 8192;
}

static void check_whole(const input *in, const mill_group_spec *spec, const mill_batch *want)
{
	mill_collector *collector;
	mill_sink *op;
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_group_whole_new(&env, spec, mill_collector_sink(collector), &op, NULL) == MILL_OK);
	CU_ASSERT(push_table(op, &in->table, 0, in->table.rows, most_rows(), &state, NULL) == MILL_OK);
	CU_ASSERT(finish_sink(op, NULL) == MILL_OK);
	check_collector(collector, want, &knobs, &mem, "whole");
	mill_op_release(op);
	mill_collector_free(collector);
}

/* The states of a table that `parts` ranks saw parts of, some of them flushing after each batch. */
static void collect_states(const input *in, const mill_group_spec *spec, mill_collector *states)
{
	int64_t rows = in->table.rows, parts = 1 + random_below(&state, 4);
	for (int64_t p = 0; p < parts; p++) {
		mill_sink *op;
		CU_ASSERT_FATAL(mill_group_partial_new(&env, spec, mill_collector_sink(states), &op, NULL) == MILL_OK);
		int64_t first = rows * p / parts, count = rows * (p + 1) / parts - first;
		int64_t cut = random_below(&state, count + 1);
		CU_ASSERT(push_table(op, &in->table, first, cut, most_rows(), &state, NULL) == MILL_OK);
		CU_ASSERT(op->finish_unit(op, NULL) == MILL_OK);
		bool pressed = random_below(&state, 2) == 0;
		if (pressed) { /* then every batch is flushed once there are 1024 groups */
			mem.budget_bytes = mem.used_bytes + (1 << 30);
			CU_ASSERT(mill_mem_charge(&mem, (1 << 30) / 4 * 3));
		}
		CU_ASSERT(push_table(op, &in->table, first + cut, count - cut, 3000, &state, NULL) == MILL_OK);
		if (pressed)
			mill_mem_discharge(&mem, (1 << 30) / 4 * 3);
		mem.budget_bytes = INT64_MAX;
		CU_ASSERT(finish_sink(op, NULL) == MILL_OK);
		mill_op_release(op);
	}
}

static void check_merged(const input *in, const mill_group_spec *spec, const mill_batch *want)
{
	mill_collector *states, *results;
	mill_sink *final;
	int64_t count, rows;
	CU_ASSERT_FATAL(mill_collector_new(&env, &states, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_collector_new(&env, &results, NULL) == MILL_OK);
	collect_states(in, spec, states);
	CU_ASSERT_FATAL(mill_group_final_new(&env, spec, mill_collector_sink(results), &final, NULL) == MILL_OK);
	const mill_batch *batches = mill_collector_batches(states, &count, &rows);
	int64_t *order = malloc((size_t)count * 8 + 8);
	for (int64_t i = 0; i < count; i++) {
		int64_t other = random_below(&state, i + 1);
		order[i] = order[other];
		order[other] = i;
	}
	for (int64_t i = 0; i < count; i++)
		CU_ASSERT(mill_sink_push(final, &batches[order[i]], NULL) == MILL_OK);
	free(order);
	CU_ASSERT(finish_sink(final, NULL) == MILL_OK);
	check_collector(results, want, &knobs, &mem, "partial and final");
	mill_op_release(final);
	mill_collector_free(states);
	mill_collector_free(results);
}

static const int64_t row_counts[] = {0, 1, 2, 63, 500, 3000};
#define ROW_COUNTS ((int)(sizeof(row_counts) / sizeof(row_counts[0])))

static void random_groupings(void)
{
	for (int n = 0; n < ROW_COUNTS; n++)
		for (int i = 0; i < 16; i++) {
			input in = input_new(row_counts[n], (int)random_below(&state, MOST_KEYS + 1));
			mill_aggregate_spec specs[MOST_AGGREGATES];
			int count = make_aggregates(&in, specs), all = add_holistic(&in, specs, count);
			mill_group_spec spec = spec_of(&in, specs, count), whole = spec_of(&in, specs, all);
			CU_ASSERT(!mill_group_needs_whole(&spec));
			CU_ASSERT(mill_group_needs_whole(&whole));
			knobs.batch_rows = i % 2 == 0 ? 8192 : 1 + random_below(&state, 100);
			mill_batch want = expected_batch(&in, specs, count);
			check_merged(&in, &spec, &want);
			check_whole(&in, &spec, &want);
			mill_batch_release(&want);
			want = expected_batch(&in, specs, all);
			check_whole(&in, &whole, &want);
			mill_batch_release(&want);
			mill_batch_release(&in.table);
			knobs.batch_rows = 8192;
		}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Without keys the one group exists over no rows too, but only where it is asked for. */
static void empty_group(void)
{
	for (int emit = 0; emit < 2; emit++) {
		input in = input_new(0, 0);
		mill_aggregate_spec specs[MOST_AGGREGATES];
		int count = make_aggregates(&in, specs);
		mill_group_spec spec = spec_of(&in, specs, count);
		spec.emit_empty = emit == 1;
		mill_collector *collector;
		mill_sink *final, *partial;
		mill_batch got = {0};
		CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
		CU_ASSERT_FATAL(mill_group_final_new(&env, &spec, mill_collector_sink(collector), &final, NULL) ==
		                MILL_OK);
		CU_ASSERT_FATAL(mill_group_partial_new(&env, &spec, final, &partial, NULL) == MILL_OK);
		CU_ASSERT(finish_sink(partial, NULL) == MILL_OK);
		CU_ASSERT_FATAL(collected(collector, &mem, &got) == MILL_OK);
		CU_ASSERT_EQUAL(got.rows, emit);
		for (int a = 0; emit == 1 && a < count; a++) {
			bool is_count = specs[a].signature.result.id == MILL_TYPE_INT64 &&
			                specs[a].signature.kind != MILL_AGG_SUM && !specs[a].signature.nullable;
			CU_ASSERT_EQUAL(mill_column_is_null(&got.columns[a], 0), !is_count);
			if (is_count)
				CU_ASSERT_EQUAL(((const int64_t *)got.columns[a].values)[0], 0);
		}
		if (emit == 1)
			CU_ASSERT_EQUAL(id_word(&got, 0, 0), 0x2D06800538D394C2ULL); /* XXH3 of nothing */
		mill_batch_release(&got);
		mill_op_release(partial);
		mill_op_release(final);
		mill_collector_free(collector);
		mill_batch_release(&in.table);
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* One aggregate over one column and no key; *out is the result's column. */
static mill_status one_result(mill_column *values, mill_aggregate_kind kind, mill_type result, double p,
                              mill_batch *out, mill_error *err)
{
	mill_aggregate_spec aggregate[1];
	mill_batch table = {0};
	int count = 0;
	mill_collector *collector;
	mill_sink *op;
	add_aggregate(aggregate, &count, kind, 0, values->type, result);
	aggregate[0].quantile = p;
	mill_group_spec spec = {NULL, 0, NULL, aggregate, 1, false, false};
	CU_ASSERT_FATAL(table_new(&mem, values, 1, false, &state, &table) == MILL_OK);
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	mill_status status = mill_group_whole_new(&env, &spec, mill_collector_sink(collector), &op, err);
	if (status == MILL_OK) {
		status = mill_sink_push(op, &table, err);
		if (status == MILL_OK)
			status = finish_sink(op, err);
		mill_op_release(op);
	}
	CU_ASSERT_FATAL(collected(collector, &mem, out) == MILL_OK);
	mill_collector_free(collector);
	mill_batch_release(&table);
	return status;
}

static mill_column decimals(const char *const *texts, int count, int scale)
{
	mill_column out = {0};
	CU_ASSERT_FATAL(mill_column_new(&mem, mill_type_decimal(38, scale), count, 0, &out, NULL) == MILL_OK);
	for (int i = 0; i < count; i++) {
		const char *at = texts[i] + (texts[i][0] == '-');
		mill_i128 value = 0;
		for (; *at != 0; at++)
			value = value * 10 + (*at - '0');
		((mill_i128 *)out.values)[i] = texts[i][0] == '-' ? -value : value;
	}
	return out;
}

/* Totals that pass 2^127 on the way, and totals that stay beyond 38 digits. */
static void decimal_overflow(void)
{
	static const char *const nines = "99999999999999999999999999999999999999"; /* 38 */
	static const char *const minus = "-99999999999999999999999999999999999999";
	const char *through[] = {nines, nines, nines, minus, minus, minus, "5"};
	const char *beyond[] = {nines, "1"};
	const mill_type sum = mill_type_decimal(38, 0);
	mill_batch got = {0};
	mill_error err = {0};
	mill_column values = decimals(through, 7, 0);
	CU_ASSERT_FATAL(one_result(&values, MILL_AGG_SUM, sum, 0, &got, &err) == MILL_OK);
	CU_ASSERT(((const mill_i128 *)got.columns[0].values)[0] == 5);
	mill_batch_release(&got);
	values = decimals(beyond, 2, 0);
	CU_ASSERT_EQUAL(one_result(&values, MILL_AGG_SUM, sum, 0, &got, &err), MILL_DATA);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "38 digits"));
	mill_batch_release(&got);
	/* The mean of three such totals passes 2^127 and fits again; 1/3 rounds half away from zero. */
	const char *three[] = {nines, nines, nines};
	values = decimals(three, 3, 20);
	CU_ASSERT_FATAL(one_result(&values, MILL_AGG_AVG, mill_type_decimal(38, 20), 0, &got, &err) == MILL_OK);
	mill_column expected = decimals(three, 1, 20);
	CU_ASSERT(((const mill_i128 *)got.columns[0].values)[0] == ((const mill_i128 *)expected.values)[0]);
	mill_column_release(&expected);
	mill_batch_release(&got);
	const char *halves[] = {"1", "2"}; /* −(0.01 + 0.02) / 2 at scale 2 */
	values = decimals(halves, 2, 2);
	((mill_i128 *)values.values)[0] = -1;
	((mill_i128 *)values.values)[1] = -2;
	CU_ASSERT_FATAL(one_result(&values, MILL_AGG_AVG, mill_type_decimal(38, 2), 0, &got, &err) == MILL_OK);
	CU_ASSERT(((const mill_i128 *)got.columns[0].values)[0] == -2);
	mill_batch_release(&got);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static mill_column i64_values(const int64_t *values, int count)
{
	mill_column out = {0};
	CU_ASSERT_FATAL(mill_column_new(&mem, mill_type_of(MILL_TYPE_INT64), count, 0, &out, NULL) == MILL_OK);
	memcpy(out.values, values, (size_t)count * 8);
	return out;
}

/* Means of integers round once: the constants are Python's Fraction(sum, n) rounded by float(). */
static void integer_means(void)
{
	static const struct {
		int64_t values[3];
		double mean;
	} tests[] = {
	    {{9007199254740993, 9007199254740993, 9007199254740993}, 0x1.0000000000000p+53},
	    {{9007199254740993, 9007199254740993, 9007199254740996}, 0x1.0000000000001p+53},
	    {{INT64_MAX, INT64_MAX, INT64_MAX}, 0x1p+63},
	    {{INT64_MIN, INT64_MIN, INT64_MIN}, -0x1p+63},
	    {{1, 0, 0}, 0x1.5555555555555p-2},
	    {{-2, 0, 0}, -0x1.5555555555555p-1},
	    {{INT64_MAX, INT64_MIN, 0}, -0x1.5555555555555p-2},
	};
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		mill_column values = i64_values(tests[i].values, 3);
		mill_batch got = {0};
		CU_ASSERT_FATAL(one_result(&values, MILL_AGG_AVG, mill_type_of(MILL_TYPE_FLOAT64), 0, &got, NULL) ==
		                MILL_OK);
		CU_ASSERT_EQUAL(((const double *)got.columns[0].values)[0], tests[i].mean);
		mill_batch_release(&got);
	}
	const int64_t large[] = {INT64_MAX, 1};
	mill_column values = i64_values(large, 2);
	mill_batch got = {0};
	mill_error err = {0};
	CU_ASSERT_EQUAL(one_result(&values, MILL_AGG_SUM, mill_type_of(MILL_TYPE_INT64), 0, &got, &err), MILL_DATA);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "int64"));
	mill_batch_release(&got);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void check_quantile(const double *values, int count, double p, double want)
{
	mill_column column = {0};
	mill_batch got = {0};
	const mill_type f64 = mill_type_of(MILL_TYPE_FLOAT64);
	CU_ASSERT_FATAL(mill_column_new(&mem, f64, count, 0, &column, NULL) == MILL_OK);
	memcpy(column.values, values, (size_t)count * 8);
	CU_ASSERT_FATAL(one_result(&column, MILL_AGG_QUANTILE, f64, p, &got, NULL) == MILL_OK);
	double result = ((const double *)got.columns[0].values)[0];
	uint64_t bits;
	memcpy(&bits, &result, 8);
	bool same = want != want ? bits == 0x7FF8000000000000ULL : memcmp(&result, &want, 8) == 0;
	CU_ASSERT(same);
	if (!same)
		printf("quantile %a of %d values: %a, not %a\n", p, count, result, want);
	mill_batch_release(&got);
}

static void quantiles(void)
{
	const double inf = __builtin_inf(), nan = -__builtin_nan("1"), most = 0x1.fffffffffffffp+1023;
	check_quantile((double[]){3, 1, 2}, 3, 0.5, 2);
	check_quantile((double[]){4, 1, 2, 3}, 4, 0.5, 2.5);
	check_quantile((double[]){4, 1, 2, 3}, 4, 1, 4);
	check_quantile((double[]){4, 1, 2, 3}, 4, 0, 1);
	check_quantile((double[]){-0.0, -0.0}, 2, 0.5, 0.0);
	check_quantile((double[]){nan, 1}, 2, 0, 1);
	check_quantile((double[]){nan, 1}, 2, 0.5, nan);
	check_quantile((double[]){inf, -inf, 5}, 3, 0.5, 5);
	check_quantile((double[]){inf, inf}, 2, 0.25, inf);
	check_quantile((double[]){-most, most}, 2, 0.5, 0.0);
	/* (11 − 1)·0.1 is a little above 1 with the float64 nearest to 0.1: its fraction is 10·2^-55·… exactly. */
	double tens[11];
	for (int i = 0; i < 11; i++)
		tens[i] = i < 2 ? 0 : 0x1p60;
	/* Fraction(0.1) * 10 - 1 == Fraction(1, 18014398509481984) == 2^-54 */
	check_quantile(tens, 11, 0.1, 0x1p60 * 0x1p-54);
	check_quantile((double[]){0, 0x1p1000}, 2, 0x1p-1000, 1);
	check_quantile((double[]){0, 0x1p1000}, 2, 0x1p-1074, 0x1p-74);
	double many[5000];
	for (int i = 0; i < 5000; i++)
		many[i] = i < 2500 ? i : 5000 - i; /* organ pipe */
	check_quantile(many, 5000, 0.5, 1250);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* Enough groups without repetition for a partial table to give up grouping, or to run out of its budget. */
static void check_many(int64_t budget_bytes)
{
	enum { ROWS = 700000 };
	int64_t *numbers = malloc(ROWS * 8);
	for (int64_t r = 0; r < ROWS; r++)
		numbers[r] = r % 500000;
	mill_column columns[2] = {i64_values(numbers, ROWS), i64_values(numbers, ROWS)};
	mill_aggregate_spec aggregate[1];
	int count = 0;
	const int keys[] = {0};
	const mill_type types[] = {mill_type_of(MILL_TYPE_INT64)};
	add_aggregate(aggregate, &count, MILL_AGG_SUM, 1, types[0], mill_type_decimal(38, 0));
	mill_group_spec spec = {keys, 1, types, aggregate, 1, true, false};
	mill_batch table = {0}, got = {0};
	mill_collector *collector;
	mill_sink *final, *partial;
	CU_ASSERT_FATAL(table_new(&mem, columns, 2, false, &state, &table) == MILL_OK);
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_group_final_new(&env, &spec, mill_collector_sink(collector), &final, NULL) == MILL_OK);
	mill_mem small;
	mill_mem_init(&small, budget_bytes);
	const mill_op_env small_env = {&small, &knobs};
	CU_ASSERT_FATAL(mill_group_partial_new(&small_env, &spec, final, &partial, NULL) == MILL_OK);
	for (int64_t at = 0; at < ROWS; at += 7000)
		CU_ASSERT(push_rows(partial, &table, at, 7000, NULL) == MILL_OK);
	CU_ASSERT(finish_sink(partial, NULL) == MILL_OK);
	CU_ASSERT_FATAL(collected(collector, &mem, &got) == MILL_OK);
	CU_ASSERT_EQUAL(got.rows, 500000);
	int64_t wrong = 0;
	for (int64_t r = 0; r < got.rows; r++) {
		int64_t key = ((const int64_t *)got.columns[0].values)[r];
		wrong += ((const mill_i128 *)got.columns[1].values)[r] != key * (key < 200000 ? 2 : 1);
		wrong += r > 0 && id_word(&got, 0, r - 1) >= id_word(&got, 0, r);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	free(numbers);
	mill_batch_release(&got);
	mill_batch_release(&table);
	mill_op_release(partial);
	CU_ASSERT_EQUAL(small.used_bytes, 0);
	mill_op_release(final);
	mill_collector_free(collector);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void many_groups(void)
{
	check_many(INT64_MAX);
	check_many(3 << 20);
	check_many(700 << 10);
}

#define MIXED_VALUES 3000 /* numbers; −1 stands for NULL */

/* A batch of (text, int64) keys over numbers below `most`: the text from a dictionary of its own, the one of before or
 * plain; NULLs of the int64 only when asked for. counts: what the groups must count. */
static mill_batch mixed_batch(int64_t rows, int64_t most, bool nulls, mill_column **dictionary, int64_t *counts)
{
	mill_builder b;
	mill_column texts = {0}, numbers = {0};
	mill_batch out = {0};
	int shape = (int)random_below(&state, 3);
	char text[64];
	if (shape == 0 || (shape == 1 && *dictionary == NULL)) {
		mill_builder_init(&b, &mem, mill_type_of(MILL_TYPE_STRING));
		for (int64_t v = 0; v < MIXED_VALUES; v++)
			CU_ASSERT_FATAL(mill_builder_text(&b, text,
			                                  (size_t)sprintf(text, v % 3 ? "%lld" : "a longer text %lld",
			                                                  (long long)v)) == MILL_OK);
		CU_ASSERT_FATAL(mill_builder_finish(&b, &texts, NULL) == MILL_OK);
		mill_dictionary_release(*dictionary);
		CU_ASSERT_FATAL(mill_dictionary_new(&mem, &texts, dictionary, NULL) == MILL_OK);
	}
	mill_builder number_builder;
	mill_builder_init(&number_builder, &mem, mill_type_of(MILL_TYPE_INT64));
	mill_builder_init(&b, &mem, mill_type_of(shape == 2 ? MILL_TYPE_STRING : MILL_TYPE_INT32));
	for (int64_t r = 0; r < rows; r++) {
		int64_t v = random_below(&state, most);
		int size = sprintf(text, v % 3 ? "%lld" : "a longer text %lld", (long long)v);
		bool null_text = v % 7 == 6, null_number = nulls && v % 5 == 4;
		counts[(null_text ? MIXED_VALUES : v) * 2 + null_number]++;
		mill_status status = null_text    ? mill_builder_null(&b)
		                     : shape == 2 ? mill_builder_text(&b, text, (size_t)size)
		                                  : mill_builder_i64(&b, v);
		CU_ASSERT_FATAL(status == MILL_OK);
		status = null_number ? mill_builder_null(&number_builder)
		                     : mill_builder_i64(&number_builder, null_text ? -1 : v);
		CU_ASSERT_FATAL(status == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_batch_new(&mem, 2, 0, &out, NULL) == MILL_OK);
	out.rows = rows;
	CU_ASSERT_FATAL(mill_builder_finish(&b, &texts, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_builder_finish(&number_builder, &numbers, NULL) == MILL_OK);
	texts.type = mill_type_of(MILL_TYPE_STRING);
	texts.dictionary = shape == 2 ? NULL : mill_dictionary_retain(*dictionary);
	out.columns[0] = texts;
	out.columns[1] = numbers;
	return out;
}

/* Keys that come as plain text, as codes of changing dictionaries, and whose NULLs come late. */
static void mixed_batches(void)
{
	const mill_type types[] = {mill_type_of(MILL_TYPE_STRING), mill_type_of(MILL_TYPE_INT64)};
	const int keys[] = {0, 1};
	for (int i = 0; i < 20; i++) {
		int64_t *counts = calloc(2 * MIXED_VALUES + 2, 8), distinct = 0, wrong = 0;
		int64_t most = 1 + random_below(&state, MIXED_VALUES);
		mill_column *dictionary = NULL;
		mill_aggregate_spec aggregate[1];
		int count = 0, key_count = 2;
		add_aggregate(aggregate, &count, MILL_AGG_COUNT_ROWS, -1, types[1], types[1]);
		mill_group_spec spec = {keys, key_count, types, aggregate, 1, true, false};
		mill_collector *collector;
		mill_sink *op;
		mill_batch got = {0};
		CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
		CU_ASSERT_FATAL(mill_group_whole_new(&env, &spec, mill_collector_sink(collector), &op, NULL) ==
		                MILL_OK);
		for (int batch = 0; batch < 12; batch++) {
			mill_batch in =
			    mixed_batch(1 + random_below(&state, 4000), most, batch > 6, &dictionary, counts);
			CU_ASSERT(mill_sink_push(op, &in, NULL) == MILL_OK);
			mill_batch_release(&in);
		}
		CU_ASSERT(finish_sink(op, NULL) == MILL_OK);
		CU_ASSERT_FATAL(collected(collector, &mem, &got) == MILL_OK);
		for (int64_t v = 0; v < 2 * MIXED_VALUES + 2; v++)
			distinct += counts[v] > 0;
		CU_ASSERT_EQUAL(got.rows, distinct);
		for (int64_t r = 0; r < got.rows; r++) {
			int32_t length = 0;
			bool null_text = mill_column_is_null(&got.columns[0], r);
			bool null_number = mill_column_is_null(&got.columns[1], r);
			const char *bytes = null_text ? "" : mill_column_text(&got.columns[0], r, &length);
			int64_t v = MIXED_VALUES;
			char copy[64];
			snprintf(copy, sizeof(copy), "%.*s", (int)length, bytes);
			if (!null_text)
				v = atoll(copy + (copy[0] == 'a' ? 14 : 0));
			int64_t number = ((const int64_t *)got.columns[1].values)[r];
			wrong += !null_number && number != (null_text ? -1 : v);
			wrong += ((const int64_t *)got.columns[2].values)[r] != counts[v * 2 + null_number];
		}
		CU_ASSERT_EQUAL(wrong, 0);
		free(counts);
		mill_dictionary_release(dictionary);
		mill_batch_release(&got);
		mill_op_release(op);
		mill_collector_free(collector);
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* XXH3 takes long input in stripes of 64 bytes and adds, a lane, the data and the product of the halves of data ^
 * secret. Where the high half of that is 0 the product is 0, so two lanes can trade amounts without the hash noticing:
 * keys that share K, as no random ones do. V of a text puts 9 bytes before it. */
static void colliding_key(int64_t amount, char text[400])
{
	uint64_t first = (mill_xxh3_secret[1] & 0xFFFFFFFF00000000ULL) + 1000 + (uint64_t)amount;
	uint64_t second = (mill_xxh3_secret[2] & 0xFFFFFFFF00000000ULL) + 9000 - (uint64_t)amount;
	memset(text, 'k', 400);
	memcpy(text + 64 - 9, &first, sizeof(first));
	memcpy(text + 128 - 9, &second, sizeof(second));
}

static void colliding_keys(void)
{
	static const int64_t amounts[] = {5, 300, 0, 77, 255, 1000, 256};
	enum { KEYS = 7, ROWS = 700 };
	const mill_type types[] = {mill_type_of(MILL_TYPE_BINARY)};
	const int keys[] = {0};
	mill_aggregate_spec aggregate[1];
	int count = 0;
	mill_builder b;
	mill_column column = {0};
	mill_batch table = {0}, got = {0};
	mill_collector *collector;
	mill_sink *op;
	char text[400];
	mill_builder_init(&b, &mem, types[0]);
	for (int r = 0; r < ROWS; r++) {
		colliding_key(amounts[r % KEYS], text);
		CU_ASSERT_FATAL(mill_builder_text(&b, text, sizeof(text)) == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_builder_finish(&b, &column, NULL) == MILL_OK);
	CU_ASSERT_FATAL(table_new(&mem, &column, 1, false, &state, &table) == MILL_OK);
	add_aggregate(aggregate, &count, MILL_AGG_COUNT_ROWS, -1, types[0], mill_type_of(MILL_TYPE_INT64));
	mill_group_spec spec = {keys, 1, types, aggregate, 1, true, false};
	CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
	CU_ASSERT_FATAL(mill_group_whole_new(&env, &spec, mill_collector_sink(collector), &op, NULL) == MILL_OK);
	CU_ASSERT(push_table(op, &table, 0, ROWS, 100, &state, NULL) == MILL_OK);
	CU_ASSERT(finish_sink(op, NULL) == MILL_OK);
	CU_ASSERT_FATAL(collected(collector, &mem, &got) == MILL_OK);
	CU_ASSERT_EQUAL_FATAL(got.rows, KEYS);
	for (int64_t r = 0; r < KEYS; r++) {
		CU_ASSERT_EQUAL(((const int64_t *)got.columns[1].values)[r], ROWS / KEYS);
		CU_ASSERT_EQUAL(id_word(&got, 0, r), id_word(&got, 0, 0));
		CU_ASSERT_EQUAL(id_word(&got, 1, r), (uint64_t)r);
		CU_ASSERT(r == 0 || mill_value_compare(&got.columns[0], r - 1, &got.columns[0], r) < 0);
	}
	mill_batch_release(&got);
	mill_batch_release(&table);
	mill_op_release(op);
	mill_collector_free(collector);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

/* State bytes that were cut or changed are refused, never read past their end. */
static void damaged_states(void)
{
	input in = input_new(200, 1);
	mill_aggregate_spec specs[MOST_AGGREGATES];
	int count = make_aggregates(&in, specs);
	mill_group_spec spec = spec_of(&in, specs, count);
	mill_collector *states;
	int64_t batches_count, rows;
	CU_ASSERT_FATAL(mill_collector_new(&env, &states, NULL) == MILL_OK);
	collect_states(&in, &spec, states);
	const mill_batch *batch = mill_collector_batches(states, &batches_count, &rows);
	for (int i = 0; i < 300; i++) {
		mill_batch cut = {0};
		mill_error err = {0};
		mill_sink *final;
		mill_collector *collector;
		CU_ASSERT_FATAL(mill_collector_new(&env, &collector, NULL) == MILL_OK);
		CU_ASSERT_FATAL(mill_group_final_new(&env, &spec, mill_collector_sink(collector), &final, NULL) ==
		                MILL_OK);
		int32_t row = (int32_t)random_below(&state, batch->rows);
		CU_ASSERT_FATAL(mill_batch_take(batch, &row, 1, &cut, NULL) == MILL_OK);
		mill_column *c = &cut.columns[1 + random_below(&state, count)];
		bool shorter = c->offsets[1] > 0;
		if (shorter)
			c->offsets[1] = (int32_t)random_below(&state, c->offsets[1]);
		mill_status status = mill_sink_push(final, &cut, &err);
		CU_ASSERT(status == MILL_OK || status == MILL_INTERNAL || status == MILL_DATA);
		mill_batch_release(&cut);
		mill_op_release(final);
		mill_collector_free(collector);
	}
	mill_collector_free(states);
	mill_batch_release(&in.table);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static mill_status run_once(const input *in, const mill_group_spec *spec, const mill_group_spec *whole, mill_error *err)
{
	mill_collector *collector = NULL;
	mill_sink *final = NULL, *partial = NULL, *all = NULL;
	uint64_t seed = 1;
	mill_status status = mill_collector_new(&env, &collector, err);
	if (status == MILL_OK)
		status = mill_group_final_new(&env, spec, mill_collector_sink(collector), &final, err);
	if (status == MILL_OK)
		status = mill_group_partial_new(&env, spec, final, &partial, err);
	if (status == MILL_OK)
		status = push_table(partial, &in->table, 0, in->table.rows, 60, &seed, err);
	if (status == MILL_OK)
		status = finish_sink(partial, err);
	if (status == MILL_OK)
		status = mill_group_whole_new(&env, whole, mill_collector_sink(collector), &all, err);
	if (status == MILL_OK)
		status = push_table(all, &in->table, 0, in->table.rows, 60, &seed, err);
	if (status == MILL_OK)
		status = finish_sink(all, err);
	mill_op_release(all);
	mill_op_release(partial);
	mill_op_release(final);
	mill_collector_free(collector);
	return status;
}

static void torture(void)
{
	for (int i = 0; i < 3; i++) {
		input in = input_new(100, i);
		mill_aggregate_spec specs[MOST_AGGREGATES];
		int count = make_aggregates(&in, specs), all = add_holistic(&in, specs, count);
		mill_group_spec spec = spec_of(&in, specs, count), whole = spec_of(&in, specs, all);
		for (int64_t n = 1;; n++) {
			mill_error err = {0};
			mem.fail_at = mem.allocation_count + n;
			mill_status status = run_once(&in, &spec, &whole, &err);
			bool reached = mem.allocation_count >= mem.fail_at;
			mem.fail_at = 0;
			if (!reached) {
				CU_ASSERT_EQUAL(status, MILL_OK);
				break;
			}
			/* A buffer that could not double may still have got what it needed. */
			CU_ASSERT(status == MILL_OK || (status == MILL_NOMEM && err.status == MILL_NOMEM));
		}
		mill_batch_release(&in.table);
	}
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static const unit_case cases[] = {{"random", random_groupings},
                                  {"empty", empty_group},
                                  {"decimal_overflow", decimal_overflow},
                                  {"integer_means", integer_means},
                                  {"quantiles", quantiles},
                                  {"many_groups", many_groups},
                                  {"mixed_batches", mixed_batches},
                                  {"colliding_keys", colliding_keys},
                                  {"damaged", damaged_states},
                                  {"torture", torture}};

int main(void)
{
	mill_mem_init(&mem, INT64_MAX);
	knobs = mill_knobs_defaults();
	env = (mill_op_env){&mem, &knobs};
	state = random_seed("ops_group");
	return unit_main("ops_group", cases, sizeof(cases) / sizeof(cases[0]));
}
