/* SPDX-License-Identifier: Apache-2.0 */
/* Draws of block signs: include/crow/signs.h. */
#include "space/rotation_impl.h"
#include "space/space_impl.h"
#include <cblas.h>
#include <crow/signs.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct crow_signs {
  const crow_space *space;
  int64_t d, rank;        /* coordinates of a point; of z */
  int64_t blocks, length; /* blocks of z, coordinates of a block */
  int32_t *coordinate;    /* (blocks, length) which coordinate of z, -1 behind a block's last */
  double *centre;         /* (d) */
  double *half;           /* (d) cube, box: half of the sides; else NULL */
  crow_rotation rotation; /* of z; round spaces */
  double *factor;         /* (rank, d) gaussian: columns of the covariance's factor, without zero ones; else NULL */
  double norm;
};

bool crow_signs_dealt(const crow_space *space) {
  return space->kind == CROW_SPACE_CUBE || space->kind == CROW_SPACE_BOX;
}

bool crow_signs_possible(const crow_space *space) {
  return crow_signs_dealt(space) || space->kind == CROW_SPACE_SPHERE || space->kind == CROW_SPACE_BALL ||
         space->kind == CROW_SPACE_GAUSSIAN;
}

void crow_signs_destroy(crow_signs **signs) {
  if (!*signs) return;
  CROW_FREE((*signs)->coordinate, (*signs)->centre, (*signs)->half, (*signs)->factor);
  crow_rotation_free(&(*signs)->rotation);
  crow_free(*signs);
  *signs = NULL;
}

/* ---- dealing ------------------------------------------------------------------------------------------------- */

typedef struct dealt_card {
  double energy;
  int32_t coordinate;
} dealt_card;

static int compare_cards(const void *left, const void *right) {
  const dealt_card *a = left, *b = right;
  if (a->energy != b->energy) return a->energy > b->energy ? -1 : 1;
  return (a->coordinate > b->coordinate) - (a->coordinate < b->coordinate);
}

/* The greatest first, each to the block that has least and still has room. */
static crow_status deal_by_energy(crow_signs *signs, const double *energy) {
  crow_status status = CROW_OK;
  dealt_card *card = NULL;
  double *sum = NULL;
  int64_t *count = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&card, signs->rank));
  CROW_TRY(CROW_ALLOCATE(&sum, signs->blocks));
  CROW_TRY(CROW_ALLOCATE(&count, signs->blocks));
  for (int64_t k = 0; k < signs->rank; k++) card[k] = (dealt_card){energy[k], (int32_t)k};
  qsort(card, (size_t)signs->rank, sizeof *card, compare_cards);
  for (int64_t k = 0; k < signs->rank; k++) {
    int64_t to = -1;
    for (int64_t b = 0; b < signs->blocks; b++) {
      if (count[b] == signs->length) continue;
      if (to < 0 || sum[b] < sum[to] || (sum[b] == sum[to] && count[b] < count[to])) to = b;
    }
    signs->coordinate[to * signs->length + count[to]++] = card[k].coordinate;
    sum[to] += card[k].energy;
  }
cleanup:
  CROW_FREE(card, sum, count);
  return status;
}

/* After a rotation all are alike: in turn. */
static void deal_in_turn(crow_signs *signs) {
  for (int64_t k = 0; k < signs->rank; k++) {
    signs->coordinate[k % signs->blocks * signs->length + k / signs->blocks] = (int32_t)k;
  }
}

/* ---- creation ------------------------------------------------------------------------------------------------ */

static crow_status set_sides(crow_signs *signs) {
  const double *lower = signs->space->lower, *upper = signs->space->upper;
  CROW_NEED(CROW_ALLOCATE(&signs->half, signs->d));
  for (int64_t k = 0; k < signs->d; k++) {
    signs->half[k] = (upper[k] - lower[k]) / 2;
    signs->centre[k] = lower[k] + signs->half[k];
    signs->norm = fmax(signs->norm, signs->half[k]);
  }
  return CROW_OK;
}

