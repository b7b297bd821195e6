/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards of a dataset with prompts are those of each prompt as a dataset of its own: weights, scales and all. */
#include "fixture.h"

enum { FIRST = 6, SECOND = 9, M = FIRST + SECOND, EACH = 500 };

static int32_t first[2 * EACH], second[2 * EACH];
static double outcome[2 * EACH], context[M];
static const char *prompt[M];

/* Alternative k of the first prompt is 2 k, until those are used up; the second has the others. */
static int32_t place_of(int which, int32_t k) { return which == 0 ? 2 * k : k < FIRST ? 2 * k + 1 : FIRST + k; }

/* Comparison q of a prompt, by the numbers within it: unevenly, so that win rates and scales differ. */
static void compare(int which, int q, int32_t *a, int32_t *b, double *won) {
  const uint32_t size = which ? SECOND : FIRST;
  uint32_t words[3];
  crow_random_words(61 + (uint64_t)which, CROW_STREAM_TEST, (uint64_t)q, words, 3);
  *a = (int32_t)(words[0] % size);
  *b = (int32_t)((words[0] % size + 1 + words[1] % (size - 1)) % size);
  *won = words[2] % 100 < (*a < *b ? 70u : 35u) ? 1 : words[2] % 7 == 0 ? .5 : 0;
}

static double scale[2];
static int scales;

/* Every prompt has its own scale, in the file with its name. */
static void check_scales(const crow_rewards *rewards, const crow_dataset *dataset) {
  crow_provenance *provenance = NULL;
  crow_file *file = NULL;
  crow_strings name = {0};
  double found[2] = {0, 0};
  CHECK(rewards->prompts == 2 && rewards->pair_scale == 1);
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_rewards_write(test_comm, test_path("both-r.h5"), true, rewards, dataset, provenance));
  crow_provenance_destroy(&provenance);
  CHECK_OK(crow_file_open(test_comm, test_path("both-r.h5"), "rewards", &file));
  if (!file) return;
  CHECK_OK(crow_file_read_strings(file, "/prompts/name", 0, 2, &name));
  CHECK_OK(crow_file_read(file, "/prompts/pair_scale", 0, 2, CROW_F64, found));
  CHECK(name.count == 2 && strcmp(crow_strings_get(&name, 0), "a") == 0 &&
        strcmp(crow_strings_get(&name, 1), "b") == 0);
  for (int k = 0; k < 2; k++) {
    CHECK(rewards->prompt_scale[k] == found[k]);
    CHECK_NEAR(found[k], scale[k], 1e-12);
  }
  CHECK(scale[0] != scale[1]);
  crow_strings_free(&name);
  crow_file_close(&file);
}

static double *fit(const crow_comm *comm, const test_dataset *t, const char *name, double lambda) {
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_weights_options uniform;
  crow_rewards rewards;
  crow_train_options options;
  crow_weights_options_default(&uniform);
  uniform.scheme = CROW_SCHEME_UNIFORM;
  crow_train_options_default(&options);
  options.objective.lambda = lambda;
  test_dataset_write(comm, test_path(name), t);
  CHECK_OK(crow_dataset_open(comm, test_path(name), false, &dataset));
  CHECK_OK(crow_weights_compute(comm, &dataset, &uniform, &weights));
  CHECK_OK(crow_rewards_fit(comm, &dataset, &weights, &options, &rewards));
  CHECK(rewards.converged);
  double *whole = test_gather(comm, &rewards.partition, rewards.value);
  if (t->prompt) {
    check_scales(&rewards, &dataset);
  } else {
    scale[scales++ % 2] = rewards.pair_scale;
    CHECK(!rewards.prompt_scale);
  }
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return whole;
}

