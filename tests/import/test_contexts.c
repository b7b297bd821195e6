/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts of one row, of none, of columns in another order, of prompts that are not there. */
#include "io/craft.h"
#include "write_file.h"

#include "import/contexts_impl.h"

static crow_context_source *open_source(const char *source) {
  crow_context_source *contexts = NULL;
  CHECK_OK(crow_context_source_open(test_comm, source, &contexts));
  return contexts;
}

static const char *array_in(const char *file, const char *path) {
  static char name[600];
  (void)snprintf(name, sizeof name, "%s:%s", test_path(file), path);
  return name;
}

static void write_arrays(void) {
  static const double numbers[6] = {1, 2, 3, 4, 5, 6};
  const hid_t file = H5Fcreate(test_path("arrays.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CHECK(file >= 0);
  craft_doubles(file, "/one", H5T_IEEE_F64LE, 2, 1, 1, numbers);
  craft_doubles(file, "/row", H5T_IEEE_F64LE, 2, 1, 3, numbers);
  craft_doubles(file, "/column", H5T_IEEE_F64LE, 2, 3, 1, numbers);
  craft_doubles(file, "/no_rows", H5T_IEEE_F64LE, 2, 0, 3, numbers);
  craft_doubles(file, "/no_columns", H5T_IEEE_F64LE, 2, 3, 0, numbers);
  CHECK(H5Fclose(file) >= 0);
}

static void arrays_of_one_row_or_column_are_taken(void) {
  static const struct {
    const char *path;
    crow_gidx rows;
    int64_t columns;
  } cases[] = {{"/one", 1, 1}, {"/row", 1, 3}, {"/column", 3, 1}};
  write_arrays();
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    double values[3] = {0};
    crow_context_source *contexts = open_source(array_in("arrays.h5", cases[k].path));
    CHECK(crow_context_source_partition(contexts)->global == cases[k].rows);
    CHECK(crow_context_source_dimensions(contexts) == cases[k].columns);
    CHECK(strcmp(crow_context_source_file(contexts), test_path("arrays.h5")) == 0);
    CHECK_OK(crow_context_source_read(contexts, 0, cases[k].rows, values));
    for (int64_t i = 0; i < cases[k].rows * cases[k].columns; i++) CHECK(values[i] == (double)(i + 1));
    crow_context_source_close(&contexts);
  }
}

static void empty_arrays_are_refused(void) {
  static const char *const paths[] = {"/no_rows", "/no_columns"};
  crow_context_source *contexts = NULL;
  write_arrays();
  for (int k = 0; k < 2; k++) {
    CHECK_STATUS(crow_context_source_open(test_comm, array_in("arrays.h5", paths[k]), &contexts), CROW_BAD_INPUT);
    CHECK(!contexts);
  }
  CHECK_STATUS(crow_context_source_open(test_comm, array_in("arrays.h5", "/absent"), &contexts), CROW_BAD_INPUT);
  CHECK(!contexts);
}

/* A .npy file of so many rows of two numbers, of 32 or 64 bits. */
static const char *write_npy(int rows, bool single, const double *numbers) {
  static char bytes[128 + 64];
  memset(bytes, ' ', 128);
  memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
  const int length = snprintf(bytes + 10, 118, "{'descr': '%s', 'fortran_order': False, 'shape': (%d, 2), }",
                              single ? "<f4" : "<f8", rows);
  bytes[10 + length] = ' ';
  bytes[127] = '\n';
  for (int i = 0; i < 2 * rows; i++) {
    const float narrow = (float)numbers[i];
    if (single) memcpy(bytes + 128 + 4 * i, &narrow, 4);
    if (!single) memcpy(bytes + 128 + 8 * i, numbers + i, 8);
  }
  return write_bytes("x.npy", bytes, 128 + (size_t)(rows * (single ? 8 : 16)));
}

static void numbers_that_are_not_finite_are_named(void) {
  for (int single = 0; single <= 1; single++) {
    for (int at = 0; at < 4; at++) {
      double numbers[4] = {1, 2, 3, 4}, values[4];
      char expected[64];
      numbers[at] = at % 2 ? (double)INFINITY : (double)NAN;
      crow_context_source *contexts = open_source(write_npy(2, single, numbers));
      CHECK(crow_context_source_partition(contexts)->global == 2 && crow_context_source_dimensions(contexts) == 2);
      CHECK_STATUS(crow_context_source_read(contexts, 0, 2, values), CROW_BAD_INPUT);
      (void)snprintf(expected, sizeof expected, "x.npy[%d, %d] is %s, expected a finite number", at / 2, at % 2,
                     at % 2 ? "inf" : "nan");
      CHECK_MESSAGE(expected);
      const int row = at / 2; /* the other row alone is well */
      CHECK_OK(crow_context_source_read(contexts, 1 - row, 1, values));
      CHECK(values[0] == numbers[2 - 2 * row] && values[1] == numbers[3 - 2 * row]);
      CHECK_STATUS(crow_context_source_read(contexts, row, 1, values), CROW_BAD_INPUT);
      CHECK_MESSAGE(expected);
      CHECK_OK(crow_context_source_read(contexts, 0, 0, values));
      crow_context_source_close(&contexts);
    }
  }
}

/* A file whose dimensions have these names, to match by. */
static crow_file *named(const char *names, int64_t count, int64_t width) {
  static const double context[3] = {0, 0, 0}, outcome[1] = {1};
  static const int32_t first[1] = {0}, second[1] = {0};
  const crow_strings texts = {.count = count, .width = width, .data = (char *)(uintptr_t)names};
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path("named.h5"), "dataset", true, &file));
  CHECK_OK(crow_file_define(file, "/alternatives/context", CROW_F64, 1, count));
  CHECK_OK(crow_file_write_rows(file, "/alternatives/context", 0, 1, CROW_F64, context));
  CHECK_OK(crow_file_write_strings(file, "/alternatives/dimension", count, 0, &texts));
  CHECK_OK(crow_file_define(file, "/comparisons/first", CROW_I32, 1, 0));
  CHECK_OK(crow_file_define(file, "/comparisons/second", CROW_I32, 1, 0));
  CHECK_OK(crow_file_define(file, "/comparisons/outcome", CROW_F64, 1, 0));
  CHECK_OK(crow_file_write_rows(file, "/comparisons/first", 0, 1, CROW_I32, first));
  CHECK_OK(crow_file_write_rows(file, "/comparisons/second", 0, 1, CROW_I32, second));
  CHECK_OK(crow_file_write_rows(file, "/comparisons/outcome", 0, 1, CROW_F64, outcome));
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_file_open(test_comm, test_path("named.h5"), "dataset", &file));
  return file;
}

