/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms of the distances of pairs of alternatives, with the radius: does it lie between two humps? */
#include "plot/plot_impl.h"
#include <crow/cluster.h>
#include <crow/weights.h>
#include <math.h>
#include <string.h>

enum { BINS = CROW_DISTANCE_BINS };

typedef struct humps {
  double farthest, radius, eta; /* eta: 0 where the radius was given */
  double share[BINS];           /* of the pairs, in % */
} humps;

static void take_counts(const int64_t *count, humps *h) {
  int64_t sum = 0;
  for (int b = 0; b < BINS; b++) sum += count[b];
  for (int b = 0; b < BINS; b++) h->share[b] = sum ? 100. * (double)count[b] / (double)sum : 0;
}

static crow_status from_dataset(const crow_plot *plot, const crow_plot_source *source, humps *h) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  crow_valley valley;
  double *distance = NULL;
  int64_t count[BINS];
  CROW_TRY(crow_dataset_open(plot->comm, source->path, true, &dataset));
  CROW_TRY(crow_valley_of(plot->comm, &dataset, &valley, &distance));
  h->farthest = crow_distances_count(distance, valley.pairs, count);
  h->radius = valley.radius;
  h->eta = valley.eta;
  take_counts(count, h);
cleanup:
  crow_free(distance);
  crow_dataset_close(&dataset);
  return status;
}

static crow_status from_weights(const crow_plot *plot, const crow_plot_source *source, humps *h) {
  const crow_file *file = source->file;
  int64_t count[BINS], shape[2] = {0, 0};
  if (crow_file_has(file, "/distances/count")) crow_file_shape(file, "/distances/count", shape);
  if (shape[0] != BINS || !crow_file_has_attribute(file, "/", "radius") ||
      !crow_file_has_attribute(file, "/", "farthest")) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: has no distances, expected weights made with --scheme radius, or a dataset, for --kind "
                      "distances",
                      source->path);
  }
  CROW_NEED(crow_file_read(file, "/distances/count", 0, BINS, CROW_I64, count));
  CROW_NEED_AGREE(plot->comm, crow_file_get_f64(file, "/", "radius", &h->radius));
  CROW_NEED_AGREE(plot->comm, crow_file_get_f64(file, "/", "farthest", &h->farthest));
  if (crow_file_has_attribute(file, "/", "eta")) {
    CROW_NEED_AGREE(plot->comm, crow_file_get_f64(file, "/", "eta", &h->eta));
  }
  take_counts(count, h);
  return CROW_OK;
}

static crow_status read_humps(const crow_plot *plot, const crow_plot_source *source, humps *h) {
  if (source->kind == CROW_IS_DATASET) return from_dataset(plot, source, h);
  if (source->kind == CROW_IS_WEIGHTS) return from_weights(plot, source, h);
  return crow_error(CROW_BAD_INPUT, "%s: expected a dataset or a weights file, for --kind distances", source->path);
}

/* Corners of the steps. */
static void distances_add_steps(crow_plot *plot, int k, const humps *h) {
  crow_plot_add(plot, "$steps%d << EOD\n0 0\n", k);
  for (int b = 0; b < BINS; b++) {
    for (int side = 0; side < 2; side++) {
      crow_plot_add(plot, "%.9g %.9g\n", h->farthest * (b + side) / BINS, h->share[b]);
    }
  }
  crow_plot_add(plot, "%.9g 0\nEOD\n", h->farthest);
}

/* What the radius is: of one hump it was found without a valley. */
static const char *kind_of_radius(const humps *h) {
  return h->eta == 0 ? "" : h->eta < CROW_VALLEY_LEAST ? " (one hump, no valley)" : " (the valley)";
}

/* The label stands on the side with more room. */
static void mark_radius(crow_plot *plot, int k, const humps *h, double farthest) {
  const bool left = h->radius < farthest / 2;
  crow_plot_add(
      plot,
      "set arrow from first %.9g,graph 0 to first %.9g,graph 1 nohead linewidth 1.5 dashtype 2 linecolor '%s' "
      "front\n"
      "set label 'radius %.4g%s' at first %.9g,graph %.3f %s offset character %s,0 textcolor '%s' front\n",
      h->radius, h->radius, crow_plot_color(k), h->radius, kind_of_radius(h), h->radius, .97 - .07 * k,
      left ? "left" : "right", left ? "0.6" : "-0.6", crow_plot_color(k));
}

crow_status crow_plot_distances(crow_plot *plot) {
  crow_status status = CROW_OK;
  humps *h = NULL;
  char quoted[1024];
  double farthest = 0;
  CROW_TRY_AGREE(plot->comm, CROW_ALLOCATE(&h, plot->count));
  for (int k = 0; k < plot->count; k++) {
    CROW_TRY(read_humps(plot, &plot->source[k], &h[k]));
    distances_add_steps(plot, k, &h[k]);
    farthest = fmax(farthest, h[k].farthest);
  }
  crow_plot_frame(plot, 80, 30, 60, 300, plot->count);
  crow_plot_axes(plot, "distance of two alternatives", "pairs (%)");
  crow_plot_add(plot, "set xrange [0:%.9g]\nset yrange [0:*]\n", farthest > 0 ? farthest : 1);
  for (int k = 0; k < plot->count; k++) mark_radius(plot, k, &h[k], farthest);
  crow_plot_add(plot, "plot ");
  for (int k = 0; k < plot->count; k++) {
    (void)crow_plot_quote(plot->source[k].label, 60, quoted, sizeof quoted);
    crow_plot_add(plot,
                  "%s$steps%d using 1:2 with filledcurves y1=0 fillstyle transparent solid 0.15 linecolor '%s' "
                  "notitle, $steps%d using 1:2 with lines linewidth 1.5 linecolor '%s' title %s",
                  k ? ", " : "", k, crow_plot_color(k), k, crow_plot_color(k), quoted);
  }
  crow_plot_add(plot, "\n");
  (void)snprintf(
      plot->alt, sizeof plot->alt,
      "Histogram of the distances of pairs of alternatives in %d file%s; of %s the radius is %.4g%s, %s %.3g",
      plot->count, crow_plural(plot->count), plot->source[0].label, h[0].radius, kind_of_radius(&h[0]),
      h[0].eta > 0 ? "the share of the variance between its sides" : "the farthest pair",
      h[0].eta > 0 ? h[0].eta : h[0].farthest);
cleanup:
  crow_free(h);
  return status;
}
