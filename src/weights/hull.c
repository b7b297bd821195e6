/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/sampling_impl.h"

/* One rank reads all contexts to find their hull; beyond this many bytes it is not looked for. */
#define HULL_BYTES_MOST (INT64_C(256) << 20)

static crow_status broadcast(const crow_comm *comm, crow_hull *hull) {
  crow_status status = CROW_OK;
  int64_t shape[4] = {hull->d, hull->k, hull->stride, hull->basis != NULL};
  CROW_TRY(crow_comm_broadcast(comm, shape, (int64_t)sizeof shape, 0));
  hull->d = shape[0];
  hull->k = shape[1];
  hull->stride = shape[2];
  if (!shape[3]) goto cleanup;
  if (!hull->basis) {
    CROW_TRY(CROW_ALLOCATE(&hull->origin, hull->d));
    CROW_TRY(CROW_ALLOCATE(&hull->basis, hull->d * hull->stride));
  }
cleanup:
  status = crow_comm_agree(comm, status);
  if (status != CROW_OK || !shape[3]) return status;
  status = crow_comm_broadcast(comm, hull->origin, hull->d * (int64_t)sizeof(double), 0);
  if (status != CROW_OK) return status;
  return crow_comm_broadcast(comm, hull->basis, hull->d * hull->stride * (int64_t)sizeof(double), 0);
}

crow_status crow_weights_hull(const crow_comm *comm, const crow_dataset *dataset, const crow_space *space,
                              crow_hull *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions, limit = crow_hull_limit(m, d);
  const bool reads = crow_comm_rank(comm) == 0;
  double *contexts = NULL;
  *out = (crow_hull){.d = d, .k = d};
  if (limit < 1 || m > HULL_BYTES_MOST / (int64_t)sizeof(double) / d) return CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&contexts, reads ? m * d : 0));
  CROW_TRY(crow_dataset_read_contexts(dataset, 0, reads ? m : 0, CROW_F64, contexts));
  CROW_TRY_AGREE(comm, reads ? crow_space_transform(space, 0, m, contexts) : CROW_OK);
  CROW_TRY_AGREE(comm, reads ? crow_hull_create(contexts, CROW_DOUBLE, m, d, limit, out) : CROW_OK);
  CROW_TRY(broadcast(comm, out));
cleanup:
  crow_free(contexts);
  if (status != CROW_OK) crow_hull_free(out);
  return status;
}
