/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of the contexts over all ranks: each rank walks its slice of rows block by block. */
#include "space/space_impl.h"
#include <cblas.h>
#include <math.h>
#include <string.h>

/* LAPACK's symmetric eigensolver, by its Fortran name: a, the matrix, is overwritten by the eigenvectors. */
extern void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
                   const int *lwork, int *info, size_t jobz_length, size_t uplo_length);

crow_status crow_space_visit(const crow_comm *comm, const crow_dataset *dataset, crow_space_block *block,
                             void *context) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK);
  double *rows = NULL;
  /* Reading is collective, so all ranks take as many turns as the rank with the most blocks. */
  int64_t turns = (p.count + CROW_BLOCK - 1) / CROW_BLOCK;
  CROW_TRY(crow_comm_max_i64(comm, &turns, 1));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rows, CROW_BLOCK * d));
  for (int64_t turn = 0; turn < turns; turn++) {
    crow_gidx begin = turn * CROW_BLOCK, count = 0;
    if (begin < p.count)
      count = p.count - begin < CROW_BLOCK ? p.count - begin : CROW_BLOCK;
    else
      begin = p.count;
    CROW_TRY(crow_dataset_read_contexts(dataset, p.begin + begin, count, CROW_F64, rows));
    CROW_TRY(block(context, p.begin + begin, count, d, rows));
  }
cleanup:
  crow_free(rows);
  return status;
}

typedef struct bounds {
  double *lower, *upper;
} bounds;

static crow_status visit_bounds(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  const bounds *b = context;
  (void)begin;
  for (crow_gidx i = 0; i < count; i++) {
    for (crow_gidx k = 0; k < d; k++) {
      b->lower[k] = fmin(b->lower[k], rows[i * d + k]);
      b->upper[k] = fmax(b->upper[k], rows[i * d + k]);
    }
  }
  return CROW_OK;
}

crow_status crow_space_find_bounds(const crow_comm *comm, const crow_dataset *dataset, double *lower, double *upper) {
  bounds b = {lower, upper};
  for (crow_gidx k = 0; k < dataset->dimensions; k++) {
    lower[k] = (double)INFINITY;
    upper[k] = -(double)INFINITY;
  }
  CROW_NEED(crow_space_visit(comm, dataset, visit_bounds, &b));
  CROW_NEED(crow_comm_min_f64(comm, lower, dataset->dimensions));
  return crow_comm_max_f64(comm, upper, dataset->dimensions);
}

typedef struct means {
  crow_exact_sum *sums; /* (d) */
  double *column;       /* (CROW_BLOCK) */
} means;

static crow_status visit_mean(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  const means *m = context;
  (void)begin;
  for (crow_gidx k = 0; k < d; k++) {
    for (crow_gidx i = 0; i < count; i++) m->column[i] = rows[i * d + k];
    crow_exact_add_blocks(&m->sums[k], m->column, count);
  }
  return CROW_OK;
}

crow_status crow_space_find_mean(const crow_comm *comm, const crow_dataset *dataset, double *mean) {
  crow_status status = CROW_OK;
  means m = {NULL, NULL};
  const crow_gidx d = dataset->dimensions;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&m.sums, d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&m.column, CROW_BLOCK));
  CROW_TRY(crow_space_visit(comm, dataset, visit_mean, &m));
  CROW_TRY(crow_comm_sum_exact(comm, m.sums, d));
  for (crow_gidx k = 0; k < d; k++) mean[k] = crow_exact_value(&m.sums[k]) / (double)dataset->alternatives;
cleanup:
  CROW_FREE(m.sums, m.column);
  return status;
}

typedef struct farthest {
  const double *mean;
  double square;
} farthest;

static crow_status visit_radius(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  farthest *f = context;
  (void)begin;
  for (crow_gidx i = 0; i < count; i++) {
    double square = 0;
    for (crow_gidx k = 0; k < d; k++) {
      const double difference = rows[i * d + k] - f->mean[k];
      square += difference * difference;
    }
    f->square = fmax(f->square, square);
  }
  return CROW_OK;
}

crow_status crow_space_find_radius(const crow_comm *comm, const crow_dataset *dataset, const double *mean,
                                   double *radius) {
  farthest f = {mean, 0};
  CROW_NEED(crow_space_visit(comm, dataset, visit_radius, &f));
  CROW_NEED(crow_comm_max_f64(comm, &f.square, 1));
  *radius = sqrt(f.square);
  return CROW_OK;
}

