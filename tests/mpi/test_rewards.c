/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards of datasets with prompts, for users of the library: what weights must bring along. */
#include "fixture.h"

enum { M = 6 };

static void write_prompts(int prompts) {
  static const double context[M] = {0, 1, 2, 3, 4, 5};
  static const int32_t first[] = {0, 2, 4}, second[] = {1, 3, 5};
  static const double outcome[] = {1, 0, .5};
  const char *name[M];
  for (int i = 0; i < M; i++) name[i] = i / 2 < prompts ? (i / 2 == 0 ? "a" : i / 2 == 1 ? "b" : "c") : "a";
  const test_dataset t = {
      .m = M, .d = 1, .context = context, .prompt = name, .q = 3, .first = first, .second = second, .outcome = outcome};
  test_dataset_write(test_comm, test_path("prompts.h5"), &t);
}

/* Two prompts are as many as three in this. */
static void weights_without_shares_are_refused_where_there_are_prompts(void) {
  for (int prompts = 1; prompts <= 3; prompts++) {
    crow_dataset dataset = {0};
    crow_weights weights;
    crow_rewards rewards = {0};
    crow_train_options options;
    crow_train_options_default(&options);
    write_prompts(prompts);
    CHECK_OK(crow_dataset_open(test_comm, test_path("prompts.h5"), false, &dataset));
    CHECK(dataset.prompts == prompts);
    CHECK_OK(crow_weights_uniform(test_comm, M, &weights));
    CHECK_STATUS(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards),
                 prompts > 1 ? CROW_USAGE : CROW_OK);
    if (prompts > 1) CHECK_MESSAGE("crow_weights_find_shares()");
    crow_rewards_free(&rewards);
    if (prompts > 1) {
      CHECK_OK(crow_weights_find_shares(test_comm, &dataset, &weights));
      CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
      CHECK(rewards.prompts == prompts);
      crow_rewards_free(&rewards);
    }
    crow_weights_free(&weights);
    crow_dataset_close(&dataset);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"weights without shares are refused where there are prompts",
                                     weights_without_shares_are_refused_where_there_are_prompts},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "rewards of prompts", tests, true);
}
