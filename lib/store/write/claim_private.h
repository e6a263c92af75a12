/* Shared by the files of the claim and commit.c. Not collective. */
#ifndef MILL_STORE_WRITE_CLAIM_PRIVATE_H
#define MILL_STORE_WRITE_CLAIM_PRIVATE_H

#include "store/write/folder.h"

#define MILL_HOST_BYTES    256
#define MILL_BOOT_ID_BYTES 64

/* What run.json says of a run. */
typedef struct mill_claim_mark {
	char job_hash[128];
	char host[MILL_HOST_BYTES];
	char boot_id[MILL_BOOT_ID_BYTES];
	int64_t pid;
} mill_claim_mark;

typedef enum mill_claim_life {
	MILL_CLAIM_DEAD,
	MILL_CLAIM_ALIVE,
	MILL_CLAIM_ELSEWHERE /* another host, or this one before it was started again: it cannot be told */
} mill_claim_life;

struct mill_store_claim {
	mill_storage *storage; /* borrowed */
	mill_mem *mem;
	mill_arena arena;
	const char *out;          /* OUT */
	const char *folder;       /* where the run writes: OUT or OUT/.rankmill/new */
	const char *run_folder;   /* OUT/.rankmill */
	const char *run_path;     /* OUT/.rankmill/run.json */
	const char *new_manifest; /* OUT/.rankmill/manifest.json */
	mill_claim_mark own;
	bool overwrite;
	bool is_local;     /* else there are no locks, renames and folders */
	int lock;          /* local: descriptor of run_path, locked; −1 */
	bool holds_object; /* else: run_path is ours */
	bool made_out;
	bool committed;
};

/* Whether the run writes beside an older store, to be put in its place at the commit. */
static inline bool mill_claim_is_staged(const mill_store_claim *claim)
{
	return claim->folder != claim->out;
}
/* Removes OUT/.rankmill and lets go of the lock. */
MILL_NODISCARD mill_status mill_claim_drop(mill_store_claim *claim, mill_error *err);

/* This process, for the job. Not collective. */
void mill_claim_own_mark(const char *job_hash, mill_claim_mark *out);
/* text ends in 00 after size_bytes. *marked false: it says nothing. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_claim_parse_mark(const char *text, size_t size_bytes, mill_mem *mem,
                                                 mill_claim_mark *out, bool *marked, mill_error *err);
/* Appends what parse reads. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_claim_mark_text(const mill_claim_mark *mark, mill_bytes *out, mill_error *err);
/* Whether the run that left a mark still lives, by what this host knows. Not collective. */
mill_claim_life mill_claim_life_of(const mill_claim_mark *mark);
/* MILL_EXISTS: another job left it, and overwrite is not set. Not collective. */
MILL_NODISCARD mill_status mill_claim_check_mark(const mill_store_claim *claim, const mill_claim_mark *old,
                                                 mill_error *err);

/* Local: notes whether OUT is there already. Not collective. */
void mill_claim_local_make(mill_store_claim *claim);
/* Local: locks run.json; *marked: an earlier run left it. MILL_EXISTS: another holds it, or mill_claim_check_mark's.
 * MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_claim_local_hold(mill_store_claim *claim, bool *marked, mill_error *err);
/* Local: writes our mark into run.json. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_claim_local_mark(mill_store_claim *claim, mill_error *err);
/* Local: removes run.json, its folder, and OUT where this run made it and made no store. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_claim_local_drop(mill_store_claim *claim, mill_error *err);
/* Local: removes what a claim that failed has made. Not collective. */
void mill_claim_local_unmake(mill_store_claim *claim);
/* Elsewhere: makes run.json with our mark, as the two above do together. Not collective. */
MILL_NODISCARD mill_status mill_claim_object_hold(mill_store_claim *claim, bool *marked, mill_error *err);
/* Elsewhere: removes run.json when it is ours. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_claim_object_drop(mill_store_claim *claim, mill_error *err);

#endif
