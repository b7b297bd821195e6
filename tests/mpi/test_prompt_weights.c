/* SPDX-License-Identifier: Apache-2.0 */
/* Weights within prompts: those of each prompt by itself, times its share; stopped again and again, the same bits. */
#include "fixture.h"

#include <signal.h>
#include <sys/time.h>

/* One prompt that several ranks share (more than a rank's part and a block's), a middle one, and small ones. */
enum { SIZES = 5, D = 3 };
static const int64_t sizes[SIZES] = {1100, 40, 6, 2, 1};
enum { M = 1149 };

static double context[M * D];
static const char *prompt[M];
static int owner[M];

/* Prompts lie one behind the other, but for every seventh alternative, which is of the first still wanting some. */
static void lay_out(void) {
  static const char *const names[SIZES] = {"large", "middle", "small", "two", "one"};
  int64_t left[SIZES];
  memcpy(left, sizes, sizeof left);
  for (int64_t i = 0; i < M; i++) {
    int k = i % 7 == 3 ? SIZES - 1 : 0;
    while (left[k] == 0) k = i % 7 == 3 ? k - 1 : k + 1;
    left[k]--;
    owner[i] = k;
    prompt[i] = names[k];
    crow_random_uniform(71, CROW_STREAM_TEST, (uint64_t)i, context + i * D, D);
  }
}

static crow_weights_options with_samples(int64_t samples) {
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.samples = samples;
  options.space.space = "cube";
  options.draws = CROW_DRAWS_INDEPENDENT;
  options.nearest.engine = CROW_NEAREST_FUSED;
  return options;
}

static void open_prompts(const crow_comm *comm, const char *name, crow_dataset *dataset) {
  const test_dataset t = {.m = M, .d = D, .context = context, .prompt = prompt};
  lay_out();
  test_dataset_write(comm, test_path(name), &t);
  CHECK_OK(crow_dataset_open(comm, test_path(name), true, dataset));
  CHECK(dataset->prompts == SIZES);
}

