/* SPDX-License-Identifier: Apache-2.0 */
/* Reward against weighted average win rate: by Corollary 4.3 the points of a converged fit rise from left to right. */
#include "plot/plot_impl.h"
#include <math.h>

enum { ACROSS = 120, UP = 90 };
static const char *const paths[2] = {"/rewards/win_rate", "/rewards/value"};

/* How many points fall in each cell of the picture. */
typedef struct cells {
  double least[2], greatest[2];
  int64_t count[ACROSS * UP];
} cells;

static void win_rate_visit_range(void *context, int64_t count, const double *const *column) {
  cells *c = context;
  for (int64_t i = 0; i < count; i++) {
    if (isnan(column[0][i])) continue;
    for (int axis = 0; axis < 2; axis++) {
      c->least[axis] = fmin(c->least[axis], column[axis][i]);
      c->greatest[axis] = fmax(c->greatest[axis], column[axis][i]);
    }
  }
}

static int cell_at(const cells *c, int axis, double value, int many) {
  const double span = c->greatest[axis] - c->least[axis];
  const int at = span > 0 ? (int)((value - c->least[axis]) / span * many) : 0;
  return at < many ? at : many - 1;
}

static void win_rate_visit_count(void *context, int64_t count, const double *const *column) {
  cells *c = context;
  for (int64_t i = 0; i < count; i++) {
    if (isnan(column[0][i])) continue;
    c->count[cell_at(c, 1, column[1][i], UP) * ACROSS + cell_at(c, 0, column[0][i], ACROSS)]++;
  }
}

/* Large results by cells: a point in the middle of each that has any, larger where there are more. */
static crow_status win_rate_add_cells(crow_plot *plot, const crow_plot_source *source) {
  crow_status status = CROW_OK;
  const crow_comm *comm = plot->comm;
  cells *c = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&c, 1));
  for (int axis = 0; axis < 2; axis++) {
    c->least[axis] = INFINITY;
    c->greatest[axis] = -INFINITY;
  }
  CROW_TRY(crow_plot_visit(comm, source->file, 2, paths, win_rate_visit_range, c));
  CROW_TRY(crow_comm_min_f64(comm, c->least, 2));
  CROW_TRY(crow_comm_max_f64(comm, c->greatest, 2));
  CROW_TRY(crow_plot_visit(comm, source->file, 2, paths, win_rate_visit_count, c));
  CROW_TRY(crow_comm_sum_i64(comm, c->count, ACROSS * UP));
  for (int k = 0; k < ACROSS * UP; k++) {
    if (c->count[k] == 0) continue;
    crow_plot_add_real(plot, c->least[0] + (k % ACROSS + .5) / ACROSS * (c->greatest[0] - c->least[0]));
    crow_plot_add_real(plot, c->least[1] + (k / ACROSS + .5) / UP * (c->greatest[1] - c->least[1]));
    crow_plot_add_real(plot, .25 + .12 * log10((double)c->count[k]));
    crow_plot_add(plot, "\n");
  }
cleanup:
  crow_free(c);
  return status;
}

static crow_status add_points(crow_plot *plot, const crow_plot_source *source) {
  crow_status status = CROW_OK;
  double *rate = NULL, *reward = NULL;
  int64_t count = 0;
  CROW_TRY(crow_plot_read(plot->comm, source->file, paths[0], &count, &rate));
  CROW_TRY(crow_plot_read(plot->comm, source->file, paths[1], &count, &reward));
  for (int64_t i = 0; plot->root && i < count; i++) {
    if (isnan(rate[i])) continue;
    crow_plot_add_real(plot, rate[i]);
    crow_plot_add_real(plot, reward[i]);
    crow_plot_add(plot, " %s\n", count > 500 ? "0.4" : "0.7");
  }
cleanup:
  CROW_FREE(rate, reward);
  return status;
}

crow_status crow_plot_win_rate(crow_plot *plot) {
  bool large = false;
  char quoted[1024];
  for (int k = 0; k < plot->count; k++) {
    const crow_plot_source *source = &plot->source[k];
    if (source->kind != CROW_IS_REWARDS) {
      return crow_error(CROW_BAD_INPUT, "%s: expected a rewards file, for --kind win-rate", source->path);
    }
    const int64_t rows = crow_file_rows(source->file, paths[1]);
    large = large || rows > CROW_PLOT_POINTS;
    crow_plot_add(plot, "$result%d << EOD\n", k);
    CROW_NEED(rows > CROW_PLOT_POINTS ? win_rate_add_cells(plot, source) : add_points(plot, source));
    crow_plot_add(plot, "EOD\n");
  }
  crow_plot_frame(plot, 84, 24, large ? 90 : 60, 400, plot->count);
  crow_plot_axes(plot, "weighted average win rate (share won)", "reward (log-odds)");
  crow_plot_add(plot, "set xrange [*:*] noextend\nset offsets graph 0.02, graph 0.02, graph 0.03, graph 0.03\n");
  if (large) {
    crow_plot_add(plot,
                  "set label 'each point stands for the alternatives near it, larger for more of them' at screen "
                  "%.6f,%.6f left font small_font textcolor '#444444'\n",
                  14 / plot->width, 14 / plot->height);
  }
  crow_plot_add(plot, "plot ");
  for (int k = 0; k < plot->count; k++) {
    (void)crow_plot_quote(plot->source[k].label, 60, quoted, sizeof quoted);
    crow_plot_add(plot,
                  "%s$result%d using 1:2:3 with points linecolor '%s' pointtype %d pointsize variable notitle, "
                  "NaN with points linecolor '%s' pointtype %d title %s",
                  k ? ", " : "", k, crow_plot_color(k), crow_plot_point(k), crow_plot_color(k), crow_plot_point(k),
                  quoted);
  }
  crow_plot_add(plot, "\n");
  (void)snprintf(plot->alt, sizeof plot->alt,
                 "Reward against weighted average win rate of every alternative in %d "
                 "result%s",
                 plot->count, crow_plural(plot->count));
  return CROW_OK;
}
