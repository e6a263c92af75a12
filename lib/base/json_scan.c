#include "base/json_scan.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

typedef enum expect {
	EXPECT_VALUE,          /* after ':' and at the start */
	EXPECT_ITEM_OR_CLOSE,  /* after '[' and after ',' in an array */
	EXPECT_KEY_OR_CLOSE,   /* after '{' and after ',' in an object */
	EXPECT_COLON,          /* after a key */
	EXPECT_COMMA_OR_CLOSE, /* after a value in a container */
	EXPECT_END
} expect;

typedef struct scan {
	char *text;
	size_t size_bytes;
	size_t at;
	int line;
	size_t line_start;
	size_t mark; /* a place on the current line and its column: columns are counted from there */
	int mark_column;
	const mill_json_source *source;
	mill_bytes *tokens;
	mill_error *err;
	expect expect;
	size_t comma;               /* of the comma that may turn out to be trailing; size_bytes: none */
	char open[MILL_JSON_DEPTH]; /* '{' or '[' of the containers around */
	int depth;
} scan;

/* Characters from the line's start, from 1; at is on the current line. */
static int column_of(const scan *s, size_t at)
{
	bool from_mark = s->mark >= s->line_start && s->mark <= at;
	int column = from_mark ? s->mark_column : 1;
	for (size_t i = from_mark ? s->mark : s->line_start; i < at; i++)
		column += ((unsigned char)s->text[i] & 0xC0U) != 0x80U;
	return column;
}

/* Refuses at an offset of the current line. */
static mill_status refuse(const scan *s, size_t at, const char *what)
{
	return mill_fail(s->err, s->source->refusal, "%s:%d:%d: %s", s->source->name, s->line, column_of(s, at), what);
}

static void blank(scan *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (s->text[i] != '\n' && s->text[i] != '\r')
			s->text[i] = ' ';
}

static void next_line(scan *s)
{
	s->line++;
	s->line_start = s->at;
}

static mill_status skip_comment(scan *s)
{
	size_t start = s->at;
	if (s->text[start + 1] == '/') {
		while (s->at < s->size_bytes && s->text[s->at] != '\n')
			s->at++;
		blank(s, start, s->at);
		return MILL_OK;
	}
	if (s->text[start + 1] != '*')
		return refuse(s, start, "unexpected '/' (a comment starts with // or /*)");
	const char *end = memmem(s->text + start + 2, s->size_bytes - start - 2, "*/", 2);
	if (end == NULL)
		return refuse(s, start, "this comment is not closed");
	size_t after = (size_t)(end - s->text) + 2;
	for (; s->at < after; s->at++)
		if (s->text[s->at] == '\n') {
			s->at++;
			next_line(s);
			s->at--;
		}
	blank(s, start, after);
	return MILL_OK;
}

static mill_status skip_blanks(scan *s)
{
	while (s->at < s->size_bytes) {
		char c = s->text[s->at];
		if (c == '/') {
			MILL_TRY(skip_comment(s));
		} else if (c == '\n') {
			s->at++;
			next_line(s);
		} else if (c == ' ' || c == '\t' || c == '\r') {
			s->at++;
		} else {
			break;
		}
	}
	return MILL_OK;
}

