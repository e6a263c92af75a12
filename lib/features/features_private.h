/* What the files of this room share: lanes of values, transforms of `do` lists, tensors. Not collective but for merges.
 *
 * A tensor is made of chains, one a column. A chain is a recipe, the transforms of its `do` list, run over blocks of
 * 512 rows: a lane of values enters as the source column, each transform replaces it, and the writer turns what comes
 * out into elements of the tensor. Blocks are small so that lanes and the rows they become stay in the first-level
 * cache. With `share` several chains have one recipe. */
#ifndef MILL_FEATURES_FEATURES_PRIVATE_H
#define MILL_FEATURES_FEATURES_PRIVATE_H

#include "base/json_writer.h"
#include "column/builder.h"
#include "features/features.h"

#define MILL_LANE_ROWS         512 /* a multiple of 64: windows of bitmaps begin at words */
#define MILL_RECIPE_TRANSFORMS 64
#define MILL_RECIPE_FLAGS      8
#define MILL_REFUSAL_EXAMPLE   64
#define MILL_SIDE_FILE_FROM    100000 /* vocabularies with more entries go to a side file */

/* Values of a block on their way. column's buffers are borrowed (its owners are not set) and start at the block's first
 * row; text keeps the source's bytes, so offsets[0] need not be 0; null_count is not kept up. */
typedef struct mill_lane {
	mill_column column;
	const mill_column *fill; /* one value of column's type that NULL rows stand for; NULL: they are NULL */
} mill_lane;

typedef struct mill_transform mill_transform;

typedef enum mill_refusal_kind {
	MILL_REFUSAL_NONE,
	MILL_REFUSAL_NULL,     /* reached the tensor */
	MILL_REFUSAL_RANGE,    /* does not fit the dtype */
	MILL_REFUSAL_FRACTION, /* not integral, and the dtype is */
	MILL_REFUSAL_LOG1P,    /* x ≤ −1 */
	MILL_REFUSAL_UNSEEN,   /* and the transform has no id for it */
	MILL_REFUSAL_NAN,      /* reached a statistic or has no bucket */
	MILL_REFUSAL_INFINITE, /* reached a statistic */
	MILL_REFUSAL_KINDS
} mill_refusal_kind;

/* Where a row stands in the store, for messages. */
typedef struct mill_place {
	int split;        /* index, in byte order of the names */
	const char *name; /* of the split; NULL: not known */
	int64_t row;      /* in the split or batch; −1: not known */
} mill_place;

/* Rows that a chain refuses for one reason. */
typedef struct mill_refusal {
	int64_t count; /* 0: none */
	mill_place first;
	const mill_transform *transform;    /* of that row; NULL: at the tensor */
	char example[MILL_REFUSAL_EXAMPLE]; /* the value of that row */
} mill_refusal;

/* Scratch of a block. floats[0] holds a lane that transforms have made, floats[1] what a fit reads; lanes of ids take
 * turns. */
typedef struct mill_work {
	mill_mem *mem;
	int simd;          /* mill_simd_level */
	int64_t first_row; /* of the block in its batch */
	int64_t rows;
	mill_refusal *refusals;                   /* [MILL_REFUSAL_KINDS] of the chain that runs */
	bool refuses;                             /* some row of the batch was noted */
	mill_place place;                         /* of the batch's first row */
	const uint64_t *flags[MILL_RECIPE_FLAGS]; /* validity before the transforms with `indicator`; NULL: all valid */
	int flag_count;
	mill_bytes hash_scratch;
	double floats[2][MILL_LANE_ROWS];
	int64_t ids[2][MILL_LANE_ROWS];
	uint64_t hashes[MILL_LANE_ROWS];
	uint64_t words[MILL_LANE_ROWS];
	uint32_t lengths[MILL_LANE_ROWS];
} mill_work;

typedef struct mill_do_entry mill_do_entry;

