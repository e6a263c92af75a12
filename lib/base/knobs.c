#include "base/knobs.h"

#include "base/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEBIBYTE ((int64_t)1 << 20)

static mill_status read_int(const char *name, int64_t min, int64_t max, int64_t *out, mill_error *err)
{
	const char *text = getenv(name);
	if (text == NULL || text[0] == '\0')
		return MILL_OK;
	char *end = NULL;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < min || value > max)
		return mill_fail(err, MILL_USAGE, "%s=%s: expected an integer from %lld to %lld", name, text,
		                 (long long)min, (long long)max);
	*out = value;
	return MILL_OK;
}

static mill_status read_size(const char *name, int64_t min_bytes, int64_t *out_bytes, mill_error *err)
{
	const char *text = getenv(name);
	if (text == NULL || text[0] == '\0')
		return MILL_OK;
	mill_status status = mill_parse_size(text, min_bytes, INT64_MAX, out_bytes, err);
	return status == MILL_OK ? MILL_OK : mill_fail_context(err, status, "%s", name);
}

static mill_status read_flag(const char *name, bool *out, mill_error *err)
{
	const char *text = getenv(name);
	if (text == NULL || text[0] == '\0')
		return MILL_OK;
	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
		return mill_fail(err, MILL_USAGE, "%s=%s: expected 0 or 1", name, text);
	*out = text[0] == '1';
	return MILL_OK;
}

static mill_status read_simd(int *out, mill_error *err)
{
	const char *text = getenv("RANKMILL_SIMD");
	if (text == NULL || text[0] == '\0')
		return MILL_OK;
	if (strcmp(text, "portable") == 0)
		*out = 1;
	else if (strcmp(text, "v3") == 0)
		*out = 3;
	else
		return mill_fail(err, MILL_USAGE, "RANKMILL_SIMD=%s: expected portable or v3", text);
	return MILL_OK;
}

mill_status mill_knobs_read(mill_knobs *knobs, mill_error *err)
{
	mill_knobs k = mill_knobs_defaults();
	MILL_TRY(read_int("RANKMILL_TEST_BATCH_ROWS", 1, 8192, &k.batch_rows, err));
	MILL_TRY(read_size("RANKMILL_TEST_BUCKET_BYTES", 1, &k.bucket_bytes, err));
	MILL_TRY(read_size("RANKMILL_TEST_SPLIT_BYTES", 1, &k.split_bytes, err));
	MILL_TRY(read_size("RANKMILL_TEST_ROUND_BYTES", 1, &k.round_bytes, err));
	MILL_TRY(read_size("RANKMILL_TEST_BROADCAST_BYTES", 0, &k.broadcast_bytes, err));
	MILL_TRY(read_flag("RANKMILL_TEST_FORCE_SPILL", &k.force_spill, err));
	MILL_TRY(read_flag("RANKMILL_TEST_FORCE_SPECULATION", &k.force_speculation, err));
	MILL_TRY(read_flag("RANKMILL_TEST_INVERT_GUESS", &k.invert_guess, err));
	MILL_TRY(read_simd(&k.simd, err));
	*knobs = k;
	return MILL_OK;
}

mill_knobs mill_knobs_defaults(void)
{
	return (mill_knobs){
	    .batch_rows = 8192,
	    .bucket_bytes = 32 * MEBIBYTE,
	    .split_bytes = 32 * MEBIBYTE,
	    .round_bytes = 16 * MEBIBYTE,
	    .broadcast_bytes = 32 * MEBIBYTE,
	};
}
