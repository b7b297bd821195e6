/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards that are functions of the contexts, fitted to datasets. */
#include "fixture.h"

enum { M = 8, D = 2, T = D + 1 };

static const double context[M * D] = {0, 0, 1, .2, .3, .9, .5, .5, .9, .8, .1, .7, .6, 0, .4, .3};
static const double weight[M] = {.2, .05, .1, .15, .1, .2, .15, .05};
static const double reward[M] = {.5, 2, -1, 0, 1, -2, 1.5, .2};

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static crow_rewards fit(const crow_comm *comm, const char *path, const crow_train_options *options) {
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_rewards rewards = {0};
  CHECK_OK(crow_dataset_open(comm, path, false, &dataset));
  if (dataset.alternatives == M) {
    CHECK_OK(crow_weights_read(comm, test_path("weights.h5"), &dataset, &weights));
  } else {
    CHECK_OK(crow_weights_uniform(comm, dataset.alternatives, &weights));
  }
  CHECK_OK(crow_rewards_fit(comm, &dataset, &weights, options, &rewards));
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return rewards;
}

/* Solves a symmetric positive definite system by elimination. */
static void solve(double a[T][T], double *b) {
  for (int j = 0; j < T; j++) {
    for (int i = j + 1; i < T; i++) {
      const double f = a[i][j] / a[j][j];
      for (int k = j; k < T; k++) a[i][k] -= f * a[j][k];
      b[i] -= f * b[j];
    }
  }
  for (int j = T - 1; j >= 0; j--) {
    for (int k = j + 1; k < T; k++) b[j] -= a[j][k] * b[k];
    b[j] /= a[j][j];
  }
}

/* Gradient and Hessian of Eq. 2 by its definition, with r = theta . (x, 1), decay / 2 |theta|^2 and center / 2 (sum_x
 * w(x) r(x))^2. */
static void differentiate(double lambda, double decay, double center, const double *theta, double *gradient,
                          double hessian[T][T]) {
  double mean[T] = {0}, mean_reward = 0;
  memset(hessian, 0, T * T * sizeof(double));
  for (int j = 0; j < T; j++) {
    gradient[j] = decay * theta[j];
    hessian[j][j] = decay;
  }
  for (int x = 0; x < M; x++) {
    double at[T] = {context[x * D], context[x * D + 1], 1}, r = 0;
    for (int j = 0; j < T; j++) r += theta[j] * at[j];
    mean_reward += weight[x] * r;
    for (int j = 0; j < T; j++) mean[j] += weight[x] * at[j];
    for (int j = 0; j < T; j++) {
      gradient[j] += lambda * weight[x] * r * at[j];
      for (int k = 0; k < T; k++) hessian[j][k] += lambda * weight[x] * at[j] * at[k];
    }
    for (int y = 0; y < M; y++) {
      double apart[T] = {context[x * D] - context[y * D], context[x * D + 1] - context[y * D + 1], 0}, d = 0;
      for (int j = 0; j < T; j++) d += theta[j] * apart[j];
      /* -p log sigma(d): derivative -p sigma(-d), second p sigma(d) sigma(-d) */
      const double p = sigmoid(reward[x] - reward[y]), w = weight[x] * weight[y];
      for (int j = 0; j < T; j++) {
        gradient[j] -= w * p * sigmoid(-d) * apart[j];
        for (int k = 0; k < T; k++) hessian[j][k] += w * p * sigmoid(d) * sigmoid(-d) * apart[j] * apart[k];
      }
    }
  }
  for (int j = 0; j < T; j++) {
    gradient[j] += center * mean_reward * mean[j];
    for (int k = 0; k < T; k++) hessian[j][k] += center * mean[j] * mean[k];
  }
}

static void newton(double lambda, double decay, double center, double *theta) {
  memset(theta, 0, T * sizeof *theta);
  for (int iteration = 0; iteration < 50; iteration++) {
    double gradient[T], hessian[T][T];
    differentiate(lambda, decay, center, theta, gradient, hessian);
    solve(hessian, gradient);
    for (int j = 0; j < T; j++) theta[j] -= gradient[j];
  }
}

