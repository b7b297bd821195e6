/* SPDX-License-Identifier: Apache-2.0 */
/* k-means of distributed contexts, the same for any number of ranks. */
#include "cluster/cluster_impl.h"
#include <crow/nearest.h>
#include <math.h>
#include <string.h>

typedef struct kmeans {
  crow_contexts contexts;
  crow_fixed fixed;
  uint64_t seed;
  int64_t k;        /* centres there are */
  double *centre;   /* (clusters, d) */
  double *square;   /* (count) squared distance to the nearest centre */
  int32_t *nearest; /* (count) */
  int64_t *sum;     /* (clusters, d + 1): sums of the members' contexts, and how many they are */
} kmeans;

static void kmeans_free(kmeans *km) {
  crow_contexts_free(&km->contexts);
  crow_fixed_free(&km->fixed);
  CROW_FREE(km->centre, km->square, km->nearest, km->sum);
}

static crow_status kmeans_create(const crow_comm *comm, const crow_dataset *dataset, crow_gidx clusters, uint64_t seed,
                                 kmeans *km) {
  *km = (kmeans){.seed = seed};
  CROW_NEED(crow_contexts_read(comm, dataset, &km->contexts));
  const crow_partition *p = &km->contexts.partition;
  const int64_t d = km->contexts.d;
  CROW_NEED(crow_fixed_create(comm, p->global, d, p->count, km->contexts.value, &km->fixed));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&km->centre, clusters * d));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&km->sum, clusters * (d + 1)));
  return crow_comm_agree(comm, CROW_ALLOCATE_EACH(p->count, &km->square, &km->nearest));
}

/* ---- k-means++ ---------------------------------------------------------------------------------------------- */

/* Alternative x is drawn with a probability in proportion to its squared distance: each has an exponential time of that
 * rate, and the first wins. So nobody needs the sum of all. `*chosen` is -1 if all distances are zero. Collective. */
static crow_status draw_centre(const crow_comm *comm, const kmeans *km, crow_gidx *chosen) {
  const crow_partition *p = &km->contexts.partition;
  double first = INFINITY;
  int64_t winner = INT64_MAX;
  for (int64_t i = 0; i < p->count; i++) {
    double u;
    if (!(km->square[i] > 0)) continue;
    const uint64_t element = (uint64_t)km->k << 32 | (uint64_t)(p->begin + i);
    crow_random_uniform(km->seed, CROW_STREAM_CLUSTER, element, &u, 1);
    const double time = -log(u) / km->square[i];
    if (time < first) {
      first = time;
      winner = p->begin + i;
    }
  }
  double least = first;
  CROW_NEED(crow_comm_min_f64(comm, &least, 1));
  if (first > least) winner = INT64_MAX;
  CROW_NEED(crow_comm_min_i64(comm, &winner, 1));
  *chosen = winner == INT64_MAX ? -1 : winner;
  return CROW_OK;
}

static crow_status add_centre(const crow_comm *comm, kmeans *km, crow_gidx chosen) {
  const crow_contexts *c = &km->contexts;
  const int owner = crow_partition_owner(&c->partition, chosen);
  double *centre = km->centre + km->k * c->d;
  if (owner == c->partition.rank) {
    memcpy(centre, c->value + (chosen - c->partition.begin) * c->d, (size_t)c->d * sizeof *centre);
  }
  CROW_NEED(crow_comm_broadcast(comm, centre, c->d * (int64_t)sizeof *centre, owner));
  for (int64_t i = 0; i < c->partition.count; i++) {
    const double square = crow_nearest_distance(c->value + i * c->d, centre, CROW_DOUBLE, c->d);
    if (km->k == 0 || square < km->square[i]) km->square[i] = square;
  }
  km->k++;
  return CROW_OK;
}

static crow_status choose_centres(const crow_comm *comm, kmeans *km, crow_gidx clusters) {
  km->k = 0;
  crow_gidx chosen = 0;
  crow_progress progress;
  crow_progress_begin(&progress, "k-means++", "centres", (double)clusters);
  for (int64_t i = 0; i < km->contexts.partition.count; i++) km->square[i] = 1; /* the first is drawn evenly */
  while (km->k < clusters) {
    CROW_NEED_AGREE(comm, crow_stop_check("k-means++"));
    CROW_NEED(draw_centre(comm, km, &chosen));
    if (chosen < 0) break;
    CROW_NEED(add_centre(comm, km, chosen));
    crow_progress_update(&progress, (double)km->k);
  }
  return CROW_OK;
}

/* ---- Lloyd -------------------------------------------------------------------------------------------------- */

