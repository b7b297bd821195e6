/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of file that crow reads, field by field: how a good one is made, how it is used, and what each field may
 * hold by its meaning. */
#ifndef CROW_TESTS_MPI_FIELDS_H
#define CROW_TESTS_MPI_FIELDS_H

#include "harness.h"

#include <hdf5.h>

enum {
  OPTIONAL = 1,       /* may be missing */
  USED = 2,           /* may be missing as far as the schema goes, but is needed by who uses the file */
  NAN_FITS = 4,       /* NaN has a meaning */
  NEGATIVE_FITS = 8,  /* so have negative numbers; of texts: the empty one fits */
  LARGE_FITS = 16,    /* the greatest number is one like any other; of texts: a long one fits */
  LARGE_LATE = 32,    /* it is refused where it is used */
  NEGATIVE_LATE = 64, /* the same of negative numbers and empty texts */
  LENGTH_LATE = 128,  /* a wrong length shows where it is used */
  ANY_LENGTH = 256,   /* its length is its own affair */
  INTEGER = 512,
  TEXT = 1024
};

typedef struct known_field {
  const char *path;
  int flags;
} known_field;

typedef struct known_attribute {
  const char *path, *name;
  int flags;
} known_attribute;

typedef struct file_kind {
  const char *name;
  void (*make)(const char *path); /* collective */
  crow_status (*use)(const char *path);
  const known_field *fields;
  const known_attribute *attributes;
  bool loose; /* crow inspect knows little of it: only its use tells, by the file's name */
} file_kind;

#define M 6
#define D 3
#define Q 8
#define REAL_FITS (NEGATIVE_FITS | LARGE_FITS)

/* ---- datasets -------------------------------------------------------------------------------------------------- */

