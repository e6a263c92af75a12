/* Transforms that know distinct values: vocabulary, one_hot, impute_most_frequent; and hash, which needs none. */
#include "column/value.h"
#include "features/values.h"

#include <string.h>

typedef struct lookup {
	mill_transform base;
	mill_values values;
	mill_values_choice choice;
	mill_column fill; /* impute_most_frequent: the value */
	int64_t oov_buckets;
	bool unknown_is_error; /* one_hot */
} lookup;

static mill_status read_values(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	lookup *v = (lookup *)transform;
	char type[MILL_TYPE_TEXT_BYTES];
	if (!mill_type_is_countable(transform->in) && !mill_type_is_text(transform->in))
		return mill_json_fail(entry->node, err, "%s does not take %s (column \"%s\")",
		                      transform->kind->info.name, mill_type_text(transform->in, type),
		                      transform->column);
	transform->passes = 1;
	v->choice = (mill_values_choice){.min_count = 1, .max_size = INT64_MAX};
	mill_values_init(&v->values, transform->mem, transform->in);
	return MILL_OK;
}

static mill_status read_limits(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	lookup *v = (lookup *)transform;
	MILL_TRY(mill_parameter_int(entry, transform, "min_count", 1, INT64_MAX, &v->choice.min_count, err));
	return mill_parameter_int(entry, transform, "max_size", 1, INT64_MAX, &v->choice.max_size, err);
}

static mill_status read_vocabulary(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	lookup *v = (lookup *)transform;
	const mill_json *file = mill_parameter(entry, transform, "file");
	if (file != NULL)
		return mill_json_fail_as(file, MILL_NOT_YET, err,
		                         "a vocabulary from a file is not supported yet; leave it out to fit one");
	v->oov_buckets = 1;
	transform->out = mill_type_of(MILL_TYPE_INT64);
	MILL_TRY(read_values(transform, entry, err));
	MILL_TRY(mill_parameter_int(entry, transform, "oov_buckets", 0, INT32_MAX, &v->oov_buckets, err));
	return read_limits(transform, entry, err);
}

static mill_status read_one_hot(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	lookup *v = (lookup *)transform;
	const mill_json *unknown = mill_parameter(entry, transform, "unknown");
	const char *text = "zeros";
	transform->out = mill_type_of(MILL_TYPE_INT64);
	transform->is_one_hot = true;
	MILL_TRY(read_values(transform, entry, err));
	v->choice.by_value = true;
	if (unknown != NULL)
		MILL_TRY(mill_json_string(unknown, &text, err));
	v->unknown_is_error = strcmp(text, "error") == 0;
	if (!v->unknown_is_error && strcmp(text, "zeros") != 0)
		return mill_json_fail(unknown, err, "\"unknown\" is \"zeros\" or \"error\", not \"%s\"", text);
	return read_limits(transform, entry, err);
}

static mill_status read_most_frequent(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	MILL_TRY(read_values(transform, entry, err));
	((lookup *)transform)->choice.max_size = 1;
	transform->out = transform->in;
	return mill_parameter_bool(entry, transform, "indicator", &transform->flag, err);
}

static mill_status values_fit(mill_transform *transform, const mill_lane *lane, mill_work *work, mill_error *err)
{
	return mill_values_count_lane(&((lookup *)transform)->values, transform, lane, work, err);
}

static mill_status values_exchange(mill_transform *transform, mill_comm *comm, mill_error *err)
{
	lookup *v = (lookup *)transform;
	return mill_values_merge(&v->values, &v->choice, transform->knobs->round_bytes, comm, err);
}

static mill_status values_finish(mill_transform *transform, bool *again, mill_error *err)
{
	(void)err;
	*again = false;
	transform->cardinality = ((lookup *)transform)->values.count;
	return MILL_OK;
}

static mill_status vocabulary_finish(mill_transform *transform, bool *again, mill_error *err)
{
	MILL_TRY(values_finish(transform, again, err));
	transform->cardinality += 1 + ((lookup *)transform)->oov_buckets;
	return MILL_OK;
}

