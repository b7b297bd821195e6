/* SPDX-License-Identifier: Apache-2.0 */
#include "plot/escape_impl.h"
#include "plot/plot_impl.h"
#include <stdlib.h>
#include <string.h>

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* Where gnuplot gives names or refers to them. */
static const char *name_mark(const char *at) {
  static const char *const marks[] = {"id=\"", "id='", "xlink:href='#", "url(#", "xlink:href=\"#"};
  for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
    if (begins(at, marks[k])) return marks[k];
  }
  return NULL;
}

/* The opening tag: `at` is behind "<svg", the result behind its ">". */
static const char *dress_tag(FILE *out, const char *at, const char *alt, int page) {
  const char *end = strchr(at, '>');
  if (!end) return at;
  (void)fprintf(out, "<svg role=\"img\" aria-label=\"");
  crow_html_escape(out, alt);
  (void)fputc('"', out);
  for (; at < end; at++) {
    if (page && (begins(at, " width=\"") || begins(at, " height=\""))) {
      at = strchr(strchr(at, '"') + 1, '"');
      continue;
    }
    (void)fputc(*at, out);
  }
  (void)fputc('>', out);
  return end + 1;
}

static const char *svg_skip(const char *at, const char *end_tag) {
  const char *end = strstr(at, end_tag);
  return end ? end + strlen(end_tag) : at;
}

static void dress(FILE *out, const char *svg, const char *alt, int page) {
  bool tagged = false, titled = false, inside = false; /* inside a tag */
  const char *at = svg, *mark = NULL;
  if (page) {
    const char *first = strstr(svg, "<svg");
    if (first) at = first;
  }
  while (*at) {
    if (!tagged && begins(at, "<svg")) {
      at = dress_tag(out, at + 4, alt, page);
      tagged = true;
    } else if (!titled && begins(at, "<title>")) {
      (void)fputs("<title>", out);
      crow_html_escape(out, alt);
      (void)fputs("</title>", out);
      at = svg_skip(at, "</title>");
    } else if (!titled && begins(at, "<desc>")) {
      (void)fprintf(out, "<desc>crow %s</desc>", crow_version());
      at = svg_skip(at, "</desc>");
      titled = true;
    } else if (page && inside && (mark = name_mark(at))) {
      (void)fprintf(out, "%sp%d-", mark, page);
      at += strlen(mark);
    } else {
      inside = *at == '<' || (inside && *at != '>');
      (void)fputc(*at++, out);
    }
  }
}

crow_status crow_svg_dress(const char *svg, const char *alt, int page, char **dressed, size_t *bytes) {
  crow_status status = CROW_OK;
  char *text = NULL;
  size_t length = 0;
  *dressed = NULL;
  FILE *out = open_memstream(&text, &length);
  if (!out) return crow_error(CROW_FAILED, "out of memory for a picture");
  dress(out, svg, alt, page);
  if (fclose(out) != 0) CROW_TRY(crow_error(CROW_FAILED, "out of memory for a picture"));
  CROW_TRY(CROW_ALLOCATE(dressed, (int64_t)length + 1));
  memcpy(*dressed, text, length);
  *bytes = length;
cleanup:
  free(text);
  return status;
}
