/* SPDX-License-Identifier: Apache-2.0 */
/* The page's frame and its tables. It refers to nothing outside itself, and the policy in its head holds browsers to
 * that. */
#include "plot/escape_impl.h"
#include "report/report_impl.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light;--ink:#1b1b1b;--soft:#4d4d4d;--line:#c9c9c9;--link:#005a8c}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:62rem;padding:1rem;background:#fff;color:var(--ink);"
    "font:1rem/1.5 system-ui,'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif;overflow-wrap:anywhere}"
    "h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}"
    "h2{font-size:1.3rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}"
    "h3{font-size:1.1rem;margin:1.5rem 0 .25rem}"
    "p,li{max-width:44rem}.soft,figcaption,caption{color:var(--soft)}"
    "a{color:var(--link)}a:focus-visible,.wide:focus-visible,summary:focus-visible{outline:3px solid #0072b2}"
    "nav ul{padding:0;margin:.5rem 0}nav li{display:inline;margin-right:1.2rem}figure{margin:1rem 0}"
    ".wide{overflow-x:auto}.wide svg{display:block;width:100%;max-width:42rem;height:auto}"
    "table{border-collapse:collapse;font-size:.9rem;margin:.5rem 0}"
    "caption{text-align:left;padding:.25rem 0}"
    "th,td{padding:.2rem .6rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top;"
    "font-variant-numeric:tabular-nums;overflow-wrap:normal}"
    "th{font-weight:600}th.t,td.t{text-align:left;min-width:7rem;max-width:24rem;overflow-wrap:anywhere}"
    "table.facts th,table.facts td{text-align:left}table.facts th{font-weight:400;color:var(--soft);white-space:nowrap}"
    "summary{cursor:pointer;padding:.3rem 0}"
    "@media (max-width:40rem){body{padding:.6rem}th,td{padding:.2rem .35rem}table.facts th{white-space:normal}}"
    "@media print{body{max-width:none}h2,h3{break-after:avoid}figure,tr{break-inside:avoid}.wide{overflow:visible}}";

void crow_html_begin(FILE *out, const char *title) {
  (void)fputs(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
      out);
  crow_html_escape(out, title);
  (void)fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
}

void crow_html_end(FILE *out) { (void)fputs("</body>\n</html>\n", out); }

void crow_html_print(FILE *out, const char *format, ...) {
  char text[8192];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  crow_html_escape(out, text);
}

void crow_html_table_open(FILE *out, const char *caption) {
  (void)fputs("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
  crow_html_escape(out, caption);
  (void)fputs("\"><table><caption>", out);
  crow_html_escape(out, caption);
  (void)fputs("</caption>\n<thead><tr>", out);
}

void crow_html_table_head(FILE *out, bool text, const char *name, int bytes) {
  (void)fprintf(out, "<th scope=\"col\"%s>", text ? " class=\"t\"" : "");
  crow_html_print(out, "%.*s", bytes, name);
  (void)fputs("</th>", out);
}

void crow_html_table_rows(FILE *out) { (void)fputs("</tr></thead>\n<tbody>\n", out); }

void crow_html_table(FILE *out, const char *caption, const char *columns) {
  crow_html_table_open(out, caption);
  while (*columns) {
    const bool text = *columns == '<';
    columns += text;
    const int length = (int)strcspn(columns, "|");
    crow_html_table_head(out, text, columns, length);
    columns += length + (columns[length] == '|');
  }
  crow_html_table_rows(out);
}

void crow_html_table_end(FILE *out) { (void)fputs("</tbody></table></div>\n", out); }

void crow_html_cell(FILE *out, bool heads, const char *text) {
  (void)fputs(heads ? "<th scope=\"row\" class=\"t\">" : "<td class=\"t\">", out);
  crow_html_escape(out, text);
  (void)fputs(heads ? "</th>" : "</td>", out);
}

void crow_html_number(FILE *out, const char *format, double value) {
  char text[64] = "–";
  if (strcmp(format, "%.0f") == 0) {
    (void)snprintf(text, sizeof text, "%.0f", value);
  } else if (strcmp(format, "%.4f") == 0 && isfinite(value)) {
    (void)snprintf(text, sizeof text, "%.4f", value);
  } else if (isfinite(value)) {
    (void)snprintf(text, sizeof text, "%.4g", value);
  }
  const bool negative_zero = text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1);
  (void)fprintf(out, "<td>%s</td>", text + negative_zero);
}
