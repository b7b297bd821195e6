/* SPDX-License-Identifier: Apache-2.0 */
/* Small datasets written for a test: rank 0's values, one-dimensional contexts. */
#ifndef CROW_TESTS_PREFERENCE_DATASET_H
#define CROW_TESTS_PREFERENCE_DATASET_H

#include "harness.h"
#include <stdlib.h>

/* What a test dataset holds; NULL leaves a source out. */
typedef struct sources {
  crow_gidx m;
  crow_gidx q;
  const int32_t *first, *second;
  const double *outcome;
  const int64_t *count;
  crow_gidx n;
  const double *prevalence, *reward; /* (n), (n, m) */
  const double *matrix;              /* (m, m) */
  crow_type matrix_type;             /* CROW_F64, or CROW_F32 to store it in single precision */
} sources;

static inline void write_part(crow_file *file, const char *path, crow_type type, crow_gidx rows, crow_gidx columns,
                              crow_type from, const void *values) {
  const crow_gidx mine = crow_comm_rank(test_comm) == 0 ? rows : 0;
  CHECK_OK(crow_file_define(file, path, type, rows, columns));
  CHECK_OK(crow_file_write_rows(file, path, 0, mine, from, values));
}

/* Collective over test_comm. */
static inline void write_dataset(const char *path, const sources *s) {
  crow_file *file = NULL;
  double *context = calloc((size_t)s->m, sizeof *context);
  for (crow_gidx x = 0; x < s->m; x++) context[x] = (double)x;
  CHECK_OK(crow_file_create(test_comm, path, "dataset", true, &file));
  write_part(file, "/alternatives/context", CROW_F64, s->m, 1, CROW_F64, context);
  if (s->first) {
    write_part(file, "/comparisons/first", CROW_I32, s->q, 0, CROW_I32, s->first);
    write_part(file, "/comparisons/second", CROW_I32, s->q, 0, CROW_I32, s->second);
    write_part(file, "/comparisons/outcome", CROW_F64, s->q, 0, CROW_F64, s->outcome);
    if (s->count) write_part(file, "/comparisons/count", CROW_I64, s->q, 0, CROW_I64, s->count);
  }
  if (s->prevalence) {
    write_part(file, "/population/prevalence", CROW_F64, s->n, 0, CROW_F64, s->prevalence);
    write_part(file, "/population/reward", CROW_F64, s->n, s->m, CROW_F64, s->reward);
  }
  if (s->matrix) write_part(file, "/preference/matrix", s->matrix_type, s->m, s->m, CROW_F64, s->matrix);
  CHECK_OK(crow_file_finish(&file));
  free(context);
}

/* This rank's slice of given weights. */
static inline crow_weights take_weights(const crow_comm *comm, crow_gidx m, double *whole) {
  crow_weights weights = {.partition = crow_comm_partition(comm, m, CROW_BLOCK)};
  weights.value = whole + weights.partition.begin;
  return weights;
}

#endif
