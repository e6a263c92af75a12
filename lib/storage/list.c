/* Listings: files, globs and folders (docs/job-file.md, Sources), from the pages that backends give. */
#include "storage/list.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH        64 /* folders below each other: deeper means a loop of links */
#define MAX_ALTERNATIVES 65536

typedef struct path_list {
	char **items;
	int64_t count;
	int64_t capacity;
} path_list;

typedef struct found_list {
	mill_page_entry *items; /* name: as opened again */
	int64_t count;
	int64_t capacity;
} found_list;

typedef struct walker {
	mill_storage *storage;
	mill_place place; /* of the pattern: its backend serves every name below */
	mill_arena *arena;
	const char *pattern; /* as the user wrote it, for messages */
	found_list found;    /* files */
	mill_error *err;
} walker;

static mill_status nomem(mill_error *err)
{
	return mill_fail_nomem(err, 0, "a file listing");
}

static mill_status add_path(mill_arena *arena, path_list *list, char *path, mill_error *err)
{
	if (path == NULL)
		return nomem(err);
	if (list->count == list->capacity) {
		int64_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
		char **items = mill_arena_array(arena, (size_t)capacity, sizeof *items);
		if (items == NULL)
			return nomem(err);
		if (list->count > 0)
			memcpy(items, list->items, (size_t)list->count * sizeof *items);
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = path;
	return MILL_OK;
}

static mill_status add_found(walker *w, char *path, const mill_object *object)
{
	found_list *list = &w->found;
	if (path == NULL)
		return nomem(w->err);
	if (list->count == list->capacity) {
		int64_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
		mill_page_entry *items = mill_arena_array(w->arena, (size_t)capacity, sizeof *items);
		if (items == NULL)
			return nomem(w->err);
		if (list->count > 0)
			memcpy(items, list->items, (size_t)list->count * sizeof *items);
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = (mill_page_entry){path, *object};
	return MILL_OK;
}

static bool has_wildcard(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (strchr("*?[{", text[i]) != NULL)
			return true;
	return false;
}

static char *join(mill_arena *arena, const char *folder, const char *name)
{
	if (folder[0] == '\0')
		return mill_arena_strdup(arena, name);
	size_t length = strlen(folder);
	return mill_arena_printf(arena, folder[length - 1] == '/' ? "%s%s" : "%s/%s", folder, name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const mill_page_entry *)a)->name, ((const mill_page_entry *)b)->name);
}

mill_status mill_list_folder(mill_storage *storage, const mill_place *folder, bool recursive, mill_arena *arena,
                             mill_page *out, mill_error *err)
{
	mill_page all = {.arena = arena};
	mill_page page = {.arena = arena};
	mill_io io;
	int64_t capacity = 0;
	do {
		mill_io_init(&io, folder);
		io.page = &page;
		io.recursive = recursive;
		MILL_TRY(mill_io_run(storage, &io, folder->backend->list, err));
		if (all.count + page.count > capacity) {
			capacity = 2 * capacity + page.count;
			mill_page_entry *entries = mill_arena_array(arena, (size_t)capacity, sizeof *entries);
			if (entries == NULL)
				return nomem(err);
			if (all.count > 0)
				memcpy(entries, all.entries, (size_t)all.count * sizeof *entries);
			all.entries = entries;
		}
		if (page.count > 0)
			memcpy(all.entries + all.count, page.entries, (size_t)page.count * sizeof *all.entries);
		all.count += page.count;
	} while (page.next != NULL);
	if (all.count > 1)
		qsort(all.entries, (size_t)all.count, sizeof *all.entries, compare_names);
	*out = all;
	return MILL_OK;
}

/* What is in a folder, sorted by name; "" is the working directory. */
static mill_status read_folder(walker *w, const char *folder, bool recursive, mill_page *out)
{
	mill_place place = w->place;
	place.uri = place.shown = folder;
	return mill_list_folder(w->storage, &place, recursive, w->arena, out, w->err);
}

