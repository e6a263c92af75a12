/* The claim on OUT (D13): what may be there, and whose it is. How it is held is in claim_local.c and claim_object.c. */
#include "store/write/claim_private.h"

#include "store/file.h"

#include <string.h>
#include <unistd.h>

static mill_status check_survey(const mill_store_claim *claim, const mill_folder_survey *survey, bool overwrite,
                                mill_error *err)
{
	if (survey->has_manifest && !overwrite)
		return mill_fail(err, MILL_EXISTS,
		                 "%s: a store is there already; replace it with --overwrite or choose another "
		                 "--out",
		                 claim->out);
	if (survey->foreign[0] != '\0')
		return mill_fail(err, MILL_EXISTS,
		                 "%s: holds \"%s\", which no run of rankmill wrote; choose another --out or "
		                 "move it away",
		                 claim->out, survey->foreign);
	if (survey->has_content && !survey->has_manifest && !survey->has_run)
		return mill_fail(err, MILL_EXISTS,
		                 "%s: holds parts of a store without manifest.json; choose another --out or "
		                 "remove them",
		                 claim->out);
	return MILL_OK;
}

/* What a dead run left, and failed/ of an earlier one. Without a manifest everything of a store's is left over. */
static mill_status clear_leftovers(mill_store_claim *claim, const mill_folder_survey *survey, mill_error *err)
{
	mill_bytes path;
	mill_bytes_init(&path, claim->mem);
	mill_status status;
	MILL_TRY_GOTO(mill_folder_empty(claim->storage, claim->run_folder, MILL_STORE_RUN_FILE, err), done);
	MILL_TRY_GOTO(mill_file_join(claim->out, MILL_STORE_FAILED, &path, err), done);
	MILL_TRY_GOTO(mill_storage_remove_tree(claim->storage, (const char *)path.data, err), done);
	if (!survey->has_manifest)
		status = mill_folder_clear(claim->storage, claim->out, true, err);
done:
	mill_bytes_release(&path);
	return status;
}

/* Where an older store is to be replaced, the new one is made beside it. */
static mill_status choose_folder(mill_store_claim *claim, mill_error *err)
{
	if (!claim->is_local)
		return mill_fail(err, MILL_NOT_YET,
		                 "%s: replacing a store at a remote address is not supported yet; remove it, or choose "
		                 "another --out",
		                 claim->out);
	claim->folder = mill_arena_printf(&claim->arena, "%s/new", claim->run_folder);
	return claim->folder != NULL ? MILL_OK : mill_fail_nomem(err, strlen(claim->run_folder), "claim");
}

static mill_status take(mill_store_claim *claim, mill_error *err)
{
	mill_folder_survey survey;
	bool marked = false;
	MILL_TRY(mill_folder_survey_of(claim->storage, claim->out, &survey, err));
	MILL_TRY(check_survey(claim, &survey, claim->overwrite, err));
	/* Between the first look and the hold another run may have come and gone. */
	bool had_run = survey.has_run;
	MILL_TRY(claim->is_local ? mill_claim_local_hold(claim, &marked, err)
	                         : mill_claim_object_hold(claim, &marked, err));
	MILL_TRY(mill_folder_survey_of(claim->storage, claim->out, &survey, err));
	survey.has_run = had_run || marked;
	MILL_TRY(check_survey(claim, &survey, claim->overwrite, err));
	if (survey.has_manifest)
		MILL_TRY(choose_folder(claim, err));
	MILL_TRY(clear_leftovers(claim, &survey, err));
	if (claim->is_local)
		MILL_TRY(mill_claim_local_mark(claim, err));
	return mill_storage_make_folders(claim->storage, claim->folder, err);
}

