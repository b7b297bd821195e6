/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate and objective by iteration, or, of models trained by Adam, their training curves. */
#include "plot/plot_impl.h"
#include <math.h>

static crow_status add_trace(crow_plot *plot, int k, double least[2], double greatest[2], double *longest) {
  static const char *const paths[2] = {"/trace/optimality", "/trace/objective"};
  crow_status status = CROW_OK;
  const crow_plot_source *source = &plot->source[k];
  double *values[2] = {NULL};
  int64_t count = 0;
  if (source->kind != CROW_IS_REWARDS || !crow_file_has(source->file, paths[0])) {
    CROW_TRY(crow_error(
        CROW_BAD_INPUT, "%s: /trace/optimality is missing: expected a rewards file with its trace%s", source->path,
        crow_plot_has_training(source) ? ", as the others; it has the curve of a training by Adam" : ""));
  }
  for (int axis = 0; axis < 2; axis++) {
    CROW_TRY(crow_plot_read(plot->comm, source->file, paths[axis], &count, &values[axis]));
  }
  double end = INFINITY;
  for (int64_t i = 0; plot->root && i < count; i++) end = fmin(end, values[1][i]);
  crow_plot_add(plot, "$result%d << EOD\n", k);
  const int64_t step = 1 + (count - 1) / (2 * (int64_t)CROW_PLOT_POINTS);
  for (int64_t i = 0; plot->root && i < count; i += step) {
    const double shown[2] = {values[0][i], values[1][i] - end};
    crow_plot_add(plot, "%lld", (long long)i);
    for (int axis = 0; axis < 2; axis++) {
      if (shown[axis] > 0) {
        least[axis] = fmin(least[axis], shown[axis]);
        greatest[axis] = fmax(greatest[axis], shown[axis]);
      }
      crow_plot_add_real(plot, shown[axis] > 0 ? shown[axis] : NAN);
    }
    crow_plot_add(plot, "\n");
  }
  crow_plot_add(plot, "EOD\n");
  *longest = fmax(*longest, (double)count - 1);
cleanup:
  CROW_FREE(values[0], values[1]);
  return status;
}

static void convergence_add_panel(crow_plot *plot, int axis, const char *label, double least, double greatest) {
  char quoted[1024];
  crow_plot_frame_stacked(plot, 96, 24, 220, plot->count, axis == 0);
  crow_plot_axes(plot, "iteration", label);
  crow_plot_log_axis(plot, "y", least < greatest ? least : greatest / 10, greatest > 0 ? greatest : 1);
  crow_plot_add(plot, "plot ");
  for (int k = 0; k < plot->count; k++) {
    (void)crow_plot_quote(plot->source[k].label, 60, quoted, sizeof quoted);
    crow_plot_add(plot,
                  "%s$result%d using 1:%d with linespoints linewidth 1.5 linecolor '%s' pointtype %d pointsize 0.5 "
                  "title %s",
                  k ? ", " : "", k, axis + 2, crow_plot_color(k), crow_plot_point(k), quoted);
  }
  crow_plot_add(plot, "\n");
}

crow_status crow_plot_convergence(crow_plot *plot) {
  double least[2] = {INFINITY, INFINITY}, greatest[2] = {0, 0}, longest = 1;
  int trained = 0;
  for (int k = 0; k < plot->count; k++) trained += crow_plot_has_training(&plot->source[k]);
  if (trained == plot->count) return crow_plot_training(plot);
  for (int k = 0; k < plot->count; k++) CROW_NEED(add_trace(plot, k, least, greatest, &longest));
  for (int axis = 0; axis < 2; axis++) {
    if (greatest[axis] <= 0) least[axis] = greatest[axis] = 1;
  }
  crow_plot_add(plot, "set xrange [0:%.9g]\n%sset multiplot\n", longest, longest < 10 ? "set xtics 1\n" : "");
  convergence_add_panel(plot, 0, "certificate (share won)", least[0], greatest[0]);
  convergence_add_panel(plot, 1, "objective above its least", least[1], greatest[1]);
  crow_plot_add(plot, "unset multiplot\n");
  (void)snprintf(plot->alt, sizeof plot->alt, "Certificate and objective by iteration of %d result%s", plot->count,
                 crow_plural(plot->count));
  return CROW_OK;
}
