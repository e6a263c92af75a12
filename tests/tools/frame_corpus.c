/* Writes the seed corpus of fuzz_frame: frame_corpus FOLDER. The same bytes every time. */
#include "../unit/random_batch.h"
#include "column/frame.h"

static mill_mem mem;
static uint64_t state = 2;

static void must(bool holds, const char *what)
{
	if (!holds) {
		perror(what);
		exit(1);
	}
}

static mill_column make_column(int shape, int64_t rows, int null_percent)
{
	mill_column column = {0};
	model m;
	mill_status status;
	if (shape < RANDOM_TYPE_COUNT) {
		m = random_model(random_types[shape], rows, null_percent, &state);
		status = model_build(&mem, &m, &column, NULL);
	} else {
		status =
		    random_dictionary(&mem, mill_type_of(MILL_TYPE_STRING), 3, rows, null_percent, &state, &m, &column);
	}
	must(status == MILL_OK, "column");
	model_release(&m);
	return column;
}

static void write_seed(const char *folder, const char *name, int first_shape, int shapes, int64_t rows,
                       int null_percent, int id_words)
{
	mill_batch batch;
	mill_bytes frame;
	char path[4096];
	must(mill_batch_new(&mem, shapes + id_words, id_words, &batch, NULL) == MILL_OK, "batch");
	batch.rows = rows;
	for (int c = 0; c < shapes; c++)
		batch.columns[c] = make_column(first_shape + c, rows, null_percent);
	for (int c = shapes; c < shapes + id_words; c++)
		batch.columns[c] = make_column(8, rows, 0); /* uint64 */
	mill_bytes_init(&frame, &mem);
	must(mill_frame_write(&batch, NULL, 0, 5, 1, &frame, NULL) == MILL_OK, "frame");
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	must(file != NULL && fwrite(frame.data, 1, frame.size_bytes, file) == frame.size_bytes, path);
	must(fclose(file) == 0, path);
	mill_bytes_release(&frame);
	mill_batch_release(&batch);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	mill_mem_init(&mem, INT64_MAX);
	write_seed(argv[1], "no-columns", 0, 0, 0, 0, 0);
	write_seed(argv[1], "no-rows", 0, RANDOM_TYPE_COUNT + 1, 0, 0, 1);
	write_seed(argv[1], "all-types", 0, RANDOM_TYPE_COUNT + 1, 3, 0, 2);
	write_seed(argv[1], "all-types-nulls", 0, RANDOM_TYPE_COUNT + 1, 5, 40, 1);
	write_seed(argv[1], "all-null", 0, RANDOM_TYPE_COUNT, 2, 100, 0);
	write_seed(argv[1], "words", 3, 2, 70, 30, 1);
	write_seed(argv[1], "bool", 0, 1, 130, 30, 0);
	write_seed(argv[1], "text", 12, 2, 20, 20, 0);
	write_seed(argv[1], "dictionary", RANDOM_TYPE_COUNT, 1, 40, 20, 0);
	write_seed(argv[1], "decimal", 11, 1, 4, 0, 0);
	return 0;
}
