/* SPDX-License-Identifier: Apache-2.0 */
/* Where the grid has nodes: one stretch over all rewards, or, when they are far apart, a stretch around each group. */
#include "preference/convolution_impl.h"
#include <math.h>

enum { BINS = 1 << 20 };

static double cell_of(double reward) { return floor(reward * CROW_GRID_PER_UNIT); }

/* The ranks' least and greatest cell of positive weight; false if a reward is not finite or its cell no integer. */
static crow_status find_range(const crow_comm *comm, int64_t count, const double *reward, const double *weight,
                              double *least, double *greatest, bool *fits) {
  double bound[3] = {-INFINITY, -INFINITY, 0}; /* -least, greatest, whether one is unusable */
  for (int64_t i = 0; i < count; i++) {
    if (!(weight[i] > 0)) continue;
    if (!(fabs(reward[i]) < 0x1p50)) bound[2] = 1;
    bound[0] = -reward[i] > bound[0] ? -reward[i] : bound[0];
    bound[1] = reward[i] > bound[1] ? reward[i] : bound[1];
  }
  CROW_NEED(crow_comm_max_f64(comm, bound, 3));
  *fits = bound[2] == 0;
  if (bound[1] < -bound[0]) bound[0] = bound[1] = 0; /* no weight at all */
  *least = cell_of(-bound[0]);
  *greatest = cell_of(bound[1]);
  return CROW_OK;
}

static int64_t place_nodes(crow_convolution *convolution) {
  int64_t nodes = 0;
  for (int64_t k = 0; k < convolution->segments; k++) {
    convolution->segment[k].node = nodes;
    nodes += convolution->segment[k].cells + CROW_GRID_STENCIL - 1;
  }
  return nodes;
}

/* Runs of occupied bins, cut where nothing lies for twice the reach: each gets its stretch, with the reach on both
 * sides, so that whatever lies between two stretches is as at the nearer end. */
static crow_status make_segments(crow_convolution *convolution, const int64_t *occupied, int64_t first_cell,
                                 int64_t width) {
  const int64_t apart = 2 * CROW_GRID_BAND / width + 2;
  for (int pass = 0; pass < 2; pass++) {
    int64_t last = -apart - 1;
    convolution->segments = 0;
    for (int64_t bin = 0; bin < BINS; bin++) {
      if (!occupied[bin]) continue;
      if (bin - last > apart) convolution->segments++;
      last = bin;
      if (pass == 0) continue;
      crow_grid_segment *s = &convolution->segment[convolution->segments - 1];
      if (s->cells == 0) s->cell = first_cell + bin * width - CROW_GRID_BAND;
      s->cells = first_cell + (bin + 1) * width + CROW_GRID_BAND - s->cell;
    }
    if (pass == 0) {
      crow_grid_segment *segment = NULL;
      CROW_NEED(CROW_ALLOCATE(&segment, convolution->segments));
      crow_free(convolution->segment);
      convolution->segment = segment;
    }
  }
  return CROW_OK;
}

/* The layout for rewards that are scattered over more than the grid can hold in one stretch. */
static crow_status lay_out_groups(const crow_comm *comm, crow_convolution *convolution, int64_t count,
                                  const double *reward, const double *weight, int64_t first_cell, int64_t cells) {
  crow_status status = CROW_OK;
  int64_t *occupied = NULL;
  const int64_t width = cells / BINS + 1;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&occupied, BINS));
  for (int64_t i = 0; i < count; i++) {
    if (weight[i] > 0) occupied[((int64_t)cell_of(reward[i]) - first_cell) / width] = 1;
  }
  CROW_TRY(crow_comm_max_i64(comm, occupied, BINS));
  CROW_TRY_AGREE(comm, make_segments(convolution, occupied, first_cell, width));
cleanup:
  crow_free(occupied);
  return status;
}

crow_status crow_convolution_layout(const crow_comm *comm, crow_convolution *convolution, int64_t count,
                                    const double *reward, const double *weight, int margin, bool *fits) {
  double least = 0, greatest = 0;
  CROW_NEED(find_range(comm, count, reward, weight, &least, &greatest, fits));
  if (!*fits) return CROW_OK;
  const int64_t first_cell = (int64_t)least, cells = (int64_t)(greatest - least) + 1;
  const int64_t extra = (int64_t)margin * CROW_GRID_PER_UNIT;
  if (cells <= CROW_GRID_MOST / 2) {
    convolution->segments = 1;
    convolution->segment[0] = (crow_grid_segment){first_cell - extra, cells + 2 * extra, 0};
  } else {
    CROW_NEED(lay_out_groups(comm, convolution, count, reward, weight, first_cell, cells));
  }
  convolution->nodes = place_nodes(convolution);
  *fits = convolution->nodes <= CROW_GRID_MOST;
  return CROW_OK;
}
