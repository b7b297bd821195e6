/* SPDX-License-Identifier: Apache-2.0 */
/* The affine hull of the contexts: an orthonormal basis, and projection onto it. */
#include "nearest/kernels_impl.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* Rows orthogonalised at once. */
#define BLOCK 256
/* Columns of the basis come in multiples of this, for the widest vectors. */
#define COLUMNS 32

/* LAPACK, which OpenBLAS brings without a C header. */
void dgeqp3_(const int *rows, const int *columns, double *a, const int *stride, int *pivot, double *tau, double *work,
             const int *work_count, int *info);
void dorgqr_(const int *rows, const int *columns, const int *reflectors, double *a, const int *stride,
             const double *tau, double *work, const int *work_count, int *info);

int64_t crow_hull_limit(int64_t m, int64_t d) {
  const int64_t limit = (m * d - 1) / (m + d);
  return limit < d - 1 ? limit : d - 1;
}

bool crow_hull_pays(int64_t m, int64_t d, int64_t k) { return k <= crow_hull_limit(m, d); }

void crow_hull_free(crow_hull *hull) {
  crow_free(hull->origin);
  crow_free(hull->basis);
  *hull = (crow_hull){0};
}

/* What finding the basis works on. */
typedef struct hull_work {
  const void *contexts;
  crow_precision type;
  int64_t m, d;
  const double *origin;
  double tolerance;
  double *basis; /* (limit + BLOCK, d) one direction a row */
  int64_t k;
  double *rows;    /* (BLOCK, d) what the basis does not explain of a block of rows */
  double *product; /* (BLOCK, limit + BLOCK) */
  double *tau, *scratch;
  int *pivot;
  int scratch_count;
} hull_work;

static double context_value(const hull_work *work, int64_t row, int64_t i) {
  const int64_t at = row * work->d + i;
  return work->type == CROW_SINGLE ? (double)((const float *)work->contexts)[at] : ((const double *)work->contexts)[at];
}

static double farthest_from_origin(const hull_work *work) {
  double farthest = 0;
  for (int64_t row = 0; row < work->m; row++) {
    double square = 0;
    for (int64_t i = 0; i < work->d; i++) {
      const double difference = context_value(work, row, i) - work->origin[i];
      square += difference * difference;
    }
    farthest = fmax(farthest, square);
  }
  return sqrt(farthest);
}

/* rows -= (rows basis') basis. */
static void remove_basis(hull_work *work, int64_t count) {
  if (work->k == 0) return;
  const int n = (int)count, k = (int)work->k, d = (int)work->d;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, k, d, 1, work->rows, d, work->basis, d, 0, work->product, k);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, d, k, -1, work->product, k, work->basis, d, 1, work->rows,
              d);
}

/* Replaces rows by an orthonormal basis of their span and returns how many directions it has. To LAPACK, which stores
 * by columns, rows are columns. */
static crow_status orthonormalise(hull_work *work, int64_t count, double tolerance, int64_t *found) {
  const int d = (int)work->d, n = (int)count, most = d < n ? d : n;
  int info = 0, rank = 0;
  memset(work->pivot, 0, (size_t)n * sizeof *work->pivot);
  dgeqp3_(&d, &n, work->rows, &d, work->pivot, work->tau, work->scratch, &work->scratch_count, &info);
  while (info == 0 && rank < most && fabs(work->rows[(int64_t)rank * d + rank]) > tolerance) rank++;
  if (info == 0 && rank > 0) {
    dorgqr_(&d, &rank, &rank, work->rows, &d, work->tau, work->scratch, &work->scratch_count, &info);
  }
  if (info != 0) return crow_error(CROW_FAILED, "LAPACK's QR factorisation failed (info = %d)", info);
  *found = rank;
  return CROW_OK;
}

/* Adds the directions that rows begin .. begin + count have beyond the basis. Small remainders, scaled up to
 * directions, may lean on the basis again, so these are orthogonalised once more. */
