#include "storage/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mill_status io_failure(mill_error *err, const char *what, const char *path)
{
	return mill_fail(err, errno == ENOENT ? MILL_NOT_FOUND : MILL_IO, "cannot %s %s: %s", what, path,
	                 strerror(errno));
}

bool mill_path_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static mill_status make_one(const char *path, mill_error *err)
{
	struct stat st;
	if (mkdir(path, 0777) == 0)
		return MILL_OK;
	int cause = errno;
	/* Another rank may have made it, and a mount may answer EROFS or EACCES for a folder that is there. */
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode)
		           ? MILL_OK
		           : mill_fail(err, MILL_IO, "cannot make the folder %s: a file has that name", path);
	return mill_fail(err, MILL_IO, "cannot make the folder %s: %s", path, strerror(cause));
}

mill_status mill_path_make_folders(const char *path, mill_error *err)
{
	char prefix[4096];
	size_t length = strlen(path);
	if (length == 0)
		return MILL_OK;
	if (length >= sizeof prefix)
		return mill_fail(err, MILL_IO, "cannot make the folder %.200s…: the path is longer than %zu bytes",
		                 path, sizeof prefix - 1);
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(prefix, path, i);
		prefix[i] = '\0';
		MILL_TRY(make_one(prefix, err));
	}
	return MILL_OK;
}

static mill_status remove_entry(int folder, const char *name, const char *shown, mill_error *err);

static mill_status remove_entries(int fd, const char *shown, mill_error *err)
{
	DIR *dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return io_failure(err, "read the folder", shown);
	}
	mill_status status = MILL_OK;
	for (struct dirent *e = readdir(dir); e != NULL && status == MILL_OK; e = readdir(dir))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			status = remove_entry(dirfd(dir), e->d_name, shown, err);
	closedir(dir);
	return status;
}

static mill_status remove_entry(int folder, const char *name, const char *shown, mill_error *err)
{
	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return MILL_OK;
	int cause = errno;
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return mill_fail(err, MILL_IO, "cannot remove %s in %s: %s", name, shown, strerror(cause));
	MILL_TRY(remove_entries(fd, shown, err));
	if (unlinkat(folder, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
		return mill_fail(err, MILL_IO, "cannot remove the folder %s in %s: %s", name, shown, strerror(errno));
	return MILL_OK;
}

mill_status mill_path_remove_tree(const char *path, mill_error *err)
{
	return remove_entry(AT_FDCWD, path, path, err);
}
