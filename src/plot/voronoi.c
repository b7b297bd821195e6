/* SPDX-License-Identifier: Apache-2.0 */
/* The Voronoi diagram of alternatives in the plane, each cell with its weight (the paper's Figures 1 and 2). */
#include "plot/voronoi_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MOST = 20000, NAMED_MOST = 60 };

static crow_status find_sources(const crow_plot *plot, crow_diagram *d) {
  for (int k = 0; k < plot->count; k++) {
    const crow_plot_source *source = &plot->source[k];
    const crow_plot_source **place = source->kind == CROW_IS_DATASET ? &d->dataset : &d->weights;
    if (*place || source->kind == CROW_IS_JSON) {
      return crow_error(CROW_USAGE, "%s: --kind voronoi takes one dataset, and at most one weights or rewards file",
                        source->path);
    }
    *place = source;
  }
  if (!d->dataset) {
    return crow_error(CROW_USAGE, "--kind voronoi needs the dataset, whose contexts are drawn, beside %s",
                      d->weights->path);
  }
  int64_t shape[2], weights[2];
  crow_file_shape(d->dataset->file, "/alternatives/context", shape);
  d->count = shape[0];
  if (d->count == 0) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: has no contexts (/alternatives/context); expected some of 2 dimensions for "
                      "a Voronoi diagram",
                      d->dataset->path);
  }
  if (shape[1] != 2) {
    return crow_error(CROW_BAD_INPUT, "%s: /alternatives/context has %lld dimensions; expected 2 for a Voronoi diagram",
                      d->dataset->path, (long long)shape[1]);
  }
  if (crow_file_has(d->dataset->file, "/alternatives/prompt")) {
    return crow_error(
        CROW_BAD_INPUT,
        "%s: alternatives compete within their prompts; expected a dataset without /alternatives/prompt for "
        "a Voronoi diagram",
        d->dataset->path);
  }
  if (d->count > CELLS_MOST) {
    return crow_error(CROW_BAD_INPUT, "%s: %lld alternatives; a Voronoi diagram shows at most %d", d->dataset->path,
                      (long long)d->count, CELLS_MOST);
  }
  if (!d->weights) return CROW_OK;
  const char *path = d->weights->kind == CROW_IS_REWARDS ? "/rewards/weight" : "/weights/value";
  crow_file_shape(d->weights->file, path, weights);
  if (weights[0] == d->count) return CROW_OK;
  return crow_error(CROW_BAD_INPUT, "%s: %s has shape (%lld), expected (%lld) as %s has alternatives", d->weights->path,
                    path, (long long)weights[0], (long long)d->count, d->dataset->path);
}

static crow_status read_points(const crow_plot *plot, crow_diagram *d) {
  const crow_comm *comm = plot->comm;
  const int64_t mine = plot->root ? d->count : 0;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(&d->context, 2 * mine));
  CROW_NEED(crow_file_read(d->dataset->file, "/alternatives/context", 0, mine, CROW_F64, d->context));
  if (crow_file_has(d->dataset->file, "/alternatives/id")) {
    CROW_NEED(crow_file_read_strings(d->dataset->file, "/alternatives/id", 0, mine, &d->id));
  }
  if (crow_file_has(d->dataset->file, "/alternatives/dimension")) {
    CROW_NEED(
        crow_file_read_strings(d->dataset->file, "/alternatives/dimension", 0, plot->root ? 2 : 0, &d->dimension));
  }
  if (d->weights) {
    const char *path = d->weights->kind == CROW_IS_REWARDS ? "/rewards/weight" : "/weights/value";
    int64_t count = 0;
    CROW_NEED(crow_plot_read(comm, d->weights->file, path, &count, &d->weight));
  }
  return CROW_OK;
}

/* S as the weights were computed in it, where that is a box; else the unit cube if it holds all, or the contexts'
 * bounding box. Rank 0's. */
static void find_box(crow_diagram *d) {
  char *space = NULL, *margin = NULL;
  double least[2] = {INFINITY, INFINITY}, greatest[2] = {-INFINITY, -INFINITY}, widening = 0;
  for (int64_t i = 0; i < 2 * d->count; i++) {
    least[i % 2] = fmin(least[i % 2], d->context[i]);
    greatest[i % 2] = fmax(greatest[i % 2], d->context[i]);
  }
  bool cube = true;
  for (int axis = 0; axis < 2; axis++) cube = cube && least[axis] >= 0 && greatest[axis] <= 1;
  /* What was asked for may be auto; what was taken is an attribute of the file itself. */
  const bool taken = d->weights && crow_file_has_attribute(d->weights->file, "/", "space");
  const char *const at = taken ? "/" : "/provenance", *const name = taken ? "space" : "option_space";
  if (d->weights && crow_file_has_attribute(d->weights->file, at, name) &&
      crow_file_get_text(d->weights->file, at, name, &space) == CROW_OK) {
    cube = strcmp(space, "cube") == 0;
    if (crow_file_has_attribute(d->weights->file, "/provenance", "option_margin") &&
        crow_file_get_text(d->weights->file, "/provenance", "option_margin", &margin) == CROW_OK) {
      widening = strcmp(space, "box") == 0 ? strtod(margin, NULL) : 0;
    }
  }
  for (int axis = 0; axis < 2; axis++) {
    const double span = greatest[axis] - least[axis];
    d->lower[axis] = cube ? 0 : least[axis] - widening * span - (span > 0 ? 0 : .5);
    d->upper[axis] = cube ? 1 : greatest[axis] + widening * span + (span > 0 ? 0 : .5);
  }
  CROW_FREE(space, margin);
}

