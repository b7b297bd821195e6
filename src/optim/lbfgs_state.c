/* SPDX-License-Identifier: Apache-2.0 */
/* L-BFGS between two steps, as plain arrays. */
#include "optim/lbfgs_impl.h"

static void list_vectors(crow_lbfgs *lbfgs, crow_optim_state *state) {
  double **vector = lbfgs->state_vector;
  int64_t count = 0;
  vector[count++] = lbfgs->x;
  vector[count++] = lbfgs->g;
  for (int64_t k = 0; k < lbfgs->products.used; k++) {
    vector[count++] = lbfgs->s[k];
    vector[count++] = lbfgs->y[k];
  }
  if (lbfgs->numbers->best_apart != 0) {
    vector[count++] = lbfgs->best_x;
    vector[count++] = lbfgs->best_g;
  }
  *state = (crow_optim_state){.scalars = crow_lbfgs_state_scalars(lbfgs->options.history),
                              .scalar = lbfgs->scalar,
                              .vectors = count,
                              .vector = vector};
}

void crow_lbfgs_state(crow_lbfgs *lbfgs, crow_optim_state *state) {
  lbfgs->numbers->used = (double)lbfgs->products.used;
  lbfgs->numbers->gg = lbfgs->products.gg;
  list_vectors(lbfgs, state);
}

static crow_status resume_local(crow_lbfgs *lbfgs) {
  const crow_lbfgs_numbers *n = lbfgs->numbers;
  const int64_t history = lbfgs->options.history;
  if (n->history != (double)history) {
    return crow_error(CROW_BAD_INPUT, "the checkpoint is of a run with history %g: expected %lld", n->history,
                      (long long)history);
  }
  if (!(n->used >= 0 && n->used <= (double)history)) {
    return crow_error(CROW_BAD_INPUT, "the checkpoint holds %g pairs: expected 0 to %lld", n->used, (long long)history);
  }
  lbfgs->products.used = (int64_t)n->used;
  lbfgs->products.gg = n->gg;
  lbfgs->ended = false;
  return n->best_apart != 0 ? crow_lbfgs_allocate_best(lbfgs) : CROW_OK;
}

crow_status crow_lbfgs_resume(crow_lbfgs *lbfgs, crow_optim_state *state) {
  CROW_NEED_AGREE(lbfgs->comm, resume_local(lbfgs));
  list_vectors(lbfgs, state);
  return CROW_OK;
}
