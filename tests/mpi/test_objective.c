/* SPDX-License-Identifier: Apache-2.0 */
/* Objectives on several ranks: the same bits as on one, in every output. */
#include "objective/reference.h"

static crow_comm *alone(void) {
  crow_comm *comm = NULL;
  CHECK_OK(crow_comm_split(test_comm, crow_comm_rank(test_comm), 0, &comm));
  return comm;
}

/* Everything an objective gives; arrays are whole, of which each rank fills its slice. */
typedef struct outputs {
  double value, optimality, scale;
  double *gradient, *curvature, *curvature_at, *win_rate, *fitted, *reward;
  crow_gidx unknown;
} outputs;

static void run(const crow_comm *comm, const problem *q, const crow_objective_options *options, bool pairs,
                outputs *out) {
  const crow_weights weights = slice_weights(comm, q);
  const int64_t begin = weights.partition.begin;
  double *win_rate = doubles(q->m);
  crow_pairs made = {0};
  crow_objective *o = NULL;
  if (pairs) {
    CHECK_OK(slice_pairs(comm, q, options->pair_weight == 1, &made));
    CHECK_OK(crow_objective_create_pairs(comm, options, &weights, &made, &o));
  } else {
    for (int64_t x = 0; x < q->m; x++) win_rate[x] = (double)ref_win_rate(q, x);
    CHECK_OK(crow_objective_create_complete(comm, options, &weights, win_rate + begin, &o));
  }
  CHECK_OK(crow_objective_evaluate(o, q->r + begin, &out->value, &out->optimality, out->gradient + begin));
  CHECK_OK(crow_objective_curvature_at(o, q->r + begin, out->curvature_at + begin));
  for (int64_t i = 0; i < weights.partition.count; i++) out->reward[begin + i] = q->r[begin + i];
  CHECK_OK(crow_objective_complete_zero_weights(o, out->reward + begin, &out->unknown));
  CHECK_OK(crow_objective_fitted_win_rate(o, out->reward + begin, out->fitted + begin));
  for (int64_t i = 0; i < weights.partition.count; i++) {
    out->curvature[begin + i] = crow_objective_curvature(o)[i];
    out->win_rate[begin + i] = crow_objective_win_rate(o)[i];
  }
  out->scale = crow_objective_pair_scale(o);
  crow_objective_destroy(&o);
  crow_pairs_free(&made);
  free(win_rate);
}

static outputs outputs_make(int64_t m) {
  return (outputs){.gradient = doubles(m),
                   .curvature = doubles(m),
                   .curvature_at = doubles(m),
                   .win_rate = doubles(m),
                   .fitted = doubles(m),
                   .reward = doubles(m)};
}

static void outputs_free(outputs *out) {
  free(out->gradient);
  free(out->curvature);
  free(out->curvature_at);
  free(out->win_rate);
  free(out->fitted);
  free(out->reward);
}

static bool same(const double *a, const double *b, const crow_partition *p) {
  return p->count == 0 || memcmp(a + p->begin, b + p->begin, (size_t)p->count * sizeof *a) == 0;
}

static void compare(const problem *q, const crow_objective_options *options, bool pairs) {
  crow_comm *self = alone();
  outputs all = outputs_make(q->m), one = outputs_make(q->m);
  const crow_partition p = crow_comm_partition(test_comm, q->m, CROW_BLOCK);
  run(test_comm, q, options, pairs, &all);
  run(self, q, options, pairs, &one);
  CHECK(memcmp(&all.value, &one.value, sizeof(double)) == 0);
  CHECK(memcmp(&all.optimality, &one.optimality, sizeof(double)) == 0);
  CHECK(all.scale == one.scale && all.unknown == one.unknown);
  CHECK(isfinite(all.value) && isfinite(all.optimality));
  CHECK(same(all.gradient, one.gradient, &p));
  CHECK(same(all.curvature, one.curvature, &p));
  CHECK(same(all.curvature_at, one.curvature_at, &p));
  CHECK(same(all.win_rate, one.win_rate, &p));
  CHECK(same(all.fitted, one.fitted, &p));
  CHECK(same(all.reward, one.reward, &p));
  outputs_free(&all);
  outputs_free(&one);
  crow_comm_destroy(&self);
}

/* Sizes from one alternative, where most ranks have none, to several blocks a rank; weights equal, spread, or partly
 * zero. */
static void outputs_do_not_depend_on_the_number_of_ranks(bool pairs) {
  const int64_t sizes[] = {1, 2, 3, 1600};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    for (int kind = 0; kind < 3; kind++) {
      problem q = problem_make(sizes[s]);
      if (kind == 1) spread_weights(&q);
      double sum = 0;
      for (int64_t x = 0; x < q.m; x++) sum += q.w[x] = kind == 2 && x % 3 == 1 ? 0 : q.w[x];
      for (int64_t x = 0; x < q.m; x++) q.w[x] /= sum;
      for (int64_t x = 0; x < q.m; x++) {
        for (int64_t y = 0; y < x; y++) {
          const bool kept = q.m < 10 || draw(3000000 + x * q.m + y) < 20.0 / (double)q.m;
          q.c[x * q.m + y] = q.c[y * q.m + x] = kept ? 1 + (double)((x + y) % 4) : 0;
        }
      }
      const crow_objective_options options = {.lambda = 0.01, .pair_scale = kind == 1, .pair_weight = kind != 0};
      compare(&q, &options, pairs);
      problem_free(&q);
    }
  }
}

static void complete_preferences(void) { outputs_do_not_depend_on_the_number_of_ranks(false); }
static void observed_pairs(void) { outputs_do_not_depend_on_the_number_of_ranks(true); }

/* What one rank alone sees as infinite is infinite on all. */
static void a_reward_that_is_not_finite_is_told_to_all_ranks(void) {
  problem q = problem_make(1100);
  for (int pairs = 0; pairs < 2; pairs++) {
    const crow_objective_options options = {.lambda = 0.01};
    const crow_weights weights = slice_weights(test_comm, &q);
    double *win_rate = doubles(q.m), value = 0, optimality = 0;
    crow_pairs made = {0};
    crow_objective *o = NULL;
    if (pairs) CHECK_OK(slice_pairs(test_comm, &q, false, &made));
    CHECK_OK(pairs ? crow_objective_create_pairs(test_comm, &options, &weights, &made, &o)
                   : crow_objective_create_complete(test_comm, &options, &weights, win_rate, &o));
    q.r[1099] = NAN;
    CHECK_OK(crow_objective_evaluate(o, q.r + weights.partition.begin, &value, &optimality, NULL));
    CHECK(isinf(value) && isinf(optimality));
    crow_objective_destroy(&o);
    crow_pairs_free(&made);
    free(win_rate);
  }
  problem_free(&q);
}

int main(int argc, char **argv) {
  const crow_test tests[] = {
      {"complete preferences: no output depends on the number of ranks", complete_preferences},
      {"observed pairs: no output depends on the number of ranks", observed_pairs},
      {"a reward that is not finite is told to all ranks", a_reward_that_is_not_finite_is_told_to_all_ranks},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "objective on ranks", tests, true);
}
