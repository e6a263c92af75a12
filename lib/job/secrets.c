#include "job/secrets.h"

#include <string.h>

#define CUT "…"

/* Bytes of text that spell the first n bytes of secret, quotes single or doubled; 0: they do not. */
static size_t spelled(const char *text, const char *secret, size_t n)
{
	const char *at = text;
	for (size_t i = 0; i < n; i++) {
		if (*at != secret[i])
			return 0;
		at++;
		if (secret[i] == '\'' && *at == '\'' && secret[i + 1] != '\'')
			at++;
	}
	return (size_t)(at - text);
}

static void strike(char *text, size_t n)
{
	memset(text, '*', n);
}

/* "abcd…": the longest head of the secret that ends where the text is cut. */
static void strike_head(char *text, char *cut, const char *secret, size_t length)
{
	for (size_t n = length; n > 0; n--)
		if ((size_t)(cut - text) >= n && memcmp(cut - n, secret, n) == 0) {
			strike(cut - n, n);
			return;
		}
}

/* "…efgh": the longest tail of the secret behind the cut. */
static void strike_tail(char *after, const char *secret, size_t length)
{
	for (size_t skip = 0; skip < length; skip++) {
		size_t n = spelled(after, secret + skip, length - skip);
		if (n > 0) {
			strike(after, n);
			return;
		}
	}
}

static void strike_one(char *text, const char *secret)
{
	size_t length = strlen(secret);
	if (length == 0)
		return;
	for (char *at = text; *at != '\0'; at++)
		strike(at, spelled(at, secret, length));
	for (char *cut = strstr(text, CUT); cut != NULL; cut = strstr(cut + 1, CUT)) {
		strike_head(text, cut, secret, length);
		strike_tail(cut + strlen(CUT), secret, length);
	}
}

void mill_secrets_strike(char *text, const char *const *secrets, int count)
{
	for (int i = 0; i < count; i++)
		strike_one(text, secrets[i]);
}
