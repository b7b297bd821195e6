/* SPDX-License-Identifier: Apache-2.0 */
/* What groups of alternatives need of memory, reckoned before any work. */
#include "preference/pool_impl.h"
#include <math.h>

/* Pieces of comparisons and of copied arrays. */
#define PIECES_BYTES (12 << 20)
/* Of every alternative on every rank: its group, those of another rank, and their numbers. */
#define EACH_BYTES 20
/* Means of a piece of the groups, and what they are made of. */
#define MEANS_BYTES (INT64_C(2) << 24)

double crow_cluster_rank_bytes(crow_gidx alternatives, crow_gidx dimensions, double clusters, int ranks) {
  const double m = (double)alternatives, d = (double)dimensions, own = m / ranks + CROW_BLOCK;
  const double means = fmin(16 * d * (clusters > 0 ? clusters : m), (double)MEANS_BYTES);
  return (double)CROW_PROCESS_BYTES + PIECES_BYTES + own * (8 * d + 16) + EACH_BYTES * m + 8 * clusters * (2 * d + 1) +
         8.0 * CROW_BLOCK * (3 * d + CROW_BLOCK) + means;
}

/* plan.c: bytes that pooling the preferences of `groups` groups takes on every rank. */
static double pool_rank_bytes(const crow_dataset *dataset, crow_gidx groups) {
  const double m = (double)dataset->alternatives, g = (double)groups;
  return (dataset->has_matrix ? 8 * g * g + 8 * (m + g) : 0) + (dataset->has_population ? 8 * (m + g) : 0);
}

crow_status crow_cluster_check_memory(const crow_comm *comm, const crow_dataset *dataset, crow_gidx clusters,
                                      crow_gidx groups, double memory_per_rank) {
  const double bytes =
      crow_cluster_rank_bytes(dataset->alternatives, dataset->dimensions, (double)clusters, crow_comm_size(comm)) +
      pool_rank_bytes(dataset, groups);
  return crow_comm_check_memory(comm, memory_per_rank, bytes,
                                "use more ranks or fewer ranks a node, or fewer groups (of a matrix every rank has 8 "
                                "bytes for each pair of groups)",
                                "groups of %lld alternatives in %lld dimensions", (long long)dataset->alternatives,
                                (long long)dataset->dimensions);
}
