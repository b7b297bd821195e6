/* SPDX-License-Identifier: Apache-2.0 */
/* Observed pairs against their definition over all ordered pairs. */
#include "objective/reference.h"

static crow_objective *make(const problem *q, const crow_objective_options *options, crow_weights *weights,
                            crow_pairs *pairs) {
  crow_objective *o = NULL;
  *weights = slice_weights(test_comm, q);
  CHECK_OK(slice_pairs(test_comm, q, options->pair_weight == 1, pairs));
  CHECK_OK(crow_objective_create_pairs(test_comm, options, weights, pairs, &o));
  return o;
}

/* Keeps a share of the pairs, with counts from 1 to 9 if asked for. */
static void thin(problem *q, double share, bool counts) {
  for (int64_t x = 0; x < q->m; x++) {
    for (int64_t y = 0; y < x; y++) {
      const double u = draw(1000000 + x * q->m + y), v = draw(2000000 + x * q->m + y);
      q->c[x * q->m + y] = q->c[y * q->m + x] = u < share ? (counts ? floor(1 + 9 * v) : 1) : 0;
    }
  }
}

static void check_against_definition(const problem *q, const crow_objective_options *options) {
  crow_weights weights;
  crow_pairs pairs;
  const long double scale = options->pair_scale ? 1 : ref_scale(q);
  double *g = doubles(q->m), value = 0, optimality = 0, worst = 0;
  crow_objective *o = make(q, options, &weights, &pairs);
  CHECK_NEAR(crow_objective_pair_scale(o), (double)scale, 1e-14 * (double)scale);
  CHECK_OK(crow_objective_evaluate(o, q->r, &value, &optimality, g));
  const long double expected = ref_value(q, scale, options->lambda, options->pair_scale == 0);
  CHECK_NEAR(value, (double)expected, 1e-13 * (double)expected);
  for (int64_t x = 0; x < q->m; x++) {
    const long double k = options->lambda + scale / 4 * ref_neighbours(q, x);
    CHECK_NEAR(crow_objective_curvature(o)[x], (double)k, 1e-14 * (double)k);
    const double violation = (double)(ref_violation(q, x, q->r[x], scale, options->lambda) / k);
    CHECK_NEAR(g[x], q->w[x] > 0 ? violation : 0, 2e-14 * (1 + fabs(violation)));
    if (q->w[x] > 0) worst = fmax(worst, fabs(violation) * fmin((double)k, 1));
  }
  CHECK_NEAR(optimality, worst, 2e-14 * (1 + worst));
  crow_objective_destroy(&o);
  crow_pairs_free(&pairs);
  free(g);
}

/* At rewards of 0 all is known from the set-up. */
static void rewards_of_zero_are_no_exception(void) {
  for (int kind = 0; kind < 3; kind++) {
    for (int mode = 0; mode < 4; mode++) {
      problem q = problem_make(60);
      const crow_objective_options options = {.lambda = 0.01, .pair_scale = mode & 1, .pair_weight = mode >> 1};
      set_weights(&q, kind);
      thin(&q, 0.3, mode > 1);
      for (int64_t x = 0; x < q.m; x++) q.r[x] = 0;
      check_against_definition(&q, &options);
      problem_free(&q);
    }
  }
}

