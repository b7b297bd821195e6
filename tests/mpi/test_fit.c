/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of the paper, end to end through dataset files: Table 2's population with and without a clone of c. */
#include "fixture.h"

#define LN100 4.605170185988091368
#define LN10 2.302585092994045684

/* Alternatives a, b, c and c's clone; the contexts play no part, since weights are given. */
static const double context[] = {0, 0, 1, 0, 0, 1, 0, 1};
static const double prevalence[] = {.4, .3, .3};
static const double reward3[] = {LN100, LN10, 0, LN10, 0, LN100, 0, LN100, LN10};
static const double reward4[] = {LN100, LN10, 0, 0, LN10, 0, LN100, LN100, 0, LN100, LN10, LN10};

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* p(x > y) in the population, by its definition. */
static double p(const double *reward, int64_t m, int64_t x, int64_t y) {
  double sum = 0;
  for (int k = 0; k < 3; k++) sum += prevalence[k] * sigmoid(reward[k * m + x] - reward[k * m + y]);
  return sum;
}

typedef struct fitted {
  double *value, *win_rate, *fitted, *weight;
  crow_rewards rewards;
} fitted;

static fitted fit(const crow_comm *comm, const char *path, const crow_weights *weights,
                  const crow_train_options *options) {
  fitted f = {0};
  crow_dataset dataset = {0};
  CHECK_OK(crow_dataset_open(comm, path, false, &dataset));
  CHECK_OK(crow_rewards_fit(comm, &dataset, weights, options, &f.rewards));
  const crow_partition *slice = &f.rewards.partition;
  f.value = test_gather(comm, slice, f.rewards.value);
  f.weight = test_gather(comm, slice, f.rewards.weight);
  f.win_rate = test_gather(comm, slice, f.rewards.win_rate);
  f.fitted = test_gather(comm, slice, f.rewards.fitted_win_rate);
  crow_dataset_close(&dataset);
  return f;
}

static void fitted_free(fitted *f) {
  crow_free(f->value);
  crow_free(f->weight);
  crow_free(f->win_rate);
  crow_free(f->fitted);
  crow_rewards_free(&f->rewards);
}

static crow_train_options defaults(double lambda) {
  crow_train_options options;
  crow_train_options_default(&options);
  options.objective.lambda = lambda;
  return options;
}

static void write_population(const char *path, int64_t m) {
  const test_dataset t = {
      .m = m, .d = 2, .context = context, .types = 3, .prevalence = prevalence, .reward = m == 3 ? reward3 : reward4};
  test_dataset_write(test_comm, path, &t);
}

static void read_weights(int64_t m, const double *value, crow_weights *out) {
  test_weights_write(test_comm, test_path("given.h5"), m, value);
  CHECK_OK(crow_weights_read(test_comm, test_path("given.h5"), &(crow_dataset){.alternatives = m}, out));
}

static void the_standard_mle_flips_when_a_clone_joins(void) {
  const double without[] = {.118725, 0, -.118725}, with[] = {.040173, .138459, -.089316, -.089316};
  for (int64_t m = 3; m <= 4; m++) {
    crow_weights weights;
    write_population(test_path("population.h5"), m);
    CHECK_OK(crow_weights_uniform(test_comm, m, &weights));
    /* Eq. 2 with w = 1/m is Eq. 1 with lambda_1 = m lambda_2. */
    const crow_train_options options = defaults(.01 / (double)m);
    fitted f = fit(test_comm, test_path("population.h5"), &weights, &options);
    CHECK(f.rewards.converged && f.rewards.optimality <= 1e-8);
    for (int64_t x = 0; x < m; x++) CHECK_NEAR(f.value[x], (m == 3 ? without : with)[x], 1e-6);
    fitted_free(&f);
    crow_weights_free(&weights);
  }
}

static void the_weighted_mle_does_not_change_when_a_clone_joins(void) {
  const double expected[] = {.115651, 0, -.115651, -.115651};
  const double w3[] = {1. / 3, 1. / 3, 1. / 3}, w4[] = {1. / 3, 1. / 3, 1. / 6, 1. / 6};
  for (int64_t m = 3; m <= 4; m++) {
    crow_weights weights;
    write_population(test_path("population.h5"), m);
    read_weights(m, m == 3 ? w3 : w4, &weights);
    const crow_train_options options = defaults(.01);
    fitted f = fit(test_comm, test_path("population.h5"), &weights, &options);
    CHECK(f.rewards.converged && f.rewards.optimality <= 1e-8);
    for (int64_t x = 0; x < m; x++) CHECK_NEAR(f.value[x], expected[x], 1e-6);
    fitted_free(&f);
    crow_weights_free(&weights);
  }
}

