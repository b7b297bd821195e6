/* SPDX-License-Identifier: Apache-2.0 */
/* What other programs store in their own way is read as what it means; files are described and digested. */
#include "io/craft.h"

#include <jansson.h>
#include <stdlib.h>

/* ---- texts -------------------------------------------------------------------------------------------------- */

static void check_ids(const char *path, const char *const *expected) {
  crow_dataset dataset;
  crow_strings ids = {0};
  CHECK_OK(crow_dataset_open(test_comm, path, false, &dataset));
  CHECK(dataset.has_id);
  CHECK_OK(crow_dataset_read_ids(&dataset, 1, CRAFT_M - 1, &ids));
  CHECK(ids.count == CRAFT_M - 1);
  for (int i = 0; i < CRAFT_M - 1 && ids.data; i++) CHECK(strcmp(crow_strings_get(&ids, i), expected[i + 1]) == 0);
  crow_strings_free(&ids);
  CHECK(ids.data == NULL && ids.count == 0);
  crow_dataset_close(&dataset);
}

static void test_texts(void) {
  static const char *const words[CRAFT_M] = {"zero", "one", "zw\xc3\xb6lf", "", "four!"};
  static const char fixed[CRAFT_M][5] = {"zero", "one", {'f', 'i', 'v', 'e', '5'}, "", "four"};
  static const char *const cut[CRAFT_M] = {"zero", "one", "five5", "", "four"};
  hid_t file = craft_begin(test_path("variable.h5"));
  craft_texts(file, "/alternatives/id", 0, CRAFT_M, words);
  craft_end(file);
  check_ids(test_path("variable.h5"), words);
  file = craft_begin(test_path("fixed.h5"));
  craft_texts(file, "/alternatives/id", 5, CRAFT_M, fixed);
  craft_end(file);
  check_ids(test_path("fixed.h5"), cut);
}

static void test_ids_by_number(void) {
  crow_dataset dataset;
  crow_strings ids = {0};
  craft_end(craft_begin(test_path("numbers.h5")));
  CHECK_OK(crow_dataset_open(test_comm, test_path("numbers.h5"), false, &dataset));
  CHECK(!dataset.has_id);
  CHECK_OK(crow_dataset_read_ids(&dataset, 3, 2, &ids));
  CHECK(strcmp(crow_strings_get(&ids, 0), "3") == 0 && strcmp(crow_strings_get(&ids, 1), "4") == 0);
  crow_strings_free(&ids);
  crow_dataset_close(&dataset);
}

static void expect_bad_texts(const char *words) {
  crow_dataset dataset;
  crow_strings ids = {0};
  CHECK_OK(crow_dataset_open(test_comm, test_path("texts.h5"), false, &dataset));
  CHECK_STATUS(crow_dataset_read_ids(&dataset, 0, CRAFT_M, &ids), CROW_BAD_INPUT);
  CHECK_MESSAGE(words);
  CHECK(ids.data == NULL);
  crow_dataset_close(&dataset);
}

static void test_bad_texts(void) {
  char *endless = malloc(70001);
  memset(endless, 'x', 70000);
  endless[70000] = 0;
  const char *const words[CRAFT_M] = {"a", "b", "c", endless, "e"}, *const latin[CRAFT_M] = {"a", "caf\xe9", "c", "d",
                                                                                             "e"};
  hid_t file = craft_begin(test_path("texts.h5"));
  craft_texts(file, "/alternatives/id", 0, CRAFT_M, words);
  craft_end(file);
  expect_bad_texts("/alternatives/id[3] is longer, expected UTF-8 text of less than 65536 bytes");
  file = craft_begin(test_path("texts.h5"));
  craft_texts(file, "/alternatives/id", 0, CRAFT_M, latin);
  craft_end(file);
  expect_bad_texts("/alternatives/id[1] is not valid UTF-8");
  file = craft_begin(test_path("wide.h5"));
  craft_texts(file, "/alternatives/id", 65537, 1, endless);
  craft_end(file);
  crow_dataset dataset;
  CHECK_STATUS(crow_dataset_open(test_comm, test_path("wide.h5"), false, &dataset), CROW_BAD_INPUT);
  CHECK_MESSAGE("/alternatives/id holds texts of 65537 bytes, at most 65536 are read");
  free(endless);
}

