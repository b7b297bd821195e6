/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong on one rank during a fit ends it on all, with one message; what would not fit into memory is refused
 * before any work. */
#include "fixture.h"

#define M 1400
#define Q 3000

static double context[M * 3], outcome[Q];
static int32_t first[Q], second[Q];

static void write_dataset(const char *path) {
  crow_random_uniform(1, CROW_STREAM_TEST, 0, context, (int64_t)M * 3);
  for (int32_t k = 0; k < Q; k++) {
    first[k] = k * 37 % M;
    second[k] = (k * 37 + 1 + k % 91) % M;
    outcome[k] = k % 3 / 2.;
  }
  const test_dataset t = {
      .m = M, .d = 3, .context = context, .q = Q, .first = first, .second = second, .outcome = outcome};
  test_dataset_write(test_comm, path, &t);
}

static bool is_last(void) { return crow_comm_rank(test_comm) == crow_comm_size(test_comm) - 1; }

/* All ranks have the same status and, if it is a failure, the same message. */
static void check_agreed(crow_status status) {
  struct outcome {
    int64_t status;
    char message[CROW_ERROR_BYTES];
  } mine = {(int64_t)status, ""}, root;
  if (status != CROW_OK) (void)snprintf(mine.message, sizeof mine.message, "%s", crow_error_message());
  root = mine;
  CHECK_OK(crow_comm_broadcast(test_comm, &root, (int64_t)sizeof root, 0));
  CHECK(root.status == mine.status && strcmp(root.message, mine.message) == 0);
}

static crow_status run(const char *path) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_rewards rewards = {0};
  crow_weights_options sampling;
  crow_train_options options;
  crow_weights_options_default(&sampling);
  crow_train_options_default(&options);
  sampling.samples = 2000;
  sampling.nearest.engine = CROW_NEAREST_GEMM;
  options.lbfgs.max_iterations = 3;
  CROW_TRY(crow_dataset_open(test_comm, path, false, &dataset));
  CROW_TRY(crow_weights_compute(test_comm, &dataset, &sampling, &weights));
  CROW_TRY(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
cleanup:
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return status;
}

static void lack_of_memory_on_one_rank_ends_all(void) {
  const char *path = test_path("whole.h5");
  crow_status status = CROW_FAILED;
  int failures = 0;
  write_dataset(path);
  for (int64_t allowed = 0; status != CROW_OK && allowed < 2000; allowed += allowed < 40 ? 1 : 5) {
    if (is_last()) crow_memory_fail_after(allowed);
    status = run(path);
    crow_memory_fail_after(-1);
    check_agreed(status);
    failures += status != CROW_OK;
  }
  CHECK(status == CROW_OK && failures > 40);
}

/* The formulas of the header, by hand: 1400 alternatives, 3000 comparisons, history 10. */
static void what_does_not_fit_is_refused_before_any_work(void) {
  const char *path = test_path("planned.h5");
  crow_dataset dataset = {0};
  crow_train_options options;
  const crow_uncertainty_options wanted = {.bootstrap = 1000};
  crow_train_options_default(&options);
  write_dataset(path);
  CHECK_OK(crow_dataset_open(test_comm, path, false, &dataset));
  CHECK_NEAR(crow_rewards_rank_bytes(&dataset, &options, 1),
             50331648 + 56. * 1536 + 28. * 3000 + 60. * 1400 + 8. * 39 * 1536, .5);
  CHECK_NEAR(crow_rewards_rank_bytes(&dataset, &options, 3),
             50331648 + 56. * 512 + 28. * 1000 + 60. * 1400 + 8. * 39 * 512, .5);
  CHECK_NEAR(crow_uncertainty_rank_bytes(&dataset, &options.lbfgs, &wanted, 1),
             50331648 + 112. * 3000 + 100. * 1400 + (8. * 35 + 12000) * 1536, .5);
  CHECK_OK(crow_rewards_check_memory(test_comm, &dataset, &options, &wanted, 1e9));
  const crow_status status = crow_rewards_check_memory(test_comm, &dataset, &options, NULL, 5e7);
  CHECK(status == CROW_FAILED);
  check_agreed(status);
  CHECK_MESSAGE("1400 alternatives with 3000 comparisons: 0.05");
  CHECK_MESSAGE("use more ranks");
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"lack of memory on one rank ends the fit on all", lack_of_memory_on_one_rank_ends_all},
      {"what does not fit is refused before any work", what_does_not_fit_is_refused_before_any_work},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "one rank", tests, true);
}
