/* SPDX-License-Identifier: Apache-2.0 */
/* Weights by draws of block signs. */
#include "fixture.h"
#include <stdlib.h>

static crow_weights_options signs_options(int64_t samples, const char *space) {
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.samples = samples;
  options.draws = CROW_DRAWS_SIGNS;
  options.space.space = space;
  return options;
}

static bool same_bits(const test_weighed *a, const test_weighed *b, int64_t m) {
  return a->weights.samples == b->weights.samples && memcmp(a->hits, b->hits, sizeof *a->hits * (size_t)m) == 0 &&
         memcmp(a->value, b->value, sizeof *a->value * (size_t)m) == 0 &&
         memcmp(a->error, b->error, sizeof *a->error * (size_t)m) == 0;
}

enum { MANY = 900, DIMENSIONS = 37 };

/* Clones of the first twenty, in other blocks. */
static void fill(double *context) {
  for (uint64_t i = 0; i < MANY; i++) crow_random_uniform(5, CROW_STREAM_TEST, i, context + i * DIMENSIONS, DIMENSIONS);
  memcpy(context + 600 * DIMENSIONS, context, 20 * DIMENSIONS * sizeof *context);
}

static const char *const spaces[] = {"cube", "box", "sphere", "ball", "gaussian"};
enum { SPACES = sizeof spaces / sizeof *spaces };

/* The search of whole draws, the engines, every grid and any number of threads count the same. */
static void whoever_searches_counts_the_same(void) {
  static double context[MANY * DIMENSIONS];
  fill(context);
  crow_comm *alone = test_comm_alone();
  const int size = crow_comm_size(test_comm);
  for (int s = 0; s < SPACES; s++) {
    crow_weights_options options = signs_options(5003, spaces[s]);
    test_weighed one = test_weigh(alone, MANY, DIMENSIONS, context, &options);
    int64_t sum = 0;
    for (int64_t i = 0; i < MANY; i++) sum += one.hits[i];
    CHECK(one.weights.blocks == 8 && one.weights.samples == 5008);
    CHECK(one.weights.run.engine == CROW_NEAREST_SIGNS);
    CHECK(sum == 5008 * CROW_HIT_UNIT);
    for (int slices = 1; slices <= size; slices++) {
      if (size % slices) continue;
      char grid[32];
      (void)snprintf(grid, sizeof grid, "%dx%d", size / slices, slices);
      options.grid = grid;
      for (int engine = CROW_NEAREST_AUTO; engine <= CROW_NEAREST_TREE; engine++) {
        if (slices > 1 && engine % 2 != s % 2) continue; /* of slices half of the engines with each space */
        options.nearest.engine = engine;
        options.nearest.threads = 1 + engine % 2;
        test_weighed c = test_weigh(test_comm, MANY, DIMENSIONS, context, &options);
        CHECK(same_bits(&c, &one, MANY));
        test_weighed_free(&c);
      }
    }
    test_weighed_free(&one);
  }
  crow_comm_destroy(&alone);
}

/* Contexts that span 40 of 100 dimensions: distances are taken there. */
static void in_the_hull_as_well(void) {
  enum { M = 200, D = 100, SPAN = 40 };
  static double context[M * D], basis[SPAN * D];
  crow_random_normal(5, CROW_STREAM_TEST, 0, basis, SPAN * D);
  for (int i = 0; i < M; i++) {
    double at[SPAN];
    crow_random_normal(6, CROW_STREAM_TEST, (uint64_t)i, at, SPAN);
    for (int k = 0; k < D; k++) {
      context[i * D + k] = 0;
      for (int j = 0; j < SPAN; j++) context[i * D + k] += at[j] * basis[j * D + k] / 100;
    }
  }
  for (int s = 0; s < SPACES; s++) {
    crow_weights_options options = signs_options(8000, spaces[s]);
    if (strcmp(spaces[s], "sphere") == 0) options.space.center = "none";
    test_weighed c = test_weigh(test_comm, M, D, context, &options);
    CHECK(c.weights.run.dimensions <= SPAN);
    CHECK(c.weights.blocks == 8);
    options.nearest.engine = CROW_NEAREST_GEMM;
    test_weighed other = test_weigh(test_comm, M, D, context, &options);
    CHECK(same_bits(&c, &other, M));
    test_weighed_free(&other);
    test_weighed_free(&c);
  }
}

