/* Scratch: one folder per rank for what does not fit into memory, and the files in it. Local by definition: it is the
 * one place for bytes that never goes through storage/. Not collective.
 *
 * SCRATCH/rankmill-RUNID/rank-N/ holds a marker (who owns it) and spill files. Nothing in it outlives the run: close
 * removes it, and what a killed run left is removed by the next one. No fsync anywhere. */
#ifndef MILL_SPILL_SPILL_H
#define MILL_SPILL_SPILL_H

#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"

typedef struct mill_scratch mill_scratch;

typedef struct mill_scratch_options {
	const char
	    *folder; /* --scratch; NULL: $RANKMILL_SCRATCH, $SLURM_TMPDIR, $TMPDIR, /tmp, the first that is set */
	const char *run_id; /* the same on all ranks of a run; letters, digits, '-' and '_' */
	int rank;
	const char
	    *out_path;       /* the job's OUT, absolute, or NULL: recognises what an earlier run of the same job left */
	const mill_log *log; /* may be NULL; gets the tmpfs warning */
} mill_scratch_options;

/* The folder that scratch goes to. Borrowed from options or the environment. */
const char *mill_scratch_choose(const char *folder);

/* Opens scratch. Cheap: nothing is created before the first file (mill_scratch_file_path or mill_spill_create).
 * MILL_USAGE: bad run_id. */
MILL_NODISCARD mill_status mill_scratch_open(const mill_scratch_options *options, mill_mem *mem, mill_scratch **out,
                                             mill_error *err);
/* Removes the rank's folder with everything in it, and the run's folder when this was the last rank. NULL is fine. */
void mill_scratch_close(mill_scratch *scratch);
/* True when scratch is on tmpfs or ramfs: its bytes then count against the memory budget. Valid after the first file.
 */
bool mill_scratch_on_tmpfs(const mill_scratch *scratch);
/* A path for a file of the caller's own in the rank's folder, which is created when missing; appended to out with a NUL
 * that is not counted. name: no '/'. */
MILL_NODISCARD mill_status mill_scratch_file_path(mill_scratch *scratch, const char *name, mill_bytes *out,
                                                  mill_error *err);
/* Bytes that spill files have written so far. */
int64_t mill_scratch_written_bytes(const mill_scratch *scratch);

/* Removes what dead runs left in the scratch folder: rank folders whose marker names a process of this host that is
 * gone (pid, start time, boot id), and those of out_path (whose lock the caller holds) but not of run_id. One rank per
 * node calls it. Failures to remove are logged, never fatal. Returns the number of rank folders removed. */
int mill_scratch_clean_stale(const mill_scratch_options *options);

/* A spill file: records appended, then read back in order any number of times, each block checked by H64. It holds a
 * descriptor and a block buffer only between the first append and flush, so thousands of files may exist at once. */
typedef struct mill_spill_file mill_spill_file;

#define MILL_SPILL_BLOCK_BYTES (1024 * 1024)

/* Makes a spill file, which appears on disk once a block of it is full or flushed. MILL_IO, MILL_NOMEM. name: for
 * people reading the folder and for messages
 * ("exchange by user, bucket 12"); a number makes it unique. */
MILL_NODISCARD mill_status mill_spill_create(mill_scratch *scratch, const char *name, mill_spill_file **out,
                                             mill_error *err);
/* Appends one record (any size). MILL_IO: with path, bytes and cause (no space left …). MILL_NOMEM: no block buffer, or
 * scratch is on tmpfs and the budget is used up. */
MILL_NODISCARD mill_status mill_spill_append(mill_spill_file *file, const void *data, size_t size_bytes,
                                             mill_error *err);
/* Writes what is buffered, frees the buffer and closes the descriptor. Appending again is fine. */
MILL_NODISCARD mill_status mill_spill_flush(mill_spill_file *file, mill_error *err);
/* Records appended so far. */
int64_t mill_spill_records(const mill_spill_file *file);
/* Bytes on disk so far, without what is buffered. */
int64_t mill_spill_bytes(const mill_spill_file *file);
/* Deletes the file. NULL is fine. Readers of it must have been closed. */
void mill_spill_delete(mill_spill_file *file);

/* Sequential reading, with one block buffer per reader. */
typedef struct mill_spill_reader mill_spill_reader;
/* Begins reading at the first record. The file is flushed, and outlives the reader. MILL_IO, MILL_NOMEM. */
MILL_NODISCARD mill_status mill_spill_reader_open(mill_spill_file *file, mill_spill_reader **out, mill_error *err);
/* The next record, borrowed until the next call, 8-byte aligned; *data is NULL at the end. MILL_IO: checksum, short
 * file.
 */
MILL_NODISCARD mill_status mill_spill_next(mill_spill_reader *reader, const void **data, size_t *size_bytes,
                                           mill_error *err);
/* Closes the file and frees the reader; NULL is fine. */
void mill_spill_reader_close(mill_spill_reader *reader);

#endif
