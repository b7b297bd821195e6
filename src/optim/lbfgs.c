/* SPDX-License-Identifier: Apache-2.0 */
/* L-BFGS on distributed vectors: the life of a run. */
#include "optim/lbfgs_impl.h"

#include <math.h>
#include <string.h>

const crow_setting crow_lbfgs_settings[] = {
    CROW_SETTING("max-iterations", INT, crow_lbfgs_options, max_iterations, .value = 1000, .minimum = 0, .maximum = 1e9,
                 .help = "L-BFGS stops after this many iterations, converged or not"),
    CROW_SETTING("tolerance", DOUBLE, crow_lbfgs_options, tolerance, .value = 1e-8, .minimum = 0, .maximum = 1,
                 .help = "the fit has converged when the largest violation of the optimality equation is at most "
                         "this"),
    CROW_SETTING("history", INT, crow_lbfgs_options, history, .value = 10, .minimum = 1, .maximum = 1000,
                 .help = "pairs of steps and gradient differences that L-BFGS keeps"),
    {.name = NULL}};

const char *crow_lbfgs_end_text(crow_lbfgs_end end) {
  switch (end) {
  case CROW_LBFGS_CONVERGED:
    return "converged";
  case CROW_LBFGS_MAX_ITERATIONS:
    return "iteration limit reached";
  case CROW_LBFGS_ROUNDING_FLOOR:
    return "rounding floor reached";
  case CROW_LBFGS_LINE_SEARCH:
    return "line search failed";
  case CROW_LBFGS_STOPPED:
    return "stopped";
  }
  return "unknown";
}

static crow_status lbfgs_allocate_vectors(crow_lbfgs *lbfgs) {
  const crow_gidx n = lbfgs->partition.count;
  const int64_t history = lbfgs->options.history;
  double **const vectors[] = {&lbfgs->x, &lbfgs->g, &lbfgs->trial_x, &lbfgs->trial_g};
  for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++) CROW_NEED(CROW_ALLOCATE_RAW(vectors[k], n));
  CROW_NEED(CROW_ALLOCATE_EACH(history, &lbfgs->s, &lbfgs->y));
  for (int64_t k = 0; k < history; k++) {
    /* Pages of a pair are first touched when it is first used: a short run takes less memory. */
    CROW_NEED(CROW_ALLOCATE_RAW_EACH(n, &lbfgs->s[k], &lbfgs->y[k]));
  }
  return CROW_OK;
}

int64_t crow_lbfgs_state_scalars(int64_t history) {
  return (int64_t)(sizeof(crow_lbfgs_numbers) / sizeof(double)) + 2 * history + 2 * history * history;
}

static crow_status allocate_scalars(crow_lbfgs *lbfgs) {
  const int64_t history = lbfgs->options.history, products = 7 + 5 * history;
  CROW_NEED(CROW_ALLOCATE(&lbfgs->scalar, crow_lbfgs_state_scalars(history)));
  CROW_NEED(CROW_ALLOCATE(&lbfgs->work, 3 * history));
  CROW_NEED(CROW_ALLOCATE_EACH(products, &lbfgs->left, &lbfgs->right, &lbfgs->dot));
  CROW_NEED(CROW_ALLOCATE(&lbfgs->state_vector, 4 + 2 * history));
  lbfgs->numbers = (crow_lbfgs_numbers *)(void *)lbfgs->scalar;
  double *const after = lbfgs->scalar + sizeof(crow_lbfgs_numbers) / sizeof(double);
  lbfgs->products = (crow_products){.history = history,
                                    .sg = after,
                                    .yg = after + history,
                                    .sy = after + 2 * history,
                                    .yy = after + 2 * history + history * history};
  lbfgs->direction = (crow_combination){.s_part = lbfgs->work + history, .y_part = lbfgs->work + 2 * history};
  *lbfgs->numbers = (crow_lbfgs_numbers){.history = (double)history,
                                         .value = NAN,
                                         .optimality = NAN,
                                         .best_value = INFINITY,
                                         .best_optimality = INFINITY,
                                         .lowest = INFINITY,
                                         .noise = CROW_LBFGS_NOISE,
                                         .stalled_value = INFINITY,
                                         .stalled_optimality = INFINITY};
  return CROW_OK;
}

static crow_status create_local(crow_lbfgs *lbfgs, const double *x) {
  CROW_NEED(crow_settings_validate(crow_lbfgs_settings, &lbfgs->options));
  CROW_NEED(lbfgs_allocate_vectors(lbfgs));
  CROW_NEED(allocate_scalars(lbfgs));
  if (lbfgs->partition.count) memcpy(lbfgs->x, x, (size_t)lbfgs->partition.count * sizeof *x);
  return CROW_OK;
}

crow_status crow_lbfgs_create(const crow_comm *comm, const crow_partition *partition, const crow_lbfgs_options *options,
                              crow_lbfgs_function *function, void *context, const double *x, crow_lbfgs **out) {
  crow_status status = CROW_OK;
  crow_lbfgs *lbfgs = NULL;
  *out = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&lbfgs, 1));
  lbfgs->comm = comm;
  lbfgs->partition = *partition;
  lbfgs->options = *options;
  lbfgs->function = function;
  lbfgs->context = context;
  CROW_TRY_AGREE(comm, create_local(lbfgs, x));
  *out = lbfgs;
  lbfgs = NULL;
