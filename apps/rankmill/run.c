/* rankmill run, check and explain. */
#include "command.h"

#include <string.h>

static mill_job_request request_of(const option_set *options)
{
	mill_job_request request = {.out = stdout, .path = options->arguments[0], .settings = options->sets};
	request.setting_count = options->set_count;
	request.out_path = options->out;
	request.overwrite = options->overwrite;
	request.limit_rows = options->limit_rows;
	request.fail_fast = options->fail_fast;
	request.json = options->json;
	request.step = options->step;
	request.head_rows = options->head;
	return request;
}

mill_status command_run(const option_set *options, mill_engine *engine, mill_error *err)
{
	const char *store = NULL;
	mill_job_request request = request_of(options);
	if (options->checkpoint != NULL || options->resume)
		return mill_fail(err, MILL_NOT_YET, "--checkpoint and --resume are not supported yet; leave them out");
	if (options->if_changed)
		return mill_fail(err, MILL_NOT_YET, "--if-changed is not supported yet; leave it out");
	MILL_TRY(mill_engine_run(engine, &request, &store, err));
	if (mill_engine_rank(engine) == 0) {
		printf("%s\n", store);
		fflush(stdout);
		if (options->log_level >= MILL_LOG_WARN)
			fprintf(stderr, "\nnext:\n  rankmill inspect %s\n  rankmill head %s\n  rankmill verify %s\n",
			        store, store, store);
	}
	return MILL_OK;
}

mill_status command_check(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_job_request request = request_of(options);
	return mill_engine_check(engine, &request, err);
}

mill_status command_explain(const option_set *options, mill_engine *engine, mill_error *err)
{
	mill_job_request request = request_of(options);
	if (options->analyze)
		return mill_fail(err, MILL_NOT_YET, "--analyze is not supported yet; leave it out");
	request.format = options->format != NULL ? options->format : "text";
	return mill_engine_explain(engine, &request, err);
}
