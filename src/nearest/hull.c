/* SPDX-License-Identifier: Apache-2.0 */
/* The affine hull of the contexts: an orthonormal basis, and projection onto it. */
#include "nearest/kernels_impl.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* Rows orthogonalised at once. */
#define BLOCK CROW_HULL_ROWS
/* Columns of the basis come in multiples of this, for the widest vectors. */
#define COLUMNS 32

/* LAPACK, which OpenBLAS brings without a C header. */
void dgeqp3_(const int *rows, const int *columns, double *a, const int *stride, int *pivot, double *tau, double *work,
             const int *work_count, int *info);
void dgeqrf_(const int *rows, const int *columns, double *a, const int *stride, double *tau, double *work,
             const int *work_count, int *info);
void dorgqr_(const int *rows, const int *columns, const int *reflectors, double *a, const int *stride,
             const double *tau, double *work, const int *work_count, int *info);

int64_t crow_hull_limit(int64_t m, int64_t d) {
  const int64_t limit = (m * d - 1) / (m + d);
  return limit < d - 1 ? limit : d - 1;
}

bool crow_hull_pays(int64_t m, int64_t d, int64_t k) { return k <= crow_hull_limit(m, d); }

void crow_hull_free(crow_hull *hull) {
  CROW_FREE(hull->origin, hull->basis);
  *hull = (crow_hull){0};
}

struct crow_hull_finder {
  int64_t d, limit;
  double *origin; /* (d) */
  double tolerance;
  double *basis; /* (limit + BLOCK, d) one direction a row */
  int64_t k;
  double *rows;    /* (BLOCK, d) what the basis does not explain of a block of rows */
  double *product; /* (BLOCK, limit + BLOCK) */
  double *tau, *scratch;
  int *pivot;
  int scratch_count;
};

double crow_hull_reach(const double *rows, int64_t count, int64_t d, const double *origin) {
  double farthest = 0;
  for (int64_t row = 0; row < count; row++) {
    double square = 0;
    for (int64_t i = 0; i < d; i++) {
      const double difference = rows[row * d + i] - origin[i];
      square += difference * difference;
    }
    farthest = fmax(farthest, square);
  }
  return sqrt(farthest);
}

/* rows -= (rows basis') basis. */
static void remove_basis(crow_hull_finder *work, int64_t count) {
  if (work->k == 0) return;
  const int n = (int)count, k = (int)work->k, d = (int)work->d;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, k, d, 1, work->rows, d, work->basis, d, 0, work->product, k);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, d, k, -1, work->product, k, work->basis, d, 1, work->rows,
              d);
}

/* Replaces rows by an orthonormal basis of their span and returns how many directions it has. To LAPACK, which stores
 * by columns, rows are columns. */
static crow_status orthonormalise(crow_hull_finder *work, int64_t count, double tolerance, int64_t *found) {
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

/* Adds the directions that a block of rows has beyond the basis. Small remainders, scaled up to directions, may lean on
 * the basis again, so these are orthogonalised once more. */
static crow_status extend_basis(crow_hull_finder *work, const double *rows, int64_t count) {
  int64_t found = 0;
  crow_status status;
  for (int64_t r = 0; r < count; r++) {
    for (int64_t i = 0; i < work->d; i++) work->rows[r * work->d + i] = rows[r * work->d + i] - work->origin[i];
  }
  remove_basis(work, count);
  remove_basis(work, count);
  CROW_TRY(orthonormalise(work, count, work->tolerance, &found));
  if (found == 0 || work->k + found > work->limit) {
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

crow_status crow_hull_begin(int64_t m, int64_t d, int64_t limit, const double *origin, double reach,
                            crow_hull_finder **out) {
  crow_status status;
  crow_hull_finder *work = NULL;
  *out = NULL;
  CROW_TRY(CROW_ALLOCATE(&work, 1));
  *work = (crow_hull_finder){.d = d, .limit = limit < d - 1 ? limit : d - 1};
  work->tolerance = (double)(m > d ? m : d) * ldexp(1, -52) * reach;
  work->scratch_count = 2 * (int)d + (BLOCK + 1) * 64;
  CROW_TRY(CROW_ALLOCATE_RAW(&work->origin, d));
  memcpy(work->origin, origin, (size_t)d * sizeof *origin);
  CROW_TRY(CROW_ALLOCATE(&work->basis, (work->limit + BLOCK) * d));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->rows, BLOCK * d));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->product, BLOCK * (work->limit + BLOCK)));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->tau, BLOCK));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->pivot, BLOCK));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->scratch, work->scratch_count));
  *out = work;
  work = NULL;
cleanup:
  crow_hull_destroy(&work);
  return status;
}

crow_status crow_hull_add(crow_hull_finder *work, const double *rows, int64_t count, bool *full) {
  for (int64_t begin = 0; begin < count && work->k <= work->limit; begin += BLOCK) {
    CROW_NEED(extend_basis(work, rows + begin * work->d, count - begin < BLOCK ? count - begin : BLOCK));
  }
  *full = work->k > work->limit;
  return CROW_OK;
}

