/* SPDX-License-Identifier: Apache-2.0 */
/* How much work a result takes: rows of contexts that are read, samples that are searched and decided again,
 * evaluations of the objective. None of it shows in a result, and only a count sees that there is more of it than there
 * should be. */
#include "fixture.h"

enum { M = 1500, D = 6 };

/* ---- rows of contexts ---------------------------------------------------------------------------------------- */

typedef struct counted {
  int64_t calls, rows;
  double offset;
} counted;

static void make_counted(void *context, crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  counted *c = context;
  double row[D];
  c->calls++;
  c->rows += count;
  for (crow_gidx i = 0; i < count; i++) {
    crow_random_uniform(31, CROW_STREAM_TEST, (uint64_t)(begin + i), row, D);
    for (int k = 0; k < D; k++) {
      const double value = rint(row[k] * 0x1p20) * 0x1p-20 + c->offset;
      if (type == CROW_F32)
        ((float *)values)[i * D + k] = (float)value;
      else
        ((double *)values)[i * D + k] = value;
    }
  }
}

static crow_weights_options sampled(int64_t samples, const char *space, crow_nearest_engine engine) {
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.samples = samples;
  options.draws = CROW_DRAWS_INDEPENDENT;
  options.space.space = space;
  options.nearest.engine = (int)engine;
  return options;
}

/* Computes weights; the counts and, in their run, samples over all ranks. */
static counted compute_counted(const crow_weights_options *options, double offset, crow_weights *weights) {
  counted c = {.offset = offset};
  const crow_dataset dataset = crow_dataset_generated(M, D, false, make_counted, &c);
  CHECK_OK(crow_weights_compute(test_comm, &dataset, options, weights));
  int64_t sums[4] = {c.calls, c.rows, weights->run.searched, weights->run.decided_again};
  CHECK_OK(crow_comm_sum_i64(test_comm, sums, 4));
  weights->run.searched = sums[2];
  weights->run.decided_again = sums[3];
  return (counted){sums[0], sums[1], offset};
}

/* Twice to know S, its sign blocks and equal contexts each at most, once into the search of every group of ranks; in
 * blocks, and never more for more samples. */
static void contexts_are_read_a_few_times(void) {
  static const char *const spaces[] = {"cube", "box", "ball", "gaussian", "factor2"};
  const int64_t size = crow_comm_size(test_comm), blocks = (M + CROW_BLOCK - 1) / CROW_BLOCK;
  for (size_t s = 0; s < sizeof spaces / sizeof *spaces; s++) {
    int64_t rows[2] = {0};
    for (int twice = 0; twice <= 1; twice++) {
      const crow_weights_options options = sampled(2000 << twice, spaces[s], CROW_NEAREST_GEMM);
      crow_weights weights;
      const counted c = compute_counted(&options, 0, &weights);
      rows[twice] = c.rows;
      CHECK(weights.run.searched == 2000 << twice && weights.run.groups == size && weights.run.slices == 1);
      CHECK(c.rows >= size * M && c.rows <= (size + 6) * M && c.calls <= (size + 6) * blocks);
      crow_weights_free(&weights);
    }
    CHECK(rows[0] == rows[1]);
  }
}

/* The search for the weighted mean of a sphere passes over them in every round. */
static void every_round_of_a_centre_reads_them_as_often(void) {
  const int64_t size = crow_comm_size(test_comm);
  const crow_weights_options options = sampled(2000, "sphere", CROW_NEAREST_GEMM);
  crow_weights weights;
  const counted c = compute_counted(&options, 0, &weights);
  CHECK(weights.space.center_rounds >= 2 && weights.space.center_rounds <= 30);
  CHECK(c.rows <= (weights.space.center_rounds + 2) * (size + 3) * M);
  CHECK(weights.run.searched == 2000);
  crow_weights_free(&weights);
}

/* Uniform weights look at no context; the other schemes pass over all of them once, and once for the valley's pairs or
 * the first centres of the groups. */
static void other_schemes_read_them_once_or_twice(void) {
  for (int scheme = CROW_SCHEME_UNIFORM; scheme <= CROW_SCHEME_CLUSTER; scheme++) {
    crow_weights_options options = sampled(2000, "cube", CROW_NEAREST_GEMM);
    crow_weights weights;
    options.scheme = scheme;
    const counted c = compute_counted(&options, 0, &weights);
    CHECK(scheme == CROW_SCHEME_UNIFORM ? c.rows == 0 : c.rows >= M && c.rows <= 2 * M);
    CHECK(weights.run.searched == 0);
    crow_weights_free(&weights);
  }
}

/* ---- samples ------------------------------------------------------------------------------------------------- */

/* Single precision decides nearly all, also far from the origin, and the result is that of double precision. */
static void few_samples_are_decided_again(void) {
  static const crow_nearest_engine engines[] = {CROW_NEAREST_GEMM, CROW_NEAREST_FUSED, CROW_NEAREST_TREE};
  enum { SAMPLES = 20000 };
  for (int far = 0; far <= 1; far++) {
    for (int e = 0; e < 3; e++) {
      crow_weights_options options = sampled(SAMPLES, "box", engines[e]);
      crow_weights weights, again;
      (void)compute_counted(&options, far * 0x1p20, &weights);
      CHECK(weights.run.searched == SAMPLES);
      CHECK(weights.run.decided_again <= SAMPLES / 200); /* of 0.05 % within the rounding of floats of each other */
      options.nearest.precision = CROW_DOUBLE;
      (void)compute_counted(&options, far * 0x1p20, &again);
      CHECK(again.run.decided_again <= weights.run.decided_again);
      const size_t bytes = (size_t)weights.partition.count * sizeof *weights.hits;
      CHECK(bytes == 0 || memcmp(weights.hits, again.hits, bytes) == 0);
      crow_weights_free(&weights);
      crow_weights_free(&again);
    }
  }
}

