/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of datasets. The first byte says how the rest is taken: b is the bytes of a file; anything else is a list
 * of replacements in a valid dataset (what its bits choose of comparisons, matrix and population), each a field with
 * another type, shape, layout, value or link, so that the file is whole and only its fields are hostile. */
#include "fuzz.h"

#include <crow/rewards.h>
#include <hdf5.h>
#include <math.h>
#include <unistd.h>

enum { FUZZ_M = 5, FUZZ_Q = 4, FUZZ_VALUES = 400 };

static crow_comm *fuzz_comm;
static char fuzz_path[256];

/* The input, taken byte by byte; zeros when it is used up. */
typedef struct recipe {
  const uint8_t *at, *end;
} recipe;

static unsigned take(recipe *r, unsigned below) { return r->at < r->end ? *r->at++ % below : 0; }

static const char *const fuzz_fields[] = {
    "/alternatives/context",  "/alternatives/id",   "/alternatives/topic", "/comparisons/first", "/comparisons/second",
    "/comparisons/outcome",   "/comparisons/count", "/preference/matrix",  "/population/reward", "/cluster/map",
    "/population/prevalence", "/cluster/id",        "/cluster/topic",      "/alternatives",      "/more"};
#define FUZZ_FIELDS (sizeof fuzz_fields / sizeof *fuzz_fields)

static void put(hid_t file, const char *path, hid_t stored, hid_t memory, int rank, const hsize_t *dims,
                hid_t properties, const void *values) {
  hid_t links = H5Pcreate(H5P_LINK_CREATE), space = rank < 0 ? H5Screate(H5S_NULL) : H5Screate_simple(rank, dims, NULL);
  (void)H5Pset_create_intermediate_group(links, 1);
  (void)H5Ldelete(file, path, H5P_DEFAULT);
  hid_t dataset = H5Dcreate2(file, path, stored, space, links, properties, H5P_DEFAULT);
  if (dataset >= 0 && values) (void)H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  if (dataset >= 0) (void)H5Dclose(dataset);
  (void)H5Sclose(space);
  (void)H5Pclose(links);
}

static void put_doubles(hid_t file, const char *path, hid_t stored, hsize_t rows, hsize_t columns,
                        const double *values) {
  const hsize_t dims[2] = {rows, columns};
  put(file, path, stored, H5T_NATIVE_DOUBLE, columns ? 2 : 1, dims, H5P_DEFAULT, values);
}

static void put_attribute(hid_t file, const char *name, hid_t type, hsize_t count, const void *value) {
  (void)H5Adelete(file, name);
  hid_t space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, NULL);
  hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute >= 0) (void)H5Awrite(attribute, type, value);
  if (attribute >= 0) (void)H5Aclose(attribute);
  (void)H5Sclose(space);
}

static hid_t text_type(size_t width) {
  hid_t type = H5Tcopy(H5T_C_S1);
  (void)H5Tset_size(type, width);
  return type;
}

static void put_valid(hid_t file, unsigned choice) {
  static const double context[2 * FUZZ_M] = {0.1, 0.2, 0.3, 0.9, 0.5, 0.4, 0.8, 0.7, 0.6, 0.3};
  static const double first[] = {0, 1, 2, 3}, second[] = {1, 2, 3, 4}, outcome[] = {1, 0, 0.5, 0.25};
  static const double prevalence[] = {0.25, 0.75}, reward[2 * FUZZ_M] = {1, 2, 3, 4, 5, 0, -1, 2, 0, 1};
  double matrix[FUZZ_M * FUZZ_M];
  const int64_t version = 1;
  hid_t text = text_type(8);
  put_attribute(file, "crow_kind", text, 1, "dataset");
  put_attribute(file, "crow_schema_version", H5T_NATIVE_INT64, 1, &version);
  put_doubles(file, "/alternatives/context", H5T_IEEE_F64LE, FUZZ_M, 2, context);
  if (choice % 4 != 1) {
    put_doubles(file, "/comparisons/first", H5T_STD_I32LE, FUZZ_Q, 0, first);
    put_doubles(file, "/comparisons/second", H5T_STD_I32LE, FUZZ_Q, 0, second);
    put_doubles(file, "/comparisons/outcome", H5T_IEEE_F64LE, FUZZ_Q, 0, outcome);
  }
  for (int i = 0; i < FUZZ_M * FUZZ_M; i++) matrix[i] = i / FUZZ_M < i % FUZZ_M ? 0.25 : 0.75;
  for (int i = 0; i < FUZZ_M; i++) matrix[i * (FUZZ_M + 1)] = 0.5;
  if (choice % 4 == 1) put_doubles(file, "/preference/matrix", H5T_IEEE_F64LE, FUZZ_M, FUZZ_M, matrix);
  if (choice % 4 == 3) {
    put_doubles(file, "/population/prevalence", H5T_IEEE_F64LE, 2, 0, prevalence);
    put_doubles(file, "/population/reward", H5T_IEEE_F64LE, 2, FUZZ_M, reward);
  }
  (void)H5Tclose(text);
}

