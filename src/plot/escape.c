/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8_impl.h"
#include "plot/escape_impl.h"

void crow_html_escape(FILE *out, const char *text) {
  for (const char *at = text; *at;) {
    const int bytes = crow_utf8_bytes(at);
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
      if (bytes == 0 || (bytes == 1 && *at != '\n' && ((unsigned char)*at < 0x20 || *at == 0x7f))) {
        (void)fputc('?', out);
      } else {
        (void)fwrite(at, 1, (size_t)bytes, out);
      }
    }
    at += bytes ? bytes : 1;
  }
}
