/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of a few alternatives: to the dimensions that they span, then exactly or by sampling. */
#include "weights/few_impl.h"
#include <math.h>
#include <string.h>

void crow_few_set_free(crow_few_set *s) {
  void *const owned[] = {s->coordinate, s->basis, s->shift, s->scale, s->lower,  s->hits,
                         s->squares,    s->value, s->error, s->score, s->points, s->hits_of};
  for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) crow_free(owned[k]);
  memset(s, 0, sizeof *s);
}

static crow_status few_allocate(crow_gidx count, crow_few_set *s) {
  s->count = count;
  CROW_NEED(CROW_ALLOCATE_EACH(count, &s->hits, &s->squares));
  CROW_NEED(CROW_ALLOCATE(&s->hits_of, count * CROW_HIT_BATCHES));
  CROW_NEED(CROW_ALLOCATE_EACH(count, &s->value, &s->error));
  return CROW_ALLOCATE_RAW(&s->score, count * CROW_FEW_LANES);
}

/* The range of every coordinate, widened by the margin. */
static crow_status few_find_box(const crow_few *few, const double *rows, crow_few_set *s) {
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(few->d, &s->lower, &s->scale));
  for (crow_gidx i = 0; i < few->d; i++) {
    double low = rows[i], high = rows[i];
    for (crow_gidx x = 1; x < s->count; x++) {
      low = fmin(low, rows[x * few->d + i]);
      high = fmax(high, rows[x * few->d + i]);
    }
    const double widen = few->options->space.margin * (high - low);
    low -= widen;
    high += widen;
    s->lower[i] = low;
    s->scale[i] = high - low;
  }
  return CROW_OK;
}

/* What takes draws to points in the basis, for draws uniform in the box or given as rows. */
static void few_set_shift(const crow_few *few, const double *origin, crow_few_set *s) {
  for (crow_gidx k = 0; k < s->k; k++) {
    double *b = s->basis + k * few->d;
    s->shift[k] = crow_few_dot(b, origin, few->d);
    if (!s->scale) continue;
    s->shift[k] -= crow_few_dot(b, s->lower, few->d);
    for (crow_gidx i = 0; i < few->d; i++) b[i] *= s->scale[i];
  }
}

/* Samples of the normal distribution with the mean and the covariance of the m contexts a are
 * mean + sum_x z(x) (a(x) - mean) / sqrt(m). */
static crow_status few_set_normal(crow_few_set *s) {
  crow_free(s->basis);
  s->basis = NULL;
  CROW_NEED(CROW_ALLOCATE_RAW(&s->basis, s->k * s->count));
  for (crow_gidx k = 0; k < s->k; k++) {
    double mean = 0;
    for (crow_gidx x = 0; x < s->count; x++) mean += s->coordinate[x * s->k + k];
    mean /= (double)s->count;
    for (crow_gidx x = 0; x < s->count; x++) {
      s->basis[k * s->count + x] = (s->coordinate[x * s->k + k] - mean) / sqrt((double)s->count);
    }
    s->shift[k] = -mean;
  }
  return CROW_OK;
}

static bool few_units_are_near(const crow_few *few, const double *rows, crow_gidx count) {
  crow_units units = {INFINITY, 0};
  for (crow_gidx i = 0; i < few->d; i++) {
    double spread = 0;
    for (crow_gidx x = 1; x < count; x++) spread = fmax(spread, fabs(rows[x * few->d + i] - rows[i]));
    crow_units_add(&units, spread, few->kind == CROW_FEW_CUBE ? fmax(fabs(rows[i]), fabs(1 - rows[i])) : 0);
  }
  return crow_units_are_near(&units);
}

/* Coordinates in the affine hull or, of directions, in the span; all dimensions where that saves none, where units
 * differ much, and with a pool, whose rows may be equally near several contexts, which rounding to the hull would undo.
 */
