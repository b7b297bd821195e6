/* SPDX-License-Identifier: Apache-2.0 */
/* L-BFGS on the weighted Bradley-Terry objective, in one process. */
#include "problems.h"

enum { MOST = 3000 };

static double start_zero(int64_t i) { return 0 * (double)i; }

static crow_lbfgs_options defaults(void) {
  crow_lbfgs_options options;
  crow_settings_default(crow_lbfgs_settings, &options);
  return options;
}

static void fill(const distributed *d, double (*start)(int64_t), double *x) {
  for (crow_gidx i = 0; i < d->partition.count; i++) x[i] = start(d->partition.begin + i);
}

static crow_lbfgs_result minimise(const crow_comm *comm, problem *p, const crow_lbfgs_options *options,
                                  double (*start)(int64_t), double *x) {
  distributed d = distribute(comm, p);
  crow_lbfgs_result result = {0};
  p->evaluations = p->not_finite = 0;
  fill(&d, start, x);
  CHECK_OK(crow_lbfgs_minimise(comm, &d.partition, options, evaluate_distributed, NULL, &d, x, &result));
  return result;
}

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

static const crow_test tests[] = {
    {"reaches a certificate of 1e-12 for lambda from 1e-8 to 1e3 and weights over 15 orders of magnitude",
     reaches_the_certificate_for_any_lambda_and_weights},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "L-BFGS on rewards", tests, true); }
