/* SPDX-License-Identifier: Apache-2.0 */
/* A bootstrap of more replicates than a checkpoint has room for vectors: what was saved comes back, and intervals are
 * quantiles of all of them. Replicates are made up here, since fitting so many takes long. */
#include "fixture.h"

#include "io/checkpoint_impl.h"
#include "uncertainty/bootstrap_impl.h"

enum { M = 3 };

static crow_status nothing_more(const void *context, crow_checkpoint *checkpoint) {
  (void)context;
  (void)checkpoint;
  return CROW_OK;
}

static const crow_uncertainty_options options = {.bootstrap = 1};
static const crow_checkpoint_options often = {NULL, 0, 0, false};

/* Value of alternative x in replicate k: a permutation of 0 .. B - 1 over B, and x. */
static double value_at(int64_t replicates, int64_t k, crow_gidx x) {
  return (double)(k * 7919 % replicates) / (double)replicates + (double)x;
}

/* Every replicate but each `skipped`th has ended. */
static crow_bootstrap make_bootstrap(int64_t replicates, int64_t skipped, const crow_weights *weights,
                                     crow_checkpoint *checkpoint) {
  crow_bootstrap b = {.comm = test_comm,
                      .weights = weights,
                      .options = &options,
                      .kept = {checkpoint, nothing_more, NULL},
                      .replicates = replicates};
  const crow_gidx count = weights->partition.count;
  CHECK_OK(CROW_ALLOCATE(&b.end, replicates));
  CHECK_OK(CROW_ALLOCATE(&b.values, count * replicates));
  CHECK_OK(CROW_ALLOCATE(&b.ranks, count * replicates));
  for (int64_t k = 0; k < replicates && skipped; k++) {
    b.end[k] = k % skipped == skipped - 1 ? CROW_REPLICATE_TO_DO : CROW_REPLICATE_CONVERGED;
    for (crow_gidx i = 0; i < count; i++) {
      b.values[i * replicates + k] = value_at(replicates, k, weights->partition.begin + i);
      b.ranks[i * replicates + k] = 1 + (int32_t)(k % 3);
    }
  }
  return b;
}

static void free_bootstrap(crow_bootstrap *b) {
  crow_free(b->end);
  crow_free(b->values);
  crow_free(b->ranks);
  crow_free(b->todo);
}

