/* SPDX-License-Identifier: Apache-2.0 */
/* wAWR of a population of Bradley-Terry-Luce annotator types: p(x>y) = sum_t prevalence(t) sigma(r_t(x) - r_t(y)). */
#include "preference/convolution_impl.h"
#include "preference/win_rate_impl.h"
#include <crow/preference.h>

/* The schema makes them sum to 1 as far as their precision goes; this makes it exact, so that p(x>y) + p(y>x) = 1. */
static crow_status read_prevalence(const crow_dataset *dataset, double *prevalence) {
  double sum = 0;
  CROW_NEED(crow_file_read(dataset->file, "/population/prevalence", 0, dataset->types, CROW_F64, prevalence));
  for (crow_gidx t = 0; t < dataset->types; t++) sum += prevalence[t];
  for (crow_gidx t = 0; t < dataset->types; t++) prevalence[t] /= sum;
  return CROW_OK;
}

/* What the weights become in up to CROW_GRID_COLUMNS sets, (columns, n). */
static void change_weights(int64_t n, int64_t columns, const double *weight, const double *relative, double *changed) {
  for (int64_t k = 0; k < columns; k++) {
    for (int64_t i = 0; i < n; i++) changed[k * n + i] = relative ? weight[i] * (1 + relative[k * n + i]) : weight[i];
  }
}

/* One annotator type's part of wAWR by these sets, added to this rank's slices of `n`; `changed` becomes that part. */
static crow_status add_type(const crow_comm *comm, const char *name, crow_convolution *convolution, crow_gidx type,
                            double prevalence, int64_t n, const double *reward, int64_t columns, const double *weight,
                            double *changed, double *win_rate) {
  bool fits = true;
  CROW_NEED(crow_convolution_columns(comm, convolution, CROW_GRID_SIGMOID, n, reward, weight, CROW_GRID_REACH, columns,
                                     changed, changed, &fits));
  if (!fits) {
    return crow_error(CROW_BAD_INPUT,
                      "%.1024s: /population/reward[%lld] is scattered too widely: expected rewards that "
                      "fit on a grid of %d nodes of 1/%d",
                      name, (long long)type, CROW_GRID_MOST, CROW_GRID_PER_UNIT);
  }
  for (int64_t i = 0; i < columns * n; i++) win_rate[i] += prevalence * changed[i];
  return CROW_OK;
}

/* Rewards of types [first, first + ranks): each rank reads one type's whole row and hands out the slices. */
static crow_status read_round(const crow_comm *comm, const crow_dataset *dataset, const crow_partition *partition,
                              crow_gidx first, double *row, int64_t *send, int64_t *receive, double **slices) {
  const int size = crow_comm_size(comm);
  const crow_gidx mine = first + crow_comm_rank(comm);
  const bool have = mine < dataset->types;
  void *received = NULL;
  CROW_NEED(crow_file_read(dataset->file, "/population/reward", have ? mine : 0, have, CROW_F64, row));
  for (int r = 0; r < size; r++) {
    send[r] = have ? crow_partition_begin(partition, r + 1) - crow_partition_begin(partition, r) : 0;
  }
  CROW_NEED(crow_comm_exchange(comm, row, send, sizeof *row, &received, receive));
  *slices = received;
  return CROW_OK;
}

crow_status crow_win_rate_population(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                     double *win_rate) {
  return crow_win_rates_population(comm, dataset, weights, 1, NULL, win_rate);
}

crow_status crow_win_rates_population(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                      int64_t count, const double *relative, double *win_rate) {
  crow_status status = CROW_OK;
  crow_convolution *convolution = NULL;
  double *prevalence = NULL, *row = NULL, *slices = NULL, *changed = NULL;
  int64_t *send = NULL, *receive = NULL;
  const int size = crow_comm_size(comm);
  const crow_partition *p = &weights->partition;
  const int64_t n = p->count, most = count < CROW_GRID_COLUMNS ? count : CROW_GRID_COLUMNS;
  int64_t shape[2];
  crow_file_shape(dataset->file, "/population/reward", shape);
  CROW_TRY_AGREE(comm, crow_convolution_create(&convolution));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&prevalence, dataset->types));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&row, shape[1]));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&changed, most * n));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&send, size));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&receive, size));
  CROW_TRY(read_prevalence(dataset, prevalence));
  for (int64_t i = 0; i < count * n; i++) win_rate[i] = 0;
  for (crow_gidx first = 0; first < dataset->types; first += size) {
    CROW_TRY_AGREE(comm, crow_stop_check("the population"));
    CROW_TRY(read_round(comm, dataset, p, first, row, send, receive, &slices));
    for (int k = 0; k < size && first + k < dataset->types; k++) {
      for (int64_t b = 0; b < count; b += most) {
        const int64_t columns = count - b < most ? count - b : most;
        change_weights(n, columns, weights->value, relative ? relative + b * n : NULL, changed);
        CROW_TRY(add_type(comm, crow_file_name(dataset->file), convolution, first + k, prevalence[first + k], n,
                          slices ? slices + k * n : NULL, columns, weights->value, changed, win_rate + b * n));
      }
    }
    crow_free(slices);
    slices = NULL;
  }
cleanup:
  crow_convolution_destroy(&convolution);
  CROW_FREE(prevalence, row, slices, changed, send, receive);
  return status;
}
