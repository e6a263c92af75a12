/* LIKE with a matcher of its own; ~ and regexp_… through PCRE2. A constant pattern is compiled once per program, others
 * when the pattern changes from row to row. */
#include "expr/builder.h"
#include "expr/fold.h"
#include "expr/kernels/search.h"
#include "expr/like.h"
#include "expr/program.h"
#include "expr/regex.h"

typedef struct like_state {
	mill_like like;
	bool ready;
	mill_bytes lower; /* the row's text in lower case */
} like_state;

static mill_status like_prepare(mill_program *program, mill_node *node, mill_error *err)
{
	like_state *state = mill_mem_calloc(program->mem, 1, sizeof *state);
	if (state == NULL)
		return mill_fail_nomem(err, sizeof *state, "LIKE pattern");
	mill_bytes_init(&state->lower, program->mem);
	node->state = state;
	return MILL_OK;
}

static void like_unprepare(mill_node *node)
{
	like_state *state = node->state;
	if (state == NULL)
		return;
	mill_like_release(&state->like);
	mill_bytes_release(&state->lower);
	mill_mem_free(state);
	node->state = NULL;
}

static mill_status use_pattern(like_state *state, mill_mem *mem, mill_text pattern, bool fold, mill_error *err)
{
	if (state->ready && state->like.source_bytes == pattern.size &&
	    memcmp(state->like.source, pattern.data, pattern.size) == 0)
		return MILL_OK;
	mill_like_release(&state->like);
	state->ready = false;
	mill_status status = mill_like_compile(&state->like, mem, pattern, fold, err);
	state->ready = status == MILL_OK;
	if (status != MILL_OK)
		mill_like_release(&state->like);
	return status;
}

/* One search through the bytes of all rows; a hit that runs over its row's end is none. */
static void find_everywhere(const mill_column *c, const char *needle, size_t size, uint64_t *out)
{
	const char *end = c->bytes + c->offsets[c->rows];
	int64_t row = 0;
	for (const char *at = c->bytes; at < end;) {
		const char *hit = mill_text_search(at, (size_t)(end - at), needle, size);
		if (hit == NULL)
			return;
		int32_t offset = (int32_t)(hit - c->bytes);
		while (c->offsets[row + 1] <= offset)
			row++;
		bool inside = offset + (int64_t)size <= c->offsets[row + 1];
		if (inside)
			mill_bit_set(out, row);
		at = inside ? c->bytes + c->offsets[row + 1] : hit + 1;
	}
}

/* %literal% */
static bool is_search(const mill_like *like)
{
	return like->segments == 3 && like->ends[0] == 0 && like->ends[2] == like->ends[1] && like->ends[1] > 0 &&
	       !like->has_any[1] && !like->bad_escape;
}

static mill_status like_rows(mill_call *call, bool fold, mill_error *err)
{
	like_state *state = call->node->state;
	uint64_t *out = call->out->values;
	memset(out, 0, mill_bit_words(call->rows) * 8);
	if (call->args[1]->constant && !call->args[0]->constant && !fold) {
		MILL_TRY(use_pattern(state, call->program->mem, mill_text_arg(call, 1, 0), fold, err));
		if (is_search(&state->like)) {
			find_everywhere(&call->args[0]->column, state->like.bytes, state->like.ends[1], out);
			return MILL_OK;
		}
	}
	for (int64_t i = 0; i < call->rows; i++) {
		if (!mill_call_valid(call, i))
			continue;
		mill_text text = mill_text_arg(call, 0, i);
		if (!call->args[1]->constant || !state->ready)
			MILL_TRY(use_pattern(state, call->program->mem, mill_text_arg(call, 1, i), fold, err));
		if (state->like.bad_escape) {
			mill_call_fail_row(call, i, MILL_ROW_ESCAPE);
			continue;
		}
		if (fold) {
			state->lower.size_bytes = 0;
			if (mill_fold_lower(text.data, text.size, &state->lower) != MILL_OK)
				return mill_fail_nomem(err, text.size, "ILIKE");
			text = (mill_text){(const char *)state->lower.data, state->lower.size_bytes};
		}
		if (mill_like_match(&state->like, text))
			mill_bit_set(out, i);
	}
	return MILL_OK;
}

static mill_status like_kernel(mill_call *call, mill_error *err)
{
	return like_rows(call, false, err);
}

