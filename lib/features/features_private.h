/* How tensors are made, for the files of this room. A tensor is made of chains, one per column. A chain is a recipe,
 * the transforms of its `do` list, run over blocks of 512 rows: a lane of values enters as the source column, each
 * transform replaces it, and the writer turns what comes out into elements of the tensor. With `share` several chains
 * have one recipe. Not collective. */
#ifndef MILL_FEATURES_FEATURES_PRIVATE_H
#define MILL_FEATURES_FEATURES_PRIVATE_H

#include "base/arena.h"
#include "features/features.h"
#include "features/transform.h"

#define MILL_RECIPE_TRANSFORMS 64
#define MILL_SIDE_FILE_FROM    100000 /* vocabularies with more entries go to a side file */

typedef struct mill_recipe {
	mill_transform **transforms;
	int count;
	int next; /* the first transform that is not fitted yet */
	mill_type in;
	mill_type out; /* of the last transform */
	int flag_count;
	const char *tensor;
} mill_recipe;

struct mill_chain {
	const char *column; /* of the input, for messages */
	const char *name;   /* the feature's: the column's or `as` */
	int position;       /* of the column in batches */
	mill_type type;
	mill_recipe *recipe;
	int64_t first; /* its first feature in the tensor */
	int64_t width;
	mill_refusal refusals[MILL_REFUSAL_KINDS]; /* of the batch that is fitted; of all that were applied */
};

struct mill_tensor {
	const char *name;
	const char *role;
	mill_type dtype;
	bool is_column;
	bool nan_for_null;
	mill_chain *chains;
	int chain_count;
	int64_t width;
};

typedef struct mill_keep {
	const char *name; /* "keep/NAME" */
	int position;
	mill_type type;
} mill_keep;

struct mill_features {
	mill_mem *mem;
	const mill_knobs *knobs;
	mill_arena arena;
	mill_schema input;
	int *columns;
	int column_count;
	mill_tensor *tensors;
	int tensor_count;
	mill_keep *keeps;
	int keep_count;
	mill_recipe **recipes; /* each once, in order */
	int recipe_count;
	int passes_done;
	mill_dataset_spec *datasets;
	int dataset_count;
	mill_work *work;
	mill_place place; /* of the next batch that is applied */
};

/* Reads the `tensors` object into tensors, chains and recipes. MILL_USAGE and MILL_NOT_YET as mill_features_new. */
MILL_NODISCARD mill_status mill_read_tensors(mill_features *features, const mill_json *tensors, mill_error *err);
/* Reads the `keep` list (NULL: none) into keeps. MILL_USAGE as mill_features_new. */
MILL_NODISCARD mill_status mill_read_keep(mill_features *features, const mill_json *keep, mill_error *err);
/* Index of an input column by its exact name, else by its name without case; MILL_USAGE at node when there is none. */
MILL_NODISCARD mill_status mill_read_column(mill_features *features, const mill_json *node, const char *name, int *out,
                                            mill_error *err);
/* Reads a `do` list (one transform, an array of them, or NULL) for a column of the type. entry says for which tensor
 * and column. *out lives as long as the features, which release it. */
MILL_NODISCARD mill_status mill_read_recipe(mill_features *features, const mill_do_entry *entry, const mill_json *list,
                                            mill_type type, mill_recipe **out, mill_error *err);
/* Frees what the transforms of a recipe hold. */
void mill_recipe_release(mill_recipe *recipe);

/* Fills datasets: widths, names and cardinalities as far as they are known; called again once all is fitted. MILL_DATA:
 * more ids than the dtype holds. */
MILL_NODISCARD mill_status mill_features_describe(mill_features *features, mill_error *err);

/* The lane of a chain's column for the block that work stands at; it borrows from the batch. */
void mill_chain_start(const mill_chain *chain, const mill_batch *batch, const mill_work *work, mill_lane *out);
/* Runs the first `count` transforms of the chain over the lane. What they refuse is noted, not returned. */
MILL_NODISCARD mill_status mill_chain_run(const mill_chain *chain, int count, mill_lane *lane, mill_work *work,
                                          mill_error *err);
/* Writes the lane as elements [row, chain->first …] of the block's rows, flag columns after it. out: the element array
 * at the block's first row, tensor->width elements per row. What the dtype does not hold is noted, not returned. */
MILL_NODISCARD mill_status mill_chain_write(const mill_tensor *tensor, const mill_chain *chain, const mill_lane *lane,
                                            mill_work *work, void *out, mill_error *err);

#endif
