/* Shared by claim.c and commit.c. Not collective. */
#ifndef MILL_STORE_CLAIM_PRIVATE_H
#define MILL_STORE_CLAIM_PRIVATE_H

#include "store/folder.h"

struct mill_store_claim {
	mill_storage *storage; /* borrowed */
	mill_mem *mem;
	mill_arena arena;
	const char *out;          /* OUT */
	const char *folder;       /* where the run writes: OUT or OUT/.rankmill/new */
	const char *run_folder;   /* OUT/.rankmill */
	const char *run_path;     /* OUT/.rankmill/run.json */
	const char *new_manifest; /* OUT/.rankmill/manifest.json */
	int lock;                 /* descriptor of run_path, locked; −1 */
	bool made_out;
	bool committed;
};

static inline bool mill_claim_is_staged(const mill_store_claim *claim)
{
	return claim->folder != claim->out;
}
/* Removes OUT/.rankmill and lets go of the lock. */
MILL_NODISCARD mill_status mill_claim_drop(mill_store_claim *claim, mill_error *err);

#endif