static mill_status stat_path(walker *w, const char *path, mill_object *out)
{
	mill_io io;
	mill_place place = w->place;
	place.uri = place.shown = path;
	mill_io_init(&io, &place);
	MILL_TRY(mill_io_run(w->storage, &io, place.backend->stat, w->err));
	*out = io.object;
	return MILL_OK;
}

/* Whether what a listing found is a folder, or a link to one. */
static bool is_folder(walker *w, const char *path, const mill_object *object)
{
	mill_object target;
	mill_error ignored = {0};
	mill_error *err = w->err;
	if (object->kind != MILL_OBJECT_LINK)
		return object->kind == MILL_OBJECT_FOLDER;
	w->err = &ignored; /* a link that leads nowhere is no folder */
	bool is = stat_path(w, path, &target) == MILL_OK && target.kind == MILL_OBJECT_FOLDER;
	w->err = err;
	return is;
}

static bool is_hidden(const char *name)
{
	return name[0] == '.' || name[0] == '_';
}

static mill_status too_deep(walker *w, const char *path)
{
	return mill_fail(w->err, MILL_IO, "%s: folders are nested more than %d deep at %s: is there a loop of links?",
	                 w->pattern, MAX_DEPTH, path);
}

/* Any part of a path below the folder is hidden. */
static bool is_hidden_path(const char *name)
{
	for (;;) {
		if (is_hidden(name))
			return true;
		name = strchr(name, '/');
		if (name == NULL)
			return false;
		name++;
	}
}

/* All visible files below a folder. */
static mill_status walk_folder(walker *w, const char *folder, int depth)
{
	bool recursive = (w->place.backend->can & MILL_CAN_RECURSE) != 0;
	mill_page page;
	if (depth > MAX_DEPTH)
		return too_deep(w, folder);
	MILL_TRY(read_folder(w, folder, recursive, &page));
	for (int64_t i = 0; i < page.count; i++) {
		const mill_page_entry *entry = &page.entries[i];
		if (is_hidden_path(entry->name))
			continue;
		char *path = join(w->arena, folder, entry->name);
		if (path == NULL)
			return nomem(w->err);
		if (is_folder(w, path, &entry->object))
			MILL_TRY(walk_folder(w, path, depth + 1));
		else
			MILL_TRY(add_found(w, path, &entry->object));
	}
	return MILL_OK;
}

static mill_status add_match(walker *w, char *path, const mill_object *object)
{
	if (is_folder(w, path, object))
		return walk_folder(w, path, 0);
	return add_found(w, path, object);
}

static mill_status walk_pattern(walker *w, const char *folder, const char *rest, int depth);

/* `**`: no folder or any number of them. */
static mill_status walk_any_depth(walker *w, const char *folder, const char *component, const char *rest, int depth)
{
	mill_page page;
	if (rest[0] == '\0')
		return walk_folder(w, folder, depth);
	MILL_TRY(walk_pattern(w, folder, rest, depth));
	MILL_TRY(read_folder(w, folder, false, &page));
	for (int64_t i = 0; i < page.count; i++) {
		if (is_hidden(page.entries[i].name))
			continue;
		char *path = join(w->arena, folder, page.entries[i].name);
		if (path == NULL)
			return nomem(w->err);
		if (is_folder(w, path, &page.entries[i].object))
			MILL_TRY(walk_pattern(w, path, component, depth + 1));
	}
	return MILL_OK;
}

static mill_status walk_wildcard(walker *w, const char *folder, const char *component, const char *rest, int depth)
{
	mill_page page;
	MILL_TRY(read_folder(w, folder, false, &page));
	for (int64_t i = 0; i < page.count; i++) {
		const mill_page_entry *entry = &page.entries[i];
		/* Markers such as _SUCCESS are no data, unless asked for by name. */
		bool marker = entry->name[0] == '_' && component[0] != '_';
		if (marker || fnmatch(component, entry->name, FNM_PERIOD) != 0)
			continue;
		char *path = join(w->arena, folder, entry->name);
		if (path == NULL)
			return nomem(w->err);
		if (rest[0] == '\0')
			MILL_TRY(add_match(w, path, &entry->object));
		else if (is_folder(w, path, &entry->object))
			MILL_TRY(walk_pattern(w, path, rest, depth + 1));
	}
	return MILL_OK;
}