static crow_status extend_basis(hull_work *work, int64_t begin, int64_t count, int64_t limit) {
  int64_t found = 0;
  crow_status status;
  for (int64_t r = 0; r < count; r++) {
    for (int64_t i = 0; i < work->d; i++)
      work->rows[r * work->d + i] = context_value(work, begin + r, i) - work->origin[i];
  }
  remove_basis(work, count);
  remove_basis(work, count);
  CROW_TRY(orthonormalise(work, count, work->tolerance, &found));
  if (found == 0 || work->k + found > limit) {
    work->k += found;
    goto cleanup;
  }
  if (work->k > 0) {
    remove_basis(work, found);
    CROW_TRY(orthonormalise(work, found, 0, &found));
  }
  memcpy(work->basis + work->k * work->d, work->rows, (size_t)(found * work->d) * sizeof *work->rows);
  work->k += found;
cleanup:
  return status;
}

static crow_status find_basis(hull_work *work, int64_t limit) {
  const int64_t d = work->d, farther = work->m > d ? work->m : d;
  crow_status status;
  work->tolerance = (double)farther * ldexp(1, -52) * farthest_from_origin(work);
  work->scratch_count = 2 * (int)d + (BLOCK + 1) * 64;
  CROW_TRY(CROW_ALLOCATE(&work->basis, (limit + BLOCK) * d));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->rows, BLOCK * d));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->product, BLOCK * (limit + BLOCK)));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->tau, BLOCK));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->pivot, BLOCK));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->scratch, work->scratch_count));
  for (int64_t begin = 0; begin < work->m && work->k <= limit; begin += BLOCK) {
    CROW_TRY(extend_basis(work, begin, work->m - begin < BLOCK ? work->m - begin : BLOCK, limit));
  }
  if (work->k == 0) work->basis[work->k++] = 1; /* a single point still gets one coordinate */
cleanup:
  return status;
}

/* Stores the basis by columns, rounded up to whole vectors. */
static crow_status keep_basis(const hull_work *work, crow_hull *out) {
  crow_status status;
  out->k = work->k;
  out->stride = (work->k + COLUMNS - 1) / COLUMNS * COLUMNS;
  CROW_TRY(CROW_ALLOCATE(&out->basis, work->d * out->stride));
  for (int64_t c = 0; c < work->k; c++) {
    for (int64_t i = 0; i < work->d; i++) out->basis[i * out->stride + c] = work->basis[c * work->d + i];
  }
cleanup:
  return status;
}

crow_status crow_hull_create(const void *contexts, crow_precision type, int64_t m, int64_t d, int64_t limit,
                             crow_hull *out) {
  hull_work work = {.contexts = contexts, .type = type, .m = m, .d = d};
  crow_status status;
  *out = (crow_hull){.d = d, .k = d};
  if (m < 1 || d < 1 || d > INT32_MAX / 4) {
    CROW_TRY(
        crow_error(CROW_BAD_INPUT, "no affine hull of %lld contexts of %lld dimensions", (long long)m, (long long)d));
  }
  if (limit > d - 1) limit = d - 1;
  if (limit < 1) return CROW_OK;
  CROW_TRY(CROW_ALLOCATE_RAW(&out->origin, d));
  for (int64_t i = 0; i < d; i++) out->origin[i] = context_value(&work, 0, i);
  work.origin = out->origin;
  CROW_TRY(find_basis(&work, limit));
  if (work.k <= limit) {
    CROW_TRY(keep_basis(&work, out));
  } else {
    crow_free(out->origin);
    out->origin = NULL;
  }
cleanup:
  if (status != CROW_OK) crow_hull_free(out);
  crow_free(work.basis);
  crow_free(work.rows);
  crow_free(work.product);
  crow_free(work.tau);
  crow_free(work.pivot);
  crow_free(work.scratch);
  return status;
}

void crow_hull_project(const crow_hull *hull, const void *rows, crow_precision type, int64_t n, double *out) {
  const crow_kernels *kernels = crow_kernels_get();
  for (int64_t r = 0; r < n; r++) {
    double *to = out + r * hull->k;
    if (type == CROW_SINGLE) {
      kernels->project_single((const float *)rows + r * hull->d, hull->origin, hull->basis, hull->d, hull->stride,
                              hull->k, to);
    } else {
      kernels->project_double((const double *)rows + r * hull->d, hull->origin, hull->basis, hull->d, hull->stride,
                              hull->k, to);
    }
  }
}
