/* SPDX-License-Identifier: Apache-2.0 */
/* Weights by rank, and how they are distributed, with the share of those that are zero. */
#include "plot/plot_impl.h"
#include <math.h>
#include <stdlib.h>

/* Weights are counted in fine bins of their logarithm; the number of weights above a bin's edge is then exact, which
 * gives the curve by rank of any number of them, and coarse bins are sums of fine ones. */
enum { FINE = 1200, COARSE = 30 };
/* Weights that span less are shown on a linear axis from 0. */
#define LINEAR_SPAN 30

typedef struct tally {
  double least, greatest; /* of the positive weights */
  int64_t total, zero, bin[FINE];
} tally;

static void visit_range(void *context, int64_t count, const double *const *column) {
  tally *t = context;
  for (int64_t i = 0; i < count; i++) {
    const double w = column[0][i];
    if (w > 0) {
      t->least = fmin(t->least, w);
      t->greatest = fmax(t->greatest, w);
    }
  }
}

static void visit_count(void *context, int64_t count, const double *const *column) {
  tally *t = context;
  const double low = log10(t->least), span = log10(t->greatest) - low;
  for (int64_t i = 0; i < count; i++) {
    const double w = column[0][i];
    t->total++;
    if (w > 0) {
      const int at = span > 0 ? (int)((log10(w) - low) / span * FINE) : 0;
      t->bin[at < 0 ? 0 : at < FINE ? at : FINE - 1]++;
    } else {
      t->zero++;
    }
  }
}

static crow_status count_weights(const crow_plot *plot, const crow_plot_source *source, tally *t) {
  if (source->kind != CROW_IS_REWARDS && source->kind != CROW_IS_WEIGHTS) {
    return crow_error(CROW_BAD_INPUT, "%s: expected a weights or rewards file, for --kind weights", source->path);
  }
  const char *path = source->kind == CROW_IS_REWARDS ? "/rewards/weight" : "/weights/value";
  *t = (tally){.least = INFINITY, .greatest = -INFINITY};
  CROW_NEED(crow_plot_visit(plot->comm, source->file, 1, &path, visit_range, t));
  CROW_NEED(crow_comm_min_f64(plot->comm, &t->least, 1));
  CROW_NEED(crow_comm_max_f64(plot->comm, &t->greatest, 1));
  if (!(t->greatest > 0)) t->least = t->greatest = 1;
  CROW_NEED(crow_plot_visit(plot->comm, source->file, 1, &path, visit_count, t));
  CROW_NEED(crow_comm_sum_i64(plot->comm, t->bin, FINE));
  CROW_NEED(crow_comm_sum_i64(plot->comm, &t->total, 1));
  return crow_comm_sum_i64(plot->comm, &t->zero, 1);
}

static double fine_edge(const tally *t, double at) { return t->least * pow(t->greatest / t->least, at / FINE); }

/* Rank and weight: the weight that so many alternatives have at least. */
static void add_curve(crow_plot *plot, int k, const tally *t) {
  int64_t above = 0;
  crow_plot_add(plot, "$curve%d << EOD\n", k);
  for (int b = FINE - 1; b >= 0; b--) {
    if (t->bin[b] == 0) continue;
    crow_plot_add(plot, "%lld %.9g\n", (long long)above + 1, fine_edge(t, b + 1));
    above += t->bin[b];
    crow_plot_add(plot, "%lld %.9g\n", (long long)above, fine_edge(t, b));
  }
  crow_plot_add(plot, "EOD\n");
}

/* The same in bins of equal width from 0. */
static void add_linear_histogram(crow_plot *plot, int k, const tally *t, double greatest) {
  double share[COARSE] = {0};
  for (int b = 0; b < FINE; b++) {
    const int at = (int)(fine_edge(t, b + .5) / greatest * COARSE);
    share[at < COARSE ? at : COARSE - 1] += 100. * (double)t->bin[b] / (double)t->total;
  }
  crow_plot_add(plot, "$histogram%d << EOD\n", k);
  for (int b = 0; b < COARSE; b++) {
    for (int side = 0; side < 2; side++) {
      crow_plot_add(plot, "%.9g %.9g\n", greatest * (b + side) / COARSE, share[b]);
    }
  }
  crow_plot_add(plot, "EOD\n");
}

