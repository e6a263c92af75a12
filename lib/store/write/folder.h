/* What may be found in OUT, and moving it about (claim and commit). Not collective. */
#ifndef MILL_STORE_WRITE_FOLDER_H
#define MILL_STORE_WRITE_FOLDER_H

#include "store/store.h"

#define MILL_STORE_MANIFEST  "manifest.json"
#define MILL_STORE_CHECKSUMS "checksums.xxh128"
#define MILL_STORE_RUN       ".rankmill"
#define MILL_STORE_RUN_FILE  "run.json"
#define MILL_STORE_FAILED    "failed"

typedef struct mill_folder_survey {
	bool has_manifest;
	bool has_run;      /* .rankmill is there */
	bool has_content;  /* something of a store's besides these and failed/ */
	char foreign[256]; /* a name that no run of ours writes; "": none */
} mill_folder_survey;

/* Looks at OUT. MILL_NOT_FOUND, MILL_IO: the folder cannot be read. Not collective. */
MILL_NODISCARD mill_status mill_folder_survey_of(mill_storage *storage, const char *folder, mill_folder_survey *out,
                                                 mill_error *err);
/* Every file of a store below the folder, relative to it, each name ended by 00 and an empty one last; in no order.
 * Names that begin with a dot, failed/ and lost+found are left out. out was initialised. MILL_IO, MILL_NOMEM. Not
 * collective. */
MILL_NODISCARD mill_status mill_folder_files(mill_storage *storage, const char *folder, mill_bytes *out,
                                             mill_error *err);
/* Removes everything of a store's but .rankmill, manifest first; failed/ only with_failed. What is not ours stays.
 * MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_folder_clear(mill_storage *storage, const char *folder, bool with_failed,
                                             mill_error *err);
/* Removes everything in a folder but the entry called keep. A missing folder is fine. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_folder_empty(mill_storage *storage, const char *folder, const char *keep,
                                             mill_error *err);
/* Makes the names in a folder durable where it is a local one that is there. MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_folder_flush_names(mill_storage *storage, const char *folder, mill_error *err);
/* Local folders: moves every file under `from` to the same place under `to`, making folders. MILL_IO. Not collective.
 */
MILL_NODISCARD mill_status mill_folder_move(mill_storage *storage, const char *from, const char *to, mill_error *err);
/* Local folders: fsync of every folder and of every file that is not a shard (their writers have flushed those).
 * MILL_IO. Not collective. */
MILL_NODISCARD mill_status mill_folder_flush(mill_storage *storage, const char *folder, mill_error *err);

#endif
