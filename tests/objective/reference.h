/* SPDX-License-Identifier: Apache-2.0 */
/* The objective by its definition: long double sums over all ordered pairs. */
#ifndef CROW_TESTS_OBJECTIVE_REFERENCE_H
#define CROW_TESTS_OBJECTIVE_REFERENCE_H

#include "harness.h"
#include <stdlib.h>

/* A problem whose p, with c = 0 for pairs that were not compared, is held as a matrix. */
typedef struct problem {
  int64_t m;
  double *w, *r;
  double *p, *c; /* (m, m) */
} problem;

static inline double *doubles(int64_t count) { return calloc(count > 0 ? (size_t)count : 1, sizeof(double)); }

static inline double draw(int64_t index) {
  double u;
  crow_random_uniform(7, CROW_STREAM_TEST, (uint64_t)index, &u, 1);
  return u;
}

static inline problem problem_make(int64_t m) {
  problem q = {m, doubles(m), doubles(m), doubles(m * m), doubles(m * m)};
  double sum = 0;
  for (int64_t x = 0; x < m; x++) sum += q.w[x] = 0.01 + draw(x);
  for (int64_t x = 0; x < m; x++) {
    q.w[x] /= sum;
    q.r[x] = 6 * (draw(m + x) - 0.5);
    for (int64_t y = 0; y <= x; y++) {
      const double p = x == y ? 0.5 : draw(2 * m + x * m + y);
      q.p[x * m + y] = p;
      q.p[y * m + x] = 1 - p;
      q.c[x * m + y] = q.c[y * m + x] = x != y;
    }
  }
  return q;
}

static inline void problem_free(problem *q) {
  free(q->w);
  free(q->r);
  free(q->p);
  free(q->c);
}

/* Weights from one to 1e-15, in no order. */
static inline void spread_weights(problem *q) {
  double sum = 0;
  for (int64_t x = 0; x < q->m; x++) sum += q->w[x] = pow(10, -15.0 * (double)(x * 7919 % q->m) / (double)q->m);
  for (int64_t x = 0; x < q->m; x++) q->w[x] /= sum;
}

/* Kind 0: as they are, 1: spread, 2: every third one zero. */
static inline void set_weights(problem *q, int kind) {
  double sum = 0;
  if (kind == 1) spread_weights(q);
  for (int64_t x = 0; x < q->m; x++) sum += q->w[x] = kind == 2 && x % 3 == 1 ? 0 : q->w[x];
  for (int64_t x = 0; x < q->m; x++) q->w[x] /= sum;
}

static inline long double ref_softplus(long double d) { return (d > 0 ? d : 0) + log1pl(expl(-fabsl(d))); }
static inline long double ref_sigmoid(long double d) { return 1 / (1 + expl(-d)); }

/* s sum_{x != y} w w c p softplus(r(y) - r(x)) + diagonal log(2)/2 sum w^2 + lambda/2 sum w r^2 */
static inline long double ref_value(const problem *q, long double scale, long double lambda, bool diagonal) {
  long double f = 0;
  for (int64_t x = 0; x < q->m; x++) {
    const long double w = q->w[x], r = q->r[x];
    for (int64_t y = 0; y < q->m; y++) {
      if (y == x) continue;
      f += scale * w * q->w[y] * q->c[x * q->m + y] * q->p[x * q->m + y] * ref_softplus(q->r[y] - r);
    }
    f += lambda / 2 * w * r * r + (diagonal ? w * w / 2 * logl(2) : 0);
  }
  return f;
}

/* df/dr(x) / w(x) */
static inline long double ref_violation(const problem *q, int64_t x, double r, long double scale, long double lambda) {
  long double g = lambda * r;
  for (int64_t y = 0; y < q->m; y++) {
    if (y == x) continue;
    g += scale * q->w[y] * q->c[x * q->m + y] * (ref_sigmoid((long double)r - q->r[y]) - q->p[x * q->m + y]);
  }
  return g;
}

/* sum_y w(y) c over the alternatives compared with x */
static inline long double ref_neighbours(const problem *q, int64_t x) {
  long double sum = 0;
  for (int64_t y = 0; y < q->m; y++) sum += (long double)q->w[y] * q->c[x * q->m + y];
  return sum;
}

static inline long double ref_squares(const problem *q) {
  long double sum = 0;
  for (int64_t x = 0; x < q->m; x++) sum += (long double)q->w[x] * q->w[x];
  return sum;
}

/* s by its definition. */
static inline long double ref_scale(const problem *q) {
  long double mass = 0;
  for (int64_t x = 0; x < q->m; x++) mass += q->w[x] * ref_neighbours(q, x);
  return (1 - ref_squares(q)) / mass;
}

static inline long double ref_win_rate(const problem *q, int64_t x) {
  long double sum = 0;
  for (int64_t y = 0; y < q->m; y++) sum += (long double)q->w[y] * q->p[x * q->m + y];
  return sum;
}

/* This rank's slice of the weights. */
static inline crow_weights slice_weights(const crow_comm *comm, const problem *q) {
  crow_weights weights = {.partition = crow_comm_partition(comm, q->m, CROW_BLOCK)};
  weights.value = q->w + weights.partition.begin;
  for (int64_t x = 0; x < q->m; x++) weights.zeros += !(q->w[x] > 0);
  return weights;
}

/* This rank's share of the compared pairs, gathered. `judgements` is c if it is a count, else every pair has one. */
static inline crow_status slice_pairs(const crow_comm *comm, const problem *q, bool judgements, crow_pairs *pairs) {
  const size_t most = (size_t)(q->m * q->m);
  int32_t *first = calloc(most, sizeof *first), *second = calloc(most, sizeof *second);
  double *outcome = calloc(most, sizeof *outcome);
  int64_t *count = calloc(most, sizeof *count), n = 0, total = 0;
  for (int64_t k = 0; k < q->m * q->m; k++) total += q->c[k] > 0 && k / q->m < k % q->m;
  const crow_partition slice = crow_comm_partition(comm, total, 1);
  int64_t seen = 0;
  for (int64_t k = 0; k < q->m * q->m; k++) {
    if (!(q->c[k] > 0) || k / q->m >= k % q->m) continue;
    if (seen >= slice.begin && seen < slice.begin + slice.count) {
      const bool swapped = k % 3 == 0;
      first[n] = (int32_t)(swapped ? k % q->m : k / q->m);
      second[n] = (int32_t)(swapped ? k / q->m : k % q->m);
      outcome[n] = q->p[first[n] * q->m + second[n]];
      count[n++] = (int64_t)q->c[k];
    }
    seen++;
  }
  const crow_status status = crow_pairs_create(comm, q->m, n, first, second, outcome, judgements ? count : NULL, pairs);
  free(first);
  free(second);
  free(outcome);
  free(count);
  return status;
}

/* The gradient at q.r is the slope of the value, by differences. On one rank. */
static inline void check_slopes(crow_objective *o, problem *q) {
  double *g = doubles(q->m), above = 0, below = 0;
  CHECK_OK(crow_objective_evaluate(o, q->r, NULL, NULL, g));
  for (int64_t x = 0; x < q->m; x++) {
    const double r = q->r[x], step = 1e-4;
    q->r[x] = r + step;
    CHECK_OK(crow_objective_evaluate(o, q->r, &above, NULL, NULL));
    q->r[x] = r - step;
    CHECK_OK(crow_objective_evaluate(o, q->r, &below, NULL, NULL));
    q->r[x] = r;
    CHECK_NEAR(q->w[x] * crow_objective_curvature(o)[x] * g[x], (above - below) / (2 * step), 1e-9);
  }
  free(g);
}

#endif
