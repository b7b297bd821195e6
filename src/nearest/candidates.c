/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/pass_impl.h"

#include <math.h>
#include <string.h>

static double score_at(const void *scores, crow_precision precision, int64_t j) {
  return precision == CROW_SINGLE ? (double)((const float *)scores)[j] : ((const double *)scores)[j];
}

/* ---- the points that are scored
 * ---------------------------------------------------------------------------------------- */

crow_status crow_candidates_take_points(const crow_pass *pass, crow_pass_work *work) {
  for (int64_t i = 0; i < work->n; i++) {
    const double *point = work->points + work->id[i] * pass->d;
    work->norm[i] = crow_frame_convert(pass, point, CROW_DOUBLE,
                                       (char *)work->converted + (size_t)(i * pass->d) * pass->real_bytes);
    if (isfinite(work->norm[i])) continue;
    for (int64_t k = 0; k < pass->d; k++) {
      if (!isfinite(point[k])) return crow_error(CROW_BAD_INPUT, "a point is not finite");
    }
  }
  return CROW_OK;
}

/* ---- first scoring: lists of candidates ------------------------------------------------------------------------ */

/* Drops candidates that the greatest lower bound has overtaken. */
static int32_t drop_overtaken(crow_candidate *list, int32_t kept, double lower) {
  int32_t left = 0;
  for (int32_t c = 0; c < kept; c++) {
    if (list[c].upper >= lower) list[left++] = list[c];
  }
  return left;
}

static void list_hits(const crow_pass *pass, crow_pass_work *work, int64_t i, int64_t first, const void *scores,
                      double bound, int64_t hits) {
  crow_candidate *list = work->candidate + i * CROW_CANDIDATES;
  int32_t kept = work->kept[i];
  for (int64_t h = 0; h < hits; h++) {
    if (kept == CROW_CANDIDATES) kept = drop_overtaken(list, kept, work->lower[i]);
    if (kept == CROW_CANDIDATES) {
      work->kept[i] = CROW_CROWDED;
      return;
    }
    list[kept++] = (crow_candidate){score_at(scores, pass->precision, work->hit[h]) + bound, first + work->hit[h]};
  }
  work->kept[i] = kept;
}

/* ---- second scoring: deciding as candidates appear ------------------------------------------------------------- */

/* Keeps what can be nearest by its canonical distance. Those that a later one puts beyond the margin stay in the list
 * until it is decided, unless all of them go. */
static crow_status tie_list_add(crow_tie_list *list, int64_t d, double distance, int64_t index) {
  if (distance > crow_nearest_margin(list->least, d)) return CROW_OK;
  if (crow_nearest_margin(distance, d) < list->least) list->count = 0;
  if (distance < list->least) list->least = distance;
  if (list->count == list->capacity) {
    const int64_t capacity = list->capacity ? 2 * list->capacity : 64;
    int64_t *grown = NULL;
    double *distances = NULL;
    crow_status status = CROW_ALLOCATE_RAW(&grown, capacity);
    if (status == CROW_OK) status = CROW_ALLOCATE_RAW(&distances, capacity);
    if (status != CROW_OK) {
      crow_free(grown);
      return status;
    }
    if (list->count) {
      memcpy(grown, list->index, (size_t)list->count * sizeof *grown);
      memcpy(distances, list->distance, (size_t)list->count * sizeof *distances);
    }
    CROW_FREE(list->index, list->distance);
    list->index = grown;
    list->distance = distances;
    list->capacity = capacity;
  }
  list->index[list->count] = index;
  list->distance[list->count++] = distance;
  return CROW_OK;
}

static crow_status decide_hits(const crow_pass *pass, crow_pass_work *work, int64_t i, int64_t first, int64_t hits) {
  const crow_nearest *nearest = pass->nearest;
  const double *point = work->points + work->id[i] * pass->d;
  for (int64_t h = 0; h < hits; h++) {
    work->pair_point[h] = point;
    work->pair_context[h] = crow_nearest_context(nearest, first + work->hit[h]);
  }
  crow_nearest_pair_distances(nearest, work->pair_point, work->pair_context, hits, work->pair_distance);
  for (int64_t h = 0; h < hits; h++) {
    CROW_NEED(tie_list_add(&work->ties[i], pass->d, work->pair_distance[h], first + work->hit[h]));
  }
  return CROW_OK;
}