static mill_status walk_literal(walker *w, const char *folder, const char *component, const char *rest, int depth)
{
	mill_object object;
	char *path = join(w->arena, folder, component);
	if (path == NULL)
		return nomem(w->err);
	/* Where there are no folders, what begins with the name is found out by listing it. */
	if (rest[0] != '\0' && !(w->place.backend->can & MILL_CAN_FOLDERS))
		return walk_pattern(w, path, rest, depth + 1);
	mill_status status = stat_path(w, path, &object);
	if (status == MILL_NOT_FOUND)
		return MILL_OK;
	MILL_TRY(status);
	if (rest[0] == '\0')
		return add_match(w, path, &object);
	return object.kind == MILL_OBJECT_FOLDER ? walk_pattern(w, path, rest, depth + 1) : MILL_OK;
}

/* Matches `rest`, components separated by '/', below folder. */
static mill_status walk_pattern(walker *w, const char *folder, const char *rest, int depth)
{
	if (depth > MAX_DEPTH)
		return too_deep(w, folder);
	const char *start = rest;
	size_t length = strcspn(rest, "/");
	char *component = mill_arena_strndup(w->arena, rest, length);
	if (component == NULL)
		return nomem(w->err);
	rest += length;
	rest += strspn(rest, "/");
	if (strcmp(component, "**") == 0)
		return walk_any_depth(w, folder, start, rest, depth);
	if (has_wildcard(component, length))
		return walk_wildcard(w, folder, component, rest, depth);
	return walk_literal(w, folder, component, rest, depth);
}

/* The '}' that closes the '{' at text[open], or 0. */
static size_t closing_brace(const char *text, size_t open)
{
	int depth = 0;
	for (size_t i = open; text[i] != '\0'; i++) {
		if (text[i] == '{')
			depth++;
		if (text[i] == '}' && --depth == 0)
			return i;
	}
	return 0;
}

/* Appends every pattern that the braces of `text` stand for. */
static mill_status expand_braces(mill_arena *arena, const char *text, path_list *out, mill_error *err)
{
	size_t open = strcspn(text, "{");
	if (text[open] == '\0')
		return add_path(arena, out, mill_arena_strdup(arena, text), err);
	size_t close = closing_brace(text, open);
	if (close == 0)
		return mill_fail(err, MILL_USAGE, "%s: a { without its }", text);
	int depth = 0;
	for (size_t from = open + 1, i = open + 1; i <= close; i++) {
		depth += text[i] == '{' ? 1 : 0;
		if (text[i] == '}' && i != close)
			depth--;
		if (i != close && (text[i] != ',' || depth != 0))
			continue;
		char *one = mill_arena_printf(arena, "%.*s%.*s%s", (int)open, text, (int)(i - from), text + from,
		                              text + close + 1);
		if (one == NULL)
			return nomem(err);
		MILL_TRY(expand_braces(arena, one, out, err));
		if (out->count > MAX_ALTERNATIVES)
			return mill_fail(err, MILL_USAGE, "%s: more than %d alternatives in braces", text,
			                 MAX_ALTERNATIVES);
		from = i + 1;
	}
	return MILL_OK;
}

static mill_status check_brackets(const char *pattern, mill_error *err)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p != '[')
			continue;
		p++;
		p += *p == '!' || *p == '^' ? 1 : 0;
		p += *p == ']' ? 1 : 0;
		p += strcspn(p, "]/");
		if (*p != ']')
			return mill_fail(err, MILL_USAGE, "%s: a [ without its ]", pattern);
	}
	return MILL_OK;
}

/* Length of the longest wildcard-free folder with its '/'. */
static size_t root_length(const char *pattern)
{
	size_t root = 0;
	for (size_t i = 0; pattern[i] != '\0' && strchr("*?[{", pattern[i]) == NULL; i++)
		if (pattern[i] == '/')
			root = i + 1;
	return root;
}

