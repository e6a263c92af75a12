/* A store block in text, columns in code: what tests of features need to fit and apply a handful of rows. */
#ifndef RANKMILL_TESTS_FEATURES_CASE_H
#define RANKMILL_TESTS_FEATURES_CASE_H

#include "column/builder.h"
#include "features/features.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CASE_COLUMNS 16

typedef struct features_case {
	mill_mem mem;
	mill_arena arena;
	mill_knobs knobs;
	mill_comm *comm;
	mill_field fields[CASE_COLUMNS];
	mill_column columns[CASE_COLUMNS];
	int count;
	mill_features *features;
	mill_block *blocks;
	mill_error err;
} features_case;

static inline void case_start(features_case *c)
{
	memset(c, 0, sizeof *c);
	mill_mem_init(&c->mem, INT64_MAX);
	mill_arena_init(&c->arena, &c->mem);
	c->knobs = mill_knobs_defaults();
	mill_comm_options options = {0};
	CU_ASSERT_FATAL(mill_comm_open(&options, &c->mem, &c->comm, NULL) == MILL_OK);
}

static inline int case_datasets(const features_case *c)
{
	int count = 0;
	if (c->features != NULL)
		(void)mill_features_datasets(c->features, &count);
	return count;
}

static inline void case_drop_blocks(features_case *c)
{
	for (int i = 0; c->blocks != NULL && i < case_datasets(c); i++)
		mill_block_release(&c->blocks[i]);
	mill_mem_free(c->blocks);
	c->blocks = NULL;
}

static inline void case_end(features_case *c)
{
	case_drop_blocks(c);
	mill_features_free(c->features);
	for (int i = 0; i < c->count; i++)
		mill_column_release(&c->columns[i]);
	mill_arena_release(&c->arena);
	mill_comm_close(c->comm);
	CU_ASSERT_EQUAL(c->mem.used_bytes, 0);
}

/* Values as text, parted by blanks; "-" is NULL, "''" the empty text. */
static inline void case_column(features_case *c, const char *name, mill_type type, const char *values)
{
	mill_builder b;
	mill_builder_init(&b, &c->mem, type);
	char *copy = mill_arena_strdup(&c->arena, values), *rest = NULL;
	for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		mill_status status;
		if (strcmp(word, "-") == 0)
			status = mill_builder_null(&b);
		else if (mill_type_is_text(type))
			status = strcmp(word, "''") == 0 ? mill_builder_text(&b, "", 0)
			                                 : mill_builder_text(&b, word, strlen(word));
		else if (type.id == MILL_TYPE_BOOL)
			status = mill_builder_bool(&b, strcmp(word, "true") == 0);
		else if (mill_type_is_float(type))
			status = mill_builder_f64(&b, strtod(word, NULL));
		else if (type.id == MILL_TYPE_UINT64)
			status = mill_builder_i64(&b, (int64_t)strtoull(word, NULL, 10));
		else if (type.id == MILL_TYPE_DECIMAL) {
			mill_i128 value = strtoll(word, NULL, 10); /* in units of the scale */
			status = mill_builder_fixed(&b, &value);
		} else
			status = mill_builder_i64(&b, strtoll(word, NULL, 10));
		CU_ASSERT_FATAL(status == MILL_OK);
	}
	CU_ASSERT_FATAL(mill_builder_finish(&b, &c->columns[c->count], NULL) == MILL_OK);
	mill_builder_release(&b);
	c->fields[c->count++] = (mill_field){name, type, true};
}

static inline mill_status case_new(features_case *c, const char *tensors, const char *keep)
{
	mill_json *t = NULL, *k = NULL;
	mill_schema schema = {c->fields, c->count};
	if (tensors != NULL)
		MILL_TRY(mill_json_parse(tensors, strlen(tensors), "t", &c->arena, &t, &c->err));
	if (keep != NULL)
		MILL_TRY(mill_json_parse(keep, strlen(keep), "k", &c->arena, &k, &c->err));
	case_drop_blocks(c);
	mill_features_free(c->features);
	c->features = NULL;
	return mill_features_new(t, k, &schema, &c->knobs, &c->mem, &c->features, &c->err);
}

static inline mill_status case_batch(features_case *c, mill_batch *out)
{
	int count = 0;
	const int *columns = mill_features_columns(c->features, &count);
	MILL_TRY(mill_batch_new(&c->mem, count, 0, out, &c->err));
	out->rows = c->columns[0].rows;
	for (int i = 0; i < count; i++)
		out->columns[i] = mill_column_retain(&c->columns[columns[i]]);
	return MILL_OK;
}

static inline mill_status case_fit(features_case *c)
{
	mill_batch batch = {0};
	MILL_TRY(case_batch(c, &batch));
	mill_status status = MILL_OK;
	for (int pass = 0; status == MILL_OK && pass < mill_features_passes(c->features); pass++) {
		status = mill_features_fit(c->features, pass, &batch, &c->err);
		if (status == MILL_OK)
			status = mill_features_merge(c->features, pass, c->comm, &c->err);
	}
	mill_batch_release(&batch);
	return status;
}

static inline mill_status case_apply(features_case *c)
{
	mill_batch batch = {0};
	case_drop_blocks(c);
	c->blocks = mill_mem_calloc(&c->mem, (size_t)case_datasets(c) + 1, sizeof *c->blocks);
	if (c->blocks == NULL)
		return MILL_NOMEM;
	MILL_TRY(case_batch(c, &batch));
	mill_status status = mill_features_apply(c->features, &batch, c->blocks, &c->err);
	mill_batch_release(&batch);
	return status;
}

static inline mill_status case_run(features_case *c, const char *tensors, const char *keep)
{
	MILL_TRY(case_new(c, tensors, keep));
	MILL_TRY(case_fit(c));
	return case_apply(c);
}

static inline double case_f64(const features_case *c, int dataset, int64_t element)
{
	return ((const double *)(const void *)c->blocks[dataset].elements->data)[element];
}

/* All elements of a float64 or int64 tensor against expected ones; NaN equals NaN. */
#define CASE_F64(c, dataset, ...)                                                                     \
	do {                                                                                          \
		const double want_[] = {__VA_ARGS__};                                                 \
		const mill_dataset_spec *spec_ = (c)->blocks[dataset].spec;                           \
		CU_ASSERT_EQUAL_FATAL((int64_t)(sizeof want_ / sizeof want_[0]),                      \
		                      (c)->blocks[dataset].rows * spec_->width);                      \
		for (size_t i_ = 0; i_ < sizeof want_ / sizeof want_[0]; i_++) {                      \
			double got_ = case_f64(c, dataset, (int64_t)i_);                              \
			bool same_ = got_ == want_[i_] || (got_ != got_ && want_[i_] != want_[i_]);   \
			if (!same_)                                                                   \
				printf("    element %zu is %.17g, not %.17g\n", i_, got_, want_[i_]); \
			CU_ASSERT(same_);                                                             \
		}                                                                                     \
	} while (0)

#endif