/* Weights of one prompt as a dataset of its own, where the whole has them, by a search on this rank alone. */
static void weigh_alone(const crow_comm *alone, int which, const crow_weights_options *options, double *value,
                        double *error) {
  static double own[M * D];
  char name[64];
  int64_t m = 0, at = 0;
  crow_dataset dataset = {0};
  crow_weights weights;
  for (int64_t i = 0; i < M; i++) {
    if (owner[i] == which) memcpy(own + D * m++, context + i * D, D * sizeof *own);
  }
  const test_dataset t = {.m = m, .d = D, .context = own};
  (void)snprintf(name, sizeof name, "own-%d-%d.h5", which, crow_comm_rank(test_comm));
  test_dataset_write(alone, test_path(name), &t);
  CHECK_OK(crow_dataset_open(alone, test_path(name), true, &dataset));
  CHECK_OK(crow_weights_compute(alone, &dataset, options, &weights));
  for (int64_t i = 0; i < M; i++) {
    if (owner[i] != which) continue;
    value[i] = weights.value[at];
    error[i] = weights.standard_error[at++];
  }
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

static void prompts_have_their_own_weights_times_their_share(void) {
  static double value[M], error[M];
  crow_comm *alone = test_comm_alone();
  crow_dataset dataset = {0};
  crow_weights_options options = with_samples(3000);
  open_prompts(test_comm, "prompts.h5", &dataset);
  for (int k = 0; k < SIZES; k++) weigh_alone(alone, k, &options, value, error);
  for (int by_count = 0; by_count <= 1; by_count++) {
    crow_weights weights;
    double sum[SIZES] = {0};
    options.prompt_share = by_count ? CROW_PROMPT_SHARE_COUNT : CROW_PROMPT_SHARE_UNIFORM;
    CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
    double *whole = test_gather(test_comm, &weights.partition, weights.value);
    double *errors = test_gather(test_comm, &weights.partition, weights.standard_error);
    for (int64_t i = 0; i < M; i++) {
      const double share = by_count ? (double)sizes[owner[i]] / M : 1. / SIZES;
      sum[owner[i]] += whole[i];
      CHECK_NEAR(whole[i], share * value[i], 1e-15);
      CHECK_NEAR(errors[i], share * error[i], 1e-15);
    }
    for (int k = 0; k < SIZES; k++) CHECK_NEAR(sum[k], by_count ? (double)sizes[k] / M : 1. / SIZES, 1e-12);
    CHECK(weights.samples == 3000 && weights.run.searched >= 0);
    crow_free(whole);
    crow_free(errors);
    crow_weights_free(&weights);
  }
  crow_dataset_close(&dataset);
  crow_comm_destroy(&alone);
}

/* Without a number each prompt takes max(4096, 400 of its alternatives); the weights' number is the greatest. */
static void samples_go_by_the_prompts_size(void) {
  crow_dataset dataset = {0};
  crow_weights weights;
  const crow_weights_options options = with_samples(0);
  open_prompts(test_comm, "sized.h5", &dataset);
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
  CHECK(weights.samples == 400 * sizes[0]);
  int64_t hits[SIZES] = {0};
  for (crow_gidx i = 0; i < weights.partition.count; i++) {
    hits[owner[weights.partition.begin + i]] += weights.hits[i];
  }
  CHECK_OK(crow_comm_sum_i64(test_comm, hits, SIZES));
  CHECK(hits[0] == 400 * sizes[0] * CROW_HIT_UNIT && hits[1] == 400 * sizes[1] * CROW_HIT_UNIT);
  CHECK(hits[2] == 4096 * CROW_HIT_UNIT && hits[4] == 0);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

/* In other spaces, too: on a sphere, whose contexts are moved; in a normal distribution of each prompt's own; and in
 * the plane, where there are cells and no samples. */
static void in_any_space_they_are_those_of_each_prompt(void) {
  static double value[M], error[M];
  static const struct {
    const char *space, *center;
    int draws, engine;
    int64_t samples;
  } cases[] = {{"sphere", "none", CROW_DRAWS_INDEPENDENT, CROW_NEAREST_FUSED, 1500},
               {"gaussian", NULL, CROW_DRAWS_INDEPENDENT, CROW_NEAREST_FUSED, 1500},
               {"ball", NULL, CROW_DRAWS_SIGNS, CROW_NEAREST_FUSED, 1504},
               {"ball", NULL, CROW_DRAWS_AUTO, CROW_NEAREST_AUTO, 1500}};
  crow_comm *alone = test_comm_alone();
  crow_dataset dataset = {0};
  open_prompts(test_comm, "spaces.h5", &dataset);
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    crow_weights_options options = with_samples(cases[c].samples);
    crow_weights weights;
    options.space.space = cases[c].space;
    options.space.center = cases[c].center;
    options.draws = cases[c].draws;
    options.nearest.engine = cases[c].engine;
    for (int k = 0; k < SIZES; k++) weigh_alone(alone, k, &options, value, error);
    CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
    double *whole = test_gather(test_comm, &weights.partition, weights.value);
    double *errors = test_gather(test_comm, &weights.partition, weights.standard_error);
    for (int64_t i = 0; i < M; i++) {
      /* Few alternatives have draws of their own where the space is theirs. */
      const bool own = strcmp(cases[c].space, "ball") != 0 && sizes[owner[i]] <= 64;
      CHECK_NEAR(whole[i], value[i] / SIZES, own ? 5 * hypot(error[i] / SIZES, errors[i]) : 1e-14);
      const double w = whole[i] * SIZES, binomial = sqrt(w * (1 - w) / (double)weights.samples);
      CHECK_NEAR(errors[i], (own ? binomial : error[i]) / SIZES, 1e-12);
    }
    crow_free(whole);
    crow_free(errors);
    crow_weights_free(&weights);
  }
  crow_dataset_close(&dataset);
  crow_comm_destroy(&alone);
}

/* Two coordinates: cells, in which case nothing is counted; and one weight for all of a prompt, if that is asked for.
 */
static void cells_and_equal_weights_count_nothing(void) {
  static double plane[M * 2], x[M * 2], value[M];
  crow_dataset dataset = {0};
  lay_out();
  for (int64_t i = 0; i < M; i++) memcpy(plane + 2 * i, context + D * i, 2 * sizeof *plane);
  const test_dataset t = {.m = M, .d = 2, .context = plane, .prompt = prompt};
  test_dataset_write(test_comm, test_path("plane.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("plane.h5"), true, &dataset));
  for (int scheme = 0; scheme < 2; scheme++) {
    crow_weights_options options = with_samples(0);
    crow_weights weights;
    options.nearest.engine = CROW_NEAREST_AUTO;
    options.scheme = scheme ? CROW_SCHEME_UNIFORM : CROW_SCHEME_VORONOI;
    CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &weights));
    CHECK(weights.samples == 0 && !weights.hits && !weights.batch_hits);
    double *whole = test_gather(test_comm, &weights.partition, weights.value);
    for (int k = 0; k < SIZES; k++) {
      const double lower[2] = {0, 0}, upper[2] = {1, 1};
      int64_t count = 0;
      for (int64_t i = 0; i < M; i++) {
        if (owner[i] == k) memcpy(x + 2 * count++, plane + 2 * i, 2 * sizeof *x);
      }
      CHECK_OK(crow_voronoi_exact_2d(x, count, lower, upper, value));
      count = 0;
      for (int64_t i = 0; i < M; i++) {
        if (owner[i] != k) continue;
        CHECK_NEAR(whole[i], (scheme ? 1 / (double)sizes[k] : value[count]) / SIZES, 1e-15);
        count++;
      }
    }
    crow_free(whole);
    crow_weights_free(&weights);
  }
  crow_dataset_close(&dataset);
}

/* What is wrong within a prompt is told by the dataset's own numbers. */
static void faults_are_named_by_the_datasets_rows(void) {
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_weights_options options = with_samples(100);
  options.space.space = "sphere";
  options.space.center = "none";
  lay_out();
  memset(context + D * 1130, 0, D * sizeof *context);
  const test_dataset t = {.m = M, .d = D, .context = context, .prompt = prompt};
  test_dataset_write(test_comm, test_path("zero.h5"), &t);
  CHECK_OK(crow_dataset_open(test_comm, test_path("zero.h5"), true, &dataset));
  CHECK_STATUS(crow_weights_compute(test_comm, &dataset, &options, &weights), CROW_BAD_INPUT);
  CHECK_MESSAGE("1130");
  options.space.space = "cube";
  options.space.center = NULL;
  options.nearest.engine = CROW_NEAREST_EXACT; /* not in three dimensions */
  CHECK_STATUS(crow_weights_compute(test_comm, &dataset, &options, &weights), CROW_USAGE);
  CHECK_MESSAGE("within the prompt of /alternatives/prompt[");
  crow_dataset_close(&dataset);
}

static void stopped_again_and_again_they_are_the_same(void) {
  /* A limit that has passed at every look at the clock: after a prompt that ranks share, or a second of others. */
  const crow_checkpoint_options often = {NULL, 0, 1e-9, false};
  const crow_weights_options options = with_samples(3000);
  crow_dataset dataset = {0};
  crow_weights whole, weights = {0};
  crow_status status = CROW_STOPPED;
  int stops = 0;
  open_prompts(test_comm, "stopped.h5", &dataset);
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &whole));
  while (status == CROW_STOPPED && stops < 100) {
    crow_checkpoint *checkpoint = NULL;
    bool found = false;
    CHECK_OK(crow_checkpoint_create(test_comm, &often, test_path("stopped-w.h5"), &checkpoint));
    CHECK_OK(crow_checkpoint_match_settings(checkpoint, crow_weights_settings, &options));
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    CHECK(found == (stops > 0));
    status = crow_weights_compute_from(test_comm, &dataset, &options, checkpoint, &weights);
    stops += status == CROW_STOPPED;
    if (status == CROW_OK) CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
  }
  CHECK_OK(status);
  const size_t bytes = (size_t)whole.partition.count * sizeof(double);
  if (bytes && weights.value) {
    CHECK(memcmp(weights.value, whole.value, bytes) == 0);
    CHECK(memcmp(weights.standard_error, whole.standard_error, bytes) == 0);
    CHECK(memcmp(weights.hits, whole.hits, bytes) == 0);
  }
  CHECK(crow_comm_size(test_comm) == 1 || stops > 0);
  crow_weights_free(&weights);
  crow_weights_free(&whole);
  crow_dataset_close(&dataset);
}

