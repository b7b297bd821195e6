/* SPDX-License-Identifier: Apache-2.0 */
/* What sampling does to rewards, of hits made by hand: the squared responses to each batch's change, summed, their
 * root, median and largest. */
#include "fixture.h"

#include "rewards/rewards_impl.h"
#include <stdlib.h>

enum { M = 9, TYPES = 2, Q = 60, BATCHES = CROW_HIT_BATCHES };
enum { POPULATION, MATRIX, COMPARISONS, SOURCES };

static double context[3 * M], matrix[M * M], prevalence[TYPES] = {.6, .4}, liking[TYPES * M], outcome[Q];
static int32_t first[Q], second[Q];
static int64_t batch_hits[BATCHES * M + 1], hits[M];
static double weight[M];

static double draw(int64_t k) {
  double u;
  crow_random_uniform(61, CROW_STREAM_TEST, (uint64_t)k, &u, 1);
  return u;
}

/* p(x > y) of complete preferences. */
static double preference(int source, int64_t x, int64_t y) {
  double p = 0;
  if (source == MATRIX) return matrix[x * M + y];
  for (int t = 0; t < TYPES; t++) p += prevalence[t] / (1 + exp(liking[t * M + y] - liking[t * M + x]));
  return p;
}

/* Nobody compared the last alternative, which has some weight; the first has none. */
static void open_dataset(int source, crow_dataset *dataset) {
  for (int k = 0; k < 3 * M; k++) context[k] = draw(k);
  for (int k = 0; k < TYPES * M; k++) liking[k] = 4 * draw(100 + k) - 2;
  for (int x = 0; x < M; x++) {
    for (int y = 0; y <= x; y++) {
      matrix[x * M + y] = x == y ? .5 : .1 + .8 * draw(200 + x * M + y);
      matrix[y * M + x] = 1 - matrix[x * M + y];
    }
  }
  for (int q = 0; q < Q; q++) {
    first[q] = q % (M - 1);
    second[q] = (first[q] + 1 + q / (M - 1) % (M - 2)) % (M - 1);
    outcome[q] = draw(400 + q) < .6;
  }
  test_dataset t = {.m = M, .d = 3, .context = context};
  if (source == POPULATION) {
    t.types = TYPES;
    t.prevalence = prevalence;
    t.reward = liking;
  } else if (source == MATRIX) {
    t.matrix = matrix;
  } else {
    t.q = Q;
    t.first = first;
    t.second = second;
    t.outcome = outcome;
  }
  test_dataset_write(test_comm, test_path("dataset.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("dataset.h5"), true, dataset));
}

static crow_weights make_weights(void) {
  int64_t total = 0;
  memset(hits, 0, sizeof hits);
  for (int b = 0; b < BATCHES; b++) {
    for (int x = 0; x < M; x++) {
      batch_hits[b * M + x] = x == 0 ? 0 : (int64_t)(20 * draw(600 + b * M + x) + 5 * x) * CROW_HIT_UNIT;
      hits[x] += batch_hits[b * M + x];
      total += batch_hits[b * M + x];
    }
  }
  for (int x = 0; x < M; x++) weight[x] = (double)hits[x] / (double)total;
  return (crow_weights){.partition = crow_comm_partition(test_comm, M, CROW_BLOCK),
                        .value = weight,
                        .hits = hits,
                        .batch_hits = batch_hits,
                        .samples = total / CROW_HIT_UNIT,
                        .zeros = 1};
}

typedef struct asked {
  const crow_weights *weights;
  int source;
} asked;

static crow_status take(void *context_of_take, int64_t from, int64_t columns, double *relative, double *win_rate) {
  const asked *a = context_of_take;
  bool known = false;
  CHECK_OK(crow_weights_changes(test_comm, a->weights, from, columns, relative, &known));
  CHECK(known);
  for (int64_t c = 0; win_rate && c < columns; c++) {
    for (int x = 0; x < M; x++) {
      win_rate[c * M + x] = 0;
      for (int y = 0; y < M; y++)
        win_rate[c * M + x] += weight[y] * (1 + relative[c * M + y]) * preference(a->source, x, y);
    }
  }
  return CROW_OK;
}

static void find_squares(int source, const crow_dataset *dataset, const crow_weights *weights,
                         const crow_train_options *options, int64_t batches, const double *reward, double *squares) {
  const asked a = {weights, source};
  const crow_weight_changes changes = {batches, take, (void *)(uintptr_t)&a};
  double rate[M] = {0};
  crow_pairs pairs = {0};
  crow_objective *o = NULL;
  for (int x = 0; x < M; x++) {
    for (int y = 0; y < M; y++) rate[x] += weight[y] * preference(source, x, y);
  }
  if (source == COMPARISONS) CHECK_OK(crow_pairs_create(test_comm, M, Q, first, second, outcome, NULL, &pairs));
  CHECK_OK(source == COMPARISONS ? crow_objective_create_pairs(test_comm, &options->objective, weights, &pairs, &o)
                                 : crow_objective_create_complete(test_comm, &options->objective, weights, rate, &o));
  CHECK_OK(crow_objective_respond(o, reward, &changes, squares));
  crow_objective_destroy(&o);
  crow_pairs_free(&pairs);
  (void)dataset;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void expect_error(int source, const crow_sampling_error *found, const double *squares) {
  double known[M], largest = 0;
  int count = 0, at = 0;
  CHECK(found->value != NULL);
  for (int x = 0; x < M && found->value; x++) {
    CHECK(isnan(found->value[x]) == (source == COMPARISONS && x == M - 1));
    if (isnan(found->value[x])) continue;
    CHECK_NEAR(found->value[x], sqrt(squares[x]), 1e-9);
    known[count++] = found->value[x];
    if (found->value[x] > largest) at = x;
    largest = fmax(largest, found->value[x]);
  }
  qsort(known, (size_t)count, sizeof *known, by_size);
  CHECK(found->largest == largest && found->at == at && largest > 0);
  CHECK(found->median == known[(count - 1) / 2]); /* of an even number the lower one */
}

static void errors_are_the_responses_to_batches(void) {
  for (int source = 0; source < SOURCES; source++) {
    crow_dataset dataset = {0};
    crow_train_options options;
    crow_rewards rewards;
    double squares[M];
    const crow_weights weights = make_weights();
    crow_train_options_default(&options);
    options.objective.lambda = .2;
    options.sampling_error = true;
    open_dataset(source, &dataset);
    CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
    CHECK(rewards.converged && rewards.source == (source == COMPARISONS ? CROW_SOURCE_COMPARISONS
                                                  : source == MATRIX    ? CROW_SOURCE_MATRIX
                                                                        : CROW_SOURCE_POPULATION));
    find_squares(source, &dataset, &weights, &options, BATCHES, rewards.value, squares);
    expect_error(source, &rewards.sampling_error, squares);
    /* Anew, of the same and of fewer batches. */
    for (int64_t batches = BATCHES; batches >= 3; batches -= BATCHES - 3) {
      crow_sampling_error_free(&rewards.sampling_error);
      CHECK(!rewards.sampling_error.value);
      CHECK_OK(crow_sampling_error_add(test_comm, &dataset, &weights, &options, batches, &rewards));
      find_squares(source, &dataset, &weights, &options, batches, rewards.value, squares);
      expect_error(source, &rewards.sampling_error, squares);
    }
    crow_rewards_free(&rewards);
    crow_dataset_close(&dataset);
  }
}

static void without_batches_there_are_none(void) {
  for (int turn = 0; turn < 3; turn++) {
    crow_dataset dataset = {0};
    crow_train_options options;
    crow_rewards rewards;
    crow_weights weights = make_weights();
    crow_train_options_default(&options);
    options.sampling_error = turn != 1;
    if (turn == 0) weights.batch_hits = NULL;
    double rate[M] = {0};
    open_dataset(POPULATION, &dataset);
    for (int x = 0; x < M; x++) {
      for (int y = 0; y < M; y++) rate[x] += weight[y] * preference(POPULATION, x, y);
    }
    CHECK_OK(turn == 2 ? crow_rewards_fit_complete(test_comm, &weights, rate, &options, &rewards)
                       : crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
    CHECK(!rewards.sampling_error.value && rewards.sampling_error.largest == 0 && rewards.converged);
    crow_rewards_free(&rewards);
    crow_dataset_close(&dataset);
  }
}

/* A fit from memory is that of the dataset, and from its own rewards it takes no iteration. */
static void fits_from_memory_and_from_a_start(void) {
  crow_dataset dataset = {0};
  crow_train_options options;
  crow_rewards whole, memory, again;
  const crow_weights weights = make_weights();
  double rate[M] = {0};
  crow_train_options_default(&options);
  options.objective.lambda = .3;
  open_dataset(MATRIX, &dataset);
  for (int x = 0; x < M; x++) {
    for (int y = 0; y < M; y++) rate[x] += weight[y] * preference(MATRIX, x, y);
  }
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &whole));
  CHECK_OK(crow_rewards_fit_complete(test_comm, &weights, rate, &options, &memory));
  options.start = whole.value;
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &again));
  CHECK(whole.iterations > 0 && again.iterations == 0 && again.converged && again.evaluations <= 2);
  for (int x = 0; x < M; x++) {
    double sum = .3 * whole.value[x] - rate[x];
    for (int y = 0; y < M; y++) sum += weight[y] / (1 + exp(whole.value[y] - whole.value[x]));
    CHECK_NEAR(sum, 0, 1e-7);
    CHECK_NEAR(memory.value[x], whole.value[x], 1e-6);
    if (weight[x] > 0) CHECK(again.value[x] == whole.value[x]);
    CHECK_NEAR(whole.win_rate[x], rate[x], 1e-14);
    CHECK_NEAR(whole.fitted_win_rate[x], rate[x] - .3 * whole.value[x], 1e-7);
    CHECK(whole.weight[x] == weight[x]);
  }
  CHECK(whole.lambda == .3 && whole.zero_weights == 1 && whole.unknown == 0 && whole.pair_scale == 1);
  CHECK(whole.violation <= 1e-7 && crow_rewards_bound(&whole) == whole.violation / .3);
  options.model.model = CROW_MODEL_LINEAR;
  options.start = NULL;
  crow_rewards refused;
  CHECK_STATUS(crow_rewards_fit_complete(test_comm, &weights, rate, &options, &refused), CROW_USAGE);
  CHECK_MESSAGE("preferences without contexts: expected a tabular model");
  CHECK(!refused.value);
  crow_rewards_free(&whole);
  crow_rewards_free(&memory);
  crow_rewards_free(&again);
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"errors are the responses to batches", errors_are_the_responses_to_batches},
                                    {"without batches there are none", without_batches_there_are_none},
                                    {"fits from memory and from a start", fits_from_memory_and_from_a_start},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "sampling errors of rewards", tests, true);
}
