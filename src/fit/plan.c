/* SPDX-License-Identifier: Apache-2.0 */
/* What a fit needs of memory, reckoned before any work. */
#include "fit/fit_impl.h"

/* The grid of the convolution, a block of a matrix's rows, messages and what the libraries hold. */
#define BASE_BYTES (INT64_C(128) << 20)
/* Doubles for each alternative of a rank's slice, besides the history: weights, standard errors and hits (3), rewards
 * (4), the problem in scaled variables (2), iterates and gradients (6), curvature, units, sums and win rates (9). */
#define SLICE_VECTORS 24

/* The largest share of a rank. */
static double largest(crow_gidx things, crow_gidx block, int ranks) {
  const crow_gidx blocks = (things + block - 1) / block;
  return (double)((blocks + ranks - 1) / ranks) * (double)block;
}

/* Comparisons are read (24 bytes each) and sorted as records of 24 bytes, of which a rank holds up to two sets at a
 * time and, as keys decide which rank gets them, perhaps a quarter more than its share. Of the alternatives in its
 * pairs a rank keeps 32 bytes each for a pass over them and 16 to exchange, and of all 12 to count components. */
static double comparisons_bytes(const crow_dataset *dataset, int ranks) {
  return largest(dataset->comparisons, 1, ranks) * (24 + 1.25 * 2 * 24) +
         (double)dataset->alternatives *
             ((32 + 16) * crow_pairs_reach(dataset->alternatives, dataset->comparisons, ranks) + 12);
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

double crow_fit_rank_bytes(const crow_dataset *dataset, const crow_fit_options *options, int ranks) {
  const double m = (double)dataset->alternatives, slice = largest(dataset->alternatives, CROW_BLOCK, ranks);
  const double bytes = (double)BASE_BYTES + 8 * slice * (SLICE_VECTORS + 2 * (double)options->lbfgs.history);
  const crow_source source = crow_fit_source(dataset);
  if (dataset->prompts > 1 && source != CROW_SOURCE_COMPARISONS) {
    return bytes + within_prompts_bytes(dataset, ranks) + 8 * 4 * m;
  }
  switch (source) {
  case CROW_SOURCE_COMPARISONS:
    return bytes + comparisons_bytes(dataset, ranks);
  case CROW_SOURCE_MATRIX:
    /* Weights, sums and deviations of all columns, and at least one row. */
    return bytes + 8 * 4 * m;
  case CROW_SOURCE_POPULATION:
    break;
  }
  /* One annotator type's rewards. */
  return bytes + 8 * (m + (double)dataset->types);
}

crow_status crow_fit_check_memory(const crow_comm *comm, const crow_dataset *dataset, const crow_fit_options *options,
                                  double memory_per_rank) {
  crow_status status = CROW_OK;
  const int ranks = crow_comm_size(comm);
  const double needed = crow_fit_rank_bytes(dataset, options, ranks);
  double limit = 0;
  CROW_TRY(crow_comm_memory_limit(comm, memory_per_rank, &limit));
  if (needed > limit) {
    status = crow_error(
        CROW_FAILED,
        "the fit of %lld alternative%s with %lld comparison%s needs %.3g GB a rank on %d rank%s, but a rank may use "
        "%.3g GB: use more ranks or fewer ranks a node, a shorter --history (%lld), or raise --memory-per-rank",
        (long long)dataset->alternatives, crow_plural(dataset->alternatives), (long long)dataset->comparisons,
        crow_plural(dataset->comparisons), needed / 1e9, ranks, crow_plural(ranks), limit / 1e9,
        (long long)options->lbfgs.history);
  }
cleanup:
  return status;
}
