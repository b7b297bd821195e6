/* SPDX-License-Identifier: Apache-2.0 */
/* H^-1 J H^-T in full, for few alternatives. H, its rows divided by the weights, is an M-matrix whose diagonal
 * dominates by lambda, so that elimination is accurate whatever the weights, zero among them. */
#include "objective/sandwich_impl.h"
#include <cblas.h>
#include <string.h>

/* LAPACK, which OpenBLAS brings without a C header. */
void dgetrf_(const int *rows, const int *columns, double *a, const int *stride, int *pivot, int *info);
void dgetri_(const int *n, double *a, const int *stride, const int *pivot, double *work, const int *work_count,
             int *info);

/* The symmetric matrix of a number for each pair, on all ranks: one rank holds each entry and the others add zero. */
static crow_status assemble(const crow_objective *o, const double *value, double *matrix) {
  const crow_gidx m = o->pairs->alternatives;
  for (int64_t k = 0; k < o->pairs->partition.count; k++) {
    const int64_t x = o->pairs->first[k], y = o->pairs->second[k];
    matrix[x * m + y] = matrix[y * m + x] = value[k];
  }
  return crow_comm_sum_f64_unordered(o->comm, matrix, m * m);
}

/* What rank 0 knows of all alternatives: w, divided by the roots of the prompts' shares, and these roots. */
typedef struct masses {
  double *mass, *root; /* root: NULL without prompts */
} masses;

static crow_status gather_masses(const crow_objective *o, masses *out) {
  crow_status status = CROW_OK;
  const crow_partition *p = &o->weights->partition;
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE(&out->mass, p->global));
  CROW_TRY(crow_comm_gather_slices(o->comm, p, o->weights->value, out->mass, sizeof *out->mass));
  if (!o->root) goto cleanup;
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE(&out->root, p->global));
  CROW_TRY(crow_comm_gather_slices(o->comm, p, o->root, out->root, sizeof *out->root));
  for (crow_gidx x = 0; x < p->global; x++) out->mass[x] /= out->root[x];
cleanup:
  return status;
}

/* c sigma' becomes H, and the square roots of the spreads become J. */
static void form(const crow_objective *o, const masses *all, double *h, double *j) {
  const crow_gidx m = o->pairs->alternatives;
  const double s = o->scale;
  for (crow_gidx x = 0; x < m; x++) {
    double diagonal = 0, variance = 0;
    for (crow_gidx y = 0; y < m; y++) {
      const double noise = s * j[x * m + y];
      const double w_x = all->mass[x] / (all->root ? all->root[y] : 1);
      const double w_y = all->mass[y] / (all->root ? all->root[x] : 1);
      h[x * m + y] *= -s * w_y;
      diagonal -= h[x * m + y];
      variance += w_y * noise * (w_y * noise);
      j[x * m + y] = -(w_x * noise) * (w_y * noise);
    }
    h[x * m + x] = o->options.lambda + diagonal;
    j[x * m + x] = variance;
  }
}

/* Inverts in place; LAPACK takes it for its transpose, whose inverse is the inverse's transpose. */
static crow_status invert(int m, double *h, double *work) {
  crow_status status = CROW_OK;
  int *pivot = NULL, info = 0;
  const int work_count = m * m;
  CROW_TRY(CROW_ALLOCATE(&pivot, m));
  dgetrf_(&m, &m, h, &m, pivot, &info);
  if (info == 0) dgetri_(&m, h, &m, pivot, work, &work_count, &info);
  if (info != 0) status = crow_error(CROW_FAILED, "LAPACK could not invert the Hessian (info = %d)", info);
cleanup:
  crow_free(pivot);
  return status;
}

static crow_status solve(const crow_objective *o, const masses *known, double *h, double *j, double *work,
                         double *variance) {
  crow_status status = CROW_OK;
  const int m = (int)o->pairs->alternatives;
  form(o, known, h, j);
  CROW_TRY(invert(m, h, work));
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, m, m, 1, h, m, j, m, 0, work, m);
  for (int x = 0; x < m; x++) {
    variance[x] = 0;
    for (int y = 0; y < m; y++)
      variance[x] += work[(size_t)x * (size_t)m + (size_t)y] * h[(size_t)x * (size_t)m + (size_t)y];
  }
cleanup:
  return status;
}

crow_status crow_sandwich_dense(const crow_sandwich *s, double *variance) {
  crow_status status = CROW_OK;
  const crow_objective *o = s->o;
  const crow_comm *comm = o->comm;
  const crow_partition *p = &o->weights->partition;
  const crow_gidx m = p->global;
  double *h = NULL, *j = NULL, *work = NULL, *all = NULL;
  masses known = {NULL, NULL};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&h, m * m));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&j, m * m));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&all, m));
  CROW_TRY(gather_masses(o, &known));
  CROW_TRY(assemble(o, s->slope, h));
  CROW_TRY(assemble(o, s->noise, j));
  /* One rank's library gives everybody's bits. */
  if (p->rank == 0) {
    status = CROW_ALLOCATE(&work, m * m);
    if (status == CROW_OK) status = solve(o, &known, h, j, work, all);
  }
  CROW_TRY_AGREE(comm, status);
  CROW_TRY(crow_comm_broadcast(comm, all, m * (int64_t)sizeof *all, 0));
  if (p->count) memcpy(variance, all + p->begin, (size_t)p->count * sizeof *variance);
cleanup:
  crow_free(h);
  crow_free(j);
  crow_free(work);
  crow_free(all);
  crow_free(known.mass);
  crow_free(known.root);
  return status;
}
