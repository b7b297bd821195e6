/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/base.h>
#include <string.h>
#include <wchar.h>

/* The next character of `text`, its length in bytes and its width; a question mark for what cannot be printed. */
static const char *next_character(const char **text, size_t *length, int *width) {
  const char *from = *text;
  wchar_t wide = 0;
  mbstate_t state = {0};
  const size_t got = mbrtowc(&wide, from, strlen(from), &state);
  if (got == 0 || got > 8) { /* mbrtowc() says "invalid" and "incomplete" by the two greatest sizes */
    *text = from + 1;
    *length = 1;
    *width = 1;
    return "?";
  }
  *text = from + got;
  *width = wcwidth(wide);
  *length = got;
  if (*width >= 0) return from;
  *length = 1;
  *width = 1;
  return "?";
}

int crow_text_fit(const char *text, int most, char *out, size_t bytes) {
  size_t used = 0, cut_at = 0;
  int width = 0, cut_width = 0;
  bool cut = false;
  while (*text) {
    size_t length = 0;
    int step = 0;
    const char *character = next_character(&text, &length, &step);
    /* The place to cut is before the last column, which the ellipsis takes. */
    if (most > 0 && width + step <= most - 1) {
      cut_at = used + length;
      cut_width = width + step;
    }
    if ((most > 0 && width + step > most) || used + length + 4 >= bytes) {
      cut = true;
      break;
    }
    memcpy(out + used, character, length);
    used += length;
    width += step;
  }
  if (cut) {
    if (most > 0 && width > cut_width) {
      used = cut_at;
      width = cut_width;
    }
    memcpy(out + used, "\xe2\x80\xa6", 3);
    used += 3;
    width++;
  }
  out[used] = 0;
  return width;
}
