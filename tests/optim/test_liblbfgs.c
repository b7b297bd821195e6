/* SPDX-License-Identifier: Apache-2.0 */
/* crow's L-BFGS beside liblbfgs (Okazaki and Nocedal) on the same functions: the same optimum, at no more than 1.5
 * times the evaluations. */
#include "problems.h"

#include <lbfgs.h>

static double start_rosenbrock(int64_t i) { return i % 2 ? 1 : -1.2; }

typedef struct reference {
  problem *p;
  double tolerance, optimality;
} reference;

static lbfgsfloatval_t evaluate_reference(void *context, const lbfgsfloatval_t *x, lbfgsfloatval_t *g, const int n,
                                          const lbfgsfloatval_t step) {
  reference *r = context;
  (void)n;
  (void)step;
  r->p->evaluations++;
  return r->p->evaluate(r->p, x, g, &r->optimality);
}

/* Stops on the certificate, as crow does. */
static int progress(void *context, const lbfgsfloatval_t *x, const lbfgsfloatval_t *g, const lbfgsfloatval_t fx,
                    const lbfgsfloatval_t xnorm, const lbfgsfloatval_t gnorm, const lbfgsfloatval_t step, int n, int k,
                    int trials) {
  const reference *r = context;
  double optimality, unused[4096];
  (void)g, (void)fx, (void)xnorm, (void)gnorm, (void)step, (void)n, (void)k, (void)trials;
  (void)r->p->evaluate(r->p, x, unused, &optimality);
  return optimality <= r->tolerance;
}

static void compare(const char *what, problem *p, double (*start)(int64_t), double tolerance, double close) {
  crow_lbfgs_options options;
  crow_settings_default(crow_lbfgs_settings, &options);
  options.tolerance = tolerance;
  options.max_iterations = 20000;
  double *x = malloc(sizeof(double) * (size_t)p->n), *other = malloc(sizeof(double) * (size_t)p->n);
  for (int64_t i = 0; i < p->n; i++) x[i] = other[i] = start(i);

  distributed d = distribute(test_comm, p);
  crow_lbfgs_result result = {0};
  CHECK_OK(crow_lbfgs_minimise(test_comm, &d.partition, &options, evaluate_distributed, NULL, &d, x, &result));
  CHECK(result.end == CROW_LBFGS_CONVERGED);

  reference r = {p, tolerance, 0};
  lbfgs_parameter_t parameters;
  lbfgs_parameter_init(&parameters);
  parameters.m = 10;
  parameters.epsilon = 0;
  parameters.max_iterations = 20000;
  double value = 0;
  p->evaluations = 0;
  const int ended = lbfgs((int)p->n, other, &value, evaluate_reference, progress, &r, &parameters);
  (void)fprintf(stderr, "%s: crow %lld evaluations, value %.15g, optimality %.3g; liblbfgs %lld, %.15g, %.3g (%d)\n",
                what, (long long)result.evaluations, result.value, result.optimality, (long long)p->evaluations, value,
                r.optimality, ended);
  CHECK((double)result.evaluations <= 1.5 * (double)p->evaluations);
  CHECK_NEAR(result.value, value, close * fmax(1, fabs(value)));
  for (int64_t i = 0; i < p->n; i++) {
    if (!(fabs(x[i] - other[i]) <= close)) {
      CHECK_NEAR(x[i], other[i], close);
      break;
    }
  }
  free(x);
  free(other);
}

static void rosenbrock(void) {
  problem pairs = {.n = 4000, .evaluate = paired_rosenbrock}, chain = {.n = 100, .evaluate = chained_rosenbrock};
  compare("Rosenbrock in pairs", &pairs, start_rosenbrock, 1e-8, 1e-7);
  compare("Rosenbrock in a chain", &chain, start_zero, 1e-8, 1e-7);
}

static void stiff_quadratic(void) {
  problem p = {.n = 1000, .evaluate = quadratic};
  compare("quadratic with condition 1e6", &p, start_zero, 1e-6, 1e-5);
}

static void weighted_bradley_terry(void) {
  const double lambdas[] = {1e-4, 1e-2, 1}, orders[] = {0, 8, 15};
  for (int l = 0; l < 3; l++) {
    for (int o = 0; o < 3; o++) {
      for (int k = 0; k < 2; k++) {
        problem p = problem_bradley_terry(200, lambdas[l], orders[o], k ? SEPARABLE : MIXED);
        char what[128];
        (void)snprintf(what, sizeof what, "Bradley-Terry, lambda %g, weights over %g orders%s", lambdas[l], orders[o],
                       k ? ", separable" : "");
        compare(what, &p, start_zero, 1e-8, 1e-6);
        problem_free(&p);
      }
    }
  }
}

static const crow_test tests[] = {{"on Rosenbrock's function in many dimensions", rosenbrock},
                                  {"on a quadratic with condition 1e6", stiff_quadratic},
                                  {"on the weighted Bradley-Terry objective", weighted_bradley_terry},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "L-BFGS beside liblbfgs", tests, true); }
