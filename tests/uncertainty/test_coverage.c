/* SPDX-License-Identifier: Apache-2.0 */
/* Whether intervals hold what they promise: many data sets of votes from known preferences, and how often 95 %
 * intervals hold the rewards that infinitely many votes would give at the same lambda, averaged over alternatives. The
 * preferences are those of three kinds of annotators, so that no Bradley-Terry model is true.
 *
 * The suite takes the bootstrap on a part of the data sets; CROW_ALL_CASES=1 takes it on all of them. */
#include "fixture.h"

#include <stdlib.h>

enum {
  SETS = 200,
  BOOTSTRAPPED = 60,
  M = 20,
  PAIRS = M * (M - 1) / 2,
  VOTES = 11,
  Q = PAIRS * VOTES,
  REPLICATES = 199
};

static int32_t first[Q], second[Q];
static double outcome[Q], probability[PAIRS], context[M];

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* Of a data set, the probabilities of all pairs; and VOTES independent votes of each: 209 for an alternative. */
static void draw_votes(int set) {
  static const double prevalence[3] = {.5, .3, .2};
  double reward[3][M];
  for (uint64_t t = 0; t < 3; t++) crow_random_normal(51, CROW_STREAM_TEST, (uint64_t)set * 3 + t, reward[t], M);
  for (int x = 0, k = 0; x < M; x++) {
    for (int y = x + 1; y < M; y++, k++) {
      double u[VOTES];
      probability[k] = 0;
      for (int t = 0; t < 3; t++) probability[k] += prevalence[t] * sigmoid(reward[t][x] - reward[t][y]);
      crow_random_uniform(52, CROW_STREAM_TEST, (uint64_t)(set * PAIRS + k), u, VOTES);
      for (int v = 0; v < VOTES; v++) {
        const int q = v * PAIRS + k;
        first[q] = (int32_t)(v % 2 ? y : x);
        second[q] = (int32_t)(v % 2 ? x : y);
        outcome[q] = (u[v] < probability[k]) == (v % 2 == 0);
      }
    }
  }
}

static crow_weights read_weights(void) {
  crow_weights weights;
  double value[M];
  for (int i = 0; i < M; i++) value[i] = 1 + i % 7;
  test_weights_write(test_comm, test_path("weights.h5"), M, value);
  CHECK_OK(crow_weights_read(test_comm, test_path("weights.h5"), &(crow_dataset){.alternatives = M}, &weights));
  return weights;
}

/* Rewards at infinitely many votes: every pair's share is its probability. */
static void fit_truth(const crow_weights *weights, const crow_train_options *options, double *reward) {
  crow_pairs pairs;
  crow_rewards rewards;
  CHECK_OK(crow_pairs_create(test_comm, M, PAIRS, first, second, probability, NULL, &pairs));
  CHECK_OK(crow_rewards_fit_pairs(test_comm, weights, &pairs, options, &rewards));
  CHECK(rewards.converged);
  memcpy(reward, rewards.value, M * sizeof *reward);
  crow_rewards_free(&rewards);
  crow_pairs_free(&pairs);
}

/* How many of the alternatives' intervals hold the truth in one data set; by the sandwich and by the bootstrap. */
static void count_held(int set, bool bootstrap, const crow_weights *weights, int held[2]) {
  crow_train_options options;
  crow_uncertainty_options wanted;
  crow_dataset dataset = {0};
  crow_rewards rewards;
  double truth[M];
  const test_dataset t = {
      .m = M, .d = 1, .context = context, .q = Q, .first = first, .second = second, .outcome = outcome};
  crow_train_options_default(&options);
  options.objective.lambda = .02;
  crow_settings_default(crow_uncertainty_settings, &wanted);
  wanted.bootstrap = REPLICATES;
  wanted.standard_errors = true;
  draw_votes(set);
  fit_truth(weights, &options, truth);
  test_dataset_write(test_comm, test_path("votes.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("votes.h5"), false, &dataset));
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, weights, &options, &rewards));
  crow_uncertainty *u = &rewards.uncertainty;
  CHECK_OK(crow_uncertainty_sandwich(test_comm, &dataset, weights, &options.objective, &wanted, rewards.value, u));
  for (int i = 0; i < M; i++) held[0] += fabs(truth[i] - rewards.value[i]) <= 1.959964 * u->standard_error[i];
  if (bootstrap) {
    CHECK_OK(crow_uncertainty_bootstrap(test_comm, &dataset, weights, &options.objective, &options.lbfgs, &wanted,
                                        rewards.value, u));
    for (int i = 0; i < M; i++) held[1] += u->lower[i] <= truth[i] && truth[i] <= u->upper[i];
  }
  crow_rewards_free(&rewards);
  crow_dataset_close(&dataset);
}

static void intervals_hold_the_rewards_at_infinitely_many_votes(void) {
  const int bootstrapped = getenv("CROW_ALL_CASES") ? SETS : BOOTSTRAPPED;
  int held[2] = {0, 0};
  crow_weights weights = read_weights();
  for (int set = 0; set < SETS; set++) count_held(set, set < bootstrapped, &weights, held);
  const double sandwich = (double)held[0] / (SETS * M), bootstrap = (double)held[1] / (bootstrapped * M);
  (void)fprintf(stderr, "coverage: sandwich %.4f, bootstrap %.4f\n", sandwich, bootstrap);
  CHECK_NEAR(sandwich, .95, .02);
  CHECK_NEAR(bootstrap, .95, .02);
  crow_weights_free(&weights);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"intervals hold the rewards at infinitely many votes", intervals_hold_the_rewards_at_infinitely_many_votes},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "coverage", tests, true);
}
