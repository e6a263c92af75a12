/* Writes a store of every dtype and of odd shapes: store_odd OUT COMPRESSION. Width 0, rows wider than a chunk,
 * dictionary text, cells longer than a chunk, a zoned timestamp, names that links cannot hold. tests/suites/store reads
 * it back. */
#include "../unit/store_fixture.h"

#define ROWS      120
#define WIDE      70000 /* float64: a row of 560 kB, so one a chunk */
#define LONG_TEXT (3 << 20)
#define SPECS     17

static const char *names[WIDE];

static const mill_type_id tensor_types[] = {MILL_TYPE_INT8,    MILL_TYPE_INT16,  MILL_TYPE_INT32,  MILL_TYPE_INT64,
                                            MILL_TYPE_UINT8,   MILL_TYPE_UINT16, MILL_TYPE_UINT32, MILL_TYPE_UINT64,
                                            MILL_TYPE_FLOAT32, MILL_TYPE_FLOAT64};
static const char *const tensor_names[] = {"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"};

static void make_specs(mill_dataset_spec *specs)
{
	memset(specs, 0, sizeof(*specs) * SPECS);
	for (int i = 0; i < 10; i++)
		specs[i] =
		    (mill_dataset_spec){.name = tensor_names[i], .dtype = mill_type_of(tensor_types[i]), .width = 5};
	specs[10] = (mill_dataset_spec){.name = "none", .dtype = mill_type_of(MILL_TYPE_FLOAT32), .width = 0};
	specs[11] = (mill_dataset_spec){.name = "wide/100%", .dtype = mill_type_of(MILL_TYPE_FLOAT64), .width = WIDE};
	for (int i = 0; i < 12; i++) {
		specs[i].feature_count = (int)specs[i].width;
		specs[i].features = names;
	}
	specs[12] = (mill_dataset_spec){.name = "keep/code", .dtype = mill_type_of(MILL_TYPE_STRING)};
	specs[13] = (mill_dataset_spec){.name = "keep/long", .dtype = mill_type_of(MILL_TYPE_BINARY)};
	specs[14] = (mill_dataset_spec){.name = "keep/.", .dtype = mill_type_timestamp(true)};
	specs[15] = (mill_dataset_spec){.name = "keep/u64", .dtype = mill_type_of(MILL_TYPE_UINT64)};
	specs[16] = (mill_dataset_spec){.name = "keep/f64", .dtype = mill_type_of(MILL_TYPE_FLOAT64)};
	for (int i = 12; i < SPECS; i++) {
		specs[i].is_keep = true;
		specs[i].is_column = true;
		specs[i].width = 1;
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state ^ *state >> 29;
}

/* Any bits, so floats have every kind of NaN. */
static mill_status fill_tensor(mill_mem *mem, int64_t rows, uint64_t *state, mill_block *block)
{
	size_t size_bytes = mill_type_width_bytes(block->spec->dtype) * (size_t)(block->spec->width * rows);
	block->elements = mill_buffer_new(mem, size_bytes);
	if (block->elements == NULL)
		return MILL_NOMEM;
	for (size_t i = 0; i < size_bytes; i++)
		block->elements->data[i] = i % 7 < 3 ? 0xFF : (uint8_t)next_random(state);
	return MILL_OK;
}

/* Codes into three words, a NULL now and then. */
static mill_status fill_codes(mill_mem *mem, int64_t rows, mill_column *out)
{
	mill_column words, codes;
	mill_builder builder;
	mill_builder_init(&builder, mem, mill_type_of(MILL_TYPE_STRING));
	MILL_TRY(mill_builder_text(&builder, "", 0));
	MILL_TRY(mill_builder_text(&builder, "deux", 4));
	MILL_TRY(mill_builder_text(&builder, "trois", 5));
	MILL_TRY(mill_builder_finish(&builder, &words, NULL));
	MILL_TRY(mill_column_new(mem, mill_type_of(MILL_TYPE_INT32), rows, 0, &codes, NULL));
	MILL_TRY(mill_column_add_validity(mem, &codes, NULL));
	for (int64_t r = 0; r < rows; r++) {
		((int32_t *)codes.values)[r] = (int32_t)(r * r % 3);
		if (r % 5 == 2) {
			mill_bit_clear(codes.validity, r);
			codes.null_count++;
		}
	}
	mill_column *dictionary = mill_mem_alloc(mem, sizeof(*dictionary));
	if (dictionary == NULL)
		return MILL_NOMEM;
	*dictionary = words;
	dictionary->references = 1;
	codes.type = mill_type_of(MILL_TYPE_STRING);
	codes.dictionary = dictionary;
	*out = codes;
	return MILL_OK;
}

static mill_status fill_kept(mill_mem *mem, int64_t first, int64_t rows, const char *text, mill_block *block)
{
	mill_builder builder;
	if (block->spec->dtype.id == MILL_TYPE_STRING)
		return fill_codes(mem, rows, &block->column);
	mill_builder_init(&builder, mem, block->spec->dtype);
	for (int64_t r = first; r < first + rows; r++) {
		uint64_t word = (uint64_t)r * 0x9E3779B97F4A7C15ULL;
		double number = r % 4 == 0 ? -0.0 : r % 4 == 1 ? (double)NAN : (double)r * -0.1;
		if (r % 9 == 8)
			MILL_TRY(mill_builder_null(&builder));
		else if (block->spec->dtype.id == MILL_TYPE_BINARY)
			MILL_TRY(mill_builder_text(&builder, text, r % 50 == 20 ? LONG_TEXT : (size_t)r % 40));
		else if (block->spec->dtype.id == MILL_TYPE_FLOAT64)
			MILL_TRY(mill_builder_f64(&builder, number));
		else
			MILL_TRY(mill_builder_fixed(&builder, &word));
	}
	return mill_builder_finish(&builder, &block->column, NULL);
}

static mill_status write_rows(mill_store_writer *writer, const mill_dataset_spec *specs, mill_mem *mem,
                              const char *text, mill_error *err)
{
	static const int64_t cuts[] = {0, 1, 50, 51, 52, ROWS};
	uint64_t state = 7;
	for (size_t i = 0; i + 1 < sizeof(cuts) / sizeof(cuts[0]); i++) {
		mill_block blocks[SPECS] = {0};
		mill_status status = MILL_OK;
		for (int d = 0; d < SPECS && status == MILL_OK; d++) {
			blocks[d].spec = &specs[d];
			blocks[d].rows = cuts[i + 1] - cuts[i];
			status = specs[d].is_keep ? fill_kept(mem, cuts[i], blocks[d].rows, text, &blocks[d])
			                          : fill_tensor(mem, blocks[d].rows, &state, &blocks[d]);
		}
		if (status == MILL_OK)
			status = mill_store_writer_append(writer, 0, cuts[i], blocks, err);
		for (int d = 0; d < SPECS; d++)
			mill_block_release(&blocks[d]);
		MILL_TRY(status);
	}
	return MILL_OK;
}

static mill_status write_store(mill_storage *storage, const char *out, const char *compression, mill_mem *mem,
                               const char *text, mill_error *err)
{
	static const char *const splits[] = {"all"};
	static const int64_t rows[] = {ROWS};
	mill_dataset_spec specs[SPECS];
	mill_u128 sums[SPECS];
	mill_knobs knobs;
	mill_store_claim *claim = NULL;
	mill_store_writer *writer = NULL;
	const mill_shard_info *shards = NULL;
	int64_t shard_count = 0;
	make_specs(specs);
	MILL_TRY(mill_knobs_read(&knobs, err));
	MILL_TRY(mill_store_claim_new(storage, out, "odd", false, mem, &claim, err));
	mill_store_spec spec = {.storage = storage,
	                        .path = mill_store_claim_folder(claim),
	                        .datasets = specs,
	                        .dataset_count = SPECS,
	                        .splits = splits,
	                        .split_count = 1,
	                        .split_rows = rows,
	                        .shard_rows = 51};
	mill_status status = mill_compression_parse(compression, &spec.compression, err);
	if (status == MILL_OK)
		status = mill_store_writer_new(&spec, &knobs, mem, &writer, err);
	if (status == MILL_OK)
		status = write_rows(writer, specs, mem, text, err);
	if (status == MILL_OK)
		status = mill_store_writer_finish(writer, &shards, &shard_count, sums, err);
	if (status == MILL_OK)
		status = mill_store_write_view(&spec, 0, shards, shard_count, mem, err);
	if (status == MILL_OK)
		status = mill_store_commit(&spec, shards, shard_count, sums, NULL, 0, claim, mem, err);
	mill_store_writer_free(writer);
	mill_store_claim_release(claim);
	return status;
}

int main(int argc, char **argv)
{
	mill_mem mem;
	mill_storage storage;
	mill_error err = {0};
	mill_store *store = NULL;
	if (argc != 3)
		return 2;
	mill_mem_init(&mem, INT64_MAX);
	mill_storage_init(&storage, &mem);
	char *text = mill_mem_calloc(&mem, 1, LONG_TEXT);
	if (text == NULL)
		return 1;
	for (int i = 0; i < WIDE; i++)
		names[i] = "f";
	for (int i = 0; i < LONG_TEXT; i++)
		text[i] = (char)(i * i);
	mill_status status = write_store(&storage, argv[1], argv[2], &mem, text, &err);
	if (status == MILL_OK)
		status = mill_store_open(&storage, argv[1], &mem, &store, &err);
	if (status == MILL_OK)
		status = mill_store_verify(store, 0, 1, NULL, &err);
	mill_store_close(store);
	mill_mem_free(text);
	if (status == MILL_OK && mem.used_bytes != 0) {
		fprintf(stderr, "store_odd: %lld bytes are still charged\n", (long long)mem.used_bytes);
		return 1;
	}
	if (status != MILL_OK)
		fprintf(stderr, "store_odd: %s\n", err.message);
	return mill_status_exit_code(status);
}
