/* SPDX-License-Identifier: Apache-2.0 */
/* Hits by batch of draws: what is needed to tell how much of a reward's error comes from sampling. */
#include "weights/weights_impl.h"
#include <math.h>
#include <string.h>

crow_status crow_tally_redistribute_column(const crow_comm *comm, const crow_weights_grid *grid,
                                           const crow_partition *slice, const int64_t *rows, int64_t columns,
                                           int64_t column, const crow_partition *to, int64_t *out) {
  crow_status status = CROW_OK;
  int64_t *values = NULL;
  if (columns == 1) return crow_tally_redistribute(comm, grid, slice, rows, to, out);
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&values, slice->count));
  for (crow_gidx i = 0; i < slice->count; i++) {
    const int64_t *row = rows + i * columns;
    for (int64_t b = column < 0 ? 0 : column; b < (column < 0 ? columns : column + 1); b++) values[i] += row[b];
  }
  CROW_TRY(crow_tally_redistribute(comm, grid, slice, values, to, out));
cleanup:
  crow_free(values);
  return status;
}

crow_status crow_hit_batches_allocate(const crow_comm *comm, crow_weights *out) {
  crow_free(out->batch_hits);
  out->batch_hits = NULL;
  /* Never NULL: an empty slice does not mean that they were not kept. */
  return crow_comm_agree(comm, CROW_ALLOCATE(&out->batch_hits, CROW_HIT_BATCHES * out->partition.count + 1));
}

crow_status crow_weights_gather_batches(const crow_comm *comm, const crow_weights_grid *grid,
                                        const crow_partition *slice, const crow_tally *tally, const crow_tally *before,
                                        crow_weights *out) {
  const crow_gidx count = out->partition.count;
  if (tally->batches == 1) return CROW_OK;
  CROW_NEED(crow_hit_batches_allocate(comm, out));
  for (int64_t b = 0; b < tally->batches; b++) {
    int64_t *hits = out->batch_hits + b * count;
    CROW_NEED(crow_tally_redistribute_column(comm, grid, slice, tally->hits, tally->batches, b, &out->partition, hits));
    for (crow_gidx i = 0; before->hits && i < count; i++) hits[i] += before->hits[b * count + i];
  }
  return CROW_OK;
}

crow_status crow_hit_batches_put(crow_checkpoint *checkpoint, const char *state, int64_t first, int64_t batches,
                                 const crow_partition *p, const int64_t *hits) {
  for (int64_t b = 0; b < batches; b++) {
    CROW_NEED(crow_checkpoint_put_vector(checkpoint, state, first + b, CROW_I64, p, hits + b * p->count));
  }
  return CROW_OK;
}

crow_status crow_hit_batches_get(crow_checkpoint *checkpoint, const char *state, int64_t first, int64_t batches,
                                 const crow_partition *p, int64_t *hits) {
  for (int64_t b = 0; b < batches; b++) {
    CROW_NEED(crow_checkpoint_get_vector(checkpoint, state, first + b, CROW_I64, p, hits + b * p->count));
  }
  return CROW_OK;
}

/* ---- how much batches differ ---------------------------------------------------------------------------------- */

/* Of every prompt, or of all alternatives if there are none. */
typedef struct batch_totals {
  crow_gidx prompts;
  int64_t *hits;       /* (prompts, CROW_HIT_BATCHES) */
  int64_t *size;       /* (prompts) alternatives */
  double *own;         /* (this rank's alternatives) all hits of each */
  double *factor;      /* (prompts) 1 / sqrt(1 - sum of the squared shares of the batches); 0 if that is not known */
  double *sum, *share; /* (prompts) all hits; (prompts, CROW_HIT_BATCHES) the batches' shares of them */
} batch_totals;

static void batch_totals_free(batch_totals *t) { CROW_FREE(t->hits, t->size, t->own, t->factor, t->sum, t->share); }