/* The sums of the last evaluation serve again only if they are of these rewards. */
static void fitted_win_rates_are_of_the_given_rewards(void) {
  for (int kind = 0; kind < 3; kind++) {
    problem q = problem_make(70);
    const crow_objective_options options = {.lambda = 0.01};
    double *other = doubles(q.m), *fitted = doubles(q.m), *again = doubles(q.m), value, optimality;
    crow_weights weights;
    crow_pairs pairs;
    set_weights(&q, kind);
    thin(&q, 0.3, false);
    crow_objective *o = make(&q, &options, &weights, &pairs);
    CHECK_OK(crow_objective_evaluate(o, q.r, &value, &optimality, NULL));
    CHECK_OK(crow_objective_fitted_win_rate(o, q.r, fitted));
    for (int64_t x = 0; x < q.m; x++) {
      long double sum = 0, all = 0;
      for (int64_t y = 0; y < q.m; y++) {
        const long double c = (long double)q.w[y] * q.c[x * q.m + y];
        sum += c * ref_sigmoid((long double)q.r[x] - q.r[y]);
        all += c;
      }
      const double expected = (double)(0.5L * q.w[x] + (1 - (long double)q.w[x]) * sum / all);
      if (all > 0) CHECK_NEAR(fitted[x], expected, 1e-13);
    }
    CHECK_OK(crow_objective_evaluate(o, other, &value, &optimality, NULL));
    CHECK_OK(crow_objective_fitted_win_rate(o, q.r, again));
    CHECK(memcmp(again, fitted, (size_t)q.m * sizeof *fitted) == 0);
    CHECK_OK(crow_objective_evaluate(o, q.r, &value, &optimality, NULL));
    CHECK_OK(crow_objective_curvature_at(o, q.r, other));
    CHECK_OK(crow_objective_fitted_win_rate(o, q.r, again));
    CHECK(memcmp(again, fitted, (size_t)q.m * sizeof *fitted) == 0);
    crow_objective_destroy(&o);
    crow_pairs_free(&pairs);
    free(other);
    free(fitted);
    free(again);
    problem_free(&q);
  }
}

static void value_and_gradient_are_those_of_the_definition(void) {
  const int64_t sizes[] = {2, 3, 30, 150};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    for (int mode = 0; mode < 8; mode++) {
      problem q = problem_make(sizes[s]);
      if (mode & 4) thin(&q, sizes[s] < 4 ? 1 : 0.2, (mode & 2) != 0);
      const crow_objective_options options = {.lambda = 0.01, .pair_scale = mode & 1, .pair_weight = mode >> 1 & 1};
      check_against_definition(&q, &options);
      problem_free(&q);
    }
  }
}

/* Three prompts in turn, of shares 1/2, 1/3 and 1/6: f is the sum over prompts of P_k times Eq. 2 with the weights
 * within the prompt, v = w / P, and G(x) its slope by r(x) / w(x) / K(x). */
