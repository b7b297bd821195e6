/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8_impl.h"
#include <string.h>

int crow_utf8_bytes(const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  if (at[0] < 0x80) return 1;
  const int length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
  if (at[0] < 0xc2 || at[0] > 0xf4) return 0;
  for (int i = 1; i < length; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f)) return 0;
  if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) return 0;
  return length;
}

bool crow_utf8_valid(const char *text) {
  while (*text) {
    const int bytes = crow_utf8_bytes(text);
    if (bytes == 0) return false;
    text += bytes;
  }
  return true;
}

bool crow_utf8_mend(char *text) {
  bool mended = false;
  while (*text) {
    const int bytes = crow_utf8_bytes(text);
    if (bytes == 0) *text = '?';
    mended = mended || bytes == 0;
    text += bytes ? bytes : 1;
  }
  return mended;
}

size_t crow_utf8_cut(const char *text, size_t most) {
  size_t bytes = strnlen(text, most);
  while (bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80) bytes--;
  return bytes;
}