static inline void put(hid_t file, const char *path, hid_t stored, hid_t memory, int rank, hsize_t rows,
                       hsize_t columns, const void *data) {
  const hsize_t dims[2] = {rows, columns};
  hid_t links = H5Pcreate(H5P_LINK_CREATE), space = H5Screate_simple(rank, dims, NULL);
  CHECK(H5Pset_create_intermediate_group(links, 1) >= 0);
  hid_t dataset = H5Dcreate2(file, path, stored, space, links, H5P_DEFAULT, H5P_DEFAULT);
  CHECK(dataset >= 0 && H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
  (void)H5Dclose(dataset);
  (void)H5Sclose(space);
  (void)H5Pclose(links);
}

static inline void put_texts(hid_t file, const char *path, hsize_t rows, const char *const *texts) {
  hid_t type = H5Tcopy(H5T_C_S1);
  CHECK(H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0);
  put(file, path, type, type, 1, rows, 1, texts);
  (void)H5Tclose(type);
}

static inline hid_t begin_dataset(const char *path) {
  static const double context[M * D] = {0, .1, .2, .3, .4, .5, .6, .7, .8, .9, .1, .3, .5, .7, .9, .2, .4, .6};
  const int64_t version = 1;
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
  hid_t type = H5Tcopy(H5T_C_S1);
  CHECK(H5Tset_size(type, 8) >= 0);
  hid_t kind = H5Acreate2(file, "crow_kind", type, space, H5P_DEFAULT, H5P_DEFAULT);
  hid_t number = H5Acreate2(file, "crow_schema_version", H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
  CHECK(H5Awrite(kind, type, "dataset") >= 0 && H5Awrite(number, H5T_NATIVE_INT64, &version) >= 0);
  (void)H5Aclose(kind);
  (void)H5Aclose(number);
  (void)H5Tclose(type);
  (void)H5Sclose(space);
  put(file, "/alternatives/context", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, M, D, context);
  return file;
}

static inline void make_comparisons(const char *path) {
  static const int64_t first[Q] = {0, 1, 2, 0, 3, 4, 5, 3}, second[Q] = {1, 2, 0, 2, 4, 5, 3, 5},
                       count[Q] = {1, 2, 1, 3, 1, 1, 2, 1}, map[M] = {0, 1, 2, 3, 4, 5};
  static const double outcome[Q] = {1, 0, .5, 1, .25, 1, 0, 1};
  static const char *const names[M] = {"a", "b", "c", "d", "e", "f"}, *const prompts[M] = {"p", "p", "p",
                                                                                           "q", "q", "q"};
  static const struct {
    const char *path;
    bool prompt;
  } texts[] = {{"/alternatives/id", false}, {"/alternatives/topic", true}, {"/alternatives/prompt", true},
               {"/cluster/id", false},      {"/cluster/topic", true},      {"/cluster/prompt", true}};
  if (crow_comm_rank(test_comm) != 0) return;
  hid_t file = begin_dataset(path);
  put(file, "/comparisons/first", H5T_STD_I32LE, H5T_NATIVE_INT64, 1, Q, 1, first);
  put(file, "/comparisons/second", H5T_STD_I64LE, H5T_NATIVE_INT64, 1, Q, 1, second);
  put(file, "/comparisons/count", H5T_STD_I64LE, H5T_NATIVE_INT64, 1, Q, 1, count);
  put(file, "/comparisons/outcome", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, Q, 1, outcome);
  put_texts(file, "/alternatives/dimension", D, names);
  put(file, "/cluster/map", H5T_STD_I64LE, H5T_NATIVE_INT64, 1, M, 1, map);
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
    put_texts(file, texts[k].path, M, texts[k].prompt ? prompts : names);
  }
  (void)H5Fclose(file);
}

/* What an import keeps beside the rest: two columns of the comparisons, and whole texts. */
static inline void make_kept(const char *path) {
  static const int64_t first[Q] = {0, 1, 2, 0, 3, 4, 5, 3}, second[Q] = {1, 2, 0, 2, 4, 5, 3, 5},
                       label[2 * Q] = {0, 1, 2, 1, 0, 0, 1, 1, 2, 2, 0, 1, 1, 0, 2, 1}, begin[M] = {0, 1, 2, 4, 5, 6};
  static const double outcome[Q] = {1, 0, .5, 1, .25, 1, 0, 1};
  static const char *const names[M] = {"a", "b", "c", "d", "e", "f"}; /* the last value is not used */
  static const int64_t bytes[] = {'a', 'b', 0xc3, 0xa9, 'd', 'e', 'l', 'a', 's', 't'};
  if (crow_comm_rank(test_comm) != 0) return;
  hid_t file = begin_dataset(path);
  put_texts(file, "/alternatives/id", M, names);
  put(file, "/comparisons/first", H5T_STD_I32LE, H5T_NATIVE_INT64, 1, Q, 1, first);
  put(file, "/comparisons/second", H5T_STD_I64LE, H5T_NATIVE_INT64, 1, Q, 1, second);
  put(file, "/comparisons/outcome", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, Q, 1, outcome);
  put(file, "/comparisons/label", H5T_STD_I32LE, H5T_NATIVE_INT64, 2, Q, 2, label);
  put_texts(file, "/comparisons/label_name", 2, names);
  put_texts(file, "/comparisons/label_value", 4, names);
  put(file, "/alternatives/text_begin", H5T_STD_I64LE, H5T_NATIVE_INT64, 1, M, 1, begin);
  put(file, "/alternatives/text_bytes", H5T_STD_I64LE, H5T_NATIVE_INT64, 1, sizeof bytes / sizeof *bytes, 1, bytes);
  (void)H5Fclose(file);
}

static inline void make_matrix(const char *path) {
  double p[M * M];
  for (int x = 0; x < M; x++) {
    for (int y = 0; y < M; y++) p[x * M + y] = .5 + .07 * (y - x);
  }
  if (crow_comm_rank(test_comm) != 0) return;
  hid_t file = begin_dataset(path);
  put(file, "/preference/matrix", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, M, M, p);
  (void)H5Fclose(file);
}

static inline void make_population(const char *path) {
  static const double prevalence[2] = {.25, .75}, reward[2 * M] = {0, 1, 2, 3, 4, 5, 1, 0, 3, 2, 5, 4};
  if (crow_comm_rank(test_comm) != 0) return;
  hid_t file = begin_dataset(path);
  put(file, "/population/prevalence", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, 2, 1, prevalence);
  put(file, "/population/reward", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, 2, M, reward);
  (void)H5Fclose(file);
}

/* Says of the first two alternatives that they are near-duplicates, as crow fit keeps it. Local. */
static inline crow_status keep_near_duplicates(crow_rewards *rewards) {
  crow_status status = CROW_OK;
  const crow_partition *p = &rewards->partition;
  CROW_TRY(CROW_ALLOCATE(&rewards->near, p->count + 1));
  for (crow_gidx i = 0; i < p->count; i++) rewards->near[i] = p->begin + i < 2;
cleanup:
  return status;
}

/* What crow fit does with a dataset, into rewards at `output`; with those of each value of the kept column `by`, if it
 * is not NULL, and near-duplicates then. */
static inline crow_status fit_dataset(const char *path, const crow_train_options *options, const char *by,
                                      const char *output) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_rewards rewards = {0};
  crow_provenance *provenance = NULL;
  crow_weights_options sampling;
  const crow_uncertainty_options uncertainty = {
      .bootstrap = 4, .bootstrap_seed = 1, .standard_errors = true, .error_probes = 8, .errors = true};
  crow_weights_options_default(&sampling);
  sampling.samples = 64;
  CROW_TRY(crow_dataset_open(test_comm, path, false, &dataset));
  CROW_TRY(crow_dataset_check_names(&dataset));
  CROW_TRY(crow_preferences_check(test_comm, &dataset, false));
  CROW_TRY(crow_weights_compute(test_comm, &dataset, &sampling, &weights));
  CROW_TRY(crow_weights_find_shares(test_comm, &dataset, &weights));
  CROW_TRY(crow_rewards_fit(test_comm, &dataset, &weights, options, &rewards));
  if (dataset.has_comparisons && options->model.model == CROW_MODEL_TABULAR) {
    CROW_TRY(crow_uncertainty_sandwich(test_comm, &dataset, &weights, &options->objective, &uncertainty, rewards.value,
                                       &rewards.uncertainty));
    CROW_TRY(crow_rewards_bootstrap_from(test_comm, &dataset, &weights, options, &uncertainty, NULL, &rewards));
  }
  if (by) {
    CROW_TRY(crow_rewards_fit_by(test_comm, &dataset, &weights, options, &uncertainty,
                                 &(crow_rewards_by_options){.column = by, .least = 3}, &rewards));
    CROW_TRY_AGREE(test_comm, keep_near_duplicates(&rewards));
  }
  CROW_TRY(crow_provenance_create(test_comm, NULL, &provenance));
  CROW_TRY(crow_rewards_write(test_comm, output, true, &rewards, &dataset, provenance));
cleanup:
  crow_provenance_destroy(&provenance);
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return status;
}

