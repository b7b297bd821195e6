/* SPDX-License-Identifier: Apache-2.0 */
/* Fitted rewards in a checkpoint, for what comes after the fit: all that was put in comes back. And what is found of
 * their sampling errors, whichever rank has which. */
#include "fixture.h"

#include "rewards/rewards_impl.h"
#include <stdlib.h>

enum { M = 1300, PROMPTS = 700, STEPS = 5 };

static double vector[6][M], scale[PROMPTS], entry[2 * STEPS];

static crow_rewards made(bool errors) {
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  for (int v = 0; v < 6; v++) {
    for (int i = 0; i < M; i++) vector[v][i] = 1000 * v + (double)i / 8;
  }
  for (int k = 0; k < PROMPTS; k++) scale[k] = 1 + (double)k / 16;
  for (int k = 0; k < 2 * STEPS; k++) entry[k] = 1. / (k + 1);
  crow_rewards r = {.partition = p,
                    .value = vector[0] + p.begin,
                    .win_rate = vector[1] + p.begin,
                    .fitted_win_rate = vector[2] + p.begin,
                    .objective = .125,
                    .optimality = 1e-9,
                    .violation = 3e-9,
                    .trace = {.count = STEPS, .entry = entry},
                    .iterations = 4,
                    .evaluations = 7,
                    .converged = errors,
                    .end = CROW_LBFGS_ROUNDING_FLOOR,
                    .pair_scale = 1.5,
                    .lambda = .01,
                    .unknown = 3,
                    .pairs = 5000,
                    .components = 2,
                    .ties = 11,
                    .never_compared = 13};
  if (!errors) return r;
  r.prompts = PROMPTS;
  r.prompt_scale = scale;
  r.uncertainty.has_standard_errors = true;
  r.uncertainty.standard_error = vector[3] + p.begin;
  r.uncertainty.lead_error = vector[4] + p.begin;
  r.sampling_error = (crow_sampling_error){vector[5] + p.begin, .25, 4.5, 77};
  return r;
}

static crow_checkpoint *open_run(void) {
  static const crow_checkpoint_options often = {NULL, 600, 0, false};
  crow_checkpoint *checkpoint = NULL;
  CHECK_OK(crow_checkpoint_create(test_comm, &often, test_path("rewards.h5"), &checkpoint));
  CHECK_OK(crow_checkpoint_match(checkpoint, "seed", "%d", 7));
  return checkpoint;
}

static void check_vector(const double *found, int which, const crow_partition *p) {
  int64_t wrong = found == NULL && p->count > 0;
  for (crow_gidx i = 0; i < p->count && found; i++) wrong += found[i] != vector[which][p->begin + i];
  CHECK(wrong == 0);
}

