/* What `check` warns about: unused tables, labels among the features, aggregates that see test rows. */
#include "job/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static mill_status add_warning(mill_check_warnings *warnings, const char *format, ...) MILL_PRINTF(2, 3);

static mill_status add_warning(mill_check_warnings *warnings, const char *format, ...)
{
	mill_error text;
	va_list args;
	if (warnings->count == MILL_CHECK_MOST_WARNINGS)
		return MILL_OK;
	va_start(args, format);
	vsnprintf(text.message, sizeof text.message, format, args);
	va_end(args);
	char *copy = mill_arena_strdup(warnings->arena, text.message);
	if (copy == NULL)
		return MILL_NOMEM;
	warnings->texts[warnings->count++] = copy;
	return MILL_OK;
}

static bool has_feature(const mill_dataset_spec *spec, const char *name)
{
	for (int i = 0; spec->features != NULL && i < spec->feature_count; i++)
		if (strcmp(spec->features[i], name) == 0)
			return true;
	return false;
}

/* A label's column that is also fed to the model. */
static mill_status warn_labels(const mill_features *features, mill_check_warnings *warnings)
{
	int count = 0;
	const mill_dataset_spec *specs = mill_features_datasets(features, &count);
	for (int l = 0; l < count; l++) {
		bool is_label = !specs[l].is_keep && specs[l].role != NULL && strcmp(specs[l].role, "label") == 0;
		for (int f = 0; is_label && specs[l].features != NULL && f < specs[l].feature_count; f++)
			for (int t = 0; t < count; t++)
				if (!specs[t].is_keep && specs[t].role == NULL &&
				    has_feature(&specs[t], specs[l].features[f]))
					MILL_TRY(add_warning(warnings,
					                     "tensor \"%s\" holds \"%s\", which is the label \"%s\": a "
					                     "model would be given its answer",
					                     specs[t].name, specs[l].features[f], specs[l].name));
	}
	return MILL_OK;
}

static bool is_by_split(const mill_plan *plan)
{
	for (int i = 0; i < plan->key_count; i++)
		if (strcmp(plan->schema.fields[i].name, "split") == 0)
			return true;
	return false;
}

/* What an aggregate computes over all splits carries test rows into training. */
static mill_status warn_aggregates(const mill_plan *plan, mill_check_warnings *warnings)
{
	mill_error text = {0};
	for (int i = 0; i < plan->input_count; i++)
		MILL_TRY(warn_aggregates(plan->inputs[i], warnings));
	if (plan->kind != MILL_PLAN_AGGREGATE || plan->aggregate_count == 0 || is_by_split(plan))
		return MILL_OK;
	const mill_plan_aggregate *first = &plan->aggregates[0];
	int position = first->signature.arg_count > 0 ? first->args[0]->position : plan->position;
	(void)mill_sql_fail_at(&text, MILL_USAGE, plan->sql_where, plan->sql, position,
	                       "this aggregate sees the rows of every split: what it computes carries test rows into "
	                       "training");
	return add_warning(warnings, "%s", text.message);
}

mill_status mill_check_warn(const mill_job_catalog *catalog, const mill_store_block *block,
                            const mill_features *features, mill_check_warnings *warnings)
{
	for (int i = 0; i < catalog->count; i++)
		if (!catalog->tables[i].used)
			MILL_TRY(add_warning(warnings, "%s \"%s\" is not used",
			                     catalog->tables[i].plan != NULL ? "step" : "source",
			                     catalog->tables[i].name));
	MILL_TRY(warn_labels(features, warnings));
	if (mill_schema_find(&block->build.plan->schema, "split") < 0)
		return MILL_OK;
	for (int i = 0; i < catalog->subquery_count; i++)
		MILL_TRY(warn_aggregates(catalog->subqueries[i], warnings));
	return warn_aggregates(block->build.plan, warnings);
}
