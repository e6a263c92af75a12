#include "job/audit.h"

#include "base/checked.h"
#include <stdio.h>
#include <string.h>

static const char *const reason_texts[] = {
#define X(name, text) text,
    MILL_BAD_REASON_TABLE(X)
#undef X
};

const char *mill_bad_reason_text(mill_bad_reason reason)
{
	return (unsigned)reason < MILL_REASON_COUNT ? reason_texts[reason] : "unknown";
}

static void copy_text(char *out, size_t capacity, const char *text)
{
	snprintf(out, capacity, "%s", text != NULL ? text : "");
}

/* A window of the raw row around the caret, so that a long row still shows what is wrong. */
static void show_row(mill_shown_row *shown, const mill_bad_row *row)
{
	size_t from = row->caret_bytes > MILL_AUDIT_RAW_BYTES / 2 ? row->caret_bytes - MILL_AUDIT_RAW_BYTES / 2 : 0;
	size_t size = row->raw_bytes - from;
	if (size > MILL_AUDIT_RAW_BYTES)
		size = MILL_AUDIT_RAW_BYTES;
	*shown = (mill_shown_row){.file = row->file, .offset = row->offset, .line = row->line, .column = row->column};
	shown->reason = (int32_t)row->reason;
	shown->caret = (int32_t)(row->caret_bytes - from);
	shown->raw_bytes = (int32_t)size;
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)row->raw[from + i];
		shown->raw[i] = c < 0x20 || c == 0x7F ? ' ' : (char)c;
	}
	copy_text(shown->detail, sizeof shown->detail, row->detail);
}

static mill_status keep_for_quarantine(mill_audit *audit, const mill_bad_row *row, mill_error *err)
{
	mill_books *books = audit->books;
	if (audit->quarantine == NULL)
		MILL_TRY(mill_spill_create(books->scratch, "quarantine", &audit->quarantine, err));
	size_t detail_bytes = row->detail != NULL ? strlen(row->detail) : 0;
	mill_quarantine_head head = {.file = row->file, .offset = row->offset, .line = row->line, .seam = row->seam};
	head.column = row->column;
	head.reason = (int32_t)row->reason;
	head.detail_bytes = (int32_t)detail_bytes;
	mill_bytes record;
	mill_bytes_init(&record, books->mem);
	mill_status status = mill_bytes_append(&record, &head, sizeof head);
	if (status == MILL_OK)
		status = mill_bytes_append(&record, row->detail, detail_bytes);
	if (status == MILL_OK)
		status = mill_bytes_append(&record, row->raw, row->raw_bytes);
	if (status != MILL_OK)
		mill_fail_nomem(err, row->raw_bytes, "a quarantined row");
	else
		status = mill_spill_append(audit->quarantine, record.data, record.size_bytes, err);
	mill_bytes_release(&record);
	return status;
}

static mill_status audit_report(mill_bad_rows *self, const mill_bad_row *row, mill_error *err)
{
	mill_audit *audit = (mill_audit *)self;
	if (audit->closed)
		return MILL_OK;
	audit->by_reason[row->reason]++;
	audit->bad_rows++;
	if (audit->shown_count < MILL_AUDIT_SHOWN) {
		audit->shown_seam[audit->shown_count] = row->seam;
		show_row(&audit->shown[audit->shown_count++], row);
	}
	bool keep = audit->limit.policy == MILL_BAD_QUARANTINE ||
	            (audit->limit.policy == MILL_BAD_FAIL && audit->books->keeps_refused &&
	             audit->bad_rows <= MILL_AUDIT_REFUSED_ROWS);
	return keep ? keep_for_quarantine(audit, row, err) : MILL_OK;
}

mill_status mill_books_audit(mill_books *books, const char *name, const mill_bad_limit *limit,
                             const mill_schema *schema, const mill_input_file *files, int64_t file_count,
                             mill_audit **out, mill_error *err)
{
	mill_audit *audit = mill_arena_alloc(&books->arena, sizeof *audit);
	if (audit == NULL)
		return mill_fail_nomem(err, sizeof *audit, "an audit");
	audit->reporter.report = audit_report;
	audit->books = books;
	audit->name = name;
	audit->limit = *limit;
	audit->schema = schema;
	audit->files = files;
	audit->file_count = file_count;
	mill_audit **last = &books->audits;
	while (*last != NULL)
		last = &(*last)->next;
	*last = audit;
	*out = audit;
	return MILL_OK;
}

mill_bad_rows *mill_audit_bad_rows(mill_audit *audit)
{
	return &audit->reporter;
}
mill_bad_policy mill_audit_policy(const mill_audit *audit)
{
	return audit->limit.policy;
}

void mill_audit_drop_attempt(mill_audit *audit)
{
	if (audit->closed)
		return;
	memset(audit->by_reason, 0, sizeof audit->by_reason);
	audit->judged = false;
	audit->bad_rows = 0;
	audit->shown_count = 0;
	mill_spill_delete(audit->quarantine);
	audit->quarantine = NULL;
}

int64_t mill_audit_found(const mill_audit *audit)
{
	return audit->closed ? 0 : audit->bad_rows;
}

static mill_status append_shown(const mill_audit *audit, const mill_shown_row *row, mill_bytes *text)
{
	const char *reason = mill_bad_reason_text((mill_bad_reason)row->reason);
	MILL_TRY(mill_bytes_printf(text, "\n  %s:%lld (byte %lld): %s: %s\n    %.*s\n    %*s^",
	                           audit->files[row->file].uri, (long long)row->line, (long long)row->offset, reason,
	                           row->detail, row->raw_bytes, row->raw, row->caret, ""));
	return MILL_OK;
}