static void prompts_are_weighed_by_their_shares(void) {
  for (int mode = 0; mode < 4; mode++) {
    problem q = problem_make(40);
    const crow_objective_options options = {.lambda = 0.01, .pair_scale = mode & 1, .pair_weight = mode >> 1};
    const double part[3] = {0.5, 1. / 3, 1. / 6};
    double *share = doubles(q.m), *v = doubles(q.m), *g = doubles(q.m), sum[3] = {0}, value = 0, optimality = 0;
    long double mass = 0, squares = 0, f = 0;
    crow_weights weights;
    crow_pairs pairs;
    crow_objective *o = NULL;
    thin(&q, 0.6, mode > 1);
    for (int64_t x = 0; x < q.m; x++) sum[x % 3] += q.w[x];
    for (int64_t x = 0; x < q.m; x++) {
      share[x] = part[x % 3];
      v[x] = q.w[x] / sum[x % 3];
      q.w[x] = v[x] * share[x];
      squares += (long double)share[x] * v[x] * v[x];
      for (int64_t y = 0; y < q.m; y++) q.c[x * q.m + y] = (x - y) % 3 ? 0 : q.c[x * q.m + y];
    }
    for (int64_t x = 0; x < q.m; x++) {
      for (int64_t y = 0; y < x; y++) mass += (long double)share[x] * v[x] * v[y] * q.c[x * q.m + y];
    }
    const long double s = options.pair_scale ? 1 : (1 - squares) / (2 * mass);
    weights = slice_weights(test_comm, &q);
    weights.share = share;
    CHECK_OK(slice_pairs(test_comm, &q, options.pair_weight == 1, &pairs));
    CHECK_OK(crow_objective_create_pairs(test_comm, &options, &weights, &pairs, &o));
    CHECK_NEAR(crow_objective_pair_scale(o), (double)s, 1e-14 * (double)s);
    CHECK_OK(crow_objective_evaluate(o, q.r, &value, &optimality, g));
    for (int64_t x = 0; x < q.m; x++) {
      long double k = options.lambda, slope = options.lambda * (long double)q.r[x];
      for (int64_t y = 0; y < q.m; y++) {
        const long double c = v[y] * (long double)q.c[x * q.m + y], d = (long double)q.r[x] - q.r[y];
        slope += s * c * (1 / (1 + expl(-d)) - q.p[x * q.m + y]);
        k += s / 4 * c;
        if (y < x) f += s * share[x] * v[x] * c * (log1pl(expl(d)) - q.p[x * q.m + y] * d);
      }
      f += 0.5L * options.lambda * share[x] * v[x] * (long double)q.r[x] * q.r[x];
      CHECK_NEAR(crow_objective_curvature(o)[x], (double)k, 1e-14 * (double)k);
      CHECK_NEAR(g[x], (double)(slope / k), 4e-14 * (1 + fabs((double)(slope / k))));
    }
    if (options.pair_scale == 0) f += 0.5L * logl(2) * squares;
    CHECK_NEAR(value, (double)f, 1e-13 * (double)f);
    crow_objective_destroy(&o);
    crow_pairs_free(&pairs);
    free(share);
    free(v);
    free(g);
    problem_free(&q);
  }
}

/* Every alternative's G is right to rounding, however small its weight and its neighbours' are. */
static void weights_of_15_orders_of_magnitude(void) {
  problem q = problem_make(120);
  spread_weights(&q);
  thin(&q, 0.1, true);
  for (int mode = 0; mode < 2; mode++) {
    const crow_objective_options options = {.lambda = 1e-6, .pair_scale = mode, .pair_weight = 1};
    check_against_definition(&q, &options);
  }
  problem_free(&q);
}

static void outcomes_of_zero_and_one_and_far_rewards(void) {
  problem q = problem_make(80);
  for (int64_t k = 0; k < q.m * q.m; k++) q.p[k] = k / q.m == k % q.m ? 0.5 : k / q.m > k % q.m;
  const crow_objective_options options = {.lambda = 0.01};
  for (int64_t x = 0; x < q.m; x++) q.r[x] = 20 * (double)x;
  check_against_definition(&q, &options);
  for (int64_t x = 0; x < q.m; x++) q.r[x] = -20 * (double)x;
  check_against_definition(&q, &options);
  problem_free(&q);
}

static void some_weights_are_zero(void) {
  problem q = problem_make(150);
  double sum = 0;
  for (int64_t x = 0; x < q.m; x++) sum += q.w[x] = x % 3 ? q.w[x] : 0;
  for (int64_t x = 0; x < q.m; x++) q.w[x] /= sum;
  thin(&q, 0.3, true);
  const crow_objective_options options = {.lambda = 0.01, .pair_weight = 1};
  check_against_definition(&q, &options);
  problem_free(&q);
}

static void gradient_is_the_slope_of_the_value(void) {
  enum { M = 30 };
  problem q = problem_make(M);
  thin(&q, 0.4, true);
  crow_weights weights;
  crow_pairs pairs;
  const crow_objective_options options = {.lambda = 0.1, .pair_weight = 1};
  crow_objective *o = make(&q, &options, &weights, &pairs);
  check_slopes(o, &q);
  crow_objective_destroy(&o);
  crow_pairs_free(&pairs);
  problem_free(&q);
}

