/* SPDX-License-Identifier: Apache-2.0 */
/* Adam on minibatches. Pairs and contexts stay where they are, in slices: of a minibatch every rank gives what it has,
 * as bits that are added to the others' zeros. */
#include "train/train_impl.h"
#include <string.h>

enum { FIRST, SECOND, SHARE, MASS, FIELDS };

struct crow_batcher {
  crow_model_fit *fit;
  int64_t most;     /* pairs in a minibatch at most */
  double scale;     /* s */
  double *weight;   /* (m) all of w */
  int64_t *degree;  /* (m) pairs that each alternative is in */
  int64_t *row_of;  /* (m) row of each alternative in the minibatch, -1 for none */
  crow_gidx *drawn; /* (most) */
  int64_t *packed;  /* (most, FIELDS) */
  int64_t *first, *second;
  double *share, *pair_weight;         /* (most) */
  crow_gidx *index;                    /* (2 most) alternative of each row */
  double *row_weight, *reward, *slope; /* (2 most) */
  double *slice;                       /* (2 most) this rank's rewards */
  double *contexts;                    /* (2 most, d) */
};

void crow_batcher_destroy(crow_batcher **batcher) {
  crow_batcher *b = *batcher;
  if (!b) return;
  CROW_FREE(b->weight, b->degree, b->row_of, b->drawn, b->packed, b->first, b->second, b->share, b->pair_weight,
            b->index, b->row_weight, b->reward, b->slope, b->slice, b->contexts);
  crow_free(b);
  *batcher = NULL;
}

static crow_status batch_allocate(crow_batcher *b, crow_gidx m) {
  CROW_NEED(CROW_ALLOCATE_EACH(m, &b->weight, &b->degree, &b->row_of));
  CROW_NEED(CROW_ALLOCATE(&b->drawn, b->most));
  CROW_NEED(CROW_ALLOCATE(&b->packed, FIELDS * b->most));
  CROW_NEED(CROW_ALLOCATE_EACH(b->most, &b->first, &b->second, &b->share, &b->pair_weight));
  CROW_NEED(CROW_ALLOCATE_EACH(2 * b->most, &b->index, &b->row_weight, &b->reward, &b->slope, &b->slice));
  return CROW_ALLOCATE(&b->contexts, 2 * b->most * b->fit->dimensions);
}

crow_status crow_batcher_create(crow_model_fit *fit, crow_batcher **out) {
  crow_status status = CROW_OK;
  crow_batcher *b = NULL;
  const crow_pairs *pairs = fit->pairs;
  const crow_gidx m = fit->weights->partition.global, total = pairs->partition.global;
  CROW_TRY_AGREE(fit->comm, CROW_ALLOCATE(&b, 1));
  b->fit = fit;
  b->most = fit->options->adam.batch < total ? fit->options->adam.batch : total;
  b->scale = crow_objective_pair_scale(fit->objective);
  CROW_TRY_AGREE(fit->comm, batch_allocate(b, m));
  CROW_TRY(
      crow_comm_gather_slices(fit->comm, &fit->weights->partition, fit->weights->value, b->weight, sizeof *b->weight));
  for (crow_gidx k = 0; k < pairs->partition.count; k++) {
    b->degree[pairs->first[k]]++;
    b->degree[pairs->second[k]]++;
  }
  CROW_TRY(crow_comm_sum_i64(fit->comm, b->degree, m));
  for (crow_gidx x = 0; x < m; x++) b->row_of[x] = -1;
cleanup:
  if (status != CROW_OK) crow_batcher_destroy(&b);
  *out = b;
  return status;
}

/* The drawn pairs, from the ranks that have them to all. */
static crow_status collect_pairs(crow_batcher *b, int64_t count) {
  const crow_pairs *pairs = b->fit->pairs;
  const bool counted = b->fit->options->objective.pair_weight;
  memset(b->packed, 0, (size_t)(FIELDS * count) * sizeof *b->packed);
  for (int64_t k = 0; k < count; k++) {
    const crow_gidx at = b->drawn[k] - pairs->partition.begin;
    int64_t *to = b->packed + FIELDS * k;
    if (at < 0 || at >= pairs->partition.count) continue;
    to[FIRST] = pairs->first[at];
    to[SECOND] = pairs->second[at];
    memcpy(to + SHARE, pairs->share + at, sizeof *pairs->share);
    const double mass = crow_objective_pair_mass(b->fit->objective, at) * (counted ? (double)pairs->judgements[at] : 1);
    memcpy(to + MASS, &mass, sizeof mass);
  }
  return crow_comm_sum_i64(b->fit->comm, b->packed, FIELDS * count);
}

