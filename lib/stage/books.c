/* The ledger of stages and exchanges, and row errors of SQL. */
#include "stage/audit.h"

#include <stdio.h>
#include <string.h>

/* Rows that failed in one statement's expressions, on one rank, since the last judgement. */
typedef struct mill_sql_audit {
	mill_row_error_policy policy; /* first: what operators call */
	mill_books *books;
	const char *sql;
	const char *sql_where;
	int64_t rows;
	int position;
	char detail[256];
	char row[512]; /* the first failing row's values */
	struct mill_sql_audit *next;
} mill_sql_audit;

mill_status mill_books_new(mill_mem *mem, mill_comm *comm, const mill_log *log, mill_scratch *scratch, mill_books **out,
                           mill_error *err)
{
	mill_books *books = mill_mem_calloc(mem, 1, sizeof *books);
	if (books == NULL)
		return mill_fail_nomem(err, sizeof *books, "the books of a run");
	books->mem = mem;
	books->comm = comm;
	books->log = log;
	books->scratch = scratch;
	mill_arena_init(&books->arena, mem);
	*out = books;
	return MILL_OK;
}

void mill_books_free(mill_books *books)
{
	if (books == NULL)
		return;
	for (mill_audit *audit = books->audits; audit != NULL; audit = audit->next)
		mill_audit_release(audit);
	mill_arena_release(&books->arena);
	mill_mem_free(books->exchanges);
	mill_mem_free(books->stages);
	mill_mem_free(books);
}

/* The values of a row as text, cut to what a message can show. */
static void describe_row(const mill_batch *batch, int64_t row, mill_mem *mem, char *out, size_t capacity)
{
	mill_bytes text;
	mill_bytes_init(&text, mem);
	mill_status status = MILL_OK;
	for (int i = 0; i < mill_batch_visible(batch) && status == MILL_OK && text.size_bytes < capacity; i++) {
		const mill_column *column = &batch->columns[i];
		if (column->rows == 0)
			continue;
		status = mill_bytes_append_text(&text, text.size_bytes > 0 ? ", " : "");
		if (status == MILL_OK)
			status = mill_column_is_null(column, row) ? mill_bytes_append_text(&text, "NULL")
			                                          : mill_value_text(column, row, &text);
	}
	if (status == MILL_OK && mill_bytes_terminate(&text) == MILL_OK)
		snprintf(out, capacity, "%s", (const char *)text.data);
	mill_bytes_release(&text);
}

static mill_status sql_report(mill_row_error_policy *self, const mill_batch *batch, const mill_row_errors *errors,
                              mill_error *err)
{
	(void)err;
	mill_sql_audit *audit = (mill_sql_audit *)self;
	if (audit->rows == 0) {
		audit->position = errors->position;
		memcpy(audit->detail, errors->detail, sizeof audit->detail);
		describe_row(batch, errors->first_row, audit->books->mem, audit->row, sizeof audit->row);
	}
	audit->rows += errors->count;
	return MILL_OK;
}

/* Room for one number per statement, made here so that judging them allocates nothing: a rank that failed there would
 * not meet the others. */
static mill_status reserve_sql_rows(mill_books *books, int count)
{
	int64_t *rows = mill_arena_array(&books->arena, (size_t)count, sizeof *rows);
	if (rows == NULL)
		return MILL_NOMEM;
	books->sql_rows = rows;
	books->sql_audit_count = count;
	return MILL_OK;
}

mill_row_error_policy *mill_books_sql_errors(mill_books *books, const char *sql, const char *sql_where)
{
	for (mill_sql_audit *audit = books->sql_audits; audit != NULL; audit = audit->next)
		if (audit->sql == sql)
			return &audit->policy;
	mill_sql_audit *audit = mill_arena_alloc(&books->arena, sizeof *audit);
	if (audit == NULL || reserve_sql_rows(books, books->sql_audit_count + 1) != MILL_OK)
		return NULL;
	audit->policy.report = sql_report;
	audit->books = books;
	audit->sql = sql;
	audit->sql_where = sql_where;
	audit->next = books->sql_audits;
	books->sql_audits = audit;
	return &audit->policy;
}

static mill_status fail_sql(const mill_sql_audit *audit, int64_t rows, mill_error *err)
{
	char what[1024];
	char where[sizeof audit->row + 64] = "";
	if (audit->row[0] != '\0') /* of a SELECT without FROM there is no row to show */
		snprintf(where, sizeof where, " (in %lld row%s; the first is: %s)", (long long)rows,
		         rows == 1 ? "" : "s", audit->row);
	snprintf(what, sizeof what, "%s%s; try(…) gives NULL instead", audit->detail, where);
	if (audit->sql == NULL)
		return mill_fail(err, MILL_DATA, "%s", what);
	return mill_sql_fail_at(err, MILL_DATA, audit->sql_where, audit->sql, audit->position, "%s", what);
}