/* Columns of the covariance's factor that rounding alone has filled are left out: z is as long as the rank. */
static crow_status set_factor(crow_signs *signs) {
  crow_status status = CROW_OK;
  const int64_t d = signs->d;
  const double *factor = signs->space->factor;
  double *square = NULL, total = 0;
  CROW_TRY(CROW_ALLOCATE(&square, d));
  const double least = crow_space_factor_squares(factor, d, square);
  signs->rank = 0;
  for (int64_t j = 0; j < d; j++) signs->rank += square[j] > least;
  const bool equal = signs->rank < 1; /* contexts */
  if (equal) signs->rank = 1;
  CROW_TRY(CROW_ALLOCATE_RAW(&signs->factor, d * signs->rank));
  for (int64_t j = 0, at = 0; j < d; j++) {
    const bool kept = square[j] > least || (equal && j == 0);
    if (!kept) continue;
    for (int64_t k = 0; k < d; k++) signs->factor[at * d + k] = factor[k * d + j];
    total += square[j];
    at++;
  }
  signs->norm = sqrt(total) * (1 + 1e-12 * (double)d);
cleanup:
  crow_free(square);
  return status;
}

static crow_status set_space(crow_signs *signs) {
  const crow_space *space = signs->space;
  CROW_NEED(CROW_ALLOCATE(&signs->centre, signs->d));
  if (crow_signs_dealt(space)) {
    CROW_NEED(set_sides(signs));
    return CROW_OK;
  }
  if (space->mean) memcpy(signs->centre, space->mean, (size_t)signs->d * sizeof *signs->centre);
  signs->norm = space->kind == CROW_SPACE_BALL ? space->radius : 1; /* of B; Q is orthogonal */
  if (space->kind == CROW_SPACE_GAUSSIAN) CROW_NEED(set_factor(signs));
  return crow_rotation_create(signs->rank, space->seed, &signs->rotation);
}

crow_status crow_signs_create(const crow_space *space, int64_t blocks, const double *energy, crow_signs **out) {
  crow_status status = CROW_OK;
  crow_signs *signs = NULL;
  *out = NULL;
  if (!crow_signs_possible(space)) {
    CROW_TRY(crow_error(CROW_USAGE, "this space is not symmetric: points of block signs are not uniform in it"));
  }
  if (blocks < 1 || blocks > CROW_SIGNS_BLOCKS_MOST || (blocks & (blocks - 1)) != 0) {
    CROW_TRY(crow_error(CROW_USAGE, "%lld blocks of signs: expected a power of 2 from 1 to %d", (long long)blocks,
                        CROW_SIGNS_BLOCKS_MOST));
  }
  CROW_TRY(CROW_ALLOCATE(&signs, 1));
  *signs = (crow_signs){.space = space, .d = space->dimensions, .rank = space->dimensions, .blocks = blocks};
  CROW_TRY(set_space(signs));
  signs->length = (signs->rank + blocks - 1) / blocks;
  CROW_TRY(CROW_ALLOCATE_RAW(&signs->coordinate, blocks * signs->length));
  for (int64_t k = 0; k < blocks * signs->length; k++) signs->coordinate[k] = -1;
  if (crow_signs_dealt(space))
    CROW_TRY(deal_by_energy(signs, energy));
  else
    deal_in_turn(signs);
  *out = signs;
  signs = NULL;
cleanup:
  crow_signs_destroy(&signs);
  return status;
}

int64_t crow_signs_blocks(const crow_signs *signs) { return signs->blocks; }
int64_t crow_signs_block_length(const crow_signs *signs) { return signs->length; }
int64_t crow_signs_points(const crow_signs *signs) { return 2 * signs->blocks; }
const double *crow_signs_centre(const crow_signs *signs) { return signs->centre; }
double crow_signs_norm(const crow_signs *signs) { return signs->norm; }

double crow_signs_roundings(const crow_signs *signs) {
  const double rotated = signs->half ? 0 : crow_rotation_roundings(&signs->rotation) + 4;
  return rotated + (signs->factor ? (double)(signs->d + signs->rank) : 0) + 8;
}

/* ---- points -------------------------------------------------------------------------------------------------- */