static mill_status most_frequent_finish(mill_transform *transform, bool *again, mill_error *err)
{
	lookup *v = (lookup *)transform;
	*again = false;
	if (v->values.count == 0)
		return mill_transform_nothing_to_fit(transform, err);
	mill_column_release(&v->fill);
	return mill_values_column(&v->values, &v->fill, err);
}

static mill_status put_unseen(const lookup *v, const mill_lane *lane, mill_work *work, int64_t row, int64_t *out,
                              mill_error *err)
{
	const mill_column *column = &lane->column;
	uint64_t hash = 0;
	if (v->oov_buckets == 1) {
		*out = 1;
		return MILL_OK;
	}
	bool is_fill = mill_column_is_null(column, row);
	MILL_TRY(mill_value_hash(is_fill ? lane->fill : column, is_fill ? 0 : row, &work->hash_scratch, &hash, err));
	*out = 1 + (int64_t)(hash % (uint64_t)v->oov_buckets);
	return MILL_OK;
}

static mill_status vocabulary_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	lookup *v = (lookup *)transform;
	mill_lane out = *lane;
	int64_t *ids = mill_lane_new_ids(&out, work);
	int64_t rows = lane->column.rows, first = 1 + v->oov_buckets;
	bool unseen = false;
	MILL_TRY(mill_values_find_lane(&v->values, lane, work, ids, err));
	for (int64_t r = 0; r < rows; r++) {
		unseen |= ids[r] == -1;
		ids[r] = ids[r] >= 0 ? ids[r] + first : ids[r] == -1 ? -1 : 0;
	}
	for (int64_t r = 0; unseen && r < rows; r++) {
		if (ids[r] >= 0)
			continue;
		if (v->oov_buckets == 0) {
			mill_refusal_note(work, MILL_REFUSAL_UNSEEN, transform, lane, r);
			ids[r] = 0;
		} else {
			MILL_TRY(put_unseen(v, lane, work, r, &ids[r], err));
		}
	}
	out.column.validity = NULL;
	out.fill = NULL;
	*lane = out;
	return MILL_OK;
}

static mill_status one_hot_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	lookup *v = (lookup *)transform;
	mill_lane out = *lane;
	int64_t *ids = mill_lane_new_ids(&out, work);
	MILL_TRY(mill_values_find_lane(&v->values, lane, work, ids, err));
	for (int64_t r = 0; v->unknown_is_error && r < lane->column.rows; r++)
		if (ids[r] == -1)
			mill_refusal_note(work, MILL_REFUSAL_UNSEEN, transform, lane, r);
	out.column.validity = NULL;
	out.fill = NULL;
	*lane = out;
	return MILL_OK;
}

static mill_status most_frequent_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	mill_transform_flag(transform, lane, work);
	if (lane->fill == NULL)
		lane->fill = &((const lookup *)transform)->fill;
	return MILL_OK;
}

static void values_release(mill_transform *transform)
{
	lookup *v = (lookup *)transform;
	if (v->values.mem != NULL)
		mill_values_release(&v->values);
	mill_column_release(&v->fill);
}

static mill_status values_of(const mill_transform *transform, mill_column *out, mill_error *err)
{
	return mill_values_column(&((const lookup *)transform)->values, out, err);
}

static void write_limits(const lookup *v, mill_json_writer *json)
{
	mill_json_put_int(json, "min_count", v->choice.min_count);
	if (v->choice.max_size != INT64_MAX)
		mill_json_put_int(json, "max_size", v->choice.max_size);
}

static mill_status vocabulary_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	(void)err;
	const lookup *v = (const lookup *)transform;
	write_limits(v, json);
	mill_json_put_int(json, "oov_buckets", v->oov_buckets);
	mill_json_put_int(json, "cardinality", transform->cardinality);
	return MILL_OK;
}

static mill_status one_hot_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	(void)err;
	const lookup *v = (const lookup *)transform;
	write_limits(v, json);
	mill_json_put_text(json, "unknown", v->unknown_is_error ? "error" : "zeros");
	return MILL_OK;
}

static mill_status most_frequent_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	(void)err;
	if (transform->flag)
		mill_json_put_bool(json, "indicator", true);
	return MILL_OK;
}

