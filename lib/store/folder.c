#include "store/folder.h"
#include "storage/path.h"

#include "store/file.h"
#include "store/format.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names in a folder, "." and ".." left out, as a block of texts each ended by 00 and an empty one last: the folder may
 * be changed while they are gone through. */
static mill_status names_of(const char *folder, mill_bytes *out, mill_error *err)
{
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return mill_fail(err, MILL_IO, "%s: cannot be read: %s", folder, strerror(errno));
	mill_status status = MILL_OK;
	errno = 0;
	for (struct dirent *entry = readdir(dir); entry != NULL && status == MILL_OK; entry = readdir(dir)) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			status = mill_bytes_append(out, entry->d_name, strlen(entry->d_name) + 1);
		errno = 0;
	}
	if (status == MILL_OK)
		status = mill_bytes_append_u8(out, 0);
	if (status != MILL_OK)
		mill_fail_nomem(err, out->size_bytes, "names in a folder");
	else if (errno != 0)
		status = mill_fail(err, MILL_IO, "%s: cannot be read: %s", folder, strerror(errno));
	closedir(dir);
	return status;
}

static const char *next_name(const char *name)
{
	return name + strlen(name) + 1;
}

static bool is_folder(const char *path)
{
	struct stat info;
	return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* A folder with nothing but shards in it. */
static mill_status is_split_folder(const char *path, mill_mem *mem, bool *out, mill_error *err)
{
	*out = false;
	if (!is_folder(path))
		return MILL_OK;
	mill_bytes names;
	mill_bytes_init(&names, mem);
	mill_status status = names_of(path, &names, err);
	if (status == MILL_OK) {
		const char *name = (const char *)names.data;
		while (*name != '\0' && mill_store_is_shard_name(name))
			name = next_name(name);
		*out = *name == '\0';
	}
	mill_bytes_release(&names);
	return status;
}

typedef enum entry_kind {
	ENTRY_FOREIGN,
	ENTRY_IGNORED,
	ENTRY_MANIFEST,
	ENTRY_RUN,
	ENTRY_FAILED,
	ENTRY_VIEW,
	ENTRY_CONTENT
} entry_kind;

typedef struct known_entry {
	const char *name;
	entry_kind kind;
} known_entry;

static entry_kind kind_by_name(const char *name)
{
	static const known_entry known[] = {
	    {MILL_STORE_MANIFEST, ENTRY_MANIFEST}, {MILL_STORE_RUN, ENTRY_RUN},    {MILL_STORE_FAILED, ENTRY_FAILED},
	    {"fitted.json", ENTRY_CONTENT},        {"fitted", ENTRY_CONTENT},      {"quarantine", ENTRY_CONTENT},
	    {"report.html", ENTRY_CONTENT},        {"report.json", ENTRY_CONTENT}, {"exports", ENTRY_CONTENT},
	    {MILL_STORE_CHECKSUMS, ENTRY_CONTENT}, {"lost+found", ENTRY_IGNORED}};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].kind;
	/* What NFS and FUSE make of files that are deleted while open. */
	if (strncmp(name, ".nfs", 4) == 0 || strncmp(name, ".fuse_hidden", 12) == 0)
		return ENTRY_IGNORED;
	/* A write-once file that was never committed. */
	size_t length_bytes = strlen(name);
	if (name[0] == '.' && length_bytes > 4 && strcmp(name + length_bytes - 4, ".tmp") == 0)
		return ENTRY_CONTENT;
	return ENTRY_FOREIGN;
}

/* A split's folder, or a view: NAME.h5 beside the folder NAME of a split. */
static mill_status kind_of(const char *folder, const char *name, mill_bytes *path, mill_mem *mem, entry_kind *out,
                           mill_error *err)
{
	*out = kind_by_name(name);
	if (*out != ENTRY_FOREIGN)
		return MILL_OK;
	bool split = false;
	MILL_TRY(mill_file_join(folder, name, path, err));
	MILL_TRY(is_split_folder((const char *)path->data, mem, &split, err));
	if (split) {
		*out = ENTRY_CONTENT;
		return MILL_OK;
	}
	size_t length_bytes = path->size_bytes;
	if (length_bytes > 3 && memcmp(path->data + length_bytes - 3, ".h5", 3) == 0 &&
	    !is_folder((const char *)path->data)) {
		path->data[length_bytes - 3] = '\0';
		MILL_TRY(is_split_folder((const char *)path->data, mem, &split, err));
	}
	if (split)
		*out = ENTRY_VIEW;
	return MILL_OK;
}

