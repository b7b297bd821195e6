/* SPDX-License-Identifier: Apache-2.0 */
/* The sandwich's diagonal from random signs on the pairs, for many alternatives: see crow_objective_sandwich(). */
#include "objective/sandwich_impl.h"
#include <math.h>

enum { MOST_STEPS = 5000, SIGNS = 32 };
static const double tolerance = 1e-9; /* of the residual, relative to the right-hand side */

/* This rank's slices, and for each of its pairs a word of signs and what the present one gives. */
typedef struct probe {
  double *b, *y, *x, *r, *p, *q;
  double *squares, *control; /* sums of y^2 and of (b / K)^2 */
  double *signed_noise;
  uint32_t *signs;
} probe;

static void probe_free(probe *a) {
  double *const arrays[] = {a->b, a->y, a->x, a->r, a->p, a->q, a->squares, a->control, a->signed_noise};
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) crow_free(arrays[k]);
  crow_free(a->signs);
}

static crow_status probe_allocate(const crow_objective *o, probe *a) {
  crow_status status = CROW_OK;
  double **const slices[] = {&a->b, &a->y, &a->x, &a->r, &a->p, &a->q, &a->squares, &a->control};
  for (size_t k = 0; k < sizeof slices / sizeof *slices; k++) {
    CROW_TRY(CROW_ALLOCATE(slices[k], o->weights->partition.count));
  }
  CROW_TRY(CROW_ALLOCATE(&a->signed_noise, o->pairs->partition.count));
  CROW_TRY(CROW_ALLOCATE(&a->signs, o->pairs->partition.count));
cleanup:
  return status;
}

/* The noise with the signs of this probe. */
static void take_signs(const crow_sandwich *s, int64_t number, uint64_t seed, probe *a) {
  const crow_partition *pairs = &s->o->pairs->partition;
  for (int64_t k = 0; k < pairs->count; k++) {
    if (number % SIGNS == 0) {
      const uint64_t index = (uint64_t)(number / SIGNS * pairs->global + pairs->begin + k);
      crow_random_words(seed, CROW_STREAM_PROBE, index, &a->signs[k], 1);
    }
    a->signed_noise[k] = a->signs[k] >> number % SIGNS & 1 ? s->noise[k] : -s->noise[k];
  }
}

/* sqrt(w / K), 0 without weight: turns a row divided by w into one of the symmetric variables. */
static double root(const crow_sandwich *s, int64_t i) { return sqrt(s->o->weights->value[i] / s->curvature[i]); }

/* q = A p = D^-1/2 H D^-1/2 p = p - sqrt(w / K) s sum_y w(y) c sigma' y, with y = p / sqrt(w K). */
static crow_status multiply(const crow_sandwich *s, probe *a) {
  crow_status status = CROW_OK;
  const int64_t n = s->o->weights->partition.count;
  for (int64_t i = 0; i < n; i++) {
    const double d = s->o->weights->value[i] * s->curvature[i];
    a->y[i] = d > 0 ? a->p[i] / sqrt(d) : 0;
  }
  CROW_TRY(crow_sandwich_sum(s, s->slope, false, true, a->y, a->q));
  for (int64_t i = 0; i < n; i++) a->q[i] = a->p[i] - root(s, i) * a->q[i];
cleanup:
  return status;
}

/* Conjugate gradients for A x = b' (b' in a->r), from 0. */
static crow_status solve(const crow_sandwich *s, probe *a) {
  crow_status status = CROW_OK;
  const crow_partition *slice = &s->o->weights->partition;
  const double *r = a->r, *p = a->p, *q = a->q;
  double rr = 0, pq = 0, before = 0, first = 0;
  for (int64_t i = 0; i < slice->count; i++) {
    a->x[i] = 0;
    a->p[i] = a->r[i];
  }
  CROW_TRY(crow_comm_dot(s->o->comm, slice, 1, &r, &r, &rr));
  first = rr;
  for (int step = 0; step < MOST_STEPS && rr > tolerance * tolerance * first; step++) {
    CROW_TRY(multiply(s, a));
    CROW_TRY(crow_comm_dot(s->o->comm, slice, 1, &p, &q, &pq));
    for (int64_t i = 0; i < slice->count; i++) {
      a->x[i] += rr / pq * a->p[i];
      a->r[i] -= rr / pq * a->q[i];
    }
    before = rr;
    CROW_TRY(crow_comm_dot(s->o->comm, slice, 1, &r, &r, &rr));
    for (int64_t i = 0; i < slice->count; i++) a->p[i] = a->r[i] + rr / before * a->p[i];
  }
cleanup:
  return status;
}

/* One probe: b, then y = H^-1 b, whose last sweep gives alternatives of little or no weight, which the residual's norm
 * hardly sees, their values from the others'. */
static crow_status add_probe(const crow_sandwich *s, int64_t number, uint64_t seed, probe *a) {
  crow_status status = CROW_OK;
  const int64_t n = s->o->weights->partition.count;
  take_signs(s, number, seed, a);
  CROW_TRY(crow_sandwich_sum(s, a->signed_noise, true, false, NULL, a->b));
  for (int64_t i = 0; i < n; i++) a->r[i] = root(s, i) * a->b[i];
  CROW_TRY(solve(s, a));
  for (int64_t i = 0; i < n; i++) {
    const double d = s->o->weights->value[i] * s->curvature[i];
    a->y[i] = d > 0 ? a->x[i] / sqrt(d) : 0;
  }
  CROW_TRY(crow_sandwich_sum(s, s->slope, false, true, a->y, a->q));
  for (int64_t i = 0; i < n; i++) {
    const double simple = a->b[i] / s->curvature[i], y = simple + a->q[i] / s->curvature[i];
    a->squares[i] += y * y;
    a->control[i] += simple * simple;
  }
cleanup:
  return status;
}

crow_status crow_sandwich_probe(const crow_sandwich *s, int64_t probes, uint64_t seed, double *variance) {
  crow_status status = CROW_OK;
  probe a = {0};
  crow_progress progress;
  CROW_TRY_AGREE(s->o->comm, probe_allocate(s->o, &a));
  crow_progress_begin(&progress, "standard errors", "probes", (double)probes);
  for (int64_t k = 0; k < probes; k++) {
    CROW_TRY(add_probe(s, k, seed, &a));
    crow_progress_update(&progress, (double)k + 1);
  }
  CROW_TRY(crow_sandwich_variance(s, variance));
  for (int64_t i = 0; i < s->o->weights->partition.count; i++) {
    variance[i] =
        a.control[i] > 0 ? variance[i] / (s->curvature[i] * s->curvature[i]) * (a.squares[i] / a.control[i]) : 0;
  }
cleanup:
  probe_free(&a);
  return status;
}