/* Borda counts are m times the uniform win rates, p(x>x) = 1/2 included. */
static void win_rates_are_the_papers_borda_counts(void) {
  const double three[] = {1.589919, 1.5, 1.410081}, four[] = {2.040504, 2.139334, 1.910081, 1.910081};
  for (int64_t m = 3; m <= 4; m++) {
    crow_weights weights;
    write_population(test_path("population.h5"), m);
    CHECK_OK(crow_weights_uniform(test_comm, m, &weights));
    const crow_train_options options = defaults(.01);
    fitted f = fit(test_comm, test_path("population.h5"), &weights, &options);
    for (int64_t x = 0; x < m; x++) CHECK_NEAR(f.win_rate[x] * (double)m, (m == 3 ? three : four)[x], 1e-6);
    fitted_free(&f);
    crow_weights_free(&weights);
  }
}

/* Theorem 4.2 recomputed from the definition, and Theorem 2.3 in its corrected form (lambda / m, the erratum in
 * src/README.md). */
static void rewards_solve_the_optimality_equation(void) {
  crow_weights weights;
  write_population(test_path("population.h5"), 3);
  CHECK_OK(crow_weights_uniform(test_comm, 3, &weights));
  const crow_train_options options = defaults(.01 / 3);
  fitted f = fit(test_comm, test_path("population.h5"), &weights, &options);
  for (int x = 0; x < 3; x++) {
    double win = 0, predicted = 0;
    for (int y = 0; y < 3; y++) {
      win += p(reward3, 3, x, y) / 3;
      predicted += sigmoid(f.value[x] - f.value[y]) / 3;
    }
    CHECK_NEAR(win, .01 / 3 * f.value[x] + predicted, 1e-8);
    CHECK_NEAR(f.win_rate[x], win, 1e-12);
    CHECK_NEAR(f.fitted[x], predicted, 1e-12);
    /* The printed form, with lambda in place of lambda / m, is off by lambda |r| 2/3 = 7.9e-4. */
    if (f.value[x] > .1) CHECK_NEAR(fabs(win - .01 * f.value[x] - predicted), 7.9e-4, 1e-5);
  }
  fitted_free(&f);
  crow_weights_free(&weights);
}

enum { M = 5 };

static double reward5[3 * M];
static void write_three_sources(const double *contexts) {
  static double matrix[M * M], outcome[M * (M - 1) / 2];
  static int32_t first[M * (M - 1) / 2], second[M * (M - 1) / 2];
  for (uint64_t k = 0; k < 3; k++) crow_random_normal(3, CROW_STREAM_TEST, k, reward5 + k * M, M);
  int64_t q = 0;
  for (int32_t x = 0; x < M; x++) {
    for (int32_t y = 0; y < M; y++) {
      matrix[x * M + y] = x == y ? .5 : x < y ? p(reward5, M, x, y) : 1 - p(reward5, M, y, x);
      if (x >= y) continue;
      /* Every other comparison is given the other way round. */
      first[q] = q % 2 ? y : x;
      second[q] = q % 2 ? x : y;
      outcome[q] = q % 2 ? 1 - matrix[x * M + y] : matrix[x * M + y];
      q++;
    }
  }
  const test_dataset base = {.m = M, .d = 1, .context = contexts};
  test_dataset t = base;
  t.q = q;
  t.first = first;
  t.second = second;
  t.outcome = outcome;
  test_dataset_write(test_comm, test_path("comparisons.h5"), &t);
  t = base;
  t.matrix = matrix;
  test_dataset_write(test_comm, test_path("matrix.h5"), &t);
  t = base;
  t.types = 3;
  t.prevalence = prevalence;
  t.reward = reward5;
  test_dataset_write(test_comm, test_path("population.h5"), &t);
}