static crow_status batch_totals_allocate(crow_gidx count, batch_totals *t) {
  CROW_NEED(CROW_ALLOCATE(&t->own, count));
  CROW_NEED(CROW_ALLOCATE(&t->hits, t->prompts * CROW_HIT_BATCHES));
  CROW_NEED(CROW_ALLOCATE_EACH(t->prompts, &t->size, &t->factor, &t->sum));
  return CROW_ALLOCATE(&t->share, t->prompts * CROW_HIT_BATCHES);
}

static crow_gidx prompt_of(const crow_weights *weights, crow_gidx i) {
  return weights->prompt ? weights->prompt[weights->partition.begin + i] : 0;
}

static crow_status find_batch_totals(const crow_comm *comm, const crow_weights *weights, batch_totals *t) {
  const crow_gidx count = weights->partition.count;
  for (crow_gidx i = 0; i < count; i++) t->size[prompt_of(weights, i)]++;
  for (int64_t b = 0; b < CROW_HIT_BATCHES; b++) {
    const int64_t *hits = weights->batch_hits + b * count;
    for (crow_gidx i = 0; i < count; i++) {
      t->hits[prompt_of(weights, i) * CROW_HIT_BATCHES + b] += hits[i];
      t->own[i] += (double)hits[i];
    }
  }
  CROW_NEED(crow_comm_sum_i64(comm, t->hits, t->prompts * CROW_HIT_BATCHES));
  CROW_NEED(crow_comm_sum_i64(comm, t->size, t->prompts));
  for (crow_gidx k = 0; k < t->prompts; k++) {
    const int64_t *hits = t->hits + k * CROW_HIT_BATCHES;
    double *share = t->share + k * CROW_HIT_BATCHES, squares = 0;
    for (int64_t b = 0; b < CROW_HIT_BATCHES; b++) t->sum[k] += (double)hits[b];
    for (int64_t b = 0; b < CROW_HIT_BATCHES && t->sum[k] > 0; b++) {
      share[b] = (double)hits[b] / t->sum[k];
      squares += share[b] * share[b];
    }
    t->factor[k] = t->sum[k] > 0 && squares < 1 ? 1 / sqrt(1 - squares) : 0;
  }
  return CROW_OK;
}

/* Row b of this rank's alternatives. With pseudo-counts the hits count for less of the weight. */
static void fill_changes(const crow_weights *weights, const batch_totals *t, int64_t b, double *relative) {
  const crow_gidx count = weights->partition.count;
  for (crow_gidx i = 0; i < count; i++) {
    const crow_gidx k = prompt_of(weights, i);
    const double value = weights->value[i] / (weights->share ? weights->share[i] : 1);
    const double batch = (double)t->hits[k * CROW_HIT_BATCHES + b], share = t->share[k * CROW_HIT_BATCHES + b];
    relative[i] = 0;
    if (!(value > 0) || !(batch > 0) || t->factor[k] == 0) continue;
    const double samples = t->sum[k] / (double)CROW_HIT_UNIT;
    const double shrink = samples / (samples + weights->pseudo_count * (double)t->size[k]);
    const double own = (double)weights->batch_hits[b * count + i] / batch;
    relative[i] = t->factor[k] * shrink * share * (own - t->own[i] / t->sum[k]) / value;
  }
}

crow_status crow_weights_changes(const crow_comm *comm, const crow_weights *weights, int64_t first, int64_t batches,
                                 double *relative, bool *known) {
  crow_status status = CROW_OK;
  batch_totals t = {.prompts = weights->prompt ? weights->prompts : 1};
  *known = false;
  if (!weights->batch_hits) return CROW_OK;
  CROW_TRY_AGREE(comm, batch_totals_allocate(weights->partition.count, &t));
  CROW_TRY(find_batch_totals(comm, weights, &t));
  for (crow_gidx k = 0; k < t.prompts; k++) *known = *known || t.factor[k] > 0;
  for (int64_t b = 0; *known && b < batches; b++) {
    fill_changes(weights, &t, first + b, relative + b * weights->partition.count);
  }
cleanup:
  batch_totals_free(&t);
  return status;
}
