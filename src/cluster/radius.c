/* SPDX-License-Identifier: Apache-2.0 */
/* A radius from the distances of some alternatives to their nearest others. */
#include "base/order_impl.h"
#include "cluster/cluster_impl.h"
#include <crow/nearest.h>
#include <math.h>
#include <stdlib.h>

enum { CHOSEN = 2000 };
#define JUMP 3.0

/* The chosen alternatives, evenly spaced. */
static crow_gidx chosen_index(crow_gidx m, int64_t chosen, int64_t k) { return k * m / chosen; }

/* Every rank gets all the chosen contexts: each fills in those that it holds. */
static crow_status radius_gather_chosen(const crow_comm *comm, const crow_contexts *c, int64_t chosen, double *whole) {
  crow_status status = CROW_OK;
  const crow_partition *p = &c->partition;
  int64_t *count = NULL, *received_count = NULL, held = 0;
  double *mine = NULL, *received = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(p->size, &count, &received_count));
  for (int64_t k = 0; k < chosen; k++) held += crow_partition_owner(p, chosen_index(p->global, chosen, k)) == p->rank;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&mine, held * p->size * c->d));
  int64_t at = 0;
  for (int64_t k = 0; k < chosen; k++) {
    const crow_gidx i = chosen_index(p->global, chosen, k);
    if (crow_partition_owner(p, i) != p->rank) continue;
    for (int r = 0; r < p->size; r++) {
      for (int64_t j = 0; j < c->d; j++) mine[(r * held + at) * c->d + j] = c->value[(i - p->begin) * c->d + j];
    }
    at++;
  }
  for (int r = 0; r < p->size; r++) count[r] = held * c->d;
  CROW_TRY(crow_comm_exchange(comm, mine, count, sizeof *mine, (void **)&received, received_count));
  for (int64_t k = 0; k < chosen * c->d; k++) whole[k] = received[k]; /* ranks ascend, and so do the chosen */
cleanup:
  CROW_FREE(count, received_count, mine, received);
  return status;
}

/* Squared distance of each of the chosen to its nearest other alternative of its prompt (NULL: of all); infinite if
 * there is none. */
static crow_status nearest_others(const crow_comm *comm, const crow_contexts *c, const int32_t *prompt, int64_t chosen,
                                  const double *whole, double *square) {
  const crow_partition *p = &c->partition;
  for (int64_t k = 0; k < chosen; k++) {
    const crow_gidx self = chosen_index(p->global, chosen, k);
    square[k] = INFINITY;
    for (int64_t i = 0; i < p->count; i++) {
      if (p->begin + i == self || (prompt && prompt[p->begin + i] != prompt[self])) continue;
      const double s = crow_nearest_distance(whole + k * c->d, c->value + i * c->d, CROW_DOUBLE, c->d);
      if (s < square[k]) square[k] = s;
    }
  }
  return crow_comm_min_f64(comm, square, chosen);
}

/* `distance` ascends. */
static double from_distances(const double *distance, int64_t n, double *jump) {
  const double least = 1e-9 * distance[n - 1];
  double radius = 0.5 * distance[n / 2];
  *jump = 1;
  for (int64_t k = 0; k + 1 < n; k++) {
    const double low = fmax(distance[k], least), high = fmax(distance[k + 1], least);
    if (!(high > *jump * low)) continue;
    *jump = high / low;
    if (*jump >= JUMP) radius = sqrt(low * high);
  }
  return radius;
}

crow_status crow_radius_suggest(const crow_comm *comm, const crow_dataset *dataset, double *radius, double *jump) {
  crow_status status = CROW_OK;
  crow_contexts contexts = {0};
  double *whole = NULL, *distance = NULL, largest_jump = 1;
  const int64_t chosen = dataset->alternatives < CHOSEN ? dataset->alternatives : CHOSEN;
  *radius = 0;
  CROW_TRY(crow_contexts_read(comm, dataset, &contexts));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&whole, chosen * contexts.d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&distance, chosen));
  if (dataset->alternatives > 1) {
    CROW_TRY(radius_gather_chosen(comm, &contexts, chosen, whole));
    CROW_TRY(nearest_others(comm, &contexts, dataset->prompt, chosen, whole, distance));
    for (int64_t k = 0; k < chosen; k++) distance[k] = sqrt(distance[k]);
    qsort(distance, (size_t)chosen, sizeof *distance, crow_order_f64);
    int64_t n = chosen; /* single alternatives of a prompt have no distance */
    while (n > 0 && isinf(distance[n - 1])) n--;
    if (n > 0 && distance[n - 1] > 0) *radius = from_distances(distance, n, &largest_jump);
  }
  if (jump) *jump = largest_jump;
cleanup:
  crow_contexts_free(&contexts);
  CROW_FREE(whole, distance);
  return status;
}