static crow_status divide_diagram(crow_diagram *d) {
  find_box(d);
  CROW_NEED(crow_voronoi_cells_2d(d->context, d->count, d->lower, d->upper, &d->cells));
  if (!d->weight) {
    CROW_NEED(CROW_ALLOCATE(&d->weight, d->count));
    CROW_NEED(crow_voronoi_exact_2d(d->context, d->count, d->lower, d->upper, d->weight));
  }
  return CROW_OK;
}

static void add_polygons(crow_plot *plot, const crow_diagram *d) {
  crow_plot_add(plot, "$cells << EOD\n");
  for (int64_t i = 0; i < d->count; i++) {
    const int64_t begin = d->cells.begin[i], end = d->cells.begin[i + 1];
    if (begin == end) continue;
    for (int64_t k = begin; k <= end; k++) {
      const double *v = d->cells.vertex + 2 * (k < end ? k : begin);
      crow_plot_add(plot, "%.9g %.9g %.9g\n", v[0], v[1], d->weight[i]);
    }
    crow_plot_add(plot, "\n");
  }
  crow_plot_add(plot, "EOD\n$sites << EOD\n");
  for (int64_t i = 0; i < d->count; i++) crow_plot_add(plot, "%.9g %.9g\n", d->context[2 * i], d->context[2 * i + 1]);
  crow_plot_add(plot, "EOD\n");
}

static void draw_diagram(crow_plot *plot, const crow_diagram *d) {
  /* With few cells their numbers are printed; the bar of colours and its room are for many. */
  const double right = d->count > NAMED_MOST ? 110 : 30;
  const double across = plot->width - 84 - right, ratio = (d->upper[1] - d->lower[1]) / (d->upper[0] - d->lower[0]);
  double pixels[2] = {across, across * ratio};
  if (pixels[1] > 900) pixels[1] = 900;
  if (pixels[1] < 160) pixels[1] = 160;
  int64_t unnamed = 0;
  double greatest = 0;
  add_polygons(plot, d);
  for (int64_t i = 0; i < d->count; i++) {
    if (d->count > NAMED_MOST || !crow_diagram_name(plot, d, i, pixels)) unnamed++;
    greatest = fmax(greatest, d->weight[i]);
  }
  crow_plot_frame(plot, 84, right, unnamed ? 90 : 60, pixels[1], 0);
  crow_plot_axes(plot, d->dimension.count ? crow_strings_get(&d->dimension, 0) : "first coordinate of the context",
                 d->dimension.count ? crow_strings_get(&d->dimension, 1) : "second coordinate of the context");
  if (unnamed) {
    crow_plot_add(plot,
                  "set label 'names and weights of %lld cells are not shown' at screen %.6f,%.6f left font small_font "
                  "textcolor '#444444'\n",
                  (long long)unnamed, 14 / plot->width, 14 / plot->height);
  }
  crow_plot_add(plot,
                "set key off\nunset grid\nset border 0\n"
                "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n",
                d->lower[0], d->upper[0], d->lower[1], d->upper[1]);
  crow_plot_add(plot,
                "set palette defined (0 '#ffffff', 0.5 '#bfe0f5', 1 '#56B4E9')\nset cbrange [0:%.9g]\n"
                "set style fill solid 1 border linecolor '#333333'\nset clip two\n",
                greatest > 0 ? greatest : 1);
  if (d->count <= NAMED_MOST) {
    crow_plot_add(plot, "unset colorbox\n");
  } else {
    crow_plot_add(plot,
                  "set label 'weight' at screen %.6f,graph 1 left offset 0,0.6 font small_font textcolor '#444444'\n"
                  "set colorbox user origin screen %.6f,graph 0 size screen %.6f,graph 1\n",
                  1 - 98 / plot->width, 1 - 98 / plot->width, 14 / plot->width);
  }
  crow_plot_add(plot,
                "plot $cells using 1:2:3 with polygons fillcolor palette, $cells using 1:2 with lines linewidth "
                "%g linecolor '#333333', $sites using 1:2 with points pointtype 7 pointsize %g linecolor '#000000'\n",
                d->count > 1000 ? .4 : 1.2,
                d->count > 1000         ? .15
                : d->count > NAMED_MOST ? .35
                                        : .8);
}

crow_status crow_plot_voronoi(crow_plot *plot) {
  crow_status status = CROW_OK;
  crow_diagram d = {0};
  CROW_TRY(find_sources(plot, &d));
  CROW_TRY(read_points(plot, &d));
  CROW_TRY_AGREE(plot->comm, plot->root ? divide_diagram(&d) : CROW_OK);
  if (plot->root) draw_diagram(plot, &d);
  (void)snprintf(plot->alt, sizeof plot->alt, "Voronoi diagram of the %lld alternatives of %s with their weights",
                 (long long)d.count, d.dataset->label);
cleanup:
  CROW_FREE(d.context, d.weight);
  crow_strings_free(&d.id);
  crow_strings_free(&d.dimension);
  crow_voronoi_cells_free(&d.cells);
  return status;
}