cleanup:
  crow_lbfgs_destroy(&lbfgs);
  return status;
}

void crow_lbfgs_destroy(crow_lbfgs **lbfgs) {
  crow_lbfgs *l = *lbfgs;
  if (!l) return;
  for (int64_t k = 0; l->s && k < l->options.history; k++) crow_free(l->s[k]);
  for (int64_t k = 0; l->y && k < l->options.history; k++) crow_free(l->y[k]);
  CROW_FREE(l->x, l->g, l->trial_x, l->trial_g, l->best_x, l->best_g, l->s, l->y, l->scalar, l->work, l->left, l->right,
            l->dot, l->state_vector, l);
  *lbfgs = NULL;
}

static crow_status evaluate_start(crow_lbfgs *lbfgs) {
  double value = NAN, optimality = NAN;
  const double *const g = lbfgs->g;
  bool better;
  CROW_NEED(lbfgs->function(lbfgs->context, lbfgs->x, &value, &optimality, lbfgs->g));
  CROW_NEED(crow_comm_dot(lbfgs->comm, &lbfgs->partition, 1, &g, &g, &lbfgs->products.gg));
  if (!isfinite(value) || !isfinite(lbfgs->products.gg)) {
    return crow_error(CROW_BAD_INPUT,
                      "the objective at the start is %g and its gradient's squared length %g: expected finite numbers",
                      value, lbfgs->products.gg);
  }
  lbfgs->numbers->evaluations++;
  lbfgs->numbers->started = 1;
  crow_lbfgs_note(lbfgs, value, optimality, &better);
  return CROW_OK;
}

static void lbfgs_check_end(crow_lbfgs *lbfgs) {
  const crow_lbfgs_numbers *n = lbfgs->numbers;
  lbfgs->ended = true;
  if (n->optimality <= lbfgs->options.tolerance)
    lbfgs->end = CROW_LBFGS_CONVERGED;
  else if (n->iterations >= (double)lbfgs->options.max_iterations)
    lbfgs->end = CROW_LBFGS_MAX_ITERATIONS;
  else if (n->iterations - n->stalled_since >= CROW_LBFGS_PATIENCE)
    lbfgs->end = CROW_LBFGS_ROUNDING_FLOOR;
  else
    lbfgs->ended = false;
}

crow_status crow_lbfgs_step(crow_lbfgs *lbfgs, bool *done) {
  crow_status status = CROW_OK;
  /* A resumed run may be one that had ended. */
  if (!lbfgs->ended && lbfgs->numbers->started != 0) lbfgs_check_end(lbfgs);
  if (!lbfgs->ended) {
    if (lbfgs->numbers->started == 0)
      CROW_TRY(evaluate_start(lbfgs));
    else
      CROW_TRY(crow_lbfgs_iterate_once(lbfgs));
    if (!lbfgs->ended) lbfgs_check_end(lbfgs);
  }
cleanup:
  *done = lbfgs->ended || status != CROW_OK;
  return status;
}

const double *crow_lbfgs_iterate(const crow_lbfgs *lbfgs, int64_t *iteration, double *value, double *optimality) {
  *iteration = (int64_t)lbfgs->numbers->iterations;
  *value = lbfgs->numbers->value;
  *optimality = lbfgs->numbers->optimality;
  return lbfgs->x;
}

void crow_lbfgs_get(const crow_lbfgs *lbfgs, double *x, double *gradient, crow_lbfgs_result *result) {
  const crow_lbfgs_numbers *n = lbfgs->numbers;
  const bool apart = n->best_apart != 0;
  const size_t bytes = (size_t)lbfgs->partition.count * sizeof *x;
  if (x && bytes) memcpy(x, apart ? lbfgs->best_x : lbfgs->x, bytes);
  if (gradient && bytes) memcpy(gradient, apart ? lbfgs->best_g : lbfgs->g, bytes);
  *result = (crow_lbfgs_result){.end = lbfgs->ended ? lbfgs->end : CROW_LBFGS_STOPPED,
                                .iterations = (int64_t)n->iterations,
                                .evaluations = (int64_t)n->evaluations,
                                .value = n->best_value,
                                .optimality = n->best_optimality};
}

crow_status crow_lbfgs_minimise(const crow_comm *comm, const crow_partition *partition,
                                const crow_lbfgs_options *options, crow_lbfgs_function *function,
                                crow_lbfgs_monitor *monitor, void *context, double *x, crow_lbfgs_result *result) {
  crow_status status = CROW_OK;
  crow_lbfgs *lbfgs = NULL;
  CROW_TRY(crow_lbfgs_create(comm, partition, options, function, context, x, &lbfgs));
  for (bool done = false, stop = false; !done && !stop;) {
    int64_t iteration;
    double value, optimality;
    CROW_TRY(crow_lbfgs_step(lbfgs, &done));
    const double *iterate = crow_lbfgs_iterate(lbfgs, &iteration, &value, &optimality);
    stop = monitor && monitor(context, iteration, value, optimality, iterate);
  }
  crow_lbfgs_get(lbfgs, x, NULL, result);
cleanup:
  crow_lbfgs_destroy(&lbfgs);
  return status;
}
