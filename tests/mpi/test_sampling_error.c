/* SPDX-License-Identifier: Apache-2.0 */
/* What the sampling of the weights does to rewards: hits by batch, the response to changes of the weights, and the
 * standard errors against the spread over seeds. */
#include "fixture.h"
#include "rewards/rewards_impl.h"
#include <stdlib.h>

enum { BATCHES = CROW_HIT_BATCHES };

/* ---- datasets ------------------------------------------------------------------------------------------------- */

typedef enum kind { POPULATION, MATRIX, COMPARISONS, PROMPTS, KINDS } kind;
enum { D = 4, MOST = 1200, EACH = 6 };

static double uniform(uint64_t stream, uint64_t k) {
  double u;
  crow_random_uniform(stream, CROW_STREAM_TEST, k, &u, 1);
  return u;
}

/* m alternatives in four dimensions. Prompts come in stretches of m / 6. */
static void write_dataset(const crow_comm *comm, const char *path, kind what, int64_t m) {
  static const double prevalence[2] = {.6, .4};
  static const char *const names[6] = {"p0", "p1", "p2", "p3", "p4", "p5"};
  static double context[MOST * D], reward[2 * MOST], outcome[MOST * EACH];
  static int32_t first[MOST * EACH], second[MOST * EACH];
  static const char *prompt[MOST];
  double *matrix = NULL;
  const bool compared = what == COMPARISONS || what == PROMPTS;
  test_dataset t = {.m = m, .d = D, .context = context};
  for (int64_t x = 0; x < m; x++) {
    crow_random_uniform(31, CROW_STREAM_TEST, (uint64_t)x, context + x * D, D);
    reward[x] = 4 * uniform(32, (uint64_t)x) - 2;
    reward[m + x] = 3 * uniform(33, (uint64_t)x) - 1;
    prompt[x] = names[x * 6 / m];
  }
  for (int64_t k = 0; k < EACH * m && compared; k++) {
    const int64_t x = k % m;
    int64_t y = (x + 1 + (int64_t)(uniform(34, (uint64_t)k) * (double)(m - 1))) % m;
    if (what == PROMPTS) { /* another of the same prompt */
      const int64_t size = m / 6, begin = x / size * size;
      y = begin + (x - begin + 1 + (int64_t)(uniform(34, (uint64_t)k) * (double)(size - 1))) % size;
    }
    first[k] = (int32_t)x;
    second[k] = (int32_t)y;
    outcome[k] = uniform(35, (uint64_t)k) < 1 / (1 + exp(reward[y] - reward[x]));
  }
  if (what == MATRIX) CHECK_OK(CROW_ALLOCATE(&matrix, m * m));
  for (int64_t x = 0; x < m && matrix; x++) {
    for (int64_t y = 0; y < m; y++) {
      const double p = x < y ? uniform(36, (uint64_t)(x * m + y)) : uniform(36, (uint64_t)(y * m + x));
      matrix[x * m + y] = x == y ? .5 : x < y ? p : 1 - p;
    }
  }
  t.matrix = matrix;
  if (what == PROMPTS) t.prompt = prompt;
  if (compared) {
    t.q = EACH * m;
    t.first = first;
    t.second = second;
    t.outcome = outcome;
  } else if (!matrix) {
    t.types = 2;
    t.prevalence = prevalence;
    t.reward = reward;
  }
  test_dataset_write(comm, path, &t);
  crow_free(matrix);
}

static const char *path_of(const crow_comm *comm, kind what, int64_t m) {
  static char path[2][600];
  const int alone = comm != test_comm;
  (void)snprintf(path[alone], sizeof path[alone], "%s/d-%d-%lld-%d.h5", test_folder(), (int)what, (long long)m,
                 alone ? crow_comm_rank(test_comm) : -1);
  return path[alone];
}

static crow_weights_options sampling_options(int64_t samples, int64_t seed) {
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.samples = samples;
  options.space.space = "box";
  options.space.seed = seed;
  return options;
}

static crow_train_options fit_options(double lambda) {
  crow_train_options options;
  crow_train_options_default(&options);
  options.objective.lambda = lambda;
  options.sampling_error = true;
  return options;
}

/* ---- hits by batch -------------------------------------------------------------------------------------------- */

