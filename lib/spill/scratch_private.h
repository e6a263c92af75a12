/* What scratch folders and spill files share. Not collective. */
#ifndef MILL_SPILL_SCRATCH_PRIVATE_H
#define MILL_SPILL_SCRATCH_PRIVATE_H

#include "spill/spill.h"

struct mill_scratch {
	mill_mem *mem;
	const mill_log *log;
	char *base_folder; /* the four texts live in one block at base_folder */
	char *run_folder;
	char *rank_folder;
	char *out_path;
	bool made;
	bool on_tmpfs;
	int64_t written_bytes;
	int64_t file_count; /* made so far: numbers their names */
};

/* Creates the rank's folder with its marker; cheap once it is there. */
MILL_NODISCARD mill_status mill_scratch_make(mill_scratch *scratch, mill_error *err);

#endif