/* Shares in coarse bins common to all results, as corners of steps. */
static void add_histogram(crow_plot *plot, int k, const tally *t, double least, double greatest) {
  double share[COARSE] = {0};
  const double span = log(greatest / least);
  for (int b = 0; b < FINE; b++) {
    const int at = span > 0 ? (int)(log(fine_edge(t, b + .5) / least) / span * COARSE) : 0;
    share[at < 0 ? 0 : at < COARSE ? at : COARSE - 1] += 100. * (double)t->bin[b] / (double)t->total;
  }
  crow_plot_add(plot, "$histogram%d << EOD\n", k);
  for (int b = 0; b < COARSE; b++) {
    for (int side = 0; side < 2; side++) {
      crow_plot_add(plot, "%.9g %.9g\n", least * exp(span * (b + side) / COARSE), share[b]);
    }
  }
  crow_plot_add(plot, "EOD\n");
}

/* Lines that are told apart without colour: whole, then dashed ever otherwise. */
static const char *dash_of(int k) {
  static const char *const dashes[] = {"1", "(9,3)", "(3,2)", "(9,3,2,3)", "(6,2,2,2,2,2)"};
  return dashes[k % (int)(sizeof dashes / sizeof *dashes)];
}

/* The largest weight and whose it is. */
typedef struct largest_weight {
  crow_ranked place;
  char id[CROW_NAME_BYTES];
} largest_weight;

static crow_status find_largest_weight(const crow_plot *plot, const crow_plot_source *source, largest_weight *out) {
  crow_status status = CROW_OK;
  const char *path = source->kind == CROW_IS_REWARDS ? "/rewards/weight" : "/weights/value";
  double *weight = NULL;
  crow_ranked *best = NULL;
  int64_t count = 0;
  crow_partition p;
  CROW_TRY(crow_file_read_vector(source->file, path, &p, &weight));
  CROW_TRY(crow_ranking_ends(plot->comm, &p, weight, 1, true, &best, &count));
  out->place = best[0];
  CROW_TRY(crow_ranking_names(plot->comm, source->file, "/alternatives/id", 1, best, &out->id));
cleanup:
  CROW_FREE(weight, best);
  return status;
}

/* Names the largest weights beside the beginnings of the curves, one below the other where they would touch. */
static void add_largest(crow_plot *plot, const tally *t, const largest_weight *largest) {
  char text[CROW_NAME_BYTES + 32], quoted[1024];
  const int room = (int)(plot->right - plot->left) / 9;
  for (int k = 0; k < plot->count; k++) {
    const bool equal = t[k].zero == 0 && t[k].least == t[k].greatest;
    (void)snprintf(text, sizeof text, "%s%s: %.4g", equal ? "all equal" : "largest: ", equal ? "" : largest[k].id,
                   largest[k].place.value);
    (void)crow_plot_quote(text, room < 48 ? room : 48, quoted, sizeof quoted);
    crow_plot_add(plot, "set label %d %s at screen %.6f,%.6f right noenhanced font small_font textcolor '%s'\n",
                  9100 + k, quoted, (plot->right - 6) / plot->width, (plot->top - 12 - 16 * k) / plot->height,
                  crow_plot_color(k));
  }
}

