/* Features: the `tensors` and `keep` of a store block, their transforms' fit, merge and apply (docs/job-file.md, D7).
 *
 * A fit may depend on the fit before it in a `do` list (standardize after impute_mean): fits are ordered in passes, and
 * one that stands on order statistics takes several (radix selection). Pass 0 runs while rows are exchanged; each later
 * pass reads the exchanged rows again. States merge in any order, so the result is the same on any ranks.
 *
 * A column of a tensor gives one feature, or one for each value (one_hot), then one for each `indicator` of its list;
 * later transforms of the list leave flags alone. Integers, decimals, dates (days) and timestamps (µs) that no
 * transform touches reach the dtype exactly or with one rounding; transforms of numbers compute in float64.
 * impute_constant and impute_most_frequent keep the column's type, where that holds the value, so that vocabulary,
 * one_hot and hash can follow. minmax is min + (x − data_min) / (data_max − data_min) · (max − min), a constant column
 * becomes min. */
#ifndef MILL_FEATURES_FEATURES_H
#define MILL_FEATURES_FEATURES_H

#include "base/json.h"
#include "base/knobs.h"
#include "column/tensor.h"
#include "comm/comm.h"
#include "storage/storage.h"

typedef struct mill_features mill_features;

/* Reads and checks the `tensors` object and the `keep` list of a store block against the schema of its `from` table.
 * MILL_USAGE with the JSON pointer: unknown column or transform (with suggestion), wrong type for a transform, missing
 * parameter; MILL_NOT_YET for transforms and layouts of a later version. Braces in `columns` and `keep` (I{1..13})
 * expand. knobs and mem outlive the result. Not collective. */
MILL_NODISCARD mill_status mill_features_new(const mill_json *tensors, const mill_json *keep, const mill_schema *input,
                                             const mill_knobs *knobs, mill_mem *mem, mill_features **out,
                                             mill_error *err);
/* Frees all of it; NULL is fine. Not collective. */
void mill_features_free(mill_features *features);

/* The input columns that fit or apply reads, ascending, borrowed: only these are exchanged. Batches given to fit and
 * apply hold exactly these columns in this order (then ids). Not collective. */
const int *mill_features_columns(const mill_features *features, int *count);

/* Number of fit passes (0: nothing is fitted), at most: a merge may make it less, never more, and passes that are no
 * longer needed are harmless. Not collective. */
int mill_features_passes(const mill_features *features);
/* Adds the rows of a batch (fit_on rows only) to the fit of a pass. MILL_DATA: a NaN or, for sums and extremes, an
 * infinity reaches a float statistic; a transform before refuses a value. Not collective. */
MILL_NODISCARD mill_status mill_features_fit(mill_features *features, int pass, const mill_batch *batch,
                                             mill_error *err);
/* Collective: merges the pass over ranks and completes it; every rank then holds the same fitted state. MILL_DATA: no
 * row of fit_on has a value for a statistic; ids that the dtype does not hold. All ranks return one status. */
MILL_NODISCARD mill_status mill_features_merge(mill_features *features, int pass, mill_comm *comm, mill_error *err);

/* The datasets of the store, tensors in the order of the job file, then kept columns ("keep/NAME"). Widths, names and
 * cardinalities are known once every pass is merged; before, `check` gets what is known (width −1 otherwise).
 * Borrowed. Not collective. */
const mill_dataset_spec *mill_features_datasets(const mill_features *features, int *count);

/* Transforms a batch into blocks[dataset count], owned by the caller. MILL_DATA: a NULL or out of range value reaches a
 * tensor, or a transform refuses one. What is refused adds up over batches: go on, to be able to tell how many rows,
 * and let mill_features_judge say so. Not collective. */
MILL_NODISCARD mill_status mill_features_apply(mill_features *features, const mill_batch *batch, mill_block *blocks,
                                               mill_error *err);
/* Where the rows of the next batch stand, for messages: the split's index in byte order and its name (borrowed), the
 * ordinal of the first row. Not collective. */
void mill_features_at(mill_features *features, int split, const char *name, int64_t first_row);
/* Whether the last apply failed because of its rows, so that the next batch can still be applied. Not collective. */
bool mill_features_refuses(const mill_features *features);
/* Collective: MILL_DATA where some rank's apply refused rows, with tensor, column, number of rows, the first place and
 * the transform that would fix it; the same on any ranks. splits: names by index, borrowed
 * until the features are freed. */
MILL_NODISCARD mill_status mill_features_judge(mill_features *features, const char *const *splits, mill_comm *comm,
                                               mill_error *err);

/* fitted.json: every fitted statistic, readable. Vocabularies over 100,000 entries go to binary side files in folder
 * `fitted/` of store_path; fitted.c describes both. Not collective: one rank writes. */
MILL_NODISCARD mill_status mill_features_write_fitted(const mill_features *features, mill_storage *storage,
                                                      const char *store_path, mill_bytes *json, mill_error *err);

/* What `help` says of a transform. */
typedef struct mill_transform_info {
	const char *name;
	const char *help;
	const char *parameters; /* "": none */
} mill_transform_info;
/* Transform `index` in the order of help; NULL after the last. Not collective. */
const mill_transform_info *mill_transform_info_at(int index);
/* Whether the name is of a transform that is foreseen and not built yet. Not collective. */
bool mill_transform_is_later(const char *name);

#endif