static void the_three_sources_give_the_same_rewards(void) {
  const double contexts[M] = {.1, .3, .35, .7, 1.9};
  write_three_sources(contexts);
  for (int kind = 0; kind < 3; kind++) {
    crow_weights weights;
    crow_dataset dataset = {0};
    const double given[M] = {.1, .2, .3, .4, 0};
    crow_weights_options weights_options;
    crow_weights_options_default(&weights_options);
    weights_options.samples = 2000;
    CHECK_OK(crow_dataset_open(test_comm, test_path("population.h5"), false, &dataset));
    if (kind == 0) CHECK_OK(crow_weights_uniform(test_comm, M, &weights));
    if (kind == 1) read_weights(M, given, &weights);
    if (kind == 2) CHECK_OK(crow_weights_compute(test_comm, &dataset, &weights_options, &weights));
    crow_dataset_close(&dataset);
    crow_train_options options = defaults(.02);
    options.lbfgs.tolerance = 1e-12;
    fitted population = fit(test_comm, test_path("population.h5"), &weights, &options);
    fitted matrix = fit(test_comm, test_path("matrix.h5"), &weights, &options);
    fitted comparisons = fit(test_comm, test_path("comparisons.h5"), &weights, &options);
    for (int x = 0; x < M; x++) {
      CHECK_NEAR(matrix.value[x], population.value[x], 1e-9);
      CHECK_NEAR(comparisons.value[x], population.value[x], 1e-9);
      CHECK_NEAR(matrix.win_rate[x], population.win_rate[x], 1e-12);
      CHECK_NEAR(comparisons.win_rate[x], population.win_rate[x], 1e-12);
      CHECK_NEAR(comparisons.fitted[x], population.fitted[x], 1e-9);
    }
    fitted_free(&population);
    fitted_free(&matrix);
    fitted_free(&comparisons);
    crow_weights_free(&weights);
  }
}

/* Corollary 4.3: on complete preferences the rewards order the alternatives as their weighted win rates do. */
static void rewards_order_as_win_rates_do(void) {
  const double contexts[M] = {0}, given[M] = {.1, .2, .3, .4, 0};
  crow_weights weights;
  write_three_sources(contexts);
  read_weights(M, given, &weights);
  const crow_train_options options = defaults(.05);
  fitted f = fit(test_comm, test_path("population.h5"), &weights, &options);
  for (int x = 0; x < M; x++) {
    for (int y = 0; y < M; y++) CHECK((f.value[x] > f.value[y]) == (f.win_rate[x] > f.win_rate[y]));
  }
  fitted_free(&f);
  crow_weights_free(&weights);
}

enum { MANY = 1500, COMPARISONS = 6000 };

static void write_many(const crow_comm *comm, const char *path) {
  static double contexts[MANY * 3], outcome[COMPARISONS];
  static int32_t first[COMPARISONS], second[COMPARISONS];
  for (uint64_t i = 0; i < MANY; i++) crow_random_uniform(8, CROW_STREAM_TEST, i, contexts + 3 * i, 3);
  for (uint64_t k = 0; k < COMPARISONS; k++) {
    uint32_t words[3];
    crow_random_words(9, CROW_STREAM_TEST, k, words, 3);
    first[k] = (int32_t)(words[0] % MANY);
    second[k] = (int32_t)((words[0] % MANY + 1 + words[1] % (MANY - 1)) % MANY);
    outcome[k] = .5 * (words[2] % 3);
  }
  const test_dataset t = {
      .m = MANY, .d = 3, .context = contexts, .q = COMPARISONS, .first = first, .second = second, .outcome = outcome};
  test_dataset_write(comm, path, &t);
}

static void rewards_have_the_same_bits_on_any_number_of_ranks(void) {
  crow_comm *alone = test_comm_alone();
  const crow_comm *comms[2] = {test_comm, alone};
  fitted f[2];
  char path[2][600];
  for (int c = 0; c < 2; c++) {
    crow_weights weights;
    crow_weights_options weights_options;
    crow_dataset dataset = {0};
    (void)snprintf(path[c], sizeof path[c], "%s/many-%d-%d.h5", test_folder(), c, c ? crow_comm_rank(test_comm) : 0);
    write_many(comms[c], path[c]);
    crow_weights_options_default(&weights_options);
    weights_options.samples = 3000; /* leaves some weights zero, where the exact ones would not be */
    weights_options.nearest.engine = CROW_NEAREST_TREE;
    CHECK_OK(crow_dataset_open(comms[c], path[c], false, &dataset));
    CHECK_OK(crow_weights_compute(comms[c], &dataset, &weights_options, &weights));
    crow_dataset_close(&dataset);
    const crow_train_options options = defaults(.01);
    f[c] = fit(comms[c], path[c], &weights, &options);
    CHECK(f[c].rewards.converged);
    CHECK(f[c].rewards.zero_weights > 0);
    crow_weights_free(&weights);
  }
  const size_t bytes = MANY * sizeof(double);
  CHECK(memcmp(f[0].value, f[1].value, bytes) == 0);
  CHECK(memcmp(f[0].weight, f[1].weight, bytes) == 0);
  CHECK(memcmp(f[0].win_rate, f[1].win_rate, bytes) == 0);
  CHECK(memcmp(f[0].fitted, f[1].fitted, bytes) == 0);
  CHECK(f[0].rewards.objective == f[1].rewards.objective && f[0].rewards.optimality == f[1].rewards.optimality);
  CHECK(f[0].rewards.iterations == f[1].rewards.iterations);
  for (int c = 0; c < 2; c++) fitted_free(&f[c]);
  crow_comm_destroy(&alone);
}

