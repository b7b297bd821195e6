/* SPDX-License-Identifier: Apache-2.0 */
/* Draws that prompts have in common, and the counts of a few alternatives. */
#include "base/clones_impl.h"
#include "nearest/nearest_impl.h"
#include "weights/few_impl.h"
#include <math.h>
#include <string.h>

enum { LANES = CROW_FEW_LANES };
/* What is kept of draws. */
#define FEW_KEPT_BYTES (INT64_C(64) << 20)

/* ---- draws -------------------------------------------------------------------------------------------------- */

static crow_status few_reserve(double **room, int64_t *have, int64_t wanted) {
  if (*have >= wanted) return CROW_OK;
  crow_free(*room);
  *room = NULL;
  *have = 0;
  CROW_NEED(CROW_ALLOCATE_RAW(room, wanted));
  *have = wanted;
  return CROW_OK;
}

/* A block, column by column; the first numbers of a longer draw are those of a shorter one. */
static crow_status few_make(crow_few *few, int64_t block, int64_t columns, int64_t total, double *to) {
  const uint64_t seed = (uint64_t)few->options->space.seed;
  const bool uniform = few->kind == CROW_FEW_CUBE || few->kind == CROW_FEW_BOX;
  const int64_t begin = block * LANES, left = total - begin, n = left < LANES ? left : LANES;
  CROW_NEED(few_reserve(&few->room, &few->room_count, columns * LANES));
  if (few->kind == CROW_FEW_POOL) CROW_NEED(crow_space_sample(few->space, begin, n, total, few->room));
  for (int64_t lane = 0; lane < LANES; lane++) {
    double *draw = few->room + lane * columns;
    const uint64_t index = (uint64_t)(begin + lane);
    if (few->kind == CROW_FEW_POOL && lane >= n) memset(draw, 0, (size_t)columns * sizeof *draw);
    if (uniform) crow_random_uniform(seed, CROW_STREAM_SAMPLE, index, draw, columns);
    if (!uniform && few->kind != CROW_FEW_POOL) crow_random_normal(seed, CROW_STREAM_SAMPLE, index, draw, columns);
    for (int64_t k = 0; k < columns; k++) to[k * LANES + lane] = draw[k];
  }
  return CROW_OK;
}

static crow_status few_grow(crow_few *few, int64_t block) {
  crow_status status = CROW_OK;
  const int64_t more = few->blocks + block + 1;
  double **pointers = NULL;
  int64_t *columns = NULL;
  CROW_TRY(CROW_ALLOCATE_EACH(more, &pointers, &columns));
  for (int64_t b = 0; b < few->blocks; b++) {
    pointers[b] = few->block[b];
    columns[b] = few->columns[b];
  }
  CROW_FREE(few->block, few->columns);
  few->block = pointers;
  few->columns = columns;
  few->blocks = more;
  pointers = NULL;
  columns = NULL;
cleanup:
  CROW_FREE(pointers, columns);
  return status;
}

static void few_forget(crow_few *few) {
  for (int64_t b = 0; b < few->blocks; b++) {
    crow_free(few->block[b]);
    few->block[b] = NULL;
    few->columns[b] = 0;
  }
  few->kept_bytes = 0;
}

crow_status crow_few_draws(crow_few *few, int64_t block, int64_t columns, int64_t total, const double **draws) {
  const int64_t bytes = columns * LANES * (int64_t)sizeof(double);
  if (few->kind == CROW_FEW_POOL && total != few->total) few_forget(few);
  few->total = total;
  if (block >= few->blocks) CROW_NEED(few_grow(few, block));
  if (few->columns[block] >= columns) {
    *draws = few->block[block];
    return CROW_OK;
  }
  few->kept_bytes -= few->columns[block] * LANES * (int64_t)sizeof(double);
  crow_free(few->block[block]);
  few->block[block] = NULL;
  few->columns[block] = 0;
  if (few->kept_bytes + bytes <= FEW_KEPT_BYTES) {
    CROW_NEED(CROW_ALLOCATE_RAW(&few->block[block], columns * LANES));
    CROW_NEED(few_make(few, block, columns, total, few->block[block]));
    few->columns[block] = columns;
    few->kept_bytes += bytes;
    *draws = few->block[block];
  } else {
    CROW_NEED(few_reserve(&few->spare, &few->spare_count, columns * LANES));
    CROW_NEED(few_make(few, block, columns, total, few->spare));
    *draws = few->spare;
  }
  return CROW_OK;
}