static mill_status ilike_kernel(mill_call *call, mill_error *err)
{
	return like_rows(call, true, err);
}

/* LIKE p ESCAPE e: the pattern with `\` as its escape; an empty e means none. */
static mill_status like_escape_row(mill_text_out *out, mill_call *call, int64_t row, mill_error *err)
{
	mill_text pattern = mill_text_arg(call, 0, row), escape = mill_text_arg(call, 1, row);
	size_t size = escape.size == 0 ? 0 : mill_char_bytes(escape.data[0]);
	if (size != escape.size) {
		mill_call_fail_row(call, row, MILL_ROW_DOMAIN);
		return MILL_OK;
	}
	for (size_t at = 0; at < pattern.size;) {
		if (size > 0 && pattern.size - at >= size && memcmp(pattern.data + at, escape.data, size) == 0) {
			at += size;
			MILL_TRY(mill_text_put(out, "\\", 1, err));
			if (at < pattern.size) {
				size_t next = mill_char_bytes(pattern.data[at]);
				MILL_TRY(mill_text_put(out, pattern.data + at, next, err));
				at += next;
			}
			continue;
		}
		if (pattern.data[at] == '\\')
			MILL_TRY(mill_text_put(out, "\\", 1, err));
		MILL_TRY(mill_text_put(out, pattern.data + at, 1, err));
		at++;
	}
	return MILL_OK;
}
MILL_TEXT_KERNEL(like_escape_kernel, like_escape_row)

static mill_status regex_prepare(mill_program *program, mill_node *node, mill_error *err)
{
	mill_regex *regex;
	MILL_TRY(mill_regex_new(program->mem, program->simd, &regex, err));
	node->state = regex;
	return MILL_OK;
}

static void regex_unprepare(mill_node *node)
{
	mill_regex_free(node->state);
	node->state = NULL;
}

/* A pattern that is written in the query is refused with it. flag_arg: where flags may be. */
static mill_status check_pattern(mill_expr_builder *b, const mill_expr *call, int flag_arg, mill_error *err)
{
	mill_text pattern, flags = {"", 0};
	mill_regex *regex;
	bool ok;
	if (!mill_expr_literal_text(call, 1, &pattern.data, &pattern.size) ||
	    (call->arg_count > flag_arg && !mill_expr_literal_text(call, flag_arg, &flags.data, &flags.size)))
		return MILL_OK;
	MILL_TRY(mill_regex_new(b->arena->mem, MILL_SIMD_PORTABLE, &regex, err));
	mill_status status = mill_regex_use(regex, pattern, flags, &ok, err);
	if (status == MILL_OK && !ok)
		status =
		    mill_builder_fail(b, call->args[1]->position, err, MILL_USAGE,
		                      "invalid regular expression \"%s\": %s", pattern.data, mill_regex_message(regex));
	mill_regex_free(regex);
	return status;
}

static mill_status check_regex(mill_expr_builder *b, const mill_expr *call, mill_error *err)
{
	return check_pattern(b, call, 2, err);
}

static mill_status check_replace(mill_expr_builder *b, const mill_expr *call, mill_error *err)
{
	return check_pattern(b, call, 3, err);
}

/* Its third argument is a group. */
static mill_status check_extract(mill_expr_builder *b, const mill_expr *call, mill_error *err)
{
	return check_pattern(b, call, call->arg_count, err);
}

/* Compiles for the row; false: the row failed. */
static mill_status row_regex(mill_call *call, int64_t row, mill_text flags, bool *ok, mill_error *err)
{
	mill_regex *regex = call->node->state;
	MILL_TRY(mill_regex_use(regex, mill_text_arg(call, 1, row), flags, ok, err));
	if (!*ok)
		mill_call_fail_row(call, row, MILL_ROW_PATTERN);
	return MILL_OK;
}

static mill_text flags_arg(const mill_call *call, int arg, int64_t row)
{
	return call->arg_count > arg ? mill_text_arg(call, arg, row) : (mill_text){"", 0};
}

/* Marks the row when the matcher gave up. */
static bool matches(mill_call *call, int64_t row, mill_text text, size_t from)
{
	mill_regex_result result = mill_regex_match(call->node->state, text, from);
	if (result == MILL_REGEX_LIMIT)
		mill_call_fail_row(call, row, MILL_ROW_PATTERN_LIMIT);
	return result == MILL_REGEX_YES;
}