static void add_nearest(const double *context, int64_t m, const double *point, int64_t *hits) {
  double least = (double)INFINITY;
  int64_t at = 0;
  for (int64_t x = 0; x < m; x++) {
    double square = 0;
    for (int k = 0; k < D; k++) square += (context[x * D + k] - point[k]) * (context[x * D + k] - point[k]);
    if (square < least) {
      least = square;
      at = x;
    }
  }
  hits[at] += CROW_HIT_UNIT;
}

/* Independent sample i is of batch i modulo the batches: counted by brute force. */
static void independent_samples_go_to_batches_in_turn(void) {
  enum { M = 700, SAMPLES = 1003 };
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_space *space = NULL;
  crow_weights_options options = sampling_options(SAMPLES, 3);
  options.draws = CROW_DRAWS_INDEPENDENT;
  options.space.space = "cube";
  write_dataset(test_comm, path_of(test_comm, POPULATION, M), POPULATION, M);
  CHECK_OK(crow_dataset_open(test_comm, path_of(test_comm, POPULATION, M), false, &dataset));
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
  CHECK_OK(crow_space_create(test_comm, &options.space, &dataset, &space));
  static double context[M * D], point[SAMPLES * D];
  static int64_t expected[BATCHES][M];
  memset(expected, 0, sizeof expected);
  for (uint64_t x = 0; x < M; x++) crow_random_uniform(31, CROW_STREAM_TEST, x, context + x * D, D);
  CHECK_OK(crow_space_sample(space, 0, SAMPLES, SAMPLES, point));
  for (int64_t i = 0; i < SAMPLES; i++) add_nearest(context, M, point + i * D, expected[i % BATCHES]);
  int64_t wrong = 0;
  const crow_partition *p = &weights.partition;
  for (int64_t b = 0; b < BATCHES; b++) {
    for (int64_t i = 0; i < p->count; i++) wrong += weights.batch_hits[b * p->count + i] != expected[b][p->begin + i];
  }
  CHECK(wrong == 0);
  crow_space_destroy(&space);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

/* Of draws of signs the last one alone tells two runs apart, and it is of one batch. */
static void a_draw_of_signs_is_of_one_batch(void) {
  enum { M = 300, SAMPLES = 4096 };
  crow_dataset dataset = {0};
  crow_weights weights[2];
  crow_weights_options options = sampling_options(SAMPLES, 3);
  options.draws = CROW_DRAWS_SIGNS;
  write_dataset(test_comm, path_of(test_comm, POPULATION, M), POPULATION, M);
  CHECK_OK(crow_dataset_open(test_comm, path_of(test_comm, POPULATION, M), false, &dataset));
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights[0]));
  const int64_t unit = 2 * weights[0].blocks;
  CHECK(unit > 1 && weights[0].samples % unit == 0);
  options.samples = weights[0].samples + unit;
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights[1]));
  int64_t total = 0, elsewhere = 0, unequal = 0;
  const int64_t count = weights[0].partition.count, last = weights[0].samples / unit % BATCHES;
  for (int64_t i = 0; i < count; i++) {
    int64_t sum = 0;
    for (int64_t b = 0; b < BATCHES; b++) {
      const int64_t more = weights[1].batch_hits[b * count + i] - weights[0].batch_hits[b * count + i];
      total += more;
      elsewhere += b != last && more != 0;
      sum += weights[1].batch_hits[b * count + i];
    }
    unequal += sum != weights[1].hits[i];
  }
  CHECK_OK(crow_comm_sum_i64(test_comm, &total, 1));
  CHECK(elsewhere == 0 && unequal == 0);
  CHECK(total == unit * CROW_HIT_UNIT);
  for (int k = 0; k < 2; k++) crow_weights_free(&weights[k]);
  crow_dataset_close(&dataset);
}

/* ---- the response --------------------------------------------------------------------------------------------- */

/* Weights of the alternatives of a dataset of its own, every seventh 0 if asked for; with a direction to change them in
 * that keeps the sum of every prompt. */
static void make_weights(const crow_dataset *dataset, kind what, bool zeros, double step, crow_weights *out) {
  const int64_t m = dataset->alternatives, size = what == PROMPTS ? m / 6 : m;
  static double w[MOST], direction[MOST];
  for (int64_t begin = 0; begin < m; begin += size) {
    double sum = 0, moved = 0;
    for (int64_t x = begin; x < begin + size; x++) {
      w[x] = zeros && x % 7 == 0 ? 0 : .2 + uniform(41, (uint64_t)x);
      direction[x] = uniform(42, (uint64_t)x) - .5;
      sum += w[x];
      moved += w[x] * direction[x];
    }
    for (int64_t x = begin; x < begin + size; x++) {
      w[x] *= (1 + step * (direction[x] - moved / sum)) / sum * (double)size / (double)m;
    }
  }
  char path[600];
  (void)snprintf(path, sizeof path, "%s", test_path("given.h5"));
  test_weights_write(test_comm, path, m, w);
  CHECK_OK(crow_weights_read(test_comm, path, dataset, out));
  CHECK_OK(crow_weights_find_shares(test_comm, dataset, out));
}

