/* SPDX-License-Identifier: Apache-2.0 */
/* Weights files: see hdf5-schemas/weights.json. */
#include "weights/weights_impl.h"
#include <math.h>
#include <string.h>

static crow_status weights_write_attributes(crow_file *file, const crow_weights *weights,
                                            const crow_weights_options *options) {
  CROW_NEED(crow_file_set_i64(file, "/", "samples", weights->samples));
  if (weights->samples && weights->prompts < 2) {
    CROW_NEED(crow_file_set_text(file, "/", "draws", weights->blocks ? "signs" : "independent"));
    CROW_NEED(crow_file_set_i64(file, "/", "sign_blocks", weights->blocks));
  }
  if (weights->samples) CROW_NEED(crow_file_set_f64(file, "/", "pseudo_count", weights->pseudo_count));
  CROW_NEED(crow_file_set_i64(file, "/", "seed", options->space.seed));
  CROW_NEED(crow_file_set_i64(file, "/", "hit_unit", CROW_HIT_UNIT));
  CROW_NEED(crow_file_set_i64(file, "/", "zeros", weights->zeros));
  CROW_NEED(crow_file_set_f64(file, "/", "effective", weights->effective));
  if (weights->length > 0) {
    CROW_NEED(
        crow_file_set_f64(file, "/", options->scheme == CROW_SCHEME_KERNEL ? "bandwidth" : "radius", weights->length));
  }
  if (weights->eta > 0) CROW_NEED(crow_file_set_f64(file, "/", "eta", weights->eta));
  if (weights->farthest > 0) CROW_NEED(crow_file_set_f64(file, "/", "farthest", weights->farthest));
  return CROW_OK;
}

/* Hits by batch have a row for each alternative in the file. */
static crow_status write_batches(const crow_comm *comm, crow_file *file, const crow_weights *weights) {
  crow_status status = CROW_OK;
  const crow_partition *p = &weights->partition;
  int64_t *row = NULL;
  if (!weights->batch_hits) return CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&row, p->count * CROW_HIT_BATCHES));
  for (crow_gidx i = 0; i < p->count; i++) {
    for (int64_t b = 0; b < CROW_HIT_BATCHES; b++) {
      row[i * CROW_HIT_BATCHES + b] = weights->batch_hits[b * p->count + i];
    }
  }
  CROW_TRY(crow_file_define(file, "/weights/batch_hits", CROW_I64, p->global, CROW_HIT_BATCHES));
  CROW_TRY(crow_file_write_rows(file, "/weights/batch_hits", p->begin, p->count, CROW_I64, row));
cleanup:
  crow_free(row);
  return status;
}

/* Sums of hits are taken in integers of 64 bits. */
#define HITS_MOST 9e18

static crow_status check_batches(const crow_comm *comm, const char *path, const crow_weights *weights) {
  crow_status status = CROW_OK;
  const crow_partition *p = &weights->partition;
  double *hits = NULL, sum = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&hits, p->count));
  for (int64_t k = 0; k < CROW_HIT_BATCHES * p->count; k++) hits[k % p->count] += (double)weights->batch_hits[k];
  CROW_TRY(crow_comm_sum(comm, p, hits, &sum));
  if (sum > HITS_MOST) {
    CROW_TRY(
        crow_error(CROW_BAD_INPUT, "%s: /weights/batch_hits sums to %.17g, expected %g at most", path, sum, HITS_MOST));
  }
cleanup:
  crow_free(hits);
  return status;
}

static crow_status read_batches(const crow_comm *comm, const char *path, crow_file *file, crow_weights *out) {
  crow_status status = CROW_OK;
  const crow_partition *p = &out->partition;
  int64_t *row = NULL, shape[2];
  if (!crow_file_has(file, "/weights/batch_hits")) return CROW_OK;
  crow_file_shape(file, "/weights/batch_hits", shape);
  if (shape[1] != CROW_HIT_BATCHES) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: /weights/batch_hits has %lld column%s, expected %d", path,
                        (long long)shape[1], crow_plural(shape[1]), CROW_HIT_BATCHES));
  }
  CROW_TRY(crow_hit_batches_allocate(comm, out));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&row, p->count * CROW_HIT_BATCHES));
  CROW_TRY(crow_file_read(file, "/weights/batch_hits", p->begin, p->count, CROW_I64, row));
  for (crow_gidx i = 0; i < p->count; i++) {
    for (int64_t b = 0; b < CROW_HIT_BATCHES; b++) {
      out->batch_hits[b * p->count + i] = row[i * CROW_HIT_BATCHES + b];
    }
  }
  CROW_TRY(check_batches(comm, path, out));
  if (crow_file_has_attribute(file, "/", "pseudo_count")) {
    CROW_TRY(crow_file_get_f64(file, "/", "pseudo_count", &out->pseudo_count));
  }
cleanup:
  crow_free(row);
  return status;
}