static mill_status regexp_rows(mill_call *call, mill_text flags, int flag_arg, mill_error *err)
{
	uint64_t *out = call->out->values;
	memset(out, 0, mill_bit_words(call->rows) * 8);
	for (int64_t i = 0; i < call->rows; i++) {
		bool ok;
		if (!mill_call_valid(call, i))
			continue;
		MILL_TRY(row_regex(call, i, flag_arg > 0 ? flags_arg(call, flag_arg, i) : flags, &ok, err));
		if (ok && matches(call, i, mill_text_arg(call, 0, i), 0))
			mill_bit_set(out, i);
	}
	return MILL_OK;
}

static mill_status regexp_like_kernel(mill_call *call, mill_error *err)
{
	return regexp_rows(call, (mill_text){"", 0}, 2, err);
}

static mill_status regexp_ilike_kernel(mill_call *call, mill_error *err)
{
	return regexp_rows(call, (mill_text){"i", 1}, 0, err);
}

/* \1 … \9 are groups, \& the match, \\ a backslash. */
static mill_status put_replacement(mill_text_out *out, const mill_regex *regex, mill_text text, mill_text with,
                                   mill_error *err)
{
	for (size_t i = 0; i < with.size; i++) {
		char c = with.data[i];
		int group = -1;
		if (c == '\\' && i + 1 < with.size) {
			c = with.data[++i];
			group = c == '&' ? 0 : c >= '1' && c <= '9' ? c - '0' : -1;
			if (group < 0 && c != '\\')
				MILL_TRY(mill_text_put(out, "\\", 1, err));
		}
		if (group < 0) {
			MILL_TRY(mill_text_put(out, &c, 1, err));
			continue;
		}
		mill_span span = group <= mill_regex_groups(regex) ? mill_regex_span(regex, group) : (mill_span){1, 0};
		if (span.begin <= span.end)
			MILL_TRY(mill_text_put(out, text.data + span.begin, span.end - span.begin, err));
	}
	return MILL_OK;
}

/* An empty match is followed by one character as it is. */
static mill_status replace_row(mill_text_out *out, mill_call *call, int64_t row, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row), with = mill_text_arg(call, 2, row);
	mill_regex *regex = call->node->state;
	size_t copied = 0, from = 0;
	bool ok;
	MILL_TRY(row_regex(call, row, flags_arg(call, 3, row), &ok, err));
	while (ok && from <= text.size && matches(call, row, text, from)) {
		mill_span span = mill_regex_span(regex, 0);
		MILL_TRY(mill_text_put(out, text.data + copied, span.begin - copied, err));
		MILL_TRY(put_replacement(out, regex, text, with, err));
		copied = span.end;
		from = span.end;
		if (span.end == span.begin)
			from += span.end < text.size ? mill_char_bytes(text.data[span.end]) : 1;
		if (!mill_regex_is_global(regex))
			break;
	}
	return ok ? mill_text_put(out, text.data + copied, text.size - copied, err) : MILL_OK;
}
MILL_TEXT_KERNEL(regexp_replace_kernel, replace_row)

/* The text of a group of the first match; NULL (or empty, as Spark gives) without one. */
static mill_status put_group(mill_text_out *out, mill_call *call, int64_t row, int group, bool *found, mill_error *err)
{
	mill_text text = mill_text_arg(call, 0, row);
	mill_regex *regex = call->node->state;
	bool ok;
	*found = true;
	MILL_TRY(row_regex(call, row, (mill_text){"", 0}, &ok, err));
	if (!ok)
		return MILL_OK;
	*found = matches(call, row, text, 0);
	if (!*found)
		return MILL_OK;
	if (group < 0)
		group = mill_regex_groups(regex) > 0 ? 1 : 0;
	if (group > mill_regex_groups(regex)) {
		mill_call_fail_row(call, row, MILL_ROW_DOMAIN);
		return MILL_OK;
	}
	mill_span span = mill_regex_span(regex, group);
	*found = span.begin <= span.end;
	return *found ? mill_text_put(out, text.data + span.begin, span.end - span.begin, err) : MILL_OK;
}

