/* SPDX-License-Identifier: Apache-2.0 */
/* What weights did: to near-duplicates, to the others, and how far they can be trusted. */
#include "summary/effect_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is held whole on every rank is too much beyond. */
#define ALTERNATIVES_MOST 10000000

/* ---- groups --------------------------------------------------------------------------------------------------- */

/* The closest first, then the heaviest. */
static int by_closeness(const void *a, const void *b) {
  const crow_effect_group *x = a, *y = b;
  if (x->apart != y->apart) return x->apart < y->apart ? -1 : 1;
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  return x->member[0] < y->member[0] ? -1 : 1;
}

/* Numbers the groups of two and more from 1 on: `number` (m) by the group's label; 0: it is a single. */
static crow_gidx number_groups(const crow_neighbours *n, int32_t *number) {
  int32_t groups = 0;
  for (crow_gidx x = 0; x < n->alternatives; x++) number[n->group[x]]++;
  for (crow_gidx x = 0; x < n->alternatives; x++) number[x] = number[x] > 1 ? ++groups : 0;
  return groups;
}

static void fill_groups(const crow_neighbours *n, const double *weight, const int32_t *number,
                        crow_effect_group *group) {
  for (crow_gidx x = 0; x < n->alternatives; x++) {
    const int32_t label = number[n->group[x]];
    if (label == 0) continue;
    crow_effect_group *g = &group[label - 1];
    if (g->named < CROW_EFFECT_MEMBERS) g->member[g->named++] = x;
    g->size++;
    g->weight += weight[x];
  }
  for (int64_t k = 0; k < n->looked; k++) {
    const int32_t label = number[n->group[crow_neighbours_row(n, k)]];
    if (label) group[label - 1].apart = fmax(group[label - 1].apart, sqrt(fmax(n->longest[k], 0)));
  }
}

/* The place of every alternative's group among the sorted ones; `number` is by label, and changed. Local. */
static crow_status number_members(const crow_neighbours *n, int32_t *number, const crow_effect_group *group,
                                  crow_effect *out) {
  CROW_NEED(CROW_ALLOCATE(&out->number, n->alternatives));
  for (crow_gidx g = 0; g < out->groups; g++) number[n->group[group[g].member[0]]] = (int32_t)(g + 1);
  for (crow_gidx x = 0; x < n->alternatives; x++) out->number[x] = number[n->group[x]];
  return CROW_OK;
}

/* `*among` is how many of the compared alternatives are in groups. Local. */
static crow_status take_groups(const crow_neighbours *n, const double *weight, crow_effect *out, crow_gidx *among) {
  crow_status status = CROW_OK;
  int32_t *number = NULL;
  crow_effect_group *group = NULL;
  out->looked = n->looked;
  out->radius = n->radius;
  CROW_TRY(CROW_ALLOCATE(&number, n->alternatives));
  out->groups = number_groups(n, number);
  CROW_TRY(CROW_ALLOCATE(&group, out->groups));
  fill_groups(n, weight, number, group);
  for (crow_gidx g = 0; g < out->groups; g++) {
    group[g].shares = (double)n->alternatives * group[g].weight;
    out->members += group[g].size;
    out->weight += group[g].weight;
  }
  for (int64_t k = 0; k < n->looked; k++) *among += number[n->group[crow_neighbours_row(n, k)]] > 0;
  if (out->groups) {
    qsort(group, (size_t)out->groups, sizeof *group, by_closeness);
    CROW_TRY(number_members(n, number, group, out));
  }
  out->named = out->groups < CROW_EFFECT_GROUPS ? (int)out->groups : CROW_EFFECT_GROUPS;
  for (int g = 0; g < out->named; g++) out->group[g] = group[g];
cleanup:
  CROW_FREE(number, group);
  return status;
}

static crow_status name_groups(const crow_comm *comm, const crow_dataset *dataset, crow_effect *out) {
  for (int g = 0; g < out->named; g++) {
    crow_effect_group *group = &out->group[g];
    crow_ranked place[CROW_EFFECT_MEMBERS];
    for (int k = 0; k < group->named; k++) place[k] = (crow_ranked){0, group->member[k]};
    CROW_NEED(crow_ranking_names(comm, dataset->file, "/alternatives/id", group->named, place, group->id));
  }
  return CROW_OK;
}

crow_gidx crow_effect_compared(const crow_dataset *dataset) {
  /* Prompts have spaces, centres and numbers of samples of their own, and what an equal share is differs between them.
   */
  if (dataset->prompts > 1 || dataset->dimensions == 0 || dataset->alternatives > ALTERNATIVES_MOST) return 0;
  return crow_neighbours_compared(dataset->alternatives, dataset->dimensions);
}

