/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <stdlib.h>

enum { ROWS = 2600, D = 7 };

static double contexts[ROWS * D], slopes[ROWS], weights[ROWS];
static float single[ROWS * D];

static void make_data(void) {
  crow_random_normal(1, CROW_STREAM_TEST, 0, contexts, ROWS * D);
  crow_random_normal(1, CROW_STREAM_TEST, 1, slopes, ROWS);
  crow_random_uniform(1, CROW_STREAM_TEST, 2, weights, ROWS);
  for (int i = 0; i < ROWS * D; i++) single[i] = (float)contexts[i];
  /* as weights are: over many orders of magnitude */
  for (int i = 0; i < ROWS; i++) slopes[i] *= weights[i] = pow(10, -12 * weights[i]);
}

typedef struct outcome {
  double reward[ROWS], gradient[ROWS], value;
} outcome;

/* Rewards, and value and gradient with centring and decay, on the ranks of `comm`. */
static void run(const crow_comm *comm, const crow_model_options *options, crow_type type, crow_gidx count,
                outcome *out) {
  static double theta[ROWS], reward[ROWS], slope[ROWS];
  crow_model *model = NULL;
  const crow_partition rows = crow_comm_partition(comm, count, CROW_BLOCK);
  const void *mine =
      type == CROW_F32 ? (const void *)(single + rows.begin * D) : (const void *)(contexts + rows.begin * D);
  memset(out, 0, sizeof *out);
  CHECK_OK(crow_model_create(options, count, D, &model));
  crow_model_initialise(model, 1, 4, theta);
  CHECK_OK(crow_model_bind(model, comm, &rows, NULL, mine, type));
  CHECK_OK(crow_model_rewards(model, theta, reward));
  CHECK_OK(crow_comm_gather_slices(comm, &rows, reward, out->reward, sizeof *reward));
  memcpy(slope, slopes + rows.begin, (size_t)rows.count * sizeof *slope);
  CHECK_OK(crow_model_add_center(model, weights + rows.begin, reward, &out->value, slope));
  CHECK_OK(crow_model_gradient(model, theta, slope, out->gradient));
  crow_model_add_decay(model, theta, &out->value, out->gradient);
  crow_model_destroy(&model);
}

static void bits_do_not_depend_on_the_number_of_ranks(void) {
  static outcome all, one;
  crow_comm *alone = NULL;
  CHECK_OK(crow_comm_split(test_comm, crow_comm_rank(test_comm), 0, &alone));
  make_data();
  const crow_gidx counts[] = {ROWS, 1024, 300, 1};
  for (int kind = CROW_MODEL_TABULAR; kind <= CROW_MODEL_MLP; kind++) {
    for (int activation = 0; activation < (kind == CROW_MODEL_MLP ? 3 : 1); activation++) {
      for (size_t k = 0; k < 4; k++) {
        crow_model_options options;
        crow_settings_default(crow_model_settings, &options);
        options.model = kind;
        options.activation = activation;
        options.hidden = "32,16";
        options.weight_decay = .01;
        options.center = .5;
        const crow_type type = k % 2 ? CROW_F32 : CROW_F64;
        run(alone, &options, type, counts[k], &one);
        run(test_comm, &options, type, counts[k], &all);
        CHECK(memcmp(&all, &one, sizeof all) == 0);
        CHECK(kind == CROW_MODEL_TABULAR || (all.gradient[0] != 0 && all.reward[0] != 0));
      }
    }
  }
  crow_comm_destroy(&alone);
}

/* Against the sum over all rows in the plainest way. */
static void a_linear_model_is_the_product_with_the_contexts(void) {
  static outcome all;
  double theta[D + 1], expected[D + 1] = {0};
  make_data();
  crow_model_options options;
  crow_settings_default(crow_model_settings, &options);
  options.model = CROW_MODEL_LINEAR;
  run(test_comm, &options, CROW_F64, ROWS, &all);
  crow_model *model = NULL;
  CHECK_OK(crow_model_create(&options, ROWS, D, &model));
  crow_model_initialise(model, 1, 4, theta);
  crow_model_destroy(&model);
  for (int x = 0; x < ROWS; x++) {
    double reward = theta[D];
    for (int k = 0; k < D; k++) reward += theta[k] * contexts[x * D + k];
    if (!(fabs(all.reward[x] - reward) <= 1e-14)) CHECK_NEAR(all.reward[x], reward, 1e-14);
    for (int k = 0; k < D; k++) expected[k] += slopes[x] * contexts[x * D + k];
    expected[D] += slopes[x];
  }
  for (int k = 0; k <= D; k++) CHECK_NEAR(all.gradient[k], expected[k], 1e-12);
}

static void a_minibatch_of_a_tabular_model_moves_only_its_alternatives(void) {
  enum { BATCH = 1500 };
  static double theta[ROWS], reward[BATCH], slope[BATCH], gradient[ROWS];
  static crow_gidx index[BATCH];
  crow_model_options options;
  crow_settings_default(crow_model_settings, &options);
  crow_model *model = NULL;
  const crow_partition rows = crow_comm_partition(test_comm, BATCH, CROW_BLOCK);
  for (int i = 0; i < ROWS; i++) theta[i] = i;
  for (crow_gidx i = 0; i < rows.count; i++) {
    index[i] = (rows.begin + i) * 7 % ROWS; /* 7 and 2600 share no divisor */
    slope[i] = 1 + (double)(rows.begin + i);
  }
  CHECK_OK(crow_model_create(&options, ROWS, D, &model));
  CHECK_OK(crow_model_bind(model, test_comm, &rows, rows.count ? index : NULL, NULL, CROW_F64));
  CHECK_OK(crow_model_rewards(model, theta, reward));
  for (crow_gidx i = 0; i < rows.count; i++) CHECK(reward[i] == (double)index[i]);
  CHECK_OK(crow_model_gradient(model, theta, slope, gradient));
  double sum = 0;
  for (int64_t i = 0; i < BATCH; i++) CHECK(gradient[i * 7 % ROWS] == (double)(1 + i));
  for (int i = 0; i < ROWS; i++) sum += gradient[i];
  CHECK(sum == BATCH * (BATCH + 1) / 2.);
  crow_model_destroy(&model);
}

static void memory_that_fails_on_one_rank_fails_all(void) {
  crow_model_options options;
  crow_settings_default(crow_model_settings, &options);
  options.model = CROW_MODEL_MLP;
  crow_model *model = NULL;
  const crow_partition rows = crow_comm_partition(test_comm, ROWS, CROW_BLOCK);
  CHECK_OK(crow_model_create(&options, ROWS, D, &model));
  if (crow_comm_rank(test_comm) == crow_comm_size(test_comm) - 1) crow_memory_fail_after(1);
  CHECK_STATUS(crow_model_bind(model, test_comm, &rows, NULL, single + rows.begin * D, CROW_F32), CROW_FAILED);
  crow_memory_fail_after(-1);
  CHECK_OK(crow_model_bind(model, test_comm, &rows, NULL, single + rows.begin * D, CROW_F32));
  crow_model_destroy(&model);
}

static const crow_test tests[] = {
    {"bits do not depend on the number of ranks", bits_do_not_depend_on_the_number_of_ranks},
    {"a linear model is the product with the contexts", a_linear_model_is_the_product_with_the_contexts},
    {"a minibatch of a tabular model moves only its alternatives",
     a_minibatch_of_a_tabular_model_moves_only_its_alternatives},
    {"memory that fails on one rank fails all", memory_that_fails_on_one_rank_fails_all},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "reward models on ranks", tests, true); }
