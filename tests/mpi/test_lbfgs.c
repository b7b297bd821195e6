/* SPDX-License-Identifier: Apache-2.0 */
#include "../optim/problems.h"

enum { MOST = 3000 };

static double start_rosenbrock(int64_t i) { return i % 2 ? 1 : -1.2; }

static double start_fifth(int64_t i) { return 0.2 + 0 * (double)i; }

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

/* The function at the whole of a distributed vector, on every rank. */
static double evaluate_at(const problem *p, const double *x, double *g, double *optimality) {
  static double whole[MOST];
  const crow_partition partition = crow_comm_partition(test_comm, p->n, CROW_BLOCK);
  CHECK_OK(crow_comm_gather_slices(test_comm, &partition, x, whole, sizeof *x));
  return p->evaluate(p, whole, g, optimality);
}

typedef struct ending {
  problem p;
  crow_lbfgs_options options;
  double (*start)(int64_t);
  int64_t stop_at;
  crow_lbfgs_end end;
} ending;

/* Runs step by step to an end and checks that point, value, certificate and gradient are of one place. */
static void check_ending(ending *e) {
  static double x[MOST], gradient[MOST], expected[MOST];
  distributed d = distribute(test_comm, &e->p);
  crow_lbfgs *lbfgs = NULL;
  crow_lbfgs_result result;
  int64_t iteration = 0;
  double value, optimality;
  fill(&d, e->start, x);
  CHECK_OK(crow_lbfgs_create(test_comm, &d.partition, &e->options, evaluate_distributed, &d, x, &lbfgs));
  for (bool done = false; !done && iteration < e->stop_at;) {
    CHECK_OK(crow_lbfgs_step(lbfgs, &done));
    (void)crow_lbfgs_iterate(lbfgs, &iteration, &value, &optimality);
  }
  crow_lbfgs_get(lbfgs, x, gradient, &result);
  crow_lbfgs_destroy(&lbfgs);
  CHECK(result.end == e->end);
  CHECK(result.iterations == iteration);
  CHECK(evaluate_at(&e->p, x, expected, &optimality) == result.value);
  CHECK(optimality == result.optimality);
  CHECK(d.partition.count == 0 ||
        memcmp(gradient, expected + d.partition.begin, (size_t)d.partition.count * sizeof *gradient) == 0);
}

static void point_value_and_gradient_belong_together_on_every_end(void) {
  const problem pairs = {.n = 1200, .evaluate = paired_rosenbrock}, wrong = {.n = 600, .evaluate = wrong_gradient};
  const problem valley = {.n = 2, .evaluate = chained_rosenbrock};
  crow_lbfgs_options options = defaults(), to_the_floor = defaults();
  to_the_floor.tolerance = 0;
  ending endings[] = {{pairs, options, start_rosenbrock, INT64_MAX, CROW_LBFGS_CONVERGED},
                      {pairs, options, start_rosenbrock, 7, CROW_LBFGS_STOPPED},
                      {wrong, options, start_rosenbrock, INT64_MAX, CROW_LBFGS_LINE_SEARCH}};
  for (size_t k = 0; k < sizeof endings / sizeof *endings; k++) check_ending(&endings[k]);
  for (options.max_iterations = 0; options.max_iterations < 30; options.max_iterations += 4) {
    check_ending(&(ending){valley, options, start_rosenbrock, INT64_MAX, CROW_LBFGS_MAX_ITERATIONS});
  }
  problem rewards = problem_bradley_terry(100, 1e-2, 10, MIXED);
  check_ending(&(ending){rewards, to_the_floor, start_zero, INT64_MAX, CROW_LBFGS_ROUNDING_FLOOR});
  problem_free(&rewards);
}

static void the_floor_lies_far_below_the_tolerance(void) {
  static double x[MOST];
  crow_lbfgs_options options = defaults();
  options.tolerance = 0;
  problem p = problem_bradley_terry(150, 1e-2, 15, MIXED);
  const crow_lbfgs_result result = minimise(test_comm, &p, &options, start_zero, x);
  CHECK(result.end == CROW_LBFGS_ROUNDING_FLOOR);
  CHECK(result.optimality < 1e-14);
  CHECK(result.iterations < 200);
  problem_free(&p);
}

static void steps_back_from_where_the_function_is_not_finite(void) {
  static double x[MOST];
  const crow_lbfgs_options options = defaults();
  problem p = {.n = 2, .evaluate = barrier};
  const crow_lbfgs_result result = minimise(test_comm, &p, &options, start_fifth, x);
  CHECK(p.not_finite > 0);
  CHECK(result.end == CROW_LBFGS_CONVERGED);
  CHECK_NEAR(distance_from_one(&p, x), 0.9, 1e-9);
  distributed d = distribute(test_comm, &p);
  crow_lbfgs_result unused;
  fill(&d, start_rosenbrock, x);
  CHECK_STATUS(crow_lbfgs_minimise(test_comm, &d.partition, &options, evaluate_distributed, NULL, &d, x, &unused),
               CROW_BAD_INPUT);
  CHECK_MESSAGE("nan");
}

