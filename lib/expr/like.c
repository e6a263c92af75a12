#include "expr/like.h"
#include "expr/fold.h"
#include "expr/kernels/search.h"

/* A match is leftmost and greedy per segment: the first is anchored at the start, the last at the end, those between
 * are looked for one after the other. That decides LIKE without backtracking. */

static mill_status allocate(mill_like *like, size_t size, mill_error *err)
{
	/* Each byte of the pattern may end a segment. */
	size_t total = size * (sizeof(char) * 2 + 1 + sizeof(size_t) + sizeof(bool)) + sizeof(size_t) * 2 + 16;
	char *block = mill_mem_alloc(like->mem, total);
	if (block == NULL)
		return mill_fail_nomem(err, total, "LIKE pattern");
	like->ends = (size_t *)block;
	like->bytes = block + (size + 1) * sizeof(size_t);
	like->any = (uint8_t *)like->bytes + size + 1;
	like->has_any = (bool *)(like->any + size + 1);
	like->source = (char *)(like->has_any + size + 1);
	return MILL_OK;
}

static void end_segment(mill_like *like, size_t used)
{
	size_t begin = like->segments == 0 ? 0 : like->ends[like->segments - 1];
	bool has_any = false;
	for (size_t i = begin; i < used; i++)
		has_any = has_any || like->any[i];
	like->has_any[like->segments] = has_any;
	like->ends[like->segments++] = used;
}

mill_status mill_like_compile(mill_like *like, mill_mem *mem, mill_text pattern, bool fold, mill_error *err)
{
	mill_bytes folded;
	mill_bytes_init(&folded, mem);
	*like = (mill_like){.mem = mem, .source_bytes = pattern.size};
	mill_status status = MILL_OK;
	mill_text text = pattern;
	if (fold) {
		status = mill_fold_lower(pattern.data, pattern.size, &folded);
		text = (mill_text){(const char *)folded.data, folded.size_bytes};
	}
	if (status == MILL_OK)
		status = allocate(like, text.size > pattern.size ? text.size : pattern.size, err);
	size_t used = 0;
	for (size_t i = 0; status == MILL_OK && i < text.size; i++) {
		char c = text.data[i];
		if (c == '%') {
			end_segment(like, used);
			continue;
		}
		like->any[used] = c == '_';
		if (c == '\\' && ++i == text.size) {
			like->bad_escape = true;
			break;
		}
		like->bytes[used++] = text.data[i];
	}
	if (status == MILL_OK) {
		end_segment(like, used);
		memcpy(like->source, pattern.data, pattern.size);
	}
	mill_bytes_release(&folded);
	return status;
}

void mill_like_release(mill_like *like)
{
	mill_mem_free(like->ends);
	*like = (mill_like){0};
}

/* Bytes of text that the segment matches at its start; SIZE_MAX: none. */
static size_t match_here(const mill_like *like, size_t begin, size_t end, const char *text, size_t left)
{
	size_t at = 0;
	for (size_t i = begin; i < end; i++) {
		if (at >= left)
			return SIZE_MAX;
		if (like->any[i])
			at += mill_char_bytes(text[at]);
		else if (like->bytes[i] == text[at])
			at++;
		else
			return SIZE_MAX;
	}
	return at <= left ? at : SIZE_MAX;
}

static size_t find_segment(const mill_like *like, int segment, size_t begin, size_t end, mill_text text, size_t from,
                           size_t *matched)
{
	if (!like->has_any[segment]) {
		*matched = end - begin;
		if (end == begin)
			return from;
		const char *found =
		    mill_text_search(text.data + from, text.size - from, like->bytes + begin, end - begin);
		return found == NULL ? SIZE_MAX : (size_t)(found - text.data);
	}
	for (size_t at = from; at < text.size; at += mill_char_bytes(text.data[at])) {
		*matched = match_here(like, begin, end, text.data + at, text.size - at);
		if (*matched != SIZE_MAX)
			return at;
	}
	return SIZE_MAX;
}

/* The last segment ends where the text ends: with _ it is tried at the place so many characters before. */
static bool match_tail(const mill_like *like, size_t begin, size_t end, mill_text text, size_t from)
{
	int64_t characters = 0;
	for (size_t i = begin; i < end; i++)
		characters += like->any[i] || ((uint8_t)like->bytes[i] & 0xC0) != 0x80;
	size_t at = text.size;
	while (characters > 0 && at > from) {
		at--;
		characters -= ((uint8_t)text.data[at] & 0xC0) != 0x80;
	}
	return characters == 0 && match_here(like, begin, end, text.data + at, text.size - at) == text.size - at;
}

bool mill_like_match(const mill_like *like, mill_text text)
{
	size_t end = like->ends[0];
	size_t at = match_here(like, 0, end, text.data, text.size);
	if (at == SIZE_MAX)
		return false;
	if (like->segments == 1)
		return at == text.size;
	for (int s = 1; s + 1 < like->segments; s++) {
		size_t matched, begin = end;
		end = like->ends[s];
		size_t found = find_segment(like, s, begin, end, text, at, &matched);
		if (found == SIZE_MAX)
			return false;
		at = found + matched;
	}
	return match_tail(like, end, like->ends[like->segments - 1], text, at);
}
