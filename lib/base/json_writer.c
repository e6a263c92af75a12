#include "base/json_writer.h"

#include "base/float_text.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TWO_53 ((int64_t)1 << 53)

void mill_json_writer_init(mill_json_writer *writer, mill_bytes *out, bool pretty)
{
	*writer = (mill_json_writer){.out = out, .pretty = pretty, .status = MILL_OK};
}

static void append(mill_json_writer *writer, const char *text, size_t size_bytes)
{
	if (writer->status == MILL_OK)
		writer->status = mill_bytes_append(writer->out, text, size_bytes);
}

static void append_text(mill_json_writer *writer, const char *text)
{
	append(writer, text, strlen(text));
}

static void misuse(mill_json_writer *writer)
{
	if (writer->status == MILL_OK)
		writer->status = MILL_INTERNAL;
}

static void new_line(mill_json_writer *writer)
{
	if (!writer->pretty)
		return;
	append(writer, "\n", 1);
	for (int i = 0; i < writer->depth; i++)
		append(writer, "  ", 2);
}

/* The escape of a character, or NULL where it stands for itself. */
static const char *escape_of(unsigned char c, char buffer[8])
{
	switch (c) {
	case '"': return "\\\"";
	case '\\': return "\\\\";
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	case '\b': return "\\b";
	case '\f': return "\\f";
	default: break;
	}
	if (c >= 0x20)
		return NULL;
	snprintf(buffer, 8, "\\u%04x", (unsigned)c);
	return buffer;
}

/* Valid UTF-8 without escapes goes out in runs. */
static mill_status quote_valid(mill_bytes *out, const char *text, size_t size_bytes)
{
	size_t run = 0;
	for (size_t at = 0; at < size_bytes; at++) {
		char buffer[8];
		const char *escape = escape_of((unsigned char)text[at], buffer);
		if (escape == NULL)
			continue;
		MILL_TRY(mill_bytes_append(out, text + run, at - run));
		MILL_TRY(mill_bytes_append_text(out, escape));
		run = at + 1;
	}
	return mill_bytes_append(out, text + run, size_bytes - run);
}

mill_status mill_json_quote(mill_bytes *out, const char *text, size_t size_bytes)
{
	MILL_TRY(mill_bytes_append(out, "\"", 1));
	size_t at = 0;
	for (;;) {
		size_t valid = mill_utf8_valid_prefix(text + at, size_bytes - at);
		MILL_TRY(quote_valid(out, text + at, valid));
		at += valid;
		if (at == size_bytes)
			break;
		MILL_TRY(mill_bytes_append(out, "\xEF\xBF\xBD", 3));
		at++;
	}
	return mill_bytes_append(out, "\"", 1);
}

static void append_quoted(mill_json_writer *writer, const char *text, size_t size_bytes)
{
	if (writer->status == MILL_OK)
		writer->status = mill_json_quote(writer->out, text, size_bytes);
}

/* What stands before a value: comma, line break, key. */
static void start_value(mill_json_writer *writer, const char *key)
{
	bool in_object = writer->depth > 0 && writer->open[writer->depth - 1] == '{';
	if (writer->done || in_object != (key != NULL)) {
		misuse(writer);
		return;
	}
	if (writer->depth > 0) {
		bool *has_items = &writer->has_items[writer->depth - 1];
		if (*has_items)
			append(writer, ",", 1);
		*has_items = true;
		new_line(writer);
	}
	if (key != NULL) {
		append_quoted(writer, key, strlen(key));
		append_text(writer, writer->pretty ? ": " : ":");
	}
}

static void end_value(mill_json_writer *writer)
{
	if (writer->depth > 0)
		return;
	writer->done = true;
	if (writer->pretty)
		append(writer, "\n", 1);
}