/* A slice of the alternatives sees all samples, and a group of ranks its share of them. A slice without alternatives,
   of which there are whole blocks, has nothing to search. */
static void every_sample_is_searched_once_in_every_slice(void) {
  const int size = crow_comm_size(test_comm), blocks = (M + CROW_BLOCK - 1) / CROW_BLOCK;
  for (int slices = 1; slices <= size; slices++) {
    char grid[32];
    crow_weights weights;
    if (size % slices) continue;
    (void)snprintf(grid, sizeof grid, "%dx%d", size / slices, slices);
    crow_weights_options options = sampled(3001, "cube", CROW_NEAREST_GEMM);
    options.grid = grid;
    const double before = crow_work_get().count[CROW_WORK_SAMPLE];
    (void)compute_counted(&options, 0, &weights);
    int64_t counted_samples = (int64_t)(crow_work_get().count[CROW_WORK_SAMPLE] - before);
    CHECK_OK(crow_comm_sum_i64(test_comm, &counted_samples, 1));
    CHECK(weights.run.searched == 3001 * (slices < blocks ? slices : blocks) && counted_samples == 3001 * slices);
    crow_weights_free(&weights);
  }
}

/* ---- evaluations, and what is read of a file ------------------------------------------------------------------ */

enum { Q = 60000, COMPARED = 600 };

static void write_comparisons(const char *path) {
  static double context[COMPARED], outcome[Q];
  static int32_t first[Q], second[Q];
  for (int32_t k = 0; k < Q; k++) {
    uint32_t words[3];
    crow_random_words(32, CROW_STREAM_TEST, (uint64_t)k, words, 3);
    first[k] = (int32_t)(words[0] % COMPARED);
    second[k] = (int32_t)((words[0] % COMPARED + 1 + words[1] % (COMPARED - 1)) % COMPARED);
    outcome[k] = .5 * (words[2] % 3);
  }
  const test_dataset t = {
      .m = COMPARED, .d = 1, .context = context, .q = Q, .first = first, .second = second, .outcome = outcome};
  test_dataset_write(test_comm, path, &t);
}

/* Bytes that this process has read, or -1 where the system does not count them. */
static int64_t bytes_read(void) {
  long long bytes = -1;
  FILE *file = fopen("/proc/self/io", "r");
  if (file && fscanf(file, "rchar: %lld", &bytes) != 1) bytes = -1;
  if (file) (void)fclose(file);
  return (int64_t)bytes;
}

/* An iteration takes one evaluation or little more, each passes over this rank's pairs once, and a fit begins with one.
 * Comparisons are read once or twice (they are checked as the file is opened), whatever the number of ranks. */
static void a_fit_evaluates_once_an_iteration_and_reads_once(void) {
  crow_dataset dataset = {0};
  crow_weights weights;
  crow_rewards rewards;
  crow_train_options options;
  crow_train_options_default(&options);
  write_comparisons(test_path("work.h5"));
  CHECK_OK(crow_weights_uniform(test_comm, COMPARED, &weights));
  const int64_t start = bytes_read();
  const double before = crow_work_get().count[CROW_WORK_PAIR], whole_before = crow_work_get().count[CROW_WORK_WHOLE];
  CHECK_OK(crow_dataset_open(test_comm, test_path("work.h5"), false, &dataset));
  CHECK_OK(crow_rewards_fit(test_comm, &dataset, &weights, &options, &rewards));
  const double passed = crow_work_get().count[CROW_WORK_PAIR] - before;
  int64_t read = bytes_read() - start, pairs[2] = {(int64_t)passed, rewards.pairs};
  CHECK_OK(crow_comm_sum_i64(test_comm, &read, 1));
  CHECK_OK(crow_comm_sum_i64(test_comm, &pairs[0], 1));
  CHECK(rewards.converged && rewards.iterations > 2);
  CHECK(rewards.evaluations > rewards.iterations && rewards.evaluations <= rewards.iterations * 3 / 2 + 4);
  CHECK(pairs[1] > 0 && pairs[0] >= rewards.evaluations * pairs[1]);
  CHECK(pairs[0] <= (rewards.evaluations + 4) * pairs[1]); /* the scale's curvature, the win rates */
  /* Alone a rank passes over all alternatives twice an evaluation: rewards to them, sums from them. */
  const double whole = crow_work_get().count[CROW_WORK_WHOLE] - whole_before;
  if (crow_comm_size(test_comm) == 1) {
    CHECK(whole >= 2. * COMPARED * (double)rewards.evaluations);
    CHECK(whole <= 2. * COMPARED * (double)(rewards.evaluations + 4));
  }
  if (start >= 0) CHECK(read <= 2 * INT64_C(16) * Q + (1 << 18) * (int64_t)crow_comm_size(test_comm));
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"contexts are read a few times", contexts_are_read_a_few_times},
      {"every round of a centre reads them as often", every_round_of_a_centre_reads_them_as_often},
      {"other schemes read them once or twice", other_schemes_read_them_once_or_twice},
      {"few samples are decided again", few_samples_are_decided_again},
      {"every sample is searched once in every slice", every_sample_is_searched_once_in_every_slice},
      {"a fit evaluates once an iteration and reads once", a_fit_evaluates_once_an_iteration_and_reads_once},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "work", tests, true);
}
