/* SPDX-License-Identifier: Apache-2.0 */
/* Voronoi weights in one and two dimensions without sampling. */
#include "weights/weights_impl.h"
#include <string.h>

/* What one rank is asked to hold for it: contexts, weights and the geometry's own structures. */
#define EXACT_BYTES_EACH 256
#define EXACT_BYTES_MOST (INT64_C(8) << 30)

/* In one and two dimensions auto is one of the two. */
static bool box_shaped(const char *space) {
  return strcmp(space, "cube") == 0 || strcmp(space, "box") == 0 || strcmp(space, "auto") == 0;
}

/* A box without extent in some direction has no area to share out. */
static bool has_extent(const double *lower, const double *upper, crow_gidx d) {
  for (crow_gidx k = 0; k < d; k++) {
    if (!(lower[k] < upper[k])) return false;
  }
  return true;
}

/* Rank 0 computes all weights; `whole` is its array (m). */
static crow_status compute_whole(const double *contexts, crow_gidx m, crow_gidx d, const double *lower,
                                 const double *upper, double *whole) {
  if (d == 1) return crow_voronoi_exact_1d(contexts, m, lower[0], upper[0], whole);
  return crow_voronoi_exact_2d(contexts, m, lower, upper, whole);
}

/* Sends each rank its slice of rank 0's array. */
static crow_status scatter(const crow_comm *comm, const double *whole, crow_weights *out) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  int64_t *send_count = NULL, *receive_count = NULL;
  double *received = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(size, &send_count, &receive_count));
  for (int rank = 0; rank < size && crow_comm_rank(comm) == 0; rank++) {
    send_count[rank] = crow_partition_begin(&out->partition, rank + 1) - crow_partition_begin(&out->partition, rank);
  }
  CROW_TRY(crow_comm_exchange(comm, whole, send_count, sizeof *whole, (void **)&received, receive_count));
  if (out->partition.count) memcpy(out->value, received, (size_t)out->partition.count * sizeof *received);
cleanup:
  CROW_FREE(send_count, receive_count, received);
  return status;
}

static crow_status exact_weights_compute(const crow_comm *comm, const crow_dataset *dataset, const double *lower,
                                         const double *upper, crow_weights *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  const crow_gidx mine = crow_comm_rank(comm) == 0 ? m : 0;
  double *contexts = NULL, *whole = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&contexts, mine * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&whole, mine));
  CROW_TRY(crow_dataset_read_contexts(dataset, 0, mine, CROW_F64, contexts));
  CROW_TRY_AGREE(comm, mine ? compute_whole(contexts, m, d, lower, upper, whole) : CROW_OK);
  CROW_TRY(crow_weights_allocate(comm, m, false, out));
  CROW_TRY(scatter(comm, whole, out));
  CROW_TRY(crow_weights_summarise(comm, out));
cleanup:
  CROW_FREE(contexts, whole);
  return status;
}

static bool asked_for(const crow_weights_options *options) { return options->nearest.engine == CROW_NEAREST_EXACT; }

/* Whether nothing but the contexts' extent can keep weights from being exact. */
bool crow_weights_exact_fits(const crow_dataset *dataset, const crow_weights_options *options) {
  const bool fits = dataset->alternatives <= EXACT_BYTES_MOST / EXACT_BYTES_EACH;
  const bool wanted =
      asked_for(options) || (options->nearest.engine == CROW_NEAREST_AUTO && options->pseudo_count <= 0 && fits);
  return wanted && dataset->dimensions <= 2 && box_shaped(options->space.space);
}

crow_status crow_weights_exact(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                               const crow_space *space, bool *done, crow_weights *out) {
  crow_stages stages = {0};
  const double *lower = NULL, *upper = NULL;
  const crow_gidx d = dataset->dimensions;
  const bool asked = asked_for(options);
  *done = false;
  if (!crow_weights_exact_fits(dataset, options)) {
    if (!asked) return CROW_OK;
    return crow_error(CROW_USAGE,
                      "--nearest exact needs contexts of one or two dimensions and --space cube or box: here "
                      "they have %lld, and the space is %s",
                      (long long)d, options->space.space);
  }
  if (!crow_space_bounds(space, &lower, &upper) || !has_extent(lower, upper, d)) {
    if (!asked) return CROW_OK;
    return crow_error(CROW_BAD_INPUT, "--nearest exact: the contexts' bounding box has no extent in some dimension");
  }
  crow_log(CROW_LOG_INFO, "weights: exact, from the Voronoi cells in %lld dimension%s; no samples are drawn",
           (long long)d, crow_plural(d));
  crow_stages_begin(&stages, "cells");
  CROW_NEED(exact_weights_compute(comm, dataset, lower, upper, out));
  crow_stages_end(&stages);
  out->run = (crow_weights_run){.engine = CROW_NEAREST_EXACT, .dimensions = d, .stages = stages};
  *done = true;
  return CROW_OK;
}
