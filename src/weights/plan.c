/* SPDX-License-Identifier: Apache-2.0 */
/* What weights need of memory, reckoned before any work. */
#include "weights/weights_impl.h"
#include <math.h>
#include <string.h>

/* Rank 0 has contexts, weights and cells of all alternatives. */
#define EXACT_BYTES_EACH 96
/* Of an alternative among prompts: where it is, its result twice, what numbering the prompts takes. */
#define PROMPTS_BYTES_EACH 100
#define PROMPTS_BYTES_EVERYWHERE 60
/* Of an alternative among prompts, hits by batch where they are counted and with the result, and once more on the way;
 * else with the result and while it is written. */
#define PROMPTS_BATCHES 4
#define RESULT_BATCHES 2
/* Of an alternative of a rank's slice while equal contexts are found by their hashes; earlier than the search, but
 * small.
 */
#define CENTER_BYTES_EACH 96

static double share(double m, int ranks) { return m / ranks + CROW_BLOCK; }

/* The greatest number of alternatives that one prompt has. Local. */
static crow_gidx largest_prompt(const crow_dataset *dataset) {
  crow_gidx most = 0, *size = NULL;
  if (CROW_ALLOCATE(&size, dataset->prompts) != CROW_OK) return dataset->alternatives;
  for (crow_gidx x = 0; x < dataset->alternatives; x++) {
    if (++size[dataset->prompt[x]] > most) most = size[dataset->prompt[x]];
  }
  crow_free(size);
  return most;
}

/* Whether contexts are held as 32-bit floats: not where the space moves them, as a sphere does. */
static bool holds_single(const crow_dataset *dataset, const crow_weights_options *options) {
  const char *space = options->space.space;
  const bool sphere = strcmp(space, "sphere") == 0 || (strcmp(space, "auto") == 0 && dataset->dimensions > 2);
  return dataset->single && !sphere;
}

/* Of one set of alternatives that ranks share, in this many slices. */
static double voronoi_bytes(const crow_dataset *dataset, const crow_weights_options *options, int slices) {
  const double m = (double)dataset->alternatives;
  if (crow_weights_exact_fits(dataset, options)) return (double)CROW_PROCESS_BYTES + EXACT_BYTES_EACH * m;
  return (double)crow_weights_rank_bytes(dataset->alternatives, dataset->dimensions, holds_single(dataset, options),
                                         options->batches, slices);
}

/* Of one alternative of a rank's slice of the result, hits by batch. */
static double batches_bytes(const crow_dataset *dataset, const crow_weights_options *options) {
  const int copies = dataset->prompts > 1 ? PROMPTS_BATCHES : RESULT_BATCHES;
  if (!options->batches || (dataset->prompts < 2 && crow_weights_exact_fits(dataset, options))) return 0;
  return 8.0 * CROW_HIT_BATCHES * copies;
}

/* Contexts in slices and, of the prompts that a rank does by itself, once more; then one prompt at a time. */
static double prompts_bytes(const crow_dataset *dataset, const crow_weights_options *options, int ranks) {
  const double m = (double)dataset->alternatives, row = (double)dataset->dimensions * (dataset->single ? 4 : 8);
  const crow_gidx most = largest_prompt(dataset);
  return share(m, ranks) * (2 * row + PROMPTS_BYTES_EACH) + PROMPTS_BYTES_EVERYWHERE * m +
         (double)crow_weights_rank_bytes(most, dataset->dimensions, holds_single(dataset, options), options->batches,
                                         1);
}

double crow_weights_need_bytes(const crow_dataset *dataset, const crow_weights_options *options, int ranks,
                               int slices) {
  const double m = (double)dataset->alternatives, d = (double)dataset->dimensions, own = share(m, ranks);
  switch ((crow_scheme)options->scheme) {
  case CROW_SCHEME_VORONOI:
    return crow_space_rank_bytes(options->space.space, dataset->dimensions) +
           (CENTER_BYTES_EACH + batches_bytes(dataset, options)) * own +
           (dataset->prompts > 1 ? prompts_bytes(dataset, options, ranks) : voronoi_bytes(dataset, options, slices));
  case CROW_SCHEME_CLUSTER: {
    const double clusters = options->clusters ? (double)options->clusters : ceil(sqrt(m));
    return crow_cluster_rank_bytes(dataset->alternatives, dataset->dimensions, fmin(clusters, m), ranks);
  }
  case CROW_SCHEME_UNIFORM:
  case CROW_SCHEME_KERNEL:
  case CROW_SCHEME_RADIUS:
    break;
  }
  /* Contexts, sums of all alternatives, blocks and distances of pairs. */
  return (double)CROW_PROCESS_BYTES + (24 + 8 * d) * own + 8 * m + 8.0 * CROW_BLOCK * (3 * d + CROW_BLOCK) +
         32.0 * (double)CROW_VALLEY_PAIRS;
}

crow_status crow_weights_check_memory(const crow_comm *comm, const crow_dataset *dataset,
                                      const crow_weights_options *options) {
  const int ranks = crow_comm_size(comm);
  int groups = 0, slices = 0;
  CROW_NEED(crow_weights_grid_parse(options->grid, &groups, &slices));
  /* Without a grid there may be as many slices as ranks. */
  return crow_comm_check_memory(
      comm, options->memory_per_rank, crow_weights_need_bytes(dataset, options, ranks, slices ? slices : ranks),
      crow_weights_exact_fits(dataset, options)
          ? "take fewer ranks a node, or samples in place of exact cells: --nearest fused"
          : "use more ranks or fewer ranks a node, a --grid of more slices, contexts stored as 32-bit floats, or "
            "another --space than gaussian",
      "the weights of %lld alternatives in %lld dimensions", (long long)dataset->alternatives,
      (long long)dataset->dimensions);
}
