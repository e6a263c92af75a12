/* What is in OUT, wherever it lies. */
#include "store/write/folder.h"

#include "storage/path.h"
#include "store/file.h"
#include "store/format.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A folder that is looked at: its entries, and the memory of these and of paths. */
typedef struct folder_view {
	mill_storage *storage;
	const char *folder;
	mill_arena arena;
	mill_page page;
} folder_view;

static mill_status view_open(folder_view *view, mill_storage *storage, const char *folder, mill_error *err)
{
	*view = (folder_view){.storage = storage, .folder = folder};
	mill_arena_init(&view->arena, storage->mem);
	mill_status status = mill_storage_list_folder(storage, folder, &view->arena, &view->page, err);
	if (status != MILL_OK)
		mill_arena_release(&view->arena);
	return status;
}

static void view_close(folder_view *view)
{
	mill_arena_release(&view->arena);
}

static mill_status join(folder_view *view, const char *name, const char **out, mill_error *err)
{
	*out = mill_arena_printf(&view->arena, "%s/%s", view->folder, name);
	return *out != NULL ? MILL_OK : mill_fail_nomem(err, strlen(name), "path");
}

/* NAME, the first length_bytes of name, is a folder with nothing but shards in it. */
static mill_status is_split_folder(folder_view *view, const char *name, size_t length_bytes, bool *out, mill_error *err)
{
	const mill_page_entry *found = NULL;
	for (int64_t i = 0; i < view->page.count && found == NULL; i++) {
		const mill_page_entry *entry = &view->page.entries[i];
		if (entry->object.kind == MILL_OBJECT_FOLDER && strlen(entry->name) == length_bytes &&
		    memcmp(entry->name, name, length_bytes) == 0)
			found = entry;
	}
	*out = false;
	if (found == NULL)
		return MILL_OK;
	folder_view below;
	const char *path;
	MILL_TRY(join(view, found->name, &path, err));
	mill_status status = view_open(&below, view->storage, path, err);
	if (status == MILL_NOT_FOUND) /* removed since the view was taken */
		return MILL_OK;
	MILL_TRY(status);
	int64_t i = 0;
	while (i < below.page.count && mill_store_is_shard_name(below.page.entries[i].name))
		i++;
	*out = i == below.page.count;
	view_close(&below);
	return MILL_OK;
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
static mill_status kind_of(folder_view *view, const mill_page_entry *entry, entry_kind *out, mill_error *err)
{
	size_t length_bytes = strlen(entry->name);
	bool split = false;
	*out = kind_by_name(entry->name);
	if (*out != ENTRY_FOREIGN)
		return MILL_OK;
	if (entry->object.kind == MILL_OBJECT_FOLDER) {
		MILL_TRY(is_split_folder(view, entry->name, length_bytes, &split, err));
		*out = split ? ENTRY_CONTENT : ENTRY_FOREIGN;
	} else if (length_bytes > 3 && strcmp(entry->name + length_bytes - 3, ".h5") == 0) {
		MILL_TRY(is_split_folder(view, entry->name, length_bytes - 3, &split, err));
		*out = split ? ENTRY_VIEW : ENTRY_FOREIGN;
	}
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

mill_status mill_folder_survey_of(mill_storage *storage, const char *folder, mill_folder_survey *out, mill_error *err)
{
	mill_folder_survey survey = {0};
	folder_view view;
	mill_status status = MILL_OK;
	MILL_TRY(view_open(&view, storage, folder, err));
	for (int64_t i = 0; i < view.page.count && status == MILL_OK; i++) {
		entry_kind kind = ENTRY_FOREIGN;
		status = kind_of(&view, &view.page.entries[i], &kind, err);
		note(&survey, view.page.entries[i].name, kind);
	}
	view_close(&view);
	if (status == MILL_OK)
		*out = survey;
	return status;
}

/* Appends the files of folder/below; below is "" or ends in a slash. */
static mill_status add_files(mill_storage *storage, const char *folder, const char *below, mill_bytes *out,
                             mill_error *err)
{
	folder_view view;
	mill_status status = MILL_OK;
	MILL_TRY(view_open(&view, storage, folder, err));
	for (int64_t i = 0; i < view.page.count && status == MILL_OK; i++) {
		const mill_page_entry *entry = &view.page.entries[i];
		entry_kind kind = *below == '\0' ? kind_by_name(entry->name) : ENTRY_CONTENT;
		if (entry->name[0] == '.' || kind == ENTRY_FAILED || kind == ENTRY_IGNORED)
			continue;
		bool is_folder = entry->object.kind == MILL_OBJECT_FOLDER;
		const char *path,
		    *relative = mill_arena_printf(&view.arena, "%s%s%s", below, entry->name, is_folder ? "/" : "");
		status = join(&view, entry->name, &path, err);
		if (status == MILL_OK && relative == NULL)
			status = mill_fail_nomem(err, strlen(below), "names of files");
		if (status == MILL_OK && is_folder)
			status = add_files(storage, path, relative, out, err);
		else if (status == MILL_OK && mill_bytes_append(out, relative, strlen(relative) + 1) != MILL_OK)
			status = mill_fail_nomem(err, out->size_bytes, "names of files");
	}
	view_close(&view);
	return status;
}

mill_status mill_folder_files(mill_storage *storage, const char *folder, mill_bytes *out, mill_error *err)
{
	MILL_TRY(add_files(storage, folder, "", out, err));
	return mill_bytes_append_u8(out, 0) == MILL_OK ? MILL_OK
	                                               : mill_fail_nomem(err, out->size_bytes, "names of files");
}

mill_status mill_folder_flush_names(mill_storage *storage, const char *folder, mill_error *err)
{
	const char *path = NULL;
	mill_arena arena;
	mill_arena_init(&arena, storage->mem);
	mill_status status = mill_storage_local_path(storage, folder, &arena, &path, err);
	if (status == MILL_OK && path != NULL && mill_path_exists(path))
		status = mill_file_flush(path, err);
	mill_arena_release(&arena);
	return status;
}

/* Removes the entries of one kind. */
static mill_status clear_kind(folder_view *view, entry_kind wanted, mill_error *err)
{
	for (int64_t i = 0; i < view->page.count; i++) {
		entry_kind kind = ENTRY_FOREIGN;
		const char *path;
		MILL_TRY(kind_of(view, &view->page.entries[i], &kind, err));
		if (kind != wanted)
			continue;
		MILL_TRY(join(view, view->page.entries[i].name, &path, err));
		MILL_TRY(mill_storage_remove_tree(view->storage, path, err));
	}
	return MILL_OK;
}

mill_status mill_folder_clear(mill_storage *storage, const char *folder, bool with_failed, mill_error *err)
{
	/* Views before the folders that mark them as ours. */
	static const entry_kind order[] = {ENTRY_MANIFEST, ENTRY_VIEW, ENTRY_CONTENT, ENTRY_FAILED};
	folder_view view;
	mill_status status = MILL_OK;
	MILL_TRY(view_open(&view, storage, folder, err));
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && status == MILL_OK; i++) {
		if (order[i] == ENTRY_FAILED && !with_failed)
			continue;
		status = clear_kind(&view, order[i], err);
		if (status == MILL_OK && order[i] == ENTRY_MANIFEST)
			status = mill_folder_flush_names(storage, folder, err);
	}
	view_close(&view);
	return status;
}

mill_status mill_folder_empty(mill_storage *storage, const char *folder, const char *keep, mill_error *err)
{
	folder_view view;
	mill_status status = view_open(&view, storage, folder, err);
	if (status == MILL_NOT_FOUND)
		return MILL_OK;
	MILL_TRY(status);
	for (int64_t i = 0; i < view.page.count && status == MILL_OK; i++) {
		const char *path;
		if (strcmp(view.page.entries[i].name, keep) == 0)
			continue;
		status = join(&view, view.page.entries[i].name, &path, err);
		if (status == MILL_OK)
			status = mill_storage_remove_tree(storage, path, err);
	}
	view_close(&view);
	return status;
}

static bool is_folder(const mill_page_entry *entry)
{
	return entry->object.kind == MILL_OBJECT_FOLDER;
}

/* Moves the folders of a folder, or its files. */
static mill_status move_kind(folder_view *view, const char *to, bool folders, mill_error *err)
{
	for (int64_t i = 0; i < view->page.count; i++) {
		const mill_page_entry *entry = &view->page.entries[i];
		const char *source;
		if (is_folder(entry) != folders)
			continue;
		MILL_TRY(join(view, entry->name, &source, err));
		const char *target = mill_arena_printf(&view->arena, "%s/%s", to, entry->name);
		if (target == NULL)
			return mill_fail_nomem(err, strlen(to), "path");
		if (folders)
			MILL_TRY(mill_folder_move(view->storage, source, target, err));
		else if (rename(source, target) != 0)
			return mill_fail(err, MILL_IO, "%s: cannot be moved to %s: %s", source, target,
			                 strerror(errno));
	}
	return MILL_OK;
}

mill_status mill_folder_move(mill_storage *storage, const char *from, const char *to, mill_error *err)
{
	folder_view view;
	MILL_TRY(mill_path_make_folders(to, err));
	MILL_TRY(view_open(&view, storage, from, err));
	/* Folders first: a split's folder marks the view beside it as ours should the run be killed in between. */
	mill_status status = move_kind(&view, to, true, err);
	if (status == MILL_OK)
		status = move_kind(&view, to, false, err);
	if (status == MILL_OK)
		status = mill_file_flush(to, err);
	view_close(&view);
	return status;
}

mill_status mill_folder_flush(mill_storage *storage, const char *folder, mill_error *err)
{
	folder_view view;
	mill_status status = MILL_OK;
	MILL_TRY(view_open(&view, storage, folder, err));
	for (int64_t i = 0; i < view.page.count && status == MILL_OK; i++) {
		const mill_page_entry *entry = &view.page.entries[i];
		const char *path;
		if (mill_store_is_shard_name(entry->name))
			continue;
		status = join(&view, entry->name, &path, err);
		if (status == MILL_OK)
			status = is_folder(entry) ? mill_folder_flush(storage, path, err) : mill_file_flush(path, err);
	}
	if (status == MILL_OK)
		status = mill_file_flush(folder, err);
	view_close(&view);
	return status;
}