/* Overwrites `count` bytes at `skip` bytes after the first place where `mark` stands in a file. */
static void damage(const char *path, const void *mark, size_t mark_bytes, size_t skip, const void *bytes,
                   size_t count) {
  char *whole = malloc(1 << 20);
  FILE *file = fopen(path, "r+b");
  CHECK(whole && file);
  if (!whole || !file) return;
  const size_t there = fread(whole, 1, 1 << 20, file);
  const char *at = memmem(whole, there, mark, mark_bytes);
  CHECK(at != NULL);
  if (at)
    CHECK(fseek(file, (long)((size_t)(at - whole) + skip), SEEK_SET) == 0 && fwrite(bytes, 1, count, file) == count);
  CHECK(fclose(file) == 0);
  free(whole);
}

/* HDF5 itself loops without end or crashes on these. */
static void test_damaged_heaps(void) {
  static const char *const words[CRAFT_M] = {"zero", "one", "two", "three", "four"};
  static const unsigned char nothing[16] = {0}, all[8] = {255, 255, 255, 255, 255, 255, 255, 255};
  const unsigned char reference[4] = {3, 0, 0, 0}; /* length of "one" */
  const char *path = test_path("heap.h5");
  crow_dataset dataset;
  for (int kind = 0; kind < 4; kind++) {
    hid_t made = craft_begin(path);
    craft_texts(made, "/alternatives/id", 0, CRAFT_M, words);
    hid_t ids = H5Dopen2(made, "/alternatives/id", H5P_DEFAULT);
    const haddr_t at = H5Dget_offset(ids);
    (void)H5Dclose(ids);
    craft_end(made);
    if (kind == 0) damage(path, "GCOL", 4, 24, all, 8);      /* the first object's size */
    if (kind == 1) damage(path, "GCOL", 4, 16, nothing, 16); /* an empty object: the walk stands still */
    if (kind == 2) damage(path, "GCOL", 4, 8, all, 8);       /* the collection's size */
    FILE *file = fopen(path, "r+b");
    char stored[4];
    CHECK(file && fseek(file, (long)at + 16, SEEK_SET) == 0 && fread(stored, 1, 4, file) == 4);
    CHECK(memcmp(stored, reference, 4) == 0);
    CHECK(file && fseek(file, (long)at + 16 + (kind == 3 ? 12 : 0), SEEK_SET) == 0);
    if (kind == 3) CHECK(fwrite(all, 1, 2, file) == 2); /* no such object */
    if (file) (void)fclose(file);
    CHECK_STATUS(crow_dataset_open(test_comm, path, false, &dataset), CROW_BAD_INPUT);
    CHECK_MESSAGE(kind < 3 ? "heap.h5: the heap of texts at byte" : "/alternatives/id has a text at [1]");
    CHECK_MESSAGE("damaged");
  }
}

/* ---- numbers ------------------------------------------------------------------------------------------------ */