/* The basis by columns, rounded up to whole vectors. */
crow_status crow_hull_end(const crow_hull_finder *work, crow_hull *out) {
  crow_status status = CROW_OK;
  const int64_t d = work->d, k = work->k > 0 ? work->k : 1; /* a single point still gets one coordinate */
  *out = (crow_hull){.d = d, .k = d};
  if (work->k > work->limit) return CROW_OK;
  out->k = k;
  out->stride = (k + COLUMNS - 1) / COLUMNS * COLUMNS;
  CROW_TRY(CROW_ALLOCATE_RAW(&out->origin, d));
  CROW_TRY(CROW_ALLOCATE(&out->basis, d * out->stride));
  memcpy(out->origin, work->origin, (size_t)d * sizeof *out->origin);
  for (int64_t c = 0; c < work->k; c++) {
    for (int64_t i = 0; i < d; i++) out->basis[i * out->stride + c] = work->basis[c * d + i];
  }
  if (work->k == 0) out->basis[0] = 1;
cleanup:
  if (status != CROW_OK) crow_hull_free(out);
  return status;
}

/* Rows (k, k), to LAPACK columns, become what Gram and Schmidt make of them, which have positive products with them. */
static crow_status settle_rows(int k, double *rows) {
  crow_status status = CROW_OK;
  const int scratch_count = 64 * k;
  int info = 0;
  double *tau = NULL, *scratch = NULL, *diagonal = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&tau, k));
  CROW_TRY(CROW_ALLOCATE_RAW(&scratch, scratch_count));
  CROW_TRY(CROW_ALLOCATE_RAW(&diagonal, k));
  dgeqrf_(&k, &k, rows, &k, tau, scratch, &scratch_count, &info);
  for (int64_t j = 0; j < k; j++) diagonal[j] = rows[j * k + j];
  if (info == 0) dorgqr_(&k, &k, &k, rows, &k, tau, scratch, &scratch_count, &info);
  if (info != 0) CROW_TRY(crow_error(CROW_FAILED, "LAPACK's QR factorisation failed (info = %d)", info));
  for (int64_t j = 0; j < k; j++) {
    for (int64_t c = 0; c < k && diagonal[j] < 0; c++) rows[j * k + c] = -rows[j * k + c];
  }
cleanup:
  CROW_FREE(tau, scratch, diagonal);
  return status;
}

crow_status crow_hull_settle(crow_hull *hull) {
  crow_status status = CROW_OK;
  const int k = (int)hull->k, stride = (int)hull->stride;
  double *part = NULL, *rows = NULL;
  if (!hull->basis) return CROW_OK;
  CROW_TRY(CROW_ALLOCATE_RAW(&part, BLOCK * k));
  CROW_TRY(CROW_ALLOCATE(&rows, hull->k * k));
  for (int64_t begin = 0; begin < hull->d; begin += BLOCK) {
    const int n = hull->d - begin < BLOCK ? (int)(hull->d - begin) : BLOCK;
    for (int i = 0; i < n; i++) crow_random_normal(0, CROW_STREAM_HULL, (uint64_t)(begin + i), part + i * k, k);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, k, n, 1, part, k, hull->basis + begin * stride, stride, 1,
                rows, k);
  }
  CROW_TRY(settle_rows(k, rows));
  for (int64_t begin = 0; begin < hull->d; begin += BLOCK) {
    const int n = hull->d - begin < BLOCK ? (int)(hull->d - begin) : BLOCK;
    double *basis = hull->basis + begin * stride;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, k, k, 1, basis, stride, rows, k, 0, part, k);
    for (int i = 0; i < n; i++) memcpy(basis + (int64_t)i * stride, part + (int64_t)i * k, (size_t)k * sizeof *basis);
  }
cleanup:
  CROW_FREE(part, rows);
  return status;
}

void crow_hull_destroy(crow_hull_finder **finder) {
  crow_hull_finder *work = *finder;
  if (!work) return;
  CROW_FREE(work->origin, work->basis, work->rows, work->product, work->tau, work->pivot, work->scratch, work);
  *finder = NULL;
}

crow_status crow_hull_create(const double *contexts, int64_t m, int64_t d, int64_t limit, crow_hull *out) {
  crow_status status = CROW_OK;
  crow_hull_finder *finder = NULL;
  bool full = false;
  *out = (crow_hull){.d = d, .k = d};
  if (m < 1 || d < 1 || d > INT32_MAX / 4) {
    CROW_TRY(
        crow_error(CROW_BAD_INPUT, "no affine hull of %lld contexts of %lld dimensions", (long long)m, (long long)d));
  }
  if (limit > d - 1) limit = d - 1;
  if (limit < 1) return CROW_OK;
  CROW_TRY(crow_hull_begin(m, d, limit, contexts, crow_hull_reach(contexts, m, d, contexts), &finder));
  CROW_TRY(crow_hull_add(finder, contexts, m, &full));
  CROW_TRY(crow_hull_end(finder, out));
cleanup:
  crow_hull_destroy(&finder);
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