static void open_container(mill_json_writer *writer, const char *key, char bracket)
{
	start_value(writer, key);
	if (writer->depth == MILL_JSON_DEPTH)
		misuse(writer);
	if (writer->status != MILL_OK)
		return;
	append(writer, &bracket, 1);
	writer->open[writer->depth] = bracket;
	writer->has_items[writer->depth] = false;
	writer->depth++;
}

void mill_json_put_object(mill_json_writer *writer, const char *key)
{
	open_container(writer, key, '{');
}

void mill_json_put_array(mill_json_writer *writer, const char *key)
{
	open_container(writer, key, '[');
}

void mill_json_end(mill_json_writer *writer)
{
	if (writer->depth == 0)
		misuse(writer);
	if (writer->status != MILL_OK)
		return;
	writer->depth--;
	if (writer->has_items[writer->depth])
		new_line(writer);
	append_text(writer, writer->open[writer->depth] == '{' ? "}" : "]");
	end_value(writer);
}

mill_status mill_json_finish(mill_json_writer *writer)
{
	if (!writer->done)
		misuse(writer);
	return writer->status;
}

static void put_plain(mill_json_writer *writer, const char *key, const char *text)
{
	start_value(writer, key);
	append_text(writer, text);
	end_value(writer);
}

void mill_json_put_text_n(mill_json_writer *writer, const char *key, const char *text, size_t size_bytes)
{
	start_value(writer, key);
	append_quoted(writer, text, size_bytes);
	end_value(writer);
}

void mill_json_put_text(mill_json_writer *writer, const char *key, const char *text)
{
	if (text == NULL)
		put_plain(writer, key, "null");
	else
		mill_json_put_text_n(writer, key, text, strlen(text));
}

void mill_json_put_int(mill_json_writer *writer, const char *key, int64_t value)
{
	char text[32];
	const char *quote = value > TWO_53 || value < -TWO_53 ? "\"" : "";
	snprintf(text, sizeof text, "%s%" PRId64 "%s", quote, value, quote);
	put_plain(writer, key, text);
}

void mill_json_put_uint(mill_json_writer *writer, const char *key, uint64_t value)
{
	char text[32];
	const char *quote = value > (uint64_t)TWO_53 ? "\"" : "";
	snprintf(text, sizeof text, "%s%" PRIu64 "%s", quote, value, quote);
	put_plain(writer, key, text);
}

void mill_json_put_double(mill_json_writer *writer, const char *key, double value)
{
	char text[MILL_FLOAT_TEXT_BYTES + 4];
	int size = mill_f64_text(value, text);
	if (text[size - 1] == 'n' || text[size - 1] == 'f') {
		mill_json_put_text(writer, key, text);
		return;
	}
	/* Digits alone would be read as an integer, which must not pass 2^53. */
	if ((value > (double)TWO_53 || value < -(double)TWO_53) && strpbrk(text, ".e") == NULL)
		memcpy(text + size, ".0", 3);
	put_plain(writer, key, text);
}

void mill_json_put_bool(mill_json_writer *writer, const char *key, bool value)
{
	put_plain(writer, key, value ? "true" : "false");
}

void mill_json_put_null(mill_json_writer *writer, const char *key)
{
	put_plain(writer, key, "null");
}

void mill_json_put_node(mill_json_writer *writer, const char *key, const mill_json *node)
{
	switch (node->kind) {
	case MILL_JSON_NULL: mill_json_put_null(writer, key); return;
	case MILL_JSON_BOOL: mill_json_put_bool(writer, key, node->boolean); return;
	case MILL_JSON_NUMBER: put_plain(writer, key, node->text); return;
	case MILL_JSON_STRING: mill_json_put_text_n(writer, key, node->text, node->text_bytes); return;
	case MILL_JSON_ARRAY: mill_json_put_array(writer, key); break;
	case MILL_JSON_OBJECT: mill_json_put_object(writer, key); break;
	}
	for (int64_t i = 0; i < node->count; i++)
		mill_json_put_node(writer, node->items[i].key, &node->items[i]);
	mill_json_end(writer);
}
