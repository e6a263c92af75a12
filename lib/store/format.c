#include "store/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Appends name with the characters that a link may not hold escaped; false when it does not fit. */
static bool append_link(const char *name, char out[MILL_LINK_BYTES], size_t *at)
{
	static const char digits[] = "0123456789ABCDEF";
	bool dot_only = strcmp(name, ".") == 0;
	for (const char *c = name; *c != '\0'; c++) {
		bool escape = *c == '%' || *c == '/' || dot_only;
		if (*at + (escape ? 3 : 1) >= MILL_LINK_BYTES)
			return false;
		if (escape) {
			out[(*at)++] = '%';
			out[(*at)++] = digits[(unsigned char)*c >> 4];
			out[(*at)++] = digits[(unsigned char)*c & 15U];
		} else {
			out[(*at)++] = *c;
		}
	}
	out[*at] = '\0';
	return true;
}

mill_status mill_store_link(const mill_dataset_spec *spec, const char *suffix, char out[MILL_LINK_BYTES],
                            mill_error *err)
{
	const size_t prefix_bytes = sizeof(MILL_STORE_KEEP_PREFIX) - 1;
	const char *name = spec->name;
	size_t at = 0;
	char link[MILL_LINK_BYTES];
	if (spec->is_keep) {
		if (strncmp(name, MILL_STORE_KEEP_PREFIX, prefix_bytes) != 0)
			return mill_fail(err, MILL_INTERNAL, "store: kept column \"%s\" is not named keep/…", name);
		name += prefix_bytes;
		memcpy(link, MILL_STORE_KEEP_PREFIX, prefix_bytes);
		at = prefix_bytes;
	}
	size_t suffix_bytes = strlen(suffix);
	if (*name == '\0')
		return mill_fail(err, MILL_USAGE,
		                 "store: a tensor or kept column has an empty name; name it with \"as\"");
	if (!append_link(name, link, &at) || at + suffix_bytes >= MILL_LINK_BYTES)
		return mill_fail(err, MILL_USAGE, "store: the name \"%.60s…\" is too long for a dataset; rename it",
		                 name);
	memcpy(link + at, suffix, suffix_bytes + 1);
	memcpy(out, link, at + suffix_bytes + 1);
	return MILL_OK;
}

mill_status mill_store_shard_name(const char *split, int64_t index, mill_bytes *out)
{
	return mill_bytes_printf(out, "%s/shard-%05" PRId64 ".h5", split, index);
}

bool mill_store_is_shard_name(const char *name)
{
	static const char prefix[] = "shard-";
	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	const char *digits = name + sizeof(prefix) - 1;
	size_t count = strspn(digits, "0123456789");
	return count >= 5 && strcmp(digits + count, ".h5") == 0;
}

const char *mill_store_layout(const mill_dataset_spec *spec)
{
	return spec->is_keep ? "keep" : "dense";
}

size_t mill_store_row_bytes(const mill_dataset_spec *spec)
{
	if (spec->dtype.id == MILL_TYPE_BOOL)
		return 1;
	if (spec->dtype.id == MILL_TYPE_DECIMAL)
		return spec->dtype.precision <= 18 ? 8 : 16;
	return mill_type_width_bytes(spec->dtype) * (size_t)(spec->is_keep ? 1 : spec->width);
}

bool mill_store_is_matrix(const mill_dataset_spec *spec)
{
	if (spec->is_keep)
		return spec->dtype.id == MILL_TYPE_DECIMAL && spec->dtype.precision > 18;
	return !spec->is_column;
}

int64_t mill_store_chunk_rows(size_t row_bytes, int64_t rows)
{
	int64_t fit = row_bytes == 0 ? rows : MILL_STORE_CHUNK_BYTES / (int64_t)row_bytes;
	return mill_max_i64(1, mill_min_i64(fit, rows));
}
