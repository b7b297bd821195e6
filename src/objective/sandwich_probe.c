/* SPDX-License-Identifier: Apache-2.0 */
/* The sandwich's diagonal from random signs on the pairs, for many alternatives: see crow_objective_sandwich(). */
#include "objective/sandwich_impl.h"
#include <math.h>

enum { SIGNS = 32 };
static const double tolerance = 1e-9; /* of the residual, relative to the right-hand side */

/* This rank's slices, and for each of its pairs a word of signs and what the present one gives. */
typedef struct probe {
  double *b; /* (CROW_PAIR_COLUMNS, slice) */
  crow_sandwich_solver solver;
  double *squares, *control; /* sums of y^2 and of (b / K)^2 */
  double *signed_noise;
  uint32_t *signs;
} probe;

static void probe_free(probe *a) {
  double *const arrays[] = {a->b, a->squares, a->control, a->signed_noise};
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) crow_free(arrays[k]);
  crow_free(a->signs);
  crow_sandwich_solver_free(&a->solver);
}

static crow_status probe_allocate(const crow_objective *o, probe *a) {
  crow_status status = CROW_OK;
  CROW_TRY(CROW_ALLOCATE(&a->b, CROW_PAIR_COLUMNS * o->weights->partition.count));
  CROW_TRY(CROW_ALLOCATE(&a->squares, o->weights->partition.count));
  CROW_TRY(CROW_ALLOCATE(&a->control, o->weights->partition.count));
  CROW_TRY(crow_sandwich_solver_allocate(o, CROW_PAIR_COLUMNS, &a->solver));
  CROW_TRY(CROW_ALLOCATE(&a->signed_noise, o->pairs->partition.count));
  CROW_TRY(CROW_ALLOCATE(&a->signs, o->pairs->partition.count));
cleanup:
  return status;
}

/* The noise with the signs of this probe. */
static void take_signs(const crow_sandwich *s, const double *noise, int64_t number, uint64_t seed, probe *a) {
  const crow_partition *pairs = &s->o->pairs->partition;
  for (int64_t k = 0; k < pairs->count; k++) {
    if (number % SIGNS == 0) {
      const uint64_t index = (uint64_t)(number / SIGNS * pairs->global + pairs->begin + k);
      crow_random_words(seed, CROW_STREAM_PROBE, index, &a->signs[k], 1);
    }
    a->signed_noise[k] = a->signs[k] >> number % SIGNS & 1 ? noise[k] : -noise[k];
  }
}

/* Adds the squares of y(leader) - y(x). */
static crow_status add_leads(const crow_sandwich *s, const double *y, const crow_sandwich_lead *lead) {
  crow_status status = CROW_OK;
  const crow_partition *p = &s->o->weights->partition;
  double leading = 0;
  CROW_TRY(crow_comm_fetch(s->o->comm, p->begin, p->count, y, lead->leader, 1, &leading, sizeof leading));
  for (int64_t i = 0; i < p->count; i++) lead->variance[i] += (leading - y[i]) * (leading - y[i]);
cleanup:
  return status;
}

/* Probes `first` on, `count` of them at once: b, then y = H^-1 b, whose last sweep gives alternatives of little or no
 * weight, which the residual's norm hardly sees, their values from the others'. */
static crow_status add_probes(const crow_sandwich *s, const double *noise, int64_t first, int64_t count, uint64_t seed,
                              probe *a, const crow_sandwich_lead *lead) {
  crow_status status = CROW_OK;
  const int64_t n = s->o->weights->partition.count;
  crow_sandwich_solver *v = &a->solver;
  for (int64_t c = 0; c < count; c++) {
    double *b = a->b + c * n;
    take_signs(s, noise, first + c, seed, a);
    CROW_TRY(crow_sandwich_sum(s, a->signed_noise, true, false, NULL, b));
    for (int64_t i = 0; i < n; i++) v->r[c * n + i] = crow_sandwich_root(s, i) * b[i];
  }
  CROW_TRY(crow_sandwich_solve(s, tolerance, count, v));
  CROW_TRY(crow_sandwich_sums(s, s->slope, false, count, v->y, v->q));
  for (int64_t c = 0; c < count; c++) {
    double *q = v->q + c * n;
    for (int64_t i = 0; i < n; i++) {
      const double simple = a->b[c * n + i] / s->curvature[i], y = simple + q[i] / s->curvature[i];
      a->squares[i] += y * y;
      a->control[i] += simple * simple;
      q[i] = y;
    }
    if (lead) CROW_TRY(add_leads(s, q, lead));
  }
cleanup:
  return status;
}

crow_status crow_sandwich_probe(crow_sandwich *s, const double *noise, int64_t probes, uint64_t seed, double *variance,
                                const crow_sandwich_lead *lead) {
  crow_status status = CROW_OK;
  const int64_t n = s->o->weights->partition.count;
  probe a = {0};
  crow_progress progress;
  CROW_TRY_AGREE(s->o->comm, probe_allocate(s->o, &a));
  CROW_TRY(crow_sandwich_widen(s));
  for (int64_t i = 0; lead && i < n; i++) lead->variance[i] = 0;
  crow_progress_begin(&progress, "standard errors", "probes", (double)probes);
  for (int64_t k = 0; k < probes; k += CROW_PAIR_COLUMNS) {
    const int64_t count = probes - k < CROW_PAIR_COLUMNS ? probes - k : CROW_PAIR_COLUMNS;
    CROW_TRY(add_probes(s, noise, k, count, seed, &a, lead));
    crow_progress_update(&progress, (double)(k + count));
  }
  CROW_TRY(crow_sandwich_variance(s, noise, variance));
  for (int64_t i = 0; i < n; i++) {
    if (lead) lead->variance[i] /= (double)probes;
    variance[i] =
        a.control[i] > 0 ? variance[i] / (s->curvature[i] * s->curvature[i]) * (a.squares[i] / a.control[i]) : 0;
  }
cleanup:
  probe_free(&a);
  return status;
}
