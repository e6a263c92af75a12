/* Grouped statistics for tests/tools/ops_exact.py: rows "group x y p" (bits in hexadecimal, p only on the first) come
 * from stdin. They are dealt over several partial aggregations by a seed (argv[1]), whose states meet in random order
 * in a final one, and go through whole aggregation as well. Prints a line a group: mode, group, results as bits. */
#include "../unit/ops_data.h"

#include <inttypes.h>

static const mill_aggregate_kind kinds[] = {
    MILL_AGG_SUM,  MILL_AGG_AVG,        MILL_AGG_VAR_SAMP,  MILL_AGG_VAR_POP, MILL_AGG_STDDEV_SAMP, MILL_AGG_STDDEV_POP,
    MILL_AGG_CORR, MILL_AGG_COVAR_SAMP, MILL_AGG_COVAR_POP, MILL_AGG_SUM,     MILL_AGG_MEDIAN,      MILL_AGG_QUANTILE};
#define KINDS         ((int)(sizeof(kinds) / sizeof(kinds[0])))
#define PARTIAL_KINDS (KINDS - 2)
enum { KEY, X, Y, X_NARROW, COLUMNS };

static void need(mill_status status, const mill_error *err)
{
	if (status == MILL_OK)
		return;
	printf("%s: %s\n", mill_status_name(status), err->message);
	exit(1);
}

static mill_batch read_table(mill_mem *mem, double *quantile)
{
	static const mill_type_id types[COLUMNS] = {MILL_TYPE_INT64, MILL_TYPE_FLOAT64, MILL_TYPE_FLOAT64,
	                                            MILL_TYPE_FLOAT32};
	mill_builder builders[COLUMNS];
	mill_column columns[COLUMNS] = {0};
	mill_batch table = {0};
	uint64_t x_bits, y_bits, p_bits, state = 1;
	int64_t group;
	mill_error err = {0};
	for (int c = 0; c < COLUMNS; c++)
		mill_builder_init(&builders[c], mem, mill_type_of(types[c]));
	while (scanf("%" SCNd64 " %" SCNx64 " %" SCNx64 " %" SCNx64, &group, &x_bits, &y_bits, &p_bits) == 4) {
		double x, y;
		memcpy(&x, &x_bits, sizeof(x));
		memcpy(&y, &y_bits, sizeof(y));
		memcpy(quantile, &p_bits, sizeof(*quantile));
		float narrow = (float)x;
		need(mill_builder_i64(&builders[KEY], group), &err);
		need(mill_builder_fixed(&builders[X], &x), &err);
		need(mill_builder_fixed(&builders[Y], &y), &err);
		need(mill_builder_fixed(&builders[X_NARROW], &narrow), &err);
	}
	for (int c = 0; c < COLUMNS; c++)
		need(mill_builder_finish(&builders[c], &columns[c], &err), &err);
	need(table_new(mem, columns, COLUMNS, false, &state, &table), &err);
	return table;
}

static void make_aggregates(mill_aggregate_spec specs[KINDS], double quantile)
{
	const mill_type f64 = mill_type_of(MILL_TYPE_FLOAT64), f32 = mill_type_of(MILL_TYPE_FLOAT32);
	for (int a = 0; a < KINDS; a++) {
		bool is_narrow = a == PARTIAL_KINDS - 1, is_pair = a >= 6 && a <= 8;
		mill_type type = is_narrow ? f32 : f64;
		specs[a] = (mill_aggregate_spec){
		    {kinds[a], {type, f64}, is_pair ? 2 : 1, type, true, a >= PARTIAL_KINDS, false},
		    {is_narrow ? X_NARROW : X, Y},
		    -1,
		    false,
		    quantile};
	}
}

static void print_results(const mill_collector *collector, int kinds_shown, const char *mode)
{
	int64_t count, rows;
	const mill_batch *batches = mill_collector_batches(collector, &count, &rows);
	for (int64_t b = 0; b < count; b++)
		for (int64_t r = 0; r < batches[b].rows; r++) {
			printf("%s %" PRId64, mode, ((const int64_t *)batches[b].columns[KEY].values)[r]);
			for (int a = 0; a < kinds_shown; a++) {
				const mill_column *c = &batches[b].columns[1 + a];
				double value = c->type.id == MILL_TYPE_FLOAT32 ? (double)((const float *)c->values)[r]
				                                               : ((const double *)c->values)[r];
				uint64_t bits;
				memcpy(&bits, &value, sizeof(bits));
				if (mill_column_is_null(c, r))
					printf(" null");
				else if (value != value)
					printf(" nan");
				else
					printf(" %016" PRIx64, bits);
			}
			printf("\n");
		}
}

static void run_merged(const mill_op_env *env, const mill_group_spec *spec, const mill_batch *table, uint64_t seed)
{
	mill_collector *states, *results;
	mill_sink *final;
	mill_error err = {0};
	int64_t count, rows, parts = 1 + random_below(&seed, 5);
	need(mill_collector_new(env, &states, &err), &err);
	need(mill_collector_new(env, &results, &err), &err);
	for (int64_t p = 0; p < parts; p++) {
		mill_sink *op;
		int64_t first = table->rows * p / parts, end = table->rows * (p + 1) / parts;
		need(mill_group_partial_new(env, spec, mill_collector_sink(states), &op, &err), &err);
		need(push_table(op, table, first, end - first, 1000, &seed, &err), &err);
		need(finish_sink(op, &err), &err);
		mill_op_release(op);
	}
	need(mill_group_final_new(env, spec, mill_collector_sink(results), &final, &err), &err);
	const mill_batch *batches = mill_collector_batches(states, &count, &rows);
	int64_t turn = random_below(&seed, count);
	for (int64_t i = 0; i < count; i++)
		need(mill_sink_push(final, &batches[(i + turn) % count], &err), &err);
	need(finish_sink(final, &err), &err);
	print_results(results, PARTIAL_KINDS, "merged");
	mill_op_release(final);
	mill_collector_free(states);
	mill_collector_free(results);
}

static void run_whole(const mill_op_env *env, const mill_group_spec *spec, const mill_batch *table, uint64_t seed)
{
	mill_collector *results;
	mill_sink *op;
	mill_error err = {0};
	need(mill_collector_new(env, &results, &err), &err);
	need(mill_group_whole_new(env, spec, mill_collector_sink(results), &op, &err), &err);
	need(push_table(op, table, 0, table->rows, 1000, &seed, &err), &err);
	need(finish_sink(op, &err), &err);
	print_results(results, KINDS, "whole");
	mill_op_release(op);
	mill_collector_free(results);
}

int main(int argc, char **argv)
{
	mill_mem mem;
	mill_knobs knobs = mill_knobs_defaults();
	mill_aggregate_spec specs[KINDS];
	const int keys[] = {KEY};
	const mill_type types[] = {mill_type_of(MILL_TYPE_INT64)};
	double quantile = 0.5;
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	mill_mem_init(&mem, INT64_MAX);
	const mill_op_env env = {&mem, &knobs};
	mill_batch table = read_table(&mem, &quantile);
	make_aggregates(specs, quantile);
	mill_group_spec spec = {keys, 1, types, specs, PARTIAL_KINDS, false, false};
	if (table.rows > 0)
		run_merged(&env, &spec, &table, seed);
	spec.aggregate_count = KINDS;
	run_whole(&env, &spec, &table, seed);
	mill_batch_release(&table);
	return mem.used_bytes == 0 ? 0 : 1;
}