/* Stops after every iteration, the last rank alone being told to. */
static void a_fit_stopped_again_and_again_gives_the_same_bits(void) {
  const crow_checkpoint_options checkpoint_options = {NULL, 0, 0, false};
  const crow_train_options options = defaults(.01);
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_rewards rewards = {0};
  crow_status status = CROW_STOPPED;
  int stops = 0;
  write_many(test_comm, test_path("stopped.h5"));
  CHECK_OK(crow_weights_uniform(test_comm, MANY, &weights));
  fitted whole = fit(test_comm, test_path("stopped.h5"), &weights, &options);
  CHECK_OK(crow_dataset_open(test_comm, test_path("stopped.h5"), false, &dataset));
  for (; status == CROW_STOPPED && stops < 1000; stops += status == CROW_STOPPED) {
    crow_checkpoint *checkpoint = NULL;
    crow_weights again = {0};
    bool found = false;
    CHECK_OK(crow_checkpoint_create(test_comm, &checkpoint_options, test_path("stopped-rewards.h5"), &checkpoint));
    CHECK_OK(crow_checkpoint_match_settings(checkpoint, crow_objective_settings, &options.objective));
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    CHECK(found == (stops > 0));
    if (found)
      CHECK_OK(crow_weights_load(test_comm, checkpoint, MANY, &again));
    else
      CHECK_OK(crow_weights_uniform(test_comm, MANY, &again));
    if (crow_comm_rank(test_comm) == crow_comm_size(test_comm) - 1) crow_stop_request(10);
    status = crow_rewards_fit_from(test_comm, &dataset, &again, &options, checkpoint, &rewards);
    crow_stop_clear();
    if (status == CROW_OK) CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
    crow_weights_free(&again);
  }
  CHECK_OK(status);
  CHECK(stops >= 3);
  const size_t bytes = (size_t)rewards.partition.count * sizeof(double);
  CHECK(bytes == 0 || memcmp(rewards.value, whole.rewards.value, bytes) == 0);
  CHECK(rewards.optimality == whole.rewards.optimality && rewards.iterations == whole.rewards.iterations);
  const crow_trace *trace = &rewards.trace, *expected = &whole.rewards.trace;
  CHECK(trace->count == expected->count);
  CHECK(memcmp(trace->entry, expected->entry, 2 * (size_t)expected->count * sizeof(double)) == 0);
  crow_rewards_free(&rewards);
  crow_dataset_close(&dataset);
  fitted_free(&whole);
  crow_weights_free(&weights);
}

/* At r = 0 every p(x>y) log sigma(0) is -p log 2, so f = log 2 / 2 with weights that sum to 1. */
static void the_trace_goes_from_the_start_to_the_result(void) {
  crow_weights weights;
  write_population(test_path("population.h5"), 3);
  CHECK_OK(crow_weights_uniform(test_comm, 3, &weights));
  const crow_train_options options = defaults(.01);
  fitted f = fit(test_comm, test_path("population.h5"), &weights, &options);
  const crow_trace *trace = &f.rewards.trace;
  CHECK(trace->count == f.rewards.iterations + 1 && trace->count > 2);
  CHECK_NEAR(trace->entry[0], log(2) / 2, 1e-12);
  double largest = 0, least = trace->entry[1];
  for (int x = 0; x < 3; x++) largest = fmax(largest, fabs(f.win_rate[x] - .5));
  CHECK_NEAR(trace->entry[1], largest, 1e-12);
  bool found = false;
  for (int64_t k = 0; k < trace->count; k++) {
    found = found || (trace->entry[2 * k] == f.rewards.objective && trace->entry[2 * k + 1] == f.rewards.optimality);
    least = fmin(least, trace->entry[2 * k + 1]);
  }
  CHECK(found && least == f.rewards.optimality);
  fitted_free(&f);
  crow_weights_free(&weights);
}

/* Sparse pairs and a small lambda take dozens of iterations, so the variables are rescaled on the way; a gradient that
 * did not follow would end at a rounding floor or need hundreds. */