static inline crow_status use_dataset(const char *path) {
  crow_train_options options;
  crow_train_options_default(&options);
  options.sampling_error = true;
  return fit_dataset(path, &options, NULL, test_path("use.h5"));
}

static inline crow_status use_kept(const char *path) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  crow_strings values = {0};
  int32_t code[Q];
  int64_t column = -1;
  char *text = NULL;
  CROW_TRY(use_dataset(path));
  CROW_TRY(crow_dataset_open(test_comm, path, false, &dataset));
  CROW_TRY(crow_dataset_find_kept(&dataset, "b", &column));
  CROW_TRY(crow_dataset_read_kept(&dataset, column, 0, dataset.comparisons, code));
  int64_t shape[2];
  crow_file_shape(dataset.file, "/comparisons/label_value", shape);
  CROW_TRY(crow_file_read_strings(dataset.file, "/comparisons/label_value", 0, shape[0], &values));
  for (crow_gidx k = 0; k < dataset.alternatives; k++) {
    crow_free(text);
    CROW_TRY(crow_dataset_read_text(&dataset, k, &text));
  }
cleanup:
  crow_free(text);
  crow_strings_free(&values);
  crow_dataset_close(&dataset);
  return status;
}

static const known_attribute dataset_attributes[] = {
    {"/", "crow_kind", TEXT}, {"/", "crow_schema_version", INTEGER}, {NULL, NULL, 0}};

