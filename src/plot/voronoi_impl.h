/* SPDX-License-Identifier: Apache-2.0 */
/* A Voronoi diagram being drawn. */
#ifndef CROW_CLI_PLOT_VORONOI_IMPL_H
#define CROW_CLI_PLOT_VORONOI_IMPL_H

#include "plot/plot_impl.h"
#include <crow/nearest.h>

/* What is drawn; the arrays are rank 0's. */
typedef struct crow_diagram {
  const crow_plot_source *dataset, *weights; /* weights: NULL if the areas themselves are shown */
  double lower[2], upper[2];
  int64_t count;
  double *context, *weight;
  crow_strings id, dimension;
  crow_voronoi_cells cells;
} crow_diagram;

/* Writes a cell's name and weight into it in one line, in two, or upwards, whichever fits first, in a picture of
 * `pixels`. Whether one did. Local. */
bool crow_diagram_name(crow_plot *plot, const crow_diagram *diagram, int64_t cell, const double pixels[2]);

#endif