/* A transform. Functions that it does not need are NULL. */
typedef struct mill_transform_kind {
	const char *name;
	const char *main; /* the parameter that a lone value sets */
	const char *const *keys;
	int key_count;
	size_t transform_bytes;
	/* Parameters; transform->in is known, transform->out is set. */
	mill_status (*read)(mill_transform *transform, const mill_do_entry *entry, mill_error *err);
	/* Adds a block's lane to what this rank has seen. NULL: nothing is fitted. */
	mill_status (*fit)(mill_transform *transform, const mill_lane *lane, mill_work *work, mill_error *err);
	/* Small partial states: written on every rank, then every rank's are absorbed into emptied ones, by rank. */
	mill_status (*pack)(const mill_transform *transform, mill_bytes *out);
	void (*empty)(mill_transform *transform);
	mill_status (*absorb)(mill_transform *transform, mill_bytes_view *in, mill_error *err);
	/* Collective: large partial states. Every rank leaves with one status. */
	mill_status (*exchange)(mill_transform *transform, mill_comm *comm, mill_error *err);
	/* From merged states to the fitted ones; *again: another pass over the rows is needed. */
	mill_status (*finish)(mill_transform *transform, bool *again, mill_error *err);
	mill_status (*apply)(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err);
	/* Members of the transform's object in fitted.json. */
	mill_status (*write)(const mill_transform *transform, mill_json_writer *json, mill_error *err);
	/* A vocabulary's entries in the order of their ids, for the caller to release. */
	mill_status (*values)(const mill_transform *transform, mill_column *out, mill_error *err);
	void (*release)(mill_transform *transform);
} mill_transform_kind;

struct mill_transform {
	const mill_transform_kind *kind;
	const mill_features *features;
	const char *tensor; /* for messages */
	const char *column;
	mill_type in, out;
	int passes;          /* upper bound of what is left to fit, 0: fitted */
	int64_t cardinality; /* number of ids that come out; 0: no ids */
	bool flag;           /* adds a flag column */
	bool is_one_hot;     /* `cardinality` columns come out; lane ids are 0 …, −1 for none */
	bool ordered_ids;    /* out is INT64 ids */
};

typedef struct mill_recipe {
	mill_transform **transforms;
	int count;
	int next; /* the first transform that is not fitted yet */
	mill_type in;
	mill_type out; /* of the last transform */
	int flag_count;
	const char *tensor;
} mill_recipe;

typedef struct mill_chain {
	const char *column; /* of the input, for messages */
	const char *name;   /* the feature's: the column's or `as` */
	int position;       /* of the column in batches */
	mill_type type;
	mill_recipe *recipe;
	int64_t first; /* its first feature in the tensor */
	int64_t width;
	mill_refusal refusals[MILL_REFUSAL_KINDS]; /* of the batch that is fitted; of all that were applied */
} mill_chain;

typedef struct mill_tensor {
	const char *name;
	const char *role;
	mill_type dtype;
	bool is_column;
	bool nan_for_null;
	mill_chain *chains;
	int chain_count;
	int64_t width;
} mill_tensor;

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

/* What reading a transform may look at. */
struct mill_do_entry {
	mill_features *features;
	const char *tensor;
	const char *column;
	const mill_json *node;  /* the transform, for messages */
	const mill_json *given; /* its parameters: an object, the value of the main one, or NULL */
};
/* The node of a parameter, NULL where it is not given. */
const mill_json *mill_parameter(const mill_do_entry *entry, const mill_transform *transform, const char *key);
MILL_NODISCARD mill_status mill_parameter_double(const mill_do_entry *entry, const mill_transform *transform,
                                                 const char *key, double *out, mill_error *err);
MILL_NODISCARD mill_status mill_parameter_bool(const mill_do_entry *entry, const mill_transform *transform,
                                               const char *key, bool *out, mill_error *err);
MILL_NODISCARD mill_status mill_parameter_int(const mill_do_entry *entry, const mill_transform *transform,
                                              const char *key, int64_t min, int64_t max, int64_t *out, mill_error *err);
/* Refuses a type that is no number, telling what to do. */
MILL_NODISCARD mill_status mill_transform_need_number(const mill_transform *transform, const mill_do_entry *entry,
                                                      mill_error *err);

/* read.c: fills tensors, keeps, recipes and columns. */
MILL_NODISCARD mill_status mill_read_tensors(mill_features *features, const mill_json *tensors, mill_error *err);
MILL_NODISCARD mill_status mill_read_keep(mill_features *features, const mill_json *keep, mill_error *err);
/* Position of an input column, by exact name, else without case. */
MILL_NODISCARD mill_status mill_read_column(mill_features *features, const mill_json *node, const char *name, int *out,
                                            mill_error *err);
