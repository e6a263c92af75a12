/* What may be a dataset or a split, and how compression is spelled. */
#include "store/format.h"

#include <stdlib.h>
#include <string.h>

typedef struct compression_name {
	const char *prefix;
	mill_compression_kind kind;
} compression_name;

mill_status mill_compression_parse(const char *text, mill_compression *out, mill_error *err)
{
	static const compression_name kinds[] = {{"deflate:", MILL_COMPRESS_DEFLATE},
	                                         {"shuffle+deflate:", MILL_COMPRESS_SHUFFLE_DEFLATE}};
	mill_compression found = {MILL_COMPRESS_NONE, 0};
	if (strcmp(text, "none") == 0) {
		*out = found;
		return MILL_OK;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t prefix_bytes = strlen(kinds[i].prefix);
		const char *level = text + prefix_bytes;
		if (strncmp(text, kinds[i].prefix, prefix_bytes) != 0 || level[0] < '1' || level[0] > '9' ||
		    level[1] != '\0')
			continue;
		out->kind = kinds[i].kind;
		out->level = level[0] - '0';
		return MILL_OK;
	}
	return mill_fail(
	    err, MILL_USAGE,
	    "compression \"%s\" is not one of none, deflate:1 … deflate:9, shuffle+deflate:1 … shuffle+deflate:9",
	    text);
}

static mill_status check_type(const mill_dataset_spec *spec, mill_error *err)
{
	char text[MILL_TYPE_TEXT_BYTES];
	mill_type type = spec->dtype;
	bool number = mill_type_is_integer(type) || mill_type_is_float(type);
	bool kept = mill_type_is_numeric(type) || type.id == MILL_TYPE_BOOL || mill_type_is_time(type) ||
	            mill_type_is_text(type);
	if (spec->is_keep && !kept)
		return mill_fail(err, MILL_NOT_YET,
		                 "store: kept column \"%s\" is of type %s, which a store cannot hold yet; "
		                 "cast it in SQL",
		                 spec->name, mill_type_text(spec->dtype, text));
	if (!spec->is_keep && !number)
		return mill_fail(err, MILL_USAGE, "store: tensor \"%s\" has dtype %s; it must be an integer or a float",
		                 spec->name, mill_type_text(spec->dtype, text));
	return MILL_OK;
}

/* Names that a dataset takes in a shard. A text column's group holds its parts. */
static mill_status add_links(const mill_dataset_spec *spec, const char **links, int *count, mill_arena *arena,
                             mill_error *err)
{
	static const char *const tensor[] = {"", ".features"};
	static const char *const kept[] = {"", ".valid"};
	char link[MILL_LINK_BYTES];
	for (int i = 0; i < 2; i++) {
		if (mill_store_is_text(spec) && i > 0)
			continue;
		MILL_TRY(mill_store_link(spec, spec->is_keep ? kept[i] : tensor[i], link, err));
		links[*count] = mill_arena_strdup(arena, link);
		if (links[(*count)++] == NULL)
			return mill_fail_nomem(err, sizeof(link), "names of datasets");
	}
	return MILL_OK;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

mill_status mill_store_check_datasets(const mill_dataset_spec *datasets, int count, mill_mem *mem, mill_error *err)
{
	mill_arena arena;
	mill_arena_init(&arena, mem);
	mill_status status = MILL_OK;
	int link_count = 0;
	const char **links = mill_arena_array(&arena, (size_t)count * 2 + 1, sizeof(*links));
	if (links == NULL) {
		status = mill_fail_nomem(err, (size_t)count * 2 * sizeof(*links), "names of datasets");
		goto done;
	}
	links[link_count++] = "keep";
	for (int d = 0; d < count; d++) {
		MILL_TRY_GOTO(check_type(&datasets[d], err), done);
		MILL_TRY_GOTO(add_links(&datasets[d], links, &link_count, &arena, err), done);
	}
	qsort(links, (size_t)link_count, sizeof(*links), compare_text);
	for (int i = 1; i < link_count && status == MILL_OK; i++)
		if (strcmp(links[i - 1], links[i]) == 0)
			status =
			    mill_fail(err, MILL_USAGE,
			              "store: two things of a shard would be called \"%s\"; rename a tensor or "
			              "kept column (\"keep\", \"NAME.features\" and \"keep/NAME.valid\" are taken)",
			              links[i]);
done:
	mill_arena_release(&arena);
	return status;
}

mill_status mill_store_check_split(const char *name, mill_error *err)
{
	static const char *const reserved[] = {"fitted", "quarantine", "failed", "exports"};
	size_t length_bytes = strlen(name);
	const char *why = NULL;
	if (length_bytes == 0)
		why = "it is empty";
	else if (length_bytes > 200)
		why = "it is longer than 200 bytes";
	else if (name[0] == '.')
		why = "it starts with a dot";
	else if (length_bytes >= 3 && strcmp(name + length_bytes - 3, ".h5") == 0)
		why = "it ends with .h5";
	for (size_t i = 0; i < length_bytes && why == NULL; i++)
		if (name[i] == '/' || (unsigned char)name[i] < 0x20 || name[i] == 0x7F)
			why = "it has a character that a folder cannot have";
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]) && why == NULL; i++)
		if (strcmp(name, reserved[i]) == 0)
			why = "that folder of a store has another meaning";
	if (why != NULL)
		return mill_fail(err, MILL_DATA,
		                 "split \"%.200s\" cannot be a folder of the store: %s; choose another value of the "
		                 "split column",
		                 name, why);
	return MILL_OK;
}