/* An equal share, where all results have as many alternatives. */
static void add_equal_share(crow_plot *plot, const tally *t, bool upper) {
  const double equal = 1. / (double)t[0].total;
  for (int k = 1; k < plot->count; k++) {
    if (t[k].total != t[0].total) return;
  }
  if (upper) {
    crow_plot_add(plot,
                  "set arrow 9200 from graph 0,first %.9g to graph 1,first %.9g nohead dashtype 2 linecolor '#888888'\n"
                  "set label 9200 '1/%lld' at graph 0.01,first %.9g left offset 0,0.5 font small_font textcolor "
                  "'#666666'\n",
                  equal, equal, (long long)t[0].total, equal);
  } else {
    crow_plot_add(plot,
                  "unset label 9200\nset arrow 9200 from first %.9g,graph 0 to first %.9g,graph 1 nohead dashtype 2 "
                  "linecolor '#888888'\n",
                  equal, equal);
  }
}

static bool spans_little(const crow_plot *plot, const tally *t, double least, double greatest) {
  for (int k = 0; k < plot->count; k++) {
    if (t[k].zero) return false;
  }
  return greatest < LINEAR_SPAN * least;
}

static void add_upper(crow_plot *plot, double least, double greatest, double most, const tally *t,
                      const largest_weight *largest) {
  char quoted[1024];
  crow_plot_frame_stacked(plot, 96, 30, 230, plot->count, true);
  crow_plot_axes(plot, "rank of the alternative by weight", "weight (share of the space)");
  if (spans_little(plot, t, least, greatest)) {
    crow_plot_add(plot, "set yrange [0:%.9g]\n", 1.1 * greatest);
    add_equal_share(plot, t, true);
  } else {
    crow_plot_log_axis(plot, "y", least, greatest);
  }
  crow_plot_add(plot, "set xrange [1:%.9g]\n", most > 1 ? most : 2);
  if (most > 1e4) crow_plot_log_axis(plot, "x", 1, most);
  if (most <= 10) crow_plot_add(plot, "set xtics 1\n"); /* there is no rank 1.5 */
  add_largest(plot, t, largest);
  crow_plot_add(plot, "plot ");
  for (int k = 0; k < plot->count; k++) {
    (void)crow_plot_quote(plot->source[k].label, 60, quoted, sizeof quoted);
    crow_plot_add(plot, "%s$curve%d using 1:2 with lines linewidth 1.8 dashtype %s linecolor '%s' title %s",
                  k ? ", " : "", k, dash_of(k), crow_plot_color(k), quoted);
  }
  crow_plot_add(plot, "\n");
}

static void add_linear_lower(crow_plot *plot, double greatest, const tally *t) {
  for (int k = 0; k < plot->count; k++) crow_plot_add(plot, "unset label %d\n", 9100 + k);
  crow_plot_frame_stacked(plot, 96, 30, 230, plot->count, false);
  crow_plot_axes(plot, "weight (share of the space)", "alternatives (%)");
  crow_plot_add(plot, "unset logscale\nset format x '%%g'\nset xtics autofreq\nset yrange [0:*]\nset xrange [0:%.9g]\n",
                1.05 * greatest);
  crow_plot_sparse_tics(plot, 0, greatest);
  add_equal_share(plot, t, false);
  for (int k = 0; k < plot->count; k++) {
    crow_plot_add(plot, "%s$histogram%d using 1:2 with lines linewidth 1.8 dashtype %s linecolor '%s'",
                  k ? ", " : "plot ", k, dash_of(k), crow_plot_color(k));
  }
  crow_plot_add(plot, "\n");
}