void mill_books_drop_sql(mill_books *books)
{
	for (mill_sql_audit *audit = books->sql_audits; audit != NULL; audit = audit->next)
		audit->rows = 0;
}

int64_t mill_books_sql_found(const mill_books *books)
{
	int64_t rows = 0;
	for (const mill_sql_audit *audit = books->sql_audits; audit != NULL; audit = audit->next)
		rows += audit->rows;
	return rows;
}

mill_status mill_books_judge_sql(mill_books *books, mill_error *err)
{
	int i = 0;
	for (const mill_sql_audit *audit = books->sql_audits; audit != NULL; audit = audit->next)
		books->sql_rows[i++] = audit->rows;
	if (i == 0)
		return MILL_OK;
	MILL_TRY(mill_comm_sum_i64(books->comm, books->sql_rows, i, err));
	/* The first in an order that is the same on all ranks: which statement is named must not depend on who read
	 * which rows. */
	i = 0;
	for (const mill_sql_audit *audit = books->sql_audits; audit != NULL; audit = audit->next, i++)
		if (books->sql_rows[i] > 0)
			return mill_comm_agree(
			    books->comm, audit->rows > 0 ? fail_sql(audit, books->sql_rows[i], err) : MILL_OK, err);
	return MILL_OK;
}

mill_status mill_books_exchange(mill_books *books, const mill_ledger *ledger, mill_error *err)
{
	size_t size = ((size_t)books->exchange_count + 1) * sizeof *books->exchanges;
	mill_ledger *exchanges = mill_mem_realloc(books->mem, books->exchanges, size);
	if (exchanges == NULL)
		return mill_fail_nomem(err, size, "the ledger");
	books->exchanges = exchanges;
	exchanges[books->exchange_count] = *ledger;
	exchanges[books->exchange_count].name = mill_arena_strdup(&books->arena, ledger->name);
	books->exchange_count++;
	return MILL_OK;
}

mill_status mill_stage_entry_drop(mill_stage_entry *entry, const char *reason, int64_t rows, mill_error *err)
{
	int i = 0;
	while (i < entry->reason_count && strcmp(entry->reasons[i].name, reason) != 0)
		i++;
	if (i == MILL_STAGE_REASONS)
		return mill_fail(err, MILL_INTERNAL,
		                 "ledger: stage %s has more than %d kinds of operators that change the number of rows",
		                 entry->name, MILL_STAGE_REASONS);
	if (i == entry->reason_count)
		entry->reasons[entry->reason_count++] = (mill_stage_reason){.name = reason};
	entry->reasons[i].dropped += rows;
	return MILL_OK;
}

/* Collective: the entry of all ranks. */
static mill_status sum_entry(mill_comm *comm, mill_stage_entry *entry, mill_error *err)
{
	int64_t values[2 + MILL_STAGE_REASONS] = {entry->rows_in, entry->rows_out};
	for (int i = 0; i < entry->reason_count; i++)
		values[2 + i] = entry->reasons[i].dropped;
	MILL_TRY(mill_comm_sum_i64(comm, values, 2 + MILL_STAGE_REASONS, err));
	entry->rows_in = values[0];
	entry->rows_out = values[1];
	for (int i = 0; i < entry->reason_count; i++)
		entry->reasons[i].dropped = values[2 + i];
	return MILL_OK;
}

mill_status mill_books_stage(mill_books *books, const mill_stage_entry *entry, mill_error *err)
{
	size_t size = ((size_t)books->stage_count + 1) * sizeof *books->stages;
	mill_stage_entry *stages = mill_mem_realloc(books->mem, books->stages, size);
	if (stages == NULL)
		return mill_fail_nomem(err, size, "the ledger");
	books->stages = stages;
	mill_stage_entry sum = *entry;
	MILL_TRY(sum_entry(books->comm, &sum, err));
	int64_t dropped = 0;
	for (int i = 0; i < sum.reason_count; i++)
		dropped += sum.reasons[i].dropped;
	if (sum.rows_in != sum.rows_out + dropped)
		return mill_fail(err, MILL_INTERNAL, "ledger: stage %s read %lld rows, passed on %lld and dropped %lld",
		                 entry->name, (long long)sum.rows_in, (long long)sum.rows_out, (long long)dropped);
	sum.name = mill_arena_strdup(&books->arena, entry->name);
	stages[books->stage_count++] = sum;
	return MILL_OK;
}