static double take_value(recipe *r) {
  static const double values[] = {0,
                                  0.5,
                                  1,
                                  -1,
                                  2,
                                  3,
                                  4,
                                  5,
                                  NAN,
                                  INFINITY,
                                  1e308,
                                  1e-320,
                                  -1e160,
                                  1e200,
                                  0.1,
                                  0.9,
                                  1e10,
                                  4294967295.0,
                                  4294967296.0,
                                  -0.0};
  return values[take(r, sizeof values / sizeof *values)];
}

/* Texts of fixed or variable length, with bytes that are no UTF-8 among them. */
static void replace_texts(hid_t file, const char *path, recipe *r) {
  static char texts[FUZZ_M + 2][9];
  const char *pointers[FUZZ_M + 2];
  const hsize_t rows = take(r, FUZZ_M + 3);
  const bool variable = take(r, 2);
  memset(texts, 0, sizeof texts);
  for (int i = 0; i < FUZZ_M + 2; i++) {
    for (unsigned k = take(r, 9); k > 0; k--) texts[i][k - 1] = (char)take(r, 256);
    pointers[i] = take(r, 9) ? texts[i] : NULL;
  }
  hid_t type = text_type(variable ? H5T_VARIABLE : sizeof texts[0]);
  if (take(r, 2)) (void)H5Tset_cset(type, H5T_CSET_UTF8);
  put(file, path, type, type, 1, &rows, H5P_DEFAULT, variable ? (const void *)pointers : (const void *)texts);
  (void)H5Tclose(type);
}

static void replace_numbers(hid_t file, const char *path, recipe *r) {
  static const unsigned lengths[] = {FUZZ_M, 2, FUZZ_Q, 1, 0, 6, 7};
  const hid_t types[] = {H5T_IEEE_F64LE, H5T_IEEE_F32LE, H5T_STD_I32LE, H5T_STD_I64LE,      H5T_STD_U64LE,
                         H5T_STD_U8LE,   H5T_IEEE_F64BE, H5T_STD_I16BE, H5T_NATIVE_LDOUBLE, H5T_STD_B8LE};
  static double values[FUZZ_VALUES];
  hsize_t dims[3];
  const hid_t type = types[take(r, sizeof types / sizeof *types)];
  const int rank = (int)take(r, 5) - 1; /* -1: no space at all */
  for (int i = 0; i < 3; i++) dims[i] = lengths[take(r, sizeof lengths / sizeof *lengths)];
  const unsigned layout = take(r, 5), odd = take(r, FUZZ_M * FUZZ_M);
  for (int i = 0; i < FUZZ_VALUES; i++) values[i] = layout % 2 ? 0.5 : i % FUZZ_M;
  for (unsigned i = 0; i <= odd % 4; i++) values[(odd + i) % (FUZZ_M * FUZZ_M)] = take_value(r);
  hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[3] = {2, 2, 2}, huge[3] = {UINT64_C(1) << (30 + odd), dims[1] + 1, 2};
  if (layout == 1) (void)H5Pset_layout(properties, H5D_COMPACT);
  if (layout >= 2 && rank > 0) (void)H5Pset_chunk(properties, rank, chunk);
  if (layout >= 3 && rank > 0) (void)H5Pset_deflate(properties, 4);
  const bool unwritten = layout == 4;
  put(file, path, type, H5T_NATIVE_DOUBLE, rank, unwritten && rank > 0 ? huge : dims, properties,
      unwritten ? NULL : values);
  (void)H5Pclose(properties);
}

static void replace_attribute(hid_t file, recipe *r) {
  static const char *const names[] = {"crow_kind", "crow_schema_version", "description", "x"};
  static const char *const texts[] = {"dataset", "weights", "", "\xff", "sonnet", "1"};
  const char *name = names[take(r, 4)];
  const unsigned how = take(r, 5);
  const double number = take_value(r);
  const int64_t integer = (int64_t)take(r, 4) - 1, two[2] = {1, 1};
  if (how == 0) (void)H5Adelete(file, name);
  if (how == 1) put_attribute(file, name, H5T_NATIVE_INT64, 1, &integer);
  if (how == 2) put_attribute(file, name, H5T_NATIVE_DOUBLE, 1, &number);
  if (how == 3) put_attribute(file, name, H5T_NATIVE_INT64, 2, two);
  if (how == 4) {
    const char *text = texts[take(r, 6)];
    hid_t type = text_type(H5T_VARIABLE);
    put_attribute(file, name, type, 1, &text);
    (void)H5Tclose(type);
  }
}

