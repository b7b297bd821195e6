/* SPDX-License-Identifier: Apache-2.0 */
#include "space/space_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void sample_box(const crow_space *space, double *point) {
  for (crow_gidx k = 0; k < space->dimensions; k++) {
    point[k] = space->lower[k] + point[k] * (space->upper[k] - space->lower[k]);
  }
}

static void sample_intervals(const crow_intervals *intervals, crow_gidx d, double *point) {
  for (crow_gidx k = 0; k < d; k++) {
    const double at = point[k] * intervals->total[k];
    int64_t i = intervals->first[k];
    while (i + 1 < intervals->first[k + 1] && intervals->length_before[i + 1] <= at) i++;
    const double value = intervals->lower[i] + (at - intervals->length_before[i]);
    point[k] = fmin(value, intervals->upper[i]);
  }
}

static double norm(const double *vector, crow_gidx d) {
  double square = 0;
  for (crow_gidx k = 0; k < d; k++) square += vector[k] * vector[k];
  return sqrt(square);
}

/* U^(1/d), as a ball's radius is distributed, is the greatest of d uniform numbers: no library's pow(), whose last bits
 * differ between processors, since ranks on unlike ones draw the same samples. */
double crow_space_ball_radius(const crow_space *space, uint64_t index, crow_gidx d, double *room) {
  double greatest = 0;
  crow_random_uniform(~space->seed, CROW_STREAM_SAMPLE, index, room, d);
  for (crow_gidx k = 0; k < d; k++) greatest = fmax(greatest, room[k]);
  return greatest;
}

/* A normal vector has a uniform direction. */
static void sample_round(const crow_space *space, uint64_t index, double *point, double *normal) {
  const crow_gidx d = space->dimensions;
  crow_random_normal(space->seed, CROW_STREAM_SAMPLE, index, normal, d);
  double scale = norm(normal, d);
  scale = scale > 0 ? 1 / scale : 0;
  if (space->kind == CROW_SPACE_SPHERE) {
    for (crow_gidx k = 0; k < d; k++) point[k] = normal[k] * scale;
    return;
  }
  if (space->kind == CROW_SPACE_BALL) {
    scale *= space->radius * crow_space_ball_radius(space, index, d, point);
    for (crow_gidx k = 0; k < d; k++) point[k] = space->mean[k] + normal[k] * scale;
    return;
  }
  for (crow_gidx k = 0; k < d; k++) {
    const double *row = space->factor + k * d;
    double value = space->mean[k];
    for (crow_gidx j = 0; j < d; j++) value += row[j] * normal[j];
    point[k] = value;
  }
}

/* The row of sample i of `total`: one from each of `total` equal stretches, so that none is used twice; or the i-th of
 * a random order. */
static crow_gidx pool_row(const crow_space *space, crow_gidx i, crow_gidx total) {
  const crow_gidx rows = crow_array_rows(space->pool);
  if (space->shuffled) return crow_space_permuted(space->seed, rows, i % rows);
  if (total >= rows) return i % rows;
  const crow_gidx begin = (crow_gidx)((__int128)i * rows / total), end = (crow_gidx)((__int128)(i + 1) * rows / total);
  double u;
  crow_random_uniform(space->seed, CROW_STREAM_SAMPLE, (uint64_t)i, &u, 1);
  const crow_gidx row = begin + (crow_gidx)(u * (double)(end - begin));
  return row < end ? row : end - 1;
}

/* Which sample a row of the pool becomes. */
typedef struct pool_place {
  crow_gidx row, sample;
} pool_place;

static int by_row(const void *left, const void *right) {
  const pool_place *a = left, *b = right;
  if (a->row != b->row) return a->row < b->row ? -1 : 1;
  return (a->sample > b->sample) - (a->sample < b->sample);
}

/* Rows between two that are wanted are read along with them if they are no more than this. */
enum { POOL_GAP = 16, POOL_STRETCH = 4096 };

