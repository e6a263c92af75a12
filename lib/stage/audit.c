/* Bad rows of a source: reports of an attempt, what of them counts, the message when they are too many. */
#include "stage/audit.h"

#include "base/checked.h"
#include "base/utf8.h"

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

/* Where a character of text begins at or behind `at`: cuts are made there. */
static size_t next_character(const char *text, size_t size, size_t at)
{
	while (at < size && ((unsigned char)text[at] & 0xC0) == 0x80)
		at++;
	return at;
}

/* The row as a terminal may show it: control characters are blanks, bytes that are not UTF-8 question marks. */
static void copy_shown(char *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t sound = mill_utf8_valid_prefix(text + i, size - i);
		for (size_t end = i + sound; i < end; i++) {
			unsigned char c = (unsigned char)text[i];
			out[i] = c < 0x20 || c == 0x7F ? ' ' : (char)c;
		}
		if (i < size)
			out[i++] = '?';
	}
}

/* A window of the raw row around the caret, so that a long row still shows what is wrong. */
static void show_row(mill_shown_row *shown, const mill_bad_row *row)
{
	size_t from = row->caret_bytes > MILL_AUDIT_RAW_BYTES / 2 ? row->caret_bytes - MILL_AUDIT_RAW_BYTES / 2 : 0;
	from = next_character(row->raw, row->caret_bytes, from);
	size_t size = row->raw_bytes - from;
	if (size > MILL_AUDIT_RAW_BYTES) {
		size = MILL_AUDIT_RAW_BYTES;
		while (size > 0 && ((unsigned char)row->raw[from + size] & 0xC0) == 0x80)
			size--;
	}
	*shown = (mill_shown_row){.file = row->file, .offset = row->offset, .line = row->line, .column = row->column};
	shown->reason = (int32_t)row->reason;
	shown->raw_bytes = (int32_t)size;
	copy_shown(shown->raw, row->raw + from, size);
	for (size_t i = 0; i < row->caret_bytes - from; i++)
		shown->caret += ((unsigned char)shown->raw[i] & 0xC0) != 0x80 ? 1 : 0;
	copy_text(shown->detail, sizeof shown->detail, row->detail);
}

static mill_status keep_for_quarantine(mill_audit *audit, const mill_bad_row *row, mill_error *err)
{
	mill_books *books = audit->books;
	mill_spill_file **file = &audit->attempt.quarantine;
	if (*file == NULL)
		MILL_TRY(mill_spill_create(books->scratch, "quarantine", file, err));
	size_t detail_bytes = row->detail != NULL ? strlen(row->detail) : 0;
	mill_quarantine_head head = {.file = row->file, .offset = row->offset, .line = row->line, .piece = row->piece};
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
		status = mill_spill_append(*file, record.data, record.size_bytes, err);
	mill_bytes_release(&record);
	return status;
}

static mill_status audit_report(mill_bad_rows *self, const mill_bad_row *row, mill_error *err)
{
	mill_audit *audit = (mill_audit *)self;
	mill_audit_attempt *attempt = &audit->attempt;
	if (row->offset < audit->judged[row->file].until)
		return MILL_OK;
	/* Cells that become NULL are reported one by one; a row counts once, by its first. */
	bool same_row = attempt->bad_rows > 0 && attempt->file == row->file && attempt->offset == row->offset;
	if (same_row)
		return MILL_OK;
	attempt->file = row->file;
	attempt->offset = row->offset;
	attempt->by_reason[row->reason]++;
	attempt->bad_rows++;
	if (attempt->shown_count < MILL_AUDIT_SHOWN) {
		attempt->shown_piece[attempt->shown_count] = row->piece;
		show_row(&attempt->shown[attempt->shown_count++], row);
	}
	bool keep = audit->limit.policy == MILL_BAD_QUARANTINE ||
	            (audit->limit.policy == MILL_BAD_FAIL && audit->books->keeps_refused &&
	             attempt->bad_rows <= MILL_AUDIT_REFUSED_ROWS);
	return keep ? keep_for_quarantine(audit, row, err) : MILL_OK;
}

mill_status mill_books_audit(mill_books *books, const char *name, const mill_bad_limit *limit,
                             const mill_format_table *input, mill_audit **out, mill_error *err)
{
	mill_audit *audit = mill_arena_alloc(&books->arena, sizeof *audit);
	if (audit == NULL)
		return mill_fail_nomem(err, sizeof *audit, "an audit");
	audit->reporter.report = audit_report;
	audit->books = books;
	audit->name = name;
	audit->limit = *limit;
	audit->input = input;
	audit->judged = mill_arena_array(&books->arena, (size_t)input->file_count + 1, sizeof *audit->judged);
	if (audit->judged == NULL)
		return mill_fail_nomem(err, (size_t)input->file_count * sizeof *audit->judged, "an audit");
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
	mill_spill_delete(audit->attempt.quarantine);
	audit->attempt = (mill_audit_attempt){.bad_rows = 0};
}