/* transforms.c: a `do` list for a column of the type. */
MILL_NODISCARD mill_status mill_read_recipe(const mill_do_entry *entry, const mill_json *list, mill_type type,
                                            mill_recipe **out, mill_error *err);
void mill_recipe_release(mill_recipe *recipe);

/* datasets.c: widths, names and cardinalities as far as they are known; called again once all is fitted. */
MILL_NODISCARD mill_status mill_features_describe(mill_features *features, mill_error *err);

/* run.c */
/* The lane of a chain's column for the block that work stands at. */
void mill_chain_start(const mill_chain *chain, const mill_batch *batch, const mill_work *work, mill_lane *out);
/* Runs the first `count` transforms. */
MILL_NODISCARD mill_status mill_chain_run(const mill_chain *chain, int count, mill_lane *lane, mill_work *work,
                                          mill_error *err);

/* lane.c */
/* The lane becomes FLOAT64 in scratch that the transform may write to: *out. NULL rows hold 0 there. */
double *mill_lane_own_floats(mill_lane *lane, mill_work *work);
/* The lane as float64 values to read. */
const double *mill_lane_floats(const mill_lane *lane, mill_work *work);
/* The lane becomes INT64 in scratch that does not overlap what it holds now; validity and fill are kept as they are. */
int64_t *mill_lane_new_ids(mill_lane *lane, mill_work *work);
/* Sets out where column is NULL. */
void mill_floats_put_nulls(const mill_column *column, double value, double *restrict out);
/* Rows that are NULL and not filled, as bits: validity, or NULL where no row is. */
static inline const uint64_t *mill_lane_validity(const mill_lane *lane)
{
	return lane->fill == NULL ? lane->column.validity : NULL;
}
/* Value `row` of a numeric column as float64, rounded once. */
double mill_number_at(const mill_column *column, int64_t row);
/* Types that lanes turn to float64: numbers, bools, dates, timestamps. */
bool mill_type_is_countable(mill_type type);

/* refusal.c */
void mill_refusal_note(mill_work *work, mill_refusal_kind kind, const mill_transform *transform, const mill_lane *lane,
                       int64_t row);
/* What the chain refuses, as an error: the reason met first by place; OK when nothing is. */
MILL_NODISCARD mill_status mill_refusal_raise(const mill_tensor *tensor, const mill_chain *chain, mill_error *err);

/* The same for the first chain of all tensors that refuses something. */
MILL_NODISCARD mill_status mill_refusals_raise(const mill_features *features, mill_error *err);

/* Notes NaNs and infinities of valid rows, which no statistic takes; false when there are some. */
bool mill_transform_check_finite(const mill_transform *transform, const mill_lane *lane, const double *x,
                                 bool infinite_is_fine, mill_work *work);
/* "tensor "dense", column "Age": standardize" before a message, which this is. */
mill_status mill_transform_fail(const mill_transform *transform, mill_status status, mill_error *err,
                                const char *format, ...) MILL_PRINTF(4, 5);
/* MILL_DATA: no row of fit_on has a value. */
MILL_NODISCARD mill_status mill_transform_nothing_to_fit(const mill_transform *transform, mill_error *err);
/* Remembers which rows are NULL where the transform adds a flag column. */
static inline void mill_transform_flag(const mill_transform *transform, const mill_lane *lane, mill_work *work)
{
	if (transform->flag)
		work->flags[work->flag_count++] = mill_lane_validity(lane);
}

/* element.c: element [row, chain->first …] of rows of a tensor, `out` being the block's first row. */
MILL_NODISCARD mill_status mill_chain_write(const mill_tensor *tensor, const mill_chain *chain, const mill_lane *lane,
                                            mill_work *work, void *out, mill_error *err);

/* fitted.c: a non-NULL value as a member or an item, as fitted.json has it. */
MILL_NODISCARD mill_status mill_put_value(const mill_column *values, int64_t row, const char *key,
                                          mill_json_writer *json, mill_error *err);

/* Transforms by file. */
extern const mill_transform_kind mill_transform_impute_mean, mill_transform_impute_median,
    mill_transform_impute_most_frequent, mill_transform_impute_constant, mill_transform_standardize,
    mill_transform_minmax, mill_transform_log1p, mill_transform_clip, mill_transform_bucketize, mill_transform_one_hot,
    mill_transform_vocabulary, mill_transform_hash;

#endif
