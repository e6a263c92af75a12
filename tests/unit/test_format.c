/* The seam for formats: options by tables, formats by name, hive folders, values from text, pieces, what is sent. */
#include "../tools/toy_format.h"
#include "formats/csv/csv.h"
#include "formats/open.h"
#include "formats/options.h"
#include "unit.h"

static mill_mem mem;
static mill_arena arena;
static mill_error err;

static void start(void)
{
	mill_mem_init(&mem, INT64_MAX);
	mill_arena_init(&arena, &mem);
}

static void stop(void)
{
	mill_arena_release(&arena);
	CU_ASSERT_EQUAL(mem.used_bytes, 0);
}

static void says(const char *part)
{
	if (strstr(err.message, part) == NULL)
		printf("expected \"%s\" in: %s\n", part, err.message);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.message, part));
}

static mill_json *parsed(const char *text)
{
	mill_json *node = NULL;
	CU_ASSERT_EQUAL_FATAL(mill_json_parse(text, strlen(text), "x.json", &arena, &node, &err), MILL_OK);
	return node;
}

static void refuse_options(const mill_format *format, const char *text, const char *part)
{
	mill_format_options *options;
	CU_ASSERT_EQUAL(mill_options_read(format, parsed(text), &arena, &options, &err), MILL_USAGE);
	says(part);
}

static void options(void)
{
	start();
	mill_format_options *read = NULL;
	CU_ASSERT_EQUAL(mill_options_read(&toy_format, NULL, &arena, &read, &err), MILL_OK);
	CU_ASSERT(read->format == &toy_format && read->split_bytes == 0 && ((toy_options *)read)->plus == 0);
	CU_ASSERT_EQUAL(
	    mill_options_read(&toy_format, parsed("{\"add\": 7, \"split_bytes\": \"1 KiB\"}"), &arena, &read, &err),
	    MILL_OK);
	CU_ASSERT(read->split_bytes == 1024 && ((toy_options *)read)->plus == 7);
	refuse_options(&toy_format, "{\"plus\": 1, \"add\": 2}", "x.json: /add: \"add\" and \"plus\" are one option");
	refuse_options(&toy_format, "{\"pluss\": 1}", "did you mean \"plus\"");
	refuse_options(&toy_format, "{\"plus\": \"x\"}", "x.json: /plus: ");
	refuse_options(&toy_format, "{\"delimiter\": \";\"}", "unknown key \"delimiter\"");
	refuse_options(&mill_csv_format, "{\"sep\": \";\", \"delimiter\": \";\"}", "are one option");
	refuse_options(&mill_csv_format, "{\"quote\": \"ab\"}", "x.json: /quote: expected one byte or null");
	refuse_options(&mill_csv_format, "[1]", "expected an object");
	CU_ASSERT_EQUAL(mill_options_read(&mill_tsv_format, NULL, &arena, &read, &err), MILL_OK);
	CU_ASSERT(((mill_csv_options *)read)->delimiter == '\t' && read->format == &mill_tsv_format);
	/* Arguments of table functions: in any case. */
	CU_ASSERT_EQUAL(mill_options_set(read, "SEP", parsed("\";\""), &arena, &err), MILL_OK);
	CU_ASSERT_EQUAL(((mill_csv_options *)read)->delimiter, ';');
	CU_ASSERT_EQUAL(mill_options_set(read, "spe", parsed("\";\""), &arena, &err), MILL_USAGE);
	says("read_csv has no option \"spe\" (did you mean \"sep\"?)");
	stop();
}