/* These see NULLs themselves, since no match is NULL. */
static mill_status substring_kernel(mill_call *call, mill_error *err)
{
	mill_text_out out;
	MILL_TRY(mill_text_begin(&out, call, mill_text_guess(call), err));
	MILL_TRY(mill_vector_validity(call->program, call->out, err));
	memset(call->out->validity, 0, mill_bit_words(call->rows) * 8);
	for (int64_t i = 0; i < call->rows; i++) {
		bool found = false;
		if (!mill_call_arg_null(call, 0, i) && !mill_call_arg_null(call, 1, i))
			MILL_TRY(put_group(&out, call, i, -1, &found, err));
		mill_text_end_row(&out, i);
		if (found)
			mill_bit_set(call->out->validity, i);
	}
	return MILL_OK;
}

static mill_status extract_row(mill_text_out *out, mill_call *call, int64_t row, mill_error *err)
{
	bool found;
	int64_t group = call->arg_count > 2 ? mill_int_arg(call, 2, row) : 1;
	return put_group(out, call, row, group < 0 || group > 1000 ? 1001 : (int)group, &found, err);
}
MILL_TEXT_KERNEL(regexp_extract_kernel, extract_row)

static mill_status regexp_count_kernel(mill_call *call, mill_error *err)
{
	int32_t *out = call->out->values;
	for (int64_t i = 0; i < call->rows; i++) {
		bool ok;
		out[i] = 0;
		if (!mill_call_valid(call, i))
			continue;
		mill_text text = mill_text_arg(call, 0, i);
		MILL_TRY(row_regex(call, i, (mill_text){"", 0}, &ok, err));
		for (size_t from = 0; ok && from <= text.size && matches(call, i, text, from); out[i]++) {
			mill_span span = mill_regex_span(call->node->state, 0);
			from = span.end;
			if (span.end == span.begin)
				from += span.end < text.size ? mill_char_bytes(text.data[span.end]) : 1;
		}
	}
	return MILL_OK;
}

static bool starts(const mill_call *call, int64_t row)
{
	mill_text text = mill_text_arg(call, 0, row), part = mill_text_arg(call, 1, row);
	return part.size <= text.size && memcmp(text.data, part.data, part.size) == 0;
}

static bool ends(const mill_call *call, int64_t row)
{
	mill_text text = mill_text_arg(call, 0, row), part = mill_text_arg(call, 1, row);
	return part.size <= text.size && memcmp(text.data + text.size - part.size, part.data, part.size) == 0;
}

static bool holds(const mill_call *call, int64_t row)
{
	mill_text text = mill_text_arg(call, 0, row), part = mill_text_arg(call, 1, row);
	return part.size == 0 || mill_text_search(text.data, text.size, part.data, part.size) != NULL;
}

MILL_BOOL_KERNEL(starts_kernel, starts)
MILL_BOOL_KERNEL(ends_kernel, ends)
MILL_BOOL_KERNEL(contains_rows, holds)

static mill_status contains_kernel(mill_call *call, mill_error *err)
{
	mill_text needle = {NULL, 0};
	if (call->args[1]->constant && !call->args[0]->constant)
		needle = mill_text_arg(call, 1, 0);
	if (needle.size == 0)
		return contains_rows(call, err);
	memset(call->out->values, 0, mill_bit_words(call->rows) * 8);
	find_everywhere(&call->args[0]->column, needle.data, needle.size, call->out->values);
	return MILL_OK;
}

static mill_expr *negate(mill_expr_builder *b, const char *name, mill_expr *const *args, mill_error *err)
{
	mill_expr *positive = mill_expr_call(b, name, args, 2, err);
	return positive == NULL ? NULL : mill_expr_call(b, "not", &positive, 1, err);
}

#define NEGATION(NAME, positive)                                                                             \
	static mill_expr *NAME(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err) \
	{                                                                                                    \
		(void)arg_count;                                                                             \
		return negate(b, positive, args, err);                                                       \
	}
NEGATION(not_like, "~~")
NEGATION(not_ilike, "~~*")
NEGATION(not_match, "regexp_like")
NEGATION(not_imatch, "~*")

/* like(x, p [, escape]) */
static mill_expr *like_call(mill_expr_builder *b, const char *name, mill_expr *const *args, int arg_count,
                            mill_error *err)
{
	mill_expr *pair[2] = {args[0], args[1]};
	if (arg_count == 3)
		pair[1] = mill_expr_call(b, "like_escape", args + 1, 2, err);
	return pair[1] == NULL ? NULL : mill_expr_call(b, name, pair, 2, err);
}

static mill_expr *like(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return like_call(b, "~~", args, arg_count, err);
}

static mill_expr *ilike(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return like_call(b, "~~*", args, arg_count, err);
}

