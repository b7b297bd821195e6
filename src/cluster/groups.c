/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/cluster_impl.h"
#include <crow/space.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

crow_status crow_contexts_read(const crow_comm *comm, const crow_dataset *dataset, crow_contexts *out) {
  *out = (crow_contexts){.partition = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK),
                         .d = dataset->dimensions};
  if (dataset->alternatives > INT32_MAX) {
    return crow_error(CROW_BAD_INPUT, "%s: %lld alternatives, expected at most %d",
                      dataset->file ? crow_file_name(dataset->file) : "contexts", (long long)dataset->alternatives,
                      INT32_MAX);
  }
  CROW_NEED(crow_space_check_distances(comm, dataset));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(&out->value, out->partition.count * out->d));
  CROW_NEED(crow_dataset_need_contexts(dataset));
  return crow_dataset_read_contexts(dataset, out->partition.begin, out->partition.count, CROW_F64, out->value);
}

void crow_contexts_free(crow_contexts *contexts) {
  crow_free(contexts->value);
  contexts->value = NULL;
}

crow_status crow_groups_number(crow_gidx m, int32_t *label, crow_gidx *groups) {
  crow_status status = CROW_OK;
  int32_t *number = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&number, m));
  for (crow_gidx i = 0; i < m; i++) number[i] = -1;
  *groups = 0;
  for (crow_gidx i = 0; i < m; i++) {
    if (number[label[i]] < 0) number[label[i]] = (int32_t)(*groups)++;
    label[i] = number[label[i]];
  }
cleanup:
  crow_free(number);
  return status;
}

/* An alternative, its group and its prompt. */
typedef struct member {
  int32_t label, prompt, alternative;
} member;

static int compare_members(const void *a, const void *b) {
  const member *x = a, *y = b;
  if (x->label != y->label) return x->label < y->label ? -1 : 1;
  if (x->prompt != y->prompt) return x->prompt < y->prompt ? -1 : 1;
  return (x->alternative > y->alternative) - (x->alternative < y->alternative);
}

crow_status crow_groups_cut(crow_gidx m, const int32_t *prompt, int32_t *label) {
  crow_status status = CROW_OK;
  member *list = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&list, m));
  for (crow_gidx x = 0; x < m; x++) list[x] = (member){label[x], prompt[x], (int32_t)x};
  qsort(list, (size_t)m, sizeof *list, compare_members);
  for (crow_gidx i = 0, first = 0; i < m; i++) {
    if (list[i].label != list[first].label || list[i].prompt != list[first].prompt) first = i;
    label[list[i].alternative] = list[first].alternative;
  }
cleanup:
  crow_free(list);
  return status;
}

void crow_groups_free(crow_groups *groups) {
  crow_free(groups->group);
  memset(groups, 0, sizeof *groups);
}

/* ---- sums in fixed point ------------------------------------------------------------------------------------ */

crow_status crow_fixed_create(const crow_comm *comm, crow_gidx global, int64_t columns, int64_t count,
                              const double *rows, crow_fixed *out) {
  crow_status status = CROW_OK;
  double *largest = NULL;
  int bits = 1;
  *out = (crow_fixed){.columns = columns};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(columns, &largest, &out->exponent));
  for (int64_t i = 0; i < count; i++) {
    for (int64_t k = 0; k < columns; k++) largest[k] = fmax(largest[k], fabs(rows[i * columns + k]));
  }
  CROW_TRY(crow_comm_max_f64(comm, largest, columns));
  while (bits < 62 && global >> bits) bits++;
  /* |v| < 2^e, so a sum of fewer than 2^bits values stays below 2^62. */
  for (int64_t k = 0; k < columns; k++) {
    int e = 0;
    (void)frexp(largest[k], &e);
    out->exponent[k] = 62 - bits - e;
  }
cleanup:
  crow_free(largest);
  return status;
}

void crow_fixed_free(crow_fixed *fixed) {
  crow_free(fixed->exponent);
  fixed->exponent = NULL;
}

void crow_fixed_add(const crow_fixed *fixed, const double *row, int64_t *sum) {
  for (int64_t k = 0; k < fixed->columns; k++) sum[k] += llrint(ldexp(row[k], fixed->exponent[k]));
}

void crow_fixed_mean(const crow_fixed *fixed, const int64_t *sum, int64_t count, double *mean) {
  for (int64_t k = 0; k < fixed->columns; k++) {
    mean[k] = ldexp((double)sum[k] / (double)count, -fixed->exponent[k]);
  }
}
