/* SPDX-License-Identifier: Apache-2.0 */
/* Complete preferences against their definition over all ordered pairs. */
#include "objective/reference.h"

static const crow_objective_options options = {.lambda = 0.01};

/* The objective of a problem on the world's ranks (one, here), with its win rates. */
static crow_objective *make(const problem *q, crow_weights *weights, double *win_rate) {
  crow_objective *o = NULL;
  *weights = slice_weights(test_comm, q);
  for (int64_t x = 0; x < q->m; x++) win_rate[x] = (double)ref_win_rate(q, x);
  CHECK_OK(crow_objective_create_complete(test_comm, &options, weights, win_rate, &o));
  return o;
}

static void check_against_definition(const problem *q) {
  crow_weights weights;
  double *win_rate = doubles(q->m), *g = doubles(q->m);
  double value = 0, optimality = 0, worst = 0, largest_error = 0;
  crow_objective *o = make(q, &weights, win_rate);
  CHECK_OK(crow_objective_evaluate(o, q->r, &value, &optimality, g));
  const long double expected = ref_value(q, 1, options.lambda, true);
  CHECK_NEAR(value, (double)expected, test_within(1e-13) * (double)expected);
  for (int64_t x = 0; x < q->m; x++) {
    const double k = options.lambda + (1 - q->w[x]) / 4;
    CHECK_NEAR(crow_objective_curvature(o)[x], k, 1e-16);
    const double violation = (double)ref_violation(q, x, q->r[x], 1, options.lambda);
    largest_error = fmax(largest_error, fabs(g[x] * k - (q->w[x] > 0 ? violation : 0)));
    if (q->w[x] > 0) worst = fmax(worst, fabs(violation / k) * fmin(k, 1));
  }
  CHECK(largest_error < test_within(1e-14));
  CHECK_NEAR(optimality, worst, 1e-13);
  CHECK(crow_objective_pair_scale(o) == 1);
  crow_objective_destroy(&o);
  CHECK(o == NULL);
  free(win_rate);
  free(g);
}

static void value_and_gradient_are_those_of_equation_2(void) {
  const int64_t sizes[] = {1, 2, 3, 50, 513, 700};
  const double ranges[] = {1, 0, 10, 200};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
      problem q = problem_make(sizes[s]);
      for (int64_t x = 0; x < q.m; x++) q.r[x] *= ranges[k];
      check_against_definition(&q);
      problem_free(&q);
    }
  }
}

static void weights_of_15_orders_of_magnitude(void) {
  problem q = problem_make(300);
  spread_weights(&q);
  check_against_definition(&q);
  problem_free(&q);
}

static void preferences_of_zero_and_one(void) {
  problem q = problem_make(100);
  for (int64_t k = 0; k < q.m * q.m; k++) q.p[k] = k / q.m == k % q.m ? 0.5 : k / q.m > k % q.m;
  for (int64_t x = 0; x < q.m; x++) q.r[x] = (double)x;
  check_against_definition(&q);
  problem_free(&q);
}

static void gradient_is_the_slope_of_the_value(void) {
  problem q = problem_make(40);
  crow_weights weights;
  double win_rate[40];
  crow_objective *o = make(&q, &weights, win_rate);
  check_slopes(o, &q);
  crow_objective_destroy(&o);
  problem_free(&q);
}

/* Without weight, the limit of the optimality equation; its left side is recomputed here. */
static void alternatives_without_weight_get_their_limit(void) {
  const double lambdas[] = {1e-8, 1e-3, 0.1, 1000};
  for (size_t k = 0; k < sizeof lambdas / sizeof *lambdas; k++) {
    problem q = problem_make(60);
    double win_rate[60], sum = 0, fitted[60];
    for (int64_t x = 0; x < q.m; x++) sum += q.w[x] = x % 3 ? q.w[x] : 0;
    for (int64_t x = 0; x < q.m; x++) q.w[x] /= sum;
    for (int64_t y = 0; y < q.m; y++) { /* one wins always, one never */
      q.p[y] = y == 0 ? 0.5 : 1;
      q.p[y * q.m] = y == 0 ? 0.5 : 0;
      q.p[3 * q.m + y] = y == 3 ? 0.5 : 0;
      q.p[y * q.m + 3] = y == 3 ? 0.5 : 1;
    }
    const crow_objective_options own = {.lambda = lambdas[k]};
    crow_weights weights = slice_weights(test_comm, &q);
    crow_objective *o = NULL;
    crow_gidx unknown = -1;
    double violation = -1;
    for (int64_t x = 0; x < q.m; x++) win_rate[x] = (double)ref_win_rate(&q, x);
    for (int64_t x = 0; x < q.m; x++) q.r[x] = q.w[x] > 0 ? q.r[x] : (double)NAN;
    CHECK_OK(crow_objective_create_complete(test_comm, &own, &weights, win_rate, &o));
    CHECK_OK(crow_objective_complete_zero_weights(o, q.r, &unknown, &violation));
    CHECK(unknown == 0);
    for (int64_t x = 0; x < q.m; x++) {
      const double r = q.r[x];
      if (q.w[x] > 0) continue;
      /* x itself has no weight, so its own term does not matter */
      long double left = own.lambda * r;
      for (int64_t y = 0; y < q.m; y++) left += q.w[y] > 0 ? q.w[y] * ref_sigmoid((long double)r - q.r[y]) : 0;
      CHECK_NEAR((double)(left - ref_win_rate(&q, x)), 0, 1e-13);
    }
    CHECK(violation >= 0 && violation <= 1e-13);
    CHECK_OK(crow_objective_fitted_win_rate(o, q.r, fitted));
    for (int64_t x = 0; x < q.m; x++) {
      long double left = 0;
      for (int64_t y = 0; y < q.m; y++) left += q.w[y] > 0 ? q.w[y] * ref_sigmoid((long double)q.r[x] - q.r[y]) : 0;
      CHECK_NEAR(fitted[x], (double)left, 1e-14);
    }
    crow_objective_destroy(&o);
    problem_free(&q);
  }
}