static mill_status match_pattern(walker *w, const char *pattern)
{
	MILL_TRY(check_brackets(pattern, w->err));
	path_list alternatives = {NULL, 0, 0};
	MILL_TRY(expand_braces(w->arena, pattern, &alternatives, w->err));
	for (int64_t i = 0; i < alternatives.count; i++) {
		const char *one = alternatives.items[i];
		size_t root = mill_uri_root(one);
		char *folder = one[0] == '/' ? "/" : mill_arena_strndup(w->arena, one, root);
		if (folder == NULL)
			return nomem(w->err);
		MILL_TRY(walk_pattern(w, folder, one + root + strspn(one + root, "/"), 0));
	}
	return MILL_OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *mill_storage_percent_decode(mill_arena *arena, const char *text, size_t length)
{
	char *out = mill_arena_alloc(arena, length + 1);
	if (out == NULL)
		return NULL;
	size_t n = 0;
	for (size_t i = 0; i < length; i++) {
		int high = text[i] == '%' && i + 2 < length ? hex_digit(text[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
		if (low >= 0)
			i += 2;
		out[n++] = low >= 0 ? (char)(high * 16 + low) : text[i];
	}
	return out;
}

/* True when text[0 … length) is key=value with a key. */
static bool is_hive(const char *text, size_t length)
{
	const char *equals = memchr(text, '=', length);
	return equals != NULL && equals != text;
}

/* Where the hive folders of `path` begin: below the root, or in the key=value folders that end the root. */
static size_t hive_start(const char *path, size_t root)
{
	while (root > 1) {
		size_t end = root - 1;
		size_t begin = end;
		while (begin > 0 && path[begin - 1] != '/')
			begin--;
		if (!is_hive(path + begin, end - begin))
			break;
		root = begin;
	}
	return root;
}

static mill_status parse_hive(mill_arena *arena, const char *path, size_t root, mill_storage_entry *entry,
                              mill_error *err)
{
	const char *names[MAX_DEPTH * 2];
	int count = 0;
	const char *p = path + hive_start(path, root);
	for (size_t length = strcspn(p, "/"); p[length] == '/' && count < MAX_DEPTH * 2; length = strcspn(p, "/")) {
		if (is_hive(p, length))
			names[count++] = p;
		p += length + 1;
	}
	if (count == 0)
		return MILL_OK;
	const char **keys = mill_arena_array(arena, (size_t)count, sizeof *keys);
	const char **values = mill_arena_array(arena, (size_t)count, sizeof *values);
	if (keys == NULL || values == NULL)
		return nomem(err);
	for (int i = 0; i < count; i++) {
		size_t key_length = strcspn(names[i], "=");
		const char *value = names[i] + key_length + 1;
		keys[i] = mill_storage_percent_decode(arena, names[i], key_length);
		values[i] = mill_storage_percent_decode(arena, value, strcspn(value, "/"));
		if (keys[i] == NULL || values[i] == NULL)
			return nomem(err);
		if (strcmp(values[i], "__HIVE_DEFAULT_PARTITION__") == 0)
			values[i] = NULL;
	}
	entry->hive_keys = keys;
	entry->hive_values = values;
	entry->hive_count = count;
	return MILL_OK;
}

size_t mill_storage_ordinal_length(const char *relative)
{
	static const char *const suffixes[] = {".gz", ".zst", ".bz2", ".xz", ".lz4", ".snappy", ".br"};
	size_t length = strlen(relative);
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		size_t n = strlen(suffixes[i]);
		if (length > n && strcmp(relative + length - n, suffixes[i]) == 0)
			return length - n;
	}
	return length;
}

static int compare_ordinal_paths(const mill_storage_entry *a, const mill_storage_entry *b)
{
	size_t na = mill_storage_ordinal_length(a->relative), nb = mill_storage_ordinal_length(b->relative);
	int c = memcmp(a->relative, b->relative, na < nb ? na : nb);
	if (c != 0 || na == nb)
		return c;
	return na < nb ? -1 : 1;
}

static int compare_entries(const void *a, const void *b)
{
	int c = compare_ordinal_paths(a, b);
	return c != 0 ? c : strcmp(((const mill_storage_entry *)a)->uri, ((const mill_storage_entry *)b)->uri);
}

/* Sorts by ordinal path, drops what two patterns found twice, refuses equal ordinal paths. */
static mill_status sort_entries(mill_storage_listing *listing, mill_error *err)
{
	mill_storage_entry *e = listing->entries;
	qsort(e, (size_t)listing->count, sizeof *e, compare_entries);
	int64_t n = 1;
	for (int64_t i = 1; i < listing->count; i++) {
		if (strcmp(e[i].uri, e[n - 1].uri) == 0)
			continue;
		if (compare_ordinal_paths(&e[i], &e[n - 1]) == 0)
			return mill_fail(err, MILL_USAGE,
			                 "%s and %s have the same path but for the compression suffix, so their order "
			                 "is not defined: list only one of them, or rename one",
			                 e[n - 1].uri, e[i].uri);
		e[n++] = e[i];
	}
	listing->count = n;
	return MILL_OK;
}

static mill_status fill_entry(walker *w, const mill_page_entry *found, size_t root, mill_storage_entry *entry)
{
	mill_object object = found->object;
	if (object.kind != MILL_OBJECT_FILE || object.size_bytes < 0)
		MILL_TRY(stat_path(w, found->name, &object));
	if (object.kind != MILL_OBJECT_FILE)
		return mill_fail(w->err, MILL_IO, "%s is not a regular file", found->name);
	entry->uri = found->name;
	entry->relative = found->name + root + strspn(found->name + root, "/");
	entry->size_bytes = object.size_bytes;
	entry->mtime_ns = object.mtime_ns;
	entry->version = mill_arena_strdup(w->arena, object.version);
	if (entry->version == NULL)
		return nomem(w->err);
	return parse_hive(w->arena, found->name, root, entry, w->err);
}

static mill_status list_all(walker *w, size_t *root)
{
	const char *path = w->place.uri;
	mill_object object;
	mill_status status = stat_path(w, path, &object);
	if (status == MILL_NOT_FOUND) {
		if (!has_wildcard(path, strlen(path)))
			return mill_fail(w->err, MILL_NOT_FOUND, "%s: no such file or folder", path);
		*root = root_length(path);
		return match_pattern(w, path);
	}
	MILL_TRY(status);
	/* A name that exists is meant literally, whatever characters it holds. */
	if (object.kind == MILL_OBJECT_FOLDER) {
		*root = strlen(path);
		*root += path[*root - 1] != '/' ? 1 : 0;
		return walk_folder(w, path, 0);
	}
	const char *slash = strrchr(path, '/');
	*root = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	return add_found(w, mill_arena_strdup(w->arena, path), &object);
}

mill_status mill_storage_list(mill_storage *storage, const char *pattern, mill_arena *arena, mill_storage_listing *out,
                              mill_error *err)
{
	walker w = {.storage = storage, .arena = arena, .pattern = pattern, .err = err};
	size_t root = 0;
	if (pattern[0] == '\0')
		return mill_fail(err, MILL_USAGE, "an empty path");
	MILL_TRY(mill_storage_find(storage, pattern, arena, &w.place, err));
	MILL_TRY(list_all(&w, &root));
	if (w.found.count == 0)
		return mill_fail(err, MILL_NOT_FOUND, "%s: no file matches", pattern);
	mill_storage_listing listing = {NULL, w.found.count};
	listing.entries = mill_arena_array(arena, (size_t)listing.count, sizeof *listing.entries);
	if (listing.entries == NULL)
		return nomem(err);
	for (int64_t i = 0; i < listing.count; i++)
		MILL_TRY(fill_entry(&w, &w.found.items[i], root, &listing.entries[i]));
	MILL_TRY(sort_entries(&listing, err));
	*out = listing;
	return MILL_OK;
}