/* All pairs compared: observed pairs are Eq. 2, so both ways agree in everything. */
static void a_complete_graph_is_the_complete_objective(void) {
  enum { M = 90 };
  problem q = problem_make(M);
  crow_weights weights;
  crow_pairs pairs;
  double win_rate[M], g[2][M], fitted[2][M], value[2], optimality[2];
  const crow_objective_options options = {.lambda = 0.01};
  crow_objective *paired = make(&q, &options, &weights, &pairs), *complete = NULL;
  for (int64_t x = 0; x < q.m; x++) win_rate[x] = (double)ref_win_rate(&q, x);
  CHECK_OK(crow_objective_create_complete(test_comm, &options, &weights, win_rate, &complete));
  CHECK_OK(crow_objective_evaluate(paired, q.r, &value[0], &optimality[0], g[0]));
  CHECK_OK(crow_objective_evaluate(complete, q.r, &value[1], &optimality[1], g[1]));
  CHECK_OK(crow_objective_fitted_win_rate(paired, q.r, fitted[0]));
  CHECK_OK(crow_objective_fitted_win_rate(complete, q.r, fitted[1]));
  CHECK_NEAR(crow_objective_pair_scale(paired), 1, 1e-14);
  CHECK_NEAR(value[0], value[1], 1e-13);
  CHECK_NEAR(optimality[0], optimality[1], 1e-13);
  for (int64_t x = 0; x < q.m; x++) {
    CHECK_NEAR(g[0][x], g[1][x], 1e-13);
    CHECK_NEAR(fitted[0][x], fitted[1][x], 1e-14);
    CHECK_NEAR(crow_objective_win_rate(paired)[x], win_rate[x], 1e-14);
    CHECK_NEAR(crow_objective_curvature(paired)[x], crow_objective_curvature(complete)[x], 1e-14);
  }
  crow_objective_destroy(&paired);
  crow_objective_destroy(&complete);
  crow_pairs_free(&pairs);
  problem_free(&q);
}

/* Zero weights, one alternative compared only with others of no weight, one never compared. */
static void alternatives_without_weight_get_their_limit(void) {
  enum { M = 50 };
  const double lambdas[] = {1e-8, 0.01, 100};
  for (size_t k = 0; k < sizeof lambdas / sizeof *lambdas; k++) {
    problem q = problem_make(M);
    crow_weights weights;
    crow_pairs pairs;
    double sum = 0, fitted[M];
    crow_gidx unknown = -1;
    double violation = -1;
    thin(&q, 0.3, true);
    for (int64_t x = 0; x < M; x++) sum += q.w[x] = x % 4 ? q.w[x] : 0;
    for (int64_t x = 0; x < M; x++) q.w[x] /= sum;
    for (int64_t y = 0; y < M; y++) {
      if (y % 4) q.c[4 * M + y] = q.c[y * M + 4] = 0; /* 4 meets none of weight */
      q.c[8 * M + y] = q.c[y * M + 8] = 0;            /* 8 meets nobody */
      q.p[12 * M + y] = 1;                            /* 12 always wins */
      q.p[y * M + 12] = 0;
    }
    const crow_objective_options options = {.lambda = lambdas[k], .pair_weight = 1};
    crow_objective *o = make(&q, &options, &weights, &pairs);
    const long double scale = ref_scale(&q);
    for (int64_t x = 0; x < M; x++) q.r[x] = q.w[x] > 0 ? q.r[x] : (double)NAN;
    CHECK_OK(crow_objective_complete_zero_weights(o, q.r, &unknown, &violation));
    CHECK(unknown == 2);
    CHECK(q.r[4] == 0 && q.r[8] == 0);
    CHECK(isnan(crow_objective_win_rate(o)[8]) && isnan(crow_objective_win_rate(o)[4]));
    CHECK_OK(crow_objective_fitted_win_rate(o, q.r, fitted));
    CHECK(isnan(fitted[8]));
    for (int64_t x = 0; x < M; x++) {
      long double mass = 0, won = 0, predicted = 0;
      for (int64_t y = 0; y < M; y++) {
        const long double v = (long double)q.w[y] * q.c[x * M + y];
        mass += v;
        won += v * q.p[x * M + y];
        predicted += v * ref_sigmoid((long double)q.r[x] - q.r[y]);
      }
      if (!(mass > 0)) continue;
      if (!(q.w[x] > 0))
        CHECK_NEAR((double)(lambdas[k] * q.r[x] + scale * (predicted - won)), 0, 1e-13 * (double)scale);
      CHECK_NEAR(crow_objective_win_rate(o)[x], q.w[x] / 2 + (1 - q.w[x]) * (double)(won / mass), 1e-14);
      CHECK_NEAR(fitted[x], q.w[x] / 2 + (1 - q.w[x]) * (double)(predicted / mass), 1e-14);
    }
    crow_objective_destroy(&o);
    crow_pairs_free(&pairs);
    problem_free(&q);
  }
}