static double *fit_with(const crow_dataset *dataset, kind what, bool zeros, double step,
                        const crow_train_options *options) {
  crow_weights weights;
  crow_rewards rewards = {0};
  make_weights(dataset, what, zeros, step, &weights);
  CHECK_OK(crow_rewards_fit(test_comm, dataset, &weights, options, &rewards));
  double *whole = test_gather(test_comm, &rewards.partition, rewards.value);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  return whole;
}

/* One change. */
typedef struct given_change {
  const double *relative, *win_rate;
  int64_t count; /* of this rank's alternatives */
} given_change;

static crow_status take_given(void *context, int64_t first, int64_t columns, double *relative, double *win_rate) {
  const given_change *given = context;
  CHECK(first == 0 && columns == 1 && (given->win_rate != NULL) == (win_rate != NULL));
  for (int64_t i = 0; i < given->count; i++) relative[i] = given->relative[i];
  for (int64_t i = 0; win_rate && i < given->count; i++) win_rate[i] = given->win_rate[i];
  return CROW_OK;
}

/* How rewards respond to the direction, by the function under test. */
static double *respond_to(const crow_dataset *dataset, kind what, bool zeros, double step,
                          const crow_train_options *options, const double *reward) {
  crow_weights here, there;
  crow_pairs pairs = {0};
  crow_objective *objective = NULL;
  double *relative = NULL, *win_rate = NULL, *base = NULL, *squares = NULL;
  make_weights(dataset, what, zeros, 0, &here);
  make_weights(dataset, what, zeros, step, &there);
  const crow_partition *p = &here.partition;
  CHECK_OK(CROW_ALLOCATE(&relative, p->count));
  CHECK_OK(CROW_ALLOCATE(&win_rate, p->count + 1));
  CHECK_OK(CROW_ALLOCATE(&base, p->count));
  CHECK_OK(CROW_ALLOCATE(&squares, p->count));
  for (int64_t i = 0; i < p->count; i++) relative[i] = here.value[i] > 0 ? there.value[i] / here.value[i] - 1 : 0;
  given_change given = {.relative = relative, .count = p->count};
  const crow_weight_changes changes = {.count = 1, .take = take_given, .context = &given};
  if (what == POPULATION || what == MATRIX) {
    if (what == POPULATION)
      CHECK_OK(crow_win_rate_population(test_comm, dataset, &here, base));
    else
      CHECK_OK(crow_win_rate_matrix(test_comm, dataset, &here, base));
    CHECK_OK(crow_win_rate_changed(test_comm, dataset, &here, 1, relative, win_rate));
    given.win_rate = win_rate;
    CHECK_OK(crow_objective_create_complete(test_comm, &options->objective, &here, base, &objective));
  } else {
    CHECK_OK(crow_pairs_read(test_comm, dataset, &pairs));
    CHECK_OK(crow_objective_create_pairs(test_comm, &options->objective, &here, &pairs, &objective));
  }
  CHECK_OK(crow_objective_respond(objective, reward + p->begin, &changes, squares));
  for (int64_t i = 0; i < p->count; i++) squares[i] = sqrt(squares[i]);
  double *whole = test_gather(test_comm, p, squares);
  crow_objective_destroy(&objective);
  crow_pairs_free(&pairs);
  crow_weights_free(&here);
  crow_weights_free(&there);
  crow_free(relative);
  crow_free(win_rate);
  crow_free(base);
  crow_free(squares);
  return whole;
}

