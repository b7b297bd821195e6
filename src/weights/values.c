/* SPDX-License-Identifier: Apache-2.0 */
/* The arrays of weights: made, summed up, kept in a checkpoint, freed. */
#include "weights/weights_impl.h"
#include <string.h>

crow_status crow_weights_allocate(const crow_comm *comm, crow_gidx alternatives, bool sampled, crow_weights *out) {
  memset(out, 0, sizeof *out);
  out->growth = 1;
  out->partition = crow_comm_partition(comm, alternatives, CROW_BLOCK);
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(out->partition.count, &out->value, &out->standard_error));
  if (sampled) CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->hits, out->partition.count));
  return CROW_OK;
}

crow_status crow_weights_summarise(const crow_comm *comm, crow_weights *weights) {
  const double *w = weights->value;
  double squares = 0;
  weights->zeros = 0;
  for (crow_gidx i = 0; i < weights->partition.count; i++) weights->zeros += w[i] == 0;
  CROW_NEED(crow_comm_sum_i64(comm, &weights->zeros, 1));
  CROW_NEED(crow_comm_dot(comm, &weights->partition, 1, &w, &w, &squares));
  weights->effective = squares > 0 ? 1 / squares : 0;
  return CROW_OK;
}

crow_status crow_weights_uniform(const crow_comm *comm, crow_gidx alternatives, crow_weights *out) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_weights_allocate(comm, alternatives, false, out));
  for (crow_gidx i = 0; i < out->partition.count; i++) out->value[i] = 1 / (double)alternatives;
  CROW_TRY(crow_weights_summarise(comm, out));
cleanup:
  if (status != CROW_OK) crow_weights_free(out);
  return status;
}

crow_status crow_weights_save(crow_checkpoint *checkpoint, const crow_weights *weights) {
  const crow_weights_space *space = &weights->space;
  const double scalars[] = {(double)weights->samples,    (double)space->dimensions, (double)space->center_rounds,
                            space->center_change,        (double)weights->blocks,   weights->pseudo_count,
                            weights->batch_hits != NULL, weights->squares != NULL,  weights->growth};
  const crow_partition *p = &weights->partition;
  CROW_NEED(crow_checkpoint_put_scalars(checkpoint, "finished_weights", sizeof scalars / sizeof *scalars, scalars));
  if (space->dimensions) {
    CROW_NEED(crow_checkpoint_put_scalars(checkpoint, "finished_center", space->dimensions, space->center));
  }
  CROW_NEED(crow_checkpoint_put_vector(checkpoint, "finished_weights", 0, CROW_F64, p, weights->value));
  CROW_NEED(crow_checkpoint_put_vector(checkpoint, "finished_weights", 1, CROW_F64, p, weights->standard_error));
  if (weights->samples) {
    CROW_NEED(crow_checkpoint_put_vector(checkpoint, "finished_weights", 2, CROW_I64, p, weights->hits));
  }
  if (weights->squares) {
    CROW_NEED(crow_checkpoint_put_vector(checkpoint, "finished_squares", 0, CROW_I64, p, weights->squares));
  }
  if (weights->batch_hits) {
    CROW_NEED(crow_hit_batches_put(checkpoint, "finished_weights", 3, CROW_HIT_BATCHES, p, weights->batch_hits));
  }
  return CROW_OK;
}

crow_status crow_weights_load(const crow_comm *comm, crow_checkpoint *checkpoint, crow_gidx alternatives,
                              crow_weights *out) {
  crow_status status = CROW_OK;
  double scalars[9] = {0};
  memset(out, 0, sizeof *out);
  CROW_TRY(crow_checkpoint_get_scalars(checkpoint, "finished_weights", 9, scalars));
  CROW_TRY(crow_weights_allocate(comm, alternatives, scalars[0] > 0, out));
  const crow_partition *p = &out->partition;
  out->samples = (int64_t)scalars[0];
  out->blocks = (int64_t)scalars[4];
  out->pseudo_count = scalars[5];
  out->growth = scalars[8];
  out->space = (crow_weights_space){
      .dimensions = (crow_gidx)scalars[1], .center_rounds = (int64_t)scalars[2], .center_change = scalars[3]};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->space.center, out->space.dimensions));
  if (out->space.dimensions) {
    CROW_TRY(crow_checkpoint_get_scalars(checkpoint, "finished_center", out->space.dimensions, out->space.center));
  }
  CROW_TRY(crow_checkpoint_get_vector(checkpoint, "finished_weights", 0, CROW_F64, p, out->value));
  CROW_TRY(crow_checkpoint_get_vector(checkpoint, "finished_weights", 1, CROW_F64, p, out->standard_error));
  if (out->samples) CROW_TRY(crow_checkpoint_get_vector(checkpoint, "finished_weights", 2, CROW_I64, p, out->hits));
  if (scalars[7] != 0) {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->squares, p->count + 1)); /* never NULL */
    CROW_TRY(crow_checkpoint_get_vector(checkpoint, "finished_squares", 0, CROW_I64, p, out->squares));
  }
  if (scalars[6] != 0) {
    CROW_TRY(crow_hit_batches_allocate(comm, out));
    CROW_TRY(crow_hit_batches_get(checkpoint, "finished_weights", 3, CROW_HIT_BATCHES, p, out->batch_hits));
  }
  CROW_TRY(crow_weights_summarise(comm, out));
cleanup:
  if (status != CROW_OK) crow_weights_free(out);
  return status;
}

void crow_weights_free(crow_weights *weights) {
  CROW_FREE(weights->value, weights->standard_error, weights->hits, weights->batch_hits, weights->squares,
            weights->share);
  crow_weights_space_free(&weights->space);
  crow_strings_free(&weights->effect);
  memset(weights, 0, sizeof *weights);
}