void mill_audit_release(mill_audit *audit)
{
	mill_audit_drop_attempt(audit);
	for (mill_audit_scan *scan = audit->scans; scan != NULL; scan = scan->next)
		mill_spill_delete(scan->quarantine);
	audit->scans = NULL;
}

int64_t mill_audit_found(const mill_audit *audit)
{
	return audit->attempt.bad_rows;
}

static mill_status append_shown(const mill_audit *audit, const mill_shown_row *row, mill_bytes *text)
{
	const char *uri = audit->input->files[row->file].uri;
	if (audit->input->format->has_lines)
		MILL_TRY(mill_bytes_printf(text, "\n  %s:%lld (byte %lld): ", uri, (long long)row->line,
		                           (long long)row->offset));
	else
		MILL_TRY(mill_bytes_printf(text, "\n  %s, row %lld: ", uri, (long long)row->offset));
	return mill_bytes_printf(text, "%s: %s\n    %.*s\n    %*s^", mill_bad_reason_text((mill_bad_reason)row->reason),
	                         row->detail, row->raw_bytes, row->raw, row->caret, "");
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

/* Collective: the counts of all ranks are added to those of the scans before. */
static mill_status merge_counts(mill_audit *audit, mill_error *err)
{
	int64_t values[MILL_REASON_COUNT + 1];
	memcpy(values, audit->attempt.by_reason, sizeof audit->attempt.by_reason);
	values[MILL_REASON_COUNT] = audit->attempt.bad_rows;
	MILL_TRY(mill_comm_sum_i64(audit->books->comm, values, MILL_REASON_COUNT + 1, err));
	for (int i = 0; i < MILL_REASON_COUNT; i++)
		audit->by_reason[i] += values[i];
	audit->bad_rows += values[MILL_REASON_COUNT];
	return MILL_OK;
}

/* What the files' rows have been judged up to, and how many they are. A file's pieces are without a gap from its begin.
 */
static void mark_judged(mill_audit *audit, const mill_piece *pieces, int64_t count)
{
	for (int64_t i = 0, next; i < count; i = next) {
		int64_t rows = 0;
		for (next = i; next < count && pieces[next].file == pieces[i].file; next++)
			rows += pieces[next].rows;
		const mill_piece *last = &pieces[next - 1];
		mill_audit_file *file = &audit->judged[last->file];
		if (rows > file->rows) {
			audit->read_rows += rows - file->rows;
			file->rows = rows;
		}
		file->until = mill_max_i64(file->until, last->left_early ? last->until : INT64_MAX);
	}
}

/* The attempt becomes a scan that is judged. */
static mill_status close_attempt(mill_audit *audit, const mill_settlement *settlement, mill_error *err)
{
	mill_audit_attempt *attempt = &audit->attempt;
	const mill_piece *mine = settlement->mine_count > 0 ? &settlement->pieces[settlement->first_mine] : NULL;
	for (int i = 0; i < attempt->shown_count; i++)
		if (attempt->shown_piece[i] < settlement->mine_count)
			attempt->shown[i].line += mine[attempt->shown_piece[i]].lines_before + 1;
	if (attempt->quarantine == NULL)
		return MILL_OK;
	mill_arena *arena = &audit->books->arena;
	mill_audit_scan *scan = mill_arena_alloc(arena, sizeof *scan);
	int64_t *lines = mill_arena_array(arena, (size_t)settlement->mine_count + 1, sizeof *lines);
	if (scan == NULL || lines == NULL)
		return mill_fail_nomem(err, (size_t)settlement->mine_count * sizeof *lines, "line numbers");
	for (int64_t i = 0; i < settlement->mine_count; i++)
		lines[i] = mine[i].lines_before;
	*scan = (mill_audit_scan){attempt->quarantine, lines, audit->scans};
	audit->scans = scan;
	attempt->quarantine = NULL;
	return MILL_OK;
}

mill_status mill_audit_judge(mill_audit *audit, const mill_settlement *settlement, mill_error *err)
{
	mill_comm *comm = audit->books->comm;
	mill_bytes all;
	mill_bytes_init(&all, audit->books->mem);
	size_t *sizes = mill_arena_array(&audit->books->arena, (size_t)mill_comm_size(comm), sizeof *sizes);
	mill_status status =
	    sizes == NULL ? mill_fail_nomem(err, 0, "an audit") : close_attempt(audit, settlement, err);
	MILL_TRY(mill_comm_agree(comm, status, err));
	int64_t bad_before = audit->bad_rows;
	MILL_TRY(merge_counts(audit, err));
	mark_judged(audit, settlement->pieces, settlement->piece_count);
	if (audit->bad_rows > bad_before) {
		status = mill_comm_allgather(comm, audit->attempt.shown,
		                             (size_t)audit->attempt.shown_count * sizeof audit->attempt.shown[0], &all,
		                             sizes, err);
		if (status == MILL_OK && over_limit(audit))
			status = refuse(audit, (const mill_shown_row *)(const void *)all.data,
			                (int64_t)(all.size_bytes / sizeof(mill_shown_row)), err);
	}
	mill_audit_drop_attempt(audit);
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
