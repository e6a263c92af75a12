/* Opening a source over all ranks: which format, which files. */
#include "formats/open.h"
#include "formats/options.h"
#include "stage/table.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES 64

/* What rank 0 found of a source, before its files are described. */
typedef struct finder {
	mill_run *run;
	const mill_source_spec *spec;
	mill_format_env env;
	const mill_format *format;
	mill_storage_listing listing;
} finder;

/* Messages say where a source stands, unless it is a path alone: then they name it. */
static mill_status located(const mill_source_spec *spec, mill_status status, mill_error *err)
{
	if (status == MILL_OK || strcmp(spec->where, spec->paths[0]) == 0)
		return status;
	return mill_fail_context(err, status, "%s", spec->where);
}

static mill_status list_path(finder *f, const char *path, mill_storage_listing *out, mill_error *err)
{
	if (f->format != NULL && f->format->list != NULL)
		return f->format->list(&f->env, path, out, err);
	return mill_storage_list(f->run->storage, path, f->run->arena, out, err);
}

/* All paths of a source as one listing. Ordinals come from each path's own listing, so several paths keep their order.
 */
static mill_status list_paths(finder *f, mill_error *err)
{
	mill_arena *arena = f->run->arena;
	mill_storage_listing all = {0};
	for (int i = 0; i < f->spec->path_count; i++) {
		mill_storage_listing one;
		mill_status status = list_path(f, f->spec->paths[i], &one, err);
		if (status == MILL_NOT_FOUND && f->spec->optional)
			continue;
		if (status != MILL_OK && strcmp(f->spec->where, f->spec->paths[i]) == 0)
			return status; /* a path alone: the message names it */
		if (status != MILL_OK)
			return mill_fail_context(err, status, "%s", f->spec->where);
		size_t count = (size_t)(all.count + one.count);
		mill_storage_entry *entries = mill_arena_array(arena, count + 1, sizeof *entries);
		if (entries == NULL)
			return mill_fail_nomem(err, count * sizeof *entries, "the list of input files");
		if (all.count > 0)
			memcpy(entries, all.entries, (size_t)all.count * sizeof *entries);
		if (one.count > 0)
			memcpy(entries + all.count, one.entries, (size_t)one.count * sizeof *entries);
		all.entries = entries;
		all.count += one.count;
	}
	f->listing = all;
	return MILL_OK;
}

/* A format that knows the first path as a folder of its own. What cannot be looked at is told by the listing. */
static void recognise_folder(finder *f)
{
	for (int i = 0; i < f->run->formats->count && f->format == NULL; i++) {
		const mill_format *format = f->run->formats->items[i];
		bool is_its = false;
		if (format->is_folder != NULL &&
		    format->is_folder(&f->env, f->spec->paths[0], &is_its, NULL) == MILL_OK && is_its)
			f->format = format;
	}
}

/* By the first path's name, else by the first bytes of the first file, else the first format of all. */
static void recognise_file(finder *f)
{
	const mill_formats *formats = f->run->formats;
	uint8_t head[HEAD_BYTES];
	mill_reader *reader = NULL;
	size_t got = 0;
	bool by_content = false;
	if (f->format == NULL)
		f->format = mill_formats_of_path(formats, f->spec->paths[0]);
	for (int i = 0; i < formats->count; i++)
		by_content |= formats->items[i]->is_content != NULL;
	if (f->format == NULL && by_content && f->listing.count > 0 &&
	    mill_reader_open(f->run->storage, f->listing.entries[0].uri, &reader, NULL) == MILL_OK) {
		if (mill_reader_read(reader, 0, head, sizeof head, &got, NULL) != MILL_OK)
			got = 0;
		mill_reader_close(reader);
	}
	for (int i = 0; i < formats->count && f->format == NULL && got > 0; i++)
		if (formats->items[i]->is_content != NULL && formats->items[i]->is_content(head, got))
			f->format = formats->items[i];
	if (f->format == NULL)
		f->format = formats->items[0];
}

/* Names of formats that are not built: what they hold would be read as another one and refused, or worse, not. */
static mill_status check_names(const finder *f, mill_error *err)
{
	for (int64_t i = 0; i < f->listing.count; i++)
		MILL_TRY(mill_formats_check_path(f->run->formats, f->listing.entries[i].uri, err));
	return MILL_OK;
}

