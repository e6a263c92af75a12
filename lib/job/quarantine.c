#include "job/quarantine.h"

#include "base/json_writer.h"
#include "base/utf8.h"
#include "stage/audit.h"

#include <stdio.h>
#include <string.h>

static mill_status append_base64(mill_bytes *out, const uint8_t *data, size_t size_bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < size_bytes; i += 3) {
		size_t n = size_bytes - i < 3 ? size_bytes - i : 3;
		uint32_t bits = (uint32_t)data[i] << 16;
		bits |= n > 1 ? (uint32_t)data[i + 1] << 8 : 0;
		bits |= n > 2 ? data[i + 2] : 0;
		char group[4] = {digits[bits >> 18], digits[bits >> 12 & 63], digits[bits >> 6 & 63],
		                 digits[bits & 63]};
		for (size_t k = n + 1; k < 4; k++)
			group[k] = '=';
		MILL_TRY(mill_bytes_append(out, group, sizeof group));
	}
	return MILL_OK;
}

static mill_status put_raw(mill_json_writer *w, const char *raw, size_t raw_bytes, mill_bytes *scratch)
{
	if (mill_utf8_valid(raw, raw_bytes)) {
		mill_json_put_text_n(w, "raw", raw, raw_bytes);
		return MILL_OK;
	}
	scratch->size_bytes = 0;
	MILL_TRY(append_base64(scratch, (const uint8_t *)raw, raw_bytes));
	mill_json_put_text_n(w, "raw_base64", (const char *)scratch->data, scratch->size_bytes);
	return MILL_OK;
}

static mill_status append_record(const mill_audit *audit, const mill_audit_scan *scan, const uint8_t *data,
                                 size_t size_bytes, mill_bytes *line, mill_bytes *scratch)
{
	mill_quarantine_head head;
	mill_json_writer w;
	memcpy(&head, data, sizeof head);
	const char *detail = (const char *)data + sizeof head;
	const char *raw = detail + head.detail_bytes;
	size_t raw_bytes = size_bytes - sizeof head - (size_t)head.detail_bytes;
	mill_json_writer_init(&w, line, false);
	mill_json_put_object(&w, NULL);
	mill_json_put_text(&w, "file", audit->input->files[head.file].uri);
	if (audit->input->format->has_lines)
		mill_json_put_int(&w, "line", head.line + scan->piece_lines[head.piece] + 1);
	mill_json_put_int(&w, "offset", head.offset);
	if (head.column >= 0)
		mill_json_put_text(&w, "column", audit->input->schema.fields[head.column].name);
	mill_json_put_text(&w, "reason", mill_bad_reason_text((mill_bad_reason)head.reason));
	mill_json_put_text_n(&w, "detail", detail, (size_t)head.detail_bytes);
	MILL_TRY(put_raw(&w, raw, raw_bytes, scratch));
	mill_json_end(&w);
	MILL_TRY(mill_json_finish(&w));
	return mill_bytes_append_u8(line, '\n');
}

static mill_status copy_scan(const mill_audit *audit, const mill_audit_scan *scan, mill_spill_reader *reader,
                             mill_writer *writer, mill_error *err)
{
	mill_bytes line, scratch;
	mill_bytes_init(&line, audit->books->mem);
	mill_bytes_init(&scratch, audit->books->mem);
	mill_status status = MILL_OK;
	while (status == MILL_OK) {
		const void *data;
		size_t size_bytes;
		status = mill_spill_next(reader, &data, &size_bytes, err);
		if (status != MILL_OK || data == NULL)
			break;
		line.size_bytes = 0;
		if (append_record(audit, scan, data, size_bytes, &line, &scratch) != MILL_OK)
			status = mill_fail_nomem(err, size_bytes, "a quarantined row");
		else
			status = mill_writer_append(writer, line.data, line.size_bytes, err);
	}
	mill_bytes_release(&line);
	mill_bytes_release(&scratch);
	return status;
}