static bool stop_at_three(void *context, int64_t iteration, double value, double optimality, const double *x) {
  distributed *d = context;
  (void)x;
  CHECK(isfinite(value) && optimality > 0);
  CHECK(iteration == d->p->not_finite++); /* counts the calls: 0, 1, 2, ... */
  return iteration == 3;
}

static void the_monitor_sees_every_iteration_and_may_stop(void) {
  static double x[MOST];
  const crow_lbfgs_options options = defaults();
  problem p = {.n = 1000, .evaluate = paired_rosenbrock};
  distributed d = distribute(test_comm, &p);
  crow_lbfgs_result result;
  fill(&d, start_rosenbrock, x);
  CHECK_OK(crow_lbfgs_minimise(test_comm, &d.partition, &options, evaluate_distributed, stop_at_three, &d, x, &result));
  CHECK(result.end == CROW_LBFGS_STOPPED && result.iterations == 3);
  CHECK(strcmp(crow_lbfgs_end_text(result.end), "stopped") == 0);
}

/* A checkpoint as a file would keep it: scalars, and vectors whole. */
typedef struct saved {
  double *scalar, *vector;
  int64_t vectors;
} saved;

static void save(crow_lbfgs *lbfgs, const crow_partition *partition, saved *out) {
  crow_optim_state state;
  crow_lbfgs_state(lbfgs, &state);
  out->scalar = malloc(sizeof(double) * (size_t)state.scalars);
  out->vector = malloc(sizeof(double) * (size_t)(state.vectors * partition->global));
  out->vectors = state.vectors;
  memcpy(out->scalar, state.scalar, sizeof(double) * (size_t)state.scalars);
  for (int64_t k = 0; k < state.vectors; k++) {
    CHECK_OK(crow_comm_gather_slices(test_comm, partition, state.vector[k], out->vector + k * partition->global,
                                     sizeof(double)));
  }
}

/* Goes on alone from what several ranks saved, to the end. */
static crow_lbfgs_result go_on(const crow_comm *alone, problem *p, const crow_lbfgs_options *options, const saved *from,
                               double *x) {
  distributed d = distribute(alone, p);
  crow_lbfgs *lbfgs = NULL;
  crow_optim_state state;
  crow_lbfgs_result result = {0};
  for (int64_t i = 0; i < p->n; i++) x[i] = 99;
  CHECK_OK(crow_lbfgs_create(alone, &d.partition, options, evaluate_distributed, &d, x, &lbfgs));
  crow_lbfgs_state(lbfgs, &state);
  memcpy(state.scalar, from->scalar, sizeof(double) * (size_t)state.scalars);
  CHECK_OK(crow_lbfgs_resume(lbfgs, &state));
  CHECK(state.vectors == from->vectors);
  for (int64_t k = 0; k < state.vectors; k++) {
    memcpy(state.vector[k], from->vector + k * p->n, sizeof(double) * (size_t)p->n);
  }
  for (bool done = false; !done;) CHECK_OK(crow_lbfgs_step(lbfgs, &done));
  crow_lbfgs_get(lbfgs, x, NULL, &result);
  crow_lbfgs_destroy(&lbfgs);
  return result;
}

static void goes_on_from_a_checkpoint_with_the_same_bits(void) {
  static double x[MOST], whole[MOST], other[MOST];
  crow_comm *alone = NULL;
  CHECK_OK(crow_comm_split(test_comm, crow_comm_rank(test_comm), 0, &alone));
  const crow_lbfgs_options options = defaults();
  problem p = {.n = 1300, .evaluate = paired_rosenbrock};
  distributed d = distribute(test_comm, &p);
  saved kept[4];
  int64_t count = 0;
  crow_lbfgs *lbfgs = NULL;
  crow_lbfgs_result result;
  fill(&d, start_rosenbrock, x);
  CHECK_OK(crow_lbfgs_create(test_comm, &d.partition, &options, evaluate_distributed, &d, x, &lbfgs));
  save(lbfgs, &d.partition, &kept[count++]); /* before the start is evaluated */
  int64_t step = 0;
  for (bool done = false; !done; step++) {
    CHECK_OK(crow_lbfgs_step(lbfgs, &done));
    if (step == 4 || step == 17 || done) save(lbfgs, &d.partition, &kept[count++]);
  }
  crow_lbfgs_get(lbfgs, x, NULL, &result);
  crow_lbfgs_destroy(&lbfgs);
  CHECK(count == 4);
  CHECK_OK(crow_comm_gather_slices(test_comm, &d.partition, x, whole, sizeof *x));
  for (int64_t k = 0; k < count; k++) {
    const crow_lbfgs_result again = go_on(alone, &p, &options, &kept[k], other);
    CHECK(memcmp(whole, other, sizeof(double) * (size_t)p.n) == 0);
    CHECK(again.value == result.value && again.optimality == result.optimality && again.end == result.end);
    CHECK(again.iterations == result.iterations && again.evaluations == result.evaluations);
    free(kept[k].scalar);
    free(kept[k].vector);
  }
  crow_comm_destroy(&alone);
}

