/* Lower case of UTF-8 text. Not collective. */
#ifndef MILL_EXPR_FOLD_H
#define MILL_EXPR_FOLD_H

#include "base/bytes.h"

/* Appends the text in lower case (Unicode's simple mapping). MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_fold_lower(const char *text, size_t size_bytes, mill_bytes *out);

#endif