/* The corners of a cube have equal weights, by symmetry; so have a context and its mirror image. On one rank: others
 * count the same, as the first test says. */
static void symmetric_alternatives_weigh_the_same(void) {
  if (crow_comm_size(test_comm) > 1) return;
  enum { D = 10, M = 1 << D };
  static double context[M * D];
  for (int64_t i = 0; i < M; i++) {
    for (int64_t k = 0; k < D; k++) context[i * D + k] = (double)(i >> k & 1);
  }
  for (int s = 0; s < SPACES; s++) {
    if (strcmp(spaces[s], "sphere") == 0) continue; /* one corner has no direction */
    const crow_weights_options options = signs_options(200000, spaces[s]);
    test_weighed c = test_weigh(test_comm, M, D, context, &options);
    double squares = 0, errors = 0;
    for (int64_t i = 0; i < M; i++) {
      CHECK_NEAR(c.value[i], 1.0 / M, 6 * c.error[i]);
      squares += (c.value[i] - 1.0 / M) * (c.value[i] - 1.0 / M);
      errors += c.error[i] * c.error[i];
    }
    CHECK(squares / errors > .8 && squares / errors < 1.2);
    test_weighed_free(&c);
  }
}

/* Standard errors, of draws, say how far weights are from those of a long run of independent samples: the sum of
 * squares over seeds, by the sum of squared standard errors, is about 1 (its own standard error is about 4 %). On one
 * rank: others find the same bits, as the first test says. */
static void standard_errors_are_those_of_draws(void) {
  if (crow_comm_size(test_comm) > 1) return;
  enum { M = 60, D = 64, SEEDS = 24 };
  static double context[M * D];
  for (int decays = 0; decays <= 1; decays++) {
    for (int i = 0; i < M; i++) {
      crow_random_normal(6, CROW_STREAM_TEST, (uint64_t)i, context + i * D, D);
      for (int k = 0; decays && k < D; k++) context[i * D + k] /= 1 + k;
    }
    for (int s = 0; s < SPACES; s++) {
      if (strcmp(spaces[s], "cube") == 0) continue; /* the contexts are not in it */
      crow_weights_options options = signs_options(200000, spaces[s]);
      if (strcmp(spaces[s], "sphere") == 0) options.space.center = "none";
      options.draws = CROW_DRAWS_INDEPENDENT;
      test_weighed truth = test_weigh(test_comm, M, D, context, &options);
      double squares = 0, errors = 0;
      options.draws = CROW_DRAWS_SIGNS;
      options.samples = 4800; /* 300 draws of 16: of the rank 59 come 8 blocks */
      for (int seed = 2; seed < 2 + SEEDS; seed++) {
        options.space.seed = seed;
        test_weighed c = test_weigh(test_comm, M, D, context, &options);
        for (int i = 0; i < M; i++) {
          squares += (c.value[i] - truth.value[i]) * (c.value[i] - truth.value[i]);
          errors += c.error[i] * c.error[i];
        }
        CHECK(c.weights.blocks == 8);
        test_weighed_free(&c);
      }
      CHECK_NEAR(squares / errors, 1, .25);
      test_weighed_free(&truth);
    }
  }
}

/* N in whole draws, batches as one run, the limit kept up to a draw. */
static void sampling_goes_on_in_whole_draws(void) {
  static double context[40 * 64];
  crow_random_uniform(5, CROW_STREAM_TEST, 0, context, 40 * 64);
  crow_weights_options options = signs_options(1700, "cube");
  options.relative_error = .05;
  test_weighed c = test_weigh(test_comm, 40, 64, context, &options);
  CHECK(c.weights.blocks == 4 && c.weights.samples % 8 == 0 && c.weights.samples > 1700);
  for (int i = 0; i < 40; i++) CHECK(c.value[i] <= 1.0 / 40 || c.error[i] / c.value[i] <= .05);
  options.relative_error = 1e-9;
  options.max_samples = 4001;
  test_weighed most = test_weigh(test_comm, 40, 64, context, &options);
  CHECK(most.weights.samples == 4008 && most.weights.run.inexact);
  test_weighed_free(&most);
  test_weighed_free(&c);
}