/* Reads the rows of `place` (count, ascending), stretch by stretch. */
static crow_status read_places(const crow_space *space, const pool_place *place, crow_gidx count, double *stretch,
                               double *points) {
  const crow_gidx d = space->dimensions;
  for (crow_gidx i = 0, end; i < count; i = end) {
    const crow_gidx first = place[i].row;
    for (end = i + 1;
         end < count && place[end].row - place[end - 1].row <= POOL_GAP && place[end].row - first < POOL_STRETCH;) {
      end++;
    }
    CROW_NEED(crow_array_read(space->pool, first, place[end - 1].row - first + 1, stretch));
    for (crow_gidx k = i; k < end; k++) {
      memcpy(points + place[k].sample * d, stretch + (place[k].row - first) * d, (size_t)d * sizeof *points);
    }
  }
  return CROW_OK;
}

static crow_status sample_pool(const crow_space *space, crow_gidx begin, crow_gidx count, crow_gidx total,
                               double *points) {
  crow_status status = CROW_OK;
  const crow_gidx rows = crow_array_rows(space->pool), most = rows < POOL_STRETCH ? rows : POOL_STRETCH;
  pool_place *place = NULL;
  double *stretch = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&place, count));
  CROW_TRY(CROW_ALLOCATE_RAW(&stretch, most * space->dimensions));
  for (crow_gidx i = 0; i < count; i++) place[i] = (pool_place){pool_row(space, begin + i, total), i};
  if (count) qsort(place, (size_t)count, sizeof *place, by_row);
  CROW_TRY(read_places(space, place, count, stretch, points));
cleanup:
  CROW_FREE(place, stretch);
  return status;
}

crow_status crow_space_sample(const crow_space *space, crow_gidx begin, crow_gidx count, crow_gidx total,
                              double *points) {
  crow_status status = CROW_OK;
  const crow_gidx d = space->dimensions;
  double *normal = NULL;
  if (space->kind == CROW_SPACE_POOL) return sample_pool(space, begin, count, total, points);
  const bool round =
      space->kind == CROW_SPACE_SPHERE || space->kind == CROW_SPACE_BALL || space->kind == CROW_SPACE_GAUSSIAN;
  if (round) CROW_TRY(CROW_ALLOCATE_RAW(&normal, d));
  for (crow_gidx i = 0; i < count; i++) {
    double *point = points + i * d;
    const uint64_t index = (uint64_t)(begin + i);
    if (round) {
      sample_round(space, index, point, normal);
      continue;
    }
    crow_random_uniform(space->seed, CROW_STREAM_SAMPLE, index, point, d);
    if (space->kind == CROW_SPACE_BOX) sample_box(space, point);
    if (space->kind == CROW_SPACE_FACTOR2) sample_intervals(&space->intervals, d, point);
  }
cleanup:
  crow_free(normal);
  return status;
}

crow_status crow_space_keep(crow_space *space, crow_gidx count, crow_gidx total, int64_t bytes) {
  const crow_gidx most = bytes / (int64_t)sizeof(double) / space->dimensions;
  const crow_gidx kept = count < most ? count : most;
  crow_free(space->kept);
  space->kept = NULL;
  space->kept_count = 0;
  CROW_NEED(CROW_ALLOCATE_RAW(&space->kept, kept * space->dimensions));
  CROW_NEED(crow_space_sample(space, 0, kept, total, space->kept));
  space->kept_count = kept;
  space->kept_total = total;
  return CROW_OK;
}

const double *crow_space_kept(const crow_space *space, crow_gidx begin, crow_gidx count, crow_gidx total) {
  /* Only of a pool do samples depend on how many there are. */
  if (space->kind == CROW_SPACE_POOL && !space->shuffled && total != space->kept_total) return NULL;
  return begin + count <= space->kept_count ? space->kept + begin * space->dimensions : NULL;
}
