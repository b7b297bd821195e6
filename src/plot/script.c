/* SPDX-License-Identifier: Apache-2.0 */
#include "plot/plot_impl.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_PIXELS = 30, LEGEND_PIXELS = 21, STACKED_GAP = 74, BELOW = 60, PIXELS_A_COLUMN = 22 };
static const double ROW_NAME_FROM = 40;

crow_status crow_plot_create(const crow_comm *comm, int count, crow_plot_source *source, const char *title,
                             double width, crow_plot *plot) {
  *plot = (crow_plot){.comm = comm,
                      .root = crow_comm_rank(comm) == 0,
                      .count = count,
                      .source = source,
                      .title = title && *title ? title : NULL,
                      .width = width};
  if (plot->root) {
    plot->script = open_memstream(&plot->text, &plot->length);
    if (!plot->script) return crow_error(CROW_FAILED, "out of memory for a picture");
  }
  return CROW_OK;
}

void crow_plot_free(crow_plot *plot) {
  if (plot->script) (void)fclose(plot->script);
  free(plot->text); /* open_memstream() allocated it */
  *plot = (crow_plot){0};
}

void crow_plot_add(crow_plot *plot, const char *format, ...) {
  if (!plot->script) return;
  va_list arguments;
  va_start(arguments, format);
  (void)vfprintf(plot->script, format, arguments);
  va_end(arguments);
}

void crow_plot_add_real(crow_plot *plot, double value) {
  if (isfinite(value)) {
    crow_plot_add(plot, " %.9g", value);
  } else {
    crow_plot_add(plot, " NaN");
  }
}

int crow_plot_quote(const char *text, int most, char *quoted, size_t bytes) {
  char safe[1024];
  size_t used = 0;
  const int width = crow_text_fit(text, most, safe, sizeof safe < bytes / 2 ? sizeof safe : bytes / 2);
  /* In single quotes gnuplot expands nothing; a quote is written twice. */
  quoted[used++] = '\'';
  for (const char *c = safe; *c && used + 4 < bytes; c++) {
    if (*c == '\'') quoted[used++] = '\'';
    quoted[used++] = *c;
  }
  quoted[used++] = '\'';
  quoted[used] = 0;
  return width;
}

static double top_pixels(const crow_plot *plot, int legend_lines) {
  return 20 + (plot->title ? TITLE_PIXELS : 0) + LEGEND_PIXELS * (double)legend_lines;
}

static void add_margins(crow_plot *plot, double left, double right, double bottom, double top) {
  plot->left = left;
  plot->right = plot->width - right;
  plot->bottom = bottom;
  plot->top = top;
  crow_plot_add(plot, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", left / plot->width,
                plot->right / plot->width);
  crow_plot_add(plot, "set bmargin at screen %.6f\nset tmargin at screen %.6f\n", bottom / plot->height,
                top / plot->height);
}

void crow_plot_axes(crow_plot *plot, const char *x, const char *y) {
  char quoted[512];
  const double half = 4 * crow_plot_quote(x, 0, quoted, sizeof quoted); /* of the name's length, about */
  const double middle = fmin((plot->left + plot->right) / 2, plot->width - half - 4);
  crow_plot_add(plot, "set label 9001 %s at screen %.6f,%.6f center noenhanced\n", quoted, middle / plot->width,
                (plot->bottom - 48) / plot->height);
  if (!y) return;
  (void)crow_plot_quote(y, 0, quoted, sizeof quoted);
  crow_plot_add(plot, "set label 9002 %s at screen %.6f,%.6f center rotate by 90 noenhanced\n", quoted,
                16 / plot->width, (plot->bottom + plot->top) / 2 / plot->height);
}

/* What is too long loses its middle: names often differ at their ends. */
static void cut_middle(const char *name, int most, char *out, size_t bytes) {
  char safe[1024], rest[1024];
  const int width = crow_text_fit(name, 0, safe, sizeof safe);
  if (most < 3 || width <= most) {
    (void)crow_text_fit(name, most, out, bytes);
    return;
  }
  const int used = crow_text_fit(safe, (most + 1) / 2, out, bytes); /* ends with an ellipsis */
  const char *from = safe;
  while (*from && crow_text_fit(from, 0, rest, sizeof rest) > most - used) {
    from++;
    while (((unsigned char)*from & 0xC0) == 0x80) from++; /* within a character */
  }
  const size_t at = strlen(out);
  (void)crow_text_fit(from, 0, out + at, bytes - at);
}