crow_status crow_candidates_offer(const crow_pass *pass, crow_pass_work *work, int64_t i, int64_t first, int64_t count,
                                  const void *scores) {
  const double bound = crow_frame_bound(&pass->frame, work->norm[i], pass->radius[first / pass->strip]);
  const double greatest = pass->kernels->greatest(scores, count);
  if (greatest + bound < work->lower[i]) return CROW_OK;
  if (greatest - bound > work->lower[i]) work->lower[i] = greatest - bound;
  if (!work->deciding && work->kept[i] == CROW_CROWDED) return CROW_OK;
  const int64_t hits = pass->kernels->hits(scores, count, work->lower[i] - bound, work->hit);
  if (work->deciding) return decide_hits(pass, work, i, first, hits);
  list_hits(pass, work, i, first, scores, bound, hits);
  return CROW_OK;
}

/* ---- deciding a chunk ------------------------------------------------------------------------------------------ */

/* Scores the crowded points again, now knowing the threshold. */
static crow_status score_crowded(const crow_pass *pass, crow_pass_work *work, int64_t crowded) {
  work->n = crowded;
  work->deciding = true;
  CROW_NEED(crow_candidates_take_points(pass, work));
  memset(work->ties, 0, (size_t)crowded * sizeof *work->ties);
  for (int64_t i = 0; i < crowded; i++) work->ties[i].least = INFINITY;
  return pass->scorer->score(pass, work);
}

/* Decides the points begin .. end, whose candidates are the pairs that wait. */
static crow_status decide_pairs(const crow_pass *pass, crow_pass_work *work, int64_t begin, int64_t end,
                                crow_nearest_winners *winners) {
  crow_nearest_pair_distances(pass->nearest, work->pair_point, work->pair_context, work->pairs, work->pair_distance);
  int64_t pair = 0;
  for (int64_t i = begin; i < end; i++) {
    int64_t *ties = work->pair_index + pair;
    const int64_t count = crow_nearest_decide(pass->nearest, work->pair_point[pair], ties, work->pair_distance + pair,
                                              work->kept[i], &winners->distance[i]);
    pair += work->kept[i];
    winners->ties[i] = count;
    CROW_NEED(crow_nearest_winners_add(winners, ties, count));
  }
  work->pairs = 0;
  return CROW_OK;
}

static void add_pairs(const crow_pass *pass, crow_pass_work *work, int64_t i) {
  for (int32_t c = 0; c < work->kept[i]; c++) {
    const int64_t index = work->candidate[i * CROW_CANDIDATES + c].index;
    work->pair_point[work->pairs] = work->points + i * pass->d;
    work->pair_context[work->pairs] = crow_nearest_context(pass->nearest, index);
    work->pair_index[work->pairs++] = index;
  }
}

/* Drops what has been overtaken and gathers the crowded points at the front of id and lower; returns their number. */
static int64_t sort_out(crow_pass_work *work, crow_nearest_winners *winners) {
  int64_t crowded = 0;
  for (int64_t i = 0; i < work->n; i++) {
    const double lower = work->lower[i];
    if (work->kept[i] == CROW_CROWDED) {
      work->id[crowded] = i;
      work->lower[crowded++] = lower;
      winners->decided_again++;
    } else {
      work->kept[i] = drop_overtaken(work->candidate + i * CROW_CANDIDATES, work->kept[i], lower);
      winners->decided_again += work->kept[i] > 1;
    }
  }
  return crowded;
}

crow_status crow_candidates_decide(const crow_pass *pass, crow_pass_work *work, crow_nearest_winners *winners) {
  const int64_t n = work->n, crowded = sort_out(work, winners);
  int64_t waiting = 0, next = 0; /* first point whose pairs wait; next crowded one */
  crow_status status = CROW_OK;
  if (crowded) CROW_TRY(score_crowded(pass, work, crowded));
  work->pairs = 0;
  for (int64_t i = 0; i < n; i++) {
    if (work->kept[i] != CROW_CROWDED) {
      add_pairs(pass, work, i);
      if (work->pairs + CROW_CANDIDATES <= work->pair_capacity) continue;
      CROW_TRY(decide_pairs(pass, work, waiting, i + 1, winners));
    } else {
      CROW_TRY(decide_pairs(pass, work, waiting, i, winners));
      crow_tie_list *list = &work->ties[next++];
      winners->ties[i] = crow_nearest_decide(pass->nearest, work->points + i * pass->d, list->index, list->distance,
                                             list->count, &winners->distance[i]);
      CROW_TRY(crow_nearest_winners_add(winners, list->index, winners->ties[i]));
    }
    waiting = i + 1;
  }
  CROW_TRY(decide_pairs(pass, work, waiting, n, winners));
cleanup:
  for (int64_t i = 0; i < crowded; i++) {
    CROW_FREE(work->ties[i].index, work->ties[i].distance);
  }
  if (crowded) memset(work->ties, 0, (size_t)crowded * sizeof *work->ties);
  return status;
}
