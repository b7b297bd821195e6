/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of what crow's commands report as JSON: audit curves, calibration, scaling. JSON is rank 0's alone. */
#include "plot/plot_impl.h"
#include <math.h>
#include <string.h>

static double number(const json_t *object, const char *name) {
  const json_t *value = json_object_get(object, name);
  return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The list `name` of a report, or an error that says which command makes one. */
static crow_status get_list(const crow_plot_source *source, const char *name, const char *maker, json_t **list) {
  *list = json_object_get(source->json, name);
  if (json_is_array(*list) && json_array_size(*list)) return CROW_OK;
  return crow_error(CROW_BAD_INPUT, "%s: has no list \"%s\"; expected what %s wrote", source->path, name, maker);
}

/* ---- audit ------------------------------------------------------------------------------------------------------ */

enum { AUDIT_CURVES = 8, AUDIT_STEPS = 64 };
/* Shifts below the fits' own accuracy are drawn as this. */
static const double FLOOR = 1e-9;

/* Largest shift over the targets for each number of clones and eps. */
typedef struct audit_curves {
  int curves, steps;
  double clones[AUDIT_CURVES], eps[AUDIT_STEPS], shift[2][AUDIT_CURVES][AUDIT_STEPS];
  double least[2], greatest[2]; /* of eps and of the shifts, where positive */
  double redrawn[2];            /* the median largest shift of comparisons redrawn without clones; NaN without */
} audit_curves;

/* The place of `value` in `values`, which grows up to `most`; -1 if it is full. */
static int place(double *values, int *count, int most, double value) {
  for (int k = 0; k < *count; k++) {
    if (values[k] == value) return k;
  }
  if (*count == most) return -1;
  values[*count] = value;
  return (*count)++;
}

static void collect(const json_t *tests, audit_curves *c) {
  static const char *const methods[2] = {"standard", "weighted"};
  size_t index;
  json_t *test;
  for (int axis = 0; axis < 2; axis++) {
    c->least[axis] = INFINITY;
    c->greatest[axis] = -INFINITY;
  }
  json_array_foreach(tests, index, test) {
    const double eps = number(test, "eps");
    const int at = place(c->clones, &c->curves, AUDIT_CURVES, number(test, "clones_each"));
    const int step = place(c->eps, &c->steps, AUDIT_STEPS, eps);
    if (at < 0 || step < 0 || !(eps > 0)) continue;
    c->least[0] = fmin(c->least[0], eps);
    c->greatest[0] = fmax(c->greatest[0], eps);
    for (int m = 0; m < 2; m++) {
      const double shift = fmax(number(json_object_get(test, methods[m]), "largest_shift"), FLOOR);
      c->shift[m][at][step] = fmax(c->shift[m][at][step], shift);
      c->least[1] = fmin(c->least[1], shift);
      c->greatest[1] = fmax(c->greatest[1], shift);
    }
  }
}

/* What chance alone does: the shift of comparisons that are redrawn, without a clone. */
static void collect_redrawn(const json_t *report, audit_curves *c) {
  static const char *const methods[2] = {"standard", "weighted"};
  const json_t *without = json_object_get(report, "without_clones");
  for (int m = 0; m < 2; m++) {
    const double shift = number(json_object_get(without, methods[m]), "median_largest_shift");
    c->redrawn[m] = shift > 0 ? fmax(shift, FLOOR) : NAN;
    if (!(shift > 0)) continue;
    c->least[1] = fmin(c->least[1], c->redrawn[m]);
    c->greatest[1] = fmax(c->greatest[1], c->redrawn[m]);
  }
}

static int redrawn_lines(const audit_curves *c) { return (c->redrawn[0] > 0) + (c->redrawn[1] > 0); }

static void add_redrawn(crow_plot *plot, const audit_curves *c) {
  for (int m = 0; m < 2; m++) {
    if (!(c->redrawn[m] > 0)) continue;
    crow_plot_add(plot, ", %.9g with lines linewidth 1.2 dashtype 3 linecolor '%s' title '%s, comparisons redrawn'",
                  c->redrawn[m], m == 0 ? "#D55E00" : "#0072B2", m == 0 ? "standard MLE" : "weighted MLE");
  }
}

static void add_curves(crow_plot *plot, const audit_curves *c) {
  for (int m = 0; m < 2; m++) {
    for (int k = 0; k < c->curves; k++) {
      crow_plot_add(plot, "$shift%d_%d << EOD\n", m, k);
      for (int s = 0; s < c->steps; s++) {
        if (c->shift[m][k][s] > 0) crow_plot_add(plot, "%.9g %.9g\n", c->eps[s], c->shift[m][k][s]);
      }
      crow_plot_add(plot, "NaN NaN\nEOD\n");
    }
  }
  crow_plot_add(plot, "plot ");
  for (int m = 0; m < 2; m++) {
    for (int k = 0; k < c->curves; k++) {
      crow_plot_add(plot,
                    "%s$shift%d_%d using 1:2 smooth unique with linespoints linewidth 2 dashtype %d linecolor '%s' "
                    "pointtype %d pointsize 0.9 title '%s, %g clone%s'",
                    m || k ? ", " : "", m, k, m == 0 ? 2 : 1, m == 0 ? "#D55E00" : "#0072B2", crow_plot_point(k),
                    m == 0 ? "standard MLE" : "weighted MLE", c->clones[k], crow_plural((int64_t)c->clones[k]));
    }
  }
  add_redrawn(plot, c);
  crow_plot_add(plot, "\n");
}

static crow_status audit_local(crow_plot *plot) {
  json_t *tests = NULL;
  audit_curves c = {0};
  CROW_NEED(get_list(&plot->source[0], "tests", "crow audit DATASET --json", &tests));
  collect(tests, &c);
  if (!(c.greatest[1] > 0)) {
    return crow_error(CROW_BAD_INPUT, "%s: no stress test has an eps above 0", plot->source[0].path);
  }
  collect_redrawn(plot->source[0].json, &c);
  crow_plot_frame(plot, 96, 30, 60, 380, 2 * c.curves + redrawn_lines(&c));
  crow_plot_axes(plot, "eps: distance of the clones from their originals",
                 "largest |r - r'| (log-odds; at least 1e-9)");
  crow_plot_log_axis(plot, "x", c.least[0], c.greatest[0]);
  crow_plot_log_axis(plot, "y", c.least[1], c.greatest[1]);
  add_curves(plot, &c);
  return CROW_OK;
}

/* ---- calibration ------------------------------------------------------------------------------------------------ */

/* How many judgements a bin holds, in few letters: 0.5 (a pair counts half in each of two bins), 950, 12k, 3.4M. */
static void add_judgement_label(crow_plot *plot, double count) {
  if (!(count >= 0))
    crow_plot_add(plot, " \"\"");
  else if (count < 9.95)
    crow_plot_add(plot, " %.2g", count);
  else if (count < 9999.5)
    crow_plot_add(plot, " %.0f", count);
  else if (count < 999500)
    crow_plot_add(plot, " %.0fk", count / 1e3);
  else
    crow_plot_add(plot, " %.3gM", count / 1e6);
}

/* Two results' numbers would cover each other in a narrow picture, those of three in any. */
static bool has_counts(const crow_plot *plot) { return plot->count == 1 || (plot->count == 2 && plot->width >= 600); }

/* Numbers beside the points: below on the right those of the first, above on the left the
 * second's. */
static void add_counts(crow_plot *plot, int k) {
  if (!has_counts(plot)) return;
  crow_plot_add(plot, ", $result%d using 1:2:3 with labels font small_font textcolor '%s' %s notitle", k,
                crow_plot_color(k), k ? "right offset -0.7,0.5" : "left offset 0.7,-0.5");
}

static crow_status calibration_local(crow_plot *plot) {
  char quoted[1024];
  crow_plot_frame(plot, 84, 30, 60, plot->width - 84 - 30 > 480 ? 480 : plot->width - 84 - 30,
                  plot->count + 1 + has_counts(plot));
  crow_plot_axes(plot, "predicted share won", "observed share won");
  crow_plot_add(plot, "set xrange [0:1]\nset yrange [0:1]\n");
  for (int k = 0; k < plot->count; k++) {
    json_t *bins = NULL, *bin;
    size_t index;
    CROW_NEED(get_list(&plot->source[k], "calibration", "crow eval --json", &bins));
    crow_plot_add(plot, "$result%d << EOD\n", k);
    json_array_foreach(bins, index, bin) {
      crow_plot_add_real(plot, number(bin, "predicted"));
      crow_plot_add_real(plot, number(bin, "observed"));
      add_judgement_label(plot, number(bin, "judgements"));
      crow_plot_add(plot, "\n");
    }
    crow_plot_add(plot, "EOD\n");
  }
  crow_plot_add(plot, "plot x with lines dashtype 2 linecolor '#444444' title 'perfect'");
  for (int k = 0; k < plot->count; k++) {
    (void)crow_plot_quote(plot->source[k].label, 60, quoted, sizeof quoted);
    crow_plot_add(plot, ", $result%d using 1:2 with linespoints linewidth 1.5 linecolor '%s' pointtype %d title %s", k,
                  crow_plot_color(k), crow_plot_point(k), quoted);
    add_counts(plot, k);
  }
  crow_plot_add(plot, "%s\n",
                !has_counts(plot) ? "" : ", NaN with lines linecolor '#ffffff' title 'numbers: judgements'");
  return CROW_OK;
}

/* ---- scaling ---------------------------------------------------------------------------------------------------- */

enum { RUNS_MOST = 256 };

typedef struct run_time {
  double ranks, seconds;
  double work; /* the problem's size, in any unit */
} run_time;

/* What the run would take if its share of the work took a rank as long as in `first`. */
static double ideal_s(const run_time *run, const run_time *first) {
  return first->seconds * (run->work / first->work) * (first->ranks / run->ranks);
}

/* The run with the fewest ranks. */
static run_time first_run(const run_time *runs, int count) {
  run_time first = runs[0];
  for (int i = 1; i < count; i++) {
    if (runs[i].ranks < first.ranks) first = runs[i];
  }
  return first;
}

/* Seconds against ranks with the ideal line, and efficiency below, relative to the run with the fewest ranks. */
static void add_scaling(crow_plot *plot, int k, const run_time *runs, int count) {
  const run_time first = first_run(runs, count);
  crow_plot_add(plot, "$result%d << EOD\n", k);
  for (int i = 0; i < count; i++) {
    const double ideal = ideal_s(&runs[i], &first);
    crow_plot_add(plot, "%.9g %.9g %.9g %.9g\n", runs[i].ranks, runs[i].seconds, 100 * ideal / runs[i].seconds, ideal);
  }
  crow_plot_add(plot, "EOD\n");
}

static crow_status read_runs(const crow_plot_source *source, run_time *runs, int *count) {
  json_t *list = NULL, *entry;
  size_t index;
  *count = 0;
  CROW_NEED(get_list(source, "scaling", "crow bench --json", &list));
  json_array_foreach(list, index, entry) {
    /* Without "work" all runs solve the same problem. */
    const run_time run = {number(entry, "ranks"), number(entry, "seconds"),
                          json_object_get(entry, "work") ? number(entry, "work") : 1};
    if (*count < RUNS_MOST && run.ranks >= 1 && run.seconds > 0 && run.work > 0) runs[(*count)++] = run;
  }
  if (*count) return CROW_OK;
  return crow_error(CROW_BAD_INPUT,
                    "%s: \"scaling\" has no entry with \"ranks\", \"seconds\" and, if given, \"work\" above 0",
                    source->path);
}

/* What the axes hold: ranks, seconds, efficiency. */
typedef struct run_range {
  double least[3], greatest[3];
} run_range;

static void widen(run_range *range, const run_time *runs, int count) {
  const run_time first = first_run(runs, count);
  for (int i = 0; i < count; i++) {
    const double value[3] = {runs[i].ranks, runs[i].seconds, 100 * ideal_s(&runs[i], &first) / runs[i].seconds};
    for (int k = 0; k < 3; k++) {
      range->least[k] = fmin(range->least[k], value[k]);
      range->greatest[k] = fmax(range->greatest[k], value[k]);
    }
  }
}

static void add_panel(crow_plot *plot, bool upper, const run_range *range) {
  char quoted[1024];
  crow_plot_frame_stacked(plot, 96, 30, 220, plot->count, upper);
  crow_plot_axes(plot, "ranks", upper ? "time (s); dotted: ideal" : "efficiency (%)");
  crow_plot_add(plot,
                "set logscale x 2\nset xtics autofreq\nset mxtics default\nset format x '%%g'\n"
                "set xrange [%.9g:%.9g]\n",
                range->least[0] / 1.1, range->greatest[0] * 1.1);
  if (upper) {
    crow_plot_log_axis(plot, "y", range->least[1], range->greatest[1]);
  } else {
    /* A bend of some percent is to be seen too. */
    const double floor_10 = 10 * floor(range->least[2] / 10);
    crow_plot_add(plot,
                  "unset logscale y\nset format y '%%g'\nset ytics autofreq\n"
                  "set mytics default\nset yrange [%g:%g]\n",
                  floor_10 < 50 ? 0 : floor_10, fmax(102, range->greatest[2] * 1.02));
  }
  crow_plot_add(plot, "plot ");
  for (int k = 0; k < plot->count; k++) {
    (void)crow_plot_quote(plot->source[k].label, 60, quoted, sizeof quoted);
    crow_plot_add(plot,
                  "%s$result%d using 1:%d smooth unique with linespoints linewidth 1.5 linecolor '%s' pointtype %d "
                  "title %s",
                  k ? ", " : "", k, upper ? 2 : 3, crow_plot_color(k), crow_plot_point(k), quoted);
    if (upper) {
      crow_plot_add(plot, ", $result%d using 1:4 smooth unique with lines dashtype 3 linecolor '%s' notitle", k,
                    crow_plot_color(k));
    }
  }
  crow_plot_add(plot, "\n");
}

static crow_status scaling_local(crow_plot *plot) {
  run_time runs[RUNS_MOST];
  run_range range = {{INFINITY, INFINITY, INFINITY}, {1, 0, 0}};
  for (int k = 0; k < plot->count; k++) {
    int count = 0;
    CROW_NEED(read_runs(&plot->source[k], runs, &count));
    widen(&range, runs, count);
    add_scaling(plot, k, runs, count);
  }
  crow_plot_add(plot, "set multiplot\n");
  add_panel(plot, true, &range);
  add_panel(plot, false, &range);
  crow_plot_add(plot, "unset multiplot\n");
  return CROW_OK;
}

/* ---- all three -------------------------------------------------------------------------------------------------- */

static crow_status from_json(crow_plot *plot, int most, const char *kind, crow_status (*local)(crow_plot *plot)) {
  for (int k = 0; k < plot->count; k++) {
    if (plot->source[k].kind != CROW_IS_JSON || plot->count > most) {
      return crow_error(CROW_USAGE, "%s: --kind %s takes %s, the summary that a command wrote with --json",
                        plot->source[k].path, kind, most == 1 ? "one .json file" : ".json files");
    }
  }
  return crow_comm_agree(plot->comm, plot->root ? local(plot) : CROW_OK);
}

crow_status crow_plot_audit(crow_plot *plot) {
  (void)snprintf(plot->alt, sizeof plot->alt,
                 "Largest shift of rewards when clones are added, by the clones' distance, for the standard and the "
                 "weighted fit");
  return from_json(plot, 1, "audit", audit_local);
}

crow_status crow_plot_calibration(crow_plot *plot) {
  (void)snprintf(plot->alt, sizeof plot->alt, "Observed against predicted share won");
  return from_json(plot, CROW_PLOT_MOST, "calibration", calibration_local);
}

crow_status crow_plot_scaling(crow_plot *plot) {
  (void)snprintf(plot->alt, sizeof plot->alt, "Time and efficiency by the number of ranks");
  return from_json(plot, CROW_PLOT_MOST, "scaling", scaling_local);
}