void crow_few_free(crow_few *few) {
  few_forget(few);
  CROW_FREE(few->block, few->columns, few->spare, few->room);
  memset(few, 0, sizeof *few);
}

/* ---- counting ----------------------------------------------------------------------------------------------- */

/* points = basis draws - shift */
CROW_CLONES static void few_project(const crow_few_set *set, crow_gidx d, const double *draws, double *points) {
  for (crow_gidx k = 0; k < set->k; k++) {
    double sum[LANES];
    for (int lane = 0; lane < LANES; lane++) sum[lane] = -set->shift[k];
    for (crow_gidx i = 0; i < d; i++) {
      const double b = set->basis[k * d + i];
      for (int lane = 0; lane < LANES; lane++) sum[lane] += b * draws[i * LANES + lane];
    }
    memcpy(points + k * LANES, sum, sizeof sum);
  }
}

CROW_CLONES static void few_stretch(const crow_few_set *set, crow_gidx d, const double *draws, double *points) {
  for (crow_gidx i = 0; i < d; i++) {
    for (int lane = 0; lane < LANES; lane++) {
      points[i * LANES + lane] = set->lower[i] + draws[i * LANES + lane] * set->scale[i];
    }
  }
}

/* Minus the products with directions, or squared distances: the least is nearest. Summed from the first coordinate to
 * the last, as crow_nearest_distance() does, so equal contexts have equal scores. */
CROW_CLONES static void few_scores(const crow_few_set *set, bool directions, const double *points, double *best) {
  for (int lane = 0; lane < LANES; lane++) best[lane] = (double)INFINITY;
  for (crow_gidx x = 0; x < set->count; x++) {
    double sum[LANES] = {0};
    for (crow_gidx k = 0; k < set->k; k++) {
      const double at = set->coordinate[x * set->k + k];
      const double *point = points + k * LANES;
      if (directions) {
        for (int lane = 0; lane < LANES; lane++) sum[lane] -= point[lane] * at;
      } else {
        for (int lane = 0; lane < LANES; lane++) sum[lane] += (point[lane] - at) * (point[lane] - at);
      }
    }
    double *score = set->score + x * LANES;
    for (int lane = 0; lane < LANES; lane++) {
      score[lane] = sum[lane];
      best[lane] = sum[lane] < best[lane] ? sum[lane] : best[lane];
    }
  }
}

/* What rounding may have decided is decided again without: of the alternatives that may be nearest to the point of one
 * lane those that are not lose their score. `room`: (k). */
static void few_settle(crow_few_set *set, const double *points, int64_t lane, double best, double *room) {
  const double margin = crow_nearest_margin(best, set->k);
  crow_gidx nearest = set->count;
  for (crow_gidx k = 0; k < set->k; k++) room[k] = points[k * LANES + lane];
  for (crow_gidx x = 0; x < set->count; x++) {
    double *score = set->score + x * LANES + lane;
    if (!(*score <= margin)) continue;
    const double *at = set->coordinate + x * set->k, *other = set->coordinate + nearest * set->k;
    const int nearer = nearest < set->count ? crow_nearest_compare(room, at, other, CROW_DOUBLE, set->k) : -1;
    if (nearer < 0) { /* it is nearer than all before */
      for (crow_gidx y = 0; y < x; y++) set->score[y * LANES + lane] = (double)INFINITY;
      nearest = x;
    }
    *score = nearer > 0 ? (double)INFINITY : best;
  }
}

