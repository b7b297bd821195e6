/* SPDX-License-Identifier: Apache-2.0 */
/* Theorem 4.1 as a property: the weighted fit hardly notices an approximate clone, and the less the closer it is; the
 * unweighted one notices however close. Random populations whose annotators judge what is close alike. */
#include "fixture.h"

enum { MOST = 25, TYPES = 3, DISTANCES = 6, LARGEST_D = 3 };

/* An annotator's reward of a context: smooth, from -2 to 2, with slope at most 2 |frequency|. */
typedef struct population {
  int64_t m, d;
  double frequency[TYPES][LARGEST_D], phase[TYPES];
  double context[(MOST + 1) * LARGEST_D];
  double reward[TYPES * (MOST + 1)];
} population;

static const double prevalence[TYPES] = {.5, .3, .2};

/* Contexts stay away from the cube's faces, so that a clone is in it. */
static void draw(uint64_t seed, int64_t m, int64_t d, population *p) {
  *p = (population){.m = m, .d = d};
  crow_random_uniform(seed, CROW_STREAM_TEST, 0, p->context, m * d);
  for (int64_t k = 0; k < m * d; k++) p->context[k] = .15 + .7 * p->context[k];
  for (uint64_t t = 0; t < TYPES; t++) {
    crow_random_normal(seed, CROW_STREAM_TEST, 1 + t, p->frequency[t], d);
    for (int64_t k = 0; k < d; k++) p->frequency[t][k] *= 3;
  }
  crow_random_uniform(seed, CROW_STREAM_TEST, 10, p->phase, TYPES);
}

/* Puts a clone of `original` at this distance in a random direction behind the others. */
static void place_clone(uint64_t seed, int64_t original, double eps, population *p) {
  double direction[LARGEST_D], square = 0;
  crow_random_normal(seed, CROW_STREAM_TEST, 11, direction, p->d);
  for (int64_t k = 0; k < p->d; k++) square += direction[k] * direction[k];
  for (int64_t k = 0; k < p->d; k++) {
    p->context[p->m * p->d + k] = p->context[original * p->d + k] + eps * direction[k] / sqrt(square);
  }
}

/* The fit of the first m alternatives; `value` (m). */
static void fit(const population *p, int64_t m, bool weighted, double *value) {
  double reward[TYPES * (MOST + 1)];
  for (int64_t t = 0; t < TYPES; t++) {
    for (int64_t x = 0; x < m; x++) {
      double angle = 6.28 * p->phase[t];
      for (int64_t k = 0; k < p->d; k++) angle += p->frequency[t][k] * p->context[x * p->d + k];
      reward[t * m + x] = 2 * sin(angle);
    }
  }
  const test_dataset made = {
      .m = m, .d = p->d, .context = p->context, .types = TYPES, .prevalence = prevalence, .reward = reward};
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_rewards rewards = {0};
  crow_weights_options weights_options;
  crow_train_options options;
  crow_weights_options_default(&weights_options);
  weights_options.samples = 20000;
  weights_options.nearest.engine = p->d < 3 ? CROW_NEAREST_AUTO : CROW_NEAREST_TREE;
  crow_train_options_default(&options);
  options.objective.lambda = .05;
  options.lbfgs.tolerance = 1e-11;
  test_dataset_write(test_comm, test_path("clones.h5"), &made);
  CHECK_OK(crow_dataset_open(test_comm, test_path("clones.h5"), false, &dataset));
  if (weighted)
    CHECK_OK(crow_weights_compute(test_comm, &dataset, &weights_options, &weights));
  else
    CHECK_OK(crow_weights_uniform(test_comm, m, &weights));
  CHECK((weights.samples == 0) == (p->d < 3 || !weighted));
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
  CHECK(rewards.converged);
  double *whole = test_gather(test_comm, &rewards.partition, rewards.value);
  memcpy(value, whole, (size_t)m * sizeof *value);
  crow_free(whole);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

/* max |r - r'| over the originals, the clone not counted, for clones at 10^-1 .. 10^-6. */
static void shifts(uint64_t seed, population *p, bool weighted, double *shift) {
  double before[MOST], after[MOST + 1];
  fit(p, p->m, weighted, before);
  for (int e = 0; e < DISTANCES; e++) {
    place_clone(seed, (int64_t)(seed % 3), pow(10, -1 - e), p);
    fit(p, p->m + 1, weighted, after);
    shift[e] = 0;
    for (int64_t x = 0; x < p->m; x++) shift[e] = fmax(shift[e], fabs(after[x] - before[x]));
  }
}

static void check(uint64_t seed, int64_t m, int64_t d) {
  double weighted[DISTANCES], uniform[DISTANCES];
  population p;
  draw(seed, m, d, &p);
  shifts(seed, &p, true, weighted);
  shifts(seed, &p, false, uniform);
  for (int e = 0; e < DISTANCES; e++) {
    const double root = sqrt(pow(10, -1 - e));
    CHECK(weighted[e] <= .5 * root);
    CHECK(weighted[e] <= 2 * weighted[0] * root / sqrt(.1));
    CHECK(uniform[e] >= 5e-3 && uniform[e] >= .4 * uniform[0]);
  }
  /* So far apart that no constant could hide it. */
  CHECK(weighted[DISTANCES - 1] < 1e-3 * uniform[DISTANCES - 1]);
}

static void clones_on_a_line(void) {
  const int64_t m[] = {3, 6, 12, 25};
  for (uint64_t k = 0; k < 4; k++) check(100 + k, m[k], 1);
}
static void clones_in_a_plane(void) {
  const int64_t m[] = {3, 6, 12, 25};
  for (uint64_t k = 0; k < 4; k++) check(200 + k, m[k], 2);
}
static void clones_in_space(void) {
  const int64_t m[] = {5, 20};
  for (uint64_t k = 0; k < 2; k++) check(300 + k, m[k], 3);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"a clone on a line: shifts shrink like sqrt(eps) if weighted, else not", clones_on_a_line},
      {"a clone in the plane", clones_in_a_plane},
      {"a clone in space, with sampled weights", clones_in_space},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "clones", tests, true);
}