/* The response is the derivative: half the difference of fits with weights moved to either side. */
static void compare_with_fits(kind what, bool zeros, int pair_scale, int pair_weight, double lambda) {
  enum { M = 48 };
  const double step = 1e-3;
  crow_dataset dataset = {0};
  crow_train_options options = fit_options(lambda);
  options.objective.pair_scale = pair_scale;
  options.objective.pair_weight = pair_weight;
  options.lbfgs.tolerance = 1e-13;
  write_dataset(test_comm, path_of(test_comm, what, M), what, M);
  CHECK_OK(crow_dataset_open(test_comm, path_of(test_comm, what, M), false, &dataset));
  double *middle = fit_with(&dataset, what, zeros, 0, &options);
  double *below = fit_with(&dataset, what, zeros, -step, &options);
  double *above = fit_with(&dataset, what, zeros, step, &options);
  double *response = respond_to(&dataset, what, zeros, step, &options, middle);
  double largest = 0, worst = 0;
  for (int x = 0; x < M; x++) {
    const double expected = fabs(above[x] - below[x]) / 2;
    largest = fmax(largest, expected);
    worst = fmax(worst, fabs(response[x] - expected));
  }
  CHECK(largest > 1e-6);
  CHECK_NEAR(worst / largest, 0, .05);
  crow_free(middle);
  crow_free(below);
  crow_free(above);
  crow_free(response);
  crow_dataset_close(&dataset);
}

/* All ways to weigh pairs on one rank; on several, each kind of preferences. */
static void rewards_respond_to_weights_as_fits_do(void) {
  for (kind what = POPULATION; what < KINDS; what++) compare_with_fits(what, what % 2 == 1, 0, 0, .01);
  for (int zeros = 0; zeros < 2 && crow_comm_size(test_comm) == 1; zeros++) {
    compare_with_fits(POPULATION, zeros, 0, 0, .01);
    compare_with_fits(POPULATION, zeros, 0, 0, 1e-5);
    compare_with_fits(MATRIX, zeros, 0, 0, .01);
    compare_with_fits(COMPARISONS, zeros, 0, 0, .01);
    compare_with_fits(COMPARISONS, zeros, 0, 1, .02);
    compare_with_fits(COMPARISONS, zeros, 1, 0, .001);
    compare_with_fits(PROMPTS, zeros, 0, 0, .01);
    compare_with_fits(PROMPTS, zeros, 0, 1, .05);
    compare_with_fits(PROMPTS, zeros, 1, 1, .01);
  }
}

/* ---- standard errors ------------------------------------------------------------------------------------------ */

/* Rewards and their errors from sampling, whole; `samples` as the run had them. */
typedef struct found {
  double *reward, *error;
  double median, largest;
} found;

static found find_errors(const crow_comm *comm, kind what, int64_t m, const crow_weights_options *sampling,
                         const crow_train_options *options) {
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_rewards rewards = {0};
  CHECK_OK(crow_dataset_open(comm, path_of(comm, what, m), false, &dataset));
  CHECK_OK(crow_weights_compute(comm, &dataset, sampling, &weights));
  CHECK_OK(crow_rewards_fit(comm, &dataset, &weights, options, &rewards));
  CHECK(rewards.sampling_error.value != NULL);
  const found f = {.reward = test_gather(comm, &rewards.partition, rewards.value),
                   .error = test_gather(comm, &rewards.partition, rewards.sampling_error.value),
                   .median = rewards.sampling_error.median,
                   .largest = rewards.sampling_error.largest};
  CHECK(f.error[rewards.sampling_error.at] == f.largest);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return f;
}

static void found_free(found *f) {
  crow_free(f->reward);
  crow_free(f->error);
}

/* Over 50 seeds rewards spread as the standard errors say, in the root mean square. */
static void compare_with_spread(kind what, int draws) {
  enum { M = 60, SEEDS = 50 };
  double mean[M] = {0}, square[M] = {0}, error = 0, spread = 0;
  const crow_train_options options = fit_options(.01);
  crow_weights_options sampling = sampling_options(6000, 0);
  sampling.draws = draws;
  write_dataset(test_comm, path_of(test_comm, what, M), what, M);
  for (int seed = 1; seed <= SEEDS; seed++) {
    sampling.space.seed = seed;
    found f = find_errors(test_comm, what, M, &sampling, &options);
    for (int x = 0; x < M; x++) {
      mean[x] += f.reward[x] / SEEDS;
      square[x] += f.reward[x] * f.reward[x] / SEEDS;
      error += f.error[x] * f.error[x] / SEEDS;
    }
    found_free(&f);
  }
  for (int x = 0; x < M; x++) spread += (square[x] - mean[x] * mean[x]) * SEEDS / (SEEDS - 1);
  CHECK_NEAR(sqrt(spread / error), 1, .2);
}

