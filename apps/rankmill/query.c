/* rankmill query. */
#include "command.h"

#include <string.h>

/* Sizes of what stands in double or single quotes and names files: enough to choose a number of ranks. */
int64_t query_input_bytes(const option_set *options)
{
	int64_t total = options->file != NULL ? INT64_MAX / 2 : 0;
	for (int i = 0; i < options->source_count; i++)
		if (options->sources[i].text[0] != '{')
			total += mill_guess_input_bytes(options->sources[i].text);
	const char *sql = options->argument_count > 0 ? options->arguments[0] : "";
	for (const char *at = sql; (at = strpbrk(at, "\"'")) != NULL;) {
		const char *end = strchr(at + 1, *at);
		if (end == NULL)
			break;
		char path[4096];
		snprintf(path, sizeof path, "%.*s", (int)(end - at - 1), at + 1);
		if (strpbrk(path, "/.*") != NULL)
			total += mill_guess_input_bytes(path);
		at = end + 1;
	}
	return total;
}

mill_status command_query(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_query_request request = {.out = stdout, .script_path = options->file, .null_text = options->null_text};
	request.sources = options->sources;
	request.source_count = options->source_count;
	request.format = options->format != NULL ? options->format : "table";
	if ((options->file != NULL) == (options->argument_count > 0))
		return mill_fail(err, MILL_USAGE, "query takes one SQL text, or --file SCRIPT");
	if (options->file == NULL)
		request.sql = options->arguments[0];
	return mill_engine_query(engine, &request, err);
}
