/* SPDX-License-Identifier: Apache-2.0 */
/* A change of variables x' = factor x in the middle of a run: points and steps are multiplied, gradients divided, so
 * that s.y and s.g stay as they are; products of two gradients have to be taken again. */
#include "optim/lbfgs_impl.h"

static void lbfgs_rescale_multiply(const crow_lbfgs *lbfgs, const double *factor, double *vector) {
  for (crow_gidx i = 0; i < lbfgs->partition.count; i++) vector[i] *= factor[i];
}

static void lbfgs_rescale_divide(const crow_lbfgs *lbfgs, const double *factor, double *vector) {
  for (crow_gidx i = 0; i < lbfgs->partition.count; i++) vector[i] /= factor[i];
}

/* g.g, then y_i.g and y_i.y_j for j >= i. */
static crow_status retake_products(crow_lbfgs *lbfgs) {
  crow_status status = CROW_OK;
  crow_products *p = &lbfgs->products;
  const int64_t used = p->used, count = 1 + used + used * (used + 1) / 2;
  const double **left = NULL, **right = NULL;
  double *dot = NULL;
  int64_t at = 0;
  CROW_TRY_AGREE(lbfgs->comm, CROW_ALLOCATE_EACH(count, &left, &right, &dot));
  for (int64_t i = -1; i < used; i++) {
    const double *a = i < 0 ? lbfgs->g : lbfgs->y[i];
    left[at] = a;
    right[at++] = lbfgs->g;
    for (int64_t j = i; j >= 0 && j < used; j++) {
      left[at] = a;
      right[at++] = lbfgs->y[j];
    }
  }
  CROW_TRY(crow_comm_dot(lbfgs->comm, &lbfgs->partition, count, left, right, dot));
  at = 0;
  p->gg = dot[at++];
  for (int64_t i = 0; i < used; i++) {
    p->yg[i] = dot[at++];
    for (int64_t j = i; j < used; j++) p->yy[i * p->history + j] = p->yy[j * p->history + i] = dot[at++];
  }
cleanup:
  CROW_FREE(left, right, dot);
  return status;
}

crow_status crow_lbfgs_rescale(crow_lbfgs *lbfgs, const double *factor) {
  lbfgs_rescale_multiply(lbfgs, factor, lbfgs->x);
  lbfgs_rescale_divide(lbfgs, factor, lbfgs->g);
  if (lbfgs->numbers->best_apart != 0) {
    lbfgs_rescale_multiply(lbfgs, factor, lbfgs->best_x);
    lbfgs_rescale_divide(lbfgs, factor, lbfgs->best_g);
  }
  for (int64_t k = 0; k < lbfgs->products.used; k++) {
    lbfgs_rescale_multiply(lbfgs, factor, lbfgs->s[k]);
    lbfgs_rescale_divide(lbfgs, factor, lbfgs->y[k]);
  }
  return retake_products(lbfgs);
}