static mill_expr *tilde(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	return mill_expr_call(b, arg_count == 1 ? "bit_not" : "regexp_like", args, arg_count, err);
}

/* substring(x, start [, length]) or substring(x, pattern). */
static mill_expr *substring(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	bool pattern = arg_count == 2 && args[1]->type.id == MILL_TYPE_STRING;
	return mill_expr_call(b, pattern ? "regexp_substr" : "substr", args, arg_count, err);
}

/* overlay(x, with, start [, length]): substr(x, 1, start − 1) || with || substr(x, start + length). */
static mill_expr *overlay(mill_expr_builder *b, mill_expr *const *args, int arg_count, mill_error *err)
{
	mill_expr *one = mill_expr_number(b, "1", err);
	mill_expr *length = arg_count == 4 ? args[3] : mill_expr_call(b, "length", args + 1, 1, err);
	mill_expr *before[2] = {args[2], one};
	mill_expr *after[2] = {args[2], length};
	if (one == NULL || length == NULL)
		return NULL;
	mill_expr *head[3] = {args[0], one, mill_expr_call(b, "-", before, 2, err)};
	mill_expr *tail[2] = {args[0], mill_expr_call(b, "+", after, 2, err)};
	if (head[2] == NULL || tail[1] == NULL)
		return NULL;
	mill_expr *start[2] = {mill_expr_call(b, "substr", head, 3, err), args[1]};
	mill_expr *whole[2] = {start[0] == NULL ? NULL : mill_expr_call(b, "||", start, 2, err), NULL};
	whole[1] = whole[0] == NULL ? NULL : mill_expr_call(b, "substr", tail, 2, err);
	return whole[1] == NULL ? NULL : mill_expr_call(b, "||", whole, 2, err);
}

#define T MILL_TYPE_STRING
#define ROW(count, result, kernel, ...)                           \
	{                                                         \
		{__VA_ARGS__}, count, false, result, kernel, NULL \
	}
static const mill_overload like_overloads[] = {ROW(2, MILL_TYPE_BOOL, like_kernel, T, T)};
static const mill_overload ilike_overloads[] = {ROW(2, MILL_TYPE_BOOL, ilike_kernel, T, T)};
static const mill_overload escape_overloads[] = {ROW(2, T, like_escape_kernel, T, T)};
static const mill_overload regexp_like_overloads[] = {ROW(2, MILL_TYPE_BOOL, regexp_like_kernel, T, T),
                                                      ROW(3, MILL_TYPE_BOOL, regexp_like_kernel, T, T, T)};
static const mill_overload regexp_ilike_overloads[] = {ROW(2, MILL_TYPE_BOOL, regexp_ilike_kernel, T, T)};
static const mill_overload regexp_replace_overloads[] = {ROW(3, T, regexp_replace_kernel, T, T, T),
                                                         ROW(4, T, regexp_replace_kernel, T, T, T, T)};
static const mill_overload regexp_substr_overloads[] = {ROW(2, T, substring_kernel, T, T)};
static const mill_overload regexp_extract_overloads[] = {ROW(2, T, regexp_extract_kernel, T, T),
                                                         ROW(3, T, regexp_extract_kernel, T, T, MILL_TYPE_INT64)};
static const mill_overload regexp_count_overloads[] = {ROW(2, MILL_TYPE_INT32, regexp_count_kernel, T, T)};
static const mill_overload starts_overloads[] = {ROW(2, MILL_TYPE_BOOL, starts_kernel, T, T)};
static const mill_overload ends_overloads[] = {ROW(2, MILL_TYPE_BOOL, ends_kernel, T, T)};
static const mill_overload contains_overloads[] = {ROW(2, MILL_TYPE_BOOL, contains_kernel, T, T)};
#undef T

/* A pattern is wrong only where it ends with its escape character. */
static bool has_plain_pattern(const mill_expr *call)
{
	const char *pattern;
	size_t size_bytes;
	return mill_expr_literal_text(call, 1, &pattern, &size_bytes) && memchr(pattern, '\\', size_bytes) == NULL;
}

