#include "datagen.h"

#include "base/suggest.h"
#include "command.h"

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

/* The files of one kind with one seed. */
typedef struct datagen_files {
	mill_text_files base;
	const datagen_kind *kind;
	uint64_t seed;
} datagen_files;

static mill_status append_row(const mill_text_files *self, int64_t row, mill_bytes *out)
{
	const datagen_files *files = (const datagen_files *)self;
	datagen_random random = {.seed = files->seed, .row = (uint64_t)row};
	return files->kind->append(&random, self->rows, out);
}

mill_status command_datagen(const option_set *options, mill_engine *engine, mill_error *err)
{
	char folder[64];
	const datagen_kind *kind = NULL;
	MILL_TRY(find_kind(options->arguments[0], &kind, err));
	if (options->format != NULL && strcmp(options->format, "csv") != 0)
		return mill_fail(err, MILL_NOT_YET, "datagen --format %s is not supported yet; csv is",
		                 options->format);
	snprintf(folder, sizeof folder, "out/data/%s", kind->name);
	datagen_files files = {.kind = kind, .seed = options->seed};
	files.base.folder = options->out != NULL ? options->out : folder;
	files.base.name = kind->name;
	files.base.ending = ".csv";
	files.base.header = kind->header;
	files.base.rows = options->rows >= 0 ? options->rows : kind->default_rows;
	files.base.files = options->files > 0 ? options->files : 1 + files.base.rows / 1000000;
	files.base.append = append_row;
	MILL_TRY(mill_engine_write_files(engine, &files.base, err));
	if (mill_engine_rank(engine) == 0)
		printf("%s\n", files.base.folder);
	return MILL_OK;
}
