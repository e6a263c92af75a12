/* Writes the known data of store_fixture.h as a store: store_write OUT TRAIN_ROWS VAL_ROWS SHARD_ROWS BATCH_ROWS
 * COMPRESSION [JOB_JSON [overwrite]]. Prints each dataset's hash sum, as the manifest has it. */
#include "../unit/store_fixture.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
	static const char *const splits[] = {"train", "val"};
	if (argc < 7) {
		fprintf(
		    stderr,
		    "usage: store_write OUT TRAIN_ROWS VAL_ROWS SHARD_ROWS BATCH_ROWS COMPRESSION [JOB [overwrite]]\n");
		return 2;
	}
	int64_t rows[] = {strtoll(argv[2], NULL, 10), strtoll(argv[3], NULL, 10)};
	fixture_options options = {.splits = splits,
	                           .split_rows = rows,
	                           .split_count = 2,
	                           .shard_rows = strtoll(argv[4], NULL, 10),
	                           .batch_rows = strtoll(argv[5], NULL, 10),
	                           .compression = argv[6],
	                           .job = argc > 7 ? argv[7] : NULL,
	                           .overwrite = argc > 8};
	mill_mem mem;
	mill_error err = {0};
	mill_u128 sums[2 * FIXTURE_DATASETS];
	mill_mem_init(&mem, INT64_MAX);
	mill_status status = fixture_write(argv[1], &options, &mem, sums, &err);
	if (status != MILL_OK) {
		fprintf(stderr, "store_write: %s\n", err.message);
		return mill_status_exit_code(status);
	}
	for (int i = 0; i < 2 * FIXTURE_DATASETS; i++) {
		char text[MILL_H128_TEXT_BYTES];
		mill_h128_text(sums[i], text);
		printf("%s %s %s\n", splits[i / FIXTURE_DATASETS], fixture_datasets[i % FIXTURE_DATASETS].name, text);
	}
	return 0;
}