/* Every way to store the same outcomes. */
static void test_stored_types(void) {
  static const double outcomes[CRAFT_Q] = {1, 0, 0, 1};
  const hid_t stored[] = {H5T_IEEE_F64BE, H5T_IEEE_F32LE, H5T_STD_I8LE, H5T_STD_U16BE, H5T_STD_I64BE};
  for (size_t i = 0; i < sizeof stored / sizeof *stored; i++) {
    crow_dataset dataset;
    float singles[CRAFT_Q];
    double doubles[CRAFT_Q];
    hid_t file = craft_begin(test_path("types.h5"));
    craft_doubles(file, "/comparisons/outcome", stored[i], 1, CRAFT_Q, 1, outcomes);
    craft_end(file);
    CHECK_OK(crow_dataset_open(test_comm, test_path("types.h5"), false, &dataset));
    CHECK_OK(crow_file_read(dataset.file, "/comparisons/outcome", 0, CRAFT_Q, CROW_F64, doubles));
    CHECK_OK(crow_file_read(dataset.file, "/comparisons/outcome", 0, CRAFT_Q, CROW_F32, singles));
    for (int k = 0; k < CRAFT_Q; k++) CHECK(doubles[k] == outcomes[k] && (double)singles[k] == outcomes[k]);
    CHECK(crow_file_is_single(dataset.file, "/comparisons/outcome") == (i == 1));
    crow_dataset_close(&dataset);
  }
}

static void test_packed_booleans(void) {
  hid_t file = craft_begin(test_path("packed.h5")), properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = 3, rows = CRAFT_Q;
  const int8_t values[2] = {0, 1}, stored[CRAFT_Q] = {1, 0, 1, 1};
  hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  CHECK(H5Tenum_insert(type, "FALSE", &values[0]) >= 0 && H5Tenum_insert(type, "TRUE", &values[1]) >= 0);
  CHECK(H5Pset_chunk(properties, 1, &chunk) >= 0 && H5Pset_shuffle(properties) >= 0);
  CHECK(H5Pset_deflate(properties, 5) >= 0 && H5Pset_fletcher32(properties) >= 0);
  craft_dataset(file, "/comparisons/outcome", type, type, 1, &rows, properties, stored);
  (void)H5Tclose(type);
  (void)H5Pclose(properties);
  craft_end(file);
  crow_dataset dataset;
  double outcome[CRAFT_Q];
  CHECK_OK(crow_dataset_open(test_comm, test_path("packed.h5"), false, &dataset));
  CHECK_OK(crow_file_read(dataset.file, "/comparisons/outcome", 0, CRAFT_Q, CROW_F64, outcome));
  for (int i = 0; i < CRAFT_Q; i++) CHECK(outcome[i] == stored[i]);
  crow_dataset_close(&dataset);
}