static int compare_uris(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A file that two paths name would be read twice. */
static mill_status check_twice(const finder *f, mill_error *err)
{
	const mill_storage_listing *listing = &f->listing;
	if (f->spec->path_count < 2)
		return MILL_OK;
	const char **uris = mill_arena_array(f->run->arena, (size_t)listing->count + 1, sizeof *uris);
	if (uris == NULL)
		return mill_fail_nomem(err, 0, "the list of input files");
	for (int64_t i = 0; i < listing->count; i++)
		uris[i] = listing->entries[i].uri;
	qsort(uris, (size_t)listing->count, sizeof *uris, compare_uris);
	for (int64_t i = 1; i < listing->count; i++)
		if (strcmp(uris[i - 1], uris[i]) == 0)
			return mill_fail(err, MILL_USAGE, "%s is named by two of the paths; name it once", uris[i]);
	return MILL_OK;
}

/* Rank 0: the source's format and files. */
static mill_status find(finder *f, mill_error *err)
{
	const mill_source_spec *spec = f->spec;
	f->format = spec->format;
	if (f->format == NULL)
		recognise_folder(f);
	bool by_name = f->format == NULL;
	for (int i = 0; i < spec->path_count && by_name; i++)
		MILL_TRY(located(spec, mill_formats_check_path(f->run->formats, spec->paths[i], err), err));
	MILL_TRY(list_paths(f, err));
	if (by_name)
		MILL_TRY(located(spec, check_names(f, err), err));
	recognise_file(f);
	MILL_TRY(located(spec, check_twice(f, err), err));
	if (f->listing.count > 0 || spec->declared.count > 0)
		return MILL_OK;
	return mill_fail(err, MILL_USAGE,
	                 "%s: optional and nothing is there, so its schema cannot be inferred; declare it in "
	                 "\"schema\"",
	                 spec->where);
}

static int index_of(const mill_formats *formats, const mill_format *format)
{
	int at = 0;
	while (at < formats->count && formats->items[at] != format)
		at++;
	return at;
}

/* Rank 0: what it found, as bytes. */
static mill_status find_and_put(finder *f, mill_format_source *source, mill_bytes *out, mill_error *err)
{
	MILL_TRY(find(f, err));
	MILL_TRY(mill_source_of_listing(&f->listing, f->run->arena, source, err));
	mill_status status = mill_bytes_append_u32(out, (uint32_t)index_of(f->run->formats, f->format));
	if (status == MILL_OK)
		status = mill_source_put(source, out);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, out->size_bytes, "the list of input files");
}

static mill_status get(finder *f, mill_format_source *source, const mill_bytes *in, mill_error *err)
{
	mill_bytes_view view = {in->data, in->size_bytes, 0};
	uint32_t format = 0;
	if (!mill_view_u32(&view, &format) || format >= (uint32_t)f->run->formats->count)
		return mill_fail(err, MILL_INTERNAL, "the format of a source was received incomplete");
	f->format = f->run->formats->items[format];
	return mill_source_get(&view, f->run->arena, source, err);
}

/* Options are read again where the format is another one than the name of the path told. */
static mill_status set_options(const finder *f, mill_format_source *source, mill_error *err)
{
	mill_format_options *options = f->spec->options;
	if (options->format != f->format)
		MILL_TRY(mill_options_read(f->format, f->spec->options_block, f->run->arena, &options, err));
	source->options = options;
	if (f->format->check_options == NULL)
		return MILL_OK;
	mill_status status = f->format->check_options(options, err);
	return status == MILL_OK ? MILL_OK : mill_fail_context(err, status, "%s", f->spec->where);
}

mill_status mill_source_open(mill_run *run, const mill_source_spec *spec, mill_format_table **out, mill_error *err)
{
	finder f = {.run = run, .spec = spec, .env = mill_run_format_env(run)};
	mill_format_source source = {.where = spec->where, .declared = &spec->declared};
	mill_bytes blob;
	mill_bytes_init(&blob, run->mem);
	bool is_root = mill_comm_rank(run->comm) == 0;
	mill_status status = is_root ? find_and_put(&f, &source, &blob, err) : MILL_OK;
	status = mill_comm_agree(run->comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_broadcast(run->comm, 0, &blob, err);
	if (status == MILL_OK && !is_root)
		status = get(&f, &source, &blob, err);
	mill_bytes_release(&blob);
	if (status == MILL_OK)
		status = set_options(&f, &source, err);
	MILL_TRY(mill_comm_agree(run->comm, status, err));
	return mill_format_open(&source, run->comm, &f.env, out, err);
}