/* Algorithm 1 of Kingma and Ba, from where the first member begins. */
static void adam(double lambda, double rate, int steps, double *theta) {
  double mean[T] = {0}, square[T] = {0}, gradient[T], hessian[T][T];
  crow_model *model = NULL;
  crow_model_options options;
  crow_settings_default(crow_model_settings, &options);
  options.model = CROW_MODEL_LINEAR;
  CHECK_OK(crow_model_create(&options, M, D, &model));
  crow_model_initialise(model, 1, 0, theta);
  crow_model_destroy(&model);
  for (int t = 1; t <= steps; t++) {
    differentiate(lambda, 0, 0, theta, gradient, hessian);
    for (int j = 0; j < T; j++) {
      mean[j] = .9 * mean[j] + .1 * gradient[j];
      square[j] = .999 * square[j] + .001 * gradient[j] * gradient[j];
      theta[j] -= rate * mean[j] / (1 - pow(.9, t)) / (sqrt(square[j] / (1 - pow(.999, t))) + 1e-8);
    }
  }
}

static void write_population(void) {
  const double everybody = 1;
  test_weights_write(test_comm, test_path("weights.h5"), M, weight);
  test_dataset_write(
      test_comm, test_path("population.h5"),
      &(test_dataset){.m = M, .d = D, .context = context, .types = 1, .prevalence = &everybody, .reward = reward});
}

static crow_train_options linear_options(void) {
  crow_train_options options;
  crow_train_options_default(&options);
  options.model.model = CROW_MODEL_LINEAR;
  return options;
}

static void a_linear_fit_is_newtons(void) {
  write_population();
  for (int k = 0; k < 3; k++) {
    double expected[T];
    crow_train_options options = linear_options();
    options.model.weight_decay = k ? .03 : 0;
    options.model.center = k == 2 ? .5 : 0;
    options.lbfgs.tolerance = 1e-12;
    newton(options.objective.lambda, options.model.weight_decay, options.model.center, expected);
    crow_rewards rewards = fit(test_comm, test_path("population.h5"), &options);
    CHECK(rewards.converged && rewards.optimality <= 1e-12);
    CHECK(rewards.model.parameters == T && rewards.model.members == 1 && !rewards.spread);
    for (int j = 0; j < T; j++) CHECK_NEAR(rewards.model.theta[j], expected[j], 1e-9);
    double *value = test_gather(test_comm, &rewards.partition, rewards.value);
    for (int x = 0; x < M; x++) {
      CHECK_NEAR(value[x], expected[0] * context[x * D] + expected[1] * context[x * D + 1] + expected[2], 1e-9);
    }
    crow_free(value);
    crow_rewards_free(&rewards);
  }
}

/* Every pair once, so that the objective of observed pairs is Eq. 2 too; steps on minibatches of all of them are
 * steps on the whole. */
static void adam_on_all_pairs_takes_the_papers_steps(void) {
  enum { Q = M * (M - 1) / 2 };
  int32_t first[Q], second[Q];
  double outcome[Q], expected[T];
  int q = 0;
  for (int x = 0; x < M; x++) {
    for (int y = x + 1; y < M; y++, q++) {
      first[q] = y;
      second[q] = x;
      outcome[q] = sigmoid(reward[y] - reward[x]);
    }
  }
  write_population();
  test_dataset_write(
      test_comm, test_path("pairs.h5"),
      &(test_dataset){
          .m = M, .d = D, .context = context, .q = Q, .first = first, .second = second, .outcome = outcome});
  crow_train_options options = linear_options();
  options.training.optimizer = CROW_OPTIMIZER_ADAM;
  options.adam.learning_rate = .02;
  options.adam.steps = 15;
  adam(options.objective.lambda, .02, 15, expected);
  static const char *const files[] = {"pairs.h5", "population.h5"};
  for (int k = 0; k < 2; k++) {
    crow_rewards rewards = fit(test_comm, test_path(files[k]), &options);
    CHECK(rewards.converged && !rewards.convergence_tested && rewards.iterations == 15);
    CHECK(strcmp(crow_rewards_end_text(&rewards), "all steps taken") == 0);
    for (int j = 0; j < T; j++) CHECK_NEAR(rewards.model.theta[j], expected[j], 1e-9);
    crow_rewards_free(&rewards);
  }
}

