/* Rows that a transform or a tensor refuses: noted while blocks of rows are worked on, told once it is known how many
 * there are. A refusal never stops a batch, so that the message counts every row. Not collective, but for
 * mill_features_judge (features.h), which puts together what ranks refused. */
#ifndef MILL_FEATURES_REFUSALS_H
#define MILL_FEATURES_REFUSALS_H

#include "base/status.h"

#include <stdint.h>

#define MILL_REFUSAL_EXAMPLE 64

typedef struct mill_transform mill_transform;
typedef struct mill_tensor mill_tensor;
typedef struct mill_chain mill_chain;
typedef struct mill_features mill_features;
typedef struct mill_lane mill_lane;
typedef struct mill_work mill_work;

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

/* Notes that `row` of the lane (counted from the block's first row) is refused, by a transform or, NULL, by the tensor.
 * Keeps the count, and the place and value of the first such row. */
void mill_refusal_note(mill_work *work, mill_refusal_kind kind, const mill_transform *transform, const mill_lane *lane,
                       int64_t row);
/* What the chain refuses, as MILL_DATA: of several kinds the one that was met first by place. OK when there is none. */
MILL_NODISCARD mill_status mill_refusal_raise(const mill_tensor *tensor, const mill_chain *chain, mill_error *err);
/* mill_refusal_raise of the first chain, by tensor and column, that refuses something. */
MILL_NODISCARD mill_status mill_refusals_raise(const mill_features *features, mill_error *err);

#endif