static void names(void)
{
	static const mill_format *const items[] = {&mill_csv_format, &mill_tsv_format, &toy_format};
	static const char *const later[] = {"parquet", NULL}, *const functions[] = {"read_parquet", NULL};
	static const char *const endings[] = {".parquet", NULL};
	const mill_formats formats = {items, 3, later, functions, endings};
	start();
	CU_ASSERT_PTR_EQUAL(mill_formats_named(&formats, "tsv"), &mill_tsv_format);
	CU_ASSERT_PTR_NULL(mill_formats_named(&formats, "TSV"));
	CU_ASSERT_PTR_EQUAL(mill_formats_of_path(&formats, "a/B.TSV.GZ"), &mill_tsv_format);
	CU_ASSERT_PTR_EQUAL(mill_formats_of_path(&formats, "x.steps"), &toy_format);
	CU_ASSERT_PTR_NULL(mill_formats_of_path(&formats, "steps"));
	CU_ASSERT_PTR_EQUAL(mill_formats_of_function(&formats, "READ_CSV", "x.tsv"), &mill_tsv_format);
	CU_ASSERT_PTR_EQUAL(mill_formats_of_function(&formats, "read_csv", "x.steps"), &mill_csv_format);
	CU_ASSERT_PTR_NULL(mill_formats_of_function(&formats, "read_parquet", "x"));
	CU_ASSERT_EQUAL(mill_formats_fail_name(&formats, parsed("1"), "parquet", &err), MILL_NOT_YET);
	says("format \"parquet\" is not supported yet; csv, tsv and steps are");
	CU_ASSERT_EQUAL(mill_formats_fail_name(&formats, parsed("1"), "step", &err), MILL_USAGE);
	says("unknown format \"step\" (did you mean \"steps\"?)");
	CU_ASSERT_EQUAL(mill_formats_fail_function(&formats, "read_parquet", &err), MILL_NOT_YET);
	CU_ASSERT_EQUAL(mill_formats_fail_function(&formats, "read_all", &err), MILL_USAGE);
	says("there is no table function \"read_all\"; read_csv('path', option => value) is");
	CU_ASSERT_EQUAL(mill_formats_check_path(&formats, "x.csv", &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_formats_check_path(&formats, "x.PARQUET.zst", &err), MILL_NOT_YET);
	says("x.PARQUET.zst: parquet files are not supported yet");
	stop();
}

/* A table of three files below folders day=…, n=…; the files have a column called N. */
static void folder_table(mill_format_source *source, mill_format_table *table)
{
	static const char *keys[] = {"day", "n"}, *keys_again[] = {"Day", "n"};
	static const char *values[3][2] = {{"2024-02-29", " 7"}, {"2024-03-01", NULL}, {NULL, "-8"}};
	static const char *const columns[] = {"N"};
	static mill_storage_entry entries[3];
	mill_storage_listing listing = {entries, 3};
	for (int i = 0; i < 3; i++)
		entries[i] = (mill_storage_entry){
		    .uri = "x", .hive_count = 2, .hive_keys = i == 1 ? keys_again : keys, .hive_values = values[i]};
	CU_ASSERT_EQUAL_FATAL(mill_source_of_listing(&listing, &arena, source, &err), MILL_OK);
	int count = 0;
	CU_ASSERT_EQUAL(mill_hive_columns(source, columns, 1, &arena, &table->hive_at, &count, &err), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(count, 1);
	table->files = source->files;
	table->file_count = 3;
}

static void folders(void)
{
	mill_format_source source = {.where = "x"};
	mill_format_table table = {.file_column_count = 1};
	mill_field fields[2] = {{"N", mill_type_of(MILL_TYPE_INT64), true},
	                        {"day", mill_type_of(MILL_TYPE_DATE), true}};
	mill_column column;
	start();
	folder_table(&source, &table);
	CU_ASSERT_EQUAL(source.hive_key_count, 2);
	CU_ASSERT(mill_hive_has_key(&source, "DAY") && !mill_hive_has_key(&source, "month"));
	CU_ASSERT_EQUAL(mill_hive_type(&source, 0).id, MILL_TYPE_DATE);
	CU_ASSERT_EQUAL(mill_hive_type(&source, 1).id, MILL_TYPE_INT64);
	table.format = &toy_format;
	table.schema = (mill_schema){fields, 2};
	CU_ASSERT_EQUAL(mill_hive_check(&table, &err), MILL_OK);
	CU_ASSERT(mill_format_is_constant(&table, 1) && !mill_format_is_constant(&table, 0));
	CU_ASSERT(!mill_format_is_constant(&table, 2)); /* a hidden column */
	CU_ASSERT_EQUAL(mill_format_constants(&table, 1, 0, 3, &mem, &column, &err), MILL_OK);
	CU_ASSERT_EQUAL(column.null_count, 1);
	CU_ASSERT(((int32_t *)column.values)[0] == 19782 && ((int32_t *)column.values)[1] == 19783);
	CU_ASSERT(mill_column_is_null(&column, 2));
	mill_column_release(&column);
	fields[1].type = mill_type_of(MILL_TYPE_STRING);
	CU_ASSERT_EQUAL(mill_format_constants(&table, 1, 1, 2, &mem, &column, &err), MILL_OK);
	int32_t length;
	CU_ASSERT(memcmp(mill_column_text(&column, 0, &length), "2024-03-01", 10) == 0 && length == 10);
	CU_ASSERT_EQUAL(mill_column_validate(&column, &err), MILL_OK);
	mill_column_release(&column);
	fields[1].type = mill_type_of(MILL_TYPE_INT8);
	CU_ASSERT_EQUAL(mill_hive_check(&table, &err), MILL_DATA);
	says("x: the folder day=2024-02-29 is not int8");
	stop();
}

/* What a scan of the table gives for `rows` rows of a file besides the files' columns. */
static void batches(void)
{
	mill_format_source source = {.where = "x"};
	mill_format_table table = {.file_column_count = 1, .format = &toy_format};
	mill_field fields[2] = {{"N", mill_type_of(MILL_TYPE_INT64), true},
	                        {"day", mill_type_of(MILL_TYPE_BOOL), true}};
	const int columns[] = {1, 0};
	mill_scan_spec spec = {.columns = columns, .column_count = 2, .want_file = true, .want_offset = true};
	static const mill_scan_column expected[] = {MILL_SCAN_OF_FOLDER, MILL_SCAN_OF_FILE, MILL_SCAN_FILE,
	                                            MILL_SCAN_OFFSET,    MILL_SCAN_ID_FILE, MILL_SCAN_ID_OFFSET};
	mill_batch batch;
	mill_column column;
	start();
	folder_table(&source, &table);
	table.schema = (mill_schema){fields, 2};
	spec.with_ids = true;
	CU_ASSERT_EQUAL(mill_scan_check(&table, &spec, &err), MILL_OK);
	CU_ASSERT_EQUAL_FATAL(mill_scan_new_batch(&spec, &mem, &batch, &err), MILL_OK);
	CU_ASSERT(batch.column_count == 6 && batch.id_words == 2);
	for (int at = 0; at < 6; at++)
		CU_ASSERT_EQUAL(mill_scan_column_of(&table, &spec, at), expected[at]);
	table.files[2].hive_values[0] = "TRUE";
	CU_ASSERT_EQUAL(mill_scan_constant(&table, &spec, 0, 2, 70, &mem, &column, &err), MILL_OK);
	CU_ASSERT_EQUAL(mill_column_validate(&column, &err), MILL_OK);
	CU_ASSERT(column.rows == 70 && mill_bit_get(column.values, 69) && column.null_count == 0);
	mill_column_release(&column);
	table.files[2].hive_values[0] = NULL;
	CU_ASSERT_EQUAL(mill_scan_constant(&table, &spec, 0, 2, 3, &mem, &column, &err), MILL_OK);
	CU_ASSERT_EQUAL(column.null_count, 3);
	mill_column_release(&column);
	CU_ASSERT_EQUAL(mill_scan_constant(&table, &spec, 4, 2, 3, &mem, &column, &err), MILL_OK);
	CU_ASSERT_EQUAL(((uint64_t *)column.values)[2], 2);
	mill_column_release(&column);
	CU_ASSERT_EQUAL(mill_scan_constant(&table, &spec, 1, 2, 3, &mem, &column, &err), MILL_INTERNAL);
	spec.want_line = true;
	CU_ASSERT_EQUAL(mill_scan_check(&table, &spec, &err), MILL_INTERNAL);
	mill_batch_release(&batch);
	stop();
}

static mill_parsed read_as(mill_type type, const char *text, mill_text_value *out)
{
	static const char *const yes[] = {"y"};
	mill_text_rules rules = {.true_values = yes, .true_value_count = 1};
	return mill_text_parse(&rules, type, text, strlen(text), out);
}

static void text_values(void)
{
	mill_text_value v = {.decimal = 0};
	int8_t narrow[2] = {1, 1};
	CU_ASSERT(read_as(mill_type_of(MILL_TYPE_INT8), "-128", &v) == MILL_PARSED && v.i == -128);
	mill_text_store(mill_type_of(MILL_TYPE_INT8), narrow, 1, &v);
	CU_ASSERT(narrow[0] == 1 && narrow[1] == -128);
	CU_ASSERT_EQUAL(read_as(mill_type_of(MILL_TYPE_INT8), "128", &v), MILL_PARSE_RANGE);
	CU_ASSERT_EQUAL(read_as(mill_type_of(MILL_TYPE_UINT16), "65536", &v), MILL_PARSE_RANGE);
	CU_ASSERT(read_as(mill_type_of(MILL_TYPE_UINT64), "18446744073709551615", &v) == MILL_PARSED &&
	          v.u == UINT64_MAX);
	CU_ASSERT(read_as(mill_type_of(MILL_TYPE_FLOAT32), "0.1", &v) == MILL_PARSED && v.f32 == 0.1F);
	CU_ASSERT(read_as(mill_type_decimal(5, 2), "1.005", &v) == MILL_PARSED && v.decimal == 101);
	CU_ASSERT(read_as(mill_type_of(MILL_TYPE_BOOL), "y", &v) == MILL_PARSED && v.u == 1);
	CU_ASSERT(read_as(mill_type_of(MILL_TYPE_BOOL), "False", &v) == MILL_PARSED && v.u == 0);
	CU_ASSERT_EQUAL(read_as(mill_type_of(MILL_TYPE_BOOL), "true", &v), MILL_PARSE_SYNTAX);
	CU_ASSERT(read_as(mill_type_of(MILL_TYPE_DATE), "1970-01-02", &v) == MILL_PARSED && v.i == 1);
	CU_ASSERT(read_as(mill_type_timestamp(true), "1970-01-01 00:00:01Z", &v) == MILL_PARSED && v.i == 1000000);
	CU_ASSERT_EQUAL(read_as(mill_type_of(MILL_TYPE_STRING), "x", &v), MILL_PARSE_SYNTAX);
	mill_time_format format;
	CU_ASSERT_EQUAL(mill_time_format_compile("%d.%m.%Y", &format, &err), MILL_OK);
	mill_text_rules rules = {.time_format = &format};
	CU_ASSERT(mill_text_parse(&rules, mill_type_of(MILL_TYPE_DATE), "02.01.1970", 10, &v) == MILL_PARSED &&
	          v.i == 1);
	CU_ASSERT_EQUAL(mill_text_parse(&rules, mill_type_of(MILL_TYPE_DATE), "1970-01-02", 10, &v), MILL_PARSE_SYNTAX);
}

static void pieces(void)
{
	mill_piece all[] = {
	    {.file = 0, .rows = 3}, {.file = 0, .rows = 2, .left_early = true, .until = 4}, {.file = 1}};
	mill_settlement s = {.pieces = all, .piece_count = 3, .first_mine = 1, .mine_count = 2};
	start();
	mill_settlement_cut(&s);
	CU_ASSERT(s.piece_count == 2 && s.first_mine == 1 && s.mine_count == 1);
	s = (mill_settlement){.pieces = all, .piece_count = 3, .first_mine = 2, .mine_count = 1};
	mill_settlement_cut(&s);
	CU_ASSERT(s.piece_count == 2 && s.first_mine == 2 && s.mine_count == 0);
	s = (mill_settlement){.again = true};
	mill_settlement_cut(&s);
	CU_ASSERT(s.again && s.piece_count == 0);
	mill_format_reader reader = {.format = &toy_format};
	mill_comm_options alone = {.use_mpi = false};
	mill_comm *comm = NULL;
	CU_ASSERT_EQUAL_FATAL(mill_comm_open(&alone, &mem, &comm, &err), MILL_OK);
	for (int i = 0; i < 40; i++) {
		mill_piece piece = {.file = i, .rows = i, .left_early = i == 30};
		CU_ASSERT_EQUAL(mill_reader_add_piece(&reader, &mem, &piece, &err), MILL_OK);
	}
	CU_ASSERT_EQUAL(mill_format_settle(&reader, comm, &arena, &s, &err), MILL_OK);
	CU_ASSERT(s.piece_count == 31 && s.mine_count == 31 && s.pieces[30].rows == 30 && !s.again);
	mill_reader_drop_pieces(&reader);
	CU_ASSERT_EQUAL(mill_format_settle(&reader, comm, &arena, &s, &err), MILL_OK);
	CU_ASSERT_EQUAL(s.piece_count, 0);
	mill_comm_close(comm);
	stop();
}

static void wire(void)
{
	mill_bytes bytes;
	start();
	mill_bytes_init(&bytes, &mem);
	CU_ASSERT_EQUAL(mill_wire_put_text(&bytes, "a text"), MILL_OK);
	CU_ASSERT_EQUAL(mill_wire_put_text(&bytes, NULL), MILL_OK);
	CU_ASSERT_EQUAL(mill_wire_put_type(&bytes, mill_type_decimal(9, 3)), MILL_OK);
	mill_bytes_view view = {bytes.data, bytes.size_bytes, 0};
	mill_wire w = {.view = &view, .arena = &arena, .ok = true};
	CU_ASSERT_STRING_EQUAL(mill_wire_text(&w), "a text");
	CU_ASSERT_PTR_NULL(mill_wire_text(&w));
	mill_type type = mill_wire_type(&w);
	CU_ASSERT(type.id == MILL_TYPE_DECIMAL && type.precision == 9 && type.scale == 3);
	CU_ASSERT_EQUAL(mill_wire_end(&w, "it", &err), MILL_OK);
	CU_ASSERT_PTR_NULL(mill_wire_array(&w, 1, 8, 1));
	CU_ASSERT_EQUAL(mill_wire_u32(&w), 0);
	CU_ASSERT_EQUAL(mill_wire_end(&w, "it", &err), MILL_DATA);
	says("it was received incomplete");
	view.at = 0;
	w = (mill_wire){.view = &view, .arena = &arena, .ok = true};
	CU_ASSERT_PTR_NULL(mill_wire_array(&w, INT64_MAX, 8, 1));
	/* Memory that runs out is told as such. */
	view.at = 0;
	w = (mill_wire){.view = &view, .arena = &arena, .ok = true};
	int64_t budget = mem.budget_bytes;
	mem.budget_bytes = mem.used_bytes;
	CU_ASSERT_PTR_NULL(mill_wire_array(&w, (int64_t)bytes.size_bytes, 1 << 20, 1));
	CU_ASSERT_EQUAL(mill_wire_end(&w, "it", &err), MILL_NOMEM);
	mem.budget_bytes = budget;
	mill_bytes_release(&bytes);
	stop();
}

static const unit_case cases[] = {{"options", options},  {"names", names},   {"folders", folders}, {"batches", batches},
                                  {"text", text_values}, {"pieces", pieces}, {"wire", wire}};
UNIT_MAIN("format", cases)
