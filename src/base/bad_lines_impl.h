/* SPDX-License-Identifier: Apache-2.0 */
/* Bad lines of an imported file: all are counted, the first five are shown. Everything is Local. */
#ifndef CROW_BASE_BAD_LINES_IMPL_H
#define CROW_BASE_BAD_LINES_IMPL_H

#include <crow/base.h>

enum { CROW_BAD_LINES_SHOWN = 5 };

/* Zero-initialise it. */
typedef struct crow_bad_lines {
  const char *noun; /* what is counted; NULL: "line" */
  int64_t bad;
  char text[CROW_ERROR_BYTES - 128]; /* the lines shown, from which crow_bad_lines_status() makes the error */
} crow_bad_lines;

/* Whether the next bad line will be shown: if not, its message need not be made. */
bool crow_bad_lines_shows(const crow_bad_lines *report);
/* One more bad line: `FILE:LINE: ` and the message; without line number if `line` is 0. */
void crow_bad_lines_add(crow_bad_lines *report, const char *file, int64_t line, const char *format, ...)
    CROW_PRINTF(4, 5);
/* CROW_OK, or CROW_BAD_INPUT with the lines shown and "... and 12 more bad lines". */
crow_status crow_bad_lines_status(const crow_bad_lines *report);

/* A value as messages show it: in quotes, line ends and other control characters as \n and \x1b, cut to about 60 bytes
 * between two UTF-8 characters. Returns `text`. */
enum { CROW_QUOTED_BYTES = 80 };
const char *crow_quote(const char *value, char text[CROW_QUOTED_BYTES]);

#endif
