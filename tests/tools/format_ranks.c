/* SQL over a format that the library does not know (toy_format.h), through everything that rows of a source pass: the
 * list of formats of the run is replaced. Start it with mpirun; rank 0 prints the rows as CSV, or the message.
 *
 * format_ranks SQL */
#include "job/engine.h"
#include "job/formats.h"
#include "job/output.h"
#include "stage/books.h"
#include "stage/compile.h"
#include "stage/flow.h"
#include "toy_format.h"

static mill_status show(mill_run *run, mill_plan *plan, mill_error *err)
{
	mill_flow flow;
	mill_sink *out = NULL;
	MILL_TRY(mill_flow_compile_ordered(run, plan, &flow, err));
	MILL_TRY(mill_output_new(MILL_OUTPUT_CSV, &plan->schema, "", stdout, run->mem, &out, err));
	mill_status status = mill_flow_collect(run, &flow, out, err);
	mill_op_release(out);
	return status;
}

static mill_status run_sql(mill_run *run, const char *sql, mill_error *err)
{
	const mill_format *items[] = {mill_known_formats.items[0], &toy_format};
	mill_formats formats = mill_known_formats;
	mill_job_catalog catalog;
	mill_plan *plan = NULL;
	formats.items = items;
	formats.count = 2;
	run->formats = &formats;
	mill_job_catalog_init(&catalog, run, true);
	MILL_TRY(mill_catalog_bind(&catalog, sql, "query", &plan, err));
	MILL_TRY(mill_catalog_finish(&catalog, &plan, 1, err));
	MILL_TRY(mill_catalog_run_subqueries(&catalog, err));
	return show(run, plan, err);
}

int main(int argc, char **argv)
{
	mill_engine *engine = NULL;
	mill_run run;
	mill_error err = {0};
	mill_engine_options options = {.use_mpi = mill_comm_launched()};
	if (argc != 2) {
		fprintf(stderr, "usage: format_ranks SQL\n");
		return 2;
	}
	mill_status status = mill_engine_open(&options, &engine, &err);
	if (status == MILL_OK)
		status = mill_engine_begin(engine, &run, &err);
	if (status == MILL_OK) {
		status = run_sql(&run, argv[1], &err);
		mill_engine_end(engine, &run);
	}
	if (status != MILL_OK && (engine == NULL || mill_engine_rank(engine) == 0))
		printf("%s: %s\n", mill_status_name(status), err.message);
	fflush(stdout);
	mill_engine_close(engine);
	return 0;
}
