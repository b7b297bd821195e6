/* SPDX-License-Identifier: Apache-2.0 */
/* What the sampling of the weights does to rewards: how much they would differ without each batch of draws. */
#include "rewards/rewards_impl.h"
#include <math.h>
#include <string.h>

void crow_sampling_error_free(crow_sampling_error *error) {
  crow_free(error->value);
  memset(error, 0, sizeof *error);
}

/* The order of numbers that are not negative is that of their bits. */
static int64_t bits_of_error(double error) {
  int64_t bits;
  memcpy(&bits, &error, sizeof bits);
  return bits;
}

/* The lower median of those that are known, by halving the range of bits that it is in. */
static crow_status find_median_error(const crow_comm *comm, crow_gidx count, crow_sampling_error *e) {
  int64_t low = 0, high = bits_of_error(e->largest), known = 0;
  for (crow_gidx i = 0; i < count; i++) known += !isnan(e->value[i]);
  CROW_NEED(crow_comm_sum_i64(comm, &known, 1));
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    int64_t within = 0;
    for (crow_gidx i = 0; i < count; i++) within += !isnan(e->value[i]) && bits_of_error(e->value[i]) <= middle;
    CROW_NEED(crow_comm_sum_i64(comm, &within, 1));
    if (2 * within >= known)
      high = middle;
    else
      low = middle + 1;
  }
  memcpy(&e->median, &low, sizeof e->median);
  return CROW_OK;
}

static crow_status find_largest_error(const crow_comm *comm, const crow_partition *p, crow_sampling_error *e) {
  int64_t at = p->global;
  e->largest = 0;
  for (crow_gidx i = 0; i < p->count; i++) e->largest = fmax(e->largest, e->value[i]); /* which passes NaN over */
  CROW_NEED(crow_comm_max_f64(comm, &e->largest, 1));
  for (crow_gidx i = p->count - 1; i >= 0; i--) {
    if (e->value[i] == e->largest) at = p->begin + i;
  }
  CROW_NEED(crow_comm_min_i64(comm, &at, 1));
  e->at = at < p->global ? at : 0;
  return CROW_OK;
}

/* What changes of the weights are taken from. */
typedef struct batch_source {
  const crow_comm *comm;
  const crow_dataset *dataset;
  const crow_weights *weights;
  double *win_rate; /* (batches, slice) of a matrix, which is read once; else NULL */
} batch_source;

static crow_status take_changes_of_batches(void *context, int64_t first, int64_t columns, double *relative,
                                           double *win_rate) {
  const batch_source *s = context;
  const int64_t n = s->weights->partition.count;
  bool known = false;
  CROW_NEED(crow_weights_changes(s->comm, s->weights, first, columns, relative, &known));
  if (s->win_rate && columns * n > 0)
    memcpy(win_rate, s->win_rate + first * n, (size_t)(columns * n) * sizeof *win_rate);
  if (win_rate && !s->win_rate)
    CROW_NEED(crow_win_rate_changed(s->comm, s->dataset, s->weights, columns, relative, win_rate));
  return CROW_OK;
}

static crow_status read_matrix_once(batch_source *s, int64_t batches) {
  crow_status status = CROW_OK;
  const int64_t count = batches * s->weights->partition.count;
  double *relative = NULL;
  bool known = false;
  CROW_TRY_AGREE(s->comm, CROW_ALLOCATE_RAW(&relative, count));
  CROW_TRY_AGREE(s->comm, CROW_ALLOCATE_RAW(&s->win_rate, count + 1)); /* never NULL */
  CROW_TRY(crow_weights_changes(s->comm, s->weights, 0, batches, relative, &known));
  CROW_TRY(crow_win_rate_changed(s->comm, s->dataset, s->weights, batches, relative, s->win_rate));
cleanup:
  crow_free(relative);
  return status;
}

crow_status crow_sampling_error_find(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                     bool paired, int64_t batches, crow_objective *objective, const double *reward,
                                     crow_sampling_error *out) {
  crow_status status = CROW_OK;
  const crow_partition *p = &weights->partition;
  batch_source source = {.comm = comm, .dataset = dataset, .weights = weights};
  bool known = false;
  CROW_TRY(crow_weights_changes(comm, weights, 0, 0, NULL, &known));
  if (!known) goto cleanup;
  if (!paired && crow_preference_source(dataset) == CROW_SOURCE_MATRIX) CROW_TRY(read_matrix_once(&source, batches));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->value, p->count + 1)); /* never NULL */
  const crow_weight_changes changes = {.count = batches, .take = take_changes_of_batches, .context = &source};
  CROW_TRY(crow_objective_respond(objective, reward, &changes, out->value));
  for (crow_gidx i = 0; i < p->count; i++) out->value[i] = sqrt(out->value[i]);
  CROW_TRY(find_largest_error(comm, p, out));
  CROW_TRY(find_median_error(comm, p->count, out));
cleanup:
  /* Rewards are kept where this is stopped, and half an error would be taken for a whole one. */
  if (status != CROW_OK) crow_sampling_error_free(out);
  crow_free(source.win_rate);
  return status;
}

enum { MEDIAN, LARGEST, WHERE, NUMBERS };

crow_status crow_sampling_error_save(crow_checkpoint *checkpoint, const crow_partition *p,
                                     const crow_sampling_error *error) {
  const double numbers[NUMBERS] = {error->median, error->largest, (double)error->at};
  if (!error->value) return CROW_OK;
  CROW_NEED(crow_checkpoint_put_scalars(checkpoint, "sampling_error", NUMBERS, numbers));
  return crow_checkpoint_put_vector(checkpoint, "sampling_error", 0, CROW_F64, p, error->value);
}

crow_status crow_sampling_error_load(const crow_comm *comm, crow_checkpoint *checkpoint, const crow_partition *p,
                                     crow_sampling_error *out) {
  double numbers[NUMBERS];
  if (!crow_checkpoint_has(checkpoint, "sampling_error")) return CROW_OK;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->value, p->count + 1)); /* never NULL */
  CROW_NEED(crow_checkpoint_get_scalars(checkpoint, "sampling_error", NUMBERS, numbers));
  CROW_NEED(crow_checkpoint_get_vector(checkpoint, "sampling_error", 0, CROW_F64, p, out->value));
  out->median = numbers[MEDIAN];
  out->largest = numbers[LARGEST];
  out->at = (crow_gidx)numbers[WHERE];
  return CROW_OK;
}