crow_status crow_weights_effect_write(const crow_comm *comm, crow_file *file, const crow_strings *effect) {
  crow_strings slice = *effect;
  if (effect->count == 0) return CROW_OK;
  slice.count = crow_comm_rank(comm) == 0 ? effect->count : 0;
  return crow_file_write_strings(file, "/effect/words", effect->count, 0, &slice);
}

crow_status crow_weights_write(const crow_comm *comm, const char *path, bool overwrite, const crow_weights *weights,
                               const crow_weights_options *options, const crow_dataset *dataset,
                               const crow_provenance *provenance) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  const crow_partition *p = &weights->partition;
  CROW_TRY(crow_file_create(comm, path, "weights", overwrite, &file));
  CROW_TRY(weights_write_attributes(file, weights, options));
  CROW_TRY(crow_weights_space_write(comm, file, &weights->space));
  CROW_TRY(crow_weights_effect_write(comm, file, &weights->effect));
  CROW_TRY(crow_file_write_vector(file, "/weights/value", CROW_F64, p, weights->value));
  CROW_TRY(crow_file_write_vector(file, "/weights/standard_error", CROW_F64, p, weights->standard_error));
  if (weights->samples) CROW_TRY(crow_file_write_vector(file, "/weights/hits", CROW_I64, p, weights->hits));
  CROW_TRY(write_batches(comm, file, weights));
  if (weights->farthest > 0) {
    const crow_partition bins = crow_comm_partition(comm, CROW_DISTANCE_BINS, CROW_BLOCK);
    CROW_TRY(crow_file_write_vector(file, "/distances/count", CROW_I64, &bins, weights->distances + bins.begin));
  }
  CROW_TRY(crow_dataset_copy_names(dataset, file));
  CROW_TRY(crow_dataset_write_digest(dataset, file));
  if (dataset->has_prompt) CROW_TRY(crow_file_set_i64(file, "/", "prompts", dataset->prompts));
  CROW_TRY(crow_provenance_write(provenance, file));
  CROW_TRY(crow_file_finish(&file));
cleanup:
  crow_file_close(&file);
  return status;
}

/* Scales the values to sum 1; a sum that is 0 or not finite cannot be scaled. */
static crow_status normalise(const crow_comm *comm, const char *path, crow_weights *weights) {
  double sum = 0;
  CROW_NEED(crow_comm_sum(comm, &weights->partition, weights->value, &sum));
  if (!(sum > 0) || isinf(sum)) {
    return crow_error(CROW_BAD_INPUT, "%s: /weights/value sums to %g, expected a positive number", path, sum);
  }
  /* Weights that already sum to 1, up to the rounding of each, keep their bits. */
  if (fabs(sum - 1) <= 1e-12) return CROW_OK;
  crow_log(CROW_LOG_INFO, "weights: %s sums to %.15g; divided by it", path, sum);
  for (crow_gidx i = 0; i < weights->partition.count; i++) {
    weights->value[i] /= sum;
    weights->standard_error[i] /= sum;
  }
  return CROW_OK;
}

crow_status crow_weights_read(const crow_comm *comm, const char *path, const crow_dataset *dataset, crow_weights *out) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  const crow_gidx alternatives = dataset->alternatives;
  memset(out, 0, sizeof *out);
  CROW_TRY(crow_file_open(comm, path, "weights", &file));
  const int64_t rows = crow_file_rows(file, "/weights/value");
  if (rows != alternatives) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: /weights/value has %lld weight%s, expected %lld, one for each alternative of the dataset",
                        path, (long long)rows, crow_plural(rows), (long long)alternatives));
  }
  CROW_TRY(crow_dataset_check_same_ids(dataset, file, "these are weights of other alternatives"));
  CROW_TRY(crow_dataset_check_digest(dataset, file, "these are weights of other alternatives"));
  CROW_TRY(crow_dataset_check_prompts(dataset, file, "alternatives shared their weight with others than they do here"));
  const bool sampled = crow_file_has(file, "/weights/hits");
  CROW_TRY(crow_weights_allocate(comm, alternatives, sampled, out));
  const crow_partition *p = &out->partition;
  CROW_TRY(crow_file_read(file, "/weights/value", p->begin, p->count, CROW_F64, out->value));
  if (crow_file_has(file, "/weights/standard_error")) {
    CROW_TRY(crow_file_read(file, "/weights/standard_error", p->begin, p->count, CROW_F64, out->standard_error));
  }
  if (sampled) CROW_TRY(crow_file_read(file, "/weights/hits", p->begin, p->count, CROW_I64, out->hits));
  if (sampled) CROW_TRY(crow_file_get_i64(file, "/", "samples", &out->samples));
  CROW_TRY(read_batches(comm, path, file, out));
  CROW_TRY(crow_weights_space_read(comm, file, &out->space));
  CROW_TRY(normalise(comm, path, out));
  CROW_TRY(crow_weights_summarise(comm, out));
cleanup:
  crow_file_close(&file);
  if (status != CROW_OK) crow_weights_free(out);
  return status;
}
