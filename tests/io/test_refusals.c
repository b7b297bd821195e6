/* SPDX-License-Identifier: Apache-2.0 */
/* Every fault of a file is refused with its place, its value and what was expected. */
#include "io/craft.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>

/* Makes a valid dataset, spoils it, and expects a refusal on opening with these words. */
static void expect_refusal(void (*spoil)(hid_t), const char *words, const char *more) {
  const char *path = test_path("spoilt.h5");
  crow_dataset dataset;
  hid_t file = craft_begin(path);
  spoil(file);
  craft_end(file);
  CHECK_STATUS(crow_dataset_open(test_comm, path, false, &dataset), CROW_BAD_INPUT);
  CHECK_MESSAGE("spoilt.h5");
  CHECK_MESSAGE(words);
  CHECK_MESSAGE(more);
  CHECK(dataset.file == NULL);
}

/* The same on reading a dataset of it. */
static void expect_bad_value(void (*spoil)(hid_t), const char *path, crow_type type, const char *words) {
  const char *name = test_path("spoilt.h5");
  crow_dataset dataset;
  char values[256];
  int64_t shape[2];
  hid_t file = craft_begin(name);
  spoil(file);
  craft_end(file);
  CHECK_OK(crow_dataset_open(test_comm, name, false, &dataset));
  if (!dataset.file) return;
  crow_file_shape(dataset.file, path, shape);
  CHECK((size_t)(shape[0] * shape[1]) * crow_type_bytes(type) <= sizeof values);
  CHECK_STATUS(crow_file_read(dataset.file, path, 0, shape[0], type, values), CROW_BAD_INPUT);
  CHECK_MESSAGE("spoilt.h5");
  CHECK_MESSAGE(words);
  crow_dataset_close(&dataset);
}

/* ---- attributes --------------------------------------------------------------------------------------------- */

static void no_kind(hid_t file) { CHECK(H5Adelete(file, "crow_kind") >= 0); }
static void other_kind(hid_t file) { craft_text(file, "/", "crow_kind", "weights"); }
static void unknown_kind(hid_t file) { craft_text(file, "/", "crow_kind", "sonnet"); }
static void number_kind(hid_t file) {
  const int64_t one = 1;
  craft_attribute(file, "/", "crow_kind", H5T_NATIVE_INT64, &one);
}
static void no_version(hid_t file) { CHECK(H5Adelete(file, "crow_schema_version") >= 0); }
static void next_version(hid_t file) {
  const int64_t three = 3;
  craft_attribute(file, "/", "crow_schema_version", H5T_NATIVE_INT64, &three);
}
static void text_version(hid_t file) { craft_text(file, "/", "crow_schema_version", "1"); }

static void test_attributes(void) {
  expect_refusal(no_kind, "/ has no text attribute crow_kind", "expected \"dataset\"");
  expect_refusal(other_kind, "crow_kind of / is \"weights\"", "expected \"dataset\"");
  expect_refusal(unknown_kind, "crow_kind of / is \"sonnet\"", "expected \"dataset\"");
  expect_refusal(number_kind, "/ has no text attribute crow_kind", "not a crow file");
  expect_refusal(no_version, "/ has no attribute crow_schema_version", "expected integer");
  expect_refusal(next_version, "crow_schema_version of / is 3", "reads versions 1 to 2 of dataset");
  expect_refusal(text_version, "crow_schema_version of / is of type text", "expected one value of integer");
  crow_file *any = NULL;
  hid_t file = craft_begin(test_path("kind.h5"));
  unknown_kind(file);
  craft_end(file);
  CHECK_STATUS(crow_file_open(test_comm, test_path("kind.h5"), NULL, &any), CROW_BAD_INPUT);
  CHECK_MESSAGE("there is no kind of file \"sonnet\"; there are: ");
  CHECK_MESSAGE("dataset, ");
}

/* ---- shapes and types --------------------------------------------------------------------------------------- */

static const double numbers[16] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5};

