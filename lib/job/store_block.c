/* The `store` block of a job. */
#include "job/store_block.h"
#include "base/suggest.h"

#include <string.h>

#define DEFAULT_SHARD_ROWS 1000000

static mill_status read_order(const mill_json *order, bool *shuffle, mill_error *err)
{
	static const char *const keys[] = {"shuffle"};
	*shuffle = false;
	if (order == NULL)
		return MILL_OK;
	if (order->kind == MILL_JSON_OBJECT) {
		if (mill_json_get(order, "by") != NULL)
			return mill_json_fail_as(
			    order, MILL_NOT_YET, err,
			    "orders \"input\" and {\"shuffle\": true} are supported; \"by\" is not yet");
		MILL_TRY(mill_json_check_keys(order, keys, 1, err));
		return mill_json_opt_bool(order, "shuffle", shuffle, err);
	}
	const char *text;
	MILL_TRY(mill_json_string(order, &text, err));
	*shuffle = strcmp(text, "shuffle") == 0;
	if (!*shuffle && strcmp(text, "input") != 0)
		return mill_json_fail(order, err, "\"%s\" is not an order; write \"input\" or {\"shuffle\": true}",
		                      text);
	return MILL_OK;
}

static mill_status read_shards(const mill_json *shards, int64_t *rows, mill_error *err)
{
	static const char *const keys[] = {"rows"};
	*rows = DEFAULT_SHARD_ROWS;
	if (shards == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_expect(shards, MILL_JSON_OBJECT, err));
	MILL_TRY(mill_json_check_keys(shards, keys, 1, err));
	return mill_json_opt_int(shards, "rows", 1, INT64_C(1) << 40, rows, err);
}

static mill_status read_compression(const mill_json *node, mill_compression *out, mill_error *err)
{
	const char *text;
	mill_error inner = {0};
	*out = (mill_compression){MILL_COMPRESS_NONE, 0};
	if (node == NULL)
		return MILL_OK;
	MILL_TRY(mill_json_string(node, &text, err));
	mill_status status = mill_compression_parse(text, out, &inner);
	return status == MILL_OK ? MILL_OK : mill_json_fail_as(node, status, err, "%s", inner.message);
}

static mill_status read_from(const mill_json *node, mill_job_catalog *catalog, mill_plan **out, mill_error *err)
{
	mill_json *from;
	MILL_TRY(mill_json_need(node, "from", &from, err));
	return mill_catalog_plan_at(catalog, from, out, err);
}

/* The split step that the rows of a plan come from, if there is one and nothing changes its column after it. */
static const mill_plan_split *split_below(const mill_plan *plan)
{
	while (plan->kind == MILL_PLAN_FILTER || plan->kind == MILL_PLAN_SHARED || plan->kind == MILL_PLAN_LIMIT)
		plan = plan->inputs[0];
	return plan->kind == MILL_PLAN_SPLIT ? plan->split : NULL;
}

/* fit_on defaults to train, or to all where there is no split. A split that no row can be in is refused before any
 * work. */
static mill_status read_fit_on(const mill_json *node, mill_store_block *block, mill_error *err)
{
	const mill_json *given = mill_json_get(node, "fit_on");
	bool has_split = mill_schema_find(&block->build.plan->schema, "split") >= 0;
	block->build.fit_on = has_split ? "train" : "all";
	MILL_TRY(mill_json_opt_string(node, "fit_on", &block->build.fit_on, err));
	if (!has_split && strcmp(block->build.fit_on, "all") != 0)
		return mill_json_fail(given, err, "there is no split \"%s\": the table has no column \"split\"",
		                      block->build.fit_on);
	const mill_plan_split *split = split_below(block->build.plan);
	if (split == NULL)
		return MILL_OK;
	for (int i = 0; i < split->part_count; i++)
		if (strcmp(split->parts[i], block->build.fit_on) == 0)
			return MILL_OK;
	const char *near = mill_suggest(block->build.fit_on, split->parts, (size_t)split->part_count);
	if (given == NULL)
		return MILL_OK; /* matters only where something is fitted, which is found out then */
	return mill_json_fail(given, err, "there is no split \"%s\"%s%s%s", block->build.fit_on,
	                      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

/* Values of the split column name folders. */
static mill_status check_split_column(const mill_json *node, const mill_schema *schema, mill_error *err)
{
	char type[MILL_TYPE_TEXT_BYTES];
	int at = mill_schema_find(schema, "split");
	if (at < 0 || schema->fields[at].type.id == MILL_TYPE_STRING)
		return MILL_OK;
	return mill_json_fail(
	    mill_json_get(node, "from"), err,
	    "column \"split\" is %s, and its values name the store's folders: CAST it to text in SQL, "
	    "or rename the column",
	    mill_type_text(schema->fields[at].type, type));
}

mill_status mill_store_block_read(const mill_job_file *job, mill_job_catalog *catalog, mill_store_block *out,
                                  mill_error *err)
{
	static const char *const keys[] = {"from",  "fit_on", "tensors",     "keep",
	                                   "order", "shards", "compression", "path"};
	mill_json *node;
	MILL_TRY(mill_json_need(job->root, "store", &node, err));
	MILL_TRY(mill_json_expect(node, MILL_JSON_OBJECT, err));
	MILL_TRY(mill_json_check_keys(node, keys, sizeof keys / sizeof keys[0], err));
	mill_store_block block = {.node = node, .path = job->out_path};
	block.build.name = "";
	block.build.job_name = job->name;
	block.build.job_json = job->kept_json;
	block.build.seed = job->seed;
	MILL_TRY(mill_json_opt_string(node, "path", &block.path, err));
	block.build.tensors = mill_json_get(node, "tensors");
	block.build.keep = mill_json_get(node, "keep");
	if (block.build.tensors == NULL && block.build.keep == NULL)
		return mill_json_fail(node, err, "a store has \"tensors\", \"keep\" or both");
	MILL_TRY(read_order(mill_json_get(node, "order"), &block.build.shuffle, err));
	MILL_TRY(read_shards(mill_json_get(node, "shards"), &block.build.shard_rows, err));
	MILL_TRY(read_compression(mill_json_get(node, "compression"), &block.build.compression, err));
	MILL_TRY(read_from(node, catalog, &block.build.plan, err));
	MILL_TRY(check_split_column(node, &block.build.plan->schema, err));
	MILL_TRY(read_fit_on(node, &block, err));
	*out = block;
	return MILL_OK;
}
