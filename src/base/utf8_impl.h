/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629: no overlong forms, no surrogates). Local. */
#ifndef CROW_BASE_UTF8_IMPL_H
#define CROW_BASE_UTF8_IMPL_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at `at`, 0 if there is none. */
int crow_utf8_bytes(const char *at);
bool crow_utf8_valid(const char *text);
/* Replaces what is not valid by '?'; says whether there was any. */
bool crow_utf8_mend(char *text);
/* How many bytes of a text, `most` at the most, are whole characters. */
size_t crow_utf8_cut(const char *text, size_t most);

#endif