static void everything_comes_back(void) {
  for (int errors = 0; errors <= 1; errors++) {
    const crow_rewards from = made(errors);
    const crow_partition *p = &from.partition;
    crow_rewards to = {.partition = *p};
    bool found = true;
    crow_checkpoint *checkpoint = open_run();
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    CHECK(!found);
    CHECK_OK(crow_checkpoint_begin(checkpoint));
    CHECK_OK(crow_rewards_save(checkpoint, &from));
    CHECK_OK(crow_checkpoint_end(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
    checkpoint = open_run();
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    CHECK(found);
    CHECK_OK(CROW_ALLOCATE(&to.value, p->count + 1));
    CHECK_OK(CROW_ALLOCATE(&to.win_rate, p->count + 1));
    CHECK_OK(CROW_ALLOCATE(&to.fitted_win_rate, p->count + 1));
    if (found) CHECK_OK(crow_rewards_load(test_comm, checkpoint, &to));
    check_vector(to.value, 0, p);
    check_vector(to.win_rate, 1, p);
    check_vector(to.fitted_win_rate, 2, p);
    CHECK(to.objective == from.objective && to.optimality == from.optimality && to.violation == from.violation);
    CHECK(to.iterations == 4 && to.evaluations == 7 && to.converged == errors && to.end == from.end);
    CHECK(to.pair_scale == 1.5 && to.lambda == .01 && to.unknown == 3 && to.pairs == 5000 && to.components == 2);
    CHECK(to.ties == 11 && to.never_compared == 13 && to.prompts == from.prompts);
    CHECK(to.trace.count == STEPS && memcmp(to.trace.entry, entry, sizeof entry) == 0);
    CHECK(to.uncertainty.has_standard_errors == errors && (to.sampling_error.value != NULL) == errors);
    CHECK((to.prompt_scale != NULL) == errors);
    if (errors) {
      check_vector(to.uncertainty.standard_error, 3, p);
      check_vector(to.uncertainty.lead_error, 4, p);
      check_vector(to.sampling_error.value, 5, p);
      CHECK(to.sampling_error.median == .25 && to.sampling_error.largest == 4.5 && to.sampling_error.at == 77);
      CHECK(to.prompt_scale && memcmp(to.prompt_scale, scale, sizeof scale) == 0);
    }
    CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
    crow_rewards_free(&to);
  }
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median and the largest, and where, are those of the whole vector. */
static void sampling_errors_are_summed_up_over_ranks(void) {
  static double context[3 * M], liking[M], own[M], sorted[M];
  static int64_t hits[M], batches[CROW_HIT_BATCHES * M + 1];
  const double prevalence = 1;
  double total = 0;
  crow_dataset dataset = {0};
  crow_train_options options;
  crow_rewards rewards;
  const crow_partition p = crow_comm_partition(test_comm, M, CROW_BLOCK);
  for (int i = 0; i < M; i++) {
    uint32_t words[1];
    crow_random_words(19, CROW_STREAM_TEST, (uint64_t)i, words, 1);
    liking[i] = words[0] % 400 / 100.;
    for (int k = 0; k < 3; k++) context[3 * i + k] = i + k;
    for (int b = 0; b < CROW_HIT_BATCHES; b++) total += 1 + (i + 7 * b) % 13 + i / 500;
  }
  for (crow_gidx i = 0; i < p.count; i++) {
    for (int b = 0; b < CROW_HIT_BATCHES; b++) {
      const int64_t x = p.begin + i, n = 1 + (x + 7 * b) % 13 + x / 500;
      batches[b * p.count + i] = n * CROW_HIT_UNIT;
      hits[i] += n * CROW_HIT_UNIT;
    }
    own[i] = (double)(hits[i] / CROW_HIT_UNIT) / total;
  }
  test_dataset_write(
      test_comm, test_path("errors.h5"),
      &(test_dataset){.m = M, .d = 3, .context = context, .types = 1, .prevalence = &prevalence, .reward = liking});
  CHECK_OK(crow_dataset_open(test_comm, test_path("errors.h5"), true, &dataset));
  crow_train_options_default(&options);
  options.objective.lambda = 1;
  options.sampling_error = true;
  const crow_weights weights = {
      .partition = p, .value = own, .hits = hits, .batch_hits = batches, .samples = (int64_t)total};
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
  CHECK(rewards.sampling_error.value != NULL);
  double *whole = test_gather(test_comm, &p, rewards.sampling_error.value);
  int at = 0;
  for (int i = 0; i < M; i++) at = whole[i] > whole[at] ? i : at;
  memcpy(sorted, whole, sizeof sorted);
  qsort(sorted, M, sizeof *sorted, by_size);
  CHECK(rewards.sampling_error.median == sorted[(M - 1) / 2] && sorted[0] > 0);
  CHECK(rewards.sampling_error.largest == sorted[M - 1] && rewards.sampling_error.at == at);
  crow_free(whole);
  crow_rewards_free(&rewards);
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"everything comes back", everything_comes_back},
      {"sampling errors are summed up over ranks", sampling_errors_are_summed_up_over_ranks},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "rewards in a checkpoint", tests, true);
}
