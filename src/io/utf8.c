/* SPDX-License-Identifier: Apache-2.0 */
#include "io/survey_impl.h"

/* Length of the valid UTF-8 sequence at `at` (RFC 3629: no overlong forms, no surrogates), or 0. */
static int sequence(const unsigned char *at) {
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

bool crow_utf8_mend(char *text) {
  bool mended = false;
  for (unsigned char *at = (unsigned char *)text; *at;) {
    const int length = sequence(at);
    if (length == 0) *at = '?';
    mended = mended || length == 0;
    at += length ? length : 1;
  }
  return mended;
}
