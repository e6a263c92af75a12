/* Values of ${env:…} and ${file:…} are struck out of everything that is printed. Not collective. Private to the job
 * room. */
#ifndef MILL_JOB_SECRETS_H
#define MILL_JOB_SECRETS_H

#include <stddef.h>

/* Replaces every secret in text by asterisks: as it is, with its quotes doubled as SQL writes them, and the part that
 * is left where "…" cuts one off. The text's length stays. */
void mill_secrets_strike(char *text, const char *const *secrets, int count);

#endif