/* lambda r + s w (sigma(r - r0) - 1), the limit equation of who beat one alternative of weight w, by bisection. */
static long double root_of_a_winner(long double lambda, long double pull, long double r0) {
  long double low = 0, high = pull / lambda;
  for (int k = 0; k < 300; k++) {
    const long double middle = (low + high) / 2;
    if (lambda * middle - pull * ref_sigmoid(r0 - middle) > 0)
      high = middle;
    else
      low = middle;
  }
  return (low + high) / 2;
}

/* Where sigma is flat, a Newton step leads from one end of the bracket to the other and back. */
static void flat_sides_do_not_turn_newton_round(void) {
  static const double lambdas[] = {10, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9, 1e-12}, given[] = {-40, -3, 0, 2, 8, 30, 300};
  for (size_t k = 0; k < sizeof lambdas / sizeof *lambdas; k++) {
    for (size_t g = 0; g < sizeof given / sizeof *given; g++) {
      problem q = problem_make(4);
      crow_weights weights;
      crow_pairs pairs;
      crow_gidx unknown = -1;
      double violation = -1;
      for (int64_t x = 0; x < 16; x++) q.c[x] = 0;
      q.c[1] = q.c[4] = q.c[6] = q.c[9] = q.c[13] = q.c[7] = 1; /* 0-1, 1-2, 1-3 */
      for (int64_t x = 0; x < 4; x++) q.w[x] = x == 0 || x == 3 ? 0 : 0.5;
      q.p[1] = q.p[7] = 1; /* 0 beat 1, and 1 beat 3 */
      q.p[4] = q.p[13] = 0;
      const crow_objective_options options = {.lambda = lambdas[k]};
      crow_objective *o = make(&q, &options, &weights, &pairs);
      const double s = crow_objective_pair_scale(o);
      q.r[1] = given[g];
      q.r[2] = 0;
      CHECK_OK(crow_objective_complete_zero_weights(o, q.r, &unknown, &violation));
      const double wins = (double)root_of_a_winner(lambdas[k], s / 2, given[g]);
      const double loses = -(double)root_of_a_winner(lambdas[k], s / 2, -given[g]);
      /* The residual is rounded to about 1e-16 s. */
      const double rounding = 1e-15 * s / lambdas[k];
      CHECK_NEAR(q.r[0], wins, rounding + 1e-9 * fmax(1, fabs(wins)));
      CHECK_NEAR(q.r[3], loses, rounding + 1e-9 * fmax(1, fabs(loses)));
      CHECK(unknown == 0 && violation >= 0 && violation <= 1e-14 * fmax(1, s));
      crow_objective_destroy(&o);
      crow_pairs_free(&pairs);
      problem_free(&q);
    }
  }
}

