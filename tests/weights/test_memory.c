/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that weights and rewards are said to need, by hand. */
#include "harness.h"

#include "weights/weights_impl.h"

#define MEBIBYTES(n) ((double)(n)*0x1p20)

enum { M = 10000, RANKS = 3 };
static int32_t prompt[M];

static crow_weights_options options_of(const char *space, bool batches) {
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.space.space = space;
  options.batches = batches;
  options.nearest.engine = CROW_NEAREST_FUSED;
  return options;
}

/* Sampled: the space, equal contexts while they are sought, two copies of the hits by batch, and a rank of the grid. */
static void sampled_weights_take_a_rank_of_the_grid(void) {
  static const struct {
    const char *space;
    int64_t d;
    bool single, held; /* as floats in the file, and in memory: not where a sphere moves them */
  } cases[] = {{"cube", 20, false, false}, {"cube", 20, true, true},     {"sphere", 20, true, false},
               {"auto", 3, true, false},   {"gaussian", 20, true, true}, {"auto", 2, true, true}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    for (int batches = 0; batches <= 1; batches++) {
      const crow_weights_options options = options_of(cases[c].space, batches);
      const crow_dataset dataset = {.alternatives = M, .dimensions = cases[c].d, .single = cases[c].single};
      const double own = (double)M / RANKS + 512, copies = batches ? 2 * 32 * 8 : 0;
      const double expected = crow_space_rank_bytes(cases[c].space, cases[c].d) + (96 + copies) * own +
                              (double)crow_weights_rank_bytes(M, cases[c].d, cases[c].held, batches, 2);
      CHECK_NEAR(crow_weights_need_bytes(&dataset, &options, RANKS, 2), expected, .5);
    }
  }
}

/* Cells: 96 bytes an alternative on rank 0, and nothing is counted. */
static void exact_weights_take_the_cells(void) {
  crow_weights_options options = options_of("cube", true);
  const crow_dataset dataset = {.alternatives = M, .dimensions = 2};
  options.nearest.engine = CROW_NEAREST_AUTO;
  const double own = (double)M / RANKS + 512;
  CHECK_NEAR(crow_weights_need_bytes(&dataset, &options, RANKS, 1),
             crow_space_rank_bytes("cube", 2) + 96 * own + MEBIBYTES(48) + 96. * M, .5);
}

/* Prompts: contexts twice, 100 bytes of an own alternative and 60 of any, hits by batch four times, and the search of
 * the largest: 7000 of 10000. */
static void prompts_take_the_largest_ones_search(void) {
  for (int64_t x = 0; x < M; x++) prompt[x] = x % 10 < 7 ? 1 : x % 10 == 7 ? 0 : 2;
  for (int single = 0; single <= 1; single++) {
    for (int batches = 0; batches <= 1; batches++) {
      const crow_weights_options options = options_of("box", batches);
      const crow_dataset dataset = {
          .alternatives = M, .dimensions = 20, .single = single, .prompts = 3, .prompt = prompt};
      const double own = (double)M / RANKS + 512, row = 20 * (single ? 4 : 8);
      const double expected = crow_space_rank_bytes("box", 20) + (96 + (batches ? 4 * 32 * 8 : 0)) * own +
                              own * (2 * row + 100) + 60. * M +
                              (double)crow_weights_rank_bytes(7000, 20, single, batches, 1);
      CHECK_NEAR(crow_weights_need_bytes(&dataset, &options, RANKS, 2), expected, .5);
    }
  }
}

static void other_schemes_take_contexts_and_pairs(void) {
  const crow_dataset dataset = {.alternatives = M, .dimensions = 20};
  for (int scheme = CROW_SCHEME_UNIFORM; scheme <= CROW_SCHEME_CLUSTER; scheme++) {
    crow_weights_options options = options_of("cube", true);
    options.scheme = scheme;
    const double own = (double)M / RANKS + 512;
    const double pairs =
        MEBIBYTES(48) + (24 + 8 * 20) * own + 8. * M + 8 * 512. * (3 * 20 + 512) + 32. * (double)CROW_VALLEY_PAIRS;
    const double found = crow_weights_need_bytes(&dataset, &options, RANKS, 1);
    CHECK_NEAR(found, scheme == CROW_SCHEME_CLUSTER ? crow_cluster_rank_bytes(M, 20, 100, RANKS) : pairs, .5);
  }
  crow_weights_options options = options_of("cube", true);
  options.scheme = CROW_SCHEME_CLUSTER;
  options.clusters = 7;
  CHECK_NEAR(crow_weights_need_bytes(&dataset, &options, RANKS, 1), crow_cluster_rank_bytes(M, 20, 7, RANKS), .5);
  options.clusters = 2 * M; /* no more than alternatives */
  CHECK_NEAR(crow_weights_need_bytes(&dataset, &options, RANKS, 1), crow_cluster_rank_bytes(M, 20, M, RANKS), .5);
}

/* Blocks of contexts, twice; of a sphere an exact sum and some copies of the mean; of a covariance its half, summed
 * exactly, a block's product and the matrix, and its factor or the components that are kept. */
