/* A block of rows of one tensor or kept column on its way from features to the store. Not collective. */
#ifndef MILL_COLUMN_TENSOR_H
#define MILL_COLUMN_TENSOR_H

#include "column/column.h"

/* What a dataset of the store is; the same for all ranks and splits. Strings are borrowed from an arena. */
typedef struct mill_dataset_spec {
	const char *name; /* "dense"; kept columns are "keep/NAME" */
	mill_type dtype;  /* integer or float; for kept columns also BOOL, STRING, TIMESTAMP, DATE, DECIMAL */
	int64_t width;    /* elements a row */
	bool is_column;   /* `column`: shape [rows]; `columns`: [rows, width] */
	bool is_keep;
	const char *role;             /* "label", "weight" … or NULL */
	int feature_count;            /* = width for tensors, 0 for kept columns */
	const char *const *features;  /* feature names, scikit-learn style */
	const int64_t *cardinalities; /* a feature's number of ids, 0 where it is not an id; NULL: none at all */
} mill_dataset_spec;

/* rows × width elements, row-major, in dtype bytes (tensors), or a column (kept). */
typedef struct mill_block {
	const mill_dataset_spec *spec; /* borrowed */
	int64_t rows;
	mill_buffer *elements; /* tensors */
	mill_column column;    /* kept columns */
} mill_block;

void mill_block_release(mill_block *block); /* idempotent */

#endif