enum { MANY = 1200, Q = 1500 };

static void write_many(const char *path) {
  double *contexts = NULL, outcome[Q];
  int32_t first[Q], second[Q];
  uint32_t words[2 * Q];
  CHECK_OK(CROW_ALLOCATE(&contexts, MANY * 5));
  crow_random_normal(1, CROW_STREAM_TEST, 0, contexts, MANY * 5);
  crow_random_words(1, CROW_STREAM_TEST, 1, words, 2 * Q);
  for (int k = 0; k < Q; k++) {
    first[k] = (int32_t)(words[2 * k] % MANY);
    second[k] = (int32_t)((words[2 * k] % MANY + 1 + words[2 * k + 1] % (MANY - 1)) % MANY);
    outcome[k] = contexts[first[k] * 5] > contexts[second[k] * 5];
  }
  test_dataset_write(
      test_comm, path,
      &(test_dataset){
          .m = MANY, .d = 5, .context = contexts, .q = Q, .first = first, .second = second, .outcome = outcome});
  crow_free(contexts);
}

static void bits_do_not_depend_on_the_number_of_ranks(void) {
  crow_comm *alone = test_comm_alone();
  write_many(test_path("many.h5"));
  for (int k = 0; k < 4; k++) {
    crow_train_options options;
    crow_train_options_default(&options);
    options.model.model = k % 2 ? CROW_MODEL_MLP : CROW_MODEL_LINEAR;
    options.model.hidden = "24,9";
    options.model.activation = CROW_ACTIVATION_TANH;
    options.model.center = .1;
    options.training.optimizer = k / 2 ? CROW_OPTIMIZER_ADAM : CROW_OPTIMIZER_LBFGS;
    options.training.ensemble = 3;
    options.adam.batch = 700;
    options.adam.steps = 5;
    options.lbfgs.max_iterations = 6;
    crow_rewards one = fit(alone, test_path("many.h5"), &options);
    crow_rewards all = fit(test_comm, test_path("many.h5"), &options);
    const size_t bytes = (size_t)(3 * one.model.parameters) * sizeof(double);
    CHECK(memcmp(one.model.theta, all.model.theta, bytes) == 0);
    CHECK(one.objective == all.objective && one.optimality == all.optimality);
    double *value = test_gather(test_comm, &all.partition, all.value);
    double *spread = test_gather(test_comm, &all.partition, all.spread);
    CHECK(memcmp(value, one.value, MANY * sizeof(double)) == 0);
    CHECK(memcmp(spread, one.spread, MANY * sizeof(double)) == 0);
    CHECK(one.model.theta[0] != one.model.theta[one.model.parameters]);
    crow_free(value);
    crow_free(spread);
    crow_rewards_free(&one);
    crow_rewards_free(&all);
  }
  crow_comm_destroy(&alone);
}

/* The truth is the first coordinate: a network finds its direction in minibatches. */
static void a_network_learns_from_comparisons(void) {
  write_many(test_path("learn.h5"));
  crow_train_options options;
  crow_train_options_default(&options);
  options.model.model = CROW_MODEL_MLP;
  options.training.optimizer = CROW_OPTIMIZER_ADAM;
  options.training.ensemble = 2;
  options.adam.learning_rate = 2e-2;
  options.adam.steps = 60;
  crow_rewards rewards = fit(test_comm, test_path("learn.h5"), &options);
  double *value = test_gather(test_comm, &rewards.partition, rewards.value), *contexts = NULL;
  CHECK_OK(CROW_ALLOCATE(&contexts, MANY * 5));
  crow_random_normal(1, CROW_STREAM_TEST, 0, contexts, MANY * 5);
  int right = 0;
  for (int x = 0; x + 1 < MANY; x++) right += (value[x] > value[x + 1]) == (contexts[x * 5] > contexts[x * 5 + 5]);
  CHECK(right > .9 * MANY);
  crow_free(contexts);
  crow_free(value);
  crow_rewards_free(&rewards);
}