static void note(mill_folder_survey *survey, const char *name, entry_kind kind)
{
	switch (kind) {
	case ENTRY_MANIFEST: survey->has_manifest = true; break;
	case ENTRY_RUN: survey->has_run = true; break;
	case ENTRY_VIEW:
	case ENTRY_CONTENT: survey->has_content = true; break;
	case ENTRY_FOREIGN: snprintf(survey->foreign, sizeof(survey->foreign), "%s", name); break;
	default: break;
	}
}

mill_status mill_folder_survey_of(const char *folder, mill_mem *mem, mill_folder_survey *out, mill_error *err)
{
	mill_folder_survey survey = {0};
	mill_bytes names;
	mill_bytes path;
	mill_bytes_init(&names, mem);
	mill_bytes_init(&path, mem);
	mill_status status;
	MILL_TRY_GOTO(names_of(folder, &names, err), done);
	for (const char *name = (const char *)names.data; *name != '\0'; name = next_name(name)) {
		entry_kind kind = ENTRY_FOREIGN;
		MILL_TRY_GOTO(kind_of(folder, name, &path, mem, &kind, err), done);
		note(&survey, name, kind);
	}
	*out = survey;
done:
	mill_bytes_release(&path);
	mill_bytes_release(&names);
	return status;
}

/* Appends the files of folder/below; below is "" or ends in a slash. */
static mill_status add_files(const char *folder, const char *below, mill_mem *mem, mill_bytes *out, mill_error *err)
{
	mill_bytes names, path, relative;
	mill_bytes_init(&names, mem);
	mill_bytes_init(&path, mem);
	mill_bytes_init(&relative, mem);
	mill_status status;
	MILL_TRY_GOTO(mill_file_join(folder, below, &path, err), done);
	MILL_TRY_GOTO(names_of((const char *)path.data, &names, err), done);
	for (const char *name = (const char *)names.data; *name != '\0'; name = next_name(name)) {
		entry_kind kind = *below == '\0' ? kind_by_name(name) : ENTRY_CONTENT;
		if (*name == '.' || kind == ENTRY_FAILED || kind == ENTRY_IGNORED)
			continue;
		relative.size_bytes = 0;
		MILL_TRY_GOTO(mill_bytes_printf(&relative, "%s%s", below, name), done);
		MILL_TRY_GOTO(mill_bytes_terminate(&relative), done);
		MILL_TRY_GOTO(mill_file_join(folder, (const char *)relative.data, &path, err), done);
		if (!is_folder((const char *)path.data)) {
			MILL_TRY_GOTO(mill_bytes_append(out, relative.data, relative.size_bytes + 1), done);
			continue;
		}
		MILL_TRY_GOTO(mill_bytes_append(&relative, "/", 2), done);
		MILL_TRY_GOTO(add_files(folder, (const char *)relative.data, mem, out, err), done);
	}
done:
	mill_bytes_release(&relative);
	mill_bytes_release(&path);
	mill_bytes_release(&names);
	return status;
}

mill_status mill_folder_files(const char *folder, mill_mem *mem, mill_bytes *out, mill_error *err)
{
	MILL_TRY(add_files(folder, "", mem, out, err));
	return mill_bytes_append_u8(out, 0) == MILL_OK ? MILL_OK
	                                               : mill_fail_nomem(err, out->size_bytes, "names of files");
}

/* Removes the entries of one kind. */
static mill_status clear_kind(const char *folder, const mill_bytes *names, entry_kind wanted, mill_bytes *path,
                              mill_mem *mem, mill_error *err)
{
	for (const char *name = (const char *)names->data; *name != '\0'; name = next_name(name)) {
		entry_kind kind = ENTRY_FOREIGN;
		MILL_TRY(kind_of(folder, name, path, mem, &kind, err));
		if (kind != wanted)
			continue;
		MILL_TRY(mill_file_join(folder, name, path, err));
		MILL_TRY(mill_path_remove_tree((const char *)path->data, err));
	}
	return MILL_OK;
}

