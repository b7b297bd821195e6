/* SPDX-License-Identifier: Apache-2.0 */
/* A dataset whose alternatives are groups of another's. All Collective. */
#ifndef CROW_CLUSTER_POOL_IMPL_H
#define CROW_CLUSTER_POOL_IMPL_H

#include "cluster/cluster_impl.h"

typedef struct crow_pool {
  const crow_comm *comm;
  const crow_dataset *dataset;
  const crow_groups *groups;
  crow_file *file;
  crow_gidx *size, *first; /* (groups) number of members, and the first of them */
} crow_pool;

/* Contexts, ids, topics, and the map from the originals. */
crow_status crow_pool_alternatives(const crow_pool *pool);
/* Every source of preferences that the dataset has; `*dropped` counts comparisons inside groups. */
crow_status crow_pool_preferences(const crow_pool *pool, crow_gidx *dropped);

/* Refuses what would not fit: finding groups (`clusters` of k-means, 0: by radius) and pooling `groups` of them.
 * Collective. */
crow_status crow_cluster_check_memory(const crow_comm *comm, const crow_dataset *dataset, crow_gidx clusters,
                                      crow_gidx groups, double memory_per_rank);

#endif
