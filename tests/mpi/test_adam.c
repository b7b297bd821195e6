/* SPDX-License-Identifier: Apache-2.0 */
/* An mlp trained by Adam on minibatches of pairs whose rows are spread over the ranks. */
#include "harness.h"

#include <stdlib.h>

enum { M = 1500, D = 6, PAIRS = 4000, BATCH = 700 };

static double contexts[M * D], truth[M];
static int64_t first[PAIRS], second[PAIRS];

static void make_data(void) {
  uint32_t words[2 * PAIRS];
  crow_random_normal(1, CROW_STREAM_TEST, 0, contexts, M * D);
  crow_random_words(1, CROW_STREAM_TEST, 1, words, 2 * PAIRS);
  for (int x = 0; x < M; x++) truth[x] = contexts[x * D] - contexts[x * D + 1] * contexts[x * D + 2];
  for (int k = 0; k < PAIRS; k++) {
    first[k] = words[2 * k] % M;
    second[k] = (first[k] + 1 + words[2 * k + 1] % (M - 1)) % M;
  }
}

typedef struct training {
  const crow_comm *comm;
  crow_model *model;
  int64_t member;
  /* the minibatch: its pairs, and its rows in the order in which they are met */
  int64_t row_of[M], x[BATCH], y[BATCH], rows;
  crow_gidx index[2 * BATCH];
  double share[BATCH], pair_weight[BATCH], row_weight[2 * BATCH], rewards[2 * BATCH], slopes[2 * BATCH];
  double row_contexts[2 * BATCH * D], slice[2 * BATCH];
} training;

static int64_t row(training *t, int64_t alternative) {
  if (t->row_of[alternative] < 0) {
    t->row_of[alternative] = t->rows;
    t->row_weight[t->rows] = 0;
    t->index[t->rows++] = alternative;
  }
  const int64_t r = t->row_of[alternative];
  t->row_weight[r] += 1. / BATCH;
  return r;
}

static crow_status train(void *context, int64_t step, const double *theta, double *value, double *gradient) {
  crow_status status = CROW_OK;
  training *t = context;
  crow_gidx drawn[BATCH];
  int64_t count;
  t->rows = 0;
  for (int x = 0; x < M; x++) t->row_of[x] = -1;
  crow_batch_draw(1, t->member, PAIRS, BATCH, step, drawn, &count);
  for (int64_t k = 0; k < count; k++) {
    const int64_t x = first[drawn[k]], y = second[drawn[k]];
    t->x[k] = row(t, x);
    t->y[k] = row(t, y);
    t->share[k] = 1 / (1 + exp(truth[y] - truth[x]));
    t->pair_weight[k] = 1. / BATCH;
  }
  const crow_batch batch = {count, t->rows, t->x, t->y, t->share, t->pair_weight, t->row_weight};
  const crow_partition rows = crow_comm_partition(t->comm, t->rows, CROW_BLOCK);
  for (crow_gidx i = 0; i < rows.count; i++) {
    memcpy(t->row_contexts + i * D, contexts + t->index[rows.begin + i] * D, D * sizeof(double));
  }
  CROW_TRY(crow_model_bind(t->model, t->comm, &rows, t->index + rows.begin, t->row_contexts, CROW_F64));
  CROW_TRY(crow_model_rewards(t->model, theta, t->slice));
  CROW_TRY(crow_comm_gather_slices(t->comm, &rows, t->slice, t->rewards, sizeof(double)));
  crow_batch_loss(&batch, .01, t->rewards, value, t->slopes);
  CROW_TRY(crow_model_gradient(t->model, theta, t->slopes + rows.begin, gradient));
cleanup:
  return status;
}

static void run(const crow_comm *comm, int kind, int64_t member, int64_t steps, double *theta, double *value) {
  static training t;
  crow_model_options options;
  crow_adam_options adam_options;
  crow_adam *adam = NULL;
  crow_settings_default(crow_model_settings, &options);
  crow_settings_default(crow_adam_settings, &adam_options);
  options.model = kind;
  options.activation = CROW_ACTIVATION_SILU;
  adam_options.batch = BATCH;
  adam_options.steps = steps;
  adam_options.learning_rate = .01;
  memset(&t, 0, sizeof t);
  t.comm = comm;
  t.member = member;
  CHECK_OK(crow_model_create(&options, M, D, &t.model));
  const crow_gidx n = crow_model_parameters(t.model);
  crow_model_initialise(t.model, 1, member, theta);
  CHECK_OK(crow_adam_create(&adam_options, n, theta, &adam));
  for (bool done = false; !done;) CHECK_OK(crow_adam_step(adam, train, &t, &done));
  memcpy(theta, crow_adam_theta(adam), (size_t)n * sizeof *theta);
  *value = crow_adam_value(adam);
  crow_adam_destroy(&adam);
  crow_model_destroy(&t.model);
}

static void bits_do_not_depend_on_the_number_of_ranks(void) {
  static double one[M], all[M];
  double one_value, all_value;
  crow_comm *alone = NULL;
  CHECK_OK(crow_comm_split(test_comm, crow_comm_rank(test_comm), 0, &alone));
  make_data();
  for (int kind = CROW_MODEL_TABULAR; kind <= CROW_MODEL_MLP; kind++) {
    run(alone, kind, 3, 13, one, &one_value); /* more than two epochs */
    run(test_comm, kind, 3, 13, all, &all_value);
    CHECK(memcmp(one, all, sizeof one) == 0);
    CHECK(one_value == all_value);
  }
  crow_comm_destroy(&alone);
}

static void members_differ_and_learn(void) {
  static double theta[M], other[M];
  double before, after;
  make_data();
  run(test_comm, CROW_MODEL_MLP, 0, 1, theta, &before);
  run(test_comm, CROW_MODEL_MLP, 1, 60, other, &after);
  run(test_comm, CROW_MODEL_MLP, 0, 60, theta, &after);
  CHECK(theta[0] != other[0]);
  /* from knowing nothing, ln 2, towards the entropy of the outcomes */
  CHECK_NEAR(before, log(2), .05);
  CHECK(after < .9 * before);
}

static const crow_test tests[] = {
    {"bits of a trained model do not depend on the number of ranks", bits_do_not_depend_on_the_number_of_ranks},
    {"an ensemble's members differ, and learn", members_differ_and_learn},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "Adam on ranks", tests, true); }