static void one_alternative_alone(void) {
  problem q = problem_make(1);
  crow_weights weights;
  double win_rate[1], g[1], value = 0, optimality = 1;
  crow_objective *o = make(&q, &weights, win_rate);
  q.r[0] = 0;
  CHECK_OK(crow_objective_evaluate(o, q.r, &value, &optimality, g));
  CHECK_NEAR(value, log(2) / 2, test_within(1e-16));
  CHECK_NEAR(optimality, 0, test_within(1e-16));
  crow_objective_destroy(&o);
  problem_free(&q);
}

static void rewards_that_are_not_finite_have_an_infinite_value(void) {
  problem q = problem_make(5);
  crow_weights weights;
  double win_rate[5], g[5], value = 0, optimality = 0;
  crow_objective *o = make(&q, &weights, win_rate);
  q.r[3] = INFINITY;
  CHECK_OK(crow_objective_evaluate(o, q.r, &value, &optimality, g));
  CHECK(isinf(value) && isinf(optimality) && isnan(g[0]));
  crow_objective_destroy(&o);
  problem_free(&q);
}

/* Without weight they are nothing to the others, whatever they are. */
static void rewards_without_weight_may_be_anything(void) {
  static const double anything[] = {1e300, -1e300, (double)INFINITY, (double)NAN};
  problem q = problem_make(41);
  set_weights(&q, 2);
  crow_weights weights;
  double win_rate[41], expected = 0, certificate = 0, g[41];
  crow_objective *o = make(&q, &weights, win_rate);
  CHECK_OK(crow_objective_evaluate(o, q.r, &expected, &certificate, g));
  for (size_t k = 0; k < sizeof anything / sizeof *anything; k++) {
    double value = -1, optimality = -1, gradient[41];
    for (int64_t x = 0; x < q.m; x++) q.r[x] = q.w[x] > 0 ? q.r[x] : anything[k];
    CHECK_OK(crow_objective_evaluate(o, q.r, &value, &optimality, gradient));
    CHECK(value == expected && optimality == certificate && memcmp(gradient, g, sizeof g) == 0);
  }
  crow_objective_destroy(&o);
  problem_free(&q);
}

static void settings_have_defaults_and_ranges(void) {
  crow_objective_options made;
  crow_settings_default(crow_objective_settings, &made);
  CHECK(made.lambda == 0.01 && made.pair_scale == 0 && made.pair_weight == 0);
  CHECK_STATUS(crow_setting_parse(&crow_objective_settings[0], "0", &made), CROW_USAGE);
  CHECK_STATUS(crow_setting_parse(&crow_objective_settings[0], "-1", &made), CROW_USAGE);
  CHECK_OK(crow_setting_parse(&crow_objective_settings[0], "1e-8", &made));
  CHECK_OK(crow_setting_parse(&crow_objective_settings[1], "literal", &made));
  CHECK_OK(crow_setting_parse(&crow_objective_settings[2], "count", &made));
  CHECK(made.lambda == 1e-8 && made.pair_scale == 1 && made.pair_weight == 1);
  made.lambda = NAN;
  crow_objective *o = NULL;
  problem q = problem_make(2);
  crow_weights weights = slice_weights(test_comm, &q);
  CHECK_STATUS(crow_objective_create_complete(test_comm, &made, &weights, q.r, &o), CROW_USAGE);
  CHECK(o == NULL);
  problem_free(&q);
}

int main(int argc, char **argv) {
  const crow_test tests[] = {
      {"value and gradient are those of Eq. 2", value_and_gradient_are_those_of_equation_2},
      {"weights of 15 orders of magnitude", weights_of_15_orders_of_magnitude},
      {"preferences of zero and one", preferences_of_zero_and_one},
      {"the gradient is the slope of the value", gradient_is_the_slope_of_the_value},
      {"alternatives without weight get their limit", alternatives_without_weight_get_their_limit},
      {"one alternative alone", one_alternative_alone},
      {"rewards that are not finite have an infinite value", rewards_that_are_not_finite_have_an_infinite_value},
      {"rewards without weight may be anything", rewards_without_weight_may_be_anything},
      {"settings have defaults and ranges", settings_have_defaults_and_ranges},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "complete", tests, true);
}