/* z in its own order into `z` (rank): before rotation and factor. */
static void draw_symmetric(const crow_signs *signs, int64_t draw, double *z) {
  const crow_space *space = signs->space;
  const int64_t rank = signs->rank;
  double square = 0, scale = 1;
  if (signs->half) {
    crow_random_uniform(space->seed, CROW_STREAM_SAMPLE, (uint64_t)draw, z, rank);
    for (int64_t k = 0; k < rank; k++) z[k] = 2 * z[k] - 1; /* exact */
    return;
  }
  const bool ball = !signs->factor && space->kind == CROW_SPACE_BALL;
  const double radius = ball ? crow_space_ball_radius(space, (uint64_t)draw, rank, z) : 1;
  crow_random_normal(space->seed, CROW_STREAM_SAMPLE, (uint64_t)draw, z, rank);
  if (signs->factor) return;
  for (int64_t k = 0; k < rank; k++) square += z[k] * z[k];
  if (square > 0) scale = 1 / sqrt(square);
  scale *= radius;
  for (int64_t k = 0; k < rank; k++) z[k] *= scale;
}

void crow_signs_draw(const crow_signs *signs, int64_t draw, double *room, double *z) {
  draw_symmetric(signs, draw, room);
  for (int64_t k = 0; k < signs->blocks * signs->length; k++) {
    z[k] = signs->coordinate[k] < 0 ? 0 : room[signs->coordinate[k]];
  }
}

/* z with the signs of `row`, in its own order. */
static void flip_blocks(const crow_signs *signs, const double *z, int64_t row, double *out) {
  for (int64_t b = 0; b < signs->blocks; b++) {
    const bool minus = (__builtin_popcountll((unsigned long long)(row & b)) & 1) != (row >= signs->blocks);
    for (int64_t k = b * signs->length; k < (b + 1) * signs->length; k++) {
      if (signs->coordinate[k] >= 0) out[signs->coordinate[k]] = minus ? -z[k] : z[k];
    }
  }
}

void crow_signs_point(const crow_signs *signs, const double *z, int64_t row, double *room, double *point) {
  const int64_t d = signs->d;
  flip_blocks(signs, z, row, room);
  if (signs->half) {
    for (int64_t k = 0; k < d; k++) point[k] = signs->centre[k] + signs->half[k] * room[k];
    return;
  }
  crow_rotation_undo(&signs->rotation, room, room + signs->rank);
  if (!signs->factor) {
    for (int64_t k = 0; k < d; k++) point[k] = signs->centre[k] + signs->norm * room[k];
    return;
  }
  memcpy(point, signs->centre, (size_t)d * sizeof *point);
  for (int64_t j = 0; j < signs->rank; j++) {
    const double *column = signs->factor + j * d, value = room[j];
    for (int64_t k = 0; k < d; k++) point[k] += column[k] * value;
  }
}

int64_t crow_signs_room(const crow_signs *signs) { return 2 * signs->rank; }

crow_status crow_signs_sample(const crow_signs *signs, int64_t begin, int64_t count, double *points) {
  crow_status status = CROW_OK;
  const int64_t rows = 2 * signs->blocks;
  double *z = NULL, *room = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&z, signs->blocks * signs->length));
  CROW_TRY(CROW_ALLOCATE_RAW(&room, crow_signs_room(signs)));
  for (int64_t i = 0; i < count; i++) {
    const int64_t draw = (begin + i) / rows, row = (begin + i) % rows;
    if (i == 0 || row == 0) crow_signs_draw(signs, draw, room, z);
    crow_signs_point(signs, z, row, room, points + i * signs->d);
  }
cleanup:
  CROW_FREE(z, room);
  return status;
}

/* ---- the other way ------------------------------------------------------------------------------------------- */

void crow_signs_adjoint(const crow_signs *signs, int64_t count, double *rows, double *room, double *out) {
  const int64_t d = signs->d, rank = signs->rank, length = signs->blocks * signs->length;
  if (signs->factor && count > 0) {
    /* The products go where the result will be, which is no shorter. */
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)count, (int)rank, (int)d, 1, rows, (int)d, signs->factor,
                (int)d, 0, out, (int)length);
  }
  for (int64_t i = 0; i < count; i++) {
    double *row = rows + i * d, *to = out + i * length;
    if (signs->half) {
      for (int64_t k = 0; k < d; k++) row[k] *= signs->half[k];
    } else {
      if (signs->factor) memcpy(row, to, (size_t)rank * sizeof *row);
      crow_rotation_apply(&signs->rotation, row, room);
      if (!signs->factor) {
        for (int64_t k = 0; k < d; k++) row[k] *= signs->norm;
      }
    }
    for (int64_t k = 0; k < length; k++) to[k] = signs->coordinate[k] < 0 ? 0 : row[signs->coordinate[k]];
  }
}