/* No pair with a weighted alternative, or none at all: the pairs say nothing, and nothing is NaN. */
static void no_pair_with_weight_leaves_the_regulariser(void) {
  for (int mode = 0; mode < 2; mode++) {
    problem q = problem_make(3);
    crow_weights weights;
    crow_pairs pairs;
    crow_gidx unknown = 0;
    double violation = -1;
    double value = 0, optimality = 0, g[3];
    if (mode == 0) thin(&q, 0, false);
    if (mode > 0) q.w[0] = q.w[2] = 0;
    if (mode > 0) q.w[1] = 1;
    if (mode > 0) q.c[1] = q.c[3] = q.c[5] = q.c[7] = 0; /* only 0 and 2 meet */
    const crow_objective_options options = {.lambda = 0.5};
    crow_objective *o = make(&q, &options, &weights, &pairs);
    CHECK(crow_objective_pair_scale(o) == 0);
    CHECK_OK(crow_objective_evaluate(o, q.r, &value, &optimality, g));
    double expected = 0;
    for (int x = 0; x < 3; x++) expected += 0.25 * q.w[x] * q.r[x] * q.r[x] + log(2) / 2 * q.w[x] * q.w[x];
    CHECK_NEAR(value, expected, 1e-15);
    for (int x = 0; x < 3; x++) CHECK_NEAR(g[x], q.w[x] > 0 ? q.r[x] : 0, 1e-15);
    CHECK_OK(crow_objective_complete_zero_weights(o, q.r, &unknown, &violation));
    if (mode > 0) CHECK(q.r[0] == 0 && q.r[2] == 0);
    CHECK(unknown == (mode == 1 ? 2 : 0));
    crow_objective_destroy(&o);
    crow_pairs_free(&pairs);
    problem_free(&q);
  }
}

/* All weight on one alternative: s is its limit as the others' equal weights go to 0, and each other reward the root of
 * lambda r + s c (sigma(r - r0) - p) = 0. On a complete graph that is what complete preferences give. */
static void all_weight_on_one_alternative_is_a_limit(void) {
  enum { M = 5 };
  for (int mode = 0; mode < 2; mode++) {
    const crow_objective_options options = {.lambda = 0.02, .pair_weight = mode};
    problem q = problem_make(M);
    crow_weights weights;
    crow_pairs pairs;
    crow_gidx unknown = 0;
    double violation = -1;
    double r[M] = {0}, given[M] = {0}, win_rate[M];
    if (mode == 1) {
      for (int64_t x = 1; x < M; x++) q.c[x] = q.c[x * M] = x == 4 ? 0 : (double)x; /* 4 did not meet it */
    }
    for (int64_t x = 0; x < M; x++) q.w[x] = x == 0 ? 1 - 4e-9 : 1e-9;
    const double near = (double)ref_scale(&q), s = mode ? 4. / (1 + 2 + 3) : 1;
    for (int64_t x = 0; x < M; x++) q.w[x] = x == 0;
    crow_objective *o = make(&q, &options, &weights, &pairs), *complete = NULL;
    CHECK_NEAR(crow_objective_pair_scale(o), s, 1e-14);
    CHECK_NEAR(crow_objective_pair_scale(o), near, 1e-7);
    CHECK_OK(crow_objective_complete_zero_weights(o, r, &unknown, &violation));
    CHECK(unknown == mode && r[0] == 0);
    for (int64_t x = 1; x < M; x++) {
      const double c = q.c[x * M], p = q.p[x * M];
      CHECK_NEAR((double)(0.02L * r[x] + s * c * (ref_sigmoid(r[x]) - p)), 0, 1e-14);
      CHECK(c == 0 ? r[x] == 0 : r[x] * (p - .5) > 0);
    }
    for (int64_t x = 0; x < M; x++) win_rate[x] = (double)ref_win_rate(&q, x);
    CHECK_OK(crow_objective_create_complete(test_comm, &options, &weights, win_rate, &complete));
    CHECK_OK(crow_objective_complete_zero_weights(complete, given, &unknown, &violation));
    for (int64_t x = 0; x < M && mode == 0; x++) CHECK_NEAR(r[x], given[x], 1e-12);
    crow_objective_destroy(&o);
    crow_objective_destroy(&complete);
    crow_pairs_free(&pairs);
    problem_free(&q);
  }
}

