/* SPDX-License-Identifier: Apache-2.0 */
/* Principal components of the contexts, and datasets projected onto them. */
#include "space/space_impl.h"
#include <cblas.h>
#include <math.h>
#include <string.h>

const crow_setting crow_pca_settings[] = {
    CROW_SETTING("components", INT, crow_pca_options, components, .value = 2, .minimum = 1, .maximum = INT32_MAX,
                 .help = "number of principal components to project the contexts onto"),
    CROW_SETTING("fit-cube", BOOL, crow_pca_options, fit_cube,
                 .help = "then shift and scale them into the unit cube, by one factor for all coordinates, so that "
                         "who is nearest to whom stays the same"),
    CROW_SETTING("basis", INPUT, crow_pca_options, basis, .choices = "FILE",
                 .help = "a dataset whose mean, components and unit cube are taken in the place of this one's: "
                         "datasets that are compared need one basis, since clones turn the components of their own "
                         "dataset towards themselves"),
    CROW_SETTING("memory-per-rank", DOUBLE, crow_pca_options, memory_per_rank, .maximum = 1e18,
                 .help = "bytes that a rank may use; work that needs more is refused before it begins; 0: what the "
                         "machine, its cgroup or Slurm allows"),
    {.name = NULL}};

typedef struct projection {
  crow_file *file;
  int64_t components;
  double *mean;    /* (d) */
  double *vector;  /* (components, d) one a row */
  double *centred; /* (CROW_BLOCK, d) */
  double *product; /* (CROW_BLOCK, components) */
  bool fit_cube;
  double *lower, *upper; /* (components) bounds of the coordinates */
  double scale;          /* 1 / the widest range */
  crow_gidx outside;     /* this rank's alternatives outside the cube */
} projection;

static void projection_free(projection *p) {
  crow_file_close(&p->file);
  CROW_FREE(p->mean, p->vector, p->centred, p->product, p->lower, p->upper);
}

static crow_status projection_create(crow_gidx d, int64_t components, projection *p, crow_pca_summary *summary) {
  p->components = components;
  CROW_NEED(CROW_ALLOCATE(&p->mean, d));
  CROW_NEED(CROW_ALLOCATE(&p->vector, components * d));
  CROW_NEED(CROW_ALLOCATE_RAW(&p->centred, CROW_BLOCK * d));
  CROW_NEED(CROW_ALLOCATE_RAW(&p->product, CROW_BLOCK * components));
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(components, &p->lower, &p->upper));
  return CROW_ALLOCATE(&summary->variance, components);
}

/* A direction and its opposite are the same component: the one whose largest entry is positive is taken. */
static double sign_of(crow_gidx d, const double *vector) {
  crow_gidx largest = 0;
  for (crow_gidx k = 1; k < d; k++) largest = fabs(vector[k]) > fabs(vector[largest]) ? k : largest;
  return vector[largest] < 0 ? -1 : 1;
}

/* The `components` last eigenvectors, whose eigenvalues are the greatest. `covariance` is overwritten. Local. */
static crow_status principal_choose(crow_gidx d, double *covariance, double *vector, int64_t components,
                                    double *variance) {
  crow_status status = CROW_OK;
  double *values = NULL;
  CROW_TRY(CROW_ALLOCATE(&values, d));
  CROW_TRY(crow_space_eigen(d, covariance, values));
  for (int64_t j = 0; j < components; j++) {
    const double *from = covariance + (d - 1 - j) * d, sign = sign_of(d, from);
    for (crow_gidx k = 0; k < d; k++) vector[j * d + k] = sign * from[k];
    variance[j] = fmax(values[d - 1 - j], 0); /* rounding may leave less than nothing */
  }
cleanup:
  crow_free(values);
  return status;
}