/* Assigns this rank's contexts to their nearest centres (the first of several) and counts those that changed. */
static crow_status assign(kmeans *km, int64_t *changed) {
  enum { POINTS = 1024 };
  crow_status status = CROW_OK;
  const crow_contexts *c = &km->contexts;
  const crow_nearest_options options = {.engine = CROW_NEAREST_GEMM, .precision = CROW_DOUBLE, .threads = 1};
  crow_nearest *search = NULL;
  crow_nearest_result result = {0};
  *changed = 0;
  CROW_TRY(crow_nearest_create(&options, km->centre, CROW_DOUBLE, km->k, c->d, NULL, 0, &search));
  for (int64_t at = 0; at < c->partition.count; at += POINTS) {
    const int64_t n = c->partition.count - at < POINTS ? c->partition.count - at : POINTS;
    CROW_TRY(crow_nearest_search(search, c->value + at * c->d, n, &result));
    for (int64_t i = 0; i < n; i++) {
      const int32_t nearest = (int32_t)result.index[result.tie_begin[i]];
      *changed += km->nearest[at + i] != nearest;
      km->nearest[at + i] = nearest;
      km->square[at + i] = result.distance[i];
    }
  }
cleanup:
  crow_nearest_result_free(&result);
  crow_nearest_destroy(&search);
  return status;
}

/* Moves the centres to their members' means; one without members stays. */
static crow_status move_centres(const crow_comm *comm, kmeans *km) {
  const crow_contexts *c = &km->contexts;
  const int64_t width = c->d + 1;
  memset(km->sum, 0, (size_t)(km->k * width) * sizeof *km->sum);
  for (int64_t i = 0; i < c->partition.count; i++) {
    int64_t *sum = km->sum + km->nearest[i] * width;
    crow_fixed_add(&km->fixed, c->value + i * c->d, sum);
    sum[c->d]++;
  }
  CROW_NEED(crow_comm_sum_i64(comm, km->sum, km->k * width));
  for (int64_t k = 0; k < km->k; k++) {
    const int64_t *sum = km->sum + k * width;
    if (sum[c->d] > 0) crow_fixed_mean(&km->fixed, sum, sum[c->d], km->centre + k * c->d);
  }
  return CROW_OK;
}

static crow_status kmeans_iterate(const crow_comm *comm, kmeans *km, int64_t max_iterations, crow_groups *out) {
  const crow_partition *p = &km->contexts.partition;
  int64_t changed = 0;
  out->converged = false;
  out->iterations = 0;
  for (int64_t i = 0; i < p->count; i++) km->nearest[i] = -1;
  while (!out->converged && out->iterations < max_iterations) {
    CROW_NEED_AGREE(comm, crow_stop_check("k-means"));
    CROW_NEED_AGREE(comm, assign(km, &changed));
    CROW_NEED(crow_comm_sum_i64(comm, &changed, 1));
    CROW_NEED(crow_comm_sum(comm, p, km->square, &out->inertia));
    out->converged = changed == 0;
    out->iterations++;
    if (!out->converged) CROW_NEED(move_centres(comm, km));
    crow_log(CROW_LOG_INFO, "k-means: iteration %lld, %lld changed, inertia %.9g", (long long)out->iterations,
             (long long)changed, out->inertia);
  }
  return CROW_OK;
}

crow_status crow_groups_by_kmeans(const crow_comm *comm, const crow_dataset *dataset, crow_gidx clusters,
                                  int64_t starts, int64_t max_iterations, uint64_t seed, crow_groups *out) {
  crow_status status = CROW_OK;
  kmeans km = {0};
  int32_t *best = NULL;
  *out = (crow_groups){.alternatives = dataset->alternatives};
  if (clusters > dataset->alternatives) clusters = dataset->alternatives;
  CROW_TRY(kmeans_create(comm, dataset, clusters, seed, &km));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->group, out->alternatives));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&best, km.contexts.partition.count));
  for (int64_t start = 0; start < starts; start++) {
    crow_groups tried = *out;
    km.seed = seed ^ (uint64_t)start * UINT64_C(0x9e3779b97f4a7c15);
    CROW_TRY(choose_centres(comm, &km, clusters));
    CROW_TRY(kmeans_iterate(comm, &km, max_iterations, &tried));
    if (start > 0 && !(tried.inertia < out->inertia)) continue;
    *out = tried;
    for (crow_gidx i = 0; i < km.contexts.partition.count; i++) best[i] = km.nearest[i];
  }
  CROW_TRY(crow_comm_gather_slices(comm, &km.contexts.partition, best, out->group, sizeof *out->group));
  if (dataset->prompt) CROW_TRY_AGREE(comm, crow_groups_cut(out->alternatives, dataset->prompt, out->group));
  CROW_TRY_AGREE(comm, crow_groups_number(out->alternatives, out->group, &out->groups));
cleanup:
  kmeans_free(&km);
  crow_free(best);
  if (status != CROW_OK) crow_groups_free(out);
  return status;
}
