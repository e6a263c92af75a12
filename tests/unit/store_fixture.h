/* Known data for the store's tests: every element is a function of its ordinal, so that any reader can compute it. */
#ifndef RANKMILL_TESTS_STORE_FIXTURE_H
#define RANKMILL_TESTS_STORE_FIXTURE_H

#include "column/builder.h"
#include "store/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const fixture_features_f32[] = {"fare", "day", "pickup_é"};
static const char *const fixture_features_f64[] = {"x"};
static const char *const fixture_features_i32[] = {"C1", "C2"};
static const int64_t fixture_cardinalities[] = {7, 0};
static const char *const fixture_features_i8[] = {"tiny"};
static const char *const fixture_features_u64[] = {"big"};

#define FIXTURE_TENSOR(label, id, w, column, rolename, names, cards)                                          \
	{                                                                                                     \
		.name = (label), .dtype = {MILL_TYPE_##id, 0, 0, false}, .width = (w), .is_column = (column), \
		.role = (rolename), .feature_count = (w), .features = (names), .cardinalities = (cards)       \
	}
#define FIXTURE_KEEP(label, ...)                                                                              \
	{                                                                                                     \
		.name = "keep/" label, .dtype = {__VA_ARGS__}, .width = 1, .is_column = true, .is_keep = true \
	}

static const mill_dataset_spec fixture_datasets[] = {
    FIXTURE_TENSOR("dense", FLOAT32, 3, false, NULL, fixture_features_f32, NULL),
    FIXTURE_TENSOR("wide", FLOAT64, 1, false, NULL, fixture_features_f64, NULL),
    FIXTURE_TENSOR("sparse", INT32, 2, false, NULL, fixture_features_i32, fixture_cardinalities),
    FIXTURE_TENSOR("tiny", INT8, 1, true, NULL, fixture_features_i8, NULL),
    FIXTURE_TENSOR("label", UINT64, 1, true, "label", fixture_features_u64, NULL),
    FIXTURE_KEEP("id", MILL_TYPE_INT64, 0, 0, false),
    FIXTURE_KEEP("km/h", MILL_TYPE_FLOAT32, 0, 0, false),
    FIXTURE_KEEP("flag", MILL_TYPE_BOOL, 0, 0, false),
    FIXTURE_KEEP("name", MILL_TYPE_STRING, 0, 0, false),
    FIXTURE_KEEP("seen", MILL_TYPE_TIMESTAMP, 0, 0, false),
    FIXTURE_KEEP("day", MILL_TYPE_DATE, 0, 0, false),
    FIXTURE_KEEP("price", MILL_TYPE_DECIMAL, 10, 2, false),
    FIXTURE_KEEP("huge", MILL_TYPE_DECIMAL, 38, 3, false),
};
#define FIXTURE_DATASETS ((int)(sizeof(fixture_datasets) / sizeof(fixture_datasets[0])))
#define FIXTURE_TENSORS  5

/* Where tests put their folders: flushing costs nothing on a tmpfs. */
static inline const char *fixture_base(void)
{
	const char *base = getenv("TMPDIR");
	if (base != NULL)
		return base;
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* Kept columns are NULL where (ordinal + 3 × column) % 7 is 0, the first one never. */
static inline bool fixture_is_null(int dataset, int64_t ordinal)
{
	return dataset > FIXTURE_TENSORS && (ordinal + 3 * dataset) % 7 == 0;
}

static inline double fixture_number(int64_t ordinal, int64_t feature)
{
	if (ordinal % 11 == 5 && feature == 0)
		return ordinal % 2 == 0 ? -(double)NAN : (double)NAN;
	if (ordinal % 13 == 6)
		return -0.0;
	return (double)(ordinal * 3 + feature) * 0.25 - 100;
}

static inline void fixture_elements(int dataset, int64_t ordinal, int64_t feature, uint8_t *out)
{
	double number = fixture_number(ordinal, feature);
	float narrow = (float)number;
	int32_t code = (int32_t)((ordinal * 7 + feature) % 1000) - 3;
	int8_t tiny = (int8_t)(ordinal % 200 - 100);
	uint64_t big = (uint64_t)ordinal * 0x9E3779B97F4A7C15ULL;
	switch (dataset) {
	case 0: memcpy(out + feature * 4, &narrow, 4); break;
	case 1: memcpy(out, &number, 8); break;
	case 2: memcpy(out + feature * 4, &code, 4); break;
	case 3: memcpy(out, &tiny, 1); break;
	default: memcpy(out, &big, 8); break;
	}
}

static inline mill_status fixture_kept(int dataset, int64_t ordinal, mill_builder *builder)
{
	char text[64];
	float speed = (float)ordinal * 0.5F;
	mill_i128 money = (mill_i128)(ordinal * 101 - 5000);
	mill_i128 huge = (mill_i128)(ordinal - 50) * 1000000000000000000 * 1000003;
	if (fixture_is_null(dataset, ordinal))
		return mill_builder_null(builder);
	switch (dataset) {
	case 5: return mill_builder_i64(builder, ordinal * 1000003 - 17);
	case 6: return mill_builder_f64(builder, speed);
	case 7: return mill_builder_bool(builder, ordinal % 3 == 0);
	case 8:
		return mill_builder_text(
		    builder, text,
		    (size_t)snprintf(text, sizeof(text), "%.*sé%lld", (int)(ordinal % 5), "wxyz", (long long)ordinal));
	case 9: return mill_builder_i64(builder, 1245173781000000 + ordinal * 1000001);
	case 10: return mill_builder_i64(builder, ordinal - 400);
	case 11: return mill_builder_fixed(builder, &money);
	default: return mill_builder_fixed(builder, &huge);
	}
}

/* Rows first … first + rows of a split as one block a dataset; released by fixture_release. */
static inline mill_status fixture_blocks(mill_mem *mem, int64_t first, int64_t rows, mill_block *blocks)
{
	memset(blocks, 0, sizeof(*blocks) * FIXTURE_DATASETS);
	for (int d = 0; d < FIXTURE_DATASETS; d++) {
		const mill_dataset_spec *spec = &fixture_datasets[d];
		blocks[d].spec = spec;
		blocks[d].rows = rows;
		if (spec->is_keep) {
			mill_builder builder;
			mill_builder_init(&builder, mem, spec->dtype);
			mill_status status = MILL_OK;
			for (int64_t r = 0; r < rows && status == MILL_OK; r++)
				status = fixture_kept(d, first + r, &builder);
			if (status == MILL_OK)
				status = mill_builder_finish(&builder, &blocks[d].column, NULL);
			mill_builder_release(&builder);
			MILL_TRY(status);
			continue;
		}
		size_t row_bytes = mill_type_width_bytes(spec->dtype) * (size_t)spec->width;
		blocks[d].elements = mill_buffer_new(mem, row_bytes * (size_t)rows);
		if (blocks[d].elements == NULL)
			return MILL_NOMEM;
		for (int64_t r = 0; r < rows; r++)
			for (int64_t f = 0; f < spec->width; f++)
				fixture_elements(d, first + r, f, blocks[d].elements->data + (size_t)r * row_bytes);
	}
	return MILL_OK;
}

static inline void fixture_release(mill_block *blocks)
{
	for (int d = 0; d < FIXTURE_DATASETS; d++)
		mill_block_release(&blocks[d]);
}

/* Appends every row of every split, batch_rows at a time, the splits taking turns. poke: see fixture_options. */
static inline mill_status fixture_append(mill_store_writer *writer, const mill_store_spec *spec, int64_t batch_rows,
                                         int64_t poke, mill_mem *mem, mill_error *err)
{
	mill_block blocks[FIXTURE_DATASETS];
	bool more = true;
	for (int64_t first = 0; more; first += batch_rows) {
		more = false;
		for (int s = 0; s < spec->split_count; s++) {
			int64_t rows = mill_min_i64(batch_rows, spec->split_rows[s] - first);
			if (rows <= 0)
				continue;
			more = true;
			mill_status status = fixture_blocks(mem, first, rows, blocks);
			if (status == MILL_OK && poke > first && poke < first + rows)
				((float *)(void *)blocks[0].elements->data)[(poke - first) * 3 + 1] = 12345.5F;
			if (status == MILL_OK)
				status = mill_store_writer_append(writer, s, first, blocks, err);
			fixture_release(blocks);
			MILL_TRY(status);
		}
	}
	return MILL_OK;
}

typedef struct fixture_options {
	const char *const *splits;
	const int64_t *split_rows;
	int split_count;
	int64_t shard_rows;
	int64_t batch_rows;
	const char *compression;
	const char *job; /* JSON */
	int64_t poke;    /* dense's second feature is changed in this row of every split; 0: in none */
	bool overwrite;
	bool in_scratch;
	mill_scratch *scratch;
} fixture_options;

/* A whole run on one rank: claim, write, views, commit. */
static inline mill_status fixture_write(const char *out, const fixture_options *options, mill_mem *mem, mill_u128 *sums,
                                        mill_error *err)
{
	mill_knobs knobs = mill_knobs_defaults();
	mill_store_claim *claim = NULL;
	mill_store_writer *writer = NULL;
	const mill_shard_info *shards = NULL;
	int64_t shard_count = 0;
	mill_manifest_extra extra[] = {
	    {"job_name", "\"fixture\""},
	    {"job", options->job == NULL ? "{\"store\":{\"min_count\":2}}" : options->job},
	    {"seed", "\"18446744073709551615\""},
	    {"inputs", "[{\"path\":\"a.csv\",\"bytes\":12,\"mtime_ns\":\"1700000000000000000\"}]"}};
	mill_storage storage;
	mill_storage_init(&storage, mem);
	mill_store_spec spec = {.storage = &storage,
	                        .datasets = fixture_datasets,
	                        .dataset_count = FIXTURE_DATASETS,
	                        .splits = options->splits,
	                        .split_count = options->split_count,
	                        .split_rows = options->split_rows,
	                        .shard_rows = options->shard_rows,
	                        .scratch = options->scratch,
	                        .finish_in_scratch = options->in_scratch};
	mill_status status = mill_compression_parse(options->compression, &spec.compression, err);
	if (status == MILL_OK)
		status = mill_store_claim_new(&storage, out, "fixture-job", options->overwrite, mem, &claim, err);
	if (status != MILL_OK)
		return status;
	spec.path = mill_store_claim_folder(claim);
	status = mill_store_writer_new(&spec, &knobs, mem, &writer, err);
	if (status == MILL_OK)
		status = fixture_append(writer, &spec, options->batch_rows, options->poke, mem, err);
	if (status == MILL_OK)
		status = mill_store_writer_finish(writer, &shards, &shard_count, sums, err);
	for (int s = 0; status == MILL_OK && s < spec.split_count; s++)
		status = mill_store_write_view(&spec, s, shards, shard_count, mem, err);
	if (status == MILL_OK)
		status = mill_store_commit(&spec, shards, shard_count, sums, extra, sizeof(extra) / sizeof(extra[0]),
		                           claim, mem, err);
	mill_store_writer_free(writer);
	mill_store_claim_release(claim);
	return status;
}

#endif
