/* SPDX-License-Identifier: Apache-2.0 */
/* Systems with the Hessian of observed pairs by conjugate gradients preconditioned by its diagonal (Jacobi), in the
 * symmetric variables sqrt(w K) y. */
#include "objective/sandwich_impl.h"
#include <math.h>

enum { MOST_STEPS = 5000 };

double crow_sandwich_root(const crow_sandwich *s, int64_t i) { return sqrt(s->o->weights->value[i] / s->curvature[i]); }

crow_status crow_sandwich_solver_allocate(const crow_objective *o, crow_sandwich_solver *a) {
  crow_status status = CROW_OK;
  double **const slices[] = {&a->y, &a->x, &a->r, &a->p, &a->q};
  for (size_t k = 0; k < sizeof slices / sizeof *slices; k++) {
    CROW_TRY(CROW_ALLOCATE(slices[k], o->weights->partition.count));
  }
cleanup:
  return status;
}

void crow_sandwich_solver_free(crow_sandwich_solver *a) {
  double *const slices[] = {a->y, a->x, a->r, a->p, a->q};
  for (size_t k = 0; k < sizeof slices / sizeof *slices; k++) crow_free(slices[k]);
}

/* q = A p = D^-1/2 H D^-1/2 p = p - sqrt(w / K) s sum_y w(y) c sigma' y, with y = p / sqrt(w K). */
static crow_status sandwich_solve_multiply(const crow_sandwich *s, crow_sandwich_solver *a) {
  crow_status status = CROW_OK;
  const int64_t n = s->o->weights->partition.count;
  for (int64_t i = 0; i < n; i++) {
    const double d = s->o->weights->value[i] * s->curvature[i];
    a->y[i] = d > 0 ? a->p[i] / sqrt(d) : 0;
  }
  CROW_TRY(crow_sandwich_apply(s, a->y, a->q));
  for (int64_t i = 0; i < n; i++) a->q[i] = a->p[i] - crow_sandwich_root(s, i) * a->q[i];
cleanup:
  return status;
}

crow_status crow_sandwich_solve(const crow_sandwich *s, double tolerance, crow_sandwich_solver *a) {
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
    CROW_TRY_AGREE(s->o->comm, crow_stop_check(s->noise ? "standard errors" : "what sampling does to rewards"));
    CROW_TRY(sandwich_solve_multiply(s, a));
    CROW_TRY(crow_comm_dot(s->o->comm, slice, 1, &p, &q, &pq));
    for (int64_t i = 0; i < slice->count; i++) {
      a->x[i] += rr / pq * a->p[i];
      a->r[i] -= rr / pq * a->q[i];
    }
    before = rr;
    CROW_TRY(crow_comm_dot(s->o->comm, slice, 1, &r, &r, &rr));
    for (int64_t i = 0; i < slice->count; i++) a->p[i] = a->r[i] + rr / before * a->p[i];
  }
  for (int64_t i = 0; i < slice->count; i++) {
    const double d = s->o->weights->value[i] * s->curvature[i];
    a->y[i] = d > 0 ? a->x[i] / sqrt(d) : 0;
  }
cleanup:
  return status;
}