static crow_status few_place(crow_few *few, double *rows, crow_few_set *s) {
  crow_status status = CROW_OK;
  const crow_gidx d = few->d, count = s->count;
  const bool directions = few->kind == CROW_FEW_SPHERE || few->kind == CROW_FEW_WEIGHTED;
  const double *origin = directions ? NULL : rows;
  double *rest = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&s->basis, (count < d ? count : d) * d));
  CROW_TRY(CROW_ALLOCATE_RAW(&rest, count * d));
  if (few->kind == CROW_FEW_BOX) CROW_TRY(few_find_box(few, rows, s));
  s->as_they_are = !directions && (few->kind == CROW_FEW_POOL || !few_units_are_near(few, rows, count));
  s->k = s->as_they_are ? d : crow_few_basis(rows, count, d, origin, s->basis, rest);
  const bool all = s->k == d;
  if (s->k == 0) s->k = 1; /* equal contexts still get a coordinate */
  CROW_TRY(CROW_ALLOCATE(&s->coordinate, count * s->k));
  CROW_TRY(CROW_ALLOCATE(&s->shift, s->k));
  CROW_TRY(CROW_ALLOCATE_RAW(&s->points, s->k * CROW_FEW_LANES));
  if (all) memcpy(s->coordinate, rows, (size_t)(count * d) * sizeof *rows);
  for (crow_gidx x = 0; x < count && !all; x++) {
    for (crow_gidx i = 0; i < d; i++) rest[i] = rows[x * d + i] - (origin ? origin[i] : 0);
    for (crow_gidx k = 0; k < s->k; k++) s->coordinate[x * s->k + k] = crow_few_dot(rest, s->basis + k * d, d);
  }
  if (few->kind == CROW_FEW_GAUSSIAN) {
    CROW_TRY(few_set_normal(s));
  } else if (all || directions) {
    crow_free(s->basis);
    s->basis = NULL;
  } else {
    few_set_shift(few, origin, s);
  }
cleanup:
  crow_free(rest);
  return status;
}

void crow_few_take(const crow_few *few, crow_few_set *s, int64_t samples) {
  const double total = (double)samples * (double)CROW_HIT_UNIT, pseudo = few->options->pseudo_count;
  const double smoothed = (double)samples + pseudo * (double)s->count;
  const double shrink = (double)samples / smoothed, floor_value = pseudo / smoothed;
  for (crow_gidx x = 0; x < s->count; x++) {
    const double share = (double)s->hits[x] / total;
    const double variance = fmax((double)s->squares[x] / total - share * share, 0) / (double)samples;
    s->value[x] = pseudo > 0 ? shrink * share + floor_value : share;
    s->error[x] = shrink * sqrt(variance);
  }
  s->samples = samples;
}

static void few_clear(crow_few_set *s) {
  memset(s->hits, 0, (size_t)s->count * sizeof *s->hits);
  memset(s->squares, 0, (size_t)s->count * sizeof *s->squares);
  memset(s->hits_of, 0, (size_t)s->count * CROW_HIT_BATCHES * sizeof *s->hits_of);
}

crow_status crow_few_run(crow_few *few, crow_few_set *s, int64_t first, int64_t limit) {
  const double wanted = few->options->relative_error;
  int64_t done = 0, target = first;
  few_clear(s);
  for (;;) {
    double error = 0;
    CROW_NEED(crow_few_sample(few, s, done, target, limit));
    done = target;
    crow_few_take(few, s, done);
    for (crow_gidx x = 0; x < s->count; x++) {
      if (s->value[x] * (double)s->count > 1) error = fmax(error, s->error[x] / s->value[x]);
    }
    if (wanted <= 0 || error <= wanted) break;
    s->inexact = done == limit;
    if (s->inexact) break;
    target = crow_weights_next_samples(done, error, wanted, limit);
  }
  return CROW_OK;
}

/* Whether weights are to be exact where they can be. */
static bool few_wants_exact(const crow_few *few) {
  return few->options->nearest.engine == CROW_NEAREST_AUTO && few->options->pseudo_count <= 0;
}

/* Scales every row to length 1. */
static void few_normalise(double *rows, crow_gidx count, crow_gidx d) {
  for (crow_gidx x = 0; x < count; x++) {
    double largest = 0, *row = rows + x * d;
    for (crow_gidx i = 0; i < d; i++) largest = fmax(largest, fabs(row[i]));
    if (largest == 0) continue; /* stays 0: its direction will be that of minus the centre */
    for (crow_gidx i = 0; i < d; i++) row[i] /= largest;
    const double length = sqrt(crow_few_dot(row, row, d));
    for (crow_gidx i = 0; i < d; i++) row[i] /= length;
  }
}

/* ---- the weighted mean -------------------------------------------------------------------------------------- */

/* The directions (y - c) / |y - c| of the coordinates y, c being the mean by the weights. A vector that is the mean
 * itself keeps the direction 0, which is nearest to nothing unless all are. */
static void few_turn(const double *y, crow_few_set *s) {
  double c[CROW_FEW_MOST];
  for (crow_gidx k = 0; k < s->k; k++) {
    c[k] = 0;
    for (crow_gidx x = 0; x < s->count; x++) c[k] += s->value[x] * y[x * s->k + k];
  }
  for (crow_gidx x = 0; x < s->count; x++) {
    double square = 0, *u = s->coordinate + x * s->k;
    for (crow_gidx k = 0; k < s->k; k++) {
      u[k] = y[x * s->k + k] - c[k];
      square += u[k] * u[k];
    }
    for (crow_gidx k = 0; k < s->k && square > 0; k++) u[k] /= sqrt(square);
  }
}

