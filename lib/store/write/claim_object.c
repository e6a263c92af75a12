/* OUT where there are no locks: run.json is an object that is made only where there is none.
 *
 * Nobody can tell from the object whether its run still lives, unless it ran on this host since this host was started.
 * A claim that expires (a lease, renewed by the run) comes with backends that have leases; until then a run that died
 * elsewhere is told to the user, who removes the object. */
#include "store/write/claim_private.h"

#include <string.h>

#define MOST_ROUNDS 8

static mill_status read_mark(mill_store_claim *claim, mill_claim_mark *mark, char version[MILL_VERSION_BYTES],
                             mill_error *err)
{
	mill_bytes text;
	mill_object object;
	bool marked = false;
	mill_bytes_init(&text, claim->mem);
	/* The version first: should the object change in between, taking over fails. */
	mill_status status = mill_storage_stat(claim->storage, claim->run_path, &object, err);
	if (status == MILL_OK)
		status = mill_storage_read_all(claim->storage, claim->run_path, &text, err);
	if (status == MILL_OK && mill_bytes_terminate(&text) != MILL_OK)
		status = mill_fail_nomem(err, text.size_bytes, "run.json");
	if (status == MILL_OK)
		status =
		    mill_claim_parse_mark((const char *)text.data, text.size_bytes, claim->mem, mark, &marked, err);
	if (status == MILL_OK)
		memcpy(version, object.version, MILL_VERSION_BYTES);
	mill_bytes_release(&text);
	return status;
}

static mill_status fail_held(const mill_store_claim *claim, const mill_claim_mark *mark, mill_claim_life life,
                             mill_error *err)
{
	if (life == MILL_CLAIM_ALIVE)
		return mill_fail(err, MILL_EXISTS,
		                 "%s: a run is writing here now (host %s, pid %lld); wait for it or "
		                 "choose another --out",
		                 claim->out, mark->host, (long long)mark->pid);
	return mill_fail(err, MILL_EXISTS,
	                 "%s: a run is writing here, or died here (host %s, pid %lld); choose another --out, or remove "
	                 "%s when it is gone",
	                 claim->out, mark->host, (long long)mark->pid, claim->run_path);
}

static mill_status put_mark(mill_store_claim *claim, const mill_bytes *text, mill_condition condition,
                            const char *version, mill_error *err)
{
	mill_status status = mill_storage_write_if(claim->storage, claim->run_path, text->data, text->size_bytes,
	                                           condition, version, NULL, err);
	claim->holds_object = claim->holds_object || status == MILL_OK;
	return status;
}

/* Takes the object, or takes it over from a dead run of this host. */
static mill_status take_object(mill_store_claim *claim, const mill_bytes *text, bool *marked, mill_error *err)
{
	for (int round = 0; round < MOST_ROUNDS; round++) {
		mill_claim_mark old;
		char version[MILL_VERSION_BYTES];
		mill_status status = put_mark(claim, text, MILL_IF_ABSENT, NULL, err);
		if (status != MILL_EXISTS)
			return status;
		status = read_mark(claim, &old, version, err);
		if (status == MILL_NOT_FOUND)
			continue; /* its run is just ending */
		MILL_TRY(status);
		mill_claim_life life = mill_claim_life_of(&old);
		if (life != MILL_CLAIM_DEAD)
			return fail_held(claim, &old, life, err);
		MILL_TRY(mill_claim_check_mark(claim, &old, err));
		status = put_mark(claim, text, MILL_IF_VERSION, version, err);
		*marked = true;
		if (status != MILL_EXISTS)
			return status;
	}
	return mill_fail(err, MILL_EXISTS, "%s: other runs come and go here; choose another --out", claim->out);
}

mill_status mill_claim_object_hold(mill_store_claim *claim, bool *marked, mill_error *err)
{
	mill_bytes text;
	*marked = false;
	mill_bytes_init(&text, claim->mem);
	mill_status status = mill_claim_mark_text(&claim->own, &text, err);
	if (status == MILL_OK)
		status = take_object(claim, &text, marked, err);
	mill_bytes_release(&text);
	return status;
}

mill_status mill_claim_object_drop(mill_store_claim *claim, mill_error *err)
{
	if (!claim->holds_object)
		return MILL_OK;
	MILL_TRY(mill_storage_remove(claim->storage, claim->run_path, err));
	claim->holds_object = false;
	return MILL_OK;
}
