/* SPDX-License-Identifier: Apache-2.0 */
/* What a bootstrap and standard errors need of memory, reckoned before any work. */
#include <crow/uncertainty.h>

/* Doubles for each alternative of a rank's slice: weights, rewards and the fit's other results, and as many again of
 * replicates. */
#define RESULT_VECTORS 15
/* Bytes for each comparison of a rank: in pairs, kept one by one, and sorted anew. */
#define JUDGED_BYTES 112
/* Bytes for each alternative on every rank: what replicates and random probes put together. */
#define WHOLE_BYTES 100
/* Of many alternatives several probes are taken at once: bytes for each alternative of a slice (five vectors of eight
 * columns), and on every rank. */
#define PROBES_BYTES 320
#define PROBES_WHOLE_BYTES 128

double crow_uncertainty_rank_bytes(const crow_dataset *dataset, const crow_lbfgs_options *lbfgs,
                                   const crow_uncertainty_options *options, int ranks) {
  const double m = (double)dataset->alternatives;
  const double slice = (double)crow_partition_largest(dataset->alternatives, CROW_BLOCK, ranks);
  const double comparisons = (double)crow_partition_largest(dataset->comparisons, 1, ranks);
  const double dense = m <= CROW_SANDWICH_EXACT ? 32 * m * m : PROBES_BYTES * slice + PROBES_WHOLE_BYTES * m;
  const bool errors = crow_uncertainty_wants_errors(dataset, options);
  const bool topics = options->errors && dataset->has_topic;
  if (!dataset->has_comparisons || (!options->bootstrap && !errors && !topics)) return 0;
  /* A slice's clusters, read with the other kept columns. */
  const double clusters = options->bootstrap_by ? 4 * (double)(dataset->kept + 1) * comparisons : 0;
  return (double)CROW_PROCESS_BYTES + JUDGED_BYTES * comparisons + clusters + WHOLE_BYTES * m +
         8 * slice * (RESULT_VECTORS + 2 * (double)(options->bootstrap ? lbfgs->history : 0)) +
         (errors || topics ? dense : 0) + (topics ? 8 * slice * CROW_TOPIC_ERRORS_MOST : 0) +
         12 * (double)options->bootstrap * slice;
}