static void small_lambdas_converge_in_few_evaluations(void) {
  crow_weights weights;
  write_many(test_comm, test_path("small.h5"));
  CHECK_OK(crow_weights_uniform(test_comm, MANY, &weights));
  for (double lambda = 1e-3; lambda > 5e-6; lambda /= 10) {
    const crow_train_options options = defaults(lambda);
    fitted f = fit(test_comm, test_path("small.h5"), &weights, &options);
    CHECK(f.rewards.converged && f.rewards.optimality <= 1e-8);
    CHECK(f.rewards.evaluations < 250);
    fitted_free(&f);
  }
  crow_weights_free(&weights);
}

/* Complete preferences of more than a block of alternatives, half of them without weight. */
static void limit_rewards_have_the_same_bits_on_any_number_of_ranks(void) {
  static double contexts[MANY], value[MANY], reward[3 * MANY];
  crow_comm *alone = test_comm_alone();
  const crow_comm *comms[2] = {test_comm, alone};
  fitted f[2];
  double sum = 0;
  for (uint64_t k = 0; k < 3; k++) crow_random_normal(21, CROW_STREAM_TEST, k, reward + k * MANY, MANY);
  crow_random_uniform(22, CROW_STREAM_TEST, 0, value, MANY);
  for (int i = 0; i < MANY; i++) sum += value[i] = value[i] < .5 ? 0 : value[i];
  for (int i = 0; i < MANY; i++) value[i] /= sum;
  for (int c = 0; c < 2; c++) {
    char path[2][600];
    crow_weights weights;
    const int own = c ? crow_comm_rank(test_comm) : 0;
    const test_dataset t = {
        .m = MANY, .d = 1, .context = contexts, .types = 3, .prevalence = prevalence, .reward = reward};
    (void)snprintf(path[0], sizeof path[0], "%s/limit-%d-%d.h5", test_folder(), c, own);
    (void)snprintf(path[1], sizeof path[1], "%s/limit-weights-%d-%d.h5", test_folder(), c, own);
    test_dataset_write(comms[c], path[0], &t);
    test_weights_write(comms[c], path[1], MANY, value);
    CHECK_OK(crow_weights_read(comms[c], path[1], &(crow_dataset){.alternatives = MANY}, &weights));
    const crow_train_options options = defaults(.01);
    f[c] = fit(comms[c], path[0], &weights, &options);
    CHECK(f[c].rewards.zero_weights > 500);
    crow_weights_free(&weights);
  }
  CHECK(memcmp(f[0].value, f[1].value, MANY * sizeof(double)) == 0);
  CHECK(memcmp(f[0].fitted, f[1].fitted, MANY * sizeof(double)) == 0);
  for (int c = 0; c < 2; c++) fitted_free(&f[c]);
  crow_comm_destroy(&alone);
}

static void an_iteration_limit_is_marked_not_an_error(void) {
  crow_weights weights;
  write_population(test_path("population.h5"), 3);
  CHECK_OK(crow_weights_uniform(test_comm, 3, &weights));
  crow_train_options options = defaults(.01);
  options.lbfgs.max_iterations = 1;
  options.lbfgs.tolerance = 1e-14;
  fitted f = fit(test_comm, test_path("population.h5"), &weights, &options);
  CHECK(!f.rewards.converged && f.rewards.end == CROW_LBFGS_MAX_ITERATIONS && f.rewards.optimality > 1e-14);
  fitted_free(&f);
  crow_weights_free(&weights);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"the standard MLE flips when a clone joins", the_standard_mle_flips_when_a_clone_joins},
      {"the weighted MLE does not change when a clone joins", the_weighted_mle_does_not_change_when_a_clone_joins},
      {"win rates are the paper's Borda counts", win_rates_are_the_papers_borda_counts},
      {"rewards solve the optimality equation", rewards_solve_the_optimality_equation},
      {"the three sources give the same rewards", the_three_sources_give_the_same_rewards},
      {"rewards order as win rates do", rewards_order_as_win_rates_do},
      {"rewards have the same bits on any number of ranks", rewards_have_the_same_bits_on_any_number_of_ranks},
      {"a fit stopped again and again gives the same bits", a_fit_stopped_again_and_again_gives_the_same_bits},
      {"the trace goes from the start to the result", the_trace_goes_from_the_start_to_the_result},
      {"small lambdas converge in few evaluations", small_lambdas_converge_in_few_evaluations},
      {"limit rewards have the same bits on any number of ranks",
       limit_rewards_have_the_same_bits_on_any_number_of_ranks},
      {"an iteration limit is marked, not an error", an_iteration_limit_is_marked_not_an_error},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "fit", tests, true);
}
