/* SPDX-License-Identifier: Apache-2.0 */
/* Systems with the Hessian, several at a time, by conjugate gradients preconditioned by its diagonal (Jacobi), in the
 * symmetric variables sqrt(w K) y. */
#include "base/clones_impl.h"
#include "objective/sandwich_impl.h"

enum { MOST_STEPS = 5000 };

crow_status crow_sandwich_solver_allocate(const crow_objective *o, int64_t columns, crow_sandwich_solver *a) {
  crow_status status = CROW_OK;
  double **const slices[] = {&a->y, &a->r, &a->p, &a->q};
  for (size_t k = 0; k < sizeof slices / sizeof *slices; k++) {
    CROW_TRY(CROW_ALLOCATE_RAW(slices[k], columns * o->weights->partition.count));
  }
cleanup:
  return status;
}

void crow_sandwich_solver_free(crow_sandwich_solver *a) {
  double *const slices[] = {a->y, a->r, a->p, a->q};
  for (size_t k = 0; k < sizeof slices / sizeof *slices; k++) crow_free(slices[k]);
}

/* From the symmetric variables `from` to those of the rewards; `size` is sqrt(w K). */
CROW_CLONES static void leave_symmetric(int64_t n, const double *size, const double *from, double *to) {
  for (int64_t i = 0; i < n; i++) {
    const double value = from[i] / size[i];
    to[i] = size[i] > 0 ? value : 0;
  }
}

/* q = p - root q */
CROW_CLONES static void finish_product(int64_t n, const double *root, const double *p, double *q) {
  for (int64_t i = 0; i < n; i++) q[i] = p[i] - root[i] * q[i];
}

/* q = A p = D^-1/2 H D^-1/2 p = p - sqrt(w / K) s sum_y w(y) c sigma' y, with y = p / sqrt(w K). */
static crow_status sandwich_solve_multiply(const crow_sandwich *s, int64_t columns, crow_sandwich_solver *a) {
  crow_status status = CROW_OK;
  const int64_t n = s->o->weights->partition.count;
  for (int64_t c = 0; c < columns; c++) leave_symmetric(n, s->size, a->p + c * n, a->q + c * n);
  CROW_TRY(crow_sandwich_apply(s, columns, a->q, a->q));
  for (int64_t c = 0; c < columns; c++) finish_product(n, s->root, a->p + c * n, a->q + c * n);
cleanup:
  return status;
}

/* The products of the columns of a and b, in one reduction. */
static crow_status multiply_columns(const crow_sandwich *s, int64_t columns, const double *a, const double *b,
                                    double *product) {
  const crow_partition *slice = &s->o->weights->partition;
  const double *left[CROW_PAIR_COLUMNS], *right[CROW_PAIR_COLUMNS];
  for (int64_t c = 0; c < columns; c++) {
    left[c] = a + c * slice->count;
    right[c] = b + c * slice->count;
  }
  return crow_comm_dot(s->o->comm, slice, columns, left, right, product);
}

/* y += step p, r -= step q */
CROW_CLONES static void take_step(int64_t n, double step, const double *restrict p, const double *restrict q,
                                  double *restrict y, double *restrict r) {
  for (int64_t i = 0; i < n; i++) {
    y[i] += step * p[i];
    r[i] -= step * q[i];
  }
}

/* p = r + factor p */
CROW_CLONES static void turn_direction(int64_t n, double factor, const double *restrict r, double *restrict p) {
  for (int64_t i = 0; i < n; i++) p[i] = r[i] + factor * p[i];
}

crow_status crow_sandwich_solve(const crow_sandwich *s, double tolerance, int64_t columns, crow_sandwich_solver *a) {
  crow_status status = CROW_OK;
  const int64_t n = s->o->weights->partition.count;
  double rr[CROW_PAIR_COLUMNS] = {0}, pq[CROW_PAIR_COLUMNS], before[CROW_PAIR_COLUMNS], first[CROW_PAIR_COLUMNS];
  for (int64_t i = 0; i < columns * n; i++) {
    a->y[i] = 0;
    a->p[i] = a->r[i];
  }
  CROW_TRY(multiply_columns(s, columns, a->r, a->r, rr));
  for (int64_t c = 0; c < columns; c++) first[c] = rr[c];
  for (int step = 0; step < MOST_STEPS; step++) {
    bool going[CROW_PAIR_COLUMNS], any = false;
    for (int64_t c = 0; c < columns; c++) {
      going[c] = rr[c] > tolerance * tolerance * first[c]; /* each as if it were alone */
      any = any || going[c];
    }
    if (!any) break;
    CROW_TRY_AGREE(s->o->comm, crow_stop_check(s->noise ? "standard errors" : "what sampling does to rewards"));
    CROW_TRY(sandwich_solve_multiply(s, columns, a));
    CROW_TRY(multiply_columns(s, columns, a->p, a->q, pq));
    for (int64_t c = 0; c < columns; c++) {
      if (going[c]) take_step(n, rr[c] / pq[c], a->p + c * n, a->q + c * n, a->y + c * n, a->r + c * n);
      before[c] = rr[c];
    }
    CROW_TRY(multiply_columns(s, columns, a->r, a->r, rr));
    for (int64_t c = 0; c < columns; c++) {
      if (going[c]) turn_direction(n, rr[c] / before[c], a->r + c * n, a->p + c * n);
    }
  }
  for (int64_t c = 0; c < columns; c++) leave_symmetric(n, s->size, a->y + c * n, a->y + c * n);
cleanup:
  return status;
}