static crow_status find_groups(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                               crow_effect *out) {
  crow_status status = CROW_OK;
  crow_neighbours neighbours = {0};
  double *whole = NULL;
  crow_gidx among = 0;
  if (crow_effect_compared(dataset) == 0) return CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&whole, dataset->alternatives));
  CROW_TRY(crow_comm_gather_slices(comm, &weights->partition, weights->value, whole, sizeof *whole));
  CROW_TRY(crow_neighbours_find(comm, dataset, &weights->space, whole, &neighbours));
  CROW_TRY_AGREE(comm, take_groups(&neighbours, whole, out, &among));
  CROW_TRY(name_groups(comm, dataset, out));
  /* With many clones a small effective number is right; with few it is the space's fault. */
  out->concentrated =
      *weights->space.choice.space && 2 * out->effective < (double)out->alternatives && 4 * among < out->looked;
cleanup:
  crow_neighbours_free(&neighbours);
  crow_free(whole);
  return status;
}

/* ---- single weights ------------------------------------------------------------------------------------------- */

static crow_status find_extremes(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                 crow_effect *out) {
  for (int side = 0; side < 2; side++) {
    crow_ranked *ranked = NULL;
    int64_t count = 0;
    crow_ranked *end = side == 0 ? &out->largest : &out->smallest;
    char(*id)[CROW_NAME_BYTES] = side == 0 ? &out->largest_id : &out->smallest_id;
    CROW_NEED(crow_ranking_ends(comm, &weights->partition, weights->value, 1, side == 0, &ranked, &count));
    if (count) *end = ranked[0];
    crow_free(ranked);
    if (count) CROW_NEED(crow_ranking_names(comm, dataset->file, "/alternatives/id", 1, end, id));
  }
  out->equal = out->largest.value == out->smallest.value;
  return CROW_OK;
}

/* The lower median of the hits, by halving the range of integers that it is in. */
static crow_status find_median_hits(const crow_comm *comm, const crow_weights *weights, crow_effect *out) {
  /* A rank without alternatives has no hits either way. */
  int64_t low = 0, high = 0, counted = weights->hits && weights->samples > 0;
  out->median_hits = -1;
  CROW_NEED(crow_comm_max_i64(comm, &counted, 1));
  if (!counted) return CROW_OK;
  for (crow_gidx i = 0; i < weights->partition.count; i++) {
    if (weights->hits[i] > high) high = weights->hits[i];
  }
  CROW_NEED(crow_comm_max_i64(comm, &high, 1));
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    int64_t within = 0;
    for (crow_gidx i = 0; i < weights->partition.count; i++) within += weights->hits[i] <= middle;
    CROW_NEED(crow_comm_sum_i64(comm, &within, 1));
    if (2 * within >= weights->partition.global) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  out->median_hits = (double)low / (double)CROW_HIT_UNIT;
  return CROW_OK;
}

/* Enough for the median alternative, rounded up to two digits; twice as many where only some have no weight. */
static void advise_samples(const crow_weights *weights, crow_effect *out) {
  const double n = (double)weights->samples;
  out->noisy = out->median_hits >= 0 && out->median_hits < CROW_EFFECT_HITS;
  if (out->median_hits < 0 || !(out->noisy || out->zeros)) return;
  double wanted = out->noisy ? fmax(CROW_EFFECT_HITS * (double)out->alternatives, 2 * n) : 2 * n;
  if (out->noisy && out->median_hits > 0) wanted = fmax(wanted, n * CROW_EFFECT_HITS / out->median_hits);
  const double digit = pow(10, floor(log10(wanted)) - 1);
  out->more_samples = (int64_t)fmin(ceil(wanted / digit) * digit, 1e13);
}

void crow_effect_free(crow_effect *effect) {
  crow_free(effect->number);
  memset(effect, 0, sizeof *effect);
}

crow_status crow_effect_create(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                               crow_effect *out) {
  crow_status status = CROW_OK;
  memset(out, 0, sizeof *out);
  out->alternatives = dataset->alternatives;
  out->effective = weights->effective;
  out->zeros = weights->zeros;
  out->samples = weights->samples;
  out->median_hits = -1;
  CROW_TRY(find_extremes(comm, dataset, weights, out));
  if (dataset->prompts > 1) return CROW_OK;
  CROW_TRY(find_groups(comm, dataset, weights, out));
  CROW_TRY(find_median_hits(comm, weights, out));
  advise_samples(weights, out);
cleanup:
  if (status != CROW_OK) crow_effect_free(out);
  return status;
}
