/* inspect, head, verify, diff: what a store holds. */
#include "command.h"

#define DEFAULT_HEAD_ROWS 5

static mill_store_request request_of(const option_set *options)
{
	mill_store_request request = {.out = stdout, .path = options->arguments[0], .json = options->json};
	request.other = options->argument_count > 1 ? options->arguments[1] : NULL;
	request.split = options->split;
	request.rows = options->rows >= 0 ? options->rows : DEFAULT_HEAD_ROWS;
	return request;
}

mill_status command_inspect(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store_request request = request_of(options);
	return mill_engine_inspect(engine, &request, err);
}

mill_status command_head(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store_request request = request_of(options);
	return mill_engine_head(engine, &request, err);
}

mill_status command_verify(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store_request request = request_of(options);
	return mill_engine_verify(engine, &request, err);
}

mill_status command_diff(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_store_request request = request_of(options);
	return mill_engine_diff(engine, &request, err);
}