static mill_status refusal_text(const mill_audit *audit, const mill_shown_row *rows, int64_t count, mill_bytes *text)
{
	MILL_TRY(mill_bytes_printf(text, "source \"%s\": %lld of %lld rows are bad (", audit->name,
	                           (long long)audit->bad_rows, (long long)audit->read_rows));
	const char *separator = "";
	for (int i = 0; i < MILL_REASON_COUNT; i++) {
		if (audit->by_reason[i] == 0)
			continue;
		MILL_TRY(
		    mill_bytes_printf(text, "%s%s %lld", separator, reason_texts[i], (long long)audit->by_reason[i]));
		separator = ", ";
	}
	MILL_TRY(mill_bytes_append_text(text, ")"));
	if (audit->limit.policy == MILL_BAD_FAIL)
		MILL_TRY(mill_bytes_append_text(
		    text, "; set \"bad_rows\" to \"quarantine\" or \"null\" to go on without them"));
	else if (audit->limit.is_share)
		MILL_TRY(
		    mill_bytes_printf(text, ", more than \"max_bad_rows\" allows (%g %%)", audit->limit.share * 100));
	else
		MILL_TRY(mill_bytes_printf(text, ", more than \"max_bad_rows\" allows (%lld)",
		                           (long long)audit->limit.count));
	for (int64_t i = 0; i < count && i < (audit->books->fail_fast ? 1 : MILL_AUDIT_SHOWN); i++)
		MILL_TRY(append_shown(audit, &rows[i], text));
	return mill_bytes_terminate(text);
}

static mill_status refuse(const mill_audit *audit, const mill_shown_row *rows, int64_t count, mill_error *err)
{
	mill_bytes text;
	mill_bytes_init(&text, audit->books->mem);
	mill_status status = refusal_text(audit, rows, count, &text);
	if (status == MILL_OK)
		status = mill_fail(err, MILL_DATA, "%s", (const char *)text.data);
	else
		mill_fail_nomem(err, 0, "a message about bad rows");
	mill_bytes_release(&text);
	return status;
}

static bool over_limit(const mill_audit *audit)
{
	if (audit->bad_rows == 0)
		return false;
	if (audit->limit.policy == MILL_BAD_FAIL)
		return true;
	if (audit->limit.is_share)
		return (double)audit->bad_rows > audit->limit.share * (double)audit->read_rows;
	return audit->bad_rows > audit->limit.count;
}

/* Collective: the counts of all ranks. */
static mill_status merge_counts(mill_audit *audit, const mill_scan_counts *counts, mill_error *err)
{
	int64_t values[MILL_REASON_COUNT + 2];
	memcpy(values, audit->by_reason, sizeof audit->by_reason);
	values[MILL_REASON_COUNT] = audit->bad_rows;
	values[MILL_REASON_COUNT + 1] = counts->read_rows;
	MILL_TRY(mill_comm_sum_i64(audit->books->comm, values, MILL_REASON_COUNT + 2, err));
	memcpy(audit->by_reason, values, sizeof audit->by_reason);
	audit->bad_rows = values[MILL_REASON_COUNT];
	audit->read_rows = values[MILL_REASON_COUNT + 1];
	return MILL_OK;
}

static mill_status keep_lines(mill_audit *audit, const int64_t *first_lines, int64_t seams, mill_error *err)
{
	audit->seam_lines = mill_arena_array(&audit->books->arena, (size_t)seams + 1, sizeof *audit->seam_lines);
	if (audit->seam_lines == NULL)
		return mill_fail_nomem(err, (size_t)seams * 8, "line numbers");
	memcpy(audit->seam_lines, first_lines, (size_t)seams * sizeof *first_lines);
	for (int i = 0; i < audit->shown_count; i++)
		audit->shown[i].line += first_lines[audit->shown_seam[i]] + 1;
	return MILL_OK;
}

mill_status mill_audit_judge(mill_audit *audit, const int64_t *first_lines, int64_t seams,
                             const mill_scan_counts *counts, bool whole, mill_error *err)
{
	if (audit->closed)
		return MILL_OK;
	audit->closed = whole;
	audit->judged = true;
	mill_comm *comm = audit->books->comm;
	mill_bytes all;
	mill_bytes_init(&all, audit->books->mem);
	size_t *sizes = mill_arena_array(&audit->books->arena, (size_t)mill_comm_size(comm), sizeof *sizes);
	mill_status status =
	    sizes == NULL ? mill_fail_nomem(err, 0, "an audit") : keep_lines(audit, first_lines, seams, err);
	MILL_TRY(mill_comm_agree(comm, status, err));
	MILL_TRY(merge_counts(audit, counts, err));
	if (audit->bad_rows == 0)
		return MILL_OK;
	status = mill_comm_allgather(comm, audit->shown, (size_t)audit->shown_count * sizeof audit->shown[0], &all,
	                             sizes, err);
	if (status == MILL_OK && over_limit(audit))
		status = refuse(audit, (const mill_shown_row *)(const void *)all.data,
		                (int64_t)(all.size_bytes / sizeof(mill_shown_row)), err);
	mill_bytes_release(&all);
	return status;
}

void mill_books_put_bad_rows(const mill_books *books, mill_json_writer *w)
{
	for (const mill_audit *audit = books->audits; audit != NULL; audit = audit->next) {
		mill_json_put_object(w, audit->name);
		mill_json_put_int(w, "read", audit->read_rows);
		mill_json_put_int(w, "bad", audit->bad_rows);
		mill_json_put_object(w, "by_reason");
		for (int i = 0; i < MILL_REASON_COUNT; i++)
			if (audit->by_reason[i] > 0)
				mill_json_put_int(w, mill_bad_reason_text((mill_bad_reason)i), audit->by_reason[i]);
		mill_json_end(w);
		mill_json_end(w);
	}
}