static void a_file_keeps_the_model(void) {
  crow_provenance *provenance = NULL;
  crow_dataset dataset = {0};
  crow_file *file = NULL;
  crow_train_options options = linear_options();
  double theta[2 * T], value[M], spread[M];
  write_population();
  options.training.ensemble = 2;
  options.training.optimizer = CROW_OPTIMIZER_ADAM;
  options.adam.steps = 3;
  crow_rewards rewards = fit(test_comm, test_path("population.h5"), &options);
  CHECK_OK(crow_provenance_create(test_comm, "test", &provenance));
  CHECK_OK(crow_dataset_open(test_comm, test_path("population.h5"), false, &dataset));
  CHECK_OK(crow_rewards_write(test_comm, test_path("rewards.h5"), true, &rewards, &dataset, provenance));
  CHECK_OK(crow_file_open(test_comm, test_path("rewards.h5"), "rewards", &file));
  CHECK_OK(crow_file_read(file, "/model/parameters", 0, 2, CROW_F64, theta));
  CHECK_OK(crow_file_read(file, "/rewards/value", 0, M, CROW_F64, value));
  CHECK_OK(crow_file_read(file, "/rewards/spread", 0, M, CROW_F64, spread));
  for (int x = 0; x < M; x++) {
    double r[2];
    for (int b = 0; b < 2; b++) {
      r[b] = theta[b * T] * context[x * D] + theta[b * T + 1] * context[x * D + 1] + theta[b * T + 2];
    }
    CHECK_NEAR(value[x], (r[0] + r[1]) / 2, 1e-14);
    CHECK_NEAR(spread[x], fabs(r[0] - r[1]) / sqrt(2), 1e-14);
  }
  crow_file_close(&file);
  crow_dataset_close(&dataset);
  crow_provenance_destroy(&provenance);
  crow_rewards_free(&rewards);
}

static void tabular_rewards_take_no_adam(void) {
  crow_train_options options;
  crow_train_options_default(&options);
  options.training.optimizer = CROW_OPTIMIZER_ADAM;
  CHECK_STATUS(crow_train_options_validate(&options), CROW_USAGE);
  CHECK_MESSAGE("--optimizer adam");
  crow_train_options_default(&options);
  options.training.ensemble = 2;
  CHECK_STATUS(crow_train_options_validate(&options), CROW_USAGE);
  CHECK_MESSAGE("--ensemble");
}

static void a_network_is_trained_by_adam_unless_told_otherwise(void) {
  crow_train_options options;
  crow_train_options_default(&options);
  CHECK(crow_train_optimizer(&options) == CROW_OPTIMIZER_LBFGS);
  options.model.model = CROW_MODEL_LINEAR;
  CHECK(crow_train_optimizer(&options) == CROW_OPTIMIZER_LBFGS);
  options.model.model = CROW_MODEL_MLP;
  CHECK(crow_train_optimizer(&options) == CROW_OPTIMIZER_ADAM);
  options.training.optimizer = CROW_OPTIMIZER_LBFGS;
  CHECK(crow_train_optimizer(&options) == CROW_OPTIMIZER_LBFGS);
}

static const crow_test tests[] = {
    {"a linear fit is that of Newton's method on the definition", a_linear_fit_is_newtons},
    {"Adam on all pairs takes the steps of its paper", adam_on_all_pairs_takes_the_papers_steps},
    {"bits do not depend on the number of ranks", bits_do_not_depend_on_the_number_of_ranks},
    {"a network learns from comparisons", a_network_learns_from_comparisons},
    {"a file keeps parameters, mean and spread", a_file_keeps_the_model},
    {"tabular rewards take no Adam and no ensemble", tabular_rewards_take_no_adam},
    {"a network is trained by Adam unless told otherwise", a_network_is_trained_by_adam_unless_told_otherwise},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "fits of reward models", tests, true); }