#define LIKE(text, list, line, shown)                                                                     \
	{                                                                                                 \
		.name = text, .group = MILL_GROUP_PATTERN, .help = line, MILL_LIST(list##_overloads),     \
		.prepare = like_prepare, .unprepare = like_unprepare, .display = shown, .is_infix = true, \
		.rejects_nulls = true, .never_fails = has_plain_pattern                                   \
	}
#define REGEX(text, list, look, line)                                                                 \
	{                                                                                             \
		.name = text, .group = MILL_GROUP_PATTERN, .help = line, MILL_LIST(list##_overloads), \
		.prepare = regex_prepare, .unprepare = regex_unprepare, .check = (look)               \
	}
#define PLAIN(text, list, line)                                                                      \
	{                                                                                            \
		.name = text, .group = MILL_GROUP_PATTERN, .help = line, MILL_LIST(list##_overloads) \
	}
#define REWRITE(text, function, low, high, line)                                                               \
	{                                                                                                      \
		.name = text, .group = MILL_GROUP_PATTERN, .help = line, .rewrite = function, .min_args = low, \
		.max_args = high                                                                               \
	}

static const mill_function functions[] = {
    REWRITE("like", like, 2, 3, "x LIKE p [ESCAPE e]: % any text, _ one character"),
    REWRITE("ilike", ilike, 2, 3, "x ILIKE p [ESCAPE e]: LIKE without case"),
    LIKE("~~", like, "x LIKE p, of texts: % any text, _ one character", "like"),
    LIKE("~~*", ilike, "x ILIKE p, of texts: LIKE without case", "ilike"),
    REWRITE("!~~", not_like, 2, 2, "x !~~ p: NOT x LIKE p"),
    REWRITE("!~~*", not_ilike, 2, 2, "x !~~* p: NOT x ILIKE p"),
    {.name = "like_escape",
     .group = MILL_GROUP_PATTERN,
     .standing = MILL_FUNCTION_INNER,
     .help = "like_escape(p, e): the pattern with \\ for its escape e",
     MILL_LIST(escape_overloads)},
    {.name = "~",
     .group = MILL_GROUP_PATTERN,
     .help = "x ~ p: whether the regular expression matches somewhere; ~n: every bit inverted",
     .is_operator = true,
     .rewrite = tilde,
     .min_args = 1,
     .max_args = 2},
    {.name = "~*",
     .group = MILL_GROUP_PATTERN,
     .help = "x ~* p: matches, ignoring case",
     MILL_LIST(regexp_ilike_overloads),
     .is_operator = true,
     .is_infix = true,
     .rejects_nulls = true,
     .check = check_regex,
     .prepare = regex_prepare,
     .unprepare = regex_unprepare},
    REWRITE("!~", not_match, 2, 2, "x !~ p: does not match"),
    REWRITE("!~*", not_imatch, 2, 2, "x !~* p: does not match, ignoring case"),
    {.name = "regexp_like",
     .group = MILL_GROUP_PATTERN,
     .help = "regexp_like(x, p [, flags]): whether the regular expression matches somewhere",
     MILL_LIST(regexp_like_overloads),
     .rejects_nulls = true,
     .check = check_regex,
     .prepare = regex_prepare,
     .unprepare = regex_unprepare},
    REGEX("regexp_replace", regexp_replace, check_replace,
          "regexp_replace(x, p, with [, flags]): the first match replaced, all with 'g'; \\1 is a group"),
    {.name = "regexp_substr",
     .group = MILL_GROUP_PATTERN,
     .help = "regexp_substr(x, p): the first match, or its first group; NULL without one",
     MILL_LIST(regexp_substr_overloads),
     .prepare = regex_prepare,
     .unprepare = regex_unprepare,
     .check = check_regex,
     .sees_nulls = true},
    REGEX(
        "regexp_extract", regexp_extract, check_extract,
        "regexp_extract(x, p [, group]): a group of the first match, as in Spark: 1 unless given, '' without a match"),
    REGEX("regexp_count", regexp_count, check_regex, "regexp_count(x, p): number of matches"),
    REWRITE("substring", substring, 2, 3,
            "substring(x, start [, length]): part of a text; substring(x FROM p): what the pattern finds"),
    REWRITE("overlay", overlay, 3, 4, "overlay(x PLACING y FROM start [FOR length]): part of x replaced by y"),
    PLAIN("starts_with", starts, "starts_with(x, part): whether x begins with part"),
    PLAIN("ends_with", ends, "ends_with(x, part): whether x ends with part"),
    PLAIN("contains", contains, "contains(x, part): whether part is in x"),
};

const mill_function_table mill_functions_pattern = MILL_TABLE_OF(functions);
