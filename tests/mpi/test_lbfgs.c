/* SPDX-License-Identifier: Apache-2.0 */
#include "../optim/problems.h"

enum { MOST = 3000 };

static double start_rosenbrock(int64_t i) { return i % 2 ? 1 : -1.2; }

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

static void defaults_are_those_of_the_manual(void) {
  const crow_lbfgs_options options = defaults();
  CHECK(options.max_iterations == 1000 && options.history == 10 && options.tolerance == 1e-8);
  crow_lbfgs_options wrong = options;
  wrong.history = 0;
  crow_lbfgs *lbfgs = NULL;
  problem p = {.n = 4, .evaluate = quadratic};
  distributed d = distribute(test_comm, &p);
  double x[4] = {0};
  CHECK_STATUS(crow_lbfgs_create(test_comm, &d.partition, &wrong, evaluate_distributed, &d, x, &lbfgs), CROW_USAGE);
  CHECK_MESSAGE("history");
  CHECK(lbfgs == NULL);
}

/* The largest |x - 1| over all ranks. */
static double distance_from_one(const problem *p, const double *x) {
  double distance = 0;
  const crow_partition partition = crow_comm_partition(test_comm, p->n, CROW_BLOCK);
  for (crow_gidx i = 0; i < partition.count; i++) distance = fmax(distance, fabs(x[i] - 1));
  CHECK_OK(crow_comm_max_f64(test_comm, &distance, 1));
  return distance;
}

static void finds_the_minimum_of_rosenbrock(void) {
  static double x[MOST];
  const crow_lbfgs_options options = defaults();
  problem problems[] = {{.n = 2, .evaluate = chained_rosenbrock}, {.n = 2000, .evaluate = paired_rosenbrock}};
  for (size_t k = 0; k < 2; k++) {
    const crow_lbfgs_result result = minimise(test_comm, &problems[k], &options, start_rosenbrock, x);
    CHECK(result.end == CROW_LBFGS_CONVERGED);
    CHECK(result.optimality <= 1e-8);
    CHECK(result.evaluations == problems[k].evaluations);
    CHECK_NEAR(distance_from_one(&problems[k], x), 0, 1e-7);
  }
}

static const crow_test tests[] = {
    {"defaults are those of the manual, and others are checked", defaults_are_those_of_the_manual},
    {"finds the minimum of Rosenbrock's function", finds_the_minimum_of_rosenbrock},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "L-BFGS", tests, true); }