/* The scans' records, those of the first scan first. */
static mill_status copy_scans(const mill_audit *audit, const mill_audit_scan *scan, mill_writer *writer,
                              mill_error *err)
{
	mill_spill_reader *reader = NULL;
	if (scan == NULL)
		return MILL_OK;
	MILL_TRY(copy_scans(audit, scan->next, writer, err));
	MILL_TRY(mill_spill_flush(scan->quarantine, err));
	MILL_TRY(mill_spill_reader_open(scan->quarantine, &reader, err));
	mill_status status = copy_scan(audit, scan, reader, writer, err);
	mill_spill_reader_close(reader);
	return status;
}

/* A source's name as part of a file name: what a path would read into it is percent-encoded. */
static char *file_name_of(mill_arena *arena, const char *name)
{
	size_t length = strlen(name), n = 0;
	char *out = mill_arena_alloc(arena, 3 * length + 1);
	for (size_t i = 0; out != NULL && i < length; i++) {
		unsigned char c = (unsigned char)name[i];
		bool plain = c >= 0x20 && c != 0x7F && c != '/' && c != '%' && (c != '.' || i > 0);
		if (plain)
			out[n++] = name[i];
		else
			n += (size_t)snprintf(out + n, 4, "%%%02X", c);
	}
	if (out != NULL)
		out[n] = '\0';
	return out;
}

static mill_status write_audit(mill_run *run, const mill_audit *audit, const char *folder, mill_error *err)
{
	mill_writer *writer = NULL;
	const char *name = file_name_of(run->arena, audit->name);
	if (name == NULL)
		return mill_fail_nomem(err, 0, "a path");
	char *path =
	    mill_arena_printf(run->arena, "%s/quarantine/%s-%05d.jsonl", folder, name, mill_comm_rank(run->comm));
	char *parent = mill_arena_printf(run->arena, "%s/quarantine", folder);
	if (path == NULL || parent == NULL)
		return mill_fail_nomem(err, 0, "a path");
	MILL_TRY(mill_storage_make_folders(run->storage, parent, err));
	MILL_TRY(mill_writer_open(run->storage, path, &writer, err));
	mill_status status = copy_scans(audit, audit->scans, writer, err);
	if (status == MILL_OK)
		status = mill_writer_commit(writer, err);
	mill_writer_close(writer);
	return status;
}

mill_status mill_quarantine_write(mill_run *run, const char *folder, mill_error *err)
{
	for (const mill_audit *audit = run->books->audits; audit != NULL; audit = audit->next)
		if (audit->scans != NULL)
			MILL_TRY(write_audit(run, audit, folder, err));
	return MILL_OK;
}

static mill_status write_report(mill_run *run, const char *folder, const mill_error *failure, mill_error *err)
{
	mill_bytes text;
	mill_json_writer w;
	char *path = mill_arena_printf(run->arena, "%s/report.json", folder);
	if (path == NULL)
		return mill_fail_nomem(err, 0, "a path");
	mill_bytes_init(&text, run->mem);
	mill_json_writer_init(&w, &text, true);
	mill_json_put_object(&w, NULL);
	mill_json_put_text(&w, "status", mill_status_name(failure->status));
	mill_json_put_int(&w, "exit_code", mill_status_exit_code(failure->status));
	mill_json_put_text(&w, "message", failure->message);
	mill_json_put_object(&w, "bad_rows");
	mill_books_put_bad_rows(run->books, &w);
	mill_json_end(&w);
	mill_json_end(&w);
	mill_status status = mill_json_finish(&w);
	if (status == MILL_OK)
		status = mill_storage_write_all(run->storage, path, text.data, text.size_bytes, err);
	mill_bytes_release(&text);
	return status;
}

void mill_failed_write(mill_run *run, const char *folder, const mill_error *failure)
{
	mill_error err = {0};
	char *failed = mill_arena_printf(run->arena, "%s/failed", folder);
	if (failed == NULL)
		return;
	mill_status status = mill_storage_make_folders(run->storage, failed, &err);
	if (status == MILL_OK)
		status = mill_quarantine_write(run, failed, &err);
	if (status == MILL_OK && mill_comm_rank(run->comm) == 0)
		status = write_report(run, failed, failure, &err);
	if (status != MILL_OK)
		mill_warn(run->log, "%s cannot be written: %s", failed, err.message);
}
