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

static double product_of(const double *a, const double *b) {
  double sum = 0;
  for (int i = 0; i < 8; i++) sum += a[i] * b[i];
  return sum;
}

static void check_product(double found, const double *a, const double *b) {
  CHECK_NEAR(found, product_of(a, b), 1e-9 * sqrt(product_of(a, a) * product_of(b, b)));
}

static void check_products(const crow_lbfgs *lbfgs) {
  const crow_products *q = &lbfgs->products;
  const int64_t n = q->history;
  check_product(q->gg, lbfgs->g, lbfgs->g);
  for (int64_t i = 0; i < q->used; i++) {
    check_product(q->sg[i], lbfgs->s[i], lbfgs->g);
    check_product(q->yg[i], lbfgs->y[i], lbfgs->g);
    for (int64_t j = 0; j < q->used; j++) {
      check_product(q->sy[i * n + j], lbfgs->s[i], lbfgs->y[j]);
      check_product(q->yy[i * n + j], lbfgs->y[i], lbfgs->y[j]);
    }
  }
}

/* The products that directions come from are those of the vectors, after any step, more of them than are remembered,
 * and after a change of the variables. */
static void products_are_those_of_the_vectors(void) {
  problem p;
  distributed d;
  crow_lbfgs *lbfgs = begin_lbfgs(&p, &d);
  bool done = false;
  p.evaluate = chained_rosenbrock;
  int64_t steps = 0;
  for (; !done && steps < 60; steps++) {
    CHECK_OK(crow_lbfgs_step(lbfgs, &done));
    if (!done && steps > 0) check_products(lbfgs);
  }
  static const double factor[8] = {.5, 4, 1, .125, 2, 16, 1, .25};
  CHECK_OK(crow_lbfgs_allocate_best(lbfgs));
  for (int apart = 0; apart <= 1; apart++) {
    double x[8];
    memcpy(x, lbfgs->x, sizeof x);
    for (int i = 0; i < 8; i++) {
      lbfgs->best_x[i] = i + 1;
      lbfgs->best_g[i] = -i - 1;
    }
    lbfgs->numbers->best_apart = apart;
    CHECK_OK(crow_lbfgs_rescale(lbfgs, factor));
    check_products(lbfgs);
    for (int i = 0; i < 8; i++) { /* the best iterate too, if it is another */
      CHECK(lbfgs->x[i] == x[i] * factor[i]);
      CHECK(lbfgs->best_x[i] == (i + 1) * (apart ? factor[i] : 1));
      CHECK(lbfgs->best_g[i] == (-i - 1) / (apart ? factor[i] : 1));
    }
  }
  CHECK(steps > lbfgs->products.history);
  crow_lbfgs_destroy(&lbfgs);
}

/* A state whose best iterate is another than the current one goes through plain arrays, as through a checkpoint, and
 * the run ends as it would have. */
static void a_best_iterate_apart_is_part_of_the_state(void) {
  problem p;
  distributed d;
  crow_optim_state from, to;
  crow_lbfgs_result result[2];
  double x[2][8], g[2][8];
  bool done = false;
  crow_lbfgs *one = begin_lbfgs(&p, &d), *other = begin_lbfgs(&p, &d);
  for (int k = 0; k < 4; k++) CHECK_OK(crow_lbfgs_step(one, &done));
  CHECK(!done);
  /* The best one lies elsewhere: as accept() leaves it after an iterate that is no better. */
  CHECK_OK(crow_lbfgs_allocate_best(one));
  for (int i = 0; i < 8; i++) {
    one->best_x[i] = i;
    one->best_g[i] = -i;
  }
  one->numbers->best_apart = 1;
  one->numbers->best_value = -7; /* below all that will come */
  one->numbers->lowest = -7;
  one->numbers->best_optimality = .125;
  crow_lbfgs_state(one, &from);
  memcpy(other->scalar, from.scalar, (size_t)from.scalars * sizeof *from.scalar);
  CHECK_OK(crow_lbfgs_resume(other, &to));
  CHECK(to.vectors == from.vectors && to.vectors == 4 + 2 * one->products.used);
  for (int64_t k = 0; k < to.vectors && k < from.vectors; k++) memcpy(to.vector[k], from.vector[k], sizeof x[0]);
  crow_lbfgs *const both[] = {one, other};
  for (int k = 0; k < 2; k++) {
    crow_lbfgs_get(both[k], x[k], g[k], &result[k]);
    for (int i = 0; i < 8; i++) CHECK(x[k][i] == i && g[k][i] == -i);
    CHECK(result[k].value == -7 && result[k].optimality == .125);
    for (done = false; !done;) CHECK_OK(crow_lbfgs_step(both[k], &done));
    crow_lbfgs_get(both[k], x[k], g[k], &result[k]);
  }
  CHECK(memcmp(x[0], x[1], sizeof x[0]) == 0 && memcmp(g[0], g[1], sizeof g[0]) == 0);
  CHECK(result[0].value == result[1].value && result[0].optimality == result[1].optimality);
  CHECK(result[0].iterations == result[1].iterations && result[0].evaluations == result[1].evaluations);
  CHECK(result[0].end == result[1].end);
  crow_lbfgs_destroy(&one);
  crow_lbfgs_destroy(&other);
}

