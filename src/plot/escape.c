/* SPDX-License-Identifier: Apache-2.0 */
#include "plot/escape_impl.h"
#include <stdbool.h>
#include <stdint.h>

/* Bytes of the UTF-8 character at `at`, 0 if there is none. */
static int character_bytes(const unsigned char *at) {
  static const struct {
    unsigned char mask, mark;
    uint32_t least;
  } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
  for (int bytes = 1; bytes <= 4; bytes++) {
    const unsigned char mask = forms[bytes - 1].mask;
    if ((*at & mask) != forms[bytes - 1].mark) continue;
    uint32_t value = *at & (unsigned char)~mask;
    for (int k = 1; k < bytes; k++) {
      if ((at[k] & 0xc0) != 0x80) return 0;
      value = (value << 6) | (at[k] & 0x3f);
    }
    const bool surrogate = value >= 0xd800 && value < 0xe000;
    return value >= forms[bytes - 1].least && value < 0x110000 && !surrogate ? bytes : 0;
  }
  return 0;
}

void crow_html_escape(FILE *out, const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  while (*at) {
    const int bytes = character_bytes(at);
    switch (*at) {
    case '&':
      (void)fputs("&amp;", out);
      break;
    case '<':
      (void)fputs("&lt;", out);
      break;
    case '>':
      (void)fputs("&gt;", out);
      break;
    case '"':
      (void)fputs("&quot;", out);
      break;
    case '\'':
      (void)fputs("&#39;", out);
      break;
    default:
      if (bytes == 0 || (bytes == 1 && *at != '\n' && (*at < 0x20 || *at == 0x7f))) {
        (void)fputc('?', out);
      } else {
        (void)fwrite(at, 1, (size_t)bytes, out);
      }
    }
    at += bytes ? bytes : 1;
  }
}
