/* Options by the tables of formats; split_bytes is everybody's. */
#include "formats/options.h"

#include "base/suggest.h"

#include <string.h>
#include <strings.h>

static mill_status read_split_bytes(const mill_json *value, mill_format_options *options, mill_arena *arena,
                                    mill_error *err)
{
	(void)arena;
	return mill_json_size(value, 1, INT64_MAX / 2, &options->split_bytes, err);
}

static const mill_format_option split_bytes = {"split_bytes", NULL, read_split_bytes};

/* The format's own, then those of every format. */
static const mill_format_option *option_at(const mill_format *format, int at)
{
	return at < format->option_count ? &format->options[at] : &split_bytes;
}

static const mill_format_option *find(const mill_format *format, const char *key,
                                      int (*compare)(const char *, const char *))
{
	for (int i = 0; i <= format->option_count; i++)
		if (compare(option_at(format, i)->key, key) == 0)
			return option_at(format, i);
	return NULL;
}

static mill_status all_keys(const mill_format *format, mill_arena *arena, const char ***out, mill_error *err)
{
	const char **keys = mill_arena_array(arena, (size_t)format->option_count + 1, sizeof *keys);
	if (keys == NULL)
		return mill_fail_nomem(err, 0, "options");
	for (int i = 0; i <= format->option_count; i++)
		keys[i] = option_at(format, i)->key;
	*out = keys;
	return MILL_OK;
}

/* Of two words for one option a block gives one. */
static mill_status check_aliases(const mill_format *format, const mill_json *block, mill_error *err)
{
	for (int i = 0; i < format->option_count; i++) {
		const mill_format_option *option = &format->options[i];
		const mill_json *alias = option->alias_of != NULL ? mill_json_get(block, option->key) : NULL;
		if (alias != NULL && mill_json_get(block, option->alias_of) != NULL)
			return mill_json_fail(alias, err, "\"%s\" and \"%s\" are one option: give one of them",
			                      option->key, option->alias_of);
	}
	return MILL_OK;
}

mill_status mill_options_read(const mill_format *format, const mill_json *block, mill_arena *arena,
                              mill_format_options **out, mill_error *err)
{
	const char **keys;
	mill_format_options *options;
	MILL_TRY(format->new_options(format, arena, &options, err));
	*out = options;
	if (block == NULL)
		return MILL_OK;
	MILL_TRY(all_keys(format, arena, &keys, err));
	MILL_TRY(mill_json_check_keys(block, keys, (size_t)format->option_count + 1, err));
	MILL_TRY(check_aliases(format, block, err));
	for (int64_t i = 0; i < block->count; i++) {
		const mill_json *value = &block->items[i];
		MILL_TRY(find(format, value->key, strcmp)->read(value, options, arena, err));
	}
	return MILL_OK;
}

mill_status mill_options_set(mill_format_options *options, const char *key, const mill_json *value, mill_arena *arena,
                             mill_error *err)
{
	const mill_format *format = options->format;
	const mill_format_option *option = find(format, key, strcasecmp);
	const char **keys;
	if (option != NULL)
		return option->read(value, options, arena, err);
	MILL_TRY(all_keys(format, arena, &keys, err));
	const char *near = mill_suggest(key, keys, (size_t)format->option_count + 1);
	return mill_fail(err, MILL_USAGE, "%s has no option \"%s\"%s%s%s", format->function, key,
	                 near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}