static void on_timer(int number) { crow_stop_request(number); }

/* A signal to the last rank after so many microseconds of its processor, again and again; 0: no more. */
static void signal_after(int64_t microseconds) {
  const struct itimerval every = {{0, microseconds}, {0, microseconds}};
  if (crow_comm_rank(test_comm) != crow_comm_size(test_comm) - 1) return;
  (void)signal(SIGPROF, on_timer);
  CHECK(setitimer(ITIMER_PROF, &every, NULL) == 0);
}

/* Weights that a signal stops, later each time, until a run comes to its end; returns how often one went on from a
 * checkpoint. */
static int stop_again_and_again(const crow_dataset *dataset, const crow_weights_options *options, crow_weights *out) {
  const crow_checkpoint_options often = {NULL, 0, 0, false};
  crow_status status = CROW_STOPPED;
  int kept = 0;
  for (int64_t after = 2000; status == CROW_STOPPED && after < 1000000; after += after / 8) {
    crow_checkpoint *checkpoint = NULL;
    bool found = false;
    CHECK_OK(crow_checkpoint_create(test_comm, &often, test_path("signalled-w.h5"), &checkpoint));
    CHECK_OK(crow_checkpoint_match_settings(checkpoint, crow_weights_settings, options));
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    kept += found;
    signal_after(after);
    status = crow_weights_compute_from(test_comm, dataset, options, checkpoint, out);
    signal_after(0);
    CHECK_OK(crow_comm_barrier(test_comm));
    crow_stop_clear();
    if (status == CROW_OK) CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
  }
  CHECK_OK(status);
  return kept;
}