/* Nothing that depends on the number of ranks: the errors' bits do not. */
static void errors_are_the_spread_over_seeds(void) {
  if (crow_comm_size(test_comm) > 1) return;
  compare_with_spread(POPULATION, CROW_DRAWS_INDEPENDENT);
  compare_with_spread(COMPARISONS, CROW_DRAWS_INDEPENDENT);
  compare_with_spread(COMPARISONS, CROW_DRAWS_SIGNS);
  compare_with_spread(PROMPTS, CROW_DRAWS_AUTO);
}

static void errors_have_the_same_bits_on_any_number_of_ranks(void) {
  const crow_train_options options = fit_options(.01);
  crow_comm *alone = test_comm_alone();
  for (kind what = POPULATION; what < KINDS; what++) {
    const int64_t m = what == MATRIX ? 600 : MOST;
    crow_weights_options sampling = sampling_options(what == PROMPTS ? 800 : 4000, 5);
    write_dataset(test_comm, path_of(test_comm, what, m), what, m);
    write_dataset(alone, path_of(alone, what, m), what, m);
    found together = find_errors(test_comm, what, m, &sampling, &options);
    found single = find_errors(alone, what, m, &sampling, &options);
    CHECK(memcmp(together.reward, single.reward, (size_t)m * sizeof(double)) == 0);
    CHECK(memcmp(together.error, single.error, (size_t)m * sizeof(double)) == 0);
    CHECK(together.median == single.median && together.largest == single.largest);
    /* The median by sorting. */
    int64_t below = 0, within = 0;
    for (int64_t x = 0; x < m; x++) {
      below += single.error[x] < single.median;
      within += single.error[x] <= single.median;
    }
    CHECK(2 * below < m && 2 * within >= m);
    found_free(&together);
    found_free(&single);
  }
  crow_comm_destroy(&alone);
}

/* ---- more samples --------------------------------------------------------------------------------------------- */

static int64_t differing_hits(const crow_weights *a, const crow_weights *b) {
  int64_t wrong = a->samples != b->samples || a->blocks != b->blocks;
  for (int64_t i = 0; i < a->partition.count; i++) {
    wrong += a->hits[i] != b->hits[i] || a->value[i] != b->value[i] || a->standard_error[i] != b->standard_error[i];
  }
  for (int64_t k = 0; k < BATCHES * a->partition.count; k++) wrong += a->batch_hits[k] != b->batch_hits[k];
  return wrong;
}

/* Three times the samples later are three times the samples at once. */
static void compare_refined(kind what, const char *space, int draws) {
  enum { M = 300 };
  crow_dataset dataset = {0};
  crow_weights refined, once;
  bool more = false;
  crow_weights_options sampling = sampling_options(8192, 2);
  sampling.draws = draws;
  sampling.space.space = space;
  sampling.open_ended = true;
  sampling.max_samples = 40000;
  write_dataset(test_comm, path_of(test_comm, what, M), what, M);
  CHECK_OK(crow_dataset_open(test_comm, path_of(test_comm, what, M), false, &dataset));
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &sampling, &refined));
  const int64_t blocks = refined.blocks;
  CHECK_OK(crow_weights_refine(test_comm, &dataset, &sampling, 3, NULL, &refined, &more));
  CHECK(more && refined.samples == 3 * 8192 && refined.blocks == blocks);
  sampling.samples = 3 * 8192;
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &sampling, &once));
  /* How many blocks a draw has depends on the first number of samples; here it is the same. */
  CHECK(differing_hits(&refined, &once) == 0);
  CHECK_OK(crow_weights_refine(test_comm, &dataset, &sampling, 3, NULL, &refined, &more));
  CHECK(more && refined.samples >= 40000);
  CHECK_OK(crow_weights_refine(test_comm, &dataset, &sampling, 3, NULL, &refined, &more));
  CHECK(!more && refined.samples >= 40000);
  crow_weights_free(&refined);
  crow_weights_free(&once);
  crow_dataset_close(&dataset);
}

static void samples_go_on_where_they_ended(void) {
  compare_refined(POPULATION, "box", CROW_DRAWS_INDEPENDENT);
  compare_refined(POPULATION, "sphere", CROW_DRAWS_INDEPENDENT);
  compare_refined(POPULATION, "cube", CROW_DRAWS_SIGNS);
  compare_refined(PROMPTS, "box", CROW_DRAWS_AUTO);
}

