/* The books of a run: bad rows by source, the ledger of exchanges and stages, what the manifest and the report say of
 * them. */
#ifndef MILL_STAGE_BOOKS_H
#define MILL_STAGE_BOOKS_H

#include "base/json_writer.h"
#include "stage/run.h"

/* How a source or step treats its bad rows. */
typedef struct mill_bad_limit {
	mill_bad_policy policy;
	bool is_share; /* limit is a share of the rows read */
	int64_t count;
	double share; /* 0 … 1 */
} mill_bad_limit;

/* Bad rows of one source or one step's SQL, on one rank, until they are judged. */
typedef struct mill_audit mill_audit;

struct mill_books {
	mill_mem *mem;
	mill_comm *comm;
	const mill_log *log;
	mill_scratch *scratch; /* where quarantined rows wait for the commit */
	mill_arena arena;
	mill_audit *audits;                /* in the order of their sources */
	struct mill_sql_audit *sql_audits; /* the same ones in the same order on every rank */
	int64_t *sql_rows;                 /* [sql_audit_count] working space of judge_sql */
	int sql_audit_count;
	mill_ledger *exchanges;
	int exchange_count;
	struct mill_stage_entry *stages;
	int stage_count;
	bool fail_fast;     /* messages show one bad row */
	bool keeps_refused; /* a run: refused rows go to OUT/failed too */
};

/* The word of the contract for a reason: "field_count". Not collective. */
const char *mill_bad_reason_text(mill_bad_reason reason);

/* Empty books; what they are given is borrowed. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_books_new(mill_mem *mem, mill_comm *comm, const mill_log *log, mill_scratch *scratch,
                                          mill_books **out, mill_error *err);
/* Frees the books and what was put aside in scratch; NULL is fine. Not collective. */
void mill_books_free(mill_books *books);

/* The audit of a source, which is borrowed: equal order of calls on all ranks. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_books_audit(mill_books *books, const char *name, const mill_bad_limit *limit,
                                            const mill_format_table *input, mill_audit **out, mill_error *err);
/* What a scan reports to. Rows that an earlier scan of the source was judged by are ignored: a source scanned twice is
 * counted once, but what a LIMIT or a pruned file left out counts when a later scan comes upon it.
 * Borrowed from the audit. Not collective. */
mill_bad_rows *mill_audit_bad_rows(mill_audit *audit);
/* What the source does with its bad rows. Not collective. */
mill_bad_policy mill_audit_policy(const mill_audit *audit);
/* Forgets what the attempt reported. Not collective. */
void mill_audit_drop_attempt(mill_audit *audit);
/* Bad rows that the attempt found on this rank. Not collective. */
int64_t mill_audit_found(const mill_audit *audit);
/* Collective, at the end of a scan, with the pieces of all ranks up to the last row that counts; nothing is judged
 * where there are none. Counts are merged and the limit applied: MILL_DATA with counts by reason and the first rows
 * with a caret. */
MILL_NODISCARD mill_status mill_audit_judge(mill_audit *audit, const mill_settlement *settlement, mill_error *err);

/* Row errors of one statement, for its operators; owned by the books. NULL: out of memory. Not collective. */
mill_row_error_policy *mill_books_sql_errors(mill_books *books, const char *sql, const char *sql_where);
/* Forgets what the attempt reported of SQL. Not collective. */
void mill_books_drop_sql(mill_books *books);
/* Rows that failed in the attempt's SQL on this rank. Not collective. */
int64_t mill_books_sql_found(const mill_books *books);
/* Collective, at the end of a stage: MILL_DATA when rows failed in SQL and their step does not say otherwise. */
MILL_NODISCARD mill_status mill_books_judge_sql(mill_books *books, mill_error *err);

/* Enters an exchange into the ledger; every rank makes the same entries. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_books_exchange(mill_books *books, const mill_ledger *ledger, mill_error *err);
#define MILL_STAGE_REASONS 16
typedef struct mill_stage_reason {
	const char *name; /* "filter" */
	int64_t dropped;  /* rows; negative where rows were added */
} mill_stage_reason;

typedef struct mill_stage_entry {
	const char *name;
	int64_t rows_in;
	int64_t rows_out;                              /* to the next stage, to what is fitted or to shards */
	mill_stage_reason reasons[MILL_STAGE_REASONS]; /* the same ones in the same order on every rank */
	int reason_count;
} mill_stage_entry;
/* Not collective. Adds to the rows that were dropped for a reason, which names the kind of operator. MILL_INTERNAL: the
 * entry has no room for another reason. */
MILL_NODISCARD mill_status mill_stage_entry_drop(mill_stage_entry *entry, const char *reason, int64_t rows,
                                                 mill_error *err);
/* Collective. Enters the sum of a stage over all ranks. MILL_INTERNAL: rows were lost or made up; MILL_NOMEM. */
MILL_NODISCARD mill_status mill_books_stage(mill_books *books, const mill_stage_entry *entry, mill_error *err);

/* A member {read, bad, by_reason} for every source. Not collective. */
void mill_books_put_bad_rows(const mill_books *books, mill_json_writer *writer);

#endif