/* A signal comes in the midst of the prompts: those that are done are kept, hits by batch and all, and the others are
 * done by the next run. */
static void signals_keep_the_prompts_that_are_done(void) {
  crow_weights_options options = with_samples(20000);
  crow_dataset dataset = {0};
  crow_weights whole, weights = {0};
  int kept = 0;
  options.batches = true;
  open_prompts(test_comm, "signalled.h5", &dataset);
  CHECK_OK(crow_weights_compute(test_comm, &dataset, &options, &whole));
  /* Signals may all come before the first prompt is done, or the run may end before the next one. */
  for (int turn = 0; turn < 50 && kept == 0; turn++) {
    crow_weights_free(&weights);
    kept = stop_again_and_again(&dataset, &options, &weights);
  }
  CHECK(kept > 0);
  const size_t bytes = (size_t)whole.partition.count * sizeof(double);
  if (bytes && weights.value) {
    CHECK(memcmp(weights.value, whole.value, bytes) == 0);
    CHECK(memcmp(weights.standard_error, whole.standard_error, bytes) == 0);
    CHECK(memcmp(weights.hits, whole.hits, bytes) == 0);
    CHECK(memcmp(weights.batch_hits, whole.batch_hits, CROW_HIT_BATCHES * bytes) == 0);
  }
  CHECK(weights.samples == whole.samples && weights.zeros == whole.zeros);
  crow_weights_free(&weights);
  crow_weights_free(&whole);
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"prompts have their own weights, times their share", prompts_have_their_own_weights_times_their_share},
      {"samples go by the prompt's size", samples_go_by_the_prompts_size},
      {"in any space they are those of each prompt", in_any_space_they_are_those_of_each_prompt},
      {"cells and equal weights count nothing", cells_and_equal_weights_count_nothing},
      {"faults are named by the dataset's rows", faults_are_named_by_the_datasets_rows},
      {"stopped again and again they are the same", stopped_again_and_again_they_are_the_same},
      {"signals keep the prompts that are done", signals_keep_the_prompts_that_are_done},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "weights of prompts", tests, true);
}