static crow_status find(const crow_comm *comm, const crow_dataset *dataset, projection *p, crow_pca_summary *summary) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions, m = dataset->alternatives;
  const double sample = m > 1 ? (double)m / (double)(m - 1) : 1; /* the covariance is divided by m */
  double *covariance = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&covariance, d * d));
  CROW_TRY(crow_space_check_distances(comm, dataset));
  CROW_TRY(crow_space_find_mean(comm, dataset, p->mean));
  CROW_TRY(crow_space_find_covariance(comm, dataset, p->mean, covariance));
  for (crow_gidx k = 0; k < d; k++) summary->total += covariance[k * d + k] * sample;
  CROW_TRY_AGREE(comm, principal_choose(d, covariance, p->vector, p->components, summary->variance));
  for (int64_t j = 0; j < p->components; j++) summary->variance[j] *= sample;
  /* Another machine's LAPACK may round otherwise: one rank's components are everybody's. */
  CROW_TRY(crow_comm_broadcast(comm, p->vector, p->components * d * (int64_t)sizeof *p->vector, 0));
  CROW_TRY(crow_comm_broadcast(comm, summary->variance, p->components * (int64_t)sizeof *summary->variance, 0));
cleanup:
  crow_free(covariance);
  return status;
}

static void project(const projection *p, crow_gidx count, crow_gidx d, const double *rows) {
  for (crow_gidx i = 0; i < count; i++) {
    for (crow_gidx k = 0; k < d; k++) p->centred[i * d + k] = rows[i * d + k] - p->mean[k];
  }
  if (count > 0) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)count, (int)p->components, (int)d, 1, p->centred, (int)d,
                p->vector, (int)d, 0, p->product, (int)p->components);
  }
}

static crow_status bound_block(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  const projection *p = context;
  (void)begin;
  project(p, count, d, rows);
  for (int64_t i = 0; i < count * p->components; i++) {
    p->lower[i % p->components] = fmin(p->lower[i % p->components], p->product[i]);
    p->upper[i % p->components] = fmax(p->upper[i % p->components], p->product[i]);
  }
  return CROW_OK;
}

/* What takes the coordinates into the unit cube, each around its middle. Collective. */
static crow_status find_cube(const crow_comm *comm, const crow_dataset *dataset, projection *p) {
  double widest = 0;
  for (int64_t k = 0; k < p->components; k++) {
    p->lower[k] = (double)INFINITY;
    p->upper[k] = -(double)INFINITY;
  }
  CROW_NEED(crow_space_visit(comm, dataset, bound_block, p));
  CROW_NEED(crow_comm_min_f64(comm, p->lower, p->components));
  CROW_NEED(crow_comm_max_f64(comm, p->upper, p->components));
  for (int64_t k = 0; k < p->components; k++) widest = fmax(widest, p->upper[k] - p->lower[k]);
  p->scale = widest > 0 ? 1 / widest : 1;
  return CROW_OK;
}

/* Takes the coordinates of one alternative into the cube; whether they are inside. */
static bool move_into_cube(const projection *p, double *row) {
  bool inside = true;
  for (int64_t k = 0; k < p->components; k++) {
    const double middle = p->lower[k] + (p->upper[k] - p->lower[k]) / 2;
    const double at = 0.5 + p->scale * (row[k] - middle), nearest = fmin(fmax(at, 0), 1);
    /* Rounding may leave the cube by a little; only of another dataset's cube may contexts be farther off. */
    const bool close = fabs(at - nearest) <= 1e-12;
    row[k] = close ? nearest : at;
    inside = inside && close;
  }
  return inside;
}

static crow_status write_block(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  projection *p = context;
  project(p, count, d, rows);
  for (int64_t i = 0; p->fit_cube && i < count; i++) p->outside += !move_into_cube(p, p->product + i * p->components);
  return crow_file_write_rows(p->file, "/alternatives/context", begin, count, CROW_F64, p->product);
}

/* Columns of other names, or in another order, are no coordinates of the same space. */
static crow_status check_basis_names(const crow_dataset *dataset, const crow_dataset *basis) {
  static const char path[] = "/alternatives/dimension";
  crow_status status = CROW_OK;
  crow_strings ours = {0}, theirs = {0};
  if (!crow_file_has(dataset->file, path) || !crow_file_has(basis->file, path)) return CROW_OK;
  CROW_TRY(crow_file_read_strings(dataset->file, path, 0, dataset->dimensions, &ours));
  CROW_TRY(crow_file_read_strings(basis->file, path, 0, basis->dimensions, &theirs));
  for (int64_t k = 0; k < ours.count; k++) {
    const char *our = crow_strings_get(&ours, k), *their = crow_strings_get(&theirs, k);
    if (strcmp(our, their) == 0) continue;
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: %s[%lld] is \"%.100s\", expected \"%.100s\" as in %s",
                        crow_file_name(basis->file), path, (long long)k, their, our, crow_file_name(dataset->file)));
  }
