/* SPDX-License-Identifier: Apache-2.0 */
/* When L-BFGS takes itself to be at its rounding floor, and which iterate is the best. */
#include "problems.h"

#include <float.h>

#include "optim/lbfgs_impl.h"

static crow_lbfgs *begin_lbfgs(problem *p, distributed *d) {
  const crow_lbfgs_options options = defaults();
  crow_lbfgs *lbfgs = NULL;
  static double x[8];
  *p = (problem){.n = 8, .evaluate = quadratic};
  *d = distribute(test_comm, p);
  CHECK_OK(crow_lbfgs_create(test_comm, &d->partition, &options, evaluate_distributed, d, x, &lbfgs));
  return lbfgs;
}

/* An iterate of this value and certificate; whether it counts as progress. */
static bool makes_progress(crow_lbfgs *lbfgs, double value, double optimality) {
  bool better;
  lbfgs->numbers->iterations++;
  crow_lbfgs_note(lbfgs, value, optimality, &better);
  return lbfgs->numbers->stalled_since == lbfgs->numbers->iterations;
}

static void progress_is_a_lower_certificate_or_value_beyond_rounding(void) {
  problem p;
  distributed d;
  crow_lbfgs *lbfgs = begin_lbfgs(&p, &d);
  CHECK(makes_progress(lbfgs, 1, .5));
  CHECK(!makes_progress(lbfgs, 1, .5));
  CHECK(!makes_progress(lbfgs, 1 + 2 * DBL_EPSILON, .5)); /* a rise by rounding */
  CHECK(!makes_progress(lbfgs, 1 - 2 * DBL_EPSILON, .5)); /* a fall by rounding */
  CHECK(!makes_progress(lbfgs, 2, .7));
  CHECK(makes_progress(lbfgs, 1 - 16 * DBL_EPSILON, .7));
  CHECK(!makes_progress(lbfgs, 1 - 16 * DBL_EPSILON, .5)); /* no lower than before */
  CHECK(makes_progress(lbfgs, 3, .4999));
  CHECK(!makes_progress(lbfgs, 1 - 12 * DBL_EPSILON, .4999)); /* the lowest value remains what it was */
  CHECK(makes_progress(lbfgs, 1 - 32 * DBL_EPSILON, .4999));
  crow_lbfgs_destroy(&lbfgs);
}

/* The least certificate among those whose value cannot be told from the least one. */
static void the_best_iterate_is_the_lowest_and_then_the_flattest(void) {
  problem p;
  distributed d;
  bool better;
  crow_lbfgs *lbfgs = begin_lbfgs(&p, &d);
  static const struct {
    double value, optimality;
    bool better;
  } iterates[] = {{2, .1, true},           {1, .5, true},         {1, .4, true},
                  {1, .4, false},          {1 + 1e-13, .3, true}, {1 + 1e-9, .2, false},
                  {1 - 1e-13, .35, false}, {.5, 7, true},         {.5 + 1e-9, 1, false}};
  for (size_t k = 0; k < sizeof iterates / sizeof *iterates; k++) {
    crow_lbfgs_note(lbfgs, iterates[k].value, iterates[k].optimality, &better);
    CHECK(better == iterates[k].better);
    CHECK((lbfgs->numbers->best_optimality == iterates[k].optimality) || !better);
  }
  CHECK(lbfgs->numbers->lowest == .5 && lbfgs->numbers->best_value == .5 && lbfgs->numbers->best_optimality == 7);
  crow_lbfgs_destroy(&lbfgs);
}

/* A function that moves by rounding alone, with a slope that says otherwise. */
static double rounding_only(const problem *p, const double *x, double *g, double *optimality) {
  static int call;
  for (int64_t i = 0; i < p->n; i++) g[i] = 1e-3 * (x[i] - 1);
  *optimality = 1;
  call++;
  return 1 + (call % 2 ? 2 : -2) * DBL_EPSILON;
}

/* The run ends, and says why, soon after its patience of 50 iterations and a few trials each. */
static void noise_ends_at_the_rounding_floor(void) {
  crow_lbfgs_options options = defaults();
  double x[8];
  options.max_iterations = 100000;
  problem p = {.n = 8, .evaluate = rounding_only};
  const crow_lbfgs_result result = minimise(test_comm, &p, &options, start_zero, x);
  CHECK(result.end == CROW_LBFGS_ROUNDING_FLOOR);
  CHECK(result.iterations <= 2 * CROW_LBFGS_PATIENCE && result.evaluations <= 40 * CROW_LBFGS_PATIENCE);
  CHECK(result.evaluations == p.evaluations);
}

static const crow_test tests[] = {
    {"progress is a lower certificate or value beyond rounding",
     progress_is_a_lower_certificate_or_value_beyond_rounding},
    {"the best iterate is the lowest and then the flattest", the_best_iterate_is_the_lowest_and_then_the_flattest},
    {"noise ends at the rounding floor", noise_ends_at_the_rounding_floor},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "stalled L-BFGS", tests, true); }