/* The four hexadecimal digits at `at`, or −1. The text ends with NUL, which is none. */
static int hex4(const char *at)
{
	int value = 0;
	for (int i = 0; i < 4; i++) {
		char c = at[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* s->at is on the backslash; moves behind the escape. */
static mill_status scan_escape(scan *s)
{
	const char *p = s->text + s->at;
	if (p[1] != 'u') {
		if (p[1] == '\0' || strchr("\"\\/bfnrt", p[1]) == NULL)
			return refuse(s, s->at, "unknown escape (a backslash itself is written \\\\)");
		s->at += 2;
		return MILL_OK;
	}
	int unit = hex4(p + 2);
	if (unit < 0)
		return refuse(s, s->at, "\\u takes four hexadecimal digits");
	if (unit == 0)
		return refuse(s, s->at, "the NUL character is not allowed");
	if (unit < 0xD800 || unit > 0xDFFF) {
		s->at += 6;
		return MILL_OK;
	}
	int low = unit < 0xDC00 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8) : -1;
	if (low < 0xDC00 || low > 0xDFFF)
		return refuse(s, s->at, "half a surrogate pair");
	s->at += 12;
	return MILL_OK;
}

static mill_status scan_string(scan *s)
{
	size_t start = s->at++;
	while (s->at < s->size_bytes && s->text[s->at] != '"') {
		if ((unsigned char)s->text[s->at] < 0x20)
			return refuse(s, s->at,
			              s->text[s->at] == '\n'
			                  ? "this string is not closed (a line break in it is written \\n)"
			                  : "a control character in a string is written \\t or \\u00XX");
		if (s->text[s->at] == '\\')
			MILL_TRY(scan_escape(s));
		else
			s->at++;
	}
	if (s->at >= s->size_bytes)
		return refuse(s, start, "this string is not closed");
	size_t valid = mill_utf8_valid_prefix(s->text + start, s->at - start);
	if (valid != s->at - start)
		return refuse(s, start + valid, "invalid UTF-8");
	s->at++;
	return MILL_OK;
}

static size_t skip_digits(const scan *s, size_t at)
{
	while (s->text[at] >= '0' && s->text[at] <= '9')
		at++;
	return at;
}

static bool is_word_character(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
	       c == '+' || c == '-' || (c & 0x80) != 0;
}

/* The end of the number at s->at by RFC 8259's grammar; 0 when it is none. */
static size_t number_end(const scan *s, bool *is_integer)
{
	size_t at = s->at + (s->text[s->at] == '-');
	size_t end = skip_digits(s, at);
	if (end == at || (s->text[at] == '0' && end > at + 1))
		return 0;
	*is_integer = true;
	if (s->text[end] == '.') {
		*is_integer = false;
		at = end + 1;
		end = skip_digits(s, at);
		if (end == at)
			return 0;
	}
	if (s->text[end] == 'e' || s->text[end] == 'E') {
		*is_integer = false;
		at = end + 1 + (s->text[end + 1] == '+' || s->text[end + 1] == '-');
		end = skip_digits(s, at);
		if (end == at)
			return 0;
	}
	return is_word_character(s->text[end]) ? 0 : end;
}

static bool is_beyond_2_53(const char *digits, size_t count)
{
	static const char limit[] = "9007199254740992";
	return count > 16 || (count == 16 && memcmp(digits, limit, 16) > 0);
}

static mill_status scan_number(scan *s)
{
	bool is_integer = false;
	size_t start = s->at, end = number_end(s, &is_integer);
	if (end == 0)
		return refuse(s, start, "this is no number (digits, then perhaps .digits and e+digits)");
	size_t digits = start + (s->text[start] == '-');
	if (is_integer && is_beyond_2_53(s->text + digits, end - digits))
		return refuse(s, start, "an integer beyond 2^53 must be written as a string");
	double value = strtod(s->text + start, NULL);
	if (value > 1.7976931348623157e308 || value < -1.7976931348623157e308)
		return refuse(s, start, "this number is beyond the range of a float64");
	blank(s, start, end);
	s->text[start] = '0';
	s->at = end;
	return MILL_OK;
}

static mill_status scan_literal(scan *s)
{
	static const char *const literals[] = {"true", "false", "null"};
	for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
		size_t length = strlen(literals[i]);
		if (strncmp(s->text + s->at, literals[i], length) == 0 && !is_word_character(s->text[s->at + length])) {
			s->at += length;
			return MILL_OK;
		}
	}
	return refuse(s, s->at, "expected a value (text is written in double quotes)");
}

/* A token that starts at `offset` on the current line and ends at s->at. */
static mill_status emit(scan *s, size_t offset)
{
	mill_json_token token = {offset, s->at - offset, s->line, column_of(s, offset)};
	s->mark = offset;
	s->mark_column = token.column;
	return mill_bytes_append(s->tokens, &token, sizeof token);
}

static expect after_value(const scan *s)
{
	return s->depth == 0 ? EXPECT_END : EXPECT_COMMA_OR_CLOSE;
}

static mill_status scan_open(scan *s)
{
	if (s->depth == MILL_JSON_DEPTH)
		return refuse(s, s->at, "nested too deeply");
	char c = s->text[s->at];
	s->open[s->depth++] = c;
	s->expect = c == '{' ? EXPECT_KEY_OR_CLOSE : EXPECT_ITEM_OR_CLOSE;
	s->comma = s->size_bytes;
	s->at++;
	return emit(s, s->at - 1);
}

static mill_status scan_close(scan *s)
{
	char wanted = s->open[s->depth - 1] == '{' ? '}' : ']';
	if (s->text[s->at] != wanted)
		return refuse(s, s->at, wanted == '}' ? "expected '}'" : "expected ']'");
	if (s->comma < s->size_bytes)
		s->text[s->comma] = ' ';
	s->comma = s->size_bytes;
	s->depth--;
	s->at++;
	s->expect = after_value(s);
	return MILL_OK;
}

static mill_status scan_value(scan *s)
{
	size_t start = s->at;
	char c = s->text[start];
	if (c == '{' || c == '[')
		return scan_open(s);
	if (c == '"')
		MILL_TRY(scan_string(s));
	else if (c == '-' || (c >= '0' && c <= '9'))
		MILL_TRY(scan_number(s));
	else
		MILL_TRY(scan_literal(s));
	s->comma = s->size_bytes;
	s->expect = after_value(s);
	return emit(s, start);
}

static mill_status scan_key(scan *s)
{
	size_t start = s->at;
	if (s->text[start] != '"')
		return refuse(s, start, "expected a key in double quotes or '}'");
	MILL_TRY(scan_string(s));
	s->comma = s->size_bytes;
	s->expect = EXPECT_COLON;
	return emit(s, start);
}

static mill_status scan_comma(scan *s)
{
	char open = s->open[s->depth - 1];
	if (s->text[s->at] != ',')
		return refuse(s, s->at, open == '{' ? "expected ',' or '}'" : "expected ',' or ']'");
	s->comma = s->at++;
	s->expect = open == '{' ? EXPECT_KEY_OR_CLOSE : EXPECT_ITEM_OR_CLOSE;
	return MILL_OK;
}

static mill_status scan_colon(scan *s)
{
	if (s->text[s->at] != ':')
		return refuse(s, s->at, "expected ':' after the key");
	s->at++;
	s->expect = EXPECT_VALUE;
	return MILL_OK;
}

/* What stands at s->at, given what is expected there. */
static mill_status scan_step(scan *s)
{
	bool closes = s->text[s->at] == '}' || s->text[s->at] == ']';
	switch (s->expect) {
	case EXPECT_VALUE: return scan_value(s);
	case EXPECT_ITEM_OR_CLOSE: return closes ? scan_close(s) : scan_value(s);
	case EXPECT_KEY_OR_CLOSE: return closes ? scan_close(s) : scan_key(s);
	case EXPECT_COLON: return scan_colon(s);
	case EXPECT_COMMA_OR_CLOSE: return closes ? scan_close(s) : scan_comma(s);
	case EXPECT_END: break;
	}
	return refuse(s, s->at, "text after the end of the document");
}

mill_status mill_json_scan(char *text, size_t size_bytes, const mill_json_source *source, mill_bytes *tokens,
                           mill_error *err)
{
	scan s = {.text = text,
	          .size_bytes = size_bytes,
	          .line = 1,
	          .mark_column = 1,
	          .source = source,
	          .tokens = tokens,
	          .err = err};
	s.comma = size_bytes;
	if (size_bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		memset(text, ' ', 3);
		s.at = s.line_start = s.mark = 3;
	}
	MILL_TRY(skip_blanks(&s));
	while (s.at < size_bytes) {
		mill_status status = scan_step(&s);
		if (status == MILL_NOMEM)
			return mill_fail_nomem(err, tokens->size_bytes, source->name);
		MILL_TRY(status);
		MILL_TRY(skip_blanks(&s));
	}
	if (s.expect != EXPECT_END)
		return refuse(&s, s.at, "unexpected end of the text");
	return MILL_OK;
}
