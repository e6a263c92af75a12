/* Runs a fuzz target over files and folders without a fuzzer, so that plain `make test` replays its corpus. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static int replayed;

static int replay_file(const char *path)
{
	struct stat status;
	FILE *file = fopen(path, "rb");
	if (file == NULL || fstat(fileno(file), &status) != 0) {
		perror(path);
		return 1;
	}
	size_t size = (size_t)status.st_size;
	/* Exactly as large as the input, so that a sanitizer sees a read past it. */
	uint8_t *data = malloc(size == 0 ? 1 : size);
	int failed = data == NULL || fread(data, 1, size, file) != size;
	fclose(file);
	if (failed)
		perror(path);
	else
		failed = LLVMFuzzerTestOneInput(data, size) != 0;
	free(data);
	replayed++;
	return failed;
}

static int replay(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int failed = 0;
	if (folder == NULL)
		return replay_file(path);
	while ((entry = readdir(folder)) != NULL) {
		char child[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		failed |= replay(child);
	}
	closedir(folder);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%d inputs replayed\n", replayed);
	return failed || replayed == 0;
}
