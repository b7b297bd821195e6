/* SPDX-License-Identifier: Apache-2.0 */
/* Which function draws which kind of picture; a new kind is entered here. */
#include "plot/plot_impl.h"

crow_status crow_plot_fill(crow_plot *plot, crow_plot_kind kind) {
  crow_plot_add(plot,
                "set encoding utf8\nset border 3 linewidth 1 linecolor '#444444'\nset tics nomirror out scale 0.6\n"
                "set grid linecolor '#dddddd' linetype 1 linewidth 0.8\nset style fill solid 0.6 noborder\n"
                "set bars 0.6\n");
  switch (kind) {
  case CROW_PLOT_AUTO:
    return crow_plot_fill(plot, crow_plot_kind_of(plot->count, plot->source));
  case CROW_PLOT_TOPICS:
    return crow_plot_topics(plot);
  case CROW_PLOT_WIN_RATE:
    return crow_plot_win_rate(plot);
  case CROW_PLOT_WEIGHTS:
    return crow_plot_weights(plot);
  case CROW_PLOT_CONVERGENCE:
    return crow_plot_convergence(plot);
  case CROW_PLOT_CALIBRATION:
    return crow_plot_calibration(plot);
  case CROW_PLOT_AUDIT:
    return crow_plot_audit(plot);
  case CROW_PLOT_VORONOI:
    return crow_plot_voronoi(plot);
  case CROW_PLOT_SCALING:
    return crow_plot_scaling(plot);
  case CROW_PLOT_DISTANCES:
    return crow_plot_distances(plot);
  case CROW_PLOT_FOREST:
    return crow_plot_forest(plot);
  case CROW_PLOT_WIN_RATES:
    return crow_plot_win_rates(plot);
  }
  return crow_error(CROW_FAILED, "no such kind of picture");
}
