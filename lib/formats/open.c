/* Opening a source over all ranks: who describes which files, whose error counts, one table for all. */
#include "formats/open.h"

typedef struct opener {
	const mill_format_source *source;
	const mill_format *format;
	mill_comm *comm;
	const mill_format_env *env;
	mill_bytes first;        /* the description that fixed the columns; empty: none did */
	mill_bytes descriptions; /* of this rank's files in order, each behind its size as 64 bits */
	mill_bytes one;
	int64_t next; /* the files before it are described by rank 0 */
} opener;

static mill_status located(const opener *o, mill_status status, mill_error *err)
{
	return status == MILL_OK ? MILL_OK : mill_fail_context(err, status, "%s", o->source->where);
}

/* Describes files from first on, up to the one before last or, with until_fixed, to the one that fixes the columns.
 * *at: the file behind the last one that was described; where that fails, the file that it failed for. */
static mill_status describe_files(opener *o, int64_t first, int64_t last, bool until_fixed, int64_t *at,
                                  mill_error *err)
{
	mill_bytes_view known = {o->first.data, o->first.size_bytes, 0};
	mill_format_describer *describer = NULL;
	bool fixes = false;
	*at = first;
	mill_status status = o->format->new_describer(o->source, &known, o->env, &describer, err);
	while (status == MILL_OK && *at < last && !(until_fixed && fixes)) {
		mill_comm_progress(o->comm);
		o->one.size_bytes = 0;
		status = mill_comm_check_stop(o->comm, err);
		if (status == MILL_OK)
			status = o->format->describe(describer, *at, &o->one, &fixes, err);
		if (status != MILL_OK)
			break;
		status = mill_bytes_append_u64(&o->descriptions, o->one.size_bytes);
		if (status == MILL_OK)
			status = mill_bytes_append(&o->descriptions, o->one.data, o->one.size_bytes);
		if (status == MILL_OK && until_fixed && fixes)
			status = mill_bytes_append(&o->first, o->one.data, o->one.size_bytes);
		if (status != MILL_OK)
			mill_fail_nomem(err, o->one.size_bytes, "what input files look like");
		else
			(*at)++;
	}
	o->format->free_describer(describer);
	return status;
}

/* Collective. Rank 0 looks for the file that fixes the columns; all ranks learn what it says and what is left. */
static mill_status find_first(opener *o, mill_error *err)
{
	mill_status status = MILL_OK;
	mill_bytes blob;
	mill_bytes_init(&blob, o->env->mem);
	if (mill_comm_rank(o->comm) == 0) {
		status = located(o, describe_files(o, 0, o->source->file_count, true, &o->next, err), err);
		if (status == MILL_OK)
			status = mill_bytes_append_u64(&blob, (uint64_t)o->next);
		if (status == MILL_OK)
			status = mill_bytes_append(&blob, o->first.data, o->first.size_bytes);
	}
	status = mill_comm_agree(o->comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_broadcast(o->comm, 0, &blob, err);
	if (status == MILL_OK && mill_comm_rank(o->comm) != 0) {
		mill_bytes_view view = {blob.data, blob.size_bytes, 0};
		uint64_t next = 0;
		const uint8_t *rest = NULL;
		bool whole = mill_view_u64(&view, &next) && mill_view_bytes(&view, view.size_bytes - view.at, &rest);
		o->next = (int64_t)next;
		status = whole ? mill_bytes_append(&o->first, rest, view.size_bytes - sizeof next) : MILL_INTERNAL;
		if (status != MILL_OK)
			status = mill_fail(err, status, "the description of a file was received incomplete");
	}
	mill_bytes_release(&blob);
	return mill_comm_agree(o->comm, status, err);
}

/* Collective. The files that are left, in contiguous shares. The error of the file of the lowest ordinal counts: the
 * rank that met it alone says so. */
static mill_status describe_rest(opener *o, mill_error *err)
{
	int rank = mill_comm_rank(o->comm), size = mill_comm_size(o->comm);
	int64_t left = o->source->file_count - o->next, at = 0;
	if (left == 0)
		return MILL_OK;
	int64_t first = o->next + left * rank / size, last = o->next + left * (rank + 1) / size;
	mill_status status = first < last ? describe_files(o, first, last, false, &at, err) : MILL_OK;
	int64_t failed = status == MILL_OK ? INT64_MAX : at, lowest = failed;
	if (status != MILL_OK)
		(void)located(o, status, err);
	MILL_TRY(mill_comm_min_i64(o->comm, &lowest, 1, err));
	return mill_comm_agree(o->comm, failed == lowest ? status : MILL_OK, err);
}

/* Rank 0: all descriptions as views. */
static mill_status unify(opener *o, const mill_bytes *all, mill_format_table **out, mill_error *err)
{
	int64_t count = o->source->file_count;
	mill_bytes_view view = {all->data, all->size_bytes, 0};
	mill_bytes_view *descriptions = mill_mem_calloc(o->env->mem, (size_t)count + 1, sizeof *descriptions);
	if (descriptions == NULL)
		return mill_fail_nomem(err, (size_t)count * sizeof *descriptions, "what input files look like");
	mill_status status = MILL_OK;
	for (int64_t i = 0; i < count && status == MILL_OK; i++) {
		uint64_t size = 0;
		bool whole = mill_view_u64(&view, &size) && mill_view_bytes(&view, size, &descriptions[i].data);
		descriptions[i].size_bytes = size;
		if (!whole)
			status = mill_fail(err, MILL_INTERNAL, "%lld of %lld files were described", (long long)i,
			                   (long long)count);
	}
	if (status == MILL_OK)
		status = located(o, o->format->unify(o->source, descriptions, o->env, out, err), err);
	mill_mem_free(descriptions);
	return status;
}

/* Collective. */
static mill_status make_table(opener *o, mill_format_table **out, mill_error *err)
{
	bool is_root = mill_comm_rank(o->comm) == 0;
	mill_bytes blob;
	mill_bytes_init(&blob, o->env->mem);
	mill_status status =
	    mill_comm_gather(o->comm, 0, o->descriptions.data, o->descriptions.size_bytes, &blob, NULL, err);
	if (status == MILL_OK && is_root) {
		status = unify(o, &blob, out, err);
		blob.size_bytes = 0;
		if (status == MILL_OK && mill_table_put(*out, &blob) != MILL_OK)
			status = mill_fail_nomem(err, blob.size_bytes, "a table");
	}
	status = mill_comm_agree(o->comm, status, err);
	if (status == MILL_OK)
		status = mill_comm_broadcast(o->comm, 0, &blob, err);
	if (status == MILL_OK && !is_root) {
		mill_bytes_view view = {blob.data, blob.size_bytes, 0};
		status = mill_table_get(o->source, &view, o->env, out, err);
	}
	mill_bytes_release(&blob);
	return mill_comm_agree(o->comm, status, err);
}

mill_status mill_format_open(const mill_format_source *source, mill_comm *comm, const mill_format_env *env,
                             mill_format_table **out, mill_error *err)
{
	opener o = {.source = source, .format = source->options->format, .comm = comm, .env = env};
	mill_bytes_init(&o.first, env->mem);
	mill_bytes_init(&o.descriptions, env->mem);
	mill_bytes_init(&o.one, env->mem);
	mill_status status = find_first(&o, err);
	if (status == MILL_OK)
		status = describe_rest(&o, err);
	if (status == MILL_OK)
		status = make_table(&o, out, err);
	mill_bytes_release(&o.first);
	mill_bytes_release(&o.descriptions);
	mill_bytes_release(&o.one);
	return status;
}