/* States that no run of these options wrote. */
static void states_of_other_runs_are_refused(void) {
  problem p;
  distributed d;
  crow_optim_state state;
  crow_lbfgs *lbfgs = begin_lbfgs(&p, &d);
  bool done;
  CHECK_OK(crow_lbfgs_step(lbfgs, &done));
  crow_lbfgs_state(lbfgs, &state);
  const double history = lbfgs->numbers->history, wrong[] = {-1, history + 1, NAN};
  for (int k = 0; k < 3; k++) {
    lbfgs->numbers->used = wrong[k];
    CHECK_STATUS(crow_lbfgs_resume(lbfgs, &state), CROW_BAD_INPUT);
    CHECK_MESSAGE("expected 0 to");
  }
  lbfgs->numbers->used = history;
  CHECK_OK(crow_lbfgs_resume(lbfgs, &state));
  lbfgs->numbers->history = history + 1;
  CHECK_STATUS(crow_lbfgs_resume(lbfgs, &state), CROW_BAD_INPUT);
  CHECK_MESSAGE("history");
  crow_lbfgs_destroy(&lbfgs);
}

/* What a function that answers call by call says: value, slope by every coordinate, certificate. */
typedef struct answer {
  double value, slope, optimality;
} answer;
static const answer *answers;
static int64_t answers_given;
static double answer_next(const problem *p, const double *x, double *g, double *optimality) {
  const answer *next = &answers[answers_given++];
  (void)x;
  for (int64_t i = 0; i < p->n; i++) g[i] = next->slope;
  *optimality = next->optimality;
  return next->value;
}

/* A trial that is optimal is taken, steep as it may be, unless its value is higher by more than the noise of 1e-11. */
static void an_optimal_trial_is_taken_if_it_is_no_higher(void) {
  static const struct {
    answer given[4];
    int64_t evaluations;
  } cases[] = {{{{1, -1, 1}, {1, -1, 0}}, 2},
               {{{1, -1, 1}, {1 + .5e-11, -1, 0}}, 2},
               {{{1, -1, 1}, {1 - 2e-11, -1, 0}}, 2},
               {{{1, -1, 1}, {1 + 2e-11, 1, 0}, {.5, 0, 0}}, 3},
               {{{1, -1, 1}, {1, -1, 1e-8}}, 2},
               {{{1, -1, 1}, {1, -1, 1.01e-8}, {.5, 0, 0}}, 3},
               {{{1, -1, 1}, {NAN, -1, 0}, {.5, 0, 0}}, 3}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const crow_lbfgs_options options = defaults();
    double x[8];
    problem p = {.n = 8, .evaluate = answer_next};
    answers = cases[k].given;
    answers_given = 0;
    const crow_lbfgs_result result = minimise(test_comm, &p, &options, start_zero, x);
    CHECK(result.end == CROW_LBFGS_CONVERGED && result.iterations == 1);
    CHECK(result.evaluations == cases[k].evaluations && answers_given == cases[k].evaluations);
    CHECK(result.value == cases[k].given[cases[k].evaluations - 1].value || cases[k].evaluations == 2);
  }
}

/* A run at its end does nothing more: at an optimum, without iterations, after its patience. */
static void a_run_at_its_end_does_nothing(void) {
  static const answer optimum[] = {{3, 0, 1e-8}}, slope[] = {{3, -1, 1}};
  for (int which = 0; which < 2; which++) {
    crow_lbfgs_options options = defaults();
    double x[8];
    problem p = {.n = 8, .evaluate = answer_next};
    if (which) options.max_iterations = 0;
    answers = which ? slope : optimum;
    answers_given = 0;
    const crow_lbfgs_result result = minimise(test_comm, &p, &options, start_zero, x);
    CHECK(result.end == (which ? CROW_LBFGS_MAX_ITERATIONS : CROW_LBFGS_CONVERGED));
    CHECK(result.iterations == 0 && result.evaluations == 1 && result.value == 3 && answers_given == 1);
  }
  problem p;
  distributed d;
  for (int stalled = CROW_LBFGS_PATIENCE - 1; stalled <= CROW_LBFGS_PATIENCE; stalled++) {
    crow_lbfgs *lbfgs = begin_lbfgs(&p, &d);
    bool done = false;
    CHECK_OK(crow_lbfgs_step(lbfgs, &done));
    CHECK(!done);
    lbfgs->numbers->iterations = 7 + stalled;
    lbfgs->numbers->stalled_since = 7;
    lbfgs->numbers->stalled_value = -1;
    lbfgs->numbers->stalled_optimality = 0;
    lbfgs->numbers->evaluations = 1;
    CHECK_OK(crow_lbfgs_step(lbfgs, &done));
    CHECK(done); /* before or after one more iteration, which is no progress here */
    CHECK((lbfgs->numbers->evaluations == 1) == (stalled == CROW_LBFGS_PATIENCE));
    CHECK(lbfgs->end == CROW_LBFGS_ROUNDING_FLOOR);
    crow_lbfgs_destroy(&lbfgs);
  }
}

static const crow_test tests[] = {
    {"progress is a lower certificate or value beyond rounding",
     progress_is_a_lower_certificate_or_value_beyond_rounding},
    {"the best iterate is the lowest and then the flattest", the_best_iterate_is_the_lowest_and_then_the_flattest},
    {"noise ends at the rounding floor", noise_ends_at_the_rounding_floor},
    {"products are those of the vectors", products_are_those_of_the_vectors},
    {"a best iterate apart is part of the state", a_best_iterate_apart_is_part_of_the_state},
    {"states of other runs are refused", states_of_other_runs_are_refused},
    {"an optimal trial is taken if it is no higher", an_optimal_trial_is_taken_if_it_is_no_higher},
    {"a run at its end does nothing", a_run_at_its_end_does_nothing},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "stalled L-BFGS", tests, true); }
