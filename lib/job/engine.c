#include "job/engine.h"

#include "job/formats.h"
#include "stage/books.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SHARE      0.7
#define DEFAULT_TIMEOUT_NS (120 * INT64_C(1000000000))

/* A number in a cgroup file; INT64_MAX where there is none ("max", or no such file). */
static int64_t read_limit(const char *path)
{
	char text[64] = "";
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return INT64_MAX;
	size_t n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	fclose(file);
	int64_t value = INT64_MAX;
	return sscanf(text, "%" SCNd64, &value) == 1 && value > 0 ? value : INT64_MAX;
}

static int64_t node_memory_bytes(void)
{
	struct sysinfo info;
	int64_t bytes = mill_min_i64(read_limit("/sys/fs/cgroup/memory.max"),
	                             read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
	if (sysinfo(&info) == 0)
		bytes = mill_min_i64(bytes, (int64_t)info.totalram * (int64_t)info.mem_unit);
	return (int64_t)((double)bytes * DEFAULT_SHARE);
}

static int64_t budget_of(const mill_engine_options *options, int node_ranks)
{
	if (options->memory_rank_bytes > 0)
		return options->memory_rank_bytes;
	int64_t node = options->memory_bytes > 0 ? options->memory_bytes : node_memory_bytes();
	return mill_max_i64(node / node_ranks, 16 << 20);
}

/* Collective: one id for the scratch folders of all ranks. */
static mill_status share_run_id(mill_engine *engine, char out[64], mill_error *err)
{
	mill_bytes id;
	struct timespec now;
	mill_bytes_init(&id, engine->mem);
	mill_status status = MILL_OK;
	if (mill_comm_rank(engine->comm) == 0) {
		clock_gettime(CLOCK_REALTIME, &now);
		status = mill_bytes_printf(&id, "%lx-%lx-%lx", (unsigned long)now.tv_sec, (unsigned long)now.tv_nsec,
		                           (unsigned long)getpid());
	}
	status = mill_comm_agree(engine->comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_broadcast(engine->comm, 0, &id, err);
	if (status == MILL_OK)
		snprintf(out, 64, "%.*s", (int)id.size_bytes, (const char *)id.data);
	mill_bytes_release(&id);
	return status;
}

static mill_status open_scratch(mill_engine *engine, const mill_engine_options *options, mill_error *err)
{
	char run_id[64];
	MILL_TRY(share_run_id(engine, run_id, err));
	mill_scratch_options scratch = {.folder = options->scratch, .run_id = run_id, .log = &engine->log};
	scratch.rank = mill_comm_rank(engine->comm);
	scratch.out_path = options->out_path;
	if (mill_comm_node_rank(engine->comm) == 0)
		mill_scratch_clean_stale(&scratch);
	return mill_comm_agree(engine->comm, mill_scratch_open(&scratch, engine->mem, &engine->scratch, err), err);
}

/* What a wait for storage does meanwhile. */
static mill_status meet_others(void *context, mill_error *err)
{
	mill_comm *comm = context;
	mill_comm_progress(comm);
	return mill_comm_check_stop(comm, err);
}

static mill_status add_backends(mill_engine *engine, const mill_engine_options *options, mill_error *err)
{
	engine->storage.hook = (mill_hook){meet_others, engine->comm};
	for (int i = 0; options->backends != NULL && options->backends[i] != NULL; i++)
		MILL_TRY(mill_storage_add(&engine->storage, options->backends[i], err));
	return MILL_OK;
}

/* Collective once comm is open: everything behind the engine's memory. */
static mill_status open_parts(mill_engine *engine, const mill_engine_options *options, mill_error *err)
{
	MILL_TRY(mill_knobs_read(&engine->knobs, err));
	engine->progress = options->progress;
	mill_comm_options comm = {.use_mpi = options->use_mpi, .stop_signal = options->stop_signal};
	comm.timeout_ns = options->timeout_ns > 0 ? options->timeout_ns : DEFAULT_TIMEOUT_NS;
	MILL_TRY(mill_comm_open(&comm, engine->mem, &engine->comm, err));
	MILL_TRY(add_backends(engine, options, err));
	engine->log = (mill_log){options->log_level, mill_comm_rank(engine->comm)};
	engine->mem->budget_bytes = budget_of(options, mill_comm_node_ranks(engine->comm));
	return open_scratch(engine, options, err);
}

static void release(mill_engine *engine)
{
	mill_mem *mem = engine->mem;
	mill_scratch_close(engine->scratch);
	mill_comm_close(engine->comm);
	mill_storage_release(&engine->storage);
	mill_arena_release(&engine->arena);
	mill_mem_free(engine);
	mill_mem_delete(mem);
}

mill_status mill_engine_open(const mill_engine_options *options, mill_engine **out, mill_error *err)
{
	mill_mem *mem = mill_mem_new(INT64_MAX);
	mill_engine *engine = mem != NULL ? mill_mem_calloc(mem, 1, sizeof *engine) : NULL;
	*out = NULL;
	if (engine == NULL) {
		mill_mem_delete(mem);
		return mill_fail_nomem(err, sizeof *engine, "the engine");
	}
	engine->mem = mem;
	mill_arena_init(&engine->arena, mem);
	mill_storage_init(&engine->storage, mem);
	mill_status status = open_parts(engine, options, err);
	if (engine->comm != NULL)
		*out = engine;
	else
		release(engine);
	return status;
}

void mill_engine_close(mill_engine *engine)
{
	if (engine != NULL)
		release(engine);
}

int mill_engine_rank(const mill_engine *engine)
{
	return mill_comm_rank(engine->comm);
}

int mill_engine_rank_count(const mill_engine *engine)
{
	return mill_comm_size(engine->comm);
}

mill_status mill_engine_agree_done(mill_engine *engine, mill_status mine, mill_error *err)
{
	return mill_comm_agree_done(engine->comm, mine, err);
}

void mill_engine_abort(mill_engine *engine, int exit_code)
{
	mill_comm_abort(engine->comm, exit_code);
}

mill_status mill_engine_begin(mill_engine *engine, mill_run *run, mill_error *err)
{
	*run = (mill_run){.comm = engine->comm, .mem = engine->mem, .arena = &engine->arena, .knobs = &engine->knobs};
	run->log = &engine->log;
	run->formats = &mill_known_formats;
	run->storage = &engine->storage;
	run->scratch = engine->scratch;
	run->limit_rows = INT64_MAX;
	run->progress = engine->progress;
	run->least_budget_bytes = run->mem->budget_bytes;
	mill_status status = mill_books_new(run->mem, run->comm, run->log, run->scratch, &run->books, err);
	MILL_TRY(mill_comm_agree(run->comm, status, err));
	return mill_comm_min_i64(run->comm, &run->least_budget_bytes, 1, err);
}

void mill_engine_end(mill_engine *engine, mill_run *run)
{
	(void)engine;
	mill_run_release(run);
	mill_books_free(run->books);
	run->books = NULL;
}

int64_t mill_guess_input_bytes(const char *pattern)
{
	mill_mem mem;
	mill_arena arena;
	mill_storage storage;
	mill_storage_listing listing = {0};
	mill_error ignored = {0};
	int64_t bytes = 0;
	mill_mem_init(&mem, INT64_MAX);
	mill_arena_init(&arena, &mem);
	mill_storage_init(&storage, &mem);
	if (mill_storage_list(&storage, pattern, &arena, &listing, &ignored) == MILL_OK)
		for (int64_t i = 0; i < listing.count; i++)
			bytes += listing.entries[i].size_bytes;
	mill_arena_release(&arena);
	mill_storage_release(&storage);
	return bytes;
}
