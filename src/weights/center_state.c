/* SPDX-License-Identifier: Apache-2.0 */
/* The search for the weighted mean as a state ("center") of a checkpoint. */
#include "weights/sampling_impl.h"
#include <string.h>

void crow_weights_center_free(crow_weights_center *center) {
  crow_free(center->value);
  crow_free(center->weights);
  crow_hull_free(&center->hull);
  *center = (crow_weights_center){0};
}

/* Rounds, change and whether it is found stand before the centre itself. */
enum { SCALARS = 3 };

crow_status crow_weights_center_put(const crow_comm *comm, crow_checkpoint *checkpoint,
                                    const crow_weights_center *center, crow_gidx dimensions, const crow_partition *p) {
  crow_status status = CROW_OK;
  double *scalars = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&scalars, SCALARS + dimensions));
  scalars[0] = (double)center->rounds;
  scalars[1] = center->change;
  scalars[2] = center->found;
  memcpy(scalars + SCALARS, center->value, (size_t)dimensions * sizeof *scalars);
  CROW_TRY(crow_checkpoint_put_scalars(checkpoint, "center", SCALARS + dimensions, scalars));
  CROW_TRY(crow_checkpoint_put_vector(checkpoint, "center", 0, CROW_F64, p, center->weights));
cleanup:
  crow_free(scalars);
  return status;
}

crow_status crow_weights_center_get(const crow_comm *comm, crow_checkpoint *checkpoint, crow_gidx dimensions,
                                    const crow_partition *p, crow_weights_center *center) {
  crow_status status = CROW_OK;
  double *scalars = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&scalars, SCALARS + dimensions));
  CROW_TRY(crow_checkpoint_get_scalars(checkpoint, "center", SCALARS + dimensions, scalars));
  CROW_TRY(crow_checkpoint_get_vector(checkpoint, "center", 0, CROW_F64, p, center->weights));
  center->rounds = (int64_t)scalars[0];
  center->change = scalars[1];
  center->found = scalars[2] != 0;
  memcpy(center->value, scalars + SCALARS, (size_t)dimensions * sizeof *scalars);
  if (!center->found) {
    crow_log(CROW_LOG_NOTICE, "space: going on with the weighted mean after %lld round%s", (long long)center->rounds,
             crow_plural(center->rounds));
  }
cleanup:
  crow_free(scalars);
  return status;
}
