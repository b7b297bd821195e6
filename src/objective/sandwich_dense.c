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
  const crow_partition *p = &o->weights->partition;
  CROW_NEED_AGREE(o->comm, CROW_ALLOCATE(&out->mass, p->global));
  CROW_NEED(crow_comm_gather_slices(o->comm, p, o->weights->value, out->mass, sizeof *out->mass));
  if (!o->root) return CROW_OK;
  CROW_NEED_AGREE(o->comm, CROW_ALLOCATE(&out->root, p->global));
  CROW_NEED(crow_comm_gather_slices(o->comm, p, o->root, out->root, sizeof *out->root));
  for (crow_gidx x = 0; x < p->global; x++) out->mass[x] /= out->root[x];
  return CROW_OK;
}

/* w(y), less in another prompt. */
static double mass_against(const masses *all, crow_gidx x, crow_gidx y) {
  return all->mass[y] / (all->root ? all->root[x] : 1);
}

/* c sigma' becomes H. */
static void form_hessian(const crow_objective *o, const masses *all, double *h) {
  const crow_gidx m = o->pairs->alternatives;
  for (crow_gidx x = 0; x < m; x++) {
    double diagonal = 0;
    for (crow_gidx y = 0; y < m; y++) {
      h[x * m + y] *= -o->scale * mass_against(all, x, y);
      diagonal -= h[x * m + y];
    }
    h[x * m + x] = o->options.lambda + diagonal;
  }
}

/* The square roots of the spreads become J. */
static void form_covariance(const crow_objective *o, const masses *all, double *j) {
  const crow_gidx m = o->pairs->alternatives;
  for (crow_gidx x = 0; x < m; x++) {
    double variance = 0;
    for (crow_gidx y = 0; y < m; y++) {
      const double noise = o->scale * j[x * m + y], w_x = mass_against(all, y, x), w_y = mass_against(all, x, y);
      variance += w_y * noise * (w_y * noise);
      j[x * m + y] = -(w_x * noise) * (w_y * noise);
    }
    j[x * m + x] = variance;
  }
}

/* Inverts in place; LAPACK takes it for its transpose, whose inverse is the inverse's transpose. */
static crow_status sandwich_dense_invert(int m, double *h, double *work) {
  crow_status status = CROW_OK;
  int *pivot = NULL, info = 0;
  const int block = 64, work_count = m > INT32_MAX / block ? INT32_MAX : m * block; /* m^2 would not fit an int */
  CROW_TRY(CROW_ALLOCATE(&pivot, m));
  dgetrf_(&m, &m, h, &m, pivot, &info);
  if (info == 0) dgetri_(&m, h, &m, pivot, work, &work_count, &info);
  if (info != 0) status = crow_error(CROW_FAILED, "LAPACK could not invert the Hessian (info = %d)", info);
cleanup:
  crow_free(pivot);
  return status;
}

/* Z = G H^-1, whose row t is the mean of the inverse's rows of group t. */
static void average_rows(int m, const int32_t *code, const int64_t *size, const double *inverse, double *z) {
  for (int x = 0; x < m; x++) {
    const double *row = inverse + (size_t)x * (size_t)m;
    cblas_daxpy(m, 1 / (double)size[code[x]], row, 1, z + (size_t)code[x] * (size_t)m, 1);
  }
}

/* Z J Z'. */
static crow_status find_group_covariance(int m, const int32_t *code, int groups, const double *inverse, const double *j,
                                         double *covariance) {
  crow_status status = CROW_OK;
  int64_t *size = NULL;
  double *z = NULL, *zj = NULL;
  CROW_TRY(CROW_ALLOCATE(&size, groups));
  CROW_TRY(CROW_ALLOCATE_EACH((int64_t)groups * m, &z, &zj));
  for (int x = 0; x < m; x++) size[code[x]]++;
  average_rows(m, code, size, inverse, z);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, groups, m, m, 1, z, m, j, m, 0, zj, m);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, groups, groups, m, 1, zj, m, z, m, 0, covariance, groups);
cleanup:
  CROW_FREE(size, z, zj);
  return status;
}

/* What rank 0 finds. */
typedef struct dense {
  double *h, *work;
  double *j[2];               /* of both spreads; [1]: NULL without a second one */
  double *variance, *lead;    /* (m) of the rewards, and of the leader's reward less each */
  double *covariance, *least; /* (groups, groups) by both */
  int32_t *code;              /* (m) */
} dense;