static void no_context(hid_t file) { CHECK(H5Ldelete(file, "/alternatives/context", H5P_DEFAULT) >= 0); }
static void flat_context(hid_t file) { craft_doubles(file, "/alternatives/context", H5T_IEEE_F64LE, 1, 5, 1, numbers); }
static void deep_context(hid_t file) { craft_doubles(file, "/alternatives/context", H5T_IEEE_F64LE, 3, 5, 2, numbers); }
static void no_rows(hid_t file) { craft_doubles(file, "/alternatives/context", H5T_IEEE_F64LE, 2, 0, 2, NULL); }
static void no_columns(hid_t file) { craft_doubles(file, "/alternatives/context", H5T_IEEE_F64LE, 2, 5, 0, NULL); }
static void integer_context(hid_t file) {
  craft_doubles(file, "/alternatives/context", H5T_STD_I32LE, 2, 5, 2, numbers);
}
static void short_second(hid_t file) {
  const int64_t three[3] = {1, 2, 3};
  craft_integers(file, "/comparisons/second", H5T_STD_I64LE, 3, three);
}
static void float_first(hid_t file) { craft_doubles(file, "/comparisons/first", H5T_IEEE_F64LE, 1, 4, 1, numbers); }
static void no_outcome(hid_t file) { CHECK(H5Ldelete(file, "/comparisons/outcome", H5P_DEFAULT) >= 0); }
static void no_source(hid_t file) { CHECK(H5Ldelete(file, "/comparisons", H5P_DEFAULT) >= 0); }
static void group_context(hid_t file) {
  no_context(file);
  (void)H5Gclose(H5Gcreate2(file, "/alternatives/context", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}
static void narrow_matrix(hid_t file) { craft_doubles(file, "/preference/matrix", H5T_IEEE_F64LE, 2, 5, 2, numbers); }
static void lonely_prevalence(hid_t file) {
  craft_doubles(file, "/population/prevalence", H5T_IEEE_F64LE, 1, 2, 1, numbers);
}
static void compound_context(hid_t file) {
  hid_t type = H5Tcreate(H5T_COMPOUND, 16);
  const hsize_t dims[2] = {5, 2};
  char data[160] = {0};
  (void)H5Tinsert(type, "a", 0, H5T_NATIVE_DOUBLE);
  (void)H5Tinsert(type, "b", 8, H5T_NATIVE_DOUBLE);
  craft_dataset(file, "/alternatives/context", type, type, 2, dims, H5P_DEFAULT, data);
  (void)H5Tclose(type);
}
static void null_context(hid_t file) {
  no_context(file);
  hid_t space = H5Screate(H5S_NULL);
  (void)H5Dclose(
      H5Dcreate2(file, "/alternatives/context", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  (void)H5Sclose(space);
}
static void unwritten_context(hid_t file) {
  craft_doubles(file, "/alternatives/context", H5T_IEEE_F64LE, 2, 5, 2, NULL);
}
static void huge_context(hid_t file) {
  hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[2] = {1, 2}, dims[2] = {UINT64_C(1) << 62, 2};
  (void)H5Pset_chunk(properties, 2, chunk);
  craft_dataset(file, "/alternatives/context", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims, properties, NULL);
  (void)H5Pclose(properties);
}
static void bomb_context(hid_t file) {
  hid_t properties = H5Pcreate(H5P_DATASET_CREATE), dataset = H5I_INVALID_HID;
  const hsize_t chunk[2] = {64, 2}, dims[2] = {UINT64_C(1) << 40, 2}, one[2] = {1, 2}, start[2] = {0, 0};
  (void)H5Pset_chunk(properties, 2, chunk);
  (void)H5Pset_deflate(properties, 9);
  craft_dataset(file, "/alternatives/context", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims, properties, NULL);
  dataset = H5Dopen2(file, "/alternatives/context", H5P_DEFAULT);
  hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(2, one, NULL);
  (void)H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, one, NULL);
  CHECK(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, numbers) >= 0);
  (void)H5Sclose(memory);
  (void)H5Sclose(space);
  (void)H5Dclose(dataset);
  (void)H5Pclose(properties);
}

static void test_shapes(void) {
  expect_refusal(no_context, "has neither /alternatives/context nor /alternatives/id",
                 "how many alternatives there are");
  expect_refusal(flat_context, "/alternatives/context has shape (5)", "expected shape (m, d)");
  expect_refusal(deep_context, "/alternatives/context has 3 dimensions", "expected shape (m, d)");
  expect_refusal(no_rows, "/alternatives/context has shape (0, 2)", "m at least 1");
  expect_refusal(no_columns, "/alternatives/context has shape (5, 0)", "d at least 1");
  expect_refusal(short_second, "/comparisons/second has shape (3)", "q = 4 as in /comparisons/first");
  expect_refusal(narrow_matrix, "/preference/matrix has shape (5, 2)", "m = 5 as in /alternatives/context");
  expect_refusal(null_context, "/alternatives/context has no elements", "spoilt.h5");
  expect_refusal(unwritten_context, "/alternatives/context holds no data", "never written");
  expect_refusal(huge_context, "/alternatives/context has a shape whose size overflows", "spoilt.h5");
  expect_refusal(bomb_context, "/alternatives/context holds", "for a shape of 17592186044416 bytes");
}

static void test_types(void) {
  expect_refusal(integer_context, "/alternatives/context is of type integer", "expected float");
  expect_refusal(float_first, "/comparisons/first is of type float", "expected integer");
  expect_refusal(compound_context, "/alternatives/context is of type other", "expected float");
  expect_refusal(group_context, "/alternatives/context is a group", "expected a dataset of float");
}

static void test_sets(void) {
  expect_refusal(no_outcome, "/comparisons/outcome is missing", "/comparisons/first needs it");
  expect_refusal(lonely_prevalence, "/population/reward is missing", "/population/prevalence needs it");
  expect_refusal(no_source, "none of comparisons|matrix|population", "/preference/matrix");
  crow_dataset dataset;
  hid_t file = craft_begin(test_path("contexts.h5"));
  no_source(file);
  craft_end(file);
  CHECK_OK(crow_dataset_open(test_comm, test_path("contexts.h5"), true, &dataset));
  CHECK(dataset.alternatives == CRAFT_M && !dataset.has_comparisons && dataset.comparisons == 0);
  crow_dataset_close(&dataset);
}

/* ---- values ------------------------------------------------------------------------------------------------- */

static void spoil_context(hid_t file, double value) {
  double data[10] = {0};
  data[7] = value;
  craft_doubles(file, "/alternatives/context", H5T_IEEE_F64LE, 2, 5, 2, data);
}
static void nan_context(hid_t file) { spoil_context(file, NAN); }
static void infinite_context(hid_t file) { spoil_context(file, -INFINITY); }
static void large_context(hid_t file) { spoil_context(file, 1e300); }
static void spoil_first(hid_t file, int64_t value) {
  const int64_t data[4] = {0, 1, value, value};
  craft_integers(file, "/comparisons/first", H5T_STD_I64LE, 4, data);
}
static void first_beyond(hid_t file) { spoil_first(file, 5); }
static void first_negative(hid_t file) { spoil_first(file, -1); }
static void first_wide(hid_t file) { spoil_first(file, INT64_C(4294967297)); } /* 1 if cut to 32 bits */
static void first_unsigned(hid_t file) {
  const uint64_t data[4] = {0, 1, UINT64_MAX, 2};
  const hsize_t rows = 4;
  craft_dataset(file, "/comparisons/first", H5T_STD_U64LE, H5T_NATIVE_UINT64, 1, &rows, H5P_DEFAULT, data);
}
static void spoil_outcome(hid_t file, double value) {
  const double data[4] = {0, 1, 0.5, value};
  craft_doubles(file, "/comparisons/outcome", H5T_IEEE_F64LE, 1, 4, 1, data);
}
static void outcome_beyond(hid_t file) { spoil_outcome(file, 1.0000001); }
static void outcome_negative(hid_t file) { spoil_outcome(file, -0.5); }
static void outcome_nan(hid_t file) { spoil_outcome(file, NAN); }
static void no_judgements(hid_t file) {
  const int64_t data[4] = {1, 0, 1, 1};
  craft_integers(file, "/comparisons/count", H5T_STD_I32LE, 4, data);
}
static void short_prevalence(hid_t file) {
  const double prevalence[2] = {0.5, 0.4};
  lonely_prevalence(file);
  craft_doubles(file, "/population/prevalence", H5T_IEEE_F64LE, 1, 2, 1, prevalence);
  craft_doubles(file, "/population/reward", H5T_IEEE_F64LE, 2, 2, 5, numbers);
}

static void test_values(void) {
  expect_bad_value(nan_context, "/alternatives/context", CROW_F64,
                   "/alternatives/context[3, 1] is NaN, expected a finite number");
  expect_bad_value(nan_context, "/alternatives/context", CROW_F32,
                   "/alternatives/context[3, 1] is NaN, expected a finite number");
  expect_bad_value(infinite_context, "/alternatives/context", CROW_F64,
                   "[3, 1] is -infinity, expected a finite number");
  expect_bad_value(large_context, "/alternatives/context", CROW_F32,
                   "[3, 1] is 1e+300, expected a finite number in single");
  expect_bad_value(first_beyond, "/comparisons/first", CROW_I32,
                   "/comparisons/first[2] is 5, expected an index from 0 to 4 (below m)");
  expect_bad_value(first_negative, "/comparisons/first", CROW_I64,
                   "/comparisons/first[2] is -1, expected an index from 0 to 4");
  expect_bad_value(first_wide, "/comparisons/first", CROW_I32,
                   "/comparisons/first[2] is 4294967297, expected an index");
  expect_bad_value(first_unsigned, "/comparisons/first", CROW_I32,
                   "/comparisons/first[2] is at least 9223372036854775807, expected");
  expect_bad_value(outcome_beyond, "/comparisons/outcome", CROW_F64,
                   "/comparisons/outcome[3] is 1.0000001, expected a number from 0 to 1");
  expect_bad_value(outcome_negative, "/comparisons/outcome", CROW_F64, "[3] is -0.5, expected a number from 0 to 1");
  expect_bad_value(outcome_nan, "/comparisons/outcome", CROW_F32, "[3] is NaN, expected a number from 0 to 1");
  expect_bad_value(no_judgements, "/comparisons/count", CROW_I64,
                   "/comparisons/count[1] is 0, expected an integer from 1 to");
  expect_bad_value(short_prevalence, "/population/prevalence", CROW_F64,
                   "/population/prevalence sums to 0.9, expected 1 within");
}

/* ---- ways out of the file ----------------------------------------------------------------------------------- */

static void external_link(hid_t file) {
  no_context(file);
  CHECK(H5Lcreate_external("/etc/other.h5", "/secret", file, "/alternatives/context", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}
static void soft_out(hid_t file) {
  no_context(file);
  CHECK(H5Lcreate_external("other.h5", "/", file, "/way", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  CHECK(H5Lcreate_soft("/way/secret", file, "/alternatives/context", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}
static void soft_nowhere(hid_t file) {
  no_context(file);
  CHECK(H5Lcreate_soft("/nowhere", file, "/alternatives/context", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}
static void soft_circle(hid_t file) {
  CHECK(H5Lcreate_soft("/alternatives", file, "/alternatives/again", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}
static void hard_circle(hid_t file) {
  CHECK(H5Lcreate_hard(file, "/alternatives", file, "/alternatives/again", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}
static void external_storage(hid_t file) {
  hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t dims[2] = {5, 2};
  CHECK(H5Pset_external(properties, "/etc/hostname", 0, 80) >= 0);
  craft_dataset(file, "/alternatives/context", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims, properties, NULL);
  (void)H5Pclose(properties);
}
static void virtual_dataset(hid_t file) {
  hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t dims[2] = {5, 2};
  hid_t space = H5Screate_simple(2, dims, NULL);
  CHECK(H5Pset_virtual(properties, space, "other.h5", "/x", space) >= 0);
  craft_dataset(file, "/alternatives/context", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims, properties, NULL);
  (void)H5Sclose(space);
  (void)H5Pclose(properties);
}

static void test_ways_out(void) {
  expect_refusal(external_link, "/alternatives/context is a link into another file (/etc/other.h5)",
                 "in the file itself");
  expect_refusal(soft_out, "is a link into another file (other.h5)", "in the file itself");
  expect_refusal(soft_nowhere, "/alternatives/context is a soft link that leads nowhere", "spoilt.h5");
  expect_refusal(soft_circle, "/alternatives/again", "spoilt.h5");
  expect_refusal(hard_circle, "groups nest deeper than 32", "/alternatives/again");
  expect_refusal(external_storage, "/alternatives/context is stored in another file", "in the file itself");
  expect_refusal(virtual_dataset, "/alternatives/context is a virtual dataset", "in the file itself");
}

static void test_soft_link_inside(void) {
  crow_dataset dataset;
  double values[CRAFT_M * CRAFT_D] = {0};
  hid_t file = craft_begin(test_path("soft.h5"));
  CHECK(H5Lmove(file, "/alternatives/context", file, "/elsewhere", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  CHECK(H5Lcreate_soft("/elsewhere", file, "/alternatives/context", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  craft_end(file);
  CHECK_OK(crow_dataset_open(test_comm, test_path("soft.h5"), false, &dataset));
  CHECK_OK(crow_file_read(dataset.file, "/alternatives/context", 0, CRAFT_M, CROW_F64, values));
  CHECK(values[9] == 9);
  crow_dataset_close(&dataset);
}

/* ---- files that are none ------------------------------------------------------------------------------------ */

static void write_bytes(const char *path, const void *data, size_t bytes) {
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL);
  if (!file) return;
  CHECK(fwrite(data, 1, bytes, file) == bytes);
  (void)fclose(file);
}

static void test_no_files(void) {
  crow_file *file = NULL;
  CHECK_STATUS(crow_file_open(test_comm, test_path("absent.h5"), NULL, &file), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("absent.h5: No such file");
  CHECK_STATUS(crow_file_open(test_comm, test_folder(), NULL, &file), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("it is a folder");
  CHECK_STATUS(crow_file_open(test_comm, "/dev/null", NULL, &file), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("device");
  write_bytes(test_path("text.h5"), "a,b,c\n", 6);
  CHECK_STATUS(crow_file_open(test_comm, test_path("text.h5"), NULL, &file), CROW_BAD_INPUT);
  CHECK_MESSAGE("text.h5 is not an HDF5 file");
  write_bytes(test_path("empty.h5"), "", 0);
  CHECK_STATUS(crow_file_open(test_comm, test_path("empty.h5"), NULL, &file), CROW_BAD_INPUT);
  CHECK(file == NULL);
}

static void test_truncated(void) {
  crow_file *file = NULL;
  hid_t whole = craft_begin(test_path("cut.h5"));
  craft_end(whole);
  CHECK(truncate(test_path("cut.h5"), 1000) == 0);
  CHECK_STATUS(crow_file_open(test_comm, test_path("cut.h5"), NULL, &file), CROW_BAD_INPUT);
  CHECK_MESSAGE("truncated file");
  CHECK_MESSAGE("damaged");
}

static void test_locked(void) {
  crow_file *file = NULL;
  if (getenv("HDF5_USE_FILE_LOCKING")) return;
  craft_end(craft_begin(test_path("locked.h5")));
  const int writer = open(test_path("locked.h5"), O_RDWR);
  CHECK(flock(writer, LOCK_EX) == 0);
  CHECK_STATUS(crow_file_open(test_comm, test_path("locked.h5"), NULL, &file), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("locked.h5");
  CHECK_MESSAGE("HDF5_USE_FILE_LOCKING=FALSE");
  crow_file_close(&file);
  (void)close(writer);
}

static void test_open_twice(void) {
  crow_dataset first, second;
  double values[CRAFT_M * CRAFT_D] = {0};
  craft_end(craft_begin(test_path("twice.h5")));
  CHECK_OK(crow_dataset_open(test_comm, test_path("twice.h5"), false, &first));
  CHECK_OK(crow_dataset_open(test_comm, test_path("twice.h5"), false, &second));
  CHECK_OK(crow_file_read(first.file, "/alternatives/context", 0, CRAFT_M, CROW_F64, values));
  crow_dataset_close(&first);
  CHECK_OK(crow_file_read(second.file, "/alternatives/context", 0, CRAFT_M, CROW_F64, values));
  CHECK(values[9] == 9);
  crow_dataset_close(&second);
}

static const crow_test tests[] = {
    {"attributes that are missing, wrong or of another version are refused", test_attributes},
    {"shapes that are wrong, empty, unwritten, overflowing or exploding are refused", test_shapes},
    {"types that do not fit are refused", test_types},
    {"datasets that belong together must all be there, and one source of preferences", test_sets},
    {"a bad value is named with its index and what was expected", test_values},
    {"nothing outside the file is followed", test_ways_out},
    {"a soft link within the file is followed", test_soft_link_inside},
    {"what is not an HDF5 file is refused", test_no_files},
    {"a truncated file is refused as damaged", test_truncated},
    {"a lock that is held names the variable that turns locks off", test_locked},
    {"one file can be open twice", test_open_twice},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "refusals", tests, true); }