static const char *const vocabulary_keys[] = {"min_count", "max_size", "oov_buckets", "file"};
static const char *const one_hot_keys[] = {"min_count", "max_size", "unknown"};
static const char *const indicator_keys[] = {"indicator"};

const mill_transform_kind mill_transform_vocabulary = {
    .info = {"vocabulary", "ids: 0 NULL, 1 ... oov_buckets unseen or rare, then by falling count, ties by value",
             "min_count (1), max_size, oov_buckets (1; 0: an unseen value is an error)"},
    .keys = vocabulary_keys,
    .key_count = 4,
    .transform_bytes = sizeof(lookup),
    .read = read_vocabulary,
    .fit = values_fit,
    .exchange = values_exchange,
    .finish = vocabulary_finish,
    .apply = vocabulary_apply,
    .write = vocabulary_write,
    .values = values_of,
    .release = values_release,
};

const mill_transform_kind mill_transform_one_hot = {
    .info = {"one_hot", "a column of 0 and 1 for each value, in ascending order; NULL gives zeros",
             "min_count (1), max_size, unknown (\"zeros\", \"error\")"},
    .keys = one_hot_keys,
    .key_count = 3,
    .transform_bytes = sizeof(lookup),
    .read = read_one_hot,
    .fit = values_fit,
    .exchange = values_exchange,
    .finish = values_finish,
    .apply = one_hot_apply,
    .write = one_hot_write,
    .values = values_of,
    .release = values_release,
};

const mill_transform_kind mill_transform_impute_most_frequent = {
    .info = {"impute_most_frequent", "NULL becomes the most frequent value, the smallest of several",
             "indicator: true adds a flag column"},
    .keys = indicator_keys,
    .key_count = 1,
    .transform_bytes = sizeof(lookup),
    .read = read_most_frequent,
    .fit = values_fit,
    .exchange = values_exchange,
    .finish = most_frequent_finish,
    .apply = most_frequent_apply,
    .write = most_frequent_write,
    .values = values_of,
    .release = values_release,
};

typedef struct hashing {
	mill_transform base;
	int64_t n;
} hashing;

static mill_status read_hash(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	hashing *h = (hashing *)transform;
	MILL_TRY(mill_parameter_int(entry, transform, "n", 1, INT64_MAX - 1, &h->n, err));
	if (h->n == 0)
		return mill_json_fail(entry->node, err, "hash needs the number of buckets: {\"hash\": 1000}");
	transform->out = mill_type_of(MILL_TYPE_INT64);
	transform->cardinality = h->n + 1;
	return MILL_OK;
}

static mill_status hash_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	uint64_t n = (uint64_t)((const hashing *)transform)->n;
	mill_lane out = *lane;
	int64_t *ids = mill_lane_new_ids(&out, work);
	const mill_column *column = &lane->column;
	uint64_t of_null = 0;
	MILL_TRY(mill_key_hash(&column, 1, column->rows, &work->hash_scratch, work->hashes, err));
	for (int64_t r = 0; r < column->rows; r++)
		ids[r] = 1 + (int64_t)(work->hashes[r] % n);
	if (column->validity != NULL) {
		if (lane->fill != NULL)
			MILL_TRY(mill_value_hash(lane->fill, 0, &work->hash_scratch, &of_null, err));
		int64_t id = lane->fill == NULL ? 0 : 1 + (int64_t)(of_null % n);
		for (int64_t r = 0; r < column->rows; r++)
			if (!mill_bit_get(column->validity, r))
				ids[r] = id;
	}
	out.column.validity = NULL;
	out.fill = NULL;
	*lane = out;
	return MILL_OK;
}

static mill_status hash_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	(void)err;
	mill_json_put_int(json, "n", ((const hashing *)transform)->n);
	mill_json_put_int(json, "cardinality", transform->cardinality);
	return MILL_OK;
}

static const char *const hash_keys[] = {"n"};

const mill_transform_kind mill_transform_hash = {
    .info = {"hash", "ids: 0 NULL, else 1 + H64(0, value bytes) mod n", "n, the lone value"},
    .main = "n",
    .keys = hash_keys,
    .key_count = 1,
    .transform_bytes = sizeof(hashing),
    .read = read_hash,
    .apply = hash_apply,
    .write = hash_write,
};