/* `auto`: signs where coordinates are many and alike, independent samples where two columns alone decide, in few
 * dimensions, and of few samples; the latter with the bits of --draws independent. */
static void the_rule_takes_what_pays(void) {
  static double context[600 * 64];
  crow_random_uniform(5, CROW_STREAM_TEST, 0, context, 600 * 64);
  crow_weights_options options = signs_options(20000, "box");
  options.draws = CROW_DRAWS_AUTO;
  test_weighed c = test_weigh(test_comm, 600, 64, context, &options);
  CHECK(c.weights.blocks == 16);
  options.draws = CROW_DRAWS_SIGNS;
  test_weighed forced = test_weigh(test_comm, 600, 64, context, &options);
  CHECK(same_bits(&c, &forced, 600));
  test_weighed_free(&forced);
  test_weighed_free(&c);
  for (int64_t i = 0; i < 600; i++) {
    context[i * 64 + 3] *= 1000;
    context[i * 64 + 40] *= 1000;
  }
  options.draws = CROW_DRAWS_AUTO;
  c = test_weigh(test_comm, 600, 64, context, &options);
  CHECK(c.weights.blocks == 0 && c.weights.samples == 20000);
  options.draws = CROW_DRAWS_INDEPENDENT;
  forced = test_weigh(test_comm, 600, 64, context, &options);
  CHECK(same_bits(&c, &forced, 600));
  test_weighed_free(&forced);
  test_weighed_free(&c);
  options.draws = CROW_DRAWS_AUTO;
  c = test_weigh(test_comm, 2400, 16, context, &options);
  CHECK(c.weights.blocks == 0);
  test_weighed_free(&c);
  options.samples = 500;
  c = test_weigh(test_comm, 600, 64, context, &options);
  CHECK(c.weights.blocks == 0);
  test_weighed_free(&c);
}

/* Stops at once after every round, over and over, and must end with the bits of a run that was never stopped. */
static void a_run_stopped_again_and_again_gives_the_same_bits(void) {
  static double context[MANY * DIMENSIONS];
  fill(context);
  crow_weights_options options = signs_options(60000, "cube");
  options.draws = CROW_DRAWS_AUTO;
  test_weighed whole = test_weigh(test_comm, MANY, DIMENSIONS, context, &options);
  CHECK(whole.weights.blocks == 8);
  /* Ranks whose blocks have different lengths. */
  options.nearest.threads = 1 + crow_comm_rank(test_comm);
  crow_weights weights;
  const int stops = test_weigh_stopped(MANY, DIMENSIONS, context, &options, &weights);
  CHECK(stops >= 2);
  CHECK(weights.blocks == 8);
  const size_t bytes = (size_t)weights.partition.count * sizeof(double);
  if (bytes) {
    CHECK(memcmp(weights.standard_error, whole.weights.standard_error, bytes) == 0);
    CHECK(memcmp(weights.hits, whole.weights.hits, bytes) == 0);
  }
  crow_weights_free(&weights);
  test_weighed_free(&whole);
}

static const crow_test tests[] = {
    {"whoever searches, on any grid, counts the same for the same draws", whoever_searches_counts_the_same},
    {"... in the contexts' hull as well", in_the_hull_as_well},
    {"symmetric alternatives weigh the same", symmetric_alternatives_weigh_the_same},
    {"standard errors are those of draws, for flat and decaying spectra", standard_errors_are_those_of_draws},
    {"sampling goes on in whole draws", sampling_goes_on_in_whole_draws},
    {"auto takes signs where they pay, else the bits of independent samples", the_rule_takes_what_pays},
    {"a run stopped again and again gives the bits of one that was not",
     a_run_stopped_again_and_again_gives_the_same_bits},
    {NULL, NULL}};

int main(int argc, char **argv) {
  (void)unsetenv("CROW_TEST_DRAWS"); /* auto is to mean auto here */
  return crow_test_main(argc, argv, "weights by draws of signs", tests, true);
}