static void spaces_take_sums_and_matrices(void) {
  static const int64_t dimensions[] = {1, 3, 400};
  for (int k = 0; k < 3; k++) {
    const double d = (double)dimensions[k], blocks = 2 * 8 * 512 * d, sum = (double)sizeof(crow_exact_sum);
    const double covariance = d * (d + 1) / 2 * sum + 16 * d * d;
    CHECK_NEAR(crow_space_rank_bytes("cube", dimensions[k]), blocks, .5);
    CHECK_NEAR(crow_space_rank_bytes("ball", dimensions[k]), blocks, .5);
    CHECK_NEAR(crow_space_rank_bytes("sphere", dimensions[k]), blocks + (sum + 40) * d, .5);
    CHECK_NEAR(crow_space_rank_bytes("auto", dimensions[k]), blocks + (sum + 40) * d, .5);
    CHECK_NEAR(crow_space_rank_bytes("gaussian", dimensions[k]), blocks + covariance + 8 * d * d, .5);
    for (int64_t components = 2; components <= 200; components += 198) {
      const double kept = fmin((double)components, d);
      CHECK_NEAR(crow_pca_rank_bytes(dimensions[k], components),
                 MEBIBYTES(48) + covariance + 8 * kept * d + 8 * 512 * (2 * d + kept), .5);
    }
  }
}

/* ---- rewards ------------------------------------------------------------------------------------------------------
 */

/* Of the slice (3584 of 10000 on three ranks, in blocks of 512): 7 vectors of results, 12 of the fit, 7 more of pairs,
 * twice the history; 48 MiB of the process. */
static double fitted(bool paired) { return MEBIBYTES(48) + 8. * 3584 * (7 + 12 + (paired ? 7 : 0) + 2 * 10); }

/* What sampling does to rewards: hits by batch (256) and seven vectors of eight columns (448) of the slice, and what a
 * pass over pairs takes of eight columns (128). */
static const double errors_of_pairs = (256 + 448.) * 3584 + 128. * M;

static double found_of(const crow_dataset *dataset, bool sampling_error) {
  crow_train_options options;
  crow_train_options_default(&options);
  options.lbfgs.history = 10;
  options.sampling_error = sampling_error;
  return crow_rewards_rank_bytes(dataset, &options, RANKS);
}

static void comparisons_are_read_or_fitted(void) {
  crow_dataset dataset = {.alternatives = M, .dimensions = 20, .comparisons = 9000, .has_comparisons = true};
  CHECK_NEAR(found_of(&dataset, false), fitted(true) + 28 * 3000 + 60. * M, .5);
  CHECK_NEAR(found_of(&dataset, true), fitted(true) + 28 * 3000 + 60. * M + errors_of_pairs, .5);
  dataset.comparisons = 3000000; /* reading needs more, 24 bytes with a count */
  const double results = MEBIBYTES(48) + 8. * 3584 * 7;
  CHECK_NEAR(found_of(&dataset, false), results + 76e6 + 28. * M, .5);
  dataset.has_count = true;
  CHECK_NEAR(found_of(&dataset, false), results + 84e6 + 28. * M, .5);
  dataset.dimensions = 2; /* exact weights have no sampling error */
  dataset.comparisons = 9000;
  CHECK_NEAR(found_of(&dataset, true), fitted(true) + 28 * 3000 + 60. * M, .5);
}

static void complete_preferences_take_blocks(void) {
  crow_dataset dataset = {.alternatives = M, .dimensions = 20, .has_matrix = true};
  CHECK_NEAR(found_of(&dataset, false), fitted(false) + MEBIBYTES(32) + 40. * M, .5);
  CHECK_NEAR(found_of(&dataset, true), fitted(false) + MEBIBYTES(32) + 40. * M + (4 * 256. + 448) * 3584 + 256. * M,
             .5);
  dataset.has_matrix = false;
  dataset.types = 3;
  CHECK_NEAR(found_of(&dataset, false), fitted(false) + MEBIBYTES(32) + 8. * (M + 3), .5);
  CHECK_NEAR(found_of(&dataset, true), fitted(false) + MEBIBYTES(32) + 8. * (M + 3) + (256 + 448.) * 3584, .5);
}

/* Within prompts they are pairs, of which 7000, 1000 and 2000 alternatives have n (n - 1) / 2 each. */
static void within_prompts_they_are_pairs(void) {
  for (int64_t x = 0; x < M; x++) prompt[x] = x % 10 < 7 ? 1 : x % 10 == 7 ? 0 : 2;
  const crow_dataset dataset = {.alternatives = M, .dimensions = 2, .types = 3, .prompts = 3, .prompt = prompt};
  const double pairs = 7000. * 6999 / 2 + 1000. * 999 / 2 + 2000. * 1999 / 2;
  CHECK_NEAR(found_of(&dataset, false), fitted(true) + 20 * pairs / RANKS + 68. * M + 32. * M, .5);
  CHECK_NEAR(found_of(&dataset, true), fitted(true) + 20 * pairs / RANKS + 100. * M + errors_of_pairs, .5);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"sampled weights take a rank of the grid", sampled_weights_take_a_rank_of_the_grid},
      {"exact weights take the cells", exact_weights_take_the_cells},
      {"prompts take the largest one's search", prompts_take_the_largest_ones_search},
      {"other schemes take contexts and pairs", other_schemes_take_contexts_and_pairs},
      {"spaces take sums and matrices", spaces_take_sums_and_matrices},
      {"comparisons are read, or fitted", comparisons_are_read_or_fitted},
      {"complete preferences take blocks", complete_preferences_take_blocks},
      {"within prompts they are pairs", within_prompts_they_are_pairs},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "memory of weights and rewards", tests, false);
}