static void columns_are_matched_by_name(void) {
  static const struct {
    const char *names, *message;
    bool reordered;
    double first[3];
  } cases[] = {{"a\0b\0c", NULL, false, {1, 2, 3}},
               {"c\0a\0b", NULL, true, {3, 1, 2}},
               {"b\0a\0c", NULL, true, {2, 1, 3}},
               {"a\0b\0d", "has no column \"d\", which is dimension 2 of ", false, {0}}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_context_source *contexts = open_source(write_text("new.csv", "a,b,c\n1,2,3\n4,5,6\n"));
    crow_file *file = named(cases[k].names, 3, 2);
    double values[6];
    CHECK_STATUS(crow_context_source_match(contexts, file, "/alternatives/dimension"),
                 cases[k].message ? CROW_BAD_INPUT : CROW_OK);
    if (cases[k].message) CHECK_MESSAGE(cases[k].message);
    CHECK(cases[k].message || (contexts->order != NULL) == cases[k].reordered);
    if (!cases[k].message) CHECK_OK(crow_context_source_read(contexts, 0, 2, values));
    for (int i = 0; i < 3 && !cases[k].message; i++) {
      CHECK(values[i] == cases[k].first[i] && values[3 + i] == cases[k].first[i] + 3);
    }
    CHECK_OK(crow_context_source_match(contexts, file, "/no/such/names")); /* nothing to match by */
    crow_file_close(&file);
    crow_context_source_close(&contexts);
  }
  crow_context_source *contexts = open_source(write_text("new.csv", "a,b,c\n1,2,3\n"));
  crow_file *file = named("a\0b", 2, 2);
  CHECK_STATUS(crow_context_source_match(contexts, file, "/alternatives/dimension"), CROW_BAD_INPUT);
  CHECK_MESSAGE("new.csv: column \"c\" is none of the 2 dimensions of ");
  crow_file_close(&file);
  crow_context_source_close(&contexts);
}

static void sources_without_names_match_anything(void) {
  const double numbers[2] = {7, 8};
  double values[2];
  crow_context_source *contexts = open_source(write_npy(1, false, numbers));
  crow_file *file = named("b\0a", 2, 2);
  CHECK_OK(crow_context_source_match(contexts, file, "/alternatives/dimension"));
  CHECK(!contexts->order);
  CHECK_OK(crow_context_source_read(contexts, 0, 1, values));
  CHECK(values[0] == 7 && values[1] == 8);
  crow_file_close(&file);
  crow_context_source_close(&contexts);
}

/* A dataset of its own is borrowed: it stays open. */
static void a_dataset_is_a_source(void) {
  crow_dataset dataset = {0};
  crow_file *file = named("b\0a", 2, 2);
  crow_context_source *contexts = NULL;
  crow_file_close(&file);
  CHECK_OK(crow_dataset_open(test_comm, test_path("named.h5"), true, &dataset));
  CHECK_OK(crow_context_source_of_dataset(test_comm, &dataset, &contexts));
  CHECK(contexts->dimension.count == 2 && strcmp(crow_strings_get(&contexts->dimension, 0), "b") == 0);
  CHECK(strcmp(crow_context_source_name(contexts), test_path("named.h5")) == 0);
  crow_context_source_close(&contexts);
  CHECK(dataset.file && dataset.alternatives == 1);
  crow_dataset_close(&dataset);
  const crow_dataset generated = {.alternatives = 4, .dimensions = 3};
  CHECK_OK(crow_context_source_of_dataset(test_comm, &generated, &contexts));
  CHECK(strcmp(crow_context_source_name(contexts), "generated") == 0 && contexts->dimension.count == 0);
  CHECK(crow_context_source_partition(contexts)->global == 4 && crow_context_source_dimensions(contexts) == 3);
  crow_context_source_close(&contexts);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"arrays of one row or column are taken", arrays_of_one_row_or_column_are_taken},
                                    {"empty arrays are refused", empty_arrays_are_refused},
                                    {"numbers that are not finite are named", numbers_that_are_not_finite_are_named},
                                    {"columns are matched by name", columns_are_matched_by_name},
                                    {"sources without names match anything", sources_without_names_match_anything},
                                    {"a dataset is a source", a_dataset_is_a_source},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "contexts", tests, true);
}