static void check_come_back(int64_t replicates, const crow_weights *weights) {
  enum { SKIPPED = 5 };
  crow_checkpoint *checkpoint = NULL;
  bool found = true;
  CHECK_OK(crow_checkpoint_create(test_comm, &often, test_path("many.h5"), &checkpoint));
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(!found);
  crow_bootstrap saved = make_bootstrap(replicates, SKIPPED, weights, checkpoint);
  CHECK_OK(crow_checkpoint_begin(checkpoint));
  CHECK_OK(crow_bootstrap_save(&saved));
  CHECK(checkpoint->contents.length < 1 << 20);
  CHECK_OK(crow_checkpoint_end(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
  CHECK_OK(crow_checkpoint_create(test_comm, &often, test_path("many.h5"), &checkpoint));
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(found);
  crow_bootstrap loaded = make_bootstrap(replicates, 0, weights, checkpoint);
  CHECK_OK(crow_bootstrap_load(&loaded));
  CHECK(loaded.todo_count == replicates / SKIPPED);
  int64_t wrong = 0;
  for (int64_t k = 0; k < loaded.todo_count; k++) wrong += loaded.todo[k] != k * SKIPPED + SKIPPED - 1;
  wrong += memcmp(saved.end, loaded.end, (size_t)replicates * sizeof *saved.end) != 0;
  for (int64_t k = 0; k < weights->partition.count * replicates; k++) {
    wrong += saved.values[k] != loaded.values[k] || saved.ranks[k] != loaded.ranks[k];
  }
  CHECK(wrong == 0);
  free_bootstrap(&saved);
  free_bootstrap(&loaded);
  CHECK_OK(crow_checkpoint_remove(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
}

/* One pair of vectors, a few, and more than there may be of pairs with 64 replicates each. */
static void any_number_of_replicates_comes_back(void) {
  static const int64_t numbers[] = {5, 100, 160001};
  crow_weights weights;
  CHECK_OK(crow_weights_uniform(test_comm, M, &weights));
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) check_come_back(numbers[k], &weights);
  crow_weights_free(&weights);
}

/* Values of x are x + 0, 1/B, ..., (B - 1)/B; the quantile q of them lies at q (B - 1). */
static void intervals_are_quantiles_of_all(void) {
  const int64_t replicates = 200003;
  crow_weights weights;
  crow_uncertainty out = {0};
  CHECK_OK(crow_weights_uniform(test_comm, M, &weights));
  const int32_t first[] = {0, 1}, second[] = {1, 2};
  const double outcome[] = {1, 1};
  crow_objective_options objective;
  crow_pairs pairs;
  crow_settings_default(crow_objective_settings, &objective);
  CHECK_OK(crow_pairs_create(test_comm, M, 2, first, second, outcome, NULL, &pairs));
  crow_bootstrap b = make_bootstrap(replicates, INT64_MAX, &weights, NULL);
  CHECK_OK(crow_objective_create_pairs(test_comm, &objective, &weights, &pairs, &b.full));
  const crow_gidx count = weights.partition.count, begin = weights.partition.begin;
  CHECK_OK(crow_bootstrap_intervals(&b, &out));
  for (crow_gidx i = 0; i < count; i++) {
    const double last = (double)(replicates - 1) / (double)replicates;
    CHECK_NEAR(out.lower[i] - (double)(begin + i), .025 * last, 1e-12);
    CHECK_NEAR(out.upper[i] - (double)(begin + i), .975 * last, 1e-12);
    CHECK(out.rank_lower[i] == 1 && out.rank_upper[i] == 3);
  }
  crow_objective_destroy(&b.full);
  crow_pairs_free(&pairs);
  free_bootstrap(&b);
  crow_uncertainty_free(&out);
  crow_weights_free(&weights);
}

/* By hand: a slice's vectors and slots, pairs and comparisons over the group's ranks, what all know, what is kept. */
static void memory_is_that_of_a_group(void) {
  const crow_lbfgs_options lbfgs = {.history = 10};
  const crow_weights weights = {.partition = {.global = 5000}};
  crow_bootstrap b = {.comm = test_comm, .weights = &weights, .lbfgs = &lbfgs, .replicates = 200};
  b.judged.pairs.partition.global = 7000000;
  b.judged.judgements.global = 30000000;
  for (int ranks = 1; ranks <= 4; ranks++) {
    const double slice = 5000. / ranks + CROW_BLOCK, all = 5000. / crow_comm_size(test_comm) + CROW_BLOCK;
    const double vectors = slice * 8 * (20 + 2 * 10), slots = slice * 16 * 12;
    const double data = (7e6 * 40 + 3e7 * 24) / ranks, known = 5000 * 100, kept = all * 200 * 12;
    CHECK_NEAR(crow_bootstrap_bytes(&b, ranks), vectors + slots + data + known + kept, 1e-6);
  }
}

/* Those of the header. */
static void defaults_are_those_that_are_stated(void) {
  crow_uncertainty_options found;
  crow_settings_default(crow_uncertainty_settings, &found);
  CHECK(found.bootstrap == 0 && found.bootstrap_seed == 1 && !found.standard_errors && found.error_probes == 256);
  CHECK(found.errors && !found.bootstrap_by);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"any number of replicates comes back", any_number_of_replicates_comes_back},
                                    {"intervals are quantiles of all", intervals_are_quantiles_of_all},
                                    {"defaults are those that are stated", defaults_are_those_that_are_stated},
                                    {"memory is that of a group", memory_is_that_of_a_group},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "many replicates", tests, true);
}
