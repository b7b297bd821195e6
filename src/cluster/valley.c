/* SPDX-License-Identifier: Apache-2.0 */
/* The valley between two humps of the distances of pairs: Otsu's threshold (1979), which maximises the variance between
 * its two sides. */
#include "base/order_impl.h"
#include "cluster/cluster_impl.h"
#include <crow/nearest.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALLEY_ROWS = 512 };

/* One of the pairs whose distances are taken. */
typedef struct valley_pair {
  crow_gidx x, y;
  int64_t number;
} valley_pair;

/* Pair `number` of all, x > y in the order of x, or of random ones: both alternatives uniform, but different. */
static valley_pair valley_pair_of(crow_gidx m, int64_t number, bool all) {
  valley_pair pair = {.number = number};
  if (all) {
    pair.x = (crow_gidx)((1 + sqrt(1 + 8 * (double)number)) / 2);
    while (pair.x * (pair.x - 1) / 2 > number) pair.x--;
    while (pair.x * (pair.x + 1) / 2 <= number) pair.x++;
    pair.y = number - pair.x * (pair.x - 1) / 2;
    return pair;
  }
  uint32_t words[4];
  crow_random_words(1, CROW_STREAM_VALLEY, (uint64_t)number, words, 4);
  const uint64_t a = (uint64_t)words[0] << 32 | words[1], b = (uint64_t)words[2] << 32 | words[3];
  pair.x = (crow_gidx)(((unsigned __int128)a * (uint64_t)m) >> 64);
  pair.y = (crow_gidx)(((unsigned __int128)b * (uint64_t)(m - 1)) >> 64);
  pair.y += pair.y >= pair.x;
  return pair;
}

static int compare_pairs(const void *a, const void *b) {
  const valley_pair *p = a, *q = b;
  if (p->y != q->y) return p->y < q->y ? -1 : 1;
  return p->number < q->number ? -1 : p->number > q->number;
}

/* The pairs whose x this rank holds, by their y. */
static crow_status valley_list_pairs(const crow_partition *p, int64_t pairs, bool all, valley_pair **list,
                                     int64_t *count) {
  CROW_NEED(CROW_ALLOCATE_RAW(list, pairs));
  for (int64_t k = 0; k < pairs; k++) {
    const valley_pair pair = valley_pair_of(p->global, k, all);
    if (pair.x >= p->begin && pair.x < p->begin + p->count) (*list)[(*count)++] = pair;
  }
  qsort(*list, (size_t)*count, sizeof **list, compare_pairs);
  return CROW_OK;
}

/* All contexts pass by in blocks, and each rank takes its pairs' distances. */
static crow_status take_distances(const crow_comm *comm, const crow_contexts *c, const valley_pair *list, int64_t count,
                                  double *distance) {
  crow_status status = CROW_OK;
  const crow_partition *p = &c->partition;
  double *passing = NULL;
  int64_t at = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&passing, VALLEY_ROWS * c->d));
  for (int owner = 0; owner < p->size; owner++) {
    const crow_gidx end = crow_partition_begin(p, owner + 1);
    for (crow_gidx begin = crow_partition_begin(p, owner); begin < end; begin += VALLEY_ROWS) {
      const crow_gidx rows = end - begin < VALLEY_ROWS ? end - begin : VALLEY_ROWS;
      if (owner == p->rank) {
        memcpy(passing, c->value + (begin - p->begin) * c->d, (size_t)(rows * c->d) * sizeof *passing);
      }
      CROW_TRY(crow_comm_broadcast(comm, passing, rows * c->d * (int64_t)sizeof *passing, owner));
      for (; at < count && list[at].y < begin + rows; at++) {
        distance[list[at].number] = sqrt(crow_nearest_distance(
            passing + (list[at].y - begin) * c->d, c->value + (list[at].x - p->begin) * c->d, CROW_DOUBLE, c->d));
      }
    }
  }
cleanup:
  crow_free(passing);
  return status;
}

crow_status crow_pair_distances(const crow_comm *comm, const crow_contexts *contexts, double **distance,
                                int64_t *pairs) {
  crow_status status = CROW_OK;
  const crow_gidx m = contexts->partition.global;
  const bool all = m <= 1 || m - 1 <= 2 * CROW_VALLEY_PAIRS / m;
  valley_pair *list = NULL;
  int64_t count = 0;
  *pairs = all ? m * (m - 1) / 2 : CROW_VALLEY_PAIRS;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(distance, *pairs));
  CROW_TRY_AGREE(comm, valley_list_pairs(&contexts->partition, *pairs, all, &list, &count));
  CROW_TRY(take_distances(comm, contexts, list, count, *distance));
  CROW_TRY(crow_comm_max_f64(comm, *distance, *pairs));
  qsort(*distance, (size_t)*pairs, sizeof **distance, crow_order_f64);
cleanup:
  crow_free(list);
  return status;
}

void crow_valley_find(const double *distance, int64_t pairs, crow_valley *out) {
  double sum = 0, mean, variance = 0, low = 0, best = 0;
  *out = (crow_valley){.pairs = pairs};
  for (int64_t k = 0; k < pairs; k++) sum += distance[k];
  mean = pairs ? sum / (double)pairs : 0;
  for (int64_t k = 0; k < pairs; k++) variance += (distance[k] - mean) * (distance[k] - mean);
  /* With a share p of the pairs below, of mean a, the variance between the sides is p / (1 - p) (mean - a)^2. */
  for (int64_t k = 0; k + 1 < pairs; k++) {
    low += distance[k];
    if (distance[k] == distance[k + 1]) continue;
    const double below = (double)(k + 1), above = (double)(pairs - k - 1);
    const double between = below / above * (double)pairs * (mean - low / below) * (mean - low / below);
    if (!(between > best)) continue;
    best = between;
    out->radius = distance[k] + (distance[k + 1] - distance[k]) / 2;
  }
  out->eta = variance > 0 ? fmin(best / variance, 1) : 0;
  /* One distance alone has no sides: everything is within it. */
  if (best == 0 && pairs) out->radius = distance[pairs - 1];
}

double crow_distances_count(const double *distance, int64_t pairs, int64_t *count) {
  const double farthest = pairs ? distance[pairs - 1] : 0;
  memset(count, 0, CROW_DISTANCE_BINS * sizeof *count);
  for (int64_t k = 0; k < pairs; k++) {
    const int at = farthest > 0 ? (int)(distance[k] / farthest * CROW_DISTANCE_BINS) : 0;
    count[at < CROW_DISTANCE_BINS ? at : CROW_DISTANCE_BINS - 1]++;
  }
  return farthest;
}

crow_status crow_valley_of(const crow_comm *comm, const crow_dataset *dataset, crow_valley *out, double **distance) {
  crow_status status = CROW_OK;
  crow_contexts contexts = {0};
  double *own = NULL;
  int64_t pairs = 0;
  CROW_TRY(crow_contexts_read(comm, dataset, &contexts));
  CROW_TRY(crow_pair_distances(comm, &contexts, &own, &pairs));
  crow_valley_find(own, pairs, out);
  if (distance) {
    *distance = own;
    own = NULL;
  }
cleanup:
  crow_contexts_free(&contexts);
  crow_free(own);
  return status;
}