static void sampling_ends_below_the_error_asked_for(void) {
  enum { M = 60 };
  static const kind kinds[] = {POPULATION, COMPARISONS, PROMPTS};
  const crow_train_options options = fit_options(.01);
  for (int k = 0; k < 3; k++) {
    crow_dataset dataset = {0};
    crow_weights weights;
    crow_rewards rewards = {0};
    crow_weights_options sampling = sampling_options(1000, 2);
    sampling.open_ended = true;
    write_dataset(test_comm, path_of(test_comm, kinds[k], M), kinds[k], M);
    CHECK_OK(crow_dataset_open(test_comm, path_of(test_comm, kinds[k], M), false, &dataset));
    CHECK_OK(crow_weights_compute(test_comm, &dataset, &sampling, &weights));
    CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
    const double wanted = rewards.sampling_error.largest / 3;
    CHECK_OK(crow_rewards_refine(test_comm, &dataset, &sampling, &options, wanted, NULL, &weights, &rewards));
    CHECK(rewards.sampling_error.largest < wanted);
    /* Nine times the samples do, but for what an estimate from 32 batches may be off. */
    CHECK(weights.samples >= 4000 && weights.samples <= 40000);
    sampling.max_samples = weights.samples;
    CHECK_OK(crow_rewards_refine(test_comm, &dataset, &sampling, &options, wanted / 10, NULL, &weights, &rewards));
    CHECK(weights.samples == sampling.max_samples && rewards.sampling_error.value != NULL);
    crow_rewards_free(&rewards);
    crow_weights_free(&weights);
    crow_dataset_close(&dataset);
  }
}

/* What all ranks do for so many batches: alternatives that convolutions pass over. */
static double work_of_batches(const crow_dataset *dataset, const crow_weights *weights,
                              const crow_train_options *options, int64_t batches, crow_rewards *rewards) {
  crow_sampling_error_free(&rewards->sampling_error);
  const crow_work_done before = crow_work_get();
  CHECK_OK(crow_sampling_error_add(test_comm, dataset, weights, options, batches, rewards));
  const crow_work_done after = crow_work_get();
  double work = after.count[CROW_WORK_SLICE] - before.count[CROW_WORK_SLICE];
  CHECK_OK(crow_comm_sum_f64_unordered(test_comm, &work, 1));
  return work;
}

/* As crow plan reckons, here of complete preferences: what 8 batches take beyond none is a quarter of what all 32 do,
 * but for a step of conjugate gradients more or less. */
static void all_batches_take_the_same_work(void) {
  enum { M = 600 };
  for (int what = POPULATION; what <= MATRIX; what++) {
    crow_dataset dataset = {0};
    crow_weights weights;
    crow_rewards rewards;
    const crow_weights_options sampling = sampling_options(30 * M, 5);
    crow_train_options options = fit_options(.02);
    options.sampling_error = false;
    write_dataset(test_comm, path_of(test_comm, (kind)what, M), (kind)what, M);
    CHECK_OK(crow_dataset_open(test_comm, path_of(test_comm, (kind)what, M), false, &dataset));
    CHECK_OK(crow_weights_compute(test_comm, &dataset, &sampling, &weights));
    CHECK_OK(crow_weights_find_shares(test_comm, &dataset, &weights));
    CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
    const double none = work_of_batches(&dataset, &weights, &options, 0, &rewards);
    const double some = work_of_batches(&dataset, &weights, &options, BATCHES / 4, &rewards);
    const double all = work_of_batches(&dataset, &weights, &options, BATCHES, &rewards);
    CHECK(some > none && all > some);
    CHECK_NEAR(4 * (some - none) / (all - none), 1, .15);
    crow_rewards_free(&rewards);
    crow_weights_free(&weights);
    crow_dataset_close(&dataset);
  }
}

static const crow_test tests[] = {
    {"independent samples go to the batches in turn", independent_samples_go_to_batches_in_turn},
    {"a draw of signs is of one batch", a_draw_of_signs_is_of_one_batch},
    {"rewards respond to weights as fits do", rewards_respond_to_weights_as_fits_do},
    {"errors are the spread over seeds", errors_are_the_spread_over_seeds},
    {"errors have the same bits on any number of ranks", errors_have_the_same_bits_on_any_number_of_ranks},
    {"samples go on where they ended", samples_go_on_where_they_ended},
    {"sampling ends below the error asked for", sampling_ends_below_the_error_asked_for},
    {"all batches take the same work", all_batches_take_the_same_work},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "sampling error", tests, true); }