static void rewards_are_those_of_each_prompt(void) {
  static const double lambdas[] = {.01, 1};
  crow_comm *alone = test_comm_alone();
  for (int i = 0; i < M; i++) context[i] = i;
  for (int l = 0; l < 2; l++) {
    double *own[2];
    char name[64];
    for (int which = 0; which < 2; which++) {
      for (int q = 0; q < EACH; q++) compare(which, q, &first[q], &second[q], &outcome[q]);
      const test_dataset t = {.m = which ? SECOND : FIRST,
                              .d = 1,
                              .context = context,
                              .q = EACH,
                              .first = first,
                              .second = second,
                              .outcome = outcome};
      (void)snprintf(name, sizeof name, "own-%d.h5", crow_comm_rank(test_comm));
      own[which] = fit(alone, &t, name, lambdas[l]);
    }
    for (int q = 0; q < 2 * EACH; q++) {
      int32_t a, b;
      compare(q % 2, q / 2, &a, &b, &outcome[q]);
      first[q] = place_of(q % 2, a);
      second[q] = place_of(q % 2, b);
    }
    for (int which = 0; which < 2; which++) {
      for (int32_t k = 0; k < (which ? SECOND : FIRST); k++) prompt[place_of(which, k)] = which ? "b" : "a";
    }
    const test_dataset t = {.m = M,
                            .d = 1,
                            .context = context,
                            .prompt = prompt,
                            .q = 2 * EACH,
                            .first = first,
                            .second = second,
                            .outcome = outcome};
    double *both = fit(test_comm, &t, "both.h5", lambdas[l]);
    for (int which = 0; which < 2; which++) {
      for (int32_t k = 0; k < (which ? SECOND : FIRST); k++) CHECK_NEAR(both[place_of(which, k)], own[which][k], 1e-6);
      crow_free(own[which]);
    }
    crow_free(both);
  }
  crow_comm_destroy(&alone);
}

/* Names of prompts in the order of their first alternatives, which lie anywhere, with their scales. */
static void names_go_with_the_first_alternatives(void) {
  enum { LONG = 1300, PROMPTS = 6 };
  static const int begin[PROMPTS] = {0, 3, 511, 512, 1000, 1299};
  static double number[LONG], ones[LONG], scales_of[PROMPTS] = {1, 2, 3, 4, 5, 6};
  static const char *name[LONG], *const names[PROMPTS] = {"z", "y", "b", "a", "m", "last"};
  for (int i = 0; i < LONG; i++) {
    int latest = 0;
    while (latest + 1 < PROMPTS && begin[latest + 1] <= i) latest++;
    name[i] = names[i == begin[latest] ? latest : i % (latest + 1)];
    number[i] = i;
    ones[i] = 1. / LONG;
  }
  crow_dataset dataset = {0};
  crow_provenance *provenance = NULL;
  crow_file *file = NULL;
  crow_strings found = {0};
  double scales_found[PROMPTS] = {0};
  test_dataset_write(test_comm, test_path("long.h5"),
                     &(test_dataset){.m = LONG, .d = 1, .context = number, .prompt = name});
  CHECK_OK(crow_dataset_open(test_comm, test_path("long.h5"), true, &dataset));
  CHECK(dataset.prompts == PROMPTS);
  const crow_partition p = crow_comm_partition(test_comm, LONG, CROW_BLOCK);
  const crow_rewards rewards = {.partition = p,
                                .value = number + p.begin,
                                .weight = ones + p.begin,
                                .win_rate = ones + p.begin,
                                .fitted_win_rate = ones + p.begin,
                                .lambda = .25,
                                .pair_scale = 1,
                                .prompts = PROMPTS,
                                .prompt_scale = scales_of,
                                .converged = true,
                                .convergence_tested = true};
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_rewards_write(test_comm, test_path("long-r.h5"), true, &rewards, &dataset, provenance));
  crow_provenance_destroy(&provenance);
  crow_dataset_close(&dataset);
  CHECK_OK(crow_file_open(test_comm, test_path("long-r.h5"), "rewards", &file));
  CHECK_OK(crow_file_read_strings(file, "/prompts/name", 0, PROMPTS, &found));
  CHECK_OK(crow_file_read(file, "/prompts/pair_scale", 0, PROMPTS, CROW_F64, scales_found));
  for (int k = 0; k < PROMPTS && found.count == PROMPTS; k++) {
    CHECK(strcmp(crow_strings_get(&found, k), names[k]) == 0 && scales_found[k] == k + 1);
  }
  CHECK(found.count == PROMPTS);
  crow_strings_free(&found);
  crow_file_close(&file);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"rewards are those of each prompt", rewards_are_those_of_each_prompt},
                                    {"names go with the first alternatives", names_go_with_the_first_alternatives},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "fits of prompts", tests, true);
}
