#define PCRE2_CODE_UNIT_WIDTH 8
#include "expr/regex.h"

#include "base/simd.h"
#include <pcre2.h>
#include <stdio.h>

#define MATCH_LIMIT 10000000

struct mill_regex {
	mill_mem *mem;
	pcre2_general_context *general;
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_code *code;
	pcre2_match_data *data;
	mill_bytes key; /* pattern, 0, flags: what code was made from */
	bool has_key;
	bool global;
	bool compiles; /* to machine code */
	char message[160];
};

static void *give(PCRE2_SIZE size, void *mem)
{
	return mill_mem_alloc(mem, size);
}

static void take_back(void *block, void *mem)
{
	(void)mem;
	mill_mem_free(block);
}

mill_status mill_regex_new(mill_mem *mem, int simd, mill_regex **out, mill_error *err)
{
	mill_regex *regex = mill_mem_calloc(mem, 1, sizeof *regex);
	if (regex == NULL)
		return mill_fail_nomem(err, sizeof *regex, "regular expression");
	regex->mem = mem;
	regex->compiles = simd != MILL_SIMD_PORTABLE;
	mill_bytes_init(&regex->key, mem);
	regex->general = pcre2_general_context_create(give, take_back, mem);
	if (regex->general != NULL) {
		regex->compile = pcre2_compile_context_create(regex->general);
		regex->match = pcre2_match_context_create(regex->general);
	}
	if (regex->compile == NULL || regex->match == NULL) {
		mill_regex_free(regex);
		return mill_fail_nomem(err, sizeof *regex, "regular expression");
	}
	pcre2_set_match_limit(regex->match, MATCH_LIMIT);
	*out = regex;
	return MILL_OK;
}

static void drop_code(mill_regex *regex)
{
	pcre2_match_data_free(regex->data);
	pcre2_code_free(regex->code);
	regex->data = NULL;
	regex->code = NULL;
}

void mill_regex_free(mill_regex *regex)
{
	if (regex == NULL)
		return;
	drop_code(regex);
	pcre2_match_context_free(regex->match);
	pcre2_compile_context_free(regex->compile);
	pcre2_general_context_free(regex->general);
	mill_bytes_release(&regex->key);
	mill_mem_free(regex);
}

static bool read_flags(mill_regex *regex, mill_text flags, uint32_t *options)
{
	regex->global = false;
	*options = PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY;
	for (size_t i = 0; i < flags.size; i++)
		switch (flags.data[i]) {
		case 'g': regex->global = true; break;
		case 'i': *options |= PCRE2_CASELESS; break;
		case 'c': *options &= ~(uint32_t)PCRE2_CASELESS; break;
		case 'x': *options |= PCRE2_EXTENDED; break;
		case 's': break;
		case 'n':
		case 'm': *options = (*options & ~(uint32_t)PCRE2_DOTALL) | PCRE2_MULTILINE; break;
		default:
			snprintf(regex->message, sizeof regex->message, "unknown flag \"%c\" (g, i, c, n, s, x)",
			         flags.data[i]);
			return false;
		}
	return true;
}

static bool same_key(const mill_regex *regex, mill_text pattern, mill_text flags)
{
	const mill_bytes *key = &regex->key;
	return regex->has_key && key->size_bytes == pattern.size + 1 + flags.size &&
	       memcmp(key->data, pattern.data, pattern.size) == 0 &&
	       memcmp(key->data + pattern.size + 1, flags.data, flags.size) == 0;
}

mill_status mill_regex_use(mill_regex *regex, mill_text pattern, mill_text flags, bool *ok, mill_error *err)
{
	uint32_t options;
	int error = 0;
	PCRE2_SIZE at = 0;
	if (same_key(regex, pattern, flags)) {
		*ok = regex->code != NULL;
		return MILL_OK;
	}
	drop_code(regex);
	regex->has_key = false;
	regex->key.size_bytes = 0;
	if (mill_bytes_append(&regex->key, pattern.data, pattern.size) != MILL_OK ||
	    mill_bytes_append_u8(&regex->key, 0) != MILL_OK ||
	    mill_bytes_append(&regex->key, flags.data, flags.size) != MILL_OK)
		return mill_fail_nomem(err, pattern.size, "regular expression");
	regex->has_key = true;
	*ok = false;
	if (!read_flags(regex, flags, &options))
		return MILL_OK;
	regex->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size, options, &error, &at, regex->compile);
	if (regex->code == NULL && error == PCRE2_ERROR_HEAP_FAILED)
		return mill_fail_nomem(err, pattern.size, "regular expression");
	if (regex->code == NULL) {
		PCRE2_UCHAR text[120];
		pcre2_get_error_message(error, text, sizeof text);
		snprintf(regex->message, sizeof regex->message, "%s at byte %zu", (const char *)text, (size_t)at);
		return MILL_OK;
	}
	/* Where the machine refuses to run generated code, matching goes on without it. */
	if (regex->compiles)
		(void)pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
	regex->data = pcre2_match_data_create_from_pattern(regex->code, regex->general);
	if (regex->data == NULL)
		return mill_fail_nomem(err, 64, "regular expression");
	*ok = true;
	return MILL_OK;
}

const char *mill_regex_message(const mill_regex *regex)
{
	return regex->message;
}

bool mill_regex_is_global(const mill_regex *regex)
{
	return regex->global;
}

mill_regex_result mill_regex_match(mill_regex *regex, mill_text text, size_t from)
{
	int found = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.size, from, PCRE2_NO_UTF_CHECK, regex->data,
	                        regex->match);
	/* Machine code counts its steps otherwise: where it gives up, the interpreter has the last word. */
	if (found == PCRE2_ERROR_JIT_STACKLIMIT || found == PCRE2_ERROR_MATCHLIMIT)
		found = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.size, from,
		                    PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, regex->data, regex->match);
	if (found == PCRE2_ERROR_NOMATCH)
		return MILL_REGEX_NO;
	return found < 0 ? MILL_REGEX_LIMIT : MILL_REGEX_YES;
}

int mill_regex_groups(const mill_regex *regex)
{
	return (int)pcre2_get_ovector_count(regex->data) - 1;
}

mill_span mill_regex_span(const mill_regex *regex, int group)
{
	const PCRE2_SIZE *spans = pcre2_get_ovector_pointer(regex->data);
	if (spans[2 * group] == PCRE2_UNSET)
		return (mill_span){1, 0};
	return (mill_span){spans[2 * group], spans[2 * group + 1]};
}
