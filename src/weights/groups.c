/* SPDX-License-Identifier: Apache-2.0 */
/* Weights from k-means groups: each group counts the same, and its members share that. */
#include "weights/weights_impl.h"
#include <math.h>

/* More iterations than k-means needs in practice. */
#define ITERATIONS_MOST 300
#define STARTS 10

crow_status crow_weights_cluster(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, crow_weights *out) {
  crow_status status = CROW_OK;
  crow_groups groups = {0};
  int64_t *size = NULL;
  const crow_gidx m = dataset->alternatives;
  crow_gidx clusters = options->clusters ? options->clusters : (crow_gidx)ceil(sqrt((double)m));
  if (clusters > m) clusters = m;
  CROW_TRY(
      crow_groups_by_kmeans(comm, dataset, clusters, STARTS, ITERATIONS_MOST, (uint64_t)options->space.seed, &groups));
  crow_log(CROW_LOG_INFO, "weights: inverse size of k-means groups, %lld group%s after %lld iteration%s",
           (long long)groups.groups, crow_plural(groups.groups), (long long)groups.iterations,
           crow_plural(groups.iterations));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&size, groups.groups));
  for (crow_gidx i = 0; i < m; i++) size[groups.group[i]]++;
  CROW_TRY(crow_weights_allocate(comm, m, false, out));
  for (crow_gidx i = 0; i < out->partition.count; i++) {
    out->value[i] = (double)size[groups.group[out->partition.begin + i]];
  }
  CROW_TRY(crow_weights_invert(comm, out));
cleanup:
  crow_groups_free(&groups);
  crow_free(size);
  return status;
}