/* Every allocation of a whole life fails once: always an error with a message, never a crash. */
static void lack_of_memory_is_reported(void) {
  problem q = problem_make(600);
  for (int pairs = 0; pairs < 2; pairs++) {
    const crow_objective_options options = {.lambda = 0.5};
    crow_pairs made = {0};
    double win_rate[600] = {0}, value = 0;
    crow_gidx unknown = 0;
    double violation = -1;
    int64_t failures = 0;
    q.w[5] = 0;
    const crow_weights weights = slice_weights(test_comm, &q);
    if (pairs) CHECK_OK(slice_pairs(test_comm, &q, false, &made));
    for (crow_status status = CROW_FAILED; status != CROW_OK && failures < 500; failures++) {
      crow_objective *o = NULL;
      crow_memory_fail_after(failures);
      status = pairs ? crow_objective_create_pairs(test_comm, &options, &weights, &made, &o)
                     : crow_objective_create_complete(test_comm, &options, &weights, win_rate, &o);
      if (status == CROW_OK) status = crow_objective_evaluate(o, q.r, &value, NULL, NULL);
      if (status == CROW_OK) status = crow_objective_complete_zero_weights(o, q.r, &unknown, &violation);
      crow_memory_fail_after(-1);
      CHECK(status == CROW_OK || status == CROW_FAILED);
      if (status != CROW_OK) CHECK_MESSAGE("memory");
      crow_objective_destroy(&o);
    }
    CHECK(failures > 8 && failures < 500);
    crow_pairs_free(&made);
  }
  problem_free(&q);
}

static void rewards_that_are_not_finite_have_an_infinite_value(void) {
  problem q = problem_make(5);
  crow_weights weights;
  crow_pairs pairs;
  double g[5], value = 0, optimality = 0;
  const crow_objective_options options = {.lambda = 0.5};
  crow_objective *o = make(&q, &options, &weights, &pairs);
  q.r[3] = NAN;
  CHECK_OK(crow_objective_evaluate(o, q.r, &value, &optimality, g));
  CHECK(isinf(value) && isinf(optimality) && isnan(g[0]));
  crow_objective_destroy(&o);
  crow_pairs_free(&pairs);
  problem_free(&q);
}

int main(int argc, char **argv) {
  const crow_test tests[] = {
      {"value and gradient are those of the definition", value_and_gradient_are_those_of_the_definition},
      {"rewards of zero are no exception", rewards_of_zero_are_no_exception},
      {"fitted win rates are of the given rewards", fitted_win_rates_are_of_the_given_rewards},
      {"prompts are weighed by their shares", prompts_are_weighed_by_their_shares},
      {"weights of 15 orders of magnitude", weights_of_15_orders_of_magnitude},
      {"outcomes of zero and one, rewards far apart", outcomes_of_zero_and_one_and_far_rewards},
      {"some weights are zero", some_weights_are_zero},
      {"the gradient is the slope of the value", gradient_is_the_slope_of_the_value},
      {"a complete graph of pairs is the complete objective", a_complete_graph_is_the_complete_objective},
      {"alternatives without weight get their limit", alternatives_without_weight_get_their_limit},
      {"flat sides of the equation do not turn Newton round", flat_sides_do_not_turn_newton_round},
      {"all weight on one alternative is a limit", all_weight_on_one_alternative_is_a_limit},
      {"no pair with weight leaves the regulariser", no_pair_with_weight_leaves_the_regulariser},
      {"lack of memory is reported", lack_of_memory_is_reported},
      {"rewards that are not finite have an infinite value", rewards_that_are_not_finite_have_an_infinite_value},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "paired", tests, true);
}
