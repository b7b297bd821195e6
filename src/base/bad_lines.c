/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bad_lines_impl.h"

#include <stdarg.h>
#include <string.h>

/* Room for each line shown, so that a long one cannot crowd out the others. */
enum { LINE_BYTES = (CROW_ERROR_BYTES - 128) / CROW_BAD_LINES_SHOWN, NAME_BYTES = 120 };

bool crow_bad_lines_shows(const crow_bad_lines *report) { return report->bad < CROW_BAD_LINES_SHOWN; }

void crow_bad_lines_add(crow_bad_lines *report, const char *file, int64_t line, const char *format, ...) {
  if (crow_bad_lines_shows(report)) {
    char text[LINE_BYTES], number[24] = "";
    if (line > 0) (void)snprintf(number, sizeof number, ":%lld", (long long)line);
    const size_t length = strlen(file);
    const char *tail = length > NAME_BYTES ? file + length - NAME_BYTES : file;
    (void)snprintf(text, sizeof text, "%s%s%s%s: ", report->bad ? "\n" : "", tail == file ? "" : "...", tail, number);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + strlen(text), sizeof text - strlen(text), format, arguments);
    va_end(arguments);
    const size_t used = strlen(report->text);
    (void)snprintf(report->text + used, sizeof report->text - used, "%s", text);
  }
  report->bad++;
}

crow_status crow_bad_lines_status(const crow_bad_lines *report) {
  if (report->bad == 0) return CROW_OK;
  const int64_t more = report->bad - CROW_BAD_LINES_SHOWN;
  if (more <= 0) return crow_error(CROW_BAD_INPUT, "%s", report->text);
  return crow_error(CROW_BAD_INPUT, "%s\n... and %lld more bad %s%s", report->text, (long long)more,
                    report->noun ? report->noun : "line", crow_plural(more));
}

const char *crow_quote(const char *value, char text[CROW_QUOTED_BYTES]) {
  const unsigned char *from = (const unsigned char *)value;
  size_t at = 0;
  text[at++] = '"';
  while (*from) {
    /* Cut only before a whole character (never at a continuation byte 10xxxxxx), while an escape and the dots fit. */
    if (at > 60 && ((*from & 0xc0) != 0x80 || at > 68)) {
      memcpy(text + at, "...", 3);
      at += 3;
      break;
    }
    if (*from == '\n' || *from == '\r' || *from == '\t') {
      text[at++] = '\\';
      text[at++] = *from == '\n' ? 'n' : *from == '\r' ? 'r' : 't';
    } else if (*from < 0x20 || *from == 0x7f) {
      at += (size_t)snprintf(text + at, CROW_QUOTED_BYTES - at, "\\x%02x", *from);
    } else {
      text[at++] = (char)*from;
    }
    from++;
  }
  text[at++] = '"';
  text[at] = 0;
  return text;
}