/* Variances from H^-1 and H^-1 J, row by row, each the greater of what is there and what is found. */
static void find_variances(dense *d, size_t m) {
  for (size_t x = 0; x < m; x++) {
    const double variance = cblas_ddot((int)m, d->work + x * m, 1, d->h + x * m, 1);
    crow_sandwich_raise(1, &variance, &d->variance[x]);
  }
}

static void find_leads(dense *d, size_t m, size_t leader) {
  const double *h = d->h + leader * m, *hj = d->work + leader * m;
  for (size_t x = 0; x < m; x++) {
    double variance = 0;
    for (size_t y = 0; y < m; y++) variance += (hj[y] - d->work[x * m + y]) * (h[y] - d->h[x * m + y]);
    crow_sandwich_raise(1, &variance, &d->lead[x]);
  }
}

static crow_status solve(const crow_objective *o, const masses *known, dense *d, const crow_sandwich_groups *groups,
                         const crow_sandwich_lead *lead) {
  const int m = (int)o->pairs->alternatives;
  CROW_NEED(crow_stop_check("standard errors"));
  form_hessian(o, known, d->h);
  CROW_NEED(CROW_ALLOCATE(&d->work, (int64_t)m * m));
  CROW_NEED(sandwich_dense_invert(m, d->h, d->work));
  for (int k = 0; k < 2 && d->j[k]; k++) {
    double *covariance = k == 0 ? d->covariance : d->least;
    CROW_NEED(crow_stop_check("standard errors"));
    form_covariance(o, known, d->j[k]);
    if (groups) CROW_NEED(find_group_covariance(m, d->code, (int)groups->count, d->h, d->j[k], covariance));
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, m, m, 1, d->h, m, d->j[k], m, 0, d->work, m);
    find_variances(d, (size_t)m);
    if (lead) find_leads(d, (size_t)m, (size_t)lead->leader);
  }
  if (d->j[1]) crow_sandwich_raise_groups(groups ? groups->count : 0, d->least, d->covariance);
  return CROW_OK;
}

static crow_status dense_allocate(crow_gidx m, const crow_sandwich_groups *groups, bool two, dense *d) {
  const int64_t cells = groups ? groups->count * groups->count : 0;
  CROW_NEED(CROW_ALLOCATE_EACH(m * m, &d->h, &d->j[0]));
  if (two) CROW_NEED(CROW_ALLOCATE(&d->j[1], m * m));
  CROW_NEED(CROW_ALLOCATE_EACH(m, &d->variance, &d->lead, &d->code));
  return CROW_ALLOCATE_EACH(cells, &d->covariance, &d->least);
}

crow_status crow_sandwich_dense(const crow_sandwich *s, double *variance, const crow_sandwich_groups *groups,
                                const crow_sandwich_lead *lead) {
  crow_status status = CROW_OK;
  const crow_objective *o = s->o;
  const crow_comm *comm = o->comm;
  const crow_partition *p = &o->weights->partition;
  dense d = {0};
  masses known = {NULL, NULL};
  CROW_TRY_AGREE(comm, dense_allocate(p->global, groups, s->least != NULL, &d));
  CROW_TRY(gather_masses(o, &known));
  if (groups) CROW_TRY(crow_comm_gather_slices(comm, p, groups->code, d.code, sizeof *d.code));
  CROW_TRY(assemble(o, s->slope, d.h));
  CROW_TRY(assemble(o, s->noise, d.j[0]));
  if (s->least) CROW_TRY(assemble(o, s->least, d.j[1]));
  /* One rank's library gives everybody's bits. */
  CROW_TRY_AGREE(comm, p->rank == 0 ? solve(o, &known, &d, groups, lead) : CROW_OK);
  CROW_TRY(crow_comm_broadcast(comm, d.variance, p->global * (int64_t)sizeof *d.variance, 0));
  if (variance && p->count) memcpy(variance, d.variance + p->begin, (size_t)p->count * sizeof *variance);
  if (lead) {
    CROW_TRY(crow_comm_broadcast(comm, d.lead, p->global * (int64_t)sizeof *d.lead, 0));
    if (p->count) memcpy(lead->variance, d.lead + p->begin, (size_t)p->count * sizeof *d.lead);
  }
  if (groups) {
    const int64_t bytes = groups->count * groups->count * (int64_t)sizeof(double);
    CROW_TRY(crow_comm_broadcast(comm, d.covariance, bytes, 0));
    memcpy(groups->covariance, d.covariance, (size_t)bytes);
  }
cleanup:
  CROW_FREE(d.h, d.j[0], d.j[1], d.work, d.variance, d.lead, d.covariance, d.least, d.code, known.mass, known.root);
  return status;
}
