/* SPDX-License-Identifier: Apache-2.0 */
/* What a fit needs of memory, reckoned before any work. */
#include "rewards/rewards_impl.h"
#include <math.h>

/* Of complete preferences the grid of the convolution, and a block of a matrix's rows. */
#define COMPLETE_BYTES (INT64_C(32) << 20)
/* Doubles for each alternative of a rank's slice: weights, standard errors, hits and rewards, and, besides the history,
 * the problem in scaled variables (2), iterates and gradients (6), curvature and win rates (4) and, of pairs, units,
 * sums and the rewards they are of (7). */
#define RESULT_VECTORS 7
#define FIT_VECTORS 12
#define PAIRED_VECTORS 7
/* Bytes for each comparison of a rank: read (16, with a count 24) and sorted as records of 24, of which a rank holds up
 * to two sets at a time and, as keys decide which rank gets them, perhaps a quarter more than its share (comparisons
 * without shares of judgements are records of 8, but that is known only once they are read); in pairs with what an
 * evaluation holds. */
#define READ_BYTES 76
#define COUNT_BYTES 8
#define PAIR_BYTES 28
/* Of all alternatives on every rank: a pass over the pairs (32), slices put together (16), components (12). */
#define WHOLE_BYTES 60

/* Doubles for each alternative of a rank's slice while it is found what sampling does to rewards, for each of the
 * columns that are taken at once: their changes (with wAWR 3) and what conjugate gradients hold (4). */
#define COLUMN_VECTORS 7
/* On every rank for each alternative of its pairs: what a pass takes of so many columns. */
#define COLUMNS_BYTES 128
#define COLUMNS 8

/* Of what sampling does to rewards: hits by batch, some batches at a time, and of a matrix, which is read once, the
 * changes of weights and win rates by all of them, with changed weights whole on every rank. */
static double sampling_error_bytes(const crow_dataset *dataset, double slice) {
  const bool complete = !dataset->has_comparisons && dataset->prompts < 2, matrix = complete && dataset->has_matrix;
  const double row = 8 * CROW_HIT_BATCHES, columns = 8.0 * COLUMNS * COLUMN_VECTORS, m = (double)dataset->alternatives;
  if (dataset->dimensions <= 2 && dataset->prompts < 2) return 0; /* weights are exact */
  return slice * (row + columns + (matrix ? 3 * row : 0)) + (complete ? 0 : COLUMNS_BYTES * m) + (matrix ? row * m : 0);
}

/* With prompts complete preferences are pairs within them: 20 bytes each, and what a pass over pairs needs. */
static double within_prompts_bytes(const crow_dataset *dataset, int ranks) {
  double pairs = 0;
  int32_t *seen = NULL;
  /* Alternative x makes a pair with each earlier one of its prompt. */
  if (CROW_ALLOCATE(&seen, dataset->prompts) != CROW_OK) return 0;
  for (crow_gidx x = 0; x < dataset->alternatives; x++) pairs += seen[dataset->prompt[x]]++;
  crow_free(seen);
  return 20 * pairs / ranks + (double)dataset->alternatives * (32 + 16 + 20);
}

/* Preferences in memory: while they are read, or while rewards are fitted to them, whichever needs more. `fit` is what
 * the fit itself takes. */
static double phases(const crow_dataset *dataset, int ranks, double fit) {
  const double m = (double)dataset->alternatives, q = (double)crow_partition_largest(dataset->comparisons, 1, ranks);
  if (dataset->prompts > 1 && !dataset->has_comparisons) return within_prompts_bytes(dataset, ranks) + 32 * m + fit;
  switch (crow_preference_source(dataset)) {
  case CROW_SOURCE_COMPARISONS:
    return fmax((READ_BYTES + (dataset->has_count ? COUNT_BYTES : 0)) * q + 28 * m,
                PAIR_BYTES * q + WHOLE_BYTES * m + fit);
  case CROW_SOURCE_MATRIX:
    /* Weights, sums and deviations of all columns, and at least one row. */
    return (double)COMPLETE_BYTES + 8 * 5 * m + fit;
  case CROW_SOURCE_POPULATION:
    break;
  }
  /* One annotator type's rewards. */
  return (double)COMPLETE_BYTES + 8 * (m + (double)dataset->types) + fit;
}

double crow_rewards_rank_bytes(const crow_dataset *dataset, const crow_train_options *options, int ranks) {
  const double slice = (double)crow_partition_largest(dataset->alternatives, CROW_BLOCK, ranks);
  const bool paired = dataset->has_comparisons || dataset->prompts > 1;
  double fit = 8 * slice * (FIT_VECTORS + (paired ? PAIRED_VECTORS : 0) + 2 * (double)options->lbfgs.history);
  if (options->model.model != CROW_MODEL_TABULAR) {
    /* At the least one group: all ranks share a copy of the data. Pairs are counted with the preferences. */
    fit = crow_ensemble_bytes(dataset, options, 0, ranks) +
          8 * slice * 3 * (double)(options->training.ensemble > 1); /* spread over the members */
  }
  if (options->sampling_error && options->model.model == CROW_MODEL_TABULAR)
    fit += sampling_error_bytes(dataset, slice);
  return (double)CROW_PROCESS_BYTES + 8 * slice * RESULT_VECTORS + phases(dataset, ranks, fit);
}

/* What is held out is looked at before any work, too. Collective. */
static crow_status add_validation(const crow_comm *comm, const crow_dataset *dataset, const crow_train_options *options,
                                  double *bytes) {
  crow_status status = CROW_OK;
  crow_dataset held = {0};
  CROW_TRY(crow_validation_open(comm, dataset, options->training.validate, &held));
  *bytes += crow_validation_bytes(&held, &options->model, crow_comm_size(comm));
cleanup:
  crow_dataset_close(&held);
  return status;
}

crow_status crow_rewards_check_memory(const crow_comm *comm, const crow_dataset *dataset,
                                      const crow_train_options *options, const crow_uncertainty_options *wanted,
                                      double memory_per_rank) {
  const int ranks = crow_comm_size(comm);
  double bytes = crow_rewards_rank_bytes(dataset, options, ranks);
  if (options->training.validate) CROW_NEED(add_validation(comm, dataset, options, &bytes));
  CROW_NEED(crow_comm_check_memory(
      comm, memory_per_rank, bytes,
      options->model.model == CROW_MODEL_TABULAR
          ? "use more ranks or fewer ranks a node, a shorter --history"
          : "use more ranks or fewer ranks a node, fewer --hidden units, contexts stored as 32-bit floats",
      "the fit of %lld alternatives with %lld comparisons", (long long)dataset->alternatives,
      (long long)dataset->comparisons));
  if (!wanted) return CROW_OK;
  return crow_comm_check_memory(comm, memory_per_rank,
                                crow_uncertainty_rank_bytes(dataset, &options->lbfgs, wanted, ranks),
                                "use more ranks or fewer ranks a node, or fewer --bootstrap replicates",
                                "the bootstrap or standard errors of %lld alternatives with %lld comparisons",
                                (long long)dataset->alternatives, (long long)dataset->comparisons);
}