static mill_status set_paths(mill_store_claim *claim, const char *path, mill_error *err)
{
	const char *local = NULL;
	if (*path == '\0')
		return mill_fail(err, MILL_USAGE, "the store has no path; give --out");
	mill_status status = mill_storage_local_path(claim->storage, path, &claim->arena, &local, err);
	if (status == MILL_NOT_YET)
		return mill_fail(err, MILL_NOT_YET,
		                 "%s: a store cannot be written to a remote address yet; give a folder", path);
	MILL_TRY(status);
	claim->is_local = local != NULL;
	path = local != NULL ? local : path;
	if (*path == '\0')
		return mill_fail(err, MILL_USAGE, "the store has no path; give --out");
	claim->out = mill_arena_strdup(&claim->arena, path);
	claim->run_folder = mill_arena_printf(&claim->arena, "%s/" MILL_STORE_RUN, path);
	claim->run_path = mill_arena_printf(&claim->arena, "%s/" MILL_STORE_RUN "/" MILL_STORE_RUN_FILE, path);
	claim->new_manifest = mill_arena_printf(&claim->arena, "%s/" MILL_STORE_RUN "/" MILL_STORE_MANIFEST, path);
	claim->folder = claim->out;
	if (claim->out == NULL || claim->run_folder == NULL || claim->run_path == NULL || claim->new_manifest == NULL)
		return mill_fail_nomem(err, strlen(path), "claim");
	return MILL_OK;
}

static void free_claim(mill_store_claim *claim)
{
	if (claim->lock >= 0)
		close(claim->lock);
	mill_arena_release(&claim->arena);
	mill_mem_free(claim);
}

/* What a claim that fails has made of itself is taken back; nothing that was there goes. */
static void undo(mill_store_claim *claim)
{
	if (claim->is_local)
		mill_claim_local_unmake(claim);
	else if (mill_claim_object_drop(claim, NULL) != MILL_OK)
		claim->holds_object = true; /* it stays behind, and says whose it was */
}

mill_status mill_store_claim_new(mill_storage *storage, const char *path, const char *job_hash, bool overwrite,
                                 mill_mem *mem, mill_store_claim **out, mill_error *err)
{
	mill_store_claim *claim = mill_mem_calloc(mem, 1, sizeof(*claim));
	if (claim == NULL)
		return mill_fail_nomem(err, sizeof(*claim), "claim");
	claim->storage = storage;
	claim->mem = mem;
	claim->lock = -1;
	claim->overwrite = overwrite;
	mill_arena_init(&claim->arena, mem);
	mill_claim_own_mark(job_hash, &claim->own);
	mill_status status = set_paths(claim, path, err);
	if (status == MILL_OK && claim->is_local)
		mill_claim_local_make(claim);
	if (status == MILL_OK)
		status = mill_storage_make_folders(storage, claim->out, err);
	if (status == MILL_OK)
		status = take(claim, err);
	if (status != MILL_OK) {
		if (claim->out != NULL)
			undo(claim);
		free_claim(claim);
		return status;
	}
	*out = claim;
	return MILL_OK;
}

const char *mill_store_claim_folder(const mill_store_claim *claim)
{
	return claim->folder;
}

mill_status mill_claim_drop(mill_store_claim *claim, mill_error *err)
{
	/* run.json goes last: as long as anything is left, it says whose it is. */
	MILL_TRY(mill_folder_empty(claim->storage, claim->run_folder, MILL_STORE_RUN_FILE, err));
	return claim->is_local ? mill_claim_local_drop(claim, err) : mill_claim_object_drop(claim, err);
}

/* Removes what this run wrote, where it made no store of it. */
static void take_back(mill_store_claim *claim)
{
	mill_folder_survey survey;
	if (mill_folder_survey_of(claim->storage, claim->out, &survey, NULL) != MILL_OK)
		return;
	/* With a manifest, an older store is still whole. What cannot be removed the next claim removes. */
	if (!survey.has_manifest && mill_folder_clear(claim->storage, claim->out, false, NULL) != MILL_OK)
		return;
	if (mill_claim_drop(claim, NULL) != MILL_OK)
		return;
}

void mill_store_claim_release(mill_store_claim *claim)
{
	if (claim == NULL)
		return;
	/* A run that is asked to stop still takes back what it wrote. */
	mill_storage *storage = claim->storage;
	mill_hook hook = storage->hook;
	storage->hook = (mill_hook){0};
	if (!claim->committed)
		take_back(claim);
	storage->hook = hook;
	free_claim(claim);
}