static void a_checkpoint_of_another_history_is_refused(void) {
  static double x[MOST];
  crow_lbfgs_options options = defaults();
  problem p = {.n = 1300, .evaluate = paired_rosenbrock};
  distributed d = distribute(test_comm, &p);
  crow_lbfgs *lbfgs = NULL;
  crow_optim_state state;
  fill(&d, start_rosenbrock, x);
  CHECK_OK(crow_lbfgs_create(test_comm, &d.partition, &options, evaluate_distributed, &d, x, &lbfgs));
  crow_lbfgs_state(lbfgs, &state);
  state.scalar[0] = 9;
  CHECK_STATUS(crow_lbfgs_resume(lbfgs, &state), CROW_BAD_INPUT);
  CHECK_MESSAGE("history 9: expected 10");
  crow_lbfgs_destroy(&lbfgs);
  CHECK(lbfgs == NULL);
  crow_lbfgs_destroy(&lbfgs);
}

static void bits_do_not_depend_on_the_number_of_ranks(void) {
  static double x[MOST], whole[MOST], other[MOST];
  crow_comm *alone = NULL;
  CHECK_OK(crow_comm_split(test_comm, crow_comm_rank(test_comm), 0, &alone));
  crow_lbfgs_options options = defaults();
  options.history = 3;
  problem problems[] = {{.n = 2200, .evaluate = paired_rosenbrock}, problem_bradley_terry(600, 1e-3, 12, MIXED)};
  for (size_t k = 0; k < 2; k++) {
    double (*start)(int64_t) = k ? start_zero : start_rosenbrock;
    const crow_lbfgs_result one = minimise(alone, &problems[k], &options, start, other);
    const crow_lbfgs_result all = minimise(test_comm, &problems[k], &options, start, x);
    const crow_partition partition = crow_comm_partition(test_comm, problems[k].n, CROW_BLOCK);
    CHECK_OK(crow_comm_gather_slices(test_comm, &partition, x, whole, sizeof *x));
    CHECK(memcmp(whole, other, sizeof(double) * (size_t)problems[k].n) == 0);
    CHECK(one.value == all.value && one.optimality == all.optimality && one.evaluations == all.evaluations);
  }
  problem_free(&problems[1]);
  crow_comm_destroy(&alone);
}

static crow_status fails_at_the_third(void *context, const double *x, double *value, double *optimality,
                                      double *gradient) {
  distributed *d = context;
  if (d->p->evaluations == 2) return crow_error(CROW_FILE_SYSTEM, "the third evaluation failed");
  return evaluate_distributed(context, x, value, optimality, gradient);
}

static void errors_of_the_function_and_of_memory_end_all_ranks(void) {
  static double x[MOST];
  const crow_lbfgs_options options = defaults();
  problem p = {.n = 1300, .evaluate = paired_rosenbrock};
  distributed d = distribute(test_comm, &p);
  crow_lbfgs_result result;
  fill(&d, start_rosenbrock, x);
  CHECK_STATUS(crow_lbfgs_minimise(test_comm, &d.partition, &options, fails_at_the_third, NULL, &d, x, &result),
               CROW_FILE_SYSTEM);
  CHECK_MESSAGE("third evaluation");
  const int last = crow_comm_size(test_comm) - 1;
  for (int64_t countdown = 0; countdown < 40; countdown += 7) {
    crow_lbfgs *lbfgs = NULL;
    if (crow_comm_rank(test_comm) == last) crow_memory_fail_after(countdown);
    const crow_status status =
        crow_lbfgs_create(test_comm, &d.partition, &options, evaluate_distributed, &d, x, &lbfgs);
    crow_memory_fail_after(-1);
    int64_t worst = status, best = status;
    CHECK_OK(crow_comm_max_i64(test_comm, &worst, 1));
    CHECK_OK(crow_comm_min_i64(test_comm, &best, 1));
    CHECK(worst == best);
    CHECK((status == CROW_OK) == (lbfgs != NULL));
    crow_lbfgs_destroy(&lbfgs);
  }
}

static const crow_test tests[] = {
    {"defaults are those of the manual, and others are checked", defaults_are_those_of_the_manual},
    {"finds the minimum of Rosenbrock's function", finds_the_minimum_of_rosenbrock},
    {"point, value and gradient belong together on every end", point_value_and_gradient_belong_together_on_every_end},
    {"the rounding floor lies far below the tolerance", the_floor_lies_far_below_the_tolerance},
    {"steps back from where the function is not finite", steps_back_from_where_the_function_is_not_finite},
    {"the monitor sees every iteration and may stop", the_monitor_sees_every_iteration_and_may_stop},
    {"goes on from a checkpoint with the same bits, on another number of ranks",
     goes_on_from_a_checkpoint_with_the_same_bits},
    {"a checkpoint of another history is refused", a_checkpoint_of_another_history_is_refused},
    {"bits do not depend on the number of ranks", bits_do_not_depend_on_the_number_of_ranks},
    {"errors of the function and of memory end all ranks", errors_of_the_function_and_of_memory_end_all_ranks},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "L-BFGS", tests, true); }