cleanup:
  crow_strings_free(&ours);
  crow_strings_free(&theirs);
  return status;
}

/* The dataset whose components are taken, checked against the one to project; its own where no other is named. */
static crow_status open_basis(const crow_comm *comm, const crow_dataset *dataset, const char *path,
                              crow_dataset *basis) {
  CROW_NEED(crow_dataset_open(comm, path, true, basis));
  if (basis->dimensions != dataset->dimensions) {
    return crow_error(CROW_BAD_INPUT, "%s: contexts have %lld dimensions, expected the %lld of %s", path,
                      (long long)basis->dimensions, (long long)dataset->dimensions, crow_file_name(dataset->file));
  }
  return check_basis_names(dataset, basis);
}

/* What is written when the components are found. */
typedef struct projected {
  const crow_comm *comm;
  const crow_dataset *dataset;
  projection *projection;
  const crow_provenance *provenance;
} projected;

static crow_status write_projected(void *context, const char *path, bool overwrite) {
  crow_status status = CROW_OK;
  const projected *what = context;
  const crow_dataset *dataset = what->dataset;
  projection *p = what->projection;
  p->outside = 0;
  CROW_TRY(crow_file_create(what->comm, path, "dataset", overwrite, &p->file));
  CROW_TRY(crow_file_define(p->file, "/alternatives/context", dataset->single ? CROW_F32 : CROW_F64,
                            dataset->alternatives, p->components));
  CROW_TRY(crow_space_visit(what->comm, dataset, write_block, p));
  CROW_TRY(crow_file_copy_all(dataset->file, p->file, "/alternatives/context|/alternatives/dimension"));
  if (what->provenance) CROW_TRY(crow_provenance_write(what->provenance, p->file));
  CROW_TRY(crow_file_finish(&p->file));
cleanup:
  crow_file_close(&p->file);
  return status;
}

crow_status crow_pca_run(const crow_comm *comm, const crow_dataset *dataset, const crow_pca_options *options,
                         const char *output, bool overwrite, const crow_provenance *provenance,
                         crow_pca_summary *summary) {
  crow_status status = CROW_OK;
  const int64_t components = options->components;
  projection p = {.fit_cube = options->fit_cube};
  crow_dataset other = {0};
  *summary = (crow_pca_summary){dataset->alternatives, dataset->dimensions, components, 0, NULL, 0};
  CROW_TRY(crow_settings_validate(crow_pca_settings, options));
  CROW_TRY(crow_output_check(comm, output, overwrite));
  CROW_TRY(crow_dataset_need_contexts(dataset));
  if (components > dataset->dimensions) {
    CROW_TRY(crow_error(CROW_USAGE, "--components %lld: expected at most the %lld dimensions of the contexts",
                        (long long)components, (long long)dataset->dimensions));
  }
  CROW_TRY(crow_comm_check_memory(comm, options->memory_per_rank, crow_pca_rank_bytes(dataset->dimensions, components),
                                  "take fewer ranks a node (the covariance is whole on every rank)",
                                  "the principal components of contexts of %lld dimensions",
                                  (long long)dataset->dimensions));
  if (options->basis) CROW_TRY(open_basis(comm, dataset, options->basis, &other));
  const crow_dataset *basis = options->basis ? &other : dataset;
  CROW_TRY_AGREE(comm, projection_create(dataset->dimensions, components, &p, summary));
  CROW_TRY(find(comm, basis, &p, summary));
  if (p.fit_cube) CROW_TRY(find_cube(comm, basis, &p));
  CROW_TRY(crow_result_save(comm, output, overwrite, write_projected, &(projected){comm, dataset, &p, provenance}));
  CROW_TRY(crow_comm_sum_i64(comm, &p.outside, 1));
  summary->outside = p.outside;
cleanup:
  crow_dataset_close(&other);
  projection_free(&p);
  if (status != CROW_OK) crow_pca_summary_free(summary);
  return status;
}

void crow_pca_summary_free(crow_pca_summary *summary) {
  crow_free(summary->variance);
  *summary = (crow_pca_summary){0};
}