static const file_kind kind_comparisons = {
    "comparisons",
    make_comparisons,
    use_dataset,
    (const known_field[]){{"/alternatives/context", USED | NEGATIVE_FITS | LARGE_LATE},
                          {"/alternatives/id", OPTIONAL | TEXT},
                          {"/alternatives/topic", OPTIONAL | TEXT},
                          {"/alternatives/prompt", OPTIONAL | TEXT},
                          {"/alternatives/dimension", OPTIONAL | TEXT},
                          {"/comparisons/first", INTEGER},
                          {"/comparisons/second", INTEGER},
                          {"/comparisons/outcome", 0},
                          {"/comparisons/count", OPTIONAL | INTEGER},
                          {"/cluster/map", INTEGER},
                          {"/cluster/id", OPTIONAL | TEXT},
                          {"/cluster/topic", OPTIONAL | TEXT},
                          {"/cluster/prompt", OPTIONAL | TEXT},
                          {NULL, 0}},
    dataset_attributes,
    false};
static const file_kind kind_kept = {"kept",
                                    make_kept,
                                    use_kept,
                                    (const known_field[]){{"/alternatives/context", USED | NEGATIVE_FITS | LARGE_LATE},
                                                          {"/alternatives/id", OPTIONAL | TEXT},
                                                          {"/comparisons/first", INTEGER},
                                                          {"/comparisons/second", INTEGER},
                                                          {"/comparisons/outcome", 0},
                                                          {"/comparisons/label", INTEGER},
                                                          {"/comparisons/label_name", TEXT},
                                                          {"/comparisons/label_value", TEXT | ANY_LENGTH},
                                                          {"/alternatives/text_begin", INTEGER},
                                                          {"/alternatives/text_bytes", INTEGER | ANY_LENGTH},
                                                          {NULL, 0}},
                                    NULL,
                                    false};
static const file_kind kind_matrix = {
    "matrix",
    make_matrix,
    use_dataset,
    (const known_field[]){
        {"/alternatives/context", USED | NEGATIVE_FITS | LARGE_LATE}, {"/preference/matrix", 0}, {NULL, 0}},
    NULL,
    false};
static const file_kind kind_population = {
    "population",
    make_population,
    use_dataset,
    (const known_field[]){{"/alternatives/context", USED | NEGATIVE_FITS | LARGE_LATE},
                          {"/population/prevalence", 0},
                          {"/population/reward", NEGATIVE_FITS | LARGE_LATE},
                          {NULL, 0}},
    NULL,
    false};

/* ---- a pool of contexts ---------------------------------------------------------------------------------------- */

static inline void make_pool(const char *path) {
  static const double values[M * D] = {.1, .2, .3, .4, .5, .6};
  if (crow_comm_rank(test_comm) != 0) return;
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put(file, "/pool", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, M, D, values);
  (void)H5Fclose(file);
}

static inline crow_status use_pool(const char *path) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_weights_options sampling;
  char space[600];
  const char *data = test_path("data.h5");
  crow_weights_options_default(&sampling);
  sampling.samples = 64;
  (void)snprintf(space, sizeof space, "pool:%s:/pool", path);
  sampling.space.space = space;
  make_matrix(data);
  (void)crow_comm_barrier(test_comm);
  CROW_TRY(crow_dataset_open(test_comm, data, true, &dataset));
  CROW_TRY(crow_weights_compute(test_comm, &dataset, &sampling, &weights));
cleanup:
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return status;
}

static const file_kind kind_pool = {
    "pool", make_pool, use_pool, (const known_field[]){{"/pool", NEGATIVE_FITS | ANY_LENGTH}, {NULL, 0}}, NULL, true};

#include "fields_results.h"

#endif
