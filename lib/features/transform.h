/* What a transform is: its parameters, its fit over the rows of fit_on, and how it changes a lane. A transform is one
 * mill_transform_kind, in a file of its own or beside its relatives, and one line in the table of transforms.c. It must
 * not know batches, tensors or ranks: it sees lanes of up to 512 values, and states of its own that merge.
 *
 * A fit goes in passes over all rows: `fit` for every block; then, over all ranks, `pack`, `empty` and `absorb`, or
 * `exchange`; then `finish`. Which rank saw a row must not matter, nor in which order: sums are exact (base/exact.h),
 * ties go by value. Not collective, but for `exchange`. */
#ifndef MILL_FEATURES_TRANSFORM_H
#define MILL_FEATURES_TRANSFORM_H

#include "base/arena.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "comm/comm.h"
#include "features/features.h"
#include "features/lane.h"

/* One entry of a `do` list as it is written. */
typedef struct mill_do_entry {
	const char *tensor;
	const char *column;
	const mill_json *node;  /* the transform, for messages */
	const mill_json *given; /* its parameters: an object, the value of the main one, or NULL */
} mill_do_entry;

/* Functions that a transform does not need are NULL. */
typedef struct mill_transform_kind {
	mill_transform_info info;
	const char *main; /* the parameter that a lone value sets */
	const char *const *keys;
	int key_count;
	size_t transform_bytes; /* of the struct that begins with a mill_transform */
	/* Reads the parameters; transform->in is known, transform->out is set. */
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
	/* Changes the lane; out of place where it borrows. Rows that it does not take are noted (refusals.h). */
	mill_status (*apply)(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err);
	/* Members of the transform's object in fitted.json. */
	mill_status (*write)(const mill_transform *transform, mill_json_writer *json, mill_error *err);
	/* A vocabulary's entries in the order of their ids, for the caller to release. */
	mill_status (*values)(const mill_transform *transform, mill_column *out, mill_error *err);
	void (*release)(mill_transform *transform);
} mill_transform_kind;

/* The first member of a kind's own struct. Lives in the arena of the features, zeroed; `release` frees what it holds.
 */
struct mill_transform {
	const mill_transform_kind *kind;
	mill_mem *mem;     /* for what grows with data */
	mill_arena *arena; /* for what is read from the job file */
	const mill_knobs *knobs;
	const char *tensor; /* for messages */
	const char *column;
	mill_type in, out;
	int passes;          /* upper bound of what is left to fit, 0: fitted */
	int64_t cardinality; /* number of ids that come out; 0: no ids */
	bool flag;           /* adds a flag column */
	bool is_one_hot;     /* `cardinality` columns come out; lane ids are 0 …, −1 for none */
};

/* The JSON of a parameter, borrowed; NULL where it is not given. */
const mill_json *mill_parameter(const mill_do_entry *entry, const mill_transform *transform, const char *key);
/* Sets *out where the parameter is given. MILL_USAGE with its place: not a number, or NaN. */
MILL_NODISCARD mill_status mill_parameter_double(const mill_do_entry *entry, const mill_transform *transform,
                                                 const char *key, double *out, mill_error *err);
/* Sets *out where the parameter is given. MILL_USAGE with its place: not true or false. */
MILL_NODISCARD mill_status mill_parameter_bool(const mill_do_entry *entry, const mill_transform *transform,
                                               const char *key, bool *out, mill_error *err);
/* Sets *out where the parameter is given. MILL_USAGE with its place: not an integer from min to max. */
MILL_NODISCARD mill_status mill_parameter_int(const mill_do_entry *entry, const mill_transform *transform,
                                              const char *key, int64_t min, int64_t max, int64_t *out, mill_error *err);
/* MILL_USAGE where transform->in is not countable (lane.h); the message says what to do. */
MILL_NODISCARD mill_status mill_transform_need_number(const mill_transform *transform, const mill_do_entry *entry,
                                                      mill_error *err);

/* Notes NaNs and infinities among the valid rows of x (the lane as floats), which no statistic takes; false when there
 * are some. */
bool mill_transform_check_finite(const mill_transform *transform, const mill_lane *lane, const double *x,
                                 bool infinite_is_fine, mill_work *work);
/* Fails with a message that begins with tensor, column and transform. Returns the status. */
mill_status mill_transform_fail(const mill_transform *transform, mill_status status, mill_error *err,
                                const char *format, ...) MILL_PRINTF(4, 5);
/* MILL_DATA: no row of fit_on has a value. For `finish`. */
MILL_NODISCARD mill_status mill_transform_nothing_to_fit(const mill_transform *transform, mill_error *err);
/* Remembers which rows are NULL where the transform adds a flag column. For `apply`, before it fills them. */
static inline void mill_transform_flag(const mill_transform *transform, const mill_lane *lane, mill_work *work)
{
	if (transform->flag)
		work->flags[work->flag_count++] = mill_lane_validity(lane);
}
/* Writes a value that is not NULL as fitted.json has it: as member `key` of an object, or with NULL as an item of an
 * array. For `write`. MILL_NOMEM. */
MILL_NODISCARD mill_status mill_put_value(const mill_column *values, int64_t row, const char *key,
                                          mill_json_writer *json, mill_error *err);

/* Transforms by file. */
extern const mill_transform_kind mill_transform_impute_constant;                           /* constant.c */
extern const mill_transform_kind mill_transform_impute_mean, mill_transform_standardize;   /* numeric.c */
extern const mill_transform_kind mill_transform_minmax, mill_transform_log1p;              /* numeric.c */
extern const mill_transform_kind mill_transform_impute_median, mill_transform_clip;        /* order_statistics.c */
extern const mill_transform_kind mill_transform_bucketize;                                 /* order_statistics.c */
extern const mill_transform_kind mill_transform_vocabulary, mill_transform_one_hot;        /* vocabulary.c */
extern const mill_transform_kind mill_transform_impute_most_frequent, mill_transform_hash; /* vocabulary.c */

#endif