typedef struct covariance {
  const double *mean;
  double *centred;      /* (CROW_BLOCK, d) */
  double *product;      /* (d, d) of one block */
  crow_exact_sum *sums; /* (d (d + 1) / 2) */
} covariance;

static crow_status visit_covariance(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  const covariance *c = context;
  (void)begin;
  if (count == 0) return CROW_OK;
  for (crow_gidx i = 0; i < count; i++) {
    for (crow_gidx k = 0; k < d; k++) c->centred[i * d + k] = rows[i * d + k] - c->mean[k];
  }
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)d, (int)d, (int)count, 1, c->centred, (int)d, c->centred,
              (int)d, 0, c->product, (int)d);
  for (crow_gidx j = 0, at = 0; j < d; j++) {
    for (crow_gidx k = 0; k <= j; k++) crow_exact_add(&c->sums[at++], c->product[j * d + k]);
  }
  return CROW_OK;
}

crow_status crow_space_eigen(crow_gidx d, double *matrix, double *values) {
  crow_status status = CROW_OK;
  double *work = NULL;
  const int n = (int)d, work_size = 34 * n;
  int info = 0;
  CROW_TRY(CROW_ALLOCATE(&work, work_size));
  dsyev_("V", "U", &n, matrix, &n, values, work, &work_size, &info, 1, 1);
  if (info != 0)
    CROW_TRY(crow_error(CROW_FAILED, "the covariance of the contexts has no eigenvalues: dsyev gave %d", info));
cleanup:
  crow_free(work);
  return status;
}

/* covariance = V diag(w) V', factor = V diag(sqrt(w)). */
static crow_status square_root(crow_gidx d, double *matrix, double *factor) {
  crow_status status = CROW_OK;
  double *values = NULL;
  CROW_TRY(CROW_ALLOCATE(&values, d));
  CROW_TRY(crow_space_eigen(d, matrix, values));
  for (crow_gidx k = 0; k < d; k++) {
    for (crow_gidx j = 0; j < d; j++) factor[k * d + j] = matrix[j * d + k] * sqrt(fmax(values[j], 0));
  }
cleanup:
  crow_free(values);
  return status;
}

crow_status crow_space_find_covariance(const crow_comm *comm, const crow_dataset *dataset, const double *mean,
                                       double *matrix) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions, pairs = d * (d + 1) / 2;
  covariance c = {mean, NULL, NULL, NULL};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&c.centred, CROW_BLOCK * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&c.product, d * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&c.sums, pairs));
  CROW_TRY(crow_space_visit(comm, dataset, visit_covariance, &c));
  CROW_TRY(crow_comm_sum_exact(comm, c.sums, pairs));
  for (crow_gidx j = 0, at = 0; j < d; j++) {
    for (crow_gidx k = 0; k <= j; k++, at++) {
      matrix[j * d + k] = matrix[k * d + j] = crow_exact_value(&c.sums[at]) / (double)dataset->alternatives;
    }
  }
cleanup:
  CROW_FREE(c.centred, c.product, c.sums);
  return status;
}

crow_status crow_space_find_factor(const crow_comm *comm, const crow_dataset *dataset, const double *mean,
                                   double *factor) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  double *matrix = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&matrix, d * d));
  CROW_TRY(crow_space_find_covariance(comm, dataset, mean, matrix));
  CROW_TRY_AGREE(comm, square_root(d, matrix, factor));
  /* The eigenvectors of one rank are everybody's: another machine's LAPACK may choose other signs. */
  CROW_TRY(crow_comm_broadcast(comm, factor, d * d * (int64_t)sizeof *factor, 0));
cleanup:
  crow_free(matrix);
  return status;
}

double crow_space_factor_squares(const double *factor, crow_gidx d, double *square) {
  double most = 0;
  for (crow_gidx j = 0; j < d; j++) square[j] = 0;
  for (crow_gidx k = 0; k < d; k++) {
    for (crow_gidx j = 0; j < d; j++) square[j] += factor[k * d + j] * factor[k * d + j];
  }
  for (crow_gidx j = 0; j < d; j++) most = fmax(most, square[j]);
  return (double)d * ldexp(most, -52);
}
