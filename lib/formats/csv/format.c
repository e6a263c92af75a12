/* CSV and TSV as formats of the list. */
#include "formats/csv/describe.h"
#include "formats/csv/options.h"
#include "formats/csv/settle.h"

static mill_status open_reader(const mill_format_table *table, const mill_input_plan *plan, const mill_scan_spec *spec,
                               const mill_format_env *env, mill_format_reader **out, mill_error *err)
{
	mill_csv_reader *reader = NULL;
	MILL_TRY(mill_csv_reader_open((const mill_csv_table *)table, plan, spec, env, &reader, err));
	*out = &reader->base;
	return MILL_OK;
}

static mill_status prepare(mill_format_reader *reader, mill_comm *comm, int64_t first, int64_t last, mill_error *err)
{
	return mill_csv_prepare((mill_csv_reader *)reader, comm, first, last, err);
}

static mill_status begin(mill_format_reader *reader, const mill_scan_spec *spec, mill_error *err)
{
	return mill_csv_reader_begin((mill_csv_reader *)reader, spec, err);
}

static mill_status read_split(mill_format_reader *reader, int64_t split, mill_sink *sink, mill_error *err)
{
	return mill_csv_read_split((mill_csv_reader *)reader, split, sink, err);
}

static mill_status settle(mill_format_reader *reader, mill_comm *comm, mill_arena *arena, mill_settlement *out,
                          mill_error *err)
{
	return mill_csv_settle((mill_csv_reader *)reader, comm, arena, out, err);
}

static void close_reader(mill_format_reader *reader)
{
	mill_csv_reader_close((mill_csv_reader *)reader);
}

static const char *const csv_endings[] = {".csv", ".csv.gz", ".csv.zst", NULL};
static const char *const tsv_endings[] = {".tsv", ".tsv.gz", ".tsv.zst", ".tab", NULL};

/* The two differ in their defaults alone. */
#define CSV_MEMBERS                                                                                                    \
	.function = "read_csv", .example_path = "data/*.csv", .example_option = "delimiter => ';'", .has_lines = true, \
	.file_word = "file", .origin_text = "inferred from a sample", .pruned_text = "their key=value folders",        \
	.options = mill_csv_option_table, .option_count = MILL_CSV_OPTION_COUNT, .new_options = mill_csv_new_options,  \
	.check_options = mill_csv_check_options, .new_describer = mill_csv_new_describer,                              \
	.describe = mill_csv_describe, .free_describer = mill_csv_free_describer, .unify = mill_csv_unify,             \
	.put = mill_csv_put, .get = mill_csv_get, .open = open_reader, .prepare = prepare, .begin = begin,             \
	.read_split = read_split, .settle = settle, .close = close_reader

const mill_format mill_csv_format = {.name = "csv", .title = "CSV", .endings = csv_endings, CSV_MEMBERS};
const mill_format mill_tsv_format = {.name = "tsv", .title = "TSV", .endings = tsv_endings, CSV_MEMBERS};
