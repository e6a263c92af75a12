/* Bad rows as JSON lines, in a store's or a failed run's folder. Private to the job room. */
#ifndef MILL_JOB_QUARANTINE_H
#define MILL_JOB_QUARANTINE_H

#include "stage/books.h"

/* Not collective: this rank's bad rows of every judged source as FOLDER/quarantine/SOURCE-RANK.jsonl (SOURCE
 * percent-encoded where it is no file name); nothing where there are none. One object a row: file, line, offset, column
 * (where one is to blame), reason, detail, raw, or raw_base64 where the row is not UTF-8. */
MILL_NODISCARD mill_status mill_quarantine_write(mill_run *run, const char *folder, mill_error *err);
/* Collective: FOLDER/failed with quarantine and report.json, for a run that ended with `failure`. Best effort: what
 * cannot be written is logged. */
void mill_failed_write(mill_run *run, const char *folder, const mill_error *failure);

#endif