/* The zero weights stand left of the logarithmic axis, in a strip of their own. */
static void add_lower(crow_plot *plot, double least, double greatest, const tally *t) {
  const int low = (int)floor(log10(least) + 1e-9), high = (int)ceil(log10(greatest) - 1e-9);
  const int span = high > low ? high - low : 1, step = 1 + (span - 1) / 7;
  bool any_zero = false;
  for (int k = 0; k < plot->count; k++) any_zero = any_zero || t[k].zero > 0;
  const double strip = .12 * span, from = any_zero ? low - 2 * strip : low;
  for (int k = 0; k < plot->count; k++) crow_plot_add(plot, "unset label %d\n", 9100 + k);
  crow_plot_frame_stacked(plot, 96, 30, 230, plot->count, false);
  crow_plot_axes(plot, "weight (share of the space)", "alternatives (%)");
  crow_plot_add(plot,
                "unset logscale\nset format x '%%g'\nset format y '%%g'\nset xtics autofreq\nset ytics autofreq\n"
                "set mxtics default\nset mytics default\nset yrange [0:*]\n"
                "set xrange [%.6f:%d]\n",
                from, low + span);
  crow_plot_add(plot, "set xtics (");
  for (int e = low; e <= low + span; e += step) crow_plot_add(plot, "%s'10^{%d}' %d", e > low ? ", " : "", e, e);
  if (span == 1) {
    crow_plot_add(plot, ", '2·10^{%d}' %.6f, '5·10^{%d}' %.6f", low, low + log10(2), low, low + log10(5));
  }
  if (any_zero) crow_plot_add(plot, ", '0' %.6f", from + strip / 1.5);
  crow_plot_add(plot, ")\n");
  if (any_zero) {
    crow_plot_add(plot,
                  "set arrow from first %.6f,graph 0 to first %.6f,graph 1 nohead linecolor '#aaaaaa' dashtype 2\n",
                  low - strip / 2, low - strip / 2);
  }
  crow_plot_add(plot, "plot ");
  for (int k = 0; k < plot->count; k++) {
    const double x = from + strip / 1.5 + strip * ((k + .5) / plot->count - .5);
    crow_plot_add(plot, "%s$histogram%d using (log10($1)):2 with lines linewidth 1.8 dashtype %s linecolor '%s'",
                  k ? ", " : "", k, dash_of(k), crow_plot_color(k));
    if (any_zero) {
      crow_plot_add(plot, ", '+' every ::::0 using (%.6f):(%.6g) with impulses linewidth %g linecolor '%s'", x,
                    100. * (double)t[k].zero / (double)t[k].total, plot->count > 4 ? 3. : 6., crow_plot_color(k));
    }
  }
  crow_plot_add(plot, "\n");
}

crow_status crow_plot_weights(crow_plot *plot) {
  crow_status status = CROW_OK;
  tally *t = NULL;
  largest_weight *largest = NULL;
  double least = INFINITY, greatest = -INFINITY, most = 0;
  CROW_TRY_AGREE(plot->comm, CROW_ALLOCATE_EACH(plot->count, &t, &largest));
  for (int k = 0; k < plot->count; k++) {
    CROW_TRY(count_weights(plot, &plot->source[k], &t[k]));
    CROW_TRY(find_largest_weight(plot, &plot->source[k], &largest[k]));
    least = fmin(least, t[k].least);
    greatest = fmax(greatest, t[k].greatest);
    most = fmax(most, (double)t[k].total);
  }
  const bool linear = spans_little(plot, t, least, greatest);
  for (int k = 0; k < plot->count; k++) {
    add_curve(plot, k, &t[k]);
    if (linear)
      add_linear_histogram(plot, k, &t[k], greatest);
    else
      add_histogram(plot, k, &t[k], least, greatest);
  }
  crow_plot_add(plot, "set multiplot\n");
  add_upper(plot, least, greatest, most, t, largest);
  if (linear)
    add_linear_lower(plot, greatest, t);
  else
    add_lower(plot, least, greatest, t);
  crow_plot_add(plot, "unset multiplot\n");
  (void)snprintf(
      plot->alt, sizeof plot->alt,
      "Weight by rank and histogram of the weights in %d file%s; %.3g %% of the alternatives of %s have weight "
      "zero, the greatest weight is %.3g, of %.100s",
      plot->count, crow_plural(plot->count), 100. * (double)t[0].zero / (double)t[0].total, plot->source[0].label,
      t[0].greatest, largest[0].id);
cleanup:
  CROW_FREE(t, largest);
  return status;
}
