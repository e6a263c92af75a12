#include "datagen.h"

#include "base/suggest.h"
#include "command.h"
#include "storage/storage.h"

#include <string.h>

static const datagen_kind kinds[] = {
    {"taxi", "NYC taxi trips",
     "key,fare_amount,pickup_datetime,pickup_longitude,pickup_latitude,dropoff_longitude,dropoff_latitude,"
     "passenger_count\n",
     1000000, datagen_taxi},
    {"titanic", "Titanic passengers",
     "PassengerId,Survived,Pclass,Name,Gender,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked\n", 891, datagen_titanic},
    {"groupby", "the group-by table of db-benchmark", "id1,id2,id3,id4,id5,id6,v1,v2,v3\n", 1000000, datagen_groupby},
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

const char *datagen_missed(const char *message)
{
	char folder[64];
	for (size_t i = 0; i < KIND_COUNT; i++) {
		snprintf(folder, sizeof folder, "out/data/%s/", kinds[i].name);
		if (strstr(message, folder) != NULL && strstr(message, ": no file matches") != NULL)
			return kinds[i].name;
	}
	return NULL;
}

static mill_status find_kind(const char *name, const datagen_kind **out, mill_error *err)
{
	static const char *const later[] = {"criteo", "transactions", "tpch"};
	const char *names[KIND_COUNT];
	for (size_t i = 0; i < KIND_COUNT; i++) {
		names[i] = kinds[i].name;
		if (strcmp(name, kinds[i].name) == 0) {
			*out = &kinds[i];
			return MILL_OK;
		}
	}
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		if (strcmp(name, later[i]) == 0)
			return mill_fail(err, MILL_NOT_YET,
			                 "datagen %s is not supported yet; taxi, titanic and groupby are", name);
	const char *near = mill_suggest(name, names, KIND_COUNT);
	return mill_fail(err, MILL_USAGE, "datagen: unknown kind \"%s\"%s%s%s; kinds are taxi, titanic, groupby", name,
	                 near != NULL ? " (did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?)" : "");
}

/* One file with rows first … end − 1. It appears when it is complete. */
static mill_status write_file(const datagen_kind *kind, const char *path, uint64_t seed, int64_t rows, int64_t first,
                              int64_t end, mill_engine *engine, mill_error *err)
{
	mill_writer *writer = NULL;
	mill_bytes text;
	mill_bytes_init(&text, &engine->mem);
	mill_status status = mill_writer_open(&engine->storage, path, &writer, err);
	if (status == MILL_OK)
		status = mill_bytes_append_text(&text, kind->header);
	for (int64_t row = first; row < end && status == MILL_OK; row++) {
		datagen_random random = {.seed = seed, .row = (uint64_t)row};
		status = kind->append(&random, rows, &text);
		if (status == MILL_OK && text.size_bytes > 1 << 20) {
			mill_comm_progress(engine->comm);
			status = mill_comm_check_stop(engine->comm, err);
			if (status == MILL_OK)
				status = mill_writer_append(writer, text.data, text.size_bytes, err);
			text.size_bytes = 0;
		}
	}
	if (status == MILL_OK)
		status = mill_writer_append(writer, text.data, text.size_bytes, err);
	if (status == MILL_OK)
		status = mill_writer_commit(writer, err);
	mill_writer_close(writer);
	mill_bytes_release(&text);
	return status;
}

static mill_status write_files(const datagen_kind *kind, const option_set *options, int64_t rows, const char *folder,
                               mill_engine *engine, mill_error *err)
{
	int rank = mill_comm_rank(mill_engine_comm(engine));
	int size = mill_comm_size(mill_engine_comm(engine));
	int64_t files = options->files > 0 ? options->files : 1 + rows / 1000000;
	MILL_TRY(mill_storage_make_folders(&engine->storage, folder, err));
	for (int64_t i = rank; i < files; i += size) {
		const char *path =
		    mill_arena_printf(&engine->arena, "%s/%s-%05lld.csv", folder, kind->name, (long long)i);
		if (path == NULL)
			return mill_fail_nomem(err, 0, "a path");
		MILL_TRY(
		    write_file(kind, path, options->seed, rows, rows * i / files, rows * (i + 1) / files, engine, err));
	}
	return MILL_OK;
}

mill_status command_datagen(const option_set *options, mill_engine *engine, mill_error *err)
{
	const datagen_kind *kind = NULL;
	mill_comm *comm = mill_engine_comm(engine);
	MILL_TRY(find_kind(options->arguments[0], &kind, err));
	if (options->format != NULL && strcmp(options->format, "csv") != 0)
		return mill_fail(err, MILL_NOT_YET, "datagen --format %s is not supported yet; csv is",
		                 options->format);
	int64_t rows = options->rows >= 0 ? options->rows : kind->default_rows;
	const char *folder =
	    options->out != NULL ? options->out : mill_arena_printf(&engine->arena, "out/data/%s", kind->name);
	if (folder == NULL)
		return mill_fail_nomem(err, 0, "a path");
	mill_status status = write_files(kind, options, rows, folder, engine, err);
	MILL_TRY(mill_comm_agree(comm, status, err));
	if (mill_comm_rank(comm) == 0)
		printf("%s\n", folder);
	return MILL_OK;
}
