#include "expr/fold.h"
#include <utf8proc.h>

mill_status mill_fold_lower(const char *text, size_t size_bytes, mill_bytes *out)
{
	MILL_TRY(mill_bytes_reserve(out, size_bytes + 4));
	for (size_t at = 0; at < size_bytes;) {
		utf8proc_int32_t code = (uint8_t)text[at];
		utf8proc_uint8_t bytes[4];
		if (code < 0x80) {
			char lower = (char)(code >= 'A' && code <= 'Z' ? code + 32 : code);
			MILL_TRY(mill_bytes_append_u8(out, (uint8_t)lower));
			at++;
			continue;
		}
		utf8proc_ssize_t size =
		    utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(size_bytes - at), &code);
		if (size < 1) {
			MILL_TRY(mill_bytes_append_u8(out, (uint8_t)text[at]));
			at++;
			continue;
		}
		utf8proc_ssize_t written = utf8proc_encode_char(utf8proc_tolower(code), bytes);
		MILL_TRY(mill_bytes_append(out, bytes, (size_t)written));
		at += (size_t)size;
	}
	return MILL_OK;
}