mill_status mill_folder_clear(const char *folder, bool with_failed, mill_mem *mem, mill_error *err)
{
	/* Views before the folders that mark them as ours. */
	static const entry_kind order[] = {ENTRY_MANIFEST, ENTRY_VIEW, ENTRY_CONTENT, ENTRY_FAILED};
	mill_bytes names;
	mill_bytes path;
	mill_bytes_init(&names, mem);
	mill_bytes_init(&path, mem);
	mill_status status;
	MILL_TRY_GOTO(names_of(folder, &names, err), done);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (order[i] == ENTRY_FAILED && !with_failed)
			continue;
		MILL_TRY_GOTO(clear_kind(folder, &names, order[i], &path, mem, err), done);
		if (order[i] == ENTRY_MANIFEST)
			MILL_TRY_GOTO(mill_file_flush(folder, err), done);
	}
done:
	mill_bytes_release(&path);
	mill_bytes_release(&names);
	return status;
}

mill_status mill_folder_empty(const char *folder, const char *keep, mill_mem *mem, mill_error *err)
{
	if (!mill_path_exists(folder))
		return MILL_OK;
	mill_bytes names;
	mill_bytes path;
	mill_bytes_init(&names, mem);
	mill_bytes_init(&path, mem);
	mill_status status;
	MILL_TRY_GOTO(names_of(folder, &names, err), done);
	for (const char *name = (const char *)names.data; *name != '\0'; name = next_name(name)) {
		if (strcmp(name, keep) == 0)
			continue;
		MILL_TRY_GOTO(mill_file_join(folder, name, &path, err), done);
		MILL_TRY_GOTO(mill_path_remove_tree((const char *)path.data, err), done);
	}
done:
	mill_bytes_release(&path);
	mill_bytes_release(&names);
	return status;
}

static mill_status move_entry(const char *from, const char *to, mill_mem *mem, mill_error *err)
{
	if (is_folder(from))
		return mill_folder_move(from, to, mem, err);
	if (rename(from, to) != 0)
		return mill_fail(err, MILL_IO, "%s: cannot be moved to %s: %s", from, to, strerror(errno));
	return MILL_OK;
}

/* Moves the folders of a folder, or its files. */
static mill_status move_kind(const mill_bytes *names, const char *from, const char *to, bool folders, mill_mem *mem,
                             mill_error *err)
{
	mill_bytes source;
	mill_bytes target;
	mill_bytes_init(&source, mem);
	mill_bytes_init(&target, mem);
	mill_status status = MILL_OK;
	for (const char *name = (const char *)names->data; *name != '\0'; name = next_name(name)) {
		MILL_TRY_GOTO(mill_file_join(from, name, &source, err), done);
		MILL_TRY_GOTO(mill_file_join(to, name, &target, err), done);
		if (is_folder((const char *)source.data) == folders)
			MILL_TRY_GOTO(move_entry((const char *)source.data, (const char *)target.data, mem, err), done);
	}
done:
	mill_bytes_release(&target);
	mill_bytes_release(&source);
	return status;
}

mill_status mill_folder_move(const char *from, const char *to, mill_mem *mem, mill_error *err)
{
	mill_bytes names;
	mill_bytes_init(&names, mem);
	mill_status status;
	MILL_TRY_GOTO(mill_path_make_folders(to, err), done);
	MILL_TRY_GOTO(names_of(from, &names, err), done);
	/* Folders first: a split's folder marks the view beside it as ours should the run be killed in between. */
	MILL_TRY_GOTO(move_kind(&names, from, to, true, mem, err), done);
	MILL_TRY_GOTO(move_kind(&names, from, to, false, mem, err), done);
	status = mill_file_flush(to, err);
done:
	mill_bytes_release(&names);
	return status;
}

mill_status mill_folder_flush(const char *folder, mill_mem *mem, mill_error *err)
{
	mill_bytes names;
	mill_bytes path;
	mill_bytes_init(&names, mem);
	mill_bytes_init(&path, mem);
	mill_status status;
	MILL_TRY_GOTO(names_of(folder, &names, err), done);
	for (const char *name = (const char *)names.data; *name != '\0'; name = next_name(name)) {
		if (mill_store_is_shard_name(name))
			continue;
		MILL_TRY_GOTO(mill_file_join(folder, name, &path, err), done);
		const char *entry = (const char *)path.data;
		MILL_TRY_GOTO(is_folder(entry) ? mill_folder_flush(entry, mem, err) : mill_file_flush(entry, err),
		              done);
	}
	status = mill_file_flush(folder, err);
done:
	mill_bytes_release(&path);
	mill_bytes_release(&names);
	return status;
}
