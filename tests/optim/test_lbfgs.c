/* SPDX-License-Identifier: Apache-2.0 */
/* L-BFGS on the weighted Bradley-Terry objective, in one process. */
#include "problems.h"

enum { MOST = 3000 };

/* The certificate of the objective, by its own formula, at the returned point. */
static void reaches_the_certificate_for_any_lambda_and_weights(void) {
  static double x[MOST];
  const double lambdas[] = {1e-8, 1e-4, 1e-2, 1, 1e3}, orders[] = {0, 12, 15};
  crow_lbfgs_options options = defaults();
  options.tolerance = 1e-12;
  for (int which = 0; which < 2; which++) {
    for (size_t l = 0; l < 5; l++) {
      for (size_t o = 0; o < 3; o++) {
        /* One order for all, no penalty to speak of and vanishing weights: rewards run off by ln(1/lambda). */
        if (which && lambdas[l] < 1e-4 && orders[o] > 0) continue;
        problem p = problem_bradley_terry(150, lambdas[l], orders[o], which ? SEPARABLE : MIXED);
        const crow_lbfgs_result result = minimise(test_comm, &p, &options, start_zero, x);
        CHECK(result.end == CROW_LBFGS_CONVERGED);
        double g[150], optimality;
        static double whole[150];
        const distributed d = distribute(test_comm, &p);
        CHECK_OK(crow_comm_gather_slices(test_comm, &d.partition, x, whole, sizeof *x));
        CHECK(p.evaluate(&p, whole, g, &optimality) == result.value);
        CHECK(optimality <= 1e-12);
        problem_free(&p);
      }
    }
  }
}

/* sqrt(D) from the Hessian's diagonal at u, by its definition; `factor` becomes new over old. */
static void take_scale(problem *p, const double *u, double *factor) {
  double reward[200];
  for (int64_t x = 0; x < p->n; x++) reward[x] = u[x] / p->root[x];
  for (int64_t x = 0; x < p->n; x++) {
    double k = p->lambda;
    for (int64_t y = 0; y < p->n; y++) {
      const double sigma = sigmoid(reward[x] - reward[y]);
      k += y == x ? 0 : p->weight[y] * sigma * (1 - sigma);
    }
    const double root = sqrt(p->weight[x] * k);
    factor[x] = root / p->root[x];
    p->root[x] = root;
  }
}

/* Runs with a new scale every ten iterations; with `scale` NULL, with factors of 1. */
static crow_lbfgs_result run_rescaled(problem *p, void scale(problem *, const double *, double *), double *x) {
  distributed d = distribute(test_comm, p);
  const crow_lbfgs_options options = defaults();
  crow_lbfgs_result result = {0};
  crow_lbfgs *lbfgs = NULL;
  double factor[200];
  fill(&d, start_zero, x);
  CHECK_OK(crow_lbfgs_create(test_comm, &d.partition, &options, evaluate_distributed, &d, x, &lbfgs));
  for (bool done = false; !done;) {
    int64_t iteration;
    double value, optimality;
    CHECK_OK(crow_lbfgs_step(lbfgs, &done));
    const double *u = crow_lbfgs_iterate(lbfgs, &iteration, &value, &optimality);
    if (done || iteration % 10 != 0) continue;
    for (int64_t i = 0; i < p->n; i++) factor[i] = 1;
    if (scale) scale(p, u, factor);
    CHECK_OK(crow_lbfgs_rescale(lbfgs, factor));
  }
  crow_lbfgs_get(lbfgs, x, NULL, &result);
  crow_lbfgs_destroy(&lbfgs);
  return result;
}

static void scaling_by_the_diagonal_reaches_what_else_cannot_be_reached(void) {
  double x[200];
  const double orders[] = {0, 12, 15};
  for (int o = 0; o < 3; o++) {
    problem p = problem_bradley_terry(150, 1e-6, orders[o], SEPARABLE);
    const crow_lbfgs_result result = run_rescaled(&p, take_scale, x);
    double g[200], optimality;
    CHECK(result.end == CROW_LBFGS_CONVERGED);
    CHECK(result.iterations < 200);
    CHECK(p.evaluate(&p, x, g, &optimality) == result.value);
    CHECK(optimality <= 1e-8);
    problem_free(&p);
  }
}

static void scaling_by_one_changes_no_bit(void) {
  double x[200], other[200];
  const crow_lbfgs_options options = defaults();
  problem p = problem_bradley_terry(120, 1e-4, 12, SEPARABLE);
  const crow_lbfgs_result plain = minimise(test_comm, &p, &options, start_zero, x);
  const crow_lbfgs_result scaled = run_rescaled(&p, NULL, other);
  CHECK(plain.iterations > 30 && plain.iterations == scaled.iterations);
  CHECK(memcmp(x, other, 120 * sizeof *x) == 0);
  problem_free(&p);
}

static const crow_test tests[] = {
    {"reaches a certificate of 1e-12 for lambda from 1e-8 to 1e3 and weights over 15 orders of magnitude",
     reaches_the_certificate_for_any_lambda_and_weights},
    {"scaling by the Hessian's diagonal on the way reaches what else cannot be reached",
     scaling_by_the_diagonal_reaches_what_else_cannot_be_reached},
    {"scaling by one changes no bit", scaling_by_one_changes_no_bit},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "L-BFGS on rewards", tests, true); }
