/* SPDX-License-Identifier: Apache-2.0 */
/* Objectives on several ranks: the same bits as on one, in every output. */
#include "objective/objective_impl.h"
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
  double violation = -1;
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
  CHECK_OK(crow_objective_complete_zero_weights(o, out->reward + begin, &out->unknown, &violation));
  CHECK(violation >= 0 && violation <= 1e-13);
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
      set_weights(&q, kind);
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

/* Comparisons of so many alternatives that their pairs lie in several tiles. */
typedef struct crowd {
  crow_gidx m;
  int64_t q;
  int32_t *first, *second;
  double *outcome, *weight, *reward;
} crowd;

static crowd crowd_make(crow_gidx m, int64_t q) {
  crowd c = {m,          q,         calloc((size_t)q, sizeof *c.first), calloc((size_t)q, sizeof *c.second), doubles(q),
             doubles(m), doubles(m)};
  double sum = 0;
  for (int64_t k = 0; k < q; k++) {
    c.first[k] = (int32_t)(draw(2 * k) * (double)m);
    c.second[k] = (int32_t)((c.first[k] + 1 + (int64_t)(draw(2 * k + 1) * (double)(m - 1))) % m);
    c.outcome[k] = k % 3 ? 1 : 0.25;
  }
  for (crow_gidx x = 0; x < m; x++) sum += c.weight[x] = x % 11 ? 0.5 + draw(x) : 0;
  for (crow_gidx x = 0; x < m; x++) {
    c.weight[x] /= sum;
    c.reward[x] = 6 * (draw(7 * x) - 0.5);
  }
  return c;
}

static void crowd_free(crowd *c) {
  free(c->first);
  free(c->second);
  free(c->outcome);
  free(c->weight);
  free(c->reward);
}

/* Gradient and variances; returns the objective's value. */
static double run_crowd(const crow_comm *comm, const crowd *c, double *gradient, double *variance) {
  const crow_objective_options options = {.lambda = 0.02, .pair_weight = 1, .pair_scale = 1};
  const crow_sandwich_options sandwich = {.exact = 0, .probes = 2, .seed = 5};
  const crow_partition mine = crow_comm_partition(comm, c->q, 1);
  crow_weights weights = {.partition = crow_comm_partition(comm, c->m, CROW_BLOCK)};
  weights.value = c->weight + weights.partition.begin;
  double value = 0, optimality, *spread = NULL;
  crow_pairs pairs;
  crow_objective *o = NULL;
  CHECK_OK(crow_pairs_create(comm, c->m, mine.count, c->first + mine.begin, c->second + mine.begin,
                             c->outcome + mine.begin, NULL, &pairs));
  CHECK_OK(crow_objective_create_pairs(comm, &options, &weights, &pairs, &o));
  /* A rank of four has only some of the tiles. */
  CHECK(crow_comm_size(comm) < 4 || crow_halo_count(o->halo) < c->m);
  const double *reward = c->reward + weights.partition.begin;
  CHECK_OK(crow_objective_evaluate(o, reward, &value, &optimality, gradient));
  CHECK_OK(CROW_ALLOCATE(&spread, pairs.partition.count));
  for (int64_t k = 0; k < pairs.partition.count; k++) spread[k] = 0.1 + pairs.share[k];
  CHECK_OK(crow_objective_sandwich(o, reward, spread, NULL, &sandwich, variance, NULL, NULL));
  crow_free(spread);
  crow_objective_destroy(&o);
  crow_pairs_free(&pairs);
  return value;
}

/* The sum over all comparisons, each a pair's share of its count. */
static void check_crowd(const crowd *c, double value, const double *gradient) {
  const double lambda = 0.02;
  long double f = 0;
  double *sum = doubles(c->m), *near = doubles(c->m);
  for (int64_t k = 0; k < c->q; k++) {
    const int32_t x = c->first[k], y = c->second[k];
    const double d = c->reward[x] - c->reward[y], excess = 1 / (1 + exp(-d)) - c->outcome[k];
    f += c->weight[x] * c->weight[y] * (log1p(exp(d)) - c->outcome[k] * d);
    sum[x] += c->weight[y] * excess;
    sum[y] -= c->weight[x] * excess;
    near[x] += c->weight[y];
    near[y] += c->weight[x];
  }
  for (crow_gidx x = 0; x < c->m; x++) {
    f += 0.5 * lambda * c->weight[x] * c->reward[x] * c->reward[x];
    const double expected = (sum[x] + lambda * c->reward[x]) / (lambda + near[x] / 4);
    CHECK_NEAR(gradient[x], c->weight[x] > 0 ? expected : 0, 1e-11 * (1 + fabs(expected)));
  }
  CHECK_NEAR(value, (double)f, 1e-12 * (double)f);
  free(sum);
  free(near);
}

static void pairs_in_many_tiles(void) {
  crowd c = crowd_make(40000, 120000);
  crow_comm *self = alone();
  const crow_partition p = crow_comm_partition(test_comm, c.m, CROW_BLOCK);
  double *together = doubles(c.m), *single = doubles(c.m), *spread = doubles(c.m), *spread_alone = doubles(c.m);
  const double value = run_crowd(test_comm, &c, together + p.begin, spread + p.begin);
  const double value_alone = run_crowd(self, &c, single, spread_alone);
  check_crowd(&c, value_alone, single);
  CHECK(value == value_alone);
  CHECK(same(together, single, &p));
  CHECK(same(spread, spread_alone, &p));
  crow_comm_destroy(&self);
  free(together);
  free(single);
  free(spread);
  free(spread_alone);
  crowd_free(&c);
}

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
      {"pairs in many tiles: against a plain sum, and the same bits on any number of ranks", pairs_in_many_tiles},
      {"a reward that is not finite is told to all ranks", a_reward_that_is_not_finite_is_told_to_all_ranks},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "objective on ranks", tests, true);
}