static void replace_field(hid_t file, recipe *r) {
  const char *path = fuzz_fields[take(r, FUZZ_FIELDS)], *other = fuzz_fields[take(r, FUZZ_FIELDS)];
  switch (take(r, 12)) {
  case 0:
    (void)H5Ldelete(file, path, H5P_DEFAULT);
    break;
  case 1:
    (void)H5Ldelete(file, path, H5P_DEFAULT);
    (void)H5Lcreate_soft(other, file, path, H5P_DEFAULT, H5P_DEFAULT);
    break;
  case 2:
    (void)H5Ldelete(file, path, H5P_DEFAULT);
    (void)H5Lcreate_external("elsewhere.h5", other, file, path, H5P_DEFAULT, H5P_DEFAULT);
    break;
  case 3:
    (void)H5Ldelete(file, path, H5P_DEFAULT);
    (void)H5Lcreate_hard(file, other, file, path, H5P_DEFAULT, H5P_DEFAULT);
    break;
  case 4:
    replace_attribute(file, r);
    break;
  case 5:
  case 6:
    replace_texts(file, path, r);
    break;
  default:
    replace_numbers(file, path, r);
  }
}

static bool make_file(const uint8_t *data, size_t size) {
  if (data[0] == 'b') {
    FILE *stream = fopen(fuzz_path, "wb");
    if (!stream) return false;
    (void)fwrite(data + 1, 1, size - 1, stream);
    return fclose(stream) == 0;
  }
  recipe r = {data + 1, data + size};
  hid_t file = H5Fcreate(fuzz_path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (file < 0) return false;
  put_valid(file, data[0]);
  for (int k = 0; k < 8 && r.at < r.end; k++) replace_field(file, &r);
  return H5Fclose(file) >= 0;
}

/* What a dataset that was opened must give: all of it as promised, or a refusal. */
static void read_all(const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  double *context = NULL, *outcome = NULL;
  int32_t *first = NULL;
  crow_strings ids = {0};
  FUZZ_REQUIRE(dataset->alternatives >= 1 && dataset->dimensions >= 0);
  const int64_t values = dataset->alternatives * dataset->dimensions;
  CROW_TRY(CROW_ALLOCATE(&context, values));
  if (values) CROW_TRY(crow_dataset_read_contexts(dataset, 0, dataset->alternatives, CROW_F64, context));
  for (int64_t i = 0; i < values; i++) FUZZ_REQUIRE(isfinite(context[i]));
  CROW_TRY(crow_dataset_read_ids(dataset, 0, dataset->alternatives, &ids));
  for (int64_t i = 0; i < ids.count; i++) FUZZ_REQUIRE(strlen(crow_strings_get(&ids, i)) < (size_t)ids.width);
  if (!dataset->has_comparisons) goto cleanup;
  CROW_TRY(CROW_ALLOCATE(&first, dataset->comparisons));
  CROW_TRY(CROW_ALLOCATE(&outcome, dataset->comparisons));
  CROW_TRY(crow_file_read(dataset->file, "/comparisons/first", 0, dataset->comparisons, CROW_I32, first));
  CROW_TRY(crow_file_read(dataset->file, "/comparisons/outcome", 0, dataset->comparisons, CROW_F64, outcome));
  for (int64_t i = 0; i < dataset->comparisons; i++) {
    FUZZ_REQUIRE(first[i] >= 0 && first[i] < dataset->alternatives && outcome[i] >= 0 && outcome[i] <= 1);
  }
cleanup:
  fuzz_judge(status, fuzz_path);
  crow_strings_free(&ids);
  crow_free(context);
  crow_free(outcome);
  crow_free(first);
}

/* A fit to it gives finite rewards, or refuses. */
static void fit(const crow_dataset *dataset) {
  crow_weights weights = {0};
  crow_rewards rewards = {0};
  crow_train_options options;
  crow_train_options_default(&options);
  options.lbfgs.max_iterations = 20;
  crow_status status = crow_weights_uniform(fuzz_comm, dataset->alternatives, &weights);
  if (status == CROW_OK) status = crow_rewards_fit(fuzz_comm, dataset, &weights, &options, &rewards);
  FUZZ_REQUIRE(status == CROW_OK || status == CROW_BAD_INPUT || status == CROW_NOT_CONVERGED);
  for (int64_t i = 0; status == CROW_OK && i < rewards.partition.count; i++) FUZZ_REQUIRE(isfinite(rewards.value[i]));
  crow_rewards_free(&rewards);
  crow_weights_free(&weights);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  crow_dataset dataset = {0};
  char *json = NULL;
  if (size < 1) return 0;
  if (!fuzz_comm) {
    int argc = 0;
    char **argv = NULL;
    FUZZ_REQUIRE(crow_comm_init(&argc, &argv) == CROW_OK && crow_comm_create_world(&fuzz_comm) == CROW_OK);
  }
  if (!fuzz_path[0]) (void)snprintf(fuzz_path, sizeof fuzz_path, "/tmp/crow-fuzz-%ld.h5", (long)getpid());
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  if (!make_file(data, size)) return 0;
  fuzz_judge(crow_file_describe(fuzz_comm, fuzz_path, &json), fuzz_path);
  crow_status status = crow_dataset_open(fuzz_comm, fuzz_path, false, &dataset);
  fuzz_judge(status, fuzz_path);
  if (status == CROW_OK) read_all(&dataset);
  if (status == CROW_OK) fit(&dataset);
  crow_dataset_close(&dataset);
  crow_free(json);
  (void)unlink(fuzz_path);
  return 0;
}