static void test_any_file(void) {
  static const double rows[6] = {1, 2, 3, 4, 5, 6};
  hid_t made = H5Fcreate(test_path("pool.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  craft_doubles(made, "/x/y", H5T_IEEE_F64LE, 2, 3, 2, rows);
  craft_end(made);
  crow_file *file = NULL;
  CHECK_STATUS(crow_file_open(test_comm, test_path("pool.h5"), NULL, &file), CROW_BAD_INPUT);
  CHECK_OK(crow_file_open(test_comm, test_path("pool.h5"), "", &file));
  int64_t shape[2];
  double values[2];
  crow_file_shape(file, "/x/y", shape);
  CHECK(shape[0] == 3 && shape[1] == 2 && crow_file_has(file, "/x") && !crow_file_has(file, "/y"));
  CHECK_OK(crow_file_read(file, "/x/y", 2, 1, CROW_F64, values));
  CHECK(values[0] == 5 && values[1] == 6);
  CHECK_STATUS(crow_file_read(file, "/x", 0, 1, CROW_F64, values), CROW_BAD_INPUT);
  CHECK_STATUS(crow_file_read(file, "/x/y", 2, 2, CROW_F64, values), CROW_FAILED);
  CHECK_STATUS(crow_file_read(file, "/x/y", 0, 1, CROW_I64, values), CROW_BAD_INPUT);
  crow_file_close(&file);
}

/* ---- attributes --------------------------------------------------------------------------------------------- */

static void test_attributes(void) {
  const double half = 0.5;
  const int64_t seven = 7;
  hid_t made = craft_begin(test_path("attributes.h5"));
  craft_attribute(made, "/alternatives", "half", H5T_NATIVE_DOUBLE, &half);
  craft_attribute(made, "/alternatives/context", "seven", H5T_NATIVE_INT64, &seven);
  craft_end(made);
  crow_dataset dataset;
  double number = 0;
  int64_t integer = 0;
  char *text = NULL;
  CHECK_OK(crow_dataset_open(test_comm, test_path("attributes.h5"), false, &dataset));
  const crow_file *file = dataset.file;
  CHECK_OK(crow_file_get_f64(file, "/alternatives", "half", &number));
  CHECK(number == 0.5);
  CHECK_OK(crow_file_get_i64(file, "/alternatives/context", "seven", &integer));
  CHECK_OK(crow_file_get_f64(file, "/alternatives/context", "seven", &number));
  CHECK(integer == 7 && number == 7);
  CHECK_STATUS(crow_file_get_i64(file, "/alternatives", "half", &integer), CROW_BAD_INPUT);
  CHECK_MESSAGE("attribute half of /alternatives is not one value of integer or boolean");
  CHECK_STATUS(crow_file_get_text(file, "/", "title", &text), CROW_BAD_INPUT);
  CHECK_MESSAGE("/ has no attribute title; expected text");
  CHECK(crow_file_has_attribute(file, "/", "crow_kind") && !crow_file_has_attribute(file, "/", "title"));
  CHECK(strcmp(crow_file_kind(file), "dataset") == 0 && strcmp(crow_file_name(file), test_path("attributes.h5")) == 0);
  crow_dataset_close(&dataset);
}

/* ---- descriptions ------------------------------------------------------------------------------------------- */

static json_t *describe(const char *path) {
  char *text = NULL;
  CHECK_OK(crow_file_describe(test_comm, path, &text));
  json_t *json = text ? json_loads(text, 0, NULL) : NULL;
  CHECK(json != NULL);
  crow_free(text);
  return json;
}

static json_t *described_dataset(json_t *json, const char *path) {
  size_t i;
  json_t *dataset;
  json_array_foreach(json_object_get(json, "datasets"), i, dataset) {
    if (strcmp(json_string_value(json_object_get(dataset, "path")), path) == 0) return dataset;
  }
  CHECK(dataset != NULL);
  return NULL;
}

static double number_of(json_t *json, const char *key) { return json_number_value(json_object_get(json, key)); }

static void test_description(void) {
  hid_t file = craft_begin(test_path("described.h5"));
  const double odd[3] = {NAN, INFINITY, 2};
  const char *const words[CRAFT_M] = {"a", "b", "c", "d", "e"};
  craft_doubles(file, "/mine/odd", H5T_IEEE_F32LE, 1, 3, 1, odd);
  craft_texts(file, "/alternatives/topic", 0, CRAFT_M, words);
  craft_end(file);
  json_t *json = describe(test_path("described.h5"));
  CHECK(json_is_true(json_object_get(json, "valid")) && json_is_null(json_object_get(json, "reason")));
  CHECK(strcmp(json_string_value(json_object_get(json, "kind")), "dataset") == 0);
  json_t *outcome = described_dataset(json, "/comparisons/outcome");
  CHECK(number_of(outcome, "minimum") == 0 && number_of(outcome, "maximum") == 1 && number_of(outcome, "nan") == 0);
  CHECK(number_of(outcome, "mean") == 1.75 / 4);
  CHECK(strcmp(json_string_value(json_object_get(outcome, "unit")), "share won by first") == 0);
  CHECK(json_real_value(json_array_get(json_object_get(outcome, "first"), 3)) == 0.25);
  json_t *context = described_dataset(json, "/alternatives/context");
  CHECK(json_integer_value(json_array_get(json_object_get(context, "shape"), 1)) == CRAFT_D);
  CHECK(strcmp(json_string_value(json_object_get(context, "type")), "f64") == 0);
  json_t *own = described_dataset(json, "/mine/odd");
  CHECK(number_of(own, "nan") == 1 && number_of(own, "infinite") == 1 && number_of(own, "mean") == 2);
  json_t *topic = described_dataset(json, "/alternatives/topic");
  CHECK(strcmp(json_string_value(json_array_get(json_object_get(topic, "first"), 4)), "e") == 0);
  json_decref(json);
}

static void expect_invalid(const char *path, const char *reason) {
  json_t *json = describe(path);
  CHECK(json_is_false(json_object_get(json, "valid")));
  const char *actual = json_string_value(json_object_get(json, "reason"));
  CHECK(actual && strstr(actual, reason));
  json_decref(json);
}

static void test_invalid_description(void) {
  const double outcome[CRAFT_Q] = {0, 1, 7, 8};
  hid_t file = craft_begin(test_path("invalid.h5"));
  craft_doubles(file, "/comparisons/outcome", H5T_IEEE_F64LE, 1, CRAFT_Q, 1, outcome);
  craft_end(file);
  expect_invalid(test_path("invalid.h5"), "/comparisons/outcome[2] is 7, expected a number from 0 to 1");
  file = craft_begin(test_path("invalid.h5"));
  (void)H5Ldelete(file, "/comparisons/second", H5P_DEFAULT);
  craft_end(file);
  expect_invalid(test_path("invalid.h5"), "/comparisons/second is missing");
  file = H5Fcreate(test_path("invalid.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  craft_end(file);
  expect_invalid(test_path("invalid.h5"), "not a crow file");
  char *text = NULL;
  CHECK_STATUS(crow_file_describe(test_comm, test_path("absent.h5"), &text), CROW_FILE_SYSTEM);
  CHECK(text == NULL);
}

static void test_out_of_memory(void) {
  crow_status status = CROW_FAILED;
  craft_end(craft_begin(test_path("memory.h5")));
  for (int64_t allowed = 0; status != CROW_OK && allowed < 1000; allowed++) {
    char *text = NULL;
    crow_memory_fail_after(allowed);
    status = crow_file_describe(test_comm, test_path("memory.h5"), &text);
    crow_memory_fail_after(-1);
    CHECK((status == CROW_OK) == (text != NULL));
    CHECK(status == CROW_OK || status == CROW_FAILED);
    crow_free(text);
  }
  CHECK_OK(status);
}

/* ---- digests ------------------------------------------------------------------------------------------------ */

static void test_digest(void) {
  char digest[33];
  FILE *file = fopen(test_path("empty"), "wb");
  if (file) (void)fclose(file);
  CHECK_OK(crow_file_digest(test_comm, test_path("empty"), digest));
  /* XXH3-128 of no bytes, as its specification and xxhsum -H2 give it. */
  CHECK(strcmp(digest, "99aa06d3014798d86001c324468d497f") == 0);
  CHECK_STATUS(crow_file_digest(test_comm, test_path("absent"), digest), CROW_FILE_SYSTEM);
  CHECK_STATUS(crow_file_digest(test_comm, test_folder(), digest), CROW_FILE_SYSTEM);
}

static const crow_test tests[] = {
    {"texts of fixed and variable length are read alike", test_texts},
    {"alternatives without ids are named by number", test_ids_by_number},
    {"texts that are too long or not UTF-8 are refused", test_bad_texts},
    {"damaged heaps of texts are refused before HDF5 sees them", test_damaged_heaps},
    {"numbers are read whatever type and byte order they are stored in", test_stored_types},
    {"packed booleans as h5py writes them are outcomes", test_packed_booleans},
    {"arrays of any HDF5 file can be read", test_any_file},
    {"attributes are read by type", test_attributes},
    {"a description tells kind, shapes, ranges and means", test_description},
    {"a description tells why a file is not valid", test_invalid_description},
    {"lack of memory at any point is an error without leaks", test_out_of_memory},
    {"the digest of a file is what xxhsum says", test_digest},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "reading", tests, true); }