_Static_assert((int)LANES % CROW_HIT_BATCHES == 0, "the batch of a draw is its lane modulo the batches");

/* Adds up the lanes, by batch, that this alternative is nearest to; `best` of a lane that does not count is NaN. */
CROW_CLONES static void few_nearest(const double *score, const double *best, int64_t *count) {
  for (int64_t row = 0; row < LANES; row += CROW_HIT_BATCHES) {
    for (int64_t b = 0; b < CROW_HIT_BATCHES; b++) count[b] += score[row + b] == best[row + b];
  }
}

/* Shares one sample among the tied, as crow_tally_add() does. */
static void few_share(crow_few_set *set, int64_t lane, double best) {
  int64_t total = 0, at = 0;
  for (crow_gidx x = 0; x < set->count; x++) total += set->score[x * LANES + lane] == best;
  for (crow_gidx x = 0; x < set->count; x++) {
    if (set->score[x * LANES + lane] != best) continue;
    const int64_t share = CROW_HIT_UNIT / total + (at++ < CROW_HIT_UNIT % total);
    set->hits[x] += share;
    set->hits_of[x * CROW_HIT_BATCHES + lane % CROW_HIT_BATCHES] += share;
    set->squares[x] += share * share / CROW_HIT_UNIT;
  }
}

static void few_count(crow_few_set *set, double *best, int64_t from, int64_t n) {
  int64_t nearest[CROW_FEW_MOST][CROW_HIT_BATCHES] = {{0}}, of[CROW_FEW_MOST] = {0}, total = 0;
  for (int64_t lane = 0; lane < LANES; lane++) best[lane] = lane < from || lane >= from + n ? (double)NAN : best[lane];
  for (crow_gidx x = 0; x < set->count; x++) {
    few_nearest(set->score + x * LANES, best, nearest[x]);
    for (int64_t b = 0; b < CROW_HIT_BATCHES; b++) of[x] += nearest[x][b];
    total += of[x];
  }
  if (total == n) {
    for (crow_gidx x = 0; x < set->count; x++) {
      set->hits[x] += of[x] * CROW_HIT_UNIT;
      set->squares[x] += of[x] * CROW_HIT_UNIT;
      for (int64_t b = 0; b < CROW_HIT_BATCHES; b++) {
        set->hits_of[x * CROW_HIT_BATCHES + b] += nearest[x][b] * CROW_HIT_UNIT;
      }
    }
    return;
  }
  for (int64_t lane = from; lane < from + n; lane++) few_share(set, lane, best[lane]);
}

crow_status crow_few_sample(crow_few *few, crow_few_set *set, int64_t from, int64_t to, int64_t total) {
  const bool directions = few->kind == CROW_FEW_SPHERE || few->kind == CROW_FEW_WEIGHTED;
  const bool moves = few->kind != CROW_FEW_GAUSSIAN && !directions;
  const int64_t columns = directions ? set->k : few->kind == CROW_FEW_GAUSSIAN ? set->count : few->d;
  for (int64_t block = from / LANES; block * LANES < to; block++) {
    const int64_t begin = block * LANES, first = begin > from ? begin : from;
    const int64_t last = begin + LANES < to ? begin + LANES : to;
    const double *draws = NULL, *points = NULL;
    double best[LANES];
    CROW_NEED(crow_few_draws(few, block, columns, total, &draws));
    points = draws;
    if (set->basis && !directions) {
      few_project(set, moves ? few->d : columns, draws, set->points);
      points = set->points;
    } else if (set->scale) {
      few_stretch(set, few->d, draws, set->points);
      points = set->points;
    }
    few_scores(set, directions, points, best);
    if (set->as_they_are) CROW_NEED(few_reserve(&few->room, &few->room_count, set->k));
    for (int64_t lane = first - begin; set->as_they_are && lane < last - begin; lane++) {
      few_settle(set, points, lane, best[lane], few->room);
    }
    few_count(set, best, first - begin, last - first);
  }
  return CROW_OK;
}