int crow_plot_add_row_name(crow_plot *plot, double y, int64_t place, const char *name) {
  char quoted[1024], fitted[512];
  const int room = (int)(plot->width / PIXELS_A_COLUMN);
  const int most = room < CROW_PLOT_ROW_COLUMNS ? room : CROW_PLOT_ROW_COLUMNS;
  cut_middle(name, most, fitted, sizeof fitted);
  const int width = crow_plot_quote(fitted, most, quoted, sizeof quoted);
  if (place) {
    crow_plot_add(plot, "set label '%lld' at screen %.6f,first %.1f right noenhanced textcolor '#666666'\n",
                  (long long)place, ROW_NAME_FROM / plot->width, y);
  }
  crow_plot_add(plot, "set label %s at screen %.6f,first %.1f left noenhanced\n", quoted,
                (ROW_NAME_FROM + 8) / plot->width, y);
  return width;
}

double crow_plot_row_pixels(int widest) { return ROW_NAME_FROM + 22 + 8.2 * widest; }

void crow_plot_sparse_tics(crow_plot *plot, double least, double greatest) {
  const double most = fmax((plot->right - plot->left) / 64, 1), rough = (greatest - least) / most;
  if (!(rough > 0) || !isfinite(rough)) return;
  const double power = pow(10, floor(log10(rough))), times = rough / power;
  crow_plot_add(plot, "set xtics %.9g\n", power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10));
}

/* Title and legend stand above the (upper) frame, from the left edge of the picture. */
static void add_head(crow_plot *plot) {
  char quoted[1024];
  if (plot->title) {
    (void)crow_plot_quote(plot->title, (int)(plot->width / 9.6), quoted, sizeof quoted);
    crow_plot_add(plot, "set label 9999 %s at screen %.6f,%.6f left noenhanced font title_font\n", quoted,
                  14 / plot->width, 1 - 20 / plot->height);
  }
  crow_plot_add(plot, "set key at screen %.6f,%.6f top left Left reverse noenhanced samplen 1.5 vertical maxcols 1\n",
                14 / plot->width, 1 - (8 + (plot->title ? TITLE_PIXELS : 0)) / plot->height);
}

void crow_plot_frame(crow_plot *plot, double left, double right, double bottom, double inside, int legend_lines) {
  plot->height = bottom + inside + top_pixels(plot, legend_lines);
  add_head(plot);
  add_margins(plot, left, right, bottom, bottom + inside);
}

void crow_plot_frame_row(crow_plot *plot, double left, double right, double inside, int legend_lines, int row,
                         int rows) {
  const double each = inside + STACKED_GAP, bottom = BELOW + each * (rows - 1 - row);
  plot->height = BELOW + each * (rows - 1) + inside + top_pixels(plot, legend_lines);
  if (row == 0)
    add_head(plot);
  else
    crow_plot_add(plot, "unset label 9999\nset key off\n");
  add_margins(plot, left, right, bottom, bottom + inside);
}

void crow_plot_frame_stacked(crow_plot *plot, double left, double right, double inside, int legend_lines, bool upper) {
  crow_plot_frame_row(plot, left, right, inside, legend_lines, !upper, 2);
}

/* Okabe and Ito's palette, which people with any kind of colour vision tell apart, without its yellow, which paper
 * does not show; shapes differ too, so that nothing hangs on colour alone. */
const char *crow_plot_color(int index) {
  static const char *const colors[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"};
  return colors[index % (int)(sizeof colors / sizeof *colors)];
}

int crow_plot_point(int index) {
  static const int points[] = {7, 5, 9, 13, 11, 6, 4, 8};
  return points[index % (int)(sizeof points / sizeof *points)];
}

void crow_plot_log_axis(crow_plot *plot, const char *axis, double least, double greatest) {
  const int low = (int)floor(log10(least) + 1e-9), high = (int)ceil(log10(greatest) - 1e-9);
  const int span = high > low ? high - low : 1, step = 1 + (span - 1) / 7;
  crow_plot_add(plot, "set logscale %s\nset %srange [1e%d:1e%d]\n", axis, axis, low, low + span);
  /* Every step-th power of ten is named: with all of them the names would collide. */
  crow_plot_add(plot, "set %stics 1e%d,1e%d format '10^{%%T}'\n", axis, low, step);
  crow_plot_add(plot, step == 1 ? "set m%stics 10\n" : "unset m%stics\n", axis);
  /* A single decade has its end and two values between named too: one name would tell nothing. */
  if (span == 1) {
    crow_plot_add(plot, "set %stics add ('2·10^{%d}' 2e%d, '5·10^{%d}' 5e%d, '10^{%d}' 1e%d)\n", axis, low, low, low,
                  low, low + 1, low + 1);
  }
}