/* The row of an alternative, a new one if it has none; v(x) grows by its part for one pair. */
static int64_t row(crow_batcher *b, crow_gidx x, double part, int64_t *rows) {
  if (b->row_of[x] < 0) {
    b->row_of[x] = *rows;
    b->index[*rows] = x;
    b->row_weight[(*rows)++] = 0;
  }
  const int64_t at = b->row_of[x];
  b->row_weight[at] += part * b->weight[x] / (double)b->degree[x];
  return at;
}

static int64_t make_rows(crow_batcher *b, int64_t count) {
  const double part = (double)b->fit->pairs->partition.global / (double)count;
  int64_t rows = 0;
  for (int64_t k = 0; k < count; k++) {
    const int64_t *from = b->packed + FIELDS * k;
    double mass;
    memcpy(&mass, from + MASS, sizeof mass);
    b->first[k] = row(b, from[FIRST], part, &rows);
    b->second[k] = row(b, from[SECOND], part, &rows);
    memcpy(b->share + k, from + SHARE, sizeof *b->share);
    b->pair_weight[k] = part * b->scale * mass;
  }
  for (int64_t r = 0; r < rows; r++) b->row_of[b->index[r]] = -1;
  return rows;
}

static crow_status collect_contexts(crow_batcher *b, int64_t rows) {
  const crow_model_fit *fit = b->fit;
  const crow_partition *p = &fit->weights->partition;
  const int64_t d = fit->dimensions;
  memset(b->contexts, 0, (size_t)(rows * d) * sizeof *b->contexts);
  for (int64_t r = 0; r < rows; r++) {
    const crow_gidx at = b->index[r] - p->begin;
    if (at < 0 || at >= p->count) continue;
    for (int64_t k = 0; k < d; k++) {
      b->contexts[r * d + k] = fit->type == CROW_F32 ? (double)((const float *)fit->contexts)[at * d + k]
                                                     : ((const double *)fit->contexts)[at * d + k];
    }
  }
  /* Bits of a double plus zeros are the same bits. */
  return crow_comm_sum_i64(fit->comm, (int64_t *)(void *)b->contexts, rows * d);
}

crow_status crow_model_fit_batch_loss(void *context, int64_t step, const double *theta, double *value,
                                      double *gradient) {
  crow_model_fit *fit = context;
  crow_batcher *b = fit->batcher;
  int64_t count = 0;
  crow_batch_draw((uint64_t)fit->options->training.seed, fit->member, fit->pairs->partition.global, b->most, step,
                  b->drawn, &count);
  CROW_NEED(collect_pairs(b, count));
  const int64_t rows = make_rows(b, count);
  CROW_NEED(collect_contexts(b, rows));
  const crow_partition p = crow_comm_partition(fit->comm, rows, CROW_BLOCK);
  const crow_batch batch = {count, rows, b->first, b->second, b->share, b->pair_weight, b->row_weight};
  CROW_NEED(crow_model_bind(fit->model, fit->comm, &p, b->index + p.begin, b->contexts + p.begin * fit->dimensions,
                            CROW_F64));
  CROW_NEED(crow_model_rewards(fit->model, theta, b->slice));
  CROW_NEED(crow_comm_gather_slices(fit->comm, &p, b->slice, b->reward, sizeof *b->reward));
  crow_batch_loss(&batch, fit->options->objective.lambda, b->reward, value, b->slope);
  CROW_NEED(crow_model_add_center(fit->model, b->row_weight + p.begin, b->slice, value, b->slope + p.begin));
  CROW_NEED(crow_model_gradient(fit->model, theta, b->slope + p.begin, gradient));
  crow_model_add_decay(fit->model, theta, value, gradient);
  return CROW_OK;
}