/* Weights of the directions as they are now. */
static crow_status few_round(crow_few *few, crow_few_set *s, int64_t samples, int64_t limit, bool *exact) {
  if (*exact) CROW_NEED(crow_few_circle(s->coordinate, s->count, s->k, s->value, exact));
  if (*exact) return CROW_OK;
  few_clear(s);
  CROW_NEED(crow_few_sample(few, s, 0, samples, limit));
  crow_few_take(few, s, samples);
  return CROW_OK;
}

crow_status crow_few_center(crow_few *few, crow_few_set *s, int64_t first, int64_t limit) {
  enum { FEW_SAMPLES = 100000, FEW_ROUNDS = 30, EXACT_ROUNDS = 1000 };
  crow_status status = CROW_OK;
  const int64_t samples = first < FEW_SAMPLES ? first : FEW_SAMPLES;
  int64_t copies[CROW_FEW_MOST];
  double *y = NULL, before[CROW_FEW_MOST], change = 1, error = 0;
  bool exact = few_wants_exact(few);
  const crow_gidx distinct = crow_few_distinct(s->coordinate, s->count, s->k, copies);
  for (crow_gidx x = 0; x < s->count; x++) s->value[x] = 1 / (double)distinct / (double)copies[x];
  if (exact && distinct < 3) goto cleanup;
  CROW_TRY(CROW_ALLOCATE_RAW(&y, s->count * s->k));
  memcpy(y, s->coordinate, (size_t)(s->count * s->k) * sizeof *y);
  for (int round = 0; round < (exact ? EXACT_ROUNDS : FEW_ROUNDS) && change >= (exact ? 1e-13 : 1e-4); round++) {
    memcpy(before, s->value, (size_t)s->count * sizeof *before);
    few_turn(y, s);
    CROW_TRY(few_round(few, s, samples, limit, &exact));
    change = 0;
    for (crow_gidx x = 0; x < s->count; x++) change += fabs(s->value[x] - before[x]);
  }
  if (exact) goto cleanup;
  few_turn(y, s);
  CROW_TRY(crow_few_run(few, s, first, limit));
  for (crow_gidx x = 0; x < s->count; x++) error += crow_weights_expected_error(s->value[x], s->samples);
  s->restless = crow_weights_center_restless(change);
  s->seen = s->restless && crow_weights_center_seen(change, error);
cleanup:
  crow_free(y);
  return status;
}

/* ---- any space ---------------------------------------------------------------------------------------------- */

crow_status crow_few_weights(crow_few *few, crow_gidx count, double *rows, int64_t first, int64_t limit,
                             crow_few_set *s) {
  bool exact = few->kind == CROW_FEW_SPHERE && few_wants_exact(few);
  CROW_NEED(few_allocate(count, s));
  if (few->kind == CROW_FEW_WEIGHTED) few_normalise(rows, count, few->d);
  CROW_NEED(few_place(few, rows, s));
  if (few->kind == CROW_FEW_WEIGHTED) {
    CROW_NEED(crow_few_center(few, s, first, limit));
    return CROW_OK;
  }
  if (exact) CROW_NEED(crow_few_circle(s->coordinate, count, s->k, s->value, &exact));
  if (!exact) CROW_NEED(crow_few_run(few, s, first, limit));
  return CROW_OK;
}

bool crow_few_fits(const crow_weights_options *options, const crow_space *space, crow_gidx d, crow_gidx count,
                   crow_few_kind *kind) {
  static const struct {
    const char *space;
    crow_few_kind kind;
  } kinds[] = {{"cube", CROW_FEW_CUBE}, {"box", CROW_FEW_BOX}, {"gaussian", CROW_FEW_GAUSSIAN}};
  const char *name = options->space.space;
  /* A search says what is wrong with --nearest exact. */
  if (options->scheme != CROW_SCHEME_VORONOI || count > CROW_FEW_MOST) return false;
  if (options->nearest.engine == CROW_NEAREST_EXACT) return false;
  if (strcmp(name, "sphere") == 0) {
    *kind = space && crow_space_transforms(space) ? CROW_FEW_SPHERE : CROW_FEW_WEIGHTED;
    return true;
  }
  if (d < 3) return false;
  *kind = CROW_FEW_POOL;
  if (strncmp(name, "pool:", 5) == 0) return true;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    *kind = kinds[k].kind;
    if (strcmp(name, kinds[k].space) == 0) return true;
  }
  return false;
}
