/* SPDX-License-Identifier: Apache-2.0 */
/* Where the nearest alternative is sought: where the weights were made. On a sphere that is among directions from its
 * centre, which the rewards file keeps; with prompts each has its own, and it is the mean of the prompt's normalised
 * contexts by the weights, since that is how it was defined. */
#include "predict/predict_impl.h"
#include "space/space_impl.h"
#include <math.h>
#include <string.h>

/* Contexts that are read at once, in bytes. */
#define PIECE_BYTES (1 << 25)
/* A mean of unit vectors is at most this long. */
#define LENGTH_MOST 1.000001

crow_status crow_metric_is_sphere(const crow_file *rewards, bool *sphere) {
  crow_status status = CROW_OK;
  char *text = NULL;
  *sphere = false;
  if (!crow_file_has_attribute(rewards, "/", "space")) return CROW_OK;
  CROW_TRY(crow_file_get_text(rewards, "/", "space", &text));
  *sphere = strcmp(text, "sphere") == 0;
cleanup:
  crow_free(text);
  return status;
}

/* ---- centres ---------------------------------------------------------------------------------------------------- */

static crow_status take_kept_center(const crow_file *rewards, const crow_dataset *dataset,
                                    const crow_weights_space *space, crow_metric *out) {
  double square = 0;
  if (space->dimensions != dataset->dimensions) {
    return crow_error(CROW_BAD_INPUT, "%s: /space/center has %lld numbers, expected %lld, the dimensions of %s",
                      crow_file_name(rewards), (long long)space->dimensions, (long long)dataset->dimensions,
                      crow_file_name(dataset->file));
  }
  for (crow_gidx k = 0; k < space->dimensions; k++) square += space->center[k] * space->center[k];
  if (!(sqrt(square) <= LENGTH_MOST)) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: /space/center has the length %g, expected at most 1, as a mean of unit vectors",
                      crow_file_name(rewards), sqrt(square));
  }
  return crow_space_set_center(out->space, space->center);
}

/* Adds the contexts of alternatives `first` on, normalised, to their prompts' sums, which are taken in the order of the
 * alternatives by every rank alike. */
static void add_to_centers(const crow_dataset *dataset, crow_gidx first, crow_gidx count, double *rows,
                           const double *weight, crow_metric *out, double *total) {
  const crow_gidx d = dataset->dimensions;
  for (crow_gidx i = 0; i < count; i++) {
    const int32_t prompt = dataset->prompt[first + i];
    double *row = rows + i * d, *center = out->center + prompt * d;
    (void)crow_space_normalise(row, d);
    for (crow_gidx k = 0; k < d; k++) center[k] += weight[first + i] * row[k];
    total[prompt] += weight[first + i];
  }
}

/* Every rank reads all contexts, piece by piece. Collective. */
static crow_status find_prompt_centers(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                                       crow_metric *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  const crow_gidx most = PIECE_BYTES / (d * (crow_gidx)sizeof(double)) + 1, rows = most < m ? most : m;
  double *weight = NULL, *total = NULL, *piece = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->center, dataset->prompts * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&total, dataset->prompts));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&weight, m));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&piece, rows * d));
  CROW_TRY(crow_file_read(rewards, "/rewards/weight", 0, m, CROW_F64, weight));
  for (crow_gidx begin = 0; begin < m; begin += rows) {
    const crow_gidx count = m - begin < rows ? m - begin : rows;
    CROW_TRY(crow_dataset_read_contexts(dataset, begin, count, CROW_F64, piece));
    add_to_centers(dataset, begin, count, piece, weight, out, total);
  }
  for (int32_t p = 0; p < dataset->prompts; p++) {
    for (crow_gidx k = 0; k < d && total[p] > 0; k++) out->center[p * d + k] /= total[p];
  }
cleanup:
  CROW_FREE(weight, total, piece);
  return status;
}

/* ---- the metric ------------------------------------------------------------------------------------------------- */

static crow_status find_centers(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                                bool by_prompt, const crow_weights_space *space, crow_metric *out) {
  const bool weighted = strcmp(space->choice.center, "weighted") == 0;
  if (space->center) {
    CROW_NEED_AGREE(comm, take_kept_center(rewards, dataset, space, out));
    out->name = weighted ? "on the sphere about the weighted mean, as the weights were found"
                         : "on the sphere about the given centre, as the weights were found";
  } else if (!weighted) {
    out->name = "on the sphere, as the weights were found";
  } else if (by_prompt) {
    CROW_NEED(find_prompt_centers(comm, rewards, dataset, out));
    out->name = "on the sphere about the prompt's weighted mean, as the weights were found";
  } else {
    /* Prompts have centres of their own, which are of no use to a context that may answer any of them. */
    crow_space_destroy(&out->space);
    out->name = "by the contexts' distance, since the weights' sphere has a centre for each prompt";
  }
  return CROW_OK;
}

crow_status crow_metric_open(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                             bool by_prompt, crow_metric *out) {
  crow_status status = CROW_OK;
  crow_weights_space space = {0};
  bool sphere = false;
  *out = (crow_metric){.dimensions = dataset->dimensions, .name = "by the contexts' distance"};
  CROW_TRY(crow_metric_is_sphere(rewards, &sphere));
  if (!sphere) goto cleanup;
  CROW_TRY(crow_weights_space_read(comm, rewards, &space));
  const crow_space_options options = {.space = "sphere", .seed = 1, .center = "none"};
  CROW_TRY(crow_space_create(comm, &options, dataset, &out->space));
  CROW_TRY(find_centers(comm, rewards, dataset, by_prompt, &space, out));
cleanup:
  crow_weights_space_free(&space);
  if (status != CROW_OK) crow_metric_free(out);
  return status;
}

bool crow_metric_needs_direction(const crow_metric *metric) {
  return metric->space && !metric->center && !crow_space_center(metric->space);
}

crow_status crow_metric_apply(const crow_metric *metric, crow_gidx group, crow_gidx count, double *rows) {
  if (!metric->space || count == 0) return CROW_OK;
  const crow_gidx d = metric->dimensions;
  if (crow_metric_needs_direction(metric)) {
    for (crow_gidx i = 0; i < count; i++) (void)crow_space_normalise(rows + i * d, d);
    return CROW_OK;
  }
  if (metric->center) CROW_NEED(crow_space_set_center(metric->space, metric->center + group * d));
  return crow_space_transform(metric->space, 0, count, rows);
}

void crow_metric_free(crow_metric *metric) {
  crow_space_destroy(&metric->space);
  crow_free(metric->center);
  *metric = (crow_metric){0};
}
